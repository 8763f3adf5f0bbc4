"""Inference service: steps of a group, throughput, and what the time is spent on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.spacecraft import loop
from sim.workload.fabric import Fabric
from sim.workload.inference_step import INTERVALS, operating_point
from sim.workload.jobs import Asked
from sim.workload.jobs.inference_service import InferenceService
from sim.workload.jobs.ledger import ROW, JobInputs, Ledger
from sim.workload.kernels import AssumedKernels
from sim.workload.measured_kernels import kernels_for
from sim.workload.service import Service, Targets, groups, max_batch, service_problem
from sim.workload.serving_load import at_batch
from sim.workload.serving_step import Tokens, step
from sim.workload.transformer import Model, parameter_count

N_70B = 70553706496
LLAMA_70B = Model(N_70B, 80, 8192, 64, 8, 128, 28672, 128256)
PEAKS = (("bf16", 989e12), ("fp8", 1979e12), ("int8", 1979e12))
CHIP = AssumedKernels(PEAKS, 0.6, 3.35e12, 0.8, 450e9, 2e-6)
# two H100 a group, four groups a satellite
SERVICE = Service(LLAMA_70B, CHIP, Fabric(8), "bf16", 2, 8, 16, 1000, 500, 989e12, 80e9, 0.95, "bf16", "bf16")
_MIXED = Model(0.0, 12, 2048, 16, 4, 128, 8192, 32000, experts=64, active_experts=6, shared_experts=2, expert_ffn=1024, dense_layers=1)
_LATENT = _MIXED._replace(kv_heads=16, query_rank=768, kv_rank=512, rope_size=64, value_size=128)
MIXTURE, LATENT = (shape._replace(parameters=parameter_count(shape)) for shape in (_MIXED, _LATENT))


def _service(**changes: Any) -> Service:
    return SERVICE._replace(**changes)


def _duration(service: Service, *tokens: float) -> float:
    return step(service, Tokens(*tokens)).duration_s()


# --- steps ------------------------------------------------------------------------------------------------------------


def test_decode_that_reads() -> None:
    """Closed form: one sequence of 1,000 tokens on two accelerators. Each reads half the layers and half the output matrix, half of
    its keys and values, and what passes between kernels; two reductions a layer of 16 KB pay their latencies, and one gather."""
    layer = 8192 * (2 * 8192 + 2 * 1024) + 3 * 8192 * 28672
    weights = 2.0 * (80 * layer + 128256 * 8192) / 2
    cache = 1000 * 2 * 80 * 8 * 128 * 2.0 / 2
    # inputs and outputs of products: queries with keys, output, gate with linear part, down; then the output matrix
    products = 80 * 2.0 * ((8192 + 5120) + (4096 + 8192) + (8192 + 28672) + (14336 + 8192)) + 2.0 * (8192 + 64128)
    # two norms of 8 B a value, queries and keys turned and written, activation; logits
    between = 80 * (2 * 8 * 8192 + 4 * (4096 + 2 * 512) + 6 * 14336) + 8 * 64128
    read_s = (weights + cache + products + between) / (0.8 * 3.35e12)
    # the norms lose the launch of a stream, which is that of a byte here
    read_s -= 160 * 1.0 / (0.8 * 3.35e12)
    messages_s = 160 * 2 * (2e-6 + 16384 / 2 / 450e9) + (2e-6 + 2 * 128256 / 2 / 450e9)
    assert _duration(SERVICE, 0.0, 1.0, 1.0, 1000.0) == pytest.approx(read_s + messages_s, rel=1e-9)
    assert _duration(_service(host_s=1e-3), 0.0, 1.0, 1.0, 1000.0) == pytest.approx(read_s + messages_s + 1e-3, rel=1e-9)


def test_prompts_that_compute() -> None:
    """Closed form: eight prompts of 1,000 tokens on one accelerator of endless memory rate: 2 FLOP for each weight of the layers, the
    causal half of attention, and the output matrix for eight last tokens, at 0.6 of the peak."""
    fast = _service(tensor=1, kernels=CHIP._replace(memory_byte_s=1e30))
    layer = 8192 * (2 * 8192 + 2 * 1024) + 3 * 8192 * 28672
    flops = 8000 * (2 * 80 * layer + 2 * 80 * 8192 * 1000) + 8 * 2 * 128256 * 8192
    found = step(fast, Tokens(8000.0, 1.0, 0.0, 0.0))
    assert found.duration_s() == pytest.approx(flops / (0.6 * 989e12), rel=1e-9)
    assert found.duration_s(0.5) == pytest.approx(2.0 * flops / (0.6 * 989e12), rel=1e-9)
    assert found.useful_s == pytest.approx(flops / 989e12, rel=3e-5)  # with the weights of norms


def test_a_prompt_in_chunks() -> None:
    """Closed form: four chunks of 2,000 of 8,000 tokens have the FLOPs of the whole prompt, but for the output matrix."""
    fast = _service(tensor=1, input_tokens=8000, kernels=CHIP._replace(memory_byte_s=1e30))
    whole, chunk = _duration(fast, 8000.0, 1.0, 0.0, 0.0), _duration(fast, 2000.0, 4.0, 0.0, 0.0)
    head_s = 2 * 128256 * 8192 / (0.6 * 989e12)
    assert 4.0 * (chunk - head_s) == pytest.approx(whole - head_s, rel=1e-9)


def test_copies_of_key_value_heads_are_read() -> None:
    """Closed form: 405B on 32 accelerators, one of its 8 key-value heads on each: 2 x 126 x 128 x 2 B = 64,512 B a token. 512 tokens
    more take 20 x 512 x 64,512 B at 0.8 of 1.64 TB/s longer; on 8 accelerators, where the heads are just split, as long."""
    shape = Model(405853388800, 126, 16384, 128, 8, 128, 53248, 128256)
    chip = AssumedKernels((("bf16", 918e12),), 0.57, 1.64e12, 0.8, 400e9, 1e-6)
    for tensor in (8, 32):
        service = _service(model=shape, kernels=chip, tensor=tensor, accelerators=64)
        longer_s = _duration(service, 0.0, 1.0, 20.0, 2560.0) - _duration(service, 0.0, 1.0, 20.0, 2048.0)
        assert longer_s == pytest.approx(20 * 512 * 64512 / (0.8 * 1.64e12), rel=1e-6)


def test_formats_of_weights_and_caches() -> None:
    """Closed form: weights in 8 bits halve what the layers' products read, caches in 8 bits what attention reads."""
    def moved_s(**changes: Any) -> tuple[float, float]:
        tokens, longer = (step(_service(**changes), Tokens(0.0, 1.0, 1.0, context)) for context in (1000.0, 2000.0))
        read_s = longer.duration_s() - tokens.duration_s()  # of 1,000 tokens of the cache
        return tokens.duration_s() - read_s, read_s

    layers = 80 * (8192 * (2 * 8192 + 2 * 1024) + 3 * 8192 * 28672) / 2
    wide, narrow, small = moved_s(), moved_s(weight_precision="fp8"), moved_s(kv_precision="fp8")
    assert wide[0] - narrow[0] == pytest.approx(layers / (0.8 * 3.35e12), rel=1e-9)
    assert narrow[1] == pytest.approx(wide[1], rel=1e-9)
    assert small == pytest.approx((wide[0], wide[1] / 2.0), rel=1e-9)


