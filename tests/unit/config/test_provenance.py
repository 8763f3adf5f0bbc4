"""Where numbers come from: every number a record, every source a key, every citation in the bibliography."""

from __future__ import annotations

import io
import json
import re
import tokenize
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from orbit.units import UNITS, to_si
from sim.config import yaml_tree
from sim.config.scenario import items, load

REPO = Path(__file__).resolve().parents[3]
KEYS = set(re.findall(r"^@\w+\{([^,]+),", (REPO / "docs" / "references.bib").read_text("utf-8"), re.M))
ITEMS = [
    path
    for kind in ("hardware", "sites", "baselines", "models", "fleet", "economics", "solar")
    for path in items(kind).values()
]
ITEMS.append(REPO / "configs" / "defaults.yaml")
SOURCES = sorted(path for package in ("orbit", "sim") for path in (REPO / package).rglob("*.py"))
# [key], [key:eq. 3]: a key holds a year, or a place in the work follows
CITED = re.compile(
    r"\[([a-z][a-z-]*\d{4}[a-z0-9]*)(?:[:,][^\]]*)?\]|\[([a-z][a-z0-9-]+):\s*(?:table|eq|ch|sec|alg|fig|p)[^\]]*\]"
)


def _records(path: Path) -> list[tuple[str, yaml_tree.Node]]:
    return _below(yaml_tree.read(path))


def _below(root: yaml_tree.Node) -> list[tuple[str, yaml_tree.Node]]:
    return [(".".join(keys), node) for keys, node in yaml_tree.walk(root) if node.is_record]


@pytest.mark.parametrize("path", ITEMS, ids=lambda p: p.stem)
def test_every_number_is_a_record(path: Path) -> None:
    """Source of truth: the rule: value, unit that is known, kind, source; a spread holds its value."""
    records = _records(path)
    assert records
    for name, node in yaml_tree.walk(yaml_tree.read(path)):
        if not node.is_record:
            assert node.value is None or isinstance(node.value, dict | list | str | bool), ".".join(name)
            assert not (isinstance(node.value, str) and re.match(r"[+-]?\d", node.value)), ".".join(name)
    for name, node in records:
        said = {key: child.value for key, child in node.value.items()}
        assert {"value", "unit", "kind", "source"} <= set(said) <= yaml_tree.RECORD_KEYS, name
        assert isinstance(said["value"], int | float), name
        assert not isinstance(said["value"], bool), name
        assert said["kind"] in yaml_tree.KINDS, name
        assert str(said["source"]).strip(), name
        si = "K" if said["unit"] == "degC" else UNITS[said["unit"]][0]
        to_si(f"{said['value']} {said['unit']}", si)
        assert ("low" in said) == ("high" in said), name
        if "low" in said:
            assert said["low"] <= said["value"] <= said["high"], name


@pytest.mark.parametrize("path", ITEMS, ids=lambda p: p.stem)
def test_every_source_is_in_the_bibliography(path: Path) -> None:
    """Source of truth: docs/references.bib; an assumption may say why instead."""
    for name, node in _records(path):
        if node.value["kind"].value != "assumption":
            assert str(node.value["source"].value).split(":")[0] in KEYS, name


@pytest.mark.parametrize("path", ITEMS, ids=lambda p: p.stem)
def test_an_assumption_has_a_spread(path: Path) -> None:
    """Who assumes says how far it may be wrong."""
    for name, node in _records(path):
        if node.value["kind"].value == "assumption":
            assert {"low", "high"} <= set(node.value), name


def _citations(path: Path) -> set[str]:
    """Keys in comments and strings of a file."""
    found = set()
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING) or "FSTRING" in tokenize.tok_name[token.type]:
            found |= {a or b for a, b in CITED.findall(token.string)}
    return found


def test_every_citation_resolves() -> None:
    cited = {path: _citations(path) for path in SOURCES}
    assert len(set().union(*cited.values())) > 15
    missing = {str(path.relative_to(REPO)): sorted(keys - KEYS) for path, keys in cited.items() if keys - KEYS}
    assert missing == {}


def test_every_constant_has_a_source() -> None:
    for line in (REPO / "orbit" / "constants.py").read_text("utf-8").splitlines():
        if ": Final = " in line and not line.startswith(("SECONDS_PER_DAY", "JD_J2000", "JD_MJD_0")):
            match = re.search(r"\[([^\]:]+)(:[^\]]+)?\]$", line)
            assert match is not None, line
            assert match[1] in KEYS, line


def test_bibliography_has_no_key_twice() -> None:
    keys = re.findall(r"^@\w+\{([^,]+),", (REPO / "docs" / "references.bib").read_text("utf-8"), re.M)
    assert len(keys) == len(set(keys))


# --- the verb ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(items("scenarios")))
def test_of_a_scenario(dawndusk: Any, name: str) -> None:
    """Source of truth: the resolved scenario: a row for each number, the assumptions of the summary among them."""
    called = dawndusk("provenance", name, "--json")
    assert (called.code, called.err) == (0, "")
    rows = json.loads(called.out)["rows"]
    loaded = load(name)
    assert [row["field"] for row in rows] == [d.path for d in loaded.data]
    assert [row["field"] for row in rows if row["kind"] == "assumption"] == loaded.assumptions
    assert {row["kind"] for row in rows} <= {*yaml_tree.KINDS, "scenario"}
    assert {row["scenario"] for row in rows} == {name}
    assert all(row["source"] for row in rows if row["kind"] != "scenario")
    fields = {row["field"] for row in rows}
    assert {
        "satellite.power.array.area",
        "satellite.accelerator.peak.bf16",
        "satellite.propulsion.specific_impulse",
        "environment.albedo",
    } <= fields
    assert not any(field.endswith(("name", "epoch", "seed", "sha256")) for field in fields)


