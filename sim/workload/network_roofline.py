"""Roofline of the network: what links between satellites allow a training step, whatever the algorithm."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

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


class NetworkRoofline(NamedTuple):
    """Bounds that the network sets to a training step."""

    bisection_bit_s: float  # in one direction; inf where links have no limit
    needed_byte_per_flop: float  # that members send
    offered_byte_per_flop: float  # that members' links carry at the peak rate of their accelerators
    injection_s: float  # longest time in which a member's links carry what it sends
    bisection_s: float  # longest time in which the links between two halves carry what must pass between them
    compute_s: float  # a step without messages between satellites

    @property
    def step_bound_s(self) -> float:
        """Shortest step that the network allows: the longer of injection and bisection."""
        return max(self.injection_s, self.bisection_s)

    @property
    def bound(self) -> str:
        """What bounds the step most: injection, bisection or compute."""
        if self.compute_s >= self.step_bound_s:
            return "compute"
        return "injection" if self.injection_s >= self.bisection_s else "bisection"


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
    from scipy.sparse import csr_array  # imported here: only a job with links needs it
    from scipy.sparse.csgraph import maximum_flow

    n, total = members.size, float(rate_bit_s.sum())
    if n < 2:
        return []
    if total == 0.0 or not np.isfinite(total):
        return [(members[: n // 2], total)]
    source = int(max(src.max(), dst.max(), members.max())) + 1
    capacity = np.floor(rate_bit_s / total * UNITS)
    found = []
    for half in _halves(src, dst, rate_bit_s, members):
        other = np.setdiff1d(members, half)
        tails = np.concatenate((src, np.full(half.size, source), other))
        heads = np.concatenate((dst, half, np.full(other.size, source + 1)))
        values = np.concatenate((capacity, np.full(n, float(UNITS)))).astype(np.int32)
        graph = csr_array((values, (tails, heads)), shape=(source + 2, source + 2))
        flow_bit_s = maximum_flow(graph, source, source + 1).flow_value / UNITS * total
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


def roofline(
    src: Ints, dst: Ints, rate_bit_s: Floats, members: Ints, *, sent_bytes: Floats, crossing_bytes: Callable[[Flags], float],
    step_flops: float, peak_flops: float, compute_s: float = 0.0,
) -> NetworkRoofline:  # fmt: skip
    """Bounds of one training step by the rates of links.

    Parameters
    ----------
    src, dst : ndarray of int64, shape (L,)
        Ends of each directed link; -1 is a common node that is no satellite, the core of a network on the ground.
    rate_bit_s : ndarray, shape (L,)
        Rate of each directed link [bit/s].
    members : ndarray of int64, shape (n,)
        Satellites of the job in rank order.
    sent_bytes : ndarray, shape (n,)
        Bytes that each member sends in a step.
    crossing_bytes : callable
        Bytes that must pass in a step from the members that a mask (n,) selects to all others.
    step_flops : float
        Model FLOPs of a step.
    peak_flops : float
        Peak of all members [FLOP/s].
    compute_s : float
        Duration of a step without messages between satellites [s].

    Returns
    -------
    NetworkRoofline
        The bounds; inf where members that send have no links.

    References
    ----------
    [williams2009]
    """
    core = int(max(src.max(initial=0), dst.max(initial=0), members.max())) + 1
    src, dst = np.where(src < 0, core, src), np.where(dst < 0, core, dst)
    injected = np.bincount(src, rate_bit_s, minlength=core + 1)[members]
    found = cuts(src, dst, rate_bit_s, members)
    return NetworkRoofline(
        bisection_bit_s=min((rate for _, rate in found), default=0.0),
        needed_byte_per_flop=float(sent_bytes.sum()) / step_flops,
        offered_byte_per_flop=float(injected.sum()) / 8.0 / peak_flops,
        injection_s=max(_time_s(size, rate) for size, rate in zip(sent_bytes.tolist(), injected.tolist(), strict=True)),
        bisection_s=max((_time_s(crossing_bytes(np.isin(members, half)), rate) for half, rate in found), default=0.0),
        compute_s=compute_s,
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
        `start` (F + 1,) and the hops of the routes of the same messages: route f takes hops[start[f]:start[f + 1]], each by
        the satellite at which it begins. Links cannot tell: their numbers change with the set of links.

    Returns
    -------
    int
        Number of messages with another route.

    Examples
    --------
    >>> route_changes((np.array([0, 1, 2]), np.array([4, 5])), (np.array([0, 1, 3]), np.array([4, 6, 7])))
    1
    """
    (start, hops), (start_2, hops_2) = before, after
    length = np.diff(start)
    alike = length == np.diff(start_2)
    message = np.repeat(np.arange(length.size), length)
    kept, kept_2 = hops[alike[message]], hops_2[np.repeat(alike, np.diff(start_2))]
    differs = np.zeros(length.size, dtype=np.bool_)
    differs[message[alike[message]][kept != kept_2]] = True
    return int(np.count_nonzero(differs | ~alike))
