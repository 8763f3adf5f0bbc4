"""Whole runs in which training workloads share a small fleet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim import api

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
