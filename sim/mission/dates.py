"""Dates of a mission on which the run is made, and what each counts for in each part of the mission.

What a fleet can do follows the angle between its orbits and the Sun, without sign: the run is made on dates that spread this angle of the
first plane evenly over what the mission meets, and values for other dates are interpolated in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.sunlit_orbits import Plane, beta_sine, days_since_j2000, node_rate_rad_d, sun
from sim.config.balance.orbits import planes_of
from sim.config.schema import Constellation, Scenario, parts

Array = NDArray[np.float64]
Phase = Literal["minimum", "maximum"]
PHASES: tuple[Phase, ...] = ("minimum", "maximum")
DAY_S, YEAR_D = 86400.0, 365.25
SOLAR_MAXIMUM = datetime(2024, 10, 15, tzinfo=UTC)  # of cycle 25, smoothed sunspot number [silso]
CYCLE_YR, ACTIVE_YR = 11.0, (-2.5, 4.5)  # active years about the maximum
LOOKS = 8  # at least so many in a part of the mission


class Dates(NamedTuple):
    """Dates of runs, and their weights in the parts of a mission; all dates once more for each phase of the solar cycle."""

    after_d: tuple[float, ...]  # days after the start
    beta_rad: tuple[float, ...]  # angle between the first plane and the Sun, without sign; not a number where no plane is known
    weight: Array  # (parts, dates), each row sums to 1
    solar: tuple[Phase | None, ...] = (None,)  # phase of the solar cycle; None: as in the scenario


def beta_rad(plane: Plane, day: float) -> float:
    """Angle between the Sun and a plane, without sign.

    Parameters
    ----------
    plane : Plane
        The plane on that day.
    day : float
        Days since J2000.

    Returns
    -------
    float
        Angle [rad], 0 to pi / 2.
    """
    return abs(math.asin(max(-1.0, min(1.0, beta_sine(sun(day), plane.inclination_rad, plane.node_rad)))))


def dates(scenario: Scenario, number: int, edges_s: Sequence[float]) -> Dates:
    """Dates on which the run of a mission is made.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    number : int
        Number of dates; fewer where the angle does not change, one where orbits come from a file.
    edges_s : sequence of float
        Edges of the parts of the mission, seconds after its start.

    Returns
    -------
    Dates
        Dates and weights; with the solar cycle each date is there for both phases.
    """
    day = days_since_j2000(scenario.epoch)
    part = parts([scenario.constellation[0]])[0]
    chosen = _chosen(part, day, min(YEAR_D, edges_s[-1] / DAY_S), number) if planes_of(part, day) else {0.0: math.nan}
    by_cycle = scenario.mission is not None and scenario.mission.solar == "cycle"
    phases: tuple[Phase | None, ...] = PHASES if by_cycle else (None,)
    after_d = [d for _ in phases for d in sorted(chosen)]
    found = Dates(tuple(after_d), tuple(chosen[d] for d in after_d), np.ones((0, 0)), tuple(phase for phase in phases for _ in chosen))
    return found._replace(weight=weights(scenario, found, edges_s))


def weights(scenario: Scenario, found: Dates, edges_s: Sequence[float]) -> Array:
    """What each date counts for in other parts of the mission.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    found : Dates
        The dates.
    edges_s : sequence of float
        Edges of the parts, seconds after the start.

    Returns
    -------
    ndarray, shape (parts, dates)
        Each row sums to 1.
    """
    phases = dict.fromkeys(found.solar)
    angle = np.array(found.beta_rad[: len(found.beta_rad) // len(phases)])
    by_angle = _by_angle(scenario, angle, edges_s)
    if None in phases:
        return by_angle
    active = np.array([_active_share(scenario.epoch, first, last) for first, last in pairwise(edges_s)])
    return np.concatenate([by_angle * (active if phase == "maximum" else 1.0 - active)[:, np.newaxis] for phase in phases], axis=1)


def _by_angle(scenario: Scenario, angle: Array, edges_s: Sequence[float]) -> Array:
    """Weights of dates by their angles, (parts, dates)."""
    day = days_since_j2000(scenario.epoch)
    planes = planes_of(parts([scenario.constellation[0]])[0], day)
    if not planes:
        return np.ones((len(edges_s) - 1, 1))
    plane = planes[0]
    rate = node_rate_rad_d(plane.semi_major_axis_m, plane.inclination_rad)
    return np.array([
        _weights(angle, [beta_rad(plane._replace(node_rad=plane.node_rad + rate * d), day + d) for d in _looks(first / DAY_S, last / DAY_S)])
        for first, last in pairwise(edges_s)
    ])  # fmt: skip


def _active_share(epoch: datetime, first_s: float, last_s: float) -> float:
    """Share of a time that is in active years: seven of the eleven of a cycle, from 2.5 years before its maximum on. [ecss-e-st-10-04c:I.2.1]"""
    from_yr, until_yr = ((at_s / DAY_S + (epoch - SOLAR_MAXIMUM).total_seconds() / DAY_S) / YEAR_D - ACTIVE_YR[0] for at_s in (first_s, last_s))

    def active_yr(since_yr: float) -> float:
        cycles, within = divmod(since_yr, CYCLE_YR)
        return cycles * (ACTIVE_YR[1] - ACTIVE_YR[0]) + min(within, ACTIVE_YR[1] - ACTIVE_YR[0])

    return (active_yr(until_yr) - active_yr(from_yr)) / (until_yr - from_yr)


def _chosen(part: Constellation, day: float, span_d: float, number: int) -> dict[float, float]:
    """Days after the start whose angles are nearest to evenly spaced ones, and these angles; the orbit is the scenario's on each date."""
    looks = [float(d) for d in range(max(1, math.ceil(span_d)))]
    seen = {d: beta_rad(planes_of(part, day + d)[0], day + d) for d in looks}
    low, high = min(seen.values()), max(seen.values())
    if number == 1 or high - low < 1e-3:
        return {0.0: seen[0.0]}
    wanted = [low + (high - low) * k / (number - 1) for k in range(number)]
    nearest = [min(looks, key=lambda d: (abs(seen[d] - angle), d)) for angle in wanted]
    return {d: seen[d] for d in nearest}


def _looks(first_d: float, last_d: float) -> list[float]:
    """Days of a part of the mission at which the Sun is looked at, one a day or more often."""
    count = max(LOOKS, math.ceil(last_d - first_d))
    return [first_d + (last_d - first_d) * (k + 0.5) / count for k in range(count)]


def _weights(angle: Array, met: Sequence[float]) -> Array:
    """Weights of the dates for angles that are met: linear interpolation, the nearest date beyond the ends; their mean."""
    order = np.argsort(angle, kind="stable")
    one = np.eye(angle.size)[order]
    return np.asarray(np.mean([[np.interp(b, angle[order], column) for column in one.T] for b in met], axis=0))
