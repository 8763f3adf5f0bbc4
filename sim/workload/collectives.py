"""Collective operations as messages on links that differ; `collective_times` has the closed forms on uniform links."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import exact_inlined, exact_kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ALGORITHMS = ("ring", "halving-doubling", "torus")


# --- messages on links that differ ------------------------------------------------------------------------------------


class Phase(NamedTuple):
    """Messages sent at the same time, `repeat` times one after the other: source, destination and bytes of each, all (F,)."""

    repeat: int
    src: Ints
    dst: Ints
    size_bytes: Floats


def _phase(repeat: int, src: Ints, dst: Ints, size_bytes: float) -> Phase:
    return Phase(repeat, src.ravel(), dst.ravel(), np.full(src.size, size_bytes))


def all_reduce(algorithm: str, groups: Ints, bytes_per_member: float, rows: int | None = None) -> list[Phase]:
    """Messages of an all-reduce, performed in each of G groups at once.

    Parameters
    ----------
    algorithm : {"ring", "halving-doubling", "torus"}
        ring: each rank sends to the next. halving-doubling: half of the bytes go to the rank at distance 1, a quarter to
        distance 2, and so on, so that large messages travel short routes. torus: ranks in rows, scattered along rows,
        reduced along columns, gathered along rows.
    groups : ndarray of int64, shape (G, n)
        Satellites of each group in rank order.
    bytes_per_member : float
        Bytes that each rank contributes.
    rows : int, optional
        Rows of the torus, a divisor of n; by default as nearly square as n allows.

    Returns
    -------
    list of Phase
        Phases in order; empty for fewer than two ranks.

    Raises
    ------
    ValueError
        If the algorithm is unknown, or if `rows` does not divide n.

    References
    ----------
    [thakur2005:section 4.5]

    Examples
    --------
    A ring of three: four steps in which each rank sends a third of the bytes to the next.

    >>> (phase,) = all_reduce("ring", np.array([[5, 6, 7]]), 3e9)
    >>> phase.repeat, phase.src.tolist(), phase.dst.tolist(), phase.size_bytes.tolist()
    (4, [5, 6, 7], [6, 7, 5], [1000000000.0, 1000000000.0, 1000000000.0])
    """
    ranks = groups.shape[1]
    if ranks < 2:
        return []
    if algorithm == "ring":
        return [_ring(groups, bytes_per_member, 2)]
    if algorithm == "halving-doubling":
        return _halving_doubling(groups, bytes_per_member)
    if algorithm == "torus":
        return _torus(groups, bytes_per_member, rows or square_rows(ranks))
    raise ValueError(f"all-reduce algorithm {algorithm!r} is unknown; write one of {', '.join(ALGORITHMS)}")


def square_rows(ranks: int) -> int:
    """Rows of the most nearly square grid of ranks.

    Parameters
    ----------
    ranks : int
        Number of ranks, at least 1.

    Returns
    -------
    int
        Largest divisor up to the square root.

    Examples
    --------
    >>> [square_rows(n) for n in (12, 81, 97, 128)]
    [3, 9, 1, 8]
    """
    return max(r for r in range(1, int(ranks**0.5) + 2) if ranks % r == 0 and r * r <= ranks)


def _ring(groups: Ints, size_bytes: float, passes: int) -> Phase:
    ranks = groups.shape[1]
    return _phase(passes * (ranks - 1), groups, np.roll(groups, -1, axis=1), size_bytes / ranks)


def _halving_doubling(groups: Ints, size_bytes: float) -> list[Phase]:
    ranks = groups.shape[1]
    steps = ranks.bit_length() - 1
    extra = ranks - (1 << steps)
    paired = groups[:, : 2 * extra]
    core = np.concatenate([paired[:, ::2], groups[:, 2 * extra :]], axis=1)
    phases = []
    if extra:
        phases.append(_phase(1, paired[:, 1::2], paired[:, ::2], size_bytes))
    for step in range(steps):
        partner = np.arange(1 << steps) ^ (1 << step)
        # reduce-scatter and all-gather exchange the same sizes with the same partners
        phases.append(_phase(2, core, core[:, partner], size_bytes / (2 << step)))
    if extra:
        phases.append(_phase(1, paired[:, ::2], paired[:, 1::2], size_bytes))
    return phases


def _torus(groups: Ints, size_bytes: float, rows: int) -> list[Phase]:
    ranks = groups.shape[1]
    if ranks % rows:
        raise ValueError(f"{rows} rows do not divide {ranks} ranks; write a divisor")
    columns = ranks // rows
    grid = groups.reshape(-1, rows, columns)
    phases = []
    if columns > 1:
        phases.append(_ring(grid.reshape(-1, columns), size_bytes, 2))
    if rows > 1:
        phases.append(_ring(grid.transpose(0, 2, 1).reshape(-1, rows), size_bytes / columns, 2))
    return phases


def flow_times_s(
    start: Ints,
    links: Ints,
    size_bytes: Floats,
    link_delay_s: Floats,
    link_rate_bit_s: Floats,
    stays: NDArray[np.bool_] | None = None,
) -> Floats:
    """Durations of messages that are transferred at the same time.

    Parameters
    ----------
    start : ndarray of int64, shape (F + 1,)
        Message f takes the links links[start[f]:start[f + 1]].
    links : ndarray of int64
        Directed links, indices into `link_delay_s`.
    size_bytes : ndarray, shape (F,)
        Size of each message.
    link_delay_s, link_rate_bit_s : ndarray, shape (2 L,)
        Delay [s] and rate [bit/s] of each directed link.
    stays : ndarray of bool, shape (F,), optional
        Messages of a satellite to itself.

    Returns
    -------
    ndarray, shape (F,)
        Sum of the delays on the route and the time of its slowest link [s]; inf without a route, 0 where `stays`.

    Notes
    -----
    A link transfers all bytes routed over it at its rate: messages that share a link share its time.

    Examples
    --------
    Two messages of 1 GB share a link of 8 Gbit/s:

    >>> flow_times_s(np.array([0, 1, 2]), np.array([0, 0]), np.full(2, 1e9), np.array([0.5]), np.array([8e9])).tolist()
    [2.5, 2.5]
    """
    times, never = np.empty(size_bytes.size), np.zeros(size_bytes.size, dtype=np.bool_)
    bits = load_bits(start, links, size_bytes, link_delay_s.size)
    _flow_times(start, links, bits, never if stays is None else stays, link_delay_s, link_rate_bit_s, times)
    return times


@exact_inlined
def _flow_time(
    f: int, start: Ints, links: Ints, bits: Floats, stays: NDArray[np.bool_], delay_s: Floats, rate_bit_s: Floats
) -> float:
    if start[f] == start[f + 1]:
        return 0.0 if stays[f] else math.inf
    delay, drain = 0.0, 0.0
    for e in range(start[f], start[f + 1]):
        delay += delay_s[links[e]]
        # an idle link takes no time, even at rate 0
        drain = max(drain, bits[e] / rate_bit_s[links[e]] if bits[e] > 0.0 else 0.0)
    return delay + drain


@exact_kernel
def _flow_times(
    start: Ints, links: Ints, bits: Floats, stays: NDArray[np.bool_], delay_s: Floats, rate_bit_s: Floats, out: Floats
) -> None:
    for f in range(out.size):
        out[f] = _flow_time(f, start, links, bits, stays, delay_s, rate_bit_s)


def load_bits(start: Ints, links: Ints, size_bytes: Floats, count: int) -> Floats:
    """Load of each link on the routes of messages that are transferred at the same time.

    Parameters
    ----------
    start : ndarray of int64, shape (F + 1,)
        Message f takes the links links[start[f]:start[f + 1]].
    links : ndarray of int64, shape (n,)
        Directed links.
    size_bytes : ndarray, shape (F,)
        Size of each message.
    count : int
        Number of directed links.

    Returns
    -------
    ndarray, shape (n,)
        Bits of all messages on the link of each entry of `links`.
    """
    return np.asarray(8.0 * np.bincount(links, np.repeat(size_bytes, np.diff(start)), minlength=count)[links])


@exact_kernel
def add_phase_times(
    start: Ints, links: Ints, bits: Floats, stays: NDArray[np.bool_], job: Ints, src: Ints, repeat: int, delay_s: Floats,
    rate_bit_s: Floats, total_s: Floats, own_s: Floats, without_route: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Add the duration of a phase, repeated, to total_s[job], and of each satellite's slowest message to own_s[satellite].

    Parameters
    ----------
    start, links, bits, stays
        Messages as in `flow_times_s`; bits are those of `load_bits`.
    job, src : ndarray of int64, shape (F,)
        Job and sending satellite of each message.
    repeat : int
        How often the phase is repeated.
    delay_s, rate_bit_s : ndarray, shape (2 L,)
        Delay [s] and rate [bit/s] of each directed link.
    total_s : ndarray, shape (jobs,)
        Added to [s].
    own_s : ndarray, shape (N,)
        Added to [s].
    without_route : ndarray of bool, shape (jobs,)
        Set for jobs with a message that has no route; such a message adds no time.
    """
    slowest, own_slowest = np.zeros(total_s.size), np.zeros(own_s.size)
    for f in range(src.size):
        time_s = _flow_time(f, start, links, bits, stays, delay_s, rate_bit_s)
        if not math.isfinite(time_s):
            without_route[job[f]] = True
            time_s = 0.0
        slowest[job[f]] = max(slowest[job[f]], time_s)
        own_slowest[src[f]] = max(own_slowest[src[f]], time_s)
    for g in range(total_s.size):
        total_s[g] += repeat * slowest[g]
    for s in range(own_s.size):
        own_s[s] += repeat * own_slowest[s]


