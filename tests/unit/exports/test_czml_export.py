"""`export --format czml`: what Cesium draws is where satellites are. Read as plain JSON, without the package that writes it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import PLANES, export, opened_once
from scipy.interpolate import BarycentricInterpolator

from sim.config.errors import InputError
from sim.exports.motion import Fleet
from sim.exports.opened import Opened, Options
from sim.schema import STATES

# Lagrange of six states, n h = 2 pi / 48 at most, at 7,000 km: r (n h)^6 3.5 / 6! in the middle, 17 / 6! in the outer intervals
MIDDLE_M, OUTER_M = (7.2e6 * (2.0 * np.pi / 48.0) ** 6 * top / 720.0 for top in (3.52, 16.9))


def packets(path: Path) -> dict[str, Any]:
    return {packet["id"]: packet for packet in json.loads(path.read_text("utf-8"))}


def at(position: dict[str, Any], t_s: float) -> np.ndarray:
    """What a reader of the format makes of samples: a polynomial through the six around a time."""
    rows = np.array(position["cartesian"]).reshape(-1, 4)
    first = int(np.clip(np.searchsorted(rows[:, 0], t_s) - 3, 0, len(rows) - 6))
    near = rows[first : first + position["interpolationDegree"] + 1]
    return np.asarray(BarycentricInterpolator(near[:, 0], near[:, 1:])(t_s))


def seconds(opened: Opened, text: str) -> float:
    return (datetime.fromisoformat(text) - opened.epoch).total_seconds()


def test_positions_are_those_of_astropy(planes: Path, tmp_path: Path, opened_planes: Opened) -> None:
    """Source of truth: recorded positions, turned from TEME to GCRS by astropy with its own tables of the Earth."""
    import astropy.units as u
    from astropy.coordinates import GCRS, TEME, CartesianRepresentation
    from astropy.time import Time
    from astropy.utils import iers

    facts = export(planes, "czml", tmp_path / "p.czml")
    assert (facts["satellites"], facts["stations"]) == (8, 14)
    found, series = packets(tmp_path / "p.czml"), opened_planes.series
    with iers.conf.set_temp("auto_download", False), iers.conf.set_temp("auto_max_age", None):
        for n in (0, 5, 7):
            position = found[f"satellite-{n}"]["position"]
            assert (position["referenceFrame"], position["interpolationAlgorithm"]) == ("INERTIAL", "LAGRANGE")
            assert position["epoch"] == "2026-12-21T00:00:00.000Z"
            for frame in (0, 37, 121, 238):
                r_m = series["position_m"].values[frame, :, n].astype(float)
                time = Time("2026-12-21T00:00:00", scale="utc") + 60.0 * (frame + 1) * u.s
                gcrs = TEME(CartesianRepresentation(r_m * u.m), obstime=time).transform_to(GCRS(obstime=time)).cartesian.xyz.to_value(u.m)
                apart_m = np.linalg.norm(at(position, 60.0 * (frame + 1)) - gcrs)
                # stored digits 0.43 m; astropy's way over the Earth-fixed axes with other tables of UT1: the difference cancels
                assert apart_m < (OUTER_M if frame in (0, 238) else MIDDLE_M) + 0.43 + 0.1, (n, frame, apart_m)


def test_colours_links_and_trails(training: Path, tmp_path: Path) -> None:
    """Source of truth: the recorded states, links and routes, frame by frame; the period of the propagator."""
    export(training, "czml", tmp_path / "t.czml")
    found, opened = packets(tmp_path / "t.czml"), opened_once(training)
    series = opened.series
    frames_s = series["frame"].values / 1e3
    colour = dict(zip(STATES, ((31, 41, 55), (213, 94, 0), (204, 111, 164), (43, 143, 217), (240, 180, 0)), strict=True))
    for n in (0, 40, 80):
        packet = found[f"satellite-{n}"]
        spans = [(*(seconds(opened, text) for text in row["interval"].split("/")), row["rgba"]) for row in packet["point"]["color"]]
        for frame, t_s in enumerate(frames_s):
            (shown,) = [rgba for lo, hi, rgba in spans if lo < t_s <= hi]
            assert shown == [*colour[STATES[series["state"].values[frame, n]]], 255]
        assert packet["path"]["trailTime"] == pytest.approx(opened.fleet.period_s[n])
    links = {i: packet for i, packet in found.items() if i.startswith("link-satellite")}
    pairs = set(zip(series["link_a"].values.tolist(), series["link_b"].values.tolist(), strict=True))
    assert set(links) == {f"link-satellite-{a}-satellite-{b}" for a, b in pairs}
    one = links[f"link-satellite-{series['link_a'].values[0]}-satellite-{series['link_b'].values[0]}"]
    assert one["polyline"]["positions"]["references"] == [f"satellite-{series[k].values[0]}#position" for k in ("link_a", "link_b")]
    assert one["availability"] == ["2026-12-21T00:00:00.000Z/2026-12-21T00:30:00.000Z"]
    first = series["route_satellite"].values[series["route_begin"].values]
    ground = {f"link-station-{e}-satellite-{s}" for e, s in zip(series["route_end"].values, first, strict=True)}
    assert {i for i in found if i.startswith("link-station")} == ground
    assert all(end.partition("#")[0] in found for packet in found.values() if "polyline" in packet for end in packet["polyline"]["positions"]["references"])


def test_stations_stand_where_they_are(training: Path, tmp_path: Path) -> None:
    export(training, "czml", tmp_path / "t.czml", Options(satellites=3))
    found, series = packets(tmp_path / "t.czml"), opened_once(training).series
    for n, name in enumerate(series["station"].values):
        longitude, latitude, _ = found[f"station-{n}"]["position"]["cartographicDegrees"]
        assert found[f"station-{n}"]["name"] == name
        assert (longitude, latitude) == pytest.approx((series["longitude_deg"].values[n], series["latitude_deg"].values[n]))


def test_the_clock_is_the_run(planes: Path, tmp_path: Path) -> None:
    export(planes, "czml", tmp_path / "a.czml")
    first = json.loads((tmp_path / "a.czml").read_text("utf-8"))[0]
    assert (first["id"], first["version"]) == ("document", "1.0")
    assert first["clock"]["interval"] == "2026-12-21T00:00:00.000Z/2026-12-21T04:00:00.000Z"
    export(planes, "czml", tmp_path / "b.czml")
    assert (tmp_path / "a.czml").read_bytes() == (tmp_path / "b.czml").read_bytes()


def test_only_what_is_written_is_counted_and_linked(training: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: the file itself; satellite 40 has no position, and none has in the second case."""
    opened = opened_once(training)
    chunks = Fleet.chunks
    nowhere: list[int] = [40]

    def without(*arguments: Any) -> Any:
        for places, found in chunks(*arguments):
            found.valid[np.isin(places, nowhere)] = False
            yield places, found

    monkeypatch.setattr(Fleet, "chunks", without)
    facts = export(training, "czml", tmp_path / "t.czml")
    found = packets(tmp_path / "t.czml")
    assert "satellite-40" not in found
    assert (facts["satellites"], facts["without_positions"]) == (80, 1) == (sum(i.startswith("satellite") for i in found), 1)
    links = {i: packet for i, packet in found.items() if i.startswith("link-")}
    assert facts["links"] == len(links) > 80
    assert 40 in opened.series["link_a"].values
    assert all(end.partition("#")[0] in found for packet in links.values() for end in packet["polyline"]["positions"]["references"])
    nowhere[:] = list(range(81))
    with pytest.raises(InputError, match="no satellite has two positions"):
        export(training, "czml", tmp_path / "none.czml")
    assert not (tmp_path / "none.czml").exists()


