"""Data of jobs between the ground and the fleet: which sites carry them, over which links, at which rates.

Each antenna of a site serves one satellite, in both directions. From there data take the fastest route to the nearest member of the job, or
the same way back. Flows from antennas to jobs share antennas and links by max-min fairness. Routes and rates of sites are those of the
end of the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import schema
from sim.fleet import job_phases
from sim.network.fair_rates import max_min_rates
from sim.network.link_state import Network
from sim.network.site_links import SiteAccess, SiteLinks, served
from sim.workload.data_volumes import Incoming, Outgoing, Rates, Volume, incoming_summary, outgoing_summary, pass_data
from sim.workload.jobs import InferenceService, JobScheduler, PipelineService, Training, TrainingFleet

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(eq=False)
class _Job:
    """A job, all islands or replicas of one, or a service, with its volumes."""

    workload: int
    part: Training | InferenceService
    fleet: TrainingFleet | None  # None: a service on independent satellites
    places: list[int]  # of its jobs within the part
    numbers: list[int]  # and among those of the lifecycle
    incoming: Incoming | None = None
    outgoing: Outgoing | None = None

    def members(self, satellites: int) -> Flags:
        """Satellites that hold its data."""
        who = np.zeros(satellites, dtype=np.bool_)
        if self.fleet is None:
            who[self.part.who] = True  # type: ignore[union-attr]
        else:
            ranks = self.fleet.lifecycle.ranks()
            for number in self.numbers:
                who[ranks[number]] = True
        return who

    def runs(self, begin_s: float, end_s: float) -> list[tuple[float, float]]:
        """Times of the step in which it runs; of islands and replicas those of the one that runs longest."""
        if self.fleet is None:
            start_s = begin_s if self.incoming is None else self.incoming.start_s
            return [] if start_s is None or start_s >= end_s else [(max(begin_s, start_s), end_s)]
        assert isinstance(self.part, Training | PipelineService)
        best: list[tuple[float, float]] = []
        for place in self.places:
            at_s, found = begin_s, []
            for mode, share in self.part.modes_of(place):
                until_s = at_s + share * (end_s - begin_s)
                if mode == job_phases.RUN:
                    found.append((at_s, until_s))
                at_s = until_s
            if sum(b - a for a, b in found) > sum(b - a for a, b in best):
                best = found
        return best

    def is_complete(self) -> bool:
        """Whether training has taken all its tokens."""
        part = self.part
        if not isinstance(part, Training):
            return False
        efficiency = 1.0 if part.task.islands is None else part.task.islands.efficiency
        return float(part.tokens[self.places].sum()) * efficiency >= part.total_tokens


class _Ways(NamedTuple):
    """Routes to the nearest member of a job."""

    reach: Flags  # satellites from which there is one, (N,)
    seed_s: Array
    least_s: Array


class _Flows(NamedTuple):
    """Flows between antennas and a job: flow f takes pair[f] and the links links[start[f]:start[f + 1]] between satellites."""

    pair: Ints
    start: Ints
    links: Ints


class DataVolumes:
    """Volumes of all jobs of a run.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    scheduler : JobScheduler
        Its workloads; jobs that need data wait for them from now on.
    access : SiteAccess
        Links of the sites, which routing to the ground notes.
    network : Network or None
        Links between satellites, which are those of each step; None: without links data reach members in view alone.
    """

    def __init__(self, scenario: schema.Scenario, scheduler: JobScheduler, access: SiteAccess, network: Network | None) -> None:
        self.step_s, self.satellites, self.access, self.network = scenario.step, scheduler.satellites, access, network
        self.duration_s = scenario.steps * scenario.step
        self.jobs = _jobs(scenario, scheduler)
        self.full_up_s = self.full_down_s = 0.0  # time in which antennas limit all that flows
        self._loading = any(job.incoming is not None for job in self.jobs)
        self._keys: tuple[Ints, Ints, Ints, Ints] | None = None  # ends of links, their sorted keys, order
        self._ways: dict[int, _Ways] = {}  # of the step, by job
        self._pairs: Ints | None = None  # of sites and satellites that antennas form in the step
        self._carried_bit: Array | None = None  # upwards in the step, of each directed link; None: nothing
        for job in self.jobs:
            if job.incoming is not None and job.fleet is not None:
                for number in job.numbers:
                    job.fleet.lifecycle.await_data(number)

    def load(self, k: int) -> None:
        """Bring data up in a step, before jobs take it; jobs whose data are complete start within it.

        Parameters
        ----------
        k : int
            Number of the step.
        """
        self._ways, self._pairs, self._carried_bit = {}, None, None
        if not self._loading:
            return
        begin_s = k * self.step_s
        waiting = [(n, job, job.incoming) for n, job in enumerate(self.jobs) if job.incoming is not None and job.incoming.start_s is None]
        before = [volume.passed_bit for _, _, volume in waiting]
        self.full_up_s += self._pass(k, [(n, volume) for n, _, volume in waiting], up=True)
        for (_, job, volume), bit in zip(waiting, before, strict=True):
            flows, start_s = volume.passed_bit > bit, volume.start_s
            if job.fleet is None:
                assert isinstance(job.part, InferenceService)
                job.part.wait_for_weights(1.0 if start_s is None else (start_s - begin_s) / self.step_s, flows)
                continue
            assert isinstance(job.part, Training | PipelineService)
            job.part.data_flow[job.places] = flows
            for number in job.numbers if start_s is not None else ():
                assert start_s is not None
                job.fleet.lifecycle.take_data(number, start_s)
        for job in self.jobs:  # those that have started before
            if job.fleet is None and job.incoming is not None and job.incoming.start_s is not None and job.incoming.start_s <= begin_s:
                assert isinstance(job.part, InferenceService)
                job.part.wait_for_weights(0.0, True)
        self._loading = any(job.incoming is not None and (job.incoming.start_s is None or job.incoming.start_s > begin_s) for job in self.jobs)

    def unload(self, k: int) -> None:
        """Make what falls due in a step that jobs have taken, and send it down.

        Parameters
        ----------
        k : int
            Number of the step.
        """
        begin_s, end_s = k * self.step_s, (k + 1) * self.step_s
        some = [(n, job, job.outgoing) for n, job in enumerate(self.jobs) if job.outgoing is not None]
        for _, job, volume in some:
            if volume.interval_s is not None:
                for first_s, last_s in job.runs(begin_s, end_s):
                    volume.run(first_s, last_s)
            elif volume.made == 0 and job.is_complete():
                volume.make(end_s)
        self.full_down_s += self._pass(k, [(n, volume) for n, _, volume in some if volume.waits], up=False)

    def _pass(self, k: int, volumes: Sequence[tuple[int, Volume]], up: bool) -> float:
        """Pass volumes of jobs through a step; time in which antennas limit all that flows [s]."""
        if not volumes:
            return 0.0
        links = self.access.links[k]
        rate_bit_s = links.up_bit_s if up else links.down_bit_s
        if self._pairs is None:  # of both directions, since an antenna serves one satellite
            some = [n for n, job in enumerate(self.jobs) if job.outgoing is not None or (job.incoming is not None and job.incoming.start_s is None)]
            wanted = np.logical_or.reduce([self._way(n, links).reach for n in sorted({*some, *(n for n, _ in volumes)})])
            self._pairs = served(links, links.down_bit_s, self.access.antennas, wanted)
        pairs = self._pairs
        flows = {id(volume): self._flows(self._way(n, links), links.satellite[pairs], up) for n, volume in volumes}
        sharing = _Sharing(flows, rate_bit_s[pairs], self._free_bit_s(up))
        full_s = pass_data([volume for _, volume in volumes], k * self.step_s, (k + 1) * self.step_s, self.rates_of(sharing.rates), sharing.hold)
        if up:
            self._carried_bit = sharing.carried_bit
        return full_s

    def rates_of(self, rates: Rates) -> Rates:
        """Rates at which volumes pass, from those that antennas and links give: the same.

        Parameters
        ----------
        rates : callable
            Of volumes that wait, as `pass_data` takes it.

        Returns
        -------
        callable
            The same; a study may give others.
        """
        return rates

    def _free_bit_s(self, up: bool) -> Array:
        """Rate of each directed link, for data that go down without what others bring up in the step on average."""
        if self.network is None:
            return np.zeros(0)
        rate_bit_s = np.concatenate((self.network.rate_bit_s, self.network.rate_bit_s))
        if up or self._carried_bit is None:
            return rate_bit_s
        return np.maximum(0.0, rate_bit_s - self._carried_bit / self.step_s)

    def _way(self, n: int, links: SiteLinks) -> _Ways:
        """Routes to the nearest member of a job; searched for only where a site sees satellites that are none."""
        known = self._ways.get(n)
        if known is not None:
            return known
        members, network = self.jobs[n].members(self.satellites), self.network
        if network is not None:
            members &= network.healthy
        seed_s = least_s = np.where(members, 0.0, np.inf)
        if network is not None and members.any() and not members[links.satellite].all():
            least_s = network.graph(network.a, network.b).least_s(network.delay_s, seed_s)
        found = self._ways[n] = _Ways(np.isfinite(least_s), seed_s, least_s)
        return found

    def _flows(self, way: _Ways, satellites: Ints, up: bool) -> _Flows:
        """Flows between a job and antennas that serve these satellites."""
        pair = np.flatnonzero(way.reach[satellites])
        first = satellites[pair]
        if self.network is None or not (way.least_s[first] > 0.0).any():
            return _Flows(pair, np.zeros(pair.size + 1, dtype=np.int64), np.zeros(0, dtype=np.int64))
        network = self.network
        graph, moment = network.graph(network.a, network.b), np.zeros(pair.size, dtype=np.int64)
        column = np.newaxis
        routes = graph.trace_moments(network.delay_s[column], way.seed_s[:, column], way.least_s[:, column], moment, first)
        start = np.concatenate(([0], np.cumsum([len(route) - 1 for route in routes]))).astype(np.int64)
        here = np.array([s for route in routes for s in route[:-1]], dtype=np.int64)
        there = np.array([s for route in routes for s in route[1:]], dtype=np.int64)
        return _Flows(pair, start, self._directed(here, there) if up else self._directed(there, here))

    def _directed(self, here: Ints, there: Ints) -> Ints:
        """Numbers of the directed links between neighbours: l from a[l] to b[l], l + links back."""
        network = self.network
        assert network is not None
        if self._keys is None or self._keys[0] is not network.a or self._keys[1] is not network.b:
            key = network.a * network.count + network.b
            order = np.argsort(key)
            self._keys = network.a, network.b, key[order], order
        _, _, keys, order = self._keys
        link = order[np.searchsorted(keys, np.minimum(here, there) * network.count + np.maximum(here, there))]
        return np.asarray(np.where(here < there, link, link + network.a.size))

    def summary(self, workload: int) -> dict[str, Any]:
        """Volumes of a workload, in its entry of summary.json.

        Parameters
        ----------
        workload : int
            Its number in the scenario.

        Returns
        -------
        dict
            Fields `ingest` and `deliver`; None where it has no such volume.
        """
        mine = [job for job in self.jobs if job.workload == workload]
        up, down = [j.incoming for j in mine if j.incoming is not None], [j.outgoing for j in mine if j.outgoing is not None]
        return {"ingest": incoming_summary(up) if up else None, "deliver": outgoing_summary(down) if down else None}

    def saturation(self) -> dict[str, float]:
        """Shares of the run in which the antennas of the sites limit all data that flow.

        Returns
        -------
        dict of str to float
            Fields of section `ground` of summary.json.
        """
        return {
            "uplink_saturated_fraction": self.full_up_s / self.duration_s, "downlink_saturated_fraction": self.full_down_s / self.duration_s,
        }  # fmt: skip


class _Sharing:
    """Max-min fair rates of the flows of several volumes over antennas and links between satellites.

    Parameters
    ----------
    flows : dict of int to _Flows
        By identity of the volume.
    antenna_bit_s : ndarray, shape (pairs,)
        Rate of each antenna in use [bit/s].
    link_bit_s : ndarray, shape (2 L,)
        Rate of each directed link [bit/s].
    """

    def __init__(self, flows: dict[int, _Flows], antenna_bit_s: Array, link_bit_s: Array) -> None:
        self._flows, self._antenna_bit_s, self._link_bit_s = flows, antenna_bit_s, link_bit_s
        self.carried_bit = np.zeros(link_bit_s.size)
        self._last: tuple[Array, Ints, Ints] = np.zeros(0), np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64)

    def rates(self, waiting: Sequence[Volume]) -> tuple[Array, Flags]:
        """Rates of volumes that wait.

        Parameters
        ----------
        waiting : sequence of Volume
            Volumes.

        Returns
        -------
        rate_bit_s : ndarray, shape (volumes,)
            Rates [bit/s]; 0 without a route.
        saturated : ndarray of bool, shape (volumes,)
            Whether antennas alone limit the rate.
        """
        mine = [self._flows[id(volume)] for volume in waiting]
        of = np.repeat(np.arange(len(mine)), [flows.pair.size for flows in mine])
        hops = np.concatenate([np.diff(flows.start) for flows in mine])
        between = np.concatenate([flows.links for flows in mine])
        used, number = np.unique(between, return_inverse=True)
        start = np.concatenate(([0], np.cumsum(hops + 1))).astype(np.int64)
        links = np.empty(start[-1], dtype=np.int64)
        first = np.zeros(links.size, dtype=np.bool_)
        first[start[:-1]] = True
        antennas = self._antenna_bit_s.size
        links[first], links[~first] = np.concatenate([flows.pair for flows in mine]), antennas + number
        capacity_bit_s = np.concatenate((self._antenna_bit_s, self._link_bit_s[used]))
        rate_bit_s, bottleneck = max_min_rates(start, links, capacity_bit_s, np.full(of.size, np.inf))
        self._last = rate_bit_s, hops, between
        limited = np.bincount(of, bottleneck >= antennas, minlength=len(mine)) > 0.0
        total_bit_s = np.asarray(np.bincount(of, rate_bit_s, minlength=len(mine)), dtype=np.float64)
        return total_bit_s, (total_bit_s > 0.0) & ~limited

    def hold(self, seconds: float) -> None:
        """Note what links carry.

        Parameters
        ----------
        seconds : float
            Time for which the rates last found have held [s].
        """
        rate_bit_s, hops, between = self._last
        np.add.at(self.carried_bit, between, seconds * np.repeat(rate_bit_s, hops))


def _jobs(scenario: schema.Scenario, scheduler: JobScheduler) -> list[_Job]:
    """Jobs that have volumes, in the order of the workloads; islands and replicas of one are one."""
    found = []
    parts = iter(scheduler.parts)
    for n, work in enumerate(scenario.workloads):
        if isinstance(work, schema.Independent):
            continue
        own = next(parts)
        if not isinstance(work, schema.Training | schema.Inference) or (work.ingest is None and work.deliver is None):
            continue
        for part in own:
            assert isinstance(part, Training | InferenceService)
            fleet, groups = None, [[0]]
            if isinstance(part, Training | PipelineService):
                fleet = next(f for f in scheduler.fleets if any(each is part for each in f.trainings))
                whole = isinstance(part, PipelineService) or part.task.islands is not None
                groups = [list(range(part.jobs))] if whole else [[g] for g in range(part.jobs)]
            numbers = [] if fleet is None else list(fleet.jobs_of(part))  # type: ignore[arg-type]
            for places in groups:
                found.append(_Job(
                    n, part, fleet, places, [numbers[g] for g in places] if fleet is not None else [],
                    None if work.ingest is None else Incoming(work.ingest.size),
                    None if work.deliver is None else Outgoing(work.deliver.size, work.deliver.interval),
                ))  # fmt: skip
    return found
