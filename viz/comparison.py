"""The page of a comparison: the two waterfalls, the difference by cause, differing inputs, key figures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from sim.schema import CAUSES
from viz import formatting
from viz.figures import ROW_PX, Chart, line, row_axis
from viz.html_parts import chart_html, collapsed, section, table, text
from viz.mission import BAND, BLUE, ORANGE, band
from viz.page import footer, header, write_page
from viz.palette import CAUSE, INK, MUTED, axis, layout
from viz.study_points import typeset
from viz.waterfall import LEGEND, losses_of, waterfall

SHARES: Final = ("useful share", "coverage", "availability", "MFU", "exposed communication", "ETTR")  # shown in per cent
OPEN_INPUTS: Final = 40  # more differing inputs than this are collapsed
SHOWN_POINTS: Final = 0.005  # a difference below half of the last digit shown is none
BAR: Final = 0.62  # height of a bar, as a share of its row


def signed(points: float) -> str:
    """A difference in percentage points with its sign."""
    if abs(points) < SHOWN_POINTS:
        return "0"
    return f"{points:+.2f}".replace("-", formatting.MINUS)


def number(value: float | None) -> str:
    """A number with about four digits, whole from ten thousand on; a dash where there is none."""
    if value is None:
        return formatting.NONE
    return (f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:,.4g}").replace("-", formatting.MINUS)


def described(letter: str, name: str, summary: dict[str, Any]) -> str:
    """One operand in words: letter, name, satellites, accelerators, duration."""
    counts = [
        formatting.counted(summary[key], noun)
        for key, noun in (("satellites", "satellite"), ("accelerators", "accelerator"))
        if summary.get(key) is not None
    ]
    return f"{letter}: {name} ({', '.join([*counts, formatting.duration(summary['duration_s'])])})"


def headline(comparison: Any) -> str:
    """Both useful shares, their difference, and the causes that make most of it."""
    useful = next(row for row in comparison.waterfall if row.cause == "useful")
    figures = "".join(
        f'<div><p class="big" id="useful-{letter}" data-value="{share!r}">{text(formatting.percent(share))}</p>'
        f"<p>useful in {text(name)}</p></div>"
        for letter, share, name in (("a", useful.a_fraction, comparison.a), ("b", useful.b_fraction, comparison.b))
    )
    figures += (
        f'<div><p class="big" id="useful-difference" data-value="{useful.points!r}">{signed(useful.points)}</p>'
        f"<p>points of nameplate, B minus A</p></div>"
    )
    words = re.sub(r"-(?=\d)", formatting.MINUS, "; ".join(comparison.reasons))
    equal = "" if comparison.equal is None else f'<p class="verdict">{text(comparison.equal.words)}.</p>'
    return (
        f'<section class="headline"><div class="figures">{figures}</div>'
        f'<p class="verdict">{text(words[:1].upper() + words[1:])}.</p>{equal}</section>'
    )


def differences(waterfall: Any) -> Chart | None:
    """Bars of B minus A in percentage points of nameplate, from rows of both: local stall solid, peer stall hatched, useful last."""
    rows = [row for row in waterfall if max(abs(row.points), abs(row.own_points), abs(row.induced_points)) >= SHOWN_POINTS]
    if not rows:
        return None
    figure = go.Figure()
    for at, row in enumerate(rows):
        named = CAUSE[row.cause]
        hover = (
            f"<b>{named.title}</b> {signed(row.points)} points<br>A {formatting.percent(row.a_fraction)}, "
            f"B {formatting.percent(row.b_fraction)}<br>local stall {signed(row.own_points)}, peer stall {signed(row.induced_points)}"
        )
        for part, hatched in ((row.own_points, False), (row.induced_points, True)):
            if abs(part) < SHOWN_POINTS:
                continue
            marker: dict[str, Any] = {"color": named.colour, "line": {"width": 0}}
            if hatched:
                marker["pattern"] = {"shape": "/", "fgcolor": "#ffffff", "bgcolor": named.colour, "size": 6, "solidity": 0.32}
            figure.add_bar(x=[part], y=[at], orientation="h", width=[BAR], marker=marker, hovertext=[hover], hoverinfo="text", name=named.title)
        figure.add_annotation(
            text=f"<b>{signed(row.points)}</b>" if row.cause == "useful" else signed(row.points),
            xref="paper", x=1, xanchor="right", xshift=72, y=at, yanchor="middle", showarrow=False, font={"size": 13, "color": INK},
        )  # fmt: skip
    reach = 1.08 * max(max(abs(row.points), abs(row.own_points), abs(row.induced_points)) for row in rows)
    figure.add_annotation(
        text="points", xref="paper", x=1, xanchor="right", xshift=72, yref="paper", y=1, yanchor="bottom", yshift=4, showarrow=False,
        font={"size": 11, "color": MUTED},
    )  # fmt: skip
    labels = [f"<b>{CAUSE[row.cause].title}</b>" if row.cause == "useful" else CAUSE[row.cause].title for row in rows]
    figure.update_layout(
        layout(
            ROW_PX * len(rows) + 80,
            barmode="relative",
            bargap=0,
            dragmode=False,
            hovermode="closest",
            margin={"l": 8, "r": 78, "t": 30, "b": 8},
            xaxis=axis(
                "percentage points of nameplate, B minus A", range=[-reach, reach], zeroline=True, zerolinecolor=MUTED, fixedrange=True, nticks=8
            ),
            yaxis=row_axis(labels),
        )
    )
    return Chart(figure, LEGEND if any(abs(row.induced_points) >= SHOWN_POINTS for row in rows) else ())


def inputs_table(comparison: Any) -> str:
    """Inputs that differ, with their kinds; collapsed where there are many."""
    rows = []
    for row in comparison.inputs:
        kinds = " / ".join(dict.fromkeys(kind for kind in (row.a_kind, row.b_kind) if kind))
        values = "".join(f"<td>{text(formatting.NONE if v is None else typeset(v))}</td>" for v in (row.a, row.b))
        rows.append(f"<td><code>{text(row.field)}</code></td>{values}<td>{text(kinds)}</td>")
    if not rows:
        return ""
    html = table(("input", "A", "B", "kind"), rows, "inputs")
    return html if len(rows) <= OPEN_INPUTS else f'<div class="panel">{collapsed(f"All {len(rows):,} differing inputs", html)}</div>'


def metrics_table(comparison: Any) -> str:
    """Key figures of both; A scaled where a quantity was made equal; figures that neither has are named below."""
    scaled = comparison.equal is not None
    rows, absent = [], []
    for row in comparison.metrics:
        if row.a is None and row.b is None:
            absent.append(row.metric)
            continue
        form = formatting.percent if row.metric.endswith(SHARES) else number
        values = [row.a, *([row.a_scaled] if scaled else []), row.b]
        name = f"{row.metric}, {typeset(row.unit)}" if row.unit != "1" else row.metric
        why = f"<small>{text(row.reason)}</small>" if row.reason else ""
        shown = [*(number(v) if v is None else form(v) for v in values), number(row.ratio)]
        cells = "".join(f"<td{' class=none' if v == formatting.NONE else ''}>{text(v)}</td>" for v in shown)
        rows.append(f"<td>{text(name)}{why}</td>{cells}")
    heads = ("", "A", *(("A scaled",) if scaled else ()), "B", "B / A scaled" if scaled else "B / A")
    note = f'<p class="note">Not simulated in either: {text(", ".join(absent))}.</p>' if absent else ""
    return table(heads, rows, "numbers") + note


def fans(comparison: Any) -> Chart | None:
    """Useful rate of both missions over their years: median, and the spread over the replicas."""
    change = comparison.mission
    if change is None:
        return None
    figure, key = go.Figure(), []
    scale, unit = (100.0, "% of nameplate") if change.unit == "1" else (1.0, "PFLOP/s")
    for letter, label, fan, colour, shade in zip(
        "AB", (comparison.a, comparison.b), change.fans, (BLUE, ORANGE), (BAND, "rgba(194,65,12,0.16)"), strict=True
    ):
        x, low, middle, high = np.array(fan.years), *(scale * np.array(values) for values in (fan.p10, fan.p50, fan.p90))
        band(figure, x, low, high, letter, unit, shade)
        figure.add_trace(line(x, middle, f"{letter}, P50", colour, unit))
        key.append((f"{letter}: {label}; P50 of the replicas, shaded P10 to P90", colour))
    figure.update_layout(layout(360, hovermode="x unified"))
    figure.update_xaxes(axis("years after the start", showgrid=False, hoverformat=".2f"))
    figure.update_yaxes(axis(f"useful, {unit}", rangemode="tozero"))
    return Chart(figure, tuple(key), "Each moment by itself: no single history follows the edge of a shaded area.")


def mission_section(comparison: Any, charts: dict[str, Chart | None]) -> str:
    """What changes over the years: both fans, the difference by cause, and figures; empty where not both have a mission."""
    change = comparison.mission
    if change is None:
        return ""
    charts["mission-fans"], charts["mission-differences"] = fans(comparison), differences(change.waterfall)
    words = [*change.reasons, *(() if change.useful is None else (change.useful.words,))]
    said = re.sub(r"-(?=\d)", formatting.MINUS, "; ".join(words))
    rows = ["".join(f"<td>{text(cell.replace('-', formatting.MINUS) if i else cell)}</td>" for i, cell in enumerate(cells))
            for cells in change.cells(number, formatting.percent)]  # fmt: skip
    body = (
        f'<p class="verdict" id="mission-change">{text(said[:1].upper() + said[1:])}.</p>'
        + "".join(f'<p class="note">{text(note[:1].upper() + note[1:])}.</p>' for note in change.notes)
        + chart_html("mission-fans", "Useful rate over the years", charts["mission-fans"])
        + chart_html("mission-differences", "Difference by cause over the missions, B minus A", charts["mission-differences"])
        + table(("", "A", "B", "B minus A"), rows, "numbers")
    )
    return section("Over the years", body, "From nameplate down to useful over the whole missions; values are means or quantiles over the replicas.")


def write_comparison(comparison: Any, path: Path) -> None:
    """Write the page of `comparison` (of sim.studies.compare) to `path`."""
    summaries = comparison.summaries
    lost = {cause for summary in summaries for cause in losses_of(summary)}
    shown = [cause for cause in CAUSES if cause in lost]
    charts: dict[str, Chart | None] = {f"waterfall-{letter}": waterfall(summary, shown) for letter, summary in zip("ab", summaries, strict=True)}
    pair = "".join(
        chart_html(name, f"{name[-1].upper()}: {label}", chart)
        for (name, chart), label in zip(charts.items(), (comparison.a, comparison.b), strict=True)
    )
    charts["differences"] = differences(comparison.waterfall)
    losses = f'<div class="pair">{pair}</div>' + chart_html("differences", "Difference by cause, B minus A", charts["differences"])
    notes = "".join(f'<p class="note">{text(line)}</p>' for line in comparison.notes)
    title = f"{comparison.a} compared with {comparison.b}"
    body = (
        header(title, [described("A", comparison.a, summaries[0]), described("B", comparison.b, summaries[1])])
        + headline(comparison)
        + section("Where the compute goes", losses, "From nameplate down to useful; each lost accelerator-second has one cause.")
        + mission_section(comparison, charts)
        + section("Differing inputs", inputs_table(comparison) + notes)
        + section("Key figures", metrics_table(comparison))
        + footer([(f"{letter} scenario sha256", summary.get("scenario_sha256")) for letter, summary in zip("AB", summaries, strict=True)])
    )
    write_page(path, title, body, {name: chart.figure for name, chart in charts.items() if chart is not None})
