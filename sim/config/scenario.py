"""From a name or a file to a frozen scenario, or to every problem at once.

Loads neither numpy nor numba: `validate` is instant.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orbit.units import shortened
from sim.config import ephemeris_files, validation, yaml_tree
from sim.config.ageing import aged
from sim.config.catalogue_objects import Identities
from sim.config.ephemeris_files import Catalogues
from sim.config.error_text import field_problems, record_problems
from sim.config.errors import InputError, Origin, Problem, bad_input
from sim.config.event_forms import event_times
from sim.config.library import config_root, items
from sim.config.paths import absolute_paths
from sim.config.resolve import (
    NAMED,
    exists,
    listed_stations,
    resolve,
    with_defaults,
    with_named_defaults,
)
from sim.config.scenario_files import scenario_file, with_parents
from sim.config.schema import Contract, Hedge, Scenario
from sim.config.schema.scenario import with_terminals
from sim.config.validation.contract import fleet_cost
from sim.config.validation.events import shifted_events
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node

_WORDS = {
    "name",
    "description",
    "epoch",
    "at",
    "tle",
    "omm",
    "oem",
    "code",
    "sha256",
    "local_time",
    "seed",
    "allow_stale",
    "allow_infeasible",
    "skip_bad",
    "start",
    "operator",
    "jurisdiction",
    "role",
    "pop",
}
"""Fields that hold no data."""
_PLAIN: tuple[tuple[str, str, Any], ...] = (("links", "routing", "delay"), ("ground", "handover", None), ("fleet", "expected_failures", 0.0))
"""Keys of sections that are left out of the digest where they have these values."""
_PLAIN_STATION = {"role": "user", "pop": None, "antennas": None}
"""Fields of a station that are left out of the digest where they have these values: they change nothing then."""
_PLAIN_EVENT = ("cause", "times")
"""Fields of an event that are left out of the digest where they have no value."""
_PLAIN_CHECKPOINT: dict[str, Any] = {"copies": [], "copy_intervals": None}
"""Fields of `checkpoint` that are left out of the digest where they have these values."""
Overrides = Mapping[str, Any] | Sequence[str]
"""Overrides of a scenario: values by dotted name, or texts of the form "key=value"."""
SWITCHES = {**{kind: kind for kind in ephemeris_files.READERS}, "code": "shorthand"}
"""Fields of `constellation` that an override gives another constellation with, and its kind."""


@dataclass(frozen=True)
class Datum:
    """One number of a resolved scenario and where it comes from."""

    path: str
    value: Any
    unit: str
    kind: str  # one of yaml_tree.KINDS, or "scenario" for a value of the scenario itself
    source: str
    low: Any = None
    high: Any = None
    note: str = ""
    origin: str = ""


@dataclass(frozen=True, repr=False)
class Loaded:
    """A scenario that passed every check, with what the run and the results need beside it."""

    scenario: Scenario
    tree: Node
    data: tuple[Datum, ...]
    catalogues: Catalogues = field(default_factory=Catalogues)
    notes: tuple[str, ...] = ()
    sha256: str = ""
    fleets: Mapping[str, Loaded] = field(default_factory=dict)  # of other scenarios, that hedges of the contract name

    def __repr__(self) -> str:
        scenario = self.scenario
        return (
            f"<Loaded {scenario.name}: {self.satellites:,} satellites, {self.accelerators:,} accelerators, "
            f"{scenario.steps:,} steps of {scenario.step:g} s>"
        )

    @property
    def assumptions(self) -> list[str]:
        """Paths of the numbers that are assumptions."""
        return [d.path for d in self.data if d.kind == "assumption"]

    @property
    def satellites_by_type(self) -> list[int]:
        """Number of satellites of each type, in the order of `Scenario.types`."""
        counts = [0] * len(self.scenario.types)
        for kind, first, end in self.type_ranges:
            counts[kind] += end - first
        return counts

    @property
    def type_ranges(self) -> list[tuple[int, int, int]]:
        """Type, first satellite and first one beyond, of each entry of the constellation."""
        found, first = [], 0
        for i, entry in enumerate(self.scenario.constellation):
            end = first + self.catalogues.count(i, entry)
            found.append((self.scenario.type_index(entry), first, end))
            first = end
        return found

    @property
    def accelerators(self) -> int:
        """Accelerators of the whole fleet."""
        return sum(n * t.accelerators for n, t in zip(self.satellites_by_type, self.scenario.types, strict=True))

    @cached_property
    def identities(self) -> Identities:
        """Names and catalogue numbers of all satellites."""
        return self.catalogues.identities(self.scenario.constellation)

    @property
    def satellites(self) -> int:
        """Number of satellites."""
        return self.catalogues.satellites(self.scenario.constellation)


# --- overrides -----------------------------------------------------------------------------------------------------


def overrides(given: Overrides) -> tuple[str, ...]:
    """Overrides as the command line takes them.

    Parameters
    ----------
    given : mapping or sequence of str
        Values by dotted name, or texts of the form "key=value".

    Returns
    -------
    tuple of str
        Texts of the form "key=value".

    Raises
    ------
    InputError
        If a single text is given.

    Examples
    --------
    >>> overrides({"duration": "2 h", "recorder.satellites": 5}), overrides(["step=30 s"])
    (('duration="2 h"', 'recorder.satellites=5'), ('step=30 s',))
    """
    if isinstance(given, Mapping):
        return tuple(f"{key}={json.dumps(value)}" for key, value in given.items())
    if isinstance(given, str):
        raise bad_input(Origin("set"), "", f"{given!r} is one text; write a list of them, or a mapping such as {{'step': '30 s'}}")
    return tuple(given)


def _override(root: Node, text: str, changed: set[str]) -> Node:
    key, equals, value = text.partition("=")
    origin = Origin(f"--set {key}")
    if not equals or not key.strip():
        raise bad_input(Origin(f"--set {text}"), "", "is not an override; write key=value, such as step='30 s'")
    keys = _entry_keys(root, key.strip().split("."))
    changed.add(".".join(keys))
    leaf = yaml_tree.parse(value, str(origin))
    leaf = Node(leaf.value, origin) if not isinstance(leaf.value, dict | list) else leaf
    leaf = absolute_paths(leaf, Path(), tuple(keys))
    if len(keys) == 2 and keys[0] == "constellation" and keys[1] in SWITCHES:
        return yaml_tree.put(root, ["constellation"], Node({"kind": Node(SWITCHES[keys[1]], origin), keys[1]: leaf}, origin))
    # an item given by name becomes a mapping that extends it
    for depth in range(1, len(keys)):
        node = yaml_tree.find(root, tuple(keys[:depth]))
        named = keys[depth - 1] in {"site", *(pattern[-1] for pattern, _, _ in NAMED)} or (depth == 2 and keys[0] == "satellites")
        if named and isinstance(node.value, str) and exists(root, keys[:depth]):
            root = yaml_tree.put(root, keys[:depth], Node({"extends": node}, node.origin))
    if keys[:2] == ["ground", "stations"] and len(keys) > 2:  # one of a list that may be given by name
        unknown: list[Problem] = []
        listed = listed_stations(root, unknown)
        root = root if unknown else listed  # names that are not known are reported where all names are resolved
    return yaml_tree.put(root, keys, leaf)


def _entry_keys(root: Node, keys: list[str]) -> list[str]:
    """Keys of an override as the file has them: a single constellation may be a mapping or a list, and is named as either."""
    own = root.get("constellation")
    if own is None or keys[0] != "constellation" or len(keys) < 2:
        return keys
    if own.is_map and keys[1] == "0" and len(keys) > 2:
        return [keys[0], *keys[2:]]
    if isinstance(own.value, list) and len(own.value) == 1 and not keys[1].isdigit() and keys[1] not in SWITCHES:
        return [keys[0], "0", *keys[1:]]
    return keys


# --- loading -------------------------------------------------------------------------------------------------------


def load(
    source: str | Path,
    sets: tuple[str, ...] = (),
    events: tuple[str, ...] = (),
    seed: int | None = None,
    allow_stale: bool = False,
    skip_bad: bool = False,
    allow_infeasible: bool = False,
) -> Loaded:
    """Load a scenario by shipped name or path, with overrides.

    Parameters
    ----------
    source : str or Path
        Name of a shipped scenario, path of a file, or a results folder.
    sets : tuple of str, optional
        Overrides as key=value, such as "step=30 s".
    events : tuple of str, optional
        Further events in short form, such as "+6 h lose plane 3 for 90 min".
    seed : int or None, optional
        Seed of random processes, at least 0; None: that of the scenario.
    allow_stale : bool, optional
        Accept element sets more than 14 days from the epoch.
    skip_bad : bool, optional
        Leave out unusable element sets of catalogues.
    allow_infeasible : bool, optional
        Accept satellites whose power, heat or battery does not close; the notes say what does not.

    Returns
    -------
    Loaded
        The validated scenario with its tree, catalogues and notes.

    Raises
    ------
    InputError
        With all problems of the scenario, sorted by location.

    Examples
    --------
    >>> load("suncatcher", ("duration=2 h",)).satellites
    81
    """
    problems: list[Problem] = []
    root, folder, changed = _overridden(source, sets, problems)
    root = _with_options(root, events, seed, {"allow_stale": allow_stale, "skip_bad": skip_bad, "allow_infeasible": allow_infeasible})
    one = root.get("constellation")
    wrapped = one is not None and one.is_map
    if one is not None and wrapped:
        root = yaml_tree.put(root, ["constellation"], Node([one], one.origin))
    notes: list[str] = []
    root = resolve(with_defaults(root), problems, (folder,))
    catalogues, root = ephemeris_files.read_catalogues(root, changed, problems, notes)
    root = event_times(_nearest_of_catalogue(root, notes), problems)
    problems += record_problems(root, wrapped)
    scenario, invalid = _validated(root, wrapped, problems)
    fleets = {} if scenario.contract is None else _other_fleets(scenario.contract, root, problems)
    set_notes = catalogues.choose_sets(scenario.epoch)
    scenario = aged(scenario, catalogues.sets, root, problems)
    problems += validation.check_scenario(scenario, root, catalogues, invalid)
    if problems:
        raise InputError(sorted(problems, key=lambda p: (p.origin.file, p.origin.line, p.origin.column)))
    notes += set_notes + shifted_events(scenario, catalogues)
    notes += ephemeris_files.coverage_notes(catalogues, scenario.epoch, scenario.epoch + timedelta(seconds=scenario.duration))
    data = tuple(_data(root))
    notes += validation.notes(scenario, catalogues.satellites(scenario.constellation))
    return Loaded(
        scenario=scenario, tree=root, data=data, catalogues=catalogues, notes=tuple(notes),
        fleets=fleets, sha256=digest(scenario, catalogues, fleets),
    )


def _overridden(source: str | Path, sets: tuple[str, ...], problems: list[Problem]) -> tuple[Node, Path, set[str]]:
    """The tree of a scenario with its parents and overrides, its folder, and what overrides changed; wrong overrides are added to `problems`."""
    changed: set[str] = set()
    file, elsewhere = scenario_file(source), list[Problem]()
    root = with_named_defaults(with_parents(file, elsewhere, (file.parent, config_root())))
    for text in sets:
        try:
            root = _override(root, text, changed)
        except InputError as error:
            problems += error.problems
    named = {node.origin for _, node in yaml_tree.walk(root)} if elsewhere else set()
    problems_of_paths = [problem for problem in elsewhere if problem.origin in named]  # others are replaced by an override
    if problems_of_paths:
        raise InputError(problems + problems_of_paths)  # before anything is read
    return root, file.parent, changed


def _validated(root: Node, wrapped: bool, problems: list[Problem]) -> tuple[Scenario, set[str]]:
    """The scenario of a tree, and its invalid sections, which are filled so that the rest is checked; their problems are added."""
    values = yaml_tree.plain(root)
    try:
        return with_terminals(Scenario.model_validate(values)), set()
    except ValidationError as error:
        already = {p.field for p in problems}
        problems += [
            p for p in field_problems(error, root, wrapped, NAMED) if not any(_covers(f, p.field) for f in already)
        ]
        invalid = {str(entry["loc"][0]) for entry in error.errors()}
        return _fill_invalid(values, invalid), invalid


def _with_options(root: Node, events: tuple[str, ...], seed: int | None, allowed: Mapping[str, bool]) -> Node:
    """The tree with what options of the command line set."""
    if events:
        own = root.get("events")
        given = [Node(text, Origin(f"--event '{text}'")) for text in events]
        root = yaml_tree.put(root, ["events"], Node([*(own.value if own else []), *given], Origin("--event")))
    for name, value in (("seed", seed), *((name, given or None) for name, given in allowed.items())):
        if value is not None:
            root = yaml_tree.put(root, [name], Node(value, Origin(f"--{name.replace('_', '-')}")))
    return root


def _other_fleets(contract: Contract, root: Node, problems: list[Problem]) -> dict[str, Loaded]:
    """Scenarios that hedges of a contract name, by what is written."""
    found: dict[str, Loaded] = {}
    for i, hedge in enumerate(contract.hedges):
        source = hedge.scenario
        if source is None:
            continue
        if source in found:
            problems += _without_price(hedge, i, found[source], root)
            continue
        keys = ("contract", "hedges", str(i), "scenario")
        try:
            file = scenario_file(source)
            if with_parents(file, [], (file.parent, config_root())).get("contract") is not None:
                raise bad_input(Origin(source), "", "has a contract of its own; write a scenario without one")
            found[source] = load(source)
            problems += _without_price(hedge, i, found[source], root)
        except InputError as error:
            first = error.problems[0]
            message = f"{shortened(source)}: {first.field + ': ' if first.field else ''}{first.message}"
            problems.append(Problem(yaml_tree.find(root, keys).origin, ".".join(keys), message))
    return found


def _without_price(hedge: Hedge, i: int, fleet: Loaded, root: Node) -> list[Problem]:
    """Problems of the price of a hedge by a fleet of another scenario."""
    found = fleet_cost(hedge, i, fleet.scenario, fleet.catalogues)
    return [Problem(origin(root, *path), ".".join(path), message) for path, message in found]


def _fill_invalid(values: dict[str, Any], invalid: set[str]) -> Scenario:
    """The scenario with a shipped one's values in its invalid sections, so that the valid ones can be checked together."""
    return Scenario.model_validate({**_shipped_values(), **{name: value for name, value in values.items() if name not in invalid}})


