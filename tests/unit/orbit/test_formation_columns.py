"""Columns along the track: distances over an orbit by brute force, numbers by the cube of the size."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from orbit import formation_columns, formation_geometry


def _positions_m(spacing_m: float, radius_m: float, turn: float) -> np.ndarray:
    """Solution of the equations of Clohessy and Wiltshire without drift, (n, 3)."""
    x, y, z, q, ahead = np.array(formation_columns.motions_m(spacing_m, radius_m)).T
    c, s = math.cos(turn), math.sin(turn)
    return np.stack((x * c + 0.5 * y * s, y * c - 2.0 * x * s + ahead, z * c + q * s), axis=1)


@pytest.mark.parametrize(("spacing_m", "radius_m"), [(100.0, 100.0), (100.0, 250.0), (100.0, 450.0), (70.0, 400.0)])
def test_least_and_largest_distances(spacing_m: float, radius_m: float) -> None:
    """All pairs at 720 moments: never nearer than the spacing, never outside the ball."""
    least = math.inf
    for turn in np.linspace(0.0, 2.0 * math.pi, 720, endpoint=False):
        at = _positions_m(spacing_m, radius_m, turn)
        assert np.linalg.norm(at, axis=1).max() <= radius_m * (1.0 + 1e-9)
        apart = np.linalg.norm(at[:, np.newaxis] - at[np.newaxis], axis=2)
        least = min(least, apart[~np.eye(len(at), dtype=bool)].min())
    assert least == pytest.approx(spacing_m, rel=1e-9)


def test_number_grows_with_the_cube() -> None:
    """Twice the radius over the spacing holds eight times as many, in the limit; a plane four times as many."""
    counts = [len(formation_columns.places(100.0, radius_m)) for radius_m in (1000.0, 2000.0, 4000.0)]
    assert counts[2] / counts[1] == pytest.approx(8.0, rel=0.03)
    assert counts[1] / counts[0] == pytest.approx(8.0, rel=0.06)
    assert counts[0] > formation_geometry.count("hexagonal", 100.0, 1000.0)


def test_neighbours_by_distance() -> None:
    """All pairs of the lattice of places: two spacings in the plane of along-track and twice radial, or one along the column."""
    rows = formation_columns.motions_m(100.0, 500.0)
    expected = set()
    for (i, a), (j, b) in itertools.combinations(enumerate(rows), 2):
        plane, ahead = math.hypot(2.0 * (a[0] - b[0]), a[1] - b[1]), abs(a[4] - b[4])
        if (abs(plane - 200.0) < 1e-6 and ahead < 1e-6) or (plane < 1e-6 and abs(ahead - 100.0) < 1e-6):
            expected.add((i, j))
    assert set(formation_columns.pairs(100.0, 500.0)) == expected


def test_tilted_plane_is_rigid() -> None:
    """Equations of Clohessy and Wiltshire: at 60 deg all distances are those of the flat lattice at all times."""
    size = ("hexagonal", 100.0, 300.0)
    cross_m = formation_geometry.cross_track_of_tilt_m(math.radians(60.0), 300.0)
    x, y, z = np.array(formation_geometry.offsets_m(*size, cross_m)).T
    q = np.array(formation_geometry.quarter_offsets_m(*size, cross_m))
    flat = np.stack((2.0 * x, y), axis=1)
    wanted = np.linalg.norm(flat[:, np.newaxis] - flat[np.newaxis], axis=2)
    for turn in np.linspace(0.0, 2.0 * math.pi, 50):
        c, s = math.cos(turn), math.sin(turn)
        at = np.stack((x * c + 0.5 * y * s, y * c - 2.0 * x * s, z * c + q * s), axis=1)
        assert np.allclose(np.linalg.norm(at[:, np.newaxis] - at[np.newaxis], axis=2), wanted, atol=1e-9)
    assert formation_geometry.closest_of_lattice_m(*size, cross_m, True) == pytest.approx(100.0, abs=1e-9)
