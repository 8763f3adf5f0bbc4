"""The passes of SGP4 over a window of times of one satellite. [vallado2006]

Legend, as in the reference: a semi-major axis [Earth radii], e eccentricity, t minutes since the elements' epoch,
m mean anomaly, w argument of perigee, u mean and l true argument of latitude, d eccentric anomaly ahead of the mean.
`c` holds the constants of `sgp4_constants`, `s` the scratch.
"""

from __future__ import annotations

import math

from orbit.constants import WGS72_J2
from orbit.kernels import sgp4_constants as el
from orbit.kernels.compile import Floats, inlined
from orbit.kernels.simd import near_sincos, sincos
from orbit.status import BAD_ECCENTRICITY, BAD_SEMI_LATUS_RECTUM, DECAYED, OK

SPEED_M_S = el.RADIUS_M * el.XKE / 60.0

WINDOW = 360  # most times of a pass; with fewer than 200 what is done once for each window shows
# Rows of the scratch. Each pass leaves its results where it has read for the last time: eleven rows stay in the first cache
SIN_M, COS_M, TURN_W, TURN_U = range(4)
SIN_U, COS_U, AX, AY, A_S, B_S, D_S = range(7)
SIN_L, COS_L, TEMP2, RADIUS, RADIAL, ACROSS, CODE = range(7)
X, Y, Z, VX, VY, VZ = range(6)
SINCE, E, TEMPA, LAST = range(7, 11)
SCRATCH_ROWS = 11
TINY_RAD, SMALL_RAD, NEAR_RAD = 1e-3, 0.06, 0.75  # largest angles of the series and of `near_sincos`
LOWEST_E, LOW_E, NEAR_E = 0.01, 0.03, 0.6  # largest eccentricities of the modes


@inlined
def short_sincos(x: float) -> tuple[float, float]:
    """Sine and cosine of |x| <= SMALL_RAD; error below 5e-15."""
    z = x * x
    return (
        x * (1.0 + z * (-1.0 / 6.0 + z * (1.0 / 120.0 - z * (1.0 / 5040.0)))),
        1.0 + z * (-0.5 + z * (1.0 / 24.0 - z * (1.0 / 720.0))),
    )


@inlined
def tiny_sincos(x: float) -> tuple[float, float]:
    """Sine and cosine of |x| <= 1e-3; error below 5e-14."""
    z = x * x
    return x - x * z * (1.0 / 6.0), 1.0 - 0.5 * z


# Each pass exists three times, by how large its angles are. The mode is a constant where a pass is called, so that the
# compiler, which merges them all into one function, keeps one branch. Kernels pass over satellites that are not here.
LOWEST, LOW, NEAR, WIDE, NOT_HERE = range(5)  # LOWEST differs from LOW by one step in Kepler's equation


@inlined
def slow_angle(mode: int, x: float) -> tuple[float, float]:
    """Sine and cosine of what a node or perigee turns from the block's middle."""
    if mode == WIDE:
        return sincos(x)
    if mode == NEAR:
        return near_sincos(x)
    return short_sincos(x)


@inlined
def periodic_angle(mode: int, x: float) -> tuple[float, float]:
    """Sine and cosine of a short-period correction."""
    if mode == LOW:
        return tiny_sincos(x)
    return sincos(x) if mode == WIDE else short_sincos(x)


@inlined
def kepler_angle(mode: int, d: float) -> tuple[float, float]:
    """Sine and cosine of the eccentric anomaly's lead over the mean one."""
    if mode == WIDE:
        return sincos(d)
    if mode == NEAR:
        return near_sincos(d)
    return short_sincos(d)


@inlined
def root_below_one(mode: int, e2: float) -> float:
    """sqrt(1 - e2); by its series where e2 is below 1e-3, which errs by 1e-17."""
    if mode == LOW:
        return 1.0 - e2 * (0.5 + e2 * (0.125 + e2 * (0.0625 + e2 * 0.0390625)))
    return math.sqrt(max(1.0 - e2, 1e-9))


