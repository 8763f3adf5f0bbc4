"""Losses of a job that runs, of all members at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import Floats, Ints, exact_kernel
from sim.workload.jobs.ledger import ROW, Ledger
from sim.workload.step_times import StepConstants, exposed_at

COMMUNICATION, RECOMPUTE, BUBBLE, STRAGGLER, KERNEL, MEMORY, ALGORITHM = (
    ROW[cause] for cause in ("communication", "recompute", "bubble", "straggler", "kernel", "memory", "algorithm")
)


class OwnTimes(NamedTuple):
    """Times of each satellite's own messages [s], each (N,); see `training_step.exposed_s`."""

    stage_delay_s: Floats
    stage_drain_s: Floats
    gradients_s: Floats
    outer_s: Floats  # exchange with other replicas or islands


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
            exposed_s = exposed_at(r.rate, own.stage_delay_s[s], own.stage_drain_s[s], own.gradients_s[s], own.outer_s[s], constants)
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


def record_run(
    ledger: Ledger,
    k: int,
    present: NDArray[np.int64],
    seconds: float,
    limit: Floats,
    cause: str,
    shares: RunShares,
    own: OwnTimes,
    constants: StepConstants,
) -> None:
    """Record what the members of a running job lose: waiting for the slowest, communication, and parts of the training step.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    k : int
        Number of the step.
    present : ndarray of int64
        Members.
    seconds : float
        Time in which the job runs [s].
    limit : ndarray, shape (N,)
        Clock rate that each satellite could run at.
    cause : str
        Cause at the slowest member.
    shares : RunShares
        Rate and parts of the job's training step.
    own : OwnTimes
        Times of each satellite's own messages.
    constants : StepConstants
        Constants of the job.
    """
    _add(
        present, seconds, limit, ROW[cause], shares, own, constants, ledger.share, ledger.weight,
        ledger.own_s, ledger.induced_s, ledger.step_own_s[:, k], ledger.step_induced_s[:, k],
    )  # fmt: skip
