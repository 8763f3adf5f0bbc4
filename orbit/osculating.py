"""Mean elements to place and speed: the short-period terms of J2 put on nearly circular orbits.

A numerical integrator wants the state a satellite really has; secular J2 moves the mean of it. The semi-major axis of the
two differs by up to 10 km, which a day turns into 1,500 km along the track.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_RADIUS_M, J2, MU_EARTH_M3_S2
from orbit.elements import CircularElements

Array = NDArray[np.float64]


def osculating_states(elements: CircularElements) -> tuple[Array, Array]:
    """Place [m] and speed [m/s], each (satellites, 3), of circular mean elements, to the first power of J2.

    The terms of Brouwer's theory in radius, latitude argument, node, inclination and their rates at eccentricity zero, as
    SGP4 has them [hoots2004:sec. on short-period periodics]; left are terms of J2^2: some 10 m of semi-major axis.
    """
    a, i, u = elements.semi_major_axis_m, elements.inclination_rad, elements.latitude_argument_rad
    n = np.sqrt(MU_EARTH_M3_S2 / a**3)
    k = 0.5 * J2 * (EARTH_RADIUS_M / a) ** 2
    c, s = np.cos(i), np.sin(i)
    cos_2u, sin_2u = np.cos(2.0 * u), np.sin(2.0 * u)
    radius = a * (1.0 - 1.5 * k * (3.0 * c * c - 1.0) + 0.5 * k * s * s * cos_2u)
    latitude = u - 0.25 * k * (7.0 * c * c - 1.0) * sin_2u
    node = elements.node_rad + 1.5 * k * c * sin_2u
    inclination = i + 1.5 * k * c * s * cos_2u
    climb = -k * n * a * s * s * sin_2u
    across = n * a * (1.0 + k * (s * s * cos_2u - 1.5 * (1.0 - 3.0 * c * c)))
    ci, si, cn, sn = np.cos(inclination), np.sin(inclination), np.cos(node), np.sin(node)
    cu, su = np.cos(latitude), np.sin(latitude)
    up = np.stack((cn * cu - sn * su * ci, sn * cu + cn * su * ci, su * si), axis=-1)
    ahead = np.stack((-cn * su - sn * cu * ci, -sn * su + cn * cu * ci, cu * si), axis=-1)
    return radius[:, np.newaxis] * up, climb[:, np.newaxis] * up + across[:, np.newaxis] * ahead
