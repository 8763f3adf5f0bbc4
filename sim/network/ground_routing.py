"""Routes between the ground and the fleet over time: serving satellites, links of the routes, delays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from orbit.kernels.visibility import Masks, access_m
from sim.network.ground_budget import GroundBudget
from sim.network.ground_paths import GroundPaths, of_users
from sim.network.handover import Held, HeldAccess
from sim.network.intervals import IntervalRecorder, RouteRecorder
from sim.network.latency_map import LatencyMap
from sim.network.link_state import LinkState, Network
from sim.network.route_block import BlockRouter, Keep, RouteBlock, Served
from sim.network.route_tracing import first_of_least
from sim.network.routing import components
from sim.network.row_relaxation import LANES
from sim.network.site_links import SiteAccess

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SLANTS = 32_000_000  # slant ranges held at a time (8 B each)


class GroundRouting:
    """Routes of stations and of pairs of stations; arrays over (steps, ...) are filled by `update`.

    Parameters
    ----------
    steps : int
        Steps of the run.
    step_s : float
        Length of a step [s].
    satellites : int
        Number of satellites.
    sin_min_elevation : ndarray, shape (stations,)
        Sine of the minimum elevation of each station.
    max_range_m : ndarray, shape (stations,)
        Largest slant range of each station [m]; infinite: none.
    masks : Masks
        Elevation masks over azimuth.
    pairs : list of tuple of int
        Numbers of both stations of each pair.
    network : Network or None
        Links between satellites; None: satellites serve what they see.
    stride : int
        Steps between recorded frames; 0: nothing is recorded.
    latency_map : LatencyMap or None, optional
        Map of delays over the Earth, which `update_block` fills.
    paths : GroundPaths or None, optional
        Roles of the stations and the ways between them; None: all are users with terminals of their own.
    budget : GroundBudget or None, optional
        Budgets of the links of some stations; None: what is in view is in reach.
    slots : ndarray of int64, shape (steps,), optional
        Interval between assignments in which each step ends (`internet_paths.handover_slot`): satellites and gateways are kept
        within each, but for pairs of stations. None: the best ones are taken in every step.
    """

    def __init__(
        self,
        steps: int,
        step_s: float,
        satellites: int,
        sin_min_elevation: Array,
        max_range_m: Array,
        masks: Masks,
        pairs: list[tuple[int, int]],
        network: Network | None,
        stride: int,
        latency_map: LatencyMap | None = None,
        paths: GroundPaths | None = None,
        budget: GroundBudget | None = None,
        slots: Ints | None = None,
    ) -> None:
        self.latency_map, self.paths, self.budget = latency_map, paths, budget
        self.site_access: SiteAccess | None = None  # set where data of jobs pass through sites
        sites = sin_min_elevation.size
        users = 0 if paths is None or not paths.gateways.size else paths.users.size
        self.internet_s, self.bent_pipe = np.full((steps, users), np.inf), np.zeros((steps, users), dtype=np.bool_)  # of users with gateways
        self.terrestrial_s = np.zeros((steps, sites))  # fibre, part of one_way_s
        self.gateway = np.full((steps, sites), -1, dtype=np.int64)  # station over which users come
        self.step_s, self.pairs, self.stride = step_s, pairs, stride
        self.sin_min_elevation, self.max_range_m, self.masks = sin_min_elevation, max_range_m, masks
        self.hop_latency_s = 0.0 if network is None else network.rules.hop_latency_s
        self.topology_links = 0 if network is None else network.topology_links  # 0 for `nearest`
        self.network = network
        self.links = np.zeros(steps)  # that exist
        self.one_way_s = np.full((steps, sites), np.inf)  # station to serving satellite
        self.server = np.full((steps, sites), -1, dtype=np.int64)
        self.hops = np.full((steps, sites), -1, dtype=np.int64)  # links between satellites on the route
        self.pair_one_way_s = np.full((steps, len(pairs)), np.inf)
        self.pair_hops = np.zeros((steps, len(pairs)), dtype=np.int64)
        self.pair_switch_s: list[list[float]] = [[] for _ in pairs]  # after the epoch
        self.switches = 0
        self.handovers = np.zeros(sites, dtype=np.int64)  # other satellites of access, or other gateways, after the first
        self._last_access = np.full((2, sites), -1, dtype=np.int64)  # gateway and satellite
        self._access = self._gateways = self._landing = None
        if slots is not None:
            routed = sites if paths is None else paths.routed().size
            self._access = HeldAccess(slots, routed)
            if paths is not None:
                self._gateways, self._landing = Held(slots, paths.users.size), Held(slots, paths.users.size)
        # in recorded frames: links as a * satellites + b; routes of all stations, then of all pairs
        self.satellites = satellites
        self.link_intervals, self.route_intervals = IntervalRecorder(), RouteRecorder(sites + len(pairs))
        self._router = None if network is None else BlockRouter(network)
        self._last_parts: tuple[Ints, Ints, Flags, Ints] | None = None  # ends of links, working satellites, their components
        self._last_keys: tuple[Ints, Ints, Ints] | None = None  # ends of links, and their keys
        self._slant_m = np.empty((0, sites, satellites))
        self._steps_at_once = max(1, min(LANES, SLANTS // max(1, sites * satellites)))
        self.block_routes: dict[int, list[list[int]]] = {}  # by step of the last block: satellites from access to server, of each station
        self._last_route: list[list[int]] = [[] for _ in range(sites)]
        self._last_pair: list[list[int]] = [[] for _ in pairs]

    def propagation_s(self) -> Array:
        """One-way delay to the serving satellite without the latency of switching and without fibre.

        Returns
        -------
        ndarray, shape (steps, stations)
            Delay [s]; infinite without a route.
        """
        return np.where(self.hops >= 0, self.one_way_s - self.terrestrial_s - self.hop_latency_s * self.hops, np.inf)

    def pair_propagation_s(self) -> Array:
        """One-way delay between the stations of each pair without the latency of switching.

        Returns
        -------
        ndarray, shape (steps, pairs)
            Delay [s]; infinite without a route.
        """
        return np.asarray(self.pair_one_way_s - self.hop_latency_s * self.pair_hops)

    def update(
        self,
        k: int,
        r_m: Array,
        working: Flags,
        healthy: Flags,
        sky: tuple[Array, Array, Array],
        network: Network | None,
        serves: Flags,
        stations: Flags,
    ) -> Flags:
        """Routes at the end of step k.

        Parameters
        ----------
        k : int
            The step.
        r_m : ndarray
            Positions of satellites at its end [m], (3, N).
        working, healthy : ndarray of bool
            Satellites that work for a share of the step, and at its end, (N,).
        sky : tuple of ndarray
            Positions of stations [m], their zeniths and norths, each (stations, 3).
        network : Network or None
            Links of the step; None: there are none.
        serves : ndarray of bool
            Satellites that users are routed to, (N,).
        stations : ndarray of bool
            Stations that are available, (stations,); a lost one has no route.

        Returns
        -------
        ndarray
            Working satellites that a station reaches, (N,).
        """
        states = None if network is None else [network.present]
        at, up, north = sky
        return np.asarray(
            self.update_block(
                k, r_m[np.newaxis], working[np.newaxis], healthy[np.newaxis],
                (at[np.newaxis], up[np.newaxis], north[np.newaxis]), states, serves[np.newaxis], stations[np.newaxis],
            )[0]
        )  # fmt: skip

    def update_block(
        self,
        k0: int,
        r_m: Array,
        working: Flags,
        healthy: Flags,
        sky: tuple[Array, Array, Array],
        states: Sequence[LinkState] | None,
        serves: Flags,
        stations: Flags,
    ) -> Flags:
        """Routes at the ends of consecutive steps, the same as `update` finds step by step.

        Parameters
        ----------
        k0 : int
            The first step.
        r_m : ndarray, shape (steps, 3, N)
            Positions of satellites at the end of each step [m].
        working, healthy : ndarray of bool, shape (steps, N)
            Satellites that work for a share of the step, and at its end.
        sky : tuple of ndarray
            Positions of stations [m], their zeniths and norths, each (steps, stations, 3).
        states : sequence of LinkState or None
            Links of each step, from `Network.state`; None: there are none.
        serves : ndarray of bool, shape (steps, N)
            Satellites that users are routed to.
        stations : ndarray of bool, shape (steps, stations)
            Stations that are available; a lost one has no route.

        Returns
        -------
        ndarray of bool, shape (steps, N)
            Working satellites that a station reaches.
        """
        reached = np.ones(working.shape, dtype=np.bool_)
        self.block_routes = {}
        if self.site_access is not None:
            self.site_access.links = {}
        for lo in range(0, r_m.shape[0], self._steps_at_once):
            part = slice(lo, min(lo + self._steps_at_once, r_m.shape[0]))
            of_part = None if states is None else states[part]
            self._record_links(k0 + lo, of_part, part.stop - lo)
            if not self.sin_min_elevation.size:
                continue
            at, up, north = sky
            if self._slant_m.shape[0] < part.stop - lo:
                self._slant_m = np.empty((part.stop - lo, *self._slant_m.shape[1:]))
            slant_m = self._slant_m[: part.stop - lo]
            for n, m in enumerate(range(part.start, part.stop)):
                access_m(
                    r_m[m], at[m], up[m], self.sin_min_elevation, self.max_range_m, slant_m[n], north[m], self.masks
                )
                if not stations[m].all():
                    slant_m[n, ~stations[m]] = np.inf
            if not healthy[part].all():
                np.copyto(slant_m, np.inf, where=~healthy[part, np.newaxis, :])
            for n, m in enumerate(range(part.start, part.stop) if self.budget is not None or self.site_access is not None else ()):
                budgeted = None if self.budget is None else self.budget.limit(k0 + m, slant_m[n], r_m[m], at[m], up[m])
                if self.site_access is not None:
                    self.site_access.note(k0 + m, slant_m[n], budgeted)
            routed_m = slant_m if self.paths is None else slant_m[:, self.paths.routed()]
            seen = working[part] & np.isfinite(routed_m).any(axis=1)
            block = self._record_routes(k0 + lo, slant_m, of_part, serves[part], stations[part])
            if self.latency_map is not None:
                self._fill_map(self.latency_map, k0 + lo, r_m[part], block, serves[part] & healthy[part])
            for n, m in enumerate(range(part.start, part.stop)):
                reached[m] = seen[n] if of_part is None else self._connected(of_part[n], working[m], seen[n])
        return reached

    def _frame(self, k: int) -> bool:
        return self.stride > 0 and (k + 1) % self.stride == 0

    def _record_links(self, k0: int, states: Sequence[LinkState] | None, steps: int) -> None:
        for n in range(steps if states is not None else 0):
            assert states is not None
            self.links[k0 + n] = states[n].a.size
            if self._frame(k0 + n):
                if self._last_keys is None or self._last_keys[0] is not states[n].a or self._last_keys[1] is not states[n].b:
                    self._last_keys = states[n].a, states[n].b, states[n].a * self.satellites + states[n].b
                self.link_intervals.record(self._last_keys[2])

    def _fill_map(self, latency_map: LatencyMap, k0: int, r_m: Array, block: RouteBlock | None, serves: Flags) -> None:
        """Moments of the map among consecutive steps; without links a satellite serves what it sees."""
        for n in range(r_m.shape[0]):
            moment = latency_map.moment(k0 + n)
            if moment >= 0 and self.paths is not None and self.paths.by_gateway:
                latency_map.add_over_gateways(moment, self.one_way_s[k0 + n, self.paths.gateways])
            elif moment >= 0 and block is not None:
                latency_map.add(moment, r_m[n], block.onward_s[:, n], float(block.hop_s[n]))
            elif moment >= 0:
                latency_map.add(moment, r_m[n], np.where(serves[n], 0.0, np.inf))

    def _record_routes(
        self, k0: int, slant_m: Array, states: Sequence[LinkState] | None, serves: Flags, stations: Flags
    ) -> RouteBlock | None:
        """Routes of all stations and pairs over links (steps,), from slant ranges (steps, stations, N).

        Returns the links of the steps; None without links.
        """
        none: list[list[int]] = [[] for _ in self.pairs]
        across = [none] * slant_m.shape[0]
        routed_m = slant_m if self.paths is None else slant_m[:, self.paths.routed()]
        block = None
        if states is None or self._router is None:
            served = [_overhead(*of_step, self._keep(k0 + n)) for n, of_step in enumerate(zip(routed_m, serves, strict=True))]
        else:
            block = self._router.block(states)
            served = block.serve(routed_m, serves, self._keep(k0))
            if self.pairs:
                delay_s, across = block.between(slant_m, self.pairs)
                self.pair_one_way_s[k0 : k0 + len(across)] = delay_s
        if self.paths is not None and self.internet_s.shape[1]:
            here = slice(k0, k0 + len(served))
            self.internet_s[here], self.bent_pipe[here] = (
                self.paths.internet_s(slant_m, block) if self._landing is None
                else self.paths.held_internet_s(slant_m, block, k0, self._landing)
            )  # fmt: skip
        for n, (one, routes) in enumerate(zip(served, across, strict=True)):
            drawn = self._note_served(k0 + n, one, stations[n])
            if self.paths is not None and not self.paths.by_gateway:
                self._note_gateways(k0 + n, slant_m[n, self.paths.gateways], self.paths.gateways)
            if states is not None:
                self._note_pairs(k0 + n, routes)
            if self._frame(k0 + n):
                self.route_intervals.record(drawn + routes)
        return block

    def _keep(self, k0: int) -> Keep | None:
        """What puts satellites that stations keep in place of the best ones, from step k0 on."""
        return None if self._access is None else partial(self._access.keep, k0)

    def _note_served(self, k: int, served: Served, stations: Flags) -> list[list[int]]:
        """The quickest route from each station to a serving satellite, and its changes; the routes from antennas on, by station."""
        delay_s, routes, drawn = served.delay_s, served.routes, served.routes
        if self.paths is not None:
            delay_s, routes, self.terrestrial_s[k], self.gateway[k] = of_users(
                served, self.paths, stations, None if self._gateways is None else partial(self._gateways.choose, k)
            )
            drawn = [route if self.gateway[k, s] < 0 else [] for s, route in enumerate(routes)]
        self.one_way_s[k] = delay_s
        self.server[k] = [route[-1] if route else -1 for route in routes]
        self.hops[k] = [len(route) - 1 for route in routes]
        self.block_routes[k] = routes if self.paths is None else [routes[s] for s in self.paths.users.tolist()]
        now = np.array([self.gateway[k], [route[0] if route else -1 for route in routes]])
        known, had = now[1] >= 0, self._last_access[1] >= 0
        self.handovers += known & had & (now != self._last_access).any(axis=0)
        self._last_access[:, known] = now[:, known]
        for s, route in enumerate(drawn):
            if route and self._last_route[s] and route != self._last_route[s]:
                self.switches += 1
            self._last_route[s] = route or self._last_route[s]
        return drawn

    def _note_gateways(self, k: int, slant_m: Array, gateways: Ints) -> None:
        """The nearest satellite in view of gateways that no user comes over to the fleet."""
        if gateways.size:
            self.one_way_s[k, gateways] = slant_m.min(axis=1) / SPEED_OF_LIGHT_M_S
            self.hops[k, gateways] = np.where(np.isfinite(self.one_way_s[k, gateways]), 0, -1)

    def _note_pairs(self, k: int, routes: list[list[int]]) -> None:
        """The quickest route between the stations of each pair; an outage begins and ends with a route change."""
        for p, route in enumerate(routes):
            self.pair_hops[k, p] = max(0, len(route) - 1)
            if k > 0 and route != self._last_pair[p]:
                self.pair_switch_s[p].append((k + 1) * round(1e3 * self.step_s) / 1e3)  # whole milliseconds
                self.switches += 1
            self._last_pair[p] = route

    def _connected(self, state: LinkState, working: Flags, seen: Flags) -> Flags:
        """Working satellites that are connected to one that a station sees; components are kept while links are the same."""
        last = self._last_parts
        if last is None or last[0] is not state.a or last[1] is not state.b or not np.array_equal(last[2], working):
            part = components(working.size, state.a, state.b, working)
            last = self._last_parts = state.a, state.b, working.copy(), part
        part = last[3]
        holds = np.zeros(working.size + 1, dtype=np.bool_)  # by number of the component; the last one for none, -1
        holds[part[seen]] = True
        return np.asarray(holds[part] & working)

    def end(self) -> None:
        """Free scratch arrays."""
        del self._slant_m
        self.block_routes = {}


def _overhead(slant_m: Array, serves: Flags, keep: Keep | None) -> Served:
    """Without links every station is served by the nearest satellite in view, or by the one that it keeps."""
    far_m = np.where(serves, slant_m, np.inf)
    nearest = first_of_least(far_m)
    delay_s = far_m[np.arange(nearest.size), nearest] / SPEED_OF_LIGHT_M_S
    if keep is not None:
        keep(far_m[np.newaxis], np.zeros((serves.size, 1)), nearest[np.newaxis], delay_s[np.newaxis])
    return Served(delay_s, [[int(n)] if t else [] for n, t in zip(nearest, np.isfinite(delay_s), strict=True)])
