"""Satellites and gateways that stations keep from one assignment to the next, over the steps of a run.

An operator assigns satellites at fixed times (`internet_paths.handover_slot`). In between a station keeps its satellite while it
is in view and a route goes on from it; a satellite that is lost is replaced at once, as terminals do that switch beams when a link
degrades, within 0.1 s [spacex2025beams]. The new one is kept until the next assignment.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Held:
    """Choices of stations that stay until the next assignment.

    Parameters
    ----------
    slots : ndarray of int64, shape (steps,)
        Number of the interval between assignments in which each step ends.
    stations : int
        Number of stations.

    Examples
    --------
    Of two choices the second becomes cheaper at the second step. It is taken at the third, where the next interval begins:

    >>> held, costs = Held(np.array([0, 0, 1]), 1), np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 1.0]])
    >>> [held.choose(k, costs[[k]].argmin(axis=1), lambda rows, choice, k=k: costs[k, choice]).tolist() for k in range(3)]
    [[0], [0], [1]]
    """

    def __init__(self, slots: Ints, stations: int) -> None:
        self._slots = slots
        self._choice, self._slot = np.full(stations, -1, dtype=np.int64), np.int64(0)

    def choose(self, k: int, best: Ints, cost: Callable[[Ints, Ints], Array]) -> Ints:
        """Choices of one step; steps come in order.

        Parameters
        ----------
        k : int
            The step.
        best : ndarray of int64, shape (stations,)
            What each station would choose anew; -1 for nothing.
        cost : callable
            Gives the costs of choices of some stations, from their numbers and choices; infinite where a choice is lost.

        Returns
        -------
        ndarray of int64, shape (stations,)
            The choices, those of the step before where they are held.
        """
        choice = best.copy()
        if self._slots[k] == self._slot:
            rows = np.flatnonzero(self._choice >= 0)
            rows = rows[np.isfinite(cost(rows, self._choice[rows]))]
            choice[rows] = self._choice[rows]
        self._choice, self._slot = choice, self._slots[k]
        return choice


class HeldAccess:
    """Satellites of access that stations keep, with the delays of routes over them.

    Parameters
    ----------
    slots : ndarray of int64, shape (steps,)
        As for `Held`.
    stations : int
        Number of stations.
    """

    def __init__(self, slots: Ints, stations: int) -> None:
        self._held = Held(slots, stations)

    def keep(self, k0: int, slant_m: Array, onward_s: Array, access: Ints, delay_s: Array) -> None:
        """Put the satellites that are held in place of the best ones, at consecutive steps.

        Parameters
        ----------
        k0 : int
            The first step.
        slant_m : ndarray, shape (steps, stations, N)
            Slant ranges [m]; infinite where the satellite is not in view.
        onward_s : ndarray, shape (N, steps)
            Delay from each satellite onwards [s]; infinite without a route.
        access : ndarray of int64, shape (steps, stations)
            Best satellites; receives those that are used.
        delay_s : ndarray, shape (steps, stations)
            Delays over the best satellites [s], infinite without a route; receives those over the ones that are used.
        """
        for n in range(slant_m.shape[0]):
            light_s, on_s = slant_m[n] / SPEED_OF_LIGHT_M_S, onward_s[:, n]
            best = np.where(np.isfinite(delay_s[n]), access[n], -1)

            def cost(station: Ints, satellite: Ints, up_s: Array = light_s, on_s: Array = on_s) -> Array:
                return np.asarray(up_s[station, satellite] + on_s[satellite])

            used = self._held.choose(k0 + n, best, cost)
            routed = np.flatnonzero(used >= 0)
            access[n, routed] = used[routed]
            delay_s[n, routed] = light_s[routed, used[routed]] + on_s[used[routed]]
