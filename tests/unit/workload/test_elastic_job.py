"""Losses of elastic replicas: each satellite on a row of links, step by step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.config.scenario import load
from sim.engine import recovery_policy
from sim.fleet.availability import SatelliteChange
from sim.fleet.elastic import Replicas
from sim.fleet.job_lifecycle import JobLifecycle
from sim.fleet.job_phases import Policy
from sim.schema import CAUSES
from sim.spacecraft.loop import LIMIT_ROWS
from sim.workload.execution_plan import ExecutionPlan
from sim.workload.fabric import Fabric
from sim.workload.job_communication import Collective
from sim.workload.jobs import JobScheduler, Training, TrainingFleet
from sim.workload.kernels import AssumedKernels
from sim.workload.parallelism import Batch, Mesh
from sim.workload.training_step import Islands, Task
from sim.workload.transformer import Model

CHIP = AssumedKernels((("bf16", 1e15),), 0.5, 1e15, 1.0, 1e15, 0.0)
MODEL = Model(2e8, 8, 1024, 16, 16, 64, 4096, 32000)
POLICY = Policy(50.0, 0.0, detection_s=30.0, restart_s=60.0, continuous=True)
STEP_S = 60.0
NO_SATELLITES = np.zeros(0, dtype=np.int64)


class Row:
    """Satellites in a row: link i joins i and i + 1 and back; the first `joined` are connected."""

    def __init__(self, count: int, rate_bit_s: float = 1e18, delay_s: float = 0.0) -> None:
        self.count, self.version, self.joined = count, 0, count
        self.directed_delay_s = np.full(2 * (count - 1), delay_s)
        self.directed_rate_bit_s = np.full(2 * (count - 1), rate_bit_s)
        self.directed_src = np.concatenate((np.arange(count - 1), np.arange(1, count)))
        self.directed_dst = np.concatenate((np.arange(1, count), np.arange(count - 1)))
        self.inputs = [b"row"]

    def join(self, joined: int) -> None:
        self.joined, self.version = joined, self.version + 1

    def routes(self, src: np.ndarray, dst: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        routes = [
            [] if (a < self.joined) != (b < self.joined)
            else list(range(a, b)) if a < b else [link + self.count - 1 for link in range(b, a)][::-1]
            for a, b in zip(src.tolist(), dst.tolist(), strict=True)
        ]  # fmt: skip
        return np.cumsum([0, *map(len, routes)]), np.array([link for route in routes for link in route], dtype=np.int64)

    def components(self) -> np.ndarray:
        return (np.arange(self.count) >= self.joined).astype(np.int64)


def replica(replicas: int, members: int = 1) -> Task:
    """A replica on `members` satellites, with its share of 64 sequences."""
    batch = Batch(1024, 1, 64 // replicas, zero=0)
    return Task(MODEL, Mesh(1, 1, members), batch, 1, 1e15, CHIP, Fabric(1), islands=Islands(replicas, 1, 2.0, 0.0, together=True))


def elastic(
    steps: int, ranks: Sequence[Sequence[int]] = ((0,), (1,), (2,), (3,)), spares: Sequence[int] = (), grace_s: float = 60.0, least: int = 2
) -> tuple[JobScheduler, Training]:
    satellites = 1 + max(*(s for r in ranks for s in r), *spares, 0)
    plan = ExecutionPlan(replica(len(ranks), len(ranks[0])), Collective("ring"), 1.0)
    made = Training(
        plan=plan, ranks=[np.array(r) for r in ranks], leftover=NO_SATELLITES, satellites=satellites, steps=steps, step_s=STEP_S, total_tokens=1e12
    )
    rules = Replicas(tuple(range(len(ranks))), grace_s, least, 15.0)
    lifecycle = JobLifecycle(made.initial_ranks, spares, POLICY, elastic=[rules], satellites=satellites)
    fleet = TrainingFleet([made], lifecycle, np.array(spares, dtype=np.int64), satellites, STEP_S)
    return JobScheduler(satellites, steps, STEP_S, [fleet], [[made]], NO_SATELLITES, NO_SATELLITES), made


def run(scheduler: JobScheduler, row: Row, steps: int, changes: list[SatelliteChange], limit: np.ndarray | None = None) -> np.ndarray:
    """Steps at the given limits; the time that each satellite is up [s]."""
    up_s = np.zeros(row.count)
    edges = {s: [c.time_s for c in changes if c.satellite == s] for s in range(row.count)}
    for k in range(steps):
        begin_s, end_s = k * STEP_S, (k + 1) * STEP_S
        up = np.ones(row.count)
        for s, times in edges.items():
            for down_s, back_s in zip(times[::2], [*times[1::2], np.inf], strict=False):
                up[s] -= max(0.0, min(end_s, back_s) - max(begin_s, down_s)) / STEP_S
        up_s += STEP_S * up
        now = [c for c in changes if begin_s <= c.time_s < end_s]
        scheduler.begin_step(begin_s, end_s, up, row, np.ones(row.count, dtype=np.bool_), now)
        limits = np.ones((LIMIT_ROWS, row.count)) * (1.0 if limit is None else limit)
        scheduler.set_rates(limits)
        scheduler.fill_inputs()
        scheduler.record_losses(k, limits)
    scheduler.end()
    return up_s


def losses(scheduler: JobScheduler, cause: str) -> tuple[np.ndarray, np.ndarray]:
    return scheduler.ledger.own_s[CAUSES.index(cause)], scheduler.ledger.induced_s[CAUSES.index(cause)]


def test_one_replica_of_four_lost_for_an_hour() -> None:
    """By hand: lost at 130 s, 30 s after the last step that counts, back at 3,730 s and ready 60 s later; 5,400 s in all.

    The others lose 60 s of grace as peer stall under `failed`, and the 30 s under `recovery`. The lost one is down for an hour, restarts for
    60 s, and has the same 30 s under `recovery`.
    """
    scheduler, training = elastic(90)
    up_s = run(scheduler, Row(4), 90, [SatelliteChange(130.0, 1, 0.0), SatelliteChange(3730.0, 1, 1.0)])
    useful, (recovery, stalled), failed = losses(scheduler, "useful")[0], losses(scheduler, "recovery"), losses(scheduler, "failed")
    others = [0, 2, 3]
    assert failed[1][others] == pytest.approx(60.0, rel=1e-12)
    assert failed[0].tolist() == [0.0] * 4
    assert failed[1][1] == 0.0
    each = useful[others] / (5400.0 - 60.0 - 30.0)
    assert each == pytest.approx(0.5, rel=0.05)  # the efficiency of the kernels, for model FLOPs by the number of parameters
    assert recovery[others] == pytest.approx(30.0, rel=1e-9)
    assert stalled.tolist() == [0.0] * 4
    ran_s = 100.0 + (5400.0 - 3790.0)
    assert useful[1] == pytest.approx(ran_s * each[0], rel=1e-6)
    assert recovery[1] == pytest.approx(60.0 + 30.0, rel=1e-9)
    assert up_s.tolist() == [5400.0, 1800.0, 5400.0, 5400.0]
    assert (scheduler.ledger.own_s + scheduler.ledger.induced_s).sum(axis=0) == pytest.approx(up_s, rel=1e-12)
    # the batch shrinks: tokens follow the replicas that run, a quarter of the batch for each
    step_s = training.summary()["step_s"]
    assert training.tokens.sum() == pytest.approx((3 * 5310.0 + ran_s) / step_s * 16 * 1024, rel=1e-6)
    assert training.summary()["islands_running"] == pytest.approx((3 * 5340.0 + ran_s + 30.0) / 5400.0, rel=1e-9)


def test_a_spare_takes_over_within_the_grace() -> None:
    """By hand: lost at 130 s, noticed 30 s later, restarted in 60 s. The others stall for 90 s, under `recovery`."""
    scheduler, _ = elastic(10, spares=(4,), grace_s=91.0)
    up_s = run(scheduler, Row(5), 10, [SatelliteChange(130.0, 1, 0.0)])
    assert losses(scheduler, "recovery")[1] == pytest.approx([90.0, 0.0, 90.0, 90.0, 0.0], rel=1e-12)
    assert losses(scheduler, "spare")[0][4] == pytest.approx(130.0)
    assert losses(scheduler, "failed")[1].tolist() == [0.0] * 5
    assert (scheduler.ledger.own_s + scheduler.ledger.induced_s).sum(axis=0) == pytest.approx(up_s, rel=1e-12)


def test_below_the_quorum_the_others_stall() -> None:
    """By hand: without one of four, all four are asked for: three satellites stall from 130 s to the end at 600 s."""
    scheduler, _ = elastic(10, least=4)
    run(scheduler, Row(4), 10, [SatelliteChange(130.0, 1, 0.0)])
    assert losses(scheduler, "failed")[1] == pytest.approx([470.0, 0.0, 470.0, 470.0], rel=1e-12)


def test_a_replica_that_is_cut_off() -> None:
    """By hand: cut off from 120 s to 240 s: its own outage. The others stall for 60 s and go on; it fetches weights in 15 s."""
    scheduler, _ = elastic(6)
    row = Row(4)
    for k in range(6):
        row.join(3 if k in (2, 3) else 4)
        scheduler.begin_step(k * STEP_S, (k + 1) * STEP_S, np.ones(4), row, np.ones(4, dtype=np.bool_), [])
        limits = np.ones((LIMIT_ROWS, 4))
        scheduler.set_rates(limits)
        scheduler.fill_inputs()
        scheduler.record_losses(k, limits)
    scheduler.end()
    own, induced = losses(scheduler, "outage")
    assert own.tolist() == [0.0, 0.0, 0.0, 120.0]
    assert induced.tolist() == [60.0, 60.0, 60.0, 0.0]
    # 20 s are lost: a save was at 100 s
    assert losses(scheduler, "recovery")[0] == pytest.approx([20.0] * 3 + [15.0 + 20.0], rel=1e-9)
    assert (scheduler.ledger.own_s + scheduler.ledger.induced_s).sum(axis=0) == pytest.approx([360.0] * 4, rel=1e-12)


def test_islands_exchange_without_one_that_is_lost() -> None:
    """By definition of islands: a satellite is lost with its links at 60 s, and from the next step on the other three train."""
    task = replica(4)._replace(islands=Islands(4, 100, 1.0, 0.0))
    made = Training(ExecutionPlan(task, Collective("ring"), 1.0), [np.array([g]) for g in range(4)], NO_SATELLITES, 4, 4, STEP_S, 1e12)
    lifecycle = JobLifecycle(made.initial_ranks, [], POLICY._replace(continuous=False))
    scheduler = JobScheduler(4, 4, STEP_S, [TrainingFleet([made], lifecycle, NO_SATELLITES, 4, STEP_S)], [[made]], NO_SATELLITES, NO_SATELLITES)
    row = Row(4)
    for k in range(4):
        row.join(4 if k == 0 else 3)
        changes = [SatelliteChange(60.0, 3, 0.0)] if k == 1 else []
        scheduler.begin_step(k * STEP_S, (k + 1) * STEP_S, np.array([1.0, 1.0, 1.0, float(k == 0)]), row, np.ones(4, dtype=np.bool_), changes)
        limits = np.ones((LIMIT_ROWS, 4))
        scheduler.set_rates(limits)
        scheduler.fill_inputs()
        scheduler.record_losses(k, limits)
    # in the step of the loss its links are gone from the beginning, before the loss is known
    assert made.mode_share[:3, 0, 2:].min() == 1.0


def test_replicas_of_one_satellite_are_a_data_parallel_job() -> None:
    """By definition: with nothing sharded, replicas that exchange gradients are the ranks of a synchronous job, message by message.

    Messages of replicas meet on links as those of jobs do, by max-min fair rates, and not one after the other: 1e-2 of their time.
    """
    row = Row(4, 8e9, 1e-3)
    scheduler, training = elastic(1)
    run(scheduler, row, 1, [])
    whole = Task(MODEL, Mesh(1, 1, 4), Batch(1024, 1, 64, zero=0), 1, 1e15, CHIP, Fabric(1))
    same = Training(ExecutionPlan(whole, Collective("ring", parts=2), 1.0), [np.arange(4)], NO_SATELLITES, 4, 1, STEP_S, 1e12)
    lifecycle = JobLifecycle(same.initial_ranks, [], POLICY._replace(continuous=False))
    other = JobScheduler(4, 1, STEP_S, [TrainingFleet([same], lifecycle, NO_SATELLITES, 4, STEP_S)], [[same]], NO_SATELLITES, NO_SATELLITES)
    run(other, row, 1, [])
    assert training.step_time_s[:, 0] == pytest.approx(same.step_time_s[0, 0], rel=1e-2)
    assert training.tokens.sum() == pytest.approx(same.tokens.sum(), rel=1e-2)
    rows = [made.ledger.own_s + made.ledger.induced_s for made in (scheduler, other)]
    assert rows[0] == pytest.approx(rows[1], rel=1e-2, abs=1e-9)
    assert losses(scheduler, "communication")[0].min() > 1.0


def test_the_slowest_replica_paces_all() -> None:
    """By definition: a satellite at half its rate holds all four; what the others could do is peer stall under its cause."""
    scheduler, training = elastic(2)
    run(scheduler, Row(4), 2, [], limit=np.array([1.0, 1.0, 0.5, 1.0]))
    assert training.rates.tolist() == [[0.5, 0.5]] * 4
    assert losses(scheduler, "failed")[1] == pytest.approx([60.0, 60.0, 0.0, 60.0])


def test_a_copy_takes_its_bytes_over_the_slowest_link() -> None:
    """By hand: 14 bytes for each of 1e9 parameters, half on each of two satellites, over a link of 4 Gbit/s: 14 s."""
    row = Row(4, 8e9)
    row.directed_rate_bit_s[1] = 4e9
    plan = ExecutionPlan(replica(2, 2)._replace(model=MODEL._replace(parameters=1e9)), Collective("ring"), 7.0)
    assert recovery_policy.copy_s(plan, row) == pytest.approx(14.0)
    job = load("suncatcher", ("workloads.0.method=elastic",)).scenario.workloads[0]
    found = recovery_policy.island_policy(job, plan, None, row)
    assert found == Policy(7.0, 0.0, 0.0, pytest.approx(14.0), True, 0.0, job.validation.harmful)


histories = st.lists(
    st.tuples(st.floats(0.0, 590.0), st.integers(0, 8), st.floats(1.0, 300.0)), max_size=6, unique_by=lambda event: event[1]
)


@given(histories, st.floats(0.0, 200.0), st.integers(1, 4), st.lists(st.integers(7, 9), min_size=10, max_size=10))
@example([(0.0, 0, 60.0), (120.0, 1, 2.0), (120.0, 8, 1.0)], 0.0, 1, [7] * 10)  # cut off, down, back and a member again in one step
@settings(max_examples=60, deadline=None)
def test_the_ledger_closes(history: list[tuple[float, int, float]], grace_s: float, least: int, joined: list[int]) -> None:
    """Invariant: every second that a member or spare is up has one cause, for any failures and disconnections."""
    scheduler, training = elastic(10, ((0, 1), (2, 3), (4, 5), (6, 7)), (8,), grace_s, least)
    changes = sorted((SatelliteChange(t, s, left) for t0, s, d in history for t, left in ((t0, 0.0), (t0 + d, 1.0))), key=lambda c: c.time_s)
    row = Row(9)
    routes = iter(joined)
    begin_step = scheduler.begin_step

    def begin(*args: object) -> None:
        row.join(next(routes))
        begin_step(*args)  # type: ignore[arg-type]

    scheduler.begin_step = begin  # type: ignore[method-assign,assignment]
    up_s = run(scheduler, row, 10, changes)
    assert (scheduler.ledger.own_s + scheduler.ledger.induced_s).sum(axis=0) == pytest.approx(up_s, rel=1e-9, abs=1e-9)
    assert training.mode_share.sum(axis=1) == pytest.approx(np.ones((4, 10)), abs=1e-9)
