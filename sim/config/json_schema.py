"""JSON Schema of scenario files as people write them: item names, overrides, one constellation or a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.config.library import defaults, items, named_items, shipped_stations
from sim.config.paths import PATH_PATTERN
from sim.config.quantity import UNIT_KEY, Quantity, written
from sim.config.resolve import NAMED
from sim.config.schema import Scenario
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
            "value": {"type": ["number", "string"], "description": "The number, in `unit`"},
            "unit": {"type": "string", "description": "Unit of value, low and high"},
            "kind": {"enum": list(KINDS), "description": "How the number is known"},
            "source": {"type": "string", "description": "Key of the bibliography, or why the number was chosen"},
            "low": {"type": ["number", "string"], "description": "Lowest plausible value"},
            "high": {"type": ["number", "string"], "description": "Highest plausible value"},
            "note": {"type": "string", "description": "Remark on the source"},
        },
    }
    sections["Path"] = {
        "description": "Path of a file, relative to the file that names it",
        "type": "string",
        "pattern": PATH_PATTERN,
    }
    extended, partial = _partial_sections(schema)
    for name in extended:
        sections[name]["properties"]["extends"] = {"type": "string", "description": "Item that these values override"}
    for section in sections.values():
        for name, entry in section.get("properties", {}).items():
            each = entry.get("additionalProperties")
            if isinstance(each, dict) and _is_number(each):
                entry["additionalProperties"] = _or_record(each)
            elif _is_number(entry):
                section["properties"][name] = _or_record(entry)
    schema["properties"] = {name: _with_unit(entry) for name, entry in schema["properties"].items()}
    for name in partial:
        sections[name].pop("required", None)
    for kind, given in defaults().value.items():
        name = kind.capitalize()
        if name in sections and name not in partial:  # an entry of a list, by its kind
            _require_no_defaults(sections[name], given, sections)
    named = {pattern[-1]: (folder, kind) for pattern, folder, kind in NAMED if pattern[-1] != "*"}
    for section in (schema, *sections.values()):
        for name, (folder, kind) in named.items():
            entry = section.get("properties", {}).get(name)
            if entry is not None and {*_references(entry)} - {"Number"}:
                section["properties"][name] = _item(named_items(folder, kind), entry)
    top = schema["properties"]
    ground = sections["Ground"]["properties"]
    names = [*items("sites"), *shipped_stations()]
    ground["stations"]["items"] = _item(names, ground["stations"]["items"])
    ground["stations"] = _item(list(items("sites")), ground["stations"])
    types = top["satellites"]
    types["additionalProperties"] = _item(named_items("hardware", "satellite"), types["additionalProperties"])
    top["constellation"] = _either(top["constellation"]["items"], top["constellation"])
    top["events"]["items"] = {"anyOf": [{"type": "string"}, top["events"]["items"]]}
    site = {key: value for key, value in top["baseline"].items() if key != "anyOf"} | {"$ref": "#/$defs/Site"}
    top["baseline"] = _either({"type": "null"}, _item(list(items("baselines")), site))
    for name in ("Contract", "Hedge"):
        sections[name]["properties"]["site"] = _item(list(items("baselines")), sections[name]["properties"]["site"])
    top["extends"] = {"type": "string", "description": "Scenario that this one overrides: a shipped one, or a file beside it"}
    mission = sections["Mission"]["properties"]
    for name, kind in (("processes", "process"), ("common_causes", "cause")):
        mission[name]["items"] = _item(named_items("fleet", kind), mission[name]["items"])
    causes = sections["Event"]["properties"]
    causes["cause"] = _either({"type": "string"}, causes["cause"])  # a shipped one, or one that the mission lists
    schema["required"] = ["name"]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Dawndusk scenario"
    return schema


def _references(entry: Any) -> Iterator[str]:
    """Names of the sections that a value may be, those of list items left out."""
    if isinstance(entry, dict) and entry.get("type") != "array":
        if "$ref" in entry:
            yield entry["$ref"].rsplit("/", 1)[1]
        for form in (*entry.get("anyOf", ()), *entry.get("oneOf", ())):
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
    extended |= dict.fromkeys(_references(schema["properties"]["baseline"]))  # sites, by name or in place
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
    return UNIT_KEY in entry or (entry.get("type") == "integer" and "minimum" in entry)


def _either(form: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """Another form beside those of a field; the description of the field stays with both."""
    described: dict[str, Any] = {key: entry[key] for key in ("description", "default") if key in entry}
    rest = {key: value for key, value in entry.items() if key not in described}
    forms = rest["anyOf"] if "anyOf" in rest and not {*rest} - {"anyOf", "title"} else [rest]
    return {**described, "anyOf": [form, *forms]}


def _item(names: list[str], entry: dict[str, Any]) -> dict[str, Any]:
    """A field that may be the name of an item, or the path of a file."""
    return _either({"enum": names}, _either({"$ref": "#/$defs/Path"}, entry))


def _or_record(entry: dict[str, Any]) -> dict[str, Any]:
    """A field whose number may be a record."""
    return _either({"$ref": "#/$defs/Number"}, _with_unit(entry))


def _with_unit(entry: dict[str, Any]) -> dict[str, Any]:
    """A quantity whose description says how it is written, and whose default has its unit."""
    quantity = next((form for form in (entry, *entry.get("anyOf", ())) if UNIT_KEY in form), None)
    if quantity is None:
        return entry
    unit, default = quantity[UNIT_KEY], entry.get("default")
    if "description" in entry:
        entry = {**entry, "description": f"{entry['description']}; {written(unit)}"}
    if unit != "1" and isinstance(default, int | float):
        entry = {**entry, "default": Quantity(unit, example=quantity["examples"][0]).shown(default)}
    return entry
