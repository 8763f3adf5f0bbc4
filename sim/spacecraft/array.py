"""Solar array: cell temperature and the power it offers at the bus."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4, ZERO_CELSIUS_K
from orbit.kernels.compile import inlined
from sim.schema import FleetSeries, SatelliteSeries, Total, Variable
from sim.spacecraft.submodel import Setup, Submodel

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
    survives: float  # 1.0 where array and battery stay on the bus of a satellite that is not available


class ArrayPower(NamedTuple):
    """Results of `advance`."""

    cell_k: float
    generated_w: float


def parameters(setup: Setup) -> Array:
    """Parameters of the satellite's array.

    The array stays on the bus of a lost satellite where there is a survival heater.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    ndarray
        Parameters.
    """
    a = setup.satellite.power.array
    return Array(
        area_m2=a.area, packing=a.packing, cell_efficiency=a.cell_efficiency,
        temperature_coefficient_per_k=a.temperature_coefficient, absorptance=a.absorptance,
        emissivity_front=a.emissivity_front, emissivity_back=a.emissivity_back, retention=a.retention,
        conditioning_efficiency=a.conditioning_efficiency, survives=float(setup.satellite.thermal.heater is not None),
    )  # fmt: skip


@inlined
def array_yield(cell_temp_k: float, array: Array) -> float:
    """Electrical power of the cells over the sunlight that reaches the panel.

    Parameters
    ----------
    cell_temp_k : float
        Temperature of the cells [K].
    array : ndarray
        Parameters of the submodel.

    Returns
    -------
    float
        Efficiency of the panel's area, 0 to 1.

    References
    ----------
    [fetzer2008]
    """
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
    sun_w_m2: float, albedo_w_m2: float, infrared_w_m2: float, view_front: float, view_back: float, array: Array
) -> float:
    """Temperature at which a loaded panel balances sunlight, albedo and Earth infrared.

    Without heat capacity: panels of 3 kg/m2 settle within minutes. Two Newton steps from the balance at 28 degC leave
    less than 0.01 K.

    Parameters
    ----------
    sun_w_m2 : float
        Sunlight incident on the front [W/m2], at least 0.
    albedo_w_m2, infrared_w_m2 : float
        Reflected sunlight and Earth infrared per unit view factor [W/m2], at least 0.
    view_front, view_back : float
        View factors of both faces to the Earth, 0 to 1.
    array : ndarray
        Parameters of the submodel.

    Returns
    -------
    float
        Temperature [K].

    References
    ----------
    [fortescue2011:ch. 11]
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
    """Power that the array offers at the bus.

    Parameters
    ----------
    sun_w_m2 : float
        Sunlight incident on the array [W/m2], mean over the step, at least 0.
    cell_temp_k : float
        Temperature of the cells [K].
    array : ndarray
        Parameters of the submodel.

    Returns
    -------
    float
        Power [W].
    """
    return array.area_m2 * sun_w_m2 * array_yield(cell_temp_k, array) * array.conditioning_efficiency


@inlined
def advance(inputs: Any, illumination: Any, incidence: Any, earth: Any, p: Array) -> ArrayPower:
    """Cell temperature and power of the array in the step.

    Parameters
    ----------
    inputs : Inputs
        Inputs of the step.
    illumination : Illumination
        Sunlight and directions in the step.
    incidence : Incidence
        Cosines of incidence on array and radiator.
    earth : EarthFlux
        Albedo, infrared and view factors.
    p : ndarray
        Parameters of the submodel.

    Returns
    -------
    ArrayPower
        Temperature [K] and power [W].
    """
    sunlight = inputs.flux_w_m2 * illumination.lit_fraction * incidence.array_incidence
    cell_k = cell_temperature_k(sunlight, earth.albedo_w_m2, earth.infrared_w_m2, earth.view_front, earth.view_back, p)
    online = max(inputs.available, p.survives * inputs.bus_available)
    return ArrayPower(cell_k, online * array_power_w(sunlight, cell_k, p))


MODEL = Submodel(
    name="array",
    section="satellite.power.array",
    parameters=parameters,
    advance=advance,
    reads=(
        "inputs.flux_w_m2", "inputs.available", "inputs.bus_available", "illumination.lit_fraction",
        "incidence.array_incidence", "earth.albedo_w_m2", "earth.infrared_w_m2", "earth.view_front",
        "earth.view_back",
    ),
    writes=(
        Variable("cell_k", "K", "temperature of the cells", "flux", 50.0, 450.0),
        Variable(
            "generated_w", "W", "power that the array offers at the bus, mean over the step", "flux", 0.0, 1e9,
            totals=(Total("generated_j", "J", "energy that the array offered", "integral", "power.array_w_mean", "duration"),),
            fleet=(FleetSeries("generated_w", "sum", "power that the arrays on the bus offer, fleet total, mean over the step"),),
            recorded=(SatelliteSeries("sat_generated_w", "power the array offers, mean over the step"),),
        ),
    ),
    references=("fetzer2008", "fortescue2011:ch. 11"),
)  # fmt: skip
