"""Candidate links between satellites: regular grids and lattices, nearest neighbours, and line of sight past the Earth.

Pairs are arrays (a, b) of satellite indices, int64, a < b, each pair once, sorted by a, then b.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_RADIUS_M

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Pairs = tuple[Indices, Indices]

CANDIDATES_PER_TERMINAL = 3  # neighbours searched per terminal: more find few better links, and cost time


def unique_pairs(a: Indices, b: Indices) -> Pairs:
    """Normalise links: a < b, each pair once, sorted; links of a satellite to itself are dropped.

    Parameters
    ----------
    a, b : ndarray of int64, shape (links,)
        Satellite indices, not negative.

    Returns
    -------
    tuple of ndarray
        The pairs as described in the module.

    Examples
    --------
    >>> a, b = unique_pairs(np.array([2, 0, 1]), np.array([0, 2, 1]))
    >>> a.tolist(), b.tolist()
    ([0], [2])
    """
    low, high = np.minimum(a, b), np.maximum(a, b)
    width = np.int64(high.max(initial=0)) + 1
    one, other = np.divmod(np.unique((low * width + high)[low != high]), width)
    return one, other


def grid_pairs(planes: int, slots: int, wrap_planes: bool = True, first: int = 0, seam_slots: int = 0) -> Pairs:
    """+Grid links: each satellite to the next slot of its plane and to the same slot of the next plane.

    Parameters
    ----------
    planes, slots : int
        Number of planes and of satellites in each, at least 1; satellites are numbered plane by plane.
    wrap_planes : bool
        Whether the last plane is linked to the first. A star pattern has no such link: those planes counter-rotate.
    first : int
        Number of the first satellite.
    seam_slots : int
        Slots by which Walker phasing has shifted the pattern once around: at the seam slot s is linked to s + seam_slots.

    Returns
    -------
    tuple of ndarray
        The pairs; `planes * slots * 2` of them where both counts exceed 2 and the planes wrap.

    Examples
    --------
    >>> a, b = grid_pairs(1, 4)
    >>> list(zip(a.tolist(), b.tolist()))
    [(0, 1), (0, 3), (1, 2), (2, 3)]
    >>> grid_pairs(72, 22)[0].size == 2 * 72 * 22
    True
    """
    plane, slot = np.divmod(np.arange(planes * slots, dtype=np.int64), slots)
    within = plane * slots + (slot + 1) % slots
    across = (plane + 1) % planes * slots + (slot + np.where(plane == planes - 1, seam_slots, 0)) % slots
    crossing = np.ones(plane.size, bool) if wrap_planes and planes > 1 else plane < planes - 1
    here = plane * slots + slot
    a, b = unique_pairs(np.concatenate((here, here[crossing])), np.concatenate((within, across[crossing])))
    return a + first, b + first


def lattice_pairs(offsets_m: Array, spacing_m: float, first: int = 0) -> Pairs:
    """Links between neighbours of a formation: four in a square lattice, six in a hexagonal one.

    Parameters
    ----------
    offsets_m : ndarray, shape (3, n)
        Radial, along-track and cross-track offsets [m] of the untilted lattice.
    spacing_m : float
        Largest range of a link [m] over an orbit.
    first : int
        Number of the first satellite.

    Returns
    -------
    tuple of ndarray
        Pairs no farther apart than `spacing_m` once radial offsets are doubled.

    Notes
    -----
    Relative motion is a 2:1 ellipse: twice the radial offset is the largest along-track offset over an orbit.

    References
    ----------
    [clohessy1960]

    Examples
    --------
    >>> square = np.array([[0.0, 0.0, 100.0, 100.0], [0.0, 200.0, 0.0, 200.0], [0.0, 0.0, 0.0, 0.0]])
    >>> a, b = lattice_pairs(square, 200.0)
    >>> list(zip(a.tolist(), b.tolist()))
    [(0, 1), (0, 2), (1, 3), (2, 3)]
    """
    from scipy.spatial import cKDTree  # slow to import, and not needed for grids

    flat = np.ascontiguousarray((offsets_m * np.array([[2.0], [1.0], [1.0]])).T)
    near = cKDTree(flat).query_pairs(spacing_m * (1.0 + 1e-9), output_type="ndarray").astype(np.int64)
    a, b = unique_pairs(near[:, 0], near[:, 1])
    return a + first, b + first


def lengths_m(r_m: Array, a: Indices, b: Indices) -> Array:
    """Lengths of links.

    Parameters
    ----------
    r_m : ndarray, shape (3, N)
        Satellite positions [m].
    a, b : ndarray of int64, shape (L,)
        Ends of the links.

    Returns
    -------
    ndarray, shape (L,)
        Lengths [m].

    Examples
    --------
    >>> lengths_m(np.array([[0.0, 3.0], [0.0, 4.0], [0.0, 0.0]]), np.array([0]), np.array([1])).tolist()
    [5.0]
    """
    d = r_m[:, a] - r_m[:, b]
    return np.asarray(np.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]))


def grazing_altitude_m(ra_m: Array, rb_m: Array) -> Array:
    """Lowest altitude of straight segments over a sphere of the Earth's equatorial radius.

    Parameters
    ----------
    ra_m, rb_m : ndarray, shape (3, L)
        Ends of the segments [m], Earth-centred.

    Returns
    -------
    ndarray, shape (L,)
        Altitude [m]; negative where the segment passes through the sphere.

    Examples
    --------
    Two satellites 1,000 km apart along the radius: the lower end is the lowest point.

    >>> low, high = np.array([[EARTH_RADIUS_M + 550e3], [0.0], [0.0]]), np.array([[EARTH_RADIUS_M + 1550e3], [0.0], [0.0]])
    >>> grazing_altitude_m(low, high).tolist()
    [550000.0]
    """
    d = rb_m - ra_m
    along = -(ra_m[0] * d[0] + ra_m[1] * d[1] + ra_m[2] * d[2])
    length2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
    # foot of the perpendicular from the Earth's centre, clipped to the segment; a segment of zero length has none
    foot = np.clip(along / np.where(length2 > 0.0, length2, 1.0), 0.0, 1.0)
    p = ra_m + foot * d
    return np.asarray(np.sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]) - EARTH_RADIUS_M)


def nearest_pairs(
    r_m: Array, terminals: int, max_range_m: float, allowed: NDArray[np.bool_], min_altitude_m: float
) -> Pairs:
    """Greedy nearest-neighbour topology: shortest links first, as long as both ends have a free terminal.

    Parameters
    ----------
    r_m : ndarray, shape (3, N)
        Satellite positions [m], Earth-centred.
    terminals : int
        Terminals of each satellite.
    max_range_m : float
        Longest link [m]; may be inf.
    allowed : ndarray of bool, shape (N,)
        Satellites that may have links.
    min_altitude_m : float
        Lowest grazing altitude of a link [m].

    Returns
    -------
    tuple of ndarray
        The pairs.

    Notes
    -----
    Candidates are the `CANDIDATES_PER_TERMINAL * terminals` nearest satellites of each. Links of equal length are taken in
    the order of their indices, so the result does not depend on the order of the search.

    Examples
    --------
    Three satellites 100 km and 300 km apart with one terminal each: only the nearer two are linked.

    >>> r_m = np.array([[7e6, 7e6, 7e6], [0.0, 100e3, 400e3], [0.0, 0.0, 0.0]])
    >>> a, b = nearest_pairs(r_m, 1, 5e6, np.ones(3, bool), 80e3)
    >>> a.tolist(), b.tolist()
    ([0], [1])
    """
    satellites = np.flatnonzero(allowed)
    if satellites.size < 2 or terminals < 1:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    near = min(CANDIDATES_PER_TERMINAL * terminals + 1, satellites.size)
    points = np.ascontiguousarray(r_m[:, satellites].T)
    from scipy.spatial import cKDTree

    range_m, other = cKDTree(points).query(points, k=near, distance_upper_bound=np.nextafter(max_range_m, np.inf))
    in_range = np.isfinite(range_m)
    here = np.broadcast_to(np.arange(satellites.size)[:, np.newaxis], other.shape)
    a, b = unique_pairs(satellites[here[in_range]], satellites[other[in_range]])
    clear = grazing_altitude_m(r_m[:, a], r_m[:, b]) >= min_altitude_m
    a, b = a[clear], b[clear]
    order = np.argsort(lengths_m(r_m, a, b), kind="stable")  # pairs are sorted, so equal lengths stay in index order
    free = [terminals] * r_m.shape[1]
    chosen = []
    for link, i, j in zip(order.tolist(), a[order].tolist(), b[order].tolist(), strict=True):
        if free[i] and free[j]:
            free[i] -= 1
            free[j] -= 1
            chosen.append(link)
    pick = np.sort(np.array(chosen, dtype=np.int64))
    return a[pick], b[pick]
