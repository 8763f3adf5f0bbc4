"""The fewest gateways of a list that reach a latency."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.config.scenario import Loaded
from sim.engine import propagators
from sim.engine.site_delays import site_delays
from sim.studies import gateways

SHORT = ("duration=40 min", "step=60 s", "recorder={satellites: 0}")
PLACES = (
    "[{name: Lisbon, latitude: 38.7 deg, longitude: -9.1 deg, users: 3}, {name: Ankara, latitude: 39.9 deg, longitude: 32.9 deg},"
    " {name: Quito, latitude: -0.2 deg, longitude: -78.5 deg}]"
)


def _loaded(stations: str, *more: str) -> Loaded:
    return sim.load("starlink_edge", set=[*SHORT, f"ground.stations={stations}", *more])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.floats(0.2, 1.0))
def test_fewest_against_all_subsets(seed: int, columns: int, share: float) -> None:
    """Source of truth: all subsets, tried one after the other: the fewest columns whose rows have the share."""
    rng = np.random.default_rng(seed)
    below, weight = rng.random((12, columns)) < 0.4, rng.dirichlet(np.ones(12))
    share *= float(weight[below.any(axis=1)].sum())
    if share < 1e-6:
        return
    chosen, bound = gateways.cover(below, weight, share)
    fewest = next(
        n for n in range(1, columns + 1)
        if any(weight[below[:, list(some)].any(axis=1)].sum() >= share - 1e-9 for some in combinations(range(columns), n))
    )  # fmt: skip
    assert len(chosen) == fewest == bound
    assert weight[below[:, chosen].any(axis=1)].sum() >= share - 2e-9


def test_delays_are_those_of_a_run() -> None:
    """Source of truth: a run of the scenario: one-way delays of its stations, and between its station pairs, at the same steps."""
    loaded = _loaded(PLACES, "ground.station_pairs=[[Lisbon, Ankara], [Ankara, Quito]]")
    series = sim.run(loaded).series
    ground, users = loaded.scenario.ground, propagators.stations(loaded.scenario)
    assert ground is not None
    found = site_delays(loaded, users, users, 40)
    user_ms, pair_ms = series["user_rtt_ms"].values.T, series["pair_rtt_ms"].values.T
    ours_ms = 2e3 * found.to_fleet_s + 1e3 * ground.access_overhead
    assert np.isfinite(user_ms).any()
    np.testing.assert_allclose(np.where(np.isfinite(ours_ms), ours_ms, np.nan), user_ms, rtol=0.0, atol=1e-9)
    assert np.isfinite(pair_ms).any()
    # pairs of the series are by propagation alone: 20 us a hop are less than 1 ms
    for p, (a, b) in enumerate(((0, 1), (1, 2))):
        through_ms = 2e3 * found.through_space_s[:, a, b]
        assert (np.isfinite(through_ms) == np.isfinite(pair_ms[:, p])).all()
        both = np.isfinite(through_ms)
        assert (through_ms[both] >= pair_ms[both, p] - 1e-9).all()
        assert (through_ms[both] - pair_ms[both, p] < 1.0).all()
        assert through_ms[both] == pytest.approx(2e3 * found.through_space_s[:, b, a][both], abs=1e-9)


SHELL = "constellation={kind: walker, altitude: 600 km, inclination: 53 deg, planes: 20, satellites_per_plane: 20}"


@pytest.mark.parametrize(
    "more",
    [
        ["links.topology=nearest", "links.hysteresis=1"],
        ["links.topology=nearest", "links.hysteresis=1", "links.terminal.acquisition=25 s", "links.terminal.slew_limit=0.2 deg/s"],
        ["links.topology=grid", "links.terminals=3", "links.terminal.sun_keep_out=20 deg", "links.terminal.acquisition=45 s", "links.hysteresis=1"],
        ["links.topology=nearest", "links.hysteresis=1", "links.terminal.field_of_regard=35 deg", "satellite.attitude.terminals=[top, bottom, left, right]"],
    ],
    ids=["nearest", "turning", "sun", "faces"],
)
def test_delays_at_moments_far_apart(more: list[str]) -> None:
    """Source of truth: a run that goes through all steps of 10 s, at every thirtieth of them: the same delays, and the same pairs without a route."""
    loaded = _loaded(
        PLACES, SHELL, "ground.station_pairs=[[Lisbon, Ankara], [Ankara, Quito], [Lisbon, Quito]]", "step=10 s", *more
    )  # fmt: skip
    series = sim.run(loaded).series
    ground, users = loaded.scenario.ground, propagators.stations(loaded.scenario)
    assert ground is not None
    found = site_delays(loaded, users, users, 8)
    at = np.arange(15, 240, 30)
    user_ms, pair_ms = series["user_rtt_ms"].values.T[at], series["pair_rtt_ms"].values.T[at]
    ours_ms = 2e3 * found.to_fleet_s + 1e3 * ground.access_overhead
    assert np.isfinite(user_ms).any()
    np.testing.assert_allclose(np.where(np.isfinite(ours_ms), ours_ms, np.nan), user_ms, rtol=0.0, atol=1e-9)
    for p, (a, b) in enumerate(((0, 1), (1, 2), (0, 2))):
        through_ms = 2e3 * found.through_space_s[:, a, b]
        assert (np.isfinite(through_ms) == np.isfinite(pair_ms[:, p])).all()
        both = np.isfinite(through_ms)
        assert through_ms[both] == pytest.approx(pair_ms[both, p], abs=1.0)  # without hop latency, of 20 us


def test_a_placement() -> None:
    """Source of truth: users at the sites themselves: 250 ms cross the Earth, so that one site serves all; 40 ms need the site beside each, and
    users count by their weights: Lisbon alone has three fifths of them."""
    users, sites = _loaded(PLACES), _loaded(PLACES)
    wide = gateways.fewest_gateways(users, sites, 0.25, 1.0, moments=8)
    assert (len(wide.sites), wide.fewest, wide.best) == (1, 1, 1.0)
    near = gateways.fewest_gateways(users, sites, 0.04, 0.55, moments=8)
    assert [site.name for site in near.sites] == ["Lisbon"]
    assert near.reached == pytest.approx(0.6)
    assert near.worst == (("Ankara", 0.0), ("Quito", 0.0), ("Lisbon", 1.0))
    assert near.covered == 1.0
    every = gateways.fewest_gateways(users, sites, 0.04, 1.0, moments=8)
    assert {site.name for site in every.sites} == {"Lisbon", "Ankara", "Quito"}
    assert [site.share for site in every.sites] == pytest.approx([0.6, 0.8, 1.0])
    assert every.median_ms is not None
    assert every.median_ms < 30.0
    over = gateways.fewest_gateways(users, sites, 0.04, 1.0, to="internet", moments=8)
    assert len(over.sites) == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--below", "40"], "--below 40: '40' has no unit"),
        (["--below", "0 ms"], "is no time above 0; write a time such as"),
        (["--below", "40 km"], "--below 40 km: "),
        (["--below", "40 ms", "--share", "1.2"], "--share 1.2: is not a share; write a number above 0 and at most 1"),
        (["--below", "40 ms", "--sites", "citis"], "did you mean 'cities'?"),
        (["--below", "1 ms", "--moments", "2", "--set", SHORT[0]], "reach 0.0 % below 1 ms; write a lower share, a longer latency, or more sites"),
    ],
)
def test_bad_input(dawndusk: Callable[..., Any], options: list[str], said: str) -> None:
    """Source of truth: the contract: one line, exit 2, what to write instead."""
    shown = dawndusk("gateways", "starlink_edge", *options)
    assert shown.code == 2
    assert said in " ".join(shown.err.split())


def test_the_verb(dawndusk: Callable[..., Any]) -> None:
    """Source of truth: the object that the verb prints has the fields of the answer."""
    args = ["gateways", "starlink_edge", "--below", "60 ms", "--share", "0.5", "--moments", "4", "--json"]
    shown = dawndusk(*args, *(part for one in SHORT for part in ("--set", one)))
    assert shown.code == 0
    answer = json.loads(shown.out)
    assert answer["reached"] >= 0.5 - 1e-9
    assert answer["candidates"] == answer["users"] == 14
    assert answer["fewest"] == len(answer["sites"]) >= 1


GATES = (
    "{name: Madrid, latitude: 40.4 deg, longitude: -3.7 deg, role: gateway, pop: Valencia}, {name: Bogota, latitude: 4.7 deg, longitude: -74.1 deg, "
    "role: gateway, pop: Cali}, {name: Valencia, latitude: 39.5 deg, longitude: -0.4 deg, role: pop}, "
    "{name: Cali, latitude: 3.4 deg, longitude: -76.5 deg, role: pop}"
)


def test_gateways_with_points_of_presence() -> None:
    """Source of truth: a run in which the same users come over the same gateways, or reach the internet through them: its round trips at the same
    steps, fibre to points of presence included. Gateways alone are candidates, points of presence are not."""
    plain = ("ground.access_overhead=0 ms", "ground.gateway_overhead=0 ms")
    places = f"[{PLACES[1:-1]}, {GATES}]"
    loaded = _loaded(places, *plain)
    # 8,700 km from Quito to Madrid take longer
    for to, limit_s, more, variable in (("fleet", 0.09, ["ground.access=gateway"], "user_rtt_ms"), ("internet", 0.06, [], "internet_rtt_ms")):
        both = gateways.fewest_gateways(loaded, loaded, limit_s, 1.0, to=to, moments=40)  # type: ignore[arg-type]
        assert (both.candidates, both.users) == (2, 3)
        assert {site.name for site in both.sites} == {"Madrid", "Bogota"}
        series = sim.run(_loaded(places, *plain, *more)).series[variable]
        names = [str(n) for n in series[series.dims[0]].values]
        seen = np.array([series.values[names.index(n)] for n in ("Lisbon", "Ankara", "Quito")])
        weight = np.repeat([0.6, 0.2, 0.2], seen.shape[1]) / seen.shape[1]
        order = np.argsort(seen.ravel(), kind="stable")
        at = int(np.searchsorted(np.cumsum(weight[order]), 0.99 * (1.0 - 1e-12)))
        assert both.p99_ms == pytest.approx(float(seen.ravel()[order][at]), abs=1e-6)


def test_the_verb_knows_operators(dawndusk: Callable[..., Any]) -> None:
    """Source of truth: the lists: 191 gateways with their points of presence; a scenario with gateways offers its own."""
    args = ["gateways", "starlink_edge", "--below", "200 ms", "--share", "0.5", "--moments", "2", "--json", *(p for s in SHORT for p in ("--set", s))]
    shown = dawndusk(*args, "--sites", "starlink-gateways")
    assert shown.code == 0, shown.err
    assert (json.loads(shown.out)["candidates"], json.loads(shown.out)["users"]) == (191, 14)
    own = dawndusk(*args, "--set", f"ground.stations=[{PLACES[1:-1]}, {GATES}]")
    assert own.code == 0, own.err
    assert (json.loads(own.out)["candidates"], json.loads(own.out)["users"]) == (2, 3)


@pytest.mark.parametrize("share", [1e-13, 1e-9, 1e-6])
def test_a_tiny_share_needs_a_site(share: float) -> None:
    """By hand: no site covers nothing; the second covers a millionth of the weight, the first a tenth of a millionth, the third none."""
    below = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0]], dtype=bool)
    weight = np.array([1e-7, 1e-6, 1.0 - 1.1e-6])
    chosen, fewest = gateways.cover(below, weight, share)
    assert fewest == len(chosen) == 1
    assert weight[below[:, chosen].any(axis=1)].sum() >= share * (1.0 - 1e-6)


def test_a_tiny_share_of_a_fleet(dawndusk: Callable[..., Any]) -> None:
    """By hand: any site that reaches anything is enough."""
    sets = [part for text in (*SHORT, f"ground.stations={PLACES}") for part in ("--set", text)]
    shown = dawndusk("gateways", "starlink_edge", "--below", "200 ms", "--share", "1e-13", "--moments", "2", "--json", *sets)
    assert shown.code == 0
    found = json.loads(shown.out)
    assert (len(found["sites"]), found["fewest"]) == (1, 1)


def test_places_without_users_are_bad_input(dawndusk: Callable[..., Any]) -> None:
    """By contract: one line, exit 2: where, what, what to write instead."""
    places = "[{name: Lisbon, latitude: 38.7 deg, longitude: -9.1 deg, users: 0}, {name: Quito, latitude: -0.2 deg, longitude: -78.5 deg, users: 0}]"
    sets = [part for text in (*SHORT, f"ground.stations={places}") for part in ("--set", text)]
    shown = dawndusk("gateways", "starlink_edge", "--below", "200 ms", "--moments", "2", *sets)
    assert shown.code == 2
    said = " ".join(shown.err.split())
    assert "ground.stations: all stations for users have users: 0" in said
    assert "write users: 1" in said
    assert "Traceback" not in said
