"""The globe and the formation view as Plotly figures, and the buffers a page needs to move them through time.

The Earth is drawn as a sphere of its mean radius, geodetic latitudes on it unchanged: at most 0.2 deg off.
Axes are those of the scene, in kilometres.
"""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from sim.schema import STATES
from viz.palette import FONT, GRID, INK, MUTED, STATE_COLOUR, axis, layout
from viz.scene import Floats, Scene, turn_about_pole

EARTH_KM: Final = 6371.0  # of the drawn sphere, the mean radius; nothing is computed with it
COAST_KM: Final = EARTH_KM * 1.003
NIGHT_KM: Final = EARTH_KM * 1.008
OCEAN, LAND, COAST, NIGHT = "#e9eff6", "#ccd6cf", "#8796a5", "#0b1f44"
TWILIGHT_DEG: Final = (0.0, 6.0, 12.0)  # depth of the Sun below the horizon where each layer of night begins
SPHERE_STEP_DEG: Final = 2
MISSING: Final = -32768
MAX_NAMED_STATIONS: Final = 12
STATE_SCALE: Final = [
    stop
    for i, s in enumerate(STATES)
    for stop in ([i / len(STATES), STATE_COLOUR[s]], [(i + 1) / len(STATES), STATE_COLOUR[s]])
]


