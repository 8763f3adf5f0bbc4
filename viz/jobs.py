"""Jobs and services over time: modes, clock rate, exposed communication, tokens; a heat map where there are many jobs."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from viz.figures import Chart, line, sample_times, thin, thinning_note, time_axis
from viz.formatting import percent, prefixed
from viz.palette import INK, MODE_COLOUR, MUTED, STALLED, axis, job_colours, layout
from viz.scene import Floats

MAX_STRIPS: Final = 8  # most jobs drawn one by one
MAX_POINTS: Final = 240  # points of a curve; more cannot be read where a job stops and starts every few steps
STRIP_PX, CURVE_PX, GAP_PX = 40, 96, 34
BAND: Final = "rgba(35,105,173,0.22)"


class StackedRows:
    """Rows of one figure above a common time axis, from the top; heights in pixels."""

    def __init__(self, results: Any) -> None:
        self.x = sample_times(results, MAX_POINTS)
        self.figure = go.Figure()
        self.rows: list[tuple[float, float, dict[str, Any]]] = []  # top, bottom, axis
        self.captions: list[tuple[float, str]] = []
        self.height_px = 0.0

    def add_row(self, height_px: float, caption: str, **style: Any) -> str:
        """Add a row with a caption above it (none if empty); return the name of its axis."""
        self.height_px += (GAP_PX if self.rows else 22) if caption else 6
        if caption:
            self.captions.append((self.height_px, caption))
        self.rows.append((self.height_px, self.height_px + height_px, style))
        self.height_px += height_px
        return "y" if len(self.rows) == 1 else f"y{len(self.rows)}"

    def finish(self) -> go.Figure:
        """The figure with its rows laid out."""
        axes, last = {}, len(self.rows)
        for i, (top, bottom, style) in enumerate(self.rows, start=1):
            domain = [1.0 - bottom / self.height_px, 1.0 - top / self.height_px]
            axes[f"yaxis{'' if i == 1 else i}"] = axis(**({"fixedrange": True, "nticks": 4} | style)) | {
                "domain": domain
            }
        for top, caption in self.captions:
            self.figure.add_annotation(
                text=caption, x=0, xref="paper", xanchor="left", y=1.0 - top / self.height_px, yref="paper",
                yanchor="bottom", yshift=3, showarrow=False, font={"size": 12, "color": MUTED},
            )  # fmt: skip
        anchor = "y" if last == 1 else f"y{last}"
        height = round(self.height_px) + 62
        self.figure.update_layout(layout(height, hovermode="x unified", xaxis=time_axis(anchor=anchor), **axes))
        self.figure.update_layout(hoversubplots="axis", margin={"t": 4})
        return self.figure


def job_values(results: Any, name: str) -> Floats:
    """A variable of the jobs, thinned; steps without a value are left out of the mean."""
    values = np.asarray(results.series[name].values, dtype=np.float64)
    valid = np.isfinite(values)
    total, share = (thin(v, most=MAX_POINTS) for v in (np.where(valid, values, 0.0), valid.astype(np.float64)))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(total / share, dtype=np.float32)


def mode_shares(series: Any) -> tuple[Floats, list[str]]:
    """Share of each step (job, mode, time) and the modes; running at a clock rate of zero is the mode STALLED."""
    shares = np.asarray(series["job_mode_fraction"].values, dtype=np.float64)
    modes = [str(m) for m in series["mode"].values]
    running = modes.index("running")
    stopped = np.asarray(series["job_rate"].values, dtype=np.float64) <= 0.0
    stalled = np.where(stopped, shares[:, running], 0.0)
    shares = np.concatenate([shares, stalled[:, None]], axis=1)
    shares[:, running] -= stalled
    return shares, [*modes, STALLED]


def add_strips(stack: StackedRows, shares: Floats, names: list[str], modes: list[str]) -> None:
    """One row per job: the share of its time in each mode, stacked."""
    for j, name in enumerate(names):
        ticks = {"tickmode": "array", "tickvals": [0.5], "ticktext": [name], "ticks": "", "showgrid": False}
        style = {**ticks, "range": [0.0, 1.0], "tickfont": {"size": 12, "color": INK}}
        y = stack.add_row(STRIP_PX, "Share of time in each mode" if j == 0 else "", **style)
        for m, mode in enumerate(modes):
            if shares[:, m].any():
                colour = MODE_COLOUR.get(mode, MUTED)
                more = {"stackgroup": f"job {j}", "fillcolor": colour, "line": {"width": 0}, "yaxis": y}
                trace = line(stack.x, 100.0 * shares[j, m], f"{name}, {mode}", colour, "%", **more)
                trace.y = shares[j, m]
                trace.hovertemplate = f"{name}, {mode}: %{{y:.1%}}<extra></extra>"
                stack.figure.add_trace(trace)


def add_heatmap(stack: StackedRows, shares: Floats, names: list[str]) -> None:
    """A heat map with one row per job: the share of its time in which it runs."""
    n = len(names)
    style = {
        "type": "category",
        "range": [n - 0.5, -0.5],
        "nticks": 20,
        "showgrid": False,
        "tickfont": {"size": 11, "color": INK},
    }
    y = stack.add_row(min(560, max(200, 14 * n)), "Share of time in which a job runs", **style)
    stack.figure.add_heatmap(
        x=stack.x, y=names, z=(100.0 * shares[:, 0]).round(1), yaxis=y, zmin=0, zmax=100, name="running",
        colorscale=[[0.0, MODE_COLOUR["outage"]], [0.5, "#b9c2cd"], [1.0, MODE_COLOUR["running"]]],
        colorbar={"thickness": 10, "len": 0.4, "y": 1.0, "yanchor": "top", "title": {"text": "%"}, "outlinewidth": 0,
                  "tickfont": {"size": 12, "color": MUTED}},
        hovertemplate="%{y}: running %{z:.0f} %<extra></extra>",
    )  # fmt: skip


def add_curves(stack: StackedRows, caption: str, values: Floats, names: list[str], unit: str, **style: Any) -> None:
    """A row with one line per job, or with mean, minimum and maximum where there are many jobs."""
    if not np.isfinite(values).any():
        return
    y = stack.add_row(CURVE_PX, caption, **({"rangemode": "tozero"} | style))
    if len(names) <= MAX_STRIPS:
        for name, colour, row in zip(names, [INK] if len(names) == 1 else job_colours(len(names)), values, strict=True):
            stack.figure.add_trace(line(stack.x, row, name, colour, unit, yaxis=y, connectgaps=False))
        return
    low, high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    valid = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        mean = np.where(valid, values, 0.0).sum(axis=0) / valid.sum(axis=0)
    stack.figure.add_trace(line(stack.x, low, "minimum", BAND, unit, yaxis=y, line={"width": 0}))
    stack.figure.add_trace(
        line(stack.x, high, "maximum", BAND, unit, yaxis=y, line={"width": 0}, fill="tonexty", fillcolor=BAND)
    )
    stack.figure.add_trace(line(stack.x, mean.astype(np.float32), "mean of jobs", "#2369ad", unit, yaxis=y))


def add_tokens(stack: StackedRows, caption: str, values: Floats, names: list[str]) -> None:
    """A row of tokens per second."""
    if values.size:
        scale, unit = prefixed(float(np.nanmax(values)), "/s")
        add_curves(stack, f"{caption}, {unit}", values / np.float32(scale), names, unit)


def timeline(results: Any) -> Chart | None:
    """All jobs and services of a run over time; None if it had neither."""
    series = results.series
    jobs = [str(j) for j in series["job"].values] if series.sizes.get("job", 0) else []
    services = [str(s) for s in series["service"].values] if series.sizes.get("service", 0) else []
    if not jobs and not services:
        return None
    stack = StackedRows(results)
    legend: list[tuple[str, str]] = []
    if jobs:
        shares, modes = mode_shares(series)
        shares = thin(shares, most=MAX_POINTS)
        if len(jobs) <= MAX_STRIPS:
            add_strips(stack, shares, jobs, modes)
            legend += [(m, MODE_COLOUR.get(m, MUTED)) for i, m in enumerate(modes) if shares[:, i].any()]
        else:
            add_heatmap(stack, shares, jobs)
            legend += [("mean of the jobs, with minimum and maximum", "#2369ad")]
        full_scale = {"range": [0.0, 104.0]}
        add_curves(
            stack,
            "Clock rate of the slowest member, %",
            100.0 * job_values(results, "job_rate"),
            jobs,
            "%",
            **full_scale,
        )
        exposed = 100.0 * job_values(results, "job_communication_fraction")
        add_curves(stack, "Exposed communication, share of a training step, %", exposed, jobs, "%", **full_scale)
        add_tokens(stack, "Tokens trained", job_values(results, "job_tokens_per_s"), jobs)
        if 1 < len(jobs) <= MAX_STRIPS:
            legend += list(zip(jobs, job_colours(len(jobs)), strict=True))
    if services:
        add_tokens(stack, "Output tokens delivered", job_values(results, "service_tokens_per_s"), services)
        if 1 < len(services) <= MAX_STRIPS:
            legend += list(zip(services, job_colours(len(services)), strict=True))
    return Chart(stack.finish(), tuple(legend), totals_note(results, jobs))


def totals_note(results: Any, jobs: list[str]) -> str:
    """Share of time of all jobs in each mode, and how many steps a point averages."""
    points = thinning_note(results, MAX_POINTS)
    if not jobs:
        return points
    shares, modes = mode_shares(results.series)
    shares = shares.mean(axis=(0, 2))
    parts = [f"{m} {percent(s)}" for m, s in zip(modes, shares, strict=True) if s > 0.0]
    of = "Of all time" if len(jobs) == 1 else f"Of the time of all {len(jobs)} jobs"
    return f"{of}: {', '.join(parts)}. {points}".strip()
