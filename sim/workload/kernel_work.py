"""Work of kernels: FLOPs and bytes moved through memory, by the sizes of an accelerator's share.

The inputs of rooflines, assumed (`sim.workload.kernels`) or measured (`sim.workload.measured_kernels`).
"""

from __future__ import annotations

from bisect import bisect_right
from math import expm1, log, log1p
from typing import NamedTuple

ELEMENT_BYTES = {"bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5, "int4": 0.5, "fp32": 4.0}  # of one number

# Attention backward: five matrix products where the forward has two, so 2.5 times its FLOPs (dao2023), at this share of the
# forward rate by length of the sequence (shah2024, figures 5 and 6: H100, head size 128, no mask, FlashAttention-3).
# FlashAttention-2 on an A100 reaches 63 % of peak backward and 73 % forward, a share of 0.86 (dao2023).
BACKWARD_FLOPS = 2.5
_BACKWARD_SHARE = (
    (512.0, 316.0 / 467.0), (1024.0, 424.0 / 565.0), (2048.0, 501.0 / 625.0),
    (4096.0, 542.0 / 638.0), (8192.0, 559.0 / 646.0), (16384.0, 561.0 / 648.0),
)  # fmt: skip


class Work(NamedTuple):
    """What a kernel does."""

    flops: float
    moved_bytes: float  # read from and written to memory


def matmul_work(m: float, n: float, k: float, precision: str) -> Work:
    """Work of a matrix product whose result has two bytes an element.

    Parameters
    ----------
    m, n, k : float
        Rows, columns and inner size, at least 1.
    precision : str
        Number format of both operands, a key of `ELEMENT_BYTES`.

    Returns
    -------
    Work
        FLOPs, and bytes with each operand read once.

    Examples
    --------
    >>> matmul_work(2.0, 3.0, 4.0, "fp8")
    Work(flops=48.0, moved_bytes=32.0)
    """
    return Work(2.0 * m * n * k, ELEMENT_BYTES[precision] * (m * k + k * n) + 2.0 * m * n)


def attention_work(
    sequences: float, tokens: float, heads: float, kv_heads: float, head_size: float, window: float = 0.0
) -> Work:
    """Work of causal attention of whole sequences, forward; scores are not written to memory.

    Parameters
    ----------
    sequences, tokens, heads, kv_heads, head_size, window : float
        See `Kernels.attention_s`.

    Returns
    -------
    Work
        FLOPs of the pairs within the mask, and bytes of queries, keys, values and results.

    Examples
    --------
    >>> attention_work(1.0, 4.0, 1.0, 1.0, 8.0)
    Work(flops=256.0, moved_bytes=256.0)
    """
    seen = tokens / 2.0 if window <= 0.0 or window >= tokens else window - window * window / (2.0 * tokens)
    flops = 4.0 * sequences * tokens * seen * heads * head_size
    return Work(flops, 2.0 * sequences * tokens * (2.0 * heads + 2.0 * kv_heads) * head_size)


def decode_work(
    sequences: float, context: float, heads: float, kv_heads: float, head_size: float, kv_bytes: float
) -> Work:
    """Work of attention of one token of each sequence.

    Parameters
    ----------
    sequences, context, heads, kv_heads, head_size, kv_bytes : float
        See `Kernels.decode_attention_s`.

    Returns
    -------
    Work
        FLOPs, and bytes of the cache.

    Examples
    --------
    >>> decode_work(1.0, 10.0, 2.0, 1.0, 8.0, 2.0)
    Work(flops=640.0, moved_bytes=320.0)
    """
    flops = 4.0 * sequences * context * heads * head_size
    return Work(flops, 2.0 * sequences * context * kv_heads * head_size * kv_bytes)


def experts_work(
    tokens: float, hidden: float, ffn: float, experts: float, active: float, precision: str, gated: bool = True
) -> Work:
    """Work of the grouped products of experts, with tokens spread over them at random.

    Parameters
    ----------
    tokens, hidden, ffn, experts, active, precision, gated
        See `Kernels.experts_s`.

    Returns
    -------
    Work
        FLOPs, and bytes: weights of experts that at least one token uses, inputs, inner activations and results.

    Examples
    --------
    >>> experts_work(1.0, 10.0, 20.0, 8.0, 2.0, "fp8").flops
    2400.0
    """
    element_bytes, rows, matrices = ELEMENT_BYTES[precision], tokens * active, 3.0 if gated else 2.0
    share = min(active / experts, 1.0)
    used = experts if share >= 1.0 else -experts * expm1(tokens * log1p(-share))
    weight_bytes = element_bytes * matrices * hidden * ffn * used
    return Work(
        2.0 * matrices * rows * hidden * ffn, weight_bytes + rows * (element_bytes * (hidden + 2.0 * ffn) + 2.0 * hidden)
    )


def backward_ratio(tokens: float) -> float:
    """Duration of attention backward over that forward.

    Parameters
    ----------
    tokens : float
        Tokens of a sequence, at least 1.

    Returns
    -------
    float
        Ratio; linear in the logarithm of the length between published lengths, constant beyond them.

    References
    ----------
    dao2023, shah2024

    Examples
    --------
    >>> round(backward_ratio(16384.0), 2), round(backward_ratio(512.0), 2)
    (2.89, 3.69)
    """
    lengths = [length for length, _ in _BACKWARD_SHARE]
    i = min(max(bisect_right(lengths, tokens) - 1, 0), len(lengths) - 2)
    (low, share_low), (high, share_high) = _BACKWARD_SHARE[i], _BACKWARD_SHARE[i + 1]
    part = min(max(log(tokens / low) / log(high / low), 0.0), 1.0)
    return BACKWARD_FLOPS / (share_low + part * (share_high - share_low))
