"""The driver: one loop over time for all fleets.

Where nothing couples satellites, each tile of satellites goes through time by itself, on threads. Where links, jobs,
spares or routes do, all tiles go through time together and meet in every step (`sim.engine.coupling`). Every sum is
either within one satellite or over integers, so that threads, tiles and blocks leave no trace in the results. Nothing is
kept that grows with satellites x steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from threading import local

import numpy as np
from numpy.typing import NDArray

from orbit.kernels import visibility
from orbit.propagation import Propagator
from sim.config.scenario import Loaded
from sim.engine import events, initial_state
from sim.engine.context import CONTROL, TILE, Context, Exchange, Tile
from sim.engine.coupling import Coupling
from sim.engine.outcome import Outcome
from sim.engine.satellite_params import RESULT_ROWS, STATE_ROWS
from sim.engine.soft_errors import FleetRadiation
from sim.engine.threads import in_threads, one_blas_thread
from sim.fleet.availability import in_order
from sim.spacecraft import loop
from sim.spacecraft.inputs import undisturbed

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]


class Sums(local):
    """A thread's share of the sums over the fleet, and its scratch."""

    ready = False

    def make(self, run: Run) -> None:
        """Allocate on first use in a thread.

        Parameters
        ----------
        run : Run
            The run.
        """
        if self.ready:
            return
        self.ready = True
        steps, stations = run.grid.steps, run.surroundings.station_m.shape[1]
        self.r_m = np.empty((run.block, 3, run.width))
        self.work = loop.empty_tiles(1)[0]
        self.fleet, self.extremes = run.new_sums()
        self.best_range2_m2 = np.full((steps, stations), visibility.OUT_OF_SIGHT_M2)
        run.ranges2_m2.append(self.best_range2_m2)


