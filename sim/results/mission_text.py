"""Text of a mission on the terminal and in the report: how much is useful over the years, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sim.results.number_text import counted, dollars, percent, time_text

MISSION_HEADS: Final = ("over the mission", "mean", "P10", "P50", "P90")
EVENT_HEADS: Final = ("from", "until", "event", "what it is")
PROCESS_HEADS: Final = ("without", "failures", "more useful work", "P10", "P90")
YEAR_S: Final = 365.25 * 86400.0


def mission_headline(mission: dict[str, Any]) -> str:
    """What was simulated, and how much of the nameplate is useful.

    Parameters
    ----------
    mission : dict
        Section `mission` of a summary.

    Returns
    -------
    str
        One line.
    """
    useful = mission["useful_fraction"]
    span = "10 to 90 % of the replicas"
    return (
        f"{years(mission['duration_s'])} from {mission['start'][:10]}, {counted(mission['replicas'], 'replica')}: "
        f"{percent(useful['p50'])} of nameplate useful ({percent(useful['p10'])} to {percent(useful['p90'])} in {span})"
    )


def mission_target(mission: dict[str, Any]) -> str:
    """When the useful rate first falls below the target, and how often it is there.

    Parameters
    ----------
    mission : dict
        Section `mission` of a summary.

    Returns
    -------
    str
        One line.
    """
    below = mission["below_target"]
    first, share = below["first_s"], below["share_of_time"]
    target = f"{percent(mission['target'])} of a fleet without losses"
    if first["never"] == 1.0:
        return f"never below {target}"
    when = "in fewer than half of the replicas" if first["p50"] is None else f"first after {years(first['p50'])} (P50)"
    end = percent(below["probability_at_end"])
    return f"below {target} {when}; {percent(share['mean'])} of the time on average, at the end in {end} of the replicas"


def mission_ground(mission: dict[str, Any]) -> str:
    """Time to 10, 50 and 100 % of the capacity, and what the work costs, beside the ground site that is decided at the same time.

    Parameters
    ----------
    mission : dict
        Section `mission` of a summary.

    Returns
    -------
    str
        One line.
    """
    ground, money = mission["ground"], mission["money"]
    orbit = _reached([(row["share"], row["p50"]) for row in mission["reached_s"]])
    cost = None if money is None else money["usd_per_useful_pflop_day"]["p50"]
    found = f"{orbit} (P50)"
    if cost is not None:
        found += f", {dollars(cost)} per useful PFLOP/s-day"
    if ground is None:
        return found
    found += f"; {ground['name']} {_reached([(row['share'], ground_time_s(ground, row['share'])) for row in mission['reached_s']])}"
    usd = ground["usd_per_useful_pflop_day"]
    return found if usd is None else f"{found}, {dollars(usd)}"


def ground_time_s(ground: dict[str, Any], share: float) -> float:
    """When a ground site has reached a share of its accelerators.

    Parameters
    ----------
    ground : dict
        Part `ground` of the section `mission` of a summary.
    share : float
        Share, 0 to 1.

    Returns
    -------
    float
        Time after the decision [s].
    """
    return float(next(phase["after_s"] for phase in ground["phases"] if phase["share"] >= share))


def _reached(times_s: Sequence[tuple[float, float | None]]) -> str:
    if all(at_s == 0.0 for _, at_s in times_s):
        return "whole capacity at the start"
    named = [f"{100.0 * share:g} % {'not reached' if at_s is None else f'after {years(at_s)}'}" for share, at_s in times_s]
    return ", ".join(named)


def mission_rows(mission: dict[str, Any]) -> list[tuple[str, ...]]:
    """Key figures as mean and quantiles.

    Parameters
    ----------
    mission : dict
        Section `mission` of a summary.

    Returns
    -------
    list of tuple of str
        Cells below `MISSION_HEADS`.
    """
    shares = [
        ("useful share of nameplate", mission["useful_fraction"]), ("capacity in place", mission["availability"]),
        ("capacity at the end", mission["capacity_at_end"]), ("useful at the end, of a fleet without losses", mission["useful_at_end"]),
    ]  # fmt: skip
    rows = [(name, *_cells(found, percent)) for name, found in shares]
    counts = mission["counts"]
    named = (
        ("satellites lost", "lost"), ("satellites retired", "retired"), ("parts failed", "units_failed"), ("parts repaired", "units_repaired"),
        ("launches", "launches"), ("satellites launched", "launched"), ("visits", "visits"),
    )  # fmt: skip
    rows += [(label, *_cells(counts[name], lambda v: f"{v:,.4g}")) for label, name in named if counts[name]["p90"] > 0 or counts[name]["mean"] > 0]
    for job in mission["jobs"]:
        if job["parts"]:
            rows.append((f"{job['name']}: at work", *_cells(job["working"], percent)))
            rows.append((f"{job['name']}: interruptions", *_cells(job["interruptions"], lambda v: f"{v:,.4g}")))
        if job["tokens"]["mean"] > 0:
            rows.append((f"{job['name']}: tokens", *_cells(job["tokens"], lambda v: f"{v:.3g}")))
    if mission["spent_usd"] is not None and mission["spent_usd"]["p90"] > 0:
        rows.append(("spent on replacement", *_cells(mission["spent_usd"], dollars)))
    if mission["money"] is not None:
        rows.append(("present value of the cost", *_cells(mission["money"]["present_usd"], dollars)))
    return rows


def process_rows(mission: dict[str, Any]) -> list[tuple[str, ...]]:
    """What each process costs.

    Parameters
    ----------
    mission : dict
        Section `mission` of a summary.

    Returns
    -------
    list of tuple of str
        Cells below `PROCESS_HEADS`, what costs most first.
    """
    return [
        (row["name"], f"{row['failures']['mean']:,.4g}", *(signed(row["gain"][q]) for q in ("mean", "p10", "p90"))) for row in mission["processes"]
    ]


def event_rows(mission: dict[str, Any]) -> list[tuple[str, ...]]:
    """Listed events of a mission.

    Parameters
    ----------
    mission : dict
        Section `mission` of a summary.

    Returns
    -------
    list of tuple of str
        Cells below `EVENT_HEADS`, in order of time; none for a summary of an earlier version.
    """
    return [(event_date(mission, row["at_s"]), event_date(mission, row["until_s"]), row["event"], row["what"]) for row in mission.get("events", [])]


def event_date(mission: dict[str, Any], after_s: float | None) -> str:
    """A time of a mission as a date, with the time of day where it is not midnight.

    Parameters
    ----------
    mission : dict
        Section `mission` of a summary.
    after_s : float or None
        Time after the start [s]; None: never.

    Returns
    -------
    str
        Text such as "2028-03-01"; empty for None.
    """
    if after_s is None:
        return ""
    moment = datetime.fromisoformat(mission["start"]) + timedelta(seconds=after_s)
    return f"{moment:%Y-%m-%d}" if (moment.hour, moment.minute, moment.second) == (0, 0, 0) else f"{moment:%Y-%m-%d %H:%M}"


def years(time_s: float) -> str:
    """A time in years, shorter ones in days.

    Parameters
    ----------
    time_s : float
        Time [s].

    Returns
    -------
    str
        Time with its unit.

    Examples
    --------
    >>> years(157788000.0), years(86400.0 * 45)
    ('5 yr', '45 d')
    """
    return f"{time_s / YEAR_S:.3g} yr" if time_s >= YEAR_S else time_text(time_s)


def signed(share: float) -> str:
    """A change in per cent with its sign.

    Parameters
    ----------
    share : float
        Change over the value before.

    Returns
    -------
    str
        Text such as "+4.1 %".
    """
    return f"{100.0 * share:+.1f} %"


def _cells(found: dict[str, float], form: Any) -> tuple[str, ...]:
    return tuple(form(found[name]) for name in ("mean", "p10", "p50", "p90"))
