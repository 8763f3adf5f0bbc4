"""Shortest routes by delay over undirected links, computed only from the sources that are asked for.

Link l joins a[l] and b[l]; as a directed link it is l from a to b, and l + links from b to a. Delays come from
Dijkstra's algorithm in scipy. Routes are traced back from the delays, at each satellite through the neighbour of lowest
index that attains the delay to a relative difference of `TIE`, so that neither the order of the search nor rounding
decides between equal routes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from sim.network import ALL_PAIRS, LEAST_DELAY_S, UNREACHED_S
from sim.network.route_tracing import equal_to_least, first_through, trace_back
from sim.network.routing_moments import MomentGraph
from sim.network.routing_sources import Seeds, SourceGraph, rows_for
from sim.network.row_relaxation import block_starts, tables

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

CHUNK = 1 << 21  # source-satellite delays held at a time
MANY = 8  # sources from which one search for all is faster, with its preparation, than one search for each


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
        First satellites of blocks of neighbours, such as planes, as `row_relaxation.block_starts` gives them: many moments
        are searched faster.

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
        self.count, self.links, self.a, self.b = count, int(a.size), a, b
        self._starts_of_blocks = block_starts(count, []) if starts is None else starts
        self._moments: MomentGraph | None = None
        self._sources: SourceGraph | None = None
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
            Array for the result; used where the number of moments is a multiple of `row_relaxation.LANES`.

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
            made = tables(*self._both_ways(), self.links, self._starts_of_blocks, self.count)
            self._moments = MomentGraph(made, self.links)
        return self._moments.least_s(delay_s, seed_s, out)

    def reach_sources(
        self,
        delay_s: Array,
        seeds: Seeds,
        precision: type[np.floating[Any]] = np.float64,
        out: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """Delays of all satellites from many sources outside the graph, such as ground stations, at one moment.

        Parameters
        ----------
        delay_s : ndarray, shape (L,)
            Delay of each link [s], not negative; infinite where the link does not exist.
        seeds : Seeds
            Direct connections from sources to satellites; `routing_sources.seeds_in_view` makes them of a table.
        precision : type, optional
            numpy.float32 takes half the time and memory; a route of n links is then wrong by at most n + 1 roundings, each
            6e-8 of the delay: 0.2 us on 30 links and 130 ms, 70 m of way.
        out : ndarray, shape (N, columns), optional
            Array for the result, from `routing_sources.rows_for`.

        Returns
        -------
        ndarray, shape (sources, N)
            Least delays [s], in double precision equal to those of `least_s` to the last bit; inf without a route. Satellites
            are apart in memory, sources beside each other.

        Examples
        --------
        Two stations over three satellites in a row, each in view of one end:

        >>> graph = Graph(3, np.array([0, 1]), np.array([1, 2]))
        >>> seeds = Seeds(2, np.array([0, 1]), np.array([0, 2]), np.array([0.5, 0.25]))
        >>> graph.reach_sources(np.array([1.0, 2.0]), seeds).tolist()
        [[0.5, 1.5, 3.5], [3.25, 2.25, 0.25]]
        """
        if self._sources is None:
            self._sources = SourceGraph(*self._both_ways(), self.count, self.links, self._starts_of_blocks)
        rows = rows_for(self.count, seeds.sources, precision) if out is None else out
        return self._sources.least_s(delay_s, seeds, rows)

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
            at = beside[np.arange(at.size), first_through(through, there, here)]
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
        reached = src == dst
        parts: list[tuple[Indices, Indices, Indices]] = []
        cached_s = self._cached_delays(src) if delay_s is self._queried_delay_s else None
        if cached_s is not None:
            self._trace_back(parts, cached_s, self._row[src], np.arange(src.size), (src, dst, reached))
            return gathered(src.size, parts, reached)
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
                part = sources[lo : lo + rows]
                far = _finite(dijkstra(self._matrix, indices=part, limit=limit) if near else self._from_satellites(part))
                self._trace_back(parts, far, np.searchsorted(sources, src[mine]) - lo, mine, (src, dst, reached))
        return gathered(src.size, parts, reached)

    def next_hops(self, delay_s: Array, destinations: Indices) -> Indices:
        """Forwarding tables: the neighbour to which each satellite passes messages for some destinations.

        Parameters
        ----------
        delay_s : ndarray, shape (L,)
            Delay of each link [s], not negative.
        destinations : ndarray of int64, shape (D,)
            Satellites.

        Returns
        -------
        ndarray of int64, shape (D, N)
            Numbers of satellites; -1 without a route, and at the destination itself. Of neighbours on equally fast routes the lowest number.

        Examples
        --------
        >>> Graph(3, np.array([0, 1]), np.array([1, 2])).next_hops(np.ones(2), np.array([0])).tolist()
        [[-1, 0, 1]]
        """
        matrix = csr_array((self._weights(delay_s), self._heads, self._starts), shape=(self.count, self.count))
        inbound_s, rows = self._inbound_s(delay_s), []
        for here_s in _finite(dijkstra(matrix, indices=destinations)):
            there_s = here_s[self._neighbour]
            first = first_through(there_s + inbound_s, there_s, here_s[:, np.newaxis])
            on = (here_s > 0.0) & (here_s < UNREACHED_S)
            rows.append(np.where(on, self._neighbour[np.arange(self.count), first], -1))
        return np.array(rows, dtype=np.int64).reshape(-1, self.count)

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
            self._delays_s = np.concatenate((self._delays_s, _finite(self._from_satellites(missing))))
        return self._delays_s

    def _from_satellites(self, nodes: Indices) -> Array:
        """Delays (sources, N) from satellites over the links that `_prepare` was given; the same bits either way."""
        if nodes.size < MANY or self._queried_delay_s is None:
            return np.asarray(dijkstra(self._matrix, indices=nodes))
        seeds = Seeds(nodes.size, np.arange(nodes.size), nodes, np.zeros(nodes.size))
        return np.ascontiguousarray(self.reach_sources(self._queried_delay_s, seeds))

    def _both_ways(self) -> tuple[Indices, Indices, Indices]:
        """Directed links in the order of the matrix: from satellite, to satellite, number of the link."""
        tail = np.repeat(np.arange(self.count), np.diff(self._starts))
        return tail, self._heads.astype(np.int64), self._order % max(1, self.links)

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


def gathered(count: int, parts: list[tuple[Indices, Indices, Indices]], reached: NDArray[np.bool_]) -> Paths:
    """Routes of all pairs, from parts that each hold those of some.

    Parameters
    ----------
    count : int
        Number of pairs.
    parts : list of tuple
        Pairs (n,), where their links begin (n + 1,), and the links.
    reached : ndarray of bool, shape (count,)
        Pairs with a route.

    Returns
    -------
    Paths
        Pairs in their order.

    Examples
    --------
    >>> parts = [(np.array([1]), np.array([0, 2]), np.array([5, 6])), (np.array([0]), np.array([0, 1]), np.array([7]))]
    >>> gathered(2, parts, np.ones(2, dtype=np.bool_)).links.tolist()
    [7, 5, 6]
    """
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
