"""Round-trip times to stations and between station pairs, beside those of the pinned baseline."""

from __future__ import annotations

from typing import Any

from dash import html

from viz.formatting import MINUS, milliseconds, percent
from viz.html_parts import find
from viz.studio.panels.panel import Panel, View, table

MOST = 200
HEADS = ("", "coverage", "RTT min", "median", "p99", "change of the median", "end-to-end, median")
PLACES = (
    ("Station pairs: propagation RTT over satellites", ("station_pairs",)),
    ("Stations: propagation RTT to the nearest serving satellite", ("ground", "stations")),
)
TIMES = (("propagation_rtt_ms", "min"), ("propagation_rtt_ms", "median"), ("propagation_rtt_ms", "p99"))


def show(view: View) -> Any:
    """A row for each station and each pair, the lowest median first.

    Parameters
    ----------
    view : View
        What is shown.

    Returns
    -------
    component
        The tables.
    """
    parts = [
        html.Div([html.H3(title), table(HEADS, rows, numbers=range(1, len(HEADS)))]) for title, path in PLACES if (rows := _rows(view, path))
    ]
    return html.Div(parts, className="two") if parts else html.P("This run has no ground stations.", className="muted")


def _rows(view: View, path: tuple[str, ...]) -> list[list[str]]:
    summary, found = view.results.summary, find_all(view.results.summary, path)
    before = find_all(view.baseline.summary, path) if view.baseline is not None else {}

    def median(name: str) -> float:
        value = find(summary, (*path, name, "propagation_rtt_ms", "median"))
        return float("inf") if value is None else value

    rows = []
    for name in sorted(found, key=lambda n: (median(n), n))[:MOST]:
        times = [find(summary, (*path, name, *at)) for at in TIMES]
        other = find(view.baseline.summary, (*path, name, *TIMES[1])) if name in before else None
        change = "" if other is None or times[1] is None else "=" if times[1] == other else f"{times[1] - other:+.2f} ms".replace("-", MINUS)
        covered, user = find(summary, (*path, name, "coverage_fraction")), find(summary, (*path, name, "user_rtt_ms", "median"))
        rows.append([
            name, "" if covered is None else percent(covered), *("" if t is None else milliseconds(t) for t in times), change,
            "" if user is None else milliseconds(user),
        ])  # fmt: skip
    return rows


def find_all(summary: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Stations or pairs of a summary.

    Parameters
    ----------
    summary : dict
        Summary of a run.
    path : tuple of str
        Where they stand.

    Returns
    -------
    dict
        By name; empty where there are none.
    """
    node: Any = summary
    for key in path:
        node = (node or {}).get(key)
    return node or {}


PANEL = Panel("latency", "Latency", "below", show)
