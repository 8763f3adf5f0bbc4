"""One self-contained page for one results folder: no network, the same bytes for the same results."""

from __future__ import annotations

import html
import json
from importlib import resources
from pathlib import Path
from typing import Any, Final

import plotly.io as pio
from plotly.offline import get_plotlyjs

from sim.schema import CAUSES, STATES
from viz import charts, words
from viz.charts import Chart
from viz.globe import coastlines, formation_label, formation_view, globe, movie
from viz.palette import CAUSE, STATE_COLOUR
from viz.scene import Scene, build_scene, epoch_utc

MAX_EVENTS: Final = 200
MANIFEST_FIELDS: Final = ("version", "python", "numpy", "numba")
MARK: Final = (
    '<svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10" fill="#10233d"/>'
    '<path d="M12 2a10 10 0 0 1 0 20z" fill="#f0b400"/></svg>'
)


def text(value: Any) -> str:
    """Any value as text that is safe inside HTML."""
    return html.escape(str(value))


def asset(name: str) -> str:
    """A file shipped in viz/assets."""
    return resources.files("viz").joinpath("assets", name).read_text(encoding="utf-8")


def embedded(identifier: str, content: str) -> str:
    """JSON inside a page, where a script finds it by its identifier."""
    safe = content.replace("<", "\\u003c")
    return f'<script type="application/json" id="{identifier}">{safe}</script>'


def key_html(key: tuple[tuple[str, str], ...]) -> str:
    """The key of a chart: colour and name of each part."""
    items = "".join(f'<li><i style="background:{colour}"></i>{text(name)}</li>' for name, colour in key)
    return f'<ul class="key">{items}</ul>' if key else ""


def figure_html(name: str, height: int, label: str) -> str:
    """The place of a figure; the page script draws it there."""
    return (
        f'<div class="figure" id="figure-{name}" role="img" aria-label="{text(label)}" style="height:{height}px"></div>'
    )


def chart_html(name: str, title: str, chart: Chart) -> str:
    """A chart with its title, key and note."""
    note = f'<p class="note">{text(chart.note)}</p>' if chart.note else ""
    heading = f"<h3>{text(title)}</h3>" if title else ""
    place = figure_html(name, int(chart.figure.layout.height), title or name)
    return f'<div class="panel">{heading}{key_html(chart.key)}{place}{note}</div>'


def section(title: str, body: str, lead: str = "") -> str:
    """A section of the page, nothing at all if it has no body."""
    if not body:
        return ""
    lead_html = f'<p class="lead">{text(lead)}</p>' if lead else ""
    return f"<section><h2>{text(title)}</h2>{lead_html}{body}</section>"


def header(results: Any) -> str:
    """Name of the scenario and what was run."""
    summary = results.summary
    items = "".join(f"<li>{text(item)}</li>" for item in words.describe(summary, epoch_utc(results)))
    name = text(summary.get("scenario") or "Run")
    return f'<header><p class="brand">{MARK}Dawndusk</p><h1>{name}</h1><ul class="facts">{items}</ul></header>'


def headline(summary: dict[str, Any]) -> str:
    """Useful share and mean useful rate, what took most, and the whole as one bar."""
    compute = summary.get("compute") or {}
    share, rate = compute.get("useful_fraction"), compute.get("mean_useful_flops_per_s")
    if share is None or rate is None:
        return '<section class="headline"><p class="verdict">Compute was not simulated.</p></section>'
    nameplate = compute.get("nameplate_flops")
    offered = ""
    if nameplate and summary.get("duration_s"):
        offered = f", out of {words.number(nameplate / summary['duration_s'] / words.PETA)} PFLOP/s launched"
    return (
        '<section class="headline"><div class="figures">'
        f'<div><p class="big" id="useful-share" data-value="{share!r}">{words.percent(share)}</p>'
        "<p>of nameplate compute is useful</p></div>"
        f'<div><p class="big" id="useful-rate" data-value="{rate!r}">{words.number(rate / words.PETA)}'
        f"<small> PFLOP/s</small></p><p>useful on average{offered}</p></div></div>"
        f'{spectrum(compute)}<p class="verdict">{text(words.verdict(summary))}</p></section>'
    )


