"""Positions and velocities of a fleet at any spacing, by the propagators of a run.

The numerical propagator gives velocities itself. Of the others, positions are differentiated over ticks of half a second:
eighth-order differences are good to 1e-8 m/s within the run, and to 1e-6 m/s at its ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SECONDS_PER_DAY
from orbit.frames import rotated
from orbit.numerical import Numerical
from orbit.propagation import Propagator
from orbit.sgp4 import Plan, Sgp4, plan
from orbit.timegrid import TimeGrid

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

FINE_S = 0.5  # between positions that are differentiated
REACH = 4  # of them to either side
CHUNK = 256  # satellites at once
CHUNK_STATES = 5_000_000  # states of a chunk of satellites, so that memory does not grow with their number
LEAST_TICKS = 5  # with positions, of which a velocity is made: one-sided differences of fourth order err by 1e-9 m/s at half a second


class States(NamedTuple):
    """Positions [m] and velocities [m/s] in TEME, (satellites, times, 3), and where there are some, (satellites, times)."""

    r_m: Array
    v_m_s: Array
    valid: Flags


def difference_weights(offsets: Array) -> Array:
    """Weights of a first derivative at zero, exact for polynomials.

    Parameters
    ----------
    offsets : ndarray, shape (n,)
        Distinct places of the values.

    Returns
    -------
    ndarray, shape (n,)
        Weights; their product with the values is the derivative.

    Examples
    --------
    >>> difference_weights(np.array([-1.0, 0.0, 1.0])).round(12).tolist()
    [-0.5, 0.0, 0.5]
    """
    powers = np.vander(offsets, increasing=True).T
    wanted = np.zeros(offsets.size)
    wanted[1] = 1.0
    return np.asarray(np.linalg.solve(powers, wanted))


@dataclass(frozen=True)
class Fleet:
    """All satellites of a run.

    Attributes
    ----------
    propagators : list of Propagator
        In the order of the constellation.
    grid : TimeGrid
        Grid of the run.
    """

    propagators: list[Propagator]
    grid: TimeGrid

    @property
    def count(self) -> int:
        """Number of satellites."""
        return sum(p.count for p in self.propagators)

    @property
    def period_s(self) -> Array:
        """Time of a revolution of each satellite [s], (satellites,)."""
        return np.concatenate([p.period_s for p in self.propagators])

    def parts(self, which: Ints, most: int = CHUNK) -> Iterator[tuple[Propagator, Ints, Ints]]:
        """Satellites by propagator, a limited number at a time.

        Parameters
        ----------
        which : ndarray of int64
            Numbers of satellites, rising.
        most : int
            Satellites of a part.

        Yields
        ------
        tuple of (Propagator, ndarray, ndarray)
            Propagator, places of its satellites in `which`, and their numbers within the propagator.
        """
        first = 0
        for p in self.propagators:
            mine = np.flatnonzero((which >= first) & (which < first + p.count))
            for at in range(0, mine.size, most):
                some = mine[at : at + most]
                yield p, some, which[some] - first
            first += p.count

    def chunks(self, which: Ints, step_s: float, count: int, most: int | None = None) -> Iterator[tuple[Ints, States]]:
        """States of satellites, a limited number at a time.

        Parameters
        ----------
        which : ndarray of int64
            Numbers of satellites, rising.
        step_s : float
            Time between states [s].
        count : int
            Number of times, the first at the epoch.
        most : int, optional
            Satellites of a chunk; by default 256, or fewer where there are many states.

        Yields
        ------
        tuple of (ndarray, States)
            Places in `which`, and their states. A satellite that has lost its position has none from then on, as in a run.
        """
        each = int(np.clip(CHUNK_STATES // count, 1, CHUNK)) if most is None else most
        for propagator, places, local in self.parts(which, each):
            yield places, _states(propagator, local, TimeGrid(self.grid.epoch_jd, self.grid.epoch_fr, step_s, max(count - 1, 1)), count)


def _states(p: Propagator, local: Ints, grid: TimeGrid, count: int) -> States:
    if isinstance(p, Sgp4):
        found = _by_sgp4(p, local, grid, count)
    elif isinstance(p, Numerical):
        found = _by_integration(p, local, grid, count)
    else:
        found = _by_differences(p.subset(local), grid, count)
    return found._replace(valid=np.logical_and.accumulate(found.valid, axis=1))


def _by_sgp4(p: Sgp4, local: Ints, grid: TimeGrid, count: int) -> States:
    """Velocities are the rates of positions: those of SGP4 itself are up to 0.03 m/s off them, 0.2 m between states a minute apart."""
    elements, (jd, fr) = p.elements.subset(local), grid.jd_fr(0, count)
    r_m, unused = np.empty((local.size, count, 3)), np.empty((local.size, count, 3))
    batch = plan(elements, jd, fr).batch
    valid = Plan(batch, jd, fr).rows(r_m, unused) == 0
    v_m_s, beside_m = np.zeros_like(r_m), np.empty_like(r_m)
    offsets = np.arange(-REACH, REACH + 1)
    for offset, weight in zip(offsets, difference_weights(offsets.astype(float)) / FINE_S, strict=True):
        if offset:
            Plan(batch, jd, fr + offset * FINE_S / SECONDS_PER_DAY).rows(beside_m, unused)
            v_m_s += weight * beside_m
    return States(r_m, v_m_s, valid)


def _by_integration(p: Numerical, local: Ints, grid: TimeGrid, count: int) -> States:
    """By the same steps as in the run, which are fractions of its own ticks."""
    ticks = max(p.grid.steps, int(np.ceil(grid.seconds(count - 1, 1)[0] / p.grid.step_s)))
    own = replace(p.grid, steps=ticks)  # the same ticks, beyond the run where more is asked for
    some = replace(p, bodies=p.bodies.subset(local), grid=own, _live={})
    r_m, v_m_s = (np.swapaxes(x, 0, 1) for x in some.states(np.minimum(grid.seconds(0, count), own.duration_s)))
    if p.of_date is not None:
        turn = p.of_date(*grid.jd_fr(0, count))
        r_m, v_m_s = rotated(turn, r_m), rotated(turn, v_m_s)
    valid = np.ones((local.size, count), dtype=np.bool_)
    if some.may_lose:
        codes = some.on_grid(grid).fill(0, local.size, 0, np.empty((count, 3, local.size)))
        valid = valid if codes is None else (codes == 0).T
    return States(np.ascontiguousarray(r_m), np.ascontiguousarray(v_m_s), valid)


def _by_differences(some: Propagator, grid: TimeGrid, count: int) -> States:
    fine = some.on_grid(TimeGrid(grid.epoch_jd, grid.epoch_fr, FINE_S, max(2, round(grid.duration_s / FINE_S))))
    n, width = some.count, 2 * REACH + 1
    r_m, v_m_s, valid = np.empty((n, count, 3)), np.empty((n, count, 3)), np.ones((n, count), dtype=np.bool_)
    around, out = {}, np.empty((width, 3, n))
    for k, t_s in enumerate(grid.seconds(0, count).tolist()):
        back = 0 if k == 0 else width - 1 if k == count - 1 else REACH  # no ticks are asked for beyond the run
        tick = round(t_s / FINE_S)
        apart = t_s / FINE_S - tick  # of the state from the tick
        codes = fine.fill(0, n, tick - back, out)
        if (back, apart) not in around:
            offsets = np.arange(-back, width - back) - apart
            around[back, apart] = difference_weights(offsets) / FINE_S, _at_zero(offsets)
        slope, here = around[back, apart]
        r_m[:, k] = (out[back] if apart == 0.0 else np.tensordot(here, out, 1)).T
        v_m_s[:, k] = np.tensordot(slope, out, 1).T
        if codes is not None:
            found = codes == 0
            at_all = found[back] & (found[back + int(np.sign(apart))])  # at the tick, and at that on the other side of the state
            for row in np.flatnonzero(at_all & ~found.all(axis=0)).tolist():
                at_all[row] = _one_sided(found[:, row], out[:, :, row], back, apart, r_m[row, k], v_m_s[row, k])
            valid[:, k] = at_all
    return States(r_m, v_m_s, valid)


def _one_sided(found: Flags, positions_m: Array, back: int, apart: float, r_m: Array, v_m_s: Array) -> bool:
    """Write the state of a satellite beside a time without positions from the ticks on this side of it; False if they are too few."""
    gaps = np.flatnonzero(~found)
    before, after = gaps[gaps < back], gaps[gaps > back]
    ticks = np.arange(before[-1] + 1 if before.size else 0, after[0] if after.size else found.size)
    if ticks.size < LEAST_TICKS:
        return False
    offsets = ticks - back - apart
    r_m[:] = positions_m[back] if apart == 0.0 else _at_zero(offsets) @ positions_m[ticks]
    v_m_s[:] = difference_weights(offsets) / FINE_S @ positions_m[ticks]
    return True


def _at_zero(offsets: Array) -> Array:
    """Weights of the value at zero."""
    wanted = np.zeros(offsets.size)
    wanted[0] = 1.0
    return np.asarray(np.linalg.solve(np.vander(offsets, increasing=True).T, wanted))
