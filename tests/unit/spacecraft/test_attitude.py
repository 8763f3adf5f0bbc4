"""Where array and radiator point."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.spacecraft.attitude import LAWS, array_nadir_cosine, attitude, sun_incidence


def _case(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Radial, orbit normal and Sun as unit vectors of a random orbit."""
    rng = np.random.default_rng(seed)
    radial = rng.normal(size=3)
    radial /= np.linalg.norm(radial)
    normal = np.cross(radial, rng.normal(size=3))
    normal /= np.linalg.norm(normal)
    sun = rng.normal(size=3)
    return radial, normal, sun / np.linalg.norm(sun)


def _normals(law: str, radial: np.ndarray, normal: np.ndarray, sun: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Array front and radiator as vectors, from the words of the laws."""
    if law == "sun-pointing":
        cross = np.cross(sun, -radial)
        return sun, cross / np.linalg.norm(cross)
    if law == "orbit-normal":
        return normal * np.sign(normal @ sun), np.cross(normal, radial)
    return radial, normal


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("seed", range(25))
def test_incidence_against_vectors(law: str, seed: int) -> None:
    """Source of truth: dot products of explicit normals; the radiator is lit on whichever face the Sun is; 1e-12."""
    radial, normal, sun = _case(seed)
    array, radiator = _normals(law, radial, normal, sun)
    on_array, on_radiator = sun_incidence(radial @ sun, normal @ sun, attitude(law, 0.0))
    assert on_array == pytest.approx(max(0.0, float(array @ sun)), abs=1e-12)
    assert on_radiator == pytest.approx(abs(float(radiator @ sun)), abs=1e-7)
    assert abs(float(radiator @ radial)) < 1e-12  # edge-on to the Earth, as the record says
    assert array_nadir_cosine(radial @ sun, attitude(law, 0.0)) == pytest.approx(float(array @ -radial), abs=1e-12)


@pytest.mark.parametrize("law", LAWS)
def test_pointing_error_is_the_worst_tilt(law: str) -> None:
    """Source of truth: a tilt by e leaves cos(e) on the array and cos(angle - e) on the radiator turned sunward."""
    error = math.radians(5.0)
    for seed in range(25):
        radial, normal, sun = _case(seed)
        array, radiator = _normals(law, radial, normal, sun)
        on_array, on_radiator = sun_incidence(radial @ sun, normal @ sun, attitude(law, error))
        assert on_array == pytest.approx(max(0.0, float(array @ sun)) * math.cos(error), abs=1e-12)
        angle = math.acos(min(1.0, abs(float(radiator @ sun))))
        assert on_radiator == pytest.approx(math.cos(angle - error), abs=1e-7)
        assert 0.0 <= on_radiator <= 1.0


def test_dawn_dusk_orbit_normal_factor() -> None:
    """Source of truth: a body-fixed array normal to the plane collects sin(beta): 0.853 at 58.6 deg (physics, B)."""
    beta = math.radians(58.6)
    sun = (math.cos(beta), 0.0, math.sin(beta))
    for u in np.linspace(0.0, 6.0, 7):
        on_array, _ = sun_incidence(math.cos(u) * sun[0], sun[2], attitude("orbit-normal", 0.0))
        assert on_array == pytest.approx(0.853, abs=1e-3)


def test_zenith_array_averages_to_one_over_pi() -> None:
    """Source of truth: the mean of max(0, cos) over a turn is 1/pi (physics, B); 1000 points: 1e-6."""
    law = attitude("nadir", 0.0)
    turn = (np.arange(1000) + 0.5) / 1000 * 2.0 * math.pi
    mean = np.mean([sun_incidence(math.cos(u), 0.0, law)[0] for u in turn])
    assert mean == pytest.approx(1.0 / math.pi, abs=2e-6)
