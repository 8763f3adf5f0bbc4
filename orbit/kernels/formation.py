"""Near-circular orbits under J2 to first order, short periods included: positions true to millimetres to each other."""

from __future__ import annotations

import math

from orbit.constants import EARTH_RADIUS_M, J2, MU_EARTH_M3_S2
from orbit.kernels.compile import Floats, inlined, kernel
from orbit.kernels.simd import sincos

# Rows of the packed mean elements: semi-major axis [m], inclination, node and its rate, mean argument of latitude and
# its rate, eccentricity vector at the epoch (e cos, e sin of the argument of perigee) and the rate at which it turns.
ROW_A, ROW_COS_I, ROW_SIN_I, ROW_NODE, ROW_NODE_RATE, ROW_LATITUDE, ROW_LATITUDE_RATE, ROW_EX, ROW_EY, ROW_EX_RATE = (
    range(10)
)
ROWS = 10


@inlined
def osculating(
    a: float, cos_i: float, sin_i: float, sin_l: float, cos_l: float, ex: float, ey: float
) -> tuple[float, float, float, float, float, float, float, float]:
    """From mean elements to the polar-nodal variables of the moment, J2 to first order, eccentricity to first in J2.

    a semi-major axis [m], l mean argument of latitude, (ex, ey) eccentricity vector below 0.02. Returns radius [m],
    sine and cosine of the argument of latitude, shift of the node [rad], cosine and sine of the inclination, radial
    velocity [m/s] and angular momentum [m2/s]. Brouwer's generating function [brouwer1959] in the variables of
    [aksnes1970], with f - M = 2 e sin f - 3/4 e^2 sin 2f in it.
    """
    # Kepler: F = l + x, x = p cos x + q sin x; x is at most 0.02, one Newton step from p / (1 - q) leaves 1e-13
    p, q = ex * sin_l - ey * cos_l, ex * cos_l + ey * sin_l
    x = p / (1.0 - q)
    x2 = x * x
    sin_x = x * (1.0 - x2 / 6.0 * (1.0 - x2 / 20.0))
    cos_x = 1.0 - 0.5 * x2 * (1.0 - x2 / 12.0 * (1.0 - x2 / 30.0))
    dx = (x - p * cos_x - q * sin_x) / (1.0 + p * sin_x - q * cos_x)
    sin_x, cos_x = sin_x - dx * cos_x, cos_x + dx * sin_x
    sin_f, cos_f = sin_l * cos_x + cos_l * sin_x, cos_l * cos_x - sin_l * sin_x
    eta2 = 1.0 - ex * ex - ey * ey
    b = 1.0 / (1.0 + math.sqrt(eta2))
    r = a * (1.0 - ex * cos_f - ey * sin_f)
    cos_u = a * ((1.0 - ey * ey * b) * cos_f + ex * ey * b * sin_f - ex) / r
    sin_u = a * ((1.0 - ex * ex * b) * sin_f + ex * ey * b * cos_f - ey) / r
    # kappa = e cos f, sigma = e sin f, f the true anomaly
    kappa, sigma = ex * cos_u + ey * sin_u, ex * sin_u - ey * cos_u
    parameter = a * eta2
    momentum = math.sqrt(MU_EARTH_M3_S2 * parameter)
    radial = momentum / parameter * sigma
    # short periods: W = momentum g (A (3 sigma - 3/2 sigma kappa) + B V); each variable moves by a partial of it
    g = 0.5 * J2 * (EARTH_RADIUS_M / parameter) * (EARTH_RADIUS_M / parameter)
    c2i = cos_i * cos_i
    big_a, big_b = 1.5 * c2i - 0.5, 1.5 * sin_i * sin_i
    sin_2u, cos_2u = 2.0 * sin_u * cos_u, 1.0 - 2.0 * sin_u * sin_u
    v = (0.5 + 2.0 / 3.0 * kappa) * sin_2u - sigma / 3.0 * cos_2u
    d_r = -g * parameter * (3.0 * big_a - 1.5 * big_a * kappa - big_b / 3.0 * cos_2u)
    d_u = g * (
        9.0 * (big_a + c2i) * sigma
        + 3.0 * (big_b - c2i) * v
        - big_b * (4.0 / 3.0 * (1.0 + kappa) * sin_2u - sigma / 3.0 * cos_2u)
    )
    d_node = -3.0 * g * cos_i * (3.0 * sigma - v)
    turn = g * ((1.0 + 4.0 / 3.0 * kappa) * cos_2u + 2.0 / 3.0 * sigma * sin_2u)
    d_i = 1.5 * cos_i * sin_i * turn
    d_momentum = momentum * big_b * turn
    d_radial = momentum * g * parameter / (r * r) * (1.5 * big_a * sigma - 2.0 / 3.0 * big_b * sin_2u)
    sin_d, cos_d = d_u * (1.0 - d_u * d_u / 6.0), 1.0 - 0.5 * d_u * d_u
    sin_t, cos_t = d_i * (1.0 - d_i * d_i / 6.0), 1.0 - 0.5 * d_i * d_i
    return (
        r + d_r,
        sin_u * cos_d + cos_u * sin_d,
        cos_u * cos_d - sin_u * sin_d,
        d_node,
        cos_i * cos_t - sin_i * sin_t,
        sin_i * cos_t + cos_i * sin_t,
        radial + d_radial,
        momentum + d_momentum,
    )


