"""Kuiper-630 against the published series of Hypatia: delays and paths between three cities, 200 s at 0.1 s."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orbit.constants import SPEED_OF_LIGHT_M_S
from orbit.ground import Station, in_teme, position_m, round_trip_ms, zenith
from orbit.kernels.visibility import access_m
from orbit.sgp4 import Sgp4
from orbit.shells import staggered_lead_slots, walker_sgp4
from orbit.timegrid import TimeGrid
from orbit.timescales import ut1_to_utc
from sim.network.link_state import Grid, LinkRules, Network
from sim.network.route_block import BlockRouter
from sim.verify.case import Case, Failed

SOURCE = "Hypatia, kuiper_630 at 0ac531c3 [kassing2020]"
FOLDER = "hypatia-kuiper-630"
PLANES, SLOTS, STEPS, STEP_S, BLOCK = 34, 34, 2000, 0.1, 100
EPOCH_JD = 2451544.5  # 2000-01-01 00:00 UTC
MAX_STATION_RANGE_M, MAX_LINK_M, GRAZING_M = 1_260_000.0, 5_442_958.2, 80e3
LIMIT_MS, LIMIT_S = 0.01, 0.1


def _city(name: str, latitude_deg: float, longitude_deg: float) -> Station:
    # the series limits access by range only
    return Station(name, math.radians(latitude_deg), math.radians(longitude_deg), 0.0, 0.0)


CITIES = (
    _city("Manila", 14.6042, 120.9822), _city("St Petersburg", 59.929858, 30.326228),
    _city("Dalian", 38.913811, 121.602322),
)  # fmt: skip
NODES = (1173, 1229, 1241)  # the cities' numbers in the series


@dataclass(frozen=True)
class Pair:
    """Two cities with their published round trips [ms], times of path changes [s] and number of samples without a route."""

    first: int
    second: int
    at_start_ms: float
    least_ms: float
    most_ms: float
    mean_ms: float
    switches_s: tuple[float, ...]
    outage_samples: int = 0

    @property
    def name(self) -> str:
        """Names of both cities."""
        return f"{CITIES[self.first].name} to {CITIES[self.second].name}"

    @property
    def stem(self) -> str:
        """End of the names of the published files."""
        return f"{NODES[self.first]}_to_{NODES[self.second]}.txt"


PAIRS = (
    Pair(0, 2, 29.4231, 25.2298, 48.1651, 40.1438, (18.0, 27.6, 74.3, 125.9, 128.7)),
    Pair(1, 2, 63.2039, 58.7374, 63.9847, 60.3207, (3.3, 10.1, 128.7, 139.5, 155.4, 165.2, 178.8), 98),
    Pair(1, 0, 76.8460, 69.4120, 77.6286, 74.0586, (3.3, 139.5, 150.1, 155.4, 165.2, 178.8), 98),
)
# routes are the same in both directions: two searches per sample suffice for three pairs
STATION_PAIRS = ((2, 0), (2, 1), (0, 1))


@dataclass(frozen=True)
class Series:
    """Samples of one pair: round trip [ms], NaN without a route, and the satellites passed, from the first city."""

    rtt_ms: NDArray[np.float64]
    paths: tuple[tuple[int, ...], ...]

    def switches(self) -> list[int]:
        """Samples at which the path differs from the one before; losing the route counts.

        Returns
        -------
        list of int
            Route changes.
        """
        return [k + 1 for k, (old, new) in enumerate(pairwise(self.paths)) if old != new]


def between(
    grid: TimeGrid, places: Sequence[Station], pairs: Sequence[tuple[int, int]]
) -> tuple[NDArray[np.float64], list[list[list[int]]]]:
    """Shortest ways between places over Kuiper-630, with the propagator, the access search and the network of a run.

    Parameters
    ----------
    grid : TimeGrid
        Samples, from the epoch of the shell on.
    places : sequence of Station
        Places; satellites within `MAX_STATION_RANGE_M` are in reach.
    pairs : sequence of tuple of int
        Numbers of both places of each pair.

    Returns
    -------
    delay_s : ndarray, shape (samples, pairs)
        One-way delay [s]; infinite without a route.
    routes : list of list of list of int
        Satellites of the route of each sample and pair; empty without a route.
    """
    count = PLANES * SLOTS
    shell = walker_sgp4(14.80, math.radians(51.9), SLOTS, staggered_lead_slots(PLANES), EPOCH_JD, 0.0)
    fleet = Sgp4(shell, grid)
    rules = LinkRules("grid", 4, None, GRAZING_M, MAX_LINK_M, 0.0)
    network = Network([Grid(0, PLANES, SLOTS, (0,) * PLANES)], count, rules)
    fixed, up = np.array([position_m(p) for p in places]), np.array([zenith(p) for p in places])
    horizon, reach_m = np.zeros(len(places)), np.full(len(places), MAX_STATION_RANGE_M)
    router, everyone = BlockRouter(network), np.ones(count, bool)
    delays: list[NDArray[np.float64]] = []
    routes: list[list[list[int]]] = []
    for first in range(0, grid.steps, BLOCK):
        steps = min(BLOCK, grid.steps - first)
        r_m, slant_m = np.empty((steps, 3, count)), np.empty((steps, len(places), count))
        fleet.fill(0, count, first, r_m)
        times = ut1_to_utc(*grid.jd_fr(first, steps))  # Hypatia turns the Earth by UTC as if it were UT1
        at_m, above = in_teme(fixed, *times), in_teme(up, *times)
        for k in range(steps):
            access_m(r_m[k], at_m[k], above[k], horizon, reach_m, slant_m[k])
        block = router.block([network.state(r, everyone, {}) for r in r_m])
        delay_s, of_block = block.between(slant_m, pairs)
        delays.append(delay_s)
        routes += of_block
    return np.concatenate(delays), routes


@cache
def simulated() -> tuple[Series, ...]:
    """Series of the three pairs, with the propagator, the access search and the network of a run.

    Returns
    -------
    tuple of Series
        In the order of `PAIRS`; cached.
    """
    delay_s, routes = between(TimeGrid(EPOCH_JD, 0.0, STEP_S, STEPS), CITIES, STATION_PAIRS)
    return tuple(
        _series(delay_s[:, n], [of_step[n] for of_step in routes]) for n in range(len(STATION_PAIRS))
    )


def _series(delay_s: NDArray[np.float64], routes: list[list[int]]) -> Series:
    rtt_ms = round_trip_ms(SPEED_OF_LIGHT_M_S * delay_s)
    paths = tuple(tuple(reversed(route)) for route in routes)
    return Series(np.where(np.isfinite(rtt_ms), rtt_ms, np.nan), paths)


def _published(folder: Path, pair: Pair) -> Series:
    """Series from the two files of a pair: `time,rtt` in ns (0: no route) and `time,path` at each change."""
    rtt_ns = np.loadtxt(folder / f"networkx_rtt_{pair.stem}", delimiter=",")[:, 1]
    paths: list[tuple[int, ...]] = []
    for line in reversed((folder / f"networkx_path_{pair.stem}").read_text("ascii").splitlines()):
        time, route = line.split(",", 1)
        since = round(float(time) * 1e-9 / STEP_S)
        satellites = tuple(int(node) for node in route.split("-")[1:-1] if node.isdigit())
        paths = [satellites] * (rtt_ns.size - len(paths) - since) + paths
    return Series(np.where(rtt_ns > 0.0, rtt_ns * 1e-6, np.nan), tuple(paths))


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of the published series.

    Parameters
    ----------
    data : Path or None
        Folder of the published data.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    comparisons: list[Case | Failed] = []
    for n, pair in enumerate(PAIRS):
        for what, theirs, of in (
            ("at the start", pair.at_start_ms, _at_start),
            ("least", pair.least_ms, np.nanmin),
            ("most", pair.most_ms, np.nanmax),
            ("mean while reachable", pair.mean_ms, np.nanmean),
        ):
            name = f"{pair.name}, round trip {what}"
            comparisons.append(Case(name, partial(_round_trip_ms, n, of), theirs, LIMIT_MS, "ms", SOURCE))
        name, count = f"{pair.name}, path changes in 200 s", float(len(pair.switches_s))
        comparisons.append(Case(name, partial(_changes, n), count, 0.0, "1", SOURCE))
        for which, time_s in enumerate(pair.switches_s):
            name = f"{pair.name}, path change at {time_s} s"
            comparisons.append(Case(name, partial(_switch_s, n, which), time_s, LIMIT_S, "s", SOURCE))
        if pair.outage_samples:
            name = f"{pair.name}, samples of 0.1 s without a route"
            comparisons.append(Case(name, partial(_outages, n), float(pair.outage_samples), LIMIT_S / STEP_S, "1", SOURCE))
    return comparisons + ([] if data is None else _against(data / FOLDER))


def _at_start(rtt_ms: NDArray[np.float64]) -> float:
    return float(rtt_ms[0])


def _round_trip_ms(n: int, of: Callable[[NDArray[np.float64]], float]) -> float:
    return float(of(simulated()[n].rtt_ms))


def _changes(n: int) -> float:
    return float(len(simulated()[n].switches()))


def _switch_s(n: int, which: int) -> float:
    """Time of the path change of that number, to whole tenths as the series gives them."""
    return round(STEP_S * simulated()[n].switches()[which], 1)


def _outages(n: int) -> float:
    return float(np.isnan(simulated()[n].rtt_ms).sum())


def _against(folder: Path) -> list[Case | Failed]:
    """Every sample of the published series."""
    missing = [f"networkx_{kind}_{p.stem}" for kind in ("rtt", "path") for p in PAIRS]
    missing = [name for name in missing if not (folder / name).is_file()]
    if missing:
        return [Failed("published series of Kuiper-630", f"{folder / missing[0]} is missing")]
    return [
        Case("largest difference of round trips on the same path", partial(_same_path_ms, folder), 0.0, LIMIT_MS, "ms", SOURCE),
        Case("largest difference of the times of path changes", partial(_switch_difference_s, folder), 0.0, LIMIT_S, "s", SOURCE),
        Case("paths that differ, change by change", partial(_other_paths, folder), 0.0, 0.0, "1", SOURCE),
    ]  # fmt: skip


def _same_path_ms(folder: Path) -> float:
    worst = 0.0
    for pair, ours in zip(PAIRS, simulated(), strict=True):
        theirs = _published(folder, pair)
        same = np.array([a == b and len(a) > 0 for a, b in zip(ours.paths, theirs.paths, strict=True)])
        worst = max(worst, float(np.abs(ours.rtt_ms - theirs.rtt_ms)[same].max()))
    return worst


def _switch_difference_s(folder: Path) -> float:
    worst = 0
    for pair, ours in zip(PAIRS, simulated(), strict=True):
        theirs = _published(folder, pair)
        apart = (abs(a - b) for a, b in zip(ours.switches(), theirs.switches(), strict=True))
        worst = max(worst, max(apart))
    return worst * STEP_S


def _other_paths(folder: Path) -> float:
    other = 0
    for pair, ours in zip(PAIRS, simulated(), strict=True):
        theirs = _published(folder, pair)
        mine, other_ones = ([s.paths[k] for k in (0, *s.switches())] for s in (ours, theirs))
        other += sum(a != b for a, b in zip(mine, other_ones, strict=True))
    return float(other)
