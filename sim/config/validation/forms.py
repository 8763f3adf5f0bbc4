"""Topologies of fixed form: constellations that they join, sizes of the networks, neighbours of a satellite.

The same rules as `sim.network.topology`, without arrays.
"""

from __future__ import annotations

from orbit import formation_geometry
from sim.config.schema import (
    FILES,
    Cluster,
    Constellation,
    Lattice,
    Oem,
    Omm,
    Ring,
    Scenario,
    Shorthand,
    Tle,
    Walker,
    parts,
)
from sim.config.schema.topologies import GridForm, NearestForm, RelayForm, ShellsForm
from sim.config.validation import topologies
from sim.config.validation.shells import cross_plane_slots

JOINS = {"grid": (Walker, Ring, Shorthand), "mesh": (Cluster,)}


def unjoined_entries(topology: str, constellation: list[Constellation]) -> list[int]:
    """Entries of a constellation that a topology cannot join.

    Parameters
    ----------
    topology : str
        Kind of the topology.
    constellation : list of Constellation
        Entries of the constellation.

    Returns
    -------
    list of int
        Positions of the entries; empty for topologies that join any.
    """
    fit = JOINS.get(topology)
    return [] if fit is None else [i for i, entry in enumerate(constellation) if not isinstance(entry, fit)]


def suited_topology(constellation: list[Constellation]) -> str:
    """Topology that joins all entries of a constellation.

    Parameters
    ----------
    constellation : list of Constellation
        Entries of the constellation.

    Returns
    -------
    str
        "grid", "mesh" or "nearest".
    """
    return next((name for name in JOINS if not unjoined_entries(name, constellation)), "nearest")


def largest_network(scenario: Scenario) -> int | None:
    """Largest number of satellites that links of a fixed topology join to one network.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    int or None
        Satellites; None without links, or where it depends on positions or on the number of satellites in a file.
    """
    links = scenario.links
    if links is None:
        return None
    if links.form not in JOINS:
        if any(isinstance(entry, FILES) for entry in scenario.constellation):
            return None
        satellites = sum(entry.count for entry in scenario.constellation if not isinstance(entry, FILES))
        pairs = topologies.fixed_pairs(links.section, scenario, satellites)
        switches = topologies.switch_count(scenario, satellites)
        return None if pairs is None else topologies.largest_component(pairs) - switches
    sizes = [entry.lattice.count if isinstance(entry, Cluster) else entry.count
             for entry in parts(scenario.constellation) if not isinstance(entry, FILES)]  # fmt: skip
    return max(sizes, default=0)


def link_count(scenario: Scenario, satellites: int) -> int:
    """Largest number of simultaneous links: those of the topology, or where positions decide one for every two terminals.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    satellites : int
        Satellites of the constellation.

    Returns
    -------
    int
        Links; 0 without a links section.
    """
    links = scenario.links
    if links is None:
        return 0
    form = links.section
    pairs = topologies.fixed_pairs(form, scenario, satellites)
    if pairs is not None:
        return len(pairs)
    inside = sum(_links(entry, links.grid) for entry in scenario.constellation)
    if links.form in JOINS:
        return inside
    each = int(links.terminals)
    if isinstance(form, NearestForm):
        each = min(each, form.neighbours or each)
    elif isinstance(form, ShellsForm | RelayForm):
        files = satellites - sum(entry.count for entry in scenario.constellation if not isinstance(entry, FILES))
        return inside + min(files * each, files * (files - 1)) // 2 + satellites * (form.links if isinstance(form, RelayForm) else 1)
    return min(satellites * each, satellites * (satellites - 1)) // 2


def neighbours(entry: Constellation, i: int, cross_plane: GridForm | str = "nearest_slot") -> list[int]:
    """Satellites that a fixed topology joins to a satellite.

    Parameters
    ----------
    entry : Constellation
        Entry of the constellation.
    i : int
        Number of the satellite within the entry.
    cross_plane : GridForm or {"nearest_slot", "same_slot"}
        Rules for links between planes, as in the scenario's links.

    Returns
    -------
    list of int
        Numbers of the neighbours within the entry.
    """
    match entry:
        case Walker():
            return _in_planes(i, entry.planes, entry.satellites_per_plane, cross_plane_slots(entry, cross_plane))
        case Ring():
            return _in_planes(i, 1, entry.satellites, ())
        case Cluster():
            cluster, k = divmod(i, entry.lattice.count)
            return [cluster * entry.lattice.count + n for n in _beside(entry.lattice, k)]
        case Shorthand():
            first = 0
            for shell in entry.shells:
                if i < first + shell.count:
                    return [first + n for n in neighbours(shell, i - first, cross_plane)]
                first += shell.count
            return []
        case Tle() | Omm() | Oem():
            return []


def _in_planes(i: int, planes: int, slots: int, ahead: tuple[int, ...]) -> list[int]:
    """Neighbours in and across planes; `ahead`: slots to the neighbour in the next plane, from each plane that has one."""
    plane, slot = divmod(i, slots)
    joined = {plane * slots + (slot + step) % slots for step in (1, -1)}
    if plane < len(ahead):
        joined.add((plane + 1) % planes * slots + (slot + ahead[plane]) % slots)
    before = (plane - 1) % planes
    if before < len(ahead):
        joined.add(before * slots + (slot - ahead[before]) % slots)
    return sorted(joined - {i})


def _beside(form: Lattice, k: int) -> list[int]:
    """Neighbours of the k-th satellite of one formation."""
    pairs = form.pairs
    if pairs is None:
        return formation_geometry.neighbours(*form.disc, k)
    return sorted(i + j - k for i, j in pairs if k in (i, j))


def _links(entry: Constellation, cross_plane: GridForm | str) -> int:
    match entry:
        case Walker():
            slots, ahead = entry.satellites_per_plane, cross_plane_slots(entry, cross_plane)
            # two planes that are joined to the same satellites on both sides have these links once
            borders = 1 if len(ahead) == entry.planes == 2 and sum(ahead) % slots == 0 else len(ahead)
            return entry.planes * _round(slots) + borders * slots
        case Ring():
            return _round(entry.satellites)
        case Cluster():
            form, pairs = entry.lattice, entry.lattice.pairs
            return int(entry.clusters) * (formation_geometry.links(*form.disc) if pairs is None else len(pairs))
        case Shorthand():
            return sum(_links(shell, cross_plane) for shell in entry.shells)
        case Tle() | Omm() | Oem():
            return 0


def _round(slots: int) -> int:
    """Links along a plane: each slot to the next, once."""
    return slots if slots > 2 else slots - 1
