"""Copies of a model over several satellites: times by hand, memory, and a simulation of their stages and links (SimPy)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.workload import serving_load
from sim.workload.fabric import Fabric
from sim.workload.inference_step import LinkTable, operating_point
from sim.workload.kernels import AssumedKernels
from sim.workload.service import (
    Hops,
    Service,
    Targets,
    fewest_stages,
    max_batch,
    sequence_bytes,
    service_problem,
    stage_parameters,
    stages,
)
from sim.workload.serving_choice import chosen
from sim.workload.serving_load import at_batch, capacity, largest_batch, latency
from sim.workload.serving_pipeline import long_share, round_of
from sim.workload.serving_step import Tokens, step
from sim.workload.transformer import Model, parameter_count

SHAPE = Model(0.0, 126, 16384, 128, 8, 128, 53248, 128256)
LLAMA_405B = SHAPE._replace(parameters=parameter_count(SHAPE))
H100 = AssumedKernels((("bf16", 989e12), ("fp8", 1979e12)), 0.6, 3.35e12, 0.85, 450e9, 2e-6)
# 405B on four chips of 141 GB: two satellites hold it in 8 bits
SERVICE = Service(
    LLAMA_405B, H100, Fabric(8), "fp8", 4, 4, 120, 2000, 300, 1979e12, 141e9, 0.9, "fp8", "fp8", chunk=512, host_s=1e-3, pipeline=2,
    micro_batches=2,
)  # fmt: skip
LINKS = Hops(6e-3, 1.0 / 12.5e9)
LLAMA_70B = Model(70553706496.0, 80, 8192, 64, 8, 128, 28672, 128256)
# of the same service of this model on one satellite, batch 20 at clock rate 0.7, and of its table at 45/64, before there were pipelines
BEFORE = ["0x1.f173c83ccf31ap-4", "0x1.13c826caddc42p-6", "0x1.0539d72233facp-1", "0x1.837c54ce42d27p-6"]
TABLE_BEFORE = [
    "0x1.d097115271fefp+11", "0x1.0000000000000p+6", "0x1.6f79cf11a4259p-2", "0x1.f2c791a67b5aap-3", "0x1.7faaa4b325f03p-3",
    "0x1.ae9a2b83166a6p-3",
]  # fmt: skip

PRODUCT_S, ATTENTION_S, HOST_S = 1e-3, 0.5e-3, 0.25e-3


class IdealKernels:
    """Every product takes 1 ms, attention of decoded sequences 0.5 ms, all else no time."""

    def matmul_s(self, m: float, n: float, k: float, precision: str) -> float:
        return PRODUCT_S

    def decode_attention_s(self, *sizes: float) -> float:
        return ATTENTION_S

    def attention_s(self, *sizes: Any) -> float:
        return 0.0

    def stream_s(self, moved_bytes: float) -> float:
        return 0.0

    def collective_s(self, *sizes: Any) -> float:
        return 0.0


SMALL = Model(0.0, 4, 1000, 10, 10, 100, 4000, 32000)
IDEAL = Service(
    SMALL._replace(parameters=parameter_count(SMALL)), IdealKernels(), Fabric(1), "bf16", 1, 1, 1, 100, 100, 1e15, 80e9, 0.9, "bf16",  # type: ignore[arg-type]
    "bf16", chunk=100, host_s=HOST_S, pipeline=2,
)  # fmt: skip
LAYER_S = 4 * PRODUCT_S + ATTENTION_S  # queries with keys and values, output, gate with linear part, output of the network
STAGE_S = 2 * LAYER_S + HOST_S


def test_one_micro_batch_over_two_stages() -> None:
    """By hand: two stages of two layers, the output matrix on the last one, and two borders of 3 ms; 1,000 values of 2 B are 2 us at
    1 GB/s, and the token of 4 B goes back."""
    by_hand_s = 2 * STAGE_S + PRODUCT_S + 2 * 3e-3 + 2000 / 1e9 + 4 / 1e9
    hops = Hops(6e-3, 1e-9)
    alone = round_of(IDEAL, Tokens(0.0, 1.0, 1.0, 150.0)).pace(1.0)
    assert alone.round_s(hops) == pytest.approx(by_hand_s, rel=1e-12)
    load = at_batch(IDEAL._replace(hops=hops), 1e-9)
    assert load.step_s == pytest.approx(by_hand_s, rel=1e-8)
    # a prompt of one chunk: 1,000 values of each of 100 tokens, beside one sequence at most, whose attention takes as long as ever
    first_s = load.prompt_s + load.rest_s
    assert first_s == pytest.approx(2 * (2 * 4 * PRODUCT_S + HOST_S) + PRODUCT_S + 6e-3 + (100 * 2000 + 4) / 1e9, abs=4 * ATTENTION_S)


def test_saturated_pipeline_is_as_fast_as_its_slowest_stage() -> None:
    """By hand: steps last as long for any number of tokens. Of 5 layers over 2 satellites the first has 3; of 4 the last has the
    output matrix. Four micro-batches of 10 sequences follow each other at the pace of that stage, each token takes four periods."""
    for layers, slowest_s in ((5, 3 * LAYER_S + HOST_S), (4, STAGE_S + PRODUCT_S)):
        model = SMALL._replace(layers=layers)
        model = model._replace(parameters=parameter_count(model))
        s = IDEAL._replace(model=model, batch=40, micro_batches=4, chunk=1000, hops=Hops(2e-3, 0.0))
        load = at_batch(s, 40.0)
        assert load.step_s == pytest.approx(4 * slowest_s, rel=1e-12)
        assert load.requests_per_s(s) == pytest.approx(10 / (100 * slowest_s), rel=1e-12)


def test_a_link_of_half_the_rate_limits() -> None:
    """By hand: 10 sequences with their share of prompts, 10 tokens, are 20 x 1,000 values of 2 B = 40 kB over the border. At 4 MB/s
    they take as long as the slowest stage, 10 ms, to within its 0.25 ms; at 2 MB/s they take 20 ms, and throughput halves with each further half."""
    s = IDEAL._replace(batch=40, micro_batches=4, chunk=10)
    paced = at_batch(s._replace(hops=Hops(0.0, 1.0 / 4.1e6)), 40.0)
    assert paced.step_s == pytest.approx(4 * (STAGE_S + PRODUCT_S), rel=1e-12)
    for rate_byte_s in (2e6, 1e6):
        load = at_batch(s._replace(hops=Hops(0.0, 1.0 / rate_byte_s)), 40.0)
        assert load.step_s == pytest.approx(4 * 40e3 / rate_byte_s, rel=1e-12)


def test_long_delays_need_more_micro_batches() -> None:
    """By hand: two micro-batches leave stages idle for half of the delay each; with more the delay is hidden."""
    s, delay_s = IDEAL._replace(batch=80, chunk=10000), 40e-3
    round_s = 2 * STAGE_S + PRODUCT_S + delay_s
    for count in (2, 4, 8):
        load = at_batch(s._replace(micro_batches=count, hops=Hops(delay_s, 0.0)), 80.0)
        assert load.step_s == pytest.approx(max(round_s, count * (STAGE_S + PRODUCT_S)), rel=1e-12)


def test_one_stage_is_the_model_without_a_pipeline() -> None:
    """Source of truth: values of the version without pipelines, to the bit; and the formulas of pipelines give them for one stage."""
    s = SERVICE._replace(model=LLAMA_70B, pipeline=1, micro_batches=1, batch=64, accelerators=8, chunk=1000, memory_bytes=80e9)
    load = at_batch(s, 20.0, 0.7)
    found = (load.prompt_s, load.step_s, *latency(s, load, 0.99, 0.7))
    assert [x.hex() for x in found] == BEFORE
    assert [x.hex() for x in (float(y) for y in operating_point(s, 45 / 64)[:6])] == TABLE_BEFORE
    same = serving_load._over_pipeline(s, 20.0, 0.7)
    assert (same.prompt_s, same.step_s, same.rest_s) == pytest.approx((load.prompt_s, load.step_s, 0.0), rel=1e-9)


def test_stages_do_the_work_of_the_whole_model() -> None:
    """Property: arithmetic, bytes and messages of all stages together are those of the whole model; only the host works at each. So are
    their parameters, and where one vocabulary table is embedding and output matrix, both ends hold it."""
    latent = Model(
        0.0, 61, 7168, 128, 128, 128, 18432, 129280, experts=256, active_experts=8, shared_experts=1, expert_ffn=2048, dense_layers=3,
        query_rank=1536, kv_rank=512, rope_size=64, value_size=128,
    )  # fmt: skip
    windowed = Model(0.0, 36, 2880, 64, 8, 64, 2880, 201088, experts=128, active_experts=4, expert_ffn=2880, window=128, window_layers=18)
    for shape in (LLAMA_405B, latent, windowed):
        for factor in (1.0, 1.03):
            model = shape._replace(parameters=factor * parameter_count(shape))
            whole = SERVICE._replace(model=model, pipeline=1, micro_batches=1)
            for count in (2, 3, 7):
                split = whole._replace(pipeline=count)
                parts = [stage.model for stage in stages(split)]
                assert [sum(getattr(p, name) for p in parts) for name in ("layers", "dense_layers", "window_layers")] == [
                    shape.layers, shape.dense_layers, shape.window_layers,
                ]  # fmt: skip
                assert max(p.layers for p in parts) - min(p.layers for p in parts) <= 1
                assert sum(stage_parameters(stage) for stage in stages(split)) == pytest.approx(model.parameters, rel=1e-12)
                tied = split._replace(model=model._replace(tied=True, parameters=model.parameters - shape.vocabulary * shape.hidden))
                assert sum(stage_parameters(stage) for stage in stages(tied)) == pytest.approx(model.parameters, rel=1e-12)
                assert sequence_bytes(split) == pytest.approx(sequence_bytes(whole), rel=1e-12)
                for tokens in (Tokens(0.0, 1.0, 50.0, 2000.0), Tokens(512.0, 4.0, 20.0, 2000.0)):
                    found, all_ = round_of(split, tokens).whole(), step(whole, tokens)
                    assert found.useful_s == pytest.approx(all_.useful_s, rel=1e-9)
                    assert found.fabric_s == pytest.approx(all_.fabric_s, rel=1e-9)
                    assert found.host_s == pytest.approx(count * all_.host_s, rel=1e-12)
                    for side in ("moved_s", "computed_s"):
                        assert sum(getattr(k, side) for k in found.kernels) == pytest.approx(
                            sum(getattr(k, side) for k in all_.kernels), rel=1e-9
                        )


# --- memory -----------------------------------------------------------------------------------------------------------


def test_memory_of_stages() -> None:
    """By hand: a layer of 405B has 16,384 x (2 x 16,384 + 2 x 1,024 + 3 x 53,248 + 2) = 3.1877e9 parameters, a table 2.1014e9, a
    sequence of 2,300 tokens 126 x 2,048 B x 2,300 = 593.5 MB in 8 bits. Four chips of 126.9 GB hold 507.6 GB: two stages of 63 layers
    and a table, 202.9 GB each, with half of the cache of 1,026 sequences; one whole copy, 405.8 GB, with 171. One chip of 72 GB holds 21
    layers, two hold 42."""
    assert max_batch(SERVICE) == int((507.6e9 - 63 * 3.1876874e9 - 2.1013463e9) // (0.5 * 593.51e6)) == 1026
    assert max_batch(SERVICE._replace(pipeline=1)) == 171
    assert SERVICE.weight_bytes == pytest.approx(202.93e9, rel=1e-4)
    small = SERVICE._replace(memory_bytes=80e9, batch=1)
    assert [fewest_stages(small, spans) for spans in ([1], [2], [4], [1, 2, 4])] == [6, 3, 2, 2]
    assert service_problem(small._replace(pipeline=1)) == (
        "406 GB of weights and 1 sequence do not fit into 4 x 72 GB, nor into a whole satellite; write pipeline: 2, or "
        "weight_precision: fp4, or a smaller model"
    )
    assert service_problem(small._replace(pipeline=1, weight_precision="bf16"), 2) == (
        "812 GB of weights and 1 sequence do not fit into 4 x 72 GB, it needs 3 satellites and the workload has 2, nor into a whole "
        "satellite; write weight_precision: fp4, or a smaller model"
    )
    assert chosen(small, None, None, None).pipeline == 2
    assert chosen(small, 1, None, None).pipeline == 6


# --- properties -------------------------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(
    st.floats(0.0, 0.2), st.floats(1e-12, 1e-8), st.sampled_from([2, 3, 6]), st.sampled_from([None, Targets(6.0, 0.2, 0.9, 0.05)]),
    st.floats(1.0, 8.0),
)  # fmt: skip
def test_better_links_never_lower_the_throughput(delay_s: float, byte_s: float, count: int, targets: Targets | None, better: float) -> None:
    """Property: more rate or less delay never serves fewer tokens, of a given service and of the one that is chosen."""
    s = SERVICE._replace(pipeline=count, micro_batches=count, targets=targets)
    given_, far = (serving_load.tokens_per_s(s._replace(hops=h)) for h in (Hops(delay_s, byte_s), Hops(better * delay_s, byte_s)))
    slow = serving_load.tokens_per_s(s._replace(hops=Hops(delay_s, better * byte_s)))
    assert max(far, slow) <= given_ * (1.0 + 1e-9)
    best, worse = (
        serving_load.tokens_per_s(chosen(s._replace(hops=h), 4, None, count)) for h in (Hops(delay_s, byte_s), Hops(delay_s, better * byte_s))
    )
    assert worse <= best * (1.0 + 1e-6)
    assert best >= given_ * (1.0 - 1e-6) or targets is not None


def test_shares_of_time_add_up() -> None:
    """Definition: the time of the accelerators is useful, or lost by one of the causes; waiting for links is communication."""
    near, far = (operating_point(SERVICE._replace(hops=h), np.array([0.0, 0.4, 1.0])) for h in (Hops(), Hops(0.5, 1e-10)))
    for rates in (near, far):
        assert sum(rates[2:]) == pytest.approx(np.ones(3), rel=1e-9)
        assert all((x >= 0.0).all() for x in rates)
    assert (far.communication[1:] > near.communication[1:]).all()
    assert near.bubble[2] > 0.0


def test_capacity_between_link_states() -> None:
    """Source of truth: the steady state at the links themselves; capacities are interpolated over a factor of 2^(1/4), in which
    throughput is convex: its second difference is below 0.6 % where delay is half of a round."""
    table = LinkTable(SERVICE._replace(hops=LINKS))
    delay_s, byte_s = np.array([6e-3, 11e-3, 40e-3, 0.3]), np.array([8e-11, 8e-11, 2.3e-10, 1e-9])
    found = table.points(np.array([1.0, 1.0, 1.0, 0.5]), delay_s, byte_s)
    for n, rate in enumerate((1.0, 1.0, 1.0, 0.5)):
        s = SERVICE._replace(hops=Hops(float(delay_s[n]), float(byte_s[n])))
        load = capacity(s, rate)
        assert load is not None
        assert found.output_tokens_per_s[n] == pytest.approx(300 * load.requests_per_s(s), rel=1e-12 if n == 0 else 6e-3)
    assert table.points(np.array([0.0]), delay_s[:1], byte_s[:1]).output_tokens_per_s[0] == 0.0


# --- against a simulation of stages and links ------------------------------------------------------------------------------


def _period_s(durations: list[list[float]], in_flight: int, delay_s: float, transfer_s: list[float]) -> float:
    """Mean time from one micro-batch to the next in a closed loop: stages and links serve one at a time, in order. `durations` and
    `transfer_s` of each micro-batch in turn."""
    env = simpy.Environment()
    count = len(durations[0])
    stages_ = [simpy.Resource(env) for _ in range(count)]
    links = [simpy.Resource(env) for _ in range(count - 1)]
    done: list[float] = []
    waiting = iter(range(len(durations)))

    def passes() -> Generator[Any, Any, None]:
        for n in waiting:
            for k in range(count):
                with stages_[k].request() as turn:
                    yield turn
                    yield env.timeout(durations[n][k])
                if k < count - 1:
                    with links[k].request() as turn:
                        yield turn
                        yield env.timeout(transfer_s[n])
                yield env.timeout(delay_s)
            done.append(env.now)

    for _ in range(in_flight):
        env.process(passes())
    env.run()
    first = len(done) // 5
    return (done[-1] - done[first]) / (len(done) - 1 - first)


@pytest.mark.parametrize(
    ("count", "in_flight", "delay_s", "rate_byte_s"),
    [(2, 2, 3e-3, 12.5e9), (3, 3, 1e-3, 12.5e9), (3, 6, 20e-3, 12.5e9), (4, 4, 3e-3, 0.3e9), (7, 10, 5e-3, 5e9)],
)
def test_saturated_pipeline_against_a_simulation(count: int, in_flight: int, delay_s: float, rate_byte_s: float) -> None:
    """Source of truth: stages and links as resources (SimPy), micro-batches that all take a chunk: within 2 %."""
    s = SERVICE._replace(pipeline=count, micro_batches=in_flight, hops=Hops(count * delay_s, 1.0 / rate_byte_s))
    tokens = Tokens(500.0, 4.0, 75.0, 2150.0)
    batch = in_flight * 75.0  # 75 x 2,000 / 300 = 500 tokens of prompts each
    load = at_batch(s._replace(batch=int(batch), chunk=500), batch)
    assert load.mixed_share == pytest.approx(1.0)
    alone = s._replace(pipeline=1, micro_batches=1)
    steps = [step(alone._replace(model=stage.model), tokens, stage.last).duration_s() for stage in stages(s)]
    transfer_s = 575.0 * 16384 * 2.0 / rate_byte_s
    found_s = _period_s([steps] * 300, in_flight, delay_s, [transfer_s] * 300)
    assert load.step_s / in_flight == pytest.approx(found_s, rel=0.02)


@pytest.mark.parametrize(("share", "run", "in_flight"), [(0.3, 1, 4), (0.3, 4, 4), (0.7, 1, 4), (0.9, 2, 6), (0.95, 4, 6)])
def test_mixed_micro_batches_against_a_simulation(share: float, run: int, in_flight: int) -> None:
    """Source of truth: the same simulation, with chunks in runs at random times. Durations of the model are upper bounds: exact to 2 %
    with as many micro-batches as stages and runs as long, at most 5 % too long without runs, and 12 % where free places between
    micro-batches absorb waiting."""
    rng = np.random.default_rng(3)
    plain_s, mixed_s, kinds = 1.0, 2.0, np.zeros(0, dtype=np.bool_)
    gap = run * (1.0 - share) / share
    while kinds.size < 6000:
        kinds = np.concatenate((kinds, np.zeros(rng.geometric(1.0 / (1.0 + gap)) - 1, dtype=np.bool_), np.ones(run, dtype=np.bool_)))
    durations = [[mixed_s if kind else plain_s] * 4 for kind in kinds]
    found_s = _period_s(durations, in_flight, 0.0, [0.0] * len(durations))
    long = long_share(float(kinds.mean()), float(run), 4.0)
    model_s = plain_s + long * (mixed_s - plain_s)
    allowed = 0.02 if run == in_flight == 4 else 0.05 if in_flight == 4 else 0.12
    assert found_s * 0.99 <= model_s <= found_s * (1.0 + allowed)


def test_batch_that_prompts_can_follow() -> None:
    """By hand: each of two micro-batches ends 60 / 300 requests a step, of 2,000 tokens, more than a chunk of 512 in 4 steps of 500
    takes; it keeps up with 300 x 500 / 2,000 = 75 sequences each."""
    assert largest_batch(SERVICE._replace(batch=400)) == pytest.approx(150.0)
    assert largest_batch(SERVICE) == 120.0
