"""What a policy yields over revolutions that repeat, and the search for the burst with the most useful FLOPs.

A burst is compared with `throttle` at equal life of the battery: by the ageing of the run (`sim.results.battery`), under the use
that it makes of the battery year after year, the battery lasts at least as long, to one part in a thousand.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config.schema import Policy
from sim.results import battery
from sim.spacecraft import battery_ageing_life as life
from sim.studies.burst_flight import LANES, Flight, plain_policy

Array = NDArray[np.float64]
SETTLING, SEARCHING = 30, 12  # revolutions before something is measured, and in the search
PARTS = (4, 3, 2)  # of a revolution, from one burst to the next
CYCLES = (1, 2, 3, 4, 6)  # revolutions from one burst to the next
LEAST_RATE = 0.25
PROMISING = 0.8  # of the best of all, with coarse durations, that a cycle needs for finer ones
ALIKE = 2e-3  # by which useful FLOPs of two cycles may differ and still be as much
LIFE_TOLERANCE = 1e-3  # by which a life may be shorter and still be as long
SHORTER = 10  # steps by which the best burst is cut where a longer flight shows that its battery wears out sooner


@dataclass(frozen=True)
class Yield:
    """What a policy yields over revolutions that repeat.

    Attributes
    ----------
    policy : str
        Its mode.
    rate, on_s, off_s : float or None
        Clock rate, and times of a burst.
    useful : float
        Useful share of nameplate.
    discharged_j_d : float
        Energy that the battery gives in a day [J].
    depth : float
        Largest depth of discharge.
    battery_life_yr : float
        Life of the battery under this use [yr], `battery_ageing_life.MOST_YEARS` at most.
    junction_k : float
        Hottest junction [K].
    """

    policy: str
    rate: float
    on_s: float | None
    off_s: float | None
    useful: float
    discharged_j_d: float
    depth: float
    battery_life_yr: float
    junction_k: float


class Measured(NamedTuple):
    """What sixteen variants did over a whole number of cycles."""

    useful: Array
    stress: life.Stress
    discharged_j_d: Array
    lowest: Array  # state of charge
    junction_k: Array


class Found(NamedTuple):
    """A burst: steps of its cycle and of the burst itself, clock rate, useful share of nameplate."""

    cycle: int
    on: int
    rate: float
    useful: float


def measured(begin: Flight, policy: Policy, rates: Any, period: int, revolutions: int) -> Measured:
    """What a policy does at sixteen rates, after it has settled.

    Parameters
    ----------
    begin : Flight
        Where it begins; flown on.
    policy : Policy
        The policy.
    rates : float or ndarray, shape (LANES,)
        Highest clock rates, 0 to 1.
    period : int
        Steps after which it repeats.
    revolutions : int
        Number of revolutions that are flown before; half as many are measured.

    Returns
    -------
    Measured
        A value for each rate.
    """
    of, values = begin.of, begin.of.values(policy)
    begin.settle(values, period, revolutions, rates)
    before = begin.battery_sums
    trace = begin.fly(values, max(1, round(0.5 * revolutions * of.grid.steps / period)) * period, rates)
    seconds = len(trace.charge) * of.grid.step_s
    sums = {name: after - before[name] for name, after in begin.battery_sums.items()}
    given_j = np.maximum(0.0, -np.diff(trace.charge, axis=0)).sum(axis=0) * of.params.battery.capacity_j
    return Measured(
        trace.useful.mean(axis=0), battery.stress_of(sums, seconds), given_j / ((len(trace.charge) - 1) * of.grid.step_s / life.DAY_S),
        trace.charge.min(axis=0), trace.junction_k.max(axis=0),
    )  # fmt: skip


def yields(begin: Flight, policy: Policy, rate: float = 1.0, period: int | None = None, revolutions: int = SETTLING) -> Yield:
    """What a policy yields.

    Parameters
    ----------
    begin : Flight
        Where it begins; flown on.
    policy : Policy
        The policy.
    rate : float
        Highest clock rate, 0 to 1.
    period : int, optional
        Steps after which it repeats; by default those of a revolution.
    revolutions : int
        Number of revolutions that are flown before; half as many are measured.

    Returns
    -------
    Yield
        What it yields.
    """
    of = begin.of
    seen = measured(begin, policy, rate, of.grid.steps if period is None else period, revolutions)
    b = of.satellite.power.battery
    years = life.life_years(life.LIVES[b.chemistry.ageing], seen.stress, b.end_of_life)
    useful, given, lowest, years, hottest = (float(x[0]) for x in (seen.useful, seen.discharged_j_d, seen.lowest, years, seen.junction_k))
    return Yield(policy.mode, rate * policy.rate, policy.on, policy.off, useful, given, 1.0 - lowest, years, hottest)


class Search:
    """Bursts of a satellite: cycles, and durations and clock rates in each.

    Parameters
    ----------
    begin : Flight
        A satellite that has long been in operation, at the beginning of the revolution.
    lit : int
        Steps of the revolution in which the array carries the bus.
    least_life_yr : float
        Life of the battery that a burst must leave it [yr].
    revolutions : int
        Number of revolutions that are flown before a burst is measured.
    """

    def __init__(self, begin: Flight, lit: int, least_life_yr: float, revolutions: int = SEARCHING) -> None:
        self.of, self.lit, self.least_life_yr, self.revolutions = begin.of, lit, least_life_yr, revolutions
        # from a battery that has nothing to spare, so that a burst only yields what it has earned
        self.begin = begin.copy(charge=self.of.empty)
        self.seen: dict[tuple[int, int], Found | None] = {}

    def cycles(self) -> list[int]:
        """Steps from one burst to the next.

        Returns
        -------
        list of int
            Parts of a revolution, and whole revolutions with bursts that begin with the day.
        """
        steps = self.of.grid.steps
        return sorted({*(steps // parts for parts in PARTS if steps // parts >= 2), *(many * steps for many in CYCLES)})

    def durations(self, cycle: int) -> list[int]:
        """Durations of a burst, longer than the restart and shorter than the cycle.

        Parameters
        ----------
        cycle : int
            Steps of the cycle.

        Returns
        -------
        list of int
            Steps.
        """
        return list(range(int(self.of.satellite.policy.restart / self.of.grid.step_s) + 1, cycle))

    def policy(self, cycle: int, on: int) -> Policy:
        """The policy of a burst.

        Parameters
        ----------
        cycle, on : int
            Steps of the cycle and of the burst.

        Returns
        -------
        Policy
            Mode `burst` at full clock rate.
        """
        dt, dark = self.of.grid.step_s, self.of.grid.steps - self.lit
        if not dark:
            return plain_policy(self.of, mode="burst", on=on * dt, off=(cycle - on) * dt)
        # the pause of a long cycle ends in the middle of the night before the next burst
        off = cycle - on if cycle < self.of.grid.steps else max(1, cycle - dark // 2 - on)
        return plain_policy(self.of, mode="burst", on=on * dt, off=off * dt, start_in_sunlight=True)

    def period(self, cycle: int) -> int:
        """Steps after which bursts repeat.

        Parameters
        ----------
        cycle : int
            Steps of the cycle.

        Returns
        -------
        int
            A revolution at least: bursts within one begin anew each day, or are a whole number where it is never dark.
        """
        steps = self.of.grid.steps
        return cycle * max(1, round(steps / cycle)) if self.lit == steps else max(cycle, steps)

    def at_rates(self, cycle: int, on: int, rates: Array) -> Found | None:
        """The burst with the most useful FLOPs of sixteen clock rates.

        Parameters
        ----------
        cycle, on : int
            Steps of the cycle and of the burst.
        rates : ndarray, shape (LANES,)
            Clock rates, 0 to 1.

        Returns
        -------
        Found or None
            The best; None where none computes anything and leaves the battery its life.
        """
        seen = measured(self.begin.copy(), self.policy(cycle, on), rates, self.period(cycle), self.revolutions)
        useful = np.where(self._lasts(seen.stress), seen.useful, 0.0)
        best = int(np.argmax(useful))
        return Found(cycle, on, float(rates[best]), float(useful[best])) if useful[best] > 0.0 else None

    def _lasts(self, stress: life.Stress) -> NDArray[np.bool_]:
        """Whether the capacity is above that of the end of life after the least life."""
        b, days = self.of.satellite.power.battery, (1.0 - LIFE_TOLERANCE) * self.least_life_yr * life.YEAR_D
        model = life.LIVES[b.chemistry.ageing]
        return np.asarray(life.capacity(model, life.under(model, stress, days)) > b.end_of_life)

    def best(self) -> Found | None:
        """Coarse steps in cycle and duration, finer ones in cycles that come near the best, then finer clock rates.

        Of cycles that yield as much the shortest counts.

        Returns
        -------
        Found or None
            The best burst; None where nothing that computes leaves the battery its life.
        """
        rates = np.linspace(LEAST_RATE, 1.0, LANES)
        strides = {cycle: max(1, len(self.durations(cycle)) // 6) for cycle in self.cycles()}
        self._try(((cycle, on) for cycle, stride in strides.items() for on in self.durations(cycle)[stride // 2 :: stride]), rates)
        for leader in self._leaders(PROMISING):
            self._refine(leader, strides[leader.cycle], rates)
        best = next(iter(self._leaders(1.0 - ALIKE)), None)
        if best is None:
            return None
        half = (1.0 - LEAST_RATE) / (LANES - 1)
        near = np.linspace(max(LEAST_RATE, best.rate - half), min(1.0, best.rate + half), LANES)
        # a lower rate leaves room for a longer burst
        finer = [self.at_rates(best.cycle, on, near) for on in (best.on, best.on + 1, best.on + 2) if on < best.cycle]
        return max((best, *filter(None, finer)), key=lambda found: found.useful)

    def settled(self, found: Found) -> tuple[Found, Yield] | None:
        """What a burst yields after a longer flight, cut to the life of the battery.

        Parameters
        ----------
        found : Found
            The burst.

        Returns
        -------
        (Found, Yield) or None
            The burst and what it yields; None where the battery does not last as long after all.
        """
        for on in range(found.on, max(self.durations(found.cycle)[0], found.on - SHORTER) - 1, -1):
            row = yields(self.begin.copy(), self.policy(found.cycle, on), found.rate, self.period(found.cycle))
            if row.battery_life_yr >= (1.0 - LIFE_TOLERANCE) * self.least_life_yr:
                return found._replace(on=on, useful=row.useful), row
        return None

    def course(self, found: Found) -> tuple[tuple[bool, float], ...]:
        """Sunlight and work over one period of a burst that goes on and on, from a passage into the day where there is one.

        Parameters
        ----------
        found : Found
            The burst.

        Returns
        -------
        tuple of (bool, float)
            For each step whether the array carries the bus, and the useful share of nameplate; -1 where accelerators are off.
        """
        flight, period, p = self.begin.copy(), self.period(found.cycle), self.of.params.compute
        values = self.of.values(self.policy(found.cycle, found.on))
        flight.settle(values, period, SETTLING, found.rate)
        trace = flight.fly(values, period, found.rate)
        lit, useful = trace.generated_w[:, 0] >= p.bus_w, np.maximum(0.0, trace.useful[:, 0])  # a restart leaves rounding
        on = (trace.load_w[:, 0] > p.bus_w + 0.5 * p.idle_w) | (useful > 0.0)
        dawns = np.flatnonzero(lit & ~np.roll(lit, 1))
        first = -int(dawns[0]) if dawns.size else 0
        return tuple(zip(np.roll(lit, first).tolist(), np.roll(np.where(on, useful, -1.0), first).tolist(), strict=True))

    def _refine(self, leader: Found, stride: int, rates: Array) -> None:
        """Halve the distance of the durations around the best one, down to a step or half a per cent of the cycle."""
        cycle, durations = leader.cycle, self.durations(leader.cycle)
        while stride > max(1, cycle // 192):
            stride = (stride + 1) // 2
            best = self._leader(cycle)
            assert best is not None
            self._try(((cycle, n) for n in (best.on - stride, best.on + stride) if durations[0] <= n <= durations[-1]), rates)

    def _leaders(self, share: float) -> list[Found]:
        """The best so far of each cycle that has such a share of the best of all, the shortest cycle first."""
        found = list(filter(None, map(self._leader, self.cycles())))
        return [one for one in found if one.useful >= share * max(other.useful for other in found)]

    def _leader(self, cycle: int) -> Found | None:
        """The best of a cycle so far."""
        return max(
            (found for (steps, _), found in self.seen.items() if found is not None and cycle == steps),
            key=lambda found: found.useful, default=None,
        )  # fmt: skip

    def _try(self, bursts: Iterable[tuple[int, int]], rates: Array) -> None:
        """Bursts by steps of cycle and burst, those that are new; on threads, since none depends on another."""
        new = [one for one in dict.fromkeys(bursts) if one not in self.seen]
        if new:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                self.seen.update(zip(new, pool.map(lambda one: self.at_rates(one[0], one[1], rates), new), strict=True))
