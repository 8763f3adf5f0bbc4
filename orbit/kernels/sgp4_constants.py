"""Constants of SGP4 for many satellites, from their mean elements. [vallado2006]

Periods from 225 minutes on are deep space: such a satellite is marked, and left to the sgp4 package.

Legend, as in the reference: a semi-major axis [Earth radii], e eccentricity, i inclination, n mean motion [rad/min],
w argument of perigee; s and q fitting altitudes of the atmosphere, eta, psi and tsi what drag is expanded in.
"""

from __future__ import annotations

import math

from orbit.constants import WGS72_J2, WGS72_J3, WGS72_J4, WGS72_MU_KM3_S2, WGS72_RADIUS_KM
from orbit.kernels.compile import Floats, inlined, kernel

XKE = 60.0 / math.sqrt(WGS72_RADIUS_KM**3 / WGS72_MU_KM3_S2)  # Earth radii^1.5 a minute
J3_OVER_J2 = WGS72_J3 / WGS72_J2
LEAST_E = -0.001  # eccentricities between it and zero are rounding, and count as the least
MINUTES_PER_DAY = 1440.0
RADIUS_M = 1e3 * WGS72_RADIUS_KM
DEEP_SPACE_MIN = 225.0  # period from which the Moon, the Sun and resonances count

# Rows of the elements that `initialise` reads ...
(IN_EPOCH_JD, IN_EPOCH_FR, IN_MOTION, IN_E, IN_I, IN_NODE, IN_PERIGEE, IN_ANOMALY, IN_DRAG) = range(9)
ELEMENT_ROWS = 9
# ... and of what it makes of them; T2_CF to T5_CF are the reference's times the mean motion
(
    EPOCH_JD, EPOCH_FR, M0, M_DOT, W0, W_DOT, NODE0, NODE_DOT, NODE_CF, E0, SQRT_A0, ETA, OMEGA_CF, XM_CF,
    DELTA_M0, CC1, D2, D3, D4, DRAG_CC4, DRAG_CC5, SIN_M0, T2_CF, T3_CF, T4_CF, T5_CF, AY_CF, XL_CF, COS_I, SIN_I,
    CON41, X1MTH2, X7THM1, KIND,
) = range(34)  # fmt: skip
ROWS = 34
NEAR_EARTH, DEEP_SPACE, NO_ORBIT = 0.0, 1.0, 2.0  # kinds: for orbit.kernels.sgp4, for the sgp4 package, for neither


@inlined
def without_kozai(n0: float, e: float, cos_i: float) -> float:
    """Mean motion [rad/min] that goes with the mean semi-major axis, from Kozai's. [vallado2006:initl]"""
    one_e2 = 1.0 - e * e
    ak: float = (XKE / n0) ** (2.0 / 3.0)
    d1 = 0.75 * WGS72_J2 * (3.0 * cos_i * cos_i - 1.0) / (math.sqrt(one_e2) * one_e2)
    delta = d1 / (ak * ak)
    adel = ak * (1.0 - delta * delta - delta * (1.0 / 3.0 + 134.0 * delta * delta / 81.0))
    return n0 / (1.0 + d1 / (adel * adel))


@inlined
def secular_rates(out: Floats, k: int, n: float, a: float, e: float, cos_i: float) -> float:
    """Rates of J2 and J4; returns the first-order part of the node's."""
    one_e2 = 1.0 - e * e
    root_e2, cos_i2 = math.sqrt(one_e2), cos_i * cos_i
    cos_i4 = cos_i2 * cos_i2
    p2 = 1.0 / (a * one_e2 * a * one_e2)
    temp1 = 1.5 * WGS72_J2 * p2 * n
    temp2 = 0.5 * temp1 * WGS72_J2 * p2
    temp3 = -0.46875 * WGS72_J4 * p2 * p2 * n
    node_1 = -temp1 * cos_i
    out[M_DOT, k] = n + 0.5 * temp1 * root_e2 * (3.0 * cos_i2 - 1.0) + 0.0625 * temp2 * root_e2 * (
        13.0 - 78.0 * cos_i2 + 137.0 * cos_i4
    )  # fmt: skip
    out[W_DOT, k] = (
        -0.5 * temp1 * (1.0 - 5.0 * cos_i2)
        + 0.0625 * temp2 * (7.0 - 114.0 * cos_i2 + 395.0 * cos_i4)
        + temp3 * (3.0 - 36.0 * cos_i2 + 49.0 * cos_i4)
    )
    out[NODE_DOT, k] = node_1 + (0.5 * temp2 * (4.0 - 19.0 * cos_i2) + 2.0 * temp3 * (3.0 - 7.0 * cos_i2)) * cos_i
    return node_1


