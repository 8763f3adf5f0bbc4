"""The battery's heater: its thermostat, where its heat goes, what a pack in the cold can still be charged with."""

from __future__ import annotations

import energy_books as books
import numpy as np
import pytest
import submodel_cases as cases
from scipy.optimize import brentq

from sim.engine.driver import Run
from sim.engine.outcome import Outcome
from sim.spacecraft import battery_heater, thermal
from sim.spacecraft.battery import BatteryFlows
from sim.spacecraft.battery_heater import BatteryHeater
from sim.spacecraft.compute import Loads
from sim.spacecraft.panel import PanelFlows

LOST = ("2026-12-21T00:00Z lose all",)
MOUNTS = "satellite.power.battery.to_structure=20 W/K"
HEATER = BatteryHeater(600.0, 283.15)


@pytest.mark.parametrize(
    ("battery_k", "power_w"), [(250.0, 600.0), (281.15, 600.0), (281.65, 450.0), (282.15, 300.0), (283.05, 30.0), (283.15, 0.0), (300.0, 0.0)]
)
def test_thermostat_by_hand(battery_k: float, power_w: float) -> None:
    """Source of truth: definition: rated power from 2 K below the set point on, none at it, in proportion between; half of it
    where the bus is there for half of the step."""
    rng = np.random.default_rng(4)
    state = cases.random_record("state", rng)._replace(battery_k=battery_k)
    inputs = cases.random_record("inputs", rng)._replace(bus_available=1.0)
    assert battery_heater.advance(state, inputs, HEATER).battery_heater_w == pytest.approx(power_w, abs=1e-6)
    half = battery_heater.advance(state, inputs._replace(bus_available=0.5), HEATER)
    assert half.battery_heater_w == pytest.approx(0.5 * power_w, abs=1e-6)
    assert battery_heater.advance(state, inputs, BatteryHeater(0.0, 0.0)).battery_heater_w == 0.0


@pytest.mark.parametrize(
    ("unserved_w", "structure_w", "battery_w", "loop_w"),
    [(0.0, 800.0, 640.0, 250.0), (300.0, 500.0, 640.0, 250.0), (1000.0, 0.0, 440.0, 250.0), (1500.0, 0.0, 40.0, 150.0), (1650.0, 0.0, 40.0, 0.0)],
)
def test_what_is_not_served_does_not_warm(unserved_w: float, structure_w: float, battery_w: float, loop_w: float) -> None:
    """Source of truth: by hand: bus 800 W, heater of the battery 600 W (40 W of losses beside it), heater of the coolant 250 W: what is
    not served is taken from them in this order."""
    heats = thermal.machine_heats(
        Loads(0.0, 0.0, 250.0, 800.0, 600.0, 1650.0), BatteryFlows(0.0, 0.0, 0.0, 40.0, 0.0, unserved_w, 1650.0 - unserved_w),
        PanelFlows(300.0, 0.0, 0.0, 0.0, 0.0),
    )  # fmt: skip
    assert (heats.structure_w, heats.battery_w, heats.loop_w) == pytest.approx((structure_w, battery_w, loop_w), abs=1e-9)


def _ran(*sets: str, duration: str = "2 d") -> Outcome:
    """Lost satellites in sunlight, whose walls get the same heat all the time, from a battery at 0 degC."""
    run = Run(books.load(f"duration={duration}", books.ring("06:00", 2, altitude_km=1500.0), MOUNTS, *sets, events=LOST), tile=8, threads=1)
    run.first_state.row("battery_k")[:] = 273.15
    return run.finish()


def test_balance_at_rest() -> None:
    """Source of truth: brentq on two balances by hand: the heater gives P (283.15 K - T) / 2 K and the mounts 20 W/K from battery to
    structure; walls emit what comes from Sun, Earth, battery, and through their mounts from the coolant. Structure and
    battery settle in 11 h; the orbit turns the heat from outside by 4 %, a quarter of that in T: 0.6 K of 240 K."""
    outcome = _ran("satellite.power.battery.heater.power=900 W", "satellite.attitude.pointing_error=0 deg")
    outside_w = float(outcome.row("structure_environment_j").mean()) / outcome.grid.duration_s
    coolant_k = float(outcome.row("loop_k").mean())  # its heater holds it
    walls = outcome.loaded.scenario.satellite.thermal.structure

    def battery_k(structure_k: float) -> float:
        return (20.0 * structure_k + 450.0 * 283.15) / (20.0 + 450.0)

    def left_w(structure_k: float) -> float:
        given_w = 20.0 * (battery_k(structure_k) - structure_k) + walls.to_coolant * (coolant_k - structure_k)
        return outside_w + given_w - walls.emissivity * 5.670374419e-8 * walls.area * structure_k**4

    structure_k = brentq(left_w, 150.0, 300.0)
    assert outcome.row("structure_k") == pytest.approx(np.full(2, structure_k), abs=0.6)
    assert outcome.row("battery_k") == pytest.approx(np.full(2, battery_k(structure_k)), abs=0.6 * 20.0 / 470.0)
    assert 200.0 < 20.0 * (battery_k(structure_k) - structure_k) < 900.0, "neither off nor at its rated power"
    assert max(books.closures(outcome).values()) < 1e-9


def test_a_cold_battery_is_not_charged() -> None:
    """Source of truth: definition: cells of nickel-cobalt-aluminium take no charge below 0 degC. At half of its charge a pack whose
    heater works is full after two days in sunlight; without a heater, or with one too small, it takes nothing once it is cold."""
    half = "satellite.power.battery.initial_charge=0.5"
    warm, weak, without = (_ran(half, heater) for heater in (
        "satellite.power.battery.heater.power=1 kW", "satellite.power.battery.heater.power=100 W", "satellite.power.battery.heater=null",
    ))  # fmt: skip
    capacity_j = warm.loaded.scenario.satellite.power.battery.capacity
    assert warm.initial_value("charge_j") == pytest.approx(np.full(2, 0.5 * capacity_j), rel=1e-12)
    assert warm.row("charge_j") == pytest.approx(np.full(2, capacity_j), rel=1e-6)
    for cold in (weak, without):
        assert cold.row("battery_k").max() < 273.15
        charge = cold.kept[:, books.RECORDED["charge_fraction"]]
        assert np.array_equal(charge[-1], charge[len(charge) // 2]), "the walls are warm at first; no more after a day"
        assert charge[-1].max() < 0.6
    assert weak.row("battery_heater_j") == pytest.approx(np.full(2, 100.0 * weak.grid.duration_s), rel=1e-9)
    assert without.row("battery_heater_j").max() == 0.0
