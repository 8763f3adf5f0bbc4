"""Charts of a study: lines, heat maps, parallel coordinates, and the waterfall of every setting as a stacked bar."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sim.schema import CAUSES
from viz.figures import Chart
from viz.formatting import NONE, ROUNDING, number, percent, prefixed
from viz.palette import BLUES, CAUSE, INK, MUTED, axis, layout
from viz.study_points import SHARE, Measure, Setting, axis_titles, best, label, ticks, varied_axes

MAX_BARS: Final = 240  # more bars than this are thinner than a few pixels
MAX_WRITTEN_CELLS: Final = 120  # a heat map with more cells has no numbers in them
LINE_COLOUR: Final = {"share": CAUSE["useful"].colour, "rate": CAUSE["useful"].colour}
COST_COLOUR: Final = "#2369ad"
# light is low; costs in reds, so that a dark cell of the other chart is never read as the better one
SCALE: Final = {1: BLUES, -1: ((0.0, "#fdeee4"), (0.5, "#e58a5b"), (1.0, "#8f2f08"))}


def value_axis(study: Any, at: int) -> dict[str, Any]:
    """The axis of the values of a varied axis: to scale for numbers, evenly spaced for words."""
    varied = study.axes[varied_axes(study)[at]]
    return axis(axis_titles(study)[at], showgrid=False, fixedrange=True) | (
        {} if varied.values is not None else {"tickmode": "array", "tickvals": list(range(len(varied.labels))), "ticktext": ticks(study, at)}
    )


def places(study: Any, at: int) -> list[float]:
    """Positions of the values of a varied axis in a line chart."""
    varied = study.axes[varied_axes(study)[at]]
    return list(varied.values) if varied.values is not None else [float(i) for i in range(len(varied.labels))]


def line(study: Any, found: Sequence[Setting], measure: Measure) -> Chart:
    """A measure against the only varied axis; with several seeds also its range."""
    where = places(study, 0)
    known = sorted((s for s in found if s.mean(measure) is not None), key=lambda s: where[s.where[0]])
    x = [where[s.where[0]] for s in known]
    mean, least, most = zip(*(s.spread[measure.key] for s in known), strict=True)
    top = best(known, measure)
    colour = LINE_COLOUR.get(measure.key, COST_COLOUR)
    figure = go.Figure()
    seeds = max(s.seeds for s in known)
    figure.add_scatter(
        x=x,
        y=[v * measure.scale for v in mean],
        mode="lines+markers",
        line={"color": colour, "width": 2},
        marker={"size": [13 if s is top else 7 for s in known], "color": colour, "opacity": 1.0, "line": {"color": "#ffffff", "width": 2}},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [(b - m) * measure.scale for m, b in zip(mean, most, strict=True)],
            "arrayminus": [(m - a) * measure.scale for m, a in zip(mean, least, strict=True)],
            "color": colour,
            "visible": seeds > 1,
        },
        hovertext=[f"{escape(label(study, s))}<br><b>{measure.form(v)}</b>" for s, v in zip(known, mean, strict=True)],
        hoverinfo="text",
        cliponaxis=False,
    )
    figure.update_layout(
        layout(
            300,
            xaxis=value_axis(study, 0),
            yaxis=axis(measure.unit, fixedrange=True, nticks=6, rangemode="normal"),
            dragmode=False,
            hovermode="closest",
            margin={"l": 8, "r": 20, "t": 16, "b": 8},
        )
    )
    return Chart(figure, note="Bars: least and greatest over the seeds." if seeds > 1 else "")


def cell_text(value: float) -> str:
    """A value in a cell: three digits, with k, M, G from a thousand on."""
    size, unit = prefixed(value, "")
    return f"{number(value / size)}{unit}"


def heat_map(study: Any, found: Sequence[Setting], measure: Measure) -> Chart:
    """A measure over two varied axes: the faster one across, the slower one up; the best cell is framed."""
    rows, columns = (len(study.axes[i].labels) for i in varied_axes(study))
    values: list[list[float | None]] = [[None] * columns for _ in range(rows)]
    texts = [[NONE] * columns for _ in range(rows)]
    cells = [[NONE] * columns for _ in range(rows)]
    points: list[list[int | None]] = [[None] * columns for _ in range(rows)]
    for s in found:
        points[s.where[0]][s.where[1]] = s.point
        mean = s.mean(measure)
        values[s.where[0]][s.where[1]] = None if mean is None else mean * measure.scale
        shown = escape(s.error or NONE) if mean is None else f"<b>{measure.form(mean)}</b>"
        unknown = "failed" if s.error is not None else NONE
        cells[s.where[0]][s.where[1]] = unknown if mean is None else cell_text(mean * measure.scale)
        texts[s.where[0]][s.where[1]] = f"{escape(label(study, s))}<br>{shown}"
    figure = go.Figure(
        go.Heatmap(
            z=values,
            customdata=points,
            hovertext=texts,
            hoverinfo="text",
            colorscale=[list(stop) for stop in SCALE[measure.best]],
            xgap=2,
            ygap=2,
            hoverongaps=True,
            text=cells,
            texttemplate="%{text}" if rows * columns <= MAX_WRITTEN_CELLS else "",
            textfont={"size": 12},
            colorbar={
                "title": {"text": measure.unit, "font": {"size": 12, "color": MUTED}, "side": "right"},
                "thickness": 12,
                "outlinewidth": 0,
                "tickfont": {"size": 12, "color": MUTED},
            },
        )
    )
    top = best(found, measure)
    if top is not None:
        y, x = top.where
        for colour, width in ((INK, 5), ("#f0b400", 2.5)):  # a frame that is seen on light and on dark cells
            figure.add_shape(type="rect", x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5, line={"color": colour, "width": width})
    titles = axis_titles(study)

    def categories(at: int, count: int) -> dict[str, Any]:
        every = -(-count // 12)
        marks = {"tickmode": "array", "tickvals": list(range(0, count, every)), "ticktext": ticks(study, at)[::every]}
        return axis(titles[at], showgrid=False, fixedrange=True, range=[-0.5, count - 0.5], ticks="", **marks)

    figure.update_layout(
        layout(
            max(300, min(620, 110 + 40 * rows)),
            xaxis=categories(1, columns),
            yaxis=categories(0, rows),
            dragmode=False,
            margin={"l": 8, "r": 8, "t": 12, "b": 8},
        )
    )
    return Chart(figure, note=f"Framed: the {'highest' if measure.best > 0 else 'lowest'}.")


def parallel_coordinates(study: Any, found: Sequence[Setting], shown: Sequence[Measure]) -> Chart:
    """Every setting as a line over all varied axes and measures, coloured by its useful share."""
    known = sorted((s for s in found if all(s.mean(m) is not None for m in shown)), key=lambda s: s.mean(SHARE) or 0.0)
    dimensions: list[dict[str, Any]] = []
    for at, title in enumerate(axis_titles(study)):
        texts = ticks(study, at)
        every = -(-len(texts) // 15)
        dimensions.append(
            {
                "label": title.replace(", ", "<br>"),
                "values": [s.where[at] for s in known],
                "tickvals": list(range(0, len(texts), every)),
                "ticktext": texts[::every],
                "range": [0, max(1, len(texts) - 1)],
            }
        )
    for measure in shown:
        values = [(s.mean(measure) or 0.0) * measure.scale for s in known]
        dimensions.append({"label": f"{measure.title.partition(' per')[0]}<br>{measure.unit}", "values": values, "tickformat": ",.4~r"})
    shares = [100.0 * (s.mean(SHARE) or 0.0) for s in known]
    figure = go.Figure(
        go.Parcoords(
            dimensions=dimensions,
            line={
                "color": shares,
                "colorscale": [[0.0, "#d5dce5"], [0.5, "#5a9ad6"], [1.0, CAUSE["useful"].colour]],
                "showscale": False,
            },
            labelfont={"size": 12, "color": INK},
            tickfont={"size": 12, "color": MUTED},
            rangefont={"size": 1, "color": "rgba(0,0,0,0)"},
            unselected={"line": {"color": "#e6eaf0", "opacity": 0.4}},
        )
    )
    figure.update_layout(layout(420, margin={"l": 70, "r": 84, "t": 64, "b": 16}))
    return Chart(figure, note="Green lines have the highest useful share. Drag along an axis to select lines, click it to undo.")


def effects(study: Any, found: Sequence[Setting]) -> Chart:
    """The useful share against each varied axis: best, mean and least over all values of the other axes."""
    titles = axis_titles(study)
    figure = make_subplots(rows=1, cols=len(titles), shared_yaxes=True, horizontal_spacing=0.035)
    for at in range(len(titles)):
        where = places(study, at)
        groups: dict[int, list[float]] = {}
        for s in found:
            if (share := s.mean(SHARE)) is not None:
                groups.setdefault(s.where[at], []).append(100.0 * share)
        order = sorted(groups, key=lambda i: where[i])
        curves = (
            ("lowest", [min(groups[i]) for i in order], {"color": MUTED, "width": 1.5, "dash": "dot"}),
            ("mean", [sum(groups[i]) / len(groups[i]) for i in order], {"color": COST_COLOUR, "width": 2}),
            ("highest", [max(groups[i]) for i in order], {"color": CAUSE["useful"].colour, "width": 2.5}),
        )
        for name, values, style in curves:
            figure.add_scatter(
                x=[where[i] for i in order],
                y=values,
                mode="lines+markers",
                name=name,
                line=style,
                marker={"size": 6, "color": style["color"]},
                hovertext=[f"{escape(titles[at])}: {ticks(study, at)[i]}<br>{name} {v:.2f} %" for i, v in zip(order, values, strict=True)],
                hoverinfo="text",
                row=1,
                col=at + 1,
            )
    figure.update_layout(layout(300, dragmode=False, hovermode="closest", margin={"l": 8, "r": 16, "t": 12, "b": 8}))
    for at in range(len(titles)):
        figure.update_xaxes(value_axis(study, at) | {"nticks": 5}, row=1, col=at + 1)
        title = "useful share, % of nameplate" if at == 0 else ""
        figure.update_yaxes(axis(title, fixedrange=True, nticks=6), row=1, col=at + 1)
    key = (("highest over all other values", CAUSE["useful"].colour), ("mean", COST_COLOUR), ("lowest", MUTED))
    return Chart(figure, key)


def stacks(study: Any, found: Sequence[Setting]) -> Chart | None:
    """The waterfall of every setting as one stacked bar: useful at the bottom, above it the losses in reverse order.

    One or two axes keep their order; with more the bars are sorted by useful share.
    """
    known = [s for s in found if s.shares]
    if not known:
        return None
    axes = len(varied_axes(study))
    note = ""
    if axes > 2:
        known.sort(key=lambda s: -(s.mean(SHARE) or 0.0))
    if len(known) > MAX_BARS:
        note = f" {MAX_BARS} of {len(known):,} settings, evenly chosen."
        known = [known[round(i * (len(known) - 1) / (MAX_BARS - 1))] for i in range(MAX_BARS)]
    x = bar_places(study, known)
    figure = go.Figure()
    key = []
    for cause in reversed(CAUSES):
        shares = [s.shares.get(cause, 0.0) for s in known]
        if max(shares) <= ROUNDING:
            continue
        named = CAUSE[cause]
        key.append((named.title, named.colour))
        figure.add_bar(
            x=x,
            y=[100.0 * share for share in shares],
            name=named.title,
            marker={"color": named.colour, "line": {"width": 0}},
            hovertext=[f"{escape(label(study, s))}<br>{named.title} <b>{percent(v)}</b>" for s, v in zip(known, shares, strict=True)],
            hoverinfo="text",
        )
    figure.update_layout(
        layout(
            380,
            barmode="stack",
            bargap=0.18 if len(known) <= 60 else 0.0,
            dragmode=False,
            hovermode="closest",
            xaxis=bar_axis(study, known),
            yaxis=axis("% of nameplate", range=[0, 100], fixedrange=True, nticks=6),
            margin={"l": 8, "r": 8, "t": 12, "b": 8},
        )
    )
    return Chart(figure, tuple(key), note.strip())


def bar_places(study: Any, known: Sequence[Setting]) -> Any:
    """Positions of the bars: two rows of labels for two axes, else one number for each bar."""
    if len(varied_axes(study)) != 2:
        return list(range(len(known)))
    slow, fast = (ticks(study, at) for at in (0, 1))
    names = axis_titles(study)
    unit = names[0].partition(", ")[2]
    return [[f"{slow[s.where[0]]} {unit}".strip() for s in known], [fast[s.where[1]] for s in known]]


def bar_axis(study: Any, known: Sequence[Setting]) -> dict[str, Any]:
    """The axis below the bars."""
    titles = axis_titles(study)
    plain = {"showgrid": False, "fixedrange": True, "ticks": ""}
    if len(titles) == 2:
        return axis(f"{titles[1]}; below: {titles[0].partition(', ')[0]}", type="multicategory", dividercolor="#c3ccd8", **plain)
    if len(titles) > 2:
        return axis("settings, highest useful share first", showticklabels=False, **plain)
    every = -(-len(known) // 16)
    texts = [ticks(study, 0)[s.where[0]] for s in known]
    return axis(titles[0], tickmode="array", tickvals=list(range(0, len(known), every)), ticktext=texts[::every], **plain)
