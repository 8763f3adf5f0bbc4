"""Batteries and their cells."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.config.quantity import Quantity
from sim.config.schema.base import Efficiency, FieldError, Fraction, Name, Power, Section, Temperature

Volts = Annotated[float, Quantity("V", above=0.0, below=6.0, example="3.6 V")]
CRate = Annotated[float, Quantity("1/s", above=0.0, example="1 1/h")]


class Cell(Section):
    """A lithium-ion cell: voltage, resistance, limits by rate and temperature, and the model of its ageing."""

    name: Name = Field(description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    capacity: Annotated[float, Quantity("A s", above=0.0, example="3 Ah")] = Field(description="Capacity of one cell")
    voltage_empty: Volts = Field(description="Open-circuit voltage at no charge, of a straight line over the charge")
    voltage_full: Volts = Field(description="Open-circuit voltage at full charge, of the same line")
    min_voltage: Volts = Field(description="Voltage at the terminals at which a discharge is cut off")
    resistance: Annotated[float, Quantity("ohm", least=0.0, example="50 mohm")] = Field(
        description="Internal resistance of one cell at 25 degC, charge and diffusion included"
    )
    activation: Annotated[float, Quantity("K", least=0.0, most=10000.0, example="2000 K")] = Field(
        description="Activation energy of the resistance over the gas constant"
    )
    coulombic_efficiency: Efficiency = Field(description="Charge that a discharge gives over that which was put in")
    max_charge_rate: CRate = Field(description="Largest charging power over the capacity: 1 1/h fills it in an hour")
    max_discharge_rate: CRate = Field(description="Largest discharging power over the capacity")
    min_charge_temperature: Temperature = Field(description="Temperature below which the cell is not charged")
    full_charge_temperature: Temperature = Field(
        description="Temperature from which it is charged at full rate; in between the rate rises in proportion"
    )
    max_charge_temperature: Temperature = Field(description="Temperature above which the cell is not charged")
    min_discharge_temperature: Temperature = Field(description="Temperature below which the cell gives no power")
    max_discharge_temperature: Temperature = Field(description="Temperature above which the cell gives no power")
    ageing: Literal["nca-panasonic-18650", "lfp-prismatic-250ah", "nmc-kokam-75ah"] = Field(
        description="Life model, by the cell that was measured"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Cell:
        for low, high in (
            ("voltage_empty", "voltage_full"), ("min_voltage", "voltage_full"), ("min_charge_temperature", "full_charge_temperature"),
            ("full_charge_temperature", "max_charge_temperature"), ("min_discharge_temperature", "max_discharge_temperature"),
        ):  # fmt: skip
            if getattr(self, low) >= getattr(self, high):
                unit = "V" if "voltage" in low else "K"
                raise FieldError(
                    high, f"{getattr(self, high):g} {unit} is not above {low} {getattr(self, low):g} {unit}; write a higher {high}"
                )
        return self


class BatteryHeater(Section):
    """Heater of the battery, on the essential bus."""

    power: Annotated[float, Quantity("W", above=0.0, example="500 W")] = Field(description="Rated power")
    setpoint: Temperature = Field(description="Temperature that the heater holds; it draws its rated power 2 K below")


class Battery(Section):
    """Battery: capacity, cells, depth of discharge and power limits."""

    capacity: Annotated[float, Quantity("J", above=0.0, example="20 kWh")] = Field(
        description="Energy of the full battery, new, at the open-circuit voltage"
    )
    chemistry: Cell = Field(description="Cells of the battery: a cell by name, such as nca, lfp or nmc")
    max_depth: Fraction = Field(description="Largest depth of discharge")
    max_charge_power: Power = Field(description="Largest charging power, at the bus; the rate of the cells limits it as well")
    max_discharge_power: Power = Field(description="Largest discharging power, at the bus; the rate of the cells limits it as well")
    bus_reserve: Annotated[float, Quantity("s", least=0.0, example="40 min")] = Field(
        description="Time for which the battery must be able to supply the bus alone; accelerators cannot use this part"
    )
    initial_charge: Fraction | None = Field(
        default=None, description="State of charge at the epoch, as a share of the capacity; counts with initial: full; without it, full"
    )
    end_of_life: Annotated[float, Quantity("1", least=0.5, below=1.0, example="0.8")] = Field(
        description="Capacity at the end of the battery's life, as a share of that of a new one"
    )
    cycles_per_year: Annotated[float, Quantity("1", least=0.0, example="1400")] = Field(
        description="Discharges to max_depth in a year, which together with satellite.age give the capacity at the epoch"
    )
    specific_energy: Annotated[float, Quantity("J/kg", above=0.0, example="150 Wh/kg")] = Field(
        description="Capacity per mass of the pack"
    )
    heater: BatteryHeater | None = Field(default=None, description="Heater; without it, cells that get too cold cannot be charged")
    specific_heat: Annotated[float, Quantity("J/(kg K)", above=0.0, example="1000 J/(kg K)")] = Field(
        description="Heat capacity per mass of the pack"
    )
    to_structure: Annotated[float, Quantity("W/K", above=0.0, example="20 W/K")] = Field(
        description="Thermal conductance from the pack to the bus structure"
    )

    @model_validator(mode="after")
    def _starts_within_limits(self) -> Battery:
        if self.initial_charge is not None and self.initial_charge < 1.0 - self.max_depth - 1e-12:
            raise ValueError(
                f"initial_charge {self.initial_charge:g} is below 1 - max_depth = {1.0 - self.max_depth:g}; "
                "write a higher initial_charge or a larger max_depth"
            )
        return self
