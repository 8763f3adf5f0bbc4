"""One attitude per satellite and step: it turns the array, the radiator and (later) drag and terminals together.

| law          | array faces        | radiator's normal | both radiator faces see |
| sun-pointing | the Sun            | Sun x nadir       | the limb; the Sun edge-on |
| orbit-normal | sunward orbit side | along-track       | the limb; the Sun from fore and aft |
| nadir        | the zenith         | orbit normal      | the limb; the Sun from the side |

In all three the radiator's normal is horizontal, so both faces see the same half of the Earth.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from orbit.kernels.compile import inlined
from sim.spacecraft.submodel import Model


class Attitude(NamedTuple):
    """Exactly one of the three flags is 1.0; pointing_error_rad is the angle between wanted and real normals."""

    sun_pointing: float
    orbit_normal: float
    nadir: float
    cos_error: float
    sin_error: float


LAWS = ("sun-pointing", "orbit-normal", "nadir")


def attitude(law: str, pointing_error_rad: float) -> Attitude:
    """Parameters of a law by name."""
    sun_pointing, orbit_normal, nadir = (float(law == name) for name in LAWS)
    return Attitude(sun_pointing, orbit_normal, nadir, math.cos(pointing_error_rad), math.sin(pointing_error_rad))


@inlined
def sun_incidence(
    radial_x: float,
    radial_y: float,
    radial_z: float,
    normal_x: float,
    normal_y: float,
    normal_z: float,
    sun_x: float,
    sun_y: float,
    sun_z: float,
    attitude: Attitude,
) -> tuple[float, float]:
    """Cosine of the Sun's incidence on the array (0 from behind) and on the radiator's sunny face.

    radial (away from the Earth), normal (orbit normal) and sun are unit vectors in one frame.
    """
    # s_r, s_w, s_t: the Sun along radial, orbit normal and along-track
    s_r = sun_x * radial_x + sun_y * radial_y + sun_z * radial_z
    s_w = sun_x * normal_x + sun_y * normal_y + sun_z * normal_z
    s_t = math.sqrt(max(0.0, 1.0 - s_r * s_r - s_w * s_w))
    on_array = attitude.sun_pointing + attitude.orbit_normal * abs(s_w) + attitude.nadir * max(0.0, s_r)
    on_radiator = attitude.orbit_normal * s_t + attitude.nadir * abs(s_w)
    sunny = on_radiator * attitude.cos_error + attitude.sin_error * math.sqrt(max(0.0, 1.0 - on_radiator * on_radiator))
    return on_array * attitude.cos_error, min(1.0, sunny)


@inlined
def array_nadir_cosine(
    radial_x: float, radial_y: float, radial_z: float, sun_x: float, sun_y: float, sun_z: float, attitude: Attitude
) -> float:
    """Cosine of the angle between the array's front normal and nadir."""
    s_r = sun_x * radial_x + sun_y * radial_y + sun_z * radial_z
    return -s_r * attitude.sun_pointing - attitude.nadir


MODEL = Model(
    "attitude",
    Attitude,
    "satellite.attitude",
    reads=("radial", "orbit_normal", "sun_direction"),
    writes=("array_incidence", "radiator_incidence", "array_nadir_cosine"),
    refs=("fortescue2011:ch. 9",),
)