def test_experts_that_no_token_reaches_are_not_read() -> None:
    """Closed form: of 64 experts a token reads 6, two tokens 64 (1 - (58/64)^2) = 11.4; each has 3 x 2,048 x 1,024 weights of 2 B."""
    service = _service(model=MIXTURE, tensor=1, kernels=CHIP._replace(peak_flops=(("bf16", 1e30),)))
    network = [_duration(service, 0.0, 1.0, n, 100.0) for n in (1.0, 2.0)]
    expert_s = 2.0 * 3 * 2048 * 1024 / (0.8 * 3.35e12)
    more = 64 * (1 - (58 / 64) ** 2) - 6.0
    assert network[1] - network[0] == pytest.approx(11 * more * expert_s, rel=0.01)  # inputs and results of a token besides


def test_latent_attention_reads_compressed_caches() -> None:
    """Closed form: 1,000 tokens more of 512 + 64 values of 2 B in each of 12 layers, on one accelerator as on four."""
    for tensor in (1, 4):
        service = _service(model=LATENT, tensor=tensor)
        longer_s = _duration(service, 0.0, 1.0, 8.0, 3000.0) - _duration(service, 0.0, 1.0, 8.0, 2000.0)
        assert longer_s == pytest.approx(8 * 1000 * 576 * 2.0 * 12 / (0.8 * 3.35e12), rel=1e-6)


