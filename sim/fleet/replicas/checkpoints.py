"""Copies of the checkpoints of an island, and which of them survive a failure.

Each checkpoint is first written to the memory of the satellite that it is from. Some of them, or all, are copied from there to another
satellite, or to the ground; the memory keeps the newest one, and those that were last copied. A failure destroys what is in the memories of
the satellites that it takes. The island is thrown back to the newest checkpoint of which every member's share is still somewhere; without any,
to its start.
For each copy the work since its checkpoint is known by the bins in which it was done, so that it can be moved to the recovery.
"""

from __future__ import annotations

import math
from typing import Any

from orbit.kernels.compile import exact_inlined, exact_part
from sim.fleet.replicas.record import spread
from sim.fleet.replicas.tables import (
    BIN,
    JOB_COLUMNS,
    NOTHING,
    NOW,
    ONE,
    OPEN_COLUMNS,
    JobColumn,
    Keeper,
    whole,
    wholes,
)

USEFUL, SAVING, SLOWED = whole(JobColumn.USEFUL), whole(JobColumn.SAVING), whole(JobColumn.SLOWED)
RECOVERY = whole(JobColumn.RECOVERY)
MEMORY, SATELLITE = whole(Keeper.MEMORY), whole(Keeper.SATELLITE)
GROUND_BEFORE, GROUND, START = whole(Keeper.GROUND_BEFORE), whole(Keeper.GROUND), whole(Keeper.START)
WORK, SAVE, SLOW = wholes(OPEN_COLUMNS)  # columns of `State.open`
MOST_HOLDERS = 64  # satellites that are looked at, one after the other, for the copy of one


@exact_inlined
def worked(elapsed_s: float, interval_s: float, save_s: float) -> float:
    """Working time in a time of intervals and saves, which begins with an interval.

    Parameters
    ----------
    elapsed_s : float
        The time [s], at least 0.
    interval_s, save_s : float
        Lengths of an interval, above 0, and of a save [s].

    Returns
    -------
    float
        Time of the intervals in it [s].
    """
    cycle_s = interval_s + save_s
    if elapsed_s < cycle_s:
        return min(elapsed_s, interval_s)
    return math.floor(elapsed_s / cycle_s) * interval_s + min(elapsed_s % cycle_s, interval_s)


@exact_part
def commit(plan: Any, state: Any, g: int, before_s: float, span_s: float) -> None:
    """Enter what an island did while it ran into what it would do again from each copy, and the copies that it made meanwhile.

    It ran for `span_s` until now, after `before_s` since its last checkpoint.
    """
    island, run = plan.islands[g], state.runs[g]
    now_s, last, members, speed = state.amount[NOW], state.number[BIN], float(island["members"]), run["speed"]
    interval_s, save_s = island["interval_s"], island["save_s"]
    cycle_s, after_s, first = interval_s + save_s, before_s + span_s, OPEN_COLUMNS * run["type"]
    made, count = math.floor(after_s / cycle_s), run["checkpoints"]
    for c in range(island["first_copy"], island["last_copy"]):
        keeper, every = plan.copies[c]["keeper"], plan.copies[c]["every"]
        newest = (count + made) // every * every - count  # checkpoint of this copy, counted from 1 for those of this time
        if keeper == GROUND_BEFORE:
            newest -= every
            if newest < 1 and newest + every >= 1:  # the one that was on its way has arrived
                state.open[c, :, :] = state.open[c + 1, :, :]
                state.stored[c]["at_s"] = state.stored[c + 1]["at_s"]
        from_s, since_s = before_s, now_s - span_s
        if keeper != START and newest >= 1:
            state.open[c, :, :] = 0.0
            from_s, since_s = 0.0, now_s - max(0.0, after_s - newest * cycle_s)
            state.stored[c]["at_s"] = since_s
        run_s = now_s - since_s
        work_s = worked(from_s + run_s, interval_s, save_s) - worked(from_s, interval_s, save_s)
        spread(state.open[c], plan.edges_s, last, since_s, now_s, first + WORK, members * speed * work_s)
        spread(state.open[c], plan.edges_s, last, since_s, now_s, first + SLOW, members * (1.0 - speed) * work_s)
        spread(state.open[c], plan.edges_s, last, since_s, now_s, first + SAVE, members * (run_s - work_s))
    run["checkpoints"] = count + made


