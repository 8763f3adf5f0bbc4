"""Steady temperatures of a satellite at a constant clock rate, as in `sim.spacecraft.thermal`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4
from sim.config.schema import Satellite

SETTLED_K = 1e-4  # change of the junction in an iteration at which it is at rest
ITERATIONS = 200
HOTTEST_LEAKAGE = 4.0  # bound of ln(leakage over that at the reference temperature), as in `sim.spacecraft.leakage`
HALVINGS = 50
SEGMENTS = 3  # of the radiator along the flow, as in `sim.spacecraft.thermal`
NEWTON = 6  # iterations: to the last digit, from at most twice the temperature


class Around(NamedTuple):
    """What reaches a satellite beside the heat of its machines.

    Heat that the radiator takes over its planform area, by the fin efficiency, and that the walls of the body take [W/m2]; power of
    the array beyond the load, whose conditioning heats the coolant, and heat of the battery [W].
    """

    radiator_w_m2: float
    wall_w_m2: float
    charge_w: float = 0.0
    battery_w: float = 0.0


class Steady(NamedTuple):
    """Steady temperatures [K], the radiator's a mean, and the power of accelerators and hosts that they go with [W]."""

    junction_k: float
    hbm_k: float
    loop_k: float
    radiator_k: float
    wall_k: float
    machines_w: float

    def excess_k(self, satellite: Satellite) -> float:
        """Temperature above the limit of junction or memory, whichever is more.

        Parameters
        ----------
        satellite : Satellite
            Satellite type.

        Returns
        -------
        float
            Difference [K]; negative below both limits.
        """
        chip = satellite.accelerator
        return max(self.junction_k - chip.junction_limit, self.hbm_k - chip.hbm_limit)


