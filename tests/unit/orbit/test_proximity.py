"""Nearest and farthest of satellites that fly together, between samples too."""

from __future__ import annotations

import math

import numpy as np
import pytest

from orbit import formation_geometry, proximity
from orbit.elements import nodal_period_s
from orbit.propagation import Formation
from orbit.relative_motion import linear_offsets_m, of_offsets
from orbit.shells import sun_synchronous_ring
from orbit.timegrid import TimeGrid

CHIEF = sun_synchronous_ring(650e3, 6.0, 1, 2461395.5, 0.0)
PERIOD = nodal_period_s(6378137.0 + 650e3, float(CHIEF.inclination_rad[0]))


def _straight(starts: np.ndarray, speeds: np.ndarray) -> proximity.PositionsAt:
    def at(t_s: np.ndarray, which: np.ndarray | None) -> np.ndarray:
        some = slice(None) if which is None else which
        return starts[None][:, :, some] + speeds[None][:, :, some] * t_s[:, None, None]

    return at


def test_range_matrix() -> None:
    """Source of truth: Pythagoras: 3, 4, 5 and 12, 13."""
    r = np.array([[[0.0, 3.0, 0.0], [0.0, 0.0, 4.0], [0.0, 0.0, 0.0]]])
    assert proximity.range_matrix_m(r)[0].tolist() == [[0, 3, 4], [3, 0, 5], [4, 5, 0]]
    assert proximity.pair_ranges_m(r, np.array([0, 1]), np.array([1, 2])).tolist() == [[3, 5]]


def test_closest_of_straight_lines() -> None:
    """Source of truth: geometry: two that pass at 1 m/s, 7 m apart at 123.4 s, far between samples; others keep 50 m."""
    starts = np.array([[-123.4, 0.0, 0.0, 500.0], [7.0, 0.0, 50.0, 500.0], [0.0, 0.0, 0.0, 0.0]])
    speeds = np.zeros((3, 4))
    speeds[0, 0] = 1.0
    found = proximity.closest(_straight(starts, speeds), 0.0, 1000.0, samples=20)
    assert found.pair == (0, 1)
    assert found.range_m == pytest.approx(7.0, abs=1e-6)
    assert found.time_s == pytest.approx(123.4, abs=1e-3)


def test_closest_at_the_ends() -> None:
    """Source of truth: geometry: satellites that part are nearest at the start, those that meet at the end."""
    starts = np.array([[0.0, 10.0, 90.0], [0.0, 0.0, 300.0], [0.0, 0.0, 0.0]])
    parting = proximity.closest(
        _straight(starts, np.array([[0.0, 1.0, 0.0], [0.0] * 3, [0.0] * 3])), 0.0, 60.0, samples=10
    )
    assert (parting.range_m, parting.time_s, parting.pair) == (
        pytest.approx(10.0, abs=0.3),
        pytest.approx(0.0, abs=0.3),
        (0, 1),
    )
    meeting = proximity.closest(
        _straight(starts, np.array([[0.0, -0.1, 0.0], [0.0] * 3, [0.0] * 3])), 0.0, 60.0, samples=10
    )
    assert (meeting.range_m, meeting.time_s) == (pytest.approx(4.0, abs=1e-6), pytest.approx(60.0, abs=1e-6))


@pytest.mark.parametrize(
    ("shape", "spacing", "radius", "cross"),
    [("square", 200.0, 1000.0, 0.0), ("hexagonal", 200.0, 1000.0, 900.0), ("square", 5000.0, 20e3, 8e3)],
)
def test_formation_against_brute_force(shape: str, spacing: float, radius: float, cross: float) -> None:
    """Source of truth: all pairs at 4,000 moments of the orbit: the angle between is missed by 8e-4 rad, the least of a range
    d that swings between d and 2 d by 5 (8e-4)^2 d: 1 mm of 200 m."""
    flying = Formation(
        CHIEF,
        of_offsets(np.array(formation_geometry.offsets_m(shape, spacing, radius, cross)).T, CHIEF),
        TimeGrid(2461395.5, 0.0, 60.0, 1),
    )
    found = proximity.closest(flying.positions_m, 0.0, PERIOD)
    known = proximity.closest(
        flying.positions_m, 0.0, PERIOD, proximity.may_meet(linear_offsets_m(flying.relative, CHIEF))
    )
    assert (known.range_m, known.time_s) == (
        pytest.approx(found.range_m, abs=2e-3),
        pytest.approx(found.time_s, abs=1.0),
    )
    t = np.linspace(0.0, PERIOD, 4001)
    least, most = np.inf, 0.0
    for part in np.array_split(t, 20):
        ranges = proximity.range_matrix_m(flying.positions_m(part))
        most = max(most, float(ranges.max()))
        ranges[:, np.arange(flying.count), np.arange(flying.count)] = np.inf
        least = min(least, float(ranges.min()))
    assert found.range_m == pytest.approx(least, abs=1e-5 * spacing)
    assert found.range_m <= least + 1e-3  # of those alike to a millimetre the first is reported
    at_that_moment = flying.positions_m(np.array([found.time_s]), np.array(found.pair))[0]
    assert np.linalg.norm(at_that_moment[:, 0] - at_that_moment[:, 1]) == pytest.approx(found.range_m, abs=1e-4)
    coarse = flying.positions_m(np.linspace(0.0, PERIOD, 361))
    a, b = np.triu_indices(flying.count, 1)
    assert proximity.swing_of_pairs_m(coarse, a, b) == pytest.approx((least, most), rel=1e-5)
    assert proximity.farthest_m(coarse) == pytest.approx(most, rel=1e-6)


def test_a_fast_pair_far_apart_at_samples_is_found() -> None:
    """Source of truth: closest_m of linear motion: an offset along the track and one across it, the first of which dives
    below the second's plane: 20 m at one place of the orbit, kilometres elsewhere (J2 and curvature: 1 km^2 / 2a = 0.1 m)."""
    points = np.array([[0.0, 1000.0, 900.0], [0.0, 960.0, 2500.0], [300.0, -500.0, 0.0]]).T
    wanted = formation_geometry.closest_m((0.0, 40.0, -1600.0))
    assert wanted == pytest.approx(20.0, abs=0.01)
    flying = Formation(CHIEF, of_offsets(points, CHIEF), TimeGrid(2461395.5, 0.0, 60.0, 1))
    found = proximity.closest(flying.positions_m, 0.0, PERIOD)
    assert found == proximity.closest(flying.positions_m, 0.0, PERIOD, proximity.may_meet(points))
    assert found.pair == (0, 1)
    fine = flying.positions_m(found.time_s + np.linspace(-30.0, 30.0, 6001), np.array([0, 1]))
    brute = float(np.linalg.norm(fine[:, :, 0] - fine[:, :, 1], axis=1).min())
    assert found.range_m == pytest.approx(brute, abs=0.01)
    assert found.range_m == pytest.approx(wanted, abs=3.0)
    assert math.isclose(found.time_s % (PERIOD / 2.0), PERIOD / 4.0, rel_tol=0.02)
