"""Data for the animated views of a page: plain numbers, and arrays with one value per frame in one block of bytes."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from sim.schema import ROLES, STATES
from viz.buffers import MISSING, Buffers, held, oscillation_factor, quantised
from viz.earth import from_earth, on_sphere
from viz.formation import formation_label
from viz.globe import STATION_KM, camera_eyes, markers
from viz.palette import NO_JOB, ROLE_COLOUR, STATE_COLOUR, job_colours
from viz.scene import Floats, Scene, turn_about_pole


def colourings(scene: Scene, buffers: Buffers) -> list[dict[str, Any]]:
    """The colourings of satellites: by state, and where a workload runs by role and job. Codes index `names`."""
    named: list[tuple[str, list[str], list[str], dict[str, int] | None]] = [
        ("state", list(STATES), list(STATE_COLOUR.values()), None)
    ]
    if scene.role is not None:
        named.append(("role", list(ROLES), list(ROLE_COLOUR.values()), buffers.add(scene.role, "uint16")))
    if scene.job is not None:
        names, colours = ["no job", *scene.jobs], [NO_JOB, *job_colours(len(scene.jobs))]
        named.append(("job", names, colours, buffers.add(scene.job + 1, "uint16")))
    return [dict(zip(("name", "names", "colours", "code"), row, strict=True)) for row in named]


def network(scene: Scene, buffers: Buffers) -> dict[str, Any]:
    """Links and routes; None where the run recorded none."""
    links, routes = scene.links, scene.routes
    lat_deg, lon_deg = scene.station_deg.T
    stations = from_earth(on_sphere(lat_deg, lon_deg, STATION_KM), float(scene.earth_turn_rad[0]))
    return {
        "links": None
        if links is None
        else {
            "ends": buffers.add(links.ends, "uint16"),
            "frames": buffers.add(links.frames, "uint16"),
            "count": links.ends.shape[1],
        },
        "routes": None
        if routes is None
        else {
            "station": buffers.add(routes.station, "int16"),
            "frames": buffers.add(routes.frames, "uint16"),
            "first_hop": buffers.add(routes.first_hop, "uint32"),
            "satellite": buffers.add(routes.satellite, "uint16"),
            "station_position": buffers.add(stations, "float32"),
            "count": routes.station.shape[1],
        },
    }


def moving(values: Floats, buffers: Buffers) -> dict[str, Any]:
    """Positions (F, 3, N) of objects that circle: a series in multiples of `unit`, and where they are missing."""
    unit = max(1.0, float(np.nanmax(np.abs(values))) / 32_000.0)
    whole = quantised(values, 1.0 / unit)
    shown = held(whole)
    frames, _, count = shown.shape
    series = buffers.add_series(shown.reshape(frames, 3 * count), np.tile(oscillation_factor(shown), 3))
    absent = (whole == MISSING).any(axis=1)
    return {"unit": unit, "series": series, "missing": buffers.add(absent, "uint8") if absent.any() else None}


def details(scene: Scene, buffers: Buffers) -> list[dict[str, Any]]:
    """Numbers of the hover texts: battery, junction, useful share."""
    rows = (
        ("battery", "%", scene.charge_fraction, 100.0, 0.0),
        ("junction", "\u00b0C", scene.junction_k, 1.0, -273.15),
        ("useful share", "%", scene.useful_fraction, 100.0, 0.0),
    )
    return [
        {"title": title, "unit": unit, "series": buffers.add_series(quantised(values, scale, shift))}
        for title, unit, values, scale, shift in rows
        if values is not None
    ]


def animation(scene: Scene, buffers: Buffers) -> dict[str, Any]:
    """The data of every frame, keyed as in Scene, with its arrays in `buffers`. Positions are in inertial axes."""
    position_km, _ = markers(scene)
    back_rad = scene.earth_turn_rad - scene.sidereal_rad
    offset_dm = None if scene.formation is None else 10.0 * scene.formation.offset_m.astype(np.float64)
    return {
        "unix_ms": scene.unix_ms.tolist(),
        "missing": MISSING,
        "satellite": scene.satellite.tolist(),
        "satellite_label": [escape(text) for text in scene.label],
        "markers": position_km.shape[2],
        "position": moving(turn_about_pole(position_km.astype(np.float64), back_rad), buffers),
        "turn_rad": (-back_rad).round(6).tolist(),
        "colourings": colourings(scene, buffers),
        "state": buffers.add_series(scene.state.astype(np.int16)),
        "sun": buffers.add(scene.sun, "float32"),
        "details": details(scene, buffers),
        "offset": None if offset_dm is None else moving(offset_dm, buffers),
        "label": formation_label(scene),
        "camera_eye": camera_eyes(scene).tolist(),
        "events": scene.events.tolist(),
        **network(scene, buffers),
    }
