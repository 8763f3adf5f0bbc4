"""Failures, checkpoints and spares: closed forms against published numbers, the job lifecycle against closed forms."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np

from sim.fleet.availability import SatelliteChange, satellite_changes
from sim.fleet.failures import RandomFailures
from sim.fleet.job_lifecycle import JobLifecycle
from sim.fleet.job_phases import WAITING, Policy, Work, account
from sim.fleet.reliability import (
    all_slots_availability,
    daly_interval_s,
    effective_time_ratio,
    elastic_capacity,
    mean_time_to_interruption_s,
    optimum_interval_s,
    repaired_availability,
    wall_per_work,
    young_interval_s,
)
from sim.verify.case import Case, Failed

DAY_S = 86400.0
YEAR_S = 365.25 * DAY_S
RSC1_PER_S = 6.5e-3 / DAY_S  # failures of a node of eight accelerators
JOB = Policy(checkpoint_interval_s=1200.0, checkpoint_s=60.0, detection_s=60.0, restart_s=240.0)
MEMBERS, INTERRUPTION_S = 81, 3600.0


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of fleet reliability.

    Parameters
    ----------
    data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [*_interruptions(), *_intervals(), *_spares(), *_lifecycle()]


def _interruptions() -> list[Case | Failed]:
    published = "published, to its last digit [kokolis2025]"
    llama = "419 unexpected interruptions in 54 days [llama3:table 5]"
    return [
        Case("time to interruption, 16,384 accelerators", partial(_rsc1_h, 2048), 1.8, 0.05, "h", published),
        Case("time to interruption, 131,072 accelerators", partial(_rsc1_h, 16384), 0.23, 0.005, "h", published),
        Case("time to interruption, 16,384 at 0.1730 a year each",
             lambda: mean_time_to_interruption_s(16384, 0.1730 / YEAR_S) / 3600.0, 54.0 * 24.0 / 419.0, 0.015, "h", llama),
        Case("effective time, 2,048 nodes, checkpoints every 5 min", partial(_effective, 300.0), 0.93, 0.005, "1", published),
        Case("effective time, 2,048 nodes, checkpoints every hour", partial(_effective, 3600.0), 0.6764, 0.0001, "1",
             "closed form: 1 - 13.312 a day x 35 min"),
    ]  # fmt: skip


def _rsc1_h(nodes: int) -> float:
    return mean_time_to_interruption_s(nodes, RSC1_PER_S) / 3600.0


def _effective(interval_s: float) -> float:
    return effective_time_ratio(2048 * RSC1_PER_S, 300.0, interval_s, 0.0)


def _intervals() -> list[Case | Failed]:
    """The series as published, and the exact optimum that jobs use."""
    comparisons: list[Case | Failed] = [
        Case("first-order interval, checkpoints of 1 min, 3.093 h", lambda: young_interval_s(60.0, 3.093 * 3600.0), 1155.95, 0.05, "s",
             "closed form: root of 2 x 60 s x 11,134.8 s")
    ]  # fmt: skip
    for mean_h, minutes, rounding in ((24.0, 117.0, 0.5), (6.0, 57.0, 0.5), (0.25, 9.1, 0.05)):
        name = f"series of the optimum interval, checkpoints of 5 min, {mean_h:g} h"
        ours = partial(_daly_min, 300.0, mean_h * 3600.0)
        comparisons.append(Case(name, ours, minutes, rounding, "min", "published, to its last digit [daly2006:figs. 3-5]"))
    for save_s, mean_s, best_s in (
        (60.0, 3600.0, 617.8906), (60.0, 11134.8, 1116.2817), (300.0, 86400.0, 7001.4044), (300.0, 21600.0, 3402.8401),
    ):  # fmt: skip
        name = f"optimum interval, checkpoints of {save_s:.0f} s, {mean_s:.0f} s"
        source = "root of the derivative of the expected wall time [daly2006], bisected with 60 digits"
        comparisons.append(Case(name, partial(optimum_interval_s, save_s, mean_s), best_s, 1e-4, "s", source))
    return comparisons


def _daly_min(save_s: float, interruption_s: float) -> float:
    return daly_interval_s(save_s, interruption_s) / 60.0


def _spares() -> list[Case | Failed]:
    """A year without resupply, 128 slots; adding the spares to the mean survival would give 1.000 in all rows with six."""
    quadrature = "quadrature of the binomial distribution over time"
    comparisons: list[Case | Failed] = []
    for rate, spares, elastic, all_filled in (
        (0.09, 0, 0.9563, 0.0868), (0.09, 6, 0.9874, 0.5865), (0.05, 6, 0.9979, 0.8763),
    ):  # fmt: skip
        for what, form, theirs in (
            ("filled slots", elastic_capacity, elastic),
            ("all slots filled", all_slots_availability, all_filled),
        ):
            name = f"{what}, 128 slots, {spares} spares, {rate:g} a year"
            comparisons.append(Case(name, partial(form, 128, spares, rate, 1.0), theirs, 1e-4, "1", quadrature))
    for parallel_repairs, theirs in ((1, 0.7854), (2, 0.8961)):
        ours = partial(repaired_availability, 10, parallel_repairs, 0.1, 1.0)
        comparisons.append(
            Case(f"ten satellites, {parallel_repairs} parallel repairs", ours, theirs, 1e-4, "1", "M/M/c//N, its chain solved independently")
        )
    return comparisons


# --- the job lifecycle ---------------------------------------------------------------------------------------------------

REPLICAS, COMMITS = 80, 500
SPARED_REPLICAS, SLOTS, SPARES, YEARLY = 1000, 128, 6, 0.09


def _lifecycle() -> list[Case | Failed]:
    theirs = wall_per_work(JOB.checkpoint_interval_s, JOB.checkpoint_s, JOB.detection_s + JOB.restart_s, INTERRUPTION_S)
    error = _commit_sd_s() / (JOB.checkpoint_interval_s * math.sqrt(REPLICAS * COMMITS))
    return [
        Case(f"wall time per committed work, {MEMBERS} members, one interruption an hour",
             lambda: float(np.mean([commit_time_s(r) for r in range(REPLICAS)])) / (COMMITS * JOB.checkpoint_interval_s),
             theirs, 3.0 * error, "1", "expected value in closed form [daly2006]; limit: three standard errors"),
        Case(f"a job of {SLOTS} with {SPARES} spares, a year without resupply: share of time it does not wait",
             lambda: float(np.mean([served_share(r) for r in range(SPARED_REPLICAS)])),
             lambda: all_slots_availability(SLOTS, SPARES, YEARLY, 1.0), 3.0 * _served_sd() / math.sqrt(SPARED_REPLICAS), "1",
             "time all slots are filled, in closed form; limit: three standard errors"),
    ]  # fmt: skip


def commit_time_s(replica: int) -> float:
    """Time of the last of COMMITS commits of a job whose members restart at random.

    Parameters
    ----------
    replica : int
        Replica of the random failures.

    Returns
    -------
    float
        Time [s].

    Raises
    ------
    ArithmeticError
        If the committed work is not that of COMMITS checkpoint intervals.

    Notes
    -----
    The job starts as if just committed and is observed up to a commit: a whole number of independent, identically distributed
    cycles, so that the mean of this time is COMMITS times that of one cycle. Observing up to a fixed time would end inside a
    cycle, and inside a long one more often than in a short one.
    """
    mean_s = wall_per_work(*JOB[:2], JOB.detection_s + JOB.restart_s, INTERRUPTION_S) * JOB.checkpoint_interval_s
    duration_s = COMMITS * mean_s + 10.0 * math.sqrt(COMMITS) * _commit_sd_s()
    changes = _failures(replica, MEMBERS, MEMBERS * INTERRUPTION_S, 0.0, duration_s)
    lifecycle = JobLifecycle([range(MEMBERS)], [], JOB)
    (segments,), _ = lifecycle.advance(0.0, duration_s, np.zeros(1, dtype=np.bool_), changes)
    commits_s = [segment.begin_s for segment in segments if segment.commit]
    work = account(Work(), [segment for segment in segments if segment.begin_s <= commits_s[COMMITS - 1]])
    if abs(work.committed_s - COMMITS * JOB.checkpoint_interval_s) > 1e-3:
        raise ArithmeticError(f"{work.committed_s} s committed by {COMMITS} checkpoints")
    return commits_s[COMMITS - 1]


def _failures(
    replica: int, satellites: int, mean_time_s: float, repair_s: float, duration_s: float
) -> list[SatelliteChange]:
    drawn = RandomFailures(1, replica, satellites, mean_time_s, repair_s, end_s=duration_s).until(duration_s)
    return satellite_changes(drawn, satellites)


def _commit_sd_s() -> float:
    """Standard deviation of the time from one commit to the next.

    Work and checkpoint take s = tau + delta. Before that there is a geometric number of failures, each after an exponential
    time truncated at s and each followed by a recovery; a recovery is R and again a geometric number of failures within R.
    """
    s, recovery_s = JOB.checkpoint_interval_s + JOB.checkpoint_s, JOB.detection_s + JOB.restart_s
    again_mean_s, again_var = _truncated_exponential(recovery_s)
    mean_s, var = _geometric_sum(recovery_s, again_mean_s, again_var)
    tried_mean_s, tried_var = _truncated_exponential(s)
    return math.sqrt(_geometric_sum(s, tried_mean_s + recovery_s + mean_s, tried_var + var)[1])


def _truncated_exponential(length_s: float) -> tuple[float, float]:
    """Mean and variance of the time to a failure, given that it is less than length_s."""
    m, x = INTERRUPTION_S, length_s / INTERRUPTION_S
    mean = m - length_s / math.expm1(x)
    return mean, m * m - length_s**2 * math.exp(x) / math.expm1(x) ** 2


def _geometric_sum(length_s: float, mean: float, var: float) -> tuple[float, float]:
    """Mean and variance of the sum of such terms over the failures before an interval of length_s without failure."""
    number = math.expm1(length_s / INTERRUPTION_S)
    return number * mean, number * var + number * (1.0 + number) * mean * mean


def served_share(replica: int) -> float:
    """Share of a year in which a job with spares and without repair does not wait for a member.

    Parameters
    ----------
    replica : int
        Replica of the random failures.

    Returns
    -------
    float
        Share of time, 0 to 1.
    """
    changes = _failures(replica, SLOTS + SPARES, YEAR_S / YEARLY, math.inf, YEAR_S)
    immediate = Policy(math.inf, 0.0, 0.0, 0.0)
    lifecycle = JobLifecycle([range(SLOTS)], range(SLOTS, SLOTS + SPARES), immediate)
    (segments,), _ = lifecycle.advance(0.0, YEAR_S, np.zeros(1, dtype=np.bool_), changes)
    return sum(segment.end_s - segment.begin_s for segment in segments if segment.mode != WAITING) / YEAR_S


def _served_sd() -> float:
    """Standard deviation of that share: E[X^2] is the integral of 2 t P(all slots filled at t), by the trapezoidal rule.

    The share is the time of the failure that exceeds the spares, or the whole year; P(X > t) is the integrand of its mean.
    """
    t = np.linspace(0.0, 1.0, 201)
    filled = np.gradient(t * np.array([all_slots_availability(SLOTS, SPARES, YEARLY, x) for x in t]), t)
    second = float(np.trapezoid(2.0 * t * filled, t))
    return math.sqrt(second - all_slots_availability(SLOTS, SPARES, YEARLY, 1.0) ** 2)
