"""Satellites that stay in orbit at their end: they decay, or collide with those of the fleet."""

from __future__ import annotations

import math
from typing import Any

from orbit.kernels.compile import exact_inlined, exact_part
from sim.fleet.random_streams import to_unit, words
from sim.fleet.replicas.draws import uniform
from sim.fleet.replicas.heap import follow, push
from sim.fleet.replicas.record import count, shift
from sim.fleet.replicas.tables import (
    DEBRIS,
    DERELICT_LEFT,
    LOSE,
    NOTHING,
    NOW,
    ONE,
    Column,
    Unit,
    whole,
)

COLLISIONS, DERELICT, LOST = whole(Column.COLLISIONS), whole(Column.DERELICT), whole(Column.LOST)
PROPULSION = whole(Unit.PROPULSION)


@exact_inlined
def stays(plan: Any, state: Any, row: int, retired: bool) -> bool:
    """Whether a satellite stays in its orbit at its end: without thrusters it does, and one that has failed may."""
    thrusters, deorbited = plan.units[state.rows[row]["type"], PROPULSION], plan.supply[0]["deorbited"]
    if thrusters > 0 and state.failed[row, PROPULSION] == thrusters:
        return True
    return bool(not retired and deorbited < 1.0 and uniform(plan, state) >= deorbited)


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
