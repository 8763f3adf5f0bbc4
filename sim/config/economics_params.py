"""Parameters of `sim.economics` from a scenario or a ground site. Loads no arrays, so that validation can use it."""

from __future__ import annotations

import math

from sim.config import schema
from sim.config.ephemeris_files import Catalogues
from sim.config.propulsion_params import Budget, Sets, altitude_and_inclination, budget, flights
from sim.economics import cost, footprint, launch, mass
from sim.economics.finance import YEAR_S

NO_SETS: Sets = {}


def design_of(satellite: schema.Satellite, scenario: schema.Scenario, sets: Sets = NO_SETS) -> tuple[mass.Design, Budget]:
    """Sizes and densities of a satellite with its terminals, and the duties of its propulsion.

    Parameters
    ----------
    satellite : Satellite
        Satellite type of the scenario.
    scenario : Scenario
        The scenario, with links and orbits.
    sets : mapping of int to sequence of ElementSet, optional
        Element sets of entries of the constellation.

    Returns
    -------
    design : Design
        What its mass follows from.
    budget : Budget
        Duties of the propulsion.
    """
    links = scenario.links
    chip, array, battery, thermal = satellite.accelerator, satellite.power.array, satellite.power.battery, satellite.thermal
    given = satellite.propulsion
    heat_w = satellite.accelerators * (chip.max_power + chip.host.power) * (1.0 + thermal.loop.pump_fraction)
    design = mass.Design(
        array_m2=array.area, array_kg_m2=array.areal_mass, battery_j=battery.capacity, battery_j_kg=battery.specific_energy,
        radiator_m2=thermal.radiator.area, radiator_kg_m2=thermal.radiator.areal_mass, heat_w=heat_w,
        loop_kg_w=thermal.loop.specific_mass, accelerators=satellite.accelerators, accelerator_kg=chip.mass,
        host_kg=chip.host.mass, plate_kg=thermal.plate.mass, terminals=0 if links is None else links.terminals,
        terminal_kg=0.0 if links is None else links.terminal.mass, shielded_m2=satellite.shielding.area,
        shielding_kg_m2=satellite.shielding.areal_mass, bus_kg=satellite.bus.mass, structure_fraction=satellite.structure.fraction,
        propulsion=mass.Propulsion(0.0, 0.0, given.specific_impulse, given.tank_fraction, satellite.life),
    )  # fmt: skip
    found = budget(satellite, scenario.motion, flights(scenario, satellite, sets), design)
    return design._replace(propulsion=found.duty), found


def parts_kg(satellite: schema.Satellite, scenario: schema.Scenario, sets: Sets = NO_SETS) -> mass.Parts:
    """Mass of the parts of a satellite.

    Parameters
    ----------
    satellite : Satellite
        Satellite type of the scenario.
    scenario : Scenario
        The scenario.
    sets : mapping of int to sequence of ElementSet, optional
        Element sets of entries of the constellation.

    Returns
    -------
    Parts
        Masses [kg].
    """
    return mass.parts_kg(design_of(satellite, scenario, sets)[0])


def mass_kg(satellite: schema.Satellite, scenario: schema.Scenario, sets: Sets = NO_SETS) -> float:
    """Launch mass of a satellite.

    Parameters
    ----------
    satellite : Satellite
        Satellite type of the scenario.
    scenario : Scenario
        The scenario.
    sets : mapping of int to sequence of ElementSet, optional
        Element sets of entries of the constellation.

    Returns
    -------
    float
        The mass that the scenario states, or the sum of the parts [kg].
    """
    return mass.total_kg(parts_kg(satellite, scenario, sets)) if satellite.mass is None else satellite.mass


def builds(scenario: schema.Scenario, catalogues: Catalogues) -> list[cost.Build]:
    """Satellites of each orbit of a constellation, with what they are made of.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    catalogues : Catalogues
        Content of the files of the constellation.

    Returns
    -------
    list of Build
        One for each entry, shells of a shorthand apart; orbits of ephemerides are not known.
    """
    found = []
    for i, entry in enumerate(scenario.constellation):
        satellite = scenario.types[scenario.type_index(entry)]
        for part in schema.parts([entry]):
            number = catalogues.count(i, part)
            if number:
                altitude_m, inclination_rad = altitude_and_inclination(part, catalogues.sets.get(i, ()))
                found.append(_build(scenario, satellite, catalogues.sets, number, altitude_m, inclination_rad))
    return found


