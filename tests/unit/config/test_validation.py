"""Bad input through the real command: exit 2, a line for each error with its place, nothing on stdout, nothing written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PLACED = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+):(?P<column>\d+): (?P<message>\S.*)$")
CLUSTER = """  kind: cluster
  altitude: 650 km
  local_time: "06:00"
  lattice: {spacing: 200 m, radius: 1 km}
"""
WALKER = "  {kind: walker, altitude: 550 km, inclination: 53 deg, planes: 3, satellites_per_plane: 4, phasing: 3}\n"
Refuse = Callable[..., list[str]]


@pytest.fixture
def refuse(dawndusk: Any, folder: Path, scenario_text: str) -> Refuse:
    """Error lines of `run` on the scenario with replacements; whatever is wrong, the outside looks the same."""

    def run(
        *pairs: tuple[str, str], add: str = "", args: tuple[str, ...] = (), data: bytes | None = None, verb: str = "run"
    ) -> list[str]:
        text = scenario_text
        for old, new in pairs:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (folder / "s.yaml").write_bytes((text + add).encode() if data is None else data)
        before = sorted(folder.rglob("*"))
        called = dawndusk(verb, "s.yaml", *args)
        assert called.code == 2, called.err
        assert called.out == ""
        assert "Traceback" not in called.err
        assert "Node(" not in called.err
        assert sorted(folder.rglob("*")) == before
        assert called.errors
        assert called.err.endswith("\n")
        return [str(line) for line in called.errors]

    return run


def _only(errors: list[str]) -> str:
    assert len(errors) == 1, errors
    return errors[0]


# what is replaced, with what, and the whole line that must come; columns counted by hand from 1
SINGLE = [
    ("650 km", "650", "s.yaml:7:3: constellation.altitude: 650 has no unit; write '650 km' or '650 m'"),
    ("650 km", "650 kg", "s.yaml:7:3: constellation.altitude: '650 kg' is not a length; write a number and one of: m, km"),
    ("650 km", "650 kms", "s.yaml:7:3: constellation.altitude: unknown unit 'kms'; did you mean 'km"),
    ("radius: 1 km", "radius: -1 km", "s.yaml:9:29: constellation.lattice.radius: '-1 km' must be above 0"),
    ("satellite: suncatcher", "satellite: suncacher", "s.yaml:10:1: satellite: no satellite named 'suncacher'; did you mean 'suncatcher'?"),
    ("satellite: suncatcher", "satellite: {extends: suncatcher, accelerator: tpu-v6}",
     "s.yaml:10:34: satellite.accelerator: no accelerator named 'tpu-v6'; did you mean 'tpu-v6e'?"),
    ("satellite: suncatcher", "satellite: tpu-v6e", "s.yaml:10:1: satellite: no satellite named 'tpu-v6e'; write one of: "),
    ("satellite: suncatcher", "satellite: [suncatcher]", "s.yaml:10:1: satellite: is not a mapping; write one of: "),
    ("satellite: suncatcher", "satellite: {extends: [suncatcher]}", "s.yaml:10:13: satellite: no satellite named '['suncatcher']'"),
    ("stations: default", "stations: defalt", "s.yaml:11:10: ground.stations: no station or list of stations named 'defalt'; did you mean 'default'?"),
    ("baseline: colossus-1", "baseline: colossus", "s.yaml:12:1: baseline: no baseline named 'colossus'; did you mean 'colossus-1'?"),
    ("baseline: colossus-1", "basline: colossus-1", "s.yaml:12:1: basline: unknown key; did you mean 'baseline'?"),
    ("step: 60 s", "step: 1800 s", "s.yaml:4:1: step: 1800 s is longer than the shortest time constant of the radiator"),
    ("satellite: suncatcher", "satellite: {extends: suncatcher, power: {array: {heat_capacity: 400 J/(m2 K)}}}",
     "s.yaml:4:1: step: 60 s is longer than twice the time constant of the array in sunlight (22.6 s, by power.array.heat_capacity); write '22 s' or less"),
    ("satellite: suncatcher", "satellite: {extends: suncatcher, power: {array: {heat_capacity: 1 J/(m2 K)}}}",
     "(0.0566 s, by power.array.heat_capacity); write '56 ms' or less"),
    ("step: 60 s", "step: 0.5 ms", "s.yaml:4:1: step: 0.0005 s is finer than a millisecond; write"),
    ("step: 60 s", "step: 60 s\nstep: 30 s", "s.yaml:5:1: step: stands here a second time, first in line 4, column 1; remove one"),
    ("duration: 2 h", "duration: 125 s", "s.yaml:3:1: duration: 125 s is not a whole number of steps of 60 s; write '120 s'"),
    ("duration: 2 h", "duration: 0 s", "s.yaml:3:1: duration: '0 s' must be above 0"),
    ("2026-12-21T00:00:00Z", "2026-13-45T00:00:00Z", "s.yaml:2:1: epoch: '2026-13-45T00:00:00Z' is not a moment (month must be in 1..12); write one like"),
    ("2026-12-21T00:00:00Z", "1950-01-01", "s.yaml:2:1: epoch: 1950-01-01 is outside the table of Earth orientation, 1973-01-02 to "),
    ("2026-12-21T00:00:00Z", "", "s.yaml:2:1: epoch: is empty; write a moment like 2026-12-21T00:00:00Z"),
    ("2026-12-21T00:00:00Z", "1899-07-28", "s.yaml:2:1: epoch: 1899-07-28 is outside 1899-07-29 to 2053-10-08, over which the Sun is checked; write"),
    ("kind: cluster", "kind: clster", "s.yaml:5:1: constellation: kind 'clster' is unknown; did you mean 'cluster'?"),
    ("kind: cluster", "kind: cluster\n  planes: 3", "s.yaml:7:3: constellation.planes: does not go with this kind; remove it, or write"),
    ("  kind: cluster\n", "", "s.yaml:5:1: constellation: kind is missing; write one of: cluster, oem, omm, ring, shorthand, tle, walker"),
    ("constellation:\n" + CLUSTER, "constellation: []\n", "s.yaml:5:1: constellation: is empty; write at least one entry"),
    ("constellation:\n" + CLUSTER, "constellation:\n" + WALKER, "constellation.phasing: phasing 3 is not below the number of planes 3; write one from 0 to 2"),
    ('"06:00"', '"25:00"', "s.yaml:8:3: constellation.local_time: '25:00' is not a time of day; write one like \"06:00\""),
    ("satellite: suncatcher", "satellite: {extends: suncatcher, accelerator: {extends: tpu-v6e, idle_power: 400 W}}",
     "s.yaml:10:34: satellite.accelerator: idle_power 400 W is not below max_power 381 W; write a lower idle_power"),
    ("satellite: suncatcher", "satellite: {extends: suncatcher, mass: {value: 3, unit: t, kind: assumption}}",
     "s.yaml:10:34: satellite.mass.source: is missing; write a key of docs/references.bib"),
    ("satellite: suncatcher", "satellite: {extends: suncatcher, mass: {value: 3, unit: t, kind: guess, source: x}}",
     "s.yaml:10:60: satellite.mass.kind: is missing or unknown; write one of: published, measured, derived, estimated, assumption"),
    ("650 km", "{value: 650, unit: km, kind: guess, source: x}", "s.yaml:7:36: constellation.altitude.kind: is missing or unknown; write"),
    ("650 km", "{value: [650], unit: km, kind: assumption, source: x}", "s.yaml:7:3: constellation.altitude: "),
    ("satellite: suncatcher", "satellite: {extends: suncatcher, mass: {value: 3, unit: t, kind: assumption, source: x, hihg: 4}}",
     "satellite.mass.hihg: unknown key; did you mean 'high'?"),
    ("lattice: {", "lattice: {{", "s.yaml:9:13: constellation.lattice: a mapping or list is no key; write a word before the colon"),
    ("name: small", "name: small: small", "s.yaml:1:12: mapping values are not allowed in this context; correct the YAML here"),
    ("name: small", "name: ../small", "s.yaml:1:1: name: '../small' is no name"),
    ("name: small", "name: sm\x01all", "s.yaml:1:9: character 0x1 is not allowed; remove it"),
    ("name: small", "name: *small", "s.yaml:1:7: name: *small is not defined above; write the values here"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line"), SINGLE, ids=[f"{old[:14]}-{new[:24]}" for old, new, _ in SINGLE])
def test_one_error_one_line(refuse: Refuse, old: str, new: str, line: str) -> None:
    """Source of truth: the form `file:line:column: field: what is wrong; what to write`, places counted by hand."""
    error = _only(refuse((old, new)))
    assert line in error
    match = PLACED.match(error)
    assert match is not None, error
    assert match["file"] == "s.yaml"
    assert "; " in error or "did you mean" in error


ADDED = [
    (
        "reference_precision: fp4",
        "s.yaml:13:1: reference_precision: tpu-v6e has no peak for 'fp4'; write one of: bf16, int8",
    ),
    ("motion: {drag: maybe}", "s.yaml:13:10: motion.drag: 'maybe' is neither true nor false; write one of them"),
    ("seed: -3", "s.yaml:13:1: seed: "),
    ("seed: many", "s.yaml:13:1: seed: "),
    ("events: all", "s.yaml:13:1: events: is not a list; write"),
    ("workloads: [{kind: independant}]", "s.yaml:13:13: workloads.0: kind 'independant' is unknown; did you mean 'independent'?"),
    ("extends: s.yaml", "s.yaml:13:1: extends: 's.yaml' extends itself; write another file"),
    ("extends: milion", "s.yaml:13:1: extends: no scenario 'milion'; did you mean 'million'?"),
    ("extends: [milion]", "s.yaml:13:1: extends: no scenario '['milion']'; "),
    ("environment: mars", "s.yaml:13:1: environment: no environment named 'mars'; write one of: earth-mean"),
    ("---\nname: two", "s.yaml:13:1: a second document begins here; write one document in a file"),
]


@pytest.mark.parametrize(("add", "line"), ADDED, ids=[add for add, _ in ADDED])
def test_one_error_in_an_added_line(refuse: Refuse, add: str, line: str) -> None:
    """Source of truth: line 13 is the one after the scenario's twelve."""
    assert _only(refuse(add=add + "\n")).startswith(line)


