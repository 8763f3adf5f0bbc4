"""Access windows: when satellites are visible from ground stations, to a few milliseconds."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from orbit.ground import Station, horizon, in_teme, masks, position_m, zenith
from orbit.kernels import access as kernels
from orbit.kernels import mask_windows, window_refinement
from orbit.propagation import Propagator
from orbit.timegrid import TimeGrid

Array = NDArray[np.float64]
TILE = 64  # satellites at a time
FILL = 240  # ticks asked of a propagator at a time: they stay in the second-level cache
CUT_S = 1.0  # spacing at which a horizon mask is tested
REACH_S = 10.0  # the same where there is only a largest range, which varies as slowly as the orbit
FAR_M = 1e15  # means no largest range in kernels, which have no infinity
ROOM = 1 << 14  # windows that a thread collects before it copies them


@dataclass(frozen=True, slots=True)
class Windows:
    """Access windows, one array for each column, sorted by satellite, station and time.

    Attributes
    ----------
    station, satellite : ndarray of int32, shape (windows,)
        Numbers in the order in which stations and satellites were given.
    rise_s, set_s : ndarray, shape (windows,)
        Acquisition and loss of signal (AOS, LOS) [s since the epoch of the grid].
    culmination_s : ndarray, shape (windows,)
        Time of the largest elevation within the window (TCA) [s].
    max_elevation_rad : ndarray, shape (windows,)
        Largest elevation [rad].
    cut_begin : ndarray of bool, shape (windows,)
        The satellite is visible already when the time span begins; rise_s is the beginning of the span.
    cut_end : ndarray of bool, shape (windows,)
        The satellite is still visible at the end of the span, or at the last tick at which it has a position.
    """

    station: NDArray[np.int32]
    satellite: NDArray[np.int32]
    rise_s: Array
    set_s: Array
    culmination_s: Array
    max_elevation_rad: Array
    cut_begin: NDArray[np.bool_]
    cut_end: NDArray[np.bool_]

    def __len__(self) -> int:
        return int(self.station.size)

    def __getitem__(self, which: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Windows:
        return Windows(*(getattr(self, f.name)[which] for f in fields(self)))


def windows(
    propagators: Sequence[Propagator], stations: Sequence[Station], grid: TimeGrid, *, tile: int = TILE,
    block: int = window_refinement.LONGEST_BLOCK, threads: int | None = None, progress: Callable[[int, int], None] | None = None,
) -> Windows:  # fmt: skip
    """Find all access windows of satellites over ground stations.

    Parameters
    ----------
    propagators : sequence of Propagator
        Satellites are numbered through all of them, in order.
    stations : sequence of Station
        Ground stations with their minimum elevation, horizon mask and largest range.
    grid : TimeGrid
        The grid of the propagators; windows are found from tick 0 to grid.steps.
    tile, block : int
        Number of satellites and ticks handled at a time; they change the speed only.
    threads : int, optional
        Number of threads; all processors without.
    progress : callable, optional
        Called with the number of tiles that are done, and of all.

    Returns
    -------
    Windows

    Examples
    --------
    A satellite over the equator passes a station on the equator. While it is above 10 deg it moves through twice the
    angle arccos(R cos(el) / a) - el, at its own rate less that of the Earth.

    >>> import math
    >>> from orbit.elements import nodal_period_s
    >>> from orbit.propagation import CircularJ2
    >>> from orbit.shells import walker
    >>> grid = TimeGrid(2461395.5, 0.25, step_s=60.0, steps=300)
    >>> station = Station("equator", 0.0, 0.0, 0.0, math.radians(10.0))
    >>> found = windows([CircularJ2(walker(550e3, 0.0, 1, 1, 0.0), grid)], [station], grid)
    >>> whole = found[~(found.cut_begin | found.cut_end)]
    >>> a, el = 6928137.0, math.radians(10.0)
    >>> half_rad = math.acos(6378137.0 * math.cos(el) / a) - el
    >>> from orbit.constants import EARTH_ROTATION_RAD_S
    >>> from orbit.kernels.j2 import latitude_argument_rate_rad_s, node_rate_rad_s
    >>> rate = latitude_argument_rate_rad_s(a, 0.0) + node_rate_rad_s(a, 0.0) - EARTH_ROTATION_RAD_S
    >>> bool(abs(whole.set_s[0] - whole.rise_s[0] - 2.0 * half_rad / rate) < 0.1)
    True
    """
    job = _Job(stations, grid, block)
    tiles, base = [], 0
    for propagator in propagators:
        edges = [*range(0, propagator.count, tile), propagator.count]
        tiles += [(propagator, lo, hi, base + lo) for lo, hi in pairwise(edges)]
        base += propagator.count
    parts: list[Windows] = []
    if not stations:
        return _joined(parts)
    with ThreadPoolExecutor(max_workers=threads or os.cpu_count() or 1) as pool:
        waiting = [pool.submit(job.tile, *one) for one in tiles]
        try:
            for future in waiting:
                parts.append(future.result())
                if progress is not None:
                    progress(len(parts), len(tiles))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return _joined(parts)


def _joined(parts: Sequence[Windows]) -> Windows:
    if not parts:
        none = np.zeros((window_refinement.WINDOW_ROWS, 0))
        return _windows_of(none, 0)
    return Windows(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Windows)))


def _windows_of(rows: Array, first: int) -> Windows:
    """Windows from the rows that a kernel writes, of satellites numbered from `first`."""
    flags = rows[window_refinement.W_FLAGS].astype(np.int8)
    elevation = np.empty(rows.shape[1])
    window_refinement.elevations(rows[window_refinement.W_SINE], elevation)
    return Windows(
        station=rows[window_refinement.W_STATION].astype(np.int32),
        satellite=(rows[window_refinement.W_SATELLITE] + first).astype(np.int32),
        rise_s=rows[window_refinement.W_RISE].copy(), set_s=rows[window_refinement.W_SET].copy(),
        culmination_s=rows[window_refinement.W_TOP].copy(), max_elevation_rad=elevation,
        cut_begin=(flags & window_refinement.CUT_BEGIN) > 0, cut_end=(flags & window_refinement.CUT_END) > 0,
    )  # fmt: skip


def station_rows(stations: Sequence[Station]) -> Array:
    """Stations as the kernels read them.

    Parameters
    ----------
    stations : sequence of Station

    Returns
    -------
    ndarray, shape (stations, STATION_ROWS)
        Rows of `orbit.kernels.access`.
    """
    rows = np.zeros((len(stations), kernels.STATION_ROWS))
    for row, station in zip(rows, stations, strict=True):
        up, at = zenith(station), position_m(station)
        height = float(at @ up)
        row[kernels.S_UP : kernels.S_UP + 3], row[kernels.S_AT : kernels.S_AT + 3] = up, at
        row[kernels.S_HEIGHT] = height
        row[kernels.S_OFF] = np.linalg.norm(at - height * up)
        row[kernels.S_SINE] = math.sin(station.lowest_elevation_rad)
        row[kernels.S_COSINE] = math.cos(station.lowest_elevation_rad)
        row[kernels.S_NORTH : kernels.S_NORTH + 3], row[kernels.S_EAST : kernels.S_EAST + 3] = horizon(station)
    return rows


class _Job:
    """What all tiles share."""

    def __init__(self, stations: Sequence[Station], grid: TimeGrid, block: int) -> None:
        self.grid, self.block = grid, min(max(block, 1), window_refinement.LONGEST_BLOCK)
        self.stations = station_rows(stations)
        self.masks = masks(stations)
        self.reach_m = np.minimum([s.max_range_m for s in stations], FAR_M)
        apart_s = [CUT_S if s.mask_rad else REACH_S if s.max_range_m < FAR_M else math.inf for s in stations]
        self.per_tick = np.ceil(grid.step_s / np.array(apart_s)).astype(np.int64)
        # a quintic needs six ticks, also where the span has fewer
        self.last = max(grid.steps, window_refinement.STENCIL - 1)
        # what turns TEME to Earth-fixed has the Earth's axes in TEME as its rows
        self.turn = np.ascontiguousarray(in_teme(np.eye(3), *grid.jd_fr(0, self.last + 1)))

    def tile(self, propagator: Propagator, lo: int, hi: int, number: int) -> Windows:
        """Windows of satellites lo to hi of a propagator, the first of which is `number` in the fleet."""
        lost = np.full(hi - lo, self.last + 1, dtype=np.int64)  # first tick without a position
        parts: list[Array] = []
        rows, asked = np.empty((hi - lo, 3, 0)), 0  # propagators that step through time never go back
        for k0 in range(0, max(self.grid.steps, 1), self.block):
            k1 = min(k0 + self.block, self.grid.steps)
            first, last = max(0, k0 - kernels.HALO), min(k1 + kernels.HALO, self.last)
            known = rows[:, :, rows.shape[2] - (asked - first) :]
            rows = np.empty((hi - lo, 3, last + 1 - first))
            rows[:, :, : asked - first] = known
            for k in range(asked, last + 1, FILL):
                r_m = np.empty((min(FILL, last + 1 - k), 3, hi - lo))
                codes = propagator.fill(lo, hi, k, r_m)
                if codes is not None:
                    bad = codes != 0
                    gone = np.where(bad.any(axis=0), k + bad.argmax(axis=0), self.last + 1)
                    lost = np.minimum(lost, gone)
                kernels.lay_rows(r_m, self.turn[k : k + len(r_m)], k - first, rows)
            asked = last + 1
            valid = np.minimum(lost, last + 1) - 1 - first
            for part in self._search(rows, valid, np.array([k0 - first, k1 - first]), first):
                parts.append(self._cut(rows, valid, first, part) if self.per_tick.any() else part)
        whole = np.concatenate(parts, axis=1)
        return _windows_of(whole if self.block >= self.grid.steps else _merged(whole), number)

    def _cut(self, rows: Array, valid: NDArray[np.int64], first: int, windows: Array) -> Array:
        out = np.empty((window_refinement.WINDOW_ROWS, 2 * windows.shape[1] + 16))
        while True:
            count = mask_windows.cut_windows(
                rows, valid, first, self.grid.step_s, self.stations, self.masks.first, self.masks.table, self.reach_m, self.per_tick,
                windows, out,
            )  # fmt: skip
            if count >= 0:
                return out[:, :count].copy()
            out = np.empty((window_refinement.WINDOW_ROWS, 2 * out.shape[1]))

    def _search(self, rows: Array, valid: NDArray[np.int64], span: NDArray[np.int64], first: int) -> list[Array]:
        room = max(ROOM, 2 * (int(span[1] - span[0]) + 4))
        out, lane, blocks = (
            np.empty((window_refinement.WINDOW_ROWS, room)),
            0,
            [np.empty((window_refinement.WINDOW_ROWS, 0))],
        )
        while lane < rows.shape[0]:
            begun = lane
            lane, count = kernels.find_windows(
                rows, valid, span, float(first), self.grid.step_s, self.stations, lane, out
            )
            blocks.append(out[:, :count].copy())
            if lane == begun:  # one satellite alone fills it
                out = np.empty((window_refinement.WINDOW_ROWS, 2 * out.shape[1]))
        return blocks


def _merged(rows: Array) -> Array:
    """Windows that blocks of time have cut in two put together, sorted."""
    rows = rows[
        :,
        np.lexsort(
            (rows[window_refinement.W_RISE], rows[window_refinement.W_STATION], rows[window_refinement.W_SATELLITE])
        ),
    ]
    if rows.shape[1] == 0:
        return rows
    flags = rows[window_refinement.W_FLAGS].astype(np.int64)
    same = np.all(
        rows[: window_refinement.W_SATELLITE + 1, 1:] == rows[: window_refinement.W_SATELLITE + 1, :-1], axis=0
    )
    same &= rows[window_refinement.W_SET, :-1] == rows[window_refinement.W_RISE, 1:]
    same &= ((flags[:-1] & window_refinement.CUT_END) > 0) & ((flags[1:] & window_refinement.CUT_BEGIN) > 0)
    start = np.flatnonzero(np.concatenate(([True], ~same)))
    stop = np.append(start[1:], rows.shape[1]) - 1
    made = rows[:, start]
    made[window_refinement.W_SET] = rows[window_refinement.W_SET, stop]
    made[window_refinement.W_FLAGS] = (flags[start] & window_refinement.CUT_BEGIN) | (
        flags[stop] & window_refinement.CUT_END
    )
    made[window_refinement.W_SINE] = np.maximum.reduceat(rows[window_refinement.W_SINE], start)
    # of equal heights the first
    highest = rows[window_refinement.W_SINE] == np.repeat(made[window_refinement.W_SINE], stop - start + 1)
    at = np.minimum.reduceat(np.where(highest, rows[window_refinement.W_TOP], np.inf), start)
    made[window_refinement.W_TOP] = at
    return made
