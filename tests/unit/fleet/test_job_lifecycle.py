"""The clock of synchronous jobs, rule by rule, against timelines written by hand; all moments are exact in binary."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from sim.fleet.availability import SatelliteChange
from sim.fleet.job_lifecycle import JobLifecycle
from sim.fleet.job_phases import (
    CHECKPOINT,
    OUTAGE,
    RECOVERY,
    RUN,
    WAITING,
    Policy,
    Segment,
    Standing,
    Work,
    account,
)

POLICY = Policy(checkpoint_interval_s=100.0, checkpoint_s=10.0, detection_s=5.0, restart_s=20.0)
NO_SAVES = POLICY._replace(checkpoint_interval_s=math.inf)
NAMES = {RUN: "run", CHECKPOINT: "save", RECOVERY: "recover", WAITING: "wait", OUTAGE: "cut"}
ON = np.zeros(1, dtype=np.bool_)
OFF = np.ones(1, dtype=np.bool_)


def lifecycle(
    members: Sequence[Sequence[int]], spares: Sequence[int], policy: Policy, changes: Sequence[SatelliteChange] = ()
) -> JobLifecycle:
    """Jobs that know all changes from the beginning."""
    made = JobLifecycle(members, spares, policy)
    made.advance(0.0, 0.0, np.zeros(len(members), dtype=np.bool_), changes)
    return made


def down(time_s: float, satellite: int) -> list[SatelliteChange]:
    return [SatelliteChange(time_s, satellite, 0.0)]


def outage(time_s: float, satellite: int, back_s: float, left: float = 0.0) -> list[SatelliteChange]:
    return [SatelliteChange(time_s, satellite, left), SatelliteChange(back_s, satellite, 1.0)]


def reported(segments: list[Segment]) -> list[tuple[float, float, str]]:
    """Times, and the mode with what happened at its beginning."""
    return [
        (s.begin_s, s.end_s, NAMES[s.mode] + " committed" * s.commit + " rolled-back" * s.rollback) for s in segments
    ]


def one(
    changes: list[SatelliteChange], end_s: float, spares: tuple[int, ...] = (), policy: Policy = POLICY
) -> tuple[list[Segment], np.ndarray]:
    """A job of satellites 0, 1 and 2 in one window."""
    (segments,), spare_s = lifecycle([[0, 1, 2]], spares, policy, changes).advance(0.0, end_s, ON)
    return segments, spare_s


def test_runs_and_saves() -> None:
    segments, _ = one([], 250.0)
    assert reported(segments) == [
        (0, 100, "run"), (100, 110, "save"), (110, 210, "run committed"), (210, 220, "save"), (220, 250, "run committed"),
    ]  # fmt: skip
    assert all(s.members.tolist() == [0, 1, 2] and s.lost.size == 0 for s in segments)


def test_no_saves() -> None:
    assert reported(one([], 1e9, policy=NO_SAVES)[0]) == [(0, 1e9, "run")]


def test_free_saves_carry_their_commit() -> None:
    """A save without length leaves no segment; its commit stands on the run that follows."""
    segments, _ = one([], 250.0, policy=POLICY._replace(checkpoint_s=0.0))
    assert reported(segments) == [(0, 100, "run"), (100, 200, "run committed"), (200, 250, "run committed")]


def test_reboot() -> None:
    """Lost at once, 5 s to notice, 20 s to restart; then a full interval. The spare stays out of it."""
    segments, spare_s = one(outage(50.0, 1, 50.0), 200.0, spares=(7,))
    assert reported(segments) == [
        (0, 50, "run"), (50, 75, "recover rolled-back"), (75, 175, "run"), (175, 185, "save"), (185, 200, "run committed"),
    ]  # fmt: skip
    assert all(s.members.tolist() == [0, 1, 2] for s in segments)
    assert spare_s.tolist() == [0, 0, 0, 0, 0, 0, 0, 200]


def test_failure_in_a_save_loses_the_save() -> None:
    segments, _ = one(outage(105.0, 0, 105.0), 160.0)
    assert reported(segments) == [(0, 100, "run"), (100, 105, "save"), (105, 130, "recover rolled-back"), (130, 160, "run")]
    assert account(Work(), segments) == Work(0.0, 100.0, 30.0)


def test_failure_at_the_end_of_a_save_finds_it_committed() -> None:
    segments, _ = one(outage(110.0, 0, 110.0), 160.0)
    assert reported(segments)[2:] == [(110, 135, "recover committed rolled-back"), (135, 160, "run")]
    assert account(Work(), segments) == Work(100.0, 0.0, 25.0)


def test_spare_takes_the_rank_at_once() -> None:
    """The lowest number first; who comes back afterwards is a spare."""
    segments, spare_s = one(outage(50.0, 1, 120.0), 150.0, spares=(9, 5))
    assert reported(segments) == [(0, 50, "run"), (50, 75, "recover rolled-back"), (75, 150, "run")]
    assert [s.members.tolist() for s in segments] == [[0, 1, 2], [0, 5, 2], [0, 5, 2]]
    assert all(s.lost.size == 0 for s in segments)
    assert spare_s[[1, 5, 9]].tolist() == [30.0, 50.0, 150.0]


def test_waits_for_its_own() -> None:
    """Long since noticed: only the restart follows on the return."""
    segments, _ = one(outage(50.0, 2, 90.0), 150.0)
    assert reported(segments) == [(0, 50, "run"), (50, 90, "wait rolled-back"), (90, 110, "recover"), (110, 150, "run")]
    assert [s.lost.tolist() for s in segments] == [[], [2], [], []]
    assert segments[1].members.tolist() == [0, 1, 2]


def test_back_before_it_was_noticed() -> None:
    """2 s away: noticed 5 s after the failure all the same."""
    segments, _ = one(outage(50.0, 2, 52.0), 100.0)
    assert reported(segments) == [(0, 50, "run"), (50, 52, "wait rolled-back"), (52, 75, "recover"), (75, 100, "run")]


def test_waits_for_two() -> None:
    """One segment for each set of the missing; the second failure starts over."""
    segments, _ = one([*outage(50.0, 2, 90.0), *outage(60.0, 0, 80.0)], 120.0)
    assert reported(segments) == [
        (0, 50, "run"), (50, 60, "wait rolled-back"), (60, 80, "wait rolled-back"), (80, 90, "wait"), (90, 110, "recover"), (110, 120, "run"),
    ]  # fmt: skip
    assert [s.lost.tolist() for s in segments] == [[], [2], [0, 2], [2], [], []]


def test_failure_in_recovery_starts_over() -> None:
    segments, _ = one([*outage(50.0, 2, 50.0), *outage(70.0, 0, 70.0)], 100.0)
    assert reported(segments) == [
        (0, 50, "run"),
        (50, 70, "recover rolled-back"),
        (70, 95, "recover rolled-back"),
        (95, 100, "run"),
    ]


def test_spare_that_fails_is_none_until_it_is_back() -> None:
    """Away 20 .. 60: the failure at 40 waits for it; a reboot of a spare changes nothing."""
    changes = [*outage(10.0, 7, 10.0), *outage(20.0, 7, 60.0), *down(40.0, 0)]
    segments, spare_s = one(changes, 100.0, spares=(7,))
    assert reported(segments) == [(0, 40, "run"), (40, 60, "wait rolled-back"), (60, 80, "recover"), (80, 100, "run")]
    assert segments[2].members.tolist() == [7, 1, 2]
    assert spare_s[7] == 20.0


def test_spare_and_member_at_one_instant() -> None:
    """Whatever the numbers: a spare that fails with a member is none, one that comes back just then is one."""
    for spare, members in ((0, [1, 2]), (9, [1, 2])):
        segments, _ = _pair(members, [spare], [*down(40.0, 1), *outage(40.0, spare, 90.0)])
        assert reported(segments)[1:] == [(40, 90, "wait rolled-back"), (90, 100, "recover")]
        segments, _ = _pair(members, [spare], [*down(40.0, 1), *outage(10.0, spare, 40.0)])
        assert reported(segments)[1:] == [(40, 65, "recover rolled-back"), (65, 100, "run")]


def _pair(members: list[int], spares: list[int], changes: list[SatelliteChange]) -> tuple[list[Segment], np.ndarray]:
    (segments,), spare_s = lifecycle([members], spares, NO_SAVES, changes).advance(0.0, 100.0, ON)
    return segments, spare_s


def test_spares_go_to_who_waits_longest() -> None:
    """Job 1 waits for two since 10 s, job 0 for one since 20 s, job 2 for its own since 20 s: returns at 30, 40 and 50 s are
    dealt in that order, and at 60 s job 2's own takes its own rank."""
    changes = [
        *down(10.0, 2), *down(10.0, 3), *down(20.0, 0), *outage(20.0, 4, 60.0),
        *outage(0.0, 8, 30.0), *outage(0.0, 7, 40.0), *outage(0.0, 6, 50.0),
    ]  # fmt: skip
    fleet_jobs = lifecycle([[0, 1], [2, 3], [4, 5]], [6, 7, 8], NO_SAVES, changes)
    jobs, spare_s = fleet_jobs.advance(0.0, 100.0, np.zeros(3, dtype=np.bool_))
    assert [r.tolist() for r in fleet_jobs.ranks()] == [[6, 1], [8, 7], [4, 5]]
    assert reported(jobs[1]) == [
        (0, 10, "run"), (10, 30, "wait rolled-back"), (30, 40, "wait"), (40, 60, "recover"), (60, 100, "run"),
    ]  # fmt: skip
    assert [s.lost.tolist() for s in jobs[1]] == [[], [2, 3], [3], [], []]
    assert reported(jobs[0]) == [(0, 20, "run"), (20, 50, "wait rolled-back"), (50, 70, "recover"), (70, 100, "run")]
    assert reported(jobs[2]) == [(0, 20, "run"), (20, 60, "wait rolled-back"), (60, 80, "recover"), (80, 100, "run")]
    assert not spare_s.any()


