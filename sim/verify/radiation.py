"""Radiation of low orbits: fluxes, doses and cutoffs against the output of SPENVIS and an independent computation."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

from orbit.constants import EARTH_RADIUS_M
from orbit.cosmic_rays import ACTIVE_SHARE, cutoff_energy_gev, galactic_protons_m2_s, open_sky
from orbit.radiation import Conditions
from orbit.radiation_orbits import OrbitRadiation, orbit_mean, orbit_radiation, time_of_most_fluence
from orbit.radiation_table import ALUMINIUM_KG_M3, shells
from sim.verify.case import Case, Failed

TRAPPED = Conditions(active=0.0, drift_deg_yr=0.0, sources=("protons", "electrons"))
SPENVIS_RADIUS_M = 6371.2e3  # from which SPENVIS counts altitudes of orbits
SPENVIS_YEAR_D = 365.0
INDEPENDENT = "computed independently: AP-8, AE-8 and SHIELDOSE-2 along five days, twice the half dose at the centre"
# Altitude [km], inclination [deg], protons above 30 MeV [1/(cm2 s)] at solar minimum and maximum, and half the dose at the
# centre of spheres of `DEPTHS_MM` [rad/yr] at minimum. Positions were 7 km lower (-5 %), protons ended at 300 MeV (-5 %), and
# values have two digits.
DEPTHS_MM = (1.0, 2.54, 5.0, 10.0, 20.0)
ORBITS = (
    (500.0, 97.402, 17.0, 12.0, (1300.0, 294.0, 69.0, 31.0, 22.0)),
    (550.0, 53.0, 38.0, 26.0, (1057.0, 290.0, 109.0, 68.0, 48.0)),
    (650.0, 97.986, 50.0, 38.0, (2253.0, 532.0, 158.0, 89.0, 64.0)),
    (1000.0, 99.479, 265.0, 216.0, (6766.0, 1707.0, 681.0, 457.0, 336.0)),
    (1200.0, 100.420, 560.0, 457.0, (12495.0, 3194.0, 1392.0, 964.0, 707.0)),
)
INDEPENDENT_LIMIT = 0.15
# SPENVIS 4.6.11, 550 km, five years, AP-8 MIN and AE-8 MAX: dose at the centre of spheres [rad] by inclination [deg]
SPENVIS_DEPTHS_MM = (1.0, 2.5, 5.0, 10.0, 20.0)
SPENVIS_DOSES = (
    (30.0, (4708.6, 2013.4, 1461.3, 1195.5, 909.31)),
    (55.0, (26242.0, 6535.2, 1598.7, 764.84, 551.93)),
    (100.0, (33331.0, 7631.9, 1467.0, 569.37, 411.73)),
)
SPENVIS_LIMIT = 1.0 / 3.0  # ours and theirs within a factor of 1.5


def cases(_data: Path | None) -> list[Case | Failed]:
    """Cases of radiation.

    Parameters
    ----------
    _data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [*_independent(), *_anomaly(), *_spenvis_doses(), *_spenvis_fluxes(), *_cosmic_rays(), _expected_dose()]


def _orbit(altitude_km: float, inclination_deg: float, depth_mm: float, conditions: Conditions) -> OrbitRadiation:
    areal = 1e-3 * depth_mm * ALUMINIUM_KG_M3
    return orbit_radiation(1e3 * altitude_km, math.radians(inclination_deg), areal, conditions)


def _flux_cm2_s(altitude_km: float, inclination_deg: float, active: float) -> float:
    return 1e-4 * _orbit(altitude_km, inclination_deg, 10.0, TRAPPED._replace(active=active)).proton_flux_m2_s


def _dose_rad(altitude_km: float, inclination_deg: float, depth_mm: float) -> float:
    return 100.0 * _orbit(altitude_km, inclination_deg, depth_mm, TRAPPED).dose_gy


def _independent() -> list[Case | Failed]:
    found: list[Case | Failed] = []
    for altitude, inclination, least, most, doses in ORBITS:
        place = f"{altitude:.0f} km, {inclination:.1f} deg"
        for active, phase, theirs in ((0.0, "minimum", least), (1.0, "maximum", most)):
            found.append(
                Case(f"protons above 30 MeV, {place}, solar {phase}", partial(_flux_cm2_s, altitude, inclination, active),
                     theirs, INDEPENDENT_LIMIT * theirs, "1/(cm2 s)", INDEPENDENT)
            )  # fmt: skip
        for depth, half in zip(DEPTHS_MM, doses, strict=True):
            found.append(
                Case(f"dose a year behind {depth:g} mm, {place}", partial(_dose_rad, altitude, inclination, depth),
                     2.0 * half, INDEPENDENT_LIMIT * 2.0 * half, "rad", INDEPENDENT)
            )  # fmt: skip
    return found


