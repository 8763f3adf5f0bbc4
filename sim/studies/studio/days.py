"""A day of a mission as a variant of its scenario: the fleet without losses, on that date and as old as it is then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
import xarray as xr

from orbit.data import earth_orientation_span
from sim.config.errors import Origin, bad_input
from sim.config.scenario import Loaded
from sim.config.schema import FILES
from sim.mission.capability import day_s
from sim.mission.layout import interruptions_per_s
from sim.results.mission_text import years
from sim.studies.studio.runs import Variant

DAY_S: Final = 86400.0
REPLACED: Final = ("mission", "contract", "events", "fleet.failures", "fleet.repair", "fleet.expected_failures")


@dataclass(frozen=True)
class MissionDay:
    """A day of a mission.

    Attributes
    ----------
    name : str
        Its date, such as "2028-03-01".
    sets : tuple of str
        Overrides that turn the scenario of the mission into the run of this day.
    note : str
        What the run is of, in words.
    """

    name: str
    sets: tuple[str, ...]
    note: str


def mission_day(loaded: Loaded, variant: Variant, series: xr.Dataset, day: date) -> MissionDay:
    """A day of a mission: what the mission itself runs on its dates, for any date.

    Parameters
    ----------
    loaded : Loaded
        A scenario with a mission.
    variant : Variant
        The changes by which it was loaded.
    series : Dataset
        Series of its mission, of which the mean age of the satellites is read.
    day : date
        A day of the mission, in UTC. The run begins at the time of day at which the mission does.

    Returns
    -------
    MissionDay
        The scenario on that date: satellites older by the mean age of those that work then (P50 of the replicas), nothing fails at
        random, nothing listed happens. Element sets of a file stay at their own date.

    Raises
    ------
    InputError
        If the day is outside the mission.
    """
    scenario = loaded.scenario
    mission = scenario.mission
    assert mission is not None
    last = scenario.epoch + timedelta(seconds=mission.duration)
    at = datetime.combine(day, scenario.epoch.timetz(), tzinfo=scenario.epoch.tzinfo)
    if not scenario.epoch <= at < last:
        span = f"{scenario.epoch:%Y-%m-%d} to {last - timedelta(seconds=1):%Y-%m-%d}"
        raise bad_input(Origin("the day"), "", f"{day} is outside the mission; write a date from {span}")
    older_d = round(_age_s(series, (at - scenario.epoch).total_seconds()) / DAY_S)
    filed = any(isinstance(entry, FILES) for entry in scenario.constellation)
    length_s = day_s(scenario)
    added = [] if filed else [f"epoch={at:%Y-%m-%dT%H:%M:%S}{f'.{at.microsecond:06d}' if at.microsecond else ''}Z"]
    added += [f"duration={length_s!r} s"] if length_s != scenario.duration else []
    added += ["mission=null", *_ages(loaded, older_d), *_nothing_happens(loaded)]
    if not filed and scenario.environment.earth_orientation == "table" and _beyond_table(at, length_s):
        added.append("environment.earth_orientation=extrapolated")
    kept = tuple(text for text in variant.sets if not _named(text, added) and not _named(text, REPLACED))
    orbits = "orbits of the file, at its date" if filed else "orbits as the scenario places them on that date"
    age = "as new as at the start" if older_d == 0 else f"older by {years(older_d * DAY_S)}, the mean age of those that work then (P50)"
    note = f"{day} in the mission, as if no satellite had been lost: satellites {age}; {orbits}."
    return MissionDay(day.isoformat(), (*kept, *added), note)


def _age_s(series: xr.Dataset, after_s: float) -> float:
    """Median of the mean age of the satellites that work, in the part of the mission around a time."""
    part = int(np.searchsorted(series["mission_time"].values, 1e3 * after_s, side="right"))
    return float(series["mission_age"].sel(mission_quantile="P50").values[min(part, series.sizes["mission_time"] - 1)])


def _ages(loaded: Loaded, older_d: int) -> list[str]:
    """Satellites of all types are older."""
    scenario = loaded.scenario
    if older_d == 0:
        return []
    paths = ["satellite", *(f"satellites.{name}" for name in scenario.satellites)]
    return [f"{path}.age={one.age / DAY_S + older_d:.12g} d" for path, one in zip(paths, scenario.types, strict=True)]


def _nothing_happens(loaded: Loaded) -> list[str]:
    """Neither random failures nor listed events; checkpoints are saved as often as in the mission."""
    scenario = loaded.scenario
    found = []
    if scenario.fleet is not None:
        found += [f"fleet.{name}=null" for name in ("failures", "repair") if getattr(scenario.fleet, name) is not None]
        expected_s = scenario.fleet.expected_failures + interruptions_per_s(scenario, scenario.satellite)
        found.append(f"fleet.expected_failures={expected_s!r} 1/s")
    if scenario.events:
        found.append("events=[]")
    return [*found, *(["contract=null"] if scenario.contract is not None else [])]


def _beyond_table(at: datetime, length_s: float) -> bool:
    """Whether a run leaves the table of Earth orientation."""
    span = earth_orientation_span()
    begin, end = (datetime(d.year, d.month, d.day, tzinfo=UTC) for d in (span.first, span.table_end))
    return not (begin <= at and at + timedelta(seconds=length_s) <= end)


def _named(text: str, others: tuple[str, ...] | list[str]) -> bool:
    """Whether an override is of a value that others replace, or of a part of one."""
    key = text.partition("=")[0].strip()
    return any(key == name or key.startswith(f"{name}.") for name in (other.partition("=")[0] for other in others))
