"""Shortest routes by delay over undirected links, computed only from the sources that are asked for.

Link l joins a[l] and b[l]; as a directed link it is l from a to b, and l + links from b to a. Delays come from
Dijkstra's algorithm in scipy. Routes are traced back from the delays, at each satellite through the neighbour of lowest
index that attains the delay, so that ties are broken the same way whatever order the search took.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from sim.network import ALL_PAIRS
from sim.network.route_tracing import UNREACHED_S, trace_back

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

LEAST_DELAY_S = 1e-12  # 0.3 mm of light: delays must grow from hop to hop for a route to be traced back from them
CHUNK = 1 << 21  # source-satellite delays held at a time


class Paths(NamedTuple):
    """Routes of many pairs: pair f takes the directed links links[start[f]:start[f + 1]], in order."""

    start: Indices  # (pairs + 1,)
    links: Indices
    reached: NDArray[np.bool_]  # (pairs,), False without a route; a pair of a satellite with itself has an empty route


class Graph:
    """Links of a constellation, prepared for repeated shortest-path queries with changing delays.

    Parameters
    ----------
    count : int
        Number of satellites N.
    a, b : ndarray of int64, shape (L,)
        Ends of the links, a < b, each link once.

    Notes
    -----
    Delays are an argument of each query, so one Graph serves as long as the set of links is the same.

    Examples
    --------
    Four satellites in a row, 1 ms a link; satellite 3 is reached over three links:

    >>> graph = Graph(4, np.array([0, 1, 2]), np.array([1, 2, 3]))
    >>> delay_s, predecessor = graph.reach(np.full(3, 1e-3), np.array([0.0, np.inf, np.inf, np.inf]))
    >>> (1e3 * delay_s).round(9).tolist(), predecessor.tolist()
    ([0.0, 1.0, 2.0, 3.0], [-1, 0, 1, 2])
    >>> graph.paths(np.full(3, 1e-3), np.array([3]), np.array([1])).links.tolist()  # links 2 and 1, from b to a
    [5, 4]
    """

    def __init__(self, count: int, a: Indices, b: Indices) -> None:
        self.count, self.links = count, int(a.size)
        self._queried_delay_s: Array | None = None  # what `_prepare` computed belongs to these delays
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
        """Delays of all satellites from one source outside the graph, such as a ground station.

        Parameters
        ----------
        delay_s : ndarray, shape (L,)
            Delay of each link [s], not negative.
        seed_s : ndarray, shape (N,)
            Delay from the source directly to each satellite [s]; inf where there is no direct connection.

        Returns
        -------
        delay_s : ndarray, shape (N,)
            Least delay [s]; inf without a route.
        predecessor : ndarray of int64, shape (N,)
            Previous satellite on the route; -1 where the source reaches the satellite directly, or not at all.

        References
        ----------
        Dijkstra's algorithm as in scipy.sparse.csgraph.
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
        least_s: Array = dijkstra(matrix, indices=self.count)[: self.count]
        predecessor = self._predecessors(least_s, self._inbound_s(delay_s))
        predecessor[~np.isfinite(least_s) | (least_s == seed_s)] = -1
        return least_s, predecessor

    def paths(self, delay_s: Array, src: Indices, dst: Indices) -> Paths:
        """Shortest routes between pairs of satellites.

        Parameters
        ----------
        delay_s : ndarray, shape (L,)
            Delay of each link [s], not negative.
        src, dst : ndarray of int64, shape (F,)
            First and last satellite of each pair.

        Returns
        -------
        Paths
            Directed links of each route.
        """
        reached = src == dst
        parts: list[tuple[Indices, Indices, Indices]] = []
        cached_s = self._cached_delays(src) if delay_s is self._queried_delay_s else None
        if cached_s is not None:
            self._trace_back(parts, cached_s, self._row[src], np.arange(src.size), (src, dst, reached))
            return _gathered(src.size, parts, reached)
        if delay_s is not self._queried_delay_s:
            self._prepare(delay_s)
        direct_s = self._direct(src, dst)
        for near in (True, False):  # no route takes longer than a direct link, which bounds those searches
            some = np.flatnonzero(((direct_s < UNREACHED_S) == near) & ~reached)
            sources, which = np.unique(src[some], return_inverse=True)
            rows = max(1, CHUNK // max(1, self.count))
            for lo in range(0, sources.size, rows):
                mine = some[(which >= lo) & (which < lo + rows)]
                limit = 1.001 * float(direct_s[mine].max()) if near else np.inf
                far = _finite(dijkstra(self._matrix, indices=sources[lo : lo + rows], limit=limit))
                self._trace_back(parts, far, np.searchsorted(sources, src[mine]) - lo, mine, (src, dst, reached))
        return _gathered(src.size, parts, reached)

    def _prepare(self, delay_s: Array) -> None:
        """Matrix and delays from neighbours, for all queries with the same delays."""
        self._queried_delay_s = delay_s
        self._matrix = csr_array((self._weights(delay_s), self._heads, self._starts), shape=(self.count, self.count))
        self._from_neighbour_s = self._inbound_s(delay_s)
        self._delays_s, self._row = np.empty((0, self.count)), np.full(self.count, -1, dtype=np.int64)

    def _cached_delays(self, src: Indices) -> Array | None:
        """Delays (rows, N) from satellites, at the rows `_row`, if they fit in memory; those of new sources are added."""
        missing = np.unique(src[self._row[src] < 0])
        known = self._delays_s.shape[0]
        if (known + missing.size) * self.count > ALL_PAIRS:
            return None
        if missing.size:
            self._row[missing] = known + np.arange(missing.size)
            self._delays_s = np.concatenate((self._delays_s, _finite(dijkstra(self._matrix, indices=missing))))
        return self._delays_s

    def _weights(self, delay_s: Array) -> Array:
        """Delays of directed links in the order of the matrix."""
        return np.maximum(np.concatenate((delay_s, delay_s))[self._order], LEAST_DELAY_S)

    def _inbound_s(self, delay_s: Array) -> Array:
        """Delays from each neighbour, shape (N, width); `UNREACHED_S` in the padding."""
        twice = np.concatenate((delay_s, delay_s, [UNREACHED_S]))  # the padding's index -1 selects the last
        return np.maximum(twice[self._inbound], LEAST_DELAY_S)

    def _direct(self, src: Indices, dst: Indices) -> Array:
        """Delay of the direct link of each pair, `UNREACHED_S` without one."""
        joins = (self._neighbour[dst] == src[:, np.newaxis]) & (self._inbound[dst] >= 0)
        return np.asarray(np.where(joins, self._from_neighbour_s[dst], UNREACHED_S).min(axis=1))

    def _predecessors(self, far: Array, inbound_s: Array) -> Indices:
        """Neighbour of lowest index through which each satellite has its delay."""
        slot = np.argmax(far[self._neighbour] + inbound_s == far[:, np.newaxis], axis=1)
        return np.asarray(self._neighbour[np.arange(self.count), slot])

    def _trace_back(
        self,
        parts: list[tuple[Indices, Indices, Indices]],
        far: Array,
        row: Indices,
        flow: Indices,
        pairs: tuple[Indices, Indices, NDArray[np.bool_]],
    ) -> None:
        """Add the routes of some pairs to `parts`: the pairs, where their links begin, and the links."""
        src, dst, reached = pairs
        on = (far[row, dst[flow]] < UNREACHED_S) & ~reached[flow]
        flow, row = flow[on], row[on]
        reached[flow] = True
        start, links = np.zeros(flow.size + 1, dtype=np.int64), np.empty(0, dtype=np.int64)
        given = far, row, src[flow], dst[flow], self._neighbour, self._inbound, self._from_neighbour_s
        trace_back(*given, start, links)
        start = np.cumsum(start)
        links = np.empty(int(start[-1]), dtype=np.int64)
        if links.size:
            trace_back(*given, start, links)
            parts.append((flow, start, links))


def _finite(delay_s: Array) -> Array:
    """Delays as rows, `UNREACHED_S` instead of inf."""
    return np.minimum(np.atleast_2d(delay_s), UNREACHED_S)


def _gathered(count: int, parts: list[tuple[Indices, Indices, Indices]], reached: NDArray[np.bool_]) -> Paths:
    """Routes of all pairs, from parts that each hold those of some."""
    if len(parts) == 1 and parts[0][0].size == count:
        return Paths(parts[0][1], parts[0][2], reached)
    hops = np.zeros(count, dtype=np.int64)
    for flow, start, _ in parts:
        hops[flow] = np.diff(start)
    begin = np.concatenate(([0], np.cumsum(hops))).astype(np.int64)
    links = np.empty(int(begin[-1]), dtype=np.int64)
    for flow, start, mine in parts:
        links[np.repeat(begin[flow] - start[:-1], np.diff(start)) + np.arange(mine.size)] = mine
    return Paths(begin, links, reached)


def trace_route(predecessor: Indices, node: int) -> list[int]:
    """Satellites of a route from `Graph.reach`, last to first.

    Parameters
    ----------
    predecessor : ndarray of int64, shape (N,)
        Previous satellite on the route of each, -1 at its beginning.
    node : int
        Last satellite of the route.

    Returns
    -------
    list of int
        `node`, its predecessor, and so on to the satellite that the source reaches directly.

    Examples
    --------
    >>> trace_route(np.array([-1, 0, 1]), 2)
    [2, 1, 0]
    """
    route = [node]
    while predecessor[route[-1]] >= 0:
        route.append(int(predecessor[route[-1]]))
    return route


def components(count: int, a: Indices, b: Indices, alive: NDArray[np.bool_]) -> Indices:
    """Connected components of the satellites that are alive.

    Parameters
    ----------
    count : int
        Number of satellites N.
    a, b : ndarray of int64, shape (L,)
        Ends of the links.
    alive : ndarray of bool, shape (N,)
        Satellites that relay; links to the others are ignored.

    Returns
    -------
    ndarray of int64, shape (N,)
        Number of each satellite's component, -1 where it is not alive.

    Examples
    --------
    Satellite 1 of a row of four is down, so that 0 is cut off from 2 and 3:

    >>> alive = np.array([True, False, True, True])
    >>> components(4, np.array([0, 1, 2]), np.array([1, 2, 3]), alive).tolist()
    [0, -1, 1, 1]
    """
    on = alive[a] & alive[b]
    matrix = coo_array((np.ones(int(on.sum())), (a[on], b[on])), shape=(count, count))
    label = connected_components(matrix, directed=False)[1].astype(np.int64)
    component = np.full(count, -1, dtype=np.int64)
    component[alive] = np.unique(label[alive], return_inverse=True)[1].reshape(-1)
    return component