def test_one_instant_one_spare_goes_to_the_first_job() -> None:
    fleet_jobs = lifecycle([[0], [1]], [2], NO_SAVES, [*down(10.0, 0), *down(10.0, 1)])
    jobs, _ = fleet_jobs.advance(0.0, 100.0, np.zeros(2, dtype=np.bool_))
    assert [reported(job)[1][2] for job in jobs] == ["recover rolled-back", "wait rolled-back"]


@pytest.mark.parametrize("back_s", [50.0, 90.0])
def test_some_accelerators_fail(back_s: float) -> None:
    """By hand: a member that loses some accelerators, at once or for 40 s, rolls its job back and keeps its rank; their
    return changes nothing."""
    segments, spare_s = one(outage(50.0, 1, back_s, left=0.875), 200.0, spares=(7,))
    assert reported(segments) == [
        (0, 50, "run"), (50, 75, "recover rolled-back"), (75, 175, "run"), (175, 185, "save"), (185, 200, "run committed"),
    ]  # fmt: skip
    assert all(s.members.tolist() == [0, 1, 2] and s.lost.size == 0 for s in segments)
    assert spare_s[7] == 200.0


def test_accelerators_of_a_spare_fail() -> None:
    """By hand: a spare with some accelerators left is one; with none left it is none, until some are back."""
    changes = [SatelliteChange(t, 7, left) for t, left in ((10.0, 0.5), (20.0, 0.0), (60.0, 0.5), (70.0, 1.0))]
    segments, spare_s = one(changes, 100.0, spares=(7,))
    assert reported(segments) == [(0, 100, "run")]
    assert spare_s[7] == 60.0


