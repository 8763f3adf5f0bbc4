"""Links between satellites."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import Efficiency, Name, Section, Span
from sim.config.schema.topologies import CrossPlane, FormSection, GridForm, Topology, section_of


class Terminal(Section):
    """One optical terminal, the same at both ends of a link."""

    name: Name = Field(description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    transmit_power: Annotated[float, Quantity("W", above=0.0, example="1 W")] = Field(
        description="Optical power of one channel"
    )
    aperture: Annotated[float, Quantity("m", least=1e-3, most=5.0, example="8 cm")] = Field(
        description="Diameter of the telescope, the same for transmitter and receiver"
    )
    wavelength: Annotated[float, Quantity("m", above=1e-7, most=1e-4, example="1550 nm")] = Field(
        description="Wavelength of the carrier"
    )
    transmit_efficiency: Efficiency = Field(description="Share of the power that leaves the transmitting telescope")
    receive_efficiency: Efficiency = Field(
        description="Share of the light on the receiving telescope that reaches the detector"
    )
    pointing_jitter: Annotated[float, Quantity("rad", least=0.0, most=1e-3, example="2 urad")] = Field(
        description="Standard deviation of the transmitter's pointing error about each axis"
    )
    photons_per_bit: Annotated[float, Quantity("1", above=0.0, example="100")] = Field(
        description="Received photons that the detector needs for one bit"
    )
    channels: Annotated[int, Count(most=1000)] = Field(description="Number of wavelength channels of a link")
    channel_rate: Annotated[float, Quantity("bit/s", above=0.0, example="100 Gbit/s")] = Field(
        description="Largest data rate of one channel; long links are slower"
    )
    field_of_regard: Annotated[float, Quantity("rad", above=0.0, most=math.pi, example="80 deg")] | None = Field(
        default=None, description="Largest angle between a link and the face on which the terminal is mounted "
        "(satellite.attitude.terminals); null: it looks anywhere",
    )
    sun_keep_out: Annotated[float, Quantity("rad", least=0.0, below=0.5 * math.pi, example="3 deg")] = Field(
        default=0.0, description="Smallest angle between a link and the Sun; closer, the receiver is blinded and the link is cut"
    )
    power: Annotated[float, Quantity("W", least=0.0, example="40 W")] = Field(
        description="Electrical power of one terminal without its channels: pointing, acquisition, control"
    )
    channel_power: Annotated[float, Quantity("W", least=0.0, example="15 W")] = Field(
        description="Electrical power of the transceiver and amplifier of one channel"
    )
    mass: Annotated[float, Quantity("kg", least=0.0, example="15 kg")] = Field(description="Mass of one terminal")
    price: Annotated[float, Quantity("USD", least=0.0, example="100e3 USD")] | None = Field(
        description="Price of one terminal; null where it is not known"
    )


class Links(Section):
    """Topology and terminals of the links between satellites."""

    topology: Topology = Field(
        description="Which satellites are linked: grid for shells and rings, mesh for formations, nearest for "
        "any constellation, or a section with the kind of a topology and its settings",
    )
    cross_plane: CrossPlane = Field(
        default="nearest_slot",
        description="Satellite of the next plane that a grid links: the nearest one, or the one of the same number in "
        "its plane",
    )
    terminal: Terminal = Field(description="Optical terminal at both ends of each link")
    terminals: Annotated[int, Count(most=64)] = Field(
        description="Number of terminals on each satellite, the most links that it can have"
    )
    grazing_altitude: Annotated[float, Quantity("m", least=0.0, most=1e6, example="80 km")] = Field(
        description="Lowest height above the Earth that a link may pass"
    )
    max_range: Annotated[float, Quantity("m", least=1.0, example="5000 km")] = Field(
        description="Largest length of a link"
    )
    hop_latency: Span = Field(description="Delay of switching and coding at each hop")

    @property
    def form(self) -> str:
        """Kind of the topology."""
        return self.topology if isinstance(self.topology, str) else self.topology.kind

    @property
    def section(self) -> FormSection:
        """Section of the topology, with its defaults where it is one word."""
        return section_of(self.topology)

    @property
    def grid(self) -> GridForm:
        """Rules of links between planes, for a grid and for the shells that other topologies join."""
        own = self.section
        form = own if isinstance(own, GridForm) else GridForm(kind="grid")
        return form if form.cross_plane is not None else form.model_copy(update={"cross_plane": self.cross_plane})