@inlined
def secular(
    mode: int, c: Floats, i: int, jd: Floats, fr: Floats, t_mid: float, drag_mid: float, s: Floats
) -> None:  # fmt: skip
    """Mean elements with drag; what perigee and mean latitude turn from the window's middle."""
    w_dot = c[el.W_DOT, i]
    epoch_jd, epoch_fr, m0, m_dot = c[el.EPOCH_JD, i], c[el.EPOCH_FR, i], c[el.M0, i], c[el.M_DOT, i]
    eta, omega_cf, xm_cf, delta_m0 = c[el.ETA, i], c[el.OMEGA_CF, i], c[el.XM_CF, i], c[el.DELTA_M0, i]
    cc1, d2, d3, d4, e0 = c[el.CC1, i], c[el.D2, i], c[el.D3, i], c[el.D4, i], c[el.E0, i]
    t2, t3, t4, t5 = c[el.T2_CF, i], c[el.T3_CF, i], c[el.T4_CF, i], c[el.T5_CF, i]
    cc4, cc5, sin_m0 = c[el.DRAG_CC4, i], c[el.DRAG_CC5, i], c[el.SIN_M0, i]
    for k in range(jd.size):
        t = (jd[k] - epoch_jd) * el.MINUTES_PER_DAY + (fr[k] - epoch_fr) * el.MINUTES_PER_DAY
        sin_m, cos_m = sincos(m0 + m_dot * t)
        dm = 1.0 + eta * cos_m
        shift = omega_cf * t + xm_cf * (dm * dm * dm - delta_m0)
        sin_shift, cos_shift = slow_angle(mode, shift)
        tempe = cc4 * t + cc5 * ((sin_m * cos_shift + cos_m * sin_shift) - sin_m0)
        since = t - t_mid
        turn = w_dot * since
        s[SINCE * WINDOW + k] = since
        s[SIN_M * WINDOW + k] = sin_m
        s[COS_M * WINDOW + k] = cos_m
        s[TURN_W * WINDOW + k] = turn - shift
        s[E * WINDOW + k] = e0 - tempe
        s[TEMPA * WINDOW + k] = 1.0 - t * (cc1 + t * (d2 + t * (d3 + t * d4)))
        s[TURN_U * WINDOW + k] = turn + (t * t * (t2 + t * (t3 + t * (t4 + t * t5))) - drag_mid)


@inlined
def long_period(mode: int, c: Floats, i: int, t_mid: float, drag_mid: float, n: int, s: Floats) -> None:
    """Long-period terms of J3, and the argument of latitude; Kepler's equation as d = A cos d + B sin d."""
    w_dot, ay_cf, xl_cf = c[el.W_DOT, i], c[el.AY_CF, i], c[el.XL_CF, i]
    inverse_a0 = 1.0 / (c[el.SQRT_A0, i] * c[el.SQRT_A0, i])
    w_mid = c[el.W0, i] + w_dot * t_mid
    sin_w0, cos_w0 = sincos(w_mid)
    sin_u0, cos_u0 = sincos(w_mid + drag_mid)
    tempa_mid = 1.0 - t_mid * (c[el.CC1, i] + t_mid * (c[el.D2, i] + t_mid * (c[el.D3, i] + t_mid * c[el.D4, i])))
    inverse_mid = 1.0 / (tempa_mid * tempa_mid * (1.0 - c[el.E0, i] * c[el.E0, i])) if mode == LOW else 1.0
    q_mid = inverse_a0 * inverse_mid
    for k in range(n):
        e, tempa = s[E * WINDOW + k], s[TEMPA * WINDOW + k]
        e = max(e, 1e-6) if mode == LOW else min(max(e, 1e-6), 0.999)
        sin_m, cos_m = s[SIN_M * WINDOW + k], s[COS_M * WINDOW + k]
        sin_1, cos_1 = slow_angle(mode, s[TURN_W * WINDOW + k])
        if mode == LOW:  # hardly changes within a window: by its series, to 1e-10
            x = 1.0 - tempa * tempa * (1.0 - e * e) * inverse_mid
            q = q_mid + q_mid * x * (1.0 + x * (1.0 + x))
        else:
            q = inverse_a0 / (tempa * tempa * (1.0 - e * e))
        ax = e * (cos_w0 * cos_1 - sin_w0 * sin_1)
        ay = e * (sin_w0 * cos_1 + cos_w0 * sin_1) + q * ay_cf
        sin_2, cos_2 = slow_angle(mode, s[TURN_U * WINDOW + k] + q * xl_cf * ax)
        sin_w, cos_w = sin_u0 * cos_2 + cos_u0 * sin_2, cos_u0 * cos_2 - sin_u0 * sin_2
        sin_u, cos_u = sin_m * cos_w + cos_m * sin_w, cos_m * cos_w - sin_m * sin_w
        s[SIN_U * WINDOW + k] = sin_u
        s[COS_U * WINDOW + k] = cos_u
        s[AX * WINDOW + k] = ax
        s[AY * WINDOW + k] = ay
        a_s, b_s = ax * sin_u - ay * cos_u, ax * cos_u + ay * sin_u
        if mode != LOW:
            s[LAST * WINDOW + k] = 1.0
        s[A_S * WINDOW + k] = a_s
        s[B_S * WINDOW + k] = b_s
        # Newton's first step from d = 0, where it is sure to be a good one
        s[D_S * WINDOW + k] = a_s + a_s * b_s * (1.0 + b_s) if mode == LOW else 0.0


