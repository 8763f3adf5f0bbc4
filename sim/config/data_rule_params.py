"""Rules for data that workloads of a scenario must keep. Loads no arrays, so that validation can use it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sim.config import schema

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
