"""Accelerations on a satellite as scalar functions: gravity of an oblate Earth, drag, sunlight, Sun and Moon.

Frame: z along the Earth's axis, not rotating. Each function is branch-free arithmetic, so that a loop over satellites
that calls it becomes vector instructions.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from orbit.constants import (
    AU_M,
    EARTH_FLATTENING,
    EARTH_RADIUS_M,
    EARTH_ROTATION_RAD_S,
    J2,
    J3,
    J4,
    J5,
    J6,
    MU_EARTH_M3_S2,
    MU_MOON_M3_S2,
    MU_SUN_M3_S2,
    SOLAR_CONSTANT_W_M2,
    SPEED_OF_LIGHT_M_S,
    SUN_RADIUS_M,
)
from orbit.density import BULGE_LAG_RAD, BULGE_TERMS, HIGHEST_M, LOWEST_M, MAP_M, MAP_SLOPE, MEAN_TERMS
from orbit.kernels.compile import Floats, inlined
from orbit.kernels.simd import exponential

# a satellite below LOWEST_M has come down; density is defined from there (orbit/density.py)
# A satellite that has come down goes on, in no meaningful way but in finite numbers: nothing grows below this radius.
_INNERMOST_M2 = (EARTH_RADIUS_M - 400e3) ** 2
# x2 + y2 + STRETCH z2 < LOW_M2 inside the ellipsoid 100 km above the Earth's
LOW_M2 = (EARTH_RADIUS_M + LOWEST_M) ** 2
STRETCH = LOW_M2 / (EARTH_RADIUS_M * (1.0 - EARTH_FLATTENING) + LOWEST_M) ** 2
_PRESSURE_1AU_PA = SOLAR_CONSTANT_W_M2 / SPEED_OF_LIGHT_M_S


class Forces(NamedTuple):
    """Which forces act, known when the kernel is compiled; zonals is the highest degree, 0 (a point) or 2 to 6."""

    zonals: int = 6
    drag: bool = False
    solar_pressure: bool = False
    sun: bool = False
    moon: bool = False


class Sky(NamedTuple):
    """Sun and Moon [m] from the Earth's centre at one moment, the same for all satellites."""

    sun_x: float
    sun_y: float
    sun_z: float
    moon_x: float
    moon_y: float
    moon_z: float


class Direction(NamedTuple):
    """The Sun as a unit vector from the Earth's centre, its distance in solar radii."""

    x: float
    y: float
    z: float
    radii: float


@inlined
def inverse_square(x: float, y: float, z: float) -> float:
    """1 / r^2 [1/m2], bounded near the centre."""
    return 1.0 / max(x * x + y * y + z * z, _INNERMOST_M2)


@inlined
def is_low(x: float, y: float, z: float) -> bool:
    """Whether a position [m] is less than 100 km above the ellipsoid."""
    return x * x + y * y + STRETCH * z * z < LOW_M2


@inlined
def zonal(
    x: float, y: float, z: float, q: float, inverse: float, k2: float, k3: float, k4: float, k5: float, k6: float
) -> tuple[float, float, float]:
    """Acceleration [m/s2] at x, y, z [m]: point mass and zonal harmonics, kn = J_n R^n [m^n]; q = 1/r^2.

    [montenbruck2000:3.2.1]

    With s = z/r and U = mu/r (1 - sum J_n (R/r)^n P_n(s)) the gradient is -mu/r^3 [(x, y, z) (1 - A) + (0, 0, r B)],
    A = sum J_n (R/r)^n P'_{n+1}(s), B = sum J_n (R/r)^n P'_n(s); both are polynomials in w = z/r^2 and q = 1/r^2. Those
    of even and odd degree apart, as polynomials in w^2 whose coefficients are polynomials in q: the fewest operations.
    """
    w = z * q
    w2 = w * w
    p = -MU_EARTH_M3_S2 * (q * inverse)
    even = q * (-1.5 * k2 + q * (1.875 * k4 - 2.1875 * k6 * q)) + w2 * (
        7.5 * k2 + q * (-26.25 * k4 + 59.0625 * k6 * q) + w2 * (39.375 * k4 - 216.5625 * k6 * q + w2 * (187.6875 * k6))
    )
    odd = q * (-7.5 * k3 + 13.125 * k5 * q) + w2 * (17.5 * k3 - 78.75 * k5 * q + w2 * (86.625 * k5))
    a = p * (1.0 - even - w * odd)
    even_b = 3.0 * k2 + q * (-7.5 * k4 + 13.125 * k6 * q) + w2 * (17.5 * k4 - 78.75 * k6 * q + w2 * (86.625 * k6))
    odd_b = q * (-1.5 * k3 + 1.875 * k5 * q) + w2 * (7.5 * k3 - 26.25 * k5 * q + w2 * (39.375 * k5))
    return a * x, a * y, a * z + p * (w * even_b + odd_b)


