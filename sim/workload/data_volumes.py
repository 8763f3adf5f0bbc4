"""Volumes of one job on their way between the ground and the fleet: what is left, what waits, how long it took.

Rates are constant between events: the end of a volume, the making of another, the end of a step.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ROUNDING_S: Final = 1e-6  # of running times, which are sums of shares of steps


class Volume(ABC):
    """Data of one job in one direction.

    Attributes
    ----------
    passed_bit : float
        What has arrived.
    flowing_s, stalled_s, saturated_s : float
        Time in which data flow; in which data wait and none flow; in which antennas alone limit the flow.
    """

    def __init__(self) -> None:
        self.passed_bit = self.flowing_s = self.stalled_s = self.saturated_s = 0.0

    @property
    @abstractmethod
    def left_bit(self) -> float:
        """What is still to be sent of what there is [bit]."""

    def enter(self, now_s: float) -> float:
        """Take in what has been made up to a time.

        Parameters
        ----------
        now_s : float
            Time [s].

        Returns
        -------
        float
            Time at which the next data come [s]; infinite where none are known.
        """
        return math.inf

    def send(self, begin_s: float, end_s: float, rate_bit_s: float, saturated: bool, all_: bool) -> None:
        """Send at a constant rate.

        Parameters
        ----------
        begin_s, end_s : float
            Time [s]; what is left lasts at least so long.
        rate_bit_s : float
            Rate [bit/s]; 0: the way is closed.
        saturated : bool
            Whether antennas alone limit it.
        all_ : bool
            Whether nothing is left at the end.
        """
        if rate_bit_s > 0.0:
            self.flowing_s += end_s - begin_s
            self.saturated_s += (end_s - begin_s) * saturated
            self._move(begin_s, end_s, rate_bit_s, all_)
        else:
            self.stalled_s += end_s - begin_s

    @abstractmethod
    def _move(self, begin_s: float, end_s: float, rate_bit_s: float, all_: bool) -> None:
        """Count what arrives in a time, at a rate above 0."""

    @property
    def mean_rate_bit_s(self) -> float | None:
        """Mean rate while data flow [bit/s]; None where none have."""
        return self.passed_bit / self.flowing_s if self.flowing_s > 0.0 else None


class Incoming(Volume):
    """Data that must be aboard before a job starts.

    Parameters
    ----------
    size_byte : float
        Their size [B].

    Attributes
    ----------
    start_s : float or None
        Time at which all were aboard [s].

    Examples
    --------
    >>> data = Incoming(1e9)
    >>> full_s = pass_data([data], 0.0, 60.0, lambda volumes: (np.array([2e8]), np.array([True])))
    >>> data.start_s
    40.0
    """

    def __init__(self, size_byte: float) -> None:
        super().__init__()
        self.size_bit = 8.0 * size_byte
        self.start_s: float | None = None

    @property
    def left_bit(self) -> float:
        """What is not aboard yet."""
        return 0.0 if self.start_s is not None else self.size_bit - self.passed_bit

    def _move(self, begin_s: float, end_s: float, rate_bit_s: float, all_: bool) -> None:
        self.passed_bit += rate_bit_s * (end_s - begin_s)
        if all_ or self.passed_bit >= self.size_bit:  # rounding may put the end behind a step that passes all
            self.passed_bit, self.start_s = self.size_bit, end_s


class _Item(NamedTuple):
    """Data that were made at a time, and what is left of them."""

    made_s: float
    left_bit: float


class Outgoing(Volume):
    """Results or checkpoints that are made while a job runs and sent first come, first served.

    Parameters
    ----------
    size_byte : float
        Size of each [B].
    interval_s : float or None
        Running time of the job between two of them [s]; None: `make` says when.

    Attributes
    ----------
    made_bit : float
        What was made.
    backlog_bit : float
        The most that has waited.
    delays_s : list of float
        From the making of each to its arrival [s], of those that have arrived.
    """

    def __init__(self, size_byte: float, interval_s: float | None) -> None:
        super().__init__()
        self.size_bit, self.interval_s = 8.0 * size_byte, interval_s
        self.made_bit = self.backlog_bit = self.running_s = 0.0
        self.made = 0
        self.delays_s: list[float] = []
        self._coming: deque[float] = deque()
        self._queue: deque[_Item] = deque()

    def run(self, begin_s: float, end_s: float) -> None:
        """The job runs: make what falls due.

        Parameters
        ----------
        begin_s, end_s : float
            Time [s].
        """
        before_s, self.running_s = self.running_s, self.running_s + end_s - begin_s
        if self.interval_s is None:
            return
        while (self.made + 1) * self.interval_s <= self.running_s + ROUNDING_S:
            self.make(min(end_s, begin_s + (self.made + 1) * self.interval_s - before_s))

    def make(self, time_s: float) -> None:
        """Something is ready to be sent.

        Parameters
        ----------
        time_s : float
            Time [s], not before that of the last one.
        """
        self._coming.append(time_s)
        self.made += 1
        self.made_bit += self.size_bit

    def enter(self, now_s: float) -> float:
        """Take in what has been made up to a time.

        Parameters
        ----------
        now_s : float
            Time [s].

        Returns
        -------
        float
            Time at which the next one comes [s]; infinite where none is known.
        """
        while self._coming and self._coming[0] <= now_s:
            self._queue.append(_Item(self._coming.popleft(), self.size_bit))
            self.backlog_bit = max(self.backlog_bit, self.left_bit)
        return self._coming[0] if self._coming else math.inf

    @property
    def waits(self) -> bool:
        """Whether anything is to be sent, now or at a time that is known."""
        return bool(self._queue or self._coming)

    @property
    def left_bit(self) -> float:
        """What waits."""
        return math.fsum(item.left_bit for item in self._queue)

    @property
    def queued_bit(self) -> float:
        """What has not arrived of all that was made."""
        return self.left_bit + len(self._coming) * self.size_bit

    def _move(self, begin_s: float, end_s: float, rate_bit_s: float, all_: bool) -> None:
        at_s = begin_s
        while self._queue:
            made_s, left_bit = self._queue[0]
            moved_bit = rate_bit_s * (end_s - at_s)
            last = all_ and len(self._queue) == 1
            if moved_bit < left_bit and not last:
                self._queue[0] = _Item(made_s, left_bit - moved_bit)
                self.passed_bit += moved_bit
                return
            at_s = end_s if last else min(end_s, at_s + left_bit / rate_bit_s)
            self._queue.popleft()
            self.passed_bit += left_bit
            self.delays_s.append(at_s - made_s)


Rates = Callable[[Sequence[Any]], tuple[Array, NDArray[np.bool_]]]


def pass_data(
    volumes: Sequence[Volume], begin_s: float, end_s: float, rates: Rates, hold: Callable[[float], None] | None = None
) -> float:
    """Pass data through a step; rates are found again where a volume ends or another is made.

    Parameters
    ----------
    volumes : sequence of Volume
        Of all jobs, in one direction.
    begin_s, end_s : float
        The step [s].
    rates : callable
        Of volumes that wait: the rate of each [bit/s], and whether antennas alone limit it, each (volumes,).
    hold : callable, optional
        Called with the time for which the rates last found have held [s].

    Returns
    -------
    float
        Time in which data wait and antennas alone limit all that flow [s].

    Examples
    --------
    Two volumes of 1 and 2 MB share 0.8 Mbit/s: the first ends after 20 s, the second has all of it from then on:

    >>> both = [Incoming(1e6), Incoming(2e6)]
    >>> shared = lambda volumes: (np.full(len(volumes), 8e5 / len(volumes)), np.ones(len(volumes), dtype=bool))
    >>> pass_data(both, 0.0, 60.0, shared)
    30.0
    >>> [volume.start_s for volume in both]
    [20.0, 30.0]
    """
    now_s, full_s = begin_s, 0.0
    while now_s < end_s:
        until_s = min(end_s, *(volume.enter(now_s) for volume in volumes)) if volumes else end_s
        waiting = [volume for volume in volumes if volume.left_bit > 0.0]
        if not waiting:
            now_s = until_s
            continue
        rate_bit_s, saturated = rates(waiting)
        ends_s = [now_s + v.left_bit / r if r > 0.0 else math.inf for v, r in zip(waiting, rate_bit_s.tolist(), strict=True)]
        until_s = min(until_s, *ends_s)
        for volume, rate, full, done_s in zip(waiting, rate_bit_s.tolist(), saturated.tolist(), ends_s, strict=True):
            volume.send(now_s, until_s, rate, full, done_s <= until_s)
        if hold is not None:
            hold(until_s - now_s)
        flows = rate_bit_s > 0.0
        full_s += (until_s - now_s) * bool(flows.any() and saturated[flows].all())
        now_s = until_s
    return full_s


def _flow(volumes: Sequence[Volume]) -> dict[str, float | None]:
    """Rate while data flow, time in which they wait, and share of both in which antennas alone limit the flow."""
    flowing_s, stalled_s = math.fsum(v.flowing_s for v in volumes), math.fsum(v.stalled_s for v in volumes)
    return {
        "mean_rate_bit_s": math.fsum(v.passed_bit for v in volumes) / flowing_s if flowing_s > 0.0 else None,
        "stalled_s": stalled_s / len(volumes),
        "saturated_fraction": math.fsum(v.saturated_s for v in volumes) / (flowing_s + stalled_s) if flowing_s + stalled_s > 0.0 else None,
    }


def incoming_summary(volumes: Sequence[Incoming]) -> dict[str, Any]:
    """What became of the first data of the jobs of a workload.

    Parameters
    ----------
    volumes : sequence of Incoming
        Of its jobs, at least one.

    Returns
    -------
    dict
        Fields by name; times are means over jobs.
    """
    started = [v.start_s for v in volumes if v.start_s is not None]
    return {
        "size_byte": volumes[0].size_bit / 8.0,
        "jobs": len(volumes),
        "started": len(started),
        "received_byte": math.fsum(v.passed_bit for v in volumes) / 8.0,
        "start_delay_s": math.fsum(started) / len(started) if started else None,
        **_flow(volumes),
    }


def outgoing_summary(volumes: Sequence[Outgoing]) -> dict[str, Any]:
    """What became of the results of the jobs of a workload.

    Parameters
    ----------
    volumes : sequence of Outgoing
        Of its jobs, at least one.

    Returns
    -------
    dict
        Fields by name; data are sums over jobs, times means, percentiles over all that arrived.
    """
    delays_s = np.array([delay_s for v in volumes for delay_s in v.delays_s])
    found: list[float | None] = np.percentile(delays_s, (10.0, 50.0, 90.0)).tolist() if delays_s.size else [None] * 3
    return {
        "size_byte": volumes[0].size_bit / 8.0,
        "interval_s": volumes[0].interval_s,
        "made_byte": math.fsum(v.made_bit for v in volumes) / 8.0,
        "delivered_byte": math.fsum(v.passed_bit for v in volumes) / 8.0,
        "queued_byte": math.fsum(v.queued_bit for v in volumes) / 8.0,
        "backlog_byte_max": max(v.backlog_bit for v in volumes) / 8.0,
        "delay_s": dict(zip(("p10", "p50", "p90"), found, strict=True)),
        **_flow(volumes),
    }
