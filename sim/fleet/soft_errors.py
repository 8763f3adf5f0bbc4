"""Errors by radiation: drawn as candidates at the highest rate on a satellite's orbit, kept by the rate where it is at that moment.

Each kind of error of each satellite is a Poisson process of its own. Candidates come at the highest rate; one is kept if a random number is
below the ratio of the rate at its place and time to the highest one [lewis1979]. So what is drawn depends on seed, process, replica,
satellite and kind, on the orbit and on the device, and neither on steps, tiles and threads nor on other satellites.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.fleet.availability import RADIATION, AvailabilityChange, Kind, SilentError, Target
from sim.fleet.failures import SOFT_ERRORS
from sim.fleet.random_streams import philox_words, stream_key, uniform

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# kinds of errors, in the order of `orbit.upsets.EventRates`; the numbers of their streams
SILENT, MEMORY, INTERRUPT, LATCHUP, HOST, CORRECTED = range(6)
KINDS: Final = ("silent", "memory", "interrupt", "latchup", "host_interrupt", "corrected")
INTERRUPTING: Final = (MEMORY, INTERRUPT, LATCHUP, HOST)  # those by which accelerators restart
WINDOW_S: Final = 21_600.0  # candidates of so long are drawn at once
BATCH: Final = 256  # candidates of a satellite that are drawn together, at most
CELLS: Final = 1 << 18  # and of many satellites


class Hazard(Protocol):
    """Rates of errors of the satellites of a source."""

    highest_per_s: Array  # (satellites, kinds): that no place on the orbit exceeds [1/s]

    def rates_per_s(self, satellites: Ints, kinds: Ints, times_s: Array) -> Array:
        """Rates at the places of satellites.

        Parameters
        ----------
        satellites, kinds : ndarray of int64, shape (n,)
            Satellites, counted from the first one of the source, and kinds of errors.
        times_s : ndarray, shape (n,)
            Times [s].

        Returns
        -------
        ndarray, shape (n,)
            Rates [1/s], at most those of `highest_per_s`.
        """
        ...


class Consequences(NamedTuple):
    """What errors do to a satellite."""

    accelerators: int
    per_host: int  # accelerators that an interrupt of their host stops
    restart_s: float  # from an interrupt until the accelerator computes again
    latchup_loss: float  # share of latch-ups that destroy the accelerator


class _Error(NamedTuple):
    """An error that happened; satellites are counted from the first one of the source."""

    time_s: float
    satellite: int
    kind: int
    unit: float  # [0, 1): which accelerator, or host
    fate: float  # [0, 1)


class SoftErrors:
    """A source of changes: accelerators that radiation interrupts restart; silent errors are handed on.

    Parameters
    ----------
    seed, replica : int
        With the process they key the streams of all satellites.
    hazard : Hazard
        Rates.
    of : Consequences
        What an error does.
    first : int
        Number of the first satellite in the fleet.
    end_s : float
        End of the run [s]; later errors are not drawn.

    Attributes
    ----------
    drawn : (kinds,) errors so far, whatever the state of the satellite that they struck.

    Notes
    -----
    Candidate n of a kind has the four numbers of ``numpy.random.Philox(key=key, counter=[n, kind, satellite, 0])``: the time since the
    candidate before in units of the mean, whether it is kept, which accelerator or host it strikes, and its fate: whether a latch-up
    destroys the accelerator, and whether a silent error spoils the work.
    """

    def __init__(self, seed: int, replica: int, hazard: Hazard, of: Consequences, first: int, end_s: float) -> None:
        self.hazard, self.of, self.first, self.end_s = hazard, of, first, end_s
        self.drawn = np.zeros(len(KINDS), dtype=np.int64)
        self._key = stream_key(seed, SOFT_ERRORS, replica)
        self._highest = np.ascontiguousarray(hazard.highest_per_s).ravel()
        streams = np.arange(self._highest.size)
        self._kind, self._satellite = streams % len(KINDS), streams // len(KINDS)
        self._number = np.zeros(streams.size, dtype=np.int64)  # of the next candidate of each stream
        self._time_s = np.full(streams.size, math.inf)
        live = np.flatnonzero(self._highest > 0.0)
        self._time_s[live] = self._gaps_s(live, self._number[live])
        self._window_s = 0.0  # until which errors are drawn
        self._coming: Iterator[_Error] = iter(())
        self._next: _Error | None = None
        self._returns: list[tuple[float, int, int]] = []  # when which accelerator of which satellite is back
        self._down: dict[int, dict[int, float]] = {}  # until when accelerators are down, by satellite

    def until(self, time_s: float) -> list[AvailabilityChange]:
        """Changes up to a time that no earlier call returned.

        Parameters
        ----------
        time_s : float
            Time after the epoch [s]; not before that of an earlier call.

        Returns
        -------
        list of AvailabilityChange
            Changes up to and including time_s, in order of time.
        """
        changes: list[AvailabilityChange] = []
        while True:
            error = self._upcoming(time_s)
            back_s = self._returns[0][0] if self._returns else math.inf
            if back_s <= time_s and (error is None or back_s <= error.time_s):
                changes += self._return()
            elif error is not None and error.time_s <= time_s:
                self._next = None
                changes += self._happen(error)
            else:
                return changes

    # --- what an error does

    def _happen(self, error: _Error) -> list[AvailabilityChange]:
        """Consequences of an error."""
        self.drawn[error.kind] += 1
        number, each = self.first + error.satellite, self.of.accelerators
        struck = int(error.unit * each)
        if error.kind == CORRECTED:
            return []
        if error.kind == SILENT:
            target = Target(Kind.RESULTS, number, number, f"satellite {number}")
            return [AvailabilityChange(error.time_s, target, 1.0, RADIATION, SilentError(struck, error.fate))]
        units = range(struck, struck + 1)
        if error.kind == HOST:
            host = int(error.unit * hosts(each, self.of.per_host))
            units = range(host * self.of.per_host, min((host + 1) * self.of.per_host, each))
        lost = error.kind == LATCHUP and error.fate < self.of.latchup_loss
        until_s = math.inf if lost else error.time_s + self.of.restart_s
        down = self._down.setdefault(error.satellite, {})
        before = len(down)
        for unit in units:
            down[unit] = max(until_s, down.get(unit, 0.0))  # one that is struck again starts again
            if math.isfinite(until_s):
                heappush(self._returns, (until_s, error.satellite, unit))
        return [self._left(error.time_s, error.satellite)] if len(down) > before else []

    def _return(self) -> list[AvailabilityChange]:
        """Accelerators that are back at the next moment, all of one satellite."""
        back_s, satellite, _ = self._returns[0]
        down = self._down[satellite]
        before = len(down)
        while self._returns and self._returns[0][:2] == (back_s, satellite):
            unit = heappop(self._returns)[2]
            if down.get(unit, math.inf) <= back_s:
                del down[unit]
        return [self._left(back_s, satellite)] if len(down) < before else []

    def _left(self, time_s: float, satellite: int) -> AvailabilityChange:
        """What is left of a satellite's accelerators."""
        number, each = self.first + satellite, self.of.accelerators
        left = (each - len(self._down[satellite])) / each
        return AvailabilityChange(time_s, Target(Kind.ACCELERATORS, number, number, f"satellite {number} accelerators"), left, RADIATION)

    # --- draws

    def _upcoming(self, time_s: float) -> _Error | None:
        """The next error, if it is among those up to a time."""
        while self._next is None:
            self._next = next(self._coming, None)
            if self._next is None:
                if self._window_s > time_s or self._window_s >= self.end_s:
                    return None
                begin_s, self._window_s = self._window_s, min(self._window_s + WINDOW_S, self.end_s)
                self._coming = iter(self._draw(begin_s, self._window_s))
        return self._next

    def _draw(self, begin_s: float, end_s: float) -> list[_Error]:
        """Errors from begin_s to before end_s, in order of time."""
        found = [np.stack(part) for part in self._candidates(begin_s, end_s)]
        if not found:
            return []
        stream, number = (np.concatenate([part[i] for part in found]).astype(np.int64) for i in (0, 1))
        time_s = np.concatenate([part[2] for part in found])
        kinds, satellites = self._kind[stream], self._satellite[stream]
        _, keep, unit, fate = self._numbers(stream, number)
        kept = np.flatnonzero(keep * self._highest[stream] < self.hazard.rates_per_s(satellites, kinds, time_s))
        kept = kept[np.lexsort((kinds[kept], satellites[kept], time_s[kept]))]
        columns = (time_s, satellites, kinds, unit, fate)
        return [_Error(*row) for row in zip(*(column[kept].tolist() for column in columns), strict=True)]

    def _candidates(self, begin_s: float, end_s: float) -> Iterator[tuple[Array, Array, Array]]:
        """Stream, number and time of the candidates in a window; streams go on to their first candidate beyond it."""
        left = np.flatnonzero(self._time_s < end_s)
        while left.size:
            expected = float(self._highest[left].max()) * (end_s - begin_s)
            many = int(min(BATCH, max(4.0, expected + 2.0 * math.sqrt(expected))))
            for some in np.array_split(left, -(-left.size * many // CELLS)):
                numbers = self._number[some, np.newaxis] + np.arange(1, many + 1)
                gaps_s = self._gaps_s(np.repeat(some, many), numbers.ravel()).reshape(numbers.shape)
                # each time is the one before and a gap, so that other batches give the same
                times_s = np.cumsum(np.concatenate((self._time_s[some, np.newaxis], gaps_s), axis=1), axis=1)
                inside = times_s[:, :many] < end_s
                row, column = np.nonzero(inside)
                yield some[row].astype(np.float64), (self._number[some[row]] + column).astype(np.float64), times_s[row, column]
                passed = inside.sum(axis=1)
                self._time_s[some] = times_s[np.arange(some.size), passed]
                self._number[some] += passed
            left = left[self._time_s[left] < end_s]

    def _gaps_s(self, stream: Ints, number: Ints) -> Array:
        """Times from the candidates before to these [s]."""
        return np.asarray(-np.log1p(-self._numbers(stream, number)[0]) / self._highest[stream])

    def _numbers(self, stream: Ints, number: Ints) -> tuple[Array, Array, Array, Array]:
        """The four random numbers of candidates; numpy's generator counts one further before it draws."""
        words = (number + 1, self._kind[stream], self.first + self._satellite[stream])
        a, b, c, d = philox_words(tuple(w.astype(np.uint64) for w in words), self._key)  # type: ignore[arg-type]
        return uniform(a), uniform(b), uniform(c), uniform(d)


def hosts(accelerators: int, per_host: int) -> int:
    """Hosts of a satellite.

    Parameters
    ----------
    accelerators : int
        Its accelerators.
    per_host : int
        Accelerators of one host.

    Returns
    -------
    int
        Hosts; the last one may have fewer accelerators.

    Examples
    --------
    >>> hosts(64, 4), hosts(6, 4)
    (16, 2)
    """
    return -(-accelerators // per_host)
