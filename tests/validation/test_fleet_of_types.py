"""A fleet of several satellite types: its ledger, design and cost by hand, and a job that spans types."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import api
from sim.engine.driver import Run
from sim.results import summary as metrics

PEAK = 918e12  # bf16 FLOP/s of one TPU v6e, dense [google-tpu-v6e]
SCENARIO = """\
name: types
epoch: 2026-03-20T00:00:00Z
duration: 2 h
step: 60 s
constellation:
  - {{kind: ring, altitude: 650 km, local_time: "06:00", satellites: 8}}
  - {{kind: ring, altitude: 651 km, local_time: "06:00", satellites: 8, satellite: half}}
satellite:
  extends: suncatcher
  power: {{array: {{area: 400 m2}}}}
  thermal: {{radiator: {{area: 120 m2}}}}
satellites:
  half:
    extends: suncatcher
    accelerators: 32
    accelerator: {{extends: tpu-v6e, kernel_efficiency: {efficiency}}}
    mass: 700 kg
    power: {{array: {{area: 300 m2}}}}
    thermal: {{radiator: {{area: 100 m2}}}}
{more}"""
JOB = """\
links: {topology: nearest, terminals: 4, max_range: 6000 km}
fleet: {spares: 0}
workloads:
  - {kind: training, model: llama-3-8b, method: synchronous, jitter: 0, interleave: 1, recompute: none,
     mesh: {tensor: 16, pipeline: 1, data: 32}, checkpoint: {interval: 10 d}}
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Any]:
    def made(*events: str, more: str = "", efficiency: float = 0.73, sets: tuple[str, ...] = ()) -> Any:
        path = tmp_path / "types.yaml"
        path.write_text(SCENARIO.format(more=more, efficiency=efficiency), encoding="utf-8")
        return api.load(path, set=sets, events=events)

    return made


def _fractions(found: Any) -> dict[str, float]:
    return {row["cause"]: row["fraction"] for row in found.waterfall}


def test_ledger_of_independent_satellites(load: Callable[..., Any]) -> None:
    """Source of truth: by hand. Nameplate is 8 x 64 + 8 x 32 chips; two satellites of the smaller type are lost for half the
    time: 2 x 32 of 768 chips; kernel takes 0.27 of what is left of the larger type and 0.7 of the smaller."""
    found = api.run(load("2026-03-20T01:00Z lose satellites 8-9", efficiency=0.3))
    assert found.summary["accelerators"] == 768
    assert found.summary["compute"]["nameplate_flops"] == pytest.approx(768 * PEAK * 7200.0, rel=1e-12)
    lost = 2 * 32 * 0.5 / 768
    large, small = 512 / 768, 256 / 768 - lost
    expected = {"failed": lost, "kernel": 0.27 * large + 0.7 * small, "useful": 0.73 * large + 0.3 * small}
    rows = _fractions(found)
    for cause, value in rows.items():
        assert value == pytest.approx(expected.get(cause, 0.0), abs=1e-9), cause
    rates = found.series["rate_flops_per_s"].sel(cause="useful").values
    assert rates[0] == pytest.approx((512 * 0.73 + 256 * 0.3) * PEAK, rel=1e-9)
    assert found.summary["fleet"]["useful_flops_per_s"]["p90"] == pytest.approx(rates[0], rel=1e-9)


def test_design_cost_and_provenance(load: Callable[..., Any]) -> None:
    """Source of truth: by hand: 8 x 4 t + 8 x 3 t, arrays 8 x 400 + 8 x 300 m2, radiators 8 x 120 + 8 x 100 m2; all priced
    by its mass: parts at 3,400 USD/m2, 128 USD/kWh, 5,500 USD/m2, 1,100 USD/kg of the rest, 10,500 USD a chip with its host, a tenth for
    integration, a vehicle for each orbit; every number of both types has a source."""
    sets = ("satellite.mass=4 t", "satellites.half.mass=3 t")
    loaded = load(more="economics: {launch: falcon-heavy-expendable}\n", sets=sets)
    found = api.run(loaded)
    design = found.summary["design"]
    assert (design["satellites"], design["mass_kg"]) == (16, pytest.approx(56_000.0))
    assert (design["array_m2"], design["radiator_m2"]) == (pytest.approx(5600.0), pytest.approx(1760.0))
    assert [(t["satellites"], t["accelerators"]) for t in design["types"]] == [(8, 512), (8, 256)]
    price = loaded.scenario.economics.launch.price
    kwh = loaded.scenario.satellite.power.battery.capacity / 3.6e6  # of both types, as shipped
    parts_usd = 5600.0 * 3400.0 + 16 * kwh * 128.0 + 1760.0 * 5500.0 + 768 * 10_500.0
    rest_kg = 56_000.0 - 5600.0 * 3.1 - 16 * 1e3 * kwh / 150.0 - 1760.0 * 5.0 - 768 * 4.0
    built_usd = 1.1 * (parts_usd + 1100.0 * rest_kg)
    assert found.summary["cost"]["capex_usd"] == pytest.approx(built_usd + 2 * price)
    paths = {datum.path for datum in loaded.data}
    assert {"satellite.power.array.packing", "satellites.half.power.conversion_efficiency"} <= paths
    assert "satellites.half.power.conversion_efficiency" in found.summary["assumptions"]


def test_energy_closes_for_every_type(load: Callable[..., Any]) -> None:
    """Source of truth: conservation of energy, 1e-9, with heat capacities and batteries of each type."""
    assert api.run(load("2026-03-20T00:30Z lose satellite 9")).summary["energy_closure"] < 1e-9


