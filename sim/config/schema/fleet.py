"""Failures, spares, repair and recovery; and prices."""

from __future__ import annotations

from typing import Annotated

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import Name, Section, Span

Whole = Annotated[float, Quantity("1", least=0.0, most=1e6, example="3", whole=True)]
Price = Annotated[float, Quantity("USD", least=0.0, example="97e6 USD")]


class Failures(Section):
    """Random failures: exponential times, each unit independent of the others."""

    name: Name = "own"
    description: str = ""
    mean_time: Annotated[float, Quantity("s", least=60.0, example="40 yr")]  # of one unit
    accelerators: Annotated[int, Count()] | None = None  # that one failing unit holds; none: the whole satellite

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

    name: Name = "own"
    description: str = ""
    time: Span


class Recovery(Section):
    """Time that a job loses when one of its members fails."""

    detection: Span
    restart: Span  # swap, start processes, rebuild communicators; reloading the checkpoint is added


class Fleet(Section):
    """Spares, failures, repair and recovery."""

    spares: Whole  # satellites in hot reserve
    failures: Failures | None = None  # none: only the scenario's events
    repair: Repair | None = None  # none: what has failed stays down
    recovery: Recovery


class Launch(Section):
    """A launch vehicle with its capacity and price."""

    name: Name
    description: str = ""
    price: Price
    capacity: Annotated[float, Quantity("kg", above=0.0, example="63.8 t")]


class Economics(Section):
    """Prices of satellites, accelerators and launches; all are inputs."""

    launch: Launch
    spacecraft: Annotated[float, Quantity("USD/kg", least=0.0, example="2000 USD/kg")]  # built, without accelerators
    accelerator: Price
    satellites_per_launch: Annotated[int, Count()] | None = None  # where volume, not mass, fills the vehicle
