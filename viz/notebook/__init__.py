"""Results in a notebook: the globe of the studio as a widget, and the charts of the report as Plotly figures.

>>> from viz.notebook import figures, globe  # doctest: +SKIP
>>> globe(sim.run("suncatcher"))  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

if TYPE_CHECKING:
    from viz.notebook.widget import GlobeWidget

TITLES = {
    "waterfall": "Where the compute goes",
    "throughput": "Throughput",
    "power": "Power and stored energy, fleet total",
    "temperature": "Temperature",
    "jobs": "Workloads over time",
    "latency": "Round-trip time",
    "coverage": "Round-trip time over time",
    "contract": "Contract: capacity and demand",
    "nodes": "Temperatures of one satellite",
    "radiation": "Radiation on the orbit",
    "roofline": "What the network allows",
}
HEAD_PX, LINE_PX = 44, 17  # room above a chart for its title, and for each line of its legend
LINE_CHARACTERS = 105
BY_THE_PAGE = ("ground track",)  # drawn by the script of the page, for a satellite that is chosen there


def globe(results: Any, height_px: int = 520) -> GlobeWidget:
    """The globe of a run, as a widget that a notebook shows.

    Parameters
    ----------
    results : Results
        Results of `sim.run` or `sim.open_results`.
    height_px : int
        Height of the globe.

    Returns
    -------
    GlobeWidget
        The widget. Its traits `time_ms`, `selection` and `colouring` follow the page, and the page follows them.

    Raises
    ------
    ImportError
        If anywidget is not installed.
    ValueError
        If the run recorded no positions.
    """
    try:
        from viz.notebook.widget import GlobeWidget
    except ModuleNotFoundError as error:
        if error.name not in ("anywidget", "traitlets", "ipywidgets"):
            raise
        raise ImportError(f"the globe in a notebook needs {error.name}; write pip install 'dawndusk[notebook]'") from None
    return GlobeWidget(results, height_px=height_px)


def figures(results: Any) -> dict[str, go.Figure]:
    """The charts of the report, each as a Plotly figure with its title and legend.

    Parameters
    ----------
    results : Results
        Results of `sim.run` or `sim.open_results`.

    Returns
    -------
    dict of str to plotly.graph_objects.Figure
        Figures by name: waterfall, throughput, power, temperature, and what else the run has.
    """
    from viz.report import drawn_charts
    from viz.satellites import find_satellites

    drawn = drawn_charts(results, find_satellites(results))
    return {name: _titled(name, chart) for name, chart in drawn.items() if chart is not None}


def _titled(name: str, chart: Any) -> go.Figure:
    """A chart that stands alone: the page writes its title, its key and its note around it."""
    figure = go.Figure(chart.figure)
    title, layout = TITLES.get(name, TITLES.get(name.partition("-")[0], name)), figure.layout
    lines = _legend(chart.key)
    head_px = HEAD_PX + LINE_PX * len(lines)
    subtitle = {"text": "<br>".join(lines), "font": {"size": 12}} if lines else None
    figure.update_layout(
        title={"text": title, "subtitle": subtitle, "x": 0.01, "xanchor": "left", "y": 1.0, "yanchor": "top", "yref": "container", "pad": {"t": 12}},
        margin={"t": (layout.margin.t or 0) + head_px}, height=(layout.height or 400) + head_px,
    )  # fmt: skip
    return figure


def _legend(key: tuple[tuple[str, str], ...]) -> list[str]:
    """Lines of a legend: a square of its colour before each name; a colour that starts with a slash is hatched."""
    lines: list[list[str]] = []
    length = LINE_CHARACTERS
    for word, colour in key:
        if word in BY_THE_PAGE:
            continue
        length += len(word) + 5
        if length > LINE_CHARACTERS:
            lines.append([])
            length = len(word) + 5
        sign = "\u25a8" if colour.startswith("/") else "\u25a0"
        lines[-1].append(f'<span style="color:{colour.lstrip("/")}">{sign}</span> {word}')
    return ["   ".join(line) for line in lines]
