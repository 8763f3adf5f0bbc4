"""Readers of catalogues on spoilt files: they never break, and every complaint is one line with a place in the file."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orbit.catalog import read_oem, read_omm, read_tle

TLE = """\
# made up
A
1 25544U 98067A   26079.51782528 -.00002182  00000-0 -11606-4 0  2921
2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537
1 A0001U 26001A   26079.51782528  .00000000  12345-6  11606-4 0  2927
2 A0001  97.6416 247.4627 0006703 130.5360 325.0288 14.72125391563537
"""
OMM = {
    "OBJECT_NAME": "A", "EPOCH": "2026-03-20T12:25:40.104192", "MEAN_MOTION": 15.72, "ECCENTRICITY": 0.0006703, "INCLINATION": 51.6,
    "RA_OF_ASC_NODE": 247.4, "ARG_OF_PERICENTER": 130.5, "MEAN_ANOMALY": 325.0, "NORAD_CAT_ID": 25544, "BSTAR": -0.11606e-4,
}  # fmt: skip
STATES = "".join(f"2026-03-20T12:0{k}:00 6928.0 {450 * k} 0.0 0.0 7.5 0.1\n" for k in range(6))
OEM = f"""\
CCSDS_OEM_VERS = 2.0
META_START
OBJECT_NAME = A
CENTER_NAME = EARTH
REF_FRAME = TEME
TIME_SYSTEM = UTC
START_TIME = 2026-03-20T12:00:00
STOP_TIME = 2026-03-20T12:05:00
META_STOP
{STATES}"""
SEGMENT = "".join(f"<{k}>{v}</{k}>\n" for k, v in OMM.items())
NONSENSE = (
    b"\0", b"\xff", b"\n", b"\r", b"\x0c", b"\x85", b"<", b">", b"{", b"}", b"[", b"]", b",", b'"', b"&", b" ", b"\t", b"9", b"-", b"=",
    b"nan", b"1e999", b"1e-320", b"\xc3\xa9", b"<!DOCTYPE a>", b"META_START\n", b"META_STOP\n", b"99999999999999999999999",
    b"0000-01-01T00:00:00", b"9999-12-31T23:59:59.9", b"2026-366T00:00:00",
)  # fmt: skip
Reader = Callable[[Path], tuple[list[Any], list[Any]]]
FILES: dict[str, tuple[Reader, str]] = {
    "tle": (read_tle, TLE),
    "json": (read_omm, json.dumps([OMM, OMM], indent=1)),
    "csv": (read_omm, ",".join(OMM) + "\n" + 2 * (",".join(map(str, OMM.values())) + "\n")),
    "omm-kvn": (read_omm, 2 * ("CCSDS_OMM_VERS = 2.0\n" + "".join(f"{k} = {v}\n" for k, v in OMM.items()))),
    "omm-xml": (read_omm, f"<ndm><omm><body><segment>\n{SEGMENT}</segment></body></omm></ndm>"),
    "oem": (read_oem, OEM),
}


@pytest.mark.parametrize("form", FILES)
def test_as_they_are(tmp_path: Path, form: str) -> None:
    """The files that are spoilt below are sound."""
    read, text = FILES[form]
    (tmp_path / "file").write_text(text, encoding="utf-8")
    sets, bad = read(tmp_path / "file")
    assert (bool(sets), bad) == (True, [])


@pytest.mark.parametrize("form", FILES)
def test_spoilt_files(tmp_path: Path, form: str) -> None:
    """Source of truth: the contract of readers; 400 files with parts cut out, doubled, replaced by nonsense, the same each time."""
    read, text = FILES[form]
    dice = random.Random(form)
    path = tmp_path / "file"
    for _ in range(400):
        data = bytearray(text.encode())
        for _ in range(dice.randrange(1, 5)):
            at, other = dice.randrange(len(data)), dice.randrange(len(data))
            match dice.randrange(4):
                case 0:
                    del data[at : at + dice.randrange(1, 30)]
                case 1:
                    data[at:at] = dice.choice(NONSENSE)
                case 2:
                    data[at] = dice.randrange(256)
                case _:
                    data[at:at] = data[other : other + dice.randrange(80)]
            data = data or bytearray(b"x")
        path.write_bytes(bytes(data))
        _, bad = read(path)
        ends = data.count(b"\n") + data.count(b"\r")
        for b in bad:
            assert 1 <= b.line <= ends + 2, b  # a line 2 may be missing after the end
            assert 1 <= b.first <= ends + 2, b
            assert b.column >= 1, b
            assert b.message.isprintable(), b
            assert len(b.message) < 400, b
            assert ";" in b.message, b
