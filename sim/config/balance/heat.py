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


class Steady(NamedTuple):
    """Steady temperatures [K], and the power of accelerators and hosts that they go with [W]."""

    junction_k: float
    hbm_k: float
    loop_k: float
    radiator_k: float
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
    satellite: Satellite, dynamic: float, absorbed_w_m2: float, radiator_m2: float | None = None, conductance_w_k: float | None = None
) -> Steady:
    """Temperatures at which constant heats are in balance, with the leakage that goes with them.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    dynamic : float
        Dynamic power of the accelerators over that at full clock rate, 0 to 1.
    absorbed_w_m2 : float
        Heat that both faces of the radiator absorb over its planform area [W/m2].
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
    chip, thermal, n = satellite.accelerator, satellite.thermal, satellite.accelerators
    area_m2 = thermal.radiator.area if radiator_m2 is None else radiator_m2
    conductance = thermal.loop.conductance if conductance_w_k is None else conductance_w_k
    emitting = 2.0 * thermal.radiator.emissivity * thermal.radiator.fin_efficiency * STEFAN_BOLTZMANN_W_M2_K4 * area_m2
    clocked_w = n * (chip.idle_power + (chip.max_power - chip.idle_power) * dynamic)
    host_w, found_k = n * chip.host.power, 0.0
    state = Steady(0.0, 0.0, 0.0, 0.0, 0.0)
    for _ in range(ITERATIONS):  # rises to the lower balance
        chip_w = clocked_w + n * _leakage_change_w(satellite, found_k)
        drawn_w = (chip_w + host_w) / satellite.power.conversion_efficiency
        heat_w = drawn_w * (1.0 + thermal.loop.pump_fraction) + satellite.bus.power
        radiator_k = ((heat_w + absorbed_w_m2 * area_m2) / emitting) ** 0.25
        loop_k = radiator_k + heat_w / conductance
        plate_k = loop_k + drawn_w * thermal.plate.to_coolant / n
        junction_k = plate_k + chip_w * (1.0 - chip.hbm_power_share) * chip.junction_to_plate / n
        hbm_k = plate_k + chip_w * chip.hbm_power_share * chip.hbm_to_plate / n
        state = Steady(junction_k, hbm_k, loop_k, radiator_k, chip_w + host_w)
        if abs(junction_k - found_k) < SETTLED_K:
            break
        found_k = junction_k
    return state


def _leakage_change_w(satellite: Satellite, junction_k: float) -> float:
    """Leakage of one accelerator at a temperature, less that which its idle power contains [W]."""
    chip = satellite.accelerator
    if chip.leakage is None:
        return 0.0
    reference_k = chip.junction_limit if chip.leakage.reference is None else chip.leakage.reference
    growth = min(HOTTEST_LEAKAGE, math.log(2.0) * (junction_k - reference_k) / chip.leakage.doubling)
    return chip.leakage.share * chip.max_power * (math.exp(growth) - 1.0)


def radiator_m2(satellite: Satellite, dynamic: float, absorbed_w_m2: float, margin_k: float = 0.0) -> float | None:
    """Smallest radiator that keeps junction and memory below their limits.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    dynamic : float
        Dynamic power of the accelerators over that at full clock rate, 0 to 1.
    absorbed_w_m2 : float
        Heat that both faces absorb over the planform area [W/m2].
    margin_k : float, optional
        How far below [K].

    Returns
    -------
    float or None
        Area [m2]; None where none does, because of the resistances before it.
    """
    return least(
        lambda area: steady(satellite, dynamic, absorbed_w_m2, radiator_m2=area).excess_k(satellite) <= -margin_k,
        satellite.thermal.radiator.area,
    )


def conductance_w_k(satellite: Satellite, dynamic: float, absorbed_w_m2: float) -> float | None:
    """Smallest conductance of the loop that keeps junction and memory below their limits.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    dynamic : float
        Dynamic power of the accelerators over that at full clock rate, 0 to 1.
    absorbed_w_m2 : float
        Heat that both faces of the radiator absorb over the planform area [W/m2].

    Returns
    -------
    float or None
        Conductance [W/K]; None where none does.
    """
    return least(
        lambda value: steady(satellite, dynamic, absorbed_w_m2, conductance_w_k=value).excess_k(satellite) <= 0.0,
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


def held_dynamic(satellite: Satellite, absorbed_w_m2: float) -> float:
    """Dynamic power that the radiator can hold without end.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    absorbed_w_m2 : float
        Heat that both faces of the radiator absorb over the planform area [W/m2].

    Returns
    -------
    float
        Dynamic power over that at full clock rate, 0 to 1; 0 where even idle machines are too warm.
    """
    low, high = 0.0, 1.0
    if steady(satellite, 1.0, absorbed_w_m2).excess_k(satellite) <= 0.0:
        return 1.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if steady(satellite, middle, absorbed_w_m2).excess_k(satellite) <= 0.0 else (low, middle)
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
