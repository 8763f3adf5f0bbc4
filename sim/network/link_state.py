"""The network at one time: links that exist, their rates and delays, routes between satellites.

Call `update` first, or `take` with a state; `paths` then answers for the same time. A satellite that is not healthy neither
relays nor serves; stations do not relay. Routes from and to stations: `sim.network.route_block`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from sim.network import link_limits, optical, topology
from sim.network.route_metrics import hop_weights, widest_paths
from sim.network.routing import Graph, Paths
from sim.network.row_relaxation import block_starts
from sim.network.topologies.base import ConstellationBlock, Grid, Lattice, Limits, Topology
from sim.network.topologies.registry import build, without_parts
from sim.network.topology import Choice

__all__ = ["ConstellationBlock", "Grid", "Lattice", "LinkRules", "LinkState", "Network"]

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LinkRules:
    """Rules of every link."""

    topology: str  # a key of `topologies.registry.FORMS`
    terminals: int  # of each satellite, the most links that it has
    terminal: optical.Terminal | None  # None: unlimited rate
    grazing_altitude_m: float
    max_range_m: float
    hop_latency_s: float  # electronics, added to the light time of each link
    sun_keep_out_rad: float = 0.0  # smallest angle between a link and the Sun; 0: the Sun does not matter
    step_s: float = 0.0  # between two times; needed by the limits in time
    acquisition_s: float = 0.0  # until a link that has become possible carries data
    slew_limit_rad_s: float = np.inf  # fastest turn of a link in the local orbital frame
    faces: Callable[[Array], Array] | None = None  # normals of faces with terminals, as `link_limits.in_regard` takes them
    field_of_regard_rad: float = np.pi  # largest angle between a link and the normal of its face
    hysteresis: float = 1.0  # factor by which another link must be shorter to take a terminal from one that exists
    routing: str = "delay"  # delay, hops or bandwidth: the measure of routes

    @property
    def limits(self) -> Limits:
        """What a topology must know of the rules."""
        return Limits(self.terminals, self.max_range_m, self.grazing_altitude_m)


class LinkState(NamedTuple):
    """Links at one time: l joins a[l] < b[l]. Where the set of links is that of the time before, a and b are the same arrays."""

    a: Indices
    b: Indices
    length_m: Array
    delay_s: Array  # latency of switching included
    rate_factor: Array  # what events leave of the rate
    healthy: Mask  # satellites that relay
    rate_bit_s: Array | None = None  # from `Network.with_rates`; None: computed when it is asked for


class Network:
    """Links between satellites at one time, and routes over them.

    After `update`, link l joins a[l] < b[l] with length_m, delay_s (hop latency included) and rate_bit_s, each of shape
    (links,); `version` grows when the set of links changes.

    Parameters
    ----------
    constellation_blocks : sequence of ConstellationBlock
        Grids and lattices of the constellation.
    count : int
        Number of satellites.
    rules : LinkRules
        Rules of every link.
    topology : Topology, optional
        Which satellites may be linked; by default the one that the rules name, without settings.
    """

    def __init__(
        self, constellation_blocks: Sequence[ConstellationBlock], count: int, rules: LinkRules, topology: Topology | None = None
    ) -> None:
        self.count, self.rules, self.version = count, rules, 0
        self.a, self.b = np.empty(0, np.int64), np.empty(0, np.int64)
        self.length_m, self.delay_s, self.rate_factor = np.empty(0), np.empty(0), np.empty(0)
        self._rate_bit_s: Array | None = None
        self.pointing_outage_max: float | None = None  # of all links whose rate has been computed
        self.healthy: Mask = np.ones(count, bool)
        self._history = link_limits.LinkHistory(count)
        self.topology = topology or build(rules.topology, without_parts(constellation_blocks, count, rules.limits), {})
        grids = [block for block in constellation_blocks if isinstance(block, Grid)]
        self.block_starts = block_starts(count, [(g.first, g.planes, g.slots) for g in grids])
        self._last_a, self._last_b = self.a, self.b  # of the last state
        self._graph = Graph(count, self.a, self.b, self.block_starts)
        self._hop_weight_s: Array | None = None  # of the present links, where routes have the fewest hops

    def update(
        self,
        r_m: Array,
        healthy: Mask,
        link_factor: Mapping[tuple[int, int], float],
        terminal_factor: Array | None = None,
    ) -> None:
        """Compute the links of one time and take them.

        Parameters
        ----------
        r_m : ndarray
            Positions of the satellites [m], (3, N).
        healthy : ndarray of bool
            Satellites that relay, (N,).
        link_factor : mapping of tuple of int to float
            Fraction of the rate of single links, by pair of satellites in either order; 0 cuts a link.
        terminal_factor : ndarray or None, optional
            Fraction of the rate of all links of each satellite, (N,); a link has the product of both ends.
        """
        self.take(self.state(r_m, healthy, link_factor, terminal_factor))

    def take(self, state: LinkState) -> None:
        """Make the links of one time the present ones.

        Parameters
        ----------
        state : LinkState
            From `state`.
        """
        if not (_same(state.a, self.a) and _same(state.b, self.b)):
            self.version += 1
            self._graph = Graph(self.count, state.a, state.b, self.block_starts)
        self.a, self.b, self.length_m, self.delay_s, self.rate_factor, self.healthy, self._rate_bit_s = state
        self._hop_weight_s = None

    def forget(self) -> None:
        """Begin anew: the next time is the first one, without links of times before."""
        self._history = link_limits.LinkHistory(self.count)

    @property
    def present(self) -> LinkState:
        """The present links."""
        return LinkState(self.a, self.b, self.length_m, self.delay_s, self.rate_factor, self.healthy)

    def graph(self, a: Indices, b: Indices) -> Graph:
        """Links prepared for routing.

        Parameters
        ----------
        a, b : ndarray of int64, shape (L,)
            Ends of the links.

        Returns
        -------
        Graph
            With the planes of the constellation as blocks; the present one where the links are the present ones.
        """
        if _same(a, self.a) and _same(b, self.b):
            return self._graph
        return Graph(self.count, a, b, self.block_starts)

    def state(
        self,
        r_m: Array,
        healthy: Mask,
        link_factor: Mapping[tuple[int, int], float],
        terminal_factor: Array | None = None,
        sun_m: Array | None = None,
    ) -> LinkState:
        """Compute the links of one time, each time later than the last by a step; the present links stay.

        Parameters
        ----------
        r_m : ndarray
            Positions of the satellites [m], (3, N).
        healthy : ndarray of bool
            Satellites that relay, (N,).
        link_factor : mapping of tuple of int to float
            Fraction of the rate of single links, by pair of satellites in either order; 0 cuts a link.
        terminal_factor : ndarray or None, optional
            Fraction of the rate of all links of each satellite, (N,); a link has the product of both ends.
        sun_m : ndarray or None, optional
            Position of the Sun [m], (3,); without it, it blinds no terminal.

        Returns
        -------
        LinkState
            Links, their lengths, delays and what events leave of their rates.
        """
        rules, history = self.rules, self._history
        able = healthy if terminal_factor is None else healthy & (terminal_factor > 0.0)
        choice = Choice(lambda i, j, length: self._can_point(r_m, i, j, length, sun_m), history.is_held, rules.hysteresis)
        a, b = self.topology.candidates(r_m, able, choice)
        keep, length_m = topology.usable_links(r_m, a, b, healthy, rules.max_range_m, rules.grazing_altitude_m)
        if not keep.all():
            a, b, length_m = a[keep], b[keep], length_m[keep]
        if self.topology.name != "nearest":  # which has chosen among those that can be built
            keep = self._can_point(r_m, a, b, length_m, sun_m)
            if not keep.all():
                a, b, length_m = a[keep], b[keep], length_m[keep]
            part = getattr(self.topology, "part", None)
            joining = None if part is None else part[a] != part[b]
            keep = link_limits.within_terminals(r_m, a, b, length_m, rules.terminals, history.is_held(a, b), rules.hysteresis, joining)
            if not keep.all():
                a, b, length_m = a[keep], b[keep], length_m[keep]
        history.remember(r_m if rules.slew_limit_rad_s < np.inf or rules.faces is not None else None, a, b)
        factor = np.ones(a.size)
        for (i, j), value in link_factor.items():
            factor[(a == min(i, j)) & (b == max(i, j))] *= value
        if terminal_factor is not None:
            factor *= terminal_factor[a] * terminal_factor[b]
        whole = factor > 0.0
        if rules.sun_keep_out_rad > 0.0 and sun_m is not None:
            whole &= topology.clear_of_sun(r_m, a, b, sun_m, rules.sun_keep_out_rad)
        if not whole.all():
            a, b, length_m, factor = a[whole], b[whole], length_m[whole], factor[whole]
        if rules.acquisition_s > 0.0 and rules.step_s > 0.0:
            factor = factor * history.acquire(a, b, rules.acquisition_s, rules.step_s)
            if not factor.all():
                ready = factor > 0.0
                a, b, length_m, factor = a[ready], b[ready], length_m[ready], factor[ready]
        if _same(a, self._last_a) and _same(b, self._last_b):
            a, b = self._last_a, self._last_b
        self._last_a, self._last_b = a, b
        delay_s = length_m / SPEED_OF_LIGHT_M_S + rules.hop_latency_s
        return LinkState(a, b, length_m, delay_s, factor, healthy.copy())

    def _can_point(self, r_m: Array, a: Indices, b: Indices, length_m: Array, sun_m: Array | None) -> Mask:
        """Links that terminals can look along, and turn fast enough for."""
        rules = self.rules
        fine = link_limits.followed(self._history, r_m, a, b, length_m, rules.slew_limit_rad_s, rules.step_s)
        if rules.faces is not None:
            fine &= link_limits.in_regard(self._history, r_m, a, b, sun_m, rules.faces, rules.field_of_regard_rad)
        return fine

    @property
    def rate_bit_s(self) -> Array:
        """Rate of each of the present links [bit/s], (links,); computed when it is asked for."""
        if self._rate_bit_s is None:
            self._rate_bit_s = self._rates_bit_s(self.length_m, self.rate_factor)
        return self._rate_bit_s

    def _rates_bit_s(self, length_m: Array, rate_factor: Array) -> Array:
        terminal = self.rules.terminal
        if terminal is None:
            return np.full(length_m.size, np.inf) * rate_factor
        rate_bit_s, outage = optical.rate_and_outage(length_m, terminal)
        self.pointing_outage_max = max(self.pointing_outage_max or 0.0, float(outage.max(initial=0.0)))
        return rate_bit_s * rate_factor

    def with_rates(self, states: Sequence[LinkState]) -> list[LinkState]:
        """Links of several times with their rates, computed at once.

        Parameters
        ----------
        states : sequence of LinkState
            From `state`.

        Returns
        -------
        list of LinkState
            The same with rates.
        """
        lengths_m, factors = [state.length_m for state in states], [state.rate_factor for state in states]
        rate_bit_s = self._rates_bit_s(np.concatenate(lengths_m), np.concatenate(factors))
        ends = np.cumsum([length_m.size for length_m in lengths_m]).tolist()
        return [state._replace(rate_bit_s=rate_bit_s[end - state.a.size : end]) for state, end in zip(states, ends, strict=True)]

    @property
    def topology_links(self) -> int:
        """Links of the whole topology; 0 for one whose pairs follow the positions."""
        if not self.topology.fixed:
            return 0
        return int(self.topology.candidates(np.zeros((3, self.count)), np.ones(self.count, dtype=np.bool_))[0].size)

    @property
    def enough_terminals(self) -> bool:
        """Whether no satellite can have more links than terminals, so that links never compete; False where pairs follow the positions."""
        if not self.topology.fixed:
            return False
        ends = np.concatenate(self.topology.candidates(np.zeros((3, self.count)), np.ones(self.count, dtype=np.bool_)))
        return int(np.bincount(ends, minlength=1).max()) <= self.rules.terminals

    def unlinked(self, state: LinkState) -> Array:
        """Share of each satellite's terminals without a link.

        Parameters
        ----------
        state : LinkState
            Links at one time.

        Returns
        -------
        ndarray, shape (N,)
            0 to 1; 0 where a topology gives a satellite as many links as it has terminals, or more.
        """
        links = np.bincount(state.a, minlength=self.count) + np.bincount(state.b, minlength=self.count)
        return np.asarray(np.maximum(self.rules.terminals - links, 0) / self.rules.terminals)

    def isolated(self) -> Indices:
        """Healthy satellites without a link.

        Returns
        -------
        ndarray of int64
            Numbers of the satellites, ascending.
        """
        linked = np.zeros(self.count, bool)
        linked[self.a] = linked[self.b] = True
        return np.flatnonzero(self.healthy & ~linked)

    def paths(self, src: Indices, dst: Indices) -> Paths:
        """Routes from satellite to satellite by the measure of the rules.

        Rates are those of idle links, with what events leave of them: what jobs load them with follows from their routes.

        Parameters
        ----------
        src, dst : ndarray of int64, shape (F,)
            First and last satellite of each pair.

        Returns
        -------
        Paths
            Directed links of each route: l from a[l] to b[l], l + links from b[l] to a[l].
        """
        if self.rules.routing == "bandwidth":
            return widest_paths(self._graph, self.delay_s, self.rate_bit_s, src, dst)[0]
        if self.rules.routing == "hops":
            if self._hop_weight_s is None:
                self._hop_weight_s = hop_weights(self._graph, self.delay_s).weight_s
            return self._graph.paths(self._hop_weight_s, src, dst)
        return self._graph.paths(self.delay_s, src, dst)


def _same(one: Indices, other: Indices) -> bool:
    return one is other or np.array_equal(one, other)
