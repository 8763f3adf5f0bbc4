"""Delays between places on the ground and a fleet, at moments of a run: geometry, links and routes, without power, heat and failures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from orbit.ground import Station, horizon, in_teme, masks, position_m, zenith
from orbit.kernels import visibility
from sim.config.scenario import Loaded
from sim.engine import links
from sim.engine.coupling import Coupling
from sim.engine.driver import Run
from sim.network.link_state import LinkRules, LinkState, Network
from sim.network.route_block import BlockRouter
from sim.network.route_metrics import without_hops

Array = NDArray[np.float64]
MEMORY_S = 300.0  # within which a link that hysteresis keeps grows longer than others, or breaks


class SiteDelays(NamedTuple):
    """One-way delays [s] at some moments; infinite without a route.

    Attributes
    ----------
    to_fleet_s : ndarray, shape (moments, sites)
        From each site to the satellite that serves it soonest.
    through_space_s : ndarray, shape (moments, users, sites)
        From each user through satellites to each site; no rows where no user was asked for.
    """

    to_fleet_s: Array
    through_space_s: Array


class _MomentLinks:
    """Links at moments far apart, as those of a run that goes through all steps.

    A link depends on the steps before: new ones wait for acquisition, turns and local orbital frames follow from two positions, and
    hysteresis keeps what exists. So many steps before each moment are gone through as that takes, at most from the epoch on.

    Parameters
    ----------
    run : Run
        The run, at its epoch.
    """

    def __init__(self, run: Run) -> None:
        self._run, self._loaded = run, run.loaded
        rules = links.link_rules(run.loaded.scenario, run.type_index)
        self.network = None if rules is None else self._new(rules)
        self._last = -1  # tick of the links that the network remembers
        self._lead = 0 if self.network is None else self._steps_before(self.network)

    def _new(self, rules: LinkRules) -> Network:
        return Network(links.constellation_blocks(self._loaded), self._run.satellites, rules, links.topology(self._loaded, rules))

    @staticmethod
    def _steps_before(network: Network) -> int:
        rules = network.rules
        wait_s = rules.acquisition_s + (MEMORY_S if rules.hysteresis > 1.0 and not network.enough_terminals else 0.0)
        turns = rules.faces is not None or rules.slew_limit_rad_s < math.inf
        return math.ceil(wait_s / rules.step_s - 1e-9) + int(turns)

    def positions_m(self, tick: int) -> Array:
        """Positions (3, N) at one tick [m]."""
        r_m = np.empty((1, 3, self._run.satellites))
        for propagator, first in zip(self._run.propagators, self._run.first[:-1].tolist(), strict=True):
            propagator.fill(0, propagator.count, tick, r_m[:, :, first : first + propagator.count])
        return np.asarray(r_m[0])

    def at(self, tick: int) -> tuple[Array, LinkState | None]:
        """Positions (3, N) [m] and links at a tick, later than the last one; None without a network."""
        if self.network is None:
            return self.positions_m(tick), None
        first = max(0, tick - self._lead)
        if first <= self._last:
            first = self._last + 1
        else:
            self.network.forget()
        healthy = np.ones(self._run.satellites, dtype=np.bool_)
        for at in range(first, tick + 1):
            r_m = self.positions_m(at)
            # as in a run, whose first links know no Sun
            state = self.network.state(r_m, healthy, {}, sun_m=self._run.surroundings.sun_m[at + 1] if at else None)
        self._last = tick
        return r_m, state


class _Sky:
    """Which satellites places see, at one moment at a time."""

    def __init__(self, places: Sequence[Station]) -> None:
        self._at = np.array([position_m(p) for p in places]).reshape(-1, 3)
        self._up = np.array([zenith(p) for p in places]).reshape(-1, 3)
        self._north = np.array([horizon(p)[0] for p in places]).reshape(-1, 3)
        self._masks, self._reach_m = masks(list(places)), np.array([p.max_range_m for p in places])
        self._sine = np.array([visibility.NEVER if p.mask_rad else np.sin(p.min_elevation_rad) for p in places])

    def slant_m(self, r_m: Array, jd: Array, fr: Array) -> Array:
        """Slant ranges (places, N) at one moment [m]; infinite where the satellite is not in view."""
        out_m = np.empty((self._reach_m.size, r_m.shape[1]))
        at, up, north = (np.ascontiguousarray(in_teme(fixed, jd, fr)[0]) for fixed in (self._at, self._up, self._north))
        visibility.access_m(r_m, at, up, self._sine, self._reach_m, out_m, north, self._masks)
        return out_m


def site_delays(
    loaded: Loaded, sites: Sequence[Station], users: Sequence[Station], moments: int, progress: Callable[[int, int], None] | None = None
) -> SiteDelays:
    """Delays between sites and the fleet of a scenario, and between users and sites through space.

    Parameters
    ----------
    loaded : Loaded
        The scenario; its own stations and events are left out.
    sites : sequence of Station
        Places, at least one.
    users : sequence of Station
        Users whose way through space to every site is wanted; may be empty.
    moments : int
        Number of moments, evenly spread over the run, at most as many as there are steps.
    progress : callable, optional
        Called with the moments done and their number.

    Returns
    -------
    SiteDelays
        The delays; every satellite is healthy, and those of services serve, or all where there is no service.
    """
    run = Run(loaded)
    coupling = Coupling(run)
    run.begin_coupled(coupling)
    serves = coupling.scheduler.serves
    in_space, count = _MomentLinks(run), run.satellites
    router = None if in_space.network is None else BlockRouter(in_space.network)
    sky, of_users = _Sky(sites), _Sky(users)
    moments = min(moments, run.grid.steps)
    ticks = (run.grid.steps * (2 * np.arange(moments) + 1)) // (2 * moments) + 1
    to_fleet_s, through_s = np.full((moments, len(sites)), np.inf), np.full((moments, len(users), len(sites)), np.inf)
    for n, tick in enumerate(ticks.tolist()):
        r_m, state = in_space.at(tick)
        jd, fr = run.grid.jd_fr(tick, 1)
        slant_m, up_m = sky.slant_m(r_m, jd, fr), of_users.slant_m(r_m, jd, fr)
        if router is None or state is None:
            to_fleet_s[n] = np.where(serves, slant_m, np.inf).min(axis=1) / SPEED_OF_LIGHT_M_S
            far_m = up_m[:, np.newaxis, :] + slant_m[np.newaxis] if len(users) else np.full((0, len(sites), count), np.inf)
            through_s[n] = far_m.min(axis=2) / SPEED_OF_LIGHT_M_S
        else:
            block = router.block([state])
            to_fleet_s[n] = block.serve(slant_m[np.newaxis], serves[np.newaxis])[0].delay_s
            if len(users):
                through_s[n] = without_hops(_through(block.reach(up_m[np.newaxis])[:, :, 0], slant_m), block.hop_s[0])
        if progress is not None:
            progress(n + 1, moments)
    return SiteDelays(to_fleet_s, through_s)


def _through(from_users_s: Array, slant_m: Array) -> Array:
    """Delays (users, sites) over the satellite that lands soonest, from delays of users to satellites (users, N)."""
    down_s = slant_m / SPEED_OF_LIGHT_M_S
    return np.array([np.min(row + down_s, axis=1) for row in from_users_s])
