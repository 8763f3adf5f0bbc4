"""The clock of synchronous jobs against another one that counts seconds, and against closed forms."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.fleet.availability import AvailabilityChange, Kind, SatelliteChange, Target, satellite_changes
from sim.fleet.failures import RandomFailures
from sim.fleet.job_lifecycle import JobLifecycle
from sim.fleet.job_phases import (
    CHECKPOINT,
    OUTAGE,
    RECOVERY,
    RUN,
    WAITING,
    Policy,
    Segment,
    Work,
    account,
)
from sim.fleet.reliability import all_slots_availability
from sim.verify import fleet
from sim.verify.case import row

LENGTH = 120
JOBS, SPARES = [[0, 1], [2], [3, 4, 5]], [6, 7]
SATELLITES = 9  # the last one is neither member nor spare

policies = st.builds(
    lambda *t: Policy(*(float(x) for x in t)),
    st.one_of(st.integers(1, 30), st.just(math.inf)), st.integers(0, 5), st.integers(0, 6), st.integers(0, 8),
)  # fmt: skip
histories = st.lists(
    st.tuples(st.integers(0, LENGTH - 1), st.integers(0, SATELLITES - 1), st.one_of(st.integers(0, 40), st.just(None))), max_size=12
).map(
    lambda failures: satellite_changes(
        (
            AvailabilityChange(float(time), Target(Kind.SATELLITE, s, s), left, "scenario")
            for t, s, away in failures
            for time, left in ([(t, 0.0)] + ([] if away is None else [(t + away, 1.0)]))
        ),
        SATELLITES,
    )
)  # fmt: skip
cuts = st.lists(st.tuples(st.integers(1, 20), st.lists(st.booleans(), min_size=3, max_size=3)), max_size=12)


class Counter:
    """One job, second by second: what is left of its phase, counted down."""

    def __init__(self, ranks: list[int], policy: Policy) -> None:
        self.ranks, self.policy = list(ranks), policy
        self.phase, self.left = RUN, policy.checkpoint_interval_s
        self.waits_since = math.inf
        self.done = self.lost = self.open = 0.0

    def end_phases(self) -> None:
        while self.phase != WAITING and self.left == 0:
            if self.phase == RUN:
                self.phase, self.left = CHECKPOINT, self.policy.checkpoint_s
                continue
            if self.phase == CHECKPOINT:
                self.done, self.open = self.done + self.open, 0.0
            self.phase, self.left = RUN, self.policy.checkpoint_interval_s


def count(
    policy: Policy, changes: list[SatelliteChange], cut: np.ndarray
) -> tuple[list[list[tuple[object, ...]]], list[tuple[float, ...]], np.ndarray]:
    """The rules played second by second: for each job and second mode, ranks and who is missing; its work; spare seconds."""
    jobs = [Counter(ranks, policy) for ranks in JOBS]
    ours = {s for ranks in JOBS for s in ranks} | set(SPARES)
    up = dict.fromkeys(range(SATELLITES), True)
    failed = dict.fromkeys(range(len(jobs)), -math.inf)
    reported: list[list[tuple[object, ...]]] = [[] for _ in jobs]
    spare_s = np.zeros(SATELLITES)
    for second in range(LENGTH):
        for job in jobs:
            job.end_phases()
        now = [c for c in changes if c.time_s == second]
        for change in now:
            up[change.satellite] = change.remaining > 0.0
        seated = {s for job in jobs for s in job.ranks}
        free = sorted(s for s in ours - seated if up[s])
        for g, job in enumerate(jobs):
            if any(c.remaining == 0.0 and c.satellite in job.ranks for c in now):
                job.lost, job.open = job.lost + job.open, 0.0
                failed[g] = second
                job.waits_since = min(job.waits_since, second)
                job.phase = WAITING
        for g in sorted(range(len(jobs)), key=lambda g: (jobs[g].waits_since, g)):
            job = jobs[g]
            if job.phase != WAITING:
                continue
            for rank, satellite in enumerate(job.ranks):
                if not up[satellite] and free:
                    job.ranks[rank] = free.pop(0)
            if all(up[s] for s in job.ranks):
                job.waits_since = math.inf
                job.phase = RECOVERY
                job.left = max(0.0, failed[g] + policy.detection_s - second) + policy.restart_s
        for s in free:
            spare_s[s] += 1.0
        for g, job in enumerate(jobs):
            job.end_phases()
            stands = cut[second, g] and job.phase in (RUN, CHECKPOINT)
            mode = OUTAGE if stands else job.phase
            missing = [s for s in job.ranks if not up[s]]
            reported[g].append((mode, tuple(job.ranks), tuple(missing)))
            if not stands:
                job.left -= 1
                job.open += job.phase == RUN
    for job in jobs:
        job.end_phases()
    return reported, [(job.done, job.lost, job.open) for job in jobs], spare_s


def play(
    policy: Policy, changes: list[SatelliteChange], edges: list[float], cut: np.ndarray
) -> tuple[list[list[Segment]], np.ndarray]:
    """The clock itself over windows with these edges; each is cut as its first second is."""
    lifecycle = JobLifecycle(JOBS, SPARES, policy, satellites=SATELLITES)
    found: list[list[Segment]] = [[] for _ in JOBS]
    spare_s = np.zeros(SATELLITES)
    for begin_s, end_s in pairwise(edges):
        mine = [c for c in changes if begin_s <= c.time_s < end_s]
        window, stood_s = lifecycle.advance(begin_s, end_s, cut[min(int(begin_s), LENGTH - 1)], mine)
        for have, new in zip(found, window, strict=True):
            assert not new or (new[0].begin_s == begin_s and new[-1].end_s == end_s)
            have += new
        spare_s += stood_s
    return found, spare_s


def merged(segments: list[Segment]) -> list[tuple[object, ...]]:
    """Neighbours of one mode, scheduler and missing are one, unless something happened between them."""
    found: list[list[object]] = []
    for s in segments:
        what = [s.mode, s.members.tolist(), s.lost.tolist()]
        if found and found[-1][2:5] == what and not (s.commit or s.rollback):
            found[-1][1] = s.end_s
        else:
            found.append([s.begin_s, s.end_s, *what, s.commit, s.rollback])
    return [tuple(part) for part in found]


def _cut(parts: list[tuple[int, list[bool]]]) -> tuple[list[float], np.ndarray]:
    """Windows of these lengths with these cuts, the rest of the time uncut: edges, and the cut of each second."""
    cut = np.zeros((LENGTH, len(JOBS)), dtype=np.bool_)
    edges = [0]
    for length, jobs in parts:
        end = min(edges[-1] + length, LENGTH)
        if end > edges[-1]:
            cut[edges[-1] : end] = jobs
            edges.append(end)
    if edges[-1] < LENGTH:
        edges.append(LENGTH)
    return [float(e) for e in edges], cut


@given(policies, histories, cuts)
@settings(max_examples=250, deadline=None)
def test_against_counted_seconds(policy: Policy, changes: list[SatelliteChange], parts: list[tuple[int, list[bool]]]) -> None:
    """Source of truth: the rules played second by second in this file, with whole seconds everywhere: equal to the bit."""
    edges, cut = _cut(parts)
    found, spare_s = play(policy, changes, edges, cut)
    reported, work, counted_spare_s = count(policy, changes, cut)
    for g, segments in enumerate(found):
        seconds = [
            (s.mode, tuple(s.members.tolist()), tuple(s.lost.tolist()))
            for s in segments
            for _ in range(int(s.end_s - s.begin_s))
        ]
        assert seconds == reported[g]
        books = account(Work(), segments)
        # a commit in the very last instant stands on the segment after it, which is not here
        assert (books.lost_s, books.committed_s + books.open_s) == (work[g][1], work[g][0] + work[g][2])
    np.testing.assert_array_equal(spare_s, counted_spare_s)


@given(policies, histories, st.lists(st.floats(0.0, float(LENGTH)), max_size=30))
@settings(max_examples=150, deadline=None)
def test_windows_do_not_matter(policy: Policy, changes: list[SatelliteChange], edges: list[float]) -> None:
    """Source of truth: one long window; other cuts of time give the same history to the bit, the spares' seconds to 1e-9."""
    uncut = np.zeros((LENGTH, len(JOBS)), dtype=np.bool_)
    whole, whole_spare_s = play(policy, changes, [0.0, float(LENGTH)], uncut)
    virtual_stages, spare_s = play(policy, changes, sorted({0.0, *edges, float(LENGTH)}), uncut)
    assert [merged(s) for s in virtual_stages] == [merged(s) for s in whole]
    np.testing.assert_allclose(spare_s, whole_spare_s, atol=1e-9)


