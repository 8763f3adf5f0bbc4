"""Demand against capacity over years, as a fluid: exact, since rates are constant between changes.

Work arrives at the rate of the demand and is served at the rate of the capacity. What cannot be served at once waits, as
long as it would be served within the longest wait; the rest is rejected. So the queue holds at most capacity x wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

ROUNDING = 1e-9  # of a rate or a queue, below which a difference is rounding


class Step(NamedTuple):
    """From time_s on, a rate has this value."""

    time_s: float
    rate: float


class Segment(NamedTuple):
    """A time in which all rates are constant; `dropped` is rejected at its begin, when capacity ends."""

    begin_s: float
    end_s: float
    demand: float
    served: float
    rejected: float
    by_source: tuple[float, ...]  # parts of `served`, the first source first
    dropped: float
    queued: float  # at the begin, after `dropped`
    queued_end: float

    @property
    def span_s(self) -> float:
        """Length [s]."""
        return self.end_s - self.begin_s


class Totals(NamedTuple):
    """Integrals over all segments, in units of the rates x seconds; queued: what waits at the end."""

    demand: float
    served: float
    rejected: float
    queued: float
    by_source: tuple[float, ...]
    out_of_target_s: float


def rate_at(steps: Sequence[Step], time_s: float) -> float:
    """Rate of a step function.

    Parameters
    ----------
    steps : sequence of Step
        Steps in ascending order of time.
    time_s : float
        Time [s].

    Returns
    -------
    float
        Value of the last step up to the time; 0 before the first.

    Examples
    --------
    >>> rate_at([Step(0.0, 3.0), Step(10.0, 5.0)], 10.0), rate_at([], 1.0)
    (5.0, 0.0)
    """
    value = 0.0
    for step in steps:
        if step.time_s > time_s:
            break
        value = step.rate
    return value


def flow(demand: Sequence[Step], sources: Sequence[Sequence[Step]], wait_s: float, end_s: float) -> list[Segment]:
    """Serve a demand from sources, the first one first, from time 0 on.

    Parameters
    ----------
    demand : sequence of Step
        Demand, at least 0.
    sources : sequence of sequence of Step
        Capacity of each source in the unit of the demand, at least 0.
    wait_s : float
        Longest wait [s]; 0: what is not served at once is rejected.
    end_s : float
        End [s], above 0.

    Returns
    -------
    list of Segment
        Without gaps from 0 to `end_s`.

    Examples
    --------
    Demand 80, capacity 100 of which half goes at 10 s:

    >>> [(s.end_s, s.served, s.rejected) for s in flow([Step(0.0, 80.0)], [[Step(0.0, 100.0), Step(10.0, 50.0)]], 0.0, 30.0)]
    [(10.0, 80.0, 0.0), (30.0, 50.0, 30.0)]
    """
    moments = {0.0, end_s}
    for steps in (demand, *sources):
        moments |= {s.time_s for s in steps if 0.0 < s.time_s < end_s}
    segments: list[Segment] = []
    queued = 0.0
    for begin_s, until_s in pairwise(sorted(moments)):
        asked = rate_at(demand, begin_s)
        capacities = [rate_at(steps, begin_s) for steps in sources]
        capacity = sum(capacities)
        dropped = max(0.0, queued - capacity * wait_s)
        queued -= dropped
        for part_s, served, rejected in _parts(asked, capacity, wait_s, queued, until_s - begin_s):
            after = max(0.0, queued + (asked - served - rejected) * part_s)
            segments.append(Segment(
                begin_s, begin_s + part_s, asked, served, rejected, _shared(served, capacities), dropped, queued, after,
            ))  # fmt: skip
            begin_s, queued, dropped = begin_s + part_s, after, 0.0
        segments[-1] = segments[-1]._replace(end_s=until_s)
    return segments


def _parts(asked: float, capacity: float, wait_s: float, queued: float, span_s: float) -> list[tuple[float, float, float]]:
    """Length, served and rejected rate of the parts of a time of constant demand and capacity: the queue empties or fills."""
    net, room = asked - capacity, capacity * wait_s - queued
    if net > 0.0:
        filled_s = room / net
        first, then = (filled_s, capacity, 0.0), (span_s - filled_s, capacity, net)
    else:
        filled_s = queued / -net if net < 0.0 else (span_s if queued > 0.0 else 0.0)
        first, then = (filled_s, capacity, 0.0), (span_s - filled_s, asked, 0.0)
    if filled_s <= ROUNDING * span_s:
        return [(span_s, then[1], then[2])]
    return [(span_s, first[1], first[2])] if filled_s >= span_s else [first, then]


def _shared(served: float, capacities: Sequence[float]) -> tuple[float, ...]:
    """Parts of a served rate: each source gives what those before it cannot."""
    parts, left = [], served
    for capacity in capacities:
        parts.append(min(left, capacity))
        left -= parts[-1]
    return tuple(parts)


def totals(segments: Sequence[Segment], target: float) -> Totals:
    """Integrals over time.

    Parameters
    ----------
    segments : sequence of Segment
        Result of `flow`.
    target : float
        Share of the demand that must be accepted.

    Returns
    -------
    Totals
        Integrals, and the time in which a larger share of the demand is rejected.

    Examples
    --------
    >>> totals(flow([Step(0.0, 80.0)], [[Step(0.0, 100.0), Step(10.0, 50.0)]], 0.0, 30.0), 1.0)
    Totals(demand=2400.0, served=1800.0, rejected=600.0, queued=0.0, by_source=(1800.0,), out_of_target_s=20.0)
    """
    sources = len(segments[0].by_source)
    return Totals(
        demand=sum(s.demand * s.span_s for s in segments),
        served=sum(s.served * s.span_s for s in segments),
        rejected=sum(s.rejected * s.span_s + s.dropped for s in segments),
        queued=segments[-1].queued_end,
        by_source=tuple(sum(s.by_source[i] * s.span_s for s in segments) for i in range(sources)),
        out_of_target_s=sum(s.span_s for s in segments if s.rejected > (1.0 - target) * s.demand + ROUNDING * s.demand),
    )


def integral(steps: Sequence[Step], end_s: float) -> float:
    """Integral of a step function from 0 to an end.

    Parameters
    ----------
    steps : sequence of Step
        Steps in ascending order of time, from 0 on.
    end_s : float
        End [s].

    Returns
    -------
    float
        Integral, rate x seconds.

    Examples
    --------
    >>> integral([Step(0.0, 2.0), Step(10.0, 5.0)], 12.0)
    30.0
    """
    ends = [*(s.time_s for s in steps[1:]), end_s]
    return sum(s.rate * max(0.0, min(end, end_s) - s.time_s) for s, end in zip(steps, ends, strict=True))


def product(a: Sequence[Step], b: Sequence[Step]) -> list[Step]:
    """Product of two step functions.

    Parameters
    ----------
    a, b : sequence of Step
        Step functions.

    Returns
    -------
    list of Step
        Their product at each time at which one of them changes.

    Examples
    --------
    >>> product([Step(0.0, 2.0)], [Step(0.0, 1.0), Step(5.0, 3.0)])
    [Step(time_s=0.0, rate=2.0), Step(time_s=5.0, rate=6.0)]
    """
    moments = sorted({s.time_s for s in (*a, *b)})
    return [Step(t, rate_at(a, t) * rate_at(b, t)) for t in moments]
