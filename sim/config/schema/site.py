"""A site on the ground that computes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.config.quantity import Count, Quantity
from sim.config.schema.accelerator import Accelerator
from sim.config.schema.base import Efficiency, FieldError, Fraction, Jurisdiction, Name, Power, Section, Span
from sim.config.schema.economics import Emission, Life, Price, Rate
from sim.config.schema.fleet import Fleet
from sim.config.schema.jobs import Workload
from sim.config.schema.terms import Terms


class Fabric(Section):
    """Network between nodes: non-blocking, with one port for each node and direction."""

    rate: Annotated[float, Quantity("bit/s", above=0.0, example="3200 Gbit/s")] = Field(
        description="Data rate of a node, each way; nodes of other kinds have as much for each accelerator"
    )
    throughput: Efficiency = Field(description="Share of the rate that messages get")
    latency: Span = Field(description="Latency from node to node")


class Fibre(Section):
    """Fibre that carries users' messages over the Earth."""

    path_stretch: Annotated[float, Quantity("1", least=1.0, most=10.0, example="2.1")] = Field(
        description="Length of the fibre route over the great-circle distance"
    )
    index: Annotated[float, Quantity("1", least=1.0, most=2.0, example="1.468")] = Field(
        description="Group index: speed of light in vacuum over that in the fibre"
    )


class SiteEmissions(Section):
    """Greenhouse gases, as CO2e, of a site."""

    accelerator: Emission = Field(description="Making one accelerator with its host")
    building: Annotated[float, Quantity("kg/W", least=0.0, example="500 kg/kW")] = Field(
        description="Making building, power and cooling, by power of the machines"
    )
    grid: Annotated[float, Quantity("kg/J", least=0.0, example="400 g/kWh")] = Field(
        description="Carbon intensity of the electricity"
    )


class Nodes(Section):
    """Equal nodes of a site."""

    accelerator: Accelerator = Field(description="Accelerator of the nodes")
    accelerators: Annotated[int, Count()] = Field(description="Number of accelerators of all these nodes")
    accelerators_per_node: Annotated[int, Count(most=100_000)] = Field(
        description="Accelerators of one node, which fails and is replaced as a whole"
    )

    @property
    def nodes(self) -> int:
        """Whole nodes."""
        return self.accelerators // self.accelerators_per_node

    @model_validator(mode="after")
    def _has_nodes(self) -> Nodes:
        if self.nodes < 1:
            raise ValueError(
                f"accelerators_per_node {self.accelerators_per_node} is above accelerators {self.accelerators}; write fewer"
            )
        return self


class Phase(Section):
    """A part of a site that begins to work."""

    after: Span = Field(description="Time from the decision to build the site")
    share: Efficiency = Field(description="Share of the accelerators that works from then on, earlier phases included")


