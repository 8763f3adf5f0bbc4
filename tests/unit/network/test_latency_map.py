"""Latency over the Earth."""

from __future__ import annotations

import math

import numpy as np
import pytest

import sim
from orbit.constants import EARTH_FLATTENING, EARTH_RADIUS_M, SPEED_OF_LIGHT_M_S
from orbit.ground import in_teme
from orbit.timegrid import TimeGrid
from sim.network import latency_map
from sim.network.latency_map import COLUMNS, FRAMES, PAIRS, ROWS, LatencyMap, latitudes_deg, longitudes_deg

GRID = TimeGrid(2461395.5, 0.0, 60.0, 96)
ALTITUDE_M, MASK_RAD = 550e3, math.radians(25.0)


def _over(latitude_deg: float, longitude_deg: float, k: int) -> np.ndarray:
    """A satellite over a place at the end of step k, (3, 1): on the local vertical of the ellipsoid."""
    latitude, longitude = math.radians(latitude_deg), math.radians(longitude_deg)
    e2 = EARTH_FLATTENING * (2.0 - EARTH_FLATTENING)
    normal_m = EARTH_RADIUS_M / math.sqrt(1.0 - e2 * math.sin(latitude) ** 2)
    across_m = (normal_m + ALTITUDE_M) * math.cos(latitude)
    fixed = np.array(
        [[across_m * math.cos(longitude), across_m * math.sin(longitude), (normal_m * (1.0 - e2) + ALTITUDE_M) * math.sin(latitude)]]
    )
    jd, fr = GRID.jd_fr(k + 1, 1)
    return np.ascontiguousarray(in_teme(fixed, jd, fr)[0].T)


def test_a_satellite_serves_the_places_below_it() -> None:
    """Source of truth: a vertical of 550 km takes 1.835 ms; above 25 degrees a satellite of 550 km is seen from up to 8.45 degrees away
    (spherical triangle), so that of places 5 degrees apart the second neighbour on the meridian is outside and the first is inside."""
    found = LatencyMap(GRID, 1, MASK_RAD, math.inf)
    assert found.steps.tolist() == list(range(96))
    k = 40
    found.add(k, _over(12.5, 47.5, k), np.zeros(1))
    row, column = latitudes_deg().tolist().index(12.5), longitudes_deg().tolist().index(47.5)
    one_way_ms = 1e3 * found.one_way_s[k]
    assert one_way_ms[row, column] == pytest.approx(1e3 * ALTITUDE_M / SPEED_OF_LIGHT_M_S, abs=1e-6)
    assert np.isfinite(one_way_ms[row - 1 : row + 2, column]).all()
    assert np.isinf(one_way_ms[[row - 2, row + 2], column]).all()
    assert np.isinf(found.one_way_s[np.arange(96) != k]).all()
    served = np.isfinite(one_way_ms)
    assert served.sum() <= 9


def test_the_way_onwards_counts_and_the_quicker_satellite_serves() -> None:
    """Source of truth: two satellites at one place: with 3 and 1 ms to go on, the way over the second takes 1.835 + 1 ms; one that
    reaches no server serves no user."""
    k, onward_s = 7, np.array([3e-3, 1e-3, np.inf])
    r_m = np.repeat(_over(-22.5, -122.5, k), 3, axis=1)
    found = LatencyMap(GRID, 3, MASK_RAD, math.inf)
    found.add(found.moment(k), r_m, onward_s)
    row, column = latitudes_deg().tolist().index(-22.5), longitudes_deg().tolist().index(-122.5)
    assert 1e3 * found.one_way_s[k, row, column] == pytest.approx(1e3 * ALTITUDE_M / SPEED_OF_LIGHT_M_S + 1.0, abs=1e-6)
    alone = LatencyMap(GRID, 3, MASK_RAD, math.inf)
    alone.add(k, r_m, np.full(3, np.inf))
    assert np.isinf(alone.one_way_s).all()


def test_range_limits_a_place() -> None:
    """Source of truth: 549 km reach no satellite at 550 km."""
    found = LatencyMap(GRID, 1, 0.0, 549e3)
    found.add(0, _over(2.5, 2.5, 0), np.zeros(1))
    assert np.isinf(found.one_way_s).all()


def test_moments_are_fewer_for_larger_fleets() -> None:
    """Source of truth: the budget of pairs of places and satellites; steps between moments are equal to one."""
    count = 1584
    moments = LatencyMap(TimeGrid(2461395.5, 0.0, 15.0, 5760), count, MASK_RAD, math.inf).steps
    assert moments.size == PAIRS // (ROWS * COLUMNS * count) < FRAMES
    assert np.ptp(np.diff(moments)) <= 1
    assert 0 < moments[0] < moments[-1] < 5760 - 1
    assert LatencyMap(GRID, 10**6, MASK_RAD, math.inf).steps.size == 0
    assert [LatencyMap(GRID, 1, MASK_RAD, math.inf).moment(k) for k in (0, 95, 96)] == [0, 95, -1]


def test_a_run_gives_places_the_round_trips_of_its_stations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: a station at a place of the map: the median of its round trips over the moments of the map, to the precision of float32."""
    monkeypatch.setattr(latency_map, "FRAMES", 10)
    station = "{name: here, latitude: 42.5 deg, longitude: 7.5 deg}"
    asked = ["duration=20 min", f"ground={{stations: [{station}], min_elevation: 25 deg}}", "recorder={satellites: 0}"]
    series = sim.run(sim.load("starlink_edge", set=asked)).series
    at = {"place_row": latitudes_deg().tolist().index(42.5), "place_column": longitudes_deg().tolist().index(7.5)}
    some = series["user_rtt_ms"].values[0, 1::2]
    assert float(series["place_coverage"][at]) == np.isfinite(some).mean()
    assert float(series["place_user_rtt_ms"][at]) == pytest.approx(float(np.nanmedian(some)), rel=1e-6)
