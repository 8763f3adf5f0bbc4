"""Demand of a service over the run, by the local solar time of its users."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def daily_factor(profile: Sequence[float], longitude_rad: Array, weight: Array, utc_h: Array) -> Array:
    """Rate of requests over its mean of the day, summed over places.

    Parameters
    ----------
    profile : sequence of float
        Relative rate in each of 24 hours of local solar time, from midnight; not all 0.
    longitude_rad : ndarray, shape (S,)
        Longitudes of the places, east positive [rad].
    weight : ndarray, shape (S,)
        Users of each place, relative; not all 0.
    utc_h : ndarray, shape (steps,)
        Time of day, UTC [h].

    Returns
    -------
    ndarray, shape (steps,)
        Factor with a mean of 1 over a day; linear in time between the middles of hours.

    Examples
    --------
    One place at Greenwich with requests between noon and 13:00 alone: 24 times the mean at 12:30, none at midnight.

    >>> noon = [1.0 if hour == 12 else 0.0 for hour in range(24)]
    >>> daily_factor(noon, np.zeros(1), np.ones(1), np.array([12.5, 0.0]))
    array([24.,  0.])
    """
    rates = np.asarray(profile, dtype=float)
    local_h = np.mod(utc_h[:, np.newaxis] + np.degrees(longitude_rad) / 15.0, 24.0)
    each = np.interp(local_h, np.arange(24) + 0.5, rates, period=24.0) / rates.mean()
    return np.asarray(each @ (weight / weight.sum()))
