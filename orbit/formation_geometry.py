"""Where the satellites of a formation stand to each other, in plain numbers: `validate` reads this too.

An offset is (radial, along-track, cross-track) [m] from the centre at the moment at which the centre crosses the equator
northward. Each satellite rides a 2:1 ellipse in the plane and a sine across it, so a lattice lies in the plane of along-track
and twice radial: there a formation turns like a rigid disc, and a pair d apart comes as near as d / 2, twice an orbit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import combinations, product

Offset = tuple[float, float, float]
Place = tuple[int, int]  # row along the track, place within the row

NEIGHBOURS: dict[str, tuple[Place, ...]] = {
    "square": ((0, 1), (1, 0), (0, -1), (-1, 0)),
    "hexagonal": ((0, 1), (1, 0), (1, -1), (0, -1), (-1, 0), (-1, 1)),
}


def _rows(shape: str, spacing_m: float, radius_m: float) -> list[tuple[int, range]]:
    """Rows of a lattice that have points in the disc, and the places taken in each.

    In integers: row u and place v lie u^2 + v^2, hexagonal u^2 + u v + v^2 = ((2 v + u)^2 + 3 u^2) / 4, from the centre.
    """
    limit = math.floor((radius_m / spacing_m) ** 2 * (1.0 + 1e-12))
    if shape == "square":
        reach = math.isqrt(limit)
        return [(u, range(-math.isqrt(limit - u * u), math.isqrt(limit - u * u) + 1)) for u in range(-reach, reach + 1)]
    reach = math.isqrt(4 * limit // 3)
    found = []
    for u in range(-reach, reach + 1):
        half = math.isqrt(4 * limit - 3 * u * u)
        found.append((u, range(-((half + u) // 2), (half - u) // 2 + 1)))
    return found


def count(shape: str, spacing_m: float, radius_m: float) -> int:
    """Points of a lattice in a disc: 81 of a square one of 200 m in 1 km, 367 of a hexagonal one of 100 m."""
    return sum(len(places) for _, places in _rows(shape, spacing_m, radius_m))


@cache
def places(shape: str, spacing_m: float, radius_m: float) -> tuple[Place, ...]:
    """Places in the disc in the order in which satellites are numbered: row by row along the track."""
    return tuple((u, v) for u, taken in _rows(shape, spacing_m, radius_m) for v in taken)


def offsets_m(shape: str, spacing_m: float, radius_m: float, cross_track_m: float = 0.0) -> tuple[Offset, ...]:
    """Offsets of a square or hexagonal lattice in a disc; a satellite at its radial rim swings cross_track_m across."""
    tilt = cross_track_m / radius_m
    return tuple(
        (0.5 * y, x, tilt * y)
        for x, y in (_flat(shape, spacing_m, place) for place in places(shape, spacing_m, radius_m))
    )


def _flat(shape: str, spacing_m: float, place: Place) -> tuple[float, float]:
    """Along-track and twice radial [m] of a place."""
    u, v = place
    if shape == "square":
        return spacing_m * u, spacing_m * v
    return spacing_m * (0.5 * math.sqrt(3.0) * u), spacing_m * (v + 0.5 * u)


def beside(shape: str, spacing_m: float, radius_m: float, i: int) -> list[int]:
    """Numbers of the neighbours of the i-th satellite of a lattice: up to four of a square one, six of a hexagonal one."""
    number = _numbers(shape, spacing_m, radius_m)
    u, v = places(shape, spacing_m, radius_m)[i]
    return sorted(number[at] for du, dv in NEIGHBOURS[shape] if (at := (u + du, v + dv)) in number)


@cache
def links(shape: str, spacing_m: float, radius_m: float) -> int:
    """Pairs of neighbours in a lattice."""
    number = _numbers(shape, spacing_m, radius_m)
    half = NEIGHBOURS[shape][: len(NEIGHBOURS[shape]) // 2]
    return sum((u + du, v + dv) in number for u, v in number for du, dv in half)


@cache
def _numbers(shape: str, spacing_m: float, radius_m: float) -> dict[Place, int]:
    return {place: i for i, place in enumerate(places(shape, spacing_m, radius_m))}


@cache
def near_points(points: tuple[Offset, ...], within_m: float) -> tuple[tuple[int, int], ...]:
    """Pairs (i < j) of given points at most within_m apart, radial distances doubled: the farthest that they get."""
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
    for i, place in enumerate(flat):
        cells.setdefault(tuple(math.floor(x / size_m) for x in place), []).append(i)
    steps = [step for step in product((-1, 0, 1), repeat=len(flat[0]) if flat else 0) if step > (0,) * len(step)]
    found: list[tuple[int, int]] = []
    for cell, inside in cells.items():
        found += combinations(inside, 2)
        for step in steps:
            other = cells.get(tuple(c + d for c, d in zip(cell, step, strict=True)), [])
            found += [(min(i, j), max(i, j)) for i in inside for j in other]
    return sorted(found)


def closest_m(difference: Offset) -> float:
    """Least range [m] over an orbit of two satellites whose offsets differ by this, linear relative motion.

    Their distance is |A cos u + B sin u| with A = (x, y, z), B = (y / 2, -2 x, 0) [clohessy1960]: its least is the smaller
    singular value of [A B].
    """
    x, y, z = difference
    aa, bb, ab = x * x + y * y + z * z, 0.25 * y * y + 4.0 * x * x, -1.5 * x * y
    mean, swing = 0.5 * (aa + bb), math.hypot(0.5 * (aa - bb), ab)
    # the product of both is known without cancellation
    return math.sqrt(max((aa * bb - ab * ab) / (mean + swing), 0.0)) if mean > 0.0 else 0.0


def closest_of_lattice_m(shape: str, spacing_m: float, radius_m: float, cross_track_m: float) -> float | None:
    """Least range [m] of any two satellites of a lattice over an orbit; None of a lattice of one."""
    if count(shape, spacing_m, radius_m) < 2:
        return None
    tilt = cross_track_m / radius_m
    near = (_flat(shape, spacing_m, (u, v)) for u in range(3) for v in range(-3, 4) if (u, v) > (0, 0))
    return min(closest_m((0.5 * y, x, tilt * y)) for x, y in near)


def closest_of_points_m(points: tuple[Offset, ...], below_m: float) -> tuple[float, int, int] | None:
    """Least range [m] over an orbit below a limit, and the pair of given points that has it; None if all keep farther.

    Points apart by more than the limit in the plane of radial and half along-track never come nearer than it.
    """
    if below_m <= 0.0:
        return None
    found = [
        (closest_m((points[i][0] - points[j][0], points[i][1] - points[j][1], points[i][2] - points[j][2])), i, j)
        for i, j in _in_cells([(x, 0.5 * y) for x, y, _ in points], below_m)
    ]
    nearest = min(found, default=None)
    return nearest if nearest is not None and nearest[0] < below_m else None