def test_of_a_field(dawndusk: Any) -> None:
    rows = json.loads(dawndusk("provenance", "satellite.power.array.area", "--json").out)["rows"]
    assert {row["scenario"]: row["value"] for row in rows} == {
        "bupt_1": 0.16,
        "colossus_in_orbit": 900,
        "colossus_in_orbit_clusters": 600,
        "colossus_in_orbit_platforms": 160000,
        "contract_surge": 600,
        "earth_observation": 0.16,
        "filing_blue_origin": 600,
        "filing_orbital": 600,
        "filing_spacex": 600,
        "filing_starcloud": 600,
        "kuiper_630": 23,
        "million": 600,
        "starcloud_40mw": 160000,
        "starlink_edge": 23,
        "suncatcher": 147,
        "suncatcher_prototype": 10,
        "suncatcher_spread": 147,
    }
    assert all(
        {"scenario", "field", "value", "unit", "kind", "source", "low", "high", "note", "origin"} == set(row)
        for row in rows
    )


def test_of_a_section(dawndusk: Any) -> None:
    rows = json.loads(dawndusk("provenance", "satellite.thermal", "--json").out)["rows"]
    assert all(row["field"].startswith("satellite.thermal.") for row in rows)
    assert len(rows) >= 9 * 10


def test_of_a_file(dawndusk: Any, folder: Path, scenario_text: str) -> None:
    (folder / "mine.yaml").write_text(scenario_text, encoding="utf-8")
    rows = json.loads(dawndusk("provenance", "mine.yaml", "--json").out)["rows"]
    altitude = next(row for row in rows if row["field"].endswith("altitude"))
    assert (altitude["kind"], altitude["origin"], str(altitude["value"]), altitude["unit"]) == (
        "scenario",
        "mine.yaml:7:3",
        "650",
        "km",
    )


@pytest.mark.parametrize("target", ["suncatcher", "satellite.power.array.area"])
def test_as_a_table(dawndusk: Any, target: str) -> None:
    called = dawndusk("provenance", target)
    assert (called.code, called.err) == (0, "")
    assert "satellite.power.array.area" in called.out
    assert "147 m2" in called.out
    rows = json.loads(dawndusk("provenance", target, "--json").out)["rows"]
    kinds = Counter(row["kind"] for row in rows)
    last = called.out.strip().splitlines()[-1]
    assert last.startswith(f"{len(rows)} numbers: ")
    assert dict(part.split()[::-1] for part in last.partition(": ")[2].split(", ")) == {k: str(n) for k, n in kinds.items()}


def test_assumptions_of_the_summary() -> None:
    """Source of truth: the records of the shipped items and of configs/defaults.yaml, looked up apart from the reader; the scenario
    and its satellite replace some of the defaults, and nothing fails, so that there are no defaults of recovery."""
    own = _records(items("scenarios")["suncatcher"])
    replaced = {"constellation.0." + name.removeprefix("constellation.") for name, _ in own}
    of_items = [
        ("satellite.", "suncatcher"), ("satellite.accelerator.", "tpu-v6e"), ("environment.", "earth-mean"),
        ("links.terminal.", "dwdm-10cm"),
    ]  # fmt: skip
    found = [(prefix, _records(items("hardware")[name])) for prefix, name in of_items]
    found.append(("economics.launch.", _records(items("economics")["falcon-heavy-list"])))
    found.append(("motion.solar_activity.", _records(items("solar")["mean"])))
    replaced |= {prefix + name for prefix, records in found for name, _ in records}
    defaults = yaml_tree.read(REPO / "configs" / "defaults.yaml")
    sections = [("workloads.0.", "training"), *((f"{name}.", name) for name in ("motion", "links", "ground", "economics", "fleet"))]
    sections += [("constellation.0.", "cluster"), ("satellite.", "satellite"), ("economics.launch.", "launcher"), ("links.terminal.", "terminal")]
    expected = {prefix + name for prefix, records in found for name, node in records if _assumed(node)}
    expected |= {
        prefix + name
        for prefix, section in sections
        for name, node in _below(defaults.value[section])
        if _assumed(node) and prefix + name not in replaced
    }
    assert set(load("suncatcher").assumptions) == expected


def _assumed(record: yaml_tree.Node) -> bool:
    return bool(record.value["kind"].value == "assumption")


def test_recovery_has_numbers_where_something_can_happen() -> None:
    """Source of truth: the rule: defaults of recovery count where radiation or events happen to jobs, or there is a section `fleet`."""
    recovery = {"fleet.spares", "fleet.recovery.detection", "fleet.recovery.restart"}
    alone = ("workloads=[{kind: independent}]", "links=null")
    assert recovery <= {d.path for d in load("suncatcher").data}
    assert not recovery & {d.path for d in load("suncatcher", ("fleet=null",)).data}
    assert not recovery & {d.path for d in load("suncatcher", alone, events=("+6 h lose satellite 3",)).data}
    assert recovery <= {d.path for d in load("suncatcher", (*alone, "fleet.spares=2")).data}
