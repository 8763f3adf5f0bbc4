"""The shipped configuration: items by kind and name, and the default sections of a scenario."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orbit.units import shortened
from sim.config import yaml_tree
from sim.config.errors import Origin, bad_input, did_you_mean
from sim.config.yaml_tree import Node

# What `dawndusk list` lists: folder of configs/, and kind in the file where a folder has several.
LISTS = {
    "scenarios": ("scenarios", ""),
    "sweeps": ("sweeps", ""),
    "satellites": ("hardware", "satellite"),
    "accelerators": ("hardware", "accelerator"),
    "cells": ("hardware", "cell"),
    "terminals": ("hardware", "terminal"),
    "radios": ("hardware", "radio"),
    "telescopes": ("hardware", "telescope"),
    "formats": ("hardware", "modulation"),
    "environments": ("hardware", "environment"),
    "models": ("models", ""),
    "failures": ("fleet", "failures"),
    "repairs": ("fleet", "repair"),
    "maintenance": ("fleet", "maintenance"),
    "processes": ("fleet", "process"),
    "causes": ("fleet", "cause"),
    "launchers": ("economics", ""),
    "activities": ("solar", ""),
    "sites": ("sites", ""),
    "baselines": ("baselines", ""),
}
FIRST_LISTS = ("cities", "default")  # station lists whose names go before equal ones of other lists


@dataclass(frozen=True, slots=True)
class Item:
    """A shipped item: the list that it belongs to, its name, one line on what it is, and its file."""

    kind: str  # key of LISTS
    name: str
    description: str
    file: Path


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
    return dict(_files(kind))


@cache
def _files(kind: str) -> tuple[tuple[str, Path], ...]:
    return tuple((p.stem, p) for p in sorted((config_root() / kind).glob("*.yaml"), key=lambda p: p.stem))


@cache
def _kinds(folder: str) -> dict[str, str]:
    """Value of the key `kind` of each shipped file that has one."""
    found = ((name, re.search(r"^kind: (\w+)\s*$", file.read_text("utf-8"), re.M)) for name, file in _files(folder))
    return {name: matched[1] for name, matched in found if matched is not None}


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
    return [name for name, found in _kinds(folder).items() if found == kind]


def shipped_kinds(name: str) -> list[str]:
    """Kinds of the shipped items of a name, by their key `kind`; scenarios and sweeps have none.

    Parameters
    ----------
    name : str
        Name of an item.

    Returns
    -------
    list of str
        Kinds, empty where there is no such item.

    Examples
    --------
    >>> shipped_kinds("suncatcher"), shipped_kinds("nothing")
    (['satellite'], [])
    """
    return [kinds[name] for kinds in map(_kinds, {folder: None for folder, _ in LISTS.values()}) if name in kinds]


def listed(name: str) -> list[Item]:
    """Shipped items of one list, or of all lists of a folder.

    Parameters
    ----------
    name : str
        Key of `LISTS`, or a folder of the configuration, such as "hardware".

    Returns
    -------
    list of Item
        Items in alphabetical order, list by list; empty for an unknown name.

    Examples
    --------
    >>> [item.name for item in listed("accelerators")][:3]
    ['a100-sxm', 'atlas-200-dk', 'b200-sxm']
    """
    found = []
    for key, (folder, kind) in LISTS.items():
        if name not in (key, folder):
            continue
        for stem in named_items(folder, kind) if kind else items(folder):
            file = items(folder)[stem]
            text = yaml_tree.read(file).get("description")
            found.append(Item(key, stem, "" if text is None else str(text.value), file))
    return found


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
        known = {n: p for n, p in known.items() if _kinds(kind).get(n) == only}
    if name not in known:
        raise bad_input(origin, path, f"no {only or kind} named '{shortened(name)}'; {did_you_mean(name, known)}")
    node = yaml_tree.read(known[name])
    return Node({k: v for k, v in node.value.items() if k not in ("kind", "$schema")}, node.origin)


@cache
def shipped_stations() -> dict[str, Node]:
    """Stations of the shipped lists by name; of equal names, that of `FIRST_LISTS`, then of the first list by name.

    Returns
    -------
    dict of str to Node
        Tree of each station.

    Examples
    --------
    >>> shipped_stations()["Nairobi"].value["latitude"].value["value"].value
    -1.28
    """
    files = items("sites")
    stations: dict[str, Node] = {}
    for name in sorted(files, key=lambda name: (name not in FIRST_LISTS, name)):
        for node in yaml_tree.read(files[name]).value["stations"].value:
            stations.setdefault(str(node.value["name"].value), node)
    return stations


def defaults() -> Node:
    """Default sections, as they are where a scenario leaves keys out.

    Returns
    -------
    Node
        Tree of `defaults.yaml`.
    """
    return yaml_tree.read(config_root() / "defaults.yaml")
