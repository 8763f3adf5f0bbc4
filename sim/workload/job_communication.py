"""What a synchronous job sends over which links, and how long it waits for it: the job's ranks laid on real transport."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.fleet.job_lifecycle import disconnected
from sim.workload import collectives, parallelism, training_step
from sim.workload.collectives import Phase
from sim.workload.parallelism import Mesh
from sim.workload.training_step import Task

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


TORI = 4  # shapes of the torus that are tried: those nearest to a square


class Transport(Protocol):
    """What carries messages: directed links with delays [s] and rates [bit/s], and ways over them."""

    @property
    def version(self) -> int:
        """Grows when ways may have changed."""
        ...

    @property
    def directed_delay_s(self) -> Array: ...

    @property
    def directed_rate_bit_s(self) -> Array: ...

    def routes(self, src: Ints, dst: Ints) -> tuple[Ints, Ints]:
        """start[pair + 1] and directed links of the way of each pair; empty where there is none."""
        ...

    def components(self) -> Ints:
        """Number of the connected part that each satellite is in."""
        ...


class Costs(NamedTuple):
    """Transfers of one training step: of each job (G,), and of each satellite by its own messages alone (N,)."""

    stage_transfer_s: Array  # one micro-batch over the slowest border between stages
    gradients_s: Array  # the whole all-reduce
    own_stage_transfer_s: Array
    own_gradients_s: Array
    cut: Flags  # jobs some of whose messages have no way
    own_cut: Flags  # satellites outside the part that most members of their job are in


class Collective(NamedTuple):
    """An all-reduce and, for the torus, its number of rows."""

    algorithm: str
    rows: int | None = None

    def __str__(self) -> str:
        return self.algorithm if self.rows is None else f"{self.algorithm} of {self.rows} rows"


class _Flows(NamedTuple):
    """Messages under way together: of which job, from whom, how often, and their ways."""

    repeat: int
    job: Ints
    src: Ints
    size_bytes: Array
    start: Ints
    links: Ints
    stays: Flags


class JobCommunication:
    """The messages of equal jobs; ways are looked up again when ranks or transport change."""

    def __init__(self, task: Task, collective: Collective, satellites: int) -> None:
        self.task, self.collective, self.satellites = task, collective, satellites
        self._ranks: list[Ints] = []
        self._version = -1
        self._stage_transfers: list[_Flows] = []
        self._reduction: list[_Flows] = []

    def costs(self, ranks: list[Ints], transport: Transport) -> Costs:
        """Of all jobs at this moment."""
        same = len(ranks) == len(self._ranks) and all(a is b for a, b in zip(ranks, self._ranks, strict=True))
        if not same or transport.version != self._version:
            self._lay(ranks, transport)
            self._ranks, self._version = ranks, transport.version
        jobs = len(ranks)
        cut = np.zeros(jobs, dtype=np.bool_)
        border, own_border = self._sum(self._stage_transfers, transport, jobs, cut)
        gradients, own_gradients = self._sum(self._reduction, transport, jobs, cut)
        return Costs(border, gradients, own_border, own_gradients, cut, self._apart(ranks, transport, cut))

    def _apart(self, ranks: list[Ints], transport: Transport, cut: Flags) -> Flags:
        """Those who cut their job: members outside its largest connected part, the lowest numbered of equals."""
        apart = np.zeros(self.satellites, dtype=np.bool_)
        if cut.any():
            part = transport.components()
            for g in np.flatnonzero(cut):
                apart[ranks[g]] = disconnected(ranks[g], part)
        return apart

    def _lay(self, ranks: list[Ints], transport: Transport) -> None:
        owner = np.full(self.satellites, -1, dtype=np.int64)
        for g, members in enumerate(ranks):
            owner[members] = g
        together = np.stack(ranks) if ranks else np.zeros((0, 0), dtype=np.int64)
        self._stage_transfers = [_laid(p, owner, transport) for p in _stage_transfer_phases(self.task, together)]
        self._reduction = [_laid(p, owner, transport) for p in _reduction_phases(self.task, self.collective, together)]

    def _sum(self, phases: list[_Flows], transport: Transport, jobs: int, cut: Flags) -> tuple[Array, Array]:
        """Time of the phases one after the other, for each job and for each satellite by its own messages; marks jobs
        some of whose messages have no way."""
        total, own = np.zeros(jobs), np.zeros(self.satellites)
        for flows in phases:
            time_s = collectives.flow_times_s(
                flows.start,
                flows.links,
                flows.size_bytes,
                transport.directed_delay_s,
                transport.directed_rate_bit_s,
                flows.stays,
            )
            lost = ~np.isfinite(time_s)
            if lost.any():
                cut[flows.job[lost]] = True
                time_s = np.where(lost, 0.0, time_s)
            slowest, mine = np.zeros(jobs), np.zeros(self.satellites)
            np.maximum.at(slowest, flows.job, time_s)
            np.maximum.at(mine, flows.src, time_s)
            total += flows.repeat * slowest
            own += flows.repeat * mine
        return total, own


def _laid(phase: Phase, owner: Ints, transport: Transport) -> _Flows:
    start, links = transport.routes(phase.src, phase.dst)
    return _Flows(
        phase.repeat, owner[phase.src], phase.src, phase.size_bytes, start, links, np.asarray(phase.src == phase.dst)
    )


def _stage_transfer_phases(task: Task, ranks: Ints) -> list[Phase]:
    """One micro-batch over every border between satellites, activations forth and gradients back at once.

    Interleaved stages hold several virtual_stages of the model: from the last of them it goes on to the first.
    """
    span = parallelism.satellites_per_replica(task.mesh, task.accelerators)
    if span == 1 or ranks.size == 0:
        return []
    replicas = ranks.reshape(-1, span)
    here, there = replicas[:, :-1].ravel(), replicas[:, 1:].ravel()
    if task.batch.interleave > 1 and span > 2:
        here, there = np.concatenate((here, replicas[:, -1])), np.concatenate((there, replicas[:, 0]))
    size = np.full(2 * here.size, training_step.boundary_bytes(task))
    return [Phase(1, np.concatenate((here, there)), np.concatenate((there, here)), size)]


def _reduction_phases(task: Task, collective: Collective, ranks: Ints) -> list[Phase]:
    """The all-reduce of every stage set of every job, all at once."""
    if ranks.size == 0:
        return []
    span = parallelism.satellites_per_replica(task.mesh, task.accelerators)
    jobs, members = ranks.shape
    groups = ranks.reshape(jobs, members // span, span).transpose(0, 2, 1).reshape(-1, members // span)
    return collectives.all_reduce(collective.algorithm, groups, training_step.reduced_bytes(task), collective.rows)


# --- the best way to cut a job ------------------------------------------------------------------------------------------


class Choice(NamedTuple):
    """A job as it is cut, its all-reduce, and the time of a step at full clock [s]."""

    task: Task
    collective: Collective
    step_s: float


def collectives_for(ranks: int) -> Iterator[Collective]:
    """All-reduces worth trying among so many ranks."""
    yield Collective("ring")
    if ranks > 3:
        yield Collective("halving-doubling")
        divisors = [rows for rows in range(2, ranks) if ranks % rows == 0]
        for rows in sorted(divisors, key=lambda rows: abs(math.log(rows * rows / ranks)))[:TORI]:
            yield Collective("torus", rows)


def best(candidates: Sequence[Task], order: Ints, members: int, transport: Transport, satellites: int) -> Choice:
    """The cut and all-reduce with the least time per step among `members` satellites of the mapping order.

    Candidates are tried by what they would take on instant links; those that cannot win any more are left out.
    """

    def instant_s(task: Task) -> float:
        return float(training_step.decompose(task, 1.0, 0.0, 0.0).total_s)

    found: Choice | None = None
    known: dict[tuple[Mesh, bool, Collective], Costs] = {}
    ranked = sorted(candidates, key=lambda task: (instant_s(task), task.mesh, task.batch))
    for task in ranked:
        if found is not None and instant_s(task) >= found.step_s:
            break
        used = parallelism.members(task.mesh, task.accelerators)
        for collective in collectives_for(parallelism.data_satellites(task.mesh, task.accelerators)):
            key = task.mesh, task.batch.interleave > 1, collective  # all that messages depend on
            if key not in known:
                known[key] = JobCommunication(task, collective, satellites).costs([order[:used]], transport)
            costs = known[key]
            step_s = float(training_step.decompose(task, 1.0, costs.stage_transfer_s[0], costs.gradients_s[0]).total_s)
            if not costs.cut[0] and (found is None or step_s < found.step_s):
                found = Choice(task, collective, step_s)
    if found is None:  # no cut can talk at all: the first, so that the run tells of the outage
        return Choice(ranked[0], Collective("ring"), float("inf"))
    return found


def feasible(
    job: Task,
    meshes: Sequence[Mesh],
    virtual_stages: Sequence[int],
    recomputes: Sequence[str],
    members: int,
    memory_bytes: float,
) -> list[Task]:
    """The job cut in every way that fits into memory, keeps every replica at work and needs at most `members` satellites.

    virtual_stages: of the model on each stage, no more than it has layers; recomputes: what is computed again rather than kept.
    """
    found = []
    for mesh in meshes:
        if (
            mesh.data * job.batch.micro_batch > job.batch.global_batch
            or parallelism.mesh_problem(mesh, job.accelerators, members) is not None
        ):
            continue
        layers = -(-job.model.layers // mesh.pipeline) if mesh.pipeline > 1 else 1
        for interleave, recompute in product(sorted({min(v, layers) for v in virtual_stages}), recomputes):
            batch = job.batch._replace(interleave=interleave, recompute=recompute)
            if parallelism.fits(job.model, mesh, batch, memory_bytes):
                found.append(job._replace(mesh=mesh, batch=batch))
    return found
