"""Numerical propagation of many satellites: zonal gravity, drag, solar radiation pressure, Sun and Moon.

Nearly circular orbits are integrated with fixed steps, many satellites at once; others each with its own adaptive
steps. The axes are those of TEME at the epoch, held fixed; `of_date` rotates them to TEME of date. Steps are counted
from the epoch, so that results do not depend on how a run is divided into tiles, blocks and threads. [berry2004;
rein2015]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.atmosphere import air
from orbit.elements import two_body_period_s
from orbit.environment import sun_position_m
from orbit.frames import rotated
from orbit.kernels import adaptive, multistep
from orbit.kernels.forces import LOW_M2, STRETCH, Forces
from orbit.kernels.frames import turn
from orbit.numerical_steps import (
    LONGEST_STEP_S,
    MOST_ECCENTRIC,
    ORDER,
    RATES_PER_OCTAVE,
    eccentricity,
    fastest_rate_rad_s,
    fixed_step,
    steps_at_ticks,
    steps_at_times,
)
from orbit.status import DECAYED, NOWHERE_M
from orbit.timegrid import TimeGrid

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
StepsAndMix = Callable[[Fraction, Any], tuple[Ints, Array]]
Ephemeris = Callable[[Array, Array], Array]

_SKY_SPACING_S = 3600.0
_BESIDE = 8  # ticks before the epoch and after the end that may be asked for
_EVER = -1e6  # steps or seconds: down before the epoch


@dataclass(frozen=True, slots=True)
class Bodies:
    """Satellites at the epoch, with the areas on which drag and radiation pressure act.

    Attributes
    ----------
    r_m, v_m_s : ndarray, shape (satellites, 3)
        Position [m] and velocity [m/s] in TEME.
    drag_area_m2_kg : ndarray, shape (satellites,)
        C_D A / m [m2/kg].
    light_area_m2_kg : ndarray, shape (satellites,)
        C_R A / m [m2/kg].
    """

    r_m: Array
    v_m_s: Array
    drag_area_m2_kg: Array
    light_area_m2_kg: Array

    @property
    def count(self) -> int:
        """Number of satellites."""
        return int(self.r_m.shape[0])

    def subset(self, which: Ints) -> Bodies:
        """Some of the satellites.

        Parameters
        ----------
        which : ndarray of int
            Indices of satellites.

        Returns
        -------
        Bodies
        """
        return Bodies(
            self.r_m[which], self.v_m_s[which], self.drag_area_m2_kg[which], self.light_area_m2_kg[which]
        )  # fmt: skip


def _low(r_m: Array) -> NDArray[np.bool_]:
    """Which positions [m] (satellites, 3) are below 100 km."""
    return np.asarray(r_m[:, 0] ** 2 + r_m[:, 1] ** 2 + STRETCH * r_m[:, 2] ** 2 < LOW_M2)


@dataclass
class _Group:
    """Satellites of a tile that take the same fixed steps, LANES to a row of `states`."""

    lanes: Ints
    share: Fraction
    step_s: float
    states: Array
    step: int = 0

    @property
    def where(self) -> slice | Ints:
        """Its lanes, as a slice where they follow each other."""
        first, last = int(self.lanes[0]), int(self.lanes[-1]) + 1
        return slice(first, last) if last - first == self.lanes.size else self.lanes

    def down_s(self) -> Array:
        """When its satellites were found below 100 km [s], inf while they are above."""
        row = multistep.DOWN
        down = self.states[:, row : row + multistep.LANES].reshape(-1)[: self.lanes.size]
        return np.where(down != 0.0, down * self.step_s, np.inf)


@dataclass
class _Tile:
    """A tile under way: advanced to `next_tick`."""

    groups: list[_Group]
    alone: Ints
    states: Array
    next_tick: int = 0


@dataclass(frozen=True)
class Numerical:
    """Numerical propagator: `fill` for the engine, `states` for other uses.

    Attributes
    ----------
    bodies : Bodies
        Satellites at the epoch of the grid.
    grid : TimeGrid
    forces : Forces
        Which accelerations act.
    f107, ap : float
        Solar flux F10.7 [sfu], 70 to 250, and geomagnetic index Ap, 4 to 130, for drag.
    moon : callable, optional
        Positions of the Moon [m], shape (dates, 3), from Julian dates in two parts. Needed where its gravity acts.
    of_date : callable, optional
        Matrices (dates, 3, 3) from the axes of the epoch to TEME of date, from Julian dates in two parts. Without,
        results stay in the axes of the epoch.
    error_m : float
        Allowed error of integration per day [m], by which fixed steps are chosen.

    Raises
    ------
    ValueError
        The Moon's gravity acts but `moon` is missing, or an index is outside the density table.
    """

    bodies: Bodies
    grid: TimeGrid
    forces: Forces
    f107: float = 150.0
    ap: float = 15.0
    moon: Ephemeris | None = None
    of_date: Ephemeris | None = None
    error_m: float = 0.01
    _live: dict[tuple[int, int], _Tile] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.forces.moon and self.moon is None:
            raise ValueError("the Moon's pull acts, but nothing says where the Moon is; give `moon`")
        rows = math.ceil(self.grid.duration_s / _SKY_SPACING_S) + 2 * self._margin + 1
        jd, fr = TimeGrid(self.grid.epoch_jd, self.grid.epoch_fr, _SKY_SPACING_S, rows).jd_fr(-self._margin, rows)
        turns = None if self.of_date is None else self.of_date(jd, fr)
        object.__setattr__(self, "_turns", turns)
        object.__setattr__(self, "_sky", self._sky_table(jd, fr, turns))
        object.__setattr__(self, "_air", air(self.f107, self.ap))
        object.__setattr__(self, "_shares", self._steps())
        object.__setattr__(self, "_down", np.where(_low(self.bodies.r_m), _EVER, 0.0))

    # --- interface of a propagator

    @property
    def may_lose(self) -> bool:
        """Whether satellites may be without a position: they decay by drag, or are below 100 km at the epoch."""
        down: Array = self._down  # type: ignore[attr-defined]
        return self.forces.drag or bool(down.any())

    @property
    def count(self) -> int:
        """Number of satellites."""
        return self.bodies.count

    @property
    def period_s(self) -> Array:
        """Time of a revolution of the two-body orbit at the epoch [s], (satellites,); 0 where that is not closed."""
        return two_body_period_s(self.bodies.r_m, self.bodies.v_m_s)

    def on_grid(self, grid: TimeGrid) -> Numerical:
        """The same orbits at the ticks of another grid.

        Parameters
        ----------
        grid : TimeGrid
            A grid with the same epoch.

        Returns
        -------
        Numerical
        """
        return replace(self, grid=grid, _live={})

    def subset(self, which: Ints) -> Numerical:
        """The same propagator for some of the satellites.

        Parameters
        ----------
        which : ndarray of int
            Indices of satellites.

        Returns
        -------
        Numerical
        """
        return replace(self, bodies=self.bodies.subset(which), _live={})

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: Array) -> NDArray[np.int8] | None:
        """Write positions of some satellites at consecutive ticks; see `Propagator.fill`.

        A call for ticks before the last ones of the same tile integrates again from the epoch.

        Parameters
        ----------
        lo, hi : int
            Satellites lo to hi - 1.
        first_tick : int
            First tick of the grid, at least -8.
        out_r_m : ndarray, shape (ticks, 3, lanes)
            Receives positions in TEME [m]; NOWHERE_M where there is none.

        Returns
        -------
        ndarray of int8, shape (ticks, lanes), or None
            DECAYED from the moment on at which a satellite is below 100 km; None if all have positions.

        Raises
        ------
        ValueError
            Ticks are more than 8 before the epoch or after the end of the grid.
        """
        ticks = np.arange(first_tick, first_tick + out_r_m.shape[0])
        if first_tick < -_BESIDE or ticks[-1] > self.grid.steps + _BESIDE:
            raise ValueError(f"ticks {first_tick} to {ticks[-1]} are not within {_BESIDE} of 0 to {self.grid.steps}")
        tile = self._live.get((lo, hi))
        if tile is None or first_tick < tile.next_tick:
            tile = self._new_tile(lo, hi)
        result = np.empty((ticks.size, 3, hi - lo))
        early = int(np.sum(ticks < 0))
        if early:
            self._advance(self._new_tile(lo, hi, backwards=True), steps_at_ticks, -ticks[:early][::-1], result[:early][::-1])
        if early < ticks.size:
            self._advance(tile, steps_at_ticks, ticks[early:], result[early:])
        tile.next_tick = max(0, int(ticks[-1]) + 1)
        if tile.next_tick > self.grid.steps:
            self._live.pop((lo, hi), None)
        else:
            self._live[(lo, hi)] = tile
        out_r_m[:, :, : hi - lo] = result
        if self.of_date is not None:
            turn(self._matrices(first_tick, ticks.size), out_r_m[:, :, : hi - lo])
        out_r_m[:, :, hi - lo :] = out_r_m[:, :, hi - lo - 1 : hi - lo]
        return self._codes(tile, ticks, out_r_m, hi - lo)

    # --- states at any time

    def states(self, t_s: Array) -> tuple[Array, Array]:
        """Positions and velocities of all satellites at any times, in the axes of the epoch.

        Parameters
        ----------
        t_s : ndarray, shape (times,)
            Time since the epoch [s], rising, from 0 to the end of the grid.

        Returns
        -------
        r_m, v_m_s : ndarray, shape (times, satellites, 3)
            Position [m] and velocity [m/s].

        Raises
        ------
        ValueError
            Times are out of order or outside the grid.
        """
        t = np.asarray(t_s, dtype=np.float64)
        if t.size == 0 or t[0] < 0.0 or t[-1] > self.grid.duration_s or np.any(np.diff(t) < 0.0):
            raise ValueError(f"times must rise from 0 to {self.grid.duration_s:g} s at most")
        result = np.empty((t.size, 6, self.count))
        edges = [*range(0, self.count, 4 * multistep.LANES), self.count]
        for lo, hi in pairwise(edges):
            self._advance(self._new_tile(lo, hi), steps_at_times, t / self.grid.step_s, result[:, :, lo:hi])
        return np.moveaxis(result[:, :3], 2, 1), np.moveaxis(result[:, 3:], 2, 1)

    # --- inside

    @property
    def _margin(self) -> int:
        """Rows of Sun and Moon before the epoch and after the end: those that steps reach, and those cubics need.

        The same for all fleets on a grid, so that a satellite's bytes do not depend on its company.
        """
        reach_s = max(ORDER * LONGEST_STEP_S, adaptive.LONGEST_SPAN_S) + _BESIDE * self.grid.step_s
        return math.ceil(reach_s / _SKY_SPACING_S) + 2

    def _sky_table(self, jd: Array, fr: Array, turns: Array | None) -> Array:
        """Sun and Moon in the axes of the epoch, a row an hour."""
        sun_m = sun_position_m(jd, fr)
        moon_m = sun_m if self.moon is None else self.moon(jd, fr)
        if turns is not None:
            back = np.swapaxes(turns, 1, 2)
            sun_m, moon_m = (rotated(back, body) for body in (sun_m, moon_m))
        return np.ascontiguousarray(np.concatenate((sun_m, moon_m), axis=1))

    def _matrices(self, first_tick: int, ticks: int) -> Array:
        """From the axes of the epoch to TEME of date, between rows an hour apart by straight lines: within 5 mm."""
        turns: Array = self._turns  # type: ignore[attr-defined]
        at = self.grid.seconds(first_tick, ticks) / _SKY_SPACING_S + self._margin
        row = np.floor(at).astype(np.int64)
        u = (at - row)[:, np.newaxis, np.newaxis]
        return np.asarray((1.0 - u) * turns[row] + u * turns[row + 1])

    def _steps(self) -> tuple[list[Fraction], Ints]:
        """Lengths of fixed steps in ticks, and for each satellite which of them, -1 where it needs its own."""
        rate = fastest_rate_rad_s(self.bodies.r_m, self.bodies.v_m_s)
        # few different ones, so that many satellites go together
        some, which = np.unique(np.ceil(np.log2(rate) * RATES_PER_OCTAVE), return_inverse=True)
        shares = [fixed_step(2.0 ** (r / RATES_PER_OCTAVE), self.grid.step_s, self.error_m) for r in some]
        distinct = sorted(set(shares))
        number = np.array([distinct.index(s) for s in shares])[which]
        eccentric = eccentricity(self.bodies.r_m, self.bodies.v_m_s) > MOST_ECCENTRIC
        return distinct, np.where(eccentric, -1, number)

    def _new_tile(self, lo: int, hi: int, backwards: bool = False) -> _Tile:
        """Satellites of a tile at the epoch, their past known."""
        shares, which = self._shares  # type: ignore[attr-defined]
        which, sign = which[lo:hi], -1.0 if backwards else 1.0
        groups = []
        for number in np.unique(which[which >= 0]):
            share, lanes = shares[number], np.flatnonzero(which == number)
            step_s, states = sign * float(share) * self.grid.step_s, self._new_states(lo + lanes)
            start = multistep.starter(self.forces, ORDER)
            start(states, step_s, multistep.starting(ORDER), *self._surroundings())
            groups.append(_Group(lanes, share, step_s, states))
        alone = np.flatnonzero(which < 0)
        states = np.zeros((alone.size, adaptive.STATE_ITEMS))
        b = self.bodies
        for row, i in zip(states, lo + alone, strict=True):
            span = sign * adaptive.first_span_s(b.r_m[i])
            row[:] = adaptive.new_state(b.r_m[i], b.v_m_s[i], b.drag_area_m2_kg[i], b.light_area_m2_kg[i], span)
        states[:, adaptive.DOWN] = self._down[lo + alone]  # type: ignore[attr-defined]
        return _Tile(groups, alone, states)

    def _new_states(self, which: Ints) -> Array:
        """Groups at the epoch, each a row; empty lanes repeat the last satellite."""
        groups = -(-which.size // multistep.LANES)
        states = np.stack([multistep.new_state(ORDER) for _ in range(groups)])
        lanes = which[np.minimum(np.arange(groups * multistep.LANES), which.size - 1)].reshape(groups, -1)
        bodies, down = self.bodies, self._down  # type: ignore[attr-defined]
        columns = (*bodies.r_m.T, *bodies.v_m_s.T, bodies.drag_area_m2_kg, bodies.light_area_m2_kg, down)
        x, v = multistep.X, multistep.VX
        rows = (
            *(x + a for a in multistep.AXES),
            *(v + a for a in multistep.AXES),
            multistep.CD_AM,
            multistep.CR_AM,
            multistep.DOWN,
        )
        for row, column in zip(rows, columns, strict=True):
            states[:, row : row + multistep.LANES] = column[lanes]
        return states

    def _surroundings(self) -> tuple[Array, float, float, Array]:
        sky: Array = self._sky  # type: ignore[attr-defined]
        coefficients: Array = self._air  # type: ignore[attr-defined]
        return sky, -self._margin * _SKY_SPACING_S, _SKY_SPACING_S, coefficients

    def _advance(self, tile: _Tile, steps_of: StepsAndMix, ticks: Ints | Array, result: Array) -> None:
        """Take a tile to the last of the ticks, counted away from the epoch, and write result[tick, 3 or 6, lane]."""
        for group in tile.groups:
            steps, mixes = steps_of(group.share, ticks)
            last, whole = int(steps[-1]), group.lanes.size == result.shape[2] and result.flags.c_contiguous
            out = result if whole else np.empty((ticks.size, result.shape[1], group.lanes.size))
            advance = multistep.advancer(self.forces, ORDER)
            advance(group.states, group.step, last - group.step, group.step_s, *self._surroundings(), steps, mixes, out)
            group.step = last
            if not whole:
                result[:, :, group.where] = out
        if tile.alone.size:
            out = np.empty((ticks.size, 6, tile.alone.size))
            sign = math.copysign(1.0, tile.states[0, adaptive.NEXT])
            adaptive.advancer(self.forces)(tile.states, sign * self.grid.step_s * ticks, *self._surroundings(), out)
            result[:, :, tile.alone] = out[:, : result.shape[1]]

    def _codes(self, tile: _Tile, ticks: Ints, out_r_m: Array, real: int) -> NDArray[np.int8] | None:
        """Status codes of satellites that have decayed; their positions become NOWHERE_M."""
        if not self.forces.drag and not self._down.any():  # type: ignore[attr-defined]
            return None
        down_s = np.full(real, np.inf)
        for group in tile.groups:
            down_s[group.lanes] = group.down_s()
        if tile.alone.size:
            down = tile.states[:, adaptive.DOWN]
            down_s[tile.alone] = np.where(down != 0.0, down, np.inf)
        gone = self.grid.step_s * ticks[:, np.newaxis] >= down_s
        if not gone.any():
            return None
        codes = np.zeros((ticks.size, out_r_m.shape[2]), dtype=np.int8)
        codes[:, :real][gone] = DECAYED
        codes[:, real:] = codes[:, real - 1 : real]
        np.copyto(out_r_m, NOWHERE_M, where=(codes != 0)[:, np.newaxis, :])
        return codes