@inlined
def in_plane(mode: int, c: Floats, i: int, n: int, s: Floats) -> int:
    """Radius, speeds and argument of latitude; returns at how many times there is an error."""
    sqrt_a0, x1mth2 = c[el.SQRT_A0, i], c[el.X1MTH2, i]
    mean_r, swing_r, half_j2 = 1.5 * c[el.CON41, i], 0.5 * el.RADIUS_M * x1mth2, 0.5 * WGS72_J2
    bad = 0
    for k in range(n):
        d, a_s, b_s, tempa = s[D_S * WINDOW + k], s[A_S * WINDOW + k], s[B_S * WINDOW + k], s[TEMPA * WINDOW + k]
        sin_u, cos_u, ax, ay = s[SIN_U * WINDOW + k], s[COS_U * WINDOW + k], s[AX * WINDOW + k], s[AY * WINDOW + k]
        sin_d, cos_d = kepler_angle(mode, d)
        if mode == LOW:
            # the last Newton step, so small that 1 / (1 - g) may be a series; and the angle after it: the step's square
            # is below a micrometre
            g = b_s * cos_d - a_s * sin_d
            step = (a_s * cos_d + b_s * sin_d - d) * (1.0 + g * (1.0 + g * (1.0 + g)))
            d = d + step
            sin_d, cos_d = sin_d + step * cos_d, cos_d - step * sin_d
        e2 = a_s * a_s + b_s * b_s
        one_e2, beta = 1.0 - e2 if mode == LOW else max(1.0 - e2, 1e-9), root_below_one(mode, e2)
        x, z = 1.0 - (b_s * cos_d - a_s * sin_d), 1.0 + beta
        # one division for four: 1/x, 1/(1 - e2), 1/(1 + beta), 1/sqrt(a)
        root_a = sqrt_a0 * abs(tempa)
        xz, ya = x * z, one_e2 * root_a
        inverse = 1.0 / (xz * ya)
        inverse_xz, inverse_ya = inverse * ya, inverse * xz
        over_x, temp = inverse_xz * z, inverse_xz * x * d
        over_y, over_root_a = inverse_ya * root_a, inverse_ya * one_e2
        over_a = over_root_a * over_root_a
        over_p = over_y * over_a
        sin_e, cos_e = sin_u * cos_d + cos_u * sin_d, cos_u * cos_d - sin_u * sin_d
        sin_l, cos_l = over_x * (sin_e - ay - ax * temp), over_x * (cos_e - ax + ay * temp)
        twice = sin_l + sin_l
        sin_2l, cos_2l = twice * cos_l, 1.0 - twice * sin_l
        temp1 = half_j2 * over_p
        temp2 = temp1 * over_p
        radius_m = root_a * (el.RADIUS_M * root_a) * x * (1.0 - temp2 * beta * mean_r) + temp1 * (swing_r * cos_2l)
        if mode != LOW:  # where `modes` is sure that there is none
            e = s[E * WINDOW + k]
            late = BAD_SEMI_LATUS_RECTUM if e2 > 1.0 else (DECAYED if radius_m < el.RADIUS_M else OK)
            code = BAD_ECCENTRICITY if (e >= 1.0) | (e < -0.001) else late
            s[CODE * WINDOW + k] = code
            bad += 1 if code > 0 else 0
        s[SIN_L * WINDOW + k] = sin_l
        s[COS_L * WINDOW + k] = cos_l
        s[TEMP2 * WINDOW + k] = temp2
        s[RADIUS * WINDOW + k] = radius_m
        speed = SPEED_M_S * over_root_a
        along, periodic = speed * over_x, speed * over_a * temp1
        s[RADIAL * WINDOW + k] = d * along - periodic * (x1mth2 * sin_2l)
        s[ACROSS * WINDOW + k] = beta * along + periodic * (x1mth2 * cos_2l + mean_r)
    return bad


