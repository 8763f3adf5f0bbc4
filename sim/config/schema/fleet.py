"""Failures, spares, repair and recovery; and prices."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import Name, Section, Span

Whole = Annotated[float, Quantity("1", least=0.0, most=1e6, example="3", whole=True)]
Price = Annotated[float, Quantity("USD", least=0.0, example="97e6 USD")]


class Failures(Section):
    """Random failures: exponential times, each unit independent of the others."""

    name: Name = Field(default="own", description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    mean_time: Annotated[float, Quantity("s", least=60.0, example="40 yr")] = Field(
        description="Mean time to failure of one unit, exponentially distributed"
    )
    accelerators: Annotated[int, Count()] | None = Field(
        default=None, description="Accelerators that one failing unit holds; without it, a unit is the whole satellite"
    )

    def units(self, accelerators: int) -> int:
        """Number of units of a satellite that fail independently.

        Parameters
        ----------
        accelerators : int
            Accelerators of the satellite, at least 1.

        Returns
        -------
        int
            Units; 1 where a unit holds the whole satellite.
        """
        return 1 if self.accelerators is None else -(-accelerators // int(self.accelerators))


class Repair(Section):
    """Down time of a failed unit."""

    name: Name = Field(default="own", description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    time: Span = Field(description="Down time of a failed unit")


class Recovery(Section):
    """Time that a job loses when one of its members fails."""

    detection: Span = Field(description="Time from a member's failure until the job notices it")
    restart: Span = Field(
        description="Time to replace the member and restart the job; reloading the checkpoint is added"
    )


class Fleet(Section):
    """Spares, failures, repair and recovery."""

    spares: Whole = Field(description="Satellites held in hot reserve, a whole number")
    failures: Failures | None = Field(
        default=None, description="Random failures; without it, only the listed events happen"
    )
    repair: Repair | None = Field(
        default=None, description="Repair of failed units; without it, a failed unit stays down to the end of the run"
    )
    recovery: Recovery = Field(description="Time that a job loses when one of its members fails")


class Launch(Section):
    """A launch vehicle with its capacity and price."""

    name: Name = Field(description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    price: Price = Field(description="Price of one launch")
    capacity: Annotated[float, Quantity("kg", above=0.0, example="63.8 t")] = Field(
        description="Mass that one launch brings to orbit"
    )


class Economics(Section):
    """Prices of satellites, accelerators and launches; all are inputs."""

    launch: Launch = Field(description="Launch vehicle with its price and capacity")
    spacecraft: Annotated[float, Quantity("USD/kg", least=0.0, example="2000 USD/kg")] = Field(
        description="Price of a satellite per mass, without its accelerators"
    )
    accelerator: Price = Field(description="Price of one accelerator with its share of the host")
    satellites_per_launch: Annotated[int, Count()] | None = Field(
        default=None, description="Satellites that fit into one vehicle, where volume limits them rather than mass"
    )
