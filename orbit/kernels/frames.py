"""Rotation between the true equator, mean equinox frame of date (TEME) and the Earth-fixed frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orbit.constants import JD_J2000, SECONDS_PER_DAY


def gmst_rad(jd: ArrayLike, fr: ArrayLike) -> NDArray[np.float64]:
    """Greenwich mean sidereal time [rad] in [0, 2 pi) at the UT1 Julian date jd + fr; floats or arrays.

    IAU 1982 model [vallado2013:eq. 3-47]. Whole days are dropped before the sum, so the digits stay.
    """
    days = np.asarray(jd) - JD_J2000
    t = (days + np.asarray(fr)) / 36525.0
    turns = days - np.floor(days) + np.asarray(fr)
    seconds = 67310.54841 + (8640184.812866 + (0.093104 - 6.2e-6 * t) * t) * t
    angle = turns + seconds / SECONDS_PER_DAY
    return np.asarray(2.0 * np.pi * (angle - np.floor(angle)))


def turn_z(vectors: NDArray[np.float64], angle_rad: ArrayLike) -> NDArray[np.float64]:
    """Components of vectors (..., 3) in axes turned about z by angle_rad (...): TEME to Earth-fixed with GMST."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return np.stack(np.broadcast_arrays(c * x + s * y, c * y - s * x, z), axis=-1)
