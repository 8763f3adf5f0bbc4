"""Durations of single kernels on one accelerator at full clock rate, and of collectives in its fabric domain.

A kernel is a matrix product, attention, grouped products of experts, a stream through memory, or a collective. Where
measured tables exist for a chip its durations are interpolated between measurements
(`sim.workload.measured_kernels`); elsewhere they follow a roofline of assumed efficiencies.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from sim.workload import collectives
from sim.workload.kernel_work import (
    ELEMENT_BYTES,
    Work,
    attention_work,
    backward_ratio,
    decode_work,
    experts_work,
    matmul_work,
)

__all__ = ["ELEMENT_BYTES", "AssumedKernels", "Kernels"]


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

        Parameters
        ----------
        m, n, k, precision
            As there.

        Returns
        -------
        float
            Duration [s].

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
        """See `Kernels.attention_s`: scores are not written to memory.

        Parameters
        ----------
        sequences, tokens, heads, kv_heads, head_size, precision, window
            As there.

        Returns
        -------
        float
            Duration [s].
        """
        return self._roofline_s(attention_work(sequences, tokens, heads, kv_heads, head_size, window), precision)

    def attention_backward_s(
        self, sequences: float, tokens: float, heads: float, kv_heads: float, head_size: float, precision: str, window: float = 0.0
    ) -> float:
        """See `Kernels.attention_backward_s`.

        Parameters
        ----------
        sequences, tokens, heads, kv_heads, head_size, precision, window
            As there.

        Returns
        -------
        float
            Duration [s].
        """
        return backward_ratio(tokens) * self.attention_s(sequences, tokens, heads, kv_heads, head_size, precision, window)

    def experts_s(
        self, tokens: float, hidden: float, ffn: float, experts: float, active: float, precision: str, gated: bool = True
    ) -> float:
        """See `Kernels.experts_s`: the longer of arithmetic and memory traffic.

        Parameters
        ----------
        tokens, hidden, ffn, experts, active, precision, gated
            As there.

        Returns
        -------
        float
            Duration [s].
        """
        return self._roofline_s(experts_work(tokens, hidden, ffn, experts, active, precision, gated), precision)

    def decode_attention_s(
        self, sequences: float, context: float, heads: float, kv_heads: float, head_size: float, kv_bytes: float
    ) -> float:
        """See `Kernels.decode_attention_s`: bound by the cache that is read.

        Parameters
        ----------
        sequences, context, heads, kv_heads, head_size, kv_bytes
            As there.

        Returns
        -------
        float
            Duration [s].
        """
        return self._roofline_s(decode_work(sequences, context, heads, kv_heads, head_size, kv_bytes), "bf16")

    def stream_s(self, moved_bytes: float) -> float:
        """See `Kernels.stream_s`.

        Parameters
        ----------
        moved_bytes
            As there.

        Returns
        -------
        float
            Duration [s].
        """
        return moved_bytes / (self.memory_byte_s * self.memory_efficiency)

    def collective_s(self, kind: str, ranks: int, size_bytes: float) -> float:
        """See `Kernels.collective_s`: a ring.

        Parameters
        ----------
        kind, ranks, size_bytes
            As there.

        Returns
        -------
        float
            Duration [s].
        """
        if ranks < 2:
            return 0.0
        half_s = collectives.ring_half_s(ranks, size_bytes, self.fabric_latency_s, self.fabric_byte_s)
        return 2.0 * half_s if kind == "all_reduce" else half_s

    def _roofline_s(self, work: Work, precision: str) -> float:
        return max(work.flops / (dict(self.peak_flops)[precision] * self.efficiency), self.stream_s(work.moved_bytes))
