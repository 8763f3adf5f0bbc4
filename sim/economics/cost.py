"""Cost of a fleet in orbit and of a site on the ground, in the same terms; and the launch price at which both cost the same.

The yearly cost is capital recovery of every part over its life, plus what is spent each year. It is affine in what the
launches cost, so that the break-even launch price has a closed form.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sim.economics.finance import YEAR_S, capital_recovery, launched_power_usd_per_kw_year
from sim.economics.launch import Lot, Manifest, Vehicle, launch_usd, manifest
from sim.economics.mass import Parts

DAYS_PER_YEAR = 365.25
PFLOPS = 1e15


class Build(NamedTuple):
    """Equal satellites: how many, for which orbit, and what one of them is made of."""

    lot: Lot
    parts: Parts
    array_m2: float
    battery_j: float
    radiator_m2: float
    accelerators: int
    terminals: int
    accelerator_usd: float | None
    host_usd: float | None
    terminal_usd: float | None
    life_s: float
    lost_per_year: float  # share of the satellites that are lost and replaced each year

    @property
    def other_kg(self) -> float:
        """Mass without a price of its own: loop, shielding, bus, structure, propulsion, and the margin of a stated mass."""
        p = self.parts
        return self.lot.mass_kg - math.fsum((p.array, p.battery, p.radiator, p.accelerators, p.hosts, p.terminals))


class Prices(NamedTuple):
    """Prices in orbit; None where one is not known."""

    array_usd_m2: float | None
    battery_usd_j: float | None
    radiator_usd_m2: float | None
    bus_usd_kg: float | None
    integration: float  # over the price of the parts
    insurance: float  # premium over the price of satellites and launches
    operations_per_year: float  # over the capital cost
    gateway_usd: float | None
    gateway_life_s: float
    capital_rate: float


class Site(NamedTuple):
    """A site on the ground, its prices and its mean electrical power."""

    accelerators: int
    machines_w: float  # of all accelerators and hosts at full load
    mean_w: float  # of the whole site
    accelerator_usd: float | None
    host_usd: float | None
    network_usd: float | None  # for each accelerator
    building_usd_w: float | None  # building, power and cooling
    operations_per_year: float
    electricity_usd_j: float | None
    machines_life_s: float
    building_life_s: float
    capital_rate: float
    rent_usd_s: float | None = None  # for each accelerator, where machines and power are rented


class Work(NamedTuple):
    """What a fleet or a site delivers."""

    useful_flops_per_s: float
    tokens_per_s: float | None  # None without a workload that has tokens
    token_share: float  # of the machines that the workloads with these tokens hold
    power_w: float | None  # mean power of the arrays


class Cost(NamedTuple):
    """Section `cost` of summary.json; a sum is None where a price in it is not known."""

    capex_usd: float | None
    capex_by_part_usd: dict[str, float | None]
    opex_usd_per_year: float | None
    opex_by_part_usd_per_year: dict[str, float | None]
    usd_per_year: float | None  # capital recovery and opex
    usd_per_useful_pflop_day: float | None
    usd_per_million_tokens: float | None
    usd_per_kw_year_launched: float | None  # of the launches alone, on the mean power of the arrays
    launch_usd_per_kg: float | None
    break_even_launch_usd_per_kg: float | None  # what is not known counts as nothing
    baseline_usd_per_useful_pflop_day: float | None
    unknown_prices: list[str]


NO_COST = Cost(None, {}, None, {}, None, None, None, None, None, None, None, [])


def satellite_usd(build: Build, prices: Prices) -> dict[str, float | None]:
    """Price of one satellite by part, without launch.

    Parameters
    ----------
    build : Build
        The satellite.
    prices : Prices
        Prices of the parts.

    Returns
    -------
    dict of str to float or None
        Prices by part [USD]; `integration` is charged on the parts that have one.
    """
    parts: dict[str, float | None] = {
        "array": _times(build.array_m2, prices.array_usd_m2),
        "battery": _times(build.battery_j, prices.battery_usd_j),
        "radiator": _times(build.radiator_m2, prices.radiator_usd_m2),
        "bus": _times(max(0.0, build.other_kg), prices.bus_usd_kg),
        "terminals": _times(build.terminals, build.terminal_usd),
        "accelerators": _times(build.accelerators, build.accelerator_usd),
        "hosts": _times(build.accelerators, build.host_usd),
    }
    return {**parts, "integration": prices.integration * known(parts)}


def known(parts: Mapping[str, float | None]) -> float:
    """Sum of the parts whose price is known.

    Parameters
    ----------
    parts : mapping of str to float or None
        Prices by part.

    Returns
    -------
    float
        Their sum.
    """
    return math.fsum(value for value in parts.values() if value is not None)


def orbit(
    builds: Sequence[Build], prices: Prices, vehicle: Vehicle, gateways: int, work: Work, baseline_usd: float | None
) -> Cost:
    """Cost of a fleet.

    Parameters
    ----------
    builds : sequence of Build
        The satellites.
    prices : Prices
        Prices of parts and operations.
    vehicle : Vehicle
        The launch vehicle.
    gateways : int
        Gateways of the ground segment.
    work : Work
        What the fleet delivers.
    baseline_usd : float or None
        Cost of the site on the ground for each useful PFLOP/s-day.

    Returns
    -------
    Cost
        Section `cost` of the summary.
    """
    fleet: dict[str, float | None] = {}
    yearly, per_launch_usd = 0.0, prices.operations_per_year  # what a year costs: yearly + per_launch_usd x launches
    mass_kg = math.fsum(b.lot.satellites * b.lot.mass_kg for b in builds)
    lost_usd = launched_lost = 0.0
    for b in builds:
        one = satellite_usd(b, prices)
        for part, value in one.items():
            fleet[part] = _plus(fleet.get(part, 0.0), _times(b.lot.satellites, value))
        hardware_usd = b.lot.satellites * known(one)
        crf = capital_recovery(prices.capital_rate, b.life_s)
        share = b.lot.satellites * b.lot.mass_kg / mass_kg
        yearly += crf * (1.0 + prices.insurance) * hardware_usd
        per_launch_usd += share * (1.0 + prices.insurance) * (crf + b.lost_per_year)
        lost_usd += b.lost_per_year * (1.0 + prices.insurance) * hardware_usd
        launched_lost += share * b.lost_per_year * (1.0 + prices.insurance)
    launched = _sum([launch_usd(vehicle, b.lot) for b in builds])
    ground = _times(gateways, prices.gateway_usd)
    insurance = prices.insurance * (known(fleet) + (launched or 0.0))
    parts = {**fleet, "launch": launched, "ground_segment": ground, "insurance": insurance}
    operated = known(fleet) + (ground or 0.0)
    yearly += capital_recovery(prices.capital_rate, prices.gateway_life_s) * (ground or 0.0)
    yearly += prices.operations_per_year * operated + lost_usd
    missing = [part for part, value in parts.items() if value is None]
    opex = {
        "operations": None if launched is None else prices.operations_per_year * (operated + launched),
        "replenishment": None if launched is None else lost_usd + launched_lost * launched,
    }
    usd_per_year = None if missing or launched is None else yearly + per_launch_usd * launched
    useful = work.useful_flops_per_s / PFLOPS
    even = None
    if baseline_usd is not None and useful > 0.0:
        even = (baseline_usd * DAYS_PER_YEAR * useful - yearly) / (per_launch_usd * mass_kg)
    return Cost(
        capex_usd=None if missing else known(parts), capex_by_part_usd=parts,
        opex_usd_per_year=None if missing else known(opex), opex_by_part_usd_per_year=opex, usd_per_year=usd_per_year,
        **_per_work(usd_per_year, work),
        usd_per_kw_year_launched=_launched_power(builds, launched, work.power_w),
        launch_usd_per_kg=None if launched is None else launched / mass_kg, break_even_launch_usd_per_kg=even,
        baseline_usd_per_useful_pflop_day=baseline_usd, unknown_prices=missing,
    )  # fmt: skip


def ground(site: Site, work: Work) -> Cost:
    """Cost of a site on the ground.

    Parameters
    ----------
    site : Site
        The site and its prices.
    work : Work
        What it delivers.

    Returns
    -------
    Cost
        Section `cost` of the summary; fields of launches are None.
    """
    if site.rent_usd_s is not None:
        rent = site.accelerators * site.rent_usd_s * YEAR_S
        each = _per_work(rent, work)
        return NO_COST._replace(
            capex_usd=0.0, opex_usd_per_year=rent, opex_by_part_usd_per_year={"rent": rent}, usd_per_year=rent,
            usd_per_useful_pflop_day=each["usd_per_useful_pflop_day"], usd_per_million_tokens=each["usd_per_million_tokens"],
        )  # fmt: skip
    machines: dict[str, float | None] = {
        "accelerators": _times(site.accelerators, site.accelerator_usd),
        "hosts": _times(site.accelerators, site.host_usd),
        "network": _times(site.accelerators, site.network_usd),
    }
    building = _times(site.machines_w, site.building_usd_w)
    parts = {**machines, "building": building}
    missing = [part for part, value in parts.items() if value is None]
    opex = {
        "operations": None if missing else site.operations_per_year * known(parts),
        "electricity": _times(site.mean_w * YEAR_S, site.electricity_usd_j),
    }
    missing += [part for part, value in opex.items() if value is None and part == "electricity"]
    recovered = capital_recovery(site.capital_rate, site.machines_life_s) * known(machines)
    recovered += capital_recovery(site.capital_rate, site.building_life_s) * (building or 0.0)
    usd_per_year = None if missing else recovered + known(opex)
    return Cost(
        capex_usd=None if any(v is None for v in parts.values()) else known(parts), capex_by_part_usd=parts,
        opex_usd_per_year=None if missing else known(opex), opex_by_part_usd_per_year=opex, usd_per_year=usd_per_year,
        **_per_work(usd_per_year, work),
        usd_per_kw_year_launched=None, launch_usd_per_kg=None, break_even_launch_usd_per_kg=None,
        baseline_usd_per_useful_pflop_day=None, unknown_prices=missing,
    )  # fmt: skip


def manifests(builds: Sequence[Build], vehicle: Vehicle) -> list[Manifest]:
    """Launches of every lot; satellites for different orbits share no vehicle.

    Parameters
    ----------
    builds : sequence of Build
        The satellites.
    vehicle : Vehicle
        The launch vehicle.

    Returns
    -------
    list of Manifest
        One for each.
    """
    return [manifest(vehicle, b.lot) for b in builds]


def full_launch_usd(builds: Sequence[Build], prices: Prices, vehicle: Vehicle) -> float | None:
    """Capital cost of satellites whose launches are all full, so that it is proportional to mass.

    Parameters
    ----------
    builds : sequence of Build
        The satellites.
    prices : Prices
        Prices of their parts.
    vehicle : Vehicle
        The launch vehicle.

    Returns
    -------
    float or None
        Satellites, launches by mass and insurance [USD]; None where a price is not known.
    """
    total = 0.0
    for b in builds:
        one = satellite_usd(b, prices)
        usd_kg = vehicle.usd_kg if vehicle.shared else _times(1.0 / vehicle.capacity_kg, vehicle.usd)
        if usd_kg is None or None in one.values():
            return None
        usd_kg *= vehicle.capacity_kg / manifest(vehicle, b.lot).capacity_kg
        total += (1.0 + prices.insurance) * b.lot.satellites * (known(one) + b.lot.mass_kg * usd_kg)
    return total


def scaled(builds: Sequence[Build], factor: float) -> list[Build]:
    """The same design with more or fewer satellites.

    Parameters
    ----------
    builds : sequence of Build
        The satellites.
    factor : float
        Multiple, above 0.

    Returns
    -------
    list of Build
        Whole satellites, rounded up.
    """
    return [
        b._replace(lot=b.lot._replace(satellites=max(1, math.ceil(b.lot.satellites * factor * (1.0 - 1e-12))))) for b in builds
    ]


def _per_work(usd_per_year: float | None, work: Work) -> dict[str, float | None]:
    found: dict[str, float | None] = {"usd_per_useful_pflop_day": None, "usd_per_million_tokens": None}
    useful = work.useful_flops_per_s / PFLOPS
    if usd_per_year is not None and useful > 0.0:
        found["usd_per_useful_pflop_day"] = usd_per_year / (DAYS_PER_YEAR * useful)
    if usd_per_year is not None and work.tokens_per_s:
        found["usd_per_million_tokens"] = 1e6 * work.token_share * usd_per_year / (work.tokens_per_s * YEAR_S)
    return found


def _launched_power(builds: Sequence[Build], launched_usd: float | None, power_w: float | None) -> float | None:
    """By lot, since satellites of different life share the launch by mass."""
    if launched_usd is None or not power_w:
        return None
    mass_kg = math.fsum(b.lot.satellites * b.lot.mass_kg for b in builds)
    life_s = mass_kg / math.fsum(b.lot.satellites * b.lot.mass_kg / b.life_s for b in builds)
    return launched_power_usd_per_kw_year(launched_usd, power_w, life_s)


def _times(count: float, usd: float | None) -> float | None:
    return None if usd is None else count * usd


def _plus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a + b


def _sum(values: Sequence[float | None]) -> float | None:
    return None if any(v is None for v in values) else math.fsum(v for v in values if v is not None)
