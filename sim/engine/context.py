"""What a run needs and builds once, and the tiles that its satellites lie in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from orbit.environment import solar_flux_w_m2, sun_position_m
from orbit.ground import Station, horizon, in_teme, masks, position_m, zenith
from orbit.kernels import visibility
from orbit.kernels.frames import gmst_rad
from orbit.propagation import Propagator
from orbit.timescales import utc_to_ut1
from sim.config.scenario import Loaded
from sim.config.validation import recorder_plan
from sim.engine import burns, events, propagators, radiation_maps
from sim.engine.satellite_params import FirstState, FleetType, fleet_types, full_state
from sim.spacecraft import loop
from sim.spacecraft.step import ROWS

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
CONTROL = ROWS.controls
TILE, BLOCK = loop.WIDTH, 60  # satellites and steps at a time: positions of a block stay in the second-level cache


class Surroundings(NamedTuple):
    """What is the same for all satellites: Sun and stations at ticks -1, 0, ..., steps."""

    sun_m: Array
    sky: Array  # the fields of `passes.Sky`
    station_m: Array
    zenith: Array
    sin_min_elevation: Array  # visibility.NEVER where a mask over the azimuth decides
    north: Array
    masks: visibility.Masks
    max_range_m: Array


@dataclass
class Tile:
    """Satellites that lie side by side in the arrays of the compiled loop, all of one type."""

    propagator: Propagator
    lo: int  # first and one beyond the last satellite within the propagator
    hi: int
    first: int  # number of its first satellite in the fleet
    kind: int  # type of its satellites
    type_: FleetType
    work: Array  # (WORK, ROW_LENGTH), rows of the compiled loop
    r_m: Array  # (block, 3, width), positions at the ends of the steps of a block
    controls: Array  # (control rows, steps or 1, width)
    slots: Ints  # of the recorder's satellites those that are here
    lanes: Ints  # and where they stand
    kept: Array  # (frames, recorded values, slots)
    gone: Flags  # (steps or 1, width), without a position
    serving: Array = field(default_factory=lambda: np.ones((1, 0)))  # (steps or 1, width), available at the end

    @property
    def real(self) -> int:
        """Number of satellites; the rest of the width repeats the last."""
        return self.hi - self.lo

    @property
    def carry(self) -> Array:
        """Carried rows, (carried rows, width)."""
        return self.work[: loop.CARRIED, : self.r_m.shape[2]]


class Exchange(Protocol):
    """What happens between satellites: how many steps go by without it, what they are given, what is seen of them."""

    def intervals(self, k0: int, steps: int) -> Iterable[tuple[int, int]]:
        """First step and number of steps that can be taken at once, within a block.

        Parameters
        ----------
        k0 : int
            Number of the block's first step.
        steps : int
            Number of steps.

        Returns
        -------
        iterable of (int, int)
            First step and number of steps.
        """
        ...

    def advance(self, k: int, steps: int, at: int, tiles: Sequence[Tile]) -> None:
        """Take steps k to k + steps - 1, whose positions begin at `at` in the block.

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
        ...


def sky(sun_m: Array, jd: Array, fr: Array) -> Array:
    """Sun and Earth at many moments, as the compiled loop takes them.

    Parameters
    ----------
    sun_m : ndarray, shape (n, 3)
        Positions of the Sun [m].
    jd, fr : ndarray, shape (n,)
        UTC as Julian date and fraction of a day.

    Returns
    -------
    ndarray, shape (n, 6)
        Position of the Sun [m], sunlight at its distance [W/m2], cosine and sine of the Earth's rotation angle.
    """
    angle_rad = gmst_rad(*utc_to_ut1(jd, fr))
    return np.ascontiguousarray(np.column_stack((sun_m, solar_flux_w_m2(np.linalg.norm(sun_m, axis=1)), np.cos(angle_rad), np.sin(angle_rad))))