@inlined
def _moment(elements: Floats, i: int, t: float) -> tuple[float, float, float, float, float, float, float, float, float]:
    """Radius [m], sines and cosines of argument of latitude, node and inclination, radial speed [m/s] and momentum [m2/s]."""
    sin_l, cos_l = sincos(elements[ROW_LATITUDE, i] + elements[ROW_LATITUDE_RATE, i] * t)
    sin_w, cos_w = sincos(elements[ROW_EX_RATE, i] * t)
    ex = elements[ROW_EX, i] * cos_w - elements[ROW_EY, i] * sin_w
    ey = elements[ROW_EX, i] * sin_w + elements[ROW_EY, i] * cos_w
    r, sin_u, cos_u, d_node, cos_i, sin_i, radial, momentum = osculating(
        elements[ROW_A, i], elements[ROW_COS_I, i], elements[ROW_SIN_I, i], sin_l, cos_l, ex, ey
    )
    sin_node, cos_node = sincos(elements[ROW_NODE, i] + elements[ROW_NODE_RATE, i] * t + d_node)
    return r, sin_u, cos_u, sin_node, cos_node, sin_i, cos_i, radial, momentum


@kernel
def formation_positions(elements: Floats, t_s: Floats, out_r_m: Floats) -> None:
    """Positions [m] in the frame of the node, out_r_m[time, 3, satellite], from packed mean elements[10, satellite].

    t_s [s] since the elements' epoch. Angles stay below 1e5 rad for four years from the epoch.
    """
    for k in range(t_s.size):
        for i in range(out_r_m.shape[2]):
            r, sin_u, cos_u, sin_node, cos_node, sin_i, cos_i, _, _ = _moment(elements, i, t_s[k])
            out_r_m[k, 0, i] = r * (cos_node * cos_u - sin_node * sin_u * cos_i)
            out_r_m[k, 1, i] = r * (sin_node * cos_u + cos_node * sin_u * cos_i)
            out_r_m[k, 2, i] = r * (sin_u * sin_i)


@kernel
def formation_velocities(elements: Floats, t_s: Floats, out_v_m_s: Floats) -> None:
    """Velocities [m/s] of the same satellites, out_v_m_s[time, 3, satellite], in the axes of `formation_positions`."""
    for k in range(t_s.size):
        for i in range(out_v_m_s.shape[2]):
            r, sin_u, cos_u, sin_node, cos_node, sin_i, cos_i, radial, momentum = _moment(elements, i, t_s[k])
            along = momentum / r
            out_v_m_s[k, 0, i] = radial * (cos_node * cos_u - sin_node * sin_u * cos_i) - along * (
                cos_node * sin_u + sin_node * cos_u * cos_i
            )
            out_v_m_s[k, 1, i] = radial * (sin_node * cos_u + cos_node * sin_u * cos_i) - along * (
                sin_node * sin_u - cos_node * cos_u * cos_i
            )
            out_v_m_s[k, 2, i] = (radial * sin_u + along * cos_u) * sin_i