@functools.cache
def _shipped_values() -> dict[str, Any]:
    root = with_named_defaults(yaml_tree.read(items("scenarios")["million"]))
    values: dict[str, Any] = yaml_tree.plain(resolve(with_defaults(root), []))
    return values


def _covers(section: str, path: str) -> bool:
    return bool(section) and (path == section or path.startswith(section + "."))


def _nearest_of_catalogue(root: Node, notes: list[str]) -> Node:
    """Catalogues have no planes: fall back to the nearest-neighbour topology and add a note."""
    topology, entries = yaml_tree.find(root, ("links", "topology")), yaml_tree.find(root, ("constellation",)).value
    catalogue = isinstance(entries, list) and all(
        yaml_tree.plain(e.get("kind") or e) in tuple(ephemeris_files.READERS) for e in entries
    )
    kind = topology.value["kind"] if topology.is_map and "kind" in topology.value else topology
    if not (catalogue and entries and kind.value in ("grid", "mesh")):
        return root
    notes.append(f"links.topology: nearest, as {kind.value} has no form in a catalogue")
    return yaml_tree.put(root, ["links", "topology"], Node("nearest", topology.origin))


# --- provenance, identity --------------------------------------------------------------------------------------------


def _data(root: Node) -> list[Datum]:
    """Every number of the resolved tree, with its record where it has one."""
    data = []
    for path, node in yaml_tree.walk(root):
        name = ".".join(path)
        if path and path[-1] in _WORDS:
            continue
        if node.is_record:
            record = {key: child.value for key, child in node.value.items()}
            data.append(
                Datum(
                    path=name, value=record["value"], unit=str(record.get("unit", "1")), kind=record.get("kind", ""),
                    source=str(record.get("source", "")), low=record.get("low"), high=record.get("high"),
                    note=str(record.get("note", "")), origin=str(node.origin),
                )
            )  # fmt: skip
        elif isinstance(node.value, int | float) and not isinstance(node.value, bool):
            data.append(Datum(name, node.value, "1", "scenario", "", origin=str(node.origin)))
        elif isinstance(node.value, str) and re.match(r"[+-]?\d[\d.eE+_-]*\s*[A-Za-z%/]", node.value):
            value, _, unit = node.value.partition(" ")
            data.append(Datum(name, value, unit, "scenario", "", origin=str(node.origin)))
    return data


