"""Solar array: the power that it offers at the bus, at the temperature of its cells."""

from __future__ import annotations

from typing import Any, NamedTuple

from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4, ZERO_CELSIUS_K
from orbit.kernels.compile import inlined
from orbit.kernels.simd import exponential
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
    heat_capacity_j_m2_k: float
    step_s: float
    survives: float  # 1.0 where array and battery stay on the bus of a satellite that is not available


class ArrayPower(NamedTuple):
    """Results of `advance`; `relaxed` and `lagged` are integrals of the panel's decay, see `decay`."""

    array_mean_k: float
    generated_w: float
    absorbed_w_m2: float
    relaxed: float
    lagged: float


def parameters(setup: Setup) -> Array:
    """Parameters of the satellite's array.

    The array stays on the bus of a lost satellite where there is a survival heater.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    Array
        Parameters.
    """
    a = setup.satellite.power.array
    return Array(
        area_m2=a.area, packing=a.packing, cell_efficiency=a.cell_efficiency,
        temperature_coefficient_per_k=a.temperature_coefficient, absorptance=a.absorptance,
        emissivity_front=a.emissivity_front, emissivity_back=a.emissivity_back, retention=a.retained,
        conditioning_efficiency=a.conditioning_efficiency, heat_capacity_j_m2_k=a.heat_capacity, step_s=setup.step_s,
        survives=float(setup.satellite.thermal.heater is not None),
    )  # fmt: skip


