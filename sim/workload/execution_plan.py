"""Selection of the execution plan of a training job: mesh, interleaving, recomputation and all-reduce algorithm."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.workload import memory_fit, parallelism, training_step
from sim.workload.collective_schedule import PARTS
from sim.workload.communication_bounds import CommunicationBounds
from sim.workload.job_communication import Collective, JobCommunication, Transport
from sim.workload.parallelism import Mesh
from sim.workload.training_step import Task

Ints = NDArray[np.int64]

Times = Callable[[Task, Collective], tuple[float, float]]  # stage transfer and all-reduce [s]

SENDERS = (64, 512)  # satellites whose messages are routed for a candidate: first a few, then more
ROUNDING = 1e-9  # relative, of a bound
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
        The ring in one direction and in both, and for more than three ranks halving-doubling and the tori nearest to a
        square, in one dimension and direction at a time, in both dimensions, and in both dimensions and directions.

    Examples
    --------
    >>> [str(collective) for collective in collective_candidates(3)]
    ['ring', 'ring, both directions']
    >>> [str(collective) for collective in collective_candidates(8)][2:5]
    ['halving-doubling', 'torus of 2 rows', 'torus of 2 rows, both dimensions']
    """
    yield Collective("ring")
    if ranks > 2:
        yield Collective("ring", parts=2)
    if ranks > 3:
        yield Collective("halving-doubling")
        divisors = [rows for rows in range(2, ranks) if ranks % rows == 0]
        for rows in sorted(divisors, key=lambda rows: abs(math.log(rows * rows / ranks)))[:TORUS_SHAPES]:
            yield from (Collective("torus", rows, parts) for parts in PARTS["torus"])


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
    Branch and bound [lawler1966]: of all candidates the one with the least bound of its step is taken up, and its bound is
    made tighter: from instant links, from the rates of links (`CommunicationBounds`), from the routes of a few satellites'
    messages, of more. The search ends where the least bound exceeds the best step, so that messages of few candidates are
    routed. Of equal steps the one that is shorter on instant links is chosen, then the smaller mesh and batch.

    In a job of more than 512 satellites the messages of the first 512 in rank order are routed, a contiguous part of the
    constellation whose messages share links as all do. The others are taken to be as fast as the fastest of these.
    """
    search = _Search(candidates, order, members, transport, satellites)
    found = search.run()
    return ExecutionPlan(search.ranked[0], Collective("ring"), float("inf")) if found is None else found


class _Candidate(NamedTuple):
    """A task and an all-reduce with a bound of the step; the smallest tuple is taken up next."""

    bound_s: float
    task: int  # by its step on instant links
    collective: int  # by position; -1 for all of them
    routed: int  # number of `SENDERS` that the bound includes


class _Search:
    """Search for the fastest plan: a queue of candidates by bound, and the communication times that are known."""

    def __init__(
        self, candidates: Sequence[Task], order: Ints, members: int, transport: Transport, satellites: int
    ) -> None:
        def instant_s(task: Task) -> float:
            return float(training_step.decompose(task, 1.0, 0.0, 0.0).total_s)

        ranked = sorted((instant_s(task), task.mesh, task.batch, i) for i, task in enumerate(candidates))
        self.ranked = [candidates[i] for *_, i in ranked]
        self.order, self.transport, self.satellites = order, transport, satellites
        self.bounds = CommunicationBounds(order[:members], transport, satellites)
        self.queue = [_Candidate(step_s, n, -1, 0) for n, (step_s, *_) in enumerate(ranked)]
        self._routed: list[Times] = [partial(self._routed_s, count) for count in SENDERS]
        self.times: dict[tuple[object, ...], tuple[float, float]] = {}

    def run(self) -> ExecutionPlan | None:
        """The plan with the shortest step; None where no candidate can communicate."""
        best = (float("inf"), len(self.ranked), 0)
        while self.queue and self.queue[0].bound_s <= best[0]:
            _, number, which, routed = heapq.heappop(self.queue)
            task = self.ranked[number]
            used = parallelism.members(task.mesh, task.accelerators)
            if used > self.bounds.connected:
                continue
            all_ = _collectives(parallelism.data_satellites(task.mesh, task.accelerators))
            if which < 0:
                for i, bound_s in enumerate(self._steps_s(task, all_, self.bounds.times_s)):
                    heapq.heappush(self.queue, _Candidate((1.0 - ROUNDING) * bound_s, number, i, 0))
                continue
            step_s = self._steps_s(task, all_[which : which + 1], self._routed[routed])[0]
            if used <= SENDERS[routed] or routed + 1 == len(SENDERS):
                best = min(best, (step_s, number, which))
            else:
                heapq.heappush(self.queue, _Candidate((1.0 - ROUNDING) * step_s, number, which, routed + 1))
        if best[1] == len(self.ranked):
            return None
        task = self.ranked[best[1]]
        all_ = _collectives(parallelism.data_satellites(task.mesh, task.accelerators))
        return ExecutionPlan(task, all_[best[2]], best[0])

    def _steps_s(self, task: Task, collectives: Sequence[Collective], times_s: Times) -> list[float]:
        """Duration of a step with each all-reduce [s]; communication times are computed once for tasks with the same messages."""
        span = parallelism.satellites_per_replica(task.mesh, task.accelerators)
        used = parallelism.members(task.mesh, task.accelerators)
        known = []
        for collective in collectives:
            key = times_s, span, used, task.batch.interleave > 1 and span > 2, collective
            if key not in self.times:
                self.times[key] = times_s(task, collective)
            known.append(self.times[key])
        stage_s, gradients_s = np.array(known).T
        steps_s: list[float] = training_step.decompose(task, 1.0, stage_s, gradients_s).total_s.tolist()
        return steps_s

    def _routed_s(self, senders: int, task: Task, collective: Collective) -> tuple[float, float]:
        """Stage transfer and all-reduce over the routes of the first ranks' messages [s]."""
        used = parallelism.members(task.mesh, task.accelerators)
        sends = np.zeros(self.satellites, dtype=np.bool_)
        sends[self.order[:senders]] = True
        communication = JobCommunication(task, collective, self.satellites, sends if used > senders else None)
        costs = communication.costs([self.order[:used]], self.transport)
        return float(costs.stage_transfer_s[0]), float(costs.gradients_s[0])


@lru_cache(maxsize=1024)
def _collectives(ranks: int) -> tuple[Collective, ...]:
    return tuple(collective_candidates(ranks))
