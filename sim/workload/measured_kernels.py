"""Durations of kernels from measurements on a chip; a chip without a table has assumed efficiencies.

A measured duration is the roofline, the longer of arithmetic at the dense peak and memory traffic at the printed
bandwidth, over the efficiency that was measured, which is interpolated between measured sizes. Peaks and bandwidths
are those of the accelerator in the scenario, so that a slower variant of a chip keeps the efficiencies of its table.
Below the smallest measured size a duration stays constant, since launch and latency dominate; above the largest the
efficiency does.

What is not measured:

- a precision: the efficiency of the nearest one that is (`_NEAREST`), at the peak of the precision;
- attention with a window: on the way from the efficiency with all tokens seen to that measured with a window of 128,
  linear in the logarithm of the window; without such a measurement that of all tokens;
- experts without a gate: the efficiency of gated ones of the same size;
- attention backward: `backward_ratio`;
- more ranks than measured: the same bus bandwidth, and start-up time that grows with the logarithm of the ranks.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import log
from typing import NamedTuple

from sim.workload.kernel_tables import ChipTable, Grid, chip_table, interpolate
from sim.workload.kernel_work import Work, attention_work, backward_ratio, decode_work, experts_work, matmul_work
from sim.workload.kernels import AssumedKernels, Kernels

_NEAREST = {
    "bf16": ("bf16", "fp8"), "fp16": ("bf16", "fp8"), "fp32": ("bf16", "fp8"), "fp8": ("fp8", "bf16"), "int8": ("fp8", "bf16"),
    "fp4": ("fp4", "fp8", "bf16"), "int4": ("fp4", "fp8", "bf16"),
}  # fmt: skip
_SHORT_WINDOW = 128.0  # tokens, the window that is measured


class MeasuredKernels(NamedTuple):
    """Kernels of a chip by its table."""

    table: ChipTable
    printed: AssumedKernels  # peaks and bandwidths of the accelerator; its efficiencies are not used

    def matmul_s(self, m: float, n: float, k: float, precision: str) -> float:
        """See `Kernels.matmul_s`.

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
        >>> h100 = kernels_for("h100-sxm", {"bf16": 989e12}, 0.5, 3.35e12, 0.8, 450e9, 1e-6)
        >>> 0.6 < 2.0 * 8192.0**3 / 989e12 / h100.matmul_s(8192.0, 8192.0, 8192.0, "bf16") < 0.9
        True
        """
        grid = self._grid("matmul", precision)
        least_m, least_n, least_k = grid.lows
        m, n, k = max(m, least_m), max(n, least_n), max(k, least_k)
        return self._roofline_s(matmul_work(m, n, k, precision), precision) / interpolate(grid, m, n, k)

    def attention_s(
        self, sequences: float, tokens: float, heads: float, kv_heads: float, head_size: float, precision: str, window: float = 0.0
    ) -> float:
        """See `Kernels.attention_s`.

        Parameters
        ----------
        sequences, tokens, heads, kv_heads, head_size, precision, window
            As there.

        Returns
        -------
        float
            Duration [s].
        """
        grid = self._grid("attention", precision)
        tokens = max(tokens, grid.lows[2])
        sizes = (head_size, max(sequences * heads, grid.lows[1]), tokens)
        efficiency = interpolate(grid, *sizes)
        short = self.table.grids.get(f"attention_window/{_measured(self.table, 'attention_window', precision)}")
        if 0.0 < window < tokens and short is not None:
            part = min(log(tokens / window) / log(max(tokens / _SHORT_WINDOW, 1.0 + 1e-9)), 1.0)
            efficiency *= (interpolate(short, *sizes[1:]) / interpolate(grid, 64.0, *sizes[1:])) ** part
        work = attention_work(sequences, tokens, heads, kv_heads, head_size, window)
        return self._roofline_s(work, precision) / efficiency

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
        """See `Kernels.experts_s`.

        Parameters
        ----------
        tokens, hidden, ffn, experts, active, precision, gated
            As there.

        Returns
        -------
        float
            Duration [s].
        """
        work = experts_work(tokens, hidden, ffn, experts, active, precision, gated)
        grid = self._grid("experts", precision)
        efficiency = interpolate(grid, tokens * active / experts, experts, hidden * ffn)
        return self._roofline_s(work, precision) / efficiency

    def decode_attention_s(
        self, sequences: float, context: float, heads: float, kv_heads: float, head_size: float, kv_bytes: float
    ) -> float:
        """See `Kernels.decode_attention_s`.

        Parameters
        ----------
        sequences, context, heads, kv_heads, head_size, kv_bytes
            As there.

        Returns
        -------
        float
            Duration [s].
        """
        grid = self._grid("decode", "fp8" if kv_bytes < 2.0 else "bf16")
        context = max(context, grid.lows[3])
        efficiency = interpolate(grid, head_size, heads / kv_heads, sequences * kv_heads, context)
        return self._roofline_s(decode_work(sequences, context, heads, kv_heads, head_size, kv_bytes), "bf16") / efficiency

    def stream_s(self, moved_bytes: float) -> float:
        """See `Kernels.stream_s`: the bandwidth that products of few rows reach.

        Parameters
        ----------
        moved_bytes
            As there.

        Returns
        -------
        float
            Duration [s].
        """
        grid = self.table.grids["stream"]
        moved_bytes = max(moved_bytes, grid.lows[0])
        return moved_bytes / (self.printed.memory_byte_s * interpolate(grid, moved_bytes))

    def collective_s(self, kind: str, ranks: int, size_bytes: float) -> float:
        """See `Kernels.collective_s`.

        A fabric of another rate than that of the measurements changes the time on the wire alone.

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
        grid = self.table.grids[kind]
        measured = min(float(ranks), grid.highs[0])
        # beyond the measured ranks: the size that has as many bytes on the wire
        size_bytes *= (1.0 - 1.0 / ranks) / (1.0 - 1.0 / measured)
        start_s = interpolate(grid, measured, grid.lows[1])
        duration_s = self._on_fabric_s(grid, kind, measured, max(size_bytes, grid.lows[1]))
        return duration_s + start_s * (log(ranks) / log(measured) - 1.0)

    def _on_fabric_s(self, grid: Grid, kind: str, ranks: float, size_bytes: float) -> float:
        """Duration for as many ranks as were measured; largest messages show what rate the wire reaches."""
        largest = grid.highs[1]
        duration_s = interpolate(grid, ranks, size_bytes)
        reached_s = interpolate(grid, ranks, largest) * size_bytes / largest  # time on the wire, measured fabric
        slower = self.table.fabric_byte_s / self.printed.fabric_byte_s
        return max(duration_s + reached_s * (slower - 1.0), reached_s * slower)

    def _roofline_s(self, work: Work, precision: str) -> float:
        peak = dict(self.printed.peak_flops)[precision]
        return max(work.flops / peak, work.moved_bytes / self.printed.memory_byte_s)

    def _grid(self, kernel: str, precision: str) -> Grid:
        return self.table.grids[f"{kernel}/{_measured(self.table, kernel, precision)}"]


