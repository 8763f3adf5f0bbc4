"""Selection of the execution plan of a training job: mesh, batch, placement of ranks and all-reduce algorithm."""

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
from sim.workload.communication_bounds import CommunicationBounds
from sim.workload.job_communication import Collective, JobCommunication, Transport
from sim.workload.parallelism import Mesh
from sim.workload.step_times import step_at
from sim.workload.training_step import Task

Ints = NDArray[np.int64]

# of each group: delay and drain of a stage transfer, all-reduce, exchange between islands [s]
Rows = tuple[tuple[float, float, float, float], ...]
Times = Callable[[Task, Collective, str], Rows]

SENDERS = (64, 512, 1 << 62)  # satellites whose messages are routed for a candidate: first a few, then more, then all
ROUNDING = 1e-9  # relative, of a bound
TORUS_SHAPES = 2  # shapes of the torus that are tried: those nearest to a square
REPLICA_CHOICES = 3  # numbers of micro-batches that are tried with fewer replicas
# what is on neighbouring satellites: the stages of a replica, the replicas of a stage, or both: a replica along a row of satellites with
# the next replica in the next row, or a replica across rows with the next replica beside it
PLACEMENTS = ("stages", "replicas", "blocks along rows", "blocks across rows")


class ExecutionPlan(NamedTuple):
    """A job with its parallelism plan, its all-reduce, the placement of its ranks, and the duration of a step at full clock rate [s]."""

    task: Task
    collective: Collective
    step_s: float
    placement: str = "stages"