def digest(scenario: Scenario, catalogues: Catalogues, fleets: Mapping[str, Loaded]) -> str:
    """Identity of what will be simulated: resolved values, without descriptions, and catalogues by content.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    catalogues : Catalogues
        Content of the files of the constellation.
    fleets : mapping of str to Loaded
        Fleets of the hedges of its contract by their reference.

    Returns
    -------
    str
        SHA-256 as hexadecimal digits.
    """
    content = scenario.model_dump(mode="json")
    content.pop("description")
    content.pop("allow_infeasible")  # changes what is accepted, not what is simulated
    if content["mission"] is None:
        content.pop("mission")
    types = [content["satellite"], *content["satellites"].values()]
    sites = [content["baseline"]] if isinstance(content["baseline"], dict) else []
    if content["contract"] is not None:
        hedges = content["contract"]["hedges"]
        sites += [content["contract"]["site"], *(h["site"] for h in hedges if h["site"] is not None)]
        for hedge in hedges:  # another fleet is known by what it is
            hedge["scenario"] = None if hedge["scenario"] is None else fleets[hedge["scenario"]].sha256
    for part in (*types, *(t["accelerator"] for t in (*types, *sites)), content["environment"], *sites):
        part.pop("description", None)
    for station in [] if content["ground"] is None else content["ground"]["stations"]:
        for name, plain in _PLAIN_STATION.items():
            if station[name] == plain:
                del station[name]
    for event in content["events"]:
        for name in _PLAIN_EVENT:
            if event[name] is None:
                del event[name]
    for work in content["workloads"]:
        for name, plain in _PLAIN_CHECKPOINT.items():
            if "checkpoint" in work and work["checkpoint"][name] == plain:
                del work["checkpoint"][name]
    for section, name, plain in _PLAIN:
        if content[section] is not None and content[section][name] == plain:
            del content[section][name]
    for i, entry in enumerate(content["constellation"]):
        for kind in ephemeris_files.READERS:
            if kind in entry:
                entry[kind], entry["sha256"] = "", catalogues.content_digest(i)  # known by its objects, wherever it lies
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
