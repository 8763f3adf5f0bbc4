"""A day on the ground: the same jobs, lifecycle and ledger as in orbit, on nodes without limits of power and heat."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import schema
from sim.config.ground_sites import assumptions, records, site_of, site_tree
from sim.config.scenario import Loaded
from sim.config.yaml_tree import Node
from sim.engine import events, job_assignment
from sim.engine.threads import one_blas_thread
from sim.engine.work_parts import Work
from sim.fleet.availability import Source, Timeline
from sim.ground_baseline.fabric import ConstantCommunication, Star
from sim.ground_baseline.plan import Plan, plan_of
from sim.ground_baseline.results import Day, results
from sim.results.store import Results
from sim.spacecraft import loop


def run(name: str, like: Loaded | None = None) -> Results:
    """Run a ground site that does the work of a scenario: its workloads, time, seed and stations; or its own.

    Nodes fail at random, at their own rate, where the satellites of `like` do, and in a run without `like`.

    Parameters
    ----------
    name : str
        Name of a shipped baseline, or absolute path of a file.
    like : Loaded or None, optional
        Scenario whose work the site does.

    Returns
    -------
    Results
        Summary, series and events.

    Raises
    ------
    InputError
        If the baseline is unknown or cannot run the workloads.
    """
    return run_tree(site_tree(name), like)


@one_blas_thread()
def run_tree(root: Node, like: Loaded | None = None) -> Results:
    """Run a ground site by its resolved tree.

    Parameters
    ----------
    root : Node
        Tree of the site, with names resolved.
    like : Loaded or None, optional
        Scenario whose work the site does.

    Returns
    -------
    Results
        Summary, series and events.

    Raises
    ------
    InputError
        If the site cannot run the workloads.
    """
    site = site_of(root)
    plan = plan_of(site, like, root)
    firsts = np.cumsum([0, *(kind.nodes for kind in site.kinds)]).tolist()
    sources = [
        source
        for kind, first in zip(site.kinds, firsts, strict=False)
        if plan.failures
        for source in events.random_sources(
            site.fleet, kind.nodes, kind.accelerators_per_node, plan.seed, plan.duration_s, noun="node", first=first
        )
    ]
    identity = {
        "site": site.model_dump(mode="json", exclude={"description"}),
        "like": None if like is None else like.sha256,
    }
    sha256 = hashlib.sha256(json.dumps(identity, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    return results(site, plan, simulate(site, plan, sources), sha256, len(records(root)), assumptions(root))


class _Host(NamedTuple):
    """A node as jobs are assigned to it."""

    accelerator: schema.Accelerator
    accelerators: int


def simulate(site: schema.Site, plan: Plan, sources: list[Source]) -> Day:
    """Simulate the nodes step by step; only the availability of its accelerators limits the rate of a node.

    Parameters
    ----------
    site : Site
        The ground site.
    plan : Plan
        Workloads and time grid.
    sources : list of Source
        Sources of availability changes.

    Returns
    -------
    Day
        Ledger, powers and changes of the run.
    """
    n, steps, step_s = site.nodes, plan.steps, plan.step_s
    kinds = site.kinds
    of = np.repeat(np.arange(len(kinds)), [kind.nodes for kind in kinds])
    each = np.array([kind.accelerators_per_node for kind in kinds])
    transport = Star(n, site.fabric, (each / each[0])[of])
    hosts = [_Host(kind.accelerator, kind.accelerators_per_node) for kind in kinds]
    peaks = each * np.array([kind.accelerator.peak[plan.precision] for kind in kinds])
    weight = (peaks / peaks[0])[of]
    work = Work(
        types=hosts, type_index=of, workloads=plan.workloads, fleet=site.fleet, steps=steps, step_s=step_s, epoch=plan.epoch,
        stations=plan.stations or [], on_types=plan.on_kinds,
    )  # fmt: skip
    scheduler = job_assignment.scheduler_for(work, _order(of, int(site.fleet.spares)), transport, weight)
    for training in scheduler.trainings:
        training.communication = ConstantCommunication(training.task, training.plan.collective, n)
    timeline = Timeline(sources, 0, n, step_s)
    limits, reached = np.ones((loop.LIMIT_ROWS, n)), np.ones(n, dtype=np.bool_)
    drawn_w = np.array([kind.accelerators_per_node * (kind.accelerator.max_power + kind.accelerator.host.power) for kind in kinds])[of]
    full_w = site.power * drawn_w / drawn_w.sum()
    swing_w = site.pue * (each * np.array([kind.accelerator.max_power - kind.accelerator.idle_power for kind in kinds]))[of]
    share = np.array([kind.accelerator.kernel_efficiency for kind in kinds])[of]
    kernel_s = np.zeros(steps)
    useful_s = np.zeros(steps)
    failed_s, maintained_s, load_w = np.zeros(steps), np.zeros(steps), np.zeros(steps)
    for k in range(steps):
        now = timeline.step(k)
        up, limits[:] = now.up, now.rate_cap
        scheduler.begin_step(k * step_s, (k + 1) * step_s, up, transport, reached, now.changes, maintained=now.maintained)
        scheduler.set_rates(limits)
        inputs = scheduler.fill_inputs()
        scheduler.record_losses(k, limits)
        rate = np.minimum(now.rate_cap, inputs.job_rate)
        failed_s[k] = step_s * float(np.sum(weight * (1.0 - up * now.rate_cap - now.maintained)))
        maintained_s[k] = step_s * float(np.sum(weight * now.maintained))
        productive = weight * up * rate * inputs.productive
        kernel_s[k] = step_s * float(np.sum(productive * (1.0 - share)))
        useful_s[k] = step_s * float(np.sum(productive * share))
        load_w[k] = float(np.sum(up * (full_w - swing_w * (1.0 - rate * inputs.duty * inputs.running))))
    scheduler.end()
    return Day(
        scheduler=scheduler, failed_s=failed_s, maintained_s=maintained_s, kernel_s=kernel_s, useful_s=useful_s, load_w=load_w,
        changes=timeline.occurred,
    )


def _order(of: NDArray[np.int64], spares: int) -> NDArray[np.int64]:
    """Nodes in mapping order, kind by kind; spares of every kind come last, in proportion to its nodes."""
    nodes = np.bincount(of)
    held = spares * nodes // of.size
    held[0] += spares - held.sum()
    numbers = np.arange(of.size) - (np.cumsum(nodes) - nodes)[of]  # within the kind
    last = numbers >= (nodes - held)[of]
    return np.concatenate((np.flatnonzero(~last), np.flatnonzero(last)))
