"""Spoilt scenarios and sweeps through the real command: accepted, or refused with clear lines; never a traceback, slow or large."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import scenario_mutations as mutations

from sim.config.errors import LONGEST_LINE

SCENARIOS = int(os.environ.get("DAWNDUSK_SPOILT_SCENARIOS", "1000"))  # `make fuzz`: 3000
SWEEPS = int(os.environ.get("DAWNDUSK_SPOILT_SWEEPS", "100"))
BLOCK = 100
MOST_S, MOST_BYTES = 20, 1_000_000_000
OTHERS = """\
name: mixed
epoch: 2026-12-21T00:00:00Z
duration: 1 h
satellite: {extends: suncatcher, mass: {value: 1300, unit: kg, kind: assumption, source: here, low: 1000, high: 2000}}
satellites: {small: starlink-edge}
constellation:
- {kind: walker, altitude: 550 km, inclination: 53 deg, planes: 6, satellites_per_plane: 11, phasing: 1, stagger: 0.5}
- {kind: ring, altitude: 650 km, local_time: "06:00", satellites: 20, satellite: small}
- {kind: shorthand, code: "D:550:53.0:66/6/1"}
- {kind: walker, mean_motion: 14.8 rev/d, inclination: 53 deg, planes: 2, satellites_per_plane: 20, pattern: star}
links: {topology: nearest, max_range: 6000 km, terminals: 4}
motion: {model: auto, drag: true}
fleet: {spares: 2, failures: leo-default, repair: relaunch-90d}
ground:
  stations: [{name: A, latitude: 51.5 deg, longitude: 0 deg, mask: [[0 deg, 5 deg], [90 deg, 20 deg]]}, {name: B, latitude: 1 deg, longitude: 100 deg}]
  station_pairs: [[A, B]]
workloads:
- {kind: training, model: llama-3-8b, share: 0.5, mesh: {tensor: 1, pipeline: 2, data: 4}, members: 8}
- {kind: inference, model: llama-3-8b}
events: ["2026-12-21T00:10Z lose satellites 0-8", {at: "2026-12-21T00:20Z", action: derate, target: all, to: 0.5}]
"""
CLUSTER = """\
name: points
epoch: 2026-12-21T00:00:00Z
duration: 1 h
satellite: suncatcher
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {shape: points, points: [[0 m, 0 m, 0 m], [0 m, 300 m, 0 m]]}}
"""


@contextmanager
def _limit(seconds: int, case: str) -> Iterator[None]:
    """Fail a case that takes too long, instead of the whole suite."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"more than {seconds} s of processor time: {case}")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _bases() -> list[dict[str, Any]]:
    from sim.config import yaml_tree

    small = [mutations.raw(yaml_tree.parse(text, "base")) for text in (OTHERS, CLUSTER)]
    return [*mutations.shipped("scenarios"), *small, *small]


def _check(called: Any, text: str) -> bool:
    """Whether it was accepted; refused only with lines that say what is wrong and what to write."""
    assert called.code in (0, 2), f"{called.err}\n{text}"
    if called.code == 0:
        return True
    assert called.out == "", text
    assert called.errors, text
    for line in called.errors:
        if line.endswith(" %"):
            continue  # progress of a slow machine
        assert line.isprintable(), f"{line!r}\n{text}"
        assert len(line) <= LONGEST_LINE + 1, text
        assert "; " in line, f"no advice: {line}\n{text}"
        assert "Node(" not in line, text
    return False


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_bases_are_sound(dawndusk: Any, folder: Path) -> None:
    """The files that are spoilt below are accepted as they are written here."""
    for tree in _bases():
        (folder / "s.yaml").write_text(mutations.document(tree), encoding="utf-8")
        called = dawndusk("validate", "s.yaml")
        assert called.code == 0, called.err


@pytest.mark.parametrize("block", range((SCENARIOS + BLOCK - 1) // BLOCK))
def test_spoilt_scenarios(dawndusk: Any, folder: Path, block: int) -> None:
    """Source of truth: the contract of the command line: exit code 0 or 2, all errors as one line each with what to write."""
    bases, accepted, before = _bases(), 0, _peak_bytes()
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        draw = random.Random(seed)
        text = mutations.spoil(draw, draw.choice(bases), draw.choice(bases))
        (folder / "s.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
        with _limit(MOST_S, text):
            accepted += _check(dawndusk("validate", "s.yaml"), text)
    assert 0 < accepted < BLOCK  # both ends are exercised
    assert _peak_bytes() - before < MOST_BYTES


@pytest.mark.parametrize("block", range((SWEEPS + 19) // 20))
def test_spoilt_sweeps(dawndusk: Any, folder: Path, block: int) -> None:
    """Source of truth: as above, through `sweep --dry-run`."""
    bases, scenarios, accepted, before = _sweeps(), _bases(), 0, _peak_bytes()
    (folder / "own.yaml").write_text(CLUSTER, encoding="utf-8")
    for seed in range(block * 20, (block + 1) * 20):
        draw = random.Random(seed)
        text = mutations.spoil(draw, draw.choice(bases), draw.choice(scenarios))
        (folder / "w.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
        with _limit(MOST_S, text):
            accepted += _check(dawndusk("sweep", "w.yaml", "--dry-run"), text)
    assert accepted < 20
    assert _peak_bytes() - before < MOST_BYTES


def _sweeps() -> list[dict[str, Any]]:
    own = {
        "name": "w", "scenario": "own.yaml", "set": ["step=30 s", "duration=20 min"], "seeds": [1, 2],
        "grid": {"satellite.mass": ["1300 kg", "1400 kg"], "constellation.altitude": ["600 km", "700 km"]},
        "zip": {"satellite.power.array.area": ["100 m2", "140 m2"], "satellite.thermal.radiator.area": ["25 m2", "35 m2"]},
    }  # fmt: skip
    one = {"name": "x", "scenario": "suncatcher", "grid": {"duration": ["1 h", "2 h"]}}
    return [json.loads(json.dumps(own)), one, *(s for s in mutations.shipped("sweeps") if len(str(s)) < 400)]
