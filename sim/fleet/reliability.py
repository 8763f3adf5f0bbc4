"""Closed forms of failing, saving and sparing: what planners use, and what the clock of jobs is held against.

Rates are per second and constant, failures independent. Satellite and node are one: what fails as a whole.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammainc, lambertw

# of u, with -u - log(1 - u) = s^2 / 2, in powers of s from the first one on: the inverse of the series s^2 = u^2 + 2/3 u^3 + ...
_BRANCH_POINT = (1.0, -1 / 3, 1 / 36, 1 / 270, 1 / 4320, -1 / 17010, -139 / 5443200, -1 / 204120, -571 / 2351462400)
_SERIES_BELOW = 3e-3  # of save over mean time: the series is within rounding there, and Lambert's W within 2e-14 above


def mean_time_to_interruption_s(nodes: int, failures_per_s: float) -> float:
    """Mean time to the first failure of any of several nodes.

    Parameters
    ----------
    nodes : int
        Nodes of the job, at least 0.
    failures_per_s : float
        Failure rate of one node [1/s], at least 0.

    Returns
    -------
    float
        Mean time [s], 1 / (nodes failures_per_s); infinite where nothing fails.

    Examples
    --------
    A job on 1,000 nodes, each of which fails once in 1,000 hours, is interrupted once an hour:

    >>> round(mean_time_to_interruption_s(1000, 1.0 / 3.6e6))
    3600
    """
    rate = nodes * failures_per_s
    return 1.0 / rate if rate > 0.0 else math.inf


def young_interval_s(save_s: float, interruption_s: float) -> float:
    """Work between two checkpoints, to first order in save_s / interruption_s.

    Parameters
    ----------
    save_s : float
        Time to save a checkpoint [s], at least 0.
    interruption_s : float
        Mean time to interruption of the whole job [s], above 0.

    Returns
    -------
    float
        Interval [s], sqrt(2 save_s interruption_s); 0 where saving takes no time.

    References
    ----------
    [young1974]

    Examples
    --------
    >>> young_interval_s(60.0, 3000.0)
    600.0
    """
    return math.sqrt(2.0 * save_s * interruption_s) if save_s > 0.0 else 0.0


def optimum_interval_s(save_s: float, interruption_s: float) -> float:
    """Work between two checkpoints that minimises `wall_per_work`, whatever the time to restart.

    tau = M (1 + W0(-e^(-delta/M - 1))) with the principal branch of Lambert's W: where the derivative of the expected wall time is zero,
    (1 - tau/M) e^((tau + delta)/M) = 1. At its branch point, for short saves, W is taken by its series, since 1 + W would lose its digits.

    Parameters
    ----------
    save_s : float
        Time to save a checkpoint delta [s], at least 0.
    interruption_s : float
        Mean time to interruption of the whole job M [s], above 0.

    Returns
    -------
    float
        Interval [s], below interruption_s; 0 where saving takes no time, infinite where nothing fails.

    References
    ----------
    [daly2006], [corless1996]

    Examples
    --------
    A save of a minute and an interruption every hour; Young's formula gives 657.3 s:

    >>> round(optimum_interval_s(60.0, 3600.0), 4), round(young_interval_s(60.0, 3600.0), 1)
    (617.8906, 657.3)
    >>> optimum_interval_s(60.0, math.inf)
    inf
    """
    if save_s <= 0.0:
        return 0.0
    if math.isinf(interruption_s):
        return math.inf
    ratio = save_s / interruption_s
    if ratio > _SERIES_BELOW:
        return interruption_s * (1.0 + float(lambertw(-math.exp(-ratio - 1.0)).real))
    root = math.sqrt(2.0 * ratio)
    share = 0.0
    for coefficient in reversed(_BRANCH_POINT):
        share = (share + coefficient) * root
    return interruption_s * share


def daly_interval_s(save_s: float, interruption_s: float) -> float:
    """Work between two checkpoints that minimises the wall time, by the published series in sqrt(save_s / (2 interruption_s)).

    It is the first three terms of `optimum_interval_s`, which jobs use: 0.04 % below it where a save is a tenth of the mean time. Where a
    save takes longer than two mean times to interruption the series does not hold; the mean time itself is within 6 % of the optimum.

    Parameters
    ----------
    save_s : float
        Time to save a checkpoint [s], at least 0.
    interruption_s : float
        Mean time to interruption of the whole job [s], above 0.

    Returns
    -------
    float
        Interval [s]; 0 where saving takes no time, infinite where nothing fails.

    References
    ----------
    [daly2006]

    Examples
    --------
    A save of a minute and an interruption every 24 hours; Young's formula gives 3219.9 s:

    >>> round(daly_interval_s(60.0, 86400.0), 1), round(young_interval_s(60.0, 86400.0), 1)
    (3180.1, 3219.9)
    >>> daly_interval_s(60.0, math.inf)
    inf
    """
    if save_s <= 0.0:
        return 0.0
    if math.isinf(interruption_s):
        return math.inf
    if save_s >= 2.0 * interruption_s:
        return interruption_s
    x = math.sqrt(save_s / (2.0 * interruption_s))
    return young_interval_s(save_s, interruption_s) * (1.0 + x / 3.0 + x * x / 9.0) - save_s


def wall_per_work(interval_s: float, save_s: float, restart_s: float, interruption_s: float) -> float:
    """Expected wall time per committed work of a job that saves a checkpoint after every interval_s of work.

    M e^(R/M) (e^((tau + delta)/M) - 1) / tau, with M the mean time to interruption. Exact for failures of a Poisson
    process, also during saving and restarting.

    Parameters
    ----------
    interval_s : float
        Work between two checkpoints tau [s], above 0.
    save_s : float
        Time to save a checkpoint delta [s], at least 0.
    restart_s : float
        Time to restart after a failure R [s], at least 0.
    interruption_s : float
        Mean time to interruption of the whole job M [s], above 0.

    Returns
    -------
    float
        Ratio, at least 1; infinite where it exceeds the range of a float.

    References
    ----------
    [daly2006]

    Examples
    --------
    >>> wall_per_work(600.0, 60.0, 300.0, math.inf)
    1.1
    """
    if math.isinf(interruption_s):
        return 1.0 + save_s / interval_s
    x = (interval_s + save_s) / interruption_s
    exponent = restart_s / interruption_s + x
    if exponent > 700.0:  # e^709 is the last that a float holds
        return math.inf
    # e^R/M (e^x - 1) as e^(R/M + x) (1 - e^-x): no difference of near numbers, whatever x
    return -math.exp(exponent) * math.expm1(-x) * interruption_s / interval_s


def effective_time_ratio(failures_per_s: float, restart_s: float, interval_s: float, save_s: float) -> float:
    """Productive time over wall time (ETTR), to first order in failures_per_s.

    Negative where failures come faster than restarts; `wall_per_work` also holds there.

    Parameters
    ----------
    failures_per_s : float
        Failure rate of the whole job [1/s], at least 0.
    restart_s : float
        Time to restart after a failure [s], at least 0.
    interval_s : float
        Work between two checkpoints [s], above 0.
    save_s : float
        Time to save a checkpoint [s], at least 0.

    Returns
    -------
    float
        Ratio, at most 1.

    References
    ----------
    [kokolis2025]
    """
    return (1.0 - failures_per_s * (restart_s + 0.5 * interval_s)) / (1.0 + save_s / interval_s)


def _dwell(satellites: int, failures_per_s: float, duration_s: float) -> NDArray[np.float64]:
    """Expected share of the duration in which exactly k = 1..satellites are alive, none repaired, shape (satellites,).

    A pure death process stays in k for 1 / (k lambda) on average, and has left it by T with P(fewer than k alive at T):
    the integral of the binomial probability over time in closed form.
    """
    alive = np.arange(1, satellites + 1)
    aged = failures_per_s * duration_s
    if aged <= 0.0:
        return np.asarray(alive == satellites, dtype=np.float64)
    left = betainc(satellites - alive + 1.0, alive, -math.expm1(-aged))
    return np.asarray(left / (alive * aged), dtype=np.float64)


def elastic_capacity(slots: int, spares: int, failures_per_s: float, duration_s: float) -> float:
    """Average share of the slots that are filled between two resupplies; spares fail as members do.

    (1/T) of the integral of E[min(n, Binom(n + s, e^(-lambda t)))] / n.

    Parameters
    ----------
    slots : int
        Members that a full job has, n, at least 1.
    spares : int
        Spares s, at least 0.
    failures_per_s : float
        Failure rate of one satellite [1/s], at least 0; times may have any unit that failures_per_s shares.
    duration_s : float
        Time between resupplies T [s], at least 0.

    Returns
    -------
    float
        Share, 0 to 1.

    Examples
    --------
    >>> elastic_capacity(128, 6, 0.0, 1.0)
    1.0
    """
    share = np.minimum(1.0, np.arange(1, slots + spares + 1) / slots)
    return float(share @ _dwell(slots + spares, failures_per_s, duration_s))


def all_slots_availability(slots: int, spares: int, failures_per_s: float, duration_s: float) -> float:
    """Average share of the time between two resupplies in which all slots are filled; spares fail as members do.

    (1/T) of the integral of P(Binom(n + s, e^(-lambda t)) >= n).

    Parameters
    ----------
    slots : int
        Members that the job needs, n, at least 1.
    spares : int
        Spares s, at least 0.
    failures_per_s : float
        Failure rate of one satellite [1/s], at least 0.
    duration_s : float
        Time between resupplies T [s], at least 0.

    Returns
    -------
    float
        Share, 0 to 1.
    """
    return float(_dwell(slots + spares, failures_per_s, duration_s)[slots - 1 :].sum())


def cold_spares_availability(slots: int, spares: int, failures_per_s: float, duration_s: float) -> float:
    """Average share of the time in which all slots are filled; spares do not fail before they are used.

    (1/T) of the integral of P(Poisson(n lambda t) <= s). Exact: while all slots are filled, failures come at n lambda.
    Once the spares are used up, the number of filled slots is not Poisson, so the elastic capacity has no such form.

    Parameters
    ----------
    slots : int
        Members that the job needs, n, at least 1.
    spares : int
        Spares s, at least 0.
    failures_per_s : float
        Failure rate of one member [1/s], at least 0.
    duration_s : float
        Time between resupplies T [s], at least 0.

    Returns
    -------
    float
        Share, 0 to 1.
    """
    demand = slots * failures_per_s * duration_s
    if demand <= 0.0:
        return 1.0
    return float(np.sum(gammainc(np.arange(1.0, spares + 2.0), demand)) / demand)


def k_of_n(needed: int, satellites: int, alive: float) -> float:
    """Probability that at least `needed` of several satellites work.

    Parameters
    ----------
    needed : int
        Satellites that must work; 0 or less: always fulfilled.
    satellites : int
        Satellites of the fleet.
    alive : float
        Probability that one satellite works, 0 to 1.

    Returns
    -------
    float
        Probability, 0 to 1.

    Examples
    --------
    >>> round(k_of_n(2, 3, 0.9), 3)  # 3 * 0.9^2 * 0.1 + 0.9^3
    0.972
    """
    if needed <= 0:
        return 1.0
    return float(betainc(needed, satellites - needed + 1.0, alive)) if needed <= satellites else 0.0


def repaired_availability(satellites: int, parallel_repairs: int, failures_per_s: float, repairs_per_s: float) -> float:
    """Average share of satellites that work when a limited number of repairs run at the same time: queue M/M/c//N.

    p_k = p_0 product over j = 1..k of (N - j + 1) lambda / (min(j, c) mu); 1 - E[k] / N.

    Parameters
    ----------
    satellites : int
        Satellites N, at least 1.
    parallel_repairs : int
        Repairs that run at the same time c, at least 1.
    failures_per_s : float
        Failure rate of one satellite lambda [1/s], at least 0.
    repairs_per_s : float
        Rate of one repair mu [1/s], above 0.

    Returns
    -------
    float
        Share, 0 to 1.

    Examples
    --------
    One satellite works for mu / (lambda + mu) of the time:

    >>> round(repaired_availability(1, 1, 0.1, 0.9), 12)
    0.9
    """
    if failures_per_s <= 0.0:
        return 1.0
    j = np.arange(1, satellites + 1)
    ratio = np.log((satellites - j + 1) * failures_per_s) - np.log(np.minimum(j, parallel_repairs) * repairs_per_s)
    logs = np.concatenate(([0.0], np.cumsum(ratio)))  # of p_k / p_0: the products themselves pass 1e308 early
    weight = np.exp(logs - logs.max())
    down = np.arange(satellites + 1)
    return float(1.0 - (down @ weight) / (satellites * weight.sum()))
