"""Replicas of a mission: useful work of each in each part of it, and what happened."""

from __future__ import annotations

import os
import pickle
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from threading import Event
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engine.threads import in_threads
from sim.fleet.replicas.fleet import Fleet, arrays, replicas
from sim.fleet.replicas.tables import COLUMNS, JOB_COLUMNS, Column, JobColumn, Plan
from sim.pool import Each

Array = NDArray[np.float64]
Rows = tuple[NDArray[Any], ...]
AT_ONCE = 16  # replicas of one task
TASKS_EACH = 4  # of a worker process, so that all end at about the same time; more where a task would return more than
TASK_BYTES = 16_000_000
BATCHES = 12  # batches whose survival is recorded apart; later ones together


class Histories(NamedTuple):
    """What all replicas left."""

    edges_s: Array
    bins: Array  # (replicas, parts, columns)
    by_type: Array  # (replicas, parts, groups, generations, columns of a job)
    failures: NDArray[np.int64]  # (replicas, processes and common causes)
    reached_s: Array  # (replicas, thresholds)
    batches_s: Array  # (replicas, parts, batches)
    died_s: Array  # (replicas,)

    @property
    def jobs(self) -> Array:
        """Record of the groups, generations together, (replicas, parts, groups, columns of a job)."""
        return np.asarray(self.by_type.sum(axis=3))

    @property
    def width_s(self) -> Array:
        """Lengths of the parts."""
        return np.diff(self.edges_s)

    @property
    def mean_age_s(self) -> Array:
        """Mean age of the satellites that work, (replicas, parts); 0 where none does."""
        return self._age_s(self.bins[:, :, Column.WORKING], self.bins[:, :, Column.BORN_S])

    def age_s(self, replica: int, group: int, generation: int) -> Array:
        """Mean age of the satellites of a group that work and are of a generation.

        Parameters
        ----------
        replica, group, generation : int
            Their numbers.

        Returns
        -------
        ndarray, shape (parts,)
            Age [s]; 0 where none works.
        """
        row = self.by_type[replica, :, group, generation]
        return self._age_s(row[:, JobColumn.WORKING], row[:, JobColumn.BORN_S])

    def _age_s(self, working: Array, born_s: Array) -> Array:
        middle_s = 0.5 * (self.edges_s[:-1] + self.edges_s[1:])
        return np.maximum(0.0, np.where(working > 0.0, middle_s - born_s / np.where(working > 0.0, working, 1.0), 0.0))


def histories(
    fleet: Fleet, seed: int, number: int, threads: int | None = None, progress: Callable[[int, int], None] | None = None, batches: int = BATCHES,
    each: Each | None = None, at_once: int | None = None,
) -> Histories:  # fmt: skip
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
    each : Each or None, optional
        What calls a function with each of several arguments on worker processes, instead of threads; it does not change results.
    at_once : int or None, optional
        Replicas of one task; it does not change results. By default 16; on worker processes a quarter of the share of each.

    Returns
    -------
    Histories
        Of replicas 0 to `number` - 1.
    """
    bins, groups = len(fleet.edges_s) - 1, max(fleet.job_of, default=0) + 1
    found = Histories(
        np.array(fleet.edges_s), np.zeros((number, bins, COLUMNS)), np.zeros((number, bins, groups, len(fleet.kinds), JOB_COLUMNS)),
        np.zeros((number, len(fleet.processes) + len(fleet.causes)), np.int64), np.zeros((number, len(fleet.thresholds))),
        np.zeros((number, bins, batches)), np.zeros(number),
    )  # fmt: skip
    size = at_once or (AT_ONCE if each is None else _at_once(found, number, each.places))
    parts = [range(first, min(first + size, number)) for first in range(0, number, size)]

    def enter(numbers: range, rows: Rows) -> int:
        for whole, part in zip(found[1:], rows, strict=True):
            whole[numbers.start : numbers.stop] = part
        return len(numbers)

    if each is None:
        plan = arrays(fleet)
        tasks = [partial(lambda part: enter(part, _some(fleet, plan, seed, part, batches)), part) for part in parts]
        in_threads(tasks, threads or os.cpu_count() or 1, Event(), None if progress is None else lambda done: progress(done, number))
        return found
    given, done = zlib.compress(pickle.dumps(fleet), 1), 0
    for n, rows in each(some_replicas, [(given, seed, numbers, batches) for numbers in parts]):
        done += enter(parts[n], rows)
        if progress is not None:
            progress(done, number)
    return found


def _at_once(found: Histories, number: int, places: int) -> int:
    """Replicas of one task of a worker process: few tasks for each, as long as what a task returns is small."""
    bytes_each = sum(array.nbytes for array in found[1:]) // number
    return max(1, min(-(-number // (TASKS_EACH * places)), TASK_BYTES // bytes_each))


def _some(fleet: Fleet, plan: Plan, seed: int, numbers: Sequence[int], batches: int) -> Rows:
    """Some replicas, one row each, as the arrays of `Histories` after the first."""
    ones = list(replicas(fleet, seed, numbers, batches, plan))
    return tuple(np.stack([getattr(one, name) for one in ones]) for name in Histories._fields[1:])


def some_replicas(given: bytes, seed: int, numbers: range, batches: int) -> Rows:
    """Some replicas of a fleet on a worker process.

    Parameters
    ----------
    given : bytes
        The fleet, pickled and compressed: it comes with each task, and its planes and jobs are long lists of few values.
    seed : int
        Seed of the scenario.
    numbers : range
        Numbers of the replicas.
    batches : int
        Batches whose survival is recorded apart.

    Returns
    -------
    tuple of ndarray
        A row for each replica, as the arrays of `Histories` after the first.
    """
    fleet, plan = _unpacked(given)
    return _some(fleet, plan, seed, numbers, batches)


@lru_cache(maxsize=1)
def _unpacked(given: bytes) -> tuple[Fleet, Plan]:
    """The fleet of one task and its plan, kept for the next one."""
    fleet = pickle.loads(zlib.decompress(given))
    return fleet, arrays(fleet)
