"""Launch vehicles, prices and emissions of a fleet in orbit."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import FieldError, Fraction, Name, Section

Price = Annotated[float, Quantity("USD", least=0.0, example="97e6 USD")]
PricePerMass = Annotated[float, Quantity("USD/kg", least=0.0, example="2000 USD/kg")]
Rate = Annotated[float, Quantity("1", least=0.0, most=1.0, example="8 %")]
Markup = Annotated[float, Quantity("1", least=0.0, most=10.0, example="0.1")]
Life = Annotated[float, Quantity("s", above=0.0, example="5 yr")]
Volume = Annotated[float, Quantity("m3", above=0.0, example="145 m3")]
EmissionPerMass = Annotated[float, Quantity("1", least=0.0, example="10")]
Emission = Annotated[float, Quantity("kg", least=0.0, example="300 kg")]


class Band(Section):
    """A quantity of which only a range is known."""

    low: Fraction = Field(description="Low end of the range")
    high: Fraction = Field(description="High end of the range")

    @model_validator(mode="after")
    def _in_order(self) -> Band:
        if self.low > self.high:
            raise FieldError("low", f"{self.low:g} is above high {self.high:g}; write the smaller number as low")
        return self


class LaunchOrbit(Section):
    """Circular orbit for which the capacity of a launch vehicle holds."""

    altitude: Annotated[float, Quantity("m", least=100e3, most=2e6, example="200 km")] = Field(description="Altitude")
    inclination: Annotated[float, Quantity("rad", least=0.0, most=math.pi, example="28.5 deg")] = Field(
        description="Inclination"
    )


class Fuel(Section):
    """Fuel of one launch, all stages together, without oxidiser."""

    kind: Literal["kerosene", "methane", "hydrogen"] = Field(description="What is burned")
    mass: Annotated[float, Quantity("kg", least=0.0, example="403 t")] = Field(description="Mass of the fuel")
    black_carbon: Band = Field(description="Soot left in the stratosphere over the mass of the fuel; not part of CO2e")


class Launch(Section):
    """A launch vehicle with its capacity by orbit, and its price for a whole launch or for a shared ride."""

    name: Name = Field(description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    price: Price | None = Field(
        default=None, description="Price of one whole launch; without it and price_per_mass, the break-even price is the answer"
    )
    price_per_mass: PricePerMass | None = Field(
        default=None, description="Price of a shared ride, by mass; the launches are then not paid whole"
    )
    capacity: Annotated[float, Quantity("kg", above=0.0, example="63.8 t")] = Field(
        description="Mass that one launch brings to the reference orbit"
    )
    reference: LaunchOrbit = Field(description="Orbit for which the capacity holds")
    latitude: Annotated[float, Quantity("rad", least=-1.5, most=1.5, example="28.5 deg")] = Field(
        description="Latitude of the launch site: the rotation of the Earth helps launches to the east"
    )
    velocity_scale: Annotated[float, Quantity("m/s", least=500.0, example="2.8 km/s")] = Field(
        description="Additional velocity that lowers the capacity to 1/e, from the capacities to two orbits"
    )
    fairing: Volume | None = Field(
        default=None, description="Volume for satellites; it limits their number where they state their stowed_volume"
    )
    fuel: Fuel = Field(description="Fuel of one launch, for its emissions")

    @model_validator(mode="after")
    def _one_price(self) -> Launch:
        if self.price is not None and self.price_per_mass is not None:
            raise FieldError("price_per_mass", "has a price of the whole launch beside it; write one of the two")
        return self


class Emissions(Section):
    """Greenhouse gases, as CO2e, of making satellites and fuel, and what re-entry leaves."""

    accelerator: Emission = Field(description="Making one accelerator with its host")
    spacecraft: EmissionPerMass = Field(description="Making all other parts of a satellite, over their mass")
    fuel: EmissionPerMass = Field(description="Making fuel and oxidiser, over the mass of the fuel")
    reentry_alumina: Band = Field(description="Aluminium oxide left in the mesosphere, over the mass that re-enters")


class Economics(Section):
    """Prices and costs of a fleet in orbit; a price of null is not known."""

    launch: Launch = Field(description="Launch vehicle with its price and capacity")
    array: Annotated[float, Quantity("USD/m2", least=0.0, example="1000 USD/m2")] | None = Field(
        description="Price of the solar array, by area"
    )
    battery: Annotated[float, Quantity("USD/J", least=0.0, example="1000 USD/kWh")] | None = Field(
        description="Price of the battery, by capacity"
    )
    radiator: Annotated[float, Quantity("USD/m2", least=0.0, example="3000 USD/m2")] | None = Field(
        description="Price of the radiator, by planform area"
    )
    bus: PricePerMass | None = Field(
        description="Price of all other parts, by mass: coolant loop, shielding, bus, structure, propulsion"
    )
    integration: Markup = Field(description="Assembly and test of a satellite, over the price of its parts")
    insurance: Fraction = Field(description="Insurance premium over the price of satellites and launches; 0 for none")
    operations: Rate = Field(description="Operations per year, over the capital cost")
    gateway: Price | None = Field(description="Price of one ground station with antennas and backhaul")
    gateway_life: Life = Field(description="Life of the ground stations")
    capital_rate: Rate = Field(description="Cost of capital per year")
    satellites_per_launch: Annotated[int, Count()] | None = Field(
        default=None, description="Most satellites of one launch, where neither mass nor volume limits them"
    )
    emissions: Emissions = Field(description="Greenhouse gases of satellites and launches")
