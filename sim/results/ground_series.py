"""Stations over time, and latency over the Earth, as arrays of the results."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine import propagators
from sim.engine.ground_stations import by_role
from sim.engine.outcome import Outcome
from sim.network.latency_map import latitudes_deg, longitudes_deg
from sim.results import ground_summary
from sim.schema import STATION_ROLES

Array = NDArray[np.float64]


def finite(values: Array) -> Array:
    """Not a number where there is none.

    Parameters
    ----------
    values : ndarray
        Infinite where there is none.

    Returns
    -------
    ndarray
        The same with NaN there.
    """
    return np.where(np.isfinite(values), values, np.nan)


def stations(outcome: Outcome) -> dict[str, Any]:
    """Stations and pairs of stations, and their round trips every step.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    dict of str to array_like
        Values by name of the table in `sim.schema`.
    """
    sites = propagators.stations(outcome.loaded.scenario)
    rtt_ms, user_ms = ground_summary.round_trips_ms(outcome)
    internet_ms, section = ground_summary.internet_ms(outcome), outcome.loaded.scenario.ground
    ground_routing = outcome.ground_routing
    pairs = [] if ground_routing is None else ground_routing.pairs
    across_s = np.zeros((outcome.grid.steps, 0)) if ground_routing is None else ground_routing.pair_propagation_s()
    return {
        "station": [s.name for s in sites],
        "propagation_rtt_ms": finite(rtt_ms.T),
        "user_rtt_ms": finite(rtt_ms.T if user_ms is None else user_ms.T),
        "latitude_deg": np.degrees([s.latitude_rad for s in sites]),
        "longitude_deg": np.degrees([s.longitude_rad for s in sites]),
        "station_role": [STATION_ROLES.index(s.role) for s in ([] if section is None else section.stations)],
        "internet_station": [sites[u].name for u in by_role(outcome.loaded.scenario, "user").tolist()][: internet_ms.shape[1]],
        "internet_rtt_ms": finite(internet_ms.T),
        **_links(outcome),
        "min_elevation_deg": np.degrees([s.lowest_elevation_rad for s in sites]),
        "pair": [f"{sites[a].name} - {sites[b].name}" for a, b in pairs],
        "pair_rtt_ms": finite(2e3 * across_s.T),
    }


def _links(outcome: Outcome) -> dict[str, Any]:
    """What sites with a budget carry and what the atmosphere takes, every step; no sites without a radio or telescope."""
    routing = outcome.ground_routing
    found = None if routing is None else routing.budget
    if found is None:
        none = np.zeros((0, outcome.grid.steps))
        return {"link_site": [], "site_down_bit_s": none, "site_attenuation_db": none}
    sites = propagators.stations(outcome.loaded.scenario)
    return {
        "link_site": [sites[row].name for row in found.rows.tolist()],
        "site_down_bit_s": found.down_bit_s.T,
        "site_attenuation_db": finite(found.attenuation_db.T),
    }


def places(outcome: Outcome) -> dict[str, Any]:
    """Latency over the Earth: median and coverage of each place; empty without stations or routes.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    dict of str to array_like
        Values by name of the table in `sim.schema`.
    """
    ground, routing = outcome.loaded.scenario.ground, outcome.ground_routing
    found = None if routing is None else routing.latency_map
    if ground is None or found is None or not found.steps.size:
        none = np.zeros((0, 0))
        return {"place_latitude_deg": none.ravel(), "place_longitude_deg": none.ravel(), "place_user_rtt_ms": none, "place_coverage": none}
    served = np.isfinite(found.one_way_s)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # places that are never served
        median_s = np.nanmedian(np.where(served, found.one_way_s, np.nan), axis=0)
    return {
        "place_latitude_deg": latitudes_deg(),
        "place_longitude_deg": longitudes_deg(),
        "place_user_rtt_ms": 2e3 * median_s + ground_summary.overhead_ms(ground),
        "place_coverage": served.mean(axis=0),
    }
