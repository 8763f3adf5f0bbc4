"""From a sweep's file to its points: every point loaded and checked before the first one runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import sim
from sim.config import yaml_tree
from sim.config.ephemeris_files import READERS, resolve_path
from sim.config.errors import InputError, Origin, Problem, bad_input, did_you_mean
from sim.config.library import items
from sim.config.quantity import Quantity
from sim.config.scenario import Loaded, load
from sim.config.schema import Section
from sim.config.schema.sweep import Sweep, problems
from sim.config.validation import START_S, size
from sim.config.yaml_tree import Node

Progress = Callable[[int, int], None]
Axis = tuple[tuple[str, ...], list[tuple[Any, ...]]]  # fields varied together, and their values


@dataclass(frozen=True)
class Point:
    """One scenario of a study: what it overrides, and what it is once resolved."""

    index: int
    values: tuple[Any, ...]  # of the study's fields, SI where the field has a unit
    sets: tuple[str, ...]
    sha256: str
    work_s: float  # estimate on one core
    memory_bytes: float


@dataclass(frozen=True)
class Study:
    """A sweep whose points all passed the checks."""

    spec: Sweep
    source: str  # of the scenario, absolute where it is a file
    fields: tuple[str, ...]
    units: tuple[str, ...]  # of the fields, "1" where there is none
    points: tuple[Point, ...]
    written: tuple[tuple[Any, ...], ...]  # values as the file has them, per point
    notes: tuple[str, ...]

    @property
    def identity(self) -> str:
        """What the study's table depends on: the program, the fields, every resolved scenario in order."""
        told = [sim.__version__, self.spec.name, list(self.fields), [(p.sha256, p.values) for p in self.points]]
        return hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()


def read(source: str | Path | dict[str, Any]) -> tuple[Sweep, Node, Path]:
    """A sweep by shipped name, path or as a mapping; its tree, and the folder its paths start from."""
    if isinstance(source, dict):
        root, folder = yaml_tree.parse(json.dumps(source), "sweep"), Path.cwd()
    else:
        path = _file(str(source))
        root, folder = yaml_tree.read(path), path.parent
    if not root.is_map:
        raise bad_input(root.origin, "", "is not a sweep; write keys such as name:, scenario:, grid:")
    plain = {key: value for key, value in yaml_tree.plain(root).items() if key != "$schema"}
    try:
        return Sweep.model_validate(plain), root, folder
    except ValidationError as error:
        raise InputError(problems(error, root)) from None


def _file(text: str) -> Path:
    shipped, path = items("sweeps"), Path(text)
    if text in shipped:
        return shipped[text]
    if path.suffix in (".yaml", ".yml") or "/" in text or path.is_file():
        if path.is_file():
            return path
        raise bad_input(Origin(text), "", "no such file; write the path of a sweep or the name of a shipped one")
    raise bad_input(Origin(text), "", f"no sweep of that name; {did_you_mean(text, shipped)}")


def axes(spec: Sweep) -> list[Axis]:
    """What varies, slowest first: the grid as written, then the lists under zip:, then the seeds."""
    found: list[Axis] = [((name,), [(value,) for value in values]) for name, values in spec.grid.items()]
    if spec.zip:
        found.append((tuple(spec.zip), list(zip(*spec.zip.values(), strict=True))))
    if spec.seeds:
        found.append((("seed",), [(seed,) for seed in spec.seeds]))
    return found


def combinations(spec: Sweep) -> Iterator[tuple[Any, ...]]:
    """Values of all fields, point by point."""
    for choice in product(*(values for _, values in axes(spec))):
        yield tuple(value for part in choice for value in part)


