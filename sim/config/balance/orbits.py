"""Orbits on which a satellite type flies, each with the range of the Sun's angle over the run."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from orbit.constants import EARTH_RADIUS_M, MU_EARTH_M3_S2, SECONDS_PER_DAY, SOLAR_CONSTANT_W_M2
from orbit.shell_geometry import sun_synchronous_inclination_rad
from orbit.sunlit_orbits import (
    Plane,
    SunRange,
    beta_sine,
    days_since_j2000,
    eclipsed_share,
    mean_sun_longitude_rad,
    node_rate_rad_d,
    period_s,
    sun,
    sun_range,
)
from sim.config.schema import FILES, Cluster, Constellation, Ring, Satellite, Scenario, Walker, hours, parts

YEAR_D, LOOKS = 365.25, 72  # at which the Sun of a year is looked at
FAVOURABLE_M = 7e6  # radius that stands for those of a file
FEW_PLANES, SAMPLE = 2, 12  # planes of which each must close, and planes that stand for more
MOST_PLANES = 72  # of a shell that are looked at


class Orbit(NamedTuple):
    """Circular orbits of one size: radius and period, and the Sun over the run."""

    radius_m: float
    period_s: float
    sun: SunRange
    planes: tuple[Plane, ...]  # at the epoch
    day: float  # epoch [d since J2000]

    @property
    def longest_eclipse_s(self) -> float:
        """Longest passage through the shadow in the run."""
        return self.period_s * eclipsed_share(self.radius_m, self.sun.least_beta_rad)

    @property
    def angles_rad(self) -> tuple[float, ...]:
        """Angles between Sun and planes: those of an even sample of many planes at the epoch, or the extremes of the run."""
        if len(self.planes) <= FEW_PLANES:
            return tuple(dict.fromkeys((self.sun.least_beta_rad, self.sun.most_beta_rad)))
        direction = sun(self.day)
        sample = self.planes[:: max(1, len(self.planes) // SAMPLE)]
        return tuple(abs(math.asin(beta_sine(direction, p.inclination_rad, p.node_rad))) for p in sample)

    @property
    def eclipses_per_year(self) -> float:
        """Eclipses of the first plane in the year from the epoch."""
        plane = self.planes[0]
        rate = node_rate_rad_d(plane.semi_major_axis_m, plane.inclination_rad)
        looks = [YEAR_D * (k + 0.5) / LOOKS for k in range(LOOKS)]
        sines = [beta_sine(sun(self.day + d), plane.inclination_rad, plane.node_rad + rate * d) for d in looks]
        dark = sum(eclipsed_share(self.radius_m, math.asin(sine)) > 0.0 for sine in sines)
        return dark / LOOKS * YEAR_D * SECONDS_PER_DAY / self.period_s


def orbits(scenario: Scenario, satellite: Satellite) -> list[Orbit]:
    """Orbits of a satellite type over the run.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    satellite : Satellite
        Satellite type, one of `scenario.types`.

    Returns
    -------
    list of Orbit
        One for each ring, formation and shell, or those with extreme sizes, angles and eclipses. No user chose the orbits of a
        file for this design: in their place is one that suits it best.
    """
    day, days = days_since_j2000(scenario.epoch), scenario.duration / 86400.0
    found = []
    for entry in scenario.constellation:
        if scenario.types[scenario.type_index(entry)] is not satellite:
            continue
        for part in parts([entry]):
            if isinstance(part, FILES):
                found.append(_favourable(satellite, day))
                continue
            planes = planes_of(part, day)
            if planes:
                radius_m = min(p.semi_major_axis_m for p in planes)
                found.append(Orbit(radius_m, period_s(radius_m), sun_range(planes, day, days), tuple(planes), day))
    return _extremes(found)


def _favourable(satellite: Satellite, day: float) -> Orbit:
    """An orbit without eclipse, or for an array that faces the zenith one below the Sun."""
    beta_rad = 0.0 if satellite.attitude.law == "nadir" else 0.5 * math.pi
    light = SunRange(beta_rad, beta_rad, SOLAR_CONSTANT_W_M2, SOLAR_CONSTANT_W_M2)
    return Orbit(FAVOURABLE_M, period_s(FAVOURABLE_M), light, (Plane(FAVOURABLE_M, 0.0, 0.0),), day)


def _extremes(found: list[Orbit]) -> list[Orbit]:
    """Orbits among which those with least light, most heat and the longest eclipse are."""
    if len(found) <= 2:
        return found
    orders: tuple[Callable[[Orbit], float], ...] = (
        lambda o: o.radius_m, lambda o: o.sun.least_beta_rad, lambda o: o.sun.most_beta_rad, lambda o: o.longest_eclipse_s,
        lambda o: o.longest_eclipse_s / o.period_s,
    )  # fmt: skip
    return list(dict.fromkeys(choose(found, key=order) for order in orders for choose in (min, max)))


def sun_synchronous_plane(altitude_m: float, local_time_h: float, day: float) -> Plane:
    """Sun-synchronous circular orbit with a local time of its ascending node.

    Parameters
    ----------
    altitude_m : float
        Altitude above the equatorial radius [m].
    local_time_h : float
        Mean local time of the ascending node [h].
    day : float
        Days since J2000.

    Returns
    -------
    Plane
        The orbit.
    """
    size_m = EARTH_RADIUS_M + altitude_m
    node_rad = mean_sun_longitude_rad(day) + math.radians(15.0 * (local_time_h - 12.0))
    return Plane(size_m, sun_synchronous_inclination_rad(size_m), node_rad)


def planes_of(part: Constellation, day: float) -> list[Plane]:
    """Planes of a ring, a formation or a shell.

    Parameters
    ----------
    part : Constellation
        Entry of the constellation, or part of a shorthand.
    day : float
        Epoch [d since J2000].

    Returns
    -------
    list of Plane
        Circular orbits at the epoch; none of a file. Evenly spread ones stand for very many.
    """
    match part:
        case Cluster() | Ring():
            return [sun_synchronous_plane(part.altitude, hours(part.local_time), day)]
        case Walker():
            return _shell(part)
        case _:
            return []


def _shell(part: Walker) -> list[Plane]:
    """Planes of a shell, the first at node 0; evenly spread ones stand for very many."""
    if part.altitude is not None:
        size_m = EARTH_RADIUS_M + part.altitude
    else:
        assert part.mean_motion is not None
        size_m = (MU_EARTH_M3_S2 / part.mean_motion**2) ** (1.0 / 3.0)
    span_rad = 2.0 * math.pi if part.pattern == "delta" else math.pi
    number = min(part.planes, MOST_PLANES)
    return [Plane(size_m, part.inclination, span_rad * k / number) for k in range(number)]
