"""The page of a sweep: the best settings, key figures against the varied inputs, the waterfall of every setting, a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from viz import formatting, study_charts
from viz.figures import Chart
from viz.html_parts import chart_html, collapsed, section, table, text
from viz.page import footer, header, write_page
from viz.palette import CAUSE
from viz.study_points import (
    CAPEX,
    COST,
    RATE,
    SEED,
    SHARE,
    Measure,
    Setting,
    as_good,
    at_edges,
    axis_titles,
    best,
    label,
    measures,
    settings,
    ticks,
    typeset,
    varied_axes,
    varies,
)

MAX_ROWS: Final = 500
OPEN_ROWS: Final = 60  # more than this are collapsed


def facts(study: Any) -> list[str]:
    """What was run: scenario, points, values that all points share, seeds."""
    scenario = next((row["scenario"] for row in study.rows if row.get("scenario")), None)
    failed = sum(row["error"] is not None for row in study.rows)
    items = [f"sweep of {scenario}"] if scenario else []
    items.append(formatting.counted(len(study.rows), "point"))
    if failed:
        items.append(f"{failed:,} failed")
    for axis in study.axes:
        if axis.fields == SEED and len(axis.labels) > 1:
            items.append(formatting.counted(len(axis.labels), "seed"))
    satellites = {row.get("satellites") for row in study.rows if row["error"] is None}
    if len(satellites) == 1 and (only := satellites.pop()) is not None:
        items.append(formatting.counted(only, "satellite"))
    durations = {row.get("duration_s") for row in study.rows if row["error"] is None}
    if len(durations) == 1 and (only := durations.pop()) is not None:
        items.append(formatting.duration(only))
    return items


def largest_loss(one: Setting) -> str:
    """The largest loss of a setting in words."""
    losses = sorted(((share, cause) for cause, share in one.shares.items() if cause != "useful"), reverse=True)
    if not losses or losses[0][0] <= formatting.ROUNDING:
        return formatting.NONE
    return f"{CAUSE[losses[0][1]].title}, {formatting.percent(losses[0][0])}"


def big_figure(study: Any, found: Sequence[Setting], one: Setting, measure: Measure, identifier: str) -> str:
    """A measure of the best setting in large type, and below it the setting and how many others are as good."""
    value = one.mean(measure)
    shown = "" if value is None else measure.form(value)
    what = "highest useful share of nameplate" if measure is SHARE else "lowest capital cost per useful PFLOP/s"
    others = as_good(found, measure, one)
    equal = f", and {formatting.counted(others, 'other')} as good" if others else ""
    edges = at_edges(study, one)
    if edges:
        equal += f"; at the edge of the grid in {' and '.join(edges)}"
    return (
        f'<div><p class="big" id="{identifier}" data-point="{one.point}" data-value="{value!r}">{text(shown)}</p><p>{what}</p>'
        f'<p class="where">point {one.point}: {text(label(study, one) + equal)}</p></div>'
    )


def headline(study: Any, found: Sequence[Setting]) -> str:
    """The best settings and the range of the useful share."""
    top = best(found, SHARE)
    if top is None:
        return '<section class="headline"><p class="verdict">No point succeeded.</p></section>'
    figures = big_figure(study, found, top, SHARE, "useful-share")
    cheap = best(found, COST)
    if cheap is not None:
        figures += big_figure(study, found, cheap, COST, "lowest-cost")
    shares = [value for s in found if (value := s.mean(SHARE)) is not None]
    over = "settings" if any(s.seeds > 1 for s in found) else "points"
    verdict = f"The useful share is {formatting.percent(min(shares))} to {formatting.percent(max(shares))} over all {over}."
    loss = largest_loss(top)
    if loss != formatting.NONE:
        verdict += f" The largest loss at its highest is {loss[0].lower()}{loss[1:]}."
    return f'<section class="headline"><div class="figures">{figures}</div><p class="verdict">{text(verdict)}</p></section>'


def drawn_charts(study: Any, found: Sequence[Setting]) -> dict[str, tuple[str, Chart | None]]:
    """Title and chart by name: a line or a heat map for each measure, or parallel coordinates and the effect of each input."""
    shown = measures(found) if best(found, SHARE) is not None else []
    axes = len(varied_axes(study))
    drawn: dict[str, tuple[str, Chart | None]] = {}
    if axes in (1, 2):
        draw = study_charts.line if axes == 1 else study_charts.heat_map
        drawn = {f"measure-{m.key}": (m.title, draw(study, found, m)) for m in shown}
    elif axes > 2 and shown:
        drawn["effects"] = ("Useful share against each input", study_charts.effects(study, found))
        drawn["parallel"] = ("All settings", study_charts.parallel_coordinates(study, found, shown))
    drawn["stacks"] = ("", study_charts.stacks(study, found))
    return drawn


def points_table(study: Any, found: Sequence[Setting]) -> str:
    """All settings, the highest useful share first, failed ones last."""
    columns = [m for m in (SHARE, RATE, COST) if any(m.key in s.spread for s in found)]
    columns += [CAPEX] if varies(found, CAPEX) else []
    top = best(found, SHARE)
    ordered = sorted(found, key=lambda s: (s.mean(SHARE) is None, -(s.mean(SHARE) or 0.0), s.point))
    axes = range(len(varied_axes(study)))
    rows = []
    for s in ordered[:MAX_ROWS]:
        mark = ' <span class="tag">best</span>' if s is top else ""
        cells = f"<td>{s.point}{mark}</td>" + "".join(f"<td>{text(ticks(study, at)[s.where[at]])}</td>" for at in axes)
        if s.error is not None and not s.seeds:
            rows.append(f'{cells}<td class="failed" colspan="{len(columns) + 1}">failed: {text(s.error)}</td>')
            continue
        for m in columns:
            value = s.mean(m)
            cells += f'<td class="none">{formatting.NONE}</td>' if value is None else f'<td data-value="{value!r}">{text(m.form(value))}</td>'
        rows.append(f"{cells}<td>{text(largest_loss(s))}</td>")
    heads = ["point", *axis_titles(study), *(m.title[0].lower() + m.title[1:] for m in columns), "largest loss"]
    note = f'<p class="note">The first {MAX_ROWS} of {len(found):,}.</p>' if len(found) > MAX_ROWS else ""
    html = table(heads, rows, "numbers points") + note
    return html if len(rows) <= OPEN_ROWS else f'<div class="panel">{collapsed(f"All {len(found):,} settings", html)}</div>'


def fields_table(study: Any) -> str:
    """The varied fields of the scenario with their full names and values."""
    rows = []
    for axis in study.axes:
        for at, field in enumerate(axis.fields):
            values = [typeset(one.split(" / ")[at] if len(axis.fields) > 1 else one) for one in axis.labels]
            few = values if len(values) <= 12 else [*values[:11], "\u2026", values[-1]]
            rows.append(f"<td><code>{text(field)}</code></td><td>{text(', '.join(few))}</td>")
    return table(("field of the scenario", "values"), rows, "fields")


def write_study(study: Any, path: Path) -> None:
    """Write the page of `study` (as sim.studies.study_table reads it) to `path`."""
    found = settings(study)
    drawn = drawn_charts(study, found)
    panels = [chart_html(name, title, chart) for name, (title, chart) in drawn.items() if name != "stacks"]
    paired = f'<div class="pair">{"".join(panels)}</div>' if len(panels) > 1 and "effects" not in drawn else "".join(panels)
    lead = "Means over the seeds." if any(s.seeds > 1 for s in found) else ""
    body = (
        header(study.name, facts(study))
        + (f'<p class="description">{text(study.description)}.</p>' if study.description else "")
        + headline(study, found)
        + section("What the inputs change", paired, lead)
        + section(
            "Where the compute goes",
            chart_html("stacks", *drawn["stacks"]),
            "Useful share and losses of every setting; each lost accelerator-second has one cause.",
        )
        + section("Points", points_table(study, found), "The highest useful share first.")
        + section("Varied inputs", fields_table(study))
        + footer([("Dawndusk", study.version or None), ("study", study.identity)])
    )
    write_page(path, study.name, body, {name: chart.figure for name, (_, chart) in drawn.items() if chart is not None})