def placed(order: Ints, task: Task, placement: str, row: Ints | None = None) -> Ints:
    """Satellites of a job in rank order.

    Parameters
    ----------
    order : ndarray of int64, shape (available,)
        Satellites that the job may use, neighbours next to each other, rows in serpentine order.
    task : Task
        The job.
    placement : str
        One of `PLACEMENTS`.
    row : ndarray of int64, shape (satellites,), optional
        Number of the row of each satellite: its plane, or its row of a formation. Without it, `order` is one row.

    Returns
    -------
    ndarray of int64, shape (members,)
        Some of these satellites; rank r q + j has stage set j of group r. Where rows are too short for blocks, the first of
        `order`.

    Examples
    --------
    Two stages, three groups, on two planes of three in serpentine order: the first stage is on the first plane, the second stage of
    each group beside it.

    >>> from types import SimpleNamespace
    >>> task = SimpleNamespace(mesh=Mesh(8, 2, 3), accelerators=8)
    >>> placed(np.arange(6), task, "replicas").tolist()
    [0, 5, 1, 4, 2, 3]

    Two groups of two stages on two planes of three: each on one plane, beside each other, or each on both planes.

    >>> task, planes = SimpleNamespace(mesh=Mesh(8, 2, 2), accelerators=8), np.array([0, 0, 0, 1, 1, 1])
    >>> [placed(np.arange(6), task, f"blocks {way} rows", planes).tolist() for way in ("along", "across")]
    [[0, 1, 5, 4], [0, 5, 1, 4]]
    """
    used, span = parallelism.members(task.mesh, task.accelerators), parallelism.satellites_per_replica(task.mesh, task.accelerators)
    if placement.startswith("blocks"):
        found = blocks(order, np.zeros(int(order.max()) + 1, dtype=np.int64) if row is None else row, span, "across" in placement)
        return found[: used // span].ravel() if used <= found.size else order[:used]
    if placement == "stages":
        return order[:used]
    lines = order[:used].reshape(span, -1).copy()
    lines[1::2] = lines[1::2, ::-1]
    return np.ascontiguousarray(lines.T).ravel()


def blocks(order: Ints, row: Ints, length: int, across: bool) -> Ints:
    """Groups of satellites beside each other, in an order in which consecutive groups are beside each other too.

    Parameters
    ----------
    order : ndarray of int64, shape (available,)
        Satellites, rows in serpentine order: each row begins beside the last satellite of the row before.
    row : ndarray of int64, shape (satellites,)
        Number of the row of each satellite.
    length : int
        Satellites of a group.
    across : bool
        Whether a group is one satellite of each of consecutive rows, rather than consecutive ones of a row.

    Returns
    -------
    ndarray of int64, shape (groups, length)
        Groups; satellites that fill none are left out.

    Examples
    --------
    >>> blocks(np.arange(8), np.array([0, 0, 0, 0, 1, 1, 1, 1]), 2, across=False).tolist()
    [[0, 1], [7, 6], [5, 4], [2, 3]]
    """
    rows = np.split(order, np.flatnonzero(np.diff(row[order])) + 1)
    columns, last, step = [], 0, 1
    for satellites in rows:
        columns.append(last + step * np.arange(satellites.size))
        last, step = int(columns[-1][-1]), -step
    least = min(int(c.min()) for c in columns)
    grid = np.full((len(rows), max(int(c.max()) for c in columns) - least + 1), -1, dtype=np.int64)
    for line, at, satellites in zip(grid, columns, rows, strict=True):
        line[at - least] = satellites
    grid = grid.T if across else grid
    found = [np.zeros((0, length), dtype=np.int64)]
    for n, begin in enumerate(range(0, grid.shape[1] - length + 1, length)):
        beside = grid[:: 1 if n % 2 == 0 else -1, begin : begin + length]
        found.append(beside[(beside >= 0).all(axis=1)])
    return np.ascontiguousarray(np.concatenate(found))


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
        square, in one dimension and direction at a time and in both dimensions and directions.

    Examples
    --------
    >>> [str(collective) for collective in collective_candidates(3)]
    ['ring', 'ring, both directions']
    >>> [str(collective) for collective in collective_candidates(8)][2:5]
    ['halving-doubling', 'torus of 2 rows', 'torus of 2 rows, both dimensions and directions']
    """
    yield Collective("ring")
    if ranks > 2:
        yield Collective("ring", parts=2)
    if ranks > 3:
        yield Collective("halving-doubling")
        divisors = [rows for rows in range(2, ranks) if ranks % rows == 0]
        for rows in sorted(divisors, key=lambda rows: abs(math.log(rows * rows / ranks)))[:TORUS_SHAPES]:
            yield from (Collective("torus", rows, parts) for parts in (1, 4))


class Choices(NamedTuple):
    """What a plan may choose; a single value leaves no choice."""

    virtual_stages: Sequence[int] = (1,)
    zero: Sequence[int] = (1,)
    in_flight: Sequence[int] = (1,)
    recomputed: float | None = None  # share of the layers; None: as little as fits
    fewer_replicas: bool = False


def feasible_tasks(job: Task, meshes: Sequence[Mesh], choices: Choices, members: int, memory_bytes: float) -> list[Task]:
    """Variants of a job that fit into memory, give every replica work and need no more than the satellites available.

    Parameters
    ----------
    job : Task
        The job; its mesh and batch are replaced.
    meshes : sequence of Mesh
        Meshes to try.
    choices : Choices
        What else to try.
    members : int
        Satellites available.
    memory_bytes : float
        Memory of an accelerator that the job may use.

    Returns
    -------
    list of Task
        Feasible variants, possibly none. More is sharded only where less does not fit without computing activations again.
    """
    tasks = []
    for widest in meshes:
        if parallelism.mesh_problem(widest, job.accelerators, members) is not None:
            continue
        span = parallelism.satellites_per_replica(widest, job.accelerators)
        layers = -(-job.model.layers // widest.pipeline) if widest.pipeline > 1 else 1
        # virtual stages of unequal sizes wait for the largest
        even = {v for v in choices.virtual_stages if v <= layers and v * -(-layers // v) == layers}
        virtual = sorted(even or {min(layers, choices.virtual_stages[0])})
        in_flight = choices.in_flight if span > 1 else choices.in_flight[:1]
        for data in _replicas(job, widest, choices.fewer_replicas):
            mesh = widest._replace(data=data)
            for interleave, flying in product(virtual, in_flight):
                batch = job.batch._replace(interleave=interleave, in_flight=flying)
                tasks += _fitting(job._replace(mesh=mesh, batch=batch), choices, members, memory_bytes)
    return tasks


def _replicas(job: Task, widest: Mesh, fewer: bool) -> list[int]:
    """Numbers of replicas: the largest that has work, and those below it that divide the batch without a remainder."""
    whole = parallelism.replicas_per_satellite(widest, job.accelerators)
    sequences = job.batch.global_batch // job.batch.micro_batch
    most = min(widest.data, sequences) // whole * whole
    if most == 0:
        return []
    found = {most}
    least = -(-sequences // most)
    for micro_batches in range(least, least + REPLICA_CHOICES) if fewer else ():
        data = -(-sequences // micro_batches)
        data = -(-data // whole) * whole
        if data <= most:
            found.add(data)
    return sorted(found, reverse=True)


def _fitting(task: Task, choices: Choices, members: int, memory_bytes: float) -> list[Task]:
    """The task at the least stage of sharding that fits without computing activations again, and those before it that fit."""
    fitting = []
    for zero in choices.zero:
        batch = task.batch._replace(zero=zero)
        job = memory_fit.Job(
            task.model, batch, task.precision, task.accelerators, members, memory_bytes, choices.recomputed
        )
        fitted = memory_fit.fitted(job, task.mesh)
        if fitted is not None:
            fitting.append(task._replace(batch=fitted))
            if fitted.recomputed == 0.0 or choices.recomputed is not None:
                break
    return fitting


def fastest_plan(
    candidates: Sequence[Task], groups: Sequence[Ints], transport: Transport, satellites: int, row: Ints | None = None
) -> ExecutionPlan:
    """Plan with the shortest step; see `ranked_plans`.

    Parameters
    ----------
    candidates : sequence of Task
        Feasible variants of a job, at least one.
    groups : sequence of ndarray of int64
        Satellites of each job, or of each island of a job; see `ranked_plans`.
    transport : Transport
        Links and routes.
    satellites : int
        Satellites of the constellation.
    row : ndarray of int64, shape (satellites,), optional
        As in `placed`.

    Returns
    -------
    ExecutionPlan
        The fastest; where no candidate can communicate, the first with a step of inf, so that the run reports the outage.
    """
    return ranked_plans(candidates, groups, transport, satellites, 1, row)[0]


def ranked_plans(
    candidates: Sequence[Task], groups: Sequence[Ints], transport: Transport, satellites: int, count: int, row: Ints | None = None
) -> list[ExecutionPlan]:
    """Plans with the shortest steps, each of another task.

    Parameters
    ----------
    candidates : sequence of Task
        Feasible variants of a job, at least one.
    groups : sequence of ndarray of int64
        Satellites of each job, or of each island of a job, neighbours next to each other; a task takes those that it needs, see
        `placed`. The slowest group counts; without rows all are alike, and the first one counts.
    transport : Transport
        Links and routes.
    satellites : int
        Satellites of the constellation.
    count : int
        Number of plans, at least 1.
    row : ndarray of int64, shape (satellites,), optional
        As in `placed`.

    Returns
    -------
    list of ExecutionPlan
        The fastest first, fewer where there are no more; where no candidate can communicate, the first with a step of inf.

    Notes
    -----
    Branch and bound [lawler1966]: of all candidates the one with the least bound of its step is taken up, and its bound is
    made tighter: from instant links, from the rates of links (`CommunicationBounds`), from the routes of a few satellites'
    messages, of more, of all. A step of islands has its share of their exchange. The search ends where the least bound exceeds the
    last of the best steps, so that messages of few candidates are routed. Of equal steps the one that is shorter on instant
    links is chosen, then the smaller mesh and batch.
    """
    search = _Search(candidates, groups, transport, satellites, row)
    found = search.run(count)
    return found or [ExecutionPlan(search.ranked[0], Collective("ring"), float("inf"))]


class _Candidate(NamedTuple):
    """A task with an all-reduce and a placement, and a bound of the step; the smallest tuple is taken up next."""

    bound_s: float
    task: int  # by its step on instant links
    variant: int  # all-reduce and placement by position; -1 for all of them
    routed: int  # number of `SENDERS` that the bound includes


class _Search:
    """Search for the fastest plans: a queue of candidates by bound, and the communication times that are known."""

    def __init__(
        self, candidates: Sequence[Task], groups: Sequence[Ints], transport: Transport, satellites: int, row: Ints | None
    ) -> None:
        ranked = sorted((step_on_instant_links_s(task), task.mesh, task.batch, i) for i, task in enumerate(candidates))
        self.ranked = [candidates[i] for *_, i in ranked]
        self.groups, self.transport, self.satellites, self.row = groups, transport, satellites, row
        self.bounds = CommunicationBounds(groups[0], transport, satellites)
        self.queue = [_Candidate(step_s, n, -1, 0) for n, (step_s, *_) in enumerate(ranked)]
        self._routed: list[Times] = [partial(self._routed_s, count) for count in SENDERS]
        self.times: dict[tuple[object, ...], Rows] = {}
        self.exchanges: dict[tuple[object, ...], float] = {}
        self.room: dict[tuple[int, str], int] = {}  # blocks of the smallest group, by length and placement

    def run(self, count: int) -> list[ExecutionPlan]:
        """The plans with the shortest steps; none where no candidate can communicate."""
        best: dict[Task, tuple[float, int, int]] = {}  # of tasks that differ in micro-batches in flight only, the best variant
        limit_s = float("inf")
        while self.queue and self.queue[0].bound_s <= limit_s:
            _, number, which, routed = heapq.heappop(self.queue)
            task = self.ranked[number]
            used = parallelism.members(task.mesh, task.accelerators)
            if used > self.bounds.connected:
                continue
            variants = self._variants(task)
            if which < 0:
                for i, bound_s in enumerate(self._steps_s(task, variants, self._bound_s)):
                    heapq.heappush(self.queue, _Candidate((1.0 - ROUNDING) * bound_s, number, i, 0))
                continue
            step_s = self._steps_s(task, variants[which : which + 1], self._routed[routed])[0]
            if routed + 1 < len(SENDERS) and (used > SENDERS[routed] or len(self.groups) > 1):
                heapq.heappush(self.queue, _Candidate((1.0 - ROUNDING) * step_s, number, which, routed + 1))
            elif step_s < float("inf"):
                alike = task._replace(batch=task.batch._replace(in_flight=1))
                best[alike] = min(best.get(alike, (step_s, number, which)), (step_s, number, which))
                ahead = sorted(best.values())[:count]
                limit_s = ahead[-1][0] if len(ahead) == count else limit_s
        plans = []
        for step_s, number, which in sorted(best.values())[:count]:
            collective, placement = self._variants(self.ranked[number])[which]
            plans.append(ExecutionPlan(self.ranked[number], collective, step_s, placement))
        return plans

    def _variants(self, task: Task) -> list[tuple[Collective, str]]:
        ranks = parallelism.data_satellites(task.mesh, task.accelerators)
        return list(product(_collectives(ranks), self._placements(task)))

    def _placements(self, task: Task) -> tuple[str, ...]:
        """Placements that differ, and that the satellites have room for."""
        span, groups = parallelism.satellites_per_replica(task.mesh, task.accelerators), parallelism.data_satellites(task.mesh, task.accelerators)
        if span == 1 or groups == 1:
            return PLACEMENTS[:1]
        return (*PLACEMENTS[:2], *(p for p in PLACEMENTS[2:] if self.row is not None and self._blocks(span, p) >= groups))

    def _blocks(self, span: int, placement: str) -> int:
        """Blocks that every group has room for."""
        if (span, placement) not in self.room:
            assert self.row is not None
            self.room[span, placement] = min(len(blocks(group, self.row, span, "across" in placement)) for group in self.groups)
        return self.room[span, placement]

    def _steps_s(self, task: Task, variants: Sequence[tuple[Collective, str]], times_s: Times) -> list[float]:
        """Duration of a step of each variant [s]; communication times are computed once for tasks with the same messages."""
        mesh, span = task.mesh, parallelism.satellites_per_replica(task.mesh, task.accelerators)
        used = parallelism.members(mesh, task.accelerators)
        constants, steps_s = training_step.step_constants(task), []
        for collective, placement in variants:
            wraps = task.batch.interleave > 1 and span > 2
            key = times_s, span, used, training_step.boundary_bytes(task), wraps, collective, placement
            if key not in self.times:
                self.times[key] = times_s(task, collective, placement)
            steps_s.append(max(float(step_at(1.0, *row, constants)[-1]) for row in self.times[key]))
        return steps_s

    def _bound_s(self, task: Task, collective: Collective, placement: str) -> Rows:
        delay_s, drain_s, gradients_s, outer_s = self.bounds.times_s(task, collective)  # for any placement
        return ((delay_s, drain_s, gradients_s, outer_s if task.islands is None else self._exchange_s(SENDERS[0], task, placement)),)

    def _routed_s(self, senders: int, task: Task, collective: Collective, placement: str) -> Rows:
        """Delay and drain of a stage transfer, all-reduce, and exchange, over the routes of the first ranks' messages, or of all [s]."""
        groups = self.groups if senders == SENDERS[-1] and self.row is not None else self.groups[:1]
        communication, ranks = self._communication(senders, task, collective, placement, groups)
        costs = communication.costs(ranks, self.transport)
        outer_s = 0.0 if task.islands is None else self._exchange_s(senders, task, placement)
        times_s = costs.stage_delay_s, costs.stage_drain_s, costs.gradients_s
        if task.islands is not None and task.islands.together:  # replicas keep step
            times_s = tuple(each.max(keepdims=True) for each in times_s)
        return tuple(dict.fromkeys((*row, outer_s) for row in zip(*(each.tolist() for each in times_s), strict=True)))

    def _exchange_s(self, senders: int, task: Task, placement: str) -> float:
        """Exchange between islands [s], which is the same for all tasks with the same ranks."""
        span, used = parallelism.satellites_per_replica(task.mesh, task.accelerators), parallelism.members(task.mesh, task.accelerators)
        key = senders, span, used, placement
        if key not in self.exchanges:
            communication, ranks = self._communication(senders, task, Collective("ring"), placement, self.groups)
            self.exchanges[key] = communication.exchange_s(ranks, self.transport)
        return self.exchanges[key]

    def _communication(
        self, senders: int, task: Task, collective: Collective, placement: str, groups: Sequence[Ints]
    ) -> tuple[JobCommunication, list[Ints]]:
        """Messages of the first ranks of every group, or of all, and the ranks of each group.

        The same ranks of all groups exchange with each other, so that exchanges are bounded by those of whole rings.
        """
        ranks = [placed(group, task, placement, self.row) for group in groups]
        sends = np.zeros(self.satellites, dtype=np.bool_)
        sends[np.concatenate([members[: max(1, senders // len(ranks))] for members in ranks])] = True
        every = senders == SENDERS[-1] or ranks[0].size <= senders // len(ranks)
        return JobCommunication(task, collective, self.satellites, None if every else sends), ranks


def step_on_instant_links_s(task: Task) -> float:
    """Duration of a step at full clock rate where messages between satellites take no time.

    Parameters
    ----------
    task : Task
        The job.

    Returns
    -------
    float
        Duration [s].
    """
    return float(step_at(1.0, 0.0, 0.0, 0.0, 0.0, training_step.step_constants(task))[-1])


@lru_cache(maxsize=1024)
def _collectives(ranks: int) -> tuple[Collective, ...]:
    return tuple(collective_candidates(ranks))
