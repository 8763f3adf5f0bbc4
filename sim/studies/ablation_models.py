"""Models that an ablation puts around those of a run: links without limits, jobs that go on through some modes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.fleet import job_phases
from sim.fleet.availability import SatelliteChange
from sim.fleet.job_phases import Policy, Segment
from sim.workload.job_communication import Transport
from sim.workload.jobs import Lifecycle

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class UnlimitedTransport:
    """Transport whose links have neither delay nor rate limit, or that has a route for every message.

    Parameters
    ----------
    transport : Transport
        The transport of the run.
    instant_links : bool
        Whether links have no delay and no rate limit.
    always_routed : bool
        Whether messages without a route get one.
    """

    def __init__(self, transport: Transport, instant_links: bool, always_routed: bool) -> None:
        self.transport, self.instant_links, self.always_routed = transport, instant_links, always_routed

    @property
    def version(self) -> int:
        """Grows when routes may have changed."""
        return self.transport.version

    @property
    def inputs(self) -> list[NDArray[Any] | bytes]:
        """As in `Transport`, and what is changed here."""
        return [*self.transport.inputs, b"unlimited %d %d" % (self.instant_links, self.always_routed)]

    @property
    def directed_delay_s(self) -> Array:
        """Delays [s] as in `Transport`, and 0 for the additional link."""
        delay_s = self.transport.directed_delay_s
        return np.append(0.0 * delay_s if self.instant_links else delay_s, 0.0)

    @property
    def directed_rate_bit_s(self) -> Array:
        """Rates [bit/s] as in `Transport`, and inf for the additional link."""
        rate = self.transport.directed_rate_bit_s
        return np.append(np.full_like(rate, np.inf) if self.instant_links else rate, np.inf)

    @property
    def directed_src(self) -> Ints:
        """First satellites as in `Transport`; none of the additional link."""
        return np.append(self.transport.directed_src, -1)

    @property
    def directed_dst(self) -> Ints:
        """Last satellites as in `Transport`; none of the additional link."""
        return np.append(self.transport.directed_dst, -1)

    def routes(self, src: Ints, dst: Ints) -> tuple[Ints, Ints]:
        """Routes as in `Transport.routes`; missing ones use an additional last link without delay or rate limit.

        Parameters
        ----------
        src, dst : ndarray of int64, shape (F,)
            First and last satellite of each pair.

        Returns
        -------
        start : ndarray of int64, shape (F + 1,)
            Pair f takes the links links[start[f]:start[f + 1]].
        links : ndarray of int64
            Directed links.
        """
        start, links = self.transport.routes(src, dst)
        if not self.always_routed:
            return start, links
        hops = np.diff(start)
        missing = (hops == 0) & (src != dst)
        added = np.insert(links, start[:-1][missing], self.transport.directed_delay_s.size)
        return np.concatenate(([0], np.cumsum(hops + missing))).astype(np.int64), added

    def components(self) -> Ints:
        """Connected components as in `Transport`; a single one where every message has a route.

        Returns
        -------
        ndarray of int64, shape (N,)
            Number of each satellite's connected component.
        """
        component = self.transport.components()
        return np.zeros_like(component) if self.always_routed else component


class UninterruptedLifecycle:
    """A job lifecycle in which jobs keep working through some modes; without recovery no work is repeated.

    Parameters
    ----------
    lifecycle : Lifecycle
        The lifecycle of the run.
    skipped_modes : tuple of int
        Modes that are skipped.
    """

    def __init__(self, lifecycle: Lifecycle, skipped_modes: tuple[int, ...]) -> None:
        self.lifecycle, self.skipped_modes = lifecycle, skipped_modes

    def ranks(self) -> list[Ints]:
        """Satellites of each job in rank order.

        Returns
        -------
        list of ndarray of int64
            One array for each job.
        """
        return self.lifecycle.ranks()

    @property
    def running(self) -> NDArray[np.bool_]:
        """Jobs that exchange messages now, (jobs,)."""
        return self.lifecycle.running

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Jobs whose work a silent error has spoiled that no validation has found yet, (jobs,)."""
        return self.lifecycle.wrong

    @property
    def unreachable(self) -> Ints:
        """Healthy satellites whose rank was given to a spare because no message reached them."""
        return self.lifecycle.unreachable

    @property
    def able(self) -> NDArray[np.bool_]:
        """Jobs that could train if messages reached them, (jobs,)."""
        return self.lifecycle.able

    @property
    def version(self) -> int:
        """Grows when members, their health, or spares may have changed."""
        return self.lifecycle.version

    @property
    def ready(self) -> list[int]:
        """Healthy satellites without a rank, in order of number."""
        return self.lifecycle.ready

    def missing(self, job: int) -> list[int]:
        """Members of a job that are down and not replaced, as in the lifecycle of the run.

        Parameters
        ----------
        job : int
            Number of the job.

        Returns
        -------
        list of int
            Satellites.
        """
        return self.lifecycle.missing(job)

    def replace_members(self, job: int, members: Ints, policy: Policy, time_s: float, duration_s: float, component: Ints) -> None:
        """Other members of a job, as in the lifecycle of the run.

        Parameters
        ----------
        job : int
            Number of the job.
        members : ndarray of int64
            Satellites by rank.
        policy : Policy
            How the job saves and recovers from now on.
        time_s, duration_s : float
            Time, and how long the change takes [s].
        component : ndarray of int64, shape (satellites,)
            Connected component of each satellite.
        """
        self.lifecycle.replace_members(job, members, policy, time_s, duration_s, component)

    def await_data(self, job: int) -> None:
        """Let a job wait for data, as in the lifecycle of the run.

        Parameters
        ----------
        job : int
            Number of the job.
        """
        self.lifecycle.await_data(job)

    def take_data(self, job: int, time_s: float) -> None:
        """All data of a job are aboard, as in the lifecycle of the run.

        Parameters
        ----------
        job : int
            Number of the job.
        time_s : float
            Time within the next window [s].
        """
        self.lifecycle.take_data(job, time_s)

    def exchange(self, time_s: float, jobs_disconnected: NDArray[np.bool_], component: Ints) -> bool:
        """Exchange of disconnected members, as in the lifecycle of the run.

        Parameters
        ----------
        time_s : float
            Beginning of the next window [s].
        jobs_disconnected : ndarray of bool, shape (jobs,)
            Jobs without network.
        component : ndarray of int64, shape (satellites,)
            Connected component of each satellite.

        Returns
        -------
        bool
            Whether ranks have changed.
        """
        return self.lifecycle.exchange(time_s, jobs_disconnected, component)

    def advance(
        self, begin_s: float, end_s: float, jobs_disconnected: NDArray[np.bool_], changes: Sequence[SatelliteChange] = ()
    ) -> tuple[list[list[Segment]], Array]:
        """Advance the lifecycle and replace the skipped modes by work.

        Parameters
        ----------
        begin_s, end_s : float
            The window [s].
        jobs_disconnected : ndarray of bool, shape (jobs,)
            Jobs without network for the whole window.
        changes : sequence of SatelliteChange, optional
            Changes of satellites in the window.

        Returns
        -------
        segments : list of list of Segment
            Segments of each job, with skipped modes replaced.
        spare_s : ndarray, shape (satellites,)
            Time that each satellite was a healthy spare [s].
        """
        before = self.lifecycle.ranks()
        jobs, spare_s = self.lifecycle.advance(begin_s, end_s, jobs_disconnected, changes)
        # `jobs_disconnected` holds for the members before this interval, not for spares that have just been assigned
        continued = [
            [self._continued(s, bool(jobs_disconnected[g]) and s.members is before[g]) for s in segments]
            for g, segments in enumerate(jobs)
        ]
        return continued, spare_s

    def _continued(self, segment: Segment, disconnected: bool) -> Segment:
        if job_phases.RECOVERY in self.skipped_modes:
            segment = segment._replace(rollback=False)
        if segment.mode in self.skipped_modes:
            segment = segment._replace(mode=job_phases.OUTAGE if disconnected else job_phases.RUN)
        return segment
