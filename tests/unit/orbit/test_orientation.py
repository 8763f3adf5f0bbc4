"""The table of Earth orientation and what is read from it."""

from __future__ import annotations

import importlib.util
import math
import sys
from datetime import date
from pathlib import Path
from typing import Any

import erfa
import numpy as np
import pytest
from astropy.utils import iers

from orbit.data import earth_orientation_span
from orbit.orientation import EarthOrientation, shipped

ARCSEC = math.pi / 648000.0


@pytest.fixture(scope="module")
def finals() -> Any:
    """astropy's reading of the IERS file that is installed; ours may be of another date."""
    return iers.IERS_A.open(iers.IERS_A_FILE)


def test_table_against_astropy(finals: Any) -> None:
    """Source of truth: astropy's own parser of finals2000A, which takes Bulletin B where there is one as we do. Another edition of
    the file revises the last measured weeks: compared up to three months before the older end. The digits of the file."""
    table = shipped()
    mjd = np.arange(table.first_mjd, min(table.measured_until_mjd, _measured_until(finals)) - 90)
    ours = table.at(mjd + 2400000.5, 0.0)
    ut1, _ = finals.ut1_utc(mjd + 2400000.5, 0.0, return_status=True)
    x, y, _ = finals.pm_xy(mjd + 2400000.5, 0.0, return_status=True)
    assert np.abs(ours.ut1_minus_utc_s - ut1.to_value("s")).max() < 1e-9
    assert np.abs(ours.pole_x_rad - x.to_value("rad")).max() < 1e-7 * ARCSEC
    assert np.abs(ours.pole_y_rad - y.to_value("rad")).max() < 1e-7 * ARCSEC
    assert np.abs(ours.ut1_minus_utc_s).max() > 0.5
    assert np.abs(ours.pole_x_rad).max() > 0.2 * ARCSEC


def _measured_until(finals: Any) -> int:
    return int(finals["MJD"][finals["UT1Flag_A"] == "I"].to_value("d").max())


def test_between_days_and_across_leap_seconds() -> None:
    """Source of truth: UT1 runs on through a leap second while UTC repeats one: UT1 - UTC rises by 1 s at the midnight and by
    the Earth's own 3 ms a day at most otherwise. Half way between two days it is their mean, but for the jump."""
    table = shipped()
    for mjd in table.leap_mjd[table.leap_mjd > table.first_mjd]:
        before, after = (float(table.at(2400000.5 + mjd, fr).ut1_minus_utc_s) for fr in (-1e-9, 0.0))
        assert after - before == pytest.approx(1.0, abs=1e-9)
    at = [float(table.at(2461041.5, fr).ut1_minus_utc_s) for fr in (0.0, 0.5, 1.0)]
    assert at[1] == pytest.approx(0.5 * (at[0] + at[2]), abs=1e-12)
    assert at[0] != at[2]


def test_shapes_and_two_parts() -> None:
    """Source of truth: a date split in another place is the same date."""
    table = shipped()
    jd, fr = np.array([[2451544.5], [2460000.5]]), np.array([0.1, 0.4, 1.3])
    whole = table.at(jd, fr)
    assert whole.pole_x_rad.shape == (2, 3)
    moved = table.at(jd + 1.0, fr - 1.0)
    for a, b in zip(whole, moved, strict=True):
        assert np.abs(a - b).max() < 1e-11
    assert table.at(2451544.5, 0.4).ut1_minus_utc_s.shape == ()


def test_leap_seconds_against_erfa() -> None:
    """Source of truth: the leap seconds of SOFA (erfa.dat), in every month from 1972 on; 32 s in 2000, 37 s from 2017."""
    for year in range(1972, 2027):
        for month in range(1, 13):
            jd = 1721424.5 + date(year, month, 1).toordinal()
            for fr in (0.0, 0.999999):
                assert float(shipped().tai_minus_utc_s(jd, fr)) == erfa.dat(year, month, 1, 0.5)
            if (year, month) != (1972, 1):
                last = date.fromordinal(date(year, month, 1).toordinal() - 1)
                assert float(shipped().tai_minus_utc_s(jd, -1e-9)) == erfa.dat(last.year, last.month, last.day, 0.9)
    assert float(shipped().tai_minus_utc_s(2451544.5, 0.0)) == 32.0
    assert float(shipped().tai_minus_utc_s(2440000.5, 0.0)) == 10.0


