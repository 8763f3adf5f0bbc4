"""Throughput, power and temperature over time, as Plotly figures; None for variables that a run did not record."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from sim.schema import CAUSES
from viz.figures import Chart, line, recorded, sample_times, thin, thinning_note, time_axis
from viz.formatting import PETA, ROUNDING, prefixed
from viz.palette import CAUSE, LINE, axis, layout

MAX_STACKED: Final = 240  # points of a stacked chart: narrower alternating areas cannot be read

POWERS: Final = (
    ("generated_w", "Available from arrays", LINE["generated"]),
    ("load_w", "Load served", LINE["load"]),
    ("shunted_w", "Shunted", LINE["shunted"]),
)


def throughput(results: Any) -> Chart | None:
    """Nameplate rate by cause, stacked over time, useful work at the bottom [PFLOP/s]."""
    rate = recorded(results.series, "rate_flops_per_s")
    if rate is None:
        return None
    by_cause = dict(zip((str(c) for c in results.series["cause"].values), rate, strict=True))
    least = ROUNDING * np.nanmax(rate.sum(axis=0))
    live = [c for c in reversed(CAUSES) if c in by_cause and np.nanmax(by_cause[c]) > least]
    x = sample_times(results, MAX_STACKED)
    figure = go.Figure(
        [
            line(
                x,
                thin(by_cause[c] / PETA, most=MAX_STACKED),
                CAUSE[c].title,
                CAUSE[c].colour,
                "PFLOP/s",
                stackgroup="rate",
                fillcolor=CAUSE[c].colour,
                line={"width": 0},
            )
            for c in live
        ]
    )
    figure.update_layout(
        layout(380, hovermode="x unified", xaxis=time_axis(), yaxis=axis("PFLOP/s", rangemode="tozero"))
    )
    return Chart(figure, tuple((CAUSE[c].title, CAUSE[c].colour) for c in live), thinning_note(results, MAX_STACKED))


def power_unit(results: Any) -> tuple[float, str]:
    """Divisor and unit that suit the powers of a run: (1e6, "MW")."""
    found = [v for key, _, _ in POWERS if (v := recorded(results.series, key)) is not None]
    return prefixed(max((float(np.nanmax(v)) for v in found), default=1.0), "W")


def power(results: Any) -> Chart | None:
    """Power available, served and shunted over time, and below it the energy in the batteries; fleet totals."""
    available = [(v, name, colour) for key, name, colour in POWERS if (v := recorded(results.series, key)) is not None]
    if not available:
        return None
    x = sample_times(results)
    scale, unit = power_unit(results)
    figure = go.Figure([line(x, thin(v / scale), name, colour, unit) for v, name, colour in available])
    stored_j = recorded(results.series, "stored_j")
    legend = [(name, colour) for _, name, colour in available]
    split = [0.42, 1.0] if stored_j is not None else [0.0, 1.0]
    figure.update_layout(
        layout(
            440 if stored_j is not None else 320,
            hovermode="x unified",
            xaxis=time_axis(anchor="y2" if stored_j is not None else "y"),
            yaxis=axis(f"power, {unit}", rangemode="tozero", domain=split),
        )
    )
    if stored_j is not None:
        scale, unit = prefixed(float(np.nanmax(stored_j)) / 3600.0, "Wh")
        stored = thin(stored_j / 3600.0 / scale, "last")
        figure.add_trace(line(x, stored, "Stored in batteries", LINE["stored"], unit, yaxis="y2"))
        figure.update_layout(
            yaxis2=axis(f"stored, {unit}", domain=[0.0, 0.3], nticks=4, rangemode="tozero"), hoversubplots="axis"
        )
        legend.append(("Stored in batteries", LINE["stored"]))
    return Chart(figure, tuple(legend), thinning_note(results, also="; stored energy is the last value"))


def temperature(results: Any) -> Chart | None:
    """Junction (hottest, mean) and radiator (mean) temperature over time [°C]."""
    curves = [
        ("junction_k_max", "Hottest junction", LINE["junction_max"], "max"),
        ("junction_k_mean", "Junction, mean", LINE["junction_mean"], "mean"),
        ("radiator_k_mean", "Radiator, mean", LINE["radiator"], "mean"),
    ]
    available = [
        (v - 273.15, name, colour, how)
        for key, name, colour, how in curves
        if (v := recorded(results.series, key)) is not None
    ]
    if not available:
        return None
    x = sample_times(results)
    figure = go.Figure([line(x, thin(v, how), name, colour, "°C") for v, name, colour, how in available])
    figure.update_layout(layout(320, hovermode="x unified", xaxis=time_axis(), yaxis=axis("temperature, °C")))
    return Chart(
        figure,
        tuple((name, colour) for _, name, colour, _ in available),
        thinning_note(results, also="; the hottest junction is the maximum"),
    )
