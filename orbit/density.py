"""Coefficients of the air density, and the density in plain Python: for validation, which loads no arrays.

ln rho = A(x) + B(x) cos(psi), A and B polynomials of x, a map of altitude to [-1, 1]; see `orbit.atmosphere`. [emmert2022]
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

LEAST_F107, MOST_F107 = 70.0, 250.0
LEAST_AP, MOST_AP = 4.0, 130.0
LOWEST_M, HIGHEST_M = 100e3, 2000e3  # density is that of these altitudes beyond them
MEAN_TERMS, BULGE_TERMS = 14, 12  # even numbers
MAP_M = 300e3  # x = SLOPE (h - LOWEST) / (h - LOWEST + MAP) - 1
MAP_SLOPE = 2.0 * (HIGHEST_M - LOWEST_M + MAP_M) / (HIGHEST_M - LOWEST_M)
BULGE_LAG_RAD = math.radians(35.0)  # of the densest air behind noon, to the east


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(resources.files("orbit").joinpath("data/density.json").read_text("ascii"))
    return table


@cache
def coefficients(f107: float, ap: float) -> tuple[float, ...]:
    """Coefficients of the logarithm of the density, interpolated in solar and geomagnetic activity. [emmert2022]

    Parameters
    ----------
    f107 : float
        Solar flux F10.7 [sfu], 70 to 250; also its mean over 81 days.
    ap : float
        Geomagnetic index Ap, 4 to 130.

    Returns
    -------
    tuple of float
        MEAN_TERMS coefficients of A, then BULGE_TERMS of B, constants first.

    Raises
    ------
    ValueError
        An index is outside the table.
    """
    if not (LEAST_F107 <= f107 <= MOST_F107 and LEAST_AP <= ap <= MOST_AP):
        raise ValueError(f"F10.7 {f107:g} or Ap {ap:g} is outside the table; write 70 to 250 and 4 to 130")
    table = _table()
    i, u = _between(table["f107"], f107)
    j, v = _between(table["ap"], ap)
    rows = table["coefficients"]
    return tuple(
        (1.0 - v) * ((1.0 - u) * a + u * b) + v * ((1.0 - u) * c + u * d)
        for a, b, c, d in zip(rows[i][j], rows[i + 1][j], rows[i][j + 1], rows[i + 1][j + 1], strict=True)
    )


def _between(points: Sequence[float], x: float) -> tuple[int, float]:
    """Interval of rising points in which x lies, and its place there from 0 to 1."""
    i = min(max(bisect_right(points, x) - 1, 0), len(points) - 2)
    return i, (x - points[i]) / (points[i + 1] - points[i])


def logarithms(altitude_m: float, terms: Sequence[float]) -> tuple[float, float]:
    """Both terms of the logarithm of the density at an altitude.

    Parameters
    ----------
    altitude_m : float
        Altitude above the ellipsoid [m]; below 100 km and above 2,000 km as there.
    terms : sequence of float
        Of `coefficients`.

    Returns
    -------
    mean, bulge : float
        ln(rho [kg/m3]) is mean + bulge * (cosine of the angle from the bulge).

    Examples
    --------
    >>> mean, bulge = logarithms(550e3, coefficients(150.0, 15.0))
    >>> 3e-13 < math.exp(mean) < 5e-13 and bulge > 0.0
    True
    """
    above = min(max(altitude_m, LOWEST_M), HIGHEST_M) - LOWEST_M
    x = MAP_SLOPE * above / (above + MAP_M) - 1.0
    mean = bulge = 0.0
    for c in reversed(terms[:MEAN_TERMS]):
        mean = mean * x + c
    for c in reversed(terms[MEAN_TERMS:]):
        bulge = bulge * x + c
    return mean, bulge
