"""Checks of propulsion against the orbits that it has to hold and to leave."""

from __future__ import annotations

import math
from collections.abc import Callable

from orbit import drag
from sim.config import economics_params, propulsion_params
from sim.config.ephemeris_files import Catalogues
from sim.config.errors import Problem
from sim.config.propulsion_params import RULE_S, YEAR_S, Budget
from sim.config.schema import (
    FILES,
    Cluster,
    Constellation,
    Event,
    Satellite,
    Scenario,
    Walker,
    plane_blocks,
    plane_satellites,
)
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node
from sim.economics import mass

DAY_S = 86400.0
SHORT_S = 250.0  # burns as short are impulses on every orbit
MOST_IMPULSE_M_S = 300.0  # along the track an eccentricity of 0.08
Check = Callable[[Satellite, Scenario, Budget, mass.Design, Catalogues], tuple[str, str] | None]


def check_propulsion(scenario: Scenario, root: Node, catalogues: Catalogues) -> list[Problem]:
    """Check thrust, propellant and disposal of every satellite type, and that no orbit decays to its end within the run.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.
    catalogues : Catalogues
        Content of the files of the constellation.

    Returns
    -------
    list of Problem
        All problems found.
    """
    problems = []
    paths = [("satellite",), *(("satellites", name) for name in scenario.satellites)]
    for path, satellite in zip(paths, scenario.types, strict=True):
        design, budget = economics_params.design_of(satellite, scenario, catalogues.sets)
        for check in (_motion, _thrust, _tanks, _propellant, _disposal, _decay):
            found = check(satellite, scenario, budget, design, catalogues)
            if found is not None:
                field, message = found
                where = (*path, *f"propulsion.{field}".split("."))
                problems.append(Problem(origin(root, *where), ".".join(where), message))
    return problems


def burn_problem(event: Event, scenario: Scenario, catalogues: Catalogues) -> str | None:
    """What is wrong with the target of a burn, or with its size.

    Parameters
    ----------
    event : Event
        A burn of valid satellites.
    scenario : Scenario
        The scenario.
    catalogues : Catalogues
        Content of the files of the constellation.

    Returns
    -------
    str or None
        The problem, to be read after the target; None where there is none.
    """
    if scenario.motion.model not in ("auto", "j2"):
        return f"moves by {scenario.motion.model}, which has no burns; write motion.model: j2"
    entries, target, begin = scenario.constellation, event.parsed, 0
    counts = [catalogues.count(i, entry) for i, entry in enumerate(entries)]
    if target.object:
        return "is of a catalogue, whose satellites move by SGP4; burns are for shells and rings"
    first, last = target.first, sum(counts) - 1 if target.last == -1 else target.last
    if target.plane:
        first, last = plane_satellites(plane_blocks(entries, counts), target.first) or (0, -1)
    for i, (entry, count) in enumerate(zip(entries, counts, strict=True)):
        if first < begin + count and last >= begin:
            if _fixed(entry):
                return f"has satellites of constellation.{i}, {_fixed(entry)}; burns are for shells and rings"
            problem = _burn_size(event, scenario.types[scenario.type_index(entry)], scenario, catalogues)
            if problem is not None:
                return problem
        begin += count
    return None


def _burn_size(event: Event, satellite: Satellite, scenario: Scenario, catalogues: Catalogues) -> str | None:
    design, budget = economics_params.design_of(satellite, scenario, catalogues.sets)
    given = satellite.propulsion
    propellant_kg = mass.parts_kg(design).propellant
    most_m_s = mass.possible_m_s(budget.launch_kg, propellant_kg, given.specific_impulse) if math.isfinite(propellant_kg) else math.inf
    wanted_m_s = abs(event.delta_v or 0.0)
    if wanted_m_s > most_m_s:
        return f"has propellant for {most_m_s:,.4g} m/s, less than the burn of {wanted_m_s:,.4g} m/s; write less, or more propellant"
    spiral = event.direction in (None, "along-track")
    short = mass.burn_s(budget.launch_kg, wanted_m_s, given.thrust, given.specific_impulse) < SHORT_S
    if wanted_m_s > MOST_IMPULSE_M_S and (short or not spiral):
        return f"would be on an orbit too eccentric for mean circles after {wanted_m_s:,.4g} m/s; write {MOST_IMPULSE_M_S:g} m/s or less"
    return None


def _fixed(entry: Constellation) -> str:
    """Why the satellites of an entry neither decay nor burn; empty where they do."""
    if isinstance(entry, Cluster):
        return "a formation on relative orbits"
    if isinstance(entry, FILES) or (isinstance(entry, Walker) and entry.altitude is None):
        return "of files or of mean motions, for SGP4"
    return ""


def _years(time_s: float) -> str:
    return f"{time_s / YEAR_S:.3g} yr" if time_s >= YEAR_S else f"{time_s / DAY_S:.3g} d"


