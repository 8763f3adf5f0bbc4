"""Replicas of a mission: useful work of each in each part of it, and what happened."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from threading import Event
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engine.threads import in_threads
from sim.fleet.replicas.fleet import Fleet, arrays, replicas
from sim.fleet.replicas.tables import COLUMNS, JOB_COLUMNS, Column

Array = NDArray[np.float64]
AT_ONCE = 16  # replicas of one task
BATCHES = 12  # batches whose survival is recorded apart; later ones together


class Histories(NamedTuple):
    """What all replicas left."""

    edges_s: Array
    bins: Array  # (replicas, parts, columns)
    jobs: Array  # (replicas, parts, groups, columns of a job)
    failures: NDArray[np.int64]  # (replicas, processes and common causes)
    reached_s: Array  # (replicas, thresholds)
    batches_s: Array  # (replicas, parts, batches)
    died_s: Array  # (replicas,)
    reloads: NDArray[np.int64]  # (replicas, copies of checkpoints), in the order of `Plan.copies`

    @property
    def width_s(self) -> Array:
        """Lengths of the parts."""
        return np.diff(self.edges_s)

    @property
    def mean_age_s(self) -> Array:
        """Mean age of the satellites that work, (replicas, parts); 0 where none does."""
        middle_s = 0.5 * (self.edges_s[:-1] + self.edges_s[1:])
        working, born_s = self.bins[:, :, Column.WORKING], self.bins[:, :, Column.BORN_S]
        return np.maximum(0.0, np.where(working > 0.0, middle_s - born_s / np.where(working > 0.0, working, 1.0), 0.0))


def histories(
    fleet: Fleet, seed: int, number: int, threads: int | None = None, progress: Callable[[int, int], None] | None = None, batches: int = BATCHES
) -> Histories:
    """Simulate replicas.

    Parameters
    ----------
    fleet : Fleet
        The fleet.
    seed : int
        Seed of the scenario.
    number : int
        Number of replicas.
    threads : int or None, optional
        Threads; they do not change results. By default one for each processor.
    progress : callable, optional
        Called as progress(done, total).
    batches : int, optional
        Batches whose survival is recorded apart.

    Returns
    -------
    Histories
        Of replicas 0 to `number` - 1.
    """
    plan, bins, groups = arrays(fleet), len(fleet.edges_s) - 1, max(fleet.job_of, default=0) + 1
    found = Histories(
        np.array(fleet.edges_s), np.zeros((number, bins, COLUMNS)), np.zeros((number, bins, groups, JOB_COLUMNS)),
        np.zeros((number, len(fleet.processes) + len(fleet.causes)), np.int64), np.zeros((number, len(fleet.thresholds))),
        np.zeros((number, bins, batches)), np.zeros(number), np.zeros((number, plan.copies.size), np.int64),
    )  # fmt: skip

    def some(numbers: Sequence[int]) -> int:
        for n, one in zip(numbers, replicas(fleet, seed, numbers, batches, plan), strict=True):
            found.bins[n], found.jobs[n], found.failures[n] = one.bins, one.jobs, one.failures
            found.reached_s[n], found.batches_s[n], found.died_s[n] = one.reached_s, one.batches_s, one.died_s
            found.reloads[n] = one.reloads
        return len(numbers)

    tasks = [partial(some, range(first, min(first + AT_ONCE, number))) for first in range(0, number, AT_ONCE)]
    in_threads(tasks, threads or os.cpu_count() or 1, Event(), None if progress is None else lambda done: progress(done, number))
    return found
