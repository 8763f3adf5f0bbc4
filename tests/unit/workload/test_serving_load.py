"""A group under load: steady state, targets, and the choice of span, against a simulation of its steps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim.workload import serving_load
from sim.workload.fabric import Fabric
from sim.workload.kernels import AssumedKernels
from sim.workload.service import Service, Targets, max_batch, service_problem
from sim.workload.serving_choice import chosen, target_problem
from sim.workload.serving_step import Tokens, step
from sim.workload.transformer import Model, parameter_count

SHAPE = Model(0.0, 80, 8192, 64, 8, 128, 28672, 128256)
LLAMA_70B = SHAPE._replace(parameters=parameter_count(SHAPE))
H100 = AssumedKernels((("bf16", 989e12), ("fp8", 1979e12)), 0.6, 3.35e12, 0.85, 450e9, 2e-6)
SERVICE = Service(
    LLAMA_70B, H100, Fabric(8), "fp8", 4, 8, 64, 2000, 300, 1979e12, 80e9, 0.9, "fp8", "fp8", chunk=1000, host_s=1e-3
)


def _service(**changes: Any) -> Service:
    return SERVICE._replace(**changes)


def _simulated(s: Service, requests_per_s: float, requests: int) -> tuple[np.ndarray, np.ndarray]:
    """Times to first and per further token of requests that arrive at random, step by step: first come, first served; a step takes
    a chunk of one prompt beside all that are decoded."""
    rng = np.random.default_rng(7)
    arrivals = np.cumsum(rng.exponential(1.0 / requests_per_s, requests))
    chunks = math.ceil(s.input_tokens / s.chunk)
    context = s.input_tokens + s.output_tokens / 2.0
    durations: dict[tuple[int, bool], float] = {}

    def lasts(decoded: int, with_chunk: bool) -> float:
        if (decoded, with_chunk) not in durations:
            tokens = Tokens(s.input_tokens / chunks if with_chunk else 0.0, float(chunks if with_chunk else 1), float(decoded), context)
            durations[decoded, with_chunk] = step(s, tokens).duration_s()
        return durations[decoded, with_chunk]

    now, came, queue, decoded = 0.0, 0, [], {}
    first, each = np.full(requests, np.nan), np.full(requests, np.nan)
    while came < requests or queue or decoded:
        while came < requests and arrivals[came] <= now:
            queue.append([came, chunks])
            came += 1
        if not queue and not decoded:
            now = arrivals[came]
            continue
        now += lasts(len(decoded), bool(queue))
        for request in list(decoded):
            decoded[request] -= 1
            if decoded[request] == 0:
                del decoded[request]
                each[request] = (now - arrivals[request] - first[request]) / (s.output_tokens - 1)
        if queue:
            queue[0][1] -= 1
            if queue[0][1] == 0:
                request = queue.pop(0)[0]
                first[request], decoded[request] = now - arrivals[request], s.output_tokens - 1
    return first[requests // 10 :], each[requests // 10 :]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.85])
def test_queue_against_simulated_steps(share: float) -> None:
    """Source of truth: a simulation of every step. Prompts wait as in an M/D/1 queue: within 8 %, of which 5 % are chance. Steps are
    within 5 % in the mean; their upper quantile, of counts that vary slowly, is low by up to 12 % near saturation."""
    most = serving_load.capacity(SERVICE._replace(batch=200))
    assert most is not None
    service = _service(batch=200)
    load = serving_load.at_share(service, most, share)
    first, each = _simulated(service, load.requests_per_s(service), 8000)
    assert load.step_s == pytest.approx(each.mean(), rel=0.05)
    for percentile in (0.5, 0.99):
        found = serving_load.latency(service, load, percentile)
        assert found.ttft_s == pytest.approx(np.quantile(first, percentile), rel=0.08)
        assert found.tpot_s == pytest.approx(np.quantile(each, percentile), rel=0.15)


def test_saturation_by_hand() -> None:
    """Closed form: 64 sequences, 300 tokens each: 128 of 300 steps take half a prompt of 2,000 tokens."""
    plain = step(SERVICE, Tokens(0.0, 1.0, 64.0, 2150.0)).duration_s()
    mixed = step(SERVICE, Tokens(1000.0, 2.0, 64.0, 2150.0)).duration_s()
    load = serving_load.capacity(SERVICE)
    assert load is not None
    each_s = plain + 64 * 2000 / (300 * 1000) * (mixed - plain)
    assert load.step_s == pytest.approx(each_s, rel=1e-12)
    assert load.prompt_s == pytest.approx(2.0 * mixed, rel=1e-12)
    assert serving_load.tokens_per_s(SERVICE) == pytest.approx(2 * 64 / each_s, rel=1e-12)


def test_prompts_limit_a_batch() -> None:
    """By hand: a chunk of 1,000 tokens a step feeds 150 sequences of 2,000 tokens that give 300, and no more."""
    assert serving_load.largest_batch(_service(batch=400)) == pytest.approx(150.0)


def test_requests_in_flight() -> None:
    """Closed form, Little's law: requests that are decoded and those in prompts and queue add up to those in flight."""
    load = serving_load.in_flight(SERVICE, 40.0)
    rate = load.requests_per_s(SERVICE)
    busy = rate * load.prompt_s
    in_prompt = rate * load.prompt_s * (1.0 + busy / (2.0 * (1.0 - busy)))
    assert load.batch + in_prompt == pytest.approx(40.0, rel=1e-6)


