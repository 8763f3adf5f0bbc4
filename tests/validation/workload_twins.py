"""Calls to the compiled functions of jobs and links with fixed inputs; part of twin_cases.py."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.network import topology
from sim.workload import inference_step, message_times, step_times, training_step
from sim.workload.fabric import Fabric
from sim.workload.inference_step import Rates
from sim.workload.jobs import run_losses
from sim.workload.jobs.ledger import Ledger
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
    yield "max_min_rates", message_times.max_min_rates(start, links, rate_bit_s, np.array([1e10, 5e9, 1e9, 2e8, 1e12]))
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
    shares = run_losses.RunShares(0.5, 4.0, 0.4, 0.1, 0.1, 0.05, 0.25, 0.1, 0.5, 0.1)
    own = run_losses.OwnTimes(stage_s[6:12], stage_s[:6], reduction_s[:6], outer_s[:6])
    run_losses.record_run(ledger, 0, np.array([1, 2, 4]), 60.0, rate[:6], "power", shares, own, constants)
    yield "_add", np.concatenate((ledger.own_s.ravel(), ledger.induced_s.ravel(), ledger.step_own_s[:, 0], ledger.step_induced_s[:, 0]))
