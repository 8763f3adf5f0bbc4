"""Accelerators with their hosts, and what joins them inside one satellite or node."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from orbit.units import shortened
from sim.config.quantity import Count, Quantity
from sim.config.schema.base import Efficiency, FieldError, Fraction, Name, Power, Section, Temperature
from sim.workload.kernel_tables import chip_table, table_names

Rate = Annotated[float, Quantity("B/s", above=0.0, example="450 GB/s")]
Latency = Annotated[float, Quantity("s", least=0.0, example="1 us")]
Kilograms = Annotated[float, Quantity("kg", above=0.0, example="2 kg")]
Dollars = Annotated[float, Quantity("USD", least=0.0, example="25e3 USD")]
Dose = Annotated[float, Quantity("Gy", above=0.0, example="0.17 Gy")]
CrossSection = Annotated[float, Quantity("m2", least=0.0, most=1e-6, example="3e-10 cm2")]


class Leakage(Section):
    """Power that accelerators draw whether or not they switch; part of idle power, at the reference temperature."""

    share: Fraction = Field(
        description="Leakage power at the reference temperature, as a share of max_power; part of idle power"
    )
    reference: Temperature | None = Field(
        default=None, description="Junction temperature at which max_power and idle_power hold; without it, junction_limit"
    )
    doubling: Annotated[float, Quantity("K", least=10.0, example="40 K")] = Field(
        description="Rise of the junction temperature that doubles the leakage"
    )


class BeyondFabric(Section):
    """What joins the fabric domains inside one satellite or node: a network card of each accelerator."""

    rate: Rate = Field(description="Data rate of one accelerator to other domains, each way")
    latency: Latency = Field(description="Latency of one message between domains")


class Fabric(Section):
    """Fabric that joins accelerators: an NVLink domain, a torus."""

    domain: Annotated[int, Count()] = Field(description="Largest number of accelerators that one fabric joins")
    rate: Rate = Field(description="Data rate of one accelerator to others of its domain, each way")
    latency: Latency = Field(description="Latency of one message inside a domain")
    beyond: BeyondFabric | None = Field(
        default=None, description="What joins domains inside one satellite; without it, one domain has all accelerators"
    )


class Host(Section):
    """Processors, memory, network cards and boards that each accelerator needs beside itself."""

    power: Power = Field(description="Power for each accelerator, after conversion")
    mass: Kilograms = Field(description="Mass for each accelerator")
    price: Dollars | None = Field(description="Price for each accelerator; null where it is not known")


class Radiation(Section):
    """Errors of an accelerator and its host by radiation: by dose behind the shielding, by protons above 30 MeV, or both."""

    dose_per_silent_error: Dose | None = Field(
        default=None, description="Dose in silicon for each error that changes results unnoticed; without it, none by dose"
    )
    dose_per_memory_error: Dose | None = Field(
        default=None, description="Dose in silicon for each memory error that is noticed and not corrected; without it, none by dose"
    )
    corrected_per_memory_error: Annotated[float, Quantity("1", least=0.0, most=1e6, example="3")] = Field(
        default=0.0, description="Memory errors that its code corrects for each one that is noticed and not corrected; they are counted only"
    )
    dose_per_interrupt: Dose | None = Field(
        default=None, description="Dose in silicon for each functional interrupt of an accelerator; without it, none by dose"
    )
    dose_per_host_interrupt: Dose | None = Field(
        default=None, description="Dose in silicon for each functional interrupt of a host; without it, none by dose"
    )
    silent_error_area: CrossSection = Field(default=0.0, description="Cross-section of silent errors to protons above 30 MeV")
    memory_error_area: CrossSection = Field(default=0.0, description="Cross-section of uncorrected memory errors to protons above 30 MeV")
    interrupt_area: CrossSection = Field(default=0.0, description="Cross-section of functional interrupts to protons above 30 MeV")
    latchup_area: CrossSection = Field(default=0.0, description="Cross-section of latch-up to protons above 30 MeV")
    latchup_loss: Fraction = Field(
        default=0.0, description="Share of latch-ups that destroy the accelerator; after the others it is switched off and on"
    )
    accelerators_per_host: Annotated[int, Count()] = Field(default=4, description="Accelerators that an interrupt of their host stops")


class Accelerator(Section):
    """One chip with its memory, as mounted, and its host."""

    name: Name = Field(description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    peak: dict[str, Annotated[float, Quantity("FLOP/s", above=0.0, example="918 TFLOP/s")]] = Field(
        description="Dense peak rate by precision, such as bf16 and fp8"
    )
    max_power: Annotated[float, Quantity("W", above=0.0, example="700 W")] = Field(
        description="Power at full clock rate"
    )
    idle_power: Power = Field(description="Power while nothing is computed")
    voltage_floor: Annotated[float, Quantity("1", least=0.3, most=1.0, example="0.6")] = Field(
        description="Supply voltage at clock zero, as a share of that at full clock rate"
    )
    kernels: Name | None = Field(
        default=None, description="Name of a table of measured kernels; without it, the assumed efficiencies count"
    )
    kernel_efficiency: Efficiency = Field(
        description="Share of the dense peak that large matrix products reach; used without measured kernels, and for independent work"
    )
    memory_efficiency: Efficiency = Field(
        description="Rate that streaming kernels reach, as a share of the memory bandwidth; used without measured kernels"
    )
    hbm_power_share: Annotated[float, Quantity("1", least=0.0, most=0.9, example="0.2")] = Field(
        description="Share of the power that is drawn by the high-bandwidth memory"
    )
    junction_limit: Temperature = Field(
        description="Highest junction temperature; the clock rate falls before it is passed"
    )
    hbm_limit: Temperature = Field(
        description="Highest temperature of the memory; the clock rate falls before it is passed"
    )
    junction_to_plate: Annotated[float, Quantity("K/W", above=0.0, example="0.03 K/W")] = Field(
        description="Thermal resistance from junction to cold plate"
    )
    hbm_to_plate: Annotated[float, Quantity("K/W", above=0.0, example="0.1 K/W")] = Field(
        description="Thermal resistance from memory to cold plate"
    )
    junction_heat_capacity: Annotated[float, Quantity("J/K", above=0.0, example="60 J/K")] = Field(
        description="Heat capacity of the die"
    )
    hbm_heat_capacity: Annotated[float, Quantity("J/K", above=0.0, example="30 J/K")] = Field(
        description="Heat capacity of the memory"
    )
    memory: Annotated[float, Quantity("B", above=0.0, example="80 GB")] = Field(description="Memory capacity")
    memory_bandwidth: Annotated[float, Quantity("B/s", above=0.0, example="3.35 TB/s")] = Field(
        description="Memory bandwidth"
    )
    fabric: Fabric = Field(description="Fabric between accelerators of the same satellite")
    host: Host = Field(description="Host of each accelerator")
    mass: Kilograms = Field(description="Mass of the chip, or of its module, with heat spreader and without cold plate")
    price: Dollars | None = Field(description="Price of the chip, or of its module; null where it is not known")
    leakage: Leakage | None = Field(
        default=None, description="Power that depends on temperature; without it, power does not"
    )
    radiation: Radiation | None = Field(
        default=None, description="Errors by radiation; without it, radiation leaves the accelerator alone"
    )

    @model_validator(mode="after")
    def _idle_below_full(self) -> Accelerator:
        if self.idle_power >= self.max_power:
            raise ValueError(
                f"idle_power {self.idle_power:g} W is not below max_power {self.max_power:g} W; write a lower idle_power"
            )
        if self.leakage is not None and self.leakage.share * self.max_power > self.idle_power:
            most = self.idle_power / self.max_power
            raise FieldError(
                "leakage.share",
                f"{self.leakage.share:g} of max_power is above idle_power, which contains it; write {most:.3g} or less",
            )
        return self

    @model_validator(mode="after")
    def _as_measured(self) -> Accelerator:
        """The table exists, and peaks are not those with 2:4 sparsity, twice the dense ones."""
        if self.kernels is None:
            return self
        if self.kernels not in table_names():
            known = ", ".join(table_names())
            raise FieldError("kernels", f"no table of measured kernels is named '{shortened(self.kernels)}'; write one of: {known}; or null")
        for name, dense in chip_table(self.kernels).peak_flops.items():
            if name in self.peak and abs(self.peak[name] / dense - 2.0) < 0.1:
                raise FieldError(
                    f"peak.{name}", f"{self.peak[name]:.4g} FLOP/s is twice the dense peak of {self.kernels}, as with 2:4 sparsity; "
                    f"write {dense / 1e12:g} TFLOP/s, or kernels: null for another chip")  # fmt: skip
        return self
