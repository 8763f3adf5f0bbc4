"""The map of radiation: dose rate or protons over the Earth, the anomaly's outline, the track of a satellite, errors where they happened."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from viz.figures import Chart
from viz.formatting import percent
from viz.palette import INK, MUTED, layout
from viz.radiation import Errors, Maps, anomaly, find_errors, find_maps
from viz.satellites import Satellites
from viz.world_map import coast_trace, world_axes

PALE_TO_DARK: Final = ((0.0, "#fdfaf3"), (0.25, "#fbe3b5"), (0.5, "#f2ab72"), (0.75, "#b8555f"), (1.0, "#3f1d52"))
TRACK: Final = "#0072b2"
SYMBOLS: Final = ("x", "diamond", "triangle-up", "square", "star", "circle")
ERROR_COLOURS: Final = ("#00795c", "#56b4e9", "#cc6fa4", "#e3a008", "#ffffff", "#10233d")


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
                    "line": {"color": INK if ERROR_COLOURS[n % len(ERROR_COLOURS)] == "#ffffff" else "#ffffff", "width": 1},
                },
                hovertext=[f"{kind}<br>{errors.said[i]}" for i in which], hoverinfo="text",
            )
        )  # fmt: skip
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
    figure.update_layout(
        layout(
            590,
            hovermode="closest",
            annotations=names,
            **world_axes(),
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
