"""What plates see of the Earth: view factors, reflected sunlight, infrared."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from orbit.constants import EARTH_RADIUS_M
from orbit.kernels.compile import inlined
from orbit.kernels.simd import arc
from sim.schema import Variable
from sim.spacecraft.submodel import Setup, Submodel


class Earth(NamedTuple):
    """Mean infrared exitance and Bond albedo."""

    infrared_w_m2: float
    albedo: float


class EarthFlux(NamedTuple):
    """Results of `advance`."""

    albedo_w_m2: float
    infrared_w_m2: float
    view_front: float
    view_back: float
    view_radiator_front: float
    view_radiator_back: float


def parameters(setup: Setup) -> Earth:
    """Infrared exitance and albedo of the scenario's environment.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    Earth
        Parameters.
    """
    return Earth(setup.environment.earth_infrared, setup.environment.albedo)


@inlined
def plate_view_factor(cos_gamma: float, radius_m: float) -> float:
    """View factor of one face of a small plate to the Earth.

    Parameters
    ----------
    cos_gamma : float
        Cosine of the angle between the normal of the face and nadir, -1 to 1.
    radius_m : float
        Distance from the Earth's centre [m], above the Earth's radius.

    Returns
    -------
    float
        View factor, 0 to 1; 0 where the whole Earth is behind the face.

    References
    ----------
    [howell2010]

    Examples
    --------
    A face that looks straight down sees (R / r)^2:

    >>> round(plate_view_factor(1.0, 2.0 * EARTH_RADIUS_M), 12), plate_view_factor(-1.0, 7e6)
    (0.25, 0.0)
    """
    # H distance in Earth radii, near its inverse, q half-width of the disc's rim: sqrt(H^2 - 1)
    near = EARTH_RADIUS_M / radius_m
    h = radius_m * (1.0 / EARTH_RADIUS_M)
    q = math.sqrt(max(0.0, h * h - 1.0))
    steep = 1.0 / math.sqrt(max(1e-30, 1.0 - cos_gamma * cos_gamma))
    facing = cos_gamma * near * near
    # angles of the rim and of the plate's horizon: sines, and cosines that share one root
    rim = min(1.0, q * near * steep)
    cot = min(1.0, max(-1.0, q * cos_gamma * steep))
    root = math.sqrt(max(0.0, 1.0 - h * h * cos_gamma * cos_gamma))
    across = min(1.0, root * steep)
    partial = (
        0.5
        - arc(rim, across * near) * (1.0 / math.pi)
        + (cos_gamma * (0.5 * math.pi + arc(cot, across)) - q * root) * (near * near * (1.0 / math.pi))
    )
    # the rim of the disc lies wholly on one side of the plate where |cos gamma| >= 1 / H
    return facing if cos_gamma * h >= 1.0 else (0.0 if cos_gamma * h <= -1.0 else partial)


@inlined
def back_view_factor(front: float, cos_gamma: float, radius_m: float) -> float:
    """View factor of the other face of a plate.

    Both faces of a plate together see the whole disc: F(g) - F(pi - g) = cos(g) / H^2, with H the distance in Earth
    radii.

    Parameters
    ----------
    front : float
        View factor of the front.
    cos_gamma : float
        Cosine of the angle between the normal of the front and nadir, -1 to 1.
    radius_m : float
        Distance from the Earth's centre [m].

    Returns
    -------
    float
        View factor, 0 to 1.
    """
    near = EARTH_RADIUS_M / radius_m
    return max(0.0, front - cos_gamma * near * near)


@inlined
def albedo_flux_w_m2(flux_w_m2: float, sun_height: float, earth: Earth) -> float:
    """Sunlight reflected by the Earth below, per unit view factor.

    The cosine at the sub-satellite point stands for the whole disc in view.

    Parameters
    ----------
    flux_w_m2 : float
        Sunlight at the Sun's distance [W/m2].
    sun_height : float
        Cosine of the solar zenith angle at the sub-satellite point, -1 to 1.
    earth : Earth
        Parameters of the submodel.

    Returns
    -------
    float
        Flux [W/m2].
    """
    return earth.albedo * flux_w_m2 * max(0.0, sun_height)


@inlined
def advance(inputs: Any, illumination: Any, incidence: Any, p: Earth) -> EarthFlux:
    """Albedo and infrared per unit view factor, and the view factors of array and radiator.

    Parameters
    ----------
    inputs : Inputs
        Inputs of the step.
    illumination : Illumination
        Sunlight and directions in the step.
    incidence : Incidence
        Normals of array and radiator.
    p : Earth
        Parameters of the submodel.

    Returns
    -------
    EarthFlux
        Fluxes [W/m2] and view factors.
    """
    a = illumination
    height = a.radial_x * a.sun_x + a.radial_y * a.sun_y + a.radial_z * a.sun_z
    front = plate_view_factor(incidence.array_nadir_cosine, a.radius_m)
    back = back_view_factor(front, incidence.array_nadir_cosine, a.radius_m)
    radiator = plate_view_factor(incidence.radiator_nadir_cosine, a.radius_m)
    other = back_view_factor(radiator, incidence.radiator_nadir_cosine, a.radius_m)
    return EarthFlux(albedo_flux_w_m2(inputs.flux_w_m2, height, p), p.infrared_w_m2, front, back, radiator, other)


MODEL = Submodel(
    name="earth",
    section="environment",
    parameters=parameters,
    advance=advance,
    reads=(
        "inputs.flux_w_m2", "illumination.radial_x", "illumination.radial_y", "illumination.radial_z",
        "illumination.sun_x", "illumination.sun_y", "illumination.sun_z", "illumination.radius_m",
        "incidence.array_nadir_cosine", "incidence.radiator_nadir_cosine",
    ),
    writes=(
        Variable("albedo_w_m2", "W/m2", "sunlight reflected by the Earth below, per unit view factor", "flux", 0.0, 1430.0),
        Variable("infrared_w_m2", "W/m2", "the Earth's infrared, per unit view factor", "flux", 0.0, 500.0),
        Variable("view_front", "1", "view factor of the array's front to the Earth", "flux", 0.0, 1.0),
        Variable("view_back", "1", "view factor of the array's back to the Earth", "flux", 0.0, 1.0),
        Variable("view_radiator_front", "1", "view factor of the radiator's front to the Earth", "flux", 0.0, 1.0),
        Variable("view_radiator_back", "1", "view factor of the radiator's back to the Earth", "flux", 0.0, 1.0),
    ),
    references=("howell2010", "loeb2018"),
)  # fmt: skip
