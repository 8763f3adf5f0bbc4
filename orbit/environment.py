"""Position of the Sun and the Moon, sunlight, and angles of the Sun to orbit planes and places on the ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orbit.constants import AU_M, EARTH_RADIUS_M, OBLIQUITY_DEG, SOLAR_CONSTANT_W_M2
from orbit.frames import gcrs_to_teme_quick, rotated, teme_to_itrs
from orbit.timescales import centuries_tt, utc_to_tt

Array = NDArray[np.float64]


def mean_sun_right_ascension_rad(jd: ArrayLike, fr: ArrayLike) -> Array:
    """Right ascension of the fictitious mean Sun, which defines mean local time. [meeus1998:eq. 25.2]

    Parameters
    ----------
    jd, fr : array_like
        UTC Julian dates in two parts.

    Returns
    -------
    ndarray
        Right ascension [rad], in [0, 2 pi).
    """
    t = centuries_tt(jd, fr)
    return np.asarray(np.radians((280.46646 + 36000.76983 * t + 0.0003032 * t * t) % 360.0))


def sun_position_m(jd: ArrayLike, fr: ArrayLike) -> Array:
    """Apparent position of the Sun from the Earth's centre, in TEME.

    Kepler's ellipse with the five largest perturbations, aberration and nutation [meeus1998:ch. 25; meeus1982:ch. 18].
    Within 0.005 deg and 1e-4 of DE421 from 1899 to 2053.

    Parameters
    ----------
    jd, fr : array_like
        UTC Julian dates in two parts.

    Returns
    -------
    ndarray, shape (..., 3)
        Position [m], true equator and mean equinox of date.

    Examples
    --------
    At the solstice of December 2026 the declination of the Sun is that of the tropic, -23.44 deg.

    >>> import math
    >>> x, y, z = sun_position_m(2461395.5, 0.87)
    >>> round(math.degrees(math.asin(z / math.hypot(x, y, z))), 1)
    -23.4
    >>> round(math.hypot(x, y, z) / 149597870700.0, 2)
    0.98
    """
    t = centuries_tt(jd, fr)
    t1900 = t + 1.0 + 0.5 / 36525.0  # the perturbations' arguments count from 1900 January 0.5
    mean_longitude = 280.46646 + 36000.76983 * t + 0.0003032 * t * t
    m = np.radians(357.52911 + 35999.05029 * t - 0.0001537 * t * t)
    centre = (
        (1.914602 - 0.004817 * t - 0.000014 * t * t) * np.sin(m)
        + (0.019993 - 0.000101 * t) * np.sin(2.0 * m)
        + 0.000289 * np.sin(3.0 * m)
    )
    venus_1 = np.radians(153.23 + 22518.7541 * t1900)
    venus_2 = np.radians(216.57 + 45037.5082 * t1900)
    jupiter = np.radians(312.69 + 32964.3577 * t1900)
    moon = np.radians(350.74 + 445267.1142 * t1900 - 0.00144 * t1900 * t1900)
    jupiter_2 = np.radians(353.40 + 65928.7155 * t1900)
    long_period = np.radians(231.19 + 20.20 * t1900)
    true_longitude = (
        mean_longitude
        + centre
        + 0.00134 * np.cos(venus_1)
        + 0.00154 * np.cos(venus_2)
        + 0.00200 * np.cos(jupiter)
        + 0.00179 * np.sin(moon)
        + 0.00178 * np.sin(long_period)
    )
    eccentricity = 0.016708634 - 0.000042037 * t - 0.0000001267 * t * t
    distance_au = 1.000001018 * (1.0 - eccentricity**2) / (1.0 + eccentricity * np.cos(m + np.radians(centre)))
    distance_au = (
        distance_au
        + 5.43e-6 * np.sin(venus_1)
        + 1.575e-5 * np.sin(venus_2)
        + 1.627e-5 * np.sin(jupiter)
        + 3.076e-5 * np.cos(moon)
        + 9.27e-6 * np.sin(jupiter_2)
    )
    node = np.radians(125.04452 - 1934.136261 * t)
    nutation = -0.004778 * np.sin(node) - 0.000366 * np.sin(2.0 * np.radians(mean_longitude))
    obliquity = np.radians(OBLIQUITY_DEG - 0.0130042 * t + 0.00256 * np.cos(node))
    longitude = np.radians(true_longitude - 0.00569 + nutation)
    # true equinox to mean equinox: turn about the pole by the equation of the equinoxes
    equinoxes = np.radians(nutation) * np.cos(obliquity)
    x, y, z = np.cos(longitude), np.sin(longitude) * np.cos(obliquity), np.sin(longitude) * np.sin(obliquity)
    unit = np.stack(np.broadcast_arrays(x + equinoxes * y, y - equinoxes * x, z), axis=-1)
    return np.asarray(unit * (distance_au * AU_M)[..., np.newaxis])


def moon_position_m(jd: ArrayLike, fr: ArrayLike) -> Array:
    """Geometric position of the Moon from the Earth's centre, in TEME.

    The series of [meeus1998:ch. 47] as erfa computes it. Within 0.004 deg and 4e-5 of DE421 from 1900 to 2053.

    Parameters
    ----------
    jd, fr : array_like
        UTC Julian dates in two parts.

    Returns
    -------
    ndarray, shape (..., 3)
        Position [m]; light time is not applied.

    Notes
    -----
    Takes 10 us for each date.
    """
    import erfa

    gcrs_m = np.asarray(erfa.moon98(*utc_to_tt(jd, fr))["p"]) * AU_M
    return rotated(gcrs_to_teme_quick(jd, fr), gcrs_m)


def solar_flux_w_m2(distance_m: ArrayLike) -> Array:
    """Solar irradiance at a distance from the Sun, by the inverse square law. [iau2015b3]

    Parameters
    ----------
    distance_m : array_like
        Distance from the Sun's centre [m].

    Returns
    -------
    ndarray
        Irradiance [W/m2].

    Examples
    --------
    >>> float(solar_flux_w_m2(149597870700.0))
    1361.0
    """
    return np.asarray(SOLAR_CONSTANT_W_M2 * (AU_M / np.asarray(distance_m)) ** 2)


def beta_angle_rad(sun_m: Array, inclination_rad: ArrayLike, node_rad: ArrayLike) -> Array:
    """Angle of the Sun above an orbit plane.

    Parameters
    ----------
    sun_m : ndarray, shape (..., 3)
        Position of the Sun in TEME [m].
    inclination_rad, node_rad : array_like, shape (...)
        Inclination and right ascension of the ascending node [rad].

    Returns
    -------
    ndarray, shape (...)
        Angle [rad] in [-pi/2, pi/2], positive towards the orbit normal.

    Examples
    --------
    The Sun at the vernal equinox, on the axis x: it is 90 deg above a polar orbit whose node is at 90 deg.

    >>> import numpy as np
    >>> sun_m = np.array([1.5e11, 0.0, 0.0])
    >>> np.degrees(beta_angle_rad(sun_m, np.pi / 2, np.array([0.0, np.pi / 2]))).round(6).tolist()
    [0.0, 90.0]
    """
    unit = sun_m / np.linalg.norm(sun_m, axis=-1, keepdims=True)
    i, node = np.asarray(inclination_rad), np.asarray(node_rad)
    normal = np.stack(np.broadcast_arrays(np.sin(node) * np.sin(i), -np.cos(node) * np.sin(i), np.cos(i)), axis=-1)
    return np.asarray(np.arcsin(np.clip(np.sum(unit * normal, axis=-1), -1.0, 1.0)))


def eclipse_free_beta_rad(semi_major_axis_m: ArrayLike) -> Array:
    """Smallest |beta| at which a circular orbit misses a cylindrical shadow.

    Parameters
    ----------
    semi_major_axis_m : array_like
        Semi-major axis [m], above the Earth's radius.

    Returns
    -------
    ndarray
        Angle [rad]: arcsin(R / a).

    Examples
    --------
    >>> import math
    >>> round(math.degrees(eclipse_free_beta_rad(2.0 * 6378137.0)), 9)
    30.0
    """
    return np.asarray(np.arcsin(EARTH_RADIUS_M / np.asarray(semi_major_axis_m)))


def solar_zenith_rad(latitude_rad: ArrayLike, longitude_rad: ArrayLike, jd: ArrayLike, fr: ArrayLike) -> Array:
    """Angle between the Sun and the vertical of the WGS 84 ellipsoid at a place; above pi/2 it is night.

    Parameters
    ----------
    latitude_rad, longitude_rad : array_like
        Geodetic latitude and east longitude [rad].
    jd, fr : array_like
        UTC Julian dates in two parts. All arguments broadcast.

    Returns
    -------
    ndarray
        Angle [rad] in [0, pi].

    Notes
    -----
    Without refraction, which lifts the setting Sun by 0.6 deg, and without the Sun's parallax (0.002 deg).
    """
    sun_m = rotated(teme_to_itrs(jd, fr), sun_position_m(jd, fr))
    lat, lon = np.asarray(latitude_rad), np.asarray(longitude_rad)
    along = np.cos(lat) * (np.cos(lon) * sun_m[..., 0] + np.sin(lon) * sun_m[..., 1]) + np.sin(lat) * sun_m[..., 2]
    return np.asarray(np.arccos(np.clip(along / np.linalg.norm(sun_m, axis=-1), -1.0, 1.0)))


def local_solar_time_h(longitude_rad: ArrayLike, jd: ArrayLike, fr: ArrayLike) -> Array:
    """Apparent solar time at a longitude: 12 h when the Sun crosses the meridian.

    Parameters
    ----------
    longitude_rad : array_like
        East longitude [rad].
    jd, fr : array_like
        UTC Julian dates in two parts. All arguments broadcast.

    Returns
    -------
    ndarray
        Time [h] in [0, 24).
    """
    sun_m = rotated(teme_to_itrs(jd, fr), sun_position_m(jd, fr))
    behind = np.asarray(longitude_rad) - np.arctan2(sun_m[..., 1], sun_m[..., 0])
    return np.asarray(np.mod(12.0 + 12.0 / np.pi * behind, 24.0))
