"""Files with satellites that a constellation names: read, pinned by content, what is bad told or left out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from orbit.catalog import BadLine, ElementSet, Track, read_oem, read_omm, read_tle
from sim.config import yaml_tree
from sim.config.errors import Origin, Problem
from sim.config.schema import FILES, Constellation
from sim.config.yaml_tree import Node

MOST_TOLD = 500  # bad lines of one file: a file that is no catalogue has hundreds of thousands
READERS: dict[str, Callable[[Path], tuple[list[Any], list[BadLine]]]] = {
    "tle": read_tle,
    "omm": read_omm,
    "oem": read_oem,
}
WHAT = {"tle": ("elements", "TLE"), "omm": ("elements", "OMM"), "oem": ("ephemerides", "OEM")}


@dataclass(frozen=True, slots=True)
class Skipped:
    """A set that was left out, where it is bad, and why."""

    file: str
    line: int
    reason: str


@dataclass(slots=True)
class Catalogues:
    """What the files of a constellation hold, by position of the entry in `constellation`."""

    sets: dict[int, list[ElementSet]] = field(default_factory=dict)
    tracks: dict[int, list[Track]] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)

    def count(self, i: int, entry: Constellation) -> int:
        """Satellites of the i-th entry, or of a part of it."""
        if isinstance(entry, FILES):
            return len(self.sets.get(i, ())) + len(self.tracks.get(i, ()))
        return entry.count

    def satellites(self, constellation: list[Constellation]) -> int:
        return sum(self.count(i, entry) for i, entry in enumerate(constellation))


def absolute(root: Node, folder: Path) -> Node:
    """Paths of files in `constellation` from the scenario's folder."""
    for path, node in yaml_tree.walk(root):
        named = isinstance(node.value, str) and node.value.strip()
        if named and path and path[0] == "constellation" and path[-1] in (*READERS, "points"):
            root = yaml_tree.put(root, list(path), Node(placed(node.value, folder), node.origin))
    return root


def placed(text: str, folder: Path) -> str:
    """A path from a folder, absolute; what can be none stays as it is, and is told when it is read."""
    try:
        return str((folder / text).resolve())
    except (OSError, ValueError, RuntimeError):  # a null character, links in a circle
        return text


def read(root: Node, changed: set[str], problems: list[Problem], notes: list[str]) -> tuple[Catalogues, Node]:
    """Content of every file; one switched to by --set (`changed`) brings its own epoch along."""
    found = Catalogues()
    constellation, skip = root.get("constellation"), root.get("skip_bad")
    if constellation is None or not isinstance(constellation.value, list):
        return found, root
    for i, node in enumerate(constellation.value):
        for kind in READERS:
            named = node.get(kind)
            if named is None or named.is_map or isinstance(named.value, list):
                continue  # a field of that name is told by the spec if it is no path
            listed = _listed(kind, named, skip is not None and skip.value is True, found, problems, notes)
            if not listed:
                continue
            if kind == "oem":
                found.tracks[i] = listed
                moments = [track.spans()[0][0] for track in listed]
            else:
                found.sets[i] = listed
                moments = [s.epoch for s in listed]
            root = _pinned(root, i, kind, node, problems)
            if root.get("epoch") is None or (f"constellation.{kind}" in changed and "epoch" not in changed):
                root = _dated(root, kind, named, moments, notes)
    return found, root


def _listed(
    kind: str, named: Node, skip: bool, found: Catalogues, problems: list[Problem], notes: list[str]
) -> list[Any]:
    """The sound sets of a file; bad ones become problems, or are left out."""
    path = Path(str(named.value or ""))
    content, form = WHAT[kind]

    def tell(message: str) -> None:
        problems.append(Problem(named.origin, f"constellation.{kind}", message))

    if not str(named.value or "").strip():
        tell(f"is empty; write the path of a file in {form}")
        return []
    try:
        listed, bad = READERS[kind](path)
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        told = error.strerror if isinstance(error, OSError) else str(error)
        tell(f"{path} cannot be read ({told}); write the path of a file in {form}")
        return []
    if skip and not any(b.whole for b in bad):
        left_out: dict[int, BadLine] = {}
        for b in bad:
            left_out.setdefault(b.first, b)
        found.skipped += [Skipped(str(path), b.line, b.message) for b in left_out.values()]
        if bad and listed:
            b = bad[0]
            total = len(listed) + len(left_out)
            notes.append(
                f"skip_bad: {len(left_out)} of {total} sets of {path} left out; the first is line {b.line}: {b.message}"
            )
        elif bad:
            tell(f"none of the {len(left_out)} sets of {path} can be used (line {bad[0].line}: {bad[0].message})")
            return []
    else:
        field = f"constellation.{kind}"
        problems += [Problem(Origin(str(path), b.line, b.column), field, b.message) for b in bad[:MOST_TOLD]]
        if len(bad) > MOST_TOLD:
            rest = f"{len(bad) - MOST_TOLD:,} more bad lines; mend the file, or leave its bad sets out by --skip-bad"
            problems.append(Problem(Origin(str(path), bad[MOST_TOLD].line, 1), field, rest))
    if not listed and not bad:
        tell(f"{path} holds no {content}{_instead(path, kind)}; write the path of a file in {form}")
    return listed


def _instead(path: Path, kind: str) -> str:
    """What a file looks like that holds nothing of its kind."""
    start = path.read_bytes()[:400].lstrip()
    looks = kind
    if b"OEM_VERS" in start:
        looks = "oem"
    elif start[:1] in (b"[", b"{") or any(sign in start for sign in (b"<omm", b"<ndm", b"OMM_VERS")):
        looks = "omm"
    return "" if looks == kind else f" (it looks like kind: {looks})"


def _pinned(root: Node, i: int, kind: str, node: Node, problems: list[Problem]) -> Node:
    """The tree with the digest of the file's bytes; one that is there already must be the same."""
    path = Path(str(node.value[kind].value))
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    kept = node.get("sha256")
    if kept is not None and kept.value != sha:
        message = f"{path} has changed (now {sha[:12]}…); restore it or remove sha256"
        problems.append(Problem(kept.origin, "constellation.sha256", message))
    return yaml_tree.put(root, ["constellation", str(i), "sha256"], Node(sha, node.value[kind].origin))


def _dated(root: Node, kind: str, named: Node, moments: list[datetime], notes: list[str]) -> Node:
    """The tree with the epoch at which the newest of its sets is made, rounded up to a minute."""
    newest = max(moments)
    up = newest.replace(second=0, microsecond=0)
    up = up if up == newest else up + timedelta(minutes=1)
    which = (
        f"the newest of {len(moments)} element sets" if kind != "oem" else f"when {len(moments)} ephemerides have begun"
    )
    notes.append(f"epoch: {up:%Y-%m-%dT%H:%MZ}, {which}")
    return yaml_tree.put(root, ["epoch"], Node(up.isoformat(), named.origin))


def ends(catalogues: Catalogues, begin: datetime, end: datetime) -> list[str]:
    """Notes about ephemerides that do not cover a run."""
    told = []
    for i, listed in catalogues.tracks.items():
        short = sum(not any(first <= begin and end <= last for first, last in track.spans()) for track in listed)
        if short:
            who = f"{short} of {len(listed)} ephemerides"
            told.append(
                f"constellation.{i}: {who} do not cover the run; without a position a satellite counts as failed from then on"
            )
    return told
