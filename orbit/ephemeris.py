"""Propagator of satellites with a published ephemeris: interpolation between its states. [ccsds502:5]"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from orbit.catalog import Segment, Track
from orbit.constants import MU_EARTH_M3_S2, SECONDS_PER_DAY
from orbit.elements import two_body_period_s
from orbit.frames import states_to_teme
from orbit.moments import tai_minus_utc_s
from orbit.status import NOWHERE_M, OUTSIDE
from orbit.timegrid import TimeGrid
from orbit.timescales import tai_minus_utc_s as leaps
from orbit.timescales import tai_to_utc

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
_EDGE_S = 1e-6  # rounding of epochs in text
_BACK_S = 10.0  # longest step back to the tick before the epoch: 0.1 mm in a minute at 500 km


def weights(times_s: Array, nodes_s: Array, with_rates: bool) -> tuple[Array, Array]:
    """Interpolation weights of positions and velocities. [stoer2002:2.1]

    Parameters
    ----------
    times_s : ndarray, shape (times,)
        Times to interpolate at [s].
    nodes_s : ndarray, shape (times, nodes)
        Times of the states [s]; they may differ from row to row, and are distinct within a row.
    with_rates : bool
        Hermite interpolation of degree 2 nodes - 1, else Lagrange of degree nodes - 1.

    Returns
    -------
    of_r : ndarray, shape (times, nodes)
        Weights of positions; dimensionless.
    of_v : ndarray, shape (times, nodes)
        Weights of velocities [s]; zero without rates.

    Examples
    --------
    >>> import numpy as np
    >>> of_r, of_v = weights(np.array([0.5]), np.array([[0.0, 1.0]]), with_rates=True)
    >>> of_r.tolist(), of_v.tolist()
    ([[0.5, 0.5]], [[0.125, -0.125]])
    """
    n = nodes_s.shape[1]
    share = np.ones_like(nodes_s)
    slope = np.zeros_like(nodes_s)
    for j in range(n):
        for k in range(n):
            if k != j:
                apart = 1.0 / (nodes_s[:, j] - nodes_s[:, k])
                share[:, j] *= (times_s - nodes_s[:, k]) * apart
                slope[:, j] += apart
    if not with_rates:
        return share, np.zeros_like(share)
    since = times_s[:, np.newaxis] - nodes_s
    square = share * share
    return (1.0 - 2.0 * since * slope) * square, since * square


@dataclass(frozen=True)
class _Bundle:
    """Segments of several satellites with the same times: weights are found once for all of them."""

    segment: Segment
    lanes: Indices
    times_s: Array  # (states,)
    r_m: Array  # (states, 3, satellites)
    v_m_s: Array

    def fill(self, t_s: Array, code: NDArray[np.int8], out_r_m: Array, here: Indices, take: slice) -> None:
        """Write lanes `here` of the output from satellites `take` of the bundle, at the times that the segment covers."""
        s = self.segment
        inside = np.flatnonzero(self.covers(t_s))
        if not inside.size:
            return
        t = t_s[inside]
        first = np.clip(np.searchsorted(self.times_s, t, side="right") - s.nodes // 2, 0, self.times_s.size - s.nodes)
        at = first[:, np.newaxis] + np.arange(s.nodes)
        of_r, of_v = weights(t, self.times_s[at], s.with_rates)
        r_m, v_m_s = self.r_m[:, :, take], self.v_m_s[:, :, take]  # views: a tile copies its own satellites only
        interpolated = np.zeros((t.size, 3, here.size))
        for j in range(s.nodes):
            interpolated += of_r[:, j, np.newaxis, np.newaxis] * r_m[at[:, j]]
            if s.with_rates:
                interpolated += of_v[:, j, np.newaxis, np.newaxis] * v_m_s[at[:, j]]
        out_r_m[np.ix_(inside, np.arange(3), here)] = interpolated
        code[np.ix_(inside, here)] = 0

    def covers(self, t_s: Array) -> NDArray[np.bool_]:
        return np.asarray((t_s >= self.segment.first_s - _EDGE_S) & (t_s <= self.segment.last_s + _EDGE_S))

    def before(self, t_s: float, take: slice) -> Array:
        """Positions (3, satellites) at a time before the first state, from there on a two-body orbit."""
        state = np.stack((self.r_m[0][:, take], self.v_m_s[0][:, take]))
        apart_s = t_s - float(self.times_s[0])
        many = max(1, math.ceil(abs(apart_s) / _BACK_S))
        h = apart_s / many
        for _ in range(many):  # Runge and Kutta
            k1 = _two_body(state)
            k2 = _two_body(state + 0.5 * h * k1)
            k3 = _two_body(state + 0.5 * h * k2)
            k4 = _two_body(state + h * k3)
            state = state + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        return np.asarray(state[0])


def _two_body(state: Array) -> Array:
    """Rates of a state (2, 3, satellites)."""
    x, y, z = state[0]
    far = np.sqrt(x * x + y * y + z * z)
    return np.stack((state[1], -MU_EARTH_M3_S2 * state[0] / (far * far * far)))


@dataclass(frozen=True)
class Ephemeris:
    """Propagator of objects of an ephemeris. Outside its segments there is no position, status code OUTSIDE.

    The tick before the epoch, which runs ask for to have velocities, is continued on a two-body orbit from the first
    state where the ephemeris begins after it.

    Attributes
    ----------
    tracks : sequence of Track
        Objects, as `orbit.catalog.read_oem` gives them.
    grid : TimeGrid
        Its ticks are moments of UTC. Between states the elapsed time counts, leap seconds included.
    """

    tracks: Sequence[Track]
    grid: TimeGrid
    may_lose: ClassVar[bool] = True

    def __post_init__(self) -> None:
        groups: dict[tuple[object, ...], list[tuple[int, Segment]]] = {}
        for lane, track in enumerate(self.tracks):
            for s in track.segments:
                alike = (s.frame, s.epoch_jd, s.epoch_fr, s.first_s, s.last_s, s.nodes, s.with_rates, s.times_s.tobytes())
                groups.setdefault(alike, []).append((lane, s))
        bundles = [self._bundle(members) for members in groups.values()]
        of_lane: list[list[int]] = [[] for _ in self.tracks]
        for number, bundle in enumerate(bundles):
            for lane in bundle.lanes:
                of_lane[lane].append(number)
        object.__setattr__(self, "_bundles", bundles)
        object.__setattr__(self, "_of_lane", of_lane)

    def _bundle(self, members: list[tuple[int, Segment]]) -> _Bundle:
        one = members[0][1]
        times_s = np.array(one.times_s)
        states = np.stack([np.array(s.states).reshape(-1, 6) for _, s in members])
        r_m, v_m_s = states[..., :3], states[..., 3:]
        if one.frame != "TEME":
            epoch_tai_fr = one.epoch_fr + tai_minus_utc_s(one.epoch_jd) / SECONDS_PER_DAY
            days = np.floor(times_s / SECONDS_PER_DAY)
            fr = epoch_tai_fr + (times_s - days * SECONDS_PER_DAY) / SECONDS_PER_DAY
            r_m, v_m_s = states_to_teme(one.frame, r_m, v_m_s, *tai_to_utc(one.epoch_jd + days, fr))
        lanes = np.array([lane for lane, _ in members], dtype=np.int64)
        moved = (np.ascontiguousarray(np.moveaxis(x, 0, 2)) for x in (r_m, v_m_s))
        return _Bundle(one, lanes, times_s, *moved)

    @property
    def count(self) -> int:
        """Number of satellites."""
        return len(self.tracks)

    @property
    def period_s(self) -> Array:
        """Time of a revolution of the two-body orbit at the epoch [s], (satellites,); 0 where there is none."""
        second = TimeGrid(self.grid.epoch_jd, self.grid.epoch_fr, 1.0, 1)
        r_m = np.empty((2, 3, self.count))
        codes = self.on_grid(second).fill(0, self.count, 0, r_m)
        # over a second the chord differs from the arc by 1e-7
        period_s = two_body_period_s((0.5 * (r_m[0] + r_m[1])).T, (r_m[1] - r_m[0]).T)
        return period_s if codes is None else np.where((codes != 0).any(axis=0), 0.0, period_s)

    def on_grid(self, grid: TimeGrid) -> Ephemeris:
        """The same orbits at the ticks of another grid.

        Parameters
        ----------
        grid : TimeGrid
            A grid with the same epoch.

        Returns
        -------
        Ephemeris
        """
        return Ephemeris(self.tracks, grid)

    def subset(self, which: NDArray[np.int64]) -> Ephemeris:
        """The same propagator for some of the satellites.

        Parameters
        ----------
        which : ndarray of int
            Indices of satellites.

        Returns
        -------
        Ephemeris
        """
        return Ephemeris([self.tracks[i] for i in which], self.grid)

    def _elapsed_s(self, segment: Segment, first_tick: int, ticks: int) -> Array:
        """Times of ticks as the segment counts them [s]."""
        days = (self.grid.epoch_jd - segment.epoch_jd) + (self.grid.epoch_fr - segment.epoch_fr)
        jd, fr = self.grid.jd_fr(first_tick, ticks)
        # dates resolve 1e-11 d: half a microsecond keeps a midnight that was rounded down on its side
        leap_s = leaps(jd, fr + 0.5 * _EDGE_S / SECONDS_PER_DAY) - tai_minus_utc_s(segment.epoch_jd)
        return np.asarray(self.grid.seconds(first_tick, ticks) + days * SECONDS_PER_DAY + leap_s)

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
            OUTSIDE where no segment covers the time; None if all satellites have positions.
        """
        bundles: list[_Bundle] = self._bundles  # type: ignore[attr-defined]
        of_lane: list[list[int]] = self._of_lane  # type: ignore[attr-defined]
        ticks, _, width = out_r_m.shape
        code = np.full((ticks, width), OUTSIDE, dtype=np.int8)
        for b in (bundles[number] for number in sorted({n for lane in of_lane[lo:hi] for n in lane})):
            take = slice(*np.searchsorted(b.lanes, (lo, hi)).tolist())
            here = b.lanes[take] - lo
            t_s = self._elapsed_s(b.segment, first_tick, ticks)
            b.fill(t_s, code, out_r_m, here, take)
            if first_tick == -1 and t_s[0] < b.segment.first_s and b.covers(t_s[:1] + self.grid.step_s)[0]:
                lacks = code[0, here] != 0  # none where the segment before reaches there
                out_r_m[0][:, here[lacks]] = b.before(float(t_s[0]), take)[:, lacks]
                code[0, here[lacks]] = 0
        out_r_m[:, :, hi - lo :] = out_r_m[:, :, hi - lo - 1 : hi - lo]
        code[:, hi - lo :] = code[:, hi - lo - 1 : hi - lo]
        if not code.any():
            return None
        np.copyto(out_r_m, NOWHERE_M, where=(code != 0)[:, np.newaxis, :])
        return code
