"""Calls to every compiled function with fixed inputs; run with and without the compiler by test_twins.py.

As a script: writes the results to the .npz file named by its argument.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from itertools import chain

import access_twins
import fleet_twins
import numpy as np
import spacecraft_twins
import workload_twins

from orbit.atmosphere import _around, _densities, air
from orbit.kernels import (
    adaptive,
    eclipse,
    exposure,
    forces,
    formation,
    frames,
    j2,
    multistep,
    segments,
    sgp4,
    sgp4_constants,
    sgp4_passes,
    shadow,
    simd,
    streaming_stores,
    visibility,
)
from sim.network import (
    UNREACHED_S,
    fair_rates,
    latency_map,
    route_metrics,
    route_tracing,
    routing,
    routing_sources,
    row_relaxation,
    topology,
)


def _plain(value: object) -> list[float]:
    return [float(v) for v in value] if isinstance(value, tuple | list) else [float(value)]  # type: ignore[arg-type]


def _unit(rng: np.random.Generator) -> list[float]:
    v = rng.normal(size=3)
    return [float(x) for x in v / np.linalg.norm(v)]


def scalar_calls() -> Iterator[tuple[str, object]]:
    """Name and result of one call after another."""
    rng = np.random.default_rng(20260320)
    for _ in range(25):
        u = lambda lo, hi: float(rng.uniform(lo, hi))  # noqa: E731
        yield "sincos", simd.sincos(u(-1e5, 1e5))
        x = u(-1, 1)
        yield "arcsin", simd.arcsin(x)
        yield "inverse_root", simd.inverse_root(10.0 ** u(-30, 30))
        yield "root", simd.root(10.0 ** u(-30, 30))
        yield "arc", simd.arc(x, math.sqrt(1.0 - x * x))
        a, i = u(6.6e6, 1e7), u(0, 3.1)
        yield "mean_motion_rad_s", j2.mean_motion_rad_s(a)
        yield "node_rate_rad_s", j2.node_rate_rad_s(a, i)
        yield "latitude_argument_rate_rad_s", j2.latitude_argument_rate_rad_s(a, i)
        bend = u(-3, 3)
        yield (
            "osculating",
            formation.osculating(a, np.cos(i), np.sin(i), np.sin(bend), np.cos(bend), u(-0.01, 0.01), u(-0.01, 0.01)),
        )
        r = [7e6 * c for c in _unit(rng)]
        yield "shadow_edge", shadow.shadow_edge(*r, 1.4e11, 3e10, 1e10, 6.957e8)
        e = [u(-3, 3), u(-3, 3), u(-3, 3)]
        yield "lit_fraction", shadow.lit_fraction(e[0])
        yield "shadow._lit_integral", shadow._lit_integral(e[0])
        yield "mean_between", shadow.mean_between(e[0], e[1])
        yield "mean_between", shadow.mean_between(e[0], e[0] + 1e-7)
        yield "quarter_edges", shadow.quarter_edges(*e)
        yield "outside_penumbra", shadow.outside_penumbra(*e)
        yield "mean_in_penumbra", shadow.mean_in_penumbra(*e)
        yield "mean_lit_fraction", shadow.mean_lit_fraction(*e)
        yield "range2_and_height", visibility.range2_and_height(*r, *[6.4e6 * c for c in _unit(rng)], *_unit(rng))


def loop_calls() -> Iterator[tuple[str, object]]:
    """The kernels over arrays."""
    rng = np.random.default_rng(7)
    elements = np.empty((7, 8))
    elements[0], elements[1] = 7e6, rng.uniform(-1, 1, 8)
    elements[2] = np.sqrt(1.0 - elements[1] ** 2)
    elements[3:] = rng.uniform(0, 6, (4, 8)) * np.array([1, 1e-6, 1, 1e-3])[:, None]
    out = np.empty((4, 3, 8))
    j2.circular_positions(elements, np.array([0.0, 60.0, 3600.0, 86400.0]), out)
    yield "circular_positions", out
    rates = np.empty((2, 3))
    j2.secular_rates(np.array([6.9e6, 7.5e6, 42e6]), np.array([0.9, 1.7, 0.0]), *rates)
    yield "j2.secular_rates", rates
    mean = np.concatenate((elements, rng.uniform(-1e-3, 1e-3, (3, 8)) * np.array([1.0, 1.0, 1e-3])[:, None]))
    for move in (formation.formation_positions, formation.formation_velocities):
        move(mean, np.array([0.0, 60.0, 3600.0, 86400.0]), out)
        yield move.__name__, out.copy()
    yield "_moment", np.array([formation._moment(mean, i, 60.0 * i) for i in range(8)])
    formation.formation_positions(mean, np.array([0.0, 60.0, 3600.0, 86400.0]), out)
    best = np.full((4, 3), visibility.OUT_OF_SIGHT_M2)
    at = rng.normal(size=(4, 3, 3))
    at /= np.linalg.norm(at, axis=2, keepdims=True)
    visibility.nearest_in_sight(out, np.ones((1, 8)), at * 6.37e6, at, np.array([0.0, 0.1, 0.5]), best)
    yield "nearest_in_sight", best
    j2.circular_positions(elements, np.array([0.0, 60.0, 3600.0, 86400.0]), out)
    below = np.ascontiguousarray((out[0] / np.linalg.norm(out[0], axis=0)).T)  # each station has one satellite overhead
    slants, cuts = np.empty((8, 8)), np.array([6e5, 2e6, 4e6, 1e15, 1e15, 1e15, 1e15, 1e15])
    visibility.slant_ranges(out[0], below * 6.37e6, below, np.linspace(0.0, 0.5, 8), cuts, slants)
    assert 0 < (slants < visibility.OUT_OF_SIGHT_M).sum() < slants.size
    yield "slant_ranges", np.where(slants < visibility.OUT_OF_SIGHT_M, slants, 0.0)
    ways = np.full(8, latency_map.FAR_M)
    latency_map._least_ways(out[0], np.array([0.0, 1e5, 2e5, 1e15, 0.0, 3e5, 0.0, 0.0]), below * 6.37e6, below, 0.3, 4e6, ways)
    assert 0 < (ways < latency_map.FAR_M).sum() < ways.size
    yield "_least_ways", np.where(ways < latency_map.FAR_M, ways, 0.0)
    yield from spacecraft_twins.loop_calls()
    yield from access_twins.calls()
    yield from workload_twins.calls()
    yield from fleet_twins.calls()


def eclipse_calls() -> Iterator[tuple[str, object]]:
    """Edges on a 650 km orbit that grazes the shadow, between and at its ticks, and shade round circles."""
    sun, disc = 1.5e11, 6.957e8
    angle = 0.11 * np.arange(-15.0, 16.0) + 0.02
    for beta in (0.3, 1.12):
        lanes = np.stack([-np.cos(angle) * np.cos(beta), np.sin(angle), np.cos(angle) * np.sin(beta)], axis=1) * 7.028e6
        r_m, sun_m = np.ascontiguousarray(lanes[:, :, np.newaxis]), np.tile([sun, 0.0, 0.0], (31, 1))
        edge = np.empty((31, 1))
        eclipse.shadow_edges(r_m, sun_m, disc, edge)
        yield "shadow_edges", edge
        nodes = np.concatenate([r_m[12:20, :, 0], sun_m[12:20]], axis=1)[np.newaxis]
        u, low = np.empty(1), np.empty(1)
        eclipse.refine_lowest(nodes, disc, u, low)
        yield (
            "refine_lowest",
            [round(float(u[0]), 5), float(low[0])],
        )  # a valley's bottom is flat: where it lies, to 1e-8
        k = int(np.flatnonzero(edge[:-1, 0] * edge[1:, 0] < 0.0)[0])
        nodes = np.concatenate([r_m[k - 3 : k + 5, :, 0], sun_m[k - 3 : k + 5]], axis=1)[np.newaxis]
        eclipse.refine_crossings(nodes, np.zeros(1), np.ones(1), np.zeros(1), disc, u)
        yield "refine_crossings", u
        yield "_between", eclipse._between(nodes, 0, 1, 0.3)
        yield "_edge_between", eclipse._edge_between(nodes, 0, 0.3, disc)
        yield "_edge_on_circle", eclipse._edge_on_circle(7.028e6, beta, 0.4, sun, disc)
        yield "_angle_below", eclipse._angle_below(1.0, 7.028e6, beta, sun, disc)
        shade = np.empty((3, 4))
        eclipse.circle_shade(7.028e6, beta + np.linspace(0.0, 0.03, 4), np.full(4, sun), disc, shade)
        yield "circle_shade", shade


def sgp4_calls() -> Iterator[tuple[str, np.ndarray]]:
    """SGP4 pass by pass, in every mode; each result (times or satellites, quantities)."""
    rng = np.random.default_rng(11)
    for x in rng.uniform(-1.0, 1.0, 8):
        for angle, most in (
            (simd.near_sincos, 0.78), (sgp4_passes.short_sincos, sgp4_passes.SMALL_RAD), (sgp4_passes.tiny_sincos, sgp4_passes.TINY_RAD)
        ):  # fmt: skip
            yield angle.__name__, np.array([angle(most * x)])
        for mode in (sgp4_passes.LOW, sgp4_passes.NEAR, sgp4_passes.WIDE):
            for chosen in (sgp4_passes.slow_angle, sgp4_passes.periodic_angle, sgp4_passes.kepler_angle):
                yield chosen.__name__, np.array([chosen(mode, 1e-3 * x)])
            yield "root_below_one", np.array([[sgp4_passes.root_below_one(mode, 1e-3 * x * x)]])
    count, times = 6, 40
    reported = np.stack((
        np.full(count, 2460000.5), rng.random(count), np.full(count, 0.065), np.array([1e-3, 0.02, 0.1, 0.3, 1e-5, 0.0]),
        rng.uniform(0.1, 3.0, count), *rng.uniform(0.0, 6.0, (3, count)), np.full(count, 1e-4),
    ))  # fmt: skip
    c = np.empty((sgp4_constants.ROWS, count))
    sgp4_constants.initialise(reported, c)
    yield "initialise", c.T
    part = np.zeros((sgp4_constants.ROWS, 1))
    for reported in (sgp4_constants.secular_rates(part, 0, 0.064, 1.08, 0.02, 0.6),
                 sgp4_constants.drag_terms(part, 0, 0.064, 1.08, 0.02, 0.6, 0.8, 1.0, 2.0, 1e-4)):  # fmt: skip
        yield "sgp4_constants.secular_rates", np.array([[reported]])
        yield "drag_terms", part.T.copy()
    yield "without_kozai", np.array([[sgp4_constants.without_kozai(0.065, 0.02, 0.6)]])
    jd, fr = np.full(times, 2460001.5), np.linspace(0.0, 0.3, times)
    mode, zero = np.empty(count, dtype=np.int64), np.zeros(count)
    sgp4.modes(c, zero, zero + 2000.0, 240.0, mode)
    yield "modes", mode[:, np.newaxis].astype(np.float64)
    start, middle = np.array([0, 15, times]), (np.full(2, 2460001.5), np.array([0.05, 0.2]))
    out, r, v, lanes = np.empty((count, 6, times)), *np.empty((2, count, times, 3)), np.empty((times, 3, count))
    codes = np.zeros((count, times), dtype=np.int8)
    sgp4.series(c, mode, jd, fr, start, *middle, out, codes)
    sgp4.rows(c, mode, jd, fr, start, *middle, r, v, codes)
    sgp4.lanes(c, mode, jd, fr, start, *middle, lanes, np.zeros((count, times), dtype=np.int8))
    yield "series", out.transpose(0, 2, 1).reshape(-1, 6)
    yield "rows", np.concatenate((r, v), axis=2).reshape(-1, 6)
    yield "lanes", lanes.transpose(2, 0, 1).reshape(-1, 3)
    target = np.zeros(times)
    streaming_stores.stream(np.ascontiguousarray(out[0, 0]), target, True)
    yield "far", np.array([[float(streaming_stores.far(target)), float(streaming_stores.far(np.empty(streaming_stores.CACHED + 1)))]])
    yield "stream", target[:, np.newaxis]
    yield from _sgp4_passes(c, jd, fr)


def _sgp4_passes(c: np.ndarray, jd: np.ndarray, fr: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    n = jd.size
    s = np.zeros(sgp4_passes.SCRATCH_ROWS * sgp4_passes.WINDOW)
    table = s.reshape(sgp4_passes.SCRATCH_ROWS, sgp4_passes.WINDOW)
    plane = [
        sgp4_passes.SIN_L,
        sgp4_passes.COS_L,
        sgp4_passes.TEMP2,
        sgp4_passes.RADIUS,
        sgp4_passes.RADIAL,
        sgp4_passes.ACROSS,
    ]
    for i, mode in ((0, sgp4_passes.LOW), (1, sgp4_passes.LOW), (2, sgp4_passes.NEAR), (3, sgp4_passes.WIDE)):
        middle = sgp4.minutes_since(c, i, 2460001.5, 0.15)
        yield "minutes_since", np.array([[middle]])
        reported = (
            c,
            np.full(c.shape[1], mode),
            i,
            jd,
            fr,
            np.array([0, n]),
            np.array([2460001.5]),
            np.array([0.15]),
            0,
            s,
        )
        sgp4.at_window(*reported, np.zeros(n, dtype=np.int8))
        yield "at_window", table[sgp4_passes.X : sgp4_passes.VZ + 1, :n].T.copy()
        sgp4_passes.secular(mode, c, i, jd, fr, middle, 1e-5, s)
        yield "secular", table[[0, 1, 2, 3, sgp4_passes.SINCE, sgp4_passes.E, sgp4_passes.TEMPA], :n].T.copy()
        sgp4_passes.long_period(mode, c, i, middle, 1e-5, n, s)
        yield "long_period", table[:7, :n].T.copy()
        sgp4_passes.kepler_step(mode, n, s)
        sgp4_passes.kepler_step(mode, n, s)
        yield "kepler_step", table[[sgp4_passes.D_S], :n].T.copy()
        sgp4_passes.in_plane(mode, c, i, n, s)
        yield "sgp4_passes.in_plane", table[plane, :n].T.copy()
        sgp4_passes.orient(mode, c, i, middle, n, s)
        yield "orient", table[sgp4_passes.X : sgp4_passes.VZ + 1, :n].T.copy()
        windows = {
            sgp4_passes.LOW: sgp4.low_window,
            sgp4_passes.NEAR: sgp4.near_window,
            sgp4_passes.WIDE: sgp4.wide_window,
        }
        for name, call, reported in (
            ("passes", sgp4.passes, (mode, 2, c, i, jd, fr, middle, s)),
            ("window", sgp4.window, (mode, c, i, jd, fr, middle, s)),
            (
                windows[mode].__name__,
                windows[mode],
                (c, i, jd, fr, middle, *((2,) if mode == sgp4_passes.LOW else ()), s),
            ),
        ):
            call(*reported)
            yield name, table[sgp4_passes.X : sgp4_passes.VZ + 1, :n].T.copy()


def force_calls() -> Iterator[tuple[str, np.ndarray]]:
    """Forces of numerical motion, one place after another."""
    rng = np.random.default_rng(13)
    air_told = air(150.0, 15.0)
    sky = np.concatenate((np.tile([1.2e11, 8e10, 3e10], (6, 1)), np.tile([3e8, -2e8, 1e8], (6, 1))), axis=1)
    sky += 1e6 * np.arange(6)[:, np.newaxis]
    for _ in range(12):
        x, y, z = (7e6 * c for c in _unit(rng))
        vx, vy, vz = (7.5e3 * c for c in _unit(rng))
        q = forces.inverse_square(x, y, z)
        r = math.sqrt(1.0 / q)
        now = forces.sky_at(sky, 5000.0, 0.0, 3600.0)
        direction = forces.Direction(*_unit(rng), 215.0)
        edge = float(rng.uniform(-1.5, 1.5))
        yield "exponential", np.array([[simd.exponential(30.0 * edge)]])
        yield "inverse_square", np.array([[q]])
        yield "is_low", np.array([[float(forces.is_low(x, y, z)), float(forces.is_low(0.9 * x, 0.9 * y, 0.9 * z))]])
        yield (
            "forces.zonal",
            np.array([forces.zonal(x, y, z, q, 1.0 / r, *(forces.K2, forces.K3, forces.K4, forces.K5, forces.K6))]),
        )
        yield "altitude_m", np.array([[forces.altitude_m(z, 1.0 / r, r)]])
        yield "density_kg_m3", np.array([[forces.density_kg_m3(5e5 + 1e5 * edge, 0.3 * edge, air_told)]])
        bulge = forces.bulge(*_unit(rng))
        yield "bulge", np.array([bulge])
        yield "drag", np.array([forces.drag(x, y, z, vx, vy, vz, r * r, 1.0 / r, 0.02, *bulge, air_told)])
        yield "third_body", np.array([forces.third_body(x, y, z, 3e8, -2e8, 1e8, 4.9e12)])
        yield "forces._lit_integral", np.array([[forces._lit_integral(edge)]])
        yield "_mean_lit", np.array([[forces._mean_lit(edge, edge + 0.2)]])
        yield "forces._edge", np.array([[forces._edge(r * r, 0.5 * r, q * 215.0)]])
        yield "lit_over", np.array([[forces.lit_over(x, y, z, vx, vy, vz, q, 1.0 / r, direction, 60.0)]])
        yield "sky_at", np.array([tuple(now)])
        yield "acceleration", np.array([
            forces.acceleration(6, True, True, True, True, x, y, z, vx, vy, vz, 0.02, 0.03, now, air_told, 60.0)
        ])  # fmt: skip
    reported = np.empty(3)
    _densities(np.array([3e5, 5e5, 8e5]), np.array([-0.5, 0.0, 0.5]), air_told, reported)
    yield "_densities", reported[:, np.newaxis]
    _around(7e6 * np.eye(3), np.array([0.6, 0.0, 0.8]), air_told, reported)
    yield "_around", reported[:, np.newaxis]
    matrices, r_m = rng.normal(size=(4, 3, 3)), rng.normal(size=(4, 3, 5))
    frames.turn(matrices, r_m)
    yield "frames.turn", r_m.transpose(0, 2, 1).reshape(-1, 3)
    yield from _integrator_calls(rng, sky, air_told)


def _integrator_calls(
    rng: np.random.Generator, sky: np.ndarray, air_told: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    acting, order = forces.Forces(6, True, True, True, True), 10
    room = np.empty(80)
    first = multistep.aligned(room)
    yield "aligned", np.array([[float((room.ctypes.data + 8 * first) % 64)]])
    state = multistep.new_state(order)
    rows = multistep.lanes(state)
    rows[:] = 0.0
    for lane in range(multistep.LANES):
        u = 0.1 * lane
        place = (7e6 * math.cos(u), 7e6 * math.sin(u) * 0.6, 7e6 * math.sin(u) * 0.8)
        speed = (-7546.0 * math.sin(u), 7546.0 * math.cos(u) * 0.6, 7546.0 * math.cos(u) * 0.8)
        for axis in range(3):
            state[multistep.X + axis * multistep.PITCH + lane] = place[axis]
            state[multistep.VX + axis * multistep.PITCH + lane] = speed[axis]
        state[multistep.CD_AM + lane] = state[multistep.CR_AM + lane] = 0.02
    states = state[np.newaxis].copy()
    multistep.starter(acting, order)(states, 60.0, multistep.starting(order), sky, -7200.0, 3600.0, air_told)
    yield "multistep.start", multistep.lanes(states[0])[: multistep.RING // multistep.PITCH].T.copy()
    out = np.empty((2, 6, multistep.LANES))
    mix = np.stack((multistep.mixed(order, 1.0), multistep.mixed(order, 0.5)))
    multistep.advancer(acting, order)(
        states, 0, 3, 60.0, sky, -7200.0, 3600.0, air_told, np.array([1, 3]), mix, out
    )  # fmt: skip
    yield "multistep.advance", out.transpose(0, 2, 1).reshape(-1, 6)
    some = np.empty((6, 4))
    multistep._write_group(states[0], states[0][multistep.RING :], mix[1], 1.0 / 60.0, order, some, 0)
    yield "_write_group", some.T.copy()
    alone = adaptive.new_state(np.array([7e6, 0.0, 0.0]), np.array([0.0, 6e3, 6e3]), 0.02, 0.0, 30.0)
    moments, fly = np.array([100.0, 900.0]), np.empty((2, 6, 1))
    adaptive.advancer(acting)(alone[np.newaxis], moments, sky, -7200.0, 3600.0, air_told, fly)
    yield "adaptive.advance", fly[:, :, 0]
    # a state of its own: the length of a step follows from a term at the edge of rounding
    alone = np.concatenate((np.array([100.0, 20.0]), rng.normal(size=adaptive.STATE_ITEMS - 2)))
    alone[adaptive.NEXT] = 25.0
    for name, call in (("_finish_step", adaptive._finish_step), ("_predict", lambda a: adaptive._predict(a, 0.7))):
        turned = alone.copy()
        call(turned)
        yield name, turned[adaptive.R : adaptive.A + 3][np.newaxis]
    yield "_at", np.array([adaptive._at(alone, 0.4, 20.0)])
    yield "_along", np.array([adaptive._along(alone, 1, 0.4, 20.0)])
    near = rng.normal(size=(8, 3))
    adaptive._fit(alone, near, adaptive.quadrature()[1])
    yield "_fit", alone[adaptive.B : adaptive.B + 21].reshape(7, 3)


def _finite(delay_s: np.ndarray) -> np.ndarray:
    """Delays, -1 where there is no route."""
    return np.where(delay_s < UNREACHED_S, delay_s, -1.0)


def routing_calls() -> Iterator[tuple[str, np.ndarray]]:
    """Delays at many moments and from many sources over a grid of 4 x 5 and a satellite without links; routes between all of it."""
    rng = np.random.default_rng(17)
    a, b = topology.grid_pairs(4, 5, (2, 2, 2, 2))
    count, links, steps = 21, a.size, row_relaxation.LANES
    delay_s = rng.uniform(1e-3, 2e-2, (steps, links))
    delay_s[rng.uniform(size=delay_s.shape) < 0.2] = np.inf
    seed_s = np.where(rng.uniform(size=(2, count, steps)) < 0.2, rng.uniform(0.0, 1e-2, (2, count, steps)), np.inf)
    graph = routing.Graph(count, a, b, row_relaxation.block_starts(count, [(0, 4, 5)]))
    yield "_least_delays", _finite(graph.reach_moments(delay_s, seed_s)).reshape(-1, steps)
    many = np.where(rng.uniform(size=(20, count)) < 0.2, rng.uniform(0.0, 1e-2, (20, count)), np.inf)
    from_sources_s = graph.reach_sources(delay_s[0], routing_sources.seeds_in_view(many))
    yield "_settle_sources", _finite(from_sources_s)
    prepared = graph._moments
    assert prepared is not None
    least, weight = (streaming_stores.empty_lines(rows, steps) for rows in (count, links + 1))
    weight[:links], weight[links] = np.minimum(delay_s.T, UNREACHED_S), UNREACHED_S
    tables, lanes = prepared._tables, (0, steps)
    due = np.zeros(tables.start.size - 1, dtype=np.bool_)
    least[:] = np.minimum(seed_s[0], UNREACHED_S)
    changed = row_relaxation._visit(least, weight, tables, 7, lanes)
    yield "_visit", np.append(_finite(least[7]), float(changed))[np.newaxis]
    for upwards in (True, False):
        changed = row_relaxation._round(least, weight, tables, (5, 10), lanes, upwards)
        yield "_round", np.append(_finite(least[5:10]).ravel(), float(changed))[np.newaxis]
    row_relaxation.mark(1, tables.first_beside, tables.beside, due)
    yield "mark", due[np.newaxis].astype(float)
    due[:] = True
    settled = row_relaxation.settle_rows(least, weight, tables, lanes, due, row_relaxation.UNLIMITED)
    yield "settle_rows", np.append(_finite(least).ravel(), float(settled))[np.newaxis]
    every = np.repeat(np.arange(count), count), np.tile(np.arange(count), count)
    paths = graph.paths(1e-2 * (1.0 + rng.uniform(-1e-13, 1e-13, links)), *every)
    yield "trace_back", np.concatenate((paths.start, paths.links))[:, np.newaxis].astype(float)
    slant_m = np.where(rng.uniform(size=(steps, 3, count)) < 0.4, rng.uniform(5e5, 2e6, (steps, 3, count)), np.inf)
    access, access_s = np.empty((steps, 3), dtype=np.int64), np.empty((steps, 3))
    route_tracing.first_access(slant_m, seed_s[1], access, access_s)
    yield "first_access", np.concatenate((access, _finite(access_s)), axis=1)
    rate_bit_s = np.sort(rng.integers(1, 9, links).astype(float))[::-1]
    yield "_widths", np.minimum(route_metrics._widths(count, a, b, rate_bit_s, *every), 1e3)[:, np.newaxis]
    hops = np.diff(paths.start)
    demand_bit_s = np.where(rng.uniform(size=hops.size) < 0.5, rng.uniform(0.0, 0.1, hops.size), 1e9)
    shares = rng.uniform(0.5, 2.0, hops.size)
    by_link = np.argsort(paths.links, kind="stable")
    first, flows = np.searchsorted(paths.links[by_link], np.arange(2 * links + 1)), np.repeat(np.arange(hops.size), hops)[by_link]
    capacity_bit_s, order = rng.uniform(1.0, 9.0, 2 * links), np.argsort(demand_bit_s / shares)
    rate_bit_s, limit = fair_rates._filled(paths.start, paths.links, first, flows, capacity_bit_s, demand_bit_s, shares, order)
    yield "_filled", np.stack((np.minimum(rate_bit_s, 1e3), limit.astype(float)))
    rising = rng.uniform(size=hops.size) < 0.5
    given = first, flows, capacity_bit_s, rate_bit_s, shares, rising
    yield "_level", np.array([[fair_rates._level(int(link), *given)] for link in np.unique(paths.links[:20])])


def segment_calls() -> Iterator[tuple[str, np.ndarray]]:
    """Orbits in segments, with an eccentricity and without; which segment of three tracks holds."""
    rng, lanes = np.random.default_rng(19), 12
    table = np.zeros((segments.ROWS, segments.WIDTH))
    table[segments.ROW_START] = 100.0
    table[segments.ROW_A : segments.ROW_A + 4] = np.array([7e6, 0.02, 1e-7, 1e-13])[:, np.newaxis]
    table[segments.ROW_NODE : segments.ROW_NODE + 4] = np.array([1.0, 2e-7, 1e-14, 1e-20])[:, np.newaxis]
    table[segments.ROW_LATITUDE] = rng.uniform(0.0, 6.28, segments.WIDTH)
    table[segments.ROW_LATITUDE + 1] = 1.08e-3
    table[segments.ROW_COS_I], table[segments.ROW_SIN_I] = 0.6, 0.8
    table[segments.ROW_EX : segments.ROW_EY + 1] = rng.uniform(-0.03, 0.03, (2, segments.WIDTH))
    table[segments.ROW_TURN] = 1e-6
    at_s, found = np.array([0.0, 60.0, 5e3, 2e5]), np.empty((4, 3, lanes))
    segments.positions(table.ravel(), at_s, found)
    for name in ("positions", "_cubic", "_near_zero", "_newton", "segments.in_plane"):
        yield name, found.transpose(0, 2, 1).reshape(-1, 3)
    segments.circles(table.ravel(), at_s, found)
    yield "circles", found.transpose(0, 2, 1).reshape(-1, 3)
    held = np.empty((4, 3), dtype=np.int64)
    for k, time_s in enumerate((-1.0, 0.0, 150.0, 1e6)):
        segments.locate(np.array([0, 1, 4, 6]), np.array([0.0, 0.0, 100.0, 200.0, 50.0, 60.0]), np.arange(3), time_s, held[k])
    yield "locate", held.astype(float)


def exposure_calls() -> Iterator[tuple[str, np.ndarray]]:
    """Cells of a map at places between and beyond its planes."""
    rng = np.random.default_rng(29)
    table = rng.uniform(0.0, 1.0, 3 * exposure.PLANE).astype(np.float32)
    r_m = rng.normal(size=(60, 3))
    r_m *= (rng.uniform(6.97e6, 7.03e6, 60) / np.linalg.norm(r_m, axis=1))[:, np.newaxis]
    turn, found = rng.uniform(0.0, 6.28, 60), np.empty((60, exposure.VALUES))
    exposure.exposures(r_m, np.cos(turn), np.sin(turn), 6.98e6, 1.0 / 20e3, 1.0, table, found)
    yield "exposures", found
    yield "longitude_rad", np.array([[exposure.longitude_rad(float(x), float(y))] for x, y in r_m[:, :2]])
    yield "exposure.cell", np.array([exposure.cell(*map(float, r), 0.6, 0.8, 6.98e6, 1.0 / 20e3, 1.0) for r in r_m])


def results() -> dict[str, np.ndarray]:
    """Results by name; repeated calls of a scalar function one after another."""
    scalars: dict[str, list[list[float]]] = {}
    for name, value in chain(scalar_calls(), spacecraft_twins.scalar_calls()):
        scalars.setdefault(name, []).append(_plain(value))
    arrays: dict[str, list[np.ndarray]] = {}
    for name, value in chain(eclipse_calls(), spacecraft_twins.neighbour_calls()):
        arrays.setdefault(name, []).append(np.ravel(value))
    found = {k: np.array(v) for k, v in scalars.items()} | {k: np.concatenate(v) for k, v in arrays.items()}
    tables: dict[str, list[np.ndarray]] = {}
    for name, value in chain(sgp4_calls(), force_calls(), routing_calls(), segment_calls(), exposure_calls()):
        tables.setdefault(f"{name} {value.shape[1]}" if name in found else name, []).append(value)
    found |= {k: np.concatenate(v) for k, v in tables.items()}
    return found | {k: np.array(v) for k, v in loop_calls()}


if __name__ == "__main__":
    np.savez(sys.argv[1], **results())
