"""`dawndusk new --size`: satellites of a given power whose power and heat close, in the text of a scenario and in a run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.config import sizing
from sim.config.scenario import Loaded, load
from sim.config.validation import design_notes

REPO = Path(__file__).resolve().parents[3]
MARGIN = 0.002  # share of nameplate that a run may lose to power and heat
SIZES: dict[str, tuple[str, ...]] = {
    "1kW": (),
    "28kW": ("--accelerator", "tpu-v6e"),
    "120kW": (),
    "1MW": (),
    "119 kW": ("--local-time", "12:00", "--altitude", "550 km"),
    "30 kW": ("--accelerator", "b200-sxm", "--local-time", "18:00", "--altitude", "1400 km"),
}


def _written(dawndusk: Any, size: str, *options: str) -> Loaded:
    called = dawndusk("new", "mine", "--size", size, *options)
    assert called.code == 0, called.err
    return load("mine.yaml")


def _lost(loaded: Loaded) -> float:
    """Share of nameplate lost to power and heat over a revolution."""
    results = sim.run(loaded)
    return float(sum(row["fraction"] for row in results.waterfall if row["cause"] in ("power", "thermal")))


@pytest.mark.parametrize("size", sorted(SIZES))
def test_a_sized_satellite_closes(folder: Path, dawndusk: Any, size: str) -> None:
    """Source of truth: validation finds nothing, and the simulator loses neither to power nor to heat over a revolution of the worst season."""
    loaded = _written(dawndusk, size, *SIZES[size])
    assert loaded.notes == ()
    assert design_notes(loaded.scenario) == []
    satellite = loaded.scenario.satellite
    each_w = satellite.accelerator.max_power + satellite.accelerator.host.power
    wanted_w = float(re.match(r"[\d.]+", size)[0]) * (1e6 if "MW" in size else 1e3)  # type: ignore[index]
    assert abs(satellite.accelerators * each_w - wanted_w) <= 0.5 * each_w
    assert _lost(load("mine.yaml", ("duration=100 min",))) < MARGIN


def test_the_sizes_are_not_larger_than_needed(folder: Path, dawndusk: Any) -> None:
    """Source of truth: the simulator with each size 10 % smaller, more than the 3 % to spare, three digits, and chips and cells that are cooler or
    warmer in the shadow than at rest: each lacks power or is throttled."""
    satellite = _written(dawndusk, "120kW").scenario.satellite
    smaller = (
        f"satellite.power.array.area={0.9 * satellite.power.array.area} m2",
        f"satellite.power.battery.capacity={0.9 * satellite.power.battery.capacity} J",
        f"satellite.thermal.radiator.area={0.9 * satellite.thermal.radiator.area} m2",
    )
    for text in smaller:
        loaded = load("mine.yaml", ("duration=400 min", text))
        assert _lost(loaded) > MARGIN, text


def test_throttle_sizes_the_battery_for_a_part(folder: Path, dawndusk: Any) -> None:
    """By hand: half of the machines' power through the same eclipse takes half of the battery, but for the bus and its reserve; 0.1 % for the
    leakage of chips whose radiator has more heat of the battery to emit."""
    full, half = (sizing.sized(sizing.Wish(120e3, throttle=share)) for share in (1.0, 0.5))
    bus_w = full.satellite.bus.power
    assert half.dark_w - bus_w == pytest.approx(0.5 * (full.dark_w - bus_w), rel=1e-3)
    reserve_j = bus_w * full.satellite.power.battery.bus_reserve
    held = [1.03 * s.dark_w * s.eclipse_s + reserve_j for s in (full, half)]
    ratio = half.satellite.power.battery.capacity / full.satellite.power.battery.capacity
    assert ratio == pytest.approx(held[1] / held[0], rel=0.02)
    loaded = _written(dawndusk, "120kW", "--throttle", "50 %")
    (note,) = design_notes(loaded.scenario)
    assert "(check eclipse-load)" in note


def test_every_number_has_a_kind_and_a_source(folder: Path, dawndusk: Any) -> None:
    """Source of truth: docs/references.bib for what is published, derived or estimated."""
    loaded = _written(dawndusk, "120kW")
    keys = set(re.findall(r"^@\w+\{([^,]+),", (REPO / "docs" / "references.bib").read_text("utf-8"), re.M))
    numbers = [d for d in loaded.data if d.path.startswith("satellite.") and d.kind != "scenario"]
    assert len([d for d in numbers if d.origin.startswith("mine.yaml")]) == 19
    for d in numbers:
        assert d.kind in ("published", "measured", "derived", "estimated", "assumption"), d.path
        assert d.source, d.path
        assert d.kind == "assumption" or d.source.partition(":")[0] in keys, d.path


def test_the_heater_and_the_mass_are_those_of_the_model(folder: Path) -> None:
    """Source of truth: the shipped satellite of the same accelerators, whose heater has 2.75 kW for 30 m2 of radiator by the same source;
    its parts weigh 1,644 kg; 40 m2 more array for full load, 43 kg more bus and 11 kg more battery, with structure and propellant."""
    found = sizing.sized(sizing.Wish(64 * 446.0, accelerator="tpu-v6e"))
    heater = found.satellite.thermal.heater
    assert heater is not None
    assert heater.power / found.satellite.thermal.radiator.area == pytest.approx(2750.0 / 30.0, rel=0.02)
    assert found.mass_kg == pytest.approx(1644.0 + 1.27 * (40.0 * 3.1 + 43.0 + 11.0 - 2.0 * 5.0), rel=0.02)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--size", "10 W"), "--size: 10 W is less than one h100-sxm with its host draws; write 1.015 kW or more, or --accelerator"),
        (("--size", "120"), "--size: '120' has no unit"),
        (("--size", "120kW", "--accelerator", "h100"), "--accelerator: no accelerator 'h100'; did you mean 'h100-sxm'?"),
        (("--size", "120kW", "--altitude", "10 km"), "--altitude: '10 km' must be at least 160 km"),
        (("--size", "120kW", "--local-time", "25:00"), "--local-time: '25:00' is not a time of day"),
        (("--size", "120kW", "--throttle", "2"), "--throttle: '2' must be at most 1"),
        (("--size", "120kW", "--from", "suncatcher"), "--size: makes a scenario of its own"),
        (("--altitude", "550 km"), "dawndusk new: --accelerator, --altitude, --local-time and --throttle go with --size"),
    ],
)
def test_bad_options(folder: Path, dawndusk: Any, options: tuple[str, ...], said: str) -> None:
    """Source of truth: bad input is one line, exit code 2, and no file."""
    called = dawndusk("new", "mine", *options)
    assert called.code == 2
    assert called.errors[0].startswith(said)
    assert not (folder / "mine.yaml").exists()