def _build(
    scenario: schema.Scenario, satellite: schema.Satellite, sets: Sets, number: int, altitude_m: float | None,
    inclination_rad: float | None,
) -> cost.Build:  # fmt: skip
    design, _ = design_of(satellite, scenario, sets)
    parts = mass.parts_kg(design)
    injected_m = satellite.propulsion.injection_altitude
    terminal = None if scenario.links is None else scenario.links.terminal
    lot = launch.Lot(
        number, mass.total_kg(parts) if satellite.mass is None else satellite.mass,
        altitude_m if altitude_m is None or injected_m is None else injected_m, inclination_rad, satellite.stowed_volume,
    )  # fmt: skip
    return cost.Build(
        lot=lot, parts=parts, array_m2=design.array_m2, battery_j=design.battery_j,
        radiator_m2=design.radiator_m2, accelerators=satellite.accelerators, terminals=design.terminals,
        accelerator_usd=satellite.accelerator.price, host_usd=satellite.accelerator.host.price,
        terminal_usd=0.0 if terminal is None else terminal.price, life_s=satellite.life,
        lost_per_year=lost_per_year(scenario.fleet),
    )  # fmt: skip


def lost_per_year(fleet: schema.Fleet | None) -> float:
    """Share of the satellites that are lost each year and replaced.

    Parameters
    ----------
    fleet : Fleet or None
        Failures of the fleet.

    Returns
    -------
    float
        Rate of failures of whole satellites; 0 where units of a satellite fail, which a restart brings back.
    """
    failures = None if fleet is None else fleet.failures
    return 0.0 if failures is None or failures.accelerators is not None else YEAR_S / failures.mean_time


def vehicle(economics: schema.Economics) -> launch.Vehicle:
    """Launch vehicle of a scenario.

    Parameters
    ----------
    economics : Economics
        Section `economics`.

    Returns
    -------
    Vehicle
        The vehicle.
    """
    given = economics.launch
    return launch.Vehicle(
        capacity_kg=given.capacity, altitude_m=given.reference.altitude, inclination_rad=given.reference.inclination,
        latitude_rad=given.latitude, scale_m_s=given.velocity_scale, usd=given.price, usd_kg=given.price_per_mass,
        volume_m3=given.fairing, satellites=economics.satellites_per_launch, fuel_kg=given.fuel.mass, fuel=given.fuel.kind,
    )  # fmt: skip


def prices(economics: schema.Economics) -> cost.Prices:
    """Prices of a fleet.

    Parameters
    ----------
    economics : Economics
        Section `economics`.

    Returns
    -------
    Prices
        The prices.
    """
    return cost.Prices(
        array_usd_m2=economics.array, battery_usd_j=economics.battery, radiator_usd_m2=economics.radiator,
        bus_usd_kg=economics.bus, integration=economics.integration, insurance=economics.insurance,
        operations_per_year=economics.operations, gateway_usd=economics.gateway, gateway_life_s=economics.gateway_life,
        capital_rate=economics.capital_rate,
    )  # fmt: skip


def unknown_prices(scenario: schema.Scenario, catalogues: Catalogues) -> list[str] | None:
    """Prices that are missing in the cost of a fleet.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    catalogues : Catalogues
        Content of the files of its constellation.

    Returns
    -------
    list of str or None
        Parts without a price; None without economics.
    """
    economics = scenario.economics
    if economics is None:
        return None
    fleet, idle = builds(scenario, catalogues), cost.Work(0.0, None, 1.0, None)
    return cost.orbit(fleet, prices(economics), vehicle(economics), gateways(scenario), idle, None).unknown_prices


