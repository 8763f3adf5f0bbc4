"""From a scenario to the parameters and the first state of the compiled step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SOLAR_CONSTANT_W_M2
from orbit.radiation import RadiationMap
from sim.config.schema import Satellite, Scenario
from sim.spacecraft import array, battery, policy, rows, step, thermal, thermal_response
from sim.spacecraft.radiation import NO_TABLE
from sim.spacecraft.submodel import Setup
from sim.spacecraft.thermal_network import steady_state_k

# what a run begins with, positions and shadow apart
STATES = ("charge_j", *thermal_response.Nodes._fields, "array_k", *policy.PolicyFlows._fields)
OTHERS = STATES[1:]
STATE_ROWS = np.array([step.ROWS.carried[name] for name in STATES], dtype=np.int64)
# rows that a run leaves: states with a first value, the half cycle of the battery that has begun, and totals; others only serve the next step
RESULT_ROWS = {name: step.ROWS.carried[name] for name in (*STATES, "battery_swing", *(total.name for _, total in step.ROWS.totals))}
START_ARRAY_K = 320.0  # cells in sunlight; used for the starting temperatures only
START_ENVIRONMENT_VIEW = 0.24  # an edge-on face in low orbit; used for the starting temperatures only
START_LIT = 0.62  # share of a low orbit in sunlight; used for the starting temperatures only


class FirstState(NamedTuple):
    """Charge and temperatures of every satellite at the epoch, and what there is to say about them.

    `others` may be in single precision, closer than a state repeats and half the memory: the run begins with these very numbers.
    Charges are in double precision, so that none is rounded beyond a limit of its battery.
    """

    charge_j: NDArray[np.float64]  # (satellites,)
    others: NDArray[np.floating]  # (OTHERS, satellites): temperatures [K], and what the policy goes by
    notes: tuple[str, ...] = ()

    def rows(self, which: NDArray[np.int64] | slice) -> NDArray[np.float64]:
        """All states of some satellites.

        Parameters
        ----------
        which : ndarray of int64 or slice
            Numbers of the satellites.

        Returns
        -------
        ndarray, shape (STATES, satellites)
            Values in SI.
        """
        return np.concatenate((self.charge_j[np.newaxis, which], self.others[:, which]))

    def row(self, name: str) -> NDArray[np.floating]:
        """A state of all satellites.

        Parameters
        ----------
        name : str
            Its declared name.

        Returns
        -------
        ndarray, shape (satellites,)
            Values in SI; a view.
        """
        return self.charge_j if name == STATES[0] else self.others[OTHERS.index(name)]

    def part(self, which: slice) -> FirstState:
        """The state of some of the satellites.

        Parameters
        ----------
        which : slice
            Numbers of the satellites.

        Returns
        -------
        FirstState
            Views of their values.
        """
        return FirstState(self.charge_j[which], self.others[:, which], self.notes)


@dataclass(frozen=True)
class FleetType:
    """One type of satellite, as the run and its results need it."""

    satellite: Satellite
    params: Any  # SatelliteParams
    initial: NDArray[np.float64]  # first value of every carried row, positions and shadow apart
    heat_capacity_j_k: NDArray[np.float64]  # of the thermal nodes
    peak_flops_per_s: float  # of all its accelerators, at the reference precision
    radiation: RadiationMap | None = None  # on its orbits behind its shielding; None where it is not known

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """Parameters as numbers in order, for compiled functions."""
        return rows.flat(self.params)

    @property
    def table(self) -> NDArray[np.float32]:
        """Map of the radiation as the compiled loop takes it."""
        return NO_TABLE if self.radiation is None else self.radiation.table


def fleet_types(scenario: Scenario, maps: Sequence[RadiationMap | None]) -> list[FleetType]:
    """Parameters and first state of every satellite type, in the order of `Scenario.types`.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    maps : sequence of RadiationMap or None
        Radiation of each type.

    Returns
    -------
    list of FleetType
        One for each type.
    """
    found = []
    for satellite, radiation in zip(scenario.types, maps, strict=True):
        setup = Setup(satellite, scenario.environment, scenario.step, radiation)
        params = step.satellite_parameters(setup)
        capacity_j_k = thermal.network(satellite).heat_capacity_j_k
        peak = satellite.accelerators * satellite.accelerator.peak[scenario.reference_precision]
        found.append(FleetType(satellite, params, initial_rows(setup, params), capacity_j_k, peak, radiation))
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


def start_temperatures_k(setup: Setup, params: Any) -> dict[str, float]:
    """Temperatures at the beginning of a run.

    The steady state at the highest load that junction and memory allow, in mean conditions, so that there is no
    warm-up; with a battery that is warm enough to be charged.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario.
    params : SatelliteParams
        Parameters of all submodels.

    Returns
    -------
    dict of str to float
        Temperatures [K] by the names of their states.
    """
    network, p, chip = thermal.network(setup.satellite), params.compute, setup.satellite.accelerator
    infrared_w_m2 = START_ENVIRONMENT_VIEW * params.earth.infrared_w_m2
    r, s, a = params.radiator, params.structure, params.array
    attitude, light_w_m2 = params.attitude, START_LIT * SOLAR_CONSTANT_W_M2
    # the law that is square to the Sun leaves the radiator its cant and its error; others turn it about the edge
    on_radiator = attitude.sun_pointing * (attitude.sin_cant * attitude.cos_error + attitude.cos_cant * attitude.sin_error)
    absorbed_w_m2 = 2.0 * r.emissivity * infrared_w_m2 + r.absorptance * on_radiator * light_w_m2
    walls_w_m2 = s.emissivity * infrared_w_m2 + s.absorptance * 0.25 * light_w_m2
    outside_w = dict.fromkeys(thermal.SEGMENTS, r.area_m2 * r.fin_efficiency * absorbed_w_m2 / len(thermal.SEGMENTS))
    outside_w["structure"] = s.area_m2 * walls_w_m2
    low, high = 0.0, 1.0
    for _ in range(40):
        share = 0.5 * (low + high)
        chip_w = share * (p.idle_w + p.dynamic_w)
        electronics_w = chip_w + p.host_w
        drawn_w = electronics_w * p.per_conversion
        heats_w = {"chip": chip_w, "plate": drawn_w - chip_w, "loop": drawn_w * p.pump_fraction, "structure": p.bus_w}
        nodes_k = dict(zip(network.index, steady_state_k(network, heats_w, outside_w).tolist(), strict=True))
        if nodes_k["junction"] <= chip.junction_limit and nodes_k["hbm"] <= chip.hbm_limit:
            low = share
        else:
            high = share
    sunlit_w_m2 = (a.absorptance - array.array_yield(START_ARRAY_K, a)) * SOLAR_CONSTANT_W_M2
    # cells that are too cold to be charged would stay so: a battery is warm when the satellite is put into service
    nodes_k["battery"] = max(nodes_k["battery"], setup.satellite.power.battery.chemistry.full_charge_temperature)
    return {f"{name}_k": temp_k for name, temp_k in nodes_k.items()} | {
        "array_k": (sunlit_w_m2 / array.emission_w_m2_k4(a)) ** 0.25
    }


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
    first |= start_temperatures_k(setup, params)
    charge = setup.satellite.power.battery.initial_charge
    first |= {"even_share": params.policy.first_share, "even_lowest_j": policy.UNKNOWN_J}
    first["charge_j"] = params.battery.capacity_j if charge is None else charge * params.battery.capacity_j
    first["loss_per_w"] = battery.loss_per_w(first["charge_j"] / params.battery.capacity_j, first["battery_k"], params.battery)
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
    charge_j, *others = np.stack([t.initial[STATE_ROWS] for t in types], axis=1)
    return FirstState(charge_j[type_index], np.stack(others)[:, type_index])
