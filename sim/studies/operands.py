"""Operands of a comparison: a scenario, a results folder or a ground site as results with a label."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

from sim import api
from sim.config import yaml_tree
from sim.config.errors import Origin, bad_input, did_you_mean
from sim.config.ground_sites import site_of, site_tree
from sim.config.library import items
from sim.config.paths import is_path, resolve_path
from sim.config.scenario import Loaded, Overrides, overrides
from sim.results.store import Results, resolved_yaml
from sim.studies.compare import Comparison, Operand, as_operand, check_equal, check_work
from sim.studies.compare import compare as compare_results
from sim.studies.pricing import fleet_pricer, folder_pricer, site_pricer

BASELINE = "baseline:"
Side = str | Path | Loaded | Results | Operand
"""An operand: a scenario (name, path or loaded), a results folder, `baseline:NAME`, or results."""


def compare(
    a: Side,
    b: Side,
    equal: str | None = None,
    *,
    set: Overrides = (),
    events: tuple[str, ...] | list[str] = (),
    threads: int | None = None,
    skip_bad: bool = False,
) -> Comparison:
    """Compare two designs.

    Parameters
    ----------
    a, b : str, Path, Loaded, Results or Operand
        Scenario (name, path or loaded), results folder, `baseline:NAME` (shipped name or path), or results. Scenarios are
        run; a baseline does the work of the other operand.
    equal : {"nameplate", "useful", "power", "capex"}, optional
        Scale A so that this quantity equals that of B.
    set : mapping or sequence of str, optional
        Overrides of both scenarios; those of one only begin with `a:` or `b:`, such as {"a:step": "30 s"}.
    events : sequence of str, optional
        Additional events of both scenarios; those of one only begin with `a:` or `b:`, such as "a:+6 h lose plane 3".
    threads : int, optional
        Threads of a run.
    skip_bad : bool, optional
        Whether bad element sets of a catalogue are left out.

    Returns
    -------
    Comparison
        Differences of inputs, metrics and waterfall.

    Raises
    ------
    InputError
        If an operand does not exist or is invalid, if overrides or events apply to none, or if the quantity is unknown.
    RunError
        If the quantity is zero.
    """
    check_equal(equal)
    return compare_results(*load_pair(a, b, overrides(set), threads, skip_bad, tuple(events)), equal)


def load_pair(
    a: Side,
    b: Side,
    sets: tuple[str, ...] = (),
    threads: int | None = None,
    skip_bad: bool = False,
    events: tuple[str, ...] = (),
) -> tuple[Operand, Operand]:
    """Load both operands of a comparison.

    Parameters
    ----------
    a, b : str, Path, Loaded, Results or Operand
        As in `compare`.
    sets : tuple of str
        Overrides of the scenarios, key=value.
    threads : int, optional
        Threads of a run.
    skip_bad : bool
        Whether bad element sets of a catalogue are left out.
    events : tuple of str
        Additional events of the scenarios.

    Returns
    -------
    tuple of Operand
        The two operands, with different labels.

    Raises
    ------
    InputError
        If an operand does not exist or is invalid, or if overrides or events apply to none.
    """
    one, two = _loaded("A", a, sets, events, skip_bad), _loaded("B", b, sets, events, skip_bad)
    for option, given in (("--set", sets), ("--event", events)):
        if given and not (_is_loaded_here(a) or _is_loaded_here(b)):
            raise bad_input(Origin(option), "", "applies to scenarios, and neither operand is one; leave it out")
    work = [known for known in (_work(a, one), _work(b, two)) if known is not None]
    if len(work) == 2:
        check_work(*work)  # before anything is run
    cache: dict[str, Results] = {}  # the same scenario on both operands is run once
    operands = [_operand("A", a, one, (b, two), cache, threads), _operand("B", b, two, (a, one), cache, threads)]
    if operands[0].label == operands[1].label:
        operands = [replace(each, label=f"{each.label} ({letter})") for each, letter in zip(operands, "AB", strict=True)]
    return operands[0], operands[1]


def sets_of(letter: str, sets: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Overrides or events of one operand.

    Parameters
    ----------
    letter : {"A", "B"}
        The operand.
    sets : tuple of str
        Overrides or events as given: key=value for both, a:key=value and b:key=value for one.

    Returns
    -------
    all : tuple of str
        Overrides that apply to the operand, without the letter, in the order given.
    own : tuple of str
        Those that are for this operand alone, as given.

    Examples
    --------
    >>> sets_of("B", ("step=30 s", "a:seed=2", "b:seed=3"))
    (('step=30 s', 'seed=3'), ('b:seed=3',))
    """
    mark, others = f"{letter.lower()}:", ("a:", "b:")
    own = tuple(text for text in sets if text.startswith(mark))
    return tuple(text.removeprefix(mark) for text in sets if text in own or not text.startswith(others)), own