def test_the_last_accelerators_of_a_member_fail() -> None:
    """By hand: half fails at 30, all at 40: from then on the job waits; half is back at 90, which is enough."""
    changes = [SatelliteChange(t, 1, left) for t, left in ((30.0, 0.5), (40.0, 0.0), (90.0, 0.5), (95.0, 1.0))]
    segments, _ = one(changes, 150.0)
    assert reported(segments) == [
        (0, 30, "run"), (30, 40, "recover rolled-back"), (40, 90, "wait rolled-back"), (90, 110, "recover"), (110, 150, "run"),
    ]  # fmt: skip
    assert [s.lost.tolist() for s in segments] == [[], [], [1], [], []]


def test_changes_come_window_by_window() -> None:
    """Source of truth: all of them at once. One at the end of a window, as a step hands it over, belongs to the next."""
    changes = [*outage(50.0, 2, 90.0), *outage(60.0, 0, 80.0)]
    whole, _ = one(changes, 120.0)
    parts: list[Segment] = []
    made = JobLifecycle([[0, 1, 2]], [], POLICY)
    for k in range(12):
        mine = [c for c in changes if 10.0 * k < c.time_s <= 10.0 * (k + 1)]
        parts += made.advance(10.0 * k, 10.0 * (k + 1), ON, mine)[0][0]
    assert account(Work(), parts) == account(Work(), whole)
    assert [s.end_s for s in parts if s.rollback] == [60.0, 70.0]


