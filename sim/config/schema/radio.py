"""Links between satellites and the ground: radio of gateways and users, and telescopes for laser downlinks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import Efficiency, Name, Power, Section

Diameter = Annotated[float, Quantity("m", least=1e-3, most=100.0, example="1.5 m")]
Noise = Annotated[float, Quantity("K", above=0.0, most=1e5, example="150 K")]
Decibel = Annotated[float, Quantity("dB", least=0.0, most=100.0, example="2 dB")]


class RadioEnd(Section):
    """Antenna and amplifiers at one end of a radio link."""

    diameter: Diameter = Field(description="Diameter of the antenna, or of the circle with the area of an array")
    efficiency: Efficiency = Field(description="Aperture efficiency of the antenna, with the losses behind it")
    power: Annotated[float, Quantity("W", above=0.0, example="10 W")] = Field(
        description="Power into the antenna, each channel and polarisation"
    )
    noise: Noise = Field(description="System noise temperature without the atmosphere between the ends")


class Carriers(Section):
    """Channels of one direction of a radio link."""

    frequency: Annotated[float, Quantity("Hz", least=1e9, most=350e9, example="19 GHz")] = Field(description="Centre of the channels")
    bandwidth: Annotated[float, Quantity("Hz", above=0.0, most=20e9, example="480 MHz")] = Field(description="Bandwidth of one channel")
    channels: Annotated[int, Count(most=1000)] = Field(description="Number of channels at once, each in all polarisations")


class Radio(Section):
    """Radio link between one antenna of a site and one satellite, in both directions."""

    name: Name = Field(description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    ground: RadioEnd = Field(description="Antenna and amplifiers of the site")
    space: RadioEnd = Field(description="Antenna and amplifiers of the satellite")
    down: Carriers = Field(description="From the satellite to the ground")
    up: Carriers = Field(description="From the ground to the satellite")
    polarisations: Annotated[int, Count(most=2)] = Field(description="Polarisations at once, 1 or 2, each with all channels")
    roll_off: Annotated[float, Quantity("1", least=0.0, most=1.0, example="0.1")] = Field(
        description="Roll-off of the pulses: symbol rate = bandwidth / (1 + roll-off)"
    )
    margin: Decibel = Field(description="What receivers need above ideal ones, with nonlinear amplifiers and interference")
    losses: Decibel = Field(description="Losses of pointing, polarisation and radome together")
    antennas: Annotated[int, Count(most=1000)] = Field(description="Antennas of one site, the most satellites that it serves at once")
    satellite_power: Power = Field(description="Electrical power of the satellite's end while it serves a site")


class Telescope(Section):
    """Laser link from a satellite to a telescope on the ground."""

    name: Name = Field(description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    transmit_power: Annotated[float, Quantity("W", above=0.0, example="0.5 W")] = Field(description="Optical power of one channel at the satellite")
    transmit_aperture: Diameter = Field(description="Diameter of a uniformly lit aperture of the same gain as the satellite's beam")
    wavelength: Annotated[float, Quantity("m", above=1e-7, most=1e-4, example="1550 nm")] = Field(description="Wavelength of the carrier")
    transmit_efficiency: Efficiency = Field(description="Share of the power that leaves the satellite")
    pointing_jitter: Annotated[float, Quantity("rad", least=0.0, most=1e-2, example="20 urad")] = Field(
        description="Standard deviation of the satellite's pointing error about each axis"
    )
    receive_aperture: Diameter = Field(description="Diameter of the telescope")
    receive_efficiency: Efficiency = Field(description="Share of the light on the telescope that reaches the detector, with coupling into fibre")
    zenith_transmittance: Efficiency = Field(description="Share of the light that passes clear air from the zenith")
    photons_per_bit: Annotated[float, Quantity("1", above=0.0, example="200")] = Field(
        description="Received photons that the detector needs for one bit, with the margin for fading by turbulence"
    )
    channels: Annotated[int, Count(most=1000)] = Field(description="Number of wavelength channels")
    channel_rate: Annotated[float, Quantity("bit/s", above=0.0, example="100 Gbit/s")] = Field(description="Largest data rate of one channel")
    telescopes: Annotated[int, Count(most=100)] = Field(description="Telescopes of one site, the most satellites that it serves at once")
    satellite_power: Power = Field(description="Electrical power of the satellite's end while it serves a site")
