"""What age does to the array and the coatings of a satellite, and the particles on its orbit that do it."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

from sim.config.errors import Problem
from sim.config.propulsion_params import Sets, flights
from sim.config.schema import Environment, Satellite, Scenario
from sim.config.yaml_tree import Node, find
from sim.economics.finance import YEAR_S

if TYPE_CHECKING:
    from orbit.radiation import Conditions

DAYS_PER_YEAR = 365.25


def conditions(environment: Environment, epoch: datetime) -> Conditions:
    """Phase of the solar cycle, and place of the South Atlantic Anomaly.

    Parameters
    ----------
    environment : Environment
        Environment of the scenario.
    epoch : datetime
        Date of the run.

    Returns
    -------
    Conditions
        What the particle models need.
    """
    from orbit.cosmic_rays import ACTIVE_SHARE
    from orbit.radiation import Conditions

    given = environment.radiation
    active = {"minimum": 0.0, "maximum": 1.0, "cycle": ACTIVE_SHARE}[given.solar]
    year = epoch.year + (epoch.timetuple().tm_yday - 1) / DAYS_PER_YEAR
    return Conditions(active, year, math.degrees(given.anomaly_drift) * DAYS_PER_YEAR * 86400.0)


def aged(scenario: Scenario, sets: Sets, root: Node, problems: list[Problem]) -> Scenario:
    """The scenario with the array and the coatings of each satellite type at its age.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    sets : mapping of int to sequence of ElementSet
        Element sets of entries of the constellation.
    root : Node
        Resolved tree of the scenario, for the locations of problems.
    problems : list of Problem
        Receives types whose orbits are not known.

    Returns
    -------
    Scenario
        The same where types state what is left of their arrays and no coating that changes.
    """

    def filled(satellite: Satellite, path: tuple[str, ...]) -> Satellite:
        power, thermal, years = satellite.power, satellite.thermal, satellite.age / YEAR_S
        if power.array.retention is None:
            left = _retention(satellite, scenario, sets, years)
            if left is None:
                field = (*path, "power", "array", "retention")
                message = "follows the particles of orbits up to 2,000 km, and those of this type are not known; write a number such as 0.9"
                problems.append(Problem(find(root, field).origin, ".".join(field), message))
                left = 1.0
            power = power.model_copy(update={"array": power.array.model_copy(update={"retention": left})})
        end = thermal.radiator.absorptance_end
        if end is not None:
            share = min(1.0, satellite.age / satellite.life)
            now = thermal.radiator.absorptance + (end - thermal.radiator.absorptance) * share
            thermal = thermal.model_copy(update={"radiator": thermal.radiator.model_copy(update={"absorptance": now})})
        if power is satellite.power and thermal is satellite.thermal:
            return satellite
        return satellite.model_copy(update={"power": power, "thermal": thermal})

    first = filled(scenario.satellite, ("satellite",))
    others = {name: filled(satellite, ("satellites", name)) for name, satellite in scenario.satellites.items()}
    return scenario.model_copy(update={"satellite": first, "satellites": others})


def _retention(satellite: Satellite, scenario: Scenario, sets: Sets, years: float) -> float | None:
    """Share of the power of a new array: particles by the worst orbit of the type, ultraviolet light and contamination by a rate."""
    from orbit.array_damage import SILICON_LOSS_PER_YEAR, retention_after
    from orbit.radiation_orbits import array_fluence_m2_yr

    array = satellite.power.array
    light = math.exp(-array.ultraviolet_loss * satellite.age)
    if array.cells == "silicon":
        return light * math.exp(-SILICON_LOSS_PER_YEAR * years)
    where = conditions(scenario.environment, scenario.epoch)
    orbits = {(f.orbit.altitude_m, f.orbit.inclination_rad) for f in flights(scenario, satellite, sets)}
    if not orbits or max(altitude_m for altitude_m, _ in orbits) > 2_000e3:
        return None
    return light * min(retention_after(years, array_fluence_m2_yr(*orbit, where)) for orbit in orbits)


