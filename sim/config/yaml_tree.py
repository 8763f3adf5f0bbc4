"""Trees of YAML with source positions: merge, put, find, walk, records; merged trees keep the positions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.config.yaml_reader import RECORD_KEYS, Node, parse, read

__all__ = ["KINDS", "RECORD_KEYS", "Node", "find", "merge", "parse", "plain", "put", "read", "walk"]

KINDS = ("published", "measured", "derived", "estimated", "assumption")


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
    >>> plain(put(root, ["links", "terminals"], Node(4, root.origin)))
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
        if unit is None or isinstance(unit.value, dict | list) or str(unit.value) == "1":
            return value
        return f"{value} {unit.value}"
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
