"""What a panel is: a name, a place on the page, and what it shows of a run and of the pinned baseline."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from viz.figures import Chart
from viz.palette import INK

PLACES = ("side", "below")
INK_DARK, MUTED_DARK, GRID_DARK = "#d7e0ec", "#9fb0c6", "#2b3a50"


@dataclass(frozen=True)
class View:
    """What is shown.

    Attributes
    ----------
    results : Results
        Results of the shown variant.
    name : str
        Its name.
    baseline : Results or None
        Results of the pinned variant; None where it is the shown one, or none is pinned.
    baseline_name : str
        Its name.
    selection : tuple of int
        Numbers of the chosen satellites.
    dark : bool
        Whether the page is dark.
    study : StudyTable or None
        The sweep that was opened.
    answer : Any
        Answer of the panel's analysis; None before it was asked for.
    day : str
        Date of the day of a mission that is shown, such as "2028-03-01"; empty for another run.
    mission : dict or None
        `days` and `replicas` of the mission of the scenario; None where it has none.
    """

    results: Any
    name: str
    baseline: Any | None
    baseline_name: str
    selection: tuple[int, ...]
    dark: bool
    study: Any | None = None
    answer: Any = None
    day: str = ""
    mission: dict[str, int] | None = None


@dataclass(frozen=True)
class Panel:
    """A panel.

    Attributes
    ----------
    name : str
        Short name, unique.
    title : str
        Heading.
    place : str
        One of `PLACES`.
    show : callable
        Gives the content for a view: a Dash component, or a list of them.
    follows_selection : bool
        Whether it changes with the chosen satellites.
    task : str
        Analysis that the panel shows and that is asked for by a button; empty for a panel that shows the run itself.
    invitation : str
        What the button is for.
    invite : callable, optional
        Gives what stands there until the analysis was asked for, in place of the button alone.
    of_mission : bool
        Whether its analysis is that of the mission, of which the shown run may be a day.
    of_study : bool
        Whether the panel is there only where a sweep was opened.
    connect : callable, optional
        Adds callbacks of its own, for the application and the opened sweep.
    """

    name: str
    title: str
    place: str
    show: Callable[[View], Any]
    follows_selection: bool = False
    task: str = ""
    invitation: str = ""
    invite: Callable[[View], Any] | None = None
    of_mission: bool = False
    of_study: bool = False
    connect: Callable[[Any, Any], None] | None = None


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int] = ()) -> Any:
    """A table.

    Parameters
    ----------
    heads : sequence of str
        Titles of the columns.
    rows : sequence of sequence of str
        Cells of each row.
    numbers : collection of int
        Columns of numbers, which stand at the right.

    Returns
    -------
    component
        The table.
    """
    # one component for all cells: the page takes some 2 ms for each component
    return dmc.Table(data={"head": list(heads), "body": [list(row) for row in rows]}, className=" ".join(["table", *(f"n{n + 1}" for n in numbers)]))


def chart_part(chart: Chart | None, title: str, view: View, height_px: int | None = None) -> Any:
    """A chart with its heading, key and note.

    Parameters
    ----------
    chart : Chart or None
        The chart; its figure is changed on a dark page.
    title : str
        Heading.
    view : View
        What is shown.
    height_px : int, optional
        Height in place of that of the figure.

    Returns
    -------
    component or None
        None without a chart.
    """
    if chart is None:
        return None
    figure = chart.figure
    if height_px is not None:
        figure.update_layout(height=height_px)
    if view.dark:
        in_dark(figure)
    key = html.Ul([html.Li([html.I(style={"background": colour}), name]) for name, colour in chart.key], className="key") if chart.key else None
    shown = {"displaylogo": False, "displayModeBar": False, "responsive": True}
    graph = dcc.Graph(figure=figure, config=shown, style={"height": f"{figure.layout.height}px"})
    note = html.P(chart.note, className="muted") if chart.note else None
    return html.Div([html.H3(title), key, graph, note], className="chart")


def in_dark(figure: Any) -> None:
    """Axes and hover texts that are read on a dark page.

    Parameters
    ----------
    figure : Figure
        The figure; changed in place.
    """
    figure.update_layout(font={"color": INK_DARK}, hoverlabel={"bgcolor": "#16202f", "font": {"color": INK_DARK}, "bordercolor": GRID_DARK})
    for trace in figure.data:
        if getattr(getattr(trace, "line", None), "color", None) == INK:
            trace.line.color = INK_DARK
        if getattr(getattr(trace, "textfont", None), "color", None) == INK:
            trace.textfont.color = INK_DARK
        if getattr(trace, "colorbar", None) is not None:
            trace.update(colorbar={"tickfont": {"color": MUTED_DARK}, "title": {"font": {"color": MUTED_DARK}}})
    style = {"gridcolor": GRID_DARK, "linecolor": GRID_DARK, "tickfont": {"color": MUTED_DARK}, "title": {"font": {"color": MUTED_DARK}}}
    figure.update_xaxes(style)
    figure.update_yaxes(style)
