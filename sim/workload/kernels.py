"""Durations of single kernels on one accelerator at full clock rate, and of collectives in its fabric domain.

A kernel is a matrix product, attention, grouped products of experts, a stream through memory, or a collective. Where
measured tables exist for a chip its durations are interpolated between measurements
(`sim.workload.measured_kernels`); elsewhere they follow a roofline of assumed efficiencies.
"""

from __future__ import annotations

from bisect import bisect_right
from math import expm1, log, log1p
from typing import NamedTuple, Protocol

from sim.workload import collective_times

ELEMENT_BYTES = {"bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5, "fp32": 4.0}  # of one number

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


class Kernels(Protocol):
    """Durations [s] of kernels on one accelerator; sizes are those of the accelerator's own share of the work."""

    def matmul_s(self, m: float, n: float, k: float, precision: str) -> float:
        """Matrix product of (m, k) and (k, n).

        Parameters
        ----------
        m, n, k : float
            Rows, columns and inner size, at least 1.
        precision : str
            Number format of both operands, a key of `ELEMENT_BYTES`.

        Returns
        -------
        float
            Duration [s].
        """
        ...

    def attention_s(
        self, sequences: float, tokens: float, heads: float, kv_heads: float, head_size: float, precision: str, window: float = 0.0
    ) -> float:
        """Causal attention of whole sequences, forward.

        Parameters
        ----------
        sequences, tokens : float
            Sequences, and tokens of each.
        heads, kv_heads, head_size : float
            Query heads, key-value heads, and size of a head.
        precision : str
            Number format.
        window : float
            Tokens that a token attends to at most; 0 for all before it.

        Returns
        -------
        float
            Duration [s].
        """
        ...

    def attention_backward_s(
        self, sequences: float, tokens: float, heads: float, kv_heads: float, head_size: float, precision: str, window: float = 0.0
    ) -> float:
        """Causal attention of whole sequences, backward.

        Parameters
        ----------
        sequences, tokens, heads, kv_heads, head_size, precision, window
            See `attention_s`.

        Returns
        -------
        float
            Duration [s]: that of `attention_s` times `backward_ratio`.
        """
        ...

    def experts_s(
        self, tokens: float, hidden: float, ffn: float, experts: float, active: float, precision: str, gated: bool = True
    ) -> float:
        """Feed-forward products of the routed experts that one accelerator holds, with tokens spread over them at random.

        Parameters
        ----------
        tokens : float
            Tokens that are routed over these experts.
        hidden, ffn : float
            Width of the model, and the part of an expert's inner width that is here.
        experts : float
            Experts held here.
        active : float
            Experts among these that a token uses on average; with experts spread over accelerators this is the model's
            number divided by the accelerators that share them, and may be below 1.
        precision : str
            Number format of weights and activations, a key of `ELEMENT_BYTES`.
        gated : bool
            Three matrices an expert; else two.

        Returns
        -------
        float
            Duration [s].
        """
        ...

    def decode_attention_s(
        self, sequences: float, context: float, heads: float, kv_heads: float, head_size: float, kv_bytes: float
    ) -> float:
        """Attention of one token of each sequence over its key-value cache.

        Parameters
        ----------
        sequences, context : float
            Sequences, and tokens in the cache of each.
        heads, kv_heads, head_size : float
            Query heads, key-value heads, and size of a head.
        kv_bytes : float
            Bytes of one number of the cache.

        Returns
        -------
        float
            Duration [s].
        """
        ...

    def stream_s(self, moved_bytes: float) -> float:
        """Kernel that is bound by memory: norms, activations, residuals, the optimiser.

        Parameters
        ----------
        moved_bytes : float
            Bytes read and written.

        Returns
        -------
        float
            Duration [s].
        """
        ...

    def collective_s(self, kind: str, ranks: int, size_bytes: float) -> float:
        """Collective among accelerators of one fabric domain.

        Parameters
        ----------
        kind : {"all_reduce", "all_gather", "reduce_scatter", "all_to_all"}
            Operation.
        ranks : int
            Accelerators that take part, at least 1.
        size_bytes : float
            Bytes of the whole buffer: what each rank contributes to a reduction, what each rank has after a gather.

        Returns
        -------
        float
            Duration [s]; 0 for one rank.
        """
        ...


class AssumedKernels(NamedTuple):
    """Rooflines of a chip without measured tables."""

    peak_flops: tuple[tuple[str, float], ...]  # dense, of each precision
    efficiency: float  # of arithmetic
    memory_byte_s: float  # printed
    memory_efficiency: float
    fabric_byte_s: float  # of one accelerator, in one direction
    fabric_latency_s: float

    def matmul_s(self, m: float, n: float, k: float, precision: str) -> float:
        """See `Kernels.matmul_s`: the longer of arithmetic and memory traffic.

        Examples
        --------
        >>> chip = AssumedKernels((("bf16", 1e15),), 0.5, 1e12, 0.8, 1e11, 1e-6)
        >>> chip.matmul_s(1e4, 1e4, 1e4, "bf16")
        0.004
        """
        return self._roofline_s(matmul_work(m, n, k, precision), precision)

    def attention_s(
        self, sequences: float, tokens: float, heads: float, kv_heads: float, head_size: float, precision: str, window: float = 0.0
    ) -> float:
        """See `Kernels.attention_s`: scores are not written to memory."""
        return self._roofline_s(attention_work(sequences, tokens, heads, kv_heads, head_size, window), precision)

    def attention_backward_s(
        self, sequences: float, tokens: float, heads: float, kv_heads: float, head_size: float, precision: str, window: float = 0.0
    ) -> float:
        """See `Kernels.attention_backward_s`."""
        return backward_ratio(tokens) * self.attention_s(sequences, tokens, heads, kv_heads, head_size, precision, window)

    def experts_s(
        self, tokens: float, hidden: float, ffn: float, experts: float, active: float, precision: str, gated: bool = True
    ) -> float:
        """See `Kernels.experts_s`: the longer of arithmetic and memory traffic."""
        return self._roofline_s(experts_work(tokens, hidden, ffn, experts, active, precision, gated), precision)

    def decode_attention_s(
        self, sequences: float, context: float, heads: float, kv_heads: float, head_size: float, kv_bytes: float
    ) -> float:
        """See `Kernels.decode_attention_s`: bound by the cache that is read."""
        return self._roofline_s(decode_work(sequences, context, heads, kv_heads, head_size, kv_bytes), "bf16")

    def stream_s(self, moved_bytes: float) -> float:
        """See `Kernels.stream_s`."""
        return moved_bytes / (self.memory_byte_s * self.memory_efficiency)

    def collective_s(self, kind: str, ranks: int, size_bytes: float) -> float:
        """See `Kernels.collective_s`: a ring."""
        if ranks < 2:
            return 0.0
        half_s = collective_times.ring_half_s(ranks, size_bytes, self.fabric_latency_s, self.fabric_byte_s)
        return 2.0 * half_s if kind == "all_reduce" else half_s

    def _roofline_s(self, work: Work, precision: str) -> float:
        return max(work.flops / (dict(self.peak_flops)[precision] * self.efficiency), self.stream_s(work.moved_bytes))
