"""Frames, time, Sun, Moon and sunlight against skyfield, with the same Earth orientation on both sides."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.environment import moon_position_m, sun_position_m
from orbit.frames import gcrs_to_teme, geodetic, itrs_state, rotated, sub_satellite_point, teme_to_itrs
from orbit.ground import Station, in_teme, position_m
from orbit.kernels.eclipse import shadow_edges
from orbit.kernels.shadow import SUN_DISC_M
from orbit.orientation import ARCSEC_RAD, shipped
from orbit.timegrid import julian_date
from orbit.timescales import tai_minus_utc_s, utc_to_tt
from sim.verify.case import Case, Failed

Array = NDArray[np.float64]

YEARS = (2000, 2004, 2008, 2012, 2016, 2020, 2024, 2026)
SKYFIELD = "skyfield with the same UT1 and pole"
DE421 = "DE421 by skyfield"
LIGHT = "is_sunlit of skyfield: the Sun's centre behind the Earth or not"
SPAN_D = (-36675, 19640)  # 1899-08-04 to 2053-10-09, as days from 2000-01-01: the span of DE421


def cases(_data: Path | None) -> list[Case | Failed]:
    """Cases of frames and time.

    Parameters
    ----------
    _data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    comparisons: list[Case | Failed] = [
        Case(
            f"{what}, worst of 40 times in each of {len(YEARS)} years", partial(_worst, n), 0.0, limit, unit, SKYFIELD
        )
        for n, (what, limit, unit) in enumerate(
            (
                ("TEME to ITRS at 650 km", 1.0, "m"),
                ("velocity in ITRS at 650 km", 0.01, "m/s"),
                ("TEME to GCRS at 650 km", 1.0, "m"),
                ("latitude below a satellite", 1e-5, "deg"),
                ("longitude below a satellite", 1e-5, "deg"),
                ("height over the ellipsoid", 1.0, "m"),
                ("a station in TEME", 1.0, "m"),
            )
        )
    ]
    sofa = "leap seconds of SOFA"
    return [
        *comparisons,
        Case("GCRS to TEME and back, relative", _round_trip, 0.0, 1e-9, "1", "the transpose of a rotation is its inverse"),
        Case("geodetic latitude and back, to the Moon's distance", _geodetic_deg, 0.0, 1e-9, "deg", "closed form of the ellipsoid"),
        Case("TAI - UTC on 2000-01-01", lambda: float(tai_minus_utc_s(2451544.5, 0.0)), 32.0, 0.0, "s", sofa),
        Case("TAI - UTC on 2016-12-31", lambda: float(tai_minus_utc_s(2457753.5, 0.9999)), 36.0, 0.0, "s", sofa),
        Case("TAI - UTC on 2017-01-01", lambda: float(tai_minus_utc_s(2457754.5, 0.0)), 37.0, 0.0, "s", sofa),
        Case("Sun against DE421, all of its span", lambda: _bodies()[0], 0.0, 0.005, "deg", DE421),
        Case("Sun's distance against DE421, all of its span", lambda: _bodies()[1], 0.0, 1e-4, "1", DE421),
        Case("Moon against DE421, all of its span", lambda: _bodies()[2], 0.0, 0.01, "deg", DE421),
        Case("Moon's distance against DE421, all of its span", lambda: _bodies()[3], 0.0, 1e-4, "1", DE421),
        Case("transitions between sunlight and shadow in 18 h", lambda: _sunlight()[0], lambda: _sunlight()[1], 0.0, "1", LIGHT),
        Case("longest time for which the sunlit state differs", lambda: _sunlight()[2], 0.0, 2.0, "s", LIGHT),
    ]  # fmt: skip


# --- skyfield ----------------------------------------------------------------------------------------------------------


