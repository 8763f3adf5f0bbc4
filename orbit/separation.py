"""How near and how far satellites of a formation come to each other, between samples too."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Moments = Callable[[Array, Indices | None], Array]  # moments [s] and satellites to positions [m] (time, 3, satellites)

SAMPLES = 360  # an orbit: ranges go like the sine of twice its angle, and a parabola meets that to 1e-8 of its swing
REFINED = 32  # of the nearest approaches, looked at again between samples
BLOCK_VALUES = 4_000_000


class Extreme(NamedTuple):
    """A range, when it is reached, and by whom."""

    range_m: float
    time_s: float
    pair: tuple[int, int]


def range_matrix_m(r_m: Array) -> Array:
    """Ranges [m] (time, n, n) of all pairs at positions (time, 3, n)."""
    d = r_m[:, :, :, np.newaxis] - r_m[:, :, np.newaxis, :]
    return np.asarray(np.sqrt(np.sum(d * d, axis=1)))


def pair_ranges_m(r_m: Array, a: Indices, b: Indices) -> Array:
    """Ranges [m] (time, pairs) of given pairs at positions (time, 3, n)."""
    d = r_m[:, :, a] - r_m[:, :, b]
    return np.asarray(np.sqrt(np.sum(d * d, axis=1)))


def swing_m(range_m: Array) -> tuple[float, float]:
    """Least and largest of ranges (time, pairs) sampled evenly, each extreme between samples by a parabola."""
    square = range_m * range_m
    least, most = _vertices(square)[0], -_vertices(-square)[0]
    return float(np.sqrt(max(float(least.min()), 0.0))), float(np.sqrt(most.max()))


def _vertices(y: Array) -> tuple[Array, Array]:
    """Least of the parabola through each sample (time, pairs) and its neighbours, and its place in steps from there."""
    low, shift = y.copy(), np.zeros_like(y)
    slope, bend = 0.5 * (y[2:] - y[:-2]), y[2:] - 2.0 * y[1:-1] + y[:-2]
    turns = (bend > 0.0) & (np.abs(slope) <= bend)
    shift[1:-1] = np.where(turns, -slope / np.where(turns, bend, 1.0), 0.0)
    low[1:-1] += 0.5 * slope * shift[1:-1]
    return low, shift


def closest(at: Moments, start_s: float, span_s: float, samples: int = SAMPLES) -> Extreme:
    """The nearest that any two of two satellites or more come in [start, start + span], to a centimetre.

    A pair that is far at both ends of a step cannot meet in it: nobody moves faster against another than twice the fastest
    against the mean. Each approach of the others is found by a parabola, the nearest by another on a finer step.
    """
    t_s, dt_s = np.linspace(start_s, start_s + span_s, samples + 1), span_s / samples
    a, b = _candidates(at(t_s, None))
    involved, index = np.unique(np.concatenate((a, b)), return_inverse=True)
    ends = index.reshape(2, -1)
    low, shift = _vertices(pair_ranges_m(at(t_s, involved), ends[0], ends[1]) ** 2)
    k, pair = np.divmod(np.argsort(low, axis=None, kind="stable")[:REFINED], low.shape[1])
    fine_s = dt_s / 30.0
    about_s = np.clip(t_s[k] + shift[k, pair] * dt_s, t_s[0] + fine_s, t_s[-1] - fine_s)
    around_s = (about_s[:, np.newaxis] + fine_s * np.array([-1.0, 0.0, 1.0])).ravel()
    r_m = at(around_s, involved).reshape(k.size, 3, 3, involved.size)
    one, other = ends[:, pair]
    row = np.arange(k.size)
    d = r_m[row, :, :, one] - r_m[row, :, :, other]  # (approach, moment, axis)
    low, shift = _vertices(np.sum(d * d, axis=2).T)
    moment, which = np.unravel_index(int(np.argmin(low)), low.shape)
    time_s = float(about_s[which] + fine_s * (int(moment) - 1 + shift[moment, which]))
    return Extreme(
        float(np.sqrt(max(low.min(), 0.0))), time_s, (int(involved[one[which]]), int(involved[other[which]]))
    )


def _candidates(r_m: Array) -> tuple[Indices, Indices]:
    """Pairs that may be the nearest of all at some moment between the samples (time, 3, n)."""
    from scipy.spatial import cKDTree

    trees = [cKDTree(np.ascontiguousarray(r.T)) for r in r_m - r_m.mean(axis=2, keepdims=True)]
    nearest_m = min(float(tree.query(tree.data, k=2)[0][:, 1].min()) for tree in trees)
    moved = np.diff(r_m - r_m.mean(axis=2, keepdims=True), axis=0)
    reach_m = 1.01 * (nearest_m + float(np.sqrt(np.max(np.sum(moved * moved, axis=1)))))
    width = np.int64(r_m.shape[2])
    near = [tree.query_pairs(reach_m, output_type="ndarray").astype(np.int64) for tree in trees]
    pairs = np.unique(np.concatenate([p[:, 0] * width + p[:, 1] for p in near]))
    a, b = np.divmod(pairs, width)
    return a, b


def farthest_m(r_m: Array) -> float:
    """The largest range [m] of any two of satellites sampled evenly over time (time, 3, n), between samples too.

    With D the range to the farthest from any satellite, both ends of the longest are no nearer to the mean than D - R,
    R the farthest from the mean: few on the rim.
    """
    off_m = r_m - r_m.mean(axis=2, keepdims=True)
    from_mean_m = np.sqrt(np.sum(off_m * off_m, axis=1))
    rim_m = float(from_mean_m.max())
    k, i = np.unravel_index(int(from_mean_m.argmax()), from_mean_m.shape)
    across_m = float(np.sqrt(np.max(np.sum((off_m[k] - off_m[k, :, i : i + 1]) ** 2, axis=0))))
    outer = np.flatnonzero(from_mean_m.max(axis=0) >= 0.999 * (across_m - rim_m))
    a, b = np.triu_indices(outer.size, 1)
    return max(swing_m(pair_ranges_m(r_m[:, :, outer], a[s], b[s]))[1] for s in _slices(a.size, r_m.shape[0]))


def _slices(pairs: int, times: int) -> list[slice]:
    """Pairs in parts of which ranges at all times fit into memory."""
    each = max(1, BLOCK_VALUES // times)
    return [slice(lo, lo + each) for lo in range(0, pairs, each)]
