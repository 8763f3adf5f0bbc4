"""Constellations from files and from a shorthand code: what a scenario may say, what is reported, what is left out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sgp4.api import WGS72, Satrec
from sgp4.exporter import export_omm

from orbit.timegrid import julian_date
from sim import api
from sim.config import ephemeris_files
from sim.config.errors import InputError
from sim.config.scenario import Loaded, load
from sim.config.validation import forms
from sim.engine import links, propagators
from sim.engine.driver import Run
from sim.results import store, summary
from sim.results.manifest import build_manifest
from sim.studies import definition

EPOCH = datetime(2026, 12, 20, 12, 34, 30, 250_000, tzinfo=UTC)
HEAD = "name: s\nepoch: 2026-12-21T00:00:00Z\nduration: 1 h\nsatellite: suncatcher\n"


def _made(count: int = 3) -> list[Satrec]:
    """Satellites round one orbit at 550 km, elements a minute and a half apart, the newest of EPOCH."""
    jd, fr = julian_date(EPOCH)
    made = []
    for k in range(count):
        satellite = Satrec()
        satellite.sgp4init(
            WGS72, "i", 70000 + k, jd - 2433281.5 + fr - 90.0 * k / 86400.0, 1e-5, 0.0, 0.0, 1e-4, 0.5, math.radians(53.0),
            2.0 * math.pi * k / count, 2.0 * math.pi * 15.06 / 1440.0, 1.0,
        )  # fmt: skip
        satellite.classification, satellite.intldesg, satellite.elnum = "U", "26001A", 1
        satellite.ephtype, satellite.revnum = 0, 1
        made.append(satellite)
    return made


def _omm(folder: Path, **changes: Any) -> Path:
    """Three sets by the exporter of the sgp4 package, the second one changed."""
    sets = [export_omm(satellite, f"MADE UP {k}") for k, satellite in enumerate(_made())]
    sets[1] = {**sets[1], **changes}
    path = folder / "three.json"
    path.write_text(json.dumps(sets, indent=1), encoding="utf-8")
    return path


def _oem(folder: Path, begin: datetime, minutes: tuple[int, ...] = (90, 90, 30)) -> Path:
    """Positions by the sgp4 package, one state a minute, each object for its own time."""
    lines = ["CCSDS_OEM_VERS = 2.0"]
    jd, fr = julian_date(begin)
    for k, (satellite, many) in enumerate(zip(_made(), minutes, strict=True)):
        t = 60.0 * np.arange(many + 1)
        code, r_km, v_km_s = satellite.sgp4_array(np.full(t.size, jd), fr + t / 86400.0)
        assert not code.any()
        stamps = [(begin + timedelta(seconds=s)).strftime("%Y-%m-%dT%H:%M:%S") for s in t]
        lines += [
            "META_START",
            f"OBJECT_NAME = {k}",
            f"OBJECT_ID = 2026-{k}",
            "CENTER_NAME = EARTH",
            "REF_FRAME = TEME",
        ]
        lines += ["TIME_SYSTEM = UTC", f"START_TIME = {stamps[0]}", f"STOP_TIME = {stamps[-1]}", "META_STOP"]
        lines += [
            f"{s} " + " ".join(f"{x:.9f}" for x in (*r, *v)) for s, r, v in zip(stamps, r_km, v_km_s, strict=True)
        ]
    path = folder / "three.oem"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _scenario(folder: Path, constellation: str, more: str = "") -> Path:
    path = folder / "s.yaml"
    path.write_text(f"{HEAD}constellation: {constellation}\n{more}", encoding="utf-8")
    return path


def _messages(path: Path | str, *sets: str, **more: Any) -> list[str]:
    with pytest.raises(InputError) as error:
        load(path, sets, **more)
    return [str(problem) for problem in error.value.problems]


def _positions_m(found: Loaded) -> np.ndarray:
    """Positions (11, 3, satellites) of the first ten minutes."""
    grid = propagators.time_grid(found.scenario)
    parts = []
    for propagator in propagators.make_propagators(found, grid):
        out = np.empty((11, 3, propagator.count))
        assert propagator.fill(0, propagator.count, 0, out) is None
        parts.append(out)
    return np.concatenate(parts, axis=2)


# --- element sets of OMM -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["three.json", "no.suffix", "wrong.csv"])
def test_omm_moves_as_its_satellites(folder: Path, name: str) -> None:
    """Source of truth: the sgp4 package with the satellites that were exported. Epochs in the file are rounded to the microsecond
    (4 mm), and one float of days knows no more (another 2 mm); the name of the file says nothing."""
    _omm(folder).rename(folder / name)
    found = load(_scenario(folder, f"{{kind: omm, omm: {name}}}"))
    assert found.satellites == 3
    jd, fr = julian_date(found.scenario.epoch)
    for k, satellite in enumerate(_made()):
        _, r_km, _ = satellite.sgp4_array(np.full(11, jd), fr + 60.0 * np.arange(11) / 86400.0)
        assert np.abs(_positions_m(found)[:, :, k] - 1e3 * r_km).max() < 0.01


def test_switch_to_omm(folder: Path) -> None:
    """Source of truth: the rule for TLE: the newest elements are of 12:34:30.25, rounded up to a minute 12:35; two weeks apart at most."""
    _omm(folder)
    found = load("starlink_edge", ("constellation.omm=three.json", "links=null", "duration=1 h"))
    assert (found.satellites, found.scenario.epoch) == (3, datetime(2026, 12, 20, 12, 35, tzinfo=UTC))
    assert "epoch: 2026-12-20T12:35Z, the newest of 3 element sets" in found.notes
    (line,) = _messages("starlink_edge", "constellation.omm=three.json", "links=null", "epoch=2027-01-03T12:35Z")
    assert "constellation.omm: 3 of 3 element sets are more than 14 days from the epoch" in line
    assert (
        load("starlink_edge", ("constellation.omm=three.json", "links=null", "epoch=2027-01-03T12:35Z"), allow_stale=True).satellites
        == 3
    )


@pytest.mark.parametrize("kind", ["omm", "oem"])
def test_files_are_pinned_and_known_by_content(folder: Path, kind: str) -> None:
    """Source of truth: the rule for TLE: moved, the same run; another name, another run; a resolved scenario notices a change."""
    path = _omm(folder) if kind == "omm" else _oem(folder, datetime(2026, 12, 21, tzinfo=UTC))
    (folder / "moved").write_bytes(path.read_bytes())
    (folder / "more").write_bytes(path.read_bytes().replace(b"OBJECT_NAME = 1", b"OBJECT_NAME = B").replace(b"MADE UP 1", b"OTHER"))
    one, moved, more = (load(_scenario(folder, f"{{kind: {kind}, {kind}: {n}}}")) for n in (path.name, "moved", "more"))
    assert one.sha256 == moved.sha256 != more.sha256
    resolved = folder / "resolved.yaml"
    resolved.write_text(store.resolved_yaml(one), encoding="utf-8")
    assert load(resolved).sha256 == one.sha256
    path.write_bytes(path.read_bytes() + b"\n")
    (line,) = _messages(resolved)
    assert "constellation.sha256: " in line
    assert "has changed" in line


def test_a_file_beside_its_scenario_and_its_sweep(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: the rule for TLE: paths start from the file that says them."""
    _omm(folder)
    path = _scenario(folder, "{kind: omm, omm: three.json}")
    (folder / "sweep.yaml").write_text(
        f"name: x\nscenario: {path}\ngrid: {{constellation.omm: [three.json], step: [60 s, 30 s]}}\n", encoding="utf-8"
    )
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert load(path).satellites == 3
    assert len(definition.resolve(folder / "sweep.yaml").points) == 2


