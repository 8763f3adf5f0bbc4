"""From a scenario's events and failures to the sources of availability changes, and to the step inputs they make."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from sim.config.mission_events import satellites_of
from sim.config.scenario import Loaded
from sim.config.schema import (
    CONTRACT_ACTIONS,
    MAINTENANCE_ACTIONS,
    MISSION_ACTIONS,
    Event,
    EventTarget,
    Fleet,
    plane_blocks,
    plane_satellites,
)
from sim.fleet.availability import (
    DECAY,
    MAINTENANCE,
    SCENARIO,
    AvailabilityChange,
    Kind,
    ListedChanges,
    SilentError,
    Source,
    Target,
    Timeline,
    in_order,
)
from sim.fleet.failures import MAINTENANCE_PROCESS, RandomFailures
from sim.spacecraft.inputs import CONTROLS, undisturbed

Array2 = NDArray[np.float64]
Flags = NDArray[np.bool_]
_AVAILABLE, _RATE_CAP, _OPERATIONAL = (CONTROLS.index(name) for name in ("available", "rate_cap", "operational"))

_KINDS = {
    "satellites": Kind.SATELLITE,
    "accelerators": Kind.ACCELERATORS,
    "terminals": Kind.TERMINALS,
    "link": Kind.LINK,
    "station": Kind.STATION,
}


def listed_changes(loaded: Loaded) -> list[AvailabilityChange]:
    """Scheduled events of a scenario as availability changes.

    Parameters
    ----------
    loaded : Loaded
        The scenario.

    Returns
    -------
    list of AvailabilityChange
        In order of time; of two at one instant the first written comes first.
    """
    scenario = loaded.scenario
    counts = [loaded.catalogues.count(i, entry) for i, entry in enumerate(scenario.constellation)]
    blocks = plane_blocks(scenario.constellation, counts)
    names = [] if scenario.ground is None else [station.name for station in scenario.ground.stations]
    changes: list[AvailabilityChange] = []
    end = scenario.epoch + timedelta(seconds=scenario.duration)  # later events belong to a mission
    elsewhere = (*CONTRACT_ACTIONS, *MISSION_ACTIONS, "burn")
    happening = [event for event in scenario.events if event.action not in elsewhere and event.at <= end]
    timed = _timed(happening)
    for event in happening:
        if event.parsed.kind == "station" and event.parsed.station not in names:
            continue  # validation has checked the name: a study left the ground out
        first, last = _ends(event, loaded, blocks, names, sum(counts))
        target = Target(_KINDS[event.parsed.kind], first, last, " ".join(event.target.split()))
        time_s = (event.at - scenario.epoch).total_seconds()
        changes += _changes(event, time_s, target, timed.get(id(event), _cause(event)))
        if event.action == "restore":
            lasting = [e for e in happening if e.action in MAINTENANCE_ACTIONS and e.duration is None]
            changes += _restored_early(event, time_s, target, [e for e in happening if id(e) in timed], timed, lasting)
        if event.duration is not None and not _is_restored(event, happening):
            kind = _kind(event, target)
            end_s = time_s + event.duration
            changes.append(AvailabilityChange(end_s, target._replace(kind=kind), 1.0, timed[id(event)]))
    return in_order(changes)


def target_satellites(event: Event, loaded: Loaded) -> tuple[int, int]:
    """First and last satellite of an event whose target are satellites.

    Parameters
    ----------
    event : Event
        Event of the scenario.
    loaded : Loaded
        The scenario.

    Returns
    -------
    tuple of int
        First and last satellite of the fleet.
    """
    return satellites_of(event, loaded.scenario, loaded.catalogues)


def _ends(
    event: Event, loaded: Loaded, blocks: Sequence[tuple[int, int, int]], stations: Sequence[str], satellites: int
) -> tuple[int, int]:
    if event.parsed.object:
        number = loaded.identities.find(event.parsed.object)[0]
        return number, number
    return _range(event.parsed, blocks, stations, satellites)


def _timed(events: Sequence[Event]) -> dict[int, str]:
    """Cause of each event with a duration, by identity of the event.

    Events that hold at the same time are different causes, so that the end of one does not end the other; others share a
    cause, so that the number of causes is that of events at one time.
    """
    found: dict[int, str] = {}
    free_from: list[datetime] = []  # end of the last event of each cause
    for event in sorted((e for e in events if e.duration is not None), key=lambda e: e.at):
        number = next((i for i, end in enumerate(free_from) if end < event.at), len(free_from))
        free_from[number:] = [_end(event), *free_from[number + 1 :]]
        found[id(event)] = f"{_cause(event)} {number + 1}"
    return found


def _cause(event: Event) -> str:
    return MAINTENANCE if event.action in MAINTENANCE_ACTIONS else SCENARIO


def _end(event: Event) -> datetime:
    """End of an event with a duration."""
    return event.at + timedelta(seconds=event.duration or 0.0)


def _is_restored(event: Event, events: Sequence[Event]) -> bool:
    """Whether a listed event restores the same target before the duration is over."""
    return any(e.action == "restore" and e.parsed == event.parsed and event.at < e.at <= _end(event) for e in events)


def _restored_early(
    event: Event, time_s: float, target: Target, timed: Sequence[Event], causes: dict[int, str], lasting: Sequence[Event]
) -> list[AvailabilityChange]:
    """Changes by which `restore` ends events with a duration, and maintenance without one."""
    kinds = (Kind.SATELLITE, Kind.RATE) if target.kind is Kind.SATELLITE else (target.kind,)
    held = {(_kind(e, Target(_KINDS[e.parsed.kind], 0, 0)), causes[id(e)]) for e in timed if e.at <= event.at < _end(e)}
    held |= {(_kind(e, Target(_KINDS[e.parsed.kind], 0, 0)), MAINTENANCE) for e in lasting if e.at <= event.at}
    return [
        AvailabilityChange(time_s, target._replace(kind=kind, name=""), 1.0, cause)
        for kind, cause in sorted(held)
        if kind in kinds
    ]


def _range(
    target: EventTarget, blocks: Sequence[tuple[int, int, int]], stations: Sequence[str], satellites: int
) -> tuple[int, int]:
    """First and last satellite, the ends of a link, or the number of a station."""
    if target.kind == "station":
        return stations.index(target.station), stations.index(target.station)
    if target.plane:
        satellites_of_plane = plane_satellites(blocks, target.first)
        if satellites_of_plane is None:
            raise ValueError(f"there is no plane {target.first}")  # validation has refused it
        return satellites_of_plane
    return target.first, satellites - 1 if target.last == -1 else target.last


def _kind(event: Event, target: Target) -> Kind:
    """Quantity that an event changes: derating a satellite caps its rate, and so does a manoeuvre."""
    if event.action == "corrupt":
        return Kind.RESULTS
    return Kind.RATE if event.action in ("derate", "maneuver") and target.kind is Kind.SATELLITE else target.kind


def _changes(event: Event, time_s: float, target: Target, cause: str) -> list[AvailabilityChange]:
    """Changes at the time of an event; restoring a satellite lifts its cap as well as its loss."""
    left = 1.0 if event.action in ("restore", "corrupt") else event.to or 0.0
    silent = SilentError(0) if event.action == "corrupt" else None  # one that spoils the work
    change = AvailabilityChange(time_s, target._replace(kind=_kind(event, target)), left, cause, silent)
    if target.kind is Kind.SATELLITE and event.action == "restore":
        return [change._replace(target=target._replace(kind=Kind.RATE, name="")), change]
    return [change]


def decays(lost: Iterable[tuple[int, int]], step_s: float) -> list[AvailabilityChange]:
    """Availability changes of satellites without a position.

    Parameters
    ----------
    lost : iterable of tuple of int
        Satellite and step from whose beginning on it has no position.
    step_s : float
        Length of a step [s].

    Returns
    -------
    list of AvailabilityChange
        One loss for each satellite.
    """
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
    """Random processes of a fleet.

    Parameters
    ----------
    fleet : Fleet or None
        Section `fleet`; None: no process.
    satellites : int
        Number of satellites, or of nodes on the ground.
    accelerators : int
        Accelerators of each.
    seed : int
        Seed of the scenario.
    end_s : float
        End of the run [s].
    replica : int, optional
        Number of the replica, from 0.
    noun : str, optional
        Word for a satellite in the names of targets.
    first : int, optional
        Number of the first satellite in the fleet.

    Returns
    -------
    list of Source
        Sources of changes; empty without random failures and maintenance.
    """
    sources: list[Source] = []
    failures, maintenance = (None, None) if fleet is None else (fleet.failures, fleet.maintenance)
    if fleet is not None and failures is not None:
        repair_s = math.inf if fleet.repair is None else fleet.repair.time
        sources.append(RandomFailures(
            seed, replica, satellites, failures.mean_time, repair_s, accelerators=accelerators, unit=failures.accelerators,
            end_s=end_s, noun=noun, first=first,
        ))  # fmt: skip
    if maintenance is not None and maintenance.rate > 0.0:
        between_s = 1.0 / maintenance.rate - maintenance.duration  # from the end of one to the beginning of the next
        sources.append(RandomFailures(
            seed, replica, satellites, between_s, maintenance.duration, end_s=end_s, process=MAINTENANCE_PROCESS, noun=noun,
            first=first, cause=MAINTENANCE, kind=Kind.SATELLITE if maintenance.out_of_service else Kind.RATE, remaining=maintenance.to,
        ))  # fmt: skip
    return sources


def timeline(loaded: Loaded, listed: Sequence[AvailabilityChange] | None = None, more: Sequence[Source] = ()) -> Timeline:
    """Availability of the whole fleet, links and stations: scheduled events and random processes.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    listed : sequence of AvailabilityChange, optional
        Changes that are known beforehand, in order of time; by default those of the scenario's events.
    more : sequence of Source, optional
        Random processes that depend on where satellites are.

    Returns
    -------
    Timeline
        Availability step by step.
    """
    scenario = loaded.scenario
    random = [
        source
        for kind, first, end in loaded.type_ranges
        for source in random_sources(
            scenario.fleet, end - first, scenario.types[kind].accelerators, scenario.seed, scenario.duration, first=first
        )
    ]
    stations = 0 if scenario.ground is None else len(scenario.ground.stations)
    known = ListedChanges(listed_changes(loaded) if listed is None else listed)
    return Timeline([known, *random, *more], 0, loaded.satellites, scenario.step, stations)


def step_inputs(
    listed: Sequence[AvailabilityChange], lo: int, hi: int, width: int, first_step: int, steps: int, step_s: float
) -> tuple[Array2, Array2]:
    """Step inputs of uncoupled satellites lo to hi - 1, from scheduled changes alone.

    Parameters
    ----------
    listed : sequence of AvailabilityChange
        Changes of the scenario, in order of time.
    lo, hi : int
        The satellites.
    width : int
        Lanes of the tile, at least hi - lo.
    first_step : int
        Number of the first step.
    steps : int
        Number of steps.
    step_s : float
        Length of a step [s].

    Returns
    -------
    inputs : ndarray
        Rows of `CONTROLS`, shape (rows, steps or 1, width); one step where no change concerns these satellites. Lanes
        beyond hi repeat the last satellite.
    serving : ndarray
        1 where a satellite is available at the end of the step, shape (steps or 1, width).
    """
    mine = [c for c in listed if c.target.kind in (Kind.SATELLITE, Kind.RATE, Kind.ACCELERATORS)]
    mine = [c for c in mine if c.target.first < hi and c.target.last >= lo]
    if not mine:
        return undisturbed(1, width), np.ones((1, width))
    plan = Timeline([ListedChanges(mine)], lo, hi, step_s)
    inputs, serving = undisturbed(steps, width), np.ones((steps, width))
    lanes = np.minimum(np.arange(width), hi - lo - 1)
    plan.skip_to(first_step)
    for k in range(steps):
        now = plan.step(first_step + k)
        inputs[_AVAILABLE, k], inputs[_RATE_CAP, k] = now.up[lanes], now.rate_cap[lanes]
        inputs[_OPERATIONAL, k] = 1.0 - now.maintained[lanes]
        serving[k] = now.up_end[lanes]
    return inputs, serving


def stations_available(listed: Sequence[AvailabilityChange], steps: int, stations: int, step_s: float) -> Flags:
    """Availability of ground stations at the end of each step.

    Parameters
    ----------
    listed : sequence of AvailabilityChange
        Changes of the scenario, in order of time.
    steps : int
        Steps of the run.
    stations : int
        Number of stations.
    step_s : float
        Length of a step [s].

    Returns
    -------
    ndarray of bool
        Flags of shape (steps, stations); (1, stations) where none changes.
    """
    mine = [c for c in listed if c.target.kind is Kind.STATION]
    plan = Timeline([ListedChanges(mine)], 0, 0, step_s, stations)
    return np.array([plan.step(k).stations.copy() for k in range(steps if mine else 1)])
