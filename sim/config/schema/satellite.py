"""Satellites and their accelerators."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, model_validator

from orbit.units import shortened
from sim.config.quantity import Count, Quantity
from sim.config.schema.base import (
    HIGH_M,
    Altitude,
    Efficiency,
    FieldError,
    Fraction,
    Jurisdiction,
    Name,
    Power,
    Section,
    Span,
    Switch,
    Temperature,
)
from sim.config.schema.battery import Battery
from sim.economics import mass
from sim.spacecraft import battery_chemistry
from sim.workload.kernel_tables import chip_table, table_names


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


Rate = Annotated[float, Quantity("B/s", above=0.0, example="450 GB/s")]
Latency = Annotated[float, Quantity("s", least=0.0, example="1 us")]
Kilograms = Annotated[float, Quantity("kg", above=0.0, example="2 kg")]
Mass = Annotated[float, Quantity("kg", least=0.0, example="1 kg")]
Dollars = Annotated[float, Quantity("USD", least=0.0, example="25e3 USD")]


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


Dose = Annotated[float, Quantity("Gy", above=0.0, example="0.17 Gy")]
CrossSection = Annotated[float, Quantity("m2", least=0.0, most=1e-6, example="3e-10 cm2")]


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


class Array(Section):
    """Solar array: area, cells and optical properties."""

    area: Annotated[float, Quantity("m2", above=0.0, example="120 m2")] = Field(description="Panel area")
    packing: Efficiency = Field(description="Cell area per panel area")
    cell_efficiency: Efficiency = Field(description="Efficiency of a new cell at 28 degC and one sun")
    temperature_coefficient: Annotated[float, Quantity("1/K", least=-0.02, most=0.0, example="-0.25 %/K")] = Field(
        description="Relative change of the cell efficiency with temperature"
    )
    absorptance: Efficiency = Field(description="Solar absorptance of the front face")
    emissivity_front: Efficiency = Field(description="Infrared emissivity of the front face")
    emissivity_back: Efficiency = Field(description="Infrared emissivity of the back face")
    retention: Efficiency | None = Field(
        default=None,
        description="Share of the new efficiency that is left; without it, that of the satellite's age, from the particles on its orbit and "
        "ultraviolet light",
    )
    cells: Literal["triple-junction", "silicon"] = Field(
        default="triple-junction", description="Cells, by which particles do damage; counts without retention"
    )
    ultraviolet_loss: Annotated[float, Quantity("1/s", least=0.0, example="0.005 1/yr")] = Field(
        default=0.0, description="Loss of efficiency a year to ultraviolet light and contamination; counts without retention"
    )
    conditioning_efficiency: Efficiency = Field(
        description="Efficiency from the cells to the bus: peak power tracking and harness, whose losses heat the coolant"
    )
    areal_mass: Annotated[float, Quantity("kg/m2", above=0.0, example="3 kg/m2")] = Field(
        description="Areal density of the array"
    )
    heat_capacity: Annotated[float, Quantity("J/(m2 K)", above=0.0, example="2.8 kJ/(m2 K)")] = Field(
        description="Heat capacity per panel area; a panel that leaves the shadow cold gives more power until it is warm"
    )

    @property
    def retained(self) -> float:
        """Share of the new efficiency that is left; a loaded scenario has it."""
        assert self.retention is not None
        return self.retention


class PowerSystem(Section):
    """Electrical power: array, battery and conversion."""

    array: Array = Field(description="Solar array")
    battery: Battery = Field(description="Battery")
    conversion_efficiency: Efficiency = Field(description="Efficiency from the bus to the accelerators and hosts")

class Plate(Section):
    """Cold plate of one accelerator."""

    to_coolant: Annotated[float, Quantity("K/W", above=0.0, example="0.01 K/W")] = Field(
        description="Thermal resistance from the cold plate of one accelerator to the coolant"
    )
    heat_capacity: Annotated[float, Quantity("J/K", above=0.0, example="400 J/K")] = Field(
        description="Heat capacity of the cold plate of one accelerator"
    )
    mass: Mass = Field(description="Mass of the cold plate of one accelerator")


class Loop(Section):
    """Coolant loop from the cold plates to the radiator."""

    heat_capacity: Annotated[float, Quantity("J/K", above=0.0, example="200 kJ/K")] = Field(
        description="Heat capacity of coolant and piping"
    )
    conductance: Annotated[float, Quantity("W/K", above=0.0, example="5 kW/K")] = Field(
        description="Thermal conductance from the coolant to the radiator panels, without the change of its temperature along the flow"
    )
    flow: Annotated[float, Quantity("W/K", above=0.0, example="5 kW/K")] | None = Field(
        default=None,
        description="Heat capacity rate of the coolant: mass flow times specific heat; without it, coolant of one temperature, as in heat pipes",
    )
    pump_fraction: Annotated[float, Quantity("1", least=0.0, most=0.2, example="0.02")] = Field(
        description="Pump power as a share of the power of accelerators and hosts"
    )
    specific_mass: Annotated[float, Quantity("kg/W", least=0.0, example="2 kg/kW")] = Field(
        description="Mass of coolant, piping and pumps over the heat of accelerators and hosts at full power"
    )


class OnArray(Section):
    """A radiator that stands on the middle line of the array's back: the view factor between them follows."""

    radiator_width: Annotated[float, Quantity("m", above=0.0, example="10 m")] = Field(
        description="Side of the radiator along the middle line; the other one follows from its area"
    )
    array_width: Annotated[float, Quantity("m", above=0.0, example="12 m")] = Field(
        description="Side of the array along the middle line; the other one follows from its area"
    )
    gap: Annotated[float, Quantity("m", least=0.0, example="0.5 m")] = Field(
        description="Distance from the array to the near edge of the radiator"
    )
    angle: Annotated[float, Quantity("rad", above=0.0, below=math.pi, example="90 deg")] = Field(
        default=0.5 * math.pi, description="Angle between array and radiator"
    )


