"""Processes by which parts of satellites fail over years, what is tried then, and causes that many of them share."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.config.quantity import Quantity
from sim.config.schema.base import FieldError, Fraction, Name, Section, Span
from sim.config.schema.moments import Moment

UnitName = Literal["satellite", "accelerator", "host", "terminal", "battery", "array", "loop", "propulsion"]
GIVEN = ("mean_time", "scale", "rate")


class Remedy(Section):
    """What is tried when a unit has failed."""

    success: Fraction = Field(description="Probability that it brings the unit back")
    time: Span = Field(description="How long it takes, whether it helps or not")


class FailureProcess(Section):
    """A process by which units of satellites fail: a Weibull distribution of their lifetimes, and what is tried after a failure."""

    name: Name = Field(default="own", description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    unit: UnitName = Field(
        description="What fails: satellite as a whole; accelerator with its memory; host with all its accelerators; terminal of a link; "
        "battery, a string of it; array, a string of it; loop of the coolant with its radiator; propulsion, without "
        "which a failed satellite stays in orbit"
    )
    mean_time: Annotated[float, Quantity("s", above=0.0, example="40 yr")] | None = Field(
        default=None, description="Mean lifetime of one unit; one of mean_time, scale and rate is given"
    )
    scale: Annotated[float, Quantity("s", above=0.0, example="8316 yr")] | None = Field(
        default=None, description="Age at which 1/e of the units still works"
    )
    rate: Annotated[float, Quantity("1/s", above=0.0, example="0.05 1/yr")] | None = Field(
        default=None, description="How often one unit fails on average; only with shape 1"
    )
    shape: Annotated[float, Quantity("1", least=0.1, most=20.0, example="1")] = Field(
        default=1.0, description="Shape of the Weibull distribution: below 1 infant mortality, 1 a constant rate, above 1 wear-out"
    )
    frailty: Annotated[float, Quantity("1", least=0.01, most=1e6, example="0.5")] | None = Field(
        default=None,
        description="Shape of the gamma distribution of rates among units, whose variance is one over it; without it, all units are alike",
    )
    remedies: Annotated[list[Remedy], Field(max_length=4)] = Field(
        default_factory=list, description="What is tried after a failure, one after the other; without any, each failure is for good"
    )

    @model_validator(mode="after")
    def _one_lifetime(self) -> FailureProcess:
        given = [name for name in GIVEN if getattr(self, name) is not None]
        if len(given) != 1:
            what = f"has {' and '.join(given)}" if given else "has no lifetime"
            raise ValueError(f"{self.name} {what}; write one of mean_time, scale and rate, such as mean_time: 40 yr")
        if self.rate is not None and self.shape != 1.0:
            raise FieldError("rate", f"does not go with shape {self.shape:g}, whose rate changes with age; write mean_time or scale")
        return self

    @property
    def scale_s(self) -> float:
        """Scale of the Weibull distribution [s]."""
        if self.scale is not None:
            return self.scale
        if self.rate is not None:
            return 1.0 / self.rate
        assert self.mean_time is not None
        return self.mean_time / math.gamma(1.0 + 1.0 / self.shape)


class RateChange(Section):
    """From a time on, a process is faster or slower."""

    process: Name = Field(description="Name of the process")
    at: Moment = Field(description="From when on, in UTC")
    times: Annotated[float, Quantity("1", least=0.0, most=1e6, example="2")] = Field(description="Factor on the rate of the process as it is given")


class CommonCause(Section):
    """Events that hit many units at the same time."""

    name: Name = Field(default="own", description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    scope: Literal["fleet", "plane", "batch"] = Field(
        description="Whose units one event may hit: those of the fleet, of one plane or formation, or of one launch"
    )
    unit: UnitName = Field(default="satellite", description="What is hit")
    rate: Annotated[float, Quantity("1/s", above=0.0, example="0.01 1/yr")] | None = Field(
        default=None, description="Events of one fleet, plane or launch on average; one of rate and at is given"
    )
    at: Moment | None = Field(default=None, description="Time of a single event in UTC, such as of a storm")
    hits: Fraction = Field(description="Probability that a unit is hit by an event")
    lasts: Span | None = Field(default=None, description="Time until what was hit works again; without it, it does not")

    @model_validator(mode="after")
    def _drawn_or_listed(self) -> CommonCause:
        if (self.rate is None) == (self.at is None):
            what = "has no rate and no time" if self.rate is None else "has a rate and a time"
            raise ValueError(f"{self.name} {what}; write rate: 0.01 1/yr, or at: 2028-03-01T00:00:00Z")
        return self
