"""Eclipses of dawn-dusk orbits through the year."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest

from orbit.environment import sun_position_m
from orbit.kernels.j2 import circular_positions
from orbit.kernels.shadow import mean_lit_fraction, shadow_edge
from orbit.shells import sun_synchronous_ring

REAL_M, POINT_M = 695.7e6, 1.0
NEW_YEAR = 2461041.5  # 2026-01-01 00:00 UTC


@numba.njit
def _mean_lit(r_m, sun_m, radius_m, out):
    before = shadow_edge(r_m[0, 0, 0], r_m[0, 1, 0], r_m[0, 2, 0], sun_m[0, 0], sun_m[0, 1], sun_m[0, 2], radius_m)
    now = shadow_edge(r_m[1, 0, 0], r_m[1, 1, 0], r_m[1, 2, 0], sun_m[1, 0], sun_m[1, 1], sun_m[1, 2], radius_m)
    for k in range(2, r_m.shape[0]):
        after = shadow_edge(r_m[k, 0, 0], r_m[k, 1, 0], r_m[k, 2, 0], sun_m[k, 0], sun_m[k, 1], sun_m[k, 2], radius_m)
        out[k - 2] = mean_lit_fraction(before, now, after)
        before, now = now, after


def lit(
    local_time_h: float, altitude_km: float, days: int, radius_m: float, start_d: float = 0.0, step_s: float = 30.0
) -> np.ndarray:
    """Mean lit fraction of every step of one satellite from a day of 2026 on, its node set on New Year's Day."""
    t = start_d * 86400.0 + np.arange(-step_s, days * 86400.0 + step_s / 2, step_s)
    ring = sun_synchronous_ring(1e3 * altitude_km, local_time_h, 1, NEW_YEAR, 0.0)
    r = np.empty((t.size, 3, 1))
    circular_positions(ring.packed(), t, r)
    whole = np.floor(t / 86400.0)
    sun = sun_position_m(NEW_YEAR + whole, t / 86400.0 - whole)
    out = np.empty(t.size - 2)
    _mean_lit(r, np.ascontiguousarray(sun), radius_m, out)
    return out


def _season(share: np.ndarray, step_s: float = 30.0) -> tuple[float, float, float]:
    """Days on whose orbits the Sun is cut, longest stretch of shade [min], mean dark fraction."""
    orbit = round(5870.94 / step_s)
    count = share.size // orbit
    per_orbit = share[: count * orbit].reshape(count, orbit)
    days = np.count_nonzero(per_orbit.min(axis=1) < 1.0 - 1e-9) * orbit * step_s / 86400.0
    dark, run, longest = 1.0 - share, 0.0, 0.0
    for d in dark:
        run = run + d * step_s if d > 1e-9 else 0.0
        longest = max(longest, run)
    return days, longest / 60.0, float(dark.mean())


def test_year_of_650_km_dusk() -> None:
    """Source of truth: case V3: cylinder, 2026: 90.5 days with eclipse (1.5), worst 19.72 min (0.15), mean 0.0400 (3 %)."""
    days, worst, mean = _season(lit(18.0, 650.0, 365, POINT_M))
    assert days == pytest.approx(90.5, abs=1.5)
    assert worst == pytest.approx(19.72, abs=0.15)
    assert mean == pytest.approx(0.0400, rel=0.03)


def test_the_cone_adds_grazing_days() -> None:
    """Source of truth: V3: the cone adds 2 to 3 grazing days; the mean shade changes by less than 3 %."""
    cone, cylinder = _season(lit(18.0, 650.0, 365, REAL_M)), _season(lit(18.0, 650.0, 365, POINT_M))
    assert 1.5 <= cone[0] - cylinder[0] <= 3.5
    assert cone[2] == pytest.approx(cylinder[2], rel=0.03)


@pytest.mark.parametrize(
    ("hours", "altitude_km", "days", "worst", "mean"),
    [
        (18.0, 550.0, 100.5, 21.66, 0.0502),
        (6.0, 650.0, 87.2, 19.73, 0.0385),
        (18.0, 1000.0, 57.2, 13.03, 0.0154),
        (18.0, 1400.0, 0.0, 0.0, 0.0),
    ],
)
def test_other_dawn_dusk_orbits(hours: float, altitude_km: float, days: float, worst: float, mean: float) -> None:
    """Source of truth: the table of dawn-dusk orbits (physics, A4), cylinder; tolerances as in V3.

    At 06:00 the season spans New Year; a year holds it whole either way.
    """
    found = _season(lit(hours, altitude_km, 365, POINT_M))
    assert found[0] == pytest.approx(days, abs=1.5)
    assert found[1] == pytest.approx(worst, abs=0.15)
    assert found[2] == pytest.approx(mean, rel=0.03, abs=1e-6)


@pytest.mark.parametrize(
    ("hours", "day", "eclipsed"),
    [(6.0, 354, True), (6.0, 78, False), (6.0, 171, False), (18.0, 171, True), (18.0, 78, False), (18.0, 354, False)],
)
def test_days_of_the_year(hours: float, day: int, eclipsed: bool) -> None:
    """Source of truth: the seasons (physics, A4): 06:00 early November to early February, 18:00 7 May to 6 August. Days: 20 March,
    21 June and 21 December 2026. At the solstice about 19.7 min of each orbit are dark."""
    share = lit(hours, 650.0, 1, REAL_M, start_d=float(day))
    assert bool((share < 1.0 - 1e-9).any()) == eclipsed
    if eclipsed:
        assert 1.0 - share.mean() == pytest.approx(19.6 / 97.85, abs=0.01)
    assert math.isfinite(float(share.sum()))
