"""Notes on implausible satellites: each check finds its case, and none finds a shipped scenario."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.config.library import items, named_items
from sim.config.scenario import load
from sim.config.validation import plausibility

REPO = Path(__file__).resolve().parents[3]
SIGMA = 5.670374419e-8  # W/m2/K4, CODATA 2018

# Overrides of `suncatcher`, the check, and the two numbers of the note. Its 64 accelerators draw 90 to 381 W, with 65 W of hosts;
# 1.02 / 0.92 for pumps and conversion, 1 kW of bus. Array 140 m2 * 0.9 * 0.22 * 0.97 * 0.92 * 1361 W/m2 = 33.67 kW.
CASES = [
    (("accelerators=130", "accelerator.idle_power=60 W"), "full-load", "65.28 kW", "33.67 kW"),  # 130 * 446 W * 1.02 / 0.92 + 1 kW
    # 130 * 155 W * 1.02 / 0.92 + 1 kW. Eclipse acos(0.41997 / cos b) / pi, sin b = 0.1391 sin 23.44 deg + sin 4.2 deg: 0.361 of 33.67 kW
    (("accelerators=130",), "idle-load", "23.34 kW", "21.52 kW"),
    (("power.array.area=2 m2",), "bus-load", "1 kW", "481 W"),
    # 1 kWh * 0.5 * 0.964; 2 kW over 2,122 s: 2 asin(6378.137 / 7028.137) of a revolution of 5,863 s
    (("power.battery.capacity=1 kWh", "power.battery.bus_reserve=10 min", "bus.power=2 kW"), "battery", "0.482 kWh", "1.18 kWh"),
    (("thermal.radiator.area=0.3 m2",), "idle-heat", "507 degC", "95 degC"),  # (9920 W / (0.6 m2 * 0.9 * 0.9 * sigma))^0.25 + 6 K
    # 140 m2 * 3.1 kg/m2 + 30 m2 * 5 kg/m2 + 22 kWh / (150 Wh/kg) + 64 * (1 + 3) kg
    (("mass=1 kg",), "mass", "1 kg", "986.7 kg"),
    # with the loop 66.96, plates 64, terminals 47.6, shielding 98.5, bus 80 kg: 1,343.7 kg; structure 0.25, propulsion 1.47 %
    (("mass=1100 kg",), "mass-sum", "-35 %", "1 704 kg"),
    (("power.array.cell_efficiency=0.9",), "cells", "0.9", "0.476"),
    (("accelerator.peak.bf16=1000 PFLOP/s",), "chips", "2.62e+15 FLOP/J", "5e+13 FLOP/J"),
    (("accelerator.peak.bf16=1836 TFLOP/s",), "sparse", "1.84e+15", "9.18e+14 of tpu-v6e"),  # 2 x 918
    # the H100 by its memory, under another name: 1979 and 3958 TFLOP/s are printed
    (("accelerator={extends: h100-sxm, name: mine, kernels: null, peak: {fp8: 3958 TFLOP/s}}", "accelerators=16"), "sparse", "3.96e+15", "1.98e+15 of h100-sxm"),
    # an unknown chip whose bf16 peak is as high as that in fp8, or whose fp8 peak is four times that in bf16
    (("accelerator={extends: h100-sxm, name: mine, kernels: null, memory: 90 GB, peak: {bf16: 1979 TFLOP/s}}", "accelerators=16"), "sparse", "1.98e+15", "1.98e+15 in fp8"),
    (("accelerator={extends: h100-sxm, name: mine, kernels: null, memory: 90 GB, peak: {fp8: 3958 TFLOP/s}}", "accelerators=16"), "sparse", "3.96e+15", "9.89e+14 in bf16"),
]


def _notes(*sets: str) -> tuple[str, ...]:
    return load("suncatcher", ("constellation.local_time='12:00'", *(f"satellite.{text}" for text in sets))).notes


@pytest.mark.parametrize(("sets", "check", "one", "other"), CASES, ids=[case[1] for case in CASES])
def test_each_check_finds_its_case(sets: tuple[str, ...], check: str, one: str, other: str) -> None:
    """Source of truth: arithmetic in the comments, on the values that ship; each case is beyond one condition and no other."""
    (note,) = _notes(*sets)
    assert note.endswith(f"(check {check})")
    assert f" {one} " in note.replace(",", " ").replace(":", " ")
    assert f" {other} " in note.replace(",", " ").replace(";", " ")


@pytest.mark.parametrize("name", named_items("hardware", "accelerator"))
def test_shipped_peaks_are_dense(name: str) -> None:
    """Source of truth: dense peaks in fp8 are those in bf16, or twice as high; a chip of another name and memory has no twin to go by."""
    for chip in (f"{{extends: {name}, name: {name}}}", f"{{extends: {name}, name: mine, memory: 7 GB}}"):
        sets = (f"satellite.accelerator={chip}", "satellite.accelerators=8", "workloads=[{kind: independent}]")
        found = [note for note in load("suncatcher", sets).notes if "(check sparse)" in note]
        assert found == [] or (name == "tpu-v5p" and "mine" in chip)


def _sampled_light(inclination_rad: float, radius: float, law: str) -> float:
    """Mean cosine on the array over nodes and places on the orbit, from vectors; Earth radii, with the Sun on the x axis or 23.44 deg up."""
    node, place = np.meshgrid(np.arange(360) * np.pi / 180.0, (np.arange(2000) + 0.5) * np.pi / 1000.0, indexing="ij")
    cos_i, sin_i = np.cos(inclination_rad), np.sin(inclination_rad)
    radial = np.array([
        np.cos(node) * np.cos(place) - np.sin(node) * np.sin(place) * cos_i,
        np.sin(node) * np.cos(place) + np.cos(node) * np.sin(place) * cos_i,
        np.sin(place) * sin_i,
    ])  # fmt: skip
    normal = np.array([np.sin(node) * sin_i, -np.cos(node) * sin_i, np.full_like(node, cos_i)])
    found = []
    for up_rad in (0.0, np.radians(23.44)):
        sun = np.array([np.cos(up_rad), 0.0, np.sin(up_rad)])
        along = np.tensordot(sun, radial, 1)
        lit = (along > 0.0) | (radius * np.sqrt(1.0 - along**2) > 1.0)
        over = np.tensordot(sun, normal, 1)
        facing = {"sun-pointing": 1.0, "orbit-normal": np.abs(over), "nadir": np.maximum(0.0, along), "orbit-normal drive": np.sqrt(1.0 - over**2),
                  "radial drive": np.sqrt(1.0 - along**2)}[law]  # fmt: skip
        found.append(float(np.mean(lit * facing)))
    return max(found)


@pytest.mark.parametrize("law", ["sun-pointing", "orbit-normal", "nadir", "orbit-normal drive", "radial drive"])
@pytest.mark.parametrize("inclination_deg", [0.0, 53.0, 97.0])
def test_mean_light_of_a_shell(law: str, inclination_deg: float) -> None:
    """Source of truth: sums over 360 nodes and 2,000 places on the orbit, with vectors: 1e-3 by their number. The bound of an array
    that faces the zenith has the Sun in the orbit plane: it is reached by some shell planes only. That of a drive in the
    orbit plane is full sunlight outside eclipse."""
    drive = law.removesuffix(" drive")
    attitude = f"law: slewing, point: {'nadir' if drive == 'orbit-normal' else 'ahead'}, array_drive: {drive}" if drive != law else f"law: {law}"
    sets = ("constellation.altitude=560 km", f"constellation.inclination={inclination_deg} deg", f"satellite.attitude={{{attitude}, pointing_error: 0 deg}}")
    scenario = load("starlink_edge", sets).scenario
    found, sampled = plausibility.mean_light(scenario.satellite, scenario), _sampled_light(np.radians(inclination_deg), 6938.137 / 6378.137, law)
    if law == "nadir":
        assert found == pytest.approx(1.0 / np.pi)
        assert sampled < found + 1e-3
    elif law == "radial drive":
        assert sampled < found + 1e-3 < 1.0
    else:
        assert found == pytest.approx(sampled, abs=2e-3)


def test_idle_load_of_an_array_that_faces_the_zenith() -> None:
    """By hand: 4 * 455 W * 1.02 / 0.92 + 100 W idle; 18 m2 * 0.9 * 0.22 * 0.93 * 1361 W/m2 = 4.511 kW in full sunlight, over pi 1.436 kW."""
    notes = load("starlink_edge", ("satellite.accelerators=4",)).notes
    (note,) = [text for text in notes if text.endswith("(check idle-load)")]
    assert note.startswith("satellite.accelerators: 4 idle need 2.118 kW, and the array gives at most 1.436 kW on average over orbits")


def test_heat_at_the_limit() -> None:
    """Source of truth: the temperatures from the radiator to the junction, added up at the heat of the note (four digits: 0.1 K)."""
    (note,) = _notes("thermal.radiator.area=7 m2")
    assert note.endswith("(check full-heat)")
    assert "full power is 28.54 kW" in note  # 64 * 446 W
    heat_w = float(re.search(r"emits at most ([\d.]+) kW", note)[1]) * 1e3  # type: ignore[index]
    radiator_k = (heat_w / (2.0 * 7.0 * 0.9 * 0.9 * SIGMA)) ** 0.25
    junction_k = radiator_k + heat_w / 8000.0 + (heat_w / 64 - 65.0) * (0.01 + 0.865 * 0.04)
    assert junction_k == pytest.approx(368.15, abs=0.1)


def test_every_check_has_a_case_and_a_line_in_the_documents() -> None:
    """Source of truth: the registry."""
    names = {check.name for check in plausibility.CHECKS}
    assert names == {case[1] for case in CASES} | {"full-heat"}
    text = (REPO / "docs" / "scenarios.md").read_text("utf-8")
    for check in plausibility.CHECKS:
        assert f"| `{check.name}` | {check.condition} |" in text


@pytest.mark.parametrize("name", sorted(items("scenarios")))
def test_shipped_scenarios_are_plausible(name: str) -> None:
    """Source of truth: they ship."""
    assert load(name).notes == ()


def test_orbits_near_dawn_have_no_long_eclipse() -> None:
    """Source of truth: the plane of an orbit at 06:00 faces the Sun."""
    sets = ("satellite.power.battery.capacity=1 kWh", "satellite.power.battery.bus_reserve=10 min", "satellite.bus.power=2 kW")
    assert load("suncatcher", sets).notes == ()


def test_other_types_are_named(dawndusk: Any) -> None:
    """Source of truth: the type `light` of one entry is changed."""
    entry = "{kind: ring, altitude: %s km, local_time: '06:00', satellites: 3%s}"
    sets = (
        f"constellation=[{entry % (650, '')}, {entry % (700, ', satellite: light')}]", "satellites={light: {extends: suncatcher, mass: 2 kg}}",
        "links=null", "workloads=[{kind: independent}]",
    )  # fmt: skip
    called = dawndusk("validate", "suncatcher", "--json", *(f"--set={text}" for text in sets))
    assert json.loads(called.out)["notes"] == ["satellites.light.mass: 2 kg are less than the 986.7 kg of array, radiator, battery and accelerators with hosts (check mass)"]


def test_a_sweep_notes_a_check_once(folder: Path, dawndusk: Any) -> None:
    """Source of truth: three points below 986.7 kg."""
    (folder / "w.yaml").write_text("name: w\nscenario: suncatcher\ngrid: {satellite.mass: [1 kg, 2 kg, 3 kg, 1700 kg]}\n", encoding="utf-8")
    called = dawndusk("sweep", "w.yaml", "--dry-run")
    assert called.code == 0
    assert [line for line in called.errors if "mass" in line] == [
        "satellite.mass: 1 kg are less than the 986.7 kg of array, radiator, battery and accelerators with hosts (check mass), and at 2 more points"
    ]
