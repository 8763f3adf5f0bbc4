"""Outer surface of the bus structure: the heat that it takes from the Sun and the Earth.

The body stands for its walls on average: sunlight falls on a quarter of its surface, and its view of the Earth is that of
a sphere.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from orbit.constants import EARTH_RADIUS_M
from orbit.kernels.compile import inlined
from orbit.kernels.simd import root
from sim.schema import Total, Variable
from sim.spacecraft.submodel import Setup, Submodel


class Surface(NamedTuple):
    """Outer surface of the body and its optical properties."""

    area_m2: float
    emissivity: float
    absorptance: float


class StructureHeat(NamedTuple):
    """Results of `advance`."""

    structure_environment_w: float


def parameters(setup: Setup) -> Surface:
    """Parameters of the satellite's structure.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    Surface
        Parameters.
    """
    s = setup.satellite.thermal.structure
    return Surface(s.area, s.emissivity, s.absorptance)


@inlined
def body_view_factor(radius_m: float) -> float:
    """View factor of a small sphere to the Earth.

    Parameters
    ----------
    radius_m : float
        Distance from the Earth's centre [m], above the Earth's radius.

    Returns
    -------
    float
        View factor, 0 to 0.5.

    References
    ----------
    [howell2010]

    Examples
    --------
    >>> round(body_view_factor(2.0 * EARTH_RADIUS_M), 12)
    0.066987298108
    """
    near = EARTH_RADIUS_M / radius_m
    return 0.5 * (1.0 - root(max(0.0, 1.0 - near * near)))


@inlined
def advance(inputs: Any, illumination: Any, earth: Any, p: Surface) -> StructureHeat:
    """Heat absorbed by the body.

    Parameters
    ----------
    inputs : Inputs
        Inputs of the step.
    illumination : Illumination
        Sunlight and directions in the step.
    earth : EarthFlux
        Albedo and infrared of the Earth.
    p : Surface
        Parameters of the submodel.

    Returns
    -------
    StructureHeat
        Heat [W].
    """
    view = body_view_factor(illumination.radius_m)
    light = 0.25 * inputs.flux_w_m2 * illumination.lit_fraction + view * earth.albedo_w_m2
    return StructureHeat(p.area_m2 * (p.absorptance * light + p.emissivity * view * earth.infrared_w_m2))


MODEL = Submodel(
    name="structure",
    section="satellite.thermal.structure",
    parameters=parameters,
    advance=advance,
    reads=(
        "inputs.flux_w_m2", "illumination.lit_fraction", "illumination.radius_m", "earth.albedo_w_m2", "earth.infrared_w_m2",
    ),
    writes=(
        Variable(
            "structure_environment_w", "W", "sunlight, albedo and Earth infrared absorbed by the structure", "flux", 0.0, 1e8,
            totals=(Total("structure_environment_j", "J", "heat that the structure absorbed from Sun and Earth", "integral"),),
        ),
    ),
    references=("howell2010", "fortescue2011:ch. 11"),
)  # fmt: skip
