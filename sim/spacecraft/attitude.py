"""One attitude per satellite and step: it turns array, radiator, drag area and terminals together.

| law                | array's front faces    | radiator's front faces | both radiator faces see |
| sun-pointing       | the Sun                | Sun x nadir            | the limb; the Sun edge-on |
| orbit-normal       | sunward orbit side     | along-track            | the limb; the Sun from fore and aft |
| nadir              | the zenith             | orbit normal           | the limb; the Sun from the side |
| slewing            | the Sun, as far as the drive's axis allows | along the drive's axis | what lies beside the drive |
| radiator-edge-on   | the Sun                | Sun x nadir            | the limb; the Sun edge-on |

Vectors have components along radial (away from the Earth), along-track and orbit normal. `cant` turns the radiator's
normal from the table's direction towards the array's front, under slewing towards the axis that the body points.
Under slewing the body holds one axis to a direction of the orbit (a link, the ground), so that one angle is left for
the array: the turn about its drive, which is square to the pointed axis.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from orbit.kernels.compile import inlined
from orbit.kernels.simd import inverse_root, root
from sim.schema import Variable
from sim.spacecraft.submodel import Setup, Submodel


class Attitude(NamedTuple):
    """Law, pointing error and mounting.

    Exactly one of the first four is 1.0 (radiator-edge-on has the normals of sun-pointing). `drive` is the axis about which
    the array turns under slewing, `point` the direction that the body's axis holds: unit vectors along radial,
    along-track and orbit normal, (0, 0, 0) under other laws. The error is the angle between wanted and real normals.
    """

    sun_pointing: float
    orbit_normal: float
    nadir: float
    slewing: float
    drive_r: float
    drive_t: float
    drive_w: float
    point_r: float
    point_t: float
    point_w: float
    cos_error: float
    sin_error: float
    cos_cant: float
    sin_cant: float


class Normals(NamedTuple):
    """Unit normals of the fronts of array and radiator: components along radial, along-track and orbit normal."""

    array_r: float
    array_t: float
    array_w: float
    radiator_r: float
    radiator_t: float
    radiator_w: float


class Incidence(NamedTuple):
    """Results of `advance`."""

    array_incidence: float
    radiator_incidence: float
    array_nadir_cosine: float
    array_velocity_cosine: float
    array_front_sun: float
    radiator_front_sun: float
    radiator_nadir_cosine: float
    radiator_velocity_cosine: float
    array_x: float
    array_y: float
    array_z: float
    radiator_x: float
    radiator_y: float
    radiator_z: float


LAWS = ("sun-pointing", "orbit-normal", "nadir", "slewing", "radiator-edge-on")
DIRECTIONS = {
    "zenith": (1.0, 0.0, 0.0), "nadir": (-1.0, 0.0, 0.0), "ahead": (0.0, 1.0, 0.0), "behind": (0.0, -1.0, 0.0),
    "orbit-normal": (0.0, 0.0, 1.0), "against-normal": (0.0, 0.0, -1.0),
}  # fmt: skip
DRIVES = {"radial": (1.0, 0.0, 0.0), "along-track": (0.0, 1.0, 0.0), "orbit-normal": (0.0, 0.0, 1.0)}
NOWHERE = (0.0, 0.0, 0.0)


def attitude(
    law: str, pointing_error_rad: float, cant_rad: float = 0.0, point: str = "nadir", drive: str = "orbit-normal"
) -> Attitude:
    """Parameters of an attitude law.

    Parameters
    ----------
    law : str
        One of `LAWS`.
    pointing_error_rad : float
        Angle between commanded and actual normals [rad], 0 to pi/2.
    cant_rad : float
        Angle by which the radiator's normal is turned towards the array's front, under slewing towards the pointed
        axis [rad], -pi/2 to pi/2; without meaning for radiator-edge-on.
    point, drive : str
        Under slewing: direction of `DIRECTIONS` that the body's axis holds, and axis of `DRIVES` about which the array turns, at right angles.

    Returns
    -------
    Attitude
        Flags of the laws, directions, and cosines and sines of the angles.

    Examples
    --------
    >>> attitude("nadir", 0.0)[:4], attitude("slewing", 0.0)[3:10]
    ((0.0, 0.0, 1.0, 0.0), (1.0, 0.0, 0.0, 1.0, -1.0, 0.0, 0.0))
    """
    edge_on = law == "radiator-edge-on"
    flags = (
        float(edge_on or law == "sun-pointing"),
        float(law == "orbit-normal"),
        float(law == "nadir"),
        float(law == "slewing"),
    )
    axes = (*DRIVES[drive], *DIRECTIONS[point]) if law == "slewing" else (*NOWHERE, *NOWHERE)
    cant = 0.0 if edge_on else cant_rad
    return Attitude(
        *flags, *axes, math.cos(pointing_error_rad), math.sin(pointing_error_rad), math.cos(cant), math.sin(cant)
    )


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
    a = setup.satellite.attitude
    return attitude(a.law, a.pointing_error, a.radiator_cant, a.point or "nadir", a.array_drive or "orbit-normal")


@inlined
def edge_on(p: Attitude) -> bool:
    """Whether the array faces the Sun with the radiator square to it: the common law, which needs the least arithmetic.

    Parameters
    ----------
    p : Attitude
        Parameters of the submodel.

    Returns
    -------
    bool
        Whether it does.
    """
    return bool(p.sun_pointing > 0.0 and p.sin_cant == 0.0)


@inlined
def edge_on_law(p: Attitude) -> Attitude:
    """Parameters under which `edge_on` holds, as constants: the compiler leaves out the arithmetic of other laws.

    Parameters
    ----------
    p : Attitude
        Parameters for which `edge_on` holds.

    Returns
    -------
    Attitude
        The same parameters.
    """
    return Attitude(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, p.cos_error, p.sin_error, 1.0, 0.0)


@inlined
def normals(s_r: float, s_t: float, s_w: float, p: Attitude) -> Normals:
    """Unit normals of the fronts of array and radiator, without pointing error.

    Parameters
    ----------
    s_r, s_t, s_w : float
        Unit vector to the Sun along radial, along-track and orbit normal.
    p : Attitude
        Parameters of the submodel.

    Returns
    -------
    Normals
        Components along radial, along-track and orbit normal.
    """
    # Sun x nadir; under a Sun straight above or below, any horizontal direction is square to it
    flat2 = s_t * s_t + s_w * s_w
    over = flat2 < 1e-20
    flat = inverse_root(max(flat2, 1e-20))
    side_t, side_w = 0.0 if over else -s_w * flat, 1.0 if over else s_t * flat
    # the Sun without its part along the drive's axis; where none is left, the array stays with its back to the pointed axis
    along = s_r * p.drive_r + s_t * p.drive_t + s_w * p.drive_w
    left2 = 1.0 - along * along
    gone = left2 < 1e-20
    left = inverse_root(max(left2, 1e-20))
    turned_r = -p.point_r if gone else (s_r - along * p.drive_r) * left
    turned_t = -p.point_t if gone else (s_t - along * p.drive_t) * left
    turned_w = -p.point_w if gone else (s_w - along * p.drive_w) * left
    sunward = 1.0 if s_w >= 0.0 else -1.0
    array_r = p.sun_pointing * s_r + p.nadir + p.slewing * turned_r
    array_t = p.sun_pointing * s_t + p.slewing * turned_t
    array_w = p.sun_pointing * s_w + p.orbit_normal * sunward + p.slewing * turned_w
    fixed = 1.0 - p.slewing
    return Normals(
        array_r, array_t, array_w,
        p.cos_cant * (p.slewing * p.drive_r) + p.sin_cant * (fixed * array_r + p.point_r),
        p.cos_cant * (p.sun_pointing * side_t + p.orbit_normal + p.slewing * p.drive_t) + p.sin_cant * (fixed * array_t + p.point_t),
        p.cos_cant * (p.sun_pointing * side_w + p.nadir + p.slewing * p.drive_w) + p.sin_cant * (fixed * array_w + p.point_w),
    )  # fmt: skip


@inlined
def sun_incidence(s_r: float, s_t: float, s_w: float, n: Normals, p: Attitude) -> tuple[float, float, float, float]:
    """Cosines of the Sun's incidence on array and radiator.

    Parameters
    ----------
    s_r, s_t, s_w : float
        Unit vector to the Sun along radial, along-track and orbit normal.
    n : Normals
        Normals of array and radiator.
    p : Attitude
        Parameters of the submodel.

    Returns
    -------
    array : float
        Cosine on the array; 0 where the Sun is behind it.
    radiator : float
        Cosine on the sunlit face of the radiator, tilted by the pointing error towards the Sun.
    array_front, radiator_front : float
        Cosines between the Sun and the fronts without pointing error, -1 to 1.
    """
    # by definition, to the last bit, where a law has it: the dot product would leave rounding, and cost arithmetic
    to_array = (
        p.nadir * s_r + p.orbit_normal * abs(s_w) + p.slewing * (s_r * n.array_r + s_t * n.array_t + s_w * n.array_w)
    )
    on_array = min(1.0, max(-1.0, p.sun_pointing + (1.0 - p.sun_pointing) * to_array))
    square = s_r * n.radiator_r + s_t * n.radiator_t + s_w * n.radiator_w
    front = min(1.0, max(-1.0, p.sun_pointing * p.sin_cant + (1.0 - p.sun_pointing) * square))
    on_radiator = abs(front)
    sunny = on_radiator * p.cos_error + p.sin_error * root(max(0.0, 1.0 - on_radiator * on_radiator))
    return max(0.0, on_array) * p.cos_error, min(1.0, sunny), on_array, front


@inlined
def advance(illumination: Any, p: Attitude) -> Incidence:
    """Normals of array and radiator, and their angles to Sun, nadir and velocity.

    Parameters
    ----------
    illumination : Illumination
        Sunlight and directions in the step.
    p : Attitude
        Parameters of the submodel.

    Returns
    -------
    Incidence
        Cosines of the angles, and unit normals.
    """
    a = illumination
    # along-track: orbit normal x radial; the velocity of a circular orbit
    t_x = a.normal_y * a.radial_z - a.normal_z * a.radial_y
    t_y = a.normal_z * a.radial_x - a.normal_x * a.radial_z
    t_z = a.normal_x * a.radial_y - a.normal_y * a.radial_x
    s_r = a.sun_x * a.radial_x + a.sun_y * a.radial_y + a.sun_z * a.radial_z
    s_t = a.sun_x * t_x + a.sun_y * t_y + a.sun_z * t_z
    s_w = a.sun_x * a.normal_x + a.sun_y * a.normal_y + a.sun_z * a.normal_z
    n = normals(s_r, s_t, s_w, p)
    on_array, on_radiator, array_front, radiator_front = sun_incidence(s_r, s_t, s_w, n, p)
    return Incidence(
        array_incidence=on_array,
        radiator_incidence=on_radiator,
        array_nadir_cosine=-n.array_r,
        array_velocity_cosine=n.array_t,
        array_front_sun=array_front,
        radiator_front_sun=radiator_front,
        radiator_nadir_cosine=-n.radiator_r,
        radiator_velocity_cosine=n.radiator_t,
        array_x=n.array_r * a.radial_x + n.array_t * t_x + n.array_w * a.normal_x,
        array_y=n.array_r * a.radial_y + n.array_t * t_y + n.array_w * a.normal_y,
        array_z=n.array_r * a.radial_z + n.array_t * t_z + n.array_w * a.normal_z,
        radiator_x=n.radiator_r * a.radial_x + n.radiator_t * t_x + n.radiator_w * a.normal_x,
        radiator_y=n.radiator_r * a.radial_y + n.radiator_t * t_y + n.radiator_w * a.normal_y,
        radiator_z=n.radiator_r * a.radial_z + n.radiator_t * t_z + n.radiator_w * a.normal_z,
    )


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
        Variable("array_velocity_cosine", "1", "cosine between the array's front normal and the velocity", "flux", -1.0, 1.0),
        Variable("array_front_sun", "1", "cosine between the array's front normal and the Sun, without pointing error", "flux", -1.0, 1.0),
        Variable("radiator_front_sun", "1", "cosine between the radiator's front normal and the Sun, without pointing error", "flux", -1.0, 1.0),
        Variable("radiator_nadir_cosine", "1", "cosine between the radiator's front normal and nadir", "flux", -1.0, 1.0),
        Variable("radiator_velocity_cosine", "1", "cosine between the radiator's front normal and the velocity", "flux", -1.0, 1.0),
        Variable("array_x", "1", "unit normal of the array's front", "flux", -1.0, 1.0),
        Variable("array_y", "1", "unit normal of the array's front", "flux", -1.0, 1.0),
        Variable("array_z", "1", "unit normal of the array's front", "flux", -1.0, 1.0),
        Variable("radiator_x", "1", "unit normal of the radiator's front", "flux", -1.0, 1.0),
        Variable("radiator_y", "1", "unit normal of the radiator's front", "flux", -1.0, 1.0),
        Variable("radiator_z", "1", "unit normal of the radiator's front", "flux", -1.0, 1.0),
    ),
    references=("fortescue2011:ch. 9",),
)  # fmt: skip
