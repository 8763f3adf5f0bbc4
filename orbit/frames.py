"""Rotations between the frames of satellites (TEME), of the Earth (ITRS) and of the sky (GCRS).

TEME to ITRS is Greenwich mean sidereal time of 1982 at UT1 and polar motion [vallado2006:app. C]. GCRS to TEME goes
over the true equinox of date with precession of IAU 2006 and nutation of IAU 2000A, so that both routes to the
Earth-fixed axes agree, as in skyfield and astropy. Dates are UTC Julian dates in two parts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orbit.constants import EARTH_FLATTENING, EARTH_RADIUS_M, JD_J2000
from orbit.kernels.frames import gmst_rad, gmst_rate_rad_s, pole_matrix, z_matrix
from orbit.orientation import shipped
from orbit.timescales import utc_to_tt, utc_to_ut1

Array = NDArray[np.float64]


class Geodetic(NamedTuple):
    """Geodetic coordinates on the WGS 84 ellipsoid.

    Attributes
    ----------
    latitude_rad : ndarray
        Geodetic latitude [rad].
    longitude_rad : ndarray
        East longitude [rad], -pi to pi.
    height_m : ndarray
        Height above the ellipsoid [m].
    """

    latitude_rad: Array
    longitude_rad: Array
    height_m: Array


def rotated(matrix: Array, vectors: Array) -> Array:
    """Multiply vectors by rotation matrices.

    The order of operations does not depend on the shapes, so that results are bit-equal for one vector or many.

    Parameters
    ----------
    matrix : ndarray, shape (..., 3, 3)
    vectors : ndarray, shape (..., 3)
        Leading axes broadcast.

    Returns
    -------
    ndarray, shape (..., 3)
    """
    columns = (matrix[..., :, j] * vectors[..., j, np.newaxis] for j in range(3))  # the same bits whatever the shapes
    return np.asarray(sum(columns))


def teme_to_itrs(jd: ArrayLike, fr: ArrayLike) -> Array:
    """Rotation matrices from TEME to ITRS. [vallado2006:app. C]

    Parameters
    ----------
    jd, fr : array_like
        UTC Julian dates in two parts.

    Returns
    -------
    ndarray, shape (..., 3, 3)
        The transpose is the inverse rotation.

    Examples
    --------
    >>> import numpy as np
    >>> matrix = teme_to_itrs(2461395.5, 0.25)
    >>> bool(np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-14))
    True
    """
    earth = shipped().at(jd, fr)
    return np.asarray(pole_matrix(earth.pole_x_rad, earth.pole_y_rad) @ z_matrix(gmst_rad(*utc_to_ut1(jd, fr))))


def gcrs_to_teme(jd: ArrayLike, fr: ArrayLike) -> Array:
    """Rotation matrices from GCRS to TEME, with nutation of IAU 2000A.

    Parameters
    ----------
    jd, fr : array_like
        UTC Julian dates in two parts.

    Returns
    -------
    ndarray, shape (..., 3, 3)
        The transpose is the inverse rotation.

    Notes
    -----
    Offsets of the celestial pole from the models are omitted: up to 0.5 mas, 2 cm in low orbit [iers2010:5.5]. Takes 50
    us for each date.
    """
    import erfa

    return _to_teme(np.asarray(erfa.pnm06a(*utc_to_tt(jd, fr))), jd, fr)


def gcrs_to_teme_quick(jd: ArrayLike, fr: ArrayLike) -> Array:
    """Rotation matrices from GCRS to TEME, with nutation of IAU 2000B.

    Parameters
    ----------
    jd, fr : array_like
        UTC Julian dates in two parts, 1995 to 2050.

    Returns
    -------
    ndarray, shape (..., 3, 3)
        Within 1 mas (4 cm in low orbit) of `gcrs_to_teme`.

    Notes
    -----
    Takes 4 us for each date.
    """
    import erfa

    return _to_teme(np.asarray(erfa.pnm00b(*utc_to_tt(jd, fr))), jd, fr)


def _to_teme(gcrs_to_true: Array, jd: ArrayLike, fr: ArrayLike) -> Array:
    """From GCRS, given the matrix to the true equator and equinox of date."""
    import erfa

    ut1 = utc_to_ut1(jd, fr)
    apparent_rad = erfa.gst06(*ut1, *utc_to_tt(jd, fr), gcrs_to_true)
    return np.asarray(z_matrix(apparent_rad - gmst_rad(*ut1)) @ gcrs_to_true)


def itrs_state(r_m: Array, v_m_s: Array, jd: ArrayLike, fr: ArrayLike) -> tuple[Array, Array]:
    """Convert positions and velocities from TEME to ITRS.

    Parameters
    ----------
    r_m, v_m_s : ndarray, shape (..., 3)
        Position [m] and velocity [m/s] in TEME.
    jd, fr : array_like, shape (...)
        UTC Julian dates in two parts.

    Returns
    -------
    r_m, v_m_s : ndarray, shape (..., 3)
        Position [m] and velocity [m/s] relative to the rotating Earth.
    """
    earth = shipped().at(jd, fr)
    pole, ut1 = pole_matrix(earth.pole_x_rad, earth.pole_y_rad), utc_to_ut1(jd, fr)
    turn, rate = z_matrix(gmst_rad(*ut1)), gmst_rate_rad_s(*ut1)
    r, v = rotated(turn, r_m), rotated(turn, v_m_s)
    carried = np.stack([-rate * r[..., 1], rate * r[..., 0], np.zeros_like(r[..., 2])], axis=-1)
    return rotated(pole, r), rotated(pole, v - carried)


def teme_state(r_m: Array, v_m_s: Array, jd: ArrayLike, fr: ArrayLike) -> tuple[Array, Array]:
    """Convert positions and velocities from ITRS to TEME: the inverse of `itrs_state`.

    Parameters
    ----------
    r_m, v_m_s : ndarray, shape (..., 3)
        Position [m] and velocity [m/s] relative to the rotating Earth.
    jd, fr : array_like, shape (...)
        UTC Julian dates in two parts.

    Returns
    -------
    r_m, v_m_s : ndarray, shape (..., 3)
        Position [m] and velocity [m/s] in TEME.

    Examples
    --------
    A point fixed on the equator moves east at the Earth's rotation rate times its radius, 465 m/s.

    >>> import numpy as np
    >>> r_m, v_m_s = teme_state(np.array([6378137.0, 0.0, 0.0]), np.zeros(3), 2461395.5, 0.25)
    >>> round(float(np.linalg.norm(v_m_s)))
    465
    """
    earth = shipped().at(jd, fr)
    pole, ut1 = pole_matrix(earth.pole_x_rad, earth.pole_y_rad), utc_to_ut1(jd, fr)
    back, rate = z_matrix(-gmst_rad(*ut1)), gmst_rate_rad_s(*ut1)
    to_pole = np.swapaxes(pole, -1, -2)
    r, v = rotated(to_pole, r_m), rotated(to_pole, v_m_s)
    carried = np.stack([-rate * r[..., 1], rate * r[..., 0], np.zeros_like(r[..., 2])], axis=-1)
    return rotated(back, r), rotated(back, v + carried)


def states_to_teme(frame: str, r_m: Array, v_m_s: Array, jd: ArrayLike, fr: ArrayLike) -> tuple[Array, Array]:
    """Convert positions and velocities from a frame of published ephemerides to TEME.

    Parameters
    ----------
    frame : {"TEME", "GCRF", "EME2000", "ITRF"}
        GCRF has the axes of GCRS. EME2000, the mean equator and equinox of J2000.0, differs from it by the frame bias,
        0.02 arcsec [iers2010:5.4.4]. ITRF stands for all its realisations, which agree within some centimetres.
    r_m, v_m_s : ndarray, shape (..., 3)
        Position [m] and velocity [m/s].
    jd, fr : array_like, shape (...)
        UTC Julian dates in two parts.

    Returns
    -------
    r_m, v_m_s : ndarray, shape (..., 3)
        Position [m] and velocity [m/s] in TEME. The turn of TEME itself, below 1e-4 m/s in low orbit, is left out of
        velocities from the celestial frames.

    Raises
    ------
    ValueError
        The frame is another one.
    """
    import erfa

    if frame == "TEME":
        return r_m, v_m_s
    if frame == "ITRF":
        return teme_state(r_m, v_m_s, jd, fr)
    if frame not in ("GCRF", "EME2000"):
        raise ValueError(f"no rotation from {frame} to TEME")
    matrix = gcrs_to_teme(jd, fr)
    if frame == "EME2000":
        matrix = matrix @ erfa.bp06(JD_J2000, 0.0)[0].T
    return rotated(matrix, r_m), rotated(matrix, v_m_s)


def geodetic(r_itrs_m: Array) -> Geodetic:
    """Geodetic coordinates of Earth-fixed positions.

    Halley's step [fukushima2006] as erfa takes it leaves up to 1.5e-9 deg of latitude far out. One further step of
    tan(lat) = (z + e^2 N sin(lat)) / p leaves 1e-11 deg. [vallado2013:algorithm 12]

    Parameters
    ----------
    r_itrs_m : ndarray, shape (..., 3)
        Earth-fixed positions [m], 1,000 km from the Earth's centre or more.

    Returns
    -------
    Geodetic
        Arrays of shape (...).

    Examples
    --------
    >>> import numpy as np
    >>> point = geodetic(np.array([0.0, 6378137.0 + 550e3, 0.0]))
    >>> round(float(np.degrees(point.longitude_rad)), 9), round(float(point.height_m), 3)
    (90.0, 550000.0)
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
    """Point on the ellipsoid below a satellite, and the height of the satellite above it.

    Parameters
    ----------
    r_m : ndarray, shape (..., 3)
        Positions in TEME [m].
    jd, fr : array_like, shape (...)
        UTC Julian dates in two parts.

    Returns
    -------
    Geodetic
        Arrays of shape (...).
    """
    return geodetic(rotated(teme_to_itrs(jd, fr), r_m))