def test_strangers_are_no_spares() -> None:
    """A satellite that is neither member nor spare comes and goes without a trace."""
    segments, spare_s = one([*down(10.0, 0), *outage(5.0, 50, 20.0)], 100.0)
    assert reported(segments) == [(0, 10, "run"), (10, 100, "wait rolled-back")]
    assert not spare_s.any()


def test_down_from_the_beginning() -> None:
    """What happened before the window began happens at its beginning."""
    changes = [*down(-50.0, 0), *outage(-30.0, 7, -20.0)]
    (segments,), spare_s = lifecycle([[0, 1]], [7], NO_SAVES, changes).advance(0.0, 100.0, ON)
    assert reported(segments) == [(0, 25, "recover rolled-back"), (25, 100, "run")]
    assert segments[0].members.tolist() == [7, 1]
    assert not spare_s.any()


def windows(fleet_jobs: JobLifecycle, *cuts: tuple[float, bool]) -> list[Segment]:
    """Windows up to these ends, cut or not."""
    found: list[Segment] = []
    begin_s = 0.0
    for end_s, cut in cuts:
        found += fleet_jobs.advance(begin_s, end_s, OFF if cut else ON)[0][0]
        begin_s = end_s
    return found


def test_cut_stops_the_clock_without_a_rollback() -> None:
    """30 s cut from running and 5 s from a save: both go on where they were."""
    found = windows(lifecycle([[0, 1]], [], POLICY, []), (60, False), (90, True), (135, False), (140, True), (150, False))
    assert reported(found) == [
        (0, 60, "run"), (60, 90, "cut"), (90, 130, "run"), (130, 135, "save"), (135, 140, "cut"), (140, 145, "save"),
        (145, 150, "run committed"),
    ]  # fmt: skip


def test_cut_while_recovering() -> None:
    """Recovery needs no network; what follows does."""
    found = windows(lifecycle([[0]], [], POLICY, outage(10.0, 0, 10.0)), (20, False), (60, True), (200, False))
    assert reported(found) == [
        (0, 10, "run"), (10, 20, "recover rolled-back"), (20, 35, "recover"), (35, 60, "cut"), (60, 160, "run"), (160, 170, "save"),
        (170, 200, "run committed"),
    ]  # fmt: skip


def test_failure_while_cut() -> None:
    found = windows(lifecycle([[0]], [], POLICY, outage(70.0, 0, 70.0)), (60, False), (80, True), (110, False))
    assert reported(found) == [
        (0, 60, "run"), (60, 70, "cut"), (70, 80, "recover rolled-back"), (80, 95, "recover"), (95, 110, "run"),
    ]  # fmt: skip
    assert account(Work(), found) == Work(0.0, 60.0, 15.0)


def test_a_phase_that_ends_with_the_window() -> None:
    """The commit at 110 s stands on the first segment after it, in the next window; a failure just then comes after it."""
    fleet_jobs = lifecycle([[0]], [], POLICY, outage(110.0, 0, 110.0))
    assert reported(windows(fleet_jobs, (110, False), (120, False)))[2:] == [(110, 120, "recover committed rolled-back")]
    fleet_jobs = lifecycle([[0]], [], POLICY, [])
    assert reported(windows(fleet_jobs, (110, False), (120, True), (130, False)))[2:] == [
        (110, 120, "cut committed"),
        (120, 130, "run"),
    ]


def test_recovery_without_length_hands_on_its_rollback() -> None:
    policy = Policy(100.0, 10.0, 0.0, 0.0)
    segments, _ = one(outage(50.0, 0, 50.0), 60.0, policy=policy)
    assert reported(segments) == [(0, 50, "run"), (50, 60, "run rolled-back")]


def test_what_is_handed_out_cannot_be_changed() -> None:
    fleet_jobs = JobLifecycle([[0, 1]], [5], POLICY)
    jobs, spare_s = fleet_jobs.advance(0.0, 10.0, ON)
    for array in (jobs[0][0].members, jobs[0][0].lost, spare_s, fleet_jobs.ranks()[0]):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 3


def test_length_of_the_spares() -> None:
    assert JobLifecycle([[0, 1]], [5], POLICY).advance(0.0, 10.0, ON)[1].tolist() == [0, 0, 0, 0, 0, 10]
    assert JobLifecycle([[0, 1]], [5], POLICY, satellites=8).advance(0.0, 10.0, ON)[1].size == 8
    empty, spare_s = JobLifecycle([], [], POLICY).advance(0.0, 10.0, ON[:0])
    assert (empty, spare_s.size) == ([], 0)


