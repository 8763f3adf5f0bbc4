"""Access windows: closed forms, skyfield, masks, range limits, and the time step of the search."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.access import Windows, windows
from orbit.constants import EARTH_FLATTENING, EARTH_RADIUS_M, SECONDS_PER_DAY
from orbit.elements import CircularElements, semi_major_axis_m
from orbit.ground import Station
from orbit.kernels.frames import gmst_rad
from orbit.kernels.j2 import latitude_argument_rate_rad_s
from orbit.propagation import CircularJ2
from orbit.sgp4 import Sgp4, to_satrecs
from orbit.shells import walker, walker_lead_slots, walker_sgp4
from orbit.timegrid import TimeGrid, julian_date
from sim.verify.case import Case, Failed

Array = NDArray[np.float64]
EPOCH = datetime(2026, 12, 21, tzinfo=UTC)
POLE_M = EARTH_RADIUS_M * (1.0 - EARTH_FLATTENING)
ALTITUDE_M = 550e3
NODE_RAD, ARGUMENT_RAD = 0.3, 0.2
MASK_DEG = 10.0


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of access windows.

    Parameters
    ----------
    data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [*_pole(), *_grazing(), *_limits(), *_steps(), *_skyfield()]


# --- closed forms: an orbit over the pole, where the rotation of the Earth has no effect --------------------------------------


def _grid(step_s: float = 60.0, span_s: float = 7200.0) -> TimeGrid:
    return TimeGrid(*julian_date(EPOCH), step_s, round(span_s / step_s))


def _over_the_pole(tilt_rad: float = 0.0) -> CircularElements:
    """A circular orbit that passes the pole at an angle `tilt`; without a tilt J2 does not rotate its plane."""
    a = semi_major_axis_m(ALTITUDE_M)
    return CircularElements(*(np.array([x]) for x in (a, 0.5 * math.pi - tilt_rad, NODE_RAD, ARGUMENT_RAD)))


def _at_pole(**changed: object) -> Station:
    return replace(Station("pole", 0.5 * math.pi, 0.0, 0.0, math.radians(MASK_DEG)), **changed)  # type: ignore[arg-type]


def _rate_rad_s(tilt_rad: float = 0.0) -> float:
    return float(latitude_argument_rate_rad_s(semi_major_axis_m(ALTITUDE_M), 0.5 * math.pi - tilt_rad))


def _half_angle_rad(elevation_rad: float) -> float:
    """Angle at the Earth's centre between the pole and a satellite at an elevation."""
    return math.acos(POLE_M * math.cos(elevation_rad) / semi_major_axis_m(ALTITUDE_M)) - elevation_rad


def _duration_s(half_angle_rad: float, tilt_rad: float = 0.0) -> float:
    """Time that a great circle at `tilt` spends within an angle of the pole."""
    return 2.0 * math.acos(math.cos(half_angle_rad) / math.cos(tilt_rad)) / _rate_rad_s(tilt_rad)


def _passes(station: Station, tilt_rad: float = 0.0, step_s: float = 60.0) -> Windows:
    grid = _grid(step_s)
    return windows([CircularJ2(_over_the_pole(tilt_rad), grid)], [station], grid, threads=1)


def _first_duration_s(station: Station, tilt_rad: float = 0.0) -> float:
    passes = _passes(station, tilt_rad)
    return float(passes.set_s[0] - passes.rise_s[0])


def _highest_elevation_deg(tilt_rad: float) -> float:
    """Elevation of a satellite that passes the pole at an angle, from the triangle centre, station, satellite."""
    a = semi_major_axis_m(ALTITUDE_M)
    return math.degrees(math.atan2(a * math.cos(tilt_rad) - POLE_M, a * math.sin(tilt_rad)))


