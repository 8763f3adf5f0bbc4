"""Two-line element files: read, checked line by line, never repaired in silence.

Checking needs no library, so that a scenario is validated at once; only `satellites` loads the propagator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class ElementSet:
    """One satellite of a TLE file; epoch in UTC, line numbers count from 1."""

    name: str
    line1: str
    line2: str
    line_number: int
    epoch: datetime


@dataclass(frozen=True, slots=True)
class BadLine:
    """What is wrong with one line, and where (line and column count from 1)."""

    line: int
    column: int
    message: str


def checksum(line: str) -> int:
    """Last digit of the sum of digits in the first 68 columns, a minus sign counting as 1."""
    return sum(int(c) if c.isdigit() else c == "-" for c in line[:68]) % 10


def _epoch(line1: str) -> datetime:
    """Epoch of columns 19 to 32: two digits of the year (57 to 56), day of the year with fraction."""
    year = int(line1[18:20])
    start = datetime(year + (2000 if year < 57 else 1900), 1, 1, tzinfo=UTC)
    return start + timedelta(days=float(line1[20:32]) - 1.0)


def _check_line(text: str, kind: str, number: int) -> BadLine | None:
    if len(text) != 69:
        return BadLine(number, len(text) + 1, f"line {kind} has {len(text)} columns; a line of elements has 69")
    if not text[68].isdigit() or int(text[68]) != checksum(text):
        return BadLine(number, 69, f"checksum is {text[68]!r}, the line adds up to {checksum(text)}; restore the line")
    numeric = {"1": ((18, 32, "epoch"),), "2": ((8, 16, "inclination"), (17, 25, "node"), (26, 33, "eccentricity"),
               (34, 42, "argument of perigee"), (43, 51, "mean anomaly"), (52, 63, "mean motion"))}[kind]  # fmt: skip
    for start, stop, what in numeric:
        try:
            float(text[start:stop])
        except ValueError:
            return BadLine(number, start + 1, f"{what} {text[start:stop]!r} is not a number")
    if kind == "2" and float(text[52:63]) <= 0.0:
        return BadLine(number, 53, f"mean motion {text[52:63].strip()} is not above zero")
    return None


def read_tle(path: Path) -> tuple[list[ElementSet], list[BadLine]]:
    """Element sets of a file (names optional, any line ends) and every bad line; raises OSError if unreadable."""
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    sets: list[ElementSet] = []
    bad: list[BadLine] = []
    name, i = "", 0
    while i < len(lines):
        text = lines[i].rstrip()
        number = i + 1
        i += 1
        if not text or text.startswith("#"):
            continue
        if text.startswith("2 ") and len(text) > 60:
            bad.append(BadLine(number, 1, "line 2 without a line 1 before it"))
            continue
        if not (text.startswith("1 ") and len(text) > 60):
            name = text[2:].strip() if text.startswith("0 ") else text.strip()
            continue
        second = lines[i].rstrip() if i < len(lines) else ""
        if not second.startswith("2 "):
            bad.append(BadLine(number + 1, 1, "line 1 is not followed by its line 2"))
            name = ""
            continue
        i += 1
        problems = [p for p in (_check_line(text, "1", number), _check_line(second, "2", number + 1)) if p]
        if not problems and text[2:7] != second[2:7]:
            problems = [BadLine(number + 1, 3, f"satellite number {second[2:7]} differs from {text[2:7]} on line 1")]
        bad += problems
        if not problems:
            sets.append(ElementSet(name or text[2:7].strip(), text, second, number, _epoch(text)))
        name = ""
    return sets, bad


def satellites(sets: Sequence[ElementSet | Any]) -> list[Any]:
    """The sets as `sgp4.api.Satrec` objects (WGS 72, as elements are made); what is one already stays as it is."""
    from sgp4.api import WGS72, Satrec

    return [Satrec.twoline2rv(s.line1, s.line2, WGS72) if isinstance(s, ElementSet) else s for s in sets]
