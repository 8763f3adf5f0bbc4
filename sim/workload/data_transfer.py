"""Data from satellites to the ground, contact by contact: antennas, their assignment, and the transfer to the moment of each event.

An antenna serves one satellite at a time, and a satellite has one link at a time. A free antenna takes, of the satellites in view
that have no link, the one with the most bytes to send, which is what max-weight scheduling does at equal rates [tassiulas1992]; of
equal ones the first. It holds the contact until the satellite sets; a satellite that has nothing left gives way to one that has.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import Floats, exact_kernel
from orbit.kernels.compile import Ints as IntRows
from sim.network.contacts import Contacts
from sim.workload import image_queues as q

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

# what an antenna did
A_LINKED_S, A_SETUP_S, A_VALUES = range(3)
A_CONTACTS, A_IMAGES, A_COUNTS = range(3)
POLICIES = ("backlog", "first", "longest")  # whom a free antenna serves: most bytes to send, first to rise, last to set
FIRST, LONGEST = 1, 2
ROOM = 64  # items of a queue at first


class Rules(NamedTuple):
    """What all satellites and antennas of a workload share; sizes in whole bytes."""

    image_bytes: int
    result_bytes: int  # 0: processing gives no result of its own
    storage_bytes: int
    images_per_s: float  # captured at most
    send_byte_s: float
    upload_byte_s: float
    upload_bytes: float  # to each satellite, before it processes
    setup_s: float  # of a contact, before data flow
    antennas: int  # of each station
    processed: bool  # images are processed before they are sent
    keep: float  # share of the processed images that are sent
    newest_first: bool
    drop_oldest: bool
    policy: str  # one of POLICIES
    repeat: bool  # what a contact cuts off is sent again from its beginning


@exact_kernel
def _candidate(
    station: int, now_s: float, set_s: Floats, contact_station: IntRows, satellite: IntRows, visible: IntRows, seen: IntRows, able: Floats, value: Floats,
    count: IntRows, rings: Floats, delays: IntRows, parameter: Floats, number: IntRows, early_s: float,
) -> int:  # fmt: skip
    """Contact of the satellite in view without a link that has most to send; -1 where there is none."""
    best, most = -1, -1.0
    policy = number[q.N_POLICY]
    for n in range(seen[station]):
        contact = visible[station, n]
        s = satellite[contact]
        if count[s, q.C_LINK] >= 0 or able[s] <= 0.0:
            continue
        q.follow(value[s], count[s], rings[s], delays, parameter, number, early_s, now_s, False)
        score = q.bytes_to_send(count[s], value[s], number)
        if score > 0.0 and policy == LONGEST:
            score = set_s[contact]
        elif score > 0.0 and policy == FIRST:
            score = 1.0
        if score > most:
            best, most = contact, score
    return best


@exact_kernel
def _release(antenna: int, now_s: float, link: IntRows, satellite: IntRows, value: Floats, count: IntRows, number: IntRows,
             did_s: Floats, did: IntRows) -> None:  # fmt: skip
    """End the contact of an antenna."""
    s = satellite[link[antenna]]
    link[antenna] = -1
    count[s, q.C_LINK] = -1
    from_s = value[s, q.F_LINK_FROM]
    did_s[antenna, A_LINKED_S] += max(0.0, now_s - from_s)
    did_s[antenna, A_SETUP_S] -= max(0.0, from_s - now_s)  # a contact that ends before its setup
    value[s, q.F_LINK_FROM] = q.NEVER_S
    if number[q.N_REPEAT] and value[s, q.F_SENT] > 0.0:
        count[s, q.C_REPEATED] += int(value[s, q.F_SENT])
        value[s, q.F_SENT] = 0.0
    did[antenna, A_IMAGES] += count[s, q.C_ARRIVED] - count[s, q.C_BEFORE]


@exact_kernel
def _link(antenna: int, contact: int, now_s: float, link: IntRows, satellite: IntRows, value: Floats, count: IntRows, parameter: Floats,
          did_s: Floats, did: IntRows) -> None:  # fmt: skip
    """Begin a contact of a free antenna."""
    s = satellite[contact]
    link[antenna] = contact
    count[s, q.C_LINK] = antenna
    value[s, q.F_LINK_FROM] = now_s + parameter[q.P_SETUP_S]
    count[s, q.C_BEFORE] = count[s, q.C_ARRIVED]
    did_s[antenna, A_SETUP_S] += parameter[q.P_SETUP_S]
    did[antenna, A_CONTACTS] += 1


@exact_kernel
def advance(
    begin_s: float, end_s: float, at: int, event_s: Floats, event: IntRows, set_s: Floats, contact_station: IntRows, satellite: IntRows, antennas: int,
    link: IntRows, visible: IntRows, seen: IntRows, station_up: IntRows, able: Floats, value: Floats, count: IntRows, rings: Floats,
    delays: IntRows, parameter: Floats, number: IntRows, early_s: float, did_s: Floats, did: IntRows,
) -> int:  # fmt: skip
    """Advance all satellites and antennas over a step; returns the number of the next event.

    Parameters
    ----------
    begin_s, end_s : float
        The step [s].
    at : int
        Number of the first event of the step.
    event_s, event, set_s, contact_station, satellite : ndarray
        As in `Contacts`.
    antennas : int
        Antennas of each station.
    link : ndarray of int64, shape (stations * antennas,)
        Contact that each antenna serves, -1 without one; changed in place, as are all that follow but `station_up`, `able`,
        `parameter` and `number`.
    visible : ndarray of int64, shape (stations, most)
        Contacts that go on at each station, in no order that matters.
    seen : ndarray of int64, shape (stations,)
        Their number.
    station_up : ndarray of int64, shape (stations,)
        1 where the station works in the step, else 0.
    able : ndarray, shape (satellites,)
        Above 0 where the satellite can have a link in the step.
    value, count, rings, delays, parameter, number
        As in `image_queues.follow`, with a row for each satellite.
    early_s : float
        Images captured until then are counted for arrival within a day [s].
    did_s : ndarray, shape (antennas of all stations, A_VALUES)
        Time with a link and in setup [s].
    did : ndarray of int64, shape (antennas of all stations, A_COUNTS)
        Contacts and images.

    Returns
    -------
    int
        Number of the first event of the next step.
    """
    stations = seen.size
    for antenna in range(link.size):
        if link[antenna] >= 0 and (station_up[antenna // antennas] == 0 or able[satellite[link[antenna]]] <= 0.0):
            _release(antenna, begin_s, link, satellite, value, count, number, did_s, did)
    for station in range(stations):
        _fill(station, begin_s, antennas, link, set_s, contact_station, satellite, visible, seen, station_up, able, value, count, rings, delays,
              parameter, number, early_s, did_s, did)  # fmt: skip
    while True:
        is_event = at < event_s.size and event_s[at] < end_s
        until_s = event_s[at] if is_event else end_s
        # links that run dry before then give way, in order of time
        while True:
            first, first_s = -1, until_s
            for antenna in range(link.size):
                if link[antenna] < 0:
                    continue
                s = satellite[link[antenna]]
                dry = value[s, q.F_NOW] < until_s and q.follow(
                    value[s], count[s], rings[s], delays, parameter, number, early_s, until_s, True
                )
                if dry and value[s, q.F_NOW] < first_s:
                    first, first_s = antenna, value[s, q.F_NOW]
            if first < 0:
                break
            station, s = first // antennas, satellite[link[first]]
            other = _candidate(station, first_s, set_s, contact_station, satellite, visible, seen, able, value, count, rings, delays, parameter,
                               number, early_s)  # fmt: skip
            if other >= 0 and q.bytes_to_send(count[satellite[other]], value[satellite[other]], number) > 0.0:
                _release(first, first_s, link, satellite, value, count, number, did_s, did)
                _link(first, other, first_s, link, satellite, value, count, parameter, did_s, did)
            else:  # nobody waits: it stays, and sends what comes
                q.follow(value[s], count[s], rings[s], delays, parameter, number, early_s, until_s, False)
        if not is_event:
            break
        contact = event[at] // 2
        station = contact_station[contact]
        if event[at] % 2 == 0:
            visible[station, seen[station]] = contact
            seen[station] += 1
        else:
            for n in range(seen[station]):
                if visible[station, n] == contact:
                    for m in range(n, seen[station] - 1):  # the order of rise stays
                        visible[station, m] = visible[station, m + 1]
                    seen[station] -= 1
                    break
            antenna = count[satellite[contact], q.C_LINK]
            if antenna >= 0 and link[antenna] == contact:
                _release(antenna, until_s, link, satellite, value, count, number, did_s, did)
        for other_station in range(stations):  # a satellite that is free now may have risen elsewhere
            if other_station == station or event[at] % 2 == 1:
                _fill(other_station, until_s, antennas, link, set_s, contact_station, satellite, visible, seen, station_up, able, value, count,
                      rings, delays, parameter, number, early_s, did_s, did)  # fmt: skip
        at += 1
    for s in range(value.shape[0]):
        q.follow(value[s], count[s], rings[s], delays, parameter, number, early_s, end_s, False)
    return at


@exact_kernel
def _fill(
    station: int, now_s: float, antennas: int, link: IntRows, set_s: Floats, contact_station: IntRows, satellite: IntRows, visible: IntRows,
    seen: IntRows, station_up: IntRows, able: Floats, value: Floats, count: IntRows, rings: Floats, delays: IntRows, parameter: Floats,
    number: IntRows, early_s: float, did_s: Floats, did: IntRows,
) -> None:  # fmt: skip
    """Give free antennas of a station, and those whose satellite has nothing to send, to satellites in view."""
    if station_up[station] == 0:
        return
    for antenna in range(station * antennas, (station + 1) * antennas):
        if seen[station] == 0:
            return
        idle = False
        if link[antenna] >= 0:
            s = satellite[link[antenna]]
            q.follow(value[s], count[s], rings[s], delays, parameter, number, early_s, now_s, False)
            idle = q.bytes_to_send(count[s], value[s], number) <= 0.0
            if not idle:
                continue
        other = _candidate(station, now_s, set_s, contact_station, satellite, visible, seen, able, value, count, rings, delays, parameter,
                           number, early_s)  # fmt: skip
        if other < 0:
            continue
        if idle:
            if q.bytes_to_send(count[satellite[other]], value[satellite[other]], number) <= 0.0:
                continue
            _release(antenna, now_s, link, satellite, value, count, number, did_s, did)
        _link(antenna, other, now_s, link, satellite, value, count, parameter, did_s, did)


class DataTransfer:
    """Images of some satellites on their way to the ground.

    All counts are whole: images captured are those that arrived, are stored, were deleted after processing, or lost.

    Parameters
    ----------
    rules : Rules
        Sizes, rates and policies.
    contacts : Contacts
        Contacts of the satellites.
    satellites, stations : int
        Number of satellites and of stations.
    duration_s : float
        Length of the run [s].
    """

    def __init__(self, rules: Rules, contacts: Contacts, satellites: int, stations: int, duration_s: float) -> None:
        self.rules, self.contacts, self.satellites, self.stations = rules, contacts, satellites, stations
        self.early_s = duration_s - q.DAY_S  # images captured until then can be a day old
        self.parameter = np.array([rules.images_per_s, rules.send_byte_s, rules.upload_byte_s, rules.setup_s, rules.keep])
        flags = (rules.processed, rules.newest_first, rules.drop_oldest, rules.repeat, POLICIES.index(rules.policy))
        self.number = np.array([rules.image_bytes, rules.result_bytes, rules.storage_bytes, *map(int, flags)], dtype=np.int64)
        self.value, self.count = np.zeros((satellites, q.VALUES)), np.zeros((satellites, q.COUNTS), dtype=np.int64)
        self.value[:, q.F_LINK_FROM], self.value[:, q.F_UPLOAD] = q.NEVER_S, rules.upload_bytes
        self.value[:, q.F_UPLOADED] = q.NEVER_S
        self.count[:, q.C_LINK] = -1
        self.rings = np.zeros((satellites, q.RINGS, ROOM))
        self.delays = np.zeros((2, q.DELAY_BINS), dtype=np.int64)
        self.link = np.full(stations * rules.antennas, -1, dtype=np.int64)
        self.visible, self.seen = np.zeros((stations, max(1, contacts.visible_most)), dtype=np.int64), np.zeros(stations, dtype=np.int64)
        self.did_s, self.did = np.zeros((self.link.size, A_VALUES)), np.zeros((self.link.size, A_COUNTS), dtype=np.int64)
        self.at = 0
        self._held = 0.0  # items in the longest queue at most

    def advance(self, begin_s: float, end_s: float, up: Array, images_per_s: Array, captures_s: tuple[Array, Array], station_up: Flags) -> Array:
        """Advance over a step.

        Parameters
        ----------
        begin_s, end_s : float
            The step [s]; it begins where the last one ended.
        up : ndarray, shape (satellites,)
            Share of the step in which each satellite works; all its rates fall with it, and without it there is no link.
        images_per_s : ndarray, shape (satellites,)
            Images that each satellite processes in a second.
        captures_s : tuple of two ndarray, each (satellites,)
            Beginning and end of the time in which each satellite captures images [s].
        station_up : ndarray of bool, shape (stations,)
            Stations that work in the step.

        Returns
        -------
        ndarray, shape (satellites,)
            Time in which each satellite processed images [s].
        """
        self._make_room(end_s - begin_s)
        v = self.value
        v[:, q.F_UP], v[:, q.F_RATE], v[:, q.F_FROM], v[:, q.F_UNTIL] = up, images_per_s, *captures_s
        v[:, q.F_BUSY] = 0.0
        c = self.contacts
        self.at = int(advance(
            begin_s, end_s, self.at, c.event_s, c.event, c.set_s, c.station, c.satellite, self.rules.antennas, self.link, self.visible, self.seen,
            station_up.astype(np.int64), up, v, self.count, self.rings, self.delays, self.parameter, self.number, self.early_s,
            self.did_s, self.did,
        ))  # fmt: skip
        return v[:, q.F_BUSY].copy()

    def contact_time_s(self) -> Array:
        """Time that antennas spent with a link and in setup; contacts that go on count as far as they have come.

        Returns
        -------
        ndarray, shape (antennas of all stations, A_VALUES)
            Times [s].
        """
        times_s = self.did_s.copy()
        for antenna in np.flatnonzero(self.link >= 0):
            value = self.value[self.contacts.satellite[self.link[antenna]]]
            since_s = value[q.F_NOW] - value[q.F_LINK_FROM]
            times_s[antenna, A_LINKED_S] += max(0.0, since_s)
            times_s[antenna, A_SETUP_S] += min(0.0, since_s)
        return times_s

    def _make_room(self, step_s: float) -> None:
        """Queues that may fill up in a step are made longer, their items in order from the first place on."""
        room, more = self.rings.shape[2], self.rules.images_per_s * step_s + 2.0
        self._held += more
        if self._held <= room:
            return
        held = self.count[:, [q.C_WAIT, q.C_RAW, q.C_RESULT]]
        self._held = float(held.sum(axis=1).max(initial=0)) + more  # an image that waits may become a result and an image to send
        longest = math.ceil(self._held)
        if longest <= room:
            return
        longer = np.zeros((self.satellites, q.RINGS, max(2 * room, longest)))
        heads = (q.C_WAIT_HEAD, q.C_RAW_HEAD, q.C_RESULT_HEAD)
        for ring, head in enumerate(heads):
            places = (self.count[:, head, np.newaxis] + np.arange(room)) % room
            longer[:, ring, :room] = np.take_along_axis(self.rings[:, ring], places, axis=1)
            self.count[:, head] = 0
        self.rings = longer
