"""What members of jobs that run or save spend their time on, of all members at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import Floats, Ints, exact_kernel
from sim.workload import step_times
from sim.workload.jobs.ledger import Ledger
from sim.workload.step_times import StepConstants, exposed_at

# what the time of a job that works is spent on: own causes, and last the wait for messages of others, which is induced communication
SPENT_ON = ("communication", "recompute", "bubble", "straggler", "memory", "kernel", "algorithm", "checkpoint", "useful")
COMMUNICATION, RECOMPUTE, BUBBLE, STRAGGLER, MEMORY, KERNEL, ALGORITHM, CHECKPOINT, USEFUL, MESSAGES_OF_OTHERS = range(PARTS := 10)


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
    first: int,
    seconds: float,
    limit: Floats,
    cause: int,
    shares: RunShares,
    own: OwnTimes,
    constants: StepConstants,
    share: Floats,
    weight: Floats,
    induced_s: Floats,
    fleet_induced_s: Floats,
    spent_s: Floats,
    in_step_s: Floats,
) -> None:
    """Fill spent_s[part, first + place] of the members; in_step_s[part] is their sum by weight. Waits for the slowest are added to induced_s."""
    r = shares
    for n in range(present.size):
        s, place = present[n], first + n
        x, w = seconds * share[s], weight[s]
        waits = x * (limit[s] - r.rate)
        induced_s[cause, s] += waits
        fleet_induced_s[cause] += waits * w
        if r.rate > 0.0:
            x *= r.rate
            delay_s = own.stage_transfer_s[s] - own.stage_drain_s[s]
            exposed_s = exposed_at(r.rate, delay_s, own.stage_drain_s[s], own.gradients_s[s], own.outer_s[s], constants)
            mine = min(exposed_s / r.duration_s, r.communication)
            peak = r.compute * r.kernel_efficiency
            spent_s[COMMUNICATION, place] = x * mine
            spent_s[MESSAGES_OF_OTHERS, place] = x * (r.communication - mine)
            spent_s[RECOMPUTE, place] = x * r.recompute
            spent_s[BUBBLE, place] = x * r.bubble
            spent_s[STRAGGLER, place] = x * r.straggler
            spent_s[MEMORY, place] = x * r.memory
            spent_s[KERNEL, place] = x * r.compute * (1.0 - r.kernel_efficiency)
            spent_s[ALGORITHM, place] = x * peak * r.algorithm
            spent_s[USEFUL, place] = x * peak * (1.0 - r.algorithm)
            for part in range(PARTS):
                in_step_s[part] += spent_s[part, place] * w


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
    induced_s: Floats,
    fleet_induced_s: Floats,
    spent_s: Floats,
    in_step_s: Floats,
) -> None:
    """Fill spent_s[part, place] of the members of all intervals, one after the other, and in_step_s[interval, part]."""
    place = 0
    for n in range(seconds.size):
        g, saves, first, last = intervals[n]
        present = pool[first:last]
        if saves:
            for m in range(present.size):
                s = present[m]
                spent_s[CHECKPOINT, place + m] = seconds[n] * limit[s] * share[s]
                in_step_s[n, CHECKPOINT] += spent_s[CHECKPOINT, place + m] * weight[s]
        else:
            p = jobs.shares
            shares = RunShares(
                jobs.rate[g], p[step_times.DURATION_S, g], p[step_times.COMPUTE, g], p[step_times.RECOMPUTE, g], p[step_times.BUBBLE, g],
                p[step_times.MEMORY, g], p[step_times.COMMUNICATION, g], p[step_times.STRAGGLER, g],
                constants.peak_s / constants.arithmetic_s, jobs.algorithm,
            )  # fmt: skip
            _add(
                present, place, seconds[n], limit, jobs.cause[g], shares, own, constants, share, weight, induced_s, fleet_induced_s,
                spent_s, in_step_s[n],
            )  # fmt: skip
        place += present.size


class Interval(NamedTuple):
    """Time in which a job runs or saves."""

    job: int
    saves: bool
    seconds: float
    present: NDArray[np.int64]  # members that are up


class Spent(NamedTuple):
    """What the members of a job spend an interval on [s], by the parts of `SPENT_ON` and, last, messages of others."""

    members_s: Floats  # (PARTS, members), of whole satellites
    in_step_s: Floats  # (PARTS,) sums over the members, each by its weight


def record_intervals(
    ledger: Ledger, k: int, intervals: Sequence[Interval], limit: Floats, jobs: JobSteps, own: OwnTimes, constants: StepConstants
) -> list[Spent]:
    """Find what members of jobs that run or save spend their time on, and record their waiting for the slowest.

    What they wait for the slowest is lost whatever becomes of the work. The rest is for the caller to enter: it depends on whether the work
    is kept.

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

    Returns
    -------
    list of Spent
        For each interval.
    """
    if not intervals:
        return []
    pools: list[NDArray[np.int64]] = []  # members, put down once where they stay the same
    rows, seconds, first, end = [], [], 0, 0
    for job, saves, lasts_s, present in intervals:
        if not pools or present is not pools[-1]:
            pools.append(present)
            first, end = end, end + present.size
        rows.append((job, int(saves), first, end))
        seconds.append(lasts_s)
    places = np.cumsum([0, *(interval.present.size for interval in intervals)]).tolist()
    spent_s, in_step_s = np.zeros((PARTS, places[-1])), np.zeros((len(rows), PARTS))
    _add_intervals(
        pools[0] if len(pools) == 1 else np.concatenate(pools), np.array(rows), np.array(seconds), limit, jobs, own, constants,
        ledger.share, ledger.weight, ledger.induced_s, ledger.step_induced_s[:, k], spent_s, in_step_s,
    )  # fmt: skip
    return [Spent(spent_s[:, a:b], in_step_s[n]) for n, (a, b) in enumerate(pairwise(places))]
