"""The best ways to divide each training job over its satellites, by method, and why the others lose."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from sim.config import library, schema, workload_params, yaml_tree
from sim.config.errors import InputError, Origin, bad_input
from sim.config.scenario import Loaded
from sim.engine import planning
from sim.engine.coupling import Coupling
from sim.engine.driver import Run
from sim.workload import memory_fit, parallelism, step_traffic, training_step
from sim.workload.execution_plan import ExecutionPlan
from sim.workload.training_memory import memory_bytes_per_accelerator

SHOWN = 10


@dataclass(frozen=True)
class PlanRow:
    """One plan of a job: how it is divided, what a step takes at full clock rate [s], and the shares of the step."""

    method: str
    jobs: int  # equal jobs of the workload with this plan
    islands: int
    satellites: int
    tensor: int
    context: int
    expert: int
    pipeline: int
    stages_per_satellite: int
    data: int
    micro_batches: int
    virtual_stages: int
    zero: int
    recomputed: float
    in_flight: int
    placement: str
    all_reduce: str
    memory_bytes: float
    step_s: float
    tokens_per_s: float
    efficiency: float  # statistical
    mfu: float
    mfu_unmasked: float
    shares: dict[str, float]  # of the step: useful, kernel, memory, recompute, bubble, fabric, links, straggler
    network: dict[str, Any] | None = None  # bounds that links set to the step; None on a single satellite


@dataclass(frozen=True, repr=False)
class Answer:
    """Plans of one training workload, the fastest first, and why others are not among them."""

    scenario: str
    model: str
    accelerators: int
    satellites: int
    rows: tuple[PlanRow, ...]
    others: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Plans of {self.model} on {self.satellites} satellites: {len(self.rows)} rows>"

    def as_dict(self) -> dict[str, Any]:
        """Fields for JSON.

        Returns
        -------
        dict
            Fields by name.
        """
        return asdict(self)


def plans(loaded: Loaded, count: int = SHOWN) -> list[Answer]:
    """Plans of each training workload of a scenario, over the links of its epoch and at full clock rate.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    count : int
        Number of plans of each workload, at least 1.

    Returns
    -------
    list of Answer
        One for each training workload.

    Raises
    ------
    InputError
        If a workload fits no mesh, or if there is no training workload.
    """
    answers = [_answer(loaded.scenario.name, job, fleet, count) for job, fleet in _fleets(loaded)]
    return [replace(answer, rows=answer.rows[:count]) for answer in answers]


def _fleets(loaded: Loaded) -> list[tuple[schema.Training, planning.Fleet]]:
    """Training workloads with their satellites, over the links of the epoch."""
    jobs = [job for job in loaded.scenario.workloads if isinstance(job, schema.Training)]
    if not jobs:
        raise bad_input(Origin(loaded.scenario.name), "workloads", "has no training job to plan; write a workload of kind training")
    coupling = Coupling(run := Run(loaded))
    run.begin_coupled(coupling)
    found = []
    for job, training in zip(jobs, coupling.scheduler.trainings, strict=True):
        order = coupling.order[np.isin(coupling.order, np.concatenate((training.leftover, *training.initial_ranks)))]
        carrier = workload_params.slowest(loaded.scenario.types, job.precision)
        found.append((job, planning.Fleet(carrier, order, coupling.transport, run.satellites, coupling.row)))
    return found


def by_method(loaded: Loaded) -> list[Answer]:
    """The best plan of each training method: the job as it is, one synchronous job of all satellites, DiLoCo and elastic replicas on all.

    Parameters
    ----------
    loaded : Loaded
        The scenario.

    Returns
    -------
    list of Answer
        One for each training workload, a row for each method.

    Raises
    ------
    InputError
        If a workload fits no mesh, or if there is no training workload.
    """
    found = []
    for job, fleet in _fleets(loaded):
        shipped = library.defaults().value
        islands = job.islands or schema.Islands.model_validate(yaml_tree.plain(shipped["diloco"]))
        elastic = job.elastic or schema.Elastic.model_validate(yaml_tree.plain(shipped["elastic"]))
        variants: list[dict[str, Any]] = [
            {"method": "synchronous"}, {"method": "diloco", "islands": islands, "members": None, "mesh": None},
            {"method": "elastic", "elastic": elastic, "members": None, "mesh": None},
        ]  # fmt: skip
        if job.members is not None:
            variants.insert(1, {"method": "synchronous", "members": None, "mesh": None})
        answers = [_answer(loaded.scenario.name, job.model_copy(update=changes), fleet, 1) for changes in variants]
        rows = (row for answer in answers for row in answer.rows)
        others = dict.fromkeys(line for answer in answers for line in answer.others)
        found.append(replace(answers[0], rows=tuple(rows), others=tuple(others)))
    return found


def _answer(name: str, job: schema.Training, fleet: planning.Fleet, count: int) -> Answer:
    rows: list[PlanRow] = []
    others: list[str] = []
    for islands in [None] if job.method == "synchronous" else planning.island_choices(job, fleet):
        try:
            rows += [_row(job, plan, fleet) for plan in planning.ranked(job, fleet, count, islands)]
        except InputError as error:
            parts = "" if islands is None else f"{islands.islands} {'replicas' if islands.together else 'islands'}: "
            others.append(parts + error.problems[0].message)
    rows.sort(key=lambda row: -row.efficiency * row.tokens_per_s)
    members = planning.members(job, fleet, None)
    return Answer(name, job.model.name, members * int(fleet.carrier.accelerators), members, tuple(rows), (*others, *_reasons(job, fleet)))


def _row(job: schema.Training, plan: ExecutionPlan, fleet: planning.Fleet) -> PlanRow:
    """What a plan looks like to an engineer."""
    task = plan.task
    mesh, batch, constants = task.mesh, task.batch, training_step.step_constants(task)
    step = planning.whole_step(job, plan, fleet)
    total_s = float(step.total_s)
    shares = {
        "useful": constants.peak_s, "kernel": float(step.compute_s) - constants.peak_s, "memory": float(step.memory_s),
        "recompute": float(step.recompute_s), "bubble": float(step.bubble_s), "fabric": constants.fabric_s,
        "links": float(step.communication_s) - constants.fabric_s, "straggler": float(step.straggler_s),
    }  # fmt: skip
    ranks, links = planning.rank_lists(job, plan, fleet), step_traffic.links_of(fleet.transport)
    islands = 1 if task.islands is None else task.islands.islands
    tokens = islands * batch.global_batch * batch.sequence
    return PlanRow(
        method=job.method, jobs=len(ranks) if task.islands is None else 1, islands=islands,
        satellites=islands * training_step.members(task), tensor=mesh.tensor, context=mesh.context,
        expert=mesh.expert, pipeline=mesh.pipeline, stages_per_satellite=parallelism.stages_per_satellite(mesh, task.accelerators),
        data=mesh.data, micro_batches=parallelism.micro_batches(mesh, batch), virtual_stages=batch.interleave, zero=batch.zero,
        recomputed=batch.recomputed, in_flight=batch.in_flight, placement=plan.placement, all_reduce=str(plan.collective),
        memory_bytes=memory_bytes_per_accelerator(task.model, mesh, batch, task.precision, task.accelerators), step_s=total_s,
        tokens_per_s=tokens / total_s, efficiency=1.0 if task.islands is None else task.islands.efficiency,
        mfu=training_step.mfu(task, total_s), mfu_unmasked=training_step.mfu(task, total_s, masked=False),
        shares={name: seconds / total_s for name, seconds in shares.items()},
        network=step_traffic.bounds(task, plan.collective, np.stack(ranks if task.islands is not None else ranks[:1]), links),
    )  # fmt: skip


def _reasons(job: schema.Training, fleet: planning.Fleet) -> list[str]:
    """Why whole families of meshes are not among the plans: memory, the batch, the network."""
    members = planning.members(job, fleet, None)
    chip = fleet.carrier.accelerator
    fit = workload_params.fit(job, int(fleet.carrier.accelerators), members, chip.memory)
    meshes = parallelism.meshes(fit.model, fit.accelerators, members, chip.fabric.domain, planning.contexts(job))
    without_room = [mesh for mesh in meshes if not memory_fit.fits(fit, mesh)]
    lines = []
    if without_room:
        depth = {t: max(m.pipeline for m in without_room if m.tensor == t) for t in sorted({m.tensor for m in without_room})}
        shown = ", ".join(f"tensor {t} with up to {p} stages" for t, p in depth.items())
        lines.append(f"{len(without_room)} of {len(meshes)} meshes do not fit into {fit.memory_bytes / 1e9:.3g} GB: {shown}")
    sequences = fit.batch.global_batch // fit.batch.micro_batch
    narrowed = sum(mesh.data > sequences for mesh in meshes)
    if narrowed:
        lines.append(f"{narrowed} meshes have room for more replicas than the {sequences:,} micro-batches of a step, and leave satellites idle")
    return lines
