"""Numerical propagation: conserved quantities, another integrator, closed forms of single forces."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orbit.atmosphere import mean_density_kg_m3
from orbit.constants import EARTH_RADIUS_M, EARTH_ROTATION_RAD_S, J2, MU_EARTH_M3_S2
from orbit.elements import CircularElements, semi_major_axis_m
from orbit.environment import moon_position_m, sun_position_m
from orbit.ground import in_teme
from orbit.kernels.forces import Forces
from orbit.kernels.j2 import latitude_argument_rate_rad_s, node_rate_rad_s
from orbit.mean_to_osculating import osculating_states
from orbit.numerical import Bodies, Numerical
from orbit.timegrid import TimeGrid, julian_date
from sim.verify.case import Case, Failed

Array = NDArray[np.float64]
GRID = TimeGrid(*julian_date(datetime(2026, 3, 20, 14, 46, tzinfo=UTC)), 60.0, 1440)
DAY_S = 86400.0
MEAN_ACTIVITY = 150.0, 15.0  # F10.7, Ap


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of numerical propagation.

    Parameters
    ----------
    data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [*_conserved(), *_integrator(), *_drift(), *drag_cases(), *_accelerations()]


def _satellite(
    altitude_m: float = 650e3, inclination_deg: float = 97.986, speed_factor: float = 1.0, area: float = 0.0
) -> Bodies:
    one = np.ones(1)
    a = semi_major_axis_m(altitude_m)
    r, v = osculating_states(CircularElements(a * one, math.radians(inclination_deg) * one, 1.2 * one, 0.4 * one))
    return Bodies(r, speed_factor * v, area * one, area * one)


def _states(bodies: Bodies, forces: Forces, t_s: Array) -> tuple[Array, Array]:
    moon = moon_position_m if forces.moon else None
    r, v = Numerical(bodies, GRID, forces, moon=moon).states(t_s)
    return r[:, 0], v[:, 0]


def _energy(r: Array, v: Array, degree: int) -> Array:
    """Energy [J/kg] in the field of a point mass, or of J2, written out independently."""
    d = np.linalg.norm(r, axis=-1)
    sine = r[..., 2] / d
    potential = MU_EARTH_M3_S2 / d
    if degree == 2:
        potential = potential * (1.0 - J2 * (EARTH_RADIUS_M / d) ** 2 * (1.5 * sine * sine - 0.5))
    return np.asarray(0.5 * np.sum(v * v, axis=-1) - potential)


def _conserved() -> list[Case | Failed]:
    t = np.linspace(0.0, DAY_S, 97)

    def energy_error_m(bodies: Bodies, degree: int) -> float:
        """Largest change of the energy over a day as metres of semi-major axis."""
        energy = _energy(*_states(bodies, Forces(degree), t), degree)
        a = -0.5 * MU_EARTH_M3_S2 / energy[0]
        return float(np.abs(energy / energy[0] - 1.0).max() * a)

    def momentum_error() -> float:
        r, v = _states(_satellite(inclination_deg=63.0), Forces(6), t)
        momentum = np.cross(r, v)[:, 2]
        return float(np.abs(momentum / momentum[0] - 1.0).max())

    source = "a static field conserves energy [vallado2013:1.3]"
    round_source = "an axially symmetric field conserves the angular momentum about its axis [vallado2013:1.3]"
    comparisons: list[Case | Failed] = []
    for name, speed_factor in (("650 km", 1.0), ("apogee of 16,000 km", 1.2)):
        for degree in (0, 2):
            field = "point mass" if degree == 0 else "J2"
            comparisons.append(
                Case(f"energy over a day, {field}, {name}, as semi-major axis",
                     partial(energy_error_m, _satellite(speed_factor=speed_factor), degree), 0.0, 1e-3, "m", source)
            )  # fmt: skip
    return [*comparisons, Case("angular momentum about the axis over a day, zonals to 6", momentum_error, 0.0, 1e-10, "1", round_source)]


def _integrator() -> list[Case | Failed]:
    def apart_m(speed_factor: float) -> float:
        bodies = _satellite(speed_factor=speed_factor)
        r, _ = _states(bodies, Forces(2), np.array([0.0, 0.5 * DAY_S]))
        return float(np.linalg.norm(r[-1] - _dop853_j2(speed_factor)))

    source = "scipy's DOP853 at 3e-14 with the acceleration of J2 written out [vallado2013:eq. 8-30]"
    return [
        Case("position after half a day, J2, 650 km", lambda: apart_m(1.0), 0.0, 5e-3, "m", source),
        Case("position after half a day, J2, apogee of 16,000 km", lambda: apart_m(1.2), 0.0, 1e-3, "m", source),
    ]


@cache
def _dop853_j2(speed_factor: float) -> Array:
    from scipy.integrate import solve_ivp

    def slope(t: float, y: Array) -> Array:
        x, y_, z = y[:3]
        r = math.sqrt(x * x + y_ * y_ + z * z)
        k = 1.5 * J2 * MU_EARTH_M3_S2 * EARTH_RADIUS_M**2 / r**5
        s = 5.0 * z * z / (r * r)
        pull = -MU_EARTH_M3_S2 / r**3
        return np.array([*y[3:], x * (pull + k * (s - 1.0)), y_ * (pull + k * (s - 1.0)), z * (pull + k * (s - 3.0))])

    bodies = _satellite(speed_factor=speed_factor)
    start = np.concatenate((bodies.r_m[0], bodies.v_m_s[0]))
    done = solve_ivp(slope, (0.0, 0.5 * DAY_S), start, "DOP853", rtol=3e-14, atol=1e-9)
    return np.asarray(done.y[:3, -1])


def _drift() -> list[Case | Failed]:
    a, i = semi_major_axis_m(650e3), math.radians(97.986)

    @cache
    def rates() -> tuple[float, float]:
        """Of latitude argument and node [rad/s], fitted over a day, in the field of J2."""
        t = np.arange(0.0, DAY_S, 60.0)
        r, v = _states(_satellite(), Forces(2), t)
        normal = np.cross(r, v)
        node = np.unwrap(np.arctan2(normal[:, 0], -normal[:, 1]))
        along = np.stack((np.cos(node), np.sin(node), np.zeros_like(node)), axis=-1)
        ahead = np.cross(normal / np.linalg.norm(normal, axis=-1, keepdims=True), along)
        u = np.unwrap(np.arctan2(np.sum(r * ahead, -1), np.sum(r * along, -1)))
        return float(np.polyfit(t, u, 1)[0]), float(np.polyfit(t, node, 1)[0])

    source = "secular J2 of the mean elements [vallado2013:ch. 9]; terms of J2^2 remain"
    period = 2.0 * math.pi / float(latitude_argument_rate_rad_s(a, i))
    drift = math.degrees(float(node_rate_rad_s(a, i))) * DAY_S
    return [
        Case("nodal period of numerical propagation, 650 km", lambda: 2.0 * math.pi / rates()[0], period, 0.01, "s", source),
        Case("node drift of numerical propagation", lambda: math.degrees(rates()[1]) * DAY_S, drift, 2e-3, "deg/d", source),
    ]


def drag_cases() -> list[Case | Failed]:
    """Cases of drag and density.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    def lag_m() -> float:
        """Along-track distance after a day between two satellites whose Cd A/m differ by a tenth."""
        one, other = _satellite(area=0.02), _satellite(area=0.022)
        ends = [_states(b, Forces(2, drag=True), np.array([0.0, DAY_S]))[0][-1] for b in (one, other)]
        return float(np.linalg.norm(ends[1] - ends[0]))

    def expected_m() -> float:
        """3/4 v n rho d(Cd A/m) t^2, with the table's mean density on this orbit and a co-rotating atmosphere."""
        a = semi_major_axis_m(650e3)
        orbit_m = _states(_satellite(), Forces(2), np.linspace(0.0, DAY_S, 1441))[0]
        rho = mean_density_kg_m3(orbit_m, sun_position_m(GRID.epoch_jd, GRID.epoch_fr), *MEAN_ACTIVITY)
        turning = (1.0 + EARTH_ROTATION_RAD_S * math.sqrt(a**3 / MU_EARTH_M3_S2) * 0.139) ** 2
        return 0.75 * MU_EARTH_M3_S2 / a * rho * 0.002 * turning * DAY_S**2

    return [
        Case("along-track lag in a day, 10 % of 0.02 m2/kg, 650 km, mean activity", lag_m, expected_m, 2.0, "m",
             "constant deceleration of a circular orbit [vallado2013:9.6]; density and speed vary along the orbit"),
        Case("density at 550 km, noon at the equator in March, mean activity", _noon_density_kg_m3, 7.415e-13, 0.15 * 7.415e-13, "kg/m3",
             "NRLMSIS 2.1 at one position [emmert2022]; the table has one harmonic of the diurnal bulge"),
    ]  # fmt: skip


