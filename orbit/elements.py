"""Mean elements of many satellites, one array per element: circular ones for secular J2, and those that SGP4 reads."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_RADIUS_M, J2, MU_EARTH_M3_S2, SECONDS_PER_DAY, TROPICAL_YEAR_D
from orbit.kernels import j2

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CircularElements:
    """Mean elements at the epoch of the time grid, each of shape (satellites,); angles in TEME."""

    semi_major_axis_m: Array
    inclination_rad: Array
    node_rad: Array
    latitude_argument_rad: Array

    @property
    def count(self) -> int:
        return int(self.semi_major_axis_m.size)

    def subset(self, which: NDArray[np.int64]) -> CircularElements:
        """Some of the satellites."""
        return CircularElements(
            self.semi_major_axis_m[which],
            self.inclination_rad[which],
            self.node_rad[which],
            self.latitude_argument_rad[which],
        )

    def packed(self) -> Array:
        """The rows that `orbit.kernels.j2` reads, shape (7, satellites), secular rates included."""
        rows = np.empty((j2.ELEMENT_ROWS, self.count))
        rows[j2.ROW_SEMI_MAJOR_AXIS] = self.semi_major_axis_m
        rows[j2.ROW_COS_I] = np.cos(self.inclination_rad)
        rows[j2.ROW_SIN_I] = np.sin(self.inclination_rad)
        rows[j2.ROW_NODE] = self.node_rad
        rows[j2.ROW_LATITUDE] = self.latitude_argument_rad
        # few distinct orbits, many satellites: one scalar call for each pair
        pairs = np.stack((self.semi_major_axis_m, self.inclination_rad))
        distinct, which = np.unique(pairs, axis=1, return_inverse=True)
        rates = np.array([(j2.node_rate_rad_s(a, i), j2.latitude_argument_rate_rad_s(a, i)) for a, i in distinct.T])
        rows[j2.ROW_NODE_RATE], rows[j2.ROW_LATITUDE_RATE] = rates[which.reshape(-1)].T
        return rows


@dataclass(frozen=True, slots=True)
class Sgp4Elements:
    """Mean elements as SGP4 reads them (WGS 72, TEME), each of shape (satellites,), each satellite with its own epoch.

    The epoch is a UTC Julian date in two parts; the mean motion is Kozai's [rad/min], as element sets give it (not
    above zero: error code 2 at every time); the drag term is B* [1 / Earth radii]. [vallado2006]
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
        return int(self.epoch_jd.size)

    def subset(self, which: NDArray[np.int64]) -> Sgp4Elements:
        """Some of the satellites."""
        return Sgp4Elements(*(getattr(self, f.name)[which] for f in fields(self)))


def semi_major_axis_m(altitude_m: float) -> float:
    """Mean semi-major axis [m] of a circular orbit at an altitude [m] above the equatorial radius."""
    return EARTH_RADIUS_M + altitude_m


def period_s(semi_major_axis_m: float) -> float:
    """Two-body period [s]."""
    return 2.0 * math.pi / float(j2.mean_motion_rad_s(semi_major_axis_m))


def nodal_period_s(semi_major_axis_m: float, inclination_rad: float) -> float:
    """Time [s] from node to node, circular orbit under J2."""
    return 2.0 * math.pi / float(j2.latitude_argument_rate_rad_s(semi_major_axis_m, inclination_rad))


def sun_synchronous_inclination_rad(semi_major_axis_m: float) -> float:
    """Inclination [rad] at which the node follows the mean Sun, circular orbit. [vallado2013:eq. 11-15]

    Raises ValueError above 5,980 km altitude, where no inclination does.
    """
    wanted_rad_s = 2.0 * math.pi / (TROPICAL_YEAR_D * SECONDS_PER_DAY)
    n = math.sqrt(MU_EARTH_M3_S2 / semi_major_axis_m**3)
    cosine = -wanted_rad_s / (1.5 * n * J2 * (EARTH_RADIUS_M / semi_major_axis_m) ** 2)
    if cosine < -1.0:
        altitude_km = (semi_major_axis_m - EARTH_RADIUS_M) / 1e3
        raise ValueError(f"no sun-synchronous orbit at {altitude_km:.0f} km; write an altitude below 5980 km")
    return math.acos(cosine)
