"""Least delays of routes from ground stations to all satellites, at one moment and at many, against scipy and all pairs; a day
with routes to a hundred stations."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_RADIUS_M, SPEED_OF_LIGHT_M_S
from orbit.ground import Station, in_teme, position_m, zenith
from orbit.kernels.visibility import access_m
from orbit.propagation import CircularJ2
from orbit.shell_geometry import Shell, cross_plane_slots
from orbit.shells import walker
from orbit.timegrid import TimeGrid
from sim import api
from sim.network.link_state import Grid, LinkRules, LinkState, Network
from sim.network.routing import Graph
from sim.network.routing_sources import Seeds, rows_for, seeds_in_view
from sim.network.row_relaxation import LANES, block_starts
from sim.results.store import Results
from sim.verify.bench.harness import Benchmark, Pair, Timing

STATIONS, MOMENTS = 100, 2 * LANES
ALTITUDE_M, INCLINATION_RAD, MASK_RAD = 550e3, math.radians(53.0), math.radians(25.0)
GRID = TimeGrid(2461395.5, 0.0, 60.0, MOMENTS)
PEER_MOMENTS = 4  # timed with scipy
SINGLE_M = 100.0  # of way, by which single precision may be off: up to 200,000 km of way are added in some 100 hops
ROUNDING_M = 1e-6  # the peer adds delays in another order
NEAREST = 4  # neighbours that a satellite of the irregular graph is linked to
DAY_GOAL_S, COVERED = 30.0, 0.9

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Precision = type[np.floating[Any]]


def benchmarks() -> list[Benchmark]:
    """Benchmarks of routing.

    Returns
    -------
    list of Benchmark
        The benchmarks.
    """
    unit = f"moments/s, {STATIONS} stations to all satellites, scipy extrapolated from {PEER_MOMENTS} of {MOMENTS} moments"
    single = f"stations/s, {STATIONS} to all satellites of a +Grid at one moment"
    rough = f"{single}, ours in single precision, within {SINGLE_M:g} m of way"
    group, double, half = "network", np.float64, np.float32
    sizes = ((72, 22, 39), (100, 100, 33), (250, 400, 33))
    return [
        Benchmark("routing_moments_1584_vs_scipy", group, unit, "scipy", partial(_routing, *sizes[0])),
        Benchmark("routing_moments_10000_vs_scipy", group, unit, "scipy", partial(_routing, *sizes[1])),
        *(
            Benchmark(f"grid_routing_{size[0] * size[1]}_vs_scipy", group, single, "scipy", partial(_sources, *size, double))
            for size in sizes
        ),
        *(
            Benchmark(f"grid_routing_{size[0] * size[1]}_vs_scipy_float32", group, rough, "scipy", partial(_sources, *size, half))
            for size in sizes
        ),
        Benchmark(
            "irregular_routing_10000_vs_scipy", group, f"sources/s, {STATIONS} to 10,000 satellites at random that are linked to their "
            f"{NEAREST} nearest", "scipy", _irregular,
        ),
        Benchmark(
            "routing_vs_allpairs", group, f"answers/s, {STATIONS} sources to all of 1,584 satellites of a +Grid; the peer finds all pairs",
            "networkx", partial(_all_pairs, *sizes[0]),
        ),
        Benchmark(
            "routed_day_1584_s", group, f"s for a day of starlink_edge in steps of 15 s, {STATIONS} stations, a tenth of the satellites serves",
            "", _day,
        ),
    ]  # fmt: skip


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


class Fleet(NamedTuple):
    """A shell at all moments: its network, positions and links."""

    network: Network
    r_m: Array
    states: list[LinkState]


def _fleet(planes: int, slots: int, phasing: int, moments: int) -> Fleet:
    count = planes * slots
    shell = Shell(EARTH_RADIUS_M + ALTITUDE_M, INCLINATION_RAD, planes, slots, float(phasing))
    network = Network(
        [Grid(0, planes, slots, cross_plane_slots(shell, True))], count,
        LinkRules(
            topology="grid", terminals=4, terminal=None, grazing_altitude_m=80e3, max_range_m=6e6, hop_latency_s=0.0
        ),
    )  # fmt: skip
    r_m = np.empty((moments, 3, count))
    CircularJ2(walker(ALTITUDE_M, INCLINATION_RAD, planes, slots, float(phasing)), GRID).fill(0, count, 0, r_m)
    return Fleet(network, r_m, [network.state(r, np.ones(count, dtype=np.bool_), {}) for r in r_m])


def _both_ways(a: Indices, b: Indices, delay_s: Array, count: int, seeds: Seeds) -> Any:
    """The peer's matrix: links both ways, and from each source, numbered after the satellites, to those in view."""
    from scipy.sparse import csr_array

    rows, columns = np.concatenate((a, b, count + seeds.source)), np.concatenate((b, a, seeds.node))
    values = np.concatenate((delay_s, delay_s, seeds.delay_s))
    return csr_array((values, (rows, columns)), shape=(count + seeds.sources, count + seeds.sources))


