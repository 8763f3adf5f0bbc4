"""Elementary functions from plain arithmetic, so that loops over them vectorise (libm calls do not).

Each is checked against libm over its whole range in tests/unit/orbit/test_simd.py.
"""

from __future__ import annotations

import math

import numpy as np

from orbit.kernels.compile import WIDE, inlined

_TWO_OVER_PI = 2.0 / math.pi
_ROUND = 1.5 * 2.0**52
# pi/2 in three parts of 33 bits (Cody and Waite): k * part is exact for |k| < 2^20 [fdlibm:e_rem_pio2.c]
_PIO2_1 = 1.57079632673412561417e00
_PIO2_2 = 6.07710050630396597660e-11
_PIO2_3 = 2.02226624879595063154e-21
# see `arc`
_A0 = 0.16666666666666710988
_A1 = 0.074999999999488265847
_A2 = 0.044642857240669073756
_A3 = 0.03038193706920123083
_A4 = 0.022372450720924634783
_A5 = 0.017345796496410096624
_A6 = 0.014074117246360912153
_A7 = 0.010367018029629880084
_A8 = 0.018943411801085122801
_A9 = -0.043513862575801424638
_A10 = 0.22348548132475565168
_A11 = -0.65711988432751830829
_A12 = 1.4914684745395154696
_A13 = -2.3613069371623754096
_A14 = 2.556835688392399765
_A15 = -1.680318652954095512
_A16 = 0.52777169168373648753
_LOG2_E = 1.0 / math.log(2.0)
# ln 2 in two parts, the first of 32 bits: k times it is exact [fdlibm:e_exp.c]
_LN2_1 = 6.93147180369123816490e-01
_LN2_2 = 1.90821492927058770002e-10
_ONE_BITS = 1023 << 52


@inlined
def inverse_root(x: float) -> float:
    """1 / sqrt(x) for 1e-37 < x < 1e37, relative error below 4e-16.

    In vectors of 512 bits in single precision first, then one step of third order: root and division in double precision
    take three times as long there, and a processor has one unit for them.
    """
    if not WIDE:
        return 1.0 / math.sqrt(x)
    y = np.float64(np.float32(1.0) / np.float32(math.sqrt(np.float32(x))))
    e = 1.0 - x * y * y
    return float(y + y * e * (0.5 + 0.375 * e))


@inlined
def root(x: float) -> float:
    """sqrt(x) for 0 <= x < 1e37, relative error below 5e-16 above 1e-37; see `inverse_root`."""
    return x * inverse_root(max(x, 1e-37)) if WIDE else math.sqrt(x)


@inlined
def near_sincos(r: float) -> tuple[float, float]:
    """Sine and cosine of |r| <= pi/4 [rad], error below 2e-16. [fdlibm:k_sin.c, k_cos.c]"""
    z = r * r
    sine = r + r * z * (
        -1.66666666666666324348e-01
        + z
        * (
            8.33333333332248946124e-03
            + z
            * (
                -1.98412698298579493134e-04
                + z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10))
            )
        )
    )
    cosine = (
        1.0
        - 0.5 * z
        + z
        * z
        * (
            4.16666666666666019037e-02
            + z
            * (
                -1.38888888888741095749e-03
                + z
                * (
                    2.48015872894767294178e-05
                    + z
                    * (-2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 - z * 1.13596475577881948265e-11))
                )
            )
        )
    )
    return sine, cosine


