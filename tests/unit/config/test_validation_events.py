"""Events that cannot be: one line each with its place, all at once, before anything is computed.

Source of truth: the lines as a person would want them; places counted by hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.config.scenario import load
from sim.config.schema import parse_target, short_form

AT = "2026-12-21T00:10Z"
SHELL = """name: shell
epoch: 2026-12-21T00:00:00Z
duration: 1 h
constellation:
- {kind: walker, altitude: 550 km, inclination: 53 deg, planes: 10, satellites_per_plane: 20, phasing: 3}
- {kind: ring, altitude: 650 km, local_time: "06:00", satellites: 5}
satellite: starlink-edge
ground: {stations: default}
"""
CLUSTER = """name: formation
epoch: 2026-12-21T00:00:00Z
duration: 1 h
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {spacing: 200 m, radius: 1 km}}
satellite: suncatcher
"""


def _errors(dawndusk: Any, folder: Path, text: str, *events: str) -> list[str]:
    listed = "".join(f"- {AT} {event}\n" for event in events)
    (folder / "s.yaml").write_text(f"{text}events:\n{listed}", encoding="utf-8")
    called = dawndusk("validate", "s.yaml")
    assert called.code == (2 if called.errors else 0), called.err
    return [str(line) for line in called.errors]


def test_good_events(dawndusk: Any, folder: Path) -> None:
    """Every form of target, with every action that it takes."""
    assert not _errors(
        dawndusk, folder, SHELL + "links: {topology: nearest}\n",
        "lose satellite 17", "restore satellites 3-9", "derate all to 50%", "lose plane 0", "derate plane 10 to 0.5",
        "lose satellite 17 accelerators", "derate satellites 3-9 accelerators to 0.875", "restore all accelerators",
        "lose plane 3 accelerators", "lose link 3-4", "derate link 4-3 to 0.1", "lose links of satellite 4",
        "derate links of satellites 4-8 to 0.5", "restore links of all", "lose links of plane 2", "lose station Tokyo",
        "restore station Tokyo", "maneuver satellite 17", "maneuver plane 3 to 0.5 for 20 min", "maintain satellites 3-9 for 1 d",
        "maintain all accelerators", "corrupt satellite 17", "corrupt plane 2",
    )  # fmt: skip


def test_maintenance_of_what_does_not_compute(dawndusk: Any, folder: Path) -> None:
    assert _errors(
        dawndusk, folder, SHELL, "maneuver station Tokyo", "maintain links of satellite 4", "maneuver all accelerators", "maintain all to 0.5",
    ) == [
        "s.yaml:10:3: events.0.target: 'station Tokyo' does not compute; write satellites, or lose station Tokyo",
        "s.yaml:11:3: events.1.target: 'links of satellite 4' does not compute; write satellites, or lose links of satellite 4",
        "s.yaml:12:3: events.2.target: a manoeuvre is one of whole satellites; write them without 'accelerators', or maintain",
        "s.yaml:13:3: events.3: maintain takes no `to` (0.5); remove it",
    ]  # fmt: skip


def test_silent_errors_strike_satellites(dawndusk: Any, folder: Path) -> None:
    assert _errors(dawndusk, folder, SHELL, "corrupt station Tokyo", "corrupt satellite 17 accelerators", "corrupt all for 2 h", "corrupt all to 0.5") == [
        "s.yaml:10:3: events.0.target: 'station Tokyo' is not what a silent error strikes; write satellites",
        "s.yaml:11:3: events.1.target: 'satellite 17 accelerators' is not what a silent error strikes; write satellites",
        "s.yaml:12:3: events.2.duration: a silent error lasts until a check finds it; remove it",
        "s.yaml:13:3: events.3: corrupt takes no `to` (0.5); remove it",
    ]


@pytest.mark.parametrize(("given", "message"), [
    ("rate: 32 1/yr, duration: 20 d", "fleet.maintenance.duration: 20 d are longer than the time between two, 11.4141 d on average; "
     "write a shorter one, or a lower rate"),
    ("rate: -1 1/yr, duration: 20 min", "fleet.maintenance.rate: "),
    ("rate: 32 1/yr, duration: 0 s", "fleet.maintenance.duration: "),
    ("rate: 32 1/yr, duration: 20 min, to: 0.5, out_of_service: true", "fleet.maintenance.to: a satellite that is out of service keeps no "
     "rate, and 0.5 is given; leave it out"),
])  # fmt: skip
def test_maintenance_that_cannot_be(dawndusk: Any, folder: Path, given: str, message: str) -> None:
    (line,) = _errors(dawndusk, folder, CLUSTER + f"fleet: {{maintenance: {{{given}}}}}\n", "lose all")
    assert line.startswith("s.yaml:6:")
    assert message in line


def test_bad_targets_all_at_once(dawndusk: Any, folder: Path) -> None:
    found = _errors(
        dawndusk, folder, SHELL,
        "lose plane 11", "lose satellite 205", "lose station Tokio", "derate station Tokyo to 0.5",
        "lose links of satellite 4", "lose satellites 9-3 accelerators", "lose station Tokyo", "lose links of satellite 4 accelerators",
    )  # fmt: skip
    # what the schema finds comes first: nothing between fields is checked of an event that is none
    assert found == [
        "s.yaml:13:3: events.3.action: a station cannot be derated; write lose station Tokyo, or derate the links of satellites",
        "s.yaml:17:3: events.7.target: 'links of satellite 4 accelerators' is no target; write 'satellite 17', 'satellites 3-9', "
        "'all', 'plane 3', 'satellite 17 accelerators', 'link 3-4', 'links of satellite 4', 'station Dublin', or 'object 25544' by the catalogue number or name",
    ]
    assert _errors(
        dawndusk, folder, SHELL,
        "lose plane 11", "lose satellite 205", "lose station Tokio", "lose links of satellite 4",
        "lose satellites 9-3 accelerators", "lose station Tokyo", "lose links of satellite 999",
    ) == [
        "s.yaml:10:3: events.0.target: 'plane 11' is not in the constellation; planes are numbered 0 to 10",
        "s.yaml:11:3: events.1.target: 'satellite 205' is not in the fleet; satellites are numbered 0 to 204",
        "s.yaml:12:3: events.2.target: 'station Tokio' is not among the ground stations; did you mean 'Tokyo'?",
        "s.yaml:13:3: events.3.target: 'links of satellite 4' needs links, and the scenario has none; write links: {topology: grid}",
        "s.yaml:14:3: events.4.target: 'satellites 9-3 accelerators' runs backwards; write the lower number first",
        "s.yaml:16:3: events.6.target: 'links of satellite 999' is not in the fleet; satellites are numbered 0 to 204",
    ]  # fmt: skip


def test_without_planes_or_stations(dawndusk: Any, folder: Path) -> None:
    assert _errors(dawndusk, folder, CLUSTER, "lose plane 0", "lose station Dublin") == [
        "s.yaml:7:3: events.0.target: 'plane 0' needs planes, and a cluster has none; write satellites by number, such as 'satellites 0-8'",
        "s.yaml:8:3: events.1.target: 'station Dublin' needs ground stations, and the scenario has none; "
        "write ground: {stations: default}, or remove the event",
    ]


def test_planes_beside_a_cluster(dawndusk: Any, folder: Path) -> None:
    """By hand: a cluster, then a shell of two planes: planes 0 and 1 are the shell's."""
    entries = """constellation:
- {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {spacing: 200 m, radius: 1 km}}
- {kind: walker, altitude: 550 km, inclination: 53 deg, planes: 2, satellites_per_plane: 20}
"""
    text = CLUSTER.split("constellation")[0] + entries + "satellite: suncatcher\n"
    assert _errors(dawndusk, folder, text, "lose plane 1", "lose plane 2") == [
        "s.yaml:10:3: events.1.target: 'plane 2' is not in the constellation; planes are numbered 0 to 1, clusters and catalogues have none"
    ]


