"""Ground stations of a scenario by role: users, gateways, points of presence, and the fibre between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from orbit.timegrid import TimeGrid
from sim.config import schema
from sim.config.radio_params import radio_link, telescope_link
from sim.engine import propagators
from sim.network.ground_budget import GroundBudget, Terms
from sim.network.ground_paths import GroundPaths
from sim.network.internet_paths import handover_slot
from sim.network.latency_map import places_rad
from sim.network.site_links import SiteAccess
from sim.network.terrestrial import delay_matrix_s, gateway_delays_s
from sim.network.weather import Weather

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = tuple[Array, Array]


def by_role(scenario: schema.Scenario, role: str) -> Ints:
    """Stations of a role.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    role : str
        user, gateway or pop.

    Returns
    -------
    ndarray of int64
        Their numbers, ascending.
    """
    ground = scenario.ground
    return np.array([n for n, s in enumerate([] if ground is None else ground.stations) if s.role == role], dtype=np.int64)


def paths(scenario: schema.Scenario, allowed: NDArray[np.bool_] | None = None) -> GroundPaths | None:
    """Stations by role and the terrestrial ways between them.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    allowed : ndarray of bool, optional
        Stations that may carry prompts, (stations,): no way leads over other points of presence. By default all.

    Returns
    -------
    GroundPaths or None
        None where all stations are users with terminals of their own.
    """
    ground = scenario.ground
    if ground is None or all(s.role == "user" for s in ground.stations):
        return None
    users, gateways, pops = (by_role(scenario, role) for role in ("user", "gateway", "pop"))
    to_pop_s = _to_pops(ground, gateways, pops)
    fibre_s = _to_gateways(ground, _places(ground, users), gateways, pops, allowed)
    if allowed is not None:
        to_pop_s[:, ~allowed[pops]] = np.inf
    named = {ground.stations[p].name: n for n, p in enumerate(pops.tolist())}
    wanted = [ground.stations[u].pop for u in users.tolist()]
    used = sorted({named[name] for name in wanted if name is not None})
    columns, pop = [to_pop_s[:, n] for n in used], np.zeros(users.size, dtype=np.int64)
    if None in wanted or not wanted:  # any point of presence, or the gateway itself where there is none
        columns.append(to_pop_s.min(axis=1, initial=np.inf) if pops.size else np.zeros(gateways.size))
    for u, name in enumerate(wanted):
        pop[u] = len(used) if name is None else used.index(named[name])
    return GroundPaths(users, gateways, ground.access == "gateway", fibre_s, np.stack(columns, axis=1), pop)


def _places(ground: schema.Ground, which: Ints) -> Places:
    stations = [ground.stations[n] for n in which.tolist()]
    return np.array([s.latitude for s in stations]), np.array([s.longitude for s in stations])


def _to_pops(ground: schema.Ground, gateways: Ints, pops: Ints) -> Array:
    """Delays from gateways to points of presence, (G, P); a gateway that names one serves no other."""
    named = {ground.stations[p].name: n for n, p in enumerate(pops.tolist())}
    own = np.array([named.get(ground.stations[g].pop or "", -1) for g in gateways.tolist()], dtype=np.int64)
    return gateway_delays_s(*_places(ground, gateways), own, *_places(ground, pops), ground.fibre_route)


def map_fibre_s(scenario: schema.Scenario, allowed: NDArray[np.bool_] | None = None) -> Array | None:
    """Delays of fibre from the places of a map of latency to the gateways.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    allowed : ndarray of bool, optional
        As in `paths`.

    Returns
    -------
    ndarray or None
        (places, G) [s]; None where users have terminals of their own.
    """
    ground = scenario.ground
    if ground is None or ground.access != "gateway":
        return None
    return _to_gateways(ground, places_rad(), by_role(scenario, "gateway"), by_role(scenario, "pop"), allowed)


def _to_gateways(ground: schema.Ground, users_rad: Places, gateways: Ints, pops: Ints, allowed: NDArray[np.bool_] | None) -> Array:
    """Delays from users to gateways, (U, G), by way of the point of presence of the gateway."""
    direct_s = delay_matrix_s(*users_rad, *_places(ground, gateways), ground.fibre_route)
    if not pops.size:
        return direct_s
    named = {ground.stations[p].name: n for n, p in enumerate(pops.tolist())}
    to_pop_s = delay_matrix_s(*users_rad, *_places(ground, pops), ground.fibre_route)
    onwards_s = delay_matrix_s(*_places(ground, gateways), *_places(ground, pops), ground.fibre_route)
    for column, g in enumerate(gateways.tolist()):
        own = ground.stations[g].pop
        if own is not None:
            open_ = allowed is None or bool(allowed[pops[named[own]]])
            direct_s[:, column] = to_pop_s[:, named[own]] + onwards_s[column, named[own]] if open_ else np.inf
    return direct_s


def slots(scenario: schema.Scenario, grid: TimeGrid) -> Ints | None:
    """Intervals between assignments of satellites to stations.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    grid : TimeGrid
        Steps of the run.

    Returns
    -------
    ndarray of int64, shape (steps,)
        Number of the interval in which each step ends; None where satellites are chosen anew in every step.
    """
    period_s = None if scenario.ground is None else scenario.ground.handover
    if period_s is None:
        return None
    day = grid.epoch.replace(hour=0, minute=0, second=0, microsecond=0)
    first_us, step_us = round((grid.epoch - day).total_seconds() * 1e6), round(grid.step_s * 1e6)
    return handover_slot((first_us + step_us * np.arange(1, grid.steps + 1)) / 1e6, period_s)


def budget(scenario: schema.Scenario) -> GroundBudget | None:
    """Link budgets of gateways, or of all stations where none is a gateway.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    GroundBudget or None
        None where the scenario states neither a radio nor a telescope.
    """
    ground = scenario.ground
    if ground is None or (ground.radio is None and ground.telescope is None):
        return None
    rows = by_role(scenario, "gateway")
    rows = rows if rows.size else by_role(scenario, "user")
    sites = [propagators.stations(scenario)[n] for n in rows.tolist()]
    link = None if ground.radio is None else radio_link(ground.radio)
    optics = None if ground.telescope is None else telescope_link(ground.telescope)
    own = link.antennas if link is not None else optics.telescopes if optics is not None else 0
    listed = [ground.stations[n].antennas for n in rows.tolist()]
    antennas = np.array([own if number is None else number for number in listed], dtype=np.int64)
    weather = Weather(sites, scenario.steps + 1, scenario.step, scenario.seed) if ground.weather == "simulated" and sites else None
    return GroundBudget(rows, sites, Terms(link, optics, antennas), weather, scenario.steps)


def site_access(scenario: schema.Scenario, budgeted: GroundBudget | None) -> SiteAccess:
    """Sites that carry data of jobs: gateways, or all stations where none is a gateway.

    Parameters
    ----------
    scenario : Scenario
        The scenario, with ground stations.
    budgeted : GroundBudget or None
        Budgets of their links; None: all have the constant rate of the scenario.

    Returns
    -------
    SiteAccess
        The sites.
    """
    ground = scenario.ground
    assert ground is not None
    rows = by_role(scenario, "gateway")
    rows = rows if rows.size else by_role(scenario, "user")
    if budgeted is not None:
        return SiteAccess(rows, budgeted.terms.antennas, None)
    antennas = np.array([ground.stations[n].antennas or 1 for n in rows.tolist()], dtype=np.int64)
    return SiteAccess(rows, antennas, ground.link_rate)
