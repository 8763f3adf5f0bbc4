"""The network of one moment: what must hold whatever the constellation, and small cases by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from routes import between, serve
from scipy.sparse.csgraph import floyd_warshall

from orbit import formation_geometry
from orbit.elements import CircularElements
from orbit.ground import Station, position_m, zenith
from orbit.kernels.visibility import access_m
from orbit.propagation import CircularJ2
from orbit.shells import walker
from orbit.timegrid import TimeGrid
from sim.network import topology
from sim.network.link_state import Grid, Lattice, LinkRules, Network
from sim.network.optical import Terminal

LIGHT = 299792458.0
PLANES, SLOTS, COUNT = 12, 10, 120
RULES = LinkRules("grid", 4, None, 80e3, 6e6, 0.0)
CITIES = (
    (14.6, 121.0), (59.9, 30.3), (38.9, 121.6), (-33.9, 18.4), (40.7, -74.0), (1.3, 103.8), (-23.5, -46.6), (64.1, -21.9),
)  # fmt: skip
SITES = [Station(str(n), math.radians(a), math.radians(o), 0.0, math.radians(10.0)) for n, (a, o) in enumerate(CITIES)]


def _positions(tick: int = 0) -> np.ndarray:
    shell = walker(1000e3, math.radians(60.0), PLANES, SLOTS, 5.0)
    out = np.empty((1, 3, COUNT))
    CircularJ2(shell, TimeGrid(2461000.5, 0.0, 60.0, 100)).fill(0, COUNT, tick, out)
    return out[0]


def _slants(r_m: np.ndarray) -> np.ndarray:
    out = np.empty((len(SITES), r_m.shape[1]))
    at, up = np.array([position_m(s) for s in SITES]), np.array([zenith(s) for s in SITES])
    access_m(r_m, at, up, np.sin([s.min_elevation_rad for s in SITES]), np.full(len(SITES), np.inf), out)
    return out


def _network(rules: LinkRules = RULES, healthy: np.ndarray | None = None, tick: int = 0) -> Network:
    network = Network([Grid(0, PLANES, SLOTS, (0,) * 11 + (5,))], COUNT, rules)
    network.update(_positions(tick), np.ones(COUNT, bool) if healthy is None else healthy, {})
    return network


def _brute(network: Network) -> np.ndarray:
    dense = np.full((network.count, network.count), np.inf)
    dense[network.a, network.b] = dense[network.b, network.a] = network.length_m / LIGHT + network.rules.hop_latency_s
    return np.asarray(floyd_warshall(dense, directed=False))


PAIRS = [(s, t) for s in range(len(SITES)) for t in range(len(SITES)) if s != t]


@pytest.mark.parametrize("rules", [RULES, LinkRules("nearest", 3, None, 80e3, np.inf, 1e-3)], ids=["grid", "nearest"])
def test_between_against_floyd_warshall(rules: LinkRules) -> None:
    """Source of truth: the least over all pairs of access satellites of slant + Floyd-Warshall + slant; 1 ps. The
    satellites named must add up to it."""
    network = _network(rules)
    r_m, slant = _positions(), _slants(_positions())
    far = _brute(network)
    for (s, t), (delay_s, p) in zip(PAIRS, between(network, slant, PAIRS), strict=True):
        expected = (slant[s][:, None] / LIGHT + far + slant[t] / LIGHT).min()
        assert delay_s == pytest.approx(expected, abs=1e-12)
        hops = np.linalg.norm(np.diff(r_m[:, p], axis=1), axis=0) / LIGHT + rules.hop_latency_s
        assert (slant[s, p[0]] + slant[t, p[-1]]) / LIGHT + hops.sum() == pytest.approx(expected, abs=1e-12)


def test_no_way_is_shorter_than_the_chord_of_the_earth() -> None:
    """Source of truth: geometry: round trip >= 2 x polar radius x geocentric angle / c, as no link passes lower."""
    network = _network()
    at = np.array([position_m(s) for s in SITES])
    unit = at / np.linalg.norm(at, axis=1, keepdims=True)
    for (s, t), (delay_s, _) in zip(PAIRS, between(network, _slants(_positions()), PAIRS), strict=True):
        assert 2.0 * delay_s >= 2.0 * 6356750.0 * math.acos(unit[s] @ unit[t]) / LIGHT


def test_both_ways_are_as_long() -> None:
    """Source of truth: reciprocity; sums in another order: 1 fs."""
    slant = _slants(_positions())
    network = _network()
    there, back = between(network, slant, PAIRS), between(network, slant, [(t, s) for s, t in PAIRS])
    for (one_s, _), (other_s, _) in zip(there, back, strict=True):
        assert one_s == pytest.approx(other_s, abs=1e-15)


@pytest.mark.parametrize("lost", [0, 17, 55, 56, 90])
def test_losing_a_satellite_never_helps(lost: int) -> None:
    """Source of truth: monotony: fewer ways to choose from; for the grid, station pairs and nearest servers alike."""
    slant, serves = _slants(_positions()), np.arange(COUNT) % 11 == 0
    whole, healthy = _network(), np.ones(COUNT, bool)
    healthy[[lost, 33, 77]] = False
    less = _network(healthy=healthy)
    assert not np.isin(less.a, np.flatnonzero(~healthy)).any()
    for (whole_s, _), (less_s, route) in zip(between(whole, slant, PAIRS), between(less, slant, PAIRS), strict=True):
        assert less_s >= whole_s
        assert all(healthy[route])
    assert np.all(serve(less, slant, serves).delay_s >= serve(whole, slant, serves).delay_s)
    assert all(healthy[route[-1]] for route in serve(less, slant, serves).routes)


@pytest.mark.parametrize("form", ["grid", "nearest"])
@pytest.mark.parametrize(("grazing_m", "max_range_m"), [(600e3, np.inf), (-7e6, 4.2e6), (645e3, 4.5e6)])
def test_no_link_is_too_low_or_too_long(form: str, grazing_m: float, max_range_m: float) -> None:
    """Source of truth: 401 points of each segment; each limit cuts some links, or the test would show nothing."""
    network, r_m = _network(LinkRules(form, 8, None, grazing_m, max_range_m, 0.0)), _positions()  # type: ignore[arg-type]
    free = _network(LinkRules(form, 8, None, -7e6, np.inf, 0.0))  # type: ignore[arg-type]
    assert 0 < network.a.size < free.a.size
    one, other = r_m[:, network.a], r_m[:, network.b]
    points = one + np.linspace(0.0, 1.0, 401)[:, None, None] * (other - one)
    assert np.linalg.norm(points, axis=1).min() >= 6378137.0 + grazing_m
    assert np.linalg.norm(other - one, axis=0).max() <= max_range_m


def test_what_is_dead_neither_serves_nor_gives_access() -> None:
    """Source of truth: by hand: the only server, overhead but dead, serves nobody; with all of a city's satellites dead it
    has no way anywhere."""
    slant = _slants(_positions())
    near, serves = int(np.argmin(slant[0])), np.zeros(COUNT, bool)
    serves[near] = True
    assert np.isfinite(slant[0, near])
    assert serve(_network(), slant, serves).routes[0][-1] == near
    healthy = ~serves
    assert serve(_network(healthy=healthy), slant, serves).routes == [[]] * len(SITES)
    healthy = ~np.isfinite(slant[0])
    network = _network(healthy=healthy)
    assert between(network, slant, [(0, 1), (1, 0)]) == [(math.inf, []), (math.inf, [])]
    assert between(network, slant[[0, 0]], [(0, 1)]) == [(math.inf, [])]  # nor as a mirror between two neighbours
    assert serve(network, slant, np.ones(COUNT, bool)).routes[0] == []


@pytest.mark.parametrize("latency_s", [0.0, 2e-3])
def test_serve_against_floyd_warshall(latency_s: float) -> None:
    """Source of truth: the least over access satellites and servers; 1 ps. The route must end at the server."""
    network = _network(LinkRules("grid", 4, None, 80e3, 6e6, latency_s))
    slant, serves = _slants(_positions()), np.arange(COUNT) % 23 == 0
    far = _brute(network)
    service = serve(network, slant, serves)
    for s in range(len(SITES)):
        total = slant[s][:, None] / LIGHT + np.where(serves, far, np.inf)
        assert service.delay_s[s] == pytest.approx(total.min(), abs=1e-12)
        route = service.routes[s]
        assert total[route[0], route[-1]] == pytest.approx(total.min(), abs=1e-12)
        assert serves[route[-1]]
    assert max(map(len, service.routes)) > 2


def test_without_links_only_what_is_overhead_serves() -> None:
    """Source of truth: the nearest serving satellite in view, else no route."""
    network = Network([], COUNT, RULES)
    network.update(_positions(), np.ones(COUNT, bool), {})
    slant, serves = _slants(_positions()), np.zeros(COUNT, bool)
    serves[::7] = True
    service = serve(network, slant, serves)
    direct = np.where(serves, slant, np.inf)
    assert np.array_equal(service.delay_s, direct.min(axis=1) / LIGHT)
    seen = np.isfinite(direct.min(axis=1))
    assert 0 < seen.sum() < len(SITES)
    assert service.routes == [[n] if there else [] for n, there in zip(direct.argmin(axis=1).tolist(), seen, strict=True)]
    assert network.isolated().size == COUNT
    assert between(network, slant, [(0, 1)]) == [(math.inf, [])]


def test_a_state_is_taken_as_it_is() -> None:
    """Source of truth: by hand: a state changes nothing until it is taken; the same set of links has the same arrays."""
    network = _network()
    before, version = network.present, network.version
    healthy = np.ones(COUNT, bool)
    healthy[5] = False
    states = [network.state(_positions(tick), healthy, {}) for tick in (1, 2)]
    assert network.present == before
    assert states[0].a is states[1].a
    network.take(states[0])
    assert network.version == version + 1
    assert network.isolated().size == 0
    assert (network.a.size, network.present.healthy[5]) == (before.a.size - 4, False)
    network.take(states[1])
    assert network.version == version + 1
    assert np.array_equal(network.length_m, np.linalg.norm(np.diff(_positions(2)[:, [network.a, network.b]], axis=1), axis=0)[0])


def test_factors_and_versions() -> None:
    """Source of truth: by hand: a tenth of the rate, no link, in either order of its ends; the version follows the set."""
    terminal = Terminal(1.0, 0.08, 1.55e-6, 1.0, 1.0, 0.0, 1.0, 1, 1e9)
    network = _network(LinkRules("grid", 4, terminal, 80e3, 6e6, 5e-6))
    r_m, everyone = _positions(), np.ones(COUNT, bool)
    first, links = network.version, network.a.size
    assert np.all(network.rate_bit_s == 1e9)
    assert np.allclose(network.delay_s, network.length_m / LIGHT + 5e-6, rtol=1e-15)
    assert np.all(network.a < network.b)
    i, j = int(network.a[40]), int(network.b[40])
    network.update(r_m, everyone, {(j, i): 0.1, (0, 60): 0.0})
    assert (network.version, network.a.size) == (first, links)
    assert np.flatnonzero(network.rate_bit_s != 1e9).tolist() == [40]
    assert network.rate_bit_s[40] == pytest.approx(1e8)
    network.update(r_m, everyone, {(i, j): 0.0})
    assert (network.version, network.a.size) == (first + 1, links - 1)
    assert not np.any((network.a == i) & (network.b == j))
    network.update(_positions(1), everyone, {(i, j): 0.0})
    assert network.version == first + 1
    network.update(r_m, everyone, {})
    assert network.version == first + 2


def test_links_of_a_satellite() -> None:
    """Source of truth: by hand: without terminals a satellite has no link, half of them leave half of the rate, and a link
    has the product of both ends; the nearest neighbours of a satellite without terminals join others instead."""
    terminal = Terminal(1.0, 0.08, 1.55e-6, 1.0, 1.0, 0.0, 1.0, 1, 1e9)
    network = _network(LinkRules("grid", 4, terminal, 80e3, 6e6, 5e-6))
    r_m, everyone, links = _positions(), np.ones(COUNT, bool), network.a.size
    i, j = int(network.a[40]), int(network.b[40])
    factor = np.ones(COUNT)
    factor[[i, j]] = 0.5, 0.25
    network.update(r_m, everyone, {(i, j): 0.5}, factor)
    assert network.rate_bit_s[40] == pytest.approx(0.5 * 0.5 * 0.25 * 1e9)
    assert sorted(set(network.rate_bit_s[(network.a == i) | (network.b == i)].tolist())) == pytest.approx(
        [0.0625e9, 0.5e9]
    )
    factor[i] = 0.0
    network.update(r_m, everyone, {}, factor)
    assert network.a.size == links - 4
    assert not np.any((network.a == i) | (network.b == i))
    near, without = (_network(LinkRules("nearest", 2, terminal, 80e3, 6e6, 5e-6)) for _ in range(2))
    healthy = everyone.copy()
    healthy[i] = False
    near.update(r_m, everyone, {}, factor)
    without.update(r_m, healthy, {})
    pairs = set(zip(near.a.tolist(), near.b.tolist(), strict=True))
    assert pairs == set(zip(without.a.tolist(), without.b.tolist(), strict=True))


def test_unlimited_rate() -> None:
    assert np.all(np.isinf(_network().rate_bit_s))


def test_alone() -> None:
    """Source of truth: by hand: the neighbours of satellite 55 in the grid are out, so it has no link; they do not count."""
    healthy = np.ones(COUNT, bool)
    healthy[[54, 56, 45, 65]] = False
    assert _network(healthy=healthy).isolated().tolist() == [55]


def test_mesh_of_a_formation() -> None:
    """Source of truth: 81 satellites in a disc of a square lattice have 140 links (11 rows and 11 columns of it: 81 -
    11 each), at the node of 200 m along the track and 100 m along the radius; paths run over directed links."""
    offsets = np.array(formation_geometry.offsets_m("square", 200.0, 1000.0)).T
    rules = LinkRules("mesh", 4, None, 80e3, 1e4, 0.0)
    network = Network([Lattice(0, offsets, 200.0)], 81, rules)
    # linear relative positions on axes x, y, z of one place in orbit
    network.update(np.array([[7e6], [0.0], [0.0]]) + offsets, np.ones(81, bool), {})
    rows = [len(set(offsets[axis].tolist())) for axis in (0, 1)]
    assert network.a.size == 2 * 81 - sum(rows)
    assert set(np.round(network.length_m, 6)) == {100.0, 200.0}
    assert network.isolated().size == 0
    src, dst = network.a[:5], network.b[:5]
    assert network.paths(src, dst).links.tolist() == [0, 1, 2, 3, 4]
    assert network.paths(dst, src).links.tolist() == [network.a.size + n for n in range(5)]
    # two formations do not meet
    two = Network([Lattice(0, offsets, 200.0), Lattice(81, offsets, 200.0)], 162, rules)
    two.update(np.array([[7e6], [0.0], [0.0]]) + np.tile(offsets, 2), np.ones(162, bool), {})
    assert two.a.size == 2 * network.a.size
    assert not two.paths(np.array([0]), np.array([100])).reached[0]


def test_two_grids_do_not_meet() -> None:
    """Source of truth: by hand: a grid of 3 x 3 has 18 links, a second of them behind it as many, and no link joins them."""
    r_m = np.random.default_rng(5).normal(size=(3, 18)) + np.array([[7e6], [0.0], [0.0]])
    network = Network([Grid(0, 3, 3, (0, 0, 0)), Grid(9, 3, 3, (0, 0, 0))], 18, RULES)
    network.update(r_m, np.ones(18, bool), {})
    assert network.a.size == 36
    assert np.array_equal(network.a < 9, network.b < 9)
    assert network.isolated().size == 0


def test_a_ring_joins_its_neighbours() -> None:
    """Source of truth: a regular polygon: side 2 r sin(180 deg / n); half the ring away is n / 2 sides."""
    n, a_m = 24, 7378137.0
    ring = CircularElements(np.full(n, a_m), np.full(n, 1.0), np.zeros(n), 2 * math.pi * np.arange(n) / n)
    r_m = np.empty((1, 3, n))
    CircularJ2(ring, TimeGrid(2461000.5, 0.0, 60.0, 1)).fill(0, n, 0, r_m)
    network = Network([Grid(0, 1, n)], n, RULES)
    network.update(r_m[0], np.ones(n, bool), {})
    assert network.a.size == n
    assert np.allclose(network.length_m, 2 * a_m * math.sin(math.pi / n), atol=1e-3)
    start = network.paths(np.zeros(n, int), np.arange(n)).start
    assert np.diff(start).tolist() == [min(k, n - k) for k in range(n)]


def test_the_sun_blinds_links_towards_it() -> None:
    """By hand: four satellites, links along x and y, the Sun 2 deg off +y in the x-y plane: a keep-out of 3 deg cuts the links along y in
    both directions, 1 deg none, and none where the end that looks at the Sun is in the Earth's shadow."""
    r = np.array([[7e6, 8e6, 7e6, 8e6], [0.0, 0.0, 1e6, 1e6], [0.0, 0.0, 0.0, 0.0]])
    a, b = np.array([0, 0, 1, 2]), np.array([1, 2, 3, 3])
    sun = 1.5e11 * np.array([np.sin(np.radians(2.0)), np.cos(np.radians(2.0)), 0.0])
    assert topology.clear_of_sun(r, a, b, sun, np.radians(3.0)).tolist() == [True, False, False, True]
    assert topology.clear_of_sun(r, b, a, sun, np.radians(3.0)).tolist() == [True, False, False, True]
    assert topology.clear_of_sun(r, a, b, sun, np.radians(1.0)).all()
    # behind the Earth, one above the other: the upper one would look at the Sun through the Earth, the lower one looks away from it
    below = np.array([[0.0, 0.0], [-7e6, -8e6], [0.0, 0.0]])
    assert topology.clear_of_sun(below, np.array([0]), np.array([1]), sun, np.radians(3.0)).all()
    rules = LinkRules("mesh", 4, None, 0.0, 5e6, 0.0, sun_keep_out_rad=np.radians(3.0))
    network = Network([Lattice(0, np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 0.0]]), 1.0)], 2, rules)
    for way, links in ((1, 0), (0, 1)):
        pair = np.zeros((3, 2))
        pair[0], pair[way, 1] = 7e6, pair[way, 1] + 1e3
        if way == 0:
            pair[0, 1] = 7e6 + 1e3
        assert network.state(pair, np.ones(2, bool), {}, None, sun).a.size == links
        assert network.state(pair, np.ones(2, bool), {}).a.size == 1
