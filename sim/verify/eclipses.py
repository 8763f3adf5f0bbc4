"""Eclipse seasons of dawn-dusk orbits through a year."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

import numpy as np

from orbit.eclipse_seasons import Seasons, Shadow, eclipse_seasons, seasons_of_beta
from orbit.elements import nodal_period_s, semi_major_axis_m
from orbit.environment import beta_angle_rad, sun_position_m
from orbit.shell_geometry import sun_synchronous_inclination_rad
from orbit.shells import node_of_local_time_rad
from orbit.timegrid import julian_date
from sim.verify.case import Case, Failed

Year = Callable[[], Seasons]
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
YEAR_D = 365.0
INDEPENDENT = "computed independently: Sun of astropy, exact nodal precession, cylinder"
PUBLISHED = "a study's table of 2026 by day: node held 6 h from the true Sun, cylinder [mcdonald2026]"
# altitude [km], local time [h], least |beta| [deg], days, longest [min], mean fraction, first and last day of the season
DAWN_DUSK = (
    (550.0, 18.0, 58.97, 100.5, 21.66, 0.0502, (5, 2), (8, 11)),
    (650.0, 18.0, 58.58, 90.5, 19.72, 0.0400, (5, 7), (8, 6)),
    (650.0, 6.0, 58.57, 87.2, 19.73, 0.0385, None, None),
    (1000.0, 18.0, 57.08, 57.2, 13.03, 0.0154, (5, 24), (7, 20)),
    (1400.0, 18.0, 55.13, 0.0, 0.0, 0.0, None, None),
    (1400.0, 6.0, 55.13, 0.0, 0.0, 0.0, None, None),
)
# altitude [km], inclination [deg], days, longest [min], sunlit share
HELD_AT_SIX = ((500.0, 97.40, 100.0, 22.7, 0.947), (700.0, 98.19, 80.0, 18.8, 0.967))


def cases(_data: Path | None) -> list[Case | Failed]:
    """Cases of eclipse seasons.

    Parameters
    ----------
    _data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [*_dawn_dusk(), *_cone(), *_held_at_six()]


@cache
def _year(altitude_km: float, local_time_h: float, shadow: Shadow = "cylinder") -> Seasons:
    """2026 on a sun-synchronous orbit."""
    jd, fr = julian_date(NEW_YEAR)
    a_m = semi_major_axis_m(1e3 * altitude_km)
    node = node_of_local_time_rad(local_time_h, jd, fr)
    return eclipse_seasons(a_m, sun_synchronous_inclination_rad(a_m), node, jd, fr, YEAR_D, shadow)


def _dawn_dusk() -> list[Case | Failed]:
    rows: list[Case | Failed] = []
    for km, hours, beta_deg, days, longest_min, mean, first, last in DAWN_DUSK:
        year, name = partial(_year, km, hours), f"2026, {km:.0f} km, {hours:02.0f}:00"
        rows += [
            Case(f"least |beta| in {name}", partial(_least_beta_deg, year), beta_deg, 0.02, "deg", INDEPENDENT),
            Case(f"days with eclipse in {name}", partial(_days, year), days, 1.5, "d", INDEPENDENT),
            Case(f"longest eclipse in {name}", partial(_longest_min, year), longest_min, 0.15, "min", INDEPENDENT),
            Case(f"mean eclipse fraction in {name}", partial(_mean, year), mean, 0.03 * mean, "1", INDEPENDENT),
        ]
        if first and last:
            ends = [(datetime(2026, *day, tzinfo=UTC) - NEW_YEAR).days for day in (first, last)]
            rows += [
                Case(f"first day of eclipses in {name}", partial(_season, year, 0), ends[0], 1.5, "d", INDEPENDENT),
                Case(f"last day of eclipses in {name}", partial(_season, year, 1), ends[1] + 0.5, 1.5, "d", INDEPENDENT),
            ]  # fmt: skip
    noon = partial(_year, 650.0, 12.0)
    return [
        *rows,
        Case("mean eclipse fraction in 2026, 650 km, 12:00", lambda: noon().mean_fraction, 0.362, 0.0005, "1", INDEPENDENT),
    ]


def _days(year: Year) -> float:
    return year().days


def _longest_min(year: Year) -> float:
    return year().longest_s / 60.0


def _mean(year: Year) -> float:
    return year().mean_fraction


def _sunlit(year: Year) -> float:
    return 1.0 - year().mean_fraction


def _season(year: Year, end: int) -> float:
    """First or last day of the first season, counted from New Year's Day."""
    return year().seasons_d[0][end]


def _least_beta_deg(year: Year) -> float:
    return math.degrees(float(np.abs(year().beta_rad).min()))


def _cone() -> list[Case | Failed]:
    cone, cylinder = partial(_year, 650.0, 18.0, "cone"), partial(_year, 650.0, 18.0)
    source = "computed independently: a cone adds two to three grazing days"
    return [
        Case(
            "days that the cone adds in 2026, 650 km, 18:00",
            lambda: cone().days - cylinder().days,
            2.5,
            1.0,
            "d",
            source,
        )
    ]


@cache
def _held(altitude_km: float) -> Seasons:
    """2026 with the node 90 deg behind the true Sun all year: no secular drift does this, it leaves out the equation of time."""
    jd, fr = julian_date(NEW_YEAR)
    a_m = semi_major_axis_m(1e3 * altitude_km)
    inclination = sun_synchronous_inclination_rad(a_m)
    after_d = np.arange(0.0, YEAR_D + 0.1, 0.25)
    whole = np.floor(after_d)
    sun_m = sun_position_m(jd + whole, fr + (after_d - whole))
    node = np.arctan2(sun_m[:, 1], sun_m[:, 0]) - 0.5 * np.pi
    beta, distance_m = beta_angle_rad(sun_m, inclination, node), np.linalg.norm(sun_m, axis=1)
    return seasons_of_beta(a_m, nodal_period_s(a_m, inclination), after_d, beta, distance_m, "cylinder")


def _held_at_six() -> list[Case | Failed]:
    rows: list[Case | Failed] = []
    for km, inclination_deg, days, longest_min, sunlit in HELD_AT_SIX:
        year, name = partial(_held, km), f"2026, {km:.0f} km, true Sun at 06:00"
        tilt = sun_synchronous_inclination_rad(semi_major_axis_m(1e3 * km))
        rows += [
            Case(f"inclination, {name}", partial(math.degrees, tilt), inclination_deg, 0.02, "deg", PUBLISHED),
            Case(f"days with eclipse in {name}", partial(_days, year), days, 1.0, "d", PUBLISHED),
            Case(f"longest eclipse in {name}", partial(_longest_min, year), longest_min, 0.2, "min", PUBLISHED),
            Case(f"sunlit share of {name}", partial(_sunlit, year), sunlit, 0.001, "1", PUBLISHED),
        ]
    return rows
