"""Years of a fleet: useful rate with its spread, inventory and launches, survival by batch, and what each process costs.

The report and the studio draw the same figures.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sim.results.mission_text import EVENT_HEADS, MISSION_HEADS, PROCESS_HEADS, event_rows, mission_rows, process_rows
from viz.figures import ROW_PX, Chart, line, row_axis, time_axis
from viz.formatting import PETA
from viz.html_parts import collapsed, table, text
from viz.palette import CAUSE, INK, JOB_COLOURS, MUTED, axis, layout
from viz.scene import Floats, unix_ms

BAND: Final = "rgba(35,105,173,0.20)"
STANDDOWN: Final = "rgba(160,70,120,0.22)"
BLUE: Final = "#2369ad"
ORANGE: Final = "#c2410c"
MOST_BARS: Final = 12
LEVELS: Final = (
    ("places empty", "mission_empty", "#86275a"), ("spares in planes", "mission_spares", "#0e93a8"),
    ("in the parking orbit", "mission_stock", "#e3a008"), ("ordered or on the way", "mission_ordered", "#7a5195"),
    ("failed, still in orbit", "mission_derelicts", INK),
)  # fmt: skip
COUNTS: Final = (
    ("satellites lost", "mission_lost", "#d97ab0"), ("satellites launched", "mission_launched", BLUE), ("launches", "mission_launches", INK),
)  # fmt: skip
PARTS: Final = (("parts failed", "mission_units_failed", "#87683f"),)
# rows of the chart: curves, title, and whether they are counts since the start, which hold at the ends of the parts of a mission
INVENTORY: Final = ((LEVELS, "satellites", False), (COUNTS, "since the start", True), (PARTS, "parts, since the start", True))


def _middles(results: Any) -> Floats | None:
    """Middles of the parts of the mission [ms since 1970]; None without a mission."""
    if results.summary.get("mission") is None or "mission_time" not in results.series:
        return None
    ends = results.series["mission_time"].values
    starts = np.concatenate(([0], ends[:-1]))
    return np.asarray(unix_ms(results, (starts + ends) // 2), dtype=np.float64)


def _ends(results: Any) -> Floats:
    return np.asarray(unix_ms(results, results.series["mission_time"].values), dtype=np.float64)


def band(figure: go.Figure, x: Floats, low: Floats, high: Floats, name: str, unit: str, colour: str = BAND) -> None:
    """A shaded band between two curves."""
    common: dict[str, Any] = {"mode": "lines", "line": {"width": 0, "color": colour}}
    words = f"in 8 of 10 replicas: %{{customdata:,.4~g}} to %{{y:,.4~g}} {unit}<extra></extra>"
    figure.add_trace(go.Scatter(x=x, y=low, name=f"{name}, P10", hoverinfo="skip", **common))
    figure.add_trace(go.Scatter(
        x=x, y=high, name=f"{name}, P90", fill="tonexty", fillcolor=colour, customdata=low, hovertemplate=words, **common,
    ))  # fmt: skip


def happenings(results: Any) -> list[tuple[float, str]]:
    """Listed events of the mission in the order of time: when [ms since 1970], and in words."""
    listed = (results.summary.get("mission") or {}).get("events") or []
    at_ms = unix_ms(results, np.array([1e3 * event["at_s"] for event in listed]).astype(np.int64)) if listed else []
    return sorted((float(ms), f"{event['event']}: {event['what']}") for ms, event in zip(at_ms, listed, strict=True))


def mark(figure: go.Figure, results: Any, top: float) -> None:
    """Listed events as markers at `top` with what they are, a line to the end of each; those at one time are one marker. Stand-downs are shaded."""
    mission = results.summary["mission"]
    for row in mission.get("events") or []:
        end_s = row["at_s"] if row["until_s"] is None else min(row["until_s"], mission["duration_s"])
        x = np.asarray(unix_ms(results, np.array([row["at_s"] * 1e3, end_s * 1e3], dtype=np.int64)), dtype=np.float64)
        if row["until_s"] is not None:
            figure.add_shape(type="line", x0=x[0], x1=x[1], y0=top, y1=top, line={"color": INK, "width": 3}, opacity=0.35)
        figure.add_shape(type="line", x0=x[0], x1=x[0], y0=0, y1=top, line={"color": INK, "width": 1, "dash": "dot"}, opacity=0.35)
    found = happenings(results)
    moments = sorted({ms for ms, _ in found})
    if found:
        said = ["<br>".join(text(words) for ms, words in found if ms == moment) for moment in moments]
        figure.add_trace(go.Scatter(
            x=moments, y=[top] * len(moments), text=said, name="listed events", mode="markers",
            marker={"symbol": "triangle-down", "size": 11, "color": INK}, hovertemplate="%{text}<extra></extra>",
        ))  # fmt: skip
    for begin_ms, end_ms in standdowns(results):
        figure.add_vrect(begin_ms, end_ms, line={"width": 0}, fillcolor=STANDDOWN, layer="below")


def standdowns(results: Any) -> list[tuple[float, float]]:
    """Times without launches, begin and end [ms since 1970]."""
    mission = results.summary.get("mission") or {}
    spans = np.array([[s["at_s"], min(s["at_s"] + s["duration_s"], mission["duration_s"])] for s in mission.get("standdowns") or []])
    return [] if not spans.size else [(float(a), float(b)) for a, b in unix_ms(results, (1e3 * spans).astype(np.int64))]


def fan(results: Any) -> Chart | None:
    """Useful rate over the years: median, its spread, a fleet without losses and the target."""
    x = _middles(results)
    if x is None:
        return None
    useful, whole = results.series["mission_useful"].values, results.series["mission_useful_whole"].values
    scale, unit = PETA, "PFLOP/s"
    low, middle, high = useful / scale
    target = results.summary["mission"]["target"]
    figure = go.Figure()
    band(figure, x, low, high, "useful", unit)
    figure.add_trace(line(x, middle, "useful, P50", BLUE, unit))
    figure.add_trace(line(x, whole / scale, "nothing fails", MUTED, unit, line={"dash": "dot"}))
    figure.add_trace(line(x, target * whole / scale, "target", ORANGE, unit, line={"dash": "dash", "width": 1}))
    mark(figure, results, 1.06 * float(max(whole.max() / scale, high.max())))
    figure.update_layout(layout(360, hovermode="x unified"))
    figure.update_xaxes(time_axis(hoverformat="%Y-%m-%d"))
    figure.update_yaxes(axis(f"useful, {unit}", rangemode="tozero"))
    key = [("P50 of the replicas; shaded P10 to P90", BLUE), ("a fleet of which nothing fails", MUTED), ("target", ORANGE)]
    key += [("listed event; line to its end", INK)] if happenings(results) else []
    key += [("no launches (stand-down)", STANDDOWN)] if standdowns(results) else []
    return Chart(figure, tuple(key), "Each moment by itself: no single history follows the edge of the shaded area.")


def build_up(results: Any) -> Chart | None:
    """Capacity in orbit from the decision on, beside that of the ground site; None without one."""
    x = _middles(results)
    ground = None if x is None else results.summary["mission"]["ground"]
    if x is None or ground is None:
        return None
    low, middle, high = 100.0 * results.series["mission_capacity"].values
    figure = go.Figure()
    band(figure, x, low, high, "in orbit", "%")
    figure.add_trace(line(x, middle, "in orbit, P50", BLUE, "%"))
    end_s = results.summary["mission"]["duration_s"]
    steps = [(phase["after_s"], phase["share"]) for phase in ground["phases"] if phase["after_s"] < end_s]
    at_s, shares = [0.0, *(s for s, _ in steps), end_s], [0.0, *(share for _, share in steps)]
    moments = np.asarray(unix_ms(results, np.array(at_s) * 1e3), dtype=np.float64)
    figure.add_trace(line(moments, 100.0 * np.array([*shares, shares[-1]]), ground["name"], ORANGE, "%", line={"shape": "hv"}))
    figure.update_layout(layout(280, hovermode="x unified"))
    figure.update_xaxes(time_axis(hoverformat="%Y-%m-%d"))
    figure.update_yaxes(axis("% of the full capacity", rangemode="tozero"))
    key = (("in orbit, P50 of the replicas; shaded P10 to P90", BLUE), (f"{ground['name']}, decided at the same time", ORANGE))
    return Chart(figure, key, "Rates that satellites have of those that all places would have, of their generation.")


def jobs(results: Any) -> Chart | None:
    """Effective training time and tokens over the years; None without jobs."""
    x = _middles(results)
    if x is None or not any(job["parts"] for job in results.summary["mission"]["jobs"]):
        return None
    series = results.series
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.09)
    rows = (
        (x, 100.0 * series["mission_ettr"].values, "jobs at work", "%"),
        (_ends(results), 1e-12 * series["mission_tokens"].values, "since the start", "trillion tokens"),
    )
    for row, (at_ms, values, name, unit) in enumerate(rows, start=1):
        shown = go.Figure()
        band(shown, at_ms, values[0], values[2], name, unit)
        shown.add_trace(line(at_ms, values[1], f"{name}, P50", BLUE, unit))
        for trace in shown.data:
            figure.add_trace(trace, row=row, col=1)
    figure.update_layout(layout(380, hovermode="x unified"))
    figure.update_xaxes(time_axis(hoverformat="%Y-%m-%d"))
    figure.update_xaxes(title_text="", row=1, col=1)
    figure.update_yaxes(axis("% of the time", rangemode="tozero"), row=1, col=1)
    figure.update_yaxes(axis("trillion tokens", rangemode="tozero"), row=2, col=1)
    key = (("P50 of the replicas; shaded P10 to P90", BLUE),)
    return Chart(figure, key, "Time in which work is done that stays (effective training time ratio), of the time of all members.")


def inventory(results: Any) -> Chart | None:
    """Where satellites are, and what was lost, launched and failed since the start, medians; a row for each."""
    x = _middles(results)
    if x is None:
        return None
    series, rows = results.series, []
    for curves, title, since in INVENTORY:
        found = [(name, series[key].values[1], colour) for name, key, colour in curves if key in series and series[key].values.max() > 0.0]
        rows += [(found, title, since)] if found else []
    if not rows:
        return None
    figure, key = make_subplots(rows=len(rows), cols=1, shared_xaxes=True, vertical_spacing=0.09), []
    for n, (found, title, since) in enumerate(rows, 1):
        for name, values, colour in found:
            figure.add_trace(line(_ends(results) if since else x, values, name, colour, "since the start" if since else "satellites"), row=n, col=1)
            key.append((f"{name}, since the start" if since else name, colour))
        figure.update_yaxes(axis(title, rangemode="tozero"), row=n, col=1)
    figure.update_layout(layout(70 + 185 * len(rows), hovermode="x unified"))
    figure.update_xaxes(time_axis(hoverformat="%Y-%m-%d"))
    for n in range(1, len(rows)):
        figure.update_xaxes(title_text="", row=n, col=1)
    return Chart(figure, tuple(key), "Medians of the replicas.")


def survival(results: Any) -> Chart | None:
    """Satellites in their places by the launch that brought them, stacked, mean over the replicas."""
    x = _middles(results)
    if x is None or results.series.sizes.get("mission_batch", 0) < 2:  # a single batch is what the places say
        return None
    names = [str(name) for name in results.series["mission_batch"].values]
    working = results.series["mission_batch_working"].values
    figure = go.Figure()
    key = []
    first = "of the start" if results.summary["mission"]["reached_s"][-1]["p50"] == 0.0 else "first launch"
    for i, (name, values) in enumerate(zip(names, working, strict=True)):
        label, colour = (first if i == 0 else f"launch {name}"), JOB_COLOURS[i % len(JOB_COLOURS)]
        figure.add_trace(line(x, values, label, colour, "satellites", stackgroup="batch", fillcolor=colour, line={"width": 0}))
        key.append((label, colour))
    figure.update_layout(layout(300, hovermode="x unified"))
    figure.update_xaxes(time_axis(hoverformat="%Y-%m-%d"))
    figure.update_yaxes(axis("satellites in their places", rangemode="tozero"))
    return Chart(figure, tuple(key), "Mean over the replicas.")


def costs(results: Any) -> Chart | None:
    """Useful work gained without each process, largest first, with its spread over the replicas."""
    mission = results.summary.get("mission")
    rows = [] if mission is None else [row for row in mission["processes"] if row["failures"]["mean"] > 0.0][:MOST_BARS]
    if not rows:
        return None
    figure = go.Figure()
    gains = [100.0 * row["gain"]["mean"] for row in rows]
    low = [max(0.0, 100.0 * (row["gain"]["mean"] - row["gain"]["p10"])) for row in rows]
    high = [max(0.0, 100.0 * (row["gain"]["p90"] - row["gain"]["mean"])) for row in rows]
    figure.add_bar(
        x=gains, y=list(range(len(rows))), orientation="h", marker={"color": CAUSE["failed"].colour}, width=0.6,
        error_x={"type": "data", "symmetric": False, "array": high, "arrayminus": low, "color": MUTED, "thickness": 1.5, "width": 4},
        hovertemplate="%{x:+,.2f} % useful work<extra></extra>",
    )  # fmt: skip
    figure.update_layout(layout(ROW_PX * len(rows) + 70, yaxis=row_axis([row["name"] for row in rows]), xaxis=axis("% more useful work without it")))
    return Chart(figure, ((("mean of the replicas; line P10 to P90"), CAUSE["failed"].colour),), "Same random numbers for all other processes.")


def capability(results: Any) -> Chart | None:
    """Useful share of nameplate in the runs without failures, by date and age."""
    mission = results.summary.get("mission")
    if mission is None or len(mission["capability"]) < 2:
        return None
    figure, key = go.Figure(), []
    lines = sorted({(row.get("regime", 0), row["older_s"]) for row in mission["capability"]})
    for i, (regime, age) in enumerate(lines):
        rows = [row for row in mission["capability"] if (row.get("regime", 0), row["older_s"]) == (regime, age)]
        name, colour = f"{age / 31557600.0:.3g} yr older" if age else "as at the start", JOB_COLOURS[i % len(JOB_COLOURS)]
        name += f", {', '.join(mission['regimes'][regime]['events'])}" if regime else ""
        days = np.array([row["date_s"] * 1e3 for row in rows], dtype=np.int64)
        beta = ["angle not known" if row["beta_deg"] is None else f"Sun {row['beta_deg']:.1f}° from the plane" for row in rows]
        figure.add_trace(go.Scatter(
            x=np.asarray(unix_ms(results, days), dtype=np.float64), y=[100.0 * row["useful_fraction"] for row in rows], name=name,
            mode="lines+markers", line={"color": colour, "width": 1, "dash": "dot"}, marker={"size": 8, "color": colour}, text=beta,
            hovertemplate="%{y:.2f} % useful, %{text}<extra>" + name + "</extra>",
        ))  # fmt: skip
        key.append((name, colour))
    figure.update_layout(layout(260))
    figure.update_xaxes(time_axis(hoverformat="%Y-%m-%d"))
    figure.update_yaxes(axis("% of nameplate", rangemode="tozero"))
    events = " Listed events that hold together have runs of their own." if lines[-1][0] else ""
    return Chart(figure, tuple(key), f"Runs without failures, on dates that spread the angle between orbit and Sun.{events}")


def tables(summary: dict[str, Any]) -> str:
    """Key figures with their quantiles, listed events, and what each process costs."""
    mission = summary.get("mission")
    if mission is None:
        return ""
    rows = ["".join(f"<td>{text(cell)}</td>" for cell in row) for row in mission_rows(mission)]
    found = table(MISSION_HEADS, rows)
    processes = ["".join(f"<td>{text(cell)}</td>" for cell in row) for row in process_rows(mission)]
    events = ["".join(f"<td>{text(cell)}</td>" for cell in row) for row in event_rows(mission)]
    found += collapsed("Listed events", table(EVENT_HEADS, events)) if events else ""
    return found + (collapsed("Processes", table(PROCESS_HEADS, processes)) if processes else "")
