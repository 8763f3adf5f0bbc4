"""Navigation data messages as text: JSON, CSV and key = value, with the location of every value; XML is in `ndm_xml`. [ccsds502]"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from orbit.catalog.source import MAX_FIELDS, MAX_VALUE_CHARACTERS, FileError


@dataclass(slots=True)
class Record:
    """Fields of one element set as text.

    Attributes
    ----------
    fields : dict
        Values by name.
    line : int
        Line on which the set begins.
    location : callable
        Line and column of a field, by name.
    units : dict
        Units by name, where the file gives them.
    twice : str
        Name of a field that occurs twice; empty without.
    """

    fields: dict[str, Any]
    line: int
    location: Callable[[str], tuple[int, int]]
    units: dict[str, str] = field(default_factory=dict)
    twice: str = ""  # a field that is there two times


@dataclass(slots=True)
class Value:
    """One line of key = value.

    Attributes
    ----------
    tag, text, unit : str
        Key, value and unit; the unit is empty without one.
    line, column : int
        Location, from 1.
    """

    tag: str
    text: str
    line: int
    column: int
    unit: str = ""


def decoded(data: bytes) -> str:
    """Decode UTF-8.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    str

    Raises
    ------
    FileError
        The bytes are not UTF-8.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise FileError(line, column, "is not text in UTF-8; write the file in UTF-8") from None


def text_lines(data: bytes) -> Iterator[tuple[int, str]]:
    """Lines of text, numbered from 1. Only line feeds and carriage returns end a line.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    iterator of (int, str)

    Raises
    ------
    FileError
        The bytes are not UTF-8.
    """
    return enumerate(_lines(data, None), 1)


def _lines(data: bytes, newline: str | None) -> Iterator[str]:
    """Lines of text in UTF-8, of limited length. Raises FileError."""
    decoded(data)  # raises with the location
    for number, line in enumerate(io.TextIOWrapper(io.BytesIO(data), "utf-8", newline=newline), 1):
        if len(line) > MAX_VALUE_CHARACTERS:
            raise FileError(number, 1, f"is a line of more than {MAX_VALUE_CHARACTERS:,} characters; write one line for each record")
        yield line


class Locations:
    """Line and column, from 1, of offsets in a text or in bytes. Counting goes on from the offset before.

    Parameters
    ----------
    data : str or bytes
        Content of the file.
    """

    def __init__(self, data: str | bytes) -> None:
        self.data = data
        self.offset, self.line, self.line_begin = 0, 1, 0

    def __call__(self, offset: int) -> tuple[int, int]:
        if offset > self.offset:
            self._count(self.offset, offset, 1)
        elif offset < self.line_begin:
            self._count(offset, self.offset, -1)
        self.offset = offset
        return self.line, offset - self.line_begin + 1

    def _count(self, first: int, last: int, sign: int) -> None:
        """Add or subtract the ends of lines between two offsets."""
        data = self.data
        ends = data.count("\n", first, last) if isinstance(data, str) else data.count(b"\n", first, last)
        if ends:
            at = last if sign > 0 else first
            end = data.rfind("\n", 0, at) if isinstance(data, str) else data.rfind(b"\n", 0, at)
            self.line, self.line_begin = self.line + sign * ends, end + 1


REPEATED = ("COMMENT", "USER_DEFINED")


def repeated_keyword(names: list[str]) -> str:
    """First keyword that stands more than once.

    Parameters
    ----------
    names : list of str
        Keywords in the order of the file.

    Returns
    -------
    str
        The keyword; empty where each stands once.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return ""


def _check_count(fields: int, line: int) -> None:
    """Raise FileError where an element set has more fields than any has."""
    if fields > MAX_FIELDS:
        raise FileError(line, 1, f"holds more than {MAX_FIELDS:,} fields of one element set; write one set for each satellite")


# --- JSON --------------------------------------------------------------------------------------------------------------


def json_records(data: bytes) -> Iterator[Record]:
    """Element sets of an OMM in JSON: a list of objects, or one object.

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
    text = decoded(data)
    locations = Locations(text)

    def skip(at: int) -> int:
        space = _BLANK.match(text, at)
        return at if space is None else space.end()

    at = skip(0)
    listed = text[at : at + 1] == "["
    at = skip(at + 1) if listed else at
    line, counted = 1, 0
    while text[at : at + 1] not in (("]",) if listed else ("",)):
        value, end = _json_value(text, at, locations)
        line, counted = line + text.count("\n", counted, at), at
        yield _json_record(text, locations, value, at, end, line)
        at = skip(end)
        if not listed:
            break
        if text[at : at + 1] == ",":
            at = skip(at + 1)
            if text[at : at + 1] != "]":
                continue
        if text[at : at + 1] != "]" or text[at - 1 : at] == ",":
            raise FileError(*locations(at), "is not JSON (a comma or a bracket is missing or too many); fix it here")
    after = skip(at + 1 if listed else at)
    if after < len(text):
        raise FileError(*locations(after), "is not JSON (extra data after the end); remove it")


