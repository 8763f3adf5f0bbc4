"""Checks of sensing workloads: stations, data rate, precision, size of results."""

from __future__ import annotations

from orbit.units import shortened
from sim.config.errors import Problem
from sim.config.schema import Scenario, Sensing
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node


def check_sensing(scenario: Scenario, root: Node) -> list[Problem]:
    """Check that images of sensing workloads can reach the ground, be processed, and be counted.

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
    jobs = [(i, job) for i, job in enumerate(scenario.workloads) if isinstance(job, Sensing)]
    if not jobs:
        return []
    problems = []
    ground, first = scenario.ground, ("workloads", str(jobs[0][0]))
    if ground is None or all(station.role == "pop" for station in ground.stations):
        message = "captures images, and the scenario has no ground stations; write ground: {stations: default, link_rate: 160 Mbit/s}"
        return [Problem(origin(root, *first), ".".join(first), message)]
    if ground.link_rate is None:
        message = "is missing, and sensing sends images over it; write link_rate: 160 Mbit/s below ground"
        problems.append(Problem(origin(root, "ground"), "ground.link_rate", message))
    for i, job in jobs:
        path = ("workloads", str(i))
        if job.processing is None:
            continue
        result, image = job.processing.result, job.sensor.image
        if result is not None and result > image:
            where = (*path, "processing", "result")
            message = f"{result:g} B are more than the image itself has, {image:g} B; write {image:g} B or less"
            problems.append(Problem(origin(root, *where), ".".join(where), message))
        for chip in (kind.accelerator for kind in scenario.types):
            if job.processing.precision not in chip.peak:
                known, given = ", ".join(sorted(chip.peak)), shortened(job.processing.precision)
                where = (*path, "processing", "precision")
                problems.append(Problem(origin(root, *where), ".".join(where), f"{chip.name} has no peak for '{given}'; write one of: {known}"))
    return problems
