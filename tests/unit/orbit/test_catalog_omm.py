"""Reading orbit mean-elements messages."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sgp4 import omm
from sgp4.api import WGS72, Satrec
from sgp4.exporter import export_omm

from orbit.catalog import BadLine, ElementSet, parse_tle, read_omm, satellites

ONE = "1 25544U 98067A   26079.51782528 -.00002182  12345-6 -11606-4 0  2927"
TWO = "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537"
LINES = {
    "OBJECT_NAME": "ISS (ZARYA)", "OBJECT_ID": "1998-067A", "EPOCH": "2026-03-20T12:25:40.104192", "MEAN_MOTION": 15.72125391,
    "ECCENTRICITY": 0.0006703, "INCLINATION": 51.6416, "RA_OF_ASC_NODE": 247.4627, "ARG_OF_PERICENTER": 130.536,
    "MEAN_ANOMALY": 325.0288, "EPHEMERIS_TYPE": 0, "CLASSIFICATION_TYPE": "U", "NORAD_CAT_ID": 25544, "ELEMENT_SET_NO": 292,
    "REV_AT_EPOCH": 56353, "BSTAR": -0.11606e-4, "MEAN_MOTION_DOT": -0.00002182, "MEAN_MOTION_DDOT": 0.12345e-6,
}  # fmt: skip
META = {"CENTER_NAME": "EARTH", "REF_FRAME": "TEME", "TIME_SYSTEM": "UTC", "MEAN_ELEMENT_THEORY": "SGP4"}


def as_json(*sets: dict[str, Any]) -> str:
    return json.dumps(list(sets), indent=1)


def as_csv(*sets: dict[str, Any]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(sets[0]))
    writer.writeheader()
    writer.writerows(sets)
    return text.getvalue()


def as_kvn(*sets: dict[str, Any]) -> str:
    messages = ["\n".join(f"{key} = {value}" for key, value in one.items()) for one in sets]
    return "".join(f"CCSDS_OMM_VERS = 2.0\nCOMMENT made up\n{message}\n\n" for message in messages)


def as_xml(*sets: dict[str, Any]) -> str:
    """As the standard nests it: metadata, mean elements with units, TLE parameters."""
    elements = [*list(LINES)[2:9]]
    found = ['<?xml version="1.0" encoding="UTF-8"?>', "<ndm>"]
    for one in sets:
        groups: dict[str, list[str]] = {"metadata": [], "meanElements": [], "tleParameters": []}
        for key, value in one.items():
            where = (
                "metadata"
                if key in META or key.startswith("OBJECT")
                else "meanElements"
                if key in elements
                else "tleParameters"
            )
            unit = ' units="deg"' if key == "INCLINATION" else ""
            groups[where].append(f"<{key}{unit}>{value}</{key}>")
        metadata, mean, tle = ("\n".join(lines) for lines in groups.values())
        found += ['<omm id="CCSDS_OMM_VERS" version="2.0"><header/><body><segment>', f"<metadata>\n{metadata}\n</metadata>",
                  f"<data><meanElements>\n{mean}\n</meanElements>\n<tleParameters>\n{tle}\n</tleParameters></data>",
                  "</segment></body></omm>"]  # fmt: skip
    return "\n".join([*found, "</ndm>"])


FORMATS: dict[str, Callable[..., str]] = {"json": as_json, "csv": as_csv, "xml": as_xml, "kvn": as_kvn}


def _read(folder: Path, text: str | bytes) -> tuple[list[ElementSet], list[BadLine]]:
    path = folder / "file.of.any.name"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_omm(path)


NUMBERS = (
    "satellite_number", "epoch", "epoch_jd", "epoch_fr", "eccentricity", "inclination_rad", "node_rad", "perigee_argument_rad",
    "mean_anomaly_rad", "mean_motion_rad_min",
)  # fmt: skip
SMALL = ("drag_term_per_er", "mean_motion_dot_rad_min2", "mean_motion_ddot_rad_min3")


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_set_in_every_format(tmp_path: Path, form: str) -> None:
    """Source of truth: the two lines of the same set: the same bits, except where a power of ten is written in another way
    (1e-15, relative); the epoch of eight decimals is a whole number of microseconds."""
    sets, bad = _read(tmp_path, FORMATS[form]({**LINES, **META}, {**LINES, "OBJECT_NAME": "B", **META}))
    assert bad == []
    assert [s.name for s in sets] == ["ISS (ZARYA)", "B"]
    theirs = parse_tle(ONE, TWO)
    for mine in sets:
        assert [getattr(mine, name) for name in NUMBERS] == [getattr(theirs, name) for name in NUMBERS]
        for name in SMALL:
            assert getattr(mine, name) == pytest.approx(getattr(theirs, name), rel=1e-15)
    assert sets[1].line_number > sets[0].line_number


@pytest.mark.parametrize("name", ["sample_omm.json", "sample_omm.csv", "sample_omm.xml"])
def test_published_samples(tmp_path: Path, name: str) -> None:
    """Source of truth: `sgp4.omm`, the sgp4 package's own reader, for its own samples: after a day positions differ by what its
    epoch, one float of days, loses: half of 2^-37 days (0.3 us), 3 mm at 9.8 km/s; asked for 1 cm."""
    data = (resources.files("sgp4") / name).read_bytes()
    (mine,), bad = _read(tmp_path, data)
    assert bad == []
    if name.endswith("json"):
        fields = json.loads(data)[0]
    else:
        parse = omm.parse_csv if name.endswith("csv") else omm.parse_xml
        fields = next(iter(parse(io.StringIO(data.decode()))))
    theirs = Satrec()
    omm.initialize(theirs, fields)
    assert theirs.satnum == mine.satellite_number
    jd, fr = np.full(100, mine.epoch_jd), mine.epoch_fr + np.linspace(0.0, 1.0, 100)
    one, other = (satrec.sgp4_array(jd, fr)[1] for satrec in (satellites([mine])[0], theirs))
    assert np.abs(one - other).max() < 1e-5


@pytest.mark.parametrize("form", FORMATS)
def test_round_trip_by_the_exporter(tmp_path: Path, form: str) -> None:
    """Source of truth: `sgp4.exporter.export_omm`, an independent writer: 1e-14, relative, of degrees and revolutions, and the
    microsecond of its epoch."""
    made = []
    for k in range(20):
        satellite = Satrec()
        satellite.intldesg = "26001A"
        satellite.sgp4init(
            WGS72, "i", 339_999 - 16_000 * k, 28000.123456 + 0.7 * k, 1e-4 * k, 1e-9, 1e-15, 1e-3 * k, 0.3 * k, 0.15 * k, 0.2 * k,
            2.0 * math.pi * (15.5 - 0.7 * k) / 1440.0, 0.31 * k,
        )  # fmt: skip
        satellite.classification, satellite.elnum, satellite.revnum, satellite.ephtype = "U", k, k, 0
        satellite.intldesg = "26001A"
        made.append(satellite)
    sets, bad = _read(tmp_path, FORMATS[form](*(export_omm(s, f"MADE UP {k}") for k, s in enumerate(made))))
    assert bad == []
    assert len(sets) == 20
    for mine, theirs in zip(sets, made, strict=True):
        pairs = ((mine.mean_motion_rad_min, theirs.no_kozai), (mine.eccentricity, theirs.ecco), (mine.drag_term_per_er, theirs.bstar),
                 (mine.inclination_rad, theirs.inclo), (mine.node_rad, theirs.nodeo), (mine.mean_anomaly_rad, theirs.mo),
                 (mine.perigee_argument_rad, theirs.argpo), (mine.mean_motion_dot_rad_min2, theirs.ndot),
                 (mine.mean_motion_ddot_rad_min3, theirs.nddot))  # fmt: skip
        assert all(a == pytest.approx(b, rel=1e-14, abs=0.0) for a, b in pairs)
        assert mine.satellite_number == theirs.satnum
        apart_d = (mine.epoch_jd - theirs.jdsatepoch) + (mine.epoch_fr - theirs.jdsatepochF)
        assert abs(apart_d) * 86400.0 < 2e-6


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-20T12:25:40.104192", datetime(2026, 3, 20, 12, 25, 40, 104192, UTC)),
        ("2026-079T12:25:40.104192Z", datetime(2026, 3, 20, 12, 25, 40, 104192, UTC)),
        ("2028-366T23:59:59.9999996", datetime(2029, 1, 1, tzinfo=UTC)),
        ("2026-03-20T12:25:40", datetime(2026, 3, 20, 12, 25, 40, tzinfo=UTC)),
    ],
)
def test_epochs(tmp_path: Path, text: str, moment: datetime) -> None:
    """Source of truth: the calendar; day of the month or of the year, with or without a fraction of any length."""
    (one,), bad = _read(tmp_path, as_json({**LINES, "EPOCH": text}))
    assert (bad, one.epoch) == ([], moment)


def test_one_object_is_a_catalogue(tmp_path: Path) -> None:
    """Source of truth: JSON: one object, numbers as text, as Space-Track writes them."""
    reported = json.dumps({key: str(value) for key, value in LINES.items()})
    (one,), bad = _read(tmp_path, reported)
    assert (bad, one.satellite_number) == ([], 25544)


WRONG = [
    ("MEAN_MOTION", 0, "write one above 0 rev/day"),
    ("MEAN_MOTION", -15.5, "write one above 0 rev/day"),
    ("MEAN_MOTION", 17.5, "is below the surface"),
    ("MEAN_MOTION", "1_5", "is not a number"),
    ("MEAN_MOTION", "", "is missing"),
    ("ECCENTRICITY", 1.0, "write one from 0 to below 1"),
    ("ECCENTRICITY", 1.2, "write one from 0 to below 1"),
    ("ECCENTRICITY", -0.1, "write one from 0 to below 1"),
    ("INCLINATION", 180.5, "write one from 0 to 180 deg"),
    ("RA_OF_ASC_NODE", 360.5, "write one from 0 to 360 deg"),
    ("ARG_OF_PERICENTER", -1, "write one from 0 to 360 deg"),
    ("MEAN_ANOMALY", "12 deg", "is not a number"),
    ("BSTAR", "nan", "write a finite number"),
    ("BSTAR", "inf", "write a finite number"),
    ("MEAN_MOTION_DOT", "1e400", "write a finite number"),
    ("EPOCH", "2026-13-20T00:00:00", "is not a moment ("),
    ("EPOCH", "2026-366T00:00:00", "day 366 is not in 2026"),
    ("EPOCH", "2026-02-29T00:00:00", "is not a moment ("),
    ("EPOCH", "20 March", "write one like 2026-12-21T06:00:00"),
    ("EPOCH", "2026-03-20T24:00:00", "is not a moment"),
    ("NORAD_CAT_ID", "A0001", "write one from 0 to 999999999"),
    ("NORAD_CAT_ID", -5, "write one from 0 to 999999999"),
    ("EPHEMERIS_TYPE", 4, "write elements with 0 or 2"),
    ("MEAN_ELEMENT_THEORY", "SGP4-XP", "write elements with SGP4"),
    ("REF_FRAME", "EME2000", "write elements with TEME"),
    ("TIME_SYSTEM", "TAI", "write elements with UTC"),
    ("CENTER_NAME", "MOON", "write elements with EARTH"),
]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("name", "value", "said"), WRONG)
def test_a_bad_field_has_a_place(tmp_path: Path, form: str, name: str, value: Any, said: str) -> None:
    """Source of truth: the standard's ranges (CCSDS 502.0, tables 4-2 and 4-3), and SGP4 being for closed orbits about the Earth in
    TEME and UTC; the place is where the second set writes the field."""
    text = FORMATS[form]({**LINES, **META}, {**LINES, **META, name: value})
    sets, (bad,) = _read(tmp_path, text)
    assert len(sets) == 1
    assert said in bad.message
    if "perigee" not in bad.message:
        assert bad.message.startswith(f"{name} ")
    assert bad.first > sets[0].line_number
    line = text.splitlines()[bad.line - 1][bad.column - 1 :]
    if form == "csv":
        assert bad.line == 3
        assert line.startswith(str({**LINES, **META, name: value}[name]))
    else:
        assert line.lstrip('<" ').startswith(name)
        assert bad.line > text.splitlines().index(next(x for x in text.splitlines() if name in x)) + 1


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Source of truth: counting: three bad fields in two of three sets, one of them twice bad."""
    worse = {**LINES, "INCLINATION": 200, "BSTAR": "x"}
    sets, bad = _read(tmp_path, as_json(worse, LINES, {**LINES, "EPOCH": "now"}))
    assert len(sets) == 1
    assert [b.message.split()[0] for b in bad] == ["INCLINATION", "BSTAR", "EPOCH"]
    assert len({b.first for b in bad}) == 2
    assert not any(b.whole for b in bad)


