"""Checks of the places in which jobs keep copies of their checkpoints."""

from __future__ import annotations

from collections.abc import Iterator

from sim.config.errors import Problem
from sim.config.schema import Cluster, Scenario, Training, Walker, parts
from sim.config.validation import forms
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node


def check_copies(scenario: Scenario, root: Node, satellites: int) -> list[Problem]:
    """Check that copies of checkpoints can get to where they are kept.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.
    satellites : int
        Satellites of the fleet.

    Returns
    -------
    list of Problem
        One problem for each place that cannot be reached.
    """
    found = []
    for i, job in enumerate(scenario.workloads):
        if isinstance(job, Training):
            path = ("workloads", str(i), "checkpoint", "copies")
            found += [Problem(origin(root, *path), ".".join(path), message) for message in _unreachable(scenario, job, satellites)]
    return found


def planes(scenario: Scenario) -> int:
    """Number of planes and formations; satellites of a file, and those of a ring, are in one each.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    int
        Their number, at least 1.
    """
    return sum(
        int(part.planes) if isinstance(part, Walker) else int(part.clusters) if isinstance(part, Cluster) else 1
        for part in parts(scenario.constellation)
    )  # fmt: skip


def _unreachable(scenario: Scenario, job: Training, satellites: int) -> Iterator[str]:
    copies, ground = job.checkpoint.copies, scenario.ground
    for place in ("neighbour", "plane"):
        if place in copies and scenario.links is None:
            yield (f"{place} needs links between satellites, and the scenario has none; "
                   f"write links: {{topology: {forms.suited_topology(scenario.constellation)}}}, or copies: [memory, ground]")  # fmt: skip
    if "neighbour" in copies and scenario.links is not None and satellites == 1:
        yield "neighbour is another satellite, and the fleet has one; write more satellites, or copies: [memory, ground]"
    if "plane" in copies and scenario.links is not None and planes(scenario) == 1:
        yield "plane is another plane or formation, and the constellation has one; write more of them, or copies: [neighbour, ground]"
    if "ground" in copies and (ground is None or all(s.role == "pop" for s in ground.stations)):
        yield "ground needs stations, and the scenario has none; write ground: {stations: default, link_rate: 20 Gbit/s}, or copies: [neighbour]"
    elif "ground" in copies and ground is not None and ground.link_rate is None:
        yield "ground needs the data rate of a station; write link_rate: 20 Gbit/s below ground, or copies: [neighbour]"