@pytest.mark.parametrize(
    ("members", "spares"), [([[0, 1], [1, 2]], []), ([[0, 1]], [1]), ([[0, 0]], []), ([[0]], [1, 1])]
)
def test_no_satellite_has_two_ranks(members: list[list[int]], spares: list[int]) -> None:
    with pytest.raises(ValueError, match="twice"):
        JobLifecycle(members, spares, POLICY)


@pytest.mark.parametrize("field", ["checkpoint_interval_s", "checkpoint_s", "detection_s", "restart_s"])
@pytest.mark.parametrize("value", [-1.0, math.nan])
def test_times_that_mean_nothing(field: str, value: float) -> None:
    with pytest.raises(ValueError, match="at least"):
        JobLifecycle([[0]], [], POLICY._replace(**{field: value}))


def test_windows_follow_on_each_other() -> None:
    fleet_jobs = JobLifecycle([[0]], [], POLICY, begin_s=30.0)
    with pytest.raises(ValueError, match="follow"):
        fleet_jobs.advance(0.0, 60.0, ON)
    fleet_jobs.advance(30.0, 60.0, ON)
    for begin_s, end_s in ((30.0, 60.0), (60.0, 50.0), (61.0, 70.0)):
        with pytest.raises(ValueError, match="follow"):
            fleet_jobs.advance(begin_s, end_s, ON)


def test_quiet_windows_are_cheap(count_calls: Callable[[Callable[[], object]], int]) -> None:
    """A hundred jobs with a hundred spares: below 10 calls of functions for a job and a window; it takes 4."""
    fleet_jobs = JobLifecycle(
        [range(81 * g, 81 * g + 81) for g in range(100)], range(8100, 8200), Policy(1200.0, 60.0, 60.0, 240.0)
    )
    cut = np.zeros(100, dtype=np.bool_)

    def advance() -> None:
        for k in range(200):
            fleet_jobs.advance(60.0 * k, 60.0 * (k + 1), cut)

    assert count_calls(advance) / (200 * 100) < 10


# --- members that no message reaches ---------------------------------------------------------------------------------

TOGETHER = np.zeros(4, dtype=np.int64)
APART = np.array([1, 0, 0, 0])  # satellite 0 by itself


def window(
    clock: JobLifecycle, begin_s: float, end_s: float, cut: np.ndarray, part: np.ndarray
) -> tuple[list[str], list[float]]:
    """What a window of a job reported, and the seconds that the four satellites stood by."""
    clock.exchange(begin_s, cut, part)
    still_cut = cut & np.array([bool(part[clock.ranks()[0]].min() != part[clock.ranks()[0]].max())])
    (segments,), spare_s = clock.advance(begin_s, end_s, still_cut)
    return [f"{b:g} {e:g} {what}" for b, e, what in reported(segments)], spare_s.tolist()


def test_a_member_out_of_reach_gives_up_its_rank() -> None:
    """By hand: cut at 10, given up at 20 as detection takes 5 and windows are 10; restart until 40, then work. Back in reach
    at 50 it stands by."""
    clock = lifecycle([[0, 1, 2]], [3], NO_SAVES, [])
    assert window(clock, 0.0, 10.0, ON, TOGETHER) == (["0 10 run"], [0, 0, 0, 10])
    assert window(clock, 10.0, 20.0, OFF, APART) == (["10 20 cut"], [0, 0, 0, 10])
    assert clock.unreachable.tolist() == []
    assert window(clock, 20.0, 30.0, OFF, APART) == (["20 30 recover rolled-back"], [0, 0, 0, 0])
    assert (clock.ranks()[0].tolist(), clock.unreachable.tolist()) == ([3, 1, 2], [0])
    assert window(clock, 30.0, 50.0, ON, APART) == (["30 40 recover", "40 50 run"], [0, 0, 0, 0])
    assert window(clock, 50.0, 60.0, ON, TOGETHER) == (["50 60 run"], [10, 0, 0, 0])
    assert clock.unreachable.tolist() == []


def test_a_spare_out_of_reach_is_no_help() -> None:
    """Source of truth: the rule: no rank changes unless the job is whole afterwards."""
    clock = lifecycle([[0, 1, 2]], [3], NO_SAVES, [])
    both = np.array([1, 0, 0, 1])
    for begin_s in (0.0, 10.0, 20.0):
        assert window(clock, begin_s, begin_s + 10.0, OFF, both)[0] == [f"{begin_s:g} {begin_s + 10.0:g} cut"]
    assert clock.ranks()[0].tolist() == [0, 1, 2]


