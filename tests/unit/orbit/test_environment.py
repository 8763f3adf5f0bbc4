"""Sun, Moon, day and night, beta angle."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import erfa
import numpy as np
import pytest
import skyfield_earth
from skyfield.api import wgs84
from skyfield.sgp4lib import TEME

from orbit.environment import (
    beta_angle_rad,
    eclipse_free_beta_rad,
    local_solar_time_h,
    mean_sun_right_ascension_rad,
    moon_position_m,
    solar_flux_w_m2,
    solar_zenith_rad,
    sun_position_m,
)

AU_M = 149_597_870_700.0


@pytest.fixture(scope="module")
def moments() -> tuple[Any, np.ndarray, np.ndarray]:
    """skyfield's times and UTC Julian dates (two parts) over 1973 to 2053."""
    # every 4.9 days: 0.9 steps of a synodic month would alias, 4.9 d covers Moon and planets
    return skyfield_earth.moments(datetime(1973, 1, 3, tzinfo=UTC), timedelta(days=4.9), 6000)


def _teme_m(vectors_m: np.ndarray, t: Any) -> np.ndarray:
    return np.einsum("ijk,jk->ki", TEME.rotation_at(t), vectors_m)


def _apart_deg(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Angle by its sine, for vectors that point the same way."""
    assert np.all(np.sum(a * b, axis=1) > 0.0)
    sine = np.linalg.norm(np.cross(a, b), axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    return np.degrees(np.arcsin(sine))


def test_sun_against_de421(moments: tuple[Any, np.ndarray, np.ndarray]) -> None:
    """Source of truth: DE421 through skyfield. 0.005 deg of the Sun moves a shadow's edge by 0.08 s; 1e-4 of the
    distance is 2e-4 of the flux, 0.3 W/m2."""
    t, jd, fr = moments
    bodies = skyfield_earth.ephemeris()
    theirs = _teme_m(bodies["earth"].at(t).observe(bodies["sun"]).apparent().xyz.m, t)
    ours = sun_position_m(jd, fr)
    assert _apart_deg(ours, theirs).max() < 0.005
    assert np.abs(np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1) - 1.0).max() < 1e-4


def test_moon_against_de421(moments: tuple[Any, np.ndarray, np.ndarray]) -> None:
    """Source of truth: DE421 through skyfield, the Moon where it is, as its pull asks. 0.004 deg turn that pull by 7e-5;
    4e-5 of the distance change it by 1e-4."""
    t, jd, fr = moments
    bodies = skyfield_earth.ephemeris()
    theirs = _teme_m((bodies["moon"] - bodies["earth"]).at(t).xyz.m, t)
    ours = moon_position_m(jd, fr)
    assert ours.shape == (6000, 3)
    assert _apart_deg(ours, theirs).max() < 0.004
    assert np.abs(np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1) - 1.0).max() < 4e-5
    assert moon_position_m(float(jd[7]), float(fr[7])) == pytest.approx(ours[7], rel=1e-12)


def test_day_and_night_below_against_skyfield(moments: tuple[Any, np.ndarray, np.ndarray]) -> None:
    """Source of truth: skyfield's altitude of the Sun without air, and its hour angle. The Sun's parallax is 0.0024 deg,
    our Sun's error 0.005 deg (1.2 s of time)."""
    t, jd, fr = (x[:200] for x in moments)
    bodies = skyfield_earth.ephemeris()
    for latitude, longitude in ((0.0, 0.0), (51.5, -0.14), (-33.45, -70.67), (78.2, 179.5)):
        seen = (bodies["earth"] + wgs84.latlon(latitude, longitude)).at(t).observe(bodies["sun"]).apparent()
        zenith = np.degrees(solar_zenith_rad(math.radians(latitude), math.radians(longitude), jd, fr))
        assert np.abs(zenith - (90.0 - seen.altaz()[0].degrees)).max() < 0.0075
        hours = local_solar_time_h(math.radians(longitude), jd, fr) - 12.0 - seen.hadec()[0].hours
        assert np.abs(np.mod(hours + 12.0, 24.0) - 12.0).max() < 0.0075 / 15.0 / math.cos(math.radians(23.5))


def test_solar_flux_extremes() -> None:
    """Source of truth: S0 / (1 -+ e)^2 with e = 0.0167086: 1407.65 and 1316.63 W/m2, to 0.1 % (case V4).

    Planetary perturbations move the year's extremes by 5e-5 of the distance, hence the tolerance of the case.
    """
    jd = 2461041.5 + np.arange(0.0, 366.0, 0.25)
    flux = solar_flux_w_m2(np.linalg.norm(sun_position_m(np.floor(jd), jd - np.floor(jd)), axis=1))
    assert flux.max() == pytest.approx(1407.65, rel=1e-3)
    assert flux.min() == pytest.approx(1316.63, rel=1e-3)
    assert float(jd[flux.argmax()] - 2461041.5) < 6.0  # early January
    assert 180.0 < float(jd[flux.argmin()] - 2461041.5) < 190.0  # early July
    assert float(solar_flux_w_m2(AU_M)) == pytest.approx(1361.0, rel=1e-15)


def test_mean_sun_against_sidereal_time() -> None:
    """Source of truth: by definition mean solar time is the hour angle of the mean Sun plus 12 h, so that its right
    ascension is GMST - UT + 12 h (erfa.gmst82). The definition includes the constant of aberration, 20.5 arcsec, which
    Meeus's geometric longitude does not, and UT and TT differ by 69 s of mean motion, 2.8 arcsec: 0.0075 deg, 2 s."""
    jd = 2461041.5 + np.arange(0.0, 366.0)
    for fr in (0.0, 0.37):
        expected = erfa.gmst82(jd, np.full_like(jd, fr)) - 2.0 * math.pi * (fr - 0.5)
        difference = np.remainder(mean_sun_right_ascension_rad(jd, fr) - expected + math.pi, 2.0 * math.pi) - math.pi
        assert np.degrees(np.abs(difference)).max() < 0.0075


def test_beta_angle_closed_forms() -> None:
    """Source of truth: geometry. Equatorial orbit: the Sun's declination; node 90 deg east of a Sun on the equator,
    polar orbit: +90 deg; inclination i with the Sun on the equator at the node: 0."""
    x = np.array([AU_M, 0.0, 0.0])
    assert float(beta_angle_rad(x, math.pi / 2, math.pi / 2)) == pytest.approx(math.pi / 2, abs=1e-7)
    assert float(beta_angle_rad(x, math.pi / 2, -math.pi / 2)) == pytest.approx(-math.pi / 2, abs=1e-7)
    assert float(beta_angle_rad(x, 1.1, 0.0)) == pytest.approx(0.0, abs=1e-15)
    dec = math.radians(23.4)
    north = AU_M * np.array([0.0, math.cos(dec), math.sin(dec)])
    assert float(beta_angle_rad(north, 0.0, 0.3)) == pytest.approx(dec, abs=1e-12)
    # dawn-dusk at solstice: sin(beta) = cos(dec) sin(i) + sin(dec) cos(i) = sin(i + dec), Sun at right ascension 90 deg
    i = math.radians(97.986)
    assert math.sin(float(beta_angle_rad(north, i, math.pi))) == pytest.approx(math.sin(i + dec), abs=1e-12)


def test_least_beta_of_a_dawn_dusk_orbit() -> None:
    """Source of truth: the table of dawn-dusk orbits (Astropy's Sun of 2026, exact precession): the smallest |beta| at
    650 km is 58.58 deg for 18:00 and 58.57 deg for 06:00. Two digits after the point are given: 0.02 deg."""
    jd = 2461041.5 + np.arange(0.0, 365.0, 0.1)
    whole, part = np.floor(jd), jd - np.floor(jd)
    node_per_s = 2.0 * math.pi / (365.2421897 * 86400.0)
    i = math.radians(97.986)
    first = float(mean_sun_right_ascension_rad(whole[0], part[0]))
    for hours, least in ((18.0, 58.58), (6.0, 58.57)):
        node = first + math.radians(15.0 * (hours - 12.0)) + node_per_s * (jd - jd[0]) * 86400.0
        beta = np.degrees(np.abs(beta_angle_rad(sun_position_m(whole, part), i, node)))
        assert beta.min() == pytest.approx(least, abs=0.02)


@pytest.mark.parametrize(
    ("altitude_km", "limit_deg"), [(550.0, 67.016), (650.0, 65.164), (600.0, 66.07), (1000.0, 59.82)]
)
def test_eclipse_free_beta(altitude_km: float, limit_deg: float) -> None:
    """Source of truth: the published limits (networks, section 3; physics, A2), given to 0.001 and 0.01 deg."""
    ours = math.degrees(float(eclipse_free_beta_rad(6378137.0 + 1e3 * altitude_km)))
    assert ours == pytest.approx(limit_deg, abs=0.006)
