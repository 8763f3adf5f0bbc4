"""Propagator of orbits in segments: they decay, and burns change them. Positions are continuous where segments meet.

Satellites that share semi-major axis, inclination, drag and burns share a track; each begins at its own node and argument of latitude.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.kernels import segments as kernel
from orbit.status import DECAYED, NOWHERE_M
from orbit.timegrid import TimeGrid

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Thrust(NamedTuple):
    """Time in which satellites first to last have their thrusters on."""

    first: int
    last: int
    start_s: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class Tracks:
    """Segments of all tracks, one after the other.

    Attributes
    ----------
    rows : ndarray, shape (ROWS, segments)
        As `orbit.kernels.segments` reads them; node and argument of latitude relative to those of a satellite at the epoch.
    first : ndarray of int, shape (tracks + 1,)
        First segment of each track, and the number of segments.
    lost_s : ndarray, shape (tracks,)
        Time from which on there is no orbit [s]; infinite where there is one.
    """

    rows: Array
    first: Ints
    lost_s: Array


@dataclass(frozen=True)
class Segmented:
    """Propagator of near-circular orbits in segments, mean elements under secular J2. [vallado2013:eqs. 9-37, 9-39, 9-41]

    Attributes
    ----------
    tracks : Tracks
    track : ndarray of int, shape (satellites,)
        Track of each satellite.
    node_rad, latitude_rad : ndarray, shape (satellites,)
        Right ascension of the ascending node and mean argument of latitude at the epoch [rad].
    epoch_period_s : ndarray, shape (satellites,)
        Time from one ascending node to the next at the epoch [s].
    grid : TimeGrid
    thrusts : tuple of Thrust
        Times with thrusters on; those of all satellites, also in a subset.
    """

    tracks: Tracks
    track: Ints
    node_rad: Array
    latitude_rad: Array
    epoch_period_s: Array
    grid: TimeGrid
    thrusts: tuple[Thrust, ...] = ()

    @property
    def may_lose(self) -> bool:
        """Whether a satellite comes down within the grid."""
        return bool(np.any(self.tracks.lost_s[self.track] <= self.grid.duration_s))

    @property
    def count(self) -> int:
        """Number of satellites."""
        return int(self.track.size)

    @property
    def period_s(self) -> Array:
        """Time from one ascending node to the next at the epoch [s], (satellites,)."""
        return self.epoch_period_s

    def on_grid(self, grid: TimeGrid) -> Segmented:
        """The same orbits at the ticks of another grid.

        Parameters
        ----------
        grid : TimeGrid
            A grid with the same epoch.

        Returns
        -------
        Segmented
        """
        return replace(self, grid=grid)

    def subset(self, which: Ints) -> Segmented:
        """The same propagator for some of the satellites.

        Parameters
        ----------
        which : ndarray of int
            Indices of satellites.

        Returns
        -------
        Segmented
        """
        return replace(
            self, track=self.track[which], node_rad=self.node_rad[which], latitude_rad=self.latitude_rad[which],
            epoch_period_s=self.epoch_period_s[which],
        )  # fmt: skip

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: Array) -> NDArray[np.int8] | None:
        """Write positions of some satellites at consecutive ticks; see `Propagator.fill`.

        Parameters
        ----------
        lo, hi : int
            Satellites lo to hi - 1.
        first_tick : int
            First tick of the grid; may be negative.
        out_r_m : ndarray, shape (ticks, 3, lanes)
            Receives positions in TEME [m]; NOWHERE_M where there is none.

        Returns
        -------
        ndarray of int8, shape (ticks, lanes), or None
            DECAYED from the moment on at which a satellite has come down; None if all have positions.
        """
        lanes = np.minimum(np.arange(lo, lo + out_r_m.shape[2]), hi - 1)
        t_s = self.grid.seconds(first_tick, out_r_m.shape[0])
        self.positions_m(lanes, t_s, out_r_m)
        down = t_s[:, None] >= self.tracks.lost_s[self.track[lanes]]
        if not down.any():
            return None
        np.copyto(out_r_m, NOWHERE_M, where=down[:, None, :])
        return np.where(down, np.int8(DECAYED), np.int8(0))

    def positions_m(self, which: Ints, t_s: Array, out_r_m: Array) -> None:
        """Positions at rising times, whether or not the satellites have come down.

        Parameters
        ----------
        which : ndarray of int, shape (lanes,)
            Satellites.
        t_s : ndarray, shape (times,)
            Time since the epoch [s], rising.
        out_r_m : ndarray, shape (times, 3, lanes)
            Receives positions in TEME [m].
        """
        for at in range(0, which.size, kernel.WIDTH):
            some = which[at : at + kernel.WIDTH]
            part = out_r_m if some.size == which.size else np.empty((t_s.size, 3, some.size))
            self._write(some, t_s, part)
            if part is not out_r_m:
                out_r_m[:, :, at : at + some.size] = part

    def _write(self, which: Ints, t_s: Array, out_r_m: Array) -> None:
        tracks, starts_s = self.track[which], self.tracks.rows[kernel.ROW_START]
        last = self.tracks.first[tracks + 1] - 1
        segment, k = np.empty(which.size, dtype=np.int64), 0
        rows = np.zeros((kernel.ROWS, kernel.WIDTH))
        while k < t_s.size:
            kernel.locate(self.tracks.first, starts_s, tracks, float(t_s[k]), segment)
            # until the first lane enters its next segment
            coming_s = float(np.min(np.where(segment < last, starts_s[np.minimum(segment + 1, last)], np.inf)))
            end = max(k + 1, int(np.searchsorted(t_s, coming_s)))
            rows[:, : which.size] = self.tracks.rows[:, segment]
            rows[kernel.ROW_NODE, : which.size] += self.node_rad[which]
            rows[kernel.ROW_LATITUDE, : which.size] += self.latitude_rad[which]
            kernel.circles(rows.reshape(-1), t_s[k:end], out_r_m[k:end])
            # by each lane itself, so that its bytes do not depend on its neighbours
            eccentric = np.flatnonzero((rows[kernel.ROW_EX, : which.size] != 0.0) | (rows[kernel.ROW_EY, : which.size] != 0.0))
            if eccentric.size:
                rows[:, : eccentric.size] = rows[:, eccentric]
                part = np.empty((end - k, 3, eccentric.size))
                kernel.positions(rows.reshape(-1), t_s[k:end], part)
                out_r_m[k:end, :, eccentric] = part
            k = end