def test_windows_bound_what_is_read() -> None:
    """Closed form: half of the layers see 128 tokens; 1,000 tokens more are read in the other half alone."""
    model = LLAMA_70B._replace(window=128, window_layers=40)
    longer = [
        _duration(_service(model=m), 0.0, 1.0, 4.0, 3000.0) - _duration(_service(model=m), 0.0, 1.0, 4.0, 2000.0)
        for m in (LLAMA_70B, model)
    ]
    assert longer[1] == pytest.approx(longer[0] / 2.0, rel=1e-6)


def test_experts_and_latent_attention_on_measured_kernels() -> None:
    """Property: finite durations that grow with the tokens, with the tables of a chip."""
    chip = kernels_for("h200-sxm", dict(PEAKS), 0.5, 4.8e12, 0.8, 450e9, 1e-6)
    for model in (MIXTURE, LATENT, LLAMA_70B):
        service = _service(model=model, kernels=chip, precision="fp8", weight_precision="fp8", kv_precision="fp8")
        durations = [_duration(service, 0.0, 1.0, n, 2000.0) for n in (1.0, 16.0, 256.0)]
        durations.append(_duration(service, 4000.0, 1.0, 256.0, 2000.0))
        assert durations == sorted(durations)
        assert 0.0 < durations[0] < durations[-1] < 10.0


# --- throughput -------------------------------------------------------------------------------------------------------


def test_memory_does_not_slow_with_the_clock() -> None:
    """By hand: a small batch waits for memory; a clock of 0.9 changes nothing in a step without prompts."""
    alone = step(SERVICE, Tokens(0.0, 1.0, 16.0, 1250.0))
    assert alone.duration_s(0.9) == pytest.approx(alone.duration_s(), rel=1e-12)
    assert alone.duration_s(0.01) > alone.duration_s()


def test_useful_share_is_delivered_flops() -> None:
    """Closed form: FLOPs of prompts and answers, with the output matrix for tokens that are given alone, over peak of the clock."""
    rate = 0.75
    rates = operating_point(SERVICE, rate)
    layers = N_70B - 2 * 128256 * 8192
    head = 2 * 128256 * 8192
    answer = 2 * layers + head + 4 * 80 * 8192 * 1250
    prompt = 1000 * (2 * layers + 2 * 80 * 8192 * 1000) + head
    flops_per_s = float(rates.output_tokens_per_s) * (answer + prompt / 500)
    assert rates.useful == pytest.approx(flops_per_s / (8 * 989e12 * rate), rel=1e-6)


def test_table_between_its_rates() -> None:
    """Source of truth: the steady state itself. Between the rates of the table throughput is linear to 1 in 1,000."""
    for rate in (0.311, 0.5, 0.777, (INTERVALS - 0.5) / INTERVALS):
        load = at_batch(SERVICE, 16.0, rate)
        assert operating_point(SERVICE, rate).output_tokens_per_s == pytest.approx(4 * 16 / load.step_s, rel=1e-3)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 2000), st.integers(1, 4000), st.integers(1, 4000), st.sampled_from([1, 2, 4, 8]),
    st.floats(0.05, 1.0), st.floats(1e11, 1e14), st.floats(0.0, 1e-4), st.sampled_from([LLAMA_70B, MIXTURE, LATENT]),
)  # fmt: skip
def test_shares_make_the_whole(
    batch: int, i: int, o: int, tensor: int, efficiency: float, memory: float, latency: float, model: Model
) -> None:
    """Property: four shares, each from its own formula, add up to 1 within 1e-12; none is negative; slower clocks never deliver more."""
    chip = AssumedKernels(PEAKS, efficiency, memory, 0.8, 450e9, latency)
    service = _service(model=model, batch=batch, input_tokens=i, output_tokens=o, tensor=tensor, kernels=chip)
    rates = operating_point(service, np.array([0.0, 1e-6, 0.3, 1.0]))
    shares = np.array(rates[2:])
    assert np.abs(shares.sum(axis=0) - 1.0).max() < 1e-12
    assert (shares >= 0.0).all()
    assert (np.diff(rates.output_tokens_per_s) >= -1e-9 * rates.output_tokens_per_s[-1]).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 500), st.integers(0, 5000), st.floats(1.0, 4.0), st.sampled_from([LLAMA_70B, MIXTURE, LATENT]))
def test_a_better_chip_is_never_slower(sequences: int, prompt: int, better: float, model: Model) -> None:
    """Property: more memory rate, peak or fabric never lengthens a step."""
    tokens = (float(prompt), 1.0, float(max(sequences, 0 if prompt else 1)), 1500.0)
    slow = _duration(_service(model=model), *tokens)
    peaks = tuple((name, better * peak) for name, peak in PEAKS)
    for chip in (CHIP._replace(memory_byte_s=better * 3.35e12), CHIP._replace(peak_flops=peaks), CHIP._replace(fabric_byte_s=better * 450e9)):
        assert _duration(_service(model=model, kernels=chip), *tokens) <= slow * (1.0 + 1e-12)


