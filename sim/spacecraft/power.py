"""Solar array and battery."""

from __future__ import annotations

import math
from typing import NamedTuple

from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4, ZERO_CELSIUS_K
from orbit.kernels.compile import inlined
from sim.spacecraft.submodel import Model

CELL_REFERENCE_K = ZERO_CELSIUS_K + 28.0  # cell efficiencies are quoted at 28 degC


class Array(NamedTuple):
    """A panel; efficiencies and optical properties as shares, temperature_coefficient_per_k below zero."""

    area_m2: float
    packing: float
    cell_efficiency: float
    temperature_coefficient_per_k: float
    absorptance: float
    emissivity_front: float
    emissivity_back: float
    retention: float
    conditioning_efficiency: float


class Battery(NamedTuple):
    """Energy limits [J] and power limits at the bus [W].

    Discharge stops at floor_j; what lies below reserve_j (at least floor_j) is kept for the bus.
    """

    capacity_j: float
    floor_j: float
    reserve_j: float
    charge_efficiency: float
    discharge_efficiency: float
    max_charge_w: float
    max_discharge_w: float


@inlined
def array_yield(cell_temp_k: float, array: Array) -> float:
    """Electrical power at the cells per incident sunlight, share of the panel's area counted in. [fetzer2008]"""
    change = 1.0 + array.temperature_coefficient_per_k * (cell_temp_k - CELL_REFERENCE_K)
    return array.packing * array.cell_efficiency * array.retention * max(0.0, change)


@inlined
def _newton_k(temp_k: float, absorbed_w_m2: float, sun_w_m2: float, emitting_w_m2_k4: float, array: Array) -> float:
    cube = temp_k * temp_k * temp_k
    excess = emitting_w_m2_k4 * cube * temp_k - absorbed_w_m2 + array_yield(temp_k, array) * sun_w_m2
    full = array.packing * array.cell_efficiency * array.retention
    slope = 4.0 * emitting_w_m2_k4 * cube + full * array.temperature_coefficient_per_k * sun_w_m2
    return temp_k - excess / slope


@inlined
def cell_temperature_k(
    sun_w_m2: float,
    albedo_w_m2: float,
    infrared_w_m2: float,
    view_front: float,
    view_back: float,
    array: Array,
) -> float:
    """Temperature [K] at which a loaded panel is in balance with sunlight, albedo and Earth infrared.

    sun_w_m2 and albedo_w_m2 are incident (albedo per unit view factor). What leaves as electricity does not heat the
    panel. Two Newton steps from the balance with the yield at 28 degC leave less than 0.01 K. [fortescue2011:ch. 11]
    """
    emitting = (array.emissivity_front + array.emissivity_back) * STEFAN_BOLTZMANN_W_M2_K4
    infrared = infrared_w_m2 * (array.emissivity_front * view_front + array.emissivity_back * view_back)
    absorbed = array.absorptance * (sun_w_m2 + albedo_w_m2 * (view_front + view_back)) + infrared
    heat = max(1.0, absorbed - array_yield(CELL_REFERENCE_K, array) * sun_w_m2)
    first_k = math.sqrt(math.sqrt(heat / emitting))
    second_k = _newton_k(first_k, absorbed, sun_w_m2, emitting, array)
    return _newton_k(second_k, absorbed, sun_w_m2, emitting, array)


@inlined
def array_power_w(sun_w_m2: float, cell_temp_k: float, array: Array) -> float:
    """Power [W] the array offers at the bus for sunlight incident on it [W/m2], mean over the step."""
    return array.area_m2 * sun_w_m2 * array_yield(cell_temp_k, array) * array.conditioning_efficiency


@inlined
def deliverable_w(charge_j: float, dt_s: float, battery: Battery) -> float:
    """Power [W] the battery can hold at the bus through the step without passing its floor."""
    stored_w = max(0.0, charge_j - battery.floor_j) * battery.discharge_efficiency / dt_s
    return min(battery.max_discharge_w, stored_w)


@inlined
def accelerator_share_w(charge_j: float, dt_s: float, battery: Battery) -> float:
    """Power [W] at the bus that the battery gives to the accelerators, or takes before them (below zero).

    Above the bus's reserve they may draw it down to that line; below it, refilling the reserve comes first.
    """
    spare_w = max(0.0, charge_j - battery.reserve_j) * battery.discharge_efficiency / dt_s
    refill_w = max(0.0, battery.reserve_j - charge_j) / (battery.charge_efficiency * dt_s)
    return min(battery.max_discharge_w, spare_w) - min(battery.max_charge_w, refill_w)


@inlined
def battery_step(
    charge_j: float, generated_w: float, load_w: float, dt_s: float, battery: Battery
) -> tuple[float, float, float, float]:
    """Charge after the step [J]; power lost in conversion, shunted at the array, and not served [W]."""
    surplus_w = generated_w - load_w
    room_w = max(0.0, battery.capacity_j - charge_j) / (battery.charge_efficiency * dt_s)
    taken_w = min(max(0.0, surplus_w), min(battery.max_charge_w, room_w))
    given_w = min(max(0.0, -surplus_w), deliverable_w(charge_j, dt_s, battery))
    charged_w = taken_w * battery.charge_efficiency
    drained_w = given_w / battery.discharge_efficiency
    lost_w = taken_w * (1.0 - battery.charge_efficiency) + given_w * (1.0 / battery.discharge_efficiency - 1.0)
    shunted_w = max(0.0, surplus_w) - taken_w
    unserved_w = max(0.0, -surplus_w) - given_w
    return charge_j + (charged_w - drained_w) * dt_s, lost_w, shunted_w, unserved_w


ARRAY = Model(
    "power.array",
    Array,
    "satellite.power.array",
    reads=("lit_fraction", "flux_w_m2", "array_incidence", "view_factor", "albedo_w_m2"),
    writes=("cell_temp_k", "generated_w"),
    refs=("fetzer2008", "fortescue2011:ch. 11"),
)
BATTERY = Model(
    "power.battery",
    Battery,
    "satellite.power.battery",
    reads=("generated_w", "load_w"),
    writes=("charge_j", "battery_loss_w", "shunted_w", "unserved_w"),
    refs=("fortescue2011:ch. 10",),
)
