"""Times without a route, in results and as text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.results.ground_text import latency, pairs
from sim.results.outages import outages


def test_the_outage_of_the_published_series() -> None:
    """Source of truth: Hypatia: of 2,000 samples of 0.1 s, 98 from 155.4 s on have no route: 9.8 s, never 0 ms."""
    reached = np.ones(2000, dtype=np.bool_)
    reached[1554:1652] = False
    found = outages(reached, 0.1)
    assert found == {"count": 1, "total_s": 9.8, "longest_s": 9.8, "longest_at_s": 155.4}
    rtt = {"min": 58.7, "median": 60.32, "p99": 63.9, "max": 63.98}
    text = pairs({"St Petersburg - Dalian": {"propagation_rtt_ms": rtt, "outages": found}})
    assert text == "St Petersburg - Dalian 60.32 ms, p99 63.90 ms, no route for 9.8 s in 1 outage"


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.sampled_from([0.1, 15.0, 60.0]))
def test_counted_step_by_step(reached: list[bool], step_s: float) -> None:
    """Source of truth: the steps themselves, counted one by one."""
    found = outages(np.array(reached), step_s)
    runs = [run for run in "".join("x" if r else "." for r in reached).split("x") if run]
    assert found["count"] == len(runs)
    assert found["total_s"] == pytest.approx(reached.count(False) * step_s, abs=1e-9)
    assert found["longest_s"] == pytest.approx(max(map(len, runs), default=0) * step_s, abs=1e-9)
    if runs:
        at = round(found["longest_at_s"] / step_s)
        assert not any(reached[at : at + max(map(len, runs))])


def test_several_outages_and_pairs_without_any() -> None:
    """Source of truth: written by hand: the pair that is longest without a route comes first."""
    rtt = {"min": 1.0, "median": 2.0, "p99": 3.0, "max": 3.0}
    gaps = {"count": 2, "total_s": 900.0, "longest_s": 600.0, "longest_at_s": 0.0}
    none = {"count": 0, "total_s": 0.0, "longest_s": 0.0, "longest_at_s": None}
    whole = {"count": 1, "total_s": 3600.0, "longest_s": 3600.0, "longest_at_s": 0.0}
    blind = dict.fromkeys(rtt)
    text = pairs(
        {
            "A - B": {"propagation_rtt_ms": rtt, "outages": none}, "A - C": {"propagation_rtt_ms": rtt, "outages": gaps},
            "B - C": {"propagation_rtt_ms": blind, "outages": whole}, "C - D": {"propagation_rtt_ms": rtt, "outages": none},
        }
    )  # fmt: skip
    assert text.split("; ") == [
        "B - C no route", "A - C 2.00 ms, p99 3.00 ms, no route for 15 min in 2 outages, the longest 10 min", "A - B 2.00 ms, p99 3.00 ms",
        "1 other pair in the report",
    ]  # fmt: skip
    stations = {
        "North": {"propagation_rtt_ms": rtt, "coverage_fraction": 0.9, "outages": gaps},
        "South": {"propagation_rtt_ms": rtt, "coverage_fraction": 1.0, "outages": none},
    }
    ground = {"propagation_rtt_ms": rtt, "user_rtt_ms": rtt, "coverage_fraction": 0.95, "stations": stations}
    assert latency(ground).endswith("; longest time without a route 10 min, North")
    del stations["North"]
    assert "without a route" not in latency(ground)
