"""Time that a failure takes from a job, second by second on paper: `recovery` is all of it, and no part of it stands in another row.

Satellites in sunlight, with power and cooling in plenty. A job works for ten minutes and saves, in turn; what it does at which time is worked
out here from the times of the events, and nothing is taken from the program but how a second of work is divided.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim import api

SCENARIO = """\
name: lost-time
epoch: 2026-03-20T00:00:00Z
duration: 2 h
step: {step}
constellation:
  kind: cluster
  altitude: 650 km
  local_time: "06:00"
  lattice: {{shape: square, spacing: 200 m, radius: 1 km}}
satellite: suncatcher
links: {{topology: mesh, terminal: {{extends: dwdm-10cm, channel_rate: {rate}}}}}
fleet: {{spares: {spares}, soft_errors: false, recovery: {{detection: {detection} s, restart: 240 s}}}}
recorder: {{satellites: 0}}
workloads:
  - {{kind: training, model: llama-3-70b, method: synchronous, sequence_length: 8192, global_batch: 16777216, micro_batch: 1,
      mesh: {{tensor: 8, pipeline: 8, data: {members}}}, checkpoint: {{interval: 10 min, rate: 78.125 MB/s}}}}
"""
N, DURATION_S, WORK_S, RESTART_S = 81, 7200.0, 600.0, 240.0
STEP_PARTS = ("useful", "kernel", "memory", "recompute", "bubble", "communication", "straggler")
EXACT = 1e-9  # of nameplate: rounding

Rows = dict[str, tuple[float, float]]
Runner = Callable[..., Rows]


def save_s(members: int) -> float:
    """14 bytes for each parameter of Llama 3 70B [llama3:table 3], over 64 accelerators of 78.125 MB/s each."""
    return 14.0 * 70_553_706_496 / members / 5e9


@pytest.fixture
def seconds(tmp_path: Path) -> Runner:
    """Seconds of whole satellites by cause, own and induced; they make up the time of all 81, and none is negative."""

    def run(*events: str, spares: int = 0, step: str = "60 s", detection: int = 60, rate: str = "4 Tbit/s") -> Rows:
        path = tmp_path / "lost.yaml"
        path.write_text(SCENARIO.format(step=step, spares=spares, members=N - spares, detection=detection, rate=rate), encoding="utf-8")
        compute: dict[str, Any] = api.run(api.load(path, events=events)).summary["compute"]
        each = compute["nameplate_flops"] / (N * DURATION_S)
        found = {row["cause"]: (row["own_flops"] / each, row["induced_flops"] / each) for row in compute["waterfall"]}
        assert sum(map(sum, found.values())) == pytest.approx(N * DURATION_S, rel=EXACT)
        assert min(map(min, found.values())) >= 0.0
        return found

    return run


def check(found: Rows, expected: Rows, worked_s: float) -> None:
    """Rows as expected; those of the training step add up to the time worked, and are in proportion to a second of it."""
    tolerance = EXACT * N * DURATION_S
    for cause in found.keys() - set(STEP_PARTS):
        assert found[cause] == pytest.approx(expected.get(cause, (0.0, 0.0)), abs=tolerance), cause
    assert sum(sum(found[cause]) for cause in STEP_PARTS) == pytest.approx(worked_s, abs=tolerance)


def parts_of(found: Rows, *causes: str) -> list[float]:
    total = sum(sum(found[cause]) for cause in STEP_PARTS)
    return [sum(found[cause]) / total for cause in causes]


@pytest.mark.parametrize("step", ["60 s", "40 s"])
def test_three_failures(seconds: Runner, step: str) -> None:
    """By hand, 78 members and three spares. Lost: one 3,700 s into the run, in the midst of work; one while the job still restarts,
    100 s later; one in the midst of a save. Each time from the last save to the failure is recovery, the save that was not completed included,
    and each restart, as far as it came."""
    save = save_s(78)
    cycle_s, away_s = WORK_S + save, 60.0 + RESTART_S + save
    first_s, second_s = 3700.0, 3800.0
    before = int(first_s // cycle_s)
    again_s = second_s + away_s  # work goes on, twice as late as planned at first
    third_s = again_s + 3 * cycle_s + WORK_S + 0.4 * save
    lost_s = (first_s - before * cycle_s) + (second_s - first_s) + away_s + (WORK_S + 0.4 * save) + away_s
    after = int((DURATION_S - third_s - away_s) // cycle_s)
    assert (before, after) == (6, 0)
    saves = before + 3 + after
    found = seconds(*(f"+{t!r} s lose satellite {s}" for t, s in ((first_s, 17), (second_s, 30), (third_s, 40))), spares=3, step=step)
    gone_s = 3 * DURATION_S - first_s - second_s - third_s
    expected = {
        "recovery": (78 * lost_s, 0.0), "checkpoint": (78 * saves * save, 0.0), "spare": (first_s + second_s + third_s, 0.0),
        "failed": (gone_s, 0.0),
    }  # fmt: skip
    check(found, expected, 78 * (DURATION_S - lost_s - saves * save))
    quiet = seconds(spares=3, step=step)
    assert parts_of(found, *STEP_PARTS) == pytest.approx(parts_of(quiet, *STEP_PARTS), rel=1e-9)


def test_an_outage_in_time_that_is_lost(seconds: Runner) -> None:
    """By hand: satellite 0 hangs on one link, which is lost for two minutes; another satellite is lost before the next save, and a spare takes its
    place. The two minutes stay an outage: no work was done in them, so none is done again. Detection takes longer than the outage. Over slow links members
    wait for messages of others, and what they waited in time that is lost is recovery too."""
    save, detection_s = save_s(80), 300.0
    cycle_s, away_s = WORK_S + save, detection_s + RESTART_S + save
    found = seconds("+3660 s lose link 0-4 for 2 min", "+3900 s lose satellite 17", spares=1, detection=300, rate="100 Gbit/s")
    assert found["communication"][1] > 1000.0
    before = int(3660.0 // cycle_s)
    assert before * cycle_s < 3660.0
    assert (before + 1) * cycle_s + 120.0 > 3900.0
    lost_s = 3900.0 - before * cycle_s - 120.0 + away_s
    after = int((DURATION_S - 3900.0 - away_s) // cycle_s)
    saves = before + after
    expected = {
        "recovery": (80 * lost_s, 0.0), "outage": (120.0, 79 * 120.0), "checkpoint": (80 * saves * save, 0.0), "spare": (3900.0, 0.0),
        "failed": (DURATION_S - 3900.0, 0.0),
    }  # fmt: skip
    check(found, expected, 80 * (DURATION_S - lost_s - 120.0 - saves * save))


def test_a_slow_member_in_time_that_is_lost(seconds: Runner) -> None:
    """By hand: satellite 30 has half of its rate from 3,700 s on, and another one is lost at 3,900 s. What the slow one lost before stays `failed`,
    and so does what the others lost by waiting for it; the half that was worked is done again. The slow one also restarts at half its rate."""
    save = save_s(80)
    cycle_s, away_s = WORK_S + save, 60.0 + RESTART_S + save
    found = seconds("+3700 s derate satellite 30 to 0.5", "+3900 s lose satellite 17", spares=1)
    before, left_s = int(3700.0 // cycle_s), DURATION_S - 3900.0 - away_s
    after = int(left_s // cycle_s)
    assert before == int(3900.0 // cycle_s)
    slow_s = 200.0 + left_s - after * save  # of running at half the rate
    expected = {
        "recovery": (80 * (3700.0 - before * cycle_s + 0.5 * 200.0) + 79.5 * away_s, 0.0),
        "failed": (DURATION_S - 3900.0 + 0.5 * (DURATION_S - 3700.0), 79 * 0.5 * slow_s),
        "checkpoint": (80 * before * save + 79.5 * after * save, 0.0), "spare": (3900.0, 0.0),
    }  # fmt: skip
    check(found, expected, 80 * (before * WORK_S + 0.5 * (left_s - after * save)))
