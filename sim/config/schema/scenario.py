"""A whole scenario, resolved."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import FOLDER_NAME, LONGEST_FOLDER_NAME, Fraction, Name, Section, Switch
from sim.config.schema.events import Event, Moment
from sim.config.schema.fleet import Economics, Fleet
from sim.config.schema.jobs import Independent, Workload
from sim.config.schema.links import Links
from sim.config.schema.motion import Motion
from sim.config.schema.orbits import Constellation, Ground
from sim.config.schema.satellite import Satellite

# Sections whose names are kept for models that do not exist yet: read, reported, without effect.
NOT_SIMULATED = ("mission",)


class Environment(Section):
    """Earth as a radiator sees it, and how it is turned."""

    name: Name
    description: str = ""
    earth_infrared: Annotated[float, Quantity("W/m2", least=0.0, most=500.0, example="237 W/m2")]
    albedo: Fraction
    earth_orientation: Literal["table", "extrapolated"] = "table"  # beyond the table: refuse, or hold its last values


class Recorder(Section):
    """How much of the fleet the results keep satellite by satellite."""

    satellites: Annotated[float, Quantity("1", least=0.0, most=10_000.0, example="2500", whole=True)] = 2500.0
    values: Annotated[float, Quantity("1", least=1.0, most=1e8, example="600000", whole=True)] = (
        600_000.0  # satellites x moments, per variable
    )


def _independent() -> list[Workload]:
    return [Independent(kind="independent")]


class Scenario(Section):
    """A whole scenario, resolved."""

    name: Annotated[str, Field(pattern=FOLDER_NAME, max_length=LONGEST_FOLDER_NAME)]
    description: str = ""
    epoch: Moment
    duration: Annotated[float, Quantity("s", above=0.0, most=3.2e9, example="1 d")]
    step: Annotated[float, Quantity("s", above=0.0, most=3600.0, example="60 s")] = 60.0
    seed: Annotated[int, Count(least=0, most=2**63 - 1)] = 1
    constellation: Annotated[list[Constellation], Field(min_length=1)]
    satellite: Satellite
    satellites: dict[Name, Satellite] = Field(default_factory=dict)  # further types, by name
    environment: Environment
    motion: Motion | None = None
    ground: Ground | None = None
    links: Links | None = None
    workloads: Annotated[list[Workload], Field(min_length=1)] = Field(default_factory=_independent)
    fleet: Fleet | None = None
    economics: Economics | None = None
    reference_precision: Name = "bf16"
    baseline: Name | None = None
    events: list[Event] = Field(default_factory=list)
    recorder: Recorder = Field(default_factory=Recorder)
    allow_stale: Switch = False  # elements more than 14 days from the epoch
    skip_bad: Switch = False  # leave out unusable element sets of a catalogue; the manifest lists them

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
        """Whether anything joins satellites, so that time must go outside: links, jobs, spares, routes."""
        paired = self.ground is not None and bool(self.ground.station_pairs)
        jobs = any(w.kind != "independent" for w in self.workloads)
        return jobs or paired or self.links is not None or self.fleet is not None
