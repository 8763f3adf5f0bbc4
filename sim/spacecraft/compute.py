"""Accelerators: what they draw at which rate, and the rate a power budget allows."""

from __future__ import annotations

from typing import NamedTuple

from orbit.kernels.compile import inlined
from sim.spacecraft.submodel import Model


class Compute(NamedTuple):
    """All accelerators of one satellite with their hosts, powers [W] at the chip side; conversion lies upstream."""

    idle_w: float
    dynamic_w: float  # full less idle
    host_w: float
    voltage_floor: float
    conversion_efficiency: float
    pump_fraction: float
    kernel_efficiency: float
    hbm_power_share: float


@inlined
def dynamic_share(rate: float, voltage_floor: float) -> float:
    """Dynamic power at a clock rate, share of full: f V(f)^2 with V falling evenly to voltage_floor at f = 0.

    [chandrakasan1992:eq. 1]
    """
    volt = voltage_floor + (1.0 - voltage_floor) * rate
    return rate * volt * volt


@inlined
def _newton(rate: float, wanted: float, a: float, b: float) -> float:
    volt = a + b * rate
    return rate - (rate * volt * volt - wanted) / (volt * (a + 3.0 * b * rate))


@inlined
def rate_for_share(share: float, voltage_floor: float) -> float:
    """The clock rate in [0, 1] whose dynamic power is `share`; inverse of `dynamic_share` to 1e-14.

    Newton from above on a convex rising cubic never overshoots. Written out: an inner loop would not vectorise.
    """
    wanted = min(1.0, max(0.0, share))
    a, b = voltage_floor, 1.0 - voltage_floor
    rate = min(1.0, wanted / (a * a))
    rate = _newton(rate, wanted, a, b)
    rate = _newton(rate, wanted, a, b)
    rate = _newton(rate, wanted, a, b)
    rate = _newton(rate, wanted, a, b)
    rate = _newton(rate, wanted, a, b)
    rate = _newton(rate, wanted, a, b)
    rate = _newton(rate, wanted, a, b)
    return min(1.0, max(0.0, rate))


@inlined
def operating_point(budget_w: float, busy: float, compute: Compute) -> tuple[float, float]:
    """Rate and duty that a budget [W] for accelerators and hosts allows, while arithmetic runs for a share busy of the time.

    Below idle power nothing computes and the machines are off for part of the step: duty is the part they are on.
    """
    idle_w = max(compute.idle_w + compute.host_w, 1e-9)
    duty = min(1.0, max(0.0, budget_w / idle_w))
    return rate_for_share((budget_w - idle_w) / (max(busy, 1e-9) * compute.dynamic_w), compute.voltage_floor), duty


@inlined
def chip_power_w(rate: float, duty: float, busy: float, compute: Compute) -> float:
    """Power [W] of the accelerators at a rate and duty, arithmetic running for a share busy of the time."""
    return duty * compute.idle_w + busy * compute.dynamic_w * dynamic_share(rate, compute.voltage_floor)


@inlined
def bus_factor(compute: Compute) -> float:
    """Power drawn from the bus per watt of accelerators and hosts: conversion, and the pump that moves its heat."""
    return (1.0 + compute.pump_fraction) / compute.conversion_efficiency


MODEL = Model(
    "compute",
    Compute,
    "satellite.accelerator",
    reads=("power_budget_w", "thermal_budget_w", "rate_cap", "busy"),
    writes=("rate", "load_w", "chip_w"),
    refs=("chandrakasan1992:eq. 1",),
)
