"""Messages of collective operations: who sends how many bytes to whom, in which order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ALGORITHMS = ("ring", "halving-doubling", "torus")
PARTS = {"ring": (1, 2), "halving-doubling": (1,), "torus": (1, 2, 4)}  # parts of the data that travel by different routes


class Phase(NamedTuple):
    """Messages that are sent `repeat` times one after the other: source, destination and bytes of each, all (F,).

    A satellite sends its next message when it has received the one of the step before and its last one has left.
    """

    repeat: int
    ring: int  # consecutive messages that close a ring, each to the sender of the next; 0: messages in no such order
    src: Ints
    dst: Ints
    size_bytes: Floats


def _phase(repeat: int, ring: int, src: Ints, dst: Ints, size_bytes: float) -> Phase:
    return Phase(repeat, ring, src.ravel(), dst.ravel(), np.full(src.size, size_bytes))


def all_reduce(
    algorithm: str, groups: Ints, bytes_per_member: float, rows: int | None = None, parts: int = 1
) -> list[list[Phase]]:
    """Messages of an all-reduce, performed in each of G groups at once.

    Parameters
    ----------
    algorithm : {"ring", "halving-doubling", "torus"}
        ring: each rank sends to the next. halving-doubling: half of the bytes go to the rank at distance 1, a quarter to
        distance 2, and so on, so that large messages travel short routes. torus: ranks in rows, scattered along rows,
        reduced along columns, gathered along rows.
    groups : ndarray of int64, shape (G, n)
        Satellites of each group in rank order.
    bytes_per_member : float
        Bytes that each rank contributes.
    rows : int, optional
        Rows of the torus, a divisor of n; by default as nearly square as n allows.
    parts : int, optional
        Equal parts of the data that are reduced at the same time. A ring sends two parts in opposite directions. A torus
        sends two parts along rows and columns first, and four parts in both directions of both; a satellite changes from
        rows to columns, or back, when it has finished all parts.

    Returns
    -------
    list of list of Phase
        Phases of each part in order, as many in each part; none for fewer than two ranks. The first half of the phases is
        the reduce-scatter, the second half the all-gather.

    Raises
    ------
    ValueError
        If the algorithm is unknown, if it has no such parts, or if `rows` does not divide n.

    References
    ----------
    [thakur2005:section 4.5]

    Examples
    --------
    A ring of three: two steps in which each rank sends a third of the bytes to the next, and two more.

    >>> ((scatter, gather),) = all_reduce("ring", np.array([[5, 6, 7]]), 3e9)
    >>> scatter.repeat, scatter.src.tolist(), scatter.dst.tolist(), scatter.size_bytes.tolist()
    (2, [5, 6, 7], [6, 7, 5], [1000000000.0, 1000000000.0, 1000000000.0])
    >>> gather is scatter
    True
    """
    if algorithm not in ALGORITHMS:
        raise ValueError(f"all-reduce algorithm {algorithm!r} is unknown; write one of {', '.join(ALGORITHMS)}")
    if parts not in PARTS[algorithm]:
        allowed = ", ".join(map(str, PARTS[algorithm]))
        raise ValueError(f"{algorithm} of {parts} parts is unknown; write one of {allowed}")
    ranks = groups.shape[1]
    if ranks < 2:
        return []
    size_bytes = bytes_per_member / parts
    if algorithm == "ring":
        return [_there_and_back([_ring(g, size_bytes)]) for g in (groups, groups[:, ::-1])[:parts]]
    if algorithm == "halving-doubling":
        return [_halving_doubling(groups, size_bytes)]
    return _torus(groups, size_bytes, rows or square_rows(ranks), parts)


def square_rows(ranks: int) -> int:
    """Rows of the most nearly square grid of ranks.

    Parameters
    ----------
    ranks : int
        Number of ranks, at least 1.

    Returns
    -------
    int
        Largest divisor up to the square root.

    Examples
    --------
    >>> [square_rows(n) for n in (12, 81, 97, 128)]
    [3, 9, 1, 8]
    """
    return max(r for r in range(1, int(ranks**0.5) + 2) if ranks % r == 0 and r * r <= ranks)


def _there_and_back(scatter: list[Phase]) -> list[Phase]:
    """The all-gather sends as many bytes over the same links as the reduce-scatter, in reverse order."""
    return scatter + scatter[::-1]


def _ring(groups: Ints, size_bytes: float) -> Phase:
    ranks = groups.shape[1]
    return _phase(ranks - 1, ranks, groups, np.roll(groups, -1, axis=1), size_bytes / ranks)


def _halving_doubling(groups: Ints, size_bytes: float) -> list[Phase]:
    ranks = groups.shape[1]
    steps = ranks.bit_length() - 1
    extra = ranks - (1 << steps)
    paired = groups[:, : 2 * extra]
    core = np.concatenate([paired[:, ::2], groups[:, 2 * extra :]], axis=1)
    exchanges = []
    for step in range(steps):
        partner = np.arange(1 << steps) ^ (1 << step)
        exchanges.append(_phase(1, 0, core, core[:, partner], size_bytes / (2 << step)))
    phases = _there_and_back(exchanges)
    if extra:
        phases.insert(0, _phase(1, 0, paired[:, 1::2], paired[:, ::2], size_bytes))
        phases.append(_phase(1, 0, paired[:, ::2], paired[:, 1::2], size_bytes))
    return phases


def _torus(groups: Ints, size_bytes: float, rows: int, parts: int) -> list[list[Phase]]:
    ranks = groups.shape[1]
    if ranks % rows:
        raise ValueError(f"{rows} rows do not divide {ranks} ranks; write a divisor")
    columns = ranks // rows
    grid = groups.reshape(-1, rows, columns)
    along = grid.reshape(-1, columns), grid.transpose(0, 2, 1).reshape(-1, rows)
    routes = []
    for part in range(parts):
        lines = [line[:, ::-1] if part > 1 else line for line in (along if part % 2 == 0 else along[::-1])]
        scatter, left_bytes = [], size_bytes
        for line in lines:
            if line.shape[1] > 1:
                scatter.append(_ring(line, left_bytes))
            left_bytes /= line.shape[1]
        routes.append(_there_and_back(scatter))
    return routes
