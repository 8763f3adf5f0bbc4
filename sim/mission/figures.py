"""The section `mission` of the summary: what the replicas say, as quantiles, and which process costs most."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.config.mission_events import over_years
from sim.economics.finance import YEAR_S
from sim.fleet.replicas.fleet import arrays
from sim.fleet.replicas.tables import Column, JobColumn
from sim.mission import money
from sim.mission.capability import counted, within
from sim.mission.layout import rates
from sim.mission.listed import EVENT, PIECE, WITHDRAWN
from sim.mission.parts import PARTS
from sim.mission.study import Study
from sim.pool import Each
from sim.schema import CAUSES

Array = NDArray[np.float64]
QUANTILES = (0.1, 0.5, 0.9)
COUNTS = (
    Column.LOST, Column.RETIRED, Column.UNITS_FAILED, Column.UNITS_REPAIRED, Column.LAUNCHES, Column.LAUNCH_FAILURES, Column.LAUNCHED,
    Column.SWAPS, Column.VISITS, Column.COLLISIONS,
)  # fmt: skip


def quantiles(values: Array) -> dict[str, float]:
    """Mean and quantiles of a value over the replicas.

    Parameters
    ----------
    values : ndarray, shape (replicas,)
        Values, finite.

    Returns
    -------
    dict of str to float
        `mean`, `p10`, `p50` and `p90`, linear between replicas.
    """
    found = np.quantile(values, QUANTILES)
    return {"mean": math.fsum(values) / values.size, **{f"p{round(100 * q)}": float(v) for q, v in zip(QUANTILES, found, strict=True)}}


def times(values: Array) -> dict[str, float | None]:
    """Quantiles of a time that may never come; null where it does not come in so many replicas.

    Parameters
    ----------
    values : ndarray, shape (replicas,)
        Times [s]; infinite where it never comes.

    Returns
    -------
    dict of str to float or None
        `p10`, `p50` and `p90`, each of one replica, and the share `never`.
    """
    found = np.quantile(values, QUANTILES, method="higher")
    known = {f"p{round(100 * q)}": None if math.isinf(v) else float(v) for q, v in zip(QUANTILES, found, strict=True)}
    return {**known, "never": float(np.isinf(values).mean())}


def section(study: Study, costs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Section `mission` of the summary.

    Parameters
    ----------
    study : Study
        The mission.
    costs : sequence of dict
        What each process costs, of `process_costs`.

    Returns
    -------
    dict
        Amounts in SI, times in seconds after the start.
    """
    mission, one, peak = study.mission, study.one, study.peak_flops_per_s
    useful_s, slots, total = study.useful_s, study.fleet.slots, one.bins.sum(axis=1)
    nameplate_s = study.nameplate_s
    whole_s, below = study.whole_useful_s, study.useful_rates < mission.target
    first = np.where(below.any(axis=1), one.edges_s[np.argmax(below, axis=1)], math.inf)
    return {
        "start": f"{study.loaded.scenario.epoch:%Y-%m-%dT%H:%M:%SZ}",
        "duration_s": mission.duration,
        "step_s": mission.step,
        "replicas": int(mission.replicas),
        "satellites": slots,
        "nameplate_flops": nameplate_s.mean() * peak,
        "useful_flops": _scaled(quantiles(useful_s.sum(axis=1)), peak),
        "useful_fraction": quantiles(useful_s.sum(axis=1) / nameplate_s),
        "whole_useful_flops": float(whole_s.sum()) * peak,
        "availability": quantiles(total[:, Column.SHARE] / (slots * mission.duration)),
        "capacity_at_end": quantiles(one.bins[:, -1, Column.SHARE] / (slots * one.width_s[-1])),
        "useful_at_end": quantiles(study.useful_rates[:, -1]),
        "waterfall": _waterfall(study),
        "target": mission.target,
        "below_target": {
            "share_of_time": quantiles((below * one.width_s).sum(axis=1) / mission.duration), "first_s": times(first),
            "probability_at_end": float(below[:, -1].mean()),
        },
        "reached_s": [{"share": share, **times(one.reached_s[:, i])} for i, share in enumerate(study.fleet.thresholds)],
        "counts": {column.name.lower(): quantiles(total[:, column]) for column in COUNTS},
        "died_out": float(np.isfinite(one.died_s).mean()),
        "years": _years(study),
        "standdowns": [{"at_s": at_s, "duration_s": until_s - at_s} for at_s, until_s in study.fleet.standdowns],
        "spent_usd": quantiles(total[:, Column.SPENT]) if study.prices.known else None,
        "satellite_usd": study.prices.satellites[0],
        "launch_usd": study.prices.launch,
        "money": _money(study),
        "ground": money.of_baseline(study.loaded),
        "generations": _generations(study),
        "jobs": _jobs(study),
        "capability": _capability(study),
        "regimes": _regimes(study),
        "events": _events(study),
        "parts_left": {PARTS[unit]: list(left) for unit, left in study.fleet.kinds[0].left.items() if unit in PARTS},
        "processes": list(costs),
    }  # fmt: skip


