"""Runs over a Clos network and through a relay: what switches lose, and how long a formation reaches a station."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sim
from orbit import formation_columns
from orbit.timegrid import TimeGrid
from sim.config.schema import Cluster
from sim.engine import formations

FORMATION = "{kind: cluster, altitude: 650 km, local_time: '06:00', lattice: {spacing: 200 m, radius: 500 m}}"
SHELL = "{kind: walker, altitude: 550 km, inclination: 53 deg, planes: 24, satellites_per_plane: 22, phasing: 1}"
STATION = "ground={stations: [{name: London, latitude: 51.5 deg, longitude: 0 deg}], min_elevation: 25 deg}"
BASE = (STATION, "workloads=[{kind: independent}]", "satellite=starlink-edge", "fleet=null")


def _run(*sets: str) -> dict[str, Any]:
    return sim.run(sim.load("starlink_edge", (*BASE, *sets))).summary


def test_switches_lose_their_share_as_unplaced() -> None:
    """By hand: of 21 satellites, 8 ports, 3 layers: 4 on top and 2 x 3 below switch, 11 compute. What the 10 could do is unplaced, in proportion to
    what the 11 do: all are alike."""
    base = (f"constellation=[{FORMATION}]", "duration=20 min", "ground=null")
    clos = _run(*base, "links={topology: {kind: clos, ports: 8}, terminals: 8}")
    mesh = _run(*base, "links={topology: mesh}")
    share = {summary: {row["cause"]: row["fraction"] for row in of["compute"]["waterfall"]} for summary, of in (("clos", clos), ("mesh", mesh))}
    assert clos["network"]["compute_share"] == pytest.approx(11 / 21, abs=1e-12)
    assert clos["network"]["links_mean"] == 11 * 2 + 6 * 4
    assert share["clos"]["unplaced"] == pytest.approx(10 / 21, rel=1e-3)
    assert share["mesh"]["unplaced"] == 0.0
    assert share["clos"]["useful"] == pytest.approx(11 / 21 * share["mesh"]["useful"], rel=1e-3)
    assert sum(share["clos"].values()) == pytest.approx(1.0, abs=1e-9)


def test_a_relay_keeps_a_formation_in_reach_of_the_ground() -> None:
    """Two runs: a formation alone sees a station for minutes of an orbit, through another shell it is always in reach."""
    sets = ("duration=100 min",)
    alone = _run(*sets, f"constellation=[{FORMATION}]", "links={topology: mesh}")["ground"]["coverage_fraction"]
    through = _run(*sets, f"constellation=[{FORMATION}, {SHELL}]", "links={topology: {kind: relay, through: 1}}")
    assert alone < 0.12
    assert through["ground"]["coverage_fraction"] == 1.0
    assert through["network"]["compute_share"] == pytest.approx(21 / 549, abs=1e-12)
    assert through["ground"]["stations"]["London"]["propagation_rtt_ms"]["max"] > 40.0  # around the Earth to the formation


@pytest.mark.parametrize("lattice", [
    {"shape": "hexagonal", "spacing": "100 m", "radius": "1 km", "tilt": "60 deg"}, {"shape": "columns", "spacing": "100 m", "radius": "1 km"},
])  # fmt: skip
def test_formations_keep_their_least_range(lattice: dict[str, str]) -> None:
    """All pairs at 90 moments of an orbit, by the propagator of the run: none nearer than the spacing, but for the 7 m an orbit by which J2 turns the
    orbit planes at the rim (0.7 m between neighbours), and all inside the ball. The plane holds 367 (arXiv 2605.15335)."""
    entry = Cluster.model_validate({"kind": "cluster", "altitude": "650 km", "local_time": "06:00", "lattice": lattice})
    flying = formations.make_propagators(entry, TimeGrid(2461395.5, 0.0, 60.0, 1))[0]
    r_m = flying.positions_m(np.linspace(0.0, 5864.0, 91))
    assert r_m.shape[2] == {"hexagonal": 367, "columns": len(formation_columns.places(100.0, 1000.0))}[lattice["shape"]]
    centre = r_m.mean(axis=2, keepdims=True)
    assert np.linalg.norm(r_m - centre, axis=1).max() < 1010.0
    for places in r_m:
        apart = np.linalg.norm(places[:, :, np.newaxis] - places[:, np.newaxis, :], axis=0)
        assert apart[~np.eye(apart.shape[0], dtype=bool)].min() > 99.0
