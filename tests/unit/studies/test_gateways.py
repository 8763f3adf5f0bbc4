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
    assert answer["reached"] >= 0.5
    assert answer["candidates"] == answer["users"] == 14
    assert answer["fewest"] == len(answer["sites"]) >= 1
