"""Navigation data messages in XML, with the location of every value. [ccsds502]"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from xml.parsers import expat

from orbit.catalog.ndm import REPEATED, Locations, Record, repeated_keyword
from orbit.catalog.source import MAX_DEPTH, MAX_STATES, MAX_VALUE_CHARACTERS, FileError

Leaf = tuple[str, str, int, str, int]  # tag, text, offset in the file, unit, which group of its segment it lies in
MESSAGES = ("omm", "oem", "opm", "aem", "apm", "ocm", "tdm", "cdm", "rdm", "acm")  # what an NDM may hold


_MAX_LEAVES = 7 * MAX_STATES  # epoch, position and velocity of each
CHUNK = 1 << 16  # bytes parsed before segments are handed on
_ENCODING = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']utf-?(?:16|32)", re.IGNORECASE)


def xml_segments(data: bytes, message: str, locations: Locations) -> Iterator[tuple[list[Leaf], int, int]]:
    """Segments of a message in XML.

    Parameters
    ----------
    data : bytes
    message : str
        Kind of message, such as "omm".
    locations : Locations
        Locations in the same data.

    Returns
    -------
    iterator of (list, int, int)
        For each segment its leaf elements (tag, text, offset, unit and group), the line and the offset where it begins.

    Raises
    ------
    FileError
        The data is not XML, has a DOCTYPE or holds another kind of message.
    """
    ended: list[tuple[list[Leaf], int, int]] = []
    encoding = _ENCODING.match(data)  # that of the file before it was converted to UTF-8
    parser = expat.ParserCreate("utf-8" if encoding else None)
    parser.buffer_text = True
    leaves: list[Leaf] = []
    begun, groups, offset, unit = (0, 0), 0, -1, ""  # offset -1: the last element to begin has ended
    text: list[str] = []
    characters_read, depth = 0, 0
    no_message = f"write the elements of an {message}"

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal begun, groups, offset, unit, text, characters_read, depth, leaves
        depth += 1
        if depth > MAX_DEPTH:
            raise FileError(*locations(parser.CurrentByteIndex), f"has elements {MAX_DEPTH} deep; {no_message}")
        if offset >= 0:
            groups += 1  # the one before is no leaf
        offset, text, characters_read = parser.CurrentByteIndex, [], 0
        unit = attributes.get("units", "") if attributes else ""
        if tag == "segment" or tag.endswith(":segment"):
            leaves, begun, groups = [], (parser.CurrentLineNumber, offset), 0
        elif len(tag) == 3 and tag in MESSAGES and tag != message:
            raise FileError(*locations(offset), f"holds an {tag}, not an {message}; write the path of an {message}")

    def characters(part: str) -> None:
        nonlocal characters_read
        if offset >= 0:
            text.append(part)
            characters_read += len(part)
            if characters_read > MAX_VALUE_CHARACTERS:
                raise FileError(*locations(offset), f"has a value of more than {MAX_VALUE_CHARACTERS:,} characters; {no_message}")

    def end(tag: str) -> None:
        nonlocal offset, depth, leaves
        depth -= 1
        if offset >= 0:
            leaves.append((tag.rpartition(":")[2], "".join(text).strip(), offset, unit, groups))
            if len(leaves) > _MAX_LEAVES:
                raise FileError(*locations(offset), f"has more than {_MAX_LEAVES:,} values in one segment; write several segments")
            offset = -1
        elif tag == "segment" or tag.endswith(":segment"):
            ended.append((leaves, *begun))
            leaves = []

    def doctype(*_: Any) -> None:
        at = max(0, data.rfind(b"<!DOCTYPE", 0, parser.CurrentByteIndex))
        raise FileError(*locations(at), "has a DOCTYPE, which may define entities without end; remove it")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = characters, doctype
    try:
        for at in range(0, len(data) + 1, CHUNK):
            parser.Parse(data[at : at + CHUNK], at + CHUNK > len(data))
            yield from ended
            ended.clear()
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise FileError(error.lineno, error.offset + 1, f"is not XML ({reason}); fix it here") from None
    except (LookupError, ValueError) as error:  # an unknown encoding
        raise FileError(1, 1, f"is not XML ({error}); write it in UTF-8") from None


def xml_records(data: bytes) -> Iterator[Record]:
    """Element sets of an OMM in XML, one or many in an NDM. [ccsds502]

    Parameters
    ----------
    data : bytes

    Returns
    -------
    iterator of Record

    Raises
    ------
    FileError
        The file cannot be read on.
    """
    locations = Locations(data)
    for leaves, line, offset in xml_segments(data, "omm", locations):
        fields = {leaf[0]: leaf[1] for leaf in leaves}
        twice = "" if len(fields) == len(leaves) else repeated_keyword([v[0] for v in leaves if v[0] not in REPEATED])
        yield Record(
            fields,
            line,
            _xml_location(locations, leaves, offset),
            {leaf[0]: leaf[3] for leaf in leaves if leaf[3]},
            twice,
        )


def _xml_location(locations: Locations, leaves: list[Leaf], offset: int) -> Callable[[str], tuple[int, int]]:
    return lambda name: locations(next((leaf[2] for leaf in leaves if leaf[0] == name), offset))