def phases_s(phases: Sequence[Phase], times_s: Sequence[Floats], satellites: int) -> tuple[float, Floats]:
    """Duration of a collective, and the time that each satellite needs for its own messages.

    Parameters
    ----------
    phases : sequence of Phase
        Phases in order.
    times_s : sequence of ndarray
        Durations of the messages of each phase [s], as `flow_times_s` gives them.
    satellites : int
        Number of satellites N.

    Returns
    -------
    total_s : float
        Duration of the collective [s]: each phase ends with its slowest message.
    own_s : ndarray, shape (N,)
        Sum over the phases of the slowest message that a satellite sends [s]; at most `total_s`.

    Examples
    --------
    >>> phase = Phase(2, np.array([0, 1]), np.array([1, 0]), np.ones(2))
    >>> total_s, own_s = phases_s([phase], [np.array([1.0, 3.0])], 2)
    >>> total_s, own_s.tolist()
    (6.0, [2.0, 6.0])
    """
    total_s, own_s = 0.0, np.zeros(satellites)
    for phase, flow_s in zip(phases, times_s, strict=True):
        slowest = np.zeros(satellites)
        np.maximum.at(slowest, phase.src, flow_s)
        own_s += phase.repeat * slowest
        total_s += phase.repeat * float(flow_s.max(initial=0.0))
    return total_s, own_s