def test_rate_zero() -> None:
    """At a rate of 0: nothing delivered, the shares those of arithmetic alone, no number undefined."""
    rates = operating_point(SERVICE, 0.0)
    assert rates.output_tokens_per_s == 0.0
    assert [float(x) for x in rates[2:]] == pytest.approx([0.6, 0.4, 0.0, 0.0, 0.0], abs=1e-4)


# --- memory -----------------------------------------------------------------------------------------------------------


def test_larger_spans_never_need_more_memory_a_chip() -> None:
    """Property: what a batch needs on each accelerator falls with the span, so that the largest batch grows."""
    for model in (LLAMA_70B, MIXTURE, LATENT):
        rooms = [max_batch(_service(model=model, tensor=tensor, accelerators=64)) for tensor in (1, 2, 4, 8, 16)]
        assert rooms == sorted(rooms)


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
    service = _service(model=shape, tensor=tensor, batch=1, input_tokens=100000, output_tokens=20000, memory_share=0.9)
    assert max_batch(service) == sequences


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
            "141 GB of weights and 16 sequences do not fit into 1 x 76 GB, nor into a whole satellite; write pipeline: 2, or "
            "weight_precision: fp4, or a smaller model",
        ),
        (
            {"accelerators": 1, "tensor": 1, "memory_bytes": 30e9},
            "141 GB of weights and 16 sequences do not fit into 1 x 28.5 GB, nor into a whole satellite; write pipeline: 6, "
            "or a smaller model",
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
    47.5 GB three; 16 sequences of 0.49 GB fit beside 35.3 GB in 4 bits, not beside 70.6 GB. Layers of 1.711 GB and a table of 2.1 GB: 40 layers with half
    of the caches are 74.5 GB, 14 layers 27.4 GB, and 16 layers 31.1 GB; 5 and 64 have no common divisor but 1, 4 and 6 have 4 and 2; 3 x 47.5 GB hold it, and 3 does not divide 64."""
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
        service = InferenceService(SERVICE, Asked(None if demand is None else np.full(1, demand * most)), np.arange(50), 1, 0.2)
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


def test_late_requests_are_no_useful_work() -> None:
    """Definition: beyond the capacity at the targets, requests are rejected and their time is missing demand; where all are admitted,
    they are late, and arithmetic at peak counts under algorithm."""
    service = _service(targets=Targets(1.0, 0.035, 0.99, 0.0), kernels=CHIP._replace(memory_byte_s=9e12))
    alone, most = (float(operating_point(s, 1.0).output_tokens_per_s) for s in (service, service._replace(targets=None)))
    assert 0.0 < alone < most
    limits = np.ones((loop.LIMIT_ROWS, 2))
    for everyone in (False, True):
        found = InferenceService(service, Asked(np.array([0.5, 3.0]) * alone * 2, everyone), np.arange(2), 2, 0.2)
        ledger = Ledger(2, 2)
        for k in range(2):
            found.begin_step(np.ones(2, dtype=np.bool_), np.ones(2), k)
            found.set_rates(limits, np.ones(2))
            found.fill_inputs(JobInputs(*(np.ones(2) for _ in JobInputs._fields)))
            found.record_losses(k, limits, ledger, 60.0)
        assert ledger.step_own_s.sum(axis=0) == pytest.approx([120.0, 120.0])
        assert found.tokens_per_s == pytest.approx([alone, 2.0 * min(most, 3.0 * alone) if everyone else 2.0 * alone])
        assert (ledger.step_own_s[ROW["algorithm"]] > 0.0).tolist() == [False, everyone]
        assert (ledger.step_own_s[ROW["useful"]] > 0.0).tolist() == [True, not everyone]
        entry = found.summary({"median": 24.0, "p99": 30.0}, 1e6, 60.0)
        assert entry["late_fraction"] == pytest.approx(found.late_per_s.sum() / found.tokens_per_s.sum())
        assert entry["rejected_fraction"] == pytest.approx(1.0 - found.tokens_per_s.sum() / (7.0 * alone))
        assert entry["joules_per_token"] * entry["tokens_per_joule"] == pytest.approx(1.0)
        assert entry["ttft_p99_ms"] > entry["ttft_ms"] > 24.0
