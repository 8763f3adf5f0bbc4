"""Files of pairs of satellites that a custom topology names: CSV with two columns, or YAML with a list of pairs."""

from __future__ import annotations

from pathlib import Path

from orbit.units import shortened
from sim.config import yaml_tree
from sim.config.errors import InputError, Origin, Problem, bad_input
from sim.config.files import read_file
from sim.config.yaml_tree import Node

FIELD = "links.topology.pairs"
KEYS = ("links", "topology", "pairs")
MOST_PAIRS = 200_000  # of a file; a resolved scenario writes them out


def with_pairs(root: Node, problems: list[Problem]) -> Node:
    """Replace a file of pairs by its pairs.

    Parameters
    ----------
    root : Node
        Tree of the scenario; the path of the file is absolute.
    problems : list of Problem
        Receives what is wrong with the file.

    Returns
    -------
    Node
        The new tree.
    """
    node: Node | None = root
    for key in KEYS:
        node = node.get(key) if node is not None and node.is_map else None
    if node is None or not isinstance(node.value, str):
        return root
    try:
        return yaml_tree.put(root, list(KEYS), _pairs_of(Path(node.value), node.origin))
    except InputError as error:
        problems.extend(error.problems)
        return root


def _pairs_of(path: Path, origin: Origin) -> Node:
    if path.suffix in (".yaml", ".yml"):
        read = yaml_tree.read(path)
        if not isinstance(read.value, list) or not read.value:
            raise bad_input(read.origin, FIELD, f"{path.name} is no list of pairs; write one pair a line, such as - [0, 1]")
        return read
    try:
        lines = read_file(path).decode("utf-8").splitlines()
    except (OSError, ValueError) as error:  # ValueError: a path with a null character too
        text = "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        why = error.strerror if isinstance(error, OSError) else text
        raise bad_input(origin, FIELD, f"{path} cannot be read ({why}); write the path of a file of pairs, or the pairs") from None
    rows: list[Node] = []
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        location = Origin(str(path), number, 1)
        words = [word.strip() for word in (text.split(",") if "," in text else text.split())]
        if len(words) != 2 or not all(words):
            raise bad_input(location, FIELD, f"'{shortened(text)}' is not two satellites; write a line such as 0,1")
        if len(rows) == MOST_PAIRS:
            raise bad_input(location, FIELD, f"{path.name} holds more than {MOST_PAIRS:,} pairs; write fewer")
        rows.append(Node([Node(_end(word), location) for word in words], location))
    if not rows:
        raise bad_input(origin, FIELD, f"{path.name} holds no pairs; write lines of two satellites, such as 0,1")
    return Node(rows, origin)


def _end(word: str) -> int | str:
    return int(word) if word.isascii() and word.isdigit() and len(word) <= 9 else word
