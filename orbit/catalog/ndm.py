"""Navigation data messages as text: XML, JSON, CSV and key = value taken apart, with the place of every value."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat


class FileError(Exception):
    """The file cannot be read on from a place."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line, self.column, self.message = line, column, message


@dataclass(slots=True)
class Record:
    """Fields of one set as they are written, from a line on; `place` finds a field's line and column when it is asked."""

    fields: dict[str, Any]
    line: int
    place: Callable[[str], tuple[int, int]]
    units: dict[str, str] = field(default_factory=dict)
    twice: str = ""  # a field that is there two times


@dataclass(slots=True)
class Value:
    """What a line of key = value says."""

    tag: str
    text: str
    line: int
    column: int
    unit: str = ""


def decoded(data: bytes) -> str:
    """Text in UTF-8, without a byte order mark."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise FileError(line, column, "is not text in UTF-8; write the file in UTF-8") from None


def _at(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


# --- XML ---------------------------------------------------------------------------------------------------------------

Leaf = tuple[str, str, int, str, int]  # tag, text, offset in the file, unit, which group of its segment it lies in
MESSAGES = ("omm", "oem", "opm", "aem", "apm", "ocm", "tdm", "cdm", "rdm", "acm")  # what an NDM may hold


CHUNK = 1 << 16  # bytes parsed before segments are handed on


def place_in(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset in bytes."""
    return data.count(b"\n", 0, offset) + 1, offset - data.rfind(b"\n", 0, offset)


def xml_segments(data: bytes, message: str) -> Iterator[tuple[list[Leaf], int, int]]:
    """Every segment of a message: its leaves, its line and its offset. Raises FileError for what is no such XML."""
    ended: list[tuple[list[Leaf], int, int]] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True
    leaves: list[Leaf] = []
    begun, groups, offset, unit = (0, 0), 0, -1, ""  # offset -1: the last element to begin has ended
    text = ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal begun, groups, offset, unit, text, leaves
        if offset >= 0:
            groups += 1  # the one before is no leaf
        offset, text = parser.CurrentByteIndex, ""
        unit = attributes.get("units", "") if attributes else ""
        if tag == "segment" or tag.endswith(":segment"):
            leaves, begun, groups = [], (parser.CurrentLineNumber, offset), 0
        elif len(tag) == 3 and tag in MESSAGES and tag != message:
            raise FileError(
                *place_in(data, offset), f"holds an {tag}, not an {message}; write the path of an {message}"
            )

    def characters(told: str) -> None:
        nonlocal text
        if offset >= 0:
            text += told

    def end(tag: str) -> None:
        nonlocal offset
        if offset >= 0:
            leaves.append((tag.rpartition(":")[2], text.strip(), offset, unit, groups))
            offset = -1
        elif tag == "segment" or tag.endswith(":segment"):
            ended.append((leaves, *begun))

    def doctype(*_: Any) -> None:
        place = place_in(data, max(0, data.rfind(b"<!DOCTYPE", 0, parser.CurrentByteIndex)))
        raise FileError(*place, "has a DOCTYPE, which may define entities without end; remove it")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = characters, doctype
    try:
        for at in range(0, len(data) + 1, CHUNK):
            parser.Parse(data[at : at + CHUNK], at + CHUNK > len(data))
            yield from ended
            ended.clear()
    except expat.ExpatError as error:
        told = expat.ErrorString(error.code)
        raise FileError(error.lineno, error.offset + 1, f"is not XML ({told}); mend it here") from None
    except (LookupError, ValueError) as error:  # an encoding that nobody knows
        raise FileError(1, 1, f"is not XML ({error}); write it in UTF-8") from None


def xml_records(data: bytes) -> Iterator[Record]:
    """OMM in XML, alone or many in one NDM."""
    for leaves, line, offset in xml_segments(data, "omm"):
        fields = {leaf[0]: leaf[1] for leaf in leaves}
        twice = "" if len(fields) == len(leaves) else _twice([v[0] for v in leaves if v[0] not in REPEATED])
        yield Record(
            fields, line, _xml_place(data, leaves, offset), {leaf[0]: leaf[3] for leaf in leaves if leaf[3]}, twice
        )


def _xml_place(data: bytes, leaves: list[Leaf], offset: int) -> Callable[[str], tuple[int, int]]:
    return lambda name: place_in(data, next((leaf[2] for leaf in leaves if leaf[0] == name), offset))


REPEATED = ("COMMENT", "USER_DEFINED")


def _twice(names: list[str]) -> str:
    return next((name for i, name in enumerate(names) if name in names[:i]), "")


# --- JSON --------------------------------------------------------------------------------------------------------------


