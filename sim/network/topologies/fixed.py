"""Topologies whose pairs are the same at all times: grid, mesh, ring, torus, Clos network, custom pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.network.topologies import shapes
from sim.network.topologies.base import Array, ConstellationBlock, Grid, Indices, Lattice, Mask, Pairs
from sim.network.topology import FREE_CHOICE, Choice, grid_pairs, lattice_pairs, unique_pairs

NONE: Indices = np.empty(0, np.int64)


class FixedPairs:
    """A topology given by its pairs.

    Parameters
    ----------
    name : str
        What messages call it.
    pairs : tuple of ndarray
        Ends of the links, in any order; links of a satellite to itself and second ones are dropped.
    switches : ndarray of int64, optional
        Satellites that do not compute.
    orders : sequence of ndarray, optional
        As in `Topology`.
    """

    fixed = True

    def __init__(self, name: str, pairs: Pairs, switches: Indices = NONE, orders: Sequence[Indices] = ()) -> None:
        self.name, self.switches, self.orders = name, switches, list(orders)
        self.pairs = unique_pairs(*pairs)

    def candidates(self, r_m: Array, allowed: Mask, choice: Choice = FREE_CHOICE) -> Pairs:
        """Pairs of the topology.

        Parameters
        ----------
        r_m : ndarray, shape (3, N)
            Positions of the satellites [m]; they do not matter.
        allowed : ndarray of bool, shape (N,)
            Satellites that may have links; pairs of others are left in.
        choice : Choice, optional
            Left to what follows.

        Returns
        -------
        tuple of ndarray
            The same arrays at all times.
        """
        return self.pairs


class GridTopology(FixedPairs):
    """+Grid within each shell and ring.

    Parameters
    ----------
    blocks : sequence of Grid or Lattice
        Blocks of the constellation; formations have no links.

    Examples
    --------
    >>> GridTopology([Grid(0, 3, 4, (0, 0, 0))]).pairs[0].size
    24
    """

    def __init__(self, blocks: Sequence[ConstellationBlock]) -> None:
        super().__init__("grid", joined([block_pairs(block) for block in blocks if isinstance(block, Grid)]))


class MeshTopology(FixedPairs):
    """Neighbours in the lattice of each formation.

    Parameters
    ----------
    blocks : sequence of Grid or Lattice
        Blocks of the constellation; shells have no links.
    """

    def __init__(self, blocks: Sequence[ConstellationBlock]) -> None:
        super().__init__("mesh", joined([block_pairs(block) for block in blocks if isinstance(block, Lattice)]))


class RingTopology(FixedPairs):
    """All satellites in one ring, by number.

    Parameters
    ----------
    count : int
        Number of satellites.
    reach : int
        Satellites ahead to which each is linked.
    """

    def __init__(self, count: int, reach: int = 1) -> None:
        super().__init__("ring", arrays(shapes.ring_pairs(count, reach)))


class TorusTopology(FixedPairs):
    """A torus over all satellites, the last dimension counted first.

    Parameters
    ----------
    shape : sequence of int
        Satellites along each dimension.

    Examples
    --------
    >>> TorusTopology([4, 4, 4]).pairs[0].size
    192
    """

    def __init__(self, shape: Sequence[int]) -> None:
        number = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(tuple(shape))
        orders = [np.moveaxis(number, axis, 0).ravel() for axis in range(len(shape))]
        super().__init__("torus", arrays(shapes.torus_pairs(shape)), orders=orders)


class ClosTopology(FixedPairs):
    """A folded Clos network over all satellites; its switches do not compute.

    Parameters
    ----------
    count : int
        Number of satellites, switches included.
    ports : int
        Links of a switch, even.
    layers : int
        Layers of satellites, the computing ones included, at least 2.
    switches : {"first", "last", "spread"} or sequence of int
        Which satellites are switches.

    Raises
    ------
    ValueError
        The satellites are too few or too many for such a network.
    """

    def __init__(self, count: int, ports: int, layers: int, switches: str | Sequence[int] = "spread") -> None:
        pairs, chosen = shapes.clos_pairs(count, ports, layers, switches)
        super().__init__("clos", arrays(pairs), np.array(chosen, dtype=np.int64))


def block_pairs(block: ConstellationBlock) -> Pairs:
    """Links within a shell, a ring or a formation.

    Parameters
    ----------
    block : Grid or Lattice
        The block.

    Returns
    -------
    tuple of ndarray
        Pairs by number in the constellation.
    """
    if isinstance(block, Grid):
        return grid_pairs(block.planes, block.slots, block.cross_slots, block.first)
    return lattice_pairs(block.offsets_m, block.spacing_m, block.first)


def joined(parts: Sequence[Pairs]) -> Pairs:
    """Pairs of several parts together.

    Parameters
    ----------
    parts : sequence of tuple of ndarray
        Pairs of each part.

    Returns
    -------
    tuple of ndarray
        All of them, each once, sorted.
    """
    return unique_pairs(np.concatenate([NONE, *(a for a, _ in parts)]), np.concatenate([NONE, *(b for _, b in parts)]))


def arrays(pairs: Sequence[tuple[int, int]]) -> Pairs:
    """Pairs as arrays.

    Parameters
    ----------
    pairs : sequence of (int, int)
        The pairs.

    Returns
    -------
    tuple of ndarray
        First and second satellites.
    """
    rows = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]
