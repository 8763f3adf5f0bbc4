"""Durations of single kernels on one accelerator at full clock rate, and of collectives in its fabric domain.

A kernel is a matrix product, attention, a stream through memory, or a collective. Where measured tables exist for a chip
its durations are interpolated between measurements; elsewhere they follow a roofline of assumed efficiencies.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from sim.workload import collectives

ELEMENT_BYTES = {"bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5, "fp32": 4.0}  # of one number


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
        moved_bytes = ELEMENT_BYTES[precision] * (m * k + k * n) + 2.0 * m * n
        return max(2.0 * m * n * k / self._rate(precision), self.stream_s(moved_bytes))

    def attention_s(
        self, sequences: float, tokens: float, heads: float, kv_heads: float, head_size: float, precision: str, window: float = 0.0
    ) -> float:
        """See `Kernels.attention_s`: scores are not written to memory."""
        seen = tokens / 2.0 if window <= 0.0 or window >= tokens else window - window * window / (2.0 * tokens)
        flops = 4.0 * sequences * tokens * seen * heads * head_size
        moved_bytes = 2.0 * sequences * tokens * (2.0 * heads + 2.0 * kv_heads) * head_size
        return max(flops / self._rate(precision), self.stream_s(moved_bytes))

    def decode_attention_s(
        self, sequences: float, context: float, heads: float, kv_heads: float, head_size: float, kv_bytes: float
    ) -> float:
        """See `Kernels.decode_attention_s`: bound by the cache that is read."""
        flops = 4.0 * sequences * context * heads * head_size
        moved_bytes = 2.0 * sequences * context * kv_heads * head_size * kv_bytes
        return max(flops / self._rate("bf16"), self.stream_s(moved_bytes))

    def stream_s(self, moved_bytes: float) -> float:
        """See `Kernels.stream_s`."""
        return moved_bytes / (self.memory_byte_s * self.memory_efficiency)

    def collective_s(self, kind: str, ranks: int, size_bytes: float) -> float:
        """See `Kernels.collective_s`: a ring."""
        if ranks < 2:
            return 0.0
        half_s = collectives.ring_half_s(ranks, size_bytes, self.fabric_latency_s, self.fabric_byte_s)
        return 2.0 * half_s if kind == "all_reduce" else half_s

    def _rate(self, precision: str) -> float:
        return dict(self.peak_flops)[precision] * self.efficiency
