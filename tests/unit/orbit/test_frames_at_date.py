"""TEME, ITRS and GCRS at a date, against skyfield and astropy with the same Earth orientation."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import astropy.units as u
import numpy as np
import pytest
import skyfield_earth
from astropy.coordinates import ITRS as AstropyItrs
from astropy.coordinates import TEME as AstropyTeme
from astropy.coordinates import CartesianRepresentation
from astropy.time import Time
from astropy.utils import iers
from sgp4.api import WGS72, Satrec
from skyfield.api import EarthSatellite, wgs84
from skyfield.framelib import itrs

from orbit import frames
from orbit.ground import Station, position_m
from orbit.kernels.frames import gmst_rad, gmst_rate_rad_s, pole_matrix, z_matrix

YEARS = (2000, 2008, 2016, 2026)


def _satellite(year: int) -> Satrec:
    """A satellite at 650 km, inclined by 98 deg, with elements of a New Year's Day."""
    satrec = Satrec()
    epoch = (datetime(year, 1, 1) - datetime(1949, 12, 31)) / timedelta(days=1)
    satrec.sgp4init(WGS72, "i", 1, epoch, 0.0, 0.0, 0.0, 1e-3, 0.3, math.radians(98.0), 0.4, 2 * math.pi / 97.7, 1.0)
    return satrec


