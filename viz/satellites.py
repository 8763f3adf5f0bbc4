"""Recorded satellites that a page shows one by one: which, their temperatures, places and light over time.

F frames, N nodes, K satellites. Temperatures are in degrees Celsius.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from viz.buffers import Buffers, quantised
from viz.figures import recorded
from viz.html_parts import find
from viz.scene import Floats, evenly, labels, turn_about_pole, unix_ms

ZERO_CELSIUS_K: Final = 273.15
MAX_SHOWN: Final = 16
MAX_FRAMES: Final = 2_880  # two days of minutes
MAX_VALUES: Final = 260_000  # of all satellites together
REVOLUTION_MS: Final = 95 * 60_000  # of a low orbit
SCALE: Final = 100.0  # counts of the page for a degree, of temperature and of places


@dataclass(frozen=True, slots=True)
class Part:
    """A node of the thermal network: its title, the array of series.nc, colour and dash of its line."""

    title: str
    series: str
    colour: str
    dash: str = "solid"


# After Okabe and Ito where lines share a chart; segments of the radiator are shades of one hue, from hot to cold.
PARTS: Final[dict[str, Part]] = {
    "junction": Part("Junction", "sat_junction_k", "#d55e00"),
    "hbm": Part("Memory", "sat_hbm_k", "#cc6fa4"),
    "plate": Part("Cold plate", "sat_plate_k", "#e3a008"),
    "loop": Part("Coolant", "sat_loop_k", "#00795c"),
    "radiator_1": Part("Radiator, first third", "sat_radiator_1_k", "#0b3c6f"),
    "radiator_2": Part("Radiator, second third", "sat_radiator_2_k", "#2b8fd9", "dash"),
    "radiator_3": Part("Radiator, last third", "sat_radiator_3_k", "#9cc6ec"),
    "array": Part("Array", "sat_array_k", "#e3a008"),
    "battery": Part("Battery", "sat_battery_k", "#00795c"),
    "structure": Part("Structure", "sat_structure_k", "#54358a"),
}
# Reasons for which satellites are shown first: part, which extreme, in words.
EXTREMES: Final = (
    ("junction", np.nanmax, np.argmax, "hottest junction"), ("battery", np.nanmax, np.argmax, "hottest battery"),
    ("battery", np.nanmin, np.argmin, "coldest battery"), ("loop", np.nanmin, np.argmin, "coldest coolant"),
    ("array", np.nanmin, np.argmin, "coldest array"),
)  # fmt: skip
WAYS: Final = {"hottest": np.nanmax, "mean": np.nanmean, "coldest": np.nanmin}


@dataclass(frozen=True, slots=True)
class Satellites:
    """Satellites of a page, over frames that are evenly spaced."""

    at: NDArray[np.int64]  # (K,) index along `sat` of the series
    label: tuple[str, ...]  # (K,) the satellite in words, and why it is among them
    kind: NDArray[np.int64]  # (K,) index into `types`
    types: tuple[dict[str, Any], ...]  # rows of design.types of the summary
    first_ms: int  # since 1970-01-01 UTC
    spacing_ms: int  # 0 for one frame
    temperature_c: Floats  # (F, N, K)
    over_run_c: dict[str, Floats]  # (N, K) hottest, mean and coldest over all recorded frames
    lit: Floats  # (F, K) share of the solar disc
    place_deg: Floats  # (F, 2, K) latitude and longitude
    recorded: int  # satellites to choose from

    @property
    def moment(self) -> int:
        """The frame that a page begins with: a revolution after the first, so that its track can be seen."""
        return min(len(self.temperature_c) - 1, round(REVOLUTION_MS / max(self.spacing_ms, 1)))


def type_rows(summary: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Types of satellites whose parts the summary lists."""
    rows = find(summary, ("design", "types")) or []
    return tuple(rows) if rows and all(isinstance(row.get("one"), dict) for row in rows) else ()


def choose(temps_c: Floats, kind: NDArray[np.int64], most: int) -> list[tuple[int, str]]:
    """Satellites (index, why): of each type those with extremes of temperatures (F, N, K) first, then some evenly spread.

    Of each type there is one at least.
    """
    why: dict[int, str] = {}
    names = list(PARTS)
    for k in np.unique(kind):
        mine = np.flatnonzero(kind == k)
        for part, over, first, words in EXTREMES:
            one = int(mine[first(over(temps_c[:, names.index(part)][:, mine], axis=0))])
            if len(mine) == 1:
                why[one] = ""
            elif one not in why and (len(why) < most or part == EXTREMES[0][0]):
                why[one] = words
    for one in evenly(len(kind), most).tolist():
        if len(why) < most:
            why.setdefault(one, "")
    return list(why.items())


