"""Terms on which a site rents out its accelerators."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.config.quantity import Quantity
from sim.config.schema.base import Efficiency, Fraction, Section, Span, Switch
from sim.config.schema.moments import Moment

Rent = Annotated[float, Quantity("USD/s", least=0.0, example="2 USD/h")] | Literal["cost"]
Held = Annotated[float, Quantity("s", above=0.0, example="60 d")]


class Owner(Section):
    """Jobs of the owner of a site."""

    share: Fraction = Field(description="Share of the site's accelerators that the owner's own jobs use where they come first")
    first: Switch = Field(
        default=False, description="Whether they come first: the renter gets no more than what they leave of the site"
    )


class Withdrawal(Section):
    """Capacity that the owner takes back."""

    at: Moment = Field(description="When the capacity ends, in UTC")
    share: Efficiency = Field(description="Share of the rented capacity that is withdrawn")
    notice: Span | None = Field(
        default=None, description="Time before it ends at which the renter learns of it; without it, the notice of the contract"
    )
    duration: Held | None = Field(default=None, description="Time after which the capacity is back; without it, it stays away")


class Terms(Section):
    """What a site rents out, at which price and on which notice; a contract with the site overrides any of it."""

    share: Efficiency = Field(default=1.0, description="Share of the site's accelerators that is rented")
    price: Rent = Field(
        default="cost", description="Price of one accelerator and hour; cost is the price that recovers the cost of the site"
    )
    notice: Span = Field(description="Time before the end of capacity at which the renter learns of it")
    owner: Owner | None = Field(default=None, description="The owner's own jobs; without it, there are none")
    withdrawals: list[Withdrawal] = Field(default_factory=list, description="Capacity that the owner takes back")