def test_status_and_what_is_held_beyond() -> None:
    """Source of truth: the flags of the file, by the dates that the table says of itself; the ends are held."""
    table, span = shipped(), earth_orientation_span()
    jd = {name: 1721424.5 + getattr(span, name).toordinal() for name in ("first", "measured_until", "table_end")}
    assert table.status(jd["first"]) == "measured"
    assert table.status(jd["first"], -1e-6) == "beyond"
    assert table.status(jd["measured_until"]) == "measured"
    assert table.status(jd["measured_until"], 0.5) == "predicted"
    assert table.status(jd["table_end"]) == "predicted"
    assert table.status(jd["table_end"], 1e-6) == "beyond"
    last, later = table.at(jd["table_end"], 0.0), table.at(jd["table_end"], 4000.0)
    assert [float(x) for x in last] == [float(x) for x in later]
    early = table.at(jd["first"] - 1000.0, 0.0)
    assert float(early.pole_y_rad) == float(table.pole_y_rad[0])


def test_span_is_that_of_the_columns() -> None:
    """Source of truth: a year of predictions follows the measured days; 1973-01-02 is where finals2000A begins."""
    table, span = shipped(), earth_orientation_span()
    assert span.first == date(1973, 1, 2)
    assert (span.table_end - span.first).days + 1 == table.ut1_minus_tai_s.size == table.pole_x_rad.size
    assert 300 < (span.table_end - span.measured_until).days < 400
    assert "finals2000A" in span.source


def _builder(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    spec = importlib.util.spec_from_file_location("build_earth_orientation", repo / "tools/build_earth_orientation.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_generator(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: columns of the file's ReadMe, on lines made up by them; a missing day and an order that cannot be are refused."""
    tool = _builder(repo, monkeypatch)

    def line(mjd: int, flag: str, ut1: float, final: bool) -> str:
        text = list(" " * 187)

        def put(start: int, what: str) -> None:
            text[start : start + len(what)] = what

        put(7, f"{mjd:8.2f}")
        put(16, flag)
        put(18, f"{0.1:9.6f}")
        put(37, f"{0.2:9.6f}")
        put(57, flag)
        put(58, f"{ut1:10.7f}")
        if final:
            put(134, f"{0.15:10.6f}")
            put(144, f"{0.25:10.6f}")
            put(154, f"{ut1 + 0.001:11.7f}")
        return "".join(text)

    lines = [line(57753, "I", -0.4, True), line(57754, "I", 0.6, False), line(57755, "P", 0.5, False), " " * 187]
    days = tool.read_finals("\n".join(lines))
    assert [(d.mjd, d.ut1_minus_utc_s, d.pole_x_arcsec, d.measured) for d in days] == [
        (57753, pytest.approx(-0.399), 0.15, True),
        (57754, 0.6, 0.1, True),
        (57755, 0.5, 0.1, False),
    ]
    leaps = tool.read_leap_seconds("# text\n 57204.0    1  7 2015   36\n 57754.0    1  1 2017   37\n")
    for name in ("one", "two"):
        tool.write(tool.build(days, leaps, "made up"), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with np.load(tmp_path / "one") as table:
        assert table["ut1_minus_tai_1e7s"].tolist() == [-363990000, -364000000, -365000000]
    for broken in ([lines[0], lines[2]], [lines[0], lines[1].replace("I", "P"), lines[2].replace("P", "I")]):
        with pytest.raises(ValueError, match="finals2000A"):
            tool.read_finals("\n".join(broken))


def test_record_made_by_hand() -> None:
    """Source of truth: straight lines by hand."""
    table = EarthOrientation(
        60000, 60001, np.array([-37.0, -37.1, -37.3]), np.zeros(3), np.array([0.0, 1e-6, 3e-6]), np.array([57754.0]), np.array([37.0])
    )  # fmt: skip
    at = table.at(2460001.5, 0.25)
    assert float(at.ut1_minus_utc_s) == pytest.approx(-0.15, abs=1e-12)
    assert float(at.pole_y_rad) == pytest.approx(1.5e-6, rel=1e-9)
    assert table.last_mjd == 60002
    assert [table.status(2400000.5, mjd) for mjd in (59999.9, 60001.0, 60001.5, 60002.1)] == [
        "beyond", "measured", "predicted", "beyond",
    ]  # fmt: skip
