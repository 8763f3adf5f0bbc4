"""Density of the air: against NRLMSIS 2.1 itself, against published means."""

from __future__ import annotations

import math

import numpy as np
import pytest

from orbit.atmosphere import air, density_kg_m3
from orbit.kernels.simd import exponential


def test_against_the_model_at_one_place() -> None:
    """Source of truth: NRLMSIS 2.1 at 550 km, noon of an equinox, equator, F10.7 150, Ap 15: 7.415e-13 kg/m3. Noon is 35 deg
    from the bulge; a mean and one harmonic leave a scatter of 0.21 in the logarithm."""
    found = float(density_kg_m3(np.array(550e3), np.array(math.cos(math.radians(35.0))), 150.0, 15.0))
    assert math.log(found / 7.415e-13) == pytest.approx(0.0, abs=0.21)


@pytest.mark.parametrize(
    ("altitude_km", "means"),
    [
        (400, (5.65e-13, 3.74e-12, 6.96e-12, 1.20e-11)),
        (550, (3.15e-14, 3.94e-13, 9.11e-13, 1.88e-12)),
        (650, (8.57e-15, 1.04e-13, 2.68e-13, 6.20e-13)),
        (1000, (1.16e-15, 4.32e-15, 9.42e-15, 2.35e-14)),
    ],
)
def test_means_of_dawn_dusk_orbits(altitude_km: int, means: tuple[float, ...]) -> None:
    """Source of truth: NRLMSIS 2.1 averaged over dawn-dusk orbits at an equinox. The bulge is 55 deg off at the evening node,
    125 at the morning one; one harmonic leaves the twilight zone up to 21 % low where the Sun is active."""
    u = np.linspace(0.0, 2.0 * np.pi, 360, endpoint=False)
    cosine = math.sin(math.radians(35.0)) * np.cos(u)
    for (f107, ap), mean in zip(((70.0, 4.0), (150.0, 15.0), (200.0, 15.0), (250.0, 50.0)), means, strict=True):
        ours = density_kg_m3(np.full(360, 1e3 * altitude_km), cosine, f107, ap).mean()
        assert 0.78 < ours / mean < 1.13


def test_against_the_model_everywhere() -> None:
    """Source of truth: pymsis, places and days drawn anew, flux and index between those of the table. The mean within 6 %; the
    scatter of the logarithm at 550 km at most 0.3."""
    pymsis = pytest.importorskip("pymsis")
    rng = np.random.default_rng(5)
    count, f107, ap = 4000, 140.0, 10.0
    day, longitude = rng.uniform(0.0, 365.0, count), rng.uniform(-180.0, 180.0, count)
    latitude = np.degrees(np.arcsin(rng.uniform(-1.0, 1.0, count)))
    dates = np.datetime64("2025-01-01") + (day * 86400e3).astype("timedelta64[ms]")
    longitude_sun = np.radians(280.46 + 0.98565 * day + 1.915 * np.sin(np.radians(357.5 + 0.9856 * day)))
    declination = np.arcsin(np.sin(np.radians(23.44)) * np.sin(longitude_sun))
    hour = np.radians((day % 1.0) * 360.0 + longitude - 180.0 - 35.0)
    phi = np.radians(latitude)
    cosine = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(hour)
    one = np.ones(count)
    for altitude_km, scatter in ((150.0, 0.15), (300.0, 0.2), (550.0, 0.3), (900.0, 0.5), (1500.0, 0.6)):
        theirs = pymsis.calculate(
            dates, longitude, latitude, altitude_km * one, f107 * one, f107 * one, np.full((count, 7), ap), version=2.1
        )[:, 0].astype(np.float64)
        ours = density_kg_m3(1e3 * altitude_km * one, cosine, f107, ap)
        assert ours.mean() == pytest.approx(theirs.mean(), rel=0.06)
        assert np.std(np.log(ours / theirs)) < scatter


def test_between_and_beyond_the_table() -> None:
    """Source of truth: a table of logarithms that is straight between its rows; the air ends nowhere."""
    h = np.array([120e3, 400e3, 1900e3])
    low, middle, high = (density_kg_m3(h, 0.3 * np.ones(3), f, 15.0) for f in (150.0, 160.0, 170.0))
    assert np.allclose(middle, np.sqrt(low * high), rtol=1e-12)
    assert np.all(density_kg_m3(np.array([0.0, 5e6]), np.zeros(2), 150.0, 15.0) > 0.0)
    for f107, ap in ((60.0, 15.0), (150.0, 3.0), (260.0, 15.0), (150.0, 140.0)):
        with pytest.raises(ValueError, match="outside the table"):
            air(f107, ap)


def test_exponential() -> None:
    """Source of truth: libm; relative error 2e-13 as promised."""
    for x in np.linspace(-64.0, 64.0, 1001):
        assert float(exponential(float(x))) == pytest.approx(math.exp(x), rel=2e-13)
