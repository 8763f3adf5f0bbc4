"""Rows of least delays, lowered over links until nothing changes: the loop that searches for many moments or sources share.

Each satellite has a row of delays, in lanes that vector instructions handle together: a moment or a source each. Satellites are
visited in blocks of neighbours, such as planes, forth and back: a row takes the least over its links of the neighbour's row and
the link's delay. Rows of other blocks do not change meanwhile, so that further rounds of a block use the links inside it alone.
A block is visited again once a block beside it has changed; when none has, all delays are the least ones. Delays are added from
the source outwards, as by Dijkstra's algorithm, so that both give the same numbers to the last bit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import compiled, exact_inlined

Indices = NDArray[np.int64]
Narrow = NDArray[np.int32]
Flags = NDArray[np.bool_]

LANES = 16  # delays that one call lowers: two vector registers of 512 bits, in single precision one
WIDTH = 4  # links that one call handles; the links of a satellite are filled up to a multiple of it
INSIDE = 2  # links that one call handles in further rounds; those inside the block are filled up to a multiple of it
ROUNDS = 3  # further rounds over a block at once, while it is in the nearest cache: 1 and 2 took up to 1.2 times as long, 4 1.1 times
BLOCK = 32  # satellites in a block where there are no planes
UNLIMITED = 1 << 62


class Tables(NamedTuple):
    """Links of all satellites, those inside their block first, and the blocks beside each block.

    Attributes
    ----------
    neighbour, link : ndarray of int32, shape (E,)
        Neighbours of satellite n, and links to them, from first[n] to first[n + 1] - 1: those inside its block end at
        inside[n]. Both parts are filled up with the satellite itself and the number of links.
    first, inside : ndarray of int32, shapes (N + 1,) and (N,)
        See above.
    start : ndarray of int32, shape (blocks + 1,)
        First satellite of each block, and N.
    first_beside, beside : ndarray of int32, shapes (blocks + 1,) and (pairs,)
        Blocks beside block k are beside[first_beside[k]:first_beside[k + 1]].
    """

    neighbour: Narrow
    link: Narrow
    first: Narrow
    inside: Narrow
    start: Narrow
    first_beside: Narrow
    beside: Narrow


if compiled():
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    INDEX, ONE = ir.IntType(64), ir.IntType(LANES)

    def data_of(context: Any, builder: Any, kind: Any, array: Any) -> Any:
        """Address of the first element of an array."""
        return context.make_array(kind)(context, builder, array).data

    def any_lane(builder: Any, lanes: Any) -> Any:
        """Whether any lane of a vector of flags is set."""
        return builder.icmp_unsigned("!=", builder.bitcast(lanes, ONE), ir.Constant(ONE, 0))

    def _every_lane(builder: Any, number: Any, row: Any) -> Any:
        """A vector with the same number in all lanes."""
        none, place = ir.Constant(row, None), ir.VectorType(ir.IntType(32), LANES)
        one = builder.insert_element(none, number, ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(one, none, ir.Constant(place, [0] * LANES))

    def _relaxer(slots: tuple[int, ...]) -> Any:
        """Lower lanes of a satellite by the links at some places from `first` on; whether any has changed.

        The last place comes last in the chain of minima: the delay that was computed just before should be waited for least.
        """

        @intrinsic  # type: ignore[untyped-decorator]
        def relax(
            typingctx: Any, least: Any, weight: Any, neighbour: Any, link: Any, first: Any, node: Any, lo: Any, hi: Any
        ) -> Any:
            number = ir.DoubleType() if least.dtype == types.float64 else ir.FloatType()
            row, per_lane = ir.VectorType(number, LANES), weight.ndim == 2

            def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
                delays, weights, neighbours, links = (
                    data_of(context, builder, *pair) for pair in zip(signature.args[:4], args[:4], strict=True)
                )
                columns = builder.extract_value(context.make_array(least)(context, builder, args[0]).shape, 1)

                def entry(table: Any, slot: int) -> Any:
                    at = builder.add(args[4], ir.Constant(INDEX, slot))
                    return builder.sext(builder.load(builder.gep(table, [at])), INDEX)

                def row_at(data: Any, place: Any) -> Any:
                    return builder.bitcast(builder.gep(data, [place]), row.as_pointer())

                def delay(over: Any) -> Any:
                    if per_lane:
                        return builder.load(row_at(weights, builder.mul(over, ir.Constant(INDEX, LANES))), align=64)
                    return _every_lane(builder, builder.load(builder.gep(weights, [over])), row)

                beside = [builder.mul(entry(neighbours, slot), columns) for slot in slots]
                over = [delay(entry(links, slot)) for slot in slots]
                own, changed = builder.mul(args[5], columns), cgutils.alloca_once_value(builder, ir.Constant(ONE, 0))
                with cgutils.for_range_slice(builder, args[6], args[7], ir.Constant(INDEX, LANES), INDEX) as (column, _):
                    at = row_at(delays, builder.add(own, column))
                    old = new = builder.load(at, align=64)
                    for before, onward in zip(beside, over, strict=True):
                        there = builder.load(row_at(delays, builder.add(before, column)), align=64)
                        through = builder.fadd(there, onward)
                        new = builder.select(builder.fcmp_ordered("<", through, new), through, new)
                    builder.store(new, at, align=64)
                    lower = builder.bitcast(builder.fcmp_ordered("<", new, old), ONE)
                    builder.store(builder.or_(builder.load(changed), lower), changed)
                return builder.icmp_unsigned("!=", builder.load(changed), ir.Constant(ONE, 0))

            index = types.intp
            return types.boolean(least, weight, neighbour, link, index, index, index, index), codegen

        return relax

else:

    def _relaxer(slots: tuple[int, ...]) -> Any:
        """Without the compiler: lower lanes of a satellite by the links at some places from `first` on."""

        def relax(
            least: Any, weight: Any, neighbour: Any, link: Any, first: int, node: int, lo: int, hi: int
        ) -> bool:
            lanes, places = slice(lo, hi), first + np.array(slots)
            over = weight[link[places]]
            through = least[neighbour[places], lanes] + (over if weight.ndim == 2 else over[:, np.newaxis])
            new = np.minimum(least[node, lanes], through.min(axis=0))
            changed = bool(np.any(new < least[node, lanes]))
            least[node, lanes] = new
            return changed

        return relax


_relax_all = _relaxer(tuple(reversed(range(WIDTH))))
_relax_upwards = _relaxer((1, 0))  # neighbours are sorted by number: the one below was computed just before
_relax_downwards = _relaxer((0, 1))


@exact_inlined
def _visit(least: Any, weight: Any, tables: Tables, node: int, lanes: tuple[int, int]) -> bool:
    """Lower the lanes of a satellite from lanes[0] to lanes[1] - 1 over all its links; whether any delay has changed."""
    changed = False
    for first in range(tables.first[node], tables.first[node + 1], WIDTH):
        changed |= _relax_all(least, weight, tables.neighbour, tables.link, first, node, *lanes)
    return changed


@exact_inlined
def _round(
    least: Any, weight: Any, tables: Tables, block: tuple[int, int], lanes: tuple[int, int], upwards: bool
) -> bool:
    """Lower all satellites of a block, in one direction, over the links inside it; whether any delay has changed."""
    changed = False
    lo, hi = block
    if upwards:
        for node in range(lo, hi):
            for first in range(tables.first[node], tables.inside[node], INSIDE):
                changed |= _relax_upwards(least, weight, tables.neighbour, tables.link, first, node, *lanes)
    else:
        for node in range(hi - 1, lo - 1, -1):
            for first in range(tables.first[node], tables.inside[node], INSIDE):
                changed |= _relax_downwards(least, weight, tables.neighbour, tables.link, first, node, *lanes)
    return changed


@exact_inlined
def mark(block: int, first_beside: Narrow, beside: Narrow, due: Flags) -> None:
    """Note that the blocks beside a block must be visited.

    Parameters
    ----------
    block : int
        The block.
    first_beside : ndarray of int32, shape (blocks + 1,)
        Where the blocks beside each one begin in `beside`.
    beside : ndarray of int32
        Blocks beside each block, one after the other.
    due : ndarray of bool, shape (blocks,)
        Blocks to be visited, changed in place.
    """
    for at in range(first_beside[block], first_beside[block + 1]):
        due[beside[at]] = True


@exact_inlined
def settle_rows(least: Any, weight: Any, tables: Tables, lanes: tuple[int, int], due: Flags, limit: int) -> bool:
    """Lower rows over their links until nothing changes.

    Parameters
    ----------
    least : ndarray, shape (N, lanes)
        Rows of delays, changed in place.
    weight : ndarray
        Delays of links, one for each lane or one for all.
    tables : Tables
        Links of each satellite, and blocks.
    lanes : tuple of int
        First lane, and the first one that is left out.
    due : ndarray of bool, shape (blocks,)
        Blocks to be visited, changed in place.
    limit : int
        Most rows that are visited.

    Returns
    -------
    bool
        False where `limit` rows were visited before nothing changed.
    """
    blocks, upwards, left, visited = due.size, True, True, 0
    while left:
        left = False
        for place in range(blocks):
            block = place if upwards else blocks - 1 - place
            if not due[block]:
                continue
            due[block] = False
            lo: Any = np.int64(tables.start[block])
            hi: Any = np.int64(tables.start[block + 1])
            changed = False
            for node in range(lo, hi):
                changed |= _visit(least, weight, tables, node, lanes)
            visited += hi - lo
            if changed:
                for further in range(ROUNDS):
                    if changed:
                        changed = _round(least, weight, tables, (lo, hi), lanes, further % 2 == 1)
                due[block] = changed
                mark(block, tables.first_beside, tables.beside, due)
                left = True
        if visited >= limit:
            return not left
        upwards = not upwards
    return True


def tables(tail: Indices, head: Indices, link: Indices, links: int, starts: Indices, count: int) -> Tables:
    """Links of all satellites as `settle_rows` takes them.

    Parameters
    ----------
    tail, head, link : ndarray of int, shape (2 L,)
        Both directions of every link: from satellite, to satellite, number of the link; in ascending order of tail and head.
    links : int
        Number of links L.
    starts : ndarray of int, shape (blocks,)
        First satellite of each block of neighbours, ascending from 0.
    count : int
        Number of satellites N.

    Returns
    -------
    Tables
        Links inside blocks first.

    Examples
    --------
    Satellites 0 and 1 are in one block, 2 in another; both links of 1, to 0 inside the block and to 2 outside:

    >>> tail, head, link = np.array([0, 1, 1, 2]), np.array([1, 0, 2, 1]), np.array([0, 0, 1, 1])
    >>> made = tables(tail, head, link, 2, np.array([0, 2]), 3)
    >>> made.neighbour[4:8].tolist(), made.link[4:8].tolist(), made.first.tolist(), made.beside.tolist()
    ([0, 1, 2, 1], [0, 2, 1, 2], [0, 4, 8, 12], [1, 0])
    """
    start = np.append(starts, count).astype(np.int32)
    blocks = start.size - 1
    of = np.searchsorted(start, np.arange(count), side="right") - 1
    beyond = of[tail] != of[head]
    all_links, within = np.bincount(tail, minlength=count), np.bincount(tail[~beyond], minlength=count)
    inside = within + -within % INSIDE
    entries = inside + all_links - within
    first = np.concatenate(([0], np.cumsum(entries + -entries % WIDTH)))
    neighbour = np.repeat(np.arange(count), np.diff(first)).astype(np.int32)
    over = np.full(neighbour.size, links, dtype=np.int32)
    for some, begin, number in ((~beyond, first[:-1], within), (beyond, first[:-1] + inside, all_links - within)):
        before = np.cumsum(number) - number
        place = (begin - before)[tail[some]] + np.arange(np.count_nonzero(some))
        neighbour[place], over[place] = head[some], link[some]
    one, other = np.divmod(np.unique(of[tail[beyond]] * np.int64(blocks) + of[head[beyond]]), max(1, blocks))
    first_beside = np.searchsorted(one, np.arange(blocks + 1)).astype(np.int32)
    ends = (first[:-1] + inside).astype(np.int32)
    return Tables(neighbour, over, first.astype(np.int32), ends, start, first_beside, other.astype(np.int32))


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
