"""From text to a frozen scenario: overrides, items, parents, catalogues, identity; nonsense never breaks the reader."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sim.config import scenario, yaml_tree
from sim.config.errors import InputError, Origin, Problem
from sim.config.scenario import items, load
from sim.results import store

SHIPPED = sorted(items("scenarios"))


@pytest.fixture
def small(folder: Path, scenario_text: str) -> Path:
    path = folder / "small.yaml"
    path.write_text(scenario_text, encoding="utf-8")
    return path


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# --- overrides ---------------------------------------------------------------------------------------------------------


def test_nested_overrides() -> None:
    """Source of truth: the units' definitions."""
    found = load(
        "suncatcher",
        ("satellite.power.array.area=140 m2", "satellite.accelerator.max_power=0.25 kW", "constellation.altitude=700 km",
         "constellation.lattice.radius=500 m", "step=30 s", "ground.min_elevation=15 deg", "environment.albedo=35 %"),
    ).scenario  # fmt: skip
    assert found.satellite.power.array.area == 140.0
    assert found.satellite.accelerator.max_power == 250.0
    assert found.satellite.accelerator.name == "tpu-v6e"
    assert found.constellation[0].altitude == 700e3  # type: ignore[union-attr]
    assert found.constellation[0].lattice.count == 21  # type: ignore[union-attr]
    assert found.step == 30.0
    assert found.environment.albedo == pytest.approx(0.35, rel=1e-15)
    assert found.ground is not None
    assert found.ground.min_elevation == pytest.approx(math.radians(15.0), rel=1e-15)
    plain = load("suncatcher").scenario
    assert found.satellite.mass == plain.satellite.mass
    assert found.satellite.power.battery == plain.satellite.power.battery


def test_overrides_in_the_file(small: Path) -> None:
    """A mapping that extends an item, and values of the accelerator that the item names."""
    text = small.read_text("utf-8").replace(
        "satellite: suncatcher",
        "satellite: {extends: suncatcher, accelerators: 8, power: {array: {area: 120 m2}}, accelerator: {max_power: 200 W}}",
    )
    satellite = load(_write(small, text)).scenario.satellite
    assert (satellite.accelerators, satellite.power.array.area, satellite.accelerator.max_power) == (8, 120.0, 200.0)
    assert satellite.accelerator.name == "tpu-v6e"
    assert satellite.power.array.packing == load("suncatcher").scenario.satellite.power.array.packing


def test_another_accelerator() -> None:
    assert load("suncatcher", ("satellite.accelerator=h100-sxm", "satellite.accelerators=16")).scenario.satellite.accelerator.peak["bf16"] == 989e12


def test_override_replaces_the_record() -> None:
    """A number given on the command line no longer rests on the item's source."""
    path = "satellite.power.array.area"
    before = next(d for d in load("suncatcher").data if d.path == path)
    after = next(d for d in load("suncatcher", (f"{path}=150 m2",)).data if d.path == path)
    assert (before.kind, before.value, before.unit) == ("derived", 147, "m2")
    assert (after.kind, str(after.value), after.unit) == ("scenario", "150", "m2")
    assumed = "satellite.bus.mass"
    assert assumed in load("suncatcher").assumptions
    assert assumed not in load("suncatcher", (f"{assumed}=90 kg",)).assumptions


def test_later_override_wins() -> None:
    assert load("suncatcher", ("step=30 s", "step=10 s")).scenario.step == 10.0


def test_override_of_a_single_constellation_by_either_name(small: Path) -> None:
    """Source of truth: the file with the value written in it; `provenance` lists the entry with its number, as a list has it."""
    text = small.read_text("utf-8")
    assert text.count("  altitude: 650 km\n") == 1
    high = load(_write(small.with_name("high.yaml"), text.replace("650 km", "700 km")))
    lines = text.splitlines(keepends=True)
    begin = lines.index("constellation:\n") + 1
    end = next(i for i in range(begin, len(lines)) if not lines[i].startswith(" "))
    entry = "".join(("- " if i == begin else "  ") + line.removeprefix("  ") for i, line in enumerate(lines[begin:end], begin))
    listed = _write(small.with_name("listed.yaml"), "".join(lines[:begin]) + entry + "".join(lines[end:]))
    for path in (small, listed):
        for key in ("constellation.altitude", "constellation.0.altitude"):
            assert load(path, (f"{key}=700 km",)).sha256 == high.sha256
        with pytest.raises(InputError):
            load(path, ("constellation.1.altitude=700 km",))


def test_override_of_an_entry_of_a_list() -> None:
    found = load("million", ("constellation.3.altitude=1100 km",)).scenario
    assert found.constellation[3].altitude == 1100e3  # type: ignore[union-attr]
    assert len(found.constellation) == 10


