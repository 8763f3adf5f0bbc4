"""Routes traced back from the delays of a search, compiled."""

from __future__ import annotations

from typing import Final

from orbit.kernels.compile import Floats, Ints, kernel

UNREACHED_S: Final = 1e30  # delay of satellites without a route, for compiled functions, which know no infinity


@kernel
def trace_back(
    far_s: Floats, row: Ints, src: Ints, dst: Ints, neighbour: Ints, inbound: Ints, inbound_s: Floats, start: Ints, links: Ints
) -> None:
    """Count the hops of routes, or write their links.

    At each satellite the route comes from the neighbour of lowest index that attains the delay.

    Parameters
    ----------
    far_s : ndarray, shape (R, N)
        Delays from sources to all satellites [s]; `UNREACHED_S` without a route.
    row : ndarray of int64, shape (F,)
        Row of each pair's source.
    src, dst : ndarray of int64, shape (F,)
        First and last satellite of each pair; a route between them exists.
    neighbour, inbound : ndarray of int64, shape (N, width)
        Neighbours of each satellite and the directed links from them.
    inbound_s : ndarray, shape (N, width)
        Delays of those links [s]; `UNREACHED_S` where there is none.
    start : ndarray of int64, shape (F + 1,)
        Where `links` is empty, start[f + 1] receives the hops of pair f; else the links of pair f are
        links[start[f]:start[f + 1]].
    links : ndarray of int64
        Receives the directed links of all pairs; empty to count hops.
    """
    width = neighbour.shape[1]
    for f in range(src.size):
        at, hops, last = dst[f], 0, start[f + 1] - 1
        while at != src[f]:
            slot = 0
            while slot < width - 1 and far_s[row[f], neighbour[at, slot]] + inbound_s[at, slot] != far_s[row[f], at]:
                slot += 1
            if links.size > 0:
                links[last - hops] = inbound[at, slot]
            at = neighbour[at, slot]
            hops += 1
        if links.size == 0:
            start[f + 1] = hops