def _searches(graph: Graph, delay_s: Array, seeds: Seeds, precision: Precision, limit_m: float) -> Pair:
    """One search for all sources at one moment, against one call for all of them."""
    from scipy.sparse.csgraph import dijkstra

    count = graph.count
    matrix, sources = _both_ways(graph.a, graph.b, delay_s, count, seeds), np.arange(count, count + seeds.sources)
    ours = partial(graph.reach_sources, delay_s, seeds, precision, rows_for(count, seeds.sources, precision))
    return Pair(ours, lambda: dijkstra(matrix, indices=sources)[:, :count], float(seeds.sources), partial(_far_off, limit_m))


def _far_off(limit_m: float, ours_s: NDArray[Any], theirs_s: Array) -> str | None:
    """Delays within a way of light; the same to the last bit where that is none."""
    routed = np.isfinite(theirs_s)
    if not np.array_equal(routed, np.isfinite(ours_s)):
        return "some routes are missing, or there are too many"
    off_m = float(np.abs(ours_s[routed] - theirs_s[routed]).max(initial=0.0)) * SPEED_OF_LIGHT_M_S
    if off_m > limit_m:
        return f"by {off_m:.3g} m"
    return None if routed.mean() > 0.5 else "most satellites have no route"


def _sources(planes: int, slots: int, phasing: int, precision: Precision, stations: int = STATIONS) -> Pair:
    fleet = _fleet(planes, slots, phasing, 1)
    seeds = seeds_in_view(_seeds_s(fleet.r_m, _sites(stations))[:, :, 0])
    state = fleet.states[0]
    limit_m = 0.0 if precision is np.float64 else SINGLE_M
    return _searches(fleet.network.graph(state.a, state.b), state.delay_s, seeds, precision, limit_m)


def _irregular(count: int = 10_000, sources: int = STATIONS) -> Pair:
    """Satellites at random on a sphere, numbered at random, each linked to its nearest; sources are some of them."""
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(1)
    at = rng.normal(size=(count, 3))
    at_m = (EARTH_RADIUS_M + ALTITUDE_M) * at / np.linalg.norm(at, axis=1, keepdims=True)
    beside = cKDTree(at_m).query(at_m, NEAREST + 1)[1][:, 1:]
    ends = np.sort(np.stack((np.repeat(np.arange(count), NEAREST), beside.ravel())), axis=0)
    a, b = np.unique(ends, axis=1)
    delay_s = np.linalg.norm(at_m[a] - at_m[b], axis=1) / SPEED_OF_LIGHT_M_S
    chosen = rng.choice(count, sources, replace=False)
    seeds = Seeds(sources, np.arange(sources), chosen, np.zeros(sources))
    return _searches(Graph(count, a, b), delay_s, seeds, np.float64, 0.0)


