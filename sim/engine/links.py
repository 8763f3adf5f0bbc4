"""Links of a scenario: constellation blocks for the topology, link rules, rank order, pairs of stations."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.config import validation, yaml_tree
from sim.config.errors import bad_input
from sim.config.scenario import Loaded
from sim.config.schema import (
    Cluster,
    Constellation,
    Ring,
    Scenario,
    Walker,
    parts,
)
from sim.config.schema.topologies import CustomForm, GridForm, PluginForm
from sim.engine import formations
from sim.engine.terminal_faces import faces_of_fleet
from sim.network.link_state import ConstellationBlock, Grid, LinkRules
from sim.network.optical import Terminal
from sim.network.topologies.base import Topology
from sim.network.topologies.registry import Fleet, build

Array1 = NDArray[np.float64]
Array2 = NDArray[np.float64]
Ints = NDArray[np.int64]


def constellation_blocks(loaded: Loaded) -> list[ConstellationBlock]:
    """Grids and lattices of a constellation.

    Parameters
    ----------
    loaded : Loaded
        The scenario.

    Returns
    -------
    list of ConstellationBlock
        Blocks in the order of their satellites; catalogues have none.
    """
    blocks: list[ConstellationBlock] = []
    first = 0
    links = loaded.scenario.links
    grid: GridForm | str = "nearest_slot" if links is None else links.grid
    for i, entry in enumerate(loaded.scenario.constellation):
        for part in parts([entry]):
            blocks += _constellation_blocks(part, first, grid)
            first += loaded.catalogues.count(i, part)
    return blocks


def topology(loaded: Loaded, rules: LinkRules) -> Topology:
    """Topology of a scenario.

    Parameters
    ----------
    loaded : Loaded
        The scenario, with a links section.
    rules : LinkRules
        Rules of its links.

    Returns
    -------
    Topology
        Which satellites may be linked.

    Raises
    ------
    InputError
        If an installed topology does not accept its settings.
    """
    scenario = loaded.scenario
    assert scenario.links is not None
    form = scenario.links.section
    settings = form.model_dump(exclude={"kind"})
    if isinstance(form, GridForm):
        settings = {}  # its rules are in the blocks
    elif isinstance(form, CustomForm):
        settings = {"pairs": validation.fixed_pairs(form, scenario, loaded.satellites, loaded.catalogues)}
    blocks, counts = constellation_blocks(loaded), [loaded.catalogues.count(i, entry) for i, entry in enumerate(scenario.constellation)]
    entry = np.repeat(np.arange(len(counts)), counts)
    part = len(blocks) + entry  # of satellites of catalogues
    for n, block in enumerate(blocks):
        part[block.first : block.first + block.count] = n
    try:
        return build(form.kind, Fleet(blocks, loaded.satellites, rules.limits, part, entry), settings)
    except Exception as error:
        if not isinstance(form, PluginForm):
            raise
        where = yaml_tree.find(loaded.tree, ("links", "topology")).origin
        raise bad_input(where, "links.topology", f"{form.name} made no topology ({type(error).__name__}: {error}); write other settings") from error


def _constellation_blocks(entry: Constellation, first: int, grid: GridForm | str) -> list[ConstellationBlock]:
    match entry:
        case Walker():
            ahead = validation.cross_plane_slots(entry, grid)
            return [Grid(first, entry.planes, entry.satellites_per_plane, ahead)]
        case Ring():
            return [Grid(first, 1, entry.satellites)]
        case Cluster():
            return list(formations.constellation_blocks(entry, first))
        case _:
            return []


def rank_order(loaded: Loaded) -> Ints:
    """Satellites in an order in which consecutive ones are neighbours, for the ranks of jobs.

    Parameters
    ----------
    loaded : Loaded
        The scenario.

    Returns
    -------
    ndarray of int64, shape (satellites,)
        Planes and lattice rows in serpentine order, from plane to plane over a link of the grid, then the satellites of
        catalogues by number.
    """
    ordered = np.concatenate([*_rows(loaded), np.zeros(0, dtype=np.int64)]).astype(np.int64)
    rest = np.setdiff1d(np.arange(loaded.satellites), ordered)
    return np.concatenate((ordered, rest))


def plane_of(loaded: Loaded) -> Ints:
    """Plane or formation of each satellite; satellites of a file are in one.

    Parameters
    ----------
    loaded : Loaded
        The scenario.

    Returns
    -------
    ndarray of int64, shape (satellites,)
        Numbers from 0, in the order of the constellation.
    """
    found: list[Ints] = []
    first = 0
    for i, entry in enumerate(loaded.scenario.constellation):
        for part in parts([entry]):
            count = loaded.catalogues.count(i, part)
            planes = int(part.planes) if isinstance(part, Walker) else int(part.clusters) if isinstance(part, Cluster) else 1
            found.append(first + np.arange(count) // (count // planes))
            first += planes
    return np.concatenate(found)


def rank_rows(loaded: Loaded) -> Ints:
    """Rows of `rank_order`: planes, and lattice rows of formations.

    Parameters
    ----------
    loaded : Loaded
        The scenario.

    Returns
    -------
    ndarray of int64, shape (satellites,)
        Number of the row of each satellite, -1 for satellites of catalogues.
    """
    row = np.full(loaded.satellites, -1, dtype=np.int64)
    for n, satellites in enumerate(_rows(loaded)):
        row[satellites] = n
    return row


def _rows(loaded: Loaded) -> list[Ints]:
    """Satellites of each plane and lattice row, in serpentine order."""
    rows: list[Ints] = []
    for block in constellation_blocks(loaded):
        if isinstance(block, Grid):
            rows += _planes_in_turn(block)
        else:
            rows += _serpentine(block.first, np.unique(block.offsets_m[1], return_inverse=True)[1])
    return rows


def _planes_in_turn(grid: Grid) -> list[NDArray[np.int64]]:
    """Satellites of each plane, once round: a plane begins beside the last satellite of the plane before, and runs against it."""
    order, slot, step = [], 0, 1
    for plane in range(grid.planes):
        slots = (slot + step * np.arange(grid.slots)) % grid.slots
        order.append(grid.first + plane * grid.slots + slots)
        ahead = grid.cross_slots[plane] if plane < len(grid.cross_slots) else 0
        slot, step = (int(slots[-1]) + ahead) % grid.slots, -step
    return order


def _serpentine(first: int, row: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Satellites of rows in sequence, every second row reversed."""
    return [first + np.flatnonzero(row == r)[:: 1 if r % 2 == 0 else -1] for r in range(int(row.max()) + 1)]


