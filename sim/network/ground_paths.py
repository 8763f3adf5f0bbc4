"""Users, gateways and points of presence: over which gateway users reach a fleet, and how soon the internet through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from sim.network.handover import Held
from sim.network.internet_paths import ground_delays
from sim.network.route_block import RouteBlock, Served
from sim.network.route_metrics import without_hops
from sim.network.route_tracing import first_of_least

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Choose = Callable[[Ints, Callable[[Ints, Ints], Array]], Ints]  # from the best choices and the cost of others


class GroundPaths(NamedTuple):
    """Stations by role, and the terrestrial ways between them.

    Attributes
    ----------
    users, gateways : ndarray of int64
        Numbers of the stations, (U,) and (G,).
    by_gateway : bool
        Users reach the fleet over fibre and gateways, not with terminals of their own.
    fibre_s : ndarray, shape (U, G)
        Delay from each user to each gateway [s], by way of the point of presence of the gateway where it names one.
    to_pop_s : ndarray, shape (G, P)
        Delay from each gateway to each point of presence [s]; infinite where it does not serve it. Where users may use all, one column
        with the least.
    pop : ndarray of int64, shape (U,)
        Column of `to_pop_s` of each user.
    """

    users: Ints
    gateways: Ints
    by_gateway: bool
    fibre_s: Array
    to_pop_s: Array
    pop: Ints

    def routed(self) -> Ints:
        """Stations that look for the serving satellite themselves.

        Returns
        -------
        ndarray of int64
            Gateways where users come over them, else users.
        """
        return self.gateways if self.by_gateway else self.users

    def over_gateways(self, delay_s: Array, choose: Choose | None = None) -> tuple[Array, Ints]:
        """Way of each user over the gateway that is soonest.

        Parameters
        ----------
        delay_s : ndarray, shape (G,)
            Delay from each gateway to its serving satellite [s]; infinite without a route.
        choose : callable, optional
            Puts gateways that users keep in place of the soonest: `handover.Held.choose` for the step.

        Returns
        -------
        delay_s : ndarray, shape (U,)
            Delay from each user [s].
        gateway : ndarray of int64, shape (U,)
            Index of the gateway; of equal ones the lowest; -1 without a route.

        Examples
        --------
        >>> paths = GroundPaths(np.array([0]), np.array([1, 2]), True, np.array([[2e-3, 9e-3]]), np.zeros((2, 1)), np.zeros(1, int))
        >>> delay_s, gateway = paths.over_gateways(np.array([8e-3, 4e-3]))
        >>> (1e3 * delay_s).round(3).tolist(), gateway.tolist()
        ([10.0], [0])
        """
        total_s = self.fibre_s + delay_s
        if not self.gateways.size:
            return np.full(self.users.size, np.inf), np.full(self.users.size, -1)
        first = first_of_least(total_s)
        users = np.arange(first.size)
        least_s = total_s[users, first]
        found = np.where(np.isfinite(least_s), first, -1)
        if choose is None:
            return least_s, found
        found = choose(found, lambda user, g: total_s[user, g])
        return np.where(found >= 0, total_s[users, found], np.inf), found

    def internet_s(self, slant_m: Array, block: RouteBlock | None) -> tuple[Array, Mask]:
        """Delay of users with terminals to their points of presence, at every step.

        Parameters
        ----------
        slant_m : ndarray, shape (steps, stations, N)
            Slant ranges of all stations [m]; infinite where the satellite is not in view.
        block : RouteBlock or None
            Links of the steps; None: every route is a bent pipe.

        Returns
        -------
        delay_s : ndarray, shape (steps, U)
            One-way delay [s]; infinite without a route.
        bent : ndarray of bool, shape (steps, U)
            Whether one satellite sees the user and a gateway of the point of presence.
        """
        steps, _, satellites = slant_m.shape
        seed_s = np.full((self.to_pop_s.shape[1], satellites, steps), np.inf)
        for k in range(steps if self.gateways.size else 0):
            seed_s[:, :, k] = ground_delays(slant_m[k, self.gateways], self.to_pop_s)[0]
        onward_s = seed_s if block is None else block.reach_from(seed_s)
        delay_s, bent = np.empty((steps, self.users.size)), np.empty((steps, self.users.size), dtype=np.bool_)
        for k in range(steps):
            up_m = slant_m[k, self.users]
            delay_s[k] = np.min(up_m / SPEED_OF_LIGHT_M_S + onward_s[self.pop, :, k], axis=1, initial=np.inf)
            bent[k] = (np.isfinite(up_m) & np.isfinite(seed_s[self.pop, :, k])).any(axis=1)
        return delay_s if block is None else without_hops(delay_s, block.hop_s[:, np.newaxis]), bent

    def held_internet_s(self, slant_m: Array, block: RouteBlock | None, k0: int, held: Held) -> tuple[Array, Mask]:
        """Delay of users with terminals to their points of presence, over satellites and gateways that they keep.

        Parameters
        ----------
        slant_m : ndarray, shape (steps, stations, N)
            Slant ranges of all stations [m]; infinite where the satellite is not in view.
        block : RouteBlock or None
            Links of the steps; None: every route is a bent pipe.
        k0 : int
            The first step.
        held : Held
            Choices of the users: satellites and gateways as n G + g.

        Returns
        -------
        delay_s : ndarray, shape (steps, U)
            One-way delay [s]; infinite without a route.
        bent : ndarray of bool, shape (steps, U)
            Whether the user's satellite sees the gateway.
        """
        steps, gateways = slant_m.shape[0], max(1, self.gateways.size)
        seed_s = np.ascontiguousarray((slant_m[:, self.gateways] / SPEED_OF_LIGHT_M_S).transpose(1, 2, 0))
        onward_s = seed_s if block is None else block.reach_from(seed_s)
        delay_s, bent = np.full((steps, self.users.size), np.inf), np.zeros((steps, self.users.size), dtype=np.bool_)
        for k in range(steps if self.gateways.size else 0):
            up_s, on_s = slant_m[k, self.users] / SPEED_OF_LIGHT_M_S, onward_s[:, :, k]
            best = np.full(self.users.size, -1, dtype=np.int64)
            for p in np.unique(self.pop).tolist():
                through_s = (on_s + self.to_pop_s[:, p, np.newaxis]).T
                gateway = first_of_least(through_s)
                mine = np.flatnonzero(self.pop == p)
                total_s = up_s[mine] + np.take_along_axis(through_s, gateway[:, np.newaxis], axis=1)[:, 0]
                access = first_of_least(total_s)
                some = np.isfinite(total_s[np.arange(mine.size), access])
                best[mine[some]] = (access * gateways + gateway[access])[some]

            def cost(user: Ints, choice: Ints, up_s: Array = up_s, on_s: Array = on_s) -> Array:
                n, g = np.divmod(choice, gateways)
                return np.asarray(up_s[user, n] + on_s[g, n] + self.to_pop_s[g, self.pop[user]])

            used = held.choose(k0 + k, best, cost)
            routed = np.flatnonzero(used >= 0)
            delay_s[k, routed] = cost(routed, used[routed])
            n, g = np.divmod(used[routed], gateways)
            bent[k, routed] = np.isfinite(seed_s[g, n, k])
        return delay_s if block is None else without_hops(delay_s, block.hop_s[:, np.newaxis]), bent


def of_users(
    served: Served, paths: GroundPaths, stations: Mask, choose: Choose | None = None
) -> tuple[Array, list[list[int]], Array, Ints]:
    """Delays and routes of all stations from those of the ones that look for a satellite.

    Parameters
    ----------
    served : Served
        Of the stations `GroundPaths.routed`, in their order.
    paths : GroundPaths
        Stations by role.
    stations : ndarray of bool, shape (stations,)
        Stations that are available; a user that is not has no route over gateways either.
    choose : callable, optional
        As for `GroundPaths.over_gateways`.

    Returns
    -------
    delay_s : ndarray, shape (stations,)
        One-way delay [s], with fibre where users come over gateways; infinite without a route.
    routes : list of list of int
        Satellites of each station's route; those of a user over a gateway are the gateway's.
    terrestrial_s : ndarray, shape (stations,)
        Part of the delay that is fibre [s].
    gateway : ndarray of int64, shape (stations,)
        Station number of the gateway that a user comes over; -1 without one.
    """
    delay_s, terrestrial_s, gateway = np.full(stations.size, np.inf), np.zeros(stations.size), np.full(stations.size, -1, dtype=np.int64)
    routes: list[list[int]] = [[] for _ in range(stations.size)]
    for n, station in enumerate(paths.routed().tolist()):
        delay_s[station], routes[station] = served.delay_s[n], served.routes[n]
    if not paths.by_gateway:
        return delay_s, routes, terrestrial_s, gateway
    over_s, over = paths.over_gateways(served.delay_s, choose)
    delay_s[paths.users], over = np.where(stations[paths.users], over_s, np.inf), np.where(stations[paths.users], over, -1)
    for user, station, g in zip(range(paths.users.size), paths.users.tolist(), over.tolist(), strict=True):
        if g >= 0:
            routes[station], gateway[station] = served.routes[g], paths.gateways[g]
            terrestrial_s[station] = paths.fibre_s[user, g]
    return delay_s, routes, terrestrial_s, gateway
