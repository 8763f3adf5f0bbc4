"""Which links there are: grids, lattices, nearest neighbours, sight past the Earth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from orbit import formation_geometry
from orbit.sgp4 import Sgp4
from orbit.shells import staggered_lead_slots, walker, walker_sgp4
from orbit.timegrid import TimeGrid
from sim.network.topology import (
    CANDIDATES_PER_TERMINAL,
    grazing_altitude_m,
    grid_pairs,
    lattice_pairs,
    lengths_m,
    nearest_pairs,
)

EARTH_M = 6378137.0


def _set(pairs: tuple[np.ndarray, np.ndarray]) -> set[tuple[int, int]]:
    a, b = (x.tolist() for x in pairs)
    pairs_set = set(zip(a, b, strict=True))
    assert len(pairs_set) == len(a), "a pair occurs twice"
    assert list(zip(a, b, strict=True)) == sorted(pairs_set), "pairs are not sorted"
    assert all(i < j for i, j in pairs_set)
    return pairs_set


@pytest.mark.parametrize("wrap", [True, False])
@pytest.mark.parametrize(
    ("planes", "slots"), [(1, 1), (1, 2), (1, 3), (1, 9), (2, 1), (2, 2), (3, 2), (2, 5), (3, 3), (7, 4)]
)
def test_grid_by_definition(planes: int, slots: int, wrap: bool) -> None:
    """Source of truth: the definition, satellite by satellite, into a set of pairs."""
    expected = set()
    for p in range(planes):
        for s in range(slots):
            others = [(p, (s + 1) % slots)]
            if p + 1 < planes or wrap:
                others.append(((p + 1) % planes, s))
            for q, t in others:
                if (p, s) != (q, t):
                    expected.add(tuple(sorted((11 + p * slots + s, 11 + q * slots + t))))
    across = (0,) * (planes if wrap and planes > 1 else planes - 1)
    assert _set(grid_pairs(planes, slots, across, first=11)) == expected


def test_one_plane_has_no_seam() -> None:
    """Source of truth: a ring: n links; two planes meet twice where the seam is shifted."""
    assert grid_pairs(1, 6)[0].size == 6
    assert _set(grid_pairs(2, 3, (0, 1))) - _set(grid_pairs(2, 3, (0,))) == {(1, 3), (2, 4), (0, 5)}


# planes, slots, rev/day, inclination [deg], links, shortest and longest link over the first 200 s [km]
SHELLS = [
    (34, 34, 14.80, 51.9, 2312, 151.7, 1764.9),
    (72, 22, 15.19, 53.0, 3168, 619.5, 1961.4),
    (27, 13, 13.66, 98.98, 702, 267.8, 3541.2),
]


@pytest.mark.parametrize(("planes", "slots", "motion", "tilt", "links", "least", "most"), SHELLS)
def test_published_shells(
    planes: int, slots: int, motion: float, tilt: float, links: int, least: float, most: float
) -> None:
    """Source of truth: Hypatia's Kuiper-630, Starlink-550 and Telesat-1015: links, and their lengths over the first
    200 s (sampled every 2 s here: 0.1 km)."""
    a, b = grid_pairs(planes, slots, (0,) * planes)
    assert a.size == links
    grid = TimeGrid(2451544.5, 0.0, 2.0, 100)
    shell = walker_sgp4(motion, math.radians(tilt), slots, staggered_lead_slots(planes), 2451544.5, 0.0)
    r_m = np.empty((101, 3, planes * slots))
    Sgp4(shell, grid).fill(0, planes * slots, 0, r_m)
    length_km = np.array([lengths_m(r, a, b) for r in r_m]) / 1e3
    assert length_km.min() == pytest.approx(least, abs=0.1)
    assert length_km.max() == pytest.approx(most, abs=0.1)


@pytest.mark.parametrize(("planes", "slots", "f"), [(72, 22, 39), (7, 5, 3), (5, 8, 4)])
def test_seam_follows_the_phasing(planes: int, slots: int, f: int) -> None:
    """Source of truth: Walker's definition: the partner one plane east leads by 360 f / t everywhere, seam included."""
    lead = walker(550e3, 0.9, planes, slots, float(f)).latitude_argument_rad
    a, b = grid_pairs(planes, slots, (0,) * (planes - 1) + (f,))
    east = (b // slots - a // slots) % planes
    assert set(east.tolist()) == {0, 1, planes - 1}
    ahead = np.where(east == 1, lead[b] - lead[a], lead[a] - lead[b])[east != 0]
    assert np.allclose(np.mod(ahead, 2 * math.pi), 2 * math.pi * f / (planes * slots), atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "radius_m", "count"),
    [("square", 200.0, 5), ("square", 1000.0, 81), ("square", 2100.0, None), ("hexagonal", 2000.0, 367)],
)
def test_lattice_against_distances(shape: str, radius_m: float, count: int | None) -> None:
    """Source of truth: all distances between the points of the undistorted lattice: neighbours are 200 m apart."""
    offsets = np.array(formation_geometry.offsets_m(shape, 200.0, radius_m)).T
    n = offsets.shape[1]
    assert count is None or n == count
    flat = offsets * np.array([[2.0], [1.0], [1.0]])
    apart = np.linalg.norm(flat[:, :, None] - flat[:, None, :], axis=0)
    expected = {(i + 7, j + 7) for i in range(n) for j in range(i + 1, n) if abs(apart[i, j] - 200.0) < 1.0}
    assert _set(lattice_pairs(offsets, 200.0, first=7)) == expected


