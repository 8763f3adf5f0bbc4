"""Helpers of all charts of a report: thinned series, time axes, bar rows with columns of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.palette import INK, MUTED, axis
from viz.scene import Floats, unix_ms

MAX_POINTS: Final = 720  # points of a curve; more would turn values that alternate between steps into a solid area
ROW_PX: Final = 34


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure, its legend (name, colour) and a note below it (may be empty)."""

    figure: go.Figure
    key: tuple[tuple[str, str], ...] = ()
    note: str = ""


def recorded(series: Any, name: str) -> Floats | None:
    """A variable as float64; None if it is absent or has no finite value."""
    if name not in series:
        return None
    values = np.asarray(series[name].values, dtype=np.float64)
    return values if np.isfinite(values).any() else None


def block_starts(count: int, most: int | None = None) -> NDArray[np.int64]:
    """First step of at most 720 (or `most`) blocks of equal length; the last block may be shorter."""
    return np.arange(0, count, -(-count // (most or MAX_POINTS)))


def thin(values: Floats, how: str = "mean", most: int | None = None) -> Floats:
    """The last axis (time) thinned to at most 720 (or `most`) points: mean, max or last value of each block; float32."""
    starts = block_starts(values.shape[-1], most)
    thinned: Floats
    if how == "mean":
        sizes = np.diff(np.append(starts, values.shape[-1]))
        thinned = np.add.reduceat(values, starts, axis=-1) / sizes
    elif how == "max":
        thinned = np.maximum.reduceat(values, starts, axis=-1)
    else:
        thinned = values[..., np.append(starts[1:], values.shape[-1]) - 1]
    return thinned.astype(np.float32)


def sample_times(results: Any, most: int | None = None) -> Floats:
    """Ends of the blocks in milliseconds since 1970-01-01 UTC, as Plotly's time axis expects."""
    ends = unix_ms(results, results.series["time"].values)
    last = np.append(block_starts(len(ends), most)[1:], len(ends)) - 1
    times_ms: Floats = ends[last].astype(np.float64)
    return times_ms


def thinning_note(results: Any, most: int | None = None, also: str = "") -> str:
    """How many steps a point of a chart averages; empty if one."""
    count = results.series.sizes["time"]
    block = -(-count // (most or MAX_POINTS))
    return "" if block == 1 else f"Each point is the mean of {block} steps{also}."


def time_axis(**more: Any) -> dict[str, Any]:
    """The time axis, in UTC."""
    return axis("UTC", type="date", hoverformat="%Y-%m-%d %H:%M:%S UTC", nticks=8, showgrid=False) | more


def line(x: Floats, y: Floats, name: str, colour: str, unit: str, **more: Any) -> go.Scatter:
    """One curve; unit goes into the hover text."""
    return go.Scatter(
        x=x,
        y=y,
        name=name,
        mode="lines",
        line={"color": colour, "width": 2} | more.pop("line", {}),
        hovertemplate=f"{name}: %{{y:,.4~g}} {unit}<extra></extra>",
        **more,
    )


def row_axis(labels: list[str]) -> dict[str, Any]:
    """A vertical axis with one labelled row per bar, from the top."""
    ticks = {"tickmode": "array", "tickvals": list(range(len(labels))), "ticktext": labels}
    style = {"showgrid": False, "fixedrange": True, "ticks": "", "tickfont": {"size": 13, "color": INK}}
    return axis(range=[len(labels) - 0.5, -0.5]) | ticks | style


def columns(figure: go.Figure, rows: list[tuple[str, str]], heads: tuple[str, str]) -> None:
    """Two right-aligned text columns beside the rows of a bar chart, with their headings."""
    for column, shift in ((0, 72), (1, 142)):
        common = {"xref": "paper", "x": 1, "xanchor": "right", "xshift": shift, "showarrow": False}
        figure.add_annotation(
            text=heads[column],
            yref="paper",
            y=1,
            yanchor="bottom",
            yshift=4,
            font={"size": 11, "color": MUTED},
            **common,
        )
        for row, texts in enumerate(rows):
            bold = row in (0, len(rows) - 1) and heads[0] == "PFLOP/s"
            text = f"<b>{texts[column]}</b>" if bold else texts[column]
            figure.add_annotation(text=text, y=row, yanchor="middle", font={"size": 13, "color": INK}, **common)
