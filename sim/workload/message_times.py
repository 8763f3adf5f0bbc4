"""Durations of messages on links that differ, and of collectives whose ranks wait for each other's messages only."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import exact_kernel
from sim.workload.collective_schedule import Phase

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@exact_kernel
def route_times(
    start: Ints, links: Ints, bits: Floats, rate_bit_s: Floats, link_delay_s: Floats, delay_s: Floats, drain_s: Floats
) -> None:
    """Delay of each message's route, and time in which its busiest link transfers what is routed over it.

    Parameters
    ----------
    start : ndarray of int64, shape (F + 1,)
        Message f takes the links links[start[f]:start[f + 1]].
    links : ndarray of int64, shape (n,)
        Directed links.
    bits, rate_bit_s : ndarray, shape (n,)
        For each entry of `links`, bits that the link transfers in the time of one message, and its rate [bit/s].
    link_delay_s : ndarray, shape (2 L,)
        Delay of each directed link [s].
    delay_s, drain_s : ndarray, shape (F,)
        Written [s]; both inf without a route.
    """
    for f in range(delay_s.size):
        delay, drain = 0.0, 0.0
        if start[f] == start[f + 1]:
            delay, drain = math.inf, math.inf
        for e in range(start[f], start[f + 1]):
            delay += link_delay_s[links[e]]
            # an idle link takes no time, even at rate 0
            drain = max(drain, bits[e] / rate_bit_s[e] if bits[e] > 0.0 else 0.0)
        delay_s[f], drain_s[f] = delay, drain


@exact_kernel
def advance_rings(repeat: int, ring: int, src: Ints, delay_s: Floats, drain_s: Floats, ready_s: Floats) -> None:
    """Send messages around rings, `repeat` steps without a barrier.

    Parameters
    ----------
    repeat : int
        Steps.
    ring : int
        Ranks of each ring.
    src : ndarray of int64, shape (F,)
        Senders ring by ring; each sends to the next of its ring, the last to the first.
    delay_s, drain_s : ndarray, shape (F,)
        Delay of each message, and time for which it occupies its links [s].
    ready_s : ndarray, shape (N,)
        Time from which each satellite can send [s]; changed to the time at which it has sent and received the last message.

    Notes
    -----
    Rank i sends its message of step s when it has that of step s - 1 of its predecessor and its own of step s - 1 has left:
    e_i(s) = max(e_i(s - 1), e_{i-1}(s - 1) + d_{i-1}) + x_i, linear in the (max, +) algebra [baccelli1992:section 2]. The
    solution is the longest path: from rank j at step 1, each step stays at a rank (x) or moves on to the next (d + x). Of a
    path over w consecutive ranks, the S - w steps that remain are best spent at its largest x. With all ranks ready at 0, S
    steps take the maximum over runs of w <= S consecutive ranks (more than once around where S > n) of
    sum (x + d) + (S - w) max x. On uniform links w = S: S (x + d).

    Examples
    --------
    Three ranks, four steps, one hop of 10 s: a path can pass it twice.

    >>> ready_s = np.zeros(3)
    >>> advance_rings(4, 3, np.arange(3), np.array([10.0, 0.0, 0.0]), np.ones(3), ready_s)
    >>> float(ready_s.max())
    24.0
    """
    now_s, sent_s = np.empty(ring), np.empty(ring)
    for first in range(0, src.size, ring):
        wait_s, busy_s = delay_s[first : first + ring], drain_s[first : first + ring]
        for i in range(ring):
            now_s[i] = ready_s[src[first + i]]
        for _ in range(repeat):
            for i in range(ring):
                sent_s[i] = now_s[i] + busy_s[i]
            now_s[0] = max(sent_s[0], sent_s[ring - 1] + wait_s[ring - 1])
            for i in range(1, ring):
                now_s[i] = max(sent_s[i], sent_s[i - 1] + wait_s[i - 1])
        for i in range(ring):
            ready_s[src[first + i]] = now_s[i]


@exact_kernel
def advance_messages(repeat: int, src: Ints, dst: Ints, delay_s: Floats, drain_s: Floats, ready_s: Floats) -> None:
    """Send messages between any satellites, `repeat` steps without a barrier.

    Parameters
    ----------
    repeat : int
        Steps.
    src, dst : ndarray of int64, shape (F,)
        Sender and receiver of each message.
    delay_s, drain_s : ndarray, shape (F,)
        Delay of each message, and time for which it occupies its links [s].
    ready_s : ndarray, shape (N,)
        As in `advance_rings`.
    """
    for _ in range(repeat):
        before_s = ready_s.copy()
        for f in range(src.size):
            sent_s = before_s[src[f]] + drain_s[f]
            ready_s[src[f]] = max(ready_s[src[f]], sent_s)
            ready_s[dst[f]] = max(ready_s[dst[f]], sent_s + delay_s[f])


@exact_kernel
def keep_longest(
    repeat: int, src: Ints, job: Ints, delay_s: Floats, drain_s: Floats, own_s: Floats, own_drain_s: Floats, job_drain_s: Floats
) -> None:
    """Longest times of the messages of a phase, of each satellite and each job.

    Parameters
    ----------
    repeat : int
        Steps of the phase.
    src, job : ndarray of int64, shape (F,)
        Sender and job of each message.
    delay_s, drain_s : ndarray, shape (F,)
        Delay of each message, and time for which it occupies its links [s].
    own_s, own_drain_s : ndarray, shape (N,)
        Longest message of each satellite over all steps, and longest time for which one occupies its links [s]; raised where less.
    job_drain_s : ndarray, shape (G,)
        The latter of each job [s]; raised where less.
    """
    for f in range(src.size):
        own_s[src[f]] = max(own_s[src[f]], repeat * (delay_s[f] + drain_s[f]))
        own_drain_s[src[f]] = max(own_drain_s[src[f]], drain_s[f])
        job_drain_s[job[f]] = max(job_drain_s[job[f]], drain_s[f])


@exact_kernel
def last_of_jobs(owner: Ints, ready_s: Floats, last_s: Floats) -> None:
    """Time at which the last member of each job is ready, over all parts of the data.

    Parameters
    ----------
    owner : ndarray of int64, shape (N,)
        Job of each satellite; -1 for none.
    ready_s : ndarray, shape (parts, N)
        Time from which each satellite can send [s].
    last_s : ndarray, shape (G,)
        Times [s]; raised where less.
    """
    for part in range(ready_s.shape[0]):
        for i in range(owner.size):
            if owner[i] >= 0:
                last_s[owner[i]] = max(last_s[owner[i]], ready_s[part, i])


def advance_phase(phase: Phase, delay_s: Floats, drain_s: Floats, ready_s: Floats) -> None:
    """Send the messages of a phase.

    Parameters
    ----------
    phase : Phase
        Messages.
    delay_s, drain_s : ndarray, shape (F,)
        Delay of each message, and time for which it occupies its links [s].
    ready_s : ndarray, shape (N,)
        As in `advance_rings`.
    """
    if phase.ring:
        advance_rings(phase.repeat, phase.ring, phase.src, delay_s, drain_s, ready_s)
    else:
        advance_messages(phase.repeat, phase.src, phase.dst, delay_s, drain_s, ready_s)
