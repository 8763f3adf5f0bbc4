"""Errors by radiation as a source of changes: which are drawn, and what they do to a satellite."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.fleet import soft_errors
from sim.fleet.availability import AvailabilityChange, Kind, SilentError
from sim.fleet.soft_errors import (
    CORRECTED,
    HOST,
    INTERRUPT,
    KINDS,
    LATCHUP,
    MEMORY,
    SILENT,
    Consequences,
    SoftErrors,
)

DAY_S = 86400.0
EIGHT = Consequences(accelerators=8, per_host=3, restart_s=100.0, latchup_loss=0.25)


class Known:
    """Rates that follow a sine in time, each kind and satellite with its own highest one."""

    def __init__(self, highest_per_s: Any, period_s: float = math.inf) -> None:
        self.highest_per_s = np.asarray(highest_per_s, dtype=np.float64)
        self.period_s = period_s

    def share(self, times_s: Any) -> Any:
        return 0.5 + 0.5 * np.cos(2.0 * math.pi * np.asarray(times_s) / self.period_s)

    def rates_per_s(self, satellites: Any, kinds: Any, times_s: Any) -> Any:
        return self.highest_per_s[satellites, kinds] * self.share(times_s)


def rates(satellites: int = 1, **per_s: float) -> np.ndarray:
    found = np.zeros((satellites, len(KINDS)))
    for name, rate in per_s.items():
        found[:, KINDS.index(name)] = rate
    return found


def source(hazard: Known, of: Consequences = EIGHT, end_s: float = 1e9, seed: int = 5, replica: int = 0, first: int = 0) -> SoftErrors:
    return SoftErrors(seed, replica, hazard, of, first, end_s)


def silent_times(changes: list[AvailabilityChange]) -> list[tuple[float, int, int, float]]:
    return [(c.time_s, c.target.first, c.silent.accelerator, c.silent.fate) for c in changes if c.silent is not None]


def test_draws_are_the_documented_stream() -> None:
    """Source of truth: numpy's generator of the docstring, candidate by candidate in a loop: gap, acceptance, accelerator, fate; 1e-12."""
    hazard = Known(rates(3, silent=0.02), period_s=5000.0)
    found = silent_times(source(hazard, seed=9, replica=4, first=10).until(10_000.0))
    key = np.random.SeedSequence(9, spawn_key=(3, 4)).generate_state(2, np.uint64)
    expected = []
    for satellite in range(10, 13):
        time_s = 0.0
        for n in range(1000):
            counter = np.array([n, SILENT, satellite, 0], dtype=np.uint64)
            gap, keep, unit, fate = np.random.Generator(np.random.Philox(key=key, counter=counter)).random(4).tolist()
            time_s += -math.log1p(-gap) / 0.02
            if time_s <= 10_000.0 and keep < 0.5 + 0.5 * math.cos(2.0 * math.pi * time_s / 5000.0):
                expected.append((time_s, satellite, int(8 * unit), fate))
    expected.sort()
    assert 200 < len(expected) < 400
    assert [row[1:] for row in found] == [row[1:] for row in expected]
    np.testing.assert_allclose([row[0] for row in found], [row[0] for row in expected], rtol=1e-12)


def test_a_constant_rate_is_a_poisson_process() -> None:
    """Source of truth: exponential gaps (Kolmogorov and Smirnov, p > 0.01), neighbours uncorrelated, and as many as the rate says."""
    found = [row[0] for row in silent_times(source(Known(rates(silent=0.01))).until(1e6))]
    assert abs(len(found) - 1e4) < 3.0 * 100.0
    gaps = np.diff(found)
    assert stats.kstest(gaps, stats.expon(scale=100.0).cdf).pvalue > 0.01
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 4.0 / math.sqrt(gaps.size)


def test_a_changing_rate() -> None:
    """Source of truth: the integral of the rate over each eighth of its period; three standard errors, all within 3.5 for eight of them."""
    hazard, periods = Known(rates(40, memory=0.01), period_s=1000.0), 200
    found = [c.time_s for c in source(hazard, Consequences(8, 8, 0.0, 0.0)).until(1000.0 * periods) if c.remaining < 1.0]
    counts = np.histogram(np.mod(found, 1000.0), np.linspace(0.0, 1000.0, 9))[0]
    edges = np.linspace(0.0, 1000.0, 9)
    sine = 500.0 / math.pi * np.sin(2.0 * math.pi * edges / 1000.0) * 0.5
    expected = 0.01 * 40 * periods * (0.5 * np.diff(edges) + np.diff(sine))
    assert np.all(np.abs(counts - expected) < 3.5 * np.sqrt(expected))
    assert abs(counts.sum() - expected.sum()) < 3.0 * math.sqrt(expected.sum())


def test_asking_more_often_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """By definition: windows, batches and calls are no part of the process."""
    hazard = Known(rates(7, silent=0.002, memory=0.001, host_interrupt=0.001), period_s=7000.0)
    whole = source(hazard, end_s=2.0 * DAY_S).until(2.0 * DAY_S)
    asked = source(hazard, end_s=2.0 * DAY_S)
    parts = [change for k in range(1, 2881) for change in asked.until(60.0 * k)]
    assert len(whole) > 500
    assert parts == whole
    monkeypatch.setattr(soft_errors, "WINDOW_S", 1234.5)
    monkeypatch.setattr(soft_errors, "BATCH", 5)
    monkeypatch.setattr(soft_errors, "CELLS", 7)
    assert source(hazard, end_s=2.0 * DAY_S).until(2.0 * DAY_S) == whole


