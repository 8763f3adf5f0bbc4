"""All workloads of a fleet, step by step.

`begin_step` updates what does not depend on limits (members, spares, messages that pass), `set_rates` and `fill_inputs`
answer limits with rates, `record_losses` enters every loss under one cause. A job can only lower a satellite's rate, so limits stay
valid.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.fleet.availability import SatelliteChange
from sim.spacecraft.loop import LIMIT_ALLOWED, LIMIT_RATE, LIMIT_ROWS
from sim.workload.job_communication import Transport
from sim.workload.jobs.inference_service import InferenceService
from sim.workload.jobs.ledger import JobInputs, Ledger
from sim.workload.jobs.training_job import Training

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


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
    trainings : list of Training
        Training workloads.
    services : list of InferenceService
        Inference services.
    reserve : ndarray of int64
        Satellites in reserve where there is no training workload.
    idle : ndarray of int64
        Satellites without a workload.
    share : ndarray, shape (satellites,), optional
        Rate of the pacing satellite of a satellite's job over its own, 0 to 1; by default 1.
    weight : ndarray, shape (satellites,), optional
        As in `Ledger`.
    parts : sequence of int, optional
        Number of trainings or services that each workload but independent ones consists of; by default 1.
    """

    def __init__(
        self,
        satellites: int,
        steps: int,
        step_s: float,
        trainings: list[Training],
        services: list[InferenceService],
        reserve: Ints,
        idle: Ints,
        share: Array | None = None,
        weight: Array | None = None,
        parts: Sequence[int] = (),
    ) -> None:
        self.parts = list(parts) or [1] * (len(trainings) + len(services))
        self.satellites, self.step_s = satellites, step_s
        self.share = np.ones(satellites) if share is None else share
        self.mixed = bool((self.share < 1.0).any())  # a job spans types: the slowest paces
        self.trainings, self.services = trainings, services
        self.reserve, self.idle = reserve, idle
        self.without_work = np.concatenate((reserve, idle))
        self.ledger = Ledger(satellites, steps, weight)
        self.inputs = JobInputs(*(np.ones(satellites) for _ in JobInputs._fields))

    @property
    def serves(self) -> Flags:
        """Satellites that users are routed to: those of services, or all where there is none."""
        if not self.services:
            return np.ones(self.satellites, dtype=np.bool_)
        who = np.zeros(self.satellites, dtype=np.bool_)
        for service in self.services:
            who[service.who] = True
        return who

    @property
    def useful_share(self) -> Array:
        """Useful share of the last step of each member of a job (N,), before any rollback."""
        shares = [np.zeros(self.satellites), *(training.useful_share for training in self.trainings)]
        return np.asarray(np.sum(shares, axis=0) * self.share)

    def begin_step(
        self,
        begin_s: float,
        end_s: float,
        up: Array,
        transport: Transport,
        reached: Flags,
        changes: Sequence[SatelliteChange] = (),
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
        """
        self.up = up
        for training in self.trainings:
            training.begin_step(begin_s, end_s, up, transport, changes)
        for service in self.services:
            service.begin_step(reached, up)
        self.inputs = self._inputs_without_jobs()

    def _inputs_without_jobs(self) -> JobInputs:
        inputs = JobInputs(*(np.ones(self.satellites) for _ in JobInputs._fields))
        for row in (inputs.job_rate, inputs.running, inputs.productive):
            row[self.without_work] = 0.0
        inputs.requested[self.reserve] = 0.0
        return inputs

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
        for training in self.trainings:
            training.fill_typical(transport, inputs)
        for service in self.services:
            service.begin_step(everyone, np.ones(self.satellites))
            service.set_rates(full, inputs.duty)
            service.fill_inputs(inputs)
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
        for training in self.trainings:
            training.set_rates(limits, duty)
        for service in self.services:
            service.set_rates(limits, duty)
        return duty

    def fill_inputs(self) -> JobInputs:
        """Step inputs of all satellites at the rates last set.

        Returns
        -------
        JobInputs
            Inputs of all satellites.
        """
        for training in self.trainings:
            training.fill_inputs(self.inputs)
        for service in self.services:
            service.fill_inputs(self.inputs)
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
        for training in self.trainings:
            training.record_losses(k, own, self.ledger)
        for service in self.services:
            service.record_losses(k, own, self.ledger, self.step_s)
        self.ledger.share = np.ones(self.satellites)
        if self.mixed:
            self._record_surplus(k, np.maximum(0.0, limits - self.share * own))
        for cause, who, limit in (("spare", self.reserve, LIMIT_ALLOWED), ("demand", self.idle, LIMIT_RATE)):
            if who.size:
                self.ledger.own(cause, k, who, self.step_s * self.up[who] * limits[limit, who])

    def _record_surplus(self, k: int, surplus: Array) -> None:
        """What satellites could do beyond the job's pacing satellite at full clock is in no mesh of the job."""
        for training in self.trainings:
            who = training.all_satellites
            spare = np.where(training.unallocated[who], 0.0, training.spare_share[who])
            rate = spare * surplus[LIMIT_ALLOWED, who] + np.maximum(0.0, self.up[who] - spare) * surplus[LIMIT_RATE, who]
            self.ledger.own("unplaced", k, who, self.step_s * rate)
        for service in self.services:
            self.ledger.own("unplaced", k, service.who, self.step_s * self.up[service.who] * surplus[LIMIT_RATE, service.who])

    def end(self) -> None:
        """Enter what the end of the run decides."""
        self.ledger.share = self.share
        for training in self.trainings:
            training.end(self.ledger)
