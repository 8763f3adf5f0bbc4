"""Satellites: power, attitude, bus and structure, with their accelerators, cooling and propulsion."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, model_validator

from sim.config.quantity import Count, Quantity
from sim.config.schema.accelerator import Accelerator
from sim.config.schema.base import (
    Efficiency,
    FieldError,
    Fraction,
    Jurisdiction,
    Mass,
    Name,
    Power,
    Section,
    Span,
    Switch,
    Temperature,
)
from sim.config.schema.battery import Battery
from sim.config.schema.propulsion import Propulsion
from sim.config.schema.thermal import Thermal
from sim.economics import mass
from sim.spacecraft import battery_chemistry


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
