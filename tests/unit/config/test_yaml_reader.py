"""Limits of what is read as YAML: each input here is small, and refused before it takes long or much memory."""

from __future__ import annotations

import math
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sim.config import files, yaml_reader
from sim.config.errors import InputError
from sim.config.yaml_reader import MOST_DEPTH, MOST_NODES, Node, parse, plain_value


def _refusal(text: str) -> list[str]:
    with pytest.raises(InputError) as error:
        parse(text, "t")
    return [str(problem) for problem in error.value.problems]


def _count(node: Node) -> int:
    children = node.value.values() if node.is_map else node.value if isinstance(node.value, list) else ()
    return 1 + sum(map(_count, children))


def _doubling(levels: int, line: str) -> str:
    """Each level holds the one before it nine times, so that `levels` of them hold 9 ** levels values."""
    names = "abcdefghijklmnopqrstuvwxyz"[: levels + 1]
    text = "a: &a {x: 1}\n"
    for below, name in pairwise(names):
        text += f"{name}: &{name} {line.format(', '.join(9 * [f'*{below}']))}\n"
    return text


@pytest.mark.parametrize("line", ["[{}]", "{{<<: [{}]}}"], ids=["aliases", "merge keys"])
def test_expanded_aliases_are_limited(line: str) -> None:
    """Source of truth: nine to the power of the level, counted by hand; five levels stay below the limit, seven do not."""
    assert 9**5 < MOST_NODES < 9**7
    if line == "[{}]":
        assert _count(parse(_doubling(5, line), "t")) > 9**5
    (refused,) = _refusal(_doubling(7, line))
    assert f"holds more than {MOST_NODES:,} values; write fewer" in refused
    assert len(_doubling(7, line)) < 500


def test_values_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: the limit; one list and its 999 entries are 1,000 values."""
    monkeypatch.setattr(yaml_reader, "MOST_NODES", 1000)
    assert len(parse("[" + "1," * 999 + "]", "t").value) == 999
    (refused,) = _refusal("[" + "1," * 1000 + "]")
    assert "holds more than 1,000 values; write fewer" in refused


@pytest.mark.parametrize("text", ["x: " + 3000 * "[", 3000 * "{a: ", 3000 * "- " + "a", "\n".join(" " * i + "a:" for i in range(400))])
def test_nesting_is_limited(text: str) -> None:
    """Source of truth: the constant."""
    assert f"is nested more than {MOST_DEPTH} deep" in _refusal(text)[0]


def test_the_deepest_nesting_that_is_read() -> None:
    """Source of truth: the brackets written."""
    node, depth = parse((MOST_DEPTH - 1) * "[" + (MOST_DEPTH - 1) * "]", "t"), 0
    while node.value:
        node, depth = node.value[0], depth + 1
    assert depth == MOST_DEPTH - 2


@pytest.mark.parametrize("text", [14 * "? " + "a", 200 * "? ", "? [a, b]\n: x", "{{a: 1}: 2}"])
def test_mappings_are_no_keys(text: str) -> None:
    """Source of truth: YAML allows them, a scenario has no use for them."""
    assert "a mapping or list is no key; write a word before the colon" in _refusal(text)[0]


def test_every_key_that_is_there_twice_is_reported() -> None:
    """Source of truth: lines and columns counted by hand."""
    assert _refusal("a: 1\nb: {c: 1, c: 2}\na: 3\n") == [
        "t:2:11: b.c: stands here a second time, first in line 2, column 5; remove one",
        "t:3:1: a: stands here a second time, first in line 1, column 1; remove one",
    ]


def test_a_key_overrides_the_one_it_merges() -> None:
    """Source of truth: the YAML merge key, https://yaml.org/type/merge.html; the first of several mappings counts."""
    root = parse("a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc: {y: 3, <<: [*a, *b]}", "t")
    assert {key: node.value for key, node in root.value["c"].value.items()} == {"x": 1, "y": 3, "z": 2}


@pytest.mark.parametrize(("text", "refused"), [
    ("a: &a [*a]", "*a contains itself"), ("a: *b", "*b is not defined above"), ("a: {<<: 3}", "merges something that is no mapping"),
    ("a: !!python/object:os.system x", "the tag tag:yaml.org,2002:python/object:os.system is not read"), ("a: !!map {b: 1}", "the tag"),
    ("a: 1\n---\nb: 2", "a second document begins here"), ("? \n: x", "has no key"), ("a: " + 400 * "9", "is a number of 400 characters"),
    ("a: 0." + 5000 * "1", "is a number of 5,002 characters"), ('a: "\\e[31m"', "has the control character U+001B"),
    ('a: "x\\u202ey"', "has the control character U+202E"), ('"\\x9b": 1', "has the control character U+009B"), ('a: "\\ud800"', "invalid Unicode"),
    ("a: \ud800", "character 0xd800 is not allowed"), ("a: \x1b[31m", "character 0x1b is not allowed"),
])  # fmt: skip
def test_refused(text: str, refused: str) -> None:
    """Source of truth: YAML 1.2 and the limits of the module."""
    (line,) = _refusal(text)
    assert refused in line
    assert line.isprintable()


@pytest.mark.parametrize(("text", "value"), [
    ("007", 7), ("0o17", 15), ("0b11", 3), ("0xFF", 255), ("1.", 1.0), (".5", 0.5), ("-1e-3", -1e-3), ("1_000.5", 1000.5), (".inf", math.inf),
    ("-.INF", -math.inf), ("~", None), ("TRUE", True), ("no", "no"), ("1__0", "1__0"), ("-", "-"), ("1-2", "1-2"), ("12:30", "12:30"), ("\u0663", "\u0663"),
])  # fmt: skip
def test_scalars(text: str, value: Any) -> None:
    """Source of truth: the core schema of YAML 1.2, chapter 10.3.2, with underscores between digits."""
    found, problem = plain_value(text)
    assert (found, type(found), problem) == (value, type(value), "")
    assert math.isnan(plain_value(".nan")[0])


def test_quotes_and_the_tag_of_text_keep_text() -> None:
    """Source of truth: YAML 1.2."""
    assert [node.value for node in parse("['5', \"5\", !!str 5, ! 5]", "t").value] == 4 * ["5"]


def test_only_regular_files_of_limited_size_are_read(tmp_path: Path) -> None:
    """Source of truth: what the operating system says of the files; /dev/zero has no end, a pipe without a writer blocks."""
    pipe, large = tmp_path / "pipe", tmp_path / "large.yaml"
    os.mkfifo(pipe)
    with large.open("wb") as file:
        file.truncate(files.MOST_BYTES + 1)
    for path, why in ((pipe, "not a regular file"), (Path("/dev/zero"), "not a regular file"),
                      (large, "larger than 10 MiB"), (tmp_path, "Is a directory"), (tmp_path / "none", "No such file")):  # fmt: skip
        with pytest.raises(InputError, match=f"cannot be read \\({why}"):
            yaml_reader.read(path)
    with pytest.raises(InputError, match="cannot be read"):
        yaml_reader.read(Path("a\0b"))
