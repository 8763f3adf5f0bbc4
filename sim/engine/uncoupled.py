"""Tiles of satellites through time: propagate, step, reduce. Nothing is kept that grows with satellites x steps.

No job couples satellites in this version, so tiles go outside time and run on threads; every sum is either within
one satellite or over integers, so that threads, tiles and blocks leave no trace in the results.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import pairwise
from threading import Event, local
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.environment import solar_flux_w_m2, sun_position_m
from orbit.ground import Station, horizon, in_teme, masks, position_m, zenith
from orbit.kernels import visibility
from orbit.propagation import Propagator
from orbit.timegrid import TimeGrid
from sim.config.scenario import Loaded
from sim.config.validation import recorder_plan
from sim.engine import events, propagators, satellite_params
from sim.fleet.availability import AvailabilityChange
from sim.network.ground_routing import GroundRouting
from sim.spacecraft import loop
from sim.spacecraft.step import ROWS, satellite_parameters
from sim.workload.jobs import JobScheduler

Array = NDArray[np.float64]
CONTROL = ROWS.controls
TILE, BLOCK = 256, 60  # satellites and steps at a time: positions of a block stay in the second-level cache
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Outcome:
    """What a run leaves: totals of each satellite, the fleet at each step, stations, the recorder's sample."""

    loaded: Loaded
    grid: TimeGrid
    params: Any  # SatelliteParams
    initial: Array  # (carried rows,): what every satellite began with, positions and shadow apart
    carry: Array  # (carried rows, satellites): last state and totals
    fleet: Array  # (steps, columns), SI
    extremes: Array  # (steps, items), largest and smallest of the available satellites; infinite where there is none
    range_m: Array  # (steps, stations), infinite where no satellite is in sight
    stride: int
    kept_satellites: NDArray[np.int64]
    kept: Array  # (frames, recorded values, recorded satellites)
    decayed: list[tuple[int, int]]  # satellite, step from which the propagator has no position
    # where satellites are coupled: workloads and routes to the ground
    scheduler: JobScheduler | None = None
    ground_routing: GroundRouting | None = None
    changes: tuple[AvailabilityChange, ...] = ()  # that happened, in order of time

    def row(self, name: str) -> Array:
        """A state or total of every satellite, (satellites,), by its declared name."""
        return np.asarray(self.carry[ROWS.carried[name]])

    def initial_value(self, name: str) -> float:
        """What a state or total of every satellite began with."""
        return float(self.initial[ROWS.carried[name]])

    def column(self, variable: str) -> Array:
        """Sum over the fleet of a variable in every step, (steps,), SI."""
        at = next(n for n, c in enumerate(ROWS.columns) if c.variable.name == variable)
        return np.asarray(self.fleet[:, at])


@dataclass(frozen=True)
class _Sky:
    """What is the same for all satellites: Sun and stations at ticks -1, 0, ..., steps."""

    sun_m: Array
    flux_w_m2: Array
    station_m: Array
    zenith: Array
    sin_min_elevation: Array  # sight.NEVER where a mask over the azimuth decides
    north: Array
    masks: visibility.Masks
    max_range_m: Array