@inlined
def orient(mode: int, c: Floats, i: int, t_mid: float, n: int, s: Floats) -> None:
    """Short-period terms of the angles; position and velocity [m, m/s]."""
    node_dot, node_cf = c[el.NODE_DOT, i], c[el.NODE_CF, i]
    sin_n0, cos_n0 = sincos(c[el.NODE0, i] + (node_dot + node_cf * t_mid) * t_mid)
    node_rate = node_dot + 2.0 * node_cf * t_mid
    cos_i0, sin_i0 = c[el.COS_I, i], c[el.SIN_I, i]
    for_l, for_node, for_i = -0.25 * c[el.X7THM1, i], 1.5 * cos_i0, 1.5 * cos_i0 * sin_i0
    for k in range(n):
        sin_l, cos_l, temp2 = s[SIN_L * WINDOW + k], s[COS_L * WINDOW + k], s[TEMP2 * WINDOW + k]
        dt = s[SINCE * WINDOW + k]
        twice = sin_l + sin_l
        sin_2l, cos_2l = twice * cos_l, 1.0 - twice * sin_l
        periodic = temp2 * sin_2l
        sin_1, cos_1 = periodic_angle(mode, for_l * periodic)
        sin_2, cos_2 = slow_angle(mode, dt * (node_rate + node_cf * dt) + for_node * periodic)
        sin_3, cos_3 = periodic_angle(mode, for_i * (temp2 * cos_2l))
        sin_su, cos_su = sin_l * cos_1 + cos_l * sin_1, cos_l * cos_1 - sin_l * sin_1
        sin_n, cos_n = sin_n0 * cos_2 + cos_n0 * sin_2, cos_n0 * cos_2 - sin_n0 * sin_2
        sin_i, cos_i = sin_i0 * cos_3 + cos_i0 * sin_3, cos_i0 * cos_3 - sin_i0 * sin_3
        mx, my = -sin_n * cos_i, cos_n * cos_i
        ux, uy, uz = mx * sin_su + cos_n * cos_su, my * sin_su + sin_n * cos_su, sin_i * sin_su
        r = s[RADIUS * WINDOW + k]
        s[X * WINDOW + k] = r * ux
        s[Y * WINDOW + k] = r * uy
        s[Z * WINDOW + k] = r * uz
        radial, across = s[RADIAL * WINDOW + k], s[ACROSS * WINDOW + k]
        s[VX * WINDOW + k] = radial * ux + across * (mx * cos_su - cos_n * sin_su)
        s[VY * WINDOW + k] = radial * uy + across * (my * cos_su - sin_n * sin_su)
        s[VZ * WINDOW + k] = radial * uz + across * (sin_i * cos_su)


@inlined
def kepler_step(mode: int, n: int, s: Floats) -> int:
    """A Newton step for d = A cos d + B sin d, for those times whose last step was not yet below 1e-12.

    Returns how many go on. What is found at a time does not depend on the other times of the window.
    """
    moving = 0
    for k in range(n):
        d, a_s, b_s = s[D_S * WINDOW + k], s[A_S * WINDOW + k], s[B_S * WINDOW + k]
        sin_d, cos_d = kepler_angle(mode, d)
        step = (a_s * cos_d + b_s * sin_d - d) / (1.0 + a_s * sin_d - b_s * cos_d)
        if mode != LOW:
            step = min(0.95, max(-0.95, step))
            step = step if abs(s[LAST * WINDOW + k]) >= 1e-12 else 0.0
            s[LAST * WINDOW + k] = step
            moving += 1 if abs(step) >= 1e-12 else 0
        s[D_S * WINDOW + k] = d + step
    return moving
