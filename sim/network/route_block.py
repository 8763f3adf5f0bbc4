"""Routes of a block of steps at once: stations to serving satellites, and stations to stations.

Links that have just changed, and steps whose links differ so much that a graph of all of them would be far larger than that of
each, are searched step by step. The answers are the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from sim.network.link_state import LinkState, Network
from sim.network.route_metrics import hop_weights, without_hops
from sim.network.route_tracing import first_access, first_of_least
from sim.network.routing import MANY, Graph
from sim.network.routing_sources import seeds_in_view

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]
Keep = Callable[[Array, Array, Indices, Array], None]  # slant ranges, delays onwards; receives satellites of access, delays

FEW_STEPS = 4  # for which the same links must be seen before they are prepared for many moments, which takes as long as some searches
MORE_LINKS = 1.5  # links of all steps together, relative to those of the step with the most
OUTSIDE_S = 2.0  # above the delay of both connections with the ground and of fibre, so that a hop weighs more than they differ by


class Served(NamedTuple):
    """Routes of stations to serving satellites at one step.

    Attributes
    ----------
    delay_s : ndarray, shape (stations,)
        One-way delay [s]; infinite without a route.
    routes : list of list of int
        Satellites of each route, from the one of access to the server; empty without a route.
    """

    delay_s: Array
    routes: list[list[int]]


class BlockRouter:
    """Routing over blocks of steps; the graph is kept while links are the same.

    Parameters
    ----------
    network : Network
        Planes of the constellation; its present links are used again where a step has the same ones.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._fewest_hops = network.rules.routing == "hops"
        self._ends: tuple[Indices, Indices] | None = None
        self._last = network.present
        self._seen = 0  # steps since its links changed
        self._graph = Graph(network.count, np.empty(0, np.int64), np.empty(0, np.int64))

    def block(self, states: Sequence[LinkState]) -> RouteBlock:
        """Prepare the links of consecutive steps.

        Parameters
        ----------
        states : sequence of LinkState
            Links of each step, at least one.

        Returns
        -------
        RouteBlock
            Routes over them.
        """
        a, b = states[0].a, states[0].b
        same = all(state.a is a and state.b is b for state in states)
        self._seen = len(states) + (self._seen if self._last.a is a and self._last.b is b else 0)
        self._last = states[-1]
        if same and self._seen > FEW_STEPS:
            return RouteBlock(self._kept(a, b), [state.delay_s for state in states], states, fewest_hops=self._fewest_hops)
        if same or len(states) <= FEW_STEPS:
            return self._apart(states)
        count = np.int64(self._network.count)
        keys = [state.a * count + state.b for state in states]
        union = np.unique(np.concatenate(keys))
        if union.size > MORE_LINKS * max(1, *(k.size for k in keys)):
            return self._apart(states)
        delays = []
        for state, key in zip(states, keys, strict=True):
            delay_s = np.full(union.size, np.inf)
            delay_s[np.searchsorted(union, key)] = state.delay_s
            delays.append(delay_s)
        return RouteBlock(self._kept(*np.divmod(union, count)), delays, states, fewest_hops=self._fewest_hops)

    def _apart(self, states: Sequence[LinkState]) -> RouteBlock:
        graphs = [self._network.graph(state.a, state.b) for state in states]
        return RouteBlock(None, [state.delay_s for state in states], states, graphs, self._fewest_hops)

    def _kept(self, a: Indices, b: Indices) -> Graph:
        ends = self._ends
        if ends is None or not (np.array_equal(a, ends[0]) and np.array_equal(b, ends[1])):
            self._ends, self._graph = (a, b), self._network.graph(a, b)
        return self._graph


