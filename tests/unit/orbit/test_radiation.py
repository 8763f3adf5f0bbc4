"""Radiation of low orbits: table against AP-8 itself, orbit means against positions, cosmic rays against quadrature."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from orbit import cosmic_rays, radiation
from orbit.array_damage import retention, retention_after
from orbit.constants import EARTH_RADIUS_M
from orbit.cosmic_rays import above_cutoff, cutoff_energy_gev, galactic_protons_m2_s, open_sky
from orbit.kernels import exposure
from orbit.kernels.exposure import LATITUDES, LONGITUDES, PLANE
from orbit.radiation import Conditions, dose_rates, exposure_at, proton_flux, radiation_map, trapped
from orbit.radiation_orbits import array_fluence_m2_yr, orbit_mean, orbit_radiation, row_shares, time_of_most_fluence
from orbit.radiation_table import depth_mm, provenance
from orbit.upsets import Sensitivity, event_rates

MODEL = Conditions(active=0.0, drift_deg_yr=0.0, sources=("protons", "electrons"))


def _cell_centres() -> tuple[np.ndarray, np.ndarray]:
    """Sines of latitude and longitudes [rad]."""
    sine = -1.0 + 2.0 * (np.arange(LATITUDES) + 0.5) / LATITUDES
    return sine, -np.pi + 2.0 * np.pi * (np.arange(LONGITUDES) + 0.5) / LONGITUDES


def test_flux_against_ap8() -> None:
    """Source of truth: aep8 with AP-8 MIN at the four points of each of 80 cells of the anomaly, in units of the field's 6,371.2 km.
    Levels of 8 bits are within 3 %, 80 of them within 3 %/sqrt(3 80) = 0.2 % in the mean; 7 km of altitude would be 4 %."""
    aep8 = pytest.importorskip("aep8")
    from astropy import units as u
    from astropy.coordinates import EarthLocation
    from astropy.time import Time

    plane = trapped("proton_flux_30_mev", 650e3, MODEL)
    rng = np.random.default_rng(3)
    rows, columns = np.nonzero(plane > 0.02 * plane.max())
    chosen = rng.choice(rows.size, 80, replace=False)
    rows, columns = rows[chosen], columns[chosen]
    quarter = np.array([-0.25, 0.25])
    sine = -1.0 + 2.0 * (rows[:, None, None] + 0.5 + quarter[:, None]) / LATITUDES
    lon = -np.pi + 2.0 * np.pi * (columns[:, None, None] + 0.5 + quarter[None, :]) / LONGITUDES
    sine, lon = np.broadcast_arrays(sine, lon)
    cosine = np.sqrt(1.0 - sine**2)
    r_km = (6378.137 + 650.0) * 6378.1 / 6371.2  # aep8 divides by 6,378.1 km
    where = EarthLocation.from_geocentric(r_km * cosine * np.cos(lon), r_km * cosine * np.sin(lon), r_km * sine, unit=u.km)
    theirs = 1e4 * aep8.model("p", "min").integral_flux(where, Time("1970-01-01"), 30.0 * u.MeV).value.mean(axis=(1, 2))
    ratio = plane[rows, columns] / theirs
    assert np.abs(np.log(ratio)).max() < 0.03
    assert ratio.mean() == pytest.approx(1.0, abs=0.008)


def test_provenance_names_versions_and_epochs() -> None:
    """The table says with what it was made; its quantities are those that are read."""
    facts = provenance()
    assert "aep8 1.1" in facts["made_by"]
    assert "spacepy" in facts["made_by"]
    assert facts["field_epochs"] == {"minimum": 1960.0, "maximum": 1970.0, "electrons": 1960.0}


def test_doses_of_sources_add() -> None:
    """Source of truth: dose is additive; each source alone gives what it gives among the others."""
    everything = Conditions(active=1.0)
    together = dose_rates(700e3, 13.5, everything)
    for source in radiation.SOURCES:
        alone = dose_rates(700e3, 13.5, everything._replace(sources=(source,)))
        assert np.array_equal(alone[source], together[source])
        assert together[source].max() > 0.0
        assert sum(float(alone[s].max()) for s in radiation.SOURCES if s != source) == 0.0


def test_more_shielding_less_dose() -> None:
    """Dose falls with depth, from every source but galactic rays, at depths of the table and between."""
    depths = np.array([0.5, 0.8, 1.0, 2.0, 2.54, 4.0, 5.0, 8.0, 10.0, 15.0, 20.0, 40.0])
    found = [orbit_radiation(650e3, math.radians(98.0), 2.7 * d, Conditions(active=0.5)) for d in depths]
    for field in ("protons_gy", "electrons_gy", "solar_gy"):
        values = np.array([getattr(f, field) for f in found])
        assert (np.diff(values) < 0.0).all()


def test_between_solar_minimum_and_maximum() -> None:
    """Source of truth: the mean of both, weighted."""
    mixed, least, most = (proton_flux(700e3, MODEL._replace(active=a)) for a in (0.25, 0.0, 1.0))
    assert np.allclose(mixed, 0.75 * least + 0.25 * most, rtol=1e-12)


def test_anomaly_moves_west() -> None:
    """Source of truth: 0.343 deg a year for 66 years are 22.64 deg. The centroid of the flux, in cells of 2.8 deg, moves by that."""

    def longitude_deg(conditions: Conditions) -> float:
        flux = proton_flux(650e3, conditions).sum(axis=0)
        angle = _cell_centres()[1]
        return math.degrees(math.atan2(float(flux @ np.sin(angle)), float(flux @ np.cos(angle))))

    still, moved = longitude_deg(MODEL), longitude_deg(MODEL._replace(drift_deg_yr=0.343, year=2026.0))
    assert -45.0 < still < -25.0
    assert still - moved == pytest.approx(22.638, abs=0.1)
    # and nothing is lost on the way
    assert proton_flux(650e3, MODEL._replace(drift_deg_yr=0.343)).sum() == pytest.approx(proton_flux(650e3, MODEL).sum(), rel=1e-12)


def test_means_of_an_orbit_against_positions() -> None:
    """Source of truth: the map at 200,000 positions of a circular orbit, arguments of latitude and longitudes of the node
    drawn evenly (an additive lattice). Cells in sight of the orbit are met 30 times each: 1 %."""
    inclination, altitude = math.radians(53.0), 600e3
    n = np.arange(200_000)
    u, node = 2 * np.pi * (n * 0.7548776662466927 % 1.0), 2 * np.pi * (n * 0.5698402909980532 % 1.0)
    r = EARTH_RADIUS_M + altitude
    x = np.cos(u) * np.cos(node) - np.sin(u) * math.cos(inclination) * np.sin(node)
    y = np.cos(u) * np.sin(node) + np.sin(u) * math.cos(inclination) * np.cos(node)
    positions = r * np.stack([x, y, np.sin(u) * math.sin(inclination)], axis=1)
    found = radiation_map(r - 1.0, r + 1.0, 13.5, MODEL)
    dose, flux, _ = exposure_at(found, positions, 0.0).mean(axis=0)
    ours = orbit_radiation(altitude, inclination, 13.5, MODEL)
    assert ours.proton_flux_m2_s == pytest.approx(flux, rel=0.01)
    assert ours.dose_gy == pytest.approx(dose * 31557600.0, rel=0.01)


def test_rows_of_latitude_closed_form() -> None:
    """Source of truth: an equatorial orbit is in the two middle rows; half of a polar one is within 45 deg, sine 0.7071."""
    assert row_shares(0.0)[[47, 48]].tolist() == pytest.approx([0.5, 0.5])
    edge = round(0.70710678 * 48)
    polar = row_shares(math.pi / 2.0)
    assert polar[48 - edge : 48 + edge].sum() == pytest.approx(2.0 * math.asin(edge / 48.0) / math.pi, rel=1e-12)
    assert orbit_mean(np.full((LATITUDES, LONGITUDES), 3.0), 0.9) == pytest.approx(3.0)


def test_time_of_most_fluence_closed_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: with flux 3 in the northern half and 1 in the southern one, 60 % arrive in 40 % of the time."""
    halves = np.where(np.arange(LATITUDES)[:, None] < 48, 1.0, 3.0) * np.ones((1, LONGITUDES))
    monkeypatch.setattr("orbit.radiation_orbits.proton_flux", lambda *_: halves)
    assert time_of_most_fluence(650e3, 1.0, 0.6, MODEL) == pytest.approx(0.4, abs=1e-3)


