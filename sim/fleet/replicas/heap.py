"""Events to come: a binary heap by time, those of one time in the order in which they came up; and a ring of those that are due at once."""

from __future__ import annotations

from typing import Any

from orbit.kernels.compile import exact_inlined
from sim.fleet.replicas.tables import DUE_COUNT, DUE_FIRST, HEAP_FULL, ORDER, SIZE, STATUS


@exact_inlined
def earlier(heap: Any, i: int, time_s: float, order: int) -> bool:
    """Whether an event of the heap is before a time and order."""
    at_s = heap[i]["time_s"]
    return bool(at_s < time_s or (at_s == time_s and heap[i]["order"] < order))


@exact_inlined
def push(heap: Any, number: Any, time_s: float, kind: int, a: int, b: int, c: int, d: int) -> None:
    """Add an event; without room for it the status says so, and the replica ends."""
    size, order = number[SIZE], number[ORDER]
    if size >= heap.shape[0]:
        number[STATUS] = HEAP_FULL
        return
    number[SIZE], number[ORDER] = size + 1, order + 1
    i = size
    while i > 0:
        above = (i - 1) >> 1
        if earlier(heap, above, time_s, order):
            break
        heap[i] = heap[above]
        i = above
    event = heap[i]
    event["time_s"], event["order"] = time_s, order
    event["kind"], event["a"], event["b"], event["c"], event["d"] = kind, a, b, c, d


@exact_inlined
def drop_first(heap: Any, number: Any) -> None:
    """Take the first event out; there must be one."""
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
        number[STATUS] = HEAP_FULL
        return
    event = due[(number[DUE_FIRST] + count) % size]
    number[DUE_COUNT] = count + 1
    event["kind"], event["a"], event["b"], event["c"], event["d"] = kind, a, b, c, d