def factors(economics: schema.Economics) -> footprint.Factors:
    """Emissions of a fleet.

    Parameters
    ----------
    economics : Economics
        Section `economics`.

    Returns
    -------
    Factors
        The emissions.
    """
    given, soot = economics.emissions, economics.launch.fuel.black_carbon
    return footprint.Factors(
        accelerator_kg=given.accelerator, spacecraft_kg_kg=given.spacecraft, fuel_kg_kg=given.fuel,
        black_carbon=(soot.low, soot.high), alumina=(given.reentry_alumina.low, given.reentry_alumina.high),
    )  # fmt: skip


def gateways(scenario: schema.Scenario) -> int:
    """Number of ground stations that the operator pays for: gateways, or all stations where none is a gateway.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    int
        Stations; 0 without `ground`.
    """
    roles = [] if scenario.ground is None else [station.role for station in scenario.ground.stations]
    return roles.count("gateway") or roles.count("user")


def site(given: schema.Site, mean_w: float) -> cost.Site:
    """Costs of a ground site.

    Parameters
    ----------
    given : Site
        The site.
    mean_w : float
        Mean power of the whole site [W].

    Returns
    -------
    Site
        The site and its prices.
    """
    return cost.Site(
        accelerators=given.all_accelerators, machines_w=given.power / given.pue, mean_w=mean_w,
        accelerator_usd=_mean_usd([(k.accelerators, k.accelerator.price) for k in given.kinds]),
        host_usd=_mean_usd([(k.accelerators, k.accelerator.host.price) for k in given.kinds]), network_usd=given.network,
        building_usd_w=given.building, rent_usd_s=None if given.rent is None else given.rent * given.redundancy,
        operations_per_year=given.operations, electricity_usd_j=given.electricity, machines_life_s=given.machines_life,
        building_life_s=given.building_life, capital_rate=given.capital_rate,
    )  # fmt: skip


def site_cost(given: schema.Site) -> cost.Cost:
    """What a ground site costs at full load, whatever it delivers.

    Parameters
    ----------
    given : Site
        The site.

    Returns
    -------
    Cost
        Its cost; costs of work are None.
    """
    return cost.ground(site(given, given.power), cost.Work(0.0, None, 1.0, None))


def _mean_usd(prices: list[tuple[int, float | None]]) -> float | None:
    """Mean of prices by number; None where one is not known."""
    if any(usd is None for _, usd in prices):
        return None
    return math.fsum(count * (usd or 0.0) for count, usd in prices) / sum(count for count, _ in prices)


def scaled_site(bill: cost.Site, factor: float) -> cost.Site:
    """The same site with more or fewer accelerators.

    Parameters
    ----------
    bill : Site
        The site.
    factor : float
        Multiple, above 0.

    Returns
    -------
    Site
        Whole accelerators, powers in proportion.
    """
    return bill._replace(
        accelerators=math.ceil(bill.accelerators * factor * (1.0 - 1e-12)), machines_w=factor * bill.machines_w, mean_w=factor * bill.mean_w
    )


def site_carbon(given: schema.Site, bill: cost.Site, work: cost.Work) -> footprint.Carbon:
    """Greenhouse gases of a ground site.

    Parameters
    ----------
    given : Site
        The site.
    bill : Site
        Its size and powers.
    work : Work
        What it delivers.

    Returns
    -------
    Carbon
        Section `carbon` of the summary.
    """
    of = footprint.GroundFactors(given.emissions.accelerator, given.emissions.building, given.emissions.grid)
    return footprint.ground(bill.accelerators, bill.machines_w, bill.mean_w, (given.machines_life, given.building_life), of, work)


def assumed_site_usd(given: schema.Site, precision: str, useful_fraction: float) -> float | None:
    """Cost of a ground site for each useful PFLOP/s-day, at full load.

    Parameters
    ----------
    given : Site
        The site.
    precision : str
        Precision of the nameplate.
    useful_fraction : float
        Useful share of nameplate.

    Returns
    -------
    float or None
        Cost [USD]; None where a price is not known or the accelerator has no peak at the precision.
    """
    nameplate = given.nameplate(precision)
    if nameplate is None:
        return None
    work = cost.Work(useful_fraction * nameplate, None, 1.0, None)
    return cost.ground(site(given, given.power), work).usd_per_useful_pflop_day
