"""A sweep: two key figures against each other with the best of them, a heat map, and all inputs and figures side by side.

A click opens a point as a variant; ranges that are marked on the parallel axes filter the other chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import Any, Final

import dash_mantine_components as dmc
import plotly.graph_objects as go
from dash import ClientsideFunction, Input, Output, State, dcc, html

from viz.formatting import counted
from viz.palette import CAUSE, axis, layout
from viz.studio.panels.panel import MUTED_DARK, Panel, View, in_dark
from viz.study_charts import heat_map, parallel_coordinates
from viz.study_points import Measure, Setting, axis_titles, label, measures, metrics, pareto, settings, varied_axes

MOST_LETTERS: Final = 15  # of the name of a parallel axis
MOST_PARALLEL: Final = 3  # measures beside the inputs
MOST_DRAWN: Final = 1_500  # points as shapes of the page; more are drawn by the graphics processor
FRONT: Final = "#d2691e"
DIRECTIONS: Final = [{"value": "1", "label": "more"}, {"value": "-1", "label": "less"}]
SHOWN: Final = {"displaylogo": False, "displayModeBar": False, "responsive": True}


def show(view: View) -> Any:
    """The charts of a sweep and what they are about.

    Parameters
    ----------
    view : View
        With the sweep that was opened.

    Returns
    -------
    component
        Choices and charts.
    """
    study = view.study
    found = settings(study)
    offered = metrics(study, found)
    titles = axis_titles(study)
    y = offered[0]
    x = next((m for m in offered if m.key == "cost"), offered[min(1, len(offered) - 1)])
    about = f"{counted(len(found), 'setting')} of {' x '.join(titles)}"
    kinds = [{"value": "pareto", "label": "against each other"}] + ([{"value": "heat", "label": "heat map"}] if len(titles) > 1 else [])
    return html.Div([
        dcc.Store("study-ranges", data={}),
        html.Div([
            html.Div([html.B(study.name), html.Span(about, className="muted")], className="study-name"),
            dmc.SegmentedControl(id="study-kind", data=kinds, value="pareto", size="xs"),
            *_measure("study-y", "↑", offered, y), *_measure("study-x", "→", offered, x),
            html.Span(id="study-count", className="muted"),
        ], className="study-choices"),
        html.Div([
            dcc.Graph(id="study-chart", config=SHOWN, className="graph"), dcc.Graph(id="study-parallel", config=SHOWN, className="graph"),
        ], className="study-charts"),
    ], className="study-page")  # fmt: skip


def _measure(name: str, arrow: str, offered: Sequence[Measure], chosen: Measure) -> list[Any]:
    data = [{"value": m.key, "label": f"{m.title}, {m.unit}" if m.unit else m.title} for m in offered]
    return [
        html.Label([arrow, dmc.Select(id=name, data=data, value=chosen.key, searchable=True, size="xs", w=170, allowDeselect=False)]),
        html.Label([dmc.SegmentedControl(id=f"{name}-best", data=DIRECTIONS, value=str(chosen.best), size="xs"), " is better"]),
    ]


def connect(app: Any, study: Any) -> None:
    """Draw the charts, and draw them again with every choice.

    Parameters
    ----------
    app : Dash
        The application.
    study : StudyTable
        The sweep.
    """
    found = settings(study)
    offered = {m.key: m for m in metrics(study, found)}
    shown = measures(found)[:MOST_PARALLEL]

    @app.callback(Output("study-parallel", "figure"), Input("theme", "data"))
    def draw_parallel(theme: Any) -> Any:
        return parallel(study, found, shown, theme == "dark")

    @app.callback(
        Output("study-ranges", "data"), Input("study-parallel", "restyleData"), State("study-ranges", "data"), prevent_initial_call=True
    )
    def restrict(change: Any, ranges: Any) -> Any:
        return with_change(ranges if isinstance(ranges, dict) else {}, change)

    @app.callback(
        Output("study-chart", "figure"), Output("study-count", "children"), Input("study-kind", "value"),
        Input("study-x", "value"), Input("study-y", "value"), Input("study-x-best", "value"), Input("study-y-best", "value"),
        Input("study-ranges", "data"), Input("theme", "data"),
    )  # fmt: skip
    def draw(kind: Any, x: Any, y: Any, x_best: Any, y_best: Any, ranges: Any, theme: Any) -> Any:
        usual = next(iter(offered.values()))
        across, up = (
            replace(offered.get(key, usual), best=-1 if best == "-1" else 1) for key, best in ((x, x_best), (y, y_best))
        )  # fmt: skip
        kept = within(study, found, shown, ranges if isinstance(ranges, dict) else {})
        figure = heat(study, kept, up) if kind == "heat" and len(varied_axes(study)) > 1 else against(study, found, kept, across, up)
        if theme == "dark":
            in_dark(figure)
        return figure, "" if len(kept) == len(found) else f"{len(kept):,} of {len(found):,} within the marked ranges"

    app.clientside_callback(ClientsideFunction("studio", "openPoint"), Input("study-chart", "clickData"), prevent_initial_call=True)


def against(study: Any, found: Sequence[Setting], kept: Sequence[Setting], across: Measure, up: Measure) -> go.Figure:
    """Two measures of all settings against each other, with those that no other one beats in both.

    Parameters
    ----------
    study : StudyTable
        The sweep.
    found, kept : sequence of Setting
        All settings, and those that pass the filter.
    across, up : Measure
        What the axes show, and which way is better.

    Returns
    -------
    Figure
        Points, and the front as a line.
    """
    figure = go.Figure()
    known = [s for s in kept if s.mean(across) is not None and s.mean(up) is not None]
    passed = {s.point for s in known}
    rest = [s for s in found if s.point not in passed and s.mean(across) is not None and s.mean(up) is not None]
    for some, colour, opacity in ((rest, "#8a94a3", 0.25), (known, "#2369ad", 0.8)):
        if some:
            kind = go.Scattergl if len(some) > MOST_DRAWN else go.Scatter
            figure.add_trace(kind(
                x=[s.mean(across) * across.scale for s in some], y=[s.mean(up) * up.scale for s in some], mode="markers", showlegend=False,  # type: ignore[operator]
                marker={"size": 7, "color": colour, "opacity": opacity}, customdata=[s.point for s in some], hoverinfo="text",
                hovertext=[_hover_text(study, s, (up, across)) for s in some],
            ))  # fmt: skip
    front = [known[i] for i in pareto([(s.mean(across), s.mean(up)) for s in known], across.best, up.best)]
    if front:
        figure.add_trace(go.Scatter(
            x=[s.mean(across) * across.scale for s in front], y=[s.mean(up) * up.scale for s in front], mode="lines+markers",  # type: ignore[operator]
            marker={"size": 10, "color": FRONT, "line": {"color": "#ffffff", "width": 1.5}}, line={"color": FRONT, "width": 1.5, "shape": "linear"},
            customdata=[s.point for s in front], hoverinfo="text", hovertext=[_hover_text(study, s, (up, across)) for s in front],
            name=f"no other is better in both ({len(front)})",
        ))  # fmt: skip
    figure.update_layout(layout(
        300, xaxis=axis(_title(across), nticks=6), yaxis=axis(_title(up), nticks=6), hovermode="closest", margin={"l": 8, "r": 12, "t": 22, "b": 4},
        showlegend=bool(front), legend={"orientation": "h", "x": 0.0, "y": 1.0, "yanchor": "bottom", "font": {"size": 11}}, uirevision="keep",
    ) | {"height": None, "autosize": True})  # fmt: skip
    return figure


def _title(measure: Measure) -> str:
    unit = f", {measure.unit}" if measure.unit else ""
    return f"{measure.title}{unit}"


def _hover_text(study: Any, one: Setting, shown: Sequence[Measure]) -> str:
    values = [f"{m.title}: <b>{escape(m.form(value))}</b>" for m in shown if (value := one.mean(m)) is not None]
    return "<br>".join([f"point {one.point}", *(escape(part) for part in label(study, one).split(", ")), *values, "click to open"])


def heat(study: Any, kept: Sequence[Setting], measure: Measure) -> go.Figure:
    """A measure over the last two inputs, the best over all values of the others.

    Parameters
    ----------
    study : StudyTable
        The sweep.
    kept : sequence of Setting
        Settings that pass the filter.
    measure : Measure
        What is shown, and which way is better.

    Returns
    -------
    Figure
        The heat map.
    """
    last = varied_axes(study)[-2:]
    cells: dict[tuple[int, ...], Setting] = {}
    for one in kept:
        where, value = one.where[-2:], one.mean(measure)
        best = cells[where].mean(measure) if where in cells else None
        if where not in cells or (value is not None and (best is None or measure.best * (value - best) > 0.0)):
            cells[where] = replace(one, where=where)
    figure = heat_map(replace(study, axes=tuple(study.axes[i] for i in last)), list(cells.values()), measure).figure
    figure.update_layout(height=None, autosize=True, margin={"t": 8})
    return figure


def parallel(study: Any, found: Sequence[Setting], shown: Sequence[Measure], dark: bool) -> go.Figure:
    """Every setting as a line over all inputs and measures.

    Parameters
    ----------
    study : StudyTable
        The sweep.
    found : sequence of Setting
        Its settings.
    shown : sequence of Measure
        Measures beside the inputs.
    dark : bool
        Whether the page is dark.

    Returns
    -------
    Figure
        The chart.
    """
    figure = parallel_coordinates(study, found, shown).figure
    figure.update_layout(height=None, autosize=True, margin={"l": 60, "r": 50, "t": 48, "b": 12})
    figure.update_traces(labelfont={"size": 10}, tickfont={"size": 11})
    for dimension in figure.data[0].dimensions:  # narrow: axes stand close to each other
        name, _, unit = dimension.label.partition("<br>")
        unit = unit.replace(" of nameplate", "").replace("USD per PFLOP/s", "USD a PFLOP/s")
        dimension.label = f"{name if len(name) <= MOST_LETTERS else name[: MOST_LETTERS - 1] + '…'}<br>{unit}"
        if dimension.ticktext:
            dimension.ticktext = [text.removesuffix("T00:00:00Z") for text in dimension.ticktext]
    figure.data[0].line.colorscale = [[0.0, "#8a94a3"], [0.5, "#5a9ad6"], [1.0, CAUSE["useful"].colour]]
    if dark:
        in_dark(figure)
        figure.update_traces(labelfont={"color": MUTED_DARK}, tickfont={"color": MUTED_DARK}, unselected={"line": {"color": "#24344c"}})
    return figure


def with_change(ranges: dict[str, Any], change: Any) -> dict[str, Any]:
    """Marked ranges after one more was drawn or removed.

    Parameters
    ----------
    ranges : dict of str to list
        Ranges by number of the axis.
    change : list
        What Plotly reports: a dict such as {"dimensions[1].constraintrange": [[0.0, 2.0]]}, and the traces.

    Returns
    -------
    dict
        Ranges by number of the axis, each a list of (low, high).

    Examples
    --------
    >>> with_change({}, [{"dimensions[1].constraintrange": [[0.0, 2.0]]}, [0]])
    {'1': [[0.0, 2.0]]}
    >>> with_change({"1": [[0.0, 2.0]]}, [{"dimensions[1].constraintrange": None}, [0]])
    {}
    """
    found = dict(ranges)
    changed = change[0] if isinstance(change, list) and change and isinstance(change[0], dict) else {}
    for key, value in changed.items():
        at = key.removeprefix("dimensions[").partition("]")[0]
        if not key.endswith(".constraintrange") or not at.isdigit():
            continue
        while isinstance(value, list) and len(value) == 1 and isinstance(value[0], list) and value[0] and isinstance(value[0][0], list):
            value = value[0]  # one list more where an axis has several ranges
        if value and isinstance(value[0], int | float):
            value = [value]
        found[at] = value
    return {at: value for at, value in found.items() if value}


def within(study: Any, found: Sequence[Setting], shown: Sequence[Measure], ranges: dict[str, Any]) -> list[Setting]:
    """Settings within all marked ranges.

    Parameters
    ----------
    study : StudyTable
        The sweep.
    found : sequence of Setting
        Its settings.
    shown : sequence of Measure
        Measures of the parallel axes, after the inputs.
    ranges : dict
        Ranges by number of the axis.

    Returns
    -------
    list of Setting
        Those that pass.
    """
    inputs = len(varied_axes(study))

    def value(one: Setting, at: int) -> float | None:
        if at < inputs:
            return float(one.where[at])
        if at - inputs >= len(shown):
            return None
        mean = one.mean(shown[at - inputs])
        return None if mean is None else mean * shown[at - inputs].scale

    def passes(one: Setting) -> bool:
        for at, limits in ranges.items():
            v = value(one, int(at))
            if v is None or not any(low <= v <= high for low, high in limits):
                return False
        return True

    return [one for one in found if passes(one)]


PANEL = Panel("study", "Study", "below", show, of_study=True, connect=connect)
