"""What a replica is given, what it carries from event to event, and what it leaves; all as arrays, for compiled code."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Narrow = NDArray[np.int32]
Bytes = NDArray[np.int8]
Rows = NDArray[np.void]  # of one of the types below


def whole(value: int) -> int:
    """A constant of compiled code: a plain integer has a type by its value, and functions are compiled for each.

    Parameters
    ----------
    value : int
        The value.

    Returns
    -------
    int
        A 64-bit integer of numpy.
    """
    return np.int64(value)  # type: ignore[return-value]


def wholes(count: int) -> list[int]:
    """Constants of compiled code from 0 on.

    Parameters
    ----------
    count : int
        Their number.

    Returns
    -------
    list of int
        As of `whole`.
    """
    return [whole(value) for value in range(count)]


class Unit(IntEnum):
    """Parts of a satellite that fail by themselves; the first is the satellite as a whole."""

    SATELLITE = 0
    ACCELERATOR = 1
    HOST = 2  # with all its accelerators
    TERMINAL = 3
    BATTERY = 4  # a string
    ARRAY = 5  # a string
    LOOP = 6
    PROPULSION = 7
    OWNER = 8  # down while the satellite works for somebody else, and fails as it would otherwise


class Scope(IntEnum):
    """Satellites that one event of a common cause may hit."""

    FLEET = 0
    PLANE = 1  # a plane, or a formation
    BATCH = 2  # what flew on one launch
    TYPE = 3  # satellites of one hardware generation, which run the same software
    SLOTS = 4  # those in some slots, at a listed time


class Keeper(IntEnum):
    """What keeps a copy of the checkpoints of a job; the order is that in which the copies of a job are listed."""

    MEMORY = 0  # of the own satellite
    SATELLITE = 1  # another one
    GROUND_BEFORE = 2  # the last copy on the ground but one: the last one may still be on its way
    GROUND = 3
    START = 4  # nothing: the job begins again


class Column(IntEnum):
    """Columns of a replica's record: integrals over a bin [s], and counts within it."""

    SHARE = 0  # rates of all satellites in their slots, in satellites
    WORKING = 1  # satellites in their slots that work, also in part
    EMPTY = 2  # slots without a satellite that could work
    SPARES = 3  # in their plane
    STOCK = 4  # in the parking orbit
    ORDERED = 5  # satellites that are built or launched
    DERELICT = 6  # failed satellites that stay in orbit
    BORN_S = 7  # times at which the satellites that work were born, summed over them
    LOST = 8  # from here on counts
    RETIRED = 9
    UNITS_FAILED = 10
    UNITS_REPAIRED = 11
    LAUNCHES = 12
    LAUNCH_FAILURES = 13
    LAUNCHED = 14  # satellites that reached their orbit
    SWAPS = 15  # spares that took a slot
    VISITS = 16
    SPENT = 17  # [USD]
    COLLISIONS = 18  # with derelicts of the fleet
    ORDERED_LAUNCHES = 19  # of LAUNCHES, those that are not of the calendar


class JobColumn(IntEnum):
    """Columns of the record of each job and type of satellite: integrals over a bin, in satellites x seconds, and counts within it."""

    SHARE = 0  # rates of the satellites of the type in the slots of the job
    WORKING = 1  # those that work, also in part
    ACTIVE = 2  # those of them that are members now
    PACED = 3  # members of any type now, while their island runs at the pace of this one
    BORN_S = 4  # times at which those that work were born, summed over them
    USEFUL = 5  # work that stays; from here on times of all members while their island runs at the pace of this type
    SAVING = 6
    RECOVERY = 7  # detection, restart, reload, and all that is done again
    SLOWED = 8  # rate that members lack while the job runs
    WAITING = 9  # without enough members, or without enough islands
    INTERRUPTIONS = 10


COLUMNS: Final = len(Column)
LEVELS: Final = int(Column.LOST)  # columns before it are integrals of a level
JOB_COLUMNS: Final = len(JobColumn)
JOB_LEVELS: Final = int(JobColumn.USEFUL)
OPEN_COLUMNS: Final = 3  # of what is done again when a job is thrown back: work, saving, and what slow members took

NOTHING, ONE = wholes(2)

