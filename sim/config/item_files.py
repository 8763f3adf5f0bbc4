"""Items of a scenario by name or by path: hardware, models, failures, launchers, station lists and ground sites."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel

from sim.config import schema, yaml_tree
from sim.config.errors import InputError, Origin, Problem, bad_input
from sim.config.library import config_root, item, shipped_kinds
from sim.config.paths import absolute_paths, is_path
from sim.config.schema.sweep import Sweep
from sim.config.yaml_tree import Node

NAMED_WITHIN = (("accelerator",), ("power", "battery", "chemistry"), ("format",))  # parts that an item may give by name
MODELS: dict[str, type[BaseModel]] = {
    "satellite": schema.Satellite,
    "accelerator": schema.Accelerator,
    "cell": schema.Cell,
    "terminal": schema.Terminal,
    "radio": schema.Radio,
    "telescope": schema.Telescope,
    "modulation": schema.Modulation,
    "environment": schema.Environment,
    "activity": schema.Activity,
    "model": schema.LanguageModel,
    "failures": schema.Failures,
    "repair": schema.Repair,
    "process": schema.FailureProcess,
    "cause": schema.CommonCause,
    "launch": schema.Launch,
    "baseline": schema.Site,
    "scenario": schema.Scenario,
    "sweep": Sweep,
}
"""What a file of one item may be, by its key `kind`."""
NOUNS = {
    "modulation": "modulation format",
    "model": "language model",
    "activity": "solar activity",
    "failures": "section of random failures",
    "process": "failure process",
    "cause": "common cause",
    "launch": "launcher",
    "baseline": "ground site",
    "sites": "list of stations",
}
SHARED = {"name", "description", "extends", "kind", "$schema"}


def find_item(folder: str, name: str, origin: Origin, field: str, kind: str, allowed: tuple[Path, ...] = ()) -> Node:
    """An item by the name of a shipped one, or by path.

    Parameters
    ----------
    folder : str
        Folder of the shipped configuration.
    name : str
        Name of a shipped item, or path of a file.
    origin : Origin
        Where the name was written, for the message.
    field : str
        Dotted name of the field, for the message.
    kind : str
        Key `kind` of the item.
    allowed : tuple of Path, optional
        Folders beside its own in which, or below which, a file of an item may name others.

    Returns
    -------
    Node
        Tree of the item, without its keys `kind` and `$schema`; what it extends is merged.

    Raises
    ------
    InputError
        If there is no such item, or if the file is something else.
    """
    return _found(folder, name, origin, field, kind, (), allowed)


def extended(node: Node, folder: str, field: str, kind: str, allowed: tuple[Path, ...] = ()) -> Node:
    """A mapping that may extend an item, merged over it.

    Parameters
    ----------
    node : Node
        Mapping, with or without the key `extends`.
    folder, field, kind : str
        As in `find_item`.
    allowed : tuple of Path, optional
        As in `find_item`.

    Returns
    -------
    Node
        Tree without the key `extends`.

    Raises
    ------
    InputError
        If there is no such item.
    """
    return _extended(node, folder, field, kind, (), allowed)


def _found(
    folder: str, name: str, origin: Origin, field: str, kind: str, seen: tuple[str, ...], allowed: tuple[Path, ...]
) -> Node:
    if name in seen:
        raise bad_input(origin, field, f"{Path(name).name} extends itself; write another item")
    shipped = not is_path(name)
    node = item(folder, name, origin, field, kind) if shipped else _read(Path(name), origin, field, kind, allowed)
    return _extended(node, folder, field, kind, (*seen, name), allowed)


def _extended(
    node: Node, folder: str, field: str, kind: str, seen: tuple[str, ...], allowed: tuple[Path, ...]
) -> Node:
    base = node.get("extends")
    if base is None:
        return node
    named = _found(folder, str(yaml_tree.plain(base)), base.origin, field, kind, seen, allowed)
    for keys in NAMED_WITHIN:
        part, own = yaml_tree.find(named, keys), yaml_tree.find(node, keys)
        written = own is not yaml_tree.find(node, keys[:-1])
        if written and isinstance(part.value, str) and own.is_map and not own.is_record and not own.get("extends"):
            # some values of a part that the item gives by name
            named = yaml_tree.put(named, list(keys), Node({"extends": part}, own.origin))
    rest = Node({key: value for key, value in node.value.items() if key != "extends"}, node.origin)
    return yaml_tree.merge(named, rest)


def _read(path: Path, origin: Origin, field: str, kind: str, allowed: tuple[Path, ...]) -> Node:
    """Read the file of an item and check what it is; its name is that of the file where it has none."""
    advice = f"write the path of a file that holds {_noun(kind)}"
    if not os.path.isfile(path):
        raise bad_input(origin, field, f"{path} is not a file; {advice}, relative to the scenario")
    node = yaml_tree.read(path)
    what = what_is(node, kind) if node.is_map else ""
    if what != kind:
        found = f"is {_noun(what)}, not" if what else "is not"
        raise bad_input(origin, field, f"{path} {found} {_noun(kind)}; {advice}, with keys such as {_keys(kind)}")
    problems: list[Problem] = []
    node = absolute_paths(node, path.parent, (kind,), (path.parent, config_root(), *allowed), problems)
    if problems:
        raise InputError(problems)
    values = {key: value for key, value in node.value.items() if key not in ("kind", "$schema")}
    if kind != "sites":
        values = {"name": Node(path.stem, node.origin), **values}
    return Node(values, node.origin)


def what_is(node: Node, wanted: str) -> str:
    """Kind of an item's tree: by its key `kind`, else by its keys.

    Parameters
    ----------
    node : Node
        Tree of a file.
    wanted : str
        Kind that is expected, and that is taken where as many keys speak for it as for any other.

    Returns
    -------
    str
        Key of `MODELS`, or "sites"; empty where no key is known. A file that extends a shipped item is what that is.

    Examples
    --------
    >>> what_is(yaml_tree.parse("{layers: 80, hidden: 8192}", "m.yaml"), "accelerator")
    'model'
    """
    stated = node.get("kind")
    if stated is not None and str(stated.value) in {*MODELS, "sites"}:
        return str(stated.value)
    base = node.get("extends")
    kinds = shipped_kinds(base.value) if base is not None and isinstance(base.value, str) else []
    if kinds:
        return wanted if wanted in kinds else kinds[0]
    keys = set(node.value) - SHARED
    if not keys and base is not None:
        return wanted
    known = {kind: len(keys & set(model.model_fields)) for kind, model in MODELS.items()} | {"sites": int("stations" in keys)}
    best = max(known, key=lambda kind: (known[kind], kind == wanted))
    return best if known[best] else ""


def _keys(kind: str) -> str:
    """The first keys of a kind of items, as an example."""
    keys = ["stations"] if kind == "sites" else [key for key in MODELS[kind].model_fields if key not in SHARED][:3]
    return ", ".join(f"{key}:" for key in keys)


def _noun(kind: str) -> str:
    noun = NOUNS.get(kind, kind)
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