COS_LAG, SIN_LAG = math.cos(BULGE_LAG_RAD), math.sin(BULGE_LAG_RAD)


@inlined
def bulge(ux: float, uy: float, uz: float) -> tuple[float, float, float]:
    """Direction of the air's bulge, which lags behind the Sun's (unit vectors)."""
    return COS_LAG * ux - SIN_LAG * uy, SIN_LAG * ux + COS_LAG * uy, uz


@inlined
def altitude_m(z: float, inverse: float, r: float) -> float:
    """Height [m] above the ellipsoid, to first order in its flattening: within 100 m up to 2,000 km; inverse = 1/r."""
    s = z * inverse
    return r - EARTH_RADIUS_M + EARTH_RADIUS_M * EARTH_FLATTENING * (s * s)


@inlined
def density_kg_m3(altitude: float, bulge_cosine: float, air: Floats) -> float:
    """Air density [kg/m3] at an altitude [m]; below 100 km and above 2,000 km as there."""
    above = min(max(altitude, LOWEST_M), HIGHEST_M) - LOWEST_M
    x = MAP_SLOPE * above / (above + MAP_M) - 1.0
    # even and odd powers apart: half the length of the chain of operations
    x2 = x * x
    even, odd = air[MEAN_TERMS - 2], air[MEAN_TERMS - 1]
    for n in range(MEAN_TERMS - 4, -1, -2):
        even, odd = even * x2 + air[n], odd * x2 + air[n + 1]
    bulge_even, bulge_odd = air[MEAN_TERMS + BULGE_TERMS - 2], air[MEAN_TERMS + BULGE_TERMS - 1]
    for n in range(MEAN_TERMS + BULGE_TERMS - 4, MEAN_TERMS - 1, -2):
        bulge_even, bulge_odd = bulge_even * x2 + air[n], bulge_odd * x2 + air[n + 1]
    mean, bulge = even + x * odd, bulge_even + x * bulge_odd
    return exponential(mean + bulge * bulge_cosine)


@inlined
def drag(
    x: float, y: float, z: float, vx: float, vy: float, vz: float, r2: float, inverse: float, cd_am: float, bulge_x: float,
    bulge_y: float, bulge_z: float, air: Floats,
) -> tuple[float, float, float]:  # fmt: skip
    """Acceleration [m/s2] in air that turns with the Earth; cd_am = Cd A/m [m2/kg], bulge a unit vector.

    r2 = r^2 and inverse = 1/r. [montenbruck2000:eqs. 3.97, 3.98]
    """
    height = altitude_m(z, inverse, r2 * inverse)
    rho = density_kg_m3(height, (x * bulge_x + y * bulge_y + z * bulge_z) * inverse, air)
    ux, uy = vx + EARTH_ROTATION_RAD_S * y, vy - EARTH_ROTATION_RAD_S * x
    k = -0.5 * rho * cd_am * math.sqrt(ux * ux + uy * uy + vz * vz)
    return k * ux, k * uy, k * vz


