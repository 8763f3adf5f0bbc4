"""Jobs that wait for data before their first work: members that are lost meanwhile, spares, the schedule of checkpoints.

Source of truth: times by hand.
"""

from __future__ import annotations

import numpy as np

from sim.fleet.availability import SatelliteChange
from sim.fleet.job_lifecycle import JobLifecycle
from sim.fleet.job_phases import CHECKPOINT, INGEST, RECOVERY, RUN, WAITING, Policy

POLICY = Policy(checkpoint_interval_s=100.0, checkpoint_s=5.0, detection_s=10.0, restart_s=20.0)
CONNECTED = np.zeros(1, dtype=np.bool_)


def _lifecycle(spares: list[int]) -> JobLifecycle:
    found = JobLifecycle([[0, 1]], spares, POLICY, satellites=3)
    found.await_data(0)
    return found


def _modes(lifecycle: JobLifecycle, start_s: float, end_s: float, *changes: SatelliteChange) -> list[tuple[float, float, int, int]]:
    """Segments in windows of 60 s, joined where they go on: begin, end, mode, members that are up."""
    found: list[tuple[float, float, int, int]] = []
    for begin_s in np.arange(0.0, end_s, 60.0).tolist():
        if begin_s <= start_s < begin_s + 60.0:
            lifecycle.take_data(0, start_s)
        mine = [c for c in changes if begin_s <= c.time_s < begin_s + 60.0]
        segments, _ = lifecycle.advance(begin_s, begin_s + 60.0, CONNECTED, mine)
        for s in segments[0]:
            here = (s.begin_s, s.end_s, s.mode, s.members.size - s.lost.size)
            if found and found[-1][1:] == (here[0], *here[2:]):
                here = (found.pop()[0], *here[1:])
            found.append(here)
    return found


def _change(time_s: float, satellite: int, remaining: float) -> SatelliteChange:
    return SatelliteChange(time_s, satellite, remaining, None)


def test_work_and_its_checkpoints_begin_with_the_data() -> None:
    assert not _lifecycle([]).running.any()
    assert not _lifecycle([]).able.any()
    assert _modes(_lifecycle([]), 130.0, 240.0) == [(0.0, 130.0, INGEST, 2), (130.0, 230.0, RUN, 2), (230.0, 235.0, CHECKPOINT, 2), (235.0, 240.0, RUN, 2)]


def test_a_member_that_returns_in_time_costs_nothing() -> None:
    found = _modes(_lifecycle([]), 130.0, 180.0, _change(20.0, 1, 0.0), _change(70.0, 1, 1.0))
    assert found == [(0.0, 20.0, INGEST, 2), (20.0, 70.0, INGEST, 1), (70.0, 130.0, INGEST, 2), (130.0, 180.0, RUN, 2)]


def test_a_job_waits_for_members_once_its_data_are_aboard() -> None:
    found = _modes(_lifecycle([]), 130.0, 240.0, _change(20.0, 1, 0.0), _change(150.0, 1, 1.0))
    assert found == [(0.0, 20.0, INGEST, 2), (20.0, 130.0, INGEST, 1), (130.0, 150.0, WAITING, 1), (150.0, 170.0, RECOVERY, 2), (170.0, 240.0, RUN, 2)]


def test_a_spare_takes_the_rank_and_nothing_is_loaded_again() -> None:
    lifecycle = _lifecycle([2])
    found = _modes(lifecycle, 130.0, 180.0, _change(20.0, 1, 0.0))
    assert [row for row in found if row[3] < 2] == []
    assert (found[0][0], found[-1]) == (0.0, (130.0, 180.0, RUN, 2))
    assert {row[2] for row in found[:-1]} == {INGEST}
    assert lifecycle.ranks()[0].tolist() == [0, 2]
