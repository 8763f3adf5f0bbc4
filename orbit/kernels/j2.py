"""Circular orbits with the secular drift of J2: position of many satellites at many times."""

from __future__ import annotations

import math

from orbit.constants import EARTH_RADIUS_M, J2, MU_EARTH_M3_S2
from orbit.kernels.compile import Floats, inlined, kernel
from orbit.kernels.simd import sincos


@inlined
def mean_motion_rad_s(semi_major_axis_m: float) -> float:
    """Two-body mean motion [rad/s]."""
    return math.sqrt(MU_EARTH_M3_S2 / (semi_major_axis_m * semi_major_axis_m * semi_major_axis_m))


@inlined
def node_rate_rad_s(semi_major_axis_m: float, inclination_rad: float) -> float:
    """Secular drift of the ascending node [rad/s], circular orbit. [vallado2013:eq. 9-37]"""
    ratio = EARTH_RADIUS_M / semi_major_axis_m
    return -1.5 * mean_motion_rad_s(semi_major_axis_m) * J2 * ratio * ratio * math.cos(inclination_rad)


@inlined
def latitude_argument_rate_rad_s(semi_major_axis_m: float, inclination_rad: float) -> float:
    """Rate of the argument of latitude [rad/s] (perigee and mean anomaly together), circular orbit.

    [vallado2013:eqs. 9-39, 9-41], which add up to n (1 + 3/2 J2 (R/a)^2 (4 cos^2 i - 1)).
    """
    ratio = EARTH_RADIUS_M / semi_major_axis_m
    c = math.cos(inclination_rad)
    return mean_motion_rad_s(semi_major_axis_m) * (1.0 + 1.5 * J2 * ratio * ratio * (4.0 * c * c - 1.0))


# Rows of the packed elements that the kernels read.
ROW_SEMI_MAJOR_AXIS, ROW_COS_I, ROW_SIN_I, ROW_NODE, ROW_NODE_RATE, ROW_LATITUDE, ROW_LATITUDE_RATE = range(7)
ELEMENT_ROWS = 7


@kernel
def secular_rates(semi_major_axis_m: Floats, inclination_rad: Floats, node_rad_s: Floats, latitude_argument_rad_s: Floats) -> None:
    """Both rates of many satellites [rad/s]; the last two arrays are written."""
    for i in range(semi_major_axis_m.size):
        node_rad_s[i] = node_rate_rad_s(semi_major_axis_m[i], inclination_rad[i])
        latitude_argument_rad_s[i] = latitude_argument_rate_rad_s(semi_major_axis_m[i], inclination_rad[i])


@kernel
def circular_positions(elements: Floats, t_s: Floats, out_r_m: Floats) -> None:
    """Positions [m] in the frame of the node, out_r_m[time, 3, satellite], from packed elements[7, satellite].

    t_s [s] since the elements' epoch. Angles stay below 1e5 rad for four years from the epoch.
    """
    for k in range(t_s.size):
        t = t_s[k]
        for i in range(out_r_m.shape[2]):
            a = elements[ROW_SEMI_MAJOR_AXIS, i]
            cos_i = elements[ROW_COS_I, i]
            sin_i = elements[ROW_SIN_I, i]
            sin_node, cos_node = sincos(elements[ROW_NODE, i] + elements[ROW_NODE_RATE, i] * t)
            sin_u, cos_u = sincos(elements[ROW_LATITUDE, i] + elements[ROW_LATITUDE_RATE, i] * t)
            out_r_m[k, 0, i] = a * (cos_node * cos_u - sin_node * sin_u * cos_i)
            out_r_m[k, 1, i] = a * (sin_node * cos_u + cos_node * sin_u * cos_i)
            out_r_m[k, 2, i] = a * (sin_u * sin_i)
