"""Radiation on the orbits: maps of dose rate and protons, the South Atlantic Anomaly, where errors happened, dose of a satellite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from viz.formatting import percent, quantity
from viz.satellites import Satellites, places
from viz.scene import Floats, turn_about_pole

MAX_ERRORS: Final = 3_000
MICROGRAY_PER_HOUR: Final = 3.6e9  # of one Gy/s
PER_CM2_S: Final = 1e-4  # of one 1/(m2 s)
SOUTH, NORTH = -65.0, 55.0  # latitudes between which the anomaly is looked for


@dataclass(frozen=True, slots=True)
class Maps:
    """Radiation on the orbits of each type of satellite; rows from south to north, columns from 180 W."""

    dose_ugy_h: Floats  # (types, rows, columns)
    flux_cm2_s: Floats  # protons above 30 MeV
    altitude_km: Floats  # (types,)
    latitude_deg: Floats  # (rows,) middles
    longitude_deg: Floats  # (columns,) middles
    anomaly_cm2_s: float  # beyond which a place is in the anomaly


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors by radiation of recorded satellites, each where it happened; the word for its kind."""

    place_deg: Floats  # (2, E)
    kind: tuple[str, ...]  # (E,)
    said: tuple[str, ...]  # (E,) time and target
    all: int  # of all satellites


def find_maps(series: Any) -> Maps | None:
    """The maps of a run; None where it has none."""
    if "map_dose_rate_gy_s" not in series or not np.isfinite(series["map_dose_rate_gy_s"].values).any():
        return None
    dims = ("satellite_type", "map_row", "map_column")
    dose = series["map_dose_rate_gy_s"].transpose(*dims).values.astype(np.float64)
    flux = series["map_proton_flux_m2_s"].transpose(*dims).values.astype(np.float64)
    rows, columns = dose.shape[1:]
    return Maps(
        dose_ugy_h=dose * MICROGRAY_PER_HOUR,
        flux_cm2_s=flux * PER_CM2_S,
        altitude_km=series["map_altitude_m"].values / 1e3,
        latitude_deg=np.degrees(np.arcsin((np.arange(rows) + 0.5) * 2.0 / rows - 1.0)),
        longitude_deg=(np.arange(columns) + 0.5) * 360.0 / columns - 180.0,
        anomaly_cm2_s=float(series.attrs["anomaly_flux_m2_s"]) * PER_CM2_S,
    )


def anomaly(maps: Maps, kind: int) -> NDArray[np.bool_]:
    """Cells of the South Atlantic Anomaly (rows, columns): around the most protons between the polar caps, all above the limit.

    Protons of solar events over the poles may exceed the limit too; they are another region.
    """
    flux = maps.flux_cm2_s[kind]
    belt = (maps.latitude_deg >= SOUTH) & (maps.latitude_deg <= NORTH)
    above = np.isfinite(flux) & (flux > maps.anomaly_cm2_s) & belt[:, None]
    found = np.zeros_like(above)
    if not above.any():
        return found
    found[np.unravel_index(int(np.where(above, flux, -np.inf).argmax()), flux.shape)] = True
    while True:
        grown = found | np.roll(found, 1, axis=1) | np.roll(found, -1, axis=1)
        grown[1:] |= found[:-1]
        grown[:-1] |= found[1:]
        grown &= above
        if (grown == found).all():
            return found
        found = grown


def error_kind(event: dict[str, Any]) -> str | None:
    """The kind of an error by radiation in words; None for other events, and for the return of what an error stopped."""
    cause = str(event.get("cause") or "")
    if cause.startswith("soft error"):
        rest = cause.removeprefix("soft error").strip(" :,-")
        named = rest or "soft error"
    elif cause.startswith("radiation"):
        named = {"corrupt": "silent error", "lose": "interruption of a satellite", "derate": "interruption of accelerators"}.get(event["action"], "")
    else:
        return None
    return None if event["action"] == "restore" or not named else named


