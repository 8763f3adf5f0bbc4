"""Geometry of formations in plain numbers, without numpy: `validate` uses it too.

An offset is (radial, along-track, cross-track) [m] from the centre at the centre's passage of the ascending node. Each
satellite moves on a 2:1 ellipse in the orbit plane and a sine across it. A lattice lies in the plane of along-track and
twice radial, in which a formation rotates like a rigid disc; a pair at distance d there comes within d / 2 twice an
orbit. [clohessy1960]
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import combinations, product

Offset = tuple[float, float, float]
Point = tuple[int, int]  # row along the track, point within the row

NEIGHBOURS: dict[str, tuple[Point, ...]] = {
    "square": ((0, 1), (1, 0), (0, -1), (-1, 0)),
    "hexagonal": ((0, 1), (1, 0), (1, -1), (0, -1), (-1, 0), (-1, 1)),
}


def _rows(shape: str, spacing_m: float, radius_m: float) -> list[tuple[int, range]]:
    """Rows of a lattice that have points in the disc, and the points taken in each.

    In integers: row u and point v lie u^2 + v^2, hexagonal u^2 + u v + v^2 = ((2 v + u)^2 + 3 u^2) / 4, from the
    centre.
    """
    limit = math.floor((radius_m / spacing_m) ** 2 * (1.0 + 1e-12))
    if shape == "square":
        reach = math.isqrt(limit)
        return [(u, range(-math.isqrt(limit - u * u), math.isqrt(limit - u * u) + 1)) for u in range(-reach, reach + 1)]
    reach = math.isqrt(4 * limit // 3)
    rows = []
    for u in range(-reach, reach + 1):
        half = math.isqrt(4 * limit - 3 * u * u)
        rows.append((u, range(-((half + u) // 2), (half - u) // 2 + 1)))
    return rows


def count(shape: str, spacing_m: float, radius_m: float) -> int:
    """Number of points of a lattice in a disc.

    Parameters
    ----------
    shape : {"square", "hexagonal"}
        Lattice.
    spacing_m : float
        Distance of neighbours [m], above zero.
    radius_m : float
        Radius of the disc [m], above zero.

    Returns
    -------
    int

    Examples
    --------
    >>> count("square", 200.0, 1000.0), count("hexagonal", 100.0, 1000.0)
    (81, 367)
    """
    return sum(len(taken) for _, taken in _rows(shape, spacing_m, radius_m))


@cache
def lattice_points(shape: str, spacing_m: float, radius_m: float) -> tuple[Point, ...]:
    """Lattice coordinates of the satellites, in the order in which they are numbered: row by row along the track.

    Parameters
    ----------
    shape : {"square", "hexagonal"}
        Lattice.
    spacing_m : float
        Distance of neighbours [m].
    radius_m : float
        Radius of the disc [m].

    Returns
    -------
    tuple of (int, int)
        Row and number within the row, (0, 0) at the centre.
    """
    return tuple((u, v) for u, taken in _rows(shape, spacing_m, radius_m) for v in taken)


def offsets_m(shape: str, spacing_m: float, radius_m: float, cross_track_m: float = 0.0) -> tuple[Offset, ...]:
    """Offsets of the satellites of a lattice in a disc.

    Parameters
    ----------
    shape : {"square", "hexagonal"}
        Lattice.
    spacing_m : float
        Distance of neighbours [m].
    radius_m : float
        Radius of the disc [m].
    cross_track_m : float
        Cross-track amplitude of a satellite at the radial rim of the disc [m].

    Returns
    -------
    tuple of (float, float, float)
        Radial, along-track and cross-track offset of each satellite [m].

    Examples
    --------
    >>> offsets_m("square", 200.0, 200.0)
    ((0.0, -200.0, 0.0), (-100.0, 0.0, -0.0), (0.0, 0.0, 0.0), (100.0, 0.0, 0.0), (0.0, 200.0, 0.0))
    """
    tilt = cross_track_m / radius_m
    return tuple(
        (0.5 * y, x, tilt * y)
        for x, y in (_flat(shape, spacing_m, point) for point in lattice_points(shape, spacing_m, radius_m))
    )


def cross_track_of_tilt_m(tilt_rad: float, radius_m: float) -> float:
    """Cross-track amplitude at the radial rim of a disc whose plane is tilted about the along-track axis.

    A satellite at the radial rim is half a radius from the centre radially. At a tilt of 60 deg its cross-track amplitude is sqrt(3) / 2
    radii: then it is a radius away at all times, and the disc turns once an orbit without changing its form. [clohessy1960; penot2026]

    Parameters
    ----------
    tilt_rad : float
        Angle between the plane of the disc and the orbit plane [rad], below pi/2.
    radius_m : float
        Along-track half-axis of the disc [m].

    Returns
    -------
    float
        Amplitude [m].

    Examples
    --------
    >>> round(cross_track_of_tilt_m(math.radians(60.0), 1000.0), 3)
    866.025
    """
    return 0.5 * radius_m * math.tan(tilt_rad)


def quarter_offsets_m(shape: str, spacing_m: float, radius_m: float, cross_track_m: float) -> tuple[float, ...]:
    """Cross-track offsets a quarter of an orbit after the node that keep a lattice in one tilted plane.

    A satellite that is ahead of the centre at the node is above it a quarter of an orbit later, and must then be as far across the track
    as one that is above it at the node. Such motion needs other inclinations, which J2 turns away from each other.

    Parameters
    ----------
    shape : {"square", "hexagonal"}
        Lattice.
    spacing_m, radius_m : float
        Distance of neighbours and radius of the disc [m].
    cross_track_m : float
        Cross-track amplitude at the radial rim [m].

    Returns
    -------
    tuple of float
        Offset of each satellite [m].

    Examples
    --------
    >>> quarter_offsets_m("square", 200.0, 200.0, 100.0)
    (-100.0, 0.0, 0.0, 0.0, 100.0)
    """
    tilt = cross_track_m / radius_m
    return tuple(tilt * _flat(shape, spacing_m, point)[0] for point in lattice_points(shape, spacing_m, radius_m))


def _flat(shape: str, spacing_m: float, point: Point) -> tuple[float, float]:
    """Along-track and twice radial [m] of a point."""
    u, v = point
    if shape == "square":
        return spacing_m * u, spacing_m * v
    return spacing_m * (0.5 * math.sqrt(3.0) * u), spacing_m * (v + 0.5 * u)


def neighbours(shape: str, spacing_m: float, radius_m: float, i: int) -> list[int]:
    """Neighbours of a satellite in a lattice: up to four in a square one, six in a hexagonal one.

    Parameters
    ----------
    shape : {"square", "hexagonal"}
        Lattice.
    spacing_m : float
        Distance of neighbours [m].
    radius_m : float
        Radius of the disc [m].
    i : int
        Number of the satellite.

    Returns
    -------
    list of int
        Numbers of the neighbours, ascending.

    Examples
    --------
    >>> neighbours("square", 200.0, 200.0, 2)
    [0, 1, 3, 4]
    """
    number = _numbers(shape, spacing_m, radius_m)
    u, v = lattice_points(shape, spacing_m, radius_m)[i]
    return sorted(number[at] for du, dv in NEIGHBOURS[shape] if (at := (u + du, v + dv)) in number)


@cache
def links(shape: str, spacing_m: float, radius_m: float) -> int:
    """Number of pairs of neighbours in a lattice.

    Parameters
    ----------
    shape : {"square", "hexagonal"}
        Lattice.
    spacing_m : float
        Distance of neighbours [m].
    radius_m : float
        Radius of the disc [m].

    Returns
    -------
    int

    Examples
    --------
    >>> links("square", 200.0, 200.0)
    4
    """
    number = _numbers(shape, spacing_m, radius_m)
    half = NEIGHBOURS[shape][: len(NEIGHBOURS[shape]) // 2]
    return sum((u + du, v + dv) in number for u, v in number for du, dv in half)


@cache
def _numbers(shape: str, spacing_m: float, radius_m: float) -> dict[Point, int]:
    return {point: i for i, point in enumerate(lattice_points(shape, spacing_m, radius_m))}


@cache
def near_points(points: tuple[Offset, ...], within_m: float) -> tuple[tuple[int, int], ...]:
    """Pairs of satellites whose range never exceeds a limit.

    The range of a pair over an orbit is at most its distance in the plane of twice radial and along-track.

    Parameters
    ----------
    points : tuple of (float, float, float)
        Offsets [m].
    within_m : float
        Limit of the range [m], above zero.

    Returns
    -------
    tuple of (int, int)
        Pairs (i, j) with i < j, ascending.

    Examples
    --------
    >>> near_points(((0.0, 0.0, 0.0), (0.0, 90.0, 0.0), (60.0, 0.0, 0.0)), 100.0)
    ((0, 1),)
    """
    limit = (within_m * (1.0 + 1e-9)) ** 2
    flat = [(2.0 * x, y, z) for x, y, z in points]
    return tuple(
        (i, j)
        for i, j in _in_cells(flat, within_m)
        if sum((p - q) ** 2 for p, q in zip(flat[i], flat[j], strict=True)) <= limit
    )


def _in_cells(flat: Sequence[Sequence[float]], size_m: float) -> list[tuple[int, int]]:
    """Pairs (i < j) that may be within size_m of each other: of the same cubic cell or of two that touch."""
    cells: dict[tuple[int, ...], list[int]] = {}
    for i, point in enumerate(flat):
        cells.setdefault(tuple(math.floor(x / size_m) for x in point), []).append(i)
    steps = [step for step in product((-1, 0, 1), repeat=len(flat[0]) if flat else 0) if step > (0,) * len(step)]
    pairs: list[tuple[int, int]] = []
    for cell, inside in cells.items():
        pairs += combinations(inside, 2)
        for step in steps:
            other = cells.get(tuple(c + d for c, d in zip(cell, step, strict=True)), [])
            pairs += [(min(i, j), max(i, j)) for i in inside for j in other]
    return sorted(pairs)


def closest_m(difference: Offset, quarter_m: float = 0.0) -> float:
    """Smallest range over an orbit of two satellites, linear relative motion. [clohessy1960]

    The range is |A cos u + B sin u| with A = (x, y, z) and B = (y / 2, -2 x, q): its minimum is the smaller singular
    value of [A B].

    Parameters
    ----------
    difference : tuple of (float, float, float)
        Difference of the offsets: radial x, along-track y, cross-track z [m].
    quarter_m : float
        Cross-track difference q a quarter of an orbit later [m].

    Returns
    -------
    float
        Range [m].

    Examples
    --------
    >>> closest_m((0.0, 200.0, 0.0))
    100.0
    """
    x, y, z = difference
    aa, bb, ab = x * x + y * y + z * z, 0.25 * y * y + 4.0 * x * x + quarter_m * quarter_m, -1.5 * x * y + z * quarter_m
    mean, swing = 0.5 * (aa + bb), math.hypot(0.5 * (aa - bb), ab)
    # the product of both is known without cancellation
    return math.sqrt(max((aa * bb - ab * ab) / (mean + swing), 0.0)) if mean > 0.0 else 0.0


def closest_of_lattice_m(
    shape: str, spacing_m: float, radius_m: float, cross_track_m: float, tilted: bool = False
) -> float | None:
    """Smallest range over an orbit of any two satellites of a lattice, linear relative motion.

    Parameters
    ----------
    shape : {"square", "hexagonal"}
        Lattice.
    spacing_m : float
        Distance of neighbours [m].
    radius_m : float
        Radius of the disc [m].
    cross_track_m : float
        Cross-track amplitude of a satellite at the radial rim of the disc [m].
    tilted : bool
        Whether the cross-track motion keeps all satellites in one plane, as `quarter_offsets_m` makes it.

    Returns
    -------
    float or None
        Range [m]; None for a single satellite.

    Examples
    --------
    >>> closest_of_lattice_m("square", 200.0, 1000.0, 0.0)
    100.0

    In a plane tilted by 60 deg all distances stay:

    >>> round(closest_of_lattice_m("hexagonal", 100.0, 1000.0, cross_track_of_tilt_m(math.radians(60.0), 1000.0), True), 9)
    100.0
    """
    if count(shape, spacing_m, radius_m) < 2:
        return None
    tilt = cross_track_m / radius_m
    near = (_flat(shape, spacing_m, (u, v)) for u in range(3) for v in range(-3, 4) if (u, v) > (0, 0))
    return min(closest_m((0.5 * y, x, tilt * y), tilt * x if tilted else 0.0) for x, y in near)


def closest_of_points_m(points: tuple[Offset, ...], below_m: float) -> tuple[float, int, int] | None:
    """Smallest range over an orbit below a limit of any two satellites, linear relative motion.

    A pair farther apart than the limit in the plane of radial and half along-track never comes nearer than the limit.

    Parameters
    ----------
    points : tuple of (float, float, float)
        Offsets [m].
    below_m : float
        Limit of the range [m].

    Returns
    -------
    (range_m, i, j) or None
        Smallest range [m] and its pair; None if all ranges stay at or above the limit.

    Examples
    --------
    >>> closest_of_points_m(((0.0, 0.0, 0.0), (0.0, 90.0, 0.0), (0.0, 300.0, 0.0)), 100.0)
    (45.0, 0, 1)
    """
    if below_m <= 0.0:
        return None
    approaches = [
        (closest_m((points[i][0] - points[j][0], points[i][1] - points[j][1], points[i][2] - points[j][2])), i, j)
        for i, j in _in_cells([(x, 0.5 * y) for x, y, _ in points], below_m)
    ]
    nearest = min(approaches, default=None)
    return nearest if nearest is not None and nearest[0] < below_m else None
