"""Inference service: durations, throughput, and what the time is spent on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.spacecraft import loop
from sim.workload.inference_step import decode_step_s, operating_point, unloaded_tpot_s, unloaded_ttft_s
from sim.workload.jobs.inference_service import InferenceService
from sim.workload.jobs.ledger import ROW, JobInputs, Ledger
from sim.workload.service import Service, groups, max_batch, service_problem
from sim.workload.transformer import Model

N_70B = 70553706496
LLAMA_70B = Model(N_70B, 80, 8192, 64, 8, 128, 28672, 128256)
# two H100 a group, four groups a satellite
SERVICE = Service(LLAMA_70B, 2, 8, 16, 1000, 500, 989e12, 0.6, 3.35e12, 80e9, 0.95, 450e9, 2e-6)


def _service(**changes: Any) -> Service:
    return SERVICE._replace(**changes)


def _book(tensor: int, batch: int, context_bytes: float) -> Service:
    """30e9 parameters of a byte on v5e; keys and values of 2 L a d bytes a token, evenly split, 10 tokens a request."""
    shape = Model(30e9, 1, 100, 16, 16, 1, 1, 1)
    return Service(
        shape, tensor, tensor, batch, 1, 1, 1.97e14, 1.0, 8.1e11, 16e9, 1.0, math.inf, 0.0, 1.0, context_bytes / 32
    )


@pytest.mark.parametrize(("batch", "milliseconds"), [(4, 2.57), (256, 21.05)])
def test_published_decode_step(batch: int, milliseconds: float) -> None:
    """Source of truth: scaling-book, inference: 16 v5e, 8,192 tokens of 100 kB: 2.5 and 21 ms, digits by hand."""
    assert 1e3 * decode_step_s(_book(16, batch, 100e3), batch, 8192) == pytest.approx(milliseconds, abs=5e-3)


@pytest.mark.parametrize(("batch", "milliseconds"), [(1, 4.98), (240, 249.0)])
def test_published_step_of_13b(batch: int, milliseconds: float) -> None:
    """Source of truth: the same chapter, Llama 2 13B in bf16 on 8 v5e, a cache of 6.7 GB for 8,192 tokens; printed in full
    digits. 26 GB of weights; the printed numbers round them and the 6.7 GB: 2 %."""
    service = _book(8, batch, 6.7e9 / 8192)._replace(model=Model(13e9, 1, 100, 16, 16, 1, 1, 1), weight_bytes=2.0)
    assert 1e3 * decode_step_s(service, batch, 8192) == pytest.approx(milliseconds, rel=0.02)


def test_decode_by_hand() -> None:
    """Closed form: weights and keys from memory, 160 reductions of 16 x 8,192 x 2 B over two accelerators."""
    ours = decode_step_s(SERVICE, 16, 1250)
    weights = 2 * N_70B / (2 * 3.35e12)
    cache = 16 * 1250 * 327680 / (2 * 3.35e12)
    reductions = 160 * 2 * (2e-6 + 16 * 8192 * 2 / 2 / 450e9)
    assert ours == pytest.approx(weights + cache + reductions, rel=1e-12)


def test_decode_that_computes() -> None:
    """Closed form: at a batch of 4,096 the matrices take longer than their weights: 2 B N over peak x efficiency."""
    service = _service(fabric_byte_s=math.inf, fabric_latency_s=0.0)
    ours = decode_step_s(service, 4096, 0.0)
    assert ours == pytest.approx(2 * 4096 * N_70B / (2 * 989e12 * 0.6), rel=1e-12)
    assert decode_step_s(service, 4096, 0.0, 0.5) == pytest.approx(2 * ours, rel=1e-12)


def test_memory_does_not_mind_the_clock() -> None:
    """By hand: a small batch waits for memory; half the clock changes nothing until arithmetic is the slower."""
    assert decode_step_s(SERVICE, 16, 1250, 0.5) == pytest.approx(float(decode_step_s(SERVICE, 16, 1250)), rel=1e-12)


def test_prefill_by_hand() -> None:
    """Closed form: 2 N i + 2 L h i^2 a request, 160 reductions of its hidden state; then one step of one request."""
    i = 1000
    prefill = (2 * N_70B * i + 2 * 80 * 8192 * i**2) / (2 * 989e12 * 0.6) + 160 * 2 * (2e-6 + i * 8192 * 2 / 2 / 450e9)
    assert unloaded_ttft_s(SERVICE) == pytest.approx(prefill + float(decode_step_s(SERVICE, 1, i)), rel=1e-12)
    assert unloaded_tpot_s(SERVICE) == pytest.approx(float(decode_step_s(SERVICE, 1, 1250)), rel=1e-12)


def test_throughput_by_hand() -> None:
    """Closed form: B o tokens in prefill + o steps, four groups a satellite."""
    rates = operating_point(SERVICE, 1.0)
    cycle = float(rates.prefill_s) + 500 * float(rates.decode_step_s)
    assert rates.decode_step_s == pytest.approx(float(decode_step_s(SERVICE, 16, 1250)), rel=1e-12)
    assert rates.output_tokens_per_s == pytest.approx(4 * 16 * 500 / cycle, rel=1e-12)
    assert rates.input_tokens_per_s == pytest.approx(4 * 16 * 1000 / cycle, rel=1e-12)


def test_useful_share_is_delivered_flops() -> None:
    """Closed form: FLOPs of the delivered tokens over what the clock would have allowed at peak."""
    rate = 0.7
    rates = operating_point(SERVICE, rate)
    prompt = 2 * N_70B + 2 * 80 * 8192 * 1000
    answer = 2 * N_70B + 4 * 80 * 8192 * 1250
    flops_per_s = rates.input_tokens_per_s * prompt + rates.output_tokens_per_s * answer
    assert rates.useful == pytest.approx(float(flops_per_s) / (8 * 989e12 * rate), rel=1e-12)


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 2000), st.integers(1, 4000), st.integers(1, 4000), st.sampled_from([1, 2, 4, 8]),
    st.floats(0.05, 1.0), st.floats(1e11, 1e14), st.floats(0.0, 1e-4),
)  # fmt: skip
def test_shares_make_the_whole(
    batch: int, i: int, o: int, tensor: int, efficiency: float, memory: float, latency: float
) -> None:
    """Property: four shares, each from its own formula, add up to 1 within 1e-12; none is negative."""
    service = _service(
        batch=batch, input_tokens=i, output_tokens=o, tensor=tensor, kernel_efficiency=efficiency, memory_byte_s=memory, fabric_latency_s=latency
    )  # fmt: skip
    rates = operating_point(service, np.array([0.0, 1e-6, 0.3, 1.0]))
    shares = np.array([rates.useful, rates.kernel, rates.memory, rates.communication])
    assert np.abs(shares.sum(axis=0) - 1.0).max() < 1e-12
    assert (shares >= 0.0).all()
    # slower clocks never deliver more
    assert (np.diff(rates.output_tokens_per_s) >= -1e-9 * rates.output_tokens_per_s[-1]).all()


def test_rate_zero() -> None:
    """At a rate of 0: nothing delivered, durations inf, the shares those of arithmetic alone, no number undefined."""
    rates = operating_point(SERVICE, 0.0)
    assert (rates.output_tokens_per_s, rates.input_tokens_per_s) == (0.0, 0.0)
    assert (rates.prefill_s, rates.decode_step_s) == (math.inf, math.inf)
    assert [float(x) for x in rates[4:]] == pytest.approx([0.6, 0.4, 0.0, 0.0])


def test_room_for_sequences() -> None:
    """By hand: 0.95 x 160 GB less 141.1 GB of weights is 10.9 GB; 1,500 tokens of 327,680 B are 491.5 MB: 22."""
    assert max_batch(SERVICE) == 22
    assert max_batch(_service(tensor=1)) == 0
    assert groups(SERVICE) == 4
    assert groups(_service(accelerators=7)) == 3


@pytest.mark.parametrize(("tensor", "sequences"), [(1, 14), (2, 32), (4, 34), (8, 35)])
def test_room_where_key_value_heads_are_fewer_than_accelerators(tensor: int, sequences: int) -> None:
    """By hand: 0.9 x 80 GB less 16 GB / t of weights; 120,000 tokens of 2 x 32 x 128 x 2 B = 16,384 B for each of the max(2 / t, 1)
    heads that an accelerator holds: 3.93 GB on one, 1.97 GB on two and more."""
    shape = Model(8e9, 32, 4096, 32, 2, 128, 14336, 128256)
    service = Service(shape, tensor, 8, 1, 100000, 20000, 989e12, 0.57, 3.35e12, 80e9, 0.9, 450e9, 1e-6)
    assert max_batch(service) == sequences


def test_copies_of_key_value_heads_are_read() -> None:
    """Closed form: 405B on 32 accelerators, one of its 8 key-value heads on each: 2 x 126 x 128 x 2 B = 64,512 B a token. From
    that 512 tokens more take 20 x 512 x 64,512 B / 1.64 TB/s longer; on 8 accelerators, where the heads are just split, as long."""
    shape = Model(405853388800, 126, 16384, 128, 8, 128, 53248, 128256)
    for tensor in (8, 32):
        service = Service(shape, tensor, 64, 20, 2048, 512, 918e12, 0.57, 1.64e12, 32e9, 0.9, 400e9, 1e-6)
        longer_s = float(decode_step_s(service, 20, 2560.0) - decode_step_s(service, 20, 2048.0))
        assert longer_s == pytest.approx(20 * 512 * 64512 / 1.64e12, rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, None),
        ({"tensor": 3}, "tensor 3 does not divide 8 accelerators and 64 heads; write one of 1, 2, 4, 8"),
        ({"tensor": 1}, "141 GB of weights and 16 sequences do not fit into 1 x 76 GB; write tensor: 2"),
        ({"batch": 23}, "141 GB of weights and 23 sequences do not fit into 2 x 76 GB; write tensor: 4"),
        (
            {"batch": 5000, "tensor": 8},
            "141 GB of weights and 5000 sequences do not fit into 8 x 76 GB; write batch: 949",
        ),
        (
            {"accelerators": 1, "tensor": 1},
            "141 GB of weights and 16 sequences do not fit into 1 x 76 GB, nor into a whole satellite; write a smaller model",
        ),
        (
            {"accelerators": 5, "tensor": 1, "batch": 1},
            "141 GB of weights and 1 sequence do not fit into 1 x 76 GB; it needs tensor 2 or more, which must divide 5 accelerators "
            "and 64 heads; write accelerators: 4 or 6",
        ),
        (
            {"accelerators": 5, "tensor": 2, "batch": 1},
            "tensor 2 does not divide 5 accelerators and 64 heads; no degree that does holds the model; write accelerators: 4 or 6",
        ),
        (
            {"accelerators": 3, "tensor": 1, "batch": 1, "memory_bytes": 50e9},
            "141 GB of weights and 1 sequence do not fit into 1 x 47.5 GB; it needs tensor 4 or more, which must divide 3 accelerators "
            "and 64 heads; write accelerators: 4",
        ),
    ],
)
def test_problems_say_what_to_write(changes: dict[str, Any], says: str | None) -> None:
    """Source of truth: by hand: 70.55e9 parameters of 2 B are 141 GB, of which 80 GB x 0.95 = 76 GB chips need two, and chips of
    47.5 GB three; 5 and 64 have no common divisor but 1, 4 and 6 have 4 and 2; 3 x 47.5 GB hold it, and 3 does not divide 64."""
    assert service_problem(_service(**changes)) == says


@pytest.mark.parametrize("demand", [None, 0.5, 0.999, 1.1])
def test_no_share_of_demand_is_negative(demand: float | None) -> None:
    """Source of truth: shares of a satellite's time lie between 0 and 1, to the bit, whatever the sums over satellites round to;
    where demand is not below capacity no time is left to it."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        limits = np.ones((loop.LIMIT_ROWS, 50))
        limits[loop.LIMIT_RATE] = rng.uniform(0.0, 1.0, 50)
        most = float(np.sum(operating_point(SERVICE, limits[loop.LIMIT_RATE]).output_tokens_per_s))
        service = InferenceService(SERVICE, None if demand is None else demand * most, np.arange(50), 1, 0.2)
        service.begin_step(rng.uniform(size=50) < rng.uniform(), np.ones(50))
        ledger = Ledger(50, 1)
        service.set_rates(limits, np.ones(50))
        service.fill_inputs(JobInputs(*(np.ones(50) for _ in JobInputs._fields)))
        service.record_losses(0, limits, ledger, 60.0)
        assert (ledger.own_s >= 0.0).all()
        assert 0.0 <= service.missed_share <= 1.0
        assert 0.0 <= service.utilisation <= 1.0
        if demand is None or demand > 1.0:
            assert not ledger.own_s[ROW["demand"]].any()