# What happens at the time of an event, and what its numbers a, b, c, d mean. A handler calls no other one: what follows at once
# is an event that is due.
KINDS: Final = wholes(21)
FAIL, RETURN = KINDS[:2]  # row, process and unit, serial, life
NEXT_LIFE = KINDS[2]  # row, process and unit, serial, life: the next failure is drawn; a negative life: of a new unit
LIVE = KINDS[3]  # row, -, serial: its units begin to age
ENTER = KINDS[4]  # row, -, serial: a satellite has reached its slot
LOSE = KINDS[5]  # row, column that counts it, serial, 1 where nothing is left of it: the satellite is no more
HIT = KINDS[6]  # row, source and unit, serial: by a common cause
ANNOUNCE = KINDS[7]  # row, -, serial: the end of its life is near
SPARE_THERE = KINDS[8]  # row, -, serial: a spare has reached its plane
RECOVERED = KINDS[9]  # island, -, -, interruption; those before are of a satellite, and nothing happens once it is no more
MEMBER = KINDS[10]  # slot, 1 for an interruption that changes nothing else: the rate of its satellite has changed
FILL = KINDS[11]  # slot that is empty
BIRTH = KINDS[12]  # batch, 1 if it comes by launch, slot that gets it or -1: a new satellite
REVIEW = KINDS[13]  # 1 where money was short: replacements and batches are ordered
LAUNCH = KINDS[14]  # satellites, 1 if ordered
IN_ORBIT = KINDS[15]  # satellites
DELIVERED = KINDS[16]  # a replacement of one satellite is ready
SHOCK = KINDS[17]  # common cause, group, -, number
VISIT = KINDS[18]
CHANGED = KINDS[19]  # number of a listed change
DERELICT_LEFT = KINDS[20]  # -, -, -, number of changes of the derelicts: one decays, or crosses a slot
UNIT_BITS = 20  # of process and unit together


# where a satellite is
ABSENT, IN_SLOT, SPARE, STORED, MOVING = wholes(5)

# modes of an island
RUNNING, RECOVERING, LACKING, HELD = wholes(4)
KEPT, ROLLED_BACK = wholes(2)  # what becomes of work since the last checkpoint


# --- what a replica is given: one row for each process, remedy, ...; times in seconds from the beginning

PROCESS: Final = np.dtype(
    [
        ("unit", np.int64),  # of Unit
        ("scale_s", np.float64), ("shape", np.float64),  # Weibull distribution of the lifetimes
        ("frailty", np.float64),  # shape of the gamma distribution of rates among units; infinite: all are alike
        ("first_remedy", np.int64), ("last_remedy", np.int64),  # of this process, the last one not included; four at most
        ("first_change", np.int64), ("last_change", np.int64),
        ("key", np.uint64), ("key_2", np.uint64),  # of the stream
    ]
)  # fmt: skip
REMEDY: Final = np.dtype([("success", np.float64), ("time_s", np.float64)])  # tried one after the other
CHANGE: Final = np.dtype([("since_s", np.float64), ("multiple", np.float64)])  # of the rate of a process
COMMON_CAUSE: Final = np.dtype(
    [
        ("scope", np.int64), ("unit", np.int64),  # of Scope and Unit
        ("rate_s", np.float64),  # events of one group [1/s]
        ("at_s", np.float64),  # the one event of the whole group, where it is listed; infinite: events are drawn
        ("hits", np.float64),  # probability that a unit of the group is hit
        ("return_s", np.float64),  # until what was hit is back; infinite: it is not
        ("first", np.int64), ("last", np.int64),  # slots of the scope SLOTS
        ("key", np.uint64), ("key_2", np.uint64),
    ]
)  # fmt: skip
TYPE: Final = np.dtype(
    [
        ("from_s", np.float64),  # new satellites are of this type from then on; later types are at least as fast as earlier ones
        ("accelerators_per_host", np.int64),
        ("replace_below", np.float64),  # rate under which a satellite is given up and replaced
        ("life_s", np.float64),  # age at which it is retired; infinite: never
        ("usd", np.float64),  # price without launch
        ("rate", np.float64),  # over that of the first type
    ]
)  # fmt: skip
SUPPLY: Final = np.dtype(
    [
        ("drift_s", np.float64),  # for a spare of the plane to reach an empty slot
        ("spares_age", np.int64),  # 1: spares fail as satellites at work do; 0: they neither fail nor age before they are used
        ("parallel", np.int64),  # replacements one by one: at the same time; 0: none
        ("replace_s", np.float64), ("random_replace", np.int64),  # how long one takes; 1: that is the mean of an exponential distribution
        ("stock", np.int64),  # spares in the parking orbit at the beginning
        ("turns_s", np.float64), ("transfer_s", np.float64),  # node of the planes against it [turns/s], 0: no waiting; ascent
        ("reorder_at", np.int64), ("batch", np.int64),  # (s, Q): of stock, ordered and waiting together; batch 0: nothing is ordered
        ("lead_s", np.float64), ("lead_random_s", np.float64),  # from order to launch: fixed part, and mean of an exponential one
        ("success", np.float64),  # probability that a launch reaches its orbit
        ("raising_s", np.float64),  # from launch to work
        ("launch_usd", np.float64),
        ("budget_usd", np.float64), ("budget_usd_s", np.float64),  # at the beginning, and each second; infinite: no limit
        ("deorbited", np.float64),  # probability that a failed satellite leaves its orbit
        ("visit_s", np.float64), ("visit_success", np.float64), ("visit_usd", np.float64), ("visit_units", np.int64),  # servicing
        ("ahead_s", np.float64),  # how long before the end of a life the next satellite is ordered; 0: when it ends
        ("collisions_s", np.float64),  # collisions of one satellite with one derelict [1/s]
        ("decay_s", np.float64),  # mean time until a derelict has decayed; infinite: it stays
        ("breakup", np.float64),  # probability that a collision destroys another satellite of the same plane or formation too
        ("key", np.uint64), ("key_2", np.uint64),
    ]
)  # fmt: skip
PLANE: Final = np.dtype(
    [
        ("spares", np.int64), ("first_spares", np.int64),  # wanted, and there at the beginning
        ("phase", np.float64),  # node ahead of the parking orbit at the beginning [turns], 0 to 1
    ]
)  # fmt: skip
# island -1: the satellite is no member of one; filled 1: from the beginning
SLOT: Final = np.dtype([("plane", np.int64), ("island", np.int64), ("job", np.int64), ("filled", np.int64)])
LAUNCHES: Final = np.dtype([("time_s", np.float64), ("satellites", np.int64)])  # those known beforehand
STANDDOWN: Final = np.dtype([("from_s", np.float64), ("until_s", np.float64)])  # launches due within are made at its end
LISTED: Final = np.dtype([("time_s", np.float64), ("first", np.int64), ("last", np.int64), ("lost", np.int64)])  # lost 0: filled again
ISLAND: Final = np.dtype(
    [
        ("job", np.int64),
        ("members", np.int64),  # of the full island
        ("first_slot", np.int64), ("last_slot", np.int64),  # slots of members and of hot spares, the last not included
        ("first_pace", np.int64),  # pace[first_pace + k]: rate with k members over that of the full island
        ("interval_s", np.float64), ("save_s", np.float64),  # work between two checkpoints, saving one
        ("recovery_s", np.float64),  # from a failure to work again, without what is done again
        ("quorum", np.int64),  # islands of the job that must run for any of them to go on
        ("patience_s", np.float64),  # how long it waits for the replacement of a member before it goes on with fewer
        ("first_copy", np.int64), ("last_copy", np.int64),  # of its checkpoints, the last not included; none: a checkpoint survives everything
    ]
)  # fmt: skip
COPY: Final = np.dtype(
    [
        ("keeper", np.int64),  # of Keeper
        ("every", np.int64),  # made at every so many checkpoints
        ("lag_s", np.float64),  # from the checkpoint until the copy is complete
        ("reload_s", np.float64),
        ("holders", np.int64),  # row of `Plan.holders`
    ]
)  # fmt: skip


