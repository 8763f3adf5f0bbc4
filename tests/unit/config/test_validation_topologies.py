"""Settings of topologies that do not fit are refused, each with one clear line; small shells are correct small networks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.config.errors import InputError
from sim.config.scenario import load
from sim.config.validation import topologies
from sim.engine import links
from sim.network.topologies import entry_points

BASE = ("ground=null", "workloads=[{kind: independent}]", "duration=10 min", "satellite=starlink-edge")
SHELL = "constellation={{kind: walker, altitude: 550 km, inclination: 53 deg, planes: {}, satellites_per_plane: {}, phasing: 1}}"
LINKS = "links={{topology: {}, terminals: {}, max_range: 6000 km}}"


def _problems(topology: str, planes: int = 8, slots: int = 16, terminals: int = 4, sets: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as error:
        load("starlink_edge", (SHELL.format(planes, slots), LINKS.format(topology, terminals), *BASE, *sets))
    return [(problem.field, problem.message) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("topology", "field", "message"),
    [
        ("{kind: torus, shape: [8, 15]}", "shape", "8 x 15 is 120 satellites, and the constellation has 128; write shape: [8, 16], or 120 satellites"),
        ("{kind: torus, shape: [5, 5, 5]}", "shape", "5 x 5 x 5 is 125 satellites, and the constellation has 128; write shape: [4, 4, 8], or 125 satellites"),
        ("{kind: torus, shape: [4, 4, 8]}", "shape", "gives a satellite 6 links, and it has 4 terminals; write links.terminals: 6, or fewer links"),
        ("{kind: torus, shape: 8}", "shape", "8 is no shape of a torus; write one to three whole numbers above zero, such as [8, 8]"),
        ("{kind: torus, shape: [-8, -16]}", "shape", "[-8, -16] is no shape of a torus; write one to three whole numbers above zero, such as [8, 8]"),
        ("{kind: ring, reach: 3}", "reach", "gives a satellite 6 links, and it has 4 terminals; write links.terminals: 6, or fewer links"),
        ("{kind: nearest, neighbours: 5}", "neighbours", "gives a satellite 5 links, and it has 4 terminals; write links.terminals: 5, or fewer links"),
        ("{kind: clos, ports: 12}", "ports", "switches of 12 links in 3 layers join up to 54 satellites, and the constellation has 128; write ports: 20"),
        ("{kind: clos, ports: 7}", "ports", "7 is odd, and half of the links of a switch lead up; write 6 or 8"),
        ("{kind: clos, ports: 400}", "ports", "3 layers of switches of 400 links need at least 203 satellites, and the constellation has 128; "
         "write fewer ports, or more satellites"),
        ("{kind: clos, ports: 20, switches: [1, 2, 3]}", "switches", "3 satellites are switches, and 128 satellites with 20 ports in 3 layers need 30; "
         "write 30 numbers, or switches: spread"),
        ("{kind: clos, ports: 20, switches: [1, 1]}", "switches", "satellite 1 is named twice; write each switch once"),
        ("{kind: clos, ports: 20, switches: [128]}", "switches", "satellite 128 is not in the fleet; write numbers from 0 to 127"),
        ("{kind: clos, ports: 20, switches: middle}", "switches", "'middle' names no switches; write first, last, spread, or a list of satellite numbers"),
        ("{kind: relay, through: 1}", "through", "a relay needs another entry of the constellation; write a list of two entries, or topology: nearest"),
        ("shells", "", "shells joins several shells, and the constellation has one; write topology: grid, or another entry"),
        ("{kind: tours}", "", "kind 'tours' is unknown; did you mean 'torus'?"),
        ("{shape: [8, 16]}", "", "kind is missing; write one of: clos, custom, grid, mesh, nearest, plugin, relay, ring, shells, torus"),
        ("girdle", "", "'girdle' is unknown; did you mean 'grid'?"),
        ("{kind: plugin, name: mine}", "name", "no installed package has a topology 'mine' (entry points of dawndusk.topologies); install the package that "
         "has it, or write a topology of another kind"),
        ("{kind: custom, pairs: []}", "pairs", "[] is no list of pairs; write one, such as [[0, 1], [1, 2]], or the path of a file"),
        ("{kind: custom, pairs: [[0, 1, 2]]}", "pairs", "pair 0 is [0, 1, 2]; write two satellites, such as [0, 1]"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit(topology: str, field: str, message: str) -> None:
    """By hand; the switches of 128 satellites: 20 in pairs and 10 on top, below which 10 groups hold 98."""
    assert _problems(topology) == [(".".join(["links.topology", *([field] if field else [])]), message)]


def test_relay_through_an_entry_that_does_not_exist() -> None:
    both = ("constellation=[{kind: cluster, altitude: 650 km, local_time: '06:00', lattice: {spacing: 200 m, radius: 300 m}}, "
            "{kind: shorthand, code: 'D:550:53:240/12/1'}]")  # fmt: skip
    assert _problems("{kind: relay, through: 2}", sets=(both,)) == [
        ("links.topology.through", "the constellation has no entry 2; write one from 0 to 1")
    ]


def test_joined_entries_and_their_terminals() -> None:
    """By hand: no satellite has more links than terminals, and one terminal cannot serve both its shell and another."""
    two = "constellation=[{kind: shorthand, code: 'D:550:53:240/12/1'}, {kind: shorthand, code: 'D:700:53:240/12/1'}]"
    for topology, terminals, found in (
        ("shells", 1, [("", "shells needs terminals for links within a shell and to another, and a satellite has 1; write links.terminals: 2, or more")]),
        ("shells", 2, []),
        ("{kind: relay, through: 1, links: 3, relay_terminals: 4}", 2,
         [(".links", "gives a satellite 3 links, and it has 2 terminals; write links.terminals: 3, or fewer links"),
          (".relay_terminals", "gives a satellite 4 links, and it has 2 terminals; write links.terminals: 4, or fewer links")]),
        ("{kind: relay, through: 1, links: 3, relay_terminals: 4}", 4, []),
    ):  # fmt: skip
        sets = (two, f"links.terminals={terminals}")
        if found:
            assert _problems(topology, sets=sets) == [(f"links.topology{field}", message) for field, message in found]
        else:
            load("starlink_edge", (LINKS.format(topology, terminals), *BASE, two))


def test_pairs_of_a_file(folder: Path) -> None:
    """By hand: each wrong pair once, at its line; the file is beside the scenario."""
    (folder / "links.csv").write_text("# a, b\n0,1\n\n1 0\n2,2\n3,128\n4,relay-1\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        load("starlink_edge", (SHELL.format(8, 16), LINKS.format("{kind: custom, pairs: links.csv}", 4), *BASE))
    assert [(p.origin.line, p.field, p.message) for p in error.value.problems] == [
        (4, "links.topology.pairs.1", "is the same pair as pair 0: satellites 0 and 1; remove it"),
        (5, "links.topology.pairs.2", "links satellite 2 to itself; write two different satellites, or remove it"),
        (6, "links.topology.pairs.3", "'128' is not in the fleet; write a number from 0 to 127"),
        (7, "links.topology.pairs.4", "'relay-1' is not in the fleet; write a number from 0 to 127"),
    ]
    (folder / "links.csv").write_text("0,1,2\n", encoding="utf-8")
    assert _problems("{kind: custom, pairs: links.csv}") == [("links.topology.pairs", "'0,1,2' is not two satellites; write a line such as 0,1")]
    assert "cannot be read (No such file or directory)" in _problems("{kind: custom, pairs: none.csv}")[0][1]
    (folder / "links.csv").write_text("", encoding="utf-8")
    assert "holds no pairs" in _problems("{kind: custom, pairs: links.csv}")[0][1]


@pytest.mark.parametrize("suffix", ["csv", "yaml"])
def test_a_file_of_pairs_is_what_runs(folder: Path, suffix: str) -> None:
    """By hand: a closed ring of 24 written in either form."""
    pairs = [[i, (i + 1) % 24] for i in range(24)]
    text = "\n".join(f"{i}, {j}" for i, j in pairs) if suffix == "csv" else json.dumps(pairs)
    (folder / f"ring.{suffix}").write_text(text, encoding="utf-8")
    one = load("starlink_edge", (SHELL.format(1, 24).replace("phasing: 1", "phasing: 0"), LINKS.format(f"{{kind: custom, pairs: ring.{suffix}}}", 4), *BASE))
    other = load("starlink_edge", (SHELL.format(1, 24).replace("phasing: 1", "phasing: 0"), LINKS.format("ring", 4), *BASE))
    found = []
    for loaded in (one, other):
        rules = links.link_rules(loaded.scenario)
        assert rules is not None
        found.append([end.tolist() for end in links.topology(loaded, rules).pairs])  # type: ignore[attr-defined]
    assert found[0] == found[1]


def test_satellites_that_a_topology_leaves_out() -> None:
    """By hand: pairs of two satellites leave the others without a partner."""
    (field, message), = _problems("{kind: custom, pairs: [[0, 1]]}")
    assert field == "links.topology"
    assert message.startswith(
        "custom leaves 126 of 128 satellites without a link at the epoch (the first is 2): without a partner in the topology: "
        "2, 3, 4, 5, 6, 7, 8, 9 and 118 more; "
    )
    (_, message), = _problems("grid", sets=("links.max_range=100 km",))
    assert "(the first is 0): too far from the others: 0, 1, 2, 3, 4, 5, 6, 7 and 120 more; " in message


@pytest.mark.parametrize(("planes", "slots"), [(1, 24), (24, 1), (1, 12), (2, 12), (12, 2)])
@pytest.mark.parametrize("form", ["grid", "ring", "nearest"])
def test_shells_under_three_by_three(planes: int, slots: int, form: str) -> None:
    """Each is a small network without links twice or to itself, or is refused in one line."""
    sets, problems = (SHELL.format(planes, slots).replace("phasing: 1", "phasing: 0"), LINKS.format(form, 4), *BASE), None
    try:
        loaded = load("starlink_edge", sets)
    except InputError as error:
        problems = error.problems
    if problems is not None:
        assert ["without a link at the epoch" in problem.message for problem in problems] == [True]
        return
    rules = links.link_rules(loaded.scenario)
    assert rules is not None
    topology = links.topology(loaded, rules)
    if topology.fixed:
        a, b = topology.pairs  # type: ignore[attr-defined]
        assert (a < b).all()
        assert len(set(zip(a.tolist(), b.tolist(), strict=True))) == a.size


def test_words_and_sections_are_the_same() -> None:
    """The section of a kind without settings is that of its word."""
    found = []
    for text in ("grid", "{kind: grid}"):
        loaded = load("starlink_edge", (SHELL.format(24, 22), LINKS.format(text, 4), *BASE))
        assert loaded.scenario.links is not None
        assert loaded.scenario.links.form == "grid"
        found.append(links.constellation_blocks(loaded))
    assert found[0] == found[1]


@pytest.mark.parametrize(("rules", "last"), [("wrap: never", 23), ("wrap: always", 24), ("wrap: pattern", 24), ("offset: 2", 24)])
def test_rules_of_a_grid(rules: str, last: int) -> None:
    """By hand: borders between planes that are linked, and the slots ahead."""
    plain, ruled = (
        links.constellation_blocks(load("starlink_edge", (SHELL.format(24, 22), LINKS.format(text, 4), *BASE)))[0].cross_slots  # type: ignore[union-attr]
        for text in ("grid", f"{{kind: grid, {rules}}}")
    )
    ahead = 2 if "offset" in rules else 0
    assert ruled == tuple((n + ahead) % 22 for n in plain)[:last]


def test_size_of_components() -> None:
    assert topologies.largest_component([(0, 1), (2, 3), (3, 4), (7, 2)]) == 4
    assert topologies.largest_component([]) == 0


def test_names_of_installed_topologies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for two installed packages."""

    class Point:
        def __init__(self, name: str) -> None:
            self.name = name

    monkeypatch.setattr(entry_points.metadata, "entry_points", lambda group: [Point("star"), Point("fan")])
    assert entry_points.plugin_names() == ["fan", "star"]
    assert _problems("{kind: plugin, name: sta}") == [
        ("links.topology.name", "no installed package has a topology 'sta' (entry points of dawndusk.topologies); did you mean 'star'?")
    ]


@pytest.mark.parametrize("lattice", ["{shape: hexagonal, spacing: 100 m, radius: 300 m, tilt: 60 deg, cross_track: 10 m}",
                                     "{shape: columns, spacing: 100 m, radius: 300 m, tilt: 60 deg}",
                                     "{shape: points, points: [[0 m, 0 m, 0 m]], tilt: 60 deg}"])  # fmt: skip
def test_tilt_with_what_it_replaces(lattice: str) -> None:
    with pytest.raises(InputError) as error:
        load("suncatcher", (f"constellation.lattice={lattice}", "workloads=[{kind: independent}]"))
    assert len(error.value.problems) == 1
    assert "tilt" in error.value.problems[0].message


def test_a_clos_network_leaves_fewer_members() -> None:
    """By hand: of 81 satellites with 16 ports in 3 layers 8 + 2 x 8 switch, and 57 compute: a job of 60 is refused."""
    sets = ("workloads=[{kind: training, model: llama-3-8b, members: 60}]", "links={topology: {kind: clos, ports: 16}, terminals: 16}")
    with pytest.raises(InputError, match="60 is more than the 57 satellites of the workload"):
        load("suncatcher", sets)
