"""Silent errors in the clock of jobs, rule by rule, against timelines written by hand; all moments are exact in binary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sim.fleet.availability import (
    AvailabilityChange,
    Kind,
    ListedChanges,
    SatelliteChange,
    SilentError,
    Target,
    Timeline,
)
from sim.fleet.elastic import Replicas
from sim.fleet.job_lifecycle import JobLifecycle
from sim.fleet.job_phases import RUN, Policy, Segment, Work, account

POLICY = Policy(checkpoint_interval_s=100.0, checkpoint_s=10.0, detection_s=5.0, restart_s=20.0, validation_s=200.0, harmful=0.5)


def silent(time_s: float, satellite: int, fate: float = 0.0) -> SatelliteChange:
    return SatelliteChange(time_s, satellite, 1.0, SilentError(3, fate))


def reboot(time_s: float, satellite: int) -> list[SatelliteChange]:
    return [SatelliteChange(time_s, satellite, 0.0), SatelliteChange(time_s, satellite, 1.0)]


def one(changes: Sequence[SatelliteChange], end_s: float, policy: Policy = POLICY) -> tuple[list[Segment], JobLifecycle]:
    """A job of satellites 0, 1 and 2 in one window."""
    jobs = JobLifecycle([[0, 1, 2]], [], policy)
    (segments,), _ = jobs.advance(0.0, end_s, np.zeros(1, dtype=np.bool_), changes)
    return segments, jobs


def reported(segments: Sequence[Segment]) -> list[tuple[float, float, int, str]]:
    """Times, mode, and what happened at the beginning."""
    names = ("commit", "validates", "spoiled", "rollback")
    return [(s.begin_s, s.end_s, s.mode, " ".join(n for n in names if getattr(s, n)) + " redone" * s.redone) for s in segments]


def test_a_validation_is_a_save_that_is_due() -> None:
    """By hand: saves end at 110, 220, 330, 440, 550 s; the second and the fourth come 200 s or more after the last validation."""
    segments, jobs = one([], 500.0)
    assert [(s.begin_s, s.validates) for s in segments if s.commit] == [(110, False), (220, True), (330, False), (440, True)]
    assert account(Work(), segments) == Work(400.0, 0.0, 60.0, 0.0)
    assert not jobs.wrong.any()


def test_an_error_is_found_by_the_next_validation() -> None:
    """By hand: the error of 250 s is in the save of 330 s, and found at 440 s: work since 220 s is lost, the job restarts in 20 s from what
    was right then, and waits for no detection."""
    segments, jobs = one([silent(250.0, 1)], 700.0)
    assert reported(segments) == [
        (0, 100, 0, ""), (100, 110, 1, ""), (110, 210, 0, "commit"), (210, 220, 1, ""), (220, 320, 0, "commit validates"), (320, 330, 1, ""),
        (330, 430, 0, "commit"), (430, 440, 1, ""), (440, 460, 2, "spoiled"), (460, 560, 0, ""), (560, 570, 1, ""), (570, 670, 0, "commit"),
        (670, 680, 1, ""), (680, 700, 0, "commit validates"),
    ]  # fmt: skip
    assert account(Work(), segments) == Work(400.0, 200.0, 20.0, 0.0)
    assert not jobs.wrong.any()


def test_only_harmful_errors_count() -> None:
    """By definition: a fate below the harmful share, of a member that computes."""
    assert reported(one([silent(250.0, 1, 0.5), silent(250.0, 7)], 700.0)[0]) == reported(one([], 700.0)[0])
    assert one([silent(250.0, 1, 0.49)], 300.0)[1].wrong.tolist() == [True]


def test_a_failure_forgets_what_was_not_saved() -> None:
    """By hand: an error at 250 s, a failure at 260 s: the job is back at the save of 220 s, which is right. A failure at 350 s finds a save
    of 330 s that is wrong: the job goes on wrongly until the validation of 485 s, 100 s of work and a save after the restart at 375 s."""
    segments, jobs = one([silent(250.0, 1), *reboot(260.0, 2)], 700.0)
    assert not any(s.spoiled for s in segments)
    assert not jobs.wrong.any()
    segments, jobs = one([silent(250.0, 1), *reboot(350.0, 2)], 600.0)
    assert [s.begin_s for s in segments if s.spoiled] == [485.0]
    lost = account(Work(), segments)
    assert lost == Work(200.0, 100.0 + 20.0 + 100.0, 95.0, 0.0)


def test_what_was_found_is_gone() -> None:
    """By hand: found at 440 s, when the save of 330 s was wrong already; a failure at 500 s goes back to the save of 220 s, which is right:
    restarted at 525 s, saved at 635 and 745 s, where the second is validated."""
    segments, jobs = one([silent(250.0, 1), *reboot(500.0, 2)], 800.0)
    assert [s.begin_s for s in segments if s.spoiled] == [440.0]
    assert [s.begin_s for s in segments if s.validates] == [220.0, 745.0]
    assert account(Work(), segments) == Work(400.0, 200.0 + 40.0, 55.0, 0.0)
    assert not jobs.wrong.any()


def test_errors_while_nothing_is_computed() -> None:
    """By hand: the job recovers from 250 to 275 s; what it will load is what it has saved."""
    segments, jobs = one([*reboot(250.0, 2), silent(260.0, 1)], 700.0)
    assert not any(s.spoiled for s in segments)
    assert not jobs.wrong.any()


def test_without_validation_nothing_is_noticed() -> None:
    plain = POLICY._replace(validation_s=0.0, harmful=0.0)
    assert reported(one([silent(250.0, 1)], 700.0, plain)[0]) == reported(one([], 700.0, plain)[0])


@pytest.mark.parametrize("copies", [2, 3])
def test_copies(copies: int) -> None:
    """By definition: two copies that differ cost a training step, at the moment of the error; three outvote one. No validation is needed."""
    policy = POLICY._replace(validation_s=0.0, harmful=1.0, copies=copies)
    segments, jobs = one([silent(150.0, 1), silent(150.0, 2, 0.9), silent(215.0, 0)], 300.0, policy)
    assert [(s.begin_s, s.redone) for s in segments if s.redone] == ([(150.0, 2)] if copies == 2 else [])
    assert not jobs.wrong.any()
    assert all(s.validates for s in segments if s.commit)


def test_windows_leave_no_trace() -> None:
    """By definition: the same in windows of 7 s as in one."""
    changes = [silent(250.0, 1), *reboot(350.0, 2), silent(500.0, 0)]
    whole, _ = one(changes, 700.0)
    jobs = JobLifecycle([[0, 1, 2]], [], POLICY)
    parts: list[Segment] = []
    for begin in range(0, 700, 7):
        mine = [c for c in changes if begin <= c.time_s < begin + 7]
        parts += jobs.advance(float(begin), float(begin + 7), np.zeros(1, dtype=np.bool_), mine)[0][0]
    assert account(Work(), parts) == account(Work(), whole)
    assert [s.begin_s for s in parts if s.spoiled] == [s.begin_s for s in whole if s.spoiled]


def test_islands_find_it_before_they_exchange() -> None:
    """By hand: an island saves without delay every 100 s, and each save is validated: an error at 250 s costs what was done since 200 s,
    and a restart from the weights of another island. That one goes on."""
    policy = Policy(100.0, 0.0, 5.0, 20.0, harmful=1.0)
    jobs = JobLifecycle([[0], [1]], [], policy)
    (struck, other), _ = jobs.advance(0.0, 450.0, np.zeros(2, dtype=np.bool_), [silent(250.0, 0)])
    assert account(Work(), struck) == Work(300.0, 100.0, 30.0, 0.0)
    assert [(s.begin_s, s.end_s) for s in struck if s.spoiled] == [(300.0, 320.0)]
    assert account(Work(), other) == Work(400.0, 0.0, 50.0, 0.0)


def test_replicas_share_the_error() -> None:
    """By hand: steps of 8 s; the one from 48 to 56 s in which an error strikes is taken again by all replicas, without a restart."""
    policy = Policy(8.0, 0.0, 5.0, 20.0, continuous=True, harmful=1.0)
    jobs = JobLifecycle([[0], [1]], [], policy, elastic=[Replicas((0, 1), 0.0, 1, 0.0)])
    both, _ = jobs.advance(0.0, 100.0, np.zeros(2, dtype=np.bool_), [silent(50.0, 0)])
    for segments in both:
        assert account(Work(), segments) == Work(96.0 - 8.0, 8.0, 4.0, 0.0)
        assert all(s.mode == RUN for s in segments)


def test_the_door() -> None:
    """By definition: a silent error takes nothing from availability; it is handed on where the satellite is up, and listed."""
    one_ = Target(Kind.SATELLITE, 1, 1, "satellite 1")
    results = [Target(Kind.RESULTS, n, n, f"satellite {n}") for n in range(2)]
    changes = [
        AvailabilityChange(5.0, one_, 0.0, "scenario"),
        *(AvailabilityChange(6.0, target, 1.0, "radiation", SilentError(2, 0.25)) for target in results),
    ]
    plan = Timeline([ListedChanges(changes)], 0, 2, 10.0)
    step = plan.step(0)
    assert step.changes == [SatelliteChange(5.0, 1, 0.0), SatelliteChange(6.0, 0, 1.0, SilentError(2, 0.25))]
    assert (step.up.tolist(), step.rate_cap.tolist(), step.up_end.tolist()) == ([1.0, 0.5], [1.0, 1.0], [1.0, 0.0])
    assert [(c.target.name, c.cause) for c in plan.occurred] == [("satellite 1", "scenario"), ("satellite 0", "radiation")]
