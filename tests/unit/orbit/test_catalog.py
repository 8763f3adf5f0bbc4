"""Reading two-line elements."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sgp4.alpha5 import from_alpha5, to_alpha5
from sgp4.api import WGS72, Satrec
from sgp4.exporter import export_tle

from orbit.catalog import BadLine, ElementSet, checksum, elements, parse_tle, read_tle, satellites

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


def _put(line: str, column: int, text: str) -> str:
    """A line with other text from a column (from 1) on, and its checksum restored."""
    return _sum(line[: column - 1] + text + line[column - 1 + len(text) :])


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
        (("A", _put(ONE, 3, "I0001"), TWO), 2, 3, "'I0001' is out of form"),
        (("A", _put(ONE, 3, "O0001"), TWO), 2, 3, "'O0001' is out of form"),
        (("A", _put(ONE, 8, "u"), TWO), 2, 8, "classification"),
        (("A", _put(ONE, 9, "x"), TWO), 2, 9, "must be blank"),
        (("A", _put(ONE, 21, "400.51782528"), TWO), 2, 21, "day 400.51782528 is not in 2026, which"[:24]),
        (("A", _put(ONE, 21, "366.51782528"), TWO), 2, 21, "write one from 1 to 365"),
        (("A", _put(ONE, 21, "000.51782528"), TWO), 2, 21, "is not in 2026"),
        (("A", _put(ONE, 21, "0 9.51782528"), TWO), 2, 19, "epoch '260 9.51782528'"),
        (("A", _put(ONE, 34, "-0.0002182"), TWO), 2, 34, "derivative of the mean motion"),
        (("A", _put(ONE, 45, " 00000 0"[:6] + "--"), TWO), 2, 45, "second derivative"),
        (("A", _put(ONE, 54, "1.1606-4"), TWO), 2, 54, "drag term"),
        (("A", _put(ONE, 62, "x"), TWO), 2, 62, "must be blank"),
        (("A", _put(ONE, 63, "4"), TWO), 2, 63, "ephemeris type"),
        (("A", _put(ONE, 65, "x"), TWO), 2, 65, "element number"),
        (("A", ONE, _put(TWO, 8, "0")), 3, 8, "must be blank"),
        (("A", ONE, _put(TWO, 9, "180.0001")), 3, 9, "write one from 0 to 180"),
        (("A", ONE, _put(TWO, 9, " -1.0000")), 3, 9, "inclination"),
        (("A", ONE, _put(TWO, 18, "360.0001")), 3, 18, "write one from 0 to 360"),
        (("A", ONE, _put(TWO, 35, "360.0001")), 3, 35, "write one from 0 to 360"),
        (("A", ONE, _put(TWO, 44, "999.9999")), 3, 44, "write one from 0 to 360"),
        (("A", ONE, _put(TWO, 27, " 006703")), 3, 27, "eccentricity"),
        (("A", ONE, _put(TWO, 27, "5000000")), 3, 27, "perigee -3013 km is below the surface"),
        (("A", ONE, _put(TWO, 53, "17.50000000")), 3, 27, "below the surface"),
        (("A", ONE, _put(TWO, 53, "1x.50000000")), 3, 53, "mean motion"),
        (("A", ONE, _put(TWO, 64, "x")), 3, 64, "revolution number"),
        (("A", " " + ONE, TWO), 2, 1, "out of their columns"),
        (("A", "B", ONE, TWO), 1, 1, "'A' is followed by no elements"),
        ((ONE, TWO, "A"), 3, 1, "'A' is followed by no elements"),
    ],
)
def test_every_bad_line_has_a_place(tmp_path: Path, lines: tuple[str, ...], line: int, column: int, said: str) -> None:
    """Source of truth: the column table of the format (CelesTrak, NORAD documentation), line and column from 1."""
    sets, bad = _read(tmp_path, "\n".join(lines) + "\n")
    reported = [b for b in bad if "without a line 1" not in b.message] if lines[1].startswith(" ") else bad
    assert [(b.line, b.column) for b in reported] == [(line, column)]
    assert said in reported[0].message
    assert len(sets) == sum(lines[k : k + 2] == (ONE, TWO) for k in range(len(lines)))


def test_all_bad_lines_are_told_at_once(tmp_path: Path) -> None:
    """Source of truth: three spoiled sets among five give three problems and leave two sets."""
    text = "\n".join((ONE, TWO, _digit(ONE, 20), TWO, ONE, _digit(TWO, 9), ONE, TWO, _digit(ONE, 21), TWO))
    sets, bad = _read(tmp_path, text)
    assert (len(sets), [b.line for b in bad]) == (2, [3, 6, 9])


def test_a_title_of_any_shape_is_no_element_line(tmp_path: Path) -> None:
    """Source of truth: a name may begin with '1 ' or '2 '; only 69 columns make a line of elements."""
    sets, bad = _read(tmp_path, f"2 GUYS IN SPACE\n{ONE}\n{TWO}\n")
    assert ([s.name for s in sets], bad) == (["2 GUYS IN SPACE"], [])


def test_lines_that_are_no_ascii(tmp_path: Path) -> None:
    """Source of truth: the format is ASCII; a name may be any text in UTF-8, and says so where it is none."""
    path = tmp_path / "file.tle"
    path.write_bytes(f"Ōsumi\n{ONE}\n{TWO}\n".encode())
    assert [s.name for s in read_tle(path)[0]] == ["Ōsumi"]
    path.write_bytes(f"A\n{ONE.replace('98067A', '98067é')}\n{TWO}\n".encode())
    (bad,) = read_tle(path)[1]
    assert (bad.line, bad.column) == (2, 15)
    assert "'é'" in bad.message
    path.write_bytes(b"CAF\xc9\n" + f"{ONE}\n{TWO}\n".encode())
    (bad,) = read_tle(path)[1]
    assert (bad.line, bad.column, bad.first) == (1, 1, 2)
    path.write_bytes(b"\xef\xbb\xbf" + f"{ONE}\n{TWO}\n".encode())  # a byte order mark is no character
    assert read_tle(path)[1] == []


def test_lines_apart_and_other_ends(tmp_path: Path) -> None:
    """Source of truth: blank lines and comments carry nothing, wherever they stand; line numbers count them."""
    sets, bad = _read(tmp_path, f"A\r\n\r\n{ONE}\r\n# made today\r\n\r\n{TWO}\r\n")
    assert ([s.name for s in sets], bad, sets[0].line_number) == (["A"], [], 3)


def test_a_bad_set_is_known_by_its_first_line(tmp_path: Path) -> None:
    """Source of truth: counting: both lines of a set are bad, and it is one set."""
    _, bad = _read(tmp_path, "\n".join(("A", _digit(ONE, 20), _digit(TWO, 10), ONE, TWO)))
    assert [(b.line, b.first) for b in bad] == [(2, 2), (3, 2)]


def test_alpha_5_as_the_sgp4_package_has_it() -> None:
    """Source of truth: `sgp4.alpha5`, at both ends of every letter."""
    for letter in "ABCDEFGHJKLMNPQRSTUVWXYZ":
        for number in ("0000", "9999"):
            text = letter + number
            one, two = _put(ONE, 3, text), _put(TWO, 3, text)
            found = parse_tle(one, two).satellite_number
            assert found == from_alpha5(text)
            assert to_alpha5(found) == text


FIELDS = {
    "satnum": "satellite_number", "no_kozai": "mean_motion_rad_min", "ecco": "eccentricity", "inclo": "inclination_rad",
    "nodeo": "node_rad", "argpo": "perigee_argument_rad", "mo": "mean_anomaly_rad", "bstar": "drag_term_per_er",
    "ndot": "mean_motion_dot_rad_min2", "nddot": "mean_motion_ddot_rad_min3", "jdsatepoch": "epoch_jd", "jdsatepochF": "epoch_fr",
}  # fmt: skip


def _differ(one: ElementSet, theirs: Any) -> list[str]:
    """Fields that are not the same bits as those of a `Satrec`."""
    return [mine for other, mine in FIELDS.items() if getattr(theirs, other) != getattr(one, mine)]


def test_numbers_of_the_verification_file() -> None:
    """Source of truth: `Satrec.twoline2rv` of the sgp4 package for the 33 sets of SGP4-VER.TLE, blanks, trailing words and
    broken checksums included: the same bits."""
    reported = (resources.files("sgp4") / "SGP4-VER.TLE").read_text("ascii").splitlines()
    lines = [line for line in reported if line.startswith(("1 ", "2 "))]
    pairs = list(zip(lines[::2], lines[1::2], strict=True))
    assert len(pairs) == 33
    assert [_differ(parse_tle(*pair), Satrec.twoline2rv(*pair, WGS72)) for pair in pairs] == [[]] * 33


def _made_up(n: int) -> list[tuple[str, str]]:
    """Lines of satellites anywhere between low and geosynchronous orbits, by the exporter of the sgp4 package."""
    dice = random.Random(5)
    lines = []
    for k in range(n):
        satellite = Satrec()
        satellite.sgp4init(
            WGS72, "i", dice.randrange(100_000), dice.uniform(2600.0, 38000.0), dice.uniform(-0.9, 0.9) * 10.0 ** -dice.randrange(9),
            dice.uniform(-1e-8, 1e-8), dice.uniform(0.5e-15, 1e-15), dice.uniform(0.0, 0.02), dice.uniform(0.0, 6.28),
            dice.uniform(0.0, 3.14), dice.uniform(0.0, 6.28), dice.uniform(1.0, 15.5) * 2.0 * math.pi / 1440.0, dice.uniform(0.0, 6.28),
        )  # fmt: skip
        satellite.elnum, satellite.revnum = k, 3 * k
        number = to_alpha5(dice.randrange(340_000))  # sgp4init writes O for P
        one, two = export_tle(satellite)
        lines.append((_put(one, 3, number), _put(two, 3, number)))
    return lines


def test_numbers_of_made_up_lines(tmp_path: Path) -> None:
    """Source of truth: the exporter and the reader of the sgp4 package: 500 sets, alpha-5 numbers among them, are read without
    a complaint, to the same bits; epochs from 1957 to 2054."""
    pairs = _made_up(500)
    sets, bad = _read(tmp_path, "\n".join(line for pair in pairs for line in pair))
    assert bad == []
    assert [_differ(s, Satrec.twoline2rv(*pair, WGS72)) for s, pair in zip(sets, pairs, strict=True)] == [[]] * 500
    table = elements(sets)
    assert table.count == 500
    for k in (0, 250, 499):
        one = sets[k]
        row = [table.epoch_jd, table.epoch_fr, table.mean_motion_rad_min, table.eccentricity, table.inclination_rad,
               table.node_rad, table.perigee_argument_rad, table.mean_anomaly_rad, table.drag_term_per_er]  # fmt: skip
        assert [column[k] for column in row] == [
            one.epoch_jd, one.epoch_fr, one.mean_motion_rad_min, one.eccentricity, one.inclination_rad, one.node_rad,
            one.perigee_argument_rad, one.mean_anomaly_rad, one.drag_term_per_er,
        ]  # fmt: skip
    assert table.subset(np.array([3, 1])).epoch_fr.tolist() == [sets[3].epoch_fr, sets[1].epoch_fr]


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
    records = satellites(sets)
    assert [_differ(s, record) for s, record in zip(sets, records, strict=True)] == [[]] * 4672
    for s, record in zip(sets, records, strict=False):
        day = datetime(2000 + record.epochyr, 1, 1, tzinfo=UTC) + timedelta(days=record.epochdays - 1.0)
        assert abs((s.epoch - day).total_seconds()) < 1e-3
