"""What a fleet can do while nothing fails for good: the run on dates of the mission, with satellites of several ages, in each regime of its events.

Runs are kept by content in memory and in the cache folder: a mission of which only replacement or failures change makes none again.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.cache import data_folder
from sim.config import schema
from sim.config.errors import InputError, Origin, bad_input
from sim.config.fleet_days import Meshes, Variant, on_date
from sim.config.mission_events import Regime, in_force
from sim.config.scenario import Loaded
from sim.engine.driver import Run
from sim.engine.outcome import Outcome
from sim.memo import sources_hash
from sim.mission.dates import Dates, weights
from sim.mission.groups import Group, groups, meshes, shares_by_cause
from sim.pool import Each
from sim.results.summary import summary
from sim.schema import CAUSES

Array = NDArray[np.float64]
DAY_S = 86400.0
KEPT = 5000  # runs in memory
_KNOWN: dict[str, Day] = {}


class Day(NamedTuple):
    """What one run says of each group."""

    shares: Array  # (groups, causes) of the nameplate of its members
    with_spares: Array  # (groups, causes) also of spares that take a rank, over the nameplate of the members, less the spares themselves
    tokens_per_s: Array  # (groups,); 0 where a group makes none


Made = tuple[Day, list[list[int]]]  # a day, and the members of each group


class Table(NamedTuple):
    """What the fleet can do by regime, date and age, when all its satellites are of one generation; the first regime is that without events."""

    dates: Dates
    ages_s: Array  # (ages,), added to those of the scenario
    shares: Array  # (generations, regimes, dates, ages, groups, causes)
    tokens_per_s: Array  # (generations, regimes, dates, ages, groups)
    regimes: Sequence[Regime]
    weight: Array  # (parts, regimes, dates): what each counts for in each part of the mission, sums to 1

    def over_mission(self, values: Array, mean_age_s: Array) -> Array:
        """Values in the parts of a mission, for satellites of a mean age.

        Parameters
        ----------
        values : ndarray, shape (regimes, dates, ages, ...)
            `shares` or `tokens_per_s` of a generation.
        mean_age_s : ndarray, shape (parts,)
            Mean age of the satellites that work [s].

        Returns
        -------
        ndarray, shape (parts, ...)
            Linear in age between the ages of the table, constant beyond them; weighted over regimes and dates.
        """
        return self._at_age(np.tensordot(self.weight, values, axes=2), mean_age_s)

    def without_events(self, values: Array, mean_age_s: Array) -> Array:
        """Values as they would be without events.

        Parameters
        ----------
        values : ndarray, shape (regimes, dates, ages, ...)
            As of `over_mission`.
        mean_age_s : ndarray, shape (parts,)
            Mean age of the satellites that work [s].

        Returns
        -------
        ndarray, shape (parts, ...)
            Those of the first regime.
        """
        return self._at_age(np.tensordot(self.dates.weight, values[0], axes=1), mean_age_s)

    def _at_age(self, by_age: Array, mean_age_s: Array) -> Array:
        """Values (parts, ages, ...) at the mean age in each part."""
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


def regime_weights(scenario: schema.Scenario, found: Dates, held: Sequence[Regime], edges_s: Sequence[float]) -> Array:
    """What each regime and date counts for in the parts of a mission.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    found : Dates
        Dates of the runs.
    held : sequence of Regime
        Regimes, whose spans cover the mission.
    edges_s : sequence of float
        Edges of the parts of the mission [s].

    Returns
    -------
    ndarray, shape (parts, regimes, dates)
        Shares of the time of each part; they sum to 1.
    """
    if len(held) == 1:
        return found.weight[:, np.newaxis, :]
    cuts_s = sorted({*edges_s, *(edge for regime in held for span in regime.spans_s for edge in span)})
    weight = np.zeros((len(edges_s) - 1, len(held), len(found.after_d)))
    for row, (first_s, last_s) in zip(weights(scenario, found, cuts_s), pairwise(cuts_s), strict=True):
        part = int(np.searchsorted(edges_s, first_s, side="right")) - 1
        number = next(n for n, regime in enumerate(held) if any(low <= first_s < high for low, high in regime.spans_s))
        weight[part, number] += row * (last_s - first_s) / (edges_s[part + 1] - edges_s[part])
    return weight


def counted(weight: Array, regime: int, date: int) -> bool:
    """Whether a run counts in a mission; of the first regime also where only another one of the same date does, which is compared with it.

    Parameters
    ----------
    weight : ndarray, shape (parts, regimes, dates)
        What each run counts for.
    regime, date : int
        Numbers of the regime and the date.

    Returns
    -------
    bool
        False where the run need not be made.
    """
    return bool((weight[:, :, date] if regime == 0 else weight[:, regime, date]).any())


def measure(
    loaded: Loaded, found: Dates, ages_s: Sequence[float], failures_per_s: float, threads: int | None = None,
    progress: Callable[[float, int], None] | None = None, held: Sequence[Regime] | None = None, weight: Array | None = None,
    each: Each | None = None,
) -> tuple[Table, list[Group]]:  # fmt: skip
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
    held : sequence of Regime, optional
        Regimes of the events of the mission; the first is that without events, and without others the only one.
    weight : ndarray, shape (parts, regimes, dates), optional
        What each counts for; runs that count for nothing are not made.
    each : Each or None, optional
        What makes runs on worker processes, all but the first, whose groups are needed here; it does not change results.

    Returns
    -------
    Table
        What the fleet can do.
    list of Group
        Groups of its satellites, as on the first date.

    Raises
    ------
    InputError
        If jobs of a later generation have other satellites than those of the first.
    """
    assert loaded.scenario.mission is not None
    held = held or [Regime((), ((0.0, math.inf),))]
    weight = found.weight[:, np.newaxis, :] if weight is None else weight
    generations, run_s = 1 + len(loaded.scenario.mission.generations), day_s(loaded.scenario)
    counts = [(r, d) for r in range(len(held)) for d in range(len(found.after_d)) if d == r == 0 or counted(weight, r, d)]
    places = [(number, r, d, a) for number in range(generations) for r, d in counts for a in range(len(ages_s))]

    def fleet_at(place: tuple[int, int, int, int], planned: Meshes | None) -> Loaded:
        number, r, d, a = place
        epoch = loaded.scenario.epoch + timedelta(days=found.after_d[d])
        variant = Variant(number, planned, tuple(in_force(held[r], epoch, run_s)), found.solar[d])
        return on_date(loaded, epoch, run_s, ages_s[a], failures_per_s, variant)

    first = fleet_at(places[0], None)
    outcome = Run(first, threads=threads).finish(None if progress is None else partial(within, progress, 0, len(places)))
    made, planned = groups(outcome), meshes(outcome)  # jobs keep the plan of the first run, so that they keep their members
    days = {places[0]: _day(outcome, made)}
    del outcome  # of a large fleet: the next one needs its room
    _keep(first, days[places[0]])
    ones = {place: fleet_at(place, planned) for place in places[1:]}
    days |= {place: day for place, one in ones.items() if (day := _known(one)) is not None}
    missing, members = [place for place in ones if place not in days], _members(made)
    inside = None if progress is None else lambda done, total: progress(len(days) + done / total, len(places))
    for n, (day, own) in _made([ones[place] for place in missing], threads, each, inside):
        if own != members:
            raise _other_members(missing[n][0], made, [len(group) for group in own])
        days[missing[n]] = day
        _keep(ones[missing[n]], day)
        if progress is not None:
            progress(len(days), len(places))
    shape = (generations, len(held), len(found.after_d), len(ages_s), len(made))
    shares, tokens = np.zeros((*shape, len(CAUSES))), np.zeros(shape)
    for (number, r, d, a), day in days.items():
        plain = days[number, 0, d, a]
        # a spare that takes the rank of a member works as a member does: what events change is seen on both together
        shares[number, r, d, a] = plain.shares + (day.with_spares - plain.with_spares) if r > 0 else day.shares
        tokens[number, r, d, a] = day.tokens_per_s
    return Table(found, np.array(ages_s), shares, tokens, held, weight), made