def test_lattice_of_one() -> None:
    assert _set(lattice_pairs(np.zeros((3, 1)), 100.0)) == set()


def test_grazing_closed_forms() -> None:
    """Source of truth: half chord and radius make a right triangle; where the foot lies outside, the lower end counts."""
    r = EARTH_M + 550e3
    for half in (0.05, 0.2, 0.35):
        one = np.array([[r * math.cos(half)], [r * math.sin(half)], [0.0]])
        other = one * np.array([[1.0], [-1.0], [1.0]])
        assert grazing_altitude_m(one, other)[0] == pytest.approx(r * math.cos(half) - EARTH_M, abs=1e-3)
    low, high = np.array([[r], [0.0], [0.0]]), np.array([[r + 7e5], [1e5], [0.0]])
    assert grazing_altitude_m(low, high)[0] == pytest.approx(550e3, abs=1e-3)
    assert grazing_altitude_m(high, low)[0] == pytest.approx(550e3, abs=1e-3)
    assert grazing_altitude_m(low, low)[0] == pytest.approx(550e3, abs=1e-3)


def test_grazing_against_points_along_the_segment() -> None:
    """Source of truth: least distance of 2,001 points; between points the distance is off by at most step^2 / 8 r."""
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=(2, 3, 40))
    one, other = ((EARTH_M + rng.uniform(3e5, 2e6, 40)) * v / np.linalg.norm(v, axis=0) for v in (one, other))
    share = np.linspace(0.0, 1.0, 2001)[:, None, None]
    sampled = np.linalg.norm(one + share * (other - one), axis=1).min(axis=0) - EARTH_M
    step = np.linalg.norm(other - one, axis=0) / 2000.0
    ours = grazing_altitude_m(one, other)
    assert np.all(ours <= sampled + 1e-6)
    nearest = np.maximum(ours + EARTH_M, 0.5 * step)
    assert np.all(sampled - ours <= step**2 / (8.0 * nearest) + 1e-3)


def _greedy(
    r: np.ndarray, k: int, max_range_m: float, allowed: np.ndarray, floor_m: float
) -> tuple[set[tuple[int, int]], np.ndarray]:
    """Shortest first, over all pairs in which one end is among the other's nearest; pair by pair."""
    n = r.shape[1]
    candidates = set()
    for i in range(n):
        if not allowed[i]:
            continue
        near = sorted((float(np.linalg.norm(r[:, i] - r[:, j])), j) for j in range(n) if j != i and allowed[j])
        for length, j in near[: CANDIDATES_PER_TERMINAL * k]:
            points = r[:, [i]] + np.linspace(0, 1, 401) * (r[:, [j]] - r[:, [i]])
            if length <= max_range_m and np.linalg.norm(points, axis=0).min() >= EARTH_M + floor_m:
                candidates.add((length, min(i, j), max(i, j)))
    degree, chosen = np.zeros(n, int), set()
    for _, i, j in sorted(candidates):
        if degree[i] < k and degree[j] < k:
            degree[i] += 1
            degree[j] += 1
            chosen.add((i, j))
    return chosen, degree


