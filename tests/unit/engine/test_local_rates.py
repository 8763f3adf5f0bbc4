"""Errors drawn on orbits against an integration of their rate that shares the table of radiation alone."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from orbit.propagation import CircularJ2, Propagator
from orbit.radiation import Conditions, dose_rates, proton_flux
from orbit.radiation_orbits import orbit_radiation
from orbit.shells import walker
from orbit.timegrid import TimeGrid
from sim.config.ageing import conditions
from sim.config.scenario import load
from sim.engine.local_rates import along_orbit, flown_orbits
from sim.engine.soft_errors import FleetRadiation
from sim.fleet.availability import AvailabilityChange
from sim.fleet.soft_errors import KINDS

MU, EARTH_M, J2, DAY_S = 398600.4418e9, 6378137.0, 1.08262668e-3, 86400.0
JD, FR = 2461395.5, 0.0  # 2026-12-21
YEAR_S = 365.25 * DAY_S
SATELLITES = 96
SCENARIO = load("suncatcher").scenario


def shell(altitude_m: float, inclination_deg: float, step_s: float = 60.0, satellites: int = SATELLITES) -> tuple[CircularJ2, TimeGrid]:
    grid = TimeGrid(JD, FR, step_s, round(DAY_S / step_s))
    return CircularJ2(walker(altitude_m, math.radians(inclination_deg), satellites // 4, 4, 1.0), grid), grid


def drawn(propagator: Propagator, grid: TimeGrid, seed: int = 3) -> tuple[FleetRadiation, list[AvailabilityChange]]:
    found = FleetRadiation(SCENARIO.model_copy(update={"seed": seed}), [propagator], [0], grid, drawn=True)
    return found, found.sources[0].until(grid.duration_s)


class Track(NamedTuple):
    """Dose rate [Gy/s] of every satellite through the day, and whether it is in the anomaly; (times, satellites)."""

    step_s: float
    dose_gy_s: np.ndarray
    inside: np.ndarray


def track(orbit: CircularJ2, altitude_m: float, inclination_deg: float) -> Track:
    """By hand: a circle with the secular rates of J2, the turn of the Earth by its mean rate, and the cell of the table below."""
    a, i = EARTH_M + altitude_m, math.radians(inclination_deg)
    n = math.sqrt(MU / a**3)
    k = 1.5 * J2 * (EARTH_M / a) ** 2 * n
    t = np.arange(0.0, DAY_S, 30.0)[:, np.newaxis] + 15.0
    node = orbit.elements.node_rad - k * math.cos(i) * t
    u = orbit.elements.latitude_argument_rad + (n + k * (2.0 - 2.5 * math.sin(i) ** 2) + k * (1.0 - 1.5 * math.sin(i) ** 2)) * t
    x, y = np.cos(u), np.sin(u) * math.cos(i)
    days = JD - 2451545.0 + FR
    earth = math.radians((280.46061837 + 360.98564736629 * days) % 360.0) + math.radians(360.98564736629) / DAY_S * t
    longitude = np.mod(node + np.arctan2(y, x) - earth + math.pi, 2.0 * math.pi)
    row = np.clip(np.floor((np.sin(u) * math.sin(i) + 1.0) * 48.0).astype(int), 0, 95)
    column = np.floor(longitude / (2.0 * math.pi) * 128.0).astype(int) % 128
    of = Conditions(year=2026.97)
    dose = sum(dose_rates(altitude_m, 27.0, of).values())[row, column]
    return Track(30.0, dose, proton_flux(altitude_m, of._replace(sources=("protons",)))[row, column] > 1e5)


# of one satellite: 64 TPU v6e by 0.17, 0.44 and 50 Gy, 8 hosts by 2.12 Gy, three corrected errors for each of 0.44 Gy [suncatcher2025]
PER_GY = {"silent": 64 / 0.17, "memory": 64 / 0.44, "interrupt": 64 / 50.0, "host_interrupt": 8 / 2.12, "corrected": 3 * 64 / 0.44, "latchup": 0.0}


@pytest.mark.parametrize(("altitude_m", "inclination_deg"), [(650e3, 98.0), (550e3, 53.0), (550e3, 5.0)])
def test_counts(altitude_m: float, inclination_deg: float) -> None:
    """Source of truth: the integral of the rate along all orbits; each kind within three standard errors of Poisson's distribution (3.3 for
    15 of them), and the silent ones also inside and outside the anomaly."""
    orbit, grid = shell(altitude_m, inclination_deg)
    found, changes = drawn(orbit, grid)
    own = track(orbit, altitude_m, inclination_deg)
    dose_gy = own.step_s * float(own.dose_gy_s.sum())
    for kind, count in zip(KINDS, found.sources[0].drawn.tolist(), strict=True):
        expected = PER_GY[kind] * dose_gy
        assert abs(count - expected) <= 3.3 * math.sqrt(expected), kind
    errors = [c for c in changes if c.silent is not None]
    inside = sum(bool(own.inside[int(c.time_s / own.step_s), c.target.first]) for c in errors)
    expected_inside = PER_GY["silent"] * own.step_s * float(own.dose_gy_s[own.inside].sum())
    assert abs(inside - expected_inside) < 3.0 * math.sqrt(max(expected_inside, 1.0))
    expected_outside = PER_GY["silent"] * dose_gy - expected_inside
    assert abs(len(errors) - inside - expected_outside) < 3.0 * math.sqrt(expected_outside)
    assert (own.inside.mean() > 0.06) == (inclination_deg > 10.0)


def test_steps_leave_no_trace() -> None:
    """By definition: what is drawn does not depend on the step of the run, nor on other satellites or another shell beside it."""
    found = {}
    for step_s in (7.5, 60.0, 600.0):
        orbit, grid = shell(650e3, 98.0, step_s)
        found[step_s] = drawn(orbit, grid)[1]
    assert len(found[60.0]) > 300
    assert found[7.5] == found[60.0] == found[600.0]
    orbit, grid = shell(650e3, 98.0)
    some = replace(orbit, elements=orbit.elements.subset(np.arange(40)))
    assert drawn(some, grid)[1] == [c for c in found[60.0] if c.target.first < 40]


def test_means() -> None:
    """Source of truth: orbit.radiation_orbits, by dose, flux and share of time; errors by the doses of the device; 1e-4: the turn of the node
    moves inclinations taken from positions by up to 0.04 deg."""
    orbit, grid = shell(650e3, 98.0)
    found, _ = drawn(orbit, grid)
    of = conditions(SCENARIO.environment, SCENARIO.epoch)
    mean = orbit_radiation(650e3, math.radians(98.0), 27.0, of)
    (row,) = found.rows()
    assert of == Conditions(0.0, pytest.approx(2026.0 + 354.0 / 365.25), pytest.approx(0.343, rel=1e-9))
    assert row["dose_gy_per_year"] == pytest.approx(mean.dose_gy, rel=1e-4)
    assert row["dose_by_source_gy_per_year"]["protons"] == pytest.approx(mean.protons_gy, rel=1e-4)
    assert row["proton_flux_m2_s"] == pytest.approx(mean.proton_flux_m2_s, rel=1e-4)
    assert row["anomaly_time_fraction"] == pytest.approx(mean.anomaly_share, abs=1e-3)  # without cosmic rays in the flux
    days = SATELLITES * mean.dose_gy / 365.25
    for kind, per_gy in PER_GY.items():
        assert row["errors"][kind]["expected"] == pytest.approx(per_gy * days, rel=1e-4, abs=1e-12), kind
    often = (64 / 0.44 + 64 / 50.0 + 8 / 2.12) * mean.dose_gy / 365.25
    assert row["interruptions_per_satellite_day"] == pytest.approx(often, rel=1e-4)
    np.testing.assert_allclose(found.errors_per_s(), [[often / DAY_S] * SATELLITES, [64 / 0.17 * mean.dose_gy / YEAR_S] * SATELLITES], rtol=1e-4)
    assert row["anomaly_error_fraction"] == pytest.approx(0.972, abs=0.002)  # computed apart, from the cells above 1e5 protons


def test_solar_maximum_has_no_anomaly_at_the_poles() -> None:
    """Source of truth: independent computation of AP-8: protons above 30 MeV at maximum are 38 of 50; the anomaly is no larger. Mean
    solar protons over the caps, a third of the time, are no part of it."""
    scenario = load("suncatcher", ("environment.radiation.solar=maximum",)).scenario
    orbit, grid = shell(650e3, 98.0, satellites=4)
    (row,) = FleetRadiation(scenario, [orbit], [0], grid, drawn=False).rows()
    assert 0.06 < row["anomaly_time_fraction"] < 0.076
    assert row["dose_by_source_gy_per_year"]["solar"] == pytest.approx(0.44, abs=0.02)
    assert row["errors"]["silent"]["drawn"] is None


def test_what_is_above_the_table() -> None:
    """By definition: no errors above 2,000 km, and a note that says so."""
    orbit, grid = shell(2100e3, 98.0, satellites=4)
    found = FleetRadiation(SCENARIO, [orbit], [0], grid, drawn=True)
    assert found.sources == []
    (row,) = found.rows()
    assert (row["orbits_unknown"], row["dose_gy_per_year"], row["errors"]) == (4, None, None)
    assert found.errors_per_s().sum() == 0.0
    assert found.notes() == ["soft errors: none of 4 satellites of type suncatcher, which have no positions at the epoch or are above 2,000 km"]


def test_orbits_are_known_from_positions() -> None:
    orbit, grid = shell(600e3, 53.0, satellites=300)
    flown = flown_orbits(orbit, grid)
    np.testing.assert_allclose(flown.mean_m, EARTH_M + 600e3, rtol=1e-12)
    np.testing.assert_allclose(np.degrees(flown.inclination_rad), 53.0, atol=0.05)
    assert flown.known.all()


def test_between_two_positions() -> None:
    """Source of truth: the circle itself, two minutes apart at 650 km: 1 m."""
    angle = np.array([[0.2], [0.2 + 120.0 * 2.0 * math.pi / 5860.0]])
    before, after = (7028e3 * np.array([[math.cos(a[0]), 0.6 * math.sin(a[0]), 0.8 * math.sin(a[0])]]) for a in angle)
    third = (2.0 * angle[0, 0] + angle[1, 0]) / 3.0
    expected = 7028e3 * np.array([[math.cos(third), 0.6 * math.sin(third), 0.8 * math.sin(third)]])
    np.testing.assert_allclose(along_orbit(before, after, np.array([1.0 / 3.0])), expected, atol=1.0)
