"""Least delays from many sources at once, at one moment: a row of delays for each satellite, a lane for each source.

`row_relaxation` lowers the rows. In double precision the results have the same bits as those of Dijkstra's algorithm; in single
precision every addition rounds to 6e-8 of the delay so far.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import exact_kernel
from orbit.kernels.streaming_stores import empty_lines
from sim.network import LEAST_DELAY_S
from sim.network.row_relaxation import LANES, Tables, mark, settle

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

GROUP = 8 * LANES  # lanes of a row that are lowered together: three planes of such rows fit in the second cache


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
        if not settle(least, weight, tables, (lo, hi), due, limit):
            return False
    return True


def least_from_sources(
    tables: Tables, delay_s: Array, seeds: Seeds, out: NDArray[Any], limit: int
) -> bool:
    """Least delays of all satellites from sources outside the graph.

    Parameters
    ----------
    tables : Tables
        Links of all satellites.
    delay_s : ndarray, shape (L,)
        Delay of each link [s], not negative, raised to `LEAST_DELAY_S`; infinite where there is no link.
    seeds : Seeds
        Direct connections of the sources.
    out : ndarray, shape (N, columns)
        From `rows_for`: receives the least delays [s], infinite without a route, satellite by satellite.
    limit : int
        Satellites that may be visited for each group of sources.

    Returns
    -------
    bool
        Whether all delays are the least ones; False where the limit was met before.
    """
    weight = np.append(np.maximum(delay_s, LEAST_DELAY_S), np.inf).astype(out.dtype)
    out.fill(np.inf)
    block = np.searchsorted(tables.start, seeds.node, side="right") - 1
    return bool(
        _settle_sources(
            out, weight, tables, seeds.source, seeds.node, block, seeds.delay_s.astype(out.dtype),
            np.zeros(tables.start.size - 1, dtype=np.bool_), limit,
        )
    )  # fmt: skip
