"""Results as arrays for a globe or a formation view: positions, states, Sun, stations. No plotting library is used here.

Positions are in kilometres and single precision, rounded to 1 km; offsets inside a formation are in metres.
F frames, N satellites shown, S stations.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from viz.network import Links, Routes, find_links, find_routes, network_note

MAX_SATELLITES: Final = 2_500
FRAME_SPACING_MS: Final = 60_000  # frames of a long run are not closer: a satellite in low orbit moves 4 deg
MIN_FRAMES: Final = 240  # of a shorter run, where as many were recorded
FORMATION_RADIUS_M: Final = 25e3  # largest distance of a member from the centre of a formation
MIN_SINE: Final = 0.01  # below this sine of their angle, two positions do not define an orbit plane

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Formation:
    """Satellites of a formation, relative to their common centre."""

    offset_m: Floats  # (F, 3, N) radial, along-track, cross-track, float32
    extent_m: float  # largest distance between two satellites, over all frames


@dataclass(frozen=True, slots=True)
class Scene:
    """The data of a globe. `axes` names the reference frame of `position_km` and `sun`."""

    axes: str  # "Earth-fixed" or "inertial"
    unix_ms: NDArray[np.int64]  # (F,) time of each frame, milliseconds since 1970-01-01 UTC
    satellite: NDArray[np.int64]  # (N,) number in the constellation
    label: tuple[str, ...]  # (N,) the satellite in words, with name and catalogue number where it has them
    position_km: Floats  # (F, 3, N) float32, whole kilometres
    state: NDArray[np.uint8]  # (F, N) index into sim.schema.STATES
    charge_fraction: Floats | None  # (F, N)
    junction_k: Floats | None  # (F, N)
    useful_fraction: Floats | None  # (F, N)
    sun: Floats  # (F, 3) unit vector, float32
    sidereal_rad: Floats  # (F,) angle from inertial to Earth-fixed axes
    earth_turn_rad: Floats  # (F,) angle from `axes` to Earth-fixed axes; 0 when `axes` are Earth-fixed
    station: tuple[str, ...]  # (S,)
    station_deg: Floats  # (S, 2) latitude, longitude
    formation: Formation | None
    links: Links | None
    routes: Routes | None
    role: NDArray[np.uint8] | None  # (N,) index into sim.schema.ROLES; None where every satellite works independently
    job: NDArray[np.int64] | None  # (N,) index into jobs, -1 without one
    jobs: tuple[str, ...]
    events: NDArray[np.int64]  # frames at or after which something happens, ascending
    note: str  # how many satellites and frames are shown


def epoch_utc(results: Any) -> datetime:
    """Epoch of a run, from the attribute `epoch` of its series (ISO 8601), else from its summary."""
    text = results.series.attrs.get("epoch") or results.summary.get("epoch")
    if not text:
        raise ValueError(
            "the results carry no epoch; series.nc needs an attribute 'epoch' such as 2026-12-21T00:00:00Z"
        )
    epoch = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    return epoch if epoch.tzinfo else epoch.replace(tzinfo=UTC)


def unix_ms(results: Any, since_epoch_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """Times in milliseconds since the epoch, as milliseconds since 1970-01-01 UTC."""
    start = epoch_utc(results) - datetime(1970, 1, 1, tzinfo=UTC)
    return np.asarray(since_epoch_ms, dtype=np.int64) + start // timedelta(milliseconds=1)


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """At most `most` indices below `count`, evenly spaced, first and last included."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def shown_frames(since_epoch_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices of the frames shown: the whole run, about 1 min apart or closer where it would be fewer than 240, the last included."""
    count = len(since_epoch_ms)
    if count < 2:
        return np.arange(count)
    spacing_ms = (since_epoch_ms[-1] - since_epoch_ms[0]) / (count - 1)
    stride = max(1, min(round(FRAME_SPACING_MS / spacing_ms), count // MIN_FRAMES))
    return np.unique(np.append(np.arange(0, count, stride), count - 1))


def turn_about_pole(vector: Floats, angle_rad: Floats) -> Floats:
    """Components (F, 3, ...) in axes rotated by angle_rad (F,) about the third axis."""
    shape = (-1,) + (1,) * (vector.ndim - 2)
    cos, sin = np.cos(angle_rad).reshape(shape), np.sin(angle_rad).reshape(shape)
    x, y, z = vector[:, 0], vector[:, 1], vector[:, 2]
    return np.stack([cos * x + sin * y, cos * y - sin * x, z], axis=1)


def orbit_normals(centre_m: Floats, since_epoch_ms: NDArray[np.int64], earth_gm_m3_s2: float) -> Floats | None:
    """Unit normals (F, 3) of the orbit of a centre (F, 3), None if no two positions define the plane.

    The cross product of two positions gives the plane. Its sign follows from the angle flown in between, by the period
    of a circular orbit of that radius. Frames half an orbit apart take the normal of the nearest valid frame.
    """
    if len(centre_m) < 2:
        return None
    radius_m = np.linalg.norm(centre_m, axis=1)
    dt_s = np.diff(since_epoch_ms) / 1e3
    sine_flown = np.sin(np.sqrt(earth_gm_m3_s2 / radius_m[:-1] ** 3) * dt_s)
    normal = np.cross(centre_m[:-1], centre_m[1:]) / (radius_m[:-1] * radius_m[1:])[:, None]
    size = np.linalg.norm(normal, axis=1)
    valid = np.flatnonzero((size > MIN_SINE) & (np.abs(sine_flown) > MIN_SINE))
    if valid.size == 0:
        return None
    unit = normal[valid] * (np.sign(sine_flown[valid]) / size[valid])[:, None]
    nearest = np.abs(np.arange(len(centre_m))[:, None] - valid).argmin(axis=1)
    normals: Floats = unit[nearest]
    return normals


def find_formation(
    position_m: Floats, since_epoch_ms: NDArray[np.int64], frames: NDArray[np.int64], earth_gm_m3_s2: float
) -> Formation | None:
    """The formation of all satellites (all frames, 3, N) at the chosen frames; None if they are not within 25 km of their centre."""
    if position_m.shape[2] < 2 or not np.isfinite(position_m).any(axis=(1, 2)).all():
        return None
    centre_m = np.nanmean(position_m, axis=2)
    relative_m = position_m[frames] - centre_m[frames][:, :, None]
    distance_m = np.linalg.norm(relative_m, axis=1)
    if np.nanmax(distance_m) > FORMATION_RADIUS_M:
        return None
    normals = orbit_normals(centre_m, since_epoch_ms, earth_gm_m3_s2)
    if normals is None:
        return None
    radial = centre_m[frames] / np.linalg.norm(centre_m[frames], axis=1)[:, None]
    cross = normals[frames] - np.sum(normals[frames] * radial, axis=1)[:, None] * radial
    cross /= np.linalg.norm(cross, axis=1)[:, None]
    axes = np.stack([radial, np.cross(cross, radial), cross], axis=1)
    offset_m = np.einsum("fax,fxn->fan", axes, relative_m).round(1).astype(np.float32)
    extent_m = max(float(np.nanmax(np.linalg.norm(o[:, :, None] - o[:, None, :], axis=0))) for o in offset_m)
    return Formation(offset_m, extent_m)


def event_frames(results: Any, since_epoch_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first frame that shows the effect of each event, each frame once."""
    times_ms = np.array([1e3 * float(e["time_s"]) for e in results.events], dtype=np.float64)
    found = np.searchsorted(since_epoch_ms, times_ms)
    return np.unique(found[found < len(since_epoch_ms)])


def find_roles(
    series: Any, sats: NDArray[np.int64]
) -> tuple[NDArray[np.uint8] | None, NDArray[np.int64] | None, tuple[str, ...]]:
    """Role and job of each satellite shown, and the names of the jobs; None where every satellite works independently."""
    if "sat_role" not in series or not series["sat_role"].values.any():
        return None, None, ()
    jobs = tuple(str(j) for j in series["job"].values)
    role = series["sat_role"].values[sats].astype(np.uint8)
    return role, series["sat_job"].values[sats].astype(np.int64) if jobs else None, jobs


def labels(series: Any, sats: NDArray[np.int64]) -> tuple[str, ...]:
    """Satellites in words: their number, and name and catalogue number of those of a file."""
    number = series["sat"].values[sats]
    if "sat_name" not in series:
        return tuple(f"Satellite {n}" for n in number)
    known = zip(number, series["sat_name"].values[sats], series["sat_catalogue_number"].values[sats], strict=True)
    return tuple(
        f"Satellite {n}" + "".join(f", {part}" for part in dict.fromkeys((str(name), str(of_file or ""))) if part)
        for n, name, of_file in known
    )


def sampling_note(shown: int, total: int, frames: NDArray[np.int64], recorded: int) -> str:
    """How many satellites and frames are shown; frames are milliseconds since 1970-01-01."""
    which = f"All {total:,} satellites" if shown == total else f"{shown:,} of {total:,} satellites"
    if len(frames) == 1:
        return f"{which}, one frame."
    span_min = (frames[-1] - frames[0]) / 60e3 / (len(frames) - 1)
    spacing = f"{span_min:.0f} min" if span_min >= 1.5 else f"{span_min * 60:.0f} s"
    of = f" of {recorded:,} recorded" if recorded > len(frames) else ""
    return f"{which}, {len(frames)}{of} frames about {spacing} apart."


def build_scene(results: Any, *, earth_fixed: bool = True, most: int = MAX_SATELLITES) -> Scene | None:
    """The scene of a run, sub-sampled to `most` satellites; None if the run recorded no positions."""
    series = results.series
    if "position_m" not in series or 0 in series["position_m"].shape:
        return None
    since_epoch_ms = np.asarray(series["frame"].values, dtype=np.int64)
    frames = shown_frames(since_epoch_ms)
    sats = evenly(series.sizes["sat"], most)
    position_m = series["position_m"].transpose("frame", "axis", "sat").values[:, :, sats].astype(np.float64)
    turn_rad = np.asarray(series["gmst_rad"].values, dtype=np.float64)[frames]
    sun = series["sun_direction"].transpose("frame", "axis").values[frames]
    shown_m, ahead_rad = position_m[frames], turn_rad
    if earth_fixed:
        shown_m, sun, ahead_rad = turn_about_pole(shown_m, turn_rad), turn_about_pole(sun, turn_rad), 0.0 * turn_rad

    def recorded(name: str) -> NDArray[Any] | None:
        return series[name].transpose("frame", "sat").values[np.ix_(frames, sats)] if name in series else None

    names = tuple(str(s) for s in series["station"].values) if "latitude_deg" in series else ()
    location = [series[k].values for k in ("latitude_deg", "longitude_deg")] if names else [[], []]
    frame_ms = unix_ms(results, since_epoch_ms[frames])
    total = int(results.summary.get("satellites") or series.sizes["sat"])
    satellite = np.asarray(series["sat"].values, dtype=np.int64)[sats]
    links, routes = find_links(series, frames, satellite), find_routes(series, frames, satellite)
    role, job, jobs = find_roles(series, sats)
    notes = (
        sampling_note(len(sats), total, frame_ms, len(since_epoch_ms)),
        network_note(links, routes, len(sats), total),
    )
    return Scene(
        axes="Earth-fixed" if earth_fixed else "inertial",
        unix_ms=frame_ms,
        satellite=satellite,
        label=labels(series, sats),
        position_km=(shown_m / 1e3).round().astype(np.float32),
        state=series["state"].transpose("frame", "sat").values[np.ix_(frames, sats)].astype(np.uint8),
        charge_fraction=recorded("sat_charge_fraction"),
        junction_k=recorded("sat_junction_k"),
        useful_fraction=recorded("sat_useful_fraction"),
        sun=sun.astype(np.float32),
        sidereal_rad=turn_rad,
        earth_turn_rad=ahead_rad,
        station=names,
        station_deg=np.column_stack(location).astype(np.float64),
        formation=find_formation(position_m, since_epoch_ms, frames, float(series.attrs["earth_gm_m3_s2"])),
        links=links,
        routes=routes,
        role=role,
        job=job,
        jobs=jobs,
        events=event_frames(results, since_epoch_ms[frames]),
        note=" ".join(n for n in notes if n),
    )
