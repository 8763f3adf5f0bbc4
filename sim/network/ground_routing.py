"""Routes between the ground and the fleet over time: serving satellites, links of the routes, delays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from orbit.kernels.visibility import Masks, access_m
from sim.network.intervals import IntervalRecorder, RouteRecorder
from sim.network.link_state import Network
from sim.network.routing import components, first_of_least

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


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
        station_m, up, north = sky
        access_m(r_m, station_m, up, self.sin_min_elevation, self.max_range_m, self._slant_m, north, self.masks)
        self._slant_m[~stations] = np.inf
        seen = working & np.isfinite(self._slant_m).any(axis=0)
        self._slant_m[:, ~healthy] = np.inf
        routes = self._serve(k, network, serves)
        across = self._between(k, network)
        if frame:
            self.route_intervals.record(routes + across)
        if network is None:
            return np.asarray(seen)
        part = components(working.size, network.a, network.b, working)
        return np.asarray(np.isin(part, part[seen]) & working)

    def _serve(self, k: int, network: Network | None, serves: Flags) -> list[list[int]]:
        """The quickest route from each station to a serving satellite."""
        stations = np.arange(self._slant_m.shape[0])
        if network is None:
            far_m = np.where(serves, self._slant_m, np.inf)
            nearest = first_of_least(far_m)
            one_way_s = far_m[stations, nearest] / SPEED_OF_LIGHT_M_S
            there = np.isfinite(one_way_s)
            server, hops = np.where(there, nearest, -1), np.where(there, 0, -1)
            routes = [[int(s)] if t else [] for s, t in zip(nearest, there, strict=True)]
        else:
            service = network.serve(self._slant_m, serves)
            one_way_s, server, hops = service.delay_s, service.server, service.hops
            routes = [network.route(int(s)) for s in stations]
        self.one_way_s[k], self.server[k], self.hops[k] = one_way_s, server, hops
        for s, route in enumerate(routes):
            if route and self._last_route[s] and route != self._last_route[s]:
                self.switches += 1
            self._last_route[s] = route or self._last_route[s]
        return routes

    def _between(self, k: int, network: Network | None) -> list[list[int]]:
        """The quickest route between the stations of each pair; an outage begins and ends with a route change."""
        if network is None or not self.pairs:
            return [[] for _ in self.pairs]
        routes = network.between(self._slant_m, self.pairs)
        for p, route in enumerate(routes):
            self.pair_one_way_s[k, p], self.pair_hops[k, p] = route.delay_s, max(0, len(route.satellites) - 1)
            if k > 0 and route.satellites != self._last_pair[p]:
                self.pair_switch_s[p].append((k + 1) * round(1e3 * self.step_s) / 1e3)  # whole milliseconds
                self.switches += 1
            self._last_pair[p] = route.satellites
        return [route.satellites for route in routes]

    def end(self) -> None:
        """Free scratch arrays."""
        del self._slant_m
