"""The JSON Schema for editors: committed, and it accepts what the reader accepts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from orbit.units import examples
from sim.config import yaml_tree
from sim.config.errors import InputError
from sim.config.json_schema import scenario_schema
from sim.config.scenario import items, load
from sim.config.schema import Scenario, Site
from sim.config.schema.sweep import sweep_schema
from sim.results.store import resolved_yaml

REPO = Path(__file__).resolve().parents[3]


def test_committed_schema_is_the_schema() -> None:
    """Source of truth: the models; `dawndusk schema > configs/schema.json` makes it."""
    assert json.loads((REPO / "configs" / "schema.json").read_text("utf-8")) == scenario_schema()


def test_schema_knows_every_section() -> None:
    properties = scenario_schema()["properties"]
    assert set(Scenario.model_fields) | {"extends"} == set(properties)


def _described() -> list[tuple[str, str, str]]:
    """Section, field and description of everything that may be written in a scenario, a sweep or a site."""
    site = Site.model_json_schema()
    schemas = {"scenario": scenario_schema(), "sweep": sweep_schema(), "site": site}
    return [
        (f"{file} {section}".strip(), name, entry.get("description", ""))
        for file, schema in schemas.items()
        for section, model in {"": schema, **schema.get("$defs", {})}.items()
        for name, entry in model.get("properties", {}).items()
    ]


def test_every_field_has_a_description() -> None:
    """By definition: a phrase that begins with a capital letter and has no full stop at the end.

    It has two words or more, but for parts that are named by their own name, such as the battery.
    """
    found = _described()
    assert len(found) > 280
    poor = [
        f"{section}.{name}: '{text}'"
        for section, name, text in found
        if not re.match(r"[A-Z].*[^.\s]$", text)
        or (len(text.split()) < 2 and text.lower() != name)
    ]
    assert poor == []


def test_descriptions_of_quantities_name_their_units() -> None:
    """Source of truth: the table of units: every field that is a quantity in a scenario lists the first of its units."""
    schema = scenario_schema()
    wanting = []
    for section, model in {"": schema, **schema["$defs"]}.items():
        for name, entry in model.get("properties", {}).items():
            units = {form["x-unit"] for form in (entry, *entry.get("anyOf", ())) if "x-unit" in form}
            for unit in units:
                words = "a number, or one with %" if unit == "1" else f"a number with a unit: {examples(unit)[0]}"
                if words not in entry["description"]:
                    wanting.append(f"{section}.{name}")
    assert wanting == []
    step = schema["properties"]["step"]
    assert step["description"].startswith("Time step; a number with a unit: s, ms, us, ")
    assert step["default"] == "60 s"


def test_prices_are_no_items() -> None:
    """By hand: `emissions.accelerator` is a mass; only `satellite.accelerator` may be the name of an item."""
    sections = scenario_schema()["$defs"]
    assert "h100-sxm" not in json.dumps(sections["Emissions"]["properties"]["accelerator"])
    assert "h100-sxm" in json.dumps(sections["Satellite"]["properties"]["accelerator"])


def test_schema_names_the_shipped_items() -> None:
    schema = scenario_schema()
    text = json.dumps(schema)
    for kind in ("hardware", "sites", "baselines"):
        for name in items(kind):
            assert f'"{name}"' in text, name
    assert set(schema["properties"]["satellite"]["anyOf"][0]["enum"]) == {
        "bupt-1",
        "suncatcher",
        "orbital-120kw",
        "starlink-edge",
        "starcloud-40mw",
        "starcloud-1",
        "starcloud-2",
        "starlink-v2-mini",
        "starlink-v3",
        "suncatcher-prototype",
    }


def _faults(value: Any, rule: dict[str, Any], defs: dict[str, Any]) -> list[str]:
    """What a value breaks of a schema: the keywords in use here, by JSON Schema 2020-12."""
    if "$ref" in rule:
        return _faults(value, defs[rule["$ref"].rsplit("/", 1)[1]], defs)
    choices = rule.get("anyOf") or rule.get("oneOf")
    if choices:
        found = [_faults(value, choice, defs) for choice in choices]
        return [] if [] in found else min(found, key=len)
    types = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
    }
    expected = rule.get("type", [])
    names = [expected] if isinstance(expected, str) else expected
    if names and not any(isinstance(value, types[name]) for name in names):  # type: ignore[arg-type]
        return [f"{value!r} is no {names}"]
    found = []
    if "enum" in rule and value not in rule["enum"]:
        found.append(f"{value!r} is none of {rule['enum']}")
    if "const" in rule and value != rule["const"]:
        found.append(f"{value!r} is not {rule['const']!r}")
    if isinstance(value, str) and "pattern" in rule and not re.search(rule["pattern"], value):
        found.append(f"{value!r} does not fit {rule['pattern']}")
    if isinstance(value, dict):
        known = rule.get("properties", {})
        found += [f"{name} is missing" for name in rule.get("required", []) if name not in value]
        other = rule.get("additionalProperties", True)
        for name, child in value.items():
            if name in known:
                found += _faults(child, known[name], defs)
            elif other is False:
                found.append(f"{name} is unknown")
            elif isinstance(other, dict):
                found += _faults(child, other, defs)
    if isinstance(value, list):
        found += [fault for child in value for fault in _faults(child, rule.get("items", {}), defs)]
    return found


def _raw(node: yaml_tree.Node) -> Any:
    """The tree as an editor sees it: records stay mappings."""
    if node.is_map:
        return {key: _raw(child) for key, child in node.value.items()}
    return [_raw(child) for child in node.value] if isinstance(node.value, list) else node.value


@pytest.mark.parametrize("name", sorted(items("scenarios")))
def test_shipped_scenarios_fit(name: str) -> None:
    """As they ship and fully resolved, numbers with their records."""
    path = items("scenarios")[name]
    assert path.read_text("utf-8").startswith("# yaml-language-server: $schema=../schema.json\n")
    schema = scenario_schema()
    assert _faults(_raw(yaml_tree.read(path)), schema, schema["$defs"]) == []
    resolved = yaml_tree.parse(resolved_yaml(load(name)), "resolved")
    assert _faults(_raw(resolved), schema, schema["$defs"]) == []


GOOD = """\
name: mine
extends: suncatcher
epoch: "2026-12-21T00:00:00Z"
constellation: {kind: ring, altitude: 650 km, local_time: "06:00", satellites: 12}
satellite: {extends: suncatcher, accelerator: {extends: tpu-v6e, max_power: 250 W}, power: {array: {area: 120 m2}}}
ground: {stations: [{name: here, latitude: 51.5 deg, longitude: 0 deg}]}
events: ["2026-12-21T06:00Z lose satellite 1", {at: "2026-12-21T06:00Z", action: derate, target: all, to: 0.5}]
links: {topology: nearest, max_range: {value: 15000, unit: km, kind: assumption, source: mine}}
"""


def test_what_the_reader_takes_fits(folder: Path) -> None:
    (folder / "mine.yaml").write_text(GOOD, encoding="utf-8")
    assert load("mine.yaml").satellites == 12
    schema = scenario_schema()
    assert _faults(_raw(yaml_tree.parse(GOOD, "mine")), schema, schema["$defs"]) == []


PARTIAL = [
    "motion: {model: numerical}",
    "motion: {solar_activity: {extends: mean, f107: 150}}",
    "satellite: {extends: suncatcher, thermal: {heater: {setpoint: -60 degC}}}",
    "satellite: {extends: suncatcher, accelerator: {extends: tpu-v6e, leakage: {share: 0.1}}}",
    "satellite: {extends: suncatcher, thermal: {heater: null}}",
    "workloads: [{kind: training, model: llama-3-8b, checkpoint: {interval: 1 h}}]",
]


@pytest.mark.parametrize("line", PARTIAL)
def test_sections_may_be_given_in_part(line: str, folder: Path) -> None:
    """Source of truth: the reader, which completes a section from the scenario that is extended, an item or defaults."""
    text = f"name: mine\nextends: suncatcher\n{line}\n"
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    assert load("mine.yaml").satellites == 81
    schema = scenario_schema()
    assert _faults(_raw(yaml_tree.parse(text, "mine")), schema, schema["$defs"]) == []


@pytest.mark.parametrize(
    "line",
    [
        "workloads: [{kind: training}]",
        "constellation: [{kind: cluster, altitude: 650 km, local_time: '06:00'}]",
        "ground: {stations: [{name: here, latitude: 51.5 deg}]}",
        "events: [{action: lose, target: all}]",
    ],
)
def test_entries_of_lists_are_given_whole(line: str, folder: Path) -> None:
    """Source of truth: the reader, which refuses each for the key that is missing."""
    text = f"name: mine\nextends: suncatcher\n{line}\n"
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        load("mine.yaml")
    schema = scenario_schema()
    assert _faults(_raw(yaml_tree.parse(text, "mine")), schema, schema["$defs"])


@pytest.mark.parametrize(
    "change",
    [
        "altitude: 650 km>altitud: 650 km",
        "kind: ring>kind: rings",
        "action: derate>action: explode",
        "links:>link:",
        "tpu-v6e>3",
    ],
)
def test_what_is_wrong_does_not_fit(change: str) -> None:
    old, new = change.split(">")
    schema = scenario_schema()
    assert _faults(_raw(yaml_tree.parse(GOOD.replace(old, new), "mine")), schema, schema["$defs"])


def test_every_reference_resolves() -> None:
    schema = scenario_schema()
    text = json.dumps(schema)
    for part in text.split('"$ref": "#/$defs/')[1:]:
        assert part.split('"')[0] in schema["$defs"]
