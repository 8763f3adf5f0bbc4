"""Healthy spares that jobs share."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class SparePool:
    """Healthy spares in order of number, and the time that each was a spare in the current window.

    Parameters
    ----------
    spares : sequence of int
        Numbers of the spares, each once.
    satellites : int
        Length of the arrays that `close_window` returns.
    begin_s : float
        Beginning of the first window [s].
    """

    def __init__(self, spares: Sequence[int], satellites: int, begin_s: float) -> None:
        self.ready = sorted(spares)
        self._since_s = dict.fromkeys(self.ready, begin_s)
        self._begin_s = begin_s
        self._standby_s = np.zeros(satellites)
        self._changed = False
        self._unchanged_length_s = math.nan  # length of the window that _unchanged_s belongs to
        self._unchanged_s = self._standby_s

    def join(self, satellite: int, time_s: float) -> None:
        """Add a spare.

        Parameters
        ----------
        satellite : int
            Number of the satellite.
        time_s : float
            Time from which it is a spare [s].
        """
        insort(self.ready, satellite)
        self._since_s[satellite] = time_s
        self._changed = True

    def leave(self, satellite: int, time_s: float) -> None:
        """Remove a spare.

        Parameters
        ----------
        satellite : int
            Number of a satellite of the pool.
        time_s : float
            Time until which it was a spare [s].
        """
        del self.ready[bisect_left(self.ready, satellite)]
        self._standby_s[satellite] += time_s - max(self._since_s.pop(satellite), self._begin_s)
        self._changed = True

    def close_window(self, end_s: float) -> NDArray[np.float64]:
        """Close the current window and start the next.

        While no spare joins or leaves, the same array is returned for all windows of one length.

        Parameters
        ----------
        end_s : float
            End of the window [s].

        Returns
        -------
        ndarray, shape (satellites,)
            Seconds as a spare in the window, read-only.
        """
        length_s = end_s - self._begin_s
        if self._changed or length_s != self._unchanged_length_s:
            standby_s = self._standby_s
            for satellite in self.ready:
                standby_s[satellite] += end_s - max(self._since_s[satellite], self._begin_s)
            standby_s.setflags(write=False)
            self._unchanged_s, self._unchanged_length_s = standby_s, math.nan if self._changed else length_s
            self._standby_s = np.zeros(standby_s.size)
            self._changed = False
        self._begin_s = end_s
        return self._unchanged_s
