"""Routes of single moments as the tests compare them, and the rule of equal routes written out satellite by satellite."""

from __future__ import annotations

import numpy as np

from sim.network.link_state import Network
from sim.network.route_block import BlockRouter, Served
from sim.network.routing import Graph


def reach(graph: Graph, delay_s: np.ndarray, seed_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least delays of all satellites, and the one before each on its route: -1 where there is none."""
    least_s = graph.least_s(delay_s, seed_s)
    node = np.flatnonzero(np.isfinite(least_s))
    at = np.zeros(node.size, dtype=np.int64)
    routes = graph.trace_moments(delay_s[np.newaxis], seed_s[:, np.newaxis], least_s[:, np.newaxis], at, node)
    before = np.full(least_s.size, -1)
    before[node] = [route[1] if len(route) > 1 else -1 for route in routes]
    return least_s, before


def trace_route(before: np.ndarray, node: int) -> list[int]:
    """Satellites of a route, last to first."""
    route = [node]
    while before[route[-1]] >= 0:
        route.append(int(before[route[-1]]))
    return route


def route_by_rule(
    a: np.ndarray, b: np.ndarray, delay_s: np.ndarray, seed_s: np.ndarray, least_s: np.ndarray, node: int
) -> list[int]:
    """The route from `node` back: at each satellite the neighbour of lowest number through which the least delay is attained."""
    route = [node]
    while seed_s[route[-1]] > least_s[route[-1]] * (1.0 + 1e-9):
        here = route[-1]
        beside = sorted(
            (int(j if i == here else i), float(w)) for i, j, w in zip(a, b, delay_s, strict=True) if here in (i, j)
        )
        route.append(next(n for n, w in beside if least_s[n] + w <= least_s[here] * (1.0 + 1e-9) and least_s[n] < least_s[here]))
    return route


def serve(network: Network, slant_m: np.ndarray, serves: np.ndarray) -> Served:
    """Routes of stations to serving satellites over the present links."""
    return BlockRouter(network).block([network.present]).serve(slant_m[np.newaxis], serves[np.newaxis])[0]


def between(network: Network, slant_m: np.ndarray, pairs: list[tuple[int, int]]) -> list[tuple[float, list[int]]]:
    """Delay and satellites of routes between stations over the present links."""
    delay_s, routes = BlockRouter(network).block([network.present]).between(slant_m[np.newaxis], pairs)
    return list(zip(delay_s[0].tolist(), routes[0], strict=True))
