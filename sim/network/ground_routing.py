"""Routes between the ground and the fleet over time: serving satellites, links of the routes, delays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from orbit.kernels.visibility import Masks, access_m
from sim.network.intervals import IntervalRecorder, RouteRecorder
from sim.network.link_state import Network, StationRoute
from sim.network.routing import components

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class StepRoutes(NamedTuple):
    """Routes of one step: of each station to its serving satellite, of each pair of stations, and who is reached."""

    one_way_s: Array  # (stations,); infinite without a route
    server: Ints  # -1 without a route
    hops: Ints  # links between satellites
    routes: list[list[int]]  # satellites of each station's route
    across: list[StationRoute]  # of each pair
    reached: Flags  # (N,), working satellites that a station reaches


Inputs = Sequence[NDArray[Any] | bytes]
Remember = Callable[[Inputs, Callable[[], StepRoutes]], StepRoutes]


def _compute(inputs: Inputs, compute: Callable[[], StepRoutes]) -> StepRoutes:
    return compute()


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
    remember : callable, optional
        Called with all inputs of the routes of a step and a function that computes them; gives the routes, which may be
        known from an earlier run. By default they are computed.
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
        remember: Remember = _compute,
    ) -> None:
        sites = sin_min_elevation.size
        self.step_s, self.pairs, self.stride = step_s, pairs, stride
        self.sin_min_elevation, self.max_range_m, self.masks = sin_min_elevation, max_range_m, masks
        self.hop_latency_s = 0.0 if network is None else network.rules.hop_latency_s
        self.topology_links = 0 if network is None else network.topology_links  # 0 for `nearest`
        self.links = np.zeros(steps)  # that exist
        self.one_way_s = np.full((steps, sites), np.inf)  # station to serving satellite
        self.server = np.full((steps, sites), -1, dtype=np.int64)
        self.hops = np.full((steps, sites), -1, dtype=np.int64)  # links between satellites on the route
        self.pair_one_way_s = np.full((steps, len(pairs)), np.inf)
        self.pair_hops = np.zeros((steps, len(pairs)), dtype=np.int64)
        self.pair_switch_s: list[list[float]] = [[] for _ in pairs]  # after the epoch
        self.switches = 0
        # in recorded frames: links as a * satellites + b; routes of all stations, then of all pairs
        self.satellites = satellites
        self.link_intervals, self.route_intervals = IntervalRecorder(), RouteRecorder(sites + len(pairs))
        self._slant_m = np.empty((sites, satellites))
        self._version, self._working, self._component = -1, np.zeros(0, dtype=np.bool_), np.zeros(0, dtype=np.int64)
        self._remember = remember
        rules = (pairs, sin_min_elevation.tolist(), max_range_m.tolist(), [m.tolist() for m in masks])
        self._fixed = repr(rules).encode()  # what the routes of every step depend on
        self._last_route: list[list[int]] = [[] for _ in range(sites)]
        self._last_pair: list[list[int]] = [[] for _ in pairs]

    def propagation_s(self) -> Array:
        """One-way delay to the serving satellite without the latency of switching.

        Returns
        -------
        ndarray, shape (steps, stations)
            Delay [s]; infinite without a route.
        """
        return np.where(self.hops >= 0, self.one_way_s - self.hop_latency_s * self.hops, np.inf)

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
        frame = self.stride > 0 and (k + 1) % self.stride == 0
        if network is not None:
            self.links[k] = network.a.size
            if frame:
                self.link_intervals.record(network.a * self.satellites + network.b)
        if self.sin_min_elevation.size == 0:
            return np.ones(healthy.size, dtype=np.bool_)
        joined = () if network is None else (network.a, network.b, network.delay_s, network.healthy)
        found = self._remember(
            [self._fixed, r_m, *sky, working, healthy, serves, stations, *joined],
            lambda: self._routes(r_m, working, healthy, sky, network, serves, stations),
        )
        self._note(k, found)
        if frame:
            self.route_intervals.record(found.routes + [route.satellites for route in found.across])
        return found.reached

    def _routes(
        self, r_m: Array, working: Flags, healthy: Flags, sky: tuple[Array, Array, Array], network: Network | None,
        serves: Flags, stations: Flags,
    ) -> StepRoutes:  # fmt: skip
        """Routes of a step; depends on nothing but the arguments and `_fixed`."""
        station_m, up, north = sky
        access_m(r_m, station_m, up, self.sin_min_elevation, self.max_range_m, self._slant_m, north, self.masks)
        self._slant_m[~stations] = np.inf
        seen = working & np.isfinite(self._slant_m).any(axis=0)
        self._slant_m[:, ~healthy] = np.inf
        served = self._serve(network, serves)
        across, reached = [StationRoute(np.inf, []) for _ in self.pairs], np.asarray(seen)
        if network is not None:
            across = network.between(self._slant_m, self.pairs)
            part = self._components(network, working)
            reached = np.isin(part, part[seen]) & working
        reached.flags.writeable = False
        return StepRoutes(*served, across, reached)

    def _components(self, network: Network, working: Flags) -> Ints:
        """Connected components of the working satellites; those of the last step while neither links nor satellites change."""
        if self._version != network.version or not np.array_equal(self._working, working):
            self._version, self._working = network.version, working.copy()
            self._component = components(working.size, network.a, network.b, working)
        return self._component

    def _serve(self, network: Network | None, serves: Flags) -> tuple[Array, Ints, Ints, list[list[int]]]:
        """The quickest route from each station to a serving satellite: delay, server, hops, satellites."""
        stations = np.arange(self._slant_m.shape[0])
        if network is not None:
            service = network.serve(self._slant_m, serves)
            return service.delay_s, service.server, service.hops, [network.route(int(s)) for s in stations]
        far_m = np.where(serves, self._slant_m, np.inf)
        nearest = np.argmin(far_m, axis=1)
        one_way_s = far_m[stations, nearest] / SPEED_OF_LIGHT_M_S
        there = np.isfinite(one_way_s)
        routes = [[int(s)] if t else [] for s, t in zip(nearest, there, strict=True)]
        return one_way_s, np.where(there, nearest, -1), np.where(there, 0, -1), routes

    def _note(self, k: int, found: StepRoutes) -> None:
        """Enter the routes of step k, and count those that changed; an outage between a pair begins and ends with a change."""
        self.one_way_s[k], self.server[k], self.hops[k] = found.one_way_s, found.server, found.hops
        for s, route in enumerate(found.routes):
            if route and self._last_route[s] and route != self._last_route[s]:
                self.switches += 1
            self._last_route[s] = route or self._last_route[s]
        for p, across in enumerate(found.across):
            self.pair_one_way_s[k, p], self.pair_hops[k, p] = across.delay_s, max(0, len(across.satellites) - 1)
            if k > 0 and across.satellites != self._last_pair[p]:
                self.pair_switch_s[p].append((k + 1) * round(1e3 * self.step_s) / 1e3)  # whole milliseconds
                self.switches += 1
            self._last_pair[p] = across.satellites

    def end(self) -> None:
        """Free scratch arrays."""
        del self._slant_m
