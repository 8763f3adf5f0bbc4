"""Two-line element files; every column is checked. [vallado2006:appendix B]"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from orbit.catalog.common import REV_D, BadLine, ElementSet, label, perigee_problem
from orbit.catalog.source import MAX_BAD, FileError, read_text
from orbit.moments import JD_OF_ORDINAL, moment

COLUMNS = 69  # the last one is the checksum
Line = tuple[int, bytes]  # number from 1, text
_LONGEST = 4096
_DEGREE = math.pi / 180.0
_VALUES = bytes(c - 48 if 48 <= c < 58 else int(c == 45) for c in range(256))  # of characters in a checksum
_SATELLITE = r"(?:[A-HJ-NP-Z]\d{4}|\d{5}| \d{4}|  \d{3}|   \d\d|    \d)"

# (first column, last column, what it is, how it looks, what to write); columns count from 1
_Field = tuple[int, int, str, str, str]
_ANGLE = r"(?=[ \d]{3}\.) *\d*\.\d{4}"  # blanks before the digits, never between them
_SMALL = r"[ +-]\d{5}[ +-]\d"


def _blank(column: int) -> _Field:
    return column, column, "", " ", ""


_FIELDS: dict[str, tuple[_Field, ...]] = {
    "1": (
        _blank(2),
        (3, 7, "satellite number", _SATELLITE, "five digits, or a letter but I and O with four"),
        (8, 8, "classification", "[A-Z ]", "U, C, S or a blank"),
        _blank(9),
        (10, 17, "international designator", "[ -~]{8}", "one such as 98067A"),
        _blank(18),
        (19, 32, "epoch", r"[ \d]\d(?=[ \d]{3}\.) *\d+\.\d{8}", "year and day, such as 26079.51782528"),
        _blank(33),
        (34, 43, "derivative of the mean motion", r"[ +-]\.\d{8}", "one such as -.00002182"),
        _blank(44),
        (45, 52, "second derivative of the mean motion", _SMALL, "one such as 12345-6"),
        _blank(53),
        (54, 61, "drag term", _SMALL, "B* such as -11606-4"),
        _blank(62),
        (63, 63, "ephemeris type", "[ 02]", "0: elements that are not for SGP4 cannot be propagated by it"),
        _blank(64),
        (65, 68, "element number", r"[ \d]{4}", "digits"),
    ),
    "2": (
        _blank(2),
        (3, 7, "satellite number", _SATELLITE, "five digits, or a letter but I and O with four"),
        _blank(8),
        (9, 16, "inclination", _ANGLE, "degrees such as 051.6416"),
        _blank(17),
        (18, 25, "node", _ANGLE, "degrees such as 247.4627"),
        _blank(26),
        (27, 33, "eccentricity", r"\d{7}", "seven digits after the point, such as 0006703"),
        _blank(34),
        (35, 42, "argument of perigee", _ANGLE, "degrees such as 130.5360"),
        _blank(43),
        (44, 51, "mean anomaly", _ANGLE, "degrees such as 325.0288"),
        _blank(52),
        (53, 63, "mean motion", r"(?=[ \d]{2}\.) *\d*\.\d{8}", "revolutions per day such as 15.72125391"),
        (64, 68, "revolution number", r"[ \d]{5}", "digits"),
    ),
}  # fmt: skip
_WHOLE = {
    kind: re.compile((kind + "".join(f[3] for f in fields) + "[0-9]?").encode()) for kind, fields in _FIELDS.items()
}
_LINE = re.compile(rb"[12] (?:.{59}|[A-Z\d]\d{4}[A-Z ])")  # what can only be meant as elements, even cut short
_SHIFTED = re.compile(rb"\s*[12]\s+[A-Z\d]\d{4}[A-Z ]\s")  # the same, out of its columns


def checksum(line: str | bytes) -> int:
    """Checksum of a line of elements: last digit of the sum of the digits in 68 columns, a minus sign counting as 1.

    Parameters
    ----------
    line : str or bytes
        Line of 68 columns or more.

    Returns
    -------
    int
        0 to 9.

    Examples
    --------
    >>> checksum("1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753")
    3
    """
    data = line.encode("ascii", "replace") if isinstance(line, str) else line
    return sum(data[:68].translate(_VALUES)) % 10


def _number(text: bytes | str) -> int:
    """Satellite number; alpha-5 has a letter for its ten-thousands, from A for 10, without I and O."""
    number = text if isinstance(text, str) else text.decode()
    if not number[0].isalpha():
        return int(number)
    return 10_000 * "ABCDEFGHJKLMNPQRSTUVWXYZ".index(number[0]) + 100_000 + int(number[1:])


def _small(text: bytes) -> float:
    """A number with implied point and exponent, such as -11606-4."""
    mantissa = float(text[:1].strip() + b"." + text[1:6].replace(b" ", b"0"))
    return float(mantissa * 10.0 ** int(text[6:8].replace(b" ", b"") or b"0"))


def parse_tle(line1: str | bytes, line2: str | bytes, name: str = "", line_number: int = 0) -> ElementSet:
    """Parse two lines of elements by their columns, bit by bit as SGP4's own reader does. [vallado2006]

    Neither checksums nor ranges are checked; `read_tle` does.

    Parameters
    ----------
    line1, line2 : str or bytes
        The two lines, ASCII.
    name : str
        Name of the satellite; its number without.
    line_number : int
        Line of the file on which the set begins.

    Returns
    -------
    ElementSet

    Raises
    ------
    ValueError
        A column holds no number.

    Examples
    --------
    >>> import math
    >>> one = parse_tle(
    ...     "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753",
    ...     "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667",
    ... )
    >>> one.satellite_number, one.eccentricity, round(math.degrees(one.inclination_rad), 4)
    (5, 0.1859667, 34.2682)
    >>> one.epoch.date().isoformat()
    '2000-06-27'
    """
    one = line1.encode("ascii") if isinstance(line1, str) else line1
    two = line2.encode("ascii") if isinstance(line2, str) else line2
    year = int(one[18:20])
    day, part = one[20:32].split(b".")
    jd = date(year + (2000 if year < 57 else 1900), 1, 1).toordinal() + JD_OF_ORDINAL + int(day) - 1
    fr = float(b"." + part)
    return ElementSet(
        name or one[2:7].decode().strip(),
        _number(one[2:7]),
        moment(jd, fr),
        jd,
        fr,
        _small(one[53:61]),
        float(one[33:43]) / (REV_D * 1440.0),
        _small(one[44:52]) / (REV_D * 1440.0 * 1440.0),
        float(b"." + two[26:33].replace(b" ", b"0")),
        float(two[8:16]) * _DEGREE,
        float(two[17:25]) * _DEGREE,
        float(two[34:42]) * _DEGREE,
        float(two[43:51]) * _DEGREE,
        float(two[52:63]) / REV_D,
        line_number,
        one.decode(),
        two.decode(),
    )


def _wrong(text: bytes, kind: str) -> tuple[int, str] | None:
    """Column and description of the first thing wrong with the form of a line, its checksum last."""
    if _WHOLE[kind].fullmatch(text) and (len(text) < COLUMNS or text[68] - 48 == checksum(text)):
        return None
    for at, byte in enumerate(text):
        if byte > 126 or byte < 32:
            what = (
                f"character {text[at:].decode('utf-8', 'replace')[0]!r}"
                if byte > 126
                else f"control character {byte:#04x}"
            )
            return at + 1, f"{what} is not allowed in a line of elements; write ASCII"
    line = text.decode()
    if len(line) not in (COLUMNS - 1, COLUMNS):
        return len(line) + 1, f"line {kind} has {len(line)} columns; a line of elements has {COLUMNS}"
    for first, last, what, form, example in _FIELDS[kind]:
        part = line[first - 1 : last]
        if re.fullmatch(form, part, re.ASCII) is None:
            if not what:
                return first, f"column {first} holds {part!r} and must be blank; shift the fields into their columns"
            return first, f"{what} '{part}' is out of form; write {example}"
    if len(line) == COLUMNS and (not line[68].isdigit() or int(line[68]) != checksum(line)):
        return 69, f"checksum is '{line[68]}', the line adds up to {checksum(line)}; restore the line"
    return None


def _range(one: bytes, two: bytes) -> tuple[int, int, str] | None:
    """Line (0 or 1), column and description of the first value that no orbit has."""
    year, day = int(one[18:20]), one[20:32]
    full = year + (2000 if year < 57 else 1900)
    last = 366 if full % 4 == 0 else 365  # 1957 to 2056
    if not 1.0 <= float(day) < last + 1.0:
        return 0, 21, f"day {day.decode().strip()} is not in {full}; write one from 1 to {last}"
    for start, what, most in (
        (9, "inclination", 180),
        (18, "node", 360),
        (35, "argument of perigee", 360),
        (44, "mean anomaly", 360),
    ):
        text = two[start - 1 : start + 7]
        if not 0.0 <= float(text) <= most:
            return 1, start, f"{what} {text.decode().strip()} deg is out of range; write one from 0 to {most}"
    motion = float(two[52:63])
    if motion <= 0.0:
        return 1, 53, f"mean motion {two[52:63].decode().strip()} is not above zero; write revolutions per day"
    wrong = perigee_problem(motion / REV_D, float(b"." + two[26:33]))
    return None if wrong is None else (1, 27, wrong)


def read_tle(path: Path) -> tuple[list[ElementSet], list[BadLine]]:
    r"""Read a file of two-line elements. [vallado2006:appendix B]

    Parameters
    ----------
    path : Path
        File with or without lines of names, with any line ends; lines that begin with # are comments. Lines without
        their checksum, of 68 columns, are read.

    Returns
    -------
    sets : list of ElementSet
        Sets without errors, in the order of the file.
    bad : list of BadLine
        All errors, in the order of lines.

    Raises
    ------
    OSError
        The file cannot be opened or is not a regular file of limited size.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "one.tle"
    ...     _ = path.write_text(
    ...         "VANGUARD 1\n"
    ...         "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753\n"
    ...         "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413660\n"
    ...     )
    ...     sets, bad = read_tle(path)
    >>> len(sets), bad[0].line, bad[0].column, bad[0].message
    (0, 3, 69, "checksum is '0', the line adds up to 7; restore the line")
    """
    sets: list[ElementSet] = []
    bad: list[BadLine] = []
    names: list[Line] = []  # those without elements
    try:
        _read(_text_lines(read_text(path)), sets, bad, names)
    except FileError as error:
        bad.append(BadLine(error.line, error.column, error.message, error.line, whole=True))
    if sets or bad:  # a file without any elements has an error of its own
        bad += [
            BadLine(n, 1, f"'{_text(t)}' is followed by no elements; write them, or # before a comment", n)
            for n, t in names
        ]
    return sets, sorted(bad, key=lambda b: (b.line, b.column))


def has_element_lines(data: bytes) -> bool:
    """Whether a text holds lines of elements.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    bool
    """
    return any(_LINE.match(text) for _, text in _text_lines(data))


def _text_lines(data: bytes) -> Iterator[Line]:
    """Numbered lines without those that are blank or comments; what is cut off is longer than any line of elements."""
    for number, line in enumerate(io.TextIOWrapper(io.BytesIO(data), "latin-1", newline=None), 1):
        text = line[:_LONGEST].rstrip().encode("latin-1")
        if text and text[0] != 35:
            yield number, text


def _read(lines: Iterator[Line], sets: list[ElementSet], bad: list[BadLine], names: list[Line]) -> None:
    """Elements, errors, and names without elements. Raises FileError where there are too many errors."""
    name: Line | None = None
    line = next(lines, None)
    while line is not None:
        (number, text), line = line, next(lines, None)
        if len(bad) + len(names) > MAX_BAD:
            raise FileError(number, 1, f"has more than {MAX_BAD:,} errors up to here; write the path of a file in TLE")
        if not _LINE.match(text):
            if not _SHIFTED.match(text):
                names += [name] if name else []
                name = number, text
                continue
            message = "elements out of their columns; write the line from column 1, without tabs"
            bad.append(BadLine(number, 1, message, number))
        elif text[0] == 50:
            bad.append(BadLine(number, 1, "line 2 without a line 1 before it; write both lines", number))
        elif line is None or not _LINE.match(line[1]) or line[1][0] != 50:
            bad.append(BadLine(number + 1, 1, "line 1 is not followed by its line 2; write both lines", number))
        else:
            _pair(name, (number, text), line, sets, bad)
            line = next(lines, None)
        name = None
    names += [name] if name else []


def _pair(
    name: Line | None, one: Line, two: Line, sets: list[ElementSet], bad: list[BadLine]
) -> None:  # fmt: skip
    """One satellite's lines: its elements, or what is wrong with each line."""
    first = one[0]
    problems = []
    title = ""
    if name is not None:
        title = label(_text(name[1].removeprefix(b"0 ")))
        if "\ufffd" in title:
            problems.append(BadLine(name[0], 1, f"name '{title}' is not text in UTF-8; write it in ASCII", first))
    for (number, text), kind in ((one, "1"), (two, "2")):
        wrong = _wrong(text, kind)
        problems += [] if wrong is None else [BadLine(number, wrong[0], wrong[1], first)]
    if not problems and one[1][2:7] != two[1][2:7]:
        numbers = (
            f"satellite number {_text(two[1][2:7])} differs from {_text(one[1][2:7])} on line 1; write one of them"
        )
        problems.append(BadLine(two[0], 3, numbers, first))
    if not problems:
        beyond = _range(one[1], two[1])
        if beyond is None:
            sets.append(parse_tle(one[1], two[1], title, first))
        else:
            problems.append(BadLine((one, two)[beyond[0]][0], beyond[1], beyond[2], first))
    bad += problems


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
