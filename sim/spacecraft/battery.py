"""Battery: what it can take and give within a step."""

from __future__ import annotations

from typing import NamedTuple

from orbit.kernels.compile import inlined
from sim.spacecraft.submodel import Model


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


@inlined
def deliverable_w(charge_j: float, dt_s: float, battery: Battery) -> float:
    """Power [W] the battery can hold at the bus through the step without passing its floor."""
    stored_w = max(0.0, charge_j - battery.floor_j) * battery.discharge_efficiency / dt_s
    return min(battery.max_discharge_w, stored_w)


@inlined
def accelerator_share_w(charge_j: float, dt_s: float, battery: Battery) -> float:
    """Power [W] at the bus that the battery gives to the accelerators, or takes before them (below zero).

    Above the bus's reserve they may draw it down to that line; below it, refilling the reserve comes first.
    """
    spare_w = max(0.0, charge_j - battery.reserve_j) * battery.discharge_efficiency / dt_s
    refill_w = max(0.0, battery.reserve_j - charge_j) / (battery.charge_efficiency * dt_s)
    return min(battery.max_discharge_w, spare_w) - min(battery.max_charge_w, refill_w)


@inlined
def battery_step(
    charge_j: float, generated_w: float, load_w: float, dt_s: float, battery: Battery
) -> tuple[float, float, float, float]:
    """Charge after the step [J]; power lost in conversion, shunted at the array, and not served [W]."""
    surplus_w = generated_w - load_w
    room_w = max(0.0, battery.capacity_j - charge_j) / (battery.charge_efficiency * dt_s)
    taken_w = min(max(0.0, surplus_w), min(battery.max_charge_w, room_w))
    given_w = min(max(0.0, -surplus_w), deliverable_w(charge_j, dt_s, battery))
    charged_w = taken_w * battery.charge_efficiency
    drained_w = given_w / battery.discharge_efficiency
    lost_w = taken_w * (1.0 - battery.charge_efficiency) + given_w * (1.0 / battery.discharge_efficiency - 1.0)
    shunted_w = max(0.0, surplus_w) - taken_w
    unserved_w = max(0.0, -surplus_w) - given_w
    return charge_j + (charged_w - drained_w) * dt_s, lost_w, shunted_w, unserved_w


MODEL = Model(
    "battery",
    Battery,
    "satellite.power.battery",
    reads=("generated_w", "load_w"),
    writes=("charge_j", "battery_loss_w", "shunted_w", "unserved_w"),
    refs=("fortescue2011:ch. 10",),
)
