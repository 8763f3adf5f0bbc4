"""Time of a training step and what it is spent on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from sim.workload.fabric import Fabric
from sim.workload.parallelism import Batch, Mesh
from sim.workload.training_step import (
    Islands,
    Task,
    boundary_bytes,
    bubble_factor,
    compute_s,
    decompose,
    exchanged_bytes,
    expected_maximum,
    exposed_s,
    members,
    mfu,
    reduced_bytes,
    step_constants,
)
from sim.workload.transformer import Model
from tests.support.plain_kernels import PlainKernels

N_70B, TABLE = 70553706496, 128256 * 8192
LLAMA_70B = Model(N_70B, 80, 8192, 64, 8, 128, 28672, 128256)
WITHOUT_OUTPUT = Model(N_70B - 2 * TABLE, 80, 8192, 64, 8, 128, 28672, 0)  # layers alone, which divide evenly
FREE = Task(LLAMA_70B, Mesh(8, 1, 8), Batch(4096, 1, 512), 8, 989e12, PlainKernels(0.5 * 989e12), Fabric(8), overlap=1.0)
NORMS = (2 * 80 + 1) * 8192  # parameters that no product has
FLOPS = 512 * 4096 * (6 * (N_70B - TABLE - NORMS) + 6 * 80 * 8192 * 4096)  # of a step, by hand
COMPUTE_S = FLOPS / (64 * 989e12 * 0.5)


def _task(**changes: Any) -> Task:
    return FREE._replace(**changes)


def test_nothing_but_arithmetic() -> None:
    """Closed form: instant links and memory, one stage: the step is the FLOPs of its matrices over peak x efficiency."""
    step = decompose(FREE, 1.0)
    assert step.total_s == pytest.approx(COMPUTE_S, rel=1e-12)
    assert step.compute_s == step.total_s
    assert [float(x) for x in step[1:6]] == [0.0] * 5
    # norms have no matrices but count as parameters: 1e-5 of the model FLOPs
    assert mfu(FREE, float(step.total_s)) == pytest.approx(0.5, rel=3e-5)
    constants = step_constants(FREE)
    assert constants.peak_s / constants.arithmetic_s == pytest.approx(0.5, rel=3e-5)


def test_clock_rate_scales_arithmetic_only() -> None:
    """By hand: at half the clock twice the arithmetic; memory takes the time it takes."""
    rates = np.array([1.0, 0.5])
    assert compute_s(FREE, rates) == pytest.approx([COMPUTE_S, 2 * COMPUTE_S])
    slow_memory = _task(kernels=PlainKernels(0.5 * 989e12, 0.0, 1e-12))
    step = decompose(slow_memory, rates)
    assert step.memory_s[0] == step.memory_s[1] > 0.0
    assert step.total_s == pytest.approx(np.array([1.0, 2.0]) * COMPUTE_S + step.memory_s)


def test_gradients_hide_behind_the_last_backward_pass_and_weights_behind_the_first_forward_pass() -> None:
    """By hand: 64 micro-batches a replica. Halves of the exchange overlap with 2/3 and 1/3 of one of them."""
    task = _task(model=WITHOUT_OUTPUT)
    each = float(compute_s(task, 1.0)) / 64
    half = np.array([0.2, 0.5, 2.0]) * each
    exposed = np.maximum(0.0, half - 2 / 3 * each) + np.maximum(0.0, half - each / 3)
    assert exposed_s(task, 1.0, gradients_s=2 * half) == pytest.approx(exposed, rel=1e-9)
    # nothing sharded: one all-reduce, behind the backward pass
    whole = task._replace(batch=FREE.batch._replace(zero=0))
    assert exposed_s(whole, 1.0, gradients_s=2 * half) == pytest.approx(np.maximum(0.0, 2 * half - 2 / 3 * each), rel=1e-9)


def test_sharded_gradients_and_weights_are_exchanged_for_every_micro_batch() -> None:
    """By hand: stage 2 reduces 64 times behind all backward passes; stage 3 gathers in both passes as well."""
    task = _task(model=WITHOUT_OUTPUT)
    each = float(compute_s(task, 1.0)) / 64
    half = 0.5 * each
    two, three = (task._replace(batch=FREE.batch._replace(zero=zero)) for zero in (2, 3))
    assert exposed_s(two, 1.0, gradients_s=2 * half) == pytest.approx(half - each / 3, rel=1e-9)
    assert exposed_s(three, 1.0, gradients_s=2 * half) == pytest.approx(64 * (2 * half - 2 / 3 * each + half - each / 3), rel=1e-9)


def test_virtual_stages_open_the_window() -> None:
    """By hand: of two virtual stages the gradients of one are complete 8 micro-batches before the end, the pipeline's length."""
    task = _task(model=WITHOUT_OUTPUT, mesh=Mesh(8, 8, 1), batch=Batch(4096, 1, 64, interleave=2), accelerators=64)
    slot = float(compute_s(task, 1.0)) / 128
    assert exposed_s(task, 1.0, gradients_s=20 * slot) == pytest.approx((10 - 2 / 3 * 9) * slot + (10 - 9 / 3) * slot, rel=1e-9)


