"""Propagation: SGP4 against programs specialised on it, catalogues as they are, days of a million satellites."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit import catalog, sgp4
from orbit.catalog import read_tle
from orbit.catalog.common import SGP4_EPOCH_JD
from orbit.elements import CircularElements, Sgp4Elements, semi_major_axis_m
from orbit.ground import Station, in_teme, position_m, zenith
from orbit.kernels.sgp4_constants import MINUTES_PER_DAY, RADIUS_M, XKE
from orbit.kernels.streaming_stores import empty_lines
from orbit.kernels.visibility import OUT_OF_SIGHT_M2, nearest_in_sight
from orbit.propagation import CircularJ2, Propagator
from orbit.timegrid import TimeGrid, julian_date
from sim.engine.context import TILE
from sim.verify.bench.harness import Benchmark, CannotRun, Pair

Array = NDArray[np.float64]

EPOCH_JD, EPOCH_FR = julian_date(datetime(2026, 6, 1, tzinfo=UTC))
STEPS, STEP_S = 1440, 60.0
SATELLITES = 2000  # results larger than the caches, as those of a day of a constellation
MILLION, SAMPLE = 1_000_000, 2_000  # satellites of our side, and of the peer, whose output for all would not fit in memory
CATALOGUE = "starlink-2023-09-01.tle"
FEW = 50  # against the reference, which takes forty times as long
BLOCK = 360
PEER_LIMIT_M = 1.0  # astroz differs from the reference by 0.2 to 0.4 m over a day
SECULAR_LIMIT_M = 30e3  # secular J2 leaves out short-period terms
REFERENCE_LIMIT_M = 1e-5  # 1e-8 km


def benchmarks(data: Path | None = None) -> list[Benchmark]:
    """Benchmarks of propagation.

    Parameters
    ----------
    data : Path, optional
        Folder of the published data.

    Returns
    -------
    list of Benchmark
        The benchmarks.
    """
    rate = "propagations/s"
    return [
        Benchmark("sgp4_soa_vs_astroz", "orbits", rate, "astroz", partial(_against_astroz, _series)),
        Benchmark("sgp4_rows_vs_astroz", "orbits", rate, "astroz", partial(_against_astroz, _rows)),
        Benchmark("sgp4_vs_heyoka", "orbits", rate, "heyoka", _against_heyoka),
        Benchmark("sgp4_vs_sgp4cpp", "orbits", rate, "sgp4", _against_reference),
        Benchmark("catalogue_vs_astroz", "orbits", rate, "astroz", partial(_catalogue, data)),
        Benchmark("million_day_j2_vs_astroz", "orbits", rate, "astroz", partial(_million, _circular, SECULAR_LIMIT_M)),
        Benchmark("million_day_sgp4_vs_astroz", "orbits", rate, "astroz", partial(_million, _mean, PEER_LIMIT_M)),
        Benchmark("threads_2_vs_1", "orbits", rate, "", _threads, threads=2, wall_clock=True),
    ]


def _low(count: int) -> Sgp4Elements:
    """Satellites as in constellations: 400 to 1,200 km, e from 1e-5 to 0.003, drag terms of both signs."""
    rng = np.random.default_rng(20260601)
    altitude_m, e = rng.uniform(400e3, 1200e3, count), 10.0 ** rng.uniform(-5.0, -2.5, count)
    # smaller at higher altitude, as in catalogues, where B* reflects real drag in low orbits
    drag = rng.normal(0.0, 3e-4, count) * np.exp(-(altitude_m - 400e3) / 300e3)
    return _elements(semi_major_axis_m(0.0) + altitude_m, e, rng.choice((0.925, 1.222, 1.708), count), drag, rng)


def _mixed(count: int) -> Sgp4Elements:
    """As in a public catalogue: nine in ten as in constellations, others eccentric, one in a hundred in deep space."""
    rng, low = np.random.default_rng(20260602), _low(count)
    kind = rng.random(count)
    odd = _elements(
        np.where(kind > 0.99, 26_560e3, rng.uniform(7100e3, 8200e3, count)),
        np.where(kind > 0.99, 0.01, rng.uniform(0.003, 0.1, count) * 0.9),
        rng.uniform(0.1, 1.8, count), rng.uniform(0.0, 5e-4, count), rng,
    )  # fmt: skip
    chosen = kind > 0.9
    names = [f.name for f in fields(Sgp4Elements)]
    return Sgp4Elements(*(np.where(chosen, getattr(odd, name), getattr(low, name)) for name in names))


def _elements(a_m: Array, e: Array, inclination_rad: Array, drag: Array, rng: np.random.Generator) -> Sgp4Elements:
    count = a_m.size
    node, perigee, anomaly = rng.uniform(0.0, 2.0 * math.pi, (3, count))
    motion = XKE * (RADIUS_M / a_m) ** 1.5
    return Sgp4Elements(
        np.full(count, EPOCH_JD), EPOCH_FR - rng.random(count), motion, e, inclination_rad, node, perigee, anomaly, drag
    )


def _times() -> tuple[Array, Array]:
    return TimeGrid(EPOCH_JD, EPOCH_FR, STEP_S, STEPS).jd_fr(0, STEPS)


# --- our side ----------------------------------------------------------------------------------------------------------


def _series(elements: Sgp4Elements) -> Callable[[], Array]:
    """Structure of arrays: (satellite, 6, time); returns positions (satellite, time, 3)."""
    ready, out = sgp4.plan(elements, *_times()), empty_lines(elements.count, 6, STEPS)

    def run() -> Array:
        ready.series(out)
        return out[:, :3].transpose(0, 2, 1)

    return run


def _rows(elements: Sgp4Elements, dates: tuple[Array, Array] | None = None) -> Callable[[], Array]:
    """Positions and velocities in separate arrays, both (satellite, time, 3)."""
    ready = sgp4.plan(elements, *(_times() if dates is None else dates))
    r_m, v_m_s = (empty_lines(elements.count, STEPS, 3) for _ in range(2))

    def run() -> Array:
        ready.rows(r_m, v_m_s)
        return r_m

    return run


Ours = Callable[[Sgp4Elements], Callable[[], Array]]


# --- SGP4 against others ---------------------------------------------------------------------------------------------


def _astroz_records(elements: Sgp4Elements) -> list[Any]:
    """The elements as astroz takes them."""
    from astroz.api import WGS72, Satrec

    records = []
    for k, source in enumerate(sgp4.to_satrecs(elements)):
        record = Satrec()
        epoch_d = source.jdsatepoch + source.jdsatepochF - SGP4_EPOCH_JD
        record.sgp4init(
            WGS72, "i", k, epoch_d, source.bstar, 0.0, 0.0, source.ecco, source.argpo, source.inclo, source.mo, source.no_kozai,
            source.nodeo,
        )  # fmt: skip
        records.append(record)
    return records


def astroz_positions(elements: Sgp4Elements, velocities: bool = False) -> Callable[[], Array]:
    """astroz at its fastest: its own call into preallocated arrays.

    Parameters
    ----------
    elements : Sgp4Elements
        Mean elements of the satellites.
    velocities : bool
        Whether it computes velocities too.

    Returns
    -------
    callable
        Propagates over the day of the benchmarks; returns positions [km], (satellite, time, 3).
    """
    from astroz.api import SatrecArray

    native: Any = SatrecArray(_astroz_records(elements))._zig
    offset_min = ((EPOCH_JD + EPOCH_FR) - np.array(native.epochs)) * MINUTES_PER_DAY
    minutes = np.arange(STEPS) * (STEP_S / 60.0)
    r_km, v_km_s = (empty_lines(STEPS, elements.count, 3) for _ in range(2))

    def run() -> Array:
        native.propagate_into(minutes, r_km, v_km_s if velocities else None, epoch_offsets=offset_min)
        return r_km.transpose(1, 0, 2)

    return run


def _position_difference(limit_m: float, ours_m: Array, theirs_km: Array) -> str | None:
    worst = max(float(np.abs(a - 1e3 * b).max()) for a, b in zip(ours_m, theirs_km, strict=True))
    return None if worst <= limit_m else f"positions by {worst:.3g} m, more than {limit_m:g} m"


def _against_astroz(ours: Ours) -> Pair:
    elements = _low(SATELLITES)
    return Pair(ours(elements), astroz_positions(elements, velocities=True), float(SATELLITES * STEPS), partial(_position_difference, PEER_LIMIT_M))


def _against_heyoka() -> Pair:
    import heyoka

    elements, (jd, fr) = _low(SATELLITES), _times()
    propagator = heyoka.model.sgp4_propagator(sgp4.to_satrecs(elements))
    minutes = np.ascontiguousarray(
        ((jd[:, np.newaxis] - elements.epoch_jd) + (fr[:, np.newaxis] - elements.epoch_fr)) * MINUTES_PER_DAY
    )
    out = empty_lines(STEPS, 7, SATELLITES)

    def theirs() -> Array:
        propagator(minutes, out=out)
        return out[:, :3].transpose(2, 0, 1)

    return Pair(_series(elements), theirs, float(SATELLITES * STEPS), partial(_position_difference, REFERENCE_LIMIT_M))


def _against_reference() -> Pair:
    from sgp4.api import SatrecArray

    elements, dates = _low(FEW), _times()
    records = SatrecArray(sgp4.to_satrecs(elements))

    def theirs() -> Array:
        return np.asarray(records.sgp4(*dates)[1])

    return Pair(_series(elements), theirs, float(elements.count * STEPS), partial(_position_difference, REFERENCE_LIMIT_M))


def _catalogue(data: Path | None) -> Pair:
    """All satellites of a catalogue, errors and deep space included, by the call that takes any list.

    The published one of 4,672 Starlinks, or without the data a mixed one of our own.
    """
    from astroz.api import SatrecArray

    elements, dates = _mixed(SATELLITES), _times()
    if data is not None:
        sets, _ = read_tle(data / CATALOGUE)
        elements = catalog.elements(sets)
        dates = TimeGrid(float(np.median(elements.epoch_jd)), 0.0, STEP_S, STEPS).jd_fr(0, STEPS)
    records = SatrecArray(_astroz_records(elements))

    def theirs() -> Array:
        return np.asarray(records.sgp4(*dates)[1])

    return Pair(_rows(elements, dates), theirs, float(elements.count * STEPS), partial(_position_difference, PEER_LIMIT_M))


# --- days of a million satellites ------------------------------------------------------------------------------------

SITES = tuple(
    Station(str(k), math.radians(lat), 0.7 * k, 0.0, math.radians(10.0)) for k, lat in enumerate((60, 10, -40))
)


def circular_elements(count: int) -> CircularElements:
    """Circular orbits between 500 and 1,500 km.

    Parameters
    ----------
    count : int
        Number of satellites.

    Returns
    -------
    CircularElements
        Their elements, the same in every call.
    """
    rng = np.random.default_rng(7)
    node, latitude = rng.uniform(0.0, 2.0 * math.pi, (2, count))
    a_m = semi_major_axis_m(0.0) + rng.uniform(500e3, 1500e3, count)
    return CircularElements(a_m, rng.choice((0.925, 1.222, 1.708), count), node, latitude)


def _circular(count: int) -> tuple[Propagator, Sgp4Elements]:
    """Circular orbits under secular J2, and the first of them for SGP4."""
    circular = circular_elements(count)
    return CircularJ2(circular, _grid()), sgp4.of_circular(circular.subset(np.arange(SAMPLE)), EPOCH_JD, EPOCH_FR)


def _mean(count: int) -> tuple[Propagator, Sgp4Elements]:
    elements = _low(count)
    return sgp4.Sgp4(elements, _grid()), elements.subset(np.arange(SAMPLE))


def _grid() -> TimeGrid:
    return TimeGrid(EPOCH_JD, EPOCH_FR, STEP_S, STEPS)


def _stream(propagator: Propagator, threads: int) -> Array:
    """Range of the nearest satellite in view of each site at each step; positions exist only for a block of a tile at a time."""
    jd, fr = _grid().jd_fr(0, STEPS)
    at, up = (np.ascontiguousarray(in_teme(np.array([f(s) for s in SITES]), jd, fr)) for f in (position_m, zenith))
    sines, serving = np.sin([s.min_elevation_rad for s in SITES]), np.ones((1, TILE))

    def tiles(edges: list[tuple[int, int]]) -> Array:
        nearest, r_m = np.full((STEPS, len(SITES)), OUT_OF_SIGHT_M2), np.empty((BLOCK, 3, TILE))
        for lo, hi in edges:
            for k in range(0, STEPS, BLOCK):
                propagator.fill(lo, hi, k, r_m)
                nearest_in_sight(r_m, serving, at[k : k + BLOCK], up[k : k + BLOCK], sines, nearest[k : k + BLOCK])
        return nearest

    edges = list(pairwise([*range(0, propagator.count, TILE), propagator.count]))
    if threads == 1:
        return tiles(edges)
    with ThreadPoolExecutor(threads) as pool:
        return np.asarray(np.min(list(pool.map(tiles, [edges[n::threads] for n in range(threads)])), axis=0))


def _million(make_propagator: Callable[[int], tuple[Propagator, Sgp4Elements]], limit_m: float) -> Pair:
    """Ours: a million satellites, streamed into a reduction. The peer: positions of a sample of them, repeatedly."""
    propagator, some = make_propagator(MILLION)
    differ = partial(_sample_difference, propagator, limit_m)
    work = float(SAMPLE * STEPS)
    return Pair(
        partial(_stream, propagator, 1), astroz_positions(some), float(MILLION * STEPS), differ, peer_work=work
    )


def _sample_difference(propagator: Propagator, limit_m: float, ours_m2: Array, theirs_km: Array) -> str | None:
    """Whether the satellites that both sides have are at the same positions, and the reduction has found some."""
    r_m = np.empty((STEPS, 3, SAMPLE))
    propagator.fill(0, SAMPLE, 0, r_m)
    difference = _position_difference(limit_m, r_m.transpose(2, 0, 1), theirs_km)
    return difference if ours_m2.max() < OUT_OF_SIGHT_M2 else "a site has no satellite in view"


def _threads() -> Pair:
    if (os.cpu_count() or 1) < 2:
        raise CannotRun("needs two processors")
    propagator, _ = _mean(50_000)
    work = float(propagator.count * STEPS)
    return Pair(partial(_stream, propagator, 2), partial(_stream, propagator, 1), work, _differ)


def _differ(ours: Array, theirs: Array) -> str | None:
    return None if np.array_equal(ours, theirs) else "ranges depend on the number of threads"