def test_misspelt_required_key_is_also_missing(refuse: Refuse) -> None:
    errors = refuse(("altitude", "altitud"))
    assert errors == [
        "s.yaml:5:1: constellation.altitude: is missing; write `altitude: ...` here (such as `altitude: 650 km`)",
        "s.yaml:7:3: constellation.altitud: unknown key; did you mean 'altitude'?",
    ]


def test_all_errors_of_a_file_at_once(refuse: Refuse) -> None:
    """A unit, a limit, a name and what only shows between fields: one line each, in the order of the file."""
    errors = refuse(
        ("650 km", "650"), ("radius: 1 km", "radius: -1 km"), ("step: 60 s", "step: 1800 s"), ("default", "defalt"),
        add="reference_precision: fp4\nlattise: 3\n",
    )  # fmt: skip
    assert [error.split(": ")[:2] for error in errors] == [
        ["s.yaml:4:1", "step"],
        ["s.yaml:7:3", "constellation.altitude"],
        ["s.yaml:9:29", "constellation.lattice.radius"],
        ["s.yaml:11:10", "ground.stations"],
        ["s.yaml:13:1", "reference_precision"],
        ["s.yaml:14:1", "lattise"],
    ]


def test_errors_in_a_list_have_their_number(refuse: Refuse) -> None:
    ring = '{kind: ring, altitude: %s, local_time: "06:00", satellites: %s}'
    two = f"constellation:\n- {ring % ('650', 3)}\n- {ring % ('650 km', 0)}\n"
    errors = refuse(("constellation:\n" + CLUSTER, two))
    assert [error.split(": ")[:2] for error in errors] == [
        ["s.yaml:6:16", "constellation.0.altitude"],
        ["s.yaml:7:55", "constellation.1.satellites"],
    ]


