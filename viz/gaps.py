"""Calendar of times without a route: one column per day, one row per part of the day."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from viz.figures import Chart
from viz.latency import users
from viz.palette import INK, MUTED, axis, layout
from viz.scene import unix_ms

DAY_MS: Final = 86_400_000
ROWS: Final = 48  # parts of a day
LEAST_DAYS: Final = 2.0  # below, the rows of the stations over time show the same
GAPS: Final = ((0.0, "#eef2f7"), (0.001, "#fbe3b5"), (0.3, "#f2ab72"), (0.6, "#b8555f"), (1.0, "#3f1d52"))


def calendar(results: Any) -> Chart | None:
    """Share of the station time without a route, by day and time of day; None for runs of less than two days.

    Parameters
    ----------
    results : Results
        Results of a run.

    Returns
    -------
    Chart or None
        The calendar; None also without stations.
    """
    series = results.series
    if "propagation_rtt_ms" not in series or not users(series).size:
        return None
    ends_ms = unix_ms(results, series["time"].values).astype(np.int64)
    middle_ms = ends_ms - (ends_ms[1] - ends_ms[0] if ends_ms.size > 1 else 0) // 2
    if ends_ms[-1] - ends_ms[0] < LEAST_DAYS * DAY_MS:
        return None
    rtt_ms = np.asarray(series["propagation_rtt_ms"].transpose("station", "time").values, dtype=np.float64)
    without = np.isnan(rtt_ms[users(series)]).mean(axis=0)
    day, part = middle_ms // DAY_MS, (middle_ms % DAY_MS) * ROWS // DAY_MS
    first, days = int(day[0]), int(day[-1] - day[0]) + 1
    cell = (part * days + day - first).astype(np.int64)
    count = np.bincount(cell, minlength=ROWS * days)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.bincount(cell, weights=without, minlength=ROWS * days) / np.where(count, count, np.nan)
    figure = go.Figure(
        go.Heatmap(
            z=(100.0 * share.reshape(ROWS, days)).round(2).astype(np.float32),
            x=((first + np.arange(days) + 0.5) * DAY_MS).astype(np.float64),  # the middle of each day
            y=(24.0 / ROWS * (np.arange(ROWS) + 0.5)).round(3),
            zmin=0.0,
            zmax=100.0,
            colorscale=[list(stop) for stop in GAPS],
            xgap=1,
            hovertemplate="%{x|%Y-%m-%d}, %{y:.2f} h: %{z:.1f} % without a route<extra></extra>",
            hoverongaps=False,
            colorbar={
                "thickness": 10, "outlinewidth": 0, "tickfont": {"size": 12, "color": MUTED},
                "title": {"text": "% without", "font": {"size": 12, "color": MUTED}},
            },
            name="without a route",
        )
    )  # fmt: skip
    figure.update_layout(
        layout(
            300,
            hovermode="closest",
            xaxis=axis("day, UTC", type="date", showgrid=False),
            yaxis=axis("hour of the day, UTC", range=[24.0, 0.0], dtick=6, showgrid=False, fixedrange=True, tickfont={"size": 12, "color": INK}),
        )
    )
    worst = int(np.nanargmax(np.nan_to_num(share, nan=-1.0)))
    note = (
        f"Over all stations. {100.0 * float(without.mean()):.1f} % of the station time is without a route; a part of a day of "
        f"{24 * 60 // ROWS} minutes has up to {100.0 * float(share[worst]):.0f} %."
    )
    return Chart(figure, note=note)
