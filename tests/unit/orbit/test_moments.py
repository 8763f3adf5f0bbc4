"""Reading moments, and leap seconds without numpy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import erfa
import numpy as np
import pytest

from orbit import timescales
from orbit.data import leap_seconds
from orbit.moments import read_epoch, read_moment, tai_minus_utc_s, tai_to_utc, utc_after

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-26T12:00:00", "2026-11-26 12:00:00.000000", "2026-11-26t12:00z", "2026-11-26T12:00:00.000000+00:00", "2026-330T12:00:00Z",
        "2026-11-26T17:30:00+0530", "2026-11-26T00:00:00-12", "2026-11-27T01:00+13:00", " 2026-11-26T12:00:00,0Z ", "2026-11-26T12:00:00.Z",
    ],
)  # fmt: skip
def test_one_moment_in_many_forms(text: str) -> None:
    """Source of truth: ISO 8601 and CCSDS 502.0, 7.5.10, read by hand: day 330 of 2026 is 26 November; an offset is ahead of UTC."""
    assert read_moment(text) == NOON


def test_a_day_alone() -> None:
    """Source of truth: tables write a date at midnight without its time."""
    assert read_moment("2026-11-26") == NOON - timedelta(hours=12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-13-45T00:00:00Z", "is not a moment (month must be in 1..12); write one like"),
        ("2026-11-26T24:00:00", "is not a moment; write"), ("2026-11-26T12:60", "is not a moment; write"), ("2026-11-26T12", "is not a moment; write"),
        ("2026-366", "(day 366 is not in 2026)"), ("2026-000", "(day 000 is not in 2026)"), ("soon", "'soon' is not a moment; write one like"),
        ("2026-06-30T23:59:60", "(there is no leap second at the end of 2026-06-30)"),
        ("2016-12-31T22:59:60", "(there is no leap second"), ("2016-12-31T23:59:61", "is not a moment; write"),
        ("0000-01-01", "is not a moment (year"), ("9999-12-31T23:59:59.9999999", "outside the years 1 to 9998"),
        ("0001-01-01T00:00+01:00", "outside the years 1 to 9998"), ("2026-11-26T12:00:00." + "9" * 9000 + "x", "is not a moment"),
    ],
)  # fmt: skip
def test_what_is_no_moment(text: str, said: str) -> None:
    with pytest.raises(ValueError) as error:
        read_epoch(text)
    assert said in str(error.value)


def test_fractions_are_rounded_once() -> None:
    """Source of truth: whole numbers in Python: 12:25:40.104192 is 44740104192 microseconds of 86400000000."""
    assert read_epoch("2026-03-20T12:25:40.104192") == (2461119.5, 44_740_104_192 / 86_400_000_000)
    assert read_epoch("2026-03-20T12:25:40." + "3" * 5000)[1] == pytest.approx(44_740 / 86_400, abs=1e-5)


def test_leap_seconds_as_erfa_has_them() -> None:
    """Source of truth: ERFA's own table of TAI - UTC on every day from 1972 to 2027, and the same numbers for arrays."""
    days = np.arange(2441317.5, 2461700.5)
    years, months, of_month, _ = erfa.jd2cal(days, 0.0)
    theirs = erfa.dat(years, months, of_month, 0.0)
    assert [tai_minus_utc_s(jd) for jd in days] == theirs.tolist()
    assert timescales.tai_minus_utc_s(days, 0.0).tolist() == theirs.tolist()
    assert tai_minus_utc_s(2430000.5) == 10.0
    assert len(leap_seconds()[0]) == 28


@pytest.mark.parametrize("second", ["59.5", "60", "60.25"])
def test_second_60(second: str) -> None:
    """Source of truth: ERFA's UTC to TAI, whose quasi-Julian date counts a day of 86401 s: the same TAI to 1 ns. As a datetime the leap
    second has the date of the second after it."""
    jd, fr = read_epoch(f"2016-12-31T23:59:{second}")
    theirs = erfa.utctai(*erfa.dtf2d("UTC", 2016, 12, 31, 23, 59, float(second)))
    ours_s = (jd - theirs[0] + fr - theirs[1]) * 86400.0 + tai_minus_utc_s(jd)
    assert abs(ours_s) < 1e-9
    assert read_moment("2016-12-31T23:59:60.25") == datetime(2017, 1, 1, 0, 0, 0, 250_000, UTC)
    assert read_epoch("2017-01-01T01:59:60+02:00") == read_epoch("2016-12-31T23:59:60")


def test_tai_and_back() -> None:
    """Source of truth: counting by hand about the last leap second: TAI 36 s ahead before it, 37 s after it."""
    for second in (-2.0, -0.5, 0.0, 0.5, 0.999, 1.0, 1.5, 90_000.0):  # of TAI after the begin of the leap second
        jd, fr = tai_to_utc(2457754.5, (36.0 + second) / 86400.0)
        label_s = (jd - 2457754.5 + fr) * 86400.0
        assert label_s == pytest.approx(second if second < 1.0 else second - 1.0, abs=1e-9)
        assert jd == (2457753.5 if second < 1.0 else 2457754.5 if second < 86_401.0 else 2457755.5)
        again = utc_after(2457753.5, 86_390.0 / 86_400.0, 10.0 + second)
        assert again == datetime(2017, 1, 1, tzinfo=UTC) + timedelta(seconds=label_s)


def test_no_numpy(python: object) -> None:
    """Source of truth: the promise of `validate`."""
    code = "import sys, orbit.moments as m; m.read_moment('2016-12-31T23:59:60'); print('numpy' in sys.modules)"
    assert python(code).stdout == "False\n"  # type: ignore[operator]
