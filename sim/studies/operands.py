"""Operands of a comparison: a scenario, a results folder or a ground site as results with a label."""

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
from sim.studies.compare import Operand, check_work

BASELINE = "baseline:"


def load_pair(
    a: str, b: str, sets: tuple[str, ...] = (), threads: int | None = None, skip_bad: bool = False
) -> tuple[Operand, Operand]:
    """Load both operands of a comparison; scenarios are run, a baseline does the work of the other operand.

    Parameters
    ----------
    a, b : str
        Scenario (name or path), results folder, or `baseline:NAME`.
    sets : tuple of str
        Overrides of the scenarios, key=value.
    threads : int, optional
        Threads of a run.
    skip_bad : bool
        Whether bad element sets of a catalogue are left out.

    Returns
    -------
    tuple of Operand
        The two operands, with different labels.

    Raises
    ------
    InputError
        If an operand does not exist or is invalid, or if overrides apply to neither.
    """
    loaded = [None if _is_folder(t) or t.startswith(BASELINE) else api.load(t, sets, skip_bad=skip_bad) for t in (a, b)]
    if sets and loaded == [None, None]:
        raise bad_input(Origin("--set"), "", "applies to scenarios, and neither operand is one; leave it out")
    work = [(text, _kinds(text, own)) for text, own in zip((a, b), loaded, strict=True) if not text.startswith(BASELINE)]
    if len(work) == 2:
        check_work(*work)  # before anything is run
    cache: dict[str, Results] = {}  # the same scenario on both operands is run once
    one, two = loaded
    operands = [_operand(a, one, (b, two), cache, threads), _operand(b, two, (a, one), cache, threads)]
    if operands[0].label == operands[1].label:
        operands = [replace(operand, label=f"{operand.label} ({letter})") for operand, letter in zip(operands, "AB", strict=True)]
    return operands[0], operands[1]


def _kinds(text: str, loaded: Loaded | None) -> set[str]:
    """Kinds of workloads of a scenario or a results folder."""
    if loaded is None:
        return {work["kind"] for work in api.open_results(text).summary["workloads"]}
    return {work.kind for work in loaded.scenario.workloads}


def _scenario_of(text: str, loaded: Loaded | None) -> Loaded | None:
    """The scenario whose work a baseline does: the other operand, or the scenario of its results folder."""
    return api.load(Path(text) / "scenario.yaml") if _is_folder(text) else loaded


def _is_folder(text: str) -> bool:
    return text not in items("scenarios") and Path(text).is_dir()


def _operand(
    text: str, own: Loaded | None, other: tuple[str, Loaded | None], cache: dict[str, Results], threads: int | None
) -> Operand:
    if text.startswith(BASELINE):
        return _baseline(text, _scenario_of(*other))
    if own is None:
        results = api.open_results(text)
        return Operand(Path(text).name, results, yaml_tree.read(Path(text) / "scenario.yaml"))
    if own.sha256 not in cache:
        cache[own.sha256] = api.run(own, threads=threads)
    return Operand(own.scenario.name, cache[own.sha256], yaml_tree.parse(resolved_yaml(own), text))


def _baseline(text: str, like: Loaded | None) -> Operand:
    from sim.studies import ground_baseline

    name = text.removeprefix(BASELINE)
    known = items("baselines")
    if name not in known:
        raise bad_input(Origin(text), "", f"no such baseline; {did_you_mean(name, known)}")
    return Operand(name, ground_baseline.run(name, like=like), site_tree(name))
