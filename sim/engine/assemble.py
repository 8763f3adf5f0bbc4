"""From a checked scenario to what the loop reads: parameters, propagators, stations, what satellites are told to do."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from orbit.catalog import elements
from orbit.ephemeris import Ephemeris
from orbit.ground import Station
from orbit.propagation import CircularJ2, Propagator
from orbit.sgp4 import Sgp4
from orbit.shells import staggered_lead_slots, sun_synchronous_ring, walker, walker_lead_slots, walker_sgp4
from orbit.timegrid import TimeGrid, julian_date
from sim.config import schema
from sim.config.scenario import Loaded
from sim.config.schema import (
    Cluster,
    Constellation,
    Economics,
    Ground,
    Oem,
    Omm,
    Ring,
    Satellite,
    Scenario,
    Shorthand,
    Tle,
    Walker,
    hours,
    parse_link,
    parse_target,
    parts,
)
from sim.engine import formations
from sim.engine.propagator_choice import moved
from sim.fleet.failures import Change, normalise
from sim.network.link_state import ConstellationBlock, Grid, LinkRules
from sim.network.optical import Terminal
from sim.spacecraft import step
from sim.spacecraft.attitude import attitude
from sim.spacecraft.compute import Compute
from sim.spacecraft.earth_flux import Earth
from sim.spacecraft.power import Array, Battery
from sim.spacecraft.step import SatelliteParams
from sim.spacecraft.thermal import Row, Thermal, steady_state_k, stepper

Array1 = NDArray[np.float64]
Array2 = NDArray[np.float64]
Ints = NDArray[np.int64]
START_ENVIRONMENT_VIEW = 0.24  # an edge-on face in low orbit; used for the starting temperatures only


def time_grid(scenario: Scenario) -> TimeGrid:
    return TimeGrid(*julian_date(scenario.epoch), scenario.step, scenario.steps)


def propagators(loaded: Loaded, grid: TimeGrid) -> list[Propagator]:
    """For each entry of `constellation`, in order; a formation has one to itself."""
    scenario = loaded.scenario
    found = [p for i, entry in enumerate(scenario.constellation) for p in _propagators(entry, i, loaded, grid)]
    if scenario.motion is None:
        return found
    return [moved(p, scenario.motion, scenario.satellite, grid) for p in found]


def _propagators(entry: Constellation, i: int, loaded: Loaded, grid: TimeGrid) -> list[Propagator]:
    match entry:
        case Walker():
            return [_walker(entry, grid)]
        case Ring():
            ring = sun_synchronous_ring(
                entry.altitude, hours(entry.local_time), entry.satellites, grid.epoch_jd, grid.epoch_fr
            )
            return [CircularJ2(ring, grid)]
        case Cluster():
            return list(formations.propagators(entry, grid))
        case Shorthand():
            return [_walker(shell, grid) for shell in entry.shells]
        case Tle() | Omm():
            return [Sgp4(elements(loaded.catalogues.sets[i]), grid)]
        case Oem():
            return [Ephemeris(loaded.catalogues.tracks[i], grid)]


def _walker(entry: Walker, grid: TimeGrid) -> Propagator:
    """A shell moved by secular J2, or by SGP4 where its mean motion is given."""
    span = 2.0 * np.pi if entry.pattern == "delta" else np.pi
    ahead = staggered_lead_slots(entry.planes, entry.stagger)
    ahead = ahead + entry.mean_anomaly * entry.satellites_per_plane / (2.0 * np.pi)
    lead = walker_lead_slots(entry.planes, entry.phasing) + ahead
    if entry.mean_motion is not None:
        mean_motion_rev_d = entry.mean_motion * 86400.0 / (2.0 * np.pi)
        mean = walker_sgp4(
            mean_motion_rev_d, entry.inclination, entry.satellites_per_plane, lead, grid.epoch_jd, grid.epoch_fr, span
        )
        return Sgp4(mean, grid)
    assert entry.altitude is not None
    shell = walker(entry.altitude, entry.inclination, entry.planes, entry.satellites_per_plane, entry.phasing, span)
    ahead = np.repeat(ahead, entry.satellites_per_plane) * 2.0 * np.pi / entry.satellites_per_plane
    turned = np.mod(shell.latitude_argument_rad + ahead, 2.0 * np.pi)
    return CircularJ2(replace(shell, latitude_argument_rad=turned), grid)


def thermal_network(satellite: Satellite) -> Thermal:
    """The network of all accelerators of a satellite."""
    chip, n, t = satellite.accelerator, satellite.accelerators, satellite.thermal
    return Thermal(
        junction_to_plate_w_k=n / chip.junction_to_plate,
        hbm_to_plate_w_k=n / chip.hbm_to_plate,
        plate_to_loop_w_k=n / t.plate.to_coolant,
        loop_to_radiator_w_k=t.loop.conductance,
        heat_capacity_j_k=(
            n * chip.junction_heat_capacity,
            n * chip.hbm_heat_capacity,
            n * t.plate.heat_capacity,
            t.loop.heat_capacity,
            t.radiator.heat_capacity * t.radiator.area,
        ),
        radiator_area_m2=t.radiator.area,
        radiator_emissivity=t.radiator.emissivity,
        radiator_absorptance=t.radiator.absorptance,
        fin_efficiency=t.radiator.fin_efficiency,
        reference_k=min(chip.junction_limit, chip.hbm_limit) - 30.0,
        junction_limit_k=chip.junction_limit,
        hbm_limit_k=chip.hbm_limit,
    )


def compute_params(satellite: Satellite) -> Compute:
    chip, n = satellite.accelerator, satellite.accelerators
    return Compute(
        idle_w=n * chip.idle_power,
        dynamic_w=n * (chip.max_power - chip.idle_power),
        host_w=n * satellite.power.host_power,
        voltage_floor=chip.voltage_floor,
        conversion_efficiency=satellite.power.conversion_efficiency,
        pump_fraction=satellite.thermal.loop.pump_fraction,
        kernel_efficiency=chip.kernel_efficiency,
        hbm_power_share=chip.hbm_power_share,
    )


def bus_reserve_j(satellite: Satellite) -> float:
    """Charge [J] that carries the bus alone through the time the battery must hold it."""
    battery = satellite.power.battery
    return satellite.bus.power * battery.bus_reserve / battery.discharge_efficiency


def satellite_params(scenario: Scenario) -> SatelliteParams:
    """Parameters of the loop, SI."""
    satellite = scenario.satellite
    a, b = satellite.power.array, satellite.power.battery
    compute = compute_params(satellite)
    floor_j = b.capacity * (1.0 - b.max_depth)
    return SatelliteParams(
        attitude=attitude(satellite.attitude.law, satellite.attitude.pointing_error),
        array=Array(
            a.area, a.packing, a.cell_efficiency, a.temperature_coefficient, a.absorptance, a.emissivity_front,
            a.emissivity_back, a.retention, a.conditioning_efficiency,
        ),
        battery=Battery(
            b.capacity, floor_j, floor_j + bus_reserve_j(satellite), b.charge_efficiency, b.discharge_efficiency,
            b.max_charge_power, b.max_discharge_power,
        ),
        compute=compute,
        stepper=stepper(thermal_network(satellite), compute.hbm_power_share, scenario.step),
        earth=Earth(scenario.environment.earth_infrared, scenario.environment.albedo),
        bus_w=satellite.bus.power,
        radiator_area_m2=satellite.thermal.radiator.area,
        radiator_emissivity=satellite.thermal.radiator.emissivity,
        radiator_absorptance=satellite.thermal.radiator.absorptance,
    )  # fmt: skip


def start_temperatures_k(scenario: Scenario, params: SatelliteParams) -> Row:
    """Steady state at the highest load that junction and memory allow, in mean conditions: no warm-up to wait for."""
    network, compute = thermal_network(scenario.satellite), params.compute
    view = 2.0 * START_ENVIRONMENT_VIEW
    environment_w = params.radiator_area_m2 * params.radiator_emissivity * view * params.earth.infrared_w_m2
    low, high = 0.0, 1.0
    for _ in range(40):
        share = 0.5 * (low + high)
        chip_w = share * (compute.idle_w + compute.dynamic_w)
        electronics_w = chip_w + compute.host_w
        plate_w = electronics_w / compute.conversion_efficiency - chip_w
        loop_w = electronics_w * compute.pump_fraction / compute.conversion_efficiency + params.bus_w
        nodes = steady_state_k(network, chip_w, plate_w, loop_w, environment_w, compute.hbm_power_share)
        if nodes[0] <= network.junction_limit_k and nodes[1] <= network.hbm_limit_k:
            low = share
        else:
            high = share
    return nodes


def stations(scenario: Scenario) -> list[Station]:
    if scenario.ground is None:
        return []
    return [_station(s, scenario.ground) for s in scenario.ground.stations]


def _station(site: schema.Station, ground: Ground) -> Station:
    """A mask over the azimuth stands for the elevation of all stations; one of the station itself counts beside it."""
    mask = tuple(site.mask or ())
    least = min((elevation for _, elevation in mask), default=ground.min_elevation)
    reach = ground.max_range if site.max_range is None else site.max_range
    return Station(
        site.name, site.latitude, site.longitude, site.height,
        least if site.min_elevation is None else site.min_elevation, mask, math.inf if reach is None else reach,
    )  # fmt: skip


@dataclass(frozen=True)
class Order:
    """One event on a range of satellites [first, last], at a time counted in steps from the epoch."""

    at_steps: float
    action: str
    first: int
    last: int
    to: float


def orders(scenario: Scenario, satellites: int) -> list[Order]:
    """The scenario's events in time order; of two at once the later written wins."""
    found = []
    for event in scenario.events:
        target = parse_target(event.target)
        if target is None:
            continue  # a link's
        first, last = target
        at = (event.at - scenario.epoch).total_seconds() / scenario.step
        to = 1.0 if event.to is None else event.to
        found.append(Order(at, event.action, first, satellites - 1 if last == -1 else last, to))
    return sorted(found, key=lambda o: o.at_steps)


