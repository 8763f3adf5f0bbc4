"""Energy and greenhouse gases of a fleet and of a site, for each useful PFLOP/s-day and each token."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from sim.economics.cost import DAYS_PER_YEAR, PFLOPS, Build, Work, manifests
from sim.economics.finance import YEAR_S
from sim.economics.launch import Vehicle

DAY_S = 86400.0
# CO2 of complete combustion for each mass of fuel, by molar masses: CH2, CH4, H2
COMBUSTION_KG_KG: Final = {"kerosene": 44.009 / 14.027, "methane": 44.009 / 16.043, "hydrogen": 0.0}


class Factors(NamedTuple):
    """Emissions of making things, as kg CO2e, and of what launch and re-entry leave in the upper atmosphere."""

    accelerator_kg: float  # of one accelerator with its host
    spacecraft_kg_kg: float  # of the mass of all other parts
    fuel_kg_kg: float  # production of the fuel with its oxidiser
    black_carbon: tuple[float, float]  # low and high, of the mass of the fuel
    alumina: tuple[float, float]  # low and high, of the mass that re-enters


class GroundFactors(NamedTuple):
    """Emissions of a site on the ground."""

    accelerator_kg: float
    building_kg_w: float
    grid_kg_j: float


class Energy(NamedTuple):
    """Section `energy` of summary.json."""

    load_w_mean: float
    kwh_per_useful_pflop_day: float | None
    joules_per_token: float | None


class Carbon(NamedTuple):
    """Section `carbon` of summary.json, as kg CO2e; soot and alumina are masses, no CO2e."""

    hardware_kg: float | None
    launch_kg: float | None
    electricity_kg_per_year: float | None
    kg_per_year: float | None  # hardware and launches over their lives, replacements, electricity
    kg_per_useful_pflop_day: float | None
    kg_per_million_tokens: float | None
    black_carbon_kg: dict[str, float] | None  # low and high, of all launches
    reentry_alumina_kg: dict[str, float] | None  # low and high, of all satellites


NO_CARBON = Carbon(None, None, None, None, None, None, None, None)


def energy(load_w: float, work: Work) -> Energy:
    """Energy for each unit of work.

    Parameters
    ----------
    load_w : float
        Mean electrical power of the fleet or of the whole site [W].
    work : Work
        What it delivers.

    Returns
    -------
    Energy
        Section `energy` of the summary.

    Examples
    --------
    >>> energy(1e6, Work(24e15, 500.0, 0.5, None))
    Energy(load_w_mean=1000000.0, kwh_per_useful_pflop_day=1000.0, joules_per_token=1000.0)
    """
    useful = work.useful_flops_per_s / PFLOPS
    return Energy(
        load_w_mean=load_w,
        kwh_per_useful_pflop_day=load_w * DAY_S / 3.6e6 / useful if useful > 0.0 else None,
        joules_per_token=work.token_share * load_w / work.tokens_per_s if work.tokens_per_s else None,
    )


def orbit(builds: Sequence[Build], vehicle: Vehicle, factors: Factors, work: Work) -> Carbon:
    """Greenhouse gases of a fleet: its hardware, its launches, and what replaces lost satellites.

    Parameters
    ----------
    builds : sequence of Build
        The satellites.
    vehicle : Vehicle
        The launch vehicle.
    factors : Factors
        Emissions of making and launching.
    work : Work
        What the fleet delivers.

    Returns
    -------
    Carbon
        Section `carbon` of the summary.
    """
    each_launch_kg = vehicle.fuel_kg * (COMBUSTION_KG_KG[vehicle.fuel] + factors.fuel_kg_kg)
    hardware_kg = launch_kg = yearly_kg = vehicles = mass_kg = 0.0
    for b, flown in zip(builds, manifests(builds, vehicle), strict=True):
        n, count = b.lot.satellites, flown.vehicles if vehicle.shared else float(flown.launches)
        other_kg = b.lot.mass_kg - b.parts.accelerators - b.parts.hosts - b.parts.propellant
        made_kg = n * (b.accelerators * factors.accelerator_kg + max(0.0, other_kg) * factors.spacecraft_kg_kg)
        hardware_kg += made_kg
        launch_kg += count * each_launch_kg
        yearly_kg += (made_kg + count * each_launch_kg) * (YEAR_S / b.life_s + b.lost_per_year)
        vehicles += count
        mass_kg += n * b.lot.mass_kg
    low, high = factors.black_carbon
    return Carbon(
        hardware_kg, launch_kg, 0.0, yearly_kg, *_per_work(yearly_kg, work),
        {"low": vehicles * vehicle.fuel_kg * low, "high": vehicles * vehicle.fuel_kg * high},
        {"low": mass_kg * factors.alumina[0], "high": mass_kg * factors.alumina[1]},
    )  # fmt: skip


def ground(
    accelerators: int, machines_w: float, mean_w: float, lives_s: tuple[float, float], factors: GroundFactors, work: Work
) -> Carbon:
    """Greenhouse gases of a site: machines and building over their lives, and electricity.

    Parameters
    ----------
    accelerators : int
        Accelerators of the site.
    machines_w, mean_w : float
        Power of the machines at full load, and mean power of the whole site [W].
    lives_s : tuple of float
        Lives of machines and building [s].
    factors : GroundFactors
        Emissions.
    work : Work
        What the site delivers.

    Returns
    -------
    Carbon
        Section `carbon` of the summary.
    """
    machines_kg, building_kg = accelerators * factors.accelerator_kg, machines_w * factors.building_kg_w
    electricity_kg = mean_w * YEAR_S * factors.grid_kg_j
    yearly_kg = math.fsum((machines_kg * YEAR_S / lives_s[0], building_kg * YEAR_S / lives_s[1], electricity_kg))
    return Carbon(machines_kg + building_kg, None, electricity_kg, yearly_kg, *_per_work(yearly_kg, work), None, None)


def _per_work(yearly_kg: float, work: Work) -> tuple[float | None, float | None]:
    useful = work.useful_flops_per_s / PFLOPS
    tokens = work.tokens_per_s
    return (
        yearly_kg / (DAYS_PER_YEAR * useful) if useful > 0.0 else None,
        1e6 * work.token_share * yearly_kg / (tokens * YEAR_S) if tokens else None,
    )