class Radiator(Section):
    """Radiator: a plate that emits from both faces."""

    area: Annotated[float, Quantity("m2", above=0.0, example="30 m2")] = Field(
        description="Planform area; both faces radiate"
    )
    emissivity: Efficiency = Field(description="Infrared emissivity of both faces")
    absorptance: Fraction = Field(description="Solar absorptance of both faces")
    absorptance_end: Fraction | None = Field(
        default=None,
        description="Solar absorptance at the end of the design life; before, in proportion to the age; without it, absorptance at any age",
    )
    fin_efficiency: Efficiency = Field(
        description="Emission relative to a plate that has the root temperature everywhere"
    )
    heat_capacity: Annotated[float, Quantity("J/(m2 K)", above=0.0, example="4.5 kJ/(m2 K)")] = Field(
        description="Heat capacity per planform area"
    )
    areal_mass: Annotated[float, Quantity("kg/m2", above=0.0, example="6.5 kg/m2")] = Field(
        description="Areal density of the panel; the coolant loop has a mass of its own"
    )
    view_to_array: Fraction = Field(
        default=0.0, description="View factor of each face to the back of the satellite's own array, whose infrared it absorbs"
    )
    on_array: OnArray | None = Field(
        default=None, description="Mounting from which view_to_array follows; null: view_to_array as given"
    )

    @model_validator(mode="after")
    def _one_view_of_the_array(self) -> Radiator:
        if self.on_array is not None and self.view_to_array > 0.0:
            raise FieldError("view_to_array", "on_array gives it; write one of the two")
        return self


