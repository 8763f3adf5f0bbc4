"""Ageing of the battery: what a life model needs of a run, summed as the run goes.

Losses over years follow from means over the run (`sim.spacecraft.battery_ageing_life`): of the rates by time and by
temperature, and of the depth of the cycles. Cycles are counted at turning points of the charge, as half cycles from one turn to the
next; a turn counts once the charge has come back by `threshold`, so that ripple does not cut a cycle in two. Where
cycles do not lie in each other, this is the count of ASTM E1049 (rainflow).
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from orbit.kernels.compile import inlined
from orbit.kernels.simd import exponential
from sim.schema import Total, Variable
from sim.spacecraft.battery_ageing_life import LIVES, Life, at_age, storage_exponent_k
from sim.spacecraft.submodel import Setup, Submodel

THRESHOLD = 0.01  # of the charge, by which it comes back before a turn counts
DEGREE = 8


class Ageing(NamedTuple):
    """Capacity and voltage of the battery, coefficients of its life model.

    The exponent of the rate by time is a polynomial in 2 q - 1 over the temperature, q being the state of charge.
    """

    capacity_j: float
    voltage_span: float
    storage: float
    b0: float
    b1: float
    b2: float
    b3: float
    b4: float
    b5: float
    b6: float
    b7: float
    b8: float
    cycle_k: float
    threshold: float
    per_step: float


class AgeingFlows(NamedTuple):
    """Results of `advance`."""

    battery_swing: float
    battery_retreat: float
    storage_rate: float
    cycle_factor: float
    cell_k: float
    cell_charge: float
    charge_moved: float
    depth_squared: float


@functools.cache
def exponent_polynomial(life: Life) -> tuple[float, ...]:
    """Polynomial in 2 q - 1 for the exponent of the rate by time, so that the loop needs no hyperbolic tangents.

    Weighted by the rate at 25 degC: within 1 % of the largest rate.

    Parameters
    ----------
    life : Life
        Coefficients of the life model.

    Returns
    -------
    tuple of float
        Coefficients in the order of powers [K].
    """
    charge = np.linspace(0.0, 1.0, 2001)
    exponent_k = storage_exponent_k(life, charge)
    weight = np.maximum(np.exp((exponent_k - exponent_k.max()) / 298.15), 0.02)
    fitted = np.polynomial.Polynomial.fit(2.0 * charge - 1.0, exponent_k, DEGREE, domain=(-1.0, 1.0), w=weight)
    return tuple(float(c) for c in fitted.coef)


def parameters(setup: Setup) -> Ageing:
    """Parameters of the satellite's battery.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    Ageing
        Parameters.
    """
    b = setup.satellite.power.battery
    cell, life = b.chemistry, LIVES[b.chemistry.ageing]
    mean_v = 0.5 * (cell.voltage_empty + cell.voltage_full)
    b0, b1, b2, b3, b4, b5, b6, b7, b8 = exponent_polynomial(life)
    return Ageing(
        capacity_j=b.capacity * at_age(b, setup.satellite.age)[0],
        voltage_span=(cell.voltage_full - cell.voltage_empty) / mean_v, storage=life.storage,
        b0=b0, b1=b1, b2=b2, b3=b3, b4=b4, b5=b5, b6=b6, b7=b7, b8=b8, cycle_k=life.cycle_k, threshold=THRESHOLD, per_step=1.0 / setup.step_s,
    )  # fmt: skip


@inlined
def state_of_charge(charge_j: float, p: Ageing) -> float:
    """Charge over that of the full battery, from the energy: the voltage rises with the charge on a straight line.

    Parameters
    ----------
    charge_j : float
        Energy in the battery [J].
    p : Ageing
        Parameters of the submodel.

    Returns
    -------
    float
        State of charge.
    """
    energy, low = min(1.0, max(0.0, charge_j / p.capacity_j)), 1.0 - 0.5 * p.voltage_span
    return 2.0 * energy / (low + math.sqrt(low * low + 2.0 * p.voltage_span * energy))


@inlined
def advance(state: Any, battery: Any, nodes: Any, p: Ageing) -> AgeingFlows:
    """Rates of ageing at the end of the step, and half cycles that ended in it.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before: its swing, from the last turn to the furthest charge since, and how far
        the charge has come back from there (with the opposite sign).
    battery : BatteryFlows
        Flows of the battery.
    nodes : ThermalFlows
        Temperatures at the end of the step.
    p : Ageing
        Parameters of the submodel.

    Returns
    -------
    AgeingFlows
        Swing and retreat, rates, temperature [K], charge moved and squared depth of half cycles [1/s].
    """
    charge = state_of_charge(battery.charge_j, p)
    moved = charge - state_of_charge(state.charge_j, p)
    # turning points: along the swing the furthest charge moves on; against it by more than the threshold a new swing begins
    along = 1.0 if state.battery_swing >= 0.0 else -1.0
    back = state.battery_retreat + moved
    beyond = along * back
    turned = beyond < -p.threshold
    depth = abs(state.battery_swing) if turned else 0.0
    swing = back if turned else state.battery_swing + along * max(0.0, beyond)
    retreat = 0.0 if turned else along * min(0.0, beyond)
    x, per_k = 2.0 * charge - 1.0, 1.0 / nodes.battery_k
    x2 = x * x
    even = p.b0 + x2 * (p.b2 + x2 * (p.b4 + x2 * (p.b6 + x2 * p.b8)))
    odd = p.b1 + x2 * (p.b3 + x2 * (p.b5 + x2 * p.b7))
    return AgeingFlows(
        battery_swing=swing, battery_retreat=retreat, storage_rate=p.storage * exponential(max(-60.0, (even + x * odd) * per_k)),
        cycle_factor=exponential(p.cycle_k * per_k), cell_k=nodes.battery_k, cell_charge=charge,
        charge_moved=abs(moved) * p.per_step, depth_squared=depth * depth * p.per_step,
    )


MODEL = Submodel(
    name="battery_ageing",
    section="satellite.power.battery.chemistry",
    parameters=parameters,
    advance=advance,
    consequence=True,
    reads=(
        "state.charge_j", "state.battery_swing", "state.battery_retreat", "battery.charge_j", "nodes.battery_k",
    ),
    writes=(
        Variable("battery_swing", "1", "change of the state of charge from its last turn to the furthest since", "state", -1.0, 1.0),
        Variable("battery_retreat", "1", "change of the state of charge from there", "state", -1.0, 1.0),
        Variable(
            "storage_rate", "1", "capacity that a new battery would lose in a day at this charge and temperature", "flux", 0.0, 10.0,
            totals=(Total("storage_rate_s", "s", "integral of the rate of ageing by time", "integral"),),
        ),
        Variable(
            "cycle_factor", "1", "factor of the temperature on the ageing by cycles", "flux", 0.0, 1e7,
            totals=(Total("cycle_factor_s", "s", "integral of the factor of temperature on the ageing by cycles", "integral"),),
        ),
        Variable(
            "cell_k", "K", "temperature of the cells at the end of the step", "flux", 150.0, 500.0,
            totals=(Total("cell_k_s", "K s", "integral of the temperature of the cells", "integral"),),
        ),
        Variable(
            "cell_charge", "1", "charge in the cells over that of full ones", "flux", 0.0, 1.0,
            totals=(Total("cell_charge_s", "s", "integral of the state of charge", "integral"),),
        ),
        Variable(
            "charge_moved", "1/s", "charge into and out of the cells over that of full ones", "flux", 0.0, 1.0,
            totals=(Total("charge_throughput", "1", "charge into and out of the cells over that of full ones", "integral"),),
        ),
        Variable(
            "depth_squared", "1/s", "squared depth of half cycles that ended", "flux", 0.0, 1.0,
            totals=(Total("depth_squared_sum", "1", "sum of the squared depths of half cycles", "integral"),),
        ),
    ),
    references=("blast-lite", "astm-e1049"),
)  # fmt: skip