class Run(Context):
    """One run: its context, its tiles, and the loop over time; arguments as of `Context`.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    tile : int
        Satellites of a tile.
    block : int, optional
        Steps whose positions are computed at once.
    threads : int, optional
        Threads for tiles that nothing couples; by default one for each processor.
    sample : int, optional
        Simulate only so many satellites, evenly spread, without events, stations, recorder and coupling.
    """

    def __init__(
        self,
        loaded: Loaded,
        tile: int = TILE,
        block: int | None = None,
        threads: int | None = None,
        sample: int | None = None,
    ) -> None:
        with one_blas_thread():
            super().__init__(loaded, tile, block, threads, sample)
        self.parts: list[tuple[NDArray[np.int64], Array]] = []
        self.ranges2_m2: list[Array] = []
        self.loop = loop.run_block
        self.sums = Sums()

    # --- the run

    @one_blas_thread()
    def finish(self, progress: Progress | None = None) -> Outcome:
        """Simulate and gather.

        Parameters
        ----------
        progress : callable, optional
            Called with the number of satellite-steps done and their total.

        Returns
        -------
        Outcome
            What the run leaves. KeyboardInterrupt stops threads at their next block and is raised.
        """
        if self.coupled:
            return self.finish_coupled(Coupling(self), progress)
        self.first_state = initial_state.first_state(self)
        total = self.satellites * self.grid.steps
        report = None if progress is None else lambda done: progress(done, total)
        in_threads([partial(self._alone, *place) for place in self.places()], self.threads, self.stop, report)
        return self._gather()

    def finish_coupled(self, coupling: Coupling, progress: Progress | None = None) -> Outcome:
        """Simulate with all tiles side by side, and gather.

        Parameters
        ----------
        coupling : Coupling
            The exchange between satellites.
        progress : callable, optional
            Called with the number of satellite-steps done and their total.

        Returns
        -------
        Outcome
            What the run leaves.
        """
        tiles = self.begin_coupled(coupling)
        try:
            self.march(tiles, coupling, coupling.block, progress)
        finally:
            coupling.batches.close()
        for tile in tiles:
            self._keep(tile)
        return coupling.end(self._gather())

    def begin_coupled(self, coupling: Coupling) -> list[Tile]:
        """All tiles side by side at the epoch, with links, jobs and routes.

        Parameters
        ----------
        coupling : Coupling
            The exchange between satellites.

        Returns
        -------
        list of Tile
            All satellites of the run.
        """
        self.sums.make(self)
        places = list(self.places())
        work = loop.empty_tiles(len(places))
        r_m = np.empty((len(places), coupling.block, 3, self.width))
        tiles = [self.new_tile(*place, r_m[t], work[t]) for t, place in enumerate(places)]
        coupling.begin(tiles, work, r_m, self.new_sums)
        self.first_state = initial_state.first_state(self, coupling.typical_controls)
        for tile in tiles:
            self._enter_first_state(tile)
        return tiles

    def march(
        self, tiles: Sequence[Tile], exchange: Exchange, block: int, progress: Progress | None = None
    ) -> None:
        """The loop over time: positions of a block, then as many steps at once as the exchange allows.

        Parameters
        ----------
        tiles : sequence of Tile
            Satellites that go through time together.
        exchange : Exchange
            What happens between them.
        block : int
            Steps whose positions are computed at once.
        progress : callable, optional
            Called with the number of satellite-steps done and their total.
        """
        steps = self.grid.steps
        for k0 in range(0, steps, block):
            if self.stop.is_set():
                return
            n = min(block, steps - k0)
            for tile in tiles:
                self._propagate(tile, k0, n)
            for k, many in exchange.intervals(k0, n):
                exchange.advance(k, many, k - k0, tiles)
            if progress is not None:
                progress((k0 + n) * self.satellites, steps * self.satellites)

    def new_sums(self) -> tuple[NDArray[np.int64], Array]:
        """A share of the sums over the fleet, which one thread at a time adds to.

        Returns
        -------
        fleet : ndarray of int64, shape (types, steps, COLUMNS)
            Sums in whole counts.
        extremes : ndarray, shape (steps, EXTREMES)
            Largest values, smallest ones with their sign turned.
        """
        steps = self.grid.steps
        part = np.zeros((len(self.types), steps, loop.COLUMNS), dtype=np.int64), np.full((steps, loop.EXTREMES), loop.NO_EXTREME)
        self.parts.append(part)
        return part

    # --- tiles

    def places(self) -> Iterator[tuple[Propagator, int, int, int, int]]:
        """Propagator, first and last satellite within it, number of its first satellite, and type, of every tile.

        Returns
        -------
        iterator of tuple
            (propagator, first, one beyond the last, number of its first satellite, type).
        """
        for propagator, base, kind in zip(self.propagators, self.first[:-1], self.kinds, strict=True):
            for lo, hi in pairwise([*range(0, propagator.count, self.tile), propagator.count]):
                yield propagator, lo, hi, int(base), kind

    def new_tile(
        self, propagator: Propagator, lo: int, hi: int, base: int, kind: int, r_m: Array, work: Array
    ) -> Tile:
        """A tile at the epoch.

        Parameters
        ----------
        propagator : Propagator
            Propagator of its satellites.
        lo : int
            First satellite within the propagator.
        hi : int
            One beyond the last.
        base : int
            Number of the propagator's first satellite in the fleet.
        kind : int
            Type of its satellites.
        r_m : ndarray, shape (block, 3, width)
            Room for positions [m].
        work : ndarray, shape (WORK, ROW_LENGTH)
            Rows of the compiled loop.

        Returns
        -------
        Tile
            The tile.
        """
        number, width = base + lo, self.width
        mine = np.flatnonzero((self.kept_satellites >= number) & (self.kept_satellites < number + hi - lo))
        tile = Tile(
            propagator=propagator, lo=lo, hi=hi, first=number, kind=kind, type_=self.types[kind], work=work, r_m=r_m,
            controls=undisturbed(1, width), slots=mine, lanes=self.kept_satellites[mine] - number,
            kept=np.zeros((self.kept.shape[0], loop.RECORDED, mine.size)), gone=np.zeros((1, width), dtype=np.bool_),
        )  # fmt: skip
        first = np.empty((2, 3, width))
        self._mark_gone(tile, propagator.fill(lo, hi, -1, first), first, -2)
        loop.start(first, self.surroundings.sun_m[:2], tile.type_.initial, tile.carry)
        self._enter_first_state(tile)
        return tile

    def _enter_first_state(self, tile: Tile) -> None:
        """Charge and temperatures at the epoch; the rest of the width repeats the last satellite."""
        lanes = tile.first + np.minimum(np.arange(self.width), tile.real - 1)
        tile.carry[STATE_ROWS] = self.first_state.rows(lanes)

    def _propagate(self, tile: Tile, k0: int, steps: int) -> None:
        """Positions at the ends of the steps of a block, computed once."""
        r_m = tile.r_m[:steps]
        self._mark_gone(tile, tile.propagator.fill(tile.lo, tile.hi, k0 + 1, r_m), r_m, k0)

    def _mark_gone(self, tile: Tile, codes: NDArray[np.int8] | None, r_m: Array, k: int) -> None:
        """Which satellites have no position, from the propagator's codes at ticks k + 1 and on.

        Each is noted once, and stands between Earth and Sun from then on: in no shadow, and finite.
        """
        before = tile.gone[-1]
        if codes is None and not before.any():
            tile.gone = before[np.newaxis, :]
            return
        bad = np.zeros((len(r_m), self.width), dtype=np.bool_) if codes is None else codes != 0
        gone = before | np.maximum.accumulate(bad)
        sun_m = self.surroundings.sun_m[k + 2 : k + 2 + len(r_m)]
        position = 1e7 * sun_m / np.linalg.norm(sun_m, axis=1, keepdims=True)
        np.copyto(r_m, position[:, :, np.newaxis], where=gone[:, np.newaxis, :])
        for lane in np.flatnonzero(gone[-1, : tile.real] & ~before[: tile.real]):
            self.decayed.append((tile.first + int(lane), max(0, k + int(np.argmax(gone[:, lane])))))
        tile.gone = gone

    def advance_alone(self, tile: Tile, k: int, steps: int, at: int) -> None:
        """Take steps k to k + steps - 1 of a tile with its controls.

        Parameters
        ----------
        tile : Tile
            The tile.
        k : int
            Number of the first step.
        steps : int
            Number of steps.
        at : int
            Place of the first step in the block.
        """
        window = slice(k + 2, k + 2 + steps)
        self.loop(
            tile.r_m[at : at + steps], self.surroundings.sky[window], tile.controls,
            tile.type_.values, tile.type_.table, tile.work, tile.real, self.sums.fleet[tile.kind, k : k + steps],
            self.sums.extremes[k : k + steps], k, self.stride, tile.lanes, tile.kept,
        )  # fmt: skip

    def _keep(self, tile: Tile) -> None:
        """Take over what a tile leaves; rows of zeros stay unwritten, and take no memory."""
        for row in RESULT_ROWS.values():
            if tile.carry[row, : tile.real].any():
                self.carry[row, tile.first : tile.first + tile.real] = tile.carry[row, : tile.real]
        if tile.slots.size == self.kept.shape[2]:
            self.kept = tile.kept  # of all satellites that are recorded: no copy
        else:
            self.kept[:, :, tile.slots] = tile.kept

    def _alone(self, propagator: Propagator, lo: int, hi: int, base: int, kind: int) -> int:
        """One tile through the whole run; returns its number of satellite-steps."""
        self.sums.make(self)
        tile = self.new_tile(propagator, lo, hi, base, kind, self.sums.r_m, self.sums.work)
        self.march([tile], Independent(self), self.block)
        if self.stop.is_set():
            return 0
        self._keep(tile)
        return tile.real * self.grid.steps

    def _gather(self) -> Outcome:
        """Sum up the threads' shares."""
        fleet = sum((p[0] for p in self.parts), np.zeros_like(self.parts[0][0]))
        extremes = np.max([p[1] for p in self.parts], axis=0)
        extremes = np.where(extremes > loop.NO_EXTREME, extremes, -np.inf) * loop.SIGNS
        range2 = np.min(self.ranges2_m2, axis=0)
        steps, stations = range2.shape
        seen = (range2 < visibility.OUT_OF_SIGHT_M2) & (np.sqrt(range2) <= self.surroundings.max_range_m)
        seen &= events.stations_available(self.listed, steps, stations, self.scenario.step)
        happened = [*self.listed, *events.decays(self.decayed, self.scenario.step)]
        return Outcome(
            loaded=self.loaded, grid=self.grid, types=tuple(self.types), type_index=self.type_index, carry=self.carry,
            fleet=fleet / loop.SCALE, extremes=extremes, range_m=np.where(seen, np.sqrt(range2), np.inf),
            stride=self.stride, kept_satellites=self.kept_satellites, kept=self.kept, decayed=sorted(self.decayed),
            changes=tuple(in_order(c for c in happened if c.target.name)), first_state=self.first_state,
            radiation=FleetRadiation(self.scenario, self.propagators, self.kinds, self.grid, drawn=False),
        )  # fmt: skip


