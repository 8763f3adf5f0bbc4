"""Motion models: propagators that a scenario selects in its section `motion`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from orbit import drag
from orbit.constants import EARTH_RADIUS_M
from orbit.environment import moon_position_m, sun_position_m
from orbit.frames import gcrs_to_teme_quick
from orbit.kernels.forces import Forces
from orbit.manoeuvres import Braking, Burn, DeadBand, build
from orbit.mean_to_osculating import osculating_states
from orbit.numerical import Array, Bodies, Numerical
from orbit.propagation import CircularJ2, Formation, Propagator
from orbit.relative_motion import states as formation_states
from orbit.sgp4 import Sgp4, of_circular, states
from orbit.timegrid import TimeGrid
from sim.config.schema import Motion, Propulsion


class Surfaces(NamedTuple):
    """What air and sunlight act on: areas, mass at launch, attitude law."""

    areas: drag.Areas
    mass_kg: float
    law: str


def areas_to_mass_m2_kg(surfaces: Surfaces, motion: Motion, r_m: Array, v_m_s: Array, grid: TimeGrid) -> tuple[Array, Array]:
    """Area per mass against air and sunlight, by the attitude on each orbit at the epoch.

    Parameters
    ----------
    surfaces : Surfaces
        Areas, mass and attitude law.
    motion : Motion
        Section `motion` of the scenario.
    r_m, v_m_s : ndarray, shape (satellites, 3)
        Position [m] and velocity [m/s].
    grid : TimeGrid
        Time grid of the run.

    Returns
    -------
    air, light : ndarray, shape (satellites,)
        The ratio given [m2/kg], or the mean over a revolution.
    """
    ones = np.ones(len(r_m))
    if motion.area_to_mass is not None:
        return motion.area_to_mass * ones, motion.area_to_mass * ones
    sun_m = sun_position_m(np.array([grid.epoch_jd]), np.array([grid.epoch_fr]))[0]
    sun_x, sun_y, sun_z = (float(x) for x in sun_m / np.linalg.norm(sun_m))
    normal = np.cross(r_m, v_m_s)
    tilt = np.degrees(np.arctan2(np.hypot(normal[:, 0], normal[:, 1]), normal[:, 2]))
    node = np.degrees(np.arctan2(normal[:, 0], -normal[:, 1]))
    altitude_km = (np.linalg.norm(r_m, axis=1) - EARTH_RADIUS_M) / 1e3
    # orbits within a degree and 20 km have the same areas
    orbits, which = np.unique(np.round(np.stack((altitude_km / 20.0, tilt, node), axis=1)), axis=0, return_inverse=True)
    activity = drag.Air(motion.solar_activity.f107, motion.solar_activity.ap)
    found = []
    for step, tilt_deg, node_deg in orbits.tolist():
        orbit = drag.Orbit(20e3 * step, math.radians(tilt_deg))
        mean = drag.over_orbit(orbit, surfaces.law, activity, math.radians(node_deg), (sun_x, sun_y, sun_z))
        found.append((mean.area_m2(surfaces.areas), mean.sunlit_m2(surfaces.areas)))
    ratios = np.array(found)[which.ravel()] / surfaces.mass_kg
    return np.ascontiguousarray(ratios[:, 0]), np.ascontiguousarray(ratios[:, 1])


def with_motion_model(
    start: Propagator, motion: Motion, grid: TimeGrid, surfaces: Surfaces
) -> Propagator:
    """Replace a propagator by that of the selected motion model.

    Parameters
    ----------
    start : Propagator
        Propagator of an entry of the constellation.
    motion : Motion
        Section `motion` of the scenario.
    grid : TimeGrid
        Time grid of the run.
    surfaces : Surfaces
        Areas and mass of a satellite, for drag and solar pressure.

    Returns
    -------
    Propagator
        A propagator of the same satellites; `start` itself where the model does not change it.

    Raises
    ------
    TypeError
        If the entry has no states at the epoch; validation refuses such scenarios.
    """
    match motion.model:
        case "numerical":
            return _numerical(start, motion, surfaces, grid)
        case "sgp4" if isinstance(start, CircularJ2):
            return Sgp4(of_circular(start.elements, grid.epoch_jd, grid.epoch_fr), grid)
    return start


def with_manoeuvres(
    start: CircularJ2, motion: Motion, propulsion: Propulsion, surfaces: Surfaces, burns: Sequence[Burn]
) -> Propagator:
    """Replace a propagator of circular orbits by one in segments where orbits decay, are raised again, or are changed by burns.

    Parameters
    ----------
    start : CircularJ2
        Propagator of an entry of the constellation.
    motion : Motion
        Section `motion` of the scenario.
    propulsion : Propulsion
        Section `propulsion` of the satellites.
    surfaces : Surfaces
        Areas and mass of a satellite.
    burns : sequence of Burn
        Scheduled burns of its satellites.

    Returns
    -------
    Propagator
        A propagator of the same satellites; `start` itself where altitudes are kept at all times and nothing burns.
    """
    sinks = propulsion.altitude == "decaying" or propulsion.dead_band is not None
    if not sinks and not burns:
        return start
    activity = drag.Air(motion.solar_activity.f107, motion.solar_activity.ap)
    braking = Braking(surfaces.areas, surfaces.law, motion.drag_coefficient, surfaces.mass_kg, activity)
    dead_band = None if propulsion.dead_band is None else DeadBand(propulsion.dead_band, propulsion.thrust / surfaces.mass_kg)
    return build(start.elements, start.grid, braking if sinks else None, burns, dead_band)


def _states_at_epoch(start: Propagator, grid: TimeGrid) -> tuple[Array, Array]:
    """Osculating positions [m] and velocities [m/s], shape (satellites, 3)."""
    if isinstance(start, CircularJ2):
        return osculating_states(start.elements)
    if isinstance(start, Formation):
        r_m, v_m_s = formation_states(start.elements())
        return np.ascontiguousarray(r_m.T), np.ascontiguousarray(v_m_s.T)
    if isinstance(start, Sgp4):
        r_m, v_m_s, codes = states(start.elements, np.array([grid.epoch_jd]), np.array([grid.epoch_fr]))
        # one without a position is placed inside the Earth, so that it counts as decayed
        lost = codes != 0
        return np.where(lost, (0.5 * EARTH_RADIUS_M, 0.0, 0.0), r_m[:, 0]), np.where(lost, (0.0, 1e3, 0.0), v_m_s[:, 0])
    raise TypeError(f"{type(start).__name__} has no states at the epoch")


def _numerical(start: Propagator, motion: Motion, surfaces: Surfaces, grid: TimeGrid) -> Numerical:
    r_m, v_m_s = _states_at_epoch(start, grid)
    air_m2_kg, light_m2_kg = areas_to_mass_m2_kg(surfaces, motion, r_m, v_m_s, grid)
    bodies = Bodies(r_m, v_m_s, motion.drag_coefficient * air_m2_kg, motion.reflectivity * light_m2_kg)
    forces = Forces(motion.zonals, motion.drag, motion.solar_pressure, motion.sun, motion.moon)
    activity = motion.solar_activity
    at_epoch = np.swapaxes(gcrs_to_teme_quick(grid.epoch_jd, grid.epoch_fr), 0, 1)

    def of_date(jd: Array, fr: Array) -> Array:
        return np.asarray(gcrs_to_teme_quick(jd, fr) @ at_epoch)

    moon = moon_position_m if motion.moon else None
    return Numerical(
        bodies=bodies, grid=grid, forces=forces, f107=activity.f107, ap=activity.ap, moon=moon, of_date=of_date,
    )
