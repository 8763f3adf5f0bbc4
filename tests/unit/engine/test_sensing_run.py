"""Sensing in a run: conservation, ledger, gates of capture, events, determinism.

Source of truth: whole images; shares of orbits in closed form; arithmetic beside each case.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim import api
from sim.engine.driver import Run
from sim.results.store import Results

BASE = (
    "duration=6 h", "constellation.0.satellites=5", "constellation.0.altitude=500 km", "fleet={spares: 0}",
    "ground={stations: [{name: Svalbard, latitude: 78.23 deg, longitude: 15.41 deg}, {name: Dublin, latitude: 53.35 deg, longitude: -6.26 deg}], "
    "min_elevation: 5 deg, link_rate: 160 Mbit/s}",
)  # fmt: skip
SENSOR = "sensor: {image: 100 MB, rate: 2880 1/d, when: always}, storage: 1 TB"


def _loaded(workload: str = "", *sets: str, events: tuple[str, ...] = (), sensor: str = SENSOR) -> Any:
    return api.load("bupt_1", set=[*BASE, f"workloads=[{{kind: sensing, {sensor}{workload}}}]", *sets], events=events)


def _run(*arguments: str, **named: Any) -> Results:
    found: Results = api.run(_loaded(*arguments, **named))
    return found


def _entry(results: Results) -> dict[str, Any]:
    return dict(results.summary["workloads"][0])


@pytest.fixture(scope="module")
def plain() -> Results:
    """All images are sent as they are. Shared: do not change it."""
    return _run()


def test_images_are_conserved(plain: Results) -> None:
    """5 satellites, an image every 30 s for 6 h, none of them ready at the epoch: 720 each."""
    found = _entry(plain)
    assert found["images_captured"] == 5 * 720
    assert found["images_captured"] == found["images_arrived"] + found["images_stored"] + found["images_lost"]
    assert 0 < found["images_arrived"] < 3600
    stations = found["stations"].values()
    assert sum(s["bytes_per_day"] for s in stations) == pytest.approx(4.0 * 1e8 * found["images_arrived"], rel=1e-12)
    assert found["sent_bytes_per_day"] == pytest.approx(4.0 * 1e8 * found["images_arrived"], rel=1e-12)
    assert all(0.0 < s["utilisation"] < 1.0 for s in stations)
    series = plain.series
    assert series["sensing_images_captured"].values[0, -1] == 3600
    assert series["sensing_images_arrived"].values[0, -1] == found["images_arrived"]
    assert series["sensing_stored_bytes"].values[0, -1] == 1e8 * found["images_stored"]


def test_without_processing_accelerators_have_no_work(plain: Results) -> None:
    """Source of truth: the definition of the row: all of nameplate that power and heat leave."""
    rows = {row["cause"]: row["fraction"] for row in plain.waterfall}
    assert rows["useful"] == rows["kernel"] == 0.0
    assert rows["demand"] == pytest.approx(1.0, abs=1e-9)


def test_work_on_images_is_useful() -> None:
    """3600 images of 8 TFLOP, all but a few at the end, over the nameplate of five accelerators of 8 TFLOP/s for 6 h, at 0.6 of an int8 peak of
    16 TFLOP/s: the time is 3600 x 8 / (16 x 0.6) s, of which 0.6 are useful."""
    results = _run(", processing: {mode: inference, flops: 8e12, precision: int8, result: 10 kB}")
    found = _entry(results)
    assert found["images_processed"] + found["images_waiting"] == found["images_captured"]
    rows = {row["cause"]: row["fraction"] for row in results.waterfall}
    busy_s = found["images_processed"] * 8.0 / (16.0 * 0.6)
    assert rows["useful"] == pytest.approx(0.6 * busy_s / (5 * 21600.0), rel=2e-3)  # an image in work at the end: 1 in 720
    assert rows["kernel"] == pytest.approx(rows["useful"] * 0.4 / 0.6, rel=1e-9)
    assert sum(rows.values()) == pytest.approx(1.0, abs=1e-9)
    assert found["images_arrived"] == 0
    assert found["images_deleted"] == found["images_processed"]
    assert found["results_arrived"] > 0.5 * found["images_processed"]
    # results of 10 kB take half a millisecond: they wait for a contact alone, at most the longest gap
    assert found["insight_s"]["p50"] < 6000.0
    limits = found["crossover"]
    assert limits["processed_bytes_per_day"] == pytest.approx(1e4 * limits["raw_bytes_per_day"], rel=1e-9)
    assert limits["processing_bytes_per_day"] == pytest.approx(5 * 86400.0 * 16.0 * 0.6 / 8.0 * 1e8, rel=1e-6)


def test_processing_that_is_too_slow_falls_behind() -> None:
    """400 TFLOP an image at 9.6 TFLOP/s: 41.7 s against one every 30 s; 21,570 s after the first image 517 are done."""
    found = _entry(_run(", processing: {mode: filter, flops: 4e14, precision: int8, keep: 0.25}"))
    assert found["images_processed"] == 5 * math.floor((21600.0 - 30.0) / (400.0 / 9.6))
    assert found["images_deleted"] == found["images_processed"] - 5 * math.floor(0.25 * found["images_processed"] / 5)


@pytest.mark.parametrize(
    ("sensor", "share"),
    [("when: daylight", 0.5), ("when: daylight, sun_elevation: -30 deg", None), ("when: always, max_latitude: 30 deg", None)],
)
def test_where_a_sensor_captures(sensor: str, share: float | None) -> None:
    """Source of truth: circles: the Sun is up on half of an orbit; with beta the angle between Sun and orbit plane, above -30 deg on
    1 - arccos(sin 30 / cos beta) / pi; the latitude is below 30 deg on 2 arcsin(sin 30 / sin i) / pi. Whole orbits of 15 a day and 5
    satellites spread over them: 1 % of the images."""
    loaded = _loaded(sensor=f"sensor: {{image: 100 MB, rate: 28800 1/d, {sensor}}}, storage: 1 TB")
    found = _entry(api.run(loaded))["images_captured"] / (5 * 7200)
    if share is None and "latitude" in sensor:
        share = 2.0 * math.asin(math.sin(math.radians(30.0)) / math.sin(math.radians(97.4))) / math.pi
    elif share is None:
        cos_beta = math.cos(math.radians(22.0))  # local time 10:30, the Sun 13 deg south
        share = 1.0 - math.acos(math.sin(math.radians(30.0)) / cos_beta) / math.pi
    assert found == pytest.approx(share, abs=0.01)


def test_a_lost_station_and_a_lost_satellite(plain: Results) -> None:
    """Lost from the epoch on: nothing reaches the station; the satellite captures nothing."""
    found = _entry(_run(events=("+0 s lose station Svalbard", "+0 s lose satellite 3")))
    assert found["stations"]["Svalbard"]["contacts"] == 0
    assert found["stations"]["Dublin"]["contacts"] > 0
    assert found["images_captured"] == 4 * 720
    assert found["images_arrived"] < _entry(plain)["images_arrived"]


def test_twice_the_rate_and_twice_the_antennas_bring_more(plain: Results) -> None:
    """Source of truth: more capacity, and images wait."""
    fast = _entry(_run("", "ground.link_rate=320 Mbit/s"))
    two = _entry(_run(", antennas: 2"))
    assert fast["images_arrived"] > _entry(plain)["images_arrived"]
    assert two["images_arrived"] >= _entry(plain)["images_arrived"]
    limits = [entry["crossover"]["raw_bytes_per_day"] for entry in (fast, _entry(plain))]
    assert limits[0] == pytest.approx(2.0 * limits[1], rel=1e-12)


def test_capacity_is_an_upper_bound(plain: Results) -> None:
    """Source of truth: with data always there no less is sent; equal but for the time in which storages were empty."""
    found = _entry(plain)
    assert found["sent_bytes_per_day"] <= found["crossover"]["raw_bytes_per_day"]


def test_half_of_the_satellites() -> None:
    """A share of 0.4 of five: two; the others work independently."""
    results = _run(", share: 0.4}, {kind: independent")
    assert _entry(results)["satellites"] == 2
    assert [w["kind"] for w in results.summary["workloads"]] == ["sensing", "independent"]
    assert results.summary["compute"]["useful_fraction"] == pytest.approx(0.6 * 0.6, rel=0.05)


def test_same_bytes_whatever_the_tiles() -> None:
    """Source of truth: bytes of counts and delays."""
    def one(tile: int, block: int) -> bytes:
        loaded = _loaded(", processing: {mode: inference, flops: 8e12, precision: int8, result: 10 kB, keep: 0.5}", "duration=2 h")
        scheduler = Run(loaded, tile=tile, block=block, threads=2).finish().scheduler
        assert scheduler is not None
        moved = scheduler.sensings[0].transfer
        return moved.count.tobytes() + moved.delays.tobytes() + moved.value.tobytes() + np.ascontiguousarray(scheduler.ledger.own_s).tobytes()

    assert one(2, 7) == one(256, 60)


def test_steps_do_not_matter_for_contacts(plain: Results) -> None:
    """Contacts are exact: with steps of 5 min images that arrive differ by those of a contact at most."""
    coarse = _entry(_run("", "step=5 min"))
    fine = _entry(plain)
    assert abs(coarse["images_arrived"] - fine["images_arrived"]) <= 3
    assert sum(s["contacts"] for s in coarse["stations"].values()) == sum(s["contacts"] for s in fine["stations"].values())
