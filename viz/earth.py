"""The Earth as Plotly traces: land and sea, coastlines, night, the Sun's direction.

The Earth is drawn as a sphere of its mean radius. Geodetic latitudes are used as they are: at most 0.2 deg off.
Axes are those of the scene, in kilometres.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from viz.palette import FONT, MUTED
from viz.scene import Floats, turn_about_pole

EARTH_KM: Final = 6371.0  # mean radius, used for drawing only
COAST_KM: Final = EARTH_KM * 1.003
NIGHT_KM: Final = EARTH_KM * 1.008
OCEAN, LAND, COAST, NIGHT = "#e9eff6", "#ccd6cf", "#8796a5", "#0b1f44"
TWILIGHT_DEG: Final = (0.0, 6.0, 12.0)  # depth of the Sun below the horizon where each layer of night begins
SPHERE_STEP_DEG: Final = 2


@lru_cache(maxsize=1)
def coastlines() -> dict[str, Any]:
    """The shipped coastlines: polylines [deg], land mask, provenance."""
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
    """Earth-fixed positions (3, ...) in axes that are ahead_rad behind the Earth-fixed axes."""
    turned: Floats = turn_about_pole(position_km[None], np.array([-ahead_rad]))[0].astype(np.float32)
    return turned


def earth_traces(ahead_rad: float) -> list[go.Surface | go.Scatter3d]:
    """Sphere with land and sea, and the coastlines on it."""
    lat, lon = np.meshgrid(np.arange(90, -91, -SPHERE_STEP_DEG), np.arange(-180, 181, SPHERE_STEP_DEG), indexing="ij")
    x, y, z = from_earth(on_sphere(lat, lon, EARTH_KM), ahead_rad).round().astype(np.int16)
    sphere = go.Surface(
        name="Earth",
        x=x,
        y=y,
        z=z,
        surfacecolor=(4.0 * land_share()).astype(np.uint8),
        cmin=0,
        cmax=4,
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
        x=vertex[:, 0].round().astype(np.int16),
        y=vertex[:, 1].round().astype(np.int16),
        z=vertex[:, 2].round().astype(np.int16),
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


def nights(sun: Floats) -> list[go.Mesh3d]:
    """Layers of night, deeper with the Sun's depth below the horizon."""
    return [night_cap(sun, below, opacity) for below, opacity in zip(TWILIGHT_DEG, (0.18, 0.17, 0.17), strict=True)]
