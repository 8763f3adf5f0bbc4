"""Listed events over the years of a mission: what each does there, and which of them hold at the same time.

Losses and withdrawals of whole satellites, stand-downs, common causes and rates of processes belong to the replicas. All other events that last
form *regimes*: the events that hold at a moment. The run is made once more for each regime.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from sim.config.ephemeris_files import Catalogues
from sim.config.schema import Event, Scenario, plane_blocks, plane_satellites

MOST_REGIMES = 8
SHORTEST_S = 86400.0  # of an event that counts over years: the length of a run, which has the events of a regime all the time
WHAT = {
    "lose": "satellites are lost", "restore": "places are filled, deratings end", "withdraw": "satellites work for somebody else",
    "standdown": "no launches", "hit": "common cause", "scale": "rate of failures",
}  # fmt: skip
OF_RUNS = "changes what the fleet can do"

Target = tuple[str, int, int, str]  # kind, first and last satellite, name


class Regime(NamedTuple):
    """Events that hold at the same time."""

    events: tuple[Event, ...]  # in the order in which they began; none: the fleet as it is
    spans_s: tuple[tuple[float, float], ...]  # when they hold, seconds after the start of the mission


def over_years(event: Event) -> str | None:
    """What an event does in a mission.

    Parameters
    ----------
    event : Event
        A listed event.

    Returns
    -------
    str or None
        In words; None where it changes the run only: what is momentary, and what lasts less than a day.
    """
    if event.of_mission or (event.parsed.kind == "satellites" and event.action in ("lose", "restore")):
        return WHAT[event.action]
    return OF_RUNS if _of_regimes(event) else None


def _of_regimes(event: Event) -> bool:
    """Whether an event belongs to regimes; a restored satellite has its full rate again."""
    if event.action == "restore":
        return True
    lasts = event.duration is None or event.duration >= SHORTEST_S
    return lasts and (event.action == "derate" or (event.action == "lose" and event.parsed.kind != "satellites"))


def satellites_of(event: Event, scenario: Scenario, catalogues: Catalogues) -> tuple[int, int]:
    """First and last satellite of an event whose target are satellites, or the two ends of a link.

    Parameters
    ----------
    event : Event
        A valid event.
    scenario : Scenario
        Its scenario.
    catalogues : Catalogues
        Content of the files of the constellation.

    Returns
    -------
    tuple of int
        Numbers in the fleet.
    """
    target, entries = event.parsed, scenario.constellation
    if target.object:
        number = catalogues.identities(entries).find(target.object)[0]
        return number, number
    if target.plane:
        found = plane_satellites(plane_blocks(entries, [catalogues.count(i, entry) for i, entry in enumerate(entries)]), target.first)
        assert found is not None  # checked when the scenario was read
        return found
    return target.first, catalogues.satellites(entries) - 1 if target.last == -1 else target.last


def regimes(scenario: Scenario, catalogues: Catalogues) -> list[Regime]:
    """Regimes of a mission.

    Parameters
    ----------
    scenario : Scenario
        A scenario with a mission and valid events.
    catalogues : Catalogues
        Content of the files of the constellation.

    Returns
    -------
    list of Regime
        First the one without events, even where some hold all the time, then the others in the order in which they first hold. Their spans cover
        the mission.
    """
    assert scenario.mission is not None
    end_s = scenario.mission.duration
    listed = sorted((e for e in scenario.events if _of_regimes(e)), key=lambda e: e.at)
    targets = {id(e): _target(e, scenario, catalogues) for e in listed}
    begins = [(_after_s(scenario, e.at), e) for e in listed]
    edges = {0.0, end_s, *(at_s for at_s, _ in begins), *(at_s + e.duration for at_s, e in begins if e.duration is not None)}
    inside = sorted(edge for edge in edges if 0.0 <= edge <= end_s)
    events: dict[tuple[object, ...], tuple[Event, ...]] = {(): ()}
    spans: dict[tuple[object, ...], list[tuple[float, float]]] = {(): []}
    for first_s, last_s in pairwise(inside):
        held = _held(begins, first_s, targets)
        key = tuple((e.action, targets[id(e)], e.to, e.duration is None) for e in held)
        events.setdefault(key, held)
        found = spans.setdefault(key, [])
        joined_s = found.pop()[0] if found and found[-1][1] == first_s else first_s
        found.append((joined_s, last_s))
    return [Regime(events[key], tuple(spans[key])) for key in events]


def _after_s(scenario: Scenario, moment: datetime) -> float:
    return (moment - scenario.epoch).total_seconds()


def _target(event: Event, scenario: Scenario, catalogues: Catalogues) -> Target:
    target = event.parsed
    return (target.kind, 0, 0, target.station) if target.kind == "station" else (target.kind, *satellites_of(event, scenario, catalogues), "")


def _held(begins: Sequence[tuple[float, Event]], now_s: float, targets: dict[int, Target]) -> tuple[Event, ...]:
    """Events that hold from a moment on, as in the run: a restoration ends all before it, a lasting event the lasting ones before it."""
    held: list[tuple[float, Event]] = []
    for at_s, event in begins:
        if at_s > now_s:
            break
        held = [one for one in held if not _ends(event, one[1], targets)]
        held.append((at_s, event))
    lasting = [event for at_s, event in held if event.duration is None or at_s + event.duration > now_s]
    return tuple(_without_idle(lasting, targets))


def _ends(later: Event, earlier: Event, targets: dict[int, Target]) -> bool:
    """Whether an event ends all that an earlier one does."""
    one, other = targets[id(later)], targets[id(earlier)]
    covers = one[0] == other[0] and one[3] == other[3] and (one[1:3] == other[1:3] if one[0] == "link" else one[1] <= other[1] and other[2] <= one[2])
    return covers and (later.action == "restore" or (later.duration is None and earlier.duration is None))


def _without_idle(held: Sequence[Event], targets: dict[int, Target]) -> Iterator[Event]:
    """Events without restorations of what nothing has taken."""
    kept: list[Target] = []
    for event in held:
        target = targets[id(event)]
        touches = any(target[0] == k[0] and target[3] == k[3] and target[1] <= k[2] and k[1] <= target[2] for k in kept)
        if event.action != "restore" or touches:
            kept.append(target)
            yield event


def in_force(regime: Regime, epoch: datetime, run_s: float) -> list[Event]:
    """Events of a regime for a run in which they hold all the time.

    Parameters
    ----------
    regime : Regime
        The regime.
    epoch : datetime
        Begin of the run.
    run_s : float
        Its length [s].

    Returns
    -------
    list of Event
        All at the epoch; those that end by themselves, which add to the others, end after the run.
    """
    return [e.model_copy(update={"at": epoch, "duration": None if e.duration is None else 2.0 * run_s}) for e in regime.events]
