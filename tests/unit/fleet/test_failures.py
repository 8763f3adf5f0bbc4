"""When satellites go down and come back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.fleet.failures import Change, exponential, merge, normalise, state_at

DAY_S = 86400.0

listed = st.lists(
    st.builds(Change, st.integers(0, 12).map(float), st.integers(0, 2), st.booleans()), max_size=14
)  # fmt: skip


def test_first_failures_are_exponential() -> None:
    """Source of truth: the exponential distribution; Kolmogorov and Smirnov see no difference in 20,000 (p > 0.01)."""
    times = [c.time_s for c in exponential(5, 0, 20_000, 3.0 * DAY_S, math.inf, 1e9)]
    assert len(times) == 20_000
    assert stats.kstest(times, stats.expon(scale=3.0 * DAY_S).cdf).pvalue > 0.01


def test_lives_by_inversion() -> None:
    """Source of truth: -ln(1 - u) of the uniform stream that the docstring names; 1e-12 of the moment."""
    stream = np.random.default_rng(np.random.SeedSequence(9, spawn_key=(1, 4, 0)))
    expected = -500.0 * np.log(1.0 - stream.random(20))
    found = exponential(9, 4, 20, 500.0, math.inf, 1e9)
    assert [c.satellite for c in found] == np.argsort(expected).tolist()
    np.testing.assert_allclose([c.time_s for c in found], np.sort(expected), rtol=1e-12)


def test_later_lives_are_exponential_and_independent() -> None:
    """Source of truth: gaps of a Poisson process: exponential, neighbours uncorrelated (4 / root n)."""
    times = [c.time_s for c in exponential(5, 0, 1, 100.0, 0.0, 1e6) if not c.up]
    gaps = np.diff(times)
    assert stats.kstest(gaps, stats.expon(scale=100.0).cdf).pvalue > 0.01
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 4.0 / math.sqrt(gaps.size)


def test_interruptions_of_a_fleet_are_poisson() -> None:
    """Source of truth: N T / mean events, and as much variance; 4 standard errors over 200 replicas."""
    counts = [sum(not c.up for c in exponential(1, r, 81, 81 * 3600.0, 0.0, DAY_S)) for r in range(200)]
    assert abs(np.mean(counts) - 24.0) < 4.0 * math.sqrt(24.0 / 200)
    assert abs(np.var(counts, ddof=1) / 24.0 - 1.0) < 4.0 * math.sqrt(2.0 / 199)


def test_repair() -> None:
    """Source of truth: it is back after the repair, to the bit; over a long time it is up for mean / (mean + repair), 1 %."""
    changes = exponential(2, 0, 50, 400.0, 100.0, 1e5)
    assert changes == sorted(changes)
    up_s = 0.0
    for satellite in range(50):
        own = [c for c in changes if c.satellite == satellite]
        assert [c.up for c in own] == [k % 2 == 1 for k in range(len(own))]
        for down, up in zip(own[::2], own[1::2], strict=False):
            assert up.time_s == down.time_s + 100.0
        edges = [0.0, *(c.time_s for c in own), 1e5]
        up_s += sum(b - a for a, b in zip(edges[::2], edges[1::2], strict=False))
    assert up_s / (50 * 1e5) == pytest.approx(0.8, abs=0.008)


def test_reboot_is_down_and_up_at_one_instant() -> None:
    changes = exponential(2, 0, 5, 400.0, 0.0, 1e4)
    assert len(changes) > 50
    for down, up in zip(changes[::2], changes[1::2], strict=True):
        assert (down.time_s, down.satellite, down.up, up.up) == (up.time_s, up.satellite, False, True)


def test_never_repaired() -> None:
    changes = exponential(2, 0, 500, 1e4, math.inf, 1e4)
    assert not any(c.up for c in changes)
    assert len({c.satellite for c in changes}) == len(changes)
    assert abs(len(changes) - 500 * (1 - math.exp(-1))) < 4 * math.sqrt(500 * math.exp(-1) * (1 - math.exp(-1)))


@pytest.mark.parametrize("repair_s", [0.0, 50.0, math.inf])
def test_draws_stay_when_the_question_grows(repair_s: float) -> None:
    """More satellites or a longer duration add changes and alter none; a mean twice as long stretches reboots by two."""
    small = exponential(9, 3, 20, 500.0, repair_s, 5000.0)
    assert [c for c in exponential(9, 3, 200, 500.0, repair_s, 5000.0) if c.satellite < 20] == small
    assert [c for c in exponential(9, 3, 20, 500.0, repair_s, 9000.0) if c.time_s < 5000.0] == small
    stretched = exponential(9, 3, 20, 1000.0, 2.0 * repair_s, 10000.0)
    assert stretched == [Change(2.0 * c.time_s, c.satellite, c.up) for c in small]


def test_streams_are_apart() -> None:
    """Another seed, replica or process: other moments."""
    first = exponential(9, 3, 20, 500.0, 0.0, 5000.0)
    for other in (
        exponential(8, 3, 20, 500.0, 0.0, 5000.0),
        exponential(9, 4, 20, 500.0, 0.0, 5000.0),
        exponential(9, 3, 20, 500.0, 0.0, 5000.0, process=2),
    ):
        assert not {c.time_s for c in first} & {c.time_s for c in other}
    assert exponential(9, 3, 20, 500.0, 0.0, 5000.0) == first


def test_nothing_fails() -> None:
    assert exponential(1, 0, 10, math.inf, 0.0, 1e9) == []
    assert exponential(1, 0, 0, 1.0, 0.0, 1e9) == []


@pytest.mark.parametrize(
    ("mean_s", "repair_s"), [(0.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (math.nan, 1.0), (1.0, math.nan)]
)
def test_times_that_mean_nothing(mean_s: float, repair_s: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        exponential(1, 0, 3, mean_s, repair_s, 10.0)


def test_normalise_by_hand() -> None:
    """Down twice is down once, up while up is nothing; an interruption survives, and a return stays one."""
    raw = [
        Change(5.0, 1, True), Change(10.0, 1, False), Change(12.0, 1, False), Change(20.0, 1, True),
        Change(30.0, 1, True), Change(30.0, 1, False), Change(40.0, 0, False), Change(50.0, 0, True), Change(50.0, 0, False),
    ]  # fmt: skip
    assert normalise(reversed(raw)) == [
        Change(10.0, 1, False), Change(20.0, 1, True), Change(30.0, 1, False), Change(30.0, 1, True),
        Change(40.0, 0, False), Change(50.0, 0, True),
    ]  # fmt: skip


def test_lost_for_good_is_not_brought_back_by_a_reboot() -> None:
    """The reboot drawn for a satellite that is lost ends nothing; one before does."""
    lost = [Change(100.0, 0, False)]
    reboots = [Change(t, 0, up) for t in (50.0, 100.0, 150.0) for up in (False, True)]
    assert merge(lost, reboots) == [Change(50.0, 0, False), Change(50.0, 0, True), Change(100.0, 0, False)]


@given(listed, listed)
@settings(max_examples=200, deadline=None)
def test_up_while_up_by_each_cause(first: list[Change], second: list[Change]) -> None:
    """Source of truth: by hand, satellite by satellite: the last word of each cause, at one instant an up after a down."""

    def is_up(changes: list[Change], satellite: int, time_s: float) -> bool:
        up = True
        for c in sorted(changes, key=lambda c: (c.time_s, c.up)):
            if c.satellite == satellite and c.time_s <= time_s:
                up = c.up
        return up

    both = merge(first, second)
    assert both == sorted(both) == normalise(both)
    for k in range(26):
        expected = [is_up(first, s, k / 2) and is_up(second, s, k / 2) for s in range(3)]
        assert state_at(both, 3, k / 2).tolist() == expected