@inlined
def third_body(x: float, y: float, z: float, bx: float, by: float, bz: float, mu: float) -> tuple[float, float, float]:
    """Tidal acceleration [m/s2] of a distant point mass at b [m]. [montenbruck2000:eq. 3.37]

    The difference of two nearly equal pulls, without the cancellation. [battin1999:8.4]
    """
    b2 = bx * bx + by * by + bz * bz
    r2 = x * x + y * y + z * z
    q = (r2 - 2.0 * (x * bx + y * by + z * bz)) / b2
    d2 = b2 * (1.0 + q)
    f = q * (3.0 + q * (3.0 + q)) / (1.0 + (1.0 + q) * math.sqrt(1.0 + q))
    k = -mu / (d2 * math.sqrt(d2))
    return k * (x + f * bx), k * (y + f * by), k * (z + f * bz)


@inlined
def _lit_integral(edge: float) -> float:
    """Integral of the lit fraction over the shadow's edge from -infinity, in solar radii.

    Exact outside the penumbra; in it a polynomial instead of arc sine and root, within 1.4e-5.
    """
    s = min(1.0, max(-1.0, edge))
    u = s * s
    even = 0.5 + (u - 1.0) * (0.28780022 + u * (-0.0308117 + u * (-0.00222888 - 0.00412608 * u)))
    return 0.5 * s + even + max(0.0, edge - 1.0)


@inlined
def _mean_lit(edge0: float, edge1: float) -> float:
    """Mean lit fraction while the edge moves evenly."""
    span = edge1 - edge0
    still = abs(span) < 1e-4
    low = _lit_integral(edge0 - 5e-5) if still else _lit_integral(edge0)
    high = _lit_integral(edge0 + 5e-5) if still else _lit_integral(edge1)
    return (high - low) / (1e-4 if still else span)


@inlined
def lit_over(
    x: float, y: float, z: float, vx: float, vy: float, vz: float, q: float, inverse: float, sun: Direction,
    span_s: float,
) -> float:  # fmt: skip
    """Mean visible fraction of the Sun over span_s [s] about the time of x, y, z [m], vx, vy, vz [m/s].

    A method of fixed steps would see the few seconds of a penumbra or miss them; their mean gives the right impulse.
    The edge is that of orbit/kernels/shadow.py for rays from the Earth's centre: within 0.01 solar radii.
    """
    half = 0.5 * span_s
    r2 = x * x + y * y + z * z
    bend = 1.0 - 0.5 * half * half * MU_EARTH_M3_S2 * q * inverse
    along, r_v = x * sun.x + y * sun.y + z * sun.z, x * vx + y * vy + z * vz
    along_v, v2 = vx * sun.x + vy * sun.y + vz * sun.z, vx * vx + vy * vy + vz * vz
    # squares of the distances half a span before and after
    middle, swing = bend * bend * r2 + half * half * v2, 2.0 * bend * half * r_v
    radii = q * sun.radii
    before = _edge(middle - swing, bend * along - half * along_v, radii)
    now = _edge(r2, along, radii)
    after = _edge(middle + swing, bend * along + half * along_v, radii)
    return 0.5 * (_mean_lit(before, now) + _mean_lit(now, after))


@inlined
def _edge(r2: float, along: float, radii: float) -> float:
    """Height of the Sun's centre over the limb in solar radii: sin(c - e), c from the Earth's centre, e its radius."""
    rim = (r2 - along * along) * (r2 - EARTH_RADIUS_M * EARTH_RADIUS_M)
    return radii * (math.sqrt(max(rim, 0.0)) + along * EARTH_RADIUS_M)


K2, K3, K4, K5, K6 = (j * EARTH_RADIUS_M**n for n, j in enumerate((J2, J3, J4, J5, J6), start=2))


