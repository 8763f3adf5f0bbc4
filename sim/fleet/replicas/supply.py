"""Where satellites go: to slots that are empty, to planes as spares, to the stock in the parking orbit; and what happens when one is lost."""

from __future__ import annotations

from typing import Any

from orbit.kernels.compile import exact_inlined, exact_part
from sim.fleet.replicas.derelicts import next_of_derelicts, stays
from sim.fleet.replicas.heap import follow, push
from sim.fleet.replicas.record import count, shift
from sim.fleet.replicas.satellites import birth, leave_list, put, remove, take
from sim.fleet.replicas.tables import (
    ANNOUNCED,
    ENTER,
    FILL,
    LIVE,
    MOVING,
    NOTHING,
    NOW,
    QUEUED,
    REVIEW,
    SPARE,
    SPARE_THERE,
    STORED,
    WAIT_COUNT,
    WAIT_FIRST,
    Column,
    whole,
)

SPARES, STOCK, DERELICT = whole(Column.SPARES), whole(Column.STOCK), whole(Column.DERELICT)
LAUNCHED, SWAPS, RETIRED = whole(Column.LAUNCHED), whole(Column.SWAPS), whole(Column.RETIRED)


@exact_inlined
def drift_wait_s(plan: Any, now_s: float, plane: int) -> float:
    """How long until the node of the parking orbit is that of a plane, and the ascent to it [s]."""
    supply = plan.supply[0]
    wait_s = 0.0
    if supply["turns_s"] != 0.0:
        ahead = (plan.planes[plane]["phase"] + supply["turns_s"] * now_s) % 1.0
        wait_s = (1.0 - ahead if supply["turns_s"] > 0.0 else ahead) / abs(supply["turns_s"])
    return float(wait_s + supply["transfer_s"])


@exact_part
def send(state: Any, row: int, arrival: int, after_s: float) -> None:
    """Let a satellite arrive after some time, or at once."""
    serial = state.rows[row]["serial"]
    if after_s <= 0.0:
        follow(state.due, state.number, arrival, row, NOTHING, serial, NOTHING)
    else:
        push(state, state.amount[NOW] + after_s, arrival, row, NOTHING, serial, NOTHING)


@exact_part
def move(plan: Any, state: Any, row: int, slot: int, after_s: float) -> None:
    """Send a satellite to a slot; it begins to age if it has not yet."""
    satellite = state.rows[row]
    satellite["place"], satellite["slot"], satellite["plane"] = MOVING, slot, plan.slots[slot]["plane"]
    if plan.supply[0]["spares_age"] == 0:
        follow(state.due, state.number, LIVE, row, NOTHING, satellite["serial"], NOTHING)
    send(state, row, ENTER, after_s)


@exact_part
def fill(plan: Any, state: Any, slot: int) -> None:
    """Send the next satellite to an empty slot: a spare of its plane, one of the stock, or it waits."""
    plane, planes = plan.slots[slot]["plane"], plan.planes.shape[0]
    row = take(state, plane)
    if row >= 0:
        shift(plan, state, SPARES, -1.0)
        count(state, SWAPS, 1.0)
        move(plan, state, row, slot, plan.supply[0]["drift_s"])
        to_spares(plan, state, plane)
        return
    row = take(state, planes)
    if row >= 0:
        shift(plan, state, STOCK, -1.0)
        count(state, SWAPS, 1.0)
        move(plan, state, row, slot, drift_wait_s(plan, state.amount[NOW], plane))
        return
    number = state.number
    size = state.waiting.shape[0]
    state.waiting[(number[WAIT_FIRST] + number[WAIT_COUNT]) % size] = slot
    number[WAIT_COUNT] += 1


@exact_inlined
def to_spares(plan: Any, state: Any, plane: int) -> None:
    """Send spares from the stock to a plane that lacks some; they take as long as one for a slot."""
    planes = plan.planes.shape[0]
    while state.lists[plane]["count"] + state.lists[plane]["coming"] < plan.planes[plane]["spares"]:
        row = take(state, planes)
        if row < 0:
            return
        shift(plan, state, STOCK, -1.0)
        to_plane(plan, state, row, plane, drift_wait_s(plan, state.amount[NOW], plane))


@exact_inlined
def to_plane(plan: Any, state: Any, row: int, plane: int, after_s: float) -> None:
    """Send a satellite to a plane as a spare."""
    satellite = state.rows[row]
    satellite["place"], satellite["slot"], satellite["plane"] = MOVING, -1, plane
    state.lists[plane]["coming"] += 1
    send(state, row, SPARE_THERE, after_s)


