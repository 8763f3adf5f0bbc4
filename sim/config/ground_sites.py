"""A shipped site: names resolved, silence replaced by the defaults, numbers in SI."""

from __future__ import annotations

from typing import Any

from sim.config import yaml_tree
from sim.config.errors import InputError, Origin, Problem
from sim.config.library import item
from sim.config.resolve import resolve, with_defaults
from sim.config.schema import Site
from sim.config.yaml_tree import Node


def site_tree(name: str) -> Node:
    """Resolved tree of a site, with the records of its numbers. Raises InputError."""
    root = item("baselines", name, Origin(f"baseline {name}"), "baseline")
    chip = yaml_tree.find(root, ("accelerator",))
    found = item("hardware", str(yaml_tree.plain(chip)), chip.origin, "accelerator", "accelerator")
    problems: list[Problem] = []
    root = resolve(with_defaults(yaml_tree.put(root, ["accelerator"], found)), problems)
    if problems:
        raise InputError(problems)
    return root


def site_of(root: Node) -> Site:
    return Site.model_validate(yaml_tree.plain(root))


def records(root: Node) -> dict[str, Node]:
    """Numbers with their source, by dotted name."""
    return {".".join(path): node for path, node in yaml_tree.walk(root) if node.is_record}


def assumptions(root: Node) -> list[str]:
    """Fields that are assumed, by dotted name."""
    kinds = {name: node.get("kind") for name, node in records(root).items()}
    return [name for name, kind in kinds.items() if kind is not None and kind.value == "assumption"]


def capex_usd(site: Site) -> float:
    """Buildings, machines and network; the price is for a watt of the machines, without what cools them."""
    return site.price_per_watt * site.power / site.pue


def read_baseline(name: str | None, precision: str) -> dict[str, Any] | None:
    """Name, accelerators, power [W], capital cost [USD] and nameplate [FLOP/s]; None where the scenario names no baseline.

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
        "capex_usd": capex_usd(site),
        "nameplate_flops_per_s": None if peak is None else site.accelerators * peak,
    }
