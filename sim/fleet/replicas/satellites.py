"""Satellites of a replica: their births, the failures and returns of their units, and the rate that is left of each."""

from __future__ import annotations

import math
from typing import Any

from orbit.kernels.compile import exact_inlined, exact_part
from sim.fleet.lifetimes import factor, failure_s, hazard
from sim.fleet.random_streams import to_unit, words
from sim.fleet.replicas.heap import follow, push
from sim.fleet.replicas.record import count, shift, shift_job, spread
from sim.fleet.replicas.tables import (
    ABSENT,
    ANNOUNCE,
    BIN,
    FAIL,
    IN_SLOT,
    LIVE,
    LOSE,
    MEMBER,
    NOTHING,
    NOW,
    ONE,
    RETURN,
    ROWS_FULL,
    SERIALS,
    STATUS,
    UNIT_BITS,
    Column,
    JobColumn,
    Unit,
    whole,
)

SHARE, WORKING, BORN_S = whole(Column.SHARE), whole(Column.WORKING), whole(Column.BORN_S)
JOB_SHARE, JOB_WORKING, JOB_BORN_S = whole(JobColumn.SHARE), whole(JobColumn.WORKING), whole(JobColumn.BORN_S)
UNITS_FAILED, UNITS_REPAIRED = whole(Column.UNITS_FAILED), whole(Column.UNITS_REPAIRED)
EMPTY, RETIRED = whole(Column.EMPTY), whole(Column.RETIRED)
ACCELERATOR, HOST, OWNER, WHOLE = whole(Unit.ACCELERATOR), whole(Unit.HOST), whole(Unit.OWNER), whole(Unit.SATELLITE)
FOR_GOOD = whole(2)  # of a unit that is down; one that comes back is 1


@exact_inlined
def take(state: Any, which: int) -> int:
    """The first row of a list, taken out of it; -1: it is empty."""
    row = state.lists[which]["head"]
    if row >= 0:
        state.lists[which]["head"] = state.rows[row]["next"]
        state.lists[which]["count"] -= 1
    return int(row)


@exact_inlined
def put(state: Any, which: int, row: int) -> None:
    """Add a row to a list, in front."""
    state.rows[row]["next"] = state.lists[which]["head"]
    state.lists[which]["head"] = row
    state.lists[which]["count"] += 1


@exact_inlined
def leave_list(state: Any, which: int, row: int) -> None:
    """Take a row out of the middle of a list."""
    before, at = -1, state.lists[which]["head"]
    while at != row:
        before, at = at, state.rows[at]["next"]
    if before < 0:
        state.lists[which]["head"] = state.rows[row]["next"]
    else:
        state.rows[before]["next"] = state.rows[row]["next"]
    state.lists[which]["count"] -= 1


@exact_inlined
def life_number(unit: int, serial: int, life: int, key: int, key_2: int) -> float:
    """Random number in [0, 1) that decides a life of a unit; four units share a block of the generator."""
    block = words(1 + life, unit >> 2, serial, 0, key, key_2)
    return to_unit(block[unit & 3])


@exact_inlined
def most_number(plan: Any, p: int, until_age_s: float) -> float:
    """Random number from which on a new unit without frailty outlasts an age; 1 where its rate changes meanwhile, so that this is not known."""
    process = plan.processes[p]
    if process["first_change"] < process["last_change"] or not math.isinf(process["frailty"]):
        return 1.0
    return -math.expm1(-hazard(until_age_s, process["scale_s"], process["shape"])) * (1.0 + 1e-9) + 1e-15


@exact_part
def schedule(plan: Any, state: Any, row: int, p: int, unit: int, life: int, born_s: float, u: float) -> None:
    """Enter the next failure of a unit that works from now on, by its random number u; one after the end is left out."""
    process, serial, now_s = plan.processes[p], state.rows[row]["serial"], state.amount[NOW]
    drawn = -math.log1p(-u)
    if not math.isinf(process["frailty"]):
        drawn /= factor(unit, serial, process["frailty"], process["key"], process["key_2"])
    at_s = failure_s(
        now_s, born_s, drawn, process["scale_s"], process["shape"], plan.changes["since_s"], plan.changes["multiple"],
        process["first_change"], process["last_change"],
    )  # fmt: skip
    if at_s < plan.edges_s[-1]:
        push(state, max(at_s, now_s), FAIL, row, (p << UNIT_BITS) | unit, serial, life)


@exact_part
def next_life(plan: Any, state: Any, row: int, p: int, unit: int, life: int) -> None:
    """Draw the next failure of a unit; of a new one where the life is negative."""
    now_s, process = state.amount[NOW], plan.processes[p]
    born_s = now_s if life < 0 else state.rows[row]["born_s"]
    u = life_number(unit, state.rows[row]["serial"], abs(life), process["key"], process["key_2"])
    schedule(plan, state, row, p, unit, abs(life), born_s, u)