def _pole() -> list[Case | Failed]:
    source = "law of cosines over the pole, evaluated independently"
    tilt = math.radians(4.0)
    half = _half_angle_rad(math.radians(MASK_DEG))
    return [
        Case("duration of a pass over the pole, 10 deg mask", lambda: _first_duration_s(_at_pole()), _duration_s(half), 0.01, "s", source),
        Case(
            "duration of a pass 4 deg beside the pole", lambda: _first_duration_s(_at_pole(), tilt), _duration_s(half, tilt), 0.01, "s", source
        ),
        Case(
            "highest elevation, 4 deg beside the pole",
            lambda: math.degrees(float(_passes(_at_pole(), tilt).max_elevation_rad[0])),
            _highest_elevation_deg(tilt),
            1e-4,
            "deg",
            source,
        ),
        Case(
            "TCA in the middle of a pass",
            lambda: _middle_s(_passes(_at_pole(), tilt)),
            0.0,
            0.01,
            "s",
            "symmetry of a circular orbit over the pole",
        ),
    ]


def _middle_s(passes: Windows) -> float:
    return float(passes.culmination_s[0] - 0.5 * (passes.rise_s[0] + passes.set_s[0]))


def _grazing() -> list[Case | Failed]:
    """A mask just below the highest elevation: passes of a few seconds, between steps a minute apart."""
    tilt, grazing = math.radians(12.0), []
    for below_deg in (1e-3, 1e-2, 1e-1):
        mask = math.radians(_highest_elevation_deg(tilt) - below_deg)
        grazing.append(
            Case(
                f"grazing pass, {below_deg:g} deg above the mask",
                partial(_first_duration_s, _at_pole(min_elevation_rad=mask), tilt),
                _duration_s(_half_angle_rad(mask), tilt),
                0.1,
                "s",
                "law of cosines over the pole, evaluated independently",
            )
        )
    return list(grazing)


def _limits() -> list[Case | Failed]:
    """A satellite over the pole comes along one azimuth and leaves along the opposite one: a mask there limits one side."""
    high = math.radians(30.0)
    whole, part = (_half_angle_rad(e) for e in (math.radians(MASK_DEG), high))
    reach_m = 1.2e6
    a = semi_major_axis_m(ALTITUDE_M)
    near = math.acos((POLE_M**2 + a * a - reach_m**2) / (2.0 * POLE_M * a))
    source = "law of cosines over the pole, evaluated independently"
    return [
        Case(
            "duration of a pass limited by a mask over half of the azimuth",
            lambda: _first_duration_s(_at_pole(mask_rad=_half_mask(high))),
            (whole + part) / _rate_rad_s(),
            0.02,
            "s",
            source,
        ),
        Case(
            "duration of a pass limited by the maximum range",
            lambda: _first_duration_s(_at_pole(max_range_m=reach_m)),
            2.0 * near / _rate_rad_s(),
            0.02,
            "s",
            source,
        ),
    ]


def _half_mask(high_rad: float) -> tuple[tuple[float, float], ...]:
    """10 deg on the side from which the first pass comes, high_rad on the other, with a degree of slope in between."""
    low, step, side = math.radians(MASK_DEG), math.radians(1.0), 0.5 * math.pi
    top_s = (0.5 * math.pi - ARGUMENT_RAD) / _rate_rad_s()
    sidereal = float(gmst_rad(*julian_date(EPOCH))) + 2.0 * math.pi * 1.0027379 * top_s / SECONDS_PER_DAY
    # at the pole, north along the meridian of Greenwich points away from it
    comes = math.pi - (NODE_RAD - sidereal)
    rows = ((comes - side, low), (comes + side, low), (comes + side + step, high_rad), (comes - side - step, high_rad))
    return tuple(sorted((azimuth % (2.0 * math.pi), elevation) for azimuth, elevation in rows))


# --- the step, and skyfield ----------------------------------------------------------------------------------------------

SITES_DEG = ((78.2, 15.4), (51.5, -0.1), (1.3, 103.8), (-33.9, 151.2))


def _steps() -> list[Case | Failed]:
    return [
        Case("number of windows with steps of 60 s and 10 s", lambda: float(_steps_compared()[0]), lambda: float(_steps_compared()[1]), 0.0, "1",
             "the same search with a finer step"),
        Case("the same, largest difference of AOS or LOS", lambda: _steps_compared()[2], 0.0, 0.05, "s", "the same search with a finer step"),
    ]  # fmt: skip


