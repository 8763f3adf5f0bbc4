"""Kuiper-630 for a day between 100 pairs of places, against the method of the published series, programmed apart.

The reference takes positions from the package sgp4, turns the Earth by the mean sidereal time of pyerfa, places stations on the
WGS 72 ellipsoid, and finds shortest paths with Dijkstra's algorithm of scipy: what Hypatia does, without any code of this program.
"""

from __future__ import annotations

import math
from functools import cache, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from orbit.ground import Station
from orbit.timegrid import TimeGrid
from sim.verify import hypatia
from sim.verify.case import Case

Array = NDArray[np.float64]

SOURCE = "method of Hypatia [kassing2020] with sgp4 2 [vallado2006], pyerfa and scipy"
STEPS, STEP_S, PLACES, PAIRS = 1440, 60.0, 25, 100
HOUR = 60  # samples
WGS72_RADIUS_M, WGS72_FLATTENING = 6_378_135.0, 1.0 / 298.26
# Both ellipsoids and both mean motions differ by metres: a satellite is within 20 m of the range limit for 6 ms of a pass. With 3,000 passes a
# day and place, one sample in 5,000 falls into one, at one of two ends.
OTHER_ROUTES = 1e-3


class Day(NamedTuple):
    """Round trips of all samples and pairs [ms], (samples, pairs), NaN without a route, and the satellites of each route."""

    rtt_ms: Array
    routes: list[list[tuple[int, ...]]]


def places() -> list[Station]:
    """Places by the golden angle up to 60 degrees of latitude, where the shell leaves gaps.

    Returns
    -------
    list of Station
        Without an elevation limit, as the published series has none.
    """
    turn, top = math.pi * (3.0 - math.sqrt(5.0)), math.sin(math.radians(65.0))
    return [
        Station(
            f"place {k}", math.asin(top * (1.0 - (2.0 * k + 1.0) / PLACES)),
            (k * turn + math.pi) % (2.0 * math.pi) - math.pi, 0.0, 0.0,
        )
        for k in range(PLACES)
    ]  # fmt: skip


def pairs() -> list[tuple[int, int]]:
    """A hundred of the 300 pairs of places, each place in eight.

    Returns
    -------
    list of tuple of int
        Numbers of both places; the difference is one of 1, 4, 7 and 11 around the list.
    """
    return [(k, (k + step) % PLACES) for step in (1, 4, 7, 11) for k in range(PLACES)]


@cache
def simulated() -> Day:
    """The day with the propagator, the access search and the network of a run.

    Returns
    -------
    Day
        Cached.
    """
    delay_s, routes = hypatia.between(TimeGrid(hypatia.EPOCH_JD, 0.0, STEP_S, STEPS), places(), pairs())
    found = [[tuple(route) for route in of_step] for of_step in routes]
    return Day(np.where(np.isfinite(delay_s), 2e3 * delay_s, np.nan), found)