def link_rules(scenario: Scenario, type_index: Ints | None = None) -> LinkRules | None:
    """Link rules of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    type_index : ndarray of int64, shape (satellites,), optional
        Type of each satellite, for the faces on which its terminals are; without it terminals look anywhere.

    Returns
    -------
    LinkRules or None
        None without a links section.
    """
    links = scenario.links
    if links is None:
        return None
    t = links.terminal
    terminal = Terminal(
        transmit_power_w=t.transmit_power, aperture_m=t.aperture, wavelength_m=t.wavelength,
        transmit_efficiency=t.transmit_efficiency, receive_efficiency=t.receive_efficiency,
        pointing_jitter_rad=t.pointing_jitter, photons_per_bit=t.needed_photons, channels=t.channels,
        channel_rate_bit_s=t.modem_rate, receive_aperture_m=t.receive_aperture, truncation=t.truncation,
        receive_jitter_rad=t.pointing_jitter if t.receive_jitter is None else t.receive_jitter,
        pointing_bias_rad=t.pointing_bias, acceptance_rad=t.acceptance, margin_db=t.margin,
        spatial_channels=t.spatial_channels, separation_loss_db=t.separation_loss, signal_to_crosstalk_db=t.signal_to_crosstalk,
    )  # fmt: skip
    faces = None
    if t.field_of_regard is not None and type_index is not None:
        faces = faces_of_fleet([satellite.attitude for satellite in scenario.types], type_index)
    return LinkRules(
        topology=links.form, terminals=links.terminals, terminal=terminal,
        grazing_altitude_m=links.grazing_altitude, max_range_m=links.max_range, hop_latency_s=links.hop_latency,
        sun_keep_out_rad=t.sun_keep_out, step_s=scenario.step, acquisition_s=t.acquisition,
        faces=faces, field_of_regard_rad=math.pi if t.field_of_regard is None else t.field_of_regard,
        slew_limit_rad_s=math.inf if t.slew_limit is None else t.slew_limit, hysteresis=links.hysteresis,
        routing=links.routing,
    )  # fmt: skip


def station_pairs(scenario: Scenario) -> list[tuple[int, int]]:
    """Pairs of stations between which routes are computed.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of tuple of int
        Numbers of both stations of each pair.
    """
    ground = scenario.ground
    if ground is None:
        return []
    number = {s.name: i for i, s in enumerate(ground.stations)}
    return [(number[a], number[b]) for a, b in ground.station_pairs]
