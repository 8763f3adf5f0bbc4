"""Messages for invalid scenarios: pydantic's errors with their location and what to write instead."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import ValidationError

from orbit.units import QUOTED, shortened
from sim.config import yaml_tree
from sim.config.errors import Problem, did_you_mean
from sim.config.library import named_items
from sim.config.schema import FieldError, Scenario
from sim.config.schema.topologies import FORMS
from sim.config.schema.topologies import WORD as WORD_FORM
from sim.config.yaml_tree import Node

Named = Sequence[tuple[tuple[str, ...], str, str]]  # path (* is any position of a list), folder of configs/, kind
WORD = "literal["  # pydantic's name for a word that may be written instead of a quantity
_TAGS = {
    "constellation": {"walker", "ring", "cluster", "shorthand", "tle", "omm", "oem"},
    "workloads": {"independent", "training", "inference", "sensing"},
    "links": {*FORMS, WORD_FORM},
}


# Earlier names of keys, by the section's path pattern (* is any position of a list), and of kinds of workloads. A new
# name with points is a path from the nearest section that has its first part.
_ON_SATELLITES = (("satellite",), ("satellites", "*"))
_SITES = (("baseline",), ("contract", "site"), ("contract", "hedges", "*", "site"))
RENAMED_KEYS = {
    ("record",): "recorder",
    ("ground", "pairs"): "station_pairs",
    ("constellation", "*", "upkeep"): "station_keeping",
    ("workloads", "*", "memory_use"): "memory_fraction",
    ("fibre", "stretch"): "path_stretch",
    **{(*place, "power", "host_power"): "accelerator.host.power" for place in _ON_SATELLITES},
    **{
        (*place, "power", "battery", old): new
        for place in _ON_SATELLITES
        for old, new in (("charge_efficiency", "chemistry.coulombic_efficiency"), ("discharge_efficiency", "chemistry.resistance"))
    },
    **{
        (*place, "accelerator", old): new
        for place in (*_ON_SATELLITES, *_SITES)
        for old, new in (("interconnect", "fabric.rate"), ("interconnect_latency", "fabric.latency"))
    },
    ("economics", "spacecraft"): "bus",
    ("economics", "accelerator"): "satellite.accelerator.price",
    **{(*place, "price_per_watt"): "building" for place in _SITES},
}
RENAMED_KINDS = {"stream": "independent"}


def current_key_name(path: Sequence[str]) -> str | None:
    """Present name of a key that earlier versions called otherwise.

    Parameters
    ----------
    path : sequence of str
        Path of the key.

    Returns
    -------
    str or None
        The new name; None where the key was never in use.

    Examples
    --------
    >>> current_key_name(["constellation", "0", "upkeep"]), current_key_name(["step"])
    ('station_keeping', None)
    """
    for old, new in RENAMED_KEYS.items():
        if len(old) == len(path) and all(o in ("*", part) for o, part in zip(old, path, strict=True)):
            return new
    return None


def record_problems(root: Node, wrapped: bool) -> list[Problem]:
    """Check that every number with provenance has a kind, a source and no unknown keys.

    Parameters
    ----------
    root : Node
        Resolved tree of the scenario.
    wrapped : bool
        Whether the file has a single constellation rather than a list.

    Returns
    -------
    list of Problem
        All problems found.
    """
    problems = []
    for path, node in yaml_tree.walk(root):
        if node.is_record:
            problems += _record_problems(".".join(_shown(list(path), wrapped)), node)
    return problems


def _record_problems(name: str, node: Node) -> list[Problem]:
    problems = []
    for key in sorted(set(node.value) - yaml_tree.RECORD_KEYS):
        origin = node.value[key].origin
        problems.append(Problem(origin, f"{name}.{key}", f"unknown key; {did_you_mean(key, yaml_tree.RECORD_KEYS)}"))
    kind = node.get("kind")
    if kind is None or kind.value not in yaml_tree.KINDS:
        message = f"is missing or unknown; write one of: {', '.join(yaml_tree.KINDS)}"
        problems.append(Problem((kind or node).origin, f"{name}.kind", message))
    if node.get("source") is None:
        message = "is missing; write a key of docs/references.bib, or why the number was chosen"
        problems.append(Problem(node.origin, f"{name}.source", message))
    unit, value = node.get("unit"), node.value["value"]
    if unit is not None and not isinstance(unit.value, str) and unit.value != 1:
        problems.append(Problem(unit.origin, f"{name}.unit", f"{_written(unit)} is no unit; write one in quotes, such as 'kW' or '1'"))
    if isinstance(value.value, dict | list):
        problems.append(Problem(node.origin, name, "has no number as its value; write one"))  # at the place of the field's error
    return problems + _range_problems(name, node)


def _range_problems(name: str, node: Node) -> list[Problem]:
    """Check that the range of a record has two numbers in order, and that they enclose the value."""
    value, problems = node.value["value"].value, []
    ends = {key: child for key in ("low", "high") if (child := node.get(key)) is not None and child.value is not None}
    for key, child in ends.items():
        if not _is_number(child.value):
            message = f"{_written(child)} is not a number; write one in the unit of the value"
            problems.append(Problem(child.origin, f"{name}.{key}", message))
    if problems or not ends:
        return problems
    low, high = (ends[key].value if key in ends else limit for key, limit in (("low", -math.inf), ("high", math.inf)))
    if low > high:
        message = f"{low:g} is above high {high:g}; write the smaller number as low"
        return [Problem(ends["low"].origin, f"{name}.low", message)]
    if _is_number(value) and not low <= value <= high:
        which = "low" if value < low else "high"
        side = "above" if which == "low" else "below"
        message = f"{ends[which].value:g} is {side} the value {value:g}; write a range that has the value in it"
        return [Problem(ends[which].origin, f"{name}.{which}", message)]
    return []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _written(node: Node) -> str:
    """A value as messages repeat it."""
    if isinstance(node.value, dict | list):
        return "this"
    words = {None: "null", True: "true", False: "false"}
    return words[node.value] if node.value is None or isinstance(node.value, bool) else f"'{shortened(str(node.value))}'"


def field_problems(error: ValidationError, root: Node, wrapped: bool, named: Named = ()) -> list[Problem]:
    """Convert pydantic's errors to problems with a location and advice.

    Parameters
    ----------
    error : ValidationError
        Errors of the scenario model.
    root : Node
        Resolved tree of the scenario.
    wrapped : bool
        Whether the file has a single constellation rather than a list.
    named : sequence of tuple
        Path patterns where the name of a shipped item may be written, with folder and kind of the items.

    Returns
    -------
    list of Problem
        One problem for each wrong field.
    """
    problems: list[Problem] = []
    words, incomplete = _words_instead(error), set[tuple[str, ...]]()
    for entry in error.errors():
        loc = [str(part) for part in entry["loc"]]
        if loc[-1].startswith(WORD):
            continue  # reported with the other alternative
        instead = words.get(entry["loc"][:-1], "")
        loc = loc[:-1] if instead else loc
        wrong = (entry.get("ctx") or {}).get("error")
        loc = [*loc, *wrong.field.split(".")] if isinstance(wrong, FieldError) else loc
        loc = [loc[0], *loc[2:]] if loc[0] == "baseline" and loc[1:2] in (["site"], ["name"]) else loc
        path = loc[:2] + loc[3:] if len(loc) > 2 and loc[2] in _TAGS.get(loc[0], ()) else loc  # without the kind
        shown = _shown(path, wrapped)
        node = yaml_tree.find(root, tuple(path))
        shipped = _items(path[:-1], named) if entry["type"] == "missing" and tuple(path[:-1]) not in incomplete else []
        if shipped:  # once for each item
            incomplete.add(tuple(path[:-1]))
            instead = f", or `extends: {shipped[0]}` for everything that is missing"
        problems.append(Problem(node.origin, ".".join(shown), _message(entry, node, path, _items(path, named)) + instead))
    return problems


def _words_instead(error: ValidationError) -> dict[tuple[int | str, ...], str]:
    """For fields that take a quantity or a word: the advice that names the words, by location."""
    return {
        entry["loc"][:-1]: f", or {entry['ctx']['expected']}"
        for entry in error.errors()
        if str(entry["loc"][-1]).startswith(WORD)
    }


def _items(path: list[str], named: Named) -> list[str]:
    """Names of the shipped items that may be written at a path."""
    for pattern, folder, kind in named:
        if len(pattern) == len(path) and all(p in ("*", part) for p, part in zip(pattern, path, strict=True)):
            return named_items(folder, kind)
    return []


def _shown(path: list[str], wrapped: bool) -> list[str]:
    """A path as the file has it: without the 0 of a single constellation."""
    return [p for n, p in enumerate(path) if not (wrapped and n == 1 and path[0] == "constellation" and p == "0")]


def _message(entry: Any, node: Node, path: list[str], names: list[str]) -> str:
    kind, context = entry["type"], entry.get("ctx") or {}
    shown, given = _written(node), shortened(str(entry["input"]))
    if kind == "missing":
        example = f"one of: {', '.join(names)}" if names else _example(path)
        return f"is missing; write `{path[-1]}: ...` here ({example})"
    if kind == "extra_forbidden":
        new = current_key_name(path)
        if new is not None:
            head, *rest = new.split(".")
            nested = f" {': '.join('{' + part for part in rest)}: ...{'}' * len(rest)}" if rest else ""
            return f"was renamed to {new}; write `{head}:{nested}` instead"
        keys = _known_keys(path)
        if path[-1] in keys:
            return "does not go with this kind; remove it, or write another kind"
        return f"unknown key; {did_you_mean(path[-1], keys)}"
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", entry["msg"]))
    if kind == "literal_error":
        known = [k.strip("' ") for k in re.split(r", | or ", str(context["expected"]))]
        return f"{shown} is unknown; {did_you_mean(str(node.value)[:QUOTED], known)}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tag = shortened(str(context.get("tag", "")))
        known = sorted(_TAGS.get(path[0], set()) - {WORD_FORM})
        if tag in RENAMED_KINDS:
            return f"kind '{tag}' was renamed to {RENAMED_KINDS[tag]}; write `kind: {RENAMED_KINDS[tag]}`"
        return (
            f"kind '{tag}' is unknown; {did_you_mean(tag, known)}"
            if tag
            else f"kind is missing; write one of: {', '.join(known)}"
        )
    if kind == "too_short":
        return "is empty; write at least one entry"
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return f"{'is empty' if node.value is None else 'is not a mapping'}; write {_mapping(path, names)}"
    if kind == "list_type":
        what = "is empty" if node.value is None else "is not a list"
        return f"{what}; write entries that start with '- '"
    if kind == "string_pattern_mismatch":
        return f"'{given}' is no name; write up to 200 letters, digits, '_', '.' and '-'"
    if kind == "string_type":
        return "is not a word; write one, in quotes where it looks like a number"
    return f"{shown} does not fit ({entry['msg'][0].lower()}{entry['msg'][1:]}); see `dawndusk schema`"


@cache
def _schema() -> dict[str, Any]:
    return Scenario.model_json_schema()


def _sections(path: list[str]) -> list[dict[str, Any]]:
    """JSON schemas of the mappings that a path may be in."""
    schema = _schema()
    level = [schema]
    for part in path[:-1]:
        below = []
        for entry in level:
            child = entry.get("properties", {}).get(part) or (entry.get("items") if part.isdigit() else None)
            below += _unfold(child, schema) if child else []
        level = below
    return [entry for entry in level if "properties" in entry]


def _unfold(entry: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in entry:
        return _unfold(schema["$defs"][entry["$ref"].rsplit("/", 1)[1]], schema)
    choices = entry.get("oneOf") or entry.get("anyOf")
    return [x for choice in choices for x in _unfold(choice, schema)] if choices else [entry]


def _known_keys(path: list[str]) -> set[str]:
    return {key for section in _sections(path) for key in section["properties"]}


def _mapping(path: list[str], names: list[str]) -> str:
    """What a mapping at a path looks like, the names that may be written for it, and whether it may be left out."""
    keys = "keys with values below it"
    for section in _sections([*path, ""])[:1]:
        key, entry = next(iter(section["properties"].items()))
        words = [word for choice in entry.get("oneOf", ()) for word in choice.get("enum", ())]
        values = entry.get("examples") or entry.get("enum") or words or ([1] if entry.get("type") == "integer" else ["..."])
        keys += f", such as `{key}: {values[0]}`"
    if names:
        keys = f"one of: {', '.join(names)}; or `extends: {names[0]}` with the keys that differ"
    optional = any("default" in section["properties"].get(path[-1], {}) for section in _sections(path))
    return keys + ("; or leave it out" if optional else "")


def _example(path: list[str]) -> str:
    for section in _sections(path):
        entry = section["properties"].get(path[-1], {})
        if entry.get("examples"):
            return f"such as `{path[-1]}: {entry['examples'][0]}`"
        if "const" in entry or "enum" in entry:
            return "one of: " + ", ".join(map(str, entry.get("enum", [entry.get("const")])))
        if entry.get("type") == "integer":
            return f"such as `{path[-1]}: {max(1, entry.get('minimum', 1))}`"
    return "see `dawndusk schema`"
