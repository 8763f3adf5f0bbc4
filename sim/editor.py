"""JSON Schema of scenario files as people write them: names for items, overrides, one constellation or a list."""

from __future__ import annotations

from typing import Any

from sim.scenario import items
from sim.spec import NOT_SIMULATED, Scenario
from sim.tree import KINDS


def scenario_schema() -> dict[str, Any]:
    """The schema editors read; configs/schema.json is this, and a test keeps it so."""
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
    for section in ("Satellite", "Accelerator", "Environment"):
        sections[section]["properties"]["extends"] = {"type": "string", "description": "an item to lay these values on"}
    for section in sections.values():
        for name, entry in section.get("properties", {}).items():
            each = entry.get("additionalProperties")
            if isinstance(each, dict) and _is_number(each):
                entry["additionalProperties"] = _or_record(each)
            elif _is_number(entry):
                section["properties"][name] = _or_record(entry)
    for partial in ("Satellite", "Accelerator", "Environment", "Array", "Battery", "PowerSystem", "Plate", "Loop", "Radiator",
                    "Thermal", "Attitude", "Bus"):  # fmt: skip
        sections[partial].pop("required", None)
    top = schema["properties"]
    for name, kind in (("satellite", "hardware"), ("environment", "hardware")):
        top[name] = {"anyOf": [{"enum": _named(kind, name)}, {"$ref": f"#/$defs/{name.title()}"}]}
    sections["Satellite"]["properties"]["accelerator"] = {
        "anyOf": [{"enum": _named("hardware", "accelerator")}, {"$ref": "#/$defs/Accelerator"}]
    }
    sections["Ground"]["properties"]["stations"] = {
        "anyOf": [{"enum": list(items("sites"))}, sections["Ground"]["properties"]["stations"]]
    }
    one = top["constellation"]["items"]
    top["constellation"] = {"anyOf": [one, top["constellation"]]}
    top["events"]["items"] = {"anyOf": [{"type": "string"}, top["events"]["items"]]}
    top["baseline"] = {"enum": [*items("baselines"), None]}
    top["extends"] = {"type": "string", "description": "another scenario to lay this one on"}
    for name in NOT_SIMULATED:
        top[name] = {"description": "read, but not simulated in this version"}
    schema["required"] = ["name"]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Dawndusk scenario"
    return schema


def _is_number(entry: dict[str, Any]) -> bool:
    """Whether a value is a quantity or a count, and may be a record with its source."""
    told = entry.get("description", "")
    return (
        "a number with a unit" in told
        or "with %" in told
        or (entry.get("type") == "integer" and entry.get("minimum") == 1)
    )


def _or_record(entry: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [entry, {"$ref": "#/$defs/Number"}]}


def _named(folder: str, kind: str) -> list[str]:
    return [n for n, p in items(folder).items() if f"\nkind: {kind}\n" in "\n" + p.read_text("utf-8")]
