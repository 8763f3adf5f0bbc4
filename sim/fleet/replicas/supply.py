"""Replacement of satellites: spares in the plane, a stock in a parking orbit, replacements one by one, batches on launches, servicing."""

from __future__ import annotations

import math
from typing import Any

from orbit.kernels.compile import exact_inlined, exact_part
from sim.fleet.random_streams import to_unit, words
from sim.fleet.replicas.heap import follow, push
from sim.fleet.replicas.record import count, shift
from sim.fleet.replicas.satellites import (
    birth,
    leave_list,
    mark,
    put,
    rate_left,
    remove,
    set_share,
    take,
)
from sim.fleet.replicas.tables import (
    ANNOUNCED,
    BATCHES,
    BIRTH,
    BUSY,
    DEBRIS,
    DELIVERED,
    DERELICT_LEFT,
    DRAWN,
    ENTER,
    FILL,
    IN_ORBIT,
    LAUNCH,
    LIVE,
    LOSE,
    MONEY,
    MOVING,
    NEXT_LIFE,
    NOTHING,
    NOW,
    ONE,
    QUEUED,
    REVIEW,
    SPARE,
    SPARE_THERE,
    STALLED,
    STORED,
    UNDER_WAY,
    UNIT_BITS,
    VISIT,
    WAIT_COUNT,
    WAIT_FIRST,
    Column,
    Unit,
    whole,
)

SPARES, STOCK, ORDERED, LOST = whole(Column.SPARES), whole(Column.STOCK), whole(Column.ORDERED), whole(Column.LOST)
LAUNCHES, LAUNCH_FAILURES, LAUNCHED = whole(Column.LAUNCHES), whole(Column.LAUNCH_FAILURES), whole(Column.LAUNCHED)
SWAPS, VISITS, SPENT, DERELICT = whole(Column.SWAPS), whole(Column.VISITS), whole(Column.SPENT), whole(Column.DERELICT)
RETIRED, UNITS_REPAIRED, COLLISIONS = whole(Column.RETIRED), whole(Column.UNITS_REPAIRED), whole(Column.COLLISIONS)
PROPULSION = whole(Unit.PROPULSION)


@exact_inlined
def uniform(plan: Any, state: Any) -> float:
    """The next random number of the supply, in [0, 1)."""
    supply, n = plan.supply[0], state.number[DRAWN]
    state.number[DRAWN] = n + 1
    return to_unit(words(1 + (n >> 2), 0, 0, 4, supply["key"], supply["key_2"])[n & 3])


@exact_inlined
def exponential_s(plan: Any, state: Any, mean_s: float) -> float:
    """A random time with an exponential distribution [s]; 0 without drawing where its mean is 0."""
    return -math.log1p(-uniform(plan, state)) * mean_s if mean_s > 0.0 else 0.0


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
def move(plan: Any, state: Any, row: int, slot: int, after_s: float) -> None:
    """Send a satellite to a slot; it begins to age if it has not yet."""
    satellite = state.rows[row]
    satellite["place"], satellite["slot"], satellite["plane"] = MOVING, slot, plan.slots[slot]["plane"]
    if plan.supply[0]["spares_age"] == 0:
        follow(state.due, state.number, LIVE, row, NOTHING, satellite["serial"], NOTHING)
    if after_s <= 0.0:
        follow(state.due, state.number, ENTER, row, NOTHING, satellite["serial"], NOTHING)
    else:
        push(state, state.amount[NOW] + after_s, ENTER, row, NOTHING, satellite["serial"], NOTHING)


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
    if after_s <= 0.0:
        follow(state.due, state.number, SPARE_THERE, row, NOTHING, satellite["serial"], NOTHING)
    else:
        push(state, state.amount[NOW] + after_s, SPARE_THERE, row, NOTHING, satellite["serial"], NOTHING)


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


@exact_inlined
def launch_time_s(plan: Any, time_s: float) -> float:
    """When a launch that is due takes place: at the end of the stand-down that it falls into."""
    for i in range(plan.standdowns.shape[0]):
        if plan.standdowns[i]["from_s"] <= time_s < plan.standdowns[i]["until_s"]:
            time_s = plan.standdowns[i]["until_s"]
    return time_s


@exact_inlined
def price_usd(plan: Any, state: Any, satellites: int) -> float:
    """Price of satellites of the present type and their launch."""
    usd = 0.0
    for t in range(plan.types.shape[0]):
        if plan.types[t]["from_s"] <= state.amount[NOW]:
            usd = plan.types[t]["usd"]
    return float(plan.supply[0]["launch_usd"] + satellites * usd)


@exact_inlined
def money(plan: Any, state: Any) -> float:
    """What is there to spend [USD]."""
    supply = plan.supply[0]
    if math.isinf(supply["budget_usd"]):
        return math.inf
    return float(supply["budget_usd"] + supply["budget_usd_s"] * state.amount[NOW] - state.amount[MONEY])


