"""Roofline of the network: what links between satellites allow a training step, whatever the algorithm."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.network.cuts import bisection_bit_s, cuts

__all__ = ["NetworkRoofline", "bisection_bit_s", "cuts", "roofline", "route_changes"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

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
