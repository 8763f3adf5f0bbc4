"""Drag of a satellite on a circular orbit, averaged over revolutions and seasons, by the attitude that it flies.

Array and radiator are flat plates of which both faces meet the air, the body has the same cross-section from all sides.
No part shadows another. The air turns with the Earth. Plain Python: validation needs it and loads no arrays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from orbit import density
from orbit.constants import (
    EARTH_FLATTENING,
    EARTH_RADIUS_M,
    EARTH_ROTATION_RAD_S,
    MU_EARTH_M3_S2,
)

PLACES = 24  # of a revolution
SEASONS = 36  # of a year
REENTRY_M = 200e3  # altitude below which a satellite comes down within hours
LIFETIME_STEP_M = 10e3
OBLIQUITY_RAD = math.radians(23.4393)
_GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)

Vector = tuple[float, float, float]


class Orbit(NamedTuple):
    """A circular orbit; node_from_sun_rad is the node's right ascension beyond the mean Sun's, None where it goes round."""

    altitude_m: float
    inclination_rad: float
    node_from_sun_rad: float | None = None


class Air(NamedTuple):
    """Solar flux F10.7 [sfu], 70 to 250, and geomagnetic index Ap, 4 to 130."""

    f107: float
    ap: float


class Areas(NamedTuple):
    """Areas that meet the air [m2]: planform of array and radiator, cross-section of the body."""

    array_m2: float
    radiator_m2: float
    body_m2: float


class MeanDrag(NamedTuple):
    """Means over an orbit; of each triple the first is that of each m2 of array, then of radiator and of body."""

    density_kg_m3: float
    projected: Vector  # area that meets the air, for each m2
    sunlit: Vector  # area that meets sunlight, for each m2
    pressure_pa: Vector  # 1/2 rho v_rel (v_rel along the motion) times that area

    def area_m2(self, areas: Areas) -> float:
        """Mean projected area.

        Parameters
        ----------
        areas : Areas
            Areas of the satellite.

        Returns
        -------
        float
            Area that meets the air [m2].
        """
        return math.fsum(a * p for a, p in zip(areas, self.projected, strict=True))

    def sunlit_m2(self, areas: Areas) -> float:
        """Mean area that meets sunlight, eclipses apart.

        Parameters
        ----------
        areas : Areas
            Areas of the satellite.

        Returns
        -------
        float
            Area [m2].
        """
        return math.fsum(a * p for a, p in zip(areas, self.sunlit, strict=True))

    def force_n(self, areas: Areas, drag_coefficient: float) -> float:
        """Mean drag along the motion.

        Parameters
        ----------
        areas : Areas
            Areas of the satellite.
        drag_coefficient : float
            Drag coefficient.

        Returns
        -------
        float
            Force against the motion [N].
        """
        return drag_coefficient * math.fsum(a * p for a, p in zip(areas, self.pressure_pa, strict=True))


def plates(law: str, sun: Vector) -> tuple[Vector, Vector] | None:
    """Normals of array and radiator by attitude law.

    Parameters
    ----------
    law : str
        Attitude law.
    sun : tuple of float
        Direction of the Sun along radius, motion and orbit normal.

    Returns
    -------
    tuple or None
        Normal of the array and of the radiator in the same axes; None for a law without one, which turns all ways.

    Examples
    --------
    >>> plates("nadir", (0.0, 0.6, 0.8))
    ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    """
    if law == "sun-pointing":
        across = math.hypot(sun[1], sun[2]) or 1.0
        return sun, (0.0, sun[2] / across, -sun[1] / across)
    if law == "orbit-normal":
        return (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)
    if law == "nadir":
        return (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)
    return None


def over_orbit(orbit: Orbit, law: str, air: Air, node_rad: float, sun: Vector) -> MeanDrag:
    """Mean drag over a revolution with the Sun in a direction. [vallado2013:8.6.2; emmert2022]

    Parameters
    ----------
    orbit : Orbit
        The orbit; its node is that of `node_rad`.
    law : str
        Attitude law.
    air : Air
        Solar and geomagnetic activity.
    node_rad : float
        Right ascension of the ascending node [rad].
    sun : tuple of float
        Unit vector to the Sun, equatorial.

    Returns
    -------
    MeanDrag
        Means over argument of latitude.

    Examples
    --------
    An array that faces the zenith meets no air, a radiator along the orbit plane only what the rotation of the air adds.

    >>> mean = over_orbit(Orbit(650e3, 1.71), "nadir", Air(150.0, 15.0), 0.0, (1.0, 0.0, 0.0))
    >>> mean.projected[0], 0.02 < mean.projected[1] < 0.06, round(mean.projected[2], 9)
    (0.0, True, 1.0)
    """
    total, projected, sunlit, pressure = 0.0, [0.0] * 3, [0.0] * 3, [0.0] * 3
    radius_m = EARTH_RADIUS_M + orbit.altitude_m
    speed_m_s = math.sqrt(MU_EARTH_M3_S2 / radius_m)
    cos_i, sin_i = math.cos(orbit.inclination_rad), math.sin(orbit.inclination_rad)
    along_m_s = speed_m_s - EARTH_ROTATION_RAD_S * radius_m * cos_i
    normal = (math.sin(node_rad) * sin_i, -math.cos(node_rad) * sin_i, cos_i)
    sun_w = _dot(sun, normal)
    for u, rho in _densities(orbit, air, node_rad, sun):
        radial, ahead = _axes(node_rad, cos_i, sin_i, u)
        across_m_s = EARTH_ROTATION_RAD_S * radius_m * sin_i * math.cos(u)
        relative_m_s = math.hypot(along_m_s, across_m_s)
        towards = (_dot(sun, radial), _dot(sun, ahead), sun_w)
        normals = plates(law, towards)
        facing, lit = [0.5, 0.5, 1.0], [0.5, 0.5, 1.0]
        if normals is not None:
            facing = [*(abs(n[1] * along_m_s + n[2] * across_m_s) / relative_m_s for n in normals), 1.0]
            lit = [*(abs(_dot(n, towards)) for n in normals), 1.0]
        total += rho
        for k in range(3):
            projected[k] += facing[k] / PLACES
            sunlit[k] += lit[k] / PLACES
            pressure[k] += 0.5 * rho * relative_m_s * along_m_s * facing[k] / PLACES
    return MeanDrag(total / PLACES, *((x[0], x[1], x[2]) for x in (projected, sunlit, pressure)))


@lru_cache(maxsize=512)
def over_year(orbit: Orbit, law: str, air: Air) -> MeanDrag:
    """Mean drag over revolutions and the seasons of a year.

    Parameters
    ----------
    orbit : Orbit
        The orbit.
    law : str
        Attitude law.
    air : Air
        Solar and geomagnetic activity, constant.

    Returns
    -------
    MeanDrag
        Means over the year; over nodes all around where the orbit has no fixed local time.

    Examples
    --------
    Above dawn and dusk an array that faces the Sun meets the air at a third of its area.

    >>> mean = over_year(Orbit(650e3, 1.71, -1.5708), "sun-pointing", Air(150.0, 15.0))
    >>> 0.1 < mean.projected[0] < 0.4
    True
    """
    found = [over_orbit(orbit, law, air, node, sun) for node, sun in _seasons(orbit, SEASONS)]

    def mean(name: str) -> Vector:
        a, b, c = (math.fsum(getattr(m, name)[k] for m in found) / SEASONS for k in range(3))
        return a, b, c

    return MeanDrag(
        math.fsum(m.density_kg_m3 for m in found) / SEASONS, mean("projected"), mean("sunlit"), mean("pressure_pa")
    )  # fmt: skip


@lru_cache(maxsize=4096)
def yearly_density_kg_m3(orbit: Orbit, air: Air, seasons: int = 12) -> float:
    """Mean density over revolutions and the seasons of a year.

    Parameters
    ----------
    orbit : Orbit
        The orbit.
    air : Air
        Solar and geomagnetic activity, constant.
    seasons : int, optional
        Days of the year, evenly spread.

    Returns
    -------
    float
        Density [kg/m3].
    """
    means = [math.fsum(rho for _, rho in _densities(orbit, air, node, sun)) / PLACES for node, sun in _seasons(orbit, seasons)]
    return math.fsum(means) / seasons


def in_plane(orbit: Orbit) -> float:
    """Cosine of the Sun's angle above the orbit plane, mean over a year.

    Parameters
    ----------
    orbit : Orbit
        The orbit.

    Returns
    -------
    float
        Mean cosine, 0 to 1.

    Examples
    --------
    Above dawn and dusk the Sun stands near the normal of the orbit.

    >>> in_plane(Orbit(650e3, 1.71, -1.5708)) < 0.3 < 0.8 < in_plane(Orbit(650e3, 1.71, 0.0))
    True
    """
    cos_i, sin_i = math.cos(orbit.inclination_rad), math.sin(orbit.inclination_rad)
    sines = [_dot(sun, (math.sin(node) * sin_i, -math.cos(node) * sin_i, cos_i)) for node, sun in _seasons(orbit, SEASONS)]
    return math.fsum(math.sqrt(max(0.0, 1.0 - s * s)) for s in sines) / SEASONS


def lifetime_s(orbit: Orbit, air: Air, drag_m2_kg: float, end_m: float = REENTRY_M) -> float:
    """Time in which a circular orbit decays: the integral of da / (rho sqrt(mu a) Cd A/m). [king-hele1987]

    Parameters
    ----------
    orbit : Orbit
        The orbit at the beginning; its inclination and local time hold.
    air : Air
        Solar and geomagnetic activity, constant.
    drag_m2_kg : float
        C_D A / m [m2/kg], constant.
    end_m : float, optional
        Altitude at the end [m].

    Returns
    -------
    float
        Time [s]; 0 from below the end, infinite without drag.

    Examples
    --------
    Five times the drag, a fifth of the time.

    >>> orbit, air = Orbit(500e3, 1.7), Air(150.0, 15.0)
    >>> round(lifetime_s(orbit, air, 0.02) / lifetime_s(orbit, air, 0.1), 9)
    5.0
    """
    if orbit.altitude_m <= end_m:
        return 0.0
    if drag_m2_kg <= 0.0:
        return math.inf
    steps = math.ceil((orbit.altitude_m - end_m) / LIFETIME_STEP_M)
    step_m = (orbit.altitude_m - end_m) / steps
    slowness = []
    for k in range(steps + 1):
        here = orbit._replace(altitude_m=end_m + k * step_m)
        slowness.append(1.0 / (yearly_density_kg_m3(here, air) * math.sqrt(MU_EARTH_M3_S2 * (EARTH_RADIUS_M + here.altitude_m))))
    # between altitudes the density is exponential
    return step_m / drag_m2_kg * math.fsum(_logarithmic_mean(a, b) for a, b in pairwise(slowness))


def _logarithmic_mean(a: float, b: float) -> float:
    return a if math.isclose(a, b, rel_tol=1e-9) else (b - a) / math.log(b / a)


def _seasons(orbit: Orbit, seasons: int) -> Iterator[tuple[float, Vector]]:
    """Node and direction of the Sun at days of a year."""
    for k in range(seasons):
        longitude = 2.0 * math.pi * k / seasons
        sun = (
            math.cos(longitude), math.cos(OBLIQUITY_RAD) * math.sin(longitude), math.sin(OBLIQUITY_RAD) * math.sin(longitude),
        )  # fmt: skip
        beyond = 2.0 * math.pi * ((k * _GOLDEN) % 1.0) if orbit.node_from_sun_rad is None else orbit.node_from_sun_rad
        yield longitude + beyond, sun


def _densities(orbit: Orbit, air: Air, node_rad: float, sun: Vector) -> Iterator[tuple[float, float]]:
    """Argument of latitude and density at places of a revolution."""
    cos_i, sin_i = math.cos(orbit.inclination_rad), math.sin(orbit.inclination_rad)
    lag_cos, lag_sin = math.cos(density.BULGE_LAG_RAD), math.sin(density.BULGE_LAG_RAD)
    bulge = (lag_cos * sun[0] - lag_sin * sun[1], lag_sin * sun[0] + lag_cos * sun[1], sun[2])
    for u, (mean, swing) in zip(_arguments(), _logarithms(orbit.altitude_m, sin_i, air), strict=True):
        radial, _ = _axes(node_rad, cos_i, sin_i, u)
        yield u, math.exp(mean + swing * _dot(radial, bulge))


def _arguments() -> Iterator[float]:
    return (2.0 * math.pi * (k + 0.5) / PLACES for k in range(PLACES))


@lru_cache(maxsize=4096)
def _logarithms(altitude_m: float, sin_i: float, air: Air) -> tuple[tuple[float, float], ...]:
    """Both terms of the density along a revolution: the ellipsoid is 21 km lower at the poles."""
    terms = density.coefficients(*air)
    lower_m = EARTH_RADIUS_M * EARTH_FLATTENING * sin_i * sin_i
    return tuple(density.logarithms(altitude_m + lower_m * math.sin(u) ** 2, terms) for u in _arguments())


def _axes(node_rad: float, cos_i: float, sin_i: float, u: float) -> tuple[Vector, Vector]:
    """Directions of radius and motion, equatorial."""
    cos_n, sin_n, cos_u, sin_u = math.cos(node_rad), math.sin(node_rad), math.cos(u), math.sin(u)
    radial = (cos_n * cos_u - sin_n * sin_u * cos_i, sin_n * cos_u + cos_n * sin_u * cos_i, sin_u * sin_i)
    ahead = (-cos_n * sin_u - sin_n * cos_u * cos_i, -sin_n * sin_u + cos_n * cos_u * cos_i, cos_u * sin_i)
    return radial, ahead


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
