"""Which satellites and stations rules for data leave to each kind of data of a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import schema
from sim.config.data_rule_params import allowed_types, has_members, held_kinds, landing_rules, satisfies, stated

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


class DataPlaces(NamedTuple):
    """Places that data may pass or stay at; None where every place may have it.

    Attributes
    ----------
    prompts : ndarray of bool or None
        Satellites that may pass prompts on to a server, (satellites,).
    job : ndarray of int64 or None
        Of each satellite, which jobs' messages it may pass on, (satellites,): links join satellites of one number, and none with -1.
    stations : ndarray of bool or None
        Stations that may carry prompts, (stations,).
    """

    prompts: Flags | None
    job: Ints | None
    stations: Flags | None


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
    return _by_type(allowed_types(scenario, work), type_index)


def _by_type(types: Sequence[bool], type_index: Ints) -> Flags | None:
    kinds = np.array(types, dtype=np.bool_)
    return None if kinds.all() else np.asarray(kinds[type_index])


def landing_stations(scenario: schema.Scenario, work: schema.Workload) -> Flags | None:
    """Stations that may have contacts with the satellites of a workload.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    work : Workload
        The workload.

    Returns
    -------
    ndarray of bool or None
        Of each station with antennas, in their order; None where all may, and for workloads without contacts.
    """
    if not isinstance(work, schema.Sensing):
        return None
    return _stations(scenario, landing_rules(scenario, work), antennas=True)


def _stations(scenario: schema.Scenario, rules: Sequence[schema.Rule], antennas: bool = False) -> Flags | None:
    listed = [] if scenario.ground is None else scenario.ground.stations
    may = np.array([satisfies(rules, station) for station in listed if not antennas or station.role != "pop"], dtype=np.bool_)
    return None if may.all() else may


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
        Prompts are restricted where the scenario has inference; messages of jobs where training, or a service whose copies span
        satellites, may use some satellites only.
    """
    serves = any(work.kind == "inference" for work in scenario.workloads)
    prompts = stated(scenario, ("prompts",)) if serves else []
    return DataPlaces(
        _by_type([satisfies(prompts, kind) for kind in scenario.types], type_index), _job(scenario, type_index), _stations(scenario, prompts)
    )


def _job(scenario: schema.Scenario, type_index: Ints) -> Ints | None:
    """Number of the first job that may use each satellite; jobs whose satellites differ have none in common, as validated."""
    found: Ints = np.full(type_index.size, -1, dtype=np.int64)
    for n, work in enumerate(scenario.workloads):
        if not stated(scenario, held_kinds(work)) or not has_members(work, scenario.types, allowed_types(scenario, work)):
            continue
        may = allowed_satellites(scenario, work, type_index)
        found[(found < 0) if may is None else may & (found < 0)] = n
    return None if (found == found[:1]).all() else found
