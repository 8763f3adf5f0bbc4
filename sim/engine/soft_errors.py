"""Radiation on the orbits of a run: rates of errors at any place and time, means over orbits, and what of it happened."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_RADIUS_M, SECONDS_PER_DAY
from orbit.cosmic_rays import ACTIVE_SHARE, SECONDS_PER_YEAR
from orbit.kernels.frames import gmst_rad
from orbit.propagation import Propagator
from orbit.radiation import (
    ANOMALY_FLUX_M2_S,
    MAP_SPACING_M,
    SOURCES,
    Conditions,
    RadiationMap,
    dose_rates,
    exposure_at,
    proton_flux,
    radiation_map,
)
from orbit.radiation_orbits import orbit_mean
from orbit.radiation_table import table
from orbit.segments import Segmented
from orbit.timegrid import TimeGrid
from orbit.timescales import utc_to_ut1
from orbit.upsets import Sensitivity, event_rates
from sim.config import schema
from sim.engine.context import Context
from sim.fleet.soft_errors import INTERRUPTING, KINDS, Consequences, SoftErrors, hosts

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

TICK_S: Final = 120.0  # between positions that are computed; in between along a great circle, within metres on nearly circular orbits
SAMPLE_S, SAMPLES = 240.0, 31  # two hours: more than a revolution below 2,000 km
RAISED_PLANES: Final = 4  # 100 km by which burns may raise an orbit during the run
CHUNK: Final = 256  # satellites whose positions are computed together
GROUP_M, GROUP_RAD = 25e3, math.radians(2.0)  # orbits that share their means
ACTIVE: Final = {"minimum": 0.0, "maximum": 1.0, "cycle": ACTIVE_SHARE}


def conditions(scenario: schema.Scenario) -> Conditions:
    """Time and sources of the radiation of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    Conditions
        Phase of the solar cycle, year of the epoch, drift of the anomaly.
    """
    given, epoch = scenario.environment.radiation, scenario.epoch
    year = epoch.year + (epoch.timetuple().tm_yday - 1) / 365.25
    return Conditions(ACTIVE[given.solar], year, math.degrees(given.anomaly_drift) * SECONDS_PER_YEAR)


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
    doses = (
        radiation.dose_per_silent_error, radiation.dose_per_memory_error, radiation.dose_per_interrupt, radiation.dose_per_host_interrupt,
    )  # fmt: skip
    areas = (radiation.silent_error_area, radiation.memory_error_area, radiation.interrupt_area, radiation.latchup_area)
    return Sensitivity(*(math.inf if dose is None else dose for dose in doses), *areas, radiation.corrected_per_memory_error)


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
    return np.stack(event_rates(dose_rate_gy_s, flux_m2_s, sensitivity(radiation)), axis=1) * units


class _Flown(NamedTuple):
    """Orbits of the satellites of a propagator, from their positions in the first two hours."""

    least_m: Array  # distances from the Earth's centre
    most_m: Array
    mean_m: Array
    inclination_rad: Array
    known: Flags  # with positions throughout, below the end of the table of radiation


def _flown(propagator: Propagator, epoch: TimeGrid) -> _Flown:
    moving = propagator.on_grid(TimeGrid(epoch.epoch_jd, epoch.epoch_fr, SAMPLE_S, SAMPLES - 1))
    parts = []
    for lo in range(0, propagator.count, CHUNK):
        hi = min(lo + CHUNK, propagator.count)
        r_m = np.empty((SAMPLES, 3, hi - lo))
        codes = moving.fill(lo, hi, 0, r_m)
        away_m = np.linalg.norm(r_m, axis=1)
        normal = np.cross(r_m[0], r_m[1], axis=0)
        inclination = np.arccos(np.clip(normal[2] / np.maximum(np.linalg.norm(normal, axis=0), 1e-300), -1.0, 1.0))
        seen = np.ones(hi - lo, dtype=np.bool_) if codes is None else ~(codes != 0).any(axis=0)
        known = seen & (away_m.max(axis=0) <= EARTH_RADIUS_M + float(table().altitudes_m[-1]))
        parts.append(_Flown(away_m.min(axis=0), away_m.max(axis=0), away_m.mean(axis=0), inclination, known))
    return _Flown(*(np.concatenate(rows) for rows in zip(*parts, strict=True)))


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
    flown : _Flown
        Orbits of the satellites; those that are not known have no errors.
    """

    def __init__(self, propagator: Propagator, satellite: schema.Satellite, of: Conditions, grid: TimeGrid, flown: _Flown) -> None:
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
        planes = self.map.table.reshape(last - first + 1, -1, 2).max(axis=1).astype(np.float64)  # dose rate and flux
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


# --- means over orbits --------------------------------------------------------------------------------------------------


class OrbitMean(NamedTuple):
    """Means over an orbit behind the shielding: dose rates by source [Gy/s], protons above 30 MeV [1/(m2 s)], and what of both comes in the
    South Atlantic Anomaly."""

    dose_gy_s: tuple[float, ...]  # in the order of orbit.radiation.SOURCES
    flux_m2_s: float
    anomaly_share: float  # of the time
    anomaly_dose_gy_s: float
    anomaly_flux_m2_s: float