@cache
def _timescale() -> Any:
    """skyfield's timescale with the shipped table: TT of each day, delta T, pole."""
    from skyfield.timelib import Timescale

    table = shipped()
    mjd = table.first_mjd + np.arange(table.ut1_minus_tai_s.size)
    offset_s = table.leap_tai_minus_utc_s[np.searchsorted(table.leap_mjd, mjd, side="right") - 1]
    tt = mjd + 2400000.5 + (offset_s + 32.184) / 86400.0
    leaps = table.leap_mjd[1:] + 2400000.5, table.leap_tai_minus_utc_s[1:]
    scale = Timescale((tt, 32.184 - table.ut1_minus_tai_s), *leaps)
    scale.polar_motion_table = tt, table.pole_x_rad / ARCSEC_RAD, table.pole_y_rad / ARCSEC_RAD
    return scale


@contextmanager
def _de421() -> Iterator[Any]:
    from skyfield.api import Loader

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # about the age of a file that is not used here
        from skyfield_data import get_skyfield_data_path

        bodies = Loader(get_skyfield_data_path())("de421.bsp")
    try:
        yield bodies
    finally:
        bodies.close()


class _Flight(NamedTuple):
    """A satellite of SGP4 at some times: skyfield's positions and ours."""

    theirs: Any  # skyfield's positions
    times: Any
    jd: Array
    fr: Array
    r_m: Array
    v_m_s: Array


def _flight(year: int, step: timedelta, count: int) -> _Flight:
    """650 km, 98 deg, from New Year's Day on."""
    from sgp4.api import WGS72, Satrec
    from skyfield.api import EarthSatellite

    satrec = Satrec()
    start = datetime(year, 1, 1, tzinfo=UTC)
    epoch_d = (start - datetime(1949, 12, 31, tzinfo=UTC)) / timedelta(days=1)
    satrec.sgp4init(WGS72, "i", 1, epoch_d, 0.0, 0.0, 0.0, 1e-3, 0.3, math.radians(98.0), 0.4, 2 * math.pi / 97.7, 1.0)
    dates = [start + k * step for k in range(count)]
    jd, fr = np.array([julian_date(date) for date in dates]).T
    _, r_km, v_km_s = satrec.sgp4_array(np.ascontiguousarray(jd), np.ascontiguousarray(fr))
    times = _timescale().from_datetimes(dates)
    return _Flight(
        EarthSatellite.from_satrec(satrec, _timescale()).at(times), times, jd, fr, 1e3 * r_km, 1e3 * v_km_s
    )


# --- frames ------------------------------------------------------------------------------------------------------------


@cache
def _errors() -> tuple[float, ...]:
    """Worst differences of the first cases, in their order."""
    each = [_differences(_flight(year, timedelta(hours=9, minutes=13, seconds=7), 40)) for year in YEARS]
    return tuple(max(column) for column in zip(*each, strict=True))


def _worst(which: int) -> float:
    return _errors()[which]


def _differences(flight: _Flight) -> tuple[float, ...]:
    from skyfield.api import wgs84
    from skyfield.framelib import itrs
    from skyfield.sgp4lib import TEME

    theirs, times, jd, fr, r_m, v_m_s = flight
    r, v = itrs_state(r_m, v_m_s, jd, fr)
    fixed, moving = theirs.frame_xyz_and_velocity(itrs)
    stars = rotated(np.swapaxes(gcrs_to_teme(jd, fr), 1, 2), r_m)
    below, point = sub_satellite_point(r_m, jd, fr), wgs84.geographic_position_of(theirs)
    turn_deg = np.degrees(below.longitude_rad) - point.longitude.degrees
    site = Station("", math.radians(51.5), math.radians(-0.14), 30.0, 0.0)
    station = wgs84.latlon(51.5, -0.14, 30.0).at(times).frame_xyz(TEME).m.T
    return (
        _largest_norm(r - fixed.m.T),
        _largest_norm(v - moving.m_per_s.T),
        _largest_norm(stars - theirs.xyz.m.T),
        float(np.abs(np.degrees(below.latitude_rad) - point.latitude.degrees).max()),
        float(np.abs(np.mod(turn_deg + 180.0, 360.0) - 180.0).max()),
        float(np.abs(below.height_m - point.elevation.m).max()),
        _largest_norm(in_teme(position_m(site)[np.newaxis], jd, fr)[:, 0] - station),
    )


