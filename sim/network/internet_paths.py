"""Routes of users to the internet: up to a satellite, over links or not, down to a gateway, by fibre to a point of presence.

A point of presence (PoP) is where the operator's network meets the internet; a user's traffic goes through one of those that
the operator assigns to the user's country. All arrays are plain: U users, N satellites, G gateways, P points of presence.
Where one satellite is in view of the user and of a gateway, it is a bent pipe; elsewhere links between satellites carry the
traffic to one that a gateway sees.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from sim.network.route_tracing import first_of_least
from sim.network.routing import Graph

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

HANDOVER_S, HANDOVER_OFFSET_S = 15.0, 12.0  # at 12, 27, 42 and 57 s of each minute [tanveer2023]


class Links(NamedTuple):
    """Links between satellites at one or more moments.

    Attributes
    ----------
    graph : Graph
        The links, prepared for searches.
    ends : tuple of ndarray
        Satellites a < b of each link, (L,), sorted by a, then b, as `sim.network.topology` makes them.
    delay_s : ndarray, shape (M, L)
        One-way delays at each moment [s], with the latency of a hop; infinite where there is no link.
    hop_latency_s : float
        Latency of a hop that is part of the delays [s].
    """

    graph: Graph
    ends: tuple[Ints, Ints]
    delay_s: Array
    hop_latency_s: float


class InternetPaths(NamedTuple):
    """Routes of users at one moment; a user without a route has infinite delays and -1 as its numbers.

    Attributes
    ----------
    delay_s : ndarray, shape (U,)
        One-way delay from the user to the PoP [s], the latency of hops included.
    user_s, links_s, feeder_s, terrestrial_s : ndarray, shape (U,)
        Its parts [s]: user to satellite, links with the latency of hops, satellite to gateway, gateway to PoP.
    access, landing : ndarray of int64, shape (U,)
        Satellite of the user, and of the gateway; the same one for a bent pipe.
    gateway, pop : ndarray of int64, shape (U,)
        Numbers of the gateway and of the PoP.
    hops : ndarray of int64, shape (U,)
        Links between satellites on the route.
    routes : list of list of int
        Satellites from access to landing.
    """

    delay_s: Array
    user_s: Array
    links_s: Array
    feeder_s: Array
    terrestrial_s: Array
    access: Ints
    landing: Ints
    gateway: Ints
    pop: Ints
    hops: Ints
    routes: list[list[int]]

    @property
    def bent_pipe(self) -> Mask:
        """Users whose satellite sees the gateway itself, (U,)."""
        return np.asarray((self.access >= 0) & (self.hops == 0))


class RoundTrip(NamedTuple):
    """Round trip of users by component, each of shape (U,) [s].

    Attributes
    ----------
    propagation_s : ndarray
        Light time between ground and satellites and between satellites, both ways.
    processing_s : ndarray
        Latency of hops, both ways.
    access_s : ndarray
        Access to the shared channel, scheduling and coding, of a round trip.
    queue_s : ndarray
        Waiting in queues, of a round trip.
    terrestrial_s : ndarray
        Fibre from the gateway to the PoP, both ways.
    """

    propagation_s: Array
    processing_s: Array
    access_s: Array
    queue_s: Array
    terrestrial_s: Array

    @property
    def total_s(self) -> Array:
        """Sum of the components [s], (U,)."""
        return self.propagation_s + self.processing_s + self.access_s + self.queue_s + self.terrestrial_s


def handover_slot(time_s: Array, period_s: float = HANDOVER_S, offset_s: float = HANDOVER_OFFSET_S) -> Ints:
    """Number of the interval during which satellites stay assigned to users and gateways.

    Parameters
    ----------
    time_s : ndarray
        Seconds after a full minute of UTC.
    period_s : float
        Time between assignments [s], above zero.
    offset_s : float
        Time of one of them [s].

    Returns
    -------
    ndarray of int64
        Numbers; the assignment changes where the number does.

    References
    ----------
    [tanveer2023], [mohan2024]

    Examples
    --------
    >>> handover_slot(np.array([0.0, 11.9, 12.0, 26.9, 27.0])).tolist()
    [-1, -1, 0, 0, 1]
    """
    return np.floor((np.asarray(time_s) - offset_s) / period_s).astype(np.int64)


def ground_delays(gateway_slant_m: Array, terrestrial_s: Array) -> tuple[Array, Ints]:
    """Least delay from each satellite through a gateway it sees to each PoP.

    Parameters
    ----------
    gateway_slant_m : ndarray, shape (G, N)
        Slant ranges of gateways [m]; infinite where the satellite is not in view.
    terrestrial_s : ndarray, shape (G, P)
        Delay from each gateway to each PoP [s]; infinite where the gateway does not serve it.

    Returns
    -------
    delay_s : ndarray, shape (P, N)
        One-way delays [s]; infinite without a gateway.
    gateway : ndarray of int64, shape (P, N)
        The gateway of each; of equal ones the lowest number; -1 without one.

    Examples
    --------
    Gateway 1 is farther from the satellite, but stands beside the PoP:

    >>> delay_s, gateway = ground_delays(np.array([[600e3], [900e3]]), np.array([[5e-3], [0.0]]))
    >>> (1e3 * delay_s).round(3).tolist(), gateway.tolist()
    ([[3.002]], [[1]])
    """
    satellites, pops = gateway_slant_m.shape[1], terrestrial_s.shape[1]
    delay_s, gateway = np.full((pops, satellites), np.inf), np.full((pops, satellites), -1, dtype=np.int64)
    for p in range(pops):
        serving = np.flatnonzero(np.isfinite(terrestrial_s[:, p]))
        if not serving.size:
            continue
        through_s = (gateway_slant_m[serving] / SPEED_OF_LIGHT_M_S + terrestrial_s[serving, p, np.newaxis]).T
        first = first_of_least(through_s)
        delay_s[p] = np.take_along_axis(through_s, first[:, np.newaxis], axis=1)[:, 0]
        gateway[p] = np.where(np.isfinite(delay_s[p]), serving[first], -1)
    return delay_s, gateway


def internet_paths(
    user_slant_m: Array,
    gateway_slant_m: Array,
    terrestrial_s: Array,
    allowed: Mask,
    links: Links | None = None,
    access_cost: Array | None = None,
    bent_pipe_first: bool = False,
) -> InternetPaths:
    """Route of each user to a PoP at one moment.

    Parameters
    ----------
    user_slant_m : ndarray, shape (U, N)
        Slant ranges of users [m]; infinite where the satellite is not in view.
    gateway_slant_m : ndarray, shape (G, N)
        Slant ranges of gateways [m].
    terrestrial_s : ndarray, shape (G, P)
        Delay from each gateway to each PoP [s]; infinite where the gateway does not serve it.
    allowed : ndarray of bool, shape (U, P)
        PoPs of each user: one where the operator assigns it, several of which the nearest in time is taken.
    links : Links, optional
        Links between satellites; of several moments the first counts. Without them every route is a bent pipe.
    access_cost : ndarray, shape (U, N), optional
        The satellite of least cost among those with a route serves the user; without it, the one with the least delay.
    bent_pipe_first : bool
        Use links between satellites only for users for whom no satellite is a bent pipe; their satellite is that of the least
        delay.

    Returns
    -------
    InternetPaths
        The routes; of equal ones the lowest numbers.

    Raises
    ------
    ValueError
        If a user has no PoP.

    Notes
    -----
    One search per PoP finds the delay of every satellite: its seeds are the satellites that gateways see.

    Examples
    --------
    Satellite 1 is seen by the user and by the gateway, satellite 0 by the user alone:

    >>> inf = np.inf
    >>> paths = internet_paths(
    ...     np.array([[550e3, 800e3]]), np.array([[inf, 700e3]]), np.array([[1e-3]]), np.array([[True]]))
    >>> paths.access.tolist(), paths.bent_pipe.tolist(), (1e3 * paths.delay_s).round(3).tolist()
    ([1], [True], [6.003])
    """
    if not allowed.any(axis=1).all():
        raise ValueError(f"user {int(np.argmin(allowed.any(axis=1)))} has no point of presence; allow at least one")
    used = np.flatnonzero(allowed.any(axis=0))
    ground_s, ground_gateway = np.full((allowed.shape[1], user_slant_m.shape[1]), np.inf), np.full((allowed.shape[1], user_slant_m.shape[1]), -1)
    ground_s[used], ground_gateway[used] = ground_delays(gateway_slant_m, terrestrial_s[:, used])
    best = _choose(user_slant_m, ground_s, allowed, access_cost)
    onward_s = ground_s
    if links is not None:
        onward_s = ground_s.copy()
        onward_s[used] = links.graph.reach_moments(links.delay_s[:1], ground_s[used, :, np.newaxis])[:, :, 0]
        over_links = _choose(user_slant_m, onward_s, allowed, None if bent_pipe_first else access_cost)
        piped = bent_pipe_first & (best[0] >= 0)
        best = np.where(piped, best[0], over_links[0]), np.where(piped, best[1], over_links[1])
    access, pop = best
    routes = _routes(access, pop, ground_s, onward_s, links, bent_pipe_first)
    return _assembled(user_slant_m, gateway_slant_m, terrestrial_s, ground_gateway, (access, pop), routes, links)


def held_paths(
    user_slant_m: Array,
    gateway_slant_m: Array,
    terrestrial_s: Array,
    allowed: Mask,
    links: Links | None = None,
    access_cost: Array | None = None,
    bent_pipe_first: bool = False,
) -> tuple[InternetPaths, Array]:
    """Routes that are kept over the moments between two handovers, and their delays at each.

    Parameters
    ----------
    user_slant_m : ndarray, shape (M, U, N)
        Slant ranges of users at each moment [m].
    gateway_slant_m : ndarray, shape (M, G, N)
        Slant ranges of gateways at each moment [m].
    terrestrial_s, allowed
        As for `internet_paths`.
    links : Links, optional
        Links between satellites, with delays at each moment.
    access_cost, bent_pipe_first
        As for `internet_paths`.

    Returns
    -------
    paths : InternetPaths
        Routes chosen at the first moment among satellites, gateways and links that exist at all of them.
    delay_s : ndarray, shape (M, U)
        One-way delays [s]; infinite without a route.

    Examples
    --------
    Satellite 0 is nearer at first, but sets before the next handover:

    >>> inf = np.inf
    >>> user, gateway = np.array([[[600e3, 900e3]], [[inf, 800e3]]]), np.array([[[600e3, 900e3]]] * 2)
    >>> paths, delay_s = held_paths(user, gateway, np.array([[0.0]]), np.array([[True]]))
    >>> paths.access.tolist(), (1e3 * delay_s).round(3).tolist()
    ([1], [[6.004], [5.671]])
    """
    users, gateways = (
        np.where(np.isfinite(slant_m).all(axis=0), slant_m[0], np.inf) for slant_m in (user_slant_m, gateway_slant_m)
    )
    kept = None
    if links is not None:
        kept = links._replace(delay_s=np.where(np.isfinite(links.delay_s).all(axis=0), links.delay_s[0], np.inf)[np.newaxis])
    paths = internet_paths(users, gateways, terrestrial_s, allowed, kept, access_cost, bent_pipe_first)
    delay_s = np.full((user_slant_m.shape[0], paths.access.size), np.inf)
    for u, route in enumerate(paths.routes):
        if route:
            slant_m = user_slant_m[:, u, paths.access[u]] + gateway_slant_m[:, paths.gateway[u], paths.landing[u]]
            delay_s[:, u] = slant_m / SPEED_OF_LIGHT_M_S + paths.terrestrial_s[u]
            if links is not None and len(route) > 1:
                delay_s[:, u] += links.delay_s[:, _link_numbers(route, links)].sum(axis=1)
    return paths, delay_s


def round_trip(paths: InternetPaths, access_s: float, queue_s: float = 0.0, hop_latency_s: float = 0.0) -> RoundTrip:
    """Round trip of each user by component.

    Parameters
    ----------
    paths : InternetPaths
        The routes.
    access_s : float
        Access, scheduling and coding, of a round trip [s].
    queue_s : float
        Queues, of a round trip [s].
    hop_latency_s : float
        Latency of a hop that is part of the links' delays [s].

    Returns
    -------
    RoundTrip
        Components [s]; infinite for users without a route.

    Examples
    --------
    >>> paths = internet_paths(np.array([[600e3]]), np.array([[600e3]]), np.array([[1e-3]]), np.array([[True]]))
    >>> trip = round_trip(paths, access_s=13e-3)
    >>> [round(1e3 * float(part[0]), 3) for part in (*trip, trip.total_s)]
    [8.006, 0.0, 13.0, 0.0, 2.0, 23.006]
    """
    reached = paths.access >= 0
    processing_s = np.where(reached, 2.0 * hop_latency_s * paths.hops, np.inf)
    space_s = np.where(reached, 2.0 * (paths.user_s + paths.links_s + paths.feeder_s), np.inf)
    return RoundTrip(
        np.where(reached, space_s - np.where(reached, processing_s, 0.0), np.inf), processing_s,
        np.where(reached, access_s, np.inf), np.where(reached, queue_s, np.inf), 2.0 * paths.terrestrial_s,
    )  # fmt: skip


def _choose(user_slant_m: Array, onward_s: Array, allowed: Mask, access_cost: Array | None) -> tuple[Ints, Ints]:
    """Access satellite and PoP of each user, -1 without a route, from delays (P, N) of satellites to PoPs."""
    users = user_slant_m.shape[0]
    access, pop = np.full(users, -1, dtype=np.int64), np.full(users, -1, dtype=np.int64)
    groups, group = np.unique(allowed, axis=0, return_inverse=True)
    for k, mask in enumerate(groups):
        mine, pops = np.flatnonzero(group.reshape(-1) == k), np.flatnonzero(mask)
        best = first_of_least(onward_s[pops].T)
        least_s = onward_s[pops].min(axis=0)
        total_s = user_slant_m[mine] / SPEED_OF_LIGHT_M_S + least_s
        cost = total_s if access_cost is None else np.where(np.isfinite(total_s), access_cost[mine], np.inf)
        first = np.argmin(cost, axis=1) if access_cost is not None else first_of_least(total_s)
        some = np.isfinite(total_s[np.arange(mine.size), first])
        access[mine[some]], pop[mine[some]] = first[some], pops[best[first[some]]]
    return access, pop


def _routes(
    access: Ints, pop: Ints, ground_s: Array, onward_s: Array, links: Links | None, bent_pipe_first: bool
) -> list[list[int]]:
    """Satellites of each user's route, from access to landing."""
    routes: list[list[int]] = [[int(n)] if n >= 0 else [] for n in access]
    if links is None:
        return routes
    far = access >= 0
    if bent_pipe_first:
        far &= ~np.isfinite(ground_s[pop, access])
    for p in np.unique(pop[far]):
        mine = np.flatnonzero(far & (pop == p))
        traced = links.graph.trace_moments(
            links.delay_s[:1], ground_s[p][:, np.newaxis], onward_s[p][:, np.newaxis],
            np.zeros(mine.size, dtype=np.int64), access[mine],
        )  # fmt: skip
        for u, route in zip(mine, traced, strict=True):
            routes[u] = [int(n) for n in route]
    return routes


