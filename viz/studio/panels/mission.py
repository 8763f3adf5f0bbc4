"""The years of a mission: useful rate with its spread, satellites and launches on one axis of years, what costs most, and any day to open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

import plotly.graph_objects as go
from dash import dcc, html

from sim.results.mission_text import MISSION_HEADS, mission_headline, mission_rows, mission_target
from sim.results.number_text import counted
from viz import mission
from viz.figures import time_axis
from viz.palette import INK, MUTED, axis, layout
from viz.scene import epoch_utc
from viz.studio.panels.panel import INK_DARK, MUTED_DARK, Panel, View, chart_part, in_dark, table

FAN_PX: Final = 220  # heights of the rows of the figure, and what is around each
ROW_PX: Final = 84
GAP_PX: Final = 24
SHOWN: Final = {"displaylogo": False, "displayModeBar": False, "responsive": True}
NO_MISSION: Final = "mission={duration: 5 yr}"
DAY_COLOUR: Final = "#b42318"
HOW: Final = "Click a moment in the chart, or write a date. The run is of a fleet without losses, of that date and the mean age of its satellites."


def show(view: View) -> Any:
    """The mission, with a field for the day to open.

    Parameters
    ----------
    view : View
        What is shown, with the mission.

    Returns
    -------
    component
        Charts, tables and the choice of a day.
    """
    results = _results(view)
    figures = results.summary["mission"]
    happened = mission.happenings(results)
    listed = [html.Li(f"{datetime.fromtimestamp(ms / 1e3, UTC):%Y-%m-%d}: {words}") for ms, words in happened]
    figure, keys = drawn(view)
    chart = html.Div([
        *(html.Ul([html.Li([html.I(style={"background": colour}), name]) for name, colour in key], className="key") for key in keys),
        dcc.Graph(figure=figure, id="mission-years", config=SHOWN, style={"height": f"{figure.layout.height}px"}),
    ], className="chart")  # fmt: skip
    return [
        html.P([html.B(mission_headline(figures)), html.Span(f". Useful rate {mission_target(figures)}.", className="muted")]),
        _choice(view, results),
        html.Div([
            chart,
            html.Div([
                chart_part(mission.costs(results), "What costs most", view),
                html.Div([html.H3("Listed events"), html.Ul(listed, className="notes")]) if listed else None,
                table(MISSION_HEADS, mission_rows(figures), numbers=range(1, 5)),
            ], className="beside"),
        ], className="years"),
    ]  # fmt: skip


def drawn(view: View) -> tuple[go.Figure, list[list[tuple[str, str]]]]:
    """Useful rate, satellites and what happened, one above the other over the same years.

    Parameters
    ----------
    view : View
        What is shown, with the mission.

    Returns
    -------
    figure : Figure
        The traces of the report's charts.
    keys : list of list of (str, str)
        Name and colour of what is drawn, of the useful rate and of satellites.
    """
    results = _results(view)
    fan, inventory = mission.fan(results), mission.inventory(results)
    assert fan is not None
    figure, keys = go.Figure(), [list(fan.key)]
    parts = _rows(fan.figure)
    if inventory is not None:
        keys.append(list(inventory.key))
        parts += _rows(inventory.figure)
    inside_px = FAN_PX + (len(parts) - 1) * (GAP_PX + ROW_PX)
    top_px = inside_px
    for n, (traces, title) in enumerate(parts):
        name, bottom_px = "" if n == 0 else str(n + 1), top_px - (ROW_PX if n else FAN_PX)
        for trace in traces:
            trace.update(yaxis=f"y{name}", xaxis="x")
            figure.add_trace(trace)
        domain = [max(0.0, bottom_px / inside_px), top_px / inside_px]
        figure.update_layout({f"yaxis{name}": axis("", domain=domain, nticks=3 if n else 5, rangemode="tozero", fixedrange=True)})
        figure.add_annotation(  # beside the axis titles of low charts would run into each other
            text=title, xref="paper", yref="paper", x=0.0, y=domain[1], xanchor="left", yanchor="bottom", showarrow=False,
            font={"size": 11, "color": MUTED_DARK if view.dark else MUTED},
        )  # fmt: skip
        top_px = bottom_px - GAP_PX
    for shape in fan.figure.layout.shapes:
        figure.add_shape(shape.to_plotly_json() | {"yref": "paper"})
    if view.day:
        figure.add_shape(type="line", x0=view.day, x1=view.day, yref="paper", y0=0.0, y1=1.0, line={"color": DAY_COLOUR, "width": 2})
        keys[0].append(("the day on the globe", DAY_COLOUR))
    years = time_axis(anchor=f"y{'' if len(parts) == 1 else len(parts)}", title=None, fixedrange=True, hoverformat="%Y-%m-%d")
    around = {"margin": {"l": 8, "r": 12, "t": 22, "b": 4}, "dragmode": False}
    figure.update_layout(layout(inside_px + 52, hovermode="x unified", hoversubplots="axis", **around) | {"xaxis": years})
    figure.update_layout(hoverlabel={"font": {"size": 11}})
    if view.dark:
        in_dark(figure)
        figure.update_shapes({"line": {"color": INK_DARK}}, selector=lambda shape: shape.line.color == INK)
        figure.update_traces({"marker": {"color": INK_DARK}}, selector=lambda trace: trace.marker.color == INK)
        keys = [[(name, INK_DARK if colour == INK else colour) for name, colour in key] for key in keys]
    return figure, keys


def _rows(figure: go.Figure) -> list[tuple[list[Any], str]]:
    """Traces and title of each vertical axis of a figure."""
    names = sorted({trace.yaxis or "y" for trace in figure.data}, key=lambda name: int(name[1:] or 1))
    titles = {name: figure.layout[f"yaxis{name[1:]}"].title.text for name in names}
    return [([trace for trace in figure.data if (trace.yaxis or "y") == name], titles[name]) for name in names]


def invite(view: View) -> Any:
    """What stands there before the mission was run, and where the scenario has none.

    Parameters
    ----------
    view : View
        What is shown.

    Returns
    -------
    component
        What it takes, and a button.
    """
    if view.mission is None:
        return html.Div([
            html.P("This scenario has no mission. A mission shows what years bring: failures, launches, repair, and the useful rate that is left."),
            html.Button("Add a mission of 5 years", className="plain main", type="button", **{"data-set": NO_MISSION}),
        ], className="invitation")  # fmt: skip
    days, replicas = view.mission["days"], view.mission["replicas"]
    return html.Div([
        html.P(
            f"The mission has not been run with these values. It takes {counted(days, 'run')} of a day without losses, which are kept, "
            f"and {counted(replicas, 'replica')}: with other failures or launches only, the runs are not made again."
        ),
        html.Button("Run the mission", className="plain main", type="button", **{"data-task": "mission", "data-idle": "Run the mission"}),
        html.Span(className="muted", role="status", **{"data-task-status": "mission"}),
    ], className="invitation")  # fmt: skip


def _results(view: View) -> Any:
    """The mission as the charts of the report take it."""
    return SimpleNamespace(summary={"mission": view.answer.figures}, series=view.answer.arrays)


def _choice(view: View, results: Any) -> Any:
    """A field for the day, and what is open."""
    start = epoch_utc(results)
    last = start + timedelta(seconds=results.summary["mission"]["duration_s"] - 1.0)
    value = view.day or f"{start + (last - start) / 2:%Y-%m-%d}"
    back = [html.Button("Back to the mission", className="plain", type="button", **{"data-back": "mission"})] if view.day else []
    return html.Div([
        html.Label(["Day ", dcc.Input(
            id="mission-day", type="text", value=value, pattern="[0-9]{4}-[0-9]{2}-[0-9]{2}", maxLength=10, className="day-field",
        )], title=f"A date from {start:%Y-%m-%d} to {last:%Y-%m-%d}, UTC"),
        html.Button("Open this day", id="open-day", className="plain main", type="button"), *back,
        html.Span(HOW, className="muted"),
    ], className="day-choice")  # fmt: skip


PANEL = Panel("mission", "Years", "below", show, task="mission", invite=invite, of_mission=True)
