"""Names and catalogue numbers of satellites in everything that a run leaves, whatever the order of a catalogue's lines."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import xarray as xr

from sim import api
from sim.engine.access import find_passes
from viz.animation import animation
from viz.buffers import Buffers
from viz.formatting import event_cells
from viz.globe import hover_texts
from viz.scene import build_scene

EPOCH = datetime(2026, 12, 21, tzinfo=UTC)
JOB = """\
name: named
epoch: 2026-12-21T00:00:00Z
duration: 40 min
step: 60 s
constellation: {kind: tle, tle: x.tle}
satellite: suncatcher
links: {topology: nearest, terminal: ideal-link}
ground:
  min_elevation: 10 deg
  stations: [{name: Nairobi, latitude: -1.3 deg, longitude: 36.8 deg}]
fleet: {spares: 1}
workloads: [{kind: training, model: llama-3-8b}]
events: [2026-12-21T00:05Z lose object MADE UP 3, 2026-12-21T00:06Z derate satellites 0-1 to 0.5]
"""


@pytest.fixture
def lines(make_element_lines: Callable[..., str]) -> list[str]:
    """Element sets of twelve satellites on one orbit, a text for each; numbers from 70000 on, names MADE UP 0 to 11."""
    text = make_element_lines(12, EPOCH).splitlines(keepends=True)
    return ["".join(text[k : k + 3]) for k in range(0, 36, 3)]


def _run(folder: Path, sets: list[str]) -> Path:
    """Results folder of a run of the sets."""
    folder.mkdir()
    (folder / "x.tle").write_text("".join(sets), encoding="ascii")
    (folder / "s.yaml").write_text(JOB, encoding="utf-8")
    found = api.run(api.load(folder / "s.yaml"), out=folder / "results").folder
    assert found is not None
    return found


def test_shuffled_lines_give_the_same_bytes(tmp_path: Path, lines: list[str]) -> None:
    """Source of truth: the run of the lines in the order of numbers: a training job, a spare, links, a station and events; the lines in
    two other orders give the same bytes of summary, series and events. The job did work, and the spare took part."""
    straight = _run(tmp_path / "straight", lines)
    useful = json.loads((straight / "summary.json").read_text())["compute"]["useful_fraction"]
    assert 0.01 < useful < 1.0
    for seed in (1, 2):
        sets = lines.copy()
        random.Random(seed).shuffle(sets)
        assert sets != lines
        shuffled = _run(tmp_path / f"shuffled{seed}", sets)
        for name in ("summary.json", "series.nc", "events.parquet"):
            assert (shuffled / name).read_bytes() == (straight / name).read_bytes(), name


def test_names_in_every_table(tmp_path: Path, lines: list[str]) -> None:
    """Source of truth: the file: satellite k is MADE UP k, 70000 + k; a range of two satellites has no single name."""
    folder = _run(tmp_path / "run", lines[::-1])
    with xr.open_dataset(folder / "series.nc") as series:
        assert set(series["sat_name"].coords) >= {"sat", "sat_name", "sat_catalogue_number"}
        assert series["sat_name"].values.tolist() == [f"MADE UP {k}" for k in series["sat"].values]
        assert series["sat_catalogue_number"].values.tolist() == [70000 + k for k in series["sat"].values]
    events = pq.read_table(folder / "events.parquet").to_pylist()
    listed = [e for e in events if e["cause"] != "radiation"]
    assert [(e["target"], e["satellite"], e["satellite_name"], e["catalogue_number"]) for e in listed] == [
        ("object MADE UP 3", 3, "MADE UP 3", 70003), ("satellites 0-1", 0, None, None),
    ]  # fmt: skip
    for e in events:  # soft errors strike one satellite each
        if e["cause"] == "radiation":
            assert (e["satellite_name"], e["catalogue_number"]) == (f"MADE UP {e['satellite']}", 70000 + e["satellite"])
    results = api.open_results(folder)
    scene = build_scene(results)
    assert scene is not None
    assert scene.label[3] == "Satellite 3, MADE UP 3, 70003"
    assert animation(scene, Buffers())["satellite_label"][3] == scene.label[3]
    assert hover_texts(scene, 0)[3].startswith(scene.label[3] + "<br>")
    assert event_cells(listed[0])[2] == "object MADE UP 3"
    assert event_cells({**listed[0], "target": "satellite 3"})[2] == "satellite 3 (MADE UP 3)"


@pytest.mark.parametrize("text", ["70005", "MADE UP 5", "made up 5", "5", "object 70005", "satellite 5"])
def test_windows_of_a_name(tmp_path: Path, lines: list[str], text: str) -> None:
    """Source of truth: the windows of satellite 5 among those of all."""
    (tmp_path / "x.tle").write_text("".join(lines), encoding="ascii")
    (tmp_path / "s.yaml").write_text(JOB.replace("40 min", "12 h"), encoding="utf-8")
    loaded = api.load(tmp_path / "s.yaml")
    whole, one = find_passes(loaded), find_passes(loaded, satellites=[text])
    assert one.satellite.tolist() == [5]
    assert one.windows.rise_s.tolist() == whole.windows.rise_s[whole.windows.satellite == 5].tolist() != []


def test_windows_as_a_table(dawndusk: Any, folder: Path, lines: list[str]) -> None:
    """Source of truth: the file, whose lines are in reverse order; and names that no satellite has."""
    (folder / "x.tle").write_text("".join(lines[::-1]), encoding="ascii")
    (folder / "s.yaml").write_text(JOB.replace("40 min", "12 h"), encoding="utf-8")
    called = dawndusk("access", "s.yaml", "--json", "--out", "a.parquet")
    assert called.code == 0
    rows = pq.read_table("a.parquet").to_pylist()
    assert len(rows) > 3
    assert all(r["satellite_name"] == f"MADE UP {r['satellite']}" and r["catalogue_number"] == 70000 + r["satellite"] for r in rows)
    station = json.loads(called.out)["stations"]["Nairobi"]
    n = station["next_satellite"]
    assert (station["next_satellite_name"], station["next_catalogue_number"]) == (f"MADE UP {n}", 70000 + n)
    assert f"{n} MADE UP {n}" in dawndusk("access", "s.yaml").out
    called = dawndusk("access", "s.yaml", "--satellite", "MADE UP", "--satellite", "12")
    assert (called.code, called.errors) == (2, [
        f"--satellite {x}: is not in the fleet; write a number from 0 to 11, a catalogue number or a name" for x in ("MADE UP", "12")
    ])  # fmt: skip
