"""YAML as a tree that remembers where every value was written; merging keeps the memory."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.config.errors import Origin, bad_input

RECORD_KEYS = {"value", "unit", "source", "kind", "low", "high", "note"}
KINDS = ("published", "measured", "derived", "estimated", "assumption")


@dataclass(frozen=True, slots=True)
class Node:
    """A mapping (dict of nodes), a list of nodes or a scalar, with its place."""

    value: Any
    origin: Origin

    @property
    def is_map(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_record(self) -> bool:
        """Whether this is a number with its provenance: a value alone, or with another key of a record."""
        return (
            self.is_map and "value" in self.value and (len(self.value) == 1 or len(RECORD_KEYS & set(self.value)) > 1)
        )

    def get(self, key: str) -> Node | None:
        return self.value.get(key) if self.is_map else None


def read(path: Path) -> Node:
    """Tree of a YAML 1.2 file. Raises InputError where it cannot be read or parsed."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
    except OSError as error:
        raise bad_input(Origin(str(path)), "", f"cannot be read ({error.strerror}); write the path of a file") from None
    except UnicodeDecodeError as error:
        before = data[: error.start].split(b"\n")
        place = Origin(str(path), len(before), len(before[-1].decode("utf-8")) + 1)
        raise bad_input(place, "", "is not text in UTF-8; write a YAML file") from None
    return parse(text, str(path))


@functools.lru_cache(maxsize=256)
def parse(text: str, name: str) -> Node:
    """Tree of YAML text; `name` stands in messages."""
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        return _node(_loader().load(text), name, Origin(name, 1, 1))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Origin(name, mark.line + 1, mark.column + 1) if mark else Origin(name)
        problem = str(error.problem or "is not YAML").split("\n")[0]
        raise bad_input(place, "", f"{problem}; mend the YAML here") from None
    except ReaderError as error:
        before = text[: text.find(chr(error.character))].split("\n")
        place = Origin(name, len(before), len(before[-1]) + 1)
        raise bad_input(place, "", f"character {error.character:#x} is not allowed; remove it") from None
    except (ValueError, RecursionError) as error:  # a number that is none, brackets without end
        what = "is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise bad_input(Origin(name), "", f"{what}; mend the YAML") from None


def _loader() -> Any:
    """A reader that leaves moments as text: whoever wants one says what is wrong with it, and where."""
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import RoundTripConstructor

    class Constructor(RoundTripConstructor):
        pass

    Constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)
    yaml = YAML(typ="rt")
    yaml.Constructor = Constructor
    return yaml


def _node(value: Any, name: str, origin: Origin) -> Node:
    spots: Any = (value.lc.data or {}) if hasattr(value, "lc") else {}
    if isinstance(value, dict):
        children = {}
        for key, child in value.items():
            line, column = spots[key][:2] if key in spots else (origin.line - 1, origin.column - 1)
            children[str(key)] = _node(child, name, Origin(name, line + 1, column + 1))
        return Node(children, origin)
    if isinstance(value, list):
        items = []
        for i, child in enumerate(value):
            line, column = spots[i][:2] if i in spots else (origin.line - 1, origin.column - 1)
            items.append(_node(child, name, Origin(name, line + 1, column + 1)))
        return Node(items, origin)
    return Node(_scalar(value), origin)


def _scalar(value: Any) -> Any:
    """Plain Python scalar: ruamel's round-trip numbers carry their spelling, which is of no use here."""
    if isinstance(value, bool) or value is None:
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


def merge(base: Node, over: Node) -> Node:
    """`over` laid on `base`: mappings of one kind merge key by key, everything else (records too) is replaced."""
    if not (base.is_map and over.is_map) or base.is_record or over.is_record:
        return over
    kinds = [None if kind is None else kind.value for kind in (base.get("kind"), over.get("kind"))]
    if None not in kinds and kinds[0] != kinds[1]:
        return over  # another kind of thing: nothing of the old one belongs to it
    merged = dict(base.value)
    for key, child in over.value.items():
        merged[key] = merge(merged[key], child) if key in merged else child
    return Node(merged, over.origin)


def put(root: Node, keys: list[str], leaf: Node) -> Node:
    """A copy of root with leaf at the path; missing mappings are made, other scalars on the way are replaced."""
    if not keys:
        return leaf
    head, rest = keys[0], keys[1:]
    if isinstance(root.value, list) and head.isdigit() and int(head) < len(root.value):
        items = list(root.value)
        items[int(head)] = put(items[int(head)], rest, leaf)
        return Node(items, root.origin)
    children = dict(root.value) if root.is_map and not root.is_record else {}
    children[head] = put(children.get(head, Node({}, leaf.origin)), rest, leaf)
    return Node(children, root.origin)


def plain(node: Node) -> Any:
    """The tree without places; a record becomes its quantity as text (a plain number where it has no unit)."""
    if node.is_record:
        value, unit = plain(node.value["value"]), node.value.get("unit")
        return value if unit is None or str(unit.value) == "1" else f"{value} {unit.value}"
    if node.is_map:
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def walk(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Every node below, parents first; records are leaves."""
    yield path, node
    if node.is_map and not node.is_record:
        for key, child in node.value.items():
            yield from walk(child, (*path, key))
    elif isinstance(node.value, list):
        for i, child in enumerate(node.value):
            yield from walk(child, (*path, str(i)))


def find(node: Node, path: tuple[str, ...]) -> Node:
    """The node at the path, or the nearest one above it."""
    for key in path:
        if node.is_map and key in node.value:
            node = node.value[key]
        elif isinstance(node.value, list) and key.isdigit() and int(key) < len(node.value):
            node = node.value[int(key)]
        else:
            break
    return node