class Site(Section):
    """A site with its accelerators; every number of the shipped ones is a record with its source."""

    name: Name = Field(description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    operator: Name | None = Field(default=None, description="Who operates the site")
    jurisdiction: Jurisdiction | None = Field(
        default=None, description="Country whose law holds there, as country code of ISO 3166"
    )
    latitude: Annotated[
        float, Quantity("rad", least=-1.5707963267948966, most=1.5707963267948966, example="35 deg")
    ] = Field(
        description="Geodetic latitude, north positive"
    )
    longitude: Annotated[
        float, Quantity("rad", least=-6.283185307179586, most=6.283185307179586, example="-90 deg")
    ] = Field(
        description="Longitude, east positive"
    )
    accelerator: Accelerator = Field(description="Accelerator of the site, or of its first kind of nodes")
    accelerators: Annotated[int, Count()] = Field(
        description="Number of accelerators of the whole site but for those of other_nodes"
    )
    accelerators_per_node: Annotated[int, Count(most=100_000)] = Field(
        description="Accelerators of one node, which fails and is replaced as a whole"
    )
    other_nodes: list[Nodes] = Field(
        default_factory=list,
        description="Nodes of other kinds; a synchronous job that needs more nodes than any kind has runs at its slowest kind",
    )
    power: Power = Field(description="Power of the whole site at full load")
    pue: Annotated[float, Quantity("1", least=1.0, most=3.0, example="1.2")] = Field(
        description="Power usage effectiveness: site power over that of its machines"
    )
    building: Annotated[float, Quantity("USD/W", least=0.0, example="12 USD/W")] | None = Field(
        description="Price of building, power and cooling, by power of the machines; null where it is not known"
    )
    rent: Annotated[float, Quantity("USD/s", least=0.0, example="2 USD/h")] | None = Field(
        default=None,
        description="Price of renting an accelerator with its host, power and network; with it nothing is bought, and other prices do not count",
    )
    redundancy: Annotated[float, Quantity("1", least=1.0, most=100.0, example="2")] = Field(
        default=1.0, description="Times that rented work is computed, so that results can be verified; multiplies the rent alone"
    )
    network: Price | None = Field(description="Price of switches and cables for each accelerator; null where it is not known")
    electricity: Annotated[float, Quantity("USD/J", least=0.0, example="60 USD/MWh")] | None = Field(
        description="Price of electricity; null where it is not known"
    )
    operations: Rate = Field(description="Staff and maintenance per year, over the capital cost")
    machines_life: Life = Field(description="Life of accelerators, hosts and network")
    building_life: Life = Field(description="Life of building, power and cooling")
    capital_rate: Rate = Field(description="Cost of capital per year")
    build: Annotated[list[Phase], Field(min_length=1)] = Field(
        description="Phases in which the site is built, for missions, which count from the decision; the last one has a share of 1"
    )
    useful_fraction: Fraction = Field(
        description="Useful share of nameplate in training, for the break-even of a run; compare simulates the site instead"
    )
    emissions: SiteEmissions = Field(description="Greenhouse gases of machines, building and electricity")
    fabric: Fabric = Field(description="Network between the nodes")
    wan_rate: Annotated[float, Quantity("bit/s", above=0.0, example="400 Gbit/s")] | None = Field(
        default=None, description="Data rate between the site and other sites, for weights, checkpoints and data that move"
    )
    fibre: Fibre = Field(description="Fibre that carries users' messages over the Earth")
    access_overhead: Span = Field(description="Part of a user's round trip beyond propagation")
    contract: Terms | None = Field(
        default=None, description="Terms on which the accelerators are rented out; a contract of a scenario overrides them"
    )
    fleet: Fleet = Field(description="Spares, failures, repair and recovery of the nodes")
    workloads: Annotated[list[Workload], Field(min_length=1)] = Field(
        description="What the site computes where the comparison names nothing else; members are nodes"
    )

    @property
    def kinds(self) -> tuple[Nodes, ...]:
        """Kinds of nodes: the first one, then those of `other_nodes`."""
        first = Nodes.model_construct(
            accelerator=self.accelerator, accelerators=self.accelerators, accelerators_per_node=self.accelerators_per_node
        )
        return (first, *self.other_nodes)

    @property
    def nodes(self) -> int:
        """Whole nodes of all kinds."""
        return sum(kind.nodes for kind in self.kinds)

    @property
    def all_accelerators(self) -> int:
        """Accelerators of all kinds."""
        return sum(kind.accelerators for kind in self.kinds)

    @property
    def rental_price(self) -> float | Literal["cost"]:
        """Price of an accelerator [USD/s] to those who rent it here: that of the site's terms, or the site's own rent where it rents."""
        if self.contract is not None and self.contract.price != "cost":
            return self.contract.price
        return "cost" if self.rent is None else self.rent * self.redundancy

    def nameplate(self, precision: str) -> float | None:
        """Peak rate of all accelerators.

        Parameters
        ----------
        precision : str
            A precision, such as bf16.

        Returns
        -------
        float or None
            Rate [FLOP/s]; None where a kind has no peak at the precision.
        """
        peaks = [kind.accelerator.peak.get(precision) for kind in self.kinds]
        if None in peaks:
            return None
        return sum(kind.accelerators * (peak or 0.0) for kind, peak in zip(self.kinds, peaks, strict=True))

    @model_validator(mode="after")
    def _built_in_order(self) -> Site:
        for i, phase in enumerate(self.build[1:], start=1):
            if phase.after <= self.build[i - 1].after or phase.share <= self.build[i - 1].share:
                raise FieldError(f"build.{i}", "is not later and larger than the phase before; write phases in their order, shares with those before")
        if self.build[-1].share != 1.0:
            raise FieldError(f"build.{len(self.build) - 1}.share", f"is {self.build[-1].share:g}; write 1 for the last phase")
        return self

    @model_validator(mode="after")
    def _has_nodes_and_power(self) -> Site:
        if self.accelerators < self.accelerators_per_node:
            raise ValueError(
                f"accelerators_per_node {self.accelerators_per_node} is above accelerators {self.accelerators}; write fewer"
            )
        chips_w = self.pue * sum(kind.accelerators * kind.accelerator.max_power for kind in self.kinds)
        if chips_w > self.power:
            raise ValueError(
                f"power {self.power / 1e6:.4g} MW is below the {chips_w / 1e6:.4g} MW of the accelerators with pue; write more"
            )
        return self
