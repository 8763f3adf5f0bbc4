"""What a fleet can do while nothing fails for good: the run on dates of the mission, with satellites of several ages.

Runs are kept by content in memory and in the cache folder: a mission of which only replacement or failures change makes none again.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.cache import data_folder
from sim.config import schema
from sim.config.scenario import Loaded, on_date
from sim.engine.driver import Run
from sim.engine.outcome import Outcome
from sim.memo import sources_hash
from sim.mission.dates import Dates
from sim.mission.groups import Group, groups, shares_by_cause
from sim.results.summary import summary
from sim.schema import CAUSES

Array = NDArray[np.float64]
DAY_S = 86400.0
KEPT = 5000  # runs in memory
_KNOWN: dict[str, Day] = {}


class Day(NamedTuple):
    """What one run says of each group."""

    shares: Array  # (groups, causes) of the nameplate of its members
    tokens_per_s: Array  # (groups,); 0 where a group makes none


class Table(NamedTuple):
    """What the fleet can do by date and age."""

    dates: Dates
    ages_s: Array  # (ages,), added to those of the scenario
    shares: Array  # (dates, ages, groups, causes)
    tokens_per_s: Array  # (dates, ages, groups)

    def over_mission(self, values: Array, mean_age_s: Array) -> Array:
        """Values in the parts of a mission, for satellites of a mean age.

        Parameters
        ----------
        values : ndarray, shape (dates, ages, ...)
            `shares` or `tokens_per_s`.
        mean_age_s : ndarray, shape (parts,)
            Mean age of the satellites that work [s].

        Returns
        -------
        ndarray, shape (parts, ...)
            Linear in age between the ages of the table, constant beyond them; weighted over dates.
        """
        by_age = np.tensordot(self.dates.weight, values, axes=1)  # (parts, ages, ...)
        if self.ages_s.size == 1:
            return np.asarray(by_age[:, 0])
        at = np.clip(np.searchsorted(self.ages_s, mean_age_s, side="right") - 1, 0, self.ages_s.size - 2)
        share = np.clip((mean_age_s - self.ages_s[at]) / (self.ages_s[at + 1] - self.ages_s[at]), 0.0, 1.0)
        share = share.reshape(-1, *([1] * (by_age.ndim - 2)))
        rows = np.arange(len(at))
        return np.asarray((1.0 - share) * by_age[rows, at] + share * by_age[rows, at + 1])


def day_s(scenario: schema.Scenario) -> float:
    """Length of a run: a day, or that of the scenario where it is shorter.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    float
        Whole steps [s].
    """
    longest_s = min(scenario.duration, max(DAY_S, scenario.step))
    return max(1, int(longest_s / scenario.step + 1e-9)) * scenario.step


def measure(
    loaded: Loaded, found: Dates, ages_s: Sequence[float], failures_per_s: float, threads: int | None = None,
    progress: Callable[[float, int], None] | None = None,
) -> tuple[Table, list[Group], float]:  # fmt: skip
    """Make the runs of a mission.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    found : Dates
        Dates of the runs.
    ages_s : sequence of float
        What is added to the ages of the satellites [s], rising.
    failures_per_s : float
        Failures of a satellite for which checkpoint intervals are chosen [1/s].
    threads : int or None, optional
        Threads of a run; they do not change results.
    progress : callable, optional
        Called as progress(done, total) with the number of runs, also within a run.

    Returns
    -------
    Table
        What the fleet can do.
    list of Group
        Groups of its satellites, as on the first date.
    float
        Nameplate of a satellite [FLOP/s].
    """
    days: list[Day] = []
    places = [(after_d, age_s) for after_d in found.after_d for age_s in ages_s]
    made: list[Group] | None = None
    peak_flops_per_s = 0.0
    for done, (after_d, age_s) in enumerate(places):
        epoch = loaded.scenario.epoch + timedelta(days=after_d)
        one = on_date(loaded, epoch, day_s(loaded.scenario), age_s, failures_per_s)
        day = None if made is None else _known(one)
        if day is None:
            outcome = Run(one, threads=threads).finish(None if progress is None else partial(within, progress, done, len(places)))
            own = groups(outcome, with_paces=made is None)
            day = _day(outcome, own)
            _keep(one, day)
            if made is None:
                made, peak_flops_per_s = own, float(outcome.types[0].peak_flops_per_s)
        days.append(day)
        if progress is not None:
            progress(done + 1, len(places))
    assert made is not None
    shape = (len(found.after_d), len(ages_s))
    shares, tokens = np.array([d.shares for d in days]), np.array([d.tokens_per_s for d in days])
    return Table(found, np.array(ages_s), shares.reshape(*shape, *shares.shape[1:]), tokens.reshape(*shape, -1)), made, peak_flops_per_s


def within(progress: Callable[[float, int], None], before: int, parts: int, done: int, total: int) -> None:
    """Tell the progress within one of several equal parts.

    Parameters
    ----------
    progress : callable
        Called as progress(done, total) with the number of parts.
    before : int
        Parts that are done.
    parts : int
        All parts.
    done, total : int
        Progress of the present part.
    """
    progress(before + done / total, parts)


def _day(outcome: Outcome, found: Sequence[Group]) -> Day:
    rows = summary(outcome)["workloads"]
    kinds = [w.kind for w in outcome.loaded.scenario.workloads]
    assert [row["kind"] for row in rows] == kinds
    tokens = [0.0 if g.workload is None else rows[g.workload].get("tokens_per_s") or 0.0 for g in found]
    return Day(shares_by_cause(outcome, found), np.array(tokens))


def _file(one: Loaded) -> Path | None:
    folder = data_folder("days")
    return None if folder is None else folder / f"{sources_hash()}-{one.sha256}.json"


def _known(one: Loaded) -> Day | None:
    """A run that was made before, in this process or another."""
    if one.sha256 in _KNOWN:
        return _KNOWN[one.sha256]
    file = _file(one)
    if file is None:
        return None
    try:
        read = json.loads(file.read_text("utf-8"))
        day = Day(np.array(read["shares"], dtype=np.float64), np.array(read["tokens_per_s"], dtype=np.float64))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return day if day.shares.ndim == 2 and day.shares.shape[1] == len(CAUSES) else None


def _keep(one: Loaded, day: Day) -> None:
    if len(_KNOWN) < KEPT:
        _KNOWN[one.sha256] = day
    file = _file(one)
    if file is None:
        return
    text = json.dumps({"shares": day.shares.tolist(), "tokens_per_s": day.tokens_per_s.tolist()})
    with suppress(OSError):  # a cache that cannot be written costs time, no result
        handle, temporary = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(temporary, file)
