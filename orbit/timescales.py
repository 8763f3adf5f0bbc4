"""UTC, TAI, TT and UT1 as Julian dates in two parts.

A date is jd + fr days, each a float or an array; arrays broadcast. Differences between time scales are added to fr,
which may leave [0, 1), so that jd keeps its digits and the sum is good to 1e-11 s. UTC counts days of 86,400 s: a leap
second has the date of the second after it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orbit.constants import JD_J2000, JD_MJD_0, SECONDS_PER_DAY, TT_MINUS_TAI_S
from orbit.orientation import shipped

Array = NDArray[np.float64]
Date = tuple[Array, Array]


def _later(jd: ArrayLike, fr: ArrayLike, seconds: ArrayLike) -> Date:
    return np.asarray(jd, dtype=np.float64), np.asarray(np.asarray(fr) + np.asarray(seconds) / SECONDS_PER_DAY)


def tai_minus_utc_s(jd: ArrayLike, fr: ArrayLike) -> Array:
    """TAI - UTC at a UTC date. [iersbulletinc]

    Parameters
    ----------
    jd, fr : array_like
        UTC Julian dates in two parts.

    Returns
    -------
    ndarray
        Whole seconds; 10 s before 1972.

    Examples
    --------
    >>> float(tai_minus_utc_s(2457754.5, 0.0))  # 2017-01-01
    37.0
    """
    return shipped().tai_minus_utc_s(jd, fr)


def utc_to_tai(jd: ArrayLike, fr: ArrayLike) -> Date:
    """Convert UTC to TAI.

    Parameters
    ----------
    jd, fr : array_like
        UTC Julian dates in two parts.

    Returns
    -------
    jd, fr : ndarray
        TAI Julian dates in two parts.
    """
    return _later(jd, fr, shipped().tai_minus_utc_s(jd, fr))


def tai_to_utc(jd: ArrayLike, fr: ArrayLike) -> Date:
    """Convert TAI to UTC.

    Parameters
    ----------
    jd, fr : array_like
        TAI Julian dates in two parts.

    Returns
    -------
    jd, fr : ndarray
        UTC Julian dates in two parts.
    """
    table = shipped()
    begins = table.leap_mjd + table.leap_tai_minus_utc_s / SECONDS_PER_DAY  # of each offset, in TAI
    mjd = (np.asarray(jd, dtype=np.float64) - JD_MJD_0) + np.asarray(fr)
    # dates resolve 1e-11 d; half a microsecond keeps a midnight that was rounded down on its side
    row = np.searchsorted(begins, mjd + 0.5e-6 / SECONDS_PER_DAY, side="right") - 1
    return _later(jd, fr, -table.leap_tai_minus_utc_s[np.maximum(row, 0)])


def tt_to_tai(jd: ArrayLike, fr: ArrayLike) -> Date:
    """Convert TT to TAI, 32.184 s earlier. [iers2010:ch. 10]

    Parameters
    ----------
    jd, fr : array_like
        TT Julian dates in two parts.

    Returns
    -------
    jd, fr : ndarray
        TAI Julian dates in two parts.
    """
    return _later(jd, fr, -TT_MINUS_TAI_S)


def utc_to_tt(jd: ArrayLike, fr: ArrayLike) -> Date:
    """Convert UTC to TT.

    Parameters
    ----------
    jd, fr : array_like
        UTC Julian dates in two parts.

    Returns
    -------
    jd, fr : ndarray
        TT Julian dates in two parts.

    Examples
    --------
    TT is ahead of UTC by 37 s of leap seconds and 32.184 s.

    >>> jd, fr = utc_to_tt(2461395.5, 0.0)  # 2026-12-21
    >>> round(float(fr) * 86400.0, 6)
    69.184
    """
    return _later(jd, fr, shipped().tai_minus_utc_s(jd, fr) + TT_MINUS_TAI_S)


def tt_to_utc(jd: ArrayLike, fr: ArrayLike) -> Date:
    """Convert TT to UTC.

    Parameters
    ----------
    jd, fr : array_like
        TT Julian dates in two parts.

    Returns
    -------
    jd, fr : ndarray
        UTC Julian dates in two parts.
    """
    return tai_to_utc(*tt_to_tai(jd, fr))


def utc_to_ut1(jd: ArrayLike, fr: ArrayLike) -> Date:
    """Convert UTC to UT1, the time of the Earth's rotation, by the table of Earth orientation.

    Parameters
    ----------
    jd, fr : array_like
        UTC Julian dates in two parts.

    Returns
    -------
    jd, fr : ndarray
        UT1 Julian dates in two parts.
    """
    return _later(jd, fr, shipped().at(jd, fr).ut1_minus_utc_s)


def ut1_to_utc(jd: ArrayLike, fr: ArrayLike) -> Date:
    """Convert UT1 to UTC, by the table of Earth orientation.

    Parameters
    ----------
    jd, fr : array_like
        UT1 Julian dates in two parts.

    Returns
    -------
    jd, fr : ndarray
        UTC Julian dates in two parts.
    """
    table = shipped()
    utc = np.asarray(jd, dtype=np.float64), np.asarray(fr, dtype=np.float64)
    for _ in range(2):  # UT1 - TAI changes by 1e-8 of the time: what is a second off at first is 1e-16 s off then
        ut1_minus_tai_s = table.at(*utc).ut1_minus_utc_s - table.tai_minus_utc_s(*utc)
        utc = tai_to_utc(*_later(jd, fr, -ut1_minus_tai_s))
    return utc


def centuries_tt(jd: ArrayLike, fr: ArrayLike) -> Array:
    """Julian centuries of TT since J2000.0.

    Parameters
    ----------
    jd, fr : array_like
        UTC Julian dates in two parts.

    Returns
    -------
    ndarray
        Centuries of 36,525 days.
    """
    tt_jd, tt_fr = utc_to_tt(jd, fr)
    return np.asarray(((tt_jd - JD_J2000) + tt_fr) / 36525.0)