@lru_cache(maxsize=1024)
def orbit_mean_of(altitude_m: float, inclination_rad: float, areal_mass_kg_m2: float, of: Conditions) -> OrbitMean:
    """Means over a circular orbit, as `orbit.radiation_orbits` takes them.

    Parameters
    ----------
    altitude_m : float
        Altitude over the equator [m], at most 2,000 km.
    inclination_rad : float
        Inclination [rad].
    areal_mass_kg_m2 : float
        Areal density of the shielding [kg/m2].
    of : Conditions
        Time and sources.

    Returns
    -------
    OrbitMean
        Means.
    """
    doses, flux = dose_rates(altitude_m, areal_mass_kg_m2, of), proton_flux(altitude_m, of)
    trapped = proton_flux(altitude_m, of._replace(sources=("protons",)))  # mean solar protons would make anomalies of the polar caps
    inside = (trapped > ANOMALY_FLUX_M2_S).astype(np.float64)

    def mean(cells: Array) -> float:
        return orbit_mean(cells, inclination_rad)

    whole = np.sum([doses[source] for source in SOURCES], axis=0)
    return OrbitMean(tuple(mean(doses[source]) for source in SOURCES), mean(flux), mean(inside), mean(inside * whole), mean(inside * flux))


class _Group(NamedTuple):
    """Satellites of one type whose orbits share their means."""

    who: Ints  # in the fleet
    mean: OrbitMean


