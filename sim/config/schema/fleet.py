"""Failures, spares, repair and recovery."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import FieldError, Name, Section, Span, Switch

Whole = Annotated[float, Quantity("1", least=0.0, most=1e6, example="3", whole=True)]


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


class Maintenance(Section):
    """Random maintenance of healthy satellites, such as manoeuvres that avoid a collision; exponential times between two."""

    name: Name = Field(default="own", description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    rate: Annotated[float, Quantity("1/s", least=0.0, most=1.0, example="32 1/yr")] = Field(
        description="How often it happens to one satellite on average"
    )
    duration: Annotated[float, Quantity("s", above=0.0, example="20 min")] = Field(description="How long it takes")
    to: Annotated[float, Quantity("1", least=0.0, below=1.0, example="0.5")] = Field(
        default=0.0, description="Fraction of the full rate that accelerators keep meanwhile; 0: they pause, and keep their memory"
    )
    out_of_service: Switch = Field(
        default=False, description="Whether the satellite leaves its job and relays nothing, as in safe mode"
    )

    @model_validator(mode="after")
    def _happens_after_it_has_ended(self) -> Maintenance:
        if self.rate * self.duration >= 1.0:
            length_d, between_d = self.duration / 86400.0, 1.0 / (86400.0 * self.rate)
            raise FieldError("duration", f"{length_d:g} d are longer than the time between two, {between_d:g} d on average; "
                                         "write a shorter one, or a lower rate")  # fmt: skip
        if self.out_of_service and self.to > 0.0:
            raise FieldError("to", f"a satellite that is out of service keeps no rate, and {self.to:g} is given; leave it out")
        return self


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
    expected_failures: Annotated[float, Quantity("1/s", least=0.0, example="0.5 1/yr")] = Field(
        default=0.0,
        description="Failures of a satellite for which checkpoint intervals are chosen, beside random failures and errors by radiation; none "
        "is drawn. In a mission they follow from its processes",
    )
    maintenance: Maintenance | None = Field(
        default=None, description="Random maintenance of healthy satellites; without it, only the listed events happen"
    )
    soft_errors: Switch = Field(
        default=True, description="Whether radiation causes errors in accelerators that state how sensitive they are; in orbit only"
    )
    recovery: Recovery = Field(description="Time that a job loses when one of its members fails")
