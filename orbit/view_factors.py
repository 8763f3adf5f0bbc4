"""View factors between flat rectangles: closed forms, and the contour integral for any two of them.

The view factor from a to b is the share of what a emits diffusely that reaches b. Nothing stands between the two.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NODES = 24  # of each stretch of an edge
STRETCHES = 8  # of an edge, finer towards its ends: edges that meet have an integrand with a logarithm there
TINY = 1e-300


def parallel_rectangles(width_m: float, height_m: float, distance_m: float) -> float:
    """View factor between two equal rectangles that face each other.

    Parameters
    ----------
    width_m, height_m : float
        Sides [m], above 0.
    distance_m : float
        Distance of their planes [m], above 0.

    Returns
    -------
    float
        View factor, 0 to 1.

    References
    ----------
    [howell2010:C-11]

    Examples
    --------
    >>> round(parallel_rectangles(1.0, 1.0, 1.0), 5)
    0.19982
    """
    x, y = width_m / distance_m, height_m / distance_m
    wide, high = math.hypot(1.0, x), math.hypot(1.0, y)
    corner = 0.5 * math.log(wide * wide * high * high / (1.0 + x * x + y * y))
    sides = x * high * math.atan(x / high) + y * wide * math.atan(y / wide) - x * math.atan(x) - y * math.atan(y)
    return 2.0 / (math.pi * x * y) * (corner + sides)


def perpendicular_rectangles(common_m: float, from_m: float, to_m: float) -> float:
    """View factor between two rectangles at a right angle that share an edge.

    Parameters
    ----------
    common_m : float
        Length of the common edge [m], above 0.
    from_m, to_m : float
        Other side of the rectangle that emits and of the one that receives [m], above 0.

    Returns
    -------
    float
        View factor, 0 to 1.

    References
    ----------
    [howell2010:C-14]

    Examples
    --------
    >>> round(perpendicular_rectangles(1.0, 1.0, 1.0), 5)
    0.20004
    """
    w, h = from_m / common_m, to_m / common_m
    w2, h2 = w * w, h * h
    both = w2 + h2
    angles = w * math.atan(1.0 / w) + h * math.atan(1.0 / h) - math.sqrt(both) * math.atan(1.0 / math.sqrt(both))
    log = math.log((1.0 + w2) * (1.0 + h2) / (1.0 + both))
    log += w2 * math.log(w2 * (1.0 + both) / ((1.0 + w2) * both)) + h2 * math.log(h2 * (1.0 + both) / ((1.0 + h2) * both))
    return (angles + 0.25 * log) / (math.pi * w)


def rectangle(centre_m: Array, half_u_m: Array, half_v_m: Array) -> Array:
    """Corners of a rectangle, counter-clockwise as seen from the side to which u x v points.

    Parameters
    ----------
    centre_m : ndarray, shape (3,)
        Its middle [m].
    half_u_m, half_v_m : ndarray, shape (3,)
        From the middle to the middles of two sides [m], at a right angle.

    Returns
    -------
    ndarray, shape (4, 3)
        Corners [m].
    """
    c, u, v = (np.asarray(x, dtype=float) for x in (centre_m, half_u_m, half_v_m))
    return np.array([c + u + v, c - u + v, c - u - v, c + u - v])


def polygons(from_m: Array, to_m: Array) -> float:
    """View factor between the fronts of two flat convex polygons in any position.

    What lies behind the plane of the other polygon is cut off. Then a double contour integral: the inner one in closed form,
    the outer one by Gauss-Legendre quadrature.

    Parameters
    ----------
    from_m, to_m : ndarray, shape (n, 3)
        Corners [m], counter-clockwise as seen from the front.

    Returns
    -------
    float
        View factor, 0 to 1, within 1e-5 also where edges meet; 0 where a front does not see the other.

    References
    ----------
    [howell2010:appendix C, contour integration]

    Examples
    --------
    >>> base = rectangle([0.5, 0.5, 0.0], [0.5, 0.0, 0.0], [0.0, 0.5, 0.0])
    >>> above = rectangle([0.5, 0.5, 1.0], [0.5, 0.0, 0.0], [0.0, -0.5, 0.0])
    >>> round(polygons(base, above), 5), polygons(base, above[::-1])
    (0.19982, 0.0)
    """
    first, second = np.asarray(from_m, dtype=float), np.asarray(to_m, dtype=float)
    a, b = _in_front(first, second), _in_front(second, first)
    if len(a) < 3 or len(b) < 3:
        return 0.0
    scale = float(max(np.ptp(np.concatenate((a, b)), axis=0)))  # the logarithm's unit cancels round a closed contour
    total = sum(_edges(p / scale, q / scale, r / scale, s / scale) for p, q in _sides(a) for r, s in _sides(b))
    return max(0.0, float(total) * scale * scale / (2.0 * math.pi * _area_m2(first)))


def _sides(corners: Array) -> list[tuple[Array, Array]]:
    return [(corners[k], corners[(k + 1) % len(corners)]) for k in range(len(corners))]


def _normal(corners: Array) -> Array:
    """Twice the area, along the normal of the front."""
    middle = corners - corners[0]
    return np.asarray(np.sum(np.cross(middle[1:-1], middle[2:]), axis=0))


def _area_m2(corners: Array) -> float:
    return 0.5 * float(np.linalg.norm(_normal(corners)))


def _in_front(corners: Array, plane: Array) -> Array:
    """The part of a polygon in front of the plane of another one."""
    normal = _normal(plane)
    normal /= np.linalg.norm(normal)
    heights = (corners - plane[0]) @ normal
    heights[np.abs(heights) < 1e-12 * float(np.max(np.ptp(corners, axis=0)))] = 0.0
    kept: list[Array] = []
    for k in range(len(corners)):
        a, b, high, next_high = corners[k], corners[(k + 1) % len(corners)], heights[k], heights[(k + 1) % len(corners)]
        if high >= 0.0:
            kept.append(a)
        if high * next_high < 0.0:
            kept.append(a + (b - a) * (high / (high - next_high)))
    return np.array(kept) if np.max(heights) > 0.0 else np.empty((0, 3))


def _edges(a: Array, b: Array, c: Array, d: Array) -> float:
    """-(ab . cd) times the mean of ln r over both edges, with the sign of the contour integral."""
    along, other = b - a, d - c
    turn = float(along @ other)
    if turn == 0.0:
        return 0.0
    x, w = np.polynomial.legendre.leggauss(NODES)
    cuts = 0.5 * (1.0 - np.cos(np.pi * np.arange(STRETCHES + 1) / STRETCHES))
    t = (0.5 * (cuts[:-1] + cuts[1:])[:, None] + 0.5 * np.diff(cuts)[:, None] * x).ravel()
    weight = (0.5 * np.diff(cuts)[:, None] * w).ravel()
    length = float(np.linalg.norm(other))
    rays = a + t[:, None] * along - c
    near = rays @ (other / length)
    away2 = np.maximum(np.sum(rays * rays, axis=1) - near * near, 0.0)
    return turn / length * float(weight @ _log_integral(near, away2, length))


def _log_integral(near: Array, away2: Array, length: float) -> Array:
    """Integral of ln r along a straight edge, from points at `near` along it and sqrt(away2) beside it."""
    away = np.sqrt(away2)
    ends = [(length - near, 1.0), (-near, -1.0)]
    total = np.zeros_like(near)
    for s, sign in ends:
        r2 = s * s + away2
        total += sign * (0.5 * s * np.log(np.maximum(r2, TINY)) - s + away * np.arctan2(s, np.maximum(away, TINY)))
    return total
