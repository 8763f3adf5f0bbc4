"""Charts of a mission: what is drawn, and nothing without one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from sim.results import mission_text
from viz import mission, resupply

DAY_MS = 86_400_000


def spread(value: float) -> dict[str, float]:
    return {"mean": value, "p10": 0.9 * value, "p50": value, "p90": 1.1 * value}


@pytest.fixture
def results() -> Any:
    """Three parts of a mission."""
    ends = np.array([30, 60, 90], dtype=np.int64) * DAY_MS
    useful = np.array([[1.0, 0.8, 0.6], [1.2, 1.0, 0.8], [1.4, 1.2, 1.0]]) * 1e18
    levels = {name: (("mission_quantile", "mission_time"), np.tile([0.0, 1.0, 2.0], (3, 1))) for name in (
        "mission_empty", "mission_spares", "mission_stock", "mission_ordered", "mission_derelicts", "mission_lost", "mission_launches",
        "mission_launched", "mission_units_failed",
    )}  # fmt: skip
    series = xr.Dataset(
        {
            "mission_useful": (("mission_quantile", "mission_time"), useful), "mission_useful_whole": ("mission_time", np.full(3, 1.5e18)),
            "mission_batch_working": (("mission_batch", "mission_time"), np.ones((2, 3))), **levels,
        },
        {"mission_time": ends, "mission_quantile": ["P10", "P50", "P90"], "mission_batch": ["0", "1"]}, {"epoch": "2026-12-21T00:00:00Z"},
    )  # fmt: skip
    processes = [{"name": "loss", "failures": spread(3.0), "gain": spread(0.2)}, {"name": "rare", "failures": spread(0.0), "gain": spread(0.0)}]
    days = [{"date_s": 86400.0 * d, "beta_deg": 70.0 + d, "older_s": age, "useful_fraction": 0.4} for d in (0, 20) for age in (0.0, 3e7)]
    section = {"target": 0.9, "processes": processes, "capability": days, "reached_s": [{"p50": 0.0}]}
    return SimpleNamespace(summary={"mission": section}, series=series)


def test_the_fan(results: Any) -> None:
    """Source of truth: the series: P10 to P90 shaded, P50 as a line, in PFLOP/s at the middles of the parts."""
    chart = mission.fan(results)
    assert chart is not None
    low, high, middle, whole, target = chart.figure.data
    assert list(high.customdata) == list(low.y)  # what the pointer says of the shaded area
    assert list(low.y) == pytest.approx([1000, 800, 600])
    assert list(high.y) == pytest.approx([1400, 1200, 1000])
    assert high.fill == "tonexty"
    assert list(middle.y) == pytest.approx([1200, 1000, 800])
    assert list(target.y) == pytest.approx([0.9 * y for y in whole.y])
    assert (middle.x[1] - middle.x[0]) == pytest.approx(30 * DAY_MS)


def test_events_on_the_fan(results: Any) -> None:
    """Source of truth: the section: a marker at the time of each event, those of one time together, a line to the end; names are no markup."""
    said = {"event": "lose satellites 0-8 for 20 d", "what": "satellites are lost"}
    results.summary["mission"] |= {"duration_s": 90 * 86400.0, "start": "2026-12-21T00:00:00Z", "events": [
        {"at_s": 10 * 86400.0, "until_s": 30 * 86400.0, **said},
        {"at_s": 10 * 86400.0, "until_s": 900 * 86400.0, "event": "lose station <b>", "what": "changes what the fleet can do"},
        {"at_s": 50 * 86400.0, "until_s": None, "event": "hit fleet by storm", "what": "common cause"},
    ]}  # fmt: skip
    chart = mission.fan(results)
    assert chart is not None
    events = chart.figure.data[-1]
    begin = chart.figure.data[2].x[0] - 15 * DAY_MS
    assert [round((x - begin) / DAY_MS) for x in events.x] == [10, 50]
    assert "lose satellites 0-8 for 20 d: satellites are lost<br>lose station &lt;b&gt;" in events.text[0]
    lines = [shape for shape in chart.figure.layout.shapes if shape.y0 == shape.y1]
    assert [(round((s.x0 - begin) / DAY_MS), round((s.x1 - begin) / DAY_MS)) for s in lines] == [(10, 30), (10, 90)]
    assert min(events.y) > 1.4e18 / 1e15  # above all curves
    assert "listed event; line to its end" in [name for name, _ in chart.key]
    rows = mission_text.event_rows(results.summary["mission"])
    assert rows[0] == ("2026-12-31", "2027-01-20", "lose satellites 0-8 for 20 d", "satellites are lost")
    assert rows[2][1] == ""


def test_regimes_of_events(results: Any) -> None:
    """Runs with events have lines of their own, named by them."""
    results.summary["mission"]["capability"] += [{"regime": 1, "date_s": 0.0, "beta_deg": 70.0, "older_s": 0.0, "useful_fraction": 0.2}]
    results.summary["mission"]["regimes"] = [{"events": []}, {"events": ["derate all to 0.5"]}]
    chart = mission.capability(results)
    assert chart is not None
    assert [trace.name for trace in chart.figure.data] == ["as at the start", "0.951 yr older", "as at the start, derate all to 0.5"]
    assert list(chart.figure.data[2].y) == pytest.approx([20.0])


def test_listed_events_and_stand_downs(results: Any) -> None:
    """Source of truth: by hand: day 40 is 2027-01-30; a stand-down that outlasts the mission ends with it."""
    assert mission.happenings(results) == []
    results.summary["mission"] |= {
        "duration_s": 90 * 86400.0, "events": [
            {"at_s": 40 * 86400.0, "until_s": None, "event": "storm", "what": "<b>"},
            {"at_s": 0.0, "until_s": None, "event": "start", "what": "of all"},
        ],
        "standdowns": [{"at_s": 60 * 86400.0, "duration_s": 900 * 86400.0}],
    }  # fmt: skip
    start_ms = 1797811200000  # 2026-12-21
    assert mission.happenings(results) == [(start_ms, "start: of all"), (start_ms + 40 * DAY_MS, "storm: <b>")]
    chart = mission.fan(results)
    assert chart is not None
    marks = chart.figure.data[-1]
    assert list(marks.x) == [start_ms, start_ms + 40 * DAY_MS]
    assert list(marks.text) == ["start: of all", "storm: &lt;b&gt;"]
    spans = sorted((shape.x0, shape.x1) for shape in chart.figure.layout.shapes)
    assert spans == [(start_ms, start_ms), (start_ms + 40 * DAY_MS,) * 2, (start_ms + 60 * DAY_MS, start_ms + 90 * DAY_MS)]
    assert [name for name, _ in chart.key][-2:] == ["listed event; line to its end", "no launches (stand-down)"]


def test_calendar_of_resupply(results: Any) -> None:
    """Source of truth: the years of the summary: ordered on launches of the calendar, P10 to P90 of all, failed ones, and the table of the same."""
    assert resupply.chart(results) is None
    years = [
        {
            "from_s": 45 * 86400.0 * n, "until_s": 45 * 86400.0 * (n + 1), "launches": spread(3.0 * n), "ordered": spread(2.0 * n),
            "calendar": spread(1.0 * n), "failed": spread(0.25 * n), "launched": spread(7.0 * n), "per_launch": 2.5 if n else None,
        }
        for n in range(2)
    ]  # fmt: skip
    results.summary["mission"] |= {
        "years": years, "start": "2026-12-21T00:00:00Z", "duration_s": 90 * 86400.0, "standdowns": [{"at_s": 86400.0, "duration_s": 864000.0}],
    }  # fmt: skip
    chart = resupply.chart(results)
    assert chart is not None
    ordered, calendar, failed, total = chart.figure.data
    assert (list(ordered.y), list(calendar.y), list(failed.y), list(total.y)) == ([0.0, 2.0], [0.0, 1.0], [0.0, 0.25], [0.0, 3.0])
    assert list(total.error_y.array) == pytest.approx([0.0, 0.3])
    assert list(ordered.width) == pytest.approx([0.62 * 45 * DAY_MS] * 2)
    (span,) = chart.figure.layout.shapes
    assert span.x1 - span.x0 == 10 * DAY_MS
    html = resupply.calendar_table(results.summary)
    assert "<td>2</td><td>2027-02-04</td><td>2.70</td><td>3</td><td>3.30</td><td>3</td><td>2</td><td>1</td><td>0.25</td><td>7</td><td>2.50</td>" in html
    assert "<td>0</td><td>\u2013</td></tr>" in html
    assert "from 2026-12-22 for 10 days" in html
    for year in years:
        year["launches"] = spread(0.0)
    assert (resupply.chart(results), resupply.calendar_table(results.summary)) == (None, "")


def test_jobs_over_the_years(results: Any) -> None:
    """Source of truth: the series: effective training time in per cent, and tokens since the start; nothing without jobs."""
    results.summary["mission"]["jobs"] = [{"parts": 0}]
    assert mission.jobs(results) is None
    results.summary["mission"]["jobs"] = [{"parts": 1}]
    for name in ("mission_ettr", "mission_tokens"):
        results.series[name] = (("mission_quantile", "mission_time"), np.array([[0.4, 0.4, 0.3], [0.5, 0.5, 0.4], [0.6, 0.5, 0.5]]))
    chart = mission.jobs(results)
    assert chart is not None
    low, high, middle = chart.figure.data[:3]
    assert (list(low.y), list(high.y), list(middle.y)) == (pytest.approx([40, 40, 30]), pytest.approx([60, 50, 50]), pytest.approx([50, 50, 40]))
    assert list(chart.figure.data[5].y) == pytest.approx([0.5e-12, 0.5e-12, 0.4e-12])
    assert chart.figure.data[5].yaxis == "y2"


def test_what_costs_most(results: Any) -> None:
    """A process that never happened is not drawn."""
    chart = mission.costs(results)
    assert chart is not None
    (bar,) = chart.figure.data
    assert list(bar.x) == pytest.approx([20.0])
    assert list(bar.error_x.array) == pytest.approx([2.0])


def test_satellites_and_days(results: Any) -> None:
    inventory, batches, days = mission.inventory(results), mission.survival(results), mission.capability(results)
    assert inventory is not None
    assert len(inventory.figure.data) == 9
    assert {trace.name: trace.yaxis for trace in inventory.figure.data}["parts failed"] == "y3"
    del results.series["mission_units_failed"]  # as of results that were written before
    without = mission.inventory(results)
    assert without is not None
    assert {trace.yaxis for trace in without.figure.data} == {"y", "y2"}
    assert batches is not None
    assert [trace.name for trace in batches.figure.data] == ["of the start", "launch 1"]
    assert days is not None
    assert [list(trace.y) for trace in days.figure.data] == [[40.0, 40.0], [40.0, 40.0]]


def test_nothing_without_a_mission(results: Any) -> None:
    results.summary["mission"] = None
    for draw in (mission.fan, mission.inventory, mission.survival, mission.costs, mission.capability, resupply.chart):
        assert draw(results) is None
    assert mission.tables(results.summary) == ""