@pytest.mark.parametrize("topology", ["grid", "mesh"])
def test_nearest_in_a_catalogue(folder: Path, topology: str) -> None:
    """Source of truth: the rule for TLE: a catalogue has no planes and no lattice, the nearest are joined, and the notes say so."""
    path = _omm(folder)
    near = [{**elements, "MEAN_ANOMALY": 10.0 * k} for k, elements in enumerate(json.loads(path.read_text("utf-8")))]
    path.write_text(json.dumps(near), encoding="utf-8")
    found = load("starlink_edge", ("constellation.omm=three.json", f"links.topology={topology}"))
    assert found.scenario.links is not None
    assert found.scenario.links.topology == "nearest"
    assert f"links.topology: nearest, as {topology} has no form in a catalogue" in found.notes


# --- bad element sets ----------------------------------------------------------------------------------------------------------


def test_bad_sets_are_reported_or_left_out(folder: Path, dawndusk: Any) -> None:
    """Source of truth: counting lines by hand: 22 of a set, so that the second begins on line 24 and has its inclination on the
    eleventh after."""
    path = _omm(folder, INCLINATION=190, BSTAR="x")
    text = path.read_text("utf-8").splitlines()
    at = {
        name: next(i for i, x in enumerate(text, 1) if i > 24 and f'"{name}"' in x) for name in ("INCLINATION", "BSTAR")
    }
    scenario = _scenario(folder, "{kind: omm, omm: three.json}")
    called = dawndusk("validate", str(scenario))
    assert (called.code, called.out) == (2, "")
    assert called.errors == [
        f"{path}:{at['INCLINATION']}:3: constellation.omm: INCLINATION 190 is out of range; write one from 0 to 180 deg",
        f"{path}:{at['BSTAR']}:3: constellation.omm: BSTAR 'x' is not a number; write one in 1/ER",
    ]
    called = dawndusk("validate", str(scenario), "--skip-bad")
    assert called.code == 0
    (note,) = called.errors
    assert note.startswith(
        f"skip_bad: 1 of 3 element sets of {path} left out; the first is line {at['INCLINATION']}: INCLINATION 190"
    )
    found = load(scenario, skip_bad=True)
    assert found.satellites == 2
    assert found.catalogues.skipped == [
        ephemeris_files.Skipped(
            str(path), at["INCLINATION"], "INCLINATION 190 is out of range; write one from 0 to 180 deg"
        )
    ]
    written = load(_scenario(folder, "{kind: omm, omm: three.json}", "skip_bad: true\n"))
    assert (written.satellites, written.sha256) == (2, found.sha256)