def test_rate_zero() -> None:
    """At a rate of 0 the step does not end, nothing else is spent, and no number is undefined, whatever the links do."""
    for links_s in (0.0, 3.0, math.inf):
        step = decompose(_task(jitter=0.01, mesh=Mesh(8, 2, 8)), np.array([0.0, 1.0]), links_s, links_s, links_s)
        assert [float(x[0]) for x in step] == [math.inf, 0.0, 0.0, 0.0, 0.0, 0.0, math.inf]
        assert not any(np.isnan(x).any() for x in step)


def test_no_neighbour() -> None:
    """A stage boundary without a route, with and without overlap: inf, not undefined."""
    for overlap in (0.0, 1.0):
        step = decompose(_task(mesh=Mesh(8, 2, 8), overlap=overlap), 1.0, math.inf, 0.0, math.inf)
        assert step.communication_s == math.inf
        assert step.total_s == math.inf


def test_no_route() -> None:
    """Links that never deliver: the loss is communication, the rest stays finite."""
    step = decompose(FREE, 1.0, gradients_s=math.inf)
    assert step.communication_s == math.inf
    assert step.total_s == math.inf
    assert math.isfinite(float(step.compute_s + step.recompute_s + step.bubble_s + step.straggler_s))


@pytest.mark.parametrize("micro_batches", range(1, 100, 7))
def test_one_stage_has_no_bubble(micro_batches: int) -> None:
    """Beyond rounding."""
    assert bubble_factor(_task(batch=Batch(4096, 1, 8 * micro_batches))) == pytest.approx(0.0, abs=1e-14)


@pytest.mark.parametrize("interleave", [1, 2, 5])
def test_bubble(interleave: int) -> None:
    """Source of truth: narayanan2021, section 2.2: (p - 1)/(v m) of the arithmetic, that done twice included."""
    batch = Batch(4096, 2, 512, interleave=interleave, recomputed=1.0)
    task = _task(model=WITHOUT_OUTPUT, mesh=Mesh(8, 8, 16), batch=batch)
    step = decompose(task, 1.0)
    assert step.recompute_s == pytest.approx(step.compute_s / 3)
    assert step.bubble_s == pytest.approx((step.compute_s + step.recompute_s) * 7 / (interleave * 16), rel=1e-12)


def test_what_does_not_divide_waits() -> None:
    """By hand: 80 layers on 12 stages, 7 in the largest; 512 sequences on 9 replicas, 57 for the busiest.

    The step lasts 57 + 11 micro-batches of 7 layers each, in which 512/9 of 80/12 would have been the mean.
    """
    task = _task(model=WITHOUT_OUTPUT, mesh=Mesh(8, 12, 9), accelerators=96)
    expected = (57 + 11) * 7 / (512 / 9 * 80 / 12) - 1
    assert bubble_factor(task) == pytest.approx(expected, rel=1e-12)
    # more replicas than sequences: half of them idle
    assert bubble_factor(_task(mesh=Mesh(8, 1, 1024))) == pytest.approx(1.0)


def test_output_matrix_delays_the_pipeline_where_all_stages_are_full() -> None:
    """By hand: 8 stages of 10 layers and 16 micro-batches: the last one has the output matrix besides, 16 times. With 76 layers the
    last stage has one layer less than ten: the matrix, 1.23 layers long, delays by 0.23 of one."""
    layer = 6 * 4096 * (855654400 - 2 * 8192 + 8192 * 4096)  # FLOPs of a micro-batch: matrices, attention
    output = 6 * 4096 * TABLE
    batch = Batch(4096, 1, 16)
    full = _task(mesh=Mesh(8, 8, 1), batch=batch)
    taken = 16 * (10 * layer + output) + 7 * 10 * layer
    assert bubble_factor(full) == pytest.approx(taken / (16 * (80 * layer + output) / 8) - 1, rel=1e-9)
    uneven = full._replace(model=LLAMA_70B._replace(layers=76))
    taken = 16 * (9 * layer + output) + 7 * 10 * layer
    assert bubble_factor(uneven) == pytest.approx(taken / (16 * (76 * layer + output) / 8) - 1, rel=1e-9)


