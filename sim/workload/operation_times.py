"""Durations of all operations of a job's training step in one compiled call, for messages that meet nothing else on their links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import exact_kernel
from sim.network.fair_rates import max_min_rates
from sim.workload import message_times
from sim.workload.collective_schedule import Phase

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

TOTAL, HALF, DELAY, DRAIN = range(4)  # rows of each job: total of an operation, its first half, what pipelining hides, longest time of a link
JOB_ROWS = 4
OWN_TOTAL, OWN_DRAIN = 0, 1  # rows of each satellite, by its own messages
OWN_ROWS = 2
_COLUMNS = 7  # of `Messages.parts`


class Flows(NamedTuple):
    """Messages of one part of a phase with their routes."""

    phase: Phase
    job: Ints
    routed: Ints | None  # messages that are routed; None: all
    start: Ints
    links: Ints
    bits: Floats  # for each entry of `links`, bits of the own job that the link transfers in the time of one message
    stays: Flags  # messages of a satellite to itself
    contended: bool = False  # whether a link carries messages of several jobs


class Messages(NamedTuple):
    """Messages of several operations one after the other, as `durations` takes them."""

    parts: Ints  # (P, 7): operation, phases of it, phase, part, repeat, ring, first message; the messages of a part follow each other
    most_parts: int  # of a phase
    together: Flags  # (P,) whether all parts change to other links after the phase, together
    start: Ints  # (F + 1,)
    links: Ints
    bits: Floats
    src: Ints
    dst: Ints
    job: Ints
    stays: Flags


def messages(operations: Sequence[Sequence[Sequence[Flows]]]) -> Messages:
    """Put messages one after the other.

    Parameters
    ----------
    operations : sequence of sequence of sequence of Flows
        Parts of each phase of each operation; all messages are routed.

    Returns
    -------
    Messages
        All of them.
    """
    rows, together, flat, first = [], [], list[Flows](), 0
    for n, phases in enumerate(operations):
        for k, parts in enumerate(phases):
            changes = k + 1 < len(phases) and any(a.phase is not b.phase for a, b in zip(parts, phases[k + 1], strict=True))
            for part, f in enumerate(parts):
                rows.append((n, len(phases), k, part, f.phase.repeat, f.phase.ring, first))
                together.append(changes)
                flat.append(f)
                first += f.phase.src.size

    none, hops = np.zeros(0, dtype=np.int64), [np.diff(f.start) for f in flat]
    return Messages(
        parts=np.array(rows, dtype=np.int64).reshape(-1, _COLUMNS),
        most_parts=max((part + 1 for _, _, _, part, *_ in rows), default=0),
        together=np.array(together, dtype=np.bool_),
        start=np.concatenate(([0], np.cumsum(np.concatenate([none, *hops])))).astype(np.int64),
        links=np.concatenate([none, *(f.links for f in flat)]),
        bits=np.concatenate([np.zeros(0), *(f.bits for f in flat)]),
        src=np.concatenate([none, *(f.phase.src for f in flat)]),
        dst=np.concatenate([none, *(f.phase.dst for f in flat)]),
        job=np.concatenate([none, *(f.job for f in flat)]),
        stays=np.concatenate([np.zeros(0, dtype=np.bool_), *(f.stays for f in flat)]),
    )


def shared_rates(parts: list[Flows], phase_s: Floats, rate_bit_s: Floats, background_bit_s: Floats | None) -> list[Floats]:
    """Rate that a link leaves to the job of each message: all of it but the max-min fair rates of the others.

    Parameters
    ----------
    parts : list of Flows
        Messages of a phase.
    phase_s : ndarray, shape (G,)
        Duration of the phase of each job alone [s].
    rate_bit_s : ndarray, shape (2 L,)
        Rate of each directed link [bit/s].
    background_bit_s : ndarray, shape (2 L,), optional
        What others ask for on each directed link [bit/s].

    Returns
    -------
    list of ndarray
        Rate for each entry of `links` of each part [bit/s].
    """
    count, hops, links, demands, keys = rate_bit_s.size, [], [], [], []
    for f in parts:
        job, size_bytes = (
            (f.job, f.phase.size_bytes) if f.routed is None else (f.job[f.routed], f.phase.size_bytes[f.routed])
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            asked = f.phase.repeat * 8.0 * size_bytes / phase_s[job]
        hops.append(np.diff(f.start))
        demands.append(np.where(np.isnan(asked), 0.0, asked))
        links.append(f.links)
        keys.append(np.repeat(job, hops[-1]) * count + f.links)
    if background_bit_s is not None:
        busy = np.flatnonzero(background_bit_s > 0.0)
        hops.append(np.ones(busy.size, dtype=np.int64))
        demands.append(background_bit_s[busy])
        links.append(busy)
        keys.append(phase_s.size * count + busy)  # one more than the jobs
    flat, hop = np.concatenate(links), np.concatenate(hops)
    start = np.concatenate(([0], np.cumsum(hop))).astype(np.int64)
    fair = np.repeat(max_min_rates(start, flat, rate_bit_s, np.concatenate(demands))[0], hop)
    pair, which = np.unique(np.concatenate(keys), return_inverse=True)
    own = np.bincount(which, fair, minlength=pair.size)
    used, users = np.bincount(flat, fair, minlength=count), np.bincount(pair % count, minlength=count)
    shared = users[flat] > 1
    with np.errstate(invalid="ignore"):
        others = np.where(shared & np.isfinite(rate_bit_s[flat]), used[flat] - own[which], 0.0)
        equal = np.where(shared, rate_bit_s[flat] / users[flat], 0.0)  # who asks for less now could have this at any time
    left = np.maximum(rate_bit_s[flat] - others, np.maximum(equal, np.where(shared, fair, 0.0)))
    return np.split(left, np.cumsum([f.links.size for f in parts]))[: len(parts)]


@exact_kernel
def _route(m: Messages, delay_s: Floats, rate_bit_s: Floats, wait_s: Floats, busy_s: Floats, jobs_disconnected: Flags) -> bool:
    """Write delay and link time of each message, 0 without a route; set jobs with such messages, and return whether there are any."""
    rates, cut_off = np.empty(m.links.size), False
    for e in range(m.links.size):
        rates[e] = rate_bit_s[m.links[e]]
    message_times.route_times(m.start, m.links, m.bits, rates, delay_s, wait_s, busy_s)
    for f in range(m.src.size):
        if not np.isfinite(wait_s[f] + busy_s[f]):
            if not m.stays[f]:
                jobs_disconnected[m.job[f]] = cut_off = True
            wait_s[f], busy_s[f] = 0.0, 0.0
    return cut_off


@exact_kernel
def _wait_for_all(ready_s: Floats) -> None:
    """Each satellite goes on when it is ready in all parts, (parts, N)."""
    for i in range(ready_s.shape[1]):
        latest_s = ready_s[0, i]
        for part in range(1, ready_s.shape[0]):
            latest_s = max(latest_s, ready_s[part, i])
        for part in range(ready_s.shape[0]):
            ready_s[part, i] = latest_s


@exact_kernel
def durations(
    m: Messages, owner: Ints, delay_s: Floats, rate_bit_s: Floats, job_s: Floats, own_s: Floats, jobs_disconnected: Flags
) -> bool:
    """Durations of operations; see `JobCommunication.costs`.

    Parameters
    ----------
    m : Messages
        Messages.
    owner : ndarray of int64, shape (N,)
        Job of each satellite; -1 for none.
    delay_s, rate_bit_s : ndarray, shape (2 L,)
        Delay [s] and rate [bit/s] of each directed link.
    job_s : ndarray, shape (operations, 4, G)
        Of each job: total, its first half, the total without the drain, and the longest time of a link for one message [s]; 0 before.
    own_s : ndarray, shape (operations, 2, N)
        Total by each satellite's own messages, and the longest time of a link for one of them [s]; 0 before.
    jobs_disconnected : ndarray of bool, shape (G,)
        Set for jobs with messages that have no route; their times leave them out.

    Returns
    -------
    bool
        Whether one was set.
    """
    n, count = owner.size, m.src.size
    wait_s, busy_s = np.empty(count), np.empty(count)
    cut_off = _route(m, delay_s, rate_bit_s, wait_s, busy_s, jobs_disconnected)
    ready_s, slowest_s = np.zeros((m.most_parts, n)), np.zeros(n)
    for p in range(m.parts.shape[0]):
        op, phases, phase, part, repeat, ring, first = m.parts[p]
        last_part = p + 1 == m.parts.shape[0]
        end = count if last_part else m.parts[p + 1, 6]
        if phase == 0 and part == 0:
            ready_s[:] = 0.0
        if part == 0:
            slowest_s[:] = 0.0
        src, dst, job, wait, busy = m.src[first:end], m.dst[first:end], m.job[first:end], wait_s[first:end], busy_s[first:end]
        if ring > 0:
            message_times.advance_rings(repeat, ring, src, wait, busy, ready_s[part])
        else:
            message_times.advance_messages(repeat, src, dst, wait, busy, ready_s[part])
        message_times.keep_longest(repeat, src, job, wait, busy, slowest_s, own_s[op, OWN_DRAIN], job_s[op, DRAIN])
        if not last_part and m.parts[p + 1, 0] == op and m.parts[p + 1, 2] == phase:
            continue  # more parts of the phase
        for i in range(n):
            own_s[op, OWN_TOTAL, i] += slowest_s[i]
        if m.together[p]:
            _wait_for_all(ready_s[: part + 1])
        if phase + 1 == phases or 2 * (phase + 1) == phases:
            message_times.last_of_jobs(owner, ready_s[: part + 1], job_s[op, TOTAL])
        if 2 * (phase + 1) == phases:
            job_s[op, HALF] = job_s[op, TOTAL]
    for op in range(job_s.shape[0]):
        job_s[op, DELAY] = job_s[op, TOTAL] - job_s[op, DRAIN]
        for i in range(n):
            if owner[i] >= 0:
                own_s[op, OWN_TOTAL, i] = min(own_s[op, OWN_TOTAL, i], job_s[op, TOTAL, owner[i]])
    return cut_off
