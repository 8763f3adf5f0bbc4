"""What a plate sees of the Earth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.spacecraft.earth_flux import Earth, albedo_flux_w_m2, back_view_factor, plate_view_factor

R = 6378137.0


def _numerical(cos_gamma: float, radius_m: float, n: int = 900) -> float:
    """(1 / pi) integral of max(0, cos) over the cap of directions that meet the sphere, midpoint rule in cos and azimuth."""
    top = math.asin(R / radius_m)
    mu = 1.0 - (np.arange(n) + 0.5) / n * (1.0 - math.cos(top))
    phi = (np.arange(n) + 0.5) / n * 2.0 * math.pi
    sin_gamma = math.sqrt(1.0 - cos_gamma**2)
    cosine = mu[:, None] * cos_gamma + np.sqrt(1.0 - mu[:, None] ** 2) * sin_gamma * np.cos(phi)
    return float(np.maximum(0.0, cosine).mean() * 2.0 * (1.0 - math.cos(top)))


@pytest.mark.parametrize(
    ("altitude_km", "gamma_deg", "factor"),
    [(650, 0, 0.8236), (650, 30, 0.7140), (650, 60, 0.4789), (650, 90, 0.2407), (650, 120, 0.0671), (550, 90, 0.2579)],
)
def test_published_view_factors(altitude_km: float, gamma_deg: float, factor: float) -> None:
    """Source of truth: case V5 and C1, published to four digits (closed form and Monte-Carlo): 1e-4."""
    ours = plate_view_factor(math.cos(math.radians(gamma_deg)), R + 1e3 * altitude_km)
    assert ours == pytest.approx(factor, abs=1e-4)


@pytest.mark.parametrize("altitude_km", [1.0, 200.0, 650.0, 2000.0, 35_786.0])
@pytest.mark.parametrize(
    "gamma_deg", [0.0, 15.0, 25.0, 40.0, 64.0, 66.0, 75.0, 90.0, 105.0, 114.0, 116.0, 150.0, 180.0]
)
def test_view_factor_against_integration(altitude_km: float, gamma_deg: float) -> None:
    """Source of truth: numerical integral of cos over the visible cap, 900 x 900 directions: 2e-5."""
    cosine = math.cos(math.radians(gamma_deg))
    radius = R + 1e3 * altitude_km
    assert plate_view_factor(cosine, radius) == pytest.approx(_numerical(cosine, radius), abs=2e-5)


def test_back_face_against_integration() -> None:
    """Source of truth: the numerical integral for the face turned away, 900 x 900 directions: 2e-5."""
    for altitude_km in (200.0, 650.0, 2000.0):
        for gamma_deg in (0.0, 40.0, 64.0, 90.0, 116.0, 150.0, 180.0):
            cosine, radius = math.cos(math.radians(gamma_deg)), R + 1e3 * altitude_km
            ours = back_view_factor(plate_view_factor(cosine, radius), cosine, radius)
            assert ours == pytest.approx(_numerical(-cosine, radius), abs=2e-5)


def test_view_factor_is_continuous_at_its_seams() -> None:
    """Source of truth: the integral is continuous in the angle; its slope is at most 1: a step of 1e-9 moves it 1e-9.

    Near the seams the closed form cancels to the square root of rounding: 3e-8.
    """
    for altitude_km in (300.0, 650.0, 5000.0):
        radius = R + 1e3 * altitude_km
        for seam in (R / radius, -R / radius):
            below, above = plate_view_factor(seam - 1e-9, radius), plate_view_factor(seam + 1e-9, radius)
            assert abs(above - below) < 3e-8
    for cosine in (1.0, 1.0 + 2e-16, -1.0, -1.0 - 2e-16):  # rounding past one
        assert math.isfinite(plate_view_factor(cosine, R + 650e3))


def test_a_box_sees_the_earth_once() -> None:
    """Source of truth: summed over six faces of a cube the view factor is the integral of |x| + |y| + |z| over the cap; over
    all orientations a small sphere sees (1 - cos a_e) / 2 of its surroundings, so the mean of F over orientations is that."""
    radius = R + 650e3
    cosines = -1.0 + 2.0 * (np.arange(4000) + 0.5) / 4000
    mean = np.mean([plate_view_factor(c, radius) for c in cosines])
    assert mean == pytest.approx((1.0 - math.sqrt(1.0 - (R / radius) ** 2)) / 2.0, abs=1e-5)


def test_albedo_flux() -> None:
    """Source of truth: a x S x cos(zenith), nothing at night; noon 0.3 x 1361 = 408.3 W/m2."""
    earth = Earth(240.0, 0.3)
    assert albedo_flux_w_m2(1361.0, 1.0, earth) == pytest.approx(408.3, rel=1e-12)
    assert albedo_flux_w_m2(1361.0, 0.5, earth) == pytest.approx(204.15, rel=1e-12)
    assert albedo_flux_w_m2(1361.0, -0.3, earth) == 0.0