def _loaded(letter: str, side: Side, sets: tuple[str, ...], events: tuple[str, ...], skip_bad: bool) -> Loaded | None:
    """The scenario of an operand; None where it is something else."""
    (mine, own), (mine_events, own_events) = sets_of(letter, sets), sets_of(letter, events)
    if _is_loaded_here(side):
        return api.load(side, mine, mine_events, skip_bad=skip_bad)
    for text in (*(f"--set {text}" for text in own), *(f"--event '{text}'" for text in own_events)):
        raise bad_input(Origin(text), "", f"applies to a scenario by name or path, and {letter} is none; leave it out")
    return side if isinstance(side, Loaded) else None


def _is_loaded_here(side: Side) -> TypeGuard[str | Path]:
    """Whether an operand is a scenario by name or path, to which overrides and events apply."""
    return isinstance(side, str | Path) and not _is_folder(side) and not str(side).startswith(BASELINE)


def _work(side: Side, loaded: Loaded | None) -> tuple[str, set[str]] | None:
    """Label and kinds of workloads of a scenario or a results folder; None where they are not known before a run."""
    if loaded is not None:
        return str(side) if isinstance(side, str | Path) else loaded.scenario.name, {w.kind for w in loaded.scenario.workloads}
    if _is_folder(side):
        return str(side), {work["kind"] for work in api.open_results(side).summary["workloads"]}
    return None


def _scenario_of(side: Side, loaded: Loaded | None) -> Loaded | None:
    """The scenario whose work a baseline does: the other operand, or the scenario of its results folder."""
    folder = side.folder if isinstance(side, Results) else side
    return api.load(Path(folder) / "scenario.yaml") if _is_folder(folder) else loaded


def _is_folder(side: Side | None) -> TypeGuard[str | Path]:
    return isinstance(side, str | Path) and str(side) not in items("scenarios") and os.path.isdir(side)


def _operand(
    letter: str, side: Side, own: Loaded | None, other: tuple[Side, Loaded | None], cache: dict[str, Results], threads: int | None
) -> Operand:
    if isinstance(side, Operand):
        return side
    if isinstance(side, Results):
        return as_operand(letter, side)
    if isinstance(side, str) and side.startswith(BASELINE):
        return _baseline(side, _scenario_of(*other))
    if own is None:
        folder = Path(str(side))
        results = api.open_results(folder)
        return Operand(folder.name, results, yaml_tree.read(folder / "scenario.yaml"), folder_pricer(results))
    if own.sha256 not in cache:
        cache[own.sha256] = api.run(own, threads=threads)
    found = cache[own.sha256]
    return Operand(own.scenario.name, found, yaml_tree.parse(resolved_yaml(own), str(side)), fleet_pricer(own, found))


def _baseline(text: str, like: Loaded | None) -> Operand:
    from sim import ground_baseline

    name = text.removeprefix(BASELINE)
    known = items("baselines")
    if is_path(name):
        name = resolve_path(name, Path())
    elif name not in known:
        raise bad_input(Origin(text), "", f"no such baseline; {did_you_mean(name, known)}")
    site = site_tree(name)
    found = ground_baseline.run(name, like=like)
    return Operand(str(site.value["name"].value), found, site, site_pricer(site_of(site), found))
