"""Parts of maps of the whole Earth in equal degrees: coastlines and axes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from viz.earth import coastlines
from viz.palette import axis

COAST: Final = "#5b6878"


def coast_trace() -> go.Scatter:
    """Coastlines, cut at 180 degrees."""
    gap = np.full((1, 2), np.nan)
    points = np.concatenate([part for line in coastlines()["lines"] for part in (np.array(line), gap)]).astype(np.float32)
    wraps: Any = np.flatnonzero(np.abs(np.diff(points[:, 0])) > 180.0) + 1
    points = np.insert(points, wraps, np.nan, axis=0)
    return go.Scatter(
        name="coast", x=points[:, 0], y=points[:, 1], mode="lines", line={"color": COAST, "width": 0.8}, hoverinfo="skip", connectgaps=False
    )


def world_axes() -> dict[str, Any]:
    """Axes of longitude and latitude with equal scales."""
    degrees: dict[str, Any] = {"fixedrange": True, "zeroline": False, "ticksuffix": "°", "showgrid": False}
    x = axis(range=[-180, 180], tickvals=list(range(-180, 181, 60)), constrain="domain", **degrees)
    y = axis(range=[-90, 90], tickvals=list(range(-90, 91, 30)), scaleanchor="x", constrain="domain", **degrees)
    return {"xaxis": x | {"title": {"text": ""}}, "yaxis": y | {"title": {"text": ""}}}
