"""Dates of the runs of a mission: angles between orbit and Sun, and what each date counts for."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from orbit.sunlit_orbits import Plane, days_since_j2000
from sim.config.fleet_days import Variant, on_date
from sim.config.scenario import load
from sim.mission.dates import beta_rad, dates

DAY_S = 86400.0
YEAR_S = 365.25 * DAY_S


def test_angle_at_the_solstice() -> None:
    """Source of truth: by hand: at the December solstice the Sun stands 23.44 degrees south, and 23.44 degrees from the plane of the equator."""
    day = days_since_j2000(datetime(2026, 12, 21, 20, 50, tzinfo=UTC))
    assert math.degrees(beta_rad(Plane(7e6, 0.0, 0.0), day)) == pytest.approx(23.44, abs=0.03)
    # a polar orbit over the line of noon and midnight: node at the right ascension of the Sun, 270 degrees
    assert math.degrees(beta_rad(Plane(7e6, math.pi / 2, math.radians(270.0)), day)) == pytest.approx(0.0, abs=0.5)


def test_a_dawn_dusk_orbit() -> None:
    """Source of truth: by hand: the plane of a dawn-dusk orbit of 98 degrees leans 8 degrees from the terminator's axis: 90 - 23.4 - 8 to 90."""
    scenario = load("suncatcher").scenario
    found = dates(scenario, 5, [k * YEAR_S / 12 for k in range(13)])
    angles = np.degrees(found.beta_rad)
    assert len(found.after_d) == 5
    assert angles.min() == pytest.approx(90.0 - 23.44 - 8.0, abs=0.5)
    assert 85.0 < angles.max() <= 90.0
    assert found.weight.shape == (12, 5)
    assert found.weight.sum(axis=1) == pytest.approx(np.ones(12))
    assert found.weight.min() >= 0.0
    # interpolation is linear in the angle: angles themselves come out as they are
    january = found.weight[0] @ angles
    plain = np.degrees([beta_rad(_plane(scenario, d), days_since_j2000(scenario.epoch) + d) for d in np.linspace(0.0, 30.4, 60)])
    assert january == pytest.approx(plain.mean(), abs=0.3)
    assert found.weight[-1] @ angles == pytest.approx(january, abs=3.0)  # the season of eclipses is symmetric about the solstice


def _plane(scenario: object, after_d: float) -> Plane:
    from sim.config.balance.orbits import sun_synchronous_plane
    from sim.config.schema import Cluster, hours

    entry = scenario.constellation[0]  # type: ignore[attr-defined]
    assert isinstance(entry, Cluster)
    return sun_synchronous_plane(entry.altitude, hours(entry.local_time), days_since_j2000(scenario.epoch) + after_d)  # type: ignore[attr-defined]


def test_one_date() -> None:
    """A single date is the epoch, whatever the mission."""
    found = dates(load("suncatcher").scenario, 1, [0.0, YEAR_S])
    assert found.after_d == (0.0,)
    assert found.weight.tolist() == [[1.0]]


def test_elements_of_a_file_have_one_date() -> None:
    scenario = load("suncatcher").scenario
    listed = load("starlink_edge").scenario
    assert len(dates(listed, 4, [0.0, YEAR_S]).after_d) == 4
    assert len(dates(scenario, 4, [0.0, 2.0 * DAY_S]).after_d) <= 2  # the angle hardly changes in two days


def test_the_solar_cycle() -> None:
    """Source of truth: by hand: active years end 4.5 years after the maximum of October 2024, so on 2029-04-15, and begin again four years later."""
    mission = "mission={duration: 8 yr, dates: 2, ages: 1, solar: cycle}"
    scenario = load("suncatcher", sets=(mission,)).scenario
    edges_s = [0.0, 4.0 * YEAR_S, 8.0 * YEAR_S]
    found = dates(scenario, 2, edges_s)
    assert found.solar == ("minimum", "minimum", "maximum", "maximum")
    assert found.after_d[:2] == found.after_d[2:]
    assert found.weight.sum(axis=1) == pytest.approx([1.0, 1.0])
    begin = datetime(2026, 12, 21, tzinfo=UTC)
    until = (datetime(2029, 4, 15, 15, tzinfo=UTC) - begin).total_seconds()  # 1,643.625 d after 2024-10-15
    again = until + 4.0 * YEAR_S
    active = [until / (4.0 * YEAR_S), (8.0 * YEAR_S - again) / (4.0 * YEAR_S)]
    assert found.weight[:, 2:].sum(axis=1) == pytest.approx(active, rel=1e-9)
    for phase in ("minimum", "maximum"):  # and the runs are made at that phase
        day = on_date(load("suncatcher"), begin, 60.0, 0.0, 0.0, Variant(solar=phase))
        assert day.scenario.environment.radiation.solar == phase
    plain = dates(load("suncatcher", sets=(mission.replace(", solar: cycle", ""),)).scenario, 2, edges_s)
    assert found.weight[:, :2] + found.weight[:, 2:] == pytest.approx(plain.weight)
