"""Whether a battery lasts for the design life: cycles against those that cells stand at the depth that is used."""

from __future__ import annotations

import math

from sim.config.balance import power
from sim.config.balance.case import Case
from sim.config.validation.findings import Finding, down, up
from sim.economics.finance import YEAR_S

SHALLOW, SHALLOW_CYCLES = 0.3, 27_000.0  # depth of discharge, and cycles in five years in low orbit [saft-ves180]
DEEP, DEEP_CYCLES = 0.9, 1_350.0  # the same for 15 years in geostationary orbit, 90 a year
SLOPE = math.log(SHALLOW_CYCLES / DEEP_CYCLES) / math.log(DEEP / SHALLOW)
SPREAD = 1.5  # of the cycles that cells of other makes stand; a battery is refused beyond it


def cell_cycles(depth: float) -> float:
    """Cycles that lithium-ion cells stand, on a straight line of logarithms between two points. [saft-ves180]

    Parameters
    ----------
    depth : float
        Depth of discharge, 0 to 1, above 0.

    Returns
    -------
    float
        Cycles.

    Examples
    --------
    >>> round(cell_cycles(0.3)), round(cell_cycles(0.9))
    (27000, 1350)
    """
    return float(SHALLOW_CYCLES * (SHALLOW / depth) ** SLOPE)


def cell_depth(cycles: float) -> float:
    """Depth of discharge that lithium-ion cells stand for a number of cycles, the inverse of `cell_cycles`.

    Parameters
    ----------
    cycles : float
        Cycles, above 0.

    Returns
    -------
    float
        Depth, at most 1.

    Examples
    --------
    >>> round(cell_depth(27000.0), 3), cell_depth(100.0)
    (0.3, 1.0)
    """
    return float(min(1.0, SHALLOW * (SHALLOW_CYCLES / cycles) ** (1.0 / SLOPE)))


def cycles(case: Case) -> Finding | None:
    """Check that the battery lasts for the design life.

    Every eclipse counts as the longest one of the run, at the full load that the radiator holds.

    Parameters
    ----------
    case : Case
        Satellite type on its orbits.

    Returns
    -------
    Finding or None
        What is wrong; None where cells stand the cycles, or a spread of makes allows for the rest.
    """
    satellite, battery = case.satellite, case.satellite.power.battery
    number = max(orbit.eclipses_per_year for orbit in case.orbits) * satellite.life / YEAR_S
    if number < 1.0:
        return None
    bus_share = power.given_share(battery, satellite.bus.served_power)
    floor = satellite.bus.served_power * battery.bus_reserve / (bus_share * battery.capacity)
    full = case.held_w * case.eclipse_s / (power.given_share(battery, case.held_w) * battery.capacity)
    depth = max(full * satellite.bus.served_power / case.held_w, min(full, battery.max_depth - floor))
    if depth <= 0.0 or number <= SPREAD * cell_cycles(depth):
        return None
    stood = cell_depth(number / SPREAD)
    capacity_kwh = power.capacity_j(satellite, case.held_w, case.eclipse_s, 0.0, stood) / 3.6e6
    larger = f"{up(capacity_kwh)} kWh or more"
    what = (
        f"{number:,.0f} eclipses in {satellite.life / YEAR_S:.3g} years of life discharge the battery by {100.0 * depth:.0f} %, and cells stand "
        f"{cell_cycles(depth):,.0f} to {SPREAD * cell_cycles(depth):,.0f} of that depth"
    )
    if stood * battery.capacity >= max(floor * battery.capacity, satellite.bus.served_power * case.eclipse_s / bus_share):
        return Finding("power.battery.max_depth", f"{what}; write {down(stood)} or less, or power.battery.capacity: {larger}")
    return Finding("power.battery.capacity", f"{what}; write {larger}")
