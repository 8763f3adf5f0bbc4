"""Measures of routes in a run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sim
from sim.config.errors import InputError
from sim.engine import links
from sim.engine.transports import NetworkTransport
from sim.network.link_state import Network

SHORT = [
    "duration=10 min", "step=60 s", "recorder={satellites: 0}", "ground.min_elevation=25 deg", "links.hop_latency=0 us",
    "ground.station_pairs=[[Frankfurt, Tokyo], [Dublin, Santiago]]",
]  # fmt: skip


def _pairs_ms(*more: str) -> np.ndarray:
    found = sim.run(sim.load("starlink_edge", set=[*SHORT, *more]))
    return np.asarray(found.series["pair_rtt_ms"].values)


def test_fewest_hops_as_if_hops_took_seconds() -> None:
    """Source of truth: routes by delay where each hop takes 60 s, which are those of the fewest hops. Propagation along them is the
    same within ties, a billionth of the sums, and longer than by delay. Ground routes by bandwidth are those by delay."""
    quick_ms, slow_ms = _pairs_ms(), _pairs_ms("links.hop_latency=60 s")
    few_ms = _pairs_ms("links.routing=hops")
    np.testing.assert_allclose(few_ms, slow_ms, rtol=0.0, atol=5e-3)
    assert (few_ms >= quick_ms - 1e-3).all()
    assert few_ms.mean() > quick_ms.mean() + 1.0
    assert np.array_equal(_pairs_ms("links.routing=bandwidth"), quick_ms)


@pytest.mark.parametrize("routing", ["delay", "hops", "bandwidth"])
def test_messages_of_jobs_follow_the_scenario(routing: str) -> None:
    """Source of truth: by hand: the measure of the scenario is that of its network and part of what plans are kept by."""
    loaded = sim.load("suncatcher", set=[f"links.routing={routing}"])
    rules = links.link_rules(loaded.scenario)
    assert rules is not None
    assert rules.routing == routing
    network = Network(links.constellation_blocks(loaded), loaded.satellites, rules)
    given: Any = NetworkTransport(network).inputs[0]
    assert given.endswith(routing.encode())


def test_digests_of_plain_scenarios_stay() -> None:
    """Source of truth: definition: a default that is written out is the same scenario, another value is not."""
    plain = sim.load("starlink_edge").sha256
    assert sim.load("starlink_edge", set=["links.routing=delay", "ground.handover=null"]).sha256 == plain
    others = [sim.load("starlink_edge", set=[one]).sha256 for one in ("links.routing=hops", "ground.handover=15 s")]
    assert len({plain, *others}) == 3


def test_unknown_measure_is_refused() -> None:
    """Source of truth: the message names the key and the choices."""
    with pytest.raises(InputError, match=r"links\.routing.*bandwidth"):
        sim.load("suncatcher", set=["links.routing=fastest"])
