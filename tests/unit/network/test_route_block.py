"""Routes of blocks of steps against those of single steps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.sparse.csgraph import floyd_warshall

from orbit.ground import Station, position_m, zenith
from orbit.kernels.visibility import Masks, access_m
from orbit.propagation import CircularJ2
from orbit.shells import walker
from orbit.timegrid import TimeGrid
from sim.network.ground_routing import GroundRouting
from sim.network.link_state import Grid, LinkRules, LinkState, Network
from sim.network.route_block import BlockRouter
from sim.network.route_metrics import without_hops
from sim.network.topologies.fixed import FixedPairs

LIGHT_M_S = 299792458.0
PLANES, SLOTS, COUNT, STEPS = 12, 10, 120, 37
CITIES = ((14.6, 121.0), (59.9, 30.3), (38.9, 121.6), (-33.9, 18.4), (40.7, -74.0), (1.3, 103.8), (-80.0, 10.0))
SITES = [Station(str(n), math.radians(a), math.radians(o), 0.0, math.radians(25.0)) for n, (a, o) in enumerate(CITIES)]
PAIRS = [(0, 1), (2, 1), (0, 4), (3, 5), (6, 0)]
GRID = LinkRules("grid", 4, None, 80e3, 6e6, 2e-5)
NEAREST = LinkRules("nearest", 3, None, 80e3, np.inf, 2e-5)
WIDE = LinkRules("nearest", 1, None, 80e3, np.inf, 2e-5)  # links change from step to step


class Fleet:
    """Positions, working satellites and stations of 37 steps; satellites, links and a station are lost and come back."""

    def __init__(self, rules: LinkRules) -> None:
        shell = walker(1000e3, math.radians(60.0), PLANES, SLOTS, 5.0)
        self.r_m = np.empty((STEPS, 3, COUNT))
        CircularJ2(shell, TimeGrid(2461000.5, 0.0, 60.0, STEPS)).fill(0, COUNT, 0, self.r_m)
        self.network = Network([Grid(0, PLANES, SLOTS, (9,) * PLANES)], COUNT, rules)
        rng = np.random.default_rng(3)
        self.working = np.ones((STEPS, COUNT), dtype=bool)
        self.healthy = np.ones((STEPS, COUNT), dtype=bool)
        for lost in rng.integers(0, COUNT, 12):
            first = rng.integers(0, STEPS)
            self.healthy[first : first + 9, lost] = False
            self.working[first + 1 : first + 9, lost] = False
        self.serves = np.broadcast_to(rng.uniform(size=COUNT) < 0.15, (STEPS, COUNT))
        self.stations = np.ones((STEPS, len(SITES)), dtype=bool)
        self.stations[5:9, 1] = False
        self.cut = [{(3, 4): 0.0} if 10 <= k < 20 else {} for k in range(STEPS)]
        at, up = np.array([position_m(s) for s in SITES]), np.array([zenith(s) for s in SITES])
        self.sky = tuple(np.repeat(x[np.newaxis], STEPS, axis=0) for x in (at, up, np.roll(up, 1, axis=1)))

    def states(self) -> list[LinkState]:
        return [self.network.state(self.r_m[k], self.healthy[k], self.cut[k]) for k in range(STEPS)]

    def slants_m(self) -> np.ndarray:
        out = np.empty((STEPS, len(SITES), COUNT))
        least = np.sin([s.min_elevation_rad for s in SITES])
        for k in range(STEPS):
            access_m(self.r_m[k], self.sky[0][k], self.sky[1][k], least, np.full(len(SITES), np.inf), out[k])
            out[k][:, ~self.healthy[k]] = np.inf
            out[k][~self.stations[k]] = np.inf
        return out

    def routing(self, network: Network | None) -> GroundRouting:
        least, none = np.sin([s.min_elevation_rad for s in SITES]), np.zeros(0)
        masks = Masks(np.zeros(0, dtype=np.int64), np.zeros(1, dtype=np.int64), np.zeros((2, 0)), none)
        return GroundRouting(
            STEPS, 60.0, COUNT, least, np.full(len(SITES), np.inf), masks, PAIRS, network, 2
        )


@pytest.mark.parametrize("rules", [GRID, NEAREST, WIDE], ids=["grid", "nearest", "wide"])
def test_blocks_of_any_length_give_the_same(rules: LinkRules) -> None:
    """Source of truth: routes of every step alone, which Dijkstra's algorithm in scipy finds: the same bits, satellites and
    changes; blocks of one, of a few, and of more steps than moments in a row, whatever the links do meanwhile."""
    runs = []
    for length in (1, 3, 5, STEPS):
        fleet = Fleet(rules)
        states, routing = fleet.states(), fleet.routing(fleet.network)
        reached = [
            routing.update_block(
                k, fleet.r_m[part], fleet.working[part], fleet.healthy[part],
                tuple(x[part] for x in fleet.sky), states[part], fleet.serves[part], fleet.stations[part],
            )
            for k in range(0, STEPS, length) for part in [slice(k, min(k + length, STEPS))]
        ]  # fmt: skip
        recorded = [x.tolist() for x in (*routing.route_intervals.rows(), routing.link_intervals.rows())]
        runs.append((np.concatenate(reached), routing, recorded))
    reached, one, recorded = runs[0]
    assert 0.0 < reached.mean() < 1.0
    assert np.isfinite(one.one_way_s).mean() > (0.1 if rules is WIDE else 0.5)
    assert one.hops.max() >= (2 if rules is not WIDE else 1)
    assert np.isinf(one.one_way_s[5:9, 1]).all()
    assert one.switches > 0
    for other_reached, other, other_recorded in runs[1:]:
        assert np.array_equal(other_reached, reached)
        assert other_recorded == recorded
        assert other.pair_switch_s == one.pair_switch_s
        assert other.switches == one.switches
        for name in ("links", "one_way_s", "server", "hops", "pair_one_way_s", "pair_hops"):
            assert np.array_equal(getattr(other, name), getattr(one, name)), name


@pytest.mark.parametrize("rules", [GRID, NEAREST], ids=["grid", "nearest"])
def test_blocks_against_floyd_warshall(rules: LinkRules) -> None:
    """Source of truth: at every step the least over all satellites of access and all servers, or satellites of access at the
    other station, of slant + Floyd-Warshall + slant; 1 ps. The satellites that are named add up to it."""
    fleet = Fleet(rules)
    states, slant_m = fleet.states(), fleet.slants_m()
    block = BlockRouter(fleet.network).block(states)
    assert (block._graph is not None) == (rules is GRID)
    delay_s, routes = block.between(slant_m, PAIRS)
    served = block.serve(slant_m, fleet.serves)
    for k in range(0, STEPS, 4):
        state, up_s = states[k], slant_m[k] / 299792458.0
        dense = np.full((COUNT, COUNT), np.inf)
        dense[state.a, state.b] = dense[state.b, state.a] = state.delay_s
        far_s = floyd_warshall(dense, directed=False)

        def along_s(route: list[int], dense: np.ndarray = dense) -> float:
            return float(dense[route[:-1], route[1:]].sum())

        for p, (s, t) in enumerate(PAIRS):
            expected_s = (up_s[s][:, np.newaxis] + far_s + up_s[t]).min()
            assert delay_s[k, p] == pytest.approx(expected_s, abs=1e-12)
            route = routes[k][p]
            assert bool(route) == bool(np.isfinite(expected_s))
            assert not route or up_s[s, route[0]] + along_s(route) + up_s[t, route[-1]] == pytest.approx(expected_s, abs=1e-12)
        onward_s = np.where(fleet.serves[k] & fleet.healthy[k], far_s, np.inf).min(axis=1)
        for s, route in enumerate(served[k].routes):
            expected_s = (up_s[s] + onward_s).min()
            assert served[k].delay_s[s] == pytest.approx(expected_s, abs=1e-12)
            assert bool(route) == bool(np.isfinite(expected_s))
            assert not route or (fleet.serves[k] & fleet.healthy[k])[route[-1]]
            assert not route or up_s[s, route[0]] + along_s(route) == pytest.approx(expected_s, abs=1e-12)


def test_links_are_prepared_when_they_stay() -> None:
    """Source of truth: by hand: links of a shell are nearly the same at all steps, those of single terminals are not. Single steps
    share a graph from the fifth with the same links on."""
    fleet = Fleet(GRID)
    router, states = BlockRouter(fleet.network), fleet.states()
    assert router.block(states)._graph is router.block(states)._graph is not None
    fleet.healthy[:] = True
    fleet.cut = [{}] * STEPS
    alike, router = fleet.states()[:7], BlockRouter(fleet.network)
    assert [router.block([state])._graph is None for state in alike] == [True] * 4 + [False] * 3
    assert router.block(states[12:13])._graph is None
    fleet = Fleet(WIDE)
    assert BlockRouter(fleet.network).block(fleet.states())._graph is None


def test_without_links_the_nearest_in_view_serves() -> None:
    """Source of truth: the least slant range of each station to a serving satellite."""
    fleet = Fleet(GRID)
    routing = fleet.routing(None)
    reached = routing.update_block(0, fleet.r_m, fleet.working, fleet.healthy, fleet.sky, None, fleet.serves, fleet.stations)
    direct_m = np.where(fleet.serves[:, np.newaxis], fleet.slants_m(), np.inf)
    assert np.array_equal(routing.one_way_s, direct_m.min(axis=2) / 299792458.0)
    seen = np.isfinite(direct_m.min(axis=2))
    assert np.array_equal(routing.server, np.where(seen, direct_m.argmin(axis=2), -1))
    assert 0.0 < reached.mean() < 1.0


@pytest.mark.parametrize("moments", [1, 6])
def test_long_ways_to_a_short_network(moments: int) -> None:
    """Source of truth: all routes by hand: in a row of four satellites 1 km apart all links together take 13 us, ways to the ground 3 to 9 ms and fibre 0.9 s.
    The fewest links come first, however long these ways are, and delays are the true ones. One moment and many are searched in different ways."""
    pairs = (np.arange(3), np.arange(1, 4))
    rules = LinkRules("custom", 4, None, -7e6, 1e6, 1e-6, routing="hops")
    network = Network([], 4, rules, FixedPairs("custom", pairs))
    r_m = np.array([[7e6] * 4, [0.0, 1e3, 2e3, 3e3], [0.0] * 4])
    block = BlockRouter(network).block([network.state(r_m, np.ones(4, dtype=np.bool_), {}) for _ in range(moments)])
    hop_s, far = 1e3 / LIGHT_M_S + 1e-6, np.inf
    # the first station sees satellite 0 well, 1 and 2 far away; the second one 3, and 2 far away; the third 3 alone
    slant_m = np.array([[900e3, 1800e3, 2500e3, far], [far, far, 2700e3, 950e3], [far, far, far, 1000e3]])
    delay_s, routes = block.between(np.repeat(slant_m[np.newaxis], moments, axis=0), [(0, 1), (0, 2)])
    assert routes[0] == [[2], [2, 3]]
    expected_s = [5200e3 / LIGHT_M_S, 3500e3 / LIGHT_M_S + hop_s]
    assert delay_s.tolist() == [pytest.approx(expected_s, abs=1e-12)] * moments
    # a place that reaches satellite 0 in 5 ms, and 3 over 0.9 s of fibre
    seed_s = np.repeat(np.array([[[5e-3], [far], [far], [0.9]]]), moments, axis=2)
    found_s = without_hops(block.reach_from(seed_s), block.hop_s)[0, :, 0]
    assert found_s.tolist() == pytest.approx([5e-3, 5e-3 + hop_s, 0.9 + hop_s, 0.9], abs=1e-12)
    serves = np.repeat(np.array([[True, False, False, False]]), moments, axis=0)
    served = block.serve(np.repeat(slant_m[np.newaxis], moments, axis=0), serves)[0]
    assert served.routes == [[0], [2, 1, 0], [3, 2, 1, 0]]
    assert served.delay_s.tolist() == pytest.approx([900e3 / LIGHT_M_S, 2700e3 / LIGHT_M_S + 2.0 * hop_s, 1000e3 / LIGHT_M_S + 3.0 * hop_s], abs=1e-12)
