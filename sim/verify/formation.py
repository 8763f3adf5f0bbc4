"""Formations: linear relative motion, the effect of J2, the published cluster, station keeping."""

from __future__ import annotations

import math
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orbit import formation_geometry, proximity, station_keeping
from orbit.constants import EARTH_RADIUS_M, J2, MU_EARTH_M3_S2, SPEED_OF_LIGHT_M_S
from orbit.elements import CircularElements, nodal_period_s, period_s, semi_major_axis_m
from orbit.propagation import Formation
from orbit.relative_motion import (
    MeanElements,
    RelativeElements,
    absolute,
    along_track_rates_m_s,
    drift_free,
    mean_elements,
    of_offsets,
    states,
    two_body_elements,
)
from orbit.shells import sun_synchronous_ring
from orbit.timegrid import TimeGrid
from sim.verify.case import Case, Failed

Array = NDArray[np.float64]
A = semi_major_axis_m(650e3)
DAY_S = 86400.0
ONE_ORBIT = TimeGrid(2461395.5, 0.0, 60.0, 97)


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of formations.

    Parameters
    ----------
    data : Path or None
        Folder of the published data; not used here.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    return [*linear_cases(), *_drift(), *_published(), *_station_keeping_cases()]


@cache
def _chief() -> CircularElements:
    return sun_synchronous_ring(650e3, 6.0, 1, ONE_ORBIT.epoch_jd, ONE_ORBIT.epoch_fr)


# --- relative motion ---------------------------------------------------------------------------------------------------


def linear_cases() -> list[Case | Failed]:
    """Cases of linear relative motion.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    source = "closed form of linear relative motion, -12 pi x0 [clohessy1960]"
    return [Case("drift per orbit of a satellite at rest 1 m above", _at_rest_m, -37.699, 4e-3, "m", source)]


def _circle(x0_m: float, along_m_s: float) -> tuple[Array, Array]:
    """States (3, 2) at the node: a two-body circle at 650 km, and a satellite x0 above it with a velocity relative to the frame."""
    i = float(_chief().inclination_rad[0])
    up, ahead = np.array([1.0, 0.0, 0.0]), np.array([0.0, math.cos(i), math.sin(i)])
    speed = math.sqrt(MU_EARTH_M3_S2 / A)
    speeds = np.array([speed, speed * (1.0 + x0_m / A) + along_m_s])
    return np.outer(up, [A, A + x0_m]), np.outer(ahead, speeds)


def _at_rest_m() -> float:
    """Two bodies: along-track distance from the difference in mean motion over an orbit."""
    a = two_body_elements(*_circle(1.0, 0.0))[0]
    n = np.sqrt(MU_EARTH_M3_S2 / a**3)
    return float((n[1] - n[0]) * A * period_s(A))


# --- J2 ------------------------------------------------------------------------------------------------------------------


def _rates(_: float, state: Array) -> Array:
    """Point mass and J2, written independently of the run's code."""
    r, v = state.reshape(2, 3, -1)
    d2 = np.sum(r * r, axis=0)
    bulge = 1.5 * J2 * EARTH_RADIUS_M**2 / d2
    tilt = 5.0 * r[2] ** 2 / d2
    pull = np.stack((1.0 + bulge * (1.0 - tilt), 1.0 + bulge * (1.0 - tilt), 1.0 + bulge * (3.0 - tilt)))
    return np.concatenate((v, -MU_EARTH_M3_S2 / d2**1.5 * r * pull)).ravel()


def _integrated(r_m: Array, v_m_s: Array, t_s: Array) -> tuple[Array, Array]:
    """Positions and velocities (time, 3, n), by scipy's DOP853."""
    from scipy.integrate import solve_ivp

    start = np.concatenate((r_m, v_m_s)).ravel()
    solution = solve_ivp(_rates, (0.0, float(t_s[-1])), start, method="DOP853", rtol=1e-13, atol=1e-7, t_eval=t_s)
    r, v = np.moveaxis(solution.y.reshape(2, 3, -1, t_s.size), 3, 1)
    return r, v