def test_left_out_sets_are_in_the_manifest(folder: Path, make_element_lines: Callable[..., str]) -> None:
    """Source of truth: the count: 29 of 30 sets have two bad lines each; the manifest lists the first twenty."""
    good = (folder / "good.tle", folder / "bad.tle")
    lines = make_element_lines(30, EPOCH).splitlines()
    good[0].write_text("\n".join(lines), encoding="ascii")
    spoilt = [line if line.startswith("M") or i > 86 else line[:68] + "x" for i, line in enumerate(lines)]
    good[1].write_text("\n".join(spoilt), encoding="ascii")
    path = _scenario(folder, "{kind: tle, tle: bad.tle}")
    assert len(_messages(path)) == 58
    manifest = build_manifest(load(path, skip_bad=True), {})
    assert manifest["skipped_sets_count"] == 29
    assert len(manifest["skipped_sets"]) == 20
    assert manifest["skipped_sets"][0]["line"] == 2
    assert set(manifest["skipped_sets"][0]) == {"file", "line", "reason"}
    json.dumps(manifest)
    assert build_manifest(load(_scenario(folder, "{kind: tle, tle: good.tle}")), {})["skipped_sets"] == []


def test_nothing_left(folder: Path, dawndusk: Any) -> None:
    """Source of truth: the rule: all bad is bad input, whatever is skipped; so is a file that cannot be read on."""
    path = _omm(folder)
    path.write_text(path.read_text("utf-8").replace('"REF_FRAME": "TEME"', '"REF_FRAME": "GCRF"'), encoding="utf-8")
    scenario = _scenario(folder, "{kind: omm, omm: three.json}")
    called = dawndusk("validate", str(scenario), "--skip-bad")
    assert called.code == 2
    (line,) = called.errors
    assert f"s.yaml:5:28: constellation.omm: none of the 3 element sets of {path} is valid (line 6: REF_FRAME 'GCRF'" in line
    _omm(folder)
    path.write_text(path.read_text("utf-8")[:-30], encoding="utf-8")
    called = dawndusk("validate", str(scenario), "--skip-bad")
    assert called.code == 2
    assert "is not JSON" in called.errors[-1]


