"""Orbits, Sun and shadow."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orbit.constants import AU_M, EARTH_RADIUS_M, J2, SUN_RADIUS_M
from orbit.elements import nodal_period_s, period_s, semi_major_axis_m
from orbit.environment import solar_flux_w_m2, sun_position_m
from orbit.kernels.j2 import mean_motion_rad_s, node_rate_rad_s
from orbit.kernels.shadow import POINT_SUN_M, lit_fraction, shadow_edge
from orbit.propagation import CircularJ2
from orbit.shell_geometry import sun_synchronous_inclination_rad
from orbit.shells import walker
from orbit.timegrid import TimeGrid, julian_date
from sim.verify import access, catalogues, dynamics, eclipses, formation, frames, sgp4
from sim.verify.case import Case, Failed

Array = NDArray[np.float64]


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of orbits, Sun and shadow.

    Parameters
    ----------
    data : Path or None
        Folder of the published data.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [
        *_sun_synchronous(),
        *_shadow(),
        *sun_cases(),
        *_cylinder(),
        *_drift(),
        *sgp4.cases(data),
        *formation.cases(data),
        *frames.cases(data),
        *eclipses.cases(data),
        *catalogues.cases(data),
        *access.cases(data),
        *dynamics.cases(data),
    ]


# --- closed forms ------------------------------------------------------------------------------------------------------


def _sun_synchronous() -> list[Case | Failed]:
    a = semi_major_axis_m(650e3)
    inclination = sun_synchronous_inclination_rad(a)
    source = "closed form of secular J2, evaluated independently [vallado2013:ch. 9]"
    return [
        Case("sun-synchronous inclination, 650 km", lambda: math.degrees(inclination), 97.986, 0.005, "deg", source),
        Case("two-body period, 650 km", lambda: period_s(a), 5863.69, 0.05, "s", source),
        Case("nodal period, 650 km", lambda: nodal_period_s(a, inclination), 5870.94, 0.05, "s", source),
        Case(
            "node drift, 650 km sun-synchronous",
            lambda: _deg_per_day(node_rate_rad_s(a, inclination)),
            0.98565,
            1e-4,
            "deg/d",
            source,
        ),
    ]


def _deg_per_day(rate_rad_s: float) -> float:
    return math.degrees(rate_rad_s) * 86400.0


def _edge(altitude_m: float, beta_rad: float, angle_rad: float, sun_radius_m: float) -> float:
    """Shadow edge on a circular orbit; the angle is counted from the point farthest from the Sun."""
    a = semi_major_axis_m(altitude_m)
    x, y = -a * math.cos(angle_rad) * math.cos(beta_rad), a * math.sin(angle_rad)
    z = a * math.cos(angle_rad) * math.sin(beta_rad)
    return float(shadow_edge(x, y, z, AU_M, 0.0, 0.0, sun_radius_m))


def time_below_s(level: float, altitude_m: float, beta_deg: float, sun_radius_m: float = SUN_RADIUS_M) -> float:
    """Time per two-body orbit with the shadow edge below a level, by bisection of its crossing.

    Parameters
    ----------
    level : float
        Height of the Sun's centre above the limb [solar radii]; 0 is half a penumbra.
    altitude_m : float
        Altitude of the circular orbit [m], above 0.
    beta_deg : float
        Angle of the Sun from the orbit plane [deg].
    sun_radius_m : float, optional
        Radius of the Sun [m].

    Returns
    -------
    float
        Time [s].
    """
    beta = math.radians(beta_deg)
    if _edge(altitude_m, beta, 0.0, sun_radius_m) >= level:
        return 0.0
    low, high = 0.0, 0.5 * math.pi
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _edge(altitude_m, beta, middle, sun_radius_m) < level else (low, middle)
    return low / math.pi * period_s(semi_major_axis_m(altitude_m))


def _shadow() -> list[Case | Failed]:
    source = "angular discs of Sun and Earth, evaluated independently [montenbruck2000:3.4.2]"
    return [
        Case("umbra, 650 km, beta 0", lambda: time_below_s(-1.0, 650e3, 0.0), 2114.2, 2.0, "s", source),
        Case("umbra and penumbra, 650 km, beta 0", lambda: time_below_s(1.0, 650e3, 0.0), 2131.6, 2.0, "s", source),
        Case("cylinder, 650 km, beta 0", lambda: time_below_s(0.0, 650e3, 0.0, POINT_SUN_M), 2122.8, 2.0, "s", source),
        Case("umbra, 650 km, beta 65 deg", lambda: time_below_s(-1.0, 650e3, 65.0), 0.0, 2.0, "s", source),
        Case("penumbra, 650 km, beta 65 deg", lambda: time_below_s(1.0, 650e3, 65.0), 337.0, 2.0, "s", source),
        Case("lit fraction of half a disc", lambda: float(lit_fraction(0.0)), 0.5, 1e-12, "1", "symmetry"),
    ]


def sun_cases() -> list[Case | Failed]:
    """Cases of the Sun.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    e = 0.0167086
    source = "inverse square at perihelion and aphelion, e = 0.0167086"
    return [
        Case("sunlight at perihelion", lambda: float(solar_flux_w_m2(AU_M * (1 - e))), 1407.65, 1.4, "W/m2", source),
        Case("sunlight at aphelion", lambda: float(solar_flux_w_m2(AU_M * (1 + e))), 1316.63, 1.3, "W/m2", source),
        Case(
            "Sun against DE421, 1990 to 2050, worst of 220 dates",
            lambda: _sun_error()[0],
            0.0,
            0.005,
            "deg",
            "DE421 by skyfield",
        ),
        Case(
            "Sun's distance against DE421, worst, relative",
            lambda: _sun_error()[1],
            0.0,
            1e-4,
            "1",
            "DE421 by skyfield",
        ),
    ]


