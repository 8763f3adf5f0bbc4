"""Ground stations."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import skyfield_earth
from skyfield.api import wgs84
from skyfield.sgp4lib import TEME

from orbit.ground import Station, in_teme, position_m, round_trip_ms, slant_range_m, zenith

SITES = [
    (78.23, 15.41, 460.0),
    (0.0, 0.0, 0.0),
    (-33.45, -70.67, 520.0),
    (90.0, 0.0, 10.0),
    (-89.9, 179.0, 2800.0),
    (45.0, -180.0, -50.0),
]


def _station(lat: float, lon: float, height: float, mask_deg: float = 10.0) -> Station:
    return Station("site", math.radians(lat), math.radians(lon), height, math.radians(mask_deg))


@pytest.mark.parametrize(("lat", "lon", "height"), SITES)
def test_position_against_skyfield(lat: float, lon: float, height: float) -> None:
    """Source of truth: skyfield's WGS 84 geodesy, Earth-fixed; 1 mm."""
    theirs = wgs84.latlon(lat, lon, height).itrs_xyz.m
    assert np.abs(position_m(_station(lat, lon, height)) - theirs).max() < 1e-3


@pytest.mark.parametrize(("lat", "lon", "height"), SITES)
def test_zenith_is_the_ellipsoids_normal(lat: float, lon: float, height: float) -> None:
    """Source of truth: the gradient of x^2/a^2 + y^2/a^2 + z^2/b^2 at the site with height 0; unit length."""
    p = position_m(_station(lat, lon, 0.0))
    b = 6356752.314245
    gradient = p / np.array([6378137.0**2, 6378137.0**2, b**2])
    assert np.abs(zenith(_station(lat, lon, height)) - gradient / np.linalg.norm(gradient)).max() < 1e-9


def test_position_in_teme_against_skyfield() -> None:
    """Source of truth: skyfield's site in TEME with the same UT1 and pole. The tables of both are read at dates that one
    float holds to 4e-5 s: 2e-8 m. What is left, s' of the pole and rounding, is below 1 mm."""
    for year in (1999, 2016, 2026):
        t, jd, fr = skyfield_earth.moments(datetime(year, 12, 21, tzinfo=UTC), timedelta(hours=5.5), 5)
        sites = [_station(*s) for s in SITES]
        ours = in_teme(np.array([position_m(s) for s in sites]), jd, fr)
        assert ours.shape == (5, len(sites), 3)
        for n, (lat, lon, height) in enumerate(SITES):
            theirs = wgs84.latlon(lat, lon, height).at(t).frame_xyz(TEME).m.T
            assert np.abs(ours[:, n] - theirs).max() < 2e-3


@pytest.mark.parametrize(
    ("altitude_km", "elevation_deg", "range_km"), [(550, 25, 1123.4), (650, 10, 2045.3), (650, 20, 1489.1)]
)
def test_slant_range_published(altitude_km: float, elevation_deg: float, range_km: float) -> None:
    """Source of truth: the published slant ranges (physics, D2), given to 0.1 km."""
    assert slant_range_m(1e3 * altitude_km, math.radians(elevation_deg)) == pytest.approx(1e3 * range_km, abs=60.0)


def test_slant_range_closed_forms() -> None:
    """Source of truth: geometry: the altitude overhead, sqrt((R + h)^2 - R^2) at the horizon, the law of cosines."""
    assert slant_range_m(550e3, math.pi / 2) == pytest.approx(550e3, abs=1e-3)
    assert slant_range_m(550e3, 0.0) == pytest.approx(math.sqrt((6378137.0 + 550e3) ** 2 - 6378137.0**2), rel=1e-12)
    d, e = slant_range_m(1200e3, 0.6), 0.6
    radius2 = 6378137.0**2 + d * d + 2.0 * 6378137.0 * d * math.sin(e)
    assert math.sqrt(radius2) == pytest.approx(6378137.0 + 1200e3, abs=1e-3)


def test_round_trip() -> None:
    """Source of truth: 3.3356 ms per 1000 km of vacuum, there and back (physics, D1); infinite stays infinite."""
    out = round_trip_ms(np.array([1e6, np.inf]))
    assert out[0] == pytest.approx(2.0 * 3.3356, abs=1e-4)
    assert np.isinf(out[1])
