"""From a checked scenario to what the loop reads: parameters, propagators, stations, what satellites are told to do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orbit.cluster import square_lattice_offsets_m
from orbit.ground import Station
from orbit.propagation import CircularJ2, Formation, Propagator, Sgp4
from orbit.shells import sun_synchronous_ring, walker
from orbit.timegrid import TimeGrid, julian_date
from sim.models.attitude import attitude
from sim.models.compute import Compute
from sim.models.earthview import Earth
from sim.models.power import Array, Battery
from sim.models.thermal import Row, Thermal, steady_state_k, stepper
from sim.scenario import Loaded
from sim.spec import Cluster, Constellation, Ring, Satellite, Scenario, Tle, Walker, hours, parse_target
from sim import step
from sim.step import SatelliteParams

Array1 = Array2 = NDArray[np.float64]
START_ENVIRONMENT_VIEW = 0.24  # an edge-on face in low orbit; used for the starting temperatures only


def time_grid(scenario: Scenario) -> TimeGrid:
    return TimeGrid(*julian_date(scenario.epoch), scenario.step, scenario.steps)


def propagators(loaded: Loaded, grid: TimeGrid) -> list[Propagator]:
    """One for each entry of `constellation`, in order."""
    return [_propagator(entry, i, loaded, grid) for i, entry in enumerate(loaded.scenario.constellation)]


def _propagator(entry: Constellation, i: int, loaded: Loaded, grid: TimeGrid) -> Propagator:
    match entry:
        case Walker():
            span = 2.0 * np.pi if entry.pattern == "delta" else np.pi
            shell = walker(
                entry.altitude, entry.inclination, entry.planes, entry.satellites_per_plane, entry.phasing, span
            )
            return CircularJ2(shell, grid)
        case Ring():
            ring = sun_synchronous_ring(
                entry.altitude, hours(entry.local_time), entry.satellites, grid.epoch_jd, grid.epoch_fr
            )
            return CircularJ2(ring, grid)
        case Cluster():
            chief = sun_synchronous_ring(entry.altitude, hours(entry.local_time), 1, grid.epoch_jd, grid.epoch_fr)
            return Formation(chief, square_lattice_offsets_m(entry.lattice.spacing, entry.lattice.radius), grid)
        case Tle():
            return Sgp4(loaded.catalogues[i], grid)


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
    mask = scenario.ground.min_elevation
    return [
        Station(s.name, s.latitude, s.longitude, s.height, mask if s.min_elevation is None else s.min_elevation)
        for s in scenario.ground.stations
    ]


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
        first, last = parse_target(event.target) or (0, -1)
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
