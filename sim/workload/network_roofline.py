"""Roofline of the network: what links between satellites allow a training step, whatever the algorithm."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROTATIONS = 8  # halves of the rank order, and of the spectral order, that are tried
UNITS = 1_000_000_000  # whole capacities of a cut: all links together


class NetworkRoofline(NamedTuple):
    """Bounds that the network sets to a training step."""

    bisection_bit_s: float  # in one direction
    needed_byte_per_flop: float  # that members send
    offered_byte_per_flop: float  # that members' links carry at the peak rate of their accelerators
    step_bound_s: float  # the longer of injection and bisection


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
    slow on a torus. An upper bound of the least
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
    from scipy.sparse import csr_array  # imported here: only a job with links needs it
    from scipy.sparse.csgraph import maximum_flow

    n, total = members.size, float(rate_bit_s.sum())
    if n < 2 or total == 0.0:
        return 0.0
    source = int(max(src.max(), dst.max(), members.max())) + 1
    capacity = np.floor(rate_bit_s / total * UNITS)
    least = np.inf
    for half in _halves(src, dst, rate_bit_s, members):
        other = np.setdiff1d(members, half)
        tails = np.concatenate((src, np.full(half.size, source), other))
        heads = np.concatenate((dst, half, np.full(other.size, source + 1)))
        values = np.concatenate((capacity, np.full(n, float(UNITS)))).astype(np.int32)
        graph = csr_array((values, (tails, heads)), shape=(source + 2, source + 2))
        least = min(least, maximum_flow(graph, source, source + 1).flow_value / UNITS * total)
    return float(np.format_float_positional(least, precision=6, fractional=False)) if np.isfinite(least) else 0.0


def _halves(src: Ints, dst: Ints, rate_bit_s: Floats, members: Ints) -> list[Ints]:
    """Half of the members, in several ways."""
    n = members.size
    starts = np.unique(np.arange(ROTATIONS) * n // ROTATIONS)
    halves = [np.roll(members, -int(s))[: n // 2] for s in starts]
    place = np.full(int(max(src.max(), dst.max(), members.max())) + 1, -1)
    place[members] = np.arange(n)
    joined = (place[src] >= 0) & (place[dst] >= 0)
    if n <= 4096 and joined.any():
        weights = np.zeros((n, n))
        np.add.at(weights, (place[src[joined]], place[dst[joined]]), rate_bit_s[joined] / rate_bit_s.max())
        weights = 0.5 * (weights + weights.T)
        _, vectors = np.linalg.eigh(np.diag(weights.sum(axis=1)) - weights)
        for angle in np.pi * (np.arange(ROTATIONS) / ROTATIONS if n > 2 else np.zeros(1)):
            value = np.cos(angle) * vectors[:, 1] + np.sin(angle) * vectors[:, min(2, n - 1)]
            halves.append(members[np.argsort(value, kind="stable")[: n // 2]])
    return halves


def roofline(
    src: Ints, dst: Ints, rate_bit_s: Floats, members: Ints, *, sent_bytes: float, crossing_bytes: float, step_flops: float, peak_flops: float
) -> NetworkRoofline:
    """Bounds of one training step by the rates of links.

    Parameters
    ----------
    src, dst, rate_bit_s : ndarray, shape (L,)
        Ends and rate of each directed link.
    members : ndarray of int64, shape (n,)
        Satellites of the job in rank order.
    sent_bytes : float
        Bytes that each member sends in a step.
    crossing_bytes : float
        Bytes that must pass between any two halves of the job, in one direction: those of all reduced gradients.
    step_flops : float
        Model FLOPs of a step.
    peak_flops : float
        Peak of all members [FLOP/s].

    Returns
    -------
    NetworkRoofline
        The bounds; the step is inf where members have no links.

    References
    ----------
    [williams2009]
    """
    injected = np.bincount(src, rate_bit_s, minlength=int(members.max()) + 1)[members]
    least, cut = float(injected.min()), bisection_bit_s(src, dst, rate_bit_s, members)
    return NetworkRoofline(
        bisection_bit_s=cut,
        needed_byte_per_flop=sent_bytes * members.size / step_flops,
        offered_byte_per_flop=float(injected.sum()) / 8.0 / peak_flops,
        step_bound_s=max(_time_s(sent_bytes, least), _time_s(crossing_bytes, cut)),
    )


def _time_s(size_bytes: float, rate_bit_s: float) -> float:
    if size_bytes == 0.0:
        return 0.0
    return 8.0 * size_bytes / rate_bit_s if rate_bit_s > 0.0 else float("inf")


def route_changes(before: tuple[Ints, Ints], after: tuple[Ints, Ints]) -> int:
    """Messages whose route differs between two moments.

    Parameters
    ----------
    before, after : tuple of ndarray
        `start` (F + 1,) and the directed links of the routes of the same messages, as `Transport.routes` gives them, links
        numbered alike.

    Returns
    -------
    int
        Number of messages with another route.

    Examples
    --------
    >>> route_changes((np.array([0, 1, 2]), np.array([4, 5])), (np.array([0, 1, 3]), np.array([4, 6, 7])))
    1
    """
    (start, links), (start_2, links_2) = before, after
    return sum(
        not np.array_equal(links[a:b], links_2[c:d])
        for a, b, c, d in zip(start[:-1], start[1:], start_2[:-1], start_2[1:], strict=True)
    )