ONLY = json.dumps(LINES)
BOMB = '<!DOCTYPE ndm [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        (ONLY[:-30], 1, len(ONLY) - 30, "is not JSON"),
        ("[" + ONLY + ",]", 1, len(ONLY) + 3, "is not JSON"),
        ("[" + ONLY + "\n" + ONLY + "]", 2, 1, "is not JSON"),
        (ONLY + ONLY, 1, len(ONLY) + 1, "extra data"),
        ("[" + ONLY + "] x", 1, len(ONLY) + 4, "extra data"),
        ("[\n1]", 2, 1, "is no object"),
        ("[" * 100_000, 1, 2, "nested too deeply"),
        (as_xml(LINES).replace("<ndm>", BOMB + "\n<ndm>"), 2, 1, "DOCTYPE"),
        (as_xml(LINES)[:-9], 27, 18, "is not XML"),
        (as_xml(LINES).replace("</EPOCH>", "</epoch>"), 9, 36, "mismatched tag"),
        ('<?xml version="1.0" encoding="klingon"?><ndm/>', 1, 1, "is not XML"),
        (as_xml(LINES).replace("omm", "oem"), 3, 1, "holds an oem, not an omm"),
        ("a,b\n1,2\n", 1, 1, "no line of names with EPOCH"),
        ("EPOCH,EPOCH\n1,2\n", 1, 1, "names EPOCH twice"),
        (as_csv(LINES) + '"x\n', 3, 1, "is not CSV"),
        (as_kvn(LINES) + "hello\n", 21, 1, "is no KEY = value"),
        (f"{ONE}\n{TWO}\n", 1, 1, "write kind: tle"),
        ("hello", 1, 1, "is no OMM"),
        (b"\xff\xfe{", 1, 1, "is not text in UTF-16; write the file in UTF-8"),
        (b'{"EPOCH": "\xe9"}', 1, 12, "is not text in UTF-8"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_on(tmp_path: Path, text: str | bytes, line: int, column: int, said: str) -> None:
    """Source of truth: the grammar of each format, where its parser stops; counted by hand."""
    _, bad = _read(tmp_path, text)
    assert said in bad[-1].message
    assert (bad[-1].line, bad[-1].whole) == (line, True)
    assert bad[-1].column == column


def test_entities_are_never_expanded(tmp_path: Path) -> None:
    """Source of truth: the billion laughs: ten levels of ten would be 10 GB of text."""
    levels = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10 if k else "ha"}">' for k in range(10))
    _, (bad,) = _read(tmp_path, f"<!DOCTYPE ndm [{levels}]><ndm>&l9;</ndm>")
    assert "DOCTYPE" in bad.message


