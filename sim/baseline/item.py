"""A shipped site: names resolved, silence replaced by the defaults, numbers in SI."""

from __future__ import annotations

from typing import Any

from sim import tree
from sim.catalogue import item
from sim.errors import InputError, Origin, Problem
from sim.resolve import resolve, with_defaults
from sim.spec import Site
from sim.tree import Node


def site_tree(name: str) -> Node:
    """Resolved tree of a site, with the records of its numbers. Raises InputError."""
    root = item("baselines", name, Origin(f"baseline {name}"), "baseline")
    chip = tree.find(root, ("accelerator",))
    found = item("hardware", str(tree.plain(chip)), chip.origin, "accelerator", "accelerator")
    problems: list[Problem] = []
    root = resolve(with_defaults(tree.put(root, ["accelerator"], found)), problems)
    if problems:
        raise InputError(problems)
    return root


def site_of(root: Node) -> Site:
    return Site.model_validate(tree.plain(root))


def assumptions(root: Node) -> list[str]:
    """Fields that are assumed, by dotted name."""
    found = []
    for path, node in tree.walk(root):
        kind = node.get("kind") if node.is_record else None
        if kind is not None and kind.value == "assumption":
            found.append(".".join(path))
    return found


def read_baseline(name: str | None, precision: str) -> dict[str, Any] | None:
    """Name, accelerators, power [W] and nameplate [FLOP/s] of a baseline; None where the scenario names none.

    The nameplate is None where its accelerator has no peak at the precision.
    """
    if name is None:
        return None
    site = site_of(site_tree(name))
    peak = site.accelerator.peak.get(precision)
    return {
        "name": site.name,
        "accelerators": site.accelerators,
        "power_w": site.power,
        "nameplate_flops_per_s": None if peak is None else site.accelerators * peak,
    }