def find_errors(results: Any) -> Errors | None:
    """Errors of recorded satellites, placed between the frames around them; None where none was drawn."""
    events = [(kind, e) for e in results.events if (kind := error_kind(e)) is not None]
    series = results.series
    if not events or "position_m" not in series or series.sizes["frame"] < 2:
        return None
    number = {int(n): i for i, n in enumerate(series["sat"].values)}
    placed = [(kind, e) for kind, e in events if e["satellite"] is not None and e["satellite"] == e["last_satellite"] and e["satellite"] in number]
    placed = placed[:: -(-max(len(placed), 1) // MAX_ERRORS)]
    frame_s = series["frame"].values / 1e3
    time_s = np.array([float(e["time_s"]) for _, e in placed])
    inside = (time_s >= frame_s[0]) & (time_s <= frame_s[-1])
    placed = [one for one, known in zip(placed, inside, strict=True) if known]
    time_s, who = time_s[inside], np.array([number[e["satellite"]] for _, e in placed], dtype=np.int64)
    before = np.clip(np.searchsorted(frame_s, time_s, side="right") - 1, 0, len(frame_s) - 2)
    share = (time_s - frame_s[before]) / (frame_s[before + 1] - frame_s[before])
    position = series["position_m"].transpose("frame", "axis", "sat").values.astype(np.float64)
    between = along_arc(position[before, :, who], position[before + 1, :, who], share)
    turn = np.unwrap(series["gmst_rad"].values)
    angle = (1.0 - share) * turn[before] + share * turn[before + 1]
    fixed = turn_about_pole(between[:, :, None], angle)
    return Errors(
        place_deg=places(fixed)[:, :, 0].T,
        kind=tuple(kind for kind, _ in placed),
        said=tuple(f"{str(e['time_utc']).replace('T', ' ').removesuffix('Z')} UTC, {e['target']}" for _, e in placed),
        all=len(events),
    )


def along_arc(a: Floats, b: Floats, share: Floats) -> Floats:
    """Directions (E, 3) between positions a and b (E, 3), a share of the arc from a on."""
    a, b = (v / np.linalg.norm(v, axis=1)[:, None] for v in (a, b))
    angle = np.arccos(np.clip((a * b).sum(axis=1), -1.0, 1.0))
    sine = np.maximum(np.sin(angle), 1e-9)
    found: Floats = (np.sin((1.0 - share) * angle) / sine)[:, None] * a + (np.sin(share * angle) / sine)[:, None] * b
    return found


def doses(results: Any, shown: Satellites) -> list[dict[str, float]]:
    """Of each satellite of the page: mean dose rate [Gy/s], and the shares of its time and dose in the anomaly; empty without maps."""
    maps = find_maps(results.series)
    if maps is None or "dose_rate_gy_s" not in results.series:
        return []
    series = results.series
    dose = series["dose_rate_gy_s"].transpose("frame", "sat").values[:, shown.at].astype(np.float64)
    position = series["position_m"].transpose("frame", "axis", "sat").values[:, :, shown.at].astype(np.float64)
    where = places(turn_about_pole(position, series["gmst_rad"].values))
    rows, columns = maps.dose_ugy_h.shape[1:]
    found = []
    for k, kind in enumerate(shown.kind.tolist()):
        row = np.clip(((np.sin(np.radians(where[:, 0, k])) + 1.0) * 0.5 * rows).astype(np.int64), 0, rows - 1)
        column = np.clip(((where[:, 1, k] + 180.0) / 360.0 * columns).astype(np.int64), 0, columns - 1)
        inside = anomaly(maps, kind)[row, column]
        total = float(dose[:, k].sum())
        found.append(
            {
                "gy_s": float(dose[:, k].mean()),
                "time": float(inside.mean()),
                "dose": float(dose[inside, k].sum()) / total if total > 0.0 else 0.0,
            }
        )
    return found


def dose_words(one: dict[str, float]) -> str:
    """Dose of a satellite in words."""
    yearly = quantity(one["gy_s"] * 365.25 * 86400.0, "Gy")
    return (
        f"The chosen satellite gets {yearly} a year at the rate of this run; "
        f"it spends {percent(one['time'])} of the time in the anomaly and gets {percent(one['dose'])} of the dose there."
    )
