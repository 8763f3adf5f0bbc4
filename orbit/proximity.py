"""Smallest and largest ranges of satellites of a formation, between samples too."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.formation_geometry import closest_m

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
PositionsAt = Callable[
    [Array, Indices | None], Array
]  # moments [s] and satellites to positions [m] (time, 3, satellites)

SAMPLES = 360  # an orbit: ranges go like the sine of twice its angle, and a parabola meets that to 1e-8 of its swing
REFINED = 512  # of the nearest approaches, looked at again between samples
ALIKE_M = 1e-3
BLOCK_VALUES = 4_000_000


class Extreme(NamedTuple):
    """Smallest range of a formation.

    Attributes
    ----------
    range_m : float
        Range [m].
    time_s : float
        When it is reached [s].
    pair : (int, int)
        The two satellites.
    """

    range_m: float
    time_s: float
    pair: tuple[int, int]


def range_matrix_m(r_m: Array) -> Array:
    """Ranges of all pairs of satellites.

    Parameters
    ----------
    r_m : ndarray, shape (times, 3, n)
        Positions [m].

    Returns
    -------
    ndarray, shape (times, n, n)
        Ranges [m].

    Examples
    --------
    >>> import numpy as np
    >>> r_m = np.array([[[0.0, 300.0], [0.0, 400.0], [0.0, 0.0]]])
    >>> range_matrix_m(r_m)[0].tolist()
    [[0.0, 500.0], [500.0, 0.0]]
    """
    d = r_m[:, :, :, np.newaxis] - r_m[:, :, np.newaxis, :]
    return np.asarray(np.sqrt(np.sum(d * d, axis=1)))


def pair_ranges_m(r_m: Array, a: Indices, b: Indices) -> Array:
    """Ranges of given pairs of satellites.

    Parameters
    ----------
    r_m : ndarray, shape (times, 3, n)
        Positions [m].
    a, b : ndarray of int, shape (pairs,)
        First and second satellite of each pair.

    Returns
    -------
    ndarray, shape (times, pairs)
        Ranges [m].
    """
    d = r_m[:, :, a] - r_m[:, :, b]
    return np.asarray(np.sqrt(np.sum(d * d, axis=1)))


def swing_m(range_m: Array) -> tuple[float, float]:
    """Smallest and largest of ranges over time, each extreme between samples by a parabola.

    Parameters
    ----------
    range_m : ndarray, shape (times, pairs)
        Ranges at evenly spaced times [m], three or more.

    Returns
    -------
    least_m, most_m : float
        Smallest and largest range [m].
    """
    square = range_m * range_m
    least, most = float(_vertices(square)[0].min()), -float(_vertices(-square)[0].min())
    return float(np.sqrt(max(least, 0.0))), float(np.sqrt(most))


def swing_of_pairs_m(r_m: Array, a: Indices, b: Indices) -> tuple[float, float]:
    """Smallest and largest range of given pairs of satellites, between samples too.

    Parameters
    ----------
    r_m : ndarray, shape (times, 3, n)
        Positions at evenly spaced times [m], three or more.
    a, b : ndarray of int, shape (pairs,)
        First and second satellite of each pair, one pair or more.

    Returns
    -------
    least_m, most_m : float
        Smallest and largest range [m].
    """
    swings = [swing_m(pair_ranges_m(r_m, a[part], b[part])) for part in _slices(a.size, r_m.shape[0])]
    return min(least for least, _ in swings), max(most for _, most in swings)


def _vertices(y: Array) -> tuple[Array, Array]:
    """Least of the parabola through each sample (time, pairs) and its neighbours, and its distance from the sample in steps."""
    low, shift = y.copy(), np.zeros_like(y)
    slope, bend = 0.5 * (y[2:] - y[:-2]), y[2:] - 2.0 * y[1:-1] + y[:-2]
    turns = (bend > 0.0) & (np.abs(slope) <= bend)
    shift[1:-1] = np.where(turns, -slope / np.where(turns, bend, 1.0), 0.0)
    low[1:-1] += 0.5 * slope * shift[1:-1]
    return low, shift


def closest(
    at: PositionsAt, start_s: float, span_s: float, pairs: tuple[Indices, Indices] | None = None, samples: int = SAMPLES
) -> Extreme:
    """Smallest range of any two satellites in a time span, to a centimetre.

    Each approach is located by a parabola through samples, the nearest ones by another on a finer step.

    Parameters
    ----------
    at : callable
        Positions [m], shape (times, 3, n), from times [s] and indices of satellites, which may be None for all.
    start_s, span_s : float
        Beginning and length of the time span [s].
    pairs : tuple of two ndarrays of int, optional
        Pairs that may be the nearest, as `may_meet` finds them; without, pairs near enough at a sample to meet before
        the next.
    samples : int
        Samples in the span.

    Returns
    -------
    Extreme

    Examples
    --------
    Two satellites 200 m apart along the track on relative orbits about the same chief come within 100 m, twice an
    orbit.

    >>> import numpy as np
    >>> def positions_m(t_s, which):  # of linear relative motion, radial and along-track, with a period of 6000 s
    ...     u = 2.0 * np.pi * np.asarray(t_s) / 6000.0
    ...     half = np.stack((50.0 * np.sin(u), 100.0 * np.cos(u), 0.0 * u), axis=1)
    ...     both = np.stack((half, -half), axis=2)
    ...     return both if which is None else both[:, :, which]
    >>> found = closest(positions_m, 0.0, 6000.0)
    >>> round(found.range_m, 2), round(found.time_s), found.pair
    (100.0, 1500, (0, 1))
    """
    t_s, dt_s = np.linspace(start_s, start_s + span_s, samples + 1), span_s / samples
    a, b = _near_at_samples(at(t_s, None)) if pairs is None else pairs
    involved, (one, other) = _ends(a, b)
    r_m = at(t_s, involved)
    approaches: list[tuple[float, float, int]] = []
    for part in _slices(one.size, t_s.size):
        low, shift = _vertices(pair_ranges_m(r_m, one[part], other[part]) ** 2)
        k, pair = np.divmod(np.argsort(low, axis=None, kind="stable")[:REFINED], low.shape[1])
        about_s = t_s[k] + shift[k, pair] * dt_s
        approaches += zip(low[k, pair].tolist(), about_s.tolist(), (pair + part.start).tolist(), strict=True)
    best = sorted(approaches)[:REFINED]
    which = np.array([f[2] for f in best])
    fine_s = dt_s / 30.0
    about_s = np.clip([f[1] for f in best], t_s[0] + fine_s, t_s[-1] - fine_s)
    range_m, time_s = _refined(at, a[which], b[which], about_s, fine_s)
    # of approaches alike to a millimetre the first: a lattice has many, and rounding must not choose among them
    alike = np.flatnonzero(range_m <= range_m.min() + ALIKE_M)
    order = np.lexsort((b[which[alike]], a[which[alike]], np.round(time_s[alike])))
    first = int(alike[order[0]])
    return Extreme(float(range_m[first]), float(time_s[first]), (int(a[which[first]]), int(b[which[first]])))


def _ends(a: Indices, b: Indices) -> tuple[Indices, Indices]:
    """The satellites in any of the pairs, and the pairs (2, n) by their numbers there."""
    involved, index = np.unique(np.concatenate((a, b)), return_inverse=True)
    return involved, index.reshape(2, -1)


def _refined(at: PositionsAt, a: Indices, b: Indices, about_s: Array, fine_s: float) -> tuple[Array, Array]:
    """Least range of each pair near a moment of its own, and when."""
    involved, (one, other) = _ends(a, b)
    around_s = (about_s[:, np.newaxis] + fine_s * np.array([-1.0, 0.0, 1.0])).ravel()
    r_m = at(around_s, involved).reshape(a.size, 3, 3, involved.size)
    row = np.arange(a.size)
    d = r_m[row, :, :, one] - r_m[row, :, :, other]  # (approach, moment, axis)
    low, shift = _vertices(np.sum(d * d, axis=2).T)
    moment = np.argmin(low, axis=0)
    return np.sqrt(np.maximum(low[moment, row], 0.0)), about_s + fine_s * (moment - 1 + shift[moment, row])


def _near_at_samples(r_m: Array) -> tuple[Indices, Indices]:
    """Pairs that may be the nearest of all at some moment between samples (time, 3, n).

    A pair that is far apart at both ends of a step cannot meet in it: the relative speed of two satellites is at most
    twice the largest speed relative to the mean.
    """
    from scipy.spatial import cKDTree

    off_m = r_m - r_m.mean(axis=2, keepdims=True)
    trees = [cKDTree(np.ascontiguousarray(r.T)) for r in off_m]
    nearest_m = min(float(tree.query(tree.data, k=2)[0][:, 1].min()) for tree in trees)
    moved = np.diff(off_m, axis=0)
    reach_m = 1.01 * (nearest_m + float(np.sqrt(np.max(np.sum(moved * moved, axis=1)))))
    width = np.int64(r_m.shape[2])
    near = [tree.query_pairs(reach_m, output_type="ndarray").astype(np.int64) for tree in trees]
    a, b = np.divmod(np.unique(np.concatenate([p[:, 0] * width + p[:, 1] for p in near])), width)
    return a, b


def may_meet(offsets_m: Array, quarter_m: Array | None = None) -> tuple[Indices, Indices]:
    """Pairs of satellites of a formation that may have the smallest range of all at some time.

    A pair comes no nearer than its distance in the plane of radial and half along-track, which J2 and the curvature of
    the orbit change by 1 % at most.

    Parameters
    ----------
    offsets_m : ndarray, shape (3, n)
        Radial, along-track and cross-track offsets [m] of two satellites or more.
    quarter_m : ndarray, shape (n,), optional
        Cross-track offsets a quarter of an orbit later [m]; by default zero.

    Returns
    -------
    a, b : ndarray of int, shape (pairs,)
        First and second satellite of each pair.
    """
    from scipy.spatial import cKDTree

    plane = np.ascontiguousarray((offsets_m[:2] * np.array([[1.0], [0.5]])).T)
    tree = cKDTree(plane)
    beside = tree.query(plane, k=2)[1]
    own = np.arange(plane.shape[0])
    beside = np.where(beside[:, 1] == own, beside[:, 0], beside[:, 1])
    later_m = np.zeros(own.size) if quarter_m is None else quarter_m
    apart = np.vstack((offsets_m, later_m))
    nearest_m = min(closest_m((x, y, z), q) for x, y, z, q in (apart - apart[:, beside]).T.tolist())
    pairs = tree.query_pairs(1.02 * nearest_m + 1e-3, output_type="ndarray").astype(np.int64)
    return pairs[:, 0], pairs[:, 1]


def farthest_m(r_m: Array) -> float:
    """Largest range of any two satellites, between samples too.

    Parameters
    ----------
    r_m : ndarray, shape (times, 3, n)
        Positions at evenly spaced times [m], three or more.

    Returns
    -------
    float
        Range [m].

    Notes
    -----
    With D the largest range from any one satellite and R the largest distance from the mean position, both ends of the
    longest range are at least D - R from the mean position: few satellites on the rim need to be compared.
    """
    off_m = r_m - r_m.mean(axis=2, keepdims=True)
    from_mean_m = np.sqrt(np.sum(off_m * off_m, axis=1))
    rim_m = float(from_mean_m.max())
    k, i = np.unravel_index(int(from_mean_m.argmax()), from_mean_m.shape)
    across_m = float(np.sqrt(np.max(np.sum((off_m[k] - off_m[k, :, i : i + 1]) ** 2, axis=0))))
    outer = np.flatnonzero(from_mean_m.max(axis=0) >= 0.999 * (across_m - rim_m))
    a, b = np.triu_indices(outer.size, 1)
    return swing_of_pairs_m(r_m[:, :, outer], a, b)[1]


def _slices(pairs: int, times: int) -> list[slice]:
    """Pairs in parts of which ranges at all times fit into memory."""
    each = max(1, BLOCK_VALUES // times)
    return [slice(lo, lo + each) for lo in range(0, pairs, each)]
