"""Strings of array and battery and cooling loops in a mission: what is left of a satellite follows from its power and heat."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from sim.config.errors import InputError
from sim.config.scenario import load
from sim.fleet.replicas.tables import JobColumn, Unit
from sim.mission import figures, results

YEAR_S = 365.25 * 86400.0
SCENARIO = """\
name: parts
epoch: 2027-09-02T00:00:00Z
duration: 100 min
step: 60 s
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {spacing: 200 m, radius: 200 m}}
satellite: suncatcher
mission: {duration: 5 yr, replicas: 200, step: 1 yr, dates: 1, ages: 1, processes: [PROCESSES]}
"""
# the array is too small, nothing but the accelerators draws power, and they draw it in proportion to their rate
LIMITED = (
    "satellite.power.array.area=60 m2", "satellite.power.array.temperature_coefficient=0 1/K", "satellite.policy.mode=throttle",
    "satellite.accelerator.voltage_floor=1", "satellite.accelerator.idle_power=0 W", "satellite.accelerator.leakage=null",
    "satellite.accelerator.host.power=0 W", "satellite.bus.power=0 W", "satellite.power.battery.heater=null", "satellite.thermal.heater=null",
)  # fmt: skip


def loaded(folder: Path, processes: str, sets: tuple[str, ...] = ()) -> Any:
    (folder / "s.yaml").write_text(SCENARIO.replace("PROCESSES", processes), encoding="utf-8")
    return load(folder / "s.yaml", sets)


def test_a_satellite_that_its_array_limits(tmp_path: Path) -> None:
    """Source of truth: the rate is in proportion to the power of the array (within 1 %); mean survival of strings over time (1 - exp(-x)) / x.

    In permanent sunlight, Sun 89.9 deg over the orbit, a string of the battery costs nothing, and a loop nothing that the other one can do.
    """
    names = "{name: a, unit: array, mean_time: 10 yr}, {name: b, unit: battery, mean_time: 1e6 yr}, {name: c, unit: loop, mean_time: 1e6 yr}"
    study = results.simulate(loaded(tmp_path, names, LIMITED))
    left = study.fleet.kinds[0].left
    assert math.degrees(study.table.dates.beta_rad[0]) > 89.0
    assert left[Unit.ARRAY] == pytest.approx([1.0 - n / 16 for n in range(17)], abs=0.01)
    assert left[Unit.BATTERY] == pytest.approx([1.0] * 9, abs=1e-6)
    assert left[Unit.LOOP] == pytest.approx([1.0, 1.0, 0.0], abs=0.01)
    assert figures.section(study, [])["parts_left"]["array"] == left[Unit.ARRAY]
    share = study.one.jobs[:, :, 0, JobColumn.SHARE].sum(axis=1) / (study.fleet.slots * 5.0 * YEAR_S)
    survival = (1.0 - math.exp(-0.5)) / 0.5
    assert abs(share.mean() - survival) < 3.0 * share.std(ddof=1) / math.sqrt(share.size) + 0.01


def test_a_battery_in_eclipses(tmp_path: Path) -> None:
    """Source of truth: of a satellite that works from sunlight alone in sunlight and from its battery in the dark, a battery that is lost takes the dark.

    The sunlit share of the revolution follows from the geometry of the cylinder shadow.
    """
    sets = ("duration=293 min", "satellite.policy.restart=0 s", "constellation.local_time=12:00", "epoch=2027-03-20T00:00:00Z",
            "satellite.power.battery.capacity=200 kWh", "satellite.power.array.area=400 m2",
            "satellite.power.battery.max_charge_power=150 kW")  # fmt: skip
    study = results.simulate(loaded(tmp_path, "battery-string", sets))
    (left,) = (left for unit, left in study.fleet.kinds[0].left.items() if unit is Unit.BATTERY)
    radius_m = 6378137.0 + 650e3
    dark = math.asin(6378137.0 / radius_m) / math.pi
    assert left[0] == 1.0
    assert left[1] == pytest.approx(1.0, abs=0.01)  # far more capacity than a revolution needs
    assert left[8] == pytest.approx(1.0 - dark, abs=0.03)  # penumbra, and the power of the bus


def test_runs_are_made_for_parts_that_fail_alone(tmp_path: Path) -> None:
    """Source of truth: what a kind has: no strings where no process or common cause is of their unit."""
    study = results.simulate(loaded(tmp_path, "satellite-leo"))
    assert not {Unit.ARRAY, Unit.BATTERY, Unit.LOOP} & set(study.fleet.kinds[0].units)
    with pytest.raises(InputError, match="battery_strings"):
        loaded(tmp_path, "battery-string", ("mission.units.battery_strings=0",))
