"""Losses of a job that runs, of all members at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import Floats, Ints, exact_kernel
from sim.workload import step_times
from sim.workload.jobs.ledger import ROW, Ledger
from sim.workload.step_times import StepConstants, exposed_at

COMMUNICATION, RECOMPUTE, BUBBLE, STRAGGLER, KERNEL, MEMORY, ALGORITHM, CHECKPOINT = (
    ROW[cause] for cause in ("communication", "recompute", "bubble", "straggler", "kernel", "memory", "algorithm", "checkpoint")
)


class OwnTimes(NamedTuple):
    """Times of each satellite's own messages [s], each (N,); see `training_step.exposed_s`."""

    stage_transfer_s: Floats
    stage_drain_s: Floats
    gradients_s: Floats
    outer_s: Floats  # exchange with other replicas or islands


class JobSteps(NamedTuple):
    """What jobs do in a step: their rates, and their training steps."""

    rate: Floats  # (jobs,)
    shares: Floats  # (9, jobs), from `step_times.step_shares`
    cause: Ints  # (jobs,) row of the ledger for the wait for the slowest member
    algorithm: float  # share of the useful arithmetic that a synchronous job would not need


class RunShares(NamedTuple):
    """A job that runs: its rate, its training step, and the shares of the step by what the time is spent on."""

    rate: float
    duration_s: float
    compute: float
    recompute: float
    bubble: float
    memory: float
    communication: float
    straggler: float
    kernel_efficiency: float
    algorithm: float  # share of the useful arithmetic that a synchronous job would not need


