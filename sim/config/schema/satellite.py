"""Satellites and their accelerators."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import Efficiency, FieldError, Fraction, Name, Power, Section, Temperature


class Leakage(Section):
    """Power that accelerators draw whether or not they switch; part of idle power, at the reference temperature."""

    share: Fraction  # of max_power, at the reference temperature
    reference: Temperature  # of the junction, at which max_power and idle_power hold
    doubling: Annotated[float, Quantity("K", least=10.0, example="40 K")]  # warmer by this much, twice the leakage


class Accelerator(Section):
    """One chip with its memory, as mounted."""

    name: Name
    description: str = ""
    peak: dict[str, Annotated[float, Quantity("FLOP/s", above=0.0, example="918 TFLOP/s")]]  # dense, by precision
    max_power: Annotated[float, Quantity("W", above=0.0, example="700 W")]
    idle_power: Power
    voltage_floor: Annotated[
        float, Quantity("1", least=0.3, most=1.0, example="0.6")
    ]  # supply voltage at clock zero, share of full
    kernel_efficiency: Efficiency  # arithmetic rate reached within a step, share of dense peak
    hbm_power_share: Annotated[float, Quantity("1", least=0.0, most=0.9, example="0.2")]
    junction_limit: Temperature
    hbm_limit: Temperature
    junction_to_plate: Annotated[float, Quantity("K/W", above=0.0, example="0.03 K/W")]
    hbm_to_plate: Annotated[float, Quantity("K/W", above=0.0, example="0.1 K/W")]
    junction_heat_capacity: Annotated[float, Quantity("J/K", above=0.0, example="60 J/K")]
    hbm_heat_capacity: Annotated[float, Quantity("J/K", above=0.0, example="30 J/K")]
    memory: Annotated[float, Quantity("B", above=0.0, example="80 GB")]
    memory_bandwidth: Annotated[float, Quantity("B/s", above=0.0, example="3.35 TB/s")]
    interconnect: Annotated[
        float, Quantity("B/s", above=0.0, example="450 GB/s")
    ]  # to its neighbours on the same satellite, each way
    interconnect_latency: Annotated[float, Quantity("s", least=0.0, example="1 us")]  # of one message
    leakage: Leakage | None = None  # none: power does not depend on temperature

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


class Array(Section):
    """Solar array: area, cells and optical properties."""

    area: Annotated[float, Quantity("m2", above=0.0, example="120 m2")]
    packing: Efficiency  # cell area per panel area
    cell_efficiency: Efficiency  # at 28 degC, one sun, new
    temperature_coefficient: Annotated[float, Quantity("1/K", least=-0.02, most=0.0, example="-0.25 %/K")]
    absorptance: Efficiency
    emissivity_front: Efficiency
    emissivity_back: Efficiency
    retention: Efficiency  # share of the new efficiency left after ageing
    conditioning_efficiency: Efficiency  # cells to bus
    areal_mass: Annotated[float, Quantity("kg/m2", above=0.0, example="3 kg/m2")]


class Battery(Section):
    """Battery: capacity, depth of discharge, efficiencies and power limits."""

    capacity: Annotated[float, Quantity("J", above=0.0, example="20 kWh")]
    charge_efficiency: Efficiency
    discharge_efficiency: Efficiency
    max_depth: Fraction  # of discharge
    max_charge_power: Power
    max_discharge_power: Power
    bus_reserve: Annotated[float, Quantity("s", least=0.0, example="40 min")]  # time the bus alone can be held
    initial_charge: Fraction = 1.0
    specific_energy: Annotated[float, Quantity("J/kg", above=0.0, example="150 Wh/kg")]  # of the pack

    @model_validator(mode="after")
    def _starts_within_limits(self) -> Battery:
        if self.initial_charge < 1.0 - self.max_depth - 1e-12:
            raise ValueError(
                f"initial_charge {self.initial_charge:g} is below 1 - max_depth = {1.0 - self.max_depth:g}; "
                "write a higher initial_charge or a larger max_depth"
            )
        return self


class PowerSystem(Section):
    """Electrical power: array, battery, conversion and hosts."""

    array: Array
    battery: Battery
    conversion_efficiency: Efficiency  # bus to chip
    host_power: Power  # processors, network cards and memory beside each accelerator, at the chip side


class Plate(Section):
    """Cold plate of one accelerator."""

    to_coolant: Annotated[float, Quantity("K/W", above=0.0, example="0.01 K/W")]  # of one accelerator
    heat_capacity: Annotated[float, Quantity("J/K", above=0.0, example="400 J/K")]  # of one accelerator


class Loop(Section):
    """Coolant loop from the cold plates to the radiator."""

    heat_capacity: Annotated[float, Quantity("J/K", above=0.0, example="200 kJ/K")]
    conductance: Annotated[float, Quantity("W/K", above=0.0, example="5 kW/K")]  # coolant mean to radiator mean
    pump_fraction: Annotated[
        float, Quantity("1", least=0.0, most=0.2, example="0.02")
    ]  # of the power of the accelerators and hosts


class Radiator(Section):
    """Radiator: a plate that emits from both faces."""

    area: Annotated[float, Quantity("m2", above=0.0, example="30 m2")]  # planform; both faces radiate
    emissivity: Efficiency
    absorptance: Fraction  # of sunlight
    fin_efficiency: Efficiency
    heat_capacity: Annotated[float, Quantity("J/(m2 K)", above=0.0, example="4.5 kJ/(m2 K)")]  # per planform area
    areal_mass: Annotated[float, Quantity("kg/m2", above=0.0, example="6.5 kg/m2")]  # with its share of the loop


class Heater(Section):
    """Survival heater of the coolant loop, on the essential bus: it works in satellites that are lost to computing."""

    power: Annotated[float, Quantity("W", above=0.0, example="3 kW")]  # rated
    setpoint: Annotated[float, Quantity("K", above=100.0, below=400.0, example="-65 degC")]  # of the coolant
    freezing_point: Annotated[float, Quantity("K", above=50.0, below=400.0, example="-77.7 degC")]  # of the coolant

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

    plate: Plate
    loop: Loop
    radiator: Radiator
    heater: Heater | None = None  # none: the coolant of a lost satellite may freeze


class Attitude(Section):
    """One law per satellite: it turns the array's and the radiator's normals together."""

    law: Literal["sun-pointing", "orbit-normal", "nadir"]
    pointing_error: Annotated[float, Quantity("rad", least=0.0, most=0.5235987755982988, example="2 deg")]


class Bus(Section):
    """Spacecraft bus: power that is served before the accelerators."""

    power: Power  # avionics, links, heaters: served before the accelerators


class Satellite(Section):
    """A satellite with its accelerators; every number of the shipped ones is a record with its source."""

    name: Name
    description: str = ""
    accelerator: Accelerator
    accelerators: Annotated[int, Count(most=1_000_000)]
    attitude: Attitude
    bus: Bus
    power: PowerSystem
    thermal: Thermal
    mass: Annotated[float, Quantity("kg", above=0.0, example="800 kg")]

    @model_validator(mode="after")
    def _battery_holds_the_bus(self) -> Satellite:
        battery = self.power.battery
        need_j = self.bus.power * battery.bus_reserve / battery.discharge_efficiency
        if need_j > battery.capacity * battery.max_depth:
            raise ValueError(
                f"power.battery.bus_reserve needs {need_j / 3.6e6:.3g} kWh of the {battery.capacity * battery.max_depth / 3.6e6:.3g} kWh "
                "that max_depth allows; write a larger capacity or a shorter bus_reserve"
            )
        return self
