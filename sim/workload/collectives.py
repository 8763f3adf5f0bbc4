"""Collectives: closed forms on uniform links, and the same algorithms as flows on links that differ.

A hop costs its latency every time a message takes it, never once per collective: 2 (n - 1) times in a ring.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ALGORITHMS = ("ring", "halving-doubling", "torus")


# --- closed forms: n ranks, S bytes, latency [s], rate [byte/s] of every link -----------------------------------------


def ring_s(ranks: int, size_bytes: float, latency_s: float, rate_byte_s: float) -> float:
    """All-reduce in a ring: reduce-scatter and all-gather, n - 1 steps each [thakur2005:section 4.5]."""
    return 2.0 * ring_half_s(ranks, size_bytes, latency_s, rate_byte_s)


def ring_half_s(ranks: int, size_bytes: float, latency_s: float, rate_byte_s: float) -> float:
    """Reduce-scatter or all-gather in a ring; all-to-all on a full mesh takes as long."""
    return (ranks - 1) * (latency_s + size_bytes / ranks / rate_byte_s)


def halving_doubling_s(ranks: int, size_bytes: float, latency_s: float, rate_byte_s: float) -> float:
    """All-reduce by recursive halving and doubling [thakur2005:section 4.5], if no two messages share a link.

    Of 2^k + r ranks r hand everything to a neighbour first and get the result last.
    """
    steps = ranks.bit_length() - 1
    core = 1 << steps
    fold_s = 2.0 * (latency_s + size_bytes / rate_byte_s) if ranks > core else 0.0
    return fold_s + 2.0 * (steps * latency_s + (core - 1) / core * size_bytes / rate_byte_s)


def tree_s(ranks: int, size_bytes: float, latency_s: float, rate_byte_s: float) -> float:
    """All-reduce over a binomial tree, reduce and broadcast, not pipelined [thakur2005:section 4.5]."""
    return 2.0 * (ranks - 1).bit_length() * (latency_s + size_bytes / rate_byte_s)


def hierarchical_s(
    inner: int, outer: int, size_bytes: float, inner_link: tuple[float, float], outer_link: tuple[float, float]
) -> float:
    """All-reduce in two levels: scattered over `inner` ranks, reduced over `outer` groups, gathered; links (s, byte/s)."""
    return 2.0 * ring_half_s(inner, size_bytes, *inner_link) + ring_s(outer, size_bytes / inner, *outer_link)


# --- the same on real links -------------------------------------------------------------------------------------------


class Phase(NamedTuple):
    """Messages that go out together, `repeat` times one after the other: (F,) from, to, bytes."""

    repeat: int
    src: Ints
    dst: Ints
    size_bytes: Floats


def _phase(repeat: int, src: Ints, dst: Ints, size_bytes: float) -> Phase:
    return Phase(repeat, src.ravel(), dst.ravel(), np.full(src.size, size_bytes))


def all_reduce(algorithm: str, groups: Ints, bytes_per_member: float, rows: int | None = None) -> list[Phase]:
    """Phases of an all-reduce in each of G groups at once; groups (G, n) are satellites in mapping order.

    ring: to the next of the order. halving-doubling: half of the bytes with the neighbour at distance 1, a quarter at
    distance 2, ..., so that the large virtual_stages travel short ways. torus: in `rows` rows, by default as square as n
    allows: scattered along rows, reduced along columns, gathered along rows.
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
    raise ValueError(f"no such all-reduce: {algorithm}; one of {', '.join(ALGORITHMS)}")


def square_rows(ranks: int) -> int:
    """Rows of the most nearly square grid of `ranks`: their largest divisor up to the square root."""
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
        # there and back: what halves in the reduction doubles in the gathering, with the same partner
        phases.append(_phase(2, core, core[:, partner], size_bytes / (2 << step)))
    if extra:
        phases.append(_phase(1, paired[:, ::2], paired[:, 1::2], size_bytes))
    return phases


def _torus(groups: Ints, size_bytes: float, rows: int) -> list[Phase]:
    ranks = groups.shape[1]
    if ranks % rows:
        raise ValueError(f"{ranks} members are no grid of {rows} rows")
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
    """Time [s] of each of F messages that are under way together: delays of its links, and its tightest link.

    Path f is links[start[f]:start[f + 1]], directed indices into (2 L,) delays and rates. A link takes all bytes that
    are routed over it at its rate: messages that share it wait for each other. No path: inf, 0 where `stays` (F,).
    """
    hops = np.diff(start)
    moved = hops > 0
    times = np.full(size_bytes.size, np.inf)
    if stays is not None:
        times[stays & ~moved] = 0.0
    if moved.any():
        load_bytes = np.bincount(links, np.repeat(size_bytes, hops), minlength=link_delay_s.size)
        # an idle link needs no time, whatever its rate
        drain_s = np.zeros_like(link_delay_s)
        with np.errstate(divide="ignore"):
            np.divide(8.0 * load_bytes, link_rate_bit_s, out=drain_s, where=load_bytes > 0.0)
        first = start[:-1][moved]
        times[moved] = np.add.reduceat(link_delay_s[links], first) + np.maximum.reduceat(drain_s[links], first)
    return times


def phases_s(phases: Sequence[Phase], times_s: Sequence[Floats], satellites: int) -> tuple[float, Floats]:
    """Time of a job's collective [s], and what each of the satellites (N,) would need for its own messages.

    A phase ends with its last message, so that own times never add up to more than the collective takes.
    """
    total_s, own_s = 0.0, np.zeros(satellites)
    for phase, flow_s in zip(phases, times_s, strict=True):
        slowest = np.zeros(satellites)
        np.maximum.at(slowest, phase.src, flow_s)
        own_s += phase.repeat * slowest
        total_s += phase.repeat * float(flow_s.max(initial=0.0))
    return total_s, own_s
