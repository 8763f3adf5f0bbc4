"""How long a run takes: what it does, counted, and what each of it costs.

The costs were measured by `tools/measure_run_time.py` on one core of a server of 2024 (AMD EPYC), as processor time of a run in a warm
process: a ring of one satellite for 100 d (steps), shells of 100,000 satellites for 6 h (groups), `suncatcher` for 4 d
with and without links, job, stations and recorder (coupled steps), shells of 900 to 100,000 satellites (each satellite). After a change of
the engine's speed, run the tool and correct the cost whose case is off.
"""

from __future__ import annotations

import math
import os

from sim.config import workload_params
from sim.config.schema import FILES, Scenario, Sensing, Training, Workload, parts
from sim.config.schema.topologies import MOVING
from sim.network import ALL_PAIRS

START_S = 3.0  # until kernels are loaded, and for the report
SETTLING_STEPS = 180  # until charge and temperatures repeat: two revolutions in long steps, one in steps of two minutes, one of one
GROUP = 32  # satellites that are computed together; fewer take as long
COSTS_S = {
    "satellites": 2e-6,
    "recorded_values": 2e-6,
    # where nothing couples satellites
    "steps": 2e-6,
    "group_steps": 2e-6,
    "settling_group_steps": 2e-6,
    "sgp4_steps": 5e-8,
    "numerical_steps": 2.5e-7,
    "sighted_steps": 2e-9,
    # where they are coupled
    "coupled_steps": 2e-4,
    "unlinked_satellite_steps": 4e-7,
    "linked_satellite_steps": 5e-7,
    "nearest_satellite_steps": 1.5e-5,
    "job_steps": 4e-4,
    "member_steps": 5e-7,
    "ground_steps": 3e-4,
    "ground_satellite_steps": 2e-7,
    "station_steps": 1e-5,
    "station_satellite_steps": 1e-8,
    "delays": 1.6e-7,
    "images": 4e-7,
    "changes": 1e-5,
}
PARALLEL = ("steps", "group_steps", "settling_group_steps", "sgp4_steps", "numerical_steps", "sighted_steps")  # divided among threads
SHARE_OF_A_CORE = 0.8  # that each further thread adds
CHOICES = 1  # times that all delays are computed to choose a mesh
SEARCHES = 40.0  # times as long where a network cannot keep all delays and searches again for every message
ROUTES_OF_A_PAIR = 10  # stations that a pair of stations costs as much as


def work(scenario: Scenario, satellites: int, recorded_values: int) -> dict[str, float]:
    """Count what a run does.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    satellites : int
        Satellites of the fleet.
    recorded_values : int
        Recorded satellites times frames.

    Returns
    -------
    dict of str to float
        Numbers of the entries of `COSTS_S`; those that do not occur are left out.
    """
    steps = scenario.steps
    counts = {"satellites": satellites, "recorded_values": recorded_values, "changes": expected_changes(scenario, satellites)}
    model = motion_model(scenario)
    settling = SETTLING_STEPS if scenario.initial == "settled" else 0
    if model != "circular":
        counts[f"{model}_steps"] = satellites * (steps + settling)
    if settling:
        counts["settling_group_steps"] = settling * _groups(scenario, satellites)
    if scenario.coupled:
        return {**counts, **_coupled_work(scenario, satellites, steps)}
    stations = len(scenario.ground.stations) if scenario.ground else 0
    counts |= {"steps": steps, "group_steps": steps * _groups(scenario, satellites), "sighted_steps": stations * satellites * steps}
    return counts


