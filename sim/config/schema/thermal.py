"""What carries heat away from the accelerators, and the surfaces that emit it."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, model_validator

from sim.config.quantity import Quantity
from sim.config.schema.base import Efficiency, FieldError, Fraction, Mass, Section, Temperature


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
