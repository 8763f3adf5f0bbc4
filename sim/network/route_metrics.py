"""Other measures of a route than its delay: fewest hops, and the rate that its links leave.

A network that is run for bandwidth keeps the widest route, the one whose narrowest link has most rate left, and of equally wide
ones the quickest (`widest_paths`). It suits few large flows: gradients, checkpoints, weights. Many small flows are better spread
over more links: `loaded_delay_s` makes links dearer as they fill, and any search of `Graph` then takes the cheapest route.
Modems cap the rates of links, so that idle links are equally wide and both measures give the quickest route.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import exact_kernel
from sim.network import LEAST_DELAY_S
from sim.network.routing import Graph, Paths, components, gathered
from sim.network.routing_sources import Seeds

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

# Utilisation of a link from which each further part costs this many times as much: a convex cost that keeps links below full.
UTILISATION = np.array([0.0, 1 / 3, 2 / 3, 9 / 10, 1.0, 11 / 10])
COST = np.array([1.0, 3.0, 10.0, 70.0, 500.0, 5000.0])


class HopWeights(NamedTuple):
    """Weights of links by which the shortest route is that of fewest hops, and of these the quickest.

    Attributes
    ----------
    weight_s : ndarray, shape (L,)
        `hop_s` plus the delay of each link [s].
    hop_s : float
        What a hop weighs [s]: a power of two above every difference of delays.
    """

    weight_s: Array
    hop_s: float


def hop_weights(graph: Graph, delay_s: Array, access_s: float = 0.0) -> HopWeights:
    """Weights for searches of the fewest hops, ties by delay.

    Parameters
    ----------
    graph : Graph
        The links.
    delay_s : ndarray, shape (L,)
        Delay of each link [s], not negative; infinite where the link does not exist.
    access_s : float, optional
        Largest finite delay of a direct connection from a source outside the graph [s].

    Returns
    -------
    HopWeights
        Give `weight_s` to the searches of `Graph` in place of delays; `hops_and_delay` takes the results apart.

    Examples
    --------
    From 0 to 3 two hops of 5 ms are preferred to three of 1 ms:

    >>> graph = Graph(5, np.array([0, 0, 1, 2, 3]), np.array([1, 2, 3, 4, 4]))
    >>> delay_s = np.array([5e-3, 1e-3, 5e-3, 1e-3, 1e-3])
    >>> graph.paths(hop_weights(graph, delay_s).weight_s, np.array([0]), np.array([3])).links.tolist()
    [0, 2]
    """
    there = np.isfinite(delay_s)
    part = components(graph.count, graph.a[there], graph.b[there], np.ones(graph.count, dtype=np.bool_))
    first = np.unique(part, return_index=True)[1]
    seeds = Seeds(1, np.zeros(first.size, dtype=np.int64), first, np.zeros(first.size))
    far = graph.reach_sources(np.where(there, 1.0, np.inf), seeds)[0]
    most_hops = 2.0 * float(far.max(initial=0.0))  # between any two satellites: by way of the first of their component
    span_s = (most_hops + 1.0) * float(np.max(delay_s[there], initial=LEAST_DELAY_S)) + access_s
    hop_s = 2.0 ** math.ceil(math.log2(span_s))
    return HopWeights(delay_s + hop_s, hop_s)


def hops_and_delay(weights: HopWeights, least_s: Array) -> tuple[Array, Array]:
    """Hops and delays of routes, from the least sums of weights.

    Parameters
    ----------
    weights : HopWeights
        As in the search.
    least_s : ndarray
        Least sums of weights [s], infinite without a route.

    Returns
    -------
    hops : ndarray
        Number of links; infinite without a route.
    delay_s : ndarray
        Delay [s], rounded to that of the sum: 1e-15 of it for each hop; infinite without a route.

    Examples
    --------
    >>> hops, delay_s = hops_and_delay(HopWeights(np.array([2.25]), 2.0), np.array([6.75, np.inf]))
    >>> hops.tolist(), delay_s.tolist()
    ([3.0, inf], [0.75, inf])
    """
    routed = np.isfinite(least_s)
    hops = np.floor(np.where(routed, least_s, 0.0) / weights.hop_s)
    return np.where(routed, hops, np.inf), np.where(routed, np.where(routed, least_s, 0.0) - hops * weights.hop_s, np.inf)


def without_hops(sum_s: Array, hop_s: float | Array) -> Array:
    """Delays of routes, from least sums of weights of many moments.

    Parameters
    ----------
    sum_s : ndarray
        Least sums of weights [s], those of ways outside the network included; infinite without a route.
    hop_s : float or ndarray
        What a hop weighs at each moment [s], of a shape that broadcasts; 0: the sums are delays.

    Returns
    -------
    ndarray
        Delays [s]; `sum_s` itself where no hop weighs anything.

    Examples
    --------
    >>> without_hops(np.array([8.25, 0.5, np.inf]), 4.0).tolist()
    [0.25, 0.5, inf]
    """
    if not np.any(hop_s):
        return sum_s
    routed = np.isfinite(sum_s)
    finite_s = np.where(routed, sum_s, 0.0)
    return np.where(routed, finite_s - np.floor(finite_s / hop_s) * hop_s, np.inf)


def loaded_delay_s(delay_s: Array, rate_bit_s: Array, load_bit_s: Array) -> Array:
    """Delays of links, made longer as the links fill.

    Parameters
    ----------
    delay_s, rate_bit_s : ndarray, shape (L,)
        Delay [s] and rate [bit/s] of each link; a rate may be 0 or inf.
    load_bit_s : ndarray, shape (L,)
        Rate that others take [bit/s], not negative.

    Returns
    -------
    ndarray, shape (L,)
        Delay times the cost of a further bit: 1 below a third of the rate, 3 below two thirds, 10 below 0.9, 70 below all, 500
        below 1.1 and 5,000 above; inf where the rate is 0.

    References
    ----------
    [fortz2000]

    Examples
    --------
    >>> loaded_delay_s(np.full(4, 1e-3), np.full(4, 10.0), np.array([0.0, 5.0, 9.5, 12.0])).tolist()
    [0.001, 0.003, 0.07, 5.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(load_bit_s > 0.0, load_bit_s / rate_bit_s, 0.0)
    cost = COST[np.searchsorted(UTILISATION, share, side="right") - 1]
    return np.where(rate_bit_s > 0.0, delay_s * cost, np.inf)


def widest_paths(
    graph: Graph, delay_s: Array, rate_bit_s: Array, src: Indices, dst: Indices
) -> tuple[Paths, Array]:
    """Routes whose narrowest link is as wide as possible, and of these the quickest.

    Parameters
    ----------
    graph : Graph
        The links.
    delay_s, rate_bit_s : ndarray, shape (L,)
        Delay [s] and rate that is left [bit/s] of each link; a link without either (inf or 0) does not exist.
    src, dst : ndarray of int64, shape (F,)
        First and last satellite of each pair.

    Returns
    -------
    routes : Paths
        Directed links of each route.
    width_bit_s : ndarray, shape (F,)
        Rate of the narrowest link of each [bit/s]; 0 without a route, inf from a satellite to itself.

    Notes
    -----
    The widest routes lie on the maximum spanning forest. Delays are searched once for every width that occurs, over the links
    that are as wide.

    References
    ----------
    [wang1996]

    Examples
    --------
    From 0 to 3, by way of 1 with rate 10 or of 2 with rate 7 and half the delay:

    >>> graph = Graph(4, np.array([0, 0, 1, 2]), np.array([1, 2, 3, 3]))
    >>> delay_s, rate_bit_s = np.array([2.0, 1.0, 2.0, 1.0]), np.array([10.0, 7.0, 11.0, 7.0])
    >>> routes, width_bit_s = widest_paths(graph, delay_s, rate_bit_s, np.array([0, 0]), np.array([3, 2]))
    >>> routes.links.tolist(), width_bit_s.tolist()
    ([0, 2, 1], [10.0, 7.0])
    """
    open_ = np.isfinite(delay_s) & (rate_bit_s > 0.0)
    order = np.argsort(-rate_bit_s, kind="stable")
    order = order[open_[order]]
    width_bit_s = _widths(graph.count, graph.a[order], graph.b[order], rate_bit_s[order], src, dst)
    parts: list[tuple[Indices, Indices, Indices]] = []
    reached = src == dst
    for width in np.unique(width_bit_s[~reached & (width_bit_s > 0.0)])[::-1]:
        flow = np.flatnonzero((width_bit_s == width) & ~reached)
        found = graph.paths(np.where(open_ & (rate_bit_s >= width), delay_s, np.inf), src[flow], dst[flow])
        parts.append((flow, found.start, found.links))
        reached[flow] = found.reached
    return gathered(src.size, parts, reached), width_bit_s


@exact_kernel
def _widths(count: int, a: Indices, b: Indices, rate_bit_s: Array, src: Indices, dst: Indices) -> Array:
    """Rate of the narrowest link of the widest route of each pair, from links by falling rate.

    Links join trees, the smaller one below the root of the larger one; the link that joined two satellites first is the
    narrowest of their widest route. Trees are no deeper than the logarithm of the satellites.
    """
    above = np.arange(count)
    size = np.ones(count, dtype=np.int64)
    since = np.full(count, a.size)  # link that put a satellite below another
    for k in range(a.size):
        i, j = a[k], b[k]
        while above[i] != i:
            i = above[i]
        while above[j] != j:
            j = above[j]
        if i == j:
            continue
        if size[i] < size[j]:
            i, j = j, i
        above[j], since[j] = i, k
        size[i] += size[j]
    width = np.full(src.size, np.inf)
    for f in range(src.size):
        i, j = src[f], dst[f]
        while i != j:
            if since[i] > since[j]:
                i, j = j, i
            if since[i] == a.size:  # both are roots
                width[f] = 0.0
                break
            width[f] = rate_bit_s[since[i]]
            i = above[i]
    return width
