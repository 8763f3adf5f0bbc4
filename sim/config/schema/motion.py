"""What moves the satellites."""

from __future__ import annotations

from typing import Annotated, Literal

from sim.config.quantity import Quantity
from sim.config.schema.base import Name, Section, Switch


class Activity(Section):
    """How much the Sun swells the upper air."""

    name: Name
    description: str = ""
    f107: Annotated[float, Quantity("1", least=70.0, most=250.0, example="150")]  # solar flux, 1e-22 W/(m2 Hz)
    ap: Annotated[float, Quantity("1", least=4.0, most=130.0, example="15")]  # geomagnetic index


class Motion(Section):
    """The model of motion, and the forces of the numerical one."""

    model: Literal["auto", "j2", "sgp4", "numerical"] = "auto"  # auto: what fits each entry of the constellation
    zonals: Literal[0, 2, 3, 4, 5, 6] = 6  # highest degree; 0: a point mass
    drag: Switch = True
    solar_pressure: Switch = True
    sun: Switch = True  # its pull
    moon: Switch = True
    solar_activity: Activity
    drag_coefficient: Annotated[float, Quantity("1", least=0.0, most=10.0, example="2.2")]
    reflectivity: Annotated[float, Quantity("1", least=0.0, most=2.0, example="1.3")]
    area_to_mass: Annotated[float, Quantity("m2/kg", least=0.0, most=100.0, example="0.02 m2/kg")] | None = None
