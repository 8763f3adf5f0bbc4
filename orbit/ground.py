"""Ground stations on the WGS 84 ellipsoid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_FLATTENING, EARTH_RADIUS_M, SPEED_OF_LIGHT_M_S
from orbit.frames import rotated, teme_to_itrs
from orbit.kernels.visibility import Masks

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Station:
    """Geodetic site; a satellite counts as visible at or above min_elevation_rad over the ellipsoid's horizon.

    Where there is a mask, pairs of azimuth (from north over east, ascending, 0 to 2 pi) and elevation [rad], it must also be at
    or above that: linear from pair to pair and on from the last to the first. Beyond max_range_m it is not.
    """

    name: str
    latitude_rad: float
    longitude_rad: float
    height_m: float
    min_elevation_rad: float
    mask_rad: tuple[tuple[float, float], ...] = ()
    max_range_m: float = math.inf

    @property
    def lowest_elevation_rad(self) -> float:
        """Below this nothing is visible at any azimuth; without a mask, min_elevation_rad."""
        return max(self.min_elevation_rad, min((elevation for _, elevation in self.mask_rad), default=-math.inf))


def zenith(station: Station) -> Array:
    """Geodetic vertical, Earth-fixed unit vector."""
    lat, lon = station.latitude_rad, station.longitude_rad
    return np.array((math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)))


def horizon(station: Station) -> tuple[Array, Array]:
    """North and east along the ellipsoid's horizon, Earth-fixed unit vectors."""
    lat, lon = station.latitude_rad, station.longitude_rad
    north = np.array((-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)))
    return north, np.array((-math.sin(lon), math.cos(lon), 0.0))


def position_m(station: Station) -> Array:
    """Earth-fixed position [m]. [vallado2013:algorithm 51]"""
    e2 = EARTH_FLATTENING * (2.0 - EARTH_FLATTENING)
    normal_m = EARTH_RADIUS_M / math.sqrt(1.0 - e2 * math.sin(station.latitude_rad) ** 2)
    return zenith(station) * (np.array((normal_m, normal_m, normal_m * (1.0 - e2))) + station.height_m)


def in_teme(fixed: Array, jd: Array, fr: Array) -> Array:
    """Earth-fixed vectors (stations, 3) in TEME at each moment (UTC), shape (times, stations, 3).

    With UT1 and the pole of the table of Earth orientation.
    """
    back = np.swapaxes(teme_to_itrs(jd, fr), -1, -2)
    return rotated(back[:, np.newaxis], fixed[np.newaxis])


def masks(stations: Sequence[Station]) -> Masks:
    """Masks over the azimuth of the stations that have one."""
    size = np.array([len(s.mask_rad) for s in stations], dtype=np.int64)
    rows = [pair for s in stations for pair in s.mask_rad]
    return Masks(
        np.flatnonzero(size).astype(np.int64), np.concatenate(([0], np.cumsum(size))).astype(np.int64),
        np.ascontiguousarray(np.array(rows, dtype=np.float64).reshape(-1, 2).T),
        np.array([math.sin(s.lowest_elevation_rad) for s in stations], dtype=np.float64),
    )  # fmt: skip


def slant_range_m(altitude_m: float, elevation_rad: float) -> float:
    """Range [m] to a satellite at an altitude and elevation over a spherical Earth. [vallado2013:ch. 11]"""
    sine = math.sin(elevation_rad)
    rise = EARTH_RADIUS_M * sine
    return math.sqrt(rise * rise + 2.0 * EARTH_RADIUS_M * altitude_m + altitude_m * altitude_m) - rise


def round_trip_ms(range_m: Array) -> Array:
    """Propagation there and back [ms] over a range [m] in vacuum."""
    return np.asarray(2e3 * np.asarray(range_m) / SPEED_OF_LIGHT_M_S)
