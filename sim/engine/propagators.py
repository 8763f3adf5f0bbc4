"""Propagators of a constellation, and its ground stations."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from orbit.catalog import elements
from orbit.ephemeris import Ephemeris
from orbit.ground import Station
from orbit.propagation import CircularJ2, Propagator
from orbit.sgp4 import Sgp4
from orbit.shells import staggered_lead_slots, sun_synchronous_ring, walker, walker_lead_slots, walker_sgp4
from orbit.timegrid import TimeGrid, julian_date
from sim.config import schema
from sim.config.economics_params import design_of
from sim.config.propulsion_params import areas
from sim.config.scenario import Loaded
from sim.config.schema import (
    Cluster,
    Constellation,
    Ground,
    Oem,
    Omm,
    Ring,
    Scenario,
    Shorthand,
    Tle,
    Walker,
    hours,
)
from sim.engine import burns, formations
from sim.engine.propagator_choice import Surfaces, with_manoeuvres, with_motion_model


def time_grid(scenario: Scenario) -> TimeGrid:
    """Time grid of a run.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    TimeGrid
        Epoch, step and number of steps.
    """
    return TimeGrid(*julian_date(scenario.epoch), scenario.step, scenario.steps)


def make_propagators(loaded: Loaded, grid: TimeGrid) -> list[Propagator]:
    """Propagators of a constellation.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    grid : TimeGrid
        Time grid of the run.

    Returns
    -------
    list of Propagator
        Propagators of the entries of `constellation`, in order; each formation has one of its own.
    """
    scenario = loaded.scenario
    fleet: list[Propagator] = []
    listed, first = burns.scheduled(loaded), 0
    for i, entry in enumerate(scenario.constellation):
        satellite = scenario.types[scenario.type_index(entry)]
        design, budget = design_of(satellite, scenario, loaded.catalogues.sets)
        surfaces = Surfaces(areas(satellite, design), budget.launch_kg, satellite.attitude.law)
        for p in _propagators_of(entry, i, loaded, grid):
            moving = with_motion_model(p, scenario.motion, grid, surfaces)
            if isinstance(moving, CircularJ2):
                moving = with_manoeuvres(moving, scenario.motion, satellite.propulsion, surfaces, burns.within(listed, first, p.count))
            fleet.append(moving)
            first += p.count
    return fleet


def _propagators_of(entry: Constellation, i: int, loaded: Loaded, grid: TimeGrid) -> list[Propagator]:
    match entry:
        case Walker():
            return [_walker(entry, grid)]
        case Ring():
            ring = sun_synchronous_ring(
                entry.altitude, hours(entry.local_time), entry.satellites, grid.epoch_jd, grid.epoch_fr
            )
            return [CircularJ2(ring, grid)]
        case Cluster():
            return list(formations.make_propagators(entry, grid))
        case Shorthand():
            return [_walker(shell, grid) for shell in entry.shells]
        case Tle() | Omm():
            return [Sgp4(elements(loaded.catalogues.sets[i]), grid)]
        case Oem():
            return [Ephemeris(loaded.catalogues.tracks[i], grid)]


def _walker(entry: Walker, grid: TimeGrid) -> Propagator:
    """A shell propagated by secular J2, or by SGP4 where its mean motion is given."""
    span = 2.0 * np.pi if entry.pattern == "delta" else np.pi
    ahead = staggered_lead_slots(entry.planes, entry.stagger)
    ahead = ahead + entry.mean_anomaly * entry.satellites_per_plane / (2.0 * np.pi)
    lead = walker_lead_slots(entry.planes, entry.phasing) + ahead
    if entry.mean_motion is not None:
        mean_motion_rev_d = entry.mean_motion * 86400.0 / (2.0 * np.pi)
        mean = walker_sgp4(
            mean_motion_rev_d, entry.inclination, entry.satellites_per_plane, lead, grid.epoch_jd, grid.epoch_fr, span
        )
        return Sgp4(mean, grid)
    assert entry.altitude is not None
    shell = walker(entry.altitude, entry.inclination, entry.planes, entry.satellites_per_plane, entry.phasing, span)
    ahead = np.repeat(ahead, entry.satellites_per_plane) * 2.0 * np.pi / entry.satellites_per_plane
    latitude_argument_rad = np.mod(shell.latitude_argument_rad + ahead, 2.0 * np.pi)
    return CircularJ2(replace(shell, latitude_argument_rad=latitude_argument_rad), grid)


def stations(scenario: Scenario) -> list[Station]:
    """Ground stations of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of Station
        Stations in order, points of presence among them, which see nothing; empty without a ground section.
    """
    if scenario.ground is None:
        return []
    return [_station(s, scenario.ground) for s in scenario.ground.stations]


def _station(site: schema.Station, ground: Ground) -> Station:
    """A station; its mask over azimuth replaces the minimum elevation of all stations, its own minimum applies besides the mask."""
    mask = tuple(site.mask or ())
    least = min((elevation for _, elevation in mask), default=ground.min_elevation)
    range_m = ground.max_range if site.max_range is None else site.max_range
    if site.role == "pop":  # without antennas: nothing is in reach
        range_m = 0.0
    return Station(
        name=site.name, latitude_rad=site.latitude, longitude_rad=site.longitude, height_m=site.height,
        min_elevation_rad=least if site.min_elevation is None else site.min_elevation, mask_rad=mask,
        max_range_m=math.inf if range_m is None else range_m,
    )  # fmt: skip
