"""Lifetimes of units: Weibull distributions, their closed forms, and draws by inversion; rates that differ from unit to unit.

A shape below 1 is infant mortality, 1 a constant rate, above 1 wear-out; a bathtub curve is two processes side by side.
Units of one process may differ in their rate (frailty): it is a factor from a gamma distribution with mean 1, drawn once for each unit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincinv

from orbit.kernels.compile import exact_inlined
from sim.fleet.random_streams import to_unit, words

Array = NDArray[np.float64]


def survival(time_s: Array | float, scale_s: float, shape: float) -> Array:
    """Probability that a unit still works.

    Parameters
    ----------
    time_s : ndarray or float
        Age [s], at least 0.
    scale_s : float
        Age at which 1/e is left [s], above 0; infinite: nothing fails.
    shape : float
        Shape of the Weibull distribution, above 0.

    Returns
    -------
    ndarray
        exp(-(t / scale)^shape).

    References
    ----------
    [castet2009]

    Examples
    --------
    >>> round(float(survival(1.0, 8316.0, 0.3875)), 3)  # satellites after a year, scale in years
    0.97
    """
    return np.asarray(np.exp(-np.power(np.asarray(time_s) / scale_s, shape)))


def scale_from_mean_s(mean_s: float, shape: float) -> float:
    """Scale of a Weibull distribution with a given mean.

    Parameters
    ----------
    mean_s : float
        Mean lifetime [s], above 0.
    shape : float
        Shape, above 0.

    Returns
    -------
    float
        Scale [s], mean / Gamma(1 + 1 / shape).

    Examples
    --------
    >>> scale_from_mean_s(40.0, 1.0)
    40.0
    """
    return mean_s / math.gamma(1.0 + 1.0 / shape)


def share_of_worst(share: float, shape: float) -> float:
    """Share of all failures that come from the units that fail most, where rates have a gamma distribution.

    Parameters
    ----------
    share : float
        Share of the units, those with the highest rates, 0 to 1.
    shape : float
        Shape of the gamma distribution, above 0: the variance of rates with mean 1 is 1 / shape.

    Returns
    -------
    float
        Share of the failures, at least `share`.

    Notes
    -----
    One minus the Lorenz curve: rates above their quantile q hold 1 - P(shape + 1, q shape), with P the regularised incomplete
    gamma function.

    Examples
    --------
    Where rates hardly differ, a tenth of the units has a tenth of the failures:

    >>> round(share_of_worst(0.1, 1e6), 2)
    0.1
    """
    quantile = gammaincinv(shape, 1.0 - share)
    return float(1.0 - gammainc(shape + 1.0, quantile))


@exact_inlined
def factor(unit: int, serial: int, shape: float, key: int, key_2: int) -> float:
    """Factor on the rate of a unit, from a gamma distribution with mean 1.

    Parameters
    ----------
    unit, serial : int
        Number of the unit in its satellite, and that of the satellite.
    shape : float
        Shape of the distribution, above 0; infinite: the factor is 1.
    key, key_2 : int
        Key of the process's stream.

    Returns
    -------
    float
        The factor, above 0.

    Notes
    -----
    Marsaglia and Tsang's method [marsaglia2000]; below a shape of 1 by the usual power of a further uniform number.
    """
    if math.isinf(shape):
        return 1.0
    d = (shape if shape >= 1.0 else shape + 1.0) - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    trial = 0
    while True:
        trial += 1
        drawn = words(trial, unit, serial, 2, key, key_2)
        # a normal number by the polar form of Box and Muller, from two words
        x = math.sqrt(-2.0 * math.log1p(-to_unit(drawn[0]))) * math.cos(2.0 * math.pi * to_unit(drawn[1]))
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        u = 1.0 - to_unit(drawn[2])
        if math.log(u) < 0.5 * x * x + d - d * v + d * math.log(v):
            found = d * v / shape
            if shape < 1.0:
                found *= (1.0 - to_unit(drawn[3])) ** (1.0 / shape)
            return found


@exact_inlined
def hazard(age_s: float, scale_s: float, shape: float) -> float:
    """Cumulative hazard of a unit: minus the logarithm of its survival.

    Parameters
    ----------
    age_s : float
        Age [s]; below 0 as 0.
    scale_s, shape : float
        Weibull distribution of the lifetimes.

    Returns
    -------
    float
        Cumulative hazard, at least 0.
    """
    return age_s / scale_s if shape == 1.0 else (max(age_s, 0.0) / scale_s) ** shape


@exact_inlined
def age_at(cumulative: float, scale_s: float, shape: float) -> float:
    """Age at which the cumulative hazard has a value: the inverse of `hazard`.

    Parameters
    ----------
    cumulative : float
        Cumulative hazard, at least 0.
    scale_s, shape : float
        Weibull distribution of the lifetimes.

    Returns
    -------
    float
        Age [s].
    """
    return cumulative * scale_s if shape == 1.0 else scale_s * cumulative ** (1.0 / shape)


@exact_inlined
def failure_s(
    now_s: float, born_s: float, exponential: float, scale_s: float, shape: float, since: Any, multiple: Any, first: int, last: int
) -> float:
    """Time at which a unit fails that works now [s].

    Parameters
    ----------
    now_s, born_s : float
        Now, and when the unit was born [s].
    exponential : float
        Random number with an exponential distribution of mean 1, over the factor of the unit.
    scale_s, shape : float
        Of the Weibull distribution of the age.
    since, multiple : ndarray
        From since[i] on [s] the rate is multiple[i] times that of the distribution, for i from `first` to `last` - 1; before, it is that.
    first, last : int
        See above.

    Returns
    -------
    float
        The time [s]; infinite where the rate falls to 0 before.
    """
    left, at_s, times = exponential, now_s, 1.0
    start = hazard(now_s - born_s, scale_s, shape)
    for i in range(first, last):
        if since[i] > at_s:
            end = hazard(since[i] - born_s, scale_s, shape)
            if times * (end - start) >= left:
                break
            left -= times * (end - start)
            start, at_s = end, since[i]
        times = multiple[i]
    if times <= 0.0:
        return math.inf
    return born_s + age_at(start + left / times, scale_s, shape)
