"""Least delays at many moments at once, on links that change their lengths but not their ends.

Each satellite has one row of delays, a number for each of `LANES` moments, which one vector instruction handles. Satellites
are visited in blocks of neighbours, forth and back: each takes the least over its links of the neighbour's delay and the
link's. A block is visited again once a block beside it has changed; when none has, all delays are the least ones. Routes
add their delays from the source outwards, as in Dijkstra's algorithm, so that both give the same numbers to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import Floats, compiled, inlined, kernel
from orbit.kernels.streaming_stores import empty_lines
from sim.network import LEAST_DELAY_S, UNREACHED_S

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Narrow = NDArray[np.int32]
Flags = NDArray[np.bool_]

LANES = 16  # moments in a row: two vector registers of 512 bits
WIDTH = 4  # links that one call handles; rows of links are padded to a multiple of it
ROUNDS = 2  # further visits of a block at once, while it is in the nearest cache
BLOCK = 32  # satellites in a block where there are no planes
# delays are not negative, so that their bits, read as whole numbers, are in the same order
LEAST_DELAY_BITS = int(np.float64(LEAST_DELAY_S).view(np.int64))
UNREACHED_BITS = int(np.float64(UNREACHED_S).view(np.int64))
INFINITE_BITS = int(np.float64(np.inf).view(np.int64))


if compiled():
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    DELAYS, BITS, ONE = ir.VectorType(ir.DoubleType(), LANES), ir.VectorType(ir.IntType(64), LANES), ir.IntType(LANES)

    def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
        return context.make_array(kind)(context, builder, array).data

    def _row(builder: Any, data: Any, index: Any) -> Any:
        """Address of a row of delays, by the number of rows before it."""
        return builder.gep(builder.bitcast(data, DELAYS.as_pointer()), [index])

    def _any(builder: Any, lanes: Any) -> Any:
        return builder.icmp_unsigned("!=", builder.bitcast(lanes, ONE), ir.Constant(ONE, 0))

    @intrinsic  # type: ignore[untyped-decorator]
    def _relax(typingctx: Any, least: Any, weight: Any, neighbour: Any, link: Any, node: Any, first: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            delays, weights, neighbours, links = (
                _data(context, builder, *pair) for pair in zip(signature.args[:4], args[:4], strict=True)
            )

            def lower(x: Any, y: Any) -> Any:
                return builder.select(builder.fcmp_ordered("<", x, y), x, y)

            sums = []
            for slot in range(WIDTH):
                at = builder.add(args[5], ir.Constant(ir.IntType(64), slot))
                indices = (builder.load(builder.gep(of, [at])) for of in (neighbours, links))
                beside, over = (builder.sext(index, ir.IntType(64)) for index in indices)
                before = builder.load(_row(builder, delays, beside), align=64)
                sums.append(builder.fadd(before, builder.load(_row(builder, weights, over), align=64)))
            while len(sums) > 1:
                sums = [lower(x, y) for x, y in zip(sums[::2], sums[1::2], strict=True)]
            own = _row(builder, delays, args[4])
            old = builder.load(own, align=64)
            new = lower(sums[0], old)
            builder.store(new, own, align=64)
            return _any(builder, builder.fcmp_ordered("<", new, old))

        return types.boolean(least, weight, neighbour, link, types.intp, types.intp), codegen

    def _clamped(values: tuple[int, int], aligned: int) -> Any:
        """Copy a row of bits from one array to another; bits of no route, `values[0]` and more, become `values[1]`."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            source, target = (
                builder.bitcast(
                    builder.gep(_data(context, builder, signature.args[k], args[k]), [args[k + 1]]), BITS.as_pointer()
                )
                for k in (0, 2)
            )
            limit, instead = (ir.Constant(BITS, [value] * LANES) for value in values)
            bits = builder.load(source, align=8)
            routed = builder.icmp_signed("<", bits, limit)
            builder.store(builder.select(routed, bits, instead), target, align=aligned)
            return _any(builder, routed)

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

    def _relax(least: Any, weight: Any, neighbour: Any, link: Any, node: int, first: int) -> bool:
        """Without the compiler: lower a row of delays by `WIDTH` links; whether any delay has changed."""
        slots = slice(first, first + WIDTH)
        beside, over = neighbour.reshape(-1)[slots], link.reshape(-1)[slots]
        new = np.minimum(least[node], (least[beside] + weight[over]).min(axis=0))
        changed = bool(np.any(new < least[node]))
        least[node] = new
        return changed

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


@inlined
def _visit(least: Floats, weight: Floats, neighbour: Narrow, link: Narrow, node: int) -> bool:
    """Lower the row of a satellite over all its links; whether any delay has changed."""
    changed = False
    for first in range(node * neighbour.shape[1], (node + 1) * neighbour.shape[1], WIDTH):
        changed |= _relax(least, weight, neighbour, link, node, first)
    return changed


@inlined
def _mark(block: int, first_beside: Narrow, beside: Narrow, due: Flags) -> None:
    """Note that the blocks beside a block must be visited."""
    for at in range(first_beside[block], first_beside[block + 1]):
        due[beside[at]] = True


