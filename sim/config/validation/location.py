"""Locations of problems in the scenario file."""

from __future__ import annotations

from sim.config.errors import Origin
from sim.config.yaml_tree import Node, find


def origin(root: Node, *path: str) -> Origin:
    """Location of a node, or of the nearest one above it."""
    return find(root, path).origin