def test_bad_events_all_at_once(refuse: Refuse) -> None:
    """Unknown satellite, before the epoch, after the end, backwards: each on the line of its event."""
    events = """events:
- 2026-12-21T00:30Z lose satellite 81
- 2026-12-20T23:59Z lose satellite 8
- 2026-12-21T02:01Z lose satellite 8
- 2026-12-21T00:30Z lose satellites 9-3
- 2026-12-21T00:30Z lose satellite 80
"""
    assert [error.split(": ")[:2] for error in refuse(add=events)] == [
        ["s.yaml:14:3", "events.0.target"],
        ["s.yaml:15:3", "events.1.at"],
        ["s.yaml:16:3", "events.2.at"],
        ["s.yaml:17:3", "events.3.target"],
    ]


def test_events_that_are_none_all_at_once(refuse: Refuse) -> None:
    events = """events:
- 2026-12-21T00:30Z explode satellite 8
- nonsense
- {at: 2026-12-21T00:30Z, action: derate, target: all}
- {at: 2026-12-21T00:30Z, action: lose, target: all, to: 0.5}
- {at: 2026-12-21T00:30Z, action: lose, target: planet 3}
- 2026-12-21T00:30Z derate all to 1.5
- null
"""
    errors = refuse(add=events)
    places = ["14:3", "15:3", "16:3", "17:3", "18:41", "19:3", "20:3"]
    assert [error.split(": ")[0] for error in errors] == [f"s.yaml:{place}" for place in places]
    assert "action: 'explode' is unknown; write one of: burn, corrupt, derate, hit, lose, maintain, maneuver, reprioritise, restore, scale, standdown, withdraw" in errors[0]
    assert "'nonsense' is not an event; write '2026-12-21T06:00Z lose satellite 17'" in errors[1]