def _anomaly() -> list[Case | Failed]:
    altitude_m, inclination = 650e3, math.radians(97.986)
    return [
        Case("share of time with more than 10 protons above 30 MeV /(cm2 s), 650 km sun-synchronous",
             lambda: _orbit(650.0, 97.986, 10.0, TRAPPED).anomaly_share, 0.072, 0.005, "1", INDEPENDENT),
        Case("share of time in which 95 % of them arrive, 650 km sun-synchronous",
             lambda: time_of_most_fluence(altitude_m, inclination, 0.95, TRAPPED), 0.042, 0.002, "1", INDEPENDENT),
    ]  # fmt: skip


def _spenvis_altitude_km(altitude_km: float) -> float:
    """Altitude above the equator of an orbit of SPENVIS."""
    return altitude_km + 1e-3 * (SPENVIS_RADIUS_M - EARTH_RADIUS_M)


def _five_years_rad(inclination_deg: float, depth_mm: float) -> float:
    altitude = _spenvis_altitude_km(550.0)
    protons = _orbit(altitude, inclination_deg, depth_mm, TRAPPED._replace(sources=("protons",))).dose_gy
    electrons = _orbit(altitude, inclination_deg, depth_mm, TRAPPED._replace(active=1.0, sources=("electrons",))).dose_gy
    return 5.0 * 100.0 * (SPENVIS_YEAR_D / 365.25) * (protons + electrons)


def _spenvis_doses() -> list[Case | Failed]:
    return [
        Case(f"SPENVIS dose of five years behind {depth:g} mm, 550 km, {inclination:.0f} deg",
             partial(_five_years_rad, inclination, depth), theirs, SPENVIS_LIMIT * theirs, "rad", "SPENVIS 4.6.11 [pfandzelter2023]")
        for inclination, doses in SPENVIS_DOSES
        for depth, theirs in zip(SPENVIS_DEPTHS_MM, doses, strict=True)
    ]  # fmt: skip


def _spenvis_fluxes() -> list[Case | Failed]:
    return [
        Case(f"SPENVIS protons above 30 MeV, {altitude:.0f} km, {inclination:g} deg",
             partial(_flux_cm2_s, _spenvis_altitude_km(altitude), inclination, 0.0), theirs, SPENVIS_LIMIT * theirs,
             "1/(cm2 s)", "AP-8 MIN of SPENVIS 4.6.13 [loveless2025]")
        for altitude, inclination, theirs in ((530.0, 53.0, 36.399), (825.0, 98.8, 140.92))
    ]  # fmt: skip


def _reaching(energy_gev: float) -> float:
    altitude = 1e3 * _spenvis_altitude_km(825.0)
    inside = (cutoff_energy_gev(shells(altitude)) < energy_gev) * open_sky(EARTH_RADIUS_M + altitude)
    return orbit_mean(inside, math.radians(98.8))


def _galactic_m2_sr_s() -> float:
    altitude = 1e3 * _spenvis_altitude_km(825.0)
    least = cutoff_energy_gev(shells(altitude))
    flux = open_sky(EARTH_RADIUS_M + altitude) * galactic_protons_m2_s(least, 0.0)
    return orbit_mean(flux, math.radians(98.8)) / (4.0 * math.pi)


def _cosmic_rays() -> list[Case | Failed]:
    source = "SPENVIS 4.6.13, quiet magnetosphere [loveless2025]"
    shares: tuple[tuple[float, float], ...] = ((0.010, 0.2138), (0.500, 0.2634))
    reach: list[tuple[str, Callable[[], float], float]] = [
        (f"share of solar protons of {1e3 * e:.0f} MeV that arrive, 825 km, 98.8 deg", partial(_reaching, e), share) for e, share in shares
    ]
    return [
        *(Case(name, ours, theirs, 0.03, "1", source) for name, ours, theirs in reach),
        Case("galactic protons, 825 km, 98.8 deg, solar minimum", _galactic_m2_sr_s, 1260.2, 126.0, "1/(m2 sr s)",
             "CREME96 of SPENVIS 4.6.13 [loveless2025]"),
    ]  # fmt: skip


def _expected_dose() -> Case:
    return Case(
        "dose a year expected behind 10 mm, 650 km dawn-dusk, all sources over a solar cycle",
        lambda: 100.0 * _orbit(650.0, 97.986, 10.0, Conditions(active=ACTIVE_SHARE)).dose_gy,
        150.0, 75.0, "rad", "750 rad in five years, within a factor of 1.5 [suncatcher2025]",
    )  # fmt: skip
