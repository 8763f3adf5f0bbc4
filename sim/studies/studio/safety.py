"""What a page may change: values and shipped items, never which files are read."""

from __future__ import annotations

import re

from orbit.units import UNITS
from sim.config import yaml_tree
from sim.config.errors import InputError
from sim.config.paths import ORBIT_FILES, is_path
from sim.studies.studio.runs import Variant

MOST_CHANGES = 200  # of a variant
MOST_CHARACTERS = 2_000  # of a change
_NUMBER = re.compile(r"[+-]?[0-9.]+([eE][+-]?[0-9]+)?")
_SHELLS = re.compile(r"[DS]:[0-9.]+:[0-9.]+:[0-9]+/[0-9]+/[0-9]+(:[0-9.]+)?", re.ASCII)  # the code of a shell, whose slashes name no file
_FILES = (*ORBIT_FILES, "scenario")
_FLAGS = ("allow_stale", "skip_bad", "allow_infeasible")  # given on the command line when the studio starts


def problems(variant: Variant) -> list[tuple[str, str]]:
    """What a variant must not change.

    Parameters
    ----------
    variant : Variant
        Changes that a page asks for.

    Returns
    -------
    list of (str, str)
        Field and message of each change that is refused.

    Examples
    --------
    >>> problems(Variant(("constellation={tle: /etc/passwd}",)))
    [('constellation.tle', 'names a file; open the studio with a scenario that names it')]
    >>> problems(Variant(("constellation.code=D:550:53:288/24/5",)))
    []
    >>> len(problems(Variant(("constellation.code=D:550:53:288/24/../../secret",))))
    1
    >>> problems(Variant(("links.terminal.rate=100 Gbit/s", "satellite=orbital-120kw")))
    []
    """
    changes = (*variant.sets, *variant.events)
    if len(changes) > MOST_CHANGES:
        return [("", f"{len(changes):,} changes; a variant has at most {MOST_CHANGES}")]
    found: list[tuple[str, str]] = []
    for text in changes:
        if len(text) > MOST_CHARACTERS:
            found.append((text[:40], f"{len(text):,} characters; write at most {MOST_CHARACTERS:,}"))
    for text in variant.sets:
        if len(text) <= MOST_CHARACTERS:
            found += _files_named(text)
    return found


def _files_named(text: str) -> list[tuple[str, str]]:
    """Files that an override names."""
    key, _, value = text.partition("=")
    keys = tuple(key.strip().split("."))
    try:
        root = yaml_tree.parse(value, "")
    except InputError:
        return []  # the scenario refuses it, with its own message
    found = []
    for path, node in yaml_tree.walk(root, keys):
        words = [word for word in path if not word.isdigit()]
        field = words[-1] if words else ""
        if field == "code" and _SHELLS.fullmatch(str(node.value)):
            continue
        if field in _FILES or _reads_as_path(node.value):
            found.append((".".join(path), "names a file; open the studio with a scenario that names it"))
        elif field in _FLAGS:
            found.append((".".join(path), f"is an option of the command line; open the studio with --{field.replace('_', '-')}"))
    return found


def _reads_as_path(value: object) -> bool:
    """Whether a value may be taken for the path of a file, wherever it stands: a slash in it is not that of a unit."""
    if not is_path(value):
        return False
    number, _, unit = str(value).strip().partition(" ")
    return not (_NUMBER.fullmatch(number) and unit.strip() in UNITS)
