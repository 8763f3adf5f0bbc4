"""Positions of many satellites behind one interface, whatever the propagator: `fill(lo, hi, first_tick, out_r_m)`.

out_r_m[time, 3, lane] [m] in TEME receives satellites lo to hi at consecutive ticks of the grid. Lanes beyond hi repeat
the last satellite, so that a tile is always full.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from orbit.elements import CircularElements
from orbit.kernels import formation, j2
from orbit.relative_motion import MeanElements, RelativeElements, absolute, along_track_rates_m_s
from orbit.timegrid import TimeGrid

Array = NDArray[np.float64]


class Propagator(Protocol):
    """Interface of a propagator, as the engine uses it."""

    @property
    def may_lose(self) -> bool:
        """Whether `fill` may report satellites without a position."""
        ...

    @property
    def count(self) -> int:
        """Number of satellites."""
        ...

    @property
    def period_s(self) -> Array:
        """Time of a revolution of each satellite [s], (satellites,)."""
        ...

    def on_grid(self, grid: TimeGrid) -> Propagator:
        """The same orbits at the ticks of another grid.

        Parameters
        ----------
        grid : TimeGrid
            A grid with the same epoch.

        Returns
        -------
        Propagator
        """
        ...

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: Array) -> NDArray[np.int8] | None:
        """Write positions of some satellites at consecutive ticks.

        Parameters
        ----------
        lo, hi : int
            Satellites lo to hi - 1.
        first_tick : int
            First tick of the grid; may be negative.
        out_r_m : ndarray, shape (ticks, 3, lanes)
            Receives positions in TEME [m]; lanes >= hi - lo.

        Returns
        -------
        ndarray of int8, shape (ticks, lanes), or None
            Codes of `orbit.status`; None if all satellites have positions.
        """
        ...

    def subset(self, which: NDArray[np.int64]) -> Propagator:
        """The same propagator for some of the satellites.

        Parameters
        ----------
        which : ndarray of int
            Indices of satellites.

        Returns
        -------
        Propagator
        """
        ...


def _lanes(lo: int, hi: int, width: int) -> NDArray[np.int64]:
    return np.minimum(np.arange(lo, lo + width), hi - 1)


@dataclass(frozen=True)
class CircularJ2:
    """Propagator of circular orbits with secular J2. [vallado2013:eqs. 9-37, 9-39, 9-41]

    Attributes
    ----------
    elements : CircularElements
        Mean elements at the epoch of the grid.
    grid : TimeGrid

    Examples
    --------
    Two satellites over an hour: on a circular orbit the radius is the semi-major axis.

    >>> import numpy as np
    >>> from orbit.shells import walker
    >>> grid = TimeGrid(2461395.5, 0.25, step_s=60.0, steps=60)
    >>> propagator = CircularJ2(walker(550e3, np.radians(53.0), 1, 2, 0.0), grid)
    >>> r_m = np.empty((61, 3, 2))
    >>> propagator.fill(0, 2, 0, r_m)
    >>> np.unique(np.linalg.norm(r_m, axis=1).round(3)).tolist()
    [6928137.0]
    """

    elements: CircularElements
    grid: TimeGrid
    may_lose: ClassVar[bool] = False

    @property
    def count(self) -> int:
        """Number of satellites."""
        return self.elements.count

    @property
    def period_s(self) -> Array:
        """Time from one ascending node to the next [s], (satellites,)."""
        return np.asarray(2.0 * np.pi / self.elements.packed()[j2.ROW_LATITUDE_RATE])

    def on_grid(self, grid: TimeGrid) -> CircularJ2:
        """The same orbits at the ticks of another grid.

        Parameters
        ----------
        grid : TimeGrid
            A grid with the same epoch.

        Returns
        -------
        CircularJ2
        """
        return CircularJ2(self.elements, grid)

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: Array) -> None:
        """Write positions of some satellites at consecutive ticks; see `Propagator.fill`. None is ever lost.

        Parameters
        ----------
        lo, hi : int
            Satellites lo to hi - 1.
        first_tick : int
            First tick of the grid; may be negative.
        out_r_m : ndarray, shape (ticks, 3, lanes)
            Receives positions in TEME [m].
        """
        # packed anew: rows for all would take more memory than the elements, and it is little work beside a block of steps
        some = self.elements.subset(_lanes(lo, hi, out_r_m.shape[2]))
        j2.circular_positions(some.packed(), self.grid.seconds(first_tick, out_r_m.shape[0]), out_r_m)

    def subset(self, which: NDArray[np.int64]) -> CircularJ2:
        """The same propagator for some of the satellites.

        Parameters
        ----------
        which : ndarray of int
            Indices of satellites.

        Returns
        -------
        CircularJ2
        """
        return CircularJ2(self.elements.subset(which), self.grid)


@dataclass(frozen=True)
class Formation:
    """Propagator of a formation around one circular chief, on relative orbits that stay bounded under J2.

    Relative motion has mean elements, secular rates and short-period terms of J2 for each satellite: ranges within a
    kilometre are good to a few centimetres over a day. The chief follows its mean circle; short-period terms (3 to 6
    km, common to all members) are omitted. [damico2010; brouwer1959]

    Attributes
    ----------
    chief : CircularElements
        Mean elements of the chief, one satellite.
    relative : RelativeElements
        Relative mean elements of the members.
    grid : TimeGrid

    Examples
    --------
    Two satellites 200 m apart along the track on the same orbit keep their distance.

    >>> import numpy as np
    >>> from orbit.proximity import range_matrix_m
    >>> from orbit.relative_motion import of_offsets
    >>> from orbit.shells import walker
    >>> chief = walker(650e3, np.radians(98.0), 1, 1, 0.0)
    >>> offsets_m = np.array([[0.0, 0.0], [-100.0, 100.0], [0.0, 0.0]])
    >>> grid = TimeGrid(2461395.5, 0.25, step_s=60.0, steps=90)
    >>> formation = Formation(chief, of_offsets(offsets_m, chief), grid)
    >>> range_m = range_matrix_m(formation.positions_m(grid.seconds(0, 2)))
    >>> range_m[:, 0, 1].round(0).tolist()
    [200.0, 200.0]
    """

    chief: CircularElements
    relative: RelativeElements
    grid: TimeGrid
    may_lose: ClassVar[bool] = False

    @property
    def count(self) -> int:
        """Number of satellites."""
        return self.relative.count

    @property
    def period_s(self) -> Array:
        """Time from one ascending node of the chief to the next [s], (satellites,)."""
        return np.full(self.count, 2.0 * np.pi / self.chief.packed()[j2.ROW_LATITUDE_RATE, 0])

    def on_grid(self, grid: TimeGrid) -> Formation:
        """The same orbits at the ticks of another grid.

        Parameters
        ----------
        grid : TimeGrid
            A grid with the same epoch.

        Returns
        -------
        Formation
        """
        return Formation(self.chief, self.relative, grid)

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: Array) -> None:
        """Write positions of some satellites at consecutive ticks; see `Propagator.fill`. None is ever lost.

        Parameters
        ----------
        lo, hi : int
            Satellites lo to hi - 1.
        first_tick : int
            First tick of the grid; may be negative.
        out_r_m : ndarray, shape (ticks, 3, lanes)
            Receives positions in TEME [m].
        """
        # packed anew: many formations share their relative elements, and it is little work beside a block of steps
        self.subset(_lanes(lo, hi, out_r_m.shape[2]))._write(self.grid.seconds(first_tick, out_r_m.shape[0]), out_r_m)

    def _write(self, t_s: Array, out_r_m: Array) -> None:
        formation.formation_positions(self.elements().packed(), t_s, out_r_m)
        mean_m, moved_m = np.empty((2, t_s.size, 3, 1))
        j2.circular_positions(self.chief.packed(), t_s, mean_m)
        formation.formation_positions(absolute(RelativeElements(*np.zeros((6, 1))), self.chief).packed(), t_s, moved_m)
        out_r_m += mean_m - moved_m

    def elements(self) -> MeanElements:
        """Mean elements of each satellite at the epoch.

        Returns
        -------
        MeanElements
        """
        return absolute(self.relative, self.chief)

    def positions_m(self, t_s: Array, which: NDArray[np.int64] | None = None) -> Array:
        """Positions at any times.

        Parameters
        ----------
        t_s : ndarray, shape (times,)
            Time since the epoch of the grid [s].
        which : ndarray of int, optional
            Indices of satellites; all without.

        Returns
        -------
        ndarray, shape (times, 3, satellites)
            Positions in TEME [m].
        """
        some = self if which is None else self.subset(which)
        out_r_m = np.empty((t_s.size, 3, some.count))
        some._write(t_s, out_r_m)
        return out_r_m

    def drift_m_s(self) -> Array:
        """Along-track drift of each satellite relative to the chief, averaged over an orbit.

        Returns
        -------
        ndarray, shape (satellites,)
            Drift [m/s], positive ahead.
        """
        return along_track_rates_m_s(self.elements(), self.chief)

    def subset(self, which: NDArray[np.int64]) -> Formation:
        """The same formation with some of the satellites.

        Parameters
        ----------
        which : ndarray of int
            Indices of satellites.

        Returns
        -------
        Formation
        """
        return Formation(self.chief, self.relative.subset(which), self.grid)