def surroundings(grid: Any, stations: list[Station]) -> Surroundings:
    """Sun and stations over a time grid.

    Parameters
    ----------
    grid : TimeGrid
        Time grid of the run.
    stations : list of Station
        Ground stations.

    Returns
    -------
    Surroundings
        Arrays over the ticks -1 to steps.
    """
    jd, fr = grid.jd_fr(-1, grid.steps + 2)
    sun_m = np.ascontiguousarray(sun_position_m(jd, fr))
    at = np.array([position_m(s) for s in stations]).reshape(-1, 3)
    up = np.array([zenith(s) for s in stations]).reshape(-1, 3)
    north = np.array([horizon(s)[0] for s in stations]).reshape(-1, 3)
    return Surroundings(
        sun_m=sun_m, sky=sky(sun_m, jd, fr),
        station_m=np.ascontiguousarray(in_teme(at, jd, fr)), zenith=np.ascontiguousarray(in_teme(up, jd, fr)),
        sin_min_elevation=np.array([visibility.NEVER if s.mask_rad else np.sin(s.min_elevation_rad) for s in stations], dtype=np.float64),
        north=np.ascontiguousarray(in_teme(north, jd, fr)), masks=masks(stations),
        max_range_m=np.array([s.max_range_m for s in stations], dtype=np.float64),
    )


class Context:
    """What a run needs and builds once: time grid, types, Sun and stations, propagators, recorder plan.

    `tile`, `block` and `threads` change the speed of a run, never its result.

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
        self.loaded, self.scenario = loaded, loaded.scenario
        self.grid = propagators.time_grid(self.scenario)
        self.surroundings = surroundings(self.grid, propagators.stations(self.scenario) if sample is None else [])
        self.propagators = propagators.make_propagators(loaded, self.grid)
        self.kinds = _kinds(loaded, self.propagators)
        if sample is not None:
            self.propagators, self.kinds = _sampled(self.propagators, self.kinds, sample)
        self.types = fleet_types(self.scenario, radiation_maps.maps(self.scenario, self.propagators, self.kinds, self.grid.steps))
        self.first = np.concatenate(([0], np.cumsum([p.count for p in self.propagators])))
        self.satellites = int(self.first[-1])
        self.listed = burns.with_thrusts(events.listed_changes(loaded), self.propagators, loaded) if sample is None else []
        self.coupled = sample is None and self.scenario.coupled
        self.block_given = bool(block)  # coupled runs hold fewer positions by default
        if not 1 <= tile <= loop.WIDTH:
            raise ValueError(f"a tile of {tile} satellites; write 1 to {loop.WIDTH}")
        self.tile, self.block = min(tile, max(p.count for p in self.propagators)), min(block or BLOCK, self.grid.steps)
        self.width = -(-self.tile // loop.GROUP) * loop.GROUP  # of the arrays of a tile, in whole groups
        self.threads = threads or os.cpu_count() or 1
        recorder = self.scenario.recorder
        count, self.stride = recorder_plan(
            self.satellites, self.grid.steps, int(recorder.satellites) if sample is None else 0, int(recorder.values)
        )
        # evenly spread over the constellation, whatever the tiles
        self.kept_satellites = (np.arange(count) * self.satellites) // max(count, 1)
        self.kept = np.zeros((self.grid.steps // self.stride, loop.RECORDED, count))
        self.carry = np.zeros((loop.CARRIED, self.satellites))  # rows that nothing is written to take no memory
        self.decayed: list[tuple[int, int]] = []
        self.first_state: FirstState = full_state(self.types, self.type_index)
        self.stop = Event()

    @property
    def type_index(self) -> Ints:
        """Type of each satellite, (satellites,)."""
        counts = [p.count for p in self.propagators]
        return np.repeat(np.asarray(self.kinds, dtype=np.int64), counts)


def _kinds(loaded: Loaded, moving: list[Propagator]) -> list[int]:
    """Type of the satellites of each propagator."""
    starts = np.cumsum([0, *(p.count for p in moving)])[:-1]
    ranges = loaded.type_ranges
    return [next(kind for kind, first, end in ranges if first <= start < end) for start in starts]


def _sampled(moving: list[Propagator], kinds: list[int], sample: int) -> tuple[list[Propagator], list[int]]:
    """`sample` satellites at most, evenly spread over the constellation, and their types."""
    total = sum(p.count for p in moving)
    chosen = np.unique(np.arange(min(sample, total)) * total // min(sample, total))
    subset, kept, base = [], [], 0
    for p, kind in zip(moving, kinds, strict=True):
        mine = chosen[(chosen >= base) & (chosen < base + p.count)] - base
        base += p.count
        if mine.size:
            subset.append(p.subset(mine))
            kept.append(kind)
    return subset, kept
