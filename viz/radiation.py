"""Radiation on the orbits over a map of the Earth: dose rate and protons, the South Atlantic Anomaly, where errors happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.earth import coastlines
from viz.figures import Chart
from viz.formatting import percent, quantity
from viz.palette import INK, MUTED, axis, layout
from viz.satellites import Satellites, places
from viz.scene import Floats, turn_about_pole

MAX_ERRORS: Final = 3_000
MICROGRAY_PER_HOUR: Final = 3.6e9  # of one Gy/s
PER_CM2_S: Final = 1e-4  # of one 1/(m2 s)
PALE_TO_DARK: Final = ((0.0, "#fdfaf3"), (0.25, "#fbe3b5"), (0.5, "#f2ab72"), (0.75, "#b8555f"), (1.0, "#3f1d52"))
TRACK: Final = "#0072b2"
COAST: Final = "#5b6878"
SYMBOLS: Final = ("x", "diamond", "triangle-up", "square", "star", "circle")
ERROR_COLOURS: Final = ("#10233d", "#00795c", "#56b4e9", "#cc6fa4", "#e3a008", "#ffffff")
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


def heat_map(maps: Maps, kind: int, name: str, visible: bool) -> go.Heatmap:
    """Dose rate or flux of one type, coloured by its logarithm."""
    values = {"dose": maps.dose_ugy_h, "flux": maps.flux_cm2_s}[name]
    unit = {"dose": "µGy/h", "flux": "1/(cm² s)"}[name]
    shown = values[np.isfinite(values) & (values > 0.0)]
    low, high = np.floor(np.log10(shown.min())), np.ceil(np.log10(shown.max()))
    rows, columns = values.shape[1:]
    power = np.log10(np.maximum(values[kind], 10.0**low))
    ticks = np.arange(low, high + 0.5)
    return go.Heatmap(
        name=f"{name}-{kind}",
        z=power.astype(np.float32).round(3),
        y=np.degrees(np.arcsin(np.linspace(-1.0, 1.0, rows + 1))).round(3),
        x=np.linspace(-180.0, 180.0, columns + 1),
        zmin=low,
        zmax=high,
        colorscale=[list(stop) for stop in PALE_TO_DARK],
        visible=visible,
        zsmooth=False,
        customdata=values[kind].astype(np.float32),
        hovertemplate=f"%{{y:.0f}}°, %{{x:.0f}}° east<br>%{{customdata:.3g}} {unit}<extra></extra>",
        colorbar={
            "orientation": "h",
            "x": 1.0,
            "xanchor": "right",
            "y": -0.04,
            "yanchor": "top",
            "len": 0.5,
            "thickness": 9,
            "outlinewidth": 0,
            "tickvals": ticks,
            "ticktext": [f"{10.0**t:,.0f}" if t >= 0.0 else f"{10.0**t:g}" for t in ticks],
            "tickfont": {"size": 11, "color": MUTED},
            "title": {"text": unit, "side": "top", "font": {"size": 11, "color": MUTED}},
        },
    )


def anomaly_trace(maps: Maps, kind: int, visible: bool) -> go.Contour | None:
    """Outline of the anomaly: where the protons of its cells and of those beside it pass the limit."""
    inside = anomaly(maps, kind)
    if not inside.any():
        return None
    rows, columns = (np.flatnonzero(inside.any(axis=a)) for a in (1, 0))
    south, north = max(rows[0] - 2, 0), min(rows[-1] + 3, len(maps.latitude_deg))
    west, east = max(columns[0] - 2, 0), min(columns[-1] + 3, len(maps.longitude_deg))
    part = (slice(south, north), slice(west, east))
    limit = np.log10(maps.anomaly_cm2_s)
    power = np.log10(np.maximum(maps.flux_cm2_s[kind][part], 1e-9))
    near = np.where(inside[part], power, np.minimum(power, limit - 1e-3))
    return go.Contour(
        name=f"anomaly-{kind}",
        z=near.astype(np.float32).round(3),
        y=maps.latitude_deg[part[0]].round(3),
        x=maps.longitude_deg[part[1]],
        contours={"coloring": "none", "start": limit, "end": limit, "size": 1.0, "showlabels": False},
        line={"color": INK, "width": 2, "dash": "dash", "smoothing": 0.6},
        hoverinfo="skip",
        showscale=False,
        visible=visible,
    )


def label_of(maps: Maps, kind: int, visible: bool) -> dict[str, Any]:
    """The name of the anomaly, below it."""
    rows, columns = np.nonzero(anomaly(maps, kind))
    return {
        "name": f"anomaly-{kind}", "text": "South Atlantic Anomaly", "showarrow": False, "visible": visible,
        "x": float(maps.longitude_deg[columns].mean()), "y": float(maps.latitude_deg[rows].min()) - 1.0, "yanchor": "top",
        "font": {"size": 12, "color": INK},
    }  # fmt: skip


def coast_trace() -> go.Scatter:
    """Coastlines, cut at 180 degrees."""
    gap = np.full((1, 2), np.nan)
    points = np.concatenate([part for line in coastlines()["lines"] for part in (np.array(line), gap)]).astype(np.float32)
    wraps = np.flatnonzero(np.abs(np.diff(points[:, 0])) > 180.0) + 1
    points = np.insert(points, wraps, np.nan, axis=0)
    return go.Scatter(
        name="coast", x=points[:, 0], y=points[:, 1], mode="lines", line={"color": COAST, "width": 0.8}, hoverinfo="skip", connectgaps=False
    )


def error_traces(errors: Errors | None) -> list[go.Scatter]:
    """A trace for each kind of error."""
    if errors is None:
        return []
    traces = []
    for n, kind in enumerate(dict.fromkeys(errors.kind)):
        which = [i for i, k in enumerate(errors.kind) if k == kind]
        traces.append(
            go.Scatter(
                name=f"error: {kind}", x=errors.place_deg[1, which].round(2), y=errors.place_deg[0, which].round(2), mode="markers",
                marker={
                    "symbol": SYMBOLS[n % len(SYMBOLS)], "size": 8, "color": ERROR_COLOURS[n % len(ERROR_COLOURS)],
                    "line": {"color": "#ffffff" if n < len(SYMBOLS) - 1 else INK, "width": 1},
                },
                hovertext=[f"{kind}<br>{errors.said[i]}" for i in which], hoverinfo="text",
            )  # fmt: skip
        )
    return traces


def satellite_traces() -> list[go.Scatter]:
    """Track of the chosen satellite, its last revolution, and where it is; the page fills them."""
    return [
        go.Scatter(name="track", x=[], y=[], mode="lines", line={"color": TRACK, "width": 1}, opacity=0.35, hoverinfo="skip", connectgaps=False),
        go.Scatter(name="tail", x=[], y=[], mode="lines", line={"color": TRACK, "width": 2.5}, hoverinfo="skip", connectgaps=False),
        go.Scatter(
            name="place", x=[], y=[], mode="markers", hoverinfo="skip",
            marker={"size": 12, "color": TRACK, "line": {"color": "#ffffff", "width": 2}},
        ),
    ]  # fmt: skip


def chart(results: Any, shown: Satellites | None) -> Chart | None:
    """The map; the type is that of the first satellite that can be chosen. None without maps."""
    maps = find_maps(results.series)
    if maps is None:
        return None
    known = [k for k in range(len(maps.altitude_km)) if np.isfinite(maps.dose_ugy_h[k]).any()]
    first = int(shown.kind[0]) if shown is not None and int(shown.kind[0]) in known else known[0]
    kinds = [k for k in known if k == first or (shown is not None and k in shown.kind)]
    errors = find_errors(results)
    outlines = [trace for k in kinds if (trace := anomaly_trace(maps, k, k == first)) is not None]
    figure = go.Figure([
        *(heat_map(maps, k, name, k == first and name == "dose") for k in kinds for name in ("dose", "flux")), coast_trace(), *outlines,
        *(satellite_traces() if shown is not None else []), *error_traces(errors),
    ])  # fmt: skip
    names = [label_of(maps, k, k == first) for k in kinds if anomaly(maps, k).any()]
    degrees = {"fixedrange": True, "zeroline": False, "ticksuffix": "°", "showgrid": False}
    figure.update_layout(
        layout(
            590,
            hovermode="closest",
            annotations=names,
            xaxis=axis(range=[-180, 180], tickvals=list(range(-180, 181, 60)), constrain="domain", **degrees) | {"title": {"text": ""}},
            yaxis=axis(range=[-90, 90], tickvals=list(range(-90, 91, 30)), scaleanchor="x", constrain="domain", **degrees) | {"title": {"text": ""}},
        )
    )
    key = [("ground track", TRACK), ("South Atlantic Anomaly", INK)] if shown is not None else [("South Atlantic Anomaly", INK)]
    if not outlines:
        key.pop()
    key += [(trace.name.removeprefix("error: "), trace.marker.color) for trace in error_traces(errors)]
    types = [str(name) for name in results.series["satellite_type"].values]
    return Chart(figure, tuple(key), note(maps, {k: types[k] for k in kinds}, errors))


def note(maps: Maps, types: dict[int, str], errors: Errors | None) -> str:
    """Where the maps are, what the outline means, and which errors are drawn."""
    several = len(types) > 1
    where = [f"{maps.altitude_km[k]:,.0f} km" + (f" ({name})" if several else "") for k, name in types.items()]
    shares = {name: float(anomaly(maps, k).mean()) for k, name in types.items()}
    covered = [percent(share) + (f" ({name})" if several else "") for name, share in shares.items() if share > 0.0]
    said = (
        f"At {' and '.join(where)} over the radius of the equator; dose rate in silicon behind the satellite's shielding, protons outside it. "
        "Cells have equal areas and are those of the run. "
    )
    if covered:
        said += f"In the anomaly protons exceed {maps.anomaly_cm2_s:g} /(cm² s); of the sphere it covers {' and '.join(covered)}."
    else:
        said += f"Nowhere do protons exceed {maps.anomaly_cm2_s:g} /(cm² s), the limit of the South Atlantic Anomaly."
    if errors is None:
        return said
    drawn, every = len(errors.kind), f"{errors.all:,} errors by radiation are drawn"
    if drawn == errors.all:
        return f"{said} All {every}, where their satellite was."
    return f"{said} {drawn:,} of {every}, where their satellite was; the others are of satellites that are not recorded, or too many."


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