def test_one_that_is_away_and_fails() -> None:
    """By hand: out of reach from 0, given up at 10; it fails at 15 and is back at 25, in reach: from then on it stands by."""
    clock = lifecycle([[0, 1, 2]], [3], NO_SAVES, outage(15.0, 0, 25.0))
    window(clock, 0.0, 10.0, OFF, APART)
    assert window(clock, 10.0, 20.0, OFF, APART)[1] == [0, 0, 0, 0]
    assert clock.unreachable.tolist() == []
    assert window(clock, 20.0, 30.0, ON, TOGETHER)[1] == [5, 0, 0, 0]


def test_two_short_cuts_are_not_a_long_one() -> None:
    """By hand: detection takes 5; cut for 4 at 0, whole until 14, cut for 4 again: no member is replaced."""
    clock = lifecycle([[0, 1, 2]], [3], NO_SAVES, [])
    window(clock, 0.0, 4.0, OFF, APART)
    clock.advance(4.0, 14.0, ON)  # no job is disconnected, so no exchange is asked for
    assert window(clock, 14.0, 18.0, OFF, APART)[0] == ["14 18 cut"]
    assert clock.ranks()[0].tolist() == [0, 1, 2]


# --- several workloads


def _ranked(
    spares: Sequence[int], changes: list[SatelliteChange], *, reserve: int = 0, jobs: int = 2, end_s: float = 1000.0
) -> tuple[JobLifecycle, list[list[Segment]], np.ndarray]:
    """A job of satellites 0 and 1 of priority 1, and others of priority 0: 10 and 11, 20 and 21."""
    members = [[0, 1], [10, 11], [20, 21]][:jobs]
    standings = [Standing(0, 1, 0), *[Standing(1, 0, reserve)] * (jobs - 1)]
    made = JobLifecycle(members, spares, [NO_SAVES] * jobs, standings=standings)
    segments, spare_s = made.advance(0.0, end_s, np.zeros(jobs, dtype=np.bool_), changes)
    return made, segments, spare_s


def test_a_job_of_higher_priority_takes_a_member_where_no_spare_is_left() -> None:
    """By hand: 0 fails at 100 s: the last member of the other job takes its rank, which waits until 0 returns at 500 s; both recover
    for 5 + 20 s, the other one for 20 s: it has noticed long before."""
    made, (high, low), spare_s = _ranked([], outage(100.0, 0, 500.0))
    assert reported(high) == [(0, 100, "run"), (100, 125, "recover rolled-back"), (125, 1000, "run")]
    assert reported(low) == [(0, 100, "run"), (100, 500, "wait rolled-back"), (500, 520, "recover"), (520, 1000, "run")]
    assert low[1].lost.tolist() == [11]
    assert [ranks.tolist() for ranks in made.ranks()] == [[11, 1], [10, 0]]
    assert not spare_s.any()


def test_a_spare_comes_before_another_job() -> None:
    """By definition: nothing is taken from a job while there is a spare."""
    made, (_, low), _ = _ranked([30], down(100.0, 0))
    assert [ranks.tolist() for ranks in made.ranks()] == [[30, 1], [10, 11]]
    assert reported(low) == [(0, 1000, "run")]


def test_a_reserve_is_left_to_its_workload() -> None:
    """By hand: the only spare is kept for the other workload, so that the job of higher priority takes a member; the spare then fills
    the rank of that member, and no job waits."""
    made, (high, low), _ = _ranked([30], down(100.0, 0), reserve=1)
    assert [ranks.tolist() for ranks in made.ranks()] == [[11, 1], [10, 30]]
    assert reported(low) == [(0, 100, "run"), (100, 125, "recover rolled-back"), (125, 1000, "run")]
    assert reported(high)[1] == (100, 125, "recover rolled-back")


def test_nothing_is_taken_from_equals_or_from_above() -> None:
    """By definition: a job of lower priority waits."""
    made, (high, low), _ = _ranked([], down(100.0, 10))
    assert reported(high) == [(0, 1000, "run")]
    assert reported(low) == [(0, 100, "run"), (100, 1000, "wait rolled-back")]
    assert [ranks.tolist() for ranks in made.ranks()] == [[0, 1], [10, 11]]


