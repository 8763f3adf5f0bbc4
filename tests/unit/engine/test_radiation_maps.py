"""Maps of radiation for the orbits of a fleet: which radii, which conditions, and where there is none."""

from __future__ import annotations

from datetime import UTC, datetime

import energy_books as books
import numpy as np
import pytest

from orbit.constants import EARTH_RADIUS_M
from orbit.kernels.exposure import PLANE, VALUES
from orbit.radiation import Conditions, dose_rates, exposure_at, proton_flux
from sim.config import scenario
from sim.engine import propagators, radiation_maps
from sim.engine.driver import Run

KM = 1e3


def _types(*sets: str) -> list[object]:
    loaded = books.load("duration=3 h", *sets)
    return [type_.radiation for type_ in Run(loaded, tile=8, threads=1).types]


def _walker(altitude_km: float, satellites: int = 4, more: str = "") -> str:
    return f"{{kind: walker, altitude: {altitude_km:g} km, inclination: 53 deg, planes: 2, satellites_per_plane: {satellites // 2}{more}}}"


def _range_km(constellation: str) -> tuple[float, float]:
    loaded = books.load("duration=3 h", f"constellation={constellation}")
    grid = propagators.time_grid(loaded.scenario)
    low, high = radiation_maps.radii_m(propagators.make_propagators(loaded, grid), grid.steps)
    return (low - EARTH_RADIUS_M) / KM, (high - EARTH_RADIUS_M) / KM


def test_radii_of_circular_orbits() -> None:
    """Source of truth: the scenario: circular orbits stay at their altitude, two shells have a range; to the metre."""
    assert _range_km(_walker(550.0)) == pytest.approx((550.0, 550.0), abs=1e-3)
    assert _range_km(f"[{_walker(550.0)}, {_walker(1200.0)}]") == pytest.approx((550.0, 1200.0), abs=1e-3)


def test_radii_of_a_catalogue_are_those_of_sgp4(catalogue: object) -> None:
    """Source of truth: the sgp4 package at every step of the run: 32 times among them find the range of a nearly circular orbit to a
    tenth of its width, far inside the margin of 3 km."""
    from sgp4.api import Satrec

    lines = catalogue.read_text("ascii").splitlines()  # type: ignore[attr-defined]
    loaded = books.load("duration=3 h", f"constellation={{kind: tle, tle: {catalogue}}}", "epoch=2026-12-21T00:00:00Z")
    grid = propagators.time_grid(loaded.scenario)
    low, high = radiation_maps.radii_m(propagators.make_propagators(loaded, grid), grid.steps)
    jd, fr = grid.jd_fr(0, grid.steps + 1)
    satellites = [Satrec.twoline2rv(lines[k], lines[k + 1]) for k in range(1, len(lines), 3)]
    radius_m = np.array([np.linalg.norm(s.sgp4_array(jd, fr)[1], axis=1) for s in satellites]) * 1e3
    width_m = float(np.ptp(radius_m))
    assert 1e3 < width_m < 30e3
    assert radius_m.min() - 1.0 <= low <= radius_m.min() + 0.1 * width_m
    assert radius_m.max() - 0.1 * width_m <= high <= radius_m.max() + 1.0


def test_without_positions_there_is_no_range() -> None:
    """Source of truth: definition: infinity and 0, and so no map."""
    low, high = radiation_maps.radii_m([], 10)
    assert (low, high) == (np.inf, 0.0)


@pytest.mark.parametrize("altitude_km", [300.0, 550.0, 650.0, 1996.9])
def test_a_map_covers_the_orbit(altitude_km: float) -> None:
    """Source of truth: the table itself at the planes of the map (float32: 1e-6), which enclose the orbit by 3 km but at the top of
    the table; planes lie on multiples of 16.384 km from the Earth's centre. At the orbit a map is between its two planes."""
    found = _types(f"constellation={_walker(altitude_km)}", "environment.radiation.anomaly_drift=0 deg/yr")[0]
    assert found is not None
    planes = found.table.size // PLANE  # type: ignore[attr-defined]
    spacing_m = 1.0 / found.planes_per_m  # type: ignore[attr-defined]
    lowest_m = found.lowest_m  # type: ignore[attr-defined]
    assert spacing_m == 16384.0
    assert lowest_m % spacing_m == 0.0
    assert found.last_plane == planes - 2  # type: ignore[attr-defined]
    assert planes <= 3
    radius_m = EARTH_RADIUS_M + altitude_km * KM
    assert lowest_m <= radius_m - 3e3
    top_m = lowest_m + (planes - 1) * spacing_m
    assert top_m >= radius_m + 3e3 or EARTH_RADIUS_M + 2000e3 - top_m < spacing_m
    areal_mass = books.load().scenario.satellite.shielding.areal_mass
    cells = found.table.reshape(planes, -1, VALUES)  # type: ignore[attr-defined]
    for k in range(planes):
        altitude_m = lowest_m + k * spacing_m - EARTH_RADIUS_M
        where = Conditions(0.0, 2026.97, 0.0)
        assert cells[k, :, 0] == pytest.approx(np.ravel(sum(dose_rates(altitude_m, areal_mass, where).values())), rel=1e-6)
        assert cells[k, :, 1] == pytest.approx(np.ravel(proton_flux(altitude_m, where)), rel=1e-6)