@inlined
def acceleration(
    zonals: int, with_drag: bool, with_pressure: bool, with_sun: bool, with_moon: bool,
    x: float, y: float, z: float, vx: float, vy: float, vz: float, cd_am: float, cr_am: float, sky: Sky, air: Floats,
    span_s: float,
) -> tuple[float, float, float]:  # fmt: skip
    """The sum of the forces that act [m/s2].

    The first five are the fields of `Forces`: constants where this is called, so that what does not act leaves no trace
    in the machine code. x, y, z [m], vx, vy, vz [m/s], cd_am, cr_am [m2/kg], the air's coefficients, span_s [s] over
    which the shadow is averaged.
    """
    q = inverse_square(x, y, z)
    inverse = math.sqrt(q)
    k2, k3 = (K2 if zonals >= 2 else 0.0), (K3 if zonals >= 3 else 0.0)
    k4, k5, k6 = (K4 if zonals >= 4 else 0.0), (K5 if zonals >= 5 else 0.0), (K6 if zonals >= 6 else 0.0)
    ax, ay, az = zonal(x, y, z, q, inverse, k2, k3, k4, k5, k6)
    if with_drag or with_pressure:
        distance = math.sqrt(sky.sun_x * sky.sun_x + sky.sun_y * sky.sun_y + sky.sun_z * sky.sun_z)
        ux, uy, uz = sky.sun_x / distance, sky.sun_y / distance, sky.sun_z / distance
        if with_drag:
            r2 = max(x * x + y * y + z * z, _INNERMOST_M2)
            bx, by, bz = bulge(ux, uy, uz)
            dx, dy, dz = drag(x, y, z, vx, vy, vz, r2, inverse, cd_am, bx, by, bz, air)
            ax, ay, az = ax + dx, ay + dy, az + dz
        if with_pressure:
            sun = Direction(ux, uy, uz, distance / SUN_RADIUS_M)
            lit = lit_over(x, y, z, vx, vy, vz, q, inverse, sun, span_s)
            k = -lit * cr_am * _PRESSURE_1AU_PA * (AU_M / distance) ** 2
            ax, ay, az = ax + k * ux, ay + k * uy, az + k * uz
    if with_sun:
        dx, dy, dz = third_body(x, y, z, sky.sun_x, sky.sun_y, sky.sun_z, MU_SUN_M3_S2)
        ax, ay, az = ax + dx, ay + dy, az + dz
    if with_moon:
        dx, dy, dz = third_body(x, y, z, sky.moon_x, sky.moon_y, sky.moon_z, MU_MOON_M3_S2)
        ax, ay, az = ax + dx, ay + dy, az + dz
    return ax, ay, az


@inlined
def sky_at(table: Floats, t_s: float, start_s: float, spacing_s: float) -> Sky:
    """Sun and Moon at t_s [s] from table[row, 6], rows spacing_s apart from start_s, by cubics through four rows.

    A row before and two after t_s must be there. An hour apart the Moon is within 0.1 m of its own model.
    """
    at = (t_s - start_s) / spacing_s
    row = int(np.floor(at))
    u = at - row
    w0 = -u * (u - 1.0) * (u - 2.0) / 6.0
    w1 = (u + 1.0) * (u - 1.0) * (u - 2.0) * 0.5
    w2 = -(u + 1.0) * u * (u - 2.0) * 0.5
    w3 = (u + 1.0) * u * (u - 1.0) / 6.0
    a, b, c, d = row - 1, row, row + 1, row + 2
    return Sky(
        sun_x=w0 * table[a, 0] + w1 * table[b, 0] + w2 * table[c, 0] + w3 * table[d, 0],
        sun_y=w0 * table[a, 1] + w1 * table[b, 1] + w2 * table[c, 1] + w3 * table[d, 1],
        sun_z=w0 * table[a, 2] + w1 * table[b, 2] + w2 * table[c, 2] + w3 * table[d, 2],
        moon_x=w0 * table[a, 3] + w1 * table[b, 3] + w2 * table[c, 3] + w3 * table[d, 3],
        moon_y=w0 * table[a, 4] + w1 * table[b, 4] + w2 * table[c, 4] + w3 * table[d, 4],
        moon_z=w0 * table[a, 5] + w1 * table[b, 5] + w2 * table[c, 5] + w3 * table[d, 5],
    )
