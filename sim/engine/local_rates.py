"""Rates of errors by radiation of a satellite, where it is at any time."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_RADIUS_M, SECONDS_PER_DAY
from orbit.kernels.frames import gmst_rad
from orbit.propagation import Propagator
from orbit.radiation import MAP_SPACING_M, Conditions, RadiationMap, exposure_at, radiation_map
from orbit.radiation_table import table
from orbit.segments import Segmented
from orbit.timegrid import TimeGrid
from orbit.timescales import utc_to_ut1
from orbit.upsets import Sensitivity, event_rates
from sim.config import schema
from sim.fleet.soft_errors import KINDS, hosts

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

TICK_S: Final = 120.0  # between positions that are computed; in between along a great circle, within metres on nearly circular orbits
SAMPLE_S, SAMPLES = 240.0, 31  # two hours: more than a revolution below 2,000 km
RAISED_PLANES: Final = 4  # 100 km by which burns may raise an orbit during the run
CHUNK: Final = 256  # satellites whose positions are computed together


def sensitivity(radiation: schema.Radiation) -> Sensitivity:
    """Sensitivity of an accelerator and its host.

    Parameters
    ----------
    radiation : Radiation
        Section of the accelerator.

    Returns
    -------
    Sensitivity
        Doses and cross-sections.
    """
    def dose_gy(given: float | None) -> float:
        return math.inf if given is None else given

    r = radiation
    return Sensitivity(
        dose_gy(r.dose_per_silent_error), dose_gy(r.dose_per_memory_error), dose_gy(r.dose_per_interrupt), dose_gy(r.dose_per_host_interrupt),
        r.silent_error_area, r.memory_error_area, r.interrupt_area, r.latchup_area, r.corrected_per_memory_error,
    )  # fmt: skip


def error_rates_per_s(dose_rate_gy_s: Array, flux_m2_s: Array, satellite: schema.Satellite) -> Array:
    """Rates of errors of a whole satellite.

    Parameters
    ----------
    dose_rate_gy_s, flux_m2_s : ndarray, shape (n,)
        Dose rate behind its shielding [Gy/s], and protons above 30 MeV [1/(m2 s)].
    satellite : Satellite
        The satellite.

    Returns
    -------
    ndarray, shape (n, kinds)
        Rates [1/s] of all its accelerators and hosts, in the order of `sim.fleet.soft_errors.KINDS`; 0 without a sensitivity.
    """
    radiation = satellite.accelerator.radiation
    if radiation is None:
        return np.zeros((np.size(dose_rate_gy_s), len(KINDS)))
    units = np.full(len(KINDS), float(satellite.accelerators))
    units[KINDS.index("host_interrupt")] = hosts(satellite.accelerators, int(radiation.accelerators_per_host))
    rates = np.stack(event_rates(dose_rate_gy_s, flux_m2_s, sensitivity(radiation)), axis=1)
    return np.asarray(rates * units)


class Flown(NamedTuple):
    """Orbits of the satellites of a propagator, from the positions that they have in the first two hours."""

    least_m: Array  # distances from the Earth's centre
    most_m: Array
    mean_m: Array
    inclination_rad: Array
    known: Flags  # with positions from the epoch on, below the end of the table of radiation


def flown_orbits(propagator: Propagator, epoch: TimeGrid) -> Flown:
    """Orbits of the satellites of a propagator.

    Parameters
    ----------
    propagator : Propagator
        The satellites.
    epoch : TimeGrid
        A grid of the run, for its epoch.

    Returns
    -------
    Flown
        Radii and inclinations in the first two hours.
    """
    moving = propagator.on_grid(TimeGrid(epoch.epoch_jd, epoch.epoch_fr, SAMPLE_S, SAMPLES - 1))
    parts = []
    for lo in range(0, propagator.count, CHUNK):
        hi = min(lo + CHUNK, propagator.count)
        r_m = np.empty((SAMPLES, 3, hi - lo))
        codes = moving.fill(lo, hi, 0, r_m)
        seen = np.ones(r_m[:, 0].shape, dtype=np.bool_) if codes is None else codes == 0
        away_m = np.linalg.norm(r_m, axis=1)
        least_m, most_m = np.where(seen, away_m, np.inf).min(axis=0), np.where(seen, away_m, 0.0).max(axis=0)
        mean_m = np.where(seen, away_m, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        normal = np.cross(r_m[0], r_m[1], axis=0)
        inclination = np.arccos(np.clip(normal[2] / np.maximum(np.linalg.norm(normal, axis=0), 1e-300), -1.0, 1.0))
        known = seen[:2].all(axis=0) & (most_m <= EARTH_RADIUS_M + float(table().altitudes_m[-1]))
        parts.append(Flown(least_m, most_m, mean_m, inclination, known))
    return Flown(*(np.concatenate(rows) for rows in zip(*parts, strict=True)))


@lru_cache(maxsize=64)
def _map(lowest_m: float, highest_m: float, areal_mass_kg_m2: float, of: Conditions) -> RadiationMap:
    return radiation_map(lowest_m, highest_m, areal_mass_kg_m2, of)


class LocalRates:
    """Rates of the errors of the satellites of a propagator, where they are at any time.

    Maps have planes at whole multiples of 25 km, so that the rate at a place does not depend on what else is in the fleet.

    Parameters
    ----------
    propagator : Propagator
        The satellites.
    satellite : Satellite
        Their type.
    of : Conditions
        Time and sources of the radiation.
    grid : TimeGrid
        Time grid of the run.
    flown : Flown
        Orbits of the satellites; those that are not known have no errors.
    """

    def __init__(self, propagator: Propagator, satellite: schema.Satellite, of: Conditions, grid: TimeGrid, flown: Flown) -> None:
        self.satellite = satellite
        self.grid = TimeGrid(grid.epoch_jd, grid.epoch_fr, TICK_S, math.ceil(grid.duration_s / TICK_S))
        self.moving, self.count, self.known = propagator.on_grid(self.grid), propagator.count, flown.known
        self._last: dict[int, tuple[int, Array, Flags]] = {}  # positions at the last tick of the window before, by first satellite
        low, high = (np.where(flown.known, r - EARTH_RADIUS_M, 0.0) / MAP_SPACING_M for r in (flown.least_m, flown.most_m))
        high = high + (RAISED_PLANES if isinstance(propagator, Segmented) else 0)
        most = int(table().altitudes_m[-1] / MAP_SPACING_M)
        lower = np.clip(np.floor(low), 0, most - 1).astype(np.int64)
        upper = np.clip(np.maximum(np.ceil(high), lower + 1), 1, most).astype(np.int64)
        first, last = int(lower[flown.known].min(initial=most)), int(upper[flown.known].max(initial=0))
        self.highest_per_s = np.zeros((self.count, len(KINDS)))
        if not flown.known.any():
            return
        self.map = _map(EARTH_RADIUS_M + first * MAP_SPACING_M, EARTH_RADIUS_M + last * MAP_SPACING_M, satellite.shielding.areal_mass, of)
        planes = self.map.planes[..., :2].max(axis=(1, 2)).astype(np.float64)  # dose rate and flux
        pairs, which = np.unique(np.stack((lower, upper), axis=1), axis=0, return_inverse=True)
        tops = np.array([planes[max(a - first, 0) : b - first + 1].max(axis=0) for a, b in pairs.tolist()])
        rates = error_rates_per_s(tops[:, 0], tops[:, 1], satellite)
        self.highest_per_s = np.where(flown.known[:, np.newaxis], rates[which.ravel()], 0.0)

    def rates_per_s(self, satellites: Ints, kinds: Ints, times_s: Array) -> Array:
        """Rates at the places of satellites; see `sim.fleet.soft_errors.Hazard`.

        Parameters
        ----------
        satellites, kinds : ndarray of int64, shape (n,)
            Satellites of the propagator, and kinds of errors.
        times_s : ndarray, shape (n,)
            Times [s], in a window that follows on the last one.

        Returns
        -------
        ndarray, shape (n,)
            Rates [1/s].
        """
        rates = np.zeros(times_s.size)
        ticks = np.floor(times_s / TICK_S).astype(np.int64)
        if not times_s.size:
            return rates
        first, last = int(ticks.min()), int(ticks.max()) + 1
        chunk = satellites // CHUNK
        for number in np.unique(chunk).tolist():
            here = np.flatnonzero(chunk == number)
            lo, hi = number * CHUNK, min((number + 1) * CHUNK, self.count)
            r_m, seen = self._positions(lo, hi, first, last)
            row, lane, at_s = ticks[here] - first, satellites[here] - lo, times_s[here]
            r = along_orbit(r_m[row, :, lane], r_m[row + 1, :, lane], at_s / TICK_S - ticks[here])
            exposure = exposure_at(self.map, r, self._earth_angle_rad(at_s))
            of_kinds = error_rates_per_s(exposure[:, 0], exposure[:, 1], self.satellite)
            rates[here] = np.where(seen[row, lane] & seen[row + 1, lane], of_kinds[np.arange(here.size), kinds[here]], 0.0)
        return rates

    def _positions(self, lo: int, hi: int, first: int, last: int) -> tuple[Array, Flags]:
        """Positions at ticks first to last, (ticks, 3, satellites), and which there are; propagators go forward in time only."""
        r_m, seen = np.empty((last - first + 1, 3, hi - lo)), np.ones((last - first + 1, hi - lo), dtype=np.bool_)
        tick, row_m, there = self._last.get(lo, (-1, r_m[0], seen[0]))
        held = 1 if tick == first else 0
        if held:
            r_m[0], seen[0] = row_m, there
        codes = self.moving.fill(lo, hi, first + held, r_m[held:])
        if codes is not None:
            seen[held:] = codes == 0
        self._last[lo] = last, r_m[-1].copy(), seen[-1].copy()
        return r_m, seen

    def _earth_angle_rad(self, times_s: Array) -> Array:
        days = np.floor(times_s / SECONDS_PER_DAY)
        fr = self.grid.epoch_fr + (times_s - days * SECONDS_PER_DAY) / SECONDS_PER_DAY
        return np.asarray(gmst_rad(*utc_to_ut1(self.grid.epoch_jd + days, fr)))


def along_orbit(before_m: Array, after_m: Array, share: Array) -> Array:
    """Positions between two others, along a great circle at constant angular rate, the distance linear.

    Parameters
    ----------
    before_m, after_m : ndarray, shape (n, 3)
        Positions [m], less than half a revolution apart.
    share : ndarray, shape (n,)
        Share of the time between them, 0 to 1.

    Returns
    -------
    ndarray, shape (n, 3)
        Positions [m].

    Examples
    --------
    >>> along_orbit(np.array([[7e6, 0.0, 0.0]]), np.array([[0.0, 7e6, 0.0]]), np.array([1.0 / 3.0])).round().tolist()
    [[6062178.0, 3500000.0, 0.0]]
    """
    a, b = np.linalg.norm(before_m, axis=1), np.linalg.norm(after_m, axis=1)
    angle = np.arccos(np.clip(np.sum(before_m * after_m, axis=1) / (a * b), -1.0, 1.0))
    whole = np.maximum(np.sin(angle), 1e-12)
    away = (1.0 - share) * a + share * b
    first, second = (np.sin((1.0 - share) * angle) / whole * away / a, np.sin(share * angle) / whole * away / b)
    return np.asarray(first[:, np.newaxis] * before_m + second[:, np.newaxis] * after_m)