@cache
def reference() -> Day:
    """The day by other programs.

    Returns
    -------
    Day
        Cached.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    count, links = hypatia.PLANES * hypatia.SLOTS, _grid_links()
    r_m, turn = _positions_m(), _sidereal_rad()
    fixed = np.array([_on_ellipsoid_m(place.latitude_rad, place.longitude_rad) for place in places()])
    first, second = np.array(pairs()).T
    rtt_ms = np.full((STEPS, PAIRS), np.nan)
    routes: list[list[tuple[int, ...]]] = [[() for _ in range(PAIRS)] for _ in range(STEPS)]
    for k in range(STEPS):
        cos, sin = math.cos(turn[k]), math.sin(turn[k])
        at_m = fixed @ np.array(((cos, sin, 0.0), (-sin, cos, 0.0), (0.0, 0.0, 1.0)))
        reach_m = np.linalg.norm(r_m[k] - at_m[:, np.newaxis], axis=2)
        length_m = np.linalg.norm(r_m[k][links[0]] - r_m[k][links[1]], axis=1)
        near = length_m <= hypatia.MAX_LINK_M
        ends = np.concatenate((links[:, near], links[::-1, near]), axis=1)
        place, satellite = np.nonzero(reach_m <= hypatia.MAX_STATION_RANGE_M)
        # a place is a source only: it has ways to satellites, and none leads back to it, so that no place relays
        rows, columns = np.concatenate((ends[0], count + place)), np.concatenate((ends[1], satellite))
        values = np.concatenate((length_m[near], length_m[near], reach_m[place, satellite]))
        matrix = csr_array((values, (rows, columns)), shape=(count + PLACES, count + PLACES))
        far_m, before = dijkstra(matrix, indices=np.arange(count, count + PLACES), return_predecessors=True)
        down_m = np.where(reach_m <= hypatia.MAX_STATION_RANGE_M, reach_m, np.inf)[second] + far_m[first, :count]
        last = down_m.argmin(axis=1)
        for p in np.flatnonzero(np.isfinite(down_m.min(axis=1))):
            rtt_ms[k, p] = 2e3 * down_m[p, last[p]] / SPEED_OF_LIGHT_M_S
            passed = [int(last[p])]
            while (at := int(before[first[p], passed[-1]])) < count:
                passed.append(at)
            routes[k][p] = tuple(reversed(passed))
    return Day(rtt_ms, routes)


def _positions_m() -> Array:
    """Positions in TEME by the package sgp4, (samples, satellites, 3)."""
    from sgp4.api import WGS72, Satrec, SatrecArray

    satellites: list[Satrec] = []
    for plane in range(hypatia.PLANES):
        for slot in range(hypatia.SLOTS):
            one = Satrec()
            anomaly = 360.0 * (slot + 0.5 * (plane % 2)) / hypatia.SLOTS
            one.sgp4init(
                WGS72, "i", len(satellites), hypatia.EPOCH_JD - 2433281.5, 0.0, 0.0, 0.0, 1e-7, 0.0, math.radians(51.9),
                math.radians(anomaly % 360.0), 14.80 * 2.0 * math.pi / 1440.0, 2.0 * math.pi * plane / hypatia.PLANES,
            )  # fmt: skip
            satellites.append(one)
    fraction = np.arange(STEPS) * STEP_S / 86400.0
    error, r_km, _ = SatrecArray(satellites).sgp4(np.full(STEPS, hypatia.EPOCH_JD), fraction)
    if error.any():
        raise ValueError("sgp4 reports errors")
    return np.asarray(1e3 * r_km.transpose(1, 0, 2))


def _sidereal_rad() -> Array:
    """Mean sidereal time at the samples, with UTC for UT1 as in the published series."""
    import erfa

    return np.asarray(erfa.gmst82(np.full(STEPS, hypatia.EPOCH_JD), np.arange(STEPS) * STEP_S / 86400.0))


def _on_ellipsoid_m(latitude_rad: float, longitude_rad: float) -> Array:
    """Place on the WGS 72 ellipsoid, fixed to the Earth."""
    e2 = WGS72_FLATTENING * (2.0 - WGS72_FLATTENING)
    normal_m = WGS72_RADIUS_M / math.sqrt(1.0 - e2 * math.sin(latitude_rad) ** 2)
    across_m = normal_m * math.cos(latitude_rad)
    return np.array(
        (across_m * math.cos(longitude_rad), across_m * math.sin(longitude_rad), normal_m * (1.0 - e2) * math.sin(latitude_rad))
    )


def _grid_links() -> NDArray[np.int64]:
    """Links to the next satellite of the plane and to that of the same number in the next plane, (2, links)."""
    number = np.arange(hypatia.PLANES * hypatia.SLOTS).reshape(hypatia.PLANES, hypatia.SLOTS)
    beside = np.concatenate([np.roll(number, -1, axis=axis).ravel() for axis in (1, 0)])
    return np.array((np.tile(number.ravel(), 2), beside))


def cases() -> list[Case]:
    """Cases of the day.

    Returns
    -------
    list of Case
        Largest difference of round trips on routes of equal length, its growth over the day, and shares that differ.
    """
    limit = hypatia.LIMIT_MS
    return [
        Case("Kuiper-630, a day, 100 pairs, largest difference of round trips", partial(_largest_ms, 0, STEPS), 0.0, limit, "ms", SOURCE),
        Case(
            "Kuiper-630, last hour of the day against the first, growth of that difference",
            lambda: _largest_ms(STEPS - HOUR, STEPS) - _largest_ms(0, HOUR), 0.0, limit / 10.0, "ms", SOURCE,
        ),
        Case("Kuiper-630, a day, 100 pairs, samples with another route", _other_routes, 0.0, OTHER_ROUTES, "1", SOURCE),
        Case("Kuiper-630, a day, 100 pairs, samples without a route", _outages, lambda: _share(reference().rtt_ms), OTHER_ROUTES, "1", SOURCE),
    ]  # fmt: skip


@cache
def _same_route() -> NDArray[np.bool_]:
    """Whether both programs pass the same satellites, (samples, pairs)."""
    both = zip(simulated().routes, reference().routes, strict=True)
    return np.array([[a == b for a, b in zip(ours, theirs, strict=True)] for ours, theirs in both])


def _largest_ms(start: int, end: int) -> float:
    apart_ms = np.abs(simulated().rtt_ms - reference().rtt_ms)[start:end]
    return float(np.nanmax(apart_ms[_same_route()[start:end]]))


def _other_routes() -> float:
    return float(1.0 - _same_route().mean())


def _share(rtt_ms: Array) -> float:
    return float(np.isnan(rtt_ms).mean())


def _outages() -> float:
    return _share(simulated().rtt_ms)
