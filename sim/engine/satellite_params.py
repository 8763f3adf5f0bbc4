"""From a scenario to the parameters and the first state of the compiled step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config.schema import Satellite, Scenario
from sim.spacecraft import policy, rows, step, thermal
from sim.spacecraft.submodel import Setup

STATES = ("charge_j", *thermal.Nodes._fields, *policy.PolicyFlows._fields)  # what a run begins with, positions and shadow apart
STATE_ROWS = np.array([step.ROWS.carried[name] for name in STATES], dtype=np.int64)
START_ENVIRONMENT_VIEW = 0.24  # an edge-on face in low orbit; used for the starting temperatures only


class FirstState(NamedTuple):
    """Charge and temperatures of every satellite at the epoch, and what there is to say about them."""

    values: NDArray[np.float64]  # (STATES, satellites): charge [J] and temperatures [K]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FleetType:
    """One type of satellite, as the run and its results need it."""

    satellite: Satellite
    params: Any  # SatelliteParams
    initial: NDArray[np.float64]  # first value of every carried row, positions and shadow apart
    heat_capacity_j_k: NDArray[np.float64]  # of the five thermal nodes
    peak_flops_per_s: float  # of all its accelerators, at the reference precision

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """Parameters as numbers in order, for compiled functions."""
        return rows.flat(self.params)


def fleet_types(scenario: Scenario) -> list[FleetType]:
    """Parameters and first state of every satellite type, in the order of `Scenario.types`.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of FleetType
        One for each type.
    """
    found = []
    for satellite in scenario.types:
        setup = Setup(satellite, scenario.environment, scenario.step)
        params = step.satellite_parameters(setup)
        capacity_j_k = np.array(thermal.network(satellite).heat_capacity_j_k)
        peak = satellite.accelerators * satellite.accelerator.peak[scenario.reference_precision]
        found.append(FleetType(satellite, params, initial_rows(setup, params), capacity_j_k, peak))
    return found


def setup_of(scenario: Scenario) -> Setup:
    """Sections from which the parameters of the satellite follow.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    Setup
        Satellite, environment and length of a step.
    """
    return Setup(scenario.satellite, scenario.environment, scenario.step)


def satellite_params(scenario: Scenario) -> Any:
    """Parameters of all submodels, in SI units.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    SatelliteParams
        One field for each submodel.
    """
    return step.satellite_parameters(setup_of(scenario))


def start_temperatures_k(setup: Setup, params: Any) -> thermal.Nodes:
    """Temperatures at the beginning of a run.

    The steady state at the highest load that junction and memory allow, in mean conditions, so that there is no
    warm-up.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario.
    params : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    Nodes
        Temperatures [K].
    """
    network, p = thermal.network(setup.satellite), params.compute
    view = 2.0 * START_ENVIRONMENT_VIEW
    environment_w = params.radiator.area_m2 * params.radiator.emissivity * view * params.earth.infrared_w_m2
    low, high = 0.0, 1.0
    for _ in range(40):
        share = 0.5 * (low + high)
        chip_w = share * (p.idle_w + p.dynamic_w)
        electronics_w = chip_w + p.host_w
        plate_w = electronics_w / p.conversion_efficiency - chip_w
        loop_w = electronics_w * p.pump_fraction / p.conversion_efficiency + p.bus_w
        hbm_share = setup.satellite.accelerator.hbm_power_share
        nodes = thermal.steady_state_k(network, chip_w, plate_w, loop_w, environment_w, hbm_share)
        if nodes.junction_k <= network.junction_limit_k and nodes.hbm_k <= network.hbm_limit_k:
            low = share
        else:
            high = share
    return nodes


def initial_rows(setup: Setup, params: Any) -> NDArray[np.float64]:
    """First value of every carried row of a satellite; the loop fills in positions and shadow.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario.
    params : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    ndarray, shape (CARRIED,)
        Values in the order of the rows.
    """
    first = dict.fromkeys(step.ROWS.carried, 0.0) | step.ROWS.initial_totals()
    first |= start_temperatures_k(setup, params)._asdict()
    charge = setup.satellite.power.battery.initial_charge
    first |= {"even_share": params.policy.first_share, "even_lowest_j": policy.UNKNOWN_J}
    first["charge_j"] = params.battery.capacity_j if charge is None else charge * params.battery.capacity_j
    return np.array([first[name] for name in step.ROWS.carried])


def full_state(types: list[FleetType], type_index: NDArray[np.int64]) -> FirstState:
    """State of satellites whose battery has its initial charge and whose temperatures are those of the highest load.

    Parameters
    ----------
    types : list of FleetType
        Types of the fleet.
    type_index : ndarray of int64, shape (satellites,)
        Type of each satellite.

    Returns
    -------
    FirstState
        State at the epoch.
    """
    return FirstState(np.stack([t.initial[STATE_ROWS] for t in types], axis=1)[:, type_index])
