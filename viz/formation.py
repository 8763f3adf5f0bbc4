"""Satellites of a formation relative to their common centre, as Plotly figures."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from sim.schema import STATES
from viz.palette import GRID, LINK, axis, layout, state_marker
from viz.scene import Scene


def length_text(length_m: float) -> str:
    """A length with a fitting unit: 1.9 km or 640 m."""
    return f"{length_m / 1e3:.1f} km" if length_m >= 1e3 else f"{length_m:.0f} m"


def formation_label(scene: Scene) -> str:
    """Label of the marker of a formation."""
    if scene.formation is None:
        return ""
    return f"{len(scene.satellite)} satellites within {length_text(scene.formation.extent_m)}"


def formation_note(summary: dict[str, Any]) -> str:
    """Separations and station-keeping cost in one line; empty if the summary has no formation."""
    formation = summary.get("formation")
    if not isinstance(formation, dict):
        return ""
    a, b = formation["closest_pair"]
    line = f"Minimum separation {formation['min_separation_m']:.1f} m, between satellites {a} and {b}"
    if formation["neighbour_range_m"]:
        near_m, far_m = formation["neighbour_range_m"]
        line = f"Neighbours are {near_m:.1f} to {far_m:.1f} m apart. {line}"
    line += ", below keep-out." if formation["below_keep_out"] else "."
    if formation["station_keeping_m_s_yr"] is not None:
        line += (
            f" Differential drag separates two satellites by {formation['drag_drift_m_first_day']:.0f} m in the first day; "
            f"station keeping costs {formation['station_keeping_m_s_yr']:.1f} m/s per year."
        )
    return line


def formation_view(scene: Scene, across: str, up: str, height: int = 420) -> go.Figure:
    """Satellites of a formation about its centre, first frame; across, up: radial, along-track or cross-track."""
    if scene.formation is None:
        raise ValueError("the scene holds no formation")
    order = ("radial", "along-track", "cross-track")
    offset_m = scene.formation.offset_m
    half_width_m = 1.12 * float(np.nanmax(np.abs(offset_m)))
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
            hovertext=[f"{escape(n)}<br>{STATES[s]}" for n, s in zip(scene.label, scene.state[0], strict=True)],
            hoverinfo="text",
            cliponaxis=False,
        )
    )
    span = [-half_width_m, half_width_m]
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
