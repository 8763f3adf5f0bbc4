"""The map of latency: the round trip of a user at any place, where no user is served, and the stations."""

from __future__ import annotations

from html import escape
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from viz.figures import Chart
from viz.formatting import percent
from viz.palette import INK, MUTED, layout
from viz.world_map import coast_trace, world_axes

LOW_TO_HIGH: Final = ((0.0, "#e8f5ef"), (0.25, "#a9dbc8"), (0.5, "#4fb0ae"), (0.75, "#2a6f97"), (1.0, "#14213d"))
ROLES: Final = (("users", "#b3006b", "circle"), ("gateways", "#e3a008", "triangle-up"), ("points of presence", "#56b4e9", "square"))
NAMED: Final = 30  # stations whose names are written


def chart(results: Any) -> Chart | None:
    """Median round trip over the Earth; None where the run has no map or serves no user.

    Parameters
    ----------
    results : Results
        Results of a run.

    Returns
    -------
    Chart or None
        The map with stations, and a note on coverage.
    """
    series = results.series
    if "place_user_rtt_ms" not in series or not np.isfinite(series["place_user_rtt_ms"].values).any():
        return None
    rtt_ms, coverage = (np.asarray(series[name].values, dtype=np.float64) for name in ("place_user_rtt_ms", "place_coverage"))
    latitude_deg, longitude_deg = (np.asarray(series[f"place_{name}_deg"].values) for name in ("latitude", "longitude"))
    low, high = np.nanpercentile(rtt_ms, (0.0, 99.0))
    stations, span = _stations(results), (low, max(high, low + 0.1))
    figure = go.Figure([_heat_map(rtt_ms, coverage, latitude_deg, longitude_deg, span), coast_trace(), *stations])
    figure.update_layout(layout(560, hovermode="closest", **world_axes()))
    return Chart(figure, tuple((trace.name, trace.marker.color) for trace in stations), _note(rtt_ms, coverage, latitude_deg))


def _heat_map(rtt_ms: Any, coverage: Any, latitude_deg: Any, longitude_deg: Any, span: tuple[float, float]) -> go.Heatmap:
    return go.Heatmap(
        name="round trip",
        z=rtt_ms.astype(np.float32).round(2),
        x=longitude_deg,
        y=latitude_deg,
        zmin=span[0],
        zmax=span[1],
        customdata=(100.0 * coverage).round(1).astype(np.float32),
        colorscale=[list(stop) for stop in LOW_TO_HIGH],
        hoverongaps=False,
        hovertemplate="%{y:.1f}\u00b0, %{x:.1f}\u00b0 east<br>%{z:.1f} ms, served %{customdata:.0f} % of the time<extra></extra>",
        colorbar={
            "orientation": "h", "x": 1.0, "xanchor": "right", "y": -0.04, "yanchor": "top", "len": 0.5, "thickness": 9, "outlinewidth": 0,
            "tickfont": {"size": 11, "color": MUTED}, "title": {"text": "median round trip, ms", "side": "top", "font": {"size": 11, "color": MUTED}},
        },
    )  # fmt: skip


def _stations(results: Any) -> list[go.Scatter]:
    """Stations by role, with names where they are few."""
    series = results.series
    names = [str(name) for name in series["station"].values]
    role = series["station_role"].values if "station_role" in series else np.zeros(len(names), dtype=np.uint8)
    traces = []
    for n, (label, colour, symbol) in enumerate(ROLES):
        mine = np.flatnonzero(role == n)
        if not mine.size:
            continue
        written = n == 0 and mine.size <= NAMED
        chosen = [escape(names[i]) for i in mine]
        traces.append(
            go.Scatter(
                name=label, x=series["longitude_deg"].values[mine].round(2), y=series["latitude_deg"].values[mine].round(2), hovertext=chosen,
                hoverinfo="text", mode="markers+text" if written else "markers", text=chosen if written else None, textposition="top center",
                textfont={"size": 10, "color": INK},
                marker={"size": 7 if n == 0 else 6, "color": colour, "symbol": symbol, "line": {"color": "#ffffff", "width": 0.8}},
            )
        )  # fmt: skip
    return traces


def _note(rtt_ms: Any, coverage: Any, latitude_deg: Any) -> str:
    """Shares of the Earth's surface, by the areas of the places."""
    area = np.cos(np.radians(latitude_deg))[:, np.newaxis] * np.ones_like(rtt_ms)
    area /= area.sum()
    always, ever = float(area[coverage == 1.0].sum()), float(area[coverage > 0.0].sum())
    return (
        "End-to-end round trip of a user at each place, median over the moments of the map at which one is served; blank where no user ever is. "
        f"Always served: {percent(always)} of the Earth's surface; at times: {percent(ever)}. A place that is served now and then has the "
        "latency of those moments only."
    )
