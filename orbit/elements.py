"""Mean orbital elements of many satellites, one array for each element: circular orbits with secular J2, and SGP4."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_RADIUS_M, MU_EARTH_M3_S2
from orbit.kernels import j2

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CircularElements:
    """Mean elements of circular orbits at the epoch of the time grid. Angles are in TEME.

    Attributes
    ----------
    semi_major_axis_m : ndarray, shape (satellites,)
        Mean semi-major axis [m].
    inclination_rad, node_rad : ndarray, shape (satellites,)
        Inclination and right ascension of the ascending node [rad].
    latitude_argument_rad : ndarray, shape (satellites,)
        Argument of latitude [rad]: angle from the ascending node.
    """

    semi_major_axis_m: Array
    inclination_rad: Array
    node_rad: Array
    latitude_argument_rad: Array

    @property
    def count(self) -> int:
        """Number of satellites."""
        return int(self.semi_major_axis_m.size)

    def subset(self, which: NDArray[np.int64]) -> CircularElements:
        """Elements of some of the satellites.

        Parameters
        ----------
        which : ndarray of int
            Indices of satellites.

        Returns
        -------
        CircularElements
        """
        return CircularElements(
            self.semi_major_axis_m[which],
            self.inclination_rad[which],
            self.node_rad[which],
            self.latitude_argument_rad[which],
        )

    def packed(self) -> Array:
        """Rows that `orbit.kernels.j2` reads, secular rates included.

        Returns
        -------
        ndarray, shape (7, satellites)
        """
        rows = np.empty((j2.ELEMENT_ROWS, self.count))
        rows[j2.ROW_SEMI_MAJOR_AXIS] = self.semi_major_axis_m
        rows[j2.ROW_COS_I] = np.cos(self.inclination_rad)
        rows[j2.ROW_SIN_I] = np.sin(self.inclination_rad)
        rows[j2.ROW_NODE] = self.node_rad
        rows[j2.ROW_LATITUDE] = self.latitude_argument_rad
        j2.secular_rates(
            rows[j2.ROW_SEMI_MAJOR_AXIS], np.array(self.inclination_rad, dtype=np.float64), rows[j2.ROW_NODE_RATE], rows[j2.ROW_LATITUDE_RATE]
        )
        return rows


@dataclass(frozen=True, slots=True)
class Sgp4Elements:
    """Mean elements for SGP4 (WGS 72, TEME), each satellite with its own epoch. [vallado2006]

    Attributes
    ----------
    epoch_jd, epoch_fr : ndarray, shape (satellites,)
        Epochs, UTC Julian dates in two parts.
    mean_motion_rad_min : ndarray, shape (satellites,)
        Kozai's mean motion [rad/min], as element sets give it. A satellite whose mean motion is not above zero gets
        error code 2 at all times.
    eccentricity : ndarray, shape (satellites,)
    inclination_rad, node_rad, perigee_argument_rad, mean_anomaly_rad : ndarray, shape (satellites,)
        Angles [rad].
    drag_term_per_er : ndarray, shape (satellites,)
        Drag term B* [1 / Earth radii].
    """

    epoch_jd: Array
    epoch_fr: Array
    mean_motion_rad_min: Array
    eccentricity: Array
    inclination_rad: Array
    node_rad: Array
    perigee_argument_rad: Array
    mean_anomaly_rad: Array
    drag_term_per_er: Array

    @property
    def count(self) -> int:
        """Number of satellites."""
        return int(self.epoch_jd.size)

    def subset(self, which: NDArray[np.int64]) -> Sgp4Elements:
        """Elements of some of the satellites.

        Parameters
        ----------
        which : ndarray of int
            Indices of satellites.

        Returns
        -------
        Sgp4Elements
        """
        return Sgp4Elements(*(getattr(self, f.name)[which] for f in fields(self)))


def semi_major_axis_m(altitude_m: float) -> float:
    """Mean semi-major axis of a circular orbit.

    Parameters
    ----------
    altitude_m : float
        Altitude above the equatorial radius [m].

    Returns
    -------
    float
        Semi-major axis [m].

    Examples
    --------
    >>> semi_major_axis_m(550e3)
    6928137.0
    """
    return EARTH_RADIUS_M + altitude_m


def period_s(semi_major_axis_m: float) -> float:
    """Two-body period of an orbit.

    Parameters
    ----------
    semi_major_axis_m : float
        Semi-major axis [m], above zero.

    Returns
    -------
    float
        Period [s].

    Examples
    --------
    >>> round(period_s(semi_major_axis_m(550e3)) / 60.0, 2)  # 2 pi sqrt(a^3 / mu), in minutes
    95.65
    """
    return 2.0 * math.pi * math.sqrt(semi_major_axis_m**3 / MU_EARTH_M3_S2)


def two_body_period_s(r_m: Array, v_m_s: Array) -> Array:
    """Time of a revolution of two-body orbits. [vallado2013:eq. 2-32]

    Parameters
    ----------
    r_m, v_m_s : ndarray, shape (satellites, 3)
        Positions [m] and velocities [m/s].

    Returns
    -------
    ndarray, shape (satellites,)
        Periods [s]; 0 for orbits that are not closed.

    Examples
    --------
    A circular orbit of 7,000 km takes 97 minutes.

    >>> import numpy as np
    >>> speed_m_s = np.sqrt(MU_EARTH_M3_S2 / 7e6)
    >>> (two_body_period_s(np.array([[7e6, 0.0, 0.0]]), np.array([[0.0, speed_m_s, 0.0]])) / 60.0).round(1).tolist()
    [97.1]
    """
    inverse_m = 2.0 / np.linalg.norm(r_m, axis=1) - np.sum(v_m_s * v_m_s, axis=1) / MU_EARTH_M3_S2
    closed = inverse_m > 0.0
    axis_m = 1.0 / np.where(closed, inverse_m, 1.0)
    return np.where(closed, 2.0 * np.pi * np.sqrt(axis_m**3 / MU_EARTH_M3_S2), 0.0)


def nodal_period_s(semi_major_axis_m: float, inclination_rad: float) -> float:
    """Time between passages of the ascending node, circular orbit under secular J2.

    Parameters
    ----------
    semi_major_axis_m : float
        Mean semi-major axis [m].
    inclination_rad : float
        Inclination [rad].

    Returns
    -------
    float
        Nodal period [s].
    """
    node_rad_s, latitude_argument_rad_s = np.empty(1), np.empty(1)
    j2.secular_rates(np.array([semi_major_axis_m]), np.array([inclination_rad]), node_rad_s, latitude_argument_rad_s)
    return 2.0 * math.pi / float(latitude_argument_rad_s[0])
