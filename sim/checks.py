"""Checks that need more than one field: is this a scenario one can run, and does it fit the machine?"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from orbit.catalog import ElementSet
from orbit.constants import STEFAN_BOLTZMANN_W_M2_K4
from sim.errors import Origin, Problem
from sim.spec import LAST_YEAR, Scenario, Tle, parse_link, parse_target
from sim.tree import Node, find

STALE_D = 14  # days between epoch and elements beyond which SGP4 says little

# Measured on one core of a 2024 server, for estimates only.
_STEPS_PER_S = {"circular": 1.2e7, "tle": 1.2e6}
_PAIRS_PER_S = 1.2e9
_BYTES_PER_SATELLITE = 400
_BYTES_PER_ELEMENT_SET = 4000
_BYTES_AT_REST = 450e6


@dataclass(frozen=True, slots=True)
class Size:
    """What a run will take, estimated before it starts."""

    satellites: int
    accelerators: int
    steps: int
    stations: int
    recorded_satellites: int
    recorded_moments: int
    memory_bytes: float
    time_s: float


def radiator_time_constant_s(
    heat_capacity_j_m2_k: float, emissivity: float, fin_efficiency: float, temp_k: float
) -> float:
    """Time constant [s] of a plate that radiates from both faces: C'' / (8 eta eps sigma T^3)."""
    slope = 8.0 * fin_efficiency * emissivity * STEFAN_BOLTZMANN_W_M2_K4 * temp_k**3
    return heat_capacity_j_m2_k / slope


def recorder_plan(satellites: int, steps: int, most_satellites: int, most_values: int) -> tuple[int, int]:
    """How many satellites are recorded, and every how many steps; divisors of the run, so that moments are even."""
    recorded = min(satellites, most_satellites)
    stride = 1
    while recorded and recorded * (steps // stride) > most_values and stride < steps:
        stride += 1
        while steps % stride:
            stride += 1
    return recorded, stride


def size(scenario: Scenario, satellites: int, threads: int | None = None) -> Size:
    """Estimate of a run's size, memory and time."""
    steps = scenario.steps
    recorded, stride = recorder_plan(satellites, steps, int(scenario.record.satellites), int(scenario.record.values))
    stations = len(scenario.ground.stations) if scenario.ground else 0
    tle = any(isinstance(c, Tle) for c in scenario.constellation)
    cores = threads or os.cpu_count() or 1
    moments = steps // stride if recorded else 0
    memory = (
        _BYTES_AT_REST
        + satellites * (_BYTES_PER_SATELLITE + (_BYTES_PER_ELEMENT_SET if tle else 0))
        + steps * (400 + 100 * stations)
        + 150.0 * moments * recorded
    )
    work_s = (
        satellites * steps / _STEPS_PER_S["tle" if tle else "circular"] + satellites * steps * stations / _PAIRS_PER_S
    )
    return Size(
        satellites,
        satellites * scenario.satellite.accelerators,
        steps,
        stations,
        recorded,
        moments,
        memory,
        3.0 + work_s / cores,
    )


def available_bytes() -> float:
    """Memory a new process may use, as the system tells it."""
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) * 1024.0
    except OSError:
        pass
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def problems(
    scenario: Scenario, root: Node, catalogues: dict[int, list[ElementSet]], broken: Collection[str] = ()
) -> list[Problem]:
    """Everything wrong between fields that are each in order; `broken` names the sections that are not."""

    def sound(*sections: str) -> bool:
        return not any(name in broken for name in sections)

    satellites = sum(
        len(catalogues.get(i, ())) if isinstance(c, Tle) else c.count for i, c in enumerate(scenario.constellation)
    )
    found = []
    if sound("epoch", "duration", "step"):
        found += _time(scenario, root)
    if sound("step", "satellite", "reference_precision"):
        found += _hardware(scenario, root)
    if sound("epoch", "constellation"):
        found += _stale(scenario, root, catalogues)
    if sound("epoch", "duration", "constellation", "events"):
        found += _events(scenario, root, satellites)
    if not found and not broken and satellites:
        found += _memory(scenario, root, satellites)
    return found


def _at(root: Node, *path: str) -> Origin:
    return find(root, path).origin


