"""skyfield with the Earth turned as ours is: same UT1, same pole, so that what differs is the frames alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
from skyfield.api import Loader
from skyfield.timelib import Timescale
from skyfield_data import get_skyfield_data_path

from orbit.orientation import shipped

ARCSEC = np.pi / 648000.0


@cache
def timescale() -> Timescale:
    """Leap seconds, UT1 and pole of the shipped table, in skyfield's own form: TT of each day, delta T [s], arcsec."""
    table = shipped()
    mjd = table.first_mjd + np.arange(table.ut1_minus_tai_s.size)
    offset = table.leap_tai_minus_utc_s[np.searchsorted(table.leap_mjd, mjd, side="right") - 1]
    tt = mjd + 2400000.5 + (offset + 32.184) / 86400.0
    leaps, offsets = table.leap_mjd[1:] + 2400000.5, table.leap_tai_minus_utc_s[1:]
    ts = Timescale((tt, 32.184 - table.ut1_minus_tai_s), leaps, offsets)
    ts.polar_motion_table = tt, table.pole_x_rad / ARCSEC, table.pole_y_rad / ARCSEC
    return ts


def moments(start: datetime, step: timedelta, count: int) -> tuple[Any, np.ndarray, np.ndarray]:
    """skyfield's times and our two-part UTC dates of the same moments."""
    dates = [start + k * step for k in range(count)]
    midnight = datetime(2000, 1, 1, tzinfo=UTC)
    days = np.array([(d - midnight).days for d in dates], dtype=float)
    rest = np.array([(d - midnight) / timedelta(days=1) for d in dates]) - days
    return timescale().from_datetimes(dates), 2451544.5 + days, rest


@cache
def ephemeris() -> Any:
    return Loader(get_skyfield_data_path(), verbose=False)("de421.bsp")
