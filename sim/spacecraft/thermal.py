"""From chip to space: junction, memory, cold plate, coolant loop and radiator as one network of five nodes.

The network is linear but for the radiator's T^4. Its linear part, the fast nodes with it, is advanced exactly by the
matrix exponential; the departure of T^4 from its tangent is a second-order correction [cox2002:eqs. 22, 23]. A node
that settles within the step is therefore quasi-steady by itself, at any step: no lag, no limit cycle.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4
from orbit.kernels.compile import inlined
from sim.spacecraft.submodel import Model

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


Row = tuple[float, float, float, float, float]


class Response(NamedTuple):
    """One quantity after a step: its share of each node's temperature before, and its rise per watt of each heat."""

    junction: float
    hbm: float
    plate: float
    loop: float
    radiator: float
    chip_w: float  # accelerators, split over junction and HBM
    plate_w: float
    loop_w: float
    radiator_w: float
    ramp_w: float  # heat into the radiator that grows evenly from 0 to 1 W over the step


class Stepper(NamedTuple):
    """`Thermal` over one step: the response of every node, and of the time integral of the radiator's temperature."""

    junction: Response
    hbm: Response
    plate: Response
    loop: Response
    radiator: Response
    radiator_integral: Response
    emission_w_k4: float  # eta eps sigma A of both faces
    tangent_w_k: float
    dt_s: float
    junction_limit_k: float
    hbm_limit_k: float


def emission_w_k4(thermal: Thermal) -> float:
    """Heat emitted by both faces per T^4."""
    faces = 2.0 * thermal.radiator_emissivity * thermal.fin_efficiency
    return faces * STEFAN_BOLTZMANN_W_M2_K4 * thermal.radiator_area_m2


def conductance_matrix_w_k(thermal: Thermal) -> NDArray[np.float64]:
    """K of C dT/dt = -K T + Q, without radiation."""
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
    """Coefficients of one step. [vanloan1978: integrals of the matrix exponential from one larger exponential]"""
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
        response(JUNCTION), response(HBM), response(PLATE), response(LOOP), response(RADIATOR), response(i),
        emission, tangent, dt_s, thermal.junction_limit_k, thermal.hbm_limit_k,
    )  # fmt: skip


@inlined
def plate_absorbed_w_m2(
    sun_w_m2: float, albedo_w_m2: float, infrared_w_m2: float, view: float, absorptance: float, emissivity: float
) -> float:
    """Heat one face takes in [W/m2]: sunlight and albedo by the absorptance, Earth infrared by the emissivity.

    sun_w_m2 incident on this face; albedo and infrared per unit view factor. [fortescue2011:ch. 11]
    """
    return absorptance * (sun_w_m2 + albedo_w_m2 * view) + emissivity * infrared_w_m2 * view


@inlined
def departure_w(temp_k: float, stepper: Stepper) -> float:
    """Emission at temp_k [W] beyond the tangent through the origin that the linear part carries."""
    t2 = temp_k * temp_k
    return stepper.emission_w_k4 * t2 * t2 - stepper.tangent_w_k * temp_k


@inlined
def after(
    row: Response,
    t0: float,
    t1: float,
    t2: float,
    t3: float,
    t4: float,
    chip_w: float,
    plate_w: float,
    loop_w: float,
    radiator_w: float,
) -> float:
    """One row of the linear step: a temperature [K], or the integral of the radiator's [K s]."""
    return (
        row.junction * t0 + row.hbm * t1 + row.plate * t2 + row.loop * t3 + row.radiator * t4
        + row.chip_w * chip_w + row.plate_w * plate_w + row.loop_w * loop_w + row.radiator_w * radiator_w
    )  # fmt: skip


# fmt: off
@inlined
def radiator_forecast(
    t0: float, t1: float, t2: float, t3: float, t4: float,
    chip_w: float, plate_w: float, loop_w: float, environment_w: float, stepper: Stepper,
) -> tuple[float, float, float]:
    """Inflow the linear step sees [W], the radiator's temperature after it [K], and the ramp that corrects it [W]."""
    start_w = departure_w(t4, stepper)
    inflow_w = environment_w - start_w
    linear_k = after(stepper.radiator, t0, t1, t2, t3, t4, chip_w, plate_w, loop_w, inflow_w)
    return inflow_w, linear_k, start_w - departure_w(linear_k, stepper)


@inlined
def headroom(
    row: Response, limit_k: float, t0: float, t1: float, t2: float, t3: float, t4: float,
    rest_plate_w: float, rest_loop_w: float, inflow_w: float, ramp_w: float,
    chip_w: float, plate_w: float, loop_w: float,
) -> float:
    """How many times the heats chip_w, plate_w and loop_w fit between a node's rest and its limit."""
    rest_k = after(row, t0, t1, t2, t3, t4, 0.0, rest_plate_w, rest_loop_w, inflow_w) + row.ramp_w * ramp_w
    rise_k = row.chip_w * chip_w + row.plate_w * plate_w + row.loop_w * loop_w
    return (limit_k - rest_k) / max(rise_k, 1e-30)


