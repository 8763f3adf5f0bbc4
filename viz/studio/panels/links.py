"""What workloads take of the links between satellites: over time, and the busiest ones with their ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from dash import html

from viz import link_load
from viz.formatting import NBSP, number, percent, whole
from viz.html_parts import find
from viz.scene import labels
from viz.studio.panels.panel import Panel, View, chart_part

MOST: Final = 10  # links in the list
FACTS: Final = (
    ("links, mean", ("network", "links_mean"), number), ("of the topology available", ("network", "link_availability"), percent),
    ("mean utilisation", ("network", "utilisation_mean"), percent), ("busiest at any moment", ("network", "utilisation_max"), percent),
    ("route changes", ("network", "path_switches"), whole),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Busy:
    """A link that is used."""

    ends: tuple[int, int]  # numbers of the satellites
    names: tuple[str, str]
    used: float  # mean utilisation of its busier direction while it exists


def busiest(series: Any, most: int = MOST) -> list[Busy]:
    """The links with the highest mean utilisation.

    Parameters
    ----------
    series : Dataset
        Series of a run.
    most : int
        How many, at most.

    Returns
    -------
    list of Busy
        The busiest first; of equal ones the one with the lower numbers. Links that carry nothing are left out.
    """
    if "link_utilisation" not in series or not series.sizes.get("link", 0):
        return []
    used = np.nan_to_num(np.asarray(series["link_utilisation"].values, dtype=np.float64))
    a, b = (np.asarray(series[name].values, dtype=np.int64) for name in ("link_a", "link_b"))
    order = [n for n in np.lexsort((b, a, -used)) if used[n] > 0.0]
    found: dict[tuple[int, int], float] = {}
    for n in order:  # a link that comes and goes stands there once
        found.setdefault((int(a[n]), int(b[n])), float(used[n]))
        if len(found) == most:
            break
    shown = np.array([end for ends in found for end in ends], dtype=np.int64)
    names = labels(series, np.searchsorted(series["sat"].values, shown)) if shown.size else ()
    return [Busy(ends, (names[2 * n], names[2 * n + 1]), one) for n, (ends, one) in enumerate(found.items())]


def show(view: View) -> Any:
    """Figures, utilisation over time, and the busiest links; a press on one chooses its satellites.

    Parameters
    ----------
    view : View
        What is shown.

    Returns
    -------
    component
        The parts.
    """
    summary, series = view.results.summary, view.results.series
    known = [(title, form(value)) for title, path, form in FACTS if (value := find(summary, path)) is not None]
    if not known:
        return html.P("This run has no links between satellites.", className="muted")
    facts = html.Dl([html.Div([html.Dt(title), html.Dd(value)]) for title, value in known], className="facts")
    chart = chart_part(link_load.chart(view.results), "Utilisation over time", view, 250)
    if chart is None:
        return [facts, html.P("No message of a workload crosses a link, as far as it is known.", className="muted")]
    return [facts, html.Div([chart, _list(busiest(series))], className="two charts")]


def _list(links: list[Busy]) -> Any:
    if not links:
        return html.P("No recorded link carries anything.", className="muted")
    highest = max(one.used for one in links)
    rows = [_row(one, 100.0 * one.used / highest) for one in links]
    note = "Mean utilisation of the busier direction over the moments at which the link exists. Press one to choose its satellites."
    title = f"The {len(links)} busiest links between recorded satellites"
    return html.Div([html.H3(title), html.Div(rows, className="busiest"), html.P(note, className="muted")])


def _row(one: Busy, width: float) -> Any:
    """A button with the ends of a link, a bar so wide in per cent, and its utilisation."""
    used = percent(one.used) if one.used >= 1e-4 else f"{number(100.0 * one.used, 2)}{NBSP}%"
    bar = html.Span(html.I(style={"width": f"{width:.2f}%"}), className="track")
    return html.Button(
        [html.Span(f"{one.names[0]} \u2013 {one.names[1]}"), bar, html.B(used)], type="button", title="Choose both satellites on the globe",
        **{"data-satellites": f"{one.ends[0]} {one.ends[1]}", "data-value": repr(one.used)},
    )  # fmt: skip


PANEL = Panel("links", "Links", "below", show)
