"""Moments, Julian dates and ticks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from astropy.time import Time
from hypothesis import given, settings
from hypothesis import strategies as st

from orbit.timegrid import TimeGrid, julian_date, utc_datetime

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2050, 1, 1)).map(lambda m: m.replace(tzinfo=UTC))


def test_julian_date_against_astropy() -> None:
    """Source of truth: astropy.time. Two doubles of which one is whole resolve 1e-11 s; asked for: a nanosecond."""
    for text in ("1990-01-01T00:00:00", "2000-01-01T12:00:00", "2016-02-29T23:59:59.999999", "2026-12-21T06:00:00"):
        moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
        jd, fr = julian_date(moment)
        theirs = Time(text, scale="utc")
        difference_s = ((jd - theirs.jd1) + (fr - theirs.jd2)) * 86400.0
        assert abs(difference_s) < 1e-9
        assert (jd % 1.0, 0.0 <= fr < 1.0) == (0.5, True)


def test_julian_date_of_j2000() -> None:
    """Source of truth: the definition, 2000-01-01 12:00 is JD 2451545.0."""
    assert julian_date(datetime(2000, 1, 1, 12, tzinfo=UTC)) == (2451544.5, 0.5)


@given(MOMENTS)
@settings(max_examples=200, deadline=None)
def test_round_trip_is_exact_to_the_microsecond(moment: datetime) -> None:
    """Source of truth: the calendar of the standard library."""
    assert utc_datetime(*julian_date(moment)) == moment


def test_other_time_zones_are_converted_and_none_is_refused() -> None:
    """Source of truth: 02:00 at UTC+02:00 is midnight UTC."""
    east = datetime(2026, 6, 21, 2, tzinfo=timezone(timedelta(hours=2)))
    assert julian_date(east) == julian_date(datetime(2026, 6, 21, tzinfo=UTC))
    with pytest.raises(ValueError, match="time zone"):
        julian_date(datetime(2026, 6, 21))


def test_ticks_are_counted_not_summed() -> None:
    """Source of truth: exact fractions; tick k of 0.1 s lies within half a unit in the last place of k / 10."""
    from fractions import Fraction

    grid = TimeGrid(2461395.5, 0.25, 0.1, 10_000_000)
    ticks = grid.seconds(9_999_990, 11)
    for k, t in zip(range(9_999_990, 10_000_001), ticks, strict=True):
        assert abs(Fraction(float(t)) - Fraction(k, 10)) <= Fraction(float(np.spacing(t)))
    assert np.array_equal(grid.seconds(0, 100)[40:60], grid.seconds(40, 20))
    assert grid.seconds(-1, 2).tolist() == [-0.1, 0.0]


@pytest.mark.parametrize("step_s", [0.5, 1.0, 60.0, 86400.0])
def test_julian_dates_of_ticks_against_exact_arithmetic(step_s: float) -> None:
    """Source of truth: datetime + timedelta. Half an ulp of a fraction of a day below 2 is 1e-11 s; asked for: 1 ns."""
    epoch = datetime(2026, 12, 21, 18, 30, tzinfo=UTC)
    grid = TimeGrid(*julian_date(epoch), step_s, 20_000)
    jd, fr = grid.jd_fr(-1, 20_002)
    for k in (-1, 0, 1, 777, 19_999):
        exact_jd, exact_fr = julian_date(epoch + timedelta(seconds=k * step_s))
        assert abs((jd[k + 1] - exact_jd) + (fr[k + 1] - exact_fr)) * 86400.0 < 1e-9
    assert np.all(jd % 1.0 == 0.5)
    assert grid.duration_s == 20_000 * step_s
    assert grid.epoch == epoch
