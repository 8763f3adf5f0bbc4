"""Points of a study as settings: the mean over seeds of each key figure and of the waterfall, and the names of the axes.

No plotting library is used here. Studies are those that sim.studies.study_table reads.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sim.schema import CAUSES
from viz import formatting
from viz.formatting import PETA

SEED: Final = ("seed",)
LEFT_OUT: Final = ("point", "schema_version", "duration_s", "step_s", "epoch_jd")
LOWER: Final = re.compile(r"usd|_kg\b|rtt|latency|junction_k|depth|fade|dose|lost|throttled|eclipse|drained")  # of these, less is better


@dataclass(frozen=True, slots=True)
class Measure:
    """A key figure of a setting: its name, the unit on an axis, and how it is written in a sentence or table."""

    key: str
    title: str
    unit: str
    scale: float  # what a value is multiplied by on an axis
    form: Callable[[float], str]
    best: int  # 1 if a larger value is better, -1 if a smaller one is


def usd_per_petaflops(value: float) -> str:
    """An amount of US dollars per useful PFLOP/s, rounded to three digits."""
    return f"${formatting.number(value)}"


SHARE: Final = Measure("share", "Useful share", "% of nameplate", 100.0, formatting.percent, 1)
RATE: Final = Measure("rate", "Useful compute", "PFLOP/s", 1.0 / PETA, formatting.petaflops, 1)
COST: Final = Measure("cost", "Cost per useful PFLOP/s", "USD per PFLOP/s", 1.0, usd_per_petaflops, -1)
CAPEX: Final = Measure("capex", "Capital cost", "million USD", 1e-6, formatting.money, -1)


@dataclass(frozen=True, slots=True)
class Setting:
    """Values of all axes but the seeds, with means, minima and maxima over the seeds."""

    where: tuple[int, ...]  # index of the value on each varied axis
    point: int  # number of its first point
    seeds: int  # points that succeeded
    spread: dict[str, tuple[float, float, float]]  # mean, least and greatest of each measure that is known
    shares: dict[str, float]  # share of nameplate of each cause
    error: str | None  # of the first point that failed

    def mean(self, measure: Measure) -> float | None:
        """Mean of a measure, None where it is unknown."""
        return self.spread[measure.key][0] if measure.key in self.spread else None


def figures_of(row: dict[str, Any]) -> dict[str, float]:
    """The measures of one point that are known."""
    share, rate = row.get("compute.useful_fraction"), row.get("compute.mean_useful_flops_per_s")
    capex = row.get("cost.capex_usd")
    cost = capex / (rate / PETA) if capex is not None and rate else None
    found = {SHARE.key: share, RATE.key: rate, COST.key: cost, CAPEX.key: capex}
    return {key: float(value) for key, value in found.items() if value is not None and math.isfinite(value)}


def varied_axes(study: Any) -> list[int]:
    """Axes with more than one value, without the seeds; the seeds if nothing else varies."""
    varied = [i for i, axis in enumerate(study.axes) if len(axis.labels) > 1]
    return [i for i in varied if study.axes[i].fields != SEED] or varied


def settings(study: Any) -> list[Setting]:
    """Settings in the order of the points; points that differ by their seed alone are one setting."""
    axes = varied_axes(study)
    groups: dict[tuple[int, ...], list[dict[str, Any]]] = {}
    for where, row in zip(study.position, study.rows, strict=True):
        groups.setdefault(tuple(where[i] for i in axes), []).append(row)
    return [setting(where, rows) for where, rows in groups.items()]


def setting(where: tuple[int, ...], rows: list[dict[str, Any]]) -> Setting:
    """One setting from the rows of its points."""
    good = [row for row in rows if row["error"] is None]
    known = [figures_of(row) for row in good]
    spread = {}
    for key in (SHARE.key, RATE.key, COST.key, CAPEX.key):
        values = [figures[key] for figures in known if key in figures]
        if values:
            spread[key] = (math.fsum(values) / len(values), min(values), max(values))
    shares = {}
    for cause in CAUSES:
        parts = [row.get(f"compute.waterfall.{cause}.fraction") or 0.0 for row in good]
        if parts:
            shares[cause] = math.fsum(parts) / len(parts)
    errors = [row["error"] for row in rows if row["error"] is not None]
    return Setting(where, rows[0]["point"], len(good), spread, shares, errors[0] if errors else None)


def best(found: Sequence[Setting], measure: Measure) -> Setting | None:
    """The setting with the best mean; the first of equal ones; None where the measure is unknown."""
    known = [(measure.best * value, -i) for i, s in enumerate(found) if (value := s.mean(measure)) is not None]
    return found[-max(known)[1]] if known else None


def as_good(found: Sequence[Setting], measure: Measure, top: Setting) -> int:
    """How many other settings are as good as the best one, to 1 part in 10,000."""
    value = top.mean(measure)
    assert value is not None
    others = [s.mean(measure) for s in found if s is not top]
    return sum(other is not None and abs(other - value) <= 1e-4 * abs(value) for other in others)


def varies(found: Sequence[Setting], measure: Measure) -> bool:
    """Whether a measure is known and differs between settings by more than rounding."""
    values = [value for s in found if (value := s.mean(measure)) is not None]
    return bool(values) and max(values) - min(values) > 1e-9 * max(abs(v) for v in values)


def measures(found: Sequence[Setting]) -> list[Measure]:
    """The measures worth a chart: the useful share and, where they say more than it, useful compute and costs."""
    shown = [SHARE]
    nameplates = [s.mean(RATE) / s.mean(SHARE) for s in found if s.mean(SHARE) and s.mean(RATE)]  # type: ignore[operator]
    if nameplates and max(nameplates) - min(nameplates) > 1e-6 * max(nameplates):
        shown.append(RATE)
    return shown + [measure for measure in (COST, CAPEX) if varies(found, measure)]


def metrics(study: Any, found: Sequence[Setting]) -> list[Measure]:
    """Measures that differ between the settings: the usual ones, then every other number of the summaries by its name there.

    Means of the others over the seeds are added to the settings' `spread`.
    """
    usual = measures(found)
    known = {"compute.useful_fraction", "compute.mean_useful_flops_per_s", "cost.capex_usd"}
    inputs = {field for axis in study.axes for field in axis.fields}
    rows: dict[tuple[int, ...], list[dict[str, Any]]] = {}
    axes = varied_axes(study)
    for where, row in zip(study.position, study.rows, strict=True):
        rows.setdefault(tuple(where[i] for i in axes), []).append(row)
    others = []
    for name in study.rows[0] if study.rows else ():
        if name in known or name in LEFT_OUT or name in inputs or " [" in name:
            continue
        means = {}
        for one in found:
            values = [float(v) for row in rows[one.where] if _is_number(v := row.get(name))]
            if values:
                means[one.point] = (math.fsum(values) / len(values), min(values), max(values))
        first = [mean for mean, _, _ in means.values()]
        if not first or max(first) - min(first) <= 1e-9 * max(abs(v) for v in first):
            continue
        for one in found:
            if one.point in means:
                one.spread[name] = means[one.point]
        others.append(Measure(name, name, "", 1.0, formatting.number, -1 if LOWER.search(name) else 1))
    return usual + others


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def pareto(values: Sequence[tuple[float | None, float | None]], best_x: int, best_y: int) -> list[int]:
    """Indices of pairs that no other pair beats in one value without losing in the other, along the first value.

    Examples
    --------
    >>> pareto([(1.0, 5.0), (2.0, 7.0), (3.0, 6.0), (2.0, 4.0)], best_x=-1, best_y=1)
    [0, 1]
    """
    known = [(best_x * x, best_y * y, i) for i, (x, y) in enumerate(values) if x is not None and y is not None]
    front: list[int] = []
    reached = -math.inf
    for _, y, i in sorted(known, key=lambda one: (-one[0], -one[1], one[2])):
        if y > reached:
            front.append(i)
            reached = y
    return front if best_x < 0 else front[::-1]


# --- names ------------------------------------------------------------------------------------------------------------


def typeset(unit: str) -> str:
    """A unit with superscripts and the degree sign: m2 becomes m²."""
    return re.sub(r"(?<=m)2\b", "²", re.sub(r"(?<=m)3\b", "³", unit)).replace("degC", "°C").replace("deg", "°")


def short_names(fields: Sequence[str]) -> list[str]:
    """Fields by their last two parts, or as many as it takes to tell them apart: array area."""
    parts = [field.split(".") for field in fields]
    names = []
    for mine in parts:
        length = min(2, len(mine))
        while length < len(mine) and sum(other[-length:] == mine[-length:] for other in parts) > 1:
            length += 1
        names.append(" ".join(mine[-length:]).replace("_", " "))
    return names


def axis_names(study: Any) -> list[str]:
    """Short name of each varied axis; of fields that vary together the names with a slash."""
    axes = [study.axes[i] for i in varied_axes(study)]
    short = iter(short_names([field for axis in axes for field in axis.fields]))
    return [" / ".join(next(short) for _ in axis.fields) for axis in axes]


def axis_titles(study: Any) -> list[str]:
    """Title of each varied axis with its unit."""
    units = [study.axes[i].unit for i in varied_axes(study)]
    return [f"{name}, {typeset(unit)}" if unit else name for name, unit in zip(axis_names(study), units, strict=True)]


def ticks(study: Any, axis: int) -> list[str]:
    """Values of a varied axis as text without the unit, which its title has; the k-th varied axis."""
    varied = study.axes[varied_axes(study)[axis]]
    if varied.values is None:
        return [typeset(label) for label in varied.labels]
    return [f"{value:,.10g}" for value in varied.values]


def label(study: Any, one: Setting) -> str:
    """The values of a setting in words: array area 130 m², battery capacity 20 kWh."""
    axes = [study.axes[i] for i in varied_axes(study)]
    names = axis_names(study)
    return ", ".join(f"{n} {typeset(a.labels[i])}" for n, a, i in zip(names, axes, one.where, strict=True))


def at_edges(study: Any, one: Setting) -> list[str]:
    """Names of the axes of numbers on which a setting has the least or the greatest value: a better one may lie beyond."""
    axes = [study.axes[i] for i in varied_axes(study)]
    return [
        name
        for name, a, i in zip(axis_names(study), axes, one.where, strict=True)
        if a.values is not None and a.fields != SEED and a.values[i] in (min(a.values), max(a.values))
    ]
