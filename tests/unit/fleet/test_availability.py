"""Availability changes: how causes combine, and what of a step they leave."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.fleet.availability import (
    AvailabilityChange,
    FleetAvailability,
    Kind,
    ListedChanges,
    SatelliteChange,
    Target,
    Timeline,
    latest_s,
    satellite_changes,
)

SATELLITES = 3


def change(
    time_s: float,
    first: int,
    left: float,
    kind: Kind = Kind.SATELLITE,
    cause: str = "scenario",
    last: int | None = None,
) -> AvailabilityChange:
    return AvailabilityChange(time_s, Target(kind, first, first if last is None else last, "x"), left, cause)


def plain(changes: list[SatelliteChange]) -> list[tuple[float, int, float]]:
    return [(c.time_s, c.satellite, c.remaining) for c in changes]


def test_one_cause_by_hand() -> None:
    """Lost twice is lost once, returned while up is nothing. At one instant the later one wins: a loss and a return are an
    interruption, a return and a loss are a loss."""
    raw = [
        change(5.0, 1, 1.0), change(10.0, 1, 0.0), change(12.0, 1, 0.0), change(20.0, 1, 1.0), change(30.0, 1, 1.0),
        change(30.0, 1, 0.0), change(40.0, 0, 0.0), change(50.0, 0, 1.0), change(50.0, 0, 0.0),
    ]  # fmt: skip
    assert plain(satellite_changes(reversed(raw), SATELLITES)) == [
        (10.0, 1, 0.0), (20.0, 1, 1.0), (30.0, 1, 0.0), (30.0, 1, 1.0), (40.0, 0, 0.0), (50.0, 0, 1.0),
    ]  # fmt: skip
    assert plain(satellite_changes(raw, SATELLITES)) == [
        (10.0, 1, 0.0), (20.0, 1, 1.0), (30.0, 1, 0.0), (40.0, 0, 0.0), (50.0, 0, 1.0), (50.0, 0, 0.0),
    ]  # fmt: skip


def test_lost_for_good_is_not_brought_back_by_a_reboot() -> None:
    """The reboot drawn for a satellite that is lost ends nothing; one before does."""
    lost = [change(100.0, 0, 0.0)]
    reboots = [change(t, 0, left, cause="failures") for t in (50.0, 100.0, 150.0) for left in (0.0, 1.0)]
    assert plain(satellite_changes([*lost, *reboots], 1)) == [(50.0, 0, 0.0), (50.0, 0, 1.0), (100.0, 0, 0.0)]


def test_causes_multiply() -> None:
    """By hand: half of the accelerators by one cause and three quarters by another are 3/8; a return lifts its own part."""
    found = satellite_changes(
        [
            change(1.0, 0, 0.5, Kind.ACCELERATORS), change(2.0, 0, 0.75, Kind.ACCELERATORS, "failures"),
            change(3.0, 0, 0.0), change(4.0, 0, 1.0, Kind.ACCELERATORS), change(5.0, 0, 1.0),
        ],
        1,
    )  # fmt: skip
    assert plain(found) == [(1.0, 0, 0.5), (2.0, 0, 0.375), (3.0, 0, 0.0), (5.0, 0, 0.75)]


def test_a_rate_cap_is_no_failure() -> None:
    """Source of truth: the rule: a satellite that is slowed down goes on; its rate is that of what is left."""
    fleet = FleetAvailability(0, 2)
    changes = [change(1.0, 0, 0.5, Kind.RATE, last=1), change(2.0, 1, 0.75, Kind.ACCELERATORS)]
    for c in changes:
        fleet.apply(c)
    assert fleet.rate_cap.tolist() == [0.5, 0.375]
    assert fleet.up.tolist() == [1.0, 1.0]
    assert plain(satellite_changes(changes, 2)) == [(2.0, 1, 0.75)]


def test_without_accelerators_a_satellite_still_relays() -> None:
    fleet = FleetAvailability(0, 1)
    fleet.apply(change(0.0, 0, 0.0, Kind.ACCELERATORS))
    assert (fleet.up.tolist(), fleet.powered.tolist(), fleet.rate_cap.tolist()) == ([0.0], [1.0], [0.0])


def test_links_and_terminals() -> None:
    """By hand: each target holds its own fraction, each cause its own."""
    line = Timeline([ListedChanges([
        AvailabilityChange(30.0, Target(Kind.LINK, 0, 1, "link 0-1"), 0.5, "scenario"),
        AvailabilityChange(40.0, Target(Kind.LINK, 0, 1, "link 0-1"), 0.5, "weather"),
        AvailabilityChange(60.0, Target(Kind.TERMINALS, 2, 2, "links of satellite 2"), 0.0, "scenario"),
        AvailabilityChange(130.0, Target(Kind.LINK, 0, 1, "link 0-1"), 1.0, "scenario"),
    ])], 0, 3, 60.0)  # fmt: skip
    line.step(0)
    assert (line.fleet.links, line.fleet.terminals) == ({(0, 1): 0.25}, None)  # the end of the step is not yet cut
    line.step(1)
    assert line.fleet.terminals is not None
    assert line.fleet.terminals.tolist() == [1.0, 1.0, 0.0]
    line.step(2)
    assert line.fleet.links == {(0, 1): 0.5}


def test_stations_at_the_end_of_steps() -> None:
    """By hand: lost at 60 s and back at 180 s: without it at the ends 60 and 120 s."""
    station = Target(Kind.STATION, 1, 1, "station b")
    listed = [AvailabilityChange(t, station, left, "scenario") for t, left in ((60.0, 0.0), (180.0, 1.0))]
    line = Timeline([ListedChanges(listed)], 0, 0, 60.0, 2)
    assert [line.step(k).stations.tolist() for k in range(4)] == [[True, not 0 <= k < 2] for k in range(4)]


def test_decays_are_reported_before_the_step() -> None:
    """By hand: one that has no position from step 2 on relays until then and not after; jobs learn of it in step 2."""
    line = Timeline([], 0, 2, 60.0)
    reported = []
    for k in range(4):
        if k == 2:
            line.report([change(120.0, 1, 0.0, cause="decay")])
        now = line.step(k)
        reported.append((now.up.tolist(), now.relays.tolist(), now.changes))
    assert [up for up, _, _ in reported] == [[1.0, 1.0], [1.0, 1.0], [1.0, 0.0], [1.0, 0.0]]
    assert [relays for _, relays, _ in reported] == [[True, True], [True, True], [True, False], [True, False]]
    assert [plain(changes) for _, _, changes in reported] == [[], [], [(120.0, 1, 0.0)], []]
    assert [c.cause for c in line.occurred] == ["decay"]


def test_what_happened() -> None:
    """Source of truth: the rule: listed ones always, drawn ones where they change something."""
    listed = [change(10.0, 0, 0.0), change(20.0, 0, 0.0)]
    random = [change(t, s, left, cause="failures") for t, s, left in ((15.0, 0, 0.0), (15.0, 0, 1.0), (16.0, 1, 0.0))]
    line = Timeline([ListedChanges(listed), ListedChanges(random)], 0, 2, 60.0)
    line.step(0)
    assert [(c.time_s, c.cause) for c in line.occurred] == [(10.0, "scenario"), (16.0, "failures"), (20.0, "scenario")]


def test_rates_stay_within_their_range() -> None:
    """Source of truth: a rate is not negative, to the bit. Two deratings before one to 0 leave -1e-17 in the sum of a seventh of
    400 draws."""
    for first, second in np.random.default_rng(3).uniform(0.0, 1.0, (400, 2)).tolist():
        changes = [change(0.0, 0, to, Kind.RATE) for to in (first, first * second, 0.0)]
        now = Timeline([ListedChanges(changes)], 0, 1, 60.0).step(0)
        assert now.up[0] == 1.0
        assert 0.0 <= now.rate_cap[0] < 1e-15


def test_maintenance_takes_what_failures_leave() -> None:
    """By hand: half of the accelerators have failed; maintenance pauses the satellite from 60 to 90 s, then slows it to 0.8, and it
    fails at 150 s. Of the steps failures leave 0.5, 0.5, 0.25; maintenance takes 0, 0.5 x (0.5 + 0.5 x 0.2) and 0.25 x 0.2."""
    line = Timeline([ListedChanges([
        change(0.0, 0, 0.5, Kind.ACCELERATORS, "failures"), change(60.0, 0, 0.0, Kind.RATE, "maintenance 1"),
        change(90.0, 0, 0.8, Kind.RATE, "maintenance 1"), change(150.0, 0, 0.0),
    ])], 0, 1, 60.0)  # fmt: skip
    found = [(now.maintained[0], now.up[0] * now.rate_cap[0]) for now in map(line.step, range(4))]
    assert np.array(found) == pytest.approx(np.array([(0.0, 0.5), (0.3, 0.2), (0.05, 0.2), (0.0, 0.0)]), abs=1e-15)
    assert found[0][0] == found[3][0] == 0.0


def test_random_maintenance_that_changes_nothing_is_not_listed() -> None:
    """Source of truth: the rule for random processes."""
    pauses = [change(t, s, left, Kind.RATE, "maintenance") for t, s, left in ((10.0, 0, 0.5), (12.0, 1, 1.0), (15.0, 0, 0.5))]
    line = Timeline([ListedChanges(pauses)], 0, 2, 60.0)
    line.step(0)
    assert [c.time_s for c in line.occurred] == [10.0]


causes = st.sampled_from(["scenario", "failures", "maintenance"])
moves = st.lists(
    st.tuples(
        st.floats(0.0, 9.0), st.sampled_from([Kind.SATELLITE, Kind.ACCELERATORS, Kind.RATE]), st.integers(0, 2),
        st.floats(0.0, 1.0), causes,
    ),
    max_size=8,
)  # fmt: skip


@given(moves)
@settings(max_examples=80, deadline=None)
def test_steps_against_fine_time(reported: list[tuple[float, Kind, int, float, str]]) -> None:
    """Source of truth: the product over causes, played on 2000 instants a step; the sum's error is one instant for each
    change: 8 / 2000. What each step's changes leave at its end is the last instant's."""
    changes = [
        change(60.0 * t, s, round(x) if kind is Kind.SATELLITE else x, kind, cause) for t, kind, s, x, cause in reported
    ]
    line = Timeline([ListedChanges(changes)], 0, 3, 60.0)
    steps = []
    for k in range(10):
        now = line.step(k)
        steps.append((now.up.copy(), now.rate_cap.copy(), now.up_end.copy(), now.maintained.copy()))
        assert all(0.0 <= value <= 1.0 for row in steps[-1] for value in row)  # to the bit
    fine = (np.arange(20_000) + 0.5) / 2000 * 60.0
    ordered = sorted(changes, key=lambda c: c.time_s)  # at one instant the later one stays
    for s in range(SATELLITES):
        held = {(kind, cause): np.ones(20_000) for kind in Kind for cause in ("scenario", "failures", "maintenance")}
        for c in ordered:
            if c.target.first == s:
                held[c.target.kind, c.cause][fine >= c.time_s] = c.remaining
        healthy = {kind: held[kind, "scenario"] * held[kind, "failures"] for kind in Kind}
        left = {kind: healthy[kind] * held[kind, "maintenance"] for kind in Kind}
        within = healthy[Kind.SATELLITE] * healthy[Kind.ACCELERATORS] * healthy[Kind.RATE]
        up = left[Kind.SATELLITE] * (left[Kind.ACCELERATORS] > 0.0)
        rate = up * left[Kind.ACCELERATORS] * left[Kind.RATE]
        for k, (step_up, cap, end, maintained) in enumerate(steps):
            part = slice(2000 * k, 2000 * (k + 1))
            assert step_up[s] == pytest.approx(up[part].mean(), abs=8 / 2000)
            assert step_up[s] * cap[s] == pytest.approx(rate[part].mean(), abs=8 / 2000)
            assert maintained[s] == pytest.approx((within - rate)[part].mean(), abs=8 / 2000)
            assert end[s] == up[min(2000 * (k + 1), 19_999)] or any(0.0 <= c.time_s / 60.0 - (k + 1.0) < 1 / 2000 for c in changes)


@given(moves)
@settings(max_examples=60, deadline=None)
def test_tiles_do_not_matter(reported: list[tuple[float, Kind, int, float, str]]) -> None:
    """Source of truth: the same satellites one by one, entered in the middle of the run: equal to the bit."""
    changes = [
        change(60.0 * t, s, round(x) if kind is Kind.SATELLITE else x, kind, cause) for t, kind, s, x, cause in reported
    ]
    whole = Timeline([ListedChanges(changes)], 0, 3, 60.0)
    alone = [Timeline([ListedChanges(changes)], s, s + 1, 60.0) for s in range(3)]
    late = Timeline([ListedChanges(changes)], 0, 3, 60.0)
    late.skip_to(5)
    for k in range(10):
        now = whole.step(k)
        for s, line in enumerate(alone):
            mine = line.step(k)
            assert (mine.up[0], mine.rate_cap[0], mine.up_end[0]) == (now.up[s], now.rate_cap[s], now.up_end[s])
        if k >= 5:
            again = late.step(k)
            assert np.array_equal(again.up, now.up)
            assert np.array_equal(again.rate_cap, now.rate_cap)


@given(st.integers(0, 100_000), st.sampled_from([0.001, 0.1, 0.3, 1.0, 60.0, 7.7]))
def test_latest_time_of_a_step(steps: int, step_s: float) -> None:
    """Source of truth: its definition."""
    found = latest_s(float(steps), step_s)
    assert found / step_s <= steps < math.nextafter(found, math.inf) / step_s
