"""Least delays from many sources at once, at one moment: a row of delays for each satellite, a lane for each source.

`row_relaxation` lowers the rows. In double precision the results have the same bits as those of Dijkstra's algorithm; in single
precision every addition rounds to 6e-8 of the delay so far.

Rows of other blocks are read from slower memory, and a change passes through a block in one round. So the search is fast where
neighbours have near numbers, as in planes of a grid. Other graphs are numbered anew by Cuthill and McKee's rule. Where delays still
pass through the blocks too often, Dijkstra's algorithm in scipy answers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra, reverse_cuthill_mckee

from orbit.kernels.compile import exact_kernel
from orbit.kernels.streaming_stores import empty_lines
from sim.network import LEAST_DELAY_S
from sim.network.row_relaxation import BLOCK, LANES, Tables, mark, settle_rows, tables

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

GROUP = 8 * LANES  # lanes of a row that are lowered together: three planes of such rows fit in the second cache
# Links inside blocks, of all links, below which satellites are numbered anew. Planes of a grid have a half, random numbers 0.3 % of
# 10,000; numbered anew, the four nearest neighbours of 10,000 satellites at random have a third and are searched five times as fast.
INSIDE_SHARE = 0.25
# Visits of all satellites after which Dijkstra's algorithm takes over. On grids 3 to 6 are needed, with the four or eight nearest
# neighbours of 10,000 satellites at random 20 to 30, which take a third of the time of that algorithm.
VISITS = 80


class Seeds(NamedTuple):
    """Direct connections of sources outside the graph, such as ground stations, to satellites.

    Attributes
    ----------
    sources : int
        Number of sources S.
    source, node : ndarray of int64, shape (K,)
        Source and satellite of each connection.
    delay_s : ndarray, shape (K,)
        Its delay [s], not negative; infinite: there is none.
    """

    sources: int
    source: Indices
    node: Indices
    delay_s: Array


def seeds_in_view(delay_s: Array) -> Seeds:
    """Connections that are not infinite.

    Parameters
    ----------
    delay_s : ndarray, shape (S, N)
        Delay from each source directly to each satellite [s]; infinite where there is no direct connection.

    Returns
    -------
    Seeds
        The finite ones.

    Examples
    --------
    >>> seeds_in_view(np.array([[np.inf, 2e-3], [3e-3, np.inf]])).node.tolist()
    [1, 0]
    """
    source, node = np.nonzero(np.isfinite(delay_s))
    return Seeds(delay_s.shape[0], source, node, delay_s[source, node])


def rows_for(count: int, sources: int, precision: type[np.floating[Any]] = np.float64) -> NDArray[Any]:
    """Array for the results of a search, which may be used for the next one too: memory that was never used is slow.

    Parameters
    ----------
    count, sources : int
        Number of satellites N and of sources.
    precision : type
        numpy.float64 or numpy.float32.

    Returns
    -------
    ndarray, shape (N, columns)
        Not initialised; the sources, filled up to whole vectors.

    Examples
    --------
    >>> rows_for(5, 20).shape
    (5, 32)
    """
    columns = max(LANES, sources + -sources % LANES)
    wide = empty_lines(count, columns * np.dtype(precision).itemsize // 8)
    return wide.view(precision).reshape(count, columns)


@exact_kernel
def _settle_sources(
    least: NDArray[Any],
    weight: NDArray[Any],
    tables: Tables,
    source: Indices,
    node: Indices,
    block: Indices,
    seed: NDArray[Any],
    due: Flags,
    limit: int,
) -> bool:
    """Lower least[satellite, source], infinite at first, from connections in blocks; False where more than `limit` rows were visited."""
    for lo in range(0, least.shape[1], GROUP):
        hi = min(lo + GROUP, least.shape[1])
        due[:] = False
        for k in range(source.size):
            if lo <= source[k] < hi:
                least[node[k], source[k]] = min(least[node[k], source[k]], seed[k])
                due[block[k]] = True
                mark(block[k], tables.first_beside, tables.beside, due)
        if not settle_rows(least, weight, tables, (lo, hi), due, limit):
            return False
    return True


class SourceGraph:
    """Links prepared for searches from many sources.

    Parameters
    ----------
    tail, head, link : ndarray of int, shape (2 L,)
        Both directions of every link: from satellite, to satellite, number of the link; in ascending order of tail and head.
    count, links : int
        Number of satellites N and of links L.
    starts : ndarray of int, shape (blocks,)
        First satellite of each block of neighbours, such as a plane, ascending from 0.
    """

    def __init__(self, tail: Indices, head: Indices, link: Indices, count: int, links: int, starts: Indices) -> None:
        self.count, self._ends, self._link = count, (tail, head), link
        self._number: Indices | None = None  # of each satellite in the tables; None: its own
        of = np.searchsorted(starts, np.arange(count), side="right")
        if np.count_nonzero(of[tail] == of[head]) < INSIDE_SHARE * tail.size:
            joined = csr_array((np.ones(tail.size, dtype=np.int8), (tail, head)), shape=(count, count))
            order = reverse_cuthill_mckee(joined, symmetric_mode=True)
            self._number = np.empty(count, dtype=np.int64)
            self._number[order] = np.arange(count)
            tail, head = self._number[tail], self._number[head]
            sort = np.lexsort((head, tail))
            tail, head, link, starts = tail[sort], head[sort], link[sort], np.arange(0, count, BLOCK)
        self._tables = tables(tail, head, link, links, starts, count)
        self._scratch: dict[tuple[int, Any], NDArray[Any]] = {}  # kept: memory that was never used is slow

    def least_s(self, delay_s: Array, seeds: Seeds, out: NDArray[Any], visits: int = VISITS) -> NDArray[Any]:
        """Least delays of all satellites from sources outside the graph.

        Parameters
        ----------
        delay_s : ndarray, shape (L,)
            Delay of each link [s], not negative, raised to `LEAST_DELAY_S`; infinite where there is no link.
        seeds : Seeds
            Direct connections of the sources.
        out : ndarray, shape (N, columns)
            From `rows_for`, for the results, satellite by satellite.
        visits : int, optional
            Visits of all satellites after which Dijkstra's algorithm takes over.

        Returns
        -------
        ndarray, shape (S, N)
            Least delays [s], infinite without a route: a view of `out`.
        """
        rows = out if self._number is None else self._spare(out)
        if not self._settled(delay_s, seeds, rows, visits):
            out[:, : seeds.sources] = self._by_dijkstra(delay_s, seeds).T
        elif self._number is not None:
            np.take(rows, self._number, axis=0, out=out)
        return out[:, : seeds.sources].T

    def _spare(self, out: NDArray[Any]) -> NDArray[Any]:
        key = out.shape[1], out.dtype
        if key not in self._scratch:
            self._scratch = {key: rows_for(self.count, out.shape[1], out.dtype.type)}
        return self._scratch[key]

    def _settled(self, delay_s: Array, seeds: Seeds, rows: NDArray[Any], visits: int) -> bool:
        """Search with rows; False where it takes more visits than those."""
        weight = np.append(np.maximum(delay_s, LEAST_DELAY_S), np.inf).astype(rows.dtype)
        node = seeds.node if self._number is None else self._number[seeds.node]
        block = np.searchsorted(self._tables.start, node, side="right") - 1
        due = np.zeros(self._tables.start.size - 1, dtype=np.bool_)
        rows.fill(np.inf)
        seed = seeds.delay_s.astype(rows.dtype)
        return bool(
            _settle_sources(rows, weight, self._tables, seeds.source, node, block, seed, due, visits * self.count)
        )

    def _by_dijkstra(self, delay_s: Array, seeds: Seeds) -> Array:
        """Least delays (S, N) from a graph in which sources are numbered after the satellites."""
        (tail, head), there = self._ends, np.isfinite(seeds.delay_s)
        rows = np.concatenate((tail, self.count + seeds.source[there]))
        columns = np.concatenate((head, seeds.node[there]))
        weight = np.concatenate((np.maximum(delay_s, LEAST_DELAY_S)[self._link], seeds.delay_s[there]))
        size = self.count + seeds.sources
        on = np.isfinite(weight)
        matrix = csr_array((weight[on], (rows[on], columns[on])), shape=(size, size))
        found = dijkstra(matrix, indices=np.arange(self.count, size))
        return np.asarray(found[:, : self.count])
