"""Leakage power: what accelerators draw whether or not they switch, growing with the junction's temperature.

Full and idle power of an accelerator hold at a reference temperature and contain the leakage there. At other
temperatures leakage doubles every `doubling` kelvin, so that a cooler junction saves power and a warmer one costs more.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from orbit.kernels.compile import inlined
from orbit.kernels.simd import exponential
from sim.schema import FleetSeries, Total, Variable
from sim.spacecraft.submodel import Setup, Submodel

COLDEST, HOTTEST = -20.0, 4.0  # bounds of ln(leakage over that at the reference temperature)


class Leakage(NamedTuple):
    """Leakage of all accelerators of a satellite at the reference temperature, and its growth."""

    reference_w: float
    reference_k: float
    growth_per_k: float  # of the logarithm


class LeakageFlows(NamedTuple):
    """Results of `advance`."""

    leakage_w: float
    leakage_change_w: float


def parameters(setup: Setup) -> Leakage:
    """Leakage of all accelerators of the satellite.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    Leakage
        Parameters; leakage 0 where the accelerator has no section `leakage`.
    """
    chip = setup.satellite.accelerator
    leakage = chip.leakage
    if leakage is None:
        return Leakage(0.0, 300.0, 0.0)
    each_w = leakage.share * chip.max_power
    reference_k = chip.junction_limit if leakage.reference is None else leakage.reference
    return Leakage(setup.satellite.accelerators * each_w, reference_k, math.log(2.0) / leakage.doubling)


@inlined
def advance(inputs: Any, run: Any, forecast: Any, effects: Any, p: Leakage) -> LeakageFlows:
    """Leakage in the step, and its difference from the leakage that idle power contains.

    Leakage warms the junction, which raises the leakage: a Newton step from the leakage with which the junction was
    forecast.

    Parameters
    ----------
    inputs : Inputs
        Inputs of the step.
    run : Run
        Clock rate and shares that are run.
    forecast : Forecast
        Temperatures forecast for the end of the step, and the junction's rise per watt.
    effects : Effects
        Loads of the effects with which they were forecast.
    p : Leakage
        Parameters of the submodel.

    Returns
    -------
    LeakageFlows
        Leakage and difference [W].
    """
    at_reference_w = inputs.available * run.powered * p.reference_w
    growth = min(HOTTEST, max(COLDEST, (forecast.junction_k - p.reference_k) * p.growth_per_k))
    forecast_w = at_reference_w * exponential(growth)
    # leakage that a watt of leakage adds; at 0.5 and above it would run away, which temperature limits prevent
    gain = min(0.5, forecast_w * p.growth_per_k * forecast.junction_rise_k_w)
    more_w = (forecast_w - at_reference_w - effects.leakage_change_w) * gain / (1.0 - gain)
    leakage_w = max(0.0, forecast_w + more_w)
    return LeakageFlows(leakage_w, leakage_w - at_reference_w)


MODEL = Submodel(
    name="leakage",
    section="satellite.accelerator.leakage",
    parameters=parameters,
    advance=advance,
    adds=(("leakage_change_w", "chip_w"),),
    reads=(
        "inputs.available", "run.powered", "forecast.junction_k", "forecast.junction_rise_k_w", "effects.leakage_change_w",
    ),
    writes=(
        Variable(
            "leakage_w", "W", "leakage of the accelerators, mean over the step", "flux", 0.0, 1e7,
            totals=(Total("leakage_j", "J", "energy leaked by the accelerators", "integral", "thermal.leakage_w_mean", "duration"),),
            fleet=(FleetSeries("leakage_w", "sum", "leakage of the accelerators, fleet total, mean over the step"),),
        ),
        Variable("leakage_change_w", "W", "leakage beyond that at the reference temperature", "flux", -1e7, 1e7),
    ),
    references=("chandrakasan1992", "kim2003"),
)
