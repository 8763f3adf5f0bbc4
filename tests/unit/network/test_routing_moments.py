"""Least delays at many moments against Dijkstra's algorithm in scipy, to the last bit; routes against those of single moments."""

from __future__ import annotations

import numpy as np
import pytest
from routes import route_by_rule

from sim.network.routing import Graph
from sim.network.row_relaxation import LANES, block_starts
from sim.network.topology import grid_pairs


def _random(seed: int, count: int, links: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, count, (2, links))
    pairs = np.unique(np.sort(np.stack((a, b))[:, a != b], axis=0), axis=1)
    return pairs[0], pairs[1]


def _case(
    seed: int, count: int, a: np.ndarray, sources: int, steps: int, missing: float
) -> tuple[np.ndarray, np.ndarray]:
    """Delays (steps, links), some links missing, and sparse seeds (sources, satellites, steps)."""
    rng = np.random.default_rng(seed)
    delay_s = rng.uniform(1e-3, 2e-2, (steps, a.size))
    delay_s[rng.uniform(size=delay_s.shape) < missing] = np.inf
    seed_s = np.where(rng.uniform(size=(sources, count, steps)) < 0.1, rng.uniform(0.0, 1e-2, (sources, count, steps)), np.inf)
    seed_s[-1, :, -1] = np.inf  # a source without any connection
    return delay_s, seed_s


CASES = [
    (60, *_random(1, 60, 80), None, 3, 5, 0.0), (60, *_random(2, 60, 90), None, 2, LANES, 0.3),
    (45, *_random(3, 45, 250), None, 1, LANES + 3, 0.1), (120, *grid_pairs(12, 10, (9,) * 12), [(0, 12, 10)], 4, 2 * LANES, 0.0),
    (120, *grid_pairs(12, 10, (9,) * 11), [(0, 12, 10)], 2, 1, 0.1), (7, *grid_pairs(1, 7), None, 1, 2, 0.0),
]  # fmt: skip


@pytest.mark.parametrize(("count", "a", "b", "grids", "sources", "steps", "missing"), CASES)
def test_many_moments_equal_single_ones(
    count: int, a: np.ndarray, b: np.ndarray, grids: list[tuple[int, int, int]] | None, sources: int, steps: int, missing: float
) -> None:
    """Source of truth: scipy's Dijkstra at each moment, with the missing links left out: the same bits; and
    the rule of equal routes, satellite by satellite."""
    delay_s, seed_s = _case(7, count, a, sources, steps, missing)
    graph = Graph(count, a, b, None if grids is None else block_starts(count, grids))
    found_s = graph.reach_moments(delay_s, seed_s)
    assert np.isinf(found_s[-1, :, -1]).all()
    for k in range(steps):
        there = np.isfinite(delay_s[k])
        single = Graph(count, a[there], b[there])
        for source in range(sources):
            least_s = single.least_s(delay_s[k, there], seed_s[source, :, k])
            assert np.array_equal(found_s[source, :, k], least_s)
            node = np.flatnonzero(np.isfinite(least_s))
            routes = graph.trace_moments(delay_s, seed_s[source], found_s[source], np.full(node.size, k), node)
            of_moment = a[there], b[there], delay_s[k, there], seed_s[source, :, k], least_s
            assert routes == [route_by_rule(*of_moment, n) for n in node.tolist()]


def test_a_long_detour_is_found() -> None:
    """Source of truth: by hand: a comb of 40 teeth over 1,600 satellites, up one tooth and down the next, all delays 1 s."""
    a = np.arange(1599)
    out = Graph(1600, a, a + 1, block_starts(1600, [(0, 40, 40)]))
    order = np.arange(1600).reshape(40, 40)
    order[1::2] = order[1::2, ::-1]
    ends = np.sort(np.stack((order.ravel()[:-1], order.ravel()[1:])), axis=0)
    where = np.lexsort((ends[1], ends[0]))
    comb = Graph(1600, ends[0][where], ends[1][where], block_starts(1600, [(0, 40, 40)]))
    seed_s = np.full((1, 1600, 1), np.inf)
    seed_s[0, 0] = 0.0
    assert comb.reach_moments(np.ones((1, 1599)), seed_s)[0, order.ravel(), 0].tolist() == list(range(1600))
    assert out.reach_moments(np.ones((1, 1599)), seed_s)[0, :, 0].tolist() == list(range(1600))


def test_delays_of_nothing_and_given_results() -> None:
    """Source of truth: by hand: links of no length are raised to a picosecond; a result array is filled."""
    graph, steps = Graph(3, np.array([0, 1]), np.array([1, 2])), LANES
    seed_s = np.full((1, 3, steps), np.inf)
    seed_s[0, 2] = 0.5
    out = np.zeros(seed_s.shape)
    assert np.shares_memory(graph.reach_moments(np.zeros((steps, 2)), seed_s, out), out)
    assert out[0, :, 3] == pytest.approx([0.5 + 2e-12, 0.5 + 1e-12, 0.5], abs=1e-15)
    none = np.empty(0, np.int64)
    assert Graph(2, none, none).reach_moments(np.empty((1, 0)), np.full((1, 2, 1), 3.0))[0, :, 0].tolist() == [3.0, 3.0]
