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
A_CONTACTS, A_IMAGES, A_RESULTS, A_COUNTS = range(4)
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


class Ground(NamedTuple):
    """Stations, their antennas and contacts.

    Attributes
    ----------
    event_s, event, set_s, station, satellite : ndarray
        As in `Contacts`.
    link : ndarray of int64, shape (stations, antennas)
        Contact that each antenna serves, -1 without one.
    visible : ndarray of int64, shape (stations, most)
        Contacts that go on at each station, in order of rise.
    seen : ndarray of int64, shape (stations,)
        Their number.
    up : ndarray of int64, shape (stations,)
        1 where the station works in the step, else 0.
    able : ndarray, shape (satellites,)
        Above 0 where the satellite can have a link in the step.
    did_s : ndarray, shape (stations, antennas, A_VALUES)
        Time with a link and in setup [s].
    did : ndarray of int64, shape (stations, antennas, A_COUNTS)
        Contacts, images and results.
    """

    event_s: Floats
    event: IntRows
    set_s: Floats
    station: IntRows
    satellite: IntRows
    link: IntRows
    visible: IntRows
    seen: IntRows
    up: IntRows
    able: Floats
    did_s: Floats
    did: IntRows


@exact_kernel
def _candidate(ground: Ground, images: q.Images, station: int, now_s: float) -> int:
    """Contact of the satellite in view without a link that the policy serves first; -1 where there is none."""
    best, most = -1, -1.0
    policy = images.number[q.N_POLICY]
    for n in range(ground.seen[station]):
        contact = ground.visible[station, n]
        s = ground.satellite[contact]
        if images.counts[s, q.C_LINK] >= 0 or ground.able[s] <= 0.0:
            continue
        q.follow(images, s, now_s, False)
        score = q.bytes_to_send(images, s)
        if score > 0.0 and policy == LONGEST:
            score = ground.set_s[contact]
        elif score > 0.0 and policy == FIRST:
            score = 1.0
        if score > most:
            best, most = contact, score
    return best


@exact_kernel
def _release(ground: Ground, images: q.Images, station: int, antenna: int, now_s: float) -> None:
    """End the contact of an antenna."""
    s = ground.satellite[ground.link[station, antenna]]
    value, count, did_s = images.values[s], images.counts[s], ground.did_s[station, antenna]
    ground.link[station, antenna] = -1
    count[q.C_LINK] = -1
    did_s[A_LINKED_S] += max(0.0, now_s - value[q.F_LINK_FROM])
    did_s[A_SETUP_S] -= max(0.0, value[q.F_LINK_FROM] - now_s)  # a contact that ends before its setup
    value[q.F_LINK_FROM] = q.NEVER_S
    if images.number[q.N_REPEAT] and value[q.F_SENT] > 0.0:
        count[q.C_REPEATED] += int(value[q.F_SENT])
        value[q.F_SENT] = 0.0
    ground.did[station, antenna, A_IMAGES] += count[q.C_ARRIVED] - count[q.C_BEFORE]
    ground.did[station, antenna, A_RESULTS] += count[q.C_RESULTS] - count[q.C_RESULTS_BEFORE]


@exact_kernel
def _link(ground: Ground, images: q.Images, station: int, antenna: int, contact: int, now_s: float) -> None:
    """Begin a contact of a free antenna."""
    s = ground.satellite[contact]
    count = images.counts[s]
    ground.link[station, antenna] = contact
    count[q.C_LINK] = station
    images.values[s, q.F_LINK_FROM] = now_s + images.parameter[q.P_SETUP_S]
    count[q.C_BEFORE], count[q.C_RESULTS_BEFORE] = count[q.C_ARRIVED], count[q.C_RESULTS]
    ground.did_s[station, antenna, A_SETUP_S] += images.parameter[q.P_SETUP_S]
    ground.did[station, antenna, A_CONTACTS] += 1


@exact_kernel
def _fill(ground: Ground, images: q.Images, station: int, now_s: float) -> None:
    """Give free antennas of a station, and those whose satellite has nothing to send, to satellites in view."""
    if ground.up[station] == 0:
        return
    for antenna in range(ground.link.shape[1]):
        if ground.seen[station] == 0:
            return
        contact = ground.link[station, antenna]
        if contact >= 0:
            q.follow(images, ground.satellite[contact], now_s, False)
            if q.bytes_to_send(images, ground.satellite[contact]) > 0.0:
                continue
        other = _candidate(ground, images, station, now_s)
        if other < 0:
            continue
        if contact >= 0:
            if q.bytes_to_send(images, ground.satellite[other]) <= 0.0:
                continue
            _release(ground, images, station, antenna, now_s)
        _link(ground, images, station, antenna, other, now_s)


@exact_kernel
def _send_until(ground: Ground, images: q.Images, until_s: float) -> None:
    """Follow all satellites with a link; those that have nothing left to send give way, in order of time."""
    while True:
        first_station, first, first_s = -1, -1, until_s
        for station in range(ground.link.shape[0]):
            for antenna in range(ground.link.shape[1]):
                contact = ground.link[station, antenna]
                if contact < 0:
                    continue
                s = ground.satellite[contact]
                if images.values[s, q.F_NOW] < until_s and q.follow(images, s, until_s, True) and images.values[s, q.F_NOW] < first_s:
                    first_station, first, first_s = station, antenna, images.values[s, q.F_NOW]
        if first < 0:
            return
        other = _candidate(ground, images, first_station, first_s)
        if other >= 0 and q.bytes_to_send(images, ground.satellite[other]) > 0.0:
            _release(ground, images, first_station, first, first_s)
            _link(ground, images, first_station, first, other, first_s)
        else:  # no other one waits: it stays, and sends what comes
            q.follow(images, ground.satellite[ground.link[first_station, first]], until_s, False)