def test_map_at_cells_and_between_planes() -> None:
    """Source of truth: at a cell's centre, the plane of the table; halfway between two planes, their mean. A rotation of the
    Earth by an angle moves longitudes by it."""
    low, high = EARTH_RADIUS_M + 500e3, EARTH_RADIUS_M + 525e3
    found = radiation_map(low, high, 27.0, MODEL)
    sine, lon = _cell_centres()
    s, lo = np.meshgrid(sine, lon, indexing="ij")
    c = np.sqrt(1.0 - s**2)
    ways = np.stack([c * np.cos(lo + 1.0), c * np.sin(lo + 1.0), s], axis=-1)
    planes = found.table.reshape(2, LATITUDES, LONGITUDES, 3)
    assert np.allclose(exposure_at(found, low * ways, 1.0) / planes.max(axis=(0, 1, 2)), planes[0] / planes.max(axis=(0, 1, 2)), rtol=1e-6, atol=1e-9)
    middle = exposure_at(found, 0.5 * (low + high) * ways, 1.0)
    assert np.allclose(middle, planes.astype(float).mean(axis=0), rtol=1e-6)
    assert np.allclose(planes[0, :, :, 1], proton_flux(500e3, MODEL), rtol=1e-6)
    assert np.allclose(planes[0, :, :, 2], trapped("proton_flux_30_mev", 500e3, MODEL), rtol=1e-6)
    assert np.allclose(planes[1, :, :, 0], sum(dose_rates(525e3, 27.0, MODEL).values()), rtol=1e-6)
    # beyond the map, its ends
    assert np.allclose(exposure_at(found, (low - 50e3) * ways, 1.0), planes[0], rtol=1e-12, atol=0.0)
    assert np.allclose(exposure_at(found, (high + 50e3) * ways, 1.0), planes[1], rtol=1e-12, atol=0.0)