def _json_value(text: str, at: int, locations: Locations) -> tuple[Any, int]:
    """The value that begins at an offset, and the offset of its end. It is read from a part of the text, so that its
    size is limited."""
    part = text[at : at + MAX_VALUE_CHARACTERS]
    try:
        value, end = _DECODER.raw_decode(part)
    except json.JSONDecodeError as error:
        reason = error.msg.lower().removesuffix(" at")
        if at + len(part) < len(text):
            reason += f", within {MAX_VALUE_CHARACTERS:,} characters of the beginning of the set"
        raise FileError(*locations(at + error.pos), f"is not JSON ({reason}); fix it here") from None
    except (RecursionError, ValueError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else "a number of thousands of digits"
        raise FileError(*locations(at), f"is not JSON ({reason}); fix it here") from None
    return value, at + end


class _Pairs(dict[str, Any]):
    """A JSON object and the name that occurs twice in it."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.twice = "" if len(pairs) == len(self) else repeated_keyword([name for name, _ in pairs])


_DECODER = json.JSONDecoder(object_pairs_hook=_Pairs)
_BLANK = re.compile(r"\s*")


def _json_record(text: str, locations: Locations, value: Any, at: int, end: int, line: int) -> Record:
    def location(name: str) -> tuple[int, int]:
        key = re.compile(rf'"{re.escape(name)}"\s*:').search(text, at, end)
        return locations(at if key is None else key.start())

    if not isinstance(value, _Pairs):
        raise FileError(
            *locations(at), "is no object with the fields of an OMM; write { } with EPOCH, MEAN_MOTION, ..."
        )
    _check_count(len(value), line)
    return Record(value, line, location, twice=value.twice)


# --- CSV ---------------------------------------------------------------------------------------------------------------


def csv_records(data: bytes) -> Iterator[Record | FileError]:
    """Element sets of an OMM in CSV: a line of names, then a line for each set.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    iterator of Record or FileError
        A FileError where a single line is wrong.

    Raises
    ------
    FileError
        The file cannot be read on.
    """
    rows = csv.reader(_lines(data, ""), strict=True)
    names: list[str] = []
    line = 0
    try:
        for row in rows:
            begun, line = line + 1, rows.line_num
            if not any(cell.strip() for cell in row):
                continue
            if not names:
                names = [cell.strip() for cell in row]
                _check_count(len(names), begun)
                if "EPOCH" not in names:
                    raise FileError(begun, 1, "is no line of names with EPOCH among them; write one above the values")
                if repeated_keyword(names):
                    raise FileError(begun, 1, f"names {repeated_keyword(names)} twice; write each column once")
                continue
            if len(row) != len(names):
                yield FileError(begun, 1, f"holds {len(row)} values for {len(names)} columns; write one for each")
                continue
            yield Record(dict(zip(names, row, strict=True)), begun, _csv_location(names, row, begun))
    except csv.Error as error:
        raise FileError(rows.line_num, 1, f"is not CSV ({error}); fix it here") from None


def _csv_location(names: list[str], row: list[str], line: int) -> Callable[[str], tuple[int, int]]:
    def location(name: str) -> tuple[int, int]:
        before = row[: names.index(name)] if name in names else []
        return line, 1 + sum(len(cell) + 1 for cell in before)  # quotes apart

    return location


# --- key = value -------------------------------------------------------------------------------------------------------

_KEY = re.compile(r"[A-Z][A-Z_0-9]*")


def key_value(line: str, number: int) -> Value | None:
    """Parse a line `KEY = value [unit]`.

    Parameters
    ----------
    line : str
    number : int
        Number of the line, from 1.

    Returns
    -------
    Value or None
        None if the line has another form.

    Examples
    --------
    >>> value = key_value("INCLINATION = 51.6 [deg]", 7)
    >>> value.tag, value.text, value.unit, value.line
    ('INCLINATION', '51.6', 'deg', 7)
    """
    key, equals, value = line.partition("=")
    if not equals or _KEY.fullmatch(key.strip()) is None:
        return None
    value, unit = value.strip(), ""
    if value.endswith("]") and "[" in value:
        value, _, unit = value[:-1].rpartition("[")
    return Value(key.strip(), value.strip(), number, 1 + len(line) - len(line.lstrip()), unit.strip())


def kvn_records(data: bytes) -> Iterator[Record]:
    """Element sets of an OMM as lines of key = value; each message begins with its version. [ccsds502]

    Parameters
    ----------
    data : bytes

    Returns
    -------
    iterator of Record

    Raises
    ------
    FileError
        A line is not key = value.
    """
    message: list[Value] = []
    for number, line in text_lines(data):
        if not line.strip() or line.strip().startswith("COMMENT"):
            continue
        value = key_value(line, number)
        if value is None:
            raise FileError(number, 1, f"'{line.strip()[:40]}' is no KEY = value; write one, or COMMENT before it")
        if value.tag == "CCSDS_OMM_VERS" and message:
            yield _kvn_record(message)
            message = []
        message.append(value)
        _check_count(len(message), message[0].line)
    if message:
        yield _kvn_record(message)


def _kvn_record(values: list[Value]) -> Record:
    locations = {v.tag: (v.line, v.column) for v in values}
    first = values[0].line
    units = {v.tag: v.unit for v in values if v.unit}
    twice = repeated_keyword([v.tag for v in values])
    return Record({v.tag: v.text for v in values}, first, lambda name: locations.get(name, (first, 1)), units, twice)
