"""Which satellites and stations rules for data leave to each kind of data of a scenario."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import schema

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
Place = schema.Site | schema.Satellite | schema.Station


class DataPlaces(NamedTuple):
    """Places that data may pass or stay at; None where every place may have it.

    Attributes
    ----------
    prompts, weights : ndarray of bool or None
        Satellites that may hold prompts, and weights (gradients and checkpoints with them), or pass them on, (satellites,).
    stations : ndarray of bool or None
        Stations that may carry prompts, (stations,).
    """

    prompts: Flags | None
    weights: Flags | None
    stations: Flags | None


def _satisfies(rules: list[schema.Rule], place: Place) -> bool:
    return all(rule.allows(place.operator, place.jurisdiction) for rule in rules)


def rules_for(scenario: schema.Scenario, work: schema.Workload) -> list[schema.Rule]:
    """Rules that a satellite must satisfy to run a workload.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    work : Workload
        The workload.

    Returns
    -------
    list of Rule
        That of weights for training and inference; that of prompts for inference, of checkpoints for training.
    """
    rules = scenario.data_rules
    if rules is None:
        return []
    wanted = {"training": (rules.weights, rules.checkpoints), "inference": (rules.weights, rules.prompts)}.get(work.kind, ())
    return [rule for rule in wanted if rule is not None]


def allowed_satellites(scenario: schema.Scenario, work: schema.Workload, type_index: Ints) -> Flags | None:
    """Satellites that may run a workload.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    work : Workload
        The workload.
    type_index : ndarray of int64, shape (satellites,)
        Type of each satellite.

    Returns
    -------
    ndarray of bool or None
        None where all may.
    """
    return _by_type(scenario, rules_for(scenario, work), type_index)


def _by_type(scenario: schema.Scenario, rules: list[schema.Rule], type_index: Ints) -> Flags | None:
    kinds = np.array([_satisfies(rules, kind) for kind in scenario.types], dtype=np.bool_)
    return None if kinds.all() else np.asarray(kinds[type_index])


def data_places(scenario: schema.Scenario, type_index: Ints) -> DataPlaces:
    """Places that rules leave to the data of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    type_index : ndarray of int64, shape (satellites,)
        Type of each satellite.

    Returns
    -------
    DataPlaces
        Prompts are restricted where the scenario has inference, weights where it has training.
    """
    rules, kinds = scenario.data_rules, {work.kind for work in scenario.workloads}
    if rules is None:
        return DataPlaces(None, None, None)
    of_prompts = [rules.prompts] if rules.prompts is not None and "inference" in kinds else []
    of_weights = [rule for rule in (rules.weights, rules.checkpoints) if rule is not None] if "training" in kinds else []
    stations = [] if scenario.ground is None else scenario.ground.stations
    carry = np.array([_satisfies(of_prompts, station) for station in stations], dtype=np.bool_)
    return DataPlaces(
        _by_type(scenario, of_prompts, type_index), _by_type(scenario, of_weights, type_index), None if carry.all() else carry
    )
