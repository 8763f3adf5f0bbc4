"""Least delays of routes from ground stations to all satellites of a +Grid, at many moments, against scipy."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_RADIUS_M, SPEED_OF_LIGHT_M_S
from orbit.ground import Station, in_teme, position_m, zenith
from orbit.kernels.visibility import access_m
from orbit.propagation import CircularJ2
from orbit.shell_geometry import Shell, cross_plane_slots
from orbit.shells import walker
from orbit.timegrid import TimeGrid
from sim.network.link_state import Grid, LinkRules, Network
from sim.network.row_relaxation import LANES
from sim.verify.bench.harness import Benchmark, Pair

STATIONS, MOMENTS = 100, 2 * LANES
ALTITUDE_M, INCLINATION_RAD, MASK_RAD = 550e3, math.radians(53.0), math.radians(25.0)
GRID = TimeGrid(2461395.5, 0.0, 60.0, MOMENTS)
PEER_MOMENTS = 4  # timed with scipy

Array = NDArray[np.float64]


def benchmarks() -> list[Benchmark]:
    """Benchmarks of routing.

    Returns
    -------
    list of Benchmark
        The benchmarks.
    """
    unit = f"moments/s, {STATIONS} stations to all satellites, scipy extrapolated from {PEER_MOMENTS} of {MOMENTS} moments"
    return [
        Benchmark("routing_moments_1584_vs_scipy", "network", unit, "scipy", partial(_routing, 72, 22, 39)),
        Benchmark("routing_moments_10000_vs_scipy", "network", unit, "scipy", partial(_routing, 100, 100, 33)),
    ]


def _sites(count: int) -> list[Station]:
    """Stations distributed by the golden angle over the latitudes that the shell covers."""
    turn, top = math.pi * (3.0 - math.sqrt(5.0)), math.sin(math.radians(56.0))
    return [
        Station(
            f"{k}", math.asin(top * (1.0 - (2.0 * k + 1.0) / count)), (k * turn + math.pi) % (2.0 * math.pi) - math.pi,
            0.0, MASK_RAD,
        )
        for k in range(count)
    ]  # fmt: skip


def _routing(planes: int, slots: int, phasing: int, stations: int = STATIONS, peer_moments: int = PEER_MOMENTS) -> Pair:
    """All moments in one search, against one call for all stations at each moment; the peer's matrices are made before."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    count = planes * slots
    shell = Shell(EARTH_RADIUS_M + ALTITUDE_M, INCLINATION_RAD, planes, slots, float(phasing))
    network = Network(
        [Grid(0, planes, slots, cross_plane_slots(shell, True))], count,
        LinkRules(
            topology="grid", terminals=4, terminal=None, grazing_altitude_m=80e3, max_range_m=6e6, hop_latency_s=0.0
        ),
    )  # fmt: skip
    r_m = np.empty((MOMENTS, 3, count))
    CircularJ2(walker(ALTITUDE_M, INCLINATION_RAD, planes, slots, float(phasing)), GRID).fill(0, count, 0, r_m)
    states = [network.state(r, np.ones(count, dtype=np.bool_), {}) for r in r_m]
    a, b, delay_s = states[0].a, states[0].b, np.array([state.delay_s for state in states])
    seed_s = _seeds_s(r_m, _sites(stations))
    graph, found_s = network.graph(a, b), np.zeros(seed_s.shape)

    def matrix(k: int) -> Any:
        """Links of moment k both ways, and from each station, numbered after the satellites, to those in view."""
        station, satellite = np.nonzero(np.isfinite(seed_s[:, :, k]))
        rows, columns = np.concatenate((a, b, count + station)), np.concatenate((b, a, satellite))
        values = np.concatenate((delay_s[k], delay_s[k], seed_s[station, satellite, k]))
        return csr_array((values, (rows, columns)), shape=(count + stations, count + stations))

    sampled = range(0, MOMENTS, MOMENTS // peer_moments)
    matrices, sources = [matrix(k) for k in sampled], np.arange(count, count + stations)

    def theirs() -> list[Array]:
        return [dijkstra(m, indices=sources)[:, :count] for m in matrices]

    return Pair(
        partial(graph.reach_moments, delay_s, seed_s, found_s), theirs, float(MOMENTS), partial(_differ, list(sampled)),
        float(len(matrices)),
    )  # fmt: skip


def _seeds_s(r_m: Array, sites: list[Station]) -> Array:
    """Delays from each station to the satellites in view, (stations, satellites, moments)."""
    jd, fr = GRID.jd_fr(0, MOMENTS)
    at_m = in_teme(np.array([position_m(s) for s in sites]), jd, fr)
    up = in_teme(np.array([zenith(s) for s in sites]), jd, fr)
    sine, far = np.full(len(sites), math.sin(MASK_RAD)), np.full(len(sites), np.inf)
    seed_s, slant_m = np.empty((len(sites), r_m.shape[2], MOMENTS)), np.empty((len(sites), r_m.shape[2]))
    for k in range(MOMENTS):
        access_m(r_m[k], at_m[k], up[k], sine, far, slant_m)
        seed_s[:, :, k] = slant_m / SPEED_OF_LIGHT_M_S
    return seed_s


def _differ(sampled: list[int], ours_s: Array, theirs_s: list[Array]) -> str | None:
    """The same delays to the last bit; most satellites have a route."""
    for k, expected_s in zip(sampled, theirs_s, strict=True):
        if not np.array_equal(ours_s[:, :, k], expected_s):
            both = np.isfinite(expected_s) & np.isfinite(ours_s[:, :, k])
            worst_s = float(np.abs(ours_s[:, :, k][both] - expected_s[both]).max(initial=0.0))
            return f"by {worst_s:.3g} s at moment {k}, or some routes are missing"
    routed = float(np.mean([np.isfinite(t).mean() for t in theirs_s]))
    return None if routed > 0.5 else "most satellites have no route"
