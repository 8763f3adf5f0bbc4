"""A folder for simulators of training networks: power and links over time, and one step of each job as Chakra traces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from sim.config import schema
from sim.engine import links as link_rules
from sim.exports import chakra
from sim.exports.opened import Opened, Options, Progress
from sim.exports.pipeline_order import FORWARD_FIRST
from sim.exports.tables import Columns, intervals, recorded, write_table
from sim.exports.training_graph import Step
from sim.network import optical
from sim.results.store import to_json
from sim.workload import parallelism, training_step
from sim.workload.execution_plan import ExecutionPlan

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_RANKS = 1024
MOST_GROUPS = 2147  # ASTRA-sim numbers streams by a million times the group, in 32 bits
BLOCK = 50_000  # pairs of a link and a frame whose lengths are computed at once
POWER = (
    "time_utc", "time_s", "satellite", "satellite_name", "catalogue_number", "generated_w", "load_w", "charge_fraction", "junction_k",
    "useful_fraction", "state",
)  # fmt: skip


def write(opened: Opened, out: Path, options: Options, progress: Progress | None = None) -> dict[str, Any]:
    """Write the folder.

    Parameters
    ----------
    opened : Opened
        The results.
    out : Path
        The folder.
    options : Options
        `ranks`: most ranks of the traces of a job, 1024 without.
    progress : callable, optional
        Called with the number of ranks done and their total.

    Returns
    -------
    dict
        Rows of the tables, and jobs with their ranks, in `jobs`.
    """
    most = MOST_RANKS if options.ranks is None else options.ranks
    plans = _plans(opened)  # first: it may refuse
    _ = opened.fleet  # positions are those of the scenario
    facts: dict[str, Any] = {"power_rows": write_table(out / "power.csv", _power(opened))}
    facts["link_rows"] = write_table(out / "links.csv", _links(opened))
    jobs: list[dict[str, Any]] = []
    notes: list[str] = []
    steps = [(name, plan, members, _step(plan, most)) for name, plan, members in plans]
    total, done = sum(step.ranks for *_, step in steps), 0
    for name, plan, members, step in steps:
        every = parallelism.accelerators_of(plan.task.mesh)
        if step.ranks == 0:
            each = parallelism.accelerators_per_replica(plan.task.mesh) * parallelism.replicas_per_satellite(plan.task.mesh, plan.task.accelerators)
            notes.append(f"{name}: no traces: a whole replica, with those on its satellites, has {each:,} ranks; write --ranks {each} or more")
            continue
        folder = out / name.replace(" ", "-").replace("/", "-")
        nodes = _job(folder, name, plan, members, step, progress, done, total)
        done += step.ranks
        if len(step.groups.number) > MOST_GROUPS:
            notes.append(f"{name}: {len(step.groups.number):,} groups of ranks; ASTRA-sim reads {MOST_GROUPS:,} at most: write fewer --ranks")
        jobs.append({"job": name, "folder": folder.name, "ranks": step.ranks, "of_ranks": every, "nodes": nodes, "schedule": step.schedule})
        if step.schedule == FORWARD_FIRST:
            notes.append(
                f"{name}: all forward passes come first, as {plan.task.mesh.pipeline} stages do not divide {step.micro_batches} micro-batches; "
                "its bubble is longer than that of step_s"
            )
        if step.ranks < every:
            notes.append(f"{name}: traces of {step.ranks:,} of {every:,} ranks, whole replicas; write --ranks {every} for all")
    written = {key: sum(job[key] for job in jobs) for key in ("ranks", "of_ranks", "nodes")}
    return {**facts, "training_jobs": len(jobs), **written, "jobs": jobs, "notes": notes}


# --- power and links -----------------------------------------------------------------------------------------------------


def _power(opened: Opened) -> Iterator[Columns]:
    series = opened.series
    each = max(1, 100_000 // max(1, series.sizes["sat"]))
    for at in range(0, max(1, series.sizes["frame"]), each):
        columns = recorded(opened, slice(at, at + each))
        yield {name: columns[name] for name in POWER}


def _links(opened: Opened) -> Iterator[Columns]:
    """Links while they exist, with their range of lengths, delays and rates; a block of links at a time."""
    series = opened.series
    a, b, first, until = (series[name].values for name in ("link_a", "link_b", "link_from", "link_until"))
    slot = np.full(int(series["sat"].values.max(initial=0)) + 1, -1, dtype=np.int64)
    slot[series["sat"].values] = np.arange(series.sizes["sat"])
    r_m = series["position_m"].values
    rules = link_rules.link_rules(opened.loaded.scenario)
    many = max(1, BLOCK // max(1, series.sizes["frame"]))
    for at in range(0, max(1, a.size), many):
        part = slice(at, at + many)
        spans = intervals(opened, first[part], until[part])
        least, most = _lengths_m(r_m, slot[a[part]], slot[b[part]], first[part], until[part])
        hop_s = 0.0 if rules is None else rules.hop_latency_s
        terminal = None if rules is None else rules.terminal
        columns = {
            "satellite_a": a[part], "satellite_b": b[part], **spans, "length_min_m": least, "length_max_m": most,
            "delay_min_s": least / SPEED_OF_LIGHT_M_S + hop_s, "delay_max_s": most / SPEED_OF_LIGHT_M_S + hop_s,
        }  # fmt: skip
        for name, length in (("rate_min_bit_s", most), ("rate_max_bit_s", least)):
            columns[name] = np.full(length.size, np.nan) if terminal is None else optical.rate_bit_s(length, terminal)
        columns["outage_max"] = np.zeros(most.size) if terminal is None else optical.outage_probability(most, terminal)
        yield columns


def _lengths_m(r_m: Any, a: Ints, b: Ints, first: Ints, until: Ints) -> tuple[Floats, Floats]:
    """Least and largest length of each link over its frames [m]."""
    least, most = np.full(a.size, np.nan), np.full(a.size, np.nan)
    for n in range(a.size):
        apart = r_m[first[n] : until[n], :, a[n]].astype(np.float64) - r_m[first[n] : until[n], :, b[n]]
        length = np.sqrt(np.einsum("fx,fx->f", apart, apart))
        least[n], most[n] = length.min(), length.max()
    return least, most


# --- jobs ----------------------------------------------------------------------------------------------------------------


def _plans(opened: Opened) -> list[tuple[str, ExecutionPlan, Ints]]:
    """Name, plan and satellites in rank order of every training job at the epoch, as the run planned them."""
    from sim.engine.coupling import Coupling
    from sim.engine.driver import Run

    loaded = opened.loaded
    if not any(isinstance(job, schema.Training) for job in loaded.scenario.workloads):
        return []
    run = Run(loaded)
    run.begin_coupled(coupling := Coupling(run))
    names = iter(opened.series["job"].values.tolist())
    stated = [job for job in opened.results.summary["workloads"] if job["kind"] == "training"]
    found = []
    for training, said in zip(coupling.scheduler.trainings, stated, strict=True):
        mesh = training.plan.task.mesh._asdict()
        if any(mesh[key] != value for key, value in said["mesh"].items()) and said.get("plans") == 1:
            raise opened.refuse("its jobs are no longer planned as they were: another version of the program ran it; run it again")
        found += [(next(names), training.plan, members) for members in training.initial_ranks]
    return found


def _step(plan: ExecutionPlan, most: int) -> Step:
    """One step of as many replicas as there may be ranks, in whole satellites."""
    mesh, each = plan.task.mesh, plan.task.accelerators
    whole = parallelism.replicas_per_satellite(mesh, each)
    replicas = min(mesh.data, most // (parallelism.accelerators_per_replica(mesh) * whole) * whole)
    return Step(plan.task, replicas)


def _job(
    folder: Path, name: str, plan: ExecutionPlan, members: Ints, step: Step, progress: Progress | None, done: int, total: int
) -> int:  # fmt: skip
    """Traces of a job, its groups of ranks, where ranks are, and what the step is; returns the number of nodes."""
    folder.mkdir()
    nodes = 0
    places = []
    for rank in range(step.ranks):
        with (folder / f"step.{rank}.et").open("wb") as file:
            nodes += chakra.write(file, step.nodes(rank), rank)
        places.append((rank, step.satellite(rank, members), *step.place(rank)))
        if progress is not None:
            progress(done + rank + 1, total)
    columns = ("rank", "satellite", "replica", "stage", "context", "tensor")
    write_table(folder / "ranks.csv", [dict(zip(columns, (np.array(c) for c in zip(*places, strict=True)), strict=True))])
    groups = {str(number): list(ranks) for ranks, number in step.groups.number.items()}
    (folder / "comm_groups.json").write_text(to_json(groups), encoding="utf-8")
    task = plan.task
    facts = {
        "job": name, "model_flops_of_step": training_step.task_flops(task), "step_s": plan.step_s, "ranks": step.ranks,
        "of_ranks": parallelism.accelerators_of(task.mesh), "schedule": step.schedule, "mesh": task.mesh._asdict(), "batch": task.batch._asdict(),
        "all_reduce": str(plan.collective), "placement": plan.placement, "precision": task.precision,
        "peak_flops_per_s": task.peak_flops, "gradient_bytes_per_parameter": task.grad_bytes,
    }  # fmt: skip
    (folder / "job.json").write_text(to_json(facts), encoding="utf-8")
    return nodes