def _members(found: Sequence[Group]) -> list[list[int]]:
    return [sorted(group.members.tolist()) for group in found]


def _other_members(number: int, made: Sequence[Group], own: Sequence[int]) -> InputError:
    """Jobs that are planned with other satellites on hardware of another generation, or on another date."""
    first = " and ".join(f"{group.members.size:,} in {group.name}" for group in made)
    now = " and ".join(f"{size:,}" for size in own)
    if number == 0:
        message = f"satellites share the work otherwise on another date: {first}, then {now}; write dates: 1"
        return bad_input(Origin("mission"), "mission.dates", message)
    message = f"plans jobs with other satellites than the first generation: {now} instead of {first}; write satellites that jobs fit on alike"
    return bad_input(Origin("mission"), f"mission.generations.{number - 1}", message)


def _made(
    places: Sequence[Loaded], threads: int | None, each: Each | None, progress: Callable[[int, int], None] | None
) -> Iterator[tuple[int, Made]]:
    """Runs with their numbers as they finish, here or on worker processes."""
    if each is None or not places:
        return ((n, one_day(one, threads, progress)) for n, one in enumerate(places))
    return each(one_day, [(one,) for one in places])


def one_day(one: Loaded, threads: int | None = 1, progress: Callable[[int, int], None] | None = None) -> Made:
    """Make one run.

    Parameters
    ----------
    one : Loaded
        The fleet on its date, of `on_date`.
    threads : int or None, optional
        Threads; they do not change results.
    progress : callable, optional
        Called as progress(done, total) with the steps of the run.

    Returns
    -------
    Day
        What it says of each group.
    list of list of int
        Members of each group, rising.
    """
    outcome = Run(one, threads=threads).finish(progress)
    found = groups(outcome, with_paces=False)
    return _day(outcome, found), _members(found)


def day_of(one: Loaded, threads: int | None = None) -> Day:
    """What a run says, made now or before.

    Parameters
    ----------
    one : Loaded
        The scenario on a date, of `on_date`.
    threads : int or None, optional
        Threads of the run; they do not change results.

    Returns
    -------
    Day
        By groups of its satellites.
    """
    day = _known(one)
    if day is None:
        day, _ = one_day(one, threads)
        _keep(one, day)
    return day


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
    return Day(shares_by_cause(outcome, found), shares_by_cause(outcome, found, with_spares=True), np.array(tokens))


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
        day = Day(*(np.array(read[name], dtype=np.float64) for name in Day._fields))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return day if day.shares.ndim == 2 and day.shares.shape == day.with_spares.shape and day.shares.shape[1] == len(CAUSES) else None


def _keep(one: Loaded, day: Day) -> None:
    if len(_KNOWN) < KEPT:
        _KNOWN[one.sha256] = day
    file = _file(one)
    if file is None:
        return
    text = json.dumps({name: values.tolist() for name, values in day._asdict().items()})
    with suppress(OSError):  # a cache that cannot be written costs time, no result
        handle, temporary = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(temporary, file)
