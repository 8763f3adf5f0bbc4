"""All checks between fields, each only where the sections that it reads are valid."""

from __future__ import annotations

from collections.abc import Collection

from sim.config.ephemeris_files import Catalogues
from sim.config.errors import Problem
from sim.config.schema import Scenario
from sim.config.validation import (
    basics,
    checkpoints,
    contract,
    data_rules,
    data_volumes,
    earth,
    events,
    feasibility,
    formations,
    isolation,
    jobs,
    links,
    mission,
    plausibility,
    propulsion,
    sensing,
    shells,
    sizes,
    terminals,
    topologies,
)
from sim.config.yaml_tree import Node


def check_scenario(scenario: Scenario, root: Node, catalogues: Catalogues, invalid: Collection[str] = ()) -> list[Problem]:
    """Check fields against each other, each check only where the sections that it reads are valid.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.
    catalogues : Catalogues
        Content of the files of the constellation.
    invalid : collection of str, optional
        Sections that are invalid by themselves.

    Returns
    -------
    list of Problem
        All problems found.
    """

    def valid(*sections: str) -> bool:
        return not any(name in invalid for name in sections)

    satellites = catalogues.satellites(scenario.constellation)
    problems = []
    if valid("epoch", "duration", "step"):
        problems += basics.check_time_grid(scenario, root)
    if valid("epoch", "duration", "environment"):
        problems += earth.check_dates(scenario, root)
    if valid("step", "satellite", "satellites", "reference_precision"):
        problems += basics.check_hardware(scenario, root)
    if valid("step", "duration", "satellite", "satellites"):
        problems += basics.check_policies(scenario, root)
    if valid("satellite", "satellites", "constellation"):
        problems += basics.check_types(scenario, root)
    if valid("epoch", "duration", "constellation", "satellite", "satellites", "environment"):
        problems += feasibility.check_designs(scenario, root)
    if valid("epoch", "constellation"):
        problems += basics.check_element_age(scenario, root, catalogues.sets)
    if valid("epoch", "duration", "constellation"):
        problems += basics.check_ephemeris_spans(scenario, root, catalogues.tracks)
    if valid("motion", "constellation"):
        problems += basics.check_motion_model(scenario, root)
    if valid("satellite", "satellites", "constellation", "motion", "links", "duration") and satellites:
        problems += propulsion.check_propulsion(scenario, root, catalogues)
    if valid("events"):
        problems += events.check_events(scenario, root, catalogues, valid)
    ruled = data_rules.check_data_rules(scenario, root, catalogues, valid)
    problems += [*ruled, *contract.check_contract(scenario, root, catalogues, valid)]
    problems += mission.check_mission(scenario, root, catalogues, valid)
    if valid("constellation"):
        problems += formations.check_keep_out(scenario, root)
    if valid("constellation", "links"):
        problems += links.check_topology(scenario, root)
        missing = [*formations.check_mesh_spacing(scenario, root), *topologies.check_settings(scenario, root, catalogues)]
        problems += missing or (isolation.check_isolation(scenario, root, catalogues) if valid("epoch", "motion") else [])
        if valid("satellite", "satellites"):
            problems += terminals.check_fields_of_regard(scenario, root)
    if valid("links", "ground"):
        problems += links.check_station_pairs(scenario, root)
    if valid("ground", "workloads"):
        problems += data_volumes.check_volumes(scenario, root)
    if valid("constellation", "links", "ground", "workloads"):
        problems += checkpoints.check_copies(scenario, root, satellites)
    if valid("constellation", "satellite", "satellites", "links", "workloads", "fleet") and satellites:
        computing = satellites - topologies.switch_count(scenario, satellites)
        placed = None if ruled or not valid("data_rules") else data_rules.workload_satellites(scenario, catalogues, computing)
        problems += jobs.check_workloads(scenario, root, computing, placed)
        problems += sensing.check_sensing(scenario, root) if valid("ground") else []
    if not problems and not invalid and satellites:
        problems += sizes.check_memory(scenario, root, satellites)
    return problems


def notes(scenario: Scenario, satellites: int) -> list[str]:
    """Notes on a valid scenario, on what is implausible or has no effect.

    They tell of the Earth orientation, satellites that come close, numbers that differ, designs that do not close, and values without effect.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    satellites : int
        Satellites of the fleet.

    Returns
    -------
    list of str
        Notes, one line each.
    """
    of_models = [*earth.orientation_notes(scenario), *shells.notes(scenario), *jobs.notes(scenario, satellites)]
    return [*of_models, *feasibility.notes(scenario), *plausibility.notes(scenario), *contract.notes(scenario), *mission.notes(scenario),
            *basics.notes(scenario)]  # fmt: skip
