"""What jobs and services did over time: modes, pace, waiting for messages, tokens; heat maps where jobs are many."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from viz.figures import Chart, line, moments, thin, thinning_note, time_axis
from viz.palette import INK, MODE_COLOUR, MUTED, STANDSTILL, axis, job_colours, layout
from viz.scene import Floats
from viz.words import percent, prefixed

MAX_STRIPS: Final = 8  # jobs that get a strip and a line each
MAX_POINTS: Final = 240  # in time: a job may stop and start every few steps
STRIP_PX, CURVE_PX, GAP_PX = 40, 96, 34
BAND: Final = "rgba(35,105,173,0.22)"


class Stack:
    """Rows of one figure under a common axis of time, from the top; heights in pixels."""

    def __init__(self, results: Any) -> None:
        self.x = moments(results, MAX_POINTS)
        self.figure = go.Figure()
        self.rows: list[tuple[float, float, dict[str, Any]]] = []  # top, bottom, axis
        self.captions: list[tuple[float, str]] = []
        self.depth_px = 0.0

    def row(self, height_px: float, caption: str, **look: Any) -> str:
        """A new row with a caption above it (none if empty); the name of its axis, for traces."""
        self.depth_px += (GAP_PX if self.rows else 22) if caption else 6
        if caption:
            self.captions.append((self.depth_px, caption))
        self.rows.append((self.depth_px, self.depth_px + height_px, look))
        self.depth_px += height_px
        return "y" if len(self.rows) == 1 else f"y{len(self.rows)}"

    def done(self) -> go.Figure:
        """The figure, its rows in their places."""
        axes, last = {}, len(self.rows)
        for i, (top, bottom, look) in enumerate(self.rows, start=1):
            domain = [1.0 - bottom / self.depth_px, 1.0 - top / self.depth_px]
            axes[f"yaxis{'' if i == 1 else i}"] = axis(**({"fixedrange": True, "nticks": 4} | look)) | {
                "domain": domain
            }
        for top, caption in self.captions:
            self.figure.add_annotation(
                text=caption, x=0, xref="paper", xanchor="left", y=1.0 - top / self.depth_px, yref="paper",
                yanchor="bottom", yshift=3, showarrow=False, font={"size": 12, "color": MUTED},
            )  # fmt: skip
        anchor = "y" if last == 1 else f"y{last}"
        height = round(self.depth_px) + 62
        self.figure.update_layout(layout(height, hovermode="x unified", xaxis=time_axis(anchor=anchor), **axes))
        self.figure.update_layout(hoversubplots="axis", margin={"t": 4})
        return self.figure


def job_values(results: Any, name: str) -> Floats:
    """A variable of the jobs, float64, in few points; steps that have no value count nothing."""
    values = np.asarray(results.series[name].values, dtype=np.float64)
    there = np.isfinite(values)
    total, share = (thin(v, most=MAX_POINTS) for v in (np.where(there, values, 0.0), there.astype(np.float64)))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(total / share, dtype=np.float32)


def mode_shares(series: Any) -> tuple[Floats, list[str]]:
    """Share of each step (job, mode, time), float64, and the modes: a job that runs at a clock rate of nought stands still."""
    shares = np.asarray(series["job_mode_fraction"].values, dtype=np.float64)
    modes = [str(m) for m in series["mode"].values]
    runs = modes.index("running")
    stopped = np.asarray(series["job_rate"].values, dtype=np.float64) <= 0.0
    still = np.where(stopped, shares[:, runs], 0.0)
    shares = np.concatenate([shares, still[:, None]], axis=1)
    shares[:, runs] -= still
    return shares, [*modes, STANDSTILL]


def add_strips(stack: Stack, shares: Floats, names: list[str], modes: list[str]) -> None:
    """A strip for each job: the share of its time in each mode, stacked."""
    for j, name in enumerate(names):
        ticks = {"tickmode": "array", "tickvals": [0.5], "ticktext": [name], "ticks": "", "showgrid": False}
        look = {**ticks, "range": [0.0, 1.0], "tickfont": {"size": 12, "color": INK}}
        y = stack.row(STRIP_PX, "Share of time in each mode" if j == 0 else "", **look)
        for m, mode in enumerate(modes):
            if shares[:, m].any():
                colour = MODE_COLOUR.get(mode, MUTED)
                more = {"stackgroup": f"job {j}", "fillcolor": colour, "line": {"width": 0}, "yaxis": y}
                trace = line(stack.x, 100.0 * shares[j, m], f"{name}, {mode}", colour, "%", **more)
                trace.y = shares[j, m]
                trace.hovertemplate = f"{name}, {mode}: %{{y:.1%}}<extra></extra>"
                stack.figure.add_trace(trace)


def add_heat(stack: Stack, shares: Floats, names: list[str]) -> None:
    """A row of a heat map for each job: the share of its time in which it runs."""
    n = len(names)
    look = {
        "type": "category",
        "range": [n - 0.5, -0.5],
        "nticks": 20,
        "showgrid": False,
        "tickfont": {"size": 11, "color": INK},
    }
    y = stack.row(min(560, max(200, 14 * n)), "Share of time in which a job runs", **look)
    stack.figure.add_heatmap(
        x=stack.x, y=names, z=(100.0 * shares[:, 0]).round(1), yaxis=y, zmin=0, zmax=100, name="running",
        colorscale=[[0.0, MODE_COLOUR["outage"]], [0.5, "#b9c2cd"], [1.0, MODE_COLOUR["running"]]],
        colorbar={"thickness": 10, "len": 0.4, "y": 1.0, "yanchor": "top", "title": {"text": "%"}, "outlinewidth": 0,
                  "tickfont": {"size": 12, "color": MUTED}},
        hovertemplate="%{y}: running %{z:.0f} %<extra></extra>",
    )  # fmt: skip


def add_curves(stack: Stack, caption: str, values: Floats, names: list[str], unit: str, **look: Any) -> None:
    """A row with a line for each job, or where they are many, their mean between smallest and largest."""
    if not np.isfinite(values).any():
        return
    y = stack.row(CURVE_PX, caption, **({"rangemode": "tozero"} | look))
    if len(names) <= MAX_STRIPS:
        for name, colour, row in zip(names, [INK] if len(names) == 1 else job_colours(len(names)), values, strict=True):
            stack.figure.add_trace(line(stack.x, row, name, colour, unit, yaxis=y, connectgaps=False))
        return
    low, high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    there = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        mean = np.where(there, values, 0.0).sum(axis=0) / there.sum(axis=0)
    stack.figure.add_trace(line(stack.x, low, "smallest", BAND, unit, yaxis=y, line={"width": 0}))
    stack.figure.add_trace(
        line(stack.x, high, "largest", BAND, unit, yaxis=y, line={"width": 0}, fill="tonexty", fillcolor=BAND)
    )
    stack.figure.add_trace(line(stack.x, mean.astype(np.float32), "mean of jobs", "#2369ad", unit, yaxis=y))


def add_tokens(stack: Stack, caption: str, values: Floats, names: list[str]) -> None:
    """A row of tokens a second."""
    if values.size:
        scale, unit = prefixed(float(np.nanmax(values)), "/s")
        add_curves(stack, f"{caption}, {unit}", values / np.float32(scale), names, unit)


def timeline(results: Any) -> Chart | None:
    """All jobs and services of a run over time; none if it had neither."""
    series = results.series
    jobs = [str(j) for j in series["job"].values] if series.sizes.get("job", 0) else []
    services = [str(s) for s in series["service"].values] if series.sizes.get("service", 0) else []
    if not jobs and not services:
        return None
    stack = Stack(results)
    key: list[tuple[str, str]] = []
    if jobs:
        shares, modes = mode_shares(series)
        shares = thin(shares, most=MAX_POINTS)
        if len(jobs) <= MAX_STRIPS:
            add_strips(stack, shares, jobs, modes)
            key += [(m, MODE_COLOUR.get(m, MUTED)) for i, m in enumerate(modes) if shares[:, i].any()]
        else:
            add_heat(stack, shares, jobs)
            key += [("mean of the jobs, from smallest to largest", "#2369ad")]
        whole = {"range": [0.0, 104.0]}
        add_curves(
            stack, "Clock rate of the slowest member, %", 100.0 * job_values(results, "job_rate"), jobs, "%", **whole
        )
        waiting = 100.0 * job_values(results, "job_communication_fraction")
        add_curves(stack, "Share of a training step that waits for messages, %", waiting, jobs, "%", **whole)
        add_tokens(stack, "Tokens trained", job_values(results, "job_tokens_per_s"), jobs)
        if 1 < len(jobs) <= MAX_STRIPS:
            key += list(zip(jobs, job_colours(len(jobs)), strict=True))
    if services:
        add_tokens(stack, "Output tokens delivered", job_values(results, "service_tokens_per_s"), services)
        if 1 < len(services) <= MAX_STRIPS:
            key += list(zip(services, job_colours(len(services)), strict=True))
    return Chart(stack.done(), tuple(key), totals_note(results, jobs))


def totals_note(results: Any, jobs: list[str]) -> str:
    """How the jobs spent their time, all together, and what a point stands for."""
    points = thinning_note(results, MAX_POINTS)
    if not jobs:
        return points
    shares, modes = mode_shares(results.series)
    shares = shares.mean(axis=(0, 2))
    said = [f"{m} {percent(s)}" for m, s in zip(modes, shares, strict=True) if s > 0.0]
    of = "Of all time" if len(jobs) == 1 else f"Of the time of all {len(jobs)} jobs"
    return f"{of}: {', '.join(said)}. {points}".strip()
