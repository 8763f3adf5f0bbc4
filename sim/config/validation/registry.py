"""All checks between fields, each only where the sections that it reads are in order."""

from __future__ import annotations

from collections.abc import Collection

from sim.config.ephemeris_files import Catalogues
from sim.config.errors import Problem
from sim.config.schema import Scenario
from sim.config.validation import basics, earth, formations, jobs, links, sizes
from sim.config.yaml_tree import Node


def problems(scenario: Scenario, root: Node, catalogues: Catalogues, broken: Collection[str] = ()) -> list[Problem]:
    """Everything wrong between fields that are each in order; `broken` names the sections that are not."""

    def sound(*sections: str) -> bool:
        return not any(name in broken for name in sections)

    satellites = catalogues.satellites(scenario.constellation)
    found = []
    if sound("epoch", "duration", "step"):
        found += basics.time(scenario, root)
    if sound("epoch", "duration", "environment"):
        found += earth.problems(scenario, root)
    if sound("step", "satellite", "reference_precision"):
        found += basics.hardware(scenario, root)
    if sound("epoch", "constellation"):
        found += basics.stale(scenario, root, catalogues.sets)
    if sound("epoch", "duration", "constellation"):
        found += basics.without_positions(scenario, root, catalogues.tracks)
    if sound("motion", "constellation"):
        found += basics.motion(scenario, root)
    if sound("epoch", "duration", "constellation", "events"):
        found += basics.events(scenario, root, satellites)
    if sound("constellation"):
        found += formations.keep_out(scenario, root)
    if sound("constellation", "links"):
        found += links.topology(scenario, root)
        found += formations.mesh(scenario, root)
    if sound("constellation", "links", "events"):
        found += links.events(scenario, root)
    if sound("links", "ground"):
        found += links.pairs(scenario, root)
    if sound("constellation", "satellite", "links", "workloads", "fleet") and satellites:
        found += jobs.problems(scenario, root, satellites)
    if not found and not broken and satellites:
        found += sizes.problems(scenario, root, satellites)
    return found
