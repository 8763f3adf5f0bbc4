"""Exports of results that several tests share: each folder is opened once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from sim.exports import registry
from sim.exports.opened import Opened, Options

PLANES = """\
name: planes
epoch: 2026-12-21T00:00:00Z
duration: 4 h
step: 60 s
constellation:
- {kind: walker, altitude: 550 km, inclination: 53 deg, planes: 2, satellites_per_plane: 3, phasing: 1}
- {kind: walker, mean_motion: 14.2 rev/d, inclination: 97.6 deg, planes: 1, satellites_per_plane: 2}
satellite: starlink-edge
ground: {stations: default, min_elevation: 10 deg}
"""
BURNS = (
    "constellation={kind: walker, altitude: 400 km, inclination: 53 deg, planes: 2, satellites_per_plane: 4, phasing: 1, pattern: delta}",
    "links=null", "ground=null", "workloads=[{kind: independent}]", "epoch=2026-12-21T00:00:00Z", "satellite.mass=1500 kg",
    "satellite.propulsion.thrust=0.5 N", "satellite.propulsion.specific_impulse=2000 s",
)  # fmt: skip


@lru_cache(maxsize=8)
def opened_once(folder: Path) -> Opened:
    """A results folder that no test changes."""
    return Opened(folder)


def export(folder: Path, name: str, out: Path, options: Options | None = None) -> dict[str, Any]:
    """`sim.exports.registry.export` of a folder that no test changes."""
    return registry.export(opened_once(folder), name, out, options)
