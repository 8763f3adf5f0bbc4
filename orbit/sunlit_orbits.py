"""Sunlight on circular orbits in plain numbers, without numpy: `validate` uses it too.

The Earth's shadow is a cylinder, the Sun moves by its mean elements, nodes by the secular J2. `orbit.eclipse_seasons` has the
cone and the full series of the Sun.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from orbit.constants import EARTH_RADIUS_M, J2, MU_EARTH_M3_S2, SECONDS_PER_DAY, SOLAR_CONSTANT_W_M2

J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
MOST_DAYS = 366  # at which the Sun is looked at; it returns after a year


class Sun(NamedTuple):
    """Direction to the Sun as a unit vector, mean equator of date, and its distance [au]."""

    x: float
    y: float
    z: float
    distance_au: float


class Plane(NamedTuple):
    """A circular orbit at an epoch: semi-major axis [m], inclination and right ascension of the ascending node [rad]."""

    semi_major_axis_m: float
    inclination_rad: float
    node_rad: float


class SunRange(NamedTuple):
    """Angle between Sun and orbit plane over a span, without sign [rad], and sunlight [W/m2]."""

    least_beta_rad: float
    most_beta_rad: float
    least_w_m2: float
    most_w_m2: float


def days_since_j2000(moment: datetime) -> float:
    """Days from 2000-01-01 12:00 to a moment; the minute between UTC and TT does not count here.

    Parameters
    ----------
    moment : datetime
        The moment, with a time zone.

    Returns
    -------
    float
        Days.

    Examples
    --------
    >>> days_since_j2000(datetime(2000, 1, 2, tzinfo=UTC))
    0.5
    """
    return (moment - J2000).total_seconds() / SECONDS_PER_DAY


def mean_sun_longitude_rad(day: float) -> float:
    """Mean longitude of the Sun, which is the right ascension of the mean Sun of local time. [vallado2013:alg. 29]

    Parameters
    ----------
    day : float
        Days since J2000.

    Returns
    -------
    float
        Longitude [rad].
    """
    return math.radians((280.460 + 0.9856474 * day) % 360.0)


def sun(day: float) -> Sun:
    """Direction and distance of the Sun, within 0.02 deg from 1950 to 2050. [vallado2013:alg. 29]

    Parameters
    ----------
    day : float
        Days since J2000.

    Returns
    -------
    Sun
        Direction and distance.

    Examples
    --------
    >>> found = sun(days_since_j2000(datetime(2026, 12, 21, 20, 50, tzinfo=UTC)))  # solstice
    >>> round(math.degrees(math.asin(found.z)), 1), round(found.distance_au, 3)
    (-23.4, 0.984)
    """
    anomaly = math.radians((357.528 + 0.9856003 * day) % 360.0)
    longitude = mean_sun_longitude_rad(day) + math.radians(1.915 * math.sin(anomaly) + 0.020 * math.sin(2.0 * anomaly))
    obliquity = math.radians(23.439 - 4e-7 * day)
    across = math.sin(longitude)
    distance_au = 1.00014 - 0.01671 * math.cos(anomaly) - 0.00014 * math.cos(2.0 * anomaly)
    return Sun(math.cos(longitude), across * math.cos(obliquity), across * math.sin(obliquity), distance_au)


def period_s(semi_major_axis_m: float) -> float:
    """Time of a revolution. [vallado2013:eq. 1-29]

    Parameters
    ----------
    semi_major_axis_m : float
        Semi-major axis [m].

    Returns
    -------
    float
        Period [s].
    """
    return 2.0 * math.pi * math.sqrt(semi_major_axis_m**3 / MU_EARTH_M3_S2)


def node_rate_rad_d(semi_major_axis_m: float, inclination_rad: float) -> float:
    """Secular motion of the node of a circular orbit. [vallado2013:eq. 9-37]

    Parameters
    ----------
    semi_major_axis_m : float
        Semi-major axis [m].
    inclination_rad : float
        Inclination [rad].

    Returns
    -------
    float
        Rate [rad/d].
    """
    n_rad_d = 2.0 * math.pi * SECONDS_PER_DAY / period_s(semi_major_axis_m)
    return -1.5 * n_rad_d * J2 * (EARTH_RADIUS_M / semi_major_axis_m) ** 2 * math.cos(inclination_rad)


def beta_sine(direction: Sun, inclination_rad: float, node_rad: float) -> float:
    """Sine of the Sun's angle above an orbit plane.

    Parameters
    ----------
    direction : Sun
        Direction to the Sun.
    inclination_rad, node_rad : float
        Inclination and right ascension of the ascending node [rad].

    Returns
    -------
    float
        Sine, -1 to 1, positive towards the orbit normal.
    """
    across = direction.x * math.sin(node_rad) - direction.y * math.cos(node_rad)
    return across * math.sin(inclination_rad) + direction.z * math.cos(inclination_rad)


def sun_range(planes: Iterable[Plane], first_day: float, days: float) -> SunRange:
    """Angles between the Sun and planes, and sunlight, over a span; looked at once a day, for a year at most.

    Parameters
    ----------
    planes : iterable of Plane
        Planes at the beginning of the span, at least one.
    first_day : float
        Beginning of the span [d since J2000].
    days : float
        Length of the span [d].

    Returns
    -------
    SunRange
        Least and largest angle of all planes, least and largest sunlight. The least angle is 0 where the Sun crosses a
        plane between two days.

    Examples
    --------
    The Sun is in the plane of the equator at the equinox:

    >>> found = sun_range([Plane(7e6, 0.0, 0.0)], days_since_j2000(datetime(2027, 3, 20, tzinfo=UTC)), 2.0)
    >>> round(found.least_beta_rad, 9), round(math.degrees(found.most_beta_rad), 2)
    (0.0, 0.45)
    """
    looks = max(2, min(MOST_DAYS, math.ceil(days) + 1))
    after_d = [days * i / (looks - 1) for i in range(looks)]
    suns = [sun(first_day + d) for d in after_d]
    least, most = 1.0, 0.0
    for plane in planes:
        rate = node_rate_rad_d(plane.semi_major_axis_m, plane.inclination_rad)
        before = 0.0
        for d, direction in zip(after_d, suns, strict=True):
            sine = beta_sine(direction, plane.inclination_rad, plane.node_rad + rate * d)
            least = 0.0 if sine * before < 0.0 else min(least, abs(sine))
            most = max(most, abs(sine))
            before = sine
    light = [SOLAR_CONSTANT_W_M2 / s.distance_au**2 for s in suns]
    return SunRange(math.asin(min(1.0, least)), math.asin(min(1.0, most)), min(light), max(light))


def eclipsed_share(radius_m: float, beta_rad: float) -> float:
    """Share of a circular orbit in a cylindrical shadow of the Earth. [wertz1999]

    Parameters
    ----------
    radius_m : float
        Radius of the orbit [m].
    beta_rad : float
        Angle of the Sun above the orbit plane [rad].

    Returns
    -------
    float
        Share, 0 to 0.5.

    Examples
    --------
    >>> round(eclipsed_share(2.0 * EARTH_RADIUS_M, 0.0), 6)  # asin(1/2) / pi
    0.166667
    """
    clear = math.sqrt(1.0 - (EARTH_RADIUS_M / radius_m) ** 2)
    in_plane = math.cos(beta_rad)
    return 0.0 if in_plane <= clear else math.acos(clear / in_plane) / math.pi


def face_view_factor(radius_m: float, to_nadir: float) -> float:
    """View factor to the Earth of one face of a small plate. [howell2010]

    Parameters
    ----------
    radius_m : float
        Distance from the Earth's centre [m], at least the Earth's radius.
    to_nadir : float
        Cosine of the angle between the normal of the face and nadir, -1 to 1.

    Returns
    -------
    float
        View factor, 0 to 1.

    Examples
    --------
    >>> face_view_factor(2.0 * EARTH_RADIUS_M, 1.0), face_view_factor(2.0 * EARTH_RADIUS_M, -1.0)
    (0.25, 0.0)
    >>> round(face_view_factor(EARTH_RADIUS_M, 0.0), 9)  # half of the sky is ground
    0.5
    """
    h = radius_m / EARTH_RADIUS_M
    if abs(to_nadir) * h >= 1.0:  # the Earth lies wholly on one side of the plate
        return max(0.0, to_nadir) / (h * h)
    steep, rim = math.sqrt(1.0 - to_nadir * to_nadir), math.sqrt(h * h - 1.0)
    hidden = math.asin(min(1.0, rim / (h * steep)))
    across = to_nadir * math.acos(max(-1.0, min(1.0, -rim * to_nadir / steep))) - rim * math.sqrt(1.0 - h * h * to_nadir * to_nadir)
    return 0.5 + (across / (h * h) - hidden) / math.pi
