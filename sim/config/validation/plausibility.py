"""Plausibility of satellites: designs that can be simulated but hardly meant, each as a note with the two numbers that conflict.

Designs whose power or heat does not close are refused by `feasibility`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from orbit.constants import SOLAR_CONSTANT_W_M2
from sim.config import economics_params, library, yaml_tree
from sim.config.errors import Origin
from sim.config.schema import Accelerator, Satellite, Scenario
from sim.config.validation.findings import power_text
from sim.economics.mass import hard_kg, total_kg

MASS_TOLERANCE = 0.15  # of a stated mass against the sum of the parts
MOST_LOAD_RATIO = 1.5  # full load over array power; a satellite that stores energy for bursts has about 1
MOST_CELL_EFFICIENCY = 0.476  # best cell of any kind, under concentrated light [green2024]
MOST_FLOP_PER_J = 5e13  # dense peak over power; accelerators of 2024 reach 3e12 to 6e12
LEAST_FP8_RATIO, MOST_FP8_RATIO = 1.8, 3.0  # of dense peaks in fp8 and bf16; 2 in chips that have both
SPARSITY = "; if this is the figure with 2:4 sparsity, write the dense peak"


@dataclass(frozen=True, slots=True)
class PlausibilityCheck:
    """A named check of one satellite type; `message` gives what is implausible, with field first, or None."""

    name: str
    condition: str
    message: Callable[[Satellite, Scenario], str | None]


def notes(scenario: Scenario) -> list[str]:
    """Notes on what is implausible in the satellites of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of str
        A note for each satellite type and check that finds something; it ends with the name of the check.
    """
    found = []
    for prefix, satellite in (("satellite", scenario.satellite), *((f"satellites.{n}", s) for n, s in scenario.satellites.items())):
        for check in CHECKS:
            message = check.message(satellite, scenario)
            if message is not None:
                found.append(f"{prefix}.{message} (check {check.name})")
    return found


# --- power -------------------------------------------------------------------------------------------------------------


def array_power_w(satellite: Satellite) -> float:
    """Power of the array in full sunlight at 28 degC, after conditioning.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.

    Returns
    -------
    float
        Power [W].
    """
    array = satellite.power.array
    cells_m2 = array.area * array.packing
    return SOLAR_CONSTANT_W_M2 * cells_m2 * array.cell_efficiency * array.retained * array.conditioning_efficiency


def load_w(satellite: Satellite, accelerator_w: float) -> float:
    """Power from the bus where every accelerator draws the same.

    Parameters
    ----------
    satellite : Satellite
        Satellite type.
    accelerator_w : float
        Power of one accelerator [W].

    Returns
    -------
    float
        Power of accelerators, hosts, pumps and bus [W].
    """
    machines_w = satellite.accelerators * (accelerator_w + satellite.accelerator.host.power) * (1.0 + satellite.thermal.loop.pump_fraction)
    return machines_w / satellite.power.conversion_efficiency + satellite.bus.served_power


def _full_load(satellite: Satellite, scenario: Scenario) -> str | None:
    full_w, array_w = load_w(satellite, satellite.accelerator.max_power), array_power_w(satellite)
    if full_w <= MOST_LOAD_RATIO * array_w:
        return None
    return f"accelerators: {satellite.accelerators:,} at full power need {power_text(full_w)}, and the array gives at most {power_text(array_w)}"


# --- mass, cells, chips ------------------------------------------------------------------------------------------------


def _mass(satellite: Satellite, scenario: Scenario) -> str | None:
    parts_kg = hard_kg(economics_params.parts_kg(satellite, scenario))
    if satellite.mass is None or satellite.mass >= parts_kg:
        return None
    return f"mass: {satellite.mass:,.6g} kg are less than the {parts_kg:,.4g} kg of array, radiator, battery and accelerators with hosts"


def _mass_sum(satellite: Satellite, scenario: Scenario) -> str | None:
    parts = economics_params.parts_kg(satellite, scenario)
    sum_kg = total_kg(parts)
    if satellite.mass is None or satellite.mass < hard_kg(parts) or abs(satellite.mass / sum_kg - 1.0) <= MASS_TOLERANCE:
        return None
    return f"mass: {satellite.mass:,.6g} kg are {100.0 * (satellite.mass / sum_kg - 1.0):+.0f} % from the {sum_kg:,.4g} kg of all parts"


def _cells(satellite: Satellite, scenario: Scenario) -> str | None:
    efficiency = satellite.power.array.cell_efficiency
    if efficiency <= MOST_CELL_EFFICIENCY:
        return None
    return f"power.array.cell_efficiency: {efficiency:.4g} is above that of the best cells, {MOST_CELL_EFFICIENCY:g}"


def _chips(satellite: Satellite, scenario: Scenario) -> str | None:
    chip = satellite.accelerator
    if not chip.peak or max(chip.peak.values()) <= MOST_FLOP_PER_J * chip.max_power:
        return None
    best = max(chip.peak, key=chip.peak.__getitem__)
    limit = f"{MOST_FLOP_PER_J:.0e} FLOP/J, ten times what accelerators of 2024 reach"
    return f"accelerator.peak.{best}: {chip.peak[best] / chip.max_power:.3g} FLOP/J at {power_text(chip.max_power)} are more than {limit}"


def _sparse(satellite: Satellite, scenario: Scenario) -> str | None:
    """Peaks with 2:4 sparsity, which data sheets print: twice those of the shipped chip, or out of proportion to each other."""
    chip = satellite.accelerator
    shipped = _shipped_twin(chip)
    if shipped is not None:
        for name in sorted(chip.peak.keys() & shipped.peak.keys()):
            if abs(chip.peak[name] / shipped.peak[name] - 2.0) < 0.1:
                return f"accelerator.peak.{name}: {chip.peak[name]:.3g} FLOP/s is twice the {shipped.peak[name]:.3g} of {shipped.name}{SPARSITY}"
        return None
    bf16, fp8 = chip.peak.get("bf16"), chip.peak.get("fp8")
    if bf16 is None or fp8 is None or LEAST_FP8_RATIO <= fp8 / bf16 <= MOST_FP8_RATIO:
        return None
    name, peak, other = ("bf16", bf16, f"{fp8:.3g} in fp8") if fp8 < LEAST_FP8_RATIO * bf16 else ("fp8", fp8, f"{bf16:.3g} in bf16")
    return f"accelerator.peak.{name}: {peak:.3g} FLOP/s does not go with {other}, which is usually twice that in bf16{SPARSITY}"


def _shipped_twin(chip: Accelerator) -> Accelerator | None:
    """Shipped chip of this name, or else one with this memory and bandwidth."""
    known = library.named_items("hardware", "accelerator")
    if chip.name in known:
        return _shipped(chip.name)
    twins = (_shipped(name) for name in known)
    return next((t for t in twins if math.isclose(t.memory, chip.memory, rel_tol=0.01)
                 and math.isclose(t.memory_bandwidth, chip.memory_bandwidth, rel_tol=0.01)), None)  # fmt: skip


@cache
def _shipped(name: str) -> Accelerator:
    tree = library.item("hardware", name, Origin("", 0, 0), "accelerator", "accelerator")
    return Accelerator.model_validate(yaml_tree.plain(tree))


CHECKS = (
    PlausibilityCheck("full-load", "the accelerators at full power need more than 1.5 times the power of the array", _full_load),
    PlausibilityCheck("mass", "the satellite is lighter than its array, radiator, battery and accelerators with hosts", _mass),
    PlausibilityCheck("mass-sum", "the stated mass differs from the sum of the parts by more than 15 %", _mass_sum),
    PlausibilityCheck("cells", "the cells are better than the best of any kind", _cells),
    PlausibilityCheck("chips", "an accelerator does more than 5e13 FLOP for each joule", _chips),
    PlausibilityCheck("sparse", "a peak is twice that of the shipped chip of this name or memory, or does not go with fp8", _sparse),
)