def test_tensor_messages() -> None:
    """Closed form: 2 gathers and 2 scatters a layer in both passes of 2,048 x 2 x 8,192 x 2 B, for each of 16 micro-batches."""
    task = _task(batch=Batch(2048, 2, 256), kernels=PlainKernels(0.5 * 989e12, 1e-12))
    seconds = float(decompose(task, 1.0).communication_s)
    assert seconds == pytest.approx(16 * 80 * 8 * 2048 * 2 * 8192 * 2 * 1e-12, rel=1e-12)
    # recomputation repeats those of the forward pass of as many layers
    again = decompose(task._replace(batch=task.batch._replace(recomputed=0.25)), 1.0)
    assert again.communication_s == pytest.approx(1.125 * seconds, rel=1e-12)


def test_gradients_inside_a_satellite() -> None:
    """Closed form: 4 replicas a satellite: reduced and gathered among them, 2 N/16 bytes each way, besides the exchange outside."""
    task = _task(mesh=Mesh(2, 8, 32), accelerators=64, overlap=0.0, kernels=PlainKernels(0.5 * 989e12, 1e-12))
    inside = 2 * (2 * N_70B / 16) * 1e-12
    tensor = float(decompose(task, 1.0).communication_s) - inside
    assert tensor == pytest.approx(512 / 32 * 80 / 8 * 8 * 4096 * 8192 * 2 * 1e-12, rel=1e-12)
    assert decompose(task, 1.0, gradients_s=5.0).communication_s == pytest.approx(5.0 + inside + tensor, rel=1e-12)
    assert reduced_bytes(task) == 2 * N_70B
    assert members(task) == 8
    assert reduced_bytes(_task(mesh=Mesh(8, 16, 4))) == 2 * N_70B / 16


def test_pipeline_between_satellites() -> None:
    """By hand: 16 stages on 16 satellites, 32 micro-batches: a transfer shorter than the work on a micro-batch costs only the
    2 x 15 that fill and drain; a longer one its excess, 32 times, beside them."""
    task = _task(model=WITHOUT_OUTPUT, mesh=Mesh(8, 16, 16))
    each = float(compute_s(task, 1.0)) / 32
    assert exposed_s(task, 1.0, 0.0, 0.5 * each) == pytest.approx(30 * 0.5 * each, rel=1e-9)
    assert exposed_s(task, 1.0, 0.0, 1.5 * each) == pytest.approx(32 * 0.5 * each + 30 * 1.5 * each, rel=1e-9)
    assert boundary_bytes(task) == 4096 * 8192 * 2
    # whole replicas in a satellite: no stage boundary between satellites, whatever a transfer would cost
    assert exposed_s(_task(mesh=Mesh(8, 8, 8), accelerators=64), 1.0, 9.0, 9.0) == 0.0
    # one stage of four replicas on each satellite: all four send at the same time
    assert boundary_bytes(_task(mesh=Mesh(8, 16, 4, stages=1), accelerators=32)) == 4 * 4096 * 8192 * 2


def test_micro_batches_in_flight_hide_delays_not_bytes() -> None:
    """By hand: a delay of 2.5 micro-batches stalls each of them by 1.5, by 0.25 with two in flight, not at all with three; bytes that
    take 1.2 stall by 0.2 whatever is in flight."""
    task = _task(model=WITHOUT_OUTPUT, mesh=Mesh(8, 16, 16))
    each = float(compute_s(task, 1.0)) / 32
    for in_flight, stall in ((1, 1.5), (2, 0.25), (3, 0.0)):
        deep = task._replace(batch=task.batch._replace(in_flight=in_flight))
        assert exposed_s(deep, 1.0, 2.5 * each) == pytest.approx((32 * stall + 30 * 2.5) * each, rel=1e-9)
        bytes_only = exposed_s(deep, 1.0, 0.0, 1.2 * each)
        assert bytes_only == pytest.approx((32 * 0.2 + 30 * 1.2) * each, rel=1e-9)


