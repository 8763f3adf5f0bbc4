"""Dose rate and protons at positions, from maps over latitude and longitude at a few radii.

The cells have equal areas: rows of equal height in the sine of the latitude, so that no arc sine is needed. What a
satellite meets in a step is that of the cell at its end, interpolated between two radii.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import Floats, inlined, kernel
from orbit.kernels.simd import inverse_root

LATITUDES, LONGITUDES = 96, 128
VALUES = 3  # of a cell: dose rate, protons, and which of them are trapped
PLANE = LATITUDES * LONGITUDES * VALUES  # values of one radius
_PER_RAD = LONGITUDES / (2.0 * math.pi)
# arc tangent on [0, 1], absolute error below 1.2e-5 rad [abramowitz1964:eq. 4.4.47]
_T1, _T3, _T5, _T7, _T9 = 0.9998660, -0.3302995, 0.1801410, -0.0851330, 0.0208351


@inlined
def longitude_rad(x: float, y: float) -> float:
    """Angle of (x, y) from the x axis [rad] in [-pi, pi], absolute error below 2e-5 rad; cells are 0.05 rad wide.

    Parameters
    ----------
    x, y : float
        Components in the plane of the equator, in any unit; not both 0.

    Returns
    -------
    float
        Longitude [rad].
    """
    a, b = abs(x), abs(y)
    t = min(a, b) / max(a, b, 1e-30)
    z = t * t
    angle = t * (_T1 + z * (_T3 + z * (_T5 + z * (_T7 + z * _T9))))
    angle = 0.5 * math.pi - angle if b > a else angle
    angle = math.pi - angle if x < 0.0 else angle
    return -angle if y < 0.0 else angle


@inlined
def cell(
    x: float, y: float, z: float, earth_cos: float, earth_sin: float, lowest_m: float, planes_per_m: float, last_plane: float
) -> tuple[int, float]:
    """First value of the cell at a position, on the lower of two radii, and the weight of the upper one.

    Parameters
    ----------
    x, y, z : float
        Position, true equator and mean equinox of date [m].
    earth_cos, earth_sin : float
        Cosine and sine of the Earth's rotation angle.
    lowest_m : float
        Radius of the first map [m].
    planes_per_m : float
        Inverse of the distance between maps [1/m].
    last_plane : float
        Number of the last map but one.

    Returns
    -------
    index : int
        Place in the table; the upper radius is `PLANE` further on.
    weight : float
        Weight of the upper radius, in [0, 1]: beyond the maps the nearest one counts.
    """
    r2 = x * x + y * y + z * z
    per_r = inverse_root(r2)
    r = r2 * per_r
    height = r * planes_per_m - lowest_m * planes_per_m  # exact where planes lie on multiples of a power of two
    lower = min(max(math.floor(height), 0.0), last_plane)
    weight = min(max(height - lower, 0.0), 1.0)
    longitude = longitude_rad(x * earth_cos + y * earth_sin, y * earth_cos - x * earth_sin)
    row = math.floor(min(max((z * per_r + 1.0) * (0.5 * LATITUDES), 0.0), LATITUDES - 0.5))
    column = math.floor(min(max((longitude + math.pi) * _PER_RAD, 0.0), LONGITUDES - 0.5))
    # whole numbers as floats are exact here, and one conversion at the end vectorises better than three
    return int(((lower * LATITUDES + row) * LONGITUDES + column) * VALUES), weight


@kernel
def exposures(
    r_m: Floats, earth_cos: Floats, earth_sin: Floats, lowest_m: float, planes_per_m: float, last_plane: float,
    table: NDArray[np.float32], out: Floats,
) -> None:  # fmt: skip
    """Dose rates [Gy/s], protons and trapped protons [1/(m2 s)] (positions, 3) at positions (positions, 3)."""
    for i in range(out.shape[0]):
        k, w = cell(r_m[i, 0], r_m[i, 1], r_m[i, 2], earth_cos[i], earth_sin[i], lowest_m, planes_per_m, last_plane)
        for q in range(VALUES):
            out[i, q] = (1.0 - w) * float(table[k + q]) + w * float(table[k + PLANE + q])
