"""A site on the ground that computes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import Efficiency, Name, Power, Section, Span
from sim.config.schema.fleet import Fleet, Price
from sim.config.schema.jobs import Workload
from sim.config.schema.satellite import Accelerator


class Fabric(Section):
    """The network between nodes: each has one way in and one way out, between them nothing is ever short."""

    rate: Annotated[float, Quantity("bit/s", above=0.0, example="3200 Gbit/s")]  # of a node, each way
    throughput: Efficiency  # share of the rate that messages get
    latency: Span  # from node to node


class Fibre(Section):
    """What carries users' messages over the Earth."""

    path_stretch: Annotated[float, Quantity("1", least=1.0, most=10.0, example="2.1")]  # length over great circle
    index: Annotated[float, Quantity("1", least=1.0, most=2.0, example="1.468")]  # speed of light over that inside


class Site(Section):
    """A site with its accelerators; every number of the shipped ones is a record with its source."""

    name: Name
    description: str = ""
    latitude: Annotated[float, Quantity("rad", least=-1.5707963267948966, most=1.5707963267948966, example="35 deg")]
    longitude: Annotated[float, Quantity("rad", least=-6.283185307179586, most=6.283185307179586, example="-90 deg")]
    accelerator: Accelerator
    accelerators: Annotated[int, Count()]  # of the whole site
    accelerators_per_node: Annotated[int, Count(most=100_000)]
    power: Power  # of the whole site, everything at work
    pue: Annotated[float, Quantity("1", least=1.0, most=3.0, example="1.2")]  # site power over that of its machines
    price_per_watt: Price  # of the machines' power: buildings, machines, network
    fabric: Fabric
    fibre: Fibre
    access_overhead: Span  # of a user's round trip beyond propagation
    fleet: Fleet  # its satellites are nodes
    workloads: Annotated[list[Workload], Field(min_length=1)]  # where nothing else is given; members are nodes

    @property
    def nodes(self) -> int:
        """Whole nodes."""
        return self.accelerators // self.accelerators_per_node

    @model_validator(mode="after")
    def _has_nodes_and_power(self) -> Site:
        if self.nodes < 1:
            raise ValueError(
                f"accelerators_per_node {self.accelerators_per_node} is above accelerators {self.accelerators}; write fewer"
            )
        chips_w = self.accelerators * self.accelerator.max_power * self.pue
        if chips_w > self.power:
            raise ValueError(
                f"power {self.power / 1e6:.4g} MW is below the {chips_w / 1e6:.4g} MW of the accelerators with pue; write more"
            )
        return self