@cache
def _sun_error() -> tuple[float, float]:
    import warnings

    from skyfield.api import Loader
    from skyfield.sgp4lib import TEME

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the age of a file that is not used here
        from skyfield_data import get_skyfield_data_path

        load = Loader(get_skyfield_data_path())
    timescale = load.timescale(builtin=True)
    moments = timescale.utc(1990, 1, np.arange(1, 21900, 100))
    bodies = load("de421.bsp")
    apparent = bodies["earth"].at(moments).observe(bodies["sun"]).apparent().position.m
    theirs = np.einsum("ijk,jk->ki", TEME.rotation_at(moments), apparent)
    jd, fr = np.array([julian_date(t) for t in moments.utc_datetime()]).T
    ours = sun_position_m(jd, fr)
    bodies.close()
    ours_m, theirs_m = np.linalg.norm(ours, axis=1), np.linalg.norm(theirs, axis=1)
    sine = np.linalg.norm(np.cross(ours, theirs), axis=1) / (ours_m * theirs_m)
    return float(np.degrees(np.arcsin(sine)).max()), float(np.abs(ours_m / theirs_m - 1.0).max())


# --- eclipse fractions and secular J2 --------------------------------------------------------------------------------------------------


def _cylinder() -> list[Case | Failed]:
    source = "closed form acos(sqrt(r2 - R2) / (r cos beta)) / pi"

    def fraction(altitude_m: float, beta_deg: float) -> float:
        return time_below_s(0.0, altitude_m, beta_deg, POINT_SUN_M) / period_s(semi_major_axis_m(altitude_m))

    def limit_deg(altitude_m: float) -> float:
        low, high = 50.0, 80.0
        for _ in range(50):
            middle = 0.5 * (low + high)
            dark = _edge(altitude_m, math.radians(middle), 0.0, POINT_SUN_M) < 0.0
            low, high = (middle, high) if dark else (low, middle)
        return low

    comparisons: list[Case | Failed] = [
        Case(
            f"eclipse fraction, {h / 1e3:.0f} km, beta {beta:.0f}",
            partial(fraction, h, beta),
            theirs,
            5e-4,
            "1",
            source,
        )
        for h, beta, theirs in (
            (550e3, 0.0, 0.372311),
            (550e3, 30.0, 0.351110),
            (550e3, 60.0, 0.214735),
            (650e3, 0.0, 0.362023),
        )
    ]
    for h, theirs in ((550e3, 67.016), (650e3, 65.164)):
        comparisons.append(Case(f"eclipse-free beta, {h / 1e3:.0f} km", partial(limit_deg, h), theirs, 0.01, "deg", source))
    return comparisons


def _drift_deg_per_day(altitude_m: float, inclination_deg: float) -> float:
    return _deg_per_day(node_rate_rad_s(semi_major_axis_m(altitude_m), math.radians(inclination_deg)))


def _drift() -> list[Case | Failed]:
    source = "closed form of secular J2 [vallado2013:eq. 9-37]"
    comparisons: list[Case | Failed] = [
        Case(
            f"node drift, {h:.0f} km, {i} deg",
            partial(_drift_deg_per_day, h * 1e3, i),
            theirs, abs(theirs) * 1e-3, "deg/d", source,
        )
        for h, i, theirs in ((550.0, 53.0, -4.489), (630.0, 51.9, -4.421), (550.0, 97.6, 0.9866))
    ]  # fmt: skip
    for h, i in ((550e3, 53.0), (630e3, 51.9), (650e3, 97.986)):
        comparisons.append(
            Case(f"secular J2 against SGP4 after a day, {h / 1e3:.0f} km, {i:g} deg", partial(_sgp4_distance_km, h, i), 0.0, 20.0, "km",
                 "sgp4 package, drag-free elements of the same semi-major axis")
        )  # fmt: skip
    return comparisons


def _sgp4_distance_km(altitude_m: float, inclination_deg: float) -> float:
    """Worst distance [km] from SGP4 over a day, five satellites of one plane."""
    from sgp4.api import WGS72, Satrec

    grid = TimeGrid(*julian_date(datetime(2026, 1, 1, tzinfo=UTC)), 60.0, 1440)
    shell = walker(altitude_m, math.radians(inclination_deg), 1, 5, 0.0)
    ours = np.empty((1441, 3, 5))
    CircularJ2(shell, grid).fill(0, 5, 0, ours)
    a = float(shell.semi_major_axis_m[0])
    # the mean motion of element sets includes the secular J2 rate of the mean anomaly (Kozai)
    kozai = float(mean_motion_rad_s(a)) * (
        1.0 + 0.75 * J2 * (EARTH_RADIUS_M / a) ** 2 * (3.0 * math.cos(math.radians(inclination_deg)) ** 2 - 1.0)
    )
    worst = 0.0
    for k in range(5):
        satrec = Satrec()
        epoch_d = grid.epoch_jd + grid.epoch_fr - 2433281.5
        satrec.sgp4init(
            WGS72, "i", k, epoch_d, 0.0, 0.0, 0.0, 0.0, 0.0, math.radians(inclination_deg),
            float(shell.latitude_argument_rad[k]), kozai * 60.0, float(shell.node_rad[k]),
        )  # fmt: skip
        _, theirs, _ = satrec.sgp4_array(*grid.jd_fr(0, 1441))
        worst = max(worst, float(np.linalg.norm(ours[:, :, k] / 1e3 - theirs, axis=1).max()))
    return worst
