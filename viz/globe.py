"""The globe as a Plotly figure: Earth, stations, satellites, links between them and ground routes."""

from __future__ import annotations

from html import escape
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from sim.schema import STATES
from viz.earth import EARTH_KM, earth_traces, from_earth, nights, on_sphere, sun_trace
from viz.formation import formation_label
from viz.palette import FONT, INK, LINK, ROUTE, layout, state_marker
from viz.scene import Floats, Scene

STATION_KM: Final = EARTH_KM * 1.012
MAX_NAMED_STATIONS: Final = 12


def station_traces(scene: Scene) -> list[go.Scatter3d]:
    """Ground stations; up to 12 get a name, raised above the sphere so that it does not cut the text."""
    if not scene.station:
        return []
    lat_deg, lon_deg = scene.station_deg.T
    turn_rad = float(scene.earth_turn_rad[0])
    x, y, z = from_earth(on_sphere(lat_deg, lon_deg, STATION_KM), turn_rad)
    markers_trace = go.Scatter3d(
        name="stations",
        x=x,
        y=y,
        z=z,
        mode="markers",
        marker={"size": 5, "symbol": "diamond", "color": "#ffffff", "line": {"color": INK, "width": 2}},
        hovertext=[
            f"{n}<br>ground station, {a:.1f}°, {o:.1f}° east"
            for n, a, o in zip(scene.station, lat_deg, lon_deg, strict=True)
        ],
        hoverinfo="text",
    )
    if len(scene.station) > MAX_NAMED_STATIONS:
        return [markers_trace]
    x, y, z = from_earth(on_sphere(lat_deg, lon_deg, EARTH_KM * 1.07), turn_rad)
    names = go.Scatter3d(
        name="station names",
        x=x,
        y=y,
        z=z,
        mode="text",
        text=list(scene.station),
        textposition="top center",
        textfont={"size": 11, "color": INK, "family": FONT},
        hoverinfo="skip",
    )
    return [markers_trace, names]


def network_traces(scene: Scene) -> list[go.Scatter3d]:
    """Empty line traces that the page fills for each frame: links (not inside a formation, which is one marker) and routes."""
    traces = []
    if scene.links is not None and scene.formation is None:
        line = {"color": LINK, "width": 1.5}
        traces.append(go.Scatter3d(name="links", x=[], y=[], z=[], mode="lines", line=line, opacity=0.6))
    if scene.routes is not None:
        traces.append(go.Scatter3d(name="routes", x=[], y=[], z=[], mode="lines", line={"color": ROUTE, "width": 5}))
    for trace in traces:
        trace.update(hoverinfo="skip", connectgaps=False)
    return traces


def markers(scene: Scene) -> tuple[Floats, np.ndarray[Any, Any]]:
    """Positions (F, 3, n) [km] and states (F, n) of the globe's markers: each satellite, or one for a formation.

    A formation has the state of most of its satellites.
    """
    if scene.formation is None:
        return scene.position_km, scene.state
    counts = (scene.state[:, :, None] == np.arange(len(STATES))).sum(axis=1)
    return np.nanmean(scene.position_km, axis=2, keepdims=True), counts.argmax(axis=1).astype(np.uint8)[:, None]


def camera_eyes(scene: Scene) -> Floats:
    """Camera positions (F, 3): above the formation, or else where day and night side are both in view."""
    sun = scene.sun.astype(np.float64)
    towards = np.cross([0.0, 0.0, 1.0], sun) + 0.45 * sun
    if scene.formation is not None:
        centre = markers(scene)[0][:, :, 0].astype(np.float64)
        towards = centre / np.linalg.norm(centre, axis=1)[:, None] + 0.35 * sun
    towards = towards / np.linalg.norm(towards, axis=1)[:, None]
    towards[:, 2] = np.clip(towards[:, 2] + 0.2, -0.75, 0.75)
    eyes: Floats = (1.22 * towards / np.linalg.norm(towards, axis=1)[:, None]).round(4)
    return eyes


def globe(scene: Scene, height: int = 580) -> go.Figure:
    """The globe at the first frame: Earth, night side, stations, satellites by state."""
    position_km, state = markers(scene)
    highest_km = float(np.nanmax(np.linalg.norm(position_km, axis=1)))
    reach_km = max(1.18 * EARTH_KM, 1.04 * highest_km)
    is_formation = scene.formation is not None
    x, y, z = position_km[0]
    satellites = go.Scatter3d(
        name="satellites",
        x=x,
        y=y,
        z=z,
        mode="markers+text" if is_formation else "markers",
        marker=state_marker(state[0] + 0.5, 11 if is_formation else 4.5 if len(x) <= 300 else 3.5),
        hoverinfo="text",
        hovertext=hover_texts(scene, 0),
        text=[formation_label(scene)] if is_formation else None,
        textposition="top center",
        textfont={"size": 13, "color": INK, "family": FONT},
    )
    figure = go.Figure(
        [
            *earth_traces(float(scene.earth_turn_rad[0])),
            *nights(scene.sun[0]),
            sun_trace(scene.sun[0], 0.98 * reach_km),
            *station_traces(scene),
            *network_traces(scene),
            satellites,
        ]
    )
    hidden_axis = {"visible": False, "range": [-reach_km, reach_km], "showspikes": False}
    figure.update_layout(
        layout(
            height,
            margin={"l": 0, "r": 0, "t": 0, "b": 0},
            uirevision="globe",
            modebar={"bgcolor": "rgba(0,0,0,0)", "color": "#8792a0", "activecolor": INK},
        )
    )
    figure.update_layout(
        scene={
            "xaxis": hidden_axis,
            "yaxis": hidden_axis,
            "zaxis": hidden_axis,
            "aspectmode": "cube",
            "dragmode": "turntable",
            "camera": {"eye": dict(zip("xyz", camera_eyes(scene)[0].tolist(), strict=True)), "up": {"x": 0, "y": 0, "z": 1}},
            "uirevision": "globe",
        }
    )
    return figure


def hover_texts(scene: Scene, frame: int) -> list[str]:
    """Hover texts of the globe's markers at one frame."""
    if scene.formation is not None:
        return [formation_label(scene)]
    return [f"{escape(n)}<br>{STATES[s]}" for n, s in zip(scene.label, scene.state[frame], strict=True)]
