"""Selection of the execution plan of a training job: mesh, interleaving, recomputation and all-reduce algorithm."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.workload import memory_fit, parallelism, training_step
from sim.workload.job_communication import Collective, Costs, JobCommunication, Transport
from sim.workload.parallelism import Mesh
from sim.workload.training_step import Task

Ints = NDArray[np.int64]

TORUS_SHAPES = 4  # shapes of the torus that are tried: those nearest to a square


class ExecutionPlan(NamedTuple):
    """A job with its parallelism plan, its all-reduce, and the duration of a step at full clock rate [s]."""

    task: Task
    collective: Collective
    step_s: float


def collective_candidates(ranks: int) -> Iterator[Collective]:
    """All-reduce algorithms worth trying.

    Parameters
    ----------
    ranks : int
        Ranks of the all-reduce.

    Yields
    ------
    Collective
        The ring, and for more than three ranks halving-doubling and the tori nearest to a square.

    Examples
    --------
    >>> [str(collective) for collective in collective_candidates(8)]
    ['ring', 'halving-doubling', 'torus of 2 rows', 'torus of 4 rows']
    """
    yield Collective("ring")
    if ranks > 3:
        yield Collective("halving-doubling")
        divisors = [rows for rows in range(2, ranks) if ranks % rows == 0]
        for rows in sorted(divisors, key=lambda rows: abs(math.log(rows * rows / ranks)))[:TORUS_SHAPES]:
            yield Collective("torus", rows)


def feasible_tasks(
    job: Task,
    meshes: Sequence[Mesh],
    virtual_stages: Sequence[int],
    recomputes: Sequence[str],
    members: int,
    memory_bytes: float,
) -> list[Task]:
    """Variants of a job that fit into memory, give every replica work and need no more than the satellites available.

    Parameters
    ----------
    job : Task
        The job; its mesh, interleaving and recomputation are replaced.
    meshes : sequence of Mesh
        Meshes to try.
    virtual_stages : sequence of int
        Virtual stages per pipeline stage to try; limited to the layers of a stage.
    recomputes : sequence of str
        Kinds of recomputation to try, of `transformer.RECOMPUTE`.
    members : int
        Satellites available.
    memory_bytes : float
        Memory of an accelerator.

    Returns
    -------
    list of Task
        Feasible variants, possibly none.
    """
    tasks = []
    for mesh in meshes:
        if (
            mesh.data * job.batch.micro_batch > job.batch.global_batch
            or parallelism.mesh_problem(mesh, job.accelerators, members) is not None
        ):
            continue
        layers = -(-job.model.layers // mesh.pipeline) if mesh.pipeline > 1 else 1
        for interleave, recompute in product(sorted({min(v, layers) for v in virtual_stages}), recomputes):
            batch = job.batch._replace(interleave=interleave, recompute=recompute)
            if memory_fit.fits(job.model, mesh, batch, memory_bytes):
                tasks.append(job._replace(mesh=mesh, batch=batch))
    return tasks


def fastest_plan(
    candidates: Sequence[Task], order: Ints, members: int, transport: Transport, satellites: int
) -> ExecutionPlan:
    """Task and all-reduce with the shortest step.

    Parameters
    ----------
    candidates : sequence of Task
        Feasible variants of a job, at least one.
    order : ndarray of int64
        Satellites in rank order.
    members : int
        Satellites available; each task takes the first of `order` that it needs.
    transport : Transport
        Links and routes.
    satellites : int
        Satellites of the constellation.

    Returns
    -------
    ExecutionPlan
        The fastest; where no candidate can communicate, the first with a step of inf, so that the run reports the outage.

    Notes
    -----
    Candidates are tried in the order of their step on instant links, a lower bound: the search ends where the bound
    exceeds the best step so far.
    """

    def instant_s(task: Task) -> float:
        return float(training_step.decompose(task, 1.0, 0.0, 0.0).total_s)

    fastest: ExecutionPlan | None = None
    known: dict[tuple[Mesh, bool, Collective], Costs] = {}
    ranked = sorted(candidates, key=lambda task: (instant_s(task), task.mesh, task.batch))
    for task in ranked:
        if fastest is not None and instant_s(task) >= fastest.step_s:
            break
        used = parallelism.members(task.mesh, task.accelerators)
        for collective in collective_candidates(parallelism.data_satellites(task.mesh, task.accelerators)):
            key = task.mesh, task.batch.interleave > 1, collective  # messages depend on nothing else
            if key not in known:
                known[key] = JobCommunication(task, collective, satellites).costs([order[:used]], transport)
            costs = known[key]
            step_s = float(training_step.decompose(task, 1.0, costs.stage_transfer_s[0], costs.gradients_s[0]).total_s)
            if not costs.jobs_disconnected[0] and (fastest is None or step_s < fastest.step_s):
                fastest = ExecutionPlan(task, collective, step_s)
    if fastest is None:
        return ExecutionPlan(ranked[0], Collective("ring"), float("inf"))
    return fastest