def json_records(data: bytes) -> list[Record]:
    """OMM in JSON: a list of objects, or one."""
    text = decoded(data)
    decoder = json.JSONDecoder(object_pairs_hook=_Pairs)
    blank = re.compile(r"\s*")

    def skip(at: int) -> int:
        found = blank.match(text, at)
        return at if found is None else found.end()

    at = skip(0)
    listed = text[at : at + 1] == "["
    at = skip(at + 1) if listed else at
    found: list[Record] = []
    line, counted = 1, 0
    while text[at : at + 1] not in (("]",) if listed else ("",)):
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise FileError(error.lineno, error.colno, f"is not JSON ({error.msg.lower()}); mend it here") from None
        except (RecursionError, ValueError) as error:
            told = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise FileError(*_at(text, at), f"is not JSON ({told}); mend it here") from None
        line, counted = line + text.count("\n", counted, at), at
        found.append(_json_record(text, value, at, end, line))
        at = skip(end)
        if not listed:
            break
        if text[at : at + 1] == ",":
            at = skip(at + 1)
            if text[at : at + 1] != "]":
                continue
        if text[at : at + 1] != "]" or text[at - 1 : at] == ",":
            raise FileError(*_at(text, at), "is not JSON (a comma or a bracket is missing or too many); mend it here")
    after = skip(at + 1 if listed else at)
    if after < len(text):
        raise FileError(*_at(text, after), "is not JSON (extra data after the end); remove it")
    return found


class _Pairs(dict[str, Any]):
    """A JSON object that knows which name it holds twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.twice = "" if len(pairs) == len(self) else _twice([name for name, _ in pairs])


def _json_record(text: str, value: Any, at: int, end: int, line: int) -> Record:
    def place(name: str) -> tuple[int, int]:
        found = re.compile(rf'"{re.escape(name)}"\s*:').search(text, at, end)
        return _at(text, at if found is None else found.start())

    if not isinstance(value, _Pairs):
        raise FileError(
            *_at(text, at), "is no object with the fields of an OMM; write { } with EPOCH, MEAN_MOTION, ..."
        )
    return Record(value, line, place, twice=value.twice)


# --- CSV ---------------------------------------------------------------------------------------------------------------


def csv_records(data: bytes) -> Iterator[Record | FileError]:
    """OMM in CSV: a line of names, then a line for each set; one that does not fit the names is an error of its own."""
    text = decoded(data)
    rows = csv.reader(text.splitlines(keepends=True), strict=True)
    names: list[str] = []
    line = 0
    try:
        for row in rows:
            begun, line = line + 1, rows.line_num
            if not any(cell.strip() for cell in row):
                continue
            if not names:
                names = [cell.strip() for cell in row]
                if "EPOCH" not in names:
                    raise FileError(begun, 1, "is no line of names with EPOCH among them; write one above the values")
                if _twice(names):
                    raise FileError(begun, 1, f"names {_twice(names)} twice; write each column once")
                continue
            if len(row) != len(names):
                yield FileError(begun, 1, f"holds {len(row)} values for {len(names)} columns; write one for each")
                continue
            yield Record(dict(zip(names, row, strict=True)), begun, _csv_place(names, row, begun))
    except csv.Error as error:
        raise FileError(rows.line_num, 1, f"is not CSV ({error}); mend it here") from None


def _csv_place(names: list[str], row: list[str], line: int) -> Callable[[str], tuple[int, int]]:
    def place(name: str) -> tuple[int, int]:
        before = row[: names.index(name)] if name in names else []
        return line, 1 + sum(len(cell) + 1 for cell in before)  # quotes apart

    return place


# --- key = value -------------------------------------------------------------------------------------------------------

_KEY = re.compile(r"\s*([A-Z_0-9]+)\s*=\s*(.*?)\s*(?:\[([^\]]*)\]\s*)?$")


def key_value(line: str, number: int) -> Value | None:
    """`KEY = value [unit]`, or None."""
    found = _KEY.match(line)
    if found is None:
        return None
    return Value(found[1], found[2], number, found.start(1) + 1, found[3] or "")


def kvn_records(data: bytes) -> list[Record]:
    """OMM as lines of key = value; each message begins with its version."""
    messages: list[list[Value]] = []
    for number, line in enumerate(decoded(data).splitlines(), 1):
        if not line.strip() or line.strip().startswith("COMMENT"):
            continue
        value = key_value(line, number)
        if value is None:
            raise FileError(number, 1, f"'{line.strip()[:40]}' is no KEY = value; write one, or COMMENT before it")
        if value.tag == "CCSDS_OMM_VERS" or not messages:
            messages.append([])
        messages[-1].append(value)
    return [_kvn_record(values) for values in messages]


def _kvn_record(values: list[Value]) -> Record:
    places = {v.tag: (v.line, v.column) for v in values}
    first = values[0].line
    units = {v.tag: v.unit for v in values if v.unit}
    twice = _twice([v.tag for v in values])
    return Record({v.tag: v.text for v in values}, first, lambda name: places.get(name, (first, 1)), units, twice)
