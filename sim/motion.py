"""Numerical motion as a scenario asks for it."""

from __future__ import annotations

import numpy as np

from orbit.environment import moon_position_m
from orbit.frames import gcrs_to_teme_quick
from orbit.kernels.forces import Forces
from orbit.numerical import Array, Bodies, Numerical
from orbit.osculating import osculating_states, sgp4_states
from orbit.propagation import CircularJ2, Propagator, Sgp4
from orbit.timegrid import TimeGrid
from sim.spec import Motion, Satellite


def area_to_mass_m2_kg(motion: Motion, satellite: Satellite) -> float:
    """Of one satellite: as told, or half of array and radiator, the mean a flat plate shows to all directions."""
    if motion.area_to_mass is not None:
        return motion.area_to_mass
    return 0.5 * (satellite.power.array.area + satellite.thermal.radiator.area) / satellite.mass


def moved(start: Propagator, motion: Motion, satellite: Satellite, grid: TimeGrid) -> Numerical:
    """The satellites of another model of motion, taken at the epoch and moved numerically from there.

    Raises TypeError for one that has no states at the epoch; checks refuse it before.
    """
    if isinstance(start, CircularJ2):
        r_m, v_m_s = osculating_states(start.elements)
    elif isinstance(start, Sgp4):
        r_m, v_m_s = sgp4_states(start.sets, grid)
    else:
        raise TypeError(f"{type(start).__name__} tells no states at the epoch")
    area = area_to_mass_m2_kg(motion, satellite)
    each = np.ones(start.count)
    bodies = Bodies(r_m, v_m_s, motion.drag_coefficient * area * each, motion.reflectivity * area * each)
    forces = Forces(motion.zonals, motion.drag, motion.solar_pressure, motion.sun, motion.moon)
    activity = motion.solar_activity
    at_epoch = np.swapaxes(gcrs_to_teme_quick(grid.epoch_jd, grid.epoch_fr), 0, 1)

    def of_date(jd: Array, fr: Array) -> Array:
        return np.asarray(gcrs_to_teme_quick(jd, fr) @ at_epoch)

    moon = moon_position_m if motion.moon else None
    return Numerical(bodies, grid, forces, activity.f107, activity.ap, moon, of_date)