def _assembled(
    user_slant_m: Array,
    gateway_slant_m: Array,
    terrestrial_s: Array,
    ground_gateway: Ints,
    chosen: tuple[Ints, Ints],
    routes: list[list[int]],
    links: Links | None,
) -> InternetPaths:
    """Delays of chosen routes, part by part."""
    access, pop = chosen
    reached, users = access >= 0, np.arange(access.size)
    landing = np.array([route[-1] if route else -1 for route in routes], dtype=np.int64)
    hops = np.array([len(route) - 1 for route in routes], dtype=np.int64)
    gateway = np.where(reached, ground_gateway[pop, landing], -1)
    user_s = np.where(reached, user_slant_m[users, access] / SPEED_OF_LIGHT_M_S, np.inf)
    feeder_s = np.where(reached, gateway_slant_m[gateway, landing] / SPEED_OF_LIGHT_M_S, np.inf)
    fibre_s = np.where(reached, terrestrial_s[gateway, pop], np.inf)
    links_s = np.where(reached, 0.0, np.inf)
    for u in np.flatnonzero(hops > 0):
        assert links is not None
        links_s[u] = links.delay_s[0, _link_numbers(routes[u], links)].sum()
    return InternetPaths(
        user_s + links_s + feeder_s + fibre_s, user_s, links_s, feeder_s, fibre_s, access, landing, gateway, pop, hops, routes
    )


def _link_numbers(route: list[int], links: Links) -> Ints:
    """Numbers of the links of a route."""
    a, b = links.ends
    width = np.int64(links.graph.count)
    nodes = np.array(route, dtype=np.int64)
    wanted = np.minimum(nodes[:-1], nodes[1:]) * width + np.maximum(nodes[:-1], nodes[1:])
    return np.asarray(np.searchsorted(a * width + b, wanted))
