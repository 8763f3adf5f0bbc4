"""Benchmark harness: both sides alternate in one process, and the median rate of each side counts.

The clock is the CPU time of this process, so that other work on the machine does not count for either side. A benchmark
whose work is distributed over threads or processes says so and is timed by the wall clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from statistics import median
from typing import Any

MIN_MEASUREMENT_S = 0.2  # long compared with the resolution of the clock
MAX_BENCHMARK_S = 100.0  # so that a group ends within ten minutes
ROUNDS = 5

Call = Callable[[], Any]


@dataclass(frozen=True)
class Pair:
    """Both sides, prepared: a call does `work` units and returns its answer.

    A peer that would take too long does `peer_work` of the same units, and its rate is extrapolated.
    """

    ours: Call
    peer: Call
    work: float
    differ: Callable[[Any, Any], str | None]  # how the answers differ, or None where they agree
    peer_work: float | None = None
    close: Callable[[], None] | None = None  # gives back what both sides hold, such as a process


@dataclass(frozen=True)
class Amount:
    """Something that is counted: its amount in the unit of the benchmark, and what it may be."""

    ours: Callable[[], float]
    goal: float


@dataclass(frozen=True)
class Timing:
    """A call that has no peer: its time in seconds, and the time that it may take."""

    ours: Call
    goal_s: float
    wrong: Callable[[Any], str | None]  # what is wrong with the answer, or None


@dataclass(frozen=True)
class Benchmark:
    """A benchmark. `make` may import the peer; `package` is its name for pip, empty where the peer is this program."""

    name: str
    group: str
    unit: str
    package: str
    make: Callable[[], Pair | Timing | Amount]
    threads: int = 1
    wall_clock: bool = False


@dataclass(frozen=True)
class Row:
    """Result of a benchmark; we are better where `ratio` exceeds 1. `reason` says why it was not run."""

    name: str
    ours: float | None
    peer: float | None
    peer_version: str | None
    ratio: float | None
    unit: str
    threads: int
    reason: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Fields for JSON.

        Returns
        -------
        dict
            Fields by name.
        """
        return asdict(self)


def run_benchmark(benchmark: Benchmark) -> Row:
    """Run a benchmark.

    Parameters
    ----------
    benchmark : Benchmark
        The benchmark.

    Returns
    -------
    Row
        Rates and their ratio, of a `Timing` seconds and the ratio of the goal to them, of an `Amount` likewise; where it
        cannot run, or where the answers differ, the reason.
    """
    package = benchmark.package or "dawndusk"
    try:
        version = metadata.version(package) if benchmark.package else "the same program"
        made = benchmark.make()
        if isinstance(made, Timing):
            return _timed(benchmark, made)
        if isinstance(made, Amount):
            return _counted(benchmark, made)
        try:
            return _compared(benchmark, made, version)
        finally:
            if made.close is not None:
                made.close()
    except (ImportError, metadata.PackageNotFoundError) as error:
        return _not_run(benchmark, None, f"needs {package} ({error}); write pip install {package}")
    except CannotRun as error:
        return _not_run(benchmark, version, str(error))


def _compared(benchmark: Benchmark, pair: Pair, version: str) -> Row:
    difference = pair.differ(pair.ours(), pair.peer())  # also the warm-up
    if difference is not None:
        return _not_run(benchmark, version, f"the answers differ: {difference}")
    ours, peer = _rates(pair, time.perf_counter if benchmark.wall_clock else time.process_time)
    return Row(
        benchmark.name, ours, peer, f"{benchmark.package} {version}" if benchmark.package else version, ours / peer,
        benchmark.unit, benchmark.threads,
    )  # fmt: skip


def _counted(benchmark: Benchmark, amount: Amount) -> Row:
    found = amount.ours()
    return Row(benchmark.name, found, None, f"goal {amount.goal:g} {benchmark.unit}", amount.goal / found, benchmark.unit, benchmark.threads)


def _timed(benchmark: Benchmark, timing: Timing) -> Row:
    wrong = timing.wrong(timing.ours())  # also the warm-up
    goal = f"goal {timing.goal_s:g} s"
    if wrong is not None:
        return _not_run(benchmark, goal, wrong)
    clock = time.perf_counter if benchmark.wall_clock else time.process_time
    spent_s = median(_time_s(timing.ours, 1, clock) for _ in range(ROUNDS))
    return Row(benchmark.name, spent_s, None, goal, timing.goal_s / spent_s, benchmark.unit, benchmark.threads)


class CannotRun(Exception):
    """A benchmark that this machine cannot run; the message says what it needs."""


def _not_run(benchmark: Benchmark, version: str | None, reason: str) -> Row:
    return Row(benchmark.name, None, None, version, None, benchmark.unit, benchmark.threads, reason)


def _rates(pair: Pair, clock: Callable[[], float]) -> tuple[float, float]:
    """Median rates [work units per second] of both sides, alternating."""
    begin = time.monotonic()
    repeats = [_repeats(side, clock) for side in (pair.ours, pair.peer)]
    works = (pair.work, pair.work if pair.peer_work is None else pair.peer_work)
    measured: tuple[list[float], list[float]] = ([], [])
    for done in range(ROUNDS):
        for rates, side, work, count in zip(measured, (pair.ours, pair.peer), works, repeats, strict=True):
            rates.append(work * count / _time_s(side, count, clock))
        spent_s = time.monotonic() - begin
        if spent_s * (done + 2) / (done + 1) > MAX_BENCHMARK_S:  # no time for another round
            break
    return median(measured[0]), median(measured[1])


def _repeats(side: Call, clock: Callable[[], float]) -> int:
    """Calls per measurement."""
    count = 1
    while (spent_s := _time_s(side, count, clock)) < MIN_MEASUREMENT_S:
        count *= 2 if spent_s <= 0.0 else max(2, min(100, int(1.2 * MIN_MEASUREMENT_S / spent_s)))
    return count


def _time_s(side: Call, count: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in range(count):
        side()
    return clock() - start
