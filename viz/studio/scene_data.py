"""A run as binary data for the globe of the studio: a header in JSON, then arrays, each aligned to 8 bytes.

F frames, N satellites. Positions are inertial (TEME), in kilometres and single precision; members of a formation have metres from their
common centre beside that. Where the run recorded only some of its satellites, mean orbits of all stand for positions, and `recorded` tells
which of them have states. The script reads it in `viz/studio/web/src/run.js`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.schema import ROLES, STATES
from viz.buffers import Buffers
from viz.formation import formation_label
from viz.network import Routes
from viz.palette import NO_JOB, ROLE_COLOUR, STATE_COLOUR, job_colours
from viz.scene import Floats, Scene, build_scene

MISSING_SHARE, MISSING_TEMPERATURE = 255, -32768  # of a value that was not recorded
SHARE_STEPS = 250.0  # of a share from 0 to 1, in a byte
MOST_EVENTS = 2_000
MOST_RECORDED = 10_000


class Blob:
    """Arrays one after the other, with a header that says where each is."""

    def __init__(self) -> None:
        self._buffers = Buffers()
        self.arrays: dict[str, dict[str, Any]] = {}

    def add(self, name: str, values: Any, dtype: str) -> None:
        """Append an array.

        Parameters
        ----------
        name : str
            Its name in the header.
        values : array_like
            Values.
        dtype : str
            Type of a number, little-endian.
        """
        self.arrays[name] = self._buffers.add(values, dtype) | {"type": dtype, "shape": list(np.shape(values))}

    def content(self, header: dict[str, Any]) -> bytes:
        """Everything as bytes.

        Parameters
        ----------
        header : dict
            What the header says beside the arrays.

        Returns
        -------
        bytes
            Length of the header in 4 bytes, header, arrays.
        """
        text = json.dumps(header | {"arrays": self.arrays}, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-(len(text) + 4) % 8)
        return len(text).to_bytes(4, "little") + text + self._buffers.content


def scene_data(results: Any, orbits: Any = None) -> bytes | None:
    """The globe's data of a run.

    Parameters
    ----------
    results : Results
        Results of a run.
    orbits : Orbits, optional
        Mean orbits of satellites, recorded or not: `number` (satellites,), ascending, `rows` (10, satellites) by `orbit.mean_orbits.ROWS`
        and `error_m` (satellites,).

    Returns
    -------
    bytes or None
        The data; None where the run recorded no positions.
    """
    scene = build_scene(results, earth_fixed=False, **({} if orbits is None else {"most": MOST_RECORDED}))
    if scene is None:
        return None
    blob = Blob()
    place = np.arange(len(scene.satellite))  # of each recorded satellite among those shown
    if orbits is None:
        blob.add("position_km", scene.position_km.transpose(0, 2, 1), "float32")
    else:
        shown = np.asarray(orbits.number)
        place = np.searchsorted(shown, scene.satellite)
        blob.add("orbit", np.nan_to_num(orbits.rows), "float64")  # without a position: inside the Earth, where nothing is seen or chosen
        blob.add("shown_number", shown, "uint32")
        blob.add("recorded", place, "uint32")
    blob.add("state", scene.state, "uint8")
    blob.add("sun", scene.sun, "float32")
    blob.add("sidereal_rad", np.unwrap(scene.sidereal_rad), "float64")
    for name, shares in (("charge", scene.charge_fraction), ("useful", scene.useful_fraction)):
        if shares is not None:
            blob.add(name, _in_bytes(shares), "uint8")
    if scene.junction_k is not None:
        blob.add("junction_dk", _in_tenths(scene.junction_k), "int16")
    if scene.formation is not None:
        blob.add("offset_m", scene.formation.offset_m.transpose(0, 2, 1), "float32")
    blob.add("station_deg", scene.station_deg, "float32")
    if len(scene.station):
        blob.add("min_elevation_deg", results.series["min_elevation_deg"].values, "float32")
        if "station_role" in results.series:
            blob.add("station_role", results.series["station_role"].values, "uint8")
    _add_places(blob, results.series)
    if "sat_type" in results.series:
        places = np.searchsorted(results.series["sat"].values, scene.satellite)
        blob.add("type", results.series["sat_type"].values[places], "uint8")
    routes, spare = _of_users(results, scene.routes)
    _add_network(blob, scene, routes, place)
    return blob.content({
        "unix_ms": scene.unix_ms.tolist(), "epoch_ms": _epoch_ms(results, scene), "label": list(scene.label),
        "number": scene.satellite.tolist(), "station": list(scene.station),
        "colourings": _colourings(scene), "formation": None if scene.formation is None else formation_label(scene),
        "extent_m": None if scene.formation is None else scene.formation.extent_m, "events": _events(results, scene),
        "note": (scene.note if orbits is None else _note(scene, orbits, int(results.summary["satellites"]))) + spare,
        "models": _models(results),
    })  # fmt: skip


def _in_bytes(shares: Floats) -> Any:
    known = np.isfinite(shares)
    return np.where(known, (np.nan_to_num(shares).clip(0.0, 1.0) * SHARE_STEPS).round(), MISSING_SHARE)


def _in_tenths(temps_k: Floats) -> Any:
    known = np.isfinite(temps_k)
    return np.where(known, (10.0 * np.nan_to_num(temps_k)).round().clip(-32767, 32767), MISSING_TEMPERATURE)


def _note(scene: Scene, orbits: Any, total: int) -> str:
    """What is shown where most satellites were not recorded."""
    shown, recorded = len(orbits.number), len(scene.satellite)
    which = f"All {total:,} satellites" if shown == total else f"{shown:,} of {total:,} satellites, evenly chosen,"
    known = np.asarray(orbits.error_m)[np.isfinite(orbits.error_m)]
    close = f", 99 % within {np.percentile(known, 99) / 1e3:,.0f} km" if known.size else ""
    lost = f" Without a position: {shown - known.size:,}." if known.size < shown else ""
    return f"{which} on mean orbits{close}.{lost} States of {recorded:,} were recorded; for more, raise recorder.satellites."


def _add_places(blob: Blob, series: Any) -> None:
    """The map of latency: round trips of places in rows from the south and columns from 180 W; not a number where no user is served."""
    if "place_user_rtt_ms" not in series or not np.isfinite(series["place_user_rtt_ms"].values).any():
        return
    blob.add("place_rtt_ms", series["place_user_rtt_ms"].values, "float32")
    blob.add("place_coverage", series["place_coverage"].values, "float32")


def _of_users(results: Any, routes: Routes | None) -> tuple[Routes | None, str]:
    """Routes without those of gateways that no user ever comes over, and what the note says of that."""
    gateways = (results.summary.get("ground") or {}).get("gateways") or {}
    spare = [name for name, one in gateways.items() if one.get("user_time_fraction") == 0.0]
    if routes is None or not spare:
        return routes, ""
    kept = ~np.isin(routes.station[0], np.flatnonzero(np.isin(results.series["station"].values, spare)))
    hops = [routes.satellite[routes.first_hop[w] : routes.first_hop[w + 1]] for w in np.flatnonzero(kept)]
    first = np.concatenate([[0], np.cumsum([len(one) for one in hops])]).astype(np.int64)
    satellite = np.concatenate([np.zeros(0, dtype=np.int64), *hops])
    note = f" Routes of {len(spare):,} of {len(gateways):,} gateways, which no user comes over, are left out."
    return replace(routes, station=routes.station[:, kept], frames=routes.frames[:, kept], first_hop=first, satellite=satellite), note


def _add_network(blob: Blob, scene: Scene, routes: Routes | None, place: NDArray[np.int64]) -> None:
    if scene.links is not None:
        blob.add("link_ends", place[scene.links.ends], "uint16")
        blob.add("link_frames", scene.links.frames, "uint32")
        if np.isfinite(scene.links.used).any() and np.nanmax(scene.links.used) > 0.0:
            blob.add("link_used", scene.links.used, "float32")  # not a number where it is not known
    if routes is not None:
        blob.add("route_station", routes.station, "int16")
        blob.add("route_frames", routes.frames, "uint32")
        blob.add("route_first_hop", routes.first_hop, "uint32")
        blob.add("route_satellite", place[routes.satellite], "uint16")


def _colourings(scene: Scene) -> list[dict[str, Any]]:
    """By what satellites can be coloured: codes of each satellite, where they do not change, with names and colours."""
    found: list[dict[str, Any]] = [{"name": "state", "names": list(STATES), "colours": list(STATE_COLOUR.values()), "codes": None}]
    if scene.role is not None:
        found.append({"name": "role", "names": list(ROLES), "colours": list(ROLE_COLOUR.values()), "codes": scene.role.tolist()})
    if scene.job is not None:
        colours = [NO_JOB, *job_colours(len(scene.jobs))]
        found.append({"name": "job", "names": ["no job", *scene.jobs], "colours": colours, "codes": (scene.job + 1).tolist()})
    return found


def _epoch_ms(results: Any, scene: Scene) -> int:
    return int(scene.unix_ms[0]) - int(results.series["frame"].values[0])


def _models(results: Any) -> list[dict[str, Any]]:
    """Areas and attitude of one satellite of each type."""
    rows = (results.summary.get("design") or {}).get("types") or []
    names = ("array_m2", "radiator_m2", "body_m2", "attitude")
    return [{name: row["one"][name] for name in names} for row in rows if "attitude" in (row.get("one") or {})]


def _events(results: Any, scene: Scene) -> list[dict[str, Any]]:
    """What happened, with its time, for the time line and for jumps."""
    epoch_ms = _epoch_ms(results, scene)
    return [
        {"unix_ms": epoch_ms + round(1e3 * float(e["time_s"]))} | {name: str(e.get(name) or "") for name in ("action", "target", "cause")}
        for e in results.events[:MOST_EVENTS]
    ]
