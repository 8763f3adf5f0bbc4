"""Random failures: when units of satellites fail and return, and which draws depend on what."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.fleet.availability import AvailabilityChange, Kind
from sim.fleet.failures import RandomFailures, units
from sim.fleet.random_streams import philox, philox_words

DAY_S = 86400.0


def drawn(
    seed: int, replica: int, satellites: int, mean_s: float, repair_s: float, until_s: float, **more: int
) -> list[AvailabilityChange]:
    return RandomFailures(seed, replica, satellites, mean_s, repair_s, **more).until(until_s)  # type: ignore[arg-type]


def times(changes: list[AvailabilityChange]) -> list[tuple[float, int, float]]:
    return [(c.time_s, c.target.first, c.remaining) for c in changes]


@given(*(st.integers(0, 2**64 - 1) for _ in range(4)))
@settings(max_examples=50, deadline=None)
def test_philox(first: int, second: int, unit: int, satellite: int) -> None:
    """Source of truth: numpy.random.Philox, which counts one further before it draws."""
    key = (first, second)
    counter = np.array([0, unit, satellite, 0], dtype=np.uint64)
    expected = np.random.Philox(key=np.array(key, dtype=np.uint64), counter=counter).random_raw(8).tolist()
    assert [*philox((1, unit, satellite, 0), key), *philox((2, unit, satellite, 0), key)] == expected
    words = tuple(np.array([w], dtype=np.uint64) for w in (1, unit, satellite))
    assert [w.item() for w in philox_words(words, key)] == expected[:4]  # type: ignore[arg-type]


def test_lives_are_the_documented_stream() -> None:
    """Source of truth: numpy's exponential numbers by inversion, of the stream that the docstring names: 13 units of each
    of 20 satellites, ten lives each; 1e-12 of the time."""
    key = np.random.SeedSequence(9, spawn_key=(1, 4)).generate_state(2, np.uint64)
    found = [c for c in drawn(9, 4, 20, 500.0, 0.0, 3000.0, accelerators=104, unit=8) if c.remaining < 1.0]
    expected = []
    for satellite in range(20):
        for unit in range(13):
            stream = np.random.Generator(
                np.random.Philox(key=key, counter=np.array([0, unit, satellite, 0], dtype=np.uint64))
            )
            lives_s = np.cumsum(500.0 * stream.standard_exponential(40, method="inv"))
            expected += [(t, satellite) for t in lives_s.tolist() if t <= 3000.0]
    expected.sort()
    assert [c.target.first for c in found] == [satellite for _, satellite in expected]
    np.testing.assert_allclose([c.time_s for c in found], [t for t, _ in expected], rtol=1e-12)


def test_first_failures_are_exponential() -> None:
    """Source of truth: the exponential distribution; Kolmogorov and Smirnov see no difference in 20,000 (p > 0.01), and the
    mean is within three standard errors."""
    found = [c.time_s for c in drawn(5, 0, 20_000, 3.0 * DAY_S, math.inf, 1e9)]
    assert len(found) == 20_000
    assert stats.kstest(found, stats.expon(scale=3.0 * DAY_S).cdf).pvalue > 0.01
    assert abs(np.mean(found) - 3.0 * DAY_S) < 3.0 * 3.0 * DAY_S / math.sqrt(20_000)


def test_later_lives_are_exponential_and_independent() -> None:
    """Source of truth: gaps of a Poisson process: exponential, neighbours uncorrelated (4 / root n)."""
    found = [c.time_s for c in drawn(5, 0, 1, 100.0, 0.0, 1e6) if c.remaining == 0.0]
    gaps = np.diff(found)
    assert stats.kstest(gaps, stats.expon(scale=100.0).cdf).pvalue > 0.01
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 4.0 / math.sqrt(gaps.size)


def test_interruptions_of_a_fleet_are_poisson() -> None:
    """Source of truth: units x T / mean events, and as much variance; three standard errors over 300 replicas."""
    counts = [
        sum(c.remaining < 1.0 for c in drawn(1, r, 27, 351 * 3600.0, 0.0, DAY_S, accelerators=104, unit=8))
        for r in range(300)
    ]
    assert abs(np.mean(counts) - 24.0) < 3.0 * math.sqrt(24.0 / 300)
    assert abs(np.var(counts, ddof=1) / 24.0 - 1.0) < 3.0 * math.sqrt(2.0 / 299)


def test_repair() -> None:
    """Source of truth: it is back after the repair, to the bit; over a long time it is up for mean / (mean + repair), 1 %."""
    changes = drawn(2, 0, 50, 400.0, 100.0, 1e5)
    assert [c.time_s for c in changes] == sorted(c.time_s for c in changes)
    up_s = 0.0
    for satellite in range(50):
        own = [c for c in changes if c.target.first == satellite]
        assert [c.remaining for c in own] == [float(k % 2) for k in range(len(own))]
        for down, up in zip(own[::2], own[1::2], strict=False):
            assert up.time_s == down.time_s + 100.0
        edges = [0.0, *(c.time_s for c in own), 1e5]
        up_s += sum(b - a for a, b in zip(edges[::2], edges[1::2], strict=False))
    assert up_s / (50 * 1e5) == pytest.approx(0.8, abs=0.008)


def test_maintenance_comes_as_often_as_asked() -> None:
    """Source of truth: the rate that a renewal process has: between two it takes 1 / rate - duration, so 300 satellites over a thousand
    of 1 / rate have 300,000, within three standard errors of a Poisson process, which is larger; each pauses a satellite to 0.25."""
    found = drawn(4, 0, 300, 100.0 - 20.0, 20.0, 1e5, process=2, cause="maintenance", kind=Kind.RATE, remaining=0.25)  # type: ignore[arg-type]
    begins = [c for c in found if c.remaining < 1.0]
    assert abs(len(begins) - 300_000) < 3.0 * math.sqrt(300_000)
    assert {(c.target.kind, c.remaining, c.cause, c.target.name.partition(" ")[0]) for c in begins} == {(Kind.RATE, 0.25, "maintenance", "satellite")}


def test_reboot_is_down_and_up_at_one_instant() -> None:
    changes = drawn(2, 0, 5, 400.0, 0.0, 1e4)
    assert len(changes) > 50
    for down, up in zip(changes[::2], changes[1::2], strict=True):
        assert (down.time_s, down.target) == (up.time_s, up.target)
        assert (down.remaining, up.remaining) == (0.0, 1.0)


def test_never_repaired() -> None:
    changes = drawn(2, 0, 500, 1e4, math.inf, 1e4)
    assert not any(c.remaining for c in changes)
    assert len({c.target.first for c in changes}) == len(changes)
    assert abs(len(changes) - 500 * (1 - math.exp(-1))) < 4 * math.sqrt(500 * math.exp(-1) * (1 - math.exp(-1)))


def test_units_of_a_satellite() -> None:
    """By hand: 104 accelerators in nodes of eight are 13 units, each of 8/104; 20 in nodes of eight are 8, 8 and 4. What is
    left is counted, not added up, so that all units back are 1 to the bit."""
    assert [units(104, 8), units(20, 8), units(8, 8), units(6, 8), units(104, None)] == [13, 3, 1, 1, 1]
    changes = drawn(3, 0, 4, 3000.0, 700.0, 5e4, accelerators=104, unit=8)
    assert {c.target.kind for c in changes} == {Kind.ACCELERATORS}
    assert changes[0].remaining == 96 / 104
    assert changes[0].target.name == f"satellite {changes[0].target.first} accelerators"
    lefts = {c.remaining for c in changes}
    assert lefts <= {(104 - 8 * n) / 104 for n in range(14)}
    assert {1.0, 96 / 104, 88 / 104} <= lefts
    odd = drawn(3, 0, 1, 100.0, math.inf, 1e9, accelerators=20, unit=8)
    assert len(odd) == 3
    assert odd[-1].remaining == 0.0
    assert {
        round(20 * (a - b))
        for a, b in zip([1.0, *(c.remaining for c in odd)], (c.remaining for c in odd), strict=False)
    } == {4, 8}


def test_a_satellite_no_larger_than_the_unit_is_one() -> None:
    """Source of truth: the same draws as of whole satellites."""
    whole = drawn(3, 0, 9, 3000.0, 700.0, 5e4)
    assert drawn(3, 0, 9, 3000.0, 700.0, 5e4, accelerators=8, unit=8) == whole
    assert {c.target.kind for c in whole} == {Kind.SATELLITE}


@pytest.mark.parametrize("repair_s", [0.0, 50.0, math.inf])
@pytest.mark.parametrize("more", [{}, {"accelerators": 104, "unit": 8}])
def test_draws_stay_when_the_question_grows(repair_s: float, more: dict[str, int]) -> None:
    """More satellites or a longer run add changes and alter none; a mean twice as long stretches reboots by two; asked for
    piece by piece they are the same; leaving out what comes after the run changes nothing before."""
    small = drawn(9, 3, 20, 500.0, repair_s, 5000.0, **more)
    assert [c for c in drawn(9, 3, 200, 500.0, repair_s, 5000.0, **more) if c.target.first < 20] == small
    assert [c for c in drawn(9, 3, 20, 500.0, repair_s, 9000.0, **more) if c.time_s <= 5000.0] == small
    stretched = drawn(9, 3, 20, 1000.0, 2.0 * repair_s, 10000.0, **more)
    assert times(stretched) == [(2.0 * t, s, left) for t, s, left in times(small)]
    source = RandomFailures(9, 3, 20, 500.0, repair_s, end_s=5000.0, **more)  # type: ignore[arg-type]
    assert [c for t in np.linspace(0.0, 5000.0, 77).tolist() for c in source.until(t)] == small


def test_streams_are_apart() -> None:
    """Another seed, replica, process or unit: other times."""
    first = drawn(9, 3, 20, 500.0, 0.0, 5000.0)
    for other in (
        drawn(8, 3, 20, 500.0, 0.0, 5000.0),
        drawn(9, 4, 20, 500.0, 0.0, 5000.0),
        drawn(9, 3, 20, 500.0, 0.0, 5000.0, process=2),
    ):
        assert not {c.time_s for c in first} & {c.time_s for c in other}
    assert drawn(9, 3, 20, 500.0, 0.0, 5000.0) == first


def test_nothing_fails() -> None:
    assert drawn(1, 0, 10, math.inf, 0.0, 1e9) == []
    assert drawn(1, 0, 0, 1.0, 0.0, 1e9) == []


@pytest.mark.parametrize(
    ("mean_s", "repair_s"), [(0.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (math.nan, 1.0), (1.0, math.nan)]
)
def test_times_that_mean_nothing(mean_s: float, repair_s: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        RandomFailures(1, 0, 3, mean_s, repair_s)
