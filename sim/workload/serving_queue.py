"""Queues of a service in closed form: waiting time of requests before their prompts, and how many are decoded at a time."""

from __future__ import annotations

import math
from statistics import NormalDist

EXACT_MEAN = 400.0  # up to this mean a Poisson quantile is summed; beyond, the normal distribution is within 0.1 %


def mean_wait_s(load: float, service_s: float) -> float:
    """Mean waiting time of random arrivals at a server with one duration (M/D/1).

    Parameters
    ----------
    load : float
        Arrival rate times duration, at least 0.
    service_s : float
        Duration [s].

    Returns
    -------
    float
        Waiting time [s]; inf from a load of 1.

    References
    ----------
    [tijms2003:section 2.5]

    Examples
    --------
    >>> mean_wait_s(0.5, 2.0)
    1.0
    """
    return math.inf if load >= 1.0 else load * service_s / (2.0 * (1.0 - load))


def wait_quantile_s(load: float, service_s: float, percentile: float) -> float:
    """Waiting time that a share of random arrivals at a server with one duration does not exceed (M/D/1).

    Parameters
    ----------
    load : float
        Arrival rate times duration, at least 0.
    service_s : float
        Duration [s].
    percentile : float
        Share of the arrivals, 0 to below 1.

    Returns
    -------
    float
        Waiting time [s]; inf from a load of 1.

    Notes
    -----
    Below one duration the distribution is P(W <= t) = (1 - rho) exp(lambda t), exactly. Beyond, its exponential tail
    P(W > t) = (1 - rho) exp(-eta t) / (rho exp(eta s) - 1) with lambda (exp(eta s) - 1) = eta; the probability is within 4 %
    there, and within 16 % at low loads and where both meet.

    References
    ----------
    [tijms2003:section 9.2]

    Examples
    --------
    Half of the arrivals at a half-loaded server do not wait; one in a hundred waits longer than 3.3 durations:

    >>> wait_quantile_s(0.5, 1.0, 0.5), round(wait_quantile_s(0.5, 1.0, 0.99), 1)
    (0.0, 3.3)
    """
    if load >= 1.0:
        return math.inf
    if percentile <= 1.0 - load:
        return 0.0
    short = math.log(percentile / (1.0 - load)) / load  # in durations
    if short <= 1.0:
        return short * service_s
    decay = _decay(load)
    late = 1.0 - percentile
    return max(1.0, math.log((1.0 - load) / (load * math.exp(decay) - 1.0) / late) / decay) * service_s


def _decay(load: float) -> float:
    """The x above 0 with load (exp(x) - 1) = x, by Newton's method from above."""
    x = 2.0 * (1.0 - load) / load + 1.0 - load  # above the root at high loads
    x = max(x, -2.0 * math.log(load) + 2.0) if load < 0.5 else x
    for _ in range(100):
        step = (load * math.expm1(x) - x) / (load * math.exp(x) - 1.0)
        x -= step
        if abs(step) < 1e-13 * x:
            break
    return x


def poisson_quantile(mean: float, percentile: float) -> float:
    """Number that a Poisson count does not exceed with a probability.

    Parameters
    ----------
    mean : float
        Mean, at least 0.
    percentile : float
        Probability, 0 to below 1.

    Returns
    -------
    float
        Smallest such number.

    Examples
    --------
    >>> poisson_quantile(4.0, 0.99), poisson_quantile(10000.0, 0.99)
    (9.0, 10233.0)
    """
    if mean > EXACT_MEAN:
        return math.ceil(mean + NormalDist().inv_cdf(percentile) * math.sqrt(mean) - 0.5) * 1.0
    term = total = math.exp(-mean)
    count = 0
    while total < percentile:
        count += 1
        term *= mean / count
        total += term
    return float(count)
