"""Causes removed where jobs and sensors need the ground: what limits is named, and times without it are volume over rate.

Satellites above the equator at 35,786 km stand still over a station, so that rates are constant.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.cli.app import exit_code
from sim.studies.why import Answer, Cause, binding, why

SCENARIO = """name: still
epoch: 2026-12-21T00:00:00Z
duration: 40 min
step: 60 s
constellation: {kind: walker, altitude: 35786 km, inclination: 0 deg, planes: 1, satellites_per_plane: 1}
satellite: suncatcher
ground: {stations: [{name: A, latitude: 0 deg, longitude: -90 deg}], min_elevation: 60 deg, link_rate: 1 Gbit/s}
workloads: [WORK]
"""
JOB = "{kind: training, model: llama-3-8b, method: synchronous, members: 1, checkpoint: {interval: 10 d}MORE}"
SERVICE = "{kind: inference, model: llama-3-8bMORE}"
INGEST = ", ingest: {size: 75 GB}"  # 600 s of 2400 at 1 Gbit/s
EXACT = 1e-9
NOON = "2026-12-21T00:{:02d}:00Z {} station A"
SENSORS = (
    "duration=6 h", "constellation.0.satellites=5", "constellation.0.altitude=500 km", "fleet={spares: 0, soft_errors: false}",
    "ground={stations: [{name: Svalbard, latitude: 78.23 deg, longitude: 15.41 deg}], min_elevation: 5 deg, link_rate: 160 Mbit/s}",
)  # fmt: skip
SENSING = (
    "{kind: sensing, sensor: {image: 100 MB, rate: 2880 1/d, when: always}, storage: 1 TB, setup: 0 s, antennas: 5, "
    "processing: {mode: inference, precision: int8, flops: 1e13, result: 10 kB}UPLOAD}"
)


def _still(folder: Path, work: str, *sets: str, events: tuple[str, ...] = ()) -> Any:
    path = folder / "still.yaml"
    path.write_text(SCENARIO.replace("WORK", work), encoding="utf-8")
    return sim.load(path, set=sets, events=events)


def _sensing(upload: str = "", *sets: str) -> Any:
    return sim.load("bupt_1", set=[*SENSORS, f"workloads=[{SENSING.replace('UPLOAD', upload)}]", *sets])


def _cause(answer: Answer, name: str) -> Cause:
    return next(row for row in answer.causes if row.cause == name)


def _without(answer: Answer, name: str) -> float:
    """Useful share of nameplate without a cause."""
    gain = _cause(answer, name).gain_fraction
    assert gain is not None
    return answer.base.useful_fraction + gain


def _check_sum(answer: Answer) -> None:
    assert answer.base.useful_fraction + sum(row.fraction for row in answer.causes) == pytest.approx(1.0, abs=EXACT)
    json.dumps(answer.as_dict(), allow_nan=False)


@pytest.mark.parametrize("work", [JOB, SERVICE])
def test_a_slow_antenna_is_named(tmp_path: Path, work: str) -> None:
    """600 of 2400 s go by until data are aboard: without them work begins at once, and a tenth more of the rate saves 600 / 11 s."""
    answer = why(_still(tmp_path, work.replace("MORE", INGEST)))
    _check_sum(answer)
    plain = why(_still(tmp_path, work.replace("MORE", ""))).base.useful_fraction
    assert answer.base.useful_fraction == pytest.approx(0.75 * plain, rel=2e-3)  # power and heat differ a little over time
    mine = [row.cause for row in answer.causes if row.cause not in ("memory", "kernel")]  # a service reads its weights for every token
    assert mine[0] == "communication"
    assert _without(answer, "communication") >= plain * (1.0 - EXACT)  # messages on board take no time either
    assert "outage" not in [row.cause for row in answer.causes]
    row = next(row for row in answer.inputs if row.input == "ground.link_rate")
    assert row.gain_fraction == pytest.approx(plain * 600.0 / 11.0 / 2400.0, rel=5e-3)
    assert row.gain_fraction == max(each.gain_fraction for each in answer.inputs if work == JOB or "accelerator" not in each.input)


@pytest.mark.parametrize("work", [JOB, SERVICE])
def test_a_lost_station_is_named(tmp_path: Path, work: str) -> None:
    """Data flow for 5 min, then the station is away for 20 min: with a route they need 10 min in all, at the rate of the antenna; with a
    link of any rate they are aboard before it is lost."""
    events = (NOON.format(5, "lose"), NOON.format(25, "restore"))
    answer = why(_still(tmp_path, work.replace("MORE", INGEST), events=events))
    _check_sum(answer)
    plain = why(_still(tmp_path, work.replace("MORE", INGEST))).base.useful_fraction  # starts after 10 min
    assert answer.base.useful_fraction < 0.5 * plain
    assert _without(answer, "outage") == pytest.approx(plain, rel=2e-3)
    if work == JOB:  # a service has no route to its users while the station is away
        assert _without(answer, "communication") > plain * (1.0 + 1e-3)
    assert _cause(answer, "outage").fraction >= 0.45  # 20 of 40 min, less what power and heat take


def test_a_station_that_never_comes(tmp_path: Path) -> None:
    """No data ever flow: with a route they pass at the rate of an antenna, as if the station had been there; links without limit alone change nothing."""
    answer = why(_still(tmp_path, JOB.replace("MORE", INGEST), events=(NOON.format(0, "lose"),)))
    _check_sum(answer)
    assert answer.base.useful_fraction == 0.0
    there = why(_still(tmp_path, JOB.replace("MORE", INGEST))).base.useful_fraction
    assert _without(answer, "outage") == pytest.approx(there, rel=EXACT)
    assert answer.causes[0].cause == "outage"


def test_data_that_go_down_cost_nothing(tmp_path: Path) -> None:
    """A job that only delivers computes as one that does not: the same causes and gains, but that no message leaves the satellite."""
    with_it = why(_still(tmp_path, JOB.replace("MORE", ", deliver: {size: 10 GB, interval: 5 min}")))
    plain = why(_still(tmp_path, JOB.replace("MORE", "")))
    _check_sum(with_it)
    assert with_it.causes == plain.causes
    assert with_it.inputs == plain.inputs


def test_binding_of_jobs_with_data(tmp_path: Path) -> None:
    """Source of truth: `why`, of which it is a part."""
    for more in (INGEST, ", deliver: {size: 10 GB, interval: 5 min}"):
        loaded = _still(tmp_path, JOB.replace("MORE", more))
        answer = why(loaded)
        base, inputs = binding(loaded)
        assert base == answer.base
        assert inputs == [row for row in answer.inputs if row.input in {each.input for each in inputs}]


def test_images_without_end() -> None:
    """30 s between images of 1e13 FLOP: chips wait nearly always. With an image at hand they work whenever power and heat let them."""
    answer = why(_sensing())
    _check_sum(answer)
    row = answer.causes[0]
    assert (row.cause, row.relaxed) == ("demand", "unlimited demand, always an image to process")
    chip = sim.load("bupt_1").scenario.satellite.accelerator
    alone = 1e13 / 30.0 / chip.peak["int8"]  # arithmetic over peak
    assert answer.base.useful_fraction == pytest.approx(alone, rel=0.02)  # the first image comes after 30 s, sunlight or not
    assert row.gain_fraction is not None
    assert row.gain_fraction > 10.0 * alone
    assert _without(answer, "demand") <= chip.kernel_efficiency + EXACT
    base, inputs = binding(_sensing())
    assert base == answer.base
    assert [each.gain_fraction for each in inputs] == [0.0] * 3


def test_weights_that_come_up_slowly() -> None:
    """100 MB at 200 kbit/s are 4,000 s of contact, in passes of minutes: without outage they are aboard after 4,000 s, so that chips have work
    for all but that of the window; at any rate, with the first contact."""
    upload = ", upload: {size: 100 MB, rate: 200 kbit/s}"
    answer = why(_sensing(upload))
    _check_sum(answer)
    free = why(_sensing()).base.useful_fraction
    window_s = answer.base.window_s
    lost = {row.cause: row.fraction for row in answer.causes}
    assert lost["outage"] > lost["communication"] > 0.0
    images = sim.run(_sensing()).summary["workloads"][0]["images_processed"] / window_s  # of all satellites
    assert answer.base.useful_fraction < 0.5 * free
    # images captured until weights are aboard wait, and are processed as fast as chips can: none is lost but those of the last step
    assert _without(answer, "outage") == pytest.approx(free, rel=3e-2)
    assert _without(answer, "communication") == pytest.approx(free, rel=3e-2)
    assert images > 0.0
    names = [row.input for row in answer.inputs]
    assert {"ground.link_rate", "workloads.0.upload.rate"} <= set(names)


def test_a_rate_that_does_not_matter_is_no_input(tmp_path: Path) -> None:
    """Only data that work waits for: not those that go down, and not where a radio gives the rates."""
    down = why(_still(tmp_path, JOB.replace("MORE", ", deliver: {size: 10 GB, interval: 5 min}")))
    assert "ground.link_rate" not in [row.input for row in down.inputs]


def test_users_of_a_day_stay_without_outage(tmp_path: Path) -> None:
    """Without a station there is no route; with one for all, demand still follows the time of day of the users: none at this hour."""
    night = ["0"] * 24
    night[12] = "1"
    daily = f", demand: 1000 1/s, daily: {{profile: [{', '.join(night)}]}}"  # at 90 deg west midnight UTC is 18 h
    answer = why(_still(tmp_path, SERVICE.replace("MORE", daily), events=(NOON.format(0, "lose"),)))
    assert answer.base.useful_fraction == 0.0
    assert "outage" not in [row.cause for row in answer.causes]


def test_the_shipped_fleet_of_sensors(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """By contract: both commands end well, and `run --binding` writes the line."""
    assert exit_code(["why", "earth_observation", "--set", "duration=4 min", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["causes"][0]["cause"] == "demand"
    out = str(tmp_path / "run")
    assert exit_code(["run", "earth_observation", "--set", "duration=4 min", "--binding", "--no-report", "--out", out]) == 0
    assert "binding" in capsys.readouterr().out
