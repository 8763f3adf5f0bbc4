"""Contacts between satellites and ground stations as a list of events: a satellite rises at a station, or sets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.access import Windows

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Contacts(NamedTuple):
    """Access windows of some satellites, and the events at which they begin and end.

    Attributes
    ----------
    station, satellite : ndarray of int64, shape (contacts,)
        Station, and place of the satellite among those that are looked at.
    rise_s, set_s : ndarray, shape (contacts,)
        Beginning and end [s since the epoch].
    event_s : ndarray, shape (2 contacts,)
        Moments of all events in order [s].
    event : ndarray of int64, shape (2 contacts,)
        2 n where contact n begins, 2 n + 1 where it ends; of events at the same moment, ends come first.
    visible_most : int
        Largest number of satellites that a station sees at once.
    """

    station: Ints
    satellite: Ints
    rise_s: Array
    set_s: Array
    event_s: Array
    event: Ints
    visible_most: int


def contacts_of(windows: Windows, who: Ints, stations: int) -> Contacts:
    """Contacts of some satellites of a fleet.

    Parameters
    ----------
    windows : Windows
        Access windows of the fleet.
    who : ndarray of int64
        Satellites that are looked at, by their number in the fleet.
    stations : int
        Number of stations.

    Returns
    -------
    Contacts
        Their contacts, in order of rise, station and satellite.

    Examples
    --------
    >>> none = np.zeros(2, dtype=bool)
    >>> found = contacts_of(Windows(np.array([0, 0]), np.array([3, 5]), np.array([60.0, 0.0]), np.array([600.0, 60.0]),
    ...                             np.array([300.0, 30.0]), np.array([1.0, 1.0]), none, none), np.array([5, 3]), 1)
    >>> found.satellite.tolist(), found.event.tolist(), found.visible_most
    ([0, 1], [0, 1, 2, 3], 1)
    """
    fleet = 1 + max(int(who.max(initial=0)), int(windows.satellite.max(initial=0)))
    place = np.full(fleet, -1, dtype=np.int64)
    place[who] = np.arange(who.size)
    at = place[windows.satellite]
    mine = np.flatnonzero((at >= 0) & (windows.set_s > windows.rise_s))
    order = mine[np.lexsort((at[mine], windows.station[mine], windows.rise_s[mine]))]
    station, satellite = windows.station[order].astype(np.int64), at[order]
    rise_s, set_s = windows.rise_s[order].copy(), windows.set_s[order].copy()
    number = np.arange(order.size, dtype=np.int64)
    event_s, event = np.concatenate((rise_s, set_s)), np.concatenate((2 * number, 2 * number + 1))
    sequence = np.lexsort((event, 1 - event % 2, event_s))
    begins = event[sequence] % 2 == 0
    of = station[event[sequence] // 2]
    most = max((int(np.cumsum(np.where(begins[of == s], 1, -1)).max(initial=0)) for s in range(stations)), default=0)
    return Contacts(station, satellite, rise_s, set_s, event_s[sequence], event[sequence], most)
