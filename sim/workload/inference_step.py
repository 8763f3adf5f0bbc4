"""Inference service: prefill and decode of one tensor group inside a satellite, and what the time is spent on.

Every duration is the sum of parts that are computed separately: arithmetic at peak (useful), arithmetic below peak
(kernel), memory traffic beyond the arithmetic (memory), reductions of the tensor group (communication).
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
    """Durations times clock rate [s] by what the time is spent on: finite even at rate 0."""

    useful: Value
    kernel: Value
    memory: Value
    communication: Value


class Rates(NamedTuple):
    """Throughput of a satellite at a clock rate; the shares of its accelerators' time at that rate add up to 1."""

    prefill_s: Value  # of a whole batch
    decode_step_s: Value  # of a whole batch, averaged over its output
    output_tokens_per_s: Value
    input_tokens_per_s: Value
    useful: Value
    kernel: Value
    memory: Value
    communication: Value


def _parts(service: Service, loads: list[tuple[float, float]], tokens: float, rate: Value) -> Parts:
    """Parts of kernels of a tensor group, (FLOPs, bytes of memory) each, in sequence; `tokens` pass all layers.

    Each kernel takes the longer of arithmetic and memory traffic. The clock rate slows arithmetic, not memory or fabric.
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
    """One token each of `batch` sequences: all matrices, then attention over a key-value cache of `context` tokens.

    The accelerator with the most key-value heads paces the others.
    """
    model = service.model
    matrices = (2.0 * batch * model.parameters, service.weight_bytes * model.parameters)
    cache = service.tensor * kv_bytes_per_token(model, service.kv_element_bytes, service.tensor)
    attention = (batch * attention_flops_per_token(model, context), batch * context * cache)
    return _parts(service, [matrices, attention], float(batch), rate)


def _seconds(parts: Parts, rate: Value) -> Value:
    with np.errstate(divide="ignore"):
        return (parts.useful + parts.kernel + parts.memory + parts.communication) / rate


def decode_step_s(service: Service, batch: int, context: float, rate: ArrayLike = 1.0) -> Value:
    """Duration of a decode step: one token for each sequence of a batch.

    Parameters
    ----------
    service : Service
        The service.
    batch : int
        Sequences decoded together.
    context : float
        Tokens in the key-value cache of each sequence.
    rate : array_like
        Clock rate, 0 to 1, any shape.

    Returns
    -------
    ndarray
        Duration [s]; inf at rate 0.

    References
    ----------
    [scaling-book:inference]

    Examples
    --------
    One accelerator of 1 PFLOP/s and 1 TB/s, 1e9 parameters of 2 B, one sequence: 2 GB of weights take 2 ms.

    >>> from sim.workload.transformer import Model
    >>> model = Model(1e9, 8, 1024, 0, 0, 64, 4096, 32000)
    >>> service = Service(model, 1, 1, 1, 1000, 100, 1e15, 1.0, 1e12, 80e9, 0.9, 1e11, 0.0)
    >>> round(1e3 * float(decode_step_s(service, 1, 0.0)), 9)
    2.0
    """
    rate = np.asarray(rate, dtype=float)
    return _seconds(_decode(service, batch, context, rate), rate)


def unloaded_ttft_s(service: Service, rate: ArrayLike = 1.0) -> Value:
    """Time to first token of a single request: its prefill and one decode step, without queue and network.

    Parameters
    ----------
    service : Service
        The service.
    rate : array_like
        Clock rate, 0 to 1, any shape.

    Returns
    -------
    ndarray
        Duration [s]; inf at rate 0.

    References
    ----------
    [scaling-book:inference]
    """
    rate = np.asarray(rate, dtype=float)
    return _seconds(_prefill(service, 1, rate), rate) + decode_step_s(service, 1, service.input_tokens, rate)


def unloaded_tpot_s(service: Service, rate: ArrayLike = 1.0) -> Value:
    """Time per output token of a single request, averaged over its output.

    Parameters
    ----------
    service : Service
        The service.
    rate : array_like
        Clock rate, 0 to 1, any shape.

    Returns
    -------
    ndarray
        Duration [s]; inf at rate 0.

    References
    ----------
    [scaling-book:inference]
    """
    return decode_step_s(service, 1, service.input_tokens + service.output_tokens / 2.0, rate)


def operating_point(service: Service, rate: ArrayLike) -> Rates:
    """Throughput of a satellite that continuously prefills and decodes full batches.

    Parameters
    ----------
    service : Service
        The service.
    rate : array_like
        Clock rate, 0 to 1, any shape.

    Returns
    -------
    Rates
        Tokens per second, durations [s] and shares of time, the shape of `rate`.

    Notes
    -----
    Useful are the forward FLOPs of prompt and output tokens. At rate 0 the throughput is 0, durations are inf, and the shares
    are their limits, those of arithmetic alone.

    References
    ----------
    [scaling-book:inference]

    Examples
    --------
    The shares add up to one, and input and output tokens keep the ratio of a request:

    >>> from sim.workload.transformer import Model
    >>> model = Model(1e9, 8, 1024, 16, 16, 64, 4096, 32000)
    >>> rates = operating_point(Service(model, 1, 1, 8, 1000, 100, 1e15, 0.5, 1e12, 80e9, 0.9, 1e11, 0.0), 1.0)
    >>> round(float(rates.useful + rates.kernel + rates.memory + rates.communication), 12)
    1.0
    >>> round(float(rates.input_tokens_per_s / rates.output_tokens_per_s), 9)
    10.0
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
