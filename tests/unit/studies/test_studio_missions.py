"""Missions in the studio: runs that do not wait for years, the mission on request, and its days as variants."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
import xarray as xr

from sim import api
from sim.config.errors import InputError
from sim.config.fleet_days import on_date
from sim.config.scenario import Loaded, load
from sim.mission.capability import day_s
from sim.mission.layout import interruptions_per_s
from sim.studies.studio.days import mission_day
from sim.studies.studio.runs import Variant
from sim.studies.studio.workbench import Workbench

SMALL = """\
name: years
epoch: 2026-12-21T06:00:00Z
duration: 30 min
step: 120 s
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {spacing: 200 m, radius: 400 m}}
satellite: suncatcher
"""
MISSION = "mission={duration: 3 yr, replicas: 40, dates: 1, ages: 1, processes: [{name: loss, unit: satellite, mean_time: 10 yr}, accelerator-llama3]}"
DAY_S = 86400.0


def _series(loaded: Loaded) -> xr.Dataset:
    """Series of a mission whose satellites are half as old as it is, P50; older and younger at the other quantiles."""
    assert loaded.scenario.mission is not None
    ends_s = np.arange(1, int(loaded.scenario.mission.duration / (30.0 * DAY_S)) + 1) * 30.0 * DAY_S
    age_s = 0.5 * ends_s * np.array([[0.5], [1.0], [1.5]])
    return xr.Dataset(
        {"mission_age": (("mission_quantile", "mission_time"), age_s)},
        {"mission_time": np.round(1e3 * ends_s).astype(np.int64), "mission_quantile": ["P10", "P50", "P90"]},
    )


FLEET = "fleet={failures: leo-default, repair: relaunch-90d}"


@pytest.mark.parametrize(
    ("name", "sets"),
    [
        ("suncatcher", ("mission={duration: 5 yr}",)),
        ("suncatcher", ("mission={duration: 5 yr}", FLEET, "duration=2 d", "satellite.age=1 yr", "events=[+1 h lose satellite 3]")),
        ("starlink_edge", ("mission={duration: 5 yr}", "mission.replicas=3", "duration=2 h")),
        ("contract_surge", ("mission={duration: 5 yr}",)),
    ],
)
def test_a_day_is_that_of_the_mission(name: str, sets: tuple[str, ...]) -> None:
    """Source of truth: the digest of what the mission runs on that date, with satellites older by as much: days 100 and 101 are in the fourth
    part of 30 d, which ends on day 120, so that P50 is 60 d."""
    loaded = load(name, sets)
    start = loaded.scenario.epoch
    found = mission_day(loaded, Variant(sets), _series(loaded), start.date() + timedelta(days=100))
    day = load(name, found.sets)
    expected = on_date(
        loaded, start + timedelta(days=100), day_s(loaded.scenario), 60.0 * DAY_S, interruptions_per_s(loaded.scenario, loaded.scenario.satellite)
    )
    assert day.sha256 == expected.sha256
    assert (day.scenario.mission, day.scenario.contract, day.scenario.events) == (None, None, [])
    assert found.name == f"{start + timedelta(days=100):%Y-%m-%d}"
    assert "60 d" in found.note
    assert not any(text.startswith("mission.") for text in found.sets)


def test_days_beyond_the_table_of_earth_orientation(tmp_path: Path) -> None:
    """A mission outlasts the table; the day says so in its changes, and is accepted. Days outside the mission are refused with its dates."""
    (tmp_path / "s.yaml").write_text(SMALL, encoding="utf-8")
    loaded = load(tmp_path / "s.yaml", (MISSION.replace("3 yr", "9 yr"),))
    series = _series(loaded)
    late = mission_day(loaded, Variant(), series, date(2035, 6, 1))
    assert late.sets[-1] == "environment.earth_orientation=extrapolated"
    assert load(tmp_path / "s.yaml", late.sets).scenario.epoch.hour == 6
    assert not any("earth_orientation" in text for text in mission_day(loaded, Variant(), series, date(2027, 3, 1)).sets)
    first = mission_day(loaded, Variant(), series.assign(mission_age=0.0 * series["mission_age"]), date(2026, 12, 21))
    assert not any(".age=" in text for text in first.sets)
    for outside in (date(2026, 12, 20), date(2035, 12, 22)):
        with pytest.raises(InputError, match="is outside the mission; write a date from 2026-12-21 to 2035-12-21"):
            mission_day(loaded, Variant(), series, outside)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    folder = tmp_path_factory.mktemp("years")
    (folder / "s.yaml").write_text(SMALL, encoding="utf-8")
    found = Workbench(str(folder / "s.yaml"))
    yield found
    found.close()


def test_the_mission_on_request(bench: Workbench) -> None:
    """Source of truth: `sim.api.run`: the run of the studio has no mission, and the mission that is asked for is that of the command, to the last bit."""
    variant = bench.variant((MISSION,), (), None)
    assert bench.mission(variant) == {"days": 1, "replicas": 40}
    assert bench.mission(Variant()) is None
    run = bench.runs.ask(variant)
    assert bench.runs.wait(run, 180.0).state == "done"
    assert bench.runs.results(run).summary["mission"] is None
    assert bench.years(variant) is None
    assert bench.day(variant, date(2028, 1, 1)) == {"message": "the mission has not been run; run it first"}
    key = bench.runs.ask(variant, "mission")
    seen = set()
    while not (status := bench.runs.wait(key, 0.01)).over:
        seen.add(status.what)
    assert status.state == "done"
    assert seen <= {"", "days", "replicas", "processes"}
    years, command = bench.years(variant), api.run(bench.source, set=variant.sets)
    assert years is not None
    assert years.figures == command.summary["mission"]
    assert years.figures["counts"]["units_failed"]["p50"] > 10.0
    for name, key in (("mission_units_failed", "units_failed"), ("mission_lost", "lost")):  # counts since the start end as those of the summary
        assert list(years.arrays[name].values[:, -1]) == [years.figures["counts"][key][q] for q in ("p10", "p50", "p90")]
    for name in years.arrays.data_vars:
        assert np.array_equal(years.arrays[name].values, command.series[name].values), name
    assert {key: value for key, value in command.summary.items() if key != "mission"} == {
        key: value for key, value in bench.runs.results(run).summary.items() if key != "mission"
    }
    day = bench.day(variant, date(2028, 1, 1))
    assert bench.problems(Variant(tuple(day["sets"]))) == []
    assert bench.day(variant, date(2040, 1, 1))["message"].startswith("2040-01-01 is outside the mission")
    without = bench.runs.wait(bench.runs.ask(Variant(), "mission"), 60.0)
    assert (without.state, without.problems) == ("refused", (("mission", "is not given; write mission: {duration: 5 yr}"),))


def test_a_mission_is_given_up(bench: Workbench) -> None:
    """A mission of many replicas ends when it is no longer wanted, and the process goes on."""
    variant = bench.variant((MISSION.replace("replicas: 40", "replicas: 200000"),), (), None)
    key = bench.runs.ask(variant, "mission")
    while bench.runs.wait(key, 0.02).what != "replicas":
        assert not bench.runs.status(key).over
    process = bench.runs._process.pid
    bench.runs.cancel(key)
    assert bench.runs.wait(key, 20.0).state == "cancelled"
    assert bench.runs.wait(bench.runs.ask(bench.variant((), (), 3)), 60.0).state == "done"
    assert bench.runs._process.pid == process


def test_the_mission_of_a_folder(tmp_path: Path) -> None:
    """Source of truth: the folder: its mission is there at once, and its days open."""
    (tmp_path / "s.yaml").write_text(SMALL, encoding="utf-8")
    written = api.run(tmp_path / "s.yaml", tmp_path / "run", set=(MISSION,))
    opened = Workbench(str(tmp_path / "run"))
    try:
        years = opened.years(Variant())
        assert years is not None
        assert years.figures == written.summary["mission"]
        assert opened.day(Variant(), date(2028, 1, 1))["name"] == "2028-01-01"
    finally:
        opened.close()


def test_the_page_begins_with_overrides(bench: Workbench) -> None:
    """Source of truth: what the page writes into its address; a change that is refused, or that a page must not make, is an error of the command."""
    assert bench.page_state(()) == ""
    text = bench.page_state((MISSION,))
    shown: dict[str, Any] = json.loads(unquote(text[1:]))
    assert text.startswith("#%7B")
    assert shown["variants"] == [{"name": "years", "sets": [MISSION], "events": [], "seed": None}]
    with pytest.raises(InputError, match="no unit"):
        bench.page_state(("step=60",))
    with pytest.raises(InputError, match="--set: allow_infeasible: is an option of the command line"):
        bench.page_state(("allow_infeasible=true",))
