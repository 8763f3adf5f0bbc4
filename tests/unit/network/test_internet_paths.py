"""Routes from users over satellites and gateways to points of presence, against a search through all of them by hand."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.network.internet_paths import (
    InternetPaths,
    Links,
    ground_delays,
    handover_slot,
    held_paths,
    internet_paths,
    round_trip,
)
from sim.network.routing import Graph
from sim.network.topology import unique_pairs

C_M_S = 299_792_458.0
USERS, SATELLITES, GATEWAYS, POPS = 5, 9, 4, 3


def _case(seed: int, seen: float = 0.4) -> dict[str, Any]:
    """Random ranges, links and fibre; about a third of the gateways do not serve a PoP."""
    random = np.random.default_rng(seed)

    def ranges(rows: int) -> np.ndarray:
        slant_m = random.uniform(500e3, 1500e3, (rows, SATELLITES))
        return np.where(random.random(slant_m.shape) < seen, slant_m, np.inf)

    fibre_s = np.where(random.random((GATEWAYS, POPS)) < 0.67, random.uniform(0.0, 10e-3, (GATEWAYS, POPS)), np.inf)
    allowed = random.random((USERS, POPS)) < 0.5
    allowed[np.arange(USERS), random.integers(0, POPS, USERS)] = True
    a, b = unique_pairs(random.integers(0, SATELLITES, 14), random.integers(0, SATELLITES, 14))
    links = Links(Graph(SATELLITES, a, b), (a, b), random.uniform(1e-3, 8e-3, (1, a.size)), 20e-6)
    return {"user_m": ranges(USERS), "gateway_m": ranges(GATEWAYS), "fibre_s": fibre_s, "allowed": allowed, "links": links}


def _all_pairs_s(links: Links | None) -> np.ndarray:
    """Floyd's algorithm, written out."""
    far = np.full((SATELLITES, SATELLITES), np.inf)
    np.fill_diagonal(far, 0.0)
    if links is not None:
        a, b = links.ends
        far[a, b] = far[b, a] = links.delay_s[0]
    for k, i, j in itertools.product(range(SATELLITES), repeat=3):
        far[i, j] = min(far[i, j], far[i, k] + far[k, j])
    return far


def _least_s(case: dict[str, Any], links: Links | None) -> np.ndarray:
    """Least delay of each user over every access satellite, landing satellite, gateway and allowed PoP."""
    far = _all_pairs_s(links)
    least = np.full(USERS, np.inf)
    for u, n, m, g, p in itertools.product(*map(range, (USERS, SATELLITES, SATELLITES, GATEWAYS, POPS))):
        if case["allowed"][u, p]:
            total = case["user_m"][u, n] / C_M_S + far[n, m] + case["gateway_m"][g, m] / C_M_S + case["fibre_s"][g, p]
            least[u] = min(least[u], total)
    return least


def _solve(case: dict[str, Any], links: Links | None, **options: Any) -> InternetPaths:
    return internet_paths(case["user_m"], case["gateway_m"], case["fibre_s"], case["allowed"], links, **options)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_least_delay_of_all_routes(seed: int, with_links: bool) -> None:
    """Delays within 1 ps, which is the least delay of a link in the search."""
    case = _case(seed)
    links = case["links"] if with_links else None
    found, least = _solve(case, links), _least_s(case, links)
    assert np.isfinite(found.delay_s).tolist() == np.isfinite(least).tolist()
    reached = np.isfinite(least)
    assert found.delay_s[reached] == pytest.approx(least[reached], abs=1e-11)
    assert (found.access >= 0).tolist() == reached.tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_route_is_one_that_exists_and_its_parts_are_its_delay(seed: int) -> None:
    case = _case(seed)
    found, (a, b) = _solve(case, case["links"]), case["links"].ends
    joined = {(int(x), int(y)): d for x, y, d in zip(a, b, case["links"].delay_s[0], strict=True)}
    for u, route in enumerate(found.routes):
        if not route:
            assert found.gateway[u] == found.pop[u] == found.landing[u] == found.hops[u] == -1
            continue
        assert (route[0], route[-1], len(route) - 1) == (found.access[u], found.landing[u], found.hops[u])
        assert case["allowed"][u, found.pop[u]]
        over = sum(joined[min(x, y), max(x, y)] for x, y in itertools.pairwise(route))
        assert found.links_s[u] == pytest.approx(over, abs=1e-12)
        assert found.user_s[u] * C_M_S == pytest.approx(case["user_m"][u, route[0]])
        assert found.feeder_s[u] * C_M_S == pytest.approx(case["gateway_m"][found.gateway[u], route[-1]])
        assert found.terrestrial_s[u] == case["fibre_s"][found.gateway[u], found.pop[u]]
        parts = found.user_s[u] + found.links_s[u] + found.feeder_s[u] + found.terrestrial_s[u]
        assert found.delay_s[u] == pytest.approx(parts)
        assert found.bent_pipe[u] == (len(route) == 1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, SATELLITES - 1), st.integers(0, GATEWAYS - 1))
