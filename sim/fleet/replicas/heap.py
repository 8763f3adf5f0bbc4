"""Events to come, in order of time, those of one time in the order in which they came up; and a ring of those that are due at once.

Time is divided into intervals. Events of the present interval are in a binary heap, later ones in a list for each interval, which becomes
the heap when its interval begins: so the heap is short, and most events are moved twice only.
"""

from __future__ import annotations

from typing import Any

from orbit.kernels.compile import exact_inlined, exact_part
from sim.fleet.replicas.tables import (
    DUE_COUNT,
    DUE_FIRST,
    DUE_FULL,
    EVENTS_FULL,
    INTERVAL,
    INTERVALS_S,
    LATER,
    ORDER,
    SIZE,
    STATUS,
    UNUSED,
)


@exact_inlined
def earlier(heap: Any, i: int, time_s: float, order: int) -> bool:
    """Whether an event of the heap is before a time and order."""
    at_s = heap[i]["time_s"]
    return bool(at_s < time_s or (at_s == time_s and heap[i]["order"] < order))


@exact_inlined
def lift(heap: Any, size: int, time_s: float, order: int) -> int:
    """Make room in a heap of `size` events for another one; its place."""
    i = size
    while i > 0:
        above = (i - 1) >> 1
        if earlier(heap, above, time_s, order):
            break
        heap[i] = heap[above]
        i = above
    return i


@exact_part
def push(state: Any, time_s: float, kind: int, a: int, b: int, c: int, d: int) -> None:
    """Add an event; without room for it the status says so, and the replica ends."""
    number, heap, order = state.number, state.heap, state.number[ORDER]
    interval = min(int(time_s * state.amount[INTERVALS_S]), state.lists_later.shape[0] - 1)
    number[ORDER] = order + 1
    if interval <= number[INTERVAL]:
        size = number[SIZE]
        if size >= heap.shape[0]:
            number[STATUS] = EVENTS_FULL
            return
        number[SIZE] = size + 1
        event = heap[lift(heap, size, time_s, order)]
    else:
        place = number[UNUSED]
        if place < 0:
            place = number[LATER]
            if place >= state.later.shape[0]:
                number[STATUS] = EVENTS_FULL
                return
            number[LATER] = place + 1
        else:
            number[UNUSED] = state.later[place]["next"]
        event = state.later[place]
        event["next"] = state.lists_later[interval]
        state.lists_later[interval] = place
    event["time_s"], event["order"] = time_s, order
    event["kind"], event["a"], event["b"], event["c"], event["d"] = kind, a, b, c, d


@exact_part
def next_interval(state: Any) -> bool:
    """Go on to the next interval with events; whether there is one. The heap must be empty."""
    number, heap = state.number, state.heap
    while number[SIZE] == 0:
        interval = number[INTERVAL] + 1
        if interval >= state.lists_later.shape[0]:
            return False
        number[INTERVAL] = interval
        place = state.lists_later[interval]
        while place >= 0:
            event, size = state.later[place], number[SIZE]
            if size >= heap.shape[0]:
                number[STATUS] = EVENTS_FULL
                return False
            heap[lift(heap, size, event["time_s"], event["order"])] = event
            number[SIZE] = size + 1
            after = event["next"]
            event["next"] = number[UNUSED]
            number[UNUSED] = place
            place = after
    return True


@exact_inlined
def drop_first(heap: Any, number: Any) -> None:
    """Take the first event out of the heap; there must be one."""
    size = number[SIZE] - 1
    number[SIZE] = size
    time_s, order = heap[size]["time_s"], heap[size]["order"]
    i = 0
    while True:
        below = 2 * i + 1
        if below >= size:
            break
        if below + 1 < size and earlier(heap, below + 1, heap[below]["time_s"], heap[below]["order"]):
            below += 1
        if not earlier(heap, below, time_s, order):
            break
        heap[i] = heap[below]
        i = below
    if i != size:
        heap[i] = heap[size]


@exact_inlined
def follow(due: Any, number: Any, kind: int, a: int, b: int, c: int, d: int) -> None:
    """Add an event that is due at once, after those that are due already."""
    size, count = due.shape[0], number[DUE_COUNT]
    if count >= size:
        number[STATUS] = DUE_FULL
        return
    place = number[DUE_FIRST] + count
    event = due[place if place < size else place - size]
    number[DUE_COUNT] = count + 1
    event["kind"], event["a"], event["b"], event["c"], event["d"] = kind, a, b, c, d
