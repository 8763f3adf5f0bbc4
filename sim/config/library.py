"""The shipped configuration: items by kind and name, and what a section says where a scenario is silent."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from sim.config import yaml_tree
from sim.config.errors import Origin, bad_input, did_you_mean
from sim.config.yaml_tree import Node


@cache
def config_root() -> Path:
    """Folder of the shipped configuration: inside the package once installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    return package / "configs" if (package / "configs").is_dir() else package.parent / "configs"


def items(kind: str) -> dict[str, Path]:
    """Shipped files of a kind (`scenarios`, `hardware`, `models`, ...) by name."""
    return {p.stem: p for p in sorted((config_root() / kind).glob("*.yaml"))}


def item(kind: str, name: str, origin: Origin, path: str, only: str = "") -> Node:
    """Tree of a shipped item; `only` restricts to one `kind:`. Raises InputError if there is none."""
    known = items(kind)
    if only:
        known = {n: p for n, p in known.items() if re.search(rf"^kind: {only}\s*$", p.read_text("utf-8"), re.M)}
    if name not in known:
        raise bad_input(origin, path, f"no {only or kind} named '{name}'; {did_you_mean(name, known)}")
    node = yaml_tree.read(known[name])
    return Node({k: v for k, v in node.value.items() if k not in ("kind", "$schema")}, node.origin)


def defaults() -> Node:
    """Sections as they are where a scenario says nothing else."""
    return yaml_tree.read(config_root() / "defaults.yaml")
