"""Drag, station keeping, lifetime and disposal against a table made with NRLMSIS 2.1."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

from orbit import drag, station_keeping
from orbit.elements import semi_major_axis_m
from orbit.shell_geometry import sun_synchronous_inclination_rad
from sim.config import propulsion_params
from sim.verify.case import Case, Failed

ACTIVITIES = (drag.Air(70.0, 4.0), drag.Air(150.0, 15.0), drag.Air(200.0, 15.0), drag.Air(250.0, 50.0))
# altitude [km]: mean densities [kg/m3] over dawn-dusk orbits at an equinox, and the make-up of drag per year [m/s] at 0.02 m2/kg
MAKE_UP = {
    400: ((5.65e-13, 3.74e-12, 6.96e-12, 1.20e-11), ("10.5", "69", "129", "223")),
    500: ((7.48e-14, 8.06e-13, 1.74e-12, 3.39e-12), ("1.4", "14.7", "31.8", "62")),
    550: ((3.15e-14, 3.94e-13, 9.11e-13, 1.88e-12), ("0.57", "7.2", "16.5", "34")),
    600: ((1.53e-14, 1.99e-13, 4.89e-13, 1.07e-12), ("0.28", "3.6", "8.8", "19")),
    650: ((8.57e-15, 1.04e-13, 2.68e-13, 6.20e-13), ("0.15", "1.9", "4.8", "11")),
    800: ((2.88e-15, 1.91e-14, 5.19e-14, 1.35e-13), ("0.05", "0.33", "0.91", "2.4")),
    1000: ((1.16e-15, 4.32e-15, 9.42e-15, 2.35e-14), ("0.02", "0.07", "0.16", "0.40")),
}  # fmt: skip
# altitude [km]: years to 200 km at 0.02 and at 0.1 m2/kg, for the first three activities
LIFETIMES = {
    500: ((20.0, 2.4, 1.2), (4.0, 0.48, 0.24)),
    550: ((52.0, 5.1, 2.4), (10.5, 1.0, 0.49)),
    600: ((123.0, 10.6, 4.7), (25.0, 2.1, 0.95)),
    650: ((258.0, 21.0, 9.0), (52.0, 4.3, 1.8)),
    800: ((math.nan, 138.0, 52.0), (math.nan, 28.0, 10.0)),  # more than 1,000 years
}  # fmt: skip
TWILIGHT = 0.3  # our density has one harmonic over the day: it is up to 30 % low between day and night where the Sun is active
TABLE = "NRLMSIS 2.1 [emmert2022] over dawn-dusk orbits"


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of propulsion.

    Parameters
    ----------
    data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [*_make_up(), *_densities(), *_lifetimes(), *_manoeuvres()]


def _dawn_dusk(altitude_km: float) -> drag.Orbit:
    inclination_rad = sun_synchronous_inclination_rad(semi_major_axis_m(1e3 * altitude_km))
    return drag.Orbit(1e3 * altitude_km, inclination_rad, 0.5 * math.pi)


def _make_up_m_s(altitude_km: float, density_kg_m3: float) -> float:
    a_m = semi_major_axis_m(1e3 * altitude_km)
    return station_keeping.braking_m_s_yr(station_keeping.drag_acceleration_m_s2(a_m, density_kg_m3, 0.02))


def _make_up() -> list[Case | Failed]:
    """Limits: half of the last digit of the table, and 0.5 % for the three digits of its densities."""
    found: list[Case | Failed] = []
    for altitude_km, (densities, texts) in MAKE_UP.items():
        for air, rho, text in zip(ACTIVITIES, densities, texts, strict=True):
            digits = len(text.partition(".")[2])
            limit = 0.5 * 10.0**-digits + 0.005 * float(text)
            name = f"drag make-up per year at 0.02 m2/kg, {altitude_km} km, F10.7 {air.f107:g}, Ap {air.ap:g}"
            found.append(Case(name, partial(_make_up_m_s, altitude_km, rho), float(text), limit, "m/s", f"table by {TABLE}"))
    return found


def _density(altitude_km: float, air: drag.Air) -> float:
    """Mean density [1e-15 kg/m3] at an equinox, the ascending node at 18:00."""
    orbit = _dawn_dusk(altitude_km)
    return 1e15 * drag.over_orbit(orbit, "nadir", air, 0.5 * math.pi, (1.0, 0.0, 0.0)).density_kg_m3


def _densities() -> list[Case | Failed]:
    return [
        Case(f"mean density, {altitude_km} km, F10.7 {air.f107:g}, Ap {air.ap:g}", partial(_density, altitude_km, air), 1e15 * rho,
             TWILIGHT * 1e15 * rho, "1e-15 kg/m3", TABLE)
        for altitude_km, (densities, _) in MAKE_UP.items()
        for air, rho in zip(ACTIVITIES, densities, strict=True)
    ]  # fmt: skip


def _years(altitude_km: float, air: drag.Air, drag_m2_kg: float) -> float:
    return drag.lifetime_s(_dawn_dusk(altitude_km), air, drag_m2_kg) / station_keeping.YEAR_S


def _lifetimes() -> list[Case | Failed]:
    """Limits: that of the density with its slope, which is lower as well, and 5 % for two digits."""
    return [
        Case(f"lifetime at {drag_m2_kg:g} m2/kg, {altitude_km} km, F10.7 {air.f107:g}", partial(_years, altitude_km, air, drag_m2_kg), theirs,
             (TWILIGHT + 0.07) * theirs, "yr", TABLE)
        for altitude_km, both in LIFETIMES.items()
        for drag_m2_kg, row in zip((0.02, 0.1), both, strict=True)
        for air, theirs in zip(ACTIVITIES, row, strict=False)
        if math.isfinite(theirs)
    ]  # fmt: skip


def _manoeuvres() -> list[Case | Failed]:
    spiral, perigee = partial(propulsion_params.spiral_m_s, 300e3, 650e3), partial(propulsion_params.perigee_m_s, 650e3, 50e3)
    return [
        Case("low-thrust raise from 300 to 650 km", spiral, 195.0, 0.5, "m/s", "difference of circular speeds, three digits"),
        Case("perigee from 650 to 50 km by one burn", perigee, 170.0, 1.0, "m/s", "vis-viva, published as 170 m/s"),
    ]
