"""What couples satellites in every step: availability, network, routes to the ground, jobs.

A step goes availability, network, routes, limits, jobs, integrate. `preview_limits` asks the same physics what the step
would allow, before jobs choose their rate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.config import yaml_tree
from sim.config.errors import bad_input
from sim.config.validation import isolation_message
from sim.engine import data_rules, events, ground_stations, job_assignment, link_traffic, links
from sim.engine.access import find_passes
from sim.engine.batches import Batches
from sim.engine.context import CONTROL, Context, Tile
from sim.engine.data_volumes import DataVolumes
from sim.engine.link_traffic import LinkTraffic
from sim.engine.neighbourhood import Neighbourhood
from sim.engine.outcome import Outcome
from sim.engine.soft_errors import FleetRadiation
from sim.engine.transports import NetworkTransport, NullTransport
from sim.fleet.availability import StepAvailability, in_order
from sim.network.ground_routing import GroundRouting
from sim.network.latency_map import LatencyMap
from sim.network.link_restriction import LinkRestriction
from sim.network.link_state import LinkState, Network
from sim.network.network_figures import NetworkFigures
from sim.network.site_links import SiteAccess
from sim.network.topologies.unlinked import reasons
from sim.spacecraft import loop
from sim.spacecraft.inputs import undisturbed
from sim.spacecraft.step import ROWS
from sim.workload.job_communication import Transport
from sim.workload.jobs import JobScheduler, Sight
from sim.workload.jobs.ledger import JobInputs

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
USEFUL = next(n for n, r in enumerate(ROWS.recorded) if r.variable.name == "useful")  # of the recorder's values
BLOCK_VALUES = 4_000_000  # positions held at a time
AVAILABLE, RATE_CAP, OPERATIONAL, BUS_AVAILABLE, DUTY, UNLINKED = (
    CONTROL[name] for name in ("available", "rate_cap", "operational", "bus_available", "duty", "unlinked")
)
OF_JOBS = [(CONTROL[name], JobInputs._fields.index(name)) for name in ("requested", "job_rate", "running", "productive")]
ROUNDS = 8  # limits and duty settle each other; from above, so that stopping early is on the safe side
SETTLED = 1e-4  # of the duty


class _StepAhead(NamedTuple):
    """What a step of the block will find, whatever jobs do."""

    available: StepAvailability
    links: LinkState | None  # None: a fleet without links
    lost: list[int]  # satellites that have no position from this step on


class Coupling:
    """The exchange of a fleet whose satellites depend on each other, one step at a time.

    Parameters
    ----------
    run : Context
        The run that it belongs to.
    """

    def __init__(self, run: Context) -> None:
        self.run, self.scenario = run, run.scenario
        n = run.satellites
        self.block = run.block if run.block_given else max(1, min(60, BLOCK_VALUES // (3 * n)))
        self.block = min(self.block, run.grid.steps)
        rules = links.link_rules(self.scenario, run.type_index)
        self.network = None
        if rules is not None:
            self.network = Network(links.constellation_blocks(run.loaded), n, rules, links.topology(run.loaded, rules))
        self.switches = np.empty(0, dtype=np.int64) if self.network is None else self.network.topology.switches
        order = links.rank_order(run.loaded)
        self.order, self.row = order[~np.isin(order, self.switches)], links.rank_rows(run.loaded)
        self.transport: Transport = NullTransport(n) if self.network is None else NetworkTransport(self.network)
        drawn = self.scenario.fleet is not None and self.scenario.fleet.soft_errors
        self.radiation = FleetRadiation(self.scenario, run.propagators, run.kinds, run.grid, drawn)
        self.availability = events.timeline(run.loaded, run.listed, self.radiation.sources)
        self.neighbourhood = Neighbourhood(run)
        self.places = data_rules.data_places(self.scenario, run.type_index)
        self._prompts = None if self.places.prompts is None else LinkRestriction(self.places.prompts)
        self._jobs = None if self.places.job is None else LinkRestriction(self.places.job >= 0, self.places.job)
        self.controls, self.limits = undisturbed(n), np.empty((loop.LIMIT_ROWS, n))
        self._positions_m: Array = np.empty((0, 3, n))  # at both ends of all steps of the block, where there are sensors
        self._noted = 0
        self._linked: Ints | None = None  # first ends of the links by which terminals were last noted
        self._available: tuple[StepAvailability, StepAvailability] | None = None  # of the last step, and its copy

    def begin(
        self, tiles: Sequence[Tile], work: Array, r_m: Array, new_sums: Callable[[], tuple[Ints, Array]]
    ) -> None:
        """Links, jobs and routes at the epoch.

        Parameters
        ----------
        tiles : sequence of Tile
            Satellites that go through time together.
        work : ndarray, shape (tiles, WORK, ROW_LENGTH)
            Rows of all tiles.
        r_m : ndarray, shape (tiles, block, 3, width)
            Positions of all tiles at the ends of the steps of a block [m].
        new_sums : callable
            Gives room for sums over the fleet and extremes, added to and raised in every step.
        """
        run = self.run
        self.batches = Batches(tiles, work, r_m, run.threads, new_sums)
        x = slice(loop.X_ROW, loop.X_ROW + 3)
        self.r_m = np.concatenate([t.carry[x, : t.real] for t in tiles], axis=1)
        self._first_network()
        self.scheduler = self.create_scheduler()
        worked = self.network is not None and bool(self.scheduler.trainings or self.scheduler.services)
        self.link_traffic = LinkTraffic(run.grid.steps, run.satellites) if worked else None
        ground, stride = self.scenario.ground, run.stride if run.kept.size else 0
        self.free_routing = self._new_routing(0, None, free=True) if self._restricts_users() else None
        over_earth = None
        if ground is not None:
            fibre_s = ground_stations.map_fibre_s(self.scenario, self.places.stations)
            over_earth = LatencyMap(run.grid, run.satellites, ground.min_elevation, ground.max_range or np.inf, fibre_s)
        self.ground_routing = self._new_routing(stride, over_earth)
        self.volumes = self.create_volumes()

    def create_volumes(self) -> DataVolumes | None:
        """Data of jobs between the ground and the fleet.

        Returns
        -------
        DataVolumes or None
            None where no job has any.
        """
        if not any(getattr(work, name, None) is not None for work in self.scenario.workloads for name in ("ingest", "deliver")):
            return None
        access = self.ground_routing.site_access = ground_stations.site_access(self.scenario, self.ground_routing.budget)
        return self.new_volumes(access)

    def new_volumes(self, access: SiteAccess) -> DataVolumes:
        """Volumes over the links of some sites.

        Parameters
        ----------
        access : SiteAccess
            The sites.

        Returns
        -------
        DataVolumes
            Volumes of all jobs that have any.
        """
        return DataVolumes(self.scenario, self.scheduler, access, self.network)

    def _restricts_users(self) -> bool:
        """Whether users have other routes, or other satellites that serve them, than without rules for data."""
        if self.scenario.data_rules is None:
            return False
        self._would_serve = job_assignment.servers(self.scenario, self.order, self.run.type_index)
        moved = bool((self._would_serve & ~self.scheduler.serves).any())
        return moved or self.places.prompts is not None or self.places.stations is not None

    def _new_routing(self, stride: int, latency_map: LatencyMap | None, free: bool = False) -> GroundRouting:
        run, s, may = self.run, self.run.surroundings, None if free else self.places.stations
        return GroundRouting(
            steps=run.grid.steps, step_s=self.scenario.step, satellites=run.satellites,
            sin_min_elevation=s.sin_min_elevation, max_range_m=s.max_range_m, masks=s.masks,
            pairs=links.station_pairs(self.scenario), network=self.network, stride=stride, latency_map=latency_map,
            paths=ground_stations.paths(self.scenario, may), budget=ground_stations.budget(self.scenario),
            slots=ground_stations.slots(self.scenario, run.grid),
        )  # fmt: skip

    def typical_controls(self) -> Array:
        """Controls of a fleet without failures whose jobs run at full clock rate, over the links of the epoch.

        Returns
        -------
        ndarray, shape (CONTROL_ROWS, satellites)
            Inputs of `CONTROLS`.
        """
        controls = undisturbed(self.run.satellites)
        controls[UNLINKED] = self.controls[UNLINKED]
        for name, values in self.scheduler.typical_inputs(self.transport)._asdict().items():
            controls[CONTROL[name]] = values
        return controls

    def create_scheduler(self) -> JobScheduler:
        """All workloads, once the links of the epoch are known.

        Returns
        -------
        JobScheduler
            The scheduler at the epoch.
        """
        rates, workloads = self.radiation.errors_per_s(), self.scenario.workloads
        allowed = [data_rules.allowed_satellites(self.scenario, work, self.run.type_index) for work in workloads]
        landing = [data_rules.landing_stations(self.scenario, work) for work in workloads]
        return job_assignment.scheduler(
            self.scenario, self.order, self.transport, self.run.type_index, self.row, rates, self.switches,
            lambda: find_passes(self.run.loaded).windows, allowed, landing, links.plane_of(self.run.loaded),
        )  # fmt: skip

    def end(self, outcome: Outcome) -> Outcome:
        """Enter what the end of the run decides, and add what coupling leaves.

        Parameters
        ----------
        outcome : Outcome
            What the satellites left.

        Returns
        -------
        Outcome
            With workloads, routes and changes of availability.
        """
        self.scheduler.end()
        self.ground_routing.end()
        if self.free_routing is not None:
            self.free_routing.end()
        happened = tuple(in_order(self.availability.occurred))
        return replace(
            outcome, scheduler=self.scheduler, ground_routing=self.ground_routing, free_routing=self.free_routing,
            link_traffic=self.link_traffic, network_figures=self.figures, volumes=self.volumes, changes=happened, radiation=self.radiation,
        )

    def _first_network(self) -> None:
        """Links at the epoch; a topology that leaves satellites without a link is an input error."""
        self.figures: NetworkFigures | None = None
        if self.network is None:
            return
        self.network.update(self.r_m, np.ones(self.run.satellites, dtype=np.bool_), {})
        isolated = self.network.isolated()
        if isolated.size:
            section = self.scenario.links
            assert section is not None
            why = reasons(self.network.topology, self.network.rules.limits, self.r_m, self.network.healthy, isolated)
            raise bad_input(
                yaml_tree.find(self.run.loaded.tree, ("links", "topology")).origin, "links.topology",
                isolation_message(section.form, why, self.run.satellites),
            )  # fmt: skip
        self._note_terminals(self.network.present)
        self.figures = NetworkFigures(self.network, self.order, self.r_m, self.run.grid.steps, self.scenario.step)
        if self._jobs is not None:  # after the figures, which are of all links
            self.network.take(self._jobs.state(self.network.present))

    # --- one step

    def intervals(self, k0: int, steps: int) -> Iterator[tuple[int, int]]:
        """One step at a time. Positions of the block are known, and so is who has none any more.

        Parameters
        ----------
        k0 : int
            Number of the block's first step.
        steps : int
            Number of steps.

        Returns
        -------
        iterator of (int, int)
            Each step by itself.
        """
        lost = sorted(self.run.decayed[self._noted :])
        self._noted = len(self.run.decayed)
        at_once = 1 if self.scheduler.servers_change else steps
        for at in range(0, steps, at_once):
            count = min(at_once, steps - at)
            self._look_ahead(k0 + at, count, at, lost)
            yield from ((k, 1) for k in range(k0 + at, k0 + at + count))

    def _look_ahead(self, k0: int, steps: int, at: int, lost: list[tuple[int, int]]) -> None:
        """Availability, links and routes to the ground of steps at a place of the block: power and heat have no influence on them, nor have
        jobs but for the satellites that users are routed to."""
        run, s = self.run, self.run.surroundings
        self._first_ahead = k0
        r_m = np.empty((steps, 3, run.satellites))
        for b in self.batches:
            for t, (first, real) in enumerate(zip(b.first.tolist(), b.real.tolist(), strict=True)):
                r_m[:, :, first : first + real] = b.r_m[t, at : at + steps, :, :real]
        if self.scheduler.sensings:
            last_m = self.r_m if k0 == 0 else self._positions_m[-1]
            self._positions_m = np.concatenate((last_m[np.newaxis], r_m))  # at both ends of all steps
        self._ahead = [self._step_ahead(k, [d for d in lost if d[1] == k], r_m[k - k0]) for k in range(k0, k0 + steps)]
        available, states = [step.available for step in self._ahead], [step.links for step in self._ahead if step.links is not None]
        if self.figures is not None:
            for k, state in enumerate(states, k0):
                self.figures.observe(k, state)
        if self.network is not None and self.scheduler.fleets:  # their messages need the rates of all links
            states = self.network.with_rates(states)
            self._ahead = [step._replace(links=state) for step, state in zip(self._ahead, states, strict=True)]
        powered, powered_end = np.array([a.powered for a in available]), np.array([a.powered_end for a in available])
        up_end, stations = np.array([a.up_end > 0.0 for a in available]), np.array([a.stations for a in available])
        window = slice(k0 + 2, k0 + 2 + steps)
        # a satellite without accelerators relays, but serves no user
        sky, serves = (s.station_m[window], s.zenith[window], s.north[window]), self.scheduler.serves & (up_end | ~powered_end)
        over = None if self.network is None else states
        if self.free_routing is not None:  # services where they are, and where they would be
            would = (self.scheduler.serves | self._would_serve) & (up_end | ~powered_end)
            self.free_routing.update_block(k0, r_m, powered, powered_end, sky, over, would, stations)
        if self._prompts is not None:
            may = self._prompts.allowed
            over = None if over is None else self._prompts.states(over)
            powered, powered_end, serves = powered & may, powered_end & may, serves & may
        if self.places.stations is not None:
            stations = stations & self.places.stations
        self._reached = self.ground_routing.update_block(k0, r_m, powered, powered_end, sky, over, serves, stations)

    def _step_ahead(self, k: int, lost: list[tuple[int, int]], r_m: Array) -> _StepAhead:
        """Availability and links of step k; `lost` are satellites, with the step, that have no position from then on."""
        self.availability.report(events.decays(lost, self.scenario.step))
        now, fleet = self.availability.step(k), self.availability.fleet
        if self._available is None or now is not self._available[0]:
            self._available = now, now.copied()
        available, state = self._available[1], None
        if self.network is not None:
            state = self.network.state(r_m, available.relays, fleet.links, fleet.terminals, self.run.surroundings.sun_m[k + 2])
        return _StepAhead(available, state, [number for number, _ in lost])

    def advance(self, k: int, steps: int, at: int, tiles: Sequence[Tile]) -> None:
        """Take step k: availability, network, routes, jobs, then all satellites.

        Parameters
        ----------
        k : int
            Number of the step.
        steps : int
            1.
        at : int
            Place of the step in the block.
        tiles : sequence of Tile
            Satellites that go through time together.
        """
        self._exchange(k, at)
        run, s = self.run, self.run.surroundings
        self.batches.each(
            lambda b: loop.take_step(
                b.work, b.first, b.real, s.sky[k + 2], self.controls, b.type_.values,
                b.fleet[b.kind, k], b.extremes[k],
            )
        )  # fmt: skip
        if (k + 1) % run.stride == 0:
            self._record((k + 1) // run.stride - 1, tiles)

    def _record(self, frame: int, tiles: Sequence[Tile]) -> None:
        """A frame of the recorder. Jobs know what the compiled loop does not: the useful share of members."""
        useful = self.scheduler.useful_share
        for tile in tiles:
            loop.record(tile.work, frame, tile.lanes, tile.kept)
            tile.kept[frame, USEFUL] += useful[tile.first + tile.lanes]

    def _exchange(self, k: int, at: int) -> None:
        """Links and jobs of step k: the controls of every satellite."""
        step_s, ahead = self.scenario.step, k - self._first_ahead
        now, state, lost = self._ahead[ahead]
        if lost:
            self.controls[BUS_AVAILABLE, lost] = 0.0
        if self.network is not None and state is not None:
            self._note_terminals(state)
            self.network.take(state if self._jobs is None else self._jobs.state(state))
        self.controls[AVAILABLE], self.controls[RATE_CAP] = now.up, now.rate_cap
        np.subtract(1.0, now.maintained, out=self.controls[OPERATIONAL])
        moment = -1 if self.link_traffic is None else self.link_traffic.moment(k)
        users_bit_s = None
        if self.network is not None and (self.scheduler.fleets or moment >= 0):
            routes = self.ground_routing.block_routes.get(k, [])
            users_bit_s = link_traffic.users_bit_s(self.scheduler, routes, k, self.transport, self.run.satellites)
        if self.volumes is not None:
            self.volumes.load(k)
        self.scheduler.begin_step(
            k * step_s, (k + 1) * step_s, now.up, self.transport, self._reached[ahead], now.changes, users_bit_s, now.maintained,
            self._sight(k, now),
        )  # fmt: skip
        if self.link_traffic is not None and moment >= 0:
            self.link_traffic.add(moment, self.scheduler, self.transport, users_bit_s)
        self._set_rates(k, at)
        self.scheduler.record_losses(k, self.limits)
        if self.volumes is not None:
            self.volumes.unload(k)

    def _note_terminals(self, state: LinkState) -> None:
        """Terminals without a link: the same as before while links are the same arrays."""
        if self.network is not None and self._linked is not state.a:
            self.controls[UNLINKED] = self.network.unlinked(state)
            self._linked = state.a

    def _sight(self, k: int, now: StepAvailability) -> Sight | None:
        """Positions, Sun and stations of step k, for workloads with sensors."""
        if not self.scheduler.sensings:
            return None
        first, r_m = self._first_ahead, self._positions_m
        stations = now.stations if self.scenario.ground is None else now.stations[[s.role != "pop" for s in self.scenario.ground.stations]]
        return Sight(r_m, self.run.surroundings.sun_m[first + 1 : first + 1 + len(r_m)], k - first, now.powered, stations)

    def _set_rates(self, k: int, at: int) -> None:
        """Limits and rates of jobs: duty depends on the rate, limits on the duty. Limits are asked again while it moves."""
        s, duty = self.run.surroundings, self.controls[DUTY]
        duty[:] = 1.0
        self.neighbourhood.fill(k, at, self.batches, self.controls)
        self.batches.each(
            lambda b: loop.see_surroundings(
                b.work, b.first, b.real, b.r_m, at, s.sky[k + 2], self.controls, b.type_.values, b.type_.table
            )
        )
        self._preview(k, again=False)
        for _ in range(ROUNDS):
            wanted = self.scheduler.set_rates(self.limits)
            moved = float(np.abs(duty - wanted).max())
            if moved == 0.0:
                break  # the limits are those of this duty
            duty[:] = wanted
            self._preview(k, again=True)
            if moved < SETTLED:
                break
        inputs = self.scheduler.fill_inputs()
        for row, field in OF_JOBS:
            self.controls[row] = inputs[field]

    def _preview(self, k: int, again: bool) -> None:
        """What the step allows every satellite under the duty as it is."""
        s, duty = self.run.surroundings, self.controls[DUTY]
        self.batches.each(
            lambda b: loop.preview_limits(
                b.work, b.first, b.real, s.sky[k + 2], duty, again, b.type_.values, self.limits
            )
        )
