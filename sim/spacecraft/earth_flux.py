"""What a plate sees of the Earth: view factor, reflected sunlight, infrared."""

from __future__ import annotations

import math
from typing import NamedTuple

from orbit.constants import EARTH_RADIUS_M
from orbit.kernels.compile import inlined
from orbit.kernels.simd import arccos, arcsin
from sim.spacecraft.submodel import Model


class Earth(NamedTuple):
    """Mean infrared exitance and Bond albedo."""

    infrared_w_m2: float
    albedo: float


@inlined
def plate_view_factor(cos_gamma: float, radius_m: float) -> float:
    """View factor of one face of a small plate to the Earth, gamma between its normal and nadir. [howell2010]

    radius_m from the Earth's centre, above the surface. 0 where the whole Earth is behind the plate.
    """
    # H distance in Earth radii, q half-width of the disc's rim: sqrt(H^2 - 1)
    h = radius_m / EARTH_RADIUS_M
    q = math.sqrt(max(0.0, h * h - 1.0))
    sin_gamma = math.sqrt(max(1e-30, 1.0 - cos_gamma * cos_gamma))
    facing = cos_gamma / (h * h)
    rim = min(1.0, q / (h * sin_gamma))
    cot = min(1.0, max(-1.0, q * cos_gamma / sin_gamma))
    cut = (
        0.5
        - arcsin(rim) / math.pi
        + (cos_gamma * arccos(-cot) - q * math.sqrt(max(0.0, 1.0 - h * h * cos_gamma * cos_gamma))) / (math.pi * h * h)
    )
    # the rim of the disc lies wholly on one side of the plate where |cos gamma| >= 1 / H
    return facing if cos_gamma * h >= 1.0 else (0.0 if cos_gamma * h <= -1.0 else cut)


@inlined
def albedo_flux_w_m2(flux_w_m2: float, sun_height: float, earth: Earth) -> float:
    """Sunlight reflected by the Earth below per unit view factor; sun_height is the cosine of the solar zenith angle.

    The cosine at the sub-satellite point stands for the whole disc in view.
    """
    return earth.albedo * flux_w_m2 * max(0.0, sun_height)


MODEL = Model(
    "earth_flux",
    Earth,
    "environment",
    reads=("radius_m", "array_nadir_cosine", "radial", "sun_direction"),
    writes=("view_factor", "albedo_w_m2"),
    refs=("howell2010", "loeb2018"),
)
