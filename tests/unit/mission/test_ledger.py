"""What must hold of the records of replicas, so that each second of a place has one cause: the ledger of a mission rests on it."""

from __future__ import annotations

import numpy as np
import pytest

from sim.config.scenario import load
from sim.fleet.replicas.tables import JobColumn
from sim.mission import results
from sim.mission.ledger import FAILED, RECOVERY, SPARE
from sim.mission.study import Study

# failures of all kinds, on 13 satellites: whole ones, chips that slow their job, short ones, storms, replacement
SCENARIO = """\
name: rough
epoch: 2026-12-21T00:00:00Z
duration: 100 min
step: 120 s
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {spacing: 200 m, radius: 400 m}}
satellite: suncatcher
links: {topology: mesh, terminal: dwdm-10cm}
workloads:
- {kind: training, model: llama-3-8b, WORK, checkpoint: {interval: 1 h}}
fleet: {soft_errors: false}
mission:
  duration: 4 yr
  replicas: 40
  step: 31 d
  dates: 1
  ages: 1
  processes:
  - {name: loss, unit: satellite, mean_time: 4 yr}
  - {name: chip, unit: accelerator, mean_time: 20 yr}
  - {name: restart, unit: host, rate: 2 1/yr, remedies: [{success: 1, time: 6 h}]}
  common_causes: [{name: storm, scope: fleet, rate: 0.5 1/yr, hits: 0.2, lasts: 20 d}]
  replacement: {stock: 1, batch: 3, reorder_at: 1}
"""
JOBS = ("method: synchronous", "method: synchronous, members: 9", "method: synchronous, members: 9, replan_after: null", "method: elastic")


@pytest.fixture(scope="module", params=JOBS)
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Study:
    path = tmp_path_factory.mktemp("rough") / "rough.yaml"
    path.write_text(SCENARIO.replace("WORK", request.param), encoding="utf-8")
    return results.simulate(load(path))


def test_times_of_members_and_places(study: Study) -> None:
    """By definition: members work, save, recover, are slow or wait, and do one of it at a time; no more satellites work than there are places.

    The largest sums are 3.5e7 s; 1e-6 s of them is rounding.
    """
    (group,) = [group for group in study.groups if group.parts]
    rows = study.one.jobs[:, :, study.groups.index(group)]
    members, size, width_s = group.members.size, group.satellites.size, study.one.width_s
    member_s = rows[..., [JobColumn.USEFUL, JobColumn.SAVING, JobColumn.RECOVERY, JobColumn.SLOWED, JobColumn.WAITING]]
    assert np.abs(member_s.sum(axis=2) - members * width_s).max() < 1e-6
    assert member_s.sum(axis=1).min() > -1e-6
    # work that is rolled back is taken evenly from the hour since its checkpoint: over the edge of two parts, one may lose as much too much
    assert member_s.min() > -3600.0 * members
    share, working, active = (rows[..., column] for column in (JobColumn.SHARE, JobColumn.WORKING, JobColumn.ACTIVE))
    for less, more in ((0.0, share), (share, working), (working, size * width_s), (active, working), (active, members * width_s)):
        assert np.max(less - more) < 1e-6
    # a job lacks members only where no other satellite of it works
    missing_s = member_s[..., [3, 4]].sum(axis=2) + (size - members) * width_s - (working - active)
    assert missing_s.sum(axis=1).min() > -1e-6
    assert missing_s.min() > -3600.0 * members


def test_each_cause_has_what_is_lost(study: Study) -> None:
    """Source of truth: the records: what is not there, is spare, recovers or waits adds up to the places; own failures are rate that is missing."""
    (group,) = [group for group in study.groups if group.parts]
    row, size = study.one.jobs[:, :, study.groups.index(group)], group.satellites.size
    for n, found in enumerate(study.ledgers):
        one, width_s = row[n], study.one.width_s
        assert (found.own_s + found.induced_s).sum(axis=1) == pytest.approx(size * width_s, rel=1e-9)
        lost_s, spare_s = size * width_s - one[:, JobColumn.SHARE], one[:, JobColumn.WORKING] - one[:, JobColumn.ACTIVE]
        assert np.all(found.own_s[:, FAILED] <= lost_s + 1e-6)
        # the rest of it is spare, recovers, or is made good by a job that is planned again and faster than its fewer members
        faster_s = np.maximum(0.0, one[:, JobColumn.USEFUL] - one[:, JobColumn.SHARE])
        assert np.all(found.own_s[:, FAILED] >= lost_s - spare_s - found.own_s[:, RECOVERY] - faster_s - 1e-6)
        assert found.own_s[:, SPARE] == pytest.approx(spare_s, abs=1e-6)
        assert min(found.own_s.sum(axis=0).min(), found.induced_s.sum(axis=0).min()) >= -1e-6
