"""Station-keeping delta-v of a formation in closed form: drag, solar radiation pressure, and J2 acting on inclinations.

Orbits are circular, accelerations are constant over the time asked for, and density is the mean over an orbit.
"""

from __future__ import annotations

import math

from orbit.constants import EARTH_RADIUS_M, J2, MU_EARTH_M3_S2, SECONDS_PER_DAY, SOLAR_CONSTANT_W_M2, SPEED_OF_LIGHT_M_S

YEAR_S = 365.25 * SECONDS_PER_DAY


def drag_acceleration_m_s2(semi_major_axis_m: float, density_kg_m3: float, drag_m2_kg: float) -> float:
    """Drag acceleration on a circular orbit, the air at rest. [vallado2013:ch. 8]

    Parameters
    ----------
    semi_major_axis_m : float
        Semi-major axis [m].
    density_kg_m3 : float
        Air density [kg/m3].
    drag_m2_kg : float
        C_D A / m [m2/kg].

    Returns
    -------
    float
        Acceleration against the motion [m/s2].

    Notes
    -----
    Rotation of the air with the Earth adds 2 % on a sun-synchronous orbit at 650 km and removes 13 % on an equatorial
    orbit.
    """
    return 0.5 * density_kg_m3 * MU_EARTH_M3_S2 / semi_major_axis_m * drag_m2_kg


def pressure_acceleration_m_s2(reflectivity_m2_kg: float) -> float:
    """Acceleration by solar radiation pressure at 1 au. [montenbruck2000:3.4]

    Parameters
    ----------
    reflectivity_m2_kg : float
        C_R A / m [m2/kg].

    Returns
    -------
    float
        Acceleration [m/s2].
    """
    return SOLAR_CONSTANT_W_M2 / SPEED_OF_LIGHT_M_S * reflectivity_m2_kg


def along_track_drift_m(acceleration_m_s2: float, time_s: float) -> float:
    """Along-track drift by a difference in along-track acceleration: 3/2 a t^2. [damico2010:ch. 2]

    The satellite that brakes more descends at -2 a / n and gains 3/2 n for each metre. Valid for several orbits or
    more.

    Parameters
    ----------
    acceleration_m_s2 : float
        Difference of accelerations against the motion [m/s2].
    time_s : float
        Time [s].

    Returns
    -------
    float
        Distance ahead [m].

    Examples
    --------
    >>> round(along_track_drift_m(1e-9, 86400.0), 3)  # differential drag of 1 nm/s2 for a day
    11.197
    """
    return 1.5 * acceleration_m_s2 * time_s * time_s


def braking_m_s_yr(acceleration_m_s2: float) -> float:
    """Delta-v that makes up for an acceleration along the track.

    Parameters
    ----------
    acceleration_m_s2 : float
        Acceleration [m/s2].

    Returns
    -------
    float
        Delta-v per year [m/s].

    Examples
    --------
    >>> round(braking_m_s_yr(1e-8), 4)  # 1e-8 m/s2 * 365.25 d
    0.3156
    """
    return acceleration_m_s2 * YEAR_S


def pressure_drift_m_d(semi_major_axis_m: float, acceleration_m_s2: float, in_plane: float) -> float:
    """Growth of the radial amplitude of relative motion by a constant difference in solar radiation pressure. [damico2010:ch. 2]

    The component in the orbit plane rotates the eccentricity vector at 3/2 a / (n a). The along-track amplitude grows
    twice as fast. There is no along-track drift: a force constant in space does no work over an orbit.

    Parameters
    ----------
    semi_major_axis_m : float
        Semi-major axis [m].
    acceleration_m_s2 : float
        Difference of accelerations [m/s2].
    in_plane : float
        Cosine of the Sun's angle above the orbit plane, 0 to 1.

    Returns
    -------
    float
        Growth per day [m].
    """
    n = math.sqrt(MU_EARTH_M3_S2 / semi_major_axis_m**3)
    return 1.5 * acceleration_m_s2 * in_plane / n * SECONDS_PER_DAY


def pressure_m_s_yr(acceleration_m_s2: float, in_plane: float) -> float:
    """Delta-v of along-track impulses that undo a difference in solar radiation pressure. [damico2010:ch. 2]

    It is half the change of the eccentricity vector times the orbital speed.

    Parameters
    ----------
    acceleration_m_s2 : float
        Difference of accelerations [m/s2].
    in_plane : float
        Cosine of the Sun's angle above the orbit plane, 0 to 1.

    Returns
    -------
    float
        Delta-v per year [m/s].
    """
    return 0.75 * acceleration_m_s2 * in_plane * YEAR_S


def inclination_m_s_yr(semi_major_axis_m: float, inclination_rad: float, cross_track_m: float) -> float:
    """Delta-v that holds a cross-track amplitude made by a difference in inclination, against J2. [vallado2013:eq. 9-37]

    The nodes separate at 3/2 n J2 (R/a)^2 sin i di, and each radian costs n a sin i at the largest latitude. An
    amplitude made by a difference of nodes costs nothing.

    Parameters
    ----------
    semi_major_axis_m : float
        Semi-major axis [m].
    inclination_rad : float
        Inclination [rad].
    cross_track_m : float
        Cross-track amplitude [m].

    Returns
    -------
    float
        Delta-v per year [m/s].

    Examples
    --------
    An equatorial orbit has no node to hold.

    >>> inclination_m_s_yr(7028137.0, 0.0, 100.0)
    0.0
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
    """Station-keeping delta-v of the satellite of a formation with the most drag.

    All drag is made up, including the mismatch relative to the others, so that no satellite drifts; the mismatch in
    solar radiation pressure is undone.

    Parameters
    ----------
    semi_major_axis_m : float
        Semi-major axis [m].
    density_kg_m3 : float
        Air density [kg/m3].
    drag_m2_kg : float
        C_D A / m [m2/kg].
    reflectivity_m2_kg : float
        C_R A / m [m2/kg].
    mismatch : float
        Relative difference of both between satellites, such as 0.05.
    in_plane : float
        Cosine of the Sun's angle above the orbit plane, 0 to 1.

    Returns
    -------
    float
        Delta-v per year [m/s].

    Examples
    --------
    With nothing but drag on an area that all satellites share, it is the drag over a year.

    >>> drag = drag_acceleration_m_s2(7028137.0, 1e-13, 0.01)
    >>> station_keeping_m_s_yr(7028137.0, 1e-13, 0.01, 0.0, 0.0, 1.0) == braking_m_s_yr(drag)
    True
    """
    drag = drag_acceleration_m_s2(semi_major_axis_m, density_kg_m3, drag_m2_kg)
    pressure = mismatch * pressure_acceleration_m_s2(reflectivity_m2_kg)
    return braking_m_s_yr((1.0 + mismatch) * drag) + pressure_m_s_yr(pressure, in_plane)
