"""Energies by source and use: what flows into a place flows out of it, and single loads by hand."""

from __future__ import annotations

import numpy as np
import pytest

import sim
from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4
from sim.engine.driver import Run
from sim.engine.outcome import Outcome
from sim.results import energy_balance
from sim.spacecraft.step import ROWS
from viz import energy

ALONE = ("workloads=[{kind: independent}]", "links=", "economics=", "ground.stations=[]", "allow_infeasible=true")
RECORDED = {r.variable.name: n for n, r in enumerate(ROWS.recorded)}
INSIDE = ("Electricity offered", "Lost to ageing of cells", "Bus", "Heat of arrays", "Heat of bodies")


def flown(*sets: str, events: tuple[str, ...] = ()) -> Outcome:
    """A ring of four satellites of the shipped formation's type, through noon and midnight."""
    ring = "constellation={kind: ring, altitude: 650 km, local_time: '12:00', satellites: 4}"
    return Run(sim.load("suncatcher", set=[ring, *ALONE, *sets], events=events), threads=1).finish()


@pytest.fixture(scope="module")
def eclipsed() -> Outcome:
    """Two hours with eclipses, cold coolant, aged cells and battery; one satellite is lost, another derated. Shared: do not change it."""
    return flown(
        "duration=2 h", "satellite.power.array.retention=0.8", "satellite.age=3 yr", "satellite.thermal.heater.setpoint=-20 degC",
        "satellite.thermal.heater.power=300 W", "satellite.power.battery.capacity=90 kWh", "satellite.power.battery.bus_reserve=100 min",
        "satellite.power.battery.heater.setpoint=30 degC", "satellite.bus.terminals=900 W",
        events=("2026-12-21T00:40:00Z lose satellite 0", "2026-12-21T00:20:30Z derate satellite 1 to 0.5"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def found(eclipsed: Outcome) -> dict[str, float]:
    """Its energies."""
    return energy_balance.section(eclipsed)


def test_every_energy_is_there(found: dict[str, float]) -> None:
    assert tuple(found) == energy_balance.FIELDS
    assert all(np.isfinite(value) for value in found.values())
    signed = ("stored_j", "array_warmed_j", "body_warmed_j")
    assert all(value >= 0.0 for name, value in found.items() if name not in signed)
    drawn = ("heater_j", "battery_heater_j", "terminals_j", "leakage_j", "dynamic_j", "host_j", "pump_j", "aged_cells_j", "battery_loss_j")
    assert all(found[name] > 0.0 for name in drawn)


@pytest.mark.parametrize("name", INSIDE)
def test_every_place_passes_on_what_it_gets(found: dict[str, float], name: str) -> None:
    """Conservation of energy: each flow is a sum of its own; 1e-9 of what passes, as promised for the balances."""
    flows = energy.flows(found)
    into, out = sum(j for _, b, j in flows if b == name), sum(j for a, _, j in flows if a == name)
    assert into == pytest.approx(out, rel=1e-9)
    assert into > 0.0


def test_loads_by_hand(eclipsed: Outcome, found: dict[str, float]) -> None:
    """By hand: power of the section `bus` over available time; shares of conversion and pump; all add up to what was served."""
    satellite = eclipsed.loaded.scenario.satellite
    available_s = float(eclipsed.row("available_s").sum())
    assert found["unserved_j"] == 0.0
    both_j = found["bus_j"] + found["terminals_j"]
    assert both_j == pytest.approx((satellite.bus.power + 900.0) * available_s, rel=1e-9)
    assert found["terminals_j"] / found["bus_j"] == pytest.approx(900.0 / satellite.bus.power, rel=1e-12)
    electronics_j = sum(found[name] for name in ("host_j", "idle_j", "leakage_j", "dynamic_j"))
    efficiency = satellite.power.conversion_efficiency
    assert found["conversion_j"] == pytest.approx(electronics_j * (1.0 / efficiency - 1.0), rel=1e-9)
    assert found["pump_j"] == pytest.approx(satellite.thermal.loop.pump_fraction * electronics_j / efficiency, rel=1e-9)
    loads = ("bus_j", "terminals_j", "heater_j", "battery_heater_j", "pump_j", "conversion_j", "host_j", "idle_j", "leakage_j", "dynamic_j")
    assert sum(found[name] for name in loads) == pytest.approx(float(eclipsed.row("served_j").sum()), rel=1e-9)


def test_arithmetic_at_full_rate_by_hand() -> None:
    """By hand: a satellite in full sunlight at its full clock rate draws max_power less idle_power of each accelerator, at all times."""
    outcome = flown(
        "duration=30 min", "constellation={kind: ring, altitude: 1500 km, local_time: '06:00', satellites: 1}", "satellite.thermal.radiator.area=90 m2",
    )  # fmt: skip
    satellite, chip = outcome.loaded.scenario.satellite, outcome.loaded.scenario.satellite.accelerator
    found = energy_balance.section(outcome)
    assert found["dynamic_j"] == pytest.approx(satellite.accelerators * (chip.max_power - chip.idle_power) * 1800.0, rel=1e-6)
    assert found["host_j"] == pytest.approx(satellite.accelerators * chip.host.power * 1800.0, rel=1e-12)
    leakage_w = 0.0 if chip.leakage is None else chip.leakage.share * chip.max_power
    assert found["idle_j"] == pytest.approx(satellite.accelerators * (chip.idle_power - leakage_w) * 1800.0, rel=1e-12)


def test_what_is_not_served_is_taken_from_the_bus() -> None:
    """By hand: with an empty battery in eclipse the bus gets less by just what is missing, and all loads add up to what was served."""
    outcome = flown(
        "duration=1 h", "satellite.power.battery.initial_charge=0.6", "satellite.power.battery.max_depth=0.4", "satellite.power.battery.bus_reserve=0 s",
        "initial=full", "satellite.thermal.heater=null", "satellite.power.battery.heater=null",
    )  # fmt: skip
    found, satellite = energy_balance.section(outcome), outcome.loaded.scenario.satellite
    assert found["unserved_j"] > 1e5
    asked_j = satellite.bus.served_power * float(outcome.row("available_s").sum())
    assert found["bus_j"] + found["terminals_j"] == pytest.approx(asked_j - found["unserved_j"], rel=1e-9)
    served_j = float(outcome.row("served_j").sum())
    assert sum(sum(found[key] for key in keys) for name, keys in energy.LOADS.items() if name != "Battery losses") == pytest.approx(served_j, rel=1e-9)


def test_ageing_by_hand(eclipsed: Outcome, found: dict[str, float]) -> None:
    """By hand: cells with 80 % of their power give a quarter less than new ones would add; the battery's capacity as the run has it."""
    cells_j = float(eclipsed.row("generated_j").sum()) / eclipsed.loaded.scenario.satellite.power.array.conditioning_efficiency
    assert found["aged_cells_j"] == pytest.approx(0.25 * cells_j, rel=1e-12)
    assert found["battery_new_j"] == pytest.approx(4.0 * eclipsed.loaded.scenario.satellite.power.battery.capacity, rel=1e-12)
    assert 0.7 * found["battery_new_j"] < found["battery_full_j"] < 0.99 * found["battery_new_j"]


def test_heat_of_the_bodies_by_hand(eclipsed: Outcome, found: dict[str, float]) -> None:
    """Stefan and Boltzmann: emissivity, surface and the recorded temperatures of every step; the radiators emit the rest."""
    surface = eclipsed.loaded.scenario.satellite.thermal.structure
    fourth_k4 = (eclipsed.kept[:, RECORDED["structure_k"]] ** 4).sum()
    emitted_j = surface.emissivity * STEFAN_BOLTZMANN_W_M2_K4 * surface.area * fourth_k4 * eclipsed.grid.step_s
    assert eclipsed.stride == 1
    assert found["body_radiated_j"] == pytest.approx(emitted_j, rel=1e-9)
    both_j = float(eclipsed.row("radiated_j").sum())
    assert found["radiator_radiated_j"] == pytest.approx(both_j - emitted_j, rel=1e-9)


def test_radiators_emit_what_their_temperatures_say() -> None:
    """Stefan and Boltzmann: both faces of three segments with fins, at the means of the temperatures around each step; 0.2 %."""
    outcome = flown("duration=2 h")
    radiator = outcome.loaded.scenario.satellite.thermal.radiator
    kept = np.stack([outcome.kept[:, RECORDED[f"radiator_{n}_k"]] for n in (1, 2, 3)])
    fourth_k4 = 0.5 * (kept[:, 1:] ** 4 + kept[:, :-1] ** 4).sum(axis=1)
    emission = 2.0 * radiator.emissivity * radiator.fin_efficiency * STEFAN_BOLTZMANN_W_M2_K4 * radiator.area / 3.0
    emitted_j = emission * fourth_k4.sum() * outcome.grid.step_s * outcome.grid.steps / (outcome.grid.steps - 1)
    assert energy_balance.section(outcome)["radiator_radiated_j"] == pytest.approx(emitted_j, rel=2e-3)


def test_parts_of_the_fleet_add_up(eclipsed: Outcome, found: dict[str, float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: the fleet as a whole: in parts of one satellite energies and closure are the same, to rounding."""
    monkeypatch.setattr("sim.engine.outcome.PART", 1)
    parts = list(eclipsed.parts())
    assert len(parts) == eclipsed.satellites > 1
    assert [float(part.row("generated_j")[0]) for part in parts] == eclipsed.row("generated_j").tolist()
    assert energy_balance.section(eclipsed) == pytest.approx(found, rel=1e-12)
    monkeypatch.setattr("sim.engine.outcome.PART", eclipsed.satellites)
    whole = energy_balance.closure(eclipsed)
    monkeypatch.setattr("sim.engine.outcome.PART", 1)
    assert energy_balance.closure(eclipsed) == whole


def test_states_that_are_not_kept_are_refused(eclipsed: Outcome) -> None:
    """Source of truth: definition: a position only serves the next step; it must not read as 0."""
    with pytest.raises(KeyError, match="x_m"):
        eclipsed.row("x_m")
