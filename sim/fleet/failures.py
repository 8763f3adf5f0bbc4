"""When satellites go down and come back: drawn at random, listed by hand, or both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import merge as merged
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FAILURES = 1  # the number of this process in its spawn keys; another process takes another number


class Change(NamedTuple):
    """A satellite goes down or comes up. Both at one instant, down before up, are an interruption: it reboots.

    As tuples, changes are in order of time, then satellite, then down before up.
    """

    time_s: float
    satellite: int
    up: bool


def exponential(
    seed: int,
    replica: int,
    satellites: int,
    mean_time_s: float,
    repair_s: float,
    duration_s: float,
    process: int = FAILURES,
) -> list[Change]:
    """Changes in [0, duration_s): each satellite goes down after an exponential time up, and is back after repair_s.

    repair_s = 0: it reboots at once; inf: it stays down. A satellite's k-th life is the satellite-th draw of the stream
    (seed, process, replica, k): more satellites, a longer duration or another process leave the earlier draws as they
    are, and another mean only stretches the lives.
    """
    if not mean_time_s > 0.0 or not repair_s >= 0.0:
        raise ValueError(f"mean {mean_time_s} s must be above 0 and repair {repair_s} s not below")
    found: list[Change] = []
    active = np.arange(satellites)
    since_s = np.zeros(satellites)  # of the active ones: when they last came up
    life = 0
    while active.size:
        stream = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(process, replica, life)))
        # by inversion, one draw each: the share of a stream that a satellite uses does not depend on its values
        lives = stream.standard_exponential(int(active[-1]) + 1, method="inv")[active]
        down_s = since_s + mean_time_s * lives
        back_s = down_s + repair_s
        fails, returns = down_s < duration_s, back_s < duration_s
        found += _changes(down_s[fails], active[fails], False) + _changes(back_s[returns], active[returns], True)
        active, since_s = active[returns], back_s[returns]
        life += 1
    return sorted(found)


def _changes(times_s: NDArray[np.float64], satellites: NDArray[np.int64], up: bool) -> list[Change]:
    return [Change(t, s, up) for t, s in zip(times_s.tolist(), satellites.tolist(), strict=True)]


def normalise(changes: Iterable[Change]) -> list[Change]:
    """In order, and of each satellite down and up in turn, beginning with down: what changes nothing is left out."""
    down: set[int] = set()
    kept = []
    for change in sorted(changes):
        if change.up == (change.satellite in down):
            kept.append(change)
            (down.discard if change.up else down.add)(change.satellite)
    return kept


def merge(*causes: Sequence[Change]) -> list[Change]:
    """All causes together: a satellite is up while it is up by each of them.

    So a satellite lost for good by one cause is not brought back by the end of a reboot that another cause drew.
    """
    holding: dict[int, int] = {}  # how many causes keep a satellite down
    kept = []
    for change in merged(*(normalise(cause) for cause in causes)):
        before = holding.get(change.satellite, 0)
        after = before - 1 if change.up else before + 1
        holding[change.satellite] = after
        if (before == 0) != (after == 0):
            kept.append(change)
    return kept


def state_at(changes: Sequence[Change], satellites: int, time_s: float) -> NDArray[np.bool_]:
    """Which satellites are up at a moment, those that change just then included, shape (satellites,).

    `changes` as `normalise` or `merge` leave them; satellites that they do not name are up.
    """
    up = np.ones(satellites, dtype=np.bool_)
    for change in changes:
        if change.time_s > time_s:
            break
        up[change.satellite] = change.up
    return up
