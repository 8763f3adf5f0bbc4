"""Rotation between the true equator, mean equinox frame of date (TEME) and the Earth-fixed frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orbit.constants import JD_J2000, SECONDS_PER_DAY
from orbit.kernels.compile import Floats, kernel

Array = NDArray[np.float64]


def gmst_rad(jd: ArrayLike, fr: ArrayLike) -> Array:
    """Greenwich mean sidereal time [rad] in [0, 2 pi) at the UT1 Julian date jd + fr; floats or arrays.

    IAU 1982 model [vallado2013:eq. 3-47]. Whole days are dropped before the sum, so the digits stay.
    """
    days = np.asarray(jd) - JD_J2000
    t = (days + np.asarray(fr)) / 36525.0
    turns = days - np.floor(days) + np.asarray(fr)
    seconds = 67310.54841 + (8640184.812866 + (0.093104 - 6.2e-6 * t) * t) * t
    angle = turns + seconds / SECONDS_PER_DAY
    return np.asarray(2.0 * np.pi * (angle - np.floor(angle)))


def gmst_rate_rad_s(jd: ArrayLike, fr: ArrayLike) -> Array:
    """Rate [rad/s] of Greenwich mean sidereal time at the UT1 Julian date jd + fr, per second of UT1.

    The derivative of the same model. A day of UT1 is up to 3 ms from 86,400 s: 4e-8 of the rate.
    """
    t = ((np.asarray(jd) - JD_J2000) + np.asarray(fr)) / 36525.0
    seconds_per_century = 8640184.812866 + (2.0 * 0.093104 - 3.0 * 6.2e-6 * t) * t
    turns_per_day = 1.0 + seconds_per_century / (36525.0 * SECONDS_PER_DAY)
    return np.asarray(2.0 * np.pi * turns_per_day / SECONDS_PER_DAY)


def z_matrix(angle_rad: ArrayLike) -> Array:
    """Matrices (..., 3, 3) that give components in axes turned about z by angle_rad (...)."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    o, e = np.zeros_like(c), np.ones_like(c)
    return np.stack([np.stack([c, s, o], -1), np.stack([-s, c, o], -1), np.stack([o, o, e], -1)], -2)


def pole_matrix(x_rad: ArrayLike, y_rad: ArrayLike) -> Array:
    """Matrices (..., 3, 3) from axes on the Earth's pole of rotation (PEF) to Earth-fixed ones (ITRS).

    x_rad, y_rad (...): the pole of rotation, along Greenwich and along 90 deg west. [iers2010:eq. 5.3, without s']
    """
    cx, sx, cy, sy = np.cos(x_rad), np.sin(x_rad), np.cos(y_rad), np.sin(y_rad)
    o = np.zeros_like(cx)
    rows = (cx, o, sx), (sx * sy, cy, -cx * sy), (-sx * cy, sy, cx * cy)
    return np.stack([np.stack(row, -1) for row in rows], -2)


@kernel
def turn(matrices: Floats, r_m: Floats) -> None:
    """Turn r_m[time, 3, lane] in place by matrices[time, 3, 3]."""
    for k in range(r_m.shape[0]):
        xx, xy, xz = matrices[k, 0, 0], matrices[k, 0, 1], matrices[k, 0, 2]
        yx, yy, yz = matrices[k, 1, 0], matrices[k, 1, 1], matrices[k, 1, 2]
        zx, zy, zz = matrices[k, 2, 0], matrices[k, 2, 1], matrices[k, 2, 2]
        for i in range(r_m.shape[2]):
            x, y, z = r_m[k, 0, i], r_m[k, 1, i], r_m[k, 2, i]
            r_m[k, 0, i] = xx * x + xy * y + xz * z
            r_m[k, 1, i] = yx * x + yy * y + yz * z
            r_m[k, 2, i] = zx * x + zy * y + zz * z