def test_those_that_are_recorded_come_first(tmp_path: Path) -> None:
    """Source of truth: by hand: 3 of 8 are recorded, 5 are shown: the three, and two of the others, the first and third of five."""
    import sim

    (tmp_path / "p.yaml").write_text(PLANES.replace("4 h", "20 min") + "recorder: {satellites: 3}\n", encoding="utf-8")
    sim.run(tmp_path / "p.yaml", tmp_path / "result")
    recorded = opened_once(tmp_path / "result").series["sat"].values.tolist()
    assert len(recorded) == 3
    export(tmp_path / "result", "czml", tmp_path / "p.czml", Options(satellites=5))
    others = [n for n in range(8) if n not in recorded]
    shown = [int(i.removeprefix("satellite-")) for i in packets(tmp_path / "p.czml") if i.startswith("satellite")]
    assert shown == sorted([*recorded, others[0], others[2]])


def test_fewer_satellites_are_evenly_spread(training: Path, tmp_path: Path) -> None:
    """Source of truth: by hand: every ninth of 81; links to others are left out, and a note says so."""
    facts = export(training, "czml", tmp_path / "t.czml", Options(satellites=9))
    assert facts["notes"] == ["9 of 81 satellites are shown, evenly spread; --satellites shows more"]
    assert [i for i in packets(tmp_path / "t.czml") if i.startswith("satellite")] == [f"satellite-{9 * n}" for n in range(9)]
