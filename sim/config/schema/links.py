"""Links between satellites."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import Efficiency, FieldError, Name, Section, Span
from sim.config.schema.topologies import CrossPlane, FormSection, GridForm, Topology, section_of

LEAST_BEAM_M = 5e-3  # a thinner beam spreads within metres
Decibels = Annotated[float, Quantity("dB", least=0.0, most=60.0, example="3 dB")]


class Modulation(Section):
    """Modulation format of an optical channel: what its receiver needs, and how fast it can be."""

    name: Name = Field(description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    photons_per_bit: Annotated[float, Quantity("1", above=0.0, example="100")] = Field(
        description="Received photons that the receiver needs for one bit"
    )
    max_rate: Annotated[float, Quantity("bit/s", above=0.0, example="400 Gbit/s")] = Field(
        description="Largest data rate of one channel in this format"
    )


class Terminal(Section):
    """One optical terminal, the same at both ends of a link."""

    name: Name = Field(description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    transmit_power: Annotated[float, Quantity("W", above=0.0, example="1 W")] = Field(
        description="Optical power of one channel"
    )
    aperture: Annotated[float, Quantity("m", least=1e-3, most=5.0, example="8 cm")] = Field(
        description="Diameter of the transmitting telescope; each of several beams has this diameter over the number of beams along a side"
    )
    receive_aperture: Annotated[float, Quantity("m", least=1e-3, most=5.0, example="8 cm")] | None = Field(
        default=None, description="Diameter of the receiving telescope; null: the transmitting one receives"
    )
    truncation: Annotated[float, Quantity("1", least=0.0, most=3.0, example="1.12")] = Field(
        default=0.0, description="Radius of the aperture over the waist of the Gaussian beam that lights it; 0: uniform light"
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
    receive_jitter: Annotated[float, Quantity("rad", least=0.0, most=1e-3, example="2 urad")] | None = Field(
        default=None, description="Standard deviation of the receiver's pointing error about each axis; null: that of the transmitter"
    )
    pointing_bias: Annotated[float, Quantity("rad", least=0.0, most=1e-3, example="1 urad")] = Field(
        default=0.0, description="Fixed pointing error of each end, beside the jitter"
    )
    acceptance: Annotated[float, Quantity("rad", above=0.0, most=0.1, example="100 urad")] | None = Field(
        default=None, description="Angle from its axis at which the receiver is down to 1/e^2; null: a single-mode fibre behind the aperture"
    )
    margin: Decibels = Field(
        default=0.0, description="Power beyond what the rate needs, with both ends pointed exactly: jitter that takes more is an outage"
    )
    format: Modulation | None = Field(
        default=None, description="Modulation format by name, such as ook or pm-16qam; it gives photons_per_bit and limits channel_rate"
    )
    photons_per_bit: Annotated[float, Quantity("1", above=0.0, example="100")] | None = Field(
        default=None, description="Received photons that the detector needs for one bit; null: those of the format"
    )
    channels: Annotated[int, Count(most=1000)] = Field(description="Number of wavelength channels of a link")
    channel_rate: Annotated[float, Quantity("bit/s", above=0.0, example="100 Gbit/s")] = Field(
        description="Largest data rate of one channel; long links are slower"
    )
    spatial_channels: Literal[1, 4, 16] = Field(
        default=1, description="Beams side by side in the aperture, in a square, each with all channels; only as many are used as "
        "receivers can tell apart at the range of the link",
    )
    separation_loss: Decibels = Field(
        default=3.0, description="Most that telling beams apart may cost, by coupling and cancelling of the others; beyond it fewer beams are used"
    )
    signal_to_crosstalk: Annotated[float, Quantity("dB", least=0.0, most=60.0, example="20 dB")] | None = Field(
        default=None, description="What a beam needs over the sum of all others where receivers do not cancel them; null: coherent ones, which do"
    )
    acquisition: Span = Field(default=0.0, description="Time after which a link that has just become possible carries data")
    slew_limit: Annotated[float, Quantity("rad/s", above=0.0, example="1 deg/s")] | None = Field(
        default=None, description="Fastest turn of a link as the satellite sees it; a faster one is down. null: no limit"
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

    @model_validator(mode="after")
    def _can_be_built(self) -> Terminal:
        if self.photons_per_bit is None and self.format is None:
            raise FieldError("photons_per_bit", "missing; write photons_per_bit, or a format that gives it, such as format: pm-16qam")
        errs = self.pointing_jitter > 0.0 or (self.receive_jitter or 0.0) > 0.0 or self.pointing_bias > 0.0
        if errs and self.margin == 0.0:
            raise FieldError("margin", "0 dB: with jitter, a link without a margin is in outage all the time; write 3 dB")
        if self.spatial_channels > 1 and self.receive_aperture not in (None, self.aperture):
            raise FieldError("receive_aperture", "several beams need the same array at both ends; leave it out, or write spatial_channels: 1")
        side = math.isqrt(self.spatial_channels)
        if self.aperture / side < LEAST_BEAM_M:
            fit = max(n for n in (1, 4, 16) if self.aperture / math.isqrt(n) >= LEAST_BEAM_M or n == 1)
            raise FieldError(
                "spatial_channels",
                f"{self.spatial_channels} beams leave {1e3 * self.aperture / side:.3g} mm of aperture to each, less than {1e3 * LEAST_BEAM_M:g} mm; "
                f"write {fit}, or an aperture of {1e2 * side * LEAST_BEAM_M:g} cm",
            )
        return self

    @property
    def needed_photons(self) -> float:
        """Photons per bit, of the terminal or of its format."""
        if self.photons_per_bit is not None:
            return self.photons_per_bit
        assert self.format is not None
        return self.format.photons_per_bit

    @property
    def lasers(self) -> int:
        """Channels of all beams."""
        return self.channels * self.spatial_channels

    @property
    def modem_rate(self) -> float:
        """Largest rate of a channel [bit/s], within what the format allows."""
        return self.channel_rate if self.format is None else min(self.channel_rate, self.format.max_rate)


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
    hysteresis: Annotated[float, Quantity("1", least=1.0, most=10.0, example="1.2")] = Field(
        default=1.0, description="Factor by which another link must be shorter to replace one that exists, where terminals are short"
    )
    hop_latency: Span = Field(description="Delay of switching and coding at each hop")
    routing: Literal["delay", "hops", "bandwidth"] = Field(
        default="delay",
        description="What a route has least of, or most: delay; hops, the fewest links and of these routes the quickest; bandwidth, for messages of "
        "jobs the widest narrowest link and of these routes the quickest, while routes to the ground, of many small flows, go by delay",
    )

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