@lru_cache(maxsize=1)
def coastlines() -> dict[str, Any]:
    """The shipped table of coasts: polylines [deg], land mask, provenance."""
    text = resources.files("viz").joinpath("data/coastlines.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


def land_share() -> Floats:
    """Share of land (91, 181) at the vertices of a sphere with a step of 2 deg, rows from north, columns from 180 W."""
    rows = [np.frombuffer(bytes.fromhex(row), dtype=np.uint8) for row in coastlines()["land_rows"]]
    cells = np.unpackbits(np.stack(rows), axis=1).astype(np.float64)
    cells = np.pad(np.pad(cells, ((1, 1), (0, 0)), mode="edge"), ((0, 0), (1, 1)), mode="wrap")
    corners = (cells[:-1, :-1] + cells[1:, :-1] + cells[:-1, 1:] + cells[1:, 1:]) / 4.0
    return corners[::SPHERE_STEP_DEG, ::SPHERE_STEP_DEG]


def on_sphere(lat_deg: Any, lon_deg: Any, radius_km: float) -> Floats:
    """Earth-fixed positions (3, ...) [km], float32, of points given in degrees."""
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    up: Floats = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    position_km: Floats = (radius_km * up).astype(np.float32)
    return position_km


def from_earth(position_km: Floats, ahead_rad: float) -> Floats:
    """Earth-fixed positions (3, ...) in axes that the Earth-fixed ones are ahead of by ahead_rad."""
    turned: Floats = turn_about_pole(position_km[None], np.array([-ahead_rad]))[0].astype(np.float32)
    return turned


def earth_traces(ahead_rad: float) -> list[go.Surface | go.Scatter3d]:
    """Sphere with land and sea, and the coastlines on it."""
    lat, lon = np.meshgrid(np.arange(90, -91, -SPHERE_STEP_DEG), np.arange(-180, 181, SPHERE_STEP_DEG), indexing="ij")
    x, y, z = from_earth(on_sphere(lat, lon, EARTH_KM), ahead_rad).round(0)
    sphere = go.Surface(
        name="Earth",
        x=x,
        y=y,
        z=z,
        surfacecolor=land_share().astype(np.float32),
        cmin=0,
        cmax=1,
        colorscale=[[0, OCEAN], [0.4, OCEAN], [0.6, LAND], [1, LAND]],
        showscale=False,
        hoverinfo="skip",
        lighting={"ambient": 1.0, "diffuse": 0.0, "specular": 0.0, "fresnel": 0.0},
        contours={k: {"highlight": False} for k in "xyz"},
    )
    gap = np.full((1, 2), np.nan)
    points = np.concatenate([part for line in coastlines()["lines"] for part in (np.array(line), gap)])
    x, y, z = from_earth(on_sphere(points[:, 1], points[:, 0], COAST_KM), ahead_rad).round(0)
    coast = go.Scatter3d(
        name="coast",
        x=x,
        y=y,
        z=z,
        mode="lines",
        line={"color": COAST, "width": 1.5},
        hoverinfo="skip",
        connectgaps=False,
    )
    return [sphere, coast]


def night_cap(sun: Floats, below_deg: float, opacity: float) -> go.Mesh3d:
    """The part of the sphere where the Sun (unit vector) is more than below_deg under the horizon."""
    away = -np.asarray(sun, dtype=np.float64)
    side = np.cross(away, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side)
    third = np.cross(away, side)
    rings, spokes = 23, 72
    angle = np.radians(np.linspace(0.0, 90.0 - below_deg, rings))[:, None]
    turn = np.linspace(0.0, 2.0 * np.pi, spokes, endpoint=False)[None, :]
    around = np.cos(turn)[..., None] * side + np.sin(turn)[..., None] * third
    vertex = (NIGHT_KM * (np.cos(angle)[..., None] * away + np.sin(angle)[..., None] * around)).reshape(-1, 3)
    ring, spoke = np.meshgrid(np.arange(rings - 1), np.arange(spokes), indexing="ij")
    a, b = ring * spokes + spoke, ring * spokes + (spoke + 1) % spokes
    i, j, k = (np.concatenate([u.ravel(), v.ravel()]) for u, v in ((a, b), (b, b + spokes), (a + spokes, a + spokes)))
    return go.Mesh3d(
        name="night",
        x=vertex[:, 0].astype(np.float32),
        y=vertex[:, 1].astype(np.float32),
        z=vertex[:, 2].astype(np.float32),
        i=i.astype(np.int16),
        j=j.astype(np.int16),
        k=k.astype(np.int16),
        color=NIGHT,
        opacity=opacity,
        hoverinfo="skip",
        lighting={"ambient": 1.0, "diffuse": 0.0, "specular": 0.0, "fresnel": 0.0},
    )


def sun_trace(sun: Floats, reach_km: float) -> go.Scatter3d:
    """A short line from the point under the Sun towards it."""
    near, far = 1.02 * EARTH_KM * sun, reach_km * sun
    return go.Scatter3d(
        name="sun",
        x=[near[0], far[0]],
        y=[near[1], far[1]],
        z=[near[2], far[2]],
        mode="lines+markers+text",
        line={"color": "#e3a008", "width": 4},
        marker={"size": [0.1, 9], "color": "#e3a008"},
        text=["", "Sun"],
        textposition="top center",
        textfont={"color": MUTED, "size": 12, "family": FONT},
        hovertext="Direction of the Sun",
        hoverinfo="text",
    )


def station_traces(scene: Scene) -> list[go.Scatter3d]:
    """Ground stations; if they are few with names, which float above them so that the sphere does not cut them."""
    if not scene.station:
        return []
    lat_deg, lon_deg = scene.station_deg.T
    turn_rad = float(scene.earth_turn_rad[0])
    x, y, z = from_earth(on_sphere(lat_deg, lon_deg, EARTH_KM * 1.012), turn_rad)
    spots = go.Scatter3d(
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
        return [spots]
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
    return [spots, names]


def markers(scene: Scene) -> tuple[Floats, np.ndarray[Any, Any]]:
    """Positions (F, 3, n) [km] and states (F, n) of what the globe marks: each satellite, or a formation as one.

    A formation takes the state that most of its satellites are in.
    """
    if scene.formation is None:
        return scene.position_km, scene.state
    counts = (scene.state[:, :, None] == np.arange(len(STATES))).sum(axis=1)
    return np.nanmean(scene.position_km, axis=2, keepdims=True), counts.argmax(axis=1).astype(np.uint8)[:, None]


def length_text(length_m: float) -> str:
    """A length in words: 1.9 km, or 640 m."""
    return f"{length_m / 1e3:.1f} km" if length_m >= 1e3 else f"{length_m:.0f} m"


def state_marker(state: Any, size: float) -> dict[str, Any]:
    """Markers coloured by state (n,)."""
    return {
        "size": size,
        "color": state,
        "cmin": 0,
        "cmax": len(STATES),
        "colorscale": STATE_SCALE,
        "showscale": False,
        "opacity": 1.0,
        "line": {"color": "rgba(16,35,61,0.55)", "width": 1},
    }


def eye(scene: Scene, frame: int) -> list[float]:
    """A camera that sees, at one frame, a formation from above, or else day and night of the Earth alike."""
    sun = scene.sun[frame].astype(np.float64)
    towards = np.cross([0.0, 0.0, 1.0], sun) + 0.45 * sun
    if scene.formation is not None:
        centre = markers(scene)[0][frame, :, 0].astype(np.float64)
        towards = centre / np.linalg.norm(centre) + 0.35 * sun
    towards = towards / np.linalg.norm(towards)
    towards[2] = np.clip(towards[2] + 0.2, -0.75, 0.75)
    place: list[float] = (1.22 * towards / np.linalg.norm(towards)).round(4).tolist()
    return place


def globe(scene: Scene, height: int = 580) -> go.Figure:
    """The globe at the first frame: Earth, night side, stations, satellites by state."""
    position_km, state = markers(scene)
    highest_km = float(np.nanmax(np.linalg.norm(position_km, axis=1)))
    reach_km = max(1.18 * EARTH_KM, 1.04 * highest_km)
    single = scene.formation is not None
    x, y, z = position_km[0]
    satellites = go.Scatter3d(
        name="satellites",
        x=x,
        y=y,
        z=z,
        mode="markers+text" if single else "markers",
        marker=state_marker(state[0] + 0.5, 11 if single else 4.5 if len(x) <= 300 else 3.5),
        hoverinfo="text",
        hovertext=hover_texts(scene, 0),
        text=[formation_label(scene)] if single else None,
        textposition="top center",
        textfont={"size": 13, "color": INK, "family": FONT},
    )
    figure = go.Figure(
        [
            *earth_traces(float(scene.earth_turn_rad[0])),
            *(
                night_cap(scene.sun[0], below, opacity)
                for below, opacity in zip(TWILIGHT_DEG, (0.18, 0.17, 0.17), strict=True)
            ),
            sun_trace(scene.sun[0], 0.98 * reach_km),
            *station_traces(scene),
            satellites,
        ]
    )
    plain = {"visible": False, "range": [-reach_km, reach_km], "showspikes": False}
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
            "xaxis": plain,
            "yaxis": plain,
            "zaxis": plain,
            "aspectmode": "cube",
            "dragmode": "turntable",
            "camera": {"eye": dict(zip("xyz", eye(scene, 0), strict=True)), "up": {"x": 0, "y": 0, "z": 1}},
            "uirevision": "globe",
        }
    )
    return figure


