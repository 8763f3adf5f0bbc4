"""Topologies whose pairs follow the positions: nearest satellites, joined shells, relays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.network.topologies.base import Array, ConstellationBlock, Grid, Indices, Lattice, Limits, Mask, Pairs
from sim.network.topologies.fixed import NONE, block_pairs, joined
from sim.network.topology import (
    CANDIDATES_PER_TERMINAL,
    FREE_CHOICE,
    Choice,
    grazing_altitude_m,
    nearest_pairs,
    shortest_first,
    unique_pairs,
)


class NearestTopology:
    """Shortest links first, as long as both ends have a free terminal.

    Parameters
    ----------
    limits : Limits
        What every link obeys.
    neighbours : int, optional
        Most links of a satellite, at most its terminals; by default all terminals.
    """

    name, fixed = "nearest", False

    def __init__(self, limits: Limits, neighbours: int | None = None) -> None:
        self.limits, self.switches = limits, NONE
        self.orders: list[Indices] = []
        self.neighbours = limits.terminals if neighbours is None else min(neighbours, limits.terminals)

    def candidates(self, r_m: Array, allowed: Mask, choice: Choice = FREE_CHOICE) -> Pairs:
        """Links chosen for these positions.

        Parameters
        ----------
        r_m : ndarray, shape (3, N)
            Positions of the satellites [m].
        allowed : ndarray of bool, shape (N,)
            Satellites that may have links.
        choice : Choice, optional
            Which links can be built, and which exist.

        Returns
        -------
        tuple of ndarray
            The pairs.
        """
        return nearest_pairs(r_m, self.neighbours, self.limits.max_range_m, allowed, self.limits.grazing_altitude_m, choice)


class _Joined:
    """Links within each part of a constellation, and some between parts that follow the positions.

    Blocks keep their grid or mesh; satellites without a block, of catalogues, are linked to the nearest of their part. Where terminals are
    short, links between parts come first.
    """

    fixed = False

    def __init__(self, blocks: Sequence[ConstellationBlock], part: Indices, limits: Limits, max_range_m: float | None) -> None:
        self.limits, self.part, self.switches = limits, part, NONE
        self.orders: list[Indices] = []
        self.range_m = limits.max_range_m if max_range_m is None else min(max_range_m, limits.max_range_m)
        self._within = joined([block_pairs(block) for block in blocks])
        blockless = np.ones(part.size, dtype=np.bool_)
        for block in blocks:
            blockless[block.first : block.first + block.count] = False
        self._files = [np.flatnonzero(blockless & (part == p)) for p in np.unique(part[blockless])]

    def _inside(self, r_m: Array, allowed: Mask, choice: Choice) -> list[Pairs]:
        """Links within the parts."""
        found = [self._within]
        for satellites in self._files:
            mine = np.zeros(allowed.size, dtype=np.bool_)
            mine[satellites] = allowed[satellites]
            found.append(nearest_pairs(r_m, self.limits.terminals, self.limits.max_range_m, mine, self.limits.grazing_altitude_m, choice))
        return found

    def _near(self, r_m: Array, here: Indices, there: Indices, most: int) -> Pairs:
        """Pairs of satellites `here` with the nearest ones `there`, in range and in sight of each other."""
        if not here.size or not there.size:
            return NONE, NONE
        from scipy.spatial import cKDTree  # slow to import, and not needed for grids

        tree = cKDTree(np.ascontiguousarray(r_m[:, there].T))
        range_m, other = tree.query(
            np.ascontiguousarray(r_m[:, here].T), k=np.arange(1, min(most, there.size) + 1), distance_upper_bound=np.nextafter(self.range_m, np.inf)
        )
        near = np.isfinite(range_m)
        a, b = unique_pairs(np.repeat(here, near.sum(axis=1)), there[other[near]])
        clear = grazing_altitude_m(r_m[:, a], r_m[:, b]) >= self.limits.grazing_altitude_m
        return a[clear], b[clear]


class JoinedShells(_Joined):
    """Links within each shell or formation, and one from each gateway to the nearest gateway of another.

    Parameters
    ----------
    blocks : sequence of Grid or Lattice
        Blocks of the constellation.
    part : ndarray of int64, shape (N,)
        Number of the shell, formation or catalogue of each satellite.
    limits : Limits
        What every link obeys.
    gateways_per_plane : int, optional
        Gateways of each plane, evenly spaced over its slots; by default all satellites are gateways. A formation or catalogue counts as one
        plane.
    max_range_m : float, optional
        Longest link between shells [m]; by default that of all links.
    """

    name = "shells"

    def __init__(
        self, blocks: Sequence[ConstellationBlock], part: Indices, limits: Limits, gateways_per_plane: int | None = None,
        max_range_m: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(blocks, part, limits, max_range_m)
        planes = [plane for block in blocks for plane in _planes(block)] + self._files
        self.gateway: Mask = np.zeros(part.size, dtype=np.bool_)
        for plane in planes:
            many = plane.size if gateways_per_plane is None else min(gateways_per_plane, plane.size)
            self.gateway[plane[np.arange(many) * plane.size // max(1, many)]] = True

    def candidates(self, r_m: Array, allowed: Mask, choice: Choice = FREE_CHOICE) -> Pairs:
        """Links within shells, and those chosen between them for these positions.

        Parameters
        ----------
        r_m : ndarray, shape (3, N)
            Positions of the satellites [m].
        allowed : ndarray of bool, shape (N,)
            Satellites that may have links.
        choice : Choice, optional
            Which links can be built, and which exist.

        Returns
        -------
        tuple of ndarray
            The pairs.
        """
        able = np.flatnonzero(self.gateway & allowed)
        between = [
            self._near(r_m, able[self.part[able] == p], able[self.part[able] != p], CANDIDATES_PER_TERMINAL)
            for p in np.unique(self.part[able]).tolist()
        ]
        free = np.ones(allowed.size, dtype=np.int64)
        return joined([*self._inside(r_m, allowed, choice), shortest_first(r_m, *joined(between), free, choice=choice)])


class Relay(_Joined):
    """Links within each entry of the constellation, and from all others to the nearest satellites of a relaying one.

    Parameters
    ----------
    blocks : sequence of Grid or Lattice
        Blocks of the constellation.
    part : ndarray of int64, shape (N,)
        Number of the entry of each satellite.
    limits : Limits
        What every link obeys.
    through : int
        Number of the relaying entry.
    links : int
        Links of each formation to relay satellites, at most one for each of its satellites; of each satellite of anything else.
    relay_terminals : int
        Most such links of a relay satellite.
    max_range_m : float, optional
        Longest link to a relay satellite [m]; by default that of all links.
    compute : bool
        Whether relay satellites compute too; otherwise they only pass messages on.
    """

    name = "relay"

    def __init__(
        self, blocks: Sequence[ConstellationBlock], part: Indices, limits: Limits, through: int, links: int = 2,
        relay_terminals: int = 1, max_range_m: float | None = None, compute: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(blocks, part, limits, max_range_m)
        self.relays = np.flatnonzero(part == through)
        self.users = np.flatnonzero(part != through)
        self.free = np.where(part == through, relay_terminals, links)
        self.budget = np.arange(part.size, dtype=np.int64)  # of each satellite: what its links are counted under
        self.links = links
        if not compute:
            self.switches = self.relays
        for block in blocks:
            if isinstance(block, Lattice) and part[block.first] != through:
                mine = slice(block.first, block.first + block.count)
                self.budget[mine], self.free[mine] = block.first, 1

    def candidates(self, r_m: Array, allowed: Mask, choice: Choice = FREE_CHOICE) -> Pairs:
        """Links within entries, and those to relay satellites chosen for these positions.

        Parameters
        ----------
        r_m : ndarray, shape (3, N)
            Positions of the satellites [m].
        allowed : ndarray of bool, shape (N,)
            Satellites that may have links.
        choice : Choice, optional
            Which links can be built, and which exist.

        Returns
        -------
        tuple of ndarray
            The pairs.
        """
        users, relays = self.users[allowed[self.users]], self.relays[allowed[self.relays]]
        near = self._near(r_m, users, relays, CANDIDATES_PER_TERMINAL * self.links)
        most = np.full(allowed.size, np.iinfo(np.int64).max)
        most[self.budget[self.users]] = self.links
        return joined([*self._inside(r_m, allowed, choice), shortest_first(r_m, *near, self.free, self.budget, most, choice)])


def _planes(block: ConstellationBlock) -> list[Indices]:
    """Satellites of each plane of a shell; of a formation in one."""
    numbers = block.first + np.arange(block.count, dtype=np.int64)
    return list(numbers.reshape(block.planes, block.slots)) if isinstance(block, Grid) else [numbers]
