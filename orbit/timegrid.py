"""Time as an epoch in two floats and a whole number of ticks.

Dates are UTC with days of 86,400 s. The leap seconds are those of the epoch's date (TAI - UTC is 32 s in 2000, 37 s
since 2017). Across a leap second the ticks stay evenly spaced, so from there on the grid's dates are 1 s ahead of UTC,
which is 465 m of Earth rotation at the equator. The last leap second was on 2016-12-31, and none is announced.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from orbit.constants import JD_J2000, SECONDS_PER_DAY

_J2000_UTC = datetime(2000, 1, 1, 12, tzinfo=UTC)


def julian_date(moment: datetime) -> tuple[float, float]:
    """Julian date of a UTC moment, in two parts.

    Two floats resolve 1e-11 s. A single float would resolve 4e-5 s.

    Parameters
    ----------
    moment : datetime
        Moment with a time zone.

    Returns
    -------
    jd : float
        Julian date of the midnight before, which ends in .5.
    fr : float
        Fraction of the day, in [0, 1).

    Raises
    ------
    ValueError
        The moment has no time zone.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> julian_date(datetime(2000, 1, 1, 12, tzinfo=UTC))
    (2451544.5, 0.5)
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone, such as 2026-12-21T00:00:00Z")
    since = moment.astimezone(UTC) - _J2000_UTC + timedelta(hours=12)
    seconds = since.seconds + 1e-6 * since.microseconds
    return JD_J2000 - 0.5 + since.days, seconds / SECONDS_PER_DAY


def utc_datetime(jd: float, fr: float) -> datetime:
    """UTC moment of a Julian date in two parts.

    Parameters
    ----------
    jd, fr : float
        Julian date in two parts; their sum counts, in the years 1 to 9999.

    Returns
    -------
    datetime
        Moment in UTC, rounded to the microsecond.

    Raises
    ------
    OverflowError
        The year is not in 1 to 9999.

    Examples
    --------
    >>> utc_datetime(2451544.5, 0.5).isoformat()
    '2000-01-01T12:00:00+00:00'
    """
    days = math.floor(jd - JD_J2000 + 0.5)
    rest_s = ((jd - JD_J2000 + 0.5 - days) + fr) * SECONDS_PER_DAY
    return _J2000_UTC - timedelta(hours=12) + timedelta(days=days, microseconds=round(rest_s * 1e6))


@dataclass(frozen=True, slots=True)
class TimeGrid:
    """Evenly spaced ticks from an epoch on.

    Tick k is at k * step_s after the epoch. Step k runs from tick k to tick k + 1.

    Attributes
    ----------
    epoch_jd, epoch_fr : float
        Epoch, UTC Julian date in two parts.
    step_s : float
        Length of a step [s], above zero.
    steps : int
        Number of steps.

    Examples
    --------
    >>> grid = TimeGrid(2451544.5, 0.5, step_s=60.0, steps=90)
    >>> grid.duration_s
    5400.0
    >>> grid.seconds(-1, 3).tolist()
    [-60.0, 0.0, 60.0]
    >>> jd, fr = grid.jd_fr(720, 1)
    >>> jd.tolist(), fr.tolist()
    ([2451544.5], [1.0])
    """

    epoch_jd: float
    epoch_fr: float
    step_s: float
    steps: int

    def seconds(self, first: int, count: int) -> NDArray[np.float64]:
        """Seconds since the epoch of consecutive ticks.

        Parameters
        ----------
        first : int
            First tick; negative before the epoch.
        count : int
            Number of ticks.

        Returns
        -------
        ndarray, shape (count,)
            Time since the epoch [s].
        """
        return np.arange(first, first + count, dtype=np.float64) * self.step_s

    def jd_fr(self, first: int, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Julian dates (UTC) of consecutive ticks.

        Parameters
        ----------
        first : int
            First tick; negative before the epoch.
        count : int
            Number of ticks.

        Returns
        -------
        jd, fr : ndarray, shape (count,)
            Julian dates in two parts, `fr` in [epoch_fr, epoch_fr + 1).
        """
        t_s = self.seconds(first, count)
        days = np.floor(t_s / SECONDS_PER_DAY)
        return self.epoch_jd + days, self.epoch_fr + (t_s - days * SECONDS_PER_DAY) / SECONDS_PER_DAY

    @property
    def duration_s(self) -> float:
        """Time [s] from the epoch to the last tick."""
        return self.steps * self.step_s

    @property
    def epoch(self) -> datetime:
        """Epoch as a UTC moment, rounded to the microsecond."""
        return utc_datetime(self.epoch_jd, self.epoch_fr)
