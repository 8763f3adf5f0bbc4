"""Checks of time, hardware, catalogues and motion."""

from __future__ import annotations

from orbit.catalog import ElementSet, Track
from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4
from orbit.units import shortened
from sim.config.errors import Problem
from sim.config.schema import Satellite, Scenario
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node

LIT_ARRAY_K = 360.0  # of a panel in sunlight
LONGEST_ARRAY_STEP = 2.0  # time constants of the array within which a step from cold shadow into light is right to 15 K
STALE_D = 14  # days between epoch and elements beyond which SGP4 is inaccurate


def radiator_time_constant_s(
    heat_capacity_j_m2_k: float, emissivity: float, fin_efficiency: float, temp_k: float
) -> float:
    """Time constant of a plate that radiates from both faces: C'' / (8 eta eps sigma T^3).

    Parameters
    ----------
    heat_capacity_j_m2_k : float
        Heat capacity per planform area C'' [J/m2/K], above 0.
    emissivity : float
        Emissivity of both faces eps, 0 to 1.
    fin_efficiency : float
        Fin efficiency eta, 0 to 1.
    temp_k : float
        Temperature at which T^4 is linearised T [K], above 0.

    Returns
    -------
    float
        Time constant [s].
    """
    slope = 8.0 * fin_efficiency * emissivity * STEFAN_BOLTZMANN_W_M2_K4 * temp_k**3
    return heat_capacity_j_m2_k / slope


def check_time_grid(scenario: Scenario, root: Node) -> list[Problem]:
    """Check that the duration is a whole number of steps, and a step a whole number of milliseconds.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.

    Returns
    -------
    list of Problem
        All problems found.
    """
    problems = []
    ratio = scenario.duration / scenario.step
    if abs(ratio - round(ratio)) > 1e-9 * ratio or round(ratio) < 1:
        whole = max(1, round(ratio)) * scenario.step
        problems.append(
            Problem(origin(root, "duration"), "duration",
                    f"{scenario.duration:g} s is not a whole number of steps of {scenario.step:g} s; write '{whole:g} s'")
        )  # fmt: skip
    step_ms = scenario.step * 1e3
    if abs(step_ms - round(step_ms)) > 1e-9 * step_ms:
        problems.append(
            Problem(origin(root, "step"), "step", f"{scenario.step:g} s is finer than a millisecond; write a whole one")
        )
    return problems


def notes(scenario: Scenario) -> list[str]:
    """Notes on values of the hardware that have no effect.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of str
        One line, where a battery has an initial charge that does not count.
    """
    given = any(t.power.battery.initial_charge is not None for t in scenario.types)
    if scenario.initial == "full" or not given:
        return []
    return ["initial_charge has no effect with initial: settled; write initial: full to start from it"]


def check_hardware(scenario: Scenario, root: Node) -> list[Problem]:
    """Check the step against the radiator's time constant, and the reference precision against the accelerator.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.

    Returns
    -------
    list of Problem
        All problems found.
    """
    return [problem for satellite in scenario.types for problem in _type_problems(satellite, scenario, root)]


def check_types(scenario: Scenario, root: Node) -> list[Problem]:
    """Check that entries of the constellation use every satellite type.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.

    Returns
    -------
    list of Problem
        All problems found.
    """
    used = {entry.satellite for entry in scenario.constellation}
    problems = []
    for name in scenario.satellites:
        if name not in used:
            advice = f"write satellite: {name} in an entry, or remove it"
            message = f"no entry of the constellation uses this type; {advice}"
            problems.append(Problem(origin(root, "satellites", name), f"satellites.{name}", message))
    if None not in used:
        named = ", ".join(sorted(n for n in used if n is not None))
        advice = f"write one of these here and remove it from the entries: {named}"
        message = f"no entry of the constellation uses this type, as all name another; {advice}"
        problems.append(Problem(origin(root, "satellite"), "satellite", message))
    return problems


def check_policies(scenario: Scenario, root: Node) -> list[Problem]:
    """Check the times of bursts against the step and the duration.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.

    Returns
    -------
    list of Problem
        All problems found.
    """
    problems = []
    named = [(("satellite",), scenario.satellite), *((("satellites", name), s) for name, s in scenario.satellites.items())]
    for keys, satellite in named:
        on_s, path = satellite.policy.on, (*keys, "policy", "on")
        if satellite.policy.mode != "burst" or on_s is None:
            continue
        if on_s > scenario.duration:
            message = f"{on_s:g} s is longer than the run, {scenario.duration:g} s; write a shorter burst or a longer duration"
            problems.append(Problem(origin(root, *path), ".".join(path), message))
        if on_s < scenario.step:
            message = f"{on_s:g} s is shorter than a step, {scenario.step:g} s; write a longer burst or a shorter step"
            problems.append(Problem(origin(root, *path), ".".join(path), message))
    return problems


