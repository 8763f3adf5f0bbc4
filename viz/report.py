"""The self-contained report page of a results folder: offline, and byte-identical for identical results."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sim.results.contract_text import contract_headline
from sim.results.mission_text import mission_ground, mission_headline, mission_target
from sim.schema import CAUSES
from viz import (
    charts,
    contract,
    energy,
    formatting,
    gaps,
    jobs,
    latency,
    latency_map,
    link_load,
    mission,
    node_temperatures,
    radiation,
    radiation_map,
    resupply,
    satellites,
)
from viz.animation import animation
from viz.assumptions import assumptions_table
from viz.buffers import Buffers
from viz.cutaway import colour_scale
from viz.earth import coastlines
from viz.figures import Chart
from viz.formation import formation_label, formation_note, formation_view
from viz.globe import globe
from viz.html_parts import chart_html, collapsed, figure_html, figure_of, section, text
from viz.overview import overview
from viz.page import footer, header, write_page
from viz.palette import CAUSE, LINK, ROUTE
from viz.roofline import roofline
from viz.satellite_section import satellites_view
from viz.scene import Scene, build_scene, epoch_utc
from viz.waterfall import waterfall, waterfall_table

MAX_EVENTS: Final = 200
OPEN_EVENTS: Final = 20  # more than this are collapsed
MANIFEST_FIELDS: Final = ("version", "python", "numpy", "numba")
SCRIPTS: Final = ("charts.js", "orbit.js", "globe_input.js", "satellites.js", "page.js")

INTERACTIVE: Final = 'role="application" tabindex="0" aria-describedby="globe-hint"'


def run_header(results: Any) -> str:
    """Name of the scenario and what was run."""
    return header(results.summary.get("scenario") or "Run", formatting.describe(results.summary, epoch_utc(results)))


def headline(summary: dict[str, Any]) -> str:
    """Useful share and mean useful rate, the largest losses, and all shares as one bar."""
    compute = summary.get("compute") or {}
    share, rate = compute.get("useful_fraction"), compute.get("mean_useful_flops_per_s")
    if share is None or rate is None:
        return '<section class="headline"><p class="verdict">Compute was not simulated.</p></section>'
    nameplate = compute.get("nameplate_flops")
    launched = ""
    if nameplate and summary.get("duration_s"):
        launched = f", out of {formatting.number(nameplate / summary['duration_s'] / formatting.PETA)} PFLOP/s launched"
    big = figure_of(
        ("compute", "useful_fraction"), share, formatting.percent(share), "p", ' class="big" id="useful-share"'
    )
    shown = f"{formatting.number(rate / formatting.PETA)}<small> PFLOP/s</small>"
    mean = figure_of(("compute", "mean_useful_flops_per_s"), rate, shown, "p", ' class="big" id="useful-rate"')
    return (
        '<section class="headline"><div class="figures">'
        f"<div>{big}<p>of nameplate compute is useful</p></div>"
        f"<div>{mean}<p>useful on average{launched}</p></div></div>"
        f'{spectrum(compute)}<p class="verdict">{text(formatting.verdict(summary))}</p></section>'
    )


def spectrum(compute: dict[str, Any]) -> str:
    """Nameplate as one bar: useful first, then the losses in reverse order."""
    share = {row["cause"]: row.get("fraction") or 0.0 for row in compute.get("waterfall") or []}
    parts = "".join(
        f'<i style="width:{100 * share[c]:.4f}%;background:{CAUSE[c].colour}" '
        f'title="{text(CAUSE[c].title)}: {formatting.percent(share[c])}"></i>'
        for c in reversed(CAUSES)
        if share.get(c, 0.0) > 0.0
    )
    return f'<div class="spectrum" aria-hidden="true">{parts}</div>' if parts else ""


def orbit_controls(scene: Scene) -> str:
    """Controls of the orbit views: time, follow, layers, colouring."""
    last = len(scene.unix_ms) - 1
    followed = "formation" if scene.formation else "Sun"
    time = (
        '<button type="button" id="play" aria-pressed="false">Play</button>'
        f'<input type="range" autocomplete="off" id="clock" min="0" max="{last}" value="0" step="1" aria-label="Time">'
        '<output id="frame-time" for="clock"></output>'
        f'<label><input type="checkbox" autocomplete="off" id="follow"{" checked" if scene.formation else ""}> Follow {followed}</label>'
    )
    if scene.events.size and last:
        time += '<button type="button" id="next-event" class="plain">Next event</button>'
    if last == 0:
        time = '<output id="frame-time"></output>'
    layers = ""
    for name, data, title in (("links", scene.links, "Links"), ("routes", scene.routes, "Ground routes")):
        if data is not None:
            layers += f'<label><input type="checkbox" autocomplete="off" id="show-{name}" checked> {title} <b id="{name}-count"></b></label>'
    if scene.role is not None:
        names = ["state", "role", *(["job"] if scene.job is not None else [])]
        buttons = "".join(
            f'<label><input type="radio" autocomplete="off" name="colouring" value="{i}"{" checked" if i == 0 else ""}> {n}</label>'
            for i, n in enumerate(names)
        )
        layers += f'<div class="switch" role="radiogroup" aria-label="Colour by"><span>Colour by</span>{buttons}</div>'
    return f'<div class="controls">{time}</div>' + (f'<div class="controls drawn">{layers}</div>' if layers else "")


def orbit_view(scene: Scene, summary: dict[str, Any]) -> str:
    """Globe, time controls, colour legend with counts, and the formation views if there is a formation."""
    extra = '<li><i class="night"></i>night side</li>'
    if scene.station:
        extra += '<li><i class="station"></i>ground station</li>'
    if scene.links is not None:
        extra += f'<li class="for-links"><i class="stroke" style="background:{LINK}"></i>link</li>'
    if scene.routes is not None:
        extra += f'<li class="for-routes"><i class="stroke" style="background:{ROUTE}"></i>ground route</li>'
    globe_html = figure_html("globe", 620, "Globe with satellites, ground stations, links and routes", INTERACTIVE)
    body = (
        f'{orbit_controls(scene)}<ul class="key states" id="colour-key"></ul><ul class="key states">{extra}</ul>'
        f'<div class="globe">{globe_html}<p id="globe-hint"></p></div>'
        f'<p class="note">{text(scene.note)} Distances are to scale, markers are not.</p>'
    )
    if scene.formation is None:
        return f'<div class="panel orbit">{body}</div>'
    captions = {"plane": "In the orbit plane, Earth below", "side": "Seen from zenith, Earth behind"}
    views = "".join(
        f'<div><p class="note">{c}</p>{figure_html(f"formation-{k}", 420, f"Formation. {c}")}</div>'
        for k, c in captions.items()
    )
    return (
        f'<div class="panel orbit">{body}<h3>Formation: {text(formation_label(scene))}</h3>'
        f'<p class="lead">Positions relative to the common centre, at the time of the globe. {text(formation_note(summary))}</p>'
        f'<div class="pair">{views}</div></div>'
    )


def events_table(events: list[dict[str, Any]]) -> str:
    """The first 200 events, one per row; collapsed where there are many."""
    if not events:
        return ""
    head = "".join(f"<th>{name}</th>" for name in ("time, UTC", "event", "target", "cause"))
    rows = "".join(
        f"<tr>{''.join(f'<td>{text(cell)}</td>' for cell in formatting.event_cells(e))}</tr>"
        for e in events[:MAX_EVENTS]
    )
    more = f'<p class="note">The first {MAX_EVENTS} of {len(events):,} events.</p>' if len(events) > MAX_EVENTS else ""
    table = f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{more}'
    if len(events) <= OPEN_EVENTS:
        return table
    return f'<div class="panel">{collapsed(f"All {len(events):,} events", table)}</div>'


def run_footer(results: Any) -> str:
    """Provenance of the page: scenario hash, seed, versions."""
    groups = [results.manifest, *(v for v in results.manifest.values() if isinstance(v, dict))]
    known = {f: g[f] for f in MANIFEST_FIELDS for g in reversed(groups) if g.get(f)}
    items = [("Dawndusk", known.pop("version", None)), ("scenario sha256", results.summary.get("scenario_sha256"))]
    coast = coastlines()
    note = f"Coastlines: {coast['source']}; {coast['licence']}."
    return footer([*items, ("seed", results.summary.get("seed")), *known.items()], note)


def drawn_charts(results: Any, shown: satellites.Satellites | None) -> dict[str, Chart | None]:
    """Every chart of the page by name."""
    return {
        "nodes": None if shown is None else node_temperatures.chart(shown),
        "radiation": radiation_map.chart(results, shown),
        "waterfall": waterfall(results.summary),
        "jobs": jobs.timeline(results),
        "latency": latency.distribution(results),
        "coverage": latency.coverage(results),
        "gaps": gaps.calendar(results),
        "latency-map": latency_map.chart(results),
        "link-load": link_load.chart(results),
        "contract": contract.chart(results),
        "mission": mission.fan(results),
        "mission-capacity": mission.build_up(results),
        "mission-jobs": mission.jobs(results),
        "mission-inventory": mission.inventory(results),
        "mission-launches": resupply.chart(results),
        "mission-batches": mission.survival(results),
        "mission-costs": mission.costs(results),
        "mission-days": mission.capability(results),
        "throughput": charts.throughput(results),
        "power": charts.power(results),
        "temperature": charts.temperature(results),
        **{f"roofline-{i}": roofline(work) for i, work in enumerate(results.summary.get("workloads") or [])},
    }


def contract_lead(summary: dict[str, Any]) -> str:
    """What is rented, at which price, and when it ends; empty without a contract."""
    rented = summary.get("contract")
    return "" if rented is None else f"{contract_headline(rented)}."


def mission_lead(summary: dict[str, Any]) -> str:
    """What the years bring, and when the target is missed; empty without a mission."""
    years = summary.get("mission")
    if years is None:
        return ""
    return f"{mission_headline(years)}. Useful rate {mission_target(years)}. Capacity from the decision on: {mission_ground(years)}."


def chart_sections(results: Any, drawn: dict[str, Chart | None], orbit: str, one_by_one: str) -> str:
    """The waterfall, the key figures and the sections with charts, in the order of the page."""
    summary = results.summary
    numbers = collapsed("Table", waterfall_table(summary))
    ground = chart_html("latency", "Round-trip time", drawn["latency"]) + latency.stations_table(summary)
    ground += latency.countries_table(summary) + latency.gateways_table(summary) + latency.pairs_table(summary)
    ground += chart_html("coverage", "Over time", drawn["coverage"])
    ground += chart_html("gaps", "Times without a route", drawn["gaps"]) + chart_html("latency-map", "Over the Earth", drawn["latency-map"])
    rented = chart_html("contract", "Capacity and demand", drawn["contract"], contract.cases_table(summary))
    years = chart_html("mission", "Useful rate", drawn["mission"], mission.tables(summary))
    years += chart_html("mission-capacity", "Capacity from the decision on", drawn["mission-capacity"])
    years += chart_html("mission-costs", "What costs most", drawn["mission-costs"])
    years += chart_html("mission-jobs", "Jobs", drawn["mission-jobs"])
    years += chart_html("mission-inventory", "Satellites", drawn["mission-inventory"])
    years += chart_html("mission-launches", "Calendar of resupply", drawn["mission-launches"], resupply.calendar_table(summary))
    years += chart_html("mission-batches", "Survival by launch", drawn["mission-batches"])
    years += chart_html("mission-days", "While nothing fails", drawn["mission-days"])
    works = summary.get("workloads") or []
    network = "".join(
        chart_html(f"roofline-{i}", f"Training {work['model']}" if len(works) > 1 else "", drawn[f"roofline-{i}"]) for i, work in enumerate(works)
    )
    titles = {"throughput": "Throughput", "power": "Power and stored energy, fleet total", "temperature": "Temperature"}
    return (
        section(
            "Where the compute goes",
            chart_html("waterfall", "", drawn["waterfall"], numbers),
            "From nameplate down to useful; each lost accelerator-second has one cause.",
        )
        + section("Over the years", years, mission_lead(summary))
        + section("Contract and hedges", rented, contract_lead(summary))
        + section("At a glance", overview(summary))
        + section("In orbit", orbit)
        + section("One satellite", one_by_one)
        + section("Workloads over time", chart_html("jobs", "", drawn["jobs"]))
        + section(
            "What the network allows",
            network,
            "The rate that a training job can reach, by the bytes that it sends between satellites for its arithmetic. The shaded area is "
            "what links and accelerators allow, whatever the algorithm.",
        )
        + section("What links carry", chart_html("link-load", "", drawn["link-load"]))
        + section("Latency and coverage", ground)
        + section("Where the energy goes", energy.view(results))
        + section("Over time", "".join(chart_html(n, t, drawn[n]) for n, t in titles.items()))
    )


def page_parts(results: Any) -> tuple[str, dict[str, Any], dict[str, Any], bytes]:
    """The body of the page, its figures by name, the data of its other views by name, and their arrays."""
    scene, shown, buffers = build_scene(results), satellites.find_satellites(results), Buffers()
    drawn = drawn_charts(results, shown)
    figures = {name: chart.figure for name, chart in drawn.items() if chart is not None}
    if scene is not None:
        figures["globe"] = globe(scene)
        if scene.formation is not None:
            figures["formation-plane"] = formation_view(scene, "along-track", "radial")
            figures["formation-side"] = formation_view(scene, "along-track", "cross-track")
    orbit = orbit_view(scene, results.summary) if scene is not None else ""
    body = (
        run_header(results)
        + headline(results.summary)
        + chart_sections(results, drawn, orbit, satellites_view(results, shown, drawn))
        + section("Events", events_table(results.events))
        + section("Assumptions", assumptions_table(results))
        + run_footer(results)
    )
    views: dict[str, Any] = {"animation": None if scene is None else animation(scene, buffers), "satellites": None}
    if shown is not None:
        dose = [radiation.dose_words(one) for one in radiation.doses(results, shown)]
        views["satellites"] = satellites.page_data(shown, buffers, colour_scale(shown)) | {"dose": dose}
    return body, figures, views, buffers.content


def write_report(results: Any, path: Path) -> None:
    """Write the report of `results` (as sim.results.store reads them) to `path`."""
    body, figures, views, arrays = page_parts(results)
    write_page(path, results.summary.get("scenario") or "Run", body, figures, views, arrays, SCRIPTS)
