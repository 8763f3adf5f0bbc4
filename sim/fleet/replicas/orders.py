"""What replaces satellites: production lines, batches on launches, and the money for both."""

from __future__ import annotations

import math
from typing import Any

from orbit.kernels.compile import exact_inlined, exact_part
from sim.fleet.replicas.draws import exponential_s, uniform
from sim.fleet.replicas.heap import follow, push
from sim.fleet.replicas.record import count, shift
from sim.fleet.replicas.satellites import present_type
from sim.fleet.replicas.tables import (
    ANNOUNCED,
    BATCHES,
    BIRTH,
    BUSY,
    DELIVERED,
    IN_ORBIT,
    LAUNCH,
    MONEY,
    NOTHING,
    NOW,
    ONE,
    QUEUED,
    REVIEW,
    STALLED,
    UNDER_WAY,
    WAIT_COUNT,
    Column,
    whole,
)

LAUNCHES, ORDERED_LAUNCHES, LAUNCH_FAILURES, ORDERED, SPENT = (
    whole(Column.LAUNCHES), whole(Column.ORDERED_LAUNCHES), whole(Column.LAUNCH_FAILURES), whole(Column.ORDERED), whole(Column.SPENT)
)  # fmt: skip
ROUNDING_S = 1.0  # after the time at which money should be there


@exact_inlined
def satellite_usd(plan: Any, state: Any) -> float:
    """Price of a satellite of the type that is built now, without its launch [USD]."""
    return float(plan.types[present_type(plan, state)]["usd"])


@exact_inlined
def money(plan: Any, state: Any) -> float:
    """What is there to spend [USD]."""
    supply = plan.supply[0]
    if math.isinf(supply["budget_usd"]):
        return math.inf
    return float(supply["budget_usd"] + supply["budget_usd_s"] * state.amount[NOW] - state.amount[MONEY])


@exact_inlined
def pay(plan: Any, state: Any, usd: float) -> float:
    """Spend money if it is there; how long until it is there [s]: 0, it was; infinite: never."""
    short_usd, income_usd_s = usd - money(plan, state), plan.supply[0]["budget_usd_s"]
    if short_usd > 0.0:
        return short_usd / income_usd_s + ROUNDING_S if income_usd_s > 0.0 else math.inf
    state.amount[MONEY] += usd
    count(state, SPENT, usd)
    return 0.0


@exact_inlined
def launch_time_s(plan: Any, time_s: float) -> float:
    """When a launch that is due takes place: at the end of the stand-down that it falls into."""
    for i in range(plan.standdowns.shape[0]):
        if plan.standdowns[i]["from_s"] <= time_s < plan.standdowns[i]["until_s"]:
            time_s = plan.standdowns[i]["until_s"]
    return time_s


@exact_part
def review(plan: Any, state: Any, was_short: int) -> None:
    """Begin replacements that queue, and order batches for what is missing; where money is short, again when it is there."""
    supply, number = plan.supply[0], state.number
    if was_short == 1:
        number[STALLED] = 0
    while number[STALLED] == 0 and number[QUEUED] > 0 and number[BUSY] < supply["parallel"]:
        if not paid(plan, state, supply["launch_usd"] + satellite_usd(plan, state)):
            return
        number[QUEUED] -= 1
        number[BUSY] += 1
        after_s = exponential_s(plan, state, supply["replace_s"]) if supply["random_replace"] == 1 else supply["replace_s"]
        push(state, state.amount[NOW] + after_s, DELIVERED, NOTHING, NOTHING, NOTHING, NOTHING)
    while number[STALLED] == 0 and supply["batch"] > 0 and missing(plan, state) >= -supply["reorder_at"]:
        if not paid(plan, state, supply["launch_usd"] + supply["batch"] * satellite_usd(plan, state)):
            return
        number[UNDER_WAY] += supply["batch"]
        shift(plan, state, ORDERED, supply["batch"])
        at_s = state.amount[NOW] + supply["lead_s"] + exponential_s(plan, state, supply["lead_random_s"])
        push(state, launch_time_s(plan, at_s), LAUNCH, supply["batch"], ONE, NOTHING, NOTHING)


@exact_inlined
def missing(plan: Any, state: Any) -> int:
    """Slots that wait and satellites near their end, less what is in stock and ordered."""
    number = state.number
    return int(number[WAIT_COUNT] + number[ANNOUNCED] - state.lists[plan.planes.shape[0]]["count"] - number[UNDER_WAY])


@exact_inlined
def paid(plan: Any, state: Any, usd: float) -> bool:
    """Whether there was money for an order; if not, orders are reviewed when there is."""
    wait_s = pay(plan, state, usd)
    if wait_s > 0.0 and not math.isinf(wait_s):
        state.number[STALLED] = 1
        push(state, state.amount[NOW] + wait_s, REVIEW, ONE, NOTHING, NOTHING, NOTHING)
    return wait_s == 0.0


@exact_part
def launch(plan: Any, state: Any, satellites: int, ordered: int) -> None:
    """A launch reaches its orbit, or its satellites are lost. A launch of the calendar is paid for now, and waits where money is short."""
    supply, number = plan.supply[0], state.number
    if ordered == 0:
        wait_s = pay(plan, state, supply["launch_usd"] + satellites * satellite_usd(plan, state))
        if wait_s > 0.0:
            if not math.isinf(wait_s):
                at_s = launch_time_s(plan, state.amount[NOW] + wait_s)
                push(state, at_s, LAUNCH, satellites, NOTHING, NOTHING, NOTHING)
            return
        number[UNDER_WAY] += satellites
        shift(plan, state, ORDERED, satellites)
    count(state, LAUNCHES, 1.0)
    if ordered == 1:
        count(state, ORDERED_LAUNCHES, 1.0)
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


@exact_part
def in_orbit(plan: Any, state: Any, satellites: int) -> None:
    """Satellites of a launch are ready."""
    state.number[UNDER_WAY] -= satellites
    shift(plan, state, ORDERED, -satellites)
    new_batch(state, satellites, ONE)
    follow(state.due, state.number, REVIEW, NOTHING, NOTHING, NOTHING, NOTHING)


@exact_part
def delivered(plan: Any, state: Any) -> None:
    """A replacement is ready, and the next one may begin."""
    state.number[BUSY] -= 1
    new_batch(state, ONE, NOTHING)
    follow(state.due, state.number, REVIEW, NOTHING, NOTHING, NOTHING, NOTHING)
