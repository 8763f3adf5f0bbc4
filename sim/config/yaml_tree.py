"""YAML as a tree that records where every value was written; merged trees keep these positions."""

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
        The file, in UTF-8.

    Returns
    -------
    Node
        Its tree.

    Raises
    ------
    InputError
        If the file cannot be read, is not UTF-8, or is not YAML.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
    except OSError as error:
        raise bad_input(Origin(str(path)), "", f"cannot be read ({error.strerror}); write the path of a file") from None
    except UnicodeDecodeError as error:
        head = data[: error.start].split(b"\n")
        place = Origin(str(path), len(head), len(head[-1].decode("utf-8")) + 1)
        raise bad_input(place, "", "is not text in UTF-8; write a YAML file") from None
    return parse(text, str(path))


@functools.lru_cache(maxsize=256)
def parse(text: str, name: str) -> Node:
    """Parse YAML text.

    Parameters
    ----------
    text : str
        YAML 1.2.
    name : str
        Name of the source in origins and messages.

    Returns
    -------
    Node
        Its tree.

    Raises
    ------
    InputError
        If the text is not YAML.

    Examples
    --------
    >>> root = parse("{step: 60 s, links: {topology: grid}}", "leo.yaml")
    >>> plain(root), str(find(root, ("links", "topology")).origin)
    ({'step': '60 s', 'links': {'topology': 'grid'}}, 'leo.yaml:1:22')
    """
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        return _node(_loader().load(text), name, Origin(name, 1, 1))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Origin(name, mark.line + 1, mark.column + 1) if mark else Origin(name)
        problem = str(error.problem or "is not YAML").split("\n")[0]
        raise bad_input(place, "", f"{problem}; correct the YAML here") from None
    except ReaderError as error:
        before = text[: text.find(chr(error.character))].split("\n")
        place = Origin(name, len(before), len(before[-1]) + 1)
        raise bad_input(place, "", f"character {error.character:#x} is not allowed; remove it") from None
    except (ValueError, RecursionError) as error:  # an invalid number, or brackets nested without end
        what = "is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise bad_input(Origin(name), "", f"{what}; correct the YAML") from None


def _loader() -> Any:
    """A reader that keeps timestamps as text, so that the schema can report a wrong one with its position."""
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import RoundTripConstructor

    class Constructor(RoundTripConstructor):
        pass

    Constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)
    yaml = YAML(typ="rt")
    yaml.Constructor = Constructor
    return yaml


def _node(value: Any, name: str, origin: Origin) -> Node:
    positions: Any = (value.lc.data or {}) if hasattr(value, "lc") else {}
    if isinstance(value, dict):
        children = {}
        for key, child in value.items():
            line, column = positions[key][:2] if key in positions else (origin.line - 1, origin.column - 1)
            children[str(key)] = _node(child, name, Origin(name, line + 1, column + 1))
        return Node(children, origin)
    if isinstance(value, list):
        items = []
        for i, child in enumerate(value):
            line, column = positions[i][:2] if i in positions else (origin.line - 1, origin.column - 1)
            items.append(_node(child, name, Origin(name, line + 1, column + 1)))
        return Node(items, origin)
    return Node(_scalar(value), origin)


def _scalar(value: Any) -> Any:
    """Convert to a plain Python scalar: ruamel's round-trip numbers also carry their spelling, which is not needed here."""
    if isinstance(value, bool) or value is None:
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


def merge(base: Node, over: Node) -> Node:
    """Merge two trees: mappings of the same `kind` key by key, everything else, records included, is replaced.

    Parameters
    ----------
    base : Node
        Defaults.
    over : Node
        Values that take precedence.

    Returns
    -------
    Node
        A new tree; every node keeps the position where it was written.

    Examples
    --------
    >>> base, over = parse("{a: {x: 1, y: 2}, b: [1, 2]}", "base"), parse("{a: {y: 3}, b: [4]}", "over")
    >>> plain(merge(base, over))
    {'a': {'x': 1, 'y': 3}, 'b': [4]}
    """
    if not (base.is_map and over.is_map) or base.is_record or over.is_record:
        return over
    kinds = [None if kind is None else kind.value for kind in (base.get("kind"), over.get("kind"))]
    if None not in kinds and kinds[0] != kinds[1]:
        return over  # another kind: none of the keys of the old one apply
    merged = dict(base.value)
    for key, child in over.value.items():
        merged[key] = merge(merged[key], child) if key in merged else child
    return Node(merged, over.origin)


def put(root: Node, keys: list[str], leaf: Node) -> Node:
    """A copy of a tree with one node set.

    Parameters
    ----------
    root : Node
        The tree; it is not changed.
    keys : list of str
        Path of the node: keys of mappings and positions in lists.
    leaf : Node
        The new node.

    Returns
    -------
    Node
        The new tree; missing mappings on the path are made, scalars on the path are replaced.

    Examples
    --------
    >>> root = parse("links: {topology: grid}", "leo.yaml")
    >>> plain(put(root, ["links", "terminals"], Node(4, Origin("--set"))))
    {'links': {'topology': 'grid', 'terminals': 4}}
    """
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
    """The tree without positions.

    Parameters
    ----------
    node : Node
        The tree.

    Returns
    -------
    dict, list or scalar
        Plain values; a record becomes its quantity as text, or a number where it has no unit.

    Examples
    --------
    >>> plain(parse("mass: {value: 3, unit: t, kind: assumption, source: a guess}", "s"))
    {'mass': '3 t'}
    """
    if node.is_record:
        value, unit = plain(node.value["value"]), node.value.get("unit")
        return value if unit is None or str(unit.value) == "1" else f"{value} {unit.value}"
    if node.is_map:
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def walk(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Iterate over a node and all nodes below it, parents first; records are leaves.

    Parameters
    ----------
    node : Node
        The tree.
    path : tuple of str
        Path of `node` itself.

    Yields
    ------
    tuple
        Path and node.

    Examples
    --------
    >>> [".".join(path) for path, _ in walk(parse("{a: {b: 1}, c: [2]}", "s"))]
    ['', 'a', 'a.b', 'c', 'c.0']
    """
    yield path, node
    if node.is_map and not node.is_record:
        for key, child in node.value.items():
            yield from walk(child, (*path, key))
    elif isinstance(node.value, list):
        for i, child in enumerate(node.value):
            yield from walk(child, (*path, str(i)))


def find(node: Node, path: tuple[str, ...]) -> Node:
    """The node at a path, or the nearest node above it.

    Parameters
    ----------
    node : Node
        The tree.
    path : tuple of str
        Keys of mappings and positions in lists.

    Returns
    -------
    Node
        The node, or its closest existing ancestor, whose position serves for messages about a missing key.

    Examples
    --------
    >>> root = parse("{a: {b: 1}}", "s")
    >>> find(root, ("a", "b")).value, find(root, ("a", "c")) is find(root, ("a",))
    (1, True)
    """
    for key in path:
        if node.is_map and key in node.value:
            node = node.value[key]
        elif isinstance(node.value, list) and key.isdigit() and int(key) < len(node.value):
            node = node.value[int(key)]
        else:
            break
    return node
