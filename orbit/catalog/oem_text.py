"""Orbit ephemeris messages as words and states of text, from key = value and XML. [ccsds502:5]"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from orbit.catalog.ndm import Locations, key_value, text_lines
from orbit.catalog.ndm_xml import xml_segments
from orbit.catalog.source import MAX_STATES, FileError, quoted

AXES = ("X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT")
UNITS = dict(zip(AXES, ("km",) * 3 + ("km/s",) * 3, strict=True))
NO_KEY = "'{}' is no KEY = value; write one, or COMMENT before it"

Location = tuple[int, int]


@dataclass(slots=True)
class Raw:
    """A segment as it is written: each word (text, where), each state (where, epoch, numbers) and what is wrong already.

    Where is a line of text or an offset in XML; `find` turns it into a location on demand.
    """

    line: int
    find: Callable[[int], Location]
    words: dict[str, tuple[str, int]] = field(default_factory=dict)
    states: list[tuple[int, str, list[str]]] = field(default_factory=list)
    wrong: list[tuple[int, str]] = field(default_factory=list)


def _from_kvn(data: bytes) -> Iterator[Raw | FileError]:
    raw: Raw | None = None
    mode = "header"
    for number, line in text_lines(data):
        words = line.split()
        if not words or words[0] == "COMMENT":
            continue
        if words[0] == "META_START" or words[0].startswith("CCSDS_OEM_VERS"):
            if raw is not None:
                yield raw
            raw, mode = (Raw(number, _begin), "meta") if words[0] == "META_START" else (None, "header")
        elif words[0] == "META_STOP":
            mode = "data"
        elif words[0] in ("COVARIANCE_START", "COVARIANCE_STOP"):
            mode = "covariance" if words[0] == "COVARIANCE_START" else "data"
        elif raw is not None and mode == "data":
            raw.states.append((number, words[0], words[1:]))
            if len(raw.states) > MAX_STATES:
                raise FileError(number, 1, f"has more than {MAX_STATES:,} states in one segment; write several segments")
        elif mode == "header" and key_value(line, number) is None:
            yield FileError(number, 1, NO_KEY.format(line.strip()[:40]))
        elif raw is not None and mode == "meta" and "=" not in line and words[0][:1].isdigit():
            raw.wrong.append((number, "states begin within the metadata; write META_STOP above them"))
            mode = "unread"  # reported once
        elif raw is not None and mode == "meta":
            _keyword(line, number, raw)
    if raw is not None:
        yield raw


def _begin(line: int) -> Location:
    return line, 1


def _keyword(line: str, number: int, raw: Raw) -> None:
    """Takes a line of metadata."""
    value = key_value(line, number)
    if value is None:
        raw.wrong.append((number, NO_KEY.format(line.strip()[:40])))
    elif value.tag in raw.words:
        raw.wrong.append((number, f"{value.tag} is there twice; write it once"))
    else:
        raw.words[value.tag] = value.text, number


def _from_xml(data: bytes) -> Iterator[Raw]:
    locations = Locations(data)
    for leaves, line, _ in xml_segments(data, "oem", locations):
        raw = Raw(line, locations)
        for _, group in groupby(leaves, key=itemgetter(4)):
            listed = list(group)
            words = {leaf[0]: leaf[1] for leaf in listed}
            if "EPOCH" in words and "X" in words:
                raw.states.append((listed[0][2], words["EPOCH"], [words[a] for a in AXES if a in words]))
                wrong = [
                    (tag, unit, offset) for tag, _, offset, unit, _ in listed if unit and unit != UNITS.get(tag, unit)
                ]
                if wrong:
                    tag, unit, offset = wrong[0]
                    raw.wrong.append((offset, f"{tag} is in {unit}; write it in {UNITS[tag]}"))
            elif "EPOCH" not in words:  # not a covariance
                raw.words.update({leaf[0]: (leaf[1], leaf[2]) for leaf in listed})
        yield raw


def raw_segments(data: bytes) -> Iterator[Raw | FileError]:
    """Segments of an ephemeris as text.

    Parameters
    ----------
    data : bytes
        Content of the file.

    Returns
    -------
    iterator of Raw or FileError
        A FileError where a single line of the header is wrong.

    Raises
    ------
    FileError
        The file cannot be read on.
    """
    start = data.lstrip()
    if start[:1] == b"<":
        return iter(_from_xml(data))
    if not start or b"CCSDS_OEM_VERS" in start[:400]:
        return _from_kvn(data)
    begins = quoted(start[:400].decode("utf-8", "replace"))
    advice = "write the path of one (its first line is CCSDS_OEM_VERS = 2.0)"
    raise FileError(1, 1, f"is no OEM in key = value or XML (it begins with {begins}); {advice}")
