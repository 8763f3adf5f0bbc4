"""Means of radiation over circular orbits: dose a year, proton flux, share of time in the anomaly.

In the long run a circular orbit passes every longitude alike, and a row of latitudes between sines a and b for the share
(arcsin(b / sin i) - arcsin(a / sin i)) / pi of its time. So the means are sums over the cells; nothing is propagated.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.cosmic_rays import SECONDS_PER_YEAR
from orbit.kernels.exposure import LATITUDES
from orbit.radiation import ANOMALY_FLUX_M2_S, SOURCES, Conditions, array_damage, dose_rates, proton_flux

Array = NDArray[np.float64]


class OrbitRadiation(NamedTuple):
    """Means over an orbit: dose a year by source [Gy], protons above 30 MeV [1/(m2 s)], share of time in the anomaly."""

    protons_gy: float
    electrons_gy: float
    galactic_gy: float
    solar_gy: float
    proton_flux_m2_s: float
    anomaly_share: float

    @property
    def dose_gy(self) -> float:
        """Dose a year of all sources [Gy]."""
        return self.protons_gy + self.electrons_gy + self.galactic_gy + self.solar_gy


def row_shares(inclination_rad: float) -> Array:
    """Share of time that a circular orbit spends in each row of latitudes.

    Parameters
    ----------
    inclination_rad : float
        Inclination [rad].

    Returns
    -------
    ndarray, shape (96,)
        Shares from the south to the north; their sum is 1.

    Examples
    --------
    >>> shares = row_shares(math.radians(53.0))
    >>> round(float(shares.sum()), 12), bool(shares[0] == 0.0)
    (1.0, True)
    """
    reach = max(abs(math.sin(inclination_rad)), 1e-9)
    edges = np.clip(np.linspace(-1.0, 1.0, LATITUDES + 1) / reach, -1.0, 1.0)
    return np.asarray(np.diff(np.arcsin(edges)) / math.pi)


def orbit_mean(cells: Array, inclination_rad: float) -> float:
    """Mean of a plane of cells over a circular orbit.

    Parameters
    ----------
    cells : ndarray, shape (96, 128)
        Values.
    inclination_rad : float
        Inclination [rad].

    Returns
    -------
    float
        Mean.
    """
    return float(row_shares(inclination_rad) @ cells.mean(axis=1))


def orbit_radiation(
    altitude_m: float, inclination_rad: float, areal_mass_kg_m2: float, conditions: Conditions | None = None
) -> OrbitRadiation:
    """Radiation of a circular orbit behind aluminium.

    Parameters
    ----------
    altitude_m : float
        Altitude over the equator [m], at most 2,000 km.
    inclination_rad : float
        Inclination [rad].
    areal_mass_kg_m2 : float
        Areal density of the shielding [kg/m2].
    conditions : Conditions, optional
        Time and sources.

    Returns
    -------
    OrbitRadiation
        Means.

    Raises
    ------
    ValueError
        Above 2,000 km.

    Examples
    --------
    A dawn-dusk orbit at 650 km behind 10 mm of aluminium: nearly 2 Gy (200 rad) a year at solar minimum.

    >>> found = orbit_radiation(650e3, math.radians(97.986), 27.0)
    >>> 1.5 < found.dose_gy < 2.1
    True
    """
    conditions = Conditions() if conditions is None else conditions
    rates = dose_rates(altitude_m, areal_mass_kg_m2, conditions)
    flux = proton_flux(altitude_m, conditions)
    yearly = [SECONDS_PER_YEAR * orbit_mean(rates[s], inclination_rad) for s in SOURCES]
    inside = (flux > ANOMALY_FLUX_M2_S).astype(np.float64)
    protons, electrons, galactic, solar = yearly
    return OrbitRadiation(
        protons, electrons, galactic, solar, orbit_mean(flux, inclination_rad), orbit_mean(inside, inclination_rad)
    )


def time_of_most_fluence(altitude_m: float, inclination_rad: float, share: float, conditions: Conditions) -> float:
    """Least share of time in which a share of the protons above 30 MeV arrives.

    Parameters
    ----------
    altitude_m : float
        Altitude over the equator [m], at most 2,000 km.
    inclination_rad : float
        Inclination [rad].
    share : float
        Share of the fluence, in [0, 1].
    conditions : Conditions
        Time and sources.

    Returns
    -------
    float
        Share of time.
    """
    flux = proton_flux(altitude_m, conditions)
    time = np.broadcast_to(row_shares(inclination_rad)[:, None] / flux.shape[1], flux.shape).ravel()
    order = np.argsort(-flux.ravel())
    fluence = np.cumsum(time[order] * flux.ravel()[order])
    return float(np.interp(share * fluence[-1], fluence, np.cumsum(time[order])))


def array_fluence_m2_yr(altitude_m: float, inclination_rad: float, conditions: Conditions | None = None) -> float:
    """1 MeV electrons a year with the damage of the particles of an orbit in GaAs cells behind 0.1 mm of glass. [messenger2001]

    Parameters
    ----------
    altitude_m : float
        Altitude over the equator [m], at most 2,000 km.
    inclination_rad : float
        Inclination [rad].
    conditions : Conditions, optional
        Time and sources.

    Returns
    -------
    float
        Equivalent fluence [1/(m2 yr)].

    Raises
    ------
    ValueError
        Above 2,000 km.
    """
    conditions = Conditions() if conditions is None else conditions
    return SECONDS_PER_YEAR * orbit_mean(array_damage(altitude_m, conditions), inclination_rad)
