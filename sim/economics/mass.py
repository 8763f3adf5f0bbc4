"""Mass of a satellite, part by part; propellant by the rocket equation."""

from __future__ import annotations

import math
from typing import NamedTuple

STANDARD_GRAVITY_M_S2 = 9.80665
MOST_EXPONENT = 10.0  # delta-v over exhaust velocity: a dry mass of 1/22,000 is no satellite


class Propulsion(NamedTuple):
    """What propulsion has to do over the life of a satellite, and how well it does it."""

    station_keeping_m_s2: float  # delta-v per time
    deorbit_m_s: float  # delta-v of orbit raising and at the end of life
    specific_impulse_s: float
    tank_fraction: float  # mass of tanks and thrusters over that of the propellant
    life_s: float
    given_kg: float | None = None  # propellant that is carried whatever the duties


class Design(NamedTuple):
    """Sizes and densities from which the mass of one satellite follows."""

    array_m2: float
    array_kg_m2: float
    battery_j: float
    battery_j_kg: float
    radiator_m2: float
    radiator_kg_m2: float
    heat_w: float  # of accelerators and hosts at full power, with the pump's
    loop_kg_w: float
    accelerators: int
    accelerator_kg: float
    host_kg: float
    plate_kg: float
    terminals: int
    terminal_kg: float
    shielded_m2: float  # of each accelerator with its host
    shielding_kg_m2: float
    bus_kg: float  # fixed part
    structure_fraction: float  # of all other dry parts but propulsion
    propulsion: Propulsion


class Parts(NamedTuple):
    """Mass of one satellite by part [kg]."""

    array: float
    battery: float
    radiator: float
    loop: float
    accelerators: float
    hosts: float
    plates: float
    terminals: float
    shielding: float
    bus: float
    structure: float
    propulsion: float  # tanks and thrusters
    propellant: float


def parts_kg(design: Design) -> Parts:
    """Mass of each part of a satellite.

    Parameters
    ----------
    design : Design
        Sizes and densities.

    Returns
    -------
    Parts
        Masses [kg]; their sum is the launch mass.
    """
    carried = _carried(design)
    structure_kg = design.structure_fraction * math.fsum(carried)
    propellant = propellant_kg(math.fsum(carried) + structure_kg, design.propulsion)
    return Parts(*carried, structure_kg, design.propulsion.tank_fraction * propellant, propellant)


def _carried(d: Design) -> tuple[float, float, float, float, float, float, float, float, float, float]:
    return (
        d.array_m2 * d.array_kg_m2, d.battery_j / d.battery_j_kg, d.radiator_m2 * d.radiator_kg_m2, d.heat_w * d.loop_kg_w,
        d.accelerators * d.accelerator_kg, d.accelerators * d.host_kg, d.accelerators * d.plate_kg, d.terminals * d.terminal_kg,
        d.accelerators * d.shielded_m2 * d.shielding_kg_m2, d.bus_kg,
    )  # fmt: skip


def dry_kg(design: Design) -> float:
    """Dry mass without tanks and thrusters.

    Parameters
    ----------
    design : Design
        Sizes and densities.

    Returns
    -------
    float
        Mass [kg].
    """
    return (1.0 + design.structure_fraction) * math.fsum(_carried(design))


def body_kg(design: Design) -> float:
    """Dry mass of the body: all parts but array, radiator, tanks and thrusters.

    Parameters
    ----------
    design : Design
        Sizes and densities.

    Returns
    -------
    float
        Mass [kg].
    """
    return dry_kg(design) - design.array_m2 * design.array_kg_m2 - design.radiator_m2 * design.radiator_kg_m2


def delta_v_m_s(propulsion: Propulsion) -> float:
    """Velocity change over the life.

    Parameters
    ----------
    propulsion : Propulsion
        Duties of the propulsion.

    Returns
    -------
    float
        Station keeping over the life, orbit raising and deorbit [m/s].
    """
    return propulsion.station_keeping_m_s2 * propulsion.life_s + propulsion.deorbit_m_s


