"""Satellites that fly together, seen from their common centre, as Plotly figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from sim.schema import STATES
from viz.palette import GRID, LINK, axis, layout, state_marker
from viz.scene import Scene


def length_text(length_m: float) -> str:
    """A length in words: 1.9 km, or 640 m."""
    return f"{length_m / 1e3:.1f} km" if length_m >= 1e3 else f"{length_m:.0f} m"


def formation_label(scene: Scene) -> str:
    """What the one marker of a formation stands for."""
    if scene.formation is None:
        return ""
    return f"{len(scene.satellite)} satellites within {length_text(scene.formation.extent_m)}"


def formation_note(summary: dict[str, Any]) -> str:
    """How near, how far and what holding it takes, in a line; empty where the run does not tell."""
    told = summary.get("formation")
    if not isinstance(told, dict):
        return ""
    a, b = told["closest_pair"]
    line = f"The nearest two, satellites {a} and {b}, come within {told['min_separation_m']:.1f} m"
    if told["neighbour_range_m"]:
        near_m, far_m = told["neighbour_range_m"]
        line = f"Neighbours swing between {near_m:.1f} and {far_m:.1f} m. {line}"
    line += ", below keep-out." if told["below_keep_out"] else "."
    if told["station_keeping_m_s_yr"] is not None:
        line += (
            f" Unequal drag would part two satellites by {told['drag_drift_m_first_day']:.0f} m in the first day; "
            f"holding the formation takes {told['station_keeping_m_s_yr']:.1f} m/s a year."
        )
    return line


def formation_view(scene: Scene, across: str, up: str, height: int = 420) -> go.Figure:
    """Satellites of a formation about its centre, first frame; across, up: radial, along-track or cross-track."""
    if scene.formation is None:
        raise ValueError("the scene holds no formation")
    order = ("radial", "along-track", "cross-track")
    offset_m = scene.formation.offset_m
    reach_m = 1.12 * float(np.nanmax(np.abs(offset_m)))
    first = offset_m[0]
    figure = go.Figure()
    if scene.links is not None:
        line = {"color": LINK, "width": 1.2}
        figure.add_scatter(name="links", x=[], y=[], mode="lines", line=line, opacity=0.7, hoverinfo="skip")
    figure.add_trace(
        go.Scatter(
            name="satellites",
            x=first[order.index(across)],
            y=first[order.index(up)],
            mode="markers",
            marker=state_marker(scene.state[0] + 0.5, 9),
            hovertext=[f"Satellite {n}<br>{STATES[s]}" for n, s in zip(scene.satellite, scene.state[0], strict=True)],
            hoverinfo="text",
            cliponaxis=False,
        )
    )
    span = [-reach_m, reach_m]
    figure.update_layout(
        layout(
            height,
            xaxis=axis(f"{across}, m", range=span, zeroline=True, zerolinecolor="#c3ccd8", nticks=6, fixedrange=True),
            yaxis=axis(
                f"{up}, m",
                range=span,
                zeroline=True,
                zerolinecolor="#c3ccd8",
                nticks=6,
                fixedrange=True,
                scaleanchor="x",
                constrain="domain",
            ),
            dragmode=False,
            hovermode="closest",
        )
    )
    figure.update_xaxes(constrain="domain", gridcolor=GRID)
    return figure
