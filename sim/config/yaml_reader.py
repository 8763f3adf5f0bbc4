"""Read YAML 1.2 into trees with source positions; size, depth and the expansion of aliases are limited.

Trees are built from the events of libyaml in one loop, without recursion, so that no input takes long or much memory.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orbit.units import shortened
from sim.config.errors import InputError, Origin, Problem, bad_input
from sim.config.files import MOST_BYTES, read_file

RECORD_KEYS = {"value", "unit", "source", "kind", "low", "high", "note"}
MOST_NODES = 400_000  # of a tree, with aliases expanded
MOST_DEPTH = 30  # of nested mappings and lists; a scenario has nine
MOST_DIGITS = 40  # of a number
CACHED_CHARACTERS = 100_000  # longer texts are not cached

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_DIGITS = r"[0-9](?:_?[0-9])*"
_INTEGER = re.compile(rf"[+-]?{_DIGITS}", re.ASCII)
_BASED = re.compile(r"0(?:x[0-9a-fA-F]+|o[0-7]+|b[01]+)", re.ASCII)
_REAL = re.compile(rf"[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?[0-9]+)?", re.ASCII)
_SPECIAL = re.compile(r"[+-]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NO_KEY = "a mapping or list is no key; write a word before the colon, or remove a bracket"
# characters that command a terminal or turn the direction of text, and halves of characters; line ends and tabs are none
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_STRING_TAGS = ("!", "tag:yaml.org,2002:str")


@dataclass(frozen=True, slots=True)
class Node:
    """A mapping (dict of nodes), a list of nodes or a scalar, with the position where it was written."""

    value: Any
    origin: Origin

    @property
    def is_map(self) -> bool:
        """Whether this is a mapping."""
        return isinstance(self.value, dict)

    @property
    def is_record(self) -> bool:
        """Whether this is a number with provenance: the key `value` alone, or with another key of a record."""
        return (
            self.is_map and "value" in self.value and (len(self.value) == 1 or len(RECORD_KEYS & set(self.value)) > 1)
        )

    def get(self, key: str) -> Node | None:
        """Child of a mapping.

        Parameters
        ----------
        key : str
            Key of the child.

        Returns
        -------
        Node or None
            The child; None where there is none or the node is no mapping.
        """
        return self.value.get(key) if self.is_map else None


def read(path: Path) -> Node:
    """Read a YAML 1.2 file.

    Parameters
    ----------
    path : Path
        The file, in UTF-8, at most `files.MOST_BYTES` long.

    Returns
    -------
    Node
        Its tree.

    Raises
    ------
    InputError
        If the file cannot be read, is no regular file or too large, is not UTF-8, or is not YAML.
    """
    try:
        data = read_file(path)
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        head = data[: error.start].split(b"\n")
        place = Origin(str(path), len(head), len(head[-1].decode("utf-8")) + 1)
        raise bad_input(place, "", "is not text in UTF-8; write a YAML file") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise bad_input(Origin(str(path)), "", f"cannot be read ({reason}); write the path of a file") from None
    return parse(text, str(path))


def parse(text: str, name: str) -> Node:
    """Parse YAML text.

    Parameters
    ----------
    text : str
        YAML 1.2: one document, without tags.
    name : str
        Name of the source in origins and messages.

    Returns
    -------
    Node
        Its tree. Keys are text. Aliases and merge keys (`<<`) are expanded.

    Raises
    ------
    InputError
        If the text is not YAML, has a key twice, a control character or a tag, or is beyond a limit of this module.

    Examples
    --------
    >>> root = parse("{step: 60 s, links: {topology: grid}}", "leo.yaml")
    >>> root.value["step"].value, str(root.value["links"].value["topology"].origin)
    ('60 s', 'leo.yaml:1:22')
    """
    return _parse_cached(text, name) if len(text) <= CACHED_CHARACTERS else _parse(text, name)


def _parse(text: str, name: str) -> Node:
    from yaml import CSafeLoader, SafeLoader
    from yaml.error import MarkedYAMLError
    from yaml.reader import ReaderError

    if len(text) > MOST_BYTES:
        raise bad_input(Origin(name), "", f"is longer than {MOST_BYTES >> 20} MiB; write a shorter one")
    try:
        try:
            return _Builder(name).build(text, CSafeLoader)
        except MarkedYAMLError as error:
            if "nesting depth" not in str(error.problem):  # libyaml reads ahead, and stops far beyond the limit of this module
                raise
            return _Builder(name).build(text, SafeLoader)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Origin(name, mark.line + 1, mark.column + 1) if mark else Origin(name)
        problem = shortened(str(error.problem or "is not YAML").split("\n")[0], 200)
        raise bad_input(place, "", f"{problem}; correct the YAML here") from None
    except (ReaderError, UnicodeEncodeError) as error:  # a control character, or half of a character
        character = chr(error.character) if isinstance(error, ReaderError) else error.object[error.start]
        before = text[: max(text.find(character), 0)].split("\n")
        place = Origin(name, len(before), len(before[-1]) + 1)
        raise bad_input(place, "", f"character {ord(character):#x} is not allowed; remove it") from None


_parse_cached = functools.lru_cache(maxsize=256)(_parse)


@dataclass(slots=True)
class _Level:
    """A mapping or list that is being read."""

    origin: Origin
    anchor: str | None
    children: dict[str, Node] | None = None  # of a mapping
    items: list[Node] | None = None  # of a list
    key: str | None = None  # of the child that follows
    key_origin: Origin = field(default_factory=lambda: Origin(""))
    merged: list[Node] = field(default_factory=list)  # mappings under `<<`
    nodes: int = 1  # with all below it, aliases expanded


class _Builder:
    """Builds one tree from the parser's events."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.levels: list[_Level] = []
        self.root: Node | None = None
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.problems: list[Problem] = []

    def build(self, text: str, loader: Any) -> Node:
        import yaml

        documents = 0
        for event in yaml.parse(text, Loader=loader):
            kind = type(event).__name__
            origin = Origin(self.name, event.start_mark.line + 1, event.start_mark.column + 1)
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    raise bad_input(origin, "", "a second document begins here; write one document in a file")
            elif kind == "ScalarEvent":
                self._add(self._scalar(event, origin), 1, event.anchor)
            elif kind == "AliasEvent":
                self._add(*self._aliased(event, origin), None)
            elif kind in ("MappingStartEvent", "SequenceStartEvent"):
                self._open(event, origin, kind == "MappingStartEvent")
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                self._close()
        if self.problems:
            raise InputError(self.problems)
        return self.root or Node(None, Origin(self.name, 1, 1))

    def _open(self, event: Any, origin: Origin, mapping: bool) -> None:
        self._refuse_tag(event, origin)
        level = self.levels[-1] if self.levels else None
        if level is not None and level.children is not None and level.key is None:
            raise bad_input(origin, self._path(), _NO_KEY)
        if len(self.levels) >= MOST_DEPTH:
            raise bad_input(origin, "", f"is nested more than {MOST_DEPTH} deep; correct the YAML")
        place = level.key_origin if level is not None and level.children is not None else origin
        self.levels.append(_Level(place, event.anchor, {} if mapping else None, None if mapping else []))

    def _close(self) -> None:
        level = self.levels.pop()
        value: Any = level.items
        if level.children is not None:
            value = {}
            for merged in reversed(level.merged):  # the first of several takes precedence
                value.update(merged.value)
            value = {**value, **level.children}
        self._add(Node(value, level.origin), level.nodes, level.anchor)

    def _add(self, node: Node, nodes: int, anchor: str | None) -> None:
        """Add a complete node to the level above it."""
        if anchor is not None:
            self.anchors[anchor] = (node, nodes)
        if not self.levels:
            self.root = node
            return
        level = self.levels[-1]
        if level.children is not None and level.key is None:
            self._take_key(level, node)
            return
        level.nodes += nodes
        if sum(above.nodes for above in self.levels) > MOST_NODES:
            raise bad_input(node.origin, "", f"holds more than {MOST_NODES:,} values; write fewer")
        if level.items is not None:
            level.items.append(node)
        elif level.children is not None and level.key is not None:
            if level.key == "<<":
                self._merge(level, node)
            else:
                level.children[level.key] = Node(node.value, level.key_origin)
            level.key = None

    def _take_key(self, level: _Level, node: Node) -> None:
        """Remember the key of the value that follows; report a key that is there already."""
        if isinstance(node.value, dict | list):
            raise bad_input(node.origin, self._path(), _NO_KEY)
        key = "" if node.value is None else str(node.value)
        level.key, level.key_origin = key, node.origin
        children = level.children or {}
        if not key:
            self.problems.append(Problem(node.origin, self._path(), "has no key; write a word before the colon"))
        elif key in children:
            first = children[key].origin
            message = f"stands here a second time, first in line {first.line}, column {first.column}; remove one"
            self.problems.append(Problem(node.origin, self._path(), message))

    def _merge(self, level: _Level, node: Node) -> None:
        listed = node.value if isinstance(node.value, list) else [node]
        if not all(part.is_map for part in listed):
            raise bad_input(level.key_origin, self._path(), "merges something that is no mapping; write <<: *NAME of a mapping")
        level.merged += listed

    def _aliased(self, event: Any, origin: Origin) -> tuple[Node, int]:
        if event.anchor not in self.anchors:
            known = any(level.anchor == event.anchor for level in self.levels)
            what = "contains itself" if known else "is not defined above"
            raise bad_input(origin, self._path(), f"*{shortened(event.anchor)} {what}; write the values here")
        node, nodes = self.anchors[event.anchor]
        return Node(node.value, origin), nodes

    def _scalar(self, event: Any, origin: Origin) -> Node:
        self._refuse_tag(event, origin)
        text = event.value
        control = _CONTROL.search(text)
        if control is not None:
            message = f"has the control character U+{ord(control[0]):04X}; remove it"
            self.problems.append(Problem(origin, self._path(), message))
        is_key = bool(self.levels) and self.levels[-1].children is not None and self.levels[-1].key is None
        if is_key or event.style or event.tag is not None:  # the style of a plain scalar is empty
            return Node(text, origin)
        value, message = plain_value(text)
        if message:
            self.problems.append(Problem(origin, self._path(), message))
        return Node(value, origin)

    def _refuse_tag(self, event: Any, origin: Origin) -> None:
        tag = None if event.tag is None else str(event.tag)
        if tag is not None and not (type(event).__name__ == "ScalarEvent" and tag in _STRING_TAGS):
            raise bad_input(origin, self._path(), f"the tag {shortened(tag)} is not read; remove it")

    def _path(self) -> str:
        """Dotted name of the node that is being read."""
        parts = [level.key if level.items is None else str(len(level.items)) for level in self.levels]
        return ".".join(shortened(part) for part in parts if part)


def plain_value(text: str) -> tuple[Any, str]:
    """Value of a scalar without quotes, by the core schema of YAML 1.2; underscores may group digits.

    Parameters
    ----------
    text : str
        The scalar.

    Returns
    -------
    value : None, bool, int, float or str
        The value.
    problem : str
        What is wrong with it and what to write; empty where nothing is.

    Examples
    --------
    >>> [plain_value(text)[0] for text in ("0x10", "1_000", "1e3", "no", "06:00")]
    [16, 1000, 1000.0, 'no', '06:00']
    """
    if text in _WORDS:
        return _WORDS[text], ""
    if text[0] not in "+-.0123456789":
        return text, ""
    number = _INTEGER.fullmatch(text) or _BASED.fullmatch(text) or _REAL.fullmatch(text)
    if number is not None and len(text) > MOST_DIGITS:
        return text, f"'{shortened(text)}' is a number of {len(text):,} characters; write at most {MOST_DIGITS}, such as 1.5e9"
    if _INTEGER.fullmatch(text):
        return int(text), ""
    if _BASED.fullmatch(text):
        return int(text, 0), ""
    if number is not None:
        return float(text), ""
    return (float(text.replace(".", "")) if _SPECIAL.fullmatch(text) else text), ""