@pytest.mark.parametrize("verb", ["run", "validate", "compare", "why", "access"])
def test_verbs_that_load_a_scenario_skip(dawndusk: Any, verb: str) -> None:
    called = dawndusk(verb, "--help")
    assert called.code == 0
    assert "--skip-bad" in called.out


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("tle", "[{}]", "holds no elements (it looks like kind: omm); write the path of a file in TLE"),
        (
            "tle",
            "CCSDS_OEM_VERS = 2.0\n",
            "holds no elements (it looks like kind: oem); write the path of a file in TLE",
        ),
        ("omm", "[]", "holds no elements (it begins with '[]'); write the path of a file in OMM"),
        ("tle", "No GP data found\n", "holds no elements (it begins with 'No GP data found'); write the path of a file in TLE"),
        ("tle", "<ndm>", "holds no elements (it looks like kind: omm); write the path of a file in TLE"),
        ("oem", "", "holds no ephemerides; write the path of a file in OEM"),
    ],
)
def test_files_with_nothing_of_their_kind(folder: Path, kind: str, content: str, said: str) -> None:
    (folder / "f").write_text(content, encoding="utf-8")
    (line,) = _messages(_scenario(folder, f"{{kind: {kind}, {kind}: f}}"))
    assert line.endswith(f"s.yaml:5:28: constellation.{kind}: {folder / 'f'} {said}")


@pytest.mark.parametrize("kind", ["tle", "omm", "oem"])
@pytest.mark.parametrize("value", ["none", ".", "5", "[a]", "{a: 1}", "null", '"a\\0b"'])
def test_paths_that_are_none(folder: Path, kind: str, value: str) -> None:
    assert all(
        f"constellation.{kind}" in line for line in _messages(_scenario(folder, f"{{kind: {kind}, {kind}: {value}}}"))
    )


@pytest.mark.parametrize("value", ["null", '""'])
def test_a_path_that_is_empty(folder: Path, value: str) -> None:
    (line,) = _messages(_scenario(folder, f"{{kind: tle, tle: {value}}}"))
    assert line.endswith("s.yaml:5:28: constellation.tle: is empty; write the path of a file in TLE")


@pytest.mark.parametrize("kind", ["tle", "omm", "oem", "shorthand"])
def test_a_kind_without_its_field(folder: Path, kind: str) -> None:
    field = "code" if kind == "shorthand" else kind
    (line,) = _messages(_scenario(folder, f"{{kind: {kind}}}"))
    assert f"s.yaml:5:1: constellation.{field}: is missing; write `{field}: ...` here (such as `{field}: " in line


# --- ephemerides -------------------------------------------------------------------------------------------------------


def test_positions_of_an_ephemeris(folder: Path) -> None:
    """Source of truth: the sgp4 package at the states themselves: half of a digit of the text, 0.5 um."""
    begin = datetime(2026, 12, 21, tzinfo=UTC)
    _oem(folder, begin)
    found = load(_scenario(folder, "{kind: oem, oem: three.oem}"))
    assert found.satellites == 3
    assert found.notes == (
        "constellation.0: 1 of 3 ephemerides do not cover the run; without a position a satellite counts as failed from then on",
    )
    jd, fr = julian_date(begin)
    for k, satellite in enumerate(_made()):
        _, r_km, _ = satellite.sgp4_array(np.full(11, jd), fr + 60.0 * np.arange(11) / 86400.0)
        assert np.abs(_positions_m(found)[:, :, k] - 1e3 * r_km).max() < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("coupled", [False, True])
