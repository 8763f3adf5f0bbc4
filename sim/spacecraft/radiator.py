"""Radiator surface: the heat that it takes from the Sun, the Earth and the satellite's own array."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from orbit import view_factors
from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4
from orbit.kernels.compile import inlined
from sim.schema import FleetSeries, Total, Variable
from sim.spacecraft.submodel import Setup, Submodel


class Radiator(NamedTuple):
    """Planform area and optical properties of both faces; what each face sees of the array's back, and the back of the radiator."""

    area_m2: float
    emissivity: float
    absorptance: float
    fin_efficiency: float
    view_to_array: float
    view_from_array: float
    array_emissivity: float


class Environment(NamedTuple):
    """Results of `advance`."""

    environment_w: float


def parameters(setup: Setup) -> Radiator:
    """Parameters of the satellite's radiator.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    Radiator
        Parameters.
    """
    r, panel = setup.satellite.thermal.radiator, setup.satellite.power.array
    view = r.view_to_array if r.on_array is None else view_of_array(r.area, panel.area, r.on_array)
    return Radiator(
        area_m2=r.area,
        emissivity=r.emissivity,
        absorptance=r.absorptance,
        fin_efficiency=r.fin_efficiency,
        view_to_array=view,
        view_from_array=view * r.area / panel.area,
        array_emissivity=panel.emissivity_back,
    )


def view_of_array(radiator_m2: float, array_m2: float, mounting: Any) -> float:
    """View factor of a radiator's face to the back of the array on whose middle line it stands, mean of both faces.

    Parameters
    ----------
    radiator_m2, array_m2 : float
        Areas [m2].
    mounting : OnArray
        Widths of both along the middle line [m], gap [m] and angle between the planes [rad].

    Returns
    -------
    float
        View factor, 0 to 1.
    """
    length_m, reach_m = radiator_m2 / mounting.radiator_width, 0.5 * array_m2 / mounting.array_width
    up = np.array([math.cos(mounting.angle), 0.0, math.sin(mounting.angle)])
    along = np.array([0.0, 0.5 * mounting.radiator_width, 0.0])
    middle = (mounting.gap + 0.5 * length_m) * up
    face = view_factors.rectangle(middle, along, 0.5 * length_m * up)
    half = np.array([0.0, 0.5 * mounting.array_width, 0.0])
    factors = []
    for side, corners in ((1.0, face), (-1.0, face[::-1])):
        back = view_factors.rectangle(np.array([side * 0.5 * reach_m, 0.0, 0.0]), np.array([0.5 * reach_m, 0.0, 0.0]), half)
        factors.append(view_factors.polygons(corners, back))
    return 0.5 * sum(factors)


@inlined
def plate_absorbed_w_m2(
    sun_w_m2: float, albedo_w_m2: float, infrared_w_m2: float, view: float, absorptance: float, emissivity: float
) -> float:
    """Heat absorbed by one face: sunlight and albedo by the absorptance, Earth infrared by the emissivity.

    Parameters
    ----------
    sun_w_m2 : float
        Sunlight incident on this face [W/m2], at least 0.
    albedo_w_m2, infrared_w_m2 : float
        Reflected sunlight and Earth infrared per unit view factor [W/m2], at least 0.
    view : float
        View factor of the face to the Earth, 0 to 1.
    absorptance, emissivity : float
        Solar absorptance and infrared emissivity, 0 to 1.

    Returns
    -------
    float
        Heat [W/m2].

    References
    ----------
    [fortescue2011:ch. 11]
    """
    return absorptance * (sun_w_m2 + albedo_w_m2 * view) + emissivity * infrared_w_m2 * view


@inlined
def from_array_w_m2(array_k: float, p: Radiator) -> float:
    """Infrared that one face of the radiator absorbs from the array: two gray surfaces in cold surroundings.

    What both reflect to each other is counted in full: 1 / (1 - reflected there and back).

    Parameters
    ----------
    array_k : float
        Temperature of the array [K].
    p : Radiator
        Parameters of the submodel.

    Returns
    -------
    float
        Heat [W/m2].

    References
    ----------
    [howell2010:ch. 5]
    """
    twice = (1.0 - p.emissivity) * (1.0 - p.array_emissivity) * p.view_to_array * p.view_from_array
    t2 = array_k * array_k
    return p.emissivity * p.array_emissivity * p.view_to_array * STEFAN_BOLTZMANN_W_M2_K4 * t2 * t2 / (1.0 - twice)


@inlined
def advance(state: Any, inputs: Any, illumination: Any, incidence: Any, earth: Any, p: Radiator) -> Environment:
    """Heat absorbed from Sun, Earth, array and neighbours by both faces; sunlight falls on one of them.

    The fin efficiency holds for the net flux, what is absorbed as well as what is emitted.

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
    p : Radiator
        Parameters of the submodel.

    Returns
    -------
    Environment
        Heat [W].
    """
    sunlight = inputs.flux_w_m2 * illumination.lit_fraction * incidence.radiator_incidence
    reflected = earth.albedo_radiator_front_w_m2 + earth.albedo_radiator_back_w_m2  # the coatings are the same
    both = earth.view_radiator_front + earth.view_radiator_back
    absorbed = plate_absorbed_w_m2(sunlight + reflected, 0.0, earth.infrared_w_m2, both, p.absorptance, p.emissivity)
    nearby = inputs.radiator_nearby_w_m2 + 2.0 * from_array_w_m2(state.array_k, p)
    return Environment(p.area_m2 * p.fin_efficiency * (absorbed + nearby))


MODEL = Submodel(
    name="radiator",
    section="satellite.thermal.radiator",
    parameters=parameters,
    advance=advance,
    reads=(
        "inputs.flux_w_m2", "illumination.lit_fraction", "incidence.radiator_incidence", "earth.infrared_w_m2",
        "earth.albedo_radiator_front_w_m2", "earth.albedo_radiator_back_w_m2", "earth.view_radiator_front", "earth.view_radiator_back",
        "state.array_k", "inputs.radiator_nearby_w_m2",
    ),
    writes=(
        Variable(
            "environment_w", "W", "sunlight, albedo, infrared of Earth, array and neighbours absorbed by the radiator", "flux", 0.0, 1e8,
            totals=(Total("environment_j", "J", "heat absorbed from Sun, Earth, array and neighbours", "integral"),),
            fleet=(FleetSeries("environment_w", "sum", "sunlight, albedo, infrared of Earth, array and neighbours absorbed by the radiators"),),
        ),
    ),
    references=("fortescue2011:ch. 11", "howell2010:ch. 5"),
)  # fmt: skip
