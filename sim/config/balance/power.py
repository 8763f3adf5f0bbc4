"""Electrical balance of a satellite over one revolution."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.config.balance.sunlight import Revolution
from sim.config.schema import Satellite
from sim.config.schema.battery import Battery
from sim.spacecraft import battery_chemistry

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
    return drawn_w * (1.0 + satellite.thermal.loop.pump_fraction) + satellite.bus.served_power


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
    return (load_w - satellite.bus.served_power) * satellite.power.conversion_efficiency / (1.0 + satellite.thermal.loop.pump_fraction)


def stored_share(battery: Battery, charge_w: float) -> float:
    """Energy that a charge leaves in the battery over that at the bus.

    Parameters
    ----------
    battery : Battery
        The battery.
    charge_w : float
        Charging power at the bus [W].

    Returns
    -------
    float
        Share, 0 to 1, new and at 25 degC.
    """
    return _stored_w(battery, _loss_per_w(battery), charge_w) / charge_w if charge_w > 0.0 else battery.chemistry.coulombic_efficiency


def given_share(battery: Battery, power_w: float) -> float:
    """Energy that a discharge gives to the bus over that which it takes from the battery.

    Parameters
    ----------
    battery : Battery
        The battery.
    power_w : float
        Power at the bus [W].

    Returns
    -------
    float
        Share, 0 to 1, new and at 25 degC.
    """
    return power_w / battery_chemistry.drained_w(power_w, _loss_per_w(battery)) if power_w > 0.0 else 1.0


def most_charge_w(battery: Battery) -> float:
    """Largest charging power at the bus [W]: that of the battery, or of its cells.

    Parameters
    ----------
    battery : Battery
        The battery.

    Returns
    -------
    float
        Power [W].
    """
    return float(min(battery.max_charge_power, battery.chemistry.max_charge_rate * battery.capacity))


def most_discharge_w(battery: Battery) -> float:
    """Largest discharging power at the bus [W]: that of the battery, or of its cells.

    Parameters
    ----------
    battery : Battery
        The battery.

    Returns
    -------
    float
        Power [W].
    """
    return float(min(battery.max_discharge_power, battery.chemistry.max_discharge_rate * battery.capacity))


def recharge_w(battery: Battery, dark_w: float, dark_s: float, period_s: float) -> tuple[float, float]:
    """Charging power in sunlight that brings back what a load takes in the shadow, and the heat of the battery.

    Parameters
    ----------
    battery : Battery
        The battery.
    dark_w : float
        Power from the bus in the shadow [W].
    dark_s, period_s : float
        Time in the shadow, and of a revolution [s].

    Returns
    -------
    charge_w : float
        Power at the bus, mean of the time in sunlight [W].
    heat_w : float
        Mean of the revolution [W].
    """
    lit_s, drained_j = period_s - dark_s, dark_w * dark_s / given_share(battery, dark_w)
    charge_w = drained_j / lit_s
    for _ in range(5):  # each gains two digits
        charge_w = drained_j / (lit_s * stored_share(battery, charge_w))
    return charge_w, (charge_w * lit_s - dark_w * dark_s) / period_s


def _stored_w(battery: Battery, per_w: float, charge_w: float) -> float:
    """Power that a charge leaves in the battery: P + k P^2 at the bus for an internal power P, of which a share is given back."""
    return float(battery.chemistry.coulombic_efficiency) * 2.0 * charge_w / (1.0 + math.sqrt(1.0 + 4.0 * per_w * charge_w))


def _loss_per_w(battery: Battery) -> float:
    """Loss over the square of the internal power, in the middle of the range of charge that is used [1/W]."""
    return battery_chemistry.loss_per_w(battery.chemistry, battery.capacity, 1.0 - 0.5 * battery.max_depth)


def with_cells_at(satellite: Satellite, temperature_k: float) -> Satellite:
    """A satellite whose cells have the resistance of a temperature: colder ones lose more.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    temperature_k : float
        Temperature [K].

    Returns
    -------
    Satellite
        The same with another resistance.
    """
    battery, cell = satellite.power.battery, satellite.power.battery.chemistry
    grown = battery_chemistry.resistance_s(cell, temperature_k) / max(battery_chemistry.resistance_s(cell), 1e-30)
    battery = battery.model_copy(update={"chemistry": cell.model_copy(update={"resistance": cell.resistance * grown})})
    return satellite.model_copy(update={"power": satellite.power.model_copy(update={"battery": battery})})


def balance_j(
    satellite: Satellite, lights: Sequence[Revolution], array_m2: float, load_w: float, dark_w: float, charge_w: float = math.inf
) -> float:
    """Energy that a battery of any size has more after a revolution than before it, mean of the planes.

    Parameters
    ----------
    satellite : Satellite
        Satellite type; its battery loses energy as at its capacity, and may store any.
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
    per_w = _loss_per_w(battery)
    for light in lights:
        part_s = (light.period_s - light.dark_s) / len(light.array_w_m2)
        surplus = [array_m2 * w - load_w for w in light.array_w_m2]
        stored_j = part_s * math.fsum([_stored_w(battery, per_w, min(charge_w, s)) for s in surplus if s > 0.0])
        drained_j = part_s * math.fsum([battery_chemistry.drained_w(-s, per_w) for s in surplus if s < 0.0])
        dark_j = light.dark_s * battery_chemistry.drained_w(dark_w, per_w)
        total_j += (stored_j - drained_j - dark_j) / len(lights)
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


