"""Notes on implausible satellites: each check finds its case, and none finds a shipped scenario."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.config.library import items, named_items
from sim.config.scenario import load
from sim.config.validation import plausibility

REPO = Path(__file__).resolve().parents[3]

# Overrides of `suncatcher`, the check, and the two numbers of the note. Its 64 accelerators draw 90 to 381 W, with 65 W of hosts;
# 1.02 / 0.92 for pumps and conversion, 1 kW of bus, 1.52 kW of terminals. Array 147 m2 * 0.9 * 0.22 * 0.97 * 0.92 * 1361 W/m2 = 35.35 kW.
CASES = [
    (("accelerators=130", "accelerator.idle_power=60 W"), "full-load", "66.8 kW", "35.35 kW"),  # 130 * 446 W * 1.02 / 0.92 + 1 kW + 1.52 kW
    # 147 m2 * 3.1 kg/m2 + 30 m2 * 5 kg/m2 + 27 kWh / (150 Wh/kg) + 64 * (1 + 3) kg
    (("mass=1 kg",), "mass", "1 kg", "1 042 kg"),
    # with the loop 66.96, plates 64, terminals 47.6, shielding 98.5, bus 80 kg: 1,398.8 kg; structure 0.25, propulsion 1.47 %
    (("mass=1100 kg", "propulsion.station_keeping=8.7 m/s/yr", "propulsion.deorbit=195 m/s"), "mass-sum", "-38 %", "1 774 kg"),
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


def test_every_check_has_a_case_and_a_line_in_the_documents() -> None:
    """Source of truth: the registry."""
    names = {check.name for check in plausibility.CHECKS}
    assert names == {case[1] for case in CASES}
    text = (REPO / "docs" / "scenarios.md").read_text("utf-8")
    for check in plausibility.CHECKS:
        assert f"| `{check.name}` | {check.condition} |" in text


@pytest.mark.parametrize("name", sorted(items("scenarios")))
def test_shipped_scenarios_are_plausible(name: str) -> None:
    """Source of truth: they ship."""
    assert load(name).notes == ()


def test_other_types_are_named(dawndusk: Any) -> None:
    """Source of truth: the type `light` of one entry is changed."""
    entry = "{kind: ring, altitude: %s km, local_time: '06:00', satellites: 3%s}"
    sets = (
        f"constellation=[{entry % (650, '')}, {entry % (700, ', satellite: light')}]", "satellites={light: {extends: suncatcher, mass: 2 kg}}",
        "links=null", "workloads=[{kind: independent}]",
    )  # fmt: skip
    called = dawndusk("validate", "suncatcher", "--json", *(f"--set={text}" for text in sets))
    assert json.loads(called.out)["notes"] == ["satellites.light.mass: 2 kg are less than the 1,042 kg of array, radiator, battery and accelerators with hosts (check mass)"]


def test_a_sweep_notes_a_check_once(folder: Path, dawndusk: Any) -> None:
    """Source of truth: three points below 1,042 kg."""
    (folder / "w.yaml").write_text("name: w\nscenario: suncatcher\ngrid: {satellite.mass: [1 kg, 2 kg, 3 kg, 1700 kg]}\n", encoding="utf-8")
    called = dawndusk("sweep", "w.yaml", "--dry-run")
    assert called.code == 0
    assert [line for line in called.errors if "mass" in line] == [
        "satellite.mass: 1 kg are less than the 1,042 kg of array, radiator, battery and accelerators with hosts (check mass), and at 2 more points"
    ]
