"""Panels of the studio and the data of its globe, on made-up results."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import studies
import synthetic
import xarray as xr

from sim.results import analysis_text
from sim.schema import CAUSES, STATES
from sim.studies.plans import Answer as Plans
from sim.studies.plans import PlanRow
from sim.studies.why import Answer, Base, Cause, Input
from viz import mission
from viz.formatting import celsius, percent, petaflops
from viz.html_parts import Fact
from viz.studio import app
from viz.studio.panels import PANELS, figures, latency, links, plan, series, station_spread, waterfall, why
from viz.studio.panels import mission as mission_panel
from viz.studio.panels import study as study_panel
from viz.studio.panels.panel import PLACES, View
from viz.studio.scene_data import MISSING_SHARE, scene_data
from viz.study_points import measures, metrics, pareto, settings

Make = Callable[..., synthetic.Results]


def _view(results: Any, baseline: Any = None, **more: Any) -> View:
    return replace(View(results, "shown", baseline, "before" if baseline else "", (), False), **more)


def _walk(node: Any) -> Iterator[Any]:
    """A component and all that it holds."""
    if isinstance(node, list | tuple):
        for one in node:
            yield from _walk(one)
    elif node is not None:
        yield node
        yield from _walk(getattr(node, "children", None))


def _data(components: Any, name: str) -> dict[str, Any]:
    return {getattr(one, name): one for one in _walk(components) if hasattr(one, name)}


def test_panels_are_registered_once() -> None:
    names = [panel.name for panel in PANELS]
    assert len(set(names)) == len(names)
    assert {panel.place for panel in PANELS} == set(PLACES)


OF_RUNS = [panel for panel in PANELS if not panel.task and not panel.of_study]


@pytest.mark.parametrize("panel", OF_RUNS, ids=lambda panel: panel.name)
@pytest.mark.parametrize("kind", ["formation", "walker"])
@pytest.mark.parametrize("dark", [False, True])
def test_every_panel_shows_any_run(request: pytest.FixtureRequest, panel: Any, kind: str, dark: bool) -> None:
    """What a panel gives can be sent to the page, with and without a baseline, and of satellites that are not there."""
    run = request.getfixturevalue(kind)
    for view in (_view(run, dark=dark), _view(run, run, dark=dark, selection=(0, 3, 10**6))):
        shown = [one for one in _walk(panel.show(view)) if hasattr(one, "to_plotly_json")]
        assert shown
        json.dumps([str(one) for one in shown])


def test_figures_have_the_values_of_the_summary(formation: synthetic.Results) -> None:
    """Source of truth: the summary, to the last bit."""
    rows = _data(figures.show(_view(formation)), "data-fact")
    assert len(rows) > 5
    for path, row in rows.items():
        value: Any = formation.summary
        for key in path.split("."):
            value = value[int(key)] if key.isdigit() else value[key]
        assert float(getattr(row, "data-value")) == value


@pytest.mark.parametrize(
    ("form", "title", "value", "against", "text"),
    [
        (percent, "Useful", 0.40, 0.38, "+2.00 points"), (percent, "Useful", 0.38, 0.40, "\u22122.00 points"), (percent, "Useful", 0.4, 0.4, "="),
        (petaflops, "Rate", 1.1e18, 1.0e18, "+10.0 %"), (petaflops, "Rate", 9e17, 1e18, "\u221210.0 %"), (petaflops, "Rate", 1.0, 0.0, "from none"),
        (celsius, "Hottest junction", 333.15, 330.05, "+3.1 K"), (petaflops, "Rate", 1.0, None, ""),
    ],
)  # fmt: skip
def test_differences_by_hand(form: Any, title: str, value: float, against: float | None, text: str) -> None:
    assert figures.difference(Fact(title, ("x",), form), value, against) == text


def test_waterfall_adds_up(formation: synthetic.Results, walker: synthetic.Results) -> None:
    """Source of truth: the ledger: bars follow each other from nameplate down to useful; outlines are those of the baseline."""
    rows = _data(waterfall.show(_view(formation, walker)), "data-cause")
    assert next(iter(rows)) == "nameplate"
    assert [c for c in rows if c != "nameplate"] == [c for c in CAUSES if c in rows]
    own, before = ({row["cause"]: row["fraction"] for row in run.summary["compute"]["waterfall"]} for run in (formation, walker))
    level = 1.0
    for cause, row in list(rows.items())[1:]:
        (bar, ghost) = row.children[1].children
        size = float(getattr(row, "data-share"))
        assert size == own.get(cause, 0.0)
        level = 0.0 if cause == "useful" else level - size
        assert float(bar.style["left"].rstrip("%")) == pytest.approx(100.0 * level, abs=2e-3)
        assert float(ghost.style["width"].rstrip("%")) == pytest.approx(100.0 * before.get(cause, 0.0), abs=2e-3)
    assert level == 0.0


def test_series_share_one_axis_of_time(formation: synthetic.Results) -> None:
    """Charts stand below each other and have one axis; chosen satellites get their own."""
    plain, chosen = series.drawn(_view(formation)), series.drawn(_view(formation, selection=(3,)))
    assert plain is not None
    assert chosen is not None
    assert {trace.xaxis for trace in chosen.data} == {"x"}
    assert len({trace.yaxis for trace in chosen.data}) > len({trace.yaxis for trace in plain.data})
    places = sorted(chosen.layout[key].domain for key in chosen.layout if str(key).startswith("yaxis"))
    assert all(low[1] <= high[0] for low, high in pairwise(places))
    (junction,) = [t for t in chosen.data if t.name == "Satellite 3" and t.yaxis == chosen.data[-1].yaxis]
    recorded = formation.series["sat_junction_k"].sel(sat=3).values - 273.15
    assert np.allclose(junction.y, recorded, atol=1e-4)


def _of(summary: dict[str, Any], **series: Any) -> Any:
    """A run with a summary and few series."""
    return SimpleNamespace(summary=summary, series=xr.Dataset(series, attrs={"epoch": "2026-12-21T00:00:00Z"}), events=[])


def test_latency_beside_the_baseline() -> None:
    """Source of truth: by hand: medians of a station and of a pair, 12.5 against 10.25 ms."""

    def run(median: float | None) -> Any:
        rtt = {"propagation_rtt_ms": {"min": 1.0, "median": median, "p99": 20.0}, "coverage_fraction": 0.5}
        return _of({"ground": {"stations": {"Oslo": rtt, "<Rome>": rtt}}, "station_pairs": {"Oslo - <Rome>": rtt}})

    shown = _cells(latency.PANEL.show(_view(run(12.5), run(10.25))))
    assert shown[0] == ["", "coverage", "RTT min", "median", "p99", "change of the median"]
    assert shown[1] == ["Oslo - <Rome>", "50.0\u00a0%", "1.00\u00a0ms", "12.50\u00a0ms", "20.00\u00a0ms", "+2.25 ms"]
    assert [row[0] for row in shown if row[0]] == ["Oslo - <Rome>", "<Rome>", "Oslo"]
    assert _cells(latency.PANEL.show(_view(run(12.5), run(12.5))))[1][5] == "="
    assert "change of the median" not in _cells(latency.PANEL.show(_view(run(12.5), run(None))))[0]
    assert _cells(latency.PANEL.show(_view(_of({"ground": None})))) == []


def _grounded() -> Any:
    """Two users, one of whom is long without a route, and two gateways with radios; by hand."""

    def spread(median: float) -> dict[str, float]:
        return {"min": median - 1.0, "median": median, "p99": median + 5.0, "max": median + 6.0}

    def station(median: float, outages: dict[str, Any]) -> dict[str, Any]:
        return {"propagation_rtt_ms": spread(median), "user_rtt_ms": spread(median + 17.0), "coverage_fraction": 0.75, "outages": outages}

    never, long = {"count": 0, "total_s": 0.0, "longest_s": 0.0, "longest_at_s": None}, {"count": 3, "total_s": 5400.0, "longest_s": 3660.0, "longest_at_s": 7200.0}
    short = {"count": 1, "total_s": 30.0, "longest_s": 30.0, "longest_at_s": 60.0}
    site = {"available_fraction": 0.995, "down_bit_s": 2.5e9, "up_bit_s": 1e9, "attenuation_p99_db": 7.25}
    internet = {"rtt_ms": spread(30.0), "coverage_fraction": 1.0, "bent_pipe_fraction": 0.9}
    ground = {
        "coverage_fraction": 0.75, "user_rtt_ms": spread(22.0), "components_ms": {"propagation": 6.0, "processing": 0.0, "access": 17.0, "terrestrial": 2.0},
        "without_data_rules": {"user_rtt_ms": spread(21.0), "coverage_fraction": 0.875},
        "internet": internet | {"stations": {"Oslo": internet, "<b>Rome": internet | {"rtt_ms": spread(28.0)}}},
        "stations": {"Oslo": station(5.0, short), "<b>Rome": station(6.0, long)},
        "gateways": {"Turin": station(4.0, never) | {"user_time_fraction": 0.25}, "Lund": station(4.5, never) | {"user_time_fraction": 0.75}},
        "link": {"available_fraction": 0.99, "any_available_fraction": 1.0, "sites": {"Lund": site, "Turin": site | {"attenuation_p99_db": None}}},
        "countries": {"NO": {"user_rtt_ms": spread(22.0), "coverage_fraction": 1.0}, "IT": {"user_rtt_ms": spread(23.0), "coverage_fraction": 0.5}},
    }  # fmt: skip
    return _of({"ground": ground, "station_pairs": {}})


def test_latency_of_gateways_countries_and_gaps() -> None:
    """Source of truth: by hand: tables, figures over all users, and parts of the mean round trip, 6 + 17 + 2 ms."""
    shown = latency.PANEL.show(_view(_grounded()))
    rows = {row[0]: row for row in _cells(shown) if row[0] not in ("", "Oslo", "<b>Rome")}
    assert rows["Lund"][:2] == ["Lund", "75.0\u00a0%"]
    assert rows["Lund"][-4:] == ["99.5\u00a0%", "2.50\u00a0Gbit/s", "1.00\u00a0Gbit/s", "7.2\u00a0dB"]
    assert rows["Turin"][-1] == ""
    assert list(rows) == ["Lund", "Turin", "NO", "IT"]
    table = _cells(shown)
    first = next(n for n, row in enumerate(table) if row[1] == "longest")
    assert table[first + 1] == ["<b>Rome", "1\u00a0h 1\u00a0min", "2026-12-21 02:00:00", "3", "1\u00a0h 30\u00a0min"]
    assert table[first + 2] == ["Oslo", "30\u00a0s", "2026-12-21 00:01:00", "1", "30\u00a0s"]
    parts = _data(shown, "data-part")
    assert {name: float(one.style["width"].rstrip("%")) for name, one in parts.items()} == {"propagation": 24.0, "access": 68.0, "terrestrial": 8.0}
    heads, values = ([one.children for one in _walk(shown) if type(one).__name__ == name] for name in ("Dt", "Dd"))
    facts = dict(zip(heads, values, strict=True))
    assert facts["to the internet, median"] == "30.00\u00a0ms"
    assert facts["without data rules, median"] == "21.00\u00a0ms"
    assert facts["links to the ground available"] == "99.0\u00a0%"


def test_stations_side_by_side() -> None:
    """Source of truth: by hand: sorted by the median to the internet, lines from the minimum to the 99th percentile, names as text."""
    chart = station_spread.chart(_grounded().summary)
    assert chart is not None
    lines, dots, internet, medians = chart.figure.data
    assert [text.split("</b>")[0] for text in medians.hovertext] == ["<b>&lt;b&gt;Rome", "<b>Oslo"]
    assert list(chart.figure.layout.xaxis.ticktext) == ["&lt;b&gt;Rome", "Oslo"]
    assert list(medians.y) == [28.0, 30.0]
    assert list(dots.y) == [23.0, 22.0]
    assert list(internet.y) == [27.0, 33.0, None, 29.0, 35.0, None]
    assert list(lines.y) == [22.0, 28.0, None, 21.0, 27.0, None]
    blind = {"propagation_rtt_ms": dict.fromkeys(("min", "median", "p99", "max"))}
    assert station_spread.chart({"ground": {"stations": {"Oslo": blind}}}) is None


def _loaded(run: synthetic.Results) -> synthetic.Results:
    """Links of a coupled run with utilisation by the number of the first end, 10-11 and one that came back the most."""
    link_a = run.series["link_a"].values
    used = np.where(link_a == 10, 0.75, 1e-3 * link_a).astype(np.float32)
    used[1], used[2] = np.nan, 0.0
    times = np.array([0, 60_000], dtype=np.int64)
    curves = {f"link_utilisation_{name}": ("traffic_time", np.full(2, value)) for name, value in (("mean", 0.1), ("p99", 0.5), ("max", 0.9))}
    traffic = {**curves, "link_traffic_bit_s": ("traffic_time", np.full(2, 1e9)), "link_utilisation": ("link", used)}
    run.series = run.series.assign(traffic).assign_coords(traffic_time=times)
    return run


def test_busiest_links(make: Make) -> None:
    """Source of truth: the numbers: 0.75 of link 10-11, then a thousandth of the first end's number, from the highest down."""
    run = _loaded(synthetic.couple(make("walker")))
    last = int(run.series["link_a"].values[-1])
    found = links.busiest(run.series)
    assert [one.ends for one in found[:3]] == [(10, 11), (last, last + 1), (last - 1, last)]
    assert len(found) == links.MOST
    assert found[0].names == ("Satellite 10", "Satellite 11")
    assert links.busiest(run.series.assign(link_utilisation=0.0 * run.series["link_utilisation"])) == []
    shown = _data(links.PANEL.show(_view(run)), "data-satellites")
    assert next(iter(shown)) == "10 11"
    assert float(getattr(shown["10 11"], "data-value")) == 0.75


