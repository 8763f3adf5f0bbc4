"""The verb access, masks and ranges of stations at the door and in runs."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from orbit.access import windows
from orbit.timegrid import TimeGrid, julian_date
from sim import api
from sim.engine import propagators
from sim.engine.access import find_passes

STATIONS = """\
ground:
  min_elevation: 10 deg
  stations:
    - {name: Tromso, latitude: 69.66 deg, longitude: 18.94 deg}
    - {name: Quito, latitude: -0.2 deg, longitude: -78.5 deg}
"""
GROUND = "ground: {stations: default, min_elevation: 10 deg}\n"


@pytest.fixture
def scenario(folder: Path, scenario_text: str) -> Path:
    path = folder / "small.yaml"
    path.write_text(scenario_text.replace(GROUND, STATIONS), encoding="utf-8")
    return path


def test_table_and_json(dawndusk: Any, scenario: Path) -> None:
    """Source of truth: the library called with the scenario's satellites and stations; gaps recomputed minute by minute."""
    called = dawndusk("access", str(scenario), "--json")
    assert called.code == 0
    output = json.loads(called.out)
    loaded = api.load(scenario)
    grid = propagators.time_grid(loaded.scenario)
    whole = windows(propagators.make_propagators(loaded, grid), propagators.stations(loaded.scenario), grid)
    assert output["passes"] == len(whole) > 0
    assert output["satellites"] == loaded.satellites
    tromso = output["stations"]["Tromso"]
    mine = whole[whole.station == 0]
    assert tromso["passes"] == len(mine)
    assert tromso["total_s"] == pytest.approx(float(np.sum(mine.set_s - mine.rise_s)))
    moments = np.arange(0.0, grid.duration_s, 0.5)
    seen = np.any((moments[:, None] >= mine.rise_s) & (moments[:, None] <= mine.set_s), axis=1)
    assert tromso["covered_s"] == pytest.approx(0.5 * seen.sum(), abs=0.5 * (np.diff(seen).sum() + 1))
    runs = np.diff(np.flatnonzero(np.concatenate(([True], seen, [True]))))
    assert tromso["longest_gap_s"] == pytest.approx(0.5 * (runs.max() - 1), abs=1.0)
    assert output["stations"]["Quito"]["passes"] == int(np.sum(whole.station == 1))
    called = dawndusk("access", str(scenario))
    assert called.code == 0
    assert "Tromso" in called.out
    assert f"{output['passes']:,} passes of 81 satellites over 2 stations, 2 h" in called.out


