"""What plates see of the Earth: view factors, sunlight reflected by its lit part, infrared by latitude and season."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from orbit.constants import EARTH_RADIUS_M, OBLIQUITY_DEG
from orbit.kernels.compile import inlined
from orbit.kernels.simd import arc, inverse_root, root
from sim.schema import Variable
from sim.spacecraft.submodel import Setup, Submodel

# Coefficients of `lit_cosine`, from tools/build_albedo_fit.py
LIT = (
    0.01766, -0.13966, 0.07746, 0.31585, 0.11098, -0.03193, 0.10645, 0.39273, -0.40847,
    0.01401, -0.00341, -0.01029, 0.14985, 2.98584, 0.97319, -1.9464,
)  # fmt: skip
SIN_OBLIQUITY = math.sin(math.radians(OBLIQUITY_DEG))


class Earth(NamedTuple):
    """Infrared exitance [W/m2] and albedo: means, and their parts by latitude and by season."""

    infrared_w_m2: float
    infrared_zonal_w_m2: float
    infrared_seasonal_w_m2: float
    albedo: float
    albedo_zonal: float
    albedo_seasonal: float


class EarthFlux(NamedTuple):
    """Results of `advance`."""

    albedo_w_m2: float
    infrared_w_m2: float
    view_front: float
    view_back: float
    view_radiator_front: float
    view_radiator_back: float
    albedo_front_w_m2: float
    albedo_back_w_m2: float
    albedo_radiator_front_w_m2: float
    albedo_radiator_back_w_m2: float


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
    e = setup.environment
    return Earth(
        e.earth_infrared, e.infrared_zonal, e.infrared_seasonal, e.albedo, e.albedo_zonal, e.albedo_seasonal
    )


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
    q = root(max(0.0, h * h - 1.0))
    steep = inverse_root(max(1e-30, 1.0 - cos_gamma * cos_gamma))
    facing = cos_gamma * near * near
    # angles of the rim and of the plate's horizon: sines, and cosines that share one root
    rim = min(1.0, q * near * steep)
    cot = min(1.0, max(-1.0, q * cos_gamma * steep))
    beyond = root(max(0.0, 1.0 - h * h * cos_gamma * cos_gamma))
    across = min(1.0, beyond * steep)
    partial = (
        0.5
        - arc(rim, across * near) * (1.0 / math.pi)
        + (cos_gamma * (0.5 * math.pi + arc(cot, across)) - q * beyond) * (near * near * (1.0 / math.pi))
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
def zonal(mean: float, by_latitude: float, by_season: float, sin_latitude: float, sin_declination: float) -> float:
    """A property of the Earth at a latitude and season: the first three Legendre polynomials of the latitude.

    The first polynomial follows the year: its factor is 1 at the December solstice, -1 at that of June.

    Parameters
    ----------
    mean, by_latitude, by_season : float
        Mean over the globe, and factors of the second and of the first polynomial.
    sin_latitude : float
        Sine of the latitude, -1 to 1.
    sin_declination : float
        Sine of the Sun's declination.

    Returns
    -------
    float
        The property there.

    References
    ----------
    [knocke1988:eq. 4, 5]

    Examples
    --------
    >>> zonal(240.0, -61.0, -24.0, 0.0, 0.2)
    270.5
    """
    winter = sin_declination * (-1.0 / SIN_OBLIQUITY)
    return mean + by_latitude * (1.5 * sin_latitude * sin_latitude - 0.5) + by_season * winter * sin_latitude


@inlined
def lit_cosine(cos_gamma: float, on_plate: float, sun_height: float, radius_m: float) -> float:
    """Cosine of the Sun on the ground, mean over what a plate sees of the Earth: night counts as 0.

    Where the whole view is lit, this is the cosine at one point, close to the sub-satellite point and shifted to where the plate
    looks. Where the terminator crosses the view, a parabola takes over. Fitted to the exact integral over the lit part in view:
    times the view factor it is within 0.0045 to 2,000 km, 0.008 beyond (tools/build_albedo_fit.py).

    Parameters
    ----------
    cos_gamma : float
        Cosine of the angle between the normal of the face and nadir, -1 to 1.
    on_plate : float
        Cosine of the angle between the normal of the face and the Sun, -1 to 1.
    sun_height : float
        Cosine of the solar zenith angle at the sub-satellite point, -1 to 1.
    radius_m : float
        Distance from the Earth's centre [m], above the Earth's radius.

    Returns
    -------
    float
        Mean cosine, 0 to about 1.
    """
    near = EARTH_RADIUS_M / radius_m
    h = radius_m * (1.0 / EARTH_RADIUS_M)
    square = max(1e-12, h * h - 1.0)
    per_q = inverse_root(square)
    rim, c = square * per_q * near, cos_gamma
    side = on_plate + c * sun_height  # the Sun along the plate's horizontal direction, by the sine of the tilt
    mean = sun_height * (1.0 - (1.0 - near) * (LIT[0] + c * (LIT[1] + c * LIT[2]) + LIT[3] * rim)) + side * rim * (
        LIT[4] + c * (LIT[5] + c * LIT[6]) + rim * (LIT[7] + c * LIT[8])
    )
    bump = rim * (LIT[9] + LIT[10] * c + LIT[11] * side * side + LIT[12] * rim)
    inside = max(0.0, 1.0 - abs(mean) * (LIT[13] + LIT[14] * side * side + LIT[15] * rim) * (h * per_q))
    return max(0.0, mean) + bump * inside * inside


@inlined
def advance(inputs: Any, illumination: Any, incidence: Any, p: Earth) -> EarthFlux:
    """Infrared and reflected sunlight, and the view factors of array and radiator.

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
    a, i = illumination, incidence
    height = a.radial_x * a.sun_x + a.radial_y * a.sun_y + a.radial_z * a.sun_z
    infrared = zonal(p.infrared_w_m2, p.infrared_zonal_w_m2, p.infrared_seasonal_w_m2, a.radial_z, a.sun_z)
    reflected = inputs.flux_w_m2 * zonal(p.albedo, p.albedo_zonal, p.albedo_seasonal, a.radial_z, a.sun_z)
    front = plate_view_factor(i.array_nadir_cosine, a.radius_m)
    back = back_view_factor(front, i.array_nadir_cosine, a.radius_m)
    radiator = plate_view_factor(i.radiator_nadir_cosine, a.radius_m)
    other = back_view_factor(radiator, i.radiator_nadir_cosine, a.radius_m)
    return EarthFlux(
        albedo_w_m2=reflected * lit_cosine(1.0, -height, height, a.radius_m),
        infrared_w_m2=infrared,
        view_front=front,
        view_back=back,
        view_radiator_front=radiator,
        view_radiator_back=other,
        albedo_front_w_m2=reflected * front * lit_cosine(i.array_nadir_cosine, i.array_front_sun, height, a.radius_m),
        albedo_back_w_m2=reflected * back * lit_cosine(-i.array_nadir_cosine, -i.array_front_sun, height, a.radius_m),
        albedo_radiator_front_w_m2=reflected
        * radiator
        * lit_cosine(i.radiator_nadir_cosine, i.radiator_front_sun, height, a.radius_m),
        albedo_radiator_back_w_m2=reflected
        * other
        * lit_cosine(-i.radiator_nadir_cosine, -i.radiator_front_sun, height, a.radius_m),
    )


