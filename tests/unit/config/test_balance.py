"""Balances of designs: heat against the simulator's network, light against runs, the battery by hand and against a run."""

from __future__ import annotations

import math
from typing import Any

import pytest

import sim
from orbit.sunlit_orbits import beta_sine, sun
from sim.config.balance import heat, power
from sim.config.balance.case import Case
from sim.config.balance.orbits import orbits
from sim.config.balance.sunlight import Revolution, revolution
from sim.config.scenario import load
from sim.config.schema import Satellite
from sim.engine.driver import Run
from sim.spacecraft import thermal
from sim.spacecraft.thermal_network import steady_state_k

ALONE = ("links=null", "ground=null", "workloads=[{kind: independent}]", "economics=null", "baseline=null")
REVOLUTIONS_MIN = 195.36  # two of them at 650 km


def _ring(local_time: str) -> str:
    return f"constellation={{kind: ring, altitude: 650 km, local_time: '{local_time}', satellites: 1}}"


def _case(*sets: str) -> tuple[Any, Case]:
    loaded = load("suncatcher", (*ALONE, *sets), allow_infeasible=True)
    scenario = loaded.scenario
    return loaded, Case(scenario.satellite, scenario.environment, tuple(orbits(scenario, scenario.satellite)))


# --- heat --------------------------------------------------------------------------------------------------------------


def _leakage_w(satellite: Satellite, junction_k: float) -> float:
    """Leakage of all accelerators beyond that in their idle power, by hand: it doubles with every so many kelvin."""
    chip = satellite.accelerator
    assert chip.leakage is not None
    reference_k = chip.junction_limit if chip.leakage.reference is None else chip.leakage.reference
    return satellite.accelerators * chip.leakage.share * chip.max_power * (2.0 ** ((junction_k - reference_k) / chip.leakage.doubling) - 1.0)