def test_a_new_precision() -> None:
    found = load("suncatcher", ("satellite.accelerator.peak.fp4=4 PFLOP/s", "reference_precision=fp4")).scenario
    assert found.satellite.accelerator.peak == {"bf16": 918e12, "int8": 1836e12, "fp4": 4e15}


def test_seed() -> None:
    assert load("suncatcher").scenario.seed == 1
    assert load("suncatcher", seed=7).scenario.seed == 7
    assert load("suncatcher", ("seed=8",)).scenario.seed == 8


def test_null_baseline_and_ground() -> None:
    found = load("suncatcher", ("baseline=", "ground=")).scenario
    assert (found.baseline, found.ground) == (None, None)


def test_whole_milliseconds() -> None:
    """Source of truth: 57 ms and 1001 ms are whole milliseconds, whatever 0.057 x 1000 is in binary."""
    for step, duration in (("57 ms", "57 s"), ("1001 ms", "10010 ms"), ("0.1 s", "1 min")):
        assert load("suncatcher", (f"step={step}", f"duration={duration}")).scenario.steps > 1


# --- events ------------------------------------------------------------------------------------------------------------


def test_event_short_form() -> None:
    given = (
        "2026-12-21T06:00Z lose satellite 17",
        "2026-12-21T07:00Z derate satellites 3-9 to 50%",
        "2026-12-21T09:00+01:00 restore all",
    )
    events = load("suncatcher", events=given).scenario.events
    assert [(e.action, e.target, e.to) for e in events] == [
        ("lose", "satellite 17", None), ("derate", "satellites 3-9", 0.5), ("restore", "all", None)
    ]  # fmt: skip
    assert [e.at for e in events] == [datetime(2026, 12, 21, h, tzinfo=UTC) for h in (6, 7, 8)]


def test_event_forms_are_one(small: Path) -> None:
    text = small.read_text("utf-8")
    short = load(_write(small, text + 'events: ["2026-12-21T01:00Z lose satellite 17"]\n'))
    long = load(_write(small, text + "events: [{at: 2026-12-21T01:00Z, action: lose, target: satellite 17}]\n"))
    assert short.sha256 == long.sha256


def test_events_of_command_line_come_after_the_files(small: Path) -> None:
    _write(small, small.read_text("utf-8") + "events: [2026-12-21T01:00Z lose all]\n")
    found = load(small, events=("2026-12-21T01:30Z restore all",)).scenario.events
    assert [e.action for e in found] == ["lose", "restore"]


# --- parents -----------------------------------------------------------------------------------------------------------


def test_extends_a_shipped_scenario(folder: Path) -> None:
    for name in ("suncatcher", "suncatcher.yaml"):
        found = load(
            _write(
                folder / "mine.yaml",
                f"extends: {name}\nname: mine\nduration: 2 h\nconstellation: {{altitude: 700 km}}\n",
            )
        )
        assert (found.scenario.name, found.scenario.duration, found.satellites) == ("mine", 7200.0, 81)
        assert found.scenario.constellation[0].altitude == 700e3  # type: ignore[union-attr]


def test_extends_a_chain(small: Path, folder: Path) -> None:
    (folder / "deep").mkdir()
    _write(folder / "deep" / "middle.yaml", "extends: ../small.yaml\nstep: 30 s\n")
    found = load(_write(folder / "top.yaml", "extends: deep/middle.yaml\nname: top\n")).scenario
    assert (found.name, found.step, found.duration) == ("top", 30.0, 7200.0)


def test_shipped_by_name_from_any_folder(folder: Path) -> None:
    for name in SHIPPED:
        assert load(name).scenario.name == name
        assert load(items("scenarios")[name]).sha256 == load(name).sha256


# --- catalogues --------------------------------------------------------------------------------------------------------


def test_switch_to_a_catalogue(catalogue: Path) -> None:
    """Source of truth: the newest elements are of 12:34:30, rounded up to a minute 12:35; the notes say so."""
    found = load("starlink_edge", ("constellation.tle=five.tle", "duration=1 h"))
    assert found.satellites == 5
    assert found.scenario.epoch == datetime(2026, 12, 20, 12, 35, tzinfo=UTC)
    assert any("epoch" in note and "2026-12-20T12:35Z" in note for note in found.notes)


def test_switch_to_a_catalogue_with_an_epoch(catalogue: Path) -> None:
    found = load("starlink_edge", ("epoch=2026-12-21T03:00Z", "constellation.tle=five.tle"))
    assert found.scenario.epoch == datetime(2026, 12, 21, 3, tzinfo=UTC)
    assert not any("epoch" in note for note in found.notes)


