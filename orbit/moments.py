"""Moments as text, and leap seconds, without numpy: one reading for scenarios, catalogues and ephemerides.

UTC is kept as the Julian date of a midnight and a fraction of that day of 86,400 s. The fraction reaches 1 only within
a leap second, which so keeps the day that it ends. `orbit.timescales` has the same offsets for arrays.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta

from orbit.constants import JD_MJD_0, SECONDS_PER_DAY
from orbit.data import leap_seconds

JD_OF_ORDINAL = 1721424.5  # Julian date of the midnight on which day 0 of Python's calendar would begin
_LAST_ORDINAL = date(9998, 12, 31).toordinal()
_DIGITS = 30  # of a fraction of a second: beyond them nothing changes
_EDGE_S = 0.5e-6  # dates resolve 1e-11 d: keeps a midnight that was rounded down on its side
_MOMENT = re.compile(
    r"(\d{4})-(?:(\d\d)-(\d\d)|(\d{3}))"
    r"(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d|60)(?:[.,](\d*))?)?\s*(Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)?",
    re.ASCII | re.IGNORECASE,
)


def moment(jd: float, fr: float) -> datetime:
    """UTC moment of a midnight and a fraction of the day.

    Parameters
    ----------
    jd : float
        Julian date of a midnight, ending in .5.
    fr : float
        Fraction of the day; a leap second has the date of the second after it.

    Returns
    -------
    datetime
        Rounded to the microsecond.
    """
    day = datetime.fromordinal(int(jd - JD_OF_ORDINAL)).replace(tzinfo=UTC)
    return day + timedelta(microseconds=round(fr * SECONDS_PER_DAY * 1e6))


def read_epoch(text: str) -> tuple[float, float]:
    """Julian date of a moment in UTC as ISO 8601 and CCSDS write it. [ccsds502:7.5.10]

    Parameters
    ----------
    text : str
        Day of the month or of the year; T or a blank; hours, minutes, and seconds with any fraction; Z or an offset
        from UTC. Time and offset may be left out. The second 60 is read on days that had it.

    Returns
    -------
    jd, fr : float
        Julian date of midnight and fraction of the day, in [0, 1) but within a leap second.

    Raises
    ------
    ValueError
        The text is not such a moment.

    Examples
    --------
    >>> read_epoch("2000-01-01T12:00:00")
    (2451544.5, 0.5)
    >>> read_epoch("2000-001 13:00+01:00")
    (2451544.5, 0.5)
    >>> read_epoch("2016-12-31T23:59:60")
    (2457753.5, 1.0)
    """
    matched = _MOMENT.fullmatch(text.strip())
    try:
        if matched is None:
            raise ValueError
        return _julian_date(matched)
    except ValueError as error:
        reason = f" ({error})" if str(error) else ""
        raise ValueError(f"'{text:.60}' is not a moment{reason}; write one like 2026-12-21T06:00:00Z") from None


def _julian_date(matched: re.Match[str]) -> tuple[float, float]:
    """Midnight and fraction of the day of the parts of a moment. Raises ValueError."""
    year, month, day, day_of_year, hour, minute, second, fraction, zone = matched.groups()
    if day_of_year is None:
        ordinal = date(int(year), int(month), int(day)).toordinal()
    else:
        ordinal = date(int(year), 1, 1).toordinal() + int(day_of_year) - 1
        if day_of_year == "000" or ordinal >= date(int(year) + 1, 1, 1).toordinal():
            raise ValueError(f"day {day_of_year} is not in {year}")
    digits = (fraction or "")[:_DIGITS]
    unit = int(10 ** len(digits))
    in_leap_second = second == "60"
    counts = int(("59" if in_leap_second else second or "0") + digits)
    counts += (3600 * int(hour or 0) + 60 * (int(minute or 0) - _offset_min(zone))) * unit
    days, counts = divmod(counts, 86_400 * unit)
    ordinal += days
    if not 0 < ordinal <= _LAST_ORDINAL:
        raise ValueError("outside the years 1 to 9998")
    jd = ordinal + JD_OF_ORDINAL
    if in_leap_second:
        if jd - JD_MJD_0 + 1.0 not in leap_seconds()[0][1:] or counts < 86_399 * unit:
            raise ValueError(f"there is no leap second at the end of {date.fromordinal(ordinal)}")
        counts += unit
    return jd, counts / (86_400 * unit)  # whole numbers, so rounded once


def _offset_min(zone: str | None) -> int:
    """Minutes by which a zone is ahead of UTC."""
    if zone is None or zone in "zZ":
        return 0
    minutes = 60 * int(zone[1:3]) + int(zone[3:].removeprefix(":") or 0)
    return -minutes if zone[0] == "-" else minutes


def read_moment(text: str) -> datetime:
    """Moment in UTC as ISO 8601 and CCSDS write it; see `read_epoch`.

    Parameters
    ----------
    text : str
        The moment.

    Returns
    -------
    datetime
        In UTC, rounded to the microsecond. A leap second has the date of the second after it.

    Raises
    ------
    ValueError
        The text is not a moment.

    Examples
    --------
    >>> read_moment("2026-12-21 06:00").isoformat()
    '2026-12-21T06:00:00+00:00'
    """
    return moment(*read_epoch(text))


def tai_minus_utc_s(jd: float) -> float:
    """TAI - UTC on a day, its leap second included. [iersbulletinc]

    Parameters
    ----------
    jd : float
        Julian date of the midnight at which the day begins.

    Returns
    -------
    float
        Whole seconds; 10 s before 1972.

    Examples
    --------
    >>> tai_minus_utc_s(2457753.5), tai_minus_utc_s(2457754.5)  # 2016-12-31, 2017-01-01
    (36.0, 37.0)
    """
    days, offsets_s = leap_seconds()
    return float(offsets_s[max(0, bisect_right(days, jd - JD_MJD_0) - 1)])


def tai_to_utc(jd: float, fr: float) -> tuple[float, float]:
    """Convert TAI to UTC; within a leap second the fraction is 1 or above.

    Parameters
    ----------
    jd, fr : float
        TAI Julian date of a midnight, and fraction of a day, of any size.

    Returns
    -------
    jd, fr : float
        UTC Julian date of a midnight and fraction of that day.

    Examples
    --------
    >>> jd, fr = tai_to_utc(2457754.5, 36.5 / 86400.0)  # half a second into the leap second that ended 2016
    >>> jd, round(86400.0 * fr, 6)
    (2457753.5, 86400.5)
    """
    days, offsets_s = leap_seconds()
    mjd = jd - JD_MJD_0
    row = max(0, bisect_right(days, mjd + fr - (offsets_s[0] - _EDGE_S) / SECONDS_PER_DAY) - 1)
    while row > 0 and ((mjd - days[row]) + fr) * SECONDS_PER_DAY < offsets_s[row] - _EDGE_S:
        row -= 1  # its offset begins that many seconds of TAI after its midnight
    utc_fr = fr - offsets_s[row] / SECONDS_PER_DAY
    whole = math.floor(utc_fr + _EDGE_S / SECONDS_PER_DAY)
    if row + 1 < len(days) and mjd + whole >= days[row + 1]:
        whole -= 1
    return jd + whole, utc_fr - whole


def utc_after(jd: float, fr: float, seconds: float) -> datetime:
    """UTC moment some seconds of TAI after an epoch in UTC.

    Parameters
    ----------
    jd, fr : float
        UTC Julian date of a midnight and fraction of that day, 1 or above within a leap second.
    seconds : float
        Elapsed time [s], leap seconds included.

    Returns
    -------
    datetime
        Rounded to the microsecond.
    """
    days, part = divmod(fr + seconds / SECONDS_PER_DAY, 1.0)
    if tai_minus_utc_s(jd + days) == tai_minus_utc_s(jd):
        return moment(jd + days, part)
    return moment(*tai_to_utc(jd, fr + (tai_minus_utc_s(jd) + seconds) / SECONDS_PER_DAY))
