"""Formations: satellites close together on relative orbits round a common chief."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def square_lattice_offsets_m(spacing_m: float, radius_m: float) -> Array:
    """Offsets [m] (3, satellites) of a planar square lattice in a disc, radial / along-track / cross-track at t = 0.

    The lattice spans the along-track axis and twice the radial axis: on the 2:1 relative ellipse every satellite then
    rides, the disc maps onto itself and a neighbour's range swings between spacing and spacing / 2, twice an orbit.
    200 m in 1 km gives the 81 satellites of [suncatcher2025].
    """
    reach = math.floor(radius_m / spacing_m * (1.0 + 1e-12))
    line = spacing_m * np.arange(-reach, reach + 1)
    u, v = (grid.ravel() for grid in np.meshgrid(line, line, indexing="ij"))
    inside = u * u + v * v <= radius_m * radius_m * (1.0 + 1e-12)
    return np.stack((0.5 * v[inside], u[inside], np.zeros(int(inside.sum()))))
