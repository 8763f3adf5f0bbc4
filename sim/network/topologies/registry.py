"""Topologies by name: those of this package, and those of installed ones by entry point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from typing import Any, NamedTuple

import numpy as np

from sim.network.topologies.base import ConstellationBlock, Indices, Limits, Topology
from sim.network.topologies.entry_points import GROUP
from sim.network.topologies.fixed import (
    ClosTopology,
    FixedPairs,
    GridTopology,
    MeshTopology,
    RingTopology,
    TorusTopology,
    arrays,
)
from sim.network.topologies.moving import JoinedShells, NearestTopology, Relay


class Fleet(NamedTuple):
    """What a topology is built from."""

    blocks: Sequence[ConstellationBlock]
    satellites: int
    limits: Limits
    part: Indices  # of each satellite (N,): its shell, formation or catalogue
    entry: Indices  # of each satellite (N,): its entry of the constellation


def without_parts(blocks: Sequence[ConstellationBlock], count: int, limits: Limits) -> Fleet:
    """A fleet whose parts are its blocks.

    Parameters
    ----------
    blocks : sequence of Grid or Lattice
        Blocks of the constellation.
    count : int
        Number of satellites.
    limits : Limits
        What every link obeys.

    Returns
    -------
    Fleet
        Each block is a part and an entry, and the satellites outside blocks are one more.
    """
    part = np.full(count, len(blocks), dtype=np.int64)
    for n, block in enumerate(blocks):
        part[block.first : block.first + block.count] = n
    return Fleet(blocks, count, limits, part, part)


# `settings` are the fields of the section of the scenario; `pairs` of custom ones are satellite numbers by then.
FORMS: dict[str, Callable[..., Topology]] = {
    "grid": lambda fleet: GridTopology(fleet.blocks),
    "mesh": lambda fleet: MeshTopology(fleet.blocks),
    "nearest": lambda fleet, neighbours=None: NearestTopology(fleet.limits, neighbours),
    "ring": lambda fleet, reach=1: RingTopology(fleet.satellites, reach),
    "torus": lambda fleet, shape: TorusTopology(shape),
    "clos": lambda fleet, ports, layers=3, switches="spread": ClosTopology(fleet.satellites, ports, layers, switches),
    "shells": lambda fleet, max_range=None, **settings: JoinedShells(fleet.blocks, fleet.part, fleet.limits, max_range_m=max_range, **settings),
    "relay": lambda fleet, max_range=None, **settings: Relay(fleet.blocks, fleet.entry, fleet.limits, max_range_m=max_range, **settings),
    "custom": lambda fleet, pairs: FixedPairs("custom", arrays(pairs)),
    "plugin": lambda fleet, name, settings=None: plugin(name, fleet, settings or {}),
}


def build(form: str, fleet: Fleet, settings: Mapping[str, Any]) -> Topology:
    """A topology by name.

    Parameters
    ----------
    form : str
        A key of `FORMS`.
    fleet : Fleet
        The constellation.
    settings : mapping
        Settings of the form by name.

    Returns
    -------
    Topology
        The topology.

    Examples
    --------
    >>> fleet = without_parts([], 8, Limits(4, 5e6, 80e3))
    >>> build("torus", fleet, {"shape": [2, 4]}).candidates(np.zeros((3, 8)), np.ones(8, bool))[0].size
    12
    """
    return FORMS[form](fleet, **settings)


def plugin(name: str, fleet: Fleet, settings: Mapping[str, Any]) -> Topology:
    """A topology of an installed package.

    Parameters
    ----------
    name : str
        Name of the entry point; it is called with the fleet and the settings by name.
    fleet : Fleet
        The constellation.
    settings : mapping
        Arguments by name.

    Returns
    -------
    Topology
        What the entry point returns.

    Raises
    ------
    ValueError
        There is no such entry point, or it returns no topology: what is wrong.
    """
    found = [point for point in metadata.entry_points(group=GROUP) if point.name == name]
    if not found:
        raise ValueError(f"no installed package has an entry point {name} in the group {GROUP}")
    topology = found[0].load()(fleet, **settings)
    missing = [part for part in ("name", "fixed", "switches", "orders", "candidates") if not hasattr(topology, part)]
    if missing:
        raise ValueError(f"entry point {name} returned an object without {missing[0]}, which a topology has")
    return topology  # type: ignore[no-any-return]
