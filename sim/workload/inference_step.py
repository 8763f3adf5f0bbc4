"""Inference service: prefill and decode of one tensor group inside a satellite, and what the time is spent on.

Every duration is the sum of parts that are computed separately: arithmetic at peak (useful), arithmetic below peak
(kernel), memory traffic beyond the arithmetic (memory), reductions of the tensor group (communication).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orbit.kernels.compile import Floats, Ints, exact_inlined, exact_kernel
from sim.workload import collectives
from sim.workload.service import Service, groups
from sim.workload.transformer import (
    active_parameters,
    attention_flops_per_token,
    forward_flops_per_token,
    message_bytes,
    read_parameters,
)
from sim.workload.transformer_memory import kv_bytes_per_token

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


def _prefill_loads(service: Service, batch: int) -> tuple[list[tuple[float, float]], float]:
    """FLOPs and bytes of the kernels that prefill a batch, and the tokens that pass."""
    tokens = float(batch * service.input_tokens)
    flops = tokens * forward_flops_per_token(service.model, service.input_tokens)
    return [(flops, service.weight_bytes * read_parameters(service.model, tokens))], tokens


def _decode_loads(service: Service, batch: int, context: float) -> tuple[list[tuple[float, float]], float]:
    """One token each of `batch` sequences: all matrices, then attention over a key-value cache of `context` tokens.

    The accelerator with the most key-value heads paces the others.
    """
    model = service.model
    matrices = (2.0 * batch * active_parameters(model), service.weight_bytes * read_parameters(model, batch))
    cache = service.tensor * kv_bytes_per_token(model, service.kv_element_bytes, service.tensor, max(1.0, context))
    attention = (batch * attention_flops_per_token(model, context, absorbed=True), batch * context * cache)
    return [matrices, attention], float(batch)


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
    return _seconds(_parts(service, *_decode_loads(service, batch, context), rate), rate)


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
    return _seconds(_parts(service, *_prefill_loads(service, 1), rate), rate) + decode_step_s(service, 1, service.input_tokens, rate)


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


class CycleConstants(NamedTuple):
    """A cycle of one prefill and the decode steps of a batch: durations [s] at full clock, and memory traffic.

    A kernel is bound by memory for `moved` x rate - `computed` seconds, where that is positive.
    """

    steps: float  # decode steps
    output_tokens: float  # of all groups of a satellite
    input_tokens: float
    prefill_useful_s: float
    prefill_kernel_s: float
    prefill_communication_s: float
    prefill_moved_s: float
    prefill_computed_s: float
    decode_useful_s: float
    decode_kernel_s: float
    decode_communication_s: float
    matrices_moved_s: float
    matrices_computed_s: float
    attention_moved_s: float
    attention_computed_s: float


@lru_cache(maxsize=256)
def cycle_constants(service: Service) -> CycleConstants:
    """Constants of a service.

    Parameters
    ----------
    service : Service
        The service.

    Returns
    -------
    CycleConstants
        Constants.
    """
    batch, steps = service.batch, service.output_tokens
    prefill_loads, prefill_tokens = _prefill_loads(service, batch)
    decode_loads, decode_tokens = _decode_loads(service, batch, service.input_tokens + steps / 2.0)
    prefill = _parts(service, prefill_loads, prefill_tokens, np.ones(()))
    decode = _parts(service, decode_loads, decode_tokens, np.ones(()))
    group_flops, group_byte_s = service.tensor * service.peak_flops, service.tensor * service.memory_byte_s
    moved, computed = (
        [moved_bytes / group_byte_s for _, moved_bytes in (*prefill_loads, *decode_loads)],
        [flops / group_flops / service.kernel_efficiency for flops, _ in (*prefill_loads, *decode_loads)],
    )
    return CycleConstants(
        float(steps), float(groups(service) * batch * steps), float(groups(service) * batch * service.input_tokens),
        float(prefill.useful), float(prefill.kernel), float(prefill.communication), moved[0], computed[0],
        float(decode.useful), float(decode.kernel), float(decode.communication), moved[1], computed[1], moved[2], computed[2],
    )  # fmt: skip


@exact_inlined
def point_at(r: float, c: CycleConstants) -> tuple[float, float, float, float, float, float, float, float]:
    """Throughput of a satellite in the order of `Rates`; see `operating_point`.

    Parameters
    ----------
    r : float
        Clock rate, 0 to 1.
    c : CycleConstants
        Constants of the service.

    Returns
    -------
    tuple of float
        The fields.
    """
    prefill_memory_s = max(0.0, c.prefill_moved_s * r - c.prefill_computed_s)
    matrices_s = max(0.0, c.matrices_moved_s * r - c.matrices_computed_s)
    decode_memory_s = matrices_s + max(0.0, c.attention_moved_s * r - c.attention_computed_s)
    prefill_s = c.prefill_useful_s + c.prefill_kernel_s + prefill_memory_s + c.prefill_communication_s * r
    decode_s = c.decode_useful_s + c.decode_kernel_s + decode_memory_s + c.decode_communication_s * r
    useful_s = c.prefill_useful_s + c.steps * c.decode_useful_s
    kernel_s = c.prefill_kernel_s + c.steps * c.decode_kernel_s
    memory_s = prefill_memory_s + c.steps * decode_memory_s
    communication_s = (c.prefill_communication_s + c.steps * c.decode_communication_s) * r
    share = 1.0 / (useful_s + kernel_s + memory_s + communication_s)
    slower = 1.0 / r
    return (
        prefill_s * slower, decode_s * slower, c.output_tokens * r * share, c.input_tokens * r * share,
        useful_s * share, kernel_s * share, memory_s * share, communication_s * share,
    )  # fmt: skip


@exact_kernel
def operating_points(rate: Floats, c: CycleConstants, out: Floats) -> None:
    """Throughput of several satellites.

    Parameters
    ----------
    rate : ndarray, shape (n,)
        Clock rates, 0 to 1.
    c : CycleConstants
        Constants of the service.
    out : ndarray, shape (8, n)
        Fields in the order of `Rates`; written.
    """
    for i in range(rate.size):
        out[0, i], out[1, i], out[2, i], out[3, i], out[4, i], out[5, i], out[6, i], out[7, i] = point_at(rate[i], c)


@exact_kernel
def points_and_duty(
    who: Ints, rate: Floats, c: CycleConstants, hbm_share: float, out: Floats, duty: Floats
) -> None:
    """Throughput of the satellites of a service, and the share of their time in which they draw full power.

    Memory that streams weights and caches draws its own share of the chip's power.

    Parameters
    ----------
    who : ndarray of int64, shape (n,)
        Satellites of the service.
    rate : ndarray, shape (N,)
        Clock rate of each satellite of the fleet, 0 to 1.
    c : CycleConstants
        Constants of the service.
    hbm_share : float
        Share of the accelerators' power that memory draws, 0 to 1.
    out : ndarray, shape (8, n)
        Fields in the order of `Rates`; written.
    duty : ndarray, shape (N,)
        Duty of the fleet; written at `who`.
    """
    for i in range(who.size):
        out[0, i], out[1, i], out[2, i], out[3, i], out[4, i], out[5, i], out[6, i], out[7, i] = point_at(rate[who[i]], c)
        duty[who[i]] = out[4, i] + out[5, i] + hbm_share * out[6, i]


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
    out = np.empty((len(Rates._fields), rate.size))
    operating_points(np.ascontiguousarray(rate).ravel(), cycle_constants(service), out)
    return Rates(*(row.reshape(rate.shape) for row in out))
