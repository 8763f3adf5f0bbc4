"""Readers of catalogues on damaged files: they never fail, and every error is one line with a location in the file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mutations import WORDS, mutated

from orbit.catalog import read_oem, read_omm, read_tle
from sim.config.errors import InputError
from sim.config.scenario import load

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
META = {
    "OBJECT_NAME": "A", "CENTER_NAME": "EARTH", "REF_FRAME": "TEME", "TIME_SYSTEM": "UTC", "START_TIME": "2026-03-20T12:00:00",
    "STOP_TIME": "2026-03-20T12:05:00",
}  # fmt: skip
TIMES = [f"2026-03-20T12:0{k}:00" for k in range(6)]
STATES = [{"EPOCH": t, "X": 6928.0, "Y": 450 * k, "Z": 0, "X_DOT": 0, "Y_DOT": 7.5, "Z_DOT": 0.1} for k, t in enumerate(TIMES)]


def _elements(fields: dict[str, Any]) -> str:
    return "".join(f"<{k}>{v}</{k}>\n" for k, v in fields.items())


Reader = Callable[[Path], tuple[list[Any], list[Any]]]
FILES: dict[str, tuple[str, Reader, str]] = {
    "tle": ("tle", read_tle, TLE),
    "json": ("omm", read_omm, json.dumps([OMM, OMM], indent=1)),
    "csv": ("omm", read_omm, ",".join(OMM) + "\n" + 2 * (",".join(map(str, OMM.values())) + "\n")),
    "omm-kvn": ("omm", read_omm, 2 * ("CCSDS_OMM_VERS = 2.0\n" + "".join(f"{k} = {v}\n" for k, v in OMM.items()))),
    "omm-xml": ("omm", read_omm, f"<ndm><omm><body><segment>\n{_elements(OMM)}</segment></body></omm></ndm>"),
    "oem-kvn": ("oem", read_oem, "CCSDS_OEM_VERS = 2.0\nMETA_START\n" + "".join(f"{k} = {v}\n" for k, v in META.items()) + "META_STOP\n"
                + "".join(" ".join(map(str, s.values())) + "\n" for s in STATES)),
    "oem-xml": ("oem", read_oem, f"<oem><body><segment><metadata>\n{_elements(META)}</metadata><data>"
                + "".join(f"<stateVector>{_elements(s)}</stateVector>" for s in STATES) + "</data></segment></body></oem>"),
}  # fmt: skip
MORE = (b"META_START\n", b"META_STOP\n", b"<segment>", b"CCSDS_OMM_VERS = 2.0\n", *WORDS)
COUNT = 300  # damaged files of each form
LOADED = 72  # of them, loaded as a scenario
SCENARIO = "name: s\nepoch: 2026-03-20T12:00:00Z\nduration: 5 min\nsatellite: suncatcher\nconstellation: {{kind: {0}, {0}: file}}\n"


@pytest.mark.parametrize("form", FILES)
def test_as_they_are(tmp_path: Path, form: str) -> None:
    """The files that are damaged below are valid, as scenarios too."""
    kind, read, text = FILES[form]
    (tmp_path / "file").write_text(text, encoding="utf-8")
    sets, bad = read(tmp_path / "file")
    assert (bool(sets), bad) == (True, [])
    (tmp_path / "s.yaml").write_text(SCENARIO.format(kind))
    assert load(tmp_path / "s.yaml").satellites >= 1


@pytest.mark.parametrize("form", FILES)
def test_damaged_files(tmp_path: Path, form: str) -> None:
    """Source of truth: the contract of readers: sets, or errors of one printable line with a location; 300 files of each form."""
    _, read, text = FILES[form]
    path = tmp_path / "file"
    for number in range(COUNT):
        data = mutated(text.encode(), form, number, MORE)
        path.write_bytes(data)
        _, bad = read(path)
        ends = data.count(b"\n") + data.count(b"\r")
        for b in bad:
            assert 1 <= b.line <= ends + 2, (number, b)  # a line 2 may be missing after the end
            assert 1 <= b.first <= ends + 2, (number, b)
            assert b.column >= 1, (number, b)
            assert b.message.isprintable(), (number, b)
            assert len(b.message) < 400, (number, b)
            assert ";" in b.message, (number, b)
            assert "None" not in b.message, (number, b)


@pytest.mark.parametrize("form", FILES)
def test_damaged_files_of_a_scenario(tmp_path: Path, form: str) -> None:
    """Source of truth: the contract of bad input: a scenario is loaded, or refused with problems that say what to write; so with
    `skip_bad`."""
    kind, _, text = FILES[form]
    (tmp_path / "s.yaml").write_text(SCENARIO.format(kind))
    for number in range(LOADED):
        (tmp_path / "file").write_bytes(mutated(text.encode(), form, number, MORE))
        try:
            assert load(tmp_path / "s.yaml", skip_bad=number % 2 == 1).satellites >= 1
        except InputError as error:
            lines = [str(p) for p in error.problems]
            assert all("\n" not in line and ": " in line and ";" in line for line in lines), (number, lines)


@pytest.mark.parametrize("kind", ["tle", "omm", "oem"])
@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/proc/self/maps", "/proc/kmsg", "/sys/kernel/uevent_seqnum", "pipe", "folder"])
def test_paths_that_are_no_files(tmp_path: Path, kind: str, path: str) -> None:
    """Source of truth: the system: only a regular file has an end; nothing is read of the others, so nothing waits."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "s.yaml").write_text(SCENARIO.format(kind))
    with pytest.raises(InputError) as error:
        load(tmp_path / "s.yaml", sets=(f"constellation.{kind}={tmp_path / path}",))
    (problem,) = error.value.problems
    why = "Is a directory" if path == "folder" else "not a regular file"
    assert f"constellation.{kind}: {(tmp_path / path).resolve()} cannot be read ({why}); write the path of a file in {kind.upper()}" in str(problem)
