"""Survival heater with freezing guard: keeps the coolant liquid where accelerators give no heat.

A thermostat in the limit of a fine control band: it gives in every step the power at which the coolant ends the step at
the set point, up to its rating. It is on the essential bus, so that it works in a satellite that is lost to computing, from
array and battery. While the coolant is below its freezing point no pump moves heat, and the accelerators stay off.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from orbit.kernels.compile import inlined
from sim.schema import FleetSeries, Total, Variable
from sim.spacecraft.submodel import Setup, Submodel


class Heater(NamedTuple):
    """Rated power [W], set point and freezing point of the coolant [K]; all 0 where a satellite has no heater."""

    power_w: float
    setpoint_k: float
    freezing_k: float


class HeaterFlows(NamedTuple):
    """Results of `advance`."""

    heater_w: float
    coolant_frozen: float


def parameters(setup: Setup) -> Heater:
    """Parameters of the satellite's heater.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    Heater
        Parameters; all 0 without a heater.
    """
    h = setup.satellite.thermal.heater
    return Heater(0.0, 0.0, 0.0) if h is None else Heater(h.power, h.setpoint, h.freezing_point)


@inlined
def advance(state: Any, inputs: Any, forecast: Any, effects: Any, p: Heater) -> HeaterFlows:
    """Power of the heater, and whether the coolant was frozen at the beginning of the step.

    The coolant's temperature at the end of the step is linear in the heater's power but for the radiator's small
    correction: what the forecast lacks, over its rise per watt, is added to what the forecast was made with.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    forecast : Forecast
        Temperatures forecast for the end of the step.
    effects : Effects
        Loads that effects add.
    p : Heater
        Parameters of the submodel.

    Returns
    -------
    HeaterFlows
        Power [W], and 1.0 where the coolant was frozen.
    """
    missing_k = p.setpoint_k - forecast.loop_k
    wanted_w = effects.heater_w + missing_k / max(forecast.loop_rise_k_w, 1e-30)
    heater_w = inputs.bus_available * min(p.power_w, max(0.0, wanted_w))
    return HeaterFlows(heater_w, 1.0 if state.loop_k < p.freezing_k else 0.0)


@inlined
def limits(state: Any, p: Heater) -> float:
    """Factor on the clock rate.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    p : Heater
        Parameters of the submodel.

    Returns
    -------
    float
        0.0 while the coolant is frozen, else 1.0.
    """
    return 0.0 if state.loop_k < p.freezing_k else 1.0


MODEL = Submodel(
    name="heater",
    section="satellite.thermal.heater",
    parameters=parameters,
    advance=advance,
    limits=limits,
    adds=(("heater_w", "bus_w"),),
    reads=(
        "state.loop_k", "inputs.bus_available", "forecast.loop_k", "forecast.loop_rise_k_w", "effects.heater_w",
    ),
    writes=(
        Variable(
            "heater_w", "W", "power of the survival heater, mean over the step", "flux", 0.0, 1e7,
            totals=(Total("heater_j", "J", "energy drawn by the survival heater", "integral", "thermal.heater_w_mean", "duration"),),
            fleet=(FleetSeries("heater_w", "sum", "power of the survival heaters, fleet total, mean over the step"),),
        ),
        Variable(
            "coolant_frozen", "1", "1 where the coolant is below its freezing point as the step begins", "flux", 0.0, 1.0,
            totals=(
                Total(
                    "frozen_s", "s", "time with coolant below its freezing point", "integral",
                    "thermal.frozen_fraction", "satellite time",
                ),
            ),
        ),
    ),
    references=("nist-webbook-ammonia", "fortescue2011:ch. 11"),
)