def _moves(satellite: Satellite) -> bool:
    """Whether the altitude changes during a run."""
    return satellite.propulsion.altitude == "decaying" or satellite.propulsion.dead_band is not None


def _motion(satellite: Satellite, scenario: Scenario, budget: Budget, design: mass.Design, catalogues: Catalogues) -> tuple[str, str] | None:
    if not _moves(satellite):
        return None
    field = "altitude" if satellite.propulsion.altitude == "decaying" else "dead_band"
    fix = "write altitude: kept" if field == "altitude" else "remove it"
    if scenario.motion.model not in ("auto", "j2"):
        return field, f"needs motion by mean elements, and motion.model is {scenario.motion.model}; {fix}, or write model: j2"
    for i, entry in enumerate(scenario.constellation):
        if scenario.types[scenario.type_index(entry)] is satellite and _fixed(entry):
            return field, f"is for shells and rings, and constellation.{i} is {_fixed(entry)}; {fix}"
    return None


def _thrust(satellite: Satellite, scenario: Scenario, budget: Budget, design: mass.Design, catalogues: Catalogues) -> tuple[str, str] | None:
    force_n = budget.drag_m_s2 * budget.launch_kg
    if satellite.propulsion.thrust > force_n:
        return None
    assert budget.orbit is not None  # without an orbit there is no drag
    return "thrust", (
        f"{satellite.propulsion.thrust:.3g} N are less than the drag of {force_n:.3g} N at {budget.orbit.altitude_m / 1e3:,.0f} km; "
        f"write more than '{force_n:.3g} N', or altitude: decaying"
    )


def _tanks(satellite: Satellite, scenario: Scenario, budget: Budget, design: mass.Design, catalogues: Catalogues) -> tuple[str, str] | None:
    if math.isfinite(mass.propellant_kg(1.0, budget.duty)):
        return None
    return "tank_fraction", (
        f"{satellite.propulsion.tank_fraction:g} of the propellant are more than it can move: {mass.delta_v_m_s(budget.duty):,.4g} m/s over the "
        f"life at {satellite.propulsion.specific_impulse:g} s; write a smaller one, a higher specific_impulse or a higher orbit"
    )


def _propellant(satellite: Satellite, scenario: Scenario, budget: Budget, design: mass.Design, catalogues: Catalogues) -> tuple[str, str] | None:
    given = satellite.propulsion.propellant
    if given is None:
        return None
    if given >= budget.launch_kg:
        return "propellant", f"{given:,.4g} kg are not less than the mass of the satellite, {budget.launch_kg:,.4g} kg; write less"
    life_s = propulsion_params.propellant_life_s(budget, given)
    if life_s >= satellite.life:
        return None
    enough = mass.propellant_kg(mass.dry_kg(design), budget.duty._replace(given_kg=None))
    advice = f"write '{1.01 * enough:.3g} kg' or more, or a shorter life" if math.isfinite(enough) else "write a shorter life"
    return "propellant", (
        f"{given:,.4g} kg last {_years(life_s)}, and the life is {_years(satellite.life)}: "
        f"{budget.duty.station_keeping_m_s2 * YEAR_S:.3g} m/s a year and {budget.duty.deorbit_m_s:.3g} m/s once; {advice}"
    )


def _disposal(satellite: Satellite, scenario: Scenario, budget: Budget, design: mass.Design, catalogues: Catalogues) -> tuple[str, str] | None:
    if satellite.propulsion.deorbit is not None or budget.orbit is None:
        return None  # a delta-v that is given does not say to where
    time_s = propulsion_params.after_mission_s(budget, satellite, scenario.motion)
    if time_s <= RULE_S:
        return None
    given = satellite.propulsion.disposal
    field, advice = ("disposal.altitude", "write a lower one") if given.method != "decay" else ("disposal.method", "write method: spiral")
    shown = "never ends" if math.isinf(time_s) else f"takes {_years(time_s)}"
    return field, f"decay from there {shown}, more than the 5 yr after the mission that rules allow; {advice}"


def _decay(satellite: Satellite, scenario: Scenario, budget: Budget, design: mass.Design, catalogues: Catalogues) -> tuple[str, str] | None:
    if satellite.propulsion.altitude != "decaying":
        return None
    facing = propulsion_params.areas(satellite, design)
    for flight in propulsion_params.flights(scenario, satellite, catalogues.sets):
        activity = propulsion_params.air(scenario.motion)
        mean = drag.over_year(flight.orbit, satellite.attitude.law, activity)
        drag_m2_kg = scenario.motion.drag_coefficient * mean.area_m2(facing) / budget.launch_kg
        time_s = drag.lifetime_s(flight.orbit, activity, drag_m2_kg)
        if time_s < scenario.duration:
            return "altitude", (
                f"an orbit at {flight.orbit.altitude_m / 1e3:,.0f} km decays below {drag.REENTRY_M / 1e3:.0f} km after {_years(time_s)}, within "
                f"the run of {_years(scenario.duration)}; write altitude: kept, a higher orbit or a shorter run"
            )
    return None