@pytest.mark.parametrize("text", ["lose plane 3", "lose plane 3 for 90 min from 2 h on", "Derate all to 0.5"])
def test_event_without_a_time(refuse: Refuse, text: str) -> None:
    """Source of truth: docs/events.md, where every short form begins with its time."""
    [error] = refuse(add=f"events: [{text}]")
    first = text.split()[0]
    assert error.endswith(f"'{text}' has no time before '{first}'; an event begins with its time: '+2 h lose plane 3 for 90 min'")


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("2026-12-21T00:30Z lose satellite 99", "--event '2026-12-21T00:30Z lose satellite 99': events.0.target: "),
        ("lose satellite 3", "--event 'lose satellite 3': events.0: "),
        ("", "--event '': events.0: "),
    ],
)
def test_bad_event_of_the_command_line(refuse: Refuse, given: str, place: str) -> None:
    assert _only(refuse(args=("--event", given))).startswith(place)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("step", "--set step: is not an override; write key=value"),
        ("=3", "--set =3: is not an override; write key=value"),
        ("stepp=30 s", "--set stepp: stepp: unknown key; did you mean 'step'?"),
        (
            "satellite.power.aray.area=3 m2",
            "--set satellite.power.aray.area: satellite.power.aray: unknown key; did you mean 'array'?",
        ),
        (
            "satellite.power.array.area=-3 m2",
            "--set satellite.power.array.area: satellite.power.array.area: '-3 m2' must be above 0 m2",
        ),
        (
            "satellite.accelerator.max_power=-3 W",
            "--set satellite.accelerator.max_power: satellite.accelerator.max_power: '-3 W' must be above",
        ),
        (
            "satellite.accelerator=h100",
            "--set satellite.accelerator: satellite.accelerator: no accelerator named 'h100'; did you mean 'h100-sxm'?",
        ),
        ("constellation.tle=none.tle", "--set constellation.tle: constellation.tle: "),
        ("constellation.tle=.", "--set constellation.tle: constellation.tle: "),
        ("step=[1", "--set step:2:1: did not find expected ',' or ']'"),
        (
            "constellation.altitude=",
            "--set constellation.altitude: constellation.altitude: is not a quantity; write it like",
        ),
    ],
)
def test_bad_override(refuse: Refuse, given: str, line: str) -> None:
    assert _only(refuse(args=("--set", given))).startswith(line)


