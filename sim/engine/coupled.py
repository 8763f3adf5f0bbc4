"""Time outermost: where links and jobs join satellites, each step goes geometry, limits, network, jobs, integrate.

The physics of a satellite is the same compiled loop as elsewhere, one step at a time; `tile_limits` asks it what a step
would allow before jobs have chosen their pace.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.propagation import Propagator
from sim.config import yaml_tree
from sim.config.errors import bad_input
from sim.config.scenario import Loaded
from sim.engine import events, job_assignment, links
from sim.engine.uncoupled import CONTROL, TILE, Outcome, Progress, Run
from sim.fleet.availability import StepAvailability
from sim.network.ground_routing import GroundRouting
from sim.network.link_state import Network
from sim.network.routing import components
from sim.spacecraft import loop
from sim.spacecraft.step import ROWS
from sim.workload.job_communication import Transport
from sim.workload.jobs import JobScheduler

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
USEFUL = next(n for n, r in enumerate(ROWS.recorded) if r.variable.name == "useful")  # of the recorder's values
BLOCK_VALUES = 4_000_000  # positions held at a time
ROUNDS = 8  # limits and the busy share settle each other; from above, so that stopping early is on the safe side
SETTLED = 1e-4  # of the busy share


class NetworkTransport:
    """A network as jobs see it."""

    def __init__(self, network: Network) -> None:
        self.network = network

    @property
    def version(self) -> int:
        return self.network.version

    @property
    def directed_delay_s(self) -> Array:
        return np.concatenate((self.network.delay_s, self.network.delay_s))

    @property
    def directed_rate_bit_s(self) -> Array:
        return np.concatenate((self.network.rate_bit_s, self.network.rate_bit_s))

    def routes(self, src: Ints, dst: Ints) -> tuple[Ints, Ints]:
        found = self.network.paths(src, dst)
        return found.start, found.links

    def components(self) -> Ints:
        network = self.network
        return components(network.count, network.a, network.b, network.healthy)


class NullTransport:
    """Satellites that are not joined: nothing passes between them."""

    version = 0
    directed_delay_s: Array = np.zeros(0)
    directed_rate_bit_s: Array = np.zeros(0)

    def __init__(self, satellites: int) -> None:
        self.satellites = satellites

    def components(self) -> Ints:
        return np.arange(self.satellites)

    def routes(self, src: Ints, dst: Ints) -> tuple[Ints, Ints]:
        return np.zeros(src.size + 1, dtype=np.int64), np.zeros(0, dtype=np.int64)


class _Tile(NamedTuple):
    propagator: Propagator
    lo: int
    hi: int
    first: int  # number of its first satellite in the fleet
    carry: Array
    kept: Array
    lanes: Ints
    slots: Ints

    @property
    def real(self) -> int:
        return self.hi - self.lo


class CoupledRun(Run):
    """A run in which satellites depend on each other. Tiles change its speed, never its result."""

    def __init__(self, loaded: Loaded, tile: int = TILE, block: int = 0, threads: int | None = None) -> None:
        super().__init__(loaded, tile, max(1, block), threads)
        self.limits_ahead = loop.preview_limits(tile)
        self.order = links.rank_order(loaded)
        rules = links.link_rules(self.scenario)
        self.network = None if rules is None else Network(links.constellation_blocks(loaded), self.satellites, rules)
        self.transport: Transport = NullTransport(self.satellites) if self.network is None else NetworkTransport(self.network)

    # --- the run

    def finish(self, progress: Progress | None = None) -> Outcome:
        """Step after step; KeyboardInterrupt goes on up."""
        n, steps = self.satellites, self.grid.steps
        self.availability = events.timeline(self.loaded)
        tiles = self._start()
        self._first_network()
        self.scheduler: JobScheduler = self.create_scheduler()
        self.serves = self.scheduler.serves
        self.ground_routing = GroundRouting(
            steps, self.scenario.step, n, self.sky.sin_min_elevation, self.sky.max_range_m, self.sky.masks,
            links.station_pairs(self.scenario), self.network, self.stride if self.kept.size else 0,
        )  # fmt: skip
        self.controls = np.ones((loop.CONTROL_ROWS, n))
        self.limits = np.empty((loop.LIMIT_ROWS, n))
        held = self.block if self.block > 1 else max(1, min(60, BLOCK_VALUES // (3 * n)))
        buffers = [np.empty((held, 3, self.tile)) for _ in tiles]
        gone = [np.zeros(self.tile, dtype=np.bool_) for _ in tiles]
        for k0 in range(0, steps, held):
            many = min(held, steps - k0)
            noted = len(self.decayed)
            for i, (tile, r_m) in enumerate(zip(tiles, buffers, strict=True)):
                codes = tile.propagator.fill(tile.lo, tile.hi, k0 + 1, r_m[:many])
                gone[i] = self._leave(codes, gone[i], r_m[:many], tile.first, tile.real, k0)[-1]
            lost = sorted(self.decayed[noted:])
            for j in range(many):
                # positions are known before the block is stepped, and so is who has none any more
                self.availability.report(events.decays((d for d in lost if d[1] == k0 + j), self.scenario.step))
                self._step(k0 + j, tiles, [r_m[j] for r_m in buffers])
            if progress is not None:
                progress((k0 + many) * n, steps * n)
        self.scheduler.end()
        for tile in tiles:
            self.carry[:, tile.first : tile.first + tile.real] = tile.carry[:, : tile.real]
            self.kept[:, :, tile.slots] = tile.kept
        outcome = self._gather()
        self.ground_routing.end()
        happened = tuple(sorted(self.availability.occurred, key=lambda c: (c.time_s, c.target.first)))
        return replace(outcome, scheduler=self.scheduler, ground_routing=self.ground_routing, changes=happened)

    def create_scheduler(self) -> JobScheduler:
        """Everybody's work, once the links of the epoch are known."""
        return job_assignment.scheduler(self.scenario, self.order, self.transport)

    def sky_at(self, k: int) -> tuple[Array, Array, Array]:
        """Stations, their zeniths and norths at the end of step k."""
        return self.sky.station_m[k + 2], self.sky.zenith[k + 2], self.sky.north[k + 2]

    def _start(self) -> list[_Tile]:
        self.buffers.make(self)
        tiles = []
        for propagator, lo, hi, base in self.tiles():
            first = np.empty((2, 3, self.tile))
            self._leave(
                propagator.fill(lo, hi, -1, first), np.zeros(self.tile, dtype=np.bool_), first, base + lo, 0, -2
            )
            carry = np.empty((loop.CARRIED, self.tile))
            loop.start(first, self.sky.sun_m[:2], self.initial, carry)
            number = base + lo
            mine = np.flatnonzero((self.kept_satellites >= number) & (self.kept_satellites < number + hi - lo))
            kept = np.zeros((self.kept.shape[0], loop.RECORDED, mine.size))
            tiles.append(_Tile(propagator, lo, hi, number, carry, kept, self.kept_satellites[mine] - number, mine))
        self.r_m = np.concatenate([t.carry[loop.X_ROW : loop.X_ROW + 3, : t.real] for t in tiles], axis=1)
        return tiles

    def _first_network(self) -> None:
        """Links at the epoch; a topology that leaves satellites alone is no topology."""
        if self.network is None:
            return
        self.network.update(self.r_m, np.ones(self.satellites, dtype=np.bool_), {})
        alone = self.network.isolated()
        if alone.size:
            links = self.scenario.links
            assert links is not None
            raise bad_input(
                yaml_tree.find(self.loaded.tree, ("links", "topology")).origin, "links.topology",
                f"{links.topology} leaves {alone.size} of {self.satellites} satellites without a link at the epoch "
                f"(the first is {alone[0]}); write more terminals, a longer max_range or another topology",
            )  # fmt: skip

    # --- one step

    def _step(self, k: int, tiles: list[_Tile], positions: list[Array]) -> None:
        step_s = self.scenario.step
        self.r_m = np.concatenate([r[:, : t.real] for r, t in zip(positions, tiles, strict=True)], axis=1)
        now = self.availability.step(k)
        self._network(now)
        # a satellite without accelerators relays, but serves no user
        serves = np.asarray(self.serves & ((now.up_end > 0.0) | ~now.powered_end))
        reached = self.ground_routing.update(
            k, self.r_m, now.powered, now.powered_end, self.sky_at(k), self.network, serves, now.stations
        )
        self.controls[CONTROL["available"]], self.controls[CONTROL["rate_cap"]] = now.up, now.rate_cap
        self.scheduler.begin_step(k * step_s, (k + 1) * step_s, now.up, self.transport, reached, now.changes)
        self.controls[CONTROL["duty"]] = 1.0
        for _ in range(ROUNDS):
            self._ask(k, tiles, positions)
            orders = self.scheduler.fill_inputs(self.limits)
            moved = float(np.max(np.abs(self.controls[CONTROL["duty"]] - orders.duty)))
            self.controls[CONTROL["duty"]] = orders.duty
            if moved < SETTLED:
                break
        self._ask(k, tiles, positions)
        for name in ("requested", "job_rate", "running", "productive"):
            self.controls[CONTROL[name]] = getattr(orders, name)
        self.scheduler.record_losses(k, self.limits)
        self._integrate(k, tiles, positions)
        if (k + 1) % self.stride == 0:
            useful = self.scheduler.useful_share  # which the loop does not know
            for tile in tiles:
                tile.kept[(k + 1) // self.stride - 1, USEFUL] += useful[tile.first + tile.lanes]

    def _lanes(self, rows: Array, tile: _Tile) -> Array:
        """Rows (row, N) as a tile has them: lanes beyond its satellites repeat the last."""
        mine = rows[:, tile.first : tile.first + tile.real]
        return np.ascontiguousarray(np.pad(mine, ((0, 0), (0, self.tile - tile.real)), mode="edge"))

    def _ask(self, k: int, tiles: list[_Tile], positions: list[Array]) -> None:
        found = np.empty((loop.LIMIT_ROWS, self.tile))
        for tile, r_m in zip(tiles, positions, strict=True):
            self.limits_ahead(
                r_m, self.sky.sun_m[k + 2], self.sky.flux_w_m2[k + 2], self._lanes(self.controls, tile), self.params, tile.carry,
                found,
            )  # fmt: skip
            self.limits[:, tile.first : tile.first + tile.real] = found[:, : tile.real]

    def _integrate(self, k: int, tiles: list[_Tile], positions: list[Array]) -> None:
        b, window = self.buffers, slice(k + 2, k + 3)
        for tile, r_m in zip(tiles, positions, strict=True):
            self.loop(
                r_m[np.newaxis], self.sky.sun_m[window], self.sky.flux_w_m2[window],
                self._lanes(self.controls, tile)[:, np.newaxis, :], self.params, tile.carry, tile.real,
                b.fleet[k : k + 1], b.extremes[k : k + 1], k, self.stride, tile.lanes, tile.kept,
            )  # fmt: skip

    # --- network

    def _network(self, now: StepAvailability) -> None:
        if self.network is not None:
            fleet = self.availability.fleet
            self.network.update(self.r_m, now.relays, fleet.links, fleet.terminals)