def test_other_satellites_and_kinds_change_nothing() -> None:
    """By definition: satellites and kinds have streams of their own, by the number in the fleet."""
    few, many = (Known(rates(n, silent=0.002), period_s=7000.0) for n in (3, 9))
    both = Known(rates(9, silent=0.002, memory=0.01), period_s=7000.0)
    found = silent_times(source(many).until(DAY_S))
    assert silent_times(source(few).until(DAY_S)) == [row for row in found if row[1] < 3]
    assert silent_times(source(few, first=6).until(DAY_S)) == [row for row in found if row[1] >= 6]
    assert silent_times(source(both).until(DAY_S)) == found
    assert silent_times(source(many, seed=6).until(DAY_S)) != found
    assert silent_times(source(many, replica=1).until(DAY_S)) != found


@pytest.mark.parametrize("kind", ["memory", "interrupt"])
def test_an_interrupted_accelerator_restarts(kind: str) -> None:
    """By hand: one of eight is away for 100 s each time."""
    changes = source(Known(rates(2, **{kind: 1e-5}))).until(1e6)
    assert len(changes) > 20
    for satellite in range(2):
        own = [c for c in changes if c.target.first == satellite]
        assert {c.target.kind for c in own} == {Kind.ACCELERATORS}
        assert {c.cause for c in own} == {"radiation"}
        assert [c.remaining for c in own] == [0.875, 1.0] * (len(own) // 2)
        assert [b.time_s - a.time_s for a, b in zip(own[::2], own[1::2], strict=True)] == pytest.approx([100.0] * (len(own) // 2), abs=1e-9)


def test_a_host_takes_its_accelerators_along() -> None:
    """By hand: hosts of three of eight accelerators: the last one has two; all three are struck alike (three standard errors)."""
    falls = [c.remaining for c in source(Known(rates(host_interrupt=1e-4))).until(1e7) if c.remaining < 1.0]
    apart = [left for left in falls if left in (0.625, 0.75)]
    assert len(apart) > 0.97 * len(falls)  # now and then two are away at a time
    share = sum(left == 0.75 for left in apart) / len(apart)
    assert abs(share - 1.0 / 3.0) < 3.0 * math.sqrt(2.0 / 9.0 / len(apart))


def test_overlapping_interrupts_count_once() -> None:
    """Source of truth: the same errors, a set of accelerators each, second by second."""
    hazard = Known(rates(memory=0.02, host_interrupt=0.005))
    changes = source(hazard).until(3000.0)
    happened = errors_of(hazard, 3000.0)
    for second in range(0, 3000):
        moment = second + 0.5
        down = {unit for time_s, units in happened if time_s <= moment < time_s + 100.0 for unit in units}
        left = next((c.remaining for c in reversed(changes) if c.time_s <= moment), 1.0)
        assert left == pytest.approx(1.0 - len(down) / 8.0, abs=1e-12), second


def errors_of(hazard: Known, until_s: float) -> list[tuple[float, set[int]]]:
    """Moments and accelerators of the errors of a source, from its draws alone."""
    drawn = source(hazard)._draw(0.0, until_s)
    units = {MEMORY: lambda u: {int(8 * u)}, HOST: lambda u: set(range(3 * int(3 * u), min(3 * int(3 * u) + 3, 8)))}
    return [(error.time_s, units[error.kind](error.unit)) for error in drawn]


def test_latch_up() -> None:
    """Source of truth: a quarter of latch-ups destroys the accelerator: never back. Of eight, one after the other; three standard errors
    over 300 satellites: the first error of each."""
    changes = source(Known(rates(300, latchup=1e-6)), end_s=1e7).until(1e7)
    firsts, away = {}, {}
    for c in changes:
        firsts.setdefault(c.target.first, c.time_s)
        away.setdefault(c.target.first, []).append((c.time_s, c.remaining))
    back = sum(any(t == pytest.approx(firsts[s] + 100.0, abs=1e-6) for t, _ in away[s]) for s in firsts)
    assert abs(back / len(firsts) - 0.75) < 3.0 * math.sqrt(0.75 * 0.25 / len(firsts))
    assert max(left[-1][1] for left in away.values()) <= 1.0
    assert min(left[-1][1] for left in away.values()) < 0.75


def test_silent_and_corrected() -> None:
    """By definition: a silent error changes nothing and is handed on, a corrected one is counted only."""
    drawn = source(Known(rates(silent=1e-3, corrected=3e-3)), end_s=1e6)
    changes = drawn.until(1e6)
    assert all(c.target.kind is Kind.RESULTS and c.remaining == 1.0 and isinstance(c.silent, SilentError) for c in changes)
    assert drawn.drawn[SILENT] == len(changes)
    assert abs(drawn.drawn[SILENT] - 1000) < 3.0 * math.sqrt(1000)
    assert abs(drawn.drawn[CORRECTED] - 3000) < 3.0 * math.sqrt(3000)
    assert drawn.drawn[[MEMORY, INTERRUPT, LATCHUP, HOST]].sum() == 0


def test_no_rate_no_error() -> None:
    assert source(Known(rates(5))).until(1e9) == []