def propellant_kg(dry_kg: float, propulsion: Propulsion) -> float:
    """Propellant of a satellite whose tanks grow with it, by the rocket equation.

    Parameters
    ----------
    dry_kg : float
        Dry mass without tanks and thrusters [kg].
    propulsion : Propulsion
        Duties of the propulsion.

    Returns
    -------
    float
        Propellant [kg], as given or as the duties need; infinite where the tanks outweigh what their propellant can move, or
        no tank could.

    Examples
    --------
    >>> round(propellant_kg(1000.0, Propulsion(0.0, 9806.65, 1000.0, 0.0, 1.0)), 1)
    1718.3
    """
    if propulsion.given_kg is not None:
        return propulsion.given_kg
    exponent = delta_v_m_s(propulsion) / (propulsion.specific_impulse_s * STANDARD_GRAVITY_M_S2)
    if exponent > MOST_EXPONENT:
        return math.inf
    ratio = math.exp(exponent) - 1.0
    left = 1.0 - ratio * propulsion.tank_fraction
    return dry_kg * ratio / left if left > 0.0 else math.inf


def possible_m_s(launch_kg: float, propellant: float, specific_impulse_s: float) -> float:
    """Velocity change that a propellant gives, by the rocket equation.

    Parameters
    ----------
    launch_kg : float
        Mass at launch [kg].
    propellant : float
        Propellant in it [kg].
    specific_impulse_s : float
        Specific impulse [s].

    Returns
    -------
    float
        Delta-v [m/s].

    Examples
    --------
    >>> round(possible_m_s(2718.2818, 1718.2818, 1000.0), 1)
    9806.6
    """
    return specific_impulse_s * STANDARD_GRAVITY_M_S2 * math.log(launch_kg / (launch_kg - propellant))


def burn_s(mass_kg: float, delta_v: float, thrust_n: float, specific_impulse_s: float) -> float:
    """Duration of a burn at constant thrust, with the mass that it leaves behind.

    Parameters
    ----------
    mass_kg : float
        Mass at its beginning [kg].
    delta_v : float
        Velocity change [m/s].
    thrust_n : float
        Thrust [N].
    specific_impulse_s : float
        Specific impulse [s].

    Returns
    -------
    float
        Duration [s].

    Examples
    --------
    >>> round(burn_s(1000.0, 1.0, 1.0, 1e6), 3)  # little propellant: m dv / F
    1000.0
    """
    exhaust_m_s = specific_impulse_s * STANDARD_GRAVITY_M_S2
    return mass_kg * exhaust_m_s / thrust_n * -math.expm1(-delta_v / exhaust_m_s)


def thruster_w(thrust_n: float, specific_impulse_s: float, efficiency: float) -> float:
    """Electrical power of a thruster: that of its jet, F v / 2, over the efficiency.

    Parameters
    ----------
    thrust_n : float
        Thrust [N].
    specific_impulse_s : float
        Specific impulse [s].
    efficiency : float
        Power of the jet over the electrical power, above 0.

    Returns
    -------
    float
        Power [W].

    Examples
    --------
    >>> round(thruster_w(0.17, 2500.0, 0.5))  # an argon Hall thruster of 4.2 kW
    4168
    """
    return 0.5 * thrust_n * specific_impulse_s * STANDARD_GRAVITY_M_S2 / efficiency


def total_kg(parts: Parts) -> float:
    """Launch mass of a satellite.

    Parameters
    ----------
    parts : Parts
        Masses of its parts.

    Returns
    -------
    float
        Their sum [kg].
    """
    return math.fsum(parts)


def hard_kg(parts: Parts) -> float:
    """Mass of the parts that no design avoids: array, battery, radiator, accelerators and hosts.

    Parameters
    ----------
    parts : Parts
        Masses of its parts.

    Returns
    -------
    float
        Their sum [kg].
    """
    return math.fsum((parts.array, parts.battery, parts.radiator, parts.accelerators, parts.hosts))