@pytest.mark.parametrize("view", [None, [], {}, {"shown": "why"}, {"shown": 3}, {"shown": ["run"]}, {"shown": "none"}])
def test_what_is_not_a_run_is_not_shown(formation: synthetic.Results, view: Any) -> None:
    """A page may send anything: the key of an analysis is not that of a run, for the shown variant and for the baseline."""
    kept: list[Any] = []
    runs = SimpleNamespace(results=lambda key: {"run": formation, "why": object()}.get(key), keep=kept.append)
    bench = SimpleNamespace(runs=runs, study=None)
    assert app._view(bench, view, ["x", 3], "dark") is None
    shown = app._view(bench, {"shown": "run", "pinned": "why", "name": 5, "baseline": {}}, ["x", 3, 2.5], None)
    assert shown is not None
    assert (shown.results, shown.baseline, shown.selection) == (formation, None, (3,))


# --- years of a mission


def _years() -> Any:
    """Three parts of a mission, of 90 days in all."""
    ends = np.array([30, 60, 90], dtype=np.int64) * 86_400_000
    levels = {name: (("mission_quantile", "mission_time"), np.tile([0.0, 1.0, 2.0], (3, 1))) for name in (
        "mission_empty", "mission_spares", "mission_stock", "mission_ordered", "mission_derelicts", "mission_lost", "mission_launches",
        "mission_launched", "mission_useful", "mission_units_failed",
    )}  # fmt: skip
    arrays = xr.Dataset(
        levels | {"mission_useful_whole": ("mission_time", np.full(3, 1.5e18))},
        {"mission_time": ends, "mission_quantile": ["P10", "P50", "P90"]}, {"epoch": "2026-12-21T00:00:00Z"},
    )  # fmt: skip
    spread = {"mean": 0.5, "p10": 0.4, "p50": 0.5, "p90": 0.6}
    section = {
        "target": 0.9, "duration_s": 90 * 86400.0, "start": "2026-12-21T00:00:00Z", "replicas": 7, "jobs": [], "spent_usd": None,
        "processes": [{"name": "loss", "failures": spread, "gain": spread}], "money": None, "events": [{"at_s": 864000.0, "until_s": None, "event": "a storm", "what": "common cause"}],
        "below_target": {"first_s": {"p50": None, "never": 1.0}, "share_of_time": spread, "probability_at_end": 0.0},
        "counts": dict.fromkeys(("lost", "retired", "units_failed", "units_repaired", "launches", "launched", "visits"), spread),
        **dict.fromkeys(("useful_fraction", "availability", "capacity_at_end", "useful_at_end"), spread),
    }  # fmt: skip
    return SimpleNamespace(figures=section, arrays=arrays)


