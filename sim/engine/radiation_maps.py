"""Radiation of the types of a fleet: the range of radii that their satellites pass, and the map of that range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from orbit.constants import EARTH_RADIUS_M
from orbit.propagation import Propagator
from orbit.radiation import Conditions, RadiationMap, radiation_map
from sim.config.ageing import conditions
from sim.config.schema import Scenario

HIGHEST_M = EARTH_RADIUS_M + 2_000e3  # of the tables
MOST_SATELLITES, MOST_TICKS = 256, 32  # of a propagator, whose radii are looked at
MARGIN_M = 3e3  # beyond the radii found
SPACING_M = 2.0**14  # of planes, from the Earth's centre on: with a power of two, maps that share a plane agree bit by bit


def radii_m(propagators: Sequence[Propagator], steps: int) -> tuple[float, float]:
    """Least and greatest distance from the Earth's centre of some satellites, at times spread over the run.

    Parameters
    ----------
    propagators : sequence of Propagator
        Propagators of the satellites.
    steps : int
        Steps of the run.

    Returns
    -------
    low, high : float
        Radii [m]; infinity and 0 where no satellite has a position.
    """
    low, high = math.inf, 0.0
    ticks = np.unique(np.linspace(0, steps, MOST_TICKS).astype(int)).tolist()
    for propagator in propagators:
        some = propagator
        if propagator.count > MOST_SATELLITES:
            some = propagator.subset(np.unique(np.linspace(0, propagator.count - 1, MOST_SATELLITES).astype(np.int64)))
        r_m = np.empty((1, 3, some.count))
        for tick in ticks:
            codes = some.fill(0, some.count, tick, r_m)
            radius = np.linalg.norm(r_m[0], axis=0)
            known = np.isfinite(radius) if codes is None else np.isfinite(radius) & (np.asarray(codes)[0] == 0)
            if known.any():
                low, high = min(low, float(radius[known].min())), max(high, float(radius[known].max()))
    return low, high


def maps(scenario: Scenario, propagators: Sequence[Propagator], kinds: Sequence[int], steps: int) -> list[RadiationMap | None]:
    """Maps of all types of satellite.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    propagators : sequence of Propagator
        Propagators of the fleet.
    kinds : sequence of int
        Type of the satellites of each propagator.
    steps : int
        Steps of the run.

    Returns
    -------
    list of RadiationMap or None
        One for each type; None for one without satellites, or one that rises above the tables. All have planes on the same radii:
        what a satellite meets does not depend on the others of its type.
    """
    where, found = conditions(scenario.environment, scenario.epoch), list[RadiationMap | None]()
    for kind, satellite in enumerate(scenario.types):
        low, high = radii_m([p for p, k in zip(propagators, kinds, strict=True) if k == kind], steps)
        known = low <= high and high + MARGIN_M <= HIGHEST_M
        if not known:
            found.append(None)
            continue
        last = min(math.ceil((high + MARGIN_M) / SPACING_M), math.floor(HIGHEST_M / SPACING_M))
        first = min(math.floor((low - MARGIN_M) / SPACING_M), last - 1)
        found.append(_map(first, last, satellite.shielding.areal_mass, where))
    return found


@lru_cache(maxsize=16)  # 0.1 MB each; a study asks again and again
def _map(first: int, last: int, areal_mass_kg_m2: float, where: Conditions) -> RadiationMap:
    return radiation_map(first * SPACING_M, last * SPACING_M, areal_mass_kg_m2, where, SPACING_M)
