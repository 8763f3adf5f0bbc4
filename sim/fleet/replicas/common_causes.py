"""Common causes: events that hit each unit of a group with a probability."""

from __future__ import annotations

import math
from typing import Any

from orbit.kernels.compile import exact_inlined, exact_part
from sim.fleet.random_streams import to_unit, words
from sim.fleet.replicas.heap import follow, push
from sim.fleet.replicas.tables import (
    ABSENT,
    BATCHES,
    HIT,
    IN_SLOT,
    NOTHING,
    NOW,
    ONE,
    SHOCK,
    STORED,
    UNIT_BITS,
    Scope,
    whole,
)

FLEET, PLANE, BATCH = whole(Scope.FLEET), whole(Scope.PLANE), whole(Scope.BATCH)
TYPE, SLOTS = whole(Scope.TYPE), whole(Scope.SLOTS)


@exact_inlined
def _groups(plan: Any, state: Any, scope: int) -> int:
    """Number of groups of a scope."""
    if scope == FLEET:
        return 1
    if scope == PLANE:
        return int(plan.planes.shape[0])
    return int(plan.types.shape[0] if scope == TYPE else state.number[BATCHES])


@exact_inlined
def _next_shock(plan: Any, state: Any, s: int, group: int, n: int) -> None:
    """Draw the time from now to the next event of a common cause in a group."""
    cause = plan.common_causes[s]
    if cause["rate_s"] > 0.0:
        word = words(1 + (n >> 2), group, 0, 0, cause["key"], cause["key_2"])[n & 3]
        push(state, state.amount[NOW] - math.log1p(-to_unit(word)) / cause["rate_s"], SHOCK, s, group, NOTHING, n)


@exact_inlined
def begin_groups(plan: Any, state: Any, s: int) -> None:
    """First events of a common cause: listed, or drawn for each group that is there."""
    cause = plan.common_causes[s]
    if cause["at_s"] < math.inf:
        push(state, cause["at_s"], SHOCK, s, -ONE, NOTHING, NOTHING)
        return
    for group in range(_groups(plan, state, cause["scope"])):
        _next_shock(plan, state, s, group, NOTHING)


@exact_inlined
def _of_group(cause: Any, state: Any, row: int, group: int) -> bool:
    """Whether a satellite belongs to a group of a common cause."""
    scope = cause["scope"]
    if scope == SLOTS:
        slot = state.rows[row]["slot"]
        return bool(state.rows[row]["place"] == IN_SLOT and cause["first"] <= slot and slot <= cause["last"])
    if scope == FLEET or group < 0:
        return True
    if scope == PLANE:
        return bool(state.rows[row]["plane"] == group and state.rows[row]["place"] != STORED)
    return bool((state.rows[row]["type"] if scope == TYPE else state.rows[row]["batch"]) == group)


@exact_part
def shock(plan: Any, state: Any, s: int, group: int, n: int) -> None:
    """An event of a common cause: each unit of the group is hit with a probability."""
    cause = plan.common_causes[s]
    unit, source = cause["unit"], plan.processes.shape[0] + s
    for row in range(state.rows.shape[0]):
        if state.rows[row]["place"] == ABSENT or not _of_group(cause, state, row, group):
            continue
        serial = state.rows[row]["serial"]
        for i in range(plan.units[state.rows[row]["type"], unit]):
            if to_unit(words(1 + n, i, serial, 3, cause["key"], cause["key_2"])[0]) < cause["hits"]:
                follow(state.due, state.number, HIT, row, (source << UNIT_BITS) | i, serial, NOTHING)
    if group >= 0:
        _next_shock(plan, state, s, group, n + 1)


@exact_part
def begin_batch(plan: Any, state: Any) -> None:
    """First events of common causes in the batch that has just come."""
    for s in range(plan.common_causes.shape[0]):
        cause = plan.common_causes[s]
        if cause["scope"] == BATCH and math.isinf(cause["at_s"]):
            _next_shock(plan, state, s, state.number[BATCHES] - 1, NOTHING)