def _all_pairs(planes: int, slots: int, phasing: int, sources: int = STATIONS) -> Pair:
    """Sources are satellites; a route along a list of them must be as quick in the matrix of the peer, up to rounding."""
    import networkx

    state = _fleet(planes, slots, phasing, 1).states[0]
    count = planes * slots
    linked = networkx.Graph()
    linked.add_nodes_from(range(count))
    linked.add_weighted_edges_from(zip(state.a.tolist(), state.b.tolist(), state.delay_s.tolist(), strict=True))
    chosen = np.linspace(0, count, sources, endpoint=False).astype(np.int64)
    seeds = Seeds(sources, np.arange(sources), chosen, np.zeros(sources))
    ours = partial(
        Graph(count, state.a, state.b, block_starts(count, [(0, planes, slots)])).reach_sources, state.delay_s, seeds,
        np.float64, rows_for(count, sources),
    )  # fmt: skip
    return Pair(
        ours, partial(networkx.floyd_warshall_numpy, linked), 1.0,
        lambda ours_s, theirs_s: _far_off(ROUNDING_M, ours_s, np.asarray(theirs_s)[chosen]),
    )  # fmt: skip


def _day() -> Timing:
    """A whole run of `dawndusk run`, results in memory."""
    loaded = api.load("starlink_edge", _day_sets())
    return Timing(partial(api.run, loaded, threads=1), DAY_GOAL_S, partial(_unserved, loaded.scenario.steps))


def _unserved(steps: int, results: Results) -> str | None:
    ground = results.summary["ground"]
    if len(ground["stations"]) != STATIONS or results.summary["duration_s"] != steps * results.summary["step_s"]:
        return "stations or steps are missing"
    return None if ground["coverage_fraction"] > COVERED else f"only {ground['coverage_fraction']:.3f} of the time is covered"


def _day_sets() -> tuple[str, ...]:
    """Overrides of starlink_edge: the stations of the other benchmarks, short steps, and routes over links to the few that serve."""
    sites = ", ".join(
        f"{{name: site {s.name}, latitude: {math.degrees(s.latitude_rad):.4f} deg, longitude: {math.degrees(s.longitude_rad):.4f} deg}}"
        for s in _sites(STATIONS)
    )
    return (
        f"ground.stations=[{sites}]", "step=15 s", "duration=1 d",
        "workloads=[{kind: inference, model: llama-3-8b, share: 0.1}]",
    )  # fmt: skip


def _routing(planes: int, slots: int, phasing: int, stations: int = STATIONS, peer_moments: int = PEER_MOMENTS) -> Pair:
    """All moments in one search, against one call for all stations at each moment; the peer's matrices are made before."""
    from scipy.sparse.csgraph import dijkstra

    count = planes * slots
    network, r_m, states = _fleet(planes, slots, phasing, MOMENTS)
    a, b, delay_s = states[0].a, states[0].b, np.array([state.delay_s for state in states])
    seed_s = _seeds_s(r_m, _sites(stations))
    graph, found_s = network.graph(a, b), np.zeros(seed_s.shape)
    sampled = range(0, MOMENTS, MOMENTS // peer_moments)
    matrices = [_both_ways(a, b, delay_s[k], count, seeds_in_view(seed_s[:, :, k])) for k in sampled]
    sources = np.arange(count, count + stations)

    def theirs() -> list[Array]:
        return [dijkstra(m, indices=sources)[:, :count] for m in matrices]

    return Pair(
        partial(graph.reach_moments, delay_s, seed_s, found_s), theirs, float(MOMENTS), partial(_differ, list(sampled)),
        float(len(matrices)),
    )  # fmt: skip


def _seeds_s(r_m: Array, sites: list[Station]) -> Array:
    """Delays from each station to the satellites in view, (stations, satellites, moments)."""
    moments = r_m.shape[0]
    jd, fr = GRID.jd_fr(0, moments)
    at_m = in_teme(np.array([position_m(s) for s in sites]), jd, fr)
    up = in_teme(np.array([zenith(s) for s in sites]), jd, fr)
    sine, far = np.full(len(sites), math.sin(MASK_RAD)), np.full(len(sites), np.inf)
    seed_s, slant_m = np.empty((len(sites), r_m.shape[2], moments)), np.empty((len(sites), r_m.shape[2]))
    for k in range(moments):
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