@inlined
def sincos(x: float) -> tuple[float, float]:
    """Sine and cosine of x [rad]; |x| < 1e5, absolute error below 3e-16. [fdlibm:k_sin.c, k_cos.c]"""
    # adding 1.5 * 2^52 rounds to the nearest integer and leaves it in the last bits
    shifted = x * _TWO_OVER_PI + _ROUND
    k = shifted - _ROUND
    r = ((x - k * _PIO2_1) - k * _PIO2_2) - k * _PIO2_3
    s, c = near_sincos(r)
    quadrant = np.float64(shifted).view(np.int64)
    odd = (quadrant & 1) != 0
    sine, cosine = c if odd else s, s if odd else c
    # bit 1 of the quadrant is the sine's sign, bit 1 of the next one the cosine's
    sine_bits = np.float64(sine).view(np.int64) ^ ((quadrant & 2) << 62)
    cosine_bits = np.float64(cosine).view(np.int64) ^ (((quadrant + 1) & 2) << 62)
    return np.int64(sine_bits).view(np.float64), np.int64(cosine_bits).view(np.float64)


@inlined
def arcsin(x: float) -> float:
    """Arc sine [rad] of x in [-1, 1]; absolute error below 4e-16. [fdlibm:e_asin.c]"""
    a = abs(x)
    far = a > 0.5
    z = 0.5 * (1.0 - a) if far else a * a
    root = math.sqrt(z)
    p = z * (
        1.66666666666666657415e-01
        + z
        * (
            -3.25565818622400915405e-01
            + z
            * (
                2.01212532134862925881e-01
                + z * (-4.00555345006794114027e-02 + z * (7.91534994289814532176e-04 + z * 3.47933107596021167570e-05))
            )
        )
    )
    q = 1.0 + z * (
        -2.40339491173441421878e00
        + z * (2.02094576023350569471e00 + z * (-6.88283971605453293030e-01 + z * 7.70381505559019352791e-02))
    )
    ratio = p / q
    near = a + a * ratio
    result = 0.5 * math.pi - 2.0 * (root + root * ratio) if far else near
    return -result if x < 0.0 else result


@inlined
def arc(sine: float, cosine: float) -> float:
    """Angle [rad] in [-pi/2, pi/2] from its sine and its cosine (at least 0); absolute error below 5e-16.

    With both at hand the smaller of the two is below 0.7072: no root and no division, which take longer than the series.
    """
    a = abs(sine)
    far = a > cosine
    x = cosine if far else a
    z = x * x
    z2 = z * z
    # (arcsin(x) / x - 1) / x^2 interpolated at the Chebyshev points of z in [0, 0.5002]; even and odd powers apart
    even = _A0 + z2 * (_A2 + z2 * (_A4 + z2 * (_A6 + z2 * (_A8 + z2 * (_A10 + z2 * (_A12 + z2 * (_A14 + z2 * _A16)))))))
    odd = _A1 + z2 * (_A3 + z2 * (_A5 + z2 * (_A7 + z2 * (_A9 + z2 * (_A11 + z2 * (_A13 + z2 * _A15))))))
    near = x + x * z * (even + z * odd)
    result = 0.5 * math.pi - near if far else near
    return -result if sine < 0.0 else result


@inlined
def exponential(x: float) -> float:
    """e^x for x in [-64, 64], relative error below 5e-16: 2^k times the Taylor series of what is left, |r| <= ln(2) / 2."""
    shifted = x * _LOG2_E + _ROUND
    k = shifted - _ROUND
    r = (x - k * _LN2_1) - k * _LN2_2
    r2 = r * r
    # even and odd powers apart: half the length of the chain of operations
    even = 1.0 + r2 * (
        0.5
        + r2 * (1.0 / 24.0 + r2 * (1.0 / 720.0 + r2 * (1.0 / 40320.0 + r2 * (1.0 / 3628800.0 + r2 * (1.0 / 479001600.0)))))
    )
    odd = 1.0 + r2 * (
        1.0 / 6.0
        + r2 * (1.0 / 120.0 + r2 * (1.0 / 5040.0 + r2 * (1.0 / 362880.0 + r2 * (1.0 / 39916800.0 + r2 * (1.0 / 6227020800.0)))))
    )
    # k stands in the last bits of `shifted`; moved to the place of the exponent it doubles k times
    power = np.int64((np.float64(shifted).view(np.int64) << 52) + _ONE_BITS).view(np.float64)
    return float((even + r * odd) * power)
