"""Topologies of installed packages, by name, without loading them."""

from __future__ import annotations

from importlib import metadata

GROUP = "dawndusk.topologies"


def plugin_names() -> list[str]:
    """Names of the entry points of the group `dawndusk.topologies` that are installed.

    Returns
    -------
    list of str
        Ascending.
    """
    return sorted(point.name for point in metadata.entry_points(group=GROUP))
