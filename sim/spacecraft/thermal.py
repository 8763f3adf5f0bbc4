"""From chip to space: junction, memory, cold plate, coolant loop and radiator as one network of five nodes.

The network is linear but for the radiator's T^4. Its linear part, the fast nodes with it, is advanced exactly by the
matrix exponential; the departure of T^4 from its tangent is a second-order correction [cox2002:eqs. 22, 23]. A node
that settles within the step is therefore quasi-steady by itself, at any step: no lag, no limit cycle.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4
from orbit.kernels.compile import inlined
from sim.schema import FleetSeries, SatelliteSeries, Total, Variable
from sim.spacecraft.submodel import Setup, Submodel
from sim.spacecraft.thermal_response import Heats, Response, Stepper, after, correction, node_k

JUNCTION, HBM, PLATE, LOOP, RADIATOR = range(5)
NODES = 5


class Thermal(NamedTuple):
    """The network of one satellite; conductances and capacities of all its accelerators together."""

    junction_to_plate_w_k: float
    hbm_to_plate_w_k: float
    plate_to_loop_w_k: float
    loop_to_radiator_w_k: float
    heat_capacity_j_k: tuple[float, float, float, float, float]
    radiator_area_m2: float
    radiator_emissivity: float
    radiator_absorptance: float
    fin_efficiency: float
    reference_k: float  # where T^4 is linearised
    junction_limit_k: float
    hbm_limit_k: float


class Nodes(NamedTuple):
    """Temperatures of the five nodes [K]."""

    junction_k: float
    hbm_k: float
    plate_k: float
    loop_k: float
    radiator_k: float


class ThermalFlows(NamedTuple):
    """Results of `advance`."""

    junction_k: float
    hbm_k: float
    plate_k: float
    loop_k: float
    radiator_k: float
    radiated_w: float
    heat_w: float


# --- parameters ------------------------------------------------------------------------------------------------------


def network(satellite: Any) -> Thermal:
    """Network of all accelerators of a satellite.

    Parameters
    ----------
    satellite : Satellite
        Section `satellite` of the scenario.

    Returns
    -------
    Thermal
        Conductances, capacities, radiator and limits.
    """
    chip, n, t = satellite.accelerator, satellite.accelerators, satellite.thermal
    return Thermal(
        junction_to_plate_w_k=n / chip.junction_to_plate,
        hbm_to_plate_w_k=n / chip.hbm_to_plate,
        plate_to_loop_w_k=n / t.plate.to_coolant,
        loop_to_radiator_w_k=t.loop.conductance,
        heat_capacity_j_k=(
            n * chip.junction_heat_capacity,
            n * chip.hbm_heat_capacity,
            n * t.plate.heat_capacity,
            t.loop.heat_capacity,
            t.radiator.heat_capacity * t.radiator.area,
        ),
        radiator_area_m2=t.radiator.area,
        radiator_emissivity=t.radiator.emissivity,
        radiator_absorptance=t.radiator.absorptance,
        fin_efficiency=t.radiator.fin_efficiency,
        reference_k=min(chip.junction_limit, chip.hbm_limit) - 30.0,
        junction_limit_k=chip.junction_limit,
        hbm_limit_k=chip.hbm_limit,
    )


def emission_w_k4(thermal: Thermal) -> float:
    """Heat emitted by both faces of the radiator per T^4.

    Parameters
    ----------
    thermal : Thermal
        The network.

    Returns
    -------
    float
        Coefficient [W/K^4].
    """
    faces = 2.0 * thermal.radiator_emissivity * thermal.fin_efficiency
    return faces * STEFAN_BOLTZMANN_W_M2_K4 * thermal.radiator_area_m2


def conductance_matrix_w_k(thermal: Thermal) -> NDArray[np.float64]:
    """Conductance matrix K of C dT/dt = -K T + Q, without radiation.

    Parameters
    ----------
    thermal : Thermal
        The network.

    Returns
    -------
    ndarray, shape (5, 5)
        Conductances [W/K], symmetric.
    """
    k = np.zeros((NODES, NODES))
    for a, b, g in (
        (JUNCTION, PLATE, thermal.junction_to_plate_w_k),
        (HBM, PLATE, thermal.hbm_to_plate_w_k),
        (PLATE, LOOP, thermal.plate_to_loop_w_k),
        (LOOP, RADIATOR, thermal.loop_to_radiator_w_k),
    ):
        k[a, a] += g
        k[b, b] += g
        k[a, b] -= g
        k[b, a] -= g
    return k


def stepper(thermal: Thermal, hbm_power_share: float, dt_s: float) -> Stepper:
    """Coefficients of one step, integrals of the matrix exponential from one larger exponential.

    Parameters
    ----------
    thermal : Thermal
        The network.
    hbm_power_share : float
        Share of the accelerators' power that heats the memory, 0 to 1.
    dt_s : float
        Length of a step [s], above 0.

    Returns
    -------
    Stepper
        Response of every node and of the integral of the radiator's temperature.

    References
    ----------
    [vanloan1978]
    """
    from scipy.linalg import expm

    emission = emission_w_k4(thermal)
    tangent = 4.0 * emission * thermal.reference_k**3
    stiffness = conductance_matrix_w_k(thermal)
    stiffness[RADIATOR, RADIATOR] += tangent
    inverse_c = np.diag(1.0 / np.array(thermal.heat_capacity_j_k))
    # z = (T, integral of T_radiator, constant heats, ramp heats so far, slope of the ramp)
    n, i, c, p, s = NODES, NODES, NODES + 1, 2 * NODES + 1, 3 * NODES + 1
    generator = np.zeros((4 * NODES + 1, 4 * NODES + 1))
    generator[:n, :n] = -inverse_c @ stiffness
    generator[i, RADIATOR] = 1.0
    generator[:n, c : c + n] = inverse_c
    generator[:n, p : p + n] = inverse_c
    generator[p : p + n, s : s + n] = np.eye(n) / dt_s
    flow = expm(generator * dt_s)[: n + 1]
    heat = flow[:, c : c + n]
    chip = (1.0 - hbm_power_share) * heat[:, JUNCTION] + hbm_power_share * heat[:, HBM]

    def response(row: int) -> Response:
        return Response._make(
            float(value)
            for value in (
                *flow[row, :n],
                chip[row],
                heat[row, PLATE],
                heat[row, LOOP],
                heat[row, RADIATOR],
                flow[row, s + RADIATOR],
            )
        )

    return Stepper(
        junction=response(JUNCTION), hbm=response(HBM), plate=response(PLATE), loop=response(LOOP),
        radiator=response(RADIATOR), radiator_integral=response(i), emission_w_k4=emission, tangent_w_k=tangent,
        dt_s=dt_s, junction_limit_k=thermal.junction_limit_k, hbm_limit_k=thermal.hbm_limit_k,
    )  # fmt: skip


def parameters(setup: Setup) -> Stepper:
    """The satellite's network over one step.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    Stepper
        Coefficients of a step.
    """
    return stepper(network(setup.satellite), setup.satellite.accelerator.hbm_power_share, setup.step_s)


# --- one step --------------------------------------------------------------------------------------------------------


@inlined
def thermal_step(t: Any, heats: Heats, p: Stepper) -> tuple[Nodes, float]:
    """Temperatures after the step, and the heat that the radiator emits.

    Parameters
    ----------
    t : State or Nodes
        Temperatures of the nodes at the beginning of the step [K].
    heats : Heats
        Heats in the step [W].
    p : Stepper
        Parameters of the submodel.

    Returns
    -------
    nodes : Nodes
        Temperatures at the end of the step [K].
    emitted_w : float
        Emitted heat [W], mean over the step.
    """
    c = correction(t, heats, p)
    n0 = node_k(p.junction, t, heats, c)
    n1 = node_k(p.hbm, t, heats, c)
    n2 = node_k(p.plate, t, heats, c)
    n3 = node_k(p.loop, t, heats, c)
    n4 = c.linear_k + p.radiator.ramp_w * c.ramp_w
    integral = after(p.radiator_integral, t, heats.chip_w, heats.plate_w, heats.loop_w, c.inflow_w)
    integral += p.radiator_integral.ramp_w * c.ramp_w
    # the tangent's share from the integral, the departure's from its mean over the ramp
    emitted_w = p.tangent_w_k * integral / p.dt_s + (heats.environment_w - c.inflow_w) - 0.5 * c.ramp_w
    return Nodes(n0, n1, n2, n3, n4), emitted_w


@inlined
def advance(state: Any, loads: Any, battery: Any, environment: Any, p: Stepper) -> ThermalFlows:
    """Temperatures after the step under the heats of what was run.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    loads : Loads
        Electrical load and heats.
    battery : BatteryFlows
        Flows of the battery.
    environment : Environment
        Heat that the radiator absorbs.
    p : Stepper
        Parameters of the submodel.

    Returns
    -------
    ThermalFlows
        Temperatures [K] and heats [W].
    """
    loop_w = loads.loop_w - battery.unserved_w + battery.battery_loss_w
    nodes, radiated_w = thermal_step(state, Heats(loads.chip_w, loads.plate_w, loop_w, environment.environment_w), p)
    return ThermalFlows(
        junction_k=nodes.junction_k, hbm_k=nodes.hbm_k, plate_k=nodes.plate_k, loop_k=nodes.loop_k,
        radiator_k=nodes.radiator_k, radiated_w=radiated_w, heat_w=loads.chip_w + loads.plate_w + loop_w,
    )  # fmt: skip


# --- for tests, reports and the start ---------------------------------------------------------------------------------


def steady_state_k(
    thermal: Thermal, chip_w: float, plate_w: float, loop_w: float, environment_w: float, hbm_power_share: float
) -> Nodes:
    """Temperatures at which constant heats are in balance.

    Parameters
    ----------
    thermal : Thermal
        The network.
    chip_w, plate_w, loop_w : float
        Heat into accelerators, plates and coolant [W], at least 0.
    environment_w : float
        Heat that the radiator absorbs from Sun and Earth [W]; the sum of all heats is above 0.
    hbm_power_share : float
        Share of the accelerators' power that heats the memory, 0 to 1.

    Returns
    -------
    Nodes
        Temperatures [K].

    Examples
    --------
    A radiator of 1 m2, black on both faces, holds 300 K where it absorbs 2 sigma 300^4 = 918.6 W and nothing else flows:

    >>> network = Thermal(1.0, 1.0, 1.0, 1.0, (1.0, 1.0, 1.0, 1.0, 1.0), 1.0, 1.0, 1.0, 1.0, 300.0, 400.0, 400.0)
    >>> nodes = steady_state_k(network, 0.0, 0.0, 0.0, 2.0 * STEFAN_BOLTZMANN_W_M2_K4 * 300.0**4, 0.1)
    >>> round(nodes.radiator_k, 9), round(nodes.junction_k, 9)
    (300.0, 300.0)
    """
    total = chip_w + plate_w + loop_w
    radiator = ((total + environment_w) / emission_w_k4(thermal)) ** 0.25
    loop = radiator + total / thermal.loop_to_radiator_w_k
    plate = loop + (chip_w + plate_w) / thermal.plate_to_loop_w_k
    junction = plate + chip_w * (1.0 - hbm_power_share) / thermal.junction_to_plate_w_k
    hbm = plate + chip_w * hbm_power_share / thermal.hbm_to_plate_w_k
    return Nodes(junction, hbm, plate, loop, radiator)


def fastest_time_s(thermal: Thermal) -> float:
    """Shortest time constant of the network, usually that of the junction; for reports and tests.

    Parameters
    ----------
    thermal : Thermal
        The network.

    Returns
    -------
    float
        Time constant [s].
    """
    rates = np.linalg.eigvals(np.diag(1.0 / np.array(thermal.heat_capacity_j_k)) @ conductance_matrix_w_k(thermal))
    return 1.0 / float(np.max(np.real(rates)))


MODEL = Submodel(
    name="thermal",
    section="satellite.thermal",
    parameters=parameters,
    advance=advance,
    reads=(
        "state.junction_k", "state.hbm_k", "state.plate_k", "state.loop_k", "state.radiator_k", "loads.chip_w",
        "loads.plate_w", "loads.loop_w", "battery.unserved_w", "battery.battery_loss_w", "environment.environment_w",
    ),
    writes=(
        Variable(
            "junction_k", "K", "junction temperature, at the end of the step", "state", 100.0, 450.0,
            totals=(Total("junction_k_max", "K", "hottest junction while available", "largest available", "thermal.junction_k_max"),),
            fleet=(
                FleetSeries("junction_k_mean", "available mean", "junction temperature, mean over available satellites"),
                FleetSeries("junction_k_max", "largest available", "hottest junction of an available satellite"),
            ),
            recorded=(SatelliteSeries("sat_junction_k", "junction temperature"),),
        ),
        Variable(
            "hbm_k", "K", "memory temperature, at the end of the step", "state", 100.0, 450.0,
            totals=(Total("hbm_k_max", "K", "hottest memory while available", "largest available", "thermal.hbm_k_max"),),
        ),
        Variable("plate_k", "K", "cold plate temperature, at the end of the step", "state", 100.0, 450.0),
        Variable(
            "loop_k", "K", "coolant temperature, at the end of the step", "state", 100.0, 450.0,
            totals=(Total("coolant_k_min", "K", "coldest coolant", "smallest", "thermal.coolant_k_min"),),
        ),
        Variable(
            "radiator_k", "K", "radiator temperature, area mean, at the end of the step", "state", 100.0, 450.0,
            totals=(
                Total(
                    "radiator_k_s", "K s", "radiator temperature over available time", "available integral",
                    "thermal.radiator_k_mean", "available time",
                ),
            ),
            fleet=(FleetSeries("radiator_k_mean", "available mean", "radiator temperature, mean over available satellites"),),
            recorded=(SatelliteSeries("sat_radiator_k", "radiator temperature, area mean"),),
        ),
        Variable(
            "radiated_w", "W", "heat emitted by the radiator, mean over the step", "flux", 0.0, 1e9,
            totals=(Total("radiated_j", "J", "heat emitted by the radiator", "integral"),),
            fleet=(FleetSeries("radiated_w", "sum", "heat emitted by the radiators, fleet total, mean over the step"),),
        ),
        Variable(
            "heat_w", "W", "heat into accelerators, plates and coolant, mean over the step", "flux", 0.0, 1e9,
            totals=(Total("heat_j", "J", "heat into accelerators, plates and coolant", "integral"),),
        ),
    ),
    references=("fortescue2011:ch. 11", "cox2002:eqs. 22-23", "vanloan1978"),
)  # fmt: skip