def _drawn(seed: int, duration_s: float) -> list[SatelliteChange]:
    return satellite_changes(RandomFailures(seed, 0, SATELLITES, 4e4, 7.3e3).until(duration_s), SATELLITES)


@pytest.mark.parametrize("seed", range(5))
def test_a_day_in_minutes(seed: int) -> None:
    """Source of truth: one long window: ten days of failures and repairs in windows of 60 s, the same history to the bit."""
    policy = Policy(1234.5, 61.7, 33.3, 250.1)
    changes = _drawn(seed, 864000.0)
    lifecycle = [JobLifecycle(JOBS, SPARES, policy, satellites=SATELLITES) for _ in range(2)]
    uncut = np.zeros(len(JOBS), dtype=np.bool_)
    whole, whole_spare_s = lifecycle[0].advance(0.0, 864000.0, uncut, changes)
    virtual_stages: list[list[Segment]] = [[] for _ in JOBS]
    spare_s = np.zeros(SATELLITES)
    for k in range(14400):
        mine = [c for c in changes if 60.0 * k < c.time_s <= 60.0 * (k + 1)]
        window, stood_s = lifecycle[1].advance(60.0 * k, 60.0 * (k + 1), uncut, mine)
        spare_s += stood_s
        for have, new in zip(virtual_stages, window, strict=True):
            have += new
    assert [merged(s) for s in virtual_stages] == [merged(s) for s in whole]
    assert {s.mode for job in whole for s in job} == {RUN, CHECKPOINT, RECOVERY, WAITING}
    np.testing.assert_allclose(spare_s, whole_spare_s, atol=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_everybody_is_somewhere(seed: int) -> None:
    """Source of truth: the list of changes: every satellite holds one rank, stands by, or is down, at every moment, and never
    two of them; a job waits for those of its members that are down and runs with none. 1e-6 s of ten days."""
    duration_s = 864000.0
    changes = _drawn(seed, duration_s)
    jobs, spare_s = JobLifecycle(JOBS, SPARES, Policy(3000.0, 60.0, 30.0, 300.0), satellites=SATELLITES).advance(
        0.0, duration_s, np.zeros(len(JOBS), dtype=np.bool_), changes
    )
    down = [
        [c.time_s for c in changes if c.satellite == s] + [duration_s] * (sum(c.satellite == s for c in changes) % 2)
        for s in range(SATELLITES)
    ]
    for satellite in range(SATELLITES - 1):
        holds = sorted(
            (s.begin_s, s.end_s, s.mode, satellite in s.lost) for job in jobs for s in job if satellite in s.members
        )
        assert all(a[1] <= b[0] for a, b in pairwise(holds))
        outages = list(zip(down[satellite][::2], down[satellite][1::2], strict=True))
        elsewhere_s = 0.0  # down without a rank
        for begin_s, end_s in outages:
            elsewhere_s += end_s - begin_s
            for a, b, mode, lost in holds:
                shared_s = min(b, end_s) - max(a, begin_s)
                assert shared_s <= 0.0 or (mode == WAITING and lost)
                elsewhere_s -= max(0.0, shared_s)
        held_s = math.fsum(b - a for a, b, _, _ in holds)
        assert held_s + spare_s[satellite] + elsewhere_s == pytest.approx(duration_s, abs=1e-6)
        for a, b, _, lost in holds:
            assert not lost or any(begin_s <= a and b <= end_s for begin_s, end_s in outages)


@pytest.mark.parametrize("seed", range(5))
def test_rolled_back_work_is_run_work(seed: int) -> None:
    """Source of truth: definition: committed, lost and open work make up the time run (1e-6 s of ten days); what is committed
    is whole intervals."""
    policy = Policy(1000.0, 60.0, 30.0, 300.0)
    changes = satellite_changes(RandomFailures(seed, 1, SATELLITES, 3e4, 3e3).until(864000.0), SATELLITES)
    uncut = np.zeros(len(JOBS), dtype=np.bool_)
    jobs, _ = JobLifecycle(JOBS, SPARES, policy).advance(0.0, 864000.0, uncut, changes)
    for segments in jobs:
        work = account(Work(), segments)
        run_s = math.fsum(s.end_s - s.begin_s for s in segments if s.mode == RUN)
        assert sum(work) == pytest.approx(run_s, abs=1e-6)
        assert min(work.committed_s, work.lost_s) > 0.0
        assert work.committed_s == pytest.approx(1000.0 * sum(s.commit for s in segments), abs=1e-6)
        half = len(segments) // 2
        assert account(account(Work(), segments[:half]), segments[half:]) == work


# --- verify --------------------------------------------------------------------------------------------------------------


def test_verify_fleet() -> None:
    """Every case holds, under a name of its own; spares added to the mean survival, which gives 1, would be far off."""
    rows = [row(case) for case in fleet.cases(None)]
    assert [r for r in rows if not r["ok"]] == []
    assert len({r["name"] for r in rows}) == len(rows) >= 20
    assert all(r["ours"] < 0.999 for r in rows if "6 spares" in r["name"])


def test_scatter_of_the_cases() -> None:
    """Source of truth: the replicas' own scatter; the limits rest on closed forms for it. Four standard errors of a standard
    deviation, sd / sqrt(2 n) for a nearly normal sample; the share served is cut off at 1, which only narrows it."""
    times_s = [fleet.commit_time_s(r) for r in range(200)]
    expected_s = fleet._commit_sd_s() * math.sqrt(fleet.COMMITS)
    assert abs(np.std(times_s, ddof=1) / expected_s - 1.0) < 4.0 / math.sqrt(2 * 200)
    shares = [fleet.served_share(r) for r in range(1000)]
    assert abs(np.std(shares, ddof=1) / fleet._served_sd() - 1.0) < 4.0 / math.sqrt(2 * 1000)


def test_the_cases_are_sharp() -> None:
    """The clock's limit is below 1 % of its value (a save of 60 s is 5 % of it); that of the time served is less than half of
    what one spare more or less would make."""
    clock, served = fleet._lifecycle()
    assert clock.limit < 0.01 * clock.ours()
    one_less = all_slots_availability(fleet.SLOTS, fleet.SPARES - 1, fleet.YEARLY, 1.0)
    assert served.limit < 0.5 * (served.ours() - one_less)
