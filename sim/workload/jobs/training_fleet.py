"""Satellites of all workloads with members: members, spares and unallocated ones, and what workloads ask of links that they share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.fleet.availability import SatelliteChange
from sim.fleet.job_phases import Policy, Segment
from sim.spacecraft.accounting import ROUNDING
from sim.spacecraft.loop import LIMIT_ALLOWED, LIMIT_RATE
from sim.workload.execution_plan import ExecutionPlan
from sim.workload.job_communication import CONTENTION_ROUNDS, Transport
from sim.workload.jobs.ledger import JobInputs, Ledger
from sim.workload.jobs.pipeline_service import PipelineService
from sim.workload.jobs.training_job import Training

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Lifecycle(Protocol):
    """Passes through the phases of jobs and fills their ranks: `sim.fleet.job_lifecycle.JobLifecycle`, or a variant of it."""

    def ranks(self) -> list[Ints]:
        """Satellites of each job in rank order.

        Returns
        -------
        list of ndarray of int64
            One array for each job.
        """
        ...

    @property
    def running(self) -> Flags:
        """Jobs that exchange messages now, (jobs,)."""
        ...

    @property
    def able(self) -> Flags:
        """Jobs that could train if messages reached them, (jobs,)."""
        ...

    @property
    def wrong(self) -> Flags:
        """Jobs whose work a silent error has spoiled that no validation has found yet, (jobs,)."""
        ...

    @property
    def unreachable(self) -> Ints:
        """Healthy satellites whose rank was given to a spare because no message reached them."""
        ...

    @property
    def version(self) -> int:
        """Grows when members, their health, or spares may have changed."""
        ...

    @property
    def ready(self) -> list[int]:
        """Healthy satellites without a rank, in order of number."""
        ...

    def await_data(self, job: int) -> None:
        """Let a job wait for data before any work; called before the first window.

        Parameters
        ----------
        job : int
            Number of the job.
        """
        ...

    def take_data(self, job: int, time_s: float) -> None:
        """All data of a job are aboard.

        Parameters
        ----------
        job : int
            Number of the job.
        time_s : float
            Time within the next window [s].
        """
        ...

    def missing(self, job: int) -> list[int]:
        """Members of a job that are down and not replaced.

        Parameters
        ----------
        job : int
            Number of the job.

        Returns
        -------
        list of int
            Satellites.
        """
        ...

    def replace_members(self, job: int, members: Ints, policy: Policy, time_s: float, duration_s: float, component: Ints) -> None:
        """Give a job other members.

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
        ...

    def exchange(self, time_s: float, jobs_disconnected: Flags, component: Ints) -> bool:
        """Replace members that have been disconnected for as long as detection takes.

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
        ...

    def advance(
        self, begin_s: float, end_s: float, jobs_disconnected: Flags, changes: Sequence[SatelliteChange] = ()
    ) -> tuple[list[list[Segment]], Array]:
        """Advance through a window that follows on the last one.

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
            Segments of each job that tile the window.
        spare_s : ndarray, shape (satellites,)
            Time that each satellite was a healthy spare [s].
        """
        ...


class Replanning(Protocol):
    """Plans jobs again where their satellites or links have changed: `sim.engine.replanning.Replanner`."""

    def consider(self, fleet: TrainingFleet, begin_s: float, transport: Transport) -> None:
        """Change the plans of jobs that gain by it; called at the beginning of every step.

        Parameters
        ----------
        fleet : TrainingFleet
            The jobs.
        begin_s : float
            Beginning of the step [s].
        transport : Transport
            Network of the jobs.
        """
        ...


class TrainingFleet:
    """Training workloads, and services whose copies span satellites, with the satellites that they share.

    Parameters
    ----------
    trainings : list of Training or PipelineService
        The workloads.
    lifecycle : Lifecycle
        Lifecycle of the jobs of all workloads, in their order.
    spares : ndarray of int64
        Satellites in reserve.
    satellites : int
        Number of satellites of the fleet.
    step_s : float
        Length of a step [s].
    replanning : Replanning, optional
        Plans jobs again; by default their plans stay.
    """

    def __init__(
        self, trainings: list[Training | PipelineService], lifecycle: Lifecycle, spares: Ints, satellites: int, step_s: float,
        replanning: Replanning | None = None,
    ) -> None:  # fmt: skip
        self.replanning = replanning
        self.trainings, self.lifecycle, self.satellites, self.step_s = trainings, lifecycle, satellites, step_s
        leftover = [t.leftover for t in trainings]
        self.all_satellites = np.unique(np.concatenate([*lifecycle.ranks(), spares, *leftover]).astype(np.int64))
        # satellites in reserve that are not spares: leftover ones, and without spares those whose rank was filled
        self.unallocated = np.zeros(satellites, dtype=np.bool_)
        self.unallocated[np.concatenate(leftover) if spares.size else self.all_satellites] = True
        self.unreachable = lifecycle.unreachable  # healthy, but without messages: others have their ranks
        self._first = np.cumsum([0, *(t.jobs for t in trainings)]).tolist()

    def jobs_of(self, workload: Training | PipelineService) -> range:
        """Numbers of the jobs of a workload among those of all.

        Parameters
        ----------
        workload : Training or PipelineService
            One of `trainings`.

        Returns
        -------
        range
            Numbers that the lifecycle knows them by.
        """
        n = next(n for n, each in enumerate(self.trainings) if each is workload)
        return range(self._first[n], self._first[n + 1])

    def _of_workload(self, n: int) -> slice:
        """Jobs of a workload among those of all."""
        return slice(self._first[n], self._first[n + 1])

    def begin_step(
        self, begin_s: float, end_s: float, up: Array, transport: Transport, changes: Sequence[SatelliteChange] = (),
        users_bit_s: Array | None = None,
    ) -> None:  # fmt: skip
        """Advance all jobs through a step.

        Parameters
        ----------
        begin_s, end_s : float
            Beginning and end of the step [s].
        up : ndarray, shape (N,)
            Share of the step in which each satellite works, 0 to 1.
        transport : Transport
            Network of the jobs.
        changes : sequence of SatelliteChange, optional
            Changes of satellites in the step, in order of time.
        users_bit_s : ndarray, shape (2 L,), optional
            What users of services ask of each directed link [bit/s].
        """
        if self.replanning is not None:
            self.replanning.consider(self, begin_s, transport)
        disconnected = self._communicate(self.lifecycle.ranks(), transport, self.lifecycle.running, self.lifecycle.able, users_bit_s)
        exchanges = bool(disconnected.any() or self.unreachable.size)
        if exchanges and self.lifecycle.exchange(begin_s, disconnected, transport.components()):
            disconnected = self._communicate(self.lifecycle.ranks(), transport, self.lifecycle.running, self.lifecycle.able, users_bit_s)
        self.unreachable = self.lifecycle.unreachable
        segments, spare_s = self.lifecycle.advance(begin_s, end_s, disconnected, changes)
        self.up = up
        self.spare_share = np.zeros(self.satellites)
        self.spare_share[: spare_s.size] = spare_s / self.step_s
        self._standby = np.flatnonzero(self.spare_share > 0.0)
        for n, training in enumerate(self.trainings):
            training.take_step(segments[self._of_workload(n)])

    def change_plan(
        self, n: int, plan: ExecutionPlan, members: Ints, policy: Policy, time_s: float, duration_s: float, component: Ints
    ) -> None:
        """Give the one job of a workload another plan and other members.

        Parameters
        ----------
        n : int
            Number of the workload.
        plan : ExecutionPlan
            The new plan.
        members : ndarray of int64
            Its satellites by rank: healthy members, and satellites without a rank.
        policy : Policy
            How the job saves and recovers from now on.
        time_s, duration_s : float
            Beginning of the step, and how long the change takes [s].
        component : ndarray of int64, shape (satellites,)
            Connected component of each satellite.
        """
        g = self._first[n]
        before = self.lifecycle.ranks()[g]
        self.lifecycle.replace_members(g, members, policy, time_s, duration_s, component)
        held = np.concatenate(self.lifecycle.ranks())  # other jobs may have taken members of this one
        self.unallocated[before[~np.isin(before, held)]] = True  # healthy or not: no mesh uses them
        training = self.trainings[n]
        assert isinstance(training, Training), "services keep their plans"
        training.change_plan(plan, time_s, members.size)

    def _communicate(self, ranks: list[Ints], transport: Transport, running: Flags, able: Flags, users_bit_s: Array | None) -> Flags:
        """Time the messages of all workloads; jobs with messages that have no route.

        A workload that shares links gets what the max-min fair rates of the others leave. What these ask for follows from their own
        times, in turn.
        """
        for n, training in enumerate(self.trainings):
            training.communicate(ranks[self._of_workload(n)], transport, users_bit_s, able[self._of_workload(n)])
        if len(self.trainings) == 1:
            return np.asarray(self.trainings[0].costs.jobs_disconnected)
        links = transport.directed_delay_s.size
        for _ in range(CONTENTION_ROUNDS if links else 0):
            asked = [t.link_demand_bit_s(running[self._of_workload(n)], links) for n, t in enumerate(self.trainings)]
            for n, training in enumerate(self.trainings):
                others = sum(asked[:n] + asked[n + 1 :], np.zeros(links) if users_bit_s is None else users_bit_s)
                training.communicate(ranks[self._of_workload(n)], transport, others, able[self._of_workload(n)])
        return np.concatenate([t.costs.jobs_disconnected for t in self.trainings])

    def link_demand_bit_s(self, links: int) -> Array:
        """Mean rate that running jobs at full clock rate ask of each directed link.

        Parameters
        ----------
        links : int
            Number of directed links.

        Returns
        -------
        ndarray, shape (links,)
            Rates [bit/s], with the messages last timed.
        """
        running, asked = self.lifecycle.running, np.zeros(links)
        for n, training in enumerate(self.trainings):
            asked += training.link_demand_bit_s(running[self._of_workload(n)], links)
        return asked

    def fill_typical(self, transport: Transport, inputs: JobInputs) -> None:
        """Fill the step inputs of jobs that run at full clock rate with their members of the epoch.

        Parameters
        ----------
        transport : Transport
            Network of the jobs.
        inputs : JobInputs
            Inputs of all satellites, changed in place.
        """
        ranks = [r for t in self.trainings for r in t.initial_ranks]
        everyone = np.ones(len(ranks), dtype=np.bool_)
        self._communicate(ranks, transport, everyone, everyone, None)
        standby = np.setdiff1d(self.all_satellites, np.concatenate([np.zeros(0, dtype=np.int64), *ranks]))
        self._stop(inputs)
        for training in self.trainings:
            training.fill_typical(inputs)
        inputs.requested[standby[~self.unallocated[standby]]] = 0.0

    def _stop(self, inputs: JobInputs) -> None:
        for row in (inputs.job_rate, inputs.running, inputs.productive):
            row[self.all_satellites] = 0.0

    def set_rates(self, limits: Array, duty: Array) -> None:
        """Set the rate of each job.

        Parameters
        ----------
        limits : ndarray, shape (LIMIT_ROWS, N)
            Limits of the step.
        duty : ndarray, shape (N,)
            Duty of all satellites, changed in place.
        """
        for training in self.trainings:
            training.set_rates(limits, duty)

    def fill_inputs(self, inputs: JobInputs) -> None:
        """Fill the step inputs of members and spares.

        Parameters
        ----------
        inputs : JobInputs
            Inputs of all satellites, changed in place.
        """
        self._stop(inputs)
        for training in self.trainings:
            training.fill_inputs(inputs, self.up)
        standby = self._standby[~self.unallocated[self._standby]]
        inputs.requested[standby] = np.maximum(0.0, 1.0 - self.spare_share[standby] / np.maximum(self.up[standby], ROUNDING))

    def record_losses(self, k: int, limits: Array, ledger: Ledger) -> None:
        """Enter the losses of members and spares beyond those of power and heat.

        Parameters
        ----------
        k : int
            Number of the step.
        limits : ndarray, shape (LIMIT_ROWS, N)
            Limits of the step.
        ledger : Ledger
            The ledger.
        """
        rate = limits[LIMIT_RATE]
        unallocated = self.unallocated[self._standby]
        for cause, mine, left in (("spare", ~unallocated, limits[LIMIT_ALLOWED]), ("unplaced", unallocated, rate)):
            standby = self._standby[mine]
            if standby.size:
                ledger.own(cause, k, standby, self.step_s * self.spare_share[standby] * left[standby])
        if self.unreachable.size:
            held = self.spare_share.copy()  # one that fails and returns within the step may be a spare, or a member, again
            for interval in (i for workload in self.trainings for i in workload.segments):
                held[interval.present] += interval.share
            missed = np.maximum(0.0, self.up[self.unreachable] - held[self.unreachable])
            ledger.own("outage", k, self.unreachable, self.step_s * missed * rate[self.unreachable])
        for training in self.trainings:
            training.record_losses(k, limits, ledger)

    def end(self, ledger: Ledger) -> None:
        """Enter what the end of the run decides: work since the last validations.

        Parameters
        ----------
        ledger : Ledger
            The ledger.
        """
        wrong = self.lifecycle.wrong
        for n, training in enumerate(self.trainings):
            if isinstance(training, Training):
                training.end(ledger, wrong[self._of_workload(n)])

    def record_surplus(self, k: int, surplus: Array, ledger: Ledger) -> None:
        """What satellites could do beyond the job's pacing satellite at full clock is in no mesh of the job.

        Parameters
        ----------
        k : int
            Number of the step.
        surplus : ndarray, shape (LIMIT_ROWS, N)
            Limits beyond those of the pacing satellite.
        ledger : Ledger
            The ledger.
        """
        who = self.all_satellites
        spare = np.where(self.unallocated[who], 0.0, self.spare_share[who])
        rate = spare * surplus[LIMIT_ALLOWED, who] + np.maximum(0.0, self.up[who] - spare) * surplus[LIMIT_RATE, who]
        ledger.own("unplaced", k, who, self.step_s * rate)
