"""Temperatures beyond materials: silicon, memory, solder, and coolants that are known by their freezing point."""

from __future__ import annotations

from typing import NamedTuple

from orbit.constants import ZERO_CELSIUS_K
from sim.config.balance import heat
from sim.config.balance.case import Case
from sim.config.balance.sunlight import Revolutions
from sim.config.schema import Satellite
from sim.config.validation.findings import Finding, celsius, down, up

SILICON_K = ZERO_CELSIUS_K + 175.0  # highest rated junction of silicon devices in plastic packages [aec-q100]
MEMORY_K = ZERO_CELSIUS_K + 125.0  # highest rated temperature of dynamic memory [micron-automotive]
SOLDER_K = ZERO_CELSIUS_K + 183.0  # melting point of the tin-lead solder that joins cells [jovy-lead-free]
SAME_FLUID_K = 3.0  # within which a freezing point names a coolant


class Coolant(NamedTuple):
    """A fluid, by its triple and its critical temperature [K]."""

    name: str
    triple_k: float
    critical_k: float


COOLANTS = (  # [nist-webbook-fluids]
    Coolant("ammonia", 195.5, 405.4),
    Coolant("water", 273.16, 647.1),
    Coolant("carbon dioxide", 216.6, 304.1),
    Coolant("R-134a", 169.9, 374.2),
    Coolant("propylene", 87.9, 364.2),
)


def junction(case: Case) -> Finding | None:
    """Check the limit of the junctions against silicon.

    Parameters
    ----------
    case : Case
        Satellite type on its orbits.

    Returns
    -------
    Finding or None
        What is wrong.
    """
    limit_k = case.satellite.accelerator.junction_limit
    if limit_k <= SILICON_K:
        return None
    rated = celsius(SILICON_K)
    return Finding("accelerator.junction_limit", f"{celsius(limit_k)} is above the {rated} for which silicon is rated; write {rated} or less")


def memory(case: Case) -> Finding | None:
    """Check the limit of the memory against what memories stand.

    Parameters
    ----------
    case : Case
        Satellite type on its orbits.

    Returns
    -------
    Finding or None
        What is wrong.
    """
    limit_k = case.satellite.accelerator.hbm_limit
    if limit_k <= MEMORY_K:
        return None
    rated = celsius(MEMORY_K)
    return Finding("accelerator.hbm_limit", f"{celsius(limit_k)} is above the {rated} for which memory is rated; write {rated} or less")


def coolant_of(satellite: Satellite) -> Coolant | None:
    """Coolant of a satellite, by the freezing point of its heater's section.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.

    Returns
    -------
    Coolant or None
        The fluid; None without a heater, or where no fluid freezes there.
    """
    heater = satellite.thermal.heater
    if heater is None:
        return None
    return next((c for c in COOLANTS if abs(c.triple_k - heater.freezing_point) <= SAME_FLUID_K), None)


def coolant(case: Case) -> Finding | None:
    """Check the coolant at the clock rate that the radiator holds against its critical temperature.

    Parameters
    ----------
    case : Case
        Satellite type on its orbits.

    Returns
    -------
    Finding or None
        What is wrong.
    """
    fluid = coolant_of(case.satellite)
    if fluid is None or case.idle.excess_k(case.satellite) > 0.0 or case.held.loop_k <= fluid.critical_k:
        return None
    around = case.around_in_sunlight
    area = heat.least(
        lambda m2: heat.steady(case.satellite, 1.0, around, radiator_m2=m2).loop_k <= fluid.critical_k, case.satellite.thermal.radiator.area
    )
    wanted = "a larger thermal.loop.conductance" if area is None else f"{up(area)} m2 or more"
    return Finding(
        "thermal.radiator.area",
        f"the coolant would be at {celsius(case.held.loop_k)}, above {celsius(fluid.critical_k)}, where {fluid.name} is no liquid at any "
        f"pressure; write {wanted}",
    )


def cells(case: Case) -> Finding | None:
    """Check the array in the strongest sunlight of the run against its solder.

    Parameters
    ----------
    case : Case
        Satellite type on its orbits.

    Returns
    -------
    Finding or None
        What is wrong.
    """
    hottest_k = case.warm.hottest_cell_k
    if hottest_k <= SOLDER_K:
        return None
    array = case.satellite.power.array

    def cool(value: float) -> bool:
        return _hottest_k(case, _with_array(case.satellite, "emissivity_back", value)) <= SOLDER_K

    what = f"the array would be at {celsius(hottest_k)} in sunlight, above the {celsius(SOLDER_K)} at which the solder of its cells melts"
    wanted = heat.least(cool, array.emissivity_back) if cool(1.0) else None
    if wanted is not None:
        return Finding("power.array.emissivity_back", f"{what}; write {up(wanted)} or more")
    low, high = 1e-3, array.absorptance
    for _ in range(heat.HALVINGS):
        middle = 0.5 * (low + high)
        fits = _hottest_k(case, _with_array(case.satellite, "absorptance", middle)) <= SOLDER_K
        low, high = (middle, high) if fits else (low, middle)
    return Finding("power.array.absorptance", f"{what}; write {down(low)} or less")


def _hottest_k(case: Case, satellite: Satellite) -> float:
    return Revolutions(satellite, case.environment, case.orbits).warmest.hottest_cell_k


def _with_array(satellite: Satellite, field: str, value: float) -> Satellite:
    array = satellite.power.array.model_copy(update={field: value})
    return satellite.model_copy(update={"power": satellite.power.model_copy(update={"array": array})})
