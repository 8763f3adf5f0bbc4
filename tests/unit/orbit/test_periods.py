"""Periods of propagators, and the same orbits on another grid."""

from __future__ import annotations

import numpy as np
import pytest

from orbit.timegrid import TimeGrid
from sim.config import scenario
from sim.engine import propagators

WALKER = "constellation={kind: walker, altitude: 600 km, inclination: 53 deg, planes: 3, satellites_per_plane: 4}"
ALONE = ("links=", "workloads=[{kind: independent}]", "ground=null", "duration=10 min")


@pytest.mark.parametrize(
    ("sets", "most_s"),
    [
        ((WALKER,), 1e-3),
        (("constellation={kind: cluster, altitude: 650 km, local_time: '06:00', lattice: {spacing: 200 m, radius: 300 m}}",), 0.02),
        ((WALKER, "motion={model: sgp4}"), 8.0),
        ((WALKER, "motion={model: numerical}"), 30.0),
    ],
    ids=["circular", "formation", "sgp4", "numerical"],
)
def test_satellites_return_after_a_period(sets: tuple[str, ...], most_s: float) -> None:
    """After its period a satellite is again at the height above the equator that it had.

    Source of truth: the definition of a revolution from node to node. The speed along z is found by differences. Limits: rounding
    for circular orbits; relative orbits of some hundred metres; the mean motion of SGP4 leaves out the turn of perigee, 0.1 %
    of 97 minutes; an osculating axis is up to 9 km from the mean one, 0.2 %, and J2 adds 0.2 %.
    """
    loaded = scenario.load("suncatcher", (*ALONE, *sets))
    (propagator,) = propagators.make_propagators(loaded, propagators.time_grid(loaded.scenario))
    period_s = propagator.period_s
    assert period_s.shape == (propagator.count,)
    for i in range(propagator.count):
        grid = TimeGrid(propagator.grid.epoch_jd, propagator.grid.epoch_fr, float(period_s[i]) / 600.0, 600)  # type: ignore[attr-defined]
        r_m = np.empty((601, 3, 1))
        assert propagator.subset(np.array([i])).on_grid(grid).fill(0, 1, 0, r_m) is None
        z_m = r_m[:, 2, 0]
        speed_m_s = (z_m[1] - z_m[0]) / grid.step_s
        if abs(speed_m_s) > 3000.0:  # far from the highest latitude, where z does not tell the time
            assert abs(z_m[600] - z_m[0]) < most_s * abs(speed_m_s) + 1.0