class FleetRadiation:
    """Radiation of a run: sources of errors, where they are drawn, and what there is to report.

    Parameters
    ----------
    run : Context
        The run.
    drawn : bool
        Whether errors are drawn.
    """

    def __init__(self, run: Context, drawn: bool) -> None:
        self.propagators, self.kinds, self.first = run.propagators, run.kinds, run.first
        self.scenario, self.grid, self.satellites = run.scenario, run.grid, run.satellites
        self.type_index, self.drawn = run.type_index, drawn
        self.of = conditions(self.scenario)
        self.sources: list[SoftErrors] = []
        self._source_kinds: list[int] = []
        for propagator, first, kind, flown in zip(self.propagators, self.first[:-1].tolist(), self.kinds, self._orbits if drawn else (), strict=False):
            satellite = self.scenario.types[kind]
            if satellite.accelerator.radiation is None or not flown.known.any():
                continue
            local = LocalRates(propagator, satellite, self.of, self.grid, flown)
            consequences = consequences_of(satellite)
            self.sources.append(SoftErrors(self.scenario.seed, 0, local, consequences, first, self.grid.duration_s))
            self._source_kinds.append(kind)

    @cached_property
    def _orbits(self) -> list[_Flown]:
        return [_flown(propagator, self.grid) for propagator in self.propagators]

    @cached_property
    def _groups(self) -> list[list[_Group]]:
        """Of each type its satellites by orbit; those that are not known are in none."""
        found: list[list[_Group]] = [[] for _ in self.scenario.types]
        for first, kind, flown in zip(self.first[:-1].tolist(), self.kinds, self._orbits, strict=True):
            areal = self.scenario.types[kind].shielding.areal_mass
            altitude_m = flown.mean_m - EARTH_RADIUS_M
            near = np.round(np.stack((altitude_m / GROUP_M, flown.inclination_rad / GROUP_RAD), axis=1)).astype(np.int64)
            for orbit in np.unique(near[flown.known], axis=0):
                who = np.flatnonzero((near == orbit).all(axis=1) & flown.known)
                # to a metre and a microradian: satellites of a shell differ by rounding
                size, tilt = round(float(altitude_m[who].mean())), round(float(flown.inclination_rad[who].mean()), 6)
                found[kind].append(_Group(first + who, orbit_mean_of(float(size), tilt, areal, self.of)))
        return found

    def interrupts_per_s(self) -> Array:
        """Mean rate at which errors interrupt each satellite.

        Returns
        -------
        ndarray, shape (satellites,)
            Rates [1/s]; 0 where errors are not drawn.
        """
        rates = np.zeros(self.satellites)
        for kind, groups in enumerate(self._groups if self.drawn else []):
            for group in groups:
                rates[group.who] = float(_mean_rates(group.mean, self.scenario.types[kind])[list(INTERRUPTING)].sum())
        return rates

    def rows(self) -> list[dict[str, Any]]:
        """Radiation and errors of each satellite type: section `radiation` of summary.json.

        Returns
        -------
        list of dict
            One row for each type; null where no orbit is known, the accelerator states no sensitivity, or nothing is drawn.
        """
        return [self._row(kind, groups) for kind, groups in enumerate(self._groups)]

    def notes(self) -> list[str]:
        """What is left out of the run.

        Returns
        -------
        list of str
            A sentence for each type whose errors are not drawn, and for satellites without a place in the table of radiation.
        """
        found = []
        for row, satellite in zip(self.rows(), self.scenario.types, strict=True):
            if satellite.accelerator.radiation is None:
                continue
            if row["orbits_unknown"]:
                found.append(
                    f"soft errors: none of {row['orbits_unknown']:,} satellites of type {satellite.name}, which have no positions in the first "
                    f"two hours or are above {1e-3 * float(table().altitudes_m[-1]):,.0f} km"
                )
            often = row["interruptions_per_satellite_day"]
            if not self.drawn and often and self.scenario.fleet is None:
                share = often * satellite.policy.restart / SECONDS_PER_DAY * _accelerators_struck(row, satellite)
                found.append(
                    f"soft errors: not drawn for satellites that work by themselves (fleet: {{}} draws them); {often:.3g} interruptions of a "
                    f"satellite of type {satellite.name} are expected a day, {100.0 * share:.2g} % of its accelerators' time"
                )
        return found

    def _row(self, kind: int, groups: Sequence[_Group]) -> dict[str, Any]:
        satellite, known = self.scenario.types[kind], sum(group.who.size for group in groups)
        count = int(np.sum(self.type_index == kind))
        weights = [group.who.size / known for group in groups]
        sensitive = satellite.accelerator.radiation is not None
        row: dict[str, Any] = {
            "satellite": satellite.name, "satellites": count, "orbits_unknown": count - known, "shielding_kg_m2": satellite.shielding.areal_mass,
        }  # fmt: skip
        names = ("dose_gy_per_year", "dose_by_source_gy_per_year", "proton_flux_m2_s", "anomaly_time_fraction", "anomaly_error_fraction",
                 "interruptions_per_satellite_day", "errors")  # fmt: skip
        if not known:
            return row | dict.fromkeys(names)

        def mean(values: Sequence[float]) -> float:
            return math.fsum(w * v for w, v in zip(weights, values, strict=True))

        by_source = {source: SECONDS_PER_YEAR * mean([g.mean.dose_gy_s[i] for g in groups]) for i, source in enumerate(SOURCES)}
        rates = np.array([_mean_rates(g.mean, satellite) for g in groups])
        inside = np.array([_mean_rates(g.mean, satellite, of_anomaly=True) for g in groups])
        expected = np.array(weights) @ rates * known * self.grid.duration_s
        happened = self._drawn(kind)
        total = float(np.array(weights) @ rates.sum(axis=1))
        return row | dict(zip(names, (
            math.fsum(by_source.values()), by_source, mean([g.mean.flux_m2_s for g in groups]), mean([g.mean.anomaly_share for g in groups]),
            float(np.array(weights) @ inside.sum(axis=1)) / total if total > 0.0 else None,
            SECONDS_PER_DAY * float(np.array(weights) @ rates[:, list(INTERRUPTING)].sum(axis=1)) if sensitive else None,
            {name: {"expected": float(expected[n]), "drawn": None if happened is None else int(happened[n])} for n, name in enumerate(KINDS)}
            if sensitive else None,
        ), strict=True))  # fmt: skip

    def _drawn(self, kind: int) -> Ints | None:
        """Errors of a type that were drawn, by kind."""
        if not self.drawn:
            return None
        mine = [source.drawn for source, of in zip(self.sources, self._source_kinds, strict=True) if of == kind]
        return np.sum(mine, axis=0, dtype=np.int64) if mine else np.zeros(len(KINDS), dtype=np.int64)


def consequences_of(satellite: schema.Satellite) -> Consequences:
    """What errors do to a satellite.

    Parameters
    ----------
    satellite : Satellite
        The satellite, whose accelerator states how sensitive it is.

    Returns
    -------
    Consequences
        Accelerators that restart, for how long.
    """
    radiation = satellite.accelerator.radiation
    assert radiation is not None
    return Consequences(satellite.accelerators, int(radiation.accelerators_per_host), satellite.policy.restart, radiation.latchup_loss)


def _accelerators_struck(row: dict[str, Any], satellite: schema.Satellite) -> float:
    """Mean share of a satellite's accelerators that an interruption stops."""
    radiation, each = satellite.accelerator.radiation, satellite.accelerators
    assert radiation is not None
    counts = {KINDS[n]: row["errors"][KINDS[n]]["expected"] for n in INTERRUPTING}
    many = min(int(radiation.accelerators_per_host), each)
    return math.fsum((many if name == "host_interrupt" else 1) * n for name, n in counts.items()) / (each * math.fsum(counts.values()))


def _mean_rates(mean: OrbitMean, satellite: schema.Satellite, of_anomaly: bool = False) -> Array:
    """Mean rates of a satellite by kind [1/s], or what of them comes in the anomaly."""
    dose, flux = (mean.anomaly_dose_gy_s, mean.anomaly_flux_m2_s) if of_anomaly else (math.fsum(mean.dose_gy_s), mean.flux_m2_s)
    return np.asarray(error_rates_per_s(np.array([dose]), np.array([flux]), satellite)[0])
