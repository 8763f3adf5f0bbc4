"""Three-dimensional formation in plain numbers, without numpy: columns of satellites along the track that fill a ball.

Each column is a place of a hexagonal lattice in the plane of along-track and twice radial, two spacings from the next, and moves on a 2:1
ellipse; its satellites follow each other a spacing apart. The cross-track motion is half the along-track one, opposite in sign. Two
satellites whose columns are a distance p apart in that plane and that are D apart along the column are at

    (p / 2)^2 cos^2 a + (p sin a + D)^2 + (p / 2)^2 sin^2 a = (p / 2)^2 + (p sin a + D)^2

so they never come nearer than p / 2, at any D: a spacing. The number of satellites grows with the cube of radius over spacing, at the cost of
differences of inclination. In one plane it grows with the square: two satellites with the same centre along the track come at some
time no farther apart than their distance in the plane above. [clohessy1960]
"""

from __future__ import annotations

import math
from functools import cache

Place = tuple[int, int, int]  # row and number of the column, place in the column

BESIDE = ((0, 1, 0), (1, 0, 0), (1, -1, 0), (0, 0, 1))  # half of the neighbours: of three columns, and in its own


@cache
def places(spacing_m: float, radius_m: float) -> tuple[Place, ...]:
    """Places of the satellites, column by column.

    Parameters
    ----------
    spacing_m : float
        Least distance of any two satellites [m].
    radius_m : float
        Radius of the ball that holds all satellites at all times [m].

    Returns
    -------
    tuple of (int, int, int)
        Row and number of the column, and place along it; (0, 0, 0) at the centre.

    Examples
    --------
    >>> len(places(100.0, 250.0)), len(places(100.0, 1000.0)), len(places(50.0, 1000.0))
    (11, 525, 4031)
    """
    most = math.floor(radius_m / (2.0 * spacing_m)) + 1
    reach = math.floor(radius_m / spacing_m * (1.0 + 1e-12))
    limit = radius_m * radius_m * (1.0 + 1e-12)
    found = []
    for u in range(-2 * most, 2 * most + 1):
        for v in range(-2 * most, 2 * most + 1):
            apart = 2.0 * spacing_m * math.sqrt(u * u + u * v + v * v)
            if apart > radius_m:
                continue
            found += [(u, v, w) for w in range(-reach, reach + 1) if 0.25 * apart**2 + (apart + abs(w) * spacing_m) ** 2 <= limit]
    return tuple(found)


def motions_m(spacing_m: float, radius_m: float) -> list[tuple[float, float, float, float, float]]:
    """Relative motion of each satellite.

    Parameters
    ----------
    spacing_m, radius_m : float
        As in `places`.

    Returns
    -------
    list of tuple of float
        Radial, along-track and cross-track offset at the node, cross-track offset a quarter of an orbit later, and constant along-track
        distance of the centre of the motion [m].
    """
    rows = []
    for u, v, w in places(spacing_m, radius_m):
        along, twice_radial = math.sqrt(3.0) * spacing_m * u, 2.0 * spacing_m * (v + 0.5 * u)
        rows.append((0.5 * twice_radial, along, -0.5 * along, 0.5 * twice_radial, spacing_m * w))
    return rows


@cache
def pairs(spacing_m: float, radius_m: float) -> tuple[tuple[int, int], ...]:
    """Neighbours: up to six in the columns beside, and two in the own one.

    Parameters
    ----------
    spacing_m, radius_m : float
        As in `places`.

    Returns
    -------
    tuple of (int, int)
        Numbers of two satellites, ascending.
    """
    number = {place: i for i, place in enumerate(places(spacing_m, radius_m))}
    found = []
    for (u, v, w), i in number.items():
        for du, dv, dw in BESIDE:
            j = number.get((u + du, v + dv, w + dw))
            if j is not None:
                found.append((min(i, j), max(i, j)))
    return tuple(sorted(found))
