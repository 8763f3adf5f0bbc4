"""The search for plans against all candidates, each with all its messages routed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import api
from sim.engine import planning
from sim.studies import plans
from sim.workload import execution_plan, training_step
from sim.workload.job_communication import JobCommunication

SCENARIO = """\
name: search
epoch: 2026-03-20T00:00:00Z
duration: 5 min
step: 60 s
constellation:
  {{kind: walker, pattern: star, altitude: 1000 km, inclination: 87 deg, planes: {planes}, satellites_per_plane: 9, phasing: 0}}
satellite: suncatcher
links: {{topology: grid, terminal: {{extends: oct-100g, channel_rate: 1000 Gbit/s}}}}
recorder: {{satellites: 0}}
workloads: [{{kind: training, model: llama-3-8b, recompute: none, interleave: 1, {job}}}]
"""
CASES = [
    (2, "in_flight: 1, global_batch: 1e6, method: diloco, islands: {count: 3, inner_steps: 3}"),  # routes between islands differ in length
    (2, "in_flight: 1, global_batch: 1e6, method: elastic, elastic: {replicas: 3}"),
    (3, "global_batch: 4e6, members: 4"),  # one job has the longest delays, another one the longest all-reduce
]


def all_steps_s(candidates: Any, groups: Any, transport: Any, satellites: int, row: Any) -> list[float]:
    """Step of the slowest group of every candidate with every all-reduce and placement; replicas of an elastic job wait for the slowest
    of each kind of messages."""
    search, found = execution_plan._Search(candidates, groups, transport, satellites, row), []
    for task in candidates:
        for collective, placement in search._variants(task):
            ranks = [execution_plan.placed(group, task, placement, row) for group in groups]
            costs = JobCommunication(task, collective, satellites).costs(ranks, transport)
            times_s = [costs.stage_delay_s, costs.stage_drain_s, costs.gradients_s, costs.outer_s]
            if task.islands is not None and task.islands.together:
                times_s = [np.full(len(groups), each.max()) for each in times_s]
            found.append(float(np.max(training_step.decompose(task, 1.0, *times_s).total_s)))
    return found


@pytest.mark.parametrize(("planes", "job"), CASES)
def test_the_plan_is_the_fastest_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planes: int, job: str) -> None:
    """Source of truth: all candidates by their messages. The list of plans shows the step of the search."""
    path, asked, ranked = tmp_path / "search.yaml", [], execution_plan.ranked_plans
    path.write_text(SCENARIO.format(planes=planes, job=job), encoding="utf-8")

    def noted(*of: Any) -> Any:
        asked.append(of)
        return ranked(*of)

    monkeypatch.setattr(execution_plan, "ranked_plans", noted)
    monkeypatch.setattr(planning, "PLANS", planning.Memo(1))
    (answer,) = plans.plans(api.load(path), 1)
    candidates, groups, transport, satellites, _, row = asked[-1]
    least_s = min(all_steps_s(candidates, groups, transport, satellites, row))
    assert answer.rows[0].step_s == pytest.approx(least_s, rel=1e-9)
    assert ranked(*asked[-1])[0].step_s == pytest.approx(least_s, rel=1e-9)