class StructureSurface(Section):
    """Bus structure with its avionics: it emits their heat from the walls of the body."""

    area: Annotated[float, Quantity("m2", above=0.0, example="6 m2")] = Field(description="Outer surface that radiates, all sides together")
    emissivity: Efficiency = Field(description="Infrared emissivity of that surface")
    absorptance: Fraction = Field(description="Solar absorptance of that surface")
    heat_capacity: Annotated[float, Quantity("J/K", above=0.0, example="250 kJ/K")] = Field(
        description="Heat capacity of structure and avionics"
    )
    to_coolant: Annotated[float, Quantity("W/K", least=0.0, example="4 W/K")] = Field(
        description="Thermal conductance from the coolant loop to the structure, through mounts"
    )
    design_temperature: Temperature = Field(description="Temperature for which the surface is sized; its T^4 is linearised there")


class Heater(Section):
    """Survival heater of the coolant loop, on the essential bus: it works in satellites that are lost to computing."""

    power: Annotated[float, Quantity("W", above=0.0, example="3 kW")] = Field(description="Rated power")
    setpoint: Annotated[float, Quantity("K", above=100.0, below=400.0, example="-65 degC")] = Field(
        description="Coolant temperature that the heater holds"
    )
    freezing_point: Annotated[float, Quantity("K", above=50.0, below=400.0, example="-77.7 degC")] = Field(
        description="Freezing point of the coolant; the accelerators stop while the coolant is frozen"
    )

    @model_validator(mode="after")
    def _above_freezing(self) -> Heater:
        if self.setpoint <= self.freezing_point:
            raise FieldError(
                "setpoint",
                f"{self.setpoint:g} K is not above the freezing point {self.freezing_point:g} K; write a higher setpoint",
            )
        return self


class Thermal(Section):
    """Thermal control: cold plates, coolant loop, radiator and survival heater."""

    plate: Plate = Field(description="Cold plate of one accelerator")
    loop: Loop = Field(description="Coolant loop")
    radiator: Radiator = Field(description="Radiator")
    structure: StructureSurface = Field(description="Bus structure and its surface")
    heater: Heater | None = Field(
        default=None, description="Survival heater of the coolant loop; without it, coolant that gets cold may freeze"
    )


Face = Literal["front", "back", "left", "right", "top", "bottom"]


class Attitude(Section):
    """One law per satellite: it turns the normals of array and radiator together."""

    law: Literal["sun-pointing", "orbit-normal", "nadir", "slewing", "radiator-edge-on"] = Field(
        description="Where the array faces: the Sun, the orbit normal on the sunlit side, or the zenith; the "
        "radiator turns with it. slewing: the body holds an axis to `point`, the array follows the Sun about `array_drive`. "
        "radiator-edge-on: the radiator is horizontal and edge-on to the Sun, the array faces the Sun",
    )
    pointing_error: Annotated[float, Quantity("rad", least=0.0, most=0.5235987755982988, example="2 deg")] = Field(
        description="Angle between the wanted and the actual normal"
    )
    radiator_cant: Annotated[float, Quantity("rad", least=-math.pi / 2.0, most=math.pi / 2.0, example="15 deg")] = Field(
        default=0.0,
        description="Angle by which the radiator's normal is turned from the direction of the law, square to the array's front, "
        "towards that front (under slewing: towards the pointed axis)",
    )
    point: Literal["zenith", "nadir", "ahead", "behind", "orbit-normal", "against-normal"] | None = Field(
        default=None, description="Direction that an axis of the body holds under slewing: to the ground, or along the links"
    )
    array_drive: Literal["radial", "along-track", "orbit-normal"] | None = Field(
        default=None, description="Axis about which the array turns under slewing, square to `point`; the radiator's normal lies along it"
    )

    terminals: list[Face] = Field(
        default_factory=list, description="Faces of the body on which optical terminals are mounted; empty: where they see all. front: the "
        "array's front (slewing: the pointed axis), left: the radiator's normal without cant (slewing: the drive), top: front x left",
    )

    @model_validator(mode="after")
    def _has_the_axes_of_its_law(self) -> Attitude:
        for name, axis, example in (("point", self.point, "nadir"), ("array_drive", self.array_drive, "orbit-normal")):
            if self.law == "slewing" and axis is None:
                raise FieldError(name, f"law: slewing needs it; write {name}: {example}")
            if self.law != "slewing" and axis is not None:
                raise FieldError(name, f"law: {self.law} has no such axis; write law: slewing, or leave it out")
        if self.point is not None and _AXIS_OF[self.point] == self.array_drive:
            others = " or ".join(axis for axis in ("radial", "along-track", "orbit-normal") if axis != self.array_drive)
            raise FieldError(
                "array_drive",
                f"{self.array_drive} is the axis that point: {self.point} holds, and the array turns about one square to it; "
                f"write {others}",
            )
        if self.law == "radiator-edge-on" and self.radiator_cant != 0.0:
            cant_deg = math.degrees(self.radiator_cant)
            raise FieldError(
                "radiator_cant",
                f"{cant_deg:g} deg towards the array, which faces the Sun, cannot be edge-on to it; "
                "write 0 deg or law: sun-pointing",
            )
        return self