def test_none_above_the_table() -> None:
    """Source of truth: the table ends at 2,000 km: a satellite within 3 km of that, or above it, has none, and its run no dose."""
    assert _types(f"constellation={_walker(1998.0)}") == [None]
    high = f"constellation={_walker(2300.0)}"
    assert _types(high) == [None]
    outcome = Run(books.load("duration=1 h", high), tile=8, threads=1).finish()
    assert outcome.row("dose_gy").tolist() == outcome.row("protons_m2").tolist() == outcome.row("anomaly_s").tolist() == [0.0] * 4


def test_each_type_has_its_own() -> None:
    """Source of truth: definition: by orbit and by shielding: more aluminium, less dose, the same protons outside; a type above
    2,000 km has none and takes none from the others."""
    other = "satellites={thick: {extends: suncatcher, shielding: {areal_mass: 80 kg/m2}}, high: {extends: suncatcher}}"
    shells = f"constellation=[{_walker(650.0)}, {_walker(650.0, 4, ', satellite: thick')}, {_walker(2300.0, 4, ', satellite: high')}]"
    thin, thick, high = _types(other, shells)
    assert high is None
    assert thin is not None
    assert thick is not None
    # the South Atlantic, 30 deg south and 40 deg west, and a pole
    south, west = np.radians([30.0, 40.0])
    at = (EARTH_RADIUS_M + 650e3) * np.array([[np.cos(south) * np.cos(west), -np.cos(south) * np.sin(west), -np.sin(south)], [0.0, 0.0, 1.0]])
    ours, theirs = (exposure_at(found, at, 0.0) for found in (thin, thick))
    assert ours[0, 1] > 1e7
    assert (theirs[:, 0] < 0.9 * ours[:, 0]).tolist() == [True, False], "little stops cosmic rays, which are left at the pole"
    assert theirs[:, 1].tolist() == ours[:, 1].tolist()


def test_a_satellite_does_not_depend_on_others_of_its_type() -> None:
    """Source of truth: definition: what a satellite at 650 km meets is the same, bit by bit, with others at 500 and 900 km."""
    alone, among = (
        Run(books.load("duration=6 h", f"constellation={entries}"), tile=8, threads=1).finish()
        for entries in (f"[{_walker(650.0)}]", f"[{_walker(650.0)}, {_walker(500.0)}, {_walker(900.0)}]")
    )
    for name in ("dose_gy", "protons_m2", "anomaly_s"):
        assert among.row(name)[:4].tobytes() == alone.row(name).tobytes(), name
    assert alone.row("dose_gy").min() > 0.0


@pytest.mark.parametrize(("solar", "active"), [("minimum", 0.0), ("maximum", 1.0), ("cycle", 7.0 / 11.0)])
def test_conditions_of_the_scenario(solar: str, active: float) -> None:
    """Source of truth: by hand: seven active years of eleven in a cycle; 2026-07-02 is day 183, half a year and a little; drift in
    degrees a year to the west."""
    environment = scenario.load("suncatcher", sets=(f"environment.radiation.solar={solar}", "environment.radiation.anomaly_drift=0.3 deg/yr")).scenario.environment
    found = radiation_maps.conditions(environment, datetime(2026, 7, 2, tzinfo=UTC))
    assert found.active == pytest.approx(active, abs=1e-12)
    assert found.year == pytest.approx(2026.0 + 182.0 / 365.25, abs=1e-9)
    assert found.drift_deg_yr == pytest.approx(0.3, rel=1e-4)


def test_the_anomaly_drifts_with_the_date() -> None:
    """Source of truth: by hand: ten years at 0.343 deg a year turn the map by 3.43 deg to the west: the phase of its first harmonic
    over the longitude. Cosmic rays, which do not move, have 2 % of it."""
    phases = []
    for year in (2026, 2036):
        found = _types(f"constellation={_walker(650.0)}", f"epoch={year}-03-01T00:00:00Z", "environment.earth_orientation=extrapolated")[0]
        assert found is not None
        flux = found.planes[0, :, :, 1].astype(float)  # type: ignore[attr-defined]
        phases.append(float(np.angle(np.sum(flux * np.exp(1j * np.radians(2.8125 * np.arange(128)))))))
    assert np.degrees(phases[0] - phases[1]) == pytest.approx(3.43, rel=0.02)
