"""Charts of a mission: what is drawn, and nothing without one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from sim.results import mission_text
from viz import mission

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
        "mission_launched",
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
    assert len(inventory.figure.data) == 8
    assert batches is not None
    assert [trace.name for trace in batches.figure.data] == ["of the start", "launch 1"]
    assert days is not None
    assert [list(trace.y) for trace in days.figure.data] == [[40.0, 40.0], [40.0, 40.0]]


def test_nothing_without_a_mission(results: Any) -> None:
    results.summary["mission"] = None
    for draw in (mission.fan, mission.inventory, mission.survival, mission.costs, mission.capability):
        assert draw(results) is None
    assert mission.tables(results.summary) == ""