def _scaled(found: dict[str, float], factor: float) -> dict[str, float]:
    return {name: factor * value for name, value in found.items()}


def _waterfall(study: Study) -> list[dict[str, Any]]:
    """Rows of the mission's waterfall, mean over the replicas."""
    own = np.mean([found.own_s.sum(axis=0) for found in study.ledgers], axis=0)
    induced = np.mean([found.induced_s.sum(axis=0) for found in study.ledgers], axis=0)
    nameplate_s = study.nameplate_s.mean()
    return [
        {
            "cause": cause, "flops": (own[i] + induced[i]) * study.peak_flops_per_s, "own_flops": own[i] * study.peak_flops_per_s,
            "induced_flops": induced[i] * study.peak_flops_per_s, "fraction": (own[i] + induced[i]) / nameplate_s,
        }
        for i, cause in enumerate(CAUSES)
    ]  # fmt: skip


def _money(study: Study) -> dict[str, Any] | None:
    """Present value at the start of the mission of what it costs; None where a price is not known."""
    mission, replacement = study.mission, study.mission.replacement
    extra = int(replacement.plane_spares) * len(study.fleet.planes) + int(replacement.stock)
    bill = money.bill(study.loaded, extra)
    if bill is None or not study.prices.known:
        return None
    visit_usd = 0.0 if mission.servicing is None else mission.servicing.price
    found = money.orbit(bill, study.one, study.useful_s * study.peak_flops_per_s, study.fleet.slots, visit_usd)
    return {
        "rate": bill.rate, "first_usd": bill.first_usd, "present_usd": quantiles(found["usd"]),
        "usd_per_useful_pflop_day": times(found["usd_per_useful_pflop_day"]),
    }  # fmt: skip


def _generations(study: Study) -> list[dict[str, Any]]:
    """Generations of hardware: since when, nameplate of a satellite, price, and satellites that work at the end."""
    working = study.one.by_type[:, -1, :, :, JobColumn.WORKING].sum(axis=1) / study.one.width_s[-1]
    dates_s = [0.0, *((g.at - study.loaded.scenario.epoch).total_seconds() for g in study.mission.generations)]
    return [
        {
            "since_s": since_s, "nameplate_flops_per_s": rate * study.peak_flops_per_s, "satellite_usd": study.prices.satellites[t],
            "working_at_end": quantiles(working[:, t]),
        }
        for t, (since_s, rate) in enumerate(zip(dates_s, rates(study.loaded.scenario), strict=True))
    ]  # fmt: skip


def _years(study: Study) -> list[dict[str, Any]]:
    """Launches in each year of the mission, and the satellites that they brought. A part belongs to the year of its middle."""
    one, given = study.one, study.mission.replacement
    batch, scheduled = given.batch or 0, 0 if given.calendar is None else given.calendar.satellites
    year = ((one.edges_s[:-1] + one.edges_s[1:]) / (2.0 * YEAR_S)).astype(np.int64)
    found = []
    for number in np.unique(year):
        parts = np.flatnonzero(year == number)
        total = one.bins[:, parts].sum(axis=1)
        launches, ordered = total[:, Column.LAUNCHES], total[:, Column.ORDERED_LAUNCHES]
        aboard = float((batch * ordered + scheduled * (launches - ordered)).mean())
        found.append({
            "from_s": float(one.edges_s[parts[0]]), "until_s": float(one.edges_s[parts[-1] + 1]),
            "launches": quantiles(launches), "ordered": quantiles(ordered),
            "calendar": quantiles(launches - ordered), "failed": quantiles(total[:, Column.LAUNCH_FAILURES]),
            "launched": quantiles(total[:, Column.LAUNCHED]),
            "per_launch": given.success * aboard / float(launches.mean()) if launches.any() else None,
        })  # fmt: skip
    return found


def _jobs(study: Study) -> list[dict[str, Any]]:
    """Groups of satellites: time in which jobs work, interruptions and tokens."""
    found = []
    for g, group in enumerate(study.groups):
        rows = study.one.jobs[:, :, g].sum(axis=1)
        whole_s = group.members.size * study.mission.duration
        done = rows[:, JobColumn.USEFUL if group.parts else JobColumn.SHARE]
        found.append({
            "name": group.name, "workload": group.workload, "satellites": int(group.satellites.size), "members": int(group.members.size),
            "parts": len(group.parts), "working": quantiles(done / whole_s),
            "recovery": quantiles(rows[:, JobColumn.RECOVERY] / whole_s), "waiting": quantiles(rows[:, JobColumn.WAITING] / whole_s),
            "reloads": _reloads(study, g),
            "slowed": quantiles(rows[:, JobColumn.SLOWED] / whole_s), "interruptions": quantiles(rows[:, JobColumn.INTERRUPTIONS]),
            "tokens": quantiles(np.array([each.tokens[:, g].sum() for each in study.ledgers])),
        })  # fmt: skip
    return found