def test_losing_a_satellite_or_a_gateway_never_lowers_a_delay(seed: int, satellite: int, gateway: int) -> None:
    case = _case(seed, seen=0.6)
    before = _solve(case, case["links"]).delay_s
    a, b = case["links"].ends
    gone = (a == satellite) | (b == satellite)
    without = case["links"]._replace(delay_s=np.where(gone, np.inf, case["links"].delay_s))
    less = {**case, "user_m": case["user_m"].copy(), "gateway_m": case["gateway_m"].copy()}
    less["user_m"][:, satellite] = less["gateway_m"][:, satellite] = np.inf
    assert np.all(_solve(less, without).delay_s >= before - 1e-12)
    fewer = {**case, "gateway_m": case["gateway_m"].copy()}
    fewer["gateway_m"][gateway] = np.inf
    assert np.all(_solve(fewer, case["links"]).delay_s >= before - 1e-12)
    assert np.all(_solve(case, None).delay_s >= before - 1e-12)  # links only help


def test_bent_pipe_first_uses_links_where_nothing_else_serves() -> None:
    """User 0: a satellite in view of the gateway, slower than the route over a link. User 1: no such satellite."""
    inf = np.inf
    user_m = np.array([[500e3, 1400e3, inf], [500e3, inf, inf]])
    gateway_m = np.array([[inf, 1400e3, 500e3]])
    a, b = np.array([0]), np.array([2])
    links = Links(Graph(3, a, b), (a, b), np.array([[1e-3]]), 0.0)
    fibre_s, allowed = np.array([[0.0]]), np.ones((2, 1), dtype=bool)
    free = internet_paths(user_m, gateway_m, fibre_s, allowed, links)
    piped = internet_paths(user_m, gateway_m, fibre_s, allowed, links, bent_pipe_first=True)
    assert free.routes == [[0, 2], [0, 2]]
    assert piped.routes == [[1], [0, 2]]
    assert free.delay_s == pytest.approx(1e6 / C_M_S + 1e-3)
    assert piped.delay_s == pytest.approx([2.8e6 / C_M_S, 1e6 / C_M_S + 1e-3])


def test_access_cost_decides_between_satellites_with_a_route() -> None:
    """The cheapest satellite has no gateway in view; of the others the cheaper one serves, though it is farther."""
    user_m, gateway_m = np.array([[900e3, 600e3, 600e3]]), np.array([[900e3, 600e3, np.inf]])
    cost = np.array([[2.0, 3.0, 1.0]])
    found = internet_paths(user_m, gateway_m, np.array([[0.0]]), np.array([[True]]), access_cost=cost)
    assert found.access.tolist() == [0]


def test_user_with_a_fixed_pop_does_not_use_a_nearer_one() -> None:
    """PoP 0 is beside the gateway, PoP 1 is 5 ms away."""
    user_m, gateway_m, fibre_s = np.full((2, 1), 600e3), np.full((1, 1), 600e3), np.array([[0.0, 5e-3]])
    found = internet_paths(user_m, gateway_m, fibre_s, np.array([[True, True], [False, True]]))
    assert found.pop.tolist() == [0, 1]
    assert 1e3 * np.diff(found.delay_s)[0] == pytest.approx(5.0)


def test_equal_routes_go_to_the_lowest_numbers() -> None:
    found = internet_paths(np.full((1, 3), 7e5), np.full((2, 3), 8e5), np.zeros((2, 2)), np.ones((1, 2), dtype=bool))
    assert (found.access[0], found.gateway[0], found.pop[0]) == (0, 0, 0)


