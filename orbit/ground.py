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
    """Ground station on the WGS 84 ellipsoid. A satellite is visible at or above its minimum elevation.

    Attributes
    ----------
    name : str
    latitude_rad, longitude_rad : float
        Geodetic latitude and east longitude [rad].
    height_m : float
        Height above the ellipsoid [m].
    min_elevation_rad : float
        Minimum elevation above the ellipsoid's horizon [rad].
    mask_rad : tuple of (float, float)
        Horizon mask: pairs of azimuth (from north over east, ascending, 0 to 2 pi) and elevation [rad], linear between
        pairs and from the last to the first. A satellite must also be at or above the mask.
    max_range_m : float
        Largest range at which a satellite is visible [m].
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
        """Elevation [rad] below which nothing is visible at any azimuth; `min_elevation_rad` without a mask."""
        return max(self.min_elevation_rad, min((elevation for _, elevation in self.mask_rad), default=-math.inf))


def zenith(station: Station) -> Array:
    """Geodetic vertical of a station.

    Parameters
    ----------
    station : Station

    Returns
    -------
    ndarray, shape (3,)
        Earth-fixed unit vector.
    """
    lat, lon = station.latitude_rad, station.longitude_rad
    return np.array((math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)))


def horizon(station: Station) -> tuple[Array, Array]:
    """Directions of north and east in a station's horizon.

    Parameters
    ----------
    station : Station

    Returns
    -------
    north, east : ndarray, shape (3,)
        Earth-fixed unit vectors, tangent to the ellipsoid.
    """
    lat, lon = station.latitude_rad, station.longitude_rad
    north = np.array((-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)))
    return north, np.array((-math.sin(lon), math.cos(lon), 0.0))


def position_m(station: Station) -> Array:
    """Earth-fixed position of a station. [vallado2013:algorithm 51]

    Parameters
    ----------
    station : Station

    Returns
    -------
    ndarray, shape (3,)
        Position in ITRS [m].

    Examples
    --------
    >>> import math
    >>> equator = Station("equator", 0.0, 0.0, height_m=100.0, min_elevation_rad=math.radians(10.0))
    >>> position_m(equator).tolist()
    [6378237.0, 0.0, 0.0]
    """
    e2 = EARTH_FLATTENING * (2.0 - EARTH_FLATTENING)
    normal_m = EARTH_RADIUS_M / math.sqrt(1.0 - e2 * math.sin(station.latitude_rad) ** 2)
    return zenith(station) * (np.array((normal_m, normal_m, normal_m * (1.0 - e2))) + station.height_m)


def in_teme(fixed: Array, jd: Array, fr: Array) -> Array:
    """Earth-fixed vectors in TEME at given times.

    Parameters
    ----------
    fixed : ndarray, shape (stations, 3)
        Vectors in ITRS, of any unit.
    jd, fr : ndarray, shape (times,)
        UTC Julian dates in two parts.

    Returns
    -------
    ndarray, shape (times, stations, 3)
        The same vectors in TEME, with UT1 and polar motion from the table of Earth orientation.
    """
    back = np.swapaxes(teme_to_itrs(jd, fr), -1, -2)
    return rotated(back[:, np.newaxis], fixed[np.newaxis])


def masks(stations: Sequence[Station]) -> Masks:
    """Horizon masks of the stations that have one, as kernels read them.

    Parameters
    ----------
    stations : sequence of Station

    Returns
    -------
    Masks
    """
    size = np.array([len(s.mask_rad) for s in stations], dtype=np.int64)
    rows = [pair for s in stations for pair in s.mask_rad]
    return Masks(
        np.flatnonzero(size).astype(np.int64), np.concatenate(([0], np.cumsum(size))).astype(np.int64),
        np.ascontiguousarray(np.array(rows, dtype=np.float64).reshape(-1, 2).T),
        np.array([math.sin(s.lowest_elevation_rad) for s in stations], dtype=np.float64),
    )  # fmt: skip


def slant_range_m(altitude_m: float, elevation_rad: float) -> float:
    """Range to a satellite at an altitude and elevation over a spherical Earth. [vallado2013:ch. 11]

    Parameters
    ----------
    altitude_m : float
        Altitude above the equatorial radius [m].
    elevation_rad : float
        Elevation [rad], -pi/2 to pi/2.

    Returns
    -------
    float
        Range [m].

    Examples
    --------
    >>> import math
    >>> round(slant_range_m(550e3, math.pi / 2), 3)
    550000.0
    """
    sine = math.sin(elevation_rad)
    rise = EARTH_RADIUS_M * sine
    return math.sqrt(rise * rise + 2.0 * EARTH_RADIUS_M * altitude_m + altitude_m * altitude_m) - rise


def round_trip_ms(range_m: Array) -> Array:
    """Round-trip time of light over a range in vacuum.

    Parameters
    ----------
    range_m : array_like
        Range [m].

    Returns
    -------
    ndarray
        Time there and back [ms].

    Examples
    --------
    >>> float(round_trip_ms(299792.458))
    2.0
    """
    return np.asarray(2e3 * np.asarray(range_m) / SPEED_OF_LIGHT_M_S)
