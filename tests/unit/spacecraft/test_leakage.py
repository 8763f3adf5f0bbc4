"""Leakage: its law, and what it does to a satellite in balance."""

from __future__ import annotations

from collections import namedtuple

import energy_books as books
import numpy as np
import pytest
from scipy.optimize import brentq

from sim.engine.driver import Run
from sim.spacecraft import leakage, thermal
from sim.spacecraft.leakage import Leakage
from sim.spacecraft.thermal_network import steady_state_k

Given = namedtuple("Given", "available")
Runs = namedtuple("Runs", "powered")
Ahead = namedtuple("Ahead", "junction_k junction_rise_k_w")
Before = namedtuple("Before", "leakage_change_w")


@pytest.mark.parametrize(("kelvin", "factor"), [(0.0, 1.0), (40.0, 2.0), (-40.0, 0.5), (-120.0, 0.125), (20.0, 2.0**0.5)])
def test_leakage_doubles(kelvin: float, factor: float) -> None:
    """Source of truth: definition: 2 to the (T - T reference) / 40 K; 1e-12. Half the time on, half the power."""
    p = Leakage(6000.0, 368.15, np.log(2.0) / 40.0)
    flows = leakage.advance(Given(1.0), Runs(1.0), Ahead(368.15 + kelvin, 0.0), Before(0.0), p)
    assert flows.leakage_w == pytest.approx(6000.0 * factor, rel=1e-12)
    assert flows.leakage_change_w == pytest.approx(6000.0 * (factor - 1.0), rel=1e-12, abs=1e-9)
    assert leakage.advance(Given(0.5), Runs(0.5), Ahead(368.15 + kelvin, 0.0), Before(0.0), p).leakage_w == pytest.approx(1500.0 * factor)


def test_leakage_that_warms_the_junction() -> None:
    """Source of truth: brentq on L = law(T + R (L - L before)): a junction that rises 2e-4 K a watt, forecast at 350 K with 3 kW;
    one Newton step leaves the square of 6 %."""
    p, rise, before = Leakage(6000.0, 368.15, np.log(2.0) / 40.0), 2e-4, -3000.0
    law = lambda change: 6000.0 * (2.0 ** ((350.0 + rise * (change - before) - 368.15) / 40.0) - 1.0) - change  # noqa: E731
    flows = leakage.advance(Given(1.0), Runs(1.0), Ahead(350.0, rise), Before(before), p)
    assert flows.leakage_change_w == pytest.approx(brentq(law, -6000.0, 6000.0), abs=3.0)


def test_a_satellite_in_balance() -> None:
    """Source of truth: brentq on the steady state: full rate, chips 64 x 381 W with 15 % of it leaking at 95 degC and half that
    40 K below; hosts, conversion, pump, bus and terminals by hand; the junction follows from the power and the power from the junction.
    The heat from outside is the run's own mean; its turn within an orbit moves the junction by 1 K and the mean power by 0.3 %."""
    outcome = Run(
        books.load("duration=20 h", books.ring("06:00", 4, altitude_km=1500.0), "satellite.power.array.area=400 m2",
                   "satellite.thermal.radiator.area=60 m2", "satellite.attitude.pointing_error=0 deg",
                   "satellite.power.battery.heater=null"), tile=8, threads=1,
    ).finish()  # fmt: skip
    sat = outcome.loaded.scenario.satellite
    late = slice(outcome.grid.steps // 2, None)
    outside_w = outcome.column("environment_w")[late].mean() / 4
    structure_w = outcome.row("structure_environment_j").mean() / outcome.grid.duration_s

    def junction_k(leaking_w: float) -> float:
        chip_w = 64 * 381.0 * (1.0 - 0.15) + leaking_w
        drawn_w = (chip_w + 64 * sat.accelerator.host.power) / sat.power.conversion_efficiency
        pump_w = drawn_w * sat.thermal.loop.pump_fraction
        conditioned_w = (drawn_w + pump_w + sat.bus.served_power) * (1.0 / sat.power.array.conditioning_efficiency - 1.0)
        heats = {"chip": chip_w, "plate": drawn_w - chip_w, "loop": pump_w + conditioned_w, "structure": sat.bus.served_power}
        outside = dict.fromkeys(thermal.SEGMENTS, outside_w / 3.0) | {"structure": structure_w}
        return float(steady_state_k(thermal.network(sat), heats, outside)[0])

    law = lambda w: 64 * 57.15 * 2.0 ** ((junction_k(w) - 368.15) / 40.0) - w  # noqa: E731
    expected_w = brentq(law, 0.0, 64 * 57.15)
    assert 0.2 < expected_w / (64 * 57.15) < 0.9
    assert outcome.column("leakage_w")[late].mean() / 4 == pytest.approx(expected_w, rel=0.003)
    assert outcome.row("junction_k") == pytest.approx(np.full(4, junction_k(expected_w)), abs=1.5)
    assert books.shares(outcome)["useful"] == pytest.approx(np.full(4, 0.73), abs=1e-9)
    assert max(books.closures(outcome).values()) < 1e-9


def test_sixty_seconds_against_one() -> None:
    """Source of truth: the promise: the junction settles within seconds, so that leakage at 60 s and 1 s steps agrees to 2 % of
    its energy through eclipses with throttling; a step takes the temperature at its end for all of it."""
    sets = ("duration=100 min", books.ring("12:00", 4), "satellite.thermal.radiator.area=16 m2")
    coarse, fine = (Run(books.load(*sets, f"step={s} s"), tile=8, threads=1).finish() for s in (60, 1))
    assert coarse.row("leakage_j") == pytest.approx(fine.row("leakage_j"), rel=0.02)


def test_loads_never_exceed_what_the_battery_can_deliver() -> None:
    """Source of truth: the limit: a battery that delivers at most 8 kW, half of what the machines draw idle, through eclipses. Machines
    are off for the rest of the step, and what array and battery deliver covers every load; the rest is rounding."""
    outcome = Run(
        books.load("duration=100 min", books.ring("12:00", 4), "satellite.power.battery.max_discharge_power=8 kW"), tile=8, threads=1
    ).finish()
    assert 0.0 < outcome.column("lit_fraction").mean() / 4 < 0.8
    assert outcome.row("unserved_j") == pytest.approx(np.zeros(4), abs=1e-9 * 8e3 * 2400.0)
    assert max(books.closures(outcome).values()) < 1e-9
