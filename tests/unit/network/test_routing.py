"""Shortest routes against Floyd and Warshall's algorithm, and ties by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from routes import reach, route_by_rule, trace_route
from scipy.sparse.csgraph import floyd_warshall

from sim.network.route_tracing import first_of_least
from sim.network.routing import Graph, components
from sim.network.topology import grid_pairs


def _random(seed: int, count: int = 40, links: int = 70) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, count, (2, links))
    pairs = np.unique(np.sort(np.stack((a, b))[:, a != b], axis=0), axis=1)
    return pairs[0], pairs[1], rng.uniform(1e-3, 2e-2, pairs.shape[1])


def _all_pairs(count: int, a: np.ndarray, b: np.ndarray, delay_s: np.ndarray) -> np.ndarray:
    dense = np.full((count, count), np.inf)
    dense[a, b] = dense[b, a] = delay_s
    return np.asarray(floyd_warshall(dense, directed=False))


def _nodes(count: int, a: np.ndarray, b: np.ndarray, links: np.ndarray, first: int) -> list[int]:
    """Satellites along directed links, each of which must start where the last ended."""
    tail, head = np.concatenate((a, b)), np.concatenate((b, a))
    route = [first]
    for link in links:
        assert tail[link] == route[-1]
        route.append(int(head[link]))
    return route


@pytest.mark.parametrize("seed", range(6))
def test_paths_against_floyd_warshall(seed: int) -> None:
    """Source of truth: scipy's Floyd-Warshall, another algorithm. Every route is a chain of links from source to target
    whose delays add up to that delay, 1e-12 of it by rounding; no route where that has none."""
    count = 40
    a, b, delay_s = _random(seed)
    far = _all_pairs(count, a, b, delay_s)
    src, dst = (x.ravel() for x in np.meshgrid(np.arange(count), np.arange(count), indexing="ij"))
    shuffled = np.random.default_rng(seed).permutation(src.size)
    src, dst = src[shuffled], dst[shuffled]
    start, links, reached = Graph(count, a, b).paths(delay_s, src, dst)
    assert start[0] == 0
    assert start[-1] == links.size
    assert np.array_equal(reached, np.isfinite(far[src, dst]))
    twice = np.concatenate((delay_s, delay_s))
    for f in range(src.size):
        mine = links[start[f] : start[f + 1]]
        if reached[f]:
            assert _nodes(count, a, b, mine, int(src[f]))[-1] == dst[f]
            assert twice[mine].sum() == pytest.approx(far[src[f], dst[f]], rel=1e-12)
        else:
            assert mine.size == 0


@pytest.mark.parametrize("seed", range(6))
def test_reach_against_floyd_warshall(seed: int) -> None:
    """Source of truth: the least of seed plus Floyd-Warshall's delay over all seeds, 1e-12 of it."""
    count = 40
    a, b, delay_s = _random(seed)
    far = _all_pairs(count, a, b, delay_s)
    rng = np.random.default_rng(seed)
    seed_s = np.where(rng.uniform(size=count) < 0.2, rng.uniform(0.0, 2e-2, count), np.inf)
    seed_s[3] = 0.0
    delay, predecessor = reach(Graph(count, a, b), delay_s, seed_s)
    assert np.allclose(delay, (seed_s[:, None] + far).min(axis=0), rtol=1e-12, atol=0.0)
    joined = {(int(i), int(j)) for i, j in zip(a, b, strict=True)}
    for node in range(count):
        route = trace_route(predecessor, node)
        assert route[0] == node
        assert all(tuple(sorted(hop)) in joined for hop in pairwise(route))
        if np.isfinite(delay[node]):
            assert delay[node] - seed_s[route[-1]] == pytest.approx(far[route[-1], node], rel=1e-9, abs=1e-15)
        else:
            assert route == [node]


def test_a_longer_direct_link_is_passed_by() -> None:
    """Source of truth: by hand: 0-1 takes 10 ms, 0-2-1 takes 3 + 4; 0-2 is best direct. Links: 0: 0-1, 1: 0-2, 2: 1-2."""
    graph = Graph(3, np.array([0, 0, 1]), np.array([1, 2, 2]))
    delay_s = np.array([10e-3, 3e-3, 4e-3])
    start, links, reached = graph.paths(delay_s, np.array([0, 0, 1, 2]), np.array([1, 2, 0, 2]))
    assert reached.all()
    assert [links[i:j].tolist() for i, j in pairwise(start)] == [[1, 5], [1], [2, 4], []]
    assert graph.paths(np.array([6e-3, 3e-3, 4e-3]), np.array([0]), np.array([1])).links.tolist() == [0]


def test_ties_fall_to_the_lowest_index_in_any_order_of_links() -> None:
    """Source of truth: in a 5 x 5 grid of equal links every route that only goes right and up is as short; read back from
    the target, the neighbour of lower index is one plane, not one slot, back: planes change last. The order in which
    links are given must not matter."""
    a, b = grid_pairs(5, 5, (0, 0, 0, 0))
    keep = ~((b - a == 4) & (a % 5 == 0))  # open rings
    a, b = a[keep], b[keep]
    rng = np.random.default_rng(1)
    for order in (np.arange(a.size), rng.permutation(a.size), rng.permutation(a.size)):
        graph, equal_s = Graph(25, a[order], b[order]), np.full(a.size, 2.0**-8)
        start, links, _ = graph.paths(equal_s, np.array([0]), np.array([24]))
        route = _nodes(25, a[order], b[order], links[start[0] : start[1]], 0)
        assert route == [0, 1, 2, 3, 4, 9, 14, 19, 24]
        seed_s = np.full(25, np.inf)
        seed_s[0] = 0.0
        assert trace_route(reach(graph, equal_s, seed_s)[1], 24) == route[::-1]