def test_protons_over_the_poles_are_not_trapped() -> None:
    """Source of truth: the belt of protons ends at L of 3 (sawyer1976), at 650 km a magnetic latitude of 52 deg: the geographic poles, 10 deg
    from the magnetic ones, have none. In an active year solar events exceed 10 /(cm2 s) there: the mean fluence of a year by ESP is above
    3e8 /cm2. In the South Atlantic nearly all protons are trapped."""
    active = radiation_map(EARTH_RADIUS_M + 640e3, EARTH_RADIUS_M + 660e3, 27.0, Conditions(active=1.0, drift_deg_yr=0.0)).planes
    for pole in (active[0, 0], active[0, -1]):
        assert (pole[:, 1] > 1e5).all()
        assert (pole[:, 2] == 0.0).all()
    largest = np.unravel_index(int(active[0, :, :, 1].argmax()), (LATITUDES, LONGITUDES))
    assert active[0][largest][2] == pytest.approx(active[0][largest][1], rel=1e-3)


def test_cells_compiled_and_plain() -> None:
    """Source of truth: Python's own arithmetic on the same source, atan2 and floor; poles and seams of longitude included."""
    rng = np.random.default_rng(4)
    plain = getattr(exposure.cell, "py_func", exposure.cell)
    places = [*rng.normal(size=(400, 3)), (0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (-1.0, 0.0, 0.0), (-1.0, -1e-9, 0.0), (1.0, 0.0, 0.0)]
    for place in places:
        x, y, z = 6.9e6 * np.asarray(place, dtype=float) / np.linalg.norm(place)
        index, weight = exposure.cell(x, y, z, 1.0, 0.0, 6.888e6, 1e-4, 3.0)
        assert (index, pytest.approx(weight, abs=1e-9)) == plain(x, y, z, 1.0, 0.0, 6.888e6, 1e-4, 3.0)
        assert weight == pytest.approx(0.2, abs=1e-9)
        assert PLANE <= index < 2 * PLANE
        assert exposure.longitude_rad(x, y) == pytest.approx(math.atan2(y, x), abs=2e-5)


def test_depth_and_altitude_limits() -> None:
    """Thin walls count as 0.5 mm, thick ones as 40 mm; below 200 km the values of 200 km; above 2,000 km an error with what to write."""
    assert (depth_mm(0.0), depth_mm(27.0), depth_mm(1e4)) == (0.5, 10.0, 40.0)
    assert np.array_equal(trapped("array_damage", 100e3, MODEL), trapped("array_damage", 200e3, MODEL))
    with pytest.raises(ValueError, match="altitude 2100 km is above the table of radiation; write 2000 km or less"):
        orbit_radiation(2100e3, 1.0, 27.0)


def test_galactic_protons_against_quadrature() -> None:
    """Source of truth: scipy's quadrature of the published spectrum, written anew; the sum over 600 intervals is within 0.1 %."""

    def spectrum(t: float, phi: float) -> float:
        rest = 0.93827209
        p = math.sqrt((t + phi) * (t + phi + 2 * rest))
        local = 1.9e4 * p**-2.78 / (1.0 + 0.4866 * p**-2.51)
        return local * t * (t + 2 * rest) / ((t + phi) * (t + phi + 2 * rest))

    for least in (0.03, 0.5, 5.0):
        for active, phi in ((0.0, 0.4), (1.0, 1.0)):
            theirs = quad(lambda log_t, phi=phi: spectrum(math.exp(log_t), phi) * math.exp(log_t), math.log(least), math.log(1e3), limit=200)[0]
            assert float(galactic_protons_m2_s(least, active)) == pytest.approx(4.0 * math.pi * theirs, rel=1e-3)


def test_cutoff_and_open_sky_closed_forms() -> None:
    """Source of truth: 15.96 GV at L = 1; the Earth covers (1 - cos) / 2 of the sky, with sin = R/r; on open lines all arrives."""
    assert float(cutoff_energy_gev(1.0)) == pytest.approx(math.hypot(15.96, cosmic_rays.PROTON_GEV) - cosmic_rays.PROTON_GEV)
    assert float(cutoff_energy_gev(6.0)) == 0.0
    assert float(open_sky(EARTH_RADIUS_M)) == 0.5
    assert float(open_sky(2.0 * EARTH_RADIUS_M)) == pytest.approx(0.5 + math.sqrt(3.0) / 4.0)
    energies, fluence = np.array([10.0, 100.0]), np.array([1e9, 1e7])  # a power law: 100 times less in a decade
    assert above_cutoff(9.0, energies, fluence, np.array([10.0, 31.6227766, 1000.0])) == pytest.approx([1e9, 1e8, 1e5])
    assert above_cutoff(1.0, energies, fluence, np.array([10.0])) == pytest.approx(1e9 * (15049.0 / 10.0) ** -2.0, rel=1e-3)


def test_rates_of_events_closed_form() -> None:
    """Source of truth: division by the dose per event and multiplication by the cross-section, summed; none where neither counts."""
    device = Sensitivity(dose_per_silent_error_gy=0.17, dose_per_memory_error_gy=0.44, interrupt_m2=3e-14, silent_error_m2=1e-14)
    rates = event_rates(np.array([0.0, 1.7e-8]), np.array([0.0, 5e5]), device)
    assert rates.silent_error.tolist() == pytest.approx([0.0, 1e-7 + 5e-9])
    assert rates.memory_error[1] == pytest.approx(1.7e-8 / 0.44)
    assert rates.interrupt[1] == pytest.approx(1.5e-8)
    assert (rates.latchup[1], rates.host_interrupt[1]) == (0.0, 0.0)


def test_cells_keep_the_published_power() -> None:
    """Source of truth: 0.89 at 5e14 and 0.84 at 1e15 electrons/cm2 of a triple-junction cell, printed with two digits."""
    assert retention(0.0) == 1.0
    assert retention(5e18) == pytest.approx(0.89, abs=1e-6)
    assert retention(1e19) == pytest.approx(0.84, abs=1e-6)
    assert retention_after(5.0, 1e18) == pytest.approx(0.89, abs=1e-6)
    low, high = (array_fluence_m2_yr(h, math.radians(98.0), MODEL) for h in (550e3, 1200e3))
    assert 1e15 < low < high < 1e18