def test_catalogue_lies_beside_its_scenario(catalogue: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "extends: starlink_edge\nname: mine\nepoch: 2026-12-21T00:00Z\nconstellation: [{kind: tle, tle: five.tle}]\n"
    path = _write(folder / "mine.yaml", text)
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert load(path).satellites == 5
    assert load("../mine.yaml").sha256 == load(path).sha256


def test_catalogue_is_known_by_its_content(catalogue: Path, folder: Path) -> None:
    """Moved, or with its sets the other way round: the same run. One set less: another one. The second of two counts as well."""
    lines = catalogue.read_text("ascii").splitlines()
    moved = [line for first in (12, 9, 6, 3, 0) for line in lines[first : first + 3]]
    (folder / "moved.tle").write_text("\n".join(moved) + "\n", encoding="ascii")
    (folder / "other.tle").write_text("\n".join(lines[:12]) + "\n", encoding="ascii")

    def digest(*names: str) -> str:
        entries = ", ".join(f"{{kind: tle, tle: {name}}}" for name in names)
        return load(_write(folder / "x.yaml", f"extends: starlink_edge\nname: x\nconstellation: [{entries}]\n")).sha256

    assert digest("five.tle") == digest("moved.tle") != digest("other.tle")
    assert digest("five.tle", "five.tle") == digest("five.tle", "moved.tle") != digest("five.tle", "other.tle")


def test_catalogue_of_a_resolved_scenario(catalogue: Path, folder: Path) -> None:
    """It carries the catalogue's digest, loads to the same identity, and notices a catalogue that has changed."""
    found = load("starlink_edge", ("constellation.tle=five.tle", "duration=1 h"))
    path = _write(folder / "resolved.yaml", store.resolved_yaml(found))
    again = load(path)
    assert (again.sha256, again.satellites, again.scenario.epoch) == (found.sha256, 5, found.scenario.epoch)
    catalogue.write_bytes(catalogue.read_bytes() + b"\n")
    with pytest.raises(InputError, match=r"constellation\.sha256: .*has changed"):
        load(path)


# --- a mission -----------------------------------------------------------------------------------------------------------


def test_identity_without_a_mission(small: Path) -> None:
    """A scenario without a mission has the identity that it had before there were any; one with a mission has another."""
    before = load(small)
    after = load(_write(small, small.read_text("utf-8") + "mission: {duration: 5 yr, replicas: 1000}\n"))
    assert after.sha256 != before.sha256
    assert after.scenario.mission is not None
    assert after.scenario.model_copy(update={"mission": None}) == before.scenario


# --- identity ----------------------------------------------------------------------------------------------------------


def test_identity_of_equal_scenarios(small: Path) -> None:
    """Other units, other order, a description: the same run."""
    text = small.read_text("utf-8")
    other = (
        text.replace("2 h", "120 min").replace("650 km", "650000 m").replace("name: small\n", "")
        + "name: small\ndescription: reported\n"
    )
    assert load(small).sha256 == load(_write(small, other)).sha256


@pytest.mark.parametrize(
    "override",
    [
        "step=30 s",
        "seed=2",
        "satellite.power.array.area=130.0000001 m2",
        "environment.albedo=0.3",
        "ground.min_elevation=11 deg",
    ],
)
def test_identity_of_different_scenarios(override: str) -> None:
    assert load("suncatcher").sha256 != load("suncatcher", (override,)).sha256


@pytest.mark.parametrize("name", SHIPPED)
def test_resolved_text_loads_to_the_same(name: str, folder: Path) -> None:
    found = load(name)
    again = load(_write(folder / "resolved.yaml", store.resolved_yaml(found)))
    assert again.sha256 == found.sha256
    assert again.scenario == found.scenario
    assert again.assumptions == found.assumptions
    assert again.notes == ()


def test_scenario_is_frozen() -> None:
    with pytest.raises(Exception, match="frozen"):
        load("suncatcher").scenario.step = 3.0


# --- nonsense ----------------------------------------------------------------------------------------------------------

NONSENSE = (
    "x",
    "-1 km",
    "1 furlong",
    "",
    "[]",
    "{}",
    "[[1]]",
    "{value: x}",
    ".nan",
    "-.inf",
    "1e999",
    "true",
    "2026-12-21",
    "1 K",
    "'\\u2028'",
)


def _leaves() -> list[str]:
    found = scenario.load("suncatcher", events=("2026-12-21T06:00Z derate satellites 3-9 to 0.5",))
    resolved = yaml_tree.parse(store.resolved_yaml(found), "resolved")
    paths = [
        ".".join(path)
        for path, node in yaml_tree.walk(resolved)
        if path and (node.is_record or not isinstance(node.value, dict | list))
    ]
    return [p for p in paths if not p.startswith("ground.stations") or p.startswith("ground.stations.0")]


def _problems(path: Path, sets: tuple[str, ...] = ()) -> list[Problem]:
    """What the reader finds; an exception of another kind fails the test."""
    try:
        load(path, sets)
    except InputError as error:
        return error.problems or [Problem(Origin(""), "", "")]
    return []


@pytest.mark.slow
def test_nonsense_in_every_leaf(folder: Path) -> None:
    """Whatever stands there: a scenario or problems with words, never another exception."""
    found = load("suncatcher", events=("2026-12-21T06:00Z derate satellites 3-9 to 0.5",))
    path = _write(folder / "resolved.yaml", store.resolved_yaml(found))
    leaves = _leaves()
    assert len(leaves) > 60
    refused, each = 0, 3  # of the texts for each leaf, in turn
    for n, leaf in enumerate(leaves):
        for text in [NONSENSE[(each * n + k) % len(NONSENSE)] for k in range(each)]:
            problems = _problems(path, (f"{leaf}={text}",))
            refused += bool(problems)
            for problem in problems:
                assert problem.message
                assert "\n" not in str(problem)
                assert "Node(" not in str(problem)
    assert refused > len(leaves) * each // 2


SECTIONS = (
    "epoch", "duration", "step", "constellation", "satellite", "environment", "ground", "events", "workloads", "recorder", "baseline",
    "name", "links", "extends",
)  # fmt: skip
WRONG_SHAPES = (
    "3", "[null]", "{a: 1}", "[{}]", "[{kind: tle}]", "{kind: walker}", "{extends: suncatcher}", "{extends: x}", "{stations: {}}",
    "{stations: [null]}",
)  # fmt: skip


@pytest.mark.parametrize("section", SECTIONS)
def test_nonsense_in_every_section(small: Path, section: str) -> None:
    for text in (*NONSENSE, *WRONG_SHAPES):
        lines = [line for line in small.read_text("utf-8").splitlines() if not line.startswith(section + ":")]
        if section == "constellation":
            lines = [line for line in lines if not line.startswith("  ")]
        path = _write(small.parent / "bad.yaml", "\n".join([*lines, f"{section}: {text}"]) + "\n")
        assert all(p.message and "Node(" not in str(p) for p in _problems(path))


# --- initial state -----------------------------------------------------------------------------------------------------


def test_initial_state_is_one_of_two() -> None:
    """Source of truth: the documents: `settled`, which is the default, or `full`; anything else is one line."""
    assert load("suncatcher").scenario.initial == "settled"
    assert load("suncatcher", ("initial=full",)).scenario.initial == "full"
    with pytest.raises(InputError) as error:
        load("suncatcher", ("initial=warm",))
    (problem,) = error.value.problems
    assert str(problem.origin).startswith("--set initial")
    assert problem.field == "initial"
    assert all(word in problem.message for word in ("settled", "full"))


def test_initial_charge_that_does_not_count() -> None:
    """Source of truth: the documents: `initial_charge` counts with `initial: full` only, else there is a note."""
    half = "satellite.power.battery.initial_charge=0.6"
    assert any("initial_charge has no effect" in note for note in load("suncatcher", (half,)).notes)
    assert not any("initial_charge" in note for note in load("suncatcher", (half, "initial=full")).notes)
    assert not any("initial_charge" in note for note in load("suncatcher").notes)


@pytest.mark.parametrize(
    ("old", "line"),
    [
        ("satellite.power.host_power=50 W", "satellite.power.host_power: was renamed to accelerator.host.power; write `accelerator: {host: {power: ...}}` instead"),
        ("satellite.accelerator.interconnect=4 GB/s", "satellite.accelerator.interconnect: was renamed to fabric.rate; write `fabric: {rate: ...}` instead"),
        ("satellite.accelerator.interconnect_latency=4 us", "interconnect_latency: was renamed to fabric.latency; write `fabric: {latency: ...}` instead"),
        ("satellites.small={extends: suncatcher, power: {host_power: 1 W}}", "satellites.small.power.host_power: was renamed to accelerator.host.power"),
        ("ground.pairs=[]", "ground.pairs: was renamed to station_pairs; write `station_pairs:` instead"),
    ],
)
def test_keys_of_earlier_versions(dawndusk: Any, old: str, line: str) -> None:
    """Source of truth: the schema: values of the fabric and the host have moved into sections of the accelerator."""
    called = dawndusk("validate", "suncatcher", "--set", old)
    assert called.code == 2
    assert line in called.err


def test_one_station_of_a_list_given_by_name() -> None:
    """Source of truth: configs/sites/default.yaml: the station that is named changes, the others stay."""
    before, after = load("suncatcher").scenario, load("suncatcher", ("ground.stations.1.latitude=3 deg", "ground.stations.1.name=Elsewhere")).scenario
    assert before.ground is not None
    assert after.ground is not None
    assert (after.ground.stations[1].name, after.ground.stations[1].latitude) == ("Elsewhere", pytest.approx(math.radians(3.0)))
    assert [s for n, s in enumerate(after.ground.stations) if n != 1] == [s for n, s in enumerate(before.ground.stations) if n != 1]