def running_members(presents: Sequence[NDArray[np.int64]], jobs: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Members of jobs that run in a step; a satellite that goes from one job to another is a member of both.

    Parameters
    ----------
    presents : sequence of ndarray of int64
        Members in each interval in which a job runs.
    jobs : sequence of int
        Job of each interval.

    Returns
    -------
    satellites, jobs : ndarray of int64, shape (members,)
        Satellites, ascending, and their jobs.

    Examples
    --------
    >>> satellites, jobs = running_members([np.array([0, 3]), np.array([1, 3])], [0, 1])
    >>> satellites.tolist(), jobs.tolist()
    ([0, 1, 3, 3], [0, 1, 0, 1])
    """
    satellites = np.concatenate([np.zeros(0, dtype=np.int64), *presents])
    of = np.repeat(np.asarray(jobs, dtype=np.int64), [present.size for present in presents])
    order = np.argsort(satellites, kind="stable")
    return satellites[order], of[order]


class RunningMembers:
    """Members of jobs that run, step by step; worked out again where members or their jobs change.

    Parameters
    ----------
    satellites : int
        Number of satellites of the fleet.
    """

    def __init__(self, satellites: int) -> None:
        self.satellites = satellites
        self._of: list[tuple[int, NDArray[np.int64]]] = []  # jobs and members of the last intervals, repetitions left out
        self._apart = True  # whether no satellite is a member of two of them
        self.paces = self.runs = running_members([], [])

    def take(self, intervals: Sequence[tuple[int, float, NDArray[np.int64]]]) -> Floats:
        """Take over the intervals of a step.

        Parameters
        ----------
        intervals : sequence of (int, float, ndarray of int64)
            Job, share of the step and members of each interval in which one runs, in order of time for each job.

        Returns
        -------
        ndarray, shape (N,)
            Share of the step in which each satellite runs. `paces` are then the members and their jobs as of `running_members`, `runs`
            the satellites that run, each once, and the last job of each.
        """
        of: list[tuple[int, NDArray[np.int64]]] = []
        shares: list[float] = []
        for job, share, present in intervals:
            if of and of[-1][0] == job and of[-1][1] is present:
                shares[-1] += share
            else:
                of.append((job, present))
                shares.append(share)
        if len(of) != len(self._of) or any(a != c or b is not d for (a, b), (c, d) in zip(of, self._of, strict=True)):
            self._change(of)
        run_share = np.zeros(self.satellites)
        if self._apart:
            for (_, present), share in zip(of, shares, strict=True):
                run_share[present] = share
        else:
            for _, share, present in intervals:
                run_share[present] += share
        return run_share

    def _change(self, of: list[tuple[int, NDArray[np.int64]]]) -> None:
        self._of = of
        self.paces = running_members([present for _, present in of], [job for job, _ in of])
        runs_in = np.full(self.satellites, -1, dtype=np.int64)
        for job, present in of:
            runs_in[present] = job
        members = np.flatnonzero(runs_in >= 0)
        self.runs = members, runs_in[members]
        self._apart = members.size == sum(present.size for _, present in of)


@exact_kernel
def slowest_members(runs: Ints, job: Ints, limit: Floats, rate: Floats, member: Ints) -> None:
    """Smallest limit among the members of each job, and the member that has it, the first of equals.

    Parameters
    ----------
    runs, job : ndarray of int64, shape (members,)
        Satellites that run, ascending, and their jobs.
    limit : ndarray, shape (N,)
        Clock rate that each satellite could run at.
    rate : ndarray, shape (jobs,)
        Smallest limit of each job, 0 where none runs; written.
    member : ndarray of int64, shape (jobs,)
        Its satellite, -1 where none runs; written.
    """
    rate[:] = 0.0
    member[:] = -1
    for n in range(runs.size):
        g, own = job[n], limit[runs[n]]
        if member[g] < 0 or own < rate[g]:
            rate[g], member[g] = own, runs[n]


@exact_kernel
def _add(
    present: Ints,
    seconds: float,
    limit: Floats,
    cause: int,
    shares: RunShares,
    own: OwnTimes,
    constants: StepConstants,
    share: Floats,
    weight: Floats,
    own_s: Floats,
    induced_s: Floats,
    fleet_own_s: Floats,
    fleet_induced_s: Floats,
) -> None:
    """Add to own_s[cause, satellite] and induced_s; fleet_own_s[cause] and fleet_induced_s are the sums over the members."""
    r = shares
    for n in range(present.size):
        s = present[n]
        x, w = seconds * share[s], weight[s]
        waits = x * (limit[s] - r.rate)
        induced_s[cause, s] += waits
        fleet_induced_s[cause] += waits * w
        if r.rate > 0.0:
            x *= r.rate
            delay_s = own.stage_transfer_s[s] - own.stage_drain_s[s]
            exposed_s = exposed_at(r.rate, delay_s, own.stage_drain_s[s], own.gradients_s[s], own.outer_s[s], constants)
            mine = min(exposed_s / r.duration_s, r.communication)
            own_s[COMMUNICATION, s] += x * mine
            induced_s[COMMUNICATION, s] += x * (r.communication - mine)
            own_s[RECOMPUTE, s] += x * r.recompute
            own_s[BUBBLE, s] += x * r.bubble
            own_s[STRAGGLER, s] += x * r.straggler
            own_s[MEMORY, s] += x * r.memory
            own_s[KERNEL, s] += x * r.compute * (1.0 - r.kernel_efficiency)
            own_s[ALGORITHM, s] += x * r.compute * r.kernel_efficiency * r.algorithm
            fleet_own_s[COMMUNICATION] += x * mine * w
            fleet_induced_s[COMMUNICATION] += x * (r.communication - mine) * w
            fleet_own_s[MEMORY] += x * r.memory * w
            fleet_own_s[ALGORITHM] += x * r.compute * r.kernel_efficiency * r.algorithm * w
            fleet_own_s[RECOMPUTE] += x * r.recompute * w
            fleet_own_s[BUBBLE] += x * r.bubble * w
            fleet_own_s[STRAGGLER] += x * r.straggler * w
            fleet_own_s[KERNEL] += x * r.compute * (1.0 - r.kernel_efficiency) * w


@exact_kernel
def _add_intervals(
    pool: Ints,
    intervals: Ints,
    seconds: Floats,
    limit: Floats,
    jobs: JobSteps,
    own: OwnTimes,
    constants: StepConstants,
    share: Floats,
    weight: Floats,
    own_s: Floats,
    induced_s: Floats,
    fleet_own_s: Floats,
    fleet_induced_s: Floats,
    saving_s: Floats,
) -> None:
    """Add intervals in which jobs run or save; saving_s[interval, member] receives what a save takes of each member by its weight."""
    for n in range(seconds.size):
        g, saves, first, last = intervals[n]
        present = pool[first:last]
        if saves:
            for m in range(present.size):
                s = present[m]
                lost_s = seconds[n] * limit[s] * share[s]
                own_s[CHECKPOINT, s] += lost_s
                saving_s[n, m] = lost_s * weight[s]
        else:
            p = jobs.shares
            shares = RunShares(
                jobs.rate[g], p[step_times.DURATION_S, g], p[step_times.COMPUTE, g], p[step_times.RECOMPUTE, g], p[step_times.BUBBLE, g],
                p[step_times.MEMORY, g], p[step_times.COMMUNICATION, g], p[step_times.STRAGGLER, g],
                constants.peak_s / constants.arithmetic_s, jobs.algorithm,
            )  # fmt: skip
            _add(
                present, seconds[n], limit, jobs.cause[g], shares, own, constants, share, weight, own_s, induced_s, fleet_own_s,
                fleet_induced_s,
            )  # fmt: skip


class Interval(NamedTuple):
    """Time in which a job runs or saves."""

    job: int
    saves: bool
    seconds: float
    present: NDArray[np.int64]  # members that are up


def record_intervals(
    ledger: Ledger, k: int, intervals: Sequence[Interval], limit: Floats, jobs: JobSteps, own: OwnTimes, constants: StepConstants
) -> None:
    """Record what members of jobs lose that run or save: waiting for the slowest, communication, parts of the training step, saves.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    k : int
        Number of the step.
    intervals : sequence of Interval
        Intervals in order of time.
    limit : ndarray, shape (N,)
        Clock rate that each satellite could run at.
    jobs : JobSteps
        Rates and training steps of the jobs.
    own : OwnTimes
        Times of each satellite's own messages.
    constants : StepConstants
        Constants of the jobs.
    """
    if not intervals:
        return
    pools: list[NDArray[np.int64]] = []  # members, put down once where they stay the same
    rows, seconds, longest, first, end = [], [], 0, 0, 0
    for job, saves, lasts_s, present in intervals:
        if not pools or present is not pools[-1]:
            pools.append(present)
            first, end = end, end + present.size
            longest = max(longest, present.size)
        rows.append((job, int(saves), first, end))
        seconds.append(lasts_s)
    saving_s = np.empty((len(rows), longest))
    _add_intervals(
        pools[0] if len(pools) == 1 else np.concatenate(pools), np.array(rows), np.array(seconds), limit, jobs, own, constants,
        ledger.share, ledger.weight, ledger.own_s, ledger.induced_s, ledger.step_own_s[:, k], ledger.step_induced_s[:, k], saving_s,
    )  # fmt: skip
    for n, interval in enumerate(intervals):
        if interval.saves:
            ledger.step_own_s[CHECKPOINT, k] += float(np.add.reduce(saving_s[n, : interval.present.size]))
