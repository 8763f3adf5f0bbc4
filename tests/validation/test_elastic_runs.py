"""Whole runs of training that goes on with fewer satellites, on a small formation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import api
from sim.config import schema
from sim.config.scenario import Loaded
from sim.engine import planning
from sim.engine.driver import Run
from sim.results import formatting, summary
from sim.studies import ablation, plans

SCENARIO = """\
name: elastic
epoch: 2026-03-20T00:00:00Z
duration: 20 min
step: 60 s
constellation:
  kind: cluster
  altitude: 650 km
  local_time: "06:00"
  lattice: {{shape: square, spacing: 200 m, radius: 400 m}}
satellite: suncatcher
links: {{topology: mesh, terminal: oct-100g}}
fleet: {{spares: {spares}, recovery: {{detection: 60 s, restart: 120 s}}}}
recorder: {{satellites: 0}}
workloads: [{{kind: training, model: llama-3-8b, interleave: 1, jitter: 0, zero: 1, recompute: none, in_flight: 1, {job}}}]
events: [{events}]
"""
ELASTIC = "method: elastic, elastic: {replicas: 4}"
# satellite 12 is in no mesh and would take the rank of 0
LOST = '"2026-03-20T00:01:40Z lose satellite 12", "2026-03-20T00:05:20Z lose satellite 0"'
BACK = '"2026-03-20T00:05:20Z lose satellite 0 for 5 min"'


def load(folder: Path, job: str = ELASTIC, events: str = LOST, spares: int = 0) -> Loaded:
    path = folder / "elastic.yaml"
    path.write_text(SCENARIO.format(spares=spares, job=job, events=events), encoding="utf-8")
    return api.load(str(path))


def run(folder: Path, **values: Any) -> dict[str, Any]:
    found: dict[str, Any] = api.run(load(folder, **values)).summary
    return found


def test_replicas_go_on_where_a_synchronous_job_waits(tmp_path: Path) -> None:
    """Source of truth: the lifecycle by hand. A satellite, and its links, are lost for good at 320 s of 1,200 s. A synchronous job keeps
    less than 320 s of work; three of four replicas lose 60 s of grace and less than one step."""
    whole, elastic = run(tmp_path, job="method: synchronous"), run(tmp_path)
    (waits,), (goes_on,) = whole["workloads"], elastic["workloads"]
    assert waits["ettr"] < 320.0 / 1200.0
    kept_s = 3 * (1200.0 - 60.0) + 320.0
    assert (kept_s - 4 * goes_on["step_s"]) / 4800.0 <= goes_on["ettr"] <= kept_s / 4800.0
    assert (waits["method"], goes_on["method"], goes_on["islands"]) == ("synchronous", "elastic", 4)
    assert f"{goes_on['islands_running']:.3g} of 4 elastic replicas train on average" in dict(formatting.lines(elastic))["job"]
    assert 3.0 < goes_on["islands_running"] < 4.0
    assert goes_on["tokens_per_s"] > 2.0 * waits["tokens_per_s"]
    for found in (whole, elastic):
        compute = found["compute"]
        assert sum(row["flops"] for row in compute["waterfall"]) == pytest.approx(compute["nameplate_flops"], rel=1e-9)


def test_replicas_train_as_fast_as_planned(tmp_path: Path) -> None:
    """Source of truth: the plan at full clock rate: without events the run takes as long for a step."""
    loaded = load(tmp_path, events="")
    (answer,) = plans.plans(loaded)
    (workload,) = api.run(loaded).summary["workloads"]
    assert workload["step_s"] == pytest.approx(answer.rows[0].step_s, rel=1e-3)


def test_as_many_replicas_as_train_nearly_as_fast(tmp_path: Path) -> None:
    """By definition: of all numbers of replicas in the list of plans the largest whose tokens a second are within 1 % of the most."""
    (answer,) = plans.plans(load(tmp_path, job="method: elastic", events=""), 100)
    fastest = {n: max(row.tokens_per_s for row in answer.rows if row.islands == n) for n in {row.islands for row in answer.rows}}
    assert len(fastest) > 1
    most = max(n for n, rate in fastest.items() if rate >= 0.99 * max(fastest.values()))
    (workload,) = run(tmp_path, job="method: elastic", events="")["workloads"]
    assert workload["islands"] == most


@pytest.mark.parametrize("method", ["elastic", "diloco"])
def test_numbers_of_replicas_that_hold_no_model_are_left_out(tmp_path: Path, method: str) -> None:
    """By hand: 18 bytes for each of 405e9 parameters fill 4 satellites of 64 x 32 GB: two replicas of six hold the model, four of three
    do not."""
    loaded = load(tmp_path, job=f"method: {method}", events="")
    (job,) = loaded.scenario.workloads
    large = api.load("suncatcher", set=("workloads.0.model=llama-3-405b",)).scenario.workloads[0]
    assert isinstance(job, schema.Training)
    assert isinstance(large, schema.Training)
    ((_, fleet),) = plans._fleets(loaded)
    changed = job.model_copy(update={"model": large.model, "recompute": "auto", "zero": "auto"})
    assert len(planning.island_choices(changed, fleet)) > 1
    islands = planning.choose(changed, fleet).task.islands
    assert islands is not None
    assert islands.islands == 2


def test_a_given_mesh_leaves_only_numbers_of_replicas_that_have_room(tmp_path: Path) -> None:
    """By hand: a mesh of three satellites fits four times into thirteen, and not eight times. Without recomputation the plan stays: the
    same mesh, and the same number of replicas."""
    loaded = load(tmp_path, job="method: elastic, mesh: {tensor: 4, pipeline: 1, data: 48}", events="")
    outcome = Run(loaded).finish()
    assert outcome.scheduler is not None
    (training,) = outcome.scheduler.trainings
    assert (training.jobs, training.members) == (4, 3)
    without = ablation.remove_cause("recompute", load(tmp_path, job="method: elastic", events="").scenario, [training.task])
    assert without is not None
    (job,) = without.scenario.workloads
    assert isinstance(job, schema.Training)
    assert job.elastic is not None
    assert job.elastic.replicas == 4


def test_tiles_blocks_and_threads_leave_no_trace(tmp_path: Path) -> None:
    """By contract: the same bytes whatever the tiles, blocks and threads."""
    loaded = load(tmp_path, events=BACK, spares=1)
    found = []
    for tile, block, threads in ((256, None, 1), (5, 3, 2)):
        outcome = Run(loaded, tile=tile, block=block, threads=threads).finish()
        scheduler = outcome.scheduler
        assert scheduler is not None
        found.append((summary.summary(outcome), scheduler.ledger.own_s, scheduler.ledger.induced_s, scheduler.trainings[0].mode_share))
    assert found[0][0]["workloads"] == found[1][0]["workloads"]
    for one, two in zip(found[0][1:], found[1][1:], strict=True):
        assert np.array_equal(one, two)