@pytest.mark.parametrize("rate", [1.0, 0.6])
def test_targets_hold_at_capacity_and_not_beyond(rate: float) -> None:
    """Definition: at capacity both latencies are within the targets, and one is at its limit to 1 % or the next count is over."""
    goal = Targets(1.5, 0.030, 0.99, 0.05)
    service = _service(batch=150, targets=goal)
    load = serving_load.capacity(service, rate)
    assert load is not None
    found = serving_load.latency(service, load, 0.99, rate)
    assert found.ttft_s + 0.05 <= 1.5
    assert found.tpot_s <= 0.030
    assert not serving_load.meets(service, 1.01 * load.batch, rate)


def test_tighter_targets_never_serve_more() -> None:
    """Property: the capacity falls with either target, with the clock rate, and below that without targets."""
    free = serving_load.tokens_per_s(SERVICE)
    targets = [Targets(t, p, 0.99, 0.0) for t, p in ((9.0, 0.9), (2.0, 0.9), (2.0, 0.04), (0.5, 0.04), (0.5, 0.02), (0.01, 0.02))]
    served = [serving_load.tokens_per_s(_service(targets=goal)) for goal in targets]
    assert served == sorted(served, reverse=True)
    assert served[0] <= free
    assert served[-1] == 0.0
    slower = [serving_load.tokens_per_s(_service(targets=targets[2]), rate) for rate in (1.0, 0.8, 0.5, 0.2)]
    assert slower == sorted(slower, reverse=True)


def test_span_with_the_most_tokens() -> None:
    """By hand: 70.6 GB of weights in 8 bits leave 1.4 GB of one chip of 72 GB for caches of 0.38 GB; two chips have 73 GB for them.
    The smallest span that fits is not the best; each candidate is computed by itself."""
    open_ = _service(chunk=8192)
    found = chosen(open_, None, None)
    each = {}
    for tensor in (1, 2, 4, 8):
        sized = open_._replace(tensor=tensor)
        sized = sized._replace(batch=max(1, max_batch(sized)))
        each[tensor] = serving_load.tokens_per_s(sized) if service_problem(sized) is None else 0.0
    assert 0.0 < each[1] < each[2]
    assert found.tensor == max(each, key=lambda tensor: each[tensor]) != 1
    assert chosen(open_, 8, 12) == open_._replace(tensor=8, batch=12)


def test_steady_decoding_takes_smaller_chunks() -> None:
    """Property: where a target for further tokens leaves no room for whole prompts beside them, shorter chunks serve more."""
    goal = Targets(5.0, 0.025, 0.99, 0.0)
    open_ = _service(chunk=8192, targets=goal, input_tokens=8000)
    found = chosen(open_, 4, None)
    whole = found._replace(chunk=8192)
    assert found.chunk <= 8192
    assert serving_load.tokens_per_s(found) >= serving_load.tokens_per_s(whole)
    assert serving_load.tokens_per_s(found) > 0.0


def test_impossible_targets_are_told() -> None:
    """By hand: weights of 17.6 GB on each of four chips take 6.2 ms at 2.85 TB/s; 1 ms a token cannot be had."""
    service = chosen(_service(targets=Targets(10.0, 1e-3, 0.99, 0.05)), None, None)
    message = target_problem(service)
    assert message is not None
    assert message.startswith("a single request on 8 accelerators takes ")
    assert "write tpot: " in message
    assert "ttft:" not in message
    assert target_problem(SERVICE) is None