def test_rows_that_do_not_fit(tmp_path: Path) -> None:
    """Source of truth: the line of names: 17 of them; other rows are read all the same."""
    sets, (bad,) = _read(tmp_path, as_csv(LINES) + "A,B\n" + as_csv(LINES).splitlines()[1] + "\n")
    assert (len(sets), bad.line, bad.whole) == (2, 3, False)
    assert "holds 2 values for 17 columns" in bad.message


@pytest.mark.parametrize("form", ["json", "xml", "kvn"])
def test_a_field_that_is_there_twice(tmp_path: Path, form: str) -> None:
    """Source of truth: a field has one value; a second value leaves open which one was meant."""
    text = FORMATS[form](LINES)
    double = {
        "json": ('"BSTAR"', '"BSTAR": 1.0, "BSTAR"'),
        "xml": ("<BSTAR>", "<BSTAR>1</BSTAR><BSTAR>"),
        "kvn": ("BSTAR", "BSTAR = 1\nBSTAR"),
    }[form]
    sets, (bad,) = _read(tmp_path, text.replace(*double))
    assert (sets, bad.message) == ([], "BSTAR is there twice; write it once")


def test_units(tmp_path: Path) -> None:
    """Source of truth: the standard's units: degrees; radians are not taken for them."""
    sets, (bad,) = _read(tmp_path, as_xml(LINES).replace('units="deg"', 'units="rad"'))
    assert (sets, bad.message) == ([], "INCLINATION is in rad; write it in deg")


@pytest.mark.parametrize("text", ["", "[]", "<ndm></ndm>", "\n\n"])
def test_nothing_in_it(tmp_path: Path, text: str) -> None:
    assert _read(tmp_path, text) == ([], [])


def test_numbers_beyond_alpha_5(tmp_path: Path) -> None:
    """Source of truth: catalogue numbers have nine digits from now on; the sgp4 package, which keeps five characters, gets none."""
    (one,), _ = _read(tmp_path, as_json({**LINES, "NORAD_CAT_ID": 799_500_123}))
    assert one.satellite_number == 799_500_123
    assert satellites([one])[0].no_kozai == one.mean_motion_rad_min
