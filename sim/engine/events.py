"""From a scenario's events and failures to the sources of availability changes, and to the step inputs they make."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.config.scenario import Loaded
from sim.config.schema import Event, EventTarget, Fleet, plane_blocks, plane_satellites
from sim.fleet.availability import DECAY, SCENARIO, AvailabilityChange, Kind, ListedChanges, Source, Target, Timeline
from sim.fleet.failures import RandomFailures
from sim.spacecraft.inputs import CONTROLS

Array2 = NDArray[np.float64]
Flags = NDArray[np.bool_]
_AVAILABLE, _RATE_CAP = CONTROLS.index("available"), CONTROLS.index("rate_cap")

_KINDS = {
    "satellites": Kind.SATELLITE,
    "accelerators": Kind.ACCELERATORS,
    "terminals": Kind.TERMINALS,
    "link": Kind.LINK,
    "station": Kind.STATION,
}


def listed_changes(loaded: Loaded) -> list[AvailabilityChange]:
    """The scenario's events as changes, in order of time; of two at one instant the first written comes first."""
    scenario = loaded.scenario
    counts = [loaded.catalogues.count(i, entry) for i, entry in enumerate(scenario.constellation)]
    blocks = plane_blocks(scenario.constellation, counts)
    names = [] if scenario.ground is None else [station.name for station in scenario.ground.stations]
    found: list[AvailabilityChange] = []
    for event in scenario.events:
        if event.parsed.kind == "station" and event.parsed.station not in names:
            continue  # validation has checked the name: a study left the ground out
        first, last = _range(event.parsed, blocks, names, sum(counts))
        target = Target(_KINDS[event.parsed.kind], first, last, " ".join(event.target.split()))
        found += _changes(event, (event.at - scenario.epoch).total_seconds(), target)
    return sorted(found, key=lambda change: change.time_s)


def _range(
    target: EventTarget, blocks: Sequence[tuple[int, int, int]], stations: Sequence[str], satellites: int
) -> tuple[int, int]:
    """First and last satellite, the ends of a link, or the number of a station."""
    if target.kind == "station":
        return stations.index(target.station), stations.index(target.station)
    if target.plane:
        found = plane_satellites(blocks, target.first)
        if found is None:
            raise ValueError(f"there is no plane {target.first}")  # validation has refused it
        return found
    return target.first, satellites - 1 if target.last == -1 else target.last


def _changes(event: Event, time_s: float, target: Target) -> list[AvailabilityChange]:
    """What one event changes: derating a satellite caps its rate, restoring it lifts the cap as well as the loss."""
    left = {"lose": 0.0, "restore": 1.0, "derate": 1.0 if event.to is None else event.to}[event.action]
    if target.kind is not Kind.SATELLITE or event.action == "lose":
        return [AvailabilityChange(time_s, target, left, SCENARIO)]
    if event.action == "derate":
        return [AvailabilityChange(time_s, target._replace(kind=Kind.RATE), left, SCENARIO)]
    cap = AvailabilityChange(time_s, target._replace(kind=Kind.RATE, name=""), 1.0, SCENARIO)
    return [cap, AvailabilityChange(time_s, target, 1.0, SCENARIO)]


def decays(lost: Iterable[tuple[int, int]], step_s: float) -> list[AvailabilityChange]:
    """Satellites without a position: (satellite, step) from whose beginning on it is down."""
    return [
        AvailabilityChange(k * step_s, Target(Kind.SATELLITE, number, number, f"satellite {number}"), 0.0, DECAY)
        for number, k in lost
    ]


def random_sources(
    fleet: Fleet | None,
    satellites: int,
    accelerators: int,
    seed: int,
    end_s: float,
    replica: int = 0,
    noun: str = "satellite",
    first: int = 0,
) -> list[Source]:
    """Random processes of a fleet of so many satellites (or nodes) with so many accelerators each; none without any."""
    if fleet is None or fleet.failures is None:
        return []
    repair_s = math.inf if fleet.repair is None else fleet.repair.time
    failures = fleet.failures
    return [
        RandomFailures(
            seed, replica, satellites, failures.mean_time, repair_s, accelerators=accelerators,
            unit=failures.accelerators, end_s=end_s, noun=noun, first=first,
        )
    ]  # fmt: skip


def timeline(loaded: Loaded) -> Timeline:
    """Availability of the whole fleet, links and stations: listed events and random processes."""
    scenario = loaded.scenario
    random = [
        source
        for kind, first, end in loaded.type_ranges
        for source in random_sources(
            scenario.fleet, end - first, scenario.types[kind].accelerators, scenario.seed, scenario.duration, first=first
        )
    ]
    stations = 0 if scenario.ground is None else len(scenario.ground.stations)
    return Timeline([ListedChanges(listed_changes(loaded)), *random], 0, loaded.satellites, scenario.step, stations)


def step_inputs(
    listed: Sequence[AvailabilityChange], lo: int, hi: int, width: int, first_step: int, steps: int, step_s: float
) -> tuple[Array2, Array2]:
    """Step inputs of satellites lo to hi - 1 that no job couples, from listed changes alone.

    Returns
    -------
    inputs
        (input row, steps or 1, lane); one step where no change concerns these satellites. Lanes beyond hi repeat the
        last satellite.
    serving
        1 where a satellite is available at the end of the step, (steps or 1, lane).
    """
    mine = [c for c in listed if c.target.kind in (Kind.SATELLITE, Kind.RATE, Kind.ACCELERATORS)]
    mine = [c for c in mine if c.target.first < hi and c.target.last >= lo]
    if not mine:
        return np.ones((len(CONTROLS), 1, width)), np.ones((1, width))
    plan = Timeline([ListedChanges(mine)], lo, hi, step_s)
    inputs, serving = np.ones((len(CONTROLS), steps, width)), np.ones((steps, width))
    lanes = np.minimum(np.arange(width), hi - lo - 1)
    plan.skip_to(first_step)
    for k in range(steps):
        now = plan.step(first_step + k)
        inputs[_AVAILABLE, k], inputs[_RATE_CAP, k] = now.up[lanes], now.rate_cap[lanes]
        serving[k] = now.up_end[lanes]
    return inputs, serving


def stations_available(listed: Sequence[AvailabilityChange], steps: int, stations: int, step_s: float) -> Flags:
    """Whether each station is available at the end of each step, (steps, stations); one row where none changes."""
    mine = [c for c in listed if c.target.kind is Kind.STATION]
    plan = Timeline([ListedChanges(mine)], 0, 0, step_s, stations)
    return np.array([plan.step(k).stations.copy() for k in range(steps if mine else 1)])
