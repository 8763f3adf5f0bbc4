"""How a race is run: both sides take turns in one process, and the median of each side's rates counts.

The clock is the processor time of this process, so that other work on the machine counts for neither side; a benchmark
whose work is spread over threads or processes says so and is timed by the wall clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from statistics import median
from typing import Any

LEAST_S = 0.2  # one measurement, so that the clock's grain does not show
MOST_S = 100.0  # one benchmark: the few of a group end within ten minutes
ROUNDS = 5

Side = Callable[[], Any]


@dataclass(frozen=True)
class Pair:
    """The two sides, made ready: a call does `work` units and returns its answer.

    A peer that would take too long at that does `peer_work` of the same units, and its rate stands for the whole.
    """

    ours: Side
    peer: Side
    work: float
    differ: Callable[[Any, Any], str | None]  # what is wrong between the answers, or None where they agree
    peer_work: float | None = None


@dataclass(frozen=True)
class Benchmark:
    """One race. `make` may import the peer; `package` is what pip installs it by, empty where the peer is our own."""

    name: str
    group: str
    unit: str
    package: str
    make: Callable[[], Pair]
    threads: int = 1
    wall_clock: bool = False


@dataclass(frozen=True)
class Row:
    """A race's outcome; ratio above 1: we are better. `reason` says why it was not run."""

    name: str
    ours: float | None
    peer: float | None
    peer_version: str | None
    ratio: float | None
    unit: str
    threads: int
    reason: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def race(benchmark: Benchmark) -> Row:
    """Run one race; what cannot run is a row with its reason."""
    package = benchmark.package or "dawndusk"
    try:
        version = metadata.version(package) if benchmark.package else "the same program"
        pair = benchmark.make()
        told = pair.differ(pair.ours(), pair.peer())  # also the warm-up
        if told is not None:
            return _not_run(benchmark, version, f"the answers differ: {told}")
        ours, peer = _rates(pair, time.perf_counter if benchmark.wall_clock else time.process_time)
    except (ImportError, metadata.PackageNotFoundError) as error:
        return _not_run(benchmark, None, f"needs {package} ({error}); write pip install {package}")
    except Unable as error:
        return _not_run(benchmark, version, str(error))
    return Row(
        benchmark.name, ours, peer, f"{package} {version}" if benchmark.package else version, ours / peer,
        benchmark.unit, benchmark.threads,
    )  # fmt: skip


class Unable(Exception):
    """A race that this machine cannot run; the message says what it takes."""


def _not_run(benchmark: Benchmark, version: str | None, reason: str) -> Row:
    return Row(benchmark.name, None, None, version, None, benchmark.unit, benchmark.threads, reason)


def _rates(pair: Pair, clock: Callable[[], float]) -> tuple[float, float]:
    """Median rates [work units a second] of both sides, taking turns."""
    begin = time.monotonic()
    repeats = [_repeats(side, clock) for side in (pair.ours, pair.peer)]
    works = (pair.work, pair.work if pair.peer_work is None else pair.peer_work)
    found: tuple[list[float], list[float]] = ([], [])
    for done in range(ROUNDS):
        for rates, side, work, count in zip(found, (pair.ours, pair.peer), works, repeats, strict=True):
            rates.append(work * count / _time_s(side, count, clock))
        spent_s = time.monotonic() - begin
        if spent_s * (done + 2) / (done + 1) > MOST_S:  # another round would not fit
            break
    return median(found[0]), median(found[1])


def _repeats(side: Side, clock: Callable[[], float]) -> int:
    """Calls in one measurement."""
    count = 1
    while (spent_s := _time_s(side, count, clock)) < LEAST_S:
        count *= 2 if spent_s <= 0.0 else max(2, min(100, int(1.2 * LEAST_S / spent_s)))
    return count


def _time_s(side: Side, count: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in range(count):
        side()
    return clock() - start
