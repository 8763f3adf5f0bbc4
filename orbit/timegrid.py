"""Time as integers: an epoch in two floats and ticks that are counted, never summed.

Dates are UTC with days of 86,400 s. The epoch has the leap seconds of its date (32 s of TAI - UTC in 2000, 37 s since
2017). A run that crosses a leap second does not stop for it: ticks stay evenly spaced, satellites move on, and from then
on the grid's dates are a second ahead of UTC, by which the Earth has turned 465 m further at the equator than it has.
The last was on 2016-12-31, and none is announced.
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
    """UTC moment as (jd, fr): jd ends in .5 (midnight), fr in [0, 1) is the fraction of the day.

    Two floats keep 1e-11 s; a single Julian date resolves 4e-5 s. Raises ValueError without a time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone, such as 2026-12-21T00:00:00Z")
    since = moment.astimezone(UTC) - _J2000_UTC + timedelta(hours=12)
    seconds = since.seconds + 1e-6 * since.microseconds
    return JD_J2000 - 0.5 + since.days, seconds / SECONDS_PER_DAY


def utc_datetime(jd: float, fr: float) -> datetime:
    """UTC moment of (jd, fr), to the microsecond."""
    days = math.floor(jd - JD_J2000 + 0.5)
    rest_s = ((jd - JD_J2000 + 0.5 - days) + fr) * SECONDS_PER_DAY
    return _J2000_UTC - timedelta(hours=12) + timedelta(days=days, microseconds=round(rest_s * 1e6))


@dataclass(frozen=True, slots=True)
class TimeGrid:
    """`steps` steps of `step_s` seconds from the epoch; tick k is at k * step_s, step k runs from tick k to k + 1."""

    epoch_jd: float
    epoch_fr: float
    step_s: float
    steps: int

    def seconds(self, first: int, count: int) -> NDArray[np.float64]:
        """Seconds since the epoch of ticks first, first + 1, ... (ticks before the epoch are negative)."""
        return np.arange(first, first + count, dtype=np.float64) * self.step_s

    def jd_fr(self, first: int, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Julian dates (UTC) of the same ticks, whole and fractional parts apart."""
        t_s = self.seconds(first, count)
        days = np.floor(t_s / SECONDS_PER_DAY)
        return self.epoch_jd + days, self.epoch_fr + (t_s - days * SECONDS_PER_DAY) / SECONDS_PER_DAY

    @property
    def duration_s(self) -> float:
        return self.steps * self.step_s

    @property
    def epoch(self) -> datetime:
        return utc_datetime(self.epoch_jd, self.epoch_fr)