@inlined
def chip_limit_w(
    t0: float, t1: float, t2: float, t3: float, t4: float,
    chip_w: float, plate_w: float, loop_w: float, environment_w: float, stepper: Stepper,
) -> float:
    """Power of the accelerators [W] at which junction or memory ends the step at its limit, whichever is first.

    chip_w is a first guess: it enters only through the radiator's small correction.
    """
    inflow, _, ramp = radiator_forecast(t0, t1, t2, t3, t4, chip_w, plate_w, loop_w, environment_w, stepper)
    by_junction = headroom(
        stepper.junction, stepper.junction_limit_k, t0, t1, t2, t3, t4, plate_w, loop_w, inflow, ramp, 1.0, 0.0, 0.0
    )
    by_hbm = headroom(
        stepper.hbm, stepper.hbm_limit_k, t0, t1, t2, t3, t4, plate_w, loop_w, inflow, ramp, 1.0, 0.0, 0.0
    )
    return min(by_junction, by_hbm)


@inlined
def duty_limit(
    t0: float, t1: float, t2: float, t3: float, t4: float, chip_w: float, plate_w: float, loop_w: float,
    rest_loop_w: float, idle_chip_w: float, idle_plate_w: float, idle_loop_w: float, environment_w: float,
    stepper: Stepper,
) -> float:
    """Share of the step that idling machines may be on before junction or memory ends it above the limit.

    chip_w, plate_w and loop_w are a first guess of all heats, as above; rest_loop_w flows with the machines off.
    """
    inflow, _, ramp = radiator_forecast(t0, t1, t2, t3, t4, chip_w, plate_w, loop_w, environment_w, stepper)
    by_junction = headroom(
        stepper.junction, stepper.junction_limit_k, t0, t1, t2, t3, t4, 0.0, rest_loop_w, inflow, ramp,
        idle_chip_w, idle_plate_w, idle_loop_w,
    )
    by_hbm = headroom(
        stepper.hbm, stepper.hbm_limit_k, t0, t1, t2, t3, t4, 0.0, rest_loop_w, inflow, ramp,
        idle_chip_w, idle_plate_w, idle_loop_w,
    )
    return min(by_junction, by_hbm)


@inlined
def thermal_step(
    t0: float, t1: float, t2: float, t3: float, t4: float,
    chip_w: float, plate_w: float, loop_w: float, environment_w: float, stepper: Stepper,
) -> tuple[float, float, float, float, float, float]:
    """Temperatures after the step [K], junction to radiator, and the mean heat emitted over it [W]."""
    s = stepper
    inflow, linear_k, ramp = radiator_forecast(t0, t1, t2, t3, t4, chip_w, plate_w, loop_w, environment_w, s)
    n0 = after(s.junction, t0, t1, t2, t3, t4, chip_w, plate_w, loop_w, inflow) + s.junction.ramp_w * ramp
    n1 = after(s.hbm, t0, t1, t2, t3, t4, chip_w, plate_w, loop_w, inflow) + s.hbm.ramp_w * ramp
    n2 = after(s.plate, t0, t1, t2, t3, t4, chip_w, plate_w, loop_w, inflow) + s.plate.ramp_w * ramp
    n3 = after(s.loop, t0, t1, t2, t3, t4, chip_w, plate_w, loop_w, inflow) + s.loop.ramp_w * ramp
    n4 = linear_k + s.radiator.ramp_w * ramp
    integral = after(s.radiator_integral, t0, t1, t2, t3, t4, chip_w, plate_w, loop_w, inflow)
    integral += s.radiator_integral.ramp_w * ramp
    # the tangent's share from the integral, the departure's from its mean over the ramp
    emitted_w = s.tangent_w_k * integral / s.dt_s + (environment_w - inflow) - 0.5 * ramp
    return n0, n1, n2, n3, n4, emitted_w
# fmt: on


def steady_state_k(
    thermal: Thermal, chip_w: float, plate_w: float, loop_w: float, environment_w: float, hbm_power_share: float
) -> Row:
    """Temperatures [K] at which constant heats leave as they come."""
    total = chip_w + plate_w + loop_w
    radiator = ((total + environment_w) / emission_w_k4(thermal)) ** 0.25
    loop = radiator + total / thermal.loop_to_radiator_w_k
    plate = loop + (chip_w + plate_w) / thermal.plate_to_loop_w_k
    junction = plate + chip_w * (1.0 - hbm_power_share) / thermal.junction_to_plate_w_k
    hbm = plate + chip_w * hbm_power_share / thermal.hbm_to_plate_w_k
    return junction, hbm, plate, loop, radiator


def fastest_time_s(thermal: Thermal) -> float:
    """Shortest time constant [s] of the network, the junction's as a rule; for reports and tests."""
    rates = np.linalg.eigvals(np.diag(1.0 / np.array(thermal.heat_capacity_j_k)) @ conductance_matrix_w_k(thermal))
    return 1.0 / float(np.max(np.real(rates)))


MODEL = Model(
    "thermal",
    Thermal,
    "satellite.thermal",
    reads=(
        "chip_w",
        "load_w",
        "battery_loss_w",
        "radiator_incidence",
        "lit_fraction",
        "flux_w_m2",
        "view_factor",
        "albedo_w_m2",
    ),
    writes=(
        "thermal_budget_w",
        "junction_k",
        "hbm_k",
        "plate_k",
        "loop_k",
        "radiator_k",
        "environment_w",
        "radiated_w",
    ),
    refs=("fortescue2011:ch. 11", "cox2002:eqs. 22-23", "vanloan1978"),
)