@exact_kernel
def _note(ground: Ground, images: q.Images, event: int, now_s: float) -> None:
    """A contact begins, or ends."""
    contact = event // 2
    station, s = ground.station[contact], ground.satellite[contact]
    if event % 2 == 0:
        ground.visible[station, ground.seen[station]] = contact
        ground.seen[station] += 1
        return
    at = 0
    while ground.visible[station, at] != contact:
        at += 1
    for m in range(at, ground.seen[station] - 1):
        ground.visible[station, m] = ground.visible[station, m + 1]
    ground.seen[station] -= 1
    for antenna in range(ground.link.shape[1]):
        if images.counts[s, q.C_LINK] == station and ground.link[station, antenna] == contact:
            _release(ground, images, station, antenna, now_s)


@exact_kernel
def advance(ground: Ground, images: q.Images, begin_s: float, end_s: float, at: int) -> int:
    """Advance all satellites and antennas over a step; returns the number of the next event.

    Parameters
    ----------
    ground : Ground
        Stations, changed in place.
    images : Images
        Satellites, changed in place.
    begin_s, end_s : float
        The step [s].
    at : int
        Number of the first event of the step.

    Returns
    -------
    int
        Number of the first event of the next step.
    """
    stations, antennas = ground.link.shape
    for station in range(stations):
        for antenna in range(antennas):
            contact = ground.link[station, antenna]
            if contact >= 0 and (ground.up[station] == 0 or ground.able[ground.satellite[contact]] <= 0.0):
                _release(ground, images, station, antenna, begin_s)
    for station in range(stations):
        _fill(ground, images, station, begin_s)
    while at < ground.event_s.size and ground.event_s[at] < end_s:
        now_s, event = ground.event_s[at], ground.event[at]
        _send_until(ground, images, now_s)
        _note(ground, images, event, now_s)
        for station in range(stations):  # a satellite that sets here is free for the stations that see it still
            if event % 2 == 1 or station == ground.station[event // 2]:
                _fill(ground, images, station, now_s)
        at += 1
    _send_until(ground, images, end_s)
    for s in range(images.values.shape[0]):
        q.follow(images, s, end_s, False)
    return at


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
        early_s = duration_s - q.DAY_S  # images captured until then can be a day old
        self.parameter = np.array([rules.images_per_s, rules.send_byte_s, rules.upload_byte_s, rules.setup_s, rules.keep, early_s])
        flags = (rules.processed, rules.newest_first, rules.drop_oldest, rules.repeat, POLICIES.index(rules.policy))
        self.number = np.array([rules.image_bytes, rules.result_bytes, rules.storage_bytes, *map(int, flags)], dtype=np.int64)
        self.value, self.count = np.zeros((satellites, q.VALUES)), np.zeros((satellites, q.COUNTS), dtype=np.int64)
        self.value[:, q.F_LINK_FROM], self.value[:, q.F_UPLOAD] = q.NEVER_S, rules.upload_bytes
        self.value[:, q.F_UPLOADED] = q.NEVER_S
        self.count[:, q.C_LINK] = -1
        self.rings = np.zeros((satellites, q.RINGS, ROOM))
        self.delays = np.zeros((2, q.DELAY_BINS), dtype=np.int64)
        self.link = np.full((stations, rules.antennas), -1, dtype=np.int64)
        self.visible, self.seen = np.zeros((stations, max(1, contacts.visible_most)), dtype=np.int64), np.zeros(stations, dtype=np.int64)
        self.did_s, self.did = np.zeros((*self.link.shape, A_VALUES)), np.zeros((*self.link.shape, A_COUNTS), dtype=np.int64)
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
        v[:, (q.F_BUSY, q.F_WAITS, q.F_LOADS)] = 0.0
        c = self.contacts
        ground = Ground(c.event_s, c.event, c.set_s, c.station, c.satellite, self.link, self.visible, self.seen, station_up.astype(np.int64), up,
                        self.did_s, self.did)  # fmt: skip
        images = q.Images(v, self.count, self.rings, self.delays, self.parameter, self.number)
        self.at = int(advance(ground, images, begin_s, end_s, self.at))
        return v[:, q.F_BUSY].copy()

    def contact_time_s(self) -> Array:
        """Time that antennas spent with a link and in setup; contacts that go on count as far as they have come.

        Returns
        -------
        ndarray, shape (stations, antennas, A_VALUES)
            Times [s].
        """
        times_s, going = self.did_s.copy(), self.link >= 0
        who = self.contacts.satellite[self.link[going]]
        since_s = self.value[who, q.F_NOW] - self.value[who, q.F_LINK_FROM]
        times_s[going, A_LINKED_S] += np.maximum(0.0, since_s)
        times_s[going, A_SETUP_S] += np.minimum(0.0, since_s)
        return times_s

    def sent_counts(self) -> Ints:
        """Contacts, images and results of antennas, those of contacts that go on too.

        Returns
        -------
        ndarray of int64, shape (stations, antennas, A_COUNTS)
            Counts.
        """
        counts, going = self.did.copy(), self.link >= 0
        who = self.contacts.satellite[self.link[going]]
        counts[going, A_IMAGES] += self.count[who, q.C_ARRIVED] - self.count[who, q.C_BEFORE]
        counts[going, A_RESULTS] += self.count[who, q.C_RESULTS] - self.count[who, q.C_RESULTS_BEFORE]
        return counts

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
