"""Replicas of an elastic job, rule by rule, against timelines written by hand; all moments are exact in binary."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.fleet.availability import SatelliteChange
from sim.fleet.elastic import Replicas
from sim.fleet.job_lifecycle import JobLifecycle
from sim.fleet.job_phases import OUTAGE, RECOVERY, RUN, WAITING, Policy, Segment, Work, account

STEP_S = 8.0
POLICY = Policy(STEP_S, 0.0, detection_s=5.0, restart_s=20.0, continuous=True)
RULES = Replicas((0, 1, 2, 3), grace_s=60.0, least=2, copy_s=16.0)
MEMBERS = [[0, 1], [2, 3], [4, 5], [6, 7]]
NAMES = {RUN: "run", RECOVERY: "recover", WAITING: "wait", OUTAGE: "cut"}
ON = np.zeros(4, dtype=np.bool_)
HOUR = [SatelliteChange(50.0, 3, 0.0), SatelliteChange(3650.0, 3, 1.0)]


def made(rules: Replicas = RULES, spares: Sequence[int] = ()) -> JobLifecycle:
    return JobLifecycle(MEMBERS, spares, POLICY, elastic=[rules])


def reported(segments: list[Segment]) -> list[tuple[float, float, str]]:
    """Times, and the mode with whom it is about and what happened at its beginning."""
    return [
        (s.begin_s, s.end_s, NAMES[s.mode] + " for others" * s.peer + " committed" * s.commit + " rolled-back" * s.rollback) for s in segments
    ]


def test_one_replica_of_four_lost_for_an_hour() -> None:
    """By hand: steps of 8 s end at 48 s, so that two seconds are lost. The others wait 60 s and go on. The lost replica waits for its
    member and restarts in 20 s."""
    jobs, _ = made().advance(0.0, 4000.0, ON, HOUR)
    for g in (0, 2, 3):
        assert reported(jobs[g]) == [
            (0, 48, "run"), (48, 50, "run committed"), (50, 110, "wait for others rolled-back"),
            (110, 3998, "run"), (3998, 4000, "run committed"),
        ]  # fmt: skip
        assert account(Work(), jobs[g]) == Work(48.0 + 3888.0, 2.0, 2.0)
    assert reported(jobs[1]) == [
        (0, 48, "run"), (48, 50, "run committed"), (50, 3650, "wait rolled-back"), (3650, 3670, "recover"),
        (3670, 3998, "run"), (3998, 4000, "run committed"),
    ]  # fmt: skip
    assert [s.lost.tolist() for s in jobs[1]] == [[], [], [3], [], [], []]


@pytest.mark.parametrize(("grace_s", "others_s"), [(24.0, 74.0), (25.0, 75.0), (26.0, 75.0)])
def test_grace_just_before_and_after_the_spare_is_ready(grace_s: float, others_s: float) -> None:
    """By hand: a spare takes the rank at 50 s; noticed 5 s later, restarted 20 s after that. With less grace the others go on before."""
    jobs, spare_s = made(RULES._replace(grace_s=grace_s), spares=(8,)).advance(0.0, 80.0, ON, HOUR[:1])
    assert reported(jobs[0])[2:] == [(50, others_s, "recover for others rolled-back"), (others_s, 80, "run")]
    assert reported(jobs[1])[2:] == [(50, 75, "recover rolled-back"), (75, 80, "run")]
    assert jobs[1][-1].members.tolist() == [2, 8]
    assert spare_s[8] == 50.0


@pytest.mark.parametrize(("back_s", "grace_s", "others_s"), [(89.0, 60.0, 109.0), (90.0, 60.0, 110.0), (91.0, 60.0, 110.0)])
def test_grace_just_before_and_after_the_member_is_back(back_s: float, grace_s: float, others_s: float) -> None:
    """By hand: a member that is back at t is ready at t + 20 s; the grace ends at 110 s."""
    changes = [HOUR[0], SatelliteChange(back_s, 3, 1.0)]
    jobs, _ = made(RULES._replace(grace_s=grace_s)).advance(0.0, 112.0, ON, changes)
    assert jobs[0][-1].begin_s == others_s
    modes = [(s.begin_s, s.end_s, NAMES[s.mode]) for s in jobs[2] if s.peer]
    assert modes == [(50.0, back_s, "wait"), (back_s, others_s, "recover")]
    assert jobs[1][-1].begin_s == back_s + 20.0


def test_without_grace_the_step_in_flight_is_lost_all_the_same() -> None:
    jobs, _ = made(RULES._replace(grace_s=0.0)).advance(0.0, 56.0, ON, HOUR[:1])
    assert reported(jobs[0]) == [(0, 48, "run"), (48, 50, "run committed"), (50, 56, "run rolled-back")]


def test_below_the_quorum_all_wait() -> None:
    """By hand: three of four must take part. Two are lost at 50 s; the first is ready at 220 s, and then there are three."""
    changes = [HOUR[0], SatelliteChange(50.0, 4, 0.0), SatelliteChange(200.0, 4, 1.0)]
    jobs, _ = made(RULES._replace(least=3)).advance(0.0, 250.0, ON, changes)
    for g in (0, 3):
        assert reported(jobs[g])[2:] == [(50, 220, "wait for others rolled-back"), (220, 244, "run"), (244, 250, "run committed")]
    assert reported(jobs[2])[2:] == [(50, 200, "wait rolled-back"), (200, 220, "recover"), (220, 244, "run"), (244, 250, "run committed")]


def test_a_replica_that_is_ready_waits_for_the_quorum() -> None:
    """By hand: all four must take part: the replica that is ready at 75 s waits for the one that is back at 3650 s and ready at 3670 s."""
    changes = [HOUR[0], SatelliteChange(50.0, 4, 0.0), HOUR[1]]
    jobs, _ = made(RULES._replace(least=4), spares=()).advance(0.0, 3672.0, ON, [*changes[:2], SatelliteChange(55.0, 4, 1.0), changes[2]])
    assert reported(jobs[2])[2:] == [
        (50, 55, "wait rolled-back"), (55, 75, "recover"), (75, 3650, "wait for others rolled-back"),
        (3650, 3670, "recover for others"), (3670, 3672, "run"),
    ]  # fmt: skip


def test_a_replica_without_network() -> None:
    """By hand: cut off from 100 s on, the others wait until 160 s; from 200 s on it fetches in 16 s what they have trained."""
    lifecycle, off = made(), np.array([False, True, False, False])
    first, cut, last = (lifecycle.advance(a, b, flags)[0] for a, b, flags in ((0.0, 100.0, ON), (100.0, 200.0, off), (200.0, 220.0, ON)))
    assert reported(first[1]) == [(0, 96, "run"), (96, 100, "run committed")]
    assert reported(cut[0]) == [(100, 160, "cut for others rolled-back"), (160, 200, "run")]
    assert reported(cut[1]) == [(100, 200, "cut rolled-back")]
    assert reported(last[0])[-1] == (216, 220, "run committed")
    assert reported(last[1]) == [(200, 216, "recover"), (216, 220, "run")]


def test_a_spare_for_a_member_without_network_takes_as_long_as_a_restart() -> None:
    """By hand: cut off from 100 s on and noticed at 250 s, the member is replaced at 300 s, the next window. The restart of 20 s counts,
    not the 16 s in which a replica that has lost nothing catches up; the others have gone on since 160 s."""
    lifecycle = JobLifecycle(MEMBERS, [8], POLICY._replace(detection_s=150.0), elastic=[RULES])
    off, component = np.array([False, True, False, False]), np.array([0, 0, 0, 1, 0, 0, 0, 0, 0])
    lifecycle.advance(0.0, 100.0, ON)
    for begin_s, end_s in ((100.0, 200.0), (200.0, 300.0)):
        assert not lifecycle.exchange(begin_s, off, component)
        lifecycle.advance(begin_s, end_s, off)
    assert lifecycle.exchange(300.0, off, component)
    after, _ = lifecycle.advance(300.0, 330.0, ON)
    assert reported(after[1]) == [(300, 320, "recover rolled-back"), (320, 328, "run"), (328, 330, "run committed")]
    assert lifecycle.ranks()[1].tolist() == [2, 8]


def test_a_replica_that_is_back_in_its_grace_has_missed_nothing() -> None:
    lifecycle, off = made(), np.array([False, True, False, False])
    lifecycle.advance(0.0, 100.0, ON)
    cut, _ = lifecycle.advance(100.0, 140.0, off)
    after, _ = lifecycle.advance(140.0, 146.0, ON)
    assert reported(cut[0]) == [(100, 140, "cut for others rolled-back")]
    assert [reported(job) for job in after] == [[(140, 146, "run")]] * 4


LENGTH = 150
histories = st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(0, 8), st.one_of(st.integers(1, 60), st.none())), max_size=8)


def changes_of(history: list[tuple[int, int, int | None]]) -> list[SatelliteChange]:
    """Changes of satellites that are down in one or more of the given intervals."""
    found = []
    for satellite in range(9):
        down = [any(s == satellite and t <= x and (d is None or x < t + d) for t, s, d in history) for x in range(LENGTH)]
        for x in range(LENGTH):
            if down[x] != (x > 0 and down[x - 1]):
                found.append(SatelliteChange(float(x), satellite, 0.0 if down[x] else 1.0))
    return sorted(found, key=lambda c: c.time_s)


def counted(changes: list[SatelliteChange], rules: Replicas) -> list[list[tuple[int, bool]]]:
    """The rules played second by second: of each replica and second its mode, and whether it only waits for others."""
    seats, up, spares = [list(m) for m in MEMBERS], dict.fromkeys(range(9), True), {8}
    noticed, ready = [-math.inf] * 4, [-math.inf] * 4  # when a failure is noticed, when the restart is over
    until, took_part, waits_since = [-math.inf] * 4, [True] * 4, [math.inf] * 4
    seconds: list[list[tuple[int, bool]]] = [[] for _ in MEMBERS]
    for x in range(LENGTH):
        now = [c for c in changes if c.time_s == x]
        touched = set()
        for c in now:
            up[c.satellite] = c.remaining > 0.0
            for g, seat in enumerate(seats):
                if c.satellite in seat:
                    touched.add(g)
                    if c.remaining == 0.0:
                        noticed[g] = x + POLICY.detection_s
        for c in now:
            if not any(c.satellite in seat for seat in seats):
                (spares.add if up[c.satellite] else spares.discard)(c.satellite)
        order = sorted(range(4), key=lambda g: (waits_since[g] if waits_since[g] < x else x, g))
        for g in order:
            for rank, s in enumerate(seats[g]):
                if not up[s] and spares:
                    seats[g][rank] = min(spares)
                    spares.discard(seats[g][rank])
                    touched.add(g)
            missing = any(not up[s] for s in seats[g])
            if missing:
                waits_since[g] = min(waits_since[g], x)
            else:
                waits_since[g] = math.inf
            if g in touched:
                ready[g] = math.inf if missing else max(x, noticed[g]) + POLICY.restart_s
        trains = [ready[g] <= x for g in range(4)]
        for g in range(4):
            if took_part[g] and not trains[g]:
                until[g] = x + rules.grace_s
            if trains[g]:
                until[g] = -math.inf
        took_part = trains
        awaited = [g for g in range(4) if not trains[g] and (until[g] > x or sum(trains) < rules.least)]
        down = any(any(not up[s] for s in seats[g]) for g in awaited)
        for g in range(4):
            own = WAITING if any(not up[s] for s in seats[g]) else RECOVERY
            others = RUN if not awaited else WAITING if down else RECOVERY
            seconds[g].append((others, others != RUN) if trains[g] else (own, False))
    return seconds


cuts = st.lists(st.one_of(st.floats(0.0, float(LENGTH)), st.integers(0, LENGTH).map(float)), max_size=12)


@given(histories, st.integers(0, 50), st.integers(1, 4), cuts)
@example([(2, 0, None), (27, 1, None)], 1, 1, [27.0])  # a replica that is ready when it is lost again has not taken part
@settings(max_examples=150, deadline=None)
def test_against_counted_seconds_in_any_windows(
    history: list[tuple[int, int, int | None]], grace: int, least: int, cuts: list[float]
) -> None:
    """Source of truth: the rules played second by second in this file, with whole seconds everywhere; windows change neither times nor
    the work that counts."""
    rules, changes = RULES._replace(grace_s=float(grace), least=least), changes_of(history)
    books = []
    for edges in ([0.0, float(LENGTH)], sorted({0.0, *cuts, float(LENGTH)})):
        lifecycle = made(rules, spares=(8,))
        jobs: list[list[Segment]] = [[] for _ in MEMBERS]
        for begin_s, end_s in pairwise(edges):
            for have, new in zip(jobs, lifecycle.advance(begin_s, end_s, ON, [c for c in changes if begin_s <= c.time_s < end_s])[0], strict=True):
                have += new
        books.append([account(Work(), segments) for segments in jobs])
        for segments, seconds in zip(jobs, counted(changes, rules), strict=True):
            for s in segments:
                for x in range(math.floor(s.begin_s), math.ceil(s.end_s)):
                    assert (s.mode, s.peer) == seconds[x], x
            assert sum(s.end_s - s.begin_s for s in segments) == pytest.approx(LENGTH, abs=1e-9)
    for whole, cut in zip(*books, strict=True):
        assert (whole.lost_s, whole.committed_s + whole.open_s) == pytest.approx((cut.lost_s, cut.committed_s + cut.open_s), abs=1e-9)
        # of each interruption at most the step in flight is lost
        assert whole.lost_s <= STEP_S * (1 + len(changes))
