"""One replica: events in order of time, and what is recorded between them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import exact_inlined, exact_kernel, exact_part
from orbit.kernels.reference import by_reference
from sim.fleet.replicas.common_causes import begin_batch, begin_groups, shock
from sim.fleet.replicas.derelicts import derelict_left
from sim.fleet.replicas.heap import drop_first, follow, next_interval, push
from sim.fleet.replicas.islands import member, recovered, settle
from sim.fleet.replicas.orders import delivered, in_orbit, launch, launch_time_s, review
from sim.fleet.replicas.record import advance, shift
from sim.fleet.replicas.satellites import (
    birth,
    enter_slot,
    next_life,
    rate_left,
    record_batch,
    start_lives,
    start_unit,
    stop_unit,
    time_to_return_s,
)
from sim.fleet.replicas.servicing import visit
from sim.fleet.replicas.supply import arrive, fill, keep, leave_queue, lose, move, spare_there
from sim.fleet.replicas.tables import (
    ANNOUNCE,
    ANNOUNCED,
    BATCHES,
    BIRTH,
    CHANGED,
    DEBRIS,
    DELIVERED,
    DERELICT_LEFT,
    DIED,
    DUE_COUNT,
    DUE_FIRST,
    ENTER,
    FAIL,
    FILL,
    FINE,
    HIT,
    IN_ORBIT,
    IN_SLOT,
    KEPT,
    LACKING,
    LAUNCH,
    LIVE,
    LOSE,
    MEMBER,
    NEXT_LIFE,
    NOTHING,
    NOW,
    RECOVERED,
    RETURN,
    REVIEW,
    SHOCK,
    SIZE,
    SPARE,
    SPARE_THERE,
    STATUS,
    STORED,
    UNIT_BITS,
    VISIT,
    Column,
    Unit,
    whole,
)

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

SHARE, WORKING, EMPTY = whole(Column.SHARE), whole(Column.WORKING), whole(Column.EMPTY)
LOST, RETIRED = whole(Column.LOST), whole(Column.RETIRED)
SATELLITE, OWNER = whole(Unit.SATELLITE), whole(Unit.OWNER)
UNIT_MASK = (1 << UNIT_BITS) - 1


@exact_inlined
def _note(plan: Any, state: Any) -> None:
    """Note when the capacity reaches a share of the full one for the first time, and when it then falls below; when nothing works any more."""
    now_s, share = state.amount[NOW], state.level[SHARE] / plan.slots.shape[0]
    for i in range(plan.thresholds.shape[0]):
        if math.isinf(state.reached_s[i]):
            if share >= plan.thresholds[i] - 1e-9:
                state.reached_s[i] = now_s
        elif math.isinf(state.fallen_s[i]) and share < plan.thresholds[i] - 1e-9:
            state.fallen_s[i] = now_s
    if state.level[WORKING] > 0.5:
        state.amount[DIED] = math.inf
    elif state.amount[DIED] == math.inf:
        state.amount[DIED] = now_s


@exact_part
def populate(plan: Any, state: Any) -> None:
    """The fleet at the beginning: satellites in their slots, spares, stock; jobs run; what is known beforehand is in the heap."""
    number, planes, ages = state.number, plan.planes.shape[0], plan.supply[0]["spares_age"]
    batch = number[BATCHES]
    number[BATCHES] += 1
    shift(plan, state, EMPTY, float(plan.slots.shape[0]))
    for slot in range(plan.slots.shape[0]):
        if plan.slots[slot]["filled"] == 1:
            move(plan, state, birth(plan, state, batch, ages), slot, 0.0)
        else:
            follow(state.due, number, FILL, slot, NOTHING, NOTHING, NOTHING)
    for plane in range(planes):
        for _ in range(plan.planes[plane]["first_spares"]):
            keep(plan, state, birth(plan, state, batch, ages), plane, SPARE)
    for _ in range(plan.supply[0]["stock"]):
        keep(plan, state, birth(plan, state, batch, ages), planes, STORED)
    for i in range(plan.launches.shape[0]):
        at_s = launch_time_s(plan, plan.launches[i]["time_s"])
        push(state, at_s, LAUNCH, plan.launches[i]["satellites"], NOTHING, NOTHING, NOTHING)
    for i in range(plan.listed.shape[0]):
        push(state, plan.listed[i]["time_s"], CHANGED, i, NOTHING, NOTHING, NOTHING)
    if plan.supply[0]["visit_s"] < math.inf:
        push(state, plan.supply[0]["visit_s"], VISIT, NOTHING, NOTHING, NOTHING, NOTHING)
    for s in range(plan.common_causes.shape[0]):
        begin_groups(plan, state, s)
    follow(state.due, number, REVIEW, NOTHING, NOTHING, NOTHING, NOTHING)


@exact_part
def begin_jobs(plan: Any, state: Any) -> None:
    """Jobs run from the beginning, where they have their members."""
    for g in range(plan.islands.shape[0]):
        if state.runs[g]["mode"] != LACKING:
            recovered(plan, state, g)
            state.runs[g]["interruption"] += 1


@exact_inlined
def _hit(plan: Any, state: Any, row: int, unit: int, i: int, source: int, return_s: float, life: int) -> None:
    """A unit fails; for good, the satellite is lost with it where it is the satellite, or too little of it is left."""
    if unit == SATELLITE and math.isinf(return_s):
        state.failures[source] += 1
        follow(state.due, state.number, LOSE, row, LOST, state.rows[row]["serial"], NOTHING)
        return
    stop_unit(plan, state, row, unit, i, source, return_s, life)
    if math.isinf(return_s):
        _give_up(plan, state, row)


@exact_inlined
def _give_up(plan: Any, state: Any, row: int) -> None:
    """A satellite of which too little is left is retired; one that is away as a whole, and comes back, not before it is back."""
    away = state.failed[row, OWNER] > 0 or state.failed[row, SATELLITE] > 0
    if not away and rate_left(plan, state, row) < plan.types[state.rows[row]["type"]]["replace_below"]:
        follow(state.due, state.number, LOSE, row, RETIRED, state.rows[row]["serial"], NOTHING)


@exact_part
def hit_by_cause(plan: Any, state: Any, row: int, source: int, i: int) -> None:
    """A unit is hit by a common cause, unless it is down already."""
    cause = plan.common_causes[source - plan.processes.shape[0]]
    if state.down[row, plan.offset[state.rows[row]["type"], cause["unit"]] + i] == 0:
        _hit(plan, state, row, cause["unit"], i, source, cause["return_s"], NOTHING)


@exact_part
def fail(plan: Any, state: Any, row: int, p: int, i: int, serial: int, life: int) -> None:
    """A unit fails by a process: a remedy brings it back, or it has failed for good."""
    satellite = state.rows[row]
    kind, unit = satellite["type"], plan.processes[p]["unit"]
    pair = plan.pairs[kind, p] + i
    if state.life[row, pair] != life:
        return
    state.life[row, pair] = life + 1
    down = state.down[row, plan.offset[kind, unit] + i]
    if down == 0:
        return_s = time_to_return_s(plan, p, i, serial, life)
        _hit(plan, state, row, unit, i, p, return_s, life)
        if return_s > 0.0:
            return  # the next life begins with the return, or never
    if down != 2:
        follow(state.due, state.number, NEXT_LIFE, row, (p << UNIT_BITS) | i, serial, life + 1)


@exact_part
def back(plan: Any, state: Any, row: int, source: int, i: int, life: int) -> None:
    """A unit returns."""
    satellite, processes = state.rows[row], plan.processes.shape[0]
    unit = plan.processes[source]["unit"] if source < processes else plan.common_causes[source - processes]["unit"]
    start_unit(plan, state, row, unit, i)
    if unit in (OWNER, SATELLITE):
        _give_up(plan, state, row)
    if source < processes:
        follow(state.due, state.number, NEXT_LIFE, row, (source << UNIT_BITS) | i, satellite["serial"], life + 1)


@exact_part
def listed(plan: Any, state: Any, i: int) -> None:
    """A listed change: the satellites of some slots are lost, or these slots are filled."""
    change, number = plan.listed[i], state.number
    for slot in range(change["first"], change["last"] + 1):
        row = state.places[slot]["row"]
        if change["lost"] == 1 and row >= 0:
            follow(state.due, number, LOSE, row, LOST, state.rows[row]["serial"], NOTHING)
        elif change["lost"] == 0 and row < 0 and leave_queue(state, slot):
            follow(state.due, number, BIRTH, number[BATCHES], NOTHING, slot, NOTHING)
    if change["lost"] == 0:
        number[BATCHES] += 1


@exact_part
def announce(state: Any, row: int) -> None:
    """The end of the life of a satellite is near: another is ordered."""
    state.rows[row]["leaving"] = 1
    state.number[ANNOUNCED] += 1
    follow(state.due, state.number, REVIEW, NOTHING, NOTHING, NOTHING, NOTHING)


@exact_part
def handle(plan: Any, state: Any, kind: int, a: int, b: int, c: int, d: int) -> None:
    """What an event does."""
    if kind == FAIL:
        fail(plan, state, a, b >> UNIT_BITS, b & UNIT_MASK, c, d)
    elif kind == NEXT_LIFE:
        next_life(plan, state, a, b >> UNIT_BITS, b & UNIT_MASK, d)
    elif kind == RETURN:
        back(plan, state, a, b >> UNIT_BITS, b & UNIT_MASK, d)
    elif kind == MEMBER:
        member(plan, state, a, b)
    elif kind == RECOVERED:
        recovered(plan, state, a)
    elif kind == LOSE:
        lose(plan, state, a, b, d)
    elif kind == FILL:
        fill(plan, state, a)
    elif kind == SPARE_THERE:
        spare_there(plan, state, a)
    elif kind == ENTER:
        enter_slot(plan, state, a, state.rows[a]["slot"])
    elif kind == LIVE:
        start_lives(plan, state, a)
    elif kind == BIRTH:
        arrive(plan, state, a, b, c)
    elif kind == REVIEW:
        review(plan, state, a)
    elif kind == LAUNCH:
        launch(plan, state, a, b)
    elif kind == IN_ORBIT:
        in_orbit(plan, state, a)
    elif kind == DELIVERED:
        delivered(plan, state)
    elif kind == SHOCK:
        shock(plan, state, a, b, d)
    elif kind == HIT:
        hit_by_cause(plan, state, a, b >> UNIT_BITS, b & UNIT_MASK)
    elif kind == ANNOUNCE:
        announce(state, a)
    elif kind == VISIT:
        visit(plan, state)
    elif kind == DERELICT_LEFT:
        derelict_left(plan, state)
    else:
        listed(plan, state, a)


@exact_inlined
def _stale(state: Any, kind: int, a: int, c: int, d: int) -> bool:
    """Whether the satellite, the recovery or the derelicts of an event are no more."""
    if kind < RECOVERED:  # of a satellite
        return bool(state.rows[a]["serial"] != c)
    if kind == DERELICT_LEFT:
        return bool(state.number[DEBRIS] != d)
    return bool(kind == RECOVERED and state.runs[a]["interruption"] != d)


@exact_kernel
def simulate(given: Any, carried: Any) -> None:
    """A replica from its beginning to its end.

    Parameters
    ----------
    given : Plan
        The plan, with the keys of the replica.
    carried : State
        A new state, of `new_state`; the record and the status are in it afterwards.
    """
    plan, state = by_reference(given), by_reference(carried)
    end_s, heap, due, number, started = plan.edges_s[-1], state.heap, state.due, state.number, False
    populate(plan, state)
    while number[STATUS] == FINE:
        time_s = state.amount[NOW]
        if number[DUE_COUNT] > 0:
            event = due[number[DUE_FIRST]]
            kind, a, b, c, d = int(event["kind"]), int(event["a"]), int(event["b"]), int(event["c"]), int(event["d"])
            place = number[DUE_FIRST] + 1
            number[DUE_FIRST] = place if place < due.shape[0] else 0
            number[DUE_COUNT] -= 1
        elif not started:
            begin_jobs(plan, state)
            started = True
            continue
        else:
            _note(plan, state)
            if (number[SIZE] == 0 and not next_interval(state)) or heap[0]["time_s"] >= end_s:
                break
            event = heap[0]
            time_s, kind = event["time_s"], int(event["kind"])
            a, b, c, d = int(event["a"]), int(event["b"]), int(event["c"]), int(event["d"])
            drop_first(heap, number)
        if not _stale(state, kind, a, c, d):
            advance(plan, state, time_s)
            batches = number[BATCHES]
            handle(plan, state, kind, a, b, c, d)
            if number[BATCHES] > batches:
                begin_batch(plan, state)
    finish(plan, state)


@exact_part
def finish(plan: Any, state: Any) -> None:
    """The end: what still goes on is entered into the record."""
    advance(plan, state, plan.edges_s[-1])
    for g in range(plan.islands.shape[0]):
        settle(plan, state, g, KEPT)
    for row in range(state.rows.shape[0]):
        if state.rows[row]["place"] == IN_SLOT:
            record_batch(plan, state, row)