def test_where_an_ephemeris_ends_the_satellite_fails(folder: Path, coupled: bool) -> None:
    """Source of truth: the file: the third object ends after 30 minutes: at the end of step 30 (from 0) it has no position; no
    other satellite fails, and a beginning with the run is no failure."""
    _oem(folder, datetime(2026, 12, 21, tzinfo=UTC))
    found = load(_scenario(folder, "{kind: oem, oem: three.oem}", "fleet: {spares: 0}\n" if coupled else ""))
    assert found.scenario.coupled == coupled
    run = Run(found) if coupled else Run(found, threads=1)
    outcome = run.finish()
    assert outcome.decayed == [(2, 30)]
    note = "1 satellite without an ephemeris from then on: satellite 2 (2) at 2026-12-21T00:30:00Z"
    begun = (
        "initial: 3 of 3 satellites have no positions through the revolution after the epoch; they start as with initial: full"
    )
    assert summary.summary(outcome)["notes"] == [*found.notes, begun, note]


def test_an_epoch_outside_the_ephemeris(folder: Path) -> None:
    """Source of truth: the file's span; a switch by --set takes the moment at which all have begun, a whole minute."""
    _oem(folder, datetime(2026, 12, 25, 3, 0, 30, tzinfo=UTC))
    (line,) = _messages(_scenario(folder, "{kind: oem, oem: three.oem}"))
    assert "s.yaml:5:28: constellation.oem: no object has a position at the epoch 2026-12-21T00:00:00Z" in line
    assert line.endswith("; write an epoch within 2026-12-25T03:00:30Z to 2026-12-25T04:30:30Z")
    found = load("starlink_edge", ("constellation.oem=three.oem", "duration=20 min"))
    assert found.scenario.epoch == datetime(2026, 12, 25, 3, 1, tzinfo=UTC)
    assert "epoch: 2026-12-25T03:01Z, latest start of 3 ephemerides" in found.notes


# --- a string ------------------------------------------------------------------------------------------------------------

CODE = "D:550:53.0:1584/22/17"


def test_shorthand_is_the_walkers_it_says(folder: Path) -> None:
    """Source of truth: the draft's grammar written out by hand as walkers: the same positions to the bit, links and neighbours."""
    short = load(_scenario(folder, '{kind: shorthand, code: "D:550:53:24/6/2+S:780:86.4:66/6/1:90"}'))
    written = load(_scenario(folder, """
  - {kind: walker, altitude: 550 km, inclination: 53 deg, planes: 6, satellites_per_plane: 4, phasing: 2}
  - {kind: walker, altitude: 780 km, inclination: 86.4 deg, planes: 6, satellites_per_plane: 11, phasing: 1, pattern: star,
     mean_anomaly: 90 deg}"""))  # fmt: skip
    assert short.satellites == written.satellites == 90
    assert _positions_m(short).tobytes() == _positions_m(written).tobytes()
    assert links.constellation_blocks(short) == links.constellation_blocks(written)
    entry = short.scenario.constellation[0]
    first, second = written.scenario.constellation
    assert [forms.neighbours(entry, i) for i in range(24)] == [forms.neighbours(first, i) for i in range(24)]
    assert forms.neighbours(entry, 30) == [24 + n for n in forms.neighbours(second, 6)]
    for found in (short, written):
        linked = load(
            _scenario(
                folder, '{kind: shorthand, code: "D:12000:53:24/6/2+S:780:86.4:66/6/1:90"}',
                "links: {topology: grid, max_range: 30000 km}\n",
            ),
            allow_infeasible=True,  # eclipses of 44 min
        )
        assert forms.link_count(linked.scenario, 90) == (24 + 24) + (66 + 55)
        assert forms.suited_topology(found.scenario.constellation) == "grid"


