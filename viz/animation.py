"""Data for the animated views of a page: plain numbers and base64 arrays, one value per frame."""

from __future__ import annotations

import base64
from html import escape
from typing import Any, Final

import numpy as np

from sim.schema import ROLES, STATES
from viz.earth import from_earth, on_sphere
from viz.formation import formation_label
from viz.globe import STATION_KM, camera_eye, markers
from viz.palette import NO_JOB, ROLE_COLOUR, STATE_COLOUR, job_colours
from viz.scene import Floats, Scene

MISSING: Final = -32768


def encoded(values: Any, dtype: str) -> str:
    """Little-endian bytes of an array, base64."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=np.dtype(dtype).newbyteorder("<")).tobytes()).decode()


def quantised(values: Floats | None, scale: float, shift: float = 0.0) -> str | None:
    """values * scale + shift as 16-bit integers, MISSING where a value is not finite."""
    if values is None:
        return None
    scaled = np.asarray(values, dtype=np.float64) * scale + shift
    return encoded(np.where(np.isfinite(scaled), scaled.clip(-32767, 32767).round(), MISSING), "int16")


def colourings(scene: Scene) -> list[dict[str, Any]]:
    """The colourings of satellites: by state, and where a workload runs by role and job. Codes index `names`."""
    named: list[tuple[str, list[str], list[str], str | None]] = [
        ("state", list(STATES), list(STATE_COLOUR.values()), None)
    ]
    if scene.role is not None:
        named.append(("role", list(ROLES), list(ROLE_COLOUR.values()), encoded(scene.role, "uint16")))
    if scene.job is not None:
        names, colours = ["no job", *scene.jobs], [NO_JOB, *job_colours(len(scene.jobs))]
        named.append(("job", names, colours, encoded(scene.job + 1, "uint16")))
    return [dict(zip(("name", "names", "colours", "code"), row, strict=True)) for row in named]


def network(scene: Scene) -> dict[str, Any]:
    """Links and routes as base64 arrays; None where the run recorded none."""
    links, routes = scene.links, scene.routes
    lat_deg, lon_deg = scene.station_deg.T
    stations = from_earth(on_sphere(lat_deg, lon_deg, STATION_KM), float(scene.earth_turn_rad[0]))
    return {
        "links": None
        if links is None
        else {
            "ends": encoded(links.ends, "uint16"),
            "frames": encoded(links.frames, "uint8"),
            "count": links.ends.shape[1],
        },
        "routes": None
        if routes is None
        else {
            "station": encoded(routes.station, "int16"),
            "frames": encoded(routes.frames, "uint8"),
            "first_hop": encoded(routes.first_hop, "uint32"),
            "satellite": encoded(routes.satellite, "uint16"),
            "station_position": encoded(stations, "float32"),
            "count": routes.station.shape[1],
        },
    }


def animation(scene: Scene) -> dict[str, Any]:
    """The data of every frame, keyed as in Scene; positions are integer multiples of `unit_km`."""
    position_km, _ = markers(scene)
    unit_km = max(1.0, float(np.nanmax(np.abs(position_km))) / 32_000.0)
    return {
        "unix_ms": scene.unix_ms.tolist(),
        "missing": MISSING,
        "satellite": scene.satellite.tolist(),
        "satellite_label": [escape(text) for text in scene.label],
        "markers": position_km.shape[2],
        "unit_km": unit_km,
        "position": quantised(position_km, 1.0 / unit_km),
        "colourings": colourings(scene),
        "state": encoded(scene.state, "uint8"),
        "sun": encoded(scene.sun, "float32"),
        "charge_percent": quantised(scene.charge_fraction, 100.0),
        "junction_c": quantised(scene.junction_k, 1.0, -273.15),
        "useful_percent": quantised(scene.useful_fraction, 100.0),
        "offset": None if scene.formation is None else encoded(scene.formation.offset_m, "float32"),
        "label": formation_label(scene),
        "camera_eye": [camera_eye(scene, frame) for frame in range(len(scene.unix_ms))],
        **network(scene),
    }
