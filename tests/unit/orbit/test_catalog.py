"""Reading two-line elements."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orbit.catalog import BadLine, checksum, read_tle, satellites

ONE = "1 25544U 98067A   26079.51782528 -.00002182  00000-0 -11606-4 0  2920"
TWO = "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563532"
STARLINK = Path(__file__).parents[3].parent / "shared" / "data" / "starlink-2023-09-01.tle"


def _sum(line: str) -> str:
    """Checksum by hand: digits count themselves, a minus sign one, everything else nothing; modulo ten."""
    values = {str(d): d for d in range(10)} | {"-": 1}
    return line[:68] + str(sum(values.get(c, 0) for c in line[:68]) % 10)


ONE, TWO = _sum(ONE), _sum(TWO)


def _read(tmp_path: Path, text: str) -> tuple[list, list[BadLine]]:
    path = tmp_path / "file.tle"
    path.write_bytes(text.encode("ascii"))
    return read_tle(path)


def test_checksum_published() -> None:
    """Source of truth: the ISS example of the format's description (CelesTrak), whose lines end in 7."""
    assert checksum("1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927") == 7
    assert checksum("2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537") == 7


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("title", "name"), [("ISS (ZARYA)", "ISS (ZARYA)"), ("0 ISS", "ISS"), ("ISS             ", "ISS"), ("", "25544")]
)
def test_names_and_line_ends(tmp_path: Path, end: str, title: str, name: str) -> None:
    """Source of truth: the format: an optional name line, which Space-Track marks with a 0; any line end."""
    lines = [title, ONE, TWO] if title else [ONE, TWO]
    sets, bad = _read(tmp_path, end.join(lines) + end)
    assert bad == []
    assert [s.name for s in sets] == [name]
    assert (sets[0].line1, sets[0].line2) == (ONE, TWO)
    assert sets[0].line_number == (2 if title else 1)


def test_epoch_against_the_calendar(tmp_path: Path) -> None:
    """Source of truth: day 79.51782528 of 2026 is 20 March; years 57 to 99 are 1957 to 1999."""
    old = _sum(ONE[:18] + "57001.00000000" + ONE[32:])
    sets, _ = _read(tmp_path, "\n".join((ONE, TWO, old, TWO)))
    expected = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(days=0.51782528)
    assert abs((sets[0].epoch - expected).total_seconds()) < 2e-6
    assert sets[1].epoch == datetime(1957, 1, 1, tzinfo=UTC)


def test_comments_and_blank_lines_are_skipped(tmp_path: Path) -> None:
    """Source of truth: common practice: lines with # and empty lines carry nothing."""
    sets, bad = _read(tmp_path, f"# made today\n\nA\n{ONE}\n{TWO}\n\nB\n{ONE}\n{TWO}\n")
    assert ([s.name for s in sets], bad) == (["A", "B"], [])


def test_alpha_5_numbers_are_allowed(tmp_path: Path) -> None:
    """Source of truth: Space-Track's alpha-5 scheme: A0001 is 100001; the sgp4 package reads the same number."""
    one, two = _sum(ONE[:2] + "A0001" + ONE[7:]), _sum(TWO[:2] + "A0001" + TWO[7:])
    sets, bad = _read(tmp_path, f"{one}\n{two}\n")
    assert bad == []
    assert satellites(sets)[0].satnum == 100001


def _digit(line: str, column: int) -> str:
    return line[:column] + str((int(line[column]) + 1) % 10) + line[column + 1 :]


@pytest.mark.parametrize(
    ("lines", "line", "column", "said"),
    [
        (("A", _digit(ONE, 20), TWO), 2, 69, "checksum"),
        (("A", ONE, _digit(TWO, 10)), 3, 69, "checksum"),
        (("A", ONE[:-1] + "x", TWO), 2, 69, "checksum"),
        (("A", ONE[:-2], TWO), 2, 68, "67 columns"),
        (("A", ONE, TWO[:-5]), 3, 65, "64 columns"),
        (("A", ONE + "4", TWO), 2, 71, "70 columns"),
        (("A", ONE), 3, 1, "not followed by its line 2"),
        (("A", ONE, "B", ONE, TWO), 3, 1, "not followed by its line 2"),
        (("A", TWO), 2, 1, "without a line 1"),
        (("A", ONE, _sum(TWO[:2] + "25545" + TWO[7:])), 3, 3, "25545 differs from 25544"),
        (("A", _sum(ONE[:18] + "26x79.51782528" + ONE[32:]), TWO), 2, 19, "epoch"),
        (("A", ONE, _sum(TWO[:8] + "51,6416 " + TWO[16:])), 3, 9, "inclination"),
        (("A", ONE, _sum(TWO[:52] + " 0.00000000" + TWO[63:])), 3, 53, "not above zero"),
    ],
)
def test_every_bad_line_has_a_place(tmp_path: Path, lines: tuple[str, ...], line: int, column: int, said: str) -> None:
    """Source of truth: the column table of the format (CelesTrak, NORAD documentation), line and column from 1."""
    sets, bad = _read(tmp_path, "\n".join(lines) + "\n")
    assert [(b.line, b.column) for b in bad] == [(line, column)]
    assert said in bad[0].message
    assert len(sets) == (1 if lines[-2:] == (ONE, TWO) and len(lines) > 3 else 0)


def test_all_bad_lines_are_told_at_once(tmp_path: Path) -> None:
    """Source of truth: three spoiled sets among five give three problems and leave two sets."""
    text = "\n".join((ONE, TWO, _digit(ONE, 20), TWO, ONE, _digit(TWO, 9), ONE, TWO, _digit(ONE, 21), TWO))
    sets, bad = _read(tmp_path, text)
    assert (len(sets), [b.line for b in bad]) == (2, [3, 6, 9])


def test_a_title_of_any_shape_is_no_element_line(tmp_path: Path) -> None:
    """Source of truth: a name may begin with '1 ' or '2 '; only 69 columns make a line of elements."""
    sets, bad = _read(tmp_path, f"2 GUYS IN SPACE\n{ONE}\n{TWO}\n")
    assert ([s.name for s in sets], bad) == (["2 GUYS IN SPACE"], [])


def test_a_real_catalogue() -> None:
    """Source of truth: the catalogue's own description: 4,672 sets with CRLF ends, epochs of day 244 of 2023; its
    numbers again through the sgp4 package."""
    if not STARLINK.is_file():
        pytest.skip("shared data not present")
    sets, bad = read_tle(STARLINK)
    assert (len(sets), bad) == (4672, [])
    assert sets[0].name == "STARLINK-1007"
    raw = STARLINK.read_bytes().split(b"\r\n")
    assert sets[-1].line2.encode() in raw
    records = satellites(sets[:50])
    for s, record in zip(sets, records, strict=False):
        assert record.satnum == int(s.line1[2:7])
        day = datetime(2000 + record.epochyr, 1, 1, tzinfo=UTC) + timedelta(days=record.epochdays - 1.0)
        assert abs((s.epoch - day).total_seconds()) < 1e-3