_AXIS_OF = {
    "zenith": "radial", "nadir": "radial", "ahead": "along-track", "behind": "along-track",
    "orbit-normal": "orbit-normal", "against-normal": "orbit-normal",
}  # fmt: skip


class Bus(Section):
    """Spacecraft bus: power that is served before the accelerators."""

    power: Power = Field(description="Power of avionics, attitude control and propulsion, served before the accelerators")
    terminals: Power | None = Field(
        default=None,
        description="Power of all optical terminals, served with the bus; without it, that of links.terminals of links.terminal, "
        "whose channels are on while the terminal has a link",
    )
    mass: Mass = Field(description="Mass of avionics, attitude control and harness, whatever the size of the rest")
    _channels_power: float = PrivateAttr(default=0.0)

    @property
    def channels_power(self) -> float:
        """Part of the power of terminals that their channels take, which follow the links [W]; 0 where `terminals` was stated."""
        return self._channels_power

    def with_terminals(self, power: float, channels_power: float) -> Bus:
        """The bus with the power of terminals that it does not state.

        Parameters
        ----------
        power : float
            Power of all terminals with all channels on [W].
        channels_power : float
            Part of it that the channels take [W].

        Returns
        -------
        Bus
            A copy; the bus itself where it states the power.
        """
        if self.terminals is not None:
            return self
        found = self.model_copy(update={"terminals": power})
        found._channels_power = channels_power
        return found

    @property
    def served_power(self) -> float:
        """Power of avionics and terminals together, with all channels on [W]."""
        return self.power + (self.terminals or 0.0)


class Structure(Section):
    """Structure, mechanisms and margin, in proportion to what they carry."""

    fraction: Annotated[float, Quantity("1", least=0.0, most=5.0, example="0.15")] = Field(
        description="Mass of structure, mechanisms and design margin, over that of all parts but propulsion"
    )
    density: Annotated[float, Quantity("kg/m3", above=0.0, example="250 kg/m3")] = Field(
        description="Mass over volume of the body, all parts but array, radiator and propulsion, for its cross-section"
    )


class Shielding(Section):
    """Shielding of the payload against radiation."""

    area: Annotated[float, Quantity("m2", least=0.0, example="0.1 m2")] = Field(
        description="Area to cover for each accelerator with its host"
    )
    areal_mass: Annotated[float, Quantity("kg/m2", least=0.0, example="8 kg/m2")] = Field(
        description="Areal density of the shielding"
    )


class Avoidance(Section):
    """Manoeuvres that keep out of the way of debris and other satellites."""

    rate: Annotated[float, Quantity("1/s", least=0.0, example="32 1/yr")] = Field(description="Manoeuvres of a satellite per time")
    delta_v: Annotated[float, Quantity("m/s", least=0.0, example="0.05 m/s")] = Field(
        description="Delta-v of a manoeuvre and of the return from it"
    )


class Disposal(Section):
    """How a satellite leaves its orbit at the end of its life."""

    method: Literal["spiral", "perigee", "decay"] = Field(
        description="Way out of the orbit: spiral, low thrust lowers the circular orbit to the altitude; perigee, one burn lowers the "
        "perigee to it; decay, drag alone"
    )
    altitude: Annotated[float, Quantity("m", least=0.0, most=HIGH_M, example="300 km")] = Field(
        description="Altitude to which the orbit or its perigee is lowered; decay does not use it"
    )