class Schedule:
    """What satellites lo to hi - 1 are told by orders, step after step."""

    def __init__(self, orders_: list[Order], lo: int, hi: int) -> None:
        self.orders = [o for o in orders_ if o.first < hi and o.last >= lo]
        self.next, self.lo, self.hi = 0, lo, hi
        self.up, self.cap = np.ones(hi - lo), np.ones(hi - lo)

    def step(self, k: int) -> tuple[Array1, Array1, Array1]:
        """Of step k: share of it each satellite works, the rate it may reach then, whether it works at its end.

        Steps are asked for in order, none left out.
        """
        if self.next == len(self.orders) or self.orders[self.next].at_steps > k + 1.0:
            return self.up, self.cap, self.up
        works, rate = self.up.copy(), self.up * self.cap
        while self.next < len(self.orders) and self.orders[self.next].at_steps <= k + 1.0:
            left = min(1.0, k + 1.0 - self.orders[self.next].at_steps)
            up, cap = self.up, self.cap
            self._apply()
            works += left * (self.up - up)
            rate += left * (self.up * self.cap - up * cap)
        works = np.where(np.abs(works) < 1e-12, 0.0, works)  # shares of a step that cancel leave rounding
        return works, np.divide(rate, works, out=self.cap.copy(), where=works > 0.0), self.up

    def skip_to(self, k: int) -> None:
        """Go to step k without telling about those before."""
        while self.next < len(self.orders) and self.orders[self.next].at_steps <= k:
            self._apply()

    def _apply(self) -> None:
        order = self.orders[self.next]
        self.next += 1
        mine = slice(max(order.first, self.lo) - self.lo, min(order.last + 1, self.hi) - self.lo)
        self.up, self.cap = self.up.copy(), self.cap.copy()
        match order.action:
            case "lose":
                self.up[mine] = 0.0
            case "restore":
                self.up[mine], self.cap[mine] = 1.0, 1.0
            case "return":
                self.up[mine] = 1.0
            case "derate":
                self.cap[mine] = order.to


