"""The shipped configuration: items by kind and name, and the default sections of a scenario."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from orbit.units import shortened
from sim.config import yaml_tree
from sim.config.errors import Origin, bad_input, did_you_mean
from sim.config.yaml_tree import Node


@cache
def config_root() -> Path:
    """Folder of the shipped configuration: inside the package once installed, beside it in a checkout.

    Returns
    -------
    Path
        The folder `configs`.
    """
    package = Path(__file__).resolve().parents[1]
    return package / "configs" if (package / "configs").is_dir() else package.parent / "configs"


def items(kind: str) -> dict[str, Path]:
    """Shipped files of a kind by name.

    Parameters
    ----------
    kind : str
        A folder of the configuration: scenarios, hardware, models, ...

    Returns
    -------
    dict of str to Path
        Files by name, sorted.

    Examples
    --------
    >>> "suncatcher" in items("scenarios"), "llama-3-70b" in items("models")
    (True, True)
    """
    return {p.stem: p for p in sorted((config_root() / kind).glob("*.yaml"))}


def named_items(folder: str, kind: str) -> list[str]:
    """Names of the shipped items of one `kind:` in a folder, in alphabetical order.

    Parameters
    ----------
    folder : str
        Folder of the shipped configuration.
    kind : str
        Value of the item's key `kind`.

    Returns
    -------
    list of str
        Names of the items.

    Examples
    --------
    >>> "suncatcher" in named_items("hardware", "satellite")
    True
    """
    pattern = re.compile(rf"^kind: {kind}\s*$", re.M)
    return [name for name, file in items(folder).items() if pattern.search(file.read_text("utf-8"))]


def item(kind: str, name: str, origin: Origin, path: str, only: str = "") -> Node:
    """Read a shipped item.

    Parameters
    ----------
    kind : str
        A folder of the configuration.
    name : str
        Name of the item.
    origin : Origin
        Where the name was written, for the message.
    path : str
        Dotted name of the field, for the message.
    only : str
        Accept only items whose key `kind` has this value; empty for any.

    Returns
    -------
    Node
        Tree of the item, without its keys `kind` and `$schema`.

    Raises
    ------
    InputError
        If there is no such item.
    """
    known = items(kind)
    if only:
        known = {n: p for n, p in known.items() if re.search(rf"^kind: {only}\s*$", p.read_text("utf-8"), re.M)}
    if name not in known:
        raise bad_input(origin, path, f"no {only or kind} named '{shortened(name)}'; {did_you_mean(name, known)}")
    node = yaml_tree.read(known[name])
    return Node({k: v for k, v in node.value.items() if k not in ("kind", "$schema")}, node.origin)


def defaults() -> Node:
    """Default sections, as they are where a scenario leaves keys out.

    Returns
    -------
    Node
        Tree of `defaults.yaml`.
    """
    return yaml_tree.read(config_root() / "defaults.yaml")