@pytest.mark.parametrize("dark", [False, True])
def test_years_are_the_charts_of_the_report(formation: synthetic.Results, dark: bool) -> None:
    """Source of truth: the curves of the report: all of them, once, over one axis of dates; the open day is marked, and events are listed."""
    years = _years()
    alone = SimpleNamespace(summary={"mission": years.figures}, series=years.arrays)
    view = _view(formation, answer=years, dark=dark, day="2027-01-15")
    figure, keys = mission_panel.drawn(view)
    fan, inventory = mission.fan(alone), mission.inventory(alone)
    assert fan is not None
    assert inventory is not None
    expected = [*fan.figure.data, *inventory.figure.data]
    assert [trace.name for trace in figure.data] == [trace.name for trace in expected]
    for one, other in zip(figure.data, expected, strict=True):
        np.testing.assert_array_equal(one.y, other.y)
        np.testing.assert_array_equal(one.x, other.x)
        assert one.xaxis == "x"
    assert {trace.yaxis for trace in figure.data} == {"y", "y2", "y3", "y4"}
    assert figure.layout.shapes[-1].x0 == "2027-01-15"
    domains = [figure.layout[name].domain for name in ("yaxis4", "yaxis3", "yaxis2", "yaxis")]
    assert all(below[1] < above[0] for below, above in pairwise(domains))
    assert [name for name, _ in keys[0]][-1] == "the day on the globe"
    assert ("#10233d" in {colour for key in keys for _, colour in key}) is not dark
    shown = mission_panel.PANEL.show(view)
    words = str([getattr(one, "children", "") for one in _walk(shown)])
    assert "2026-12-31: a storm: common cause" in words
    assert "Back to the mission" in words
    assert "Back to the mission" not in str([getattr(one, "children", "") for one in _walk(mission_panel.PANEL.show(replace(view, day="")))])