def told(orders_: list[Order], lo: int, hi: int, width: int, first_step: int, steps: int) -> tuple[Array2, Array2]:
    """told[row, steps or 1, lane] of satellites that no job couples, and serving[steps or 1, lane].

    One row where nothing is ordered for any of them; lanes beyond hi repeat the last satellite.
    """
    plan = Schedule(orders_, lo, hi)
    if not plan.orders:
        return np.ones((step.TOLD_ROWS, 1, width)), np.ones((1, width))
    found, serving = np.ones((step.TOLD_ROWS, steps, width)), np.ones((steps, width))
    lanes = np.minimum(np.arange(width), hi - lo - 1)
    plan.skip_to(first_step)
    for k in range(steps):
        works, rate, at_end = plan.step(first_step + k)
        found[step.TOLD_ALIVE, k], found[step.TOLD_CAP, k], serving[k] = works[lanes], rate[lanes], at_end[lanes]
    return found, serving


# --- what joins satellites -------------------------------------------------------------------------------------------


def constellation_blocks(loaded: Loaded) -> list[ConstellationBlock]:
    """Grids and lattices of the constellation, by the numbers of their satellites."""
    found: list[ConstellationBlock] = []
    first = 0
    for i, entry in enumerate(loaded.scenario.constellation):
        for part in parts([entry]):
            found += _constellation_blocks(part, first)
            first += loaded.catalogues.count(i, part)
    return found


