"""Where in the file a problem lies."""

from __future__ import annotations

from sim.config.errors import Origin
from sim.config.yaml_tree import Node, find


def at(root: Node, *path: str) -> Origin:
    """Place of a node, or of the nearest one above it."""
    return find(root, path).origin