class Independent:
    """Satellites that nothing couples: listed events are their only inputs, stations see the nearest that serves.

    Parameters
    ----------
    run : Run
        The run.
    """

    def __init__(self, run: Run) -> None:
        self.run = run

    def intervals(self, k0: int, steps: int) -> list[tuple[int, int]]:
        """The whole block at once.

        Parameters
        ----------
        k0 : int
            Number of the block's first step.
        steps : int
            Number of steps.

        Returns
        -------
        list of (int, int)
            One interval.
        """
        return [(k0, steps)]

    def advance(self, k: int, steps: int, at: int, tiles: Sequence[Tile]) -> None:
        """Take steps k to k + steps - 1, and note which stations see a satellite that serves.

        Parameters
        ----------
        k : int
            Number of the first step.
        steps : int
            Number of steps.
        at : int
            Place of the first step in the block.
        tiles : sequence of Tile
            Satellites that go through time together.
        """
        self._controls(k, steps, tiles)
        for tile in tiles:
            self.run.advance_alone(tile, k, steps, at)
        self._ranges(k, steps, tiles)

    def _controls(self, k: int, steps: int, tiles: Sequence[Tile]) -> None:
        """Availability by listed events; satellites without a position are neither available nor on the bus."""
        run = self.run
        for tile in tiles:
            lo, hi = tile.first, tile.first + tile.real
            controls, serving = events.step_inputs(run.listed, lo, hi, run.width, k, steps, run.scenario.step)
            if tile.gone[-1].any():
                controls = np.broadcast_to(controls, (loop.CONTROL_ROWS, *tile.gone.shape)).copy()
                controls[CONTROL["available"]][tile.gone] = 0.0
                controls[CONTROL["bus_available"]][tile.gone] = 0.0
                serving = np.where(tile.gone, 0.0, serving)
            tile.controls, tile.serving = controls, serving

    def _ranges(self, k: int, steps: int, tiles: Sequence[Tile]) -> None:
        """Range from every station to the nearest satellite in view that serves."""
        run, s, window = self.run, self.run.surroundings, slice(k + 2, k + 2 + steps)
        best = run.sums.best_range2_m2[k : k + steps]
        for tile in tiles:
            r_m = tile.r_m[:steps]
            if s.station_m.shape[1]:
                visibility.nearest_in_sight(
                    r_m, tile.serving, s.station_m[window], s.zenith[window], s.sin_min_elevation, best
                )
            if s.masks.which.size:
                visibility.nearest_over_mask(
                    r_m, tile.serving, s.station_m[window], s.zenith[window], s.north[window], *s.masks, best
                )
