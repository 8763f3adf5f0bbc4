"""What the propulsion of a satellite has to do on the orbits of a scenario. Loads no arrays, so that validation can use it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from orbit import drag, station_keeping
from orbit.catalog import ElementSet
from orbit.constants import EARTH_RADIUS_M, MU_EARTH_M3_S2
from orbit.shell_geometry import sun_synchronous_inclination_rad
from sim.config import schema
from sim.config.schema import Cluster, Ring, Walker, hours
from sim.economics import mass

YEAR_S = station_keeping.YEAR_S
RULE_S = 5.0 * YEAR_S  # from the end of the mission to reentry [fcc-22-74]
REENTRY_PERIGEE_M = 100e3
SAME_PLANE_RAD = math.radians(5.0)  # of inclinations, within which the lowest orbit has the most drag
ROUNDS = 12  # launch mass and propellant; each gains two digits

Sets = Mapping[int, Sequence[ElementSet]]


class Flight(NamedTuple):
    """An orbit that satellites of a type fly, with the station keeping of the formation there."""

    orbit: drag.Orbit
    formation: schema.StationKeeping | None = None


class Budget(NamedTuple):
    """Duties of the propulsion of one satellite, on the orbit of its type with the most drag."""

    orbit: drag.Orbit | None  # None where none is known
    drag_area_m2: float  # that meets the air, mean over orbit and year
    drag_m2_kg: float  # C_D A / m
    drag_m_s2: float  # delta-v per time
    formation_m_s2: float
    avoidance_m_s2: float
    raising_m_s: float
    disposal_m_s: float
    duty: mass.Propulsion
    launch_kg: float


def altitude_and_inclination(part: schema.Constellation, sets: Sequence[ElementSet]) -> tuple[float | None, float | None]:
    """Altitude and inclination of a part of the constellation; means of element sets, nothing for ephemerides.

    Parameters
    ----------
    part : Constellation
        Shell, ring, formation or file.
    sets : sequence of ElementSet
        Element sets of a file.

    Returns
    -------
    tuple of float or None
        Altitude [m] and inclination [rad].
    """
    if isinstance(part, Walker):
        if part.altitude is None:
            assert part.mean_motion is not None
            return (MU_EARTH_M3_S2 / part.mean_motion**2) ** (1.0 / 3.0) - EARTH_RADIUS_M, part.inclination
        return part.altitude, part.inclination
    if isinstance(part, Cluster | Ring):
        return part.altitude, sun_synchronous_inclination_rad(EARTH_RADIUS_M + part.altitude)
    if not sets:
        return None, None
    motion_rad_s = math.fsum(s.mean_motion_rad_min for s in sets) / len(sets) / 60.0
    inclination_rad = math.fsum(s.inclination_rad for s in sets) / len(sets)
    return (MU_EARTH_M3_S2 / motion_rad_s**2) ** (1.0 / 3.0) - EARTH_RADIUS_M, inclination_rad


def flights(scenario: schema.Scenario, satellite: schema.Satellite, sets: Sets) -> list[Flight]:
    """Orbits that satellites of a type fly.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    satellite : Satellite
        One of its types.
    sets : mapping of int to sequence of ElementSet
        Element sets of entries of the constellation.

    Returns
    -------
    list of Flight
        Orbits that are known; those of ephemerides are not.
    """
    found = []
    for i, entry in enumerate(scenario.constellation):
        if scenario.types[scenario.type_index(entry)] is not satellite:
            continue
        for part in schema.parts([entry]):
            altitude_m, inclination_rad = altitude_and_inclination(part, sets.get(i, ()))
            if altitude_m is None or inclination_rad is None:
                continue
            node_rad = math.radians(15.0 * (hours(part.local_time) - 12.0)) if isinstance(part, Cluster | Ring) else None
            formation = part.station_keeping if isinstance(part, Cluster) else None
            found.append(Flight(drag.Orbit(altitude_m, inclination_rad, node_rad), formation))
    return found


def areas(satellite: schema.Satellite, design: mass.Design) -> drag.Areas:
    """Areas of a satellite that meet the air.

    Parameters
    ----------
    satellite : Satellite
        The satellite.
    design : Design
        Its sizes and densities.

    Returns
    -------
    Areas
        Planform of array and radiator; of the body the mean cross-section of a cube, 3/2 of a face.
    """
    volume_m3 = mass.body_kg(design) / satellite.structure.density
    return drag.Areas(design.array_m2, design.radiator_m2, 1.5 * volume_m3 ** (2.0 / 3.0))


def circular_m_s(altitude_m: float) -> float:
    """Speed on a circular orbit.

    Parameters
    ----------
    altitude_m : float
        Altitude [m].

    Returns
    -------
    float
        Speed [m/s].
    """
    return math.sqrt(MU_EARTH_M3_S2 / (EARTH_RADIUS_M + altitude_m))


def spiral_m_s(from_m: float, to_m: float) -> float:
    """Delta-v of low thrust between circular orbits: the difference of their speeds. [vallado2013:6.7]

    Parameters
    ----------
    from_m, to_m : float
        Altitudes [m].

    Returns
    -------
    float
        Delta-v [m/s].

    Examples
    --------
    >>> round(spiral_m_s(300e3, 650e3), 1)
    194.8
    """
    return abs(circular_m_s(from_m) - circular_m_s(to_m))


def perigee_m_s(altitude_m: float, perigee_m: float) -> float:
    """Delta-v of one burn that lowers the perigee of a circular orbit. [vallado2013:eq. 2-31]

    Parameters
    ----------
    altitude_m : float
        Altitude of the circular orbit [m].
    perigee_m : float
        Altitude of the perigee [m]; nothing where it is not below.

    Returns
    -------
    float
        Delta-v [m/s].

    Examples
    --------
    >>> round(perigee_m_s(650e3, 50e3), 1)
    169.8
    """
    if perigee_m >= altitude_m:
        return 0.0
    r, p = EARTH_RADIUS_M + altitude_m, EARTH_RADIUS_M + perigee_m
    return circular_m_s(altitude_m) * (1.0 - math.sqrt(2.0 * p / (r + p)))


def disposal_m_s(disposal: schema.Disposal, altitude_m: float) -> float:
    """Delta-v of the disposal from a circular orbit.

    Parameters
    ----------
    disposal : Disposal
        Method and altitude.
    altitude_m : float
        Altitude of the orbit [m].

    Returns
    -------
    float
        Delta-v [m/s]; 0 where drag alone removes the satellite, or the orbit is low enough.
    """
    if disposal.method == "decay" or disposal.altitude >= altitude_m:
        return 0.0
    return perigee_m_s(altitude_m, disposal.altitude) if disposal.method == "perigee" else spiral_m_s(altitude_m, disposal.altitude)


def after_mission_s(budget: Budget, satellite: schema.Satellite, motion: schema.Motion) -> float:
    """Time from the disposal burns to reentry.

    Parameters
    ----------
    budget : Budget
        Duties of the propulsion.
    satellite : Satellite
        The satellite.
    motion : Motion
        Solar activity, constant.

    Returns
    -------
    float
        Time [s]; 0 for a perigee below 100 km; for a higher one the time of a circular orbit there, which is less than the real one.
    """
    disposal = satellite.propulsion.disposal
    if budget.orbit is None or (disposal.method == "perigee" and disposal.altitude <= REENTRY_PERIGEE_M):
        return 0.0
    orbit = budget.orbit
    if disposal.method != "decay":
        orbit = orbit._replace(altitude_m=min(orbit.altitude_m, disposal.altitude))
    return drag.lifetime_s(orbit, air(motion), budget.drag_m2_kg)


def air(motion: schema.Motion) -> drag.Air:
    """Solar and geomagnetic activity of a scenario.

    Parameters
    ----------
    motion : Motion
        Section `motion`.

    Returns
    -------
    Air
        The activity.
    """
    return drag.Air(motion.solar_activity.f107, motion.solar_activity.ap)


def budget(satellite: schema.Satellite, motion: schema.Motion, flown: Sequence[Flight], design: mass.Design) -> Budget:
    """Duties of the propulsion of a satellite, and the mass at launch that goes with them.

    Parameters
    ----------
    satellite : Satellite
        The satellite.
    motion : Motion
        Solar activity and drag coefficient.
    flown : sequence of Flight
        Orbits of its type; the one with the most drag counts.
    design : Design
        Its sizes and densities; the propulsion in it is ignored.

    Returns
    -------
    Budget
        Duties and launch mass.
    """
    facing, flown = areas(satellite, design), _lowest(flown)
    dry_kg = mass.dry_kg(design)
    means = [drag.over_year(one.orbit, satellite.attitude.law, air(motion)) for one in flown]
    forces = [_force_n(m, one, facing, motion.drag_coefficient) for m, one in zip(means, flown, strict=True)]
    worst = max(range(len(flown)), key=forces.__getitem__) if flown else None
    # a stated mass below that of the parts that no design avoids is reported as implausible, and no mass to brake
    launch_kg = dry_kg if satellite.mass is None else max(satellite.mass, mass.hard_kg(mass.parts_kg(design)))
    found = _at_mass(satellite, motion, facing, None if worst is None else (flown[worst], means[worst]), launch_kg)
    for _ in range(ROUNDS):
        if satellite.mass is not None:
            break
        propellant = mass.propellant_kg(dry_kg, found.duty)
        if math.isinf(propellant):
            break
        launch_kg = dry_kg + (1.0 + found.duty.tank_fraction) * propellant
        found = _at_mass(satellite, motion, facing, None if worst is None else (flown[worst], means[worst]), launch_kg)
    return found


def _lowest(flown: Sequence[Flight]) -> list[Flight]:
    """The lowest of orbits of nearly the same plane, whose air is the densest, and all that fly in formation."""
    kept = [one for one in flown if one.formation is not None]
    planes: dict[tuple[float | None, int], Flight] = {}
    for one in flown:
        plane = (one.orbit.node_from_sun_rad, round(one.orbit.inclination_rad / SAME_PLANE_RAD))
        if one.formation is None and (plane not in planes or one.orbit.altitude_m < planes[plane].orbit.altitude_m):
            planes[plane] = one
    return [*kept, *planes.values()]


def _force_n(mean: drag.MeanDrag, flight: Flight, facing: drag.Areas, drag_coefficient: float) -> float:
    """Drag on an orbit, in air of the density that a formation states."""
    stated = None if flight.formation is None else flight.formation.density
    scale = 1.0 if stated is None else stated / mean.density_kg_m3
    return scale * mean.force_n(facing, drag_coefficient)


def _at_mass(
    satellite: schema.Satellite, motion: schema.Motion, facing: drag.Areas, flown: tuple[Flight, drag.MeanDrag] | None, launch_kg: float
) -> Budget:
    given = satellite.propulsion
    avoidance_m_s2 = given.avoidance.rate * given.avoidance.delta_v
    area_m2 = drag_m2_kg = drag_m_s2 = formation_m_s2 = raising_m_s = lowering_m_s = 0.0
    if flown is not None:
        flight, mean = flown
        area_m2 = mean.area_m2(facing)
        drag_m2_kg = motion.drag_coefficient * area_m2 / launch_kg
        drag_m_s2 = _force_n(mean, flight, facing, motion.drag_coefficient) / launch_kg
        formation = flight.formation
        if formation is not None:
            if formation.drag is not None:
                drag_m_s2 *= formation.drag / drag_m2_kg
                drag_m2_kg = formation.drag
            pressure_m_s2 = formation.mismatch * station_keeping.pressure_acceleration_m_s2(formation.reflectivity)
            yearly = station_keeping.pressure_m_s_yr(pressure_m_s2, drag.in_plane(flight.orbit))
            formation_m_s2 = formation.mismatch * drag_m_s2 + yearly / YEAR_S
        drag_m_s2 = 0.0 if given.altitude == "decaying" else drag_m_s2
        altitude_m = flight.orbit.altitude_m
        raising_m_s = 0.0 if given.injection_altitude is None else spiral_m_s(given.injection_altitude, altitude_m)
        lowering_m_s = disposal_m_s(given.disposal, altitude_m)
    computed_m_s2 = drag_m_s2 + formation_m_s2 + avoidance_m_s2
    duty = mass.Propulsion(
        computed_m_s2 if given.station_keeping is None else given.station_keeping,
        raising_m_s + lowering_m_s if given.deorbit is None else given.deorbit,
        given.specific_impulse, given.tank_fraction, satellite.life, given.propellant,
    )  # fmt: skip
    return Budget(
        orbit=None if flown is None else flown[0].orbit, drag_area_m2=area_m2, drag_m2_kg=drag_m2_kg, drag_m_s2=drag_m_s2,
        formation_m_s2=formation_m_s2, avoidance_m_s2=avoidance_m_s2, raising_m_s=raising_m_s, disposal_m_s=lowering_m_s, duty=duty,
        launch_kg=launch_kg,
    )  # fmt: skip


def propellant_life_s(found: Budget, propellant_kg: float) -> float:
    """Time until the propellant that orbit raising and disposal leave is used up.

    Parameters
    ----------
    found : Budget
        Duties of the propulsion.
    propellant_kg : float
        Propellant at launch [kg].

    Returns
    -------
    float
        Time [s]; infinite where nothing is used, 0 where raising and disposal alone need more.
    """
    left_m_s = mass.possible_m_s(found.launch_kg, propellant_kg, found.duty.specific_impulse_s) - found.duty.deorbit_m_s
    if left_m_s <= 0.0:
        return 0.0
    return left_m_s / found.duty.station_keeping_m_s2 if found.duty.station_keeping_m_s2 > 0.0 else math.inf