def capacity_j(satellite: Satellite, load_w: float, dark_s: float, reserve_s: float, depth: float | None = None) -> float:
    """Smallest battery that carries a load through the shadow, and then the bus alone for its reserve.

    Parameters
    ----------
    satellite : Satellite
        Satellite type; the capacity of its battery does not count.
    load_w : float
        Power from the bus in the shadow [W], with that of the bus.
    dark_s, reserve_s : float
        Time in the shadow, and of the reserve [s].
    depth : float or None, optional
        Depth of discharge; None: that of the battery.

    Returns
    -------
    float
        Capacity [J]; infinite where nothing may be discharged.
    """
    battery, bus_w = satellite.power.battery, satellite.bus.served_power
    depth = battery.max_depth if depth is None else depth
    if depth <= 0.0:
        return math.inf if load_w * dark_s + bus_w * reserve_s > 0.0 else 0.0
    found_j = 2.0 * (load_w * dark_s + bus_w * reserve_s) / depth
    for _ in range(HALVINGS if found_j > 0.0 else 0):  # from above: a discharge takes at most twice what it gives
        of = battery.model_copy(update={"capacity": found_j, "max_depth": depth})
        found_j = (load_w * dark_s / given_share(of, load_w) + reserve_j(of, bus_w, reserve_s)) / depth
    return found_j


def reserve_j(battery: Battery, bus_w: float, reserve_s: float) -> float:
    """Stored energy that is kept for the bus, as in `sim.spacecraft.battery`.

    Parameters
    ----------
    battery : Battery
        The battery.
    bus_w : float
        Power of the bus [W].
    reserve_s : float
        Time for which it is kept [s].

    Returns
    -------
    float
        Energy [J].
    """
    return battery_chemistry.stored_for_j(battery.chemistry, battery.capacity, bus_w, reserve_s)


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
        Power from the bus [W], with that of the bus; limited by what the battery may give; negative where the reserve is not held.
    """
    battery = satellite.power.battery
    drained_w = (battery.capacity * battery.max_depth - reserve_j(battery, satellite.bus.served_power, battery.bus_reserve)) / dark_s
    drained_w = min(drained_w, 0.5 / max(_loss_per_w(battery), 1e-30))  # beyond it more current gives less power
    return min(most_discharge_w(battery), drained_w * (1.0 - _loss_per_w(battery) * max(0.0, drained_w)))