def test_islands_exchange_now_and_then() -> None:
    """By hand: every 50 steps an exchange of 900 s, of which 2 fragments hide 2 x (2/3 + 1) steps."""
    islands = Islands(4, 50, 1.0, 1.0, 2)
    task = _task(islands=islands)
    step = decompose(task, 1.0, outer_s=900.0)
    exposed = (900.0 - 2 * (2 / 3 + 1) * COMPUTE_S) / 50
    assert step.total_s == pytest.approx(COMPUTE_S + exposed, rel=1e-9)
    assert step.communication_s == pytest.approx(exposed, rel=1e-9)
    # each of 8 satellites exchanges an eighth of one byte for each parameter
    assert exchanged_bytes(task) == N_70B / 8
    # never more than a whole period is hidden
    assert step_constants(_task(islands=islands._replace(overlap_steps=99.0))).outer_hidden == 50.0


def test_straggler() -> None:
    """Closed form: 2 accelerators, the larger of two normals is 1/sqrt(pi) above the mean."""
    task = _task(mesh=Mesh(1, 1, 2), accelerators=1, jitter=0.03)
    step = decompose(task, 1.0)
    assert step.straggler_s == pytest.approx(0.03 / math.sqrt(math.pi) * step.compute_s, rel=1e-9)
    assert step.total_s == pytest.approx(step.compute_s + step.straggler_s, rel=1e-12)
    assert decompose(_task(mesh=Mesh(1, 1, 1), accelerators=1, jitter=0.03), 1.0).straggler_s == 0.0


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
    st.floats(0.0, 1.0),
    st.floats(0.01, 1.0),
    st.floats(0.0, 20.0),
    st.floats(0.0, 20.0),
    st.integers(1, 3),
    st.integers(0, 3),
)
def test_parts_add_up_and_waiting_is_never_negative(
    mesh: Mesh, recomputed: float, rate: float, pp_s: float, dp_s: float, interleave: int, zero: int
) -> None:
    """Properties: the parts make the whole, none is negative, and a member whose own links are faster never has more
    exposed than the job, so that what it waits for others is at least 0."""
    batch = Batch(4096, 1, 500, zero=zero, interleave=interleave, recomputed=recomputed, in_flight=2)
    task = _task(mesh=mesh, batch=batch, jitter=0.02, kernels=PlainKernels(4e14, 1e-12, 1e-12))
    step = decompose(task, rate, 0.5 * pp_s, 0.5 * pp_s, dp_s)
    assert float(sum(step[:6])) == pytest.approx(float(step.total_s), rel=1e-12)
    assert all(float(part) >= -1e-9 * float(step.total_s) for part in step)
    shares = 0.5 * pp_s * np.array([0.0, 0.3, 1.0])
    own = exposed_s(task, rate, shares, shares, dp_s * np.array([0.5, 0.0, 1.0]))
    assert (step.communication_s - own >= 0.0).all()
    assert own[2] == step.communication_s


@pytest.mark.parametrize("pp_s", [0.0, 0.05, 0.3, 2.0])
@pytest.mark.parametrize("dp_s", [0.0, 5.0, 20.0])
def test_never_faster_on_a_slower_clock(pp_s: float, dp_s: float) -> None:
    """Property: total time falls with rate, whichever of arithmetic, stage transfers and gradients limits it."""
    task = _task(mesh=Mesh(8, 16, 16), jitter=0.01)
    total = decompose(task, np.linspace(0.0, 1.0, 101), pp_s, pp_s, dp_s).total_s
    assert (np.diff(total) <= 1e-9).all()


@settings(max_examples=60, deadline=None)
@given(st.floats(0.0, 5.0), st.floats(0.0, 5.0), st.floats(0.0, 50.0), st.integers(0, 3), st.floats(0.05, 1.0))
def test_faster_links_never_slow_a_step(delay_s: float, drain_s: float, gradients_s: float, zero: int, rate: float) -> None:
    """Property: halving any time of a message never lengthens the step."""
    task = _task(mesh=Mesh(8, 16, 16), batch=FREE.batch._replace(zero=zero), jitter=0.01)
    before = float(decompose(task, rate, delay_s, drain_s, gradients_s).total_s)
    for times in ((0.5 * delay_s, drain_s, gradients_s), (delay_s, 0.5 * drain_s, gradients_s), (delay_s, drain_s, 0.5 * gradients_s)):
        assert float(decompose(task, rate, *times).total_s) <= before * (1.0 + 1e-12)