MODEL = Submodel(
    name="earth",
    section="environment",
    parameters=parameters,
    advance=advance,
    reads=(
        "inputs.flux_w_m2", "illumination.radial_x", "illumination.radial_y", "illumination.radial_z",
        "illumination.sun_x", "illumination.sun_y", "illumination.sun_z", "illumination.radius_m",
        "incidence.array_nadir_cosine", "incidence.array_front_sun", "incidence.radiator_nadir_cosine",
        "incidence.radiator_front_sun",
    ),
    writes=(
        Variable("albedo_w_m2", "W/m2", "sunlight reflected by the Earth, per unit view factor of a face towards nadir", "flux", 0.0, 1430.0),
        Variable("infrared_w_m2", "W/m2", "the Earth's infrared, per unit view factor", "flux", 0.0, 500.0),
        Variable("view_front", "1", "view factor of the array's front to the Earth", "flux", 0.0, 1.0),
        Variable("view_back", "1", "view factor of the array's back to the Earth", "flux", 0.0, 1.0),
        Variable("view_radiator_front", "1", "view factor of the radiator's front to the Earth", "flux", 0.0, 1.0),
        Variable("view_radiator_back", "1", "view factor of the radiator's back to the Earth", "flux", 0.0, 1.0),
        Variable("albedo_front_w_m2", "W/m2", "reflected sunlight on the array's front", "flux", 0.0, 1430.0),
        Variable("albedo_back_w_m2", "W/m2", "reflected sunlight on the array's back", "flux", 0.0, 1430.0),
        Variable("albedo_radiator_front_w_m2", "W/m2", "reflected sunlight on the radiator's front", "flux", 0.0, 1430.0),
        Variable("albedo_radiator_back_w_m2", "W/m2", "reflected sunlight on the radiator's back", "flux", 0.0, 1430.0),
    ),
    references=("howell2010", "loeb2018", "knocke1988:eq. 4, 5"),
)  # fmt: skip
