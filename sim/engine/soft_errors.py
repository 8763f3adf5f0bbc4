"""Radiation of a run: means over its orbits, sources of errors, and what of them happened."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import EARTH_RADIUS_M, SECONDS_PER_DAY
from orbit.cosmic_rays import SECONDS_PER_YEAR
from orbit.propagation import Propagator
from orbit.radiation import ANOMALY_FLUX_M2_S, SOURCES, Conditions, dose_rates, proton_flux
from orbit.radiation_orbits import orbit_mean
from orbit.radiation_table import table
from orbit.timegrid import TimeGrid
from sim.config import schema
from sim.config.ageing import conditions
from sim.engine.local_rates import Flown, LocalRates, error_rates_per_s, flown_orbits
from sim.fleet.soft_errors import INTERRUPTING, KINDS, SILENT, Consequences, SoftErrors

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

GROUP_M, GROUP_RAD = 25e3, math.radians(2.0)  # orbits that share their means
TILTS = 1_000  # more than there are inclinations 2 deg apart


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
    scenario : Scenario
        The scenario.
    propagators : list of Propagator
        Its satellites.
    kinds : sequence of int
        Type of the satellites of each propagator, an index into `Scenario.types`.
    grid : TimeGrid
        Time grid of the run.
    drawn : bool
        Whether errors are drawn.
    """

    def __init__(
        self, scenario: schema.Scenario, propagators: Sequence[Propagator], kinds: Sequence[int], grid: TimeGrid, drawn: bool
    ) -> None:
        self.scenario, self.propagators, self.kinds, self.grid, self.drawn = scenario, propagators, kinds, grid, drawn
        counts = [propagator.count for propagator in propagators]
        self.first = np.cumsum([0, *counts]).tolist()
        self.satellites = self.first.pop()
        self.of = conditions(scenario.environment, scenario.epoch)
        self.sources: list[SoftErrors] = []
        self._source_kinds: list[int] = []
        if not drawn:
            return
        for propagator, first, kind, flown in zip(propagators, self.first, kinds, self._orbits, strict=True):
            satellite = scenario.types[kind]
            if satellite.accelerator.radiation is None or not flown.known.any():
                continue
            local = LocalRates(propagator, satellite, self.of, grid, flown)
            self.sources.append(SoftErrors(scenario.seed, 0, local, consequences_of(satellite), first, grid.duration_s))
            self._source_kinds.append(kind)

    @cached_property
    def _orbits(self) -> list[Flown]:
        return [flown_orbits(propagator, self.grid) for propagator in self.propagators]

    @cached_property
    def _groups(self) -> list[list[_Group]]:
        """Of each type its satellites by orbit; those that are not known are in none."""
        found: list[list[_Group]] = [[] for _ in self.scenario.types]
        for first, kind, flown in zip(self.first, self.kinds, self._orbits, strict=True):
            areal = self.scenario.types[kind].shielding.areal_mass
            altitude_m = flown.mean_m - EARTH_RADIUS_M
            height, tilted = (np.round(x).astype(np.int64) for x in (altitude_m / GROUP_M, flown.inclination_rad / GROUP_RAD))
            near = height * TILTS + tilted
            for orbit in np.unique(near[flown.known]).tolist():
                who = np.flatnonzero((near == orbit) & flown.known)
                # to a metre and a microradian: satellites of a shell differ by rounding
                size, tilt = round(float(altitude_m[who].mean())), round(float(flown.inclination_rad[who].mean()), 6)
                found[kind].append(_Group(first + who, orbit_mean_of(float(size), tilt, areal, self.of)))
        return found

    def errors_per_s(self) -> Array:
        """Mean rates of errors of each satellite.

        Returns
        -------
        ndarray, shape (2, satellites)
            Rates of errors that interrupt it, and of silent ones [1/s]; 0 where errors are not drawn.
        """
        rates = np.zeros((2, self.satellites))
        for kind, groups in enumerate(self._groups if self.drawn else []):
            for group in groups:
                found = _mean_rates(group.mean, self.scenario.types[kind])
                rates[:, group.who] = [[float(found[list(INTERRUPTING)].sum())], [float(found[SILENT])]]
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
            A sentence for each type with satellites that have no place in the table of radiation.
        """
        limit_km = 1e-3 * float(table().altitudes_m[-1])
        return [
            f"soft errors: none of {row['orbits_unknown']:,} satellites of type {row['satellite']}, which have no positions at the epoch or are "
            f"above {limit_km:,.0f} km"
            for row, satellite in zip(self.rows(), self.scenario.types, strict=True)
            if row["orbits_unknown"] and satellite.accelerator.radiation is not None
        ]

    def _row(self, kind: int, groups: Sequence[_Group]) -> dict[str, Any]:
        satellite, known = self.scenario.types[kind], sum(group.who.size for group in groups)
        count = sum(propagator.count for propagator, of in zip(self.propagators, self.kinds, strict=True) if of == kind)
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


def _mean_rates(mean: OrbitMean, satellite: schema.Satellite, of_anomaly: bool = False) -> Array:
    """Mean rates of a satellite by kind [1/s], or what of them comes in the anomaly."""
    dose, flux = (mean.anomaly_dose_gy_s, mean.anomaly_flux_m2_s) if of_anomaly else (math.fsum(mean.dose_gy_s), mean.flux_m2_s)
    return np.asarray(error_rates_per_s(np.array([dose]), np.array([flux]), satellite)[0])
