"""Positions of a fleet behind one call, whatever moves it: `propagator.fill(lo, hi, first_tick, out_r_m)`.

out_r_m[time, 3, lane] [m] in TEME receives satellites lo to hi at consecutive ticks of the grid. Lanes beyond hi
repeat the last satellite, so that a tile is always full.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from orbit.elements import CircularElements
from orbit.kernels import j2
from orbit.timegrid import TimeGrid

Array = NDArray[np.float64]


class Propagator(Protocol):
    """What the engine asks of a model of motion."""

    @property
    def count(self) -> int: ...

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: Array) -> NDArray[np.int8] | None:
        """Write positions; return a code (time, lane) above zero where there is none, or None if all is well."""
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
    """A formation on linear relative orbits round one circular chief with secular J2."""

    chief: CircularElements
    offsets_m: Array
    grid: TimeGrid

    @property
    def count(self) -> int:
        return int(self.offsets_m.shape[1])

    def fill(self, lo: int, hi: int, first_tick: int, out_r_m: Array) -> None:
        lanes = np.ascontiguousarray(self.offsets_m[:, _lanes(lo, hi, out_r_m.shape[2])])
        chief = np.ascontiguousarray(self.chief.packed()[:, 0])
        j2.formation_positions(chief, lanes, self.grid.seconds(first_tick, out_r_m.shape[0]), out_r_m)

    def subset(self, which: NDArray[np.int64]) -> Formation:
        return Formation(self.chief, self.offsets_m[:, which], self.grid)