def test_mean_anomaly_of_a_shell(folder: Path) -> None:
    """Source of truth: the draft: the first satellite of the first plane is there; in a circular orbit a quarter of the way round
    it is at its highest latitude: z = r sin i, x = y = 0 but for the node at 0: 1 m after J2's drift of no time."""
    at = _positions_m(load(_scenario(folder, '{kind: shorthand, code: "D:550:53:24/6/2:90"}')))[0, :, 0]
    r = 6378137.0 + 550e3
    assert at == pytest.approx([0.0, r * math.cos(math.radians(53.0)), r * math.sin(math.radians(53.0))], abs=1.0)
    moved = _positions_m(load(_scenario(folder, (
        "{kind: walker, mean_motion: 15.06 rev/d, inclination: 53 deg, planes: 1, satellites_per_plane: 4, mean_anomaly: 90 deg}"
    ))))[0]  # fmt: skip
    still = _positions_m(load(_scenario(folder, (
        "{kind: walker, mean_motion: 15.06 rev/d, inclination: 53 deg, planes: 1, satellites_per_plane: 4}"
    ))))[0]  # fmt: skip
    assert moved[:, :3] == pytest.approx(still[:, 1:], abs=1e-3)  # a quarter of four slots is the next one


def test_switch_to_a_code() -> None:
    found = load("starlink_edge", (f"constellation.code={CODE}",))
    assert found.satellites == 1584
    assert found.scenario.constellation[0].kind == "shorthand"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("D:550:53.0:1584/22/22", "phasing 22 of 'D:550:53.0:1584/22/22' is out of range; write one from 0 to 21"),
        (
            "D:550:53.0:1585/22/17",
            "1585 satellites of 'D:550:53.0:1585/22/17' do not divide into 22 planes; write e.g. 1584/22",
        ),
        ("D:159:53:24/6/1", "altitude 159 km of 'D:159:53:24/6/1' is out of range; write one from 160 to 40,000 km"),
        ("D:40001:53:24/6/1", "write one from 160 to 40,000 km"),
        ("D:550:181:24/6/1", "inclination 181 deg of 'D:550:181:24/6/1' is out of range; write one from 0 to 180 deg"),
        ("D:550:53:24/25/1", "number of planes 25 of 'D:550:53:24/25/1' is out of range; write one from 1 to 24"),
        ("D:550:53:0/1/0", "number of satellites 0"),
        ("D:550:53:99999999/1/0", "write one from 1 to 10,000,000"),
        ("D:550:53:24/0/0", "number of planes 0"),
        ("D:550:53:24/6/1:361", "mean anomaly 361 deg"),
        ("D:550:53:24/6/1+X:550:53:24/6/1", "'X:550:53:24/6/1' is no shell"),
        ("D:550:53:24/6/1+", "'' is no shell; write PATTERN:KM:DEG:SATELLITES/PLANES/PHASING"),
        ("d:550:53:24/6/1", "is no shell"),
        ("D:550 km:53:24/6/1", "is no shell"),
        ("D:550:-53:24/6/1", "is no shell"),
        ("D:550:53:24/6/1.5", "is no shell"),
        ("D:550:53:24/6", "is no shell"),
        ("53:24/6/1", "is no shell"),
    ],
)
def test_codes_that_are_none(folder: Path, code: str, said: str) -> None:
    """Source of truth: the grammar and the ranges of the draft, and the altitudes that can be simulated."""
    (line,) = _messages(_scenario(folder, f'{{kind: shorthand, code: "{code}"}}'))
    assert "s.yaml:5:34: constellation.code: " in line
    assert said in line


WALKER = "{{kind: walker, inclination: 53 deg, planes: 2, satellites_per_plane: 2, {}}}"