@exact_inlined
def _held(plan: Any, state: Any, table: int, slot: int, at_s: float) -> bool:
    """Whether another satellite still has the share of one: its holder at the time of the checkpoint, or the next one where that was missing."""
    holder = plan.holders[table, slot]
    for _ in range(MOST_HOLDERS):
        if holder < 0 or holder == slot:
            return False
        place = state.places[holder]
        if place["lost_s"] > at_s:
            return False
        if place["row"] >= 0 and place["kept_s"] <= at_s and place["kept_s"] >= place["lost_s"]:
            return True
        holder = plan.holders[table, holder]
    return False


@exact_inlined
def _survives(plan: Any, state: Any, g: int, c: int) -> bool:
    """Whether the job can go on from a copy: the share of each member is in its own memory, or where it was copied to."""
    island, copy, at_s = plan.islands[g], plan.copies[c], state.stored[c]["at_s"]
    if copy["keeper"] in (START, GROUND_BEFORE):
        return True
    if copy["keeper"] == GROUND:
        return bool(state.amount[NOW] >= at_s + copy["lag_s"])
    for slot in range(island["first_slot"], island["last_slot"]):
        place = state.places[slot]
        is_member = place["active"] == 1 or place["left_s"] == state.amount[NOW]
        if not is_member or (place["lost_s"] <= at_s and place["kept_s"] <= at_s):
            continue
        if copy["keeper"] == MEMORY or not _held(plan, state, copy["holders"], slot, at_s):
            return False
    return True


@exact_part
def roll_back(plan: Any, state: Any, g: int) -> None:
    """Throw an island back to the newest copy that survives. Copies as new or newer are then of this checkpoint too."""
    island, run = plan.islands[g], state.runs[g]
    first, last = island["first_copy"], island["last_copy"]
    best = last - 1
    for c in range(first, last - 1):
        if state.stored[c]["at_s"] > state.stored[best]["at_s"] and _survives(plan, state, g, c):
            best = c
    at_s = state.stored[best]["at_s"]
    for b in range(state.number[BIN] + 1):
        for t in range(plan.types.shape[0]):  # whose pace the work was done at
            column, done = JOB_COLUMNS * (island["job"] * plan.types.shape[0] + t), OPEN_COLUMNS * t
            state.jobs[b, column + USEFUL] -= state.open[best, b, done + WORK]
            state.jobs[b, column + SAVING] -= state.open[best, b, done + SAVE]
            state.jobs[b, column + SLOWED] -= state.open[best, b, done + SLOW]
            for q in range(done, done + OPEN_COLUMNS):
                again = state.open[best, b, q]
                state.jobs[b, column + RECOVERY] += again
                for c in range(first, last):
                    if c != best:
                        state.open[c, b, q] = 0.0 if state.stored[c]["at_s"] >= at_s else state.open[c, b, q] - again
                state.open[best, b, q] = 0.0
    for c in range(first, last):
        state.stored[c]["current"] = ONE if state.stored[c]["at_s"] >= at_s else NOTHING
        state.stored[c]["at_s"] = min(state.stored[c]["at_s"], at_s)
    if run["thrown_s"] == state.amount[NOW]:  # at the same instant already, and not far enough
        state.stored[run["copy"]]["reloads"] -= 1
    state.stored[best]["reloads"] += 1
    run["copy"], run["thrown_s"], run["reload_s"] = best, state.amount[NOW], plan.copies[best]["reload_s"]


@exact_part
def stored_again(plan: Any, state: Any, g: int, planned: int) -> None:
    """An island starts: copies of the checkpoint that it goes on from are whole again. Before a planned stop (1) it saves on satellites."""
    for c in range(plan.islands[g]["first_copy"], plan.islands[g]["last_copy"]):
        keeper, stored = plan.copies[c]["keeper"], state.stored[c]
        if planned == 1 and keeper in (MEMORY, SATELLITE):
            state.open[c, :, :] = 0.0
            stored["current"] = ONE
            state.runs[g]["reload_s"] = plan.copies[plan.islands[g]["first_copy"]]["reload_s"]
        elif planned == 1:
            stored["current"] = NOTHING
        if stored["current"] == 1 and keeper != START:
            stored["at_s"] = state.amount[NOW]