def steady(
    satellite: Satellite, dynamic: float, around: Around, radiator_m2: float | None = None, conductance_w_k: float | None = None
) -> Steady:
    """Temperatures at which constant heats are in balance, with the leakage that goes with them.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    dynamic : float
        Dynamic power of the accelerators over that at full clock rate, 0 to 1.
    around : Around
        What radiator and walls absorb, and heats of charging.
    radiator_m2, conductance_w_k : float or None, optional
        Area of the radiator [m2] and conductance of the loop [W/K]; None: those of the satellite.

    Returns
    -------
    Steady
        Temperatures and power; the lower of two balances where leakage allows for two.

    References
    ----------
    [fortescue2011:ch. 11]
    """
    chip, thermal, n, eta = satellite.accelerator, satellite.thermal, satellite.accelerators, satellite.power.conversion_efficiency
    wall, per_harness = thermal.structure, 1.0 / satellite.power.array.conditioning_efficiency - 1.0
    panel = _panel(satellite, thermal.radiator.area if radiator_m2 is None else radiator_m2, around.radiator_w_m2, conductance_w_k)
    wall_w_k4 = wall.emissivity * STEFAN_BOLTZMANN_W_M2_K4 * wall.area
    walls_w = around.wall_w_m2 * wall.area + satellite.bus.served_power + around.battery_w
    clocked_w = n * (chip.idle_power + (chip.max_power - chip.idle_power) * dynamic)
    host_w, found_k, wall_k = n * chip.host.power, 0.0, (walls_w / wall_w_k4) ** 0.25
    loop_k = ((clocked_w + host_w + SEGMENTS * panel.absorbed_w) / (SEGMENTS * panel.emission_w_k4)) ** 0.25
    state = Steady(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for _ in range(ITERATIONS):  # rises to the lower balance
        chip_w = clocked_w + n * _leakage_change_w(satellite, found_k)
        drawn_w = (chip_w + host_w) / eta
        at_bus_w = drawn_w * (1.0 + thermal.loop.pump_fraction)
        heat_w = at_bus_w + (at_bus_w + satellite.bus.served_power + around.charge_w) * per_harness
        given_w, slope_w_k, radiator_k, back_k, back_slope = _along_the_flow(panel, loop_k)
        # coolant and walls in one step of Newton's method, in either of which the exchange between them may be the largest
        to_wall_w, per_loop = wall.to_coolant * (0.5 * (loop_k + back_k) - wall_k), 0.5 * wall.to_coolant * (1.0 + back_slope)
        for_loop_w, for_wall_w = heat_w - given_w - to_wall_w, walls_w + to_wall_w - wall_w_k4 * wall_k**4
        loop_w_k, wall_w_k = slope_w_k + per_loop, 4.0 * wall_w_k4 * wall_k**3 + wall.to_coolant
        both = loop_w_k * wall_w_k - per_loop * wall.to_coolant
        warmer_k = (for_loop_w * wall_w_k + for_wall_w * wall.to_coolant) / both
        wall_k += (for_wall_w * loop_w_k + for_loop_w * per_loop) / both
        mean_k = 0.5 * (loop_k + back_k + (1.0 + back_slope) * warmer_k)
        loop_k += warmer_k
        plate_k = mean_k + drawn_w * thermal.plate.to_coolant / n
        junction_k = plate_k + chip_w * (1.0 - chip.hbm_power_share) * chip.junction_to_plate / n
        hbm_k = plate_k + chip_w * chip.hbm_power_share * chip.hbm_to_plate / n
        state = Steady(junction_k, hbm_k, loop_k, radiator_k, wall_k, chip_w + host_w)
        if abs(junction_k - found_k) < SETTLED_K and abs(warmer_k) < SETTLED_K:
            break
        found_k = junction_k
    return state


def battery_k(satellite: Satellite, found: Steady, around: Around) -> float:
    """Temperature of the battery, which gives its heat to the walls.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    found : Steady
        Temperatures.
    around : Around
        What they follow from.

    Returns
    -------
    float
        Temperature [K].
    """
    return found.wall_k + around.battery_w / satellite.power.battery.to_structure


class _Panel(NamedTuple):
    """One segment of the radiator: emission over T^4, absorbed heat, conductance to the coolant, and the share by which that nears it."""

    emission_w_k4: float
    absorbed_w: float
    conductance_w_k: float
    share: float


def _panel(satellite: Satellite, area_m2: float, absorbed_w_m2: float, conductance_w_k: float | None) -> _Panel:
    loop, radiator = satellite.thermal.loop, satellite.thermal.radiator
    each = (loop.conductance if conductance_w_k is None else conductance_w_k) / SEGMENTS
    share = 0.0 if loop.flow is None else -math.expm1(-each / loop.flow)
    emitting = 2.0 * radiator.emissivity * radiator.fin_efficiency * STEFAN_BOLTZMANN_W_M2_K4
    conductance = each if loop.flow is None else share * loop.flow
    return _Panel(emitting * area_m2 / SEGMENTS, absorbed_w_m2 * area_m2 / SEGMENTS, conductance, share)


def _along_the_flow(panel: _Panel, loop_k: float) -> tuple[float, float, float, float, float]:
    """Heat that the coolant gives to the segments [W], its slope over `loop_k`; mean temperature of the segments; the return and its slope."""
    emission, absorbed_w, conductance, share = panel
    fluid_k, slope, given_w, slope_w_k, sum_k = max(loop_k, 1.0), 1.0, 0.0, 0.0, 0.0
    for _ in range(SEGMENTS):
        into_w = conductance * fluid_k + absorbed_w
        wall_k = max(fluid_k, (absorbed_w / emission) ** 0.25)
        for _ in range(NEWTON):  # from above: convex
            cubed = wall_k * wall_k * wall_k
            wall_k -= (emission * cubed * wall_k + conductance * wall_k - into_w) / (4.0 * emission * cubed + conductance)
        wall_slope = slope * conductance / (4.0 * emission * wall_k**3 + conductance)
        given_w += conductance * (fluid_k - wall_k)
        slope_w_k += conductance * (slope - wall_slope)
        sum_k += wall_k
        fluid_k, slope = fluid_k + share * (wall_k - fluid_k), slope + share * (wall_slope - slope)
    return given_w, slope_w_k, sum_k / SEGMENTS, fluid_k, slope


def _leakage_change_w(satellite: Satellite, junction_k: float) -> float:
    """Leakage of one accelerator at a temperature, less that which its idle power contains [W]."""
    chip = satellite.accelerator
    if chip.leakage is None:
        return 0.0
    reference_k = chip.junction_limit if chip.leakage.reference is None else chip.leakage.reference
    growth = min(HOTTEST_LEAKAGE, math.log(2.0) * (junction_k - reference_k) / chip.leakage.doubling)
    return chip.leakage.share * chip.max_power * (math.exp(growth) - 1.0)


def radiator_m2(satellite: Satellite, dynamic: float, around: Around, margin_k: float = 0.0) -> float | None:
    """Smallest radiator that keeps junction and memory below their limits.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    dynamic : float
        Dynamic power of the accelerators over that at full clock rate, 0 to 1.
    around : Around
        What radiator and walls absorb, and heats of charging.
    margin_k : float, optional
        How far below [K].

    Returns
    -------
    float or None
        Area [m2]; None where none does, because of the resistances before it.
    """
    return least(
        lambda area: steady(satellite, dynamic, around, radiator_m2=area).excess_k(satellite) <= -margin_k,
        satellite.thermal.radiator.area,
    )


def conductance_w_k(satellite: Satellite, dynamic: float, around: Around) -> float | None:
    """Smallest conductance of the loop that keeps junction and memory below their limits.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    dynamic : float
        Dynamic power of the accelerators over that at full clock rate, 0 to 1.
    around : Around
        What radiator and walls absorb, and heats of charging.

    Returns
    -------
    float or None
        Conductance [W/K]; None where none does.
    """
    return least(
        lambda value: steady(satellite, dynamic, around, conductance_w_k=value).excess_k(satellite) <= 0.0,
        satellite.thermal.loop.conductance,
    )


def least(fits: Callable[[float], bool], now: float) -> float | None:
    """Smallest value that fits, where larger ones do as well.

    Parameters
    ----------
    fits : callable
        Whether a value fits.
    now : float
        Where the search begins, above 0.

    Returns
    -------
    float or None
        The value; None where one a thousand times as large does not fit.
    """
    high = now
    while not fits(high):
        high *= 2.0
        if high > 1e3 * now:
            return None
    low = 0.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def held_dynamic(satellite: Satellite, around: Around) -> float:
    """Dynamic power that the radiator can hold without end.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    around : Around
        What radiator and walls absorb, and heats of charging.

    Returns
    -------
    float
        Dynamic power over that at full clock rate, 0 to 1; 0 where even idle machines are too warm.
    """
    low, high = 0.0, 1.0
    if steady(satellite, 1.0, around).excess_k(satellite) <= 0.0:
        return 1.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if steady(satellite, middle, around).excess_k(satellite) <= 0.0 else (low, middle)
    return low


def clock_rate(dynamic: float, voltage_floor: float) -> float:
    """Clock rate f of a share of dynamic power, f V(f)^2 with a voltage that falls linearly to its floor.

    Parameters
    ----------
    dynamic : float
        Dynamic power over that at full rate, 0 to 1.
    voltage_floor : float
        Voltage at rate 0 over that at full rate.

    Returns
    -------
    float
        Rate, 0 to 1.

    References
    ----------
    [chandrakasan1992:eq. 1]

    Examples
    --------
    >>> round(clock_rate(0.5 * 0.8**2, 0.6), 9)
    0.5
    """
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        volts = voltage_floor + (1.0 - voltage_floor) * middle
        low, high = (middle, high) if middle * volts * volts <= dynamic else (low, middle)
    return low
