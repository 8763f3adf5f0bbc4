"""The estimate of a run. Source of truth: runs that were measured, and what the parts of a run are made of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sim.config.scenario import load
from sim.config.validation import START_S, run_time, size

BASE = ("duration=1 h", "ground=null", "workloads=[{kind: independent}]", "links={topology: grid}")
ALONE = (*BASE[1:3], "links=null", "fleet=null")
RING = "constellation={kind: ring, altitude: 650 km, local_time: '06:00', satellites: 1}"
TRAINS = "workloads=[{kind: training, model: llama-3-8b}]"


def _shell(planes: int, slots: int) -> tuple[str, ...]:
    return tuple(
        f"constellation.{k}={v}" for k, v in (("planes", planes), ("satellites_per_plane", slots), ("phasing", 1))
    )


# run time and memory beyond start, measured on one core of a server of 2024
MEASURED = [
    ((*BASE, *_shell(40, 40), TRAINS), 0.6, 53e6),
    ((*BASE, *_shell(40, 40), TRAINS, "duration=4 h"), 1.0, 72e6),
    ((*BASE, *_shell(40, 40), "duration=1 d", "ground={stations: default, min_elevation: 25 deg}"), 2.5, 36e6),
    ((*BASE, *_shell(200, 500), "duration=5 min"), 0.78, 128e6),
    ((*BASE, *_shell(200, 500), "duration=5 min", "links.topology=nearest"), 7.6, 302e6),
    ((*BASE, *_shell(40, 40), TRAINS, "duration=10 min", "links.topology=nearest"), 5.7, 128e6),
    ((*BASE, *_shell(52, 52), TRAINS, "duration=5 min"), 1.15, 94e6),
    ((*ALONE, RING, "duration=100 d", "recorder.satellites=0"), 0.58, None),
    ((*ALONE, RING, "duration=20 d", "constellation.satellites=81", "recorder.satellites=0"), 0.45, None),
    ((*ALONE, *_shell(100, 1000), "duration=6 h", "recorder.satellites=0"), 4.4, None),
]


@pytest.mark.parametrize(("sets", "time_s", "memory_bytes"), MEASURED, ids=[f"{t} s" for _, t, _ in MEASURED])
def test_near_what_was_measured(sets: tuple[str, ...], time_s: float, memory_bytes: float | None) -> None:
    """Source of truth: processor time of those runs on one core. Within a factor of two, as an estimate should be."""
    loaded = load("starlink_edge", ("recorder={satellites: 1000, values: 250000}", "initial=full", *sets), allow_infeasible=True)
    found = size(loaded.scenario, loaded.satellites, loaded.accelerators, threads=1)
    assert time_s / 2.0 < found.time_s - START_S < time_s * 2.0
    assert memory_bytes is None or memory_bytes / 2.0 < found.memory_bytes - 450e6 < memory_bytes * 2.0


def test_images_near_what_was_measured() -> None:
    """Source of truth: 8.6 million images that stay on board and as many that are sent: 3.65 s of processor time for the latter, and 243 MB
    more for the former than in a minute. Within a factor of two."""
    def found(rate: str) -> Any:
        sets = ("workloads=[{kind: sensing, storage: 100 GB, sensor: {image: 1 kB, rate: 100 1/s, when: always}}]", "duration=6 h",
                f"ground={{stations: default, link_rate: {rate}}}", "constellation.0.satellites=4")  # fmt: skip
        loaded = load("bupt_1", sets)
        return size(loaded.scenario, loaded.satellites, loaded.accelerators, threads=1)

    assert 3.65 / 2.0 < found("160 Mbit/s").time_s - START_S < 3.65 * 2.0
    assert 243e6 / 2.0 < found("1 kbit/s").memory_bytes - 450e6 < 243e6 * 2.0


@pytest.mark.parametrize(
    ("sets", "what"),
    [
        ((TRAINS, "links={topology: nearest}"), "all messages of a million ranks, each over hundreds of links"),
        (
            ("fleet={failures: {extends: leo-default, mean_time: 1 min}, repair: reboot}",),
            "1,440 failures of each satellite",
        ),
    ],
)
def test_million_that_does_not_fit(dawndusk: Any, sets: tuple[str, ...], what: str) -> None:
    """Refused before it starts; the batch is large enough for the many replicas."""
    batch = "workloads=[{kind: training, model: llama-3-8b, global_batch: 1e13}]"
    arguments = [part for text in sets for part in ("--set", batch if text == TRAINS else text)]
    called = dawndusk("validate", "million", "--set", "ground=null", *arguments)
    assert (called.code, called.out) == (2, ""), what
    assert "1,000,000 satellites need about" in called.err
    assert "are free; write fewer satellites" in called.err


def test_links_and_jobs_are_counted(dawndusk: Any) -> None:
    """Source of truth: four links of each of 10 x 20 satellites, shared by two; a job and a service."""
    two = "workloads=[{kind: training, model: llama-3-8b}, {kind: inference, model: llama-3-8b, share: 0.1}]"
    sets = [part for text in (*BASE, *_shell(10, 20), two) for part in ("--set", text)]
    reported = json.loads(dawndusk("validate", "starlink_edge", *sets, "--json").out)
    assert (reported["links"], reported["jobs"]) == (400, 2)


def test_nothing_is_joined(dawndusk: Any) -> None:
    reported = json.loads(dawndusk("validate", "million", "--json").out)
    assert (reported["links"], reported["jobs"]) == (0, 0)


def _counts(loaded: Any) -> dict[str, float]:
    estimate = size(loaded.scenario, loaded.satellites, loaded.accelerators)
    return run_time.work(loaded.scenario, loaded.satellites, estimate.recorded_satellites * estimate.recorded_moments)


def test_what_is_counted_is_what_a_run_does() -> None:
    """Source of truth: the run: its steps, its groups of satellites, and the values in its series."""
    from sim import api
    from sim.engine.driver import Run
    from sim.spacecraft import loop

    shells = "constellation={kind: shorthand, code: 'D:550:53.0:600/20/1+D:560:70:40/4/0'}"
    loaded = load("starlink_edge", (*ALONE, shells, "duration=20 min", "recorder={satellites: 50, values: 500}"))
    run, counts = Run(loaded, threads=1), _counts(loaded)
    assert loop.GROUP == run_time.GROUP
    groups = sum(-(-(hi - lo) // loop.GROUP) for _, lo, hi, _, _ in run.places())
    assert groups == 19 + 2  # 600 and 40 satellites by 32
    assert counts["satellites"] == run.satellites == 640
    assert (counts["steps"], counts["group_steps"]) == (20, 20 * groups)
    sizes = api.run(loaded, threads=1).series.sizes
    assert counts["recorded_values"] == sizes["sat"] * sizes["frame"] == 500


def test_coupled_work_is_counted() -> None:
    """Source of truth: 200 satellites, 60 steps, 14 stations; a job of 180 whose delays are routed to choose a mesh."""
    jobs = "workloads=[{kind: training, model: llama-3-8b}, {kind: inference, model: llama-3-8b, share: 0.1}]"
    counts = _counts(load("starlink_edge", (*BASE, *_shell(10, 20), jobs, "ground={stations: default}")))
    assert (counts["coupled_steps"], counts["linked_satellite_steps"], counts["member_steps"]) == (60, 60 * 200, 60 * 180)
    assert (counts["station_steps"], counts["delays"]) == (60 * 14, 180 * 200)
    assert "steps" not in counts


def test_the_search_for_the_initial_state_is_counted() -> None:
    """Source of truth: what the search flies: two to ten revolutions of 16 long steps, one of 48 and one of 96, by groups of satellites."""
    shell = (*ALONE, *_shell(200, 500), "ground=null")
    settling = _counts(load("starlink_edge", shell))["settling_group_steps"] / (100_000 / run_time.GROUP)
    assert 2 * 16 + 48 + 96 <= settling <= 10 * 16 + 48 + 96
    assert "settling_group_steps" not in _counts(load("starlink_edge", (*shell, "initial=full")))


def test_costs_and_counts_have_the_same_names() -> None:
    """Source of truth: the table of costs; every entry occurs in one of these runs."""
    found: set[str] = set()
    sensing = ("workloads=[{kind: sensing, sensor: {image: 1 GB, rate: 1 1/h, when: always}, storage: 1 TB}]", "ground={stations: default, link_rate: 1 Gbit/s}")
    for sets in ((*ALONE, *sensing), (*ALONE, RING), (*ALONE, RING, "motion={model: sgp4}"), (*ALONE, RING, "motion={model: numerical}"), (*BASE, TRAINS),
                 (*BASE, "links={topology: nearest}", "ground={stations: default}"), (*ALONE, "fleet={failures: leo-default}")):  # fmt: skip
        found |= set(_counts(load("starlink_edge", sets)))
    assert found == set(run_time.COSTS_S)


def test_threads_share_what_is_not_coupled() -> None:
    """Source of truth: a second thread adds 0.8 of a core; the start and the recorder are not shared."""
    for sets, least, most in (((*ALONE, *_shell(100, 1000), "duration=1 d"), 1.7, 1.8), ((*BASE, *_shell(40, 40)), 1.0, 1.0)):
        loaded = load("starlink_edge", (*sets, "recorder.satellites=0"))
        one, two = (size(loaded.scenario, loaded.satellites, 1, threads).time_s - START_S for threads in (1, 2))
        assert least <= one / two <= most
