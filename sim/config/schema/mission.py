"""Years of a fleet: how long, what fails, and how satellites are replaced."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import Altitude, Efficiency, FieldError, Fraction, Section, Span, Switch
from sim.config.schema.economics import Price
from sim.config.schema.lifetimes import CommonCause, FailureProcess, RateChange
from sim.config.schema.moments import Moment
from sim.config.schema.satellite import Satellite
from sim.config.schema.terms import Held

Satellites = Annotated[float, Quantity("1", least=0.0, most=1e6, example="10", whole=True)]
MOST_BINS = 2000


class Units(Section):
    """Parts of a satellite that fail by themselves, beside its accelerators and terminals."""

    accelerators_per_host: Annotated[int, Count()] = Field(description="Accelerators that are down when their host is")
    terminals_needed: Annotated[int, Count()] = Field(
        description="Terminals that a satellite needs to work in a job; of fewer that it carries, one may fail"
    )
    thrusters: Annotated[int, Count(most=1000)] = Field(description="Propulsion units of which one is enough to leave the orbit")
    replace_below: Fraction = Field(
        description="Rate of a satellite over that of a new one under which it is given up, where others can replace it"
    )


class Standdown(Section):
    """A time without launches; those that are due are made at its end."""

    at: Moment = Field(description="Begin in UTC")
    duration: Held = Field(description="Length")


class Calendar(Section):
    """Launches at fixed times, whatever is lost."""

    every: Annotated[float, Quantity("s", least=86400.0, example="180 d")] = Field(description="Time between two launches")
    satellites: Annotated[int, Count()] = Field(description="Satellites of each launch")
    first: Span = Field(default=0.0, description="Time of the first launch after the start")


class Replacement(Section):
    """How satellites are replaced: spares in planes and in a parking orbit, launches ordered when few are left, and launches by calendar."""

    plane_spares: Satellites = Field(
        default=0.0, description="Satellites beside those of the constellation in each plane or formation, which replace those lost"
    )
    drift: Span = Field(description="Time in which a spare of a plane reaches a place that is empty")
    stock: Satellites = Field(default=0.0, description="Satellites in the parking orbit at the start")
    parking_altitude: Altitude | None = Field(
        default=None,
        description="Altitude of the parking orbit, whose node drifts against those of the planes: satellites wait until it is that of their "
        "plane; without it, they need not wait",
    )
    transfer: Span = Field(description="Ascent from the parking orbit to a plane")
    reorder_at: Satellites = Field(
        default=0.0, description="A launch is ordered when the stock and what is ordered, less the places that are empty, is at most this"
    )
    batch: Annotated[int, Count(most=100_000)] | None = Field(
        default=None, description="Satellites of a launch that is ordered; without it, none is ordered"
    )
    lead_time: Span = Field(description="Time from order to launch")
    delay: Span = Field(description="Mean of an exponentially distributed delay beside it")
    success: Efficiency = Field(description="Probability that a launch reaches its orbit")
    raising: Span = Field(description="Time from launch to work: orbit raising and commissioning")
    calendar: Calendar | None = Field(default=None, description="Launches at fixed times; without it, there are none")
    standdowns: list[Standdown] = Field(default_factory=list, description="Times without launches")
    budget: Price | None = Field(
        default=None, description="Money for satellites, launches and visits at the start; without it and yearly_budget, no limit"
    )
    yearly_budget: Price | None = Field(default=None, description="Money that comes evenly over each year")

    @model_validator(mode="after")
    def _of_a_launch(self) -> Replacement:
        if self.batch is not None and self.plane_spares > 0 and self.stock > 0 and self.parking_altitude is None and self.transfer == 0.0:
            raise FieldError("transfer", "is zero: spares in planes are of no use beside a stock; write plane_spares: 0, or a time such as 30 d")
        return self

    @property
    def replaces(self) -> bool:
        """Whether satellites ever come."""
        return self.batch is not None or self.calendar is not None or self.stock > 0 or self.plane_spares > 0


class Refresh(Section):
    """Satellites are retired at an age."""

    every: Annotated[float, Quantity("s", least=30.0 * 86400.0, example="5 yr")] = Field(description="Age at which a satellite is retired")
    ahead: Span = Field(default=0.0, description="How long before it the next satellite is ordered")


class Generation(Section):
    """Hardware of satellites that come from a date on: those of the constellation, spares and stock at the start are of `satellite`."""

    at: Moment = Field(description="From when on satellites that begin to work or join the stock are of it, in UTC")
    satellite: Satellite | None = Field(default=None, description="Its hardware; without it, that of the scenario, with the factors below")
    performance: Annotated[float, Quantity("1", least=1.0, most=1000.0, example="2")] = Field(
        default=1.0,
        description="Factor on peak rates, memory, memory bandwidth and fabric of its accelerators, at the same power",
    )
    price: Annotated[float, Quantity("1", least=0.0, most=1000.0, example="1.3")] = Field(
        default=1.0, description="Factor on the price of its accelerators"
    )


class Servicing(Section):
    """Visits that exchange failed parts of satellites that still work or could work again."""

    every: Annotated[float, Quantity("s", least=86400.0, example="1 yr")] = Field(description="Time between two visits")
    success: Fraction = Field(description="Probability that a failed part is exchanged")
    price: Price = Field(description="Price of one visit")
    units: Annotated[int, Count()] = Field(description="Parts that one visit exchanges at most")


class Derelicts(Section):
    """What becomes of failed satellites."""

    success: Fraction = Field(description="Probability that a failed satellite leaves its orbit; one without propulsion does not")
    decay: Annotated[float, Quantity("s", above=0.0, example="25 yr")] | None = Field(
        default=None, description="Mean time in which one that stays decays; without it, it stays"
    )
    collisions: Annotated[float, Quantity("1/s", least=0.0, example="1e-6 1/yr")] = Field(
        description="Collisions of one satellite with one that has failed and stays in orbit, on average"
    )
    breakup: Fraction = Field(description="Probability that the fragments of a collision destroy another satellite of the same plane or formation")


class Mission(Section):
    """Years of the fleet in seeded replicas. The run itself, of days, says what the fleet can do while nothing fails for good."""

    duration: Annotated[float, Quantity("s", least=86400.0, most=3.2e9, example="5 yr")] = Field(description="Length of the mission")
    replicas: Annotated[int, Count(most=1_000_000)] = Field(description="Number of replicas: possible histories of the fleet")
    step: Annotated[float, Quantity("s", least=3600.0, example="30 d")] = Field(
        description="Time between values of the series, over which the rate of the fleet is averaged"
    )
    dates: Annotated[int, Count(most=366)] = Field(
        description="Days of a year on which the run is made, evenly over the angles between orbit and Sun that occur"
    )
    ages: Annotated[int, Count(most=20)] = Field(description="Ages of the satellites at which it is made, from new to the oldest")
    solar: Literal["scenario", "cycle"] = Field(
        default="scenario",
        description="Particles of the runs: as the environment of the scenario says, or by the solar cycle, seven active years of eleven, for which "
        "all runs are made twice",
    )
    target: Efficiency = Field(description="Share of the useful rate of a fleet without losses that the mission must keep")
    processes: list[FailureProcess] = Field(description="Processes by which parts fail; an empty list: none does")
    changes: list[RateChange] = Field(default_factory=list, description="Times from which processes are faster or slower")
    common_causes: list[CommonCause] = Field(default_factory=list, description="Events that hit many satellites at the same time")
    units: Units = Field(description="Parts of a satellite that fail by themselves")
    in_orbit: Switch = Field(
        default=True, description="Whether the satellites are in orbit at the start; false: launches of the calendar and ordered ones bring them"
    )
    replacement: Replacement = Field(description="How satellites are replaced; by default they are not")
    generations: Annotated[list[Generation], Field(max_length=8)] = Field(
        default_factory=list, description="Hardware that comes later, in the order of its dates; a job runs at the pace of its oldest generation"
    )
    refresh: Refresh | None = Field(default=None, description="Age at which satellites are retired; without it, never")
    servicing: Servicing | None = Field(default=None, description="Visits that exchange failed parts; without it, there are none")
    derelicts: Derelicts = Field(description="What becomes of failed satellites")

    @model_validator(mode="after")
    def _consistent(self) -> Mission:
        if self.duration / self.step > MOST_BINS:
            raise FieldError("step", f"makes {self.duration / self.step:,.0f} values of each series; write a longer step")
        brings = self.replacement.batch is not None or self.replacement.calendar is not None
        if not self.in_orbit and not brings:
            raise FieldError("in_orbit", "is false, and nothing is launched; write replacement: {batch: 20}, or a calendar")
        for i, generation in enumerate(self.generations[1:], start=1):
            if generation.at <= self.generations[i - 1].at:
                raise FieldError(f"generations.{i}.at", "is not after the one before; write generations in the order of their dates")
        if self.generations and not self.replacement.replaces:
            raise FieldError("generations", "are given, and no satellite is ever replaced; write replacement: {batch: 20}, or a calendar")
        names = [process.name for process in self.processes] + [cause.name for cause in self.common_causes]
        for i, name in enumerate(names):
            if name in names[:i]:
                where = f"processes.{i}" if i < len(self.processes) else f"common_causes.{i - len(self.processes)}"
                raise FieldError(f"{where}.name", f"another is named '{name}', and names key the random numbers; write a different one")
        for i, change in enumerate(self.changes):
            known = [process.name for process in self.processes]
            if change.process not in known:
                raise FieldError(f"changes.{i}.process", f"no process is named '{change.process}'; write one of {', '.join(known) or 'processes'}")
        return self
