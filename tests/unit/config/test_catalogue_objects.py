"""Objects of catalogues: their order, names and numbers, one element set for each, and those that coincide."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orbit.catalog import checksum
from sim.config.catalogue_objects import Identities
from sim.config.scenario import Loaded, load

EPOCH = datetime(2026, 11, 26, 12, tzinfo=UTC)
HEAD = "name: s\nepoch: 2026-11-26T12:00:00Z\nduration: 1 h\nsatellite: suncatcher\n"
ENTRY = "constellation: {kind: tle, tle: x.tle}\n"


def element_set(number: int, name: str = "", day: float = 330.5, node_deg: float = 10.0, anomaly_deg: float = 20.0) -> str:
    """Lines of a set at 550 km, with their checksums."""
    lines = [
        f"1 {number:05d}U 26001A   26{day:012.8f}  .00000000  00000+0  00000+0 0  999",
        f"2 {number:05d}  53.0000 {node_deg:8.4f} 0001000  90.0000 {anomaly_deg:8.4f} 15.06000000    1",
    ]
    return (f"{name}\n" if name else "") + "".join(f"{line}{checksum(line)}\n" for line in lines)


@pytest.fixture
def scenario(folder: Path) -> Callable[..., Loaded]:
    """Loads a scenario of the element sets given."""

    def made(*sets: str, more: str = "", **options: Any) -> Loaded:
        (folder / "x.tle").write_text("".join(sets), encoding="ascii")
        (folder / "s.yaml").write_text(HEAD + (more if "constellation" in more else ENTRY + more), encoding="utf-8")
        return load(folder / "s.yaml", **options)

    return made


def _numbers(found: Loaded) -> list[int]:
    return [found.identities[n].number for n in range(found.satellites)]


def test_order_of_numbers(scenario: Callable[..., Loaded]) -> None:
    """Source of truth: sorting by hand: by catalogue number, whatever the order of the lines; the identity is the same too."""
    sets = [element_set(number, f"SAT {number}", node_deg=float(number % 360)) for number in range(90001, 90021)]
    straight = scenario(*sets)
    random.Random(1).shuffle(sets)
    shuffled = scenario(*sets)
    assert _numbers(straight) == _numbers(shuffled) == list(range(90001, 90021))
    assert straight.sha256 == shuffled.sha256 != scenario(*sets[:-1]).sha256


def test_one_set_for_each_object(scenario: Callable[..., Loaded]) -> None:
    """Source of truth: by hand: of three epochs, a day apart, the middle one is nearest to an epoch six hours after it."""
    sets = [element_set(90001, "SAT A", day) for day in (329.25, 330.25, 331.25)]
    found = scenario(sets[2], sets[0], element_set(90002, "SAT B", node_deg=50.0), sets[1])
    assert (found.satellites, found.accelerators) == (2, 2 * found.scenario.types[0].accelerators)
    assert found.catalogues.sets[0][0].epoch == EPOCH - timedelta(hours=6)
    assert found.notes == (
        "constellation.0: 4 element sets of 2 objects: the set nearest to the epoch is used for SAT A (90001)",
    )


def test_epoch_of_a_catalogue_with_old_sets(scenario: Callable[..., Loaded], folder: Path) -> None:
    """Source of truth: the rule: the epoch is that of the newest set, and so the set used is that one."""
    scenario(*(element_set(90001, "SAT A", day) for day in (328.5, 329.5, 330.5)))
    found = load("starlink_edge", ("constellation.tle=x.tle", "links=null", "duration=1 h"))
    assert (found.satellites, found.scenario.epoch, found.catalogues.sets[0][0].epoch) == (1, EPOCH, EPOCH)
    assert "constellation.0: 3 element sets of 1 object: the set nearest to the epoch is used for SAT A (90001)" in found.notes


def test_one_number_under_two_names(scenario: Callable[..., Loaded]) -> None:
    """Source of truth: made-up catalogues give every satellite one number: names tell them apart, and a note says so."""
    found = scenario(*(element_set(99999, f"SAT {k}", node_deg=10.0 * k) for k in range(3)))
    assert found.satellites == 3
    assert found.notes == ("constellation.0: catalogue number 99999 belongs to several names, each a satellite of its own",)


def test_objects_that_coincide(scenario: Callable[..., Loaded], dawndusk: Any) -> None:
    """Source of truth: by hand: two numbers with the same elements are one place; a third one is elsewhere. Over two files too."""
    found = scenario(element_set(90002, "SAT B"), element_set(90001, "SAT A"), element_set(90003, "SAT C", anomaly_deg=21.0))
    note = "constellation: 2 satellites share a place with another one, as they have the same elements: SAT A (90001), SAT B (90002)"
    assert (found.satellites, found.notes) == (3, (note,))
    called = dawndusk("validate", "s.yaml")
    assert (called.code, called.errors) == (0, [note])
    twice = scenario(element_set(90001, "SAT A"), more="constellation: [{kind: tle, tle: x.tle}, {kind: tle, tle: x.tle}]\n")
    assert twice.satellites == 2
    assert twice.notes == (note.replace("SAT B (90002)", "SAT A (90001)"),)


def test_lines_without_checksum_are_noted(scenario: Callable[..., Loaded]) -> None:
    text = "".join(line[:68] + "\n" for line in element_set(90001).splitlines())
    found = scenario(text, element_set(90002, node_deg=50.0))
    assert found.satellites == 2
    assert found.notes == ("constellation.0: 1 of 2 element sets have lines without checksum, where a wrong digit goes unnoticed",)


# --- names in the scenario ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["object 90002", "object SAT B", "object  sat b"])
def test_events_name_an_object(scenario: Callable[..., Loaded], target: str) -> None:
    """Source of truth: by hand: SAT B is second by number, though first in the file."""
    from sim.engine.events import listed_changes

    event = f"events: ['2026-11-26T12:10Z lose {target}', {{at: 2026-11-26T12:20Z, action: derate, target: {target}, to: 0.5}}]\n"
    found = scenario(element_set(90002, "SAT B"), element_set(90001, "SAT A", node_deg=50.0), more=ENTRY + event)
    assert [(c.target.first, c.target.last, c.remaining) for c in listed_changes(found)] == [(1, 1, 0.0), (1, 1, 0.5)]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("object SATA", "'object SATA' is not in the catalogue; did you mean 'SAT A'?"),
        ("object 7", "'object 7' is not in the catalogue; write one of: SAT A, SAT B"),
        ("object", "'object' is no target; write 'satellite 17'"),
        ("satellite 90001", "'satellite 90001' is not in the fleet; write 'object 90001' for the satellite of that catalogue number"),
        ("satellite 2", "'satellite 2' is not in the fleet; satellites are numbered 0 to 1"),
    ],
)  # fmt: skip
def test_events_name_no_object(scenario: Callable[..., Loaded], dawndusk: Any, target: str, said: str) -> None:
    scenario(element_set(90001, "SAT A"), element_set(90002, "SAT B", node_deg=50.0))
    called = dawndusk("validate", "s.yaml", "--event", f"2026-11-26T12:10Z lose {target}")
    assert called.code == 2
    (line,) = called.errors
    assert said in line


def test_an_object_without_a_catalogue(dawndusk: Any) -> None:
    called = dawndusk("validate", "suncatcher", "--event", "2026-12-21T00:10Z lose object 5")
    assert called.code == 2
    assert "'object 5' needs a catalogue, and the constellation has none; write satellites by number" in called.errors[0]


def test_two_objects_of_one_name(scenario: Callable[..., Loaded], dawndusk: Any) -> None:
    scenario(element_set(90001, "TBA"), element_set(90002, "TBA", node_deg=50.0))
    called = dawndusk("validate", "s.yaml", "--event", "2026-11-26T12:10Z lose object TBA")
    assert called.code == 2
    said = "means satellite 0 (TBA, 90001) and satellite 1 (TBA, 90002); write one of them by its number in the fleet"
    assert said in called.errors[0]


def test_events_beside_sets_left_out(scenario: Callable[..., Loaded]) -> None:
    """Source of truth: by hand: the first of three sets is bad, so that satellite 1 is the third of the file, and a note names it."""
    bad = element_set(90001, "SAT A").replace("53.0000", "53.0001")
    sets = bad, element_set(90002, "SAT B", node_deg=50.0), element_set(90003, "SAT C", node_deg=60.0)
    events = "events: [2026-11-26T12:10Z lose satellite 1, 2026-11-26T12:10Z lose object 90003, 2026-11-26T12:10Z lose all]\n"
    found = scenario(*sets, more=ENTRY + events, skip_bad=True)
    assert found.notes[1:] == (
        "events.0: satellites are counted without the element sets left out: 'satellite 1' is satellite 1 (SAT C, 90003)",
    )
    assert "skip_bad: 1 of 3 element sets" in found.notes[0]


def test_satellites_by_text(scenario: Callable[..., Loaded]) -> None:
    """Source of truth: by hand, in a fleet of a shell of 24 and a catalogue whose numbers are among those of the fleet."""
    entries = 'constellation: [{kind: shorthand, code: "D:550:53:24/6/2"}, {kind: tle, tle: x.tle}]\n'
    fleet = scenario(element_set(5, "OBJECT A"), element_set(90001, "25", node_deg=50.0), more=entries).identities
    assert (fleet.count, fleet[3], fleet[24], fleet.label(25)) == (26, ("", 0), ("OBJECT A", 5), "satellite 25 (25, 90001)")
    assert [fleet.one(x) for x in ("3", "90001", "object a", "satellite 5", "object 5", "25", "object 90001")] == [3, 25, 24, 5, 24, 25, 25]
    assert fleet.one("5") == (
        "means satellite 24 (OBJECT A, 5) and satellite 5; write 'satellite N' with a number in the fleet, or 'object X' with a "
        "catalogue number or name"
    )
    for text in ("26", "object 6", "SAT", "-1", "", "satellite 26", "satellite OBJECT A", "9" * 5000):
        assert fleet.one(text) == "is not in the fleet; write a number from 0 to 25, a catalogue number or a name", text
    assert Identities([(4, None)]).one("4") == "is not in the fleet; write a number from 0 to 3"
