"""What it costs to keep a formation together, in closed form: drag, solar pressure and what J2 does to inclinations.

Accelerations are of circular orbits and constant over the time asked for; density is the mean over an orbit.
"""

from __future__ import annotations

import math

from orbit.constants import EARTH_RADIUS_M, J2, MU_EARTH_M3_S2, SECONDS_PER_DAY, SOLAR_CONSTANT_W_M2, SPEED_OF_LIGHT_M_S

YEAR_S = 365.25 * SECONDS_PER_DAY


def drag_acceleration_m_s2(semi_major_axis_m: float, density_kg_m3: float, drag_m2_kg: float) -> float:
    """Drag [m/s2] with drag_m2_kg = Cd A / m, the air at rest. [vallado2013:ch. 8]

    Air that turns with the Earth adds 2 % on a sun-synchronous orbit at 650 km; on an equatorial one it takes away 13 %.
    """
    return 0.5 * density_kg_m3 * MU_EARTH_M3_S2 / semi_major_axis_m * drag_m2_kg


def pressure_acceleration_m_s2(reflectivity_m2_kg: float) -> float:
    """Solar radiation pressure [m/s2] at 1 au on C_R A / m [m2/kg]. [montenbruck2000:3.4]"""
    return SOLAR_CONSTANT_W_M2 / SPEED_OF_LIGHT_M_S * reflectivity_m2_kg


def along_track_drift_m(acceleration_m_s2: float, time_s: float) -> float:
    """How far ahead [m] a satellite is that is braked by so much more than another, after a time: 3/2 a t^2.

    It sinks at -2 a / n and gains 3/2 n for each metre; true once t is several orbits. [damico2010:ch. 2]
    """
    return 1.5 * acceleration_m_s2 * time_s * time_s


def braking_m_s_yr(acceleration_m_s2: float) -> float:
    """Velocity [m/s] a year that makes up for an acceleration along the track."""
    return acceleration_m_s2 * YEAR_S


def pressure_drift_m_d(semi_major_axis_m: float, acceleration_m_s2: float, in_plane: float) -> float:
    """Growth of the radial amplitude [m/d] of relative motion under a steady difference in solar pressure.

    The part in the orbit's plane (in_plane = cos of the Sun's height over it) turns the eccentricity vector: 3/2 a / (n a)
    a second; twice that along the track; no drift along it, as a force that is constant in space does no work over an
    orbit. [damico2010:ch. 2]
    """
    n = math.sqrt(MU_EARTH_M3_S2 / semi_major_axis_m**3)
    return 1.5 * acceleration_m_s2 * in_plane / n * SECONDS_PER_DAY


def pressure_m_s_yr(acceleration_m_s2: float, in_plane: float) -> float:
    """Velocity [m/s] a year that undoes it with pulses along the track: half the change of the eccentricity times speed.

    [damico2010:ch. 2]
    """
    return 0.75 * acceleration_m_s2 * in_plane * YEAR_S


def inclination_m_s_yr(semi_major_axis_m: float, inclination_rad: float, cross_track_m: float) -> float:
    """Velocity [m/s] a year that holds a cross-track amplitude made by a difference in inclination against J2.

    The nodes part at 3/2 n J2 (R/a)^2 sin i di, and each second of it costs n a sin i dnode at the turning points; an
    amplitude made by the node costs nothing. [vallado2013:eq. 9-37]
    """
    n = math.sqrt(MU_EARTH_M3_S2 / semi_major_axis_m**3)
    ratio = EARTH_RADIUS_M / semi_major_axis_m
    return 1.5 * n * J2 * ratio * ratio * math.sin(inclination_rad) ** 2 * n * abs(cross_track_m) * YEAR_S


def station_keeping_m_s_yr(
    semi_major_axis_m: float,
    density_kg_m3: float,
    drag_m2_kg: float,
    reflectivity_m2_kg: float,
    mismatch: float,
    in_plane: float,
) -> float:
    """Velocity [m/s] a year of the satellite of a formation that is braked most.

    All its drag is made up, a mismatch more than the others' included, so that nobody drifts; and the mismatch in solar
    pressure is undone.
    """
    drag = drag_acceleration_m_s2(semi_major_axis_m, density_kg_m3, drag_m2_kg)
    pressure = mismatch * pressure_acceleration_m_s2(reflectivity_m2_kg)
    return braking_m_s_yr((1.0 + mismatch) * drag) + pressure_m_s_yr(pressure, in_plane)