def test_a_job_that_waits_gives_before_one_that_runs() -> None:
    """By hand: the second job waits from 50 s for 11; at 100 s the first one takes its 10, and the third, the last, runs on."""
    made, (_, _, third), _ = _ranked([], down(50.0, 11) + down(100.0, 0), jobs=3)
    assert [ranks.tolist() for ranks in made.ranks()] == [[10, 1], [10, 11], [20, 21]]
    assert reported(third) == [(0, 1000, "run")]


def test_a_member_that_was_taken_and_fails_belongs_to_the_job_that_took_it() -> None:
    """By hand: 0 fails at 100 s and 11 takes its rank; at 200 s 11 fails, and 10 takes it; the other job has no spare."""
    made, (high, low), _ = _ranked([], down(100.0, 0) + down(200.0, 11))
    assert made.ranks()[0].tolist() == [10, 1]
    assert reported(high)[-1] == (225, 1000, "run")
    assert low[-1].lost.tolist() == [10, 11]


def test_nothing_is_taken_where_it_does_not_suffice() -> None:
    """By hand: of three members that fail at once, two could be replaced: the job waits, and the other one goes on."""
    made = JobLifecycle([[0, 1, 2], [10, 11]], [], NO_SAVES, standings=[Standing(0, 1), Standing(1, 0)])
    _, low = made.advance(0.0, 1000.0, np.zeros(2, dtype=np.bool_), down(100.0, 0) + down(100.0, 1) + down(100.0, 2))[0]
    assert reported(low) == [(0, 1000, "run")]


def test_every_satellite_is_in_one_place() -> None:
    """Invariant: at any moment a healthy satellite is in one job that has it, or a spare, over random failures and repairs."""
    rng = np.random.default_rng(7)
    members, spares, end_s = [[0, 1, 2], [10, 11, 12], [20, 21]], [30, 31], 5000.0
    everyone = [*members[0], *members[1], *members[2], *spares]
    changes, up_s = [], dict.fromkeys(everyone, 0.0)
    for satellite in everyone:
        moment_s, up = 0.0, True
        while moment_s < end_s:
            length_s = float(rng.integers(1, 16)) * 64.0
            if up:
                up_s[satellite] += min(length_s, end_s - moment_s)
            moment_s, up = moment_s + length_s, not up
            if moment_s < end_s:
                changes.append(SatelliteChange(moment_s, satellite, float(up)))
    standings = [Standing(0, 2), Standing(1, 1, 1), Standing(2, 0)]
    made = JobLifecycle(members, spares, [POLICY] * 3, standings=standings)
    jobs, spare_s = made.advance(0.0, end_s, np.zeros(3, dtype=np.bool_), changes)
    there_s = dict.fromkeys(everyone, 0.0)
    for segments in jobs:
        assert [s.begin_s for s in segments[1:]] == [s.end_s for s in segments[:-1]]
        for s in segments:
            for satellite in np.setdiff1d(s.members, s.lost).tolist():
                there_s[satellite] += s.end_s - s.begin_s
    for satellite in everyone:
        assert there_s[satellite] + spare_s[satellite] == pytest.approx(up_s[satellite], abs=1e-6), satellite


def test_other_members_from_memory() -> None:
    """By hand: at 130 s the job goes on with three of its five and a spare: work so far counts, since it is moved from memory, and the
    change takes 30 s. Members that are left over stand by, and so does one that is down once it is back."""
    made = lifecycle([[0, 1, 2, 3, 4]], [8], NO_SAVES)
    (first,), _ = made.advance(0.0, 130.0, ON)
    made.replace_members(0, np.array([4, 2, 0, 8]), POLICY, 130.0, 30.0, np.zeros(9, dtype=np.int64))
    (then,), spare_s = made.advance(130.0, 200.0, ON)
    assert reported(first) == [(0, 130, "run")]
    assert reported(then) == [(130, 160, "recover committed"), (160, 200, "run")]
    assert then[-1].members.tolist() == [4, 2, 0, 8]
    assert spare_s.tolist() == [0, 70, 0, 70, 0, 0, 0, 0, 0]
    assert account(Work(), [*first, *then]) == Work(130.0, 0.0, 40.0)


