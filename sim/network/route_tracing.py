"""Which of several equal delays counts, and routes traced back from the delays of a search.

Delays that differ by rounding only are equal, and the lowest number decides: neither the order of a search nor rounding
chooses routes. `_equal` is the rule, which numpy calls with arrays and compiled code with numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from orbit.kernels.compile import Floats, Ints, exact_inlined, exact_kernel, inlined, kernel
from sim.network import TIE


def _equal(delay_s: Any, least_s: Any) -> Any:
    """The rule, for arrays and for numbers; no delay is below the least."""
    return delay_s <= least_s * (1.0 + TIE)


_equal_compiled, _equal_exact = inlined(_equal), exact_inlined(_equal)


def equal_to_least(delay_s: Floats, least_s: Floats) -> NDArray[np.bool_]:
    """Delays that equal the least one to a relative difference of `TIE`.

    Parameters
    ----------
    delay_s : ndarray
        Delays [s], none below the least.
    least_s : ndarray
        Least delays [s], of a shape that broadcasts.

    Returns
    -------
    ndarray of bool
        Also where both are infinite.

    Examples
    --------
    >>> equal_to_least(np.array([1.0 + 1e-12, 1.0 + 1e-6]), np.array(1.0)).tolist()
    [True, False]
    """
    return np.asarray(_equal(delay_s, least_s))


def first_of_least(delay_s: Floats) -> Ints:
    """Index of the least delay of each row; of delays that are equal to `TIE`, the lowest index.

    Parameters
    ----------
    delay_s : ndarray, shape (..., n)
        Delays [s], not negative.

    Returns
    -------
    ndarray of int64, shape (...)
        Indices; 0 where all delays are infinite.

    Examples
    --------
    >>> first_of_least(np.array([[3.0, 2.0 + 1e-12, 2.0], [np.inf, np.inf, np.inf]])).tolist()
    [1, 0]
    """
    first: Ints = np.argmax(equal_to_least(delay_s, delay_s.min(axis=-1, keepdims=True)), axis=-1)
    return first


def first_through(through_s: Floats, there_s: Floats, here_s: Floats) -> Ints:
    """First neighbour of each route's satellite through which its delay is attained.

    The neighbour is nearer to the source: two satellites in one place must not be each other's predecessors.

    Parameters
    ----------
    through_s, there_s : ndarray, shape (F, width)
        Delays through each neighbour, and of the neighbour itself [s].
    here_s : ndarray, shape (F, 1)
        Delays of the satellites [s], each attained through one of its neighbours.

    Returns
    -------
    ndarray of int64, shape (F,)
        Indices among the neighbours.

    Examples
    --------
    The first neighbour is as far as the satellite itself, the second and the third attain its delay:

    >>> first_through(np.array([[3.0, 2.0 + 1e-12, 2.0]]), np.array([[2.0, 1.0, 1.5]]), np.array([[2.0]])).tolist()
    [1]
    """
    found: Ints = np.argmax(equal_to_least(through_s, here_s) & (there_s < here_s), axis=1)
    return found


@exact_kernel
def first_access(slant_m: Floats, onward_s: Floats, access: Ints, delay_s: Floats) -> None:
    """First satellite of the quickest route from each station; of routes that are equal to `TIE`, the lowest number.

    Parameters
    ----------
    slant_m : ndarray, shape (steps, stations, N)
        Slant ranges [m]; infinite where the satellite is not in view.
    onward_s : ndarray, shape (N, steps)
        Delay from each satellite onwards [s]; infinite without a route.
    access : ndarray of int64, shape (steps, stations)
        Receives the satellites; 0 without a route.
    delay_s : ndarray, shape (steps, stations)
        Receives the delays of the routes [s]; infinite without one.

    Examples
    --------
    >>> access, delay_s = np.empty((1, 1), dtype=np.int64), np.empty((1, 1))
    >>> first_access(np.array([[[np.inf, 6e5, 9e5]]]), np.array([[0.0], [2e-3], [1e-3]]), access, delay_s)
    >>> access.tolist(), delay_s.round(6).tolist()
    ([[1]], [[0.004001]])
    """
    steps, stations, satellites = slant_m.shape
    seen, total_s = np.empty(satellites, dtype=np.int64), np.empty(satellites)
    for k in range(steps):
        for s in range(stations):
            count, least_s = 0, np.inf
            for n in range(satellites):
                if slant_m[k, s, n] < np.inf:
                    total_s[count] = slant_m[k, s, n] / SPEED_OF_LIGHT_M_S + onward_s[n, k]
                    least_s = min(least_s, total_s[count])
                    seen[count] = n
                    count += 1
            access[k, s], delay_s[k, s] = 0, np.inf
            if least_s < np.inf:
                place = 0
                while not _equal_exact(total_s[place], least_s):
                    place += 1
                access[k, s], delay_s[k, s] = seen[place], total_s[place]


@kernel
def trace_back(
    far_s: Floats, row: Ints, src: Ints, dst: Ints, neighbour: Ints, inbound: Ints, inbound_s: Floats, start: Ints, links: Ints
) -> None:
    """Count the hops of routes, or write their links.

    At each satellite the route comes from the neighbour that `first_through` selects.

    Parameters
    ----------
    far_s : ndarray, shape (R, N)
        Delays from sources to all satellites [s]; `UNREACHED_S` without a route.
    row : ndarray of int64, shape (F,)
        Row of each pair's source.
    src, dst : ndarray of int64, shape (F,)
        First and last satellite of each pair; a route between them exists.
    neighbour, inbound : ndarray of int64, shape (N, width)
        Neighbours of each satellite and the directed links from them.
    inbound_s : ndarray, shape (N, width)
        Delays of those links [s]; `UNREACHED_S` where there is none.
    start : ndarray of int64, shape (F + 1,)
        Where `links` is empty, start[f + 1] receives the hops of pair f; else the links of pair f are
        links[start[f]:start[f + 1]].
    links : ndarray of int64
        Receives the directed links of all pairs; empty to count hops.
    """
    width = neighbour.shape[1]
    for f in range(src.size):
        at, hops, last = dst[f], 0, start[f + 1] - 1
        while at != src[f]:
            here_s, slot = far_s[row[f], at], 0
            while slot < width - 1:
                there_s = far_s[row[f], neighbour[at, slot]]
                if there_s < here_s and _equal_compiled(there_s + inbound_s[at, slot], here_s):
                    break
                slot += 1
            if links.size > 0:
                links[last - hops] = inbound[at, slot]
            at = neighbour[at, slot]
            hops += 1
        if links.size == 0:
            start[f + 1] = hops
