"""Book-keeping of a run, from the totals of each satellite; and the small scenarios that the tests of the loop share.

Every balance is |in - out - change of store| / in, per satellite.
"""

from __future__ import annotations

import numpy as np

from orbit.constants import AU_M, SOLAR_CONSTANT_W_M2, STEFAN_BOLTZMANN_W_M2_K4
from orbit.environment import sun_position_m
from sim.config import scenario
from sim.engine.outcome import Outcome
from sim.spacecraft import thermal
from sim.spacecraft.step import ROWS
from sim.spacecraft.thermal_response import Nodes

RECORDED = {r.variable.name: n for n, r in enumerate(ROWS.recorded)}  # of the recorder's values
ALONE = ("workloads=[{kind: independent}]", "links=", "economics=")  # nothing joins satellites
# what the links of the shipped scenario would add: four terminals of 20 W with 24 channels of 15 W, whose heat keeps structure and
# battery at the temperatures that they are made for
TERMINALS_W = 4 * (20.0 + 24 * 15.0)


def ring(local_time: str = "12:00", satellites: int = 8, altitude_km: float = 650.0) -> str:
    """An override that flies a sun-synchronous ring instead of whatever the scenario has."""
    return f"constellation={{kind: ring, altitude: {altitude_km:g} km, local_time: '{local_time}', satellites: {satellites}}}"


def load(*sets: str, events: tuple[str, ...] = (), name: str = "suncatcher") -> scenario.Loaded:
    """The shipped scenario without stations and from a full battery, with overrides."""
    return scenario.load(name, sets=("ground.stations=[]", "initial=full", "allow_infeasible=true", *ALONE, *_terminals(name), *sets), events=events)


def _terminals(name: str) -> tuple[str, ...]:
    return (f"satellite.bus.terminals={TERMINALS_W:g} W",) if name == "suncatcher" else ()


def chip(*sets: str) -> tuple[str, ...]:
    """Overrides of accelerator fields, on top of the item the satellite names; without leakage and soft errors, for closed forms."""
    bare = ("satellite.accelerator={extends: tpu-v6e}", "satellite.accelerator.leakage=null", "satellite.accelerator.radiation=null")
    return (*bare, *(f"satellite.accelerator.{s}" for s in sets))


def _change(outcome: Outcome) -> tuple[np.ndarray, np.ndarray]:
    """Change of charge and of stored heat [J]."""
    loaded, carry = outcome.loaded, outcome.carry
    charge = carry[ROWS.carried["charge_j"]] - outcome.initial_value("charge_j")
    capacities = thermal.network(loaded.scenario.satellite).heat_capacity_j_k
    warmed = np.stack([carry[ROWS.carried[name]] - outcome.initial_value(name) for name in Nodes._fields])
    return charge, capacities @ warmed


def _array(outcome: Outcome) -> np.ndarray:
    """Residual of the panel's own balance, relative to the heat that it absorbs."""
    array = outcome.loaded.scenario.satellite.power.array
    warmed = outcome.row("array_k") - outcome.initial_value("array_k")
    absorbed = outcome.row("array_absorbed_j")
    left = absorbed - outcome.row("array_drawn_j") - outcome.row("array_emitted_j") - array.heat_capacity * array.area * warmed
    return np.abs(left) / np.maximum(absorbed, 1.0)


def closures(outcome: Outcome) -> dict[str, float]:
    """Largest relative residual over satellites of each balance, and of the ledger against the duration."""
    c, duration = outcome.carry, outcome.grid.duration_s
    charge, heat = _change(outcome)
    generated, shunted, served, lost = (
        c[r] for r in (ROWS.carried["generated_j"], ROWS.carried["shunted_j"], ROWS.carried["served_j"], ROWS.carried["battery_loss_j"])
    )
    # a satellite that only sits in the dark with an empty battery takes nothing in: against 1 % of its battery then
    least = 0.01 * outcome.loaded.scenario.satellite.power.battery.capacity
    electrical_in = np.maximum(generated + np.maximum(0.0, -charge), least)
    outside = c[ROWS.carried["environment_j"]] + c[ROWS.carried["structure_environment_j"]]
    thermal_in = c[ROWS.carried["heat_j"]] + outside + np.maximum(0.0, -heat)
    conditioned = c[ROWS.carried["conditioning_j"]]
    taken = generated - shunted
    ledger = sum(c[row] for row in ROWS.ledger.values())
    return {
        "electrical": float(np.max(np.abs(generated - shunted - served - lost - charge) / electrical_in)),
        "thermal": float(
            np.max(np.abs(c[ROWS.carried["heat_j"]] + outside - c[ROWS.carried["radiated_j"]] - heat) / thermal_in)
        ),
        "array": float(np.max(_array(outcome))),
        # all electricity that is neither shunted nor stored ends as heat in the satellite; so does what conditioning loses
        "conversion": float(np.max(np.abs(served + lost + conditioned - c[ROWS.carried["heat_j"]]) / np.maximum(served + lost, 1.0))),
        "conditioning": float(np.max(np.abs(c[ROWS.carried["array_drawn_j"]] - taken - conditioned) / np.maximum(taken, 1.0))),
        "body": _body(outcome),
        "ledger": float(np.max(np.abs(ledger / duration - 1.0))),
    }