def _groups(scenario: Scenario, satellites: int) -> int:
    """Groups of the fleet; each shell, ring, formation and catalogue has its own."""
    regular = [part.count for part in parts(scenario.constellation) if not isinstance(part, FILES)]
    return sum(-(-count // GROUP) for count in (*regular, satellites - sum(regular)))


def _coupled_work(scenario: Scenario, satellites: int, steps: int) -> dict[str, float]:
    topology = None if scenario.links is None else scenario.links.form
    each = "unlinked" if topology is None else "nearest" if topology in MOVING else "linked"
    counts: dict[str, float] = {"coupled_steps": steps, f"{each}_satellite_steps": steps * satellites}
    if scenario.ground is not None:
        routed = len(scenario.ground.stations) + ROUTES_OF_A_PAIR * len(scenario.ground.station_pairs)
        counts |= {"ground_steps": steps, "ground_satellite_steps": steps * satellites}
        counts |= {"station_steps": steps * routed, "station_satellite_steps": steps * routed * satellites}
    images = math.fsum(count * captured for _, count, captured in sensing_images(scenario, satellites))
    if images:
        counts["images"] = images
    members = job_members(scenario, satellites)
    if members > 1:
        again = 1.0 if satellites * satellites <= ALL_PAIRS else SEARCHES
        routings = CHOICES + (steps if topology in MOVING else 0)  # routes are searched again where links change
        counts |= {"job_steps": steps, "member_steps": steps * members, "delays": again * routings * members * satellites}
    return counts


def run_time_s(counts: dict[str, float], threads: int | None) -> float:
    """Time of a run from what it does.

    Parameters
    ----------
    counts : dict of str to float
        Numbers from `work`.
    threads : int or None
        Threads of the run; None: all cores.

    Returns
    -------
    float
        Time [s], with the start of the program.
    """
    cores = 1.0 + SHARE_OF_A_CORE * ((threads or os.cpu_count() or 1) - 1)
    return START_S + sum(
        COSTS_S[name] * count / (cores if name in PARALLEL and "coupled_steps" not in counts else 1.0) for name, count in counts.items()
    )


def motion_model(scenario: Scenario) -> str:
    """The slowest model of motion in a run.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    str
        "circular", "sgp4" or "numerical".
    """
    if scenario.motion.model == "numerical":
        return "numerical"
    listed = any(isinstance(c, FILES) for c in scenario.constellation)
    return "sgp4" if listed or scenario.motion.model == "sgp4" else "circular"


def _placed(scenario: Scenario, satellites: int) -> list[tuple[Workload, int]]:
    """Workloads and the number of their satellites."""
    spares = 0 if scenario.fleet is None else int(scenario.fleet.spares)
    return list(zip(scenario.workloads, workload_params.counts(scenario.workloads, spares, satellites), strict=True))


def job_members(scenario: Scenario, satellites: int) -> int:
    """Satellites that train together with others.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    satellites : int
        Satellites of the fleet.

    Returns
    -------
    int
        Members of all jobs.
    """
    return sum(n for w, n in _placed(scenario, satellites) if isinstance(w, Training) and w.members != 1)


def sensing_images(scenario: Scenario, satellites: int) -> list[tuple[Sensing, int, float]]:
    """Images that sensing workloads capture in a run.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    satellites : int
        Satellites of the fleet.

    Returns
    -------
    list of (Sensing, int, float)
        Workload, its satellites, and images of each; half of an orbit counts as lit.
    """
    return [
        (w, n, w.sensor.rate * scenario.duration * (0.5 if w.sensor.when == "daylight" else 1.0))
        for w, n in _placed(scenario, satellites) if isinstance(w, Sensing)
    ]  # fmt: skip


def expected_changes(scenario: Scenario, satellites: int) -> float:
    """Failures and returns to be expected in a run, of all units.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    satellites : int
        Satellites of the fleet.

    Returns
    -------
    float
        Number of changes.
    """
    fleet = scenario.fleet
    if fleet is None or fleet.failures is None:
        return 0.0
    mean_s, count = fleet.failures.mean_time, satellites * max(fleet.failures.units(t.accelerators) for t in scenario.types)
    lives = scenario.duration / (mean_s + (math.inf if fleet.repair is None else fleet.repair.time))
    return 2.0 * count * (min(1.0, scenario.duration / mean_s) + lives)