@exact_inlined
def spend(state: Any, usd: float) -> None:
    """Spend money."""
    state.amount[MONEY] += usd
    count(state, SPENT, usd)


@exact_part
def review(plan: Any, state: Any, was_short: int) -> None:
    """Order batches until what is in stock and ordered, less slots that wait and satellites near their end, is above the reorder level.

    Where money is short, when it is there.
    """
    supply, number, planes = plan.supply[0], state.number, plan.planes.shape[0]
    if was_short == 1:
        number[STALLED] = 0
    if supply["batch"] == 0 or number[STALLED] == 1:
        return
    while state.lists[planes]["count"] + number[UNDER_WAY] - number[WAIT_COUNT] - number[ANNOUNCED] <= supply["reorder_at"]:
        usd = price_usd(plan, state, supply["batch"])
        short = usd - money(plan, state)
        if short > 0.0:
            if supply["budget_usd_s"] > 0.0:
                number[STALLED] = 1
                push(state, state.amount[NOW] + short / supply["budget_usd_s"] + 1.0, REVIEW, ONE, NOTHING, NOTHING, NOTHING)
            return
        spend(state, usd)
        number[UNDER_WAY] += supply["batch"]
        shift(plan, state, ORDERED, supply["batch"])
        at_s = state.amount[NOW] + supply["lead_s"] + exponential_s(plan, state, supply["lead_random_s"])
        push(state, launch_time_s(plan, at_s), LAUNCH, supply["batch"], ONE, NOTHING, NOTHING)


@exact_part
def launch(plan: Any, state: Any, satellites: int, ordered: int) -> None:
    """A launch: it reaches its orbit, or what is on it is lost and ordered again. One of the calendar is paid for now, or waits for money."""
    supply, number = plan.supply[0], state.number
    if ordered == 0:
        usd = price_usd(plan, state, satellites)
        short = usd - money(plan, state)
        if short > 0.0:
            if supply["budget_usd_s"] > 0.0:
                at_s = state.amount[NOW] + short / supply["budget_usd_s"] + 1.0
                push(state, launch_time_s(plan, at_s), LAUNCH, satellites, NOTHING, NOTHING, NOTHING)
            return
        spend(state, usd)
        number[UNDER_WAY] += satellites
        shift(plan, state, ORDERED, satellites)
    count(state, LAUNCHES, 1.0)
    if supply["success"] >= 1.0 or uniform(plan, state) < supply["success"]:
        push(state, state.amount[NOW] + supply["raising_s"], IN_ORBIT, satellites, NOTHING, NOTHING, NOTHING)
        return
    count(state, LAUNCH_FAILURES, 1.0)
    number[UNDER_WAY] -= satellites
    shift(plan, state, ORDERED, -satellites)
    follow(state.due, number, REVIEW, NOTHING, NOTHING, NOTHING, NOTHING)


@exact_inlined
def new_batch(state: Any, satellites: int, drifts: int) -> None:
    """New satellites of one batch."""
    batch = state.number[BATCHES]
    state.number[BATCHES] += 1
    for _ in range(satellites):
        follow(state.due, state.number, BIRTH, batch, drifts, -ONE, NOTHING)


@exact_inlined
def in_orbit(plan: Any, state: Any, satellites: int) -> None:
    """Satellites of a launch are ready."""
    state.number[UNDER_WAY] -= satellites
    shift(plan, state, ORDERED, -satellites)
    new_batch(state, satellites, ONE)
    follow(state.due, state.number, REVIEW, NOTHING, NOTHING, NOTHING, NOTHING)


@exact_inlined
def replace_one(plan: Any, state: Any) -> None:
    """Begin a replacement where fewer than `parallel` are under way; else it queues."""
    supply, number = plan.supply[0], state.number
    if supply["parallel"] == 0:
        return
    if number[BUSY] >= supply["parallel"]:
        number[QUEUED] += 1
        return
    number[BUSY] += 1
    after_s = exponential_s(plan, state, supply["replace_s"]) if supply["random_replace"] == 1 else supply["replace_s"]
    push(state, state.amount[NOW] + after_s, DELIVERED, NOTHING, NOTHING, NOTHING, NOTHING)


@exact_part
def delivered(plan: Any, state: Any) -> None:
    """A replacement is ready, and the next one begins."""
    number = state.number
    number[BUSY] -= 1
    spend(state, price_usd(plan, state, ONE))
    new_batch(state, ONE, NOTHING)
    if number[QUEUED] > 0:
        number[QUEUED] -= 1
        replace_one(plan, state)


@exact_inlined
def stays(plan: Any, state: Any, row: int) -> bool:
    """Whether a satellite that is lost stays in its orbit: without propulsion it does."""
    engines, deorbited = plan.units[state.rows[row]["type"], PROPULSION], plan.supply[0]["deorbited"]
    if engines > 0 and state.failed[row, PROPULSION] == engines:
        return True
    return bool(deorbited < 1.0 and uniform(plan, state) >= deorbited)


