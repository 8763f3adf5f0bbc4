"""Scarcest cuts of a network into halves: of the members of a job, and of the whole constellation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.memo import Memo

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Cut = tuple[Ints, float]  # half of the members, and the rate of links out of it to the other half [bit/s]

ROTATIONS = 8  # halves of the rank order, and of the spectral order, that are tried
SPECTRAL_MEMBERS = 1024  # most members whose links are searched for slow eigenvectors: the time grows with their cube
UNITS = 1_000_000_000  # whole capacities of a cut: all links together
_KNOWN: Memo[list[Cut]] = Memo(2_000_000)  # cuts of earlier runs of this process


def bisection_bit_s(src: Ints, dst: Ints, rate_bit_s: Floats, members: Ints) -> float:
    """Rate of the links between two halves of a job, in the scarcer direction.

    Parameters
    ----------
    src, dst : ndarray of int64, shape (L,)
        Ends of each directed link.
    rate_bit_s : ndarray, shape (L,)
        Rate of each directed link [bit/s].
    members : ndarray of int64, shape (n,)
        Satellites of the job in rank order; other satellites relay.

    Returns
    -------
    float
        Rate [bit/s]; 0 for fewer than two members, or where the halves are not connected.

    Notes
    -----
    The least of maximum flows between halves: those of the rank order from eight starting points, which are cuts between
    planes in a shell, and the halves by eight mixtures of the two slowest eigenvectors of the members' links [fiedler1973], which are equally
    slow on a torus, for up to 1,024 members. An upper bound of the least
    cut of all halves, which is NP-hard to find; equal to it on rows, grids and tori of an even number of planes.

    References
    ----------
    [fiedler1973]

    Examples
    --------
    Four satellites in a closed ring: two links of 1 bit/s between the halves.

    >>> here, there = np.array([0, 1, 2, 3]), np.array([1, 2, 3, 0])
    >>> bisection_bit_s(np.r_[here, there], np.r_[there, here], np.ones(8), np.arange(4))
    2.0
    """
    return min((rate for _, rate in cuts(src, dst, rate_bit_s, members)), default=0.0)


def cuts(src: Ints, dst: Ints, rate_bit_s: Floats, members: Ints) -> list[Cut]:
    """Halves of a job, and the maximum flow out of each to the other half.

    Parameters
    ----------
    src, dst : ndarray of int64, shape (L,)
        Ends of each directed link.
    rate_bit_s : ndarray, shape (L,)
        Rate of each directed link [bit/s].
    members : ndarray of int64, shape (n,)
        Satellites of the job in rank order.

    Returns
    -------
    list of (ndarray of int64, float)
        Satellites of a half, and the rate [bit/s] to six digits, inf where links have no limit; none for fewer than two members.
    """
    inputs = [np.ascontiguousarray(values) for values in (src, dst, rate_bit_s, members)]
    return _KNOWN.remember(inputs, lambda: _cuts(src, dst, rate_bit_s, members))


def _cuts(src: Ints, dst: Ints, rate_bit_s: Floats, members: Ints) -> list[Cut]:
    n, total = members.size, float(rate_bit_s.sum())
    if n < 2:
        return []
    if total == 0.0 or not np.isfinite(total):
        return [(members[: n // 2], total)]
    return _flows(src, dst, rate_bit_s, members, _halves(src, dst, rate_bit_s, members), total / UNITS)


def _flows(src: Ints, dst: Ints, rate_bit_s: Floats, members: Ints, halves: Sequence[Ints], unit_bit_s: float) -> list[Cut]:
    """Maximum flow out of each half of the members to the other; rates are rounded down to whole units."""
    from scipy.sparse import csr_array  # imported here: only a job with links needs it
    from scipy.sparse.csgraph import maximum_flow

    n = members.size
    source = int(max(src.max(), dst.max(), members.max())) + 1
    capacity = np.floor(rate_bit_s / unit_bit_s)
    found = []
    for half in halves:
        other = np.setdiff1d(members, half)
        tails = np.concatenate((src, np.full(half.size, source), other))
        heads = np.concatenate((dst, half, np.full(other.size, source + 1)))
        values = np.concatenate((capacity, np.full(n, float(UNITS)))).astype(np.int32)
        graph = csr_array((values, (tails, heads)), shape=(source + 2, source + 2))
        flow_bit_s = maximum_flow(graph, source, source + 1).flow_value * unit_bit_s
        found.append((half, float(np.format_float_positional(flow_bit_s, precision=6, fractional=False))))
    return found


def _halves(src: Ints, dst: Ints, rate_bit_s: Floats, members: Ints) -> list[Ints]:
    """Half of the members, in several ways."""
    from scipy.linalg import eigh  # imported here: only a job with links needs it

    n = members.size
    starts = np.unique(np.arange(ROTATIONS) * n // ROTATIONS)
    halves = [np.roll(members, -int(s))[: n // 2] for s in starts]
    place = np.full(int(max(src.max(), dst.max(), members.max())) + 1, -1)
    place[members] = np.arange(n)
    joined = (place[src] >= 0) & (place[dst] >= 0)
    if n <= SPECTRAL_MEMBERS and joined.any():
        weights = np.zeros((n, n))
        np.add.at(weights, (place[src[joined]], place[dst[joined]]), rate_bit_s[joined] / rate_bit_s.max())
        weights = 0.5 * (weights + weights.T)
        _, vectors = eigh(np.diag(weights.sum(axis=1)) - weights, subset_by_index=[0, min(2, n - 1)])
        for angle in np.pi * (np.arange(ROTATIONS) / ROTATIONS if n > 2 else np.zeros(1)):
            value = np.cos(angle) * vectors[:, 1] + np.sin(angle) * vectors[:, min(2, n - 1)]
            halves.append(members[np.argsort(value, kind="stable")[: n // 2]])
    return halves


def network_bisection_bit_s(
    a: Ints, b: Ints, rate_bit_s: Floats, members: Ints, orders: Sequence[Ints] = (), r_m: Floats | None = None
) -> float:
    """Bisection bandwidth of a constellation: rate in one direction of the links that the scarcest cut into halves passes.

    Parameters
    ----------
    a, b : ndarray of int64, shape (L,)
        Ends of the links; each has its rate in both directions.
    rate_bit_s : ndarray, shape (L,)
        Rate of each link in one direction [bit/s].
    members : ndarray of int64, shape (n,)
        Satellites that are halved, in an order in which neighbours are near each other; others, such as switches, relay.
    orders : sequence of ndarray of int64, optional
        Further orders of satellites whose first halves are tried, such as the axes of a torus.
    r_m : ndarray, shape (3, N), optional
        Positions [m]: halves along three axes are tried too.

    Returns
    -------
    float
        Rate [bit/s]; 0 for fewer than two members, inf where links have no limit.

    Notes
    -----
    An upper bound of the least cut of all halves, which is NP-hard to find [garey1976]: the least of halves of the order of the members
    from eight starting points, of the other orders, of the directions of the positions, and for up to 1,024 members of eight mixtures of the
    two slowest eigenvectors of the links [fiedler1973]. Equal to the least cut on rings, on tori with an even longest dimension and
    on Clos networks with all ports in use. Where some satellites are no members a half's rate is a maximum flow, as each relay may be on
    either side.

    References
    ----------
    [fiedler1973], [garey1976], [dally2004]

    Examples
    --------
    >>> network_bisection_bit_s(np.array([0, 1, 2, 0]), np.array([1, 2, 3, 3]), np.ones(4), np.arange(4))
    2.0
    """
    n, total = members.size, float(rate_bit_s.sum())
    if n < 2 or total == 0.0:
        return 0.0
    if not np.isfinite(total):
        return float("inf")
    src, dst, both = np.concatenate((a, b)), np.concatenate((b, a)), np.concatenate((rate_bit_s, rate_bit_s))
    halves = [order[np.isin(order, members)][: n // 2] for order in orders]
    if r_m is not None:
        places = r_m[:, members] - r_m[:, members].mean(axis=1, keepdims=True)
        axes = np.linalg.eigh(places @ places.T)[1]
        halves += [members[np.argsort(np.round(axis @ places, 3), kind="stable")[: n // 2]] for axis in (*axes.T, *np.eye(3))]
    halves += _halves(src, dst, both, members)
    relays = np.setdiff1d(np.concatenate((a, b)), members)
    if not relays.size:
        return min(_across_bit_s(a, b, rate_bit_s, half) for half in halves)
    largest = float(rate_bit_s.max())
    unit_bit_s = largest / np.floor(0.5 * UNITS * largest / total)  # links of the largest rate are whole
    return min(rate for _, rate in _flows(src, dst, both, members, halves, unit_bit_s))


def _across_bit_s(a: Ints, b: Ints, rate_bit_s: Floats, half: Ints) -> float:
    """Rate of the links between a half and the rest."""
    inside = np.zeros(int(max(a.max(), b.max(), half.max())) + 1, dtype=np.bool_)
    inside[half] = True
    return float(rate_bit_s[inside[a] != inside[b]].sum())
