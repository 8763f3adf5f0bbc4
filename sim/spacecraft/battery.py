"""Battery: what it can take and give within a step, by chemistry, charge and temperature.

The battery is a source behind a resistance (`sim.spacecraft.battery_chemistry`): an internal power P loses k P^2, and
charging loses the part of P that no discharge gives back. The coefficient k follows from the charge and the temperature at
the end of a step, and holds through the next one.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from orbit.kernels.compile import inlined
from orbit.kernels.simd import exponential
from sim.schema import FleetSeries, SatelliteSeries, Total, Variable
from sim.spacecraft.battery_ageing_life import at_age
from sim.spacecraft.battery_chemistry import REFERENCE_K, mean_voltage_v, resistance_s, stored_for_j, voltage_span
from sim.spacecraft.submodel import Setup, Submodel

RAMP_K = 5.0  # below the highest and above the lowest temperature of use the power falls to 0 over this span


class Battery(NamedTuple):
    """Energies [J], power limits at the bus [W], resistance by temperature, limits by temperature [K].

    Discharge stops at floor_j; what lies below reserve_j (at least floor_j) is kept for the bus. `voltage_drop` is the
    share of the open-circuit voltage that may fall at the resistance before the discharge is cut off.
    """

    capacity_j: float
    floor_j: float
    reserve_j: float
    coulombic_efficiency: float
    max_charge_w: float
    max_discharge_w: float
    resistance_s: float
    activation_k: float
    voltage_span: float
    voltage_drop: float
    min_charge_k: float
    full_charge_k: float
    max_charge_k: float
    min_discharge_k: float
    max_discharge_k: float
    step_s: float


class BatteryFlows(NamedTuple):
    """Results of `advance`."""

    charge_j: float
    loss_per_w: float
    charge_fraction: float
    battery_loss_w: float
    shunted_w: float
    unserved_w: float
    served_w: float


def parameters(setup: Setup) -> Battery:
    """Parameters of the satellite's battery.

    The reserve carries the bus alone through `bus_reserve`, at the reference temperature. Capacity and resistance are those of
    the satellite's age.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    Battery
        Parameters.
    """
    b = setup.satellite.power.battery
    left, grown = at_age(b, setup.satellite.age)
    cell, capacity_j = b.chemistry, b.capacity * left
    floor_j = capacity_j * (1.0 - b.max_depth)
    reserve_j = floor_j + stored_for_j(cell, capacity_j, setup.satellite.bus.served_power, b.bus_reserve)
    return Battery(
        capacity_j=capacity_j, floor_j=floor_j, reserve_j=reserve_j, coulombic_efficiency=cell.coulombic_efficiency,
        max_charge_w=min(b.max_charge_power, cell.max_charge_rate * capacity_j),
        max_discharge_w=min(b.max_discharge_power, cell.max_discharge_rate * capacity_j),
        resistance_s=resistance_s(cell) * grown, activation_k=cell.activation,
        voltage_span=voltage_span(cell), voltage_drop=1.0 - cell.min_voltage / mean_voltage_v(cell),
        min_charge_k=cell.min_charge_temperature, full_charge_k=cell.full_charge_temperature,
        max_charge_k=cell.max_charge_temperature, min_discharge_k=cell.min_discharge_temperature,
        max_discharge_k=cell.max_discharge_temperature, step_s=setup.step_s,
    )  # fmt: skip


@inlined
def loss_per_w(charge_fraction: float, temperature_k: float, p: Battery) -> float:
    """Ohmic loss over the square of the internal power, as `battery_chemistry.loss_per_w`, in plain arithmetic.

    Parameters
    ----------
    charge_fraction : float
        Stored energy over that of the full battery.
    temperature_k : float
        Temperature [K].
    p : Battery
        Parameters of the submodel.

    Returns
    -------
    float
        The coefficient [1/W].
    """
    arrhenius = exponential(p.activation_k * (1.0 / temperature_k - 1.0 / REFERENCE_K))
    low = 1.0 - 0.5 * p.voltage_span
    return p.resistance_s * arrhenius / (p.capacity_j * (low * low + 2.0 * p.voltage_span * charge_fraction))


@inlined
def within(value: float, low: float, high: float) -> float:
    """How far a value has come from one bound to another.

    Parameters
    ----------
    value, low, high : float
        The value and the bounds.

    Returns
    -------
    float
        0 at `low` and before it, 1 at `high` and beyond.
    """
    return min(1.0, max(0.0, (value - low) / (high - low)))


@inlined
def charge_limit_w(temperature_k: float, p: Battery) -> float:
    """Largest charging power at a temperature.

    Parameters
    ----------
    temperature_k : float
        Temperature [K].
    p : Battery
        Parameters of the submodel.

    Returns
    -------
    float
        Power at the bus [W]; 0 for a cell that is too cold or too hot.
    """
    cold = within(temperature_k, p.min_charge_k, p.full_charge_k)
    return p.max_charge_w * cold * within(temperature_k, p.max_charge_k, p.max_charge_k - RAMP_K)


@inlined
def discharge_limit_w(temperature_k: float, p: Battery) -> float:
    """Largest discharging power at a temperature.

    Parameters
    ----------
    temperature_k : float
        Temperature [K].
    p : Battery
        Parameters of the submodel.

    Returns
    -------
    float
        Power at the bus [W]; 0 for a cell that is too cold or too hot.
    """
    cold = within(temperature_k, p.min_discharge_k, p.min_discharge_k + RAMP_K)
    return p.max_discharge_w * cold * within(temperature_k, p.max_discharge_k, p.max_discharge_k - RAMP_K)


@inlined
def taken_w(room_j: float, per_w: float, p: Battery) -> float:
    """Power at the bus that fills what is left within the step.

    Parameters
    ----------
    room_j : float
        Energy that the battery may still store [J].
    per_w : float
        `loss_per_w` [1/W].
    p : Battery
        Parameters of the submodel.

    Returns
    -------
    float
        Power [W], at least 0.
    """
    internal_w = max(0.0, room_j) / (p.coulombic_efficiency * p.step_s)
    return internal_w * (1.0 + per_w * internal_w)


@inlined
def given_w(stored_j: float, per_w: float, p: Battery) -> float:
    """Power at the bus that uses up an energy within the step, or at which the voltage falls to that of the cut-off.

    Parameters
    ----------
    stored_j : float
        Energy that the battery may give [J].
    per_w : float
        `loss_per_w` [1/W].
    p : Battery
        Parameters of the submodel.

    Returns
    -------
    float
        Power [W], at least 0.
    """
    # at most half of the voltage may fall at the resistance: beyond it more current gives less power
    internal_w = min(max(0.0, stored_j) / p.step_s, min(0.5, p.voltage_drop) / max(per_w, 1e-30))
    return internal_w * (1.0 - per_w * internal_w)


@inlined
def charging_w(state: Any, surplus_w: float, p: Battery) -> float:
    """Power at the bus that charges the battery.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    surplus_w : float
        Power of the array beyond the load [W]; negative where the battery discharges.
    p : Battery
        Parameters of the submodel.

    Returns
    -------
    float
        Power [W], at least 0.
    """
    room_w = taken_w(p.capacity_j - state.charge_j, state.loss_per_w, p)
    return min(max(0.0, surplus_w), min(charge_limit_w(state.battery_k, p), room_w))


@inlined
def limits(state: Any, p: Battery) -> float:
    """Power at the bus that the battery gives to the accelerators.

    Above the bus's reserve the accelerators may draw it down to the reserve; below it, refilling the reserve comes
    first.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    p : Battery
        Parameters of the submodel.

    Returns
    -------
    float
        Power [W]; negative while the battery refills its reserve.
    """
    spare_w = given_w(state.charge_j - p.reserve_j, state.loss_per_w, p)
    refill_w = taken_w(p.reserve_j - state.charge_j, state.loss_per_w, p)
    offered_w: float = min(discharge_limit_w(state.battery_k, p), spare_w) - min(charge_limit_w(state.battery_k, p), refill_w)
    return offered_w


@inlined
def advance(state: Any, power: Any, loads: Any, p: Battery) -> BatteryFlows:
    """Charge after the step, and the power lost in the battery, shunted at the array, not served, and served.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    power : ArrayPower
        Power of the array.
    loads : Loads
        Electrical load and heats.
    p : Battery
        Parameters of the submodel.

    Returns
    -------
    BatteryFlows
        Charge [J], coefficient of the loss in the step ahead [1/W], and powers [W].
    """
    per_w = state.loss_per_w
    surplus_w = power.generated_w - loads.load_w
    most_out_w = min(discharge_limit_w(state.battery_k, p), given_w(state.charge_j - p.floor_j, per_w, p))
    in_w, out_w = charging_w(state, surplus_w, p), min(max(0.0, -surplus_w), most_out_w)
    # one of the two is 0: internal power that charges, and that which discharges
    charged_w = 2.0 * in_w / (1.0 + math.sqrt(1.0 + 4.0 * per_w * in_w))
    drained_w = 2.0 * out_w / (1.0 + math.sqrt(max(0.0, 1.0 - 4.0 * per_w * out_w)))
    lost_w = per_w * (charged_w * charged_w + drained_w * drained_w) + (1.0 - p.coulombic_efficiency) * charged_w
    shunted_w = max(0.0, surplus_w) - in_w
    unserved_w = max(0.0, -surplus_w) - out_w
    charge_j = state.charge_j + (p.coulombic_efficiency * charged_w - drained_w) * p.step_s
    fraction = charge_j / p.capacity_j
    return BatteryFlows(
        charge_j=charge_j, loss_per_w=loss_per_w(fraction, state.battery_k, p), charge_fraction=fraction, battery_loss_w=lost_w,
        shunted_w=shunted_w, unserved_w=unserved_w, served_w=loads.load_w - unserved_w,
    )

MODEL = Submodel(
    name="battery",
    section="satellite.power.battery",
    parameters=parameters,
    advance=advance,
    limits=limits,
    reads=(
        "state.charge_j", "state.loss_per_w", "state.battery_k", "power.generated_w", "loads.load_w",
    ),
    writes=(
        Variable(
            "charge_j", "J", "energy in the battery", "state", 0.0, 1e12,
            fleet=(FleetSeries("stored_j", "sum", "energy in the batteries, fleet total"),),
        ),
        Variable("loss_per_w", "1/W", "ohmic loss of the battery over the square of its internal power", "state", 1e-13, 1e-3),
        Variable(
            "charge_fraction", "1", "state of charge", "flux", 0.0, 1.0,
            totals=(Total("charge_fraction_min", "1", "lowest state of charge while available", "smallest available"),),
            fleet=(FleetSeries("charge_fraction_min", "smallest available", "lowest state of charge of an available satellite"),),
            recorded=(SatelliteSeries("sat_charge_fraction", "state of charge of the battery"),),
        ),
        Variable(
            "battery_loss_w", "W", "heat of charging and discharging", "flux", 0.0, 1e8,
            totals=(Total("battery_loss_j", "J", "energy lost in charging and discharging", "integral"),),
        ),
        Variable(
            "shunted_w", "W", "power offered that nothing could take", "flux", 0.0, 1e9,
            totals=(Total("shunted_j", "J", "energy offered that nothing could take", "integral"),),
            fleet=(FleetSeries("shunted_w", "sum", "power that nothing could take, fleet total, mean over the step"),),
        ),
        Variable(
            "unserved_w", "W", "load that neither array nor battery could serve", "flux", 0.0, 1e9,
            totals=(Total("unserved_j", "J", "load that could not be served", "integral", "power.unserved_j"),),
        ),
        Variable(
            "served_w", "W", "electrical load served", "flux", 0.0, 1e9,
            totals=(Total("served_j", "J", "electrical energy served", "integral"),),
            fleet=(FleetSeries("load_w", "sum", "electrical load served, fleet total, mean over the step"),),
            recorded=(SatelliteSeries("sat_load_w", "electrical load served, mean over the step"),),
        ),
    ),
    references=("fortescue2011:ch. 10", "plett2015:ch. 2", "moeller2022"),
)  # fmt: skip
