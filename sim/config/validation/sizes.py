"""What a run takes, estimated before it starts."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

from sim.config import workload_params
from sim.config.errors import Problem
from sim.config.schema import FILES, Oem, Scenario, Training
from sim.config.validation import forms
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node
from sim.network import ALL_PAIRS

# Measured on one core of a 2024 server, for estimates only.
START_S = 3.0  # until kernels are loaded
_STEPS_PER_S = {"circular": 1.2e7, "listed": 6e6, "numerical": 8e6}
_SETTLING_STEPS = 180  # until charge and temperatures repeat: two revolutions in long steps, one in steps of a minute
_PAIRS_PER_S = 1.2e9
_BYTES_PER_SATELLITE = 500
_BYTES_PER_ELEMENT_SET = 4000
_BYTES_PER_EPHEMERIS = 200_000  # a day, a state a minute
_BYTES_PER_RING = 500  # history of numerical motion, where all satellites are propagated together
_BYTES_AT_REST = 450e6
# Where satellites are coupled: for each satellite its positions, limits, orders and ledger; for each link its ends,
# length, rate and both directions of the graph; slants of every station.
_COUPLED_BYTES_PER_SATELLITE, _BYTES_PER_LINK = 800, {"grid": 300, "mesh": 300, "nearest": 1200}
_BYTES_PER_SLANT = 20
_BYTES_PER_HOP = 16
_BYTES_PER_CHANGE, _CHANGE_S = 600, 1e-5  # of the fleet: a failure, a return
_COUPLED_S = {"grid": 1.7e-6, "mesh": 1.7e-6, "nearest": 1.5e-5, None: 1.2e-6}  # a satellite's step, its links included
_JOB_S, _GROUND_S, _STATION_S = (
    3e-6,
    4e-3,
    1e-4,
)  # a satellite's step in a job; a step's routes to the ground, to each station
_DELAYS_S = 7e-7  # delay from one satellite to another, all messages of a step routed
_CHOICE = 2.5  # times as much to choose a mesh
_AGAIN = 40.0  # times as long where a network cannot keep all delays and searches again for every message


@dataclass(frozen=True, slots=True)
class Size:
    """What a run will take, estimated before it starts."""

    satellites: int
    accelerators: int
    steps: int
    stations: int
    recorded_satellites: int
    recorded_moments: int
    links: int  # that can stand at once
    jobs: int  # workloads that train or serve
    memory_bytes: float
    time_s: float


def recorder_plan(satellites: int, steps: int, most_satellites: int, most_values: int) -> tuple[int, int]:
    """Number of recorded satellites, and steps between frames, which divide the run evenly.

    Parameters
    ----------
    satellites : int
        Satellites of the fleet.
    steps : int
        Steps of the run.
    most_satellites : int
        Largest number of recorded satellites.
    most_values : int
        Largest number of recorded values of one variable.

    Returns
    -------
    satellites : int
        Recorded satellites.
    stride : int
        Steps between frames, a divisor of `steps`.
    """
    recorded = min(satellites, most_satellites)
    stride = 1
    while recorded and recorded * (steps // stride) > most_values and stride < steps:
        stride += 1
        while steps % stride:
            stride += 1
    return recorded, stride


def size(scenario: Scenario, satellites: int, accelerators: int, threads: int | None = None) -> Size:
    """Estimate a run's size, memory and time.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    satellites : int
        Satellites of the fleet.
    accelerators : int
        Accelerators of the fleet.
    threads : int or None, optional
        Threads of the run; None: all cores.

    Returns
    -------
    Size
        The estimate.
    """
    steps = scenario.steps
    recorded, stride = recorder_plan(satellites, steps, int(scenario.recorder.satellites), int(scenario.recorder.values))
    stations = len(scenario.ground.stations) if scenario.ground else 0
    listed = any(isinstance(c, FILES) for c in scenario.constellation)
    stated = any(isinstance(c, Oem) for c in scenario.constellation)
    each = _BYTES_PER_EPHEMERIS if stated else _BYTES_PER_ELEMENT_SET if listed else 0
    model = _motion(scenario)
    each += _BYTES_PER_RING if model == "numerical" and scenario.coupled else 0
    cores = threads or os.cpu_count() or 1
    moments = steps // stride if recorded else 0
    links = forms.link_count(scenario, satellites)
    memory = (
        _BYTES_AT_REST
        + satellites * (_BYTES_PER_SATELLITE + each)
        + steps * (400 + 100 * stations)
        + 150.0 * moments * recorded
    )
    work_s = (satellites * steps / _STEPS_PER_S[model] + satellites * steps * stations / _PAIRS_PER_S) / cores
    if scenario.coupled:
        more_bytes, more_s = _coupled(scenario, satellites, links, moments)
        memory += more_bytes
        work_s = cores * work_s + more_s  # one core does it all
    if scenario.initial == "settled":
        work_s += satellites * _SETTLING_STEPS / _STEPS_PER_S[model] / cores
    return Size(
        satellites=satellites, accelerators=accelerators, steps=steps, stations=stations, recorded_satellites=recorded,
        recorded_moments=moments, links=links, jobs=sum(w.kind != "independent" for w in scenario.workloads),
        memory_bytes=memory, time_s=START_S + work_s,
    )  # fmt: skip


def _motion(scenario: Scenario) -> str:
    """The slowest model of motion in a run."""
    if scenario.motion is not None and scenario.motion.model == "numerical":
        return "numerical"
    listed = any(isinstance(c, FILES) for c in scenario.constellation)
    return "listed" if listed or (scenario.motion is not None and scenario.motion.model == "sgp4") else "circular"


def _coupled(scenario: Scenario, satellites: int, links: int, moments: int) -> tuple[float, float]:
    """Bytes and seconds on one core that coupled satellites take beyond those that are not."""
    form = None if scenario.links is None else scenario.links.topology
    ground, changes = scenario.ground, _changes(scenario, satellites)
    stations, pairs = (0, 0) if ground is None else (len(ground.stations), len(ground.station_pairs))
    memory = satellites * (_COUPLED_BYTES_PER_SATELLITE + _BYTES_PER_SLANT * stations) + _BYTES_PER_CHANGE * changes
    step_s = satellites * _COUPLED_S[form] + (_GROUND_S + _STATION_S * (stations + 10 * pairs) if stations else 0.0)
    time_s = changes * _CHANGE_S
    if form is not None:
        memory += links * _BYTES_PER_LINK[form]
        if form == "nearest":  # about half of them change from moment to moment
            memory += 12.0 * links * moments
    members = _members(scenario, satellites)
    if members > 1:
        delays = members * satellites
        tables = 4.0 if form == "nearest" else 2.0  # those of the step before as well
        memory += 8.0 * tables * min(satellites * satellites, ALL_PAIRS)
        memory += _BYTES_PER_HOP * members * math.log2(members) * math.sqrt(satellites)  # the routes of all messages
        lay_s = _DELAYS_S * delays * (1.0 if satellites * satellites <= ALL_PAIRS else _AGAIN)
        step_s += members * _JOB_S
        if form == "nearest":  # routes are searched again where links change
            step_s += lay_s
        time_s += _CHOICE * lay_s
    return memory, time_s + scenario.steps * step_s


def _members(scenario: Scenario, satellites: int) -> int:
    """Satellites that train together with others."""
    spares = 0 if scenario.fleet is None else int(scenario.fleet.spares)
    counts = workload_params.counts(scenario.workloads, spares, satellites)
    return sum(n for w, n in zip(scenario.workloads, counts, strict=True) if isinstance(w, Training) and w.members != 1)


def _changes(scenario: Scenario, satellites: int) -> float:
    """Failures and returns to be expected in the run, of all units."""
    fleet = scenario.fleet
    if fleet is None or fleet.failures is None:
        return 0.0
    mean_s, count = fleet.failures.mean_time, satellites * max(fleet.failures.units(t.accelerators) for t in scenario.types)
    lives = scenario.duration / (mean_s + (math.inf if fleet.repair is None else fleet.repair.time))
    return 2.0 * count * (min(1.0, scenario.duration / mean_s) + lives)


def available_bytes() -> float:
    """Memory that a new process may use, as reported by the system.

    Returns
    -------
    float
        Memory [B].
    """
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) * 1024.0
    except OSError:
        pass
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def check_memory(scenario: Scenario, root: Node, satellites: int) -> list[Problem]:
    """Check that the run fits the free memory.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.
    satellites : int
        Satellites of the fleet.

    Returns
    -------
    list of Problem
        The problem, or none.
    """
    need, have = size(scenario, satellites, 0).memory_bytes, available_bytes()
    if need <= 0.9 * have:
        return []
    return [
        Problem(origin(root, "constellation"), "constellation",
                f"{satellites:,} satellites need about {need / 1e9:.1f} GB of memory and {have / 1e9:.1f} GB are free; "
                "write fewer satellites, fewer steps or a smaller record")
    ]  # fmt: skip
