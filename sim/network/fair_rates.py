"""Max-min fair rates of a whole traffic matrix over given routes: users, gradients, checkpoints and data on the same links.

The rate per weight of all flows rises together. A flow stops at its demand, or where a link of its route is full: that link is
its bottleneck. A link fills at what it has left over the weight of its flows that still rise, which can only grow while others
stop; so a heap of links by that level needs to look again only at its top.
"""

from __future__ import annotations

import heapq
import math

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import exact_kernel

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


def max_min_rates(
    start: Indices, links: Indices, capacity_bit_s: Array, demand_bit_s: Array, weight: Array | None = None
) -> tuple[Array, Indices]:
    """Rates that no flow can exceed without taking from one whose rate per weight is not higher.

    Parameters
    ----------
    start : ndarray of int64, shape (F + 1,)
        Flow f takes the links links[start[f]:start[f + 1]]; none: only its demand limits it.
    links : ndarray of int64
        Directed links of all flows, such as those of `routing.Paths`.
    capacity_bit_s : ndarray, shape (L,)
        Rate of each directed link [bit/s], also 0 or inf.
    demand_bit_s : ndarray, shape (F,)
        Most that each flow sends [bit/s], also 0 or inf.
    weight : ndarray, shape (F,), optional
        Weight of each flow, positive and finite; without it all are 1. Flows at the same bottleneck have rates in the ratio of
        their weights.

    Returns
    -------
    rate_bit_s : ndarray, shape (F,)
        Rates [bit/s]; infinite where neither links nor demand limit them.
    bottleneck : ndarray of int64, shape (F,)
        Full link that limits each flow; -1 where it gets its demand.

    Raises
    ------
    ValueError
        Where a capacity or demand is negative or not a number, or a weight is not positive and finite.

    Notes
    -----
    The work grows with the links of all routes, and with the logarithm of the number of links and flows.

    References
    ----------
    [bertsekas1992:section 6.5.2]

    Examples
    --------
    One flow over two links of 10, and one flow on each of them, the second of which wants only 2:

    >>> rate_bit_s, bottleneck = max_min_rates(
    ...     np.array([0, 2, 3, 4]), np.array([0, 1, 0, 1]), np.full(2, 10.0), np.array([9.0, 9.0, 2.0])
    ... )
    >>> rate_bit_s.tolist(), bottleneck.tolist()
    ([5.0, 5.0, 2.0], [0, 0, -1])
    """
    shares = np.ones(demand_bit_s.size) if weight is None else np.asarray(weight, dtype=np.float64)
    if not (np.all(capacity_bit_s >= 0.0) and np.all(demand_bit_s >= 0.0)):
        raise ValueError("max_min_rates: a capacity or a demand is negative or not a number; write 0 or more")
    if not np.all((shares > 0.0) & np.isfinite(shares)):
        raise ValueError("max_min_rates: a weight is not positive and finite; write a number above 0")
    hops = np.diff(start)
    flow = np.repeat(np.arange(hops.size), hops)
    by_link = np.argsort(links, kind="stable")
    first = np.concatenate(([0], np.cumsum(np.bincount(links, minlength=capacity_bit_s.size)))).astype(np.int64)
    order = np.argsort(demand_bit_s / shares, kind="stable")
    return _filled(start, links, first, flow[by_link], capacity_bit_s, demand_bit_s, shares, order)


@exact_kernel
def _level(
    link: int, first: Indices, flows: Indices, capacity_bit_s: Array, rate_bit_s: Array, weight: Array, rising: NDArray[np.bool_]
) -> float:
    """Rate per weight at which a link is full, from all its flows: differences of large sums would lose digits."""
    fixed_bit_s, share = 0.0, 0.0
    for at in range(first[link], first[link + 1]):
        if rising[flows[at]]:
            share += weight[flows[at]]
        else:
            fixed_bit_s += rate_bit_s[flows[at]]
    return max(0.0, capacity_bit_s[link] - fixed_bit_s) / share if share > 0.0 else math.inf


@exact_kernel
def _filled(
    start: Indices,
    links: Indices,
    first: Indices,
    flows: Indices,
    capacity_bit_s: Array,
    demand_bit_s: Array,
    weight: Array,
    order: Indices,
) -> tuple[Array, Indices]:
    """Rates and bottlenecks; link l has the flows from first[l] on in `flows`, and flows reach their demands in `order`."""
    rate_bit_s, bottleneck = np.zeros(weight.size), np.full(weight.size, -1)
    rising = np.ones(weight.size, dtype=np.bool_)
    changed = np.zeros(capacity_bit_s.size, dtype=np.bool_)  # since the level in the heap was computed
    heap = [(math.inf, -1)]
    for link in range(capacity_bit_s.size):
        if first[link] < first[link + 1]:
            heap.append((_level(link, first, flows, capacity_bit_s, rate_bit_s, weight, rising), link))
    heapq.heapify(heap)
    at = 0
    while True:
        while at < order.size and not rising[order[at]]:
            at += 1
        if at == order.size:
            return rate_bit_s, bottleneck
        level, link = heap[0]
        wanted = demand_bit_s[order[at]] / weight[order[at]]
        if wanted <= level:  # levels in the heap are at most the true ones
            f = order[at]
            rate_bit_s[f], rising[f] = demand_bit_s[f], False
            for e in range(start[f], start[f + 1]):
                changed[links[e]] = True
            continue
        heapq.heappop(heap)
        if changed[link]:
            changed[link] = False
            again = _level(link, first, flows, capacity_bit_s, rate_bit_s, weight, rising)
            heapq.heappush(heap, (max(level, again), link))
            continue
        for place in range(first[link], first[link + 1]):
            f = flows[place]
            if rising[f]:
                rate_bit_s[f], bottleneck[f], rising[f] = level * weight[f], link, False
                for e in range(start[f], start[f + 1]):
                    changed[links[e]] = True
