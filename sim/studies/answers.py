"""What a planner asks of a mission: spares for a capacity, how often to resupply, whether servicing is worth it, what costs most.

All answers meet the same failures: the days are those of the mission, and random numbers are keyed by process and unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from sim import api, mission, pool
from sim.config import schema
from sim.config.errors import Origin, bad_input
from sim.config.scenario import Overrides, overrides
from sim.engine.threads import one_blas_thread
from sim.fleet.replicas.tables import Column
from sim.mission import Study, figures

DAY_S = 86400.0
PFLOP_DAY = 1e15 * DAY_S
INTERVALS_S = tuple(days * DAY_S for days in (30.0, 60.0, 90.0, 180.0, 365.25, 730.5))
MOST_SPARES = 256  # in a plane


class Answers(NamedTuple):
    """Answers of one mission."""

    scenario: str
    sha256: str
    target: float
    below_target: dict[str, Any]  # as in the summary
    spares: dict[str, Any]
    resupply: list[dict[str, Any]]
    servicing: dict[str, Any] | None
    processes: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """The answers as one object of plain values.

        Returns
        -------
        dict
            Fields by name.
        """
        return self._asdict()


@one_blas_thread()
def answers(
    source: str | Path, given: Overrides = (), capacity: float = 0.9, probability: float = 0.9, seed: int | None = None,
    threads: int | None = None, progress: Callable[[int, int], None] | None = None, scheduler: str | None = None, workers: int | None = None,
) -> Answers:  # fmt: skip
    """Answers of the mission of a scenario.

    Parameters
    ----------
    source : str or Path
        Name or path of a scenario with a mission.
    given : mapping or sequence of str, optional
        Overrides.
    capacity : float, optional
        Share of all places filled with new satellites that must be there, above 0 to 1.
    probability : float, optional
        Share of the replicas in which it is, above 0 to 1.
    seed : int or None, optional
        Seed of all random streams.
    threads : int or None, optional
        Threads; they do not change results.
    progress : callable, optional
        Called as progress(done, total).
    scheduler : str or None, optional
        Address of a dask scheduler, over whose workers days and replicas are spread; it does not change results.
    workers : int or None, optional
        Worker processes of this machine over which they are spread, where no scheduler is given.

    Returns
    -------
    Answers
        The answers.

    Raises
    ------
    InputError
        If the scenario is invalid or has no mission.
    RunError
        If workers or scheduler cannot be used or are lost.
    """
    loaded = api.load(source, overrides(given), seed=seed)
    if loaded.scenario.mission is None:
        raise bad_input(Origin(str(source)), "mission", "is missing; write mission: {duration: 5 yr}")

    def report(done: int) -> None:
        if progress is not None:
            progress(done, 4)

    with pool.spread(scheduler, workers) as each:
        study = mission.simulate(loaded, threads, each=each)
        section = figures.section(study, [])
        report(1)
        spares = spares_needed(study, capacity, probability, threads, each)
        report(2)
        resupply = resupply_intervals(study, INTERVALS_S, threads, each)
        report(3)
        servicing = servicing_worth(study, threads, each)
        costs = figures.process_costs(study, threads, each)
        report(4)
    return Answers(loaded.scenario.name, loaded.sha256, section["target"], section["below_target"], spares, resupply, servicing, costs)


def spares_needed(study: Study, capacity: float, probability: float, threads: int | None = None, each: pool.Each | None = None) -> dict[str, Any]:
    """Fewest spare satellites in each plane with which the capacity stays above a share.

    Parameters
    ----------
    study : Study
        The mission.
    capacity : float
        Share of all places filled that must be there in every part of the mission.
    probability : float
        Share of the replicas in which it must.
    threads, each : optional
        As in `mission.replaced`.

    Returns
    -------
    dict
        `capacity`, `probability`, `spares` in each plane (null where `MOST_SPARES` are not enough), `reached` (share of the replicas with as many)
        and `without` (with the spares that the scenario has).
    """

    @cache
    def reached(spares: int) -> float:
        return _share_above(_with(study, {"plane_spares": float(spares)}, threads, each), capacity)

    without = _share_above(study, capacity)
    low, high = -1, 0
    while (found := reached(high)) < probability:
        low, high = high, max(1, 2 * high)
        if high > MOST_SPARES:
            return {"capacity": capacity, "probability": probability, "spares": None, "reached": found, "without": without}
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) >= probability else (middle, high)
    return {"capacity": capacity, "probability": probability, "spares": high, "reached": reached(high), "without": without}


def _share_above(study: Study, capacity: float) -> float:
    """Share of the replicas whose capacity is at least a share of the full one in every part of the mission."""
    levels = study.one.bins[:, :, Column.SHARE] / (study.fleet.slots * study.one.width_s)
    return float((levels.min(axis=1) >= capacity - 1e-9).mean())


def resupply_intervals(
    study: Study, intervals_s: Sequence[float], threads: int | None = None, each: pool.Each | None = None
) -> list[dict[str, Any]]:
    """Launches at fixed times instead of the replacement of the scenario: what each interval brings and costs.

    Parameters
    ----------
    study : Study
        The mission.
    intervals_s : sequence of float
        Times between two launches [s].
    threads, each : optional
        As in `mission.replaced`.

    Returns
    -------
    list of dict
        `every_s`, `satellites` of a launch (as many as are lost in between on average), `useful_fraction` and `spent_usd` over the replicas, `gain`
        in useful work over that of a mission without any replacement, and `usd_per_gained_pflop_day` of what launches cost; the first row has none.
    """
    bare = _with(study, {"batch": None, "calendar": None, "stock": 0.0, "plane_spares": 0.0}, threads, each)
    one, seconds = bare.one.bins.sum(axis=1), study.mission.duration
    lost_s = float((one[:, Column.LOST] + one[:, Column.RETIRED]).mean()) / seconds
    rows = [_supply_row(bare, bare, None, 0)]
    for every_s in intervals_s:
        if every_s >= seconds:
            continue
        number = max(1, math.ceil(lost_s * every_s - 1e-9))
        calendar = schema.Calendar.model_construct(every=every_s, satellites=number, first=every_s)
        other = _with(study, {"batch": None, "calendar": calendar, "stock": 0.0, "plane_spares": 0.0}, threads, each)
        rows.append(_supply_row(other, bare, every_s, number))
    return rows


def _with(study: Study, changes: dict[str, Any], threads: int | None, each: pool.Each | None) -> Study:
    """The mission with another replacement."""
    own = study.mission
    replaced = own.model_copy(update={"replacement": own.replacement.model_copy(update=changes)})
    return mission.replaced(study, replaced, threads, each)


def _supply_row(other: Study, bare: Study, every_s: float | None, number: int) -> dict[str, Any]:
    useful, before = other.useful_s.sum(axis=1), bare.useful_s.sum(axis=1)
    spent, anyway = (each.one.bins[:, :, Column.SPENT].sum(axis=1) for each in (other, bare))
    gained = float((useful - before).mean()) * other.peak_flops_per_s / PFLOP_DAY
    known = None not in other.prices
    return {
        "every_s": every_s, "satellites": number,
        "useful_fraction": figures.quantiles(useful / (other.fleet.slots * other.mission.duration)),
        "gain": float(useful.mean() / before.mean() - 1.0) if before.mean() > 0.0 else None,
        "spent_usd": figures.quantiles(spent) if known else None,
        "usd_per_gained_pflop_day": float((spent - anyway).mean()) / gained if known and gained > 0.0 else None,
    }  # fmt: skip


def servicing_worth(study: Study, threads: int | None = None, each: pool.Each | None = None) -> dict[str, Any] | None:
    """What the servicing visits of a mission bring and cost.

    Parameters
    ----------
    study : Study
        The mission.
    threads, each : optional
        As in `mission.replaced`.

    Returns
    -------
    dict or None
        `visits`, `gain` in useful work over that without them, `spent_usd`, `usd_per_gained_pflop_day`; None where the mission has no visits.
    """
    own = study.mission.servicing
    if own is None:
        return None
    without = mission.replaced(study, study.mission.model_copy(update={"servicing": None}), threads, each)
    useful, before = study.useful_s.sum(axis=1), without.useful_s.sum(axis=1)
    visits = study.one.bins[:, :, Column.VISITS].sum(axis=1)
    gained = float((useful - before).mean()) * study.peak_flops_per_s / PFLOP_DAY
    spent = float(visits.mean()) * own.price
    return {
        "visits": figures.quantiles(visits), "gain": float(useful.mean() / before.mean() - 1.0) if before.mean() > 0.0 else None, "spent_usd": spent,
        "usd_per_gained_pflop_day": spent / gained if gained > 0.0 else None,
    }  # fmt: skip
