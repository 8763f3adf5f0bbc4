"""The record of a replica: integrals of levels, counts, and amounts that came up over a time, by bins."""

from __future__ import annotations

from typing import Any

from orbit.kernels.compile import exact_inlined
from sim.fleet.replicas.tables import BIN, JOB_COLUMNS, JOB_LEVELS, LEVELS, NOW


@exact_inlined
def count(state: Any, column: int, amount: float) -> None:
    """Count in the present bin."""
    state.bins[state.number[BIN], column] += amount


@exact_inlined
def shift(plan: Any, state: Any, column: int, change: float) -> None:
    """Change a level; its integral over the present bin is that with the new level until the end of the bin."""
    b = state.number[BIN]
    state.level[column] += change
    state.bins[b, column] += change * (plan.edges_s[b + 1] - state.amount[NOW])


@exact_inlined
def shift_job(plan: Any, state: Any, job: int, kind: int, column: int, change: float) -> None:
    """Change a level of the satellites of a type in a job."""
    b, record = state.number[BIN], job * plan.types.shape[0] + kind
    state.job_level[record, column] += change
    state.jobs[b, JOB_COLUMNS * record + column] += change * (plan.edges_s[b + 1] - state.amount[NOW])


@exact_inlined
def advance(plan: Any, state: Any, until_s: float) -> None:
    """Let time go on, with the levels as they are."""
    number, edges_s = state.number, plan.edges_s
    while until_s >= edges_s[number[BIN] + 1] and number[BIN] + 2 < edges_s.shape[0]:
        b = number[BIN] + 1
        number[BIN] = b
        width_s = edges_s[b + 1] - edges_s[b]
        for q in range(LEVELS):
            state.bins[b, q] += state.level[q] * width_s
        for j in range(state.job_level.shape[0]):
            for q in range(JOB_LEVELS):
                state.jobs[b, JOB_COLUMNS * j + q] += state.job_level[j, q] * width_s
    state.amount[NOW] = until_s


@exact_inlined
def spread(bins: Any, edges_s: Any, last: int, from_s: float, until_s: float, column: int, amount: float) -> None:
    """Add an amount that came up evenly over a time to the bins of the record; the time ends in the bin `last`."""
    if amount == 0.0:
        return
    span_s = until_s - from_s
    b = last
    if span_s <= 0.0 or edges_s[b] <= from_s:
        bins[b, column] += amount
        return
    end_s = until_s
    while True:
        begin_s = max(edges_s[b], from_s)
        bins[b, column] += amount * ((end_s - begin_s) / span_s)
        if edges_s[b] <= from_s or b == 0:
            break
        end_s = edges_s[b]
        b -= 1


@exact_inlined
def spread_between(bins: Any, edges_s: Any, last: int, from_s: float, until_s: float, column: int, amount: float) -> None:
    """As `spread`, for a time that ends in an earlier bin too."""
    if amount == 0.0:
        return
    b = last
    while b > 0 and edges_s[b] >= until_s:
        b -= 1
    spread(bins, edges_s, b, from_s, until_s, column, amount)
