"""Objects of catalogues: who they are, their order, one element set for each, and those that coincide.

The order of satellites follows from who they are, never from the order of lines in a file.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from orbit.catalog import ElementSet, Track

Object = ElementSet | Track
NAMED_AT_MOST = 3  # in a note
PREFIXES = ("object ", "satellite ")


class Identity(NamedTuple):
    """Name and catalogue number of a satellite; empty and 0 for satellites that are not of a file.

    Attributes
    ----------
    name : str
    number : int
        Catalogue number; 0 where the file gives none.
    """

    name: str = ""
    number: int = 0

    def __str__(self) -> str:
        """Name and number as text, such as "SAT A (90001)"."""
        if not self.number or self.name == str(self.number):
            return self.name
        return f"{self.name} ({self.number})" if self.name else str(self.number)


def identity(one: Object) -> Identity:
    """Name and catalogue number of an object.

    Parameters
    ----------
    one : ElementSet or Track
        The object.

    Returns
    -------
    Identity
        Its identity.
    """
    return Identity(one.name, one.satellite_number)


def _rank(one: Object) -> tuple[Any, ...]:
    """Place of an object: by number, those without one at the end; then by designator, name, and epoch and elements."""
    who = one.satellite_number == 0, one.satellite_number, one.object_id, one.name
    return (*who, *_motion(one)) if isinstance(one, ElementSet) else who


def _motion(one: Object) -> tuple[Any, ...]:
    """What decides where an object is: epoch and elements, or its states."""
    if isinstance(one, Track):
        return tuple(
            (s.epoch_jd, s.epoch_fr, s.first_s, s.last_s, s.frame, s.nodes, s.with_rates,
             hashlib.sha256(s.times_s).hexdigest(), hashlib.sha256(s.states).hexdigest())
            for s in one.segments
        )  # fmt: skip
    return (
        one.epoch_jd, one.epoch_fr, one.mean_motion_rad_min, one.eccentricity, one.inclination_rad, one.node_rad,
        one.perigee_argument_rad, one.mean_anomaly_rad, one.drag_term_per_er,
    )  # fmt: skip


def ordered(objects: Iterable[Any]) -> list[Any]:
    """Objects in the order of their catalogue numbers, so that shuffled lines give the same constellation.

    Parameters
    ----------
    objects : iterable of ElementSet or Track
        The objects.

    Returns
    -------
    list
        By catalogue number, then by epoch; objects without a number at the end, by designator and name.
    """
    return sorted(objects, key=_rank)


def nearest_sets(sets: Sequence[ElementSet], epoch: datetime) -> list[ElementSet]:
    """One element set for each object: that whose epoch is nearest to a moment, the later one of two.

    Sets of one number under several names are several objects; sets with neither number nor designator stay apart.

    Parameters
    ----------
    sets : sequence of ElementSet
        Element sets in the order of `ordered`.
    epoch : datetime
        The moment.

    Returns
    -------
    list of ElementSet
        In the same order.
    """
    best: dict[Any, ElementSet] = {}
    for i, one in enumerate(sets):
        key = (one.satellite_number, one.object_id, one.name) if one.satellite_number or one.object_id else i
        other = best.get(key)
        if other is None or abs(one.epoch - epoch) <= abs(other.epoch - epoch):
            best[key] = one
    return list(best.values())


def set_notes(entry: str, sets: Sequence[ElementSet], chosen: Sequence[ElementSet]) -> list[str]:
    """Notes about objects with several element sets, numbers with several names, and lines without a checksum.

    Parameters
    ----------
    entry : str
        The entry, such as "constellation.0".
    sets, chosen : sequence of ElementSet
        Element sets of the file, and those that are used.

    Returns
    -------
    list of str
        One sentence each.
    """
    notes = []
    if len(chosen) < len(sets):
        counts = Counter((s.satellite_number, s.object_id, s.name) for s in sets)
        several = [str(identity(s)) for s in chosen if counts[s.satellite_number, s.object_id, s.name] > 1]
        notes.append(
            f"{entry}: {len(sets):,} element sets of {len(chosen):,} {'object' if len(chosen) == 1 else 'objects'}: the set nearest "
            f"to the epoch is used for {_some(several)}"
        )
    shared = Counter(s.satellite_number for s in chosen if s.satellite_number)
    several = [str(number) for number, count in shared.items() if count > 1]
    if several:
        notes.append(f"{entry}: catalogue number {_some(several)} belongs to several names, each a satellite of its own")
    unguarded = sum(min(len(s.line1), len(s.line2)) == 68 for s in chosen)
    if unguarded:
        notes.append(
            f"{entry}: {unguarded:,} of {len(chosen):,} element sets have lines without checksum, where a wrong digit goes unnoticed"
        )
    return notes


def coincidence_notes(objects: Iterable[Object]) -> list[str]:
    """A note about objects that are in the same place at all times, as they have the same elements or states.

    Parameters
    ----------
    objects : iterable of ElementSet or Track
        Objects of all files.

    Returns
    -------
    list of str
        One sentence, or none.
    """
    groups: dict[tuple[Any, ...], list[str]] = {}
    for one in objects:
        groups.setdefault(_motion(one), []).append(str(identity(one)))
    together = [names for names in groups.values() if len(names) > 1]
    if not together:
        return []
    count = sum(map(len, together))
    named = "; ".join(_some(names) for names in together[:NAMED_AT_MOST])
    more = f"; and {len(together) - NAMED_AT_MOST:,} more places" if len(together) > NAMED_AT_MOST else ""
    return [f"constellation: {count:,} satellites share a place with another one, as they have the same elements: {named}{more}"]


def _some(names: Sequence[str]) -> str:
    """A few of several names."""
    rest = len(names) - NAMED_AT_MOST
    return ", ".join(names[:NAMED_AT_MOST]) + (f" and {rest:,} more" if rest > 0 else "")


def content_digest(objects: Iterable[Object]) -> str:
    """SHA-256 of what is simulated of a file: names, numbers and motion of its objects.

    Parameters
    ----------
    objects : iterable of ElementSet or Track
        The objects in order.

    Returns
    -------
    str
        The digest, the same for the same objects in any order of lines.
    """
    digest = hashlib.sha256()
    for one in objects:
        digest.update(json.dumps([one.satellite_number, one.object_id, one.name, _motion(one)]).encode())
    return digest.hexdigest()


class Identities:
    """Identities of all satellites of a constellation.

    Parameters
    ----------
    blocks : sequence of (int, sequence of ElementSet or Track or None)
        Number of satellites of each entry of the constellation, and its objects where it is of a file.
    """

    def __init__(self, blocks: Sequence[tuple[int, Sequence[Object] | None]]) -> None:
        self._first: list[int] = []
        self._objects: list[Sequence[Object] | None] = []
        self.count = 0
        for satellites, objects in blocks:
            self._first.append(self.count)
            self._objects.append(objects)
            self.count += satellites

    def __getitem__(self, satellite: int) -> Identity:
        block = bisect_right(self._first, satellite) - 1
        objects = self._objects[block]
        return Identity() if objects is None else identity(objects[satellite - self._first[block]])

    def label(self, satellite: int) -> str:
        """A satellite in words.

        Parameters
        ----------
        satellite : int
            Number in the fleet.

        Returns
        -------
        str
            Such as "satellite 17", or "satellite 0 (SAT A, 90001)" of a file.
        """
        name, number = self[satellite]
        known = ", ".join(dict.fromkeys(filter(None, (name, str(number) if number else ""))))
        return f"satellite {satellite}" + (f" ({known})" if known else "")

    def find(self, text: str) -> list[int]:
        """Satellites with a catalogue number, designator or name.

        Parameters
        ----------
        text : str
            Number, designator or name; upper and lower case are the same.

        Returns
        -------
        list of int
            Their numbers in the fleet; empty without any.
        """
        wanted = " ".join(text.split()).casefold()
        number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) <= 9 else 0
        return [
            first + i
            for first, objects in zip(self._first, self._objects, strict=True)
            for i, one in enumerate(objects or ())
            if (number and one.satellite_number == number) or (wanted and wanted in (one.name.casefold(), one.object_id.casefold()))
        ]

    def names(self) -> list[str]:
        """Names of the objects of files.

        Returns
        -------
        list of str
            In the order of the fleet.
        """
        return [one.name for objects in self._objects for one in objects or ()]

    def one(self, text: str) -> int | str:
        """The satellite that a text means: its number in the fleet, or catalogue number, designator or name.

        Parameters
        ----------
        text : str
            Such as "17", "90001", "SAT A", or "satellite 17" and "object 90001" where a number means both.

        Returns
        -------
        int or str
            Number in the fleet, or what is wrong with the text and what to write.
        """
        kind = next((p for p in PREFIXES if text.lower().startswith(p)), "")
        rest = text[len(kind) :].strip()
        found = self.find(rest) if kind != "satellite " else []
        found = found or self.find(text)  # a name may begin with either word
        numbered = rest.isascii() and rest.isdigit() and len(rest) <= 9 and kind != "object "
        if numbered and int(rest) < self.count:
            found = [*found, int(rest)] if int(rest) not in found else [int(rest)]
        if len(found) > 1:
            which = " and ".join(self.label(n) for n in found[:NAMED_AT_MOST])
            return f"means {which}; write 'satellite N' with a number in the fleet, or 'object X' with a catalogue number or name"
        if found:
            return found[0]
        known = ", a catalogue number or a name" if any(o is not None for o in self._objects) else ""
        return f"is not in the fleet; write a number from 0 to {self.count - 1}{known}"
