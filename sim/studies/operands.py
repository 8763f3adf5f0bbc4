"""What a person may compare: a scenario, a results folder, or a site on the ground, as results with a label."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sim import api
from sim.config import yaml_tree
from sim.config.errors import Origin, bad_input, did_you_mean
from sim.config.ground_sites import site_tree
from sim.config.library import items
from sim.config.scenario import Loaded
from sim.results.store import Results, resolved_yaml
from sim.studies.compare import Side

BASELINE = "baseline:"


def pair(
    a: str, b: str, sets: tuple[str, ...] = (), threads: int | None = None, skip_bad: bool = False
) -> tuple[Side, Side]:
    """Both sides; scenarios are run now, a baseline like the other side. Raises InputError."""
    loaded = [None if _is_folder(t) or t.startswith(BASELINE) else api.load(t, sets, skip_bad=skip_bad) for t in (a, b)]
    if sets and loaded == [None, None]:
        raise bad_input(Origin("--set"), "", "goes with scenarios, and neither side is one; leave it out")
    kept: dict[str, Results] = {}  # the same scenario on both sides is run once
    one, two = loaded
    sides = [_side(a, one, (b, two), kept, threads), _side(b, two, (a, one), kept, threads)]
    if sides[0].label == sides[1].label:
        sides = [replace(side, label=f"{side.label} ({letter})") for side, letter in zip(sides, "AB", strict=True)]
    return sides[0], sides[1]


def _like(text: str, loaded: Loaded | None) -> Loaded | None:
    """What a baseline on the other side does: the scenario, or that behind a results folder."""
    return api.load(Path(text) / "scenario.yaml") if _is_folder(text) else loaded


def _is_folder(text: str) -> bool:
    return text not in items("scenarios") and Path(text).is_dir()


def _side(
    text: str, own: Loaded | None, other: tuple[str, Loaded | None], kept: dict[str, Results], threads: int | None
) -> Side:
    if text.startswith(BASELINE):
        return _baseline(text, _like(*other))
    if own is None:
        results = api.open_results(text)
        return Side(Path(text).name, results, yaml_tree.read(Path(text) / "scenario.yaml"))
    if own.sha256 not in kept:
        kept[own.sha256] = api.run(own, threads=threads)
    return Side(own.scenario.name, kept[own.sha256], yaml_tree.parse(resolved_yaml(own), text))


def _baseline(text: str, like: Loaded | None) -> Side:
    from sim.studies import ground_baseline

    name = text.removeprefix(BASELINE)
    known = items("baselines")
    if name not in known:
        raise bad_input(Origin(text), "", f"no baseline of that name; {did_you_mean(name, known)}")
    return Side(name, ground_baseline.run(name, like=like), site_tree(name))