def _noon_density_kg_m3() -> float:
    """Density [kg/m3] over latitude and longitude zero at 12:00 on 2024-03-20, 550 km up."""
    moment = julian_date(datetime(2024, 3, 20, 12, tzinfo=UTC))
    jd, fr = np.array([moment[0]]), np.array([moment[1]])
    position = in_teme(np.array([[EARTH_RADIUS_M + 550e3, 0.0, 0.0]]), jd, fr)[0]
    return mean_density_kg_m3(position, sun_position_m(*moment), *MEAN_ACTIVITY)


def _accelerations() -> list[Case | Failed]:
    t = np.array([0.0, 10.0])

    def acceleration_m_s2(forces: Forces, area: float = 0.0) -> Array:
        """Acceleration of a force, from its effect on the position after 10 s."""
        bodies = _satellite(area=area)
        added = _states(bodies, forces, t)[0][-1] - _states(bodies, Forces(2), t)[0][-1]
        return np.asarray(2.0 * added / t[-1] ** 2)

    def tide(body_m: Array, mu: float) -> float:
        r = _satellite().r_m[0]
        apart = body_m - r
        return float(np.linalg.norm(mu * (apart / np.linalg.norm(apart) ** 3 - body_m / np.linalg.norm(body_m) ** 3)))

    at = GRID.epoch_jd, GRID.epoch_fr
    source = "difference of two point-mass attractions [montenbruck2000:eq. 3.37]; positions resolve 1e-9 m"
    light = "flux / c at 1 au, CR A/m 0.05 m2/kg, satellite in sunlight [montenbruck2000:eq. 3.75]"
    return [
        Case("acceleration by the Sun", lambda: float(np.linalg.norm(acceleration_m_s2(Forces(2, sun=True)))),
             lambda: tide(sun_position_m(*at), 1.32712440041e20), 1e-9, "m/s2", source),
        Case("acceleration by the Moon", lambda: float(np.linalg.norm(acceleration_m_s2(Forces(2, moon=True)))),
             lambda: tide(moon_position_m(*at), 4.9028e12), 1e-9, "m/s2", source),
        Case("acceleration by solar pressure", lambda: float(np.linalg.norm(acceleration_m_s2(Forces(2, solar_pressure=True), 0.05))),
             lambda: 0.05 * 1361.0 / 299792458.0 * (1.495978707e11 / float(np.linalg.norm(sun_position_m(*at)))) ** 2,
             1e-9, "m/s2", light),
    ]  # fmt: skip