def _time(scenario: Scenario, root: Node) -> list[Problem]:
    found = []
    ratio = scenario.duration / scenario.step
    if abs(ratio - round(ratio)) > 1e-9 * ratio or round(ratio) < 1:
        whole = max(1, round(ratio)) * scenario.step
        found.append(
            Problem(_at(root, "duration"), "duration",
                    f"{scenario.duration:g} s is not a whole number of steps of {scenario.step:g} s; write '{whole:g} s'")
        )  # fmt: skip
    step_ms = scenario.step * 1e3
    if abs(step_ms - round(step_ms)) > 1e-9 * step_ms:
        found.append(
            Problem(_at(root, "step"), "step", f"{scenario.step:g} s is finer than a millisecond; write a whole one")
        )
    end = scenario.epoch + timedelta(seconds=scenario.duration)
    if end.year > LAST_YEAR:
        found.append(
            Problem(
                _at(root, "duration"), "duration", f"the run ends in {end.year}; write one that ends by {LAST_YEAR}"
            )
        )
    return found


def _hardware(scenario: Scenario, root: Node) -> list[Problem]:
    found = []
    satellite, chip = scenario.satellite, scenario.satellite.accelerator
    radiator = satellite.thermal.radiator
    tau_s = radiator_time_constant_s(
        radiator.heat_capacity, radiator.emissivity, radiator.fin_efficiency, chip.junction_limit
    )
    if scenario.step > tau_s:
        found.append(
            Problem(_at(root, "step"), "step",
                    f"{scenario.step:g} s is longer than the shortest time constant of the radiator ({tau_s:.0f} s); "
                    f"write '{max(1, int(tau_s / 2))} s' or less")
        )  # fmt: skip
    if scenario.reference_precision not in chip.peak:
        found.append(
            Problem(_at(root, "reference_precision"), "reference_precision",
                    f"{chip.name} has no peak for '{scenario.reference_precision}'; write one of: {', '.join(sorted(chip.peak))}")
        )  # fmt: skip
    return found


def _stale(scenario: Scenario, root: Node, catalogues: dict[int, list[ElementSet]]) -> list[Problem]:
    found = []
    for i, sets in catalogues.items():
        apart_d = [abs((scenario.epoch - s.epoch).total_seconds()) / 86400.0 for s in sets]
        stale = sum(d > STALE_D for d in apart_d)
        if stale and not scenario.allow_stale:
            found.append(
                Problem(_at(root, "constellation", str(i), "tle"), "constellation.tle",
                        f"{stale} of {len(sets)} element sets are more than {STALE_D} days from the epoch {scenario.epoch:%Y-%m-%d} "
                        f"(the farthest {max(apart_d):.0f}); write an epoch near {max(s.epoch for s in sets):%Y-%m-%d}, or give --allow-stale")
            )  # fmt: skip
    return found


def _events(scenario: Scenario, root: Node, satellites: int) -> list[Problem]:
    found = []
    end = scenario.epoch + timedelta(seconds=scenario.duration)
    for i, event in enumerate(scenario.events):
        origin = _at(root, "events", str(i))
        first, last = parse_target(event.target) or parse_link(event.target) or (0, -1)
        if max(first, last) >= satellites > 0:
            found.append(
                Problem(origin, f"events.{i}.target",
                        f"'{event.target}' is not in the fleet; satellites are numbered 0 to {satellites - 1}")
            )  # fmt: skip
        if last != -1 and last < first:
            found.append(
                Problem(origin, f"events.{i}.target", f"'{event.target}' runs backwards; write the lower number first")
            )
        if not scenario.epoch <= event.at <= end:
            found.append(
                Problem(origin, f"events.{i}.at",
                        f"{event.at:%Y-%m-%dT%H:%M:%SZ} is outside the run; "
                    f"write a moment from {scenario.epoch:%Y-%m-%dT%H:%MZ} to {end:%Y-%m-%dT%H:%MZ}")
            )  # fmt: skip
    return found


def _memory(scenario: Scenario, root: Node, satellites: int) -> list[Problem]:
    need, have = size(scenario, satellites).memory_bytes, available_bytes()
    if need <= 0.9 * have:
        return []
    return [
        Problem(_at(root, "constellation"), "constellation",
                f"{satellites:,} satellites need about {need / 1e9:.1f} GB of memory and {have / 1e9:.1f} GB are free; "
                "write fewer satellites, fewer steps or a smaller record")
    ]  # fmt: skip