@exact_part
def start_lives(plan: Any, state: Any, row: int) -> None:
    """Draw the first failures of all units of a satellite that begins to age now."""
    satellite = state.rows[row]
    now_s, end_s, kind, serial = state.amount[NOW], plan.edges_s[-1], satellite["type"], satellite["serial"]
    satellite["born_s"] = now_s
    for p in range(plan.processes.shape[0]):
        process = plan.processes[p]
        most, key, key_2, units = most_number(plan, p, end_s - now_s), process["key"], process["key_2"], plan.units[kind, process["unit"]]
        for first in range(0, units, 4):
            block = words(1, first >> 2, serial, 0, key, key_2)
            for unit in range(first, min(first + 4, units)):
                u = to_unit(block[unit & 3])
                if u < most:
                    schedule(plan, state, row, p, unit, NOTHING, now_s, u)
    life_s = plan.types[kind]["life_s"]
    if now_s + life_s < end_s:
        push(state, now_s + life_s, LOSE, row, RETIRED, satellite["serial"], NOTHING)
    ahead_s = plan.supply[0]["ahead_s"]
    if now_s + life_s - ahead_s < end_s:
        push(state, now_s + max(0.0, life_s - ahead_s), ANNOUNCE, row, NOTHING, satellite["serial"], NOTHING)


@exact_inlined
def present_type(plan: Any, state: Any) -> int:
    """Type of the satellites that are built now: the last one whose time has come."""
    kind = 0
    for t in range(plan.types.shape[0]):
        if plan.types[t]["from_s"] <= state.amount[NOW]:
            kind = t
    return kind


@exact_part
def birth(plan: Any, state: Any, batch: int, ages: int) -> int:
    """A new satellite, of the type that is built now, with all its units working; its row, -1 where there is no room."""
    row = take(state, plan.planes.shape[0] + 1)
    if row < 0:
        state.number[STATUS] = ROWS_FULL
        return -1
    satellite, kind = state.rows[row], present_type(plan, state)
    satellite["serial"] = state.number[SERIALS]
    state.number[SERIALS] += 1
    satellite["type"], satellite["batch"], satellite["slot"], satellite["share"] = kind, batch, -1, 1.0
    satellite["leaving"] = 0
    state.down[row, :], state.failed[row, :], state.life[row, :] = 0, 0, 0
    if ages == 1:
        follow(state.due, state.number, LIVE, row, NOTHING, satellite["serial"], NOTHING)
    return row


@exact_part
def set_share(plan: Any, state: Any, row: int, share: float) -> None:
    """Give a satellite another rate; levels and its island follow."""
    satellite = state.rows[row]
    before = satellite["share"]
    satellite["share"] = share
    if satellite["place"] != IN_SLOT or share == before:
        return
    shift(plan, state, SHARE, share - before)
    job, kind = plan.slots[satellite["slot"]]["job"], satellite["type"]
    shift_job(plan, state, job, kind, JOB_SHARE, share - before)
    if (share > 0.0) != (before > 0.0):
        change = 1.0 if share > 0.0 else -1.0
        shift(plan, state, WORKING, change)
        shift(plan, state, BORN_S, change * satellite["born_s"])
        shift_job(plan, state, job, kind, JOB_WORKING, change)
        shift_job(plan, state, job, kind, JOB_BORN_S, change * satellite["born_s"])
    if plan.slots[satellite["slot"]]["island"] >= 0:
        follow(state.due, state.number, MEMBER, satellite["slot"], NOTHING, NOTHING, NOTHING)


@exact_part
def enter_slot(plan: Any, state: Any, row: int, slot: int) -> None:
    """A satellite begins to work in a slot."""
    satellite, share = state.rows[row], state.rows[row]["share"]
    satellite["place"], satellite["slot"], satellite["plane"] = IN_SLOT, slot, plan.slots[slot]["plane"]
    satellite["entered_s"] = state.amount[NOW]
    state.places[slot]["row"], state.places[slot]["kept_s"] = row, state.amount[NOW]
    shift(plan, state, EMPTY, -1.0)
    satellite["share"] = 0.0
    set_share(plan, state, row, share)


@exact_part
def record_batch(plan: Any, state: Any, row: int) -> None:
    """Enter the time of a satellite in its slot under its batch; batches beyond the table go into the last one."""
    satellite, batches = state.rows[row], state.batches_s.shape[1]
    if batches > 0:
        batch = min(satellite["batch"], batches - 1)
        span_s = state.amount[NOW] - satellite["entered_s"]
        spread(state.batches_s, plan.edges_s, state.number[BIN], satellite["entered_s"], state.amount[NOW], batch, span_s)