def test_bad_overrides_all_at_once(refuse: Refuse) -> None:
    errors = refuse(("650 km", "650"), args=("--set", "step", "--set", "seed", "--set", "stepp=3"))
    assert len(errors) == 4


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", "s.yaml:1:1: is not a scenario; write keys such as name:"),
        (b"- name\n", "s.yaml:1:1: is not a scenario; write keys such as name:"),
        (b"name\n", "s.yaml:1:1: is not a scenario; write keys such as name:"),
        (b"name: a\ndescription: caf\xe9\n", "s.yaml:2:17: is not text in UTF-8; write a YAML file"),
        (b"name: a\x00b\n", "s.yaml:1:8: character 0x0 is not allowed; remove it"),
        (b"name:\tx\n\tstep: 3\n", "s.yaml:2:1: found a tab"),
        (b"%YAML 3.0\n---\nname: x\n", "s.yaml:1:1: found incompatible YAML document"),
        (b"x: " + 1000 * b"[", "s.yaml:1:33: is nested more than 30 deep"),
    ],
)
def test_file_that_is_no_scenario(refuse: Refuse, data: bytes, line: str) -> None:
    assert _only(refuse(data=data)).startswith(line)


def test_two_files_that_extend_each_other(refuse: Refuse, folder: Path) -> None:
    (folder / "other.yaml").write_text("extends: s.yaml\n", encoding="utf-8")
    assert (
        _only(refuse(add="extends: other.yaml\n"))
        == "other.yaml:1:1: extends: 's.yaml' extends itself; write another file"
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("run", "suncather"), "suncather: no scenario of that name; did you mean 'suncatcher'?"),
        (
            ("validate", "none.yaml"),
            "none.yaml: no such file; write the path of a scenario or the name of a shipped one",
        ),
        (("run", "./"), "./: is a folder without a scenario; write the path"),
        (("run", "."), ".: is a folder without a scenario; write the path"),
        (("provenance", "none.yaml"), "none.yaml: no such file"),
        (("provenance", "satellite.mas"), "satellite.mas: no such scenario or field; did you mean 'satellite.bus.mass'?"),
        (("verify", "orbit"), "orbit: unknown group; did you mean 'orbits'?"),
        (("verify", "orbits", "--data", "none"), "--data none: is not a folder; write"),
        (("simulate",), "dawndusk: No such command 'simulate'"),
        (("run",), "dawndusk run: Missing argument 'SCENARIO'"),
        (("run", "suncatcher", "--seed", "abc"), "dawndusk run: Invalid value for '--seed'"),
        (("run", "suncatcher", "--seed", "-1"), "--seed: seed: -1 must be at least 0"),
        (("run", "suncatcher", "--threads", "0"), "dawndusk run: Invalid value for '--threads'"),
        (("run", "suncatcher", "--sed", "1"), "dawndusk run: No such option: --sed"),
    ],
)
def test_bad_command_line(dawndusk: Any, folder: Path, arguments: tuple[str, ...], line: str) -> None:
    called = dawndusk(*arguments)
    assert (called.code, called.out) == (2, "")
    assert len(called.errors) == 1
    assert called.errors[0].startswith(line)
    assert list(folder.iterdir()) == []


