"""Heat balance of the array's panel: light absorbed, electricity drawn, heat emitted; and the loss of power conditioning.

Electricity that is shunted stays in the cells as heat, so that a panel without a load is warmer. The temperature follows
an equation with T^4 alone; it is advanced along the tangent at the beginning of the step, with a second-order
correction, as the other nodes are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4
from orbit.kernels.compile import inlined
from sim.schema import FleetSeries, SatelliteSeries, Total, Variable
from sim.spacecraft.submodel import Setup, Submodel


class Panel(NamedTuple):
    """Area, capacity and emission of the panel, and what power conditioning loses over what it delivers."""

    area_m2: float
    heat_capacity_j_m2_k: float
    emission_w_m2_k4: float  # of both faces
    conditioning_loss: float
    step_s: float


class PanelFlows(NamedTuple):
    """Results of `advance`."""

    array_k: float
    conditioning_w: float
    array_absorbed_w: float
    array_drawn_w: float
    array_emitted_w: float


def parameters(setup: Setup) -> Panel:
    """Parameters of the satellite's panel.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    Panel
        Parameters.
    """
    a = setup.satellite.power.array
    return Panel(
        area_m2=a.area, heat_capacity_j_m2_k=a.heat_capacity,
        emission_w_m2_k4=(a.emissivity_front + a.emissivity_back) * STEFAN_BOLTZMANN_W_M2_K4,
        conditioning_loss=1.0 / a.conditioning_efficiency - 1.0, step_s=setup.step_s,
    )  # fmt: skip


@inlined
def conditioning_w(taken_w: float, p: Panel) -> float:
    """Heat of peak power tracking and harness.

    Parameters
    ----------
    taken_w : float
        Power of the array that is used at the bus [W].
    p : Panel
        Parameters of the submodel.

    Returns
    -------
    float
        Heat [W].
    """
    return taken_w * p.conditioning_loss


@inlined
def advance(state: Any, power: Any, battery: Any, p: Panel) -> PanelFlows:
    """Temperature of the panel after the step, and its energies.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    power : ArrayPower
        Power of the array, absorbed heat and decay.
    battery : BatteryFlows
        Flows of the battery, with what is shunted.
    p : Panel
        Parameters of the submodel.

    Returns
    -------
    PanelFlows
        Temperature [K] and powers [W].

    References
    ----------
    [cox2002:eqs. 22, 23]
    """
    taken_w = power.generated_w - battery.shunted_w
    lost_w = conditioning_w(taken_w, p)
    drawn_w_m2 = (taken_w + lost_w) * (1.0 / p.area_m2)
    start_k, per_heat_k = state.array_k, p.step_s / p.heat_capacity_j_m2_k
    start_w_m2 = p.emission_w_m2_k4 * (start_k * start_k) * (start_k * start_k)
    slope = 4.0 * p.emission_w_m2_k4 * start_k * start_k * start_k
    net_w_m2 = power.absorbed_w_m2 - drawn_w_m2 - start_w_m2
    rise_k = per_heat_k * net_w_m2 * power.relaxed
    # emission beyond the tangent at the end of the linear step, which grows from 0
    linear_k = start_k + rise_k
    bend_w_m2 = p.emission_w_m2_k4 * (linear_k * linear_k) * (linear_k * linear_k) - start_w_m2 - slope * rise_k
    z = max(slope * per_heat_k, 1e-30)
    bend_lagged = (0.5 - power.lagged) / z
    mean_rise_k = per_heat_k * (net_w_m2 * power.lagged - bend_w_m2 * bend_lagged)
    emitted_w_m2 = start_w_m2 + slope * mean_rise_k + 0.5 * bend_w_m2
    return PanelFlows(
        array_k=linear_k - per_heat_k * bend_w_m2 * power.lagged, conditioning_w=lost_w,
        array_absorbed_w=p.area_m2 * power.absorbed_w_m2, array_drawn_w=taken_w + lost_w,
        array_emitted_w=p.area_m2 * emitted_w_m2,
    )  # fmt: skip


MODEL = Submodel(
    name="panel",
    section="satellite.power.array",
    parameters=parameters,
    advance=advance,
    reads=(
        "state.array_k", "power.generated_w", "power.absorbed_w_m2", "power.relaxed", "power.lagged", "battery.shunted_w",
    ),
    writes=(
        Variable(
            "array_k", "K", "temperature of the array, at the end of the step", "state", 50.0, 500.0,
            totals=(
                Total("array_k_max", "K", "hottest array", "largest", "thermal.array_k_max"),
                Total("array_k_min", "K", "coldest array", "smallest", "thermal.array_k_min"),
            ),
            recorded=(SatelliteSeries("sat_array_k", "temperature of the array"),),
        ),
        Variable(
            "conditioning_w", "W", "heat of peak power tracking and harness, mean over the step", "flux", 0.0, 1e8,
            totals=(Total("conditioning_j", "J", "energy lost in peak power tracking and harness", "integral"),),
            fleet=(FleetSeries("conditioning_w", "sum", "heat of peak power tracking and harness, fleet total, mean over the step"),),
        ),
        Variable(
            "array_absorbed_w", "W", "heat that the array takes from Sun and Earth", "flux", 0.0, 1e9,
            totals=(Total("array_absorbed_j", "J", "heat that the array took from Sun and Earth", "integral"),),
        ),
        Variable(
            "array_drawn_w", "W", "electrical power drawn from the cells", "flux", 0.0, 1e9,
            totals=(Total("array_drawn_j", "J", "electrical energy drawn from the cells", "integral"),),
        ),
        Variable(
            "array_emitted_w", "W", "heat emitted by the array", "flux", 0.0, 1e9,
            totals=(Total("array_emitted_j", "J", "heat emitted by the array", "integral"),),
        ),
    ),
    references=("fortescue2011:ch. 11", "cox2002:eqs. 22-23"),
)  # fmt: skip
