"""The two-dimensional charts of a report, as Plotly figures; none for what a run did not record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from sim.schema import CAUSES
from viz.palette import CAUSE, INK, LINE, MUTED, NAMEPLATE, axis, layout
from viz.scene import Floats, unix_ms
from viz.words import NBSP, NONE, PETA, number, percent, prefixed

MAX_POINTS: Final = 1_500
MAX_STATIONS: Final = 40
BAR: Final = 0.62  # height of a bar, as a share of its row
ROW_PX: Final = 34
RANGE_NAME, RANGE_COLOUR = "smallest to 99th percentile", "#bcd3ea"


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure, its key (name, colour) and a sentence to stand below it (may be empty)."""

    figure: go.Figure
    key: tuple[tuple[str, str], ...] = ()
    note: str = ""


def recorded(series: Any, name: str) -> Floats | None:
    """A variable as float64, or none if it is absent or holds no number."""
    if name not in series:
        return None
    values = np.asarray(series[name].values, dtype=np.float64)
    return values if np.isfinite(values).any() else None


def block_starts(count: int) -> NDArray[np.int64]:
    """First step of each of at most 1,500 blocks of equal length (the last may be shorter)."""
    return np.arange(0, count, -(-count // MAX_POINTS))


def thin(values: Floats, how: str = "mean") -> Floats:
    """The last axis (time) in at most 1,500 points: mean, largest or last value of each block; float32 for plots."""
    starts = block_starts(values.shape[-1])
    thinned: Floats
    if how == "mean":
        sizes = np.diff(np.append(starts, values.shape[-1]))
        thinned = np.add.reduceat(values, starts, axis=-1) / sizes
    elif how == "max":
        thinned = np.maximum.reduceat(values, starts, axis=-1)
    else:
        thinned = values[..., np.append(starts[1:], values.shape[-1]) - 1]
    return thinned.astype(np.float32)


def moments(results: Any) -> Floats:
    """Ends of the blocks, milliseconds since 1970-01-01 UTC as Plotly's time axis takes them."""
    ends = unix_ms(results, results.series["time"].values)
    last = np.append(block_starts(len(ends))[1:], len(ends)) - 1
    at: Floats = ends[last].astype(np.float64)
    return at


def thinning_note(results: Any) -> str:
    """What a point of a chart stands for, if not for one step."""
    count = results.series.sizes["time"]
    block = -(-count // MAX_POINTS)
    return "" if block == 1 else f"Each point covers {block} steps: the mean, for the hottest junction the largest."


def time_axis(**more: Any) -> dict[str, Any]:
    """The UTC axis."""
    return axis("UTC", type="date", hoverformat="%Y-%m-%d %H:%M:%S UTC", nticks=8, showgrid=False) | more


def line(x: Floats, y: Floats, name: str, colour: str, unit: str, **more: Any) -> go.Scatter:
    """One curve; unit goes into the hover text."""
    return go.Scatter(
        x=x,
        y=y,
        name=name,
        mode="lines",
        line={"color": colour, "width": 2} | more.pop("line", {}),
        hovertemplate=f"{name}: %{{y:,.4~g}} {unit}<extra></extra>",
        **more,
    )


def waterfall(summary: dict[str, Any]) -> Chart | None:
    """Bars from nameplate down to useful: mean PFLOP/s of each cause that took any, and its share of nameplate."""
    compute = summary.get("compute") or {}
    nameplate, duration_s = compute.get("nameplate_flops"), summary.get("duration_s")
    rows = {row["cause"]: row for row in compute.get("waterfall") or [] if row.get("flops") is not None}
    if not nameplate or not duration_s or not rows:
        return None
    precision = compute.get("reference_precision") or "the reference precision"
    losses = [c for c in CAUSES[:-1] if c in rows and rows[c]["flops"] > 0.0]
    unit = duration_s * PETA
    names = ["Nameplate", *(CAUSE[c].title for c in losses), CAUSE["useful"].title]
    figure = go.Figure()
    figure.add_bar(**bar_row(0, 0.0, nameplate / unit, NAMEPLATE, "Nameplate: every accelerator at its dense peak"))
    level = nameplate
    value = [nameplate]
    for place, cause in enumerate(losses, start=1):
        add_loss(figure, place, rows[cause], level, nameplate, unit)
        figure.add_shape(connector(place - 1, level / unit))
        level -= rows[cause]["flops"]
        value.append(rows[cause]["flops"])
    useful = rows["useful"]["flops"] if "useful" in rows else 0.0
    figure.add_shape(connector(len(losses), level / unit))
    figure.add_bar(**bar_row(len(losses) + 1, 0.0, useful / unit, CAUSE["useful"].colour, "Useful: work that counts"))
    value.append(useful)
    columns(figure, [(number(v / unit), percent(v / nameplate)) for v in value], ("PFLOP/s", "share"))
    labels = [f"<b>{n}</b>" if i in (0, len(names) - 1) else n for i, n in enumerate(names)]
    figure.update_layout(
        layout(
            ROW_PX * len(names) + 70,
            barmode="overlay",
            bargap=0,
            hovermode="closest",
            dragmode=False,
            margin={"l": 8, "r": 148, "t": 30, "b": 8},
            xaxis=axis(
                f"PFLOP/s, mean over the run, dense peak at {precision}",
                range=[0, nameplate / unit * 1.005],
                fixedrange=True,
                nticks=6,
            ),
            yaxis=row_axis(labels),
        )
    )
    none = [CAUSE[c].title.lower() for c in CAUSES[:-1] if c not in losses]
    note = f"No loss to: {', '.join(none)}." if none else ""
    induced = any((rows[c].get("induced_flops") or 0.0) > 0.0 for c in losses)
    if induced:
        note = f"Hatched: lost by others of the same job while they wait for the satellite concerned. {note}".strip()
    return Chart(figure, note=note)


def bar_row(place: int, base: float, length: float, colour: str, hover: str, hatched: bool = False) -> dict[str, Any]:
    """One floating bar of the waterfall, in PFLOP/s."""
    marker: dict[str, Any] = {"color": colour, "line": {"width": 0}}
    if hatched:
        marker["pattern"] = {"shape": "/", "fgcolor": "#ffffff", "bgcolor": colour, "size": 6, "solidity": 0.25}
    return {
        "x": [length],
        "y": [place],
        "base": [base],
        "width": [BAR],
        "orientation": "h",
        "marker": marker,
        "hovertext": [hover],
        "hoverinfo": "text",
        "name": hover.partition(":")[0],
    }


def add_loss(figure: go.Figure, place: int, row: dict[str, Any], level: float, nameplate: float, unit: float) -> None:
    """The bar of one loss, ending at `level`: what it took itself, then (hatched) what others lost waiting for it."""
    look = CAUSE[row["cause"]]
    induced = row.get("induced_flops") or 0.0
    own = row["flops"] - induced
    hover = (
        f"{look.title}: {look.meaning}<br>{number(row['flops'] / unit)} PFLOP/s, "
        f"{percent(row['flops'] / nameplate)} of nameplate"
        f"<br>own {percent(own / nameplate)}, others waiting {percent(induced / nameplate)}"
    )
    if own > 0.0:
        figure.add_bar(**bar_row(place, (level - own) / unit, own / unit, look.colour, hover))
    if induced > 0.0:
        figure.add_bar(
            **bar_row(place, (level - own - induced) / unit, induced / unit, look.colour, hover, hatched=True)
        )


def connector(place: int, at: float) -> dict[str, Any]:
    """A thin line from the end of one bar to the start of the next."""
    return {
        "type": "line",
        "x0": at,
        "x1": at,
        "y0": place + BAR / 2,
        "y1": place + 1 - BAR / 2,
        "line": {"color": MUTED, "width": 1},
        "layer": "below",
    }


def row_axis(labels: list[str]) -> dict[str, Any]:
    """A vertical axis with one labelled row for each bar, from the top."""
    ticks = {"tickmode": "array", "tickvals": list(range(len(labels))), "ticktext": labels}
    look = {"showgrid": False, "fixedrange": True, "ticks": "", "tickfont": {"size": 13, "color": INK}}
    return axis(range=[len(labels) - 0.5, -0.5]) | ticks | look


def columns(figure: go.Figure, rows: list[tuple[str, str]], heads: tuple[str, str]) -> None:
    """Two right-aligned columns of text beside the rows of a bar chart, with their heads."""
    for column, shift in ((0, 72), (1, 142)):
        common = {"xref": "paper", "x": 1, "xanchor": "right", "xshift": shift, "showarrow": False}
        figure.add_annotation(
            text=heads[column],
            yref="paper",
            y=1,
            yanchor="bottom",
            yshift=4,
            font={"size": 11, "color": MUTED},
            **common,
        )
        for place, texts in enumerate(rows):
            strong = place in (0, len(rows) - 1) and heads[0] == "PFLOP/s"
            text = f"<b>{texts[column]}</b>" if strong else texts[column]
            figure.add_annotation(text=text, y=place, yanchor="middle", font={"size": 13, "color": INK}, **common)


def throughput(results: Any) -> Chart | None:
    """Where the nameplate rate went, stacked over time, useful work at the bottom [PFLOP/s]."""
    rate = recorded(results.series, "rate_flops_per_s")
    if rate is None:
        return None
    by_cause = dict(zip((str(c) for c in results.series["cause"].values), rate, strict=True))
    live = [c for c in reversed(CAUSES) if c in by_cause and np.nanmax(by_cause[c]) > 0.0]
    x = moments(results)
    figure = go.Figure(
        [
            line(
                x,
                thin(by_cause[c] / PETA),
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
    return Chart(figure, tuple((CAUSE[c].title, CAUSE[c].colour) for c in live), thinning_note(results))


def power(results: Any) -> Chart | None:
    """Power offered, served and shunted over time, and below it the energy in the batteries; fleet totals."""
    curves = [
        ("generated_w", "Offered by the arrays", LINE["generated"]),
        ("load_w", "Load served", LINE["load"]),
        ("shunted_w", "Shunted", LINE["shunted"]),
    ]
    found = [(v, name, colour) for key, name, colour in curves if (v := recorded(results.series, key)) is not None]
    if not found:
        return None
    x = moments(results)
    scale, unit = prefixed(max(float(np.nanmax(v)) for v, _, _ in found), "W")
    figure = go.Figure([line(x, thin(v / scale), name, colour, unit) for v, name, colour in found])
    stored_j = recorded(results.series, "stored_j")
    key = [(name, colour) for _, name, colour in found]
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
        key.append(("Stored in batteries", LINE["stored"]))
    return Chart(figure, tuple(key), thinning_note(results))


def temperature(results: Any) -> Chart | None:
    """Junction (hottest, mean) and radiator (mean) temperature over time [°C]."""
    curves = [
        ("junction_k_max", "Hottest junction", LINE["junction_max"], "max"),
        ("junction_k_mean", "Junction, mean", LINE["junction_mean"], "mean"),
        ("radiator_k_mean", "Radiator, mean", LINE["radiator"], "mean"),
    ]
    found = [
        (v - 273.15, name, colour, how)
        for key, name, colour, how in curves
        if (v := recorded(results.series, key)) is not None
    ]
    if not found:
        return None
    x = moments(results)
    figure = go.Figure([line(x, thin(v, how), name, colour, "°C") for v, name, colour, how in found])
    figure.update_layout(layout(320, hovermode="x unified", xaxis=time_axis(), yaxis=axis("temperature, °C")))
    return Chart(figure, tuple((name, colour) for _, name, colour, _ in found), thinning_note(results))


def range_bars(places: list[int], low: Floats, median: Floats, high: Floats, hover: list[str]) -> go.Figure:
    """A bar from low to high in each row, with a mark at the median."""
    bar = {
        "marker": {"color": RANGE_COLOUR, "line": {"width": 0}},
        "width": 0.36,
        "orientation": "h",
        "name": RANGE_NAME,
    }
    mark = {"marker": {"size": 10, "color": LINE["radiator"], "symbol": "diamond"}, "mode": "markers", "name": "median"}
    figure = go.Figure(go.Bar(x=high - low, base=low, y=places, hovertext=hover, hoverinfo="text", **bar))
    figure.add_scatter(x=median, y=places, hovertext=hover, hoverinfo="text", **mark)
    return figure


def stations(results: Any) -> Chart | None:
    """Round-trip propagation to each station (smallest to 99th percentile, median marked) and its coverage."""
    series = results.series
    if "propagation_rtt_ms" not in series or series.sizes.get("station", 0) == 0:
        return None
    rtt_ms = np.asarray(series["propagation_rtt_ms"].transpose("station", "time").values, dtype=np.float64)
    names = [str(n) for n in series["station"].values]
    seen = [r[np.isfinite(r)] for r in rtt_ms]
    medians = [float(np.median(times)) if times.size else np.inf for times in seen]
    order = sorted(range(len(names)), key=lambda s: (medians[s], names[s]))[:MAX_STATIONS]
    spans = [np.percentile(seen[s], [0, 50, 99]) if seen[s].size else None for s in order]
    places = [p for p, span in enumerate(spans) if span is not None]
    low, median, high = np.array([spans[p] for p in places]).reshape(-1, 3).T
    hover = [
        f"{names[order[p]]}<br>smallest {a:.2f} ms, median {m:.2f} ms, 99 of 100 below {b:.2f} ms"
        for p, a, m, b in zip(places, low, median, high, strict=True)
    ]
    figure = range_bars(places, low, median, high, hover)
    texts = [
        (f"{s[1]:.1f}" if s is not None else NONE, percent(seen[i].size / rtt_ms.shape[1]))
        for s, i in zip(spans, order, strict=True)
    ]
    columns(figure, texts, (f"median,{NBSP}ms", "in sight"))
    figure.update_layout(
        layout(
            ROW_PX * len(order) + 70,
            margin={"l": 8, "r": 148, "t": 30, "b": 8},
            hovermode="closest",
            dragmode=False,
            xaxis=axis("round trip by propagation, ms", rangemode="tozero", fixedrange=True, nticks=6),
            yaxis=row_axis([names[s] for s in order]),
        )
    )
    never = [names[s] for s in order if not seen[s].size]
    parts = [f"No satellite ever in sight: {', '.join(never)}."] if never else []
    if len(names) > MAX_STATIONS:
        parts.append(f"The {MAX_STATIONS} stations with the lowest median of {len(names)}.")
    return Chart(figure, ((RANGE_NAME, RANGE_COLOUR), ("median", LINE["radiator"])), " ".join(parts))