class RouteBlock:
    """Routes over the links of consecutive steps; made by `BlockRouter`.

    Parameters
    ----------
    graph : Graph or None
        Links of all steps together; None: every step has its own graph.
    delays : list of ndarray
        Delays of the links of `graph`, or of those of each step, [s], infinite where there is no link.
    states : sequence of LinkState
        Links of each step.
    graphs : sequence of Graph, optional
        Graph of each step, where there is no common one.
    fewest_hops : bool, optional
        Whether routes have the fewest hops, and the least delay of these; else the least delay.

    Attributes
    ----------
    hop_s : ndarray, shape (steps,)
        What a hop weighs in least sums [s]; 0 where they are delays.
    onward_s : ndarray, shape (N, steps)
        After `serve`, least sums from each satellite to the one that serves [s].
    """

    def __init__(
        self,
        graph: Graph | None,
        delays: list[Array],
        states: Sequence[LinkState],
        graphs: Sequence[Graph] = (),
        fewest_hops: bool = False,
    ) -> None:
        self._graph, self._states, self._graphs = graph, states, graphs
        self.hop_s = np.zeros(len(states))
        if fewest_hops:
            of_step = graphs if graph is None else [graph] * len(states)
            weights = [hop_weights(*one, OUTSIDE_S) for one in zip(of_step, delays, strict=True)]
            delays, self.hop_s = [w.weight_s for w in weights], np.array([w.hop_s for w in weights])
        self._weights = delays
        self._weight_s = np.array([] if graph is None else delays)
        self.onward_s = np.empty((0, 0))

    def serve(self, slant_m: Array, serves: Mask, keep: Keep | None = None) -> list[Served]:
        """Best route of each station to a serving satellite, at every step.

        Parameters
        ----------
        slant_m : ndarray, shape (steps, stations, N)
            Slant ranges [m]; infinite where the satellite is not in view.
        serves : ndarray of bool, shape (steps, N)
            Satellites that serve users.
        keep : callable, optional
            Puts satellites of access that stations keep in place of the best ones: `handover.HeldAccess.keep` for these steps.

        Returns
        -------
        list of Served
            One for each step.
        """
        healthy = np.array([state.healthy for state in self._states])
        seed_s = np.where(serves & healthy, 0.0, np.inf).T[np.newaxis]
        onward_s = self._reach(seed_s)
        self.onward_s = onward_s[0]
        moments, stations = slant_m.shape[:2]
        access, delay_s = np.empty((moments, stations), dtype=np.int64), np.empty((moments, stations))
        first_access(slant_m, onward_s[0], access, delay_s)
        if keep is not None:
            keep(slant_m, onward_s[0], access, delay_s)
        delay_s = without_hops(delay_s, self.hop_s[:, np.newaxis])
        at, station = np.nonzero(np.isfinite(delay_s))
        none: list[int] = []  # one for all: new lists make Python look for garbage
        routes = [[none] * stations for _ in range(moments)]
        found = self._trace(seed_s[0], onward_s[0], at, access[at, station])
        for k, s, route in zip(at.tolist(), station.tolist(), found, strict=True):
            routes[k][s] = route
        return [Served(*row) for row in zip(delay_s, routes, strict=True)]

    def between(self, slant_m: Array, pairs: Sequence[tuple[int, int]]) -> tuple[Array, list[list[list[int]]]]:
        """Best routes from station to station, at every step.

        Parameters
        ----------
        slant_m : ndarray, shape (steps, stations, N)
            Slant ranges [m]; infinite where the satellite is not in view.
        pairs : sequence of tuple of int
            Numbers of both stations of each pair.

        Returns
        -------
        delay_s : ndarray, shape (steps, pairs)
            One-way delay [s]; inf without a route.
        routes : list of list of list of int
            Satellites of the route of each step and pair, from the first station to the second; empty without a route.
        """
        healthy = np.array([state.healthy for state in self._states])[:, np.newaxis]
        up_s = np.where(healthy, slant_m / SPEED_OF_LIGHT_M_S, np.inf)
        sources = sorted({s for s, _ in pairs})
        seed_s = np.ascontiguousarray(up_s[:, sources].transpose(1, 2, 0))
        far_s = self._reach(seed_s)
        moments = slant_m.shape[0]
        delay_s = np.empty((moments, len(pairs)))
        routes: list[list[list[int]]] = [[[] for _ in pairs] for _ in range(moments)]
        for p, (s, t) in enumerate(pairs):
            source = sources.index(s)
            total_s = far_s[source].T + up_s[:, t]
            last = first_of_least(total_s)
            delay_s[:, p] = total_s[np.arange(moments), last]
            at = np.flatnonzero(np.isfinite(delay_s[:, p]))
            found = self._trace(seed_s[source], far_s[source], at, last[at])
            for k, route in zip(at.tolist(), found, strict=True):
                routes[k][p] = route[::-1]
        return without_hops(delay_s, self.hop_s[:, np.newaxis]), routes

    def reach(self, slant_m: Array) -> Array:
        """Least sums from places on the ground to all satellites, at every step.

        Parameters
        ----------
        slant_m : ndarray, shape (steps, places, N)
            Slant ranges [m]; infinite where the satellite is not in view.

        Returns
        -------
        ndarray, shape (places, N, steps)
            One-way delays, with `hop_s` for each hop, [s]; infinite without a route.
        """
        return self.reach_from((slant_m / SPEED_OF_LIGHT_M_S).transpose(1, 2, 0))

    def reach_from(self, seed_s: Array) -> Array:
        """Least sums from sources outside the network to all satellites, at every step.

        Parameters
        ----------
        seed_s : ndarray, shape (sources, N, steps)
            Delays from each source directly to each satellite [s]; infinite where there is no direct connection.

        Returns
        -------
        ndarray, shape (sources, N, steps)
            One-way delays, with `hop_s` for each hop, [s]; infinite without a route, and at satellites that are not healthy.
            `route_metrics.without_hops` gives delays.
        """
        healthy = np.array([state.healthy for state in self._states]).T
        return self._reach(np.ascontiguousarray(np.where(healthy, seed_s, np.inf)))

    def _reach(self, seed_s: Array) -> Array:
        """Least sums (sources, N, steps)."""
        if self._graph is not None:
            return self._graph.reach_moments(self._weight_s, seed_s)
        least_s = np.empty(seed_s.shape)
        for k, (graph, weight_s) in enumerate(zip(self._graphs, self._weights, strict=True)):
            if seed_s.shape[0] >= MANY:
                least_s[:, :, k] = graph.reach_sources(weight_s, seeds_in_view(seed_s[:, :, k]))
                continue
            for source in range(seed_s.shape[0]):
                least_s[source, :, k] = graph.least_s(weight_s, seed_s[source, :, k])
        return least_s

    def _trace(self, seed_s: Array, least_s: Array, step: Indices, node: Indices) -> list[list[int]]:
        """Satellites of routes from one source, from `node` to the one that the source reaches directly; `step` ascends."""
        if self._graph is not None:
            return self._graph.trace_moments(self._weight_s, seed_s, least_s, step, node)
        routes: list[list[int]] = []
        for k, (graph, weight_s) in enumerate(zip(self._graphs, self._weights, strict=True)):
            now, own = slice(k, k + 1), node[step == k]
            at = np.zeros(own.size, dtype=np.int64)
            routes += graph.trace_moments(weight_s[np.newaxis], seed_s[:, now], least_s[:, now], at, own)
        return routes
