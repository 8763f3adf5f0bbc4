"""Mean orbits of a whole fleet, for a globe that shows more satellites than were recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.config.scenario import Loaded

MOST: Final = 50_000  # satellites that are shown


@dataclass(frozen=True)
class Orbits:
    """Orbits of satellites of a fleet.

    Attributes
    ----------
    number : ndarray of int, shape (satellites,)
        Their numbers in the constellation, ascending.
    rows : ndarray, shape (10, satellites)
        Orbits by `orbit.mean_orbits.ROWS`.
    error_m : ndarray, shape (satellites,)
        Largest distance from the positions of the run [m].
    """

    number: NDArray[np.int64]
    rows: NDArray[np.float64]
    error_m: NDArray[np.float64]


def fleet_orbits(loaded: Loaded, recorded: NDArray[np.int64], most: int = MOST) -> Orbits:
    """Mean orbits of the satellites of a scenario.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    recorded : ndarray of int
        Numbers of satellites that are among them in any case.
    most : int, optional
        Largest number of satellites; more are chosen evenly.

    Returns
    -------
    Orbits
        The orbits.
    """
    from orbit.mean_orbits import ROWS, mean_orbits
    from sim.engine.propagators import make_propagators, time_grid

    grid = time_grid(loaded.scenario)
    number = np.arange(loaded.satellites)
    if number.size > most:
        spread = np.linspace(0, number.size - 1, max(most - recorded.size, 0)).round().astype(np.int64)
        number = np.unique(np.concatenate((spread, recorded)))
    rows, error_m, first = np.full((len(ROWS), number.size), np.nan), np.full(number.size, np.nan), 0
    for propagator in make_propagators(loaded, grid):
        here = np.flatnonzero((number >= first) & (number < first + propagator.count))
        if here.size:
            found = mean_orbits(propagator.subset(number[here] - first), grid)
            rows[:, here], error_m[here] = found.rows, found.error_m
        first += propagator.count
    return Orbits(number, rows, error_m)
