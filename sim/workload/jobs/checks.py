"""Parts of satellites whose results are wrong: from a silent error to the next check."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Checks:
    """Checks of many parts, at the same moments: whole multiples of their interval after the epoch.

    Parameters
    ----------
    interval_s : float
        Time between two checks [s].
    harmful : float
        Share of the silent errors that spoil results.
    parts : int
        Equal parts of a satellite, or of a copy of a model, of which an error spoils one.

    Examples
    --------
    One of four parts is wrong from 100 s to the check at 600 s, a quarter of it from the beginning of a step of 200 s:

    >>> checks = Checks(600.0, 1.0, 4)
    >>> checks.wrong([(100.0, 7, 2)], 0.0, 200.0)
    {7: 0.125}
    >>> checks.wrong([], 600.0, 800.0)
    {}
    """

    def __init__(self, interval_s: float, harmful: float, parts: int) -> None:
        self.interval_s, self.harmful, self.parts = interval_s, harmful, parts
        self._wrong: list[tuple[int, float, float]] = []  # owner, from when, until when
        self._until_s: dict[tuple[int, int], float] = {}  # the check that finds what is wrong, by owner and part

    def wrong(self, errors: Iterable[tuple[float, int, int]], begin_s: float, end_s: float) -> dict[int, float]:
        """Share of the results of a step that are wrong.

        Parameters
        ----------
        errors : iterable of (float, int, int)
            Harmful errors of the step in order of time: time [s], owner of the part, and part.
        begin_s, end_s : float
            The step [s]; steps follow on each other.

        Returns
        -------
        dict of int to float
            Shares by owner, of those that have any.
        """
        for time_s, owner, part in errors:
            if self._until_s.get((owner, part), -math.inf) <= time_s:  # right until now
                check_s = (math.floor(time_s / self.interval_s) + 1.0) * self.interval_s
                self._until_s[owner, part] = check_s
                self._wrong.append((owner, time_s, check_s))
        shares: dict[int, float] = {}
        for owner, since_s, check_s in self._wrong:
            wrong_s = min(check_s, end_s) - max(since_s, begin_s)
            if wrong_s > 0.0:
                shares[owner] = shares.get(owner, 0.0) + wrong_s / ((end_s - begin_s) * self.parts)
        self._wrong = [each for each in self._wrong if each[2] > end_s]
        self._until_s = {key: check_s for key, check_s in self._until_s.items() if check_s > end_s}
        return shares
