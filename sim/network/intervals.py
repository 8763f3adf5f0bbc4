"""What stood from which recorded moment until which: links and ways change seldom, so changes are kept, not moments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class IntervalRecorder:
    """Sets of whole numbers over moments; `record` is called once a moment, in order."""

    def __init__(self) -> None:
        self._standing: Ints = np.zeros(0, dtype=np.int64)
        self._since: Ints = np.zeros(0, dtype=np.int64)
        self._ended: list[Ints] = []  # rows (3, n): key, from, until
        self._moments = 0

    def record(self, keys: Ints) -> None:
        """keys (n,): what stands at this moment, each once."""
        now = np.sort(keys)
        if not np.array_equal(now, self._standing):
            stays = np.isin(self._standing, now, assume_unique=True)
            self._end(~stays)
            fresh = np.setdiff1d(now, self._standing, assume_unique=True)
            together = np.concatenate((self._standing[stays], fresh))
            since = np.concatenate((self._since[stays], np.full(fresh.size, self._moments, dtype=np.int64)))
            order = np.argsort(together)
            self._standing, self._since = together[order], since[order]
        self._moments += 1

    def _end(self, which: NDArray[np.bool_]) -> None:
        gone = self._standing[which]
        self._ended.append(np.stack((gone, self._since[which], np.full(gone.size, self._moments, dtype=np.int64))))

    def rows(self) -> Ints:
        """(3, spans): key, first moment, first moment without it; by first moment, then key."""
        open_ = np.stack((self._standing, self._since, np.full(self._standing.size, self._moments, dtype=np.int64)))
        found = np.concatenate([*self._ended, open_], axis=1)
        return np.asarray(found[:, np.lexsort((found[0], found[1]))])


class Ways:
    """Lists of satellites over moments, one for each of `count` ends; an empty one is no way."""

    def __init__(self, count: int) -> None:
        self._last: list[list[int]] = [[] for _ in range(count)]
        self._since = [0] * count
        self._ended: list[tuple[int, int, int, list[int]]] = []
        self._moments = 0

    def record(self, ways: list[list[int]]) -> None:
        for i, way in enumerate(ways):
            if way != self._last[i]:
                self._end(i)
                self._last[i], self._since[i] = way, self._moments
        self._moments += 1

    def _end(self, i: int) -> None:
        if self._last[i]:
            self._ended.append((self._since[i], i, self._moments, self._last[i]))

    def rows(self) -> tuple[Ints, Ints, Ints]:
        """(3, ways): end, first moment, first moment without it; where each begins in the satellites; the satellites."""
        open_ = [(self._since[i], i, self._moments, way) for i, way in enumerate(self._last) if way]
        found = sorted([*self._ended, *open_])
        spans = np.array([(i, begin, until) for begin, i, until, _ in found], dtype=np.int64).reshape(-1, 3).T
        begins = np.cumsum([0, *(len(way) for *_, way in found)], dtype=np.int64)[:-1]
        satellites = np.array([s for *_, way in found for s in way], dtype=np.int64)
        return spans, begins, satellites