def test_user_without_a_pop_is_refused() -> None:
    with pytest.raises(ValueError, match="user 1 has no point of presence"):
        internet_paths(np.ones((2, 1)), np.ones((1, 1)), np.zeros((1, 1)), np.array([[True], [False]]))


def test_gateways_that_serve_no_pop() -> None:
    delay_s, gateway = ground_delays(np.array([[6e5]]), np.array([[np.inf, 0.0]]))
    assert np.isinf(delay_s[:, 0]).tolist() == [True, False]
    assert gateway[:, 0].tolist() == [-1, 0]


def test_held_route_is_kept_and_moves_with_its_satellites() -> None:
    """Satellite 1 becomes the nearer one, but the route of the first moment stays; by hand at each moment."""
    user_m = np.array([[[600e3, 700e3]], [[650e3, 600e3]], [[700e3, 500e3]]])
    gateway_m = np.array([[[600e3, 600e3]]] * 3)
    paths, delay_s = held_paths(user_m, gateway_m, np.array([[1e-3]]), np.array([[True]]))
    assert paths.access.tolist() == [0]
    assert delay_s[:, 0] == pytest.approx([(x + 600e3) / C_M_S + 1e-3 for x in (600e3, 650e3, 700e3)])


def test_held_route_over_links_needs_them_at_every_moment() -> None:
    """The direct link breaks at the second moment: the route takes two links, whose delays change."""
    inf = np.inf
    user_m, gateway_m = np.array([[[6e5, inf, inf]]] * 2), np.array([[[inf, inf, 6e5]]] * 2)
    a, b = np.array([0, 0, 1]), np.array([1, 2, 2])
    delays = np.array([[2e-3, 1e-3, 2e-3], [3e-3, inf, 2e-3]])
    links = Links(Graph(3, a, b), (a, b), delays, 0.0)
    paths, delay_s = held_paths(user_m, gateway_m, np.array([[0.0]]), np.array([[True]]), links)
    assert paths.routes == [[0, 1, 2]]
    assert delay_s[:, 0] == pytest.approx([1.2e6 / C_M_S + 4e-3, 1.2e6 / C_M_S + 5e-3])


def test_handover_every_fifteen_seconds() -> None:
    """At 12, 27, 42 and 57 s of a minute."""
    slots = handover_slot(np.arange(0.0, 60.0, 0.5))
    changes = np.arange(0.0, 60.0, 0.5)[1:][np.diff(slots) > 0]
    assert changes.tolist() == [12.0, 27.0, 42.0, 57.0]


def test_round_trip_by_component() -> None:
    """Two links of 5 ms, of which 0.02 ms each are processing: 2 x 0.04 of processing, the rest is light time."""
    inf = np.inf
    a, b = np.array([0, 1]), np.array([1, 2])
    links = Links(Graph(3, a, b), (a, b), np.array([[5e-3, 5e-3]]), 20e-6)
    user_m, gateway_m = np.array([[6e5, inf, inf], [inf, inf, inf]]), np.array([[inf, inf, 6e5]])
    paths = internet_paths(user_m, gateway_m, np.array([[2e-3]]), np.ones((2, 1), dtype=bool), links)
    trip = round_trip(paths, access_s=12e-3, queue_s=3e-3, hop_latency_s=20e-6)
    light = 2.0 * (1.2e6 / C_M_S + 10e-3) - 80e-6
    assert [float(part[0]) for part in trip] == pytest.approx([light, 80e-6, 12e-3, 3e-3, 4e-3])
    assert trip.total_s[0] == pytest.approx(light + 80e-6 + 19e-3)
    assert np.isinf(trip.total_s[1])


@pytest.mark.parametrize("who", ["user", "gateway"])
def test_satellite_that_sets_before_the_next_handover_is_not_chosen(who: str) -> None:
    """Satellite 0 is the nearer one at first and out of view at the second moment: satellite 1 serves at both."""
    user_m, gateway_m = np.array([[[600e3, 900e3]]] * 2), np.array([[[600e3, 900e3]]] * 2)
    (user_m if who == "user" else gateway_m)[1, 0, 0] = np.inf
    paths, delay_s = held_paths(user_m, gateway_m, np.array([[0.0]]), np.array([[True]]))
    assert paths.access.tolist() == [1]
    assert delay_s[:, 0] == pytest.approx([1.8e6 / C_M_S] * 2)
