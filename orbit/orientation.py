"""Orientation of the Earth: UT1, polar motion and leap seconds, from a table that ships with the package.

The table has a row for each day: measured, then predicted for a year. It is not read from another package at run time,
so that results do not change with what else is installed. Beyond its ends the first and last values are held.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orbit.constants import JD_MJD_0
from orbit.data import EARTH_ORIENTATION, earth_orientation_span

Array = NDArray[np.float64]
Status = Literal["measured", "predicted", "beyond"]
ARCSEC_RAD = np.pi / 648000.0


class Orientation(NamedTuple):
    """Orientation of the Earth at some dates.

    Attributes
    ----------
    ut1_minus_utc_s : ndarray
        UT1 - UTC [s].
    pole_x_rad, pole_y_rad : ndarray
        Coordinates of the pole along Greenwich and along 90 deg west [rad].
    """

    ut1_minus_utc_s: Array
    pole_x_rad: Array
    pole_y_rad: Array


@dataclass(frozen=True, slots=True, eq=False)
class EarthOrientation:
    """Table of Earth orientation with daily values at 0h UTC, and of leap seconds. [iersbulletina; iersbulletinc]

    Attributes
    ----------
    first_mjd : int
        First day, modified Julian date.
    measured_until_mjd : int
        Last day with measured values; later ones are predicted.
    ut1_minus_tai_s : ndarray, shape (days,)
        UT1 - TAI [s].
    pole_x_rad, pole_y_rad : ndarray, shape (days,)
        Coordinates of the pole [rad].
    leap_mjd : ndarray, shape (offsets,)
        Days from which each TAI - UTC holds, modified Julian dates.
    leap_tai_minus_utc_s : ndarray, shape (offsets,)
        TAI - UTC [s].
    """

    first_mjd: int
    measured_until_mjd: int
    ut1_minus_tai_s: Array
    pole_x_rad: Array
    pole_y_rad: Array
    leap_mjd: Array
    leap_tai_minus_utc_s: Array

    @property
    def last_mjd(self) -> int:
        """Last day of the table, at whose 0h UTC it ends."""
        return self.first_mjd + self.ut1_minus_tai_s.size - 1

    def at(self, jd: ArrayLike, fr: ArrayLike) -> Orientation:
        """Orientation at given dates, linear between days.

        UT1 - TAI is interpolated, which has no jump at a leap second. Between days UT1 is within 1e-4 s (5 cm at the
        equator) of the smooth curve, 2e-4 s before 1985.

        Parameters
        ----------
        jd, fr : array_like
            UTC Julian dates in two parts.

        Returns
        -------
        Orientation
        """
        days = np.clip(_mjd(jd, fr) - self.first_mjd, 0.0, self.ut1_minus_tai_s.size - 1.0)
        row = np.minimum(days.astype(np.int64), self.ut1_minus_tai_s.size - 2)
        part = days - row

        def between(values: Array) -> Array:
            return np.asarray(values[row] + part * (values[row + 1] - values[row]))

        ut1_minus_utc_s = between(self.ut1_minus_tai_s) + self.tai_minus_utc_s(jd, fr)
        return Orientation(ut1_minus_utc_s, between(self.pole_x_rad), between(self.pole_y_rad))

    def tai_minus_utc_s(self, jd: ArrayLike, fr: ArrayLike) -> Array:
        """TAI - UTC at given dates. [iersbulletinc]

        Parameters
        ----------
        jd, fr : array_like
            UTC Julian dates in two parts.

        Returns
        -------
        ndarray
            Whole seconds; 10 s before 1972, when there were no leap seconds.
        """
        row = np.searchsorted(self.leap_mjd, _mjd(jd, fr), side="right") - 1
        return np.asarray(self.leap_tai_minus_utc_s[np.maximum(row, 0)])

    def status(self, jd: float, fr: float = 0.0) -> Status:
        """Whether the table has a measured or a predicted value at a date.

        Parameters
        ----------
        jd, fr : float
            UTC Julian date in two parts.

        Returns
        -------
        {"measured", "predicted", "beyond"}
        """
        mjd = float(_mjd(jd, fr))
        if not self.first_mjd <= mjd <= self.last_mjd:
            return "beyond"
        return "measured" if mjd <= self.measured_until_mjd else "predicted"


def _mjd(jd: ArrayLike, fr: ArrayLike) -> Array:
    return np.asarray((np.asarray(jd, dtype=np.float64) - JD_MJD_0) + np.asarray(fr))


@cache
def shipped() -> EarthOrientation:
    """Table of Earth orientation that ships with the package: finals2000A of the IERS. [iersbulletina]

    tools/build_earth_orientation.py makes it.

    Returns
    -------
    EarthOrientation

    Examples
    --------
    >>> shipped().status(2457754.5)  # 2017-01-01
    'measured'
    """
    with EARTH_ORIENTATION.open("rb") as stream, np.load(stream, allow_pickle=False) as table:
        columns = {name: table[name].astype(np.float64) for name in table.files if not name.endswith(".json")}
    span = earth_orientation_span()
    first_mjd = span.first.toordinal() - _MJD_0_ORDINAL
    return EarthOrientation(
        first_mjd=first_mjd, measured_until_mjd=span.measured_until.toordinal() - _MJD_0_ORDINAL,
        ut1_minus_tai_s=columns["ut1_minus_tai_1e7s"] * 1e-7, pole_x_rad=columns["pole_x_uas"] * 1e-6 * ARCSEC_RAD,
        pole_y_rad=columns["pole_y_uas"] * 1e-6 * ARCSEC_RAD, leap_mjd=columns["leap_mjd"],
        leap_tai_minus_utc_s=columns["leap_tai_minus_utc_s"],
    )


_MJD_0_ORDINAL = 678576  # datetime.date(1858, 11, 17).toordinal()