@exact_inlined
def rate_of_derelicts(plan: Any) -> float:
    """Rate at which one derelict decays or crosses a slot [1/s]."""
    supply = plan.supply[0]
    return float(1.0 / supply["decay_s"] + supply["collisions_s"] * plan.slots.shape[0])


@exact_inlined
def next_of_derelicts(plan: Any, state: Any) -> None:
    """Draw when the next derelict decays or crosses a slot, now that their number is another; memoryless, so that an earlier draw is forgotten."""
    supply, number = plan.supply[0], state.number
    number[DEBRIS] += 1
    rate_s = rate_of_derelicts(plan) * state.level[DERELICT]
    if rate_s > 0.0:
        u = to_unit(words(number[DEBRIS], NOTHING, NOTHING, 5, supply["key"], supply["key_2"])[0])
        push(state, state.amount[NOW] - math.log1p(-u) / rate_s, DERELICT_LEFT, NOTHING, NOTHING, NOTHING, number[DEBRIS])


@exact_part
def derelict_left(plan: Any, state: Any) -> None:
    """A derelict decays, or crosses a slot: a satellite there is destroyed with it, and others of its plane or formation by their fragments."""
    supply, number = plan.supply[0], state.number
    drawn = words(number[DEBRIS], NOTHING, NOTHING, 5, supply["key"], supply["key_2"])
    if to_unit(drawn[2]) * rate_of_derelicts(plan) < 1.0 / supply["decay_s"]:
        shift(plan, state, DERELICT, -1.0)
    else:
        cross(plan, state, int(to_unit(drawn[1]) * plan.slots.shape[0]))
    next_of_derelicts(plan, state)


@exact_inlined
def cross(plan: Any, state: Any, crossed: int) -> None:
    """A derelict crosses a slot, where a satellite may be."""
    if state.places[crossed]["row"] < 0:
        return
    supply, number = plan.supply[0], state.number
    count(state, COLLISIONS, 1.0)
    shift(plan, state, DERELICT, -1.0)
    for slot in range(plan.slots.shape[0]):
        row = state.places[slot]["row"]
        if row < 0 or plan.slots[slot]["plane"] != plan.slots[crossed]["plane"]:
            continue
        if slot == crossed or to_unit(words(number[DEBRIS], slot, ONE, 5, supply["key"], supply["key_2"])[0]) < supply["breakup"]:
            follow(state.due, number, LOSE, row, LOST, state.rows[row]["serial"], ONE)


@exact_part
def lose(plan: Any, state: Any, row: int, column: int, destroyed: int) -> None:
    """A satellite is lost or retired, wherever it is: what it leaves empty is filled, and another is ordered."""
    satellite, planes = state.rows[row], plan.planes.shape[0]
    place, plane = satellite["place"], satellite["plane"]
    count(state, column, 1.0)
    if column == LOST and destroyed == 0 and stays(plan, state, row):
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
    replace_one(plan, state)
    follow(state.due, state.number, REVIEW, NOTHING, NOTHING, NOTHING, NOTHING)


@exact_part
def visit(plan: Any, state: Any) -> None:
    """A servicing visit: failed units are exchanged, those of the slots in order, each with a probability; the next visit."""
    supply = plan.supply[0]
    push(state, state.amount[NOW] + supply["visit_s"], VISIT, NOTHING, NOTHING, NOTHING, NOTHING)
    if money(plan, state) < supply["visit_usd"]:
        return
    spend(state, supply["visit_usd"])
    count(state, VISITS, 1.0)
    left = supply["visit_units"]
    for slot in range(plan.slots.shape[0]):
        row = state.places[slot]["row"]
        if row < 0 or left == 0:
            continue
        exchanged = exchange(plan, state, row, left)
        left -= exchanged
        if exchanged > 0:
            set_share(plan, state, row, rate_left(plan, state, row))


@exact_inlined
def exchange(plan: Any, state: Any, row: int, most: int) -> int:
    """Exchange failed units of a satellite, so many at most; their lives begin anew. The number of units that are new."""
    satellite, done = state.rows[row], 0
    kind = satellite["type"]
    for u in range(1, plan.units.shape[1]):
        for i in range(plan.units[kind, u]):
            if done == most or state.down[row, plan.offset[kind, u] + i] != 2:
                continue
            if uniform(plan, state) >= plan.supply[0]["visit_success"]:
                continue
            done += 1
            mark(plan, state, row, u, i, NOTHING)
            count(state, UNITS_REPAIRED, 1.0)
            for p in range(plan.processes.shape[0]):
                if plan.processes[p]["unit"] == u:
                    pair = plan.pairs[kind, p] + i
                    state.life[row, pair] += 1
                    follow(state.due, state.number, NEXT_LIFE, row, (p << UNIT_BITS) | i, satellite["serial"], -state.life[row, pair])
    return done
