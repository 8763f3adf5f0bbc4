"""Air density between 100 and 2,000 km for a given solar and geomagnetic activity.

A table made from NRLMSIS 2.1 by tools/build_density.py: ln rho = A + B cos(psi), with psi the angle from the diurnal
bulge, 35 degrees east of the Sun. The bulge reduces the scatter of ln rho over places, hours and seasons at 550 km from
0.49 (a factor 1.6) to 0.21 (a factor 1.2) at mean activity. [emmert2022]
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from orbit import density
from orbit.kernels import forces
from orbit.kernels.compile import Floats, kernel


def air(f107: float, ap: float) -> Floats:
    """Coefficients of the density model for kernels, interpolated in solar and geomagnetic activity. [emmert2022]

    Parameters
    ----------
    f107 : float
        Solar flux F10.7 [sfu], 70 to 250; also its mean over 81 days.
    ap : float
        Geomagnetic index Ap, 4 to 130.

    Returns
    -------
    ndarray
        Coefficients, as `orbit.kernels.forces.density_kg_m3` reads them.

    Raises
    ------
    ValueError
        An index is outside the table.

    Examples
    --------
    >>> air(300.0, 15.0)
    Traceback (most recent call last):
    ValueError: F10.7 300 or Ap 15 is outside the table; write 70 to 250 and 4 to 130
    """
    return np.array(density.coefficients(f107, ap))


def density_kg_m3(
    altitude_m: NDArray[np.float64], bulge_cosine: NDArray[np.float64], f107: float, ap: float
) -> NDArray[np.float64]:
    """Air density at an altitude and an angle from the diurnal bulge. [emmert2022]

    Parameters
    ----------
    altitude_m : ndarray
        Altitude above the ellipsoid [m], 100 to 2,000 km.
    bulge_cosine : ndarray
        Cosine of the angle from the diurnal bulge, in [-1, 1]. Both arrays (or floats) broadcast.
    f107 : float
        Solar flux F10.7 [sfu], 70 to 250.
    ap : float
        Geomagnetic index Ap, 4 to 130.

    Returns
    -------
    ndarray
        Density [kg/m3].

    Raises
    ------
    ValueError
        An index is outside the table.

    Examples
    --------
    The air is densest near the bulge, and thinner the higher.

    >>> import numpy as np
    >>> rho = density_kg_m3(np.array([400e3, 550e3]), np.array([[1.0], [-1.0]]), f107=150.0, ap=15.0)
    >>> rho.shape
    (2, 2)
    >>> bool(np.all(rho[0] > rho[1]) and np.all(rho[:, 0] > rho[:, 1]))
    True
    """
    h, c = np.broadcast_arrays(np.asarray(altitude_m, dtype=np.float64), np.asarray(bulge_cosine, dtype=np.float64))
    found = np.empty(h.size)
    _densities(np.ascontiguousarray(h).ravel(), np.ascontiguousarray(c).ravel(), air(f107, ap), found)
    return found.reshape(h.shape)


def mean_density_kg_m3(r_m: NDArray[np.float64], sun_m: NDArray[np.float64], f107: float, ap: float) -> float:
    """Mean air density over positions. [emmert2022]

    Parameters
    ----------
    r_m : ndarray, shape (positions, 3)
        Positions in TEME [m].
    sun_m : ndarray, shape (3,)
        Position of the Sun in TEME [m].
    f107 : float
        Solar flux F10.7 [sfu], 70 to 250.
    ap : float
        Geomagnetic index Ap, 4 to 130.

    Returns
    -------
    float
        Mean density [kg/m3].

    Raises
    ------
    ValueError
        An index is outside the table.
    """
    found = np.empty(len(r_m))
    _around(np.ascontiguousarray(r_m), sun_m / np.linalg.norm(sun_m), air(f107, ap), found)
    return float(np.mean(found))


@kernel
def _around(r_m: Floats, sun: Floats, coefficients: Floats, out: Floats) -> None:
    """Densities at positions (positions, 3) with the Sun in a direction (3,)."""
    bx, by, bz = forces.bulge(sun[0], sun[1], sun[2])
    for i in range(out.size):
        x, y, z = r_m[i, 0], r_m[i, 1], r_m[i, 2]
        r = math.sqrt(x * x + y * y + z * z)
        cosine = (x * bx + y * by + z * bz) / r
        out[i] = forces.density_kg_m3(forces.altitude_m(z, 1.0 / r, r), cosine, coefficients)


@kernel
def _densities(altitude: Floats, cosine: Floats, coefficients: Floats, out: Floats) -> None:
    for i in range(out.size):
        out[i] = forces.density_kg_m3(altitude[i], cosine[i], coefficients)
