"""Locations of problems in the scenario file."""

from __future__ import annotations

from sim.config.errors import Origin
from sim.config.yaml_tree import Node, find


def origin(root: Node, *path: str) -> Origin:
    """Location of a node, or of the nearest one above it.

    Parameters
    ----------
    root : Node
        Tree of the scenario.
    *path : str
        Keys of the node.

    Returns
    -------
    Origin
        File, line and column.
    """
    return find(root, path).origin
