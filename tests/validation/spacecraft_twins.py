"""Calls to the compiled functions of a satellite with fixed inputs; part of twin_cases.py."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from orbit.constants import EARTH_RADIUS_M
from orbit.radiation import radiation_map
from sim.config import scenario
from sim.engine import satellite_params

sys.path.append(str(Path(__file__).parents[1] / "unit" / "spacecraft"))
import submodel_cases

from sim.spacecraft import (
    array,
    attitude,
    battery,
    battery_ageing,
    compute,
    earth_flux,
    illumination,
    loop,
    near,
    neighbours,
    panel,
    passes,
    policy,
    radiation,
    radiator,
    rows,
    step,
    structure,
    thermal,
    thermal_response,
)

MODES = tuple(
    submodel_cases.example_parameters("suncatcher", f"satellite.policy={{mode: {mode}, restart: 2 min, on: 4 min, off: 5 min, start_temperature: 40 degC}}")
    for mode in policy.MODES
)


def _unit(rng: np.random.Generator) -> list[float]:
    v = rng.normal(size=3)
    return [float(x) for x in v / np.linalg.norm(v)]


def ring() -> scenario.Loaded:
    """Eight satellites round a noon-midnight orbit."""
    base = {"kind": "ring", "altitude": "650 km", "local_time": '"12:00"', "satellites": 8}
    text = "{" + ", ".join(f"{k}: {v}" for k, v in base.items()) + "}"
    return scenario.load(
        "suncatcher",
        sets=(
            "duration=10 min",
            "workloads=[{kind: independent}]",
            "links=",
            "economics=",
            f"constellation={text}",
            "satellite.thermal.radiator.area=12 m2",
        ),
    )


def scalar_calls() -> Iterator[tuple[str, object]]:
    """Name and result of one call after another; names that several files have begin with that of the file."""
    rng = np.random.default_rng(20260321)
    around = radiation_map(EARTH_RADIUS_M + 600e3, EARTH_RADIUS_M + 640e3, 27.0)
    params = step.satellite_parameters(satellite_params.setup_of(ring().scenario)._replace(radiation=around))
    for n in range(25):
        u = lambda lo, hi: float(rng.uniform(lo, hi))  # noqa: E731
        x = u(-1, 1)
        share, chips, sun = u(-0.2, 1.2), params.compute, u(0, 1400)
        sun_at = _unit(rng)
        turned = attitude.normals(*sun_at, params.attitude)
        yield "normals", turned
        yield "sun_incidence", attitude.sun_incidence(*sun_at, turned, params.attitude)
        yield "edge_on", attitude.edge_on(params.attitude)
        yield "edge_on_law", attitude.edge_on_law(params.attitude)
        yield "dynamic_share", compute.dynamic_share(u(0, 1), 0.6)
        yield "_halley", compute._halley(u(0.1, 1), u(0.1, 1), 0.6, 0.4)
        yield "rate_for_share", compute.rate_for_share(share, 0.6, chips.rate_fit)
        yield "operating_point", compute.operating_point(u(-1e3, 4e4), u(0, 1), chips)
        yield "powered_share", compute.powered_share(u(-1e3, 4e4), chips)
        yield "clock_rate", compute.clock_rate(share, u(0.3, 1), True, chips)
        yield "chip_power_w", compute.chip_power_w(u(0, 1), u(0, 1), u(0, 1), chips)
        yield "bus_factor", compute.bus_factor(chips)
        yield "bus_power_w", compute.bus_power_w(u(0, 1), chips)
        yield "loads", compute.loads(u(0, 1), u(0, 1), u(0, 1), u(0, 1), u(0, 1), 1000.0, u(-1e3, 1e3), u(0, 600), chips)
        yield "plate_view_factor", earth_flux.plate_view_factor(x, u(6.5e6, 9e6))
        yield "back_view_factor", earth_flux.back_view_factor(u(0, 0.8), x, u(6.5e6, 9e6))
        yield "lit_cosine", earth_flux.lit_cosine(x, u(-1, 1), u(-1, 1), u(6.5e6, 9e6))
        yield "earth_flux.zonal", earth_flux.zonal(240.0, -61.0, -24.0, x, u(-0.4, 0.4))
        light = (sun, u(0, 400), u(190, 270), u(0, 0.8), u(0, 0.8))
        yield "array_yield", array.array_yield(u(200, 400), params.array)
        yield "emission_w_m2_k4", array.emission_w_m2_k4(params.array)
        yield "decay", array.decay(u(150, 360), params.array)
        yield "absorbed_w_m2", array.absorbed_w_m2(*light, params.array)
        yield "conditioning_w", panel.conditioning_w(u(0, 3e4), params.panel)
        yield "body_view_factor", structure.body_view_factor(u(6.5e6, 9e6))
        yield "array_power_w", array.array_power_w(sun, u(200, 400), params.array)
        yield "from_array_w_m2", radiator.from_array_w_m2(u(200, 400), params.radiator._replace(view_to_array=0.3, view_from_array=0.1))
        yield "rule", neighbours.rule(u(0, 8))
        yield "blurred", neighbours.blurred(u(-2, 2), u(0.1, 1))
        yield "overlap_m", neighbours.overlap_m(u(-9, 9), u(1, 6), u(1, 6), u(0.1, 1))
        yield "plate_absorbed_w_m2", radiator.plate_absorbed_w_m2(*light[:4], 0.2, 0.88)
        t = thermal_response.Nodes(*(u(250, 370) for _ in range(9)))
        heats = thermal_response.Heats(u(0, 2e4), u(0, 8e3), u(0, 2e3), u(0, 500), u(0, 2e3))
        p, idle = params.thermal, (u(0, 6e3), u(0, 4e3), u(0, 5e2))
        base = thermal_response.base_of(t, radiator.Environment(u(0, 6e3)), structure.StructureHeat(u(0, 900)), p)
        ramps = thermal_response.ramps_of(base, heats, p)
        yield "departure_w", thermal_response.departure_w(t.radiator_1_k, p.emission.radiator_1_w_k4, p.emission.radiator_1_tangent_w_k)
        yield "base_of", base
        yield "ramps_of", ramps
        yield "nodes_after", thermal_response.nodes_after(base, heats, ramps, p)
        yield "emitted_w", thermal_response.emitted_w(base, heats, ramps, p)
        ahead, room = thermal_response.forecast(base, heats, p)
        yield "forecast", (*ahead, *room)
        yield "rise_k", thermal_response.rise_k(p.hbm, *idle)
        yield "fit", thermal_response.fit(room, u(0, 3), u(0, 3))
        inputs, run, effects = (submodel_cases.random_record(name, rng) for name in ("inputs", "run", "effects"))
        state, power = _realistic(rng, params, t)
        yield "battery.limits", battery.limits(state, params.battery)
        yield "charging_w", battery.charging_w(state, u(-2e4, 2e4), params.battery)
        effects = effects._replace(heater_w=u(0, 1e3), bus_w=u(0, 1e3), chip_w=u(-1e3, 1e3), battery_w=u(0, 1e3))
        settled, room = step.settle(state, inputs, power, base, run, effects, params)
        yield "step.settle", (*settled, *room)
        yield "first_effects", step.first_effects(state, inputs, params)
        within = step.within_power(state, inputs, power, effects, params)
        yield "within_power", within
        yield "cooled", step.cooled(inputs, within, within, room, u(-500, 500), params)
        within, cool, hot = step.first_round(state, inputs, power, base, within, effects, params)
        yield "first_round", (*within, *cool, *hot)
        cool, hot = step.next_round(state, inputs, power, base, within, cool, hot, params)
        yield "next_round", (*cool, *hot)
        yield "is_hot", step.is_hot(within, cool)
        yield "between_ends", step.between_ends(inputs, cool, params)
        limit = step.limits_of(state, inputs, within, cool, True, True, params)
        yield "limits_of", limit
        yield "intended_run", step.intended_run(inputs, limit, params)
        yield "is_lowered", step.is_lowered(state, inputs, limit, params)
        run, settled = step.settled_run(state, inputs, power, base, limit, hot, params)
        yield "settled_run", (*run, *settled)
        lit = submodel_cases.random_record("illumination", rng)
        parts = step.integrate(state, inputs, lit, power, base, limit, run, settled, params)
        yield "integrate", tuple(x for part in parts for x in part)
        loads, flows, panel_flows, *_ = parts
        yield "machine_heats", thermal.machine_heats(loads, flows, panel_flows)
        others = [submodel_cases.random_record(name, rng) for name in ("incidence", "earth", "environment", "structure")]
        yield "results", tuple(
            x
            for record in step.results(state, inputs, lit, *others[:2], power, *others[2:], limit, run, settled, *parts, params)
            for x in record
        )
        yield "sun_edge", illumination.sun_edge(inputs)
        yield "directions", illumination.directions(state, inputs, u(-3, 3), 0.4, params.illumination)
        yield "unpack", tuple(rows.flat(step.unpack(rows.flat(params))))
        yield "within_budget", step.within_budget(state, inputs, power, run, effects, params)
        limit, effects = step.step_limits(state, inputs, power, base, params)
        yield "step_limits", (*limit, *effects)
        state, fluxes = step.advance(state, inputs, params)
        yield "step.advance", (*state, *fluxes)
        yield "compute.limits", compute.limits(inputs, power, u(-1e4, 1e4), effects, chips)
        yield "accelerator_budget_w", compute.accelerator_budget_w(inputs, power, u(-1e4, 1e4), effects, chips)
        yield from _policy_calls(rng, MODES[n % len(MODES)], t)
        yield from _battery_calls(rng, params)
        yield from _radiation_calls(rng, around, params)


def _realistic(rng: np.random.Generator, params: Any, nodes: Any) -> tuple[Any, Any]:
    """State and power of a satellite in service."""
    state, power = (submodel_cases.random_record(name, rng) for name in ("state", "power"))
    state = state._replace(**nodes._asdict(), charge_j=float(rng.uniform(0.4, 1.0)) * params.battery.capacity_j)
    return state, power._replace(generated_w=float(rng.uniform(0.0, 4e4)))


def _policy_calls(rng: np.random.Generator, params: Any, nodes: Any) -> Iterator[tuple[str, object]]:
    """One policy; its clock within a cycle."""
    state, power = _realistic(rng, params, nodes)
    state = state._replace(policy_clock_s=float(rng.choice([0.0, rng.uniform(0.0, 600.0)])), restart_left_s=float(rng.uniform(0.0, 120.0)))
    inputs = submodel_cases.random_record("inputs", rng)
    yield "_may_start", policy._may_start(state, power, params.policy)
    yield "factors", policy.factors(state, params.policy)
    yield "policy.limits", policy.limits(state, inputs, power, float(rng.uniform(-1e4, 1e4)), params.policy)


def _battery_calls(rng: np.random.Generator, params: Any) -> Iterator[tuple[str, object]]:
    """Limits and losses from cold to hot, from empty to full."""
    p, kelvin, share = params.battery, float(rng.uniform(230.0, 335.0)), float(rng.uniform(0.0, 1.0))
    per_w, energy_j = battery.loss_per_w(share, kelvin, p), float(rng.uniform(-1e6, 1e8))
    yield "loss_per_w", per_w
    yield "within", battery.within(kelvin, 260.0, 290.0)
    yield "charge_limit_w", battery.charge_limit_w(kelvin, p)
    yield "discharge_limit_w", battery.discharge_limit_w(kelvin, p)
    yield "taken_w", battery.taken_w(energy_j, per_w, p)
    yield "given_w", battery.given_w(energy_j, per_w, p)
    yield "state_of_charge", battery_ageing.state_of_charge(share * p.capacity_j, params.battery_ageing)


def _radiation_calls(rng: np.random.Generator, around: Any, params: Any) -> Iterator[tuple[str, object]]:
    """Places between and beyond the planes of a map."""
    place = rng.normal(size=3)
    place *= (EARTH_RADIUS_M + rng.uniform(580e3, 660e3)) / np.linalg.norm(place)
    turn = float(rng.uniform(0.0, 6.28))
    index, weight = radiation.cell(*place.tolist(), passes.Sky(1.5e11, 0.0, 0.0, 1361.0, math.cos(turn), math.sin(turn)), params.radiation)
    yield "radiation.cell", (index, weight)
    yield "values", radiation.values(around.table, index, weight)


def loop_calls() -> Iterator[tuple[str, object]]:
    """The whole step, in parts and over ten minutes."""
    from sim.engine.driver import Run

    rng = np.random.default_rng(7)
    run = Run(ring(), tile=8, threads=1)
    first = np.empty((2, 3, loop.GROUP))
    run.propagators[0].fill(0, 8, -1, first)
    work, kind, sun_m = np.zeros((1, loop.WORK, loop.ROW_LENGTH)), run.types[0], run.surroundings.sun_m
    carry = work[0, : loop.CARRIED, : loop.GROUP]
    loop.start(first, sun_m[:2], kind.initial, carry)
    sky = run.surroundings.sky[2]
    yield "loop.start", np.where(np.abs(carry) < 1e299, carry, 0.0)
    tiles = work, np.zeros(1, dtype=np.int64), np.full(1, 8)
    limits, controls = np.empty((loop.LIMIT_ROWS, 8)), rng.uniform(0.2, 1.0, (loop.CONTROL_ROWS, 8))
    loop.see_surroundings(*tiles, first[np.newaxis, 1:] * 1.0001, 0, sky, controls, kind.values, kind.table)
    for name in ("see_surroundings", "surroundings_passes", "directions_pass", "fill_controls"):
        yield name, work[0, passes.LIT_ROW, :8]
    yield "exposure_pass", work[0, [passes.EXPOSURE_ROW, passes.EXPOSURE_ROW + 1], :8]
    loop.preview_limits(*tiles, sky, controls[loop.DUTY_CONTROL], False, kind.values, limits)
    for name in ("preview_limits", "limits_passes", "limits_pass"):
        yield name, limits
    fleet, extremes = np.zeros(loop.COLUMNS, dtype=np.int64), np.full(loop.EXTREMES, loop.NO_EXTREME)
    loop.take_step(*tiles, sky, controls, kind.values, fleet, extremes)
    for name in ("take_step", "operation_passes"):
        yield name, carry[:, :8]
    yield "sum_up", fleet
    outcome = run.finish()
    yield "run_block", outcome.carry
    yield "record", outcome.kept
    yield "fleet", outcome.fleet


def neighbour_calls() -> Iterator[tuple[str, object]]:
    """Six satellites from touching to far apart, some in the shadow of others."""
    r_m = np.array([[0.0, 3.0, 12.0, 30.0, 60.0, 200.0], [0.0, 2.0, -3.0, 4.0, 9.0, 30.0], [0.0, 5.0, 9.0, 40.0, -30.0, 90.0]])
    turns = np.linspace(0.0, 1.0, 6)
    zero = np.zeros(6)
    array = np.stack([np.sin(turns), zero, np.cos(turns)])
    side = np.stack([np.cos(turns), zero, -np.sin(turns)])
    plates = neighbours.square_plates(array, side, (np.full(6, 140.0), np.full(6, 30.0)), np.full((2, 2, 6), 0.9))
    emitted = np.linspace(300.0, 700.0, 24).reshape(2, 2, 6)
    sun = np.array([0.1, 0.0, math.sqrt(0.99)])
    pairs = near.within(r_m, 1e3)
    yield "_near", np.concatenate(near.within(r_m, 40.0))
    temps_k, found_w_m2 = np.linspace(250.0, 350.0, 24).reshape(4, 6), np.empty((2, 2, 6))
    neighbours.emit(temps_k, plates.emissivity, np.linspace(0.8, 1.0, 6), found_w_m2)
    yield "emit", found_w_m2.ravel()
    found = neighbours.exchange(r_m, pairs, plates, emitted, sun)
    yield "_sides", plates.along.ravel()
    for name in ("_all_pairs", "_irradiance_w_m2", "_shaded"):
        yield name, np.concatenate((found.absorbed_w_m2.ravel(), found.light))
    turn = np.array([-0.03, 0.0])[:, None] + np.linspace(0.0, 6.0, 6)
    before_m, now_m = 7e6 * np.stack([np.cos(turn), np.sin(turn), np.full((2, 6), 0.3)], axis=1)
    for law in attitude.LAWS:
        slewing = ("ahead", "radial") if law == "slewing" else ()
        yield "_normals", neighbours.normals(before_m, now_m, sun, attitude.attitude(law, 0.02, 0.3, *slewing)).ravel()
