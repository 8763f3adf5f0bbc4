"""Orbit mean-elements messages in JSON, XML, CSV and key = value; all become the same element sets. [ccsds502]"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from orbit.catalog.common import REV_D, BadLine, ElementSet, label, perigee_problem
from orbit.catalog.ndm import Record, csv_records, json_records, kvn_records
from orbit.catalog.ndm_xml import xml_records
from orbit.catalog.source import MAX_BAD, FileError, quoted, read_text
from orbit.catalog.tle import has_element_lines
from orbit.moments import moment, read_epoch

_DEGREE = math.pi / 180.0
_ANY = sys.float_info.max
_ABOVE_0, _BELOW_1 = 1e-300, math.nextafter(1.0, 0.0)
_MOST_NUMBER = 999_999_999  # nine digits, as catalogues count from now on

# field: (least, most, unit, must be there)
_NUMBERS: dict[str, tuple[float, float, str, bool]] = {
    "MEAN_MOTION": (_ABOVE_0, _ANY, "rev/day", True),
    "ECCENTRICITY": (0.0, _BELOW_1, "", True),
    "INCLINATION": (0.0, 180.0, "deg", True),
    "RA_OF_ASC_NODE": (0.0, 360.0, "deg", True),
    "ARG_OF_PERICENTER": (0.0, 360.0, "deg", True),
    "MEAN_ANOMALY": (0.0, 360.0, "deg", True),
    "BSTAR": (-_ANY, _ANY, "1/ER", True),
    "MEAN_MOTION_DOT": (-_ANY, _ANY, "rev/day**2", False),
    "MEAN_MOTION_DDOT": (-_ANY, _ANY, "rev/day**3", False),
}
# what may be said of the elements, where anything is: others are not for SGP4
_WORDS = {
    "MEAN_ELEMENT_THEORY": ("SGP4", "SGP/SGP4"),
    "REF_FRAME": ("TEME",),
    "TIME_SYSTEM": ("UTC",),
    "CENTER_NAME": ("EARTH",),
    "EPHEMERIS_TYPE": ("0", "2"),  # 4 is SGP4-XP, whose elements differ
}


class _Bad(Exception):
    """What is wrong with one field."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message


def _given(fields: dict[str, Any], name: str) -> Any:
    """Value of a field; None where the key has no value, as where the key is absent."""
    given = fields.get(name)
    return None if isinstance(given, str) and not given.strip() else given


def _number(fields: dict[str, Any], name: str) -> float:
    least, most, unit, needed = _NUMBERS[name]
    given = _given(fields, name)
    if given is None:
        if needed:
            raise _Bad(name, f"{name} is missing; write it" + (f" in {unit}" if unit else ""))
        return 0.0
    try:
        value = given if type(given) is float else _plain(given)
    except (ValueError, OverflowError):
        raise _Bad(name, f"{name} '{given}' is not a number; write one" + (f" in {unit}" if unit else "")) from None
    if least <= value <= most:
        return value
    if not math.isfinite(value):
        allowed = "a finite number"
    elif name == "MEAN_MOTION":
        allowed = "one above 0 rev/day"
    elif name == "ECCENTRICITY":
        allowed = "one from 0 to below 1: other orbits are not closed"
    else:
        allowed = f"one from {least:g} to {most:g} {unit}".rstrip()
    raise _Bad(name, f"{name} {given} is out of range; write {allowed}")


def _plain(given: Any) -> float:
    """A number as JSON or text has it; Python would take more. Raises ValueError."""
    if isinstance(given, bool) or not isinstance(given, str | int) or (isinstance(given, str) and "_" in given):
        raise ValueError
    return float(given)


def _satellite_number(fields: dict[str, Any]) -> int:
    given = _given(fields, "NORAD_CAT_ID")
    if given is None:
        return 0  # optional: not every object is in that catalogue
    text = _without_fraction(given)
    if isinstance(given, bool) or not (text.isascii() and text.isdigit()) or len(text) > 18 or int(text) > _MOST_NUMBER:
        raise _Bad("NORAD_CAT_ID", f"NORAD_CAT_ID '{given}' is no satellite number; write one from 0 to {_MOST_NUMBER}")
    return int(text)


def _without_fraction(given: Any) -> str:
    """Text of a whole number, which tables with gaps write as 90001.0."""
    text = str(given).strip()
    whole, point, zeros = text.partition(".")
    return whole if point and not zeros.strip("0") else text


def _text(fields: dict[str, Any], name: str) -> str:
    """A name; empty where there is none. Raises _Bad."""
    given = _given(fields, name)
    if given is None:
        return ""
    if isinstance(given, bool | list | dict):
        raise _Bad(name, f"{name} is not a text; write one")
    return label(str(given))


