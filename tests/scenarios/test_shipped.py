"""Every shipped scenario runs, for a few hours of its day, and gives what can be true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.config.scenario import items
from sim.results.store import Results
from tests.support.shipped import SHORT, shipped


@pytest.fixture(scope="module", params=sorted(SHORT))
def run(request: pytest.FixtureRequest) -> Results:
    """A shipped scenario, shortened. Shared: do not change it."""
    return shipped(request.param)


def test_every_shipped_scenario_is_here() -> None:
    assert set(items("scenarios")) == set(SHORT)


def test_sane(run: Results) -> None:
    """Source of truth: physics: shares in their range, energy conserved, the junction at its limit at most."""
    summary = run.summary
    assert 0.0 < summary["compute"]["useful_fraction"] < 0.99
    assert abs(sum(row["fraction"] for row in run.waterfall) - 1.0) < 1e-9
    assert all(row["fraction"] >= 0.0 for row in run.waterfall)
    assert summary["energy_closure"] < 1e-9
    assert 0.0 < summary["power"]["sunlit_fraction"] <= 1.0 + 1e-12
    depth = sim.load(summary["scenario"]).scenario.satellite.power.battery.max_depth
    assert 0.0 <= summary["power"]["battery_depth_max"] <= depth + 1e-9
    assert 0.0 <= summary["power"]["unserved_j"] < 1e-3  # rounding of 1e11 J
    assert summary["thermal"]["junction_k_max"] < 273.15 + 95.0 + 0.5
    assert 200.0 < summary["thermal"]["radiator_k_mean"] < summary["thermal"]["junction_k_max"]
    assert summary["fleet"]["availability"] == pytest.approx(1.0, abs=1e-12)
    covered = summary["ground"]["coverage_fraction"]
    assert covered is None or 0.0 <= covered <= 1.0
    assert (covered is None) == (sim.load(summary["scenario"]).scenario.ground is None)
    assert summary["assumptions"]
    assert summary["notes"] == []
    json.dumps(summary, allow_nan=False)


def test_kernel_takes_its_share(run: Results) -> None:
    """Source of truth: definition: of what runs independently, the kernel efficiency is useful: useful / (useful + kernel); 1e-9. A job's
    products are measured or assumed one by one: large ones near the efficiency of large products, small ones below."""
    rows = {row["cause"]: row["flops"] for row in run.waterfall}
    efficiency = sim.load(run.summary["scenario"]).scenario.satellite.accelerator.kernel_efficiency
    share = rows["useful"] / (rows["useful"] + rows["kernel"])
    if any(w["kind"] != "independent" for w in run.summary["workloads"]):
        assert 0.5 * efficiency < share < 1.1 * efficiency
    else:
        assert share == pytest.approx(efficiency, rel=1e-9)


def test_latency_is_possible(run: Results) -> None:
    """Source of truth: light time straight up from the lowest shell (5 km of relief and flattening each: 22 km less at the poles)."""
    scenario = sim.load(run.summary["scenario"]).scenario
    lowest_m = min(getattr(c, "altitude", None) or 630e3 for c in scenario.constellation) - 25e3
    rtt = run.summary["ground"]["propagation_rtt_ms"]
    if rtt["min"] is None:
        assert not run.summary["ground"]["coverage_fraction"]
        return
    assert rtt["min"] >= 2.0 * lowest_m / 299792458.0 * 1e3
    assert rtt["min"] <= rtt["median"] <= rtt["p99"] <= rtt["max"]


def test_formation_is_a_formation() -> None:
    """Source of truth: the lattice: 81 points, the farthest a kilometre from the chief in the plane of the formation.

    The ellipse of relative motion is twice as long along the track as across: within 2 km and a bit of one another's centre.
    """
    found = shipped("suncatcher")
    positions = found.series["position_m"].values.astype(float)
    apart = np.linalg.norm(positions - positions.mean(axis=2, keepdims=True), axis=1)
    assert apart.max() < 2.5e3
    assert apart.max() > 0.9e3
    assert found.summary["satellites"] == 81


def test_starlink_catalogue(shared_data: Path, dawndusk: Any) -> None:
    """Source of truth: the file: 4,672 element sets, the newest of early September 2023; real satellites fly at 300 to 600 km."""
    catalogue = shared_data / "starlink-2023-09-01.tle"
    called = dawndusk(
        "run",
        "starlink_edge",
        "--set",
        f"constellation.tle={catalogue}",
        "--set",
        "duration=10 min",
        "--out",
        "found",
        "--json",
    )
    assert called.code == 0, called.err
    summary = json.loads(called.out)
    assert summary["satellites"] == 4672
    assert summary["epoch"].startswith("2023-09-")
    assert summary["epoch"].endswith(":00Z")
    assert any("4672" in note or "4,672" in note for note in summary["notes"])
    assert called.err.splitlines()[0] == summary["notes"][0]
    assert summary["energy_closure"] < 1e-9
    assert 0.0 < summary["compute"]["useful_fraction"] < 1.0
    again = dawndusk("run", "found/scenario.yaml", "--out", "again", "--json")
    assert again.code == 0, again.err
    second = json.loads(again.out)
    assert {**second, "notes": []} == {**summary, "notes": []}
    for name in ("series.nc", "events.parquet", "scenario.yaml"):
        assert Path("found", name).read_bytes() == Path("again", name).read_bytes(), name


def test_starlink_catalogue_is_stale_for_its_scenario(shared_data: Path, dawndusk: Any) -> None:
    """Three years from the scenario's epoch: refused, and taken when asked."""
    catalogue = shared_data / "starlink-2023-09-01.tle"
    arguments = (
        "validate",
        "starlink_edge",
        "--set",
        f"constellation.tle={catalogue}",
        "--set",
        "epoch=2026-09-01T00:00Z",
    )
    refused = dawndusk(*arguments)
    assert (refused.code, refused.out) == (2, "")
    assert "4672 of 4672 element sets are more than 14 days" in refused.err
    assert dawndusk(*arguments, "--allow-stale").code == 0


@pytest.mark.parametrize(("name", "low", "high"), [("suncatcher", 0.0, 0.3), ("suncatcher_spread", 0.5, 1.0)])
def test_the_same_chips_together_and_apart(name: str, low: float, high: float) -> None:
    """Source of truth: arithmetic by hand. 70.6e9 parameters are 141 GB of gradients; a ring moves nearly twice that over each
    link: 0.24 s at 9.6 Tbit/s, hidden behind seconds of backward pass; 23 s at 100 Gbit/s, several times the arithmetic."""
    assert low < shipped(name).summary["workloads"][0]["communication_fraction"] < high
