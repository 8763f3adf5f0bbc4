"""Eclipse seasons of a circular orbit over a year, from its beta angle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SECONDS_PER_DAY
from orbit.elements import nodal_period_s
from orbit.environment import beta_angle_rad, sun_position_m
from orbit.kernels import eclipse as kernels
from orbit.kernels.j2 import node_rate_rad_s
from orbit.kernels.shadow import POINT_SUN_M, SUN_DISC_M

Array = NDArray[np.float64]
Shadow = Literal["cone", "cylinder"]

PENUMBRA_EDGE = 1.0  # height over the shadow's edge where the penumbra begins, in solar radii
_CYLINDER_DISTANCE = 1e6  # the shadow of a Sun so many times as far is a cylinder
_SAMPLES_PER_DAY = 8


@dataclass(frozen=True, slots=True, eq=False)
class Seasons:
    """Eclipses of one circular orbit over some days from an epoch.

    Attributes
    ----------
    seasons_d : tuple of (float, float)
        Intervals [d since the epoch] in which every revolution has an eclipse, cut at the ends of the span.
    longest_s : float
        Longest passage, first to last contact [s].
    mean_fraction : float
        Fraction of sunlight that is lost, averaged over the span.
    beta_rad : ndarray, shape (times,)
        Angle of the Sun above the orbit plane at each sample [rad].
    """

    seasons_d: tuple[tuple[float, float], ...]
    longest_s: float
    mean_fraction: float
    beta_rad: Array

    @property
    def days(self) -> float:
        """Number of days with eclipses."""
        return sum(end - start for start, end in self.seasons_d)


def beta_over_rad(
    semi_major_axis_m: float, inclination_rad: float, node_rad: float, jd: float, fr: float, after_d: Array
) -> Array:
    """Angle of the Sun above a circular orbit's plane over time, the node moving by secular J2.

    Parameters
    ----------
    semi_major_axis_m : float
        Mean semi-major axis [m].
    inclination_rad, node_rad : float
        Inclination, and right ascension of the ascending node at the epoch [rad].
    jd, fr : float
        Epoch, UTC Julian date in two parts.
    after_d : ndarray, shape (times,)
        Days since the epoch.

    Returns
    -------
    ndarray, shape (times,)
        Angle [rad], positive towards the orbit normal.
    """
    rate = node_rate_rad_s(semi_major_axis_m, inclination_rad) * SECONDS_PER_DAY
    whole = np.floor(after_d)
    sun_m = sun_position_m(jd + whole, fr + (after_d - whole))
    return beta_angle_rad(sun_m, inclination_rad, node_rad + rate * after_d)


def eclipse_seasons(
    semi_major_axis_m: float,
    inclination_rad: float,
    node_rad: float,
    jd: float,
    fr: float,
    days: float = 365.0,
    shadow: Shadow = "cone",
) -> Seasons:
    """Eclipses of a circular orbit over some days, the node moving by secular J2.

    Beta is constant within a revolution: an error of 0.07 deg at most, a second or two of a passage.

    Parameters
    ----------
    semi_major_axis_m : float
        Mean semi-major axis [m].
    inclination_rad, node_rad : float
        Inclination, and right ascension of the ascending node at the epoch [rad].
    jd, fr : float
        Epoch, UTC Julian date in two parts.
    days : float
        Length of the span [d].
    shadow : {"cone", "cylinder"}
        A cone counts any shade as an eclipse and weighs it by the visible fraction of the Sun's disc. A cylinder has
        full shadow only.

    Returns
    -------
    Seasons
    """
    after_d = np.linspace(0.0, days, math.ceil(days * _SAMPLES_PER_DAY) + 1)
    beta_rad = beta_over_rad(semi_major_axis_m, inclination_rad, node_rad, jd, fr, after_d)
    whole = np.floor(after_d)
    distance_m = np.linalg.norm(sun_position_m(jd + whole, fr + (after_d - whole)), axis=-1)
    period_s = nodal_period_s(semi_major_axis_m, inclination_rad)
    return seasons_of_beta(semi_major_axis_m, period_s, after_d, beta_rad, distance_m, shadow)


def seasons_of_beta(
    semi_major_axis_m: float,
    period_s: float,
    after_d: Array,
    beta_rad: Array,
    sun_distance_m: Array,
    shadow: Shadow = "cone",
) -> Seasons:
    """Eclipses of a circular orbit from its beta angle over time.

    Parameters
    ----------
    semi_major_axis_m : float
        Semi-major axis [m].
    period_s : float
        Time of a revolution relative to the Sun's direction [s].
    after_d : ndarray, shape (times,)
        Days since the epoch, evenly spaced, rising.
    beta_rad : ndarray, shape (times,)
        Angle of the Sun above the orbit plane [rad].
    sun_distance_m : ndarray, shape (times,)
        Distance of the Sun [m].
    shadow : {"cone", "cylinder"}
        Model of the shadow, as in `eclipse_seasons`.

    Returns
    -------
    Seasons

    Examples
    --------
    With the Sun in the orbit plane a cylinder shades arcsin(R / a) / pi of an orbit: a sixth at a = 2 R.

    >>> import numpy as np
    >>> days, beta, distance = np.arange(3.0), np.zeros(3), np.full(3, 149597870700.0)
    >>> found = seasons_of_beta(2.0 * 6378137.0, 14400.0, days, beta, distance, "cylinder")
    >>> round(found.mean_fraction, 6), round(found.longest_s), found.days
    (0.166667, 2400, 2.0)
    """
    cone = shadow == "cone"
    out = np.empty((3, after_d.size))
    far, radius_m = (1.0, SUN_DISC_M) if cone else (_CYLINDER_DISTANCE, POINT_SUN_M)
    kernels.circle_shade(semi_major_axis_m, beta_rad, sun_distance_m * far, radius_m, out)
    lost, shaded, edge = out
    return Seasons(
        _below(after_d, edge - (PENUMBRA_EDGE if cone else 0.0)),
        float(shaded.max()) * period_s,
        float(np.mean(0.5 * (lost[1:] + lost[:-1]))),
        beta_rad,
    )


def _below(t: Array, value: Array) -> tuple[tuple[float, float], ...]:
    """Intervals of t in which value is below zero, by linear interpolation between samples."""
    below = value < 0.0
    k = np.flatnonzero(below[1:] != below[:-1])
    at = t[k] + (t[k + 1] - t[k]) * value[k] / (value[k] - value[k + 1])
    edges = [*([t[0]] if below[0] else []), *at, *([t[-1]] if below[-1] else [])]
    return tuple((float(a), float(b)) for a, b in zip(edges[::2], edges[1::2], strict=True))
