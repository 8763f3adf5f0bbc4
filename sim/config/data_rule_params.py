"""Rules for data that workloads of a scenario must keep. Loads no arrays, so that validation can use it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Protocol

from sim.config import schema, workload_params

KINDS = ("weights", "prompts", "checkpoints", "data")  # of data, as `data_rules` names them
HELD = {"independent": ("weights",), "training": ("weights", "checkpoints"), "inference": ("weights", "prompts"), "sensing": ("data",)}


class Place(Protocol):
    """A satellite type, a station or a site."""

    @property
    def operator(self) -> str | None:
        """Who operates it."""
        ...

    @property
    def jurisdiction(self) -> str | None:
        """Country whose law holds there."""
        ...


def held_kinds(work: schema.Workload) -> tuple[str, ...]:
    """Kinds of data that satellites of a workload hold.

    Parameters
    ----------
    work : Workload
        The workload.

    Returns
    -------
    tuple of str
        Some of `KINDS`; sensing holds weights where it processes images.
    """
    processes = isinstance(work, schema.Sensing) and work.processing is not None
    return (*HELD[work.kind], "weights") if processes else HELD[work.kind]


def stated(scenario: schema.Scenario, kinds: Sequence[str]) -> list[schema.Rule]:
    """Rules that a scenario states for kinds of data.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    kinds : sequence of str
        Some of `KINDS`.

    Returns
    -------
    list of Rule
        In the order of the kinds.
    """
    if scenario.data_rules is None:
        return []
    found: list[schema.Rule | None] = [getattr(scenario.data_rules, kind) for kind in kinds]
    return [rule for rule in found if rule is not None]


def satisfies(rules: Sequence[schema.Rule], place: Place) -> bool:
    """Whether a place satisfies rules.

    Parameters
    ----------
    rules : sequence of Rule
        The rules.
    place : Place
        A satellite type, a station or a site.

    Returns
    -------
    bool
        True where it satisfies all of them.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> satisfies([schema.Rule(jurisdictions=["US"]), schema.Rule(operators=["own"])], SimpleNamespace(operator="own", jurisdiction="US"))
    True
    """
    return all(rule.allows(place.operator, place.jurisdiction) for rule in rules)


def allowed_types(scenario: schema.Scenario, work: schema.Workload) -> list[bool]:
    """Which satellite types may run a workload.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    work : Workload
        The workload.

    Returns
    -------
    list of bool
        In the order of `Scenario.types`.
    """
    rules = stated(scenario, held_kinds(work))
    return [satisfies(rules, kind) for kind in scenario.types]


def landing_rules(scenario: schema.Scenario, work: schema.Sensing) -> list[schema.Rule]:
    """Rules that a station must satisfy to have contacts with the satellites of a sensing workload.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    work : Sensing
        The workload.

    Returns
    -------
    list of Rule
        That of data, which come down; that of weights where they are sent up over the same contacts.
    """
    return stated(scenario, ("data",) if work.upload is None else ("data", "weights"))


def has_members(work: schema.Workload, types: Sequence[workload_params.Carrier], allowed: Sequence[bool]) -> bool:
    """Whether satellites of a workload exchange messages, and take the places of others that are lost.

    Parameters
    ----------
    work : Workload
        The workload.
    types : sequence of Carrier
        Satellite types.
    allowed : sequence of bool
        Types that it may use.

    Returns
    -------
    bool
        True for training, and for services whose copies span several satellites.
    """
    if not isinstance(work, schema.Inference):
        return isinstance(work, schema.Training)
    usable = [kind for kind, may in zip(types, allowed, strict=True) if may] or types
    return work.pipeline != 1 and workload_params.stages(work, workload_params.slowest(usable, work.precision)) > 1


def allowed_counts(
    workloads: Sequence[schema.Workload], wanted: Sequence[int], able: Sequence[int], free: int, groups: Sequence[Hashable]
) -> list[int]:
    """Satellites of each workload where some may not use all: those with a share get it as far as they may, the others what is left.

    Parameters
    ----------
    workloads : sequence of schema.Workload
        Validated sections of the scenario.
    wanted : sequence of int
        What `counts` gives each workload.
    able : sequence of int
        Satellites that each may use, spares apart.
    free : int
        Satellites of all workloads.
    groups : sequence of hashable
        Equal for workloads that may use the same satellites.

    Returns
    -------
    list of int
        Satellites of each workload; those without a share that may use the fewest come first, and of those that may use the same each gets as many.

    Examples
    --------
    Training that may use 20 of 100 satellites, independent work on the rest:

    >>> from types import SimpleNamespace
    >>> training, independent = SimpleNamespace(share=None), SimpleNamespace(share=None)
    >>> allowed_counts([training, independent], [50, 50], [20, 100], 100, ["US", None])
    [20, 80]
    """
    number = [min(n, most) for n, most in zip(wanted, able, strict=True)]
    if all(most == free for most in able):
        return number
    open_ = [i for i, w in enumerate(workloads) if isinstance(w, schema.Independent) or w.share is None]
    left, waiting = max(0, free - sum(n for i, n in enumerate(number) if i not in open_)), len(open_)
    for group in sorted(dict.fromkeys(groups[i] for i in open_), key=lambda group: able[groups.index(group)]):
        mine = [i for i in open_ if groups[i] == group]
        taken = sum(n for i, n in enumerate(number) if groups[i] == group and i not in open_)
        size = max(0, min(able[mine[0]] - taken, left * len(mine) // waiting))
        for done, i in enumerate(mine):
            number[i] = size * (done + 1) // len(mine) - size * done // len(mine)
        left, waiting = left - size, waiting - len(mine)
    return number
