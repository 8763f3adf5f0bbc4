"""The studio as a Dash application: the page, its panels, and the server behind it."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any, Final

import dash
import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html

from viz.studio.api import DATE, MISSION, BadRequest, Workbench, add_api, variant_of
from viz.studio.panels import PANELS
from viz.studio.panels.panel import Panel, View
from viz.studio.security import Access, guard

ASSETS: Final = Path(__file__).parent / "assets"
MOST_CHOSEN: Final = 64
LOST: Final = "The server does not answer. Your changes are in the address of this page; it goes on when the server is back."


def create_app(bench: Workbench, allowed: Access) -> Dash:
    """Make the application.

    Parameters
    ----------
    bench : Workbench
        The opened scenario and its variants.
    allowed : Access
        Where it listens, and what it asks for.

    Returns
    -------
    Dash
        The application; `app.server` is what a web server runs.
    """
    app = Dash(
        "dawndusk-studio", assets_folder=str(ASSETS), title=escape(f"{bench.name} | Dawndusk studio"), update_title="", serve_locally=True,
        add_log_handler=False,
    )
    panels = [panel for panel in PANELS if not panel.of_study or bench.study is not None]
    app.layout = _page(bench, panels)
    for panel in panels:
        if panel.connect is not None:
            panel.connect(app, bench.study)
        if not panel.of_study:
            _connect(app, bench, panel)
    add_api(app.server, bench)
    guard(app.server, allowed, app.csp_hashes())
    return app


def _page(bench: Workbench, panels: list[Panel]) -> Any:
    side = [panel for panel in panels if panel.place == "side"]
    below = [panel for panel in panels if panel.place == "below"]
    return dmc.MantineProvider(
        html.Div([
            dcc.Store("view"), dcc.Store("selection", data=[]), dcc.Store("theme", data="light"), dcc.Store("answers", data={}),
            _header(bench.name),
            html.Aside(html.Div(id="form"), className="left", **{"aria-label": "Scenario"}),
            html.Main(_globe(), className="middle"),
            html.Aside([html.Div(id="failure", hidden=True, role="alert"), *map(_section, side)], className="right", **{"aria-label": "Results"}),
            html.Section(_tabs(below, bench.study), className="below"),
            html.Div(LOST, id="lost", hidden=True, role="alert"),
            html.Div(id="toasts"),
        ], id="studio"),
    )  # fmt: skip


def _header(name: str) -> Any:
    return html.Header([
        html.Div([html.Img(src="assets/mark.svg", alt=""), html.B("Dawndusk")], className="brand"),
        html.Div([html.H1(name, id="scenario-name"), html.Span(id="scenario-size", className="muted")], className="scenario"),
        html.Div(id="variants", className="variants", role="toolbar", **{"aria-label": "Variants"}),
        html.Div(id="events", className="events"),
        html.Div([
            html.Button("+ event", id="add-event", className="plain", type="button"),
            html.Button("save", id="save-variant", className="plain", type="button", hidden=True, title="Save to the folder of variants"),
            html.Button("?", id="open-tour", className="plain", type="button", title="Tour of the first five minutes (?)", **{"aria-label": "Tour"}),
            html.Button("export", id="open-export", className="plain", type="button"),
            html.Button(html.Kbd("Ctrl K"), id="open-palette", className="plain", type="button", title="All commands, fields and satellites"),
        ], className="tools"),
        html.Div(id="status", className="status", role="status", **{"aria-live": "polite"}),
    ])  # fmt: skip


def _globe() -> list[Any]:
    return [
        html.Div([
            html.Div(id="legend", className="over"), html.Div(id="layers", className="over"), html.Div(id="chosen", className="over", hidden=True),
            html.Div(id="tip", className="over", hidden=True),
            html.P("This run recorded no positions; set recorder.satellites above 0.", id="no-scene", hidden=True),
            html.P(id="scene-note", className="over"),
        ], id="globe-host", **{"aria-label": "Globe with satellites, stations and links", "role": "img"}),
        html.Div(id="day", hidden=True, role="status"),
        html.Div(id="timeline", **{"aria-label": "Time"}, role="toolbar"),
    ]  # fmt: skip


def _section(panel: Panel) -> Any:
    return html.Section([html.H2(panel.title), html.Div(_empty(), id=f"panel-{panel.name}", className=f"panel {panel.name}")])


def _tabs(panels: list[Panel], study: Any) -> Any:
    return dmc.Tabs([
        dmc.TabsList([
            *(dmc.TabsTab(panel.title, value=panel.name) for panel in panels),
            html.Button("⤢", id="enlarge", className="plain", type="button", title="Enlarge or reduce this part (X)", **{"aria-label": "Enlarge"}),
        ]),
        *(dmc.TabsPanel(_below(panel, study), value=panel.name) for panel in panels),
    ], value=panels[0].name, className="tabs", keepMounted=True)  # fmt: skip


def _below(panel: Panel, study: Any) -> Any:
    content = panel.show(View(None, "", None, "", (), False, study)) if panel.of_study else _empty()
    return html.Div(content, id=f"panel-{panel.name}", className=f"panel {panel.name}")


def _empty() -> Any:
    return html.Div([html.I(), html.I(), html.I()], className="loading", role="status", **{"aria-label": "The first run is on its way"})


def _connect(app: Dash, bench: Workbench, panel: Panel) -> None:
    """Fill a panel whenever another run is shown, and where it follows them, other satellites are chosen or its analysis has ended."""
    chosen = Input("selection", "data") if panel.follows_selection else State("selection", "data")
    answers = Input("answers", "data") if panel.task else State("answers", "data")

    @app.callback(
        Output(f"panel-{panel.name}", "children"), Input("view", "data"), chosen, Input("theme", "data"), answers, prevent_initial_call=True
    )
    def show(view: Any, selection: Any, theme: Any, _: Any) -> Any:
        found = _view(bench, view, selection, theme)
        if found is None:
            return dash.no_update
        if not panel.task:
            return panel.show(found)
        if panel.of_mission:
            found = _of_mission(bench, view, found)
        else:
            found = replace(found, answer=_answer(bench, view, panel.task))
        if found.answer is None:
            return _invitation(panel) if panel.invite is None else panel.invite(found)
        return panel.show(found)


def _of_mission(bench: Workbench, view: Any, found: View) -> View:
    """A view with the mission of the shown variant, or of that of which it is a day."""
    owner = _owner(bench, view)
    if owner is None:
        return found
    years = bench.years(owner)
    if years is not None:
        return replace(found, answer=years)
    return replace(found, mission=bench.mission(owner))


def _owner(bench: Workbench, view: Any) -> Any:
    """The variant whose mission is shown: that of the run, or of which the run is a day."""
    day = view.get("day")
    if not isinstance(day, dict):
        return bench.runs.variant(view["shown"])
    try:
        return variant_of(bench, day.get("of"))
    except BadRequest:
        return None


def _answer(bench: Workbench, view: Any, task: str) -> Any:
    """Answer of an analysis of the shown run, None where there is none."""
    variant = bench.runs.variant(view["shown"])
    return None if variant is None else bench.runs.results(variant.key_of(task))


def _invitation(panel: Panel) -> Any:
    return html.Div([
        html.P(panel.invitation), html.Button("analyse", className="plain main", type="button", **{"data-task": panel.task}),
        html.Span(className="muted", role="status", **{"data-task-status": panel.task}),
    ], className="invitation")  # fmt: skip


def _view(bench: Workbench, view: Any, selection: Any, theme: Any) -> View | None:
    """What is shown, from the stores of the page; None where there is nothing to show."""
    if not isinstance(view, dict):
        return None
    shown, pinned = view.get("shown"), view.get("pinned")
    results = _results(bench, shown)
    if results is None:
        return None
    bench.runs.keep(frozenset(key for key in (shown, pinned) if isinstance(key, str)) | _mission_keys(bench, view))
    baseline = _results(bench, pinned) if pinned != shown else None
    chosen = tuple(n for n in selection[:MOST_CHOSEN] if isinstance(n, int)) if isinstance(selection, list) else ()
    name, other = str(view.get("name") or "")[:80], str(view.get("baseline") or "")[:80]
    day = view["day"].get("at") if isinstance(view.get("day"), dict) else None
    at = day if isinstance(day, str) and DATE.fullmatch(day) else ""
    return View(results, name, baseline, other, chosen, theme == "dark", bench.study, day=at)


def _mission_keys(bench: Workbench, view: dict[str, Any]) -> frozenset[str]:
    """Keys of the mission of which the shown run is a day."""
    owner = _owner(bench, view) if isinstance(view.get("day"), dict) else None
    return frozenset() if owner is None else frozenset({owner.key, owner.key_of(MISSION)})


def _results(bench: Workbench, key: Any) -> Any:
    """Results of a run; None where the key is not that of one."""
    found = bench.runs.results(key) if isinstance(key, str) else None
    return found if hasattr(found, "series") else None
