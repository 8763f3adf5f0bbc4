"""Checks of scheduled events: their times, and targets that the scenario does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from sim.config.ephemeris_files import Catalogues
from sim.config.errors import Problem, did_you_mean
from sim.config.mission_events import over_years
from sim.config.schema import FILES, Event, Scenario, plane_blocks, plane_satellites
from sim.config.schema.links import Links
from sim.config.validation import topologies
from sim.config.validation.contract import check_event
from sim.config.validation.forms import JOINS, neighbours, suited_topology, unjoined_entries
from sim.config.validation.location import origin
from sim.config.validation.mission import end_of_mission, mission_problem, regimes_problem
from sim.config.validation.propulsion import burn_problem
from sim.config.yaml_tree import Node

MOST_COMPARED = 20_000  # names among which a misspelt one is looked for
MOST_LISTED = 200  # characters of names in a message
Valid = Callable[..., bool]  # whether all of the named sections are free of errors


def check_events(scenario: Scenario, root: Node, catalogues: Catalogues, valid: Valid) -> list[Problem]:
    """Check times and targets of scheduled events; each check only where the sections that it reads are valid.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.
    catalogues : Catalogues
        Content of the files of the constellation.
    valid : Valid
        Whether all of the named sections are valid.

    Returns
    -------
    list of Problem
        All problems found, in the order of the events.
    """
    found = [
        Problem(origin(root, "events", str(i), field), f"events.{i}.{field}", message)
        for i, event in enumerate(scenario.events)
        for field, message in _event_problems(event, scenario, catalogues, valid)
    ]
    if not found and scenario.mission is not None and valid("epoch", "mission", "constellation"):
        message = regimes_problem(scenario, catalogues)
        found += [] if message is None else [Problem(origin(root, "events"), "events", message)]
    return found


def _event_problems(event: Event, scenario: Scenario, catalogues: Catalogues, valid: Valid) -> Iterator[tuple[str, str]]:
    """Field and message of each problem of one event."""
    if event.of_contract:
        if valid("contract", "epoch"):
            yield from check_event(event, scenario)
        return
    if event.of_mission and valid("mission", "fleet"):
        wrong = mission_problem(event, scenario)
        if wrong is not None:
            yield wrong
            return
    target = event.parsed
    message = None
    if target.kind in ("launches", "process"):
        pass
    elif target.kind == "station":
        message = _station(target.station, scenario) if valid("ground") else None
    elif valid("constellation") and target.object:
        message = _object(target.object, scenario, catalogues)
    elif valid("constellation"):
        message = _plane(target.first, scenario, catalogues) if target.plane else _range(event, scenario, catalogues)
    if message is None and target.kind in ("link", "terminals") and valid("constellation", "links"):
        message = _links(event, scenario)
    if message is None and event.action == "burn" and valid("constellation", "satellite", "satellites", "motion", "links"):
        message = burn_problem(event, scenario, catalogues)
    if message is not None:
        yield "target", f"'{event.target}' {message}"
    if valid("epoch", "duration"):
        end = scenario.epoch + timedelta(seconds=scenario.duration)
        years = over_years(event) is not None and valid("mission")
        end = max(end, (end_of_mission(scenario) if years else None) or end)
        span = "the mission" if years and scenario.mission is not None else "the run"
        if scenario.mission is not None and not years:
            span += ", and does not last: it counts in the run only"
        if not scenario.epoch <= event.at <= end:
            yield (
                "at",
                (
                    f"{event.at:%Y-%m-%dT%H:%M:%SZ} is outside {span}; "
                    f"write a moment from {scenario.epoch:%Y-%m-%dT%H:%MZ} to {end:%Y-%m-%dT%H:%MZ}"
                ),
            )


def _range(event: Event, scenario: Scenario, catalogues: Catalogues) -> str | None:
    """What is wrong with the numbers of satellites."""
    target, satellites = event.parsed, catalogues.satellites(scenario.constellation)
    if max(target.first, target.last) >= satellites > 0:
        number = str(target.first)
        if target.first == target.last and catalogues.identities(scenario.constellation).find(number):
            return f"is not in the fleet; write 'object {number}' for the satellite of that catalogue number"
        return f"is not in the fleet; satellites are numbered 0 to {satellites - 1}"
    if target.last != -1 and target.last < target.first:
        return "runs backwards; write the lower number first"
    return None


def _object(text: str, scenario: Scenario, catalogues: Catalogues) -> str | None:
    """What is wrong with the name or catalogue number of an object."""
    identities = catalogues.identities(scenario.constellation)
    found, names = identities.find(text), identities.names()
    if len(found) == 1:
        return None
    if found:
        which = " and ".join(identities.label(n) for n in found[:3])
        return f"means {which}; write one of them by its number in the fleet"
    if not names:
        return "needs a catalogue, and the constellation has none; write satellites by number, such as 'satellite 0'"
    advice = did_you_mean(text, names) if len(names) <= MOST_COMPARED else ""
    if len(advice) > MOST_LISTED:
        advice = ""
    return f"is not in the catalogue; {advice or 'write a name or a catalogue number of the file'}"


def shifted_events(scenario: Scenario, catalogues: Catalogues) -> list[str]:
    """Notes about events whose targets are counted, where element sets were left out.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    catalogues : Catalogues
        Content of the files of the constellation.

    Returns
    -------
    list of str
        A note for each such event: without the sets left out its target is another satellite than in the whole file.
    """
    if not catalogues.skipped:
        return []
    identities, notes = catalogues.identities(scenario.constellation), []
    for i, event in enumerate(scenario.events):
        target = event.parsed
        counted = target.kind not in ("station", "site", "launches", "process") and not (target.plane or target.object or target.last == -1)
        if counted:
            ends = dict.fromkeys((identities.label(target.first), identities.label(target.last)))
            notes.append(f"events.{i}: satellites are counted without the element sets left out: '{event.target}' is {' to '.join(ends)}")
    return notes


def _plane(plane: int, scenario: Scenario, catalogues: Catalogues) -> str | None:
    """What is wrong with the number of a plane."""
    entries = scenario.constellation
    blocks = plane_blocks(entries, [catalogues.count(i, entry) for i, entry in enumerate(entries)])
    if plane_satellites(blocks, plane) is not None:
        return None
    planes, without = sum(count for _, count, _ in blocks), "clusters and catalogues have none"
    if planes == 0:
        kind = "a catalogue" if isinstance(entries[0], FILES) else "a cluster"
        return f"needs planes, and {kind} has none; write satellites by number, such as 'satellites 0-8'"
    listed = f"planes are numbered 0 to {planes - 1}" if planes > 1 else "the only plane is 0"
    mixed = any(isinstance(entry, FILES) or entry.kind == "cluster" for entry in entries)
    return f"is not in the constellation; {listed}" + (f", {without}" if mixed else "")


def _station(name: str, scenario: Scenario) -> str | None:
    """What is wrong with the name of a station."""
    names = [] if scenario.ground is None else [station.name for station in scenario.ground.stations]
    if not names:
        return (
            "needs ground stations, and the scenario has none; write ground: {stations: default}, or remove the event"
        )
    return None if name in names else f"is not among the ground stations; {did_you_mean(name, names)}"


def _links(event: Event, scenario: Scenario) -> str | None:
    """What is wrong with a link, or with the links of satellites."""
    links, entries, target = scenario.links, scenario.constellation, event.parsed
    if links is None:
        return f"needs links, and the scenario has none; write links: {{topology: {suited_topology(entries)}}}"
    if target.kind == "terminals" or unjoined_entries(links.form, entries):
        return None
    if links.form not in JOINS:
        return _link_of_pairs(links, target.first, target.last, scenario)
    first = 0
    for entry in entries:
        assert not isinstance(entry, FILES)  # which no topology of fixed form joins
        if first <= target.first < first + entry.count:
            joined = [first + n for n in neighbours(entry, target.first - first, links.grid)]
            if target.last in joined:
                return None
            near = ", ".join(map(str, joined))
            return f"is no link of this {links.form}; satellite {target.first} is joined to {near}"
        first += entry.count
    return None


def _link_of_pairs(links: Links, first: int, last: int | None, scenario: Scenario) -> str | None:
    """What is wrong with a link of a topology over all satellites; nothing where positions decide, or files the numbers."""
    if any(isinstance(entry, FILES) for entry in scenario.constellation):
        return None
    satellites = sum(entry.count for entry in scenario.constellation if not isinstance(entry, FILES))
    pairs = topologies.fixed_pairs(links.section, scenario, satellites)
    if pairs is None:
        return None
    joined = [i + j - first for i, j in pairs if first in (i, j)]
    if last in joined:
        return None
    return f"is no link of this {links.form}; satellite {first} is joined to {', '.join(map(str, joined))}"