def test_out_that_exists(dawndusk: Any, folder: Path) -> None:
    (folder / "there").mkdir()
    called = dawndusk("run", "suncatcher", "--out", "there")
    assert (called.code, called.out) == (2, "")
    assert called.errors == ["--out there: exists already; write another folder, or remove this one"]
    assert [p.name for p in folder.rglob("*")] == ["there"]


# --- catalogues --------------------------------------------------------------------------------------------------------

TLE = ("constellation:\n" + CLUSTER, "constellation: {kind: tle, tle: five.tle}\n")


def test_wrong_checksum(refuse: Refuse, catalogue: Path) -> None:
    """Source of truth: the checksum stands in column 69; the second satellite's lines are 5 and 6 of the file."""
    lines = catalogue.read_text("ascii").splitlines()
    lines[5] = lines[5][:68] + str((int(lines[5][68]) + 1) % 10)
    lines[7] = lines[7][:40]
    catalogue.write_text("\n".join(lines) + "\n", encoding="ascii")
    errors = refuse(TLE)
    assert errors[0].startswith(f"{catalogue}:6:69: constellation.tle: checksum is ")
    assert errors[0].endswith("; restore the line")
    assert errors[1].startswith(f"{catalogue}:")
    assert len({error.split(": ")[0] for error in errors}) == len(errors)


@pytest.mark.parametrize("text", ["", "\n\n", "# just a comment\n"])
def test_catalogue_without_elements(refuse: Refuse, catalogue: Path, text: str) -> None:
    catalogue.write_text(text, encoding="ascii")
    assert _only(refuse(TLE)).startswith(f"s.yaml:5:28: constellation.tle: {catalogue} holds no elements")


def test_catalogue_that_is_missing(refuse: Refuse) -> None:
    assert _only(refuse(TLE)).startswith("s.yaml:5:28: constellation.tle: ")


def test_stale_elements(refuse: Refuse, catalogue: Path, dawndusk: Any) -> None:
    """Source of truth: three years are 1,096 days with the leap day of 2024; the limit is 14 days."""
    three_years = ("2026-12-21T00:00:00Z", "2023-12-20T12:34:30Z")
    line = _only(refuse(TLE, three_years))
    assert line.startswith("s.yaml:5:28: constellation.tle: 5 of 5 element sets are more than 14 days from the epoch")
    assert "(the farthest 1096); write an epoch near 2026-12-20, or give --allow-stale" in line
    assert dawndusk("validate", "s.yaml", "--allow-stale").code == 0
    assert dawndusk("validate", "s.yaml", "--set", "epoch=2027-01-03T12:00Z").code == 0
    assert dawndusk("validate", "s.yaml", "--set", "epoch=2027-01-03T12:35Z").code == 2


def test_catalogue_that_changed(refuse: Refuse, catalogue: Path) -> None:
    kept = TLE[1].replace("}", ", sha256: " + 64 * "0" + "}")
    assert "constellation.sha256: " in _only(refuse((TLE[0], kept)))


# --- size ----------------------------------------------------------------------------------------------------------------