@pytest.fixture(scope="module", params=YEARS)
def flight(request: pytest.FixtureRequest) -> tuple[Any, Any, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """skyfield's satellite, its times, our dates, TEME position [m] and velocity [m/s] by the sgp4 package."""
    satrec = _satellite(request.param)
    t, jd, fr = skyfield_earth.moments(datetime(request.param, 1, 1, tzinfo=UTC), timedelta(minutes=47, seconds=13), 60)
    error, r_km, v_km_s = satrec.sgp4_array(jd, fr)
    assert not error.any()
    return EarthSatellite.from_satrec(satrec, skyfield_earth.timescale()), t, jd, fr, 1e3 * r_km, 1e3 * v_km_s


def test_itrs_and_gcrs_against_skyfield(flight: tuple[Any, ...]) -> None:
    """Source of truth: skyfield. 1 m is asked for. SGP4 at a date of skyfield's, 1e-9 d of rounding, moves the satellite by 1 um;
    s' of the pole, 47 uas a century, is 1 mm in low orbit; the models of precession and nutation 1 mm a decade from 2000.
    skyfield turns velocities about the Earth-fixed z axis and not the pole, 0.5 arcsec apart: 1.2 mm/s."""
    satellite, t, jd, fr, r_m, v_m_s = flight
    at = satellite.at(t)
    theirs, moving = at.frame_xyz_and_velocity(itrs)
    r, v = frames.itrs_state(r_m, v_m_s, jd, fr)
    assert np.linalg.norm(r - theirs.m.T, axis=1).max() < 5e-3
    assert np.linalg.norm(v - moving.m_per_s.T, axis=1).max() < 1.3e-3
    assert np.abs(frames.rotated(frames.teme_to_itrs(jd, fr), r_m) - r).max() < 1e-8
    gcrs = frames.rotated(np.swapaxes(frames.gcrs_to_teme(jd, fr), 1, 2), r_m)
    assert np.linalg.norm(gcrs - at.xyz.m.T, axis=1).max() < 5e-3


def test_sub_satellite_point_against_skyfield(flight: tuple[Any, ...]) -> None:
    """Source of truth: skyfield's wgs84.geographic_position_of; 1e-5 deg is asked for, 5 mm are 5e-8 deg."""
    satellite, t, jd, fr, r_m, _ = flight
    theirs = wgs84.geographic_position_of(satellite.at(t))
    ours = frames.sub_satellite_point(r_m, jd, fr)
    assert np.abs(np.degrees(ours.latitude_rad) - theirs.latitude.degrees).max() < 1e-7
    apart = np.degrees(ours.longitude_rad) - theirs.longitude.degrees
    assert np.abs(np.mod(apart + 180.0, 360.0) - 180.0).max() < 1e-6
    assert np.abs(ours.height_m - theirs.elevation.m).max() < 5e-3


def test_itrs_against_astropy(flight: tuple[Any, ...]) -> None:
    """Source of truth: astropy's TEME to ITRS with the IERS file that is installed: the last measured weeks of another edition
    differ by 1e-4 s at most, 5 cm; with the edition of the table 1 mm."""
    _, _, jd, fr, r_m, _ = flight
    with (
        iers.conf.set_temp("auto_download", False),
        iers.earth_orientation_table.set(iers.IERS_A.open(iers.IERS_A_FILE)),
    ):
        time = Time(jd, fr, format="jd", scale="utc")
        there = AstropyTeme(CartesianRepresentation(r_m.T * u.m), obstime=time).transform_to(AstropyItrs(obstime=time))
    ours = frames.rotated(frames.teme_to_itrs(jd, fr), r_m)
    assert np.linalg.norm(ours - there.cartesian.xyz.to_value("m").T, axis=1).max() < 0.06


def test_rotations_turn_back(flight: tuple[Any, ...]) -> None:
    """Source of truth: a rotation's transpose is its inverse and its determinant 1; round trips of states to 1e-9 relative."""
    _, _, jd, fr, r_m, v_m_s = flight
    for matrices in (frames.teme_to_itrs(jd, fr), frames.gcrs_to_teme(jd, fr), frames.gcrs_to_teme_quick(jd, fr)):
        assert matrices.shape == (60, 3, 3)
        assert np.abs(matrices @ np.swapaxes(matrices, 1, 2) - np.eye(3)).max() < 1e-14
        assert np.abs(np.linalg.det(matrices) - 1.0).max() < 1e-14
    r, v = frames.teme_state(*frames.itrs_state(r_m, v_m_s, jd, fr), jd, fr)
    assert np.abs(r - r_m).max() < 1e-8
    assert np.abs(v - v_m_s).max() < 1e-11
    quick = frames.gcrs_to_teme_quick(jd, fr) - frames.gcrs_to_teme(jd, fr)
    assert np.abs(quick).max() < 5e-9  # 1 mas


def test_velocity_is_the_derivative(flight: tuple[Any, ...]) -> None:
    """Source of truth: the difference over 1 s of positions in ITRS of points that move straight in TEME. The chord of the turn is
    omega^2 v h^2 / 8 = 5e-6 m/s short; days longer or shorter by 2.5 ms, which the rate leaves out, are 1.5e-5 m/s."""
    _, _, jd, fr, r_m, v_m_s = flight
    half = 0.5 / 86400.0
    ends = [frames.rotated(frames.teme_to_itrs(jd, fr + side * half), r_m + 0.5 * side * v_m_s) for side in (-1.0, 1.0)]
    _, v = frames.itrs_state(r_m, v_m_s, jd, fr)
    assert np.linalg.norm(ends[1] - ends[0] - v, axis=1).max() < 2e-5


def test_place_that_stands_on_the_ground() -> None:
    """Source of truth: a place at rest on the Earth moves with the Earth in TEME: omega x r, 465.1 m/s at the equator, by
    7.2921159e-5 rad/s of the Earth and 7.7e-12 rad/s of precession."""
    r = np.array([[6378137.0, 0.0, 0.0], [0.0, 6378137.0, 0.0]])
    _, v = frames.teme_state(r, np.zeros((2, 3)), 2461041.5, 0.3)
    assert np.linalg.norm(v, axis=1) == pytest.approx(6378137.0 * 7.2921159e-5, rel=2e-7)
    rate = float(gmst_rate_rad_s(2461041.5, 0.3))
    step = float(gmst_rad(2461041.5, 0.3 + 100.0 / 86400.0) - gmst_rad(2461041.5, 0.3)) / 100.0
    assert rate == pytest.approx(step, rel=1e-11)


def test_pole_and_turn_against_erfa() -> None:
    """Source of truth: SOFA's matrices (erfa.pom00 without s', erfa.rz), to rounding."""
    import erfa

    rng = np.random.default_rng(9)
    x, y, angle = rng.uniform(-3e-6, 3e-6, 40), rng.uniform(-3e-6, 3e-6, 40), rng.uniform(-7.0, 7.0, 40)
    assert np.abs(pole_matrix(x, y) - erfa.pom00(x, y, 0.0)).max() < 1e-16
    assert np.abs(z_matrix(angle) - erfa.rz(angle, np.eye(3))).max() < 4e-16
    assert pole_matrix(1e-6, 2e-6).shape == (3, 3)


def test_geodetic_undoes_the_place_of_a_station() -> None:
    """Source of truth: the closed form from latitude, longitude and height to a position, which is checked against skyfield: 1e-9 deg
    and 1 um, from the Dead Sea to the distance of the Moon, poles and date line included."""
    rng = np.random.default_rng(10)
    latitude = np.concatenate([np.radians([-90.0, 90.0, 0.0, 1e-7]), np.arcsin(rng.uniform(-1.0, 1.0, 400))])
    longitude = np.concatenate([[0.0, 0.0, np.pi, -1.0], rng.uniform(-np.pi, np.pi, 400)])
    height = np.concatenate([[-430.0, 3.8e8, 0.0, 5e5], 10.0 ** rng.uniform(0.0, 8.6, 400)])
    sites = zip(latitude, longitude, height, strict=True)
    fixed = np.array([position_m(Station("", *map(float, site), 0.0)) for site in sites])
    ours = frames.geodetic(fixed.reshape(2, 202, 3))
    assert np.degrees(np.abs(ours.latitude_rad.ravel() - latitude)).max() < 1e-9
    apart = np.mod(ours.longitude_rad.ravel() - longitude + np.pi, 2.0 * np.pi) - np.pi
    assert np.degrees(np.abs(apart[2:])).max() < 1e-9
    assert (np.abs(ours.height_m.ravel() - height) / (6.4e6 + height)).max() < 1e-15 * 20
