"""What a satellite can hold: power for ever, power for twenty minutes, and the duty cycle with the most useful FLOPs.

All answers fly the step of a run over a revolution that repeats (`sim.studies.burst_flight`), so that what is held is held
for ever. The battery of the best burst lasts as long as under `throttle` (`sim.studies.burst_search`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.config.scenario import Loaded
from sim.spacecraft.battery_ageing_life import YEAR_D
from sim.studies.burst_flight import LANES, Bus, Flight, Trace, bus, plain_policy
from sim.studies.burst_search import SETTLING, Search, Yield, yields

Array = NDArray[np.float64]
SECONDS = (120.0, 300.0, 600.0, 1200.0, 2400.0, 3600.0, 7200.0, 14400.0)  # of the curve of power over duration
TWENTY_S = 1200.0
MODES = ("ride_through", "throttle", "pause", "even")
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
    policies: tuple[Yield, ...]  # those of `MODES`, and the burst of the scenario where it has one
    best: Yield | None  # None: no burst is better than `throttle`
    course: tuple[tuple[bool, float], ...]  # of the best burst by steps: sunlight; useful share of nameplate, -1 where accelerators are off
    step_s: float
    design_life_yr: float

    def __repr__(self) -> str:
        return f"<Bursts of {self.satellite}: {self.for_ever.payload_w:.4g} W for ever>"

    @property
    def throttled(self) -> Yield:
        """What `throttle` yields."""
        return self.policies[MODES.index("throttle")]

    @property
    def lasting(self) -> Yield | None:
        """The policy with the most useful FLOPs whose battery lasts for the design life."""
        rows = [*self.policies, *([self.best] if self.best else [])]
        return max((row for row in rows if row.battery_life_yr >= self.design_life_yr), key=lambda row: row.useful, default=None)

    @property
    def gain(self) -> float | None:
        """Useful FLOPs of the best burst over those of `throttle`, less 1."""
        throttled = self.throttled.useful
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
    satellite, lit = of.satellite, sunlit_steps(of)
    for_ever = hold_for_ever(of)
    rest, warm = _at_rest(of), _running(of, for_ever.rate)
    curve = tuple((s, _best(of, rest, s)[0]) for s in SECONDS)
    at_best, at_worst = _best(of, rest, TWENTY_S)
    found, search = policies(of, lit)
    leader = search.best()
    settled = None if leader is None else search.settled(leader)
    if settled is not None and settled[1].useful <= found[MODES.index("throttle")].useful:
        settled = None
    return Answer(
        scenario=loaded.scenario.name, satellite=satellite.name, epoch=loaded.scenario.epoch.isoformat().replace("+00:00", "Z"),
        accelerators=int(satellite.accelerators),
        nameplate_flops_per_s=satellite.accelerators * satellite.accelerator.peak[loaded.scenario.reference_precision],
        revolution_s=of.grid.duration_s, sunlit_s=lit * of.grid.step_s, for_ever=for_ever, from_rest=at_best,
        from_rest_any=at_worst, from_warm=_best(of, warm, TWENTY_S)[0], full_rate_s=_full_rate_s(of, rest), curve=curve,
        policies=found, best=settled[1] if settled else None, course=search.course(settled[0]) if settled else (), step_s=of.grid.step_s,
        design_life_yr=satellite.life / (86400.0 * YEAR_D),
    )  # fmt: skip


# --- constant power -------------------------------------------------------------------------------------------------


def sunlit_steps(of: Bus) -> int:
    """Number of steps of the revolution in which the array carries the bus.

    Parameters
    ----------
    of : Bus
        The satellite.

    Returns
    -------
    int
        The number.
    """
    trace = Flight(of).fly(of.values(plain_policy(of)), of.grid.steps)
    return int(np.sum(trace.generated_w[:, 0] >= of.params.compute.bus_w))


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
        idle = after.charge.min(axis=0) > of.empty + SHORT  # a rate of 0 is served by machines that are off, too
        held = served & kept & idle
        if not held[0]:
            return best
        last = LANES - 1 if held.all() else int(np.argmin(held)) - 1
        best = _held(of, float(rates[last]), after, last)
        if last == LANES - 1:
            break
        low, high = float(rates[last]), float(rates[last + 1])
    return best


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


# --- policies ---------------------------------------------------------------------------------------------------------


def policies(of: Bus, lit: int) -> tuple[tuple[Yield, ...], Search]:
    """What each policy but `burst` yields at full clock rate, and a search for bursts at the life of the battery under `throttle`.

    Parameters
    ----------
    of : Bus
        The satellite.
    lit : int
        Steps of the revolution in which the array carries the bus.

    Returns
    -------
    tuple of Yield
        Of `MODES`; then of the burst that the scenario has, if any.
    Search
        The search.
    """
    flights = {mode: Flight(of) for mode in MODES}
    found = {mode: yields(flight, plain_policy(of, mode=mode)) for mode, flight in flights.items()}
    search = Search(flights["throttle"], lit, found["throttle"].battery_life_yr)
    given = of.satellite.policy
    return (*found.values(), *([yields(search.begin.copy(), given)] if given.mode == "burst" else [])), search
