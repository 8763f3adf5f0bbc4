"""Shortest routes by delay over undirected links, computed only from the sources that are asked for.

Link l joins a[l] and b[l]; as a directed link it is l from a to b, and l + links from b to a. Delays come from
Dijkstra's algorithm in scipy. Routes are traced back from the delays, at each satellite through the neighbour of lowest
index that attains the delay to a relative difference of `TIE`, so that neither the order of the search nor rounding
decides between equal routes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from sim.network import ALL_PAIRS, LEAST_DELAY_S, TIE
from sim.network.moments import MomentGraph, block_starts

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

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
    starts : ndarray of int64, optional
        First satellites of blocks of neighbours, such as planes, as `moments.block_starts` gives them: many moments are
        searched faster.

    Notes
    -----
    Delays are an argument of each query, so one Graph serves as long as the set of links is the same.

    Examples
    --------
    Four satellites in a row, 1 ms a link; satellite 3 is reached over three links:

    >>> graph = Graph(4, np.array([0, 1, 2]), np.array([1, 2, 3]))
    >>> (1e3 * graph.least_s(np.full(3, 1e-3), np.array([0.0, np.inf, np.inf, np.inf]))).round(9).tolist()
    [0.0, 1.0, 2.0, 3.0]
    >>> graph.paths(np.full(3, 1e-3), np.array([3]), np.array([1])).links.tolist()  # links 2 and 1, from b to a
    [5, 4]
    """

    def __init__(self, count: int, a: Indices, b: Indices, starts: Indices | None = None) -> None:
        self.count, self.links = count, int(a.size)
        self._starts_of_blocks = block_starts(count, []) if starts is None else starts
        self._moments: MomentGraph | None = None
        self._queried_delay_s: Array | None = None
        self._all_delays_s: Array | None = None
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

    def least_s(self, delay_s: Array, seed_s: Array) -> Array:
        """Delays of all satellites from one source outside the graph, such as a ground station.

        Parameters
        ----------
        delay_s : ndarray, shape (L,)
            Delay of each link [s], not negative.
        seed_s : ndarray, shape (N,)
            Delay from the source directly to each satellite [s]; inf where there is no direct connection.

        Returns
        -------
        ndarray, shape (N,)
            Least delay [s]; inf without a route.

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
        return np.asarray(dijkstra(matrix, indices=self.count)[: self.count])

    def reach_moments(self, delay_s: Array, seed_s: Array, out: Array | None = None) -> Array:
        """Delays of all satellites from sources outside the graph, at many moments at once.

        Parameters
        ----------
        delay_s : ndarray, shape (moments, L)
            Delay of each link [s], not negative; infinite where the link does not exist.
        seed_s : ndarray, shape (sources, N, moments)
            Delay from each source directly to each satellite [s]; inf where there is no direct connection.
        out : ndarray, shape (sources, N, moments), optional
            Array for the result; used where the number of moments is a multiple of `moments.LANES`.

        Returns
        -------
        ndarray, shape (sources, N, moments)
            Least delays [s], equal to those of `least_s` to the last bit; inf without a route.

        Examples
        --------
        Three satellites in a row; at the second moment the last link does not exist:

        >>> graph = Graph(3, np.array([0, 1]), np.array([1, 2]))
        >>> seed_s = np.array([[[0.0, 0.0], [np.inf, np.inf], [np.inf, np.inf]]])
        >>> graph.reach_moments(np.array([[1.0, 2.0], [3.0, np.inf]]), seed_s)[0].T.tolist()
        [[0.0, 1.0, 3.0], [0.0, 3.0, inf]]
        """
        if self._moments is None:
            link = np.where(self._inbound < 0, self.links, self._inbound % max(1, self.links))
            self._moments = MomentGraph(self._neighbour, link, self.links, self._starts_of_blocks)
        return self._moments.least_s(delay_s, seed_s, out)

    def trace_moments(
        self, delay_s: Array, seed_s: Array, least_s: Array, moment: Indices, node: Indices
    ) -> list[list[int]]:
        """Routes to which least delays from one source belong.

        Parameters
        ----------
        delay_s : ndarray, shape (moments, L)
            Delay of each link [s], as in the search.
        seed_s, least_s : ndarray, shape (N, moments)
            Seeds of the source, and least delays from it [s].
        moment, node : ndarray of int64, shape (F,)
            Moment and last satellite of each route; its least delay is finite.

        Returns
        -------
        list of list of int
            Satellites of each route, last to first: `node`, its predecessor, and so on to the one that the source reaches
            directly.

        Examples
        --------
        >>> graph, seed_s = Graph(3, np.array([0, 1]), np.array([1, 2])), np.array([[0.0], [np.inf], [np.inf]])
        >>> delay_s = np.array([[1.0, 2.0]])
        >>> least_s = graph.reach_moments(delay_s, seed_s[np.newaxis])[0]
        >>> graph.trace_moments(delay_s, seed_s, least_s, np.array([0]), np.array([2]))
        [[2, 1, 0]]
        """
        none = np.full((delay_s.shape[0], 1), np.inf)  # the padding's index -1 selects the last
        weight_s = np.maximum(np.concatenate((delay_s, delay_s, none), axis=1), LEAST_DELAY_S)
        routes = [[n] for n in node.tolist()]
        flow, at = np.arange(node.size), node
        while True:
            here = least_s[at, moment]
            on = ~equal_to_least(seed_s[at, moment], here)
            flow, at, moment, here = flow[on], at[on], moment[on], here[on, np.newaxis]
            if not flow.size:
                return routes
            beside = self._neighbour[at]
            there = least_s[beside, moment[:, np.newaxis]]
            through = there + weight_s[moment[:, np.newaxis], self._inbound[at]]
            at = beside[np.arange(at.size), _first_through(through, there, here)]
            for f, n in zip(flow.tolist(), at.tolist(), strict=True):
                routes[f].append(n)

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
        matrix = csr_array((self._weights(delay_s), self._heads, self._starts), shape=(self.count, self.count))
        inbound_s = self._inbound_s(delay_s)
        cached_s = self._cached_delays(delay_s, matrix)
        direct_s = self._direct(src, dst, inbound_s)
        hops: list[tuple[Indices, Indices]] = []
        reached = src == dst
        for near in (True, False):  # no route takes longer than a direct link, which bounds those searches
            some = np.flatnonzero((np.isfinite(direct_s) == near) & ~reached)
            sources, which = np.unique(src[some], return_inverse=True)
            rows = max(1, CHUNK // max(1, self.count))
            for lo in range(0, sources.size, rows):
                mine = some[(which >= lo) & (which < lo + rows)]
                limit = 1.001 * float(direct_s[mine].max()) if near else np.inf
                chunk = sources[lo : lo + rows]
                far = dijkstra(matrix, indices=chunk, limit=limit) if cached_s is None else cached_s[chunk]
                row = np.searchsorted(sources, src[mine]) - lo
                there = np.isfinite(far[row, dst[mine]])
                reached[mine[there]] = True
                hops += self._trace_back(far, row[there], mine[there], src, dst, inbound_s)
        return _gather_paths(src.size, hops, reached)

    def _cached_delays(self, delay_s: Array, matrix: csr_array) -> Array | None:
        """Delays (N, N) between all satellites, from the second query with the same delays on, if they fit in memory."""
        if self._queried_delay_s is not delay_s:
            self._queried_delay_s, self._all_delays_s = delay_s, None
        elif self._all_delays_s is None and self.count * self.count <= ALL_PAIRS:
            self._all_delays_s = np.asarray(dijkstra(matrix))
        return self._all_delays_s

    def _weights(self, delay_s: Array) -> Array:
        """Delays of directed links in the order of the matrix."""
        return np.maximum(np.concatenate((delay_s, delay_s))[self._order], LEAST_DELAY_S)

    def _inbound_s(self, delay_s: Array) -> Array:
        """Delays from each neighbour, shape (N, width); inf in the padding."""
        twice = np.concatenate((delay_s, delay_s, [np.inf]))  # the padding's index -1 selects the last
        return np.maximum(twice[self._inbound], LEAST_DELAY_S)

    def _direct(self, src: Indices, dst: Indices, inbound_s: Array) -> Array:
        """Delay of the direct link of each pair, inf without one."""
        joins = (self._neighbour[dst] == src[:, np.newaxis]) & (self._inbound[dst] >= 0)
        return np.asarray(np.where(joins, inbound_s[dst], np.inf).min(axis=1))

    def _predecessors(
        self, far: Array, at: Indices, inbound_s: Array, row: Indices | None = None
    ) -> tuple[Indices, Indices]:
        """Neighbour of lowest index through which `at` has its delay, and the directed link from there."""
        beside = self._neighbour[at]
        there = far[beside] if row is None else far[row[:, np.newaxis], beside]
        here = far[at] if row is None else far[row, at]
        slot = _first_through(there + inbound_s[at], there, here[:, np.newaxis])
        pick = np.arange(at.size)
        return beside[pick, slot], self._inbound[at, slot]

    def _trace_back(
        self, far: Array, row: Indices, flow: Indices, src: Indices, dst: Indices, inbound_s: Array
    ) -> list[tuple[Indices, Indices]]:
        """Hops from the last to the first: the flows that make one, and its directed link."""
        at, hops = dst[flow], []
        while flow.size:
            at, link = self._predecessors(far, at, inbound_s, row)
            hops.append((flow, link))
            on = at != src[flow]
            at, row, flow = at[on], row[on], flow[on]
        return hops


def _gather_paths(count: int, hops: list[tuple[Indices, Indices]], reached: NDArray[np.bool_]) -> Paths:
    flow = np.concatenate([h[0] for h in hops]) if hops else np.empty(0, np.int64)
    link = np.concatenate([h[1] for h in hops]) if hops else np.empty(0, np.int64)
    start = np.concatenate(([0], np.cumsum(np.bincount(flow, minlength=count)))).astype(np.int64)
    # hops of a flow are stored last to first: reverse all, then gather by flow
    order = np.argsort(flow[::-1], kind="stable")
    return Paths(start, link[::-1][order], reached)


def _first_through(through_s: Array, there_s: Array, here_s: Array) -> Indices:
    """First neighbour of each row through which the delay here is attained.

    It is nearer to the source: two satellites in one place must not be each other's predecessors.
    """
    found: Indices = np.argmax(equal_to_least(through_s, here_s) & (there_s < here_s), axis=1)
    return found


def equal_to_least(delay_s: Array, least_s: Array) -> NDArray[np.bool_]:
    """Delays that equal the least one to a relative difference of `TIE`.

    Parameters
    ----------
    delay_s : ndarray
        Delays [s], none below the least.
    least_s : ndarray
        Least delays [s], of a shape that broadcasts.

    Returns
    -------
    ndarray of bool
        Also where both are infinite.

    Examples
    --------
    >>> equal_to_least(np.array([1.0 + 1e-12, 1.0 + 1e-6]), np.array(1.0)).tolist()
    [True, False]
    """
    return np.asarray(delay_s <= least_s * (1.0 + TIE))


def first_of_least(delay_s: Array) -> Indices:
    """Index of the least delay of each row; of delays that are equal to `TIE`, the lowest index.

    Parameters
    ----------
    delay_s : ndarray, shape (..., n)
        Delays [s], not negative.

    Returns
    -------
    ndarray of int64, shape (...)
        Indices; 0 where all delays are infinite.

    Examples
    --------
    >>> first_of_least(np.array([[3.0, 2.0 + 1e-12, 2.0], [np.inf, np.inf, np.inf]])).tolist()
    [1, 0]
    """
    first: Indices = np.argmax(equal_to_least(delay_s, delay_s.min(axis=-1, keepdims=True)), axis=-1)
    return first


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
