"""Accelerators: the rate that a power budget allows, what they draw at which rate, and where that turns to heat."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from orbit.kernels.compile import inlined
from sim.schema import Variable
from sim.spacecraft.submodel import Setup, Submodel


class RateFit(NamedTuple):
    """Clock rate as a polynomial in x = 2 sqrt(share) - 1: coefficients of x^0 to x^8."""

    c0: float
    c1: float
    c2: float
    c3: float
    c4: float
    c5: float
    c6: float
    c7: float
    c8: float


class Compute(NamedTuple):
    """All accelerators of one satellite with their hosts, powers [W] at the chip side; conversion lies upstream."""

    idle_w: float
    dynamic_w: float  # full less idle
    host_w: float
    voltage_floor: float
    per_conversion: float  # power drawn per watt behind the converters, at least 1
    pump_fraction: float
    bus_w: float  # avionics and terminals with all channels on: served before the accelerators
    channels_w: float  # of it channels of terminals, which follow the links
    rate_fit: RateFit


class Loads(NamedTuple):
    """Results of `advance`."""

    chip_w: float
    plate_w: float
    loop_w: float
    structure_w: float
    battery_w: float
    load_w: float


def parameters(setup: Setup) -> Compute:
    """Parameters of all accelerators of the satellite.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    Compute
        Parameters.
    """
    satellite = setup.satellite
    chip, n = satellite.accelerator, satellite.accelerators
    return Compute(
        idle_w=n * chip.idle_power, dynamic_w=n * (chip.max_power - chip.idle_power), host_w=n * satellite.accelerator.host.power,
        voltage_floor=chip.voltage_floor, per_conversion=1.0 / satellite.power.conversion_efficiency,
        pump_fraction=satellite.thermal.loop.pump_fraction, bus_w=satellite.bus.served_power,
        channels_w=satellite.bus.channels_power, rate_fit=rate_fit(chip.voltage_floor),
    )  # fmt: skip


def rate_fit(voltage_floor: float) -> RateFit:
    """Polynomial that gives the clock rate of a dynamic power, interpolated at the Chebyshev points.

    Parameters
    ----------
    voltage_floor : float
        Voltage at rate 0 over that at full rate, 0.3 to 1.

    Returns
    -------
    RateFit
        Coefficients; the error is below 7e-4 for a floor of 0.3, and 5e-5 for 0.6.
    """
    degree = len(RateFit._fields) - 1
    x = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    share = (0.5 * (x + 1.0)) ** 2
    a, b = voltage_floor, 1.0 - voltage_floor
    # r (a + b r)^2 = share has one real root: the left side grows from 0 to 1 with r
    low, high = np.zeros(degree + 1), np.ones(degree + 1)
    for _ in range(60):
        middle = 0.5 * (low + high)
        above = middle * (a + b * middle) ** 2 > share
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return RateFit._make(np.polynomial.Chebyshev.fit(x, high, degree, domain=[-1.0, 1.0]).convert(kind=np.polynomial.Polynomial).coef.tolist())


@inlined
def dynamic_share(rate: float, voltage_floor: float) -> float:
    """Dynamic power at a clock rate over that at full rate: f V(f)^2.

    The voltage V falls linearly from 1 at f = 1 to voltage_floor at f = 0.

    Parameters
    ----------
    rate : float
        Clock rate f, 0 to 1.
    voltage_floor : float
        Voltage at rate 0 over that at full rate, 0 to 1.

    Returns
    -------
    float
        Share, 0 to 1.

    References
    ----------
    [chandrakasan1992:eq. 1]
    """
    volt = voltage_floor + (1.0 - voltage_floor) * rate
    return rate * volt * volt


@inlined
def _halley(rate: float, power_share: float, a: float, b: float) -> float:
    # g = r (a + b r)^2 - power_share; third-order convergence, one division
    volt = a + b * rate
    g = rate * volt * volt - power_share
    slope = volt * (a + 3.0 * b * rate)
    half_curve = b * (2.0 * volt + b * rate)
    return rate - g * slope / (slope * slope - g * half_curve)


@inlined
def rate_for_share(share: float, voltage_floor: float, fit: RateFit) -> float:
    """Clock rate at which dynamic power is a given share of full; inverse of `dynamic_share` to 1e-14.

    The fit is at most 7e-4 off; each of the two Halley steps that follow cubes the error. They are written out: an inner
    loop would not vectorise.

    Parameters
    ----------
    share : float
        Dynamic power over that at full rate; values outside 0 to 1 give the nearest limit.
    voltage_floor : float
        Voltage at rate 0 over that at full rate, 0.3 to 1.
    fit : RateFit
        Fit for this floor.

    Returns
    -------
    float
        Clock rate, 0 to 1.

    Examples
    --------
    At half the rate and a floor of 0.6 the voltage is 0.8, and dynamic power 0.5 * 0.8^2 of full:

    >>> round(rate_for_share(0.32, 0.6, rate_fit(0.6)), 12)
    0.5
    """
    power_share = min(1.0, max(0.0, share))
    a, b = voltage_floor, 1.0 - voltage_floor
    x = 2.0 * math.sqrt(power_share) - 1.0
    # even and odd powers apart: half the length of the chain of operations
    x2 = x * x
    even = fit.c0 + x2 * (fit.c2 + x2 * (fit.c4 + x2 * (fit.c6 + x2 * fit.c8)))
    odd = fit.c1 + x2 * (fit.c3 + x2 * (fit.c5 + x2 * fit.c7))
    rate = _halley(even + x * odd, power_share, a, b)
    rate = _halley(rate, power_share, a, b)
    return min(1.0, max(0.0, rate))


@inlined
def clock_rate(share: float, rate_cap: float, between: bool, p: Compute) -> float:
    """Clock rate at which dynamic power is a given share of full, exactly 0 and exactly the cap at the ends.

    Parameters
    ----------
    share : float
        Dynamic power over that at full rate.
    rate_cap : float
        Largest rate, 0 to 1.
    between : bool
        Whether the share may lie between that at rate 0 and that at the cap.
    p : Compute
        Parameters of the submodel.

    Returns
    -------
    float
        Clock rate, 0 to rate_cap.
    """
    rate = min(rate_cap, rate_for_share(share, p.voltage_floor, p.rate_fit)) if between else 0.0
    below = rate if share > 0.0 else 0.0
    return below if share < dynamic_share(rate_cap, p.voltage_floor) else rate_cap


@inlined
def operating_point(budget_w: float, duty: float, p: Compute) -> tuple[float, float]:
    """Dynamic power and powered share that a power budget allows.

    Below idle power nothing computes, and the machines are off for part of the step: the powered share is the part in
    which they are on.

    Parameters
    ----------
    budget_w : float
        Power for accelerators and hosts [W]; may be negative.
    duty : float
        Share of the time in which arithmetic runs, 0 to 1.
    p : Compute
        Parameters of the submodel.

    Returns
    -------
    dynamic : float
        Dynamic power over that at full rate, 0 to 1.
    powered : float
        Powered share of the step, 0 to 1.
    """
    idle_w = p.idle_w + p.host_w
    share = (budget_w - idle_w) * (1.0 / (max(duty, 1e-9) * p.dynamic_w))
    return min(1.0, max(0.0, share)), powered_share(budget_w, p)


@inlined
def powered_share(budget_w: float, p: Compute) -> float:
    """Share of the step in which a power budget keeps the machines on.

    Parameters
    ----------
    budget_w : float
        Power for accelerators and hosts [W]; may be negative.
    p : Compute
        Parameters of the submodel.

    Returns
    -------
    float
        Powered share, 0 to 1.
    """
    return min(1.0, max(0.0, budget_w / max(p.idle_w + p.host_w, 1e-9)))


@inlined
def chip_power_w(dynamic: float, powered: float, duty: float, p: Compute) -> float:
    """Power of the accelerators.

    Parameters
    ----------
    dynamic : float
        Dynamic power over that at full rate, 0 to 1.
    powered : float
        Powered share of the step, 0 to 1.
    duty : float
        Share of the time in which arithmetic runs, 0 to 1.
    p : Compute
        Parameters of the submodel.

    Returns
    -------
    float
        Power [W].
    """
    return powered * p.idle_w + duty * p.dynamic_w * dynamic


@inlined
def bus_factor(p: Compute) -> float:
    """Power drawn from the bus per watt of accelerators and hosts: conversion, and the pump that moves its heat.

    Parameters
    ----------
    p : Compute
        Parameters of the submodel.

    Returns
    -------
    float
        Ratio, at least 1.
    """
    return (1.0 + p.pump_fraction) * p.per_conversion


@inlined
def bus_power_w(unlinked: float, p: Compute) -> float:
    """Power of avionics and terminals while the satellite works.

    Parameters
    ----------
    unlinked : float
        Share of the terminals without a link, 0 to 1: their channels are off, pointing and control stay on.
    p : Compute
        Parameters of the submodel.

    Returns
    -------
    float
        Power at the bus [W].
    """
    return p.bus_w - p.channels_w * unlinked


@inlined
def loads(
    dynamic: float, powered: float, duty: float, available: float, unlinked: float, added_w: float, chip_w: float, battery_w: float,
    p: Compute,
) -> Loads:  # fmt: skip
    """Electrical load of the satellite, and the heat it becomes in accelerators, plates, coolant and structure.

    Parameters
    ----------
    dynamic : float
        Dynamic power over that at full rate, 0 to 1.
    powered : float
        Powered share of the step, 0 to 1.
    duty : float
        Share of the available time in which arithmetic runs, 0 to 1.
    available : float
        Share of the step in which the satellite works, 0 to 1.
    unlinked : float
        Share of the terminals without a link, 0 to 1.
    added_w : float
        Power drawn at the bus beside that of the bus itself, which warms the coolant [W], mean over the step.
    chip_w : float
        Power of the accelerators beside the clocked power [W], mean over the step.
    battery_w : float
        Power drawn at the bus that warms the battery [W], mean over the step.
    p : Compute
        Parameters of the submodel.

    Returns
    -------
    Loads
        Heats and electrical load [W].
    """
    chip = available * chip_power_w(dynamic, powered, duty, p) + chip_w
    host = available * powered * p.host_w
    drawn = (chip + host) * p.per_conversion
    pump = drawn * p.pump_fraction
    bus_w = available * bus_power_w(unlinked, p)
    return Loads(chip, drawn - chip, pump + added_w, bus_w, battery_w, drawn + pump + added_w + battery_w + bus_w)


@inlined
def accelerator_budget_w(inputs: Any, power: Any, accelerators_w: float, effects: Any, p: Compute) -> float:
    """Power that array, battery and other loads leave to accelerators and hosts, in the time that they are available.

    Parameters
    ----------
    inputs : Inputs
        Inputs of the step.
    power : ArrayPower
        Power of the array.
    accelerators_w : float
        Power that the battery gives to the accelerators; negative while it refills its reserve [W].
    effects : Effects
        Loads that effects add.
    p : Compute
        Parameters of the submodel.

    Returns
    -------
    float
        Power behind the converters [W]; may be negative.
    """
    bus_w = bus_power_w(inputs.unlinked, p) * inputs.available + effects.bus_w + effects.battery_w
    share: float = 1.0 / max(inputs.available, 1e-9)
    left_w: float = (power.generated_w + accelerators_w - bus_w) / bus_factor(p) - effects.chip_w
    return left_w * share


@inlined
def limits(inputs: Any, power: Any, accelerators_w: float, effects: Any, p: Compute) -> tuple[float, float]:
    """Dynamic power and powered share within the power that array, battery and other loads leave.

    Parameters
    ----------
    inputs : Inputs
        Inputs of the step.
    power : ArrayPower
        Power of the array.
    accelerators_w : float
        Power that the battery gives to the accelerators; negative while it refills its reserve [W].
    effects : Effects
        Loads that effects add.
    p : Compute
        Parameters of the submodel.

    Returns
    -------
    dynamic : float
        Dynamic power over that at full rate, 0 to 1.
    powered : float
        Powered share of the step, 0 to 1.
    """
    return operating_point(accelerator_budget_w(inputs, power, accelerators_w, effects, p), inputs.duty, p)


@inlined
def advance(inputs: Any, run: Any, effects: Any, p: Compute) -> Loads:
    """Electrical load and heats of what is run.

    Parameters
    ----------
    inputs : Inputs
        Inputs of the step.
    run : Run or Draw
        Dynamic power and shares that are run.
    effects : Effects
        Loads that effects add.
    p : Compute
        Parameters of the submodel.

    Returns
    -------
    Loads
        Heats and electrical load [W].
    """
    return loads(
        run.dynamic, run.powered, run.run_duty, inputs.available, inputs.unlinked, effects.bus_w, effects.chip_w, effects.battery_w, p
    )


MODEL = Submodel(
    name="compute",
    section="satellite.accelerator",
    parameters=parameters,
    advance=advance,
    limits=limits,
    reads=(
        "inputs.available", "inputs.duty", "inputs.unlinked", "power.generated_w", "effects.bus_w", "effects.chip_w", "effects.battery_w",
        "run.dynamic", "run.powered", "run.run_duty",
    ),
    writes=(
        Variable("chip_w", "W", "power of the accelerators, mean over the step", "flux", 0.0, 1e8),
        Variable("plate_w", "W", "heat of hosts and conversion into the cold plates", "flux", 0.0, 1e8),
        Variable("loop_w", "W", "heat of pump and heaters into the coolant", "flux", 0.0, 1e8),
        Variable("structure_w", "W", "heat of avionics and terminals into the structure", "flux", 0.0, 1e8),
        Variable("battery_w", "W", "heat of heaters into the battery", "flux", 0.0, 1e8),
        Variable("load_w", "W", "electrical load at the bus", "flux", 0.0, 1e9),
    ),
    references=("chandrakasan1992:eq. 1",),
)