def _body(outcome: Outcome) -> float:
    """Residual of the heat that the structure emits, by hand from its recorded temperatures; 0 where not every step is recorded."""
    if outcome.stride != 1 or outcome.kept_satellites.size < outcome.satellites:
        return 0.0
    surface = outcome.loaded.scenario.satellite.thermal.structure
    fourth_k4_s = (outcome.kept[:, RECORDED["structure_k"]] ** 4).sum(axis=0) * outcome.grid.step_s
    emitted = surface.emissivity * STEFAN_BOLTZMANN_W_M2_K4 * surface.area * fourth_k4_s
    return float(np.max(np.abs(outcome.row("structure_radiated_j") / emitted - 1.0)))


def parts(outcome: Outcome, light: float, array_w_m2: float, radiator_w_m2: float) -> dict[str, float]:
    """Largest relative residual over satellites of what single parts take in, by hand.

    For satellites in full sunlight that no Earth warms, with accelerators off, a radiator that absorbs no light and a battery
    that conducts nothing; neighbours leave `light` on the array, which faces the Sun, and warm array and radiator.
    """
    assert outcome.stride == 1
    satellite = outcome.loaded.scenario.satellite
    array, battery, radiator = satellite.power.array, satellite.power.battery, satellite.thermal.radiator
    step_s, steps = outcome.grid.step_s, outcome.grid.steps
    loads_j = (satellite.bus.power + TERMINALS_W) * outcome.row("available_s") + outcome.row("heater_j") + outcome.row("battery_heater_j")
    pack_j = battery.capacity / battery.specific_energy * battery.specific_heat * (outcome.row("battery_k") - outcome.initial_value("battery_k"))
    sunlight = SOLAR_CONSTANT_W_M2 * (AU_M / np.linalg.norm(sun_position_m(*outcome.grid.jd_fr(1, steps)), axis=1)) ** 2
    on_array = array.absorptance * light * np.cos(satellite.attitude.pointing_error) * float(sunlight.sum()) + steps * array_w_m2
    # the array as each step begins; what both plates reflect to each other counts in full
    array_k = np.concatenate((outcome.initial_value("array_k")[np.newaxis], outcome.kept[:-1, RECORDED["array_k"]]))
    view, back = radiator.view_to_array, radiator.view_to_array * radiator.area / array.area
    twice = (1.0 - radiator.emissivity) * (1.0 - array.emissivity_back) * view * back
    seen = 2.0 * radiator.emissivity * array.emissivity_back * view * STEFAN_BOLTZMANN_W_M2_K4 * (array_k**4).sum(axis=0) / (1.0 - twice)
    expected = {
        "loads": (outcome.row("served_j") + outcome.row("unserved_j"), loads_j),
        "battery": (outcome.row("battery_loss_j") + outcome.row("battery_heater_j"), pack_j),
        "array outside": (outcome.row("array_absorbed_j"), np.array(array.area * step_s * on_array)),
        "radiator outside": (outcome.row("environment_j"), radiator.fin_efficiency * radiator.area * step_s * (seen + steps * radiator_w_m2)),
    }
    return {name: float(np.max(np.abs(ours / theirs - 1.0))) for name, (ours, theirs) in expected.items()}


def shares(outcome: Outcome) -> dict[str, np.ndarray]:
    """Rows of the ledger per satellite, shares of nameplate."""
    return {cause: outcome.carry[row] / outcome.grid.duration_s for cause, row in ROWS.ledger.items()}
