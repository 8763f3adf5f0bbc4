"""Launch: what a vehicle lifts to an orbit, and how many vehicles a fleet takes."""

from __future__ import annotations

import math
from typing import NamedTuple

from orbit.constants import EARTH_RADIUS_M, EARTH_ROTATION_RAD_S, MU_EARTH_M3_S2


class Vehicle(NamedTuple):
    """A launch vehicle: its capacity to a reference orbit, how that falls with velocity, and its price."""

    capacity_kg: float
    altitude_m: float  # of the reference orbit, circular
    inclination_rad: float
    latitude_rad: float  # of the launch site
    scale_m_s: float  # more velocity by which the capacity falls to 1/e
    usd: float | None  # of a whole launch; None where it is not known or rides are sold
    usd_kg: float | None  # of a shared ride; None where launches are sold whole
    volume_m3: float | None
    satellites: int | None  # at most, by number
    fuel_kg: float
    fuel: str

    @property
    def shared(self) -> bool:
        """Whether rides are sold by mass."""
        return self.usd_kg is not None


class Lot(NamedTuple):
    """Equal satellites for one orbit."""

    satellites: int
    mass_kg: float  # of one satellite
    altitude_m: float | None  # None where the orbit is not known
    inclination_rad: float | None
    volume_m3: float | None = None  # stowed, of one satellite


class Manifest(NamedTuple):
    """Launches of one lot."""

    launches: int
    per_launch: int | None  # satellites; None where one satellite takes several launches
    capacity_kg: float
    vehicles: float  # launches that the mass alone fills, a share where rides are shared


def capacity_kg(vehicle: Vehicle, altitude_m: float, inclination_rad: float) -> float:
    """Mass that a vehicle lifts to a circular orbit: exponential in the additional velocity, a rocket equation for the whole vehicle.

    Parameters
    ----------
    vehicle : Vehicle
        The vehicle; `scale_m_s` follows from its published capacities to two orbits.
    altitude_m : float
        Altitude [m].
    inclination_rad : float
        Inclination [rad], 0 to pi.

    Returns
    -------
    float
        Mass [kg]; never above that of the reference orbit, since orbits below it are not in the data.
    """
    here, there = (
        ideal_velocity_m_s(vehicle.latitude_rad, h, i)
        for h, i in ((vehicle.altitude_m, vehicle.inclination_rad), (altitude_m, inclination_rad))
    )
    return vehicle.capacity_kg * math.exp(-max(0.0, there - here) / vehicle.scale_m_s)


def ideal_velocity_m_s(latitude_rad: float, altitude_m: float, inclination_rad: float) -> float:
    """Velocity to give from the turning Earth: a low circular orbit in the plane, then a Hohmann transfer.

    Parameters
    ----------
    latitude_rad : float
        Latitude of the launch site [rad].
    altitude_m : float
        Altitude of the circular orbit [m].
    inclination_rad : float
        Inclination [rad]; below the latitude a change of plane is added.

    Returns
    -------
    float
        Velocity [m/s], without losses.

    Examples
    --------
    >>> low, high = (ideal_velocity_m_s(0.5, h, 0.93) for h in (200e3, 600e3))
    >>> 200.0 < high - low < 250.0
    True
    """
    parking_m = EARTH_RADIUS_M + 185e3
    v = math.sqrt(MU_EARTH_M3_S2 / parking_m)
    east = max(-1.0, min(1.0, math.cos(inclination_rad) / math.cos(latitude_rad)))
    turning = EARTH_ROTATION_RAD_S * EARTH_RADIUS_M * math.cos(latitude_rad)
    ascent = math.hypot(v * east - turning, v * math.sqrt(1.0 - east * east))
    tilt = max(0.0, abs(latitude_rad) - min(inclination_rad, math.pi - inclination_rad))
    target_m = EARTH_RADIUS_M + altitude_m
    transfer_m = 0.5 * (parking_m + target_m)
    speed_at = [math.sqrt(MU_EARTH_M3_S2 * (2.0 / r - 1.0 / transfer_m)) for r in (parking_m, target_m)]
    raised = abs(speed_at[0] - v) + abs(math.sqrt(MU_EARTH_M3_S2 / target_m) - speed_at[1])
    return ascent + raised + 2.0 * v * math.sin(0.5 * tilt)


def manifest(vehicle: Vehicle, lot: Lot) -> Manifest:
    """Launches of equal satellites: whole satellites in each by mass, number and volume; the last launch is paid whole.

    Parameters
    ----------
    vehicle : Vehicle
        The vehicle.
    lot : Lot
        The satellites and their orbit.

    Returns
    -------
    Manifest
        Whole launches. A satellite above the capacity is assembled in orbit from launches that mass alone fills.
    """
    lifted_kg = vehicle.capacity_kg
    if lot.altitude_m is not None and lot.inclination_rad is not None:
        lifted_kg = capacity_kg(vehicle, lot.altitude_m, lot.inclination_rad)
    filled = lot.satellites * lot.mass_kg / lifted_kg
    each = math.floor(lifted_kg / lot.mass_kg * (1.0 + 1e-12))
    if vehicle.satellites is not None:
        each = min(each, vehicle.satellites)
    if vehicle.volume_m3 is not None and lot.volume_m3 is not None:
        each = min(each, math.floor(vehicle.volume_m3 / lot.volume_m3 * (1.0 + 1e-12)))
    if each < 1:
        volumes = 0.0
        if vehicle.volume_m3 is not None and lot.volume_m3 is not None:
            volumes = lot.satellites * lot.volume_m3 / vehicle.volume_m3
        return Manifest(max(math.ceil(filled), math.ceil(volumes)), None, lifted_kg, filled)
    return Manifest(math.ceil(lot.satellites / each), each, lifted_kg, filled)


def launch_usd(vehicle: Vehicle, lot: Lot) -> float | None:
    """Price of launching a lot.

    Parameters
    ----------
    vehicle : Vehicle
        The vehicle.
    lot : Lot
        The satellites.

    Returns
    -------
    float or None
        Whole launches at their price, or the mass at the price of a shared ride, raised by what the orbit costs in
        capacity [USD]; None where the price is not known.
    """
    if vehicle.usd_kg is not None:
        derate = manifest(vehicle, lot).capacity_kg / vehicle.capacity_kg
        return lot.satellites * lot.mass_kg * vehicle.usd_kg / derate
    return None if vehicle.usd is None else manifest(vehicle, lot).launches * vehicle.usd
