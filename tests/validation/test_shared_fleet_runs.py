"""Whole runs in which training workloads share a small fleet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim import api
from sim.engine.driver import Run
from sim.schema import CAUSES
from sim.spacecraft.step import ROWS

SCENARIO = """\
name: shared
epoch: 2026-03-20T00:00:00Z
duration: 20 min
step: 60 s
constellation:
  kind: cluster
  altitude: 650 km
  local_time: "06:00"
  lattice: {{shape: square, spacing: 200 m, radius: 400 m}}
satellite: suncatcher
links: {{topology: mesh, terminal: {{extends: oct-100g, channel_rate: {rate} Gbit/s}}}}
fleet: {{spares: {spares}, recovery: {{detection: 60 s, restart: 120 s}}}}
recorder: {{satellites: 0}}
workloads:
{workloads}
events: [{events}]
"""
FIRST = "- {kind: training, model: llama-3-8b, share: 0.5, priority: 1, interleave: 1, jitter: 0, zero: 1, recompute: none, in_flight: 1}\n"
SECOND = "- {kind: training, model: llama-3-8b, interleave: 1, jitter: 0, zero: 1, recompute: none, in_flight: 1}\n"


def run(folder: Path, *, rate: float = 100.0, spares: int = 0, workloads: str = FIRST + SECOND, events: str = "") -> dict[str, Any]:
    path = folder / "shared.yaml"
    path.write_text(SCENARIO.format(rate=rate, spares=spares, workloads=workloads, events=events), encoding="utf-8")
    return api.run(str(path)).summary


def test_rows_add_up_to_nameplate_while_members_change_hands(tmp_path: Path) -> None:
    """Invariant: own and induced parts make up each row, and the rows nameplate; the loss of two members costs the first workload its
    recovery alone, and the second one waits."""
    found = run(tmp_path, events='"2026-03-20T00:05:20Z lose satellite 0", "2026-03-20T00:08:40Z lose satellite 1"')
    compute = found["compute"]
    rows = {row["cause"]: row for row in compute["waterfall"]}
    assert sum(row["flops"] for row in rows.values()) == pytest.approx(compute["nameplate_flops"], rel=1e-9)
    for row in rows.values():
        assert row["own_flops"] + row["induced_flops"] == pytest.approx(row["flops"], abs=1e-12 * compute["nameplate_flops"])
    assert rows["failed"]["induced_flops"] > 0.0
    first, second = found["workloads"]
    assert first["ettr"] > second["ettr"]
    assert first["tokens_per_s"] > 0.0


@pytest.mark.parametrize("rate", [5.0, 100.0, 2000.0])
def test_twice_the_rate_of_every_link_never_lengthens_a_step(tmp_path: Path, rate: float) -> None:
    """By physics; 1e-3 for plans that are chosen before workloads meet on links."""
    once, twice = (run(tmp_path, rate=factor * rate)["workloads"] for factor in (1.0, 2.0))
    for slow, fast in zip(once, twice, strict=True):
        assert fast["step_s"] <= slow["step_s"] * (1.0 + 1e-3)
        assert slow["network"]["step_bound_s"] <= slow["step_s"]


ONE_STEP = '"+0 s derate satellite 0 to 0.5", "+65 s lose satellite 0 for 5 s", "+80 s lose satellite 9"'


@pytest.mark.parametrize(
    "workload",
    ["- {kind: training, model: llama-3-8b, interleave: 1, jitter: 0, recompute: none, members: 2}\n",
     "- {kind: inference, model: llama-3-70b, weight_precision: fp8, kv_precision: fp8, pipeline: 2}\n"],
)  # fmt: skip
def test_a_satellite_of_two_jobs_in_one_step(tmp_path: Path, workload: str) -> None:
    """Invariant: rows of each satellite add up to nameplate, and none is negative. A satellite at half rate paces its job until it is lost
    at 65 s, is a spare from 70 s on, and takes a rank of another job at 80 s, all of it within a step."""
    path = tmp_path / "two.yaml"
    text = SCENARIO.format(rate=100.0, spares=1, workloads=workload, events=ONE_STEP)
    path.write_text(text.replace("detection: 60 s, restart: 120 s", "detection: 0 s, restart: 0 s"), encoding="utf-8")
    outcome = Run(api.load(path)).finish()
    assert outcome.scheduler is not None
    ledger = outcome.scheduler.ledger
    rows_s = ledger.own_s + ledger.induced_s
    for cause, row in ROWS.ledger.items():
        rows_s[CAUSES.index(cause)] += outcome.carry[row]
    assert rows_s.sum(axis=0) == pytest.approx(1200.0, rel=1e-9)
    assert min(ledger.own_s.min(), ledger.induced_s.min()) >= -1e-9
