"""Round-trip times to stations and between station pairs: distribution, per station, and over time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.figures import Chart, line, recorded, sample_times, thin, time_axis
from viz.formatting import NBSP, duration, milliseconds, number, percent, quantity, whole
from viz.html_parts import Path, cell, collapsed, find, table, text
from viz.palette import BLUES, INK, JOB_COLOURS, LINE, MUTED, axis, layout
from viz.scene import Floats

MAX_STATIONS: Final = 40
MAX_PAIRS: Final = 6
STRIP_PX: Final = 20
LABEL_SHARE: Final = 0.13  # of the axis, width of a label
SHARES: Final = np.append(np.linspace(0.0, 0.99, 199), np.linspace(0.991, 1.0, 10))
BUDGET: Final = (  # of a radio or telescope
    ("available_fraction", "available", percent), ("down_bit_s", "down, mean", lambda rate: quantity(rate, "bit/s")),
    ("up_bit_s", "up, mean", lambda rate: quantity(rate, "bit/s")), ("attenuation_p99_db", "attenuation, p99", lambda lost: f"{lost:.1f}{NBSP}dB"),
)  # fmt: skip
USER_COLOUR: Final = "#c2410c"
INTERNET_COLOUR: Final = "#00795c"


def users(series: Any) -> NDArray[np.int64]:
    """Stations of users: gateways and points of presence are left out."""
    if "station_role" not in series:
        return np.arange(series.sizes.get("station", 0))
    return np.flatnonzero(series["station_role"].values == 0)


def pooled(results: Any, name: str) -> Floats | None:
    """All finite round-trip times of users, over stations and steps, sorted; None without any."""
    values = recorded(results.series, name)
    if values is None:
        return None
    if "station" in results.series[name].dims:
        values = values[users(results.series)]
    kept: Floats = np.sort(values[np.isfinite(values)])
    return kept if kept.size else None


def spread_line(values: Floats, name: str, colour: str, lower: int = 0) -> list[go.Scatter]:
    """Cumulative distribution of round-trip times, with marks at the median and the 99th percentile, the latter so many lines lower."""
    quantiles = np.percentile(values, 100.0 * SHARES)
    curve = line(quantiles.astype(np.float32), (100.0 * SHARES).astype(np.float32), name, colour, "%")
    curve.hovertemplate = f"{name}: %{{y:.1f}} % below %{{x:.2f}} ms<extra></extra>"
    marks = np.percentile(values, [50.0, 99.0])
    points = go.Scatter(
        x=marks,
        y=[50.0, 99.0],
        mode="markers+text",
        marker={"size": 9, "color": colour, "line": {"color": "#ffffff", "width": 1.5}},
        text=[f" {marks[0]:.1f} ms", f"{lower * '<br>'} {marks[1]:.1f} ms"],
        textposition=["middle right", "bottom right"],
        textfont={"size": 12, "color": INK},
        hoverinfo="skip",
        name=f"{name}, marks",
        cliponaxis=False,
    )
    return [curve, points]


def _apart(marks: list[float], width: float) -> list[int]:
    """By how many lines labels at these places, each so wide, are lowered so that none covers another; the last one stays."""
    lower, order = [0] * len(marks), sorted(range(len(marks)), key=lambda n: marks[n])
    for before, after in reversed(list(pairwise(order))):
        lower[before] = lower[after] + 1 if marks[after] - marks[before] < width else 0
    return lower


def distribution(results: Any) -> Chart | None:
    """Cumulative distributions of round-trip times: propagation, end-to-end, and between station pairs."""
    series = results.series
    curves = [
        (values, name, colour)
        for key, name, colour in (
            ("propagation_rtt_ms", "propagation", LINE["radiator"]),
            ("user_rtt_ms", "end-to-end", USER_COLOUR),
            ("internet_rtt_ms", "end-to-end to the internet", INTERNET_COLOUR),
        )
        if (values := pooled(results, key)) is not None
    ]
    if len(curves) > 1 and np.array_equal(curves[0][0], curves[1][0]):
        del curves[1]
    if series.sizes.get("pair", 0) and "pair_rtt_ms" in series:
        for i, pair in enumerate(series["pair"].values[:MAX_PAIRS]):
            values = series["pair_rtt_ms"].values[i]
            if np.isfinite(values).any():
                colour = JOB_COLOURS[(i + 2) % len(JOB_COLOURS)]
                curves.append((np.sort(values[np.isfinite(values)]), f"{pair}, propagation", colour))
    if not curves:
        return None
    longest = max(float(values[-1]) for values, _, _ in curves)
    lower = _apart([float(np.percentile(values, 99.0)) for values, _, _ in curves], LABEL_SHARE * longest)
    figure = go.Figure([trace for (values, name, colour), n in zip(curves, lower, strict=True) for trace in spread_line(values, name, colour, n)])
    figure.update_layout(
        layout(
            300,
            hovermode="closest",
            dragmode=False,
            xaxis=axis("round-trip time, ms", range=[0.0, 1.15 * longest], fixedrange=True, nticks=8),
            yaxis=axis("share below, %", range=[0.0, 102.0], fixedrange=True, nticks=6),
        )
    )
    note = (
        "Over all stations and steps with a route. Marked: median and 99th percentile. "
        "End-to-end adds switching at every hop and the access network to the propagation time."
    )
    return Chart(figure, tuple((name, colour) for _, name, colour in curves), note)


def by_median(results: Any) -> list[int]:
    """Stations of users by ascending median round-trip time, those without coverage last; at most 40."""
    rtt_ms = results.series["propagation_rtt_ms"].transpose("station", "time").values
    names = [str(n) for n in results.series["station"].values]
    reached = [r[np.isfinite(r)] for r in rtt_ms]
    medians = [float(np.median(times)) if times.size else np.inf for times in reached]
    return sorted(users(results.series).tolist(), key=lambda s: (medians[s], names[s]))[:MAX_STATIONS]


def coverage(results: Any) -> Chart | None:
    """Share of stations with a route over time; below it one row per station, coloured by round-trip time."""
    series = results.series
    if "propagation_rtt_ms" not in series or series.sizes.get("station", 0) == 0:
        return None
    order = by_median(results)
    rtt_ms = np.asarray(series["propagation_rtt_ms"].transpose("station", "time").values, dtype=np.float64)
    covered = np.isfinite(rtt_ms).astype(np.float64)
    x = sample_times(results)
    if not order:
        return None
    share = thin(100.0 * covered[users(series)].mean(axis=0))
    fraction = thin(covered[order])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_ms = np.where(fraction > 0.0, thin(np.nan_to_num(rtt_ms[order])) / fraction, np.nan).astype(np.float32)
    names = [str(series["station"].values[s]) for s in order]
    height = STRIP_PX * len(order) + 230
    split = 130.0 / (height - 90.0)
    figure = go.Figure(
        line(x, share, "stations with a route", LINE["radiator"], "%", fill="tozeroy", fillcolor="#d9e8f6")
    )
    if np.isfinite(mean_ms).any():
        figure.add_heatmap(
            x=x,
            y=names,
            z=mean_ms.round(2),
            yaxis="y2",
            colorscale=BLUES,
            colorbar={
                "thickness": 10,
                "len": 1.0 - split,
                "y": 0.0,
                "yanchor": "bottom",
                "title": {"text": "ms", "font": {"size": 12, "color": MUTED}},
                "tickfont": {"size": 12, "color": MUTED},
                "outlinewidth": 0,
            },
            ygap=2,
            hovertemplate="%{y}: %{z:.1f} ms, %{x}<extra></extra>",
            hoverongaps=False,
            name="round-trip time",
        )
    strips = {"type": "category", "range": [len(order) - 0.5, -0.5], "showgrid": False, "fixedrange": True}
    strips |= {"tickfont": {"size": 12, "color": INK}, "tickmode": "linear", "ticks": ""}
    figure.update_layout(
        layout(
            height,
            hovermode="closest",
            xaxis=time_axis(anchor="y2", hoverformat="%Y-%m-%d %H:%M UTC"),
            yaxis=axis("stations, %", range=[0.0, 104.0], domain=[1.0 - split + 0.06, 1.0], nticks=4, fixedrange=True),
            yaxis2=axis(**strips) | {"domain": [0.0, 1.0 - split]},
        )
    )
    never = [names[p] for p in range(len(order)) if not covered[order[p]].any()]
    parts = [
        "Above: stations with a route to a serving satellite. Below: propagation round-trip time, white without coverage."
    ]
    parts += [f"Never covered: {', '.join(never)}."] if never else []
    if users(series).size > MAX_STATIONS:
        parts.append(f"Shown: {MAX_STATIONS} of {users(series).size} stations, those with the lowest median.")
    return Chart(figure, note=" ".join(parts))


def range_cell(summary: dict[str, Any], at: Path, longest_ms: float) -> str:
    """A bar from the minimum to the 99th percentile of a round-trip time, with a mark at the median."""
    low, median, high = (find(summary, (*at, "propagation_rtt_ms", k)) for k in ("min", "median", "p99"))
    if low is None or median is None or high is None:
        return "<td></td>"
    left, middle, right = (100.0 * v / longest_ms for v in (low, median, high))
    bar = f'<i style="left:{left:.2f}%;width:{right - left:.2f}%"></i><b style="left:{middle:.2f}%"></b>'
    return f'<td><div class="range" aria-hidden="true">{bar}</div></td>'


def gap_cell(summary: dict[str, Any], at: Path) -> str:
    """The longest time without a route and the number of such times; "no route" where there never is one."""
    if find(summary, (*at, "propagation_rtt_ms", "median")) is None and find(summary, (*at, "outages")) is not None:
        return "<td>no route</td>"
    count = find(summary, (*at, "outages", "count"))
    if not count:
        return cell(summary, (*at, "outages", "longest_s"), lambda _: "none")
    def words(gap_s: float) -> str:
        return f"{duration(gap_s) if gap_s >= 60.0 else number(gap_s) + NBSP + 's'}, of {whole(count)}"

    return cell(summary, (*at, "outages", "longest_s"), words)


def stations_table(summary: dict[str, Any]) -> str:
    """One row per station: coverage, propagation and end-to-end round-trip time."""
    stations = find(summary, ("ground", "stations")) or {}

    def median(name: str) -> float:
        value = find(summary, ("ground", "stations", name, "propagation_rtt_ms", "median"))
        return float("inf") if value is None else float(value)

    order = sorted(stations, key=lambda n: (median(n), n))[:MAX_STATIONS]
    highest = [find(summary, ("ground", "stations", n, "propagation_rtt_ms", "p99")) for n in order]
    longest_ms = max((float(v) for v in highest if v is not None), default=1.0)
    rows = []
    for name in order:
        at: Path = ("ground", "stations", name)
        cells = [cell(summary, (*at, "propagation_rtt_ms", k), milliseconds) for k in ("min", "median", "p99")]
        end_to_end = [cell(summary, (*at, "user_rtt_ms", k), milliseconds) for k in ("median", "p99")]
        covered = cell(summary, (*at, "coverage_fraction"), percent)
        rows.append(
            f"<td>{text(name)}</td>{covered}{gap_cell(summary, at)}{''.join(cells)}{range_cell(summary, at, longest_ms)}{''.join(end_to_end)}"
        )
    heads = ("station", "coverage", "longest gap", "min", "median", "p99", "range", "end-to-end, median", "end-to-end, p99")
    return table(heads, rows, "numbers stations") if rows else ""


def countries_table(summary: dict[str, Any]) -> str:
    """One row per country of users, by ascending median; empty for less than two."""
    countries = find(summary, ("ground", "countries")) or {}
    if len(countries) < 2:
        return ""

    def median(name: str) -> float:
        value = find(summary, ("ground", "countries", name, "user_rtt_ms", "median"))
        return float("inf") if value is None else float(value)

    rows = []
    for name in sorted(countries, key=lambda n: (median(n), n)):
        at: Path = ("ground", "countries", name)
        cells = [cell(summary, (*at, "user_rtt_ms", k), milliseconds) for k in ("min", "median", "p99")]
        rows.append(f"<td>{text(name)}</td>{cell(summary, (*at, 'coverage_fraction'), percent)}{''.join(cells)}")
    heads = ("country", "coverage", "end-to-end, min", "end-to-end, median", "end-to-end, p99")
    return collapsed("By country, weighted by users", table(heads, rows, "numbers"))


def gateways_table(summary: dict[str, Any]) -> str:
    """One row per gateway, those that users come over most first; with what its radio or telescope carries where it has one."""
    gateways = find(summary, ("ground", "gateways")) or {}
    budget = BUDGET if find(summary, ("ground", "link")) else ()

    def share(name: str) -> float:
        value = find(summary, ("ground", "gateways", name, "user_time_fraction"))
        return 0.0 if value is None else float(value)

    rows = []
    for name in sorted(gateways, key=lambda n: (-share(n), n)):
        at: Path = ("ground", "gateways", name)
        cells = [cell(summary, (*at, "propagation_rtt_ms", k), milliseconds) for k in ("min", "median", "p99")]
        cells.append(cell(summary, (*at, "user_time_fraction"), percent))
        cells += [cell(summary, ("ground", "link", "sites", name, key), form) for key, _, form in budget]
        rows.append(f"<td>{text(name)}</td>{cell(summary, (*at, 'coverage_fraction'), percent)}{gap_cell(summary, at)}{''.join(cells)}")
    heads = ("gateway", "coverage", "longest gap", "min", "median", "p99", "share of users' time", *(title for _, title, _ in budget))
    return collapsed("By gateway", table(heads, rows, "numbers")) if rows else ""


def pairs_table(summary: dict[str, Any]) -> str:
    """One row per station pair: coverage, propagation round-trip time through space, route changes."""
    pairs = summary.get("station_pairs") or {}
    rows = []
    for name in pairs:
        at: Path = ("station_pairs", name)
        cells = [cell(summary, (*at, "propagation_rtt_ms", k), milliseconds) for k in ("min", "median", "p99")]
        switches = f"<td>{whole(len(pairs[name].get('switches_s') or []))}</td>"
        covered = cell(summary, (*at, "coverage_fraction"), percent)
        rows.append(f"<td>{text(name)}</td>{covered}{gap_cell(summary, at)}{''.join(cells)}{switches}")
    heads = ("station pair", "coverage", "longest gap", "min", "median", "p99", "route changes")
    return table(heads, rows, "numbers") if rows else ""