@cache
def _steps_compared() -> tuple[int, int, float]:
    """Number of windows with either step, and the largest difference of AOS and LOS [s]."""
    sites = [
        Station(f"{k}", math.radians(a), math.radians(b), 0.0, math.radians(25.0)) for k, (a, b) in enumerate(SITES_DEG)
    ]
    by_step = []
    for step_s in (60.0, 10.0):
        grid = _grid(step_s, SECONDS_PER_DAY)
        shell = walker(ALTITUDE_M, math.radians(70.0), 4, 3, 1.0)
        by_step.append(windows([CircularJ2(shell, grid)], sites, grid, threads=1))
    coarse, fine = by_step
    if len(coarse) != len(fine):
        return len(coarse), len(fine), math.inf
    apart = np.maximum(np.abs(coarse.rise_s - fine.rise_s), np.abs(coarse.set_s - fine.set_s))
    return len(coarse), len(fine), float(apart.max())


def _skyfield() -> list[Case | Failed]:
    source = "skyfield's elevation of the same elements"
    return [
        Case("number of passes against skyfield", lambda: _against_skyfield()[0], lambda: _against_skyfield()[1], 0.0, "1",
             "skyfield's find_events"),
        Case("AOS and LOS against skyfield, worst", lambda: _against_skyfield()[2], 0.0, 0.1, "s", source),
        Case("highest elevations against skyfield, worst", lambda: _against_skyfield()[3], 0.0, 0.01, "deg", source),
        Case("TCA against skyfield, worst", lambda: _against_skyfield()[4], 0.0, 0.1, "s", source),
    ]  # fmt: skip


@cache
def _against_skyfield() -> tuple[float, float, float, float, float]:
    """Number of complete passes of ours and of skyfield in a day, worst AOS or LOS [s], elevation [deg] and TCA [s].

    find_events ends its search at half a second. Its elevation is therefore evaluated at our times, and divided by its rate.
    """
    from skyfield.api import EarthSatellite, load, wgs84

    grid = _grid(60.0, SECONDS_PER_DAY)
    elements = walker_sgp4(15.06, math.radians(70.0), 1, walker_lead_slots(3, 1.0), grid.epoch_jd, grid.epoch_fr)
    sites = [
        Station(f"{k}", math.radians(a), math.radians(b), 0.0, math.radians(MASK_DEG))
        for k, (a, b) in enumerate(SITES_DEG)
    ]
    ours = windows([Sgp4(elements, grid)], sites, grid, threads=1)
    ts = load.timescale(builtin=True)
    begin, end = (ts.utc(EPOCH.year, EPOCH.month, EPOCH.day + d) for d in (0, 1))
    theirs, edge_s, height_deg, top_s = 0, 0.0, 0.0, 0.0
    for i, record in enumerate(to_satrecs(elements)):
        for s, place in enumerate(SITES_DEG):
            craft, ground = EarthSatellite.from_satrec(record, ts), wgs84.latlon(*place)
            theirs += int(np.sum(craft.find_events(ground, begin, end, altitude_degrees=MASK_DEG)[1] == 1))
            mine = ours[(ours.satellite == i) & (ours.station == s) & ~ours.cut_begin & ~ours.cut_end]

            def elevation_deg(t_s: Array, craft: Any = craft, ground: Any = ground) -> Array:
                t = ts.utc(EPOCH.year, EPOCH.month, EPOCH.day, 0, 0, t_s)
                return np.asarray((craft - ground).at(t).altaz()[0].degrees)

            edges = np.concatenate((mine.rise_s, mine.set_s))
            slope = elevation_deg(edges + 0.5) - elevation_deg(edges - 0.5)
            edge_s = max(edge_s, float(np.max(np.abs((elevation_deg(edges) - MASK_DEG) / slope))))
            before, there, after = (elevation_deg(mine.culmination_s + x) for x in (-5.0, 0.0, 5.0))
            height_deg = max(height_deg, float(np.max(np.abs(there - np.degrees(mine.max_elevation_rad)))))
            top_s = max(top_s, float(np.max(np.abs(2.5 * (before - after) / (before - 2.0 * there + after)))))
    return float(len(ours)), float(theirs), edge_s, height_deg, top_s