class Propulsion(Section):
    """Electric or chemical propulsion: what it has to do over the life, from which the propellant follows."""

    station_keeping: Annotated[float, Quantity("m/s2", least=0.0, example="20 m/s/yr")] | None = Field(
        default=None,
        description="Delta-v per time against drag, to hold the formation and to avoid collisions; without it, computed from "
        "the orbits, the solar activity and the areas of the satellite",
    )
    deorbit: Annotated[float, Quantity("m/s", least=0.0, example="150 m/s")] | None = Field(
        default=None,
        description="Delta-v of orbit raising and of the deorbit at the end of life; without it, computed from injection_altitude and "
        "disposal",
    )
    specific_impulse: Annotated[float, Quantity("s", least=50.0, most=20_000.0, example="1500 s")] = Field(
        description="Specific impulse"
    )
    thrust: Annotated[float, Quantity("N", above=0.0, example="170 mN")] = Field(description="Thrust of all thrusters together")
    efficiency: Efficiency | None = Field(
        default=None, description="Power of the jet over the electrical power; null for thrusters that need none"
    )
    tank_fraction: Annotated[float, Quantity("1", least=0.0, most=5.0, example="0.3")] = Field(
        description="Mass of thrusters and tanks over that of the propellant"
    )
    propellant: Annotated[float, Quantity("kg", above=0.0, example="50 kg")] | None = Field(
        default=None, description="Propellant at launch; without it, what the life needs"
    )
    injection_altitude: Altitude | None = Field(
        default=None, description="Altitude of the circular orbit to which the launcher lifts; without it, that of the satellite"
    )
    altitude: Literal["kept", "decaying"] = Field(
        default="kept", description="Whether drag is made up for, or the orbit decays during the run"
    )
    dead_band: Annotated[float, Quantity("m", above=0.0, most=100e3, example="500 m")] | None = Field(
        default=None, description="Loss of altitude after which a burn raises the orbit again; without it, drag is made up for at all times"
    )
    compute: Literal["pauses", "runs"] = Field(
        default="pauses", description="Whether the accelerators pause while a burn lasts"
    )
    avoidance: Avoidance = Field(description="Collision avoidance")
    disposal: Disposal = Field(description="Disposal at the end of life")

    @model_validator(mode="after")
    def _dead_band_is_kept(self) -> Propulsion:
        if self.dead_band is not None and self.altitude == "decaying":
            raise FieldError("dead_band", "has no effect on a decaying orbit; remove it, or write altitude: kept")
        return self


class Policy(Section):
    """How hard the accelerators of a satellite work, within what power and heat allow."""

    mode: Literal["ride_through", "throttle", "pause", "even", "burst"] = Field(
        description="When accelerators work: ride_through until the battery is down to the reserve of the bus; throttle with the power "
        "of the array, while the battery carries bus and idle power; pause where the array does not carry the clock rate; even at the "
        "constant rate that the battery can hold over a revolution; burst on and off in turn"
    )
    rate: Annotated[float, Quantity("1", least=0.05, most=1.0, example="0.8")] = Field(
        default=1.0, description="Highest clock rate, as a share of the full one"
    )
    restart: Span = Field(
        description="Time from switching accelerators on until they compute: what is switched off loses the content of its memory"
    )
    on: Annotated[float, Quantity("s", above=0.0, example="20 min")] | None = Field(
        default=None, description="Duration of a burst, restart included; for bursts"
    )
    off: Span | None = Field(default=None, description="Least time between two bursts, with accelerators switched off; for bursts")
    start_charge: Fraction = Field(default=0.0, description="State of charge that a burst waits for")
    start_temperature: Temperature | None = Field(
        default=None, description="Junction temperature below which a burst starts; without it, at any temperature"
    )
    start_in_sunlight: Switch = Field(default=False, description="Whether a burst waits until the array carries the bus")

    @model_validator(mode="after")
    def _burst_has_its_times(self) -> Policy:
        for field, example in (("on", "20 min"), ("off", "80 min")):
            if self.mode == "burst" and getattr(self, field) is None:
                raise FieldError(field, f"a burst needs it; write a duration such as '{example}'")
        if self.mode == "burst" and self.on is not None and self.on <= self.restart:
            raise FieldError("on", f"{self.on:g} s is not longer than restart, {self.restart:g} s: nothing is computed; write a longer one")
        return self


