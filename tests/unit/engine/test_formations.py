"""Formations in a scenario: what may be written, what is refused, what the summary reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orbit.proximity import range_matrix_m
from orbit.timegrid import TimeGrid, julian_date
from sim.config.errors import InputError
from sim.config.scenario import load
from sim.engine import formations
from sim.results import formatting

GRID = TimeGrid(*julian_date(datetime(2026, 12, 21, tzinfo=UTC)), 60.0, 120)
LATTICE = "{spacing: 200 m, radius: 1 km}"
POINTS = "{shape: points, spacing: 200 m, points: [[0 m, 0 m, 0 m], [0 m, 200 m, 0 m], [100 m, 0 m, 40 m]]}"


@pytest.fixture
def load_with(tmp_path: Path, scenario_text: str) -> Callable[..., Any]:
    """The scenario of the tests with another lattice, loaded."""

    def loaded(lattice: str, more: str = "") -> Any:
        path = tmp_path / "s.yaml"
        path.write_text(
            scenario_text.replace("  lattice: " + LATTICE, f"  lattice: {lattice}") + more, encoding="utf-8"
        )
        return load(path)

    return loaded


REFUSED = [
    ("{spacing: 30 m, radius: 100 m}", "s.yaml:9:13: constellation.lattice.spacing: neighbours 30 m apart come within 15 m of "
     "each other over an orbit, below keep_out 20 m; write '40 m' or more"),
    ("{shape: hexagonal, spacing: 100 m, radius: 1 km, keep_out: 60 m}", "come within 50 m of each other over an orbit, below keep_out 60 m; "
     "write '120 m' or more"),
    ("{shape: points, points: [[0 m, 0 m, 0 m], [5 m, 10 m, 0 m]]}", "s.yaml:9:28: constellation.lattice.points: points 0 and 1 come within"),
    ("{shape: points, points: [[0 m, 0 m, 0 m], [5 m, 10 m]]}", "constellation.lattice.points: point 1 is ['5 m', '10 m']; write [radial"),
    ("{shape: points, points: [[0 m, 0 m, 0 m], [5 m, 10, 0 m]]}", "constellation.lattice.points: point 1: 10 has no unit; write '10 km' or '10 m'"),
    ("{shape: points, points: []}", "constellation.lattice.points: [] is no list of points; write one, such as [[0 m"),
    ("{shape: points}", "constellation.lattice: points are missing; write points: [[0 m"),
    ("{shape: points, radius: 1 km, points: [[0 m, 0 m, 0 m]]}", "constellation.lattice: radius, cross_track and tilt go with square and hexagonal"),
    ("{spacing: 200 m, radius: 1 km, points: [[0 m, 0 m, 0 m]]}", "constellation.lattice: points go with shape: points, not with square; remove one"),
    ("{radius: 1 km}", "constellation.lattice: spacing is missing; write `spacing: 200 m`"),
    ("{shape: hexagonal, spacing: 200 m}", "constellation.lattice: radius is missing; write `radius: 1 km`"),
    ("{shape: hexagon, spacing: 200 m, radius: 1 km}", "constellation.lattice.shape: 'hexagon' is unknown; did you mean 'hexagonal'?"),
    ("{shape: points, points: s.yaml}", "s.yaml:1:1: constellation.lattice.points: 'name: small' is not three numbers; write radial"),
    ('{shape: points, points: "a\\0b"}', "constellation.lattice.points: has the control character U+0000; remove it"),
    ("{shape: points, points: nowhere.txt}", "s.yaml:9:28: constellation.lattice.points: "),
]  # fmt: skip


@pytest.mark.parametrize(("lattice", "line"), REFUSED, ids=[lattice[:50] for lattice, _ in REFUSED])
def test_refused(load_with: Callable[..., Any], lattice: str, line: str) -> None:
    """Source of truth: the form of messages; half the spacing, and half of 10 m and twice 5 m, by the 2:1 ellipse."""
    with pytest.raises(InputError) as refused:
        load_with(lattice)
    errors = [str(p) for p in refused.value.problems]
    assert len(errors) == 1, errors
    assert line in errors[0]
    assert "; " in errors[0] or "did you mean" in errors[0]


def test_points_without_reach_have_no_mesh(load_with: Callable[..., Any]) -> None:
    bare = POINTS.replace("spacing: 200 m, ", "")
    with pytest.raises(InputError) as refused:
        load_with(bare, "links: {topology: mesh, terminals: 6}\n")
    assert "constellation.lattice.spacing: is missing: a mesh joins points" in str(refused.value.problems[0])
    assert load_with(bare).satellites == 3


def test_points_of_a_file(load_with: Callable[..., Any], tmp_path: Path) -> None:
    """The same scenario as with the points written out, wherever the file lies; a bad line is reported with its location."""
    (tmp_path / "p.txt").write_text("# radial, along, cross\n0 0 0\n0, 200, 0  # ahead\n\n100 0 40\n", encoding="utf-8")
    of_file = load_with("{shape: points, spacing: 200 m, points: p.txt}")
    assert of_file.scenario == load_with(POINTS).scenario
    assert of_file.sha256 == load_with(POINTS).sha256
    assert of_file.scenario.constellation[0].lattice.points == ((0, 0, 0), (0, 200, 0), (100, 0, 40))
    (tmp_path / "p.txt").write_text("0 0 0\n0 200 x\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_with("{shape: points, points: p.txt}")
    assert str(refused.value.problems[0]).endswith(
        "p.txt:2:1: constellation.lattice.points: '0 200 x' is not three numbers; write radial, along-track and cross-track in metres"
    )


def test_summary_of_the_published_formation(load_with: Callable[..., Any]) -> None:
    """Source of truth: the published formation, neighbours 100 to 200 m in 1 km; all pairs sampled; station keeping by hand.

    J2 bends ranges by a thousandth. At the solstice the Sun stands 31.4 deg from the normal, over the southern end of the orbit, so
    that the wind of the rotating Earth, 0.066 of the speed there, adds to what the array meets: (sin(31.4 deg) + 0.066 cos(31.4 deg)) 2/pi
    = 0.367 of 140 m2. The radiator of 30 m2, along Sun x nadir, meets 0.92 on average over the orbit, the body of about 1,107 kg at 250 kg/m3
    3/2 of the face of a cube, 4.0 m2: 83.1 m2 of 1,716 kg, 0.1065 m2/kg. Drag is 0.5 x 1.04e-13 x 7531^2 x 0.1065 = 3.14e-7 m/s2, 9.92 m/s a
    year; 1.5 x 0.114 of it by the square of a day is 401.1 m; 1.114 x 9.92 m/s a year and a little for sunlight; 1 %.
    """
    loaded = load_with(LATTICE, "")
    found = formations.summary(loaded, GRID)
    assert found is not None
    assert found["neighbour_range_m"] == pytest.approx([100.0, 200.0], rel=1e-3)
    assert found["min_separation_m"] == pytest.approx(found["neighbour_range_m"][0], abs=1e-3)
    assert found["max_separation_m"] == pytest.approx(2000.0, rel=1e-3)
    assert found["below_keep_out"] is False
    assert 0.0 <= found["drift_m_per_day"] < 1.0
    formation = formations.make_propagators(loaded.scenario.constellation[0], GRID)[0]
    a, b = found["closest_pair"]
    r_m = formation.positions_m(np.array([found["closest_s"]]))
    assert range_matrix_m(r_m)[0, a, b] == pytest.approx(found["min_separation_m"], abs=1e-3)
    shipped = formations.summary(load("suncatcher"), GRID)
    assert shipped is not None
    assert shipped["drag_drift_m_first_day"] == pytest.approx(401.1, rel=0.01)
    assert 1.114 * 9.92 * 0.99 < shipped["station_keeping_m_s_yr"] < 1.114 * 9.92 * 1.01 + 1.1


def test_summary_of_several(load_with: Callable[..., Any]) -> None:
    """Source of truth: each by itself; satellites are numbered through the constellation."""
    pair = "{shape: points, points: [[0 m, 0 m, 0 m], [0 m, 90 m, 0 m]], keep_out: 10 m}"
    entry = 'kind: cluster, altitude: 650 km, local_time: "06:00"'
    one = f"{{{entry}, lattice: {LATTICE}}}"
    other = f"{{{entry}, clusters: 3, lattice: {pair}}}"
    ring = '{kind: ring, altitude: 650 km, local_time: "06:00", satellites: 7}'
    loaded = load(
        "suncatcher", sets=(f"constellation=[{ring}, {one}, {other}]", "links=", "workloads=[{kind: independent}]")
    )
    found = formations.summary(loaded, GRID)
    assert found is not None
    assert found["min_separation_m"] == pytest.approx(45.0, rel=2e-3)
    assert found["max_separation_m"] == pytest.approx(2000.0, rel=2e-3)
    a, b = found["closest_pair"]
    which, place = divmod(a - 7 - 81, 2)
    assert (place, b) == (0, a + 1)
    flying = formations.make_propagators(loaded.scenario.constellation[2], GRID)
    ranges = [float(range_matrix_m(f.positions_m(np.array([found["closest_s"]])))[0, 0, 1]) for f in flying]
    assert ranges[which] == pytest.approx(found["min_separation_m"], abs=1e-3)
    assert all(r > 50.0 for c, r in enumerate(ranges) if c != which)  # the others are a third of an orbit away
    assert found["neighbour_range_m"] == pytest.approx([100.0, 200.0], rel=2e-3)
    alone = load("suncatcher", sets=(f"constellation={ring}", "links=", "workloads=[{kind: independent}]"))
    assert formations.summary(alone, GRID) is None


def test_below_keep_out_is_flagged(load_with: Callable[..., Any]) -> None:
    """Source of truth: J2 brings tilted neighbours 4 cm nearer than linear motion, which the door goes by: 107.54 m."""
    tilted = "{shape: hexagonal, spacing: 200 m, radius: 1 km, cross_track: 866.025 m, keep_out: 107.53 m}"
    found = formations.summary(load_with(tilted), GRID)
    assert found is not None
    assert found["below_keep_out"] is True
    assert "minimum separation 107.5 m, below keep_out; J2 drift below 0.1 m per day" in formatting._formation(found)


def test_hexagonal_formation_runs(dawndusk: Any, folder: Path, scenario_text: str) -> None:
    """Source of truth: 19 points within two spacings, 42 links: six from each of 7 inside, rows of 3, 4, 5, 4, 3 outside."""
    lattice = "{shape: hexagonal, spacing: 200 m, radius: 400 m}"
    text = scenario_text.replace("  lattice: " + LATTICE, f"  lattice: {lattice}") + "links: {topology: mesh, terminals: 6}\n"
    (folder / "s.yaml").write_text(text.replace("duration: 2 h", "duration: 10 min"), encoding="utf-8")
    called = dawndusk("run", "s.yaml", "--out", "found", "--json")
    assert called.code == 0, called.err
    summary = json.loads(called.out)
    assert summary["satellites"] == 19
    assert summary["network"]["links_mean"] == 42.0
    assert summary["formation"]["neighbour_range_m"] == pytest.approx([100.0, 200.0], rel=1e-3)
    assert load("found/scenario.yaml").sha256 == summary["scenario_sha256"]
