"""Errors by radiation in whole runs: a job through the passages of the anomaly, and what leaves no trace."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim import api
from sim.config.scenario import Loaded, load
from sim.engine import propagators
from sim.engine.driver import Run
from sim.engine.soft_errors import FleetRadiation
from sim.fleet.availability import Timeline
from sim.fleet.job_lifecycle import JobLifecycle
from sim.fleet.job_phases import RUN, Policy, Work, account
from sim.results import summary as metrics
from sim.studies.ablation import remove_cause

DAY_S, STEP_S = 86400.0, 20.0
# the formation of suncatcher meets the anomaly in the hours from 06:00 on
HOURS = ("epoch=2026-12-21T06:00:00Z", "duration=6 h", "ground=null", "recorder.satellites=0", "economics=null")


def share_at_work(per_s: np.ndarray, away_s: float) -> float:
    """Share of time in which a job works that each error stops for away_s: no error in the last away_s, exp(-integral)."""
    until = np.concatenate(([0.0], np.cumsum(per_s) * STEP_S))
    back = round(away_s / STEP_S)
    return float(np.mean([math.exp(until[max(0, n - back)] - until[n]) for n in range(per_s.size)]))


def test_passages_of_the_anomaly() -> None:
    """Source of truth: Poisson's law with the rate along the orbit: a job of 81 satellites works at a moment if nothing has struck it
    in the five minutes before; three standard errors over 60 days. With the same number of errors, spread evenly, it would work 5 % less."""
    loaded = load("suncatcher")
    grid = propagators.time_grid(loaded.scenario)
    moving = propagators.make_propagators(loaded, grid)
    rates = FleetRadiation(loaded.scenario, moving, [0], grid, drawn=True).sources[0].hazard
    times = np.arange(0.0, DAY_S, STEP_S) + 0.5 * STEP_S
    per_s = sum(
        81.0 * rates.rates_per_s(np.zeros(times.size, dtype=np.int64), np.full(times.size, kind), times[:]) for kind in (1,)
    ) * (1.0 + 0.44 / 50.0 + 16.0 / 64.0 * 0.44 / 2.12)  # interrupts and hosts by the same dose  # fmt: skip
    shares = []
    for seed in range(60):
        drawn = FleetRadiation(loaded.scenario.model_copy(update={"seed": seed}), moving, [0], grid, drawn=True)
        plan = Timeline(drawn.sources, 0, 81, DAY_S)
        job = JobLifecycle([np.arange(81)], [], Policy(math.inf, 0.0, 60.0, 240.0))
        (segments,), _ = job.advance(0.0, DAY_S, np.zeros(1, dtype=np.bool_), plan.step(0).changes)
        shares.append(sum(s.end_s - s.begin_s for s in segments if s.mode == RUN) / DAY_S)
        assert sum(account(Work(), segments)) == pytest.approx(shares[-1] * DAY_S, abs=1e-6)
    expected = share_at_work(per_s, 300.0)
    even = math.exp(-float(per_s.mean()) * 300.0)
    assert abs(np.mean(shares) - expected) < 3.0 * np.std(shares, ddof=1) / math.sqrt(60)
    assert expected - even > 0.05


@pytest.fixture(scope="module")
def struck() -> tuple[Loaded, dict[str, Any]]:
    """Six hours of the formation with the errors of its accelerators."""
    loaded = load("suncatcher", HOURS, seed=2)
    return loaded, api.run(loaded, threads=1).summary


def test_rows_and_energy(struck: tuple[Loaded, dict[str, Any]]) -> None:
    """By contract: rows make up nameplate to 1e-9, energy closes to 1e-9; errors are counted where they belong."""
    _, summary = struck
    rows = {row["cause"]: row["fraction"] for row in summary["compute"]["waterfall"]}
    assert abs(sum(rows.values()) - 1.0) < 1e-9
    assert summary["energy_closure"] < 1e-9
    (of,) = summary["radiation"]
    counts = {name: each["drawn"] for name, each in of["errors"].items()}
    assert counts["memory"] > 5
    assert counts["silent"] > 20
    assert rows["recovery"] > 0.02
    assert 0.0 < rows["failed"] < 1e-3


def test_tiles_and_threads(struck: tuple[Loaded, dict[str, Any]]) -> None:
    """By contract: the same bytes, whatever the tiles, blocks and threads."""
    loaded, summary = struck
    again = metrics.summary(Run(loaded, tile=7, block=13, threads=2).finish())
    again.update(contract=summary["contract"], data_rules=summary["data_rules"])
    assert json.dumps(again) == json.dumps(summary)


@pytest.mark.parametrize("off", ["fleet.soft_errors=false", "fleet=null", "satellite.accelerator.radiation=null"])
def test_switched_off(off: str) -> None:
    """By definition: without errors no row but those of a job that nothing happens to; the dose is reported all the same."""
    summary = api.run(load("suncatcher", (*HOURS, "duration=1 h", off))).summary
    rows = {row["cause"]: row["fraction"] for row in summary["compute"]["waterfall"]}
    assert [rows[cause] for cause in ("failed", "recovery", "corruption", "checkpoint")] == [0.0] * 4
    (of,) = summary["radiation"]
    assert of["dose_gy_per_year"] == pytest.approx(1.98, abs=0.01)
    assert of["errors"] is None or of["errors"]["memory"]["drawn"] is None


def test_without_a_cause(struck: tuple[Loaded, dict[str, Any]]) -> None:
    """By definition: without silent errors nothing is corrupt, and what interrupts stays as it was drawn; without interruptions no
    accelerator is away."""
    loaded, summary = struck
    found = {}
    for cause in ("corruption", "failed"):
        ablation = remove_cause(cause, loaded.scenario, [])
        assert ablation is not None
        changed = replace(loaded, scenario=ablation.scenario)
        found[cause] = metrics.summary(Run(changed, threads=1).finish())
        rows = {row["cause"]: row["fraction"] for row in found[cause]["compute"]["waterfall"]}
        assert rows[cause] == 0.0
    counts = {cause: {name: each["drawn"] for name, each in of["radiation"][0]["errors"].items()} for cause, of in found.items()}
    before = {name: each["drawn"] for name, each in summary["radiation"][0]["errors"].items()}
    assert counts["corruption"] == before | {"silent": 0}
    assert counts["failed"] == dict.fromkeys(before, 0) | {"silent": before["silent"]}
