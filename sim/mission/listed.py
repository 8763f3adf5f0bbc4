"""Listed events over years as a replica takes them: losses, withdrawals and hits of satellites, restorations, and rates of processes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from sim.config import schema
from sim.config.scenario import Loaded
from sim.engine.events import target_satellites
from sim.fleet.replicas.fleet import Change, CommonCause, Fleet
from sim.fleet.replicas.tables import Scope, Unit

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
EVENT = "event"  # listed, among the common causes
WITHDRAWN = "withdrawn"  # listed, to the owner
PIECE = " from place "  # between the name of a listed common cause and the first of its places


def process_rates(scenario: schema.Scenario, name: str) -> tuple[tuple[float, float], ...]:
    """Times from which the rate of a process is multiplied, and by what.

    Parameters
    ----------
    scenario : Scenario
        A scenario with a mission.
    name : str
        Name of the process.

    Returns
    -------
    tuple of tuple of float
        Times after the start [s], rising, and the factor from then on: that of the change that holds, times those of the events that hold.
    """
    mission = scenario.mission
    assert mission is not None
    changes = tuple(sorted((_after_s(scenario, c.at), c.times) for c in mission.changes if c.process == name))
    scaled = [e for e in scenario.events if e.times is not None and e.parsed.process == name]
    if not scaled:
        return changes
    spans = [(begin_s := _after_s(scenario, e.at), begin_s + (math.inf if e.duration is None else e.duration), e.times or 0.0) for e in scaled]
    found = []
    for now_s in sorted({*(at_s for at_s, _ in changes), *(edge_s for span in spans for edge_s in span[:2] if not math.isinf(edge_s))}):
        given = next((times for at_s, times in reversed(changes) if at_s <= now_s), 1.0)
        found.append((now_s, given * math.prod(times for first_s, last_s, times in spans if first_s <= now_s < last_s)))
    return tuple(found)


def listed(loaded: Loaded, order: Ints) -> tuple[list[CommonCause], list[Change]]:
    """Listed losses, withdrawals and hits of satellites, and restorations.

    Parameters
    ----------
    loaded : Loaded
        A scenario with a mission.
    order : ndarray of int64, shape (satellites,)
        Satellite of each place.

    Returns
    -------
    list of CommonCause
        Losses, withdrawals and hits, one for each run of places, as satellites lie elsewhere than their places.
    list of Change
        Restorations, likewise.
    """
    scenario, causes, changes = loaded.scenario, list[CommonCause](), list[Change]()
    place = np.argsort(order)  # of each satellite
    names: dict[str, int] = {}
    for number, event in enumerate(scenario.events):
        what, at_s = event.action, _after_s(scenario, event.at)
        if event.parsed.kind != "satellites" or what not in ("lose", "restore", "withdraw", "hit"):
            continue
        first, last = target_satellites(event, loaded)
        if what == "restore":
            changes += [Change(at_s, low, high, lost=False) for low, high, _ in _runs(place[first : last + 1], np.full(last - first + 1, math.inf))]
            continue
        if event.cause is not None:
            causes += _hits(event, at_s, _runs(place[first : last + 1], np.full(last - first + 1, math.inf)), names)
            continue
        name, unit = (EVENT, Unit.SATELLITE) if what == "lose" else (WITHDRAWN, Unit.OWNER)
        for low, high, lasts_s in _runs(place[first : last + 1], _lasts_s(event, loaded, first, last)):
            causes.append(CommonCause(f"{name} {number} {low}", Scope.SLOTS, unit, 1.0, at_s=at_s, return_s=lasts_s, first=low, last=high))
    return causes, changes


def _runs(places: Ints, lasts_s: Array) -> list[tuple[int, int, float]]:
    """Runs of places next to each other that are lost for the same time: first and last place, and the time [s]."""
    by_place = np.argsort(places)
    places, lasts_s = places[by_place], lasts_s[by_place]
    cuts = np.flatnonzero((np.diff(places) > 1) | (lasts_s[1:] != lasts_s[:-1])) + 1
    return [(int(run[0]), int(run[-1]), float(times[0])) for run, times in zip(np.split(places, cuts), np.split(lasts_s, cuts), strict=True)]


def _lasts_s(event: schema.Event, loaded: Loaded, first: int, last: int) -> Array:
    """How long each satellite of a loss or withdrawal is away [s]: to its end, or until a later event restores it; infinite: it is lost for good."""
    assert loaded.scenario.mission is not None
    ends_never = 2.0 * loaded.scenario.mission.duration if event.action == "withdraw" else math.inf  # a satellite of somebody else is not lost
    lasts_s = np.full(last - first + 1, ends_never if event.duration is None else event.duration)
    for later in loaded.scenario.events:
        after_s = (later.at - event.at).total_seconds()
        if later.action == "restore" and later.parsed.kind == "satellites" and after_s > 0.0 and not math.isinf(lasts_s[0]):
            low, high = target_satellites(later, loaded)
            mine = slice(max(low - first, 0), max(high - first + 1, 0))
            lasts_s[mine] = np.minimum(lasts_s[mine], after_s)
    return lasts_s


def _hits(event: schema.Event, at_s: float, runs: Sequence[tuple[int, int, float]], names: dict[str, int]) -> list[CommonCause]:
    """A common cause at a listed time: on the whole fleet with its spares, or on the satellites in some places."""
    cause = event.cause
    assert cause is not None
    fleet = event.target.strip() in schema.EVERYWHERE
    name = f"{cause.name} {event.at:%Y-%m-%d}" + ("" if fleet else f" {' '.join(event.target.split())}")
    names[name] = names.get(name, 0) + 1
    name += f" ({names[name]})" if names[name] > 1 else ""
    one = CommonCause(
        name, Scope.FLEET if fleet else Scope.SLOTS, Unit[cause.unit.upper()], cause.hits, at_s=at_s,
        return_s=math.inf if cause.lasts is None else cause.lasts,
    )  # fmt: skip
    return [one] if fleet else [one._replace(name=f"{name}{PIECE}{low}", first=low, last=high) for low, high, _ in runs]


def without_withdrawals(fleet: Fleet) -> Fleet:
    """The same fleet, of which no satellite works for somebody else.

    Parameters
    ----------
    fleet : Fleet
        The fleet.

    Returns
    -------
    Fleet
        The same object where none is withdrawn.
    """
    kept = [cause for cause in fleet.causes if cause.unit is not Unit.OWNER]
    return fleet if len(kept) == len(fleet.causes) else fleet._replace(causes=kept)


def _after_s(scenario: schema.Scenario, moment: datetime) -> float:
    return (moment - scenario.epoch).total_seconds()
