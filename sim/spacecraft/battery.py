"""Battery: what it can take and give within a step."""

from __future__ import annotations

from typing import Any, NamedTuple

from orbit.kernels.compile import inlined
from sim.schema import FleetSeries, SatelliteSeries, Total, Variable
from sim.spacecraft.submodel import Setup, Submodel


class Battery(NamedTuple):
    """Energy limits [J] and power limits at the bus [W].

    Discharge stops at floor_j; what lies below reserve_j (at least floor_j) is kept for the bus.
    """

    capacity_j: float
    floor_j: float
    reserve_j: float
    charge_efficiency: float
    discharge_efficiency: float
    max_charge_w: float
    max_discharge_w: float
    step_s: float


class BatteryFlows(NamedTuple):
    """Results of `advance`."""

    charge_j: float
    charge_fraction: float
    battery_loss_w: float
    shunted_w: float
    unserved_w: float
    served_w: float


def parameters(setup: Setup) -> Battery:
    """Parameters of the satellite's battery.

    The reserve carries the bus alone through `bus_reserve`.

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
    floor_j = b.capacity * (1.0 - b.max_depth)
    reserve_j = floor_j + setup.satellite.bus.power * b.bus_reserve / b.discharge_efficiency
    return Battery(
        capacity_j=b.capacity, floor_j=floor_j, reserve_j=reserve_j, charge_efficiency=b.charge_efficiency,
        discharge_efficiency=b.discharge_efficiency, max_charge_w=b.max_charge_power,
        max_discharge_w=b.max_discharge_power, step_s=setup.step_s,
    )  # fmt: skip


@inlined
def deliverable_w(charge_j: float, p: Battery) -> float:
    """Power that the battery can hold at the bus through the step without passing its floor.

    Parameters
    ----------
    charge_j : float
        Energy in the battery [J].
    p : Battery
        Parameters of the submodel.

    Returns
    -------
    float
        Power [W], at least 0.
    """
    stored_w = max(0.0, charge_j - p.floor_j) * p.discharge_efficiency / p.step_s
    return min(p.max_discharge_w, stored_w)


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
    room_w = max(0.0, p.capacity_j - state.charge_j) / (p.charge_efficiency * p.step_s)
    return min(max(0.0, surplus_w), min(p.max_charge_w, room_w))


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
    spare_w = max(0.0, state.charge_j - p.reserve_j) * p.discharge_efficiency / p.step_s
    refill_w = max(0.0, p.reserve_j - state.charge_j) / (p.charge_efficiency * p.step_s)
    given_w: float = min(p.max_discharge_w, spare_w) - min(p.max_charge_w, refill_w)
    return given_w


@inlined
def advance(state: Any, power: Any, loads: Any, p: Battery) -> BatteryFlows:
    """Charge after the step, and the power lost in conversion, shunted at the array, not served, and served.

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
        Charge [J] and powers [W].
    """
    surplus_w = power.generated_w - loads.load_w
    taken_w = charging_w(state, surplus_w, p)
    given_w = min(max(0.0, -surplus_w), deliverable_w(state.charge_j, p))
    charged_w = taken_w * p.charge_efficiency
    drained_w = given_w / p.discharge_efficiency
    lost_w = taken_w * (1.0 - p.charge_efficiency) + given_w * (1.0 / p.discharge_efficiency - 1.0)
    shunted_w = max(0.0, surplus_w) - taken_w
    unserved_w = max(0.0, -surplus_w) - given_w
    charge_j = state.charge_j + (charged_w - drained_w) * p.step_s
    return BatteryFlows(
        charge_j=charge_j, charge_fraction=charge_j / p.capacity_j, battery_loss_w=lost_w, shunted_w=shunted_w,
        unserved_w=unserved_w, served_w=loads.load_w - unserved_w,
    )


MODEL = Submodel(
    name="battery",
    section="satellite.power.battery",
    parameters=parameters,
    advance=advance,
    limits=limits,
    reads=(
        "state.charge_j", "power.generated_w", "loads.load_w",
    ),
    writes=(
        Variable(
            "charge_j", "J", "energy in the battery", "state", 0.0, 1e12,
            fleet=(FleetSeries("stored_j", "sum", "energy in the batteries, fleet total"),),
        ),
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
    references=("fortescue2011:ch. 10",),
)  # fmt: skip
