"""Modulation and coding of DVB-S2 and DVB-S2X, and the choice among them."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class Modcod(NamedTuple):
    """One modulation with its code: name, bits per symbol after coding, and the least Es/N0 [dB] of an ideal receiver."""

    name: str
    bits_per_symbol: float
    threshold_db: float


# Normal frames, frame error rate 1e-5 in white Gaussian noise. DVB-S2: EN 302 307-1, table 13. [etsi-302307-1]
DVB_S2 = tuple(
    Modcod(*row)
    for row in (
        ("QPSK 1/4", 0.490243, -2.35), ("QPSK 1/3", 0.656448, -1.24), ("QPSK 2/5", 0.789412, -0.30), ("QPSK 1/2", 0.988858, 1.00),
        ("QPSK 3/5", 1.188304, 2.23), ("QPSK 2/3", 1.322253, 3.10), ("QPSK 3/4", 1.487473, 4.03), ("QPSK 4/5", 1.587196, 4.68),
        ("QPSK 5/6", 1.654663, 5.18), ("QPSK 8/9", 1.766451, 6.20), ("QPSK 9/10", 1.788612, 6.42), ("8PSK 3/5", 1.779991, 5.50),
        ("8PSK 2/3", 1.980636, 6.62), ("8PSK 3/4", 2.228124, 7.91), ("8PSK 5/6", 2.478562, 9.35), ("8PSK 8/9", 2.646012, 10.69),
        ("8PSK 9/10", 2.679207, 10.98), ("16APSK 2/3", 2.637201, 8.97), ("16APSK 3/4", 2.966728, 10.21), ("16APSK 4/5", 3.165623, 11.03),
        ("16APSK 5/6", 3.300184, 11.61), ("16APSK 8/9", 3.523143, 12.89), ("16APSK 9/10", 3.567342, 13.13), ("32APSK 3/4", 3.703295, 12.73),
        ("32APSK 4/5", 3.951571, 13.64), ("32APSK 5/6", 4.119540, 14.28), ("32APSK 8/9", 4.397854, 15.69), ("32APSK 9/10", 4.453027, 16.05),
    )
)  # fmt: skip
# What DVB-S2X adds: EN 302 307-2, table 20a. [etsi-302307-2]
DVB_S2X = tuple(
    Modcod(*row)
    for row in (
        ("QPSK 2/9", 0.434841, -2.85), ("QPSK 13/45", 0.567805, -2.03), ("QPSK 9/20", 0.889135, 0.22), ("QPSK 11/20", 1.088581, 1.45),
        ("8APSK 5/9-L", 1.647211, 4.73), ("8APSK 26/45-L", 1.713601, 5.13), ("8PSK 23/36", 1.896173, 6.12), ("8PSK 25/36", 2.062148, 7.02),
        ("8PSK 13/18", 2.145136, 7.49), ("16APSK 1/2-L", 1.972253, 5.97), ("16APSK 8/15-L", 2.104850, 6.55), ("16APSK 5/9-L", 2.193247, 6.84),
        ("16APSK 26/45", 2.281645, 7.51), ("16APSK 3/5", 2.370043, 7.80), ("16APSK 3/5-L", 2.370043, 7.41), ("16APSK 28/45", 2.458441, 8.10),
        ("16APSK 23/36", 2.524739, 8.38), ("16APSK 2/3-L", 2.635236, 8.43), ("16APSK 25/36", 2.745734, 9.27), ("16APSK 13/18", 2.856231, 9.71),
        ("16APSK 7/9", 3.077225, 10.65), ("16APSK 77/90", 3.386618, 11.99), ("32APSK 2/3-L", 3.289502, 11.10), ("32APSK 32/45", 3.510192, 11.75),
        ("32APSK 11/15", 3.620536, 12.17), ("32APSK 7/9", 3.841226, 13.05), ("64APSK 32/45-L", 4.206428, 13.98), ("64APSK 11/15", 4.338659, 14.81),
        ("64APSK 7/9", 4.603122, 15.47), ("64APSK 4/5", 4.735354, 15.87), ("64APSK 5/6", 4.933701, 16.55), ("128APSK 3/4", 5.163248, 17.73),
        ("128APSK 7/9", 5.355556, 18.53), ("256APSK 29/45-L", 5.065690, 16.98), ("256APSK 2/3-L", 5.241514, 17.24),
        ("256APSK 31/45-L", 5.417338, 18.10), ("256APSK 32/45", 5.593162, 18.59), ("256APSK 11/15-L", 5.768987, 18.84),
        ("256APSK 3/4", 5.900855, 19.57),
    )
)  # fmt: skip
MODCODS = DVB_S2 + DVB_S2X


@cache
def front(modcods: tuple[Modcod, ...] = MODCODS) -> tuple[Modcod, ...]:
    """Modulations and codes that are ever the best choice: no other carries as much at a lower Es/N0.

    Parameters
    ----------
    modcods : tuple of Modcod, optional
        Those that modem and satellite know.

    Returns
    -------
    tuple of Modcod
        By rising threshold and efficiency.

    Examples
    --------
    >>> [code.name for code in front()[:3]], front()[-1].name
    (['QPSK 2/9', 'QPSK 1/4', 'QPSK 13/45'], '256APSK 3/4')
    """
    best: list[Modcod] = []
    for code in sorted(modcods, key=lambda code: (code.threshold_db, -code.bits_per_symbol)):
        if not best or code.bits_per_symbol > best[-1].bits_per_symbol:
            best.append(code)
    return tuple(best)


def bits_per_symbol(symbol_energy_db: ArrayLike, modcods: tuple[Modcod, ...] = MODCODS) -> Array:
    """Largest efficiency whose threshold is reached; the table itself is not monotone in its thresholds.

    Parameters
    ----------
    symbol_energy_db : array_like
        Es/N0 [dB] less the margins of implementation, any shape; minus infinity is an outage.
    modcods : tuple of Modcod, optional
        Those that modem and satellite know.

    Returns
    -------
    ndarray
        Bits per symbol; 0 below the lowest threshold, which is an outage, not a slow link.

    Raises
    ------
    ValueError
        If an energy is not a number.

    Examples
    --------
    >>> bits_per_symbol([-3.0, 11.99, 30.0]).tolist()
    [0.0, 3.510192, 5.900855]
    """
    codes, energy_db = front(modcods), np.asarray(symbol_energy_db, dtype=np.float64)
    if np.any(np.isnan(energy_db)):  # would be sorted behind all thresholds
        raise ValueError("bits_per_symbol: an energy is not a number; write -inf for an outage")
    reached = np.searchsorted([code.threshold_db for code in codes], energy_db, side="right")
    return np.asarray(np.array([0.0, *(code.bits_per_symbol for code in codes)])[reached])
