"""Fixed steps of numerical propagation: their length, and interpolation between them. [berry2004]"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from orbit.constants import MU_EARTH_M3_S2
from orbit.kernels import multistep

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

ORDER = 10
MOST_ECCENTRIC = 0.02  # that goes by fixed steps
# Error of fixed steps of order 10 under zonal gravity, the most found from 200 to 2,000 km up to that eccentricity, any
# inclination: 1.8 mm a day at steps of 0.0723 rad of the orbit at perigee, with the power 9.4; unstable from 0.1 rad.
_KNOWN_RAD, _KNOWN_M, _POWER, _STABLE_RAD = 0.0723, 1.8e-3, 9.4, 0.09
RATES_PER_OCTAVE = 16.0
LONGEST_STEP_S = 1800.0  # that Sun and Moon are tabulated for, ORDER of them before the epoch


def eccentricity(r_m: Array, v_m_s: Array) -> Array:
    """Osculating eccentricity of positions and velocities.

    Parameters
    ----------
    r_m, v_m_s : ndarray, shape (..., 3)
        Position [m] and velocity [m/s].

    Returns
    -------
    ndarray, shape (...)

    Examples
    --------
    At perigee the speed is sqrt(mu (1 + e) / r).

    >>> import numpy as np
    >>> r, e = 7000e3, 0.1
    >>> v = np.sqrt(3.986004418e14 * (1.0 + e) / r)
    >>> round(float(eccentricity(np.array([r, 0.0, 0.0]), np.array([0.0, v, 0.0]))), 12)
    0.1
    """
    r = np.linalg.norm(r_m, axis=-1, keepdims=True)
    along = np.sum(r_m * v_m_s, axis=-1, keepdims=True)
    vector = (
        (np.sum(v_m_s * v_m_s, axis=-1, keepdims=True) - MU_EARTH_M3_S2 / r) * r_m - along * v_m_s
    ) / MU_EARTH_M3_S2
    return np.asarray(np.linalg.norm(vector, axis=-1))


def fastest_rate_rad_s(r_m: Array, v_m_s: Array) -> Array:
    """Angular rate at perigee of the osculating orbit.

    Parameters
    ----------
    r_m, v_m_s : ndarray, shape (..., 3)
        Position [m] and velocity [m/s].

    Returns
    -------
    ndarray, shape (...)
        Rate [rad/s]; of eccentricity 0.99 where the orbit is more eccentric.
    """
    e = np.minimum(eccentricity(r_m, v_m_s), 0.99)
    h = np.linalg.norm(np.cross(r_m, v_m_s), axis=-1)
    perigee = h * h / MU_EARTH_M3_S2 / (1.0 + e)
    return np.asarray(h / (perigee * perigee))


def fixed_step(rate_rad_s: float, tick_s: float, error_m: float) -> Fraction:
    """Length of a fixed step as a fraction of the grid's step, either a whole number of steps or one over a whole number.

    Parameters
    ----------
    rate_rad_s : float
        Angular rate at perigee [rad/s], from `fastest_rate_rad_s`.
    tick_s : float
        Step of the grid [s].
    error_m : float
        Allowed error of integration per day [m].

    Returns
    -------
    Fraction
        Step in units of tick_s; half an hour at most.
    """
    angle = min(_STABLE_RAD, _KNOWN_RAD * (error_m / _KNOWN_M) ** (1.0 / _POWER))
    ticks = min(angle / rate_rad_s, LONGEST_STEP_S) / tick_s
    return Fraction(math.floor(ticks)) if ticks >= 1.0 else Fraction(1, math.ceil(1.0 / ticks))


@cache
def _weights(late: int, whole: int) -> Array:
    """Weights for the position late / whole of a step before it; the step itself is copied."""
    return np.full(2 * ORDER + 1, multistep.PLAIN) if late == 0 else multistep.mixed(ORDER, Fraction(-late, whole))


@cache
def _plain(count: int) -> Array:
    return np.full((count, 2 * ORDER + 1), multistep.PLAIN)


def steps_at_ticks(share: Fraction, ticks: Ints) -> tuple[Ints, Array]:
    """Steps at or after ticks of the grid, and the weights that interpolate positions at the ticks.

    Parameters
    ----------
    share : Fraction
        Length of a step in ticks, from `fixed_step`.
    ticks : ndarray of int64, shape (n,)
        Ticks of the grid.

    Returns
    -------
    steps : ndarray of int64, shape (n,)
        Number of the step at or after each tick.
    weights : ndarray, shape (n, 2 ORDER + 1)
        Weights for the states at the ticks.
    """
    whole, parts = share.numerator, share.denominator
    steps = -((-ticks * parts) // whole)
    late = steps * whole - ticks * parts
    if not late.any():
        return steps, _plain(ticks.size)
    return steps, np.array([_weights(int(n), whole) for n in late])


def steps_at_times(share: Fraction, ticks: Array) -> tuple[Ints, Array]:
    """Steps at or after any times, and the weights that interpolate positions and velocities at the times.

    Parameters
    ----------
    share : Fraction
        Length of a step in ticks, from `fixed_step`.
    ticks : ndarray, shape (n,)
        Times in ticks of the grid.

    Returns
    -------
    steps : ndarray of int64, shape (n,)
        Number of the step at or after each time.
    weights : ndarray, shape (n, weights)
        Weights for the states at the times.
    """
    at = ticks * (share.denominator / share.numerator)
    steps = np.ceil(at)
    return steps.astype(np.int64), np.array([multistep.mixed(ORDER, float(n)) for n in at - steps])
