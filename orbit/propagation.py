"""Positions of a fleet behind one call, whatever moves it: `propagator.fill(lo, hi, first_tick, out_r_m)`.

out_r_m[time, 3, lane] [m] in TEME receives satellites lo to hi at consecutive ticks of the grid. Lanes beyond hi
repeat the last satellite, so that a tile is always full.
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
    """What the engine asks of a model of motion."""

    @property
    def loses(self) -> bool:
        """Whether `fill` may find satellites without a position."""
        ...

    @property
    def count(self) -> int: ...

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: Array) -> NDArray[np.int8] | None:
        """Write positions; return codes (time, lane) of `orbit.status`, or None if all is well."""
        ...

    def subset(self, which: NDArray[np.int64]) -> Propagator:
        """The same motion for some of the satellites."""
        ...


def _lanes(lo: int, hi: int, width: int) -> NDArray[np.int64]:
    return np.minimum(np.arange(lo, lo + width), hi - 1)


@dataclass(frozen=True)
class CircularJ2:
    """Circular orbits with secular J2."""

    elements: CircularElements
    grid: TimeGrid
    loses: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "_packed", self.elements.packed())

    @property
    def count(self) -> int:
        return self.elements.count

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: Array) -> None:
        packed: Array = self._packed  # type: ignore[attr-defined]
        lanes = np.ascontiguousarray(packed[:, _lanes(lo, hi, out_r_m.shape[2])])
        j2.circular_positions(lanes, self.grid.seconds(first_tick, out_r_m.shape[0]), out_r_m)

    def subset(self, which: NDArray[np.int64]) -> CircularJ2:
        return CircularJ2(self.elements.subset(which), self.grid)


@dataclass(frozen=True)
class Formation:
    """Satellites round one circular chief, on relative orbits that J2 lets stay together.

    Each stands to the others as the forces have it, by its own mean elements, their secular rates and the short periods of
    J2: over a day and a kilometre ranges are true to a few centimetres. The chief itself flies its mean circle, like the
    satellites of a ring: of the short periods that it would have, and all with it, up and down by 3 to 6 km, it is free.
    """

    chief: CircularElements
    relative: RelativeElements
    grid: TimeGrid
    loses: ClassVar[bool] = False

    @property
    def count(self) -> int:
        return self.relative.count

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: Array) -> None:
        # packed anew: many formations share their relative elements, and it is little work beside a block of steps
        self.subset(_lanes(lo, hi, out_r_m.shape[2]))._write(self.grid.seconds(first_tick, out_r_m.shape[0]), out_r_m)

    def _write(self, t_s: Array, out_r_m: Array) -> None:
        formation.formation_positions(self.elements().packed(), t_s, out_r_m)
        mean_m, moved_m = np.empty((2, t_s.size, 3, 1))
        j2.circular_positions(self.chief.packed(), t_s, mean_m)
        formation.formation_positions(absolute(RelativeElements(*np.zeros((6, 1))), self.chief).packed(), t_s, moved_m)
        out_r_m += mean_m - moved_m

    def elements(self) -> MeanElements:
        """Mean elements of each satellite at the epoch."""
        return absolute(self.relative, self.chief)

    def positions_m(self, t_s: Array, which: NDArray[np.int64] | None = None) -> Array:
        """Positions (time, 3, satellites) [m] at any moments [s] since the epoch, of all satellites or of some."""
        some = self if which is None else self.subset(which)
        out_r_m = np.empty((t_s.size, 3, some.count))
        some._write(t_s, out_r_m)
        return out_r_m

    def drift_m_s(self) -> Array:
        """How fast each satellite drifts ahead of the chief [m/s], the mean over an orbit."""
        return along_track_rates_m_s(self.elements(), self.chief)

    def subset(self, which: NDArray[np.int64]) -> Formation:
        return Formation(self.chief, self.relative.subset(which), self.grid)