def test_files(dawndusk: Any, scenario: Path) -> None:
    """CSV and Parquet hold the same windows, times in UTC; a table that exists is refused before anything is computed."""
    for name in ("a.csv", "a.parquet"):
        called = dawndusk(
            "access", str(scenario), "--station", "Tromso", "--satellite", "80", "--satellite", "3", "--out", name
        )
        assert called.code == 0
        assert name in called.out
    with open("a.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    table = pq.read_table("a.parquet").to_pylist()
    assert len(rows) == len(table) > 0
    assert {row["satellite"] for row in rows} <= {"3", "80"}
    for row, other in zip(rows, table, strict=True):
        assert row["station"] == other["station"] == "Tromso"
        rise, top, fall = (datetime.fromisoformat(row[k]) for k in ("rise", "culmination", "set"))
        assert rise == other["rise"]
        assert rise <= top <= fall
        assert (fall - rise).total_seconds() == pytest.approx(float(row["duration_s"]), abs=2e-3)
        assert 10.0 <= float(row["max_elevation_deg"]) <= 90.0
    called = dawndusk("access", str(scenario), "--out", "a.csv")
    assert (called.code, called.errors) == (2, ["--out a.csv: exists already; write another name, or remove this file"])
    assert [p.name for p in Path().iterdir() if "part" in p.name] == []


def test_some_satellites_are_the_same_as_among_all(scenario: Path) -> None:
    loaded = api.load(scenario)
    whole, some = find_passes(loaded), find_passes(loaded, ["Quito", "Tromso"], ["70", "5"])
    selected = whole.windows[np.isin(whole.windows.satellite, [5, 70])]
    assert np.array_equal(some.satellite[some.windows.satellite], selected.satellite)
    assert np.array_equal(some.windows.rise_s, selected.rise_s)


def test_bad_input(dawndusk: Any, scenario: Path, scenario_text: str) -> None:
    called = dawndusk("access", str(scenario), "--station", "Tromsoe", "--satellite", "81")
    assert called.code == 2
    assert called.errors == [
        "--station Tromsoe: no such station; did you mean 'Tromso'?",
        "--satellite 81: is not in the fleet; write a number from 0 to 80",
    ]
    called = dawndusk("access", str(scenario), "--out", "a.xlsx")
    assert (called.code, called.errors) == (
        2, ["--out a.xlsx: has an unknown format; write a name that ends in .csv or .parquet"],
    )  # fmt: skip
    Path("none.yaml").write_text(scenario_text.replace(GROUND, ""), encoding="utf-8")
    called = dawndusk("access", "none.yaml")
    assert called.code == 2
    assert "ground: is missing; write ground: {stations: default, min_elevation: 10 deg}" in called.err


@pytest.mark.parametrize(
    ("mask", "output"),
    [
        ("[[90 deg, 5 deg], [0 deg, 5 deg]]", "azimuth 0 deg comes after 90 deg; write rows in ascending order of azimuth, each once"),
        ("[[0 deg, 5 deg], [0 deg, 5 deg]]", "azimuth 0 deg comes after 0 deg; write rows in ascending order"),
        ("[]", "[] is no row of azimuth and elevation; write a list of rows, such as [[0 deg, 5 deg], [90 deg, 20 deg]]"),
        ("[0 deg, 5 deg]", "'0 deg' is no row of azimuth and elevation; write a list of rows"),
        ("[[0 deg, 5 deg, 3 deg]]", "is no row of azimuth and elevation"),
        ("5 deg", "'5 deg' is no row of azimuth and elevation"),
        ("[[361 deg, 5 deg]]", "'361 deg' must be at most 360 deg; write it like '90 deg'"),
        ("[[-1 deg, 5 deg]]", "'-1 deg' must be at least 0 rad"),
        ("[[0 deg, -6 deg]]", "'-6 deg' must be at least -5 deg; write it like '5 deg'"),
        ("[[0 deg, 91 deg]]", "'91 deg' must be at most 90 deg; write it like '5 deg'"),
        ("[[0 deg, 5 m]]", "5 m"),
    ],
)  # fmt: skip
def test_invalid_masks(dawndusk: Any, scenario: Path, mask: str, output: str) -> None:
    scenario.write_text(
        scenario.read_text("utf-8").replace("longitude: 18.94 deg}", f"longitude: 18.94 deg, mask: {mask}}}"),
        encoding="utf-8",
    )
    called = dawndusk("validate", str(scenario))
    assert called.code == 2
    assert len(called.errors) == 1
    assert called.errors[0].startswith(f"{scenario}:1")
    assert "ground.stations.0.mask" in called.errors[0]
    assert output in called.errors[0]


def test_which_elevation_counts(scenario: Path) -> None:
    """A mask replaces the minimum elevation of all stations; the station's own minimum applies besides it."""
    text = scenario.read_text("utf-8")
    one = text.replace("18.94 deg}", "18.94 deg, mask: [[0 deg, 4 deg], [180 deg, 30 deg]], max_range: 900 km}")
    scenario.write_text(one, encoding="utf-8")
    first, other = propagators.stations(api.load(scenario, ["ground.max_range=1200 km"]).scenario)
    assert np.degrees(first.lowest_elevation_rad) == pytest.approx(4.0)
    assert np.degrees(first.mask_rad) == pytest.approx(np.array([[0.0, 4.0], [180.0, 30.0]]))
    assert (first.max_range_m, other.max_range_m) == (900e3, 1200e3)
    assert np.degrees(other.lowest_elevation_rad) == pytest.approx(10.0)
    scenario.write_text(one.replace("mask:", "min_elevation: 7 deg, mask:"), encoding="utf-8")
    first, _ = propagators.stations(api.load(scenario).scenario)
    assert np.degrees(first.lowest_elevation_rad) == pytest.approx(7.0)


LINKS = "links={topology: nearest, terminal: dwdm-10cm, max_range: 5000 km}"


@pytest.mark.parametrize("sets", [(), (LINKS,)], ids=["alone", "coupled"])
def test_runs_see_what_the_windows_say(scenario: Path, sets: tuple[str, ...]) -> None:
    """Source of truth: the windows; a station has a satellite at the end of a step if and only if a window is open then."""
    rows = "18.94 deg, mask: [[0 deg, 10 deg], [90 deg, 60 deg], [91 deg, 10 deg], [270 deg, 45 deg]]}"
    text = scenario.read_text("utf-8").replace("18.94 deg}", rows)
    text = text.replace("-78.5 deg}", "-78.5 deg, max_range: 900 km}") + "seed: 1\n"
    text = text.replace("-0.2 deg, longitude: -78.5 deg", "64.0 deg, longitude: 10.0 deg")
    scenario.write_text(text, encoding="utf-8")
    loaded = api.load(scenario, ("duration=12 h", *sets))
    results = api.run(loaded)
    rtt = results.series["propagation_rtt_ms"].values
    grid = TimeGrid(*julian_date(loaded.scenario.epoch), loaded.scenario.step, loaded.scenario.steps)
    found = find_passes(loaded).windows
    ends = grid.seconds(1, grid.steps)
    for s in range(2):
        mine = found[found.station == s]
        up = np.any((ends[:, None] >= mine.rise_s) & (ends[:, None] <= mine.set_s), axis=1)
        assert 0 < up.sum() < up.size
        assert np.array_equal(np.isfinite(rtt[s]), up)
