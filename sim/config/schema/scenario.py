"""A whole scenario, resolved."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import FieldError, Fraction, Name, Section, Switch
from sim.config.schema.contract import Contract
from sim.config.schema.data_rules import DataRules
from sim.config.schema.economics import Economics
from sim.config.schema.events import Event
from sim.config.schema.fleet import Fleet
from sim.config.schema.ground import Ground
from sim.config.schema.jobs import Independent, Workload
from sim.config.schema.links import Links
from sim.config.schema.mission import Mission
from sim.config.schema.moments import Moment
from sim.config.schema.motion import Motion
from sim.config.schema.orbits import Cluster, Constellation
from sim.config.schema.satellite import Satellite
from sim.config.schema.site import Site


class RadiationEnvironment(Section):
    """Particles in low orbits: phase of the solar cycle, and place of the South Atlantic Anomaly."""

    solar: Literal["minimum", "maximum", "cycle"] = Field(
        default="minimum",
        description="Phase of the solar cycle: minimum has most protons, maximum most electrons and the mean of solar "
        "particle events in an active year, cycle 7 active years of 11",
    )
    anomaly_drift: Annotated[float, Quantity("rad/s", least=0.0, most=1e-9, example="0.343 deg/yr")] = Field(
        description="Westward drift of the South Atlantic Anomaly since 1960, the epoch of the particle models; 0 leaves it there"
    )


class Environment(Section):
    """The Earth as radiator and array see it, and its orientation."""

    name: Name = Field(description="Name of the item")
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    earth_infrared: Annotated[float, Quantity("W/m2", least=0.0, most=500.0, example="237 W/m2")] = Field(
        description="Mean infrared exitance of the Earth"
    )
    infrared_zonal: Annotated[float, Quantity("W/m2", least=-200.0, most=200.0, example="-61 W/m2")] = Field(
        default=0.0,
        description="Infrared exitance by latitude: factor of the second Legendre polynomial of its sine, 1 at the poles and "
        "-1/2 at the equator",
    )
    infrared_seasonal: Annotated[float, Quantity("W/m2", least=-200.0, most=200.0, example="-24 W/m2")] = Field(
        default=0.0,
        description="Infrared exitance by season: its difference from the annual mean at the north pole at the December solstice",
    )
    albedo: Fraction = Field(description="Mean albedo of the Earth; Bond albedo without a part by latitude")
    albedo_zonal: Annotated[float, Quantity("1", least=-1.0, most=1.0, example="0.29")] = Field(
        default=0.0, description="Albedo by latitude: factor of the second Legendre polynomial of its sine"
    )
    albedo_seasonal: Annotated[float, Quantity("1", least=-1.0, most=1.0, example="0.1")] = Field(
        default=0.0,
        description="Albedo by season: its difference from the annual mean at the north pole at the December solstice",
    )
    earth_orientation: Literal["table", "extrapolated"] = Field(
        default="table",
        description="Beyond the Earth orientation table: table refuses the run, extrapolated holds the last values",
    )
    neighbours: Switch = Field(
        default=True, description="Whether satellites of a formation heat and shade each other; only to see what that is worth"
    )
    radiation: RadiationEnvironment = Field(description="Particles in low orbits")

    @model_validator(mode="after")
    def _holds_at_every_latitude(self) -> Environment:
        sines = [0.05 * n for n in range(-20, 21)]
        for name, mean, zonal, seasonal, most, unit in (
            ("earth_infrared", self.earth_infrared, self.infrared_zonal, self.infrared_seasonal, math.inf, " W/m2"),
            ("albedo", self.albedo, self.albedo_zonal, self.albedo_seasonal, 1.0, ""),
        ):
            values = [mean + zonal * (1.5 * s * s - 0.5) + seasonal * s for s in sines]
            if min(values) < 0.0 or max(values) > most:
                raise FieldError(
                    name,
                    f"with its parts by latitude and season it goes from {min(values):.3g} to {max(values):.3g}{unit}; "
                    "write smaller parts",
                )
        return self


class Recorder(Section):
    """How much of the fleet the results keep satellite by satellite."""

    satellites: Annotated[float, Quantity("1", least=0.0, most=10_000.0, example="2500", whole=True)] = Field(
        default=2500.0, description="Largest number of satellites that are recorded one by one"
    )
    values: Annotated[float, Quantity("1", least=1.0, most=1e8, example="600000", whole=True)] = Field(
        default=600_000.0, description="Largest number of values of each recorded variable, satellites times frames"
    )


def _independent() -> list[Workload]:
    return [Independent(kind="independent")]


def _form(value: Any) -> str:
    return "name" if isinstance(value, str) else "site"


Baseline = Annotated[Annotated[str, Tag("name")] | Annotated[Site, Tag("site")], Discriminator(_form)]


class Scenario(Section):
    """A whole scenario, resolved."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$")] = Field(
        description="Name of the scenario: letters, digits, '_', '.' and '-'; it begins the name of the results folder"
    )
    description: str = Field(default="", description="One line on what this is, for lists and the report")
    epoch: Moment = Field(description="Start of the run in UTC")
    duration: Annotated[float, Quantity("s", above=0.0, most=3.2e9, example="1 d")] = Field(
        description="Length of the run"
    )
    step: Annotated[float, Quantity("s", above=0.0, most=3600.0, example="60 s")] = Field(
        default=60.0, description="Time step"
    )
    initial: Literal["settled", "full"] = Field(
        default="settled",
        description="State at the epoch: settled, charge and temperatures of an orbit that repeats; full, the battery at "
        "its initial_charge and the temperatures of the highest load",
    )
    seed: Annotated[int, Count(least=0, most=2**63 - 1)] = Field(default=1, description="Seed of all random processes")
    constellation: Annotated[list[Constellation], Field(min_length=1)] = Field(
        description="Orbits of the satellites: one entry or a list"
    )
    satellite: Satellite = Field(description="Hardware of the satellites")
    satellites: dict[Name, Satellite] = Field(
        default_factory=dict,
        description="Further satellite types by name, for entries of the constellation that name one",
    )
    environment: Environment = Field(description="Infrared and albedo of the Earth, and its orientation")
    motion: Motion = Field(description="Propagator, forces and solar activity")
    ground: Ground | None = Field(default=None, description="Ground stations; without it, no station is simulated")
    links: Links | None = Field(default=None, description="Links between satellites; without it, there are none")
    workloads: Annotated[list[Workload], Field(min_length=1)] = Field(
        default_factory=_independent, description="What the accelerators do; without a list, each works independently"
    )
    fleet: Fleet | None = Field(
        default=None,
        description="Spares, random failures, errors by radiation, repair and recovery; null: only listed events happen. With training or inference "
        "it need not be written",
    )
    economics: Economics | None = Field(
        default=None, description="Launcher and prices; without it, no cost is computed"
    )
    reference_precision: Name = Field(default="bf16", description="Precision whose dense peak counts as nameplate")
    baseline: Baseline | None = Field(
        default=None, description="Ground site to compare with: the name of a shipped one, or a site"
    )
    contract: Contract | None = Field(
        default=None, description="Capacity that is rented on the ground, and hedges against losing it; without it, there is none"
    )
    data_rules: DataRules | None = Field(
        default=None, description="Where weights, prompts, checkpoints and data of sensors may be; without it, anywhere"
    )
    mission: Mission | None = Field(
        default=None, description="Years of the fleet under failure and replacement; without it, only the run itself"
    )
    events: list[Event] = Field(default_factory=list, description="Listed losses, restorations, deratings and withdrawals")
    recorder: Recorder = Field(default_factory=Recorder, description="How much is recorded of single satellites")
    allow_stale: Switch = Field(default=False, description="Accept element sets more than 14 days from the epoch")
    allow_infeasible: Switch = Field(
        default=False, description="Run satellites whose power, heat or battery does not close; the notes say what does not"
    )
    skip_bad: Switch = Field(
        default=False, description="Ignore element sets of a catalogue that cannot be used; the manifest lists them"
    )

    @property
    def types(self) -> list[Satellite]:
        """Satellite types: `satellite`, then those of `satellites` in their order."""
        return [self.satellite, *self.satellites.values()]

    def type_index(self, entry: Constellation) -> int:
        """Position in `types` of the type of an entry's satellites.

        Parameters
        ----------
        entry : Constellation
            Entry of the constellation.

        Returns
        -------
        int
            Position of its satellite type.
        """
        return 0 if entry.satellite is None else 1 + list(self.satellites).index(entry.satellite)

    @property
    def steps(self) -> int:
        """Number of steps of the run."""
        return round(self.duration / self.step)

    @property
    def coupled(self) -> bool:
        """Whether anything joins satellites, so that time must go outside: links, jobs, spares, routes, heat of neighbours."""
        ground = self.ground
        paired = ground is not None and (
            bool(ground.station_pairs) or any(s.role != "user" for s in ground.stations) or ground.radio is not None or ground.telescope is not None
            or ground.handover is not None
        )
        jobs = any(w.kind != "independent" for w in self.workloads)
        beside = self.environment.neighbours and any(isinstance(entry, Cluster) for entry in self.constellation)
        return jobs or paired or beside or self.links is not None or self.fleet is not None


def with_terminals(scenario: Scenario) -> Scenario:
    """The scenario with the power of optical terminals in the bus of each satellite type.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    Scenario
        The same; types that state the power of their terminals keep it.
    """
    links = scenario.links
    lasers_w = 0.0 if links is None else links.terminal.lasers * links.terminal.channel_power
    total_w = 0.0 if links is None else links.terminals * (links.terminal.power + lasers_w)
    channels_w = 0.0 if links is None else links.terminals * lasers_w

    def filled(satellite: Satellite) -> Satellite:
        return satellite.model_copy(update={"bus": satellite.bus.with_terminals(total_w, channels_w)})

    others = {name: filled(satellite) for name, satellite in scenario.satellites.items()}
    return scenario.model_copy(update={"satellite": filled(scenario.satellite), "satellites": others})
