"""Satellites without a link at the epoch: `validate` refuses what `run` refuses."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orbit.constants import EARTH_RADIUS_M
from orbit.elements import CircularElements
from orbit.shell_geometry import Shell, cross_plane_slots
from orbit.shells import walker
from sim.config.errors import InputError
from sim.config.scenario import load
from sim.network.topology import grazing_altitude_m, grid_pairs, lengths_m, nearest_pairs

NO_GROUND = ("ground=null", "workloads=[{kind: independent}]", "duration=10 min")
SHELL = "constellation={{kind: walker, altitude: {} km, inclination: {} deg, planes: {}, satellites_per_plane: {}, phasing: {}, pattern: {}}}"
CASES = [
    (1200, 87.9, 1, 1, 0, "star"), (1200, 87.9, 1, 2, 0, "star"), (1200, 87.9, 2, 1, 0, "star"), (1200, 87.9, 2, 1, 1, "delta"), (550, 53, 6, 4, 1, "delta"),
    (550, 53, 24, 4, 5, "delta"), (550, 53, 40, 5, 7, "delta"), (550, 53, 72, 22, 39, "delta"), (1200, 87.9, 36, 3, 0, "star"), (20_000, 55, 6, 4, 1, "delta"),
    (550, 30, 60, 3, 1, "delta"),
]  # fmt: skip


def _positions_m(elements: CircularElements) -> np.ndarray:
    """Positions on circular orbits: two rotations of a circle."""
    a, u, i, n = elements.semi_major_axis_m, elements.latitude_argument_rad, elements.inclination_rad, elements.node_rad
    x, y = a * np.cos(u), a * np.sin(u)
    return np.array([x * np.cos(n) - y * np.cos(i) * np.sin(n), x * np.sin(n) + y * np.cos(i) * np.cos(n), y * np.sin(i)])


@pytest.mark.parametrize("form", ["grid", "nearest"])
@pytest.mark.parametrize("shell", CASES, ids=[f"{c[0]} km {c[2]}x{c[3]} {c[5]}" for c in CASES])
def test_shells(shell: tuple[Any, ...], form: str) -> None:
    """Source of truth: links of the run's topology, on positions of `orbit.shells`; 64 terminals, so that none is short of one."""
    altitude_km, inclination_deg, planes, slots, phasing, pattern = shell
    span = 2.0 * math.pi if pattern == "delta" else math.pi
    r_m = _positions_m(walker(altitude_km * 1e3, math.radians(inclination_deg), planes, slots, phasing, span))
    if form == "grid":
        planes_of = Shell(
            semi_major_axis_m=EARTH_RADIUS_M + altitude_km * 1e3, inclination_rad=math.radians(inclination_deg), planes=planes,
            slots=slots, phasing=float(phasing), node_span_rad=span,
        )  # fmt: skip
        a, b = grid_pairs(planes, slots, cross_plane_slots(planes_of, pattern == "delta") if planes > 1 else ())
        keep = (lengths_m(r_m, a, b) <= 6000e3) & (grazing_altitude_m(r_m[:, a], r_m[:, b]) >= 80e3)
        a, b = a[keep], b[keep]
    else:
        a, b = nearest_pairs(r_m, 64, 6000e3, np.ones(planes * slots, bool), 80e3)
    alone = np.setdiff1d(np.arange(planes * slots), np.concatenate((a, b)))
    sets = (SHELL.format(*shell), f"links={{topology: {form}, terminals: 64}}", "satellite=starlink-edge", *NO_GROUND)
    if not alone.size:
        assert load("starlink_edge", sets).satellites == planes * slots
        return
    with pytest.raises(InputError) as error:
        load("starlink_edge", sets)
    (problem,) = error.value.problems
    if planes * slots == 1:
        assert problem.message == "a single satellite has no other to be linked to; leave links out"
    else:
        assert f"leaves {alone.size} of {planes * slots} satellites without a link at the epoch (the first is {alone[0]})" in problem.message


def test_cases_are_of_both_kinds() -> None:
    """Source of truth: none; the cases above would prove little if all were refused, or none."""
    refused = []
    for shell in CASES:
        try:
            load("starlink_edge", (SHELL.format(*shell), "links={topology: grid}", *NO_GROUND))
        except InputError:
            refused.append(shell)
    assert 3 < len(refused) < len(CASES) - 2


@pytest.mark.parametrize(("planes", "slots"), [(1, 1), (1, 2), (2, 1)])
def test_validate_and_run_say_the_same(dawndusk: Any, planes: int, slots: int) -> None:
    """Source of truth: `run` itself; a sweep fails before it starts."""
    sets = ("--set", SHELL.format(1200, 87.9, planes, slots, 0, "star"), *(f"--set={text}" for text in ("links={topology: grid}", *NO_GROUND)))
    found = [dawndusk(verb, "starlink_edge", *sets) for verb in ("validate", "run")]
    assert [called.code for called in found] == [2, 2]
    assert found[0].err == found[1].err


def test_a_formation_of_one_in_a_mesh(folder: Path) -> None:
    """Source of truth: a radius below the spacing leaves the centre alone."""
    with pytest.raises(InputError, match="a single satellite has no other to be linked to"):
        load("suncatcher", ("constellation.lattice.radius=100 m", "workloads=[{kind: independent}]"))
    with pytest.raises(InputError, match=r"mesh leaves 3 of 3 satellites without a link"):
        load("suncatcher", ("constellation.lattice.radius=100 m", "constellation.clusters=3", "workloads=[{kind: independent}]"))


def test_satellites_of_a_catalogue_far_from_each_other(folder: Path, catalogue: Path, make_element_lines: Callable[..., str]) -> None:
    """Source of truth: satellites 30 deg apart at 550 km have chords of 3,586 km."""
    sets = (f"constellation.tle={catalogue}", "links={topology: nearest}", *NO_GROUND)
    assert 2.0 * (EARTH_RADIUS_M + 550e3) * math.sin(math.radians(15.0)) == pytest.approx(3586e3, abs=1e3)
    assert load("starlink_edge", sets).satellites == 5
    with pytest.raises(InputError, match="nearest leaves 5 of 5 satellites without a link"):
        load("starlink_edge", (*sets, "links.max_range=3400 km"))
    (folder / "forty.tle").write_text(make_element_lines(40, datetime(2026, 12, 20, 12, tzinfo=UTC)), encoding="ascii")
    assert load("starlink_edge", (*sets, "links.max_range=3400 km", "constellation.tle=forty.tle")).satellites == 40
