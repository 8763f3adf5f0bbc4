"""From a sweep file to its points: every point is loaded and validated before the first one runs."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import sim
from orbit.units import shortened
from sim.config import yaml_tree
from sim.config.errors import InputError, Origin, Problem, bad_input, did_you_mean
from sim.config.library import config_root, items
from sim.config.paths import absolute_paths, is_below, outside, resolve_path
from sim.config.quantity import Quantity
from sim.config.scenario import Loaded, load
from sim.config.scenario_files import is_scenario
from sim.config.schema import Section
from sim.config.schema.sweep import Sweep, problems
from sim.config.validation import START_S, size
from sim.config.yaml_tree import Node

Progress = Callable[[int, int], None]
MOST_POINTS = 20_000  # of a study: each is validated before the first one runs, in some 30 ms
MOST_FAILED = 100  # invalid points, after which the check ends
Axis = tuple[tuple[str, ...], list[tuple[Any, ...]]]  # fields varied together, and their values


@dataclass(frozen=True)
class Point:
    """One scenario of a study: its overrides, its digest and the estimated effort."""

    index: int
    values: tuple[Any, ...]  # of the study's fields, SI where the field has a unit
    sets: tuple[str, ...]
    sha256: str
    work_s: float  # estimate on one core
    memory_bytes: float


@dataclass(frozen=True)
class Study:
    """A sweep whose points have all been validated."""

    spec: Sweep
    source: str  # of the scenario, absolute where it is a file
    fields: tuple[str, ...]
    units: tuple[str, ...]  # of the fields, "1" where dimensionless
    points: tuple[Point, ...]
    written: tuple[tuple[Any, ...], ...]  # values as the file has them, per point
    notes: tuple[str, ...]

    @property
    def identity(self) -> str:
        """Digest of what the tables depend on: program version, fields, and every resolved scenario in order."""
        content = [sim.__version__, self.spec.name, list(self.fields), [(p.sha256, p.values) for p in self.points]]
        return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def read_sweep(source: str | Path | dict[str, Any]) -> tuple[Sweep, Node, Path]:
    """Read a sweep.

    Parameters
    ----------
    source : str, Path or dict
        Name of a shipped sweep, path of a sweep file, or its content.

    Returns
    -------
    spec : Sweep
        The validated sweep.
    root : Node
        Its tree, for the positions of its values.
    folder : Path
        Folder to which its relative paths refer.

    Raises
    ------
    InputError
        If there is no such sweep, or if it is invalid.

    Examples
    --------
    >>> spec, _, _ = read_sweep({"name": "two", "scenario": "suncatcher", "grid": {"step": ["30 s", "60 s"]}})
    >>> list(combinations(spec))
    [('30 s',), ('60 s',)]
    """
    if isinstance(source, dict):
        root, folder = yaml_tree.parse(json.dumps(source), "sweep"), Path.cwd()
    else:
        path = _sweep_file(str(source))
        root, folder = yaml_tree.read(path), path.parent
        if is_scenario(root):
            raise bad_input(Origin(str(path)), "", f"is a scenario; write dawndusk run {shlex.quote(str(path))}")
    if not root.is_map:
        raise bad_input(root.origin, "", "is not a sweep; write keys such as name:, scenario:, grid:")
    plain = {key: value for key, value in yaml_tree.plain(root).items() if key != "$schema"}
    try:
        return Sweep.model_validate(plain), root, folder
    except ValidationError as error:
        raise InputError(problems(error, root)) from None


def _sweep_file(text: str) -> Path:
    shipped, path = items("sweeps"), Path(text)
    if text in shipped:
        return shipped[text]
    if path.suffix in (".yaml", ".yml") or "/" in text or os.path.isfile(text):
        if os.path.isfile(text):
            return path
        raise bad_input(Origin(text), "", "no such file; write the path of a sweep or the name of a shipped one")
    if text in items("scenarios"):
        raise bad_input(Origin(text), "", f"is a scenario; write dawndusk run {text}")
    raise bad_input(Origin(text), "", f"no sweep of that name; {did_you_mean(text, shipped)}")


def axes(spec: Sweep) -> list[Axis]:
    """Axes of a sweep, the slowest first: the grid as written, then the lists under zip, then the seeds.

    Parameters
    ----------
    spec : Sweep
        The sweep.

    Returns
    -------
    list of tuple
        Fields that vary together, and their values.

    Examples
    --------
    >>> spec, _, _ = read_sweep({"name": "s", "scenario": "suncatcher", "grid": {"step": ["30 s", "60 s"]}, "seeds": [1, 2]})
    >>> axes(spec)
    [(('step',), [('30 s',), ('60 s',)]), (('seed',), [(1,), (2,)])]
    """
    varied: list[Axis] = [((name,), [(value,) for value in values]) for name, values in spec.grid.items()]
    if spec.zip:
        varied.append((tuple(spec.zip), list(zip(*spec.zip.values(), strict=True))))
    if spec.seeds:
        varied.append((("seed",), [(seed,) for seed in spec.seeds]))
    return varied


def combinations(spec: Sweep) -> Iterator[tuple[Any, ...]]:
    """Values of all fields, point by point.

    Parameters
    ----------
    spec : Sweep
        The sweep.

    Yields
    ------
    tuple
        Values in the order of the fields.
    """
    for choice in product(*(values for _, values in axes(spec))):
        yield tuple(value for part in choice for value in part)


def resolve(source: str | Path | dict[str, Any], progress: Progress | None = None) -> Study:
    """Load and validate every point of a sweep.

    Parameters
    ----------
    source : str, Path or dict
        Name of a shipped sweep, path of a sweep file, or its content.
    progress : callable, optional
        Called with the number of points done and their total.

    Returns
    -------
    Study
        The study.

    Raises
    ------
    InputError
        With the problems of all points, each reported once; of the first hundred where more points are invalid.

    Examples
    --------
    >>> study = resolve({"name": "two", "scenario": "suncatcher", "grid": {"satellite.power.array.area": ["100 m2", "140 m2"]}})
    >>> study.fields, study.units, [point.values for point in study.points]
    (('satellite.power.array.area',), ('m2',), [(100.0,), (140.0,)])
    """
    spec, root, folder = read_sweep(source)
    fields = tuple(name for names, _ in axes(spec) for name in names)
    allowed = None if isinstance(source, dict) else (folder, config_root())
    base = _base_scenario(spec, root, folder, allowed)
    _check_count(spec, root)
    shared = _shared_overrides(spec, root, folder, allowed)
    written = tuple(combinations(spec))
    failed = 0
    points: list[Point] = []
    units: dict[str, str] = {}
    notes: dict[str, list[str]] = {}
    by_message: dict[tuple[str, str], Problem] = {}
    for index, values in enumerate(written):
        try:
            absolute = (_with_absolute_path(f, v, folder, allowed) for f, v in zip(fields, values, strict=True))
            sets = ("allow_infeasible=true", *shared, *(f"{f}={json.dumps(v)}" for f, v in zip(fields, absolute, strict=True)))
            loaded = load(base, sets)
        except InputError as error:
            for problem in error.problems:
                moved = _with_sweep_origin(problem, spec, root, dict(zip(fields, values, strict=True)))
                by_message.setdefault((moved.field, moved.message), moved)
            failed += 1
            if failed == MOST_FAILED:
                break
        else:
            resolved = [_resolved_value(loaded, f, v) for f, v in zip(fields, values, strict=True)]
            units.update({f: unit for f, (_, unit) in zip(fields, resolved, strict=True)})
            for note in loaded.notes:  # those of one plausibility check together: their numbers differ from point to point
                notes.setdefault(note[note.find("(check ") :] if "(check " in note else note, []).append(note)
            points.append(_point(index, tuple(value for value, _ in resolved), sets, loaded))
        if progress is not None:
            progress(index + 1, len(written))
    if by_message:
        raise InputError(sorted(by_message.values(), key=lambda p: (p.origin.file, p.origin.line, p.origin.column)))
    return Study(
        spec=spec, source=base, fields=fields, units=tuple(units[f] for f in fields), points=tuple(points),
        written=written, notes=(*map(_with_count, notes.values()), *_repetition_notes(points)),
    )


def _with_count(notes: list[str]) -> str:
    """The first of the notes of one check, and how many more there are; other notes are the same at all points."""
    more = len(notes) - 1
    return f"{notes[0]}, and at {more} more points" if more and notes[0].endswith(")") and "(check " in notes[0] else notes[0]


def _point(index: int, values: tuple[Any, ...], sets: tuple[str, ...], loaded: Loaded) -> Point:
    estimate = size(loaded.scenario, loaded.satellites, loaded.accelerators, threads=1)
    return Point(
        index=index, values=values, sets=sets, sha256=loaded.sha256, work_s=estimate.time_s - START_S,
        memory_bytes=estimate.memory_bytes,
    )


def _check_count(spec: Sweep, root: Node) -> None:
    """Refuse more points than are checked one by one in some ten minutes."""
    count = math.prod(len(values) for _, values in axes(spec))
    if count > MOST_POINTS:
        message = f"{count:,} points are more than {MOST_POINTS:,}; write fewer values, or several sweeps"
        raise bad_input(yaml_tree.find(root, ("grid",)).origin, "", message)


def _base_scenario(spec: Sweep, root: Node, folder: Path, allowed: tuple[Path, ...] | None) -> str:
    if spec.scenario in items("scenarios"):
        return spec.scenario
    path = Path(resolve_path(spec.scenario, folder))
    if allowed is not None and not is_below(path, allowed):
        raise InputError([outside(yaml_tree.find(root, ("scenario",)), "scenario", "dawndusk run, or move the sweep")])
    if os.path.isfile(path):
        return str(path)
    advice = did_you_mean(spec.scenario, items("scenarios"))
    raise bad_input(yaml_tree.find(root, ("scenario",)).origin, "scenario", f"no scenario '{shortened(spec.scenario)}'; {advice}")


def _shared_overrides(spec: Sweep, root: Node, folder: Path, allowed: tuple[Path, ...] | None) -> tuple[str, ...]:
    """Overrides of all points, with the paths of catalogues and points made absolute."""
    texts, problems = [], []
    for i, text in enumerate(spec.set):
        key, equals, value = text.partition("=")
        origin = yaml_tree.find(root, ("set", str(i))).origin
        try:
            written = yaml_tree.plain(yaml_tree.parse(value, f"set: {shortened(key)}")) if equals else None
            absolute = _with_absolute_path(key.strip(), written, folder, allowed)
        except InputError as error:
            problems += [Problem(origin, problem.field, problem.message) for problem in error.problems]
            continue
        texts.append(text if absolute == written else f"{key}={json.dumps(absolute)}")
    if problems:
        raise InputError(problems)
    return tuple(texts)


def _with_absolute_path(name: str, value: Any, folder: Path, allowed: tuple[Path, ...] | None) -> Any:
    """A value as `--set` takes it; paths of catalogues and points are made absolute against the folder of the sweep.

    Raises InputError for a path outside the allowed folders, with the origin of an override.
    """
    keys = name.split(".")
    origin, problems = Origin(f"--set {name}"), list[Problem]()
    alone = yaml_tree.put(Node({}, origin), keys, _with_origin(value, origin))
    found = absolute_paths(alone, folder, (), allowed, problems)
    if problems:
        raise InputError(problems)
    return value if found is alone else yaml_tree.plain(yaml_tree.find(found, tuple(keys)))


def _with_origin(value: Any, origin: Origin) -> Node:
    """A tree of plain values, all at one place."""
    if isinstance(value, dict):
        return Node({str(key): _with_origin(child, origin) for key, child in value.items()}, origin)
    return Node([_with_origin(child, origin) for child in value] if isinstance(value, list) else value, origin)


def _with_sweep_origin(problem: Problem, spec: Sweep, root: Node, values: dict[str, Any]) -> Problem:
    """A problem of an override with the position of its value in the sweep file."""
    key = problem.origin.file.removeprefix("--set ")
    if key == problem.origin.file:
        return problem
    for section, lists in (("grid", spec.grid), ("zip", spec.zip)):
        if key in lists:
            position = lists[key].index(values[key])
            return Problem(yaml_tree.find(root, (section, key, str(position))).origin, problem.field, problem.message)
    if key == "seed":
        return Problem(yaml_tree.find(root, ("seeds",)).origin, problem.field, problem.message)
    for at, text in enumerate(spec.set):
        if key in (text, text.partition("=")[0]):
            return Problem(yaml_tree.find(root, ("set", str(at))).origin, problem.field, problem.message)
    return problem


def _resolved_value(loaded: Loaded, name: str, written: Any) -> tuple[Any, str]:
    """Value of a field as it is simulated, and its unit; anything but a number or a word stays as written."""
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
        for annotation in type(section).model_fields[key].metadata:
            if isinstance(annotation, Quantity):
                return annotation.unit
    return "1"


def _repetition_notes(points: list[Point]) -> list[str]:
    """A note where points are the same scenario: a field without effect, or a value written twice."""
    first: dict[str, int] = {}
    repeats = [(p.index, first[p.sha256]) for p in points if first.setdefault(p.sha256, p.index) != p.index]
    if not repeats:
        return []
    return [f"{len(repeats)} of {len(points)} points repeat others (point {repeats[0][0]} is the same as {repeats[0][1]})"]
