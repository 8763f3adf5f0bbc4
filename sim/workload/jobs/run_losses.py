"""Losses of a job that runs, of all members at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import Floats, Ints, exact_kernel
from sim.workload.jobs.ledger import ROW, Ledger
from sim.workload.step_times import StepConstants, exposed_at

COMMUNICATION, RECOMPUTE, BUBBLE, STRAGGLER, KERNEL = (
    ROW[cause] for cause in ("communication", "recompute", "bubble", "straggler", "kernel")
)


class RunShares(NamedTuple):
    """A job that runs: its rate, its training step, and the shares of the step by what the time is spent on."""

    rate: float
    duration_s: float
    compute: float
    recompute: float
    bubble: float
    communication: float
    straggler: float
    kernel_efficiency: float


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
    own_stage_transfer_s: Floats,
    own_gradients_s: Floats,
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
            exposed = exposed_at(r.rate, own_stage_transfer_s[s], own_gradients_s[s], constants) / r.duration_s
            own = min(exposed, r.communication)
            own_s[COMMUNICATION, s] += x * own
            induced_s[COMMUNICATION, s] += x * (r.communication - own)
            own_s[RECOMPUTE, s] += x * r.recompute
            own_s[BUBBLE, s] += x * r.bubble
            own_s[STRAGGLER, s] += x * r.straggler
            own_s[KERNEL, s] += x * r.compute * (1.0 - r.kernel_efficiency)
            fleet_own_s[COMMUNICATION] += x * own * w
            fleet_induced_s[COMMUNICATION] += x * (r.communication - own) * w
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
    own_stage_transfer_s: Floats,
    own_gradients_s: Floats,
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
    own_stage_transfer_s, own_gradients_s : ndarray, shape (N,)
        Times of each satellite's own messages [s].
    constants : StepConstants
        Constants of the job.
    """
    _add(
        present, seconds, limit, ROW[cause], shares, own_stage_transfer_s, own_gradients_s, constants, ledger.share, ledger.weight,
        ledger.own_s, ledger.induced_s, ledger.step_own_s[:, k], ledger.step_induced_s[:, k],
    )  # fmt: skip
