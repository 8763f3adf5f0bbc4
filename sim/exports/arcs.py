"""Arcs of trajectories between thrusts, within which they are smooth, and states at their ends as seen from within."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from orbit.kernels import segments as kernel
from orbit.propagation import Propagator
from orbit.segments import Segmented
from sim.exports.motion import FINE_S, REACH, Fleet, difference_weights

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

BESIDE_S = 0.1  # of positions on both sides of an instant, from which velocities there are compared
LEAST_JUMP_M_S = 0.01  # of a velocity: interpolated across, states a minute apart err by less than 0.1 m
LEAST_ARC_S = 1e-3
MARGIN = 0.25  # of a step, within which no state lies beside the end of an arc
LEAST_STATES = 4  # of an arc: of an interpolation of degree 7


def thrusts_s(propagator: Propagator, local: Ints) -> list[list[tuple[float, float]]]:
    """Times with thrusters on.

    Parameters
    ----------
    propagator : Propagator
        Propagator of the satellites.
    local : ndarray of int64
        Numbers of satellites within it.

    Returns
    -------
    list of list of tuple of float
        Start and end [s] of each thrust of each satellite; none of satellites that have no burns.
    """
    listed = propagator.thrusts if isinstance(propagator, Segmented) else ()
    found = []
    for n in local.tolist():
        found.append([(t.start_s, t.start_s + t.duration_s) for t in listed if t.first <= n <= t.last])
    return found


def sinks(propagator: Propagator, local: Ints, end_s: float) -> Flags:
    """Whether the orbits of segments sink within a time.

    Parameters
    ----------
    propagator : Propagator
        Propagator of the satellites.
    local : ndarray of int64
        Numbers of satellites within it.
    end_s : float
        The time [s].

    Returns
    -------
    ndarray of bool, shape (satellites,)
        True where a semi-major axis falls in a segment that begins before; False for all that have no segments.
    """
    found = np.zeros(local.size, dtype=np.bool_)
    if isinstance(propagator, Segmented):
        rows, first = propagator.tracks.rows, propagator.tracks.first
        falls = (rows[kernel.ROW_A + 1] < 0.0) & (rows[kernel.ROW_START] < end_s)
        for place, track in enumerate(propagator.track[local].tolist()):
            found[place] = falls[first[track] : first[track + 1]].any()
    return found


@dataclass
class Arcs:
    """Arcs of the satellites of a fleet.

    Attributes
    ----------
    fleet : Fleet
        The fleet.
    """

    fleet: Fleet
    _jumps: dict[tuple[int, int], list[float]] = field(default_factory=dict)

    def instants_s(self, n: int) -> list[float]:
        """Times at which the velocity of a satellite jumps, or its thrusters go on or off.

        Parameters
        ----------
        n : int
            Number of the satellite in the fleet.

        Returns
        -------
        list of float
            Times [s], whole microseconds, rising; none of satellites that have no burns.
        """
        number, p, local = self._place(n)
        if not isinstance(p, Segmented):
            return []
        (thrusts,) = thrusts_s(p, np.array([local]))
        key = number, int(p.track[local])
        if key not in self._jumps:
            self._jumps[key] = _jumps_s(p, local)
        return sorted({round(t, 6) for t in (*(end for ends in thrusts for end in ends), *self._jumps[key])})

    def _place(self, n: int) -> tuple[int, Propagator, int]:
        for number, p in enumerate(self.fleet.propagators):
            if n < p.count:
                return number, p, n
            n -= p.count
        raise IndexError(n)

    def states(self, n: int, step_s: float, end_s: float) -> list[tuple[Array, Array, Array]]:
        """States of each arc of a satellite.

        Parameters
        ----------
        n : int
            Number of the satellite in the fleet.
        step_s : float
            Time between states [s]; they are up to a quarter further apart at the ends of an arc, and nearer in a short one.
        end_s : float
            Time of the last state [s].

        Returns
        -------
        list of tuple of ndarray
            Times [s], (states,), positions [m] and velocities [m/s], (states, 3), of each arc in order; one where there is no burn.
        """
        _, p, local = self._place(n)
        edges = [0.0]
        for t_s in self.instants_s(n):
            if t_s >= edges[-1] + LEAST_ARC_S and t_s <= end_s - LEAST_ARC_S:
                edges.append(t_s)
        assert isinstance(p, Segmented)

        def positions_m(t_s: Array) -> Array:
            out = np.empty((t_s.size, 3, 1))
            p.positions_m(np.array([local]), t_s, out)
            return out[:, :, 0]

        found = []
        for start_s, stop_s in zip(edges, [*edges[1:], end_s], strict=True):
            ticks_s = step_s * np.arange(np.ceil((start_s + MARGIN * step_s) / step_s), np.floor((stop_s - MARGIN * step_s) / step_s) + 1.0)
            times_s = np.array([start_s, *ticks_s, stop_s])
            if times_s.size < LEAST_STATES:
                times_s = np.round(np.linspace(start_s, stop_s, LEAST_STATES), 6)
            found.append((times_s, *_within(positions_m, times_s)))
        return found


def _within(positions_m: Callable[[Array], Array], times_s: Array) -> tuple[Array, Array]:
    """Positions and velocities at times of which the first and last are the ends of the arc, from positions within it."""
    width = 2 * REACH + 1
    fine_s = min(FINE_S, (times_s[-1] - times_s[0]) / (width - 1))
    before = np.floor((times_s - times_s[0]) / fine_s + 1e-6).astype(np.int64)
    after = np.floor((times_s[-1] - times_s) / fine_s + 1e-6).astype(np.int64)
    back = np.clip(np.maximum(REACH, width - 1 - after), 0, np.minimum(before, width - 1))
    offsets = np.arange(width) - back[:, np.newaxis]
    near_s = np.clip(times_s[:, np.newaxis] + fine_s * offsets, times_s[0], times_s[-1]).ravel()
    order = np.argsort(near_s, kind="stable")
    r_m = np.empty((near_s.size, 3))
    r_m[order] = positions_m(near_s[order])
    near_m = r_m.reshape(times_s.size, width, 3)
    weights = {int(b): difference_weights((np.arange(width) - b).astype(np.float64)) / fine_s for b in np.unique(back)}
    of = np.array([weights[b] for b in back.tolist()])
    return near_m[np.arange(times_s.size), back], np.einsum("tw,twx->tx", of, near_m)


def _jumps_s(p: Segmented, local: int) -> list[float]:
    """Times at which segments meet with different velocities."""
    track = int(p.track[local])
    starts_s = p.tracks.rows[kernel.ROW_START, p.tracks.first[track] + 1 : p.tracks.first[track + 1]]
    starts_s = starts_s[(starts_s > 0.0) & (starts_s < p.grid.duration_s)]
    near_s = (starts_s[:, np.newaxis] + BESIDE_S * np.arange(-2, 3)).ravel()
    order = np.argsort(near_s, kind="stable")
    out, r_m = np.empty((near_s.size, 3, 1)), np.empty((near_s.size, 3))
    p.positions_m(np.array([local]), near_s[order], out)
    r_m[order] = out[:, :, 0]
    around_m = r_m.reshape(starts_s.size, 5, 3)
    ahead, behind = np.array([0.0, 0.0, -1.5, 2.0, -0.5]), np.array([0.5, -2.0, 1.5, 0.0, 0.0])
    jump = np.einsum("w,twx->tx", (ahead - behind) / BESIDE_S, around_m)
    found: list[float] = starts_s[np.linalg.norm(jump, axis=1) > LEAST_JUMP_M_S].tolist()
    return found
