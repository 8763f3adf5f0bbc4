"""Copies of checkpoints in replicas: which of them survive a failure, by hand, and their cost against a Markov chain in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.fleet.replicas.fleet import (
    Change,
    CommonCause,
    Copy,
    Fleet,
    Island,
    Kind,
    Plane,
    Process,
    Remedy,
    Supply,
    arrays,
    replicas,
)
from sim.fleet.replicas.tables import JobColumn, Keeper, Scope, Unit

TIMES = slice(JobColumn.USEFUL, JobColumn.INTERRUPTIONS)  # of members
YEAR_S = 365.25 * 86400.0
RING = Copy(Keeper.SATELLITE, reload_s=20.0, holders=[1, 2, 3, 0, -1, -1])  # the next of the same plane keeps the copy
ACROSS = Copy(Keeper.SATELLITE, reload_s=25.0, holders=[4, 5, 4, 5, 0, 1])
GROUND = Copy(Keeper.GROUND, reload_s=100.0, lag_s=60.0)
ISLAND = Island(4, 0, 4, [0.0] * 4 + [1.0], 90.0, 10.0, 30.0, memory_s=5.0)
BACK = [Change(400.0, 0, 3, lost=False)]


def job(copies: list[Copy], lost: tuple[int, ...], at_s: float = 250.0) -> tuple[list[float], list[int]]:
    """Work kept, saving, recovery and waiting of a member, and reloads, of four members of one plane that run for 1,000 s, and two more satellites.

    Some satellites are lost, and all are replaced at 400 s.
    """
    fleet = Fleet(
        [0.0, 500.0, 1000.0], [Plane(4), Plane(2)], islands=[ISLAND._replace(copies=copies)], changes=[*(Change(at_s, s, s) for s in lost), *BACK]
    )
    (one,) = replicas(fleet, 1, [0])
    assert one.jobs[:, 0, TIMES].sum(axis=1) == pytest.approx(4 * np.diff(fleet.edges_s))
    assert one.jobs[:, 0, TIMES].min() >= 0.0
    kept, saving, recovery, _, waiting = (one.jobs[:, 0, TIMES].sum(axis=0) / 4.0).tolist()
    return [kept, saving, recovery, waiting], one.reloads.tolist()


def after(begin_s: float) -> tuple[float, float]:
    """Work and saving from a time to the end at 1,000 s."""
    span_s = 1000.0 - begin_s
    whole, rest = divmod(span_s, 100.0)
    work_s = 90.0 * whole + min(rest, 90.0)
    return work_s, span_s - work_s


@pytest.mark.parametrize(
    ("copies", "lost", "at_s", "from_s", "reload_s", "which"),
    [
        ([RING], (1,), 250.0, 200.0, 20.0, 1),  # its neighbour has the share of the lost one, all others their own
        ([RING], (1, 3), 250.0, 200.0, 20.0, 1),
        ([RING], (1, 2), 250.0, 0.0, 0.0, 2),  # the neighbour is lost with it: back to the start
        ([RING], (0, 1, 2, 3), 250.0, 0.0, 0.0, 2),  # the plane
        ([RING, ACROSS], (0, 1, 2, 3), 250.0, 200.0, 25.0, 2),
        ([RING._replace(every=2)], (1,), 150.0, 0.0, 20.0, 1),  # only each second checkpoint is copied, and stays in the other memories
        ([RING._replace(every=2)], (1, 2), 350.0, 0.0, 0.0, 2),
        ([RING._replace(every=2)], (1, 3), 390.0, 200.0, 20.0, 1),
        ([RING, ACROSS._replace(every=2)], (1, 2), 250.0, 200.0, 25.0, 2),
        ([RING, ACROSS._replace(every=2)], (1, 2), 150.0, 0.0, 25.0, 2),  # the state at the start is kept there too
        ([RING, GROUND], (1, 2), 280.0, 200.0, 100.0, 3),
        ([RING, GROUND], (1, 2), 250.0, 100.0, 100.0, 2),  # the copy of 200 s is still on its way
        ([RING, GROUND], (1,), 250.0, 200.0, 20.0, 1),
        ([GROUND._replace(every=2)], (1,), 290.0, 200.0, 100.0, 2),
        ([GROUND._replace(every=2)], (1,), 190.0, 0.0, 100.0, 1),  # and on the ground
    ],
)  # fmt: skip
def test_the_newest_copy_that_survives(copies: list[Copy], lost: tuple[int, ...], at_s: float, from_s: float, reload_s: float, which: int) -> None:
    """Source of truth: by hand: checkpoints of 10 s after every 90 s of work; losses of satellites, which are replaced at 400 s."""
    found, reloads = job(copies, lost, at_s)
    again_s = 400.0 + 30.0 + reload_s
    kept_s = 0.9 * from_s
    assert found == pytest.approx([kept_s + after(again_s)[0], 0.1 * from_s + after(again_s)[1], at_s - from_s + 30.0 + reload_s, 400.0 - at_s])
    assert [n for n, count in enumerate(reloads) if count] == [which]


@pytest.mark.parametrize(("unit", "lasts_s", "reload_s"), [(Unit.HOST, 0.0, 5.0), (Unit.ACCELERATOR, 1e-3, 5.0), (Unit.HOST, 1e-3, 20.0)])
def test_what_a_memory_survives(unit: Unit, lasts_s: float, reload_s: float) -> None:
    """Source of truth: by hand: the own memory survives a restart and the loss of an accelerator, and not that of its host."""
    kind = Kind({Unit.ACCELERATOR: 1, Unit.HOST: 1}, left={Unit.HOST: [1.0, 0.0]})
    reset = CommonCause("reset", Scope.SLOTS, unit, 1.0, at_s=250.0, return_s=lasts_s, first=1, last=1)
    fleet = Fleet([0.0, 1000.0], [Plane(4), Plane(2)], kinds=[kind], islands=[ISLAND._replace(copies=[RING])], causes=[reset])
    (one,) = replicas(fleet, 1, [0])
    kept = one.jobs[0, 0, JobColumn.USEFUL] / 4.0
    assert kept == pytest.approx(180.0 + after(280.0 + reload_s)[0], abs=0.01)
    assert one.jobs[0, 0, JobColumn.RECOVERY] / 4.0 == pytest.approx(50.0 + 30.0 + reload_s, abs=0.01)


def test_a_neighbour_that_is_gone_is_passed_over() -> None:
    """Source of truth: by hand: a job of two goes on without satellite 2; then satellite 3 keeps the copy of satellite 1, whose loss costs 50 s."""
    island = Island(2, 0, 2, [0.0] * 2 + [1.0], 90.0, 10.0, 30.0, copies=[RING], memory_s=5.0)
    changes = [Change(50.0, 2, 2), Change(250.0, 1, 1), Change(300.0, 1, 1, lost=False)]
    (one,) = replicas(Fleet([0.0, 1000.0], [Plane(4), Plane(2)], islands=[island], changes=changes), 1, [0])
    assert one.jobs[0, 0, JobColumn.RECOVERY] / 2.0 == pytest.approx(50.0 + 30.0 + 20.0)
    # a satellite that comes after the checkpoint does not have the copy of the one that is lost just before it
    changes = [Change(250.0, 2, 2), Change(260.0, 2, 2, lost=False), Change(270.0, 1, 1), Change(300.0, 1, 1, lost=False)]
    (one,) = replicas(Fleet([0.0, 1000.0], [Plane(4), Plane(2)], islands=[island], changes=changes), 1, [0])
    assert one.jobs[0, 0, JobColumn.RECOVERY] / 2.0 == pytest.approx(270.0 + 30.0)


def wall_per_work(interval_s: float, save_s: float, recovery_s: float, every: int, soft_s: float, hard_s: float) -> float:
    """Expected wall time over work with two kinds of failures, at rates of 1/s, after which the last, or the last of every `every` checkpoints is read.

    A Markov chain over attempts at a cycle, and at a recovery before it, by the checkpoints made in the present period, and by how many of them have not
    been lost; a period ends with the last of them, which is copied. Failures during a recovery begin it again.
    """
    rate, states = soft_s + hard_s, [(made, kept) for made in range(every) for kept in range(made + 1)]
    number, count = {state: n for n, state in enumerate(states)}, len(states)
    chain, gains = np.eye(2 * count), np.zeros((2 * count, 2))  # of each state the expected time, and work that is kept at the end of the period
    for state, n in number.items():
        made, kept = state
        for row, lasts_s in ((n, interval_s + save_s), (count + n, recovery_s)):
            done = math.exp(-rate * lasts_s)
            gains[row, 0] = (1.0 - done) / rate
            chain[row, count + n] -= (1.0 - done) * soft_s / rate
            chain[row, count + number[made, 0]] -= (1.0 - done) * hard_s / rate
            if row >= count:
                chain[row, n] -= done
            elif made + 1 < every:
                chain[row, number[made + 1, kept + 1]] -= done
            else:
                gains[row, 1] = done * (kept + 1) * interval_s
    time_s, work_s = np.linalg.solve(chain, gains)[0]
    return float(time_s / work_s)


@pytest.mark.parametrize(("every", "soft_h", "hard_h"), [(1, 4.0, 4.0), (6, 2.0, 20.0), (12, 3.0, 6.0)])
def test_two_kinds_of_failures(every: int, soft_h: float, hard_h: float) -> None:
    """Source of truth: the Markov chain of `wall_per_work`, mean times between failures of the job in hours; within 3 standard errors."""
    kind = Kind({Unit.HOST: 1}, left={Unit.HOST: [1.0, 0.0]})
    both = [
        Process("soft", Unit.HOST, 4 * soft_h * 3600.0, remedies=(Remedy(1.0, 0.0),)),
        Process("hard", Unit.SATELLITE, 4 * hard_h * 3600.0, remedies=(Remedy(1.0, 1e-6),)),
    ]
    island = Island(4, 0, 4, [0.0] * 4 + [1.0], 600.0, 30.0, 300.0, copies=[GROUND._replace(every=every, reload_s=0.0, lag_s=0.0)])
    fleet = Fleet([0.0, 0.5 * YEAR_S], [Plane(4), Plane(2)], kinds=[kind], processes=both, islands=[island])
    shares = np.array([one.jobs[0, 0, JobColumn.USEFUL] / (4 * 0.5 * YEAR_S) for one in replicas(fleet, 1, range(100))])
    expected = 1.0 / wall_per_work(600.0, 30.0, 300.0, every, 1.0 / (3600.0 * soft_h), 1.0 / (3600.0 * hard_h))
    assert abs(shares.mean() - expected) < 3.0 * shares.std(ddof=1) / 10.0
    assert shares.std(ddof=1) / 10.0 < 0.01 * expected
    # with one checkpoint for all it is the closed form for one kind of failure [daly2006]
    mean_s = 3600.0 / (1.0 / soft_h + 1.0 / hard_h)
    alone = mean_s * math.exp(300.0 / mean_s) * math.expm1(630.0 / mean_s) / 600.0
    assert wall_per_work(600.0, 30.0, 300.0, 1, 1.0 / (3600.0 * soft_h), 1.0 / (3600.0 * hard_h)) == pytest.approx(alone)


def test_a_neighbour_is_lost_in_the_recovery() -> None:
    """Source of truth: by hand: a satellite is lost at 250 s; its share comes back from its neighbour by 300 s, unless that is lost at 270 s."""
    for lost, again_s in ((3, 270.0 - 200.0), (2, 270.0)):
        changes = [Change(250.0, 1, 1), Change(250.0, 1, 1, lost=False), Change(270.0, lost, lost), Change(270.0, lost, lost, lost=False)]
        fleet = Fleet([0.0, 1000.0], [Plane(4), Plane(2)], islands=[ISLAND._replace(copies=[RING])], changes=changes)
        (one,) = replicas(fleet, 1, [0])
        reload_s = 20.0 if lost == 3 else 0.0
        assert one.jobs[0, 0, JobColumn.RECOVERY] / 4.0 == pytest.approx(again_s + 30.0 + reload_s)


def test_time_has_one_cause_over_many_bins() -> None:
    """Invariant: work that is done again is taken from the time at which it was done, and never from more than there was."""
    losses = [Process("loss", Unit.SATELLITE, 0.1 * YEAR_S, remedies=(Remedy(0.5, 3600.0), Remedy(1.0, 20 * 86400.0)))]
    plane = CommonCause("plane", Scope.PLANE, Unit.SATELLITE, 1.0, rate_s=2.0 / YEAR_S, return_s=86400.0)
    island = Island(4, 0, 5, [0.0, 0.0, 0.0, 0.7, 1.0], 3600.0, 60.0, 300.0, copies=[RING, GROUND._replace(every=24, lag_s=7200.0)], patience_s=900.0)
    fleet = Fleet(np.linspace(0.0, YEAR_S, 41).tolist(), [Plane(4), Plane(2)], processes=losses, causes=[plane], islands=[island])
    reloads = np.zeros(5, dtype=np.int64)
    for one in replicas(fleet, 3, range(20)):
        assert one.jobs[:, 0, TIMES].sum(axis=1) == pytest.approx(4 * np.diff(fleet.edges_s), rel=1e-9)
        assert one.jobs[:, 0, TIMES].min() >= -1e-3  # member-seconds of rounding
        reloads += one.reloads
    assert reloads[1] > 100
    assert reloads[2:4].sum() > 20  # ground
    assert reloads[4] == 0


def test_work_is_done_again_at_the_pace_it_was_done_at() -> None:
    """Invariant: what is rolled back to a copy is taken from the generation whose pace it was done at, never more than there was."""
    losses = [Process("loss", Unit.SATELLITE, 0.2 * YEAR_S, remedies=(Remedy(0.5, 3600.0),))]
    island = Island(4, 0, 5, [0.0, 0.0, 0.0, 0.7, 1.0], 3600.0, 60.0, 300.0, copies=[RING, GROUND._replace(every=24, lag_s=7200.0)], patience_s=900.0)
    kinds = [Kind(life_s=0.3 * YEAR_S), Kind(life_s=0.3 * YEAR_S, from_s=0.4 * YEAR_S, rate=2.0)]
    fleet = Fleet(
        np.linspace(0.0, YEAR_S, 41).tolist(), [Plane(4), Plane(2)], kinds, processes=losses, islands=[island],
        supply=Supply(parallel=6, replace_s=5 * 86400.0),
    )  # fmt: skip
    at_new = 0.0
    for one in replicas(fleet, 5, range(20)):
        times = one.by_type[:, 0, :, TIMES]
        assert times.sum(axis=(1, 2)) == pytest.approx(4 * np.diff(fleet.edges_s), rel=1e-9)
        assert times.min() >= -1e-3  # member-seconds of rounding
        at_new += one.by_type[:, 0, 1, JobColumn.USEFUL].sum() / (20 * 4 * YEAR_S)
    assert at_new > 0.1


def test_copies_that_make_no_sense() -> None:
    """Source of truth: what a plan needs."""
    fleet = Fleet([0.0, 1.0], [Plane(4)], islands=[ISLAND._replace(copies=[RING])])
    with pytest.raises(ValueError, match="the holder of each slot"):
        arrays(fleet)
    with pytest.raises(ValueError, match="another satellite or on the ground"):
        arrays(fleet._replace(islands=[ISLAND._replace(copies=[Copy(Keeper.START)])]))
