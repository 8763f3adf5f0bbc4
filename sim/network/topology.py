"""Candidate links between satellites: regular grids and lattices, nearest neighbours, and line of sight past the Earth.

Pairs are arrays (a, b) of satellite indices, int64, a < b, each pair once, sorted by a, then b.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_RADIUS_M
from orbit.kernels.compile import exact_inlined, exact_kernel
from sim.network import TIE, link_limits

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Pairs = tuple[Indices, Indices]

CANDIDATES_PER_TERMINAL = 3  # neighbours searched per terminal: more find few better links, and cost time
EQUAL_CANDIDATES = 8  # searched besides, for those as far away as the last
TIE_M = 1e-6  # lengths that differ by less are equal too: positions are rounded to some nanometres



class Choice(NamedTuple):
    """What decides between links besides their length.

    Attributes
    ----------
    possible : callable or None
        Which links can be built, by their ends and lengths; None: all.
    held : callable or None
        Which links exist, by their ends; None: none.
    hysteresis : float
        Factor by which links that exist count as shorter, at least 1.
    """

    possible: Callable[[Indices, Indices, Array], NDArray[np.bool_]] | None = None
    held: Callable[[Indices, Indices], NDArray[np.bool_]] | None = None
    hysteresis: float = 1.0


FREE_CHOICE = Choice()


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


def grid_pairs(planes: int, slots: int, cross_slots: Sequence[int] = (), first: int = 0) -> Pairs:
    """+Grid links: each satellite to the next slot of its plane and to one slot of the next plane.

    Parameters
    ----------
    planes, slots : int
        Number of planes and of satellites in each, at least 1; satellites are numbered plane by plane.
    cross_slots : sequence of int
        For each plane that is linked to the next one: slot s is linked to slot s + n there, modulo `slots`. With as many
        as there are planes, the last plane is linked to the first; without any, planes are not linked.
    first : int
        Number of the first satellite.

    Returns
    -------
    tuple of ndarray
        The pairs; `planes * slots * 2` of them where both counts exceed 2 and the planes wrap.

    Examples
    --------
    >>> a, b = grid_pairs(1, 4)
    >>> list(zip(a.tolist(), b.tolist()))
    [(0, 1), (0, 3), (1, 2), (2, 3)]
    >>> a, b = grid_pairs(2, 3, (1,))  # slot 0 of plane 0 to slot 1 of plane 1, which is satellite 4
    >>> [pair for pair in zip(a.tolist(), b.tolist()) if pair[0] // 3 != pair[1] // 3]
    [(0, 4), (1, 5), (2, 3)]
    >>> grid_pairs(72, 22, (0,) * 72)[0].size == 2 * 72 * 22
    True
    """
    plane, slot = np.divmod(np.arange(planes * slots, dtype=np.int64), slots)
    within = plane * slots + (slot + 1) % slots
    ahead = np.zeros(planes, dtype=np.int64)
    ahead[: len(cross_slots)] = cross_slots
    across = (plane + 1) % planes * slots + (slot + ahead[plane]) % slots
    crossing = plane < len(cross_slots)
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
    length_m = np.empty(a.size)
    _lengths(r_m, a, b, length_m)
    return length_m


def usable_links(
    r_m: Array, a: Indices, b: Indices, healthy: NDArray[np.bool_], max_range_m: float, min_altitude_m: float
) -> tuple[NDArray[np.bool_], Array]:
    """Links whose satellites are healthy, within range of each other and in sight of each other, and all lengths.

    Parameters
    ----------
    r_m : ndarray, shape (3, N)
        Satellite positions [m].
    a, b : ndarray of int64, shape (L,)
        Ends of the links.
    healthy : ndarray of bool, shape (N,)
        Satellites that relay.
    max_range_m : float
        Longest link [m].
    min_altitude_m : float
        Lowest altitude of a line of sight [m].

    Returns
    -------
    usable : ndarray of bool, shape (L,)
        Links that exist.
    length_m : ndarray, shape (L,)
        Lengths [m].
    """
    usable, length_m = np.empty(a.size, dtype=np.bool_), np.empty(a.size)
    _usable(r_m, a, b, healthy, max_range_m, min_altitude_m, usable, length_m)
    return usable, length_m


def clear_of_sun(r_m: Array, a: Indices, b: Indices, sun_m: Array, keep_out_rad: float) -> NDArray[np.bool_]:
    """Links of which neither receiver looks close to the Sun.

    Each terminal looks along its link. A satellite in the Earth's shadow, a cylinder, does not see the Sun.

    Parameters
    ----------
    r_m : ndarray, shape (3, N)
        Satellite positions [m].
    a, b : ndarray of int64, shape (L,)
        Ends of the links.
    sun_m : ndarray, shape (3,)
        Position of the Sun [m].
    keep_out_rad : float
        Smallest angle between the line of sight and the Sun [rad], 0 to pi/2.

    Returns
    -------
    ndarray of bool, shape (L,)
        Links that the Sun leaves.

    Examples
    --------
    >>> r_m = np.array([[7e6, 7e6], [0.0, 1e6], [0.0, 0.0]])
    >>> ends = np.array([0]), np.array([1])
    >>> [bool(clear_of_sun(r_m, *ends, np.array(sun), 0.1)[0]) for sun in ((0.0, 1.5e11, 0.0), (1.5e11, 0.0, 0.0))]
    [False, True]
    """
    sun = sun_m / np.linalg.norm(sun_m)
    height = sun @ r_m
    lit = (height > 0.0) | (np.einsum("ij,ij->j", r_m, r_m) - height * height > EARTH_RADIUS_M**2)
    way = r_m[:, b] - r_m[:, a]
    towards = (sun @ way) / np.maximum(np.linalg.norm(way, axis=0), 1e-30)
    limit = math.cos(keep_out_rad)
    blinded = (lit[a] & (towards > limit)) | (lit[b] & (towards < -limit))
    return np.asarray(~blinded)


@exact_inlined
def _length(r_m: Array, i: int, j: int) -> float:
    dx, dy, dz = r_m[0, i] - r_m[0, j], r_m[1, i] - r_m[1, j], r_m[2, i] - r_m[2, j]
    return math.sqrt(dx * dx + dy * dy + dz * dz)


@exact_inlined
def _grazing(ax: float, ay: float, az: float, bx: float, by: float, bz: float) -> float:
    dx, dy, dz = bx - ax, by - ay, bz - az
    along = -(ax * dx + ay * dy + az * dz)
    length2 = dx * dx + dy * dy + dz * dz
    # foot of the perpendicular from the Earth's centre, clipped to the segment; a segment of zero length has none
    foot = min(1.0, max(0.0, along / (length2 if length2 > 0.0 else 1.0)))
    px, py, pz = ax + foot * dx, ay + foot * dy, az + foot * dz
    return math.sqrt(px * px + py * py + pz * pz) - EARTH_RADIUS_M


@exact_kernel
def _lengths(r_m: Array, a: Indices, b: Indices, out: Array) -> None:
    for n in range(out.size):
        out[n] = _length(r_m, a[n], b[n])


@exact_kernel
def _grazings(ra_m: Array, rb_m: Array, out: Array) -> None:
    for n in range(out.size):
        out[n] = _grazing(ra_m[0, n], ra_m[1, n], ra_m[2, n], rb_m[0, n], rb_m[1, n], rb_m[2, n])


@exact_kernel
def _usable(
    r_m: Array, a: Indices, b: Indices, healthy: NDArray[np.bool_], max_range_m: float, min_altitude_m: float,
    usable: NDArray[np.bool_], length_m: Array,
) -> None:  # fmt: skip
    for n in range(usable.size):
        i, j = a[n], b[n]
        length_m[n] = _length(r_m, i, j)
        usable[n] = healthy[i] and healthy[j] and length_m[n] <= max_range_m
        if usable[n]:
            lowest_m = _grazing(r_m[0, i], r_m[1, i], r_m[2, i], r_m[0, j], r_m[1, j], r_m[2, j])
            usable[n] = lowest_m >= min_altitude_m


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
    altitude_m = np.empty(ra_m.shape[1])
    _grazings(ra_m, rb_m, altitude_m)
    return altitude_m


def nearest_pairs(
    r_m: Array, terminals: int, max_range_m: float, allowed: NDArray[np.bool_], min_altitude_m: float,
    choice: Choice = FREE_CHOICE,
) -> Pairs:  # fmt: skip
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
    choice : Choice, optional
        Which links can be built, and which exist.

    Returns
    -------
    tuple of ndarray
        The pairs.

    Notes
    -----
    Candidates are the `CANDIDATES_PER_TERMINAL * terminals` nearest satellites of each, and those as far away as the last of
    them. Links of equal length, to a relative difference of `TIE` or to a micrometre, are taken by the coordinates of their
    middle, so that neither the numbering of the satellites, nor the order of the search, nor rounding decides.

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

    range_m, other = cKDTree(points).query(
        points, k=min(near + EQUAL_CANDIDATES, satellites.size), distance_upper_bound=np.nextafter(max_range_m, np.inf)
    )
    in_range = np.isfinite(range_m)
    in_range[:, near:] &= np.logical_and.accumulate(_equals_previous(range_m[:, near - 1 :]), axis=1)
    here = np.broadcast_to(np.arange(satellites.size)[:, np.newaxis], other.shape)
    a, b = unique_pairs(satellites[here[in_range]], satellites[other[in_range]])
    clear = grazing_altitude_m(r_m[:, a], r_m[:, b]) >= min_altitude_m
    a, b = a[clear], b[clear]
    return shortest_first(r_m, a, b, np.full(r_m.shape[1], terminals), choice=choice)


def shortest_first(
    r_m: Array, a: Indices, b: Indices, free: Indices, budget: Indices | None = None, most: Indices | None = None,
    choice: Choice = FREE_CHOICE,
) -> Pairs:  # fmt: skip
    """Links of a set of candidates, the shortest first, as long as both ends have a free terminal.

    Parameters
    ----------
    r_m : ndarray, shape (3, N)
        Satellite positions [m].
    a, b : ndarray of int64, shape (L,)
        Ends of the candidates as the module describes them.
    free : ndarray of int64, shape (N,)
        Terminals of each satellite.
    budget : ndarray of int64, shape (N,), optional
        Of each satellite, the number under which its links are counted together with those of others.
    most : ndarray of int64, shape (N,), optional
        Most links counted under each number.
    choice : Choice, optional
        Which links can be built, and which exist.

    Returns
    -------
    tuple of ndarray
        The pairs. Links of equal length are taken by the coordinates of their middle.

    Examples
    --------
    >>> r_m = np.array([[0.0, 1.0, 3.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    >>> a, b = shortest_first(r_m, np.array([0, 1]), np.array([1, 2]), np.array([1, 1, 1]))
    >>> a.tolist(), b.tolist()
    ([0], [1])
    """
    length_m = lengths_m(r_m, a, b)
    if choice.possible is not None:
        built = choice.possible(a, b, length_m)
        a, b, length_m = a[built], b[built], length_m[built]
    if choice.held is not None and choice.hysteresis > 1.0:
        length_m = np.where(choice.held(a, b), length_m / choice.hysteresis, length_m)
    order = link_limits.by_length(r_m, a, b, length_m)
    left = free.tolist()
    counted = None if budget is None or most is None else (budget.tolist(), most.tolist())
    chosen = []
    for link, i, j in zip(order.tolist(), a[order].tolist(), b[order].tolist(), strict=True):
        if not (left[i] and left[j]):
            continue
        if counted is not None:
            under, room = counted
            if not (room[under[i]] and room[under[j]]):
                continue
            room[under[i]] -= 1
            room[under[j]] -= 1
        left[i] -= 1
        left[j] -= 1
        chosen.append(link)
    pick = np.sort(np.array(chosen, dtype=np.int64))
    return a[pick], b[pick]


def _equals_previous(ascending_m: Array) -> NDArray[np.bool_]:
    """Whether lengths in ascending rows (rows, n) equal the one before, (rows, n - 1)."""
    before, after = ascending_m[:, :-1], ascending_m[:, 1:]
    with np.errstate(invalid="ignore"):  # beyond the range all are infinite
        return np.asarray(after - before <= np.maximum(TIE * after, TIE_M))
