"""Messages of a synchronous training job on the links of a constellation, and how long they take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.fleet.job_lifecycle import disconnected
from sim.workload import (
    collective_schedule,
    message_times,
    network_roofline,
    operation_times,
    parallelism,
    training_step,
)
from sim.workload.collective_schedule import Phase
from sim.workload.operation_times import Flows, shared_rates
from sim.workload.training_step import Task

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

CONTENTION_ROUNDS = 3  # rates and durations settle each other


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

    @property
    def directed_dst(self) -> Ints:
        """Satellite at which each directed link ends, (2 L,); -1 where it is none."""
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

    stage_transfer_s: Array  # one micro-batch over the slowest stage boundary: the sum of the next two
    stage_delay_s: Array  # what pipelining hides
    stage_drain_s: Array  # longest time for which a link transfers one micro-batch
    gradients_s: Array  # the gradient all-reduce
    reduce_scatter_s: Array  # its first half, after which each member has its share of the sum
    own_stage_transfer_s: Array
    own_stage_drain_s: Array
    own_gradients_s: Array
    jobs_disconnected: Flags  # jobs with messages that have no route
    satellites_disconnected: Flags  # satellites outside the largest connected component of their job
    outer_s: Array  # exchange of weights between islands, or of gradients between replicas; 0 without them
    own_outer_s: Array


class Collective(NamedTuple):
    """An all-reduce algorithm, the rows of a torus, and the parts of the data that travel by different routes."""

    algorithm: str
    rows: int | None = None
    parts: int = 1

    def __str__(self) -> str:
        name = self.algorithm if self.rows is None else f"{self.algorithm} of {self.rows} rows"
        if self.parts == 1:
            return name
        if self.algorithm == "ring":
            return f"{name}, both directions"
        return f"{name}, both dimensions" + (" and directions" if self.parts == 4 else "")


class _Times(NamedTuple):
    """Durations of one operation: of each job (G,), of its first half, of each satellite's own messages (N,)."""

    total_s: Array
    half_s: Array
    own_s: Array
    drain_s: Array  # longest time of a link for one message
    own_drain_s: Array


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
        self._no_satellite: Flags = np.zeros(satellites, dtype=np.bool_)
        self._no_satellite.setflags(write=False)
        self._ranks: list[Ints] = []
        self._exchanging: Flags = np.zeros(0, dtype=np.bool_)
        self._version = -1
        self._stage_transfers: list[list[Flows]] = []  # parts of each phase
        self._reductions: list[list[Flows]] = []
        self._exchanges: list[list[Flows]] = []
        self._messages: operation_times.Messages | None = None  # all of them, where they meet no others on their links
        self.route_changes = 0  # pairs of satellites whose messages took another route than before, ranks unchanged
        self._last_routes: tuple[Ints, Ints] | None = None

    def costs(
        self, ranks: list[Ints], transport: Transport, background_bit_s: Array | None = None, exchanging: Flags | None = None
    ) -> Costs:
        """Communication times of all jobs with the present links.

        Parameters
        ----------
        ranks : list of ndarray of int64
            Satellites of each job in rank order; the same arrays as long as they do not change.
        transport : Transport
            Links and routes.
        background_bit_s : ndarray, shape (2 L,), optional
            What others ask for on each directed link [bit/s]: users, checkpoints, other workloads.
        exchanging : ndarray of bool, shape (G,), optional
            Islands, or replicas, that exchange with each other; by default all.

        Returns
        -------
        Costs
            Times [s] with the messages of the other jobs and the background present. Where a job has messages without a
            route its time leaves them out and `jobs_disconnected` is set.
        """
        exchanging = np.ones(len(ranks), dtype=np.bool_) if exchanging is None else exchanging
        same = self.same_messages(ranks, exchanging)
        if not same or transport.version != self._version:
            self._route(ranks, transport, exchanging)
            before, self._last_routes = self._last_routes, self._pair_routes(transport)
            if same and before is not None:
                self.route_changes += network_roofline.route_changes(before, self._last_routes)
            self._ranks, self._version, self._exchanging = ranks, transport.version, exchanging.copy()
        if background_bit_s is not None and not self._meets(background_bit_s):
            background_bit_s = None
        jobs_disconnected = np.zeros(len(ranks), dtype=np.bool_)
        links = transport.directed_delay_s, transport.directed_rate_bit_s
        job_s, own_s, cut_off = self._durations(*links, background_bit_s, jobs_disconnected)
        rows, (stage, gradients, outer), (own_stage_s, own_gradients_s, own_exchange_s) = operation_times, job_s, own_s
        outer_s = outer[rows.TOTAL]
        return Costs(
            stage_transfer_s=stage[rows.TOTAL], stage_delay_s=stage[rows.DELAY], stage_drain_s=stage[rows.DRAIN],
            gradients_s=gradients[rows.TOTAL], reduce_scatter_s=gradients[rows.HALF], own_stage_transfer_s=own_stage_s[rows.OWN_TOTAL],
            own_stage_drain_s=own_stage_s[rows.OWN_DRAIN], own_gradients_s=own_gradients_s[rows.OWN_TOTAL], jobs_disconnected=jobs_disconnected,
            satellites_disconnected=self._disconnected(ranks, transport, jobs_disconnected) if cut_off else self._no_satellite,
            outer_s=np.full(len(ranks), outer_s.max(initial=0.0)) if self._exchanges else outer_s, own_outer_s=own_exchange_s[rows.OWN_TOTAL],
        )  # fmt: skip

    def _durations(
        self, delay_s: Array, rate_bit_s: Array, background_bit_s: Array | None, jobs_disconnected: Flags
    ) -> tuple[Array, Array, bool]:
        """Durations of stage transfers, reductions and exchanges, and whether `jobs_disconnected` was set; see `operation_times.durations`."""
        operations = (self._stage_transfers, self._reductions, self._exchanges)
        job_s = np.zeros((len(operations), operation_times.JOB_ROWS, jobs_disconnected.size))
        own_s = np.zeros((len(operations), operation_times.OWN_ROWS, self.satellites))
        if self._messages is not None and background_bit_s is None:
            cut_off = operation_times.durations(self._messages, self._owner, delay_s, rate_bit_s, job_s, own_s, jobs_disconnected)
            return job_s, own_s, cut_off
        for n, phases in enumerate(operations):
            times = self._times(phases, delay_s, rate_bit_s, background_bit_s, jobs_disconnected)
            job_s[n] = times.total_s, times.half_s, times.total_s - times.drain_s, times.drain_s
            own_s[n] = times.own_s, times.own_drain_s
        return job_s, own_s, bool(jobs_disconnected.any())

    def exchange_s(self, ranks: list[Ints], transport: Transport) -> float:
        """Exchange between islands or replicas with the present links, as `costs` gives it.

        Parameters
        ----------
        ranks : list of ndarray of int64
            Satellites of each island in rank order.
        transport : Transport
            Links and routes.

        Returns
        -------
        float
            Duration [s]; 0 without islands.
        """
        owner = self._own(ranks)
        phases = exchange_phases(self.task, np.stack(ranks))
        flows = [self._routed(parts, owner, transport, {}) for parts in zip(*phases, strict=True)]
        none = np.zeros(len(ranks), dtype=np.bool_)
        return float(self._times(flows, transport.directed_delay_s, transport.directed_rate_bit_s, None, none).total_s.max(initial=0.0))

    def same_messages(self, ranks: list[Ints], exchanging: Flags | None = None) -> bool:
        """Whether the messages are those of the last call of `costs`.

        Parameters
        ----------
        ranks : list of ndarray of int64
            Satellites of each job in rank order.
        exchanging : ndarray of bool, shape (G,), optional
            Islands, or replicas, that exchange with each other; by default all.

        Returns
        -------
        bool
            True where ranks are the same arrays, and the same islands exchange.
        """
        if len(ranks) != len(self._ranks) or not all(a is b for a, b in zip(ranks, self._ranks, strict=True)):
            return False
        if self.task.islands is None:
            return True
        return np.array_equal(np.ones(len(ranks), dtype=np.bool_) if exchanging is None else exchanging, self._exchanging)

    def _meets(self, background_bit_s: Array) -> bool:
        """Whether a link carries messages and something else."""
        groups = (self._stage_transfers, self._reductions, self._exchanges)
        return any((background_bit_s[f.links] > 0.0).any() for phases in groups for parts in phases for f in parts)

    def link_demand_bit_s(self, per_second: Sequence[Array], links: int) -> Array:
        """Mean rate that messages ask of each directed link.

        Parameters
        ----------
        per_second : sequence of ndarray, each of shape (G,)
            Of each job: stage transfers of one micro-batch, gradient all-reduces, and exchanges with other islands, each a second.
        links : int
            Number of directed links.

        Returns
        -------
        ndarray, shape (links,)
            Rates [bit/s], by the routes last looked up.
        """
        asked = np.zeros(links)
        for rate, phases in zip(per_second, (self._stage_transfers, self._reductions, self._exchanges), strict=True):
            for f in (f for parts in phases for f in parts if f.links.size):
                each = 8.0 * f.phase.repeat * f.phase.size_bytes * rate[f.job]
                asked += np.bincount(f.links, np.repeat(each if f.routed is None else each[f.routed], np.diff(f.start)), minlength=links)
        return asked

    def _disconnected(self, ranks: list[Ints], transport: Transport, jobs_disconnected: Flags) -> Flags:
        """Satellites that disconnect their job: members outside its largest connected component."""
        outside = np.zeros(self.satellites, dtype=np.bool_)
        component = transport.components()
        for g in np.flatnonzero(jobs_disconnected):
            outside[ranks[g]] = disconnected(ranks[g], component)
        return outside

    def _own(self, ranks: list[Ints]) -> Ints:
        self._owner: Ints = np.full(self.satellites, -1, dtype=np.int64)  # job of each satellite
        for g, members in enumerate(ranks):
            self._owner[members] = g
        return self._owner

    def _route(self, ranks: list[Ints], transport: Transport, exchanging: Flags) -> None:
        owner = self._own(ranks)
        stacked = np.stack(ranks) if ranks else np.zeros((0, 0), dtype=np.int64)
        known: dict[int, tuple[Ints | None, Ints, Ints]] = {}
        self._stage_transfers, self._reductions, self._exchanges = (
            [self._routed(parts, owner, transport, known) for parts in zip(*phases, strict=True)]
            for phases in (
                stage_transfer_phases(self.task, stacked), reduction_phases(self.task, self.collective, stacked),
                exchange_phases(self.task, stacked[exchanging]),
            )
        )  # fmt: skip
        operations = (self._stage_transfers, self._reductions, self._exchanges)
        meets = any(f.contended or f.routed is not None for phases in operations for parts in phases for f in parts)
        self._messages = None if meets else operation_times.messages(operations)

    def _pair_routes(self, transport: Transport) -> tuple[Ints, Ints]:
        """Routes of all pairs of satellites that exchange messages, in an order that follows from the ranks."""
        flows = list({id(f.phase): f for group in (self._stage_transfers, self._reductions, self._exchanges) for parts in group
                      for f in parts if f.routed is None}.values())  # fmt: skip
        if not flows:
            return np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64)
        key = np.concatenate([f.phase.src * self.satellites + f.phase.dst for f in flows])
        length = np.concatenate([np.diff(f.start) for f in flows])
        begin, hops = np.cumsum(length) - length, transport.directed_src[np.concatenate([f.links for f in flows])]
        _, first = np.unique(key, return_index=True)
        start = np.concatenate(([0], np.cumsum(length[first])))
        which = np.repeat(begin[first] - start[:-1], length[first]) + np.arange(start[-1])
        return start, hops[which]

    def _routed(
        self, parts: Sequence[Phase], owner: Ints, transport: Transport, known: dict[int, tuple[Ints | None, Ints, Ints]]
    ) -> list[Flows]:
        """Routes of the parts of a phase; a link transfers the bytes of all parts of a job in the time of the phase."""
        count, loads = transport.directed_delay_s.size, {}
        for phase in parts:
            if id(phase) not in known:
                routed = None if self.senders is None else np.flatnonzero(self.senders[phase.src])
                src, dst = (phase.src, phase.dst) if routed is None else (phase.src[routed], phase.dst[routed])
                known[id(phase)] = (routed, *transport.routes(src, dst))
        flows = []
        for phase in parts:
            routed, start, links = known[id(phase)]
            job = owner[phase.src]
            of_job = np.repeat(job if routed is None else job[routed], np.diff(start))
            size_bytes = phase.size_bytes if routed is None else phase.size_bytes[routed]
            loads[id(phase)] = of_job * count + links  # link of a job
            flows.append(Flows(phase, job, routed, start, links, size_bytes, np.asarray(phase.src == phase.dst)))
        total = np.zeros((int(owner.max(initial=0)) + 1) * count)
        for f in flows:
            bits = 8.0 * f.phase.repeat * np.repeat(f.bits, np.diff(f.start))
            total += np.bincount(loads[id(f.phase)], bits, minlength=total.size)
        contended = bool((np.count_nonzero(total.reshape(-1, count), axis=0) > 1).any()) if count else False
        return [f._replace(bits=total[loads[id(f.phase)]] / f.phase.repeat, contended=contended) for f in flows]

    def _times(
        self, phases: list[list[Flows]], delay_s: Array, rate_bit_s: Array, background_bit_s: Array | None, jobs_disconnected: Flags
    ) -> _Times:
        """Durations of phases in sequence; sets `jobs_disconnected` for jobs with messages that have no route.

        Where jobs share links, each is first timed alone. What its messages then ask for competes with those of the others,
        and what they ask for when all are slower, in turn.
        """
        if not phases:
            jobs_s, satellites_s = np.zeros(jobs_disconnected.size), np.zeros(self.satellites)
            return _Times(jobs_s, jobs_s, satellites_s, jobs_s, satellites_s)
        alone, phase_s = self._advance(phases, [[rate_bit_s[f.links] for f in parts] for parts in phases], delay_s, jobs_disconnected)
        if background_bit_s is None and not any(f.contended for parts in phases for f in parts):
            return alone
        for _ in range(CONTENTION_ROUNDS):
            rates = [shared_rates(parts, s, rate_bit_s, background_bit_s) for parts, s in zip(phases, phase_s, strict=True)]
            shared, phase_s = self._advance(phases, rates, delay_s, jobs_disconnected)
        return shared

    def _advance(
        self, phases: list[list[Flows]], rates_bit_s: list[list[Array]], delay_s: Array, jobs_disconnected: Flags
    ) -> tuple[_Times, list[Array]]:
        """Durations at given rates, and that of each phase (G,)."""
        jobs, n = jobs_disconnected.size, self.satellites
        half, own, drain, own_drain = np.zeros(jobs), np.zeros(n), np.zeros(jobs), np.zeros(n)
        ready = np.zeros((max((len(parts) for parts in phases), default=0), n))
        total, phase_s = np.zeros(jobs), []
        for k, (parts, rates) in enumerate(zip(phases, rates_bit_s, strict=True)):
            slowest = np.zeros(n)
            for part, (flows, rate_bit_s) in enumerate(zip(parts, rates, strict=True)):
                phase = flows.phase
                wait, busy = _message_times(flows, delay_s, rate_bit_s, jobs_disconnected)
                message_times.advance_phase(phase, wait, busy, ready[part])
                message_times.keep_longest(phase.repeat, phase.src, flows.job, wait, busy, slowest, own_drain, drain)
            own += slowest
            if k + 1 < len(phases) and any(a.phase is not b.phase for a, b in zip(parts, phases[k + 1], strict=True)):
                ready[:] = ready.max(axis=0)  # parts that change to other links change together
            before, total = total, self._of_jobs(ready, jobs)
            phase_s.append(total - before)
            if 2 * (k + 1) == len(phases):
                half = total
        members = self._owner >= 0
        own[members] = np.minimum(own[members], total[self._owner[members]])
        return _Times(total, half, own, drain, own_drain), phase_s

    def _of_jobs(self, ready: Array, jobs: int) -> Array:
        """Time at which the last member of each job is ready [s]."""
        total = np.zeros(jobs)
        message_times.last_of_jobs(self._owner, ready, total)
        return total


