"""Capacity that is rented for years: its site and terms, what the renter needs of it, and hedges against losing it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import Efficiency, FieldError, Name, Section, Span
from sim.config.schema.moments import Moment
from sim.config.schema.site import Site
from sim.config.schema.terms import Held, Rent, Terms

UNITS = ("tokens", "flops", "accelerators")
HEDGES = ("second_provider", "orbit", "decentralised_pool")


class Surge(Section):
    """Demand that is multiplied for some time; surges at the same time multiply."""

    factor: Annotated[float, Quantity("1", least=0.0, most=1e6, example="1.5")] = Field(description="Demand over its usual value")
    at: Moment = Field(description="Begin of the surge in UTC")
    duration: Held = Field(description="Length of the surge")


class Demand(Section):
    """What the renter needs, in one of three units."""

    tokens: Annotated[float, Quantity("1/s", above=0.0, example="2e6 1/s")] | None = Field(
        default=None, description="Output tokens per second, of all inference workloads together"
    )
    flops: Annotated[float, Quantity("FLOP/s", above=0.0, example="5 EFLOP/s")] | None = Field(
        default=None, description="Useful FLOPs per second"
    )
    accelerators: Annotated[float, Quantity("1", above=0.0, example="100000")] | None = Field(
        default=None, description="Accelerators in operation, of whatever kind"
    )
    surges: list[Surge] = Field(default_factory=list, description="Times of higher or lower demand")
    target: Efficiency = Field(
        default=1.0, description="Share of the demand that must be accepted; time in which less is accepted is out of target"
    )
    queue: Span = Field(
        default=0.0, description="Longest time that work may wait; what would wait longer is rejected"
    )

    @model_validator(mode="after")
    def _one_unit(self) -> Demand:
        given = [name for name in UNITS if getattr(self, name) is not None]
        if len(given) != 1:
            what = f"has {' and '.join(given)}" if given else "has no amount"
            raise ValueError(f"{what}; write one of tokens, flops and accelerators, such as accelerators: 100000")
        return self

    @property
    def unit(self) -> str:
        """Which of the three units is given."""
        return next(name for name in UNITS if getattr(self, name) is not None)

    @property
    def amount(self) -> float:
        """Demand without surges, in its unit per second; accelerators as they are."""
        return float(getattr(self, self.unit))


class LeaseCost(Section):
    """How the cost of a site or fleet becomes a price."""

    utilisation: Efficiency = Field(description="Share of the accelerator-hours that are sold")


class Hedge(Section):
    """Other capacity for the time when the contract falls short."""

    name: Name | None = Field(default=None, description="Name in tables; without it, the kind")
    kind: Literal["second_provider", "orbit", "decentralised_pool"] = Field(
        description="What gives the capacity: second_provider and decentralised_pool are sites, orbit is a fleet of satellites"
    )
    site: Site | None = Field(default=None, description="Ground site of a second provider or a pool")
    scenario: str | None = Field(
        default=None, description="Scenario whose fleet is meant, by name or path; without it, the fleet of this scenario"
    )
    accelerators: Annotated[int, Count()] | None = Field(default=None, description="Capacity in accelerators")
    share: Efficiency | None = Field(default=None, description="Capacity as a share of the site or fleet")
    price: Rent | None = Field(
        default=None,
        description="Price of one accelerator and hour; cost is the price that recovers the cost of site or fleet; without it, "
        "that of the site's terms",
    )
    lead_time: Span = Field(description="Time from the order until the capacity is delivered; migration comes after it")
    ordered: Literal["start", "notice"] = Field(
        default="notice", description="When it is ordered: at the start of the contract, or at the first notice"
    )
    duration: Held | None = Field(
        default=None, description="Time for which it is kept and paid after delivery; without it, to the end of the contract"
    )

    @property
    def rent(self) -> float | Literal["cost"]:
        """Price [USD/s] that holds: the hedge's own, or that at which the site rents out."""
        if self.price is not None:
            return self.price
        return "cost" if self.site is None else self.site.rental_price

    @property
    def label(self) -> str:
        """Name in tables."""
        return self.name or self.kind

    @model_validator(mode="after")
    def _whose_and_how_much(self) -> Hedge:
        if (self.accelerators is None) == (self.share is None):
            what = "has no capacity" if self.share is None else "has accelerators and a share"
            raise ValueError(f"{self.label} {what}; write accelerators: 50000, or share: 0.5 of its site or fleet")
        if self.kind == "orbit" and self.site is not None:
            raise FieldError("site", "does not go with orbit; write scenario: NAME, or nothing for the fleet of this scenario")
        if self.kind != "orbit" and self.scenario is not None:
            raise FieldError("scenario", f"does not go with {self.kind}; write site: NAME of a baseline")
        if self.kind != "orbit" and self.site is None:
            raise FieldError("site", f"is missing; write the name of a baseline whose accelerators {self.label} rents out")
        if self.site is not None and (self.accelerators or 0) > self.site.all_accelerators:
            most = f"{self.site.name} has {self.site.all_accelerators:,}"
            raise FieldError("accelerators", f"{self.accelerators:,} is more than {most}; write at most {self.site.all_accelerators}")
        return self


class Contract(Terms):
    """Capacity rented from the operator of a site, the demand on it, and hedges."""

    site: Site = Field(
        description="Site whose accelerators are rented: a baseline by name or path, or a site; without it, the baseline of the scenario"
    )
    start: Moment | None = Field(default=None, description="Start in UTC; without it, the epoch of the scenario")
    duration: Annotated[float, Quantity("s", above=0.0, most=1e9, example="2 yr")] = Field(
        default=31557600.0, description="Length of the contract"
    )
    step: Annotated[float, Quantity("s", least=60.0, example="6 h")] = Field(
        default=21600.0, description="Time between values of the series; totals do not depend on it"
    )
    demand: Demand = Field(description="What the renter needs")
    data: Annotated[float, Quantity("B", least=0.0, example="60 TB")] = Field(
        default=0.0, description="Data that move to a hedge beside weights and checkpoints"
    )
    lease: LeaseCost = Field(description="How the cost of a site or fleet becomes a price")
    hedges: list[Hedge] = Field(default_factory=list, description="Other capacity, each with the table row of its worth")

    @model_validator(mode="after")
    def _different_names(self) -> Contract:
        names = [hedge.label for hedge in self.hedges]
        for i, name in enumerate(names):
            if name in names[:i] or name == self.site.name:
                raise FieldError(f"hedges.{i}.name", f"another source is named '{name}'; write a different name")
        if self.duration / self.step > 200_000:
            raise FieldError("step", f"makes {self.duration / self.step:,.0f} values of each series; write a longer step")
        return self