@inlined
def _settle(
    least: Floats, weight: Floats, neighbour: Narrow, link: Narrow, start: Narrow, first_beside: Narrow, beside: Narrow,
    due: Flags,
) -> None:  # fmt: skip
    """Lower all rows until nothing changes."""
    blocks, upwards, left = due.size, True, True
    while left:
        left = False
        for place in range(blocks):
            block = place if upwards else blocks - 1 - place
            if not due[block]:
                continue
            due[block] = False
            lo, hi = start[block], start[block + 1]
            changed = False
            for node in range(lo, hi):
                changed |= _visit(least, weight, neighbour, link, node)
            ever = changed
            for further in range(ROUNDS):
                if changed:
                    changed = False
                    for step in range(hi - lo):
                        node = hi - 1 - step if further % 2 == 0 else lo + step
                        changed |= _visit(least, weight, neighbour, link, node)
            due[block] = changed
            if ever:
                _mark(block, first_beside, beside, due)
                left = True
        upwards = not upwards


@kernel
def _least_delays(
    seed_bits: NDArray[np.int64],
    delay_bits: NDArray[np.int64],
    neighbour: Narrow,
    link: Narrow,
    start: Narrow,
    first_beside: Narrow,
    beside: Narrow,
    least: Floats,
    least_bits: NDArray[np.int64],
    weight: Floats,
    weight_bits: NDArray[np.int64],
    due: Flags,
    found_bits: NDArray[np.int64],
) -> None:
    """Write the bits of least delays to found_bits[source, satellite, moment], from the bits of seeds of the same shape.

    The number of moments is a multiple of `LANES`. delay_bits[moment, link] are bits of delays, infinite for a link that is
    missing; neighbour and link[satellite, slot] are padded with the satellite itself and the number of links. Block k has the
    satellites from start[k] to start[k + 1] - 1 and, beside it, the blocks from first_beside[k] on in `beside`. Scratch with
    its bits: least[satellite, lane], weight[links + 1, lane], due[block].
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
                for node in range(start[block], start[block + 1]):
                    seeded |= _take(seed_bits, first + node * moments, least_bits, node * LANES)
                if seeded:
                    due[block] = True
                    _mark(block, first_beside, beside, due)
            _settle(least, weight, neighbour, link, start, first_beside, beside, due)
            for node in range(satellites):
                _give(least_bits, node * LANES, found_bits, first + node * moments)


class MomentGraph:
    """Links prepared for searches at many moments.

    Parameters
    ----------
    neighbour : ndarray of int, shape (N, width)
        Neighbours of each satellite, padded with the satellite itself.
    link : ndarray of int, shape (N, width)
        Links to them, padded with the number of links L.
    links : int
        Number of links L.
    starts : ndarray of int, shape (blocks,)
        First satellite of each block of neighbours, such as a plane, ascending from 0; blocks without planes are split.
    """

    def __init__(self, neighbour: Indices, link: Indices, links: int, starts: Indices) -> None:
        count = neighbour.shape[0]
        more = -neighbour.shape[1] % WIDTH
        own = np.repeat(np.arange(count)[:, np.newaxis], more, axis=1)
        self.count, self.links = count, links
        self._neighbour = np.concatenate((neighbour, own), axis=1).astype(np.int32)
        self._link = np.concatenate((link, np.full((count, more), links)), axis=1).astype(np.int32)
        self._start = np.append(starts, count).astype(np.int32)
        blocks = self._start.size - 1
        of = np.searchsorted(self._start, np.arange(count), side="right") - 1
        one, other = np.repeat(of, self._neighbour.shape[1]), of[self._neighbour.ravel()]
        pairs = np.unique((one * np.int64(blocks) + other)[one != other])
        one, other = np.divmod(pairs, max(1, blocks))
        self._beside = other.astype(np.int32)
        self._first_beside = np.searchsorted(one, np.arange(blocks + 1)).astype(np.int32)
        self._scratch = empty_lines(count + links + 1, LANES)
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
            given_s.view(np.int64), np.ascontiguousarray(delay_s).view(np.int64), self._neighbour,
            self._link, self._start, self._first_beside, self._beside, least, least.view(np.int64), weight,
            weight.view(np.int64), np.zeros(self._start.size - 1, dtype=np.bool_), found_s.view(np.int64),
        )  # fmt: skip
        return found_s[:, :, :moments].copy() if more else found_s


def block_starts(count: int, planes: list[tuple[int, int, int]]) -> Indices:
    """First satellites of blocks of neighbours: planes, and parts of `BLOCK` of what is in none.

    Parameters
    ----------
    count : int
        Number of satellites N.
    planes : list of tuple of int
        First satellite, number of planes and of satellites in each, of every grid.

    Returns
    -------
    ndarray of int64
        Ascending from 0.

    Examples
    --------
    >>> block_starts(90, [(4, 2, 10)]).tolist()
    [0, 4, 14, 24, 56, 88]
    """
    starts: list[int] = []
    free = 0
    for first, number, slots in [*sorted(planes), (count, 0, 1)]:
        starts += range(free, first, BLOCK)
        starts += range(first, first + number * slots, slots)
        free = first + number * slots
    return np.array(starts, dtype=np.int64)
