"""Checks of volumes that jobs need from the ground, or send to it."""

from __future__ import annotations

from sim.config.errors import Problem
from sim.config.schema import Inference, Scenario, Training
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node


def check_volumes(scenario: Scenario, root: Node) -> list[Problem]:
    """Check that there is a way between the ground and the jobs that have volumes.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.

    Returns
    -------
    list of Problem
        One problem at most: the first volume for which stations or their rates are missing.
    """
    fields = [
        (str(i), name) for i, job in enumerate(scenario.workloads) if isinstance(job, Training | Inference)
        for name in ("ingest", "deliver") if getattr(job, name) is not None
    ]  # fmt: skip
    if not fields:
        return []
    ground, path = scenario.ground, ("workloads", *fields[0])
    if ground is None or all(s.role == "pop" for s in ground.stations):
        message = "needs ground stations, and the scenario has none; write ground: {stations: default, link_rate: 20 Gbit/s}"
        return [Problem(origin(root, *path), ".".join(path), message)]
    if ground.radio is None and ground.telescope is None and ground.link_rate is None:
        message = f"is missing, and {'.'.join(path)} passes at that rate; write link_rate: 20 Gbit/s below ground, or a radio or telescope"
        return [Problem(origin(root, "ground"), "ground.link_rate", message)]
    return []
