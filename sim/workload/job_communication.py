"""Messages of a synchronous training job on the links of a constellation, and how long they take."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.fleet.job_lifecycle import disconnected
from sim.workload import collectives, parallelism, training_step
from sim.workload.collectives import Phase
from sim.workload.training_step import Task

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Transport(Protocol):
    """What carries messages: directed links with delays [s] and rates [bit/s], and routes over them."""

    @property
    def version(self) -> int:
        """Grows when routes may have changed."""
        ...

    @property
    def inputs(self) -> list[NDArray[Any] | bytes]:
        """All that links and routes follow from; equal inputs mean equal routes."""
        ...

    @property
    def directed_delay_s(self) -> Array:
        """Delay of each directed link [s], (2 L,)."""
        ...

    @property
    def directed_rate_bit_s(self) -> Array:
        """Rate of each directed link [bit/s], (2 L,)."""
        ...

    @property
    def directed_src(self) -> Ints:
        """Satellite at which each directed link begins, (2 L,); -1 where it is none."""
        ...

    def routes(self, src: Ints, dst: Ints) -> tuple[Ints, Ints]:
        """Routes between pairs of satellites.

        Parameters
        ----------
        src, dst : ndarray of int64, shape (F,)
            First and last satellite of each pair.

        Returns
        -------
        start : ndarray of int64, shape (F + 1,)
            Pair f takes the links links[start[f]:start[f + 1]]; none without a route.
        links : ndarray of int64
            Directed links.
        """
        ...

    def components(self) -> Ints:
        """Connected component of each satellite.

        Returns
        -------
        ndarray of int64, shape (N,)
            Number of the component.
        """
        ...


class Costs(NamedTuple):
    """Communication times of one training step, of each job (G,) and of each satellite by its own messages (N,)."""

    stage_transfer_s: Array  # one micro-batch over the slowest stage boundary
    gradients_s: Array  # the gradient all-reduce
    own_stage_transfer_s: Array
    own_gradients_s: Array
    jobs_disconnected: Flags  # jobs with messages that have no route
    satellites_disconnected: Flags  # satellites outside the largest connected component of their job


class Collective(NamedTuple):
    """An all-reduce algorithm and, for the torus, its number of rows."""

    algorithm: str
    rows: int | None = None

    def __str__(self) -> str:
        return self.algorithm if self.rows is None else f"{self.algorithm} of {self.rows} rows"


class _Flows(NamedTuple):
    """Messages that are transferred at the same time: their repetitions, jobs, sources, sizes and routes."""

    repeat: int
    job: Ints
    src: Ints
    start: Ints
    links: Ints
    load_bits: Array  # of all messages on each of these links
    stays: Flags


class JobCommunication:
    """Communication of jobs that share one parallelism plan; routes are looked up again when ranks or transport change.

    Parameters
    ----------
    task : Task
        A job of the kind.
    collective : Collective
        All-reduce of the gradients.
    satellites : int
        Satellites of the constellation, N.
    senders : ndarray of bool, shape (N,), optional
        Satellites whose messages are counted, for a lower bound; by default all.
    """

    def __init__(self, task: Task, collective: Collective, satellites: int, senders: Flags | None = None) -> None:
        self.task, self.collective, self.satellites, self.senders = task, collective, satellites, senders
        self._ranks: list[Ints] = []
        self._version = -1
        self._stage_transfers: list[_Flows] = []
        self._reductions: list[_Flows] = []

    def costs(self, ranks: list[Ints], transport: Transport) -> Costs:
        """Communication times of all jobs with the present links.

        Parameters
        ----------
        ranks : list of ndarray of int64
            Satellites of each job in rank order; the same arrays as long as they do not change.
        transport : Transport
            Links and routes.

        Returns
        -------
        Costs
            Times [s]; where a job has messages without a route its time leaves them out and `jobs_disconnected` is set.
        """
        same = len(ranks) == len(self._ranks) and all(a is b for a, b in zip(ranks, self._ranks, strict=True))
        if not same or transport.version != self._version:
            self._route(ranks, transport)
            self._ranks, self._version = ranks, transport.version
        jobs = len(ranks)
        jobs_disconnected = np.zeros(jobs, dtype=np.bool_)
        links = transport.directed_delay_s, transport.directed_rate_bit_s
        stage, own_stage = self._sum(self._stage_transfers, *links, jobs, jobs_disconnected)
        gradients, own_gradients = self._sum(self._reductions, *links, jobs, jobs_disconnected)
        outside = self._disconnected(ranks, transport, jobs_disconnected)
        return Costs(
            stage_transfer_s=stage, gradients_s=gradients, own_stage_transfer_s=own_stage,
            own_gradients_s=own_gradients, jobs_disconnected=jobs_disconnected, satellites_disconnected=outside,
        )

    def _disconnected(self, ranks: list[Ints], transport: Transport, jobs_disconnected: Flags) -> Flags:
        """Satellites that disconnect their job: members outside its largest connected component."""
        outside = np.zeros(self.satellites, dtype=np.bool_)
        if jobs_disconnected.any():
            component = transport.components()
            for g in np.flatnonzero(jobs_disconnected):
                outside[ranks[g]] = disconnected(ranks[g], component)
        return outside

    def _route(self, ranks: list[Ints], transport: Transport) -> None:
        owner = np.full(self.satellites, -1, dtype=np.int64)
        for g, members in enumerate(ranks):
            owner[members] = g
        stacked = np.stack(ranks) if ranks else np.zeros((0, 0), dtype=np.int64)
        transfers, reductions = _stage_transfer_phases(self.task, stacked), _reduction_phases(self.task, self.collective, stacked)
        self._stage_transfers = [self._routed(phase, owner, transport) for phase in transfers]
        self._reductions = [self._routed(phase, owner, transport) for phase in reductions]

    def _routed(self, phase: Phase, owner: Ints, transport: Transport) -> _Flows:
        src, dst, size_bytes = phase.src, phase.dst, phase.size_bytes
        if self.senders is not None:
            counted = self.senders[src]
            src, dst, size_bytes = src[counted], dst[counted], size_bytes[counted]
        start, links = transport.routes(src, dst)
        bits = collectives.load_bits(start, links, size_bytes, transport.directed_delay_s.size)
        return _Flows(
            repeat=phase.repeat, job=owner[src], src=src, start=start, links=links, load_bits=bits, stays=np.asarray(src == dst)
        )

    def _sum(
        self, phases: list[_Flows], delay_s: Array, rate_bit_s: Array, jobs: int, jobs_disconnected: Flags
    ) -> tuple[Array, Array]:
        """Duration of the phases in sequence, for each job and for each satellite's own messages.

        Sets `jobs_disconnected` for jobs with messages that have no route.
        """
        total, own = np.zeros(jobs), np.zeros(self.satellites)
        for flows in phases:
            collectives.add_phase_times(
                flows.start, flows.links, flows.load_bits, flows.stays, flows.job, flows.src, flows.repeat, delay_s, rate_bit_s,
                total, own, jobs_disconnected,
            )  # fmt: skip
        return total, own


def _stage_transfer_phases(task: Task, ranks: Ints) -> list[Phase]:
    """One micro-batch over every stage boundary between satellites, activations forward and gradients back at the same time.

    With interleaving the last stage sends to the first as well, from one virtual stage to the next.
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
    """All-reduces of all stage sets of all jobs at the same time."""
    if ranks.size == 0:
        return []
    span = parallelism.satellites_per_replica(task.mesh, task.accelerators)
    jobs, members = ranks.shape
    groups = ranks.reshape(jobs, members // span, span).transpose(0, 2, 1).reshape(-1, members // span)
    return collectives.all_reduce(collective.algorithm, groups, training_step.reduced_bytes(task), collective.rows)
