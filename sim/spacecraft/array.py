"""Solar array: cell temperature and the power it offers at the bus."""

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


MODEL = Model(
    "array",
    Array,
    "satellite.power.array",
    reads=("lit_fraction", "flux_w_m2", "array_incidence", "view_factor", "albedo_w_m2"),
    writes=("cell_temp_k", "generated_w"),
    refs=("fetzer2008", "fortescue2011:ch. 11"),
)