def resolve(source: str | Path | dict[str, Any], progress: Progress | None = None) -> Study:
    """A study with every point loaded. Raises InputError with the problems of all points, each told once."""
    spec, root, folder = read(source)
    fields = tuple(name for names, _ in axes(spec) for name in names)
    base = _scenario(spec, root, folder)
    written = tuple(combinations(spec))
    points: list[Point] = []
    units: dict[str, str] = {}
    notes: dict[str, None] = {}
    told: dict[tuple[str, str], Problem] = {}
    for index, values in enumerate(written):
        sets = (*spec.set, *(f"{f}={json.dumps(_placed(f, v, folder))}" for f, v in zip(fields, values, strict=True)))
        try:
            loaded = load(base, sets)
        except InputError as error:
            for problem in error.problems:
                mended = _in_file(problem, spec, root, dict(zip(fields, values, strict=True)))
                told.setdefault((mended.field, mended.message), mended)
        else:
            found = [_resolved(loaded, f, v) for f, v in zip(fields, values, strict=True)]
            units.update({f: unit for f, (_, unit) in zip(fields, found, strict=True)})
            notes.update(dict.fromkeys(loaded.notes))
            points.append(_point(index, tuple(value for value, _ in found), sets, loaded))
        if progress is not None:
            progress(index + 1, len(written))
    if told:
        raise InputError(sorted(told.values(), key=lambda p: (p.origin.file, p.origin.line, p.origin.column)))
    return Study(
        spec, base, fields, tuple(units[f] for f in fields), tuple(points), written, (*notes, *_repeated(points))
    )


def _point(index: int, values: tuple[Any, ...], sets: tuple[str, ...], loaded: Loaded) -> Point:
    estimate = size(loaded.scenario, loaded.satellites, threads=1)
    return Point(index, values, sets, loaded.sha256, estimate.time_s - START_S, estimate.memory_bytes)


def _scenario(spec: Sweep, root: Node, folder: Path) -> str:
    if spec.scenario in items("scenarios"):
        return spec.scenario
    path = (folder / spec.scenario).resolve()
    if path.is_file():
        return str(path)
    advice = did_you_mean(spec.scenario, items("scenarios"))
    raise bad_input(yaml_tree.find(root, ("scenario",)).origin, "scenario", f"no scenario '{spec.scenario}'; {advice}")


def _placed(name: str, value: Any, folder: Path) -> Any:
    """A value as `--set` takes it; the path of a catalogue starts from the sweep's folder."""
    section, _, kind = name.rpartition(".")
    named = section == "constellation" and kind in READERS and isinstance(value, str)
    return resolve_path(value, folder) if named else value


def _in_file(problem: Problem, spec: Sweep, root: Node, values: dict[str, Any]) -> Problem:
    """A problem of an override, told where the sweep's file writes it."""
    told = problem.origin.file.removeprefix("--set ")
    if told == problem.origin.file:
        return problem
    for section, lists in (("grid", spec.grid), ("zip", spec.zip)):
        if told in lists:
            at = lists[told].index(values[told])
            return Problem(yaml_tree.find(root, (section, told, str(at))).origin, problem.field, problem.message)
    if told == "seed":
        return Problem(yaml_tree.find(root, ("seeds",)).origin, problem.field, problem.message)
    for at, text in enumerate(spec.set):
        if told in (text, text.partition("=")[0]):
            return Problem(yaml_tree.find(root, ("set", str(at))).origin, problem.field, problem.message)
    return problem


def _resolved(loaded: Loaded, name: str, written: Any) -> tuple[Any, str]:
    """Value of a field as it is simulated, and its unit; what is no plain number or word stays as written."""
    node: Any = loaded.scenario
    unit = "1"
    for key in name.split("."):
        if isinstance(node, list | tuple) and not key.isdigit():
            node = node[0] if len(node) == 1 else None
        if isinstance(node, list | tuple) and key.isdigit():
            node = node[int(key)] if int(key) < len(node) else None
            continue
        unit = _unit(node, key)
        node = node.get(key) if isinstance(node, dict) else getattr(node, key, None)
    if isinstance(node, bool | int | float | str):
        return node, unit
    return (written if isinstance(written, bool | int | float | str) else json.dumps(written)), "1"


def _unit(section: Any, key: str) -> str:
    if isinstance(section, Section) and key in type(section).model_fields:
        for mark in type(section).model_fields[key].metadata:
            if isinstance(mark, Quantity):
                return mark.unit
    return "1"


def _repeated(points: list[Point]) -> list[str]:
    """A note where points are the same scenario: a field that changes nothing, or a value written twice."""
    first: dict[str, int] = {}
    again = [(p.index, first[p.sha256]) for p in points if first.setdefault(p.sha256, p.index) != p.index]
    if not again:
        return []
    return [f"{len(again)} of {len(points)} points repeat others (point {again[0][0]} is the same as {again[0][1]})"]