def test_a_failing_unit_without_accelerators(dawndusk: Any, folder: Path) -> None:
    more = "fleet:\n  failures: {extends: soft-default, accelerators: 0}\n"
    (line,) = _errors(dawndusk, folder, CLUSTER + more, "lose all")
    assert line.startswith("s.yaml:7:37: fleet.failures.accelerators: ")
    assert "write" in line


@pytest.mark.parametrize(
    "text",
    ["planes 3", "plane", "plane 3-4", "station", "link 3-3", "links of link 3-4", "satellite -1", "accelerators"],
)
def test_no_targets(text: str) -> None:
    assert parse_target(text) is None


def test_stations_with_names_of_several_words() -> None:
    """Source of truth: the name is all that follows the word; only derating splits off a value."""
    fields = short_form(f"{AT} lose station Port to Somewhere")
    assert fields == {"at": AT, "action": "lose", "target": "station Port to Somewhere"}
    found = load("kuiper_630", events=("2000-01-01T00:01Z lose station St Petersburg",)).scenario.events
    assert found[0].parsed.station == "St Petersburg"


def test_accelerators_of_the_shipped_failures() -> None:
    """Source of truth: nodes of eight: 104 accelerators are 13 units; a whole satellite is one."""
    soft = load("colossus_in_orbit").scenario.fleet
    hard = load("suncatcher", ("fleet={failures: leo-default}",)).scenario.fleet
    assert soft is not None
    assert hard is not None
    assert soft.failures is not None
    assert hard.failures is not None
    assert [soft.failures.units(104), soft.failures.units(8), soft.failures.units(4), hard.failures.units(104)] == [
        13,
        1,
        1,
        1,
    ]


