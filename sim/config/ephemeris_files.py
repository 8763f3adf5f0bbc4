"""Satellite files named by a constellation: read, pinned by their digest, bad element sets reported or left out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from orbit.catalog import BadLine, ElementSet, Track, read_oem, read_omm, read_tle
from orbit.catalog.source import quoted, read_regular
from sim.config import yaml_tree
from sim.config.catalogue_objects import (
    Identities,
    Object,
    coincidence_notes,
    content_digest,
    nearest_sets,
    ordered,
    set_notes,
)
from sim.config.errors import Origin, Problem
from sim.config.schema import FILES, Constellation
from sim.config.yaml_tree import Node

MAX_BAD_LINES = 500  # reported for one file: a file of another format can have hundreds of thousands
READERS: dict[str, Callable[[Path], tuple[list[Any], list[BadLine]]]] = {
    "tle": read_tle,
    "omm": read_omm,
    "oem": read_oem,
}
CONTENT_AND_FORMAT = {"tle": ("elements", "TLE"), "omm": ("elements", "OMM"), "oem": ("ephemerides", "OEM")}


@dataclass(frozen=True, slots=True)
class Skipped:
    """An element set that was left out: file, line and reason."""

    file: str
    line: int
    reason: str


@dataclass(slots=True)
class Catalogues:
    """Content of the files of a constellation, by position of the entry in `constellation`; objects in order of numbers."""

    sets: dict[int, list[ElementSet]] = field(default_factory=dict)
    tracks: dict[int, list[Track]] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)

    def count(self, i: int, entry: Constellation) -> int:
        """Number of satellites of an entry of the constellation, or of a part of it.

        Parameters
        ----------
        i : int
            Position of the entry in `constellation`.
        entry : Constellation
            The entry, or a shell of its shorthand.

        Returns
        -------
        int
            Satellites.
        """
        if isinstance(entry, FILES):
            return len(self.sets.get(i, ())) + len(self.tracks.get(i, ()))
        return entry.count

    def objects(self, i: int) -> list[Object]:
        """Objects of an entry of the constellation.

        Parameters
        ----------
        i : int
            Position of the entry in `constellation`.

        Returns
        -------
        list of ElementSet or Track
            In the order of its satellites; empty where the entry is not of a file.
        """
        return [*self.sets.get(i, ()), *self.tracks.get(i, ())]

    def identities(self, constellation: list[Constellation]) -> Identities:
        """Names and catalogue numbers of all satellites.

        Parameters
        ----------
        constellation : list of Constellation
            Its entries.

        Returns
        -------
        Identities
            In the order of the fleet.
        """
        return Identities([
            (self.count(i, entry), self.objects(i) if isinstance(entry, FILES) else None) for i, entry in enumerate(constellation)
        ])  # fmt: skip

    def content_digest(self, i: int) -> str:
        """Digest of the objects of an entry.

        Parameters
        ----------
        i : int
            Position of the entry in `constellation`.

        Returns
        -------
        str
            The same for the same objects in any order of lines.
        """
        return content_digest(self.objects(i))

    def choose_sets(self, epoch: datetime) -> list[str]:
        """Keep one element set for each object, the nearest to the epoch.

        Parameters
        ----------
        epoch : datetime
            Epoch of the scenario.

        Returns
        -------
        list of str
            Notes about the choice, lines without checksum, and objects that coincide.
        """
        notes = []
        for i, sets in self.sets.items():
            self.sets[i] = nearest_sets(sets, epoch)
            notes += set_notes(f"constellation.{i}", sets, self.sets[i])
        return notes + coincidence_notes(one for i in (*self.sets, *self.tracks) for one in self.objects(i))

    def satellites(self, constellation: list[Constellation]) -> int:
        """Number of satellites of a constellation.

        Parameters
        ----------
        constellation : list of Constellation
            Its entries.

        Returns
        -------
        int
            Satellites.
        """
        return sum(self.count(i, entry) for i, entry in enumerate(constellation))


def read_catalogues(root: Node, changed: set[str], problems: list[Problem], notes: list[str]) -> tuple[Catalogues, Node]:
    """Read every file that a constellation names.

    Parameters
    ----------
    root : Node
        Resolved tree of the scenario.
    changed : set of str
        Keys given by --set; a catalogue given so replaces the epoch by that of its newest element set.
    problems : list of Problem
        Receives the problems of the files.
    notes : list of str
        Receives the notes about epochs and element sets left out.

    Returns
    -------
    catalogues : Catalogues
        Content of the files.
    root : Node
        Tree with digests, and with the epoch where the catalogue sets it.
    """
    catalogues = Catalogues()
    constellation, skip = root.get("constellation"), root.get("skip_bad")
    if constellation is None or not isinstance(constellation.value, list):
        return catalogues, root
    for i, node in enumerate(constellation.value):
        for kind in READERS:
            named = node.get(kind)
            if named is None or named.is_map or isinstance(named.value, list):
                continue  # the schema reports a field that is no path
            if not _matches_digest(named, node.get("sha256"), problems):
                continue
            sets = _valid_sets(kind, named, skip is not None and skip.value is True, catalogues, problems, notes)
            if not sets:
                continue
            if kind == "oem":
                catalogues.tracks[i] = ordered(sets)
                epochs = [track.spans()[0][0] for track in sets]
            else:
                catalogues.sets[i] = ordered(sets)
                epochs = [s.epoch for s in sets]
            root = yaml_tree.put(root, ["constellation", str(i), "sha256"], Node(_digest(Path(str(named.value))), named.origin))
            if root.get("epoch") is None or (f"constellation.{kind}" in changed and "epoch" not in changed):
                root = _with_epoch(root, kind, named, epochs, notes)
    return catalogues, root


def _valid_sets(
    kind: str, named: Node, skip: bool, catalogues: Catalogues, problems: list[Problem], notes: list[str]
) -> list[Any]:
    """Valid element sets or ephemerides of a file; bad ones become problems, or are left out with `skip`."""
    path = Path(str(named.value or ""))
    content, file_format = CONTENT_AND_FORMAT[kind]

    def report(message: str) -> None:
        problems.append(Problem(named.origin, f"constellation.{kind}", message))

    if not str(named.value or "").strip():
        report(f"is empty; write the path of a file in {file_format}")
        return []
    try:
        sets, bad = READERS[kind](path)
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = error.strerror if isinstance(error, OSError) else str(error)
        report(f"{path} cannot be read ({reason}); write the path of a file in {file_format}")
        return []
    if skip and not any(b.whole for b in bad):
        left_out: dict[int, BadLine] = {}
        for b in bad:
            left_out.setdefault(b.first, b)
        catalogues.skipped += [Skipped(str(path), b.line, b.message) for b in left_out.values()]
        if bad and sets:
            b = bad[0]
            total = len(sets) + len(left_out)
            notes.append(
                f"skip_bad: {len(left_out)} of {total} element sets of {path} left out; the first is line {b.line}: {b.message}"
            )
        elif bad:
            report(f"none of the {len(left_out)} element sets of {path} is valid (line {bad[0].line}: {bad[0].message}); correct the file")
            return []
    else:
        field = f"constellation.{kind}"
        problems += [Problem(Origin(str(path), b.line, b.column), field, b.message) for b in bad[:MAX_BAD_LINES]]
        if len(bad) > MAX_BAD_LINES:
            rest = f"{len(bad) - MAX_BAD_LINES:,} more bad lines; correct the file, or leave its bad element sets out with --skip-bad"
            problems.append(Problem(Origin(str(path), bad[MAX_BAD_LINES].line, 1), field, rest))
    if not sets and not bad:
        report(f"{path} holds no {content}{_other_kind(path, kind)}; write the path of a file in {file_format}")
    return sets


def _other_kind(path: Path, kind: str) -> str:
    """The kind that a file without valid content looks like, or how it begins."""
    start = read_regular(path)[:400].lstrip()
    looks = kind
    if b"OEM_VERS" in start:
        looks = "oem"
    elif start[:1] in (b"[", b"{") or any(sign in start for sign in (b"<omm", b"<ndm", b"OMM_VERS")):
        looks = "omm"
    if looks != kind:
        return f" (it looks like kind: {looks})"
    return f" (it begins with {quoted(start.decode('utf-8', 'replace'))})" if start else ""


def _digest(path: Path) -> str:
    return hashlib.sha256(read_regular(path)).hexdigest()


def _matches_digest(named: Node, stated: Node | None, problems: list[Problem]) -> bool:
    """Whether a file has the digest that the scenario states, before anything of it is shown."""
    path = Path(str(named.value or ""))
    if stated is None or stated.value is None or not str(named.value or "").strip():
        return True
    try:
        found = _digest(path)
    except (OSError, ValueError):
        return True  # the reader reports it
    if stated.value == found:
        return True
    message = f"{path} has changed (now {found[:12]}…); restore it or remove sha256"
    problems.append(Problem(stated.origin, "constellation.sha256", message))
    return False


def _with_epoch(root: Node, kind: str, named: Node, epochs: list[datetime], notes: list[str]) -> Node:
    """The tree with the epoch of the newest element set, rounded up to a minute."""
    newest = max(epochs)
    rounded = newest.replace(second=0, microsecond=0)
    rounded = rounded if rounded == newest else rounded + timedelta(minutes=1)
    which = (
        f"the newest of {len(epochs)} element sets" if kind != "oem" else f"latest start of {len(epochs)} ephemerides"
    )
    notes.append(f"epoch: {rounded:%Y-%m-%dT%H:%MZ}, {which}")
    return yaml_tree.put(root, ["epoch"], Node(rounded.isoformat(), named.origin))


def coverage_notes(catalogues: Catalogues, begin: datetime, end: datetime) -> list[str]:
    """Notes about ephemerides that do not cover a run.

    Parameters
    ----------
    catalogues : Catalogues
        Content of the files.
    begin, end : datetime
        Interval of the run.

    Returns
    -------
    list of str
        A note for each entry with such ephemerides.
    """
    notes = []
    for i, tracks in catalogues.tracks.items():
        short = sum(not any(first <= begin and end <= last for first, last in track.spans()) for track in tracks)
        if short:
            which = f"{short} of {len(tracks)} ephemerides"
            notes.append(
                f"constellation.{i}: {which} do not cover the run; without a position a satellite counts as failed from then on"
            )
    return notes