def spectrum(compute: dict[str, Any]) -> str:
    """Nameplate as one bar, useful first, then the losses in the reverse of their order."""
    share = {row["cause"]: row.get("fraction") or 0.0 for row in compute.get("waterfall") or []}
    parts = "".join(
        f'<i style="width:{100 * share[c]:.4f}%;background:{CAUSE[c].colour}" '
        f'title="{text(CAUSE[c].title)}: {words.percent(share[c])}"></i>'
        for c in reversed(CAUSES)
        if share.get(c, 0.0) > 0.0
    )
    return f'<div class="spectrum" aria-hidden="true">{parts}</div>' if parts else ""


def cards(summary: dict[str, Any]) -> str:
    """Key numbers; what was not simulated is named in one line."""
    every = words.cards(summary)
    shown = "".join(
        f'<div class="card"><dt>{text(c.title)}</dt><dd>{text(c.value)}</dd>'
        f'<dd class="detail">{text(c.detail)}</dd></div>'
        for c in every
        if c.value is not None
    )
    missing = [c.title[0].lower() + c.title[1:] for c in every if c.value is None]
    note = f'<p class="note">Not simulated in this run: {text(", ".join(missing))}.</p>' if missing else ""
    return (f'<dl class="cards">{shown}</dl>' if shown else "") + note


def orbit_view(scene: Scene) -> str:
    """Globe, clock, key of the states with live counts, and the formation if there is one."""
    last = len(scene.unix_ms) - 1
    states = "".join(
        f'<li><i style="background:{STATE_COLOUR[s]}"></i>{text(s)} <b class="count" data-state="{i}"></b></li>'
        for i, s in reversed(list(enumerate(STATES)))
    )
    controls = (
        '<div class="controls"><button type="button" id="play" aria-pressed="false">Play</button>'
        f'<input type="range" id="clock" min="0" max="{last}" value="0" step="1" aria-label="Moment">'
        '<output id="moment" for="clock"></output>'
        f'<label><input type="checkbox" id="follow"{" checked" if scene.formation else ""}> '
        f"Follow {'formation' if scene.formation else 'Sun'}</label></div>"
    )
    if last == 0:
        controls = '<p class="controls"><output id="moment"></output></p>'
    extra = '<li><i class="night"></i>night side</li>'
    if scene.station:
        extra += '<li><i class="station"></i>ground station</li>'
    hint = "Drag to turn the globe. Distances are to scale, markers are not."
    body = (
        f'<ul class="key states">{states}{extra}</ul>{controls}'
        f"{figure_html('globe', 580, 'Globe with satellites coloured by state')}"
        f'<p class="note">{text(scene.note)} {hint}</p>'
    )
    if scene.formation is None:
        return f'<div class="panel orbit">{body}</div>'
    captions = {"plane": "In the orbit plane, the Earth below", "side": "From above, the Earth behind"}
    views = "".join(
        f'<div><p class="note">{c}</p>{figure_html(f"formation-{k}", 420, f"Formation. {c}")}</div>'
        for k, c in captions.items()
    )
    return (
        f'<div class="panel orbit">{body}<h3>Formation: {text(formation_label(scene))}</h3>'
        f'<p class="lead">Positions about the common centre, at the moment of the globe.</p>'
        f'<div class="pair">{views}</div></div>'
    )


def events_table(events: list[dict[str, Any]]) -> str:
    """The first 200 events, one a row."""
    if not events:
        return ""
    head = "".join(f"<th>{name}</th>" for name in ("time, UTC", "what", "satellites", "by"))
    rows = "".join(
        f"<tr>{''.join(f'<td>{text(cell)}</td>' for cell in words.event_cells(e))}</tr>" for e in events[:MAX_EVENTS]
    )
    more = f'<p class="note">The first {MAX_EVENTS} of {len(events):,} events.</p>' if len(events) > MAX_EVENTS else ""
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{more}'


