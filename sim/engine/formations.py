"""Formations of a scenario: propagators, neighbours, and their part of the summary."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit import drag, formation_columns, formation_geometry, proximity, station_keeping
from orbit.constants import EARTH_RADIUS_M, SECONDS_PER_DAY
from orbit.elements import CircularElements, nodal_period_s
from orbit.environment import sun_position_m
from orbit.propagation import Formation
from orbit.relative_motion import RelativeElements, linear_offsets_m, linear_quarter_m, of_offsets
from orbit.shells import sun_synchronous_ring
from orbit.timegrid import TimeGrid
from sim.config import propulsion_params, schema
from sim.config.economics_params import design_of
from sim.config.scenario import Loaded
from sim.config.schema import Cluster
from sim.memo import Memo
from sim.network.link_state import Lattice
from sim.network.topology import Pairs, lattice_pairs

Array = NDArray[np.float64]
STATION_KEEPING = ("drag_drift_m_first_day", "station_keeping_m_s_yr")
MAX_SATELLITES = 20_000  # of one formation whose ranges are computed: half a minute, 0.5 GB
MAX_FORMATIONS = 32  # of an entry, evenly chosen: they differ only by their position on the orbit
_KNOWN_RANGES: Memo[dict[str, Any]] = Memo(100_000)  # of earlier runs of this process


def _offsets_m(form: schema.Lattice, cross_track_m: float) -> Array:
    """Offsets (3, satellites) of one formation without columns: radial, along-track, cross-track."""
    points = form.points if form.points is not None else formation_geometry.offsets_m(*form.disc, cross_track_m)
    return np.array(points).T


def _relative(form: schema.Lattice, chief: CircularElements) -> RelativeElements:
    """Relative orbits of one formation."""
    if form.shape == "columns":
        *offsets, quarter_m, ahead_m = np.array(formation_columns.motions_m(*form.disc[1:])).T
        return of_offsets(np.array(offsets), chief, quarter_m, ahead_m)
    quarter_m = None if form.tilt is None else np.array(formation_geometry.quarter_offsets_m(*form.disc, form.cross_track_m))
    return of_offsets(_offsets_m(form, form.cross_track_m), chief, quarter_m)


def make_propagators(entry: Cluster, grid: TimeGrid) -> list[Formation]:
    """Propagators of the formations of a cluster, evenly spaced on their orbit.

    Parameters
    ----------
    entry : Cluster
        Validated entry of the constellation.
    grid : TimeGrid
        Time grid of the run.

    Returns
    -------
    list of Formation
        One propagator for each formation.

    References
    ----------
    [damico2010]
    """
    chiefs = sun_synchronous_ring(
        entry.altitude, schema.hours(entry.local_time), entry.clusters, grid.epoch_jd, grid.epoch_fr
    )
    relative = _relative(entry.lattice, chiefs.subset(np.array([0])))
    return [Formation(chiefs.subset(np.array([c])), relative, grid) for c in range(entry.clusters)]


def constellation_blocks(entry: Cluster, first: int) -> list[Lattice]:
    """Lattices of the formations of a cluster, from which their links follow.

    Parameters
    ----------
    entry : Cluster
        Validated entry of the constellation.
    first : int
        Number of the first satellite.

    Returns
    -------
    list of Lattice
        One lattice for each formation.
    """
    spacing_m = entry.lattice.spacing or 0.0
    if entry.lattice.shape == "columns":  # places in the lattice, two spacings apart in all directions
        rows = np.array(formation_columns.motions_m(*entry.lattice.disc[1:])).T
        offsets_m, spacing_m = np.stack((rows[0], rows[1], 2.0 * rows[4])), 2.0 * spacing_m
    else:
        offsets_m = _offsets_m(entry.lattice, 0.0)
    return [Lattice(first + c * offsets_m.shape[1], offsets_m, spacing_m) for c in range(entry.clusters)]


def summary(loaded: Loaded, grid: TimeGrid) -> dict[str, Any] | None:
    """Separations, drift and station keeping of all formations, over the first and the last orbit of the run, under J2.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    grid : TimeGrid
        Time grid of the run.

    Returns
    -------
    dict or None
        The entry `formation` of the summary; None without a formation of 2 to 20,000 satellites, or for numerical motion,
        which these closed forms do not describe.
    """
    scenario = loaded.scenario
    if scenario.motion.model == "numerical":
        return None
    formations: list[dict[str, Any]] = []
    first = 0
    for i, entry in enumerate(scenario.constellation):
        if isinstance(entry, Cluster) and 1 < entry.lattice.count <= MAX_SATELLITES:
            formations += _cluster(entry, grid, first, scenario)
        first += loaded.catalogues.count(i, entry)
    return _combined(formations) if formations else None


def _cluster(entry: Cluster, grid: TimeGrid, first: int, scenario: schema.Scenario) -> list[dict[str, Any]]:
    """Formations of one entry, each separately."""
    flying, block = make_propagators(entry, grid), constellation_blocks(entry, 0)[0]
    pairs = lattice_pairs(block.offsets_m, block.spacing_m)
    cost = _station_keeping(entry, flying[0], grid, scenario)
    formations = []
    for c in np.unique(np.linspace(0, len(flying) - 1, MAX_FORMATIONS).round().astype(np.int64)).tolist():
        ranges = _known_ranges(flying[c], pairs, grid, first + c * flying[c].count)
        formations.append(
            {
                **ranges,
                "below_keep_out": ranges["min_separation_m"] < entry.lattice.keep_out,
                "drift_m_per_day": float(np.ptp(flying[c].drift_m_s())) * SECONDS_PER_DAY,
                **cost,
            }
        )
    return formations


def _known_ranges(formation: Formation, pairs: Pairs, grid: TimeGrid, first: int) -> dict[str, Any]:
    """`_ranges`, found again for orbits and times that were asked before."""
    elements = [getattr(part, f.name) for part in (formation.chief, formation.relative) for f in fields(part)]
    times = np.array([grid.epoch_jd, grid.epoch_fr, grid.duration_s, float(first)])
    inputs = [np.ascontiguousarray(values) for values in (*elements, *pairs, times)]
    return deepcopy(_KNOWN_RANGES.remember(inputs, lambda: _ranges(formation, pairs, grid, first)))


def _ranges(formation: Formation, pairs: Pairs, grid: TimeGrid, first: int) -> dict[str, Any]:
    """Smallest and largest ranges; satellites are numbered from `first`."""
    chief = formation.chief
    orbit_s = nodal_period_s(float(chief.semi_major_axis_m[0]), float(chief.inclination_rad[0]))
    starts_s = sorted({0.0, max(0.0, grid.duration_s - orbit_s)})
    candidates = _may_meet(formation)
    nearest = min(proximity.closest(formation.positions_m, start_s, orbit_s, candidates) for start_s in starts_s)
    farthest_m, swings = 0.0, []
    for start_s in starts_s:
        r_m = formation.positions_m(np.linspace(start_s, start_s + orbit_s, proximity.SAMPLES + 1))
        farthest_m = max(farthest_m, proximity.farthest_m(r_m))
        if pairs[0].size:
            swings.append(proximity.swing_of_pairs_m(r_m, *pairs))
    return {
        "min_separation_m": nearest.range_m,
        "max_separation_m": farthest_m,
        "neighbour_range_m": [min(s[0] for s in swings), max(s[1] for s in swings)] if swings else None,
        "closest_s": nearest.time_s,
        "closest_pair": [first + k for k in nearest.pair],
    }


def _may_meet(formation: Formation) -> Pairs:
    """Pairs of satellites that may have the smallest range of all."""
    offsets_m, quarter_m = (of(formation.relative, formation.chief) for of in (linear_offsets_m, linear_quarter_m))
    ahead_m = formation.chief.semi_major_axis_m * formation.relative.dlambda
    if not ahead_m.any():
        return proximity.may_meet(offsets_m, quarter_m)
    from scipy.spatial import cKDTree  # slow to import, and columns are rare

    # in columns: those of the columns beside that are at most as far along the column as these are apart, and half as far again
    apart_m = float(np.diff(np.unique(ahead_m.round(3))).min())
    near = cKDTree((offsets_m[:2] * np.array([[2.0], [1.0]])).T).query_pairs(2.05 * apart_m, output_type="ndarray").astype(np.int64)
    close = np.abs(ahead_m[near[:, 0]] - ahead_m[near[:, 1]]) <= 3.0 * apart_m
    return near[close, 0], near[close, 1]


def _station_keeping(entry: Cluster, formation: Formation, grid: TimeGrid, scenario: schema.Scenario) -> dict[str, float | None]:
    """Differential drag over a day, and the station-keeping delta-v per year, both in the season of the epoch.

    Atmospheric density is the one given, or the table's average over the orbit; drag is the one given, or that of the attitude.
    """
    settings, chief = entry.station_keeping, formation.chief
    if settings is None:
        return dict.fromkeys(STATION_KEEPING)
    a, node, i = (float(x[0]) for x in (chief.semi_major_axis_m, chief.node_rad, chief.inclination_rad))
    sun_m = sun_position_m(np.array([grid.epoch_jd]), np.array([grid.epoch_fr]))[0]
    sun = sun_m / np.linalg.norm(sun_m)
    normal = np.array([math.sin(node) * math.sin(i), -math.cos(node) * math.sin(i), math.cos(i)])
    sin_beta = float(sun @ normal)
    drag_m2_kg, density = _drag(entry, a, i, node, (float(sun[0]), float(sun[1]), float(sun[2])), scenario)
    differential_m_s2 = settings.mismatch * station_keeping.drag_acceleration_m_s2(a, density, drag_m2_kg)
    return {
        "drag_drift_m_first_day": station_keeping.along_track_drift_m(differential_m_s2, SECONDS_PER_DAY),
        "station_keeping_m_s_yr": station_keeping.station_keeping_m_s_yr(
            a, density, drag_m2_kg, settings.reflectivity, settings.mismatch, math.sqrt(1.0 - sin_beta * sin_beta)
        ) + station_keeping.inclination_m_s_yr(a, i, float(np.abs(linear_quarter_m(formation.relative, chief)).max())),
    }


def _drag(entry: Cluster, a_m: float, i_rad: float, node_rad: float, sun: drag.Vector, scenario: schema.Scenario) -> tuple[float, float]:
    """C_D A / m [m2/kg] and density [kg/m3] on the orbit of a formation."""
    settings = entry.station_keeping
    assert settings is not None
    satellite, motion = scenario.types[scenario.type_index(entry)], scenario.motion
    mean = drag.over_orbit(drag.Orbit(a_m - EARTH_RADIUS_M, i_rad), satellite.attitude.law, propulsion_params.air(motion), node_rad, sun)
    density = mean.density_kg_m3 if settings.density is None else settings.density
    if settings.drag is not None:
        return settings.drag, density
    design, budget = design_of(satellite, scenario)
    area_m2 = mean.area_m2(propulsion_params.areas(satellite, design))
    return motion.drag_coefficient * area_m2 / budget.launch_kg, density


def _combined(formations: list[dict[str, Any]]) -> dict[str, Any]:
    """Extremes of several formations; the closest approach with its time and pair."""
    nearest = min(formations, key=lambda f: (f["min_separation_m"], f["closest_s"]))
    ranges = [f["neighbour_range_m"] for f in formations if f["neighbour_range_m"] is not None]

    def largest(name: str) -> float | None:
        values = [f[name] for f in formations if f[name] is not None]
        return max(values) if len(values) == len(formations) else None

    return {
        **nearest,
        **{name: largest(name) for name in ("max_separation_m", "drift_m_per_day", *STATION_KEEPING)},
        "neighbour_range_m": [min(r[0] for r in ranges), max(r[1] for r in ranges)] if ranges else None,
        "below_keep_out": any(f["below_keep_out"] for f in formations),
    }
