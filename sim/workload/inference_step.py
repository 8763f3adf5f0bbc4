"""Serving: prefill and decode of one tensor group inside a satellite, and what its time is spent on.

Every duration is the sum of parts that are computed apart: arithmetic at peak (useful), arithmetic below peak (kernel),
waiting for memory beyond the arithmetic (memory), reductions of the tensor group (communication).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.workload import collectives
from sim.workload.service import Service, groups
from sim.workload.transformer import (
    attention_flops_per_token,
    forward_flops_per_token,
    kv_bytes_per_token,
    message_bytes,
)

Value = NDArray[np.float64]  # of any shape, also ()


class Parts(NamedTuple):
    """Seconds times clock rate of some work by what they are spent on: finite, where the clock stands still as well."""

    useful: Value
    kernel: Value
    memory: Value
    communication: Value


class Rates(NamedTuple):
    """What a satellite delivers at a clock rate; shares of its accelerators' time at that clock add up to 1."""

    prefill_s: Value  # of a whole batch
    decode_step_s: Value  # of a whole batch, mean over an answer
    output_tokens_per_s: Value
    input_tokens_per_s: Value
    useful: Value
    kernel: Value
    memory: Value
    communication: Value


def _parts(service: Service, loads: list[tuple[float, float]], tokens: float, rate: Value) -> Parts:
    """Loads are kernels of a tensor group, (FLOPs, bytes of memory), one after the other; `tokens` pass all layers.

    Each takes as long as the slower of arithmetic and memory. The clock slows arithmetic, not memory or fabric.
    """
    group_flops = service.tensor * service.peak_flops
    group_byte_s = service.tensor * service.memory_byte_s
    reduction_s = collectives.ring_s(
        service.tensor,
        message_bytes(service.model, tokens, service.element_bytes),
        service.fabric_latency_s,
        service.fabric_byte_s,
    )
    useful = kernel = memory = np.zeros_like(rate)
    for flops, moved_bytes in loads:
        at_peak_s = flops / group_flops
        useful = useful + at_peak_s
        kernel = kernel + at_peak_s * (1.0 / service.kernel_efficiency - 1.0)
        memory = memory + np.maximum(0.0, moved_bytes / group_byte_s * rate - at_peak_s / service.kernel_efficiency)
    # two reductions a layer, after attention and after the feed-forward network
    return Parts(useful, kernel, memory, 2.0 * service.model.layers * reduction_s * rate)


def _prefill(service: Service, batch: int, rate: Value) -> Parts:
    tokens = float(batch * service.input_tokens)
    flops = tokens * forward_flops_per_token(service.model, service.input_tokens)
    return _parts(service, [(flops, service.weight_bytes * service.model.parameters)], tokens, rate)


def _decode(service: Service, batch: int, context: float, rate: Value) -> Parts:
    """One token each of `batch` sequences: all matrices, then attention over `context` tokens kept."""
    model = service.model
    matrices = (2.0 * batch * model.parameters, service.weight_bytes * model.parameters)
    kept = kv_bytes_per_token(model, service.kv_element_bytes)
    attention = (batch * attention_flops_per_token(model, context), batch * context * kept)
    return _parts(service, [matrices, attention], float(batch), rate)


def _seconds(parts: Parts, rate: Value) -> Value:
    with np.errstate(divide="ignore"):
        return (parts.useful + parts.kernel + parts.memory + parts.communication) / rate


def decode_step_s(service: Service, batch: int, context: float, rate: ArrayLike = 1.0) -> Value:
    """One token each of `batch` sequences, `context` tokens long; inf at a clock rate of 0 [scaling-book:inference]."""
    rate = np.asarray(rate, dtype=float)
    return _seconds(_decode(service, batch, context, rate), rate)


def unloaded_ttft_s(service: Service, rate: ArrayLike = 1.0) -> Value:
    """Time to the first token [s] of a request that is alone: its prefill and one step; no queue, no way to the user."""
    rate = np.asarray(rate, dtype=float)
    return _seconds(_prefill(service, 1, rate), rate) + decode_step_s(service, 1, service.input_tokens, rate)


def unloaded_tpot_s(service: Service, rate: ArrayLike = 1.0) -> Value:
    """Time per token [s] of a request that is alone, mean over its answer."""
    return decode_step_s(service, 1, service.input_tokens + service.output_tokens / 2.0, rate)


def operating(service: Service, rate: ArrayLike) -> Rates:
    """What a satellite delivers with full batches, prefilled and then decoded, over and over; `rate` of any shape.

    Useful are the forward FLOPs of the prompts' and the answers' tokens. At a rate of 0 nothing is delivered, durations
    are inf, and the shares are their limits, those of arithmetic alone.
    """
    rate = np.asarray(rate, dtype=float)
    batch, steps = service.batch, service.output_tokens
    prefill = _prefill(service, batch, rate)
    decode = _decode(service, batch, service.input_tokens + steps / 2.0, rate)
    cycle = Parts(*(before + steps * each for before, each in zip(prefill, decode, strict=True)))
    whole = cycle.useful + cycle.kernel + cycle.memory + cycle.communication
    batches_per_s = groups(service) * rate / whole
    return Rates(
        prefill_s=_seconds(prefill, rate),
        decode_step_s=_seconds(decode, rate),
        output_tokens_per_s=batches_per_s * batch * steps,
        input_tokens_per_s=batches_per_s * batch * service.input_tokens,
        useful=cycle.useful / whole,
        kernel=cycle.kernel / whole,
        memory=cycle.memory / whole,
        communication=cycle.communication / whole,
    )
