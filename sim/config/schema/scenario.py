"""A whole scenario, resolved."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from sim.config.quantity import Quantity
from sim.config.schema.base import Fraction, Section
from sim.config.schema.fleet import Economics, Fleet
from sim.config.schema.jobs import Independent, Workload
from sim.config.schema.links import Links
from sim.config.schema.motion import Motion
from sim.config.schema.orbits import Constellation, Ground
from sim.config.schema.satellite import Satellite

# Sections whose names are kept for models that do not exist yet: read, reported, without effect.
NOT_SIMULATED = ("mission",)
FIRST_DAY, LAST_DAY = date(1899, 7, 29), date(2053, 10, 9)  # span of DE421, over which Sun and Moon are checked


class Environment(Section):
    """Earth as a radiator sees it, and how it is turned."""

    name: str
    description: str = ""
    earth_infrared: Annotated[float, Quantity("W/m2", least=0.0, most=500.0, example="237 W/m2")]
    albedo: Fraction
    earth_orientation: Literal["table", "extrapolated"] = "table"  # beyond the table: refuse, or hold its last values


def _moment(value: Any) -> datetime:
    if value is None:
        raise ValueError("is empty; write a moment like 2026-12-21T00:00:00Z")
    text = value.isoformat() if isinstance(value, datetime) else value
    try:
        moment = datetime.fromisoformat(str(text).strip())
    except ValueError:
        raise ValueError(f"'{value}' is not a moment; write one like 2026-12-21T00:00:00Z") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if not FIRST_DAY <= moment.date() < LAST_DAY:
        raise ValueError(
            f"{moment.date()} is outside {FIRST_DAY} to {LAST_DAY - timedelta(days=1)}, over which the Sun is checked; write a moment in that span"
        )
    return moment


Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]


class Event(Section):
    """Something that happens to satellites, or to the link between two, at a moment: lose, restore, derate."""

    at: Moment
    action: Literal["lose", "restore", "derate"]
    target: str  # "satellite 17", "satellites 3-9" (both included), "all", "link 3-4"; numbered from 0
    to: Fraction | None = None  # derate: share of the full rate that is left

    @field_validator("target", mode="before")
    @classmethod
    def _target_is_known(cls, target: Any) -> Any:
        if re.fullmatch(r"link\s+(\d+)\s*-\s*0*\1", str(target).strip()):
            raise ValueError(f"'{target}' joins a satellite to itself; write two different satellites")
        if parse_target(str(target)) is None and parse_link(str(target)) is None:
            raise ValueError(f"'{target}' is no target; write 'satellite 17', 'satellites 3-9', 'link 3-4' or 'all'")
        return target

    @model_validator(mode="after")
    def _derate_has_a_share(self) -> Event:
        if (self.action == "derate") != (self.to is not None):
            what = (
                "needs `to`; write e.g. to: 0.5" if self.action == "derate" else f"takes no `to` ({self.to}); remove it"
            )
            raise ValueError(f"{self.action} {what}")
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


def parse_link(text: str) -> tuple[int, int] | None:
    """The two satellites of a target such as "link 3-4", the lower number first, or None if it is no link."""
    match = re.fullmatch(r"link\s+(\d+)\s*-\s*(\d+)", text.strip())
    if match is None or int(match[1]) == int(match[2]):
        return None
    first, second = sorted((int(match[1]), int(match[2])))
    return first, second


class Recorder(Section):
    """How much of the fleet the results keep satellite by satellite."""

    satellites: Annotated[float, Quantity("1", least=0.0, most=10_000.0, example="2500")] = 2500.0
    values: Annotated[float, Quantity("1", least=1.0, most=1e8, example="600000")] = (
        600_000.0  # satellites x moments, per variable
    )


def _independent() -> list[Workload]:
    return [Independent(kind="independent")]


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
    motion: Motion | None = None
    ground: Ground | None = None
    links: Links | None = None
    workloads: Annotated[list[Workload], Field(min_length=1)] = Field(default_factory=_independent)
    fleet: Fleet | None = None
    economics: Economics | None = None
    reference_precision: str = "bf16"
    baseline: str | None = None
    events: list[Event] = Field(default_factory=list)
    recorder: Recorder = Field(default_factory=Recorder)
    allow_stale: bool = False  # elements more than 14 days from the epoch
    skip_bad: bool = False  # sets of a catalogue that cannot be used are left out, and told in the manifest

    @property
    def steps(self) -> int:
        return round(self.duration / self.step)

    @property
    def coupled(self) -> bool:
        """Whether anything joins satellites, so that time must go outside: links, jobs, spares, routes."""
        paired = self.ground is not None and bool(self.ground.station_pairs)
        jobs = any(w.kind != "independent" for w in self.workloads)
        return jobs or paired or self.links is not None or self.fleet is not None
