"""Checks of links and routes over them: topology and constellation, pairs of stations."""

from __future__ import annotations

from orbit.units import shortened
from sim.config.errors import Problem, did_you_mean
from sim.config.schema import Scenario
from sim.config.validation.forms import suited_topology, unjoined_entries
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node

WORDS = {"grid": "walkers and rings", "mesh": "clusters"}


def check_topology(scenario: Scenario, root: Node) -> list[Problem]:
    """Check that the topology can join every entry of the constellation.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.

    Returns
    -------
    list of Problem
        All problems found.
    """
    links, entries = scenario.links, scenario.constellation
    unjoined = [] if links is None else unjoined_entries(links.form, entries)
    if links is None or not unjoined:
        return []
    kind = entries[unjoined[0]].kind
    which = f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}" + (
        f" (constellation.{unjoined[0]})" if len(entries) > 1 else ""
    )
    message = f"{links.form} joins {WORDS[links.form]}, not {which}; write topology: {suited_topology(entries)}"
    return [Problem(origin(root, "links", "topology"), "links.topology", message)]


def check_station_pairs(scenario: Scenario, root: Node) -> list[Problem]:
    """Check pairs of stations: known, two different stations, each pair once, and links to route over.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.

    Returns
    -------
    list of Problem
        All problems found.
    """
    ground = scenario.ground
    if ground is None or not ground.station_pairs:
        return []
    if scenario.links is None:
        advice = f"write links: {{topology: {suited_topology(scenario.constellation)}}}, or remove station_pairs"
        message = f"are joined over links, and the scenario has none; {advice}"
        return [Problem(origin(root, "ground", "station_pairs"), "ground.station_pairs", message)]
    names = [s.name for s in ground.stations]
    problems = []
    seen: dict[frozenset[str], int] = {}
    for i, pair in enumerate(ground.station_pairs):
        unknown = [name for name in pair if name not in names]
        if unknown:
            message = f"no station named '{shortened(unknown[0])}'; {did_you_mean(unknown[0], names)}"
        elif pair[0] == pair[1]:
            message = f"joins {pair[0]} to itself; write two different stations"
        elif frozenset(pair) in seen:
            message = f"is the same pair as entry {seen[frozenset(pair)]}; remove it"
        else:
            seen[frozenset(pair)] = i
            continue
        problems.append(Problem(origin(root, "ground", "station_pairs", str(i)), f"ground.station_pairs.{i}", message))
    return problems