def assumptions(summary: dict[str, Any]) -> str:
    """The fields of the scenario that rest on an assumption, folded away."""
    fields = summary.get("assumptions") or []
    if not fields:
        return ""
    items = "".join(f"<li><code>{text(f)}</code></li>" for f in fields)
    said = words.counted(len(fields), "input") + (" rests" if len(fields) == 1 else " rest")
    title = f"{said} on an assumption, not on a measured value"
    return f'<details><summary>{title}</summary><ul class="fields">{items}</ul></details>'


def footer(results: Any) -> str:
    """Where the page comes from: scenario, seed, versions."""
    groups = [results.manifest, *(v for v in results.manifest.values() if isinstance(v, dict))]
    known = {f: g[f] for f in MANIFEST_FIELDS for g in reversed(groups) if g.get(f)}
    items = [("Dawndusk", known.pop("version", None)), ("scenario sha256", results.summary.get("scenario_sha256"))]
    items += [("seed", results.summary.get("seed")), *known.items()]
    cells = "".join(f"<div><dt>{text(k)}</dt><dd>{text(v)}</dd></div>" for k, v in items if v is not None)
    coast = coastlines()
    return f"<footer><dl>{cells}</dl><p>Coastlines: {text(coast['source'])}; {text(coast['licence'])}.</p></footer>"


def page_parts(results: Any) -> tuple[str, dict[str, Any], Scene | None]:
    """The body of the page, its figures by name, and the scene behind the globe."""
    scene = build_scene(results)
    drawn = {
        "waterfall": charts.waterfall(results.summary),
        "throughput": charts.throughput(results),
        "power": charts.power(results),
        "temperature": charts.temperature(results),
        "stations": charts.stations(results),
    }
    figures = {name: chart.figure for name, chart in drawn.items() if chart is not None}
    if scene is not None:
        figures["globe"] = globe(scene)
        if scene.formation is not None:
            figures["formation-plane"] = formation_view(scene, "along-track", "radial")
            figures["formation-side"] = formation_view(scene, "along-track", "cross-track")
    titles = {"throughput": "Throughput", "power": "Power, whole fleet", "temperature": "Temperature"}
    series = "".join(chart_html(n, t, c) for n, t in titles.items() if (c := drawn[n]) is not None)
    waterfall, stations = (
        chart_html(n, "", c) if (c := drawn[n]) is not None else "" for n in ("waterfall", "stations")
    )
    body = (
        header(results)
        + headline(results.summary)
        + section(
            "Where the compute goes",
            waterfall,
            "Each lost accelerator-second has one cause; from nameplate down to useful.",
        )
        + section("Key numbers", cards(results.summary))
        + section("Over time", series)
        + section("Ground stations", stations)
        + section("In orbit", orbit_view(scene) if scene is not None else "")
        + section("Events", events_table(results.events))
        + section("Assumptions", assumptions(results.summary))
        + footer(results)
    )
    return body, figures, scene


def write_report(results: Any, path: Path) -> None:
    """Write the page for `results` (as sim.results reads them) to `path`."""
    body, figures, scene = page_parts(results)
    drawn = ",".join(f"{json.dumps(n)}:{pio.to_json(f, engine='json')}" for n, f in figures.items())
    film = json.dumps(movie(scene) if scene is not None else None, separators=(",", ":"))
    title = text(results.summary.get("scenario") or "Run")
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title} | Dawndusk</title><link rel="icon" href="data:,"><style>{asset("report.css")}</style></head>\n'
        f"<body><main>{body}</main><noscript><p>The charts of this page need JavaScript.</p></noscript>\n"
        f"{embedded('figures', '{' + drawn + '}')}\n{embedded('movie', film)}\n"
        f"<script>{get_plotlyjs()}</script>\n<script>{asset('report.js')}</script>\n</body></html>\n"
    )
    path.write_text(page, encoding="utf-8")
