"""Satellites that a page shows one by one: which, and the temperatures of their parts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
import synthetic
from numpy.testing import assert_allclose

from viz import node_temperatures, satellites
from viz.buffers import Buffers, quantised
from viz.satellites import PARTS

Make = Callable[..., synthetic.Results]


def found(run: synthetic.Results) -> satellites.Satellites:
    """The satellites of a run, which has some."""
    shown = satellites.find_satellites(run)
    assert shown is not None
    return shown


def test_extremes_come_first_and_every_type_has_one() -> None:
    """By hand: of six satellites 0 to 3 are of one type; 2 has the hottest junction, 1 the coldest battery, 3 the coldest coolant."""
    names = list(PARTS)
    temps_c = np.full((2, len(names), 6), 20.0)
    temps_c[1, names.index("junction"), 2] = 90.0
    temps_c[0, names.index("battery"), 1] = -5.0
    temps_c[0, names.index("loop"), 3] = -60.0
    kind = np.array([0, 0, 0, 0, 1, 1])
    chosen = dict(satellites.choose(temps_c, kind, 16))
    assert chosen[2] == "hottest junction"
    assert chosen[1] == "coldest battery"
    assert chosen[3] == "coldest coolant"
    assert chosen[4] == "hottest junction"  # of its type, where all are the same
    assert set(chosen) == set(range(6))
    few = satellites.choose(temps_c, kind, 1)
    assert [k for k, _ in few] == [2, 4]


def test_a_single_satellite_has_no_reason() -> None:
    assert satellites.choose(np.zeros((1, len(PARTS), 1)), np.zeros(1, dtype=int), 16) == [(0, "")]


def test_temperatures_are_those_of_the_results(make: Make) -> None:
    """Source of truth: the arrays of the series, in kelvin."""
    run = synthetic.dissect(make("walker", frames=9))
    shown = found(run)
    for n, part in enumerate(PARTS.values()):
        recorded = run.series[part.series].values[:, shown.at].astype(float) - 273.15
        assert_allclose(shown.temperature_c[:, n], recorded, atol=1e-9)
        assert_allclose(shown.over_run_c["hottest"][n], recorded.max(axis=0), atol=1e-9)
        assert_allclose(shown.over_run_c["coldest"][n], recorded.min(axis=0), atol=1e-9)
        assert_allclose(shown.over_run_c["mean"][n], recorded.mean(axis=0), atol=1e-9)
    assert shown.label[0] == f"Satellite {shown.at[0]} (hottest junction)"
    assert shown.at[0] == run.series["sat_junction_k"].values.max(axis=0).argmax()


def test_places_are_those_of_the_positions(make: Make) -> None:
    """By hand: a satellite over the equator at the angle of Greenwich is at 0 E, one over the pole at 90 N."""
    run = synthetic.dissect(make("walker", frames=5))
    angle = float(run.series["gmst_rad"].values[2])
    shown = found(run)
    first, second = (int(k) for k in shown.at[:2])
    run.series["position_m"].values[2, :, first] = 7e6 * np.array([np.cos(angle), np.sin(angle), 0.0])
    run.series["position_m"].values[2, :, second] = [0.0, 0.0, 7e6]
    place = found(run).place_deg[2]
    assert_allclose(place[:, 0], [0.0, 0.0], atol=1e-4)
    assert_allclose(place[0, 1], 90.0, atol=1e-4)


def test_long_runs_show_fewer_satellites_and_moments(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: of 13 moments every second one is within a limit of 7; 7 moments of 13 numbers are 91, so two satellites fit into 200."""
    monkeypatch.setattr(satellites, "MAX_FRAMES", 7)
    monkeypatch.setattr(satellites, "MAX_VALUES", 200)
    run = synthetic.dissect(make("walker", hours=6.0, frames=13))
    shown = found(run)
    assert shown.temperature_c.shape == (7, len(PARTS), 2)
    frame_ms = run.series["frame"].values
    assert shown.spacing_ms == frame_ms[2] - frame_ms[0]
    hottest = run.series["sat_junction_k"].values[:, shown.at].max(axis=0) - 273.15
    assert_allclose(shown.over_run_c["hottest"][0], hottest, atol=1e-9)  # over all moments


def test_nothing_without_parts(make: Make) -> None:
    run = make("walker")
    assert satellites.find_satellites(run) is None
    synthetic.dissect(run)
    run.series = run.series.drop_vars("sat_plate_k")
    assert satellites.find_satellites(run) is None


