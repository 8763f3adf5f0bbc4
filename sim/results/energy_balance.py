"""Where the energy of a run came from and went: section `energy_balance` of summary.json, and how well both balances close."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcome import Outcome
from sim.engine.satellite_params import FleetType
from sim.spacecraft.thermal_response import Nodes

Array = NDArray[np.float64]

FIELDS = (
    "array_absorbed_j", "radiator_absorbed_j", "body_absorbed_j", "offered_j", "aged_cells_j", "shunted_j", "conditioning_j", "battery_loss_j",
    "stored_j", "bus_j", "terminals_j", "heater_j", "battery_heater_j", "pump_j", "conversion_j", "host_j", "idle_j", "leakage_j", "dynamic_j",
    "unserved_j", "array_radiated_j", "radiator_radiated_j", "body_radiated_j", "array_warmed_j", "body_warmed_j", "battery_new_j",
    "battery_full_j",
)  # fmt: skip


def body_warmed_j(outcome: Outcome) -> Array:
    """Change of the heat in the thermal nodes of each satellite.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    ndarray, shape (satellites,)
        Heat [J]; negative where they cooled.
    """
    warmed_j = np.zeros(outcome.type_index.size)
    for node, name in enumerate(Nodes._fields):
        warmed_j += _of_type(outcome, lambda t, node=node: t.heat_capacity_j_k[node]) * (outcome.row(name) - outcome.initial_value(name))  # type: ignore[misc]
    return warmed_j


def array_warmed_j(outcome: Outcome) -> Array:
    """Change of the heat in the array of each satellite.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    ndarray, shape (satellites,)
        Heat [J]; negative where it cooled.
    """
    panel_j_k = _of_type(outcome, lambda t: t.params.panel.heat_capacity_j_m2_k * t.params.panel.area_m2)
    return panel_j_k * (outcome.row("array_k") - outcome.initial_value("array_k"))


def _of_type(outcome: Outcome, value: Callable[[FleetType], float]) -> Array:
    """A parameter of the type of each satellite, (satellites,)."""
    return np.array([value(t) for t in outcome.types], dtype=np.float64)[outcome.type_index]


def closure(outcome: Outcome) -> tuple[float, float]:
    """Largest |in - out - change of store| / in over satellites, electrical and thermal; thermal of body and array.

    What a store gave up on balance counts as in: a short run may lie wholly in eclipse.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    tuple of float
        Electrical and thermal, relative.
    """
    electrical, thermal = zip(*(_closure_of(part) for part in outcome.parts()), strict=True)
    return max(electrical), max(thermal)


def _closure_of(outcome: Outcome) -> tuple[float, float]:
    """The same of a part of the fleet."""
    stored_j = outcome.row("charge_j") - outcome.initial_value("charge_j")
    generated_j = outcome.row("generated_j")
    left_j = generated_j - outcome.row("shunted_j") - outcome.row("served_j") - outcome.row("battery_loss_j") - stored_j
    in_j = outcome.row("heat_j") + outcome.row("environment_j") + outcome.row("structure_environment_j")
    lost_j = in_j - outcome.row("radiated_j") - body_warmed_j(outcome)
    electrical = np.abs(left_j) / np.maximum(generated_j + np.maximum(-stored_j, 0.0), 1.0)
    absorbed_j, out_j = outcome.row("array_absorbed_j"), outcome.row("array_drawn_j") + outcome.row("array_emitted_j")
    array_j = absorbed_j - out_j - array_warmed_j(outcome)
    body, array = np.abs(lost_j) / np.maximum(in_j, 1.0), np.abs(array_j) / np.maximum(absorbed_j, 1.0)
    return float(electrical.max()), float(max(body.max(), array.max()))


def section(outcome: Outcome) -> dict[str, float]:
    """Energies of the fleet over the run.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    dict of str to float
        `FIELDS` [J]. What the cells offer is drawn or shunted; `aged_cells_j` is what new cells would offer beyond it. Loads add up to what was
        served: what was not is taken from the bus first, then from heaters. `stored_j` and those that end in `warmed_j` are changes of stores.
    """
    parts = [_section_of(part) for part in outcome.parts()]
    return {name: math.fsum(part[name] for part in parts) for name in FIELDS}


def _section_of(outcome: Outcome) -> dict[str, float]:
    """The same of a part of the fleet."""
    total = {name: outcome.row(name) for name in (
        "array_absorbed_j", "environment_j", "structure_environment_j", "generated_j", "shunted_j", "conditioning_j", "battery_loss_j", "unserved_j",
        "array_emitted_j", "radiated_j", "structure_radiated_j", "leakage_j")}  # fmt: skip
    offered_j = total["generated_j"] + total["conditioning_j"]
    # what is shunted stays in the cells, so that no conditioning takes a part of it
    retained = _of_type(outcome, lambda t: t.params.array.retention)
    cells_j = total["generated_j"] / _of_type(outcome, lambda t: t.params.array.conditioning_efficiency)
    found = {
        "array_absorbed_j": total["array_absorbed_j"],
        "radiator_absorbed_j": total["environment_j"],
        "body_absorbed_j": total["structure_environment_j"],
        "offered_j": offered_j,
        "aged_cells_j": cells_j * (1.0 / retained - 1.0),
        "shunted_j": total["shunted_j"],
        "conditioning_j": total["conditioning_j"],
        "battery_loss_j": total["battery_loss_j"],
        "stored_j": outcome.row("charge_j") - outcome.initial_value("charge_j"),
        **_loads_j(outcome),
        "unserved_j": total["unserved_j"],
        "array_radiated_j": total["array_emitted_j"],
        "radiator_radiated_j": total["radiated_j"] - total["structure_radiated_j"],
        "body_radiated_j": total["structure_radiated_j"],
        "array_warmed_j": array_warmed_j(outcome),
        "body_warmed_j": body_warmed_j(outcome),
        "battery_new_j": _of_type(outcome, lambda t: t.satellite.power.battery.capacity),
        "battery_full_j": _of_type(outcome, lambda t: t.params.battery.capacity_j),
    }
    return {name: float(found[name].sum()) for name in FIELDS}


def _loads_j(outcome: Outcome) -> dict[str, Array]:
    """Energy that each load was served, of each satellite.

    Bus and idle power are constant while they are on, but for channels of terminals, which are off without a link; the pump takes a
    share of what the accelerators draw behind the bus, and conversion another one. So times and the sum served are enough; arithmetic is the rest.
    """
    available_s, powered_s = outcome.row("available_s"), outcome.row("powered_s")
    asked_j = outcome.row("served_j") + outcome.row("unserved_j")
    heater_j, battery_heater_j = outcome.row("heater_j"), outcome.row("battery_heater_j")
    unlinked_j = _of_type(outcome, lambda t: t.params.compute.channels_w) * outcome.row("unlinked_s")
    both_j = _of_type(outcome, lambda t: t.params.compute.bus_w) * available_s - unlinked_j
    drawn_j = (asked_j - both_j - heater_j - battery_heater_j) / (1.0 + _of_type(outcome, lambda t: t.params.compute.pump_fraction))
    behind_j = drawn_j / _of_type(outcome, lambda t: t.params.compute.per_conversion)
    host_j = _of_type(outcome, lambda t: t.params.compute.host_w) * powered_s
    idle_j = _of_type(outcome, lambda t: t.params.compute.idle_w - t.params.leakage.reference_w) * powered_s
    leakage_j = outcome.row("leakage_j")
    # what is not served is taken from the bus, then from the heaters of battery and coolant (`sim.spacecraft.thermal.machine_heats`)
    left_j = outcome.row("unserved_j")
    served: list[Array] = []
    for load_j in (both_j, battery_heater_j, heater_j):
        cut_j = np.minimum(left_j, load_j)
        served.append(load_j - cut_j)
        left_j = left_j - cut_j
    bus_w = _of_type(outcome, lambda t: t.params.compute.bus_w) - unlinked_j / np.maximum(available_s, 1e-9)
    avionics = np.where(bus_w > 0.0, _of_type(outcome, lambda t: t.satellite.bus.power) / np.where(bus_w > 0.0, bus_w, 1.0), 1.0)
    return {
        "bus_j": served[0] * avionics,
        "terminals_j": served[0] * (1.0 - avionics),
        "heater_j": served[2],
        "battery_heater_j": served[1],
        "pump_j": asked_j - both_j - heater_j - battery_heater_j - drawn_j,
        "conversion_j": drawn_j - behind_j,
        "host_j": host_j,
        "idle_j": idle_j,
        "leakage_j": leakage_j,
        "dynamic_j": behind_j - host_j - idle_j - leakage_j,
    }