class Plan(NamedTuple):
    """All that a replica is given.

    Attributes
    ----------
    units : ndarray of int64, shape (types, kinds)
        Units of each kind of a satellite, in the order of `Unit`.
    left : ndarray, shape (types, kinds, most units + 1)
        Share of the satellite's rate that is left, by how many units of a kind have failed; the least over the kinds holds.
    offset : ndarray of int64, shape (types, kinds)
        First unit of each kind among all units of a satellite.
    pairs : ndarray of int64, shape (types, processes + 1)
        Where the lives of the units under each process begin.
    copies : ndarray
        Copies of the checkpoints of each island, in the order of `Keeper`.
    holders : ndarray of int64, shape (tables, slots)
        Slot of the satellite that keeps the copy of each satellite, -1: none.
    edges_s : ndarray, shape (bins + 1,)
        Edges of the bins of the record, from 0 to the end.
    thresholds : ndarray
        Shares of the full capacity whose times are recorded.
    others
        Rows of the types above.
    """

    processes: Rows
    remedies: Rows
    changes: Rows
    common_causes: Rows
    types: Rows
    units: Ints
    left: Array
    offset: Ints
    pairs: Ints
    supply: Rows
    planes: Rows
    slots: Rows
    launches: Rows
    standdowns: Rows
    listed: Rows
    islands: Rows
    copies: Rows
    holders: Ints
    pace: Array
    edges_s: Array
    thresholds: Array


# --- what changes