@pytest.mark.parametrize("tile", [4, 8])
def test_tiles_hold_one_type_and_leave_no_trace(load: Callable[..., Any], tile: int) -> None:
    """Source of truth: the contract: the same bytes whatever the tiles; tiles of 8 hold 8 satellites of one type each."""
    loaded = load()
    assert metrics.summary(Run(loaded, tile=tile, threads=2).finish()) == metrics.summary(Run(loaded).finish())


def test_a_job_that_spans_types(load: Callable[..., Any]) -> None:
    """Source of truth: by hand: the job runs at the speed of the smaller type. A larger satellite has twice its arithmetic, so
    half of it is in no mesh: 512 / 2 of 768 chips are unplaced, and the rest is spent alike on all satellites."""
    outcome = Run(load(more=JOB)).finish()
    assert outcome.scheduler is not None
    found = metrics.summary(outcome)
    rows = {row["cause"]: row["fraction"] for row in found["compute"]["waterfall"]}
    assert sum(rows.values()) == pytest.approx(1.0, abs=1e-9)
    assert rows["unplaced"] == pytest.approx(256 / 768, abs=1e-9)
    assert rows["failed"] == rows["power"] == rows["thermal"] == 0.0
    own = outcome.scheduler.ledger.own_s[-1]  # useful seconds of whole satellites
    assert own[:8] == pytest.approx(0.5 * own[8:], rel=1e-9)
    assert found["workloads"][0]["mesh"] == {"tensor": 16, "pipeline": 1, "data": 32, "context": 1, "expert": 1}


def test_the_slowest_of_both_types_paces(load: Callable[..., Any]) -> None:
    """Source of truth: by hand: a smaller satellite at half its rate from the start holds all at half: of the job's nameplate
    (512 chips' worth, 2/3 of the fleet) 1/32 is its own failure, 15/32 others wait for it."""
    found = api.run(load("2026-03-20T00:00Z derate satellite 12 to 0.5", more=JOB)).summary["compute"]["waterfall"]
    failed = next(row for row in found if row["cause"] == "failed")
    nameplate = 768 * PEAK * 7200.0
    assert failed["own_flops"] / nameplate == pytest.approx(2 / 3 / 32, abs=1e-9)
    assert failed["induced_flops"] / nameplate == pytest.approx(2 / 3 * 15 / 32, abs=1e-9)
    # a larger satellite at three quarters is still faster than the job: its derating costs the job nothing
    found = api.run(load("2026-03-20T00:00Z derate satellite 2 to 0.75", more=JOB)).summary["compute"]["waterfall"]
    failed = next(row for row in found if row["cause"] == "failed")
    assert failed["own_flops"] / nameplate == pytest.approx(64 / 4 / 768, abs=1e-9)
    assert failed["induced_flops"] == 0.0


def test_random_failures_count_units_of_each_type(load: Callable[..., Any]) -> None:
    """Source of truth: definition: a draw depends on satellite and unit alone, so that the first type's failures are those of a
    fleet of that type by itself."""
    fails = "fleet: {failures: {mean_time: 4 h, accelerators: 8}, repair: {time: 0 s}}\n"
    both = Run(load(more=fails)).finish().changes
    outcome = Run(load(more=fails, sets=("satellites.half.accelerators=64",))).finish()
    of_first = [c for c in both if c.target.first < 8]
    assert of_first == [c for c in outcome.changes if c.target.first < 8]
    assert of_first
    assert len([c for c in both if c.target.first >= 8]) < len([c for c in outcome.changes if c.target.first >= 8])


def test_a_shipped_satellite_by_name(load: Callable[..., Any]) -> None:
    """Source of truth: definition: an entry may name a shipped satellite without listing it."""
    ring = '{kind: ring, altitude: 650 km, local_time: "06:00", satellites: 2'
    loaded = api.load("suncatcher", set=["workloads=[{kind: independent}]", "links=", f"constellation=[{ring}}}, {ring}, satellite: starlink-edge}}]"])
    assert [t.name for t in loaded.scenario.types] == ["suncatcher", "starlink-edge"]
    outcome = Run(loaded).finish()
    assert outcome.type_index.tolist() == [0, 0, 1, 1]
    assert np.isfinite(outcome.carry).all()


BAD = [
    ("satellite: half}", "satellite: hlaf}", "types.yaml:7:72: constellation.1.satellite: no satellite type named 'hlaf'; did you mean 'half'?"),
    (", satellite: half}", "}", "types.yaml:13:3: satellites.half: no entry of the constellation uses this type; write satellite: half in an entry, or remove it"),
    ("satellites: 8}", "satellites: 8, satellite: half}", "types.yaml:8:1: satellite: no entry of the constellation uses this type, as all name another; write one of these here and remove it from the entries: half"),
    ("accelerators: 32", "accelerators: 0", "types.yaml:15:5: satellites.half.accelerators:"),
]


@pytest.mark.parametrize(("old", "new", "line"), BAD, ids=["unknown", "unused", "unused default", "value"])
def test_bad_types(dawndusk: Any, folder: Path, old: str, new: str, line: str) -> None:
    """One line with its place and what to write, exit 2, nothing computed."""
    text = SCENARIO.format(more="", efficiency=0.73)
    assert old in text
    (folder / "types.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    called = dawndusk("run", "types.yaml")
    assert called.code == 2
    assert called.errors[0].startswith(line), called.err
    assert not (folder / "results").exists()