def test_altitude_against_mean_motion(folder: Path) -> None:
    """Source of truth: SGP4's own recovery of the semi-major axis from Kozai's mean motion: `Satrec.a` in Earth radii (WGS 72), which
    differ by 2 m; 0.1 % of 6,928 km is 6.9 km."""
    satellite = Satrec()
    satellite.sgp4init(
        WGS72, "i", 1, 28000.0, 0.0, 0.0, 0.0, 0.0, 0.0, math.radians(53.0), 0.0, 2.0 * math.pi * 14.0 / 1440.0, 0.0
    )
    theirs_km = satellite.a * 6378.135 - 6378.137
    (line,) = _messages(_scenario(folder, WALKER.format("altitude: 550 km, mean_motion: 14 rev/d")))
    assert f"in conflict: that mean motion is at {theirs_km:.1f} km; write one of them" in line
    assert "s.yaml:5:1: constellation: altitude 550 km and mean_motion 14 rev/d" in line
    for altitude_km, good in (
        (theirs_km - 7.5, False),
        (theirs_km - 7.0, True),
        (theirs_km + 7.0, True),
        (theirs_km + 7.5, False),
    ):
        path = _scenario(folder, WALKER.format(f"altitude: {altitude_km:.3f} km, mean_motion: 14 rev/d"))
        if good:
            assert isinstance(
                propagators.make_propagators(load(path), propagators.time_grid(load(path).scenario))[0], propagators.Sgp4
            )
        else:
            assert len(_messages(path)) == 1


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            "mean_motion: 1e-300 rev/d",
            "s.yaml:5:88: constellation.mean_motion: mean_motion 1e-300 rev/d is an orbit at 4.22e+204 km",
        ),
        ("mean_motion: 17.5 rev/d", "mean_motion 17.5 rev/d is an orbit at -111"),
        ("mean_motion: 0.5 rev/d", "write one from 160 to 40000 km, such as 15.06 rev/d"),
        ("phasing: 1", "needs altitude or mean_motion; write one of them"),
    ],
)
def test_sizes_of_a_shell_that_are_none(folder: Path, lines: str, said: str) -> None:
    (line,) = _messages(_scenario(folder, WALKER.format(lines)))
    assert said in line


def test_a_resolved_shorthand_is_the_same(folder: Path) -> None:
    found = load(_scenario(folder, f'{{kind: shorthand, code: "{CODE}"}}'))
    resolved = folder / "resolved.yaml"
    resolved.write_text(store.resolved_yaml(found), encoding="utf-8")
    assert load(resolved).sha256 == found.sha256


def test_files_and_shells_together(folder: Path) -> None:
    """Source of truth: counting: 4 + 3 + 24 + 3 satellites, in the order of the list; the shell's grid begins at the seventh."""
    _omm(folder)
    _oem(folder, datetime(2026, 12, 21, tzinfo=UTC), (90, 90, 90))
    found = load(_scenario(folder, f"""
  - {WALKER.format("altitude: 550 km")}
  - {{kind: omm, omm: three.json}}
  - {{kind: shorthand, code: "D:550:53:24/6/2"}}
  - {{kind: oem, oem: three.oem}}"""))  # fmt: skip
    assert found.satellites == 34
    assert [p.first for p in links.constellation_blocks(found)] == [0, 7]
    assert _positions_m(found).shape == (11, 3, 34)
    assert api.load(folder / "s.yaml", skip_bad=True).satellites == 34


def test_a_file_of_bad_lines_is_told_in_part(folder: Path) -> None:
    """Source of truth: the promise: five hundred lines of a file at most, then one that counts the rest."""
    (folder / "bad.tle").write_text(
        "2 00001 a line two without a line one before it, long enough to be one\n" * 700, encoding="ascii"
    )
    lines = _messages(_scenario(folder, "{kind: tle, tle: bad.tle}"))
    assert len(lines) == 501
    assert "200 more bad lines" in lines[-1]
