"""Calls to the compiled functions of jobs and links with fixed inputs; part of twin_cases.py."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from orbit.access import Windows
from sim.network import topology
from sim.network.contacts import contacts_of
from sim.workload import image_queues, inference_step, message_times, operation_times, step_times, training_step
from sim.workload.collective_schedule import Phase
from sim.workload.data_transfer import DataTransfer, Rules
from sim.workload.fabric import Fabric
from sim.workload.inference_step import Rates
from sim.workload.jobs import run_losses
from sim.workload.jobs.ledger import ROW, Ledger
from sim.workload.kernels import AssumedKernels
from sim.workload.parallelism import Batch, Mesh
from sim.workload.service import Service
from sim.workload.training_step import Islands, Task
from sim.workload.transformer import Model

MODEL = Model(1e9, 8, 1024, 16, 16, 64, 4096, 32000)
ISLANDS = Islands(2, 10, 1.0, 1.0)
CHIP = AssumedKernels((("bf16", 1e15),), 0.5, 1e12, 0.8, 1e11, 1e-6)
TASK = Task(MODEL, Mesh(1, 4, 2), Batch(64, 2, 1024, recomputed=1.0), 1, 1e15, CHIP, Fabric(1), 0.4, 0.02, islands=ISLANDS)
SERVICE = Service(MODEL, CHIP, Fabric(1), "bf16", 1, 1, 8, 1000, 100, 1e15, 80e9, 0.9, "bf16", "bf16")


def calls() -> Iterator[tuple[str, object]]:
    """Name and result of each call."""
    rng, constants = np.random.default_rng(23), training_step.step_constants(TASK)
    rate, stage_s, reduction_s = rng.uniform(0.1, 1.0, 20), rng.uniform(0.0, 1e-2, 20), rng.uniform(0.0, 5.0, 20)
    rate[0] = 0.0
    delay_s, outer_s = rng.uniform(0.0, 1e-2, 20), rng.uniform(0.0, 50.0, 20)
    exposed, parts = np.empty(20), np.empty((7, 20))
    step_times.exposed_times(rate, delay_s, stage_s, reduction_s, constants, exposed)
    step_times.step_times(rate, delay_s, stage_s, reduction_s, outer_s, constants, parts)
    assert np.isinf(parts[:, 0]).sum() == 2
    for name in ("exposed_times", "exposed_at"):
        yield name, exposed
    for name in ("step_times", "step_at"):
        yield name, parts[:, 1:]
    points = np.empty((len(Rates._fields), 19))
    inference_step.operating_points(rate[1:], inference_step.rate_table(SERVICE), points)
    duty, again = np.zeros(20), np.empty((len(Rates._fields), 19))
    inference_step.points_and_duty(np.arange(1, 20), rate, inference_step.rate_table(SERVICE), 0.3, again, duty)
    assert np.array_equal(points, again)
    for name in ("operating_points", "point_at"):
        yield name, points
    yield "points_and_duty", duty
    # four messages over four links, and one without a route
    start, links = np.array([0, 2, 3, 3, 4, 5]), np.array([0, 1, 1, 2, 3])
    delay_s, rate_bit_s = rng.uniform(1e-3, 1e-2, 4), rng.uniform(1e9, 1e11, 4)
    wait_s, busy_s = np.empty(5), np.empty(5)
    message_times.route_times(start, links, rng.uniform(1e6, 1e9, 5), rate_bit_s[links], delay_s, wait_s, busy_s)
    assert np.isinf(wait_s).tolist() == [False, False, True, False, False]
    yield "route_times", np.concatenate((wait_s, busy_s))[np.isfinite(np.concatenate((wait_s, busy_s)))]
    wait_s[2] = busy_s[2] = 0.0
    for name in ("advance_rings", "advance_messages"):
        ready_s, who = np.zeros(5), np.array([3, 0, 4, 1, 2])
        if name == "advance_rings":
            message_times.advance_rings(8, 5, who, wait_s, busy_s, ready_s)
        else:
            message_times.advance_messages(3, who, who[::-1].copy(), wait_s, busy_s, ready_s)
        yield name, ready_s
    r_m, healthy = rng.normal(0.0, 7e6, (3, 8)), np.array([True] * 7 + [False])
    a, b = np.arange(7), np.arange(1, 8)
    usable, length_m = topology.usable_links(r_m, a, b, healthy, 2e7, -6.3e6)
    assert 0 < usable.sum() < 7, length_m
    for name in ("_usable", "_lengths", "_length"):
        yield name, length_m * usable if name == "_usable" else topology.lengths_m(r_m, a, b)
    for name in ("_grazings", "_grazing"):
        yield name, topology.grazing_altitude_m(r_m[:, a], r_m[:, b])
    slowest, member = np.empty(3), np.empty(3, dtype=np.int64)
    run_losses.slowest_members(np.arange(6), np.array([0, 1, 0, 1, 0, 0]), rate[:6], slowest, member)
    yield "slowest_members", np.concatenate((slowest, member))
    ledger = Ledger(6, 1, rng.uniform(0.5, 1.0, 6))
    own = run_losses.OwnTimes(stage_s[6:12] + stage_s[:6], stage_s[:6], reduction_s[:6], outer_s[:6])
    shares, zero_s = np.empty((9, 2)), np.zeros(2)
    step_times.step_shares(np.array([0.5, 0.3]), zero_s, zero_s, zero_s, zero_s, constants, 0.3, shares)
    assert np.array_equal(shares[7], [step_times.step_at(x, 0.0, 0.0, 0.0, 0.0, constants)[6] for x in (0.5, 0.3)])
    yield "step_shares", shares
    jobs = run_losses.JobSteps(np.array([0.5, 0.3]), shares, np.array([ROW["power"], ROW["thermal"]]), 0.1)
    who, others = np.array([1, 2, 4]), np.array([0, 3])
    spans = [run_losses.Interval(*i) for i in ((0, False, 40.0, who), (0, True, 20.0, who), (1, False, 60.0, others))]
    spent = run_losses.record_intervals(ledger, 0, spans, rate[:6], jobs, own, constants)
    for interval, (members_s, in_step_s) in zip(spans, spent, strict=True):
        ledger.own_parts(np.arange(members_s.shape[0]), interval.present, members_s, np.array([0]), in_step_s[None, :])
    for name in ("_add", "_add_intervals", "_add_parts"):
        yield name, np.concatenate((ledger.own_s.ravel(), ledger.induced_s.ravel(), ledger.step_own_s[:, 0], ledger.step_induced_s[:, 0]))
    yield from operation_calls(rng)


def operation_calls(rng: np.random.Generator) -> Iterator[tuple[str, object]]:
    """Two operations of two jobs: one of messages, and one of rings in two parts that change to other links together."""
    src, dst, job = np.arange(6), np.array([1, 2, 0, 4, 5, 3]), np.array([0, 0, 0, 1, 1, 1])
    start, links = np.array([0, 1, 2, 3, 4, 4, 5]), np.array([0, 1, 2, 3, 4])  # one without a route
    once, ring, back = Phase(1, 0, src, dst, np.ones(6)), Phase(4, 3, src, dst, np.ones(6)), Phase(2, 3, src, dst, np.ones(6))

    def flows(phase: Phase) -> operation_times.Flows:
        return operation_times.Flows(phase, job, None, start, links, rng.uniform(1e6, 1e9, 5), np.zeros(6, dtype=np.bool_))

    found = operation_times.messages([[[flows(once)]], [[flows(ring), flows(ring)], [flows(back), flows(back)]], []])
    job_s, own_s, cut_off = np.zeros((3, 4, 2)), np.zeros((3, 2, 7)), np.zeros(2, dtype=np.bool_)
    owner = np.array([0, 0, 0, 1, 1, 1, -1])
    assert operation_times.durations(found, owner, rng.uniform(1e-3, 1e-2, 5), rng.uniform(1e9, 1e11, 5), job_s, own_s, cut_off)
    assert cut_off.tolist() == [False, True]
    assert (job_s[1, 0] > job_s[1, 1]).all()
    assert (job_s[1, 1] > 0.0).all()
    for name in ("durations", "_route", "_wait_for_all"):
        yield name, np.concatenate((job_s.ravel(), own_s.ravel()))
    yield from transfers()


def transfers() -> Iterator[tuple[str, object]]:
    """Images of five satellites over two stations: captured, processed, lost, sent, cut off."""
    rng = np.random.default_rng(31)
    station, satellite = np.repeat(np.arange(2), 20), np.tile(np.arange(5), 8)
    rise_s = np.repeat(np.arange(4), 5)[np.r_[0:20, 0:20]] * 900.0 + rng.uniform(0.0, 500.0, 40)
    set_s, cut = rise_s + rng.uniform(50.0, 400.0, 40), np.zeros(40, dtype=np.bool_)
    contacts = contacts_of(Windows(station, satellite, rise_s, set_s, rise_s, set_s, cut, cut), np.arange(5), 2)
    for n, policy in enumerate(("backlog", "first", "longest")):
        rules = Rules(10_000_000, 1000, 400_000_000, 0.1, 1e6, 1e5, 2e6, 5.0, 1, n < 2, 0.7, n == 1, n != 1, policy, n == 2)
        found, one = DataTransfer(rules, contacts, 5, 2, 3600.0), np.ones(5)
        for k in range(60):
            found.advance(60.0 * k, 60.0 * k + 60.0, one, 0.08 * one, (60.0 * k * one, (60.0 * k + 45.0) * one), np.array([True, k != 20]))
        parts = (found.count.ravel(), np.cumsum(found.delays, axis=1)[:, ::50].ravel(), found.did.ravel(), found.did_s.ravel())
        yield "advance_transfer", np.concatenate([part.astype(np.float64) for part in parts])
        yield "follow", np.minimum(found.value[:, : image_queues.F_RATE], 1e9)
