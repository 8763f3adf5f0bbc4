"""Propulsion: the manoeuvres of a satellite, and the propellant that they take."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.config.quantity import Quantity
from sim.config.schema.base import HIGH_M, Altitude, Efficiency, FieldError, Section


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
