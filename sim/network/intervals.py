"""Recording of a run: links and routes change seldom, so intervals are stored; what is costly is recorded at a few steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class IntervalRecorder:
    """Intervals during which integer keys were present; `record` is called once a sample, in order.

    Examples
    --------
    Key 1 is present in samples 0 and 1, key 3 in sample 0, key 7 in sample 2:

    >>> recorder = IntervalRecorder()
    >>> for keys in ([3, 1], [1], [7]):
    ...     recorder.record(np.array(keys))
    >>> recorder.rows().T.tolist()
    [[1, 0, 2], [3, 0, 1], [7, 2, 3]]
    """

    def __init__(self) -> None:
        self._keys: Ints = np.zeros(0, dtype=np.int64)  # of the last sample, in the order as given
        self._given: Ints | None = None  # the array itself
        self._present: Ints = np.zeros(0, dtype=np.int64)
        self._since: Ints = np.zeros(0, dtype=np.int64)
        self._closed: list[Ints] = []  # rows (3, n): key, first sample, first sample without it
        self._samples = 0

    def record(self, keys: Ints) -> None:
        """Record the keys that are present in the next sample.

        Parameters
        ----------
        keys : ndarray of int64, shape (n,)
            Keys in any order, each once; an array that is given again has not been changed.
        """
        if keys is self._given or np.array_equal(keys, self._keys):  # in the order of the last sample: nothing has changed
            self._given = keys
            self._samples += 1
            return
        self._given, self._keys, now = keys, keys.copy(), np.sort(keys)
        if not np.array_equal(now, self._present):
            stays = np.isin(self._present, now, assume_unique=True)
            self._close(~stays)
            new = np.setdiff1d(now, self._present, assume_unique=True)
            present = np.concatenate((self._present[stays], new))
            since = np.concatenate((self._since[stays], np.full(new.size, self._samples, dtype=np.int64)))
            order = np.argsort(present)
            self._present, self._since = present[order], since[order]
        self._samples += 1

    def _close(self, which: NDArray[np.bool_]) -> None:
        gone = self._present[which]
        self._closed.append(np.stack((gone, self._since[which], np.full(gone.size, self._samples, dtype=np.int64))))

    def rows(self) -> Ints:
        """Intervals recorded so far; an interval that is still open ends after the last sample.

        Returns
        -------
        ndarray of int64, shape (3, intervals)
            Key, first sample, first sample without the key; sorted by first sample, then key.
        """
        still_open = np.stack((self._present, self._since, np.full(self._present.size, self._samples, dtype=np.int64)))
        rows = np.concatenate([*self._closed, still_open], axis=1)
        return np.asarray(rows[:, np.lexsort((rows[0], rows[1]))])


class RouteRecorder:
    """Intervals during which routes kept the same satellites; an empty route means no route.

    Parameters
    ----------
    count : int
        Number of routes in each sample: one for each station, then one for each pair of stations.

    Examples
    --------
    >>> recorder = RouteRecorder(1)
    >>> for route in ([4, 2], [4, 2], []):
    ...     recorder.record([route])
    >>> intervals, starts, satellites = recorder.rows()
    >>> intervals.T.tolist(), satellites.tolist()
    ([[0, 0, 2]], [4, 2])
    """

    def __init__(self, count: int) -> None:
        self._last: list[list[int]] = [[] for _ in range(count)]
        self._since = [0] * count
        self._closed: list[tuple[int, int, int, list[int]]] = []
        self._samples = 0

    def record(self, routes: list[list[int]]) -> None:
        """Record the satellites of every route in the next sample.

        Parameters
        ----------
        routes : list of list of int
            Satellites of each of `count` routes in order; empty without a route.
        """
        for i, route in enumerate(routes):
            if route != self._last[i]:
                self._close(i)
                self._last[i], self._since[i] = route, self._samples
        self._samples += 1

    def _close(self, i: int) -> None:
        if self._last[i]:
            self._closed.append((self._since[i], i, self._samples, self._last[i]))

    def rows(self) -> tuple[Ints, Ints, Ints]:
        """Intervals recorded so far; an interval that is still open ends after the last sample.

        Returns
        -------
        intervals : ndarray of int64, shape (3, intervals)
            Number of the route, first sample, first sample without it; sorted by first sample.
        starts : ndarray of int64, shape (intervals,)
            Index of the first satellite of each interval in `satellites`.
        satellites : ndarray of int64
            Satellites of all intervals, one after the other.
        """
        still_open = [(self._since[i], i, self._samples, route) for i, route in enumerate(self._last) if route]
        rows = sorted([*self._closed, *still_open])
        intervals = np.array([(i, begin, until) for begin, i, until, _ in rows], dtype=np.int64).reshape(-1, 3).T
        starts = np.cumsum([0, *(len(route) for *_, route in rows)], dtype=np.int64)[:-1]
        satellites = np.array([s for *_, route in rows for s in route], dtype=np.int64)
        return intervals, starts, satellites


class SampledSteps:
    """Steps of a run at which something is recorded, evenly spread.

    Parameters
    ----------
    run_steps : int
        Steps of the run.
    most : int
        Largest number of steps that are taken; not negative.

    Attributes
    ----------
    steps : ndarray of int64, shape (moments,)
        The steps, each in the middle of an equal part of the run.

    Examples
    --------
    >>> sampled = SampledSteps(12, 3)
    >>> sampled.steps.tolist(), sampled.moment(6), sampled.moment(7)
    ([2, 6, 10], 1, -1)
    """

    def __init__(self, run_steps: int, most: int) -> None:
        moments = min(most, run_steps)
        self.steps: Ints = (run_steps * (2 * np.arange(moments) + 1)) // (2 * max(1, moments))

    def moment(self, k: int) -> int:
        """Number of the moment of a step.

        Parameters
        ----------
        k : int
            The step.

        Returns
        -------
        int
            Its index in `steps`, -1 where the step is not taken.
        """
        at = int(np.searchsorted(self.steps, k))
        return at if at < self.steps.size and self.steps[at] == k else -1