def test_times_after_the_epoch_and_durations() -> None:
    """By hand: the epoch is midnight; the record form takes the same fields as the short one."""
    listed = [
        "{at: +90 min, action: derate, target: plane 3, to: 0.5, duration: 6 h}",
        "+1.5 h derate plane 3 to 0.5 for 6 h",
        "2026-12-21T01:30Z derate plane 3 to 0.5 for 21600 s",
    ]
    overrides = ("duration=2 h", f"events=[{', '.join(text if text[0] == '{' else repr(text) for text in listed)}]")
    found = load("starlink_edge", overrides).scenario.events
    assert len(found) == 3
    assert {(e.at.isoformat(), e.action, e.target, e.to, e.duration) for e in found} == {
        ("2026-12-21T01:30:00+00:00", "derate", "plane 3", 0.5, 21600.0)
    }
    given = load("starlink_edge", ("duration=2 h",), ("+90 min derate plane 3 to 0.5 for 6 h",)).scenario.events
    assert given == found[:1]


def test_bad_times_and_durations(dawndusk: Any, folder: Path) -> None:
    """By hand: every wrong time at once; the run is an hour long."""
    listed = [
        "+2 h lose plane 0", "+6 lose plane 0", "+6 parsec lose plane 0", "{at: -1 h, action: lose, target: all}",
        "+10 min restore plane 0 for 1 h", "+10 min lose plane 0 for 0 s", "+10 min lose plane 0 for 3 kg",
    ]  # fmt: skip
    (folder / "s.yaml").write_text(SHELL + "events:\n" + "".join(f"- {text}\n" for text in listed), encoding="utf-8")
    called = dawndusk("validate", "s.yaml")
    assert called.code == 2
    lines = {line.split(": ")[1]: line.partition(": ")[2] for line in called.errors}
    assert list(lines) == [
        "events.1.at", "events.2.at", "events.3.at", "events.4.duration", "events.5.duration", "events.6.duration",
    ]  # fmt: skip
    assert "has no unit" in lines["events.1.at"]
    assert "parsec" in lines["events.2.at"]
    assert "'-1 h' is not a moment; write one like" in lines["events.3.at"]
    assert "restore takes no `duration`; write it with lose or derate" in lines["events.4.duration"]
    assert "'0 s' must be above 0 s; write it like '6 h'" in lines["events.5.duration"]
    assert "kg" in lines["events.6.duration"]
    (folder / "s.yaml").write_text(SHELL + "events:\n- +2 h lose plane 0\n", encoding="utf-8")
    (line,) = dawndusk("validate", "s.yaml").errors
    assert "events.0.at: 2026-12-21T02:00:00Z is outside the run; write a moment from 2026-12-21T00:00Z to" in line