@exact_part
def remove(plan: Any, state: Any, row: int) -> int:
    """A satellite is no more, wherever it was; the slot that it leaves empty, or that waits for it to arrive, -1: none."""
    satellite = state.rows[row]
    place, slot = satellite["place"], satellite["slot"]
    if place == IN_SLOT:
        set_share(plan, state, row, 0.0)
        record_batch(plan, state, row)
        state.places[slot]["row"], state.places[slot]["lost_s"] = -1, state.amount[NOW]
        shift(plan, state, EMPTY, 1.0)
    satellite["place"], satellite["serial"], satellite["slot"] = ABSENT, -1, -1
    put(state, plan.planes.shape[0] + 1, row)
    return int(slot)


@exact_inlined
def rate_left(plan: Any, state: Any, row: int) -> float:
    """Rate that is left of a satellite: the least over the kinds of units."""
    kind, least = state.rows[row]["type"], 1.0
    for u in range(plan.units.shape[1]):
        failed = state.failed[row, u]
        if failed > 0:
            least = min(least, plan.left[kind, u, failed])
    return least


@exact_part
def mark(plan: Any, state: Any, row: int, unit: int, i: int, down: int) -> None:
    """Mark a unit as working (0) or down, and count: accelerators whose host is down count as failed too."""
    kind, change = state.rows[row]["type"], 1 if down > 0 else -1
    state.down[row, plan.offset[kind, unit] + i] = down
    if unit == ACCELERATOR:
        if plan.units[kind, HOST] == 0 or state.down[row, plan.offset[kind, HOST] + i // plan.types[kind]["accelerators_per_host"]] == 0:
            state.failed[row, ACCELERATOR] += change
        return
    state.failed[row, unit] += change
    if unit == HOST:
        each, first = plan.types[kind]["accelerators_per_host"], plan.offset[kind, ACCELERATOR]
        for chip in range(i * each, min((i + 1) * each, plan.units[kind, ACCELERATOR])):
            if state.down[row, first + chip] == 0:
                state.failed[row, ACCELERATOR] += change


@exact_part
def stop_unit(plan: Any, state: Any, row: int, unit: int, i: int, source: int, return_s: float, life: int) -> None:
    """A unit stops, for a time or for good; `source` is the process, or a common cause beyond the processes."""
    if unit != OWNER:
        count(state, UNITS_FAILED, 1.0)
    state.failures[source] += 1
    if return_s <= 0.0 and not math.isinf(return_s):
        # back at once: only the island notices
        slot = state.rows[row]["slot"]
        if state.rows[row]["place"] == IN_SLOT and plan.slots[slot]["island"] >= 0:
            follow(state.due, state.number, MEMBER, slot, ONE, NOTHING, NOTHING)
        count(state, UNITS_REPAIRED, 1.0)
        return
    mark(plan, state, row, unit, i, FOR_GOOD if math.isinf(return_s) else ONE)
    if unit in (HOST, WHOLE) and state.rows[row]["place"] == IN_SLOT:
        # its memory is lost, and there is one again once it is back; without a host for good, in those that are left
        place = state.places[state.rows[row]["slot"]]
        place["lost_s"] = state.amount[NOW]
        if math.isinf(return_s):
            place["kept_s"] = state.amount[NOW]
    if not math.isinf(return_s):
        at_s = state.amount[NOW] + return_s
        push(state, at_s, RETURN, row, (source << UNIT_BITS) | i, state.rows[row]["serial"], life)
    set_share(plan, state, row, rate_left(plan, state, row))


@exact_part
def start_unit(plan: Any, state: Any, row: int, unit: int, i: int) -> None:
    """A unit works again."""
    if unit != OWNER:
        count(state, UNITS_REPAIRED, 1.0)
    mark(plan, state, row, unit, i, NOTHING)
    if unit in (HOST, WHOLE) and state.rows[row]["place"] == IN_SLOT:
        state.places[state.rows[row]["slot"]]["kept_s"] = state.amount[NOW]
    set_share(plan, state, row, rate_left(plan, state, row))


@exact_inlined
def time_to_return_s(plan: Any, p: int, i: int, serial: int, life: int) -> float:
    """How long the remedies of a process take until one helps [s]; infinite: none does."""
    process, spent_s = plan.processes[p], 0.0
    drawn = words(1 + life, i, serial, 1, process["key"], process["key_2"])
    for r in range(process["first_remedy"], process["last_remedy"]):
        remedy = plan.remedies[r]
        spent_s += remedy["time_s"]
        if to_unit(drawn[r - process["first_remedy"]]) < remedy["success"]:
            return float(spent_s)
    return math.inf
