"""Which satellites a link may join: regular grids and lattices, nearest neighbours, and sight past the Earth.

Pairs are arrays (a, b) of satellite indices, int64, a < b, each pair once, sorted by a, then b.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from orbit.constants import EARTH_RADIUS_M

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Pairs = tuple[Indices, Indices]

CANDIDATES_PER_TERMINAL = 3  # neighbours looked at for each terminal: more find few better links, and cost time


def ordered(a: Indices, b: Indices) -> Pairs:
    """Pairs with a < b, each once, sorted; a satellite paired with itself is dropped."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    width = np.int64(high.max(initial=0)) + 1
    one, other = np.divmod(np.unique((low * width + high)[low != high]), width)
    return one, other


def grid_pairs(planes: int, slots: int, wrap_planes: bool = True, first: int = 0, seam_slots: int = 0) -> Pairs:
    """+Grid of satellites numbered plane by plane from `first`: next slot in the plane, same slot of the next plane.

    wrap_planes joins the last plane to the first (a star pattern has no such link: there planes move against each
    other); where phasing has added up to seam_slots slots on the way round, slot s meets slot s + seam_slots.
    """
    plane, slot = np.divmod(np.arange(planes * slots, dtype=np.int64), slots)
    within = plane * slots + (slot + 1) % slots
    across = (plane + 1) % planes * slots + (slot + np.where(plane == planes - 1, seam_slots, 0)) % slots
    crossing = np.ones(plane.size, bool) if wrap_planes and planes > 1 else plane < planes - 1
    here = plane * slots + slot
    a, b = ordered(np.concatenate((here, here[crossing])), np.concatenate((within, across[crossing])))
    return a + first, b + first


def lattice_pairs(offsets_m: Array, spacing_m: float, first: int = 0) -> Pairs:
    """Satellites of a formation no farther apart than spacing_m once radial offsets (row 0 of 3) are doubled.

    That is the farthest they get as they ride their ellipses: four neighbours in a square lattice, six in a hexagonal one.
    """
    flat = np.ascontiguousarray((offsets_m * np.array([[2.0], [1.0], [1.0]])).T)
    near = cKDTree(flat).query_pairs(spacing_m * (1.0 + 1e-9), output_type="ndarray").astype(np.int64)
    a, b = ordered(near[:, 0], near[:, 1])
    return a + first, b + first


def lengths_m(r_m: Array, a: Indices, b: Indices) -> Array:
    """Lengths (L,) of links between satellites at r_m (3, N)."""
    d = r_m[:, a] - r_m[:, b]
    return np.asarray(np.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]))


def grazing_altitude_m(ra_m: Array, rb_m: Array) -> Array:
    """Least altitude (L,) over a sphere of the Earth's equatorial radius along segments from ra_m to rb_m (3, L)."""
    d = rb_m - ra_m
    along = -(ra_m[0] * d[0] + ra_m[1] * d[1] + ra_m[2] * d[2])
    length2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
    # the foot of the perpendicular from the Earth's centre, held inside the segment; a segment of no length has none
    foot = np.clip(along / np.where(length2 > 0.0, length2, 1.0), 0.0, 1.0)
    p = ra_m + foot * d
    return np.asarray(np.sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]) - EARTH_RADIUS_M)


def nearest_pairs(
    r_m: Array, terminals: int, max_range_m: float, allowed: NDArray[np.bool_], min_altitude_m: float
) -> Pairs:
    """Shortest links first, as long as both ends have a terminal left; r_m (3, N), allowed (N,).

    Candidates are the nearest satellites of each, within max_range_m and with the segment above min_altitude_m. Equal
    lengths are taken by index, so the choice never depends on the order of search.
    """
    who = np.flatnonzero(allowed)
    if who.size < 2 or terminals < 1:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    near = min(CANDIDATES_PER_TERMINAL * terminals + 1, who.size)
    points = np.ascontiguousarray(r_m[:, who].T)
    apart_m, other = cKDTree(points).query(points, k=near, distance_upper_bound=np.nextafter(max_range_m, np.inf))
    some = np.isfinite(apart_m)
    here = np.broadcast_to(np.arange(who.size)[:, np.newaxis], other.shape)
    a, b = ordered(who[here[some]], who[other[some]])
    keep = grazing_altitude_m(r_m[:, a], r_m[:, b]) >= min_altitude_m
    a, b = a[keep], b[keep]
    order = np.argsort(lengths_m(r_m, a, b), kind="stable")  # pairs stand sorted, so equal lengths stay by index
    free = [terminals] * r_m.shape[1]
    chosen = []
    for link, i, j in zip(order.tolist(), a[order].tolist(), b[order].tolist(), strict=True):
        if free[i] and free[j]:
            free[i] -= 1
            free[j] -= 1
            chosen.append(link)
    pick = np.sort(np.array(chosen, dtype=np.int64))
    return a[pick], b[pick]
