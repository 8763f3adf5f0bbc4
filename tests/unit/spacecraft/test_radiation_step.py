"""Radiation in the step: what the map has for a place, and what adds up over a run."""

from __future__ import annotations

from typing import Any

import energy_books as books
import numpy as np
import pytest
import submodel_cases as cases

from orbit.constants import EARTH_RADIUS_M
from orbit.kernels.frames import gmst_rad
from orbit.radiation import Conditions, RadiationMap, exposure_at, radiation_map
from orbit.timescales import utc_to_ut1
from sim.engine.driver import Run
from sim.engine.outcome import Outcome
from sim.spacecraft import radiation
from sim.spacecraft.passes import Sky
from sim.spacecraft.submodel import Setup

LOW = EARTH_RADIUS_M + 650e3


@pytest.fixture(scope="module")
def around() -> RadiationMap:
    """Planes from 600 to 700 km."""
    return radiation_map(LOW - 50e3, LOW + 50e3, 27.0, Conditions())


def test_cell_and_values_are_the_map(around: RadiationMap) -> None:
    """Source of truth: `exposure_at`, which tests of the map check, at 1e-9; compiled and plain Python agree to rounding. Places
    above and below the map count as its ends."""
    p = radiation.parameters(Setup(None, None, 60.0, around))
    assert p == (around.lowest_m, around.planes_per_m, around.last_plane)
    rng, weights = np.random.default_rng(2), []
    for _ in range(200):
        position = rng.normal(size=3)
        position *= (LOW + rng.uniform(-70e3, 70e3)) / np.linalg.norm(position)
        angle = rng.uniform(0.0, 6.28)
        sky = Sky(1.5e11, 0.0, 0.0, 1361.0, float(np.cos(angle)), float(np.sin(angle)))
        index, weight = radiation.cell(*position.tolist(), sky, p)
        assert (index, weight) == pytest.approx(cases.plain(radiation.cell)(*position.tolist(), sky, p), rel=1e-9)
        values = radiation.values(around.table, index, weight)
        assert values == pytest.approx(cases.plain(radiation.values)(around.table, index, weight), rel=1e-12)
        assert values == pytest.approx(tuple(exposure_at(around, position, angle)), rel=1e-9)
        weights.append(weight)
    assert {0.0, 1.0} < set(weights)


def test_a_satellite_without_a_map_meets_nothing() -> None:
    """Source of truth: definition: the table of zeros, wherever the satellite is."""
    p = radiation.parameters(Setup(None, None, 60.0))
    for position in ((7e6, 0.0, 0.0), (-3e7, 2e7, 1e7), (0.0, 0.0, -4.2e7)):
        index, weight = radiation.cell(*position, Sky(1.5e11, 0.0, 0.0, 1361.0, 1.0, 0.0), p)
        assert radiation.values(radiation.NO_TABLE, index, weight) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("protons_cm2_s", "inside"), [(0.0, 0.0), (9.999, 0.0), (10.001, 1.0), (2000.0, 1.0)])
def test_the_anomaly_begins_at_ten_protons(protons_cm2_s: float, inside: float) -> None:
    """Source of truth: definition: above 10 trapped protons /(cm2 s) beyond 30 MeV, 1e5 /(m2 s); solar ones over a pole do not count."""
    inputs = cases.random_record("inputs", np.random.default_rng(1))._replace(proton_flux_m2_s=5e5, trapped_flux_m2_s=1e4 * protons_cm2_s)
    assert radiation.advance(inputs, radiation.Radiation(7e6, 1e-4, 0.0)).in_anomaly == inside


@pytest.fixture(scope="module")
def run() -> Outcome:
    """Four satellites for half a day: every one passes the anomaly."""
    return Run(books.load("duration=12 h", books.ring("10:30", 4)), tile=8, threads=1).finish()


def _exposures(outcome: Outcome, lane: int) -> np.ndarray:
    """Dose rate, protons and trapped ones at the recorded positions, the ends of all steps, by the map of the type."""
    assert outcome.stride == 1
    at = outcome.kept[:, [books.RECORDED[axis] for axis in ("x_m", "y_m", "z_m")], lane]
    jd, fr = outcome.grid.jd_fr(1, outcome.grid.steps)
    found: Any = outcome.types[0].radiation
    return exposure_at(found, at, gmst_rad(*utc_to_ut1(jd, fr)))


@pytest.mark.parametrize("lane", range(4))
def test_totals_are_the_map_along_the_orbit(run: Outcome, lane: int) -> None:
    """Source of truth: `exposure_at` at the recorded positions with the Earth's rotation at those times, summed over the steps of
    60 s: dose, protons, and the time above 10 trapped protons /(cm2 s). Positions and map are the same numbers: rounding, 1e-9."""
    rates = _exposures(run, lane)
    assert run.kept[:, books.RECORDED["dose_rate_gy_s"], lane] == pytest.approx(rates[:, 0], rel=1e-9)
    assert run.row("dose_gy")[lane] == pytest.approx(60.0 * float(rates[:, 0].sum()), rel=1e-9)
    assert run.row("protons_m2")[lane] == pytest.approx(60.0 * float(rates[:, 1].sum()), rel=1e-9)
    in_anomaly_s = 60.0 * float(np.sum(rates[:, 2] > 1e5))
    assert in_anomaly_s > 600.0
    assert run.row("anomaly_s")[lane] == in_anomaly_s


def test_the_anomaly_over_the_fleet(run: Outcome) -> None:
    """Source of truth: the satellites themselves: their times in the anomaly add up to the column of the fleet."""
    assert 60.0 * float(run.column("in_anomaly").sum()) == pytest.approx(float(run.row("anomaly_s").sum()), rel=1e-12)
