"""Formations of a scenario: what moves them, who is next to whom, and what the summary tells of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit import formation_geometry, proximity, station_keeping
from orbit.atmosphere import mean_density_kg_m3
from orbit.constants import SECONDS_PER_DAY
from orbit.elements import nodal_period_s, period_s
from orbit.environment import sun_position_m
from orbit.propagation import Formation
from orbit.relative_motion import linear_offsets_m, of_offsets
from orbit.shells import sun_synchronous_ring
from orbit.timegrid import TimeGrid
from sim.config import schema
from sim.config.scenario import Loaded
from sim.config.schema import Cluster, Motion
from sim.network.link_state import Lattice
from sim.network.topology import Pairs, lattice_pairs

Array = NDArray[np.float64]
UPKEEP = ("drag_drift_m_first_day", "station_keeping_m_s_yr")
ROUND = 360  # places round an orbit of which the air's density is the mean
LARGEST = 20_000  # satellites of one formation whose ranges are looked at: half a minute, half a gigabyte
MOST = 32  # formations of an entry that are looked at, evenly chosen: they differ by their place on the orbit alone


def _offsets_m(form: schema.Lattice, cross_track_m: float) -> Array:
    """Offsets (3, satellites) of one formation: radial, along-track, cross-track."""
    told = form.points if form.points is not None else formation_geometry.offsets_m(*form.disc, cross_track_m)
    return np.array(told).T


def propagators(entry: Cluster, grid: TimeGrid) -> list[Formation]:
    """The formations of a cluster, evenly round their orbit."""
    chiefs = sun_synchronous_ring(
        entry.altitude, schema.hours(entry.local_time), entry.clusters, grid.epoch_jd, grid.epoch_fr
    )
    relative = of_offsets(_offsets_m(entry.lattice, entry.lattice.cross_track), chiefs.subset(np.array([0])))
    return [Formation(chiefs.subset(np.array([c])), relative, grid) for c in range(entry.clusters)]


def constellation_blocks(entry: Cluster, first: int) -> list[Lattice]:
    """Who is next to whom in each of them; satellites are numbered from `first`."""
    offsets_m = _offsets_m(entry.lattice, 0.0)
    reach_m = entry.lattice.spacing or 0.0
    return [Lattice(first + c * offsets_m.shape[1], offsets_m, reach_m) for c in range(entry.clusters)]


def summary(loaded: Loaded, grid: TimeGrid) -> dict[str, Any] | None:
    """Over the first orbit and the last of the run, of all formations, as J2 has them.

    None where there is none of 2 to 20,000 satellites, or where motion is numerical: that is not what is looked at here.
    """
    motion = loaded.scenario.motion
    if motion is not None and motion.model == "numerical":
        return None
    found: list[dict[str, Any]] = []
    first = 0
    for i, entry in enumerate(loaded.scenario.constellation):
        if isinstance(entry, Cluster) and 1 < entry.lattice.count <= LARGEST:
            found += _cluster(entry, grid, first, motion)
        first += loaded.catalogues.count(i, entry)
    return _together(found) if found else None


def _cluster(entry: Cluster, grid: TimeGrid, first: int, motion: Motion | None) -> list[dict[str, Any]]:
    """The formations of one entry, each by itself."""
    moved, patch = propagators(entry, grid), constellation_blocks(entry, 0)[0]
    pairs = lattice_pairs(patch.offsets_m, patch.spacing_m)
    kept = _upkeep(entry, moved[0], grid, motion)
    found = []
    for c in np.unique(np.linspace(0, len(moved) - 1, MOST).round().astype(np.int64)).tolist():
        ranges = _ranges(moved[c], pairs, grid, first + c * moved[c].count)
        found.append(
            {
                **ranges,
                "below_keep_out": ranges["min_separation_m"] < entry.lattice.keep_out,
                "drift_m_per_day": float(np.ptp(moved[c].drift_m_s())) * SECONDS_PER_DAY,
                **kept,
            }
        )
    return found


def _ranges(moved: Formation, pairs: Pairs, grid: TimeGrid, first: int) -> dict[str, Any]:
    """Least and largest ranges; satellites are numbered from `first`."""
    chief = moved.chief
    orbit_s = nodal_period_s(float(chief.semi_major_axis_m[0]), float(chief.inclination_rad[0]))
    starts_s = sorted({0.0, max(0.0, grid.duration_s - orbit_s)})
    may = proximity.may_meet(linear_offsets_m(moved.relative, chief))
    near = min(proximity.closest(moved.positions_m, start_s, orbit_s, may) for start_s in starts_s)
    far_m, swings = 0.0, []
    for start_s in starts_s:
        r_m = moved.positions_m(np.linspace(start_s, start_s + orbit_s, proximity.SAMPLES + 1))
        far_m = max(far_m, proximity.farthest_m(r_m))
        if pairs[0].size:
            swings.append(proximity.swing_of_pairs_m(r_m, *pairs))
    return {
        "min_separation_m": near.range_m,
        "max_separation_m": far_m,
        "neighbour_range_m": [min(s[0] for s in swings), max(s[1] for s in swings)] if swings else None,
        "closest_s": near.time_s,
        "closest_pair": [first + k for k in near.pair],
    }


def _upkeep(entry: Cluster, moved: Formation, grid: TimeGrid, motion: Motion | None) -> dict[str, float | None]:
    """What unequal drag does in a day, and the velocity a year to hold a formation.

    In air of the density told, or of the table's mean round the orbit at the activity that `motion` names; null without.
    """
    told, chief = entry.station_keeping, moved.chief
    if told is None or (told.density is None and motion is None):
        return dict.fromkeys(UPKEEP)
    a, node, i = (float(x[0]) for x in (chief.semi_major_axis_m, chief.node_rad, chief.inclination_rad))
    sun = sun_position_m(np.array([grid.epoch_jd]), np.array([grid.epoch_fr]))[0]
    normal = np.array([math.sin(node) * math.sin(i), -math.cos(node) * math.sin(i), math.cos(i)])
    height = float(sun @ normal) / float(np.linalg.norm(sun))  # sine of the Sun's height over the orbit
    if told.density is not None:
        density = told.density
    else:
        assert motion is not None
        moments_s = np.linspace(0.0, period_s(a), ROUND, endpoint=False)
        round_m = moved.positions_m(moments_s, np.array([0]))[:, :, 0]
        density = mean_density_kg_m3(round_m, sun, motion.solar_activity.f107, motion.solar_activity.ap)
    unequal_m_s2 = told.mismatch * station_keeping.drag_acceleration_m_s2(a, density, told.drag)
    return {
        "drag_drift_m_first_day": station_keeping.along_track_drift_m(unequal_m_s2, SECONDS_PER_DAY),
        "station_keeping_m_s_yr": station_keeping.station_keeping_m_s_yr(
            a, density, told.drag, told.reflectivity, told.mismatch, math.sqrt(1.0 - height * height)
        ),
    }


def _together(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The extremes of several formations; the nearest approach with its moment and pair."""
    nearest = min(found, key=lambda f: (f["min_separation_m"], f["closest_s"]))
    ranges = [f["neighbour_range_m"] for f in found if f["neighbour_range_m"] is not None]

    def most(name: str) -> float | None:
        values = [f[name] for f in found if f[name] is not None]
        return max(values) if len(values) == len(found) else None

    return {
        **nearest,
        **{name: most(name) for name in ("max_separation_m", "drift_m_per_day", *UPKEEP)},
        "neighbour_range_m": [min(r[0] for r in ranges), max(r[1] for r in ranges)] if ranges else None,
        "below_keep_out": any(f["below_keep_out"] for f in found),
    }