def _written_time(time_s: float) -> str:
    """A time below another one as a scenario states it: whole seconds, or milliseconds."""
    return f"{int(time_s)} s" if time_s >= 1.0 else f"{max(1, int(1e3 * time_s))} ms"


def _type_problems(satellite: Satellite, scenario: Scenario, root: Node) -> list[Problem]:
    """What does not fit between one satellite type and the scenario."""
    problems = []
    chip, radiator = satellite.accelerator, satellite.thermal.radiator
    tau_s = radiator_time_constant_s(
        radiator.heat_capacity, radiator.emissivity, radiator.fin_efficiency, chip.junction_limit
    )
    array = satellite.power.array
    lit_s = radiator_time_constant_s(array.heat_capacity, 0.5 * (array.emissivity_front + array.emissivity_back), 1.0, LIT_ARRAY_K)
    longest_s, what = min(
        (tau_s, f"the shortest time constant of the radiator ({tau_s:.3g} s)"),
        (LONGEST_ARRAY_STEP * lit_s, f"twice the time constant of the array in sunlight ({lit_s:.3g} s, by power.array.heat_capacity)"),
    )
    if scenario.step > longest_s:
        message = f"{scenario.step:g} s is longer than {what}; write '{_written_time(longest_s / 2.0)}' or less"
        problems.append(Problem(origin(root, "step"), "step", message))
    if scenario.reference_precision not in chip.peak:
        problems.append(
            Problem(origin(root, "reference_precision"), "reference_precision",
                    f"{chip.name} has no peak for '{shortened(scenario.reference_precision)}'; write one of: {', '.join(sorted(chip.peak))}")
        )  # fmt: skip
    return problems


def check_element_age(scenario: Scenario, root: Node, catalogues: dict[int, list[ElementSet]]) -> list[Problem]:
    """Check that element sets are at most 14 days from the epoch, unless the scenario allows older ones.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.
    catalogues : dict of int to list of ElementSet
        Element sets by position of their entry in `constellation`.

    Returns
    -------
    list of Problem
        All problems found.
    """
    problems = []
    for i, sets in catalogues.items():
        apart_d = [abs((scenario.epoch - s.epoch).total_seconds()) / 86400.0 for s in sets]
        stale = sum(d > STALE_D for d in apart_d)
        kind = scenario.constellation[i].kind
        if stale and not scenario.allow_stale:
            problems.append(
                Problem(origin(root, "constellation", str(i), kind), f"constellation.{kind}",
                        f"{stale} of {len(sets)} element sets are more than {STALE_D} days from the epoch {scenario.epoch:%Y-%m-%d} "
                        f"(the farthest {max(apart_d):.0f}); write an epoch near {max(s.epoch for s in sets):%Y-%m-%d}, or give --allow-stale")
            )  # fmt: skip
    return problems


def check_ephemeris_spans(scenario: Scenario, root: Node, tracks: dict[int, list[Track]]) -> list[Problem]:
    """Check that an object of each ephemeris has a position at the epoch.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.
    tracks : dict of int to list of Track
        Ephemerides by position of their entry in `constellation`.

    Returns
    -------
    list of Problem
        All problems found.
    """
    problems = []
    for i, listed in tracks.items():
        spans = [span for track in listed for span in track.spans()]
        if not any(first <= scenario.epoch <= last for first, last in spans):
            first, last = min(s[0] for s in spans), max(s[1] for s in spans)
            problems.append(
                Problem(origin(root, "constellation", str(i), "oem"), "constellation.oem",
                        f"no object has a position at the epoch {scenario.epoch:%Y-%m-%dT%H:%M:%SZ}; write an epoch within "
                        f"{first:%Y-%m-%dT%H:%M:%SZ} to {last:%Y-%m-%dT%H:%M:%SZ}")
            )  # fmt: skip
    return problems


def check_motion_model(scenario: Scenario, root: Node) -> list[Problem]:
    """Check that every entry of the constellation can be propagated by the selected motion model.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.

    Returns
    -------
    list of Problem
        All problems found.
    """
    model = scenario.motion.model
    problems = []
    for i, entry in enumerate(scenario.constellation):
        mean = entry.kind in ("tle", "omm") or (entry.kind == "walker" and entry.mean_motion is not None)
        why = {
            "j2": "has elements of SGP4; write model: sgp4 or numerical" if mean else "",
            "sgp4": "is a formation on relative orbits; write model: j2 or numerical"
            if entry.kind == "cluster"
            else "",
        }.get(model, "")
        if entry.kind == "oem" and model != "auto":
            why = "states where its satellites are; write model: auto"
        if why:
            message = f"'{model}' does not fit constellation.{i}, which {why}"
            problems.append(Problem(origin(root, "motion", "model"), "motion.model", message))
    return problems
