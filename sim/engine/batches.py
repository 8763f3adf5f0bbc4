"""Tiles of a coupled fleet in batches: a compiled call takes a whole batch, and threads take batches side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engine.context import Tile
from sim.engine.satellite_params import FleetType

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
SHARE_TILES = 16  # that a thread takes at least: handing over fewer costs more than it saves


class Batch(NamedTuple):
    """Neighbouring tiles whose satellites are of one type; views of the arrays of all tiles."""

    kind: int
    type_: FleetType
    work: Array  # (tiles, WORK, ROW_LENGTH)
    r_m: Array  # (tiles, block, 3, width)
    first: Ints  # number of the first satellite of each tile
    real: Ints  # satellites of each tile
    fleet: Ints  # (types, steps, columns) sums over the fleet, in whole counts
    extremes: Array  # (steps, items) largest and smallest values


class Batches:
    """All tiles of a fleet, cut where the type of satellite changes and into shares of the threads.

    Parameters
    ----------
    tiles : sequence of Tile
        All satellites of the run.
    work : ndarray, shape (tiles, WORK, ROW_LENGTH)
        Their rows.
    r_m : ndarray, shape (tiles, block, 3, width)
        Their positions at the ends of the steps of a block [m].
    threads : int
        Largest number of threads.
    new_sums : callable
        Gives each batch its own sums and extremes, so that no two threads add to the same.
    """

    def __init__(
        self, tiles: Sequence[Tile], work: Array, r_m: Array, threads: int, new_sums: Callable[[], tuple[Ints, Array]]
    ) -> None:
        changes = np.flatnonzero(np.diff([tile.kind for tile in tiles])) + 1
        shares = max(1, min(threads, len(tiles) // SHARE_TILES))
        cuts = {0, len(tiles), *changes.tolist(), *(len(tiles) * n // shares for n in range(shares))}
        first, real = np.array([t.first for t in tiles]), np.array([t.real for t in tiles])
        self._all = [
            Batch(tiles[lo].kind, tiles[lo].type_, work[lo:hi], r_m[lo:hi], first[lo:hi], real[lo:hi], *new_sums())
            for lo, hi in pairwise(sorted(cuts))
        ]
        self._pool = ThreadPoolExecutor(max_workers=shares) if shares > 1 else None

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._all)

    def each(self, call: Callable[[Batch], None]) -> None:
        """Call once for every batch; batches share no satellite and no sum.

        Parameters
        ----------
        call : callable
            Called with a batch.
        """
        if self._pool is None:
            for batch in self._all:
                call(batch)
        else:
            list(self._pool.map(call, self._all))

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()
