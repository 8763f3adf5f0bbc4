"""Satellites of a formation that are near each other."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import Floats, Ints, exact_kernel

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

NEAREST_M = 1.0  # satellites that have no position stand in one place, far away
FEW = 512  # satellites up to which looking at every pair takes less time than a tree


def within(r_m: Array, range_m: float) -> tuple[Indices, Indices]:
    """Satellites within a range of each satellite.

    Parameters
    ----------
    r_m : ndarray, shape (3, satellites)
        Positions [m].
    range_m : float
        Range [m].

    Returns
    -------
    start : ndarray of int64, shape (satellites + 1,)
        Satellite i has the neighbours other[start[i]:start[i + 1]].
    other : ndarray of int64
        Numbers of the neighbours, in order.

    Examples
    --------
    >>> start, other = within(np.array([[0.0, 100.0, 900.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]), 200.0)
    >>> start.tolist(), other.tolist()
    ([0, 1, 2, 2], [1, 0])
    """
    count = r_m.shape[1]
    if count <= FEW:
        start = np.empty(count + 1, dtype=np.int64)
        other = np.empty(_near(r_m, range_m, start, np.empty(0, dtype=np.int64)), dtype=np.int64)
        _near(r_m, range_m, start, other)
        return start, other
    from scipy.spatial import cKDTree  # imported here: only large formations need it

    pairs = cKDTree(r_m.T).query_pairs(range_m, output_type="ndarray").astype(np.int64).reshape(-1, 2)
    apart_m = np.linalg.norm(r_m[:, pairs[:, 0]] - r_m[:, pairs[:, 1]], axis=0)
    pairs = pairs[apart_m >= NEAREST_M]
    both = np.sort(np.concatenate([pairs[:, 0] * count + pairs[:, 1], pairs[:, 1] * count + pairs[:, 0]]))
    start = np.searchsorted(both, np.arange(count + 1) * count)
    return start.astype(np.int64), both % max(count, 1)


@exact_kernel
def _near(r_m: Floats, range_m: float, start: Ints, other: Ints) -> int:
    """Count the neighbours of each satellite, and write their numbers where there is room; returns how many there are."""
    found = 0
    for i in range(r_m.shape[1]):
        start[i] = found
        for j in range(r_m.shape[1]):
            dx, dy, dz = r_m[0, i] - r_m[0, j], r_m[1, i] - r_m[1, j], r_m[2, i] - r_m[2, j]
            apart2_m2 = dx * dx + dy * dy + dz * dz
            if i != j and apart2_m2 <= range_m * range_m and math.sqrt(apart2_m2) >= NEAREST_M:
                if found < other.size:
                    other[found] = j
                found += 1
    start[r_m.shape[1]] = found
    return found
