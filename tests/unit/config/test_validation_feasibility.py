"""Designs that cannot close: each check finds its case, its proposal closes it, and a run with it lacks the failure."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from orbit import sunlit_orbits
from orbit.environment import sun_position_m
from sim.config.errors import InputError, Origin
from sim.config.library import items
from sim.config.scenario import Loaded, load
from sim.config.validation import feasibility
from sim.config.yaml_tree import Node
from sim.results.store import Results

REPO = Path(__file__).resolve().parents[3]
ALONE = (
    "constellation={kind: ring, altitude: 650 km, local_time: '12:00', satellites: 1}", "links=null", "ground=null",
    "workloads=[{kind: independent}]", "economics=null", "baseline=null", "duration=200 min",
    "satellite.thermal.structure.area=6 m2",  # without the heat of terminals
)  # fmt: skip
CASES: dict[str, tuple[str, ...]] = {
    "array": ("power.array.area=20 m2",),
    "charging": ("power.battery.max_charge_power=1 kW",),
    "battery": ("power.battery.capacity=1.2 kWh", "power.battery.bus_reserve=34 min", "bus.power=1 kW", "power.battery.max_depth=0.5"),
    "reserve": ("power.battery.bus_reserve=10 min",),
    "discharging": ("power.battery.max_discharge_power=500 W",),
    "radiator": ("thermal.radiator.area=1 m2",),
    "setpoint": ("thermal.heater.setpoint=96 degC",),
    "junction": ("accelerator.junction_limit=190 degC",),
    "memory": ("accelerator.hbm_limit=140 degC",),
    "coolant": ("accelerator.junction_limit=170 degC", "accelerator.hbm_limit=125 degC", "accelerator.hbm_to_plate=1e-4 K/W",
                "accelerator.junction_to_plate=1e-4 K/W", "thermal.heater.setpoint=-100 degC", "thermal.heater.freezing_point=-103 degC",
                "thermal.radiator.area=14 m2"),
    "cell-heat": ("power.array.emissivity_back=0.05", "power.array.emissivity_front=0.3", "power.array.absorptance=0.95"),
}  # fmt: skip
PROPOSAL = re.compile(r"^(?:.*?: )?satellite\.([a-z_.]+): .*?; write (.*?)(?: or (?:more|less).*)? \(check ([a-z-]+)\)$")


def _loaded(*sets: str, allowed: bool = False) -> Loaded:
    return load("suncatcher", (*ALONE, *(s if "=" in s.partition(".")[0] else f"satellite.{s}" for s in sets)), allow_infeasible=allowed)


def _problems(*sets: str) -> dict[str, tuple[str, str]]:
    """Field and proposal by check."""
    try:
        _loaded(*sets)
    except InputError as error:
        found = (PROPOSAL.fullmatch(str(p)) for p in error.problems)
        return {m[3]: (m[1], m[2]) for m in found if m is not None}
    return {}


def _closed(*sets: str) -> tuple[str, ...]:
    """The overrides with all proposals."""
    return (*sets, *(f"{field}={value}" for field, value in _problems(*sets).values()))


@pytest.mark.parametrize("name", sorted(CASES))
def test_each_check_finds_its_case_and_its_proposal_closes(name: str) -> None:
    """Source of truth: the scenario with the proposed values is accepted; without them it is not."""
    found = _problems(*CASES[name])
    assert name in found
    assert _problems(*_closed(*CASES[name])) == {}


@pytest.mark.parametrize("name", ["array", "charging", "battery", "radiator", "cell-heat"])
def test_a_proposal_is_the_nearest(name: str) -> None:
    """Source of truth: a value three per cent short of the proposal is refused as well; proposals have three digits."""
    field, value = _problems(*CASES[name])[name]
    number, _, unit = value.partition(" ")
    assert _problems(*CASES[name], f"{field}={0.97 * float(number)} {unit}".strip())


def _run(*sets: str, allowed: bool = False) -> Results:
    return sim.run(_loaded(*sets, allowed=allowed))


def _share(results: Results, cause: str) -> float:
    return float(next(row["fraction"] for row in results.waterfall if row["cause"] == cause))


def test_a_run_with_the_proposed_array_serves_the_idle_load() -> None:
    """Source of truth: the simulator. Chips that draw next to nothing beyond idle power make full load the idle load; the battery is ample.
    2 %: the loss of the battery at one state of charge."""
    idle = (
        "accelerator.max_power=90.5 W", "accelerator.leakage=null", "power.battery.capacity=40 kWh", "power.battery.max_charge_power=40 kW",
    )  # fmt: skip
    assert _share(_run(*idle, *CASES["array"], allowed=True), "power") > 0.3
    assert _share(_run(*_closed(*idle, *CASES["array"])), "power") < 0.02


def test_a_run_with_the_proposed_radiator_is_below_its_limits() -> None:
    """Source of truth: the simulator: nothing is computed with the small radiator, and with the proposed one idle machines cool enough."""
    hot, cool = _run(*CASES["radiator"], allowed=True), _run(*_closed(*CASES["radiator"]))
    assert _share(hot, "useful") == 0.0
    assert _share(cool, "useful") > 0.0
    assert cool.summary["thermal"]["junction_k_max"] < _loaded().scenario.satellite.accelerator.junction_limit + 0.1


def test_a_run_with_the_proposed_battery_serves_the_bus() -> None:
    """Source of truth: the simulator: power that the bus lacks in eclipse, and none with both proposals."""
    small = ("bus.power=2 kW", "power.battery.capacity=1 kWh", "power.battery.bus_reserve=10 min")
    assert set(_problems(*small)) >= {"battery", "reserve"}
    assert _run(*small, allowed=True).summary["power"]["unserved_j"] > 1e5
    assert _run(*_closed(*small)).summary["power"]["unserved_j"] == 0.0


def test_a_run_with_a_battery_that_is_too_cold_lacks_power() -> None:
    """Source of truth: the simulator: cells below freezing are not charged and the job stands still in every shadow; walls of the proposed area
    keep them warm enough."""
    cold = ("satellite.power.battery.heater=null", "satellite.thermal.structure.area=30 m2", "satellite.power.array.area=300 m2", "satellite.power.battery.capacity=60 kWh",
            "satellite.power.battery.max_charge_power=30 kW", "satellite.power.battery.max_depth=0.6", "satellite.power.battery.to_structure=140 W/K")  # fmt: skip
    scenario = load("suncatcher", (*ALONE, *cold)).scenario
    (found,) = (text for text in feasibility.design_notes(scenario) if "(check battery-temperature)" in text)
    area_m2 = float(re.search(r"write ([\d.]+) m2 or less", found)[1])  # type: ignore[index]
    lost = [_share(sim.run(load("suncatcher", (*ALONE, *cold, *sets))), "power") for sets in ((), (f"satellite.thermal.structure.area={area_m2} m2",))]
    assert lost[0] > 0.3
    assert lost[1] < 0.01


def test_sun_is_that_of_the_full_series() -> None:
    """Source of truth: `orbit.environment.sun_position_m`, itself checked against an ephemeris; 0.02 deg by the almanac's formula."""
    for year in (1960, 2026, 2049):
        for month in range(1, 13):
            moment = datetime(year, month, 11, 5, tzinfo=UTC)
            day = sunlit_orbits.days_since_j2000(moment)
            full = np.asarray(sun_position_m(2451545.0 + math.floor(day), day - math.floor(day)))
            found = sunlit_orbits.sun(day)
            apart = np.degrees(np.arccos(np.dot(full, found[:3]) / np.linalg.norm(full)))
            assert apart < 0.02
            assert found.distance_au * 149597870700.0 == pytest.approx(np.linalg.norm(full), rel=2e-4)