def formation_label(scene: Scene) -> str:
    """What the one marker of a formation stands for."""
    if scene.formation is None:
        return ""
    return f"{len(scene.satellite)} satellites within {length_text(scene.formation.extent_m)}"


def hover_texts(scene: Scene, frame: int) -> list[str]:
    """Hover texts of the globe's markers at one frame."""
    if scene.formation is not None:
        return [formation_label(scene)]
    return [f"Satellite {n}<br>{STATES[s]}" for n, s in zip(scene.satellite, scene.state[frame], strict=True)]


def formation_view(scene: Scene, across: str, up: str, height: int = 420) -> go.Figure:
    """Satellites of a formation about its centre, first frame; across, up: radial, along-track or cross-track."""
    if scene.formation is None:
        raise ValueError("the scene holds no formation")
    order = ("radial", "along-track", "cross-track")
    offset_m = scene.formation.offset_m
    reach_m = 1.12 * float(np.nanmax(np.abs(offset_m)))
    first = offset_m[0]
    figure = go.Figure(
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


def encoded(values: Any, dtype: str) -> str:
    """Little-endian bytes of an array, base64."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=np.dtype(dtype).newbyteorder("<")).tobytes()).decode()


def whole(values: Floats | None, scale: float, shift: float = 0.0) -> str | None:
    """values * scale + shift as 16-bit whole numbers, MISSING where there is none."""
    if values is None:
        return None
    scaled = np.asarray(values, dtype=np.float64) * scale + shift
    return encoded(np.where(np.isfinite(scaled), scaled.clip(-32767, 32767).round(), MISSING), "int16")


def movie(scene: Scene) -> dict[str, Any]:
    """What a page needs to show any frame: plain numbers and base64 arrays, frame by frame, keyed as in Scene."""
    position_km, state = markers(scene)
    return {
        "unix_ms": scene.unix_ms.tolist(),
        "states": list(STATES),
        "missing": MISSING,
        "satellite": scene.satellite.tolist(),
        "markers": position_km.shape[2],
        "position": encoded(position_km, "float32"),
        "marker_state": encoded(state, "uint8"),
        "state": encoded(scene.state, "uint8"),
        "sun": encoded(scene.sun, "float32"),
        "charge_percent": whole(scene.charge_fraction, 100.0),
        "junction_c": whole(scene.junction_k, 1.0, -273.15),
        "useful_percent": whole(scene.useful_fraction, 100.0),
        "offset": None if scene.formation is None else encoded(scene.formation.offset_m, "float32"),
        "label": formation_label(scene),
        "eye": [eye(scene, frame) for frame in range(len(scene.unix_ms))],
    }