def _constellation_blocks(entry: Constellation, first: int) -> list[ConstellationBlock]:
    match entry:
        case Walker():
            wraps = entry.pattern == "delta"
            return [Grid(first, entry.planes, entry.satellites_per_plane, wraps, round(entry.phasing))]
        case Ring():
            return [Grid(first, 1, entry.satellites, False)]
        case Cluster():
            return list(formations.constellation_blocks(entry, first))
        case _:
            return []


def placement(loaded: Loaded) -> Ints:
    """Satellites in an order in which neighbours are near: planes and lattice rows to and fro, catalogues as they are."""
    order: list[NDArray[np.int64]] = []
    for patch in constellation_blocks(loaded):
        if isinstance(patch, Grid):
            order += _to_and_fro(patch.first, np.repeat(np.arange(patch.planes), patch.slots))
        else:
            order += _to_and_fro(patch.first, np.unique(patch.offsets_m[1], return_inverse=True)[1])
    laid = np.concatenate([*order, np.zeros(0, dtype=np.int64)]).astype(np.int64)
    rest = np.setdiff1d(np.arange(loaded.satellites), laid)
    return np.concatenate((laid, rest))


def _to_and_fro(first: int, row: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Satellites of rows one after the other, every second row backwards."""
    return [first + np.flatnonzero(row == r)[:: 1 if r % 2 == 0 else -1] for r in range(int(row.max()) + 1)]


def link_rules(scenario: Scenario) -> LinkRules | None:
    links = scenario.links
    if links is None:
        return None
    t = links.terminal
    terminal = Terminal(
        t.transmit_power, t.aperture, t.wavelength, t.transmit_efficiency, t.receive_efficiency, t.pointing_jitter,
        t.photons_per_bit, t.channels, t.channel_rate,
    )  # fmt: skip
    return LinkRules(
        links.topology, links.terminals, terminal, links.grazing_altitude, links.max_range, links.hop_latency
    )


def station_pairs(scenario: Scenario) -> list[tuple[int, int]]:
    """The stations of each pair by number."""
    ground = scenario.ground
    if ground is None:
        return []
    number = {s.name: i for i, s in enumerate(ground.stations)}
    return [(number[a], number[b]) for a, b in ground.station_pairs]


@dataclass(frozen=True)
class LinkEvent:
    """What happens to one link: the share of its rate that is left, 0 cuts it."""

    at_steps: float
    action: str
    pair: tuple[int, int]
    factor: float


def link_events(scenario: Scenario) -> list[LinkEvent]:
    """Events on links in time order; of two at once the later written wins."""
    found = []
    for event in scenario.events:
        pair = parse_link(event.target)
        if pair is None:
            continue
        at = (event.at - scenario.epoch).total_seconds() / scenario.step
        left = {"lose": 0.0, "restore": 1.0, "derate": 1.0 if event.to is None else event.to}[event.action]
        found.append(LinkEvent(at, event.action, pair, left))
    return sorted(found, key=lambda o: o.at_steps)


def merge_events(listed: list[Order], changes: list[Change], step_s: float) -> list[Order]:
    """Orders for a fleet that also fails at random: who goes down and comes up is told by changes alone.

    Of the listed ones derating stays, and restoring in so far as it lifts that.
    """
    kept = [o for o in listed if o.action == "derate"]
    kept += [Order(o.at_steps, "derate", o.first, o.last, 1.0) for o in listed if o.action == "restore"]
    kept += [
        Order(c.time_s / step_s, "return" if c.up else "lose", c.satellite, c.satellite, 1.0)
        for c in normalise(changes)
    ]
    return sorted(kept, key=lambda o: o.at_steps)


# --- what it takes to fly it -----------------------------------------------------------------------------------------


def launches(economics: Economics, satellites: int, mass_kg: float) -> int:
    """Vehicles for so many satellites, filled by mass or, where that is given, by number."""
    by_mass = math.ceil(mass_kg / economics.launch.capacity)
    each = economics.satellites_per_launch
    return by_mass if each is None else max(by_mass, math.ceil(satellites / each))


def capex_usd(economics: Economics, satellite: Satellite, satellites: int) -> float:
    """Satellites built, equipped and launched."""
    mass_kg = satellites * satellite.mass
    built = mass_kg * economics.spacecraft + satellites * satellite.accelerators * economics.accelerator
    return built + launches(economics, satellites, mass_kg) * economics.launch.price