@inlined
def drag_terms(
    out: Floats, k: int, n: float, a: float, e: float, cos_i: float, sin_i: float, w: float, m: float, drag: float
) -> float:
    """Terms of drag, by powers of time; returns the reference's cc1."""
    con41, one_e2 = 3.0 * cos_i * cos_i - 1.0, 1.0 - e * e
    x1mth2 = 1.0 - cos_i * cos_i
    # the atmosphere's fitting altitudes go by the height of perigee
    perigee = a * (1.0 - e)
    perigee_km = (perigee - 1.0) * WGS72_RADIUS_KM
    s_km = 78.0
    if perigee_km < 156.0:
        s_km = 20.0 if perigee_km < 98.0 else perigee_km - 78.0
    s = s_km / WGS72_RADIUS_KM + 1.0
    q = (120.0 - s_km) / WGS72_RADIUS_KM
    tsi = 1.0 / (a - s)
    eta = a * e * tsi
    eta2, e_eta = eta * eta, e * eta
    psi2 = abs(1.0 - eta2)
    coef = q * q * q * q * tsi * tsi * tsi * tsi
    coef1: float = coef / psi2**3.5
    cc2 = coef1 * n * (
        a * (1.0 + 1.5 * eta2 + e_eta * (4.0 + eta2))
        + 0.375 * WGS72_J2 * tsi / psi2 * con41 * (8.0 + 3.0 * eta2 * (8.0 + eta2))
    )  # fmt: skip
    cc1 = drag * cc2
    cc4 = 2.0 * n * coef1 * a * one_e2 * (
        eta * (2.0 + 0.5 * eta2) + e * (0.5 + 2.0 * eta2)
        - WGS72_J2 * tsi / (a * psi2) * (
            -3.0 * con41 * (1.0 - 2.0 * e_eta + eta2 * (1.5 - 0.5 * e_eta))
            + 0.75 * x1mth2 * (2.0 * eta2 - e_eta * (1.0 + eta2)) * math.cos(2.0 * w)
        )
    )  # fmt: skip
    out[ETA, k], out[CC1, k], out[DRAG_CC4, k], out[T2_CF, k] = eta, cc1, drag * cc4, n * 1.5 * cc1
    out[SIN_M0, k] = math.sin(m)
    dm = 1.0 + eta * math.cos(m)
    out[DELTA_M0, k] = dm * dm * dm
    if perigee < 220.0 / WGS72_RADIUS_KM + 1.0:
        return cc1  # so low that the higher terms are left out
    if e > 1e-4:
        out[OMEGA_CF, k] = -2.0 * drag * coef * tsi * J3_OVER_J2 * n * sin_i / e * math.cos(w)
        out[XM_CF, k] = -2.0 / 3.0 * coef * drag / e_eta
    out[DRAG_CC5, k] = drag * 2.0 * coef1 * a * one_e2 * (1.0 + 2.75 * (eta2 + e_eta) + e_eta * eta2)
    cc1_2 = cc1 * cc1
    d2 = 4.0 * a * tsi * cc1_2
    temp = d2 * tsi * cc1 / 3.0
    d3 = (17.0 * a + s) * temp
    d4 = 0.5 * temp * a * tsi * (221.0 * a + 31.0 * s) * cc1
    out[D2, k], out[D3, k], out[D4, k] = d2, d3, d4
    out[T3_CF, k] = n * (d2 + 2.0 * cc1_2)
    out[T4_CF, k] = n * 0.25 * (3.0 * d3 + cc1 * (12.0 * d2 + 10.0 * cc1_2))
    out[T5_CF, k] = n * 0.2 * (3.0 * d4 + 12.0 * cc1 * d3 + 6.0 * d2 * d2 + 15.0 * cc1_2 * (2.0 * d2 + cc1_2))
    return cc1


@kernel
def initialise(elements: Floats, out: Floats) -> None:
    """Constants out[ROWS, satellite] of elements[ELEMENT_ROWS, satellite]: `sgp4init` of the reference, near-Earth part.

    A satellite whose period makes it a matter of deep space is marked so and has no more constants.
    """
    for k in range(elements.shape[1]):
        n0, e, i = elements[IN_MOTION, k], elements[IN_E, k], elements[IN_I, k]
        w, m, drag = elements[IN_PERIGEE, k], elements[IN_ANOMALY, k], elements[IN_DRAG, k]
        for row in range(ROWS):
            out[row, k] = 0.0
        out[EPOCH_JD, k], out[EPOCH_FR, k] = elements[IN_EPOCH_JD, k], elements[IN_EPOCH_FR, k]
        cos_i, sin_i = math.cos(i), math.sin(i)
        sound = (n0 > 0.0) & (e < 1.0) & (e >= LEAST_E)
        n = without_kozai(n0, e, cos_i) if sound else 0.0
        if n <= 0.0:
            out[KIND, k] = NO_ORBIT
            continue
        a = (XKE / n) ** (2.0 / 3.0)
        out[E0, k], out[SQRT_A0, k] = e, math.sqrt(a)
        out[M0, k], out[W0, k], out[NODE0, k] = m, w, elements[IN_NODE, k]
        if 2.0 * math.pi / n >= DEEP_SPACE_MIN:
            out[KIND, k] = DEEP_SPACE
            continue
        cc1 = drag_terms(out, k, n, a, e, cos_i, sin_i, w, m, drag)
        node_1 = secular_rates(out, k, n, a, e, cos_i)
        out[NODE_CF, k] = 3.5 * (1.0 - e * e) * node_1 * cc1
        # long-period terms of J3; 1 + cos i = 0 for an orbit straight backwards
        nearly = max(1.0 + cos_i, 1.5e-12)
        out[XL_CF, k] = -0.25 * J3_OVER_J2 * sin_i * (3.0 + 5.0 * cos_i) / nearly
        out[AY_CF, k] = -0.5 * J3_OVER_J2 * sin_i
        out[COS_I, k], out[SIN_I, k] = cos_i, sin_i
        cos_i2 = cos_i * cos_i
        out[CON41, k], out[X1MTH2, k], out[X7THM1, k] = 3.0 * cos_i2 - 1.0, 1.0 - cos_i2, 7.0 * cos_i2 - 1.0
