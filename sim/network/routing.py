"""Shortest ways by delay over undirected links, from the sources that are asked for and no others.

Link l joins a[l] and b[l]; as a directed link it is l from a to b, and l + links from b to a. Delays come from
Dijkstra's algorithm in scipy; the way itself is read back from the delays, at each satellite through the neighbour of
lowest index that attains the delay, so that ties fall the same whatever the search did.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from sim.network import ALL_PAIRS

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

LEAST_DELAY_S = 1e-12  # 0.3 mm of light: delays must grow from hop to hop for a way to be read back from them
CHUNK = 1 << 21  # source-satellite delays held at a time


class Paths(NamedTuple):
    """Ways of many pairs: pair f runs over the directed links links[start[f]:start[f + 1]], in order."""

    start: Indices  # (pairs + 1,)
    links: Indices
    found: NDArray[np.bool_]  # (pairs,), False without a route; a pair of a satellite with itself has an empty way


class Graph:
    """The links of `count` satellites; delays are given with each question, so one Graph serves while links stay."""

    def __init__(self, count: int, a: Indices, b: Indices) -> None:
        self.count, self.links = count, int(a.size)
        self._moment: Array | None = None
        self._all: Array | None = None
        tail, head = np.concatenate((a, b)), np.concatenate((b, a))
        self._order = np.lexsort((head, tail))
        tail, head = tail[self._order], head[self._order]
        self._heads = head.astype(np.int32)
        self._starts = np.searchsorted(tail, np.arange(count + 1)).astype(np.int32)
        # neighbours in rows of equal width: sorted by index, padded with the satellite itself
        width = max(1, int(np.diff(self._starts).max(initial=0)))
        slot = np.arange(tail.size) - self._starts[tail]
        self._neighbour = np.repeat(np.arange(count)[:, np.newaxis], width, axis=1)
        self._neighbour[tail, slot] = head
        # directed link from the neighbour to the satellite
        self._inbound = np.full((count, width), -1, dtype=np.int64)
        self._inbound[tail, slot] = (self._order + self.links) % max(1, 2 * self.links)

    def reach(self, delay_s: Array, seed_s: Array) -> tuple[Array, Indices]:
        """Delay (N,) of every satellite from a source beyond the seeds, and its predecessor on the way (N,).

        seed_s (N,): delay at which the source reaches a satellite by itself, inf where it does not. Predecessor -1: the
        source itself, or no route (delay inf).
        """
        seeds = np.flatnonzero(np.isfinite(seed_s))
        weight = self._weights(delay_s)
        matrix = csr_array(
            (
                np.concatenate((weight, seed_s[seeds])),
                np.concatenate((self._heads, seeds.astype(np.int32))),
                np.append(self._starts, np.int32(weight.size + seeds.size)),
            ),
            shape=(self.count + 1, self.count + 1),
        )
        found: Array = dijkstra(matrix, indices=self.count)[: self.count]
        predecessor = self._before(found, np.arange(self.count), self._inbound_s(delay_s))[0]
        predecessor[~np.isfinite(found) | (found == seed_s)] = -1
        return found, predecessor

    def paths(self, delay_s: Array, src: Indices, dst: Indices) -> Paths:
        """Shortest ways from src (F,) to dst (F,)."""
        matrix = csr_array((self._weights(delay_s), self._heads, self._starts), shape=(self.count, self.count))
        inbound_s = self._inbound_s(delay_s)
        everywhere = self._everywhere(delay_s, matrix)
        direct_s = self._direct(src, dst, inbound_s)
        hops: list[tuple[Indices, Indices]] = []
        found = src == dst
        for near in (True, False):  # no way is longer than a direct link, so those searches end soon
            some = np.flatnonzero((np.isfinite(direct_s) == near) & ~found)
            sources, which = np.unique(src[some], return_inverse=True)
            rows = max(1, CHUNK // max(1, self.count))
            for lo in range(0, sources.size, rows):
                mine = some[(which >= lo) & (which < lo + rows)]
                limit = 1.001 * float(direct_s[mine].max()) if near else np.inf
                asked = sources[lo : lo + rows]
                far = dijkstra(matrix, indices=asked, limit=limit) if everywhere is None else everywhere[asked]
                row = np.searchsorted(sources, src[mine]) - lo
                there = np.isfinite(far[row, dst[mine]])
                found[mine[there]] = True
                hops += self._walk(far, row[there], mine[there], src, dst, inbound_s)
        return _assemble(src.size, hops, found)

    def _everywhere(self, delay_s: Array, matrix: csr_array) -> Array | None:
        """Delays between all satellites, once the same moment is asked about again and they fit into memory."""
        if self._moment is not delay_s:
            self._moment, self._all = delay_s, None
        elif self._all is None and self.count * self.count <= ALL_PAIRS:
            self._all = np.asarray(dijkstra(matrix))
        return self._all

    def _weights(self, delay_s: Array) -> Array:
        """Delays of directed links in the order of the matrix."""
        return np.maximum(np.concatenate((delay_s, delay_s))[self._order], LEAST_DELAY_S)

    def _inbound_s(self, delay_s: Array) -> Array:
        """Delays from each neighbour, shape (N, width); inf in the padding."""
        twice = np.concatenate((delay_s, delay_s, [np.inf]))  # the padding's index -1 finds the last
        return np.maximum(twice[self._inbound], LEAST_DELAY_S)

    def _direct(self, src: Indices, dst: Indices, inbound_s: Array) -> Array:
        """Delay of the direct link of each pair, inf without one."""
        joins = (self._neighbour[dst] == src[:, np.newaxis]) & (self._inbound[dst] >= 0)
        return np.asarray(np.where(joins, inbound_s[dst], np.inf).min(axis=1))

    def _before(self, far: Array, at: Indices, inbound_s: Array, row: Indices | None = None) -> tuple[Indices, Indices]:
        """Neighbour of lowest index through which `at` has its delay, and the directed link from there."""
        beside = self._neighbour[at]
        there = far[beside] if row is None else far[row[:, np.newaxis], beside]
        here = far[at] if row is None else far[row, at]
        slot = np.argmax(there + inbound_s[at] == here[:, np.newaxis], axis=1)
        pick = np.arange(at.size)
        return beside[pick, slot], self._inbound[at, slot]

    def _walk(
        self, far: Array, row: Indices, flow: Indices, src: Indices, dst: Indices, inbound_s: Array
    ) -> list[tuple[Indices, Indices]]:
        """Hops from the last back to the first: flows that make one, and its directed link."""
        at, hops = dst[flow], []
        while flow.size:
            at, link = self._before(far, at, inbound_s, row)
            hops.append((flow, link))
            on = at != src[flow]
            at, row, flow = at[on], row[on], flow[on]
        return hops


def _assemble(count: int, hops: list[tuple[Indices, Indices]], found: NDArray[np.bool_]) -> Paths:
    flow = np.concatenate([h[0] for h in hops]) if hops else np.empty(0, np.int64)
    link = np.concatenate([h[1] for h in hops]) if hops else np.empty(0, np.int64)
    start = np.concatenate(([0], np.cumsum(np.bincount(flow, minlength=count)))).astype(np.int64)
    # hops of a flow stand last to first: reverse all, then gather by flow
    order = np.argsort(flow[::-1], kind="stable")
    return Paths(start, link[::-1][order], found)


def trace(predecessor: Indices, node: int) -> list[int]:
    """Satellites from `node` back to the one that the source reached first."""
    way = [node]
    while predecessor[way[-1]] >= 0:
        way.append(int(predecessor[way[-1]]))
    return way


def components(count: int, a: Indices, b: Indices, alive: NDArray[np.bool_]) -> Indices:
    """Number of the connected part of each satellite (N,), counted by lowest index; -1 where it is not alive."""
    on = alive[a] & alive[b]
    matrix = coo_array((np.ones(int(on.sum())), (a[on], b[on])), shape=(count, count))
    label = connected_components(matrix, directed=False)[1].astype(np.int64)
    part = np.full(count, -1, dtype=np.int64)
    part[alive] = np.unique(label[alive], return_inverse=True)[1].reshape(-1)
    return part
