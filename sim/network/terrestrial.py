"""Delay of optical fibre between places on the ground: great circle, length of the route, speed of light in glass.

A fibre follows highways, railways and coasts, so that its route is longer than the great circle. Without a factor of the user,
the rule by which the ITU estimates routes applies: 1.5 times the distance up to 1,000 km, 1,500 km up to 1,200 km, and
1.25 times the distance beyond.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_MEAN_RADIUS_M, SPEED_OF_LIGHT_M_S

Array = NDArray[np.float64]

FIBRE_INDEX = 1.468  # group index of single-mode fibre at 1550 nm [corning-smf28]
NEAR_M, FAR_M = 1.0e6, 1.2e6  # distances at which the rule changes [itu-y1541:appendix III]
NEAR_FACTOR, FAR_FACTOR = 1.5, 1.25


def great_circle_m(latitude_rad: Any, longitude_rad: Any, other_latitude_rad: Any, other_longitude_rad: Any) -> Array:
    """Distance along a great circle of a sphere of the Earth's mean radius, by the haversine formula. [sinnott1984]

    Parameters
    ----------
    latitude_rad, longitude_rad : array_like
        First places [rad], north and east positive.
    other_latitude_rad, other_longitude_rad : array_like
        Second places [rad], of a shape that broadcasts.

    Returns
    -------
    ndarray
        Distances [m]; within 0.6 % of the geodesic of the WGS 84 ellipsoid.

    Examples
    --------
    A quarter of the circumference:

    >>> great_circle_m(0.0, 0.0, np.pi / 2.0, 0.0).round().tolist()
    10007557.0
    """
    one, other = np.asarray(latitude_rad, dtype=np.float64), np.asarray(other_latitude_rad, dtype=np.float64)
    east = np.asarray(other_longitude_rad, dtype=np.float64) - np.asarray(longitude_rad, dtype=np.float64)
    half = np.sin((other - one) / 2.0) ** 2 + np.cos(one) * np.cos(other) * np.sin(east / 2.0) ** 2
    return np.asarray(2.0 * EARTH_MEAN_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1.0))))


def route_length_m(distance_m: Any, route_factor: float | None = None) -> Array:
    """Length of a fibre route between places at a great-circle distance. [itu-y1541:appendix III]

    Parameters
    ----------
    distance_m : array_like
        Great-circle distances [m], not negative.
    route_factor : float, optional
        Length of the route relative to the distance, at least 1; without it, the rule of the ITU. Over 120 cities of the
        United States the shortest routes have a median of 1.3, measured delays 2.1 [bozkurt2018].

    Returns
    -------
    ndarray
        Lengths [m].

    Raises
    ------
    ValueError
        If the factor is below 1.

    Examples
    --------
    >>> route_length_m(np.array([400e3, 1100e3, 4000e3])).tolist()
    [600000.0, 1500000.0, 5000000.0]
    >>> route_length_m(400e3, route_factor=2.0).tolist()
    800000.0
    """
    distance = np.asarray(distance_m, dtype=np.float64)
    if route_factor is None:
        return np.asarray(np.where(distance <= FAR_M, np.minimum(NEAR_FACTOR * distance, NEAR_FACTOR * NEAR_M), FAR_FACTOR * distance))
    if route_factor < 1.0:
        raise ValueError(f"route_factor: {route_factor:g} is shorter than the great circle; write 1 or more, such as 1.5")
    return np.asarray(route_factor * distance)


def delay_s(distance_m: Any, route_factor: float | None = None, index: float = FIBRE_INDEX) -> Array:
    """One-way delay of a fibre route between places at a great-circle distance.

    Parameters
    ----------
    distance_m : array_like
        Great-circle distances [m].
    route_factor : float, optional
        As for `route_length_m`.
    index : float
        Group index of the fibre, at least 1.

    Returns
    -------
    ndarray
        Delays [s], without routers.

    Examples
    --------
    1,000 km of great circle are 1,500 km of glass:

    >>> (1e3 * delay_s(1.0e6)).round(3).tolist()
    7.345
    """
    return np.asarray(route_length_m(distance_m, route_factor) * (index / SPEED_OF_LIGHT_M_S))


def delay_matrix_s(
    latitude_rad: Any,
    longitude_rad: Any,
    other_latitude_rad: Any,
    other_longitude_rad: Any,
    route_factor: float | None = None,
    index: float = FIBRE_INDEX,
) -> Array:
    """One-way delays of fibre between all places of two lists.

    Parameters
    ----------
    latitude_rad, longitude_rad : array_like, shape (n,)
        First list [rad].
    other_latitude_rad, other_longitude_rad : array_like, shape (m,)
        Second list [rad].
    route_factor, index : float
        As for `delay_s`.

    Returns
    -------
    ndarray, shape (n, m)
        Delays [s].

    Examples
    --------
    >>> delay_matrix_s([0.0, 0.1], [0.0, 0.0], [0.1], [0.0]).round(6).tolist()
    [[0.00468], [0.0]]
    """
    rows = (np.asarray(angles, dtype=np.float64).reshape(-1, 1) for angles in (latitude_rad, longitude_rad))
    columns = (np.asarray(angles, dtype=np.float64).reshape(1, -1) for angles in (other_latitude_rad, other_longitude_rad))
    return delay_s(great_circle_m(*rows, *columns), route_factor, index)


def gateway_delays_s(
    latitude_rad: Any,
    longitude_rad: Any,
    pop: NDArray[np.int64],
    pop_latitude_rad: Any,
    pop_longitude_rad: Any,
    route_factor: float | None = None,
) -> Array:
    """One-way delays of fibre from gateways to their points of presence (PoPs).

    Parameters
    ----------
    latitude_rad, longitude_rad : array_like, shape (G,)
        Gateways [rad].
    pop : ndarray of int64, shape (G,)
        Number of the PoP that each gateway is joined to; -1: to all.
    pop_latitude_rad, pop_longitude_rad : array_like, shape (P,)
        PoPs [rad].
    route_factor : float, optional
        As for `route_length_m`.

    Returns
    -------
    ndarray, shape (G, P)
        Delays [s]; infinite for PoPs that the gateway is not joined to.

    Examples
    --------
    >>> (1e3 * gateway_delays_s([0.0, 0.1], [0.0, 0.0], np.array([0, -1]), [0.0, 0.1], [0.0, 0.0])).round(2).tolist()
    [[0.0, inf], [4.68, 0.0]]
    """
    every_s = delay_matrix_s(latitude_rad, longitude_rad, pop_latitude_rad, pop_longitude_rad, route_factor)
    joined = (pop[:, np.newaxis] < 0) | (pop[:, np.newaxis] == np.arange(every_s.shape[1]))
    return np.where(joined, every_s, np.inf)
