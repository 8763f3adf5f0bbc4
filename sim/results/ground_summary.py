"""What the summary says of the ground: delays of users, countries, gateways and pairs of stations, coverage, outages."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from orbit.ground import round_trip_ms
from sim.config import schema
from sim.engine import propagators
from sim.engine.ground_stations import by_role
from sim.engine.outcome import Outcome
from sim.results.outages import outages

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


def spread(values_ms: Array) -> dict[str, float | None]:
    """Smallest, median, 99th percentile and largest of the finite values; null where there is none.

    Parameters
    ----------
    values_ms : ndarray
        Times [ms]; infinite where there is none.

    Returns
    -------
    dict of str to float or None
        Fields min, median, p99 and max [ms].
    """
    finite = values_ms[np.isfinite(values_ms)]
    if finite.size == 0:
        return {"min": None, "median": None, "p99": None, "max": None}
    median, p99 = np.percentile(finite, (50.0, 99.0))
    return {"min": float(finite.min()), "median": float(median), "p99": float(p99), "max": float(finite.max())}


def weighted_spread(values_ms: Array, weight: Array) -> dict[str, float | None]:
    """Smallest, median, 99th percentile and largest of the finite values, each with its weight; null where there is none.

    Parameters
    ----------
    values_ms : ndarray, shape (steps, places)
        Times [ms]; infinite where there is none.
    weight : ndarray, shape (places,)
        Weights of the places, such as their users; not negative.

    Returns
    -------
    dict of str to float or None
        Fields min, median, p99 and max [ms]; a percentile is the smallest value that so much of the weight is at or below.

    Examples
    --------
    >>> weighted_spread(np.array([[10.0, 30.0]]), np.array([1.0, 9.0]))["median"]
    30.0
    """
    weights = np.broadcast_to(weight, values_ms.shape)
    use = np.isfinite(values_ms) & (weights > 0.0)
    if not use.any():
        return {"min": None, "median": None, "p99": None, "max": None}
    shares = (0.0, 0.5, 0.99, 1.0)
    found_ms = np.quantile(values_ms[use], shares, weights=weights[use], method="inverted_cdf").tolist()
    return dict(zip(("min", "median", "p99", "max"), found_ms, strict=True))


def overhead_ms(section: schema.Ground) -> float:
    """Part of a round trip beyond propagation and fibre, by the way in which users come.

    Parameters
    ----------
    section : Ground
        Ground section of a scenario.

    Returns
    -------
    float
        Time [ms].
    """
    return 1e3 * (section.gateway_overhead if section.access == "gateway" else section.access_overhead)


def round_trips_ms(outcome: Outcome) -> tuple[Array, Array | None]:
    """Of each step and station to the serving satellite, infinite without one: propagation, and what a user sees.

    A user's adds switching on the way, fibre to a gateway, and the overhead of `ground`.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    propagation_ms : ndarray, shape (steps, stations)
        By distance alone [ms].
    user_ms : ndarray or None
        What a user sees [ms]; None without `ground`.
    """
    ground, ground_routing = outcome.loaded.scenario.ground, outcome.ground_routing
    if ground is None:
        return np.zeros((outcome.grid.steps, 0)), None
    beyond_ms = overhead_ms(ground)
    if ground_routing is None:
        propagation_ms = round_trip_ms(outcome.range_m)
        return propagation_ms, propagation_ms + beyond_ms
    return 2e3 * ground_routing.propagation_s(), 2e3 * ground_routing.one_way_s + beyond_ms


def _components_ms(outcome: Outcome, users: Ints) -> dict[str, float | None]:
    """Mean round trip of users by its parts, over the time in which they have a route."""
    ground, routing = outcome.loaded.scenario.ground, outcome.ground_routing
    assert ground is not None
    names = ("propagation", "processing", "access", "terrestrial")
    one_way_s: Array = np.asarray(outcome.range_m / SPEED_OF_LIGHT_M_S) if routing is None else routing.one_way_s
    served = np.isfinite(one_way_s[:, users])
    if not served.any():
        return dict.fromkeys(names)

    def mean(values_s: Array) -> float:
        return float(2e3 * np.mean(values_s[:, users][served]))

    if routing is None:
        parts = (mean(one_way_s), 0.0, overhead_ms(ground), 0.0)
    else:
        hops_s: Array = np.asarray(routing.hop_latency_s * routing.hops, dtype=np.float64)
        parts = (mean(routing.propagation_s()), mean(hops_s), overhead_ms(ground), mean(routing.terrestrial_s))
    return dict(zip(names, parts, strict=True))


def ground(outcome: Outcome) -> dict[str, Any]:
    """Section `ground` of the summary.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    dict
        Over users, users of each country, each station, each gateway; null where there is none.
    """
    scenario = outcome.loaded.scenario
    sites, users = propagators.stations(scenario), by_role(scenario, "user")
    nothing = {"min": None, "median": None, "p99": None, "max": None}
    section, step_s, free = scenario.ground, scenario.step, outcome.free_routing
    if section is None or not users.size:
        return {
            "propagation_rtt_ms": nothing, "user_rtt_ms": nothing, "coverage_fraction": None, "components_ms": None, "without_data_rules": None,
            "internet": None, "link": _link(outcome), **_saturation(outcome), "countries": {}, "gateways": {}, "stations": {},
        }  # fmt: skip
    rtt_ms, user_ms = round_trips_ms(outcome)
    assert user_ms is not None
    free_ms = None if free is None else (2e3 * free.one_way_s + overhead_ms(section))[:, users]
    gateways = by_role(scenario, "gateway").tolist()
    return {
        "propagation_rtt_ms": spread(rtt_ms[:, users]),
        "user_rtt_ms": spread(user_ms[:, users]),
        "coverage_fraction": float(np.isfinite(rtt_ms[:, users]).mean()),
        "components_ms": _components_ms(outcome, users),
        "without_data_rules": None if free_ms is None else {
            "user_rtt_ms": spread(free_ms), "coverage_fraction": float(np.isfinite(free_ms).mean()),
        },
        "internet": _internet(outcome, users),
        "link": _link(outcome),
        **_saturation(outcome),
        "countries": _countries(section, users, user_ms),
        "gateways": {sites[g].name: _station(rtt_ms[:, g], None, step_s) | _come_over(outcome, g, users) for g in gateways},
        "stations": {sites[u].name: _station(rtt_ms[:, u], user_ms[:, u], step_s) | _handovers(outcome, u) for u in users.tolist()},
    }


def _station(rtt_ms: Array, user_ms: Array | None, step_s: float) -> dict[str, Any]:
    reached = np.isfinite(rtt_ms)
    of_users = {} if user_ms is None else {"user_rtt_ms": spread(user_ms)}
    return {"propagation_rtt_ms": spread(rtt_ms), **of_users, "coverage_fraction": float(reached.mean()), "outages": outages(reached, step_s)}


def _handovers(outcome: Outcome, station: int) -> dict[str, float | None]:
    """How often a minute a station gets another satellite of access or gateway; null for satellites that go through time apart."""
    routing = outcome.ground_routing
    per_min = None if routing is None else float(routing.handovers[station]) * 60.0 / outcome.grid.duration_s
    return {"handovers_per_min": per_min}


def _come_over(outcome: Outcome, gateway: int, users: Ints) -> dict[str, float | None]:
    """Share of the time of users with a route that is over the gateway; null where users have terminals of their own."""
    routing = outcome.ground_routing
    if routing is None or routing.paths is None or not routing.paths.by_gateway:
        return {"user_time_fraction": None}
    over = routing.gateway[:, users]
    return {"user_time_fraction": float((over == gateway).sum() / max(1, int((over >= 0).sum())))}


def _countries(section: schema.Ground, users: Ints, user_ms: Array) -> dict[str, Any]:
    """Round trips of users by country, weighted by their numbers; stations that state none are left out."""
    stations = [section.stations[u] for u in users.tolist()]
    found = {}
    for country in sorted({s.jurisdiction for s in stations if s.jurisdiction is not None}):
        mine = [n for n, s in enumerate(stations) if s.jurisdiction == country]
        values, weight = user_ms[:, users[mine]], np.array([stations[n].users for n in mine])
        if not weight.sum() > 0.0:
            continue
        found[country] = {
            "user_rtt_ms": weighted_spread(values, weight), "coverage_fraction": float((np.isfinite(values) @ weight).mean() / weight.sum()),
        }  # fmt: skip
    return found


def _link(outcome: Outcome) -> dict[str, Any] | None:
    """Budgets of links to the ground: how often sites in view can be used, and what they carry; null without a radio or telescope."""
    routing = outcome.ground_routing
    found = None if routing is None else routing.budget
    if found is None:
        return None
    sites = propagators.stations(outcome.loaded.scenario)
    seen, usable = found.in_view > 0, found.down_bit_s > 0.0

    def share(of: Any, among: Any) -> float | None:
        return float(np.sum(of) / np.sum(among)) if np.any(among) else None

    def one(n: int) -> dict[str, Any]:
        lost_db = found.attenuation_db[seen[:, n], n]
        return {
            "available_fraction": share(usable[:, n], seen[:, n]),
            "down_bit_s": float(found.down_bit_s[:, n].mean()), "up_bit_s": float(found.up_bit_s[:, n].mean()),
            "attenuation_p99_db": _finite(float(np.percentile(lost_db, 99.0, method="lower"))) if lost_db.size else None,
        }  # fmt: skip

    return {
        "kind": "radio" if found.terms.radio is not None else "telescope",
        "available_fraction": share(usable, seen),
        "any_available_fraction": share(usable.any(axis=1), seen.any(axis=1)),
        "down_bit_s": float(found.down_bit_s.sum(axis=1).mean()), "up_bit_s": float(found.up_bit_s.sum(axis=1).mean()),
        "sites": {sites[row].name: one(n) for n, row in enumerate(found.rows.tolist())},
    }  # fmt: skip


def _saturation(outcome: Outcome) -> dict[str, float | None]:
    """Shares of the run in which sites limit the data of jobs; null where jobs have none."""
    if outcome.volumes is None:
        return {"uplink_saturated_fraction": None, "downlink_saturated_fraction": None}
    return dict(outcome.volumes.saturation())


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def internet_ms(outcome: Outcome) -> Array:
    """Round trips of users with terminals to their points of presence.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    ndarray, shape (steps, users)
        Times [ms], infinite without a route; no users without gateways.
    """
    section, routing = outcome.loaded.scenario.ground, outcome.ground_routing
    if section is None or routing is None:
        return np.zeros((outcome.grid.steps, 0))
    return np.asarray(2e3 * routing.internet_s + 1e3 * section.access_overhead)


def _internet(outcome: Outcome, users: Ints) -> dict[str, Any] | None:
    """Users with terminals and the internet: round trips, coverage, and how much of it needs no link between satellites."""
    rtt_ms, routing, sites = internet_ms(outcome), outcome.ground_routing, propagators.stations(outcome.loaded.scenario)
    if routing is None or not rtt_ms.shape[1]:
        return None
    reached = np.isfinite(rtt_ms)

    def part(where: Any) -> dict[str, Any]:
        served = reached[:, where]
        return {
            "rtt_ms": spread(rtt_ms[:, where]), "coverage_fraction": float(served.mean()),
            "bent_pipe_fraction": float((routing.bent_pipe[:, where] & served).sum() / served.sum()) if served.any() else None,
        }  # fmt: skip

    return {**part(slice(None)), "stations": {sites[u].name: part(n) for n, u in enumerate(users.tolist())}}


def pairs(outcome: Outcome) -> dict[str, Any]:
    """Of each pair of stations whose way through space was followed.

    Parameters
    ----------
    outcome : Outcome
        What the run left.

    Returns
    -------
    dict of str to dict
        By the names of both stations.
    """
    ground_routing = outcome.ground_routing
    if ground_routing is None:
        return {}
    sites, rtt_ms = propagators.stations(outcome.loaded.scenario), 2e3 * ground_routing.pair_propagation_s()
    step_s = outcome.loaded.scenario.step
    return {
        f"{sites[a].name} - {sites[b].name}": {
            "propagation_rtt_ms": spread(rtt_ms[:, i]),
            "coverage_fraction": float(np.isfinite(rtt_ms[:, i]).mean()),
            "outages": outages(np.isfinite(rtt_ms[:, i]), step_s),
            "switches_s": ground_routing.pair_switch_s[i],
        }
        for i, (a, b) in enumerate(ground_routing.pairs)
    }
