"""Common parts of all catalogues: element sets as numbers, the range of orbits they may describe, and error records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orbit.constants import EARTH_RADIUS_M, WGS72_J2, WGS72_MU_KM3_S2, WGS72_RADIUS_KM

if TYPE_CHECKING:
    from orbit.elements import Sgp4Elements

SGP4_EPOCH_JD = 2433281.5  # sgp4init counts days from 1949 December 31 00:00 UTC [vallado2006]
REV_D = 1440.0 / (2.0 * math.pi)  # one rad/min in rev/day, rounded as SGP4 rounds it [vallado2006]
LARGEST_ALPHA_5 = 339_999  # Z9999
_LONGEST = 300  # characters of a message
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class ElementSet:
    """Mean elements of one satellite for SGP4 (WGS 72, TEME), from any file format. [vallado2006]

    Attributes
    ----------
    name : str
        Name of the object; its number where the file gives none.
    satellite_number : int
        Catalogue number; 0 where the file gives none.
    epoch : datetime
        Epoch in UTC, rounded to the microsecond.
    epoch_jd, epoch_fr : float
        The same epoch as Julian date of midnight and fraction of the day.
    drag_term_per_er : float
        Drag term B* [1 / Earth radii].
    mean_motion_dot_rad_min2, mean_motion_ddot_rad_min3 : float
        Derivatives of the mean motion, halved and divided by six, as element sets give them.
    eccentricity : float
    inclination_rad, node_rad, perigee_argument_rad, mean_anomaly_rad : float
        Angles [rad].
    mean_motion_rad_min : float
        Kozai's mean motion [rad/min].
    line_number : int
        Line of the file on which the set begins, from 1.
    line1, line2 : str
        The two lines, without trailing blanks; empty for other formats.
    object_id : str
        International designator of an OMM; empty for other formats.
    """

    name: str
    satellite_number: int
    epoch: datetime
    epoch_jd: float
    epoch_fr: float
    drag_term_per_er: float
    mean_motion_dot_rad_min2: float
    mean_motion_ddot_rad_min3: float
    eccentricity: float
    inclination_rad: float
    node_rad: float
    perigee_argument_rad: float
    mean_anomaly_rad: float
    mean_motion_rad_min: float
    line_number: int
    line1: str = ""
    line2: str = ""
    object_id: str = ""


@dataclass(frozen=True, slots=True)
class BadLine:
    """An error in a file and its location.

    Attributes
    ----------
    line, column : int
        Location, from 1.
    message : str
        What is wrong and what to write, one line of printable text.
    first : int
        Line on which the unusable set begins.
    whole : bool
        The rest of the file cannot be read.
    """

    line: int
    column: int
    message: str
    first: int = 0
    whole: bool = False

    def __post_init__(self) -> None:
        message = (
            self.message
            if self.message.isprintable()
            else "".join(c if c.isprintable() else "\ufffd" for c in self.message)
        )
        message = message if len(message) <= _LONGEST else f"{message[: _LONGEST // 2]} … {message[-_LONGEST // 3 :]}"
        object.__setattr__(self, "message", message)


def semi_major_axis_m(mean_motion_rad_s: float, inclination_rad: float, eccentricity: float = 0.0) -> float:
    """Mean semi-major axis of Kozai's mean motion, as SGP4 recovers it (WGS 72). [vallado2006:initl]

    The same as `without_kozai` of the kernels, without loading numpy.

    Parameters
    ----------
    mean_motion_rad_s : float
        Kozai's mean motion [rad/s], above zero.
    inclination_rad : float
        Inclination [rad].
    eccentricity : float
        Eccentricity, in [0, 1).

    Returns
    -------
    float
        Semi-major axis [m].

    Examples
    --------
    The ISS at 15.5 revolutions per day: 420 km above the equator's radius of 6,378 km.

    >>> import math
    >>> a = semi_major_axis_m(2.0 * math.pi * 15.5 / 86400.0, math.radians(51.6))
    >>> bool(abs(a - 6798e3) < 5e3)
    True
    """
    a1 = _size_m(mean_motion_rad_s)
    tilt = 0.75 * WGS72_J2 * (1e3 * WGS72_RADIUS_KM) ** 2 * (3.0 * math.cos(inclination_rad) ** 2 - 1.0)
    tilt /= (1.0 - eccentricity**2) ** 1.5
    d1 = tilt / (a1 * a1)
    a0 = a1 * (1.0 - d1 * (1.0 / 3.0 + d1 * (1.0 + 134.0 / 81.0 * d1)))
    return _size_m(mean_motion_rad_s / (1.0 + tilt / (a0 * a0)))


def _size_m(mean_motion_rad_s: float) -> float:
    """Semi-major axis [m] of two bodies; no square of a small number on the way, which might be none."""
    return float((1e9 * WGS72_MU_KM3_S2) ** (1.0 / 3.0) / abs(mean_motion_rad_s) ** (2.0 / 3.0))


def label(text: str) -> str:
    """A name on one line, printable and of limited length.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> label(" ISS\t(ZARYA) ")
    'ISS (ZARYA)'
    """
    line = " ".join(text.split())[:_LONGEST_NAME]
    return "".join(c if c.isprintable() else "\ufffd" for c in line).strip()


def perigee_problem(mean_motion_rad_min: float, eccentricity: float) -> str | None:
    """Error message for an orbit that meets the Earth; two-body, good to ten kilometres.

    Parameters
    ----------
    mean_motion_rad_min : float
        Mean motion [rad/min], above zero.
    eccentricity : float
        Eccentricity, in [0, 1).

    Returns
    -------
    str or None
        What is wrong and what to write; None if the perigee is above the surface.
    """
    perigee_m = _size_m(mean_motion_rad_min / 60.0) * (1.0 - eccentricity) - EARTH_RADIUS_M
    if perigee_m >= 0.0:
        return None
    return (
        f"perigee {perigee_m / 1e3:.0f} km is below the surface (mean motion {mean_motion_rad_min * REV_D:.8g} rev/day, "
        f"eccentricity {eccentricity:.7g}); write elements with one above 0 km"
    )


def satellites(sets: Sequence[ElementSet | Any]) -> list[Any]:
    """Element sets as `sgp4.api.Satrec` objects (WGS 72).

    Parameters
    ----------
    sets : sequence of ElementSet or Satrec

    Returns
    -------
    list of Satrec
        In the same order; objects that are Satrec already are returned unchanged.
    """
    return [_satrec(s) if isinstance(s, ElementSet) else s for s in sets]


def _satrec(one: ElementSet) -> Any:
    from sgp4.api import WGS72, Satrec

    if one.line1:
        return Satrec.twoline2rv(one.line1, one.line2, WGS72)
    made = Satrec()
    number = one.satellite_number if one.satellite_number <= LARGEST_ALPHA_5 else 0  # the package keeps five characters
    made.sgp4init(
        WGS72, "i", number, one.epoch_jd - SGP4_EPOCH_JD + one.epoch_fr, one.drag_term_per_er,
        one.mean_motion_dot_rad_min2, one.mean_motion_ddot_rad_min3, one.eccentricity, one.perigee_argument_rad,
        one.inclination_rad, one.mean_anomaly_rad, one.mean_motion_rad_min, one.node_rad,
    )  # fmt: skip
    made.jdsatepoch, made.jdsatepochF = one.epoch_jd, one.epoch_fr  # one float of days resolves a microsecond only
    return made


def elements(sets: Sequence[ElementSet]) -> Sgp4Elements:
    """Element sets as arrays for SGP4.

    Parameters
    ----------
    sets : sequence of ElementSet

    Returns
    -------
    Sgp4Elements
        In the same order.
    """
    import numpy as np

    from orbit.elements import Sgp4Elements

    columns = np.array(
        [
            (s.epoch_jd, s.epoch_fr, s.mean_motion_rad_min, s.eccentricity, s.inclination_rad, s.node_rad,
             s.perigee_argument_rad, s.mean_anomaly_rad, s.drag_term_per_er)
            for s in sets
        ], dtype=np.float64,
    ).reshape(len(sets), 9)  # fmt: skip
    return Sgp4Elements(*(np.ascontiguousarray(column) for column in columns.T))
