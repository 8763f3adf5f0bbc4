"""What changes from one mission to another: useful work with its error, the causes, capacity, launches and money.

Two missions of one seed meet the same failures wherever their processes are the same. So the difference of each replica has less scatter
than the replicas themselves, and its mean is known better than a difference of quantiles.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.results.mission_text import years
from sim.results.store import Results
from sim.studies.losses import Loss, reasons, waterfall_losses

Array = NDArray[np.float64]
YEAR_S: Final = 365.25 * 86400.0
PFLOP_DAY: Final = 1e15 * 86400.0
SAME: Final = 1e-9  # relative difference of lengths or nameplates that counts as none
SHARE, WORK = "1", "PFLOP/s-day"  # units


@dataclass(frozen=True)
class Figure:
    """A figure of both missions; None where there is none, such as a time that does not come in so many replicas."""

    figure: str
    unit: str
    a: float | None
    b: float | None
    change: float | None  # b - a


@dataclass(frozen=True)
class UsefulDifference:
    """Mean difference of useful work, B minus A, with its standard error, over replicas."""

    unit: str
    mean: float
    error: float | None  # None with a single replica
    replicas: int  # of each mission
    paired: bool  # whether both have the same seed, so that their replicas meet the same random numbers
    a_mean: float
    correlation: float | None  # of the two missions over the replicas; None where they are not paired or one does not vary

    @property
    def words(self) -> str:
        """The difference as one sentence without its end."""
        scale, unit = (100.0, "points of nameplate") if self.unit == SHARE else (1.0, self.unit)
        mean, error = _with_error(scale * self.mean, None if self.error is None else scale * self.error)
        share = "" if self.unit == SHARE or self.a_mean == 0.0 else f" ({_percent(self.mean, self.error, self.a_mean)})"
        how = "each against the same random numbers" if self.paired else "of each mission, whose seeds differ"
        count = f"{self.replicas:,} replica{'' if self.replicas == 1 else 's'}"
        return f"useful work {mean}{error} {unit}{share}: mean and standard error over {count}, {how}"


def _percent(mean: float, error: float | None, of: float) -> str:
    found, spread = _with_error(100.0 * mean / of, None if error is None else 100.0 * error / of)
    return f"{found}{spread} %"


def _with_error(value: float, error: float | None) -> tuple[str, str]:
    """A value with its sign and its error, which has two digits, to the same place; four digits without an error."""
    if not error:
        return f"{value:+.4g}", "" if error is None else " ± 0"
    place = 1 - math.floor(math.log10(error))
    shown = max(0, place)
    return f"{round(value, place):+,.{shown}f}", f" ± {round(error, place):,.{shown}f}"


@dataclass(frozen=True)
class Fan:
    """Useful rate over the years: [PFLOP/s], or share of nameplate."""

    years: tuple[float, ...]  # middles of the parts
    p10: tuple[float, ...]
    p50: tuple[float, ...]
    p90: tuple[float, ...]


@dataclass(frozen=True)
class MissionChange:
    """The change from mission A to mission B."""

    unit: str  # of useful work: shares of nameplate where missions differ in length or nameplate
    useful: UsefulDifference | None
    figures: tuple[Figure, ...]
    waterfall: tuple[Loss, ...]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    fans: tuple[Fan, Fan]  # of A and B; not part of as_dict

    def as_dict(self) -> dict[str, Any]:
        """Fields for JSON.

        Returns
        -------
        dict
            Fields by name.
        """
        return {name: value for name, value in asdict(self).items() if name != "fans"}

    def cells(self, form: Callable[[float | None], str], share: Callable[[float], str]) -> list[tuple[str, ...]]:
        """Figures as text.

        Parameters
        ----------
        form : callable
            Text of an amount; of None too.
        share : callable
            Text of a share, 0 to 1.

        Returns
        -------
        list of tuple of str
            Name with its unit, A, B and the change; changes of shares in percentage points.
        """
        rows = []
        for row in self.figures:
            name = row.figure if row.unit == "1" else f"{row.figure}, {row.unit}"
            if row.figure in SHARES:
                moved = form(None) if row.change is None else f"{100.0 * row.change:+.2f} points"
                rows.append((name, *(form(v) if v is None else share(v) for v in (row.a, row.b)), moved))
            else:
                rows.append((name, form(row.a), form(row.b), _signed(row.change, form)))
        return rows


def mission_change(a: tuple[str, Results], b: tuple[str, Results], scaled: bool = False) -> tuple[MissionChange | None, list[str]]:
    """Compare the missions of two results.

    Parameters
    ----------
    a, b : tuple of str and Results
        Label and results of both sides.
    scaled : bool, optional
        Whether the run of A is scaled; its mission is not.

    Returns
    -------
    MissionChange or None
        None where one of them has no mission.
    list of str
        A note where only one has a mission.
    """
    one, two = (results.summary.get("mission") for _, results in (a, b))
    if one is None or two is None:
        if one is None and two is None:
            return None, []
        has, lacks = (a[0], b[0]) if two is None else (b[0], a[0])
        return None, [f"{has} has a mission and {lacks} has none: the years are not compared"]
    unlike = _unlike(one, two)
    unit = SHARE if unlike else WORK
    left, right = ((m["waterfall"], m["nameplate_flops"], m["duration_s"]) for m in (one, two))
    losses = waterfall_losses(left, right)
    useful = _useful_difference(a[1], b[1], unit)
    notes = [*unlike, *_notes(one, two, useful)]
    if scaled:
        notes.append("the missions are compared as they were simulated; only the run of A is scaled")
    fans = _fan(a[1], unit), _fan(b[1], unit)
    return MissionChange(unit, useful, _figures(one, two, unit), losses, reasons(losses), tuple(notes), fans), []


def _unlike(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    """A note where shares are compared and not amounts."""
    parts = []
    if not math.isclose(a["duration_s"], b["duration_s"], rel_tol=SAME):
        parts.append(f"duration ({years(a['duration_s'])} and {years(b['duration_s'])})")
    rates = [m["nameplate_flops"] / m["duration_s"] / 1e15 for m in (a, b)]
    if not math.isclose(*rates, rel_tol=SAME):
        parts.append(f"nameplate ({rates[0]:,.4g} and {rates[1]:,.4g} PFLOP/s)")
    if not parts:
        return []
    differ = " and ".join(parts)
    return [f"the missions differ in {differ}: useful work is compared as a share of nameplate; counts and money are those of each mission"]


def _notes(a: dict[str, Any], b: dict[str, Any], useful: UsefulDifference | None) -> list[str]:
    found = []
    if a["target"] != b["target"]:
        found.append(f"the targets differ ({a['target']:g} and {b['target']:g}), and with them what counts as below")
    if useful is None:
        found.append("one of the results does not hold the useful work of each replica; run its scenario again for the error of the difference")
    elif a["replicas"] != b["replicas"]:
        found.append(f"the missions have {a['replicas']:,} and {b['replicas']:,} replicas; the difference is that of the first {useful.replicas:,}")
    return found


def _useful_difference(a: Results, b: Results, unit: str) -> UsefulDifference | None:
    one, two = (_of_replicas(results, unit) for results in (a, b))
    count = min(one.size, two.size)
    if count == 0:
        return None
    one, two = one[:count], two[:count]
    paired = a.summary.get("seed") == b.summary.get("seed")
    error = correlation = None
    if count > 1:
        scatter = (two - one).var(ddof=1) if paired else one.var(ddof=1) + two.var(ddof=1)
        error = math.sqrt(float(scatter) / count)
        if paired and one.std() > 0.0 and two.std() > 0.0:
            correlation = float(np.corrcoef(one, two)[0, 1])
    return UsefulDifference(unit, math.fsum(two - one) / count, error, count, paired, math.fsum(one) / count, correlation)


def _of_replicas(results: Results, unit: str) -> Array:
    """Useful work of each replica, in the unit; empty where the results do not hold it."""
    if "mission_useful_replica" not in results.series:
        return np.zeros(0)
    found = np.asarray(results.series["mission_useful_replica"].values, dtype=np.float64)
    return found / (results.summary["mission"]["nameplate_flops"] if unit == SHARE else PFLOP_DAY)


def _fan(results: Results, unit: str) -> Fan:
    mission, series = results.summary["mission"], results.series
    ends_s = np.asarray(series["mission_time"].values, dtype=np.float64) / 1e3
    middles_s = 0.5 * (ends_s + np.concatenate(([0.0], ends_s[:-1])))
    scale = mission["nameplate_flops"] / mission["duration_s"] if unit == SHARE else 1e15
    low, middle, high = (np.asarray(series["mission_useful"].values) / scale).tolist()
    return Fan(tuple((middles_s / YEAR_S).tolist()), tuple(low), tuple(middle), tuple(high))


# name, unit, where in the section of the summary, divisor for display
_FIGURES: Final = (
    *((f"useful work, {name}", WORK, ("useful_flops", key), PFLOP_DAY) for name, key in (("P10", "p10"), ("P50", "p50"), ("P90", "p90"))),
    *((f"useful share of nameplate, {name}", SHARE, ("useful_fraction", key), 1.0) for name, key in (("P10", "p10"), ("P50", "p50"), ("P90", "p90"))),
    ("capacity in place, mean", SHARE, ("availability", "mean"), 1.0),
    ("capacity at the end, P10", SHARE, ("capacity_at_end", "p10"), 1.0),
    ("capacity at the end, P50", SHARE, ("capacity_at_end", "p50"), 1.0),
    ("time below target, mean", SHARE, ("below_target", "share_of_time", "mean"), 1.0),
    ("first below target, P10", "yr", ("below_target", "first_s", "p10"), YEAR_S),
    ("first below target, P50", "yr", ("below_target", "first_s", "p50"), YEAR_S),
    ("never below target, share of replicas", SHARE, ("below_target", "first_s", "never"), 1.0),
    ("satellites lost, mean", "1", ("counts", "lost", "mean"), 1.0),
    ("launches, mean", "1", ("counts", "launches", "mean"), 1.0),
    ("satellites launched, mean", "1", ("counts", "launched", "mean"), 1.0),
    ("servicing visits, mean", "1", ("counts", "visits", "mean"), 1.0),
    ("spent on replacement, mean", "USD", ("spent_usd", "mean"), 1.0),
    ("present value of the cost, mean", "USD", ("money", "present_usd", "mean"), 1.0),
    ("price of a useful PFLOP/s-day, P50", "USD", ("money", "usd_per_useful_pflop_day", "p50"), 1.0),
)
MONEY: Final = ("spent_usd", "money")
SHARES: Final = tuple(name for name, _, path, _ in _FIGURES if path[0] not in ("counts", "useful_flops", *MONEY) and "first below" not in name)
"""Figures that are shares, 0 to 1."""


def _figures(a: dict[str, Any], b: dict[str, Any], unit: str) -> tuple[Figure, ...]:
    found = []
    for name, of, path, size in _FIGURES:
        if of == WORK and unit == SHARE:
            continue
        left, right = (_at(mission, path, size) for mission in (a, b))
        if left is None and right is None and path[0] in MONEY:
            continue  # no prices in either
        found.append(Figure(name, of, left, right, None if left is None or right is None else right - left))
    return tuple(found)


def _at(mission: dict[str, Any], path: Sequence[str], size: float) -> float | None:
    node: Any = mission
    for key in path:
        if node is None:
            return None
        node = node[key]
    return None if node is None else float(node) / size


def _signed(change: float | None, form: Callable[[float | None], str]) -> str:
    return f"+{form(change)}" if change is not None and change > 0.0 else form(change)