def test_fewer_members_instead_of_waiting() -> None:
    """By hand: lost at 50 s; at 100 s the other two go on, ready at 130 s, with saves by the new policy. The lost one is a spare when it
    is back, and takes the next rank that is lost."""
    made = lifecycle([[0, 1, 2]], [], POLICY, [*outage(50.0, 1, 150.0), *down(160.0, 2)])
    (first,), _ = made.advance(0.0, 100.0, ON)
    assert reported(first) == [(0, 50, "run"), (50, 100, "wait rolled-back")]
    assert made.missing(0) == [1]
    made.replace_members(0, np.array([0, 2]), POLICY._replace(checkpoint_interval_s=25.0), 100.0, 30.0, np.zeros(3, dtype=np.int64))
    (then,), spare_s = made.advance(100.0, 200.0, ON)
    assert reported(then) == [
        (100, 130, "recover"), (130, 155, "run"), (155, 160, "save"), (160, 185, "recover rolled-back"), (185, 200, "run"),
    ]  # fmt: skip
    assert then[-1].members.tolist() == [0, 1]
    assert spare_s.tolist() == [0, 10, 0]


def test_a_member_that_another_job_has_taken_stays_with_it() -> None:
    """By hand: satellite 1 is lost at 50 s, and the first job takes 4 from the second, of lower priority, which goes on with two at 100 s.
    At 150 s satellite 4 is lost: it is the first job that fails, and it takes 3."""
    standings = [Standing(0, 1), Standing(1, 0)]
    made = JobLifecycle([[0, 1], [2, 3, 4]], [], POLICY, standings=standings)
    none = np.zeros(2, dtype=np.bool_)
    made.advance(0.0, 100.0, none, down(50.0, 1))
    assert [members.tolist() for members in made.ranks()] == [[0, 4], [2, 3, 4]]
    made.replace_members(1, np.array([2, 3]), POLICY, 100.0, 10.0, np.zeros(5, dtype=np.int64))
    (first, second), spare_s = made.advance(100.0, 200.0, none, down(150.0, 4))
    assert made.ranks()[0].tolist() == [0, 3]
    assert made.missing(1) == [3]
    assert [s.begin_s for s in first if s.rollback] == [150.0]
    assert [s.begin_s for s in second if s.rollback] == [150.0]
    assert not spare_s.any()


def test_a_member_comes_back_to_the_rank_from_which_it_was_taken() -> None:
    """By hand: the first job takes 4 from the second at 50 s. At 100 s satellite 4 is lost and the first job takes 3, too. When 4 is back at
    150 s, it has its old rank, and only 3 is missing; no satellite has two ranks."""
    made = JobLifecycle([[0, 1], [2, 3, 4]], [], POLICY, standings=[Standing(0, 1), Standing(1, 0)])
    none = np.zeros(2, dtype=np.bool_)
    (_, second), _ = made.advance(0.0, 200.0, none, [*down(50.0, 1), *outage(100.0, 4, 150.0)])
    assert [members.tolist() for members in made.ranks()] == [[0, 3], [2, 3, 4]]
    assert [(s.begin_s, s.end_s, s.members.tolist(), s.lost.tolist()) for s in second[1:]] == [
        (50, 100, [2, 3, 4], [4]), (100, 150, [2, 3, 4], [3, 4]), (150, 200, [2, 3, 4], [3]),
    ]  # fmt: skip


def test_members_left_over_in_a_smaller_part_of_the_network_are_reached() -> None:
    """By hand: satellites 0 to 2 are joined to each other, 3 to 6 are another part: a job of the first three leaves 2 as a spare."""
    made = JobLifecycle([[0, 1, 2], [3, 4, 5, 6]], [], POLICY)
    made.replace_members(0, np.array([0, 1]), POLICY, 0.0, 10.0, np.array([0, 0, 0, 1, 1, 1, 1]))
    assert (made.ready, made.unreachable.tolist()) == ([2], [])


def test_other_members_after_an_outage() -> None:
    """By hand: cut off since 40 s, work that no save kept is lost; a member that no message reaches stands by only when one does."""
    made = lifecycle([[0, 1, 2]], [], POLICY)
    made.advance(0.0, 40.0, ON)
    made.advance(40.0, 80.0, OFF)
    made.replace_members(0, np.array([0, 1]), POLICY, 80.0, 30.0, np.array([0, 0, 1]))
    assert made.unreachable.tolist() == [2]
    (then,), spare_s = made.advance(80.0, 120.0, ON)
    assert reported(then) == [(80, 110, "recover rolled-back"), (110, 120, "run")]
    assert spare_s.tolist() == [0, 0, 0]
    made.exchange(120.0, ON, np.zeros(3, dtype=np.int64))
    assert made.ready == [2]