def _largest_norm(vectors: Array) -> float:
    return float(np.linalg.norm(vectors, axis=1).max())


def _round_trip() -> float:
    """Largest relative change of vectors rotated to TEME, to ITRS and back."""
    days = np.arange(0.0, 9800.0, 97.3)
    jd, fr = 2451544.5 + np.floor(days), days - np.floor(days)
    out, on = gcrs_to_teme(jd, fr), teme_to_itrs(jd, fr)
    vectors = np.random.default_rng(1).normal(size=(days.size, 3))
    back = rotated(np.swapaxes(on @ out, 1, 2), rotated(on, rotated(out, vectors)))
    return float((np.linalg.norm(back - vectors, axis=1) / np.linalg.norm(vectors, axis=1)).max())


def _geodetic_deg() -> float:
    latitude = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 181)
    worst = 0.0
    for height_m in (-400.0, 0.0, 5e5, 2e6, 2e7, 3.6e7, 3.8e8):
        fixed = np.array([position_m(Station("", float(x), 1.0, height_m, 0.0)) for x in latitude])
        worst = max(worst, float(np.degrees(np.abs(geodetic(fixed).latitude_rad - latitude)).max()))
    return worst


# --- Sun and Moon ------------------------------------------------------------------------------------------------------


@cache
def _bodies() -> tuple[float, float, float, float]:
    """Worst errors of the Sun's direction [deg] and distance (relative), and of the Moon's, every 61.3 days."""
    from skyfield.sgp4lib import TEME

    days = np.arange(*SPAN_D, 61.3)
    jd, fr = 2451544.5 + np.floor(days), days - np.floor(days)
    times = _timescale().tt_jd(*utc_to_tt(jd, fr))
    turn = TEME.rotation_at(times)
    with _de421() as bodies:
        sun = bodies["earth"].at(times).observe(bodies["sun"]).apparent().xyz.m
        moon = (bodies["moon"] - bodies["earth"]).at(times).xyz.m
    sun_m, moon_m = (np.einsum("ijk,jk->ki", turn, xyz) for xyz in (sun, moon))
    return *_direction_errors(sun_position_m(jd, fr), sun_m), *_direction_errors(moon_position_m(jd, fr), moon_m)


def _direction_errors(ours: Array, theirs: Array) -> tuple[float, float]:
    """Largest angle [deg] and relative difference of length."""
    ours_m, theirs_m = np.linalg.norm(ours, axis=1), np.linalg.norm(theirs, axis=1)
    angle = np.arctan2(np.linalg.norm(np.cross(ours, theirs), axis=1), np.sum(ours * theirs, axis=1))
    return float(np.degrees(angle).max()), float(np.abs(ours_m / theirs_m - 1.0).max())


@cache
def _sunlight() -> tuple[float, float, float]:
    """Transitions between sunlight and shadow, ours and skyfield's, and the longest interval [s] in which they differ.

    Six hours in each of three years, every second; ours by the sign of the edge.
    """
    count, ours, theirs, longest = 21_600, 0, 0, 0
    for year in (2000, 2016, 2026):
        flight = _flight(year, timedelta(seconds=1.0), count)
        edge = np.empty((count, 1))
        sun_m = np.ascontiguousarray(sun_position_m(flight.jd, flight.fr))
        shadow_edges(np.ascontiguousarray(flight.r_m[:, :, np.newaxis]), sun_m, SUN_DISC_M, edge)
        with _de421() as bodies:
            lit = np.asarray(flight.theirs.is_sunlit(bodies))
        ours += int(np.count_nonzero(np.diff(edge[:, 0] > 0.0)))
        theirs += int(np.count_nonzero(np.diff(lit)))
        differs = np.concatenate([[0], ((edge[:, 0] > 0.0) != lit).astype(np.int64), [0]])
        starts, ends = np.flatnonzero(np.diff(differs) == 1), np.flatnonzero(np.diff(differs) == -1)
        longest = max(longest, int((ends - starts).max(initial=0)))
    return float(ours), float(theirs), float(longest)
