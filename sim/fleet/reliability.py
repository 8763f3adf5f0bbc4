"""Closed forms of failing, saving and sparing: what planners use, and what the clock of jobs is held against.

Rates are per second and constant, failures independent. Satellite and node are one: what fails as a whole.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammainc


def mean_time_to_interruption_s(nodes: int, failures_per_s: float) -> float:
    """Mean time [s] to the first failure of any of the nodes, each failing at failures_per_s."""
    rate = nodes * failures_per_s
    return 1.0 / rate if rate > 0.0 else math.inf


def young_interval_s(save_s: float, interruption_s: float) -> float:
    """Work between two saves [s], to first order in save_s / interruption_s. [young1974]

    interruption_s is the mean time to interruption of the whole job.
    """
    return math.sqrt(2.0 * save_s * interruption_s) if save_s > 0.0 else 0.0


def daly_interval_s(save_s: float, interruption_s: float) -> float:
    """Work between two saves [s] that wastes least, by a series in the root of save_s / 2 interruption_s. [daly2006]

    0 if saving is free (save all the time), inf if nothing fails. Where a save takes longer than two mean times to
    interruption the series is of no use, and the mean time itself is within 6 % of the optimum.
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
    """Expected wall time per committed work of a job that saves after interval_s of work. [daly2006]

    M e^(R/M) (e^((tau + delta)/M) - 1) / tau, M the mean time to interruption. Exact for failures that come as a Poisson
    process, also during saving and restarting; inf where it is beyond a float.
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
    """Productive over wall time, to first order in failures_per_s (of the whole job). [kokolis2025]

    Below zero where failures come faster than restarts: `wall_per_work` holds there too.
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
    """Mean share of the slots that are filled between two resupplies, spares as exposed to failure as members.

    (1/T) of the integral of E[min(n, Binom(n + s, e^(-lambda t)))] / n.
    """
    share = np.minimum(1.0, np.arange(1, slots + spares + 1) / slots)
    return float(share @ _dwell(slots + spares, failures_per_s, duration_s))


def all_slots_availability(slots: int, spares: int, failures_per_s: float, duration_s: float) -> float:
    """Mean share of the time between two resupplies in which all slots are filled, spares exposed as members are.

    (1/T) of the integral of P(Binom(n + s, e^(-lambda t)) >= n).
    """
    return float(_dwell(slots + spares, failures_per_s, duration_s)[slots - 1 :].sum())


def cold_spares_availability(slots: int, spares: int, failures_per_s: float, duration_s: float) -> float:
    """The same with spares that do not fail before they are used: (1/T) of the integral of P(Poisson(n lambda t) <= s).

    Exact: while all slots are filled, failures come at n lambda. What is left of the slots once the spares are used up is
    not Poisson, so there is no such form of the elastic capacity.
    """
    demand = slots * failures_per_s * duration_s
    if demand <= 0.0:
        return 1.0
    return float(np.sum(gammainc(np.arange(1.0, spares + 2.0), demand)) / demand)


def k_of_n(needed: int, satellites: int, alive: float) -> float:
    """Probability that at least `needed` satellites live, each with probability `alive`."""
    if needed <= 0:
        return 1.0
    return float(betainc(needed, satellites - needed + 1.0, alive)) if needed <= satellites else 0.0


def repaired_availability(satellites: int, crews: int, failures_per_s: float, repairs_per_s: float) -> float:
    """Mean share of satellites that work when `crews` repair one each at a time, at repairs_per_s: M/M/c//N.

    p_k = p_0 product over j = 1..k of (N - j + 1) lambda / (min(j, c) mu); 1 - E[k] / N.
    """
    if failures_per_s <= 0.0:
        return 1.0
    j = np.arange(1, satellites + 1)
    ratio = np.log((satellites - j + 1) * failures_per_s) - np.log(np.minimum(j, crews) * repairs_per_s)
    logs = np.concatenate(([0.0], np.cumsum(ratio)))  # of p_k / p_0: the products themselves pass 1e308 early
    weight = np.exp(logs - logs.max())
    down = np.arange(satellites + 1)
    return float(1.0 - (down @ weight) / (satellites * weight.sum()))
