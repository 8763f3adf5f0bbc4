"""UTC, TAI, TT and UT1."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.time import Time
from astropy.utils import iers

from orbit import timescales
from orbit.orientation import shipped


@pytest.fixture(scope="module")
def utc() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(6)
    return np.floor(rng.uniform(2441700.0, 2461000.0, 3000)) + 0.5, rng.uniform(0.0, 1.0, 3000)


def _days(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> float:
    """Largest difference [s] of two-part dates."""
    return float(np.abs((a[0] - b[0]) + (a[1] - b[1])).max() * 86400.0)


def test_against_astropy(utc: tuple[np.ndarray, np.ndarray]) -> None:
    """Source of truth: astropy.time over 1973 to 2025; days of a leap second, which it makes 86,401 s long, are set apart.
    Two-part dates hold 1e-11 s; UT1 with the very file of the table 1e-7 s, its digits; revisions are of 1e-5 s."""
    jd, fr = utc
    last_days = shipped().leap_mjd + 2400000.5 - 1.0
    jd, fr = (x[~np.isin(jd, last_days)] for x in (jd, fr))
    with (
        iers.conf.set_temp("auto_download", False),
        iers.earth_orientation_table.set(iers.IERS_A.open(iers.IERS_A_FILE)),
    ):
        theirs = Time(jd, fr, format="jd", scale="utc")
        tai, tt, ut1 = ((t.jd1, t.jd2) for t in (theirs.tai, theirs.tt, theirs.ut1))
    assert _days(timescales.utc_to_tai(jd, fr), tai) < 1e-10
    assert _days(timescales.utc_to_tt(jd, fr), tt) < 1e-10
    assert _days(timescales.utc_to_ut1(jd, fr), ut1) < 1e-4


@pytest.mark.parametrize("scale", ["tai", "tt", "ut1"])
def test_there_and_back(utc: tuple[np.ndarray, np.ndarray], scale: str) -> None:
    """Source of truth: the inverse undoes, to the digits of a date, 2e-11 s; midnights of leap seconds included."""
    leaps = np.repeat(shipped().leap_mjd[1:] + 2400000.5, 3)
    near = np.tile([0.0, 1e-8, -2e-5], leaps.size // 3)
    jd, fr = (np.concatenate([a, b]) for a, b in zip(utc, (leaps, near), strict=True))
    there, back = getattr(timescales, f"utc_to_{scale}"), getattr(timescales, f"{scale}_to_utc")
    assert _days(back(*there(jd, fr)), (jd, fr)) < 5e-11


def test_the_inserted_second_has_the_date_of_the_next() -> None:
    """Source of truth: 2016-12-31 23:59:60 UTC is TAI 2017-01-01 00:00:36; UTC of 86,400 s days names it as 00:00:00."""
    jd = 2457754.5
    for tai_s, utc_s in ((35.5, -0.5), (36.0, 0.0), (36.75, 0.75), (37.0, 0.0), (40.0, 3.0)):
        _, fr = timescales.tai_to_utc(jd, tai_s / 86400.0)
        assert float(fr) * 86400.0 == pytest.approx(utc_s, abs=1e-9)


def test_centuries() -> None:
    """Source of truth: J2000 is 2000-01-01 12:00 TT, which is 11:58:55.816 UTC (32 s + 32.184 s)."""
    noon_s = 12 * 3600 - 32.0 - 32.184
    assert float(timescales.centuries_tt(2451544.5, noon_s / 86400.0)) == pytest.approx(0.0, abs=1e-18)
    assert float(timescales.centuries_tt(2451544.5 + 36525.0, (noon_s - 5.0) / 86400.0)) == pytest.approx(
        1.0, abs=1e-15
    )
