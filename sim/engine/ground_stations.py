"""Ground stations of a scenario by role: users, gateways, points of presence, and the fibre between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.config import schema
from sim.network.ground_paths import GroundPaths
from sim.network.terrestrial import delay_matrix_s

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


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


def paths(scenario: schema.Scenario) -> GroundPaths | None:
    """Stations by role and the terrestrial ways between them.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

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
    fibre_s = _to_gateways(ground, users, gateways, pops)
    named = {ground.stations[p].name: n for n, p in enumerate(pops.tolist())}
    wanted = [ground.stations[u].pop for u in users.tolist()]
    used = sorted({named[name] for name in wanted if name is not None})
    columns, pop = [to_pop_s[:, n] for n in used], np.zeros(users.size, dtype=np.int64)
    if None in wanted or not wanted:  # any point of presence, or the gateway itself where there is none
        columns.append(to_pop_s.min(axis=1, initial=np.inf) if pops.size else np.zeros(gateways.size))
    for u, name in enumerate(wanted):
        pop[u] = len(used) if name is None else used.index(named[name])
    return GroundPaths(users, gateways, ground.access == "gateway", fibre_s, np.stack(columns, axis=1), pop)


def _places(ground: schema.Ground, which: Ints) -> tuple[list[float], list[float]]:
    stations = [ground.stations[n] for n in which.tolist()]
    return [s.latitude for s in stations], [s.longitude for s in stations]


def _to_pops(ground: schema.Ground, gateways: Ints, pops: Ints) -> Array:
    """Delays from gateways to points of presence, (G, P); a gateway that names one serves no other."""
    delay_s = delay_matrix_s(*_places(ground, gateways), *_places(ground, pops), ground.fibre_route)
    for row, g in enumerate(gateways.tolist()):
        own = ground.stations[g].pop
        if own is not None:
            delay_s[row, [ground.stations[p].name != own for p in pops.tolist()]] = np.inf
    return delay_s


def _to_gateways(ground: schema.Ground, users: Ints, gateways: Ints, pops: Ints) -> Array:
    """Delays from users to gateways, (U, G), by way of the point of presence of the gateway."""
    direct_s = delay_matrix_s(*_places(ground, users), *_places(ground, gateways), ground.fibre_route)
    if not pops.size:
        return direct_s
    named = {ground.stations[p].name: n for n, p in enumerate(pops.tolist())}
    to_pop_s = delay_matrix_s(*_places(ground, users), *_places(ground, pops), ground.fibre_route)
    onwards_s = delay_matrix_s(*_places(ground, gateways), *_places(ground, pops), ground.fibre_route)
    for column, g in enumerate(gateways.tolist()):
        own = ground.stations[g].pop
        if own is not None:
            direct_s[:, column] = to_pop_s[:, named[own]] + onwards_s[column, named[own]]
    return direct_s