def _sampled(propagators: list[Propagator], sample: int) -> list[Propagator]:
    """`sample` satellites at most, evenly spread over the constellation."""
    total = sum(p.count for p in propagators)
    chosen = np.unique(np.arange(min(sample, total)) * total // min(sample, total))
    found, base = [], 0
    for p in propagators:
        mine = chosen[(chosen >= base) & (chosen < base + p.count)] - base
        base += p.count
        if mine.size:
            found.append(p.subset(mine))
    return found


def _sky(grid: TimeGrid, sites: list[Station]) -> _Sky:
    jd, fr = grid.jd_fr(-1, grid.steps + 2)
    sun_m = sun_position_m(jd, fr)
    at = np.array([position_m(s) for s in sites]).reshape(-1, 3)
    up = np.array([zenith(s) for s in sites]).reshape(-1, 3)
    north = np.array([horizon(s)[0] for s in sites]).reshape(-1, 3)
    return _Sky(
        np.ascontiguousarray(sun_m),
        solar_flux_w_m2(np.linalg.norm(sun_m, axis=1)),
        np.ascontiguousarray(in_teme(at, jd, fr)),
        np.ascontiguousarray(in_teme(up, jd, fr)),
        np.array([visibility.NEVER if s.mask_rad else np.sin(s.min_elevation_rad) for s in sites], dtype=np.float64),
        np.ascontiguousarray(in_teme(north, jd, fr)),
        masks(sites),
        np.array([s.max_range_m for s in sites], dtype=np.float64),
    )


class _Buffers(local):
    """Scratch of one thread and its share of the fleet's sums."""

    ready = False

    def make(self, run: Run) -> None:
        steps, sites = run.grid.steps, run.sky.station_m.shape[1]
        self.ready = True
        self.r_m = np.empty((run.block, 3, run.tile))
        self.carry = np.empty((loop.CARRIED, run.tile))
        self.fleet = np.zeros((steps, loop.COLUMNS), dtype=np.int64)
        self.extremes = np.full((steps, loop.EXTREMES), loop.NO_EXTREME)
        self.best_range2_m2 = np.full((steps, sites), visibility.OUT_OF_SIGHT_M2)
        run.parts.append((self.fleet, self.extremes, self.best_range2_m2))


class Run:
    """One run under way. `tile`, `block` and `threads` change its speed, never its result.

    `sample` restricts it to that many satellites, evenly spread, without events, stations and recorder.
    """

    def __init__(
        self,
        loaded: Loaded,
        tile: int = TILE,
        block: int = BLOCK,
        threads: int | None = None,
        sample: int | None = None,
    ) -> None:
        self.loaded = loaded
        self.scenario = loaded.scenario
        self.grid = propagators.time_grid(self.scenario)
        setup = satellite_params.setup_of(self.scenario)
        self.params = satellite_parameters(setup)
        self.initial = satellite_params.initial_rows(setup, self.params)
        self.sky = _sky(self.grid, propagators.stations(self.scenario) if sample is None else [])
        self.propagators = propagators.make_propagators(loaded, self.grid)
        if sample is not None:
            self.propagators = _sampled(self.propagators, sample)
        self.first = np.concatenate(([0], np.cumsum([p.count for p in self.propagators])))
        self.satellites = int(self.first[-1])
        self.listed = events.listed_changes(loaded) if sample is None else []
        self.tile, self.block = tile, min(block, self.grid.steps)
        self.threads = threads or os.cpu_count() or 1
        recorder = self.scenario.recorder
        count, self.stride = recorder_plan(
            self.satellites, self.grid.steps, int(recorder.satellites) if sample is None else 0, int(recorder.values)
        )
        # evenly spread over the constellation, whatever the tiles
        self.kept_satellites = (np.arange(count) * self.satellites) // max(count, 1)
        self.kept = np.zeros((self.grid.steps // self.stride, loop.RECORDED, count))
        self.carry = np.empty((loop.CARRIED, self.satellites))
        self.parts: list[tuple[NDArray[np.int64], Array, Array]] = []
        self.decayed: list[tuple[int, int]] = []
        self.loop = loop.tile_loop(tile)
        self.buffers = _Buffers()
        self.stop = Event()

    def tiles(self) -> Iterator[tuple[Propagator, int, int, int]]:
        """Propagator, first and last satellite within it, and the number of its first satellite in the fleet."""
        for propagator, base in zip(self.propagators, self.first[:-1], strict=True):
            edges = [*range(0, propagator.count, self.tile), propagator.count]
            for lo, hi in pairwise(edges):
                yield propagator, lo, hi, int(base)

    def advance(self, propagator: Propagator, lo: int, hi: int, base: int) -> int:
        """One tile through the whole run; returns its number of satellite-steps."""
        b = self.buffers
        if not b.ready:
            b.make(self)
        number, real = base + lo, hi - lo
        first = np.empty((2, 3, self.tile))
        codes = propagator.fill(lo, hi, -1, first)
        gone = self._leave(codes, np.zeros(self.tile, dtype=np.bool_), first, number, real, -2)
        loop.start(first, self.sky.sun_m[:2], self.initial, b.carry)
        mine = np.flatnonzero((self.kept_satellites >= number) & (self.kept_satellites < number + real))
        lanes = self.kept_satellites[mine] - number
        kept = np.zeros((self.kept.shape[0], loop.RECORDED, mine.size))
        for k in range(0, self.grid.steps, self.block):
            if self.stop.is_set():
                return 0
            n = min(self.block, self.grid.steps - k)
            r_m = b.r_m[:n]
            codes = propagator.fill(lo, hi, k + 1, r_m)
            controls, serving = events.step_inputs(self.listed, number, number + real, self.tile, k, n, self.scenario.step)
            gone = self._leave(codes, gone[-1], r_m, number, real, k)
            if gone[-1].any():
                controls = np.broadcast_to(controls, (loop.CONTROL_ROWS, *gone.shape)).copy()
                controls[CONTROL["available"]][gone] = 0.0
                controls[CONTROL["bus_available"]][gone] = 0.0
                serving = np.where(gone, 0.0, serving)
            window = slice(k + 2, k + 2 + n)
            self.loop(
                r_m, self.sky.sun_m[window], self.sky.flux_w_m2[window], controls, self.params, b.carry,
                real, b.fleet[k : k + n], b.extremes[k : k + n], k, self.stride, lanes, kept,
            )  # fmt: skip
            if self.sky.station_m.shape[1]:
                visibility.nearest_in_sight(
                    r_m, serving, self.sky.station_m[window], self.sky.zenith[window], self.sky.sin_min_elevation,
                    b.best_range2_m2[k : k + n],
                )  # fmt: skip
            if self.sky.masks.which.size:
                visibility.nearest_over_mask(
                    r_m, serving, self.sky.station_m[window], self.sky.zenith[window], self.sky.north[window],
                    *self.sky.masks, b.best_range2_m2[k : k + n],
                )  # fmt: skip
        self.kept[:, :, mine] = kept
        self.carry[:, number : number + real] = b.carry[:, :real]
        return real * self.grid.steps

    def _leave(
        self, codes: NDArray[np.int8] | None, before: NDArray[np.bool_], r_m: Array, number: int, real: int, k: int
    ) -> NDArray[np.bool_]:  # fmt: skip
        """Where (tick, lane) satellites have no position any more, from the propagator's codes at ticks k + 1 and on.

        Each is noted once, and stands between Earth and Sun from then on: in no shadow, and finite.
        """
        if codes is None and not before.any():
            return before[np.newaxis, :]
        bad = np.zeros((len(r_m), self.tile), dtype=np.bool_) if codes is None else codes != 0
        gone = before | np.maximum.accumulate(bad)
        sun_m = self.sky.sun_m[k + 2 : k + 2 + len(r_m)]
        place_m = 1e7 * sun_m / np.linalg.norm(sun_m, axis=1, keepdims=True)
        np.copyto(r_m, place_m[:, :, np.newaxis], where=gone[:, np.newaxis, :])
        for lane in np.flatnonzero(gone[-1, :real] & ~before[:real]):
            self.decayed.append((number + int(lane), max(0, k + int(np.argmax(gone[:, lane])))))
        return gone

    def finish(self, progress: Progress | None = None) -> Outcome:
        """Run every tile and gather. KeyboardInterrupt stops the threads at their next block and goes on up."""
        total, done = self.satellites * self.grid.steps, 0
        tiles = list(self.tiles())
        with ThreadPoolExecutor(max_workers=min(self.threads, len(tiles))) as pool:
            try:
                waiting: set[Future[int]] = {pool.submit(self.advance, *tile) for tile in tiles}
                while waiting:
                    ready, waiting = wait(waiting, timeout=0.2, return_when=FIRST_EXCEPTION)
                    done += sum(f.result() for f in ready)
                    if progress is not None:
                        progress(done, total)
            except BaseException:
                self.stop.set()
                pool.shutdown(cancel_futures=True)
                raise
        return self._gather()

    def _gather(self) -> Outcome:
        fleet = sum((p[0] for p in self.parts), np.zeros_like(self.parts[0][0]))
        range2 = np.min([p[2] for p in self.parts], axis=0)
        extremes = np.max([p[1] for p in self.parts], axis=0)
        extremes = np.where(extremes > loop.NO_EXTREME, extremes, -np.inf) * loop.SIGNS
        steps, stations = range2.shape
        seen = (range2 < visibility.OUT_OF_SIGHT_M2) & (np.sqrt(range2) <= self.sky.max_range_m)
        seen &= events.stations_available(self.listed, steps, stations, self.scenario.step)
        happened = [*self.listed, *events.decays(self.decayed, self.scenario.step)]
        return Outcome(
            self.loaded, self.grid, self.params, self.initial, self.carry, fleet / loop.SCALE, extremes,
            np.where(seen, np.sqrt(range2), np.inf),
            self.stride, self.kept_satellites, self.kept, sorted(self.decayed),
            changes=tuple(sorted((c for c in happened if c.target.name), key=lambda c: (c.time_s, c.target.first))),
        )  # fmt: skip
