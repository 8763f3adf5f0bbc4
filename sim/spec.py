"""What a scenario may say: pydantic models, text with units at the door, frozen SI floats inside.

The unit of a field is the one its type was made with: lengths in m, angles in rad, energies in J, temperatures in K.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from sim.quantity import Count, Quantity

LOW_M, HIGH_M = 160e3, 40_000e3  # altitudes that can be simulated: below, no orbit lasts; above, not near the Earth
SSO_HIGH_M = 5_900e3  # above 5,980 km no inclination is sun-synchronous
# Sections whose names are kept for models that do not exist yet: read, reported, without effect.
NOT_SIMULATED = ("links", "fleet", "economics", "mission")
FIRST_YEAR, LAST_YEAR = 1990, 2050  # the Sun's position is checked over this span

Fraction = Annotated[float, Quantity("1", least=0.0, most=1.0, example="0.9")]
Efficiency = Annotated[float, Quantity("1", above=0.0, most=1.0, example="0.9")]
Power = Annotated[float, Quantity("W", least=0.0, example="1 kW")]
Temperature = Annotated[float, Quantity("K", above=200.0, below=500.0, example="85 degC")]
Elevation = Annotated[float, Quantity("rad", least=0.0, below=1.5533430342749532, example="10 deg")]
Altitude = Annotated[float, Quantity("m", least=LOW_M, most=HIGH_M, example="550 km")]


class Section(BaseModel):
    """A mapping of the scenario: unknown keys are errors, values are frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- satellite ---------------------------------------------------------------------------------------------------


class Accelerator(Section):
    """One chip with its memory, as mounted."""

    name: str
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

    @model_validator(mode="after")
    def _idle_below_full(self) -> Accelerator:
        if self.idle_power >= self.max_power:
            raise ValueError(
                f"idle_power {self.idle_power:g} W is not below max_power {self.max_power:g} W; write a lower idle_power"
            )
        return self


class Array(Section):
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
    array: Array
    battery: Battery
    conversion_efficiency: Efficiency  # bus to chip
    host_power: Power  # processors, network cards and memory beside each accelerator, at the chip side


class Plate(Section):
    to_coolant: Annotated[float, Quantity("K/W", above=0.0, example="0.01 K/W")]  # of one accelerator
    heat_capacity: Annotated[float, Quantity("J/K", above=0.0, example="400 J/K")]  # of one accelerator


class Loop(Section):
    heat_capacity: Annotated[float, Quantity("J/K", above=0.0, example="200 kJ/K")]
    conductance: Annotated[float, Quantity("W/K", above=0.0, example="5 kW/K")]  # coolant mean to radiator mean
    pump_fraction: Annotated[
        float, Quantity("1", least=0.0, most=0.2, example="0.02")
    ]  # of the power of the accelerators and hosts


class Radiator(Section):
    area: Annotated[float, Quantity("m2", above=0.0, example="30 m2")]  # planform; both faces radiate
    emissivity: Efficiency
    absorptance: Fraction  # of sunlight
    fin_efficiency: Efficiency
    heat_capacity: Annotated[float, Quantity("J/(m2 K)", above=0.0, example="4.5 kJ/(m2 K)")]  # per planform area
    areal_mass: Annotated[float, Quantity("kg/m2", above=0.0, example="6.5 kg/m2")]  # with its share of the loop


class Thermal(Section):
    plate: Plate
    loop: Loop
    radiator: Radiator


class Attitude(Section):
    """One law per satellite: it turns the array's and the radiator's normals together."""

    law: Literal["sun-pointing", "orbit-normal", "nadir"]
    pointing_error: Annotated[float, Quantity("rad", least=0.0, most=0.5235987755982988, example="2 deg")]


class Bus(Section):
    power: Power  # avionics, links, heaters: served before the accelerators


class Satellite(Section):
    """A satellite with its accelerators; every number of the shipped ones is a record with its source."""

    name: str
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


# --- constellation ------------------------------------------------------------------------------------------------


def _local_time(value: Any) -> str:
    if not isinstance(value, str) or re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", value.strip()) is None:
        raise ValueError(f'{value!r} is not a time of day; write one like "06:00" (in quotes)')
    return value.strip()


LocalTime = Annotated[str, BeforeValidator(_local_time), WithJsonSchema({"type": "string", "examples": ["06:00"]})]


def hours(local_time: str) -> float:
    """Hours of a time of day such as 06:30."""
    hour, minute = local_time.split(":")
    return int(hour) + int(minute) / 60.0


class Lattice(Section):
    shape: Literal["square"] = "square"
    spacing: Annotated[float, Quantity("m", least=1.0, most=1e5, example="200 m")]
    radius: Annotated[float, Quantity("m", above=0.0, most=1e5, example="1 km")]

    @property
    def count(self) -> int:
        """Lattice points in the disc; the same rule as orbit.cluster."""
        reach = int(self.radius / self.spacing * (1.0 + 1e-12))
        limit = (self.radius / self.spacing) ** 2 * (1.0 + 1e-12)
        return sum(u * u + v * v <= limit for u in range(-reach, reach + 1) for v in range(-reach, reach + 1))


class Cluster(Section):
    """A formation round a chief on a sun-synchronous orbit."""

    kind: Literal["cluster"]
    altitude: Annotated[float, Quantity("m", least=LOW_M, most=SSO_HIGH_M, example="650 km")]
    local_time: LocalTime  # mean local time of the ascending node
    lattice: Lattice

    @property
    def count(self) -> int:
        return self.lattice.count


