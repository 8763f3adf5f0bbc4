"""Heater of the battery: cells that are too cold cannot be charged.

A thermostat with a proportional band, on the essential bus. Its heat goes into the battery.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from orbit.kernels.compile import inlined
from sim.schema import Total, Variable
from sim.spacecraft.submodel import Setup, Submodel

BAND_K = 2.0  # below the set point, over which the power rises to the rated one


class BatteryHeater(NamedTuple):
    """Rated power [W] and set point [K]; both 0 where a battery has no heater."""

    power_w: float
    setpoint_k: float


class BatteryHeaterFlows(NamedTuple):
    """Results of `advance`."""

    battery_heater_w: float


def parameters(setup: Setup) -> BatteryHeater:
    """Parameters of the battery's heater.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    BatteryHeater
        Parameters; 0 without a heater.
    """
    h = setup.satellite.power.battery.heater
    return BatteryHeater(0.0, 0.0) if h is None else BatteryHeater(h.power, h.setpoint)


@inlined
def advance(state: Any, inputs: Any, p: BatteryHeater) -> BatteryHeaterFlows:
    """Power of the heater, from the temperature with which the step begins: a battery takes longer than a step to warm up.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    p : BatteryHeater
        Parameters of the submodel.

    Returns
    -------
    BatteryHeaterFlows
        Power [W].
    """
    share = min(1.0, max(0.0, (p.setpoint_k - state.battery_k) * (1.0 / BAND_K)))
    return BatteryHeaterFlows(inputs.bus_available * p.power_w * share)


MODEL = Submodel(
    name="battery_heater",
    section="satellite.power.battery",
    parameters=parameters,
    advance=advance,
    adds=(("battery_heater_w", "battery_w"),),
    reads=("state.battery_k", "inputs.bus_available"),
    writes=(
        Variable(
            "battery_heater_w", "W", "power of the battery's heater, mean over the step", "flux", 0.0, 1e7,
            totals=(Total("battery_heater_j", "J", "energy drawn by the battery's heater", "integral", "power.battery_heater_w_mean", "duration"),),
        ),
    ),
    references=("fortescue2011:ch. 11",),
)  # fmt: skip