def test_a_mission_is_run_on_request(formation: synthetic.Results) -> None:
    """Before it was run: what it takes, and a button; without one: a button that adds it."""
    asked = _data(mission_panel.invite(_view(formation, mission={"days": 12, "replicas": 1})), "data-task")
    assert set(asked) == {"mission"}
    words = str([getattr(one, "children", "") for one in _walk(mission_panel.invite(_view(formation, mission={"days": 12, "replicas": 1})))])
    assert "12 runs" in words
    assert "1 replica:" in words
    assert set(_data(mission_panel.invite(_view(formation)), "data-set")) == {"mission={duration: 5 yr}"}


def test_a_day_belongs_to_its_mission(formation: synthetic.Results) -> None:
    """The mission of the variant of which the run is a day is shown and kept; anything else that a page may send is no mission."""
    kept: list[Any] = []
    owner = SimpleNamespace(key="o", key_of=lambda task: f"o-{task}")
    runs = SimpleNamespace(results=lambda key: formation if key == "run" else None, keep=kept.append, variant=lambda key: None)
    bench = SimpleNamespace(
        runs=runs, study=None, variant=lambda sets, events, seed: owner, years=lambda variant: _years() if variant is owner else None,
        mission=lambda variant: None,
    )  # fmt: skip
    asked = {"shown": "run", "day": {"at": "2028-03-01", "of": {"sets": ["step=30 s"], "events": [], "seed": None}}}
    view = app._view(bench, asked, [], None)
    assert view is not None
    assert view.day == "2028-03-01"
    assert kept[-1] == frozenset({"run", "o", "o-mission"})
    assert app._of_mission(bench, asked, view).answer.figures["replicas"] == 7
    for day in ("x", [], {"at": 3}, {"at": "2028-03-01", "of": {"sets": "all"}}, {"at": "<b>", "of": []}):
        wrong = {"shown": "run", "day": day}
        view = app._view(bench, wrong, [], None)
        assert view is not None
        assert app._of_mission(bench, wrong, view).answer is None


