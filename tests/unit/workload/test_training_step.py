"""Time of a synchronous training step and what it is spent on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from sim.workload.parallelism import Batch, Mesh
from sim.workload.training_step import (
    Task,
    boundary_bytes,
    bubble_factor,
    compute_s,
    decompose,
    expected_maximum,
    exposed_s,
    members,
    mfu,
    reduced_bytes,
)
from sim.workload.transformer import Model

LLAMA_70B = Model(70553706496, 80, 8192, 64, 8, 128, 28672, 128256)
FREE = Task(
    LLAMA_70B, Mesh(8, 1, 8), Batch(4096, 1, 512, "none"), 8, 989e12, 0.5, 1.0, 0.0, float("inf"), 0.0
)  # links inside cost nothing
FLOPS = 512 * 4096 * (6 * 70553706496 + 6 * 80 * 8192 * 4096)  # of a step, by hand
COMPUTE_S = FLOPS / (64 * 989e12 * 0.5)


def _task(**changes: Any) -> Task:
    return FREE._replace(**changes)


def test_nothing_but_arithmetic() -> None:
    """Closed form: instant links, one stage, no recomputation, no jitter: the step is its FLOPs over peak x efficiency."""
    step = decompose(FREE, 1.0, 0.0, 0.0)
    assert step.total_s == pytest.approx(COMPUTE_S, rel=1e-12)
    assert step.compute_s == step.total_s
    assert [float(x) for x in step[1:5]] == [0.0, 0.0, 0.0, 0.0]
    assert mfu(FREE, float(step.total_s)) == pytest.approx(0.5, rel=1e-12)


def test_clock_rate_scales_arithmetic_only() -> None:
    """By hand: at half the clock twice the arithmetic; 30 s of gradients hide behind 2/3 of it: 30 - 2/3 COMPUTE_S."""
    rates = np.array([1.0, 0.5])
    assert compute_s(FREE, rates) == pytest.approx([COMPUTE_S, 2 * COMPUTE_S])
    seconds = 1.5 * COMPUTE_S
    step = decompose(FREE, rates, 0.0, seconds)
    assert step.communication_s == pytest.approx([seconds - COMPUTE_S * 2 / 3, seconds - COMPUTE_S * 4 / 3])


def test_rate_zero() -> None:
    """At a rate of 0 the step does not end, nothing else is spent, and no number is undefined, whatever the links do."""
    for links_s in (0.0, 3.0, math.inf):
        step = decompose(_task(jitter=0.01, mesh=Mesh(8, 2, 8)), np.array([0.0, 1.0]), links_s, links_s)
        assert [float(x[0]) for x in step] == [math.inf, 0.0, 0.0, 0.0, 0.0, math.inf]
        assert not any(np.isnan(x).any() for x in step)


def test_no_neighbour() -> None:
    """A stage boundary without a route, with and without overlap: inf, not undefined."""
    for overlap in (0.0, 1.0):
        step = decompose(_task(mesh=Mesh(8, 2, 8), overlap=overlap), 1.0, math.inf, math.inf)
        assert step.communication_s == math.inf
        assert step.total_s == math.inf


def test_no_route() -> None:
    """Links that never deliver: the loss is communication, the rest stays finite."""
    step = decompose(FREE, 1.0, 0.0, math.inf)
    assert step.communication_s == math.inf
    assert step.total_s == math.inf
    assert math.isfinite(float(step.compute_s + step.recompute_s + step.bubble_s + step.straggler_s))


@pytest.mark.parametrize("micro_batches", range(1, 100))
def test_one_stage_has_no_bubble(micro_batches: int) -> None:
    """Not even one of rounding: 49 x (1/49) is below 1."""
    assert bubble_factor(_task(batch=Batch(4096, 1, 8 * micro_batches))) == 0.0


@pytest.mark.parametrize("interleave", [1, 2, 5])
def test_bubble(interleave: int) -> None:
    """Source of truth: narayanan2021, section 2.2: (p - 1)/(v m) of the arithmetic, that done twice included."""
    task = _task(mesh=Mesh(8, 8, 16), batch=Batch(4096, 2, 512, "full", True, interleave))
    step = decompose(task, 1.0, 0.0, 0.0)
    assert step.recompute_s == pytest.approx(step.compute_s / 3)
    assert step.bubble_s == pytest.approx((step.compute_s + step.recompute_s) * 7 / (interleave * 16), rel=1e-12)


def test_what_does_not_divide_waits() -> None:
    """By hand: 80 layers on 12 stages, 7 in the largest; 512 sequences on 9 replicas, 57 for the busiest.

    The step lasts 57 + 11 micro-batches of 7 layers each, in which 512/9 of 80/12 would have been the mean.
    """
    task = _task(mesh=Mesh(8, 12, 9), accelerators=96)
    expected = (57 + 11) * 7 / (512 / 9 * 80 / 12) - 1
    assert bubble_factor(task) == pytest.approx(expected, rel=1e-12)
    # more replicas than sequences: half of them idle
    assert bubble_factor(_task(mesh=Mesh(8, 1, 1024))) == pytest.approx(1.0)


def test_tensor_reductions() -> None:
    """Closed form: 4 ring all-reduces a layer of 2,048 x 2 x 8,192 x 2 B over 8 ranks, for each of 16 micro-batches."""
    task = _task(batch=Batch(2048, 2, 256, "none"), fabric_byte_s=400e9, fabric_latency_s=2e-6)
    one = 2 * 7 * (2e-6 + 2048 * 2 * 8192 * 2 / 8 / 400e9)
    assert decompose(task, 1.0, 0.0, 0.0).communication_s == pytest.approx(16 * 80 * 4 * one, rel=1e-12)


def test_gradients_inside_a_satellite() -> None:
    """Closed form: 4 replicas a satellite: a ring of 4 with 2 N/16 bytes, before the all-reduce of 2 N outside."""
    task = _task(
        mesh=Mesh(2, 8, 32), accelerators=64, overlap=0.0, fabric_byte_s=400e9, fabric_latency_s=0.0,
        model=LLAMA_70B._replace(hidden=0),
    )  # fmt: skip
    inside = 2 * 3 / 4 * (2 * 70553706496 / 16) / 400e9
    assert decompose(task, 1.0, 0.0, 5.0).communication_s == pytest.approx(5.0 + inside, rel=1e-12)
    assert reduced_bytes(task) == 2 * 70553706496
    assert members(task) == 8
    assert reduced_bytes(_task(mesh=Mesh(8, 16, 4))) == 2 * 70553706496 / 16


def test_pipeline_between_satellites() -> None:
    """By hand: 16 stages on 16 satellites, 32 micro-batches: a transfer shorter than a micro-batch's arithmetic costs
    only the 2 x 15 that fill and drain; a longer one its excess, 32 times, beside them."""
    task = _task(mesh=Mesh(8, 16, 16))
    each = float(compute_s(task, 1.0)) / 32
    assert exposed_s(task, 1.0, 0.5 * each, 0.0) == pytest.approx(30 * 0.5 * each, rel=1e-9)
    assert exposed_s(task, 1.0, 1.5 * each, 0.0) == pytest.approx(32 * 0.5 * each + 30 * 1.5 * each, rel=1e-9)
    # gradients hide behind 2/3 of a backward pass that stalls: 2/3 x 48 micro-batches
    late = exposed_s(task, 1.0, 1.5 * each, 33 * each) - exposed_s(task, 1.0, 1.5 * each, 0.0)
    assert late == pytest.approx(each, rel=1e-9)
    assert boundary_bytes(task) == 4096 * 8192 * 2
    # whole replicas in a satellite: no stage boundary between satellites, whatever a transfer would cost
    assert exposed_s(_task(mesh=Mesh(8, 8, 8), accelerators=64), 1.0, 9.0, 0.0) == 0.0


def test_straggler() -> None:
    """Closed form: 2 members, the larger of two normals is 1/sqrt(pi) above the mean."""
    task = _task(mesh=Mesh(8, 1, 2), jitter=0.03)
    step = decompose(task, 1.0, 0.0, 0.0)
    assert step.straggler_s == pytest.approx(0.03 / math.sqrt(math.pi) * step.compute_s, rel=1e-9)
    assert step.total_s == pytest.approx(step.compute_s + step.straggler_s, rel=1e-12)
    assert decompose(_task(mesh=Mesh(8, 1, 1), jitter=0.03), 1.0, 0.0, 0.0).straggler_s == 0.0


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, 0.0), (2, 1 / math.sqrt(math.pi)), (3, 1.5 / math.sqrt(math.pi)), (10, 1.53875), (100, 2.50759)],
)
def test_expected_maximum(count: int, expected: float) -> None:
    """Source of truth: closed forms for 2 and 3, tables of normal order statistics to five decimals."""
    assert expected_maximum(count) == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize("count", [2, 81, 10_000, 1_000_000])
def test_expected_maximum_by_another_integral(count: int) -> None:
    """Source of truth: E = int_0^inf 1 - F^n - int_-inf^0 F^n, adaptive quadrature of scipy."""
    above, _ = quad(lambda x: -np.expm1(count * norm.logcdf(x)), 0.0, 12.0, epsabs=1e-11, limit=200)
    below, _ = quad(lambda x: norm.cdf(x) ** count, -12.0, 0.0, epsabs=1e-11)
    assert expected_maximum(count) == pytest.approx(above - below, abs=1e-8)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([Mesh(8, 1, 8), Mesh(8, 4, 16), Mesh(4, 32, 3), Mesh(2, 2, 32)]),
    st.sampled_from(["none", "selective", "full"]),
    st.floats(0.01, 1.0),
    st.floats(0.0, 20.0),
    st.floats(0.0, 20.0),
    st.integers(1, 3),
)
def test_parts_add_up_and_waiting_is_never_negative(
    mesh: Mesh, recompute: str, rate: float, pp_s: float, dp_s: float, interleave: int
) -> None:
    """Properties: the parts make the whole, none is negative, and a member whose own links are faster never has more
    exposed than the job, so that what it waits for others is at least 0."""
    task = _task(
        mesh=mesh, batch=Batch(4096, 1, 500, recompute, True, interleave), jitter=0.02, fabric_byte_s=4e11, fabric_latency_s=1e-6
    )  # fmt: skip
    step = decompose(task, rate, pp_s, dp_s)
    assert float(sum(step[:5])) == pytest.approx(float(step.total_s), rel=1e-12)
    assert all(float(part) >= -1e-9 * float(step.total_s) for part in step)
    own = exposed_s(task, rate, pp_s * np.array([0.0, 0.3, 1.0]), dp_s * np.array([0.5, 0.0, 1.0]))
    assert (step.communication_s - own >= 0.0).all()
    assert own[2] == step.communication_s


@pytest.mark.parametrize("pp_s", [0.0, 0.05, 0.3, 2.0])
@pytest.mark.parametrize("dp_s", [0.0, 5.0, 20.0])
def test_never_faster_on_a_slower_clock(pp_s: float, dp_s: float) -> None:
    """Property: total time falls with rate, whichever of arithmetic, stage transfers and gradients limits it."""
    task = _task(mesh=Mesh(8, 16, 16), jitter=0.01)
    total = decompose(task, np.linspace(0.0, 1.0, 101), pp_s, dp_s).total_s
    assert (np.diff(total) <= 1e-9).all()
