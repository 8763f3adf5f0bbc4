"""Kernels whose durations can be written down: arithmetic at one rate, instant memory, collectives of a stated duration a byte."""

from __future__ import annotations

from typing import NamedTuple


class PlainKernels(NamedTuple):
    """Arithmetic at `flops` [FLOP/s]; collectives take `collective_s_per_byte` for the bytes of the whole buffer."""

    flops: float
    collective_s_per_byte: float = 0.0
    memory_s_per_byte: float = 0.0

    def matmul_s(self, m: float, n: float, k: float, precision: str) -> float:
        """Two FLOPs an element."""
        return 2.0 * m * n * k / self.flops

    def attention_s(
        self, sequences: float, tokens: float, heads: float, kv_heads: float, head_size: float, precision: str, window: float = 0.0
    ) -> float:
        """Half of the pairs of tokens; windows are not known."""
        assert window == 0.0
        return 2.0 * sequences * tokens * tokens * heads * head_size / self.flops

    def attention_backward_s(
        self, sequences: float, tokens: float, heads: float, kv_heads: float, head_size: float, precision: str, window: float = 0.0
    ) -> float:
        """Twice the forward pass."""
        return 2.0 * self.attention_s(sequences, tokens, heads, kv_heads, head_size, precision, window)

    def experts_s(
        self, tokens: float, hidden: float, ffn: float, experts: float, active: float, precision: str, gated: bool = True
    ) -> float:
        """Two or three products for each expert of a token."""
        return 2.0 * (3.0 if gated else 2.0) * tokens * active * hidden * ffn / self.flops

    def decode_attention_s(
        self, sequences: float, context: float, heads: float, kv_heads: float, head_size: float, kv_bytes: float
    ) -> float:
        """Arithmetic alone."""
        return 4.0 * sequences * context * heads * head_size / self.flops

    def stream_s(self, moved_bytes: float) -> float:
        """Bytes at one rate."""
        return self.memory_s_per_byte * moved_bytes

    def collective_s(self, kind: str, ranks: int, size_bytes: float) -> float:
        """Bytes at one rate, twice for an all-reduce."""
        if ranks < 2:
            return 0.0
        return (2.0 if kind == "all_reduce" else 1.0) * self.collective_s_per_byte * size_bytes
