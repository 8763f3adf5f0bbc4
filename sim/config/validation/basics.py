"""Checks of time, hardware, catalogues and motion."""

from __future__ import annotations

from orbit.catalog import ElementSet, Track
from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4
from sim.config.errors import Problem
from sim.config.schema import Satellite, Scenario
from sim.config.validation.location import at
from sim.config.yaml_tree import Node

STALE_D = 14  # days between epoch and elements beyond which SGP4 says little


def radiator_time_constant_s(
    heat_capacity_j_m2_k: float, emissivity: float, fin_efficiency: float, temp_k: float
) -> float:
    """Time constant [s] of a plate that radiates from both faces: C'' / (8 eta eps sigma T^3)."""
    slope = 8.0 * fin_efficiency * emissivity * STEFAN_BOLTZMANN_W_M2_K4 * temp_k**3
    return heat_capacity_j_m2_k / slope


def time(scenario: Scenario, root: Node) -> list[Problem]:
    found = []
    ratio = scenario.duration / scenario.step
    if abs(ratio - round(ratio)) > 1e-9 * ratio or round(ratio) < 1:
        whole = max(1, round(ratio)) * scenario.step
        found.append(
            Problem(at(root, "duration"), "duration",
                    f"{scenario.duration:g} s is not a whole number of steps of {scenario.step:g} s; write '{whole:g} s'")
        )  # fmt: skip
    step_ms = scenario.step * 1e3
    if abs(step_ms - round(step_ms)) > 1e-9 * step_ms:
        found.append(
            Problem(at(root, "step"), "step", f"{scenario.step:g} s is finer than a millisecond; write a whole one")
        )
    return found


def hardware(scenario: Scenario, root: Node) -> list[Problem]:
    return [problem for satellite in scenario.types for problem in _type_problems(satellite, scenario, root)]


def types(scenario: Scenario, root: Node) -> list[Problem]:
    """Satellite types that no entry of the constellation uses."""
    used = {entry.satellite for entry in scenario.constellation}
    found = []
    for name in scenario.satellites:
        if name not in used:
            advice = f"write satellite: {name} in an entry, or remove it"
            message = f"no entry of the constellation uses this type; {advice}"
            found.append(Problem(at(root, "satellites", name), f"satellites.{name}", message))
    if None not in used:
        named = ", ".join(sorted(n for n in used if n is not None))
        advice = f"write one of these here and remove it from the entries: {named}"
        message = f"no entry of the constellation uses this type, as all name another; {advice}"
        found.append(Problem(at(root, "satellite"), "satellite", message))
    return found


def _type_problems(satellite: Satellite, scenario: Scenario, root: Node) -> list[Problem]:
    """What does not fit between one satellite type and the scenario."""
    found = []
    chip, radiator = satellite.accelerator, satellite.thermal.radiator
    tau_s = radiator_time_constant_s(
        radiator.heat_capacity, radiator.emissivity, radiator.fin_efficiency, chip.junction_limit
    )
    if scenario.step > tau_s:
        found.append(
            Problem(at(root, "step"), "step",
                    f"{scenario.step:g} s is longer than the shortest time constant of the radiator ({tau_s:.0f} s); "
                    f"write '{max(1, int(tau_s / 2))} s' or less")
        )  # fmt: skip
    if scenario.reference_precision not in chip.peak:
        found.append(
            Problem(at(root, "reference_precision"), "reference_precision",
                    f"{chip.name} has no peak for '{scenario.reference_precision}'; write one of: {', '.join(sorted(chip.peak))}")
        )  # fmt: skip
    return found


def stale(scenario: Scenario, root: Node, catalogues: dict[int, list[ElementSet]]) -> list[Problem]:
    found = []
    for i, sets in catalogues.items():
        apart_d = [abs((scenario.epoch - s.epoch).total_seconds()) / 86400.0 for s in sets]
        stale = sum(d > STALE_D for d in apart_d)
        kind = scenario.constellation[i].kind
        if stale and not scenario.allow_stale:
            found.append(
                Problem(at(root, "constellation", str(i), kind), f"constellation.{kind}",
                        f"{stale} of {len(sets)} element sets are more than {STALE_D} days from the epoch {scenario.epoch:%Y-%m-%d} "
                        f"(the farthest {max(apart_d):.0f}); write an epoch near {max(s.epoch for s in sets):%Y-%m-%d}, or give --allow-stale")
            )  # fmt: skip
    return found


def without_positions(scenario: Scenario, root: Node, tracks: dict[int, list[Track]]) -> list[Problem]:
    """Ephemerides of which no object has a position at the epoch, so that the run would show nothing."""
    found = []
    for i, listed in tracks.items():
        spans = [span for track in listed for span in track.spans()]
        if not any(first <= scenario.epoch <= last for first, last in spans):
            first, last = min(s[0] for s in spans), max(s[1] for s in spans)
            found.append(
                Problem(at(root, "constellation", str(i), "oem"), "constellation.oem",
                        f"no object has a position at the epoch {scenario.epoch:%Y-%m-%dT%H:%M:%SZ}; write an epoch within "
                        f"{first:%Y-%m-%dT%H:%M:%SZ} to {last:%Y-%m-%dT%H:%M:%SZ}")
            )  # fmt: skip
    return found


def motion(scenario: Scenario, root: Node) -> list[Problem]:
    """A model of motion that an entry of the constellation cannot have."""
    wanted = "auto" if scenario.motion is None else scenario.motion.model
    found = []
    for i, entry in enumerate(scenario.constellation):
        mean = entry.kind in ("tle", "omm") or (entry.kind == "walker" and entry.mean_motion is not None)
        why = {
            "j2": "has elements of SGP4; write model: sgp4 or numerical" if mean else "",
            "sgp4": "is a formation on relative orbits; write model: j2 or numerical"
            if entry.kind == "cluster"
            else "",
        }.get(wanted, "")
        if entry.kind == "oem" and wanted != "auto":
            why = "states where its satellites are; write model: auto"
        if why:
            message = f"'{wanted}' does not fit constellation.{i}, which {why}"
            found.append(Problem(at(root, "motion", "model"), "motion.model", message))
    return found
