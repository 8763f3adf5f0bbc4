"""One attitude per satellite and step: it turns the array, the radiator and (later) drag and terminals together.

| law          | array faces        | radiator's normal | both radiator faces see |
| sun-pointing | the Sun            | Sun x nadir       | the limb; the Sun edge-on |
| orbit-normal | sunward orbit side | along-track       | the limb; the Sun from fore and aft |
| nadir        | the zenith         | orbit normal      | the limb; the Sun from the side |

In all three the radiator's normal is horizontal, so both faces see the same half of the Earth.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from orbit.kernels.compile import inlined
from sim.schema import Variable
from sim.spacecraft.submodel import Setup, Submodel


class Attitude(NamedTuple):
    """Exactly one of the three flags is 1.0; pointing_error_rad is the angle between wanted and real normals."""

    sun_pointing: float
    orbit_normal: float
    nadir: float
    cos_error: float
    sin_error: float


class Incidence(NamedTuple):
    """Results of `advance`."""

    array_incidence: float
    radiator_incidence: float
    array_nadir_cosine: float


LAWS = ("sun-pointing", "orbit-normal", "nadir")


def attitude(law: str, pointing_error_rad: float) -> Attitude:
    """Parameters of an attitude law.

    Parameters
    ----------
    law : str
        "sun-pointing", "orbit-normal" or "nadir".
    pointing_error_rad : float
        Angle between commanded and actual normals [rad], 0 to pi/2.

    Returns
    -------
    Attitude
        Flags of the laws, and the cosine and sine of the error.

    Examples
    --------
    >>> attitude("nadir", 0.0)
    Attitude(sun_pointing=0.0, orbit_normal=0.0, nadir=1.0, cos_error=1.0, sin_error=0.0)
    """
    sun_pointing, orbit_normal, nadir = (float(law == name) for name in LAWS)
    return Attitude(sun_pointing, orbit_normal, nadir, math.cos(pointing_error_rad), math.sin(pointing_error_rad))


def parameters(setup: Setup) -> Attitude:
    """Parameters of the satellite's attitude law.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    Attitude
        Parameters.
    """
    return attitude(setup.satellite.attitude.law, setup.satellite.attitude.pointing_error)


@inlined
def sun_incidence(s_r: float, s_w: float, p: Attitude) -> tuple[float, float]:
    """Cosines of the Sun's incidence on the array and on the radiator's sunlit face.

    Parameters
    ----------
    s_r : float
        Component of the unit vector to the Sun along the radial, -1 to 1.
    s_w : float
        Component along the orbit normal, -1 to 1.
    p : Attitude
        Parameters of the submodel.

    Returns
    -------
    array : float
        Cosine on the array; 0 where the Sun is behind it.
    radiator : float
        Cosine on the sunlit face of the radiator.
    """
    s_t = math.sqrt(max(0.0, 1.0 - s_r * s_r - s_w * s_w))
    on_array = p.sun_pointing + p.orbit_normal * abs(s_w) + p.nadir * max(0.0, s_r)
    on_radiator = p.orbit_normal * s_t + p.nadir * abs(s_w)
    sunny = on_radiator * p.cos_error + p.sin_error * math.sqrt(max(0.0, 1.0 - on_radiator * on_radiator))
    return on_array * p.cos_error, min(1.0, sunny)


@inlined
def array_nadir_cosine(s_r: float, p: Attitude) -> float:
    """Cosine of the angle between the array's front normal and nadir.

    Parameters
    ----------
    s_r : float
        Component of the unit vector to the Sun along the radial, -1 to 1.
    p : Attitude
        Parameters of the submodel.

    Returns
    -------
    float
        Cosine, -1 to 1.
    """
    return -s_r * p.sun_pointing - p.nadir


@inlined
def advance(illumination: Any, p: Attitude) -> Incidence:
    """Incidence of sunlight on array and radiator, and the angle of the array to nadir.

    Parameters
    ----------
    illumination : Illumination
        Sunlight and directions in the step.
    p : Attitude
        Parameters of the submodel.

    Returns
    -------
    Incidence
        Cosines of the three angles.
    """
    a = illumination
    s_r = a.sun_x * a.radial_x + a.sun_y * a.radial_y + a.sun_z * a.radial_z
    s_w = a.sun_x * a.normal_x + a.sun_y * a.normal_y + a.sun_z * a.normal_z
    on_array, on_radiator = sun_incidence(s_r, s_w, p)
    return Incidence(on_array, on_radiator, array_nadir_cosine(s_r, p))


MODEL = Submodel(
    name="attitude",
    section="satellite.attitude",
    parameters=parameters,
    advance=advance,
    reads=(
        "illumination.radial_x", "illumination.radial_y", "illumination.radial_z", "illumination.normal_x",
        "illumination.normal_y", "illumination.normal_z", "illumination.sun_x", "illumination.sun_y",
        "illumination.sun_z",
    ),
    writes=(
        Variable("array_incidence", "1", "cosine of the Sun's incidence on the array", "flux", 0.0, 1.0),
        Variable("radiator_incidence", "1", "cosine of the Sun's incidence on the radiator's sunny face", "flux", 0.0, 1.0),
        Variable("array_nadir_cosine", "1", "cosine between the array's front normal and nadir", "flux", -1.0, 1.0),
    ),
    references=("fortescue2011:ch. 9",),
)  # fmt: skip
