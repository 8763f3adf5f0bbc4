"""Round trips of every station side by side: minimum, median and 99th percentile, to the fleet and to the internet."""

from __future__ import annotations

from html import escape
from typing import Any, Final

import plotly.graph_objects as go

from viz.figures import Chart
from viz.formatting import milliseconds
from viz.html_parts import find
from viz.latency import INTERNET_COLOUR, USER_COLOUR
from viz.palette import axis, layout

MOST: Final = 400  # stations
NAMED: Final = 40  # stations whose names are written below
FLEET: Final = ("to the fleet", USER_COLOUR)
INTERNET: Final = ("to the internet", INTERNET_COLOUR)
KEYS: Final = ("min", "median", "p99")


def spreads(summary: dict[str, Any]) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Round trips of each station, the lowest median first; to the internet where there are such, else to the fleet.

    Parameters
    ----------
    summary : dict
        Summary of a run.

    Returns
    -------
    list of tuple
        Name, round trip to the fleet and to the internet [ms] by `min`, `median` and `p99`; each empty where there is none.
    """
    stations = find(summary, ("ground", "stations")) or {}
    rows = []
    for name in stations:
        fleet = find(summary, ("ground", "stations", name, "user_rtt_ms")) or find(summary, ("ground", "stations", name, "propagation_rtt_ms"))
        internet = find(summary, ("ground", "internet", "stations", name, "rtt_ms"))
        rows.append((name, *(one if one and one.get("median") is not None else {} for one in (fleet, internet))))
    which = 2 if any(row[2] for row in rows) else 1
    return sorted(rows, key=lambda row: (row[which].get("median", float("inf")), row[0]))


def chart(summary: dict[str, Any]) -> Chart | None:
    """Round trips of the stations, sorted.

    Parameters
    ----------
    summary : dict
        Summary of a run.

    Returns
    -------
    Chart or None
        A bar from minimum to 99th percentile with a mark at the median for each station; None where none is ever reached.
    """
    found = spreads(summary)
    rows = [row for row in found if row[1] or row[2]][:MOST]
    if not rows:
        return None
    kinds = [(place, label, colour) for place, (label, colour) in ((1, FLEET), (2, INTERNET)) if any(row[place] for row in rows)]
    shift = 0.0 if len(kinds) == 1 else 0.16
    width = 5.0 if len(rows) <= NAMED else max(1.5, 240.0 / len(rows))
    figure = go.Figure()
    for n, (place, label, colour) in enumerate(kinds):
        shown = [(x + (2 * n - 1) * shift, row[0], row[place]) for x, row in enumerate(rows) if row[place]]
        figure.add_trace(_ranges(shown, label, colour, width))
        figure.add_trace(_medians(shown, label, colour))
    names = [escape(row[0]) for row in rows] if len(rows) <= NAMED else []
    ticks = {"tickvals": list(range(len(names))), "ticktext": names, "tickangle": -40} if names else {"showticklabels": False, "ticks": ""}
    title = "" if names else f"{len(rows)} stations, the lowest median first"
    figure.update_layout(layout(
        300, hovermode="closest", xaxis=axis(title, range=[-0.6, len(rows) - 0.4], showgrid=False, fixedrange=True) | ticks,
        yaxis=axis("round-trip time, ms", nticks=6, fixedrange=True),
    ))  # fmt: skip
    return Chart(figure, tuple((label, colour) for _, label, colour in kinds), _note(found, len(rows), len(kinds) > 1))


def _ranges(shown: list[tuple[float, str, dict[str, Any]]], label: str, colour: str, width: float) -> go.Scatter:
    """Vertical lines from minimum to 99th percentile."""
    x = [value for at, _, _ in shown for value in (at, at, None)]
    y = [value for _, _, one in shown for value in (one["min"], one["p99"], None)]
    line = {"color": colour, "width": width}
    return go.Scatter(x=x, y=y, mode="lines", line=line, opacity=0.4, hoverinfo="skip", name=label, connectgaps=False)


def _medians(shown: list[tuple[float, str, dict[str, Any]]], label: str, colour: str) -> go.Scatter:
    def words(name: str, one: dict[str, Any]) -> str:
        low, middle, high = (milliseconds(one[key]) for key in KEYS)
        return f"<b>{escape(name)}</b>, {label}<br>median {middle}<br>from {low}, p99 {high}"

    return go.Scatter(
        x=[at for at, _, _ in shown], y=[one["median"] for _, _, one in shown], mode="markers", name=f"{label}, median", hoverinfo="text",
        marker={"size": 7, "color": colour, "line": {"color": "#ffffff", "width": 1}}, hovertext=[words(name, one) for _, name, one in shown],
    )  # fmt: skip


def _note(found: list[Any], shown: int, internet: bool) -> str:
    parts = ["End-to-end: lines go from the minimum to the 99th percentile, dots are medians, over the time with a route."]
    if internet:
        parts.append("To the internet: over satellites and a gateway to a point of presence.")
    never = [row[0] for row in found if not row[1] and not row[2]]
    if never:
        parts.append(f"Never reached: {', '.join(never[:12])}{f' and {len(never) - 12} more' if len(never) > 12 else ''}.")
    if len(found) - len(never) > shown:
        parts.append(f"Shown: {shown} of {len(found) - len(never)} stations.")
    return " ".join(parts)