def test_rounding_does_not_choose_routes() -> None:
    """Source of truth: the route by hand of the test above: delays that differ by rounding are equal."""
    a, b = grid_pairs(5, 5, (0, 0, 0, 0))
    keep = ~((b - a == 4) & (a % 5 == 0))  # open rings
    graph = Graph(25, a[keep], b[keep])
    seed_s = np.full(25, np.inf)
    seed_s[0] = 0.0
    for seed in range(8):
        rounded_s = 2.0**-8 * (1.0 + np.random.default_rng(seed).uniform(-1e-13, 1e-13, int(keep.sum())))
        start, links, _ = graph.paths(rounded_s, np.array([0]), np.array([24]))
        assert _nodes(25, a[keep], b[keep], links[start[0] : start[1]], 0) == [0, 1, 2, 3, 4, 9, 14, 19, 24]
        assert trace_route(reach(graph, rounded_s, seed_s)[1], 24) == [24, 19, 14, 9, 4, 3, 2, 1, 0]


@pytest.mark.parametrize("seed", range(4))
def test_routes_between_satellites_follow_the_rule_of_routes_from_stations(seed: int) -> None:
    """Source of truth: the rule of equal routes, written out satellite by satellite. A 4 x 5 grid has many routes that are
    as short up to rounding; some links have no length, and some are longer by ten times what counts as equal."""
    a, b = grid_pairs(4, 5, (1, 1, 1, 1))
    rng = np.random.default_rng(seed)
    delay_s = 4e-3 * (1.0 + rng.uniform(-1e-13, 1e-13, a.size) + 1e-8 * rng.integers(0, 2, a.size) * (seed % 2))
    delay_s[rng.integers(0, a.size, 3)] = 0.0
    least_delay_s = np.maximum(delay_s, 1e-12)  # satellites in one place
    graph = Graph(20, a, b)
    src, dst = np.repeat(np.arange(20), 20), np.tile(np.arange(20), 20)
    first, again = graph.paths(delay_s, src, dst), graph.paths(delay_s, src, dst)  # searched for, and kept
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    for source in range(20):
        seed_s = np.full(20, np.inf)
        seed_s[source] = 0.0
        least_s, before = reach(graph, delay_s, seed_s)
        for node in range(20):
            f = 20 * source + node
            expected = route_by_rule(a, b, least_delay_s, seed_s, least_s, node)
            assert _nodes(20, a, b, first.links[first.start[f] : first.start[f + 1]], source)[::-1] == expected
            assert trace_route(before, node) == expected


def test_a_shorter_route_is_no_tie() -> None:
    """Source of truth: by hand: over 2 it is shorter by a millionth; over 1 would be the lower number."""
    graph = Graph(4, np.array([0, 0, 1, 2]), np.array([1, 2, 3, 3]))
    start, links, _ = graph.paths(np.array([1.0, 1.0, 1.0, 1.0 - 2e-6]), np.array([0]), np.array([3]))
    assert links[start[0] : start[1]].tolist() == [1, 3]
    seed_s = np.array([np.inf, 0.5, 0.5 + 1e-13, np.inf])
    assert reach(graph, np.array([1.0, 1.0, 1.0, 1.0 - 1e-13]), seed_s)[1].tolist() == [1, -1, -1, 1]


def test_first_of_least() -> None:
    """Source of truth: by hand."""
    assert first_of_least(np.array([2.0, 1.0 + 1e-13, 1.0])) == 1
    assert first_of_least(np.array([2.0, 1.0 + 1e-8, 1.0])) == 2
    assert first_of_least(np.array([[np.inf, 4.0], [np.inf, np.inf]])).tolist() == [1, 0]


def test_satellites_in_one_place() -> None:
    """Source of truth: by hand: a chain 0-1-2-3 of links of no length, source at 3: routes still lead there and end."""
    graph = Graph(4, np.array([0, 1, 2]), np.array([1, 2, 3]))
    delay, predecessor = reach(graph, np.zeros(3), np.array([np.inf, np.inf, np.inf, 0.0]))
    assert np.all(delay < 1e-11)
    assert predecessor.tolist() == [1, 2, 3, -1]
    assert trace_route(predecessor, 0) == [0, 1, 2, 3]


def test_no_links_and_no_pairs() -> None:
    none = np.empty(0, np.int64)
    graph = Graph(3, none, none)
    delay, predecessor = reach(graph, np.empty(0), np.array([np.inf, 0.5, np.inf]))
    assert delay.tolist() == [np.inf, 0.5, np.inf]
    assert predecessor.tolist() == [-1, -1, -1]
    assert graph.paths(np.empty(0), np.array([0, 1]), np.array([1, 1])).reached.tolist() == [False, True]
    assert graph.paths(np.empty(0), none, none).start.tolist() == [0]


@pytest.mark.parametrize("seed", range(4))
def test_components_against_reachability(seed: int) -> None:
    """Source of truth: who reaches whom in Floyd-Warshall over the links whose ends are alive."""
    a, b, delay_s = _random(seed, links=30)
    alive = np.random.default_rng(seed).uniform(size=40) < 0.8
    on = alive[a] & alive[b]
    reachable = np.isfinite(_all_pairs(40, a[on], b[on], delay_s[on]))
    part = components(40, a, b, alive)
    assert np.all(part[~alive] == -1)
    living = np.flatnonzero(alive)
    assert np.array_equal(part[living][:, None] == part[living], reachable[np.ix_(living, living)])
    firsts = [int(part[i]) for n, i in enumerate(living) if part[i] not in part[living[:n]]]
    assert firsts == list(range(len(firsts)))
