"""Demand over the day."""

from __future__ import annotations

import numpy as np
import pytest

from sim.workload.demand import daily_factor

EVENING = [1.0 if 18 <= hour < 22 else 0.25 for hour in range(24)]


def test_each_place_follows_its_own_sun() -> None:
    """By hand: at 90 degrees east it is 19:00 when it is 13:00 at Greenwich; twice the users weigh twice."""
    utc_h = np.array([13.0])
    east, home = (daily_factor(EVENING, np.radians([x]), np.ones(1), utc_h)[0] for x in (90.0, 0.0))
    mean = (4 * 1.0 + 20 * 0.25) / 24
    assert (east, home) == pytest.approx((1.0 / mean, 0.25 / mean))
    both = daily_factor(EVENING, np.radians([90.0, 0.0]), np.array([2.0, 1.0]), utc_h)[0]
    assert both == pytest.approx((2.0 * east + home) / 3.0)


def test_mean_of_a_day_is_one() -> None:
    """Definition: whatever the profile and the places, minute by minute over a day."""
    rng = np.random.default_rng(3)
    utc_h = (np.arange(1440) + 0.5) / 60.0
    factor = daily_factor(list(rng.uniform(size=24)), rng.uniform(-np.pi, np.pi, 9), rng.uniform(size=9), utc_h)
    assert factor.mean() == pytest.approx(1.0, rel=1e-9)
    assert factor.min() > 0.0
