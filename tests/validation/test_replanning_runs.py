"""Whole runs in which a job is planned again: satellites and links that change for long, on a small formation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim import api
from sim.config.scenario import Loaded
from sim.engine.driver import Run
from sim.engine.outcome import Outcome
from sim.results import dataset, summary
from sim.schema import CAUSES
from sim.studies import why
from sim.workload import training_step

SCENARIO = """\
name: again
epoch: 2026-03-20T00:00:00Z
duration: {minutes} min
step: 60 s
constellation:
  kind: cluster
  altitude: 650 km
  local_time: "06:00"
  lattice: {{shape: square, spacing: 200 m, radius: 400 m}}
satellite: suncatcher
links: {{topology: mesh, terminal: oct-100g}}
fleet: {{spares: 0, recovery: {{detection: 60 s, restart: 120 s}}}}
recorder: {{satellites: 0}}
workloads: [{{kind: training, model: llama-3-8b, interleave: 1, jitter: 0, zero: 1, recompute: none, in_flight: 1, {job}}}]
events: [{events}]
"""
AFTER = "replan_after: 3 min"
# the job has 12 of the 13 satellites; satellite 12 would take the rank of 0
LOST = '"+100 s lose satellite 12", "+320 s lose satellite 0"'
COPY_S = 8.0 * 14.0 * 8030261248 / 10 / 1e11  # weights and optimiser state on ten satellites, over links of 100 Gbit/s


def load(folder: Path, job: str = AFTER, events: str = LOST, minutes: int = 20) -> Loaded:
    path = folder / "again.yaml"
    path.write_text(SCENARIO.format(job=job, events=events, minutes=minutes), encoding="utf-8")
    return api.load(str(path))


def finished(folder: Path, **values: Any) -> Outcome:
    return Run(load(folder, **values)).finish()


def row(outcome: Outcome) -> dict[str, Any]:
    (found,) = summary.summary(outcome)["workloads"]
    return dict(found)


def test_a_job_that_lacks_a_member_goes_on_with_fewer(tmp_path: Path) -> None:
    """By hand: lost at 320 s, missed at 360 s, and planned again at 540 s on eleven satellites: pipelines of two leave ten. Restart and
    copy are `recovery` of the ten; one satellite is left over; until then ten members and that one wait."""
    outcome = finished(tmp_path)
    scheduler = outcome.scheduler
    assert scheduler is not None
    (training,) = scheduler.trainings
    change_s = 120.0 + COPY_S
    assert [(c.time_s, c.members) for c in training.plan_changes] == [(540.0, 10)]
    modes_s = training.mode_share[0].sum(axis=1) * 60.0
    assert modes_s == pytest.approx([320.0 + 660.0 - change_s, 0.0, change_s, 220.0, 0.0, 0.0], rel=1e-6)
    own = {cause: scheduler.ledger.own_s[CAUSES.index(cause)] for cause in ("recovery", "unplaced")}
    members = scheduler.fleets[0].lifecycle.ranks()[0]
    idle = np.setdiff1d(np.arange(1, 12), members)
    assert (members.size, idle.size) == (10, 1)
    assert own["unplaced"][idle] == pytest.approx(660.0, rel=1e-9)
    assert own["recovery"][idle] == pytest.approx(320.0, rel=1e-9)  # no checkpoint kept their work
    assert own["recovery"][members] == pytest.approx(change_s + 320.0, rel=1e-6)
    found = row(outcome)
    assert (found["plans"], found["satellites_per_job"]) == (2, 10)
    assert found["ettr"] == pytest.approx((660.0 - change_s) / 1200.0, rel=1e-6)
    event = dataset.event_rows(outcome)[-1]
    assert [event[key] for key in ("time_s", "action", "target", "remaining_fraction", "cause")] == [
        540.0, "replan", "llama-3-8b 0", pytest.approx(10 / 12), "plan",
    ]  # fmt: skip
    assert row(finished(tmp_path, job="replan_after: null"))["ettr"] == 0.0


def test_a_given_mesh_keeps_its_degrees(tmp_path: Path) -> None:
    """By hand: 16 tensor groups on a satellite hold one stage each; of 16 replicas on two satellites there remain five pairs."""
    found = row(finished(tmp_path, job=AFTER + ", mesh: {tensor: 4, pipeline: 2, data: 96, stages: 1}"))
    assert found["mesh"] == {"tensor": 4, "pipeline": 2, "data": 80, "context": 1, "expert": 1}
    assert found["plans"] == 2


def test_a_job_grows_again_where_the_time_left_pays_for_it(tmp_path: Path) -> None:
    """By hand: both satellites are back at 12 min, and the change has lasted long enough at 15 min. Twelve satellites take a step in 4.49 s,
    ten in 4.92 s: what they gain in the 45 min that are left is more than the two minutes of the change take, in 5 min it is less."""
    events = '"+100 s lose satellite 12 for 620 s", "+320 s lose satellite 0 for 400 s"'
    long, short = (finished(tmp_path, events=events, minutes=minutes) for minutes in (60, 20))
    changes = [[c.members for c in outcome.scheduler.trainings[0].plan_changes] for outcome in (long, short) if outcome.scheduler]
    assert changes == [[10, 12], [10]]
    assert row(long)["satellites_per_job"] == 12
    first = long.scheduler.trainings[0].first_plan if long.scheduler else None
    last = long.scheduler.trainings[0].plan if long.scheduler else None
    assert first is not None
    assert last is not None
    assert last.task.mesh == first.task.mesh


def test_a_job_leaves_satellites_that_no_message_reaches(tmp_path: Path) -> None:
    """By hand: the links of two satellites are lost at 100 s and 320 s. Outage from 300 s on, since links are those of the end of a step,
    and a plan without them at 480 s: what the two could do counts as their outage."""
    outcome = finished(tmp_path, events='"+100 s lose links of satellite 12", "+320 s lose links of satellite 0"')
    scheduler = outcome.scheduler
    assert scheduler is not None
    (training,) = scheduler.trainings
    assert [c.members for c in training.plan_changes] == [10]
    assert training.plan_changes[0].time_s == pytest.approx(480.0, abs=60.0)
    assert not np.isin(scheduler.fleets[0].lifecycle.ranks()[0], [0, 12]).any()
    assert training.mode_share[0, 0, -1] == 1.0
    assert scheduler.ledger.own_s[CAUSES.index("outage"), 0] >= 1200.0 - 480.0 - 60.0


def test_nothing_changes_where_nothing_happens(tmp_path: Path) -> None:
    """By definition: without changes a job that may be planned again does what one does that may not, to the bit."""
    one, two = (finished(tmp_path, job=job, events="") for job in (AFTER, "replan_after: null"))
    assert one.scheduler is not None
    assert two.scheduler is not None
    assert np.array_equal(one.scheduler.ledger.own_s, two.scheduler.ledger.own_s)
    assert row(one) == row(two)
    assert row(one)["plans"] == 1


def test_tiles_blocks_and_threads_leave_no_trace(tmp_path: Path) -> None:
    """By contract: the same bytes whatever the tiles, blocks and threads."""
    loaded = load(tmp_path, events=LOST + ', "+12 min restore satellite 0"', minutes=30)
    found = []
    for tile, block, threads in ((256, None, 1), (5, 7, 2)):
        outcome = Run(loaded, tile=tile, block=block, threads=threads).finish()
        assert outcome.scheduler is not None
        found.append((row(outcome), dataset.event_rows(outcome), outcome.scheduler.ledger))
    assert found[0][:2] == found[1][:2]
    assert found[0][0]["plans"] > 1
    assert np.array_equal(found[0][2].own_s, found[1][2].own_s)
    assert np.array_equal(found[0][2].induced_s, found[1][2].induced_s)


def test_what_removes_recomputation_begins_with_the_plan_of_the_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By definition: a cause is removed from the whole run, which begins on twelve satellites and not on the ten of the second plan."""
    given: list[int] = []

    def remove(cause: str, scenario: Any, tasks: Any) -> Any:
        given.extend(training_step.members(task) for task in tasks)
        return None

    monkeypatch.setattr(why, "remove_cause", remove)
    monkeypatch.setattr(why, "NOT_REMOVABLE", dict.fromkeys(CAUSES, "not removed"))
    why.why(load(tmp_path))
    assert set(given) == {12}


losses = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 900), st.integers(60, 900), st.booleans()), min_size=1, max_size=5,
    unique_by=lambda event: event[0],
)  # fmt: skip


@given(losses)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_rows_add_up_to_nameplate(tmp_path: Path, history: list[tuple[int, int, int, bool]]) -> None:
    """Invariant: every second of every satellite has one cause, whatever is lost and however often the job is planned again."""
    events = ", ".join(f'"+{t} s lose {"links of " * links}satellite {s} for {d} s"' for s, t, d, links in history)
    compute = summary.summary(finished(tmp_path, events=events, minutes=30))["compute"]
    assert sum(r["flops"] for r in compute["waterfall"]) == pytest.approx(compute["nameplate_flops"], rel=1e-9)
    assert min(r["flops"] for r in compute["waterfall"]) >= -1e-9 * compute["nameplate_flops"]
