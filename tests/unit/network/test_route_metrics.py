"""Fewest hops, widest routes and loaded links against searches of all simple routes on small graphs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from sim.network.route_metrics import hop_weights, hops_and_delay, loaded_delay_s, widest_paths
from sim.network.routing import Graph
from sim.network.routing_sources import Seeds
from sim.network.topology import grid_pairs

COUNT = 9


def _random(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Links at random: ends, delays, and rates of few values, of which some are none."""
    rng = np.random.default_rng(seed)
    a, b = np.triu_indices(COUNT, 1)
    on = rng.uniform(size=a.size) < 0.35
    a, b = a[on], b[on]
    return a, b, rng.uniform(1e-3, 2e-2, a.size), rng.integers(0, 5, a.size).astype(float)


def _simple_routes(a: np.ndarray, b: np.ndarray, first: int, last: int) -> list[list[int]]:
    """Links of every route that visits no satellite twice."""
    beside: list[list[tuple[int, int]]] = [[] for _ in range(COUNT)]
    for link, (i, j) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        beside[i].append((j, link))
        beside[j].append((i, link))
    found: list[list[int]] = []

    def go_on(at: int, seen: set[int], links: list[int]) -> None:
        if at == last:
            found.append(links)
            return
        for there, link in beside[at]:
            if there not in seen:
                go_on(there, seen | {there}, [*links, link])

    go_on(first, {first}, [])
    return found


@pytest.mark.parametrize("seed", range(6))
def test_fewest_hops_ties_by_delay(seed: int) -> None:
    """Source of truth: all simple routes, sorted by hops and then by delay; 1e-12 s for rounding."""
    a, b, delay_s, _ = _random(seed)
    graph = Graph(COUNT, a, b)
    weights = hop_weights(graph, delay_s)
    src, dst = np.repeat(np.arange(COUNT), COUNT), np.tile(np.arange(COUNT), COUNT)
    routes = graph.paths(weights.weight_s, src, dst)
    least_s = graph.reach_sources(weights.weight_s, Seeds(COUNT, np.arange(COUNT), np.arange(COUNT), np.zeros(COUNT)))
    hops, alone_s = hops_and_delay(weights, least_s)
    for f, (lo, hi) in enumerate(pairwise(routes.start.tolist())):
        if src[f] == dst[f]:
            continue
        every = _simple_routes(a, b, int(src[f]), int(dst[f]))
        assert routes.reached[f] == bool(every)
        if every:
            best = min((len(links), float(delay_s[links].sum())) for links in every)
            mine = routes.links[lo:hi] % a.size
            assert mine.size == best[0] == hops[src[f], dst[f]]
            assert delay_s[mine].sum() == pytest.approx(best[1], abs=1e-12)
            assert alone_s[src[f], dst[f]] == pytest.approx(best[1], abs=1e-12)
        else:
            assert np.isinf(hops[src[f], dst[f]])
            assert np.isinf(alone_s[src[f], dst[f]])


def test_hops_of_a_grid() -> None:
    """Source of truth: steps around both rings of a 10 x 8 torus, whatever the delays; a longer access must not count as a hop."""
    a, b = grid_pairs(10, 8, (0,) * 10)
    delay_s = np.random.default_rng(3).uniform(1e-3, 2e-2, a.size)
    graph = Graph(80, a, b)
    weights = hop_weights(graph, delay_s, access_s=7.0)
    seeds = Seeds(1, np.zeros(2, np.int64), np.array([0, 40]), np.array([7.0, 0.0]))
    hops, _ = hops_and_delay(weights, graph.reach_sources(weights.weight_s, seeds)[0])
    plane, slot = np.divmod(np.arange(80), 8)
    around = np.minimum(slot, 8 - slot)
    expected = np.minimum(np.minimum(plane, 10 - plane), np.abs(plane - 5)) + around
    assert hops.tolist() == expected.tolist()
    gone = np.full(a.size, np.inf)
    alone = Seeds(1, np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1))
    none = graph.reach_sources(hop_weights(graph, gone).weight_s, alone)
    assert np.isfinite(none).sum() == 1


@pytest.mark.parametrize("seed", range(6))
def test_widest_routes_ties_by_delay(seed: int) -> None:
    """Source of truth: all simple routes over links that have a rate, sorted by the rate of the narrowest link and then by delay."""
    a, b, delay_s, rate_bit_s = _random(seed)
    delay_s[1] = np.inf  # a link that does not exist, whatever its rate
    on = (rate_bit_s > 0.0) & np.isfinite(delay_s)
    there = np.flatnonzero(on)
    src, dst = np.repeat(np.arange(COUNT), COUNT), np.tile(np.arange(COUNT), COUNT)
    routes, width_bit_s = widest_paths(Graph(COUNT, a, b), delay_s, rate_bit_s, src, dst)
    widths = set()
    for f, (lo, hi) in enumerate(pairwise(routes.start.tolist())):
        if src[f] == dst[f]:
            assert (hi - lo, width_bit_s[f]) == (0, np.inf)
            continue
        every = [there[links] for links in _simple_routes(a[on], b[on], int(src[f]), int(dst[f]))]
        assert routes.reached[f] == bool(every)
        if every:
            best = min((-float(rate_bit_s[links].min()), float(delay_s[links].sum())) for links in every)
            mine = routes.links[lo:hi] % a.size
            assert rate_bit_s[mine].min() == width_bit_s[f] == -best[0]
            assert delay_s[mine].sum() == pytest.approx(best[1], abs=1e-12)
            widths.add(width_bit_s[f])
        else:
            assert width_bit_s[f] == 0.0
    assert len(widths) > 1


def test_loaded_links_are_passed_by() -> None:
    """Source of truth: by hand: at 70 % of its rate the quick link costs ten times its delay, and the way round is taken."""
    graph = Graph(3, np.array([0, 0, 1]), np.array([1, 2, 2]))
    delay_s, rate_bit_s = np.array([1e-3, 3e-3, 3e-3]), np.array([10.0, 10.0, 10.0])
    for load_bit_s, links in ((0.0, [0]), (3.0, [0]), (5.0, [0]), (7.0, [1, 5]), (99.0, [1, 5])):
        cost_s = loaded_delay_s(delay_s, rate_bit_s, np.array([load_bit_s, 0.0, 0.0]))
        assert graph.paths(cost_s, np.array([0]), np.array([1])).links.tolist() == links
    rates = np.array([0.0, np.inf, 10.0])
    assert loaded_delay_s(delay_s, rates, np.array([0.0, 1e12, 0.0])).tolist() == [np.inf, 3e-3, 3e-3]
