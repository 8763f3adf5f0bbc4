"""Parameters of the compiled step from a satellite of the scenario; what it takes to build and launch it."""

from __future__ import annotations

import math

from sim.config.schema import (
    Economics,
    Satellite,
    Scenario,
)
from sim.spacecraft.array import Array
from sim.spacecraft.attitude import attitude
from sim.spacecraft.battery import Battery
from sim.spacecraft.compute import Compute
from sim.spacecraft.earth_flux import Earth
from sim.spacecraft.step import SatelliteParams
from sim.spacecraft.thermal import Row, Thermal, steady_state_k, stepper

START_ENVIRONMENT_VIEW = 0.24  # an edge-on face in low orbit; used for the starting temperatures only


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
