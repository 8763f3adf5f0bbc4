"""JSON Schema of scenario files as people write them: item names, overrides, one constellation or a list."""

from __future__ import annotations

from typing import Any

from sim.config.library import items, named_items
from sim.config.resolve import NAMED
from sim.config.schema import NOT_SIMULATED, Scenario
from sim.config.yaml_tree import KINDS

# Sections that may extend an item, and those completed by defaults or by an item: none of their keys is required.
EXTENDED = ("Satellite", "Accelerator", "Environment", "Terminal", "LanguageModel", "Failures", "Repair", "Launch")
COMPLETED = ("Array", "Battery", "PowerSystem", "Plate", "Loop", "Radiator", "Thermal", "Attitude", "Bus", "Ground", "Links",
        "Training", "Inference", "Checkpoint", "Fleet", "Recovery", "Economics", "StationKeeping",
        "Heater", "Leakage")  # fmt: skip


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
    for section in EXTENDED:
        sections[section]["properties"]["extends"] = {"type": "string", "description": "an item that these values override"}
    for section in sections.values():
        for name, entry in section.get("properties", {}).items():
            each = entry.get("additionalProperties")
            if isinstance(each, dict) and _is_number(each):
                entry["additionalProperties"] = _or_record(each)
            elif _is_number(entry):
                section["properties"][name] = _or_record(entry)
    for partial in (*EXTENDED, *COMPLETED):
        required = [name for name in sections[partial].pop("required", []) if name == "kind"]
        if required:
            sections[partial]["required"] = required
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


def _is_number(entry: dict[str, Any]) -> bool:
    """Whether a value is, or may be, a quantity or a count, and so may be a record with provenance."""
    if any(_is_number(form) for form in entry.get("anyOf", ())):
        return True
    description = entry.get("description", "")
    return (
        "a number with a unit" in description
        or "with %" in description
        or (entry.get("type") == "integer" and entry.get("minimum") == 1)
    )


def _or_record(entry: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [entry, {"$ref": "#/$defs/Number"}]}

