"""Max-min fair rates against closed forms, the property that defines them, and linear programs of scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from sim.network.fair_rates import max_min_rates


def _flows(routes: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    start = np.concatenate(([0], np.cumsum([len(route) for route in routes]))).astype(np.int64)
    return start, np.array([link for route in routes for link in route], dtype=np.int64)


def _random(seed: int, flows: int, links: int) -> tuple[list[list[int]], np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    routes = [rng.choice(links, rng.integers(1, min(links, 5)), replace=False).tolist() for _ in range(flows)]
    demand = np.where(rng.uniform(size=flows) < 0.5, rng.uniform(0.0, 5.0, flows), np.inf)
    return routes, rng.uniform(0.0, 10.0, links), demand, rng.uniform(0.5, 3.0, flows)


def test_parking_lot() -> None:
    """Source of truth: closed form: one flow over n links of rate C, each with m flows of its own: all get C / (m + 1)."""
    for n, m in ((1, 1), (3, 1), (5, 4)):
        routes = [list(range(n)), *([link] for link in range(n) for _ in range(m))]
        rate, bottleneck = max_min_rates(*_flows(routes), np.full(n, 12.0), np.full(len(routes), np.inf))
        assert rate == pytest.approx(np.full(len(routes), 12.0 / (m + 1)), rel=1e-15)
        assert bottleneck.tolist() == [0, *(link for link in range(n) for _ in range(m))]


def test_parking_lot_of_unequal_links() -> None:
    """Source of truth: by hand: links of 10, 6 and 20: the long flow gets 3 at the second; the others 7, 3 and 17."""
    routes = [[0, 1, 2], [0], [1], [2]]
    rate, bottleneck = max_min_rates(*_flows(routes), np.array([10.0, 6.0, 20.0]), np.full(4, np.inf))
    assert rate.tolist() == [3.0, 7.0, 3.0, 17.0]
    assert bottleneck.tolist() == [1, 0, 1, 2]


def test_dumbbell_with_weights_and_demands() -> None:
    """Source of truth: by hand: a bar of 12 with weights 1, 2, 3; the second wants 1 only: 11 is shared 1 to 3. Own links of 8
    bind the third, whose 0.25 goes to the first."""
    routes = [[0, 3], [1, 3], [2, 3]]
    weight = np.array([1.0, 2.0, 3.0])
    rate, bottleneck = max_min_rates(*_flows(routes), np.array([99.0, 99.0, 99.0, 12.0]), np.full(3, np.inf), weight)
    assert (rate.tolist(), bottleneck.tolist()) == ([2.0, 4.0, 6.0], [3, 3, 3])
    some = np.array([np.inf, 1.0, np.inf])
    rate, bottleneck = max_min_rates(*_flows(routes), np.array([99.0, 99.0, 99.0, 12.0]), some, weight)
    assert (rate.tolist(), bottleneck.tolist()) == ([2.75, 1.0, 8.25], [3, -1, 3])
    rate, bottleneck = max_min_rates(*_flows(routes), np.array([99.0, 99.0, 8.0, 12.0]), some, weight)
    assert (rate.tolist(), bottleneck.tolist()) == ([3.0, 1.0, 8.0], [3, -1, 2])


def test_corner_cases() -> None:
    """Source of truth: by hand: no flows, no links, no capacity, no demand, no limit at all, an exact demand."""
    none = np.empty(0, np.int64)
    assert [x.size for x in max_min_rates(np.array([0]), none, np.ones(2), np.empty(0))] == [0, 0]
    routes = [[], [], [0], [1], [2], [1]]
    demand = np.array([3.0, np.inf, 4.0, 5.0, np.inf, 0.0])
    rate, bottleneck = max_min_rates(*_flows(routes), np.array([0.0, 5.0, np.inf]), demand)
    assert rate.tolist() == [3.0, np.inf, 0.0, 5.0, np.inf, 0.0]
    assert bottleneck.tolist() == [-1, -1, 0, -1, -1, -1]


def test_no_limit_on_the_way_to_a_closed_link() -> None:
    """Source of truth: by hand: without a limit of link or flow the rate is infinite; a link at rate 0 carries nothing; a flow
    without links has its demand."""
    rate, _ = max_min_rates(*_flows([[0], [1, 0], []]), np.array([np.inf, 0.0]), np.array([np.inf, 5.0, 3.0]))
    assert rate.tolist() == [np.inf, 0.0, 3.0]


@pytest.mark.parametrize(
    ("capacity", "demand", "weight", "message"),
    [(-1.0, 1.0, 1.0, "negative"), (1.0, -1.0, 1.0, "negative"), (np.nan, 1.0, 1.0, "not a number"), (1.0, np.nan, 1.0, "not a number"),
     (1.0, 1.0, np.nan, "not positive"), (1.0, 1.0, 0.0, "not positive"), (1.0, 1.0, np.inf, "not positive")],
)
def test_bad_input(capacity: float, demand: float, weight: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        max_min_rates(np.array([0, 1]), np.array([0]), np.array([capacity]), np.array([demand]), np.array([weight]))


@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(2, 12))
def test_the_property_that_defines_them(seed: int, flows: int, links: int) -> None:
    """Source of truth: a feasible allocation is max-min fair exactly where every flow that wants more has a full link on which no
    flow has a higher rate per weight. 1e-12 relative for sums of up to forty rates."""
    routes, capacity, demand, weight = _random(seed, flows, links)
    rate, bottleneck = max_min_rates(*_flows(routes), capacity, demand, weight)
    used, highest = np.zeros(links), np.zeros(links)
    for f, route in enumerate(routes):
        for link in route:
            used[link] += rate[f]
            highest[link] = max(highest[link], rate[f] / weight[f])
    assert np.all(used <= capacity * (1.0 + 1e-12))
    for f, route in enumerate(routes):
        if bottleneck[f] < 0:
            assert rate[f] == demand[f]
        else:
            assert bottleneck[f] in route
            assert rate[f] <= demand[f]
            assert used[bottleneck[f]] >= capacity[bottleneck[f]] * (1.0 - 1e-12)
            assert rate[f] / weight[f] >= highest[bottleneck[f]] * (1.0 - 1e-12)


def _by_linear_programs(routes: list[list[int]], capacity: np.ndarray, demand: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Lexicographic maximum: raise the least rate per weight of all open flows, then close those that cannot have more."""
    flows = len(routes)
    over = np.zeros((capacity.size, flows))
    for f, route in enumerate(routes):
        over[route, f] = 1.0
    closed: dict[int, float] = {}
    while len(closed) < flows:
        opened = [f for f in range(flows) if f not in closed]
        # variables: rates, and the level that every open flow reaches
        least = np.zeros((len(opened), flows + 1))
        least[range(len(opened)), opened], least[:, -1] = -1.0, weight[opened]
        table = np.vstack((np.hstack((over, np.zeros((capacity.size, 1)))), least))
        right = np.concatenate((capacity, np.zeros(len(opened))))
        bounds = [(closed.get(f, 0.0), closed.get(f, min(demand[f], 1e3))) for f in range(flows)]
        level = linprog(np.append(np.zeros(flows), -1.0), table, right, bounds=[*bounds, (0.0, None)]).x[-1]
        held = [(closed.get(f, level * weight[f] * (1.0 - 1e-11)), high) for f, (_, high) in enumerate(bounds)]
        for f in opened:
            if linprog(-np.eye(flows)[f], over, capacity, bounds=held).x[f] <= level * weight[f] * (1.0 + 1e-7) + 1e-9:
                closed[f] = level * weight[f]
    return np.array([closed[f] for f in range(flows)])


@pytest.mark.parametrize("seed", range(6))
def test_against_linear_programs(seed: int) -> None:
    """Source of truth: repeated linear programs of scipy (HiGHS), whose tolerance is 1e-7."""
    routes, capacity, demand, weight = _random(seed, 7, 5)
    rate, _ = max_min_rates(*_flows(routes), capacity, demand, weight)
    assert rate == pytest.approx(_by_linear_programs(routes, capacity, demand, weight), rel=1e-6, abs=1e-6)