# 40 bytes; `next` is the place of the next event of a list
EVENT: Final = np.dtype([("time_s", np.float64), ("order", np.int64), *((name, np.int32) for name in ("kind", "next", "a", "b", "c", "d"))])
ROW: Final = np.dtype(
    [
        ("serial", np.int64),  # number of the satellite in this row
        ("born_s", np.float64), ("share", np.float64),  # rate that it can reach
        ("type", np.int64), ("batch", np.int64), ("place", np.int64),  # place: ABSENT to MOVING
        ("slot", np.int64), ("plane", np.int64),  # where it is, or moves to
        ("entered_s", np.float64),  # the slot
        ("leaving", np.int64),  # 1: the end of its life is near, and another is ordered
        ("next", np.int64),  # next row of a list: free rows, spares of a plane, stock
    ]
)  # fmt: skip
PLACE: Final = np.dtype(
    [
        ("row", np.int64), ("share", np.float64),  # satellite of a slot, and its rate as its island knows it
        ("active", np.int64), ("type", np.int64),  # 1: member, and its type
        ("lost_s", np.float64), ("kept_s", np.float64),  # when its memory was lost last, and since when there is one again
        ("left_s", np.float64),  # when it was last no member any more
    ]
)  # fmt: skip
LIST: Final = np.dtype([("head", np.int64), ("count", np.int64), ("coming", np.int64)])  # spares of each plane, then the stock, then free rows
RUN: Final = np.dtype(
    [
        ("mode", np.int64), ("active", np.int64),  # active members
        ("type", np.int64),  # whose pace it runs at: the first, and so slowest, among them
        ("interruption", np.int64),  # number of the latest
        ("from_s", np.float64),  # since when it runs, or does not
        ("open_s", np.float64), ("open_work", np.float64),  # since the last commit
        ("speed", np.float64),
        ("wait_until_s", np.float64),  # of a recovery: until then it waits for the replacement of a member
        ("checkpoints", np.int64),  # made so far
        ("reload_s", np.float64),  # of the copy from which it goes on
        ("copy", np.int64), ("thrown_s", np.float64),  # which it was, and when the job was thrown back to it
    ]
)  # fmt: skip
# of a copy: time of its checkpoint, 1: the job was thrown back to it, or to an older one; how often the job was reloaded from it
STORED_COPY: Final = np.dtype([("at_s", np.float64), ("current", np.int64), ("reloads", np.int64)])


class State(NamedTuple):
    """What changes in a replica; rows of the types above where no shape is given.

    Attributes
    ----------
    rows, places, lists, runs, heap, later, due
        Satellites, slots, lists of satellites, islands, events of the present interval, later ones, ring of those that are due.
    stored : ndarray
        Copies of checkpoints.
    open : ndarray, shape (copies, bins, types x columns)
        What a job does again if it is thrown back to a copy, by the time at which it was done, [members s].
    lists_later : ndarray of int64, shape (intervals,)
        First event of each later interval, -1: none.
    down : ndarray of int8, shape (rows, units)
        0: the unit works, 1: it comes back, 2: it has failed for good.
    failed : ndarray of int64, shape (rows, kinds)
        Units that are down; accelerators also where their host is.
    life : ndarray of int64, shape (rows, pairs)
        Lives of the units under each process so far.
    waiting : ndarray of int64, shape (slots,)
        Ring of the slots that wait for a satellite.
    running : ndarray of int64, shape (jobs,)
        Islands of each job that could run.
    number : ndarray of int64
        See the places below.
    amount, level, job_level : ndarray
        See the places below, and the first columns of `Column` and, for each job, of `JobColumn`.
    bins, jobs, failures, reached_s, fallen_s, batches_s : ndarray
        The record: shapes (bins, columns), (bins, jobs x types x columns of a job), (processes + common causes,), (thresholds,) twice,
        (bins, batches).
    """

    rows: Rows
    places: Rows
    lists: Rows
    runs: Rows
    stored: Rows
    open: Array
    heap: Rows
    later: Rows
    lists_later: Ints
    due: Rows
    down: Bytes
    failed: Narrow
    life: Narrow
    waiting: Ints
    running: Ints
    number: Ints
    amount: Array
    level: Array
    job_level: Array
    bins: Array
    jobs: Array
    failures: Ints
    reached_s: Array
    fallen_s: Array
    batches_s: Array


# places in `number`
SIZE, ORDER, DUE_FIRST, DUE_COUNT, WAIT_FIRST, WAIT_COUNT, SERIALS, BATCHES = range(8)
UNDER_WAY, BUSY, QUEUED, DRAWN, STATUS, BIN, STALLED, ANNOUNCED = range(8, 16)
INTERVAL, LATER, UNUSED, DEBRIS = range(16, 20)  # present one; later events: places used, first that is free; changes of derelicts
NUMBERS = 20
# places in `amount`; DIED is -infinite until something has worked, infinite while something works
NOW, MONEY, DIED, INTERVALS_S = range(4)  # intervals of the queue in a second
INTERVALS: Final = 512  # of the queue: with more, most are empty; with fewer, the heap is longer
# values of STATUS
FINE, EVENTS_FULL, DUE_FULL, ROWS_FULL = range(4)
