"""Time series under one cursor: rate by cause, power, charge, temperature; of the chosen satellites too."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from dash import dcc, html

from viz import charts
from viz.figures import Chart, recorded, sample_times, thin, time_axis
from viz.palette import JOB_COLOURS, MUTED, axis, layout
from viz.scene import unix_ms
from viz.studio.panels.panel import MUTED_DARK, Panel, View, in_dark

GAP: Final = 0.06  # between charts, of the height
MOST_SATELLITES: Final = 4
LOWEST_PX: Final = 48  # of a chart: more of them scroll
OF_SATELLITE: Final = (("sat_charge_fraction", "battery, %", 100.0, 0.0), ("sat_junction_k", "junction, °C", 1.0, -273.15))


def show(view: View) -> Any:
    """All charts in one figure, with one axis of time.

    Parameters
    ----------
    view : View
        What is shown.

    Returns
    -------
    component
        A graph.
    """
    figure = drawn(view)
    if figure is None:
        return html.P("This run has no series over time.", className="muted")
    style = {"minHeight": f"{LOWEST_PX * sum(str(key).startswith('yaxis') for key in figure.layout)}px"}
    shown = {"displaylogo": False, "displayModeBar": False, "responsive": True}
    return dcc.Graph(figure=figure, id="series", config=shown, className="graph", style=style)


def drawn(view: View) -> go.Figure | None:
    """The figure of the panel.

    Parameters
    ----------
    view : View
        What is shown.

    Returns
    -------
    Figure or None
        None where the run has no series.
    """
    rate, warmth = charts.throughput(view.results), charts.temperature(view.results)
    parts = [part for part in (_of_chart(rate, "PFLOP/s"), _power(view), _of_chart(warmth, "°C")) if part] + _chosen(view)
    if not parts:
        return None
    figure, height = go.Figure(), (1.0 - GAP * (len(parts) - 1)) / len(parts)
    for n, (traces, title) in enumerate(parts):
        top = 1.0 - n * (height + GAP)
        name = "" if n == 0 else str(n + 1)
        for trace in traces:
            trace.update(yaxis=f"y{name}", xaxis="x")
            figure.add_trace(trace)
        mode = "normal" if "°C" in title else "tozero"
        figure.update_layout({f"yaxis{name}": axis("", domain=[max(0.0, top - height), top], nticks=3, rangemode=mode, tickfont={"size": 10})})
        figure.add_annotation(  # beside the axis titles of low charts would run into each other
            text=title, xref="paper", yref="paper", x=0.0, y=top, xanchor="left", yanchor="top", xshift=3, showarrow=False,
            font={"size": 10, "color": MUTED_DARK if view.dark else MUTED}, borderpad=1,
            bgcolor="rgba(19,28,42,0.7)" if view.dark else "rgba(255,255,255,0.7)",
        )  # fmt: skip
    figure.update_layout(
        layout(300, hovermode="x unified", hoversubplots="axis", margin={"l": 8, "r": 12, "t": 6, "b": 4}, dragmode="zoom", uirevision="keep")
        | {
            "xaxis": time_axis(anchor=f"y{'' if len(parts) == 1 else len(parts)}", title=None), "height": None, "autosize": True,
        }
    )  # fmt: skip
    if view.dark:
        in_dark(figure)
    return figure


def _of_chart(chart: Chart | None, title: str) -> tuple[list[go.Scatter], str] | None:
    return None if chart is None else (list(chart.figure.data), title)


def _power(view: View) -> tuple[list[go.Scatter], str] | None:
    chart = charts.power(view.results)
    if chart is None:
        return None
    title = chart.figure.layout.yaxis.title.text
    traces = [t for t in chart.figure.data if t.yaxis != "y2"]
    if view.baseline is not None:
        traces += _baseline(view, "generated_w", charts.power_unit(view.results)[0])
    return traces, title


def _baseline(view: View, name: str, scale: float) -> list[go.Scatter]:
    """The same of the pinned variant, dotted."""
    values = recorded(view.baseline.series, name) if view.baseline is not None else None
    if values is None:
        return []
    line = {"color": "#8a94a3", "width": 1.2, "dash": "dot"}
    return [go.Scatter(x=sample_times(view.baseline), y=thin(values / scale), mode="lines", line=line, name=f"{view.baseline_name}: arrays")]


def _chosen(view: View) -> list[tuple[list[go.Scatter], str]]:
    """Series of the chosen satellites that were recorded."""
    series, found = view.results.series, []
    if not view.selection or "sat" not in series:
        return []
    numbers = series["sat"].values
    places = [int(np.flatnonzero(numbers == n)[0]) for n in view.selection[:MOST_SATELLITES] if np.any(numbers == n)]
    times = unix_ms(view.results, series["frame"].values)
    for name, title, scale, shift in OF_SATELLITE:
        if name in series and places:
            values = series[name].transpose("frame", "sat").values
            traces = [
                go.Scatter(
                    x=times, y=(scale * values[:, i] + shift).astype(np.float32), mode="lines", name=f"Satellite {numbers[i]}",
                    line={"color": JOB_COLOURS[n], "width": 1.6}, hovertemplate=f"Satellite {numbers[i]}: %{{y:,.4~g}}<extra></extra>",
                )
                for n, i in enumerate(places)
            ]  # fmt: skip
            found.append((traces, title))
    return found


PANEL = Panel("series", "Over time", "below", show, follows_selection=True)