@inlined
def array_yield(cell_temp_k: float, array: Array) -> float:
    """Electrical power of the cells over the sunlight that reaches the panel.

    Parameters
    ----------
    cell_temp_k : float
        Temperature of the cells [K].
    array : Array
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
def emission_w_m2_k4(array: Array) -> float:
    """Emission of both faces of the panel over T^4.

    Parameters
    ----------
    array : Array
        Parameters of the submodel.

    Returns
    -------
    float
        Coefficient [W/(m2 K4)].
    """
    return (array.emissivity_front + array.emissivity_back) * STEFAN_BOLTZMANN_W_M2_K4


@inlined
def decay(array_k: float, array: Array) -> tuple[float, float]:
    """Decay of the panel over the step along the tangent of its emission, and the integrals of that decay.

    With z the step over the time constant: (1 - e^-z) / z is the share of a constant rate that is left at the end of the
    step, (1 - that) / z the same on average over it.

    Parameters
    ----------
    array_k : float
        Temperature at the beginning of the step [K].
    array : Array
        Parameters of the submodel.

    Returns
    -------
    relaxed, lagged : float
        The two shares.

    References
    ----------
    [cox2002:eqs. 4, 22]
    """
    slope = 4.0 * emission_w_m2_k4(array) * array_k * array_k * array_k
    z = max(slope * (array.step_s / array.heat_capacity_j_m2_k), 1e-30)
    inverse = 1.0 / z
    relaxed = (1.0 - exponential(-min(z, 60.0))) * inverse
    return relaxed, (1.0 - relaxed) * inverse


@inlined
def absorbed_w_m2(
    sun_w_m2: float, albedo_w_m2: float, infrared_w_m2: float, view_front: float, view_back: float, array: Array
) -> float:
    """Heat that both faces take from sunlight, albedo and Earth infrared, before any is turned into electricity.

    Parameters
    ----------
    sun_w_m2 : float
        Sunlight incident on the front [W/m2], at least 0.
    albedo_w_m2 : float
        Reflected sunlight on both faces together [W/m2], at least 0.
    infrared_w_m2 : float
        Earth infrared per unit view factor [W/m2], at least 0.
    view_front, view_back : float
        View factors of both faces to the Earth, 0 to 1.
    array : Array
        Parameters of the submodel.

    Returns
    -------
    float
        Heat [W/m2].

    References
    ----------
    [fortescue2011:ch. 11]
    """
    infrared = infrared_w_m2 * (array.emissivity_front * view_front + array.emissivity_back * view_back)
    return array.absorptance * (sun_w_m2 + albedo_w_m2) + infrared


@inlined
def array_power_w(sun_w_m2: float, cell_temp_k: float, array: Array) -> float:
    """Power that the array offers at the bus.

    Parameters
    ----------
    sun_w_m2 : float
        Sunlight incident on the array [W/m2], mean over the step, at least 0.
    cell_temp_k : float
        Temperature of the cells [K].
    array : Array
        Parameters of the submodel.

    Returns
    -------
    float
        Power [W].
    """
    return array.area_m2 * sun_w_m2 * array_yield(cell_temp_k, array) * array.conditioning_efficiency


@inlined
def advance(state: Any, inputs: Any, illumination: Any, incidence: Any, earth: Any, p: Array) -> ArrayPower:
    """Power that the array offers in the step, at the mean temperature of its cells under full load.

    A panel that leaves the shadow is cold and gives more than a warm one. What is not taken stays in the panel as heat
    (`sim.spacecraft.panel`), so that its temperature at the end of the step is that of what was really drawn.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    illumination : Illumination
        Sunlight and directions in the step.
    incidence : Incidence
        Cosines of incidence on array and radiator.
    earth : EarthFlux
        Albedo, infrared and view factors.
    p : Array
        Parameters of the submodel.

    Returns
    -------
    ArrayPower
        Mean temperature [K], power [W], absorbed heat [W/m2] and integrals of the decay.
    """
    sunlight = inputs.flux_w_m2 * illumination.lit_fraction * incidence.array_incidence * inputs.array_light
    reflected = earth.albedo_front_w_m2 + earth.albedo_back_w_m2
    of_earth = absorbed_w_m2(sunlight, reflected, earth.infrared_w_m2, earth.view_front, earth.view_back, p)
    absorbed = of_earth + inputs.array_nearby_w_m2
    relaxed, lagged = decay(state.array_k, p)
    online = max(inputs.available, p.survives * inputs.bus_available)
    t2 = state.array_k * state.array_k
    net_w_m2 = absorbed - online * array_yield(state.array_k, p) * sunlight - emission_w_m2_k4(p) * t2 * t2
    mean_k = state.array_k + (p.step_s / p.heat_capacity_j_m2_k) * net_w_m2 * lagged
    return ArrayPower(mean_k, online * array_power_w(sunlight, mean_k, p), absorbed, relaxed, lagged)


MODEL = Submodel(
    name="array",
    section="satellite.power.array",
    parameters=parameters,
    advance=advance,
    reads=(
        "state.array_k", "inputs.flux_w_m2", "inputs.available", "inputs.bus_available", "inputs.array_light", "inputs.array_nearby_w_m2",
        "illumination.lit_fraction",
        "incidence.array_incidence", "earth.albedo_front_w_m2", "earth.albedo_back_w_m2", "earth.infrared_w_m2",
        "earth.view_front", "earth.view_back",
    ),
    writes=(
        Variable("array_mean_k", "K", "temperature of the cells under full load, mean over the step", "flux", 50.0, 500.0),
        Variable(
            "generated_w", "W", "power that the array offers at the bus, mean over the step", "flux", 0.0, 1e9,
            totals=(Total("generated_j", "J", "energy that the array offered", "integral", "power.array_w_mean", "duration"),),
            fleet=(FleetSeries("generated_w", "sum", "power that the arrays on the bus offer, fleet total, mean over the step"),),
            recorded=(SatelliteSeries("sat_generated_w", "power the array offers, mean over the step"),),
        ),
        Variable("absorbed_w_m2", "W/m2", "heat that the panel takes from Sun and Earth, before electricity is drawn", "flux", 0.0, 3000.0),
        Variable("relaxed", "1", "share of a constant rate of change of the panel that is left at the end of the step", "flux", 0.0, 1.0),
        Variable("lagged", "1", "the same on average over the step", "flux", 0.0, 0.5),
    ),
    references=("fetzer2008", "fortescue2011:ch. 11", "cox2002:eqs. 4, 22"),
)  # fmt: skip
