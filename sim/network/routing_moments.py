"""Least delays at many moments at once, on links that change their lengths but not their ends.

Each satellite has one row of delays, a number for each of `LANES` moments; `row_relaxation` lowers the rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import Floats, compiled, kernel
from orbit.kernels.streaming_stores import empty_lines
from sim.network import LEAST_DELAY_S, UNREACHED_S
from sim.network.row_relaxation import LANES, UNLIMITED, Tables, mark, settle_rows

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

# delays are not negative, so that their bits, read as whole numbers, are in the same order
LEAST_DELAY_BITS = int(np.float64(LEAST_DELAY_S).view(np.int64))
UNREACHED_BITS = int(np.float64(UNREACHED_S).view(np.int64))
INFINITE_BITS = int(np.float64(np.inf).view(np.int64))


if compiled():
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    from sim.network.row_relaxation import any_lane, data_of

    BITS = ir.VectorType(ir.IntType(64), LANES)

    def _clamped(values: tuple[int, int], aligned: int) -> Any:
        """Copy a row of bits from one array to another; bits of no route, `values[0]` and more, become `values[1]`."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            source, target = (
                builder.bitcast(
                    builder.gep(data_of(context, builder, signature.args[k], args[k]), [args[k + 1]]), BITS.as_pointer()
                )
                for k in (0, 2)
            )
            limit, instead = (ir.Constant(BITS, [value] * LANES) for value in values)
            bits = builder.load(source, align=8)
            routed = builder.icmp_signed("<", bits, limit)
            builder.store(builder.select(routed, bits, instead), target, align=aligned)
            return any_lane(builder, routed)

        return codegen

    @intrinsic  # type: ignore[untyped-decorator]
    def _take(typingctx: Any, source: Any, start: Any, target: Any, first: Any) -> Any:
        signature = types.boolean(source, types.intp, target, types.intp)
        return signature, _clamped((UNREACHED_BITS, UNREACHED_BITS), 64)

    @intrinsic  # type: ignore[untyped-decorator]
    def _give(typingctx: Any, source: Any, start: Any, target: Any, first: Any) -> Any:
        signature = types.boolean(source, types.intp, target, types.intp)
        return signature, _clamped((UNREACHED_BITS, INFINITE_BITS), 8)

else:

    def _take(source: Any, start: int, target: Any, first: int) -> bool:
        """Without the compiler: copy a row of seeds, and whether any has a route."""
        bits = np.minimum(source.reshape(-1)[start : start + LANES], UNREACHED_BITS)
        target.reshape(-1)[first : first + LANES] = bits
        return bool(np.any(bits < UNREACHED_BITS))

    def _give(source: Any, start: int, target: Any, first: int) -> bool:
        """Without the compiler: copy a row of results, infinite where there is no route."""
        bits = source.reshape(-1)[start : start + LANES]
        target.reshape(-1)[first : first + LANES] = np.where(bits < UNREACHED_BITS, bits, INFINITE_BITS)
        return bool(np.any(bits < UNREACHED_BITS))


@kernel
def _least_delays(
    seed_bits: NDArray[np.int64],
    delay_bits: NDArray[np.int64],
    tables: Tables,
    least: Floats,
    least_bits: NDArray[np.int64],
    weight: Floats,
    weight_bits: NDArray[np.int64],
    due: Flags,
    found_bits: NDArray[np.int64],
) -> None:
    """Write the bits of least delays to found_bits[source, satellite, moment], from the bits of seeds of the same shape.

    The number of moments is a multiple of `LANES`. delay_bits[moment, link] are bits of delays, infinite for a link that is
    missing. Scratch with its bits: least[satellite, lane], weight[links + 1, lane], due[block].
    """
    sources, satellites, moments = seed_bits.shape
    links = delay_bits.shape[1]
    weight[links] = UNREACHED_S
    for group in range(0, moments, LANES):
        for k in range(links):
            for lane in range(LANES):
                weight_bits[k, lane] = min(max(delay_bits[group + lane, k], LEAST_DELAY_BITS), UNREACHED_BITS)
        for source in range(sources):
            first = source * satellites * moments + group
            due[:] = False
            for block in range(due.size):
                seeded = False
                for node in range(tables.start[block], tables.start[block + 1]):
                    seeded |= _take(seed_bits, first + node * moments, least_bits, node * LANES)
                if seeded:
                    due[block] = True
                    mark(block, tables.first_beside, tables.beside, due)
            settle_rows(least, weight, tables, (0, LANES), due, UNLIMITED)
            for node in range(satellites):
                _give(least_bits, node * LANES, found_bits, first + node * moments)


class MomentGraph:
    """Links prepared for searches at many moments.

    Parameters
    ----------
    tables : Tables
        Links of all satellites.
    links : int
        Number of links L.
    """

    def __init__(self, tables: Tables, links: int) -> None:
        self.count, self.links, self._tables = tables.inside.size, links, tables
        self._scratch = empty_lines(self.count + links + 1, LANES)
        self._wide_s = np.empty((2, 0, 0, 0))

    def least_s(self, delay_s: Array, seed_s: Array, out: Array | None = None) -> Array:
        """Least delays of all satellites from sources outside the graph.

        Parameters
        ----------
        delay_s : ndarray, shape (moments, L)
            Delay of each link [s], not negative, raised to `LEAST_DELAY_S`; infinite where there is no link.
        seed_s : ndarray, shape (sources, N, moments)
            Delay from each source directly to each satellite [s]; infinite where there is no direct connection.
        out : ndarray, shape (sources, N, moments), optional
            Array for the result.

        Returns
        -------
        ndarray, shape (sources, N, moments)
            Least delays [s]; infinite without a route.
        """
        sources, _, moments = seed_s.shape
        more = -moments % LANES  # moments that complete the last row repeat the last one
        if more:
            wide = (sources, self.count, moments + more)
            if self._wide_s.shape[1:] != wide:
                self._wide_s = np.empty((2, *wide))  # kept: memory that was never used is slow
            given_s, found_s = self._wide_s
            given_s[:, :, :moments], given_s[:, :, moments:] = seed_s, seed_s[:, :, -1:]
            delay_s = np.concatenate((delay_s, np.repeat(delay_s[-1:], more, axis=0)))
        else:
            given_s, found_s = np.ascontiguousarray(seed_s), np.empty(seed_s.shape) if out is None else out
        least, weight = self._scratch[: self.count], self._scratch[self.count :]
        _least_delays(
            given_s.view(np.int64), np.ascontiguousarray(delay_s).view(np.int64), self._tables, least, least.view(np.int64),
            weight, weight.view(np.int64), np.zeros(self._tables.start.size - 1, dtype=np.bool_), found_s.view(np.int64),
        )  # fmt: skip
        return found_s[:, :, :moments].copy() if more else found_s