def _message_times(flows: Flows, delay_s: Array, rate_bit_s: Array, jobs_disconnected: Flags) -> tuple[Array, Array]:
    """Delay and link time of each message [s]; those without a route take none.

    Messages that are not routed are as fast as the fastest that is.
    """
    count = flows.start.size - 1
    wait, busy = np.empty(count), np.empty(count)
    message_times.route_times(flows.start, flows.links, flows.bits, rate_bit_s, delay_s, wait, busy)
    job, stays = (flows.job, flows.stays) if flows.routed is None else (flows.job[flows.routed], flows.stays[flows.routed])
    never = ~np.isfinite(wait + busy)
    if never.any():
        jobs_disconnected[job[never & ~stays]] = True
        wait[never], busy[never] = 0.0, 0.0
    if flows.routed is None:
        return wait, busy
    least = np.full(flows.job.size, wait.min(initial=np.inf)), np.full(flows.job.size, busy.min(initial=np.inf))
    for all_, routed in zip(least, (wait, busy), strict=True):
        all_[flows.routed] = routed
        all_[~np.isfinite(all_)] = 0.0
    return least


def stage_transfer_phases(task: Task, ranks: Ints) -> list[list[Phase]]:
    """One micro-batch over every stage boundary between satellites, activations forward and gradients back at the same time.

    With interleaving the last stage sends to the first as well, from one virtual stage to the next.

    Parameters
    ----------
    task : Task
        A job of the kind.
    ranks : ndarray of int64, shape (G, n)
        Satellites of each job in rank order.

    Returns
    -------
    list of list of Phase
        Parts with their phases; none where a replica is on one satellite.
    """
    span = parallelism.satellites_per_replica(task.mesh, task.accelerators)
    if span == 1 or ranks.size == 0:
        return []
    replicas = ranks.reshape(-1, span)
    here, there = replicas[:, :-1].ravel(), replicas[:, 1:].ravel()
    if task.batch.interleave > 1 and span > 2:
        here, there = np.concatenate((here, replicas[:, -1])), np.concatenate((there, replicas[:, 0]))
    size = np.full(2 * here.size, training_step.boundary_bytes(task))
    return [[Phase(1, 0, np.concatenate((here, there)), np.concatenate((there, here)), size)]]


