"""What workloads take of the links between satellites, over time."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from viz.figures import Chart, line, time_axis
from viz.formatting import number, percent, prefixed
from viz.palette import axis, layout
from viz.scene import unix_ms

CURVES: Final = (
    ("link_utilisation_max", "busiest link", "#b3006b"),
    ("link_utilisation_p99", "99th percentile", "#c2410c"),
    ("link_utilisation_mean", "mean", "#0072b2"),
)


def chart(results: Any) -> Chart | None:
    """Utilisation of links over time; None where no message crosses a link.

    Parameters
    ----------
    results : Results
        Results of a run.

    Returns
    -------
    Chart or None
        Largest, 99th percentile and mean over the links.
    """
    series = results.series
    if "link_utilisation_max" not in series or not series.sizes.get("traffic_time", 0):
        return None
    values = {name: np.asarray(series[name].values, dtype=np.float64) for name, _, _ in CURVES}
    known = np.isfinite(values["link_utilisation_mean"])
    if not known.any() or not np.nanmax(values["link_utilisation_max"]) > 0.0:
        return None
    x = unix_ms(results, series["traffic_time"].values).astype(np.float64)
    figure = go.Figure([line(x, (100.0 * values[name]).astype(np.float32), label, colour, "%") for name, label, colour in CURVES])
    highest = 100.0 * float(np.nanmax(values["link_utilisation_max"]))
    if highest > 60.0:
        figure.add_hline(y=100.0, line={"color": "#5b6878", "width": 1, "dash": "dash"})
    vertical = axis("utilisation, %", range=[0.0, max(1.08 * highest, 0.01)], nticks=6, fixedrange=True)
    figure.update_layout(layout(260, hovermode="x unified", xaxis=time_axis(), yaxis=vertical))
    size, unit = prefixed(carried := float(np.mean(series["link_traffic_bit_s"].values[known])), "bit/s")
    note = (
        f"Both directions of all links between satellites, at {int(known.sum())} moments; jobs at full clock rate, users as served. All links "
        f"together carry {number(carried / size)} {unit} on average, each hop of a message counted. "
    )
    full = "is full, so that messages share its rate" if highest >= 99.9 else f"is used to {percent(highest / 100.0)}"
    return Chart(figure, tuple((label, colour) for _, label, colour in CURVES), f"{note}The busiest link {full}.")
