"""Collective operations in closed form, on uniform links.

Each step of a collective pays the latency of its link: 2 (n - 1) times in a ring, not once per collective. The messages of
the same algorithms on links that differ: `collective_schedule`, `message_times`.
"""

from __future__ import annotations


def ring_s(ranks: int, size_bytes: float, latency_s: float, rate_byte_s: float) -> float:
    """All-reduce in a ring: reduce-scatter and all-gather, n - 1 steps each.

    Parameters
    ----------
    ranks : int
        Number of ranks n, at least 1.
    size_bytes : float
        Bytes S that each rank contributes.
    latency_s : float
        Latency of every link [s].
    rate_byte_s : float
        Rate of every link in one direction [byte/s].

    Returns
    -------
    float
        Duration [s].

    References
    ----------
    [thakur2005:section 4.5]

    Examples
    --------
    Four ranks, 4 GB, 1 ms and 1 GB/s: six steps of 1 ms + 1 s.

    >>> round(ring_s(4, 4e9, 1e-3, 1e9), 9)
    6.006
    """
    return 2.0 * ring_half_s(ranks, size_bytes, latency_s, rate_byte_s)


def ring_half_s(ranks: int, size_bytes: float, latency_s: float, rate_byte_s: float) -> float:
    """Reduce-scatter or all-gather in a ring; an all-to-all on a full mesh takes as long.

    Parameters
    ----------
    ranks : int
        Number of ranks n, at least 1.
    size_bytes : float
        Bytes S that each rank contributes.
    latency_s : float
        Latency of every link [s].
    rate_byte_s : float
        Rate of every link in one direction [byte/s].

    Returns
    -------
    float
        Duration [s].

    References
    ----------
    [thakur2005:section 4.5]

    Examples
    --------
    >>> round(ring_half_s(4, 4e9, 1e-3, 1e9), 9)
    3.003
    """
    return (ranks - 1) * (latency_s + size_bytes / ranks / rate_byte_s)


def halving_doubling_s(ranks: int, size_bytes: float, latency_s: float, rate_byte_s: float) -> float:
    """All-reduce by recursive halving and doubling, for links that no two messages share.

    Parameters
    ----------
    ranks : int
        Number of ranks n, at least 1.
    size_bytes : float
        Bytes S that each rank contributes.
    latency_s : float
        Latency of every link [s].
    rate_byte_s : float
        Rate of every link in one direction [byte/s].

    Returns
    -------
    float
        Duration [s].

    Notes
    -----
    Where n is 2^k + r, r ranks first send all their data to a neighbour and get the result last.

    References
    ----------
    [thakur2005:section 4.5]

    Examples
    --------
    Four ranks, 4 GB: halves, then quarters, there and back: 2 (2 x 1 ms + 3 s).

    >>> round(halving_doubling_s(4, 4e9, 1e-3, 1e9), 9)
    6.004
    """
    steps = ranks.bit_length() - 1
    core = 1 << steps
    fold_s = 2.0 * (latency_s + size_bytes / rate_byte_s) if ranks > core else 0.0
    return fold_s + 2.0 * (steps * latency_s + (core - 1) / core * size_bytes / rate_byte_s)


def tree_s(ranks: int, size_bytes: float, latency_s: float, rate_byte_s: float) -> float:
    """All-reduce over a binomial tree, reduce and broadcast, not pipelined.

    Parameters
    ----------
    ranks : int
        Number of ranks n, at least 1.
    size_bytes : float
        Bytes S that each rank contributes.
    latency_s : float
        Latency of every link [s].
    rate_byte_s : float
        Rate of every link in one direction [byte/s].

    Returns
    -------
    float
        Duration [s].

    References
    ----------
    [thakur2005:section 4.5]

    Examples
    --------
    Four ranks, 4 GB: 2 log2(4) transfers of the whole.

    >>> round(tree_s(4, 4e9, 1e-3, 1e9), 9)
    16.004
    """
    return 2.0 * (ranks - 1).bit_length() * (latency_s + size_bytes / rate_byte_s)


def hierarchical_s(
    inner: int, outer: int, size_bytes: float, inner_link: tuple[float, float], outer_link: tuple[float, float]
) -> float:
    """All-reduce in two levels: scattered over inner ranks, reduced over outer groups, gathered over inner ranks.

    Parameters
    ----------
    inner, outer : int
        Ranks in a group and number of groups.
    size_bytes : float
        Bytes that each rank contributes.
    inner_link, outer_link : tuple of float
        Latency [s] and rate [byte/s] of the links within and between groups.

    Returns
    -------
    float
        Duration [s].

    Examples
    --------
    >>> link = (1e-3, 1e9)
    >>> round(hierarchical_s(2, 2, 4e9, link, link), 9)  # 2 x (1 ms + 2 s) inside, 2 x (1 ms + 1 s) outside
    6.004
    """
    return 2.0 * ring_half_s(inner, size_bytes, *inner_link) + ring_s(outer, size_bytes / inner, *outer_link)
