"""A replica from Python: its keys, its state, and what it leaves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.fleet.random_streams import stream_key
from sim.fleet.replicas.replica import simulate
from sim.fleet.replicas.tables import (
    COLUMNS,
    DIED,
    DUE_FULL,
    EVENT,
    EVENTS_FULL,
    INTERVALS,
    JOB_COLUMNS,
    JOB_LEVELS,
    LACKING,
    LEVELS,
    LIST,
    NUMBERS,
    OPEN_COLUMNS,
    PLACE,
    ROW,
    ROWS_FULL,
    RUN,
    STATUS,
    STORED_COPY,
    UNUSED,
    Plan,
    State,
)

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Outcome(NamedTuple):
    """What a replica leaves; see `State` for the shapes."""

    bins: Array
    by_type: Array  # (bins, jobs, types, columns of a job)
    failures: Ints
    reached_s: Array
    fallen_s: Array
    batches_s: Array
    reloads: Ints  # from each copy of checkpoints, in the order of `Plan.copies`
    died_s: float  # when nothing worked any more; infinite: something still does, or nothing ever did

    @property
    def jobs(self) -> Array:
        """The record of the jobs, types together, (bins, jobs, columns of a job)."""
        return np.asarray(self.by_type.sum(axis=2))


class Room(NamedTuple):
    """Room for a replica: events that wait, satellites that exist at the same time, batches that are recorded apart."""

    events: int  # in an interval of the queue
    later: int  # in later ones
    due: int  # at once
    rows: int
    batches: int


def with_keys(plan: Plan, seed: int, replica: int, processes: Sequence[int], causes: Sequence[int], supply: int) -> Plan:
    """A plan with the streams of a replica.

    Parameters
    ----------
    plan : Plan
        The plan.
    seed, replica : int
        Seed of the scenario, number of the replica.
    processes, causes : sequence of int
        Numbers of the processes and of the common causes in their spawn keys, such as of `random_streams.process_number`.
    supply : int
        Number of the supply's process.

    Returns
    -------
    Plan
        The same with keys; nothing else is copied.
    """
    keyed = plan._replace(processes=plan.processes.copy(), common_causes=plan.common_causes.copy(), supply=plan.supply.copy())
    for rows, numbers in ((keyed.processes, processes), (keyed.common_causes, causes), (keyed.supply, [supply])):
        for i, number in enumerate(numbers):
            rows["key"][i], rows["key_2"][i] = stream_key(seed, number, replica)
    return keyed


def new_state(plan: Plan, room: Room) -> State:
    """State of a replica before its beginning.

    Parameters
    ----------
    plan : Plan
        The plan.
    room : Room
        Sizes of its arrays.

    Returns
    -------
    State
        Nothing is there yet.
    """
    bins, types, planes = plan.edges_s.size - 1, plan.types.size, plan.planes.size
    jobs = int(plan.slots["job"].max()) + 1
    rows, lists = np.zeros(room.rows, ROW), np.zeros(planes + 2, LIST)
    rows["serial"], rows["slot"], rows["next"] = -1, -1, np.arange(1, room.rows + 1)
    rows["next"][-1] = -1
    lists["head"], lists["head"][-1], lists["count"][-1] = -1, 0, room.rows
    number = np.zeros(NUMBERS, np.int64)
    number[UNUSED] = -1
    places, runs = np.zeros(plan.slots.size, PLACE), np.zeros(plan.islands.size, RUN)
    places["row"], runs["mode"] = -1, LACKING
    places["left_s"], runs["thrown_s"] = -1.0, -1.0
    stored = np.zeros(plan.copies.size, STORED_COPY)
    stored["at_s"], stored["current"] = -1.0, 1
    return State(
        rows=rows, places=places, lists=lists, runs=runs, stored=stored,
        open=np.zeros((plan.copies.size, bins, types * OPEN_COLUMNS)), heap=np.zeros(room.events, EVENT), later=np.zeros(room.later, EVENT),
        lists_later=np.full(INTERVALS, -1), due=np.zeros(room.due, EVENT),
        down=np.zeros((room.rows, int(plan.units.sum(axis=1).max())), np.int8), failed=np.zeros((room.rows, plan.units.shape[1]), np.int32),
        life=np.zeros((room.rows, int(plan.pairs[:, -1].max())), np.int32), waiting=np.zeros(plan.slots.size, np.int64),
        running=np.zeros(jobs, np.int64), number=number, amount=np.array([0.0, 0.0, -math.inf, INTERVALS / plan.edges_s[-1]]), level=np.zeros(LEVELS),
        job_level=np.zeros((jobs * types, JOB_LEVELS)), bins=np.zeros((bins, COLUMNS)), jobs=np.zeros((bins, jobs * types * JOB_COLUMNS)),
        failures=np.zeros(plan.processes.size + plan.common_causes.size, np.int64), reached_s=np.full(plan.thresholds.size, math.inf),
        fallen_s=np.full(plan.thresholds.size, math.inf), batches_s=np.zeros((bins, room.batches)),
    )  # fmt: skip


def run(plan: Plan, room: Room) -> tuple[Outcome, Room]:
    """Simulate a replica, with more room where it needs more.

    Parameters
    ----------
    plan : Plan
        The plan with its keys.
    room : Room
        Sizes to begin with.

    Returns
    -------
    Outcome
        What it leaves; the room does not change it.
    Room
        Sizes that were enough.
    """
    while True:
        state = new_state(plan, room)
        simulate(plan, state)
        status = state.number[STATUS]
        if status == EVENTS_FULL:
            room = room._replace(events=2 * room.events, later=2 * room.later)
        elif status == DUE_FULL:
            room = room._replace(due=2 * room.due)
        elif status == ROWS_FULL:
            room = room._replace(rows=2 * room.rows)
        else:
            by_type = state.jobs.reshape(len(state.jobs), -1, plan.types.size, JOB_COLUMNS)
            found = Outcome(
                state.bins, by_type, state.failures, state.reached_s, state.fallen_s, state.batches_s, state.stored["reloads"].copy(),
                abs(float(state.amount[DIED])),
            )  # fmt: skip
            return found, room
