"""Times without a route: how many, how long in all, and the longest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def outages(reached: NDArray[np.bool_], step_s: float) -> dict[str, Any]:
    """Interruptions of a route over a run. What holds at the end of a step holds for the step.

    Parameters
    ----------
    reached : ndarray of bool, shape (steps,)
        Steps with a route.
    step_s : float
        Length of a step [s].

    Returns
    -------
    dict
        count, number of intervals without a route; total_s and longest_s, their sum and the longest [s]; longest_at_s, when the longest
        begins after the epoch [s], of several the first, None without any. An interval that touches the start or the end of the run
        counts as far as it lies in it.

    Examples
    --------
    Two outages, of one and of two steps:

    >>> outages(np.array([True, False, True, False, False, True]), 60.0)
    {'count': 2, 'total_s': 180.0, 'longest_s': 120.0, 'longest_at_s': 180.0}
    >>> outages(np.ones(6, dtype=bool), 60.0)
    {'count': 0, 'total_s': 0.0, 'longest_s': 0.0, 'longest_at_s': None}
    """
    change = np.diff(np.concatenate(([0], (~reached).astype(np.int8), [0])))
    begin, end = np.flatnonzero(change > 0), np.flatnonzero(change < 0)
    if not begin.size:
        return {"count": 0, "total_s": 0.0, "longest_s": 0.0, "longest_at_s": None}
    steps = end - begin
    longest = int(np.argmax(steps))
    return {
        "count": int(begin.size), "total_s": _seconds(int(steps.sum()), step_s), "longest_s": _seconds(int(steps[longest]), step_s),
        "longest_at_s": _seconds(int(begin[longest]), step_s),
    }  # fmt: skip


def _seconds(steps: int, step_s: float) -> float:
    """Whole steps in seconds, to whole milliseconds, of which a step has a whole number."""
    return steps * round(1e3 * step_s) / 1e3