def find_satellites(results: Any) -> Satellites | None:
    """Satellites of a run; None where it recorded no temperatures of all parts, or its summary has no parts."""
    series, types = results.series, type_rows(results.summary)
    if not types or any(recorded(series, part.series) is None for part in PARTS.values()):
        return None
    kind = series["sat_type"].values.astype(np.int64) if "sat_type" in series else np.zeros(series.sizes["sat"], dtype=np.int64)
    frame_ms = np.asarray(series["frame"].values, dtype=np.int64)
    temps_k = [series[part.series].transpose("frame", "sat").values for part in PARTS.values()]
    temps_c = np.stack(temps_k, axis=1).astype(np.float64) - ZERO_CELSIUS_K
    stride = -(-len(frame_ms) // MAX_FRAMES)
    shown = np.arange(len(frame_ms))[::stride]
    whole_m = series["position_m"].transpose("frame", "axis", "sat").values
    known = np.isfinite(temps_c).all(axis=(0, 1)) & np.isfinite(whole_m).all(axis=(0, 1))
    candidates = np.flatnonzero(known) if known.any() else np.arange(len(kind))
    most = max(1, min(MAX_SHOWN, MAX_VALUES // (len(shown) * (len(PARTS) + 3))))
    chosen = choose(temps_c[:, :, candidates], kind[candidates], most)
    at = candidates[[i for i, _ in chosen]]
    named = labels(series, at)
    turn_rad = np.asarray(series["gmst_rad"].values, dtype=np.float64)[shown]
    position_m = whole_m[np.ix_(shown, range(3), at)].astype(np.float64)
    return Satellites(
        at=at,
        label=tuple(f"{name} ({why})" if why else name for name, (_, why) in zip(named, chosen, strict=True)),
        kind=kind[at],
        types=types,
        first_ms=int(unix_ms(results, frame_ms[:1])[0]),
        spacing_ms=int(frame_ms[shown[1]] - frame_ms[shown[0]]) if len(shown) > 1 else 0,
        temperature_c=temps_c[np.ix_(shown, range(len(PARTS)), at)],
        over_run_c={name: over(temps_c[:, :, at], axis=0) for name, over in WAYS.items()},
        lit=series["sat_lit_fraction"].transpose("frame", "sat").values[np.ix_(shown, at)].astype(np.float64),
        place_deg=places(turn_about_pole(position_m, turn_rad)),
        recorded=len(kind),
    )


def places(position_m: Floats) -> Floats:
    """Geocentric latitude and longitude (F, 2, K) [deg] of Earth-fixed positions (F, 3, K)."""
    x, y, z = position_m[:, 0], position_m[:, 1], position_m[:, 2]
    found: Floats = np.degrees(np.stack([np.arctan2(z, np.hypot(x, y)), np.arctan2(y, x)], axis=1))
    return found


def note(shown: Satellites) -> str:
    """Which satellites can be chosen, and how far apart the moments are."""
    count = len(shown.at)
    which = f"All {shown.recorded:,} recorded satellites" if count == shown.recorded else f"{count} of {shown.recorded:,} recorded satellites"
    if shown.spacing_ms == 0:
        return f"{which}, one moment."
    spacing = f"{shown.spacing_ms / 60e3:g} min" if shown.spacing_ms >= 60_000 else f"{shown.spacing_ms / 1e3:g} s"
    return f"{which}, every {spacing}. Hottest, mean and coldest are those of all recorded moments."


def page_data(shown: Satellites, buffers: Buffers, scale: Sequence[tuple[float, str]]) -> dict[str, Any]:
    """What the script of the page needs: names, numbers over the run, and series in hundredths of a degree.

    `scale` are the temperatures [deg C] and colours between which the parts of the cut-away are coloured.
    """
    frames, parts, count = shown.temperature_c.shape
    return {
        "first_ms": shown.first_ms,
        "spacing_ms": shown.spacing_ms,
        "frames": frames,
        "moment": shown.moment,
        "revolution_ms": REVOLUTION_MS,
        "label": list(shown.label),
        "kind": shown.kind.tolist(),
        "parts": list(PARTS),
        "counts_per_degree": SCALE,
        "colours": [[at, colour] for at, colour in scale],
        "temperature_series": buffers.add_series(quantised(shown.temperature_c, SCALE).reshape(frames, parts * count)),
        "lit_series": buffers.add_series(quantised(shown.lit, 1e3)),
        "place_series": buffers.add_series(quantised(shown.place_deg, SCALE).reshape(frames, 2 * count)),
        "over_run": {name: values.T.round(2).tolist() for name, values in shown.over_run_c.items()},
    }
