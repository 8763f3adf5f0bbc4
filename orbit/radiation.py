"""Radiation of low orbits: proton flux, dose rate behind aluminium, and what a satellite gets on its orbit.

Trapped protons and electrons are those of AP-8 and AE-8 at solar minimum and maximum [sawyer1976; vette1991], their dose
is that of SHIELDOSE-2 at the centre of an aluminium sphere [seltzer1994]. The table is made by
tools/build_radiation_tables.py. AP-8 is uncertain by a factor of 2, more below 700 km [sawyer1976]. Galactic cosmic
rays and the mean of solar particle events: `orbit.cosmic_rays`.

The models have the field of their epoch, about 1960, and with it the place of the South Atlantic Anomaly then. It drifts west:
0.343 deg a year from 2017 to 2024 [zhao2024], 0.3 from 1996 to 2007 [fuerst2009]. `Conditions.drift_deg_yr` moves trapped
particles by it; 0 leaves them where the models have them. Strength and latitude stay.

The table has radii from 200 to 2,000 km above the equator's. Below, the values of 200 km count, above there are none.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orbit.constants import EARTH_RADIUS_M
from orbit.cosmic_rays import (
    SECONDS_PER_YEAR,
    above_cutoff,
    cutoff_energy_gev,
    galactic_dose_gy_s,
    galactic_protons_m2_s,
    open_sky,
)
from orbit.kernels import exposure
from orbit.kernels.exposure import LATITUDES, LONGITUDES
from orbit.radiation_table import depth_mm, phase_plane, shells, table

Array = NDArray[np.float64]
ANOMALY_FLUX_M2_S = 1e5  # trapped protons above 30 MeV beyond which a place is in the anomaly: 10 /(cm2 s)
ANOMALY_DRIFT_DEG_YR = 0.343  # to the west [zhao2024]
MAP_SPACING_M = 25e3  # most distance between the radii of a map
SOURCES = ("protons", "electrons", "galactic", "solar")


class Conditions(NamedTuple):
    """Time and sources of the radiation.

    Attributes
    ----------
    active : float
        0 at solar minimum, 1 at maximum; between, a mean weighted by it. `orbit.cosmic_rays.ACTIVE_SHARE` is that of a
        whole cycle. Solar particle events count in proportion, none at minimum.
    year : float
        Date for the place of the anomaly.
    drift_deg_yr : float
        Drift of the anomaly to the west [deg/yr] since the epoch of the models.
    sources : tuple of str
        Those of `SOURCES` that count.
    """

    active: float = 0.0
    year: float = 2026.0
    drift_deg_yr: float = ANOMALY_DRIFT_DEG_YR
    sources: tuple[str, ...] = SOURCES


def _moved(plane: Array, degrees_west: float) -> Array:
    """A plane moved to the west, interpolated between cells."""
    cells = degrees_west / 360.0 * LONGITUDES
    whole, part = math.floor(cells), cells - math.floor(cells)
    return np.asarray((1.0 - part) * np.roll(plane, -whole, axis=-1) + part * np.roll(plane, -whole - 1, axis=-1))


def trapped(name: str, altitude_m: float, conditions: Conditions) -> Array:
    """A quantity of the table of trapped particles in all cells, at the place of the anomaly and the activity asked for.

    Parameters
    ----------
    name : str
        One of the names in `orbit.radiation_table.provenance()`: fluxes [1/(m2 s)], dose rates [Gy/s], damage [1 MeV electrons/(m2 s)].
    altitude_m : float
        Distance from the Earth's centre less the radius of the equator [m], at most 2,000 km.
    conditions : Conditions
        Time and sources.

    Returns
    -------
    ndarray, shape (96, 128)
        Rows of equal height in the sine of the latitude from the south pole, columns in longitude from -180 deg.

    Raises
    ------
    ValueError
        Above 2,000 km.
    """
    epochs = table().facts["field_epochs"]
    total = np.zeros((LATITUDES, LONGITUDES))
    for phase, (share, kind) in enumerate(((1.0 - conditions.active, "minimum"), (conditions.active, "maximum"))):
        if share > 0.0:
            epoch = epochs["electrons"] if name.startswith("electron") else epochs[kind]
            west = conditions.drift_deg_yr * (conditions.year - epoch) if conditions.drift_deg_yr else 0.0
            total += share * _moved(phase_plane(phase, name, altitude_m), west)
    return total


def _at_depth(values: list[Array], depth: float, depths: Array, logarithmic: bool) -> Array:
    """Between two depths: the logarithm of the dose over that of the depth (protons), or over the depth (electrons)."""
    k = min(int(np.searchsorted(depths, depth, side="right")) - 1, depths.size - 2)
    a, b, at = (math.log(depths[k]), math.log(depths[k + 1]), math.log(depth)) if logarithmic else (depths[k], depths[k + 1], depth)
    w = (at - a) / (b - a)
    lower, upper = values
    both = (lower > 0.0) & (upper > 0.0)
    mixed = np.exp((1.0 - w) * np.log(np.where(both, lower, 1.0)) + w * np.log(np.where(both, upper, 1.0)))
    return np.asarray(np.where(both, mixed, (1.0 - w) * lower + w * upper))


def dose_rates(altitude_m: float, areal_mass_kg_m2: float, conditions: Conditions) -> dict[str, Array]:
    """Dose rate in silicon at the centre of an aluminium sphere in all cells, by source.

    Parameters
    ----------
    altitude_m : float
        Distance from the Earth's centre less the radius of the equator [m], at most 2,000 km.
    areal_mass_kg_m2 : float
        Areal density of the shielding [kg/m2]; see `orbit.radiation_table.depth_mm`.
    conditions : Conditions
        Time and sources.

    Returns
    -------
    dict of ndarray, shape (96, 128)
        Dose rates [Gy/s] by name of `SOURCES`; 0 for those that do not count. Electrons include their bremsstrahlung.

    Raises
    ------
    ValueError
        Above 2,000 km.
    """
    found, depth = table(), depth_mm(areal_mass_kg_m2)
    depths = found.depths_mm
    k = min(int(np.searchsorted(depths, depth, side="right")) - 1, depths.size - 2)
    rates = {source: np.zeros((LATITUDES, LONGITUDES)) for source in SOURCES}
    for source, name in (("protons", "proton"), ("electrons", "electron")):
        if source in conditions.sources:
            near = [trapped(f"{name}_dose_{d:g}_mm", altitude_m, conditions) for d in depths[k : k + 2]]
            rates[source] = _at_depth(near, depth, depths, name == "proton")
    shell, radius_m = shells(altitude_m), EARTH_RADIUS_M + altitude_m
    if "galactic" in conditions.sources:
        rates["galactic"] = galactic_dose_gy_s(shell, radius_m, conditions.active)
    if "solar" in conditions.sources and conditions.active > 0.0:
        left = above_cutoff(shell, found.solar_mev, found.solar_fluence_m2, found.proton_mev)
        by_depth = np.tensordot(found.proton_dose_gy_m2.T, -np.diff(left, axis=0), axes=1)
        yearly = _at_depth(list(by_depth[k : k + 2]), depth, depths, True)
        rates["solar"] = conditions.active / SECONDS_PER_YEAR * open_sky(radius_m) * yearly
    return rates


def proton_flux(altitude_m: float, conditions: Conditions) -> Array:
    """Protons above 30 MeV of all sources in all cells.

    Parameters
    ----------
    altitude_m : float
        Distance from the Earth's centre less the radius of the equator [m], at most 2,000 km.
    conditions : Conditions
        Time and sources.

    Returns
    -------
    ndarray, shape (96, 128)
        Flux [1/(m2 s)].

    Raises
    ------
    ValueError
        Above 2,000 km.
    """
    flux = np.zeros((LATITUDES, LONGITUDES))
    if "protons" in conditions.sources:
        flux += trapped("proton_flux_30_mev", altitude_m, conditions)
    shell, sky = shells(altitude_m), open_sky(EARTH_RADIUS_M + altitude_m)
    if "galactic" in conditions.sources:
        flux += sky * galactic_protons_m2_s(np.maximum(cutoff_energy_gev(shell), 0.03), conditions.active)
    if "solar" in conditions.sources and conditions.active > 0.0:
        found = table()
        yearly = above_cutoff(shell, found.solar_mev, found.solar_fluence_m2, np.array([30.0]))[0]
        flux += conditions.active / SECONDS_PER_YEAR * sky * yearly
    return flux


def array_damage(altitude_m: float, conditions: Conditions) -> Array:
    """1 MeV electrons with the damage of trapped particles and solar protons in GaAs cells behind 0.1 mm of glass, in all cells.

    Parameters
    ----------
    altitude_m : float
        Distance from the Earth's centre less the radius of the equator [m], at most 2,000 km.
    conditions : Conditions
        Time and sources; trapped protons and electrons count together where both are sources.

    Returns
    -------
    ndarray, shape (96, 128)
        Equivalent flux [1/(m2 s)].

    Raises
    ------
    ValueError
        Above 2,000 km.
    """
    damage = np.zeros((LATITUDES, LONGITUDES))
    if {"protons", "electrons"} <= set(conditions.sources):
        damage += trapped("array_damage", altitude_m, conditions)
    if "solar" in conditions.sources and conditions.active > 0.0:
        found = table()
        left = above_cutoff(shells(altitude_m), found.solar_mev, found.solar_fluence_m2, found.proton_mev)
        yearly = np.tensordot(found.proton_damage, -np.diff(left, axis=0), axes=1)
        damage += conditions.active / SECONDS_PER_YEAR * open_sky(EARTH_RADIUS_M + altitude_m) * yearly
    return damage


# --- maps for runs ---------------------------------------------------------------------------------------------------


class RadiationMap(NamedTuple):
    """Dose rate and flux over latitude and longitude at a few radii, as `orbit.kernels.exposure` reads them.

    Attributes
    ----------
    lowest_m : float
        Radius of the first plane [m].
    planes_per_m : float
        Inverse of the distance between planes [1/m].
    last_plane : float
        Number of the last plane but one.
    table : ndarray, shape (planes * 96 * 128 * 3,), float32
        For each plane, row from the south and column from -180 deg: dose rate [Gy/s], protons above 30 MeV of all sources and
        trapped ones [1/(m2 s)].
    """

    lowest_m: float
    planes_per_m: float
    last_plane: float
    table: NDArray[np.float32]

    @property
    def planes(self) -> NDArray[np.float32]:
        """The table by plane, row, column and value, shape (planes, 96, 128, 3)."""
        return self.table.reshape(-1, LATITUDES, LONGITUDES, exposure.VALUES)


def radiation_map(
    lowest_m: float, highest_m: float, areal_mass_kg_m2: float, conditions: Conditions | None = None, spacing_m: float = MAP_SPACING_M
) -> RadiationMap:
    """Reduce the table to the radii of a type of satellite and its shielding.

    Parameters
    ----------
    lowest_m, highest_m : float
        Least and greatest distance from the Earth's centre [m].
    areal_mass_kg_m2 : float
        Areal density of the shielding [kg/m2].
    conditions : Conditions, optional
        Time and sources.
    spacing_m : float
        Most distance between planes [m].

    Returns
    -------
    RadiationMap
        Planes at equal distances, two at least.

    Raises
    ------
    ValueError
        If a radius is more than 2,000 km above the equator's.

    Examples
    --------
    >>> found = radiation_map(EARTH_RADIUS_M + 640e3, EARTH_RADIUS_M + 660e3, 27.0)
    >>> found.table.size // exposure.PLANE, found.last_plane
    (2, 0.0)
    """
    conditions = Conditions() if conditions is None else conditions
    spread = max(highest_m - lowest_m, 1.0)
    count = 1 + max(1, math.ceil(spread / spacing_m))
    values = np.zeros((count, LATITUDES, LONGITUDES, exposure.VALUES), dtype=np.float32)
    for k in range(count):
        altitude = lowest_m + spread * k / (count - 1) - EARTH_RADIUS_M
        altitude = min(altitude, highest_m - EARTH_RADIUS_M)
        values[k, :, :, 0] = sum(dose_rates(altitude, areal_mass_kg_m2, conditions).values())
        values[k, :, :, 1] = proton_flux(altitude, conditions)
        if "protons" in conditions.sources:
            values[k, :, :, 2] = trapped("proton_flux_30_mev", altitude, conditions)
    return RadiationMap(lowest_m, (count - 1) / spread, float(count - 2), values.ravel())


def exposure_at(found: RadiationMap, r_m: ArrayLike, earth_angle_rad: ArrayLike) -> Array:
    """Dose rate and protons at positions.

    Parameters
    ----------
    found : RadiationMap
        The map.
    r_m : array_like, shape (..., 3)
        Positions, true equator and mean equinox of date [m].
    earth_angle_rad : array_like
        Rotation angle of the Earth [rad], one or as many as positions.

    Returns
    -------
    ndarray, shape (..., 3)
        Dose rate [Gy/s], protons above 30 MeV of all sources and trapped ones [1/(m2 s)].
    """
    r = np.ascontiguousarray(r_m, dtype=np.float64)
    angle = np.broadcast_to(np.asarray(earth_angle_rad, dtype=np.float64), r.shape[:-1]).ravel()
    out = np.empty((angle.size, exposure.VALUES))
    exposure.exposures(
        r.reshape(-1, 3), np.cos(angle), np.sin(angle), found.lowest_m, found.planes_per_m, found.last_plane, found.table, out
    )
    return out.reshape(*r.shape[:-1], exposure.VALUES)
