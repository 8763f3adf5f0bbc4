"""JSON Schema of scenario files as people write them: item names, overrides, one constellation or a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.config.library import defaults, items, named_items
from sim.config.resolve import NAMED
from sim.config.schema import NOT_SIMULATED, Scenario
from sim.config.yaml_tree import KINDS, Node


def scenario_schema() -> dict[str, Any]:
    """JSON Schema for editors; `configs/schema.json` is its output, and a test checks that it is current.

    Returns
    -------
    dict
        Schema of draft 2020-12.
    """
    schema = Scenario.model_json_schema()
    sections = schema["$defs"]
    sections["Number"] = {
        "description": "A number with its provenance.",
        "type": "object",
        "required": ["value", "kind", "source"],
        "additionalProperties": False,
        "properties": {
            "value": {"type": ["number", "string"]},
            "unit": {"type": "string"},
            "kind": {"enum": list(KINDS)},
            "source": {"type": "string", "description": "a key of the bibliography, or why the number was chosen"},
            "low": {"type": ["number", "string"]},
            "high": {"type": ["number", "string"]},
            "note": {"type": "string"},
        },
    }
    extended, partial = _partial_sections(schema)
    for name in extended:
        sections[name]["properties"]["extends"] = {"type": "string", "description": "an item that these values override"}
    for section in sections.values():
        for name, entry in section.get("properties", {}).items():
            each = entry.get("additionalProperties")
            if isinstance(each, dict) and _is_number(each):
                entry["additionalProperties"] = _or_record(each)
            elif _is_number(entry):
                section["properties"][name] = _or_record(entry)
    for name in partial:
        sections[name].pop("required", None)
    for kind, given in defaults().value.items():
        name = kind.capitalize()
        if name in sections and name not in partial:  # an entry of a list, by its kind
            _require_no_defaults(sections[name], given, sections)
    for section in (schema, *sections.values()):
        for pattern, folder, kind in NAMED:
            entry = section.get("properties", {}).get(pattern[-1])
            if entry is not None and "$ref" in str(entry):
                section["properties"][pattern[-1]] = {"anyOf": [{"enum": named_items(folder, kind)}, entry]}
    top = schema["properties"]
    sections["Ground"]["properties"]["stations"] = {
        "anyOf": [{"enum": list(items("sites"))}, sections["Ground"]["properties"]["stations"]]
    }
    top["satellites"]["additionalProperties"] = {
        "anyOf": [{"enum": named_items("hardware", "satellite")}, top["satellites"]["additionalProperties"]]
    }
    one = top["constellation"]["items"]
    top["constellation"] = {"anyOf": [one, top["constellation"]]}
    top["events"]["items"] = {"anyOf": [{"type": "string"}, top["events"]["items"]]}
    top["baseline"] = {"enum": [*items("baselines"), None]}
    top["extends"] = {"type": "string", "description": "another scenario that this one overrides"}
    for name in NOT_SIMULATED:
        top[name] = {"description": "read, but not simulated in this version"}
    schema["required"] = ["name"]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Dawndusk scenario"
    return schema


def _references(entry: Any) -> Iterator[str]:
    """Names of the sections that a value may be, those of list items left out."""
    if isinstance(entry, dict) and entry.get("type") != "array":
        if "$ref" in entry:
            yield entry["$ref"].rsplit("/", 1)[1]
        for form in entry.get("anyOf", ()):
            yield from _references(form)


def _partial_sections(schema: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Sections that may extend an item, and all that a scenario may give in part: none of their keys is required.

    These are the items and the sections of the scenario with what they hold, since items, defaults and the scenario
    that is extended give the rest. Entries of lists are not merged; they are given whole.
    """
    sections = schema["$defs"]
    extended: dict[str, None] = {}
    for section in (schema, *sections.values()):
        for pattern, *_ in NAMED:
            extended |= dict.fromkeys(_references(section.get("properties", {}).get(pattern[-1])))
    found = dict.fromkeys([*extended, *(name for entry in schema["properties"].values() for name in _references(entry))])
    waiting = list(found)
    while waiting:
        for entry in sections[waiting.pop()].get("properties", {}).values():
            new = [name for name in _references(entry) if name not in found]
            found |= dict.fromkeys(new)
            waiting += new
    return list(extended), list(found)


def _require_no_defaults(section: dict[str, Any], given: Node, sections: dict[str, Any]) -> None:
    """Drop the required keys that defaults give.

    A section within is given if it has required keys and defaults give them all; one without any, such as the lattice of
    a cluster, must still be named.
    """
    required = section.get("required", [])
    for name, value in given.value.items():
        complete = True
        if value.is_map and not value.is_record:
            (inner,) = (sections[n] for n in _references(section["properties"][name]))
            complete = "required" in inner
            _require_no_defaults(inner, value, sections)
            complete = complete and "required" not in inner
        if complete and name in required:
            required.remove(name)
    if not required:
        section.pop("required", None)


def _is_number(entry: dict[str, Any]) -> bool:
    """Whether a value is, or may be, a quantity or a count, and so may be a record with provenance."""
    if any(_is_number(form) for form in entry.get("anyOf", ())):
        return True
    description = entry.get("description", "")
    return "a number with a unit" in description or "with %" in description or entry.get("type") == "integer"


def _or_record(entry: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [entry, {"$ref": "#/$defs/Number"}]}