# --- analyses


def _cells(components: Any) -> list[list[str]]:
    """Cells of all rows of all tables."""
    tables = [one.data for one in _walk(components) if type(one).__name__ == "Table"]
    return [row for data in tables for row in (data["head"], *data["body"])]


def test_why_is_shown_as_the_command_prints_it(formation: synthetic.Results) -> None:
    """Source of truth: by hand: 2e18 of 1e19 FLOP lost is 20 %, of which half is peer stall; 1e16 FLOP/s are 10 PFLOP/s; 1e9 to the GFLOP/s."""
    base = Base(81, 81, 10.0, 1.0, 1e18, 5e17, 0.5, 1e-9)
    cause = Cause("power", 2e18, 1e18, 1e18, 0.2, "arrays without limit", 0.123, 1e16, "communication", 0.05, None)
    kept = Cause("kernel", 1e18, 1e18, 0.0, 0.1, None, None, None, None, None, "it is the chip")
    area = Input("satellite.power.array.area", "m2", 100.0, 110.0, 5.0, None, 0.02, 2e16, 4e15, None, "array", ("m2", 1.0))
    view = _view(formation, answer=Answer("made up", base, (cause, kept), (area,), ("a note",)))
    assert _cells(why.PANEL.show(view)) == [
        list(analysis_text.CAUSE_HEADS), ["power", "20.00", "10.00", "+12.30", "10", "communication +5.00", "arrays without limit"],
        ["kernel inefficiency", "10.00", "0.00", "-", "-", "", "not removed: it is the chip"], list(analysis_text.INPUT_HEADS),
        ["satellite.power.array.area", "100", "110", "m2", "5", "-", "+2.00", "20", "4,000,000", "-"],
    ]  # fmt: skip