AROUND = (heat.Around(104.7, 125.0), heat.Around(60.0, 90.0, 9e3, 800.0))


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("dynamic", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("name", ["suncatcher", "starlink-edge", "starcloud-40mw", "bupt-1"])
def test_steady_temperatures_are_those_of_the_network(name: str, dynamic: float, around: heat.Around) -> None:
    """Source of truth: Newton's method on the simulator's network, with leakage, harness and pumps by hand; 0.01 K."""
    satellite = load("suncatcher", (*ALONE, f"satellite={name}", "duration=1 h"), allow_infeasible=True).scenario.satellite
    around = around._replace(charge_w=around.charge_w * satellite.bus.power / 1e3, battery_w=around.battery_w * satellite.bus.power / 1e3)
    found = heat.steady(satellite, dynamic, around)
    chip, n, area = satellite.accelerator, satellite.accelerators, satellite.thermal.radiator.area
    chip_w = n * (chip.idle_power + dynamic * (chip.max_power - chip.idle_power)) + _leakage_w(satellite, found.junction_k)
    assert found.machines_w == pytest.approx(chip_w + n * chip.host.power, rel=1e-4)
    drawn_w = (chip_w + n * chip.host.power) / satellite.power.conversion_efficiency
    pumps_w = satellite.thermal.loop.pump_fraction * drawn_w
    at_bus_w = drawn_w + pumps_w + satellite.bus.power + around.charge_w
    harness_w = at_bus_w / satellite.power.array.conditioning_efficiency - at_bus_w
    heats = {
        "chip": chip_w, "plate": drawn_w - chip_w, "loop": pumps_w + harness_w, "battery": around.battery_w, "structure": satellite.bus.power
    }  # fmt: skip
    outside = {f"radiator_{k}": around.radiator_w_m2 * area / 3.0 for k in (1, 2, 3)}
    outside["structure"] = around.wall_w_m2 * satellite.thermal.structure.area
    network = thermal.network(satellite)
    nodes = dict(zip(network.index, steady_state_k(network, heats, outside).tolist(), strict=True))
    assert (found.junction_k, found.hbm_k, found.loop_k) == pytest.approx((nodes["junction"], nodes["hbm"], nodes["loop"]), abs=0.01)
    assert found.radiator_k == pytest.approx((nodes["radiator_1"] + nodes["radiator_2"] + nodes["radiator_3"]) / 3.0, abs=0.01)
    assert (found.wall_k, heat.battery_k(satellite, found, around)) == pytest.approx((nodes["structure"], nodes["battery"]), abs=0.01)


def test_sizes_are_the_least_that_fit() -> None:
    """Source of truth: definition: the radiator and the conductance that are found put junction or memory at the limit; 0.01 K."""
    satellite, around = load("suncatcher", ALONE).scenario.satellite, AROUND[0]
    area_m2 = heat.radiator_m2(satellite, 1.0, around)
    assert area_m2 is not None
    assert heat.steady(satellite, 1.0, around, radiator_m2=area_m2).excess_k(satellite) == pytest.approx(0.0, abs=0.01)
    spare_m2 = heat.radiator_m2(satellite, 1.0, around, margin_k=5.0)
    assert spare_m2 is not None
    assert heat.steady(satellite, 1.0, around, radiator_m2=spare_m2).excess_k(satellite) == pytest.approx(-5.0, abs=0.01)
    conductance_w_k = heat.conductance_w_k(satellite, 1.0, around)
    assert conductance_w_k is not None
    assert heat.steady(satellite, 1.0, around, conductance_w_k=conductance_w_k).excess_k(satellite) == pytest.approx(0.0, abs=0.01)


def test_the_dynamic_power_that_is_held_is_at_the_limit() -> None:
    """Source of truth: definition; a radiator of 20 m2 does not hold full rate, and one of 60 m2 does."""
    small, large = (load("suncatcher", (*ALONE, f"satellite.thermal.radiator.area={m2} m2"), allow_infeasible=True).scenario.satellite for m2 in (20, 60))
    share = heat.held_dynamic(small, AROUND[0])
    assert 0.1 < share < 0.9
    assert heat.steady(small, share, AROUND[0]).excess_k(small) == pytest.approx(0.0, abs=0.01)
    assert heat.held_dynamic(large, AROUND[0]) == 1.0


# --- light -------------------------------------------------------------------------------------------------------------

LAWS = {
    "sun-pointing": (), "orbit-normal": (), "nadir": (), "radiator-edge-on": (), "slewing": ("point=nadir", "array_drive=orbit-normal"),
    "slewing ahead": ("point=ahead", "array_drive=radial"), "sun-pointing 20 deg": ("radiator_cant=20 deg",),
    "nadir -15 deg": ("radiator_cant=-15 deg",), "orbit-normal 30 deg": ("radiator_cant=30 deg",),
    "slewing 10 deg": ("point=zenith", "array_drive=along-track", "radiator_cant=10 deg"),
}  # fmt: skip


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("local_time", ["06:00", "09:00", "12:00"])
def test_light_of_a_revolution_is_that_of_a_run(law: str, local_time: str) -> None:
    """Source of truth: the simulator over two revolutions: array, radiator that sees the array, and walls. 1.5 % of the array's power and
    2 W/m2 for the cylinder of the shadow and albedo as that below the satellite; the shadow itself within a minute of penumbra."""
    mounted = (f"satellite.attitude.law={law.split()[0]}", *(f"satellite.attitude.{text}" for text in LAWS[law]))
    loaded, case = _case(_ring(local_time), *mounted, "satellite.thermal.radiator.view_to_array=0.1", f"duration={REVOLUTIONS_MIN} min", "step=29.304 s")
    satellite, found = loaded.scenario.satellite, Run(loaded).finish()
    mean_w = {name: found.row(f"{name}_j")[0] / loaded.scenario.duration for name in ("generated", "environment", "structure_environment")}
    orbit = case.orbits[0]
    side = math.copysign(1.0, beta_sine(sun(orbit.day), orbit.planes[0].inclination_rad, orbit.planes[0].node_rad))
    light = revolution(satellite, case.environment, orbit.radius_m, orbit.period_s, side * orbit.sun.least_beta_rad, orbit.sun.least_w_m2)
    assert light.mean_array_w_m2 * satellite.power.array.area == pytest.approx(mean_w["generated"], rel=0.015, abs=30.0)
    assert light.absorbed_w_m2 == pytest.approx(mean_w["environment"] / satellite.thermal.radiator.area, abs=2.0)
    assert light.wall_w_m2 == pytest.approx(mean_w["structure_environment"] / satellite.thermal.structure.area, abs=2.0)


@pytest.mark.parametrize("local_time", ["06:00", "09:00", "12:00"])
def test_shadow_is_that_of_a_run(local_time: str) -> None:
    """Source of truth: the simulator over two revolutions."""
    loaded, case = _case(_ring(local_time), f"duration={REVOLUTIONS_MIN} min", "step=29.304 s")
    summary = sim.run(loaded).summary
    assert case.eclipse_s == pytest.approx(summary["power"]["eclipse_s_max"], abs=60.0)
    assert case.dark.sunlit_share == pytest.approx(summary["power"]["sunlit_fraction"], abs=0.005)


def test_hottest_cells_are_those_of_a_lost_satellite() -> None:
    """Source of truth: the simulator: a satellite that is lost draws nothing from its array, and the panel under a high Sun is warmest; 1 K."""
    loaded, case = _case(
        _ring("12:00"), "satellite.attitude.law=nadir", "satellite.thermal.heater=null", f"duration={REVOLUTIONS_MIN} min", "step=29.304 s",
        "events=['2026-12-21T00:00Z lose satellite 0']", "satellite.power.array.heat_capacity=300 J/(m2 K)",
    )  # fmt: skip
    assert case.warm.hottest_cell_k == pytest.approx(sim.run(loaded).summary["thermal"]["array_k_max"], abs=1.0)


def test_a_panel_with_heat_capacity_gives_more_after_the_shadow() -> None:
    """By hand: 275 s to warm up by 140 K at 0.36 %/K gain a quarter of 4,650 s for a share of 275 / 4,650: 1.5 to 3.5 %."""
    cold, thin = (
        _case(_ring("06:00"), f"satellite.power.array.heat_capacity={value} J/(m2 K)", "step=50 ms", "duration=1 s")[1] for value in (2780.0, 1.0)
    )
    assert 1.015 < cold.dark.mean_array_w_m2 / thin.dark.mean_array_w_m2 < 1.035
    assert cold.dark.array_w_m2[0] > 1.3 * cold.dark.array_w_m2[-1]


# --- power -------------------------------------------------------------------------------------------------------------

VOLTS, OHM, AH = (3.31, 4.13), 0.0755, 2.73  # the cell nca, as its file states it


def _per_w(energy_j: float, charge: float) -> float:
    """By hand: what is lost in a resistance over the square of the power, R / V^2; V^2 is linear in the energy."""
    mean = 0.5 * (VOLTS[0] + VOLTS[1])
    square = VOLTS[0] ** 2 + (VOLTS[1] ** 2 - VOLTS[0] ** 2) * charge
    return OHM * (3600.0 * AH * mean) / square / energy_j  # a pack of E / (Q V) cells in parallel


def _satellite(*sets: str) -> Satellite:
    """suncatcher with 20 kWh that may be discharged by half: the middle is at three quarters."""
    sets = ("satellite.power.battery.capacity=20 kWh", "satellite.power.battery.max_depth=0.5", *sets)
    return load("suncatcher", (*ALONE, *sets), allow_infeasible=True).scenario.satellite


KWH = 3.6e6


def test_shares_of_charge_and_discharge_by_hand() -> None:
    """By hand: 10 kW inside the battery of 20 kWh lose k P^2, and a thousandth of a charge is not given back; 1e-9."""
    battery, k = _satellite().power.battery, _per_w(20.0 * KWH, 0.75)
    lost_w = k * 10e3**2
    assert 150.0 < lost_w < 350.0  # 0.0755 ohm at 1.33 A of 7.1 Wh in each of 1,970 cells
    assert power.stored_share(battery, 10e3 + lost_w) == pytest.approx(0.999 * 10e3 / (10e3 + lost_w), rel=1e-9)
    assert power.given_share(battery, 10e3 - lost_w) == pytest.approx((10e3 - lost_w) / 10e3, rel=1e-9)
    assert power.given_share(battery, 0.0) == 1.0


def test_capacity_by_hand() -> None:
    """By hand: 20 kWh at a depth of 0.5 give 10 kWh inside in 20 min, 30 kW, less k P^2; with a reserve for 1 kW in 36 min
    that is less by P t with P - k P^2 = 1 kW, at half charge; 1e-6."""
    satellite, dark_s, reserve_s = _satellite(), 1200.0, 2160.0
    reserve_w = 1e3
    for _ in range(50):
        reserve_w = 1e3 + _per_w(20.0 * KWH, 0.5) * reserve_w**2
    for kept_j, held_s in ((0.0, 0.0), (reserve_w * reserve_s, reserve_s)):
        inside_w = (10.0 * KWH - kept_j) / dark_s
        load_w = inside_w - _per_w(20.0 * KWH, 0.75) * inside_w**2
        assert power.capacity_j(satellite, load_w, dark_s, held_s) == pytest.approx(20.0 * KWH, rel=1e-6)
    assert power.dark_w(satellite, dark_s) == pytest.approx(load_w, rel=1e-6)  # bus_reserve is 36 min
    assert power.capacity_j(satellite, 0.0, 0.0, reserve_s, 0.0) == math.inf


def test_cells_limit_the_power() -> None:
    """By hand: 20 kWh of cells that are charged in two hours and discharged in half an hour: 10 and 40 kW."""
    battery = _satellite("satellite.power.battery.max_charge_power=1 MW", "satellite.power.battery.max_discharge_power=1 MW").power.battery
    assert (power.most_charge_w(battery), power.most_discharge_w(battery)) == pytest.approx((10e3, 40e3), rel=1e-12)
    less = _satellite("satellite.power.battery.max_charge_power=3 kW", "satellite.power.battery.max_discharge_power=4 kW").power.battery
    assert (power.most_charge_w(less), power.most_discharge_w(less)) == (3e3, 4e3)


def test_balance_of_a_revolution_by_hand() -> None:
    """By hand: 4,000 s in light of 200 W/m2 on 100 m2 and 2,000 s in the shadow, 12 kW from the bus at all times: 8 kW charge, at most
    6 kW where a limit says so, and 12 kW discharge."""
    satellite, battery = _satellite(), _satellite().power.battery
    light = Revolution(6000.0, 2000.0, 0.0, (200.0,) * 4, 300.0, 0.0, 0.0, 0.0, 0.0)
    k = _per_w(20.0 * KWH, 0.75)

    def inside(at_bus_w: float, sign: float) -> float:
        return at_bus_w * 2.0 / (1.0 + math.sqrt(1.0 + sign * 4.0 * k * at_bus_w))

    drained_j = 2000.0 * inside(12e3, -1.0)
    for most_w, charged_w in ((math.inf, 8e3), (6e3, 6e3)):
        expected_j = 4000.0 * 0.999 * inside(charged_w, 1.0) - drained_j
        assert power.balance_j(satellite, (light,), 100.0, 12e3, 12e3, most_w) == pytest.approx(expected_j, rel=1e-9)
    area_m2 = power.array_m2(satellite, (light,), 12e3, 12e3)
    assert area_m2 is not None
    assert power.balance_j(satellite, (light,), area_m2, 12e3, 12e3) == pytest.approx(0.0, abs=1.0)
    need_w = power.charge_w(satellite, (light,), 1.2 * area_m2, 12e3, 12e3)
    assert need_w == pytest.approx(200.0 * area_m2 - 12e3, rel=1e-6)
    charge_w, heat_w = power.recharge_w(battery, 12e3, 2000.0, 6000.0)
    assert charge_w == pytest.approx(need_w, rel=1e-6)
    assert heat_w == pytest.approx((4000.0 * charge_w - 2000.0 * 12e3) / 6000.0, rel=1e-9)


def test_depth_and_charge_are_those_of_a_run() -> None:
    """Source of truth: the simulator, with a resistance that does not depend on temperature and chips whose power is constant: the depth
    after an eclipse, and the array below which the charge does not come back. 1.5 %: penumbra, and the loss at one state of charge."""
    steady = (
        "satellite.accelerator.max_power=90.5 W", "satellite.accelerator.leakage=null", "satellite.power.battery.chemistry={extends: nca, activation: 0 K}",
        "satellite.power.battery.capacity=16 kWh", "satellite.power.battery.max_charge_power=40 kW", "satellite.power.battery.max_depth=0.9",
        "satellite.thermal.structure.area=5 m2", _ring("12:00"), f"duration={REVOLUTIONS_MIN} min", "step=29.304 s",
    )  # fmt: skip
    loaded, case = _case(*steady)
    battery, load_w = case.satellite.power.battery, case.full.machines_w
    load_w = power.load_w(case.satellite, load_w)
    found = Run(loaded).finish()
    depth = load_w * case.eclipse_s / power.given_share(battery, load_w) / battery.capacity
    assert 1.0 - found.row("charge_fraction_min")[0] == pytest.approx(depth, rel=0.015)
    area_m2 = power.array_m2(case.satellite, case.planes, load_w, load_w)
    assert area_m2 is not None
    lost = []
    for share in (0.97, 1.03):
        loaded, _ = _case(*steady, f"satellite.power.array.area={share * area_m2} m2", f"duration={3.0 * REVOLUTIONS_MIN} min")
        lost.append(_power_lost(loaded))
    assert lost[0] > 0.01
    assert lost[1] < 1e-3


def _power_lost(loaded: Any) -> float:
    return float(next(row["fraction"] for row in sim.run(loaded).waterfall if row["cause"] == "power"))
