"""The section `mission` of the summary: what the replicas say, as quantiles, and which process costs most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config.scenario import Loaded
from sim.config.schema import Mission
from sim.fleet.replicas.fleet import Fleet, arrays
from sim.fleet.replicas.tables import Column, JobColumn
from sim.mission.capability import Table
from sim.mission.groups import Group
from sim.mission.histories import Histories, histories
from sim.mission.layout import EVENT, Prices
from sim.mission.ledger import Ledger, ledger
from sim.mission.parts import PARTS
from sim.schema import CAUSES

Array = NDArray[np.float64]
QUANTILES = (0.1, 0.5, 0.9)
COUNTS = (
    Column.LOST, Column.RETIRED, Column.UNITS_FAILED, Column.UNITS_REPAIRED, Column.LAUNCHES, Column.LAUNCH_FAILURES, Column.LAUNCHED,
    Column.SWAPS, Column.VISITS, Column.COLLISIONS,
)  # fmt: skip


class Study(NamedTuple):
    """A mission that has been simulated."""

    loaded: Loaded
    groups: Sequence[Group]
    table: Table
    fleet: Fleet
    prices: Prices
    peak_flops_per_s: float  # of one satellite
    one: Histories
    ledgers: Sequence[Ledger]

    @property
    def mission(self) -> Mission:
        """Section `mission` of the scenario."""
        assert self.loaded.scenario.mission is not None
        return self.loaded.scenario.mission

    @property
    def useful_s(self) -> Array:
        """Useful satellite-seconds, (replicas, parts)."""
        return np.array([found.useful_s for found in self.ledgers])

    @property
    def useful_rates(self) -> Array:
        """Useful rate over that of a fleet without losses, (replicas, parts)."""
        return self.useful_s / self.whole_useful_s

    @property
    def whole_useful_s(self) -> Array:
        """Useful satellite-seconds of a fleet of which nothing fails, as new as at the start of the mission or as old as it is then, (parts,)."""
        return whole_useful_s(self.one, self.groups, self.table)


def whole_useful_s(one: Histories, found: Sequence[Group], table: Table) -> Array:
    """Useful satellite-seconds of a fleet of which nothing fails and that ages, in each part of the mission.

    Parameters
    ----------
    one : Histories
        Replicas of the mission, for its parts.
    found : sequence of Group
        Groups of satellites.
    table : Table
        What the fleet can do.

    Returns
    -------
    ndarray, shape (parts,)
        Time of whole satellites [s].
    """
    age_s = 0.5 * (one.edges_s[:-1] + one.edges_s[1:])
    useful = table.over_mission(table.shares[..., CAUSES.index("useful")], age_s)
    return np.asarray(useful @ np.array([float(group.members.size) for group in found]) * one.width_s)


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
    whole_s, below = study.whole_useful_s, study.useful_rates < mission.target
    first = np.where(below.any(axis=1), one.edges_s[np.argmax(below, axis=1)], math.inf)
    return {
        "start": f"{study.loaded.scenario.epoch:%Y-%m-%dT%H:%M:%SZ}",
        "duration_s": mission.duration,
        "step_s": mission.step,
        "replicas": int(mission.replicas),
        "satellites": slots,
        "nameplate_flops": slots * peak * mission.duration,
        "useful_flops": _scaled(quantiles(useful_s.sum(axis=1)), peak),
        "useful_fraction": _scaled(quantiles(useful_s.sum(axis=1)), 1.0 / (slots * mission.duration)),
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
        "spent_usd": None if None in study.prices else quantiles(total[:, Column.SPENT]),
        "satellite_usd": study.prices.satellite,
        "launch_usd": study.prices.launch,
        "jobs": _jobs(study),
        "capability": _capability(study),
        "parts_left": {PARTS[unit]: list(left) for unit, left in study.fleet.kinds[0].left.items() if unit in PARTS},
        "processes": list(costs),
    }  # fmt: skip


def _scaled(found: dict[str, float], factor: float) -> dict[str, float]:
    return {name: factor * value for name, value in found.items()}


def _waterfall(study: Study) -> list[dict[str, Any]]:
    """Rows of the mission's waterfall, mean over the replicas."""
    own = np.mean([found.own_s.sum(axis=0) for found in study.ledgers], axis=0)
    induced = np.mean([found.induced_s.sum(axis=0) for found in study.ledgers], axis=0)
    nameplate_s = study.fleet.slots * study.mission.duration
    return [
        {
            "cause": cause, "flops": (own[i] + induced[i]) * study.peak_flops_per_s, "own_flops": own[i] * study.peak_flops_per_s,
            "induced_flops": induced[i] * study.peak_flops_per_s, "fraction": (own[i] + induced[i]) / nameplate_s,
        }
        for i, cause in enumerate(CAUSES)
    ]  # fmt: skip


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
    useful = table.shares[..., CAUSES.index("useful")] @ size / size.sum()
    return [
        {
            "date_s": day * 86400.0, "beta_deg": None if math.isnan(beta) else math.degrees(beta), "older_s": float(age),
            "useful_fraction": float(useful[d, a]),
        }
        for d, (day, beta) in enumerate(zip(table.dates.after_d, table.dates.beta_rad, strict=True))
        for a, age in enumerate(table.ages_s)
    ]  # fmt: skip


def process_costs(study: Study, threads: int | None = None) -> list[dict[str, Any]]:
    """What each process costs: useful work of the same replicas without it, whose other random numbers stay as they are.

    Parameters
    ----------
    study : Study
        The mission.
    threads : int or None, optional
        Threads; they do not change results. By default one for each processor.

    Returns
    -------
    list of dict
        Name, failures in a replica, and the gain in useful work without the process, over the useful work; listed events are no processes.
    """
    seed, number = int(study.loaded.scenario.seed), int(study.mission.replicas)
    names = [process.name for process in study.fleet.processes] + [cause.name for cause in study.fleet.causes]
    before, found = study.useful_s.sum(axis=1), []
    for i, name in enumerate(names):
        if name.startswith(f"{EVENT} ") and i >= len(study.fleet.processes):
            continue
        without = study.fleet._replace(
            processes=[p for p in study.fleet.processes if p.name != name], causes=[c for c in study.fleet.causes if c.name != name]
        )
        other = histories(without, seed, number, threads)
        after = np.array([ledger(other, n, study.groups, study.table).useful_s.sum() for n in range(number)])
        failures = study.one.failures[:, i].astype(np.float64)
        found.append({"name": name, "failures": quantiles(failures), "gain": quantiles(after / np.where(before > 0.0, before, 1.0) - 1.0)})
    return sorted(found, key=lambda row: (-row["gain"]["mean"], row["name"]))
