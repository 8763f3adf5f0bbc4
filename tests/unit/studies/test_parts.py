"""Parts of a fleet by mass and money, and what more of each gives, by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

import sim
from sim.config import economics_params
from sim.config.scenario import Loaded, load
from sim.economics import cost
from sim.economics.launch import Lot, Vehicle
from sim.economics.mass import Parts
from sim.studies import parts
from sim.studies.parts import Held, Step
from sim.studies.why import why

# one satellite: 310 kg of array, 50 of battery, 100 of radiator, 20 of loop, 16 of chips, 24 of hosts, 8 of plates, 60 of terminals, 12 of
# shielding, 80 of bus, 170 of structure, 30 of tanks, 60 of propellant: 940 kg
MASSES = Parts(310.0, 50.0, 100.0, 20.0, 16.0, 24.0, 8.0, 60.0, 12.0, 80.0, 170.0, 30.0, 60.0)
BUILD = cost.Build(
    lot=Lot(25, 940.0, 500e3, math.radians(53.0)), parts=MASSES, array_m2=100.0, battery_j=3.6e7, radiator_m2=20.0, accelerators=8, terminals=4,
    accelerator_usd=10e3, host_usd=3e3, terminal_usd=50e3, life_s=1.0, lost_per_year=0.0,
)  # fmt: skip
PRICES = cost.Prices(
    array_usd_m2=2e3, battery_usd_j=100.0 / 3.6e6, radiator_usd_m2=5e3, bus_usd_kg=1e3, integration=0.1, insurance=0.05, operations_per_year=0.0,
    gateway_usd=0.0, gateway_life_s=1.0, capital_rate=0.05,
)  # fmt: skip
# 23.5 t to the reference orbit, which is that of the satellites: 25 of them fill it
VEHICLE = Vehicle(23.5e3, 500e3, math.radians(53.0), math.radians(28.5), 2400.0, 47e6, None, None, None, 0.0, "kerosene")
# by hand [USD]: 100 m2, 10 kWh, 20 m2; loop, plates, shielding, bus, structure, tanks and propellant by mass; 8 chips and hosts, 4 terminals
ONE_USD = {
    "array": 200e3, "battery": 1e3, "radiator": 100e3, "loop": 20e3, "plates": 8e3, "shielding": 12e3, "bus": 80e3, "structure": 170e3,
    "propulsion": 90e3, "accelerators": 80e3, "hosts": 24e3, "terminals": 200e3,
}  # fmt: skip


def test_parts_by_hand() -> None:
    """By hand: the parts of 25 satellites for 985,000 USD each, a tenth more for integration; one launch for 47 million; premiums of 5 %."""
    held = parts.holdings([BUILD], PRICES, VEHICLE)
    for part, usd in ONE_USD.items():
        assert held[part].usd == pytest.approx(25 * usd, rel=1e-12), part
    assert held["propulsion"].kg == 25 * 90.0
    assert sum(ONE_USD.values()) == 985e3
    assert held["integration"] == Held(0.0, pytest.approx(25 * 98.5e3, rel=1e-12))
    assert held["launch"] == Held(0.0, pytest.approx(47e6, rel=1e-9))
    assert held["insurance"] == Held(0.0, pytest.approx(0.05 * (25 * 1.1 * 985e3 + 47e6), rel=1e-9))


def test_parts_sum_to_mass_and_capital_cost() -> None:
    """Source of truth: 25 x 940 kg, and the capital cost of a fleet whose one launch is full: all parts, with integration, launch and insurance."""
    rows = [row for row in parts.parts([BUILD], PRICES, VEHICLE, {}, 1e15) if row.part != "satellites"]
    assert math.fsum(row.mass_kg for row in rows) == pytest.approx(25 * 940.0, rel=1e-12)
    assert math.fsum(row.mass_share for row in rows) == pytest.approx(1.0, rel=1e-12)
    assert math.fsum(row.usd or 0.0 for row in rows) == pytest.approx(1.05 * (25 * 1.1 * 985e3 + 47e6), rel=1e-9)
    work = cost.Work(1e15, None, 1.0, None)
    assert math.fsum(row.usd or 0.0 for row in rows) == pytest.approx(cost.orbit([BUILD], PRICES, VEHICLE, 0, work, None).capex_usd, rel=1e-9)
    assert math.fsum(row.usd_share or 0.0 for row in rows) == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize(("stated_kg", "margin_usd"), [(1000.0, 60e3), (900.0, -40e3), (500.0, -380e3)])
def test_the_margin_of_a_stated_mass_is_a_part(stated_kg: float, margin_usd: float) -> None:
    """By hand: 60 kg more or 40 less than the parts weigh, at 1,000 USD/kg; of 500 kg less than nothing is left for the 380 kg that have no price of
    their own, which cost nothing then. Parts sum to the stated mass and its cost."""
    stated = BUILD._replace(lot=BUILD.lot._replace(mass_kg=stated_kg))
    held = parts.holdings([stated], PRICES, VEHICLE)
    assert held["margin"] == Held(pytest.approx(25 * (stated_kg - 940.0)), pytest.approx(25 * margin_usd))
    assert math.fsum(one.kg for one in held.values()) == pytest.approx(25 * stated_kg, rel=1e-12)
    whole = cost.full_launch_usd([stated], PRICES, VEHICLE)
    assert math.fsum(one.usd or 0.0 for one in held.values()) == pytest.approx(whole, rel=1e-9)


def test_a_price_that_is_not_known() -> None:
    """Source of truth: definition: a part without a price has none, and there is no yardstick in money."""
    rows = {row.part: row for row in parts.parts([BUILD._replace(accelerator_usd=None)], PRICES, VEHICLE, {}, 1e15)}
    assert rows["accelerators"].usd is None
    assert rows["launch"].usd is None
    assert rows["satellites"].usd is None
    assert rows["array"].usd == pytest.approx(25 * 200e3, rel=1e-12)
    free = {row.part: row for row in parts.parts([BUILD], None, None, {}, 1e15)}
    assert {row.usd for row in free.values()} == {None}
    assert free["array"].mass_kg == 25 * 310.0


def test_marginal_gain_by_hand() -> None:
    """By hand: 4,000 kg and 2 million USD more array give 2e14 FLOP/s: 5e10 for each kilogram, 1e14 for each million. Satellites give 1e15 for 23.5 t
    and 77.8 million."""
    rows = {row.part: row for row in parts.parts([BUILD], PRICES, VEHICLE, {"array": Step("+10 m2 array", 4e3, 2e6, 2e14)}, 1e15)}
    array = rows["array"]
    assert (array.step, array.step_kg, array.step_usd, array.reason) == ("+10 m2 array", 4e3, 2e6, None)
    assert array.per_kg == pytest.approx(5e10, rel=1e-12)
    assert array.per_million_usd == pytest.approx(1e14, rel=1e-12)
    assert array.against_satellites_kg == pytest.approx(5e10 / (1e15 / 23.5e3), rel=1e-9)
    whole_usd = 1.05 * (25 * 1.1 * 985e3 + 47e6)
    assert array.against_satellites_usd == pytest.approx(1e14 / (1e21 / whole_usd), rel=1e-9)
    assert rows["satellites"].against_satellites_kg == pytest.approx(1.0, rel=1e-12)
    assert rows["hosts"].per_kg is None
    assert rows["hosts"].reason == "goes with the accelerators, whose row counts both"


def test_what_limits_a_design() -> None:
    """By hand: the array gives most for a million, the radiator for a kilogram; where nothing beats whole satellites or gains at all, that is said."""
    steps = {"array": Step("", 4e3, 2e6, 2e14), "radiator": Step("", 1e3, 2e6, 1e14)}
    said = parts.limits(parts.parts([BUILD], PRICES, VEHICLE, steps, 1e15))
    assert said.startswith("a million USD more gives most in array, 7.")
    assert "; a kilogram more gives most in radiator, 2.35 times what it gives in whole satellites" in said
    poor = parts.limits(parts.parts([BUILD], PRICES, VEHICLE, {"array": Step("", 4e3, 2e6, 1e12)}, 1e15))
    assert poor.count(": no part limits") == 2
    none = parts.limits(parts.parts([BUILD], PRICES, VEHICLE, {"array": Step("", 4e3, 2e6, 0.0)}, 1e15))
    assert none == "no part limits: more of any gives no useful FLOPs"


ALONE = (
    "constellation={kind: ring, altitude: 650 km, local_time: '06:00', satellites: 8}", "links=null", "workloads=[{kind: independent}]",
    "duration=100 min", "epoch=2027-03-20T00:00Z",
)  # fmt: skip
# an array that does not serve full power, without a shadow: useful grows with the array, as in test_why.py
SHORT = (
    "satellite.accelerator.leakage=null", "satellite.accelerator.voltage_floor=1.0", "satellite.power.array.area=70 m2", "satellite.thermal.heater=null",
    "satellite.power.battery.initial_charge=0.5", "satellite.power.battery.max_depth=0.5", "satellite.power.battery.bus_reserve=0 s",
    "satellite.thermal.radiator.area=60 m2", "satellite.propulsion.station_keeping=8.7 m/s/yr", "satellite.propulsion.deorbit=195 m/s",
)  # fmt: skip


def _loaded(*sets: str) -> Loaded:
    return load("suncatcher", (*ALONE, *sets), allow_infeasible=True)


def test_every_part_has_its_row() -> None:
    """Source of truth: the masses of the design and the price of its satellites with full launches; every field that is increased is a part."""
    loaded = _loaded()
    answer = why(loaded)
    rows = {row.part: row for row in answer.parts}
    satellite = loaded.scenario.satellite
    masses: dict[str, Any] = economics_params.parts_kg(satellite, loaded.scenario)._asdict()
    masses["propulsion"] += masses.pop("propellant")
    for part, kg in masses.items():
        assert kg == 0.0 or rows[part].mass_kg == pytest.approx(8 * kg, rel=1e-12), part
    assert set(parts.STEPS.values()) <= set(rows)
    assert {row.part for row in answer.parts if row.step is not None} == {*parts.STEPS.values(), "satellites"}
    summary = sim.run(loaded).summary
    assert math.fsum(row.mass_kg for row in answer.parts if row.part != "satellites") == pytest.approx(summary["design"]["mass_kg"], rel=1e-9)
    by_part = summary["cost"]["capex_by_part_usd"]
    for part in ("array", "battery", "radiator", "accelerators", "hosts", "integration"):
        assert rows[part].usd == pytest.approx(by_part[part], rel=1e-9), part
    of_bus = (row.usd or 0.0 for part, row in rows.items() if part in ("loop", "plates", "shielding", "bus", "structure", "propulsion"))
    assert math.fsum(of_bus) == pytest.approx(by_part["bus"], rel=1e-9)


def test_marginal_gain_of_the_array_in_a_run() -> None:
    """By hand: two runs of the simulator, 70 and 77 m2 of array; a tenth of the array weighs 21.7 kg, by 1.25 for structure and 1.5 % for
    propulsion, and costs 7 x 3,400 USD and what is carried at 1,100 USD/kg, a tenth of both for integration; launches by mass."""
    small, large = (sim.run(_loaded(*SHORT, f"satellite.power.array.area={m2} m2")).summary["compute"] for m2 in (70, 77))
    gain = large["mean_useful_flops_per_s"] - small["mean_useful_flops_per_s"]
    loaded = _loaded(*SHORT)
    row = next(row for row in why(loaded).parts if row.part == "array")
    ratio = math.exp(238.5 / (9.80665 * 2500.0)) - 1.0
    kg = 7.0 * 3.1 * 1.25 * (1.0 + 1.5 * ratio / (1.0 - 0.5 * ratio))
    launch = load("suncatcher").scenario.economics
    assert launch is not None
    assert row.step_kg == pytest.approx(8 * kg, rel=1e-9)
    assert row.gain_flops_per_s == pytest.approx(gain, rel=1e-9)
    assert row.per_kg == pytest.approx(gain / (8 * kg), rel=1e-9)
    whole_kg = economics_params.mass_kg(loaded.scenario.satellite, loaded.scenario)
    (build,) = economics_params.builds(loaded.scenario, loaded.catalogues)
    vehicle = economics_params.vehicle(launch)
    usd_kg = (cost.full_launch_usd([build], economics_params.prices(launch), vehicle) or 0.0) / 8
    usd_kg = (usd_kg - cost.known(cost.satellite_usd(build, economics_params.prices(launch)))) / whole_kg
    usd = 8 * (1.1 * (7.0 * 3400.0 + (kg - 21.7) * 1100.0) + kg * usd_kg)
    assert row.step_usd == pytest.approx(usd, rel=1e-9)
    assert row.per_million_usd == pytest.approx(1e6 * gain / usd, rel=1e-9)
