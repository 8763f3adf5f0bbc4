"""Replicas of a fleet over years: against the same model in simpy, and by size."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.fleet.replicas.fleet import Fleet, Kind, Plane, Process, Remedy, Supply, replicas
from sim.fleet.replicas.tables import Column, Unit
from sim.verify.bench.harness import Benchmark, Pair, Timing

Array = NDArray[np.float64]
YEAR_S = 365.25 * 86400.0
YEARS = 5.0
SATELLITES, CHIPS = 2500, 8
REPLICAS, WORKERS = 1000, 2
OURS, THEIRS = 200, 16  # replicas of one call
LEVEL = 1e-3  # of the test of both samples

LOSS_SHAPE, LOSS_S = 0.3875, 8316.0 * YEAR_S
CHIP_S, HOST_S, REBOOT_S = YEAR_S / 0.06, YEAR_S / 0.8, 1200.0
STOCK, REORDER, BATCH, LEAD_S, LEAD_RANDOM_S = 20, 10, 25, 0.5 * YEAR_S, 0.1 * YEAR_S


def model(satellites: int, spare: int = 1) -> Fleet:
    """Satellites of eight accelerators: infant mortality, permanent failures of accelerators, hosts that reboot, batches of spares.

    Parameters
    ----------
    satellites : int
        Satellites of the fleet.
    spare : int, optional
        Multiple of stock and batches, for larger fleets.

    Returns
    -------
    Fleet
        The fleet.
    """
    return Fleet(
        np.linspace(0.0, YEARS * YEAR_S, 61).tolist(), [Plane(satellites)], [Kind({Unit.ACCELERATOR: CHIPS, Unit.HOST: 1}, CHIPS)],
        [
            Process("satellite", Unit.SATELLITE, LOSS_S, LOSS_SHAPE), Process("accelerator", Unit.ACCELERATOR, CHIP_S),
            Process("host", Unit.HOST, HOST_S, remedies=(Remedy(1.0, REBOOT_S),)),
        ],
        supply=Supply(
            stock=STOCK * spare, reorder_at=REORDER * spare, batch=BATCH * spare, lead_s=LEAD_S, lead_random_s=LEAD_RANDOM_S, spares_age=False,
        ),
    )  # fmt: skip


def benchmarks() -> list[Benchmark]:
    """Benchmarks of fleets over years.

    Returns
    -------
    list of Benchmark
        The benchmarks.
    """
    return [
        Benchmark("replicas_vs_simpy", "fleet", "replicas/s", "simpy", _pair),
        Benchmark("replicas_2500_satellites_1000_s", "fleet", "s", "", _thousand, threads=WORKERS, wall_clock=True),
        Benchmark("replica_of_a_million_satellites_s", "fleet", "s", "", _million),
    ]


def shares(fleet: Fleet, numbers: range) -> Array:
    """Mean share of the fleet that works, of each replica.

    Parameters
    ----------
    fleet : Fleet
        The fleet.
    numbers : range
        Numbers of the replicas.

    Returns
    -------
    ndarray, shape (replicas,)
        Shares, 0 to 1.
    """
    whole_s = fleet.slots * (fleet.edges_s[-1] - fleet.edges_s[0])
    return np.array([one.bins[:, Column.SHARE].sum() / whole_s for one in replicas(fleet, 1, numbers)])


def _pair() -> Pair:
    fleet = model(SATELLITES)
    import simpy

    def theirs() -> Array:
        return np.array([Peer(simpy.Environment(), seed).run() for seed in range(THEIRS)])

    return Pair(lambda: shares(fleet, range(OURS)), theirs, OURS, _differ, THEIRS)


def _differ(ours: Array, theirs: Array) -> str | None:
    """The Kolmogorov-Smirnov test of two samples."""
    from scipy.stats import ks_2samp

    chance = float(ks_2samp(ours, theirs).pvalue)
    return None if chance > LEVEL else f"mean shares {ours.mean():.5f} and {theirs.mean():.5f}, one distribution with a probability of {chance:.1e}"


def _thousand() -> Timing:
    fleet, parts = model(SATELLITES), 8 * WORKERS

    def ours() -> Array:
        with ThreadPoolExecutor(WORKERS) as pool:
            cuts = [range(REPLICAS * k // parts, REPLICAS * (k + 1) // parts) for k in range(parts)]
            return np.concatenate(list(pool.map(lambda numbers: shares(fleet, numbers), cuts)))

    return Timing(ours, 60.0, lambda found: None if found.size == REPLICAS and found.std() > 0.0 else "replicas are missing")


def _million() -> Timing:
    fleet = model(1_000_000, 400)
    return Timing(lambda: shares(fleet, range(1)), 3600.0, lambda found: None if 0.5 < found[0] < 1.0 else f"a share of {found[0]}")


class Satellite:
    """A satellite of the peer: what of it works.

    Attributes
    ----------
    chips : int
        Accelerators that work.
    host, there : bool
        Whether the host works, and whether the satellite is still there.
    """

    def __init__(self) -> None:
        self.chips, self.host, self.there = CHIPS, True, True

    @property
    def share(self) -> float:
        """Rate that is left."""
        return self.chips / CHIPS if self.host and self.there else 0.0


class Peer:
    """The same fleet in simpy as its manual has it: each unit that can fail is a process.

    Parameters
    ----------
    environment : simpy.Environment
        Clock and queue of events.
    seed : int
        Seed of the random numbers.
    """

    def __init__(self, environment: Any, seed: int) -> None:
        self.clock, self.rng, self.end_s = environment, np.random.default_rng(seed), YEARS * YEAR_S
        self.working, self.since_s, self.integral = 0.0, 0.0, 0.0
        self.stock, self.ordered, self.waiting = STOCK, 0, 0
        for _ in range(SATELLITES):
            self.begin()

    def run(self) -> float:
        """Mean share that works.

        Returns
        -------
        float
            Share, 0 to 1.
        """
        self.order()
        self.clock.run(until=self.end_s)
        self.change(0.0)
        return self.integral / (SATELLITES * self.end_s)

    def change(self, share: float) -> None:
        """Integrate until now, and change the share of the fleet that works.

        Parameters
        ----------
        share : float
            Change, in satellites.
        """
        self.integral += self.working * (self.clock.now - self.since_s)
        self.since_s = self.clock.now
        self.working += share

    def begin(self) -> None:
        """A new satellite, and its units; lives are drawn together, which is quicker than one by one."""
        self.change(1.0)
        satellite, drawn = Satellite(), self.rng.exponential(size=CHIPS + 1).tolist()
        self.clock.process(self.loss(satellite, LOSS_S * drawn[CHIPS] ** (1.0 / LOSS_SHAPE)))
        self.clock.process(self.host(satellite))
        for life in drawn[:CHIPS]:
            self.clock.process(self.chip(satellite, CHIP_S * life))

    def chip(self, satellite: Satellite, life_s: float) -> Iterator[Any]:
        """The life of an accelerator.

        Parameters
        ----------
        satellite : Satellite
            Where it is.
        life_s : float
            Time to its failure [s].

        Yields
        ------
        simpy.Event
            What it waits for.
        """
        yield self.clock.timeout(life_s)
        before = satellite.share
        satellite.chips -= 1
        self.change(satellite.share - before)

    def host(self, satellite: Satellite) -> Iterator[Any]:
        """The lives of a host, between which it reboots.

        Parameters
        ----------
        satellite : Satellite
            Where it is.

        Yields
        ------
        simpy.Event
            What it waits for.
        """
        while satellite.there:
            yield self.clock.timeout(self.rng.exponential(HOST_S))
            before = satellite.share
            satellite.host = False
            self.change(satellite.share - before)
            yield self.clock.timeout(REBOOT_S)
            before = satellite.share
            satellite.host = True
            self.change(satellite.share - before)

    def loss(self, satellite: Satellite, life_s: float) -> Iterator[Any]:
        """The life of a satellite: one of the stock takes its place.

        Parameters
        ----------
        satellite : Satellite
            The satellite.
        life_s : float
            Time to its loss [s].

        Yields
        ------
        simpy.Event
            What it waits for.
        """
        yield self.clock.timeout(life_s)
        before = satellite.share
        satellite.there = False
        self.change(satellite.share - before)
        if self.stock > 0:
            self.stock -= 1
            self.begin()
        else:
            self.waiting += 1
        self.order()

    def order(self) -> None:
        """Order batches until there is enough."""
        while self.stock + self.ordered - self.waiting <= REORDER:
            self.ordered += BATCH
            self.clock.process(self.delivery(LEAD_S + float(self.rng.exponential(LEAD_RANDOM_S))))

    def delivery(self, after_s: float) -> Iterator[Any]:
        """A batch.

        Parameters
        ----------
        after_s : float
            Time until it is there [s].

        Yields
        ------
        simpy.Event
            What it waits for.
        """
        yield self.clock.timeout(after_s)
        self.ordered -= BATCH
        for _ in range(BATCH):
            if self.waiting > 0:
                self.waiting -= 1
                self.begin()
            else:
                self.stock += 1
        self.order()
