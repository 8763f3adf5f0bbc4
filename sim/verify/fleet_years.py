"""Replicas of a fleet over years against closed forms: queues, order statistics, checkpointing; rates of failure counted on the ground."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from sim.fleet.lifetimes import share_of_worst
from sim.fleet.reliability import (
    all_slots_availability,
    elastic_capacity,
    k_of_n,
    optimum_interval_s,
    repaired_availability,
    wall_per_work,
)
from sim.fleet.replicas.fleet import Fleet, Island, Kind, Plane, Process, Remedy, Supply, replicas
from sim.fleet.replicas.run import Outcome
from sim.fleet.replicas.tables import Column, JobColumn, Unit
from sim.verify.case import Case, Failed

YEAR_S = 365.25 * 86400.0
ERRORS = 3.0  # standard errors of the mean that are allowed
SEED = 1
AT_ONCE = (Remedy(1.0, 0.0),)
LLAMA_S = 54.0 * 86400.0 / 419.0  # mean time to interruption
SLOTS, SPARES, YEARLY = 128, 6, 0.09


@dataclass(frozen=True)
class Sample:
    """A figure of a fleet over replicas; it is computed once."""

    fleet: Fleet
    number: int
    measure: Callable[[Outcome], float]
    _found: list[tuple[float, float]] = field(default_factory=list)

    def _run(self) -> tuple[float, float]:
        if not self._found:
            values = np.array([self.measure(one) for one in replicas(self.fleet, SEED, range(self.number))])
            self._found.append((float(values.mean()), float(values.std(ddof=1)) / math.sqrt(self.number)))
        return self._found[0]

    def mean(self) -> float:
        """Mean over the replicas.

        Returns
        -------
        float
            The mean.
        """
        return self._run()[0]

    def limit(self) -> float:
        """What the mean may differ from its expectation.

        Returns
        -------
        float
            Three standard errors.
        """
        return ERRORS * self._run()[1]


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of a fleet over years.

    Parameters
    ----------
    data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [*_queues(), *_survivors(), *_spares(), *_lifetime_penalty(), *_checkpoints(), *_ground()]


def _case(name: str, sample: Sample, theirs: float, source: str) -> Case:
    return Case(f"replicas: {name}", sample.mean, theirs, sample.limit, "1", f"{source}; limit: three standard errors")


def _share(column: Column, over: float) -> Callable[[Outcome], float]:
    return lambda one: float(one.bins[-1, column]) / over


def _useful(over: float) -> Callable[[Outcome], float]:
    return lambda one: float(one.jobs[-1, 0, JobColumn.USEFUL]) / over


def _queues() -> list[Case | Failed]:
    """Satellites that a limited number of production lines replaces; the first twenty years are left out."""
    found: list[Case | Failed] = []
    for satellites, lines, rate in ((10, 1, 0.1), (10, 2, 0.1), (100, 10, 0.09)):
        fleet = Fleet(
            [0.0, 20.0 * YEAR_S, 520.0 * YEAR_S], [Plane(satellites)], processes=[Process("loss", Unit.SATELLITE, YEAR_S / rate)],
            supply=Supply(parallel=lines, replace_s=YEAR_S, random_replace=True),
        )  # fmt: skip
        sample = Sample(fleet, 100, _share(Column.SHARE, satellites * 500.0 * YEAR_S))
        name = f"{satellites} satellites, {lines} production lines"
        found.append(_case(name, sample, repaired_availability(satellites, lines, rate, 1.0), "queue M/M/c//N, its chain solved independently"))
    return found


def _survivors() -> list[Case | Failed]:
    """Enough satellites are left at the end of a year."""
    fleet = Fleet([0.0, YEAR_S], [Plane(66)], processes=[Process("loss", Unit.SATELLITE, -YEAR_S / math.log(0.99))])
    return [
        _case(f"{needed} of 66 satellites left, each with 0.99",
              Sample(fleet._replace(thresholds=[needed / 66.0]), 3000, lambda one: float(math.isinf(one.fallen_s[0]))),
              k_of_n(needed, 66, 0.99), "binomial distribution")
        for needed in (64, 66)
    ]  # fmt: skip


def _spares() -> list[Case | Failed]:
    """A year without resupply; mean survival plus the share of the spares would give 1.000."""
    pace = [k / SLOTS for k in range(SLOTS + 1)]
    island = Island(SLOTS, 0, SLOTS + SPARES, [0.0] * SLOTS + [1.0], 60.0)
    fleet = Fleet([0.0, YEAR_S], [Plane(SLOTS + SPARES)], processes=[Process("loss", Unit.SATELLITE, YEAR_S / YEARLY)], islands=[island])
    useful, name = _useful(SLOTS * YEAR_S), f"{SLOTS} members, {SPARES} hot spares, {YEARLY:g} a year"
    form = "order statistics in closed form"
    return [
        _case(f"{name}: job that needs all", Sample(fleet, 1000, useful), all_slots_availability(SLOTS, SPARES, YEARLY, 1.0), form),
        _case(f"{name}: elastic job", Sample(fleet._replace(islands=[island._replace(pace=pace)]), 400, useful),
              elastic_capacity(SLOTS, SPARES, YEARLY, 1.0), form),
    ]  # fmt: skip


def _lifetime_penalty() -> list[Case | Failed]:
    """What a fleet without replacement costs more for each satellite-year, after its design life of five years."""
    found: list[Case | Failed] = []
    for rate, published in ((0.10, 1.27), (0.20, 1.58)):
        fleet = Fleet([0.0, 5.0 * YEAR_S], [Plane(2000)], processes=[Process("loss", Unit.SATELLITE, YEAR_S / rate)])
        sample = Sample(fleet, 40, lambda one: 2000.0 * 5.0 * YEAR_S / float(one.bins[0, Column.SHARE]))
        found.append(Case(f"replicas: lifetime penalty at {rate:g} a year over 5 years", sample.mean, published, 0.005, "1",
                          "published, to its last digit [turyshev2026logistics]; closed form: x / (1 - e^-x)"))  # fmt: skip
    return found


def _job(interval_s: float, save_s: float, recovery_s: float, interruption_s: float) -> Sample:
    """Productive share of a job whose members restart at once."""
    fleet = Fleet(
        [0.0, YEAR_S], [Plane(8)], processes=[Process("interruption", Unit.SATELLITE, 8.0 * interruption_s, remedies=AT_ONCE)],
        islands=[Island(8, 0, 8, [0.0] * 8 + [1.0], interval_s, save_s, recovery_s)],
    )  # fmt: skip
    return Sample(fleet, 200, _useful(8.0 * YEAR_S))


def _checkpoints() -> list[Case | Failed]:
    """Five settings, among them saves of a twentieth of the mean time to interruption; and the rate of Llama 3 405B."""
    found: list[Case | Failed] = []
    for save_s, recovery_s, mean_s, interval_s in (
        (60.0, 300.0, 3600.0, None), (180.0, 600.0, 3600.0, None), (20.0, 300.0, LLAMA_S, None), (300.0, 600.0, 21600.0, 3600.0),
        (600.0, 60.0, 900.0, 60.0),
    ):  # fmt: skip
        length_s = interval_s or optimum_interval_s(save_s, mean_s)
        theirs = 1.0 / wall_per_work(length_s, save_s, recovery_s, mean_s)
        name = f"productive share, saves of {save_s:g} s every {length_s:.0f} s, recovery {recovery_s:g} s, interrupted every {mean_s:.0f} s"
        found.append(_case(name, _job(length_s, save_s, recovery_s, mean_s), theirs, "expected wall time in closed form [daly2006]"))
    ours = _job(optimum_interval_s(20.0, LLAMA_S), 20.0, 300.0, LLAMA_S).mean
    note = "more than 0.90 is published [llama3]; 0.916 for saves of 20 s and recoveries of 5 min at the best interval"
    return [*found, Case("replicas: Llama 3 405B on 16,384 accelerators, productive share", ours, 0.916, 0.003, "1", note)]


# --- rates that were counted on the ground


def _ground() -> list[Case | Failed]:
    """Rates by the counts that are published, and how uneven nodes are."""
    return [
        Case("failures of an accelerator and year, Llama 3: 419 in 54 days of 16,384", partial(_yearly, 419, 54.0, 16384), 0.173, 0.0005,
             "1/yr", "[llama3]"),
        Case("interruptions counted by replicas, 16,384 accelerators of 0.173 a year in 54 days", _counted, 419.0, 3.0 * math.sqrt(419.0), "1",
             "[llama3:table 5]; limit: three standard deviations of a Poisson number"),
        Case("share of the exclusions from the three worst of 63 nodes, gamma shape of 0.14", partial(share_of_worst, 3.0 / 63.0, 0.14),
             0.5, 0.03, "1", "504 B200: three of 63 nodes had over half of the exclusions [b200-2026]"),
    ]  # fmt: skip


def _yearly(count: float, days: float, units: int) -> float:
    return count / (units * days / 365.25)


def _counted() -> float:
    """Interruptions of 2,048 nodes of eight accelerators in 54 days."""
    process = Process("interruption", Unit.HOST, YEAR_S / (8.0 * 0.173), remedies=AT_ONCE)
    fleet = Fleet([0.0, 54.0 * 86400.0], [Plane(2048)], [Kind({Unit.HOST: 1})], [process])
    return float(np.mean([one.failures[0] for one in replicas(fleet, SEED, range(20))]))
