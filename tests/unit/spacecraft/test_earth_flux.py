"""What a plate sees of the Earth."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest
import submodel_cases as cases

from sim.config import scenario
from sim.config.errors import InputError
from sim.spacecraft import earth_flux, step
from sim.spacecraft.earth_flux import back_view_factor, lit_cosine, plate_view_factor, zonal

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


@lru_cache(maxsize=4)
def _ground(cos_gamma: float, radius_m: float, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Share of each piece of ground in a plate's view factor, by an area integral (not over the plate's sky), and its zenith.

    Ground at x, plate at r along z: cos(emission) cos(plate) / (pi d^2) dA. Midpoint rule in the cosine of the central angle and in
    azimuth; the plate's horizontal direction is x.
    """
    near = R / radius_m
    u = (np.arange(n) + 0.5) / n
    z = 1.0 - (1.0 - near) * u * u  # finer below the satellite, where most comes from
    azimuth = u * 2.0 * math.pi
    flat = np.sqrt(1.0 - z * z)[:, None]
    ground = np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.repeat(z[:, None], n, axis=1)])
    ray = R * ground - np.array([0.0, 0.0, radius_m])[:, None, None]
    d2 = (ray * ray).sum(axis=0)
    plate = np.array([math.sqrt(1.0 - cos_gamma**2), 0.0, -cos_gamma])
    on_plate = np.maximum(0.0, np.tensordot(plate, ray, 1)) / np.sqrt(d2)
    leaving = np.maximum(0.0, -(ground * ray).sum(axis=0)) / np.sqrt(d2)
    area = R * R * 2.0 * (1.0 - near) * u[:, None] * 2.0 * math.pi / (n * n)
    return on_plate * leaving / (math.pi * d2) * area, ground


def _received(cos_gamma: float, sun: np.ndarray, radius_m: float) -> tuple[float, float]:
    """View factor of a plate, and the share of an albedo of one that falls on it."""
    weight, ground = _ground(cos_gamma, radius_m)
    return float(weight.sum()), float((weight * np.maximum(0.0, np.tensordot(sun, ground, 1))).sum())


@pytest.mark.parametrize("altitude_km", [420.0, 650.0, 1400.0])
@pytest.mark.parametrize("gamma_deg", [0.0, 50.0, 90.0, 105.0, 140.0])
def test_reflected_sunlight_against_the_integral(altitude_km: float, gamma_deg: float) -> None:
    """Source of truth: area integral over the lit ground in view (300 x 300 points, 2e-4): the fit is within 0.0045 of sunlight times
    albedo, 1.8 W/m2 at an albedo of 0.3; full noon is 0.8."""
    radius, cosine = R + 1e3 * altitude_km, math.cos(math.radians(gamma_deg))
    for height_deg in (-35.0, -24.0, -12.0, 0.0, 8.0, 20.0, 45.0, 90.0):
        for azimuth_deg in (0.0, 70.0, 180.0):
            up, around = math.radians(height_deg), math.radians(azimuth_deg)
            sun = np.array([math.cos(up) * math.cos(around), math.cos(up) * math.sin(around), math.sin(up)])
            view, exact = _received(cosine, sun, radius)
            on_plate = float(math.sqrt(1.0 - cosine**2) * sun[0] - cosine * sun[2])
            assert plate_view_factor(cosine, radius) == pytest.approx(view, abs=2e-4)
            ours = plate_view_factor(cosine, radius) * lit_cosine(cosine, on_plate, float(sun[2]), radius)
            assert ours == pytest.approx(exact, abs=0.0047)
            assert ours >= 0.0


def test_reflected_sunlight_far_away_and_close() -> None:
    """Source of truth: seen from far away a sphere at an albedo of one returns the phase function of a Lambert sphere, 2/3 (sin a +
    (pi - a) cos a) / pi of its disc; from close up the cosine below."""
    far = R + 35_786e3
    for phase_deg in (10.0, 60.0, 90.0, 140.0):
        a = math.radians(phase_deg)
        ours = plate_view_factor(1.0, far) * lit_cosine(1.0, -math.cos(a), math.cos(a), far)
        sphere = 2.0 / 3.0 * (math.sin(a) + (math.pi - a) * math.cos(a)) / math.pi * (R / far) ** 2
        assert ours == pytest.approx(sphere, abs=0.008)  # the fit; the disc covers 0.023, and at 6.6 radii parallax changes a by 8 deg
    near = R + 1e3
    for height in (0.2, 0.7, 1.0):
        assert lit_cosine(1.0, -height, height, near) == pytest.approx(height, abs=2e-3)
    assert lit_cosine(1.0, 0.2, -0.2, near) == 0.0


