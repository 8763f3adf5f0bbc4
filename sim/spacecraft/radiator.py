"""Radiator surface: the heat that it takes from the Sun and the Earth."""

from __future__ import annotations

from typing import Any, NamedTuple

from orbit.kernels.compile import inlined
from sim.schema import FleetSeries, Total, Variable
from sim.spacecraft.submodel import Setup, Submodel


class Radiator(NamedTuple):
    """Planform area and optical properties of both faces."""

    area_m2: float
    emissivity: float
    absorptance: float


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
    r = setup.satellite.thermal.radiator
    return Radiator(area_m2=r.area, emissivity=r.emissivity, absorptance=r.absorptance)


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
def advance(inputs: Any, illumination: Any, incidence: Any, earth: Any, p: Radiator) -> Environment:
    """Heat absorbed from Sun and Earth by both faces; sunlight falls on one of them.

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
    return Environment(p.area_m2 * absorbed)


MODEL = Submodel(
    name="radiator",
    section="satellite.thermal.radiator",
    parameters=parameters,
    advance=advance,
    reads=(
        "inputs.flux_w_m2", "illumination.lit_fraction", "incidence.radiator_incidence", "earth.infrared_w_m2",
        "earth.albedo_radiator_front_w_m2", "earth.albedo_radiator_back_w_m2", "earth.view_radiator_front", "earth.view_radiator_back",
    ),
    writes=(
        Variable(
            "environment_w", "W", "sunlight, albedo and Earth infrared absorbed by the radiator", "flux", 0.0, 1e8,
            totals=(Total("environment_j", "J", "heat absorbed from Sun and Earth", "integral"),),
            fleet=(FleetSeries("environment_w", "sum", "sunlight, albedo and Earth infrared absorbed by the radiators"),),
        ),
    ),
    references=("fortescue2011:ch. 11",),
)  # fmt: skip