def test_plans_are_shown_as_the_command_prints_them(formation: synthetic.Results) -> None:
    """Source of truth: by hand."""
    shares = dict.fromkeys(analysis_text.STEP_SHARES, 0.125)
    row = PlanRow("diloco", 1, 4, 80, 8, 2, 1, 4, 1, 160, 13, 10, 3, 0.5, 1, "replicas", "ring", 24.44e9, 3.5531, 4.7e6, 0.9, 0.4, 0.45, shares)
    (first, second, *_) = _cells(plan.PANEL.show(_view(formation, answer=[Plans("made up", "llama", 640, 80, (row,), ("too large",))])))[1::2]
    assert first == ["diloco, 4 islands", "8 x 2 context", "4", "1", "160", "13", "10", "3", "1", "50 %", "24.4 GB", "3.553 s", "replicas; ring"]
    assert second == ["diloco, 4 islands", "3.553 s", "4,700,000", "90 %", *["12.5 %"] * 8, "45.0 %"]


# --- a sweep


@pytest.mark.parametrize("best", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_front_by_brute_force(best: tuple[int, int]) -> None:
    """Source of truth: the definition: no other point is at least as good in both and better in one."""
    values = [(float(a), float(b)) for a, b in np.random.default_rng(3).integers(0, 12, (60, 2))]
    good = [(best[0] * a, best[1] * b) for a, b in values]
    expected = {v for v in good if not any((o[0] >= v[0] and o[1] >= v[1]) and o != v for o in good)}
    found = pareto([*values, (None, 3.0)], *best)
    assert {good[i] for i in found} == expected
    assert [values[i][0] for i in found] == sorted(values[i][0] for i in found)


def _sweep() -> Any:
    """Useful share 0, 0.1, ... over area and capacity; points of capital cost 5e8."""
    made = studies.study(studies.AREA, studies.CAPACITY, share=lambda where: 0.1 * (1 + where[0] + 2 * where[1]))
    return replace(made, rows=tuple({**row, "thermal.junction_k_max": 300.0 + row["point"]} for row in made.rows))


def test_every_number_of_a_sweep_is_offered() -> None:
    """Source of truth: the rows: usual measures first, then others that differ; hotter is worse; what is the same everywhere is left out."""
    study = _sweep()
    found = settings(study)
    offered = {m.key: m for m in metrics(study, found)}
    assert list(offered)[:2] == ["share", "cost"]
    assert offered["thermal.junction_k_max"].best == -1
    assert not {"satellites", "point", "cost.capex_usd", "capex"} & set(offered)
    assert [one.mean(offered["thermal.junction_k_max"]) for one in found] == [300.0 + one.point for one in found]


def test_ranges_filter_a_sweep() -> None:
    """Source of truth: by hand: areas are axis 0 by their place, the useful share is the first after the inputs, in per cent."""
    study = _sweep()
    found = settings(study)
    shown = measures(found)
    assert [one.point for one in study_panel.within(study, found, shown, {"0": [[-0.2, 0.4]]})] == [0, 1]
    assert [one.point for one in study_panel.within(study, found, shown, {"2": [[25.0, 45.0]]})] == [1, 3, 4]
    assert study_panel.within(study, found, shown, {"0": [[-0.2, 0.4]], "2": [[90.0, 100.0]]}) == []
    both = study_panel.with_change({}, [{"dimensions[1].constraintrange": [[[0.0, 0.2], [0.8, 1.0]]]}, [0]])
    assert both == {"1": [[0.0, 0.2], [0.8, 1.0]]}
    for spoilt in (None, [], [None], "x", [{"dimensions[x].constraintrange": [[0, 1]]}], [{"visible": True}]):
        assert study_panel.with_change(both, spoilt) == both


@pytest.mark.parametrize("dark", [False, True])
def test_charts_of_a_sweep_name_their_points(dark: bool) -> None:
    """A click opens a point: every mark carries its number; the heat map shows the best over the other inputs."""
    study = replace(_sweep(), axes=(studies.AREA, studies.CAPACITY))
    found = settings(study)
    share, cost = metrics(study, found)[:2]
    chart = study_panel.against(study, found, found[:4], cost, share)
    assert sorted(n for trace in chart.data[:2] for n in trace.customdata) == [one.point for one in found]
    assert set(chart.data[-1].customdata) <= {one.point for one in found[:4]}
    cells = study_panel.heat(study, found, share).data[0]
    assert [list(map(int, row)) for row in cells.customdata] == [[0, 1], [2, 3], [4, 5]]
    assert cells.z[2][1] == pytest.approx(100.0 * 0.5)
    study_panel.parallel(study, found, measures(found), dark).to_json()


# --- the globe's data


def _read(blob: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    length = int.from_bytes(blob[:4], "little")
    header = json.loads(blob[4 : 4 + length])
    body = blob[4 + length :]
    assert (4 + length) % 8 == 0, "arrays are aligned"
    arrays = {}
    for name, entry in header["arrays"].items():
        count = int(np.prod(entry["shape"], dtype=int))
        arrays[name] = np.frombuffer(body, np.dtype(entry["type"]).newbyteorder("<"), count, entry["begin"]).reshape(entry["shape"])
    return header, arrays


def test_more_satellites_than_were_recorded(make: Make) -> None:
    """Source of truth: the numbers: every other satellite is recorded; states, links and routes stay with the satellites that have them."""
    run = synthetic.couple(make("walker"))
    named = ("link_a", "link_b", "route_satellite")
    run.series = run.series.assign({name: 2 * run.series[name] for name in named}).assign_coords(sat=2 * run.series["sat"])
    recorded = run.series["sat"].values
    run.summary["satellites"] = int(recorded.max()) + 11
    number = np.arange(run.summary["satellites"])
    rows = np.tile(np.arange(10.0)[:, None], number.size)
    rows[:, -1] = np.nan
    error_m = np.where(np.isfinite(rows[0]), 3e3, np.nan)
    blob, plain = scene_data(run, SimpleNamespace(number=number, rows=rows, error_m=error_m)), scene_data(run)
    assert blob is not None
    assert plain is not None
    header, arrays = _read(blob)
    before = _read(plain)[1]
    assert "position_km" not in arrays
    assert arrays["orbit"].shape == (10, number.size)
    assert np.isfinite(arrays["orbit"]).all()
    assert (arrays["shown_number"][arrays["recorded"]] == recorded).all()
    assert (arrays["state"] == before["state"]).all()
    assert header["number"] == recorded.tolist()
    for name in ("link_ends", "route_satellite"):
        assert arrays[name].size
        assert (arrays["shown_number"][arrays[name]] == recorded[before[name]]).all()
    assert f"All {number.size} satellites on mean orbits, 99 % within 3 km. Without a position: 1." in header["note"]


@pytest.mark.parametrize("kind", ["formation", "walker"])
def test_data_of_the_globe(request: pytest.FixtureRequest, kind: str) -> None:
    """Source of truth: the series: positions to a kilometre, states and shares as recorded; times in UTC."""
    run = request.getfixturevalue(kind)
    blob = scene_data(run)
    assert blob is not None
    header, arrays = _read(blob)
    frames, sats = run.series.sizes["frame"], run.series.sizes["sat"]
    assert arrays["position_km"].shape == (frames, sats, 3)
    position_km = run.series["position_m"].transpose("frame", "sat", "axis").values / 1e3
    assert np.abs(arrays["position_km"] - position_km).max() <= 0.5 + 1e-3
    assert (arrays["state"] == run.series["state"].transpose("frame", "sat").values).all()
    charge = run.series["sat_charge_fraction"].transpose("frame", "sat").values
    assert np.abs(arrays["charge"] / 250.0 - charge).max() <= 0.002 + 1e-9
    assert arrays["charge"].max() < MISSING_SHARE
    junction_k = run.series["sat_junction_k"].transpose("frame", "sat").values
    assert np.abs(arrays["junction_dk"] / 10.0 - junction_k).max() <= 0.05 + 1e-4
    epoch = datetime.fromisoformat(run.series.attrs["epoch"].replace("Z", "+00:00"))
    assert header["unix_ms"] == [round(1e3 * epoch.timestamp()) + int(ms) for ms in run.series["frame"].values]
    if "sat_type" in run.series:
        assert arrays["type"].tolist() == run.series["sat_type"].values.tolist()
    assert header["epoch_ms"] == round(1e3 * epoch.timestamp())
    assert header["number"] == run.series["sat"].values.tolist()
    assert header["colourings"][0]["names"] == list(STATES)
    assert (header["formation"] is not None) == (kind == "formation")
    assert ("offset_m" in arrays) == (kind == "formation")
    assert len(header["events"]) == len(run.events)


def test_the_globe_has_roles_load_and_latency(make: Make) -> None:
    """Source of truth: the series and, by hand, a gateway that no user comes over: its routes are left out, those of others stay."""
    run = _loaded(synthetic.couple(make("walker")))
    plain = _read(scene_data(run) or b"")[1]
    names = [str(name) for name in run.series["station"].values]
    rtt_ms = np.full((36, 72), np.nan, dtype=np.float32)
    rtt_ms[20, 3] = 25.5
    run.series = run.series.assign(
        station_role=("station", np.array([2, 1, 1, *[0] * (len(names) - 3)], dtype=np.uint8)),
        place_user_rtt_ms=(("place_row", "place_column"), rtt_ms), place_coverage=(("place_row", "place_column"), np.isfinite(rtt_ms).astype(np.float32)),
    )  # fmt: skip
    run.summary["ground"] |= {"gateways": {names[1]: {"user_time_fraction": 0.0}, names[2]: {"user_time_fraction": 1.0}}}
    header, arrays = _read(scene_data(run) or b"")
    assert arrays["station_role"].tolist()[:4] == [2, 1, 1, 0]
    assert np.array_equal(arrays["place_rtt_ms"], rtt_ms, equal_nan=True)
    assert arrays["place_coverage"].sum() == 1.0
    assert np.array_equal(arrays["link_used"], run.series["link_utilisation"].values, equal_nan=True)

    def ways(of: dict[str, np.ndarray]) -> list[tuple[int, list[int]]]:
        first = of["route_first_hop"]
        return [(int(s), of["route_satellite"][first[n] : first[n + 1]].tolist()) for n, s in enumerate(of["route_station"][0])]

    assert 1 in [station for station, _ in ways(plain)]
    assert ways(arrays) == [way for way in ways(plain) if way[0] != 1]
    assert "Routes of 1 of 2 gateways" in header["note"]
    assert not {"station_role", "place_rtt_ms"} & set(plain)


def test_a_run_without_positions(make: Make) -> None:
    run = make("walker")
    run.series = run.series.drop_vars("position_m")
    assert scene_data(run) is None
