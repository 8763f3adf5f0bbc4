"""Accelerators: power, rate, duty."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from sim.spacecraft.compute import (
    Compute,
    bus_factor,
    chip_power_w,
    clock_rate,
    dynamic_share,
    operating_point,
    rate_fit,
    rate_for_share,
)

CHIPS = Compute(
    idle_w=9000.0, dynamic_w=21_000.0, host_w=6000.0, voltage_floor=0.6, per_conversion=1.0 / 0.92, pump_fraction=0.02,
    bus_w=800.0, channels_w=0.0, rate_fit=rate_fit(0.6),
)  # fmt: skip


def test_dynamic_share_closed_form() -> None:
    """Source of truth: f V^2 with V linear from the floor at rest to 1: at f = 1/2 and floor 0.6, 0.5 x 0.8^2 = 0.32."""
    assert dynamic_share(0.5, 0.6) == pytest.approx(0.32, rel=1e-15)
    assert (dynamic_share(0.0, 0.6), dynamic_share(1.0, 0.6)) == (0.0, 1.0)
    assert dynamic_share(0.37, 1.0) == pytest.approx(0.37, rel=1e-15)
    assert dynamic_share(0.5, 0.0) == pytest.approx(0.125, rel=1e-15)


@pytest.mark.parametrize("floor", [0.3, 0.45, 0.6, 0.8, 1.0])
def test_rate_for_share_is_the_inverse(floor: float) -> None:
    """Source of truth: brentq on the cubic f (v + (1 - v) f)^2, over the range of floors a scenario may give (0.3 to 1).

    Documented: 1e-14; brentq itself stops at 2e-15 relative to the rate.
    """
    fit, shares = rate_fit(floor), np.concatenate((np.linspace(0.0, 1.0, 401), np.geomspace(1e-9, 1.0, 200)))
    worst = 0.0
    for share in shares:
        wanted = brentq(lambda f, s=share: f * (floor + (1 - floor) * f) ** 2 - s, 0.0, 1.0, xtol=1e-16, rtol=1e-15)
        worst = max(worst, abs(rate_for_share(share, floor, fit) - wanted))
    assert worst < 1.2e-14


def test_rate_is_clipped() -> None:
    """Source of truth: a clock cannot stand below rest or above full."""
    assert (rate_for_share(-0.5, 0.6, rate_fit(0.6)), rate_for_share(1.7, 0.6, rate_fit(0.6))) == (0.0, 1.0)


@pytest.mark.parametrize("between", [True, False])
def test_clock_rate_is_exact_at_the_ends(between: bool) -> None:
    """Source of truth: definition: no power is rest, the power of the cap or more is the cap, to the last bit."""
    for cap in (1.0, 0.7):
        assert clock_rate(0.0, cap, between, CHIPS) == 0.0
        assert clock_rate(dynamic_share(cap, 0.6), cap, between, CHIPS) == cap
        assert clock_rate(1.0, cap, between, CHIPS) == cap
    assert clock_rate(0.32, 0.7, True, CHIPS) == pytest.approx(0.5, abs=1e-14)  # 0.5 x 0.8^2


@pytest.mark.parametrize("budget", [0.0, 1.0, 7500.0, 15_000.0, 15_001.0, 20_000.0, 36_000.0])
def test_operating_point_uses_the_budget_exactly(budget: float) -> None:
    """Source of truth: definition: accelerators with hosts draw the whole budget, up to full power 36 kW; 1e-9 W.

    Below idle power (15 kW) nothing computes and the machines are on for budget / 15 kW of the step.
    """
    dynamic, duty = operating_point(budget, 1.0, CHIPS)
    assert chip_power_w(dynamic, duty, 1.0, CHIPS) + duty * CHIPS.host_w == pytest.approx(budget, abs=1e-8)
    if budget <= 15_000.0:
        assert dynamic == 0.0
        assert duty == pytest.approx(budget / 15_000.0, abs=1e-15)
    else:
        assert duty == 1.0


def test_operating_point_beyond_the_ends() -> None:
    """Source of truth: definition: nothing below zero, full beyond full power."""
    assert operating_point(-100.0, 1.0, CHIPS) == (0.0, 0.0)
    assert operating_point(1e6, 1.0, CHIPS) == (1.0, 1.0)


def test_bus_factor() -> None:
    """Source of truth: 1 W at the chip draws 1 / 0.92 W through conversion and 2 % of that again for the pump."""
    assert bus_factor(CHIPS) == pytest.approx(1.0 / 0.92 + 0.02 / 0.92, rel=1e-15)
