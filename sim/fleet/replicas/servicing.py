"""Visits that exchange failed units of satellites."""

from __future__ import annotations

from typing import Any

from orbit.kernels.compile import exact_inlined, exact_part
from sim.fleet.replicas.draws import uniform
from sim.fleet.replicas.heap import follow, push
from sim.fleet.replicas.orders import pay
from sim.fleet.replicas.record import count
from sim.fleet.replicas.satellites import mark, rate_left, set_share
from sim.fleet.replicas.tables import (
    NEXT_LIFE,
    NOTHING,
    NOW,
    UNIT_BITS,
    VISIT,
    Column,
    whole,
)

UNITS_REPAIRED, VISITS = whole(Column.UNITS_REPAIRED), whole(Column.VISITS)


@exact_part
def visit(plan: Any, state: Any) -> None:
    """A servicing visit: failed units are exchanged, those of the slots in order, each with a probability; the next visit."""
    supply = plan.supply[0]
    push(state, state.amount[NOW] + supply["visit_s"], VISIT, NOTHING, NOTHING, NOTHING, NOTHING)
    if pay(plan, state, supply["visit_usd"]) > 0.0:
        return
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
