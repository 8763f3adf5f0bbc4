"""All workloads of a fleet, step by step.

`begin_step` updates what does not depend on limits (members, spares, messages that pass), `set_rates` and `fill_inputs`
answer limits with rates, `record_losses` enters every loss under one cause. A job can only lower a satellite's rate, so limits stay
valid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.fleet.availability import SatelliteChange
from sim.spacecraft.loop import LIMIT_ALLOWED, LIMIT_RATE, LIMIT_ROWS
from sim.workload.job_communication import Transport
from sim.workload.jobs.checks import Checks
from sim.workload.jobs.inference_service import InferenceService
from sim.workload.jobs.ledger import JobInputs, Ledger
from sim.workload.jobs.pipeline_service import PipelineService
from sim.workload.jobs.sensing_job import Sensing, Sight
from sim.workload.jobs.training_fleet import TrainingFleet
from sim.workload.jobs.training_job import Training

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Streams(NamedTuple):
    """Satellites that work independently, where their silent errors are looked for."""

    who: Ints
    kernel_efficiency: float
    checks: Checks


class JobScheduler:
    """Scheduler of all workloads: training, inference, satellites in reserve, and idle ones.

    All other satellites serve independent streams. Works the same for satellites in orbit and for nodes on the ground.

    Parameters
    ----------
    satellites : int
        Number of satellites.
    steps : int
        Steps of the run.
    step_s : float
        Length of a step [s].
    fleets : sequence of TrainingFleet
        Training workloads, and services whose copies span satellites, with the satellites that they share.
    parts : sequence of sequence of Training, InferenceService or Sensing
        What each workload but independent ones consists of: one, or several where it runs in another way on each kind of satellites.
    reserve : ndarray of int64
        Satellites in reserve where no workload has members that they could replace.
    idle : ndarray of int64
        Satellites without a workload.
    share : ndarray, shape (satellites,), optional
        Rate of the pacing satellite of a satellite's job over its own, 0 to 1; by default 1.
    weight : ndarray, shape (satellites,), optional
        As in `Ledger`.
    streams : sequence of Streams, optional
        Independent work whose results are checked, by type of satellite; without it, silent errors there change nothing.
    switches : ndarray of int64, optional
        Satellites that pass messages on and do not compute: what they could compute is unplaced.
    excluded : ndarray of int64, optional
        Satellites that workloads want and that rules for data exclude: what they could compute is unplaced too.
    """

    def __init__(
        self,
        satellites: int,
        steps: int,
        step_s: float,
        fleets: Sequence[TrainingFleet],
        parts: Sequence[Sequence[Training | InferenceService | Sensing]],
        reserve: Ints,
        idle: Ints,
        share: Array | None = None,
        weight: Array | None = None,
        streams: Sequence[Streams] = (),
        switches: Ints | None = None,
        excluded: Ints | None = None,
    ) -> None:
        self.satellites, self.step_s = satellites, step_s
        self.streams, self.wrong = list(streams), np.zeros(satellites)  # share of the results that are wrong in the step
        self.share = np.ones(satellites) if share is None else share
        self._whole = np.ones(satellites)
        self.mixed = bool((self.share < 1.0).any())  # a job spans types: the slowest paces
        self.fleets, self.parts = list(fleets), [list(part) for part in parts]
        self.trainings = [part for each in parts for part in each if isinstance(part, Training)]
        self.services = [part for each in parts for part in each if isinstance(part, InferenceService)]
        self.pipelines = [service for service in self.services if isinstance(service, PipelineService)]
        self.independent_services = [service for service in self.services if not isinstance(service, PipelineService)]
        self.sensings = [part for each in parts for part in each if isinstance(part, Sensing)]
        self.reserve, self.idle = reserve, idle
        none = np.empty(0, dtype=np.int64)
        self.excluded = none if excluded is None else excluded
        self.unplaced = np.concatenate((none if switches is None else switches, self.excluded))
        self.without_work = np.concatenate((reserve, idle, self.unplaced))
        self.ledger = Ledger(satellites, steps, weight)
        self._alone = np.ones((len(JobInputs._fields), satellites))  # inputs where no satellite has a job
        alone = JobInputs(*self._alone)
        for row in (alone.job_rate, alone.running, alone.productive):
            row[self.without_work] = 0.0
        alone.requested[reserve] = 0.0
        self.inputs = self._inputs_without_jobs()

    @property
    def serves(self) -> Flags:
        """Satellites that users are routed to: those that services have now, or all that compute where there is no service."""
        if not self.services:
            computing = np.ones(self.satellites, dtype=np.bool_)
            computing[self.unplaced] = False
            return computing
        who = np.zeros(self.satellites, dtype=np.bool_)
        for service in self.independent_services:
            who[service.who] = True
        for pipeline in self.pipelines:
            who[np.concatenate(pipeline.members)] = True
        return who

    @property
    def servers_change(self) -> bool:
        """Whether other satellites may become members of services."""
        return any(
            isinstance(service, PipelineService) and fleet.all_satellites.size > service.who.size
            for fleet in self.fleets for service in fleet.trainings
        )  # fmt: skip

    @property
    def useful_share(self) -> Array:
        """Useful share of the last step of each satellite of a job or service (N,), before any rollback."""
        spanning: tuple[Training | PipelineService, ...] = (*self.trainings, *self.pipelines)
        shares = np.zeros(self.satellites)
        for work in spanning:
            shares += work.useful_share
        alone: tuple[InferenceService | Sensing, ...] = (*self.independent_services, *self.sensings)
        for each in alone:
            shares[each.who] = each.useful_share
        return shares * self.share if self.mixed else shares

    def begin_step(
        self,
        begin_s: float,
        end_s: float,
        up: Array,
        transport: Transport,
        reached: Flags,
        changes: Sequence[SatelliteChange] = (),
        users_bit_s: Array | None = None,
        maintained: Array | None = None,
        sight: Sight | None = None,
    ) -> None:
        """Update what does not depend on limits.

        Parameters
        ----------
        begin_s, end_s : float
            Beginning and end of the step [s].
        up : ndarray, shape (N,)
            Share of the step in which each satellite works, 0 to 1.
        transport : Transport
            Network of the jobs.
        reached : ndarray of bool, shape (N,)
            Satellites with a route to the ground.
        changes : sequence of SatelliteChange, optional
            Changes of satellites in the step, in order of time.
        users_bit_s : ndarray, shape (2 L,), optional
            What users of services ask of each directed link [bit/s].
        maintained : ndarray, shape (N,), optional
            Share of each satellite's step that maintenance takes of what failures leave; by default 0.
        sight : Sight, optional
            Positions, Sun and stations, which sensing workloads need.
        """
        self.up = up
        self.ledger.maintained = np.zeros(self.satellites) if maintained is None else maintained
        for fleet in self.fleets:
            fleet.begin_step(begin_s, end_s, up, transport, changes, users_bit_s)
        for service in self.services:
            service.take_errors(changes, begin_s, end_s)
            service.begin_step(reached, up, round(begin_s / self.step_s))
        for sensing in self.sensings:
            assert sight is not None
            sensing.begin_step(round(begin_s / self.step_s), up, sight)
        self.inputs = self._inputs_without_jobs()
        for streams in self.streams:
            self._take_errors(streams, changes, begin_s, end_s)

    def link_demand_bit_s(self, links: int) -> Array:
        """Mean rate that jobs, and services over several satellites, ask of each directed link at full clock rate.

        Parameters
        ----------
        links : int
            Number of directed links.

        Returns
        -------
        ndarray, shape (links,)
            Rates [bit/s], with the messages last timed; users of services are left out.
        """
        asked = np.zeros(links)
        for fleet in self.fleets:
            asked += fleet.link_demand_bit_s(links)
        return asked

    def _take_errors(self, streams: Streams, changes: Sequence[SatelliteChange], begin_s: float, end_s: float) -> None:
        """Silent errors of independent work: what it computes is not useful until the next check of the accelerator."""
        mine = [c for c in changes if c.silent is not None and c.silent.fate < streams.checks.harmful]
        who = set(streams.who.tolist()) if mine else set()
        found = [(c.time_s, c.satellite, c.silent.accelerator) for c in mine if c.silent is not None and c.satellite in who]
        self.wrong[streams.who] = 0.0
        for satellite, share in streams.checks.wrong(found, begin_s, end_s).items():
            self.wrong[satellite] = share
        self.inputs.productive[streams.who] = 1.0 - self.wrong[streams.who]

    def _inputs_without_jobs(self) -> JobInputs:
        return JobInputs(*self._alone.copy())

    def typical_inputs(self, transport: Transport) -> JobInputs:
        """Step inputs of a fleet without failures that runs at full clock rate, between checkpoints.

        Jobs compute and exchange messages with their members of the epoch; services work as if all their satellites
        had a route to the ground. `begin_step` replaces what is set here.

        Parameters
        ----------
        transport : Transport
            Network of the jobs.

        Returns
        -------
        JobInputs
            Inputs of all satellites.
        """
        inputs = self._inputs_without_jobs()
        full, everyone = np.ones((LIMIT_ROWS, self.satellites)), np.ones(self.satellites, dtype=np.bool_)
        for fleet in self.fleets:
            fleet.fill_typical(transport, inputs)
        for service in self.independent_services:
            service.begin_step(everyone, np.ones(self.satellites))
            service.set_rates(full, inputs.duty)
            service.fill_inputs(inputs)
        for sensing in self.sensings:
            sensing.fill_typical(inputs)
        return inputs._replace(job_rate=inputs.job_rate * self.share)

    def set_rates(self, limits: Array) -> Array:
        """Rates of all jobs under given limits.

        The limits depend on the duty of the jobs: the caller repeats the call with the limits that follow from the
        answer, and then asks for `fill_inputs`.

        Parameters
        ----------
        limits : ndarray, shape (LIMIT_ROWS, N)
            Limits of the step.

        Returns
        -------
        ndarray, shape (N,)
            Duty of each satellite; the array is used again.
        """
        limits, duty = self._in_job_units(limits), self.inputs.duty
        for fleet in self.fleets:
            fleet.set_rates(limits, duty)
        for service in self.independent_services:
            service.set_rates(limits, duty)
        for sensing in self.sensings:
            sensing.set_rates(limits)
        return duty

    def fill_inputs(self) -> JobInputs:
        """Step inputs of all satellites at the rates last set.

        Returns
        -------
        JobInputs
            Inputs of all satellites.
        """
        for fleet in self.fleets:
            fleet.fill_inputs(self.inputs)
        for service in self.independent_services:
            service.fill_inputs(self.inputs)
        for sensing in self.sensings:
            sensing.fill_inputs(self.inputs)
        return self.inputs._replace(job_rate=self.inputs.job_rate * self.share) if self.mixed else self.inputs

    def _in_job_units(self, limits: Array) -> Array:
        """Limits as rates of the pacing satellite: a faster one can do no more than that satellite at full clock."""
        return np.minimum(limits / self.share, 1.0) if self.mixed else limits

    def record_losses(self, k: int, limits: Array) -> None:
        """Enter the losses of a step.

        Parameters
        ----------
        k : int
            Number of the step.
        limits : ndarray, shape (LIMIT_ROWS, N)
            Limits that held in the step.
        """
        own = self._in_job_units(limits)
        self.ledger.share = self.share
        for fleet in self.fleets:
            fleet.record_losses(k, own, self.ledger)
        for service in self.independent_services:
            service.record_losses(k, own, self.ledger, self.step_s)
        for sensing in self.sensings:
            sensing.record_losses(k, own, self.ledger, self.step_s)
        self.ledger.share = self._whole
        if self.mixed:
            self._record_surplus(k, np.maximum(0.0, limits - self.share * own))
        for streams in self.streams:
            wrong_s = self.step_s * self.up[streams.who] * limits[LIMIT_RATE, streams.who] * self.wrong[streams.who]
            if wrong_s.any():
                self.ledger.own("kernel", k, streams.who, wrong_s * (1.0 - streams.kernel_efficiency))
                self.ledger.own("corruption", k, streams.who, wrong_s * streams.kernel_efficiency)
        for cause, who, limit in (
            ("spare", self.reserve, LIMIT_ALLOWED), ("demand", self.idle, LIMIT_RATE), ("unplaced", self.unplaced, LIMIT_RATE)
        ):  # fmt: skip
            if who.size:
                self.ledger.own(cause, k, who, self.step_s * self.up[who] * limits[limit, who])

    def _record_surplus(self, k: int, surplus: Array) -> None:
        """What satellites could do beyond the job's pacing satellite at full clock is in no mesh of the job."""
        for fleet in self.fleets:
            fleet.record_surplus(k, surplus, self.ledger)
        alone: tuple[InferenceService | Sensing, ...] = (*self.independent_services, *self.sensings)
        for each in alone:
            self.ledger.own("unplaced", k, each.who, self.step_s * self.up[each.who] * surplus[LIMIT_RATE, each.who])

    def end(self) -> None:
        """Enter what the end of the run decides."""
        self.ledger.share = self.share
        for fleet in self.fleets:
            fleet.end(self.ledger)
