"""Accelerations on a satellite as scalar functions: gravity of an oblate Earth, drag, sunlight, Sun and Moon.

Frame: z along the Earth's axis, not rotating. Each function is branch-free arithmetic, so that a loop over satellites
that calls it becomes vector instructions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
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
from orbit.kernels.compile import Floats, inlined
from orbit.kernels.shadow import mean_between, shadow_edge
from orbit.kernels.simd import exponential

LOWEST_M = 100e3  # a satellite below has come down; density is defined from here
# A satellite that has come down goes on, in no meaningful way but in finite numbers: nothing grows below this radius.
_INNERMOST_M2 = (EARTH_RADIUS_M - 400e3) ** 2
_PRESSURE_1AU_PA = SOLAR_CONSTANT_W_M2 / SPEED_OF_LIGHT_M_S
# Density: ln rho = A(x) + B(x) cos(angle from the bulge), x a map of altitude to [-1, 1] (orbit/atmosphere.py).
MEAN_TERMS, BULGE_TERMS = 14, 11
MAP_M = 300e3  # x = SLOPE (h - LOWEST) / (h - LOWEST + MAP) - 1
HIGHEST_M = 2000e3
MAP_SLOPE = 2.0 * (HIGHEST_M - LOWEST_M + MAP_M) / (HIGHEST_M - LOWEST_M)
BULGE_LAG_RAD = math.radians(35.0)  # of the densest air behind noon, to the east


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


@inlined
def zonal(x: float, y: float, z: float, k2: float, k3: float, k4: float, k5: float, k6: float) -> tuple[float, float, float]:
    """Acceleration [m/s2] at x, y, z [m]: point mass and zonal harmonics, kn = J_n R^n. [montenbruck2000:3.2.1]

    With s = z/r and U = mu/r (1 - sum J_n (R/r)^n P_n(s)) the gradient is -mu/r^3 [(x, y, z) (1 - A) + (0, 0, r B)],
    A = sum J_n (R/r)^n P'_{n+1}(s), B = sum J_n (R/r)^n P'_n(s); both are polynomials in w = z/r^2 and q = 1/r^2. Those
    of even and odd degree apart, as polynomials in w^2 whose coefficients are polynomials in q: the fewest operations.
    """
    q = 1.0 / max(x * x + y * y + z * z, _INNERMOST_M2)
    w = z * q
    w2 = w * w
    p = -MU_EARTH_M3_S2 * (q * math.sqrt(q))
    even = q * (-1.5 * k2 + q * (1.875 * k4 - 2.1875 * k6 * q)) + w2 * (
        7.5 * k2 + q * (-26.25 * k4 + 59.0625 * k6 * q) + w2 * (39.375 * k4 - 216.5625 * k6 * q + w2 * (187.6875 * k6))
    )
    odd = q * (-7.5 * k3 + 13.125 * k5 * q) + w2 * (17.5 * k3 - 78.75 * k5 * q + w2 * (86.625 * k5))
    a = p * (1.0 - even - w * odd)
    even_b = 3.0 * k2 + q * (-7.5 * k4 + 13.125 * k6 * q) + w2 * (17.5 * k4 - 78.75 * k6 * q + w2 * (86.625 * k6))
    odd_b = q * (-1.5 * k3 + 1.875 * k5 * q) + w2 * (7.5 * k3 - 26.25 * k5 * q + w2 * (39.375 * k5))
    return a * x, a * y, a * z + p * (w * even_b + odd_b)


@inlined
def altitude_m(x: float, y: float, z: float) -> float:
    """Height [m] above the ellipsoid, to first order in its flattening: within 100 m up to 2,000 km."""
    r2 = x * x + y * y + z * z
    return math.sqrt(r2) - EARTH_RADIUS_M * (1.0 - EARTH_FLATTENING * z * z / r2)


@inlined
def density_kg_m3(altitude: float, bulge_cosine: float, air: Floats) -> float:
    """Air density [kg/m3] at an altitude [m]; below 100 km and above 2,000 km as there."""
    above = min(max(altitude, LOWEST_M), HIGHEST_M) - LOWEST_M
    x = MAP_SLOPE * above / (above + MAP_M) - 1.0
    mean = air[MEAN_TERMS - 1]
    for n in range(MEAN_TERMS - 1):
        mean = mean * x + air[MEAN_TERMS - 2 - n]
    bulge = air[MEAN_TERMS + BULGE_TERMS - 1]
    for n in range(BULGE_TERMS - 1):
        bulge = bulge * x + air[MEAN_TERMS + BULGE_TERMS - 2 - n]
    return exponential(mean + bulge * bulge_cosine)


@inlined
def drag(
    x: float, y: float, z: float, vx: float, vy: float, vz: float, cd_am: float, bulge_x: float, bulge_y: float,
    bulge_z: float, air: Floats,
) -> tuple[float, float, float]:  # fmt: skip
    """Acceleration [m/s2] in air that turns with the Earth; cd_am = Cd A/m [m2/kg], bulge a unit vector.

    [montenbruck2000:eqs. 3.97, 3.98]
    """
    inverse = 1.0 / math.sqrt(x * x + y * y + z * z)
    rho = density_kg_m3(altitude_m(x, y, z), (x * bulge_x + y * bulge_y + z * bulge_z) * inverse, air)
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
def solar_pressure(
    x: float, y: float, z: float, sun_x: float, sun_y: float, sun_z: float, cr_am: float, lit: float
) -> tuple[float, float, float]:
    """Acceleration [m/s2] of sunlight; cr_am = CR A/m [m2/kg], lit the share of the Sun in sight.

    [montenbruck2000:eq. 3.75]
    """
    dx, dy, dz = x - sun_x, y - sun_y, z - sun_z
    d2 = dx * dx + dy * dy + dz * dz
    k = lit * cr_am * _PRESSURE_1AU_PA * AU_M * AU_M / (d2 * math.sqrt(d2))
    return k * dx, k * dy, k * dz


@inlined
def lit_over(
    x: float, y: float, z: float, vx: float, vy: float, vz: float, sun_x: float, sun_y: float, sun_z: float, span_s: float
) -> float:  # fmt: skip
    """Mean share of the Sun in sight over span_s [s] about the moment of x, y, z [m], vx, vy, vz [m/s].

    A method of fixed steps would see the few seconds of a penumbra or miss them; their mean gives the right impulse.
    """
    half = 0.5 * span_s
    r2 = x * x + y * y + z * z
    bend = 1.0 - 0.5 * half * half * MU_EARTH_M3_S2 / (r2 * math.sqrt(r2))
    cx, cy, cz = bend * x, bend * y, bend * z
    dx, dy, dz = half * vx, half * vy, half * vz
    before = shadow_edge(cx - dx, cy - dy, cz - dz, sun_x, sun_y, sun_z, SUN_RADIUS_M)
    now = shadow_edge(x, y, z, sun_x, sun_y, sun_z, SUN_RADIUS_M)
    after = shadow_edge(cx + dx, cy + dy, cz + dz, sun_x, sun_y, sun_z, SUN_RADIUS_M)
    return 0.5 * (mean_between(before, now) + mean_between(now, after))


Acceleration = Callable[..., tuple[float, float, float]]


@cache
def acceleration(forces: Forces) -> Acceleration:
    """The sum of the forces that act, compiled without the others.

    The function takes x, y, z [m], vx, vy, vz [m/s], cd_am, cr_am [m2/kg], the sky, the air's coefficients and the span [s]
    over which the shadow is averaged, and gives m/s2.
    """
    k2, k3, k4, k5, k6 = (
        j * EARTH_RADIUS_M**n if forces.zonals >= n else 0.0 for n, j in enumerate((J2, J3, J4, J5, J6), start=2)
    )
    with_drag, with_pressure, with_sun, with_moon = forces[1:]
    cos_lag, sin_lag = math.cos(BULGE_LAG_RAD), math.sin(BULGE_LAG_RAD)

    @inlined
    def total(
        x: float, y: float, z: float, vx: float, vy: float, vz: float, cd_am: float, cr_am: float, sky: Sky, air: Floats,
        span_s: float,
    ) -> tuple[float, float, float]:  # fmt: skip
        ax, ay, az = zonal(x, y, z, k2, k3, k4, k5, k6)
        if with_drag:
            inverse = 1.0 / math.sqrt(sky.sun_x * sky.sun_x + sky.sun_y * sky.sun_y + sky.sun_z * sky.sun_z)
            bulge_x = (cos_lag * sky.sun_x - sin_lag * sky.sun_y) * inverse
            bulge_y = (sin_lag * sky.sun_x + cos_lag * sky.sun_y) * inverse
            dx, dy, dz = drag(x, y, z, vx, vy, vz, cd_am, bulge_x, bulge_y, sky.sun_z * inverse, air)
            ax, ay, az = ax + dx, ay + dy, az + dz
        if with_pressure:
            lit = lit_over(x, y, z, vx, vy, vz, sky.sun_x, sky.sun_y, sky.sun_z, span_s)
            dx, dy, dz = solar_pressure(x, y, z, sky.sun_x, sky.sun_y, sky.sun_z, cr_am, lit)
            ax, ay, az = ax + dx, ay + dy, az + dz
        if with_sun:
            dx, dy, dz = third_body(x, y, z, sky.sun_x, sky.sun_y, sky.sun_z, MU_SUN_M3_S2)
            ax, ay, az = ax + dx, ay + dy, az + dz
        if with_moon:
            dx, dy, dz = third_body(x, y, z, sky.moon_x, sky.moon_y, sky.moon_z, MU_MOON_M3_S2)
            ax, ay, az = ax + dx, ay + dy, az + dz
        return ax, ay, az

    return total


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
        w0 * table[a, 0] + w1 * table[b, 0] + w2 * table[c, 0] + w3 * table[d, 0],
        w0 * table[a, 1] + w1 * table[b, 1] + w2 * table[c, 1] + w3 * table[d, 1],
        w0 * table[a, 2] + w1 * table[b, 2] + w2 * table[c, 2] + w3 * table[d, 2],
        w0 * table[a, 3] + w1 * table[b, 3] + w2 * table[c, 3] + w3 * table[d, 3],
        w0 * table[a, 4] + w1 * table[b, 4] + w2 * table[c, 4] + w3 * table[d, 4],
        w0 * table[a, 5] + w1 * table[b, 5] + w2 * table[c, 5] + w3 * table[d, 5],
    )
