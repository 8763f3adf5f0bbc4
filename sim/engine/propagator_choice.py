"""Motion models: propagators that a scenario selects in its section `motion`."""

from __future__ import annotations

import numpy as np

from orbit.constants import EARTH_RADIUS_M
from orbit.environment import moon_position_m
from orbit.frames import gcrs_to_teme_quick
from orbit.kernels.forces import Forces
from orbit.mean_to_osculating import osculating_states
from orbit.numerical import Array, Bodies, Numerical
from orbit.propagation import CircularJ2, Formation, Propagator
from orbit.relative_motion import states as formation_states
from orbit.sgp4 import Sgp4, of_circular, states
from orbit.timegrid import TimeGrid
from sim.config.schema import Motion, Satellite


def area_to_mass_m2_kg(motion: Motion, satellite: Satellite, mass_kg: float) -> float:
    """Area-to-mass ratio of a satellite.

    Parameters
    ----------
    motion : Motion
        Section `motion` of the scenario.
    satellite : Satellite
        Section `satellite` of the scenario.
    mass_kg : float
        Launch mass of the satellite [kg].

    Returns
    -------
    float
        The ratio given [m2/kg], or half the area of array and radiator over the mass: the average area that a flat plate
        projects in all directions.
    """
    if motion.area_to_mass is not None:
        return motion.area_to_mass
    return 0.5 * (satellite.power.array.area + satellite.thermal.radiator.area) / mass_kg


def with_motion_model(
    start: Propagator, motion: Motion, satellite: Satellite, grid: TimeGrid, mass_kg: float
) -> Propagator:
    """Replace a propagator by that of the selected motion model.

    Parameters
    ----------
    start : Propagator
        Propagator of an entry of the constellation.
    motion : Motion
        Section `motion` of the scenario.
    satellite : Satellite
        Section `satellite`, for drag and solar pressure.
    grid : TimeGrid
        Time grid of the run.
    mass_kg : float
        Launch mass of a satellite, for drag and solar pressure [kg].

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
            return _numerical(start, motion, area_to_mass_m2_kg(motion, satellite, mass_kg), grid)
        case "sgp4" if isinstance(start, CircularJ2):
            return Sgp4(of_circular(start.elements, grid.epoch_jd, grid.epoch_fr), grid)
    return start


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


def _numerical(start: Propagator, motion: Motion, area: float, grid: TimeGrid) -> Numerical:
    r_m, v_m_s = _states_at_epoch(start, grid)
    ones = np.ones(start.count)
    bodies = Bodies(r_m, v_m_s, motion.drag_coefficient * area * ones, motion.reflectivity * area * ones)
    forces = Forces(motion.zonals, motion.drag, motion.solar_pressure, motion.sun, motion.moon)
    activity = motion.solar_activity
    at_epoch = np.swapaxes(gcrs_to_teme_quick(grid.epoch_jd, grid.epoch_fr), 0, 1)

    def of_date(jd: Array, fr: Array) -> Array:
        return np.asarray(gcrs_to_teme_quick(jd, fr) @ at_epoch)

    moon = moon_position_m if motion.moon else None
    return Numerical(
        bodies=bodies, grid=grid, forces=forces, f107=activity.f107, ap=activity.ap, moon=moon, of_date=of_date,
    )
