"""Power of optical terminals follows the links."""

from __future__ import annotations

import numpy as np
import pytest

from sim import api
from sim.engine.driver import Run
from sim.engine.outcome import Outcome
from sim.network.link_state import LinkRules, LinkState, Network
from sim.results import energy_balance


def flown(*more: str) -> Outcome:
    return Run(api.load("suncatcher", set=["duration=30 min", "recorder={satellites: 0}", *more])).finish()


def test_shares_by_hand() -> None:
    """Source of truth: by hand: three satellites with four terminals each, two links in a row."""
    network = Network([], 3, LinkRules("nearest", 4, None, 80e3, np.inf, 0.0))
    state = LinkState(np.array([0, 1]), np.array([1, 2]), np.ones(2), np.ones(2), np.ones(2), np.ones(3, dtype=bool))
    assert network.unlinked(state).tolist() == [0.75, 0.5, 0.75]


def test_channels_are_on_where_there_are_links() -> None:
    """Source of truth: by hand. The 81 points of a square lattice within five spacings have rows of 1, 7, 9, 9, 9, 11, 9, 9, 9, 7 and 1:
    70 links along rows and 70 across them, so that 280 of 324 terminals have one. Each of these has 24 channels of 15 W, all have
    20 W for pointing and control. What is drawn is heat in the structure, and the balances close."""
    outcome = flown()
    found = energy_balance.section(outcome)
    assert found["unserved_j"] == 0.0
    available_s = outcome.row("available_s")
    assert found["terminals_j"] == pytest.approx((324 * 20.0 + 280 * 24 * 15.0) * 1800.0, rel=1e-12)
    assert found["bus_j"] == pytest.approx(float((outcome.loaded.scenario.satellite.bus.power * available_s).sum()), rel=1e-12)
    assert max(energy_balance.closure(outcome)) < 1e-9
    inner, corner = outcome.row("unlinked_s") == 0.0, outcome.row("unlinked_s") == 0.75 * 1800.0
    assert (inner.sum(), corner.sum()) == (53, 4)  # a square of seven and one beside each of its sides; the ends of both axes
    walls_k = outcome.row("structure_k")
    assert walls_k[inner].min() > walls_k[corner].max()


def test_stated_power_of_terminals_is_constant() -> None:
    """Source of truth: by hand: the power that the bus states, whatever the links."""
    outcome = flown("satellite.bus.terminals=900 W")
    assert energy_balance.section(outcome)["terminals_j"] == pytest.approx(81 * 900.0 * 1800.0, rel=1e-12)


def test_blocks_and_threads_do_not_matter() -> None:
    """Source of truth: definition: the same bits with another block, tile and number of threads."""
    loaded = api.load("suncatcher", set=["duration=10 min", "recorder={satellites: 0}", "links.terminal.acquisition=90 s"])
    one, other = Run(loaded, threads=1).finish(), Run(loaded, tile=16, block=3, threads=2).finish()
    for name in ("unlinked_s", "served_j", "structure_k"):
        assert np.array_equal(one.row(name), other.row(name)), name
