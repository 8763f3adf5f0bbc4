"""Links between satellites."""

from __future__ import annotations

from typing import Annotated, Literal

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import Efficiency, Name, Section, Span


class Terminal(Section):
    """One optical terminal, the same at both ends of a link."""

    name: Name
    description: str = ""
    transmit_power: Annotated[float, Quantity("W", above=0.0, example="1 W")]  # of one channel
    aperture: Annotated[float, Quantity("m", least=1e-3, most=5.0, example="8 cm")]
    wavelength: Annotated[float, Quantity("m", above=1e-7, most=1e-4, example="1550 nm")]
    transmit_efficiency: Efficiency
    receive_efficiency: Efficiency
    pointing_jitter: Annotated[float, Quantity("rad", least=0.0, most=1e-3, example="2 urad")]
    photons_per_bit: Annotated[float, Quantity("1", above=0.0, example="100")]
    channels: Annotated[int, Count(most=1000)]
    channel_rate: Annotated[float, Quantity("bit/s", above=0.0, example="100 Gbit/s")]


class Links(Section):
    """Which satellites are joined, and by what."""

    topology: Literal["grid", "nearest", "mesh"]
    terminal: Terminal
    terminals: Annotated[int, Count(most=64)]  # on each satellite
    grazing_altitude: Annotated[float, Quantity("m", least=0.0, most=1e6, example="80 km")]
    max_range: Annotated[float, Quantity("m", least=1.0, example="5000 km")]
    hop_latency: Span  # of switching and coding, each hop
