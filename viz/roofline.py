"""The network roofline of a training job: the rate of compute that links between satellites allow, and what the job achieves."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from viz.figures import Chart
from viz.formatting import PETA, number, percent, seconds
from viz.palette import INK, MUTED, NAMEPLATE, axis, layout

MEGA: Final = 1e6  # bytes per million FLOPs are numbers of ordinary size
INJECTION, BISECTION, ALLOWED, LOCAL = "#c2410c", "#0e93a8", "rgba(35,105,173,0.10)", "#2369ad"
NAMES: Final = {
    "injection": "that of a satellite's links", "bisection": "that of the links between two halves", "compute": "that of work inside satellites",
}  # fmt: skip


def bounds(work: dict[str, Any]) -> list[tuple[str, float, str]]:
    """Name, duration [s] and colour of each bound of a step that takes time, of a workload with a network."""
    found = work["network"]
    all_ = (
        ("injection: links of a satellite", found["injection_s"], INJECTION),
        ("bisection: links between two halves", found["bisection_s"], BISECTION),
    )
    return [(name, s, colour) for name, s, colour in all_ if s]


def roofline(work: dict[str, Any]) -> Chart | None:
    """Rate against bytes per FLOP on logarithmic axes; None for a workload that sends nothing between satellites."""
    found = work.get("network")
    if not found or not work.get("step_s") or not found["needed_byte_per_flop"] or not bounds(work):
        return None
    flops, needed = found["step_flops"], MEGA * found["needed_byte_per_flop"]
    local, nameplate = flops / found["compute_s"] / PETA, found["peak_flops_per_s"] / PETA
    achieved = flops / work["step_s"] / PETA
    ceilings = [(name, flops / s / PETA, s, colour) for name, s, colour in bounds(work)]
    least = min(rate for _, rate, _, _ in ceilings)
    low = 10.0 ** math.floor(math.log10(needed * min(1.0, least / local) / 4.0))
    high = 10.0 ** math.ceil(math.log10(needed * max(1.0, least / local) * 4.0))
    top, bottom = 2.2 * nameplate, min(achieved, local * needed / high, least * needed / high) / 1.5
    bottom = max(bottom, nameplate / 1e4)
    x = np.geomspace(low, high, 121)
    figure = go.Figure()
    roof = np.minimum.reduce([np.full(x.size, local), *(rate * needed / x for _, rate, _, _ in ceilings)])
    figure.add_scatter(x=x, y=np.full(x.size, bottom), mode="lines", line={"width": 0}, hoverinfo="skip")
    figure.add_scatter(x=x, y=roof, mode="lines", line={"width": 0}, fill="tonexty", fillcolor=ALLOWED, hoverinfo="skip")
    _ceiling(figure, x, np.full(x.size, nameplate), "nameplate of the job", NAMEPLATE, "dash")
    _ceiling(figure, x, np.full(x.size, local), "step without messages between satellites", LOCAL, "solid")
    for name, rate, _, colour in ceilings:
        y = rate * needed / x
        _ceiling(figure, x[y <= top], y[y <= top], name, colour, "solid")
    figure.add_scatter(
        x=[needed, needed], y=[bottom, achieved], mode="lines", line={"width": 1, "color": INK, "dash": "dot"}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=[needed], y=[achieved], mode="markers+text", text=[f"<b>this job</b>  {number(achieved)} PFLOP/s "], textposition="bottom left",
        textfont={"size": 13, "color": INK}, marker={"size": 13, "color": INK, "line": {"color": "#ffffff", "width": 2}}, cliponaxis=False,
        hovertemplate=f"this job: {number(needed)} bytes per MFLOP, {number(achieved)} PFLOP/s, step {seconds(work['step_s'])}<extra></extra>",
    )  # fmt: skip
    style = {"type": "log", "fixedrange": True, "exponentformat": "none", "minor": {"ticks": ""}}
    figure.update_layout(
        layout(
            400, hovermode="closest", dragmode=False,
            xaxis=axis("bytes sent between satellites per million FLOPs", **style, **_decades(low, high)),
            yaxis=axis("PFLOP/s of the job", **style, **_decades(bottom, top)),
        )
    )  # fmt: skip
    key = [("nameplate of the job", NAMEPLATE), ("a step without messages between satellites", LOCAL)]
    key += [(f"{name}: {seconds(s)} a step at least", colour) for name, _, s, colour in ceilings]
    return Chart(figure, tuple(key), verdict(work))


def _ceiling(figure: go.Figure, x: Any, y: Any, name: str, colour: str, dash: str) -> None:
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"width": 2, "color": colour, "dash": dash}, name=name,
        hovertemplate=f"{name}: %{{y:,.4~g}} PFLOP/s at %{{x:,.3~g}} bytes per MFLOP<extra></extra>",
    )  # fmt: skip


def _decades(low: float, high: float) -> dict[str, Any]:
    """Range and ticks of a logarithmic axis: powers of ten, with 2 and 5 between them where there are few."""
    few = math.log10(high / low) < 2.5
    steps = (1.0, 2.0, 5.0) if few else (1.0,)
    values = [m * 10.0**e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1) for m in steps]
    shown = [v for v in values if low * (1.0 - 1e-9) <= v <= high * (1.0 + 1e-9)]
    return {
        "range": [math.log10(low), math.log10(high)], "tickmode": "array", "tickvals": shown, "ticktext": [f"{v:,.12g}" for v in shown],
        "tickfont": {"size": 12, "color": MUTED},
    }  # fmt: skip


def verdict(work: dict[str, Any]) -> str:
    """What bounds a step, what the network could carry, and where the exposed communication is, in sentences."""
    found = work["network"]
    parts = [f"A step takes {seconds(work['step_s'])}; its longest lower bound is {NAMES[found['bound']]}."]
    needed, offered = MEGA * found["needed_byte_per_flop"], found["offered_byte_per_flop"]
    if offered:
        parts.append(f"It sends {number(needed)} bytes per million FLOPs; at nameplate the links could carry {number(MEGA * offered)}.")
    else:
        parts.append(f"It sends {number(needed)} bytes per million FLOPs.")
    if work.get("fabric_fraction") is not None and work.get("links_fraction") is not None:
        parts.append(
            f"Of a step, {percent(work['fabric_fraction'])} waits for messages inside satellites and {percent(work['links_fraction'])} "
            "for links between them."
        )
    if found.get("route_changes_per_min"):
        parts.append(f"{number(found['route_changes_per_min'])} routes between members change a minute.")
    return " ".join([*parts, "Links are those of the epoch."])