class Satellite(Section):
    """A satellite with its accelerators; every number of the shipped ones is a record with its source."""

    name: Name = Field(description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    operator: Name | None = Field(default=None, description="Who operates the satellite")
    jurisdiction: Jurisdiction | None = Field(
        default=None, description="State that has registered it, as country code of ISO 3166"
    )
    accelerator: Accelerator = Field(description="Accelerator that the satellite carries")
    accelerators: Annotated[int, Count(most=1_000_000)] = Field(description="Number of accelerators")
    attitude: Attitude = Field(description="Attitude law of array and radiator")
    bus: Bus = Field(description="Spacecraft bus")
    power: PowerSystem = Field(description="Electrical power system")
    thermal: Thermal = Field(description="Thermal control system")
    policy: Policy = Field(description="How hard the accelerators work")
    structure: Structure = Field(description="Structure, mechanisms and margin")
    shielding: Shielding = Field(description="Shielding of the payload")
    propulsion: Propulsion = Field(description="Propulsion and its duties")
    age: Annotated[float, Quantity("s", least=0.0, example="3 yr")] = Field(
        default=0.0, description="Age at the epoch, by which battery, array and radiator coating have aged"
    )
    life: Annotated[float, Quantity("s", above=0.0, example="5 yr")] = Field(
        description="Design life, for the propellant and for the cost per year"
    )
    mass: Annotated[float, Quantity("kg", above=0.0, example="800 kg")] | None = Field(
        default=None, description="Mass of the whole satellite at launch; without it, the sum of its parts"
    )
    stowed_volume: Annotated[float, Quantity("m3", above=0.0, example="5 m3")] | None = Field(
        default=None, description="Volume in the fairing; without it, mass and number alone limit a launch"
    )

    @model_validator(mode="after")
    def _propellant_moves_its_tanks(self) -> Satellite:
        given = self.propulsion  # what orbits add is checked with the constellation
        duty = mass.Propulsion(
            given.station_keeping or 0.0, given.deorbit or 0.0, given.specific_impulse, given.tank_fraction, self.life, given.propellant
        )
        if math.isinf(mass.propellant_kg(1.0, duty)):
            raise FieldError(
                "propulsion.tank_fraction",
                f"{given.tank_fraction:g} of the propellant are more than it can move: {mass.delta_v_m_s(duty):,.4g} m/s over the life at "
                f"{given.specific_impulse:g} s; write a smaller one, a higher specific_impulse or less delta-v",
            )
        return self

    @model_validator(mode="after")
    def _battery_holds_the_bus(self) -> Satellite:
        battery = self.power.battery
        need_j = battery_chemistry.stored_for_j(battery.chemistry, battery.capacity, self.bus.power, battery.bus_reserve)
        if need_j > 0.0 and battery.max_depth == 0.0:
            raise FieldError("power.battery.max_depth", "0 leaves nothing for the reserve of the bus; write 0.3, or bus_reserve: 0 s")
        if need_j > battery.capacity * battery.max_depth:
            raise ValueError(
                f"power.battery.bus_reserve needs {need_j / 3.6e6:.3g} kWh of the {battery.capacity * battery.max_depth / 3.6e6:.3g} kWh "
                f"that max_depth allows; write power.battery.capacity: {math.ceil(need_j / battery.max_depth / 36e3) / 100:g} kWh or more, or a "
                "shorter bus_reserve"
            )
        return self
