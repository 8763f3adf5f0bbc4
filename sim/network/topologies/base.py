"""What a topology is: satellites that may be linked at a time, and the blocks of a constellation from which they follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.network.topology import FREE_CHOICE, Choice

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]
Pairs = tuple[Indices, Indices]


@dataclass(frozen=True, slots=True)
class Grid:
    """Satellites numbered plane by plane from `first`, as `orbit.shells` makes them; a ring is one plane."""

    first: int
    planes: int
    slots: int
    cross_slots: tuple[int, ...] = ()  # slots to the neighbour in the next plane, from each plane that has one

    @property
    def count(self) -> int:
        """Number of satellites."""
        return self.planes * self.slots


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """A formation of satellites from `first`, with the offsets that decide which are neighbours.

    offsets_m (3, n) are radial, along-track and cross-track; lattices are flat here, however they are tilted.
    """

    first: int
    offsets_m: Array
    spacing_m: float  # largest distance of neighbours; 0: there are none

    @property
    def count(self) -> int:
        """Number of satellites."""
        return int(self.offsets_m.shape[1])


ConstellationBlock = Grid | Lattice


@dataclass(frozen=True, slots=True)
class Limits:
    """What every link obeys."""

    terminals: int  # of each satellite
    max_range_m: float
    grazing_altitude_m: float


class Topology(Protocol):
    """Which satellites may be linked.

    Attributes
    ----------
    name : str
        What messages call it.
    fixed : bool
        Whether the pairs are the same at all times.
    switches : ndarray of int64
        Satellites that pass messages on and do not compute, ascending.
    orders : list of ndarray of int64
        Orders of all satellites whose first halves are cuts worth a look, for the bisection.

    Notes
    -----
    No satellite has more links than terminals, whatever the pairs: the shortest ones come first. A topology with `part`, the number of the
    part of each satellite (N,), gives terminals to links between parts before those within them.
    """

    name: str
    fixed: bool
    switches: Indices
    orders: list[Indices]

    def candidates(self, r_m: Array, allowed: Mask, choice: Choice = FREE_CHOICE) -> Pairs:
        """Pairs of satellites that may be linked at one time.

        Parameters
        ----------
        r_m : ndarray, shape (3, N)
            Positions of the satellites [m], Earth-centred.
        allowed : ndarray of bool, shape (N,)
            Satellites that may have links; pairs of others do not matter.
        choice : Choice, optional
            Which links can be built, and which exist; topologies that are fixed leave it to what follows.

        Returns
        -------
        tuple of ndarray
            Pairs (a, b) with a < b, each once, sorted. Range, line of sight and failures are checked afterwards.
        """
        ...
