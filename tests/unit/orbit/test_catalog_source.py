"""What a catalogue's file may be: regular, of limited size, text; what it is said to be where it is no catalogue."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orbit.catalog import BadLine, read_oem, read_omm, read_tle, source
from orbit.catalog.ndm import Locations
from orbit.catalog.source import MAX_DEPTH, MAX_FIELDS, MAX_FILE_BYTES, MAX_VALUE_CHARACTERS, read_regular

ONE = "1 90001U 26001A   26330.50000000  .00000000  00000+0  00000+0 0  9996"
TWO = "2 90001  53.0000  10.0000 0001000  90.0000  20.0000 15.06000000    16"
OMM = {
    "OBJECT_NAME": "SAT A", "NORAD_CAT_ID": 90001, "EPOCH": "2026-11-26T12:00:00", "MEAN_MOTION": 15.06, "ECCENTRICITY": 0.0001,
    "INCLINATION": 53.0, "RA_OF_ASC_NODE": 10.0, "ARG_OF_PERICENTER": 90.0, "MEAN_ANOMALY": 20.0, "BSTAR": 0.0,
}  # fmt: skip
READERS: dict[str, Callable[[Path], tuple[list[Any], list[BadLine]]]] = {"tle": read_tle, "omm": read_omm, "oem": read_oem}
PAGE = b"<!DOCTYPE html>\n<html><head><title>403\n &amp; Forbidden</title></head><body>No.</body></html>"


def _read(folder: Path, kind: str, data: bytes) -> tuple[list[Any], list[BadLine]]:
    path = folder / "file"
    path.write_bytes(data)
    return READERS[kind](path)


# --- what it is instead ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (PAGE, "is a web page ('403 & Forbidden'), not a catalogue; download the file again"),
        (PAGE.split(b"\n", 1)[1], "is a web page ('403 & Forbidden')"),
        (b"\n <html><center><h1>504 Gateway Time-out</h1></center></html>", "is a web page ('504 Gateway Time-out')"),
        (b"<HTML></HTML>", "is a web page (without a title)"),
        (b'{"error":"You must be logged in"}', "is an error answer of a server ('You must be logged in'), not a catalogue"),
        (b'{"status": 429, "detail": ""}', "is an error answer of a server ('429')"),
        (gzip.compress(ONE.encode(), mtime=0), "is compressed (gzip); unpack it first"),
        (b"PK\x03\x04xyz", "is compressed (zip)"),
        (f"{ONE}\n{TWO}\n".encode("utf-16-le"), "is not text in UTF-8 (it has null bytes); write the file in UTF-8"),
        (f"{ONE}\n{TWO}\n".encode("utf-16")[:-1], "is not text in UTF-16; write the file in UTF-8"),
    ],
)  # fmt: skip
def test_files_that_are_something_else(tmp_path: Path, kind: str, data: bytes, said: str) -> None:
    """Source of truth: what servers and editors write instead of a catalogue, read by hand; the file is not read on."""
    sets, (bad,) = _read(tmp_path, kind, data)
    assert said in bad.message
    assert (sets, bad.line, bad.column, bad.whole) == ([], 1, 1, True)


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("omm", b"OBJECT_NAME;EPOCH;MEAN_MOTION\nA;B;1\n", "is CSV with semicolons; write commas between the columns"),
        ("omm", b"OBJECT_NAME\tEPOCH\n", "is CSV with tabs; write commas"),
        ("omm", b"No GP data found", "(it begins with 'No GP data found'); write the path of one"),
        ("oem", b"No data\nat all", "is no OEM in key = value or XML (it begins with 'No data at all')"),
        ("omm", f"{ONE}\n{TWO}\n".encode(), "holds two-line elements, no OMM; write kind: tle"),
    ],
)
def test_other_forms(tmp_path: Path, kind: str, data: bytes, said: str) -> None:
    sets, (bad,) = _read(tmp_path, kind, data)
    assert said in bad.message
    assert (sets, bad.whole) == ([], True)


# --- text --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, end: str) -> None:
    """Source of truth: the same text in UTF-8: the same sets, and the same line of an error."""
    lines = ["SAT Ö", ONE, TWO, "B", ONE, TWO[:-1] + "0"]
    sets, (bad,) = _read(tmp_path, "tle", end.join(lines).encode(encoding))
    assert [(s.name, s.line1, s.line2, s.line_number) for s in sets] == [("SAT Ö", ONE, TWO, 2)]
    assert (bad.line, bad.column) == (6, 69)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="UTF-16"?>'])
def test_encoding_of_xml(tmp_path: Path, encoding: str, declared: str) -> None:
    """Source of truth: the same message in UTF-8; a declaration of UTF-16 goes with a file in UTF-16."""
    text = "<omm><segment>" + "".join(f"<{k}>{v}</{k}>" for k, v in {**OMM, "OBJECT_NAME": "SAT Ö"}.items()) + "</segment></omm>"
    ((one,), bad) = _read(tmp_path, "omm", (declared + text).encode(encoding))
    assert (one.name, bad) == ("SAT Ö", [])


@pytest.mark.parametrize("end", ["\x1a", "\x1a\x1a", "\r\n\x1a\r\n"])
def test_end_of_file_of_dos(tmp_path: Path, end: str) -> None:
    """Source of truth: DOS: the control character 26 ends a text and is none of its lines."""
    sets, bad = _read(tmp_path, "tle", f"A\n{ONE}\n{TWO}\n{end}".encode())
    assert (len(sets), bad) == (1, [])


# --- what a table with gaps writes -------------------------------------------------------------------------------------


def _forms(fields: dict[str, Any]) -> dict[str, str]:
    written = {k: "" if v is None else v for k, v in fields.items()}
    return {
        "json": json.dumps([fields]), "csv": ",".join(written) + "\n" + ",".join(map(str, written.values())) + "\n",
        "kvn": "CCSDS_OMM_VERS = 2.0\n" + "".join(f"{k} = {v}\n" for k, v in written.items()),
        "xml": "<omm><segment>" + "".join(f"<{k}>{v}</{k}>" for k, v in written.items()) + "</segment></omm>",
    }  # fmt: skip


EXTRA = {"OBJECT_ID": "2026-001A", "EPHEMERIS_TYPE": 0, "REF_FRAME": "TEME", "MEAN_MOTION_DOT": 1e-6, "MEAN_MOTION_DDOT": 0}


@pytest.mark.parametrize("form", ["json", "csv", "kvn", "xml"])
@pytest.mark.parametrize("name", ["NORAD_CAT_ID", "OBJECT_NAME", *EXTRA])
@pytest.mark.parametrize("empty", [None, " "])
def test_a_key_without_a_value(tmp_path: Path, form: str, name: str, empty: Any) -> None:
    """Source of truth: the same file without the key."""
    fields = {**OMM, **EXTRA}
    ((absent,), _) = _read(tmp_path, "omm", _forms({k: v for k, v in fields.items() if k != name})[form].encode())
    ((one,), bad) = _read(tmp_path, "omm", _forms({**fields, name: empty})[form].encode())
    assert (one, bad) == (absent, [])


@pytest.mark.parametrize("form", ["json", "csv", "kvn", "xml"])
@pytest.mark.parametrize("name", ["EPOCH", "MEAN_MOTION", "BSTAR"])
def test_a_needed_key_without_a_value(tmp_path: Path, form: str, name: str) -> None:
    sets, (bad,) = _read(tmp_path, "omm", _forms({**OMM, name: None})[form].encode())
    assert sets == []
    assert bad.message.startswith(f"{name} is missing; write ")


@pytest.mark.parametrize(("given", "number"), [("90001.0", 90001), (90001.0, 90001), ("90001.", 90001), ("00005", 5), (0, 0)])
def test_whole_numbers_as_tables_write_them(tmp_path: Path, given: Any, number: int) -> None:
    """Source of truth: a column of numbers with gaps is one of floats; the number is the same."""
    for text in _forms({**OMM, "NORAD_CAT_ID": given, "EPHEMERIS_TYPE": "0.0"}).values():
        ((one,), bad) = _read(tmp_path, "omm", text.encode())
        assert (one.satellite_number, bad) == (number, [])


@pytest.mark.parametrize("given", ["90001.5", "A0001", "-5", True, [1], "1e5"])
def test_numbers_that_are_none(tmp_path: Path, given: Any) -> None:
    sets, (bad,) = _read(tmp_path, "omm", _forms({**OMM, "NORAD_CAT_ID": given})["json"].encode())
    assert sets == []
    assert "is no satellite number; write one from 0 to 999999999" in bad.message


def test_lines_without_checksum(tmp_path: Path) -> None:
    """Source of truth: the set with its checksum: the same numbers; 67 columns are cut short."""
    (whole,), _ = _read(tmp_path, "tle", f"{ONE}\n{TWO}\n".encode())
    (one,), bad = _read(tmp_path, "tle", f"{ONE[:68]}\n{TWO[:68]}\n".encode())
    assert bad == []
    numbers = [x for x in whole.__slots__ if not x.startswith("line")]
    assert [getattr(one, x) for x in numbers] == [getattr(whole, x) for x in numbers]
    assert (one.line1, one.line2) == (ONE[:68], TWO[:68])
    sets, (bad_line,) = _read(tmp_path, "tle", f"{ONE[:67]}\n{TWO[:68]}\n".encode())
    assert sets == []
    assert "line 1 has 67 columns" in bad_line.message


# --- bounds ------------------------------------------------------------------------------------------------------------


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    """Source of truth: the bound; a file with a hole is as large as it says, and is refused unread."""
    path = tmp_path / "large"
    with path.open("wb") as stream:
        stream.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(OSError, match=f"larger than {MAX_FILE_BYTES >> 20} MiB"):
        read_regular(path)


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("omm", b"[" * 100_000, "nested too deeply"),
        ("omm", b'{"a":' * 100_000, "nested too deeply"),
        ("omm", b'[{"EPOCH": "' + b"x" * MAX_VALUE_CHARACTERS + b'"}]', "within 65,536 characters"),
        ("omm", b"[{" + b",".join(b'"%d":1' % k for k in range(MAX_FIELDS + 1)) + b"}]", "more than 1,000 fields"),
        ("omm", b"CCSDS_OMM_VERS = 2.0\n" + b"A = 1\n" * MAX_FIELDS, "more than 1,000 fields"),
        ("omm", b"EPOCH" + b",A" * MAX_FIELDS, "more than 1,000 fields"),
        ("omm", b"EPOCH," + b"A" * MAX_VALUE_CHARACTERS, "a line of more than 65,536 characters"),
        ("omm", b"<a>" * 100_000, f"elements {MAX_DEPTH} deep; write the elements of an omm"),
        ("oem", b"<a>" * 100_000, f"elements {MAX_DEPTH} deep; write the elements of an oem"),
        ("omm", b"<omm><segment><A>" + b"x" * 10 * MAX_VALUE_CHARACTERS + b"</A>", "a value of more than 65,536 characters"),
        ("oem", b"CCSDS_OEM_VERS = 2.0\nMETA_START\nMETA_STOP\n" + b"1 " * MAX_VALUE_CHARACTERS, "a line of more than 65,536 characters"),
    ],
)  # fmt: skip
def test_sizes_of_parts(tmp_path: Path, kind: str, data: bytes, said: str) -> None:
    """Source of truth: the bounds; the reader takes no more than some copies of the file, 5 MB here."""
    (tmp_path / "file").write_bytes(data)
    tracemalloc.start()
    sets, bad = READERS[kind](tmp_path / "file")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert said in bad[-1].message
    assert (sets, bad[-1].whole, most < 5e6) == ([], True, True)


@pytest.mark.parametrize(
    ("kind", "data"), [
        ("tle", (ONE[:-1] + "0\n" + TWO + "\n").encode() * 30), ("tle", b"A\n" * 30), ("omm", b"EPOCH,A\n" + b"1\n" * 30),
        ("omm", b"[" + b"{}," * 30 + b"{}]"), ("oem", b"x\n" * 5 + b"CCSDS_OEM_VERS = 2.0\n" + b"x\n" * 30),
    ],
)  # fmt: skip
def test_a_file_of_errors_is_not_read_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, data: bytes) -> None:
    """Source of truth: the bound, lowered to ten errors: one error more says so and ends the file."""
    for module in ("tle", "omm", "oem"):
        monkeypatch.setattr(f"orbit.catalog.{module}.MAX_BAD", 10)
    assert source.MAX_BAD == 100_000
    sets, bad = _read(tmp_path, kind, data)
    (last,) = [b for b in bad if b.whole]
    assert sets == []
    assert "has more than 10 errors up to here; write the path of a" in last.message
    assert len(bad) < 30


@pytest.mark.parametrize("as_text", [False, True])
def test_locations_in_any_order(as_text: bool) -> None:
    """Source of truth: counting line feeds from the beginning, each time anew."""
    data = b"ab\n\ncde\r\n\n\nf" + b"x" * 50 + b"\ng"
    found = Locations(data.decode() if as_text else data)
    for offset in (0, 5, 2, 2, 3, 4, 11, 60, 30, len(data) - 1, 0, 9, 8, 7, 64, 63, 1):
        before = data[:offset]
        assert found(offset) == (before.count(b"\n") + 1, offset - before.rfind(b"\n")), offset