class Ring(Section):
    """Satellites evenly round one sun-synchronous orbit."""

    kind: Literal["ring"]
    altitude: Annotated[float, Quantity("m", least=LOW_M, most=SSO_HIGH_M, example="650 km")]
    local_time: LocalTime
    satellites: Annotated[int, Count()]

    @property
    def count(self) -> int:
        return int(self.satellites)


class Walker(Section):
    """A shell of evenly spaced planes; delta spreads the nodes over 360 deg, star over 180 deg."""

    kind: Literal["walker"]
    altitude: Altitude
    inclination: Annotated[float, Quantity("rad", least=0.0, most=3.141592653589793, example="53 deg")]
    planes: Annotated[int, Count()]
    satellites_per_plane: Annotated[int, Count()]
    phasing: Annotated[float, Quantity("1", least=0.0, example="1")] = 0.0
    pattern: Literal["delta", "star"] = "delta"

    @property
    def count(self) -> int:
        return int(self.planes) * int(self.satellites_per_plane)

    @model_validator(mode="after")
    def _phasing_in_range(self) -> Walker:
        if self.phasing >= self.planes:
            raise ValueError(
                f"phasing {self.phasing:g} is not below the number of planes {self.planes}; "
                f"write one from 0 to {self.planes - 1}"
            )
        return self


class Tle(Section):
    """A catalogue of two-line elements."""

    kind: Literal["tle"]
    tle: str  # path; relative to the scenario's file
    sha256: str | None = None  # of the file's bytes, written into resolved scenarios and checked when present


Constellation = Annotated[Cluster | Ring | Walker | Tle, Field(discriminator="kind")]


# --- ground, events, scenario --------------------------------------------------------------------------------------


class Station(Section):
    name: str
    latitude: Annotated[float, Quantity("rad", least=-1.5707963267948966, most=1.5707963267948966, example="51.5 deg")]
    longitude: Annotated[float, Quantity("rad", least=-6.283185307179586, most=6.283185307179586, example="-0.14 deg")]
    height: Annotated[float, Quantity("m", least=-500.0, most=9000.0, example="30 m")] = 0.0
    min_elevation: Elevation | None = None  # overrides the one of `ground`


class Ground(Section):
    stations: list[Station]
    min_elevation: Elevation = 0.17453292519943295

    @field_validator("stations")
    @classmethod
    def _named_once(cls, stations: list[Station]) -> list[Station]:
        names = [s.name for s in stations]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two stations are named '{name}'; write different names")
        return stations


class Environment(Section):
    """Earth as a radiator sees it."""

    name: str
    description: str = ""
    earth_infrared: Annotated[float, Quantity("W/m2", least=0.0, most=500.0, example="237 W/m2")]
    albedo: Fraction


def _moment(value: Any) -> datetime:
    text = value.isoformat() if isinstance(value, datetime) else value
    try:
        moment = datetime.fromisoformat(str(text).strip())
    except ValueError:
        raise ValueError(f"'{value}' is not a moment; write one like 2026-12-21T00:00:00Z") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"{moment:%Y-%m-%d} is outside {FIRST_YEAR} to {LAST_YEAR}; write a moment in that span")
    return moment


Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]


class Event(Section):
    """Something that happens to satellites at a moment: lose, restore, derate."""

    at: Moment
    action: Literal["lose", "restore", "derate"]
    target: str  # "satellite 17", "satellites 3-9" (both included), "all"; numbered from 0
    to: Fraction | None = None  # derate: share of the full rate that is left

    @model_validator(mode="after")
    def _derate_has_a_share(self) -> Event:
        if (self.action == "derate") != (self.to is not None):
            what = (
                "needs `to`; write e.g. to: 0.5" if self.action == "derate" else f"takes no `to` ({self.to}); remove it"
            )
            raise ValueError(f"{self.action} {what}")
        if parse_target(self.target) is None:
            raise ValueError(f"target '{self.target}' is unknown; write 'satellite 17', 'satellites 3-9' or 'all'")
        return self


def parse_target(text: str) -> tuple[int, int] | None:
    """First and last satellite of a target (last -1: to the end), or None if it is no target."""
    if text.strip() == "all":
        return 0, -1
    match = re.fullmatch(r"satellites?\s+(\d+)(?:\s*-\s*(\d+))?", text.strip())
    if match is None:
        return None
    first = int(match[1])
    return first, int(match[2] or first)


class Record(Section):
    """How much of the fleet the results keep satellite by satellite."""

    satellites: Annotated[float, Quantity("1", least=0.0, most=10_000.0, example="1000")] = 1000.0
    values: Annotated[float, Quantity("1", least=1.0, most=1e8, example="250000")] = (
        250_000.0  # satellites x moments, per variable
    )


class Workload(Section):
    """In this version: every accelerator serves its own elastic stream, nothing waits for anything."""

    kind: Literal["stream"]


class Scenario(Section):
    """A whole scenario, resolved."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    description: str = ""
    epoch: Moment
    duration: Annotated[float, Quantity("s", above=0.0, most=3.2e9, example="1 d")]
    step: Annotated[float, Quantity("s", above=0.0, most=3600.0, example="60 s")] = 60.0
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    constellation: Annotated[list[Constellation], Field(min_length=1)]
    satellite: Satellite
    environment: Environment
    ground: Ground | None = None
    workloads: list[Workload] = Field(default_factory=lambda: [Workload(kind="stream")])
    reference_precision: str = "bf16"
    baseline: str | None = None
    events: list[Event] = Field(default_factory=list)
    record: Record = Field(default_factory=Record)
    allow_stale: bool = False

    @property
    def steps(self) -> int:
        return round(self.duration / self.step)
