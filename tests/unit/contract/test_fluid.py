"""Demand against capacity: closed forms of a withdrawal, of a queue that fills and empties, and properties of any flow."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.contract.fluid import Step, flow, integral, product, totals

DAY_S = 86400.0


def test_half_withdrawn_for_ten_days() -> None:
    """By hand: capacity 100, demand 80, half gone from day 30 to 40: (80 - 50) x 10 d are rejected."""
    rented = [Step(0.0, 100.0), Step(30 * DAY_S, 50.0), Step(40 * DAY_S, 100.0)]
    found = totals(flow([Step(0.0, 80.0)], [rented], 0.0, 100 * DAY_S), 1.0)
    assert found.rejected == pytest.approx(30.0 * 10 * DAY_S, rel=1e-12)
    assert found.served == pytest.approx(80.0 * 100 * DAY_S - 30.0 * 10 * DAY_S, rel=1e-12)
    assert found.out_of_target_s == pytest.approx(10 * DAY_S, rel=1e-12)


@pytest.mark.parametrize(("target", "out_s"), [(0.9, 0.0), (0.95, 0.0), (0.96, 50.0), (1.0, 50.0)])
def test_target_below_the_demand(target: float, out_s: float) -> None:
    """By hand: 5 of 100 are rejected for 50 s, out of target only where more than 95 of 100 are wanted."""
    found = totals(flow([Step(0.0, 100.0)], [[Step(0.0, 95.0), Step(50.0, 100.0)]], 0.0, 100.0), target)
    assert found.out_of_target_s == out_s


def test_queue_fills_then_rejects() -> None:
    """By hand: demand 80, capacity 50, wait of 6 s: the queue of 300 is full after 10 s, then 30 a second are rejected."""
    segments = flow([Step(0.0, 80.0)], [[Step(0.0, 50.0)]], 6.0, 25.0)
    assert [(s.begin_s, s.end_s, s.rejected) for s in segments] == [(0.0, 10.0, 0.0), (10.0, 25.0, 30.0)]
    assert totals(segments, 1.0).queued == pytest.approx(300.0, rel=1e-12)
    assert totals(segments, 1.0).rejected == pytest.approx(450.0, rel=1e-12)


def test_queue_empties() -> None:
    """By hand: 100 wait after 10 s of 60 against 50; then demand 30 leaves 20 a second, so that it is empty after 5 s."""
    segments = flow([Step(0.0, 60.0), Step(10.0, 30.0)], [[Step(0.0, 50.0)]], 10.0, 40.0)
    assert [(s.begin_s, s.end_s, s.served) for s in segments] == [(0.0, 10.0, 50.0), (10.0, 15.0, 50.0), (15.0, 40.0, 30.0)]
    assert totals(segments, 1.0).served == pytest.approx(60.0 * 10 + 30.0 * 30, rel=1e-12)
    assert segments[-1].queued_end == 0.0


def test_queue_is_dropped_with_the_capacity() -> None:
    """By hand: 100 wait, for 10 s at most; capacity falls from 50 to 4, so that 40 may go on waiting and 60 are rejected."""
    segments = flow([Step(0.0, 60.0), Step(10.0, 4.0)], [[Step(0.0, 50.0), Step(10.0, 4.0)]], 10.0, 20.0)
    assert segments[1].dropped == pytest.approx(60.0, rel=1e-12)
    assert totals(segments, 1.0).rejected == pytest.approx(60.0, rel=1e-12)
    assert totals(segments, 1.0).queued == pytest.approx(40.0, rel=1e-12)


def test_sources_in_order() -> None:
    """By hand: the first source gives its 50, the second 25 of its 40."""
    [segment] = flow([Step(0.0, 75.0)], [[Step(0.0, 50.0)], [Step(0.0, 40.0)]], 0.0, 10.0)
    assert segment.by_source == (50.0, 25.0)


def test_step_functions() -> None:
    """By hand."""
    assert integral([Step(0.0, 2.0), Step(10.0, 0.0)], 5.0) == 10.0
    assert product([Step(0.0, 4.0), Step(2.0, 0.0)], [Step(0.0, 0.0), Step(1.0, 0.5)]) == [Step(0.0, 0.0), Step(1.0, 2.0), Step(2.0, 0.0)]


RATES = st.floats(0.0, 100.0).map(lambda x: round(x, 2))
STEPS = st.dictionaries(st.integers(1, 99), RATES, max_size=5).flatmap(
    lambda later: RATES.map(lambda first: [Step(0.0, first), *(Step(float(t), r) for t, r in sorted(later.items()))])
)
WAITS = st.sampled_from([0.0, 0.5, 7.0, 200.0])


@given(STEPS, STEPS, STEPS, WAITS)
def test_another_source_never_lowers_what_is_served(demand: list[Step], rented: list[Step], hedge: list[Step], wait_s: float) -> None:
    """By definition of the fluid: more capacity at every time serves no less up to any time. Rounding of sums: 1e-9 of the demand."""
    for end_s in (40.0, 100.0):
        without = totals(flow(demand, [rented], wait_s, end_s), 1.0)
        hedged = totals(flow(demand, [rented, hedge], wait_s, end_s), 1.0)
        assert hedged.served >= without.served - 1e-9 * (1.0 + without.demand)
        assert hedged.out_of_target_s <= without.out_of_target_s + 1e-9 * end_s or wait_s > 0.0


@given(STEPS, STEPS, STEPS, WAITS)
def test_everything_asked_for_goes_somewhere(demand: list[Step], rented: list[Step], hedge: list[Step], wait_s: float) -> None:
    """Conservation: demand is served, rejected or waits; the parts of the sources add up to what is served."""
    segments = flow(demand, [rented, hedge], wait_s, 100.0)
    found = totals(segments, 1.0)
    scale = 1.0 + found.demand
    assert found.demand == pytest.approx(integral(demand, 100.0), abs=1e-9 * scale)
    assert math.isclose(found.demand, found.served + found.rejected + found.queued, abs_tol=1e-9 * scale)
    assert math.isclose(found.served, math.fsum(found.by_source), abs_tol=1e-9 * scale)
    assert [s.begin_s for s in segments[1:]] == [s.end_s for s in segments[:-1]]
