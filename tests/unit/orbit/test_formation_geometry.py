"""Places of a formation: how many, who is next to whom, how near they pass each other."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from orbit import formation_geometry

DISCS = [("square", 200.0, 1000.0), ("hexagonal", 200.0, 1000.0), ("hexagonal", 100.0, 250.0), ("square", 1.0, 0.5)]


@pytest.mark.parametrize(
    ("shape", "spacing", "radius", "count"),
    [
        ("square", 200.0, 1000.0, 81), ("square", 1.0, 0.5, 1), ("square", 100.0, 100.0, 5), ("square", 100.0, 1000.0, 317),
        ("hexagonal", 100.0, 1000.0, 367), ("hexagonal", 100.0, 99.0, 1), ("hexagonal", 100.0, 100.0, 7),
        ("hexagonal", 100.0, 174.0, 13), ("hexagonal", 100.0, 200.0, 19), ("hexagonal", 100.0, 265.0, 31),
    ],
)  # fmt: skip
def test_count(shape: str, spacing: float, radius: float, count: int) -> None:
    """Source of truth: Gauss's circle problem, N(0), N(1), N(5), N(10) = 1, 5, 81, 317; shells of the hexagonal lattice at
    1, 3, 4, 7 spacings squared hold 6, 6, 6, 12 points; 367 within ten spacings (published packing of a 1 km disc)."""
    assert formation_geometry.count(shape, spacing, radius) == count
    offsets = formation_geometry.offsets_m(shape, spacing, radius)
    assert len(offsets) == len(set(offsets)) == count


@pytest.mark.parametrize(("shape", "spacing", "radius"), DISCS)
def test_places_fill_the_disc(shape: str, spacing: float, radius: float) -> None:
    """Source of truth: all combinations of the lattice's two vectors, written out: (s, 0) and (0, s) or (s/2, s sqrt(3)/2)."""
    x, y, z = np.array(formation_geometry.offsets_m(shape, spacing, radius)).T
    assert not z.any()
    wide = np.arange(-30, 31)
    p, q = (g.ravel() for g in np.meshgrid(wide, wide))
    along, radial = (p, q) if shape == "square" else (0.5 * math.sqrt(3.0) * p, q + 0.5 * p)
    inside = along**2 + radial**2 <= (radius / spacing) ** 2 + 1e-9
    theirs = {
        (round(u, 6), round(v, 6)) for u, v in zip(spacing * along[inside], spacing * radial[inside], strict=True)
    }
    assert {(round(u, 6), round(v, 6)) for u, v in zip(y, 2.0 * x, strict=True)} == theirs


@pytest.mark.parametrize(("shape", "spacing", "radius"), DISCS)
def test_neighbours_are_a_spacing_apart(shape: str, spacing: float, radius: float) -> None:
    """Source of truth: all distances, radial doubled."""
    flat = np.array(formation_geometry.offsets_m(shape, spacing, radius, 123.0))[:, :2] * [2.0, 1.0]
    apart = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    near = np.abs(apart - spacing) < 1e-6 * spacing
    for i in range(len(flat)):
        assert formation_geometry.neighbours(shape, spacing, radius, i) == np.flatnonzero(near[i]).tolist()
    assert formation_geometry.links(shape, spacing, radius) == near.sum() // 2


def _passing_m(difference: tuple[float, float, float]) -> float:
    """Least range by the equations of linear relative motion at 20,000 places of the orbit."""
    x0, y0, z0 = difference
    c, s = np.cos(np.linspace(0, np.pi, 20_000)), np.sin(np.linspace(0, np.pi, 20_000))
    return float(np.sqrt((x0 * c + 0.5 * y0 * s) ** 2 + (y0 * c - 2.0 * x0 * s) ** 2 + (z0 * c) ** 2).min())


def test_closest_of_two() -> None:
    """Source of truth: the motion, sampled: 8e-5 rad miss a least by 1e-8 of the range; two that meet, by 1e-4 of it."""
    rng = np.random.default_rng(11)
    cases = [tuple(float(v) for v in row) for row in rng.normal(size=(40, 3)) * 100.0]
    for case in [*cases, (0.0, 200.0, 0.0), (100.0, 0.0, 0.0), (0.0, 200.0, 100.0), (0.0, 0.0, 5.0), (1e-3, 0.0, 80.0)]:
        assert formation_geometry.closest_m(case) == pytest.approx(_passing_m(case), rel=1e-6, abs=0.02)
    assert formation_geometry.closest_m((0.0, 0.0, 0.0)) == 0.0


@pytest.mark.parametrize(
    ("shape", "cross"), [("square", 0.0), ("square", 800.0), ("hexagonal", 0.0), ("hexagonal", 800.0)]
)
def test_closest_of_a_lattice(shape: str, cross: float) -> None:
    """Source of truth: every pair of the lattice by itself."""
    offsets = formation_geometry.offsets_m(shape, 200.0, 1000.0, cross)
    brute = min(formation_geometry.closest_m(tuple(np.subtract(a, b).tolist())) for a, b in combinations(offsets, 2))
    assert formation_geometry.closest_of_lattice_m(shape, 200.0, 1000.0, cross) == pytest.approx(brute, rel=1e-9)
    assert formation_geometry.closest_of_lattice_m(shape, 200.0, 199.0, cross) is None


def test_given_points() -> None:
    """Source of truth: every pair of 150 random points by itself."""
    points = tuple(
        tuple(row) for row in (np.random.default_rng(3).normal(size=(150, 3)) * [150.0, 300.0, 100.0]).tolist()
    )
    apart = {
        pair: math.dist(*([2.0 * points[k][0], points[k][1], points[k][2]] for k in pair))
        for pair in combinations(range(150), 2)
    }
    assert formation_geometry.near_points(points, 90.0) == tuple(sorted(p for p, d in apart.items() if d <= 90.0))
    passing = {
        pair: formation_geometry.closest_m(tuple(np.subtract(points[pair[0]], points[pair[1]]).tolist()))
        for pair in apart
    }
    pair = min(passing, key=lambda p: passing[p])
    assert formation_geometry.closest_of_points_m(points, 100.0) == pytest.approx((passing[pair], *pair))
    assert formation_geometry.closest_of_points_m(points, 0.99 * passing[pair]) is None
    assert formation_geometry.closest_of_points_m(points, 0.0) is None
