"""YAML with places: lines and columns from 1, merging, putting, records."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.config import yaml_tree
from sim.config.errors import InputError, Origin

TEXT = """\
a: 1
b:
  c: {d: 2, e: [3, 4]}
list:
- x
-   y: 5
record: {value: 6, unit: km, kind: assumption, source: here}
"""


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [("a", 1, 1), ("b", 2, 1), ("b.c", 3, 3), ("b.c.d", 3, 7), ("b.c.e", 3, 13), ("b.c.e.1", 3, 20), ("list.0", 5, 3),
     ("list.1", 6, 5), ("list.1.y", 6, 5), ("record.value", 7, 10)],
)  # fmt: skip
def test_places(path: str, line: int, column: int) -> None:
    """Source of truth: counted by hand."""
    assert yaml_tree.find(yaml_tree.parse(TEXT, "t"), tuple(path.split("."))).origin == Origin("t", line, column)


def test_find_stops_at_the_nearest() -> None:
    root = yaml_tree.parse(TEXT, "t")
    assert yaml_tree.find(root, ("b", "none", "d")) is root.value["b"]
    assert yaml_tree.find(root, ("list", "9")) is root.value["list"]
    assert yaml_tree.find(root, ()) is root


def test_plain() -> None:
    assert yaml_tree.plain(yaml_tree.parse(TEXT, "t")) == {
        "a": 1, "b": {"c": {"d": 2, "e": [3, 4]}}, "list": ["x", {"y": 5}], "record": "6 km"
    }  # fmt: skip


@pytest.mark.parametrize(("unit", "expected"), [("", 6), (', unit: "1"', 6), (", unit: m2", "6 m2")])
def test_plain_record(unit: str, expected: object) -> None:
    assert yaml_tree.plain(yaml_tree.parse(f"{{value: 6{unit}}}", "t")) == expected


def test_scalars_are_plain_python() -> None:
    values = yaml_tree.plain(
        yaml_tree.parse("[1, 0x10, 1_000, 2.5, 1e3, true, null, text, 'quoted', 2026-12-21T00:00:00Z, 06:00]", "t")
    )
    assert values == [1, 16, 1000, 2.5, 1000.0, True, None, "text", "quoted", "2026-12-21T00:00:00Z", "06:00"]
    assert [type(v) for v in values] == [int, int, int, float, float, bool, type(None), str, str, str, str]


def test_merge() -> None:
    """Mappings key by key; lists, scalars and records as a whole; places stay with the values."""
    base = yaml_tree.parse("a: {x: 1, y: 2}\nb: [1, 2]\nc: {value: 1, unit: m, low: 0}\nd: 4", "base")
    over = yaml_tree.parse("a: {y: 3, z: 4}\nb: [9]\nc: {value: 2, unit: km}\ne: 5", "over")
    merged = yaml_tree.merge(base, over)
    assert yaml_tree.plain(merged) == {"a": {"x": 1, "y": 3, "z": 4}, "b": [9], "c": "2 km", "d": 4, "e": 5}
    assert "low" not in merged.value["c"].value
    assert yaml_tree.find(merged, ("a", "x")).origin.file == "base"
    assert yaml_tree.find(merged, ("a", "y")).origin.file == "over"
    assert yaml_tree.plain(base)["a"] == {"x": 1, "y": 2}


def test_merge_of_another_kind_replaces() -> None:
    base = yaml_tree.parse("c: {kind: cluster, altitude: 1, lattice: 2}", "base")
    assert yaml_tree.plain(yaml_tree.merge(base, yaml_tree.parse("c: {kind: ring, satellites: 3}", "o"))) == {
        "c": {"kind": "ring", "satellites": 3}
    }
    assert yaml_tree.plain(yaml_tree.merge(base, yaml_tree.parse("c: {kind: cluster, altitude: 3}", "o")))["c"]["lattice"] == 2


def test_put_copies() -> None:
    root = yaml_tree.parse(TEXT, "t")
    leaf = yaml_tree.Node(9, Origin("--set"))
    for path, expected in (("a", 9), ("b.c.d", 9), ("b.c.e.0", 9), ("new.deep", 9), ("a.b", 9), ("record.x", 9)):
        keys = path.split(".")
        changed = yaml_tree.put(root, keys, leaf)
        assert yaml_tree.find(changed, tuple(keys)).value == expected
    assert yaml_tree.plain(root) == yaml_tree.plain(yaml_tree.parse(TEXT, "t"))
    assert yaml_tree.put(root, [], leaf) is leaf


def test_walk_gives_records_as_leaves() -> None:
    paths = [".".join(path) for path, _ in yaml_tree.walk(yaml_tree.parse(TEXT, "t"))]
    assert paths == [
        "",
        "a",
        "b",
        "b.c",
        "b.c.d",
        "b.c.e",
        "b.c.e.0",
        "b.c.e.1",
        "list",
        "list.0",
        "list.1",
        "list.1.y",
        "record",
    ]


def test_read_of_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory\); write the path of a file"):
        yaml_tree.read(tmp_path)


def test_alias_and_merge_key() -> None:
    assert yaml_tree.plain(yaml_tree.parse("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: *a", "t")) == {
        "a": {"x": 1},
        "b": {"x": 1, "y": 2},
        "c": {"x": 1},
    }


def test_a_section_with_a_stray_value_is_no_record() -> None:
    """By definition: a record is a value alone or with unit, kind, source, low, high or note."""
    assert not yaml_tree.parse("{value: 3, stations: default}", "x").is_record
    assert yaml_tree.parse("{value: 3}", "x").is_record
    assert yaml_tree.parse("{value: 3, unit: m, sorce: y}", "x").is_record