def _word(fields: dict[str, Any], name: str) -> None:
    given = _given(fields, name)
    known = _WORDS[name]
    if given is not None and _without_fraction(given).upper() not in known:
        raise _Bad(name, f"{name} '{given}' is not for SGP4; write elements with {' or '.join(known)}")


def _epoch(fields: dict[str, Any]) -> tuple[float, float]:
    given = _given(fields, "EPOCH")
    if given is None:
        raise _Bad("EPOCH", "EPOCH is missing; write one like 2026-12-21T06:00:00.000000")
    try:
        return read_epoch(str(given))
    except ValueError as error:
        raise _Bad("EPOCH", f"EPOCH {error}") from None


def _units(record: Record) -> None:
    for name, given in record.units.items():
        unit = _NUMBERS[name][2] if name in _NUMBERS else given
        if given.strip().lower() != unit.lower():
            raise _Bad(name, f"{name} is in {given}; write it in {unit or 'no unit'}")


def _set(record: Record) -> tuple[ElementSet | None, list[BadLine]]:
    """The element set of a record, or everything that is wrong with it."""
    fields, bad = record.fields, []

    def checked(read: Any, *arguments: Any) -> Any:
        try:
            return read(*arguments)
        except _Bad as error:
            bad.append(BadLine(*record.location(error.name), error.message, record.line))
            return None

    if record.twice:
        bad.append(
            BadLine(*record.location(record.twice), f"{record.twice} is there twice; write it once", record.line)
        )
    if record.units:
        checked(_units, record)
    for name in _WORDS:
        if name in fields:
            checked(_word, fields, name)
    epoch, number = checked(_epoch, fields), checked(_satellite_number, fields)
    name, object_id = checked(_text, fields, "OBJECT_NAME"), checked(_text, fields, "OBJECT_ID")
    values = {name: checked(_number, fields, name) for name in _NUMBERS}
    if not bad:
        wrong = perigee_problem(values["MEAN_MOTION"] / REV_D, values["ECCENTRICITY"])
        bad += [] if wrong is None else [BadLine(*record.location("MEAN_MOTION"), wrong, record.line)]
    if bad:
        return None, bad
    return ElementSet(
        name or (str(number) if number else object_id), number, moment(*epoch), epoch[0], epoch[1], values["BSTAR"],
        values["MEAN_MOTION_DOT"] / (REV_D * 1440.0), values["MEAN_MOTION_DDOT"] / (REV_D * 1440.0 * 1440.0),
        values["ECCENTRICITY"], values["INCLINATION"] * _DEGREE, values["RA_OF_ASC_NODE"] * _DEGREE,
        values["ARG_OF_PERICENTER"] * _DEGREE, values["MEAN_ANOMALY"] * _DEGREE, values["MEAN_MOTION"] / REV_D, record.line,
        object_id=object_id,
    ), []  # fmt: skip


def _records(data: bytes) -> Iterable[Record | FileError]:
    """Records of a file by its content, whatever its name."""
    start = data.lstrip()
    if not start:
        return []
    if start[:1] in (b"[", b"{"):
        return json_records(data)
    if start[:1] == b"<":
        return xml_records(data)
    if b"CCSDS_OMM_VERS" in start[:400]:
        return kvn_records(data)
    head = start.split(b"\n", 1)[0]
    if b"EPOCH" in head and b"," not in head and (b";" in head or b"\t" in head):
        raise FileError(1, 1, f"is CSV with {'semicolons' if b';' in head else 'tabs'}; write commas between the columns")
    if b"," in head:
        return csv_records(data)
    if has_element_lines(data):
        raise FileError(1, 1, "holds two-line elements, no OMM; write kind: tle")
    begins = quoted(start[:400].decode("utf-8", "replace"))
    raise FileError(1, 1, f"is no OMM in JSON, XML, CSV or key = value (it begins with {begins}); write the path of one")


def read_omm(path: Path) -> tuple[list[ElementSet], list[BadLine]]:
    """Read element sets of an orbit mean-elements message. [ccsds502]

    Parameters
    ----------
    path : Path
        File in JSON, XML, CSV or key = value; the format is recognised by its content.

    Returns
    -------
    sets : list of ElementSet
        Sets without errors, in the order of the file.
    bad : list of BadLine
        All errors.

    Raises
    ------
    OSError
        The file cannot be opened or is not a regular file of limited size.
    """
    sets: list[ElementSet] = []
    bad: list[BadLine] = []
    try:
        for record in _records(read_text(path)):
            if len(bad) > MAX_BAD:
                raise FileError(bad[-1].line, 1, f"has more than {MAX_BAD:,} errors up to here; write the path of an OMM")
            if isinstance(record, FileError):
                bad.append(BadLine(record.line, record.column, record.message, record.line))
                continue
            one, wrong = _set(record)
            sets += [] if one is None else [one]
            bad += wrong
    except FileError as error:
        bad.append(BadLine(error.line, error.column, error.message, error.line, whole=True))
    return sets, bad
