"""Beams side by side through one telescope: how well receivers of the same layout separate them.

Lengths across the beams are in radii a of the aperture of one beam, and N = a^2 / (lambda L) is its Fresnel number, as in
`sim.network.diffraction`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.network.diffraction import emitted_power, nodes

Array = NDArray[np.float64]


class Separation(NamedTuple):
    """Beams side by side over the logarithm of the Fresnel number of one of their apertures, ascending; the worst beam counts."""

    log_fresnel: Array
    log_gain: Array  # logarithm of the share of a beam's power that is left once the others are cancelled
    signal_to_crosstalk_db: Array  # without cancelling: power of the own beam over that of all others


@lru_cache(maxsize=64)
def separation(side: int, spacing: float, truncation: float) -> Separation:
    """Separation of the beams of a square array by receivers of the same layout.

    Parameters
    ----------
    side : int
        Beams along each side of the array, at least 2.
    spacing : float
        Distance of neighbouring apertures, at least 2 (side by side).
    truncation : float
        Truncation ratio of each beam, and of the fibre mode behind each receiving aperture.

    Returns
    -------
    Separation
        Tables.

    Notes
    -----
    H[i, j] is the amplitude of beam j in the mode of receiver i: the angular spectrum of the mode squared, propagated with Fresnel's
    phase. Zero forcing multiplies by the inverse of H; the noise of beam i grows by the i-th diagonal element of (H^* H)^-1.

    References
    ----------
    [goodman2005:ch. 3], [tse2005:ch. 8]

    Examples
    --------
    >>> table = separation(2, 2.0, 1.12)
    >>> bool(np.all(table.log_gain <= 0.0))
    True
    """
    from scipy.special import j0

    s, weight = nodes(160)
    mode = np.exp(-((truncation * s) ** 2)) / math.sqrt(emitted_power(truncation))
    node, weights = nodes(64)
    k = (0.5 * (np.arange(20)[:, None] + node)).ravel()  # up to 10 cycles in a radius; the tail beyond has 1e-3 of the power
    dk = np.tile(0.5 * weights, 20)
    spectrum = 2.0 * math.pi * (j0(2.0 * math.pi * np.outer(k, s)) * (mode * s * weight)).sum(axis=1)
    power = spectrum**2 * 2.0 * math.pi * k * dk
    x, y = np.divmod(np.arange(side * side), side)
    squared, which = np.unique((x[:, None] - x) ** 2 + (y[:, None] - y) ** 2, return_inverse=True)
    bessel = j0(2.0 * math.pi * spacing * np.outer(np.sqrt(squared), k))
    knots = np.geomspace(0.05, 8.0, 97)
    gain, ratio_db = np.empty(knots.size), np.empty(knots.size)
    for n, number in enumerate(knots.tolist()):
        h = (bessel * (power * np.exp(-1j * math.pi * k * k / number))).sum(axis=1)[which].reshape(side * side, side * side)
        grown = np.real(np.diagonal(np.linalg.inv(h.conj().T @ h))).max()
        own, total = np.abs(h[0, 0]) ** 2, (np.abs(h) ** 2).sum(axis=1).max()
        gain[n], ratio_db[n] = min(1.0, 1.0 / grown), 10.0 * math.log10(own / (total - own))
    return Separation(np.log(knots), np.log(gain), ratio_db)
