"""Files of scenarios: from a name, a path or a results folder to the tree of the file, merged over those it extends."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from orbit.units import shortened
from sim.config import yaml_tree
from sim.config.errors import InputError, Origin, Problem, bad_input, did_you_mean
from sim.config.library import items
from sim.config.paths import absolute_paths, is_below, outside
from sim.config.resolve import word
from sim.config.schema import Scenario
from sim.config.schema.sweep import Sweep
from sim.config.yaml_tree import Node

_OF_SWEEPS = Sweep.model_fields.keys() - Scenario.model_fields.keys()
_OF_SCENARIOS = {"extends", *Scenario.model_fields} - Sweep.model_fields.keys()


def scenario_file(source: str | Path) -> Path:
    """File of a scenario.

    Parameters
    ----------
    source : str or Path
        Name of a shipped scenario, path of a file, or a results folder, whose scenario is meant.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If there is none.

    Examples
    --------
    >>> scenario_file("suncatcher").name
    'suncatcher.yaml'
    """
    text = str(source)
    if text in items("scenarios"):
        return items("scenarios")[text]
    path = Path(text)
    if os.path.isdir(text):  # False for a name that the system refuses, as too long
        return _file_of_results(text)
    if path.suffix in (".yaml", ".yml") or "/" in text or os.path.isfile(text):
        if not os.path.isfile(text):
            raise bad_input(Origin(text), "", "no such file; write the path of a scenario or the name of a shipped one")
        return path
    if text in items("sweeps"):
        raise bad_input(Origin(text), "", f"is a sweep; write dawndusk sweep {text}")
    raise bad_input(Origin(text), "", f"no scenario of that name; {did_you_mean(text, items('scenarios'))}")


def _file_of_results(folder: str) -> Path:
    """The scenario of a results folder."""
    inside = Path(folder) / "scenario.yaml"
    if os.path.isfile(Path(folder) / "study.yaml"):
        raise bad_input(Origin(folder), "", f"is a study of many scenarios; write {inside}, the scenario of its first point")
    if not os.path.isfile(inside):
        raise bad_input(Origin(folder), "", "is a folder without a scenario; write the path of a scenario or of a results folder")
    return inside


def is_scenario(root: Node) -> bool:
    """Whether a tree has keys that only scenarios have, and none that only sweeps have.

    Parameters
    ----------
    root : Node
        Tree of a file.

    Returns
    -------
    bool
        True for a scenario.
    """
    keys = set(root.value) if root.is_map else set()
    return bool(keys & _OF_SCENARIOS) and not keys & _OF_SWEEPS


def is_sweep(root: Node) -> bool:
    """Whether a tree has keys that only sweeps have, and none that only scenarios have.

    Parameters
    ----------
    root : Node
        Tree of a file.

    Returns
    -------
    bool
        True for a sweep.
    """
    keys = set(root.value) if root.is_map else set()
    return bool(keys & _OF_SWEEPS) and not keys & _OF_SCENARIOS


def with_parents(path: Path, problems: list[Problem], allowed: tuple[Path, ...], seen: tuple[Path, ...] = ()) -> Node:
    """Tree of a scenario file merged over those it extends; paths of files become absolute.

    Parameters
    ----------
    path : Path
        The file.
    problems : list of Problem
        Receives the problems of files elsewhere.
    allowed : tuple of Path
        A file names only files in these folders or below.
    seen : tuple of Path, optional
        Files that extend this one.

    Returns
    -------
    Node
        The merged tree, without `extends`.

    Raises
    ------
    InputError
        If a file is no scenario, extends itself, or extends one elsewhere.
    """
    node = yaml_tree.read(path)
    if not node.is_map:
        raise bad_input(node.origin, "", "is not a scenario; write keys such as name:, epoch:, constellation:")
    if is_sweep(node):
        raise bad_input(Origin(str(path)), "", f"is a sweep; write dawndusk sweep {shlex.quote(str(path))}")
    node = absolute_paths(node, path.parent, (), allowed, problems)
    parent = node.get("extends")
    if parent is None:
        return node
    name = word(parent)
    beside = path.parent / name
    if not is_below(beside, allowed):
        raise InputError([outside(parent, "extends", "its path as SCENARIO, and the overrides with --set")])
    target = beside if os.path.isfile(beside) else _named_parent(name, parent.origin)
    if target.resolve() in seen or target.resolve() == path.resolve():
        raise bad_input(parent.origin, "extends", f"'{shortened(name)}' extends itself; write another file")
    rest = Node({k: v for k, v in node.value.items() if k != "extends"}, node.origin)
    return yaml_tree.merge(with_parents(target, problems, allowed, (*seen, path.resolve())), rest)


def _named_parent(name: str, origin: Origin) -> Path:
    known = items("scenarios")
    stem = name.removesuffix(".yaml")
    if stem not in known:
        raise bad_input(origin, "extends", f"no scenario '{shortened(name)}'; {did_you_mean(stem, known)}")
    return known[stem]