def test_the_terminator_gives_light() -> None:
    """Source of truth: the integral at 650 km: with the Sun on the horizon a face towards nadir gets 3.4 % of what it gets at noon, and
    nothing once the horizon is dark: a Sun 25 deg below."""
    radius = R + 650e3
    _, dusk = _received(1.0, np.array([1.0, 0.0, 0.0]), radius)
    _, noon = _received(1.0, np.array([0.0, 0.0, 1.0]), radius)
    ours = [plate_view_factor(1.0, radius) * lit_cosine(1.0, -h, h, radius) for h in (0.0, 1.0, -math.sin(math.radians(25.5)))]
    assert dusk / noon == pytest.approx(0.034, abs=0.001)
    assert ours[0] / ours[1] == pytest.approx(dusk / noon, abs=0.006)
    assert ours[2] < 0.002


def test_infrared_by_latitude_and_season() -> None:
    """Source of truth: the formula of the reference by hand: e0 = 0.68, e2 = -0.18, k1 = -0.07 of S / 4 = 340.25 W/m2. At 60 deg north
    P2 = 0.625; at the June solstice the seasonal term turns its sign. Globally both parts vanish."""
    sixty = math.sin(math.radians(60.0))
    quarter = 1361.0 / 4.0
    for declination_deg, sign in ((-23.4392911, 1.0), (0.0, 0.0), (23.4392911, -1.0)):
        ours = zonal(0.68 * quarter, -0.18 * quarter, -0.07 * quarter, sixty, math.sin(math.radians(declination_deg)))
        assert ours == pytest.approx(quarter * (0.68 - 0.18 * 0.625 - 0.07 * sign * sixty), rel=1e-5)
    sines = -1.0 + 2.0 * (np.arange(1000) + 0.5) / 1000  # equal areas
    assert np.mean([zonal(240.0, -61.0, -24.0, s, 0.3) for s in sines]) == pytest.approx(240.0, abs=1e-3)


def test_items_of_the_earth() -> None:
    """Source of truth: the item's words: the mean of the globe, by latitude and season in the other one."""
    mean, seasonal = (cases.example_parameters("suncatcher", f"environment={item}").earth for item in ("earth-mean", "earth-seasonal"))
    assert mean == (240.0, 0.0, 0.0, 0.29, 0.0, 0.0)
    assert seasonal.infrared_w_m2 == 240.0
    # sunlight falls on the globe as 1 - 0.48 P2 in the mean over the year; the mean of P2 squared is 1/5
    assert seasonal.albedo - 0.48 * seasonal.albedo_zonal / 5.0 == pytest.approx(mean.albedo, abs=0.002)


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        (("environment.infrared_zonal=-190 W/m2", "environment.infrared_seasonal=-60 W/m2"), "environment.earth_infrared: with its parts by latitude and season it goes from -10 to"),
        (("environment.albedo_zonal=0.8",), "environment.albedo: with its parts by latitude and season it goes from -0.11 to 1.09; write smaller parts"),
    ],
)
def test_parts_that_leave_the_range(sets: tuple[str, ...], expected: str) -> None:
    """By hand: 240 - 190 - 60 at a pole; 0.29 - 0.8 / 2 at the equator, 0.29 + 0.8 at the poles."""
    with pytest.raises(InputError, match=expected.replace(".", r"\.")):
        scenario.load("suncatcher", sets=sets)


def test_faces_get_what_they_see() -> None:
    """Source of truth: the area integral for each face, under a law that turns array and radiator apart: 1.8 W/m2 by the fit."""
    setup = cases.example_parameters("suncatcher", "satellite.attitude.law=nadir", "satellite.attitude.radiator_cant=30 deg")
    radius, height = R + 650e3, 0.25
    sun = {"r": height, "t": 0.6, "w": math.sqrt(1.0 - height**2 - 0.36)}
    lit = cases.random_record("illumination", np.random.default_rng(0))._replace(
        radial_x=1.0, radial_y=0.0, radial_z=0.0, normal_x=0.0, normal_y=0.0, normal_z=1.0, sun_x=sun["r"], sun_y=sun["t"], sun_z=sun["w"], radius_m=radius,
    )  # fmt: skip
    inputs = cases.random_record("inputs", np.random.default_rng(0))._replace(flux_w_m2=1361.0)
    found = earth_flux.advance(inputs, lit, step.attitude.advance(lit, setup.attitude), setup.earth)
    # array towards the zenith; radiator's normal: orbit normal, 30 deg up
    for face, normal in (
        ("front", (1.0, 0.0)), ("back", (-1.0, 0.0)), ("radiator_front", (0.5, math.sqrt(0.75))), ("radiator_back", (-0.5, -math.sqrt(0.75))),
    ):  # fmt: skip
        sideways = math.copysign(1.0, normal[1])
        _, share = _received(-normal[0], np.array([sideways * sun["w"], sun["t"], sun["r"]]), radius)
        assert getattr(found, f"albedo_{face}_w_m2") == pytest.approx(1361.0 * 0.29 * share, abs=1.9)