def test_bus_load_by_hand() -> None:
    """By hand: 2 m2 x 0.9 x 0.22 x 0.97 x 0.92 x 1408 W/m2 (1361 at 0.983 au) is 497 W at 28 degC in sunlight, less in orbit, and the bus needs 1 kW."""
    (found,) = (p for p in _refused("satellite.power.array.area=2 m2") if "(check array)" in p)
    assert "the bus alone needs 1 kW" in found
    given_w = float(re.search(r"2 m2 give ([\d.]+) W on average", found)[1])  # type: ignore[index]
    assert 0.5 * 497.0 < given_w < 0.64 * 497.0


def _refused(*sets: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        load("suncatcher", (*ALONE, *sets))
    return [str(problem) for problem in caught.value.problems]


def test_a_law_without_light_is_refused() -> None:
    """By hand: an array that faces the orbit normal has no sunlight where the Sun is in the plane; a catalogue's equator at the equinox."""
    shell = "constellation={kind: walker, altitude: 650 km, inclination: 0 deg, planes: 1, satellites_per_plane: 1}"
    (found,) = _refused(shell, "epoch=2027-03-20T12:00Z", "satellite.attitude.law=orbit-normal", "environment.earth_infrared=0 W/m2")
    assert "attitude.law" in found
    assert "write sun-pointing" in found


def test_location_and_exit_codes(folder: Path, dawndusk: Any) -> None:
    """Source of truth: the line and column of the field; exit code 2 is bad input."""
    text = "name: small\nextends: suncatcher\nsatellite:\n  extends: suncatcher\n  power: {array: {area: 20 m2}}\nduration: 1 h\n"
    (folder / "small.yaml").write_text(text, "utf-8")
    for verb in ("validate", "run"):
        called = dawndusk(verb, "small.yaml")
        assert called.code == 2
        (line,) = called.errors
        assert line.startswith("small.yaml:5:19: satellite.power.array.area: 20 m2 give ")
        assert line.endswith(" m2 or more (check array)")
    ran = dawndusk("run", "small.yaml", "--allow-infeasible", "--json", "--no-report")
    assert ran.code == 0
    summary = json.loads(ran.out)
    assert any(note.endswith("(check array)") for note in summary["notes"])
    again = load(next((folder / "results").iterdir()))
    assert again.scenario.allow_infeasible


def test_what_a_shipped_item_lacks_is_told_where_the_scenario_changes_it(folder: Path, dawndusk: Any) -> None:
    """Source of truth: the number of accelerators is the only thing that the user wrote; the array is of the shipped item."""
    (folder / "many.yaml").write_text("name: many\nextends: suncatcher\nsatellite:\n  extends: suncatcher\n  accelerators: 400\n", "utf-8")
    (found,) = (line for line in dawndusk("validate", "many.yaml").errors if "(check array)" in line)
    assert found.startswith("many.yaml:3:1: satellite.power.array.area: 147 m2 give ")


@pytest.mark.parametrize("name", sorted(items("scenarios")))
def test_shipped_scenarios_close(name: str) -> None:
    """Source of truth: they ship."""
    assert feasibility.check_designs(load(name).scenario, Node({}, Origin(""))) == []


def test_every_check_has_a_case_and_a_line_in_the_documents() -> None:
    """Source of truth: the registry."""
    assert {check.name for check in feasibility.CHECKS if check.refuses} == set(CASES)
    text = (REPO / "docs" / "scenarios.md").read_text("utf-8")
    for check in feasibility.CHECKS:
        assert f"| `{check.name}` | {check.condition} |" in text


@pytest.mark.parametrize(
    ("sets", "check"),
    [
        ((), "eclipse-load"),
        (("satellite.thermal.radiator.area=20 m2",), "full-heat"),
        (("satellite.power.battery.max_depth=0.8",), "cycles"),
        (("satellite.thermal.structure.area=30 m2",), "battery-temperature"),
        (("satellite.thermal.structure.area=1.5 m2",), "battery-temperature"),
    ],
)
def test_what_a_design_does_not_hold(sets: tuple[str, ...], check: str) -> None:
    """By hand: 32 kW through 35 min take 18.7 kWh of the 10.6 that suncatcher gives; 20 m2 are below the 27 of full heat; 26,000 cycles are for a
    depth of 0.3; 1 kW and 110 W/m2 from Sun and Earth are 145 W/m2 over 30 m2 of walls, and 780 over 1.5 m2, (E / 0.85 sigma)^0.25 = -39 and
    83 degC."""
    found = feasibility.design_notes(load("suncatcher", (*ALONE, *sets)).scenario)
    assert any(text.endswith(f"(check {check})") for text in found)


def test_the_rate_that_a_small_radiator_holds_is_that_of_a_run() -> None:
    """Source of truth: the simulator in continuous sunlight, whose heat per rate is the same: 0.01 for the albedo that comes and goes."""
    ring = "constellation={kind: ring, altitude: 1400 km, local_time: '06:00', satellites: 1}"
    sets = (*ALONE, ring, "epoch=2027-03-20T00:00Z", "satellite.thermal.radiator.area=18 m2", "satellite.power.array.area=200 m2", "duration=10 h")
    loaded = load("suncatcher", sets)
    (found,) = (text for text in feasibility.design_notes(loaded.scenario) if "(check full-heat)" in text)
    rate = float(re.search(r"the clock rate falls to ([\d.]+);", found)[1])  # type: ignore[index]
    assert _share(sim.run(loaded), "thermal") == pytest.approx(1.0 - rate, abs=0.015)


BAD = {
    "efficiency": ("satellite.power.array.cell_efficiency=1.2", "satellite.power.array.cell_efficiency: '1.2' must be at most 1"),
    "conversion": ("satellite.power.conversion_efficiency=1.01", "satellite.power.conversion_efficiency: '1.01' must be at most 1"),
    "absorptance": ("satellite.thermal.radiator.absorptance=1.3", "satellite.thermal.radiator.absorptance: '1.3' must be at most 1"),
    "below": ("satellite.thermal.structure.absorptance=-0.1", "satellite.thermal.structure.absorptance: '-0.1' must be at least 0"),
    "silicon": ("satellite.accelerator.junction_limit=180 degC", "180 degC is above the 175 degC for which silicon is rated; write 175 degC or less"),
    "hot walls": ("satellite.thermal.structure.design_temperature=1000 degC", "design_temperature: '1000 degC' must be below 500 K"),
    "no axis": ("satellite.attitude.law=slewing", "satellite.attitude.point: law: slewing needs it; write point: nadir"),
    "no drive": ("satellite.attitude={law: slewing, pointing_error: 1 deg, point: nadir}", "array_drive: law: slewing needs it; write array_drive: orbit-normal"),
    "edge-on": ("satellite.attitude={law: radiator-edge-on, pointing_error: 1 deg, radiator_cant: 10 deg}", "cannot be edge-on to it; write 0 deg"),
    "no depth": ("satellite.power.battery.max_depth=0", "max_depth: 0 leaves nothing for the reserve of the bus; write 0.3, or bus_reserve: 0 s"),
    "cells": ("satellite.power.battery.chemistry=nimh", "no cell named 'nimh'; write one of: lfp, nca, nmc"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_input_is_one_clear_line(dawndusk: Any, name: str) -> None:
    """Source of truth: the rule: where, what is wrong and what to write; exit code 2."""
    text, said = BAD[name]
    called = dawndusk("validate", "suncatcher", "--set", text)
    assert (called.code, len(called.errors)) == (2, 1)
    assert said in called.errors[0]
    assert "; write " in called.errors[0]