@exact_part
def spare_there(plan: Any, state: Any, row: int) -> None:
    """A spare has reached its plane: a slot there that waits gets it, else it is kept."""
    plane, number = state.rows[row]["plane"], state.number
    state.lists[plane]["coming"] -= 1
    for n in range(number[WAIT_COUNT]):
        slot = state.waiting[(number[WAIT_FIRST] + n) % state.waiting.shape[0]]
        if plan.slots[slot]["plane"] == plane:
            leave_queue(state, slot)
            count(state, SWAPS, 1.0)
            move(plan, state, row, slot, plan.supply[0]["drift_s"])
            to_spares(plan, state, plane)
            return
    keep(plan, state, row, plane, SPARE)


@exact_inlined
def leave_queue(state: Any, slot: int) -> bool:
    """Take a slot out of those that wait; False where it does not wait."""
    first, waiting, size = state.number[WAIT_FIRST], state.number[WAIT_COUNT], state.waiting.shape[0]
    for n in range(waiting):
        if state.waiting[(first + n) % size] == slot:
            for k in range(n, waiting - 1):
                state.waiting[(first + k) % size] = state.waiting[(first + k + 1) % size]
            state.number[WAIT_COUNT] = waiting - 1
            return True
    return False


@exact_inlined
def keep(plan: Any, state: Any, row: int, which: int, place: int) -> None:
    """Keep a satellite as a spare of a plane, or in the stock."""
    state.rows[row]["place"], state.rows[row]["plane"] = place, which
    put(state, which, row)
    shift(plan, state, SPARES if place == SPARE else STOCK, 1.0)


@exact_part
def arrive(plan: Any, state: Any, batch: int, drifts: int, wanted: int) -> None:
    """A new satellite: it goes to the slot that wants it or waits longest, becomes a spare of the plane that lacks most, or goes to the stock."""
    number, planes = state.number, plan.planes.shape[0]
    row = birth(plan, state, batch, plan.supply[0]["spares_age"])
    if row < 0:
        return
    count(state, LAUNCHED, 1.0)
    slot = wanted
    if slot < 0 and number[WAIT_COUNT] > 0:
        slot = state.waiting[number[WAIT_FIRST]]
        number[WAIT_FIRST] = (number[WAIT_FIRST] + 1) % state.waiting.shape[0]
        number[WAIT_COUNT] -= 1
    if slot >= 0:
        move(plan, state, row, slot, drift_wait_s(plan, state.amount[NOW], plan.slots[slot]["plane"]) if drifts == 1 else 0.0)
        return
    plane, lack = -1, 0
    for p in range(planes):
        lacking = plan.planes[p]["spares"] - state.lists[p]["count"] - state.lists[p]["coming"]
        if lacking > lack:
            plane, lack = p, lacking
    if plane >= 0:
        to_plane(plan, state, row, plane, drift_wait_s(plan, state.amount[NOW], plane) if drifts == 1 else 0.0)
    else:
        keep(plan, state, row, planes, STORED)


@exact_part
def lose(plan: Any, state: Any, row: int, column: int, destroyed: int) -> None:
    """A satellite is lost or retired, wherever it is: what it leaves empty is filled, and another is ordered."""
    satellite, planes = state.rows[row], plan.planes.shape[0]
    place, plane = satellite["place"], satellite["plane"]
    count(state, column, 1.0)
    if destroyed == 0 and stays(plan, state, row, column == RETIRED):
        shift(plan, state, DERELICT, 1.0)
        next_of_derelicts(plan, state)
    if satellite["leaving"] == 1:
        state.number[ANNOUNCED] -= 1
    if place == SPARE:
        leave_list(state, plane, row)
        shift(plan, state, SPARES, -1.0)
    elif place == STORED:
        leave_list(state, planes, row)
        shift(plan, state, STOCK, -1.0)
    elif place == MOVING and satellite["slot"] < 0:
        state.lists[plane]["coming"] -= 1
    slot = remove(plan, state, row)
    if slot >= 0:
        follow(state.due, state.number, FILL, slot, NOTHING, NOTHING, NOTHING)
    elif place != STORED:
        to_spares(plan, state, plane)
    if plan.supply[0]["parallel"] > 0:
        state.number[QUEUED] += 1
    follow(state.due, state.number, REVIEW, NOTHING, NOTHING, NOTHING, NOTHING)
