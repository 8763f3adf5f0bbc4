"""What a satellite can hold: power for ever, power for twenty minutes, and the duty cycle with the most useful FLOPs.

All answers fly the step of a run over a revolution that repeats (`sim.studies.burst_flight`), so that what is held is held
for ever. A burst may use the battery no more than `throttle` does: as much energy a day, no deeper.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.config.scenario import Loaded
from sim.config.schema import Policy
from sim.studies.burst_flight import LANES, Bus, Flight, Trace, bus

Array = NDArray[np.float64]
SECONDS = (120.0, 300.0, 600.0, 1200.0, 2400.0, 3600.0, 7200.0, 14400.0)  # of the curve of power over duration
TWENTY_S = 1200.0
SETTLING, SEARCHING = 24, 12  # revolutions before something is measured, and in the search
CYCLES = (1, 2, 3, 4, 6)  # revolutions from one burst to the next
FREE_CYCLES = (0.25, 0.5, 1, 2, 4)  # the same where it is never dark
LEAST_RATE = 0.25
LONGEST = 8  # revolutions for which the full clock rate is watched
SHORT = 1e-6  # a shortfall below this share is none


@dataclass(frozen=True)
class Held:
    """A constant operation that can be held.

    Attributes
    ----------
    rate : float
        Clock rate, 0 to 1; 0 where not even idling can be held.
    payload_w, load_w : float
        Power of accelerators and hosts, and of the satellite at the bus [W].
    useful : float
        Useful share of nameplate while it is held.
    """

    rate: float
    payload_w: float
    load_w: float
    useful: float


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
    junction_k: float


@dataclass(frozen=True, repr=False)
class Answer:
    """What a satellite can hold, and what each policy yields; durations [s]."""

    scenario: str
    satellite: str
    epoch: str
    accelerators: int
    nameplate_flops_per_s: float
    revolution_s: float
    sunlit_s: float
    for_ever: Held
    from_rest: Held  # for twenty minutes, at the best moment of a revolution
    from_rest_any: Held  # the same whenever it begins
    from_warm: Held
    full_rate_s: tuple[float | None, float | None]  # at full clock rate from rest, at the worst and best moment; None: longer than looked
    curve: tuple[tuple[float, Held], ...]
    policies: tuple[Yield, ...]
    best: Yield | None  # None: no burst is better than `throttle`

    def __repr__(self) -> str:
        return f"<Bursts of {self.satellite}: {self.for_ever.payload_w:.4g} W for ever>"

    @property
    def gain(self) -> float | None:
        """Useful FLOPs of the best burst over those of `throttle`, less 1."""
        throttled = next(row.useful for row in self.policies if row.policy == "throttle")
        return None if self.best is None or throttled <= 0.0 else self.best.useful / throttled - 1.0

    @property
    def watched_s(self) -> float:
        """Time for which the full clock rate is watched [s]."""
        return LONGEST * self.revolution_s

    @property
    def best_setting(self) -> str | None:
        """The best burst as a scenario writes it."""
        if self.best is None or self.best.on_s is None or self.best.off_s is None:
            return None
        sunlight = ", start_in_sunlight: true" if self.sunlit_s < self.revolution_s else ""
        times = f"on: {self.best.on_s / 60.0:.1f} min, off: {self.best.off_s / 60.0:.1f} min"
        return f"{{mode: burst, rate: {self.best.rate:.3f}, {times}{sunlight}}}"

    def as_dict(self) -> dict[str, Any]:
        """Fields for JSON.

        Returns
        -------
        dict
            Fields by name.
        """
        curve = [{"seconds": s} | asdict(held) for s, held in self.curve]
        return asdict(self) | {"gain": self.gain, "best_setting": self.best_setting, "curve": curve}


def answer(loaded: Loaded, name: str | None = None) -> Answer:
    """Power for ever and for twenty minutes, and the best duty cycle, of one type of satellite at the season of the epoch.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    name : str, optional
        Name of the type; by default that of the first satellite.

    Returns
    -------
    Answer
        The answer.

    Raises
    ------
    InputError
        If no type has that name, or its first satellite has no closed orbit.
    """
    of = bus(loaded, name)
    satellite = of.satellite
    for_ever = hold_for_ever(of)
    rest, warm = _at_rest(of), _running(of, for_ever.rate)
    curve = tuple((s, _best(of, rest, s)[0]) for s in SECONDS)
    at_best, at_worst = _best(of, rest, TWENTY_S)
    found, best = policies(of), None
    leader = (search := Search(of, found[1])).best()
    if leader is not None:
        cycle, on, row = leader
        best = yields(of, search.policy(cycle, on), row.rate, _empty(of), cycle)[0]
        best = best if best.useful > found[1].useful else None
    return Answer(
        scenario=loaded.scenario.name, satellite=satellite.name, epoch=loaded.scenario.epoch.isoformat().replace("+00:00", "Z"),
        accelerators=int(satellite.accelerators),
        nameplate_flops_per_s=satellite.accelerators * satellite.accelerator.peak[loaded.scenario.reference_precision],
        revolution_s=of.grid.duration_s, sunlit_s=float(np.sum(_sunlit(of))) * of.grid.step_s, for_ever=for_ever, from_rest=at_best,
        from_rest_any=at_worst, from_warm=_best(of, warm, TWENTY_S)[0], full_rate_s=_full_rate_s(of, rest), curve=curve,
        policies=found, best=best,
    )  # fmt: skip


# --- constant power -------------------------------------------------------------------------------------------------


def plain_policy(of: Bus, **changes: Any) -> Policy:
    """The policy of a satellite with another mode, and nothing but its restart kept.

    Parameters
    ----------
    of : Bus
        The satellite.
    **changes
        Fields of the policy.

    Returns
    -------
    Policy
        `ride_through` at full clock rate but for the changes.
    """
    given: Policy = of.satellite.policy
    plain = {"mode": "ride_through", "rate": 1.0, "on": None, "off": None, "start_charge": 0.0, "start_temperature": None}
    return given.model_copy(update={**plain, "start_in_sunlight": False, **changes})


def _sunlit(of: Bus) -> NDArray[np.bool_]:
    """Steps of the revolution in which the array carries the bus."""
    trace = Flight(of).fly(of.values(plain_policy(of)), of.grid.steps)
    return np.asarray(trace.generated_w[:, 0] >= of.params.compute.bus_w)


def _held(of: Bus, rate: float, trace: Trace, lane: int) -> Held:
    load_w = float(np.mean(trace.load_w[:, lane]))
    return Held(rate, of.payload_w(load_w), load_w, float(np.mean(trace.useful[:, lane])))


def hold_for_ever(of: Bus) -> Held:
    """The largest constant rate at which neither power nor heat runs short, revolution after revolution.

    Parameters
    ----------
    of : Bus
        The satellite.

    Returns
    -------
    Held
        The operation.
    """
    values, steps, kernel = of.values(plain_policy(of)), of.grid.steps, of.satellite.accelerator.kernel_efficiency
    low, high, best = 0.0, 1.0, Held(0.0, 0.0, 0.0, 0.0)
    for _ in range(3):
        rates = np.linspace(low, high, LANES)
        flight = Flight(of)
        flight.fly(values, (SETTLING - 1) * steps, rates)
        before, after = flight.fly(values, steps, rates), flight.fly(values, steps, rates)
        served = after.useful.min(axis=0) >= (1.0 - SHORT) * kernel * rates
        kept = after.charge[-1] >= before.charge[-1] - SHORT
        idle = after.charge.min(axis=0) > _empty(of) + SHORT  # a rate of 0 is served by machines that are off, too
        held = served & kept & idle
        if not held[0]:
            return best
        last = LANES - 1 if held.all() else int(np.argmin(held)) - 1
        best = _held(of, float(rates[last]), after, last)
        if last == LANES - 1:
            break
        low, high = float(rates[last]), float(rates[last + 1])
    return best


def _empty(of: Bus) -> float:
    """State of charge below which accelerators get nothing from the battery."""
    return float(of.params.battery.reserve_j / of.params.battery.capacity_j)


def _phases(of: Bus) -> NDArray[np.int64]:
    return np.arange(LANES) * of.grid.steps // LANES


def _at_rest(of: Bus) -> Flight:
    """Satellites whose accelerators have been off for long, all round the revolution."""
    flight = Flight(of, _phases(of))
    never = plain_policy(of, mode="burst", on=of.satellite.policy.restart + of.grid.step_s, off=0.0, start_charge=2.0)
    flight.fly(of.values(never), SETTLING * of.grid.steps)
    return flight


def _running(of: Bus, rate: float) -> Flight:
    """Satellites that have held a rate for long, all round the revolution."""
    flight = Flight(of, _phases(of))
    flight.fly(of.values(plain_policy(of)), SETTLING * of.grid.steps, rate)
    return flight


def _best(of: Bus, begin: Flight, seconds: float) -> tuple[Held, Held]:
    """The largest rates that last so long after the restart, at the best and at the worst moment to begin."""
    values, kernel = of.values(plain_policy(of)), of.satellite.accelerator.kernel_efficiency
    starting_s = float(begin.restart_s.max())
    first = int(np.ceil(starting_s / of.grid.step_s - 1e-9))
    steps = first + int(np.ceil(seconds / of.grid.step_s - 1e-9))
    low, high, rates = np.zeros(LANES), np.ones(LANES), np.ones(LANES)
    for _ in range(14):
        trace = begin.copy().fly(values, steps, rates)
        served = trace.useful[first:].min(axis=0) >= (1.0 - SHORT) * kernel * rates
        low, high = np.where(served, rates, low), np.where(served, high, rates)
        if np.all(low >= high):
            break
        rates = np.where(low >= high, low, 0.5 * (low + high))
    trace = begin.copy().fly(values, steps, low)
    after = Trace(*(part[first:] for part in trace))
    most, least = int(np.argmax(low)), int(np.argmin(low))
    return _held(of, float(low[most]), after, most), _held(of, float(low[least]), after, least)


def _full_rate_s(of: Bus, begin: Flight) -> tuple[float | None, float | None]:
    """How long the full clock rate lasts after the restart, at the worst and at the best moment; None beyond `LONGEST` revolutions."""
    kernel, steps = of.satellite.accelerator.kernel_efficiency, LONGEST * of.grid.steps
    trace = begin.copy().fly(of.values(plain_policy(of)), steps)
    first = int(np.ceil(float(begin.restart_s.max()) / of.grid.step_s - 1e-9))
    short = trace.useful[first:] < (1.0 - SHORT) * kernel
    lasts_s = np.where(short.any(axis=0), np.argmax(short, axis=0) * of.grid.step_s, np.inf)
    worst, best = (float(s) if np.isfinite(s) else None for s in (lasts_s.min(), lasts_s.max()))
    return worst, best


# --- duty cycles ------------------------------------------------------------------------------------------------------


def yields(of: Bus, policy: Policy, rates: Any = 1.0, charge: float = 1.0, cycle: int | None = None, settling: int = SETTLING) -> list[Yield]:
    """What a policy yields at sixteen rates, over a whole number of cycles.

    Parameters
    ----------
    of : Bus
        The satellite.
    policy : Policy
        The policy.
    rates : float or ndarray, shape (LANES,)
        Highest clock rates, 0 to 1.
    charge : float
        State of charge at the beginning.
    cycle : int, optional
        Steps of a cycle; by default those of a revolution.
    settling : int
        Revolutions that are flown before, at least 1; half as many are measured.

    Returns
    -------
    list of Yield
        One for each rate.
    """
    steps = of.grid.steps
    cycle = steps if cycle is None else cycle
    flight, values = Flight(of, charge=charge), of.values(policy)
    flight.fly(values, max(1, round(settling * steps / cycle)) * cycle, rates)
    trace = flight.fly(values, max(1, round(0.5 * settling * steps / cycle)) * cycle, rates)
    capacity_j = of.satellite.power.battery.capacity
    given_j = np.maximum(0.0, -np.diff(trace.charge, axis=0)).sum(axis=0) * capacity_j
    days = (len(trace.charge) - 1) * of.grid.step_s / 86400.0
    rates = np.broadcast_to(np.asarray(rates, dtype=float), LANES)
    useful, lowest, hottest = trace.useful.mean(axis=0), trace.charge.min(axis=0), trace.junction_k.max(axis=0)
    return [
        Yield(
            policy.mode, float(rates[n]) * policy.rate, policy.on, policy.off, float(useful[n]), float(given_j[n]) / days,
            1.0 - float(lowest[n]), float(hottest[n]),
        )
        for n in range(LANES)
    ]  # fmt: skip


def policies(of: Bus) -> tuple[Yield, ...]:
    """What each policy but `burst` yields at full clock rate.

    Parameters
    ----------
    of : Bus
        The satellite.

    Returns
    -------
    tuple of Yield
        Of `ride_through`, `throttle`, `pause` and `even`.
    """
    return tuple(yields(of, plain_policy(of, mode=mode))[0] for mode in ("ride_through", "throttle", "pause", "even"))


class Search:
    """Bursts of a satellite: cycles, and durations and clock rates in each.

    Parameters
    ----------
    of : Bus
        The satellite.
    throttled : Yield, optional
        What `throttle` yields: bursts may use the battery no more. Without it there is no limit.
    settling : int
        Revolutions that are flown before a burst is measured.
    """

    def __init__(self, of: Bus, throttled: Yield | None, settling: int = SEARCHING) -> None:
        self.of, self.throttled, self.settling = of, throttled, settling
        self.lit = int(np.sum(_sunlit(of)))
        self.seen: dict[tuple[int, int], Yield | None] = {}

    def cycles(self) -> list[int]:
        """Steps from one burst to the next.

        Returns
        -------
        list of int
            Whole revolutions, with bursts that begin with the day; any time where it is never dark.
        """
        steps = self.of.grid.steps
        return [max(2, round(many * steps)) for many in (CYCLES if self.lit < steps else FREE_CYCLES)]

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
        # the pause ends in the middle of the night before the next burst
        off = max(1, cycle - dark // 2 - on)
        return plain_policy(self.of, mode="burst", on=on * dt, off=off * dt, start_in_sunlight=True)

    def at_rates(self, cycle: int, on: int, rates: Array) -> Yield | None:
        """The burst with the most useful FLOPs of sixteen clock rates.

        Parameters
        ----------
        cycle, on : int
            Steps of the cycle and of the burst.
        rates : ndarray, shape (LANES,)
            Clock rates, 0 to 1.

        Returns
        -------
        Yield or None
            The best; None where none is within the limit of the battery.
        """
        rows = yields(self.of, self.policy(cycle, on), rates, _empty(self.of), cycle, self.settling)
        return max((row for row in rows if row.useful > 0.0 and self._spares_the_battery(row)), key=lambda row: row.useful, default=None)

    def _spares_the_battery(self, row: Yield) -> bool:
        limit = self.throttled
        return limit is None or (row.discharged_j_d <= (1.0 + SHORT) * limit.discharged_j_d and row.depth <= limit.depth + SHORT)

    def best(self) -> tuple[int, int, Yield] | None:
        """Coarse steps in cycle and duration, finer ones around the best of the two best cycles, then finer clock rates.

        Returns
        -------
        (int, int, Yield) or None
            Steps of cycle and burst, and what it yields; None where nothing that computes is within the limit.
        """
        rates = np.linspace(LEAST_RATE, 1.0, LANES)
        strides = {cycle: max(1, len(self.durations(cycle)) // 6) for cycle in self.cycles()}
        for cycle, stride in strides.items():
            self._try(cycle, self.durations(cycle)[stride // 2 :: stride], rates)
        leaders = sorted(filter(None, map(self._leader, strides)), key=lambda leader: -leader[2].useful)[:2]
        for cycle, _, _ in leaders:
            stride, finest, all_of_it = strides[cycle], max(1, cycle // 192), self.durations(cycle)
            while stride > finest:
                stride = (stride + 1) // 2
                leader = self._leader(cycle)
                assert leader is not None
                self._try(cycle, (n for n in (leader[1] - stride, leader[1] + stride) if all_of_it[0] <= n <= all_of_it[-1]), rates)
        found = [leader for cycle in strides if (leader := self._leader(cycle)) is not None]
        if not found:
            return None
        cycle, on, best = max(found, key=lambda leader: leader[2].useful)
        half = (1.0 - LEAST_RATE) / (LANES - 1)
        near = np.linspace(max(LEAST_RATE, best.rate - half), min(1.0, best.rate + half), LANES)
        # a lower rate leaves room for a longer burst
        for longer in (on, on + 1, on + 2):
            finer = self.at_rates(cycle, longer, near) if longer < cycle else None
            if finer is not None and finer.useful > best.useful:
                on, best = longer, finer
        return cycle, on, best

    def _leader(self, cycle: int) -> tuple[int, int, Yield] | None:
        found = [(on, row) for (steps, on), row in self.seen.items() if steps == cycle and row is not None]
        return (cycle, *max(found, key=lambda pair: pair[1].useful)) if found else None

    def _try(self, cycle: int, ons: Iterable[int], rates: Array) -> None:
        for on in ons:
            if (cycle, on) not in self.seen:
                self.seen[cycle, on] = self.at_rates(cycle, on, rates)
