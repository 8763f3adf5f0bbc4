"""Synchronous jobs in the run: members wait for the slowest, save checkpoints, roll back and go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.fleet import job_lifecycle
from sim.fleet.availability import SatelliteChange
from sim.fleet.job_lifecycle import Segment
from sim.spacecraft.accounting import ROUNDING
from sim.spacecraft.loop import LIMIT_ALLOWED, LIMIT_RATE
from sim.workload import training_step
from sim.workload.execution_plan import ExecutionPlan
from sim.workload.job_communication import Costs, JobCommunication, Transport
from sim.workload.jobs.ledger import JobInputs, Ledger, binding, mean
from sim.workload.training_step import StepTime

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MODES = ("running", "checkpoint", "recovery", "waiting", "outage")  # by the numbers of sim.fleet.job_lifecycle


@dataclass
class _Interval:
    """A segment of one job within a step: its share of the step, and the members that were up."""

    job: int
    mode: int
    share: float
    there: Ints
    lost: Ints
    commit: bool
    rollback: bool


class Clock(Protocol):
    """Passes through the phases of jobs and fills their ranks: `sim.fleet.job_lifecycle.JobLifecycle`, or a variant of it."""

    def ranks(self) -> list[Ints]: ...

    @property
    def unreachable(self) -> Ints: ...

    def exchange(self, time_s: float, cut: Flags, part: Ints) -> bool: ...

    def advance(
        self, begin_s: float, end_s: float, cut: Flags, changes: Sequence[SatelliteChange] = ()
    ) -> tuple[list[list[Segment]], Array]: ...


class _Done(NamedTuple):
    """Work of a job within a step, in no row until it is committed or lost; useful_s of each satellite."""

    step: int
    there: Ints
    useful_s: float
    tokens: float
    seconds: float


class Training:
    """Equal synchronous jobs with their spares; leftover satellites fill no job and serve as further spares."""

    def __init__(
        self,
        choice: ExecutionPlan,
        clock: Clock,
        spares: Ints,
        leftover: Ints,
        satellites: int,
        steps: int,
        step_s: float,
        total_tokens: float,
    ) -> None:
        self.choice, self.task, self.clock = choice, choice.task, clock
        self.placed = list(clock.ranks())  # members at the epoch
        self.jobs = len(self.placed)
        self.satellites, self.steps, self.step_s, self.total_tokens = satellites, steps, step_s, total_tokens
        self.traffic = JobCommunication(choice.task, choice.collective, satellites)
        self.everybody = np.unique(np.concatenate([*clock.ranks(), spares, leftover]).astype(np.int64))
        self.leftover = leftover
        # satellites in reserve that are not spares: leftover ones, and without spares those whose rank was filled
        self.over = np.zeros(satellites, dtype=np.bool_)
        self.over[leftover if spares.size else self.everybody] = True
        self.unreachable = clock.unreachable  # healthy, but without messages: others have their ranks
        self.open: list[list[_Done]] = [[] for _ in range(self.jobs)]  # of each job since its last commit
        self.useful_share = np.zeros(satellites)  # of the step, before any rollback
        # over time, for the report: share of the step in each mode, rate, duration of a training step, exposed share
        self.mode_share = np.zeros((self.jobs, len(MODES), steps))
        self.rates = np.zeros((self.jobs, steps))
        self.step_time_s = np.full((self.jobs, steps), np.nan)
        self.exposed = np.full((self.jobs, steps), np.nan)
        self.tokens = np.zeros((self.jobs, steps))
        self.kept_s = np.zeros(self.jobs)  # running time whose work counts
        self.running_s = np.zeros(self.jobs)
        self.trained_steps = np.zeros(self.jobs)

    # --- a step

    def begin_step(
        self, begin_s: float, end_s: float, up: Array, transport: Transport, changes: Sequence[SatelliteChange] = ()
    ) -> None:
        """Advance the jobs' phases; up (N,): share of the step in which each satellite works, changes: of the step."""
        self.costs: Costs = self.traffic.costs(self.clock.ranks(), transport)
        if (self.costs.cut.any() or self.unreachable.size) and self.clock.exchange(begin_s, self.costs.cut, transport.components()):
            self.costs = self.traffic.costs(self.clock.ranks(), transport)
        self.unreachable = self.clock.unreachable
        segments, spare_s = self.clock.advance(begin_s, end_s, self.costs.cut, changes)
        self.up = up
        self.spare_share = np.zeros(self.satellites)
        self.spare_share[: spare_s.size] = spare_s / self.step_s
        self.segments = [self._interval(g, s) for g, found in enumerate(segments) for s in found]
        self.run_share, self.useful_share = np.zeros(self.satellites), np.zeros(self.satellites)
        self.runs_in = np.full(self.satellites, -1, dtype=np.int64)
        for interval in self.segments:
            if interval.mode == job_lifecycle.RUN:
                self.run_share[interval.there] += interval.share
                self.runs_in[interval.there] = interval.job

    def _interval(self, job: int, s: Segment) -> _Interval:
        there = s.members if s.lost.size == 0 else np.setdiff1d(s.members, s.lost)
        return _Interval(job, s.mode, (s.end_s - s.begin_s) / self.step_s, there, s.lost, s.commit, s.rollback)

    def set_rates(self, limits: Array) -> None:
        """Each job's rate is its slowest member's limit."""
        runs = np.flatnonzero(self.runs_in >= 0)
        rate = np.full(self.jobs, np.inf)
        np.minimum.at(rate, self.runs_in[runs], limits[LIMIT_RATE, runs])
        self.job_rate = np.where(np.isfinite(rate), rate, 0.0)
        found = training_step.decompose(self.task, self.job_rate, self.costs.stage_transfer_s, self.costs.gradients_s)
        going = self.job_rate > 0.0
        total = np.where(going, found.total_s, 1.0)
        self.parts = StepTime(*(np.where(going, part / total, 0.0) for part in found))
        self.duration_s = np.where(going, found.total_s, np.nan)
        # share of a step that arithmetic takes; 1 for a job that is stopped
        self.duty = np.where(going, self.parts.compute_s + self.parts.recompute_s, 1.0)

    def _causes(self, limits: Array) -> list[str]:
        """What limits the slowest member of each job, the lowest numbered of equals."""
        runs = np.flatnonzero(self.runs_in >= 0)
        order = np.lexsort((runs, limits[LIMIT_RATE, runs], self.runs_in[runs]))
        jobs, first = np.unique(self.runs_in[runs][order], return_index=True)
        found = ["failed"] * self.jobs
        for g, slowest in zip(jobs.tolist(), runs[order][first].tolist(), strict=True):
            found[g] = binding(limits, slowest)
        return found

    def fill_inputs(self, inputs: JobInputs) -> None:
        """Fill in the step inputs of members and spares."""
        runs = np.flatnonzero(self.runs_in >= 0)
        job = self.runs_in[runs]
        inputs.job_rate[self.everybody], inputs.running[self.everybody], inputs.productive[self.everybody] = 0.0, 0.0, 0.0
        inputs.job_rate[runs], inputs.duty[runs] = self.job_rate[job], self.duty[job]
        share = self.run_share[runs] / np.maximum(self.up[runs], ROUNDING)
        inputs.running[runs] = np.minimum(share, 1.0)
        # productive stays 0: arithmetic is entered here, as useful once it is committed
        stood = np.flatnonzero((self.spare_share > 0.0) & ~self.over)
        inputs.requested[stood] = np.maximum(0.0, 1.0 - self.spare_share[stood] / np.maximum(self.up[stood], ROUNDING))

    # --- the ledger

    def record_losses(self, k: int, limits: Array, ledger: Ledger) -> None:
        """Enter the losses of members and spares beyond those of power and heat."""
        rate = limits[LIMIT_RATE]
        self.because = self._causes(limits)
        for cause, mine, left in (("spare", ~self.over, limits[LIMIT_ALLOWED]), ("unplaced", self.over, rate)):
            stood = np.flatnonzero((self.spare_share > 0.0) & mine)
            if stood.size:
                ledger.own(cause, k, stood, self.step_s * self.spare_share[stood] * left[stood])
        self.rates[:, k] = self.job_rate
        self.step_time_s[:, k] = self.duration_s
        self.exposed[:, k] = np.where(self.job_rate > 0.0, self.parts.communication_s, np.nan)
        if self.unreachable.size:
            missed = np.maximum(0.0, self.up[self.unreachable] - self.spare_share[self.unreachable])
            ledger.own("outage", k, self.unreachable, self.step_s * missed * rate[self.unreachable])
        for interval in self.segments:
            self._flags(interval, ledger)
            self.mode_share[interval.job, interval.mode, k] += interval.share
            seconds = self.step_s * interval.share
            left_s = seconds * rate[interval.there]
            match interval.mode:
                case job_lifecycle.RUN:
                    self._run(k, interval, seconds, limits, ledger)
                case job_lifecycle.CHECKPOINT:
                    ledger.own("checkpoint", k, interval.there, left_s)
                case job_lifecycle.RECOVERY:
                    ledger.own("recovery", k, interval.there, left_s)
                case job_lifecycle.WAITING:
                    ledger.induced("failed", k, interval.there, left_s)
                case job_lifecycle.OUTAGE:
                    mine = self.costs.own_cut[interval.there]
                    ledger.own("outage", k, interval.there[mine], left_s[mine])
                    ledger.induced("outage", k, interval.there[~mine], left_s[~mine])

    def _run(self, k: int, s: _Interval, seconds: float, limits: Array, ledger: Ledger) -> None:
        kernel_efficiency = self.task.kernel_efficiency
        g, there = s.job, s.there
        limit, rate = limits[LIMIT_RATE, there], float(self.job_rate[g])
        ledger.induced(self.because[g], k, there, seconds * (limit - rate))
        if rate == 0.0:
            return
        self.running_s[g] += seconds
        p = self.parts
        own_s = training_step.exposed_s(
            self.task, rate, self.costs.own_stage_transfer_s[there], self.costs.own_gradients_s[there]
        ) / float(self.duration_s[g])
        own = np.minimum(own_s, p.communication_s[g])
        ledger.own("communication", k, there, seconds * rate * own)
        ledger.induced("communication", k, there, seconds * rate * (p.communication_s[g] - own))
        for cause, part in (("recompute", p.recompute_s), ("bubble", p.bubble_s), ("straggler", p.straggler_s)):
            if part[g] > 0.0:
                ledger.own(cause, k, there, np.full(there.size, seconds * rate * part[g]))
        arithmetic_s = seconds * rate * float(p.compute_s[g])
        useful_s = arithmetic_s * kernel_efficiency
        ledger.own("kernel", k, there, np.full(there.size, arithmetic_s * (1.0 - kernel_efficiency)))
        self.useful_share[there] += useful_s / self.step_s
        steps = seconds / float(self.duration_s[g])
        tokens = steps * self.task.batch.global_batch * self.task.batch.sequence
        self.open[g].append(_Done(k, there, useful_s, tokens, seconds))
        self.trained_steps[g] += steps

    def _flags(self, s: _Interval, ledger: Ledger) -> None:
        """A commit makes the work since the last one useful; a rollback makes it recovery."""
        if s.commit:
            self._keep(s.job, ledger)
        elif s.rollback:
            for done in self.open[s.job]:
                ledger.own("recovery", done.step, done.there, np.full(done.there.size, done.useful_s))
        if s.commit or s.rollback:
            self.open[s.job].clear()

    def _keep(self, job: int, ledger: Ledger) -> None:
        for done in self.open[job]:
            ledger.own("useful", done.step, done.there, np.full(done.there.size, done.useful_s))
            self.tokens[job, done.step] += done.tokens
            self.kept_s[job] += done.seconds

    # --- the end

    def end(self, ledger: Ledger) -> None:
        """Count work after the last checkpoint as useful; `uncommitted_s` reports it."""
        for job in range(self.jobs):
            self._keep(job, ledger)

    def uncommitted_s(self, weight: Array) -> float:
        """Useful seconds since the last commits, each satellite by its weight (satellites,)."""
        return float(sum(done.useful_s * float(weight[done.there].sum()) for found in self.open for done in found))

    def summary(self) -> dict[str, Any]:
        """What summary.json says of this workload."""
        duration_s = self.steps * self.step_s
        running_s, trained = float(self.running_s.sum()), float(self.trained_steps.sum())
        tokens_per_s = float(self.tokens.sum()) / duration_s
        mesh = self.task.mesh
        mean_step_s = running_s / trained if trained > 0.0 else None
        return {
            "mfu": training_step.mfu(self.task, mean_step_s) if mean_step_s is not None else None,
            "step_s": mean_step_s,
            "tokens_per_s": tokens_per_s,
            "ettr": float(self.kept_s.sum()) / (self.jobs * duration_s),
            "time_to_train_d": self.total_tokens * self.jobs / tokens_per_s / 86400.0 if tokens_per_s > 0.0 else None,
            "ttft_ms": None,
            "tpot_ms": None,
            "jobs": self.jobs,
            "satellites_per_job": int(self.clock.ranks()[0].size),
            "mesh": {"tensor": mesh.tensor, "pipeline": mesh.pipeline, "data": mesh.data},
            "interleave": self.task.batch.interleave,
            "recompute": self.task.batch.recompute,
            "all_reduce": str(self.choice.collective),
            "communication_fraction": mean(self.exposed),
        }
