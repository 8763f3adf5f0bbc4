"""The calendar of resupply: launches in each year of a mission by what they are, what they bring, and times without launches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from sim.results.number_text import counted
from viz.figures import Chart, time_axis
from viz.formatting import NONE
from viz.html_parts import table, text
from viz.mission import STANDDOWN, standdowns
from viz.palette import INK, axis, layout
from viz.scene import unix_ms

KINDS: Final = (("ordered", "ordered", "#2369ad"), ("by calendar", "calendar", "#e3a008"))
FAILED: Final = "#c2410c"
HEADS: Final = ("launches in year", "begins", "P10", "P50", "P90", "mean", "ordered", "calendar", "failed", "satellites", "a launch")


def rows(mission: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Years of a mission; none where nothing is ever launched."""
    found = [] if mission is None else mission.get("years") or []
    return list(found) if any(year["launches"]["mean"] > 0.0 for year in found) else []


def chart(results: Any) -> Chart | None:
    """Launches in each year as stacked bars, the spread of their number, failed ones, and stand-downs."""
    found = rows(results.summary.get("mission"))
    if not found:
        return None
    edges = np.array([[year["from_s"], year["until_s"]] for year in found])
    ms = unix_ms(results, (1e3 * edges).astype(np.int64)).astype(np.float64)
    middle, width = ms.mean(axis=1), ms[:, 1] - ms[:, 0]
    launches = {q: np.array([year["launches"][q] for year in found]) for q in ("mean", "p10", "p50", "p90")}
    figure, key = go.Figure(), []
    brought = [_brought(year) for year in found]
    for label, name, colour in KINDS:
        values = [year[name]["mean"] for year in found]
        if max(values) > 0.0:
            figure.add_bar(
                x=middle, y=values, width=0.62 * width, marker={"color": colour}, name=label, customdata=brought,
                hovertemplate=f"{label}: %{{y:,.3~g}} launches on average<br>%{{customdata}}<extra></extra>",
            )  # fmt: skip
            key.append((f"launches {label}, mean", colour))
    failed = [year["failed"]["mean"] for year in found]
    if max(failed) > 0.0:
        figure.add_trace(go.Scatter(
            x=middle - 0.2 * width, y=failed, mode="markers", name="failed",
            marker={"symbol": "x", "size": 11, "color": FAILED, "line": {"color": "#ffffff", "width": 1.5}},
            hovertemplate="failed: %{y:,.3~g} launches on average, of those shown<extra></extra>",
        ))  # fmt: skip
        key.append(("failed, of them", FAILED))
    figure.add_trace(go.Scatter(
        x=middle + 0.2 * width, y=launches["p50"], mode="markers", marker={"symbol": "line-ew-open", "size": 12, "color": INK}, name="P50",
        error_y={
            "type": "data", "symmetric": False, "array": launches["p90"] - launches["p50"], "arrayminus": launches["p50"] - launches["p10"],
            "color": INK, "thickness": 1.5, "width": 5,
        },
        customdata=np.stack([launches["p10"], launches["p90"]], axis=1),
        hovertemplate="P50: %{y:,.3~g} launches, P10 %{customdata[0]:,.3~g}, P90 %{customdata[1]:,.3~g}<extra></extra>",
    ))  # fmt: skip
    key.append(("P50 of the replicas, line P10 to P90", INK))
    for begin_ms, end_ms in standdowns(results):
        figure.add_vrect(begin_ms, end_ms, line={"width": 0}, fillcolor=STANDDOWN, layer="below")
    if standdowns(results):
        key.append(("no launches (stand-down)", STANDDOWN))
    figure.update_layout(layout(300, barmode="stack", hovermode="closest"))
    figure.update_xaxes(time_axis(hoverformat="%Y-%m-%d", range=[ms[0, 0], ms[-1, 1]]))
    figure.update_yaxes(axis("launches in a year", rangemode="tozero"))
    return Chart(figure, tuple(key), "Years count from the start of the mission; the last may be shorter.")


def _brought(year: dict[str, Any]) -> str:
    each = year["per_launch"]
    return "no launches" if each is None else f"{each:,.3g} satellites expected per launch; {year['launched']['mean']:,.3g} become ready in this year"


def _number(value: float | None) -> str:
    """At most two decimals; a dash where there is none."""
    return NONE if value is None else f"{value:,.0f}" if value == round(value) or value >= 100.0 else f"{value:,.2f}"


def calendar_table(summary: dict[str, Any]) -> str:
    """Launches in each year: their spread, what they are, and what they bring; empty without launches."""
    mission = summary.get("mission")
    found = rows(mission)
    if mission is None or not found:
        return ""
    start = datetime.fromisoformat(mission["start"]).astimezone(UTC)
    cells = []
    for number, year in enumerate(found, 1):
        begin = start + timedelta(seconds=year["from_s"])
        values = [
            *(year["launches"][q] for q in ("p10", "p50", "p90", "mean")), *(year[kind]["mean"] for kind in ("ordered", "calendar", "failed")),
            year["launched"]["mean"], year["per_launch"],
        ]  # fmt: skip
        shown = [str(number), f"{begin:%Y-%m-%d}", *map(_number, values)]
        cells.append("".join(f"<td>{text(cell)}</td>" for cell in shown))
    note = (
        "Ordered, by calendar, failed, and satellites that become ready to work: means over the replicas. "
        "A launch: satellites that it is expected to bring, failures included."
    )
    spans = [
        f"{start + timedelta(seconds=s['at_s']):%Y-%m-%d} for {counted(round(s['duration_s'] / 86400.0), 'day')}" for s in mission["standdowns"]
    ]
    note += f" No launches from {', and from '.join(spans)}." if spans else ""
    return table(HEADS, cells) + f'<p class="note">{text(note)}</p>'
