"""Satellites that fly close together heat each other's plates and shade each other's arrays.

Each satellite has two plates, array and radiator: rectangles with two faces. A step takes where they are, how they are
turned and what they emit, and gives the infrared that each absorbs from its neighbours and the sunlight that they leave
each array. Work is linear in the pairs.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import AU_M, STEFAN_BOLTZMANN_W_M2_K4, SUN_RADIUS_M
from orbit.kernels.compile import Floats, Ints, exact_kernel, inlined, kernel
from sim.spacecraft import attitude

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

ARRAY, RADIATOR = 0, 1  # plates
# a disc and a bar of this half-width have the same variance: the edge of a shadow is as wide under both
SUN_HALF_WIDTH = 0.5 * math.sqrt(3.0) * SUN_RADIUS_M / AU_M
# Points of a plate along each side, by how many diagonals another one is away: Gauss-Legendre of 8, 4 and 2 points, one
# after the other; further away the middles stand for the plates
_RULES = [np.polynomial.legendre.leggauss(n) for n in (8, 4, 2)]
NODE = np.concatenate([x for x, _ in _RULES])
WEIGHT = np.concatenate([0.5 * w for _, w in _RULES])
FAR, CLOSE, TOUCHING = 5.0, 2.5, 1.2  # diagonals: from the first on one point, below the last eight


class Plates(NamedTuple):
    """Array and radiator of each satellite; the first axis is `ARRAY` or `RADIATOR`.

    Attributes
    ----------
    normal : ndarray, shape (2, 3, satellites)
        Unit normals of the fronts.
    along : ndarray, shape (2, 3, satellites)
        Unit vectors along a side.
    half_m : ndarray, shape (2, 2, satellites)
        Half of the side along that vector, and of the other side [m].
    emissivity : ndarray, shape (2, 2, satellites)
        Of front and back: the share of infrared that each absorbs.
    """

    normal: Array
    along: Array
    half_m: Array
    emissivity: Array


class Exchange(NamedTuple):
    """What neighbours do to each satellite.

    Attributes
    ----------
    absorbed_w_m2 : ndarray, shape (2, satellites)
        Infrared absorbed by both faces of each plate, over its planform area [W/m2].
    light : ndarray, shape (satellites,)
        Share of the sunlight on the array that neighbours leave, 0 to 1.
    """

    absorbed_w_m2: Array
    light: Array


def normals(before_m: Array, now_m: Array, sun: Array, law: attitude.Attitude) -> Array:
    """Unit normals of the fronts of array and radiator, as the attitude gives them at the end of a step.

    Parameters
    ----------
    before_m, now_m : ndarray, shape (3, satellites)
        Positions at the beginning and the end of the step [m].
    sun : ndarray, shape (3,)
        Unit vector to the Sun.
    law : Attitude
        Attitude law of the satellites.

    Returns
    -------
    ndarray, shape (2, 3, satellites)
        Normals of `ARRAY` and `RADIATOR`.
    """
    found = np.empty((2, 3, now_m.shape[1]))
    _normals(np.ascontiguousarray(before_m), np.ascontiguousarray(now_m), np.ascontiguousarray(sun), law, found)
    return found


def square_plates(array_normal: Array, radiator_normal: Array, areas_m2: tuple[Array, Array], emissivity: Array) -> Plates:
    """Square plates whose sides lie along the line in which their planes meet.

    Parameters
    ----------
    array_normal, radiator_normal : ndarray, shape (3, satellites)
        Unit normals of the fronts, as the attitude gives them.
    areas_m2 : tuple of ndarray, each of shape (satellites,)
        Areas of array and radiator [m2].
    emissivity : ndarray, shape (2, 2, satellites)
        As in `Plates`.

    Returns
    -------
    Plates
        The plates.
    """
    normal = np.ascontiguousarray(np.stack([array_normal, radiator_normal]))
    return Plates(normal, sides(normal), half_sides_m(areas_m2), np.ascontiguousarray(emissivity, dtype=float))


def half_sides_m(areas_m2: tuple[Array, Array]) -> Array:
    """Half of the sides of square plates.

    Parameters
    ----------
    areas_m2 : tuple of ndarray, each of shape (satellites,)
        Areas of array and radiator [m2].

    Returns
    -------
    ndarray, shape (2, 2, satellites)
        As in `Plates`.
    """
    half = np.stack([0.5 * np.sqrt(np.asarray(a, dtype=float)) for a in np.broadcast_arrays(*areas_m2)])
    return np.ascontiguousarray(np.stack([half, half], axis=1))


def sides(normal: Array) -> Array:
    """The line in which the planes of array and radiator meet, where they are one plane any direction in it.

    Parameters
    ----------
    normal : ndarray, shape (2, 3, satellites)
        Unit normals of `ARRAY` and `RADIATOR`, C-contiguous.

    Returns
    -------
    ndarray, shape (2, 3, satellites)
        Unit vectors along a side of each plate, as in `Plates`.
    """
    along = np.empty_like(normal)
    _sides(normal, along)
    return along


@exact_kernel
def emit(temps_k: Floats, emissivity: Floats, fins: Floats, emitted_w_m2: Floats) -> None:
    """Infrared that plates emit.

    Parameters
    ----------
    temps_k : ndarray, shape (4, satellites)
        Temperatures of the array and of three segments of the radiator [K].
    emissivity : ndarray, shape (2, 2, satellites)
        As in `Plates`.
    fins : ndarray, shape (satellites,)
        Efficiency of the radiator's fins.
    emitted_w_m2 : ndarray, shape (2, 2, satellites)
        Emitted by front and back of each plate [W/m2]; written.
    """
    third = STEFAN_BOLTZMANN_W_M2_K4 / 3.0
    for i in range(fins.size):
        a, b, c, d = temps_k[0, i] ** 2, temps_k[1, i] ** 2, temps_k[2, i] ** 2, temps_k[3, i] ** 2
        panel = STEFAN_BOLTZMANN_W_M2_K4 * (a * a)
        black = third * fins[i] * (b * b + c * c + d * d)
        for face in range(2):
            emitted_w_m2[ARRAY, face, i] = emissivity[ARRAY, face, i] * panel
            emitted_w_m2[RADIATOR, face, i] = emissivity[RADIATOR, face, i] * black


def exchange(r_m: Array, pairs: tuple[Indices, Indices], plates: Plates, emitted_w_m2: Array, sun: Array) -> Exchange:
    """Infrared between neighbours, and the shadows of their arrays.

    Infrared that a plate reflects is taken as lost to space, and nothing stands between two satellites. Shadows of
    several neighbours add up, until nothing is left.

    Parameters
    ----------
    r_m : ndarray, shape (3, satellites)
        Positions of the plates' middles [m]; both plates of a satellite have the same.
    pairs : tuple of ndarray
        From `near.within`.
    plates : Plates
        Array and radiator of each satellite.
    emitted_w_m2 : ndarray, shape (2, 2, satellites)
        Emitted by front and back of each plate [W/m2].
    sun : ndarray, shape (3,)
        Unit vector to the Sun.

    Returns
    -------
    Exchange
        Heat and light of each satellite.

    References
    ----------
    [howell2010:ch. 5]
    """
    start, other = pairs
    absorbed, light = np.zeros((2, r_m.shape[1])), np.ones(r_m.shape[1])
    _all_pairs(
        np.ascontiguousarray(r_m), start, other, *plates, np.ascontiguousarray(emitted_w_m2), np.ascontiguousarray(sun), NODE, WEIGHT,
        absorbed, light,
    )  # fmt: skip
    return Exchange(absorbed, light)


@inlined
def rule(diagonals: float) -> tuple[int, int]:
    """First point and number of points along a side.

    Parameters
    ----------
    diagonals : float
        Distance of two plates over the larger diagonal.

    Returns
    -------
    first, count : int
        Place in `NODE` and `WEIGHT`.
    """
    if diagonals >= CLOSE:
        return 12, 2
    return (8, 4) if diagonals >= TOUCHING else (0, 8)


@inlined
def blurred(x_m: float, width_m: float) -> float:
    """Length beyond an edge that lies in light, where the edge of the shadow is a ramp of half-width `width_m`.

    Parameters
    ----------
    x_m : float
        Where the length ends, from the middle of the ramp [m].
    width_m : float
        Half-width of the ramp [m], above 0.

    Returns
    -------
    float
        Integral of the ramp from far inside the shadow [m].
    """
    t = min(width_m, max(-width_m, x_m)) + width_m
    return t * t / (4.0 * width_m) + max(0.0, x_m - width_m)


@inlined
def overlap_m(offset_m: float, half_m: float, other_half_m: float, width_m: float) -> float:
    """Length of a side that lies in the shadow of another one.

    Parameters
    ----------
    offset_m : float
        Distance of their middles along the side [m].
    half_m, other_half_m : float
        Half of the side and of the shadow [m].
    width_m : float
        Half-width of the shadow's edges [m].

    Returns
    -------
    float
        Length [m], penumbra by its share.
    """
    near, far = offset_m - other_half_m, offset_m + other_half_m
    return (
        blurred(half_m - near, width_m)
        - blurred(-half_m - near, width_m)
        - blurred(half_m - far, width_m)
        + blurred(-half_m - far, width_m)
    )


@inlined
def _irradiance_w_m2(
    d: Any, p: int, i: int, q: int, j: int, normal: Any, along: Any, half_m: Any, emissivity: Any, emitted: Any, node: Any, weight: Any
) -> float:
    """Infrared that plate p of satellite i absorbs from plate q of satellite j, at d from it, over its area [W/m2]."""
    n0, n1, n2 = normal[p, 0, i], normal[p, 1, i], normal[p, 2, i]
    m0, m1, m2 = normal[q, 0, j], normal[q, 1, j], normal[q, 2, j]
    u, v, x, y = half_m[p, 0, i], half_m[p, 1, i], half_m[q, 0, j], half_m[q, 1, j]
    size2, far2 = 4.0 * max(u * u + v * v, x * x + y * y), d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
    if far2 >= FAR * FAR * size2:
        mine, theirs = n0 * d[0] + n1 * d[1] + n2 * d[2], -(m0 * d[0] + m1 * d[1] + m2 * d[2])
        face, back = 0 if mine > 0.0 else 1, 0 if theirs > 0.0 else 1
        flux = emissivity[p, face, i] * emitted[q, back, j]
        return float(flux * abs(mine * theirs) / (far2 * far2) * 4.0 * x * y / math.pi)
    a0, a1, a2 = along[p, 0, i], along[p, 1, i], along[p, 2, i]
    b0, b1, b2 = along[q, 0, j], along[q, 1, j], along[q, 2, j]
    c0, c1, c2 = n1 * a2 - n2 * a1, n2 * a0 - n0 * a2, n0 * a1 - n1 * a0
    e0, e1, e2 = m1 * b2 - m2 * b1, m2 * b0 - m0 * b2, m0 * b1 - m1 * b0
    first, count = rule(math.sqrt(far2 / size2))
    total = 0.0
    for k in range(first, first + count):
        for l in range(first, first + count):  # noqa: E741
            s, t = u * node[k], v * node[l]
            f0, f1, f2 = d[0] - s * a0 - t * c0, d[1] - s * a1 - t * c1, d[2] - s * a2 - t * c2
            here = 0.0
            for g in range(first, first + count):
                for h in range(first, first + count):
                    s, t = x * node[g], y * node[h]
                    r0, r1, r2 = f0 + s * b0 + t * e0, f1 + s * b1 + t * e1, f2 + s * b2 + t * e2
                    square = r0 * r0 + r1 * r1 + r2 * r2
                    mine, theirs = n0 * r0 + n1 * r1 + n2 * r2, -(m0 * r0 + m1 * r1 + m2 * r2)
                    face, back = 0 if mine > 0.0 else 1, 0 if theirs > 0.0 else 1
                    flux = emissivity[p, face, i] * emitted[q, back, j]
                    here += weight[g] * weight[h] * flux * abs(mine * theirs) / (square * square)
            total += weight[k] * weight[l] * here
    return float(total * 4.0 * x * y / math.pi)


@inlined
def _shaded(d: Any, i: int, j: int, normal: Any, along: Any, half_m: Any, sun: Any) -> float:
    """Share of the array of satellite i in the shadow of that of satellite j, at d from it."""
    n0, n1, n2 = normal[0, 0, i], normal[0, 1, i], normal[0, 2, i]
    facing = n0 * sun[0] + n1 * sun[1] + n2 * sun[2]
    high = (n0 * d[0] + n1 * d[1] + n2 * d[2]) / facing if abs(facing) > 1e-3 else -1.0
    if high <= 0.0:
        return 0.0  # beside the array or behind it, as seen from the Sun
    a0, a1, a2 = along[0, 0, i], along[0, 1, i], along[0, 2, i]
    c0, c1, c2 = n1 * a2 - n2 * a1, n2 * a0 - n0 * a2, n0 * a1 - n1 * a0
    # the neighbour's middle, moved along the Sun's rays into the plane of the array
    s0, s1, s2 = d[0] - high * sun[0], d[1] - high * sun[1], d[2] - high * sun[2]
    slant_a = (sun[0] * a0 + sun[1] * a1 + sun[2] * a2) / facing
    slant_c = (sun[0] * c0 + sun[1] * c1 + sun[2] * c2) / facing
    wide = high * SUN_HALF_WIDTH
    u, v = half_m[0, 0, i], half_m[0, 1, i]
    one = overlap_m(s0 * a0 + s1 * a1 + s2 * a2, u, half_m[0, 0, j], max(1e-9, wide * math.sqrt(1.0 + slant_a * slant_a)))
    two = overlap_m(s0 * c0 + s1 * c1 + s2 * c2, v, half_m[0, 1, j], max(1e-9, wide * math.sqrt(1.0 + slant_c * slant_c)))
    return float(max(0.0, one) * max(0.0, two) / (4.0 * u * v))


@kernel
def _normals(before_m: Floats, now_m: Floats, sun: Floats, law: attitude.Attitude, found: Floats) -> None:
    for i in range(now_m.shape[1]):
        x, y, z = now_m[0, i], now_m[1, i], now_m[2, i]
        far = 1.0 / math.sqrt(x * x + y * y + z * z)
        r = (x * far, y * far, z * far)
        a, b, c = before_m[0, i], before_m[1, i], before_m[2, i]
        w0, w1, w2 = b * z - c * y, c * x - a * z, a * y - b * x
        long = 1.0 / math.sqrt(max(w0 * w0 + w1 * w1 + w2 * w2, 1e-30))
        w = (w0 * long, w1 * long, w2 * long)
        t = (w[1] * r[2] - w[2] * r[1], w[2] * r[0] - w[0] * r[2], w[0] * r[1] - w[1] * r[0])
        n = attitude.normals(
            sun[0] * r[0] + sun[1] * r[1] + sun[2] * r[2], sun[0] * t[0] + sun[1] * t[1] + sun[2] * t[2],
            sun[0] * w[0] + sun[1] * w[1] + sun[2] * w[2], law,
        )  # fmt: skip
        for axis in range(3):
            found[0, axis, i] = n.array_r * r[axis] + n.array_t * t[axis] + n.array_w * w[axis]
            found[1, axis, i] = n.radiator_r * r[axis] + n.radiator_t * t[axis] + n.radiator_w * w[axis]


@kernel
def _sides(normal: Floats, along: Floats) -> None:
    for i in range(normal.shape[2]):
        a0, a1, a2 = normal[ARRAY, 0, i], normal[ARRAY, 1, i], normal[ARRAY, 2, i]
        b0, b1, b2 = normal[RADIATOR, 0, i], normal[RADIATOR, 1, i], normal[RADIATOR, 2, i]
        m0, m1, m2 = a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0
        if m0 * m0 + m1 * m1 + m2 * m2 < 1e-6:  # one plane
            b0, b2 = (0.0, 1.0) if abs(a2) < 0.9 else (1.0, 0.0)
            m0, m1, m2 = a1 * b2, a2 * b0 - a0 * b2, -a1 * b0
        far = 1.0 / math.sqrt(m0 * m0 + m1 * m1 + m2 * m2)
        for p in range(2):
            along[p, 0, i], along[p, 1, i], along[p, 2, i] = m0 * far, m1 * far, m2 * far


@kernel
def _all_pairs(
    r_m: Floats, start: Ints, other: Ints, normal: Floats, along: Floats, half_m: Floats, emissivity: Floats, emitted: Floats,
    sun: Floats, node: Floats, weight: Floats, absorbed: Floats, light: Floats,
) -> None:  # fmt: skip
    size2, size = np.empty(r_m.shape[1]), np.empty(r_m.shape[1])  # square of the larger diagonal, and that diagonal
    for i in range(r_m.shape[1]):
        one = half_m[0, 0, i] * half_m[0, 0, i] + half_m[0, 1, i] * half_m[0, 1, i]
        two = half_m[1, 0, i] * half_m[1, 0, i] + half_m[1, 1, i] * half_m[1, 1, i]
        size2[i] = 4.0 * max(one, two)
        size[i] = math.sqrt(size2[i])
    for i in range(r_m.shape[1]):
        for pair in range(start[i], start[i + 1]):
            j = other[pair]
            d = (r_m[0, j] - r_m[0, i], r_m[1, j] - r_m[1, i], r_m[2, j] - r_m[2, i])
            far2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
            if far2 >= FAR * FAR * max(size2[i], size2[j]):  # the middles stand for the plates
                from_j = 0.0
                for q in range(2):
                    theirs = -(normal[q, 0, j] * d[0] + normal[q, 1, j] * d[1] + normal[q, 2, j] * d[2])
                    from_j += emitted[q, 0 if theirs > 0.0 else 1, j] * abs(theirs) * half_m[q, 0, j] * half_m[q, 1, j]
                from_j *= 4.0 / (math.pi * far2 * far2)
                for p in range(2):
                    mine = normal[p, 0, i] * d[0] + normal[p, 1, i] * d[1] + normal[p, 2, i] * d[2]
                    absorbed[p, i] += emissivity[p, 0 if mine > 0.0 else 1, i] * abs(mine) * from_j
            else:
                for p in range(2):
                    for q in range(2):
                        absorbed[p, i] += _irradiance_w_m2(d, p, i, q, j, normal, along, half_m, emissivity, emitted, node, weight)
            # a neighbour whose distance from the ray to the Sun is more than both arrays are large casts no shadow
            toward = d[0] * sun[0] + d[1] * sun[1] + d[2] * sun[2]
            reach = size[i] + size[j] + abs(toward) * SUN_HALF_WIDTH
            if far2 - toward * toward <= 4.0 * reach * reach:
                light[i] -= _shaded(d, i, j, normal, along, half_m, sun)
        light[i] = max(0.0, light[i])
