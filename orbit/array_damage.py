"""Power that solar cells keep after a fluence of 1 MeV electrons: 1 - C log10(1 + fluence / knee).

The curve goes through the two published values of a triple-junction cell, 0.89 at 5e14 and 0.84 at 1e15 electrons/cm2
[fetzer2008]. The equivalent fluence of an orbit is `orbit.radiation_orbits.array_fluence_m2_yr`; it rests on the assumption
that a proton of 10 MeV does the damage of 1,000 electrons of 1 MeV. No such curve of thin silicon cells was found
with a source: their loss a year in low orbits is an assumption, as is what ultraviolet light and contamination take.
"""

from __future__ import annotations

import math
from typing import NamedTuple


class CellDamage(NamedTuple):
    """Loss of power for each decade of fluence beyond the knee, and the knee [1 MeV electrons/m2]."""

    per_decade: float
    knee_m2: float


TRIPLE_JUNCTION = CellDamage(0.221650237, 2.34160495e18)  # through both values of [fetzer2008]
SILICON_LOSS_PER_YEAR = 0.025  # assumption, 0.02 to 0.03 at 500 to 650 km, 2 to 4 times as much at 1,000 to 1,200 km


def retention(fluence_m2: float, cell: CellDamage = TRIPLE_JUNCTION) -> float:
    """Share of the maximum power that is left. [fetzer2008]

    Parameters
    ----------
    fluence_m2 : float
        1 MeV electrons with the same damage [1/m2].
    cell : CellDamage, optional
        The cell.

    Returns
    -------
    float
        Share, in [0, 1].

    Examples
    --------
    >>> round(retention(5e18), 3), round(retention(1e19), 3)
    (0.89, 0.84)
    """
    return max(0.0, 1.0 - cell.per_decade * math.log10(1.0 + fluence_m2 / cell.knee_m2))


def retention_after(age_yr: float, fluence_m2_yr: float, cell: CellDamage = TRIPLE_JUNCTION) -> float:
    """Share of the maximum power that is left at an age on an orbit.

    Parameters
    ----------
    age_yr : float
        Age [yr].
    fluence_m2_yr : float
        Equivalent fluence a year [1/(m2 yr)], from `orbit.radiation_orbits.array_fluence_m2_yr`.
    cell : CellDamage, optional
        The cell.

    Returns
    -------
    float
        Share, in [0, 1].
    """
    return retention(max(age_yr, 0.0) * fluence_m2_yr, cell)