def _along_track_m(r_m: Array, v_m_s: Array) -> Array:
    """Along-track distance of each satellite from the first (time, n)."""
    up = r_m[:, :, 0] / np.linalg.norm(r_m[:, :, 0], axis=1, keepdims=True)
    normal = np.cross(r_m[:, :, 0], v_m_s[:, :, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    return np.asarray(np.einsum("ta,tan->tn", np.cross(normal, up), r_m - r_m[:, :, :1]))


def _drift_m_d(t_s: Array, along_track_m: Array) -> Array:
    """Slope of the along-track distance per day, fitted with the harmonics of the orbit."""
    turn = 2.0 * math.pi / nodal_period_s(A, float(_chief().inclination_rad[0])) * t_s
    day = t_s / DAY_S
    columns = [np.ones_like(day), day, day * np.cos(turn), day * np.sin(turn)]
    columns += [f(k * turn) for k in (1, 2, 3) for f in (np.cos, np.sin)]
    return np.asarray(np.linalg.lstsq(np.stack(columns, axis=1), along_track_m, rcond=None)[0][1])


@cache
def _naive_m() -> tuple[float, float, float]:
    """Start 500 m above by linear motion: distance after one two-body period, drift per day as integrated and as predicted."""
    r_m, v_m_s = _circle(500.0, -2.0 * math.sqrt(MU_EARTH_M3_S2 / A**3) * 500.0)
    t_s = np.sort(np.append(np.arange(0.0, DAY_S + 1.0, 60.0), period_s(A)))
    along_track_m = _along_track_m(*_integrated(r_m, v_m_s, t_s))
    mean = mean_elements(r_m, v_m_s)
    first = CircularElements(
        mean.semi_major_axis_m[:1], mean.inclination_rad[:1], mean.node_rad[:1], mean.latitude_argument_rad[:1]
    )
    rate = along_track_rates_m_s(mean, first)
    integrated = float(_drift_m_d(t_s, along_track_m)[1])
    return float(along_track_m[np.searchsorted(t_s, period_s(A)), 1]), integrated, float(rate[1] - rate[0]) * DAY_S


@cache
def _formation_errors() -> tuple[Array, Array, Array]:
    """Drift [m/d] as integrated, and errors of our ranges [m] over an orbit and a day: centre, rim, and 1 km cross-track."""
    offsets = np.array([[0, 0, 0], [500, 0, 0], [0, 1000, 0], [300, -800, 0], [0, 0, 1000]], dtype=float).T
    formation = Formation(_chief(), of_offsets(offsets, _chief()), ONE_ORBIT)
    t_s = np.arange(0.0, DAY_S + 1.0, 60.0)
    theirs, speeds = _integrated(*states(formation.elements()), t_s)
    a, b = np.triu_indices(offsets.shape[1], 1)
    error_m = np.abs(
        proximity.pair_ranges_m(formation.positions_m(t_s), a, b) - proximity.pair_ranges_m(theirs, a, b)
    )
    return _drift_m_d(t_s, _along_track_m(theirs, speeds)), error_m[:98], error_m


@cache
def _inclined_m_d() -> tuple[float, float]:
    """Drift of 1 km cross-track by inclination: integrated with the matched semi-major axis, and predicted without."""
    zero = np.zeros(2)
    apart = RelativeElements(zero, zero, zero, zero, np.array([0.0, 1000.0 / A]), zero)
    elements: MeanElements = absolute(drift_free(apart, _chief()), _chief())
    t_s = np.arange(0.0, DAY_S + 1.0, 60.0)
    integrated = float(_drift_m_d(t_s, _along_track_m(*_integrated(*states(elements), t_s)))[1])
    return integrated, float(along_track_rates_m_s(absolute(apart, _chief()), _chief())[1]) * DAY_S


def _drift() -> list[Case | Failed]:
    truth = "scipy DOP853, point mass and J2, each satellite separately"
    comparisons: list[Case | Failed] = [
        Case("naive start 500 m above: after one two-body period", lambda: _naive_m()[0], -20.6, 0.1, "m",
             "published, two-satellite integration"),
        Case("naive start 500 m above: drift predicted by mean elements", lambda: _naive_m()[2], lambda: _naive_m()[1], 1.0,
             "m/d", truth),
        Case("mean elements: worst drift within 1 km", lambda: float(np.abs(_formation_errors()[0]).max()), 0.0, 1.0, "m/d", truth),
        Case("mean elements: worst range error over an orbit", lambda: float(_formation_errors()[1].max()), 0.0, 0.1, "m", truth),
        Case("mean elements: worst range error over a day", lambda: float(_formation_errors()[2].max()), 0.0, 0.2, "m", truth),
        Case("1 km cross-track by inclination, semi-major axis matched: drift", lambda: _inclined_m_d()[0], 0.0, 1.0, "m/d", truth),
    ]  # fmt: skip
    return comparisons


# --- the published cluster -------------------------------------------------------------------------------------------------


@cache
def _cluster() -> tuple[float, float, float, float]:
    """Smallest range of all pairs, smallest and largest of neighbours, largest of all [m] over an orbit of 81 satellites."""
    from sim.network.topology import lattice_pairs

    offsets = np.array(formation_geometry.offsets_m("square", 200.0, 1000.0)).T
    flying = Formation(_chief(), of_offsets(offsets, _chief()), ONE_ORBIT)
    orbit_s = nodal_period_s(A, float(_chief().inclination_rad[0]))
    r_m = flying.positions_m(np.linspace(0.0, orbit_s, proximity.SAMPLES + 1))
    least, most = proximity.swing_m(proximity.pair_ranges_m(r_m, *lattice_pairs(offsets, 200.0)))
    return proximity.closest(flying.positions_m, 0.0, orbit_s).range_m, least, most, proximity.farthest_m(r_m)


def _published() -> list[Case | Failed]:
    source = "published formation [suncatcher2025]: 81 satellites, 1 km, 100 to 200 m"
    light = "2 km at the speed of light"
    return [
        Case("points of a 200 m square lattice in 1 km", lambda: float(formation_geometry.count("square", 200.0, 1000.0)), 81.0, 0.0, "1", source),
        Case("points of a 100 m hexagonal lattice in 1 km", lambda: float(formation_geometry.count("hexagonal", 100.0, 1000.0)), 367.0, 0.0, "1",
             "published packing of the disc"),
        Case("smallest range of neighbours", lambda: _cluster()[1], 100.0, 1.0, "m", source),
        Case("largest range of neighbours", lambda: _cluster()[2], 200.0, 1.0, "m", source),
        Case("smallest range of all pairs", lambda: _cluster()[0], 100.0, 1.0, "m", source),
        Case("light time across the formation", lambda: 1e6 * _cluster()[3] / SPEED_OF_LIGHT_M_S, 6.67, 0.01, "us", light),
    ]  # fmt: skip


# --- station keeping ------------------------------------------------------------------------------------------------------------------


def _drag_make_up_m_s_yr(altitude_m: float, density_kg_m3: float) -> float:
    drag = station_keeping.drag_acceleration_m_s2(semi_major_axis_m(altitude_m), density_kg_m3, 0.02)
    return station_keeping.braking_m_s_yr(drag)


def _station_keeping_cases() -> list[Case | Failed]:
    table = "table of drag make-up at Cd A / m = 0.02 m2/kg, densities of NRLMSIS 2.1 [emmert2022]"
    comparisons: list[Case | Failed] = [
        Case(f"drag make-up per year, {h / 1e3:.0f} km", partial(_drag_make_up_m_s_yr, h, rho), theirs, 0.03 * theirs, "m/s", table)
        for h, rho, theirs in ((500e3, 8.06e-13, 14.7), (550e3, 3.94e-13, 7.2), (650e3, 1.04e-13, 1.9))
    ]

    def differential_drag_m() -> float:
        return station_keeping.along_track_drift_m(0.1 * station_keeping.drag_acceleration_m_s2(A, 1.04e-13, 0.02), DAY_S)

    def node_m_s_yr() -> float:
        inclination = float(_chief().inclination_rad[0])
        return station_keeping.inclination_m_s_yr(A, inclination, 1000.0)

    comparisons += [
        Case("10 % differential drag at 650 km: along-track drift in a day", differential_drag_m, 64.0, 3.2, "m",
             "published, about, two digits of density"),
        Case("solar pressure on 0.05 m2/kg, reflectivity 1.3", lambda: 1e7 * station_keeping.pressure_acceleration_m_s2(0.065), 3.0, 0.06,
             "1e-7 m/s2", "published, two digits"),
        Case("1 km cross-track by inclination, delta-v per year", node_m_s_yr, 47.5, 0.1, "m/s",
             "3/2 n J2 (R/a)^2 sin2 i a di n, evaluated independently"),
    ]  # fmt: skip
    return comparisons