def _measured(table: ChipTable, kernel: str, precision: str) -> str:
    """Precision of the table for a kernel, the nearest one to the precision asked for."""
    return next((name for name in _NEAREST[precision] if f"{kernel}/{name}" in table.grids), precision)


@lru_cache(maxsize=64)
def _kernels(table: str | None, printed: AssumedKernels) -> Kernels:
    return printed if table is None else MeasuredKernels(chip_table(table), printed)


def kernels_for(
    table: str | None,
    peak_flops: Mapping[str, float],
    efficiency: float,
    memory_byte_s: float,
    memory_efficiency: float,
    fabric_byte_s: float,
    fabric_latency_s: float,
) -> Kernels:
    """Kernels of an accelerator.

    Parameters
    ----------
    table : str or None
        Name of a measured table, one of `kernel_tables.table_names`; None for assumed efficiencies.
    peak_flops : mapping of str to float
        Printed dense peak of each precision [FLOP/s].
    efficiency : float
        Share of the peak that kernels reach; not used with a table.
    memory_byte_s : float
        Printed memory bandwidth [byte/s].
    memory_efficiency : float
        Share of it that streaming kernels reach; not used with a table.
    fabric_byte_s, fabric_latency_s : float
        Rate of one accelerator in one direction [byte/s], and time of a step between neighbours [s]; with a table the
        latency is that of the measurements.

    Returns
    -------
    Kernels
        Durations.

    Raises
    ------
    KeyError
        If there is no such table.

    Examples
    --------
    >>> chip = kernels_for(None, {"bf16": 1e15}, 0.5, 1e12, 0.8, 1e11, 1e-6)
    >>> chip.matmul_s(1e4, 1e4, 1e4, "bf16")
    0.004
    """
    return _kernels(
        table,
        AssumedKernels(
            tuple(sorted(peak_flops.items())), efficiency, memory_byte_s, memory_efficiency, fabric_byte_s, fabric_latency_s
        ),
    )
