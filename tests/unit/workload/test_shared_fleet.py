"""Training workloads that share a fleet: members, spares and links, on a row of satellites whose rates are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.fleet.availability import SatelliteChange
from sim.fleet.job_lifecycle import JobLifecycle
from sim.fleet.job_phases import Policy, Standing
from sim.schema import CAUSES
from sim.spacecraft.loop import LIMIT_ROWS
from sim.workload.execution_plan import ExecutionPlan
from sim.workload.fabric import Fabric
from sim.workload.job_communication import Collective, JobCommunication
from sim.workload.jobs import JobScheduler, Ledger, Training, TrainingFleet
from sim.workload.kernels import AssumedKernels
from sim.workload.parallelism import Batch, Mesh
from sim.workload.training_step import Task, step_constants
from sim.workload.transformer import Model
from tests.support.row import DELAY_S, RATE_BIT_S, Row

CHIP = AssumedKernels((("bf16", 1e15),), 0.5, 1e15, 1.0, 1e15, 0.0)
MODEL = Model(1e9, 8, 1024, 16, 16, 64, 4096, 32000)
POLICY = Policy(checkpoint_interval_s=600.0, checkpoint_s=10.0, detection_s=30.0, restart_s=60.0)
STEP_S = 60.0


def task(members: int) -> Task:
    return Task(MODEL, Mesh(1, 1, members), Batch(1024, 1, 64, zero=0), 1, 1e15, CHIP, Fabric(1))


def training(satellites: int, ranks: list[list[int]], steps: int) -> Training:
    plan = ExecutionPlan(task(len(ranks[0])), Collective("ring"), 1.0)
    return Training(
        plan=plan, ranks=[np.array(r) for r in ranks], leftover=np.zeros(0, dtype=np.int64), satellites=satellites, steps=steps,
        step_s=STEP_S, total_tokens=1e12,
    )  # fmt: skip


def shared(
    satellites: int, workloads: list[list[list[int]]], priorities: list[int], spares: list[int], steps: int
) -> tuple[JobScheduler, list[Training]]:
    trainings = [training(satellites, ranks, steps) for ranks in workloads]
    standings = [Standing(n, p) for n, (p, t) in enumerate(zip(priorities, trainings, strict=True)) for _ in range(t.jobs)]
    lifecycle = JobLifecycle(
        [r for t in trainings for r in t.initial_ranks], spares, [POLICY] * len(standings), standings=standings, satellites=satellites
    )
    fleet = TrainingFleet(trainings, lifecycle, np.array(spares, dtype=np.int64), satellites, STEP_S)
    no_satellites = np.zeros(0, dtype=np.int64)
    return JobScheduler(satellites, steps, STEP_S, [fleet], [[t] for t in trainings], no_satellites, no_satellites), trainings


def run(scheduler: JobScheduler, row: Row, steps: int, changes: list[SatelliteChange]) -> np.ndarray:
    """Steps at full power, and the time that each satellite is up [s]."""
    up_s = np.zeros(row.count)
    down_since: dict[int, float] = {}
    for k in range(steps):
        begin_s, end_s = k * STEP_S, (k + 1) * STEP_S
        now = [c for c in changes if begin_s <= c.time_s < end_s]
        down_s = np.zeros(row.count)
        for c in now:
            if c.remaining == 0.0:
                down_since[c.satellite] = c.time_s
            else:
                down_s[c.satellite] += c.time_s - max(begin_s, down_since.pop(c.satellite))
        for satellite, since_s in down_since.items():
            down_s[satellite] += end_s - max(begin_s, since_s)
        up = 1.0 - down_s / STEP_S
        up_s += up * STEP_S
        scheduler.begin_step(begin_s, end_s, up, row, np.ones(row.count, dtype=np.bool_), now)
        limits = np.ones((LIMIT_ROWS, row.count))
        scheduler.set_rates(limits)
        scheduler.fill_inputs()
        scheduler.record_losses(k, limits)
    scheduler.end()
    return up_s


CHANGES = [
    SatelliteChange(90.0, 0, 0.0), SatelliteChange(130.0, 1, 0.0), SatelliteChange(400.0, 2, 0.0), SatelliteChange(700.0, 0, 1.0),
    SatelliteChange(1000.0, 1, 1.0), SatelliteChange(1100.0, 6, 0.0),
]  # fmt: skip


def test_the_ledger_closes_for_every_satellite_and_in_total() -> None:
    """Invariant: what a satellite is up is in exactly one row at a time: members of both workloads, spares, members that were taken."""
    scheduler, trainings = shared(10, [[[0, 1, 2, 3]], [[4, 5], [6, 7]]], [1, 0], [8], 30)
    up_s = run(scheduler, Row(10), 30, CHANGES)
    ledger = scheduler.ledger
    assert (ledger.own_s + ledger.induced_s).sum(axis=0)[:9] == pytest.approx(up_s[:9], rel=1e-12)
    assert (ledger.step_own_s + ledger.step_induced_s).sum() == pytest.approx(up_s[:9].sum(), rel=1e-12)
    assert ledger.induced_s[CAUSES.index("failed"), 4:8].sum() > 0.0  # jobs of the second workload waited
    for each in trainings:
        assert each.mode_share.sum(axis=1) == pytest.approx(np.ones((each.jobs, 30)), abs=1e-12)


def test_the_ledger_closes_for_every_workload_and_job() -> None:
    """Invariant: what a job enters is the time of the members that it has. The times of its segments are those of a second lifecycle of
    the same changes, advanced in one window."""
    scheduler, trainings = shared(10, [[[0, 1, 2, 3]], [[4, 5], [6, 7]]], [1, 0], [8], 30)
    books = [Ledger(10, 30) for _ in trainings]
    for each, book in zip(trainings, books, strict=True):
        original = each.record_losses

        def record(k: int, limits: np.ndarray, _: Ledger, original: object = original, book: Ledger = book) -> None:
            original(k, limits, book)  # type: ignore[operator]

        each.record_losses = record  # type: ignore[method-assign]
        each.end = (lambda _, wrong, end=each.end, book=book: end(book, wrong))  # type: ignore[method-assign,misc]
    run(scheduler, Row(10), 30, CHANGES)
    standings = [Standing(0, 1), Standing(1, 0), Standing(1, 0)]
    again = JobLifecycle([[0, 1, 2, 3], [4, 5], [6, 7]], [8], [POLICY] * 3, standings=standings)
    jobs, _ = again.advance(0.0, 30 * STEP_S, np.zeros(3, dtype=np.bool_), CHANGES)
    member_s = [sum((s.end_s - s.begin_s) * (s.members.size - s.lost.size) for s in segments) for segments in jobs]
    entered = [float((book.own_s + book.induced_s).sum()) for book in books]
    assert entered == pytest.approx([member_s[0], member_s[1] + member_s[2]], rel=1e-12)
    assert member_s[0] > 0.9 * 4 * 30 * STEP_S - 4 * 600.0


def test_a_job_of_lower_priority_elsewhere_changes_nothing() -> None:
    """By definition: satellites 6 to 9 share neither members nor links with 0 to 3; results agree to the bit, failures included."""
    alone, (first,) = shared(10, [[[0, 1, 2, 3]]], [1], [4], 30)
    run(alone, Row(10), 30, CHANGES[:1])
    both, (same, _) = shared(10, [[[0, 1, 2, 3]], [[6, 7, 8, 9]]], [1, 0], [4], 30)
    run(both, Row(10), 30, CHANGES[:1])
    for name in ("mode_share", "rates", "step_time_s", "exposed", "tokens"):
        assert np.array_equal(getattr(first, name), getattr(same, name), equal_nan=True), name
    assert np.array_equal(alone.ledger.own_s[:, :5], both.ledger.own_s[:, :5])


def test_an_unused_satellite_changes_nothing() -> None:
    """By definition: a satellite at the end of the row that no job has relays nothing."""
    small, (first,) = shared(8, [[[0, 1, 2, 3]]], [0], [4], 10)
    run(small, Row(8), 10, CHANGES[:1])
    large, (same,) = shared(9, [[[0, 1, 2, 3]]], [0], [4], 10)
    run(large, Row(9), 10, CHANGES[:1])
    assert np.array_equal(first.step_time_s, same.step_time_s, equal_nan=True)
    assert np.array_equal(small.ledger.own_s[:, :8], large.ledger.own_s[:, :8])


def test_workloads_that_share_links_slow_each_other() -> None:
    """Bounds: with a job across the links of another, an all-reduce takes longer than alone, and no longer than with half of every
    rate, the max-min fair share of two."""
    def gradients_s(workloads: list[list[list[int]]], rate_bit_s: float = RATE_BIT_S) -> list[float]:
        scheduler, trainings = shared(8, workloads, [0] * len(workloads), [], 1)
        run(scheduler, Row(8, rate_bit_s), 1, [])
        return [float(t.costs.gradients_s[0]) for t in trainings]

    first, second = [[0, 2, 4, 6]], [[1, 3, 5, 7]]
    alone, half = gradients_s([first])[0], gradients_s([first], 0.5 * RATE_BIT_S)[0]
    both = gradients_s([first, second])
    assert alone * 1.01 < both[0] <= half * (1.0 + 1e-9)
    assert both[0] == pytest.approx(both[1], rel=1e-6)  # by symmetry


def test_link_demand_by_hand() -> None:
    """By hand: a ring of 0, 1, 2 in a row sends 2 x 2 messages of V/3 over each link up, and as many back; V = 2 bytes of 1e9 parameters,
    an all-reduce each second."""
    communication = JobCommunication(task(3), Collective("ring"), 4)
    communication.costs([np.arange(3)], Row(4))
    zero, one = np.zeros(1), np.ones(1)
    asked = communication.link_demand_bit_s((zero, one, zero), 6)
    assert asked == pytest.approx(8.0 * 4 * 2e9 / 3 * np.array([1, 1, 0, 1, 1, 0]))


def test_background_takes_its_share_of_a_link() -> None:
    """Closed form: users who ask for a quarter of every link leave three quarters: bytes over 0.75 of the rate, delays as before."""
    communication = JobCommunication(task(2), Collective("ring"), 3)
    ranks, row = [np.arange(2)], Row(3)
    alone = float(communication.costs(ranks, row).gradients_s[0])
    quarter = np.full(4, 0.25 * RATE_BIT_S)
    bytes_s = 2 * 0.5 * 8.0 * 2e9 / RATE_BIT_S
    assert alone == pytest.approx(bytes_s + 2 * DELAY_S)
    assert float(communication.costs(ranks, row, quarter).gradients_s[0]) == pytest.approx(bytes_s / 0.75 + 2 * DELAY_S)
    elsewhere = np.array([0.0, RATE_BIT_S, 0.0, RATE_BIT_S])  # between 1 and 2 only
    assert float(communication.costs(ranks, row, elsewhere).gradients_s[0]) == alone


@pytest.mark.parametrize("rate_bit_s", [1e8, 1e9, 8e9, 1e11, 1e13])
def test_twice_the_rate_of_every_link_never_lengthens_a_step(rate_bit_s: float) -> None:
    """By physics: two workloads across each other's links, each rate and twice of it."""
    steps_s = []
    for rate in (rate_bit_s, 2.0 * rate_bit_s):
        scheduler, trainings = shared(8, [[[0, 2, 4, 6]], [[1, 3, 5, 7]]], [0, 0], [], 1)
        run(scheduler, Row(8, rate), 1, [])
        steps_s.append([float(t.step_time_s[0, 0]) for t in trainings])
    assert all(twice <= once * (1.0 + 1e-12) for once, twice in zip(*steps_s, strict=True))
    assert all(math.isfinite(s) and s >= step_constants(task(4)).arithmetic_s for s in steps_s[1])