@pytest.mark.parametrize("k", [1, 2, 4])
@pytest.mark.parametrize(("max_range_m", "floor_m"), [(2e6, 80e3), (6e6, 80e3), (np.inf, 80e3), (np.inf, 350e3)])
def test_nearest_against_brute_force(k: int, max_range_m: float, floor_m: float) -> None:
    """Source of truth: a double loop over all satellites; some satellites are out, some links would pass too low."""
    rng = np.random.default_rng(k)
    v = rng.normal(size=(3, 60))
    r = (EARTH_M + rng.uniform(4e5, 1.2e6, 60)) * v / np.linalg.norm(v, axis=0)
    allowed = rng.uniform(size=60) < 0.85
    expected, degree = _greedy(r, k, max_range_m, allowed, floor_m)
    a, b = nearest_pairs(r, k, max_range_m, allowed, floor_m)
    assert _set((a, b)) == expected
    assert np.array_equal(np.bincount(np.concatenate((a, b)), minlength=60), degree)
    assert degree.max() <= k


def test_equal_lengths_fall_by_place() -> None:
    """Source of truth: by hand: four satellites on a square, one terminal: the side whose middle has the least x, and the one across, of four."""
    r = np.array([[0.0, 1e5, 1e5, 0.0], [0.0, 0.0, 1e5, 1e5], [7e6] * 4])
    everyone = np.ones(4, bool)
    assert _set(nearest_pairs(r, 1, np.inf, everyone, 80e3)) == {(0, 3), (1, 2)}
    assert _set(nearest_pairs(r[:, [1, 0, 3, 2]], 1, np.inf, everyone, 80e3)) == {(0, 3), (1, 2)}
    assert _set(nearest_pairs(r, 2, np.inf, everyone, 80e3)) == {(0, 1), (0, 3), (1, 2), (2, 3)}


def test_rounding_does_not_choose_links() -> None:
    """Source of truth: an exact lattice, where the place decides as above: some nanometres of rounding, as another
    processor may have, change no link, neither among equal lengths nor among candidates as far away as the last."""
    row, place = np.divmod(np.arange(81), 9)
    exact = np.array([200.0 * row, 200.0 * place, np.full(81, 7e6)])
    for terminals in (1, 2, 3, 4):
        expected = _set(nearest_pairs(exact, terminals, np.inf, np.ones(81, bool), 80e3))
        assert len(expected) >= 30 * terminals
        for seed in range(8):
            rounded = exact + np.random.default_rng(seed).uniform(-5e-9, 5e-9, exact.shape)
            assert _set(nearest_pairs(rounded, terminals, np.inf, np.ones(81, bool), 80e3)) == expected


def test_lengths_that_differ_are_not_equal() -> None:
    """Source of truth: by hand: 2-3 is shorter than 0-1 by 2 mm and 1-2 by 1 mm, of 100 km; one terminal each."""
    r = np.array([[0.0, 1e5, 2e5 - 1e-3, 3e5 - 3e-3], [7e6] * 4, [0.0] * 4])
    assert _set(nearest_pairs(r[:, :3], 1, np.inf, np.ones(3, bool), 80e3)) == {(1, 2)}
    assert _set(nearest_pairs(r, 1, np.inf, np.ones(4, bool), 80e3)) == {(0, 1), (2, 3)}


def test_too_few_for_a_link() -> None:
    r = np.full((3, 3), 7e6)
    assert _set(nearest_pairs(r, 4, np.inf, np.array([False, True, False]), 80e3)) == set()
    assert _set(nearest_pairs(r, 0, np.inf, np.ones(3, bool), 80e3)) == set()
