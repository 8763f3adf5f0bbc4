"""What a run takes, estimated before it starts."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

from sim.config.errors import Problem
from sim.config.schema import FILES, Oem, Scenario
from sim.config.schema.topologies import MOVING
from sim.config.validation import forms, run_time
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node
from sim.network import ALL_PAIRS

_BYTES_PER_SATELLITE = 500
_BYTES_PER_ELEMENT_SET = 4000
_BYTES_PER_EPHEMERIS = 200_000  # a day, a state a minute
_BYTES_PER_RING = 500  # history of numerical motion, where all satellites are propagated together
_BYTES_AT_REST = 450e6
# Where satellites are coupled: for each satellite its positions, limits, orders and ledger; for each link its ends,
# length, rate and both directions of the graph; slants of every station.
_COUPLED_BYTES_PER_SATELLITE, _BYTES_PER_LINK, _BYTES_PER_MOVING_LINK = 800, 300, 1200
_BYTES_PER_SLANT = 20
_BYTES_PER_HOP = 16
_BYTES_PER_CHANGE = 600  # of the fleet: a failure, a return
_BYTES_PER_IMAGE = 40  # stored on a satellite: its place in one to three queues, which grow by doubling


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
    each += _BYTES_PER_RING if run_time.motion_model(scenario) == "numerical" and scenario.coupled else 0
    moments = steps // stride if recorded else 0
    links = forms.link_count(scenario, satellites)
    memory = (
        _BYTES_AT_REST
        + satellites * (_BYTES_PER_SATELLITE + each)
        + steps * (400 + 100 * stations)
        + 150.0 * moments * recorded
    )
    if scenario.coupled:
        memory += _coupled_bytes(scenario, satellites, links, moments)
    time_s = run_time.run_time_s(run_time.work(scenario, satellites, recorded * moments), threads)
    return Size(
        satellites=satellites, accelerators=accelerators, steps=steps, stations=stations, recorded_satellites=recorded,
        recorded_moments=moments, links=links, jobs=sum(w.kind != "independent" for w in scenario.workloads),
        memory_bytes=memory, time_s=time_s,
    )  # fmt: skip


def _coupled_bytes(scenario: Scenario, satellites: int, links: int, moments: int) -> float:
    """Memory that coupled satellites take beyond those that are not."""
    form = None if scenario.links is None else scenario.links.form
    stations = 0 if scenario.ground is None else len(scenario.ground.stations)
    memory = float(satellites) * (_COUPLED_BYTES_PER_SATELLITE + _BYTES_PER_SLANT * stations)
    memory += _BYTES_PER_CHANGE * run_time.expected_changes(scenario, satellites)
    for job, count, captured in run_time.sensing_images(scenario, satellites):
        memory += _BYTES_PER_IMAGE * count * min(captured, job.storage / job.sensor.image)
    if form is not None:
        memory += links * (_BYTES_PER_MOVING_LINK if form in MOVING else _BYTES_PER_LINK)
        if form in MOVING:  # about half of them change from moment to moment
            memory += 12.0 * links * moments
    members = run_time.job_members(scenario, satellites)
    if members > 1:
        tables = 4.0 if form in MOVING else 2.0  # those of the step before as well
        memory += 8.0 * tables * min(satellites * satellites, ALL_PAIRS)
        memory += _BYTES_PER_HOP * members * math.log2(members) * math.sqrt(satellites)  # the routes of all messages
    return memory


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
