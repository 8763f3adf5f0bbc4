"""Motion of satellites by SGP4 and SDP4, from mean elements: states at any times, and the propagator of runs.

Near-Earth satellites go through `orbit.kernels.sgp4`, deep-space ones (periods from 225 minutes on) through the sgp4
package, which is the reference code [vallado2006]; both use WGS 72 and give positions in TEME.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SECONDS_PER_DAY
from orbit.elements import Sgp4Elements
from orbit.kernels import sgp4 as kernels
from orbit.kernels import sgp4_constants as el
from orbit.kernels.stream import empty_lines
from orbit.timegrid import TimeGrid

Array = NDArray[np.float64]
Codes = NDArray[np.int8]

EPOCH_1950_JD = 2433281.5  # sgp4init counts days from 1949 December 31 00:00 UTC [vallado2006]
NOWHERE_M = 1e7  # coordinate that stands where there is no position: finite, so that arithmetic goes on
MEANINGS = {
    1: "mean eccentricity out of its range",
    2: "mean motion is not above zero",
    3: "perturbed eccentricity out of its range",
    4: "semi-latus rectum below zero",
    6: "decayed: below the Earth's radius",
}


def from_satrecs(records: Iterable[Any]) -> Sgp4Elements:
    """Elements of `sgp4.api.Satrec` objects, as they were given to it."""
    told = [
        (r.jdsatepoch, r.jdsatepochF, r.no_kozai, r.ecco, r.inclo, r.nodeo, r.argpo, r.mo, r.bstar) for r in records
    ]
    return Sgp4Elements(*np.ascontiguousarray(np.array(told, dtype=np.float64).reshape(-1, el.ELEMENT_ROWS).T))


def to_satrecs(elements: Sgp4Elements) -> list[Any]:
    """Elements as `sgp4.api.Satrec` objects (WGS 72)."""
    from sgp4.api import WGS72, Satrec

    made = []
    for k in range(elements.count):
        record = Satrec()
        jd, fr = float(elements.epoch_jd[k]), float(elements.epoch_fr[k])
        record.sgp4init(
            WGS72, "i", k % 100000, jd + fr - EPOCH_1950_JD, float(elements.drag_term_per_er[k]), 0.0, 0.0,
            float(elements.eccentricity[k]), float(elements.perigee_argument_rad[k]),
            float(elements.inclination_rad[k]), float(elements.mean_anomaly_rad[k]),
            float(elements.mean_motion_rad_min[k]), float(elements.node_rad[k]),
        )  # fmt: skip
        record.jdsatepoch, record.jdsatepochF = jd, fr  # one float of days resolves a microsecond only
        made.append(record)
    return made


@dataclass(frozen=True, slots=True)
class _Windows:
    """Times cut in windows for the kernels, and half the longest [min]."""

    start: NDArray[np.int64]
    middle_jd: Array
    middle_fr: Array
    half_min: float


@dataclass(frozen=True)
class _Batch:
    """Constants of all satellites, how each is computed over a span of times, and the records of those in deep space."""

    elements: Sgp4Elements

    @cached_property
    def constants(self) -> Array:
        """Shape (sgp4_constants.ROWS, satellites)."""
        told = self.elements
        packed = np.stack((
            told.epoch_jd, told.epoch_fr, told.mean_motion_rad_min, told.eccentricity, told.inclination_rad,
            told.node_rad, told.perigee_argument_rad, told.mean_anomaly_rad, told.drag_term_per_er,
        ))  # fmt: skip
        made = np.empty((el.ROWS, told.count))
        el.initialise(packed, made)
        return made

    @cached_property
    def deep(self) -> dict[int, Any]:
        """Records of the sgp4 package for those that are not near the Earth, by satellite."""
        which = np.flatnonzero(self.constants[el.KIND] == el.DEEP_SPACE)
        return dict(zip(which.tolist(), to_satrecs(self.elements.subset(which)), strict=True))

    def modes(self, jd_fr: tuple[float, float], lo_min: float, hi_min: float, half_min: float) -> NDArray[np.int64]:
        """How each satellite is computed between two times, in minutes since a date."""
        since = (
            (jd_fr[0] - self.elements.epoch_jd) + (jd_fr[1] - self.elements.epoch_fr)
        ) * kernels.MINUTES_PER_DAY  # fmt: skip
        found = np.empty(self.elements.count, dtype=np.int64)
        kernels.modes(self.constants, since + lo_min, since + hi_min, half_min, found)
        return found

    def no_orbit(self, lo: int, hi: int) -> Codes:
        """Error codes of satellites without an orbit, zero for others."""
        none = self.constants[el.KIND, lo:hi] == el.NO_ORBIT
        why = np.where(self.elements.eccentricity[lo:hi] >= 1.0, kernels.BAD_ECCENTRICITY, kernels.BAD_MEAN_MOTION)
        return np.where(none, why, 0).astype(np.int8)


def states(elements: Sgp4Elements, jd: Array, fr: Array) -> tuple[Array, Array, Codes]:
    """Positions [m] and velocities [m/s] in TEME, each (satellites, times, 3), and error codes (satellites, times).

    At UTC Julian dates jd + fr (times,), in any order. Codes are those of [vallado2006] (`MEANINGS`); where one is not
    zero the state is zero.
    """
    batch, jd, fr = _Batch(elements), np.ascontiguousarray(jd, np.float64), np.ascontiguousarray(fr, np.float64)
    r_m, v_m_s = (empty_lines(elements.count, jd.size, 3) for _ in range(2))
    codes = np.zeros((elements.count, jd.size), dtype=np.int8)
    if jd.size and elements.count:
        windows, mode = prepare(batch, jd, fr)
        kernels.rows(
            batch.constants, mode, jd, fr, windows.start, windows.middle_jd, windows.middle_fr, r_m, v_m_s, codes
        )
        codes += batch.no_orbit(0, elements.count)[:, np.newaxis]
        for i, record in batch.deep.items():
            codes[i], r_m[i], v_m_s[i] = record.sgp4_array(jd, fr)
            r_m[i] *= 1e3
            v_m_s[i] *= 1e3
        r_m[codes != 0] = v_m_s[codes != 0] = 0.0
    return r_m, v_m_s, codes


def prepare(batch: _Batch, jd: Array, fr: Array) -> tuple[_Windows, NDArray[np.int64]]:
    """Windows of times in any order, and how each satellite is computed in them."""
    start = np.append(np.arange(0, jd.size, kernels.WINDOW), jd.size)
    since_min = ((jd - jd[0]) + (fr - fr[0])) * kernels.MINUTES_PER_DAY
    parts = [since_min[a:b] for a, b in pairwise(start)]
    middle = np.array([0.5 * (part.min() + part.max()) for part in parts])
    half_min = max(0.5 * float(part.max() - part.min()) for part in parts)
    windows = _Windows(start, np.full(middle.size, jd[0]), fr[0] + middle / kernels.MINUTES_PER_DAY, half_min)
    mode = batch.modes((float(jd[0]), float(fr[0])), float(since_min.min()), float(since_min.max()), half_min)
    return windows, mode


@dataclass(frozen=True)
class Sgp4:
    """The propagator of runs: positions by SGP4 and SDP4 at the ticks of a grid.

    Windows are cut from the grid's epoch on, whatever part of the grid is asked for: the bytes stay the same.
    """

    elements: Sgp4Elements
    grid: TimeGrid

    @cached_property
    def _batch(self) -> _Batch:
        return _Batch(self.elements)

    @property
    def _window_ticks(self) -> int:
        longest_s = kernels.WINDOW * SECONDS_PER_DAY / kernels.MINUTES_PER_DAY
        return max(8, min(kernels.WINDOW, math.floor(longest_s / self.grid.step_s)))

    @cached_property
    def _mode(self) -> NDArray[np.int64]:
        grid, n = self.grid, self._window_ticks
        step_min = grid.step_s * kernels.MINUTES_PER_DAY / SECONDS_PER_DAY
        lo, hi = -n * step_min, (grid.steps // n + 1) * n * step_min  # from the window before the epoch to the last
        return self._batch.modes((grid.epoch_jd, grid.epoch_fr), lo, hi, 0.5 * n * step_min)

    @property
    def count(self) -> int:
        return self.elements.count

    def subset(self, which: NDArray[np.int64]) -> Sgp4:
        return Sgp4(self.elements.subset(which), self.grid)

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: Array) -> Codes | None:
        """Positions [m] of satellites lo to hi at consecutive ticks, out_r_m[time, 3, lane], lanes beyond hi repeated.

        Returns error codes (time, lane), or None if there are none; where there is one the position is NOWHERE_M.
        """
        ticks, real, n = out_r_m.shape[0], hi - lo, self._window_ticks
        jd, fr = self.grid.jd_fr(first_tick, ticks)
        cuts = np.arange(first_tick // n, (first_tick + ticks - 1) // n + 1) * n
        middle_jd, middle_fr = np.array([self.grid.jd_fr(int(cut) + n // 2, 1) for cut in cuts]).reshape(-1, 2).T.copy()
        start = np.append(np.maximum(cuts - first_tick, 0), ticks)
        codes = np.zeros((ticks, out_r_m.shape[2]), dtype=np.int8)
        batch = self._batch
        errors = kernels.lanes(
            np.ascontiguousarray(batch.constants[:, lo:hi]), self._mode[lo:hi], jd, fr, start, middle_jd, middle_fr,
            out_r_m, codes,
        )  # fmt: skip
        none = batch.no_orbit(lo, hi)
        codes[:, :real] += none
        errors += int(none.any()) + self._fill_deep(lo, hi, jd, fr, out_r_m, codes)
        if errors:
            np.copyto(out_r_m, NOWHERE_M, where=(codes != 0)[:, np.newaxis, :])
        out_r_m[:, :, real:] = out_r_m[:, :, real - 1 : real]
        codes[:, real:] = codes[:, real - 1 : real]
        return codes if errors else None

    def _fill_deep(self, lo: int, hi: int, jd: Array, fr: Array, out_r_m: Array, codes: Codes) -> int:
        """Deep-space satellites among lo to hi; returns how many times are in error."""
        deep = self._batch.deep
        which = [i for i in range(lo, hi) if i in deep] if deep else []
        if not which:
            return 0
        from sgp4.api import SatrecArray

        found, r_km, _ = SatrecArray([deep[i] for i in which]).sgp4(jd, fr)
        lanes = np.array(which) - lo
        out_r_m[:, :, lanes] = 1e3 * np.moveaxis(r_km, 0, 2)
        codes[:, lanes] = found.T
        return int(np.count_nonzero(found))
