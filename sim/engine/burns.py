"""Burns of a scenario: from scheduled events to the propagators, and from the thrusts to maintenance of the satellites."""

from __future__ import annotations

from collections.abc import Sequence

from orbit.manoeuvres import Burn
from orbit.propagation import Propagator
from orbit.segments import Segmented
from sim.config.economics_params import design_of
from sim.config.scenario import Loaded
from sim.config.schema import Satellite
from sim.economics import mass
from sim.engine.events import target_satellites
from sim.fleet.availability import AvailabilityChange, Kind, Target, in_order

CAUSE = "maintenance burn"  # of a satellite that does not compute while its thrusters are on
AXES = ("radial", "along-track", "cross-track")


def scheduled(loaded: Loaded) -> list[Burn]:
    """Burns of the events of a scenario.

    Parameters
    ----------
    loaded : Loaded
        The scenario.

    Returns
    -------
    list of Burn
        One for each satellite and event; satellites by their number in the fleet.
    """
    scenario, found = loaded.scenario, []
    for event in scenario.events:
        if event.action != "burn":
            continue
        assert event.delta_v is not None
        axis = AXES.index(event.direction or "along-track")
        delta_v = (event.delta_v * (axis == 0), event.delta_v * (axis == 1), event.delta_v * (axis == 2))
        first, last = target_satellites(event, loaded)
        start_s = (event.at - scenario.epoch).total_seconds()
        for kind, begin, end in loaded.type_ranges:
            satellite = scenario.types[kind]
            numbers = range(max(first, begin), min(last + 1, end))
            if numbers:
                _, budget = design_of(satellite, scenario, loaded.catalogues.sets)
                thruster = satellite.propulsion
                duration_s = mass.burn_s(budget.launch_kg, abs(event.delta_v), thruster.thrust, thruster.specific_impulse)
                found += [Burn(number, start_s, delta_v, duration_s) for number in numbers]
    return found


def within(burns: Sequence[Burn], first: int, count: int) -> list[Burn]:
    """Burns of consecutive satellites, numbered from the first of them.

    Parameters
    ----------
    burns : sequence of Burn
        Burns of the fleet.
    first, count : int
        First satellite and number of satellites.

    Returns
    -------
    list of Burn
        Burns of those satellites.
    """
    return [burn._replace(satellite=burn.satellite - first) for burn in burns if first <= burn.satellite < first + count]


def with_thrusts(
    listed: Sequence[AvailabilityChange], moving: Sequence[Propagator], loaded: Loaded
) -> list[AvailabilityChange]:
    """Changes that are known beforehand, with those by thrusts: accelerators pause, or leave the thrusters their power.

    Parameters
    ----------
    listed : sequence of AvailabilityChange
        Changes by the events of the scenario.
    moving : sequence of Propagator
        Propagators of the fleet, in order of satellites.
    loaded : Loaded
        The scenario.

    Returns
    -------
    list of AvailabilityChange
        In order of time.
    """
    changes, first = list(listed), 0
    for propagator in moving:
        for thrust in propagator.thrusts if isinstance(propagator, Segmented) else ():
            if thrust.start_s >= loaded.scenario.duration:
                continue
            lo, hi = first + thrust.first, first + thrust.last
            satellite = next(loaded.scenario.types[kind] for kind, begin, end in loaded.type_ranges if begin <= lo < end)
            target = Target(Kind.RATE, lo, hi, f"satellite {lo}" if lo == hi else f"satellites {lo}-{hi}")
            left = remaining(satellite)
            changes.append(AvailabilityChange(max(0.0, thrust.start_s), target, left, CAUSE))
            changes.append(AvailabilityChange(thrust.start_s + thrust.duration_s, target, 1.0, CAUSE))
        first += propagator.count
    return in_order(changes)


def remaining(satellite: Satellite) -> float:
    """Clock rate that is left while the thrusters are on.

    Parameters
    ----------
    satellite : Satellite
        The satellite.

    Returns
    -------
    float
        0 where the accelerators pause; else the share of their power between idle and full that the thrusters leave.
    """
    given, chip = satellite.propulsion, satellite.accelerator
    if given.compute == "pauses":
        return 0.0
    if given.efficiency is None:
        return 1.0
    thruster_w = mass.thruster_w(given.thrust, given.specific_impulse, given.efficiency)
    dynamic_w = satellite.accelerators * (chip.max_power - chip.idle_power) / satellite.power.conversion_efficiency
    return max(0.0, 1.0 - thruster_w / dynamic_w)