def test_chart_has_the_temperatures_of_the_results(make: Make) -> None:
    """Source of truth: the series; the first moment and the distance of moments are those of the frames."""
    run = synthetic.dissect(make("walker", frames=7))
    shown = found(run)
    figure = node_temperatures.chart(shown).figure
    lines = {trace.name: trace for trace in figure.data}
    for name, part in PARTS.items():
        recorded = run.series[part.series].values[:, shown.at[0]].astype(float) - 273.15
        assert_allclose(np.asarray(lines[name].y, dtype=float), recorded, atol=0.0051)  # rounded to 0.01 K
    start = datetime.fromisoformat(lines["junction"].x0).replace(tzinfo=UTC)
    assert start == datetime(2026, 12, 21, 0, 1, tzinfo=UTC)
    assert lines["junction"].dx == run.series["frame"].values[1] - run.series["frame"].values[0]
    dark = run.series["sat_lit_fraction"].values[:, shown.at[0]] < 0.5
    assert np.asarray(lines["eclipse"].y).tolist() == dark.astype(int).tolist()


def test_limits_are_drawn_near_the_temperatures(make: Make) -> None:
    """By hand: junctions reach 86 degC, so that 95 degC is drawn; coolant at 49 degC is far from freezing at -77.7 degC."""
    chart = node_temperatures.chart(found(synthetic.dissect(make("walker"))))
    named = [note.text for note in chart.figure.layout.annotations]
    assert [said.replace("\u00a0", " ") for said in named] == [
        "limit of junction and memory 95.0 °C", "battery cannot be charged below 0.0 °C", "battery cannot be charged above 45.0 °C",
    ]  # fmt: skip
    at = [shape.y0 for shape in chart.figure.layout.shapes]
    assert at == pytest.approx([95.0, 0.0, 45.0])
    assert "coolant freezes at \u221277.7" in chart.note
    assert "junction" not in chart.note


def test_table_has_hottest_mean_and_coldest(make: Make) -> None:
    """Source of truth: the series; every satellite has a table, the first one is open."""
    run = synthetic.dissect(make("walker"))
    shown = found(run)
    html = node_temperatures.part_table(shown)
    tables = re.split(r"<div data-satellite=", html)[1:]
    assert len(tables) == len(shown.at)
    assert [" hidden" in table.split(">")[0] for table in tables] == [k > 0 for k in range(len(tables))]
    for k, table in enumerate(tables):
        cells = re.findall(r'data-part-temperature="(\w+)" data-over="(\w+)" data-value="([^"]+)">([^<]+)<', table)
        assert len(cells) == 3 * len(PARTS)
        for part, over, value, said in cells:
            recorded = run.series[PARTS[part].series].values[:, shown.at[k]].astype(float) - 273.15
            expected = {"hottest": recorded.max(), "mean": recorded.mean(), "coldest": recorded.min()}[over]
            assert float(value) == pytest.approx(expected, abs=1e-9)
            assert said.replace("\u00a0", " ").replace("\u2212", "-") == f"{expected:.1f} °C"


def test_page_data_holds_every_number(make: Make) -> None:
    """Source of truth: the numbers in hundredths of a degree, summed along time from what the page is given (viz/buffers.py)."""
    run = synthetic.dissect(make("walker", frames=6))
    shown = found(run)
    buffers = Buffers()
    data = satellites.page_data(shown, buffers, [(0.0, "#000000"), (1.0, "#ffffff")])
    entry = data["temperature_series"]
    raw = np.frombuffer(buffers.content[entry["begin"] : entry["begin"] + entry["size"]], dtype=np.uint8).reshape(2, -1, 6).astype(int)
    folded = raw[0] + 256 * raw[1]
    rest = np.where(folded % 2, -(folded + 1) // 2, folded // 2)
    values = np.cumsum(rest, axis=1).T.reshape(shown.temperature_c.shape)
    assert (values == quantised(shown.temperature_c, 100.0)).all()
    assert_allclose(values / 100.0, shown.temperature_c, atol=0.0051)
    assert data["over_run"]["hottest"] == shown.over_run_c["hottest"].T.round(2).tolist()


def test_satellites_without_a_position_are_left_out(make: Make) -> None:
    """Satellite 3 has no position from the third frame on, as one that decayed."""
    run = synthetic.dissect(make("walker", frames=5))
    run.series["sat_junction_k"].values[:, 3] = 360.0  # it would be the first
    assert 3 in found(run).at
    run.series["position_m"].values[2:, :, 3] = np.nan
    assert 3 not in found(run).at
