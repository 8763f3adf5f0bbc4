"""Frames at a date: the one satellites move in (TEME), the Earth's own (ITRS) and the stars' (GCRS).

TEME to ITRS is Greenwich mean sidereal time of 1982 at UT1 and the motion of the pole, as SGP4's frame is read
[vallado2006:app. C]. TEME to GCRS goes over the true equinox by precession of IAU 2006 and nutation of IAU 2000A: TEME
is where both ways to the Earth's axes agree, as in skyfield and astropy. Dates are UTC Julian dates in two parts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orbit.constants import EARTH_FLATTENING, EARTH_RADIUS_M
from orbit.kernels.frames import gmst_rad, gmst_rate_rad_s, pole_matrix, z_matrix
from orbit.orientation import shipped
from orbit.timescales import utc_to_tt, utc_to_ut1

Array = NDArray[np.float64]


class Geodetic(NamedTuple):
    """Latitude [rad], longitude [rad, east, -pi to pi] and height [m] over the ellipsoid of WGS 84, shapes (...)."""

    latitude_rad: Array
    longitude_rad: Array
    height_m: Array


def rotated(matrix: Array, vectors: Array) -> Array:
    """Vectors (..., 3) by matrices (..., 3, 3); leading axes broadcast."""
    columns = (matrix[..., :, j] * vectors[..., j, np.newaxis] for j in range(3))  # the same bits whatever the shapes
    return np.asarray(sum(columns))


def teme_to_itrs(jd: ArrayLike, fr: ArrayLike) -> Array:
    """Rotation matrices (..., 3, 3) from TEME to ITRS; the transposes turn back."""
    earth = shipped().at(jd, fr)
    return np.asarray(pole_matrix(earth.pole_x_rad, earth.pole_y_rad) @ z_matrix(gmst_rad(*utc_to_ut1(jd, fr))))


def gcrs_to_teme(jd: ArrayLike, fr: ArrayLike) -> Array:
    """Rotation matrices (..., 3, 3) from GCRS to TEME; the transposes turn back. 50 us a date.

    Offsets of the celestial pole from the models are left out: up to 0.5 mas, 2 cm in low orbit. [iers2010:5.5]
    """
    import erfa

    return _to_teme(np.asarray(erfa.pnm06a(*utc_to_tt(jd, fr))), jd, fr)


def gcrs_to_teme_quick(jd: ArrayLike, fr: ArrayLike) -> Array:
    """The same to 1 mas (4 cm in low orbit) over 1995 to 2050, in 4 us: nutation of IAU 2000B."""
    import erfa

    return _to_teme(np.asarray(erfa.pnm00b(*utc_to_tt(jd, fr))), jd, fr)


def _to_teme(gcrs_to_true: Array, jd: ArrayLike, fr: ArrayLike) -> Array:
    """From GCRS, given the matrix to the true equator and equinox of date."""
    import erfa

    ut1 = utc_to_ut1(jd, fr)
    apparent_rad = erfa.gst06(*ut1, *utc_to_tt(jd, fr), gcrs_to_true)
    return np.asarray(z_matrix(apparent_rad - gmst_rad(*ut1)) @ gcrs_to_true)


def itrs_state(r_m: Array, v_m_s: Array, jd: ArrayLike, fr: ArrayLike) -> tuple[Array, Array]:
    """Position [m] and velocity [m/s] (..., 3) of TEME in ITRS; the velocity is as seen from the turning Earth."""
    earth = shipped().at(jd, fr)
    pole, ut1 = pole_matrix(earth.pole_x_rad, earth.pole_y_rad), utc_to_ut1(jd, fr)
    turn, rate = z_matrix(gmst_rad(*ut1)), gmst_rate_rad_s(*ut1)
    r, v = rotated(turn, r_m), rotated(turn, v_m_s)
    carried = np.stack([-rate * r[..., 1], rate * r[..., 0], np.zeros_like(r[..., 2])], axis=-1)
    return rotated(pole, r), rotated(pole, v - carried)


def teme_state(r_m: Array, v_m_s: Array, jd: ArrayLike, fr: ArrayLike) -> tuple[Array, Array]:
    """Position [m] and velocity [m/s] (..., 3) of ITRS in TEME: the way back."""
    earth = shipped().at(jd, fr)
    pole, ut1 = pole_matrix(earth.pole_x_rad, earth.pole_y_rad), utc_to_ut1(jd, fr)
    back, rate = z_matrix(-gmst_rad(*ut1)), gmst_rate_rad_s(*ut1)
    to_pole = np.swapaxes(pole, -1, -2)
    r, v = rotated(to_pole, r_m), rotated(to_pole, v_m_s)
    carried = np.stack([-rate * r[..., 1], rate * r[..., 0], np.zeros_like(r[..., 2])], axis=-1)
    return rotated(back, r), rotated(back, v + carried)


def geodetic(r_itrs_m: Array) -> Geodetic:
    """Latitude, longitude and height of Earth-fixed positions (..., 3) [m] at 1,000 km from the Earth's centre or more.

    Halley's step [fukushima2006] as erfa takes it leaves up to 1.5e-9 deg of latitude far out; one step of
    tan(lat) = (z + e^2 N sin(lat)) / p leaves 1e-11 deg. [vallado2013:algorithm 12]
    """
    import erfa

    r = np.asarray(r_itrs_m)
    longitude, latitude, _ = erfa.gc2gd(1, r)  # 1: WGS 84
    e2 = EARTH_FLATTENING * (2.0 - EARTH_FLATTENING)
    across, sine = np.hypot(r[..., 0], r[..., 1]), np.sin(latitude)
    normal_m = EARTH_RADIUS_M / np.sqrt(1.0 - e2 * sine * sine)
    latitude = np.arctan2(r[..., 2] + e2 * normal_m * sine, across)
    sine = np.sin(latitude)
    height_m = across * np.cos(latitude) + r[..., 2] * sine - EARTH_RADIUS_M * np.sqrt(1.0 - e2 * sine * sine)
    return Geodetic(np.asarray(latitude), np.asarray(longitude), np.asarray(height_m))


def sub_satellite_point(r_m: Array, jd: ArrayLike, fr: ArrayLike) -> Geodetic:
    """Point of the ellipsoid below positions (..., 3) [m] of TEME, and their height over it."""
    return geodetic(rotated(teme_to_itrs(jd, fr), r_m))
