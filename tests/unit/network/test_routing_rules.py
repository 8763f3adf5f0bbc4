"""Routes by fewest hops and by bandwidth, in the network and over blocks of steps."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from orbit.ground import masks
from sim.network.ground_paths import GroundPaths
from sim.network.ground_routing import GroundRouting
from sim.network.link_state import LinkRules, LinkState, Network
from sim.network.route_block import BlockRouter

C_M_S = 299792458.0
RULES = LinkRules("nearest", 4, None, 80e3, np.inf, 0.0)
# from 0 to 3: one hop of 20 ms, two of 5 ms by way of 1, three of 1 ms by way of 2 and 4
A, B = np.array([0, 0, 0, 1, 2, 3]), np.array([1, 2, 3, 3, 4, 4])
DELAY_S = np.array([5e-3, 1e-3, 20e-3, 5e-3, 1e-3, 1e-3])
RATE_BIT_S = np.array([9e9, 5e9, 7e9, 9e9, 5e9, 5e9])


def state(cut: tuple[int, ...] = (), healthy: np.ndarray | None = None) -> LinkState:
    on = np.setdiff1d(np.arange(A.size), cut)
    up = np.ones(5, dtype=bool) if healthy is None else healthy
    return LinkState(A[on], B[on], DELAY_S[on] * C_M_S, DELAY_S[on], np.ones(on.size), up, RATE_BIT_S[on])


def network(routing: str) -> Network:
    return Network([], 5, replace(RULES, routing=routing))


@pytest.mark.parametrize(
    ("routing", "ways"), [("delay", [[1, 4, 11], [3]]), ("hops", [[2], [3]]), ("bandwidth", [[0, 3], [3]])],
)
def test_routes_of_messages_by_hand(routing: str, ways: list[list[int]]) -> None:
    """Source of truth: by hand, from 0 to 3 and from 1 to 3: 3 ms over three links of 5 Gbit/s, 20 ms over one of 7, 10 ms over
    two of 9. Link 11 is link 5 from its second satellite to its first."""
    net = network(routing)
    net.take(state())
    paths = net.paths(np.array([0, 1]), np.array([3, 3]))
    assert [paths.links[paths.start[f] : paths.start[f + 1]].tolist() for f in range(2)] == ways


def test_present_links_decide() -> None:
    """Source of truth: by hand: without the direct link two hops are the fewest; a rate that an event lowers moves the widest route."""
    net = network("hops")
    net.take(state())
    assert net.paths(np.array([0]), np.array([3])).links.size == 1
    net.take(state(cut=(2,)))
    assert net.paths(np.array([0]), np.array([3])).links.tolist() == [0, 2]
    net = network("bandwidth")
    net.take(state()._replace(rate_bit_s=np.array([9e9, 5e9, 7e9, 6e9, 5e9, 5e9])))
    assert net.paths(np.array([0]), np.array([3])).links.tolist() == [2]


@pytest.mark.parametrize(
    ("routing", "delay_ms", "route"),
    [("delay", 5.5, [0, 2, 4, 3]), ("hops", 22.5, [0, 3]), ("bandwidth", 5.5, [0, 2, 4, 3])],
)
def test_routes_to_the_ground_by_hand(routing: str, delay_ms: float, route: list[int]) -> None:
    """Source of truth: by hand. The station sees satellite 0 at 2 ms, only 3 serves, and the second station sees 3 at 0.5 ms.
    Delays are those of light and links, whatever routes have least of; steps alone and together agree to the last bit."""
    slant_m = np.full((6, 2, 5), np.inf)
    slant_m[:, 0, 0], slant_m[:, 1, 3] = 2e-3 * C_M_S, 0.5e-3 * C_M_S
    serves = np.tile(np.arange(5) == 3, (6, 1))
    states = [state()] * 6
    found = []
    for block in (BlockRouter(network(routing)).block(states), BlockRouter(network(routing)).block(states[:1])):
        steps = len(block.hop_s)
        delay_s, routes = block.between(slant_m[:steps], [(0, 1)])
        served = block.serve(slant_m[:steps], serves[:steps])
        assert routes[0][0] == served[0].routes[0] == route
        assert 1e3 * delay_s[0, 0] == pytest.approx(delay_ms, abs=1e-9)
        assert 1e3 * served[0].delay_s[0] == pytest.approx(delay_ms - 0.5, abs=1e-9)
        assert 1e3 * served[0].delay_s[1] == pytest.approx(0.5, abs=1e-9)
        found.append((delay_s[0].tolist(), served[0].delay_s.tolist(), block.hop_s[0]))
    assert found[0] == found[1]
    assert (found[0][2] > 0.0) == (routing == "hops")


@pytest.mark.parametrize(("routing", "delay_ms"), [("delay", 2.0 + 3.0 + 1.0 + 4.0), ("hops", 2.0 + 20.0 + 1.0 + 4.0)])
def test_routes_to_the_internet_by_hand(routing: str, delay_ms: float) -> None:
    """Source of truth: by hand. The user sees satellite 0 at 2 ms, the gateway sees 3 at 1 ms, fibre takes 4 ms."""
    slant_m = np.full((1, 2, 5), np.inf)
    slant_m[0, 0, 0], slant_m[0, 1, 3] = 2e-3 * C_M_S, 1e-3 * C_M_S
    paths = GroundPaths(np.array([0]), np.array([1]), False, np.zeros((1, 1)), np.array([[4e-3]]), np.array([0]))
    delay_s, bent = paths.internet_s(slant_m, BlockRouter(network(routing)).block([state()]))
    assert 1e3 * delay_s[0, 0] == pytest.approx(delay_ms, abs=1e-9)
    assert not bent[0, 0]


def test_fewest_hops_against_all_walks() -> None:
    """Source of truth: fewest hops and least delay of walks by powers of the matrix, (min, +) over (hops, delay) pairs, on random
    links with unequal delays; 1 ps."""
    rng = np.random.default_rng(5)
    a, b = np.triu_indices(24, 1)
    on = (rng.uniform(size=a.size) < 0.12) & ~((a < 3) & (b >= 20))
    a, b = a[on], b[on]
    delay_s = rng.uniform(1e-3, 30e-3, a.size)
    links = LinkState(a, b, delay_s * C_M_S, delay_s, np.ones(a.size), np.ones(24, dtype=bool))
    slant_m = np.full((1, 2, 24), np.inf)
    slant_m[0, 0, :3], slant_m[0, 1, 20:] = [9e5, 6e5, 1.2e6], rng.uniform(5e5, 2e6, 4)
    net = Network([], 24, replace(RULES, routing="hops"))
    delay, routes = BlockRouter(net).block([links]).between(slant_m, [(0, 1)])
    dense = np.full((24, 24), np.inf)
    dense[a, b] = dense[b, a] = delay_s
    best_s, hops = slant_m[0, 0] / C_M_S, 0
    while not np.isfinite(best_s[20:]).any():
        best_s, hops = (best_s[:, np.newaxis] + dense).min(axis=0), hops + 1
    assert hops > 1
    assert len(routes[0][0]) == hops + 1
    assert delay[0, 0] == pytest.approx((best_s[20:] + slant_m[0, 1, 20:] / C_M_S).min(), abs=1e-12)


def test_delays_of_a_run_of_steps_are_true() -> None:
    """Source of truth: light time over the positions: a station at the pole, three satellites in a row with the server last."""
    net = Network([], 3, replace(RULES, routing="hops"))
    r_m = np.array([[0.0, 1e6, 2e6], [0.0, 0.0, 0.0], [7e6, 7e6, 7e6]])
    sky = (np.array([[0.0, 0.0, 6.4e6]]), np.array([[0.0, 0.0, 1.0]]), np.array([[1.0, 0.0, 0.0]]))
    routing = GroundRouting(
        steps=1, step_s=60.0, satellites=3, sin_min_elevation=np.array([0.9]), max_range_m=np.array([np.inf]), masks=masks([]),
        pairs=[], network=net, stride=0,
    )  # fmt: skip
    up = np.ones(3, dtype=bool)
    net.update(r_m, up, {})
    routing.update(0, r_m, up, up, sky, net, np.array([False, False, True]), np.ones(1, dtype=bool))
    assert routing.hops[0, 0] == 1  # the direct link of 2,000 km clears the Earth
    assert routing.one_way_s[0, 0] == pytest.approx((6e5 + 2e6) / C_M_S, abs=1e-12)
    assert math.isclose(routing.propagation_s()[0, 0], routing.one_way_s[0, 0])
