"""Eclipses: passages of satellites through the Earth's shadow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.environment import sun_position_m
from orbit.kernels import eclipse as kernels
from orbit.kernels.shadow import SUN_DISC_M, lit_fraction
from orbit.propagation import Propagator
from orbit.timegrid import TimeGrid

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LONGEST_STEP_S = 300.0  # positions between ticks are then good to 1 m in low orbit
ANY_SHADE, UMBRA = 1.0, -1.0  # edges, in solar radii
LIT = 1e3  # edge where there is no position
_LANES, _TICKS = 64, 2048  # satellites and ticks at a time
_PAD = 5  # ticks beside a block that polynomials reach
_FALL_PER_S = 0.3  # solar radii a second by which the edge moves in the lowest orbit, no more


@dataclass(frozen=True, slots=True, eq=False)
class Eclipses:
    """Passages through the Earth's shadow, one row for each, sorted by satellite and time.

    A passage under way at the first or last tick is cut there.

    Attributes
    ----------
    satellite : ndarray of int, shape (rows,)
    penumbra_start_s, penumbra_end_s : ndarray, shape (rows,)
        First and last contact [s since the epoch].
    umbra_start_s, umbra_end_s : ndarray, shape (rows,)
        Beginning and end of full shadow [s since the epoch]; NaN where the passage is partial.
    least_lit : ndarray, shape (rows,)
        Smallest visible fraction of the Sun's disc during the passage, 0 to 1.
    """

    satellite: Ints
    penumbra_start_s: Array
    umbra_start_s: Array
    umbra_end_s: Array
    penumbra_end_s: Array
    least_lit: Array

    @property
    def count(self) -> int:
        """Number of passages."""
        return int(self.satellite.size)


class _Marks(NamedTuple):
    """Moments of satellites: number, time [ticks] and a value, the edge or whether it rises."""

    satellite: Ints
    tick: Array
    value: Array


@dataclass(frozen=True, slots=True)
class _Block:
    """Ticks first to last (excluded) of satellites from lo on; arrays hold _PAD ticks more at either end."""

    lo: int
    first: int
    last: int
    r_m: Array
    sun_m: Array
    edge: Array
    valid: Bools

    def nodes(self, k: Ints, lane: Ints) -> Array:
        """Positions and Sun at the ticks round rows k, shape (marks, 8, 6)."""
        rows = k[:, np.newaxis] + np.arange(kernels.FIRST_NODE, kernels.FIRST_NODE + kernels.NODES)
        return np.concatenate([self.r_m[rows, :, lane[:, np.newaxis]], self.sun_m[rows]], axis=2)

    def whole(self, k: Ints, lane: Ints) -> Bools:
        """Whether there is a position at all those ticks."""
        rows = k[:, np.newaxis] + np.arange(kernels.FIRST_NODE, kernels.FIRST_NODE + kernels.NODES)
        return np.asarray(self.valid[rows, lane[:, np.newaxis]].all(axis=1))

    def marks(self, k: Ints, lane: Ints, u: Array, value: Array) -> _Marks:
        return _Marks(self.lo + lane, self.first - _PAD + k + u, value)


def eclipses(propagator: Propagator, grid: TimeGrid) -> Eclipses:
    """Find all passages of satellites through the conical shadow of the Earth.

    Positions at ticks are interpolated by polynomials through eight ticks; times are within 1 ms of those of the
    propagator. A satellite without a position counts as sunlit.

    Parameters
    ----------
    propagator : Propagator
        Satellites.
    grid : TimeGrid
        The grid of the propagator; passages are found from tick 0 to grid.steps. Steps of at most 300 s.

    Returns
    -------
    Eclipses

    Raises
    ------
    ValueError
        The steps are longer than 300 s.

    Examples
    --------
    On an equatorial orbit at an equinox the Sun is in the orbit plane: the satellite is in shadow for arcsin(R / a) /
    pi of its period, to half a minute of penumbra and of the Sun's disc.

    >>> import math
    >>> from orbit.elements import period_s
    >>> from orbit.propagation import CircularJ2
    >>> from orbit.shells import walker
    >>> grid = TimeGrid(2461119.5, 0.5, step_s=60.0, steps=200)  # 2026-03-20
    >>> found = eclipses(CircularJ2(walker(550e3, 0.0, 1, 1, 0.0), grid), grid)
    >>> found.count
    2
    >>> shadow_s = math.asin(6378137.0 / 6928137.0) / math.pi * period_s(6928137.0)
    >>> bool(abs(found.penumbra_end_s[0] - found.penumbra_start_s[0] - shadow_s) < 30.0)
    True
    """
    if grid.step_s > LONGEST_STEP_S:
        raise ValueError(f"steps of {grid.step_s:g} s leave eclipses out; take {LONGEST_STEP_S:g} s or less")
    shade: list[_Marks] = []
    umbra: list[_Marks] = []
    lowest: list[_Marks] = []
    for lo in range(0, propagator.count, _LANES):
        block: _Block | None = None
        for first in range(-1, grid.steps + 2, _TICKS):
            block = _block(propagator, grid, lo, first, block)
            valleys, grazing = _valleys(block, grid)
            lowest += valleys
            shade += _crossings(block, grid, ANY_SHADE, grazing)
            umbra += _crossings(block, grid, UMBRA, grazing)
    return _table(_passages(shade, grid), _passages(umbra, grid), _joined(lowest), grid)


def _block(propagator: Propagator, grid: TimeGrid, lo: int, first: int, before: _Block | None) -> _Block:
    """The block after `before`; ticks in both are copied: a propagator that steps in time would start again for them."""
    hi, last = min(lo + _LANES, propagator.count), min(first + _TICKS, grid.steps + 2)
    ticks, known = last - first + 2 * _PAD, 0 if before is None else 2 * _PAD
    r_m, edge = np.empty((ticks, 3, hi - lo)), np.empty((ticks, hi - lo))
    valid = np.ones(edge.shape, dtype=bool)
    if before is not None:
        r_m[:known], valid[:known] = before.r_m[-known:], before.valid[-known:]
    codes = propagator.fill(lo, hi, first - _PAD + known, r_m[known:])
    if codes is not None:
        valid[known:] = codes == 0
    sun_m = np.ascontiguousarray(sun_position_m(*grid.jd_fr(first - _PAD, ticks)))
    kernels.shadow_edges(r_m, sun_m, SUN_DISC_M, edge)
    edge[~valid] = LIT
    return _Block(lo=lo, first=first, last=last, r_m=r_m, sun_m=sun_m, edge=edge, valid=valid)


def _valleys(block: _Block, grid: TimeGrid) -> tuple[list[_Marks], tuple[Ints, Ints, Array, Array]]:
    """Lowest points of the edge within the run, and those between ticks: row, lane, where [ticks] and how low."""
    e = block.edge
    inner = slice(_PAD, e.shape[0] - _PAD)
    before, here, after = e[_PAD - 1 : -_PAD - 1], e[inner], e[_PAD + 1 : e.shape[0] - _PAD + 1]
    low = (here <= before) & (here < after) & (here < ANY_SHADE + _FALL_PER_S * grid.step_s)
    k, lane = np.nonzero(low)
    k = k + _PAD
    keep = block.whole(k, lane)
    k, lane = k[keep], lane[keep]
    u, edge = np.empty(k.size), np.empty(k.size)
    kernels.refine_lowest(block.nodes(k, lane), SUN_DISC_M, u, edge)
    lowest = block.marks(k, lane, u, edge)
    inside = (lowest.tick >= 0.0) & (lowest.tick <= grid.steps)
    marks = [_Marks(lowest.satellite[inside], lowest.tick[inside], edge[inside])]
    for tick in (0, grid.steps):  # where a passage is cut, the lowest point may be the cut
        if block.first <= tick < block.last:
            row, lanes = tick - block.first + _PAD, np.arange(e.shape[1])
            marks.append(block.marks(np.full(lanes.size, row), lanes, np.zeros(lanes.size), e[row]))
    return marks, (k, lane, u, edge)


def _crossings(block: _Block, grid: TimeGrid, level: float, valleys: tuple[Ints, Ints, Array, Array]) -> list[_Marks]:
    """Moments at which the edge falls below a level (value 0) or rises above it (1); at the ends, where it is below."""
    e = block.edge
    below = e < level
    k, lane = np.nonzero(below[_PAD:-_PAD] != below[_PAD + 1 : e.shape[0] - _PAD + 1])
    k = k + _PAD
    marks = [_refined(block, k, lane, np.zeros(k.size), np.ones(k.size), level, below[k, lane])]
    row, column, u, deepest = valleys
    between = (deepest < level) & ~below[row, column] & ~below[row - 1, column] & ~below[row + 1, column]
    row, column, u = row[between], column[between], u[between]
    one = np.ones(row.size)
    marks.append(_refined(block, row, column, -one, u, level, np.zeros(row.size, dtype=bool)))
    marks.append(_refined(block, row, column, u, one, level, np.ones(row.size, dtype=bool)))
    for tick, rises in ((-1, 0.0), (grid.steps + 2, 1.0)):
        if tick in (block.first, block.last):
            at = tick - block.first + _PAD
            lanes = np.flatnonzero(below[at])
            marks.append(block.marks(np.full(lanes.size, at), lanes, np.zeros(lanes.size), np.full(lanes.size, rises)))
    return marks


def _refined(block: _Block, k: Ints, lane: Ints, low: Array, high: Array, level: float, rises: Bools) -> _Marks:
    u = np.empty(k.size)
    kernels.refine_crossings(block.nodes(k, lane), low, high, np.full(k.size, level), SUN_DISC_M, u)
    broken = ~block.whole(k, lane)  # beside ticks without a position: a straight line between two ticks
    here, after = block.edge[k, lane], block.edge[k + 1, lane]
    straight = np.clip((level - here) / np.where(here == after, 1.0, after - here), 0.0, 1.0)
    return block.marks(k, lane, np.where(broken, straight, u), rises.astype(np.float64))


def _joined(marks: list[_Marks]) -> _Marks:
    satellite, tick, value = (np.concatenate(column) for column in zip(*marks, strict=True))
    order = np.lexsort((tick, satellite))
    return _Marks(satellite[order], tick[order], value[order])


def _passages(marks: list[_Marks], grid: TimeGrid) -> tuple[Ints, Array, Array]:
    """Satellite, start and end [ticks] of every stretch below a level, cut to the run."""
    joined = _joined(marks)
    falls, rises = joined.value == 0.0, joined.value == 1.0
    start, end = np.clip(joined.tick[falls], 0.0, grid.steps), np.clip(joined.tick[rises], 0.0, grid.steps)
    some = end > start
    return joined.satellite[falls][some], start[some], end[some]


def _table(
    shade: tuple[Ints, Array, Array], umbra: tuple[Ints, Array, Array], lowest: _Marks, grid: TimeGrid
) -> Eclipses:
    satellite, start, end = shade
    umbra_start, umbra_end = np.full(start.size, np.inf), np.full(start.size, -np.inf)
    least = np.full(start.size, ANY_SHADE)
    span = grid.steps + 1.0

    def inside(numbers: Ints, ticks: Array) -> tuple[Ints, Bools]:
        """Passage to which moments belong, and whether they belong to one."""
        row = np.searchsorted(satellite * span + start, numbers * span + ticks, side="right") - 1
        at = np.maximum(row, 0)
        return at, (row >= 0) & (satellite[at] == numbers) & (ticks <= end[at]) if start.size else np.zeros(0, bool)

    if start.size:
        row, within = inside(umbra[0], umbra[1])
        np.minimum.at(umbra_start, row[within], umbra[1][within])
        np.maximum.at(umbra_end, row[within], umbra[2][within])
        row, within = inside(lowest.satellite, lowest.tick)
        np.minimum.at(least, row[within], lowest.value[within])
    none = umbra_end < umbra_start
    return Eclipses(
        satellite=satellite, penumbra_start_s=start * grid.step_s,
        umbra_start_s=np.where(none, np.nan, umbra_start) * grid.step_s,
        umbra_end_s=np.where(none, np.nan, umbra_end) * grid.step_s, penumbra_end_s=end * grid.step_s,
        least_lit=np.array([lit_fraction(float(edge)) for edge in least]),
    )
