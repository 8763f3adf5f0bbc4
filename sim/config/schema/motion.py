"""What moves the satellites."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.config.quantity import Quantity
from sim.config.schema.base import Name, Section, Switch


class Activity(Section):
    """Solar and geomagnetic activity, inputs of the atmosphere model."""

    name: Name = Field(description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    f107: Annotated[float, Quantity("1", least=70.0, most=250.0, example="150")] = Field(
        description="Solar radio flux at 10.7 cm, in solar flux units (1e-22 W/(m2 Hz))"
    )
    ap: Annotated[float, Quantity("1", least=4.0, most=130.0, example="15")] = Field(
        description="Planetary geomagnetic index Ap"
    )


class Motion(Section):
    """Propagator of the satellites, and the forces of numerical propagation."""

    model: Literal["auto", "j2", "sgp4", "numerical"] = Field(
        default="auto", description="Propagator; auto takes the usual one of each entry of the constellation"
    )
    zonals: Literal[0, 2, 3, 4, 5, 6] = Field(
        default=6, description="Highest degree of the zonal harmonics in numerical propagation; 0 is a point mass"
    )
    drag: Switch = Field(default=True, description="Whether numerical propagation includes atmospheric drag")
    solar_pressure: Switch = Field(
        default=True, description="Whether numerical propagation includes solar radiation pressure"
    )
    sun: Switch = Field(default=True, description="Whether numerical propagation includes the gravity of the Sun")
    moon: Switch = Field(default=True, description="Whether numerical propagation includes the gravity of the Moon")
    solar_activity: Activity = Field(
        description="Solar and geomagnetic activity, which sets the density of the upper atmosphere"
    )
    drag_coefficient: Annotated[float, Quantity("1", least=0.0, most=10.0, example="2.2")] = Field(
        description="Drag coefficient of the satellites"
    )
    reflectivity: Annotated[float, Quantity("1", least=0.0, most=2.0, example="1.3")] = Field(
        description="Radiation pressure coefficient: 1 absorbs all light, 2 reflects all of it back"
    )
    area_to_mass: Annotated[float, Quantity("m2/kg", least=0.0, most=100.0, example="0.02 m2/kg")] | None = Field(
        default=None,
        description="Area per mass for drag and radiation pressure in numerical propagation; without it, by areas, mass and, for drag, "
        "attitude",
    )
