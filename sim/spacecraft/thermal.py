"""From chip to space: junction, memory, cold plate, coolant, radiator in three segments along the flow, battery, structure.

The network is data (`network`); its coefficients for one step are numbers that the loop multiplies. The linear part, fast
nodes with it, is advanced exactly by the matrix exponential; the departure of T^4 from its tangent is a second-order
correction [cox2002:eqs. 22, 23]. A node that settles within the step is therefore quasi-steady by itself, at any step: no
lag, no limit cycle. The solar array, which is joined to the rest by light alone, has its own balance in
`sim.spacecraft.array`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4
from orbit.kernels.compile import inlined
from sim.schema import FleetSeries, SatelliteSeries, Total, Variable
from sim.spacecraft.submodel import Setup, Submodel
from sim.spacecraft.thermal_network import (
    Coolant,
    Link,
    Network,
    Node,
    conductance_matrix_w_k,
    heat_vectors,
)
from sim.spacecraft.thermal_response import (
    HEATS,
    NODES,
    RADIATING,
    Base,
    Emission,
    Heats,
    Response,
    Stepper,
    emitted_w,
    nodes_after,
    ramps_of,
)

SEGMENTS = tuple(n for n in NODES if n.startswith("radiator_"))
BELOW_LIMIT_K = 30.0  # the radiator's usual distance from the junction's limit, where its T^4 is linearised


class ThermalFlows(NamedTuple):
    """Results of `advance`."""

    junction_k: float
    hbm_k: float
    plate_k: float
    loop_k: float
    radiator_1_k: float
    radiator_2_k: float
    radiator_3_k: float
    battery_k: float
    structure_k: float
    radiator_k: float
    radiated_w: float
    structure_radiated_w: float
    heat_w: float


# --- parameters ------------------------------------------------------------------------------------------------------


def panel_emission_w_m2_k4(emissivity: float, fin_efficiency: float) -> float:
    """Heat emitted by both faces of a radiator per area and T^4.

    Parameters
    ----------
    emissivity : float
        Infrared emissivity, 0 to 1.
    fin_efficiency : float
        Emission relative to a plate that has the root temperature everywhere, 0 to 1.

    Returns
    -------
    float
        Coefficient [W/(m2 K4)].
    """
    return 2.0 * emissivity * fin_efficiency * STEFAN_BOLTZMANN_W_M2_K4


def network(satellite: Any) -> Network:
    """Network of a satellite; conductances and capacities of all its accelerators together.

    Parameters
    ----------
    satellite : Satellite
        Section `satellite` of the scenario.

    Returns
    -------
    Network
        Nodes `NODES`, heats `HEATS`.
    """
    chip, n, t, b = satellite.accelerator, satellite.accelerators, satellite.thermal, satellite.power.battery
    r, s = t.radiator, t.structure
    radiator_k = min(chip.junction_limit, chip.hbm_limit) - BELOW_LIMIT_K
    panel_m2 = r.area / len(SEGMENTS)
    panel_j_k, panel_w_k4 = r.heat_capacity * panel_m2, panel_emission_w_m2_k4(r.emissivity, r.fin_efficiency) * panel_m2
    return Network(
        nodes=(
            Node("junction", n * chip.junction_heat_capacity),
            Node("hbm", n * chip.hbm_heat_capacity),
            Node("plate", n * t.plate.heat_capacity),
            Node("loop", t.loop.heat_capacity),
            *(Node(name, panel_j_k, panel_w_k4, radiator_k) for name in SEGMENTS),
            Node("battery", b.capacity / b.specific_energy * b.specific_heat),
            Node("structure", s.heat_capacity, s.emissivity * STEFAN_BOLTZMANN_W_M2_K4 * s.area, s.design_temperature),
        ),
        links=(
            Link("junction", "plate", n / chip.junction_to_plate),
            Link("hbm", "plate", n / chip.hbm_to_plate),
            Link("battery", "structure", b.to_structure),
        ),
        coolant=Coolant(
            "loop", SEGMENTS, t.loop.conductance, math.inf if t.loop.flow is None else t.loop.flow,
            {"plate": n / t.plate.to_coolant, "structure": s.to_coolant},
        ),
        heats={
            "chip": {"junction": 1.0 - chip.hbm_power_share, "hbm": chip.hbm_power_share},
            "plate": {"plate": 1.0}, "loop": {"loop": 1.0}, "battery": {"battery": 1.0}, "structure": {"structure": 1.0},
        },
    )  # fmt: skip


def stepper(network: Network, dt_s: float, junction_limit_k: float, hbm_limit_k: float) -> Stepper:
    """Coefficients of one step, integrals of the matrix exponential from one larger exponential.

    Parameters
    ----------
    network : Network
        Network with nodes `NODES` and heats `HEATS`.
    dt_s : float
        Length of a step [s], above 0.
    junction_limit_k, hbm_limit_k : float
        Limits of junction and memory [K].

    Returns
    -------
    Stepper
        Response of every node, and of the mean emission by tangents.

    References
    ----------
    [vanloan1978]
    """
    from scipy.linalg import expm

    at, n = network.index, len(network.nodes)
    tangent = 4.0 * network.emission_w_k4 * np.array([node.reference_k for node in network.nodes]) ** 3
    stiffness = conductance_matrix_w_k(network) + np.diag(tangent)
    inverse_c = np.diag(1.0 / network.heat_capacity_j_k)
    # z = (T, integral of T, constant heats, ramp heats so far, slope of the ramp)
    i, c, p, s = n, 2 * n, 3 * n, 4 * n
    generator = np.zeros((5 * n, 5 * n))
    generator[:n, :n] = -inverse_c @ stiffness
    generator[i : i + n, :n] = np.eye(n)
    generator[:n, c : c + n] = inverse_c
    generator[:n, p : p + n] = inverse_c
    generator[p : p + n, s : s + n] = np.eye(n) / dt_s
    flow = expm(generator * dt_s)
    vectors = heat_vectors(network)

    def response(row: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
        heat, ramp = row[c : c + n], row[s : s + n]
        return Response._make(
            float(value)
            for value in (
                *row[:n],
                *(heat @ vectors[name] for name in HEATS),
                *(heat[at[name]] for name in RADIATING),
                *(ramp[at[name]] for name in RADIATING),
            )
        )

    emission = [x for name in RADIATING for x in (network.emission_w_k4[at[name]], tangent[at[name]])]
    return Stepper(
        *(response(flow[at[name]]) for name in NODES), response(tangent @ flow[i : i + n] / dt_s),
        Emission._make(float(x) for x in emission), junction_limit_k, hbm_limit_k,
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
    chip = setup.satellite.accelerator
    return stepper(network(setup.satellite), setup.step_s, chip.junction_limit, chip.hbm_limit)


# --- one step --------------------------------------------------------------------------------------------------------


@inlined
def machine_heats(loads: Any, battery: Any, panel: Any) -> Heats:
    """Heats of the machines in the step; what was not served is taken from the bus, then from the heaters of battery and coolant.

    Parameters
    ----------
    loads : Loads
        Electrical load and heats.
    battery : BatteryFlows
        Flows of the battery.
    panel : PanelFlows
        Heat of power conditioning.

    Returns
    -------
    Heats
        Heats [W].
    """
    of_bus_w = min(battery.unserved_w, loads.structure_w)
    of_pack_w = min(battery.unserved_w - of_bus_w, loads.battery_w)
    return Heats(
        chip_w=loads.chip_w, plate_w=loads.plate_w, loop_w=loads.loop_w + panel.conditioning_w - (battery.unserved_w - of_bus_w - of_pack_w),
        battery_w=battery.battery_loss_w + (loads.battery_w - of_pack_w), structure_w=loads.structure_w - of_bus_w,
    )  # fmt: skip


@inlined
def advance(base: Base, loads: Any, battery: Any, panel: Any, p: Stepper) -> ThermalFlows:
    """Temperatures after the step under the heats of what was run.

    Parameters
    ----------
    base : Base
        The step without heats of the machines.
    loads : Loads
        Electrical load and heats.
    battery : BatteryFlows
        Flows of the battery.
    panel : PanelFlows
        Heat of power conditioning.
    p : Stepper
        Parameters of the submodel.

    Returns
    -------
    ThermalFlows
        Temperatures [K] and heats [W].
    """
    heats = machine_heats(loads, battery, panel)
    ramps = ramps_of(base, heats, p)
    t = nodes_after(base, heats, ramps, p)
    structure_k2 = t.structure_k * t.structure_k
    return ThermalFlows(
        junction_k=t.junction_k, hbm_k=t.hbm_k, plate_k=t.plate_k, loop_k=t.loop_k, radiator_1_k=t.radiator_1_k,
        radiator_2_k=t.radiator_2_k, radiator_3_k=t.radiator_3_k, battery_k=t.battery_k, structure_k=t.structure_k,
        radiator_k=(t.radiator_1_k + t.radiator_2_k + t.radiator_3_k) * (1.0 / 3.0), radiated_w=emitted_w(base, heats, ramps, p),
        structure_radiated_w=p.emission.structure_w_k4 * structure_k2 * structure_k2,
        heat_w=heats.chip_w + heats.plate_w + heats.loop_w + heats.battery_w + heats.structure_w,
    )  # fmt: skip


def _node(name: str, meaning: str, **kept: Any) -> Variable:
    return Variable(name, "K", f"{meaning}, at the end of the step", "state", 100.0, 450.0, **kept)


MODEL = Submodel(
    name="thermal",
    section="satellite.thermal",
    parameters=parameters,
    advance=advance,
    reads=(
        *(f"base.{field}" for field in Base._fields),
        "loads.chip_w", "loads.plate_w", "loads.loop_w", "loads.structure_w", "loads.battery_w", "battery.unserved_w", "battery.battery_loss_w",
        "panel.conditioning_w",
    ),
    writes=(
        _node(
            "junction_k", "junction temperature",
            totals=(Total("junction_k_max", "K", "hottest junction while available", "largest available", "thermal.junction_k_max"),),
            fleet=(
                FleetSeries("junction_k_mean", "available mean", "junction temperature, mean over available satellites"),
                FleetSeries("junction_k_max", "largest available", "hottest junction of an available satellite"),
            ),
            recorded=(SatelliteSeries("sat_junction_k", "junction temperature"),),
        ),
        _node(
            "hbm_k", "memory temperature",
            totals=(Total("hbm_k_max", "K", "hottest memory while available", "largest available", "thermal.hbm_k_max"),),
            recorded=(SatelliteSeries("sat_hbm_k", "memory temperature"),),
        ),
        _node("plate_k", "cold plate temperature", recorded=(SatelliteSeries("sat_plate_k", "cold plate temperature"),)),
        _node(
            "loop_k", "temperature of the coolant that leaves the cold plates",
            totals=(Total("coolant_k_min", "K", "coldest coolant", "smallest", "thermal.coolant_k_min"),),
            recorded=(SatelliteSeries("sat_loop_k", "temperature of the coolant that leaves the cold plates"),),
        ),
        *(
            _node(
                f"radiator_{n}_k", f"temperature of the radiator's {which} third along the flow",
                recorded=(SatelliteSeries(f"sat_radiator_{n}_k", f"temperature of the radiator's {which} third along the flow"),),
            )
            for n, which in ((1, "first"), (2, "second"), (3, "last"))
        ),
        _node(
            "battery_k", "battery temperature",
            totals=(Total("battery_k_max", "K", "hottest battery", "largest", "thermal.battery_k_max"),),
            recorded=(SatelliteSeries("sat_battery_k", "battery temperature"),),
        ),
        _node(
            "structure_k", "temperature of the bus structure and its avionics",
            recorded=(SatelliteSeries("sat_structure_k", "temperature of the bus structure and its avionics"),),
        ),
        Variable(
            "radiator_k", "K", "radiator temperature, area mean, at the end of the step", "flux", 100.0, 450.0,
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
            "radiated_w", "W", "heat emitted by radiator and structure, mean over the step", "flux", 0.0, 1e9,
            totals=(Total("radiated_j", "J", "heat emitted by radiator and structure", "integral"),),
            fleet=(FleetSeries("radiated_w", "sum", "heat emitted by radiators and structures, fleet total, mean over the step"),),
        ),
        Variable(
            "structure_radiated_w", "W", "heat emitted by the structure, part of radiated_w, at its temperature at the end of the step",
            "flux", 0.0, 1e9,
            totals=(Total("structure_radiated_j", "J", "heat emitted by the structure", "integral"),),
        ),
        Variable(
            "heat_w", "W", "heat of all machines, mean over the step", "flux", 0.0, 1e9,
            totals=(Total("heat_j", "J", "heat of all machines", "integral"),),
        ),
    ),
    references=("fortescue2011:ch. 11", "cox2002:eqs. 22-23", "vanloan1978", "incropera2007:eq. 11.28"),
)  # fmt: skip
