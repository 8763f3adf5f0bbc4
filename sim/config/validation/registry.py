"""All checks between fields, each only where the sections that it reads are valid."""

from __future__ import annotations

from collections.abc import Collection

from sim.config.ephemeris_files import Catalogues
from sim.config.errors import Problem
from sim.config.schema import Scenario
from sim.config.validation import basics, earth, events, formations, jobs, links, sizes
from sim.config.yaml_tree import Node


def problems(scenario: Scenario, root: Node, catalogues: Catalogues, broken: Collection[str] = ()) -> list[Problem]:
    """Everything wrong between fields that are each valid; `broken` names the sections that are not."""

    def intact(*sections: str) -> bool:
        return not any(name in broken for name in sections)

    satellites = catalogues.satellites(scenario.constellation)
    found = []
    if intact("epoch", "duration", "step"):
        found += basics.time(scenario, root)
    if intact("epoch", "duration", "environment"):
        found += earth.problems(scenario, root)
    if intact("step", "satellite", "satellites", "reference_precision"):
        found += basics.hardware(scenario, root)
    if intact("satellite", "satellites", "constellation"):
        found += basics.types(scenario, root)
    if intact("epoch", "constellation"):
        found += basics.stale(scenario, root, catalogues.sets)
    if intact("epoch", "duration", "constellation"):
        found += basics.without_positions(scenario, root, catalogues.tracks)
    if intact("motion", "constellation"):
        found += basics.motion(scenario, root)
    if intact("events"):
        found += events.problems(scenario, root, catalogues, intact)
    if intact("constellation"):
        found += formations.keep_out(scenario, root)
    if intact("constellation", "links"):
        found += links.topology(scenario, root)
        found += formations.mesh(scenario, root)
    if intact("links", "ground"):
        found += links.pairs(scenario, root)
    if intact("constellation", "satellite", "satellites", "links", "workloads", "fleet") and satellites:
        found += jobs.problems(scenario, root, satellites)
    if not found and not broken and satellites:
        found += sizes.problems(scenario, root, satellites)
    return found
