"""What a fleet can do between the dates and ages of the table, against the run itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.config.scenario import load
from sim.mission.capability import Table, measure
from sim.mission.dates import dates
from sim.schema import CAUSES

DAY_S = 86400.0
# Over these days the angle between the orbit and the Sun falls all the time, from 61 to 46 degrees, and shadows grow longer. So each angle comes
# once, and with it one distance of the Sun.
SCENARIO = """\
name: between
epoch: 2026-08-30T00:00:00Z
duration: 1 d
step: 120 s
constellation: {kind: cluster, altitude: 650 km, local_time: "08:00", lattice: {spacing: 200 m, radius: 200 m}}
satellite: suncatcher
mission: {duration: 98 d, step: 1 d, processes: []}
"""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    path = tmp_path_factory.mktemp("between") / "between.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    loaded = load(path, allow_infeasible=True)
    found = dates(loaded.scenario, 5, [k * DAY_S for k in range(99)])
    return path, measure(loaded, found, [0.0], 0.0)[0]


def test_a_date_between_two_of_the_table(table: tuple[Path, Table]) -> None:
    """Source of truth: the run itself on that date. Linear interpolation errs by at most an eighth of the second derivative times the square of
    the step: the second derivative is that of the table's neighbours, doubled, as the true one may be larger between them."""
    path, known = table
    (path.parent / "day.yaml").write_text(SCENARIO.partition("mission:")[0], encoding="utf-8")
    useful = known.shares[0, 0, :, 0, 0, CAUSES.index("useful")]
    angle = np.array(known.dates.beta_rad)
    order = np.argsort(angle)
    x, y = angle[order], useful[order]
    slopes = np.diff(y) / np.diff(x)
    curvature = np.abs(2.0 * np.diff(slopes) / (x[2:] - x[:-2]))
    assert np.ptp(y) > 0.005  # there is something to interpolate
    found = known.over_mission(known.shares[0], np.zeros(98))[:, 0, CAUSES.index("useful")]
    for k in range(len(x) - 1):
        # the day whose angle is nearest to the middle of two of the table, where the error is largest
        weight = known.dates.weight[:, order][:, [k, k + 1]]
        day = int(np.argmin(np.abs(weight - 0.5).sum(axis=1)))
        assert weight[day] == pytest.approx([0.5, 0.5], abs=0.1)
        epoch = load(path, allow_infeasible=True).scenario.epoch + timedelta(days=day)
        run = sim.run(path.parent / "day.yaml", set={"epoch": f"{epoch:%Y-%m-%dT%H:%M:%SZ}"}, allow_infeasible=True)
        bound = 2.0 * curvature[max(0, k - 1) : k + 1].max() * (x[k + 1] - x[k]) ** 2 / 8.0
        error = found[day] - run.summary["compute"]["useful_fraction"]
        assert abs(error) < bound
