"""Galactic cosmic rays and solar protons inside the Earth's magnetic field: dose rate and flux by McIlwain's L.

A particle reaches a place if its rigidity is above the vertical cutoff there, 15.96 L^-2.005 GV [smart1967], from
directions that the Earth does not cover. Beyond L = 5.46 all do: field lines of the polar caps are open, and SPENVIS lists
the same attenuation for all protons below 140 MeV, whose cutoff that is [loveless2025].

Cosmic rays: the force-field spectrum of protons [usoskin2005]; heavier nuclei add 1.45 times as much, the sum of Z2 over the
fluxes that SPENVIS lists for a polar orbit with CREME96 [loveless2025]; each loses energy at least at the minimum of
ionisation, whatever the shielding. Secondary particles of the shielding are not included. Solar protons: mean fluence
of an active year, from the table [xapsos1999].
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orbit.constants import EARTH_RADIUS_M

Array = NDArray[np.float64]
PROTON_GEV = 0.93827209  # rest energy [codata2018]
CUTOFF_GV, CUTOFF_POWER = 15.96, -2.005  # [smart1967:abstract]
OPEN_SHELL = 5.46  # L at which protons of 140 MeV have their cutoff [loveless2025]
MODULATION_GV = (0.40, 1.00)  # at solar minimum and maximum; months from 1936 to 2000 have 0.3 to 1.2 [usoskin2005]
CHARGE_FACTOR = 2.454  # sum of Z2 times flux over the flux of protons, of all elements to Ni [loveless2025]
LEAST_LOSS_J_M2_KG = 1.664 * 1.602176634e-13 / 10.0  # 1.664 MeV cm2/g of a fast proton in silicon [pdg2022]
SECONDS_PER_YEAR = 365.25 * 86400.0
ACTIVE_SHARE = 7.0 / 11.0  # active years of a cycle [ecss-e-st-10-04c:I.2.1]


def cutoff_energy_gev(shell: ArrayLike) -> Array:
    """Least kinetic energy of a proton that reaches a drift shell from above. [smart1967]

    Parameters
    ----------
    shell : array_like
        McIlwain's L, 0.9 or more.

    Returns
    -------
    ndarray
        Energy [GeV]; 0 on open field lines.

    Examples
    --------
    >>> cutoff_energy_gev([1.0, 4.0, 10.0]).round(3)
    array([15.049,  0.426,  0.   ])
    """
    on_shell = np.asarray(shell, dtype=np.float64)
    rigidity = CUTOFF_GV * on_shell**CUTOFF_POWER
    energy = np.sqrt(rigidity**2 + PROTON_GEV**2) - PROTON_GEV
    return np.asarray(np.where(on_shell < OPEN_SHELL, energy, 0.0))


def open_sky(radius_m: ArrayLike) -> Array:
    """Share of all directions that the Earth does not cover.

    Parameters
    ----------
    radius_m : array_like
        Distance from the Earth's centre [m].

    Returns
    -------
    ndarray
        Share, 0.5 at the surface.

    Examples
    --------
    >>> round(float(open_sky(EARTH_RADIUS_M + 650e3)), 3)
    0.71
    """
    ratio = EARTH_RADIUS_M / np.maximum(np.asarray(radius_m, dtype=np.float64), EARTH_RADIUS_M)
    return np.asarray(0.5 * (1.0 + np.sqrt(1.0 - ratio**2)))


def _proton_spectrum(energy_gev: Array, modulation_gv: float) -> Array:
    """Protons per m2, s, sr and GeV near the Earth, outside its field. [usoskin2005:eq. 1 and 2]"""
    beyond = energy_gev + modulation_gv
    momentum = np.sqrt(beyond * (beyond + 2.0 * PROTON_GEV))
    interstellar = 1.9e4 * momentum**-2.78 / (1.0 + 0.4866 * momentum**-2.51)
    return np.asarray(
        interstellar * energy_gev * (energy_gev + 2.0 * PROTON_GEV) / (beyond * (beyond + 2.0 * PROTON_GEV))
    )


def galactic_protons_m2_s(least_gev: ArrayLike, active: float) -> Array:
    """Flux of galactic protons above an energy from all directions, outside the Earth's field. [usoskin2005]

    Parameters
    ----------
    least_gev : array_like
        Kinetic energy [GeV].
    active : float
        0 at solar minimum, 1 at maximum.

    Returns
    -------
    ndarray
        Flux [1/(m2 s)].
    """
    edges = np.geomspace(1e-3, 1e3, 601)
    flux = np.zeros(edges.size)
    for phase, share in enumerate((1.0 - active, active)):
        density = _proton_spectrum(edges, MODULATION_GV[phase]) * edges  # over ln(E)
        steps = 0.5 * (density[1:] + density[:-1]) * math.log(edges[1] / edges[0])
        flux[:-1] += share * np.cumsum(steps[::-1])[::-1]
    return np.asarray(4.0 * math.pi * np.interp(np.log(np.maximum(least_gev, edges[0])), np.log(edges), flux))


def galactic_dose_gy_s(shell: ArrayLike, radius_m: ArrayLike, active: float) -> Array:
    """Dose rate in silicon by galactic cosmic rays. [usoskin2005; loveless2025]

    Parameters
    ----------
    shell : array_like
        McIlwain's L.
    radius_m : array_like
        Distance from the Earth's centre [m].
    active : float
        0 at solar minimum, 1 at maximum.

    Returns
    -------
    ndarray
        Dose rate [Gy/s].
    """
    flux = galactic_protons_m2_s(cutoff_energy_gev(shell), active)
    return np.asarray(open_sky(radius_m) * CHARGE_FACTOR * LEAST_LOSS_J_M2_KG * flux)


def above_cutoff(shell: ArrayLike, energy_mev: Array, fluence: Array, wanted_mev: Array) -> Array:
    """Integral spectrum of solar protons on drift shells: what has less energy than the cutoff does not arrive.

    Parameters
    ----------
    shell : array_like
        McIlwain's L.
    energy_mev, fluence : ndarray, shape (energies,)
        Integral spectrum outside the field, energies rising [MeV].
    wanted_mev : ndarray, shape (wanted,)
        Energies of the result [MeV].

    Returns
    -------
    ndarray, shape (wanted, ...)
        Fluence above each energy, in the unit given; beyond the last energy it falls as between the last two.
    """
    least = np.maximum(np.multiply.outer(wanted_mev, np.ones(np.shape(shell))), 1e3 * cutoff_energy_gev(shell))
    x, y = np.log(energy_mev), np.log(fluence)
    inside = np.interp(np.log(least), x, y)
    slope = (y[-1] - y[-2]) / (x[-1] - x[-2])
    return np.asarray(np.exp(inside + slope * np.maximum(np.log(least) - x[-1], 0.0)))