def test_run_that_does_not_fit(dawndusk: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: the message holds the estimate that `validate` prints, and what is free."""
    import json

    from sim.config.validation import sizes

    estimate = json.loads(dawndusk("validate", "million", "--json").out)["memory_bytes"]
    monkeypatch.setattr(sizes, "available_bytes", lambda: 0.5e9)
    for verb in ("validate", "run"):
        called = dawndusk(verb, "million")
        assert (called.code, called.out) == (2, "")
        assert (
            f"1,000,000 satellites need about {estimate / 1e9:.1f} GB of memory and 0.5 GB are free; write"
            in called.err
        )
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("satellites", "steps"), [(1, 1), (81, 1440), (1584, 1440), (4672, 10), (10**6, 1440), (0, 60), (1000, 1009)]
)
def test_recorder_plan(satellites: int, steps: int) -> None:
    """Source of truth: definition: within both limits (one moment at least), strides divide the run, none is wasted."""
    from sim.config.validation import recorder_plan

    recorded, stride = recorder_plan(satellites, steps, 1000, 250_000)
    assert recorded == min(satellites, 1000)
    assert steps % stride == 0
    assert recorded * (steps // stride) <= 250_000 or stride == steps
    finer = [s for s in range(1, stride) if steps % s == 0]
    assert not any(recorded * (steps // s) <= 250_000 for s in finer)


def test_radiator_time_constant() -> None:
    """Source of truth: C / (dQ/dT) with Q = 2 eta eps sigma T^4 per area, difference quotient; 1e-6."""
    from sim.config.validation import radiator_time_constant_s

    def emitted(t: float) -> float:
        return 2.0 * 0.9 * 0.88 * 5.670374419e-8 * t**4

    slope = (emitted(350.01) - emitted(349.99)) / 0.02
    assert radiator_time_constant_s(4500.0, 0.88, 0.9, 350.0) == pytest.approx(4500.0 / slope, rel=1e-6)


def test_available_memory_is_told() -> None:
    from sim.config.validation import available_bytes

    assert 1e8 < available_bytes() < 1e14


@pytest.mark.parametrize(
    ("scenario", "motion", "reported"),
    [
        (
            "suncatcher",
            "{model: sgp4}",
            "motion.model: 'sgp4' does not fit constellation.0, which is a formation",
        ),
        (
            "kuiper_630",
            "{model: j2}",
            "motion.model: 'j2' does not fit constellation.0, which has elements of SGP4",
        ),
        (
            "starlink_edge",
            "{model: numerical, zonals: 7}",
            "motion.zonals: '7' is unknown; write one of: 0, 2, 3, 4, 5, 6",
        ),
        ("starlink_edge", "{model: numerical, solar_activity: hgh}", "no activity named 'hgh'; did you mean 'high'?"),
        ("starlink_edge", "{solar_activity: {f107: 300}}", "motion.solar_activity.f107: '300' must be at most 250"),
    ],
)
def test_motion_that_does_not_fit(dawndusk: Any, scenario: str, motion: str, reported: str) -> None:
    """Source of truth: the promise that bad input is reported with its field and what to write."""
    called = dawndusk("validate", scenario, "--set", f"motion={motion}")
    assert called.code == 2
    assert reported in called.err


def test_numbers_of_motion_have_sources() -> None:
    """Source of truth: the rule for numbers: each of the section that comes from the defaults says where it is from."""
    from sim.config import scenario

    loaded = scenario.load("starlink_edge", sets=("motion={model: numerical}",))
    numbers = {d.path: d for d in loaded.data if d.path.startswith("motion.")}
    assert {"motion.drag_coefficient", "motion.reflectivity", "motion.solar_activity.f107"} <= set(numbers)
    assert all(d.source for d in numbers.values())


RECORD = "satellite: {extends: suncatcher, mass: {value: 800, unit: kg, kind: assumption, source: a guess, %s}}"


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("low: 900, high: 700", "satellite.mass.low: 900 is above high 700; write the smaller number as low"),
        ("low: 900, high: 1000", "satellite.mass.low: 900 is above the value 800; write a range that has the value in it"),
        ("low: 600, high: 700", "satellite.mass.high: 700 is below the value 800; write a range that has the value in it"),
        ("high: 700", "satellite.mass.high: 700 is below the value 800"),
        ("low: few, high: 900", "satellite.mass.low: 'few' is not a number; write one in the unit of the value"),
        ("low: true, high: 900", "satellite.mass.low: true is not a number"),
        ("low: .nan, high: 900", "satellite.mass.low: 'nan' is not a number"),
        ("low: [600], high: 900", "satellite.mass.low: this is not a number"),
    ],
)
def test_range_of_a_record(refuse: Refuse, keys: str, line: str) -> None:
    """Source of truth: a range has two ends in order, with the value between them."""
    assert line in _only(refuse(("satellite: suncatcher", RECORD % keys)))


def test_a_range_may_be_a_point_or_open(dawndusk: Any, folder: Path, scenario_text: str) -> None:
    """Source of truth: 800 is neither below nor above 800."""
    for keys in ("low: 800, high: 800", "low: 700", "low: null, high: null"):
        text = scenario_text.replace("satellite: suncatcher", RECORD % keys)
        (folder / "s.yaml").write_text(text, encoding="utf-8")
        assert dawndusk("validate", "s.yaml").code == 0


RING = "constellation={kind: ring, altitude: 650 km, local_time: '06:00', satellites: %s}"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (RING % "1.5", "1.5 is not a whole number; write 1 or 2"), (RING % "true", "true is not a whole number"),
        (RING % "three", "'three' is not a whole number"), (RING % "16k", "write 16000"), ("seed=true", "true is not a whole number"),
        ("seed=1.5", "1.5 is not a whole number; write 1 or 2"), ("fleet.spares=true", "true is not a number"),
        ("recorder.satellites=2.5", "'2.5' is not a whole number; write 2 or 3"), ("motion.zonals=true", "true"), ("motion.zonals='2'", "'2'"),
        ("motion.drag=1", "'1' is neither true nor false"), ("motion.drag=on", "'on' is neither true nor false"),
        ("allow_stale='true'", "'true' is neither true nor false"), ("satellite.accelerators=1e400", "is not a whole number"),
        ("seed=" + 35 * "9", "must be at least 0 and at most 9223372036854775807"),
        ("ground.stations=[{name: A, latitude: 1 deg, longitude: 1 deg, max_range: 800 nm}]", "'800 nm' must be at least 160 km"),
        ("ground.max_range=1481.6 m", "'1481.6 m' must be at least 160 km; write it like '1260 km'"),
        ("links={topology: mesh, max_range: 5000 nm}", "'5000 nm' must be at least 1 m"),
        ("constellation={kind: walker, altitude: 550 km, inclination: 53 deg, planes: 6, satellites_per_plane: 4, phasing: 0.5}",
         "phasing 0.5 is not a whole number of slots over all planes; write 0 or 1, or stagger: 0.5 for half a slot"),
        ("constellation.altitude=342 mi", "unknown unit 'mi'; write '550.395648 km'"),
        ("fleet={failures: {extends: leo-default, mean_time: 10 ms}}", "'10 ms' must be at least 1 min"),
    ],
)  # fmt: skip
def test_quantities_and_counts_that_are_none(refuse: Refuse, given: str, said: str) -> None:
    """Source of truth: whole satellites, nautical and statute miles, the lowest orbit that is simulated (160 km)."""
    assert said in _only(refuse(args=("--set", given)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: small", "name: " + 201 * "x", "is no name; write up to 200 letters"),
        ("satellite: suncatcher", 'satellite: {extends: suncatcher, name: "a\\nb"}', "has a line end or another character"),
        ("satellite: suncatcher", 'satellite: {extends: suncatcher, name: "\\e[31mred"}', "has the control character U+001B"),
        ("stations: default", 'stations: [{name: " ", latitude: 1 deg, longitude: 1 deg}]', "is empty; write a name"),
        ("stations: default", "stations: [{name: " + 101 * "y" + ", latitude: 1 deg, longitude: 1 deg}]", "write at most 100"),
    ],
)
def test_names_that_cannot_be_shown_or_make_no_folder(refuse: Refuse, old: str, new: str, said: str) -> None:
    """Source of truth: file names have at most 255 bytes, of which the results take some; a name is one line of a table."""
    assert said in _only(refuse((old, new)))
