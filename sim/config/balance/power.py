"""Electrical balance of a satellite over one revolution."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.config.balance.sunlight import Revolution
from sim.config.schema import Satellite

MOST_SCALE = 1e4  # of an array that is enlarged until it closes
HALVINGS = 50  # of a bisection: to the last digit


def load_w(satellite: Satellite, machines_w: float) -> float:
    """Power from the bus.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    machines_w : float
        Power of all accelerators and hosts, after conversion [W].

    Returns
    -------
    float
        With conversion, pumps and bus [W].
    """
    drawn_w = machines_w / satellite.power.conversion_efficiency
    return drawn_w * (1.0 + satellite.thermal.loop.pump_fraction) + satellite.bus.power


def machines_w(satellite: Satellite, load_w: float) -> float:
    """Power that a load at the bus leaves to accelerators and hosts, the inverse of `load_w`.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    load_w : float
        Power from the bus [W].

    Returns
    -------
    float
        Power after conversion [W]; negative below the power of the bus.
    """
    return (load_w - satellite.bus.power) * satellite.power.conversion_efficiency / (1.0 + satellite.thermal.loop.pump_fraction)


def balance_j(
    satellite: Satellite, lights: Sequence[Revolution], array_m2: float, load_w: float, dark_w: float, charge_w: float = math.inf
) -> float:
    """Energy that a battery of any size has more after a revolution than before it, mean of the planes.

    Parameters
    ----------
    satellite : Satellite
        Satellite type; the efficiencies of its battery count, its capacity does not.
    lights : sequence of Revolution
        Sunlight over a revolution, of several planes that share the load evenly.
    array_m2 : float
        Area of the array [m2].
    load_w, dark_w : float
        Power from the bus in sunlight and in the shadow [W].
    charge_w : float, optional
        Largest charging power [W].

    Returns
    -------
    float
        Energy [J]; negative where the array is too small or the battery charges too slowly.
    """
    battery, total_j = satellite.power.battery, 0.0
    for light in lights:
        part_s = (light.period_s - light.dark_s) / len(light.array_w_m2)
        surplus = [array_m2 * w - load_w for w in light.array_w_m2]
        stored_j = battery.charge_efficiency * part_s * math.fsum(min(charge_w, s) for s in surplus if s > 0.0)
        given_j = light.dark_s * dark_w - part_s * math.fsum(s for s in surplus if s < 0.0)
        total_j += (stored_j - given_j / battery.discharge_efficiency) / len(lights)
    return total_j


def array_m2(satellite: Satellite, lights: Sequence[Revolution], load_w: float, dark_w: float) -> float | None:
    """Smallest array that carries a load through a revolution.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    lights : sequence of Revolution
        Sunlight over a revolution, of several planes that share the load evenly.
    load_w, dark_w : float
        Power from the bus in sunlight and in the shadow [W].

    Returns
    -------
    float or None
        Area [m2]; None where no array does, because it has no sunlight.
    """
    high = MOST_SCALE * (load_w + dark_w) / 100.0
    if balance_j(satellite, lights, high, load_w, dark_w) < 0.0:
        return None
    low = 0.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if balance_j(satellite, lights, middle, load_w, dark_w) >= 0.0 else (middle, high)
    return high


def charge_w(satellite: Satellite, lights: Sequence[Revolution], array_m2: float, load_w: float, dark_w: float) -> float:
    """Smallest charging power with which an array that is large enough carries a load through a revolution.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    lights : sequence of Revolution
        Sunlight over a revolution, of several planes that share the load evenly.
    array_m2 : float
        Area of the array [m2].
    load_w, dark_w : float
        Power from the bus in sunlight and in the shadow [W].

    Returns
    -------
    float
        Charging power at the bus [W].
    """
    low, high = 0.0, max(0.0, max(array_m2 * w for light in lights for w in light.array_w_m2) - load_w)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        enough = balance_j(satellite, lights, array_m2, load_w, dark_w, middle) >= 0.0
        low, high = (low, middle) if enough else (middle, high)
    return high


def capacity_j(satellite: Satellite, dark_w: float, dark_s: float) -> float:
    """Smallest battery that carries a load through the shadow within its depth of discharge.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    dark_w : float
        Power from the bus in the shadow [W].
    dark_s : float
        Time in the shadow [s].

    Returns
    -------
    float
        Capacity [J]; infinite where nothing may be discharged.
    """
    battery = satellite.power.battery
    usable = battery.max_depth * battery.discharge_efficiency
    return dark_w * dark_s / usable if usable > 0.0 else math.inf


def dark_w(satellite: Satellite, dark_s: float) -> float:
    """Constant load that the battery carries through the shadow above the reserve of the bus.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    dark_s : float
        Time in the shadow [s], above 0.

    Returns
    -------
    float
        Power from the bus [W], with that of the bus; limited by what the battery may give.
    """
    battery = satellite.power.battery
    held_j = battery.capacity * battery.max_depth * battery.discharge_efficiency
    return min(battery.max_discharge_power, (held_j - satellite.bus.power * battery.bus_reserve) / dark_s)