def _reloads(study: Study, job: int) -> dict[str, dict[str, float]] | None:
    """How often a job is reloaded from its copies, by the place in which they are kept; null where checkpoints survive every failure."""
    group = study.groups[job]
    if group.rules is None or group.rules.kept is None:
        return None
    plan = arrays(study.fleet)
    # rows of an island: memory, the copies as they are listed, two of those on the ground, and the start
    places = ["memory"]
    for copy in group.rules.kept.copies:
        places += {"memory": [], "ground": ["ground", "ground"]}.get(copy.place, [copy.place])
    places.append("start")
    rows = np.concatenate([np.arange(g["first_copy"], g["last_copy"]) for g in plan.islands if g["job"] == job])
    counts = study.one.reloads[:, rows].reshape(len(study.one.reloads), -1, len(places)).sum(axis=1)
    return {place: quantiles(counts[:, [p == place for p in places]].sum(axis=1)) for place in dict.fromkeys(places)}


def _capability(study: Study) -> list[dict[str, Any]]:
    """Runs without failures: date, angle to the Sun, age, and useful share of nameplate."""
    table = study.table
    size = np.array([float(group.members.size) for group in study.groups])
    useful = table.shares[0, ..., CAUSES.index("useful")] @ size / size.sum()
    return [
        {
            "regime": r, "date_s": day * 86400.0, "beta_deg": None if math.isnan(beta) else math.degrees(beta), "older_s": float(age),
            "useful_fraction": float(useful[r, d, a]), "solar": table.dates.solar[d],
        }
        for r in range(len(table.regimes))
        for d, (day, beta) in enumerate(zip(table.dates.after_d, table.dates.beta_rad, strict=True))
        for a, age in enumerate(table.ages_s)
        if counted(table.weight, r, d)
    ]  # fmt: skip


def _regimes(study: Study) -> list[dict[str, Any]]:
    """Events that hold together, and their share of the mission; the first row has none."""
    whole_s = study.mission.duration
    return [
        {
            "events": [event.text for event in regime.events],
            "share_of_time": math.fsum(last_s - first_s for first_s, last_s in regime.spans_s) / whole_s,
        }
        for regime in study.table.regimes
    ]  # fmt: skip


def _events(study: Study) -> list[dict[str, Any]]:
    """Listed events that act over the years, in order of time."""
    scenario, found = study.loaded.scenario, []
    for event in sorted(scenario.events, key=lambda e: e.at):
        what = over_years(event)
        if what is not None:
            at_s, lasts_s = (event.at - scenario.epoch).total_seconds(), event.duration if event.cause is None else event.cause.lasts
            found.append({"at_s": at_s, "until_s": None if lasts_s is None else at_s + lasts_s, "event": event.text, "what": what})
    return found


def process_costs(
    study: Study, threads: int | None = None, progress: Callable[[float, int], None] | None = None, each: Each | None = None
) -> list[dict[str, Any]]:
    """What each process costs: useful work of the same replicas without it, whose other random numbers stay as they are.

    Parameters
    ----------
    study : Study
        The mission.
    threads : int or None, optional
        Threads; they do not change results. By default one for each processor.
    progress : callable, optional
        Called as progress(done, total) with the number of processes, also within one.
    each : Each or None, optional
        What simulates replicas on worker processes instead; it does not change results.

    Returns
    -------
    list of dict
        Name, failures in a replica, and the gain in useful work without the process, over the useful work; listed losses and withdrawals are
        no processes, listed common causes are.
    """
    fleet = study.fleet
    drawn = [cause.name for cause in fleet.causes if not cause.name.startswith((f"{EVENT} ", f"{WITHDRAWN} "))]
    names = dict.fromkeys([*(process.name for process in fleet.processes), *(name.split(PIECE)[0] for name in drawn)])
    columns = [process.name for process in fleet.processes] + [cause.name.split(PIECE)[0] for cause in fleet.causes]
    before, found = study.useful_s.sum(axis=1), []
    for i, name in enumerate(names):
        report = None if progress is None else partial(within, progress, i, len(names))
        without = fleet._replace(
            processes=[p for p in fleet.processes if p.name != name], causes=[c for c in fleet.causes if c.name.split(PIECE)[0] != name]
        )
        after = study.with_fleet(without, threads, report, each).useful_s.sum(axis=1)
        failures = study.one.failures[:, [column == name for column in columns]].sum(axis=1).astype(np.float64)
        found.append({"name": name, "failures": quantiles(failures), "gain": quantiles(after / np.where(before > 0.0, before, 1.0) - 1.0)})
    return sorted(found, key=lambda row: (-row["gain"]["mean"], row["name"]))