def reduction_phases(task: Task, collective: Collective, ranks: Ints) -> list[list[Phase]]:
    """All-reduces of all stage sets of all jobs at the same time.

    Parameters
    ----------
    task : Task
        A job of the kind.
    collective : Collective
        The all-reduce.
    ranks : ndarray of int64, shape (G, n)
        Satellites of each job in rank order.

    Returns
    -------
    list of list of Phase
        Parts with their phases; none for a single replica.
    """
    if ranks.size == 0:
        return []
    return collective_schedule.all_reduce(
        collective.algorithm, reduction_groups(task, ranks), training_step.reduced_bytes(task), collective.rows, collective.parts
    )


def reduction_groups(task: Task, ranks: Ints) -> Ints:
    """Satellites that reduce the same gradients.

    Parameters
    ----------
    task : Task
        A job of the kind.
    ranks : ndarray of int64, shape (G, n)
        Satellites of each job in rank order.

    Returns
    -------
    ndarray of int64, shape (G s, n / s)
        A row for each stage set, where a replica takes s satellites.
    """
    span = parallelism.satellites_per_replica(task.mesh, task.accelerators)
    jobs, members = ranks.shape
    return ranks.reshape(jobs, members // span, span).transpose(0, 2, 1).reshape(-1, members // span)


def exchange_phases(task: Task, ranks: Ints) -> list[list[Phase]]:
    """All-reduces of weights or gradients among the satellites of the same rank in all islands, all at the same time.

    Parameters
    ----------
    task : Task
        One island.
    ranks : ndarray of int64, shape (G, n)
        Satellites of each island in rank order.

    Returns
    -------
    list of list of Phase
        Parts with their phases; none for a single island.
    """
    islands = ranks.shape[0]
    if task.islands is None or islands < 2:
        return []
    parts = 2 if islands > 2 else 1
    return collective_schedule.all_reduce("ring", ranks.T, training_step.exchanged_bytes(task), None, parts)
