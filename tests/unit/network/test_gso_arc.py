"""Angle from the geostationary arc, against the elevation of the arc on the meridian in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.network.gso_arc import arc_separation_rad, clear_of_arc

R_M, GSO_M = 6_378_137.0, 42_164.17e3


def _station(latitude_deg: float, longitude_deg: float = 20.0) -> np.ndarray:
    a, b = math.radians(latitude_deg), math.radians(longitude_deg)
    return R_M * np.array((math.cos(a) * math.cos(b), math.cos(a) * math.sin(b), math.sin(a)))


def _satellite(station: np.ndarray, elevation_deg: float, azimuth_deg: float) -> np.ndarray:
    """A point 1,000 km from the station in that direction of its spherical horizon."""
    up = station / np.linalg.norm(station)
    east = np.cross([0.0, 0.0, 1.0], up)
    east /= np.linalg.norm(east)
    north = np.cross(up, east)
    e, a = math.radians(elevation_deg), math.radians(azimuth_deg)
    return station + 1e6 * (math.sin(e) * up + math.cos(e) * (math.cos(a) * north + math.sin(a) * east))


def _meridian_elevation_deg(latitude_deg: float) -> float:
    """Elevation of the geostationary satellite on the meridian: tan e = (cos f - R / r) / sin f."""
    f = math.radians(abs(latitude_deg))
    return math.degrees(math.atan2(math.cos(f) - R_M / GSO_M, math.sin(f)))


@pytest.mark.parametrize("latitude_deg", [20.0, 45.0, 60.0, -35.0])
def test_zenith_is_away_from_the_arc_by_its_zenith_angle(latitude_deg: float) -> None:
    """The point of the arc nearest to the zenith is on the meridian; sampling every half degree of longitude: 0.01 deg."""
    station = _station(latitude_deg)
    found = math.degrees(arc_separation_rad(station, _satellite(station, 89.9999, 0.0)[:, np.newaxis])[0])
    assert found == pytest.approx(90.0 - _meridian_elevation_deg(latitude_deg), abs=0.01)


def test_satellite_on_the_meridian_above_the_arc() -> None:
    """60 deg north: the arc culminates at 21.9 deg in the south; at 35 deg elevation the separation is 13.1 deg."""
    station = _station(60.0)
    assert _meridian_elevation_deg(60.0) == pytest.approx(21.9, abs=0.05)
    found = math.degrees(arc_separation_rad(station, _satellite(station, 35.0, 180.0)[:, np.newaxis])[0])
    assert found == pytest.approx(35.0 - _meridian_elevation_deg(60.0), abs=0.02)


def test_arc_is_below_the_horizon_near_the_poles() -> None:
    """acos(R / r) = 81.3 deg: beyond, any direction is free."""
    for latitude_deg, seen in ((81.0, True), (82.0, False), (-89.0, False)):
        station = _station(latitude_deg)
        free = arc_separation_rad(station, _satellite(station, 30.0, 180.0)[:, np.newaxis])[0] == math.pi
        assert bool(free) is not seen


def test_only_satellites_in_view_are_cleared_and_the_input_stays() -> None:
    station = _station(45.0)
    south, north = _satellite(station, 38.0, 180.0), _satellite(station, 38.0, 0.0)
    slant_m = np.array([[1e6, 1e6, np.inf]])
    found = clear_of_arc(slant_m, station[np.newaxis], np.array([south, north, south]).T, math.radians(18.0))
    assert np.isfinite(found).tolist() == [[False, True, False]]
    assert np.isfinite(slant_m).tolist() == [[True, True, False]]
