"""Sensing by satellites that stand still over their station: every figure of the summary in closed form.

Source of truth: arithmetic beside each case. At 35,786 km above the equator the contact never ends, and at the solstice there is no eclipse.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim import api
from sim.results.formatting import lines
from sim.results.store import Results

SCENARIO = """name: still
epoch: 2026-12-21T00:00:00Z
duration: 2 h
step: 60 s
constellation: {{kind: walker, altitude: 35786 km, inclination: 0 deg, planes: 1, satellites_per_plane: 1}}
satellite: bupt-1
ground: {{stations: [{{name: A, latitude: 0 deg, longitude: -90 deg}}], min_elevation: 60 deg, link_rate: 1 Gbit/s}}
workloads:
- {{kind: sensing, sensor: {{image: 100 MB, rate: 60 1/h, when: always}}, storage: 1 TB, setup: 0 s{more}}}
"""
SLOW = "processing: {mode: filter, flops: 4e14, precision: int8, keep: 0.25}"  # 41.67 s an image at 9.6 TFLOP/s
QUICK = "processing: {mode: filter, flops: 1e14, precision: int8, keep: 0.25}"
DOWN_BYTE_S = 1.25e8


def _loaded(folder: Path, more: str = "", *sets: str, events: tuple[str, ...] = ()) -> Any:
    (folder / "still.yaml").write_text(SCENARIO.format(more=more), encoding="utf-8")
    return api.load(str(folder / "still.yaml"), set=list(sets), events=events)


def _run(folder: Path, *more: str, events: tuple[str, ...] = ()) -> Results:
    found: Results = api.run(_loaded(folder, *more, events=events))
    return found


def _entry(results: Results) -> dict[str, Any]:
    return dict(results.summary["workloads"][0])


def _shares(results: Results) -> dict[str, float]:
    return {row["cause"]: row["fraction"] for row in results.waterfall}


def test_a_link_that_is_always_there(tmp_path: Path) -> None:
    """An image takes 0.8 s at 1 Gbit/s, less than the second at which delays begin to be counted; the last one is complete at the end and stays."""
    found = _entry(_run(tmp_path))
    assert (found["images_captured"], found["images_arrived"], found["images_stored"]) == (120, 119, 1)
    assert found["crossover"]["raw_bytes_per_day"] == pytest.approx(86400.0 * DOWN_BYTE_S, rel=1e-12)
    assert found["stations"]["A"] == {"utilisation": 1.0, "contacts": 1, "bytes_per_day": pytest.approx(119 * 1e8 * 12.0, rel=1e-12)}


def test_setup_takes_from_the_contact(tmp_path: Path) -> None:
    """720 s of two hours: nine tenths are left."""
    found = _entry(_run(tmp_path, "", "workloads.0.setup=720 s"))
    assert found["crossover"]["raw_bytes_per_day"] == pytest.approx(0.9 * 86400.0 * DOWN_BYTE_S, rel=1e-12)


def test_an_antenna_without_a_satellite(tmp_path: Path) -> None:
    """Two antennas, one satellite with one link: half of their time, and no more data."""
    found = _entry(_run(tmp_path, ", antennas: 2"))
    assert found["stations"]["A"]["utilisation"] == 0.5
    assert found["crossover"]["raw_bytes_per_day"] == pytest.approx(86400.0 * DOWN_BYTE_S, rel=1e-12)


def test_stations_count_results(tmp_path: Path) -> None:
    """Of 119 images processed 29 are kept, 100 MB each, and each has a result of 1 MB: 41.67 s of work, then 8 ms and 0.8 s on the link."""
    found = _entry(_run(tmp_path, ", processing: {mode: inference, flops: 4e14, precision: int8, result: 1 MB, keep: 0.25}"))
    assert (found["images_processed"], found["images_arrived"], found["results_arrived"]) == (119, 29, 119)
    sent_bytes_per_day = (119 * 1e6 + 29 * 1e8) * 12.0
    assert found["stations"]["A"]["bytes_per_day"] == pytest.approx(sent_bytes_per_day, rel=1e-12)
    assert found["sent_bytes_per_day"] == pytest.approx(sent_bytes_per_day, rel=1e-12)
    assert found["share_with_insight"] == 119 / 120
    assert found["insight_s"]["p50"] == pytest.approx(400.0 / 9.6 + 0.008, rel=1e-3)


def test_images_within_a_day(tmp_path: Path) -> None:
    """One an hour for 30.5 h, a station that is lost for 25.5 h: of six that have 24 h the first is late, the others come within 23.5 h at most."""
    sets = ("duration=30.5 h", "step=150 s", "workloads.0.sensor.rate=1 1/h")
    found = _entry(_run(tmp_path, "", *sets, events=("+0 s lose station A for 25.5 h",)))
    assert (found["images_captured"], found["images_arrived"]) == (30, 30)
    assert found["share_within_24h"] == pytest.approx(5 / 6, rel=1e-12)
    assert found["share_to_ground"] == 1.0


@pytest.mark.parametrize(("processing", "image_s"), [(SLOW, 400.0 / 9.6), (QUICK, 100.0 / 9.6)])
def test_power_follows_the_work(tmp_path: Path, processing: str, image_s: float) -> None:
    """Power above idle in the time in which one of 119 images is processed, and at no other."""
    loaded = _loaded(tmp_path, f", {processing}")
    chip = loaded.scenario.types[0].accelerator
    found = api.run(loaded).summary["energy_balance"]
    assert found["dynamic_j"] == pytest.approx((chip.max_power - chip.idle_power) * 119 * image_s, rel=1e-6)


def test_images_that_wait_for_weights(tmp_path: Path) -> None:
    """Weights of 10 GB at 20 Mbit/s take 4,000 s, images wait from 60 s on; the time in between belongs to communication. Then 67 images wait, each
    of 41.67 s: work goes on until the end. Accelerators are able to process for the last 3,200 s."""
    results = _run(tmp_path, f", {SLOW}, upload: {{size: 10 GB, rate: 20 Mbit/s}}")
    found, rows = _entry(results), _shares(results)
    assert found["upload"] == {"share_done": 1.0, "p10_s": 4000.0, "p50_s": 4000.0, "p90_s": 4000.0}
    assert found["images_processed"] == 76  # 3,200 s over 41.67 s
    assert rows["communication"] == pytest.approx(3940.0 / 7200.0, abs=1e-12)
    assert rows["outage"] == 0.0
    assert rows["demand"] == pytest.approx(60.0 / 7200.0, abs=1e-12)
    assert rows["useful"] + rows["kernel"] == pytest.approx(3200.0 / 7200.0, abs=1e-12)
    assert found["crossover"]["processing_bytes_per_day"] == pytest.approx(86400.0 / (400.0 / 9.6) * 1e8 * 3200.0 / 7200.0, rel=1e-12)


def test_images_that_wait_for_a_station(tmp_path: Path) -> None:
    """The same while the station is lost for the first 20 steps: it is back in the step at whose end it works. 1,140 s of outage, as much communication
    as without; the weights are there at 5,200 s."""
    results = _run(tmp_path, f", {SLOW}, upload: {{size: 10 GB, rate: 20 Mbit/s}}", events=("+0 s lose station A for 21 min",))
    rows = _shares(results)
    assert _entry(results)["upload"]["p50_s"] == pytest.approx(5200.0, abs=1e-6)
    assert rows["outage"] == pytest.approx(1140.0 / 7200.0, abs=1e-12)
    assert rows["communication"] == pytest.approx(4000.0 / 7200.0, abs=1e-12)
    assert rows["useful"] + rows["kernel"] == pytest.approx(2000.0 / 7200.0, abs=1e-12)


def test_the_line_says_for_how_many_images_the_delay_holds(tmp_path: Path) -> None:
    """Images of 10 GB: 80 s each on the link, one a minute; 89 of 120 by the end: 74.2 %."""
    results = _run(tmp_path, "", "workloads.0.sensor.image=10 GB")
    (line,) = [text for name, text in lines(results.summary) if name == "sensing"]
    assert _entry(results)["images_arrived"] == 89
    assert "time to insight of 74.2 % of the images P10" in line
