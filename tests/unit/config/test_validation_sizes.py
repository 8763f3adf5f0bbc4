"""The estimate of a run. Source of truth: runs that were measured, and what the parts of a run are made of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sim.config.scenario import load
from sim.config.validation import START_S, size

BASE = ("duration=1 h", "ground=null", "workloads=[{kind: independent}]", "links={topology: grid}")
TRAINS = "workloads=[{kind: training, model: llama-3-8b}]"


def _shell(planes: int, slots: int) -> tuple[str, ...]:
    return tuple(
        f"constellation.{k}={v}" for k, v in (("planes", planes), ("satellites_per_plane", slots), ("phasing", 1))
    )


# run time and memory beyond start, measured on one core of a server of 2024
MEASURED = [
    ((*BASE, *_shell(40, 40), TRAINS), 4.6, 53e6),
    ((*BASE, *_shell(40, 40), TRAINS, "duration=4 h"), 5.0, 72e6),
    ((*BASE, *_shell(40, 40), "duration=1 d", "ground={stations: default, min_elevation: 25 deg}"), 12.6, 36e6),
    ((*BASE, *_shell(200, 500), "duration=5 min"), 1.2, 128e6),
    ((*BASE, *_shell(200, 500), "duration=5 min", "links.topology=nearest"), 7.4, 302e6),
    ((*BASE, *_shell(40, 40), TRAINS, "duration=10 min", "links.topology=nearest"), 21.7, 128e6),
    ((*BASE, *_shell(52, 52), TRAINS, "duration=5 min"), 13.4, 94e6),
]


@pytest.mark.parametrize(("sets", "time_s", "memory_bytes"), MEASURED, ids=[f"{t} s" for _, t, _ in MEASURED])
def test_near_what_was_measured(sets: tuple[str, ...], time_s: float, memory_bytes: float) -> None:
    """Within a factor of two, as an estimate should be."""
    loaded = load("starlink_edge", (*sets, "recorder={satellites: 1000, values: 250000}"))
    found = size(loaded.scenario, loaded.satellites, loaded.accelerators)
    assert time_s / 2.0 < found.time_s - START_S < time_s * 2.0
    assert memory_bytes / 2.0 < found.memory_bytes - 450e6 < memory_bytes * 2.0


@pytest.mark.parametrize(
    ("sets", "what"),
    [
        ((TRAINS, "links={topology: nearest}"), "all messages of a million ranks, each over hundreds of links"),
        (
            ("fleet={failures: {extends: leo-default, mean_time: 1 s}, repair: reboot}",),
            "86,400 failures of each satellite",
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


def test_the_search_for_the_initial_state_counts() -> None:
    """Source of truth: what the search flies: two to ten revolutions of 16 long steps, one of 48 and one of 96; a run that is
    longer by as many steps takes as much longer."""
    sets = (*_shell(200, 500), "ground=null", "links=")
    times_s = []
    for own in (("duration=2 h",), ("duration=2 h", "initial=full"), ("duration=344 min", "initial=full"), ("duration=424 min", "initial=full")):
        loaded = load("starlink_edge", (*sets, "workloads=[{kind: independent}]", *own))
        times_s.append(size(loaded.scenario, loaded.satellites, loaded.accelerators).time_s)
    settled_s, full_s, most_s = times_s[0], times_s[1], times_s[3]
    least_s = full_s + (times_s[2] - full_s) * (2 * 16 + 48 + 96 - 1) / 224.0
    assert least_s < settled_s < most_s
