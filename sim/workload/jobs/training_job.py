"""Training jobs in the run: members wait for the slowest, save checkpoints, roll back and go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.fleet import job_lifecycle, job_phases
from sim.fleet.job_phases import Segment
from sim.spacecraft.accounting import ROUNDING
from sim.spacecraft.loop import LIMIT_RATE
from sim.workload import step_times, step_traffic, training_step
from sim.workload.execution_plan import ExecutionPlan
from sim.workload.job_communication import Costs, JobCommunication, Transport
from sim.workload.jobs.ledger import ROW, JobInputs, Ledger, binding, mean, missing
from sim.workload.jobs.provisional_work import NOTHING, Done, Happened, ProvisionalWork
from sim.workload.jobs.run_losses import (
    Interval,
    JobSteps,
    OwnTimes,
    RunningMembers,
    Spent,
    record_intervals,
    slowest_members,
)
from sim.workload.training_step import StepTime

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

NO_SATELLITES: Ints = np.zeros(0, dtype=np.int64)
MODES = ("running", "checkpoint", "recovery", "waiting", "outage", "ingest")  # by the numbers of sim.fleet.job_phases


@dataclass
class _Interval:
    """A segment of one job within a step: its share of the step, and the members that were up."""

    job: int
    mode: int
    share: float
    present: Ints
    lost: Ints
    happened: Happened
    peer: bool


class PlanChange(NamedTuple):
    """A job that goes on with another plan."""

    time_s: float
    members: int  # satellites of the new mesh
    share: float  # of the satellites of the first mesh


class Training:
    """Equal jobs of one workload, or islands or replicas of one; `sim.workload.jobs.training_fleet` gives them their members.

    Parameters
    ----------
    plan : ExecutionPlan
        Mesh and all-reduce of each job.
    ranks : list of ndarray of int64
        Satellites of each job in rank order at the epoch.
    leftover : ndarray of int64
        Satellites of the workload that fill no job.
    satellites : int
        Number of satellites of the fleet.
    steps : int
        Steps of the run.
    step_s : float
        Length of a step [s].
    total_tokens : float
        Tokens that one job trains on.
    hbm_power_share : float
        Share of the accelerators' power that memory draws, 0 to 1.
    copies : int
        Times that all arithmetic is done.
    """

    def __init__(
        self,
        plan: ExecutionPlan,
        ranks: list[Ints],
        leftover: Ints,
        satellites: int,
        steps: int,
        step_s: float,
        total_tokens: float,
        hbm_power_share: float = 0.0,
        copies: int = 1,
    ) -> None:
        self.hbm_power_share, self.copies = hbm_power_share, copies
        self.plan, self.task = plan, plan.task
        self.first_plan = plan  # of the epoch
        self.plan_changes: list[PlanChange] = []
        self.members = int(ranks[0].size)
        self._earlier_route_changes = 0  # with earlier plans
        self._take_constants()
        self._peak_flops = self._fabric_s = 0.0  # of the accelerators of the mesh while it runs; of all steps
        self.together = plan.task.islands is not None and plan.task.islands.together  # replicas that keep step
        self.cut_off = False  # whether messages between replicas had no route when they were last timed
        self.initial_ranks, self.leftover = ranks, leftover
        self.jobs = len(ranks)
        self.data_flow = np.zeros(self.jobs, dtype=np.bool_)  # of jobs that wait for data: whether any arrive in the step
        self.satellites, self.steps, self.step_s, self.total_tokens = satellites, steps, step_s, total_tokens
        self.communication = JobCommunication(plan.task, plan.collective, satellites)
        self.first_links: step_traffic.Links | None = None  # of the epoch
        self.work = ProvisionalWork(self.jobs, steps, copies)
        self.useful_share = np.zeros(satellites)  # of the step, before any rollback
        self.running = RunningMembers(satellites)
        # over time, for the report: share of the step in each mode, rate, duration of a training step, exposed share
        self.mode_share = np.zeros((self.jobs, len(MODES), steps))
        self.rates = np.zeros((self.jobs, steps))
        self.step_time_s = np.full((self.jobs, steps), np.nan)
        self.exposed = np.full((self.jobs, steps), np.nan)
        self.running_s = np.zeros(self.jobs)
        self.trained_steps = np.zeros(self.jobs)

    def change_plan(self, plan: ExecutionPlan, time_s: float, members: int) -> None:
        """Go on with another plan.

        Parameters
        ----------
        plan : ExecutionPlan
            The plan, for the same model and batch.
        time_s : float
            Time of the change [s].
        members : int
            Satellites of the new mesh.
        """
        self._earlier_route_changes += self.communication.route_changes
        self.plan, self.task, self.members = plan, plan.task, members
        self._take_constants()
        self.communication = type(self.communication)(plan.task, plan.collective, self.satellites)
        self.plan_changes.append(PlanChange(time_s, members, members / self.initial_ranks[0].size))

    def _take_constants(self) -> None:
        """What follows from the task, looked up once: its digest covers all tables of measured kernels."""
        self.constants = training_step.step_constants(self.task)
        self._mesh_flops = training_step.task_peak_flops(self.task)  # peak of the mesh [FLOP/s]

    # --- a step

    def communicate(
        self, ranks: list[Ints], transport: Transport, background_bit_s: Array | None = None, able: Flags | None = None
    ) -> Costs:
        """Time the messages of all jobs with their present members and links.

        Parameters
        ----------
        ranks : list of ndarray of int64
            Satellites of each job in rank order.
        transport : Transport
            Network of the jobs.
        background_bit_s : ndarray, shape (2 L,), optional
            What others ask for on each directed link [bit/s].
        able : ndarray of bool, shape (jobs,), optional
            Jobs that could train: islands and replicas that exchange with each other; by default all.

        Returns
        -------
        Costs
            Times of messages [s]; they hold until the next call.
        """
        able = np.ones(self.jobs, dtype=np.bool_) if able is None else able
        if self.together:
            self.costs: Costs = self._replica_costs(ranks, transport, background_bit_s, able)
        else:
            self.costs = self.communication.costs(ranks, transport, background_bit_s, able)
        if self.first_links is None:
            self.first_links = step_traffic.links_of(transport)
            self.pacing = int(np.argmax(self._times(np.ones(self.jobs), self.costs).total_s))
        return self.costs

    def _replica_costs(self, ranks: list[Ints], transport: Transport, background_bit_s: Array | None, able: Flags) -> Costs:
        """Costs of replicas that keep step: those of the slowest hold for all. Replicas outside the largest part of the network are cut off."""
        costs = None if self.cut_off else self.communication.costs(ranks, transport, background_bit_s, able)
        if costs is None or (able & costs.jobs_disconnected).any():
            reached = self._reached(ranks, able, transport.components())
            lost = able & ~np.array([bool(reached[members].all()) for members in ranks])
            costs = self.communication.costs(ranks, transport, background_bit_s, able & ~lost)
            outside = costs.satellites_disconnected.copy()
            for g in np.flatnonzero(lost):
                outside[ranks[g]] = ~reached[ranks[g]]
            costs = costs._replace(jobs_disconnected=costs.jobs_disconnected | lost, satellites_disconnected=outside)
            self.cut_off = bool(lost.any())
        train = able & ~costs.jobs_disconnected
        if not train.any():
            return costs
        times = ("stage_delay_s", "stage_drain_s", "gradients_s")
        return costs._replace(**{name: np.full(self.jobs, getattr(costs, name)[train].max()) for name in times})

    def _reached(self, ranks: list[Ints], able: Flags, component: Ints) -> Flags:
        """Members in the part of the network that most members of replicas that could train are in, (N,)."""
        members = np.concatenate([ranks[g] for g in np.flatnonzero(able)] or [np.zeros(0, dtype=np.int64)])
        reached = np.zeros(self.satellites, dtype=np.bool_)
        reached[members[~job_lifecycle.disconnected(members, component)]] = True
        return reached

    def link_demand_bit_s(self, running: Flags, links: int) -> Array:
        """Mean rate that jobs at full clock rate ask of each directed link, with the messages last timed.

        Parameters
        ----------
        running : ndarray of bool, shape (jobs,)
            Jobs that exchange messages.
        links : int
            Number of directed links.

        Returns
        -------
        ndarray, shape (links,)
            Rates [bit/s].
        """
        step_s = self._times(np.ones(self.jobs), self.costs).total_s
        steps_per_s = np.where(running & np.isfinite(step_s), 1.0 / step_s, 0.0)
        often = step_traffic.operations(self.task)
        return self.communication.link_demand_bit_s([count * steps_per_s for count in often], links)

    def take_step(self, segments: list[list[Segment]]) -> None:
        """Take over the segments of a step; the messages last timed are those of the step.

        Parameters
        ----------
        segments : list of list of Segment
            Segments of each job that tile the step.
        """
        self.segments = [self._interval(g, s) for g, of_job in enumerate(segments) for s in of_job]
        self.useful_share = np.zeros(self.satellites)
        self.run_share = self.running.take([(i.job, i.share, i.present) for i in self.segments if i.mode == job_phases.RUN])

    def modes_of(self, job: int) -> list[tuple[int, float]]:
        """What a job does in the step.

        Parameters
        ----------
        job : int
            Number of the job.

        Returns
        -------
        list of (int, float)
            Modes in order of time, as numbers of `sim.fleet.job_phases`, and the share of the step that each takes.
        """
        return [(interval.mode, interval.share) for interval in self.segments if interval.job == job]

    def _interval(self, job: int, s: Segment) -> _Interval:
        present = s.members if s.lost.size == 0 else np.setdiff1d(s.members, s.lost)
        share = (s.end_s - s.begin_s) / self.step_s
        calm = not (s.commit or s.valid or s.spoiled or s.rollback or s.redone)
        happened = NOTHING if calm else Happened(s.commit, s.validates, s.spoiled, s.rollback, s.redone)
        return _Interval(job, s.mode, share, present, s.lost, happened, s.peer)

    def set_rates(self, limits: Array, duty: Array) -> None:
        """Set the rate of each job, the limit of its slowest member, and the shares of its training step.

        Parameters
        ----------
        limits : ndarray, shape (LIMIT_ROWS, N)
            Limits of the step.
        duty : ndarray, shape (N,)
            Duty of all satellites, changed in place.
        """
        self.job_rate = self._slowest(limits)[0]
        self.step_shares = np.empty((step_times.SHARE_ROWS, self.jobs))
        costs = self.costs
        step_times.step_shares(
            self.job_rate, costs.stage_delay_s, costs.stage_drain_s, costs.gradients_s, costs.outer_s, self.constants, self.hbm_power_share,
            self.step_shares,
        )  # fmt: skip
        runs, job = self.running.runs
        duty[runs] = self.step_shares[step_times.DUTY][job]  # share of a step that arithmetic takes; 1 for a job that is stopped

    def fill_typical(self, inputs: JobInputs) -> None:
        """Fill the step inputs of jobs that run at full clock rate with their members of the epoch, by the messages last timed.

        Parameters
        ----------
        inputs : JobInputs
            Inputs of all satellites, changed in place.
        """
        times = self._times(np.ones(self.jobs), self.costs)
        duty = self._duty(times) / times.total_s
        for g, members in enumerate(self.initial_ranks):
            inputs.duty[members] = duty[g]
            inputs.job_rate[members], inputs.running[members] = 1.0, float(not self.costs.jobs_disconnected[g])

    def _times(self, rate: Array, costs: Costs) -> StepTime:
        return training_step.decompose(
            self.task, rate, costs.stage_delay_s, costs.stage_drain_s, costs.gradients_s, costs.outer_s
        )

    def _duty(self, times: StepTime) -> Array:
        """Time at full power of a step; memory that streams draws its own share of it."""
        return times.compute_s + times.recompute_s + self.hbm_power_share * times.memory_s

    def _slowest(self, limits: Array) -> tuple[Array, Ints]:
        """Rate of the slowest member of each job, and its number, the lowest of equals; of replicas that keep step, that of all."""
        rate, member = np.empty(self.jobs), np.empty(self.jobs, dtype=np.int64)
        slowest_members(*self.running.paces, limits[LIMIT_RATE], rate, member)
        if self.together and (runs := np.flatnonzero(member >= 0)).size:
            pacing = runs[np.argmin(rate[runs])]
            rate[runs], member[runs] = rate[pacing], member[pacing]
        return rate, member

    def fill_inputs(self, inputs: JobInputs, up: Array) -> None:
        """Add members that run to the step inputs.

        Parameters
        ----------
        inputs : JobInputs
            Inputs of all satellites, changed in place: `running` is 0 where no job has run yet in the step.
        up : ndarray, shape (N,)
            Share of the step in which each satellite works, 0 to 1.
        """
        runs, job = self.running.runs
        share, before, rate = self.run_share[runs] / np.maximum(up[runs], ROUNDING), inputs.running[runs], self.job_rate[job]
        if before.any():  # a satellite that changes between workloads in the step runs at the mean of both rates
            mean_rate = (before * inputs.job_rate[runs] + share * rate) / np.maximum(before + share, ROUNDING)
            rate = np.where(before > 0.0, mean_rate, rate)
        inputs.job_rate[runs] = rate
        inputs.running[runs] = np.minimum(before + share, 1.0)
        # productive stays 0: arithmetic is entered here, as useful once it is committed

    # --- the ledger

    def record_losses(self, k: int, limits: Array, ledger: Ledger) -> None:
        """Enter the losses of members beyond those of power and heat.

        Parameters
        ----------
        k : int
            Number of the step.
        limits : ndarray, shape (LIMIT_ROWS, N)
            Limits of the step.
        ledger : Ledger
            The ledger.
        """
        self.causes = [binding(limits, s, ledger.maintained) if s >= 0 else "failed" for s in self._slowest(limits)[1].tolist()]
        islands, shares = self.task.islands, self.step_shares
        jobs = JobSteps(self.job_rate, shares, np.array([ROW[c] for c in self.causes]), 0.0 if islands is None else 1.0 - islands.efficiency)
        active = self.job_rate > 0.0
        self.rates[:, k] = self.job_rate
        self.step_time_s[:, k] = shares[step_times.DURATION_S]
        self.exposed[:, k] = shares[step_times.COMMUNICATION]
        self.exposed[~active, k] = np.nan
        rates = self.job_rate.tolist()
        duration_s = shares[step_times.DURATION_S].tolist()
        computes = shares[step_times.COMPUTE].tolist()
        stops = any(i.mode > job_phases.CHECKPOINT for i in self.segments)
        awaited = np.concatenate([NO_SATELLITES, *(i.lost for i in self.segments if i.mode == job_phases.WAITING)]) if stops else NO_SATELLITES
        spent = iter(self._spend(k, limits, jobs, ledger))
        for interval in self.segments:
            g, mode, seconds = interval.job, interval.mode, self.step_s * interval.share
            runs = rates[g] > 0.0  # limits may be below 0 by rounding
            self.work.settle(g, interval.happened, self.copies * duration_s[g] if runs else 0.0, ledger)
            self.mode_share[g, mode, k] += interval.share
            if mode > job_phases.CHECKPOINT:
                self._record_stop(k, interval, seconds * limits[LIMIT_RATE][interval.present], awaited, ledger)
                continue
            done = Done(step=k, present=interval.present, tokens=0.0, seconds=0.0, spent=next(spent))
            if mode == job_phases.CHECKPOINT:
                self.work.add(g, done)
            elif runs:
                self._run(done, g, seconds, rates[g], duration_s[g], computes[g] * (1.0 - jobs.algorithm))

    def _record_stop(self, k: int, interval: _Interval, left_s: Array, awaited: Ints, ledger: Ledger) -> None:
        """Enter an interval in which a job neither runs nor saves; `left_s` of each member is what power and heat leave of it [s]."""
        match interval.mode:
            case job_phases.RECOVERY if interval.peer:
                ledger.induced("recovery", k, interval.present, left_s)
            case job_phases.RECOVERY:
                ledger.own("recovery", k, interval.present, left_s)
            case job_phases.WAITING:  # a replica that is held waits for members of others
                lost = awaited if interval.peer else interval.lost
                ledger.induced(missing(lost, ledger.maintained), k, interval.present, left_s)
            case job_phases.OUTAGE:
                mine = self.costs.satellites_disconnected[interval.present] & (not interval.peer)
                ledger.own("outage", k, interval.present[mine], left_s[mine])
                ledger.induced("outage", k, interval.present[~mine], left_s[~mine])
            case job_phases.INGEST:  # a transfer that nothing hides, or no way for it
                ledger.own("communication" if self.data_flow[interval.job] else "outage", k, interval.present, left_s)

    def _spend(self, k: int, limits: Array, jobs: JobSteps, ledger: Ledger) -> list[Spent]:
        """What members spend each interval on in which their job runs or saves."""
        works = [
            Interval(i.job, i.mode == job_phases.CHECKPOINT, self.step_s * i.share, i.present)
            for i in self.segments if i.mode <= job_phases.CHECKPOINT
        ]  # fmt: skip
        c = self.costs
        own = OwnTimes(c.own_stage_transfer_s, c.own_stage_drain_s, c.own_gradients_s, c.own_outer_s)
        return record_intervals(ledger, k, works, limits[LIMIT_RATE], jobs, own, self.constants)

    def _run(self, done: Done, g: int, seconds: float, rate: float, duration_s: float, wanted: float) -> None:
        """Work of job g that runs at a rate, its step of a duration with a share of arithmetic that a synchronous job would need."""
        constants = self.constants
        self.running_s[g] += seconds
        self.useful_share[done.present] += seconds * rate * wanted * constants.peak_s / constants.arithmetic_s / self.copies / self.step_s
        steps = seconds / duration_s / self.copies
        self.work.add(g, done._replace(tokens=steps * self.task.batch.global_batch * self.task.batch.sequence, seconds=seconds))
        self.trained_steps[g] += steps
        self._peak_flops += seconds * self._mesh_flops
        self._fabric_s += seconds / duration_s * constants.fabric_s

    @property
    def tokens(self) -> Array:
        """Tokens of each job that count, by step, (jobs, steps)."""
        return self.work.tokens

    # --- the end

    def end(self, ledger: Ledger, wrong: Flags | None = None) -> None:
        """Count work after the last validation as useful; `uncommitted_s` reports it. What a silent error has spoiled is corrupt.

        Parameters
        ----------
        ledger : Ledger
            The ledger.
        wrong : ndarray of bool, shape (jobs,), optional
            Jobs whose work is spoiled; by default none.
        """
        for job in range(self.jobs):
            self.work.end(job, wrong is not None and bool(wrong[job]), ledger)

    def uncommitted_s(self) -> float:
        """Useful time of satellites since the last validations.

        Returns
        -------
        float
            Time [s], each satellite by its weight.
        """
        return self.work.useful_s

    def _network(self) -> dict[str, Any] | None:
        """Bounds that the links of the epoch set to the job with the longest step; None for one on a single satellite."""
        islands = self.task.islands is not None
        ranks = np.stack(self.initial_ranks if islands else self.initial_ranks[self.pacing : self.pacing + 1])
        if self.first_links is None:
            return None
        found = step_traffic.bounds(self.first_plan.task, self.first_plan.collective, ranks, self.first_links)
        minutes = self.steps * self.step_s / 60.0
        changes = self._earlier_route_changes + self.communication.route_changes
        return None if found is None else found | {"route_changes_per_min": changes / minutes}

    def summary(self) -> dict[str, Any]:
        """Entry of the workload in `workloads` of summary.json.

        Returns
        -------
        dict
            Fields by name.
        """
        duration_s = self.steps * self.step_s
        running_s, trained = float(self.running_s.sum()), float(self.trained_steps.sum())
        tokens_per_s = float(self.tokens.sum()) / duration_s
        mesh = self.task.mesh
        mean_step_s = running_s / trained if trained > 0.0 else None
        islands, efficiency = self.task.islands, 1.0 if self.task.islands is None else self.task.islands.efficiency
        models = self.jobs if islands is None else 1  # that are trained
        exposed = mean(self.exposed)
        inside = self._fabric_s / running_s if trained > 0.0 else None
        flops = [trained * training_step.task_flops(self.task, masked) for masked in (True, False)]
        return {
            "mfu": flops[0] / self._peak_flops if trained > 0.0 else None,
            "mfu_unmasked": flops[1] / self._peak_flops if trained > 0.0 else None,
            "step_s": mean_step_s,
            "tokens_per_s": tokens_per_s,
            "ettr": float(self.work.counted_s.sum()) / (self.jobs * duration_s),
            "time_to_train_d": self.total_tokens * models / (efficiency * tokens_per_s) / 86400.0 if tokens_per_s > 0.0 else None,
            "ttft_ms": None,
            "tpot_ms": None,
            "jobs": self.jobs,
            "satellites_per_job": self.members,
            "method": "synchronous" if islands is None else "elastic" if self.together else "diloco",
            "plans": 1 + len(self.plan_changes),
            "mesh": {
                "tensor": mesh.tensor, "pipeline": mesh.pipeline, "data": mesh.data, "context": mesh.context, "expert": mesh.expert,
            },
            "placement": self.plan.placement,
            "interleave": self.task.batch.interleave,
            "recomputed": self.task.batch.recomputed,
            "zero": self.task.batch.zero,
            "in_flight": self.task.batch.in_flight,
            "all_reduce": str(self.plan.collective),
            "communication_fraction": exposed,
            "fabric_fraction": inside,
            "links_fraction": None if exposed is None or inside is None else max(0.0, exposed - inside),
            "network": self._network(),
            "islands": None if islands is None else islands.islands,
            "islands_running": None if islands is None else running_s / duration_s,
            "statistical_efficiency": efficiency,
        }
