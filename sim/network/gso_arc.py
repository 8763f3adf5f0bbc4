"""Directions that keep away from the geostationary arc.

Systems in low orbits that share bands with geostationary satellites must protect them [itu-rr22]: a user terminal does not
use a satellite that it sees near the arc of geostationary satellites. Towards the poles the arc is low in the direction
of the equator, where the satellites of an inclined shell are, so that such terminals need other shells.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

GSO_RADIUS_M = 42_164.17e3  # of the orbit with the period of a sidereal day [vallado2013:ch. 2]
ARC_STEP_RAD = np.radians(0.5)  # between points of the arc: separations of 10 deg and more are right to 0.01 deg


def arc_separation_rad(station_m: Array, satellites_m: Array) -> Array:
    """Least angle at a station between satellites and the part of the geostationary arc above its horizon.

    Parameters
    ----------
    station_m : ndarray, shape (3,)
        Earth-fixed position of the station [m].
    satellites_m : ndarray, shape (3, n)
        Earth-fixed positions of the satellites [m].

    Returns
    -------
    ndarray, shape (n,)
        Angles [rad]; pi where no part of the arc is above the horizon.

    Notes
    -----
    The horizon is that of a sphere through the station; the arc is sampled every half degree of longitude.

    References
    ----------
    [itu-rr22]

    Examples
    --------
    A station on the equator has the arc overhead; a satellite in its zenith is in line with it:

    >>> from orbit.constants import EARTH_RADIUS_M
    >>> station = np.array([EARTH_RADIUS_M, 0.0, 0.0])
    >>> both = np.array([[EARTH_RADIUS_M + 550e3] * 2, [0.0, 0.0], [0.0, 550e3]])
    >>> np.degrees(arc_separation_rad(station, both)).round(2).tolist()
    [0.0, 45.0]
    """
    longitude = np.arctan2(station_m[1], station_m[0]) + np.arange(-np.pi / 2.0, np.pi / 2.0, ARC_STEP_RAD)
    arc_m = GSO_RADIUS_M * np.array((np.cos(longitude), np.sin(longitude), np.zeros(longitude.size)))
    towards = arc_m - station_m[:, np.newaxis]
    towards = towards[:, station_m @ towards > 0.0]
    if towards.shape[1] == 0:
        return np.full(satellites_m.shape[1], np.pi)
    towards /= np.linalg.norm(towards, axis=0)
    seen = satellites_m - station_m[:, np.newaxis]
    cosine = (towards.T @ (seen / np.linalg.norm(seen, axis=0))).max(axis=0)
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)))


def clear_of_arc(slant_m: Array, stations_m: Array, satellites_m: Array, separation_rad: float) -> Array:
    """Slant ranges without satellites that a station sees near the geostationary arc.

    Parameters
    ----------
    slant_m : ndarray, shape (stations, N)
        Slant ranges [m]; infinite where the satellite is not in view.
    stations_m : ndarray, shape (stations, 3)
        Earth-fixed positions of the stations [m].
    satellites_m : ndarray, shape (3, N)
        Earth-fixed positions of the satellites [m].
    separation_rad : float
        Least angle from the arc [rad]; 0: all satellites are used.

    Returns
    -------
    ndarray, shape (stations, N)
        The ranges, infinite for satellites nearer to the arc.

    Examples
    --------
    >>> from orbit.constants import EARTH_RADIUS_M
    >>> station, satellite = np.array([[EARTH_RADIUS_M, 0.0, 0.0]]), np.array([[EARTH_RADIUS_M + 550e3], [0.0], [0.0]])
    >>> clear_of_arc(np.array([[550e3]]), station, satellite, np.radians(18.0)).tolist()
    [[inf]]
    """
    cleared = slant_m.copy()
    for s, station in enumerate(stations_m):
        seen = np.flatnonzero(np.isfinite(slant_m[s]))
        near = arc_separation_rad(station, satellites_m[:, seen]) < separation_rad
        cleared[s, seen[near]] = np.inf
    return cleared
