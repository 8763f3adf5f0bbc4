"""Paths of files in scenarios: which values are paths, and the folder to which a relative one refers.

Every path of an input file or an override is resolved by `resolve_path`.
"""

from __future__ import annotations

import re
from pathlib import Path

from orbit.units import shortened
from sim.config import yaml_tree
from sim.config.errors import Problem
from sim.config.yaml_tree import Node

ORBIT_FILES = ("tle", "omm", "oem", "points")
"""Fields of `constellation` that are paths."""
ITEM_FIELDS = (
    "satellite",
    "accelerator",
    "environment",
    "solar_activity",
    "terminal",
    "format",
    "model",
    "failures",
    "repair",
    "launch",
    "stations",
    "baseline",
    "site",
    "extends",
)
"""Fields that take the name of a shipped item, or the path of a file."""

PATH_PATTERN = r"/|\.ya?ml$"
"""What tells a path from the name of an item, as a regular expression."""


def is_path(text: object) -> bool:
    """Whether a value is a path rather than the name of an item.

    Parameters
    ----------
    text : object
        Value as written.

    Returns
    -------
    bool
        True for text with a slash, or with the ending .yaml or .yml.

    Examples
    --------
    >>> is_path("my_chip.yaml"), is_path("./chips/mine"), is_path("h100-sxm"), is_path(3)
    (True, True, False, False)
    """
    return isinstance(text, str) and re.search(PATH_PATTERN, text) is not None


def resolve_path(text: str, folder: Path) -> str:
    """Resolve a path against a folder.

    Parameters
    ----------
    text : str
        Path as written.
    folder : Path
        Folder to which a relative path refers.

    Returns
    -------
    str
        Absolute path. Invalid paths are returned unchanged; the reader reports them.

    Examples
    --------
    >>> resolve_path("/catalogues/starlink.tle", Path("elsewhere"))
    '/catalogues/starlink.tle'
    >>> resolve_path("a\\0b", Path()) == "a\\0b"  # a path cannot contain a null character
    True
    """
    try:
        return str((folder / text).resolve())
    except (OSError, ValueError, RuntimeError):  # a null character, or a loop of symbolic links
        return text


def is_below(path: Path, folders: tuple[Path, ...]) -> bool:
    """Whether a path, with symbolic links followed, is in one of some folders or below.

    Parameters
    ----------
    path : Path
        The path.
    folders : tuple of Path
        The folders.

    Returns
    -------
    bool
        True where it is.

    Examples
    --------
    >>> is_below(Path("a/../a/x.tle"), (Path("a"),)), is_below(Path("a/../x.tle"), (Path("a"),))
    (True, False)
    """
    try:
        target = path.resolve()
        return any(target.is_relative_to(folder.resolve()) for folder in folders)
    except (OSError, ValueError, RuntimeError):  # a null character, or a loop of symbolic links
        return False


def outside(node: Node, field: str, instead: str) -> Problem:
    """Problem of a path outside the folder of the file that names it.

    Parameters
    ----------
    node : Node
        The path.
    field : str
        Dotted name of its field; may be empty.
    instead : str
        How the path may be given on the command line.

    Returns
    -------
    Problem
        The problem.
    """
    message = f"'{shortened(str(node.value))}' is outside the folder of this file; move it there, or name it on the command line with {instead}"
    return Problem(node.origin, field, message)


def absolute_paths(
    root: Node,
    folder: Path,
    above: tuple[str, ...] = (),
    allowed: tuple[Path, ...] | None = None,
    problems: list[Problem] | None = None,
) -> Node:
    """Make the paths of a tree absolute: files of satellites and points, and items given by path.

    Parameters
    ----------
    root : Node
        Tree of a scenario, an item or an override.
    folder : Path
        Folder to which relative paths refer.
    above : tuple of str, optional
        Path of `root` in the scenario.
    allowed : tuple of Path, optional
        Folders in which, or below which, the files must be, unless their digest is given; None: anywhere, for paths that are
        given on the command line.
    problems : list of Problem, optional
        Receives the problems of files elsewhere.

    Returns
    -------
    Node
        The new tree.

    Examples
    --------
    >>> root = yaml_tree.parse("{satellite: {accelerator: chip.yaml}, links: {terminal: oct-100g}}", "leo.yaml")
    >>> yaml_tree.plain(absolute_paths(root, Path("/fleet")))
    {'satellite': {'accelerator': '/fleet/chip.yaml'}, 'links': {'terminal': 'oct-100g'}}
    """
    for path, node in yaml_tree.walk(root):
        if not _names_file((*above, *path), node.value):
            continue
        target, digest = resolve_path(node.value, folder), yaml_tree.find(root, path[:-1]).get("sha256")
        pinned = digest is not None and re.fullmatch("[0-9a-f]{64}", str(digest.value)) is not None
        if allowed is not None and problems is not None and not pinned and not is_below(Path(target), allowed):
            problems.append(outside(node, ".".join(path), "--set"))
        root = yaml_tree.put(root, list(path), Node(target, node.origin))
    return root


def _names_file(path: tuple[str, ...], value: object) -> bool:
    """Whether the value at a path of a scenario is the path of a file."""
    if not isinstance(value, str) or not value.strip() or not path:
        return False
    keys = [key for key in path if not key.isdigit()] or [""]  # without positions in lists
    if keys[0] == "constellation" and path[-1] in ORBIT_FILES:
        return True
    if path == ("links", "topology", "pairs"):
        return True
    if keys[0] == "contract" and keys[-1] == "scenario":
        return is_path(value)
    named = keys[-1] in ITEM_FIELDS or keys[-2:-1] == ["satellites"]
    return named and is_path(value) and keys != ["extends"]
